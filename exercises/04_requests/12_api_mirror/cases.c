/* Exercise 4.12, a mirror of an API: a list that may change while it is read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "harness/harness.h"

enum { GOOD = 0, FAILED = 1, USAGE = 2, UNSTEADY = 4 };
enum { MOST = 24, PAGE = 3, PAGES = MOST / PAGE, ROUNDS = 10 };
static const char HOST[] = "127.0.0.1", FILE_NAME[] = "list";
static const char OLD[] = "{\"id\":1,\"name\":\"of yesterday\"}\n";

struct record {
    long id;
    unsigned value;
};

/* A list behind an API, and what the program knows of it. */
struct api {
    struct session *s;
    struct peer *server;
    struct student *student;
    bool cursors; /* next_cursor in the body, and not Link */
    struct record list[MOST];
    int count, page_size;
    const char *known[PAGES]; /* the ETag that the program was given */
    const char *next;         /* in place of the next page's URL */
    const char *key;          /* begins each cursor */
};

/* ---- the list ---- */

static void add(struct api *api, int at, long id)
{
    for (int i = api->count++; i > at; i--)
        api->list[i] = api->list[i - 1];
    api->list[at] = (struct record){id, session_random(api->s, 1000000)};
}

static void delete (struct api *api, int at)
{
    api->count--;
    for (int i = at; i < api->count; i++)
        api->list[i] = api->list[i + 1];
}

static struct api *api_of(struct session *s, int count, bool cursors)
{
    struct api *api = session_alloc(s, sizeof *api);

    *api = (struct api){.s = s, .cursors = cursors, .page_size = PAGE};
    api->server = peer_listen(s, HOST);
    api->key = session_print(s, "%x+/&=", session_random(s, 0x10000));
    for (int i = 0; i < count; i++) /* in no order; 9, 10 and 100 are no texts */
        add(api, (int)session_random(s, (uint32_t)i + 1), (i % 2 == 0 ? 5 : 95) + i);
    session_closes_early(s);
    session_writes_files(s);
    return api;
}

static void start(struct api *api)
{
    const char *query = api->cursors ? "?sort=age" : "";

    api->student = student_start(
        api->s, FILE_NAME,
        session_print(api->s, "http://%s:%s/list%s", HOST, peer_port(api->server), query), NULL);
    student_end_input(api->student);
}

