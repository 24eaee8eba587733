/*
 * Judging one file for one exercise: read it, look at its headers, compile it, run the cases and
 * read what they found. Everything happens on a libuv loop, so that practice can go on watching,
 * a verdict can be cancelled, and several can be under way side by side.
 */
#ifndef WORKBOOK_JUDGE_H
#define WORKBOOK_JUDGE_H

#include <signal.h>
#include <stdbool.h>
#include <uv.h>

#include "box/box.h"
#include "core/buffer.h"
#include "core/error.h"
#include "workbook/catalogue.h"
#include "workbook/tap.h"

enum outcome {
    OUTCOME_JUDGED,     /* tap holds every case */
    OUTCOME_REFUSED,    /* a header that is not allowed, or more than C: why says it */
    OUTCOME_UNCOMPILED, /* messages say why */
    OUTCOME_UNUSABLE,   /* the file cannot be read: why says it */
    OUTCOME_FAULT,      /* the harness could not judge: why says it; tap may hold what there was */
    OUTCOME_CANCELLED
};

struct verdict {
    enum outcome outcome;
    const struct exercise_entry *exercise;
    const char *source; /* as in the plan */
    char digest[20];    /* of the file that was judged, "" if it could not be read */
    bool starter;       /* it is the starter, unchanged */
    struct error why;   /* a sentence */
    struct buffer
        messages;      /* what the compiler said: errors, or warnings of a file that compiled */
    struct error note; /* a remark that changes nothing; "" if there is none */
    struct tap tap;
    int earned, points;
    bool passed;    /* every case that was not skipped */
    bool not_plain; /* refused as more than C, not for a header */
    bool whole;     /* all cases were run, not chosen ones */
    int seed;
    double seconds;
};

/* How others' programs are judged. */
struct judge_box {
    enum box_level level;
    const char *stage;  /* the part of the workbook that boxes see; see classroom/stage.h */
    const char *groups; /* control groups, as groups_text() has them; NULL: none */
    unsigned user;      /* who runs in boxes; 0: who we are */
    int side_by_side;   /* cases at once; 0: as cases has it */
};

struct judge_plan {
    const struct exercise_entry *exercise;
    const char *source;    /* the file to judge */
    const char *program;   /* where the compiled program goes */
    const char *case_name; /* NULL: all */
    const char *seed;      /* decimal; NULL: the default of the cases */
    int columns;           /* of the ladder; 0: 80 */
    bool any_header;       /* the list of headers does not count */
    bool compile_only;
    bool record;                 /* write the reference outputs */
    const struct judge_box *box; /* NULL: the learner's own program, which needs none. Else source
                                    and program are paths within the stage */
};

struct judge;

/*
 * Begins. The strings of plan must live until the end. done is called once, from the loop, with a
 * verdict that it may take over (and then empties) and that is freed otherwise. NULL: memory is
 * short.
 */
struct judge *judge_start(uv_loop_t *loop, const struct judge_plan *plan,
                          void (*done)(struct verdict *verdict, void *data), void *data);

/* Ends everything under way; done is then called with OUTCOME_CANCELLED. */
void judge_cancel(struct judge *judge);

/*
 * Judges count plans, at most side_by_side at a time, and waits; done gets each verdict as it
 * comes, with the index of its plan. A signal to end cancels what is under way, cleans up, and then
 * ends the runner by that signal. Returns 0, or -1 with error filled when it could not begin.
 */
int judge_many(const struct judge_plan *plans, size_t count, int side_by_side,
               void (*done)(size_t index, struct verdict *verdict, void *data), void *data,
               struct error *error);

/* The same for one plan; whatever fails is told by the verdict. */
void judge_now(const struct judge_plan *plan, struct verdict *verdict);

void verdict_free(struct verdict *verdict);

/* "build/answers/01_socket/02_fetch_first/fetch_first", owned by the caller; NULL: memory is short.
 */
char *judge_program(const struct exercise_entry *exercise);

/* A case as the list of the cases names it. */
struct case_entry {
    char *name, *title, *teaches;
    int points;
};

/*
 * Whether an exercise's cases are there: what they are made from, and they themselves. Returns 0,
 * or -1 with error filled.
 */
int cases_find(const struct exercise_entry *exercise, struct error *error);

/* What an exercise's cases are. Returns 0, or -1 with error filled: the harness is at fault. */
int cases_list(const struct exercise_entry *exercise, struct case_entry **list, size_t *count,
               struct error *error);
void cases_free(struct case_entry *list, size_t count);

/* A seed that nobody knows beforehand, short enough to type; text has 16 bytes. */
void seed_fresh(char *text);

/*
 * SIGINT, SIGTERM and SIGHUP, which judge_many() sees to. Who holds more than it knows of blocks
 * them meanwhile, and says what is to be done before one of them ends us.
 */
void signals_of_end(sigset_t *set);
void judge_before_end(void (*leave)(void));

/* Ends as if the signal had met us unprepared, but for what we leave: shell and make have to see
 * it. */
void judge_end_by(int number);

#endif
