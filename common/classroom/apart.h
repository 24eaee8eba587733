/* The intake in a process that may be lost: libarchive reads there what a stranger made. */
#ifndef CLASSROOM_APART_H
#define CLASSROOM_APART_H

#include <jansson.h>

#include "classroom/intake.h"
#include "classroom/plan.h"

/* An intake that came over a pipe. */
struct apart {
    json_t *facts;       /* what the functions below read */
    struct buffer bytes; /* all sources, one behind the other */
};

/*
 * As intake_read(), in a child with limits of its own. What it reads of an archive it reads as user
 * (0: as we are). A child that is lost is the submission's fault: the reason is "unreadable" then.
 * Returns 0, or -1 and fills error when it was not the submission's fault. The caller frees apart.
 */
int apart_read(const struct submission *submission, unsigned user,
               const struct catalogue *catalogue, struct apart *apart, struct error *error);
void apart_free(struct apart *apart);

/* Why the submission as a whole was refused, a sentence; "" if it was not. */
const char *apart_why(const struct apart *apart);

/* When it was handed in: seconds since 1970. */
long long apart_submitted(const struct apart *apart);

/*
 * What was handed in for an exercise: its path and check sum, its text in source. Returns 0, or -1
 * if nothing was.
 */
int apart_file(const struct apart *apart, const char *exercise, const char **path,
               const char **sha256, struct buffer *source);

/* Why what was handed in for an exercise was not taken, a sentence; NULL if nothing was refused. */
const char *apart_unusable(const struct apart *apart, const char *exercise);

/* [{"path", "reason", "sentence"}]: refusals, and files that no exercise names. A new reference. */
json_t *apart_refused(const struct apart *apart);

#endif