static int by_id(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* What FILE has to hold. */
static const char *mirror_of(const struct api *api)
{
    struct record sorted[MOST];
    const char *text = "";

    memcpy(sorted, api->list, sizeof sorted);
    qsort(sorted, (size_t)api->count, sizeof sorted[0], by_id);
    for (int i = 0; i < api->count; i++)
        text = session_print(api->s, "%s{\"id\":%ld,\"name\":\"record %u\"}\n", text, sorted[i].id,
                             sorted[i].value);
    return text;
}

/* ---- pages, from 0 ---- */

static int pages_of(const struct api *api)
{
    return api->count == 0 ? 1 : (api->count + api->page_size - 1) / api->page_size;
}

static const char *items_of(const struct api *api, int page)
{
    const char *text = "[";

    for (int i = page * api->page_size; i < (page + 1) * api->page_size && i < api->count; i++)
        text = session_print(api->s, "%s%s{\"name\": \"record %u\", \"id\": %ld}", text,
                             text[1] == '\0' ? "" : ",\n ", api->list[i].value, api->list[i].id);
    return session_print(api->s, "%s]", text);
}

static const char *target_of(const struct api *api, int page)
{
    const char *first = api->cursors ? "/list?sort=age" : "/list";

    if (page == 0)
        return first;
    return api->cursors ? session_print(api->s, "%s&cursor=%s%d", first, api->key, page)
                        : session_print(api->s, "/list/part?from=%d", page);
}

static const char *etag_of(const struct api *api, int page)
{
    const char *text = items_of(api, page);
    uint64_t hash = 0xcbf29ce484222325;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    hash += page + 1 < pages_of(api);
    return session_print(api->s, "%s\"%016llx\"", page % 2 == 1 ? "W/" : "",
                         (unsigned long long)hash);
}

/* ---- requests and answers ---- */

/* The target with what is coded in its cursor decoded. */
static const char *plain(struct session *s, const char *target)
{
    char *text = session_alloc(s, strlen(target) + 1), *out = text;

    for (; *target != '\0'; target++)
        if (*target == '%' && target[1] != '\0' && target[2] != '\0') {
            *out++ = (char)strtol((char[]){target[1], target[2], '\0'}, NULL, 16);
            target += 2;
        } else {
            *out++ = *target == '+' ? ' ' : *target;
        }
    *out = '\0';
    return text;
}

/* Takes the request that is due: for that page, with the ETag that the program has of it. */
static struct link *take(struct api *api, int page)
{
    const char *due = target_of(api, page), *known = api->known[page];
    struct web_request request;

    if (!web_next_request(api->s, &request))
        session_fail(api->s, "Your program ended; a request for page %d, %s, was due.", page + 1,
                     due);
    const char *target = api->cursors ? plain(api->s, request.target) : request.target;
    if (strcmp(request.method, "GET") != 0 || strcmp(target, due) != 0)
        session_blame(api->s, "There was \"%s %s\"; page %d was due: GET %s%s.", request.method,
                      request.target, page + 1, due, api->cursors ? " (its cursor coded)" : "");
    const char *match = web_request_field(&request, "If-None-Match");
    if (known != NULL && (match == NULL || strcmp(match, known) != 0))
        session_blame(api->s,
                      "Page %d was asked for with If-None-Match: %s. It had come before, "
                      "with ETag: %s.",
                      page + 1, match == NULL ? "(no such field)" : match, known);
    if (known == NULL && match != NULL)
        session_blame(api->s, "Page %d was asked for with If-None-Match: %s. It had not come yet.",
                      page + 1, match);
    return request.link;
}

/* Answers; fields are whole lines with their ends, or "". */
static void answer(struct api *api, struct link *link, int status, const char *fields,
                   const char *body)
{
    const char *length =
        status == 304 ? "" : session_print(api->s, "Content-Length: %zu\r\n", strlen(body));
    const char *text =
        session_print(api->s, "HTTP/1.1 %d Whatever\r\nConnection: close\r\n%s%s\r\n%s", status,
                      length, fields, body);

    link_send(link, text, strlen(text));
    link_wait_end(link);
    link_close(link);
}

static const char *body_of(const struct api *api, int page, bool last)
{
    const char *items = items_of(api, page);

    if (!api->cursors)
        return items;
    if (last)
        return session_print(api->s, "{\"items\": %s, \"next_cursor\": null}", items);
    return session_print(api->s, "{\"next_cursor\": \"%s%d\", \"items\": %s}", api->key, page + 1,
                         items);
}

/* Takes the request for that page, and answers it with what the page is now, or 304. */
static void serve(struct api *api, int page)
{
    struct link *link = take(api, page);
    const char *etag = etag_of(api, page), *fields = session_print(api->s, "ETag: %s\r\n", etag);
    bool last = page + 1 >= pages_of(api);

    if (api->known[page] != NULL && strcmp(api->known[page], etag) == 0) {
        answer(api, link, 304, fields, "");
        return;
    }
    api->known[page] = etag;
    if (!api->cursors)
        fields = session_print(api->s, "%sLink: </list>; rel=\"first\"%s%s%s\r\n", fields,
                               last ? "" : ", <",
                               last                ? ""
                               : api->next != NULL ? api->next
                                                   : target_of(api, page + 1),
                               last ? "" : ">; title=\"a, b\"; rel=next");
    answer(api, link, 200, fields, body_of(api, page, last));
}

static void serve_pages(struct api *api, int from, int until)
{
    for (int i = from; i < until; i++)
        serve(api, i);
}

/* One round over all pages. */
static void serve_round(struct api *api)
{
    serve_pages(api, 0, pages_of(api));
}

/* The list is complete: nobody asks any more, and FILE holds it. */
static void complete(struct api *api)
{
    const char *text = mirror_of(api);

    session_expect_nobody(api->s, "all pages were as they had been: the list is complete");
    expect_output(api->student, session_print(api->s, "%d records\n", api->count),
                  strlen(session_print(api->s, "%d records\n", api->count)));
    expect_file(api->student, FILE_NAME, text, strlen(text));
    expect_exit(api->student, GOOD);
}

/* A list with an older mirror beside it. */
static struct api *api_with_old(struct session *s)
{
    struct api *api = api_of(s, 7, false);

    session_file(s, FILE_NAME, OLD, strlen(OLD));
    start(api);
    return api;
}

/* It fails, and leaves the older mirror as it was. */
static void fails(struct api *api, int status, const char *reason)
{
    session_expect_nobody(api->s, reason);
    expect_output(api->student, "", 0);
    expect_failure(api->student, status);
    expect_kept(api->student, FILE_NAME, OLD, strlen(OLD));
}

/* ---- paging ---- */

static void read_twice(struct session *s, int count, bool cursors)
{
    struct api *api = api_of(s, count, cursors);

    start(api);
    serve_round(api);
    serve_round(api);
    complete(api);
}

static void one_page(struct session *s)
{
    read_twice(s, PAGE, false);
}

static void empty_list(struct session *s)
{
    read_twice(s, 0, false);
}

static void link_paging(struct session *s)
{
    read_twice(s, 10, false);
}

static void cursor_paging(struct session *s)
{
    read_twice(s, 10, true);
}

/* ---- a list that changes ---- */

static void deleted(struct session *s)
{
    struct api *api = api_of(s, 10, false);

    start(api);
    serve_pages(api, 0, 2);
    delete (api, 1); /* what was first on page 3 is now on page 2, which was read */
    serve_pages(api, 2, pages_of(api));
    serve_round(api);
    serve_round(api);
    complete(api);
}

static void added(struct session *s)
{
    struct api *api = api_of(s, 8, false);

    start(api);
    serve(api, 0);
    add(api, 0, 1000); /* what was last on page 1 comes again on page 2 */
    serve_pages(api, 1, pages_of(api));
    serve_round(api);
    serve_round(api);
    complete(api);
}

static void changed_while_checked(struct session *s)
{
    struct api *api = api_of(s, 9, false);

    start(api);
    serve_round(api);
    serve_pages(api, 0, 2);
    delete (api, 7); /* page 1 stays as it is */
    serve(api, 2);
    serve_round(api);
    complete(api);
}

static void never_still(struct session *s)
{
    struct api *api = api_with_old(s);

    for (int i = 0; i < ROUNDS; i++) {
        api->list[6].value = 2000000 + (unsigned)i;
        serve_round(api);
    }
    fails(api, UNSTEADY, "ten rounds are the most");
}

/* ---- interrupted ---- */

/* Interrupts it when it has these pages, and asks for the next. */
static void interrupt(struct api *api, int pages)
{
    start(api);
    serve_pages(api, 0, pages);
    struct link *link = take(api, pages);
    student_end(api->student);
    link_close(link);
    expect_no_file(api->student, FILE_NAME, "it was interrupted before the list was complete");
}

static void resumes(struct session *s)
{
    struct api *api = api_of(s, 11, false);

    interrupt(api, 2);
    start(api);
    serve_round(api);
    serve_round(api);
    complete(api);
}

static void resumes_changed(struct session *s)
{
    struct api *api = api_of(s, 10, false);

    interrupt(api, 3);
    delete (api, 3); /* on page 2 */
    start(api);
    serve_round(api);
    serve_round(api);
    complete(api);
}

static void next_night(struct session *s)
{
    struct api *api = api_of(s, 10, false);

    start(api);
    serve_round(api);
    serve_round(api);
    complete(api);
    start(api);
    serve_round(api);
    complete(api);
    api->list[4].value = 2000000;
    start(api);
    serve_round(api);
    serve_round(api);
    complete(api);
}

static void spoiled_state(struct session *s)
{
    static const char *const SPOILED[] = {"", "{\"http://", "[1, 2]"};
    const char *text = SPOILED[session_random(s, 3)];

    session_file(s, "list.state", text, strlen(text));
    read_twice(s, 5, false);
}

/* ---- what is no list ---- */

static void refuse(struct session *s, int status, const char *fields, const char *body)
{
    struct api *api = api_with_old(s);

    session_link(s, FILE_NAME, "second");
    serve(api, 0);
    answer(api, take(api, 1), status, fields, body);
    fails(api, FAILED, "page 2 was no page of the list");
}

static void page_fails(struct session *s)
{
    refuse(s, 404, "", "[]");
}

static void page_redirects(struct session *s)
{
    refuse(s, 302, "Location: /list\r\nETag: \"a\"\r\n", "[]");
}

static void no_records(struct session *s)
{
    static const char *const BODIES[] = {"[{\"id\": 1}", "{\"error\": \"busy\"}",
                                         "[{\"id\": \"7\"}]"};

    refuse(s, 200, "ETag: \"a\"\r\n", BODIES[session_random(s, 3)]);
}

static void other_origin(struct session *s)
{
    struct api *api = api_with_old(s);
    struct peer *other = peer_listen(s, HOST);

    api->next = session_print(s, "http://%s:%s/list", HOST, peer_port(other));
    serve(api, 0);
    fails(api, FAILED, "the next page's URL is that of another server");
}

static void endless(struct session *s)
{
    struct api *api = api_with_old(s);

    serve(api, 0);
    api->next = "/list";
    serve(api, 1);
    fails(api, FAILED, "page 2 says that page 1 is the next");
}

static void twice_in_list(struct session *s)
{
    struct api *api = api_with_old(s);

    api->list[6].id = api->list[0].id;
    serve_round(api);
    serve_round(api);
    fails(api, FAILED, "the list stands still, and has an id twice");
}

/* ---- the limit ---- */

static void limit_for_good(struct session *s)
{
    struct api *api = api_with_old(s);

    serve(api, 0);
    for (int i = 0; i < 5; i++)
        answer(api, take(api, 1), 429, "Retry-After: 0\r\n", "");
    fails(api, FAILED, "five tries for a page are the most");
}

static void limit_too_long(struct session *s)
{
    struct api *api = api_with_old(s);

    serve(api, 0);
    answer(api, take(api, 1), 429, "Retry-After: 3600\r\n", "");
    fails(api, FAILED, "an hour is more than ten seconds");
}

static void limit(struct session *s)
{
    struct api *api = api_of(s, 5, false);

    start(api);
    serve(api, 0);
    answer(api, take(api, 1), 429, "Retry-After: 1\r\n", "");
    int64_t answered = now_ms();
    serve(api, 1);
    if (now_ms() - answered < 995)
        session_blame(s, "The answer had \"Retry-After: 1\"; the next request came after %d ms.",
                      (int)(now_ms() - answered));
    serve_round(api);
    complete(api);
}

static void usage(struct session *s)
{
    static const char *const WRONG[][3] = {{FILE_NAME, NULL}, {FILE_NAME, "ftp://127.0.0.1/"}};

    for (size_t i = 0; i < 2; i++) {
        struct student *p = student_start(s, WRONG[i][0], WRONG[i][1], NULL);
        expect_output(p, "", 0);
        expect_failure(p, USAGE);
    }
    one_page(s);
}

static const struct test_case cases[] = {
    {.name = "one-page",
     .title = "one page",
     .points = 2,
     .teaches = "The end of the list is where no next page is named. It is asked for once more: is "
                "it still the same?",
     .run = one_page},
    {.name = "empty-list",
     .title = "a list without a record",
     .points = 1,
     .teaches = "No record is no failure: FILE is there, and empty.",
     .run = empty_list},
    {.name = "link-paging",
     .title = "four pages, by Link",
     .points = 3,
     .teaches =
         "The next page is where rel=next says, relative to this one. A 304 does not say it again.",
     .run = link_paging},
    {.name = "cursor-paging",
     .title = "four pages, by cursors",
     .points = 3,
     .teaches = "A cursor is any text: in a URL its +, / and & are coded.",
     .run = cursor_paging},
    {.name = "record-deleted",
     .title = "a record goes while the list is read",
     .points = 3,
     .teaches = "All that follow move up, and one moves to a page that was read already: it would "
                "be lost.",
     .run = deleted},
    {.name = "record-added",
     .title = "a record comes while the list is read",
     .points = 3,
     .teaches = "All that follow move down, and one comes again on the next page.",
     .run = added},
    {.name = "changed-while-checked",
     .title = "a change behind page 1, in the second round",
     .points = 3,
     .teaches = "That page 1 is as it was says nothing about page 3: a round counts if all of its "
                "pages were.",
     .run = changed_while_checked},
    {.name = "never-still",
     .title = "a list that always changes",
     .points = 2,
     .teaches = "Whoever waits for it to stand still needs a limit.",
     .run = never_still},
    {.name = "resumes",
     .title = "an interrupted run goes on",
     .points = 4,
     .teaches = "Each page is in the state before the next is asked for: after kill -9, too.",
     .run = resumes},
    {.name = "resumes-changed",
     .title = "the list changed before it goes on",
     .points = 3,
     .teaches = "What was read before the interruption may be old: its ETag finds out.",
     .run = resumes_changed},
    {.name = "next-night",
     .title = "the next night",
     .points = 2,
     .teaches = "Nothing changed: one round of 304. One record changed: one page is read.",
     .run = next_night},
    {.name = "spoiled-state",
     .title = "a state file that is none",
     .points = 1,
     .teaches = "What cannot be read as a state is no state: the list is read from the beginning.",
     .run = spoiled_state},
    {.name = "page-fails",
     .title = "page 2 is not there",
     .points = 2,
     .teaches = "Part of a list is no list: FILE is replaced when all is there.",
     .run = page_fails},
    {.name = "page-redirects",
     .title = "page 2 is a redirect",
     .points = 1,
     .teaches = "200 and 304 are pages; nothing else is.",
     .run = page_redirects},
    {.name = "no-records",
     .title = "200, and no list of records",
     .points = 2,
     .teaches = "A status says nothing about the body: its shape is checked.",
     .run = no_records},
    {.name = "other-origin",
     .title = "the next page is on another server",
     .points = 2,
     .teaches = "A URL from an answer is input.",
     .run = other_origin},
    {.name = "endless",
     .title = "the pages go round in a circle",
     .points = 2,
     .teaches = "A page that was read in this round ends it: else it would never end.",
     .run = endless},
    {.name = "twice-in-list",
     .title = "an id that the list has twice",
     .points = 1,
     .teaches =
         "The list stood still, so it is the list that is wrong: that is said, and not mended.",
     .run = twice_in_list},
    {.name = "limit-for-good",
     .title = "429 for good",
     .points = 1,
     .teaches = "Five tries, and then the program gives up.",
     .run = limit_for_good},
    {.name = "limit-too-long",
     .title = "429 for an hour",
     .points = 1,
     .teaches = "Retry-After may say anything: there is a most.",
     .run = limit_too_long},
    {.name = "usage",
     .title = "a wrong command line",
     .points = 1,
     .teaches = "Status 2 and a message.",
     .run = usage},
    {.name = "nothing-left-behind",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "json_decref(), requests_response_free(), requests_session_free().",
     .run = cursor_paging,
     .leaks = true},
    {.name = "limit",
     .title = "429, Retry-After: 1",
     .points = 2,
     .teaches = "The server says when: not earlier.",
     .run = limit,
     .limit_ms = 4000},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
