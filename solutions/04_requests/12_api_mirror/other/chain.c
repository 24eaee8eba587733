/*
 * Exercise 4.12  Mirror of an API
 *
 * The same by the chain that the kept pages make: each has the URL of the next. What was read in
 * this round is the beginning of the chain, and the complete list is all of it.
 *
 * Usage:  api_mirror FILE URL
 * See:    lesson 4.18; RFC 8288 (Link); RFC 9110 section 13.1.2 (If-None-Match)
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "requests/requests.h"
#include "urllib/parse.h"

enum { ROUNDS = 10, PAGES = 1000, NAME_SIZE = 4096, UNSTEADY = 4 };

struct mirror {
    const char *file, *first;
    char state[NAME_SIZE];
    struct requests_session *session;
    json_t *pages; /* URL to {"etag", "next", "items"} */
};

static void name_beside(char *name, const char *path, const char *ending)
{
    int length = snprintf(name, NAME_SIZE, "%s%s", path, ending);

    if (length < 0 || length >= NAME_SIZE - 8)
        die("%s: the name is too long", path);
}

/* ---- the state ---- */

/* After each page. Under another name first: who is cut off here leaves the old one whole. */
static void save(const struct mirror *mirror)
{
    char name[NAME_SIZE];

    name_beside(name, mirror->file, ".state~");
    if (json_dump_file(mirror->pages, name, JSON_COMPACT) == -1 ||
        rename(name, mirror->state) == -1)
        die_errno("%s", mirror->state);
}

/* What is no state of ours is none: then all is read. */
static void load(struct mirror *mirror)
{
    json_error_t why;

    name_beside(mirror->state, mirror->file, ".state");
    mirror->pages = json_load_file(mirror->state, 0, &why);
    if (!json_is_object(mirror->pages)) {
        json_decref(mirror->pages);
        mirror->pages = json_object();
    }
}

/* ---- a page ---- */

static void check_items(const char *url, const json_t *items)
{
    size_t i;
    json_t *item;

    if (!json_is_array(items))
        die("%s: no list of records", url);
    json_array_foreach(items, i, item) if (!json_is_integer(json_object_get(item, "id")))
        die("%s: record %zu has no id", url, i + 1);
}

/* The URL of the page behind this one, in buffer; false when it is the last. */
static bool find_next(const struct mirror *mirror, struct requests_response *response,
                      const json_t *body, struct buffer *next)
{
    const char *link = requests_link(response, "next");
    const char *cursor = json_string_value(json_object_get(body, "next_cursor"));
    bool failed = false;

    if (link != NULL) {
        failed = buffer_add(next, link, strlen(link)) == -1;
    } else if (cursor != NULL) {
        const char *name = strchr(mirror->first, '?') != NULL ? "&cursor=" : "?cursor=";
        failed = buffer_add(next, mirror->first, strlen(mirror->first)) == -1 ||
                 buffer_add(next, name, strlen(name)) == -1 ||
                 url_quote(cursor, strlen(cursor), NULL, next) == -1;
    }
    if (failed)
        die("out of memory");
    return next->length > 0;
}

/* Puts a page that was read in place of an older one. */
static void keep(struct mirror *mirror, const char *url, struct requests_response *response)
{
    struct requests_error error = {0};
    struct buffer next = {0};
    const char *etag = requests_header(response, "ETag");
    json_t *body = requests_json(response, &error);

    if (body == NULL)
        die("%s: %s", url, error.text);
    json_t *items = json_is_array(body) ? body : json_object_get(body, "items");
    check_items(url, items);
    if (etag == NULL)
        die("%s: no ETag", url);
    const char *text = find_next(mirror, response, body, &next) ? buffer_text(&next) : NULL;
    json_t *page = json_pack("{s:s, s:s?, s:O}", "etag", etag, "next", text, "items", items);
    if (page == NULL || json_object_set_new(mirror->pages, url, page) == -1)
        die("out of memory");
    buffer_free(&next);
    json_decref(body);
    save(mirror);
}

