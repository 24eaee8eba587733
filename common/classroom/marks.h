/*
 * The marks of a class: every result of an OUT folder, joined with roster and policy. What all
 * reports are made from; the reports themselves read nothing else.
 */
#ifndef CLASSROOM_MARKS_H
#define CLASSROOM_MARKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "classroom/policy.h"
#include "classroom/refusal.h"
#include "core/error.h"

/* How it stands with a submission, or with a student. */
enum standing {
    STANDING_GRADED,
    STANDING_EMPTY,        /* handed in, and nothing in it that an exercise names */
    STANDING_NOT_GRADABLE, /* an archive that cannot be read, for instance: result's "why" says it
                            */
    STANDING_GRADER_ERROR, /* a fault of the grader in the whole or in one exercise: no mark yet */
    STANDING_MISSING,      /* students only: on the roster, and nothing was handed in */
    STANDING_UNDECIDED     /* students only: several submissions, and no policy which one counts */
};

struct class_exercise {
    char id[16]; /* "1.2" */
    int chapter, number;
    char *name;    /* "fetch_first" */
    char *title;   /* "Fetch from the first server that answers" */
    double points; /* what a full mark counts: by the policy, else the points of its cases */
    bool core;
    bool has_due;
    long long due; /* seconds since 1970, UTC */
};

/* What a submission has for one exercise. */
struct mark {
    const json_t *exercise; /* its object in the result; NULL if the result has none */
    const char *state; /* "judged", "not-compiled" …, as in the result; "not-submitted" if none */
    bool known;        /* false: the grader failed, earned says nothing and is 0 */
    bool passed;
    bool late;
    double earned; /* after the policy: scaled to the exercise's points, the late factor applied */
};

struct class_submission {
    char *name; /* "alice@2": the files made from it are called so */
    char *student;
    json_t *result; /* checked: every key of the schema is there, with its type. Owned here */
    enum standing standing;
    long long submitted; /* seconds since 1970, UTC, as the policy has it, else the result */
    bool late;           /* in one exercise at least */
    struct mark *marks;  /* one for each exercise of the class, in its order */
    double earned;       /* sum of the marks; without meaning when standing is a grader error */
};

struct student {
    const char *name;
    const struct roster_line *line; /* NULL: not on the roster */
    const struct class_submission
        *submissions;                       /* the student's, side by side, in the order of names */
    size_t submission_count;                /* 0: missing */
    const struct class_submission *counted; /* NULL: missing or undecided */
    enum standing standing;
    char *remarks; /* sentences for the teacher: what is late, refused, passed over; "" if none */
};

struct class
{
    struct policy policy;
    struct roster roster;
    struct class_exercise *exercises; /* by chapter and number; those left out are not here */
    size_t exercise_count;
    double points; /* sum of theirs */
    struct class_submission
        *submissions; /* those whose result could be read, by student and name */
    size_t submission_count;
    struct student *students; /* those of the roster in its order, then the others by name */
    size_t student_count;
    bool has_run; /* run.json was there; else the next three are empty */
    long long seed;
    bool seed_per_student;
    char *folder;             /* where the submissions were */
    struct refusals refusals; /* what is in there and is no submission, if it still can be seen */
    char **warnings;          /* sentences: what could not be read, and is not in here */
    size_t warning_count;
};

struct class_options {
    const char *out;                   /* the folder that holds results/ and run.json */
    const char *roster;                /* NULL: roster.csv among the submissions, if it is there */
    const char *policy;                /* NULL: grading.json there, if it is there */
    const struct catalogue *catalogue; /* to look up the policy's exercises; NULL: not looked up */
};

/*
 * Reads it all. A result that cannot be read is left out with a warning. Returns 0; or -1 with
 * error filled and the class empty when there are no results, or policy or roster are not as they
 * should be, or memory is short.
 */
int class_load(struct class *class, const struct class_options *options, struct error *error);
void class_free(struct class *class);

/* Adds a sentence to the warnings. Returns 0, or -1 when memory is short. */
int class_warn(struct class *class, const char *format, ...) PRINTF_LIKE(2, 3);

/* "graded", "grader_error" …: as result.json and the grade book write it. */
const char *standing_name(enum standing standing);

/*
 * Checks that root is a result of schema 1: every key, its type, and the words that stand for a
 * state. Returns 0, or -1 and says in error which key is not as it should be.
 */
int result_check(const json_t *root, struct error *error);

/* A value of a result that was checked: "" or 0 where there is none. */
const char *result_text(const json_t *object, const char *key);
double result_number(const json_t *object, const char *key);

/*
 * Points as people write them, whatever the locale: "7", "7.5", "2.92". Points in a class are whole
 * hundredths. text has 32 bytes; returns it.
 */
enum { POINTS_SIZE = 32 };
const char *points_print(double points, char *text);

#endif
