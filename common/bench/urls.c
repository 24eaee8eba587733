/*
 * How fast URLs are taken apart, joined, their queries read and texts coded, beside libcurl's URL
 * API. urls.py makes the list, has Python and Node do the same with it, and compares.
 *
 * Usage: urls FILE ROBOTS, where each line of FILE is a URL, a tab, and a reference that is joined
 * to it; ROBOTS is a robots.txt, which is asked about each URL. Prints "split_ns 50.0" and the
 * like: nanoseconds each, in the best of several rounds; and how many URLs ROBOTS allows.
 */
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "urllib/parse.h"
#include "urllib/robotparser.h"

enum { ROUNDS = 60, MOST = 1000 };

struct list {
    struct url_part urls[MOST], references[MOST], queries[MOST];
    size_t count, queries_count;
};
static struct list list;
static struct robots *robots;

/* What was found is added up, so that no compiler leaves the work out. */
static size_t found;

static void split(void)
{
    for (size_t i = 0; i < list.count; i++) {
        struct url url;
        if (url_split(list.urls[i].text, list.urls[i].length, &url, NULL) == -1)
            die("no URL: %s", list.urls[i].text);
        found += url.path.length;
    }
}

/* All that libcurl's API gives: user, password, host and port as well. */
static void split_all(void)
{
    for (size_t i = 0; i < list.count; i++) {
        struct url url;
        struct url_netloc parts;
        if (url_split(list.urls[i].text, list.urls[i].length, &url, NULL) == -1)
            die("no URL: %s", list.urls[i].text);
        url_split_netloc(url.netloc, &parts);
        found += url.path.length + parts.host.length + (size_t)url_port(&parts, 0);
    }
}

static void curl_set(CURLU *handle, const char *url)
{
    if (curl_url_set(handle, CURLUPART_URL, url, 0) != CURLUE_OK)
        die("no URL for libcurl: %s", url);
}

static void split_curl(void)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_USER,    CURLUPART_PASSWORD,
                                      CURLUPART_HOST,   CURLUPART_PORT,    CURLUPART_PATH,
                                      CURLUPART_QUERY,  CURLUPART_FRAGMENT};

    for (size_t i = 0; i < list.count; i++) {
        CURLU *handle = curl_url();
        if (handle == NULL)
            die("out of memory");
        curl_set(handle, list.urls[i].text);
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
            char *text;
            if (curl_url_get(handle, parts[part], &text, 0) == CURLUE_OK) {
                found += (size_t)*text;
                curl_free(text);
            } /* else it is not there */
        }
        curl_url_cleanup(handle);
    }
}

/* Only taken apart, in a handle that is kept: the least that libcurl can be asked for. */
static void split_curl_set(void)
{
    CURLU *handle = curl_url();

    if (handle == NULL)
        die("out of memory");
    for (size_t i = 0; i < list.count; i++)
        curl_set(handle, list.urls[i].text);
    curl_url_cleanup(handle);
}

static void join(void)
{
    struct buffer out = {0};

    for (size_t i = 0; i < list.count; i++) {
        const struct url_part *base = &list.urls[i], *reference = &list.references[i];
        out.length = 0;
        if (url_join(base->text, base->length, reference->text, reference->length, &out, NULL) ==
            -1)
            die("not joined: %s and %s", base->text, reference->text);
        found += out.length;
    }
    buffer_free(&out);
}

static void join_curl(void)
{
    for (size_t i = 0; i < list.count; i++) {
        CURLU *handle = curl_url();
        char *text;
        if (handle == NULL)
            die("out of memory");
        curl_set(handle, list.urls[i].text);
        curl_set(handle, list.references[i].text);
        if (curl_url_get(handle, CURLUPART_URL, &text, 0) != CURLUE_OK)
            die("not joined by libcurl: %s", list.references[i].text);
        found += (size_t)*text;
        curl_free(text);
        curl_url_cleanup(handle);
    }
}

static void parse_query(void)
{
    for (size_t i = 0; i < list.queries_count; i++) {
        struct url_fields fields;
        if (url_parse_query(list.queries[i].text, list.queries[i].length, NULL, &fields, NULL) ==
            -1)
            die("no query: %s", list.urls[i].text);
        found += fields.count;
        url_fields_free(&fields);
    }
}

static void quote(void)
{
    struct buffer out = {0};

    for (size_t i = 0; i < list.count; i++) {
        out.length = 0;
        if (url_quote(list.urls[i].text, list.urls[i].length, "/", &out) == -1)
            die("out of memory");
        found += out.length;
    }
    buffer_free(&out);
}

static size_t allowed; /* in the last round */
static void can_fetch(void)
{
    allowed = 0;
    for (size_t i = 0; i < list.count; i++)
        allowed += robots_can_fetch(robots, "workbook", list.urls[i].text);
}

/* The list is in text, which is cut into C strings, for libcurl wants those. */
static void read_list(char *text)
{
    struct url url;

    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *tab = strchr(line, '\t');
        if (tab == NULL || list.count == MOST)
            die("this line is none, or one too many: %s", line);
        *tab = '\0';
        list.urls[list.count] = url_part_of(line);
        list.references[list.count++] = url_part_of(tab + 1);
        if (url_split(line, strlen(line), &url, NULL) == 0 && url.query.length > 0)
            list.queries[list.queries_count++] = url.query;
    }
    if (list.count == 0 || list.queries_count == 0)
        die("an empty list");
}

static double best_of(void (*work)(void), size_t each)
{
    uint64_t best = UINT64_MAX;

    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = now_ns();
        work();
        uint64_t took = now_ns() - start;
        best = took < best ? took : best;
    }
    return (double)best / (double)each;
}

int main(int argc, char *argv[])
{
    struct buffer text = {0}, rules = {0};

    if (argc != 3)
        die_usage("FILE ROBOTS");
    if (buffer_add_file(&text, argv[1], 1 << 20) == -1)
        die_errno("%s", argv[1]);
    if (buffer_add_file(&rules, argv[2], ROBOTS_LIMIT) == -1)
        die_errno("%s", argv[2]);
    read_list(text.data);
    robots = robots_parse(buffer_text(&rules), rules.length);
    if (robots == NULL)
        die("out of memory");
    const struct {
        const char *name;
        void (*work)(void);
        size_t each;
    } all[] = {
        {"split", split, list.count},
        {"split_all", split_all, list.count},
        {"curl_split", split_curl, list.count},
        {"curl_set", split_curl_set, list.count},
        {"join", join, list.count},
        {"curl_join", join_curl, list.count},
        {"parse_qs", parse_query, list.queries_count},
        {"quote", quote, list.count},
        {"can_fetch", can_fetch, list.count},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)printf("%s_ns %.2f\n", all[i].name, best_of(all[i].work, all[i].each));
    (void)printf("allowed %zu\nchecked %zu\n", allowed, found % 2);
    robots_free(robots);
    buffer_free(&rules);
    buffer_free(&text);
    finish(EXIT_SUCCESS);
}
