/* Grading a class: every submission of a folder, several at a time, by `grade one` each. */
#ifndef CLASSROOM_CLASS_H
#define CLASSROOM_CLASS_H

#include "classroom/plan.h"
#include "classroom/run.h"
#include "workbook/screen.h"

struct class_run {
    const struct screen *out, *err;
    const char *program;        /* of the runner itself */
    const char *folder;         /* of the results */
    const struct plan *plan;    /* what there is to grade */
    const char *policy, *level; /* handed on to `grade one`; NULL: not given */
    int jobs;
};

struct class_sums {
    size_t graded, not_gradable, empty, faults;
    bool interrupted; /* by a signal: what was graded is kept */
    int signal;
};

/*
 * Grades what has no result yet, with a progress bar on a terminal. Returns 0, or -1 and fills
 * error when it could not begin.
 */
int class_grade(const struct class_run *run, struct class_sums *sums, struct error *error);

/*
 * The status in the result that a submission has in the folder out: "graded", "empty",
 * "not_gradable". NULL if it is still to be graded: there is no result, or one of a grader that
 * failed.
 */
const char *class_result(const char *out, const struct submission *submission);

#endif
