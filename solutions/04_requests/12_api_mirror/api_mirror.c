/*
 * Exercise 4.12  Mirror of an API
 *
 * Rounds over all pages, each page asked for on condition that it has changed. In a round without a
 * change every page is still as it was before the round began: so what is kept is the list as it
 * stood in that moment. The pages are kept in a file, and so an interrupted run is nothing special.
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
    json_t *round; /* the URLs of this round, in their order */
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

/* Goes over all pages. Whether one had changed. */
static bool go_round(struct mirror *mirror)
{
    const char *url = mirror->first;
    bool changed = false;
    json_t *seen = json_object();

    json_array_clear(mirror->round);
    while (url != NULL) {
        if (!requests_same_origin(mirror->first, url))
            die("%s: that is another server", url);
        if (json_object_get(seen, url) != NULL || json_object_size(seen) == PAGES)
            die("%s: the pages do not end", url);
        if (json_object_set_new(seen, url, json_true()) == -1 ||
            json_array_append_new(mirror->round, json_string(url)) == -1)
            die("out of memory");
        changed |= fetch(mirror, url);
        url = json_string_value(json_object_get(json_object_get(mirror->pages, url), "next"));
    }
    json_decref(seen);
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
    json_t **records = NULL, *url, *item;
    size_t i, k;

    *count = 0;
    json_array_foreach(mirror->round, i, url)
    {
        json_t *page = json_object_get(mirror->pages, json_string_value(url));
        json_t *items = json_object_get(page, "items");
        json_t **grown = realloc(records, (*count + json_array_size(items) + 1) * sizeof(void *));
        if (grown == NULL)
            die("out of memory");
        records = grown;
        json_array_foreach(items, k, item) records[(*count)++] = item;
    }
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
    struct mirror mirror = {.file = argv[1], .first = argv[2], .round = json_array()};
    load(&mirror);
    mirror.session = requests_session_new(.retry = &PATIENT, .timeout_s = 10, .limit = 1 << 20,
                                          .allow_redirects = REQUESTS_NO);
    if (mirror.session == NULL || mirror.pages == NULL || mirror.round == NULL)
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
    json_decref(mirror.round);
    finish(status);
}
