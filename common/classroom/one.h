/* Grading one submission: everything that is known of it goes into its result.json. */
#ifndef CLASSROOM_ONE_H
#define CLASSROOM_ONE_H

#include "classroom/policy.h"
#include "core/error.h"
#include "workbook/catalogue.h"

struct one_options {
    const char *path;  /* of the submission */
    const char *out;   /* the folder that the results are in */
    const char *seed;  /* decimal; NULL: as the results there have it, or a fresh one */
    const char *level; /* "A", "B", "C"; NULL: the best there is, never C */
    const char *found; /* isolation_found() of who began; NULL: it is to be found out */
    bool seed_per_student;
    int side_by_side; /* cases at once; 0: as many as there are processors */
    const struct policy *policy;
    const struct catalogue *catalogue;
};

/* What came out, for a line on the screen. */
struct one_result {
    char *name;         /* of the submission; the caller frees it */
    const char *status; /* as in result.json, static */
    int earned, points;
    struct error why; /* of a grader_error */
};

/*
 * Grades it and writes OUT/results/NAME/result.json, and the sources that were accepted into
 * OUT/results/NAME/files/. Returns 0 when the result was written, whatever it says; or -1 with
 * error filled: then nothing was, and it can be tried again.
 */
int one_grade(const struct one_options *options, struct one_result *result, struct error *error);

/*
 * Writes a result that says that the grader failed, in words for a teacher, in the place of one
 * that is there. Returns 0, or -1 and fills error.
 */
int one_failed(const struct one_options *options, const char *why, struct error *error);

#endif
