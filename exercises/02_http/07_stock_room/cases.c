/* Exercise 2.7, stock room: what is tried, and how. */
#include <ctype.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

enum { LARGEST = 4096, CLIENTS = 20, SLOW = 30, MOST_COUNT = 1000000000 };

/* A server of the learner's. */
struct shop {
    struct session *session;
    struct student *student;
    const char *port;
};

/* An item of it, and what it should be. */
struct item {
    const char *path, *tag; /* "/items/7"; as ETag had it */
    const char *name;
    unsigned count;
};

static struct shop start(struct session *s)
{
    struct shop shop = {.session = s, .student = student_start(s, "0", NULL)};

    shop.port = student_port(shop.student);
    return shop;
}

static void finish(const struct shop *shop)
{
    student_signal(shop->student, SIGTERM);
    expect_output(shop->student, "", 0);
    expect_exit(shop->student, 0);
}

/* Letters that no program can know. */
static const char *any_name(struct session *s)
{
    char *text = session_alloc(s, 9);

    for (size_t i = 0; i < 8; i++)
        text[i] = (char)('a' + session_random(s, 26));
    return text;
}

static const char *json_of(struct session *s, const char *name, unsigned count)
{
    return session_print(s, "{\"name\": \"%s\", \"count\": %u}", name, count);
}

/* ---- requests ---- */

#define JSON_TYPE "Content-Type: application/json\r\n"

static const char *head_of(struct session *s, const char *method, const char *path,
                           const char *fields, size_t length)
{
    return session_print(s, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n",
                         method, path, fields, length);
}

/* A request on a connection of its own. */
static struct web_response ask_bytes(const struct shop *shop, const char *method, const char *path,
                                     const char *fields, const char *body, size_t length,
                                     int status, const char *why)
{
    struct session *s = shop->session;
    struct link *link = link_connect(s, "127.0.0.1", shop->port);
    const char *head =
        head_of(s, method, path, session_print(s, "%sConnection: close\r\n", fields), length);

    link_queue(link, head, strlen(head));
    link_queue(link, body, length);
    struct web_response r = link_expect_status(link, method, status, why);
    link_close(link);
    return r;
}

static struct web_response ask(const struct shop *shop, const char *method, const char *path,
                               const char *fields, const char *body, int status, const char *why)
{
    return ask_bytes(shop, method, path, fields, body, strlen(body), status, why);
}

/* PUT or DELETE of an item, for what has this If-Match. */
static struct web_response change(const struct shop *shop, const char *method,
                                  const struct item *item, const char *tags, unsigned count,
                                  int status, const char *why)
{
    struct session *s = shop->session;
    bool is_put = strcmp(method, "PUT") == 0;

    return ask(shop, method, item->path,
               session_print(s, "%sIf-Match: %s\r\n", is_put ? JSON_TYPE : "", tags),
               is_put ? json_of(s, item->name, count) : "", status, why);
}

/* ---- what is expected of responses ---- */

static const char *tag_of(const struct shop *shop, const struct web_response *r)
{
    struct session *s = shop->session;
    const char *tag = web_field(r, "ETag");

    if (tag == NULL)
        session_fail(s, "The response %d to %s has no ETag.", r->status, r->method);
    size_t length = strlen(tag);
    if (strncmp(tag, "W/", 2) == 0)
        session_fail(s, "The tag is weak, which If-Match never matches: ETag: %s.", tag);
    if (length < 3 || *tag != '"' || tag[length - 1] != '"')
        session_fail(s, "The tag is not in quotation marks, with something in between: ETag: %s.",
                     tag);
    for (size_t i = 1; i < length - 1; i++)
        if (tag[i] <= ' ' || tag[i] > '~' || strchr("\"\\,", tag[i]) != NULL)
            session_fail(s, "The tag holds what it may not: ETag: %s.", tag);
    return tag;
}

/* The item in a response is this one. */
static void expect_item(const struct shop *shop, const struct web_response *r, const char *name,
                        unsigned count, const char *why)
{
    struct session *s = shop->session;
    const char *type = web_field(r, "Content-Type");
    json_error_t error;
    json_t *got = json_loadb(r->body, r->length, JSON_REJECT_DUPLICATES, &error);
    json_t *due = json_pack("{s:s, s:I}", "name", name, "count", (json_int_t)count);

    if (got == NULL)
        session_fail(s, "The body of the response %d to %s is not JSON (%s): %s.", r->status,
                     r->method, error.text, why);
    if (!json_equal(got, due))
        session_fail(s, "The response %d to %s has the item %s; %s was due: %s.", r->status,
                     r->method, r->body, json_of(s, name, count), why);
    json_decref(got);
    json_decref(due);
    if (type == NULL || strncmp(type, "application/json", 16) != 0)
        session_fail(s, "The response %d to %s has %s%s; application/json was due.", r->status,
                     r->method,
                     type == NULL ? "no Content-Type" : "Content-Type: ", type == NULL ? "" : type);
}

/* "/items/7". */
static const char *location_of(const struct shop *shop, const struct web_response *r)
{
    struct session *s = shop->session;
    const char *path = web_field(r, "Location");

    if (path == NULL)
        session_fail(s, "The response 201 has no Location: where is the new item?");
    size_t length = strlen(path);
    if (strncmp(path, "/items/", 7) != 0 || length == 7)
        session_fail(s, "The new item's Location is no /items/ID: %s.", path);
    for (size_t i = 7; i < length; i++)
        if (isalnum((unsigned char)path[i]) == 0)
            session_fail(s, "An ID is of letters and digits: Location: %s.", path);
    return path;
}

