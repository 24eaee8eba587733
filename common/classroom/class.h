/* Grading a class: every submission of a folder, several at a time, by `grade one` each. */
#ifndef CLASSROOM_CLASS_H
#define CLASSROOM_CLASS_H

#include "classroom/plan.h"
#include "classroom/run.h"
#include "workbook/screen.h"

struct class_run {
    const struct screen *err; /* for the bar, and for what goes wrong */
    const char *program;      /* of the runner itself */
    const char *folder;       /* of the results */
    const struct plan *plan;  /* what there is to grade */
    const char *policy;       /* handed on to `grade one`; NULL: not given */
    const char *found;        /* the isolation, so that nobody tries again what was tried */
    int jobs;
};

struct class_sums {
    size_t faults;    /* submissions that the grader failed at */
    bool interrupted; /* by a signal: what was graded is kept */
    int signal;
};

/*
 * Grades what has no result yet, with a progress bar on a terminal. Returns 0, or -1 and fills
 * error when it could not begin.
 */
int class_grade(const struct class_run *run, struct class_sums *sums, struct error *error);

/*
 * Whether a submission has a result in the folder out that counts: not one of a grader that failed,
 * nor one from before something in the submission was written or unpacked.
 */
bool class_is_graded(const char *out, const struct submission *submission);

#endif
