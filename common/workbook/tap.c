#include "workbook/tap.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"

enum { CASES_MOST = 10000 };

struct reader {
    const char *next, *end;
    const char *line; /* the line last read, without its end */
    size_t length;
    int number;
};

static bool line_next(struct reader *reader)
{
    if (reader->next >= reader->end)
        return false;
    reader->line = reader->next;
    const char *stop = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
    reader->length = (size_t)((stop != NULL ? stop : reader->end) - reader->line);
    reader->next = stop != NULL ? stop + 1 : reader->end;
    reader->number++;
    return true;
}

static bool line_is(const struct reader *reader, const char *text)
{
    return reader->length == strlen(text) && memcmp(reader->line, text, reader->length) == 0;
}

static bool line_begins(const struct reader *reader, const char *text)
{
    return reader->length >= strlen(text) && memcmp(reader->line, text, strlen(text)) == 0;
}

/* A number at *text, which moves behind it; -1 if there is none. */
static long number_at(const char **text, const char *end)
{
    long number = 0;
    const char *from = *text;

    while (*text < end && isdigit((unsigned char)**text) && number < CASES_MOST)
        number = number * 10 + (*(*text)++ - '0');
    return *text == from ? -1 : number;
}

/* The JSON object between "  ---" and "  ...". */
static json_t *read_facts(struct reader *reader, struct error *error)
{
    struct buffer text = {0};
    json_error_t place;
    int first = reader->number;

    if (!line_next(reader) || !line_is(reader, "  ---")) {
        (void)error_set(error, "line %d: the case has no diagnostics", first);
        return NULL;
    }
    first = reader->number;
    while (line_next(reader) && !line_is(reader, "  ..."))
        if (buffer_add(&text, reader->line, reader->length) == -1 ||
            buffer_add(&text, "\n", 1) == -1)
            break;
    json_t *facts = NULL;
    if (!line_is(reader, "  ..."))
        (void)error_set(error, "line %d: the diagnostics do not end", first);
    else if ((facts = json_loadb(buffer_text(&text), text.length, 0, &place)) == NULL)
        (void)error_set(error, "line %d: %s", first + place.line, place.text);
    else if (!json_is_object(facts))
        (void)error_set(error, "line %d: the diagnostics are not an object", first);
    if (facts != NULL && !json_is_object(facts)) {
        json_decref(facts);
        facts = NULL;
    }
    buffer_free(&text);
    return facts;
}

/* "ok 3 - ipv6-only # SKIP this system has no IPv6". */
static int read_case(struct reader *reader, struct tap *tap, struct error *error)
{
    struct tap_case test = {.ok = reader->line[0] == 'o'};
    const char *at = reader->line + (test.ok ? strlen("ok ") : strlen("not ok "));
    const char *end = reader->line + reader->length;
    long number = number_at(&at, end);

    if (number != (long)tap->count + 1)
        return error_set(error, "line %d: expected case %zu", reader->number, tap->count + 1);
    if (end - at < 4 || memcmp(at, " - ", 3) != 0)
        return error_set(error, "line %d: the case has no name", reader->number);
    at += 3;
    const char *skip = memmem(at, (size_t)(end - at), " # SKIP", 7);
    test.name = strndup(at, (size_t)((skip != NULL ? skip : end) - at));
    if (skip != NULL) {
        skip += 7;
        skip += skip < end && *skip == ' ';
        test.skip = strndup(skip, (size_t)(end - skip));
    }
    test.facts = read_facts(reader, error);
    struct tap_case *grown = realloc(tap->cases, (tap->count + 1) * sizeof *grown);
    if (grown != NULL)
        tap->cases = grown;
    if (grown == NULL || test.name == NULL || test.facts == NULL) {
        free(test.name);
        free(test.skip);
        json_decref(test.facts);
        return -1;
    }
    tap->cases[tap->count++] = test;
    return 0;
}

static int read_plan(const struct reader *reader, long *plan, struct error *error)
{
    const char *at = reader->line + strlen("1.."), *end = reader->line + reader->length;

    if (*plan != -1)
        return error_set(error, "line %d: a second plan", reader->number);
    *plan = number_at(&at, end);
    if (*plan < 1 || *plan > CASES_MOST || at != end)
        return error_set(error, "line %d: not a plan", reader->number);
    return 0;
}

static int read_lines(struct reader *reader, struct tap *tap, struct error *error)
{
    long plan = -1;
    int result = 0;

    if (!line_next(reader) || !line_is(reader, "TAP version 13"))
        return error_set(error, "it does not begin with \"TAP version 13\"");
    while (result == 0 && line_next(reader)) {
        if (line_begins(reader, "1.."))
            result = read_plan(reader, &plan, error);
        else if (line_begins(reader, "ok ") || line_begins(reader, "not ok "))
            result = read_case(reader, tap, error);
        else if (line_begins(reader, "Bail out!"))
            result = error_set(error, "%.*s", (int)(reader->length < 300 ? reader->length : 300),
                               reader->line);
        else if (reader->length > 0 && reader->line[0] != '#')
            result = error_set(error, "line %d is not TAP", reader->number);
    }
    if (result == 0 && plan == -1)
        result = error_set(error, "there is no plan");
    if (result == 0 && tap->count != (size_t)plan)
        result = error_set(error, "%zu of %ld cases were run", tap->count, plan);
    return result;
}

int tap_parse(const char *text, size_t length, struct tap *tap, struct error *error)
{
    struct reader reader = {.next = text, .end = text + length};

    *tap = (struct tap){0};
    (void)error_set(error, "out of memory"); /* unless something else is found */
    if (read_lines(&reader, tap, error) == 0) {
        (void)error_set(error, "%s", "");
        return 0;
    }
    tap_free(tap);
    return -1;
}

void tap_free(struct tap *tap)
{
    for (size_t i = 0; i < tap->count; i++) {
        free(tap->cases[i].name);
        free(tap->cases[i].skip);
        json_decref(tap->cases[i].facts);
    }
    free(tap->cases);
    *tap = (struct tap){0};
}

const char *tap_text(const struct tap_case *test, const char *key)
{
    const char *text = json_string_value(json_object_get(test->facts, key));
    return text != NULL ? text : "";
}

int tap_number(const struct tap_case *test, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(test->facts, key));
    return number < INT_MIN || number > INT_MAX ? 0 : (int)number;
}

void tap_points(const struct tap *tap, int *earned, int *points)
{
    *earned = *points = 0;
    for (size_t i = 0; i < tap->count; i++)
        if (tap->cases[i].skip == NULL) {
            *earned += tap->cases[i].ok ? tap_number(&tap->cases[i], "points") : 0;
            *points += tap_number(&tap->cases[i], "points");
        }
}