/* Looks whether the item is as it should be; returns its tag, or NULL. */
static const char *look(const struct shop *shop, const struct item *item, const char *why)
{
    struct web_response r = ask(shop, "GET", item->path, "", "", 200, why);

    expect_item(shop, &r, item->name, item->count, why);
    return web_field(&r, "ETag");
}

static void expect_gone(const struct shop *shop, const struct item *item, const char *why)
{
    (void)ask(shop, "GET", item->path, "", "", 404, why);
}

static struct item add(const struct shop *shop)
{
    struct session *s = shop->session;
    struct item item = {.name = any_name(s), .count = 10 + session_random(s, 900)};
    struct web_response r = ask(shop, "POST", "/items", JSON_TYPE,
                                json_of(s, item.name, item.count), 201, "it is an item");

    item.path = location_of(shop, &r);
    item.tag = web_field(&r, "ETag"); /* for those cases that are about tags */
    return item;
}

/* The same where its tag matters. */
static struct item add_tagged(const struct shop *shop)
{
    struct item item = add(shop);
    struct web_response r = ask(shop, "GET", item.path, "", "", 200, "it was added");

    item.tag = tag_of(shop, &r);
    return item;
}

/* Puts another count; the item is then up to date. */
static void put(const struct shop *shop, struct item *item, const char *tags, const char *why)
{
    struct web_response r = change(shop, "PUT", item, tags, item->count + 1, 200, why);

    item->count++;
    expect_item(shop, &r, item->name, item->count, "that is what was put");
    item->tag = tag_of(shop, &r);
}

/* ---- what can be done ---- */

static void create(struct session *s)
{
    struct shop shop = start(s);
    const char *name = any_name(s);
    unsigned count = session_random(s, 1000);
    struct web_response r =
        ask(&shop, "POST", "/items", JSON_TYPE, json_of(s, name, count), 201, "it is an item");
    const char *path = location_of(&shop, &r), *tag = tag_of(&shop, &r);

    expect_item(&shop, &r, name, count, "it was added so");
    r = ask(&shop, "GET", path, "", "", 200, "there is the new item, says Location");
    expect_item(&shop, &r, name, count, "it was added so");
    if (strcmp(tag_of(&shop, &r), tag) != 0)
        session_fail(s, "The tag is %s in the response to POST, and %s in that to GET.", tag,
                     tag_of(&shop, &r));
    r = ask(&shop, "POST", "/items", JSON_TYPE, json_of(s, name, count), 201,
            "two items may be alike");
    if (strcmp(location_of(&shop, &r), path) == 0)
        session_fail(s, "Two items have one Location: %s.", path);
}

static void read_item(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop);
    struct link *link = link_connect(s, "127.0.0.1", shop.port);
    const char *head = head_of(s, "HEAD", item.path, "", 0);
    const char *get = head_of(s, "GET", item.path, "", 0);

    link_send(link, head, strlen(head));
    struct web_response h = link_expect_status(link, "HEAD", 200, "the item is there");
    link_send(link, get, strlen(get));
    struct web_response g =
        link_expect_status(link, "GET", 200, "the response to HEAD ended with its head");
    expect_item(&shop, &g, item.name, item.count, "it was added so");
    web_expect_field(link, &h, "ETag", item.tag, "nothing has changed the item");
    web_expect_field(link, &g, "ETag", item.tag, "nothing has changed the item");
    web_expect_field(link, &h, "Content-Length", session_print(s, "%zu", g.length),
                     "so long is what GET has");
}

static void update(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop), other = add(&shop);
    const char *before = item.tag;

    put(&shop, &item, item.tag, "this is its tag");
    if (strcmp(item.tag, before) == 0)
        session_fail(s, "The item has another count now, and still the tag %s.", before);
    const char *tag = look(&shop, &item, "it was replaced");
    if (tag == NULL || strcmp(tag, item.tag) != 0)
        session_fail(s, "The tag is %s in the response to PUT, and %s in that to GET.", item.tag,
                     tag == NULL ? "missing" : tag);
    (void)look(&shop, &other, "another one was replaced");
}

static void delete_item(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop), other = add(&shop);

    (void)change(&shop, "DELETE", &item, item.tag, 0, 204, "this is its tag");
    expect_gone(&shop, &item, "it was deleted");
    (void)change(&shop, "DELETE", &item, item.tag, 0, 404, "it was deleted already");
    (void)change(&shop, "PUT", &item, "*", 1, 404, "it was deleted, so there is nothing to match");
    expect_gone(&shop, &item, "PUT makes no items");
    struct item next = add(&shop);
    if (strcmp(next.path, item.path) == 0 || strcmp(next.path, other.path) == 0)
        session_fail(s, "The new item has the ID of %s: %s.",
                     strcmp(next.path, item.path) == 0 ? "one that was deleted" : "another",
                     next.path);
    (void)look(&shop, &other, "another one was deleted");
}

/* ---- tags ---- */

