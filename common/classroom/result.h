/* result.json in the making; classroom/result.schema.json says what each key means. */
#ifndef CLASSROOM_RESULT_H
#define CLASSROOM_RESULT_H

#include <jansson.h>

#include "classroom/isolation.h"
#include "classroom/plan.h"
#include "workbook/judge.h"

struct exercise_entry;

/* An exercise of a submission, judged or not. */
struct grading {
    const struct exercise_entry *exercise;
    const char *path;     /* within the submission; NULL: nothing was taken in */
    const char *unusable; /* then a sentence why, or NULL: nothing was handed in */
    const char *sha256;   /* … */
    struct verdict verdict, hidden;
    bool has_hidden; /* there are cases that only the teacher has */
    json_t *retried; /* names of cases that were tried again, as an array; NULL: none */
    int points;      /* of all cases, judged or not */
};

/* The object of one exercise. Returns NULL when memory is short. */
json_t *result_exercise(const struct grading *grading);

/* All but the exercises; these are added under "exercises", then result_sum() is called. */
json_t *result_begin(const struct submission *submission, const struct isolation *isolation,
                     unsigned seed, const char *status, const char *why);

/*
 * What the compiler (CC, else gcc) says of itself. Returns 0, or -1 and fills error: without one
 * every answer would look like one that does not compile.
 */
int compiler_version(struct buffer *version, struct error *error);

/* Fills "earned" and "points", and makes the status that of the worst exercise. */
void result_sum(json_t *result);

/* "2026-11-23T10:00:00Z"; text has 32 bytes. */
const char *moment_stamp(long long moment, char *text);

#endif
