/* Cases that only the teacher has: built when they are first needed. */
#ifndef CLASSROOM_HIDDEN_H
#define CLASSROOM_HIDDEN_H

#include "classroom/policy.h"
#include "core/error.h"
#include "workbook/catalogue.h"

/*
 * Looks at the folder of hidden cases that the policy names: a cases.c that no exercise has the
 * folder of would be passed over for ever. Returns 0, or -1 and fills error, also when there is
 * none at all.
 */
int hidden_check(const struct policy *policy, const struct catalogue *catalogue,
                 struct error *error);

/*
 * If the policy names a folder with a cases.c for this exercise, builds it (into OUT/.hidden, once)
 * and sets path to the program, owned by the caller; else path is NULL. Returns 0, or -1 and fills
 * error: it does not compile, for instance.
 */
int hidden_find(const struct policy *policy, const struct exercise_entry *exercise, const char *out,
                char **path, struct error *error);

#endif