static void etag_changes(struct session *s)
{
    enum { STATES = 8 };
    struct shop shop = start(s);
    struct item item = add_tagged(&shop);
    const char *tags[STATES] = {item.tag}, *names[] = {any_name(s), any_name(s)};

    item.count = 100; /* three digits, as those below */
    for (int i = 1; i < STATES; i++) {
        item.count += i % 2 == 0; /* in turn another name, as long as the one before, or count */
        item.name = i % 2 == 0 ? item.name : names[i / 2 % 2];
        if (i >= 5)
            item.count += 100;
        struct web_response r = change(&shop, "PUT", &item, tags[i - 1], item.count, 200,
                                       "this is the tag that it had last");
        tags[i] = tag_of(&shop, &r);
        for (int j = 0; j < i; j++)
            if (strcmp(tags[i], tags[j]) == 0)
                session_fail(s, "Two contents of one item, %d and %d, have the same tag: %s.",
                             j + 1, i + 1, tags[i]);
    }
    (void)look(&shop, &item, "that is what was put last");
}

static void required(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add(&shop);

    (void)ask(&shop, "PUT", item.path, JSON_TYPE, json_of(s, item.name, 1), 428,
              "PUT without If-Match");
    (void)ask(&shop, "DELETE", item.path, "", "", 428, "DELETE without If-Match");
    (void)look(&shop, &item, "the changes were refused");
}

static void failed(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop);
    const char *old = item.tag;

    put(&shop, &item, old, "this is its tag");
    (void)change(&shop, "PUT", &item, old, 5, 412, "this tag it had before");
    (void)change(&shop, "DELETE", &item, old, 0, 412, "this tag it had before");
    (void)look(&shop, &item, "the changes were refused");
    put(&shop, &item, item.tag, "this is its tag now");
}

static void lists(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop);
    static const char *const forms[] = {"\"x\", %s", "%s,\"x\"",     "\"x\" ,\t%s , \"y\"",
                                        "W/%s, %s",  "\"a, b\", %s", "\"x\"\r\nIf-Match: %s",
                                        ", ,%s,"};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        /* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): the table above */
        const char *tags = session_print(s, forms[i], item.tag, item.tag);
        put(&shop, &item, tags, session_print(s, "its tag is in the list: If-Match: %s", tags));
    }
    put(&shop, &item, "*", "If-Match: * matches any item that is there");
    (void)change(&shop, "PUT", &item, "\"x\", \"y\"", 3, 412, "its tag is not in the list");
    (void)change(&shop, "DELETE", &item, "*", 0, 204, "If-Match: * matches any item");
}

/* Its inside, with other letters where it has any. */
static const char *other_case(struct session *s, const char *tag)
{
    size_t length = strlen(tag);
    char *text = session_alloc(s, length + 1);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)(isupper((unsigned char)tag[i]) != 0 ? tolower((unsigned char)tag[i])
                                                             : toupper((unsigned char)tag[i]));
    return text;
}

static void almost(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop), other = add_tagged(&shop);
    const char *inside = session_print(s, "%.*s", (int)strlen(item.tag) - 2, item.tag + 1);
    const struct {
        const char *tags, *why;
    } tries[] = {
        {session_print(s, "W/%s", item.tag), "a weak tag never matches"},
        {inside, "without its quotation marks it is no tag"},
        {session_print(s, "\"%s", inside), "there is a quotation mark in front alone"},
        {session_print(s, "\"%s0\"", inside), "the tag goes on where the item's ends"},
        {session_print(s, "\"0%s\"", inside), "the item's tag is the end of it"},
        {session_print(s, "\"%.*s\"", (int)strlen(inside) - 1, inside), "the last byte is missing"},
        {"\"\"", "it is the empty tag"},
        {"\"*\"", "in quotation marks the star is a tag"},
        {"", "there is no tag in it"},
        {session_print(s, "\"x, %s\"", inside), "it is one tag, with a comma in it"},
        {other.tag, "it is another item's tag"}};

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
        (void)change(&shop, "PUT", &item, tries[i].tags, 5, 412,
                     session_print(s, "%s: If-Match: %s; the item has %s", tries[i].why,
                                   tries[i].tags, item.tag));
    const char *wrong = other_case(s, item.tag);
    wrong = strcmp(wrong, item.tag) != 0 ? wrong : "\"it has no letters\"";
    (void)change(
        &shop, "PUT", &item, wrong, 5, 412,
        session_print(s, "its letters are others: If-Match: %s; the item has %s", wrong, item.tag));
    (void)look(&shop, &item, "all changes were refused");
    put(&shop, &item, item.tag, "this is its tag");
}

static void restart(struct session *s)
{
    struct shop shop = start(s);
    struct item old[3];

    for (int i = 0; i < 3; i++)
        old[i] = add_tagged(&shop);
    student_end(shop.student);
    shop = start(s);
    for (int i = 0; i < 3; i++) {
        struct item item = add_tagged(&shop);
        for (int j = 0; j < 3; j++)
            if (strcmp(item.path, old[j].path) == 0 && strcmp(item.tag, old[j].tag) == 0)
                session_fail(s,
                             "%s has the tag %s, as another item there had before your program "
                             "was started anew. Who still holds that tag overwrites the new one.",
                             item.path, item.tag);
        put(&shop, &item, item.tag, "this is its tag");
    }
}

/* ---- several at once ---- */

/* A PUT whose last bytes are held back until the rest was read. */
struct late {
    struct link *link;
    const char *body;
};
enum { HELD = 5 };

static struct late begin_put(const struct shop *shop, struct link *link, const struct item *item,
                             const char *tags, unsigned count)
{
    struct session *s = shop->session;
    struct late late = {link, json_of(s, item->name, count)};
    size_t length = strlen(late.body);
    const char *head =
        head_of(s, "PUT", item->path, session_print(s, JSON_TYPE "If-Match: %s\r\n", tags), length);

    link_queue(link, head, strlen(head));
    link_send(link, late.body, length - HELD);
    return late;
}

