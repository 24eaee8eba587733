/* fails: one-page empty-list link-paging cursor-paging record-deleted record-added changed-while-checked never-still resumes resumes-changed next-night spoiled-state page-fails page-redirects no-records other-origin endless twice-in-list limit-for-good limit-too-long usage nothing-left-behind limit */
/*
 * Lesson 4.18, with the arguments of this exercise.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "requests/requests.h"

static const char USAGE[] = "FILE URL";

struct mirror {
    struct requests_session *session;
    json_t *cache; /* URL to {"etag", "next", "items"} */
    size_t items, changed, same;
};

/* ---- the cache ---- */

static json_t *load(const char *path)
{
    json_error_t why;
    json_t *cache = path != NULL ? json_load_file(path, 0, &why) : json_object();

    if (cache == NULL && json_error_code(&why) == json_error_cannot_open_file && errno == ENOENT)
        cache = json_object(); /* the first time */
    if (!json_is_object(cache))
        die("%s: %s", path, cache == NULL ? why.text : "no JSON object");
    return cache;
}

/* [save] */
/* Under another name first, so that whoever is cut off here leaves the old one whole. */
static void save(const json_t *cache, const char *path)
{
    char name[4096];
    int length = snprintf(name, sizeof name, "%s.new", path);

    if (length < 0 || (size_t)length >= sizeof name)
        die("%s: the name is too long", path);
    if (json_dump_file(cache, name, JSON_INDENT(1)) == -1 || rename(name, path) == -1)
        die_errno("%s", path);
}
/* [/save] */

/* ---- a page ---- */

/* [keep] */
/* Puts a page into the cache, in place of an older one. */
static json_t *keep(struct mirror *mirror, const char *url, struct requests_response *response)
{
    struct requests_error error = {0};
    const char *etag = requests_header(response, "ETag"), *next = requests_link(response, "next");
    json_t *items = requests_json(response, &error);

    if (items == NULL)
        die("%s: %s", url, error.text);
    if (!json_is_array(items))
        die("%s: a list was due", url);
    json_t *page = json_pack("{s:s?, s:s?, s:o}", "etag", etag, "next", next, "items", items);
    if (page == NULL || json_object_set_new(mirror->cache, url, page) == -1)
        die("out of memory");
    return page;
}
/* [/keep] */

static _Noreturn void give_up(const char *url, const struct requests_error *error)
{
    die("%s: %s: %s", url, requests_failure_name(error->failure), error->text);
}

static struct requests_response *ask(struct mirror *mirror, const char *url, const char *etag,
                                     struct requests_error *error)
{
    return requests_session_get(mirror->session, url, .error = error,
                                .headers = requests_pairs({"If-None-Match", etag}));
}

static void print_left(const struct requests_response *response)
{
    const char *left = requests_header(response, "X-RateLimit-Remaining");

    printf(", %s requests left\n", left != NULL ? left : "any number of");
}

/* [fetch] */
/* The page at url as it is now: of the server, or ours if it says so. */
static json_t *fetch(struct mirror *mirror, const char *url)
{
    json_t *page = json_object_get(mirror->cache, url);
    json_t *tag = json_object_get(page, "etag");
    const char *etag = json_string_value(tag);
    struct requests_error error = {0};
    struct requests_response *r = ask(mirror, url, etag, &error);

    if (r == NULL || requests_raise_for_status(r, &error) == -1)
        give_up(url, &error);
    printf("%d", r->status);
    if (r->tries > 1)
        printf(" at try %u", r->tries); /* as Retry-After said */
    if (r->status == HTTP_NOT_MODIFIED) {
        mirror->same++;
        printf(", not changed\n");
    } else {
        page = keep(mirror, url, r);
        mirror->changed++;
        print_left(r);
    }
    requests_response_free(r);
    return page;
}
/* [/fetch] */

/* [pages] */
static void fetch_all(struct mirror *mirror, const char *first, long pages)
{
    for (const char *url = first; url != NULL && pages-- > 0;) {
        const json_t *page = fetch(mirror, url);
        mirror->items += json_array_size(json_object_get(page, "items"));
        url = json_string_value(json_object_get(page, "next"));
        if (url != NULL && !requests_same_origin(first, url))
            die("%s: the key is not for that server", url);
    }
}
/* [/pages] */

int main(int argc, char **argv)
{
    static const struct requests_retry PATIENT = {.total = 5, .backoff_s = 0.2, .budget_s = 30};
    struct mirror mirror = {0};

    if (argc != 3)
        die_usage(USAGE);
    const char *path = argv[1], *url = argv[2];
    mirror.cache = load(path);
    mirror.session =
        requests_session_new(.headers = requests_pairs({"X-API-Key", getenv("API_KEY")}),
                             .retry = &PATIENT, .timeout_s = 10, .limit = 1 << 20);
    if (mirror.session == NULL)
        die("out of memory");
    fetch_all(&mirror, url, 1000);
    printf("%zu items. Pages: %zu read, %zu not changed\n", mirror.items, mirror.changed,
           mirror.same);
    save(mirror.cache, path);
    requests_session_free(mirror.session);
    json_decref(mirror.cache);
    finish(EXIT_SUCCESS);
}
