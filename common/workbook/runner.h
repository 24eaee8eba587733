/* What every command of the runner is given, and the commands themselves. */
#ifndef WORKBOOK_RUNNER_H
#define WORKBOOK_RUNNER_H

#include <limits.h>
#include <stdbool.h>

#include "workbook/catalogue.h"
#include "workbook/judge.h"
#include "workbook/progress.h"
#include "workbook/screen.h"

#define VERSION "1.0" /* of the workbook */

struct runner {
    struct screen out, err; /* standard output; standard error, for what went wrong */
    struct catalogue catalogue;
    const char *exercise; /* as given on the command line, or NULL */
    const char *case_name;
    const char *seed;
    long seeds; /* prove: how many, 0 if not given */
    bool json, loaded, record, all;
    char **files; /* lessons to look at, for the commands that take files */
    size_t file_count;
    char typed_in[PATH_MAX]; /* the folder the command was typed in; "" if it is the workbook's */
};

/* They return the exit status: 0 passed or done, 1 failed, 2 could not run. */
int command_path(struct runner *runner);
int command_check(struct runner *runner);
int command_practice(struct runner *runner);
int command_hint(struct runner *runner);
int command_reset(struct runner *runner);
int command_solution(struct runner *runner);
int command_diff(struct runner *runner);
int command_play(struct runner *runner);
int command_list(struct runner *runner);
int command_grade(struct runner *runner);
int command_doctor(struct runner *runner);
int command_questions(struct runner *runner);
int command_record(struct runner *runner);
int command_prove(struct runner *runner);

/* ---- what commands share (runner.c) ---------------------------------------------------------- */

/* Prints a sentence to standard error, wrapped. Always returns 2. */
int runner_refuse(const struct runner *runner, const char *format, ...) PRINTF_LIKE(2, 3);

/* Prints a sentence to standard output, wrapped. */
void runner_say(const struct runner *runner, enum style style, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The name most like the one that was typed; NULL if none is like it. */
const char *runner_nearest(const char *typed, const char *const *names, size_t count);

/*
 * The exercise that was named, by "1.2", "fetch_first" or "02_fetch_first". NULL if there is none
 * by that name; a sentence that names near ones was printed then.
 */
const struct exercise_entry *runner_exercise(const struct runner *runner, const char *name);

/* The exercise at hand: the one named, else the next one, else NULL. */
const struct exercise_entry *runner_current(const struct runner *runner);

/* True if none was named and none is left. */
bool runner_all_passed(const struct runner *runner);

/*
 * The exercise that comes next: behind the furthest one that was passed, since whoever begins late
 * in the book meant to; at the end of the book the first of those left out; NULL if none was.
 */
const struct exercise_entry *runner_next(const struct runner *runner,
                                         const struct progress *progress);

/* True if the exercise has such a case; else a sentence with near ones was printed. */
bool runner_has_case(const struct runner *runner, const struct exercise_entry *exercise,
                     const char *name);

/* Loads progress; what is wrong with it is said once, and the runner goes on. */
void runner_load_progress(const struct runner *runner, struct progress *progress);

/* Saves and frees progress; a place that cannot be written is mentioned once. */
void runner_save_progress(const struct runner *runner, struct progress *progress);

/* Keeps what a verdict means for the learner's progress. */
void runner_note(const struct runner *runner, const struct verdict *verdict);

/* Opens the answer and says so when the starter was copied. False: it cannot, and that was said. */
bool runner_open(const struct runner *runner, const struct exercise_entry *exercise);

/* Shows the next hint of an exercise (hint.c), sets the answer back (reset.c) … for practice too.
 */
int show_hint(const struct runner *runner, const struct exercise_entry *exercise);
int show_solution(const struct runner *runner, const struct exercise_entry *exercise);
int show_list(const struct runner *runner);
int play_case(const struct runner *runner, const struct exercise_entry *exercise,
              const char *case_name);
int reset_answer(const struct runner *runner, const struct exercise_entry *exercise);

/* Every exercise in order: for (e = exercise_first(c); e != NULL; e = exercise_after(c, e)). */
const struct exercise_entry *exercise_first(const struct catalogue *catalogue);
const struct exercise_entry *exercise_after(const struct catalogue *catalogue,
                                            const struct exercise_entry *exercise);
const struct exercise_entry *exercise_before(const struct catalogue *catalogue,
                                             const struct exercise_entry *exercise);

#endif