static void end_put(const struct late *late)
{
    link_queue(late->link, late->body + strlen(late->body) - HELD, HELD);
}

static void judged_late(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop), second = add_tagged(&shop);
    struct late late =
        begin_put(&shop, link_connect(s, "127.0.0.1", shop.port), &item, item.tag, 3);
    struct late star = begin_put(&shop, link_connect(s, "127.0.0.1", shop.port), &second, "*", 3);

    student_settle(shop.student);
    put(&shop, &item, item.tag, "this is its tag: the other PUT has not come to its end");
    (void)change(&shop, "DELETE", &second, second.tag, 0, 204,
                 "this is its tag: the PUT has not come to its end");
    end_put(&late);
    (void)link_expect_status(late.link, "PUT", 412,
                             "the item was changed while the last bytes of this PUT were awaited");
    (void)look(&shop, &item, "what the other PUT brought");
    end_put(&star);
    (void)link_expect_status(star.link, "PUT", 404,
                             "the item was deleted while the last bytes of this PUT were awaited");
    expect_gone(&shop, &second, "it was deleted, and PUT makes no items");
}

/* All that have not yet sold one read the item; it has these, and for all the same tag. */
static const char *read_together(const struct shop *shop, const struct item *item,
                                 struct link *const links[CLIENTS])
{
    struct session *s = shop->session;
    const char *get = head_of(s, "GET", item->path, "", 0), *tag = NULL;

    for (int i = 0; i < CLIENTS; i++)
        if (links[i] != NULL)
            link_queue(links[i], get, strlen(get));
    for (int i = 0; i < CLIENTS; i++) {
        if (links[i] == NULL)
            continue;
        struct web_response r = link_response(links[i], "GET");
        if (r.status != 200)
            session_fail(s, "Your program answered GET with status %d; 200 was due.", r.status);
        expect_item(shop, &r, item->name, item->count, "so many updates were answered with 200");
        const char *own = tag_of(shop, &r);
        if (tag != NULL && strcmp(own, tag) != 0)
            session_fail(s, "Two clients read the same item, and got the tags %s and %s.", tag,
                         own);
        tag = own;
    }
    return tag;
}

/* They all put one more than they have read, at the same time. Returns who was told 200. */
static int put_together(const struct shop *shop, const struct item *item, const char *tag,
                        struct link *const links[CLIENTS])
{
    struct session *s = shop->session;
    struct late puts[CLIENTS];
    struct link *latest = NULL;
    int done = -1, dones = 0, others = 0;

    for (int i = 0; i < CLIENTS; i++)
        if (links[i] != NULL) {
            puts[i] = begin_put(shop, links[i], item, tag, item->count + 1);
            latest = links[i];
        }
    link_wait_read(latest); /* and so were the others, or nearly */
    for (int i = 0; i < CLIENTS; i++)
        if (links[i] != NULL)
            end_put(&puts[i]);
    for (int i = 0; i < CLIENTS; i++) {
        if (links[i] == NULL)
            continue;
        struct web_response r = link_response(links[i], "PUT");
        if (r.status != 200 && r.status != 412)
            session_fail(s, "Your program answered PUT with status %d; 200 or 412 was due.",
                         r.status);
        if (r.status == 200) {
            done = i;
            dones++;
        } else {
            others++;
        }
    }
    if (dones != 1)
        session_blame(
            s,
            "%d clients had read the item, all of them with the tag %s, and sent a change "
            "with If-Match: %s. %d of them were answered with 200, %d with 412. One was "
            "due, and 412 for the others%s.",
            dones + others, tag, tag, dones, others,
            dones > 1 ? ": they have overwritten one another" : "");
    return done;
}