/* Asks for a page, if it is not as we have it. Whether it has changed. */
static bool fetch(struct mirror *mirror, const char *url)
{
    json_t *page = json_object_get(mirror->pages, url);
    const char *etag = json_string_value(json_object_get(page, "etag"));
    struct requests_error error = {0};
    struct requests_response *r = requests_session_get(
        mirror->session, url, .error = &error, .headers = requests_pairs({"If-None-Match", etag}));

    if (r == NULL)
        die("%s: %s: %s", url, requests_failure_name(error.failure), error.text);
    bool same = r->status == HTTP_NOT_MODIFIED && etag != NULL;
    if (!same && r->status != HTTP_OK)
        die("%s: %d %s", url, r->status, r->reason);
    if (!same)
        keep(mirror, url, r);
    requests_response_free(r);
    return !same;
}

/* ---- the list ---- */

static const char *next_of(const struct mirror *mirror, const char *url)
{
    return json_string_value(json_object_get(json_object_get(mirror->pages, url), "next"));
}

/* Whether url is one of the first so many pages. */
static bool is_among(const struct mirror *mirror, const char *url, int count)
{
    const char *page = mirror->first;

    for (; count > 0 && strcmp(page, url) != 0; count--)
        page = next_of(mirror, page);
    return count > 0;
}

/* Goes over all pages. Whether one had changed. */
static bool go_round(struct mirror *mirror)
{
    const char *url = mirror->first;
    bool changed = false;

    for (int count = 0; url != NULL; count++) {
        if (!requests_same_origin(mirror->first, url))
            die("%s: that is another server", url);
        if (count == PAGES || is_among(mirror, url, count))
            die("%s: the pages do not end", url);
        changed |= fetch(mirror, url);
        url = next_of(mirror, url);
    }
    return changed;
}

static int compare(const void *a, const void *b)
{
    json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "id"));
    json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "id"));

    return (x > y) - (x < y);
}

/* All records of the round, by id; *count is how many. Borrowed, but for the array. */
static json_t **collect(const struct mirror *mirror, size_t *count)
{
    json_t **records = NULL, *item;
    size_t i, k;

    *count = 0;
    for (const char *url = mirror->first; url != NULL; url = next_of(mirror, url)) {
        json_t *page = json_object_get(mirror->pages, url);
        json_t *items = json_object_get(page, "items");
        json_t **grown = realloc(records, (*count + json_array_size(items) + 1) * sizeof(void *));
        if (grown == NULL)
            die("out of memory");
        records = grown;
        json_array_foreach(items, k, item) records[(*count)++] = item;
    }
    if (*count > 0)
        qsort(records, *count, sizeof(void *), compare);
    for (i = 1; i < *count; i++)
        if (compare(&records[i - 1], &records[i]) == 0)
            die("%s: an id stands there twice", mirror->first);
    return records;
}

static void write_list(const struct mirror *mirror)
{
    char name[NAME_SIZE];
    size_t count;
    json_t **records = collect(mirror, &count);
    bool failed = false;

    name_beside(name, mirror->file, ".new");
    FILE *file = fopen(name, "w");
    if (file == NULL)
        die_errno("%s", name);
    for (size_t i = 0; i < count && !failed; i++)
        failed = json_dumpf(records[i], file, JSON_COMPACT | JSON_SORT_KEYS) == -1 ||
                 fputc('\n', file) == EOF;
    failed |= fflush(file) == EOF;
    if (fclose(file) == EOF || failed || rename(name, mirror->file) == -1)
        die_errno("%s", mirror->file);
    printf("%zu records\n", count);
    free(records);
}

int main(int argc, char **argv)
{
    static const int WAITS[] = {429, 0};
    static const struct requests_retry PATIENT = {.total = 4, .budget_s = 10, .statuses = WAITS};
    int status = EXIT_SUCCESS, rounds = 1;

    if (argc != 3 || strncmp(argv[2], "http://", 7) != 0)
        die_usage("FILE URL");
    struct mirror mirror = {.file = argv[1], .first = argv[2]};
    load(&mirror);
    mirror.session = requests_session_new(.retry = &PATIENT, .timeout_s = 10, .limit = 1 << 20,
                                          .allow_redirects = REQUESTS_NO);
    if (mirror.session == NULL || mirror.pages == NULL)
        die("out of memory");
    while (go_round(&mirror) && rounds < ROUNDS)
        rounds++;
    if (rounds < ROUNDS) {
        write_list(&mirror);
    } else {
        report("%s: changed in each of %d rounds", mirror.first, ROUNDS);
        status = UNSTEADY;
    }
    requests_session_free(mirror.session);
    json_decref(mirror.pages);
    finish(status);
}
