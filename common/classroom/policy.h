/*
 * What a teacher decides, in two files: the policy (grading.json: what counts how much, and until
 * when) and the roster (roster.csv: who is in the class). Both are read whole or refused with a
 * sentence that names the file, and the line or the key.
 */
#ifndef CLASSROOM_POLICY_H
#define CLASSROOM_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "workbook/catalogue.h"

/* Which of several submissions of one student counts. */
enum several {
    SEVERAL_REFUSED, /* none may have several: the default */
    SEVERAL_BEST,    /* the one with the greatest total, after the policy; of equals the later */
    SEVERAL_LAST     /* the one handed in last of those that hold something to grade */
};

struct policy_exercise {
    char id[16];
    double points; /* what a full mark counts in the grade book; < 0: as the cases have it */
    bool has_due;
    long long due; /* seconds since 1970, UTC; handed in at this second is still in time */
};

struct policy_moment {
    char *name; /* of a submission, or of a student: then of each of the student's submissions */
    long long moment;
};

struct policy {
    char *file; /* where it stands; NULL: there is none, and everything is as by default */
    struct policy_exercise *exercises;
    size_t exercise_count;
    char **leave_out; /* exercises that are neither graded nor counted: "1.0" */
    size_t leave_out_count;
    bool has_due;
    long long due;      /* for the exercises without one of their own */
    double late_factor; /* 0 to 1, by default 1: being late is noted, and costs nothing */
    enum several several;
    struct policy_moment *submitted; /* when something was handed in, whatever its files say */
    size_t submitted_count;
    char *hidden; /* folder of cases that only the teacher has, as the current directory sees it */
};

/*
 * The policy that is meant: given, if it is not NULL, else the grading.json among the submissions
 * if there is one, its path put into path; else NULL. submissions may be NULL.
 */
const char *policy_file(const char *given, const char *submissions, char *path, size_t size);

/*
 * Reads a policy; file NULL is that of nobody who decided anything. Exercises are looked up in the
 * catalogue unless that is NULL. Returns 0, or -1 with error filled and the policy empty.
 */
int policy_load(struct policy *policy, const char *file, const struct catalogue *catalogue,
                struct error *error);
void policy_free(struct policy *policy);

/* What the policy says of an exercise; NULL if nothing. */
const struct policy_exercise *policy_exercise(const struct policy *policy, const char *id);
bool policy_leaves_out(const struct policy *policy, const char *id);

/*
 * Reads a date and time as RFC 3339 has them, with offset: "2026-12-01T23:59:00+01:00". A fraction
 * of a second is dropped. Returns 0 and sets moment, in seconds since 1970, UTC; else -1.
 */
int moment_parse(const char *text, long long *moment);

#define ROSTER_NAME "roster.csv" /* among the submissions, unless another one is named */

struct roster_line {
    char **fields; /* as many as the roster has columns */
    const char *student;
};

struct roster {
    char *file;     /* NULL: there is none */
    char **columns; /* as in the header line; one is "student" */
    size_t column_count;
    struct roster_line *lines;
    size_t line_count;
};

/*
 * Reads a roster: CSV (RFC 4180) in UTF-8, its first line the names of the columns. A byte order
 * mark, LF for CRLF, empty lines and ";" for "," (as spreadsheets write it where "," is the decimal
 * mark) are taken as well. file NULL gives an empty roster. Returns 0, or -1 with error filled and
 * the roster empty.
 */
int roster_load(struct roster *roster, const char *file, struct error *error);
void roster_free(struct roster *roster);

#endif