static void lost_update(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add_tagged(&shop);
    struct link *links[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        links[i] = link_connect(s, "127.0.0.1", shop.port);
    for (int left = CLIENTS; left > 0; left--) {
        const char *tag = read_together(&shop, &item, links);
        int done = put_together(&shop, &item, tag, links);
        link_close(links[done]); /* it has done what it came for; the others try again */
        links[done] = NULL;
        item.count++;
    }
    (void)look(&shop, &item, "each of the clients has added one");
}

static void slow_clients(struct session *s)
{
    struct shop shop = start(s);
    struct link *slow[SLOW];
    const char *body = json_of(s, "slow", 1);
    const char *head = head_of(s, "POST", "/items", JSON_TYPE, strlen(body));

    for (int i = 0; i < SLOW; i++) {
        slow[i] = link_connect(s, "127.0.0.1", shop.port);
        link_queue(slow[i], head, strlen(head));
        link_queue(slow[i], body, 10);
    }
    student_settle(shop.student);
    struct item item = add(&shop);
    put(&shop, &item, "*", "thirty others are slow");
    (void)look(&shop, &item, "it was replaced");
    for (int i = 0; i < SLOW; i++) {
        link_send(slow[i], body + 10, strlen(body) - 10);
        (void)link_expect_status(slow[i], "POST", 201, "it is an item, though it came slowly");
    }
}

static void sigterm(struct session *s)
{
    struct shop shop = start(s);
    struct link *link = link_connect(s, "127.0.0.1", shop.port);
    const char *name = any_name(s), *body = json_of(s, name, 7);
    const char *head = head_of(s, "POST", "/items", JSON_TYPE, strlen(body));
    struct link *idle = link_connect(s, "127.0.0.1", shop.port);

    link_send(link, head, strlen(head));
    link_send(link, body, 10);
    student_settle(shop.student);
    student_signal(shop.student, SIGTERM);
    link_expect_end(idle);
    link_send(link, body + 10, strlen(body) - 10);
    struct web_response r =
        link_expect_status(link, "POST", 201, "the request had begun before SIGTERM came");
    expect_item(&shop, &r, name, 7, "it was added so");
    link_expect_end(link);
    link_close(link); /* the server waits for that, to be sure that the answer was read */
    expect_output(shop.student, "", 0);
    expect_exit(shop.student, 0);
}

/* ---- what is refused ---- */

struct refusal {
    const char *body, *why;
};

/* As the body of POST and of PUT. also is another status that will do, or 0. */
static void refuse_body(const struct shop *shop, const struct item *item,
                        const struct refusal *refusal, int status, int also)
{
    struct session *s = shop->session;
    static const char *const methods[] = {"POST", "PUT"};

    for (int i = 0; i < 2; i++) {
        struct link *link = link_connect(s, "127.0.0.1", shop->port);
        const char *head =
            head_of(s, methods[i], i == 0 ? "/items" : item->path,
                    i == 0 ? JSON_TYPE : JSON_TYPE "If-Match: *\r\n", strlen(refusal->body));
        link_queue(link, head, strlen(head));
        link_queue(link, refusal->body, strlen(refusal->body));
        struct web_response r = link_response(link, methods[i]);
        if (r.status != status && (also == 0 || r.status != also))
            session_fail(s, "Your program answered %s with status %d; %d was due: %s: %s.",
                         methods[i], r.status, status, refusal->why, refusal->body);
        link_close(link);
    }
}

static void bad_json(struct session *s)
{
    static const struct refusal bodies[] = {
        {"", "there is no body"},
        {"{", "it ends too soon"},
        {"{\"name\": \"bolt\", \"count\": 7", "the last brace is missing"},
        {"{\"name\": \"bolt\", \"count\": 7,}", "a comma stands before the brace"},
        {"{'name': 'bolt', 'count': 7}", "JSON knows no single quotes"},
        {"{name: \"bolt\", count: 7}", "names stand in quotation marks"},
        {"{\"name\": \"bolt\", \"count\": 07}", "a number does not begin with 0"},
        {"{\"name\": \"bolt\", \"count\": +7}", "nor with a plus sign"},
        {"{\"name\": \"bolt\", \"count\": 0x7}", "nor is it hexadecimal"},
        {"{\"name\": \"bo\xfflt\", \"count\": 7}", "the name is not UTF-8"},
        {"{\"name\": \"bolt\", \"count\": 7}{}", "something stands behind the object"},
        {"{\"name\": \"bolt\", \"count\": 7} x", "something stands behind the object"},
        {"{\"name\": \"bolt\", \"count\": 7, \"count\": 8}", "a name stands there twice"},
        {"name=bolt&count=7", "it is a form"}};
    struct shop shop = start(s);
    struct item item = add(&shop);

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        refuse_body(&shop, &item, &bodies[i], 400, 0);
    (void)look(&shop, &item, "the changes were refused");
}

static void not_an_item(struct session *s)
{
    static const struct refusal bodies[] = {
        {"{}", "it is empty"},
        {"[]", "it is an array"},
        {"[{\"name\": \"bolt\", \"count\": 7}]", "it is an array"},
        {"{\"name\": \"bolt\"}", "there is no count"},
        {"{\"count\": 7}", "there is no name"},
        {"{\"name\": \"bolt\", \"count\": 7, \"id\": 1}", "there is a third member"},
        {"{\"Name\": \"bolt\", \"count\": 7}", "Name is another member than name"},
        {"{\"name\": 7, \"count\": 7}", "name is a number"},
        {"{\"name\": null, \"count\": 7}", "name is null"},
        {"{\"name\": \"bolt\", \"count\": \"7\"}", "count is a text"},
        {"{\"name\": \"bolt\", \"count\": 7.0}", "count has a decimal point"},
        {"{\"name\": \"bolt\", \"count\": true}", "count is true"},
        {"{\"name\": \"bolt\", \"count\": -1}", "count is negative"},
        {"{\"name\": \"bolt\", \"count\": 1000000001}", "count is beyond the limit"},
        {"{\"name\": \"bolt\", \"count\": 4294967303}", "count is 7 and 2 to the power of 32"},
        {"{\"name\": \"\", \"count\": 7}", "the name is empty"}};
    static const struct refusal with_nul = {"{\"name\": \"bo\\u0000lt\", \"count\": 7}",
                                            "the name holds U+0000"};
    struct shop shop = start(s);
    struct item item = add(&shop);
    char name[102];

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        refuse_body(&shop, &item, &bodies[i], 422, 0);
    refuse_body(&shop, &item, &with_nul, 422, 400);
    memset(name, 'n', 101);
    name[101] = '\0';
    const struct refusal too_long = {json_of(s, name, 7), "the name has 101 bytes"};
    refuse_body(&shop, &item, &too_long, 422, 0);
    (void)look(&shop, &item, "the changes were refused");
    name[100] = '\0';
    struct web_response r = ask(&shop, "POST", "/items", JSON_TYPE, json_of(s, name, MOST_COUNT),
                                201, "100 bytes are a name, and 1000000000 is a count");
    expect_item(&shop, &r, name, MOST_COUNT, "it was added so");
}

static void wrong_type(struct session *s)
{
    static const char *const wrong[] = {
        "text/plain",        "application/x-www-form-urlencoded", "application/jsonp",
        "application/json5", "application/problem+json",          "text/json"};
    static const char *const right[] = {"application/json", "Application/JSON",
                                        "application/json; charset=utf-8",
                                        "application/json;charset=utf-8", "application/json ;a=b"};
    struct shop shop = start(s);
    struct item item = add(&shop);
    const char *body = json_of(s, item.name, 5);

    (void)ask(&shop, "POST", "/items", "", body, 415, "there is no Content-Type");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *type = session_print(s, "Content-Type: %s\r\n", wrong[i]);
        (void)ask(&shop, "POST", "/items", type, body, 415,
                  session_print(s, "Content-Type: %s", wrong[i]));
        (void)ask(&shop, "PUT", item.path, session_print(s, "%sIf-Match: *\r\n", type), body, 415,
                  session_print(s, "Content-Type: %s", wrong[i]));
    }
    (void)look(&shop, &item, "the changes were refused");
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        (void)ask(&shop, "POST", "/items", session_print(s, "Content-Type: %s\r\n", right[i]), body,
                  201, session_print(s, "Content-Type: %s", right[i]));
}

