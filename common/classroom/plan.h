/* The plan: which submissions a folder holds. Nothing in them is looked at yet. */
#ifndef CLASSROOM_PLAN_H
#define CLASSROOM_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "classroom/refusal.h"
#include "core/error.h"

struct submission {
    char *name;    /* "alice@2": the entry, without .zip and the like. Safe as the name of a file */
    char *student; /* "alice": the name up to its first @ */
    char *path;    /* "hand-in/alice@2.zip" */
    bool archive;  /* else it is a folder */
};

struct plan {
    struct submission *submissions; /* in byte order of their names */
    size_t count;
    struct refusals refusals; /* entries that are none, in byte order */
};

/*
 * Lists the submissions of the folder dir. Each of its entries is one, but for hidden ones and
 * grading.json and roster.csv; what cannot be one is in plan->refusals, with the reason
 *   name         not UTF-8, control characters or marks of direction in it, a leading dash, no
 *                student before the @, longer than 100 bytes
 *   link         a symbolic link
 *   hard-link    an archive that has a second name, perhaps among another's files
 *   not-regular  a FIFO, a socket, a device
 *   kind         neither a folder nor an archive of a kind that is taken: a loose .c, a .rar
 * Returns 0 (also when all was refused), or -1 and fills error, with an empty plan: dir is missing,
 * no folder, cannot be read or is empty, or two entries have one name (alice and alice.zip). The
 * caller frees the plan.
 */
int plan_read(const char *dir, struct plan *plan, struct error *error);
void plan_free(struct plan *plan);

/*
 * Returns 0 if no student has two submissions, or if several are allowed; else -1 and fills error
 * with a sentence that names both.
 */
int plan_check_students(const struct plan *plan, bool several, struct error *error);

/*
 * The one submission at path, in the way plan_read() sees an entry. Returns 0, or -1 and fills
 * error with why it is none. The caller frees it.
 */
int submission_find(const char *path, struct submission *submission, struct error *error);
void submission_free(struct submission *submission);

#endif
