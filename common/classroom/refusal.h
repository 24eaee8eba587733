/* What was handed in and is not taken: each with a word for programs and a sentence for people. */
#ifndef CLASSROOM_REFUSAL_H
#define CLASSROOM_REFUSAL_H

#include <stddef.h>

#include "workbook/catalogue.h"

struct refusal {
    char *path;         /* made harmless: within the submission, or the entry of the folder */
    const char *reason; /* one word, static: "link"; plan.h and intake.h list them */
    char *sentence;     /* one sentence, which names the path */
    const struct exercise_entry *exercise; /* whose file it would have been; NULL: no one's */
};

/* A list that hostile input cannot make long. All zero is empty. */
struct refusals {
    struct refusal *list; /* owned, freed by refusals_free() */
    size_t count;
    size_t unlisted; /* how many more there were than REFUSALS_MOST that are no exercise's */
};

enum { REFUSALS_MOST = 100 };

/*
 * Adds one; path and sentence are copied, and harmless already. Returns 0, or -1 when memory is
 * short.
 */
int refusals_add(struct refusals *refusals, const struct exercise_entry *exercise, const char *path,
                 const char *reason, const char *sentence);

void refusals_free(struct refusals *refusals);

enum { SHOWN_SIZE = 160 };

/*
 * A path of a stranger's as a sentence can hold it: UTF-8, one line, no control characters, and cut
 * with "…" where it is too long. Only for people: two paths may look alike.
 */
void path_shown(char shown[SHOWN_SIZE], const char *path);

#endif