/* An item, and blanks up to so many bytes. */
static const char *padded(struct session *s, size_t length)
{
    const char *item = json_of(s, "large", 1);

    return session_print(s, "%s%*s", item, (int)(length - strlen(item)), "");
}

static void send_chunk(struct link *link, struct session *s, const char *bytes, size_t length)
{
    const char *size = session_print(s, "%zx\r\n", length);

    link_queue(link, size, strlen(size));
    link_queue(link, bytes, length);
    link_queue(link, "\r\n", 2);
}

#define CHUNKED_POST \
    "POST /items HTTP/1.1\r\nHost: localhost\r\n" JSON_TYPE "Transfer-Encoding: chunked\r\n\r\n"

static void too_large(struct session *s)
{
    struct shop shop = start(s);
    const char *huge = session_print(s,
                                     "POST /items HTTP/1.1\r\nHost: localhost\r\n%s"
                                     "Content-Length: 1000000000000\r\n\r\n",
                                     JSON_TYPE);

    (void)ask(&shop, "POST", "/items", JSON_TYPE, padded(s, LARGEST), 201, "4096 bytes may come");
    (void)ask(&shop, "POST", "/items", JSON_TYPE, padded(s, LARGEST + 1), 413, "4097 bytes came");
    struct link *link = link_connect(s, "127.0.0.1", shop.port);
    link_send(link, huge, strlen(huge));
    (void)link_expect_status(link, "POST", 413, "a thousand GB are announced, and none came yet");
    link_close(link);
    link = link_connect(s, "127.0.0.1", shop.port);
    link_send(link, CHUNKED_POST, strlen(CHUNKED_POST));
    send_chunk(link, s, padded(s, LARGEST), LARGEST);
    send_chunk(link, s, " ", 1);
    (void)link_expect_status(link, "POST", 413, "4097 bytes came, in two chunks and no end yet");
    link_close(link);
    struct item item = add(&shop);
    (void)look(&shop, &item, "it was added");
}

/* The list has exactly these words, in any order. */
static void expect_allow(const struct shop *shop, const struct web_response *r, const char *path,
                         const char *const *words, size_t count)
{
    struct session *s = shop->session;
    const char *allow = web_field(r, "Allow");
    size_t found = 0, listed = 0;

    if (allow == NULL)
        session_fail(s, "The response 405 has no Allow: what can be done with %s?", path);
    for (const char *at = allow + strspn(allow, " ,"); *at != '\0'; at += strspn(at, " ,")) {
        size_t length = strcspn(at, " ,");
        listed++;
        for (size_t i = 0; i < count; i++)
            found += strlen(words[i]) == length && strncmp(at, words[i], length) == 0;
        at += length;
    }
    if (found != count || listed != count)
        session_fail(s, "For %s the response 405 has Allow: %s.", path, allow);
}

static void methods(struct session *s)
{
    static const char *const on_all[] = {"GET", "HEAD", "PUT", "DELETE", "PATCH", "BREW"};
    static const char *const on_one[] = {"POST", "PATCH", "OPTIONS", "get"};
    static const char *const all[] = {"POST"}, *const one[] = {"GET", "HEAD", "PUT", "DELETE"};
    struct shop shop = start(s);
    struct item item = add(&shop);

    for (size_t i = 0; i < sizeof on_all / sizeof on_all[0]; i++) {
        struct web_response r =
            ask(&shop, on_all[i], "/items", JSON_TYPE "If-Match: *\r\n", json_of(s, item.name, 5),
                405, session_print(s, "%s /items", on_all[i]));
        expect_allow(&shop, &r, "/items", all, 1);
    }
    for (size_t i = 0; i < sizeof on_one / sizeof on_one[0]; i++) {
        struct web_response r =
            ask(&shop, on_one[i], item.path, JSON_TYPE "If-Match: *\r\n", json_of(s, item.name, 5),
                405, session_print(s, "%s %s", on_one[i], item.path));
        expect_allow(&shop, &r, item.path, one, 4);
    }
    (void)look(&shop, &item, "the methods were refused");
}

