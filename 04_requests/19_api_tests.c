/*
 * 4.19  Tests of an API
 *
 * Checks a service from outside, request by request, and says what held in TAP.
 *
 * Python:  pytest with requests; unittest
 * Usage:   19_api_tests [URL]
 *          URL is where lesson 2.10's books are kept. What the tests add they take away again.
 * See:     the Test Anything Protocol, version 13; RFC 9110 section 15
 * Leaves out: how the service bears load; what two clients do at once (exercise 2.7).
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "requests/requests.h"

static const char DUNE[] = "{\"title\": \"Dune\", \"author\": \"F. Herbert\", \"year\": 1965}";
static const char LATER[] = "{\"title\": \"Dune\", \"author\": \"F. Herbert\", \"year\": 1966}";

struct check {
    const char *name, *method;
    const char *path; /* "@": the Location of what was made last */
    const char *body, *type;
    int status;
    const char *field, *value; /* a field of the answer, and what it is to hold */
    const char *key;           /* a key of the answer in JSON, and its value as JSON */
    const char *json;
};

static const struct check CHECKS[] = {
    {"a book is made", "POST", "/books", DUNE, .status = 201, .key = "title", .json = "\"Dune\""},
    {"and is there", "GET", "@", .status = 200, .key = "year", .json = "1965"},
    {"its type is told", "HEAD", "@", .status = 200, "Content-Type", "application/json"},
    {"not a second time", "POST", "/books", DUNE, .status = 409, .key = "status", .json = "409"},
    {"it is changed", "PUT", "@", LATER, .status = 200, .key = "year", .json = "1966"},
    {"for good", "GET", "@", .status = 200, .key = "year", .json = "1966"},
    {"half of JSON", "POST", "/books", "{\"title\":", .status = 400},
    {"a book without a year", "POST", "/books", "{\"title\": \"Emma\"}", .status = 422},
    {"a form", "POST", "/books", "title=Emma", "application/x-www-form-urlencoded", .status = 415},
    {"a method that is not for lists", "DELETE", "/books", .status = 405, "Allow", "GET"},
    {"a book that is not there", "GET", "/books/999999", .status = 404},
    {"it is taken away", "DELETE", "@", .status = 204},
    {"and is gone", "GET", "@", .status = 404},
};

struct run {
    struct requests_session *session;
    const char *base;
    char made[1024]; /* a URL, or "" */
    unsigned number, failed;
};

/* [tap] */
/* A test's line; where it failed, format says what was found: as YAML. */
static void tell(struct run *run, const char *name, const char *format, ...)
{
    va_list arguments;

    printf("%sok ", format != NULL ? "not " : "");
    printf("%u - %s\n", ++run->number, name);
    if (format == NULL)
        return;
    run->failed++;
    va_start(arguments, format);
    printf("  ---\n  found: |\n    "); /* a block: quotes are safe in it */
    (void)vprintf(format, arguments);  /* finish() sees whether it worked */
    printf("\n  ...\n");
    va_end(arguments);
}
/* [/tap] */

/* ---- what an answer is to be ---- */

static bool has_field(const struct requests_response *r, const struct check *check)
{
    const char *value = requests_header(r, check->field);

    return value != NULL && strstr(value, check->value) != NULL;
}

/* [json] */
/* Values are compared: blanks and the order of keys do not count. */
static bool has_key(struct requests_response *r, const struct check *check)
{
    json_t *body = requests_json(r, NULL);
    json_t *value = json_object_get(body, check->key);
    json_t *due = json_loads(check->json, JSON_DECODE_ANY, NULL);
    bool same = due != NULL && json_equal(value, due);

    json_decref(due);
    json_decref(body);
    return same;
}
/* [/json] */

/* Notes where a thing was made. */
static void keep_location(struct run *run, const struct requests_response *response)
{
    const char *location = requests_header(response, "Location");

    if (response->status != HTTP_CREATED || location == NULL)
        return;
    int length = snprintf(run->made, sizeof run->made, "%s%s", run->base, location);
    if (length < 0 || (size_t)length >= sizeof run->made || location[0] != '/')
        run->made[0] = '\0'; /* what follows will say so */
}

/* Sends a check's request. NULL, and an error, when there is no answer. */
static struct requests_response *ask(struct run *run, const struct check *check,
                                     struct requests_error *error)
{
    char url[1024];
    bool at = strcmp(check->path, "@") == 0;
    const char *type = check->type != NULL ? check->type : "application/json";

    (void)snprintf(url, sizeof url, "%s%s", at ? "" : run->base, at ? run->made : check->path);
    return requests_session_call(
        run->session, check->method, url, .data = check->body, .error = error,
        .headers = requests_pairs({"Content-Type", check->body != NULL ? type : NULL}));
}

/* [run] */
static void run_check(struct run *run, const struct check *c)
{
    struct requests_error error = {0};
    struct requests_response *r = ask(run, c, &error);

    if (r == NULL)
        tell(run, c->name, "%s", requests_failure_name(error.failure));
    else if (r->status != c->status)
        tell(run, c->name, "%d, not %d", r->status, c->status);
    else if (c->field != NULL && !has_field(r, c))
        tell(run, c->name, "no %s with %s", c->field, c->value);
    else if (c->key != NULL && !has_key(r, c))
        tell(run, c->name, "%s is not %s", c->key, c->json);
    else
        tell(run, c->name, NULL);
    if (r != NULL)
        keep_location(run, r);
    requests_response_free(r);
}
/* [/run] */

int main(int argc, char **argv)
{
    enum { COUNT = sizeof CHECKS / sizeof CHECKS[0] };
    struct run run = {.base = argc == 2 ? argv[1] : "http://localhost:10000"};

    if (argc > 2 || strlen(run.base) > 500)
        die_usage("[URL]");
    run.session = requests_session_new(.timeout_s = 5, .total_timeout_s = 20, .limit = 1 << 20,
                                       .allow_redirects = REQUESTS_NO);
    if (run.session == NULL)
        die("out of memory");
    printf("TAP version 13\n1..%d\n", COUNT);
    for (size_t i = 0; i < COUNT; i++)
        run_check(&run, &CHECKS[i]);
    requests_session_free(run.session);
    finish(run.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
