/*
 * Progress: how far the learner is, kept in .workbook/progress.json and written by rename, so
 * that a full disk or a kill loses nothing. A file that cannot be read is set aside, never
 * overwritten. Without a place to write, the runner says so once and goes on.
 */
#ifndef WORKBOOK_PROGRESS_H
#define WORKBOOK_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>

#include "core/error.h"

struct progress {
    json_t *root;
    json_t *changes; /* what this process changed: a save adds it to what other runners saved */
    bool sealed;     /* the file can neither be read nor set aside: it is left as it is */
};

/* Returns 0, also when there is no file yet; -1 and fills error when what is there was set aside.
 */
int progress_load(struct progress *progress, struct error *error);

/* Returns 0, or -1 and fills error; the old file is then still whole. */
int progress_save(const struct progress *progress, struct error *error);
void progress_free(struct progress *progress);

/* Lessons, by id "1.03": the step where the tour stopped (0 at the start), and whether it is done.
 */
int progress_lesson_step(const struct progress *progress, const char *id);
void progress_set_lesson_step(struct progress *progress, const char *id, int step);
bool progress_lesson_done(const struct progress *progress, const char *id);
void progress_set_lesson_done(struct progress *progress, const char *id);

/* The lesson of a chapter at which the tour was left; "" if that is not known. */
const char *progress_place(const struct progress *progress, int chapter);
void progress_set_place(struct progress *progress, int chapter, const char *id);

/*
 * Predict questions, by lesson id: a missed one comes again after 1, 3, 7, 21 days; right moves it
 * on, wrong back to 1. Times are seconds since 1970.
 */
void progress_predict(struct progress *progress, const char *id, bool right, long long now);
bool progress_predict_due(const struct progress *progress, const char *id, long long now);

/* Exercises, by id "1.2". */
struct exercise_progress {
    int earned, points; /* best so far */
    int tries;          /* verdicts of changed files */
    int hints;          /* hints shown */
    bool passed;        /* every point earned at least once */
    bool asked;         /* the solution was asked for once before */
    char digest[20];    /* of the file last judged, so that the same file is no new try */
};
struct exercise_progress progress_exercise(const struct progress *progress, const char *id);
void progress_set_exercise(struct progress *progress, const char *id,
                           const struct exercise_progress *exercise);

#endif