static void not_found(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add(&shop);
    const char *id = item.path + 7;
    const char *const paths[] = {"/",
                                 "/item",
                                 "/items/",
                                 "/itemsx",
                                 "/Items",
                                 "/items/nobody",
                                 session_print(s, "/items/0%s", id),
                                 session_print(s, "/items/%sx", id),
                                 session_print(s, "/items/%s/", id),
                                 session_print(s, "/items/+%s", id),
                                 session_print(s, "/items/-%s", id),
                                 session_print(s, "/items//%s", id),
                                 session_print(s, "/items/%s.0", id),
                                 session_print(s, "/%s", id),
                                 session_print(s, "/items/%%%02x%s", (unsigned)id[0], id + 1),
                                 "/items/99999999999999999999999999999999999999999999999999999999"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)ask(&shop, "GET", paths[i], "", "", 404,
                  session_print(s, "there is no %s", paths[i]));
        (void)ask(&shop, "DELETE", paths[i], "If-Match: *\r\n", "", 404,
                  session_print(s, "there is no %s", paths[i]));
    }
    (void)look(&shop, &item, "other paths were meant");
}

/* ---- bodies and framing ---- */

static void chunked(struct session *s)
{
    static const size_t sizes[] = {1, 3, 2, 7, 40, 1, 1, 5, 0};
    struct shop shop = start(s);
    const char *name = any_name(s), *body = json_of(s, name, 7);
    struct link *link = link_connect(s, "127.0.0.1", shop.port);
    const char *chunks = session_print(s, "3\r\n%.3s\r\n%zx;a=b\r\n%s\r\n0\r\nX-Trailer: y\r\n\r\n",
                                       body, strlen(body) - 3, body + 3);
    const char *head = session_print(s,
                                     "POST /items HTTP/1.1\r\nHost: localhost\r\n" JSON_TYPE
                                     "Expect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
                                     strlen(body));

    link_send(link, CHUNKED_POST, strlen(CHUNKED_POST));
    link_send_pieces(link, chunks, strlen(chunks), sizes);
    struct web_response r = link_expect_status(link, "POST", 201, "it came in two chunks");
    expect_item(&shop, &r, name, 7, "it was added so");
    link_send(link, head, strlen(head));
    (void)link_expect_status(link, "POST", 100, "the client waits with its body to be told");
    link_send(link, body, strlen(body));
    r = link_expect_status(link, "POST", 201, "it came after 100 Continue");
    expect_item(&shop, &r, name, 7, "it was added so");
}

/* A PUT that begins with this and then ends is refused with 400, and changes nothing. */
static void refuse_put(const struct shop *shop, const struct item *item, const char *rest,
                       const char *why)
{
    struct session *s = shop->session;
    struct link *link = link_connect(s, "127.0.0.1", shop->port);
    const char *request =
        session_print(s, "PUT %s HTTP/1.1\r\nHost: localhost\r\n" JSON_TYPE "If-Match: *\r\n%s",
                      item->path, rest);

    link_send(link, request, strlen(request));
    link_shutdown(link);
    (void)link_expect_status(link, "PUT", 400, why);
    link_wait_end(link);
    (void)look(shop, item, session_print(s, "the change was refused: %s", why));
}

