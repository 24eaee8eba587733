/*
 * TAP 13 as the `cases` programs print it: a plan, a line for each case, and behind it a YAML
 * block that holds one JSON object. Stricter than TAP asks: a missing plan, a short count, a case
 * without its object are faults of the harness, and must never look like a learner's mistake.
 */
#ifndef WORKBOOK_TAP_H
#define WORKBOOK_TAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct tap_case {
    char *name;    /* "reply-in-pieces" */
    bool ok;       /* passed; a skipped case is ok too */
    char *skip;    /* why it was skipped, or NULL */
    json_t *facts; /* the object behind it */
};

struct tap {
    struct tap_case *cases;
    size_t count;
};

/* Returns 0, or -1 and fills error with what is wrong and in which line; tap is then empty. */
int tap_parse(const char *text, size_t length, struct tap *tap, struct error *error);
void tap_free(struct tap *tap);

/* A fact by its key: "" or 0 when it is not there or of another type. */
const char *tap_text(const struct tap_case *test, const char *key);
int tap_number(const struct tap_case *test, const char *key);

/* Points of all cases that were not skipped, and how many of them were earned. */
void tap_points(const struct tap *tap, int *earned, int *points);

#endif
