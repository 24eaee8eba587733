/*
 * How much the answers to one exercise have in common, as sim_c (Debian's similarity-tester) sees
 * it: runs of the same kinds of words, whatever the names, the layout and the comments.
 *
 * What an answer shares with the starter, and then what it shares with the workbook's own programs,
 * is taken out of it before answers are compared with each other and with solutions. sim_c reads
 * what strangers wrote: it runs without our rights if we are root, within limits of time and
 * memory.
 */
#ifndef CLASSROOM_COMPARE_H
#define CLASSROOM_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum {
    COMPARE_LEAST = 100,      /* words of its own that an answer must have to be compared */
    COMPARE_THRESHOLD = 60,   /* per cent from which on two are told to be similar */
    COMPARE_BYTES = 64 * 1024 /* the largest answer that is compared */
};

enum compare_state {
    COMPARED,
    COMPARE_UNREADABLE,
    COMPARE_TOO_LARGE,
    COMPARE_TOO_SHORT,   /* little of its own */
    COMPARE_TOO_REGULAR, /* it repeats itself so much that sim_c takes very long for it */
};

/* An answer. The caller gives the path, the rest is found out. */
struct compared {
    const char *path;
    enum compare_state state;
    size_t words; /* beyond the starter */
    size_t twin;  /* the first answer with the same text; its own place if none is before */
    size_t own;   /* those of them that do not stand in the workbook's programs either */
    int lesson;   /* per cent of words that stand in the one of the workbook's programs … */
    size_t lesson_index; /* … of which they are most */
    int solution;        /* per cent of own that stand in a solution … */
    size_t solution_index;
};

struct compare_paths {
    char **list;
    size_t count;
};

struct comparison {
    struct compared *answers;
    size_t count;
    int seconds; /* of processor time that each run of sim_c may take; 0: 300 */
    struct compare_paths starters, lessons, solutions; /* any may be empty */
    unsigned char *shared; /* [a * count + b]: per cent of a's own that stand in b, 0 if under the
                              threshold. Owned here, freed by compare_free() */
};

/* True if sim_c can be started. */
bool compare_possible(void);

/* Compares. Returns 0, or -1 with error filled: a sentence, the same each time. */
int compare(struct comparison *comparison, struct error *error);
void compare_free(struct comparison *comparison);

#endif