static void broken_body(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add(&shop);
    const char *body = json_of(s, item.name, 5);
    size_t length = strlen(body);
    const char *smuggled =
        session_print(s, "DELETE %s HTTP/1.1\r\nHost: localhost\r\nIf-Match: *\r\n\r\n", item.path);

    refuse_put(&shop, &item, session_print(s, "Content-Length: %zu\r\n\r\n%s", length + 3, body),
               "the body broke off, three bytes before its end");
    refuse_put(&shop, &item,
               session_print(s, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n", length, body),
               "the body broke off before its last chunk");
    refuse_put(
        &shop, &item,
        session_print(s, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\nx\r\n", length, body),
        "the size of the second chunk is no number");
    refuse_put(&shop, &item,
               session_print(s,
                             "Transfer-Encoding: chunked\r\nContent-Length: %zu\r\n\r\n%zx\r\n%s"
                             "\r\n0\r\n\r\n%s",
                             length, length, body, smuggled),
               "it has both Content-Length and Transfer-Encoding: two servers in a row would see "
               "different ends");
    refuse_put(&shop, &item,
               session_print(s, "Content-Length: 0\r\nContent-Length: %zu\r\n\r\n%s%s", length,
                             body, smuggled),
               "it has two lengths");
    refuse_put(&shop, &item,
               session_print(s, "Content-Length : %zu\r\n\r\n%s%s", length, body, smuggled),
               "there is a blank before the colon");
}

static void leaks(struct session *s)
{
    struct shop shop = start(s);
    struct item item = add(&shop), other = add(&shop);
    static const struct refusal bodies[] = {{"{\"name\"", "it breaks off"}, {"[]", "an array"}};

    put(&shop, &item, item.tag != NULL ? item.tag : "*", "this is its tag");
    put(&shop, &item, "*", "any tag will do");
    (void)change(&shop, "PUT", &item, "\"x\"", 3, 412, "it has another tag");
    (void)change(&shop, "DELETE", &other, "*", 0, 204, "any tag will do");
    (void)change(&shop, "PUT", &other, "*", 0, 404, "it was deleted");
    refuse_body(&shop, &item, &bodies[0], 400, 0);
    refuse_body(&shop, &item, &bodies[1], 422, 0);
    (void)ask(&shop, "PUT", item.path, JSON_TYPE "If-Match: *\r\n", padded(s, LARGEST + 1), 413,
              "4097 bytes came");
    finish(&shop);
}

static const struct test_case cases[] = {
    {.name = "create",
     .title = "adds items",
     .points = 2,
     .teaches = "The server chooses the ID, so it says where the new item is: Location. ETag tells "
                "the client what it needs to change it.",
     .run = create},
    {.name = "read",
     .title = "GET and HEAD",
     .points = 1,
     .teaches = "HEAD has the fields of GET, so that one can ask for the tag alone. A body behind "
                "it would be taken for the next response.",
     .run = read_item},
    {.name = "update",
     .title = "replaces an item",
     .points = 2,
     .teaches = "A PUT with the item's tag goes through. Its answer has the new tag, for the next "
                "change.",
     .run = update},
    {.name = "delete",
     .title = "removes an item",
     .points = 2,
     .teaches = "What is gone matches no If-Match, * included, and its ID is never given again: "
                "who still has it would change another item.",
     .run = delete_item},
    {.name = "required",
     .title = "428 without If-Match",
     .points = 2,
     .teaches = "Who does not say what he has seen may overwrite what he has not. One client that "
                "may leave If-Match out undoes the care of all others.",
     .run = required},
    {.name = "failed",
     .title = "412 for what has changed",
     .points = 2,
     .teaches = "The tag is that of an earlier state. Refused, the client looks again; done, it "
                "would undo a change that it has not seen.",
     .run = failed},
    {.name = "etag-changes",
     .title = "each state has a tag of its own",
     .points = 2,
     .teaches = "Name and count were changed in turn, to texts of the same length. A tag made of "
                "length, time or one member misses some of that.",
     .run = etag_changes},
    {.name = "lists",
     .title = "If-Match with lists and *",
     .points = 2,
     .teaches = "If-Match is a list: a comma within quotation marks separates nothing, blanks do "
                "not count, and several fields are one list.",
     .run = lists},
    {.name = "almost",
     .title = "tags that are almost right",
     .points = 2,
     .teaches = "A weak tag means \"alike\", which is not enough to overwrite. And a tag is a "
                "whole text: strstr() finds it within others.",
     .run = almost},
    {.name = "bad-json",
     .title = "400 for what is no JSON",
     .points = 2,
     .teaches = "A JSON text ends with its last brace, and has no name twice: one parser takes the "
                "first of them, another the last.",
     .run = bad_json},
    {.name = "not-an-item",
     .title = "422 for JSON that is no item",
     .points = 2,
     .teaches = "Missing members, too many, of the wrong type, out of range. What is not refused "
                "here comes back to every client that reads it.",
     .run = not_an_item},
    {.name = "wrong-type",
     .title = "415 for other types",
     .points = 1,
     .teaches = "The type is compared as a whole, with regard to neither case nor parameters. A "
                "page of another site can send text/plain unasked, but not application/json.",
     .run = wrong_type},
    {.name = "too-large",
     .title = "413 for what is too large",
     .points = 2,
     .teaches = "A length that is announced is refused before a byte of it comes; a chunked body "
                "has none, and must be counted.",
     .run = too_large},
    {.name = "methods",
     .title = "405, and what is allowed",
     .points = 2,
     .teaches = "The path is right and the method is not: Allow lists what the path has, and the "
                "two paths have different ones.",
     .run = methods},
    {.name = "not-found",
     .title = "404 for other paths",
     .points = 1,
     .teaches = "An item has one address. IDs that are read as numbers have many: 07, +7, 7x.",
     .run = not_found},
    {.name = "chunked",
     .title = "a chunked body, and one that waits for 100",
     .points = 1,
     .teaches = "A client need not know how long its body is, and may wait to be told to send it.",
     .run = chunked},
    {.name = "broken-body",
     .title = "bodies that break off, and smuggled requests",
     .points = 2,
     .teaches = "The beginning of a body was a whole item, but the body was not whole. When "
                "reading fails, what was read so far is not the body.",
     .run = broken_body},
    {.name = "restart",
     .title = "tags of an earlier run",
     .points = 1,
     .teaches = "IDs and tags that count from 1 come back after a restart, for other items.",
     .run = restart},
    {.name = "judged-late",
     .title = "judged when the body has come",
     .points = 3,
     .teaches = "The tag was right when the PUT began, and not any more when its last bytes came: "
                "look and change belong together, behind the body.",
     .run = judged_late},
    {.name = "sigterm",
     .title = "SIGTERM in the middle of a request",
     .points = 2,
     .teaches = "A request that has begun is finished and answered; else the client does not know "
                "whether it was done.",
     .run = sigterm},
    {.name = "leaks",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "After SIGTERM main returns 0, and nothing is left allocated.",
     .run = leaks,
     .leaks = true},
    {.name = "slow-clients",
     .title = "thirty clients that stop in the middle",
     .points = 2,
     .teaches = "Whoever waits for a body cannot do anything else. With as many workers as slow "
                "clients, nobody is left for the others.",
     .run = slow_clients},
    {.name = "lost-update",
     .title = "twenty clients at once",
     .points = 4,
     .teaches = "Twenty read the same tag and send a change: one may win, and nineteen look again. "
                "Two that win have overwritten each other: comparing and changing is one step, "
                "under one lock.",
     .run = lost_update,
     .faults = "yield"},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
