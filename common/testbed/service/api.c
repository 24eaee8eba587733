/* An API as many services have one: lists in pages, validators, and a limit to how often one asks.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "testbed/service/service.h"

/* What the query says of the list that is asked for. */
struct list {
    long size, seed, version;
};

static atomic_long current = 1; /* the version of who asks for none */

static bool list_read(struct call *call, struct list *list)
{
    return call_arg_integer(call, "size", 0, 100000, 45, &list->size) &&
           call_arg_integer(call, "seed", 0, 1000000, 1, &list->seed) &&
           call_arg_integer(call, "version", 1, 1000, current, &list->version);
}

/* A number that stands for text, and for nothing that is secret: FNV-1a, then MurmurHash3's mix. */
static uint64_t hash(const char *text, uint64_t seed)
{
    uint64_t value = 14695981039346656037u ^ seed;

    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 1099511628211u;
    value = (value ^ value >> 33) * 0xff51afd7ed558ccdu;
    value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53u;
    return value ^ value >> 33;
}

/* The record with this number, from 1. Each version changes about one in eight. */
static json_t *record_make(const struct list *list, long id)
{
    static const char *const KINDS[] = {"cable", "switch", "router", "antenna", "modem"};
    char text[64];
    long revision = 1;

    (void)snprintf(text, sizeof text, "%ld", id); /* it has room */
    uint64_t number = hash(text, (uint64_t)list->seed * 1000003u);
    for (long version = 2; version <= list->version; version++)
        revision += hash(text, number + (uint64_t)version) >> 61 == 0;
    return json_pack("{s:I, s:o, s:I, s:I}", "id", (json_int_t)id, "name",
                     json_sprintf("%s %" PRIu64, KINDS[number % 5], number / 5 % 900 + 100),
                     "price", (json_int_t)(number / 4500 % 50000) + 100 * (json_int_t)revision,
                     "revision", (json_int_t)revision);
}

/* The records first to last, as a list. NULL when memory is short. */
static json_t *records_make(const struct list *list, long first, long last)
{
    json_t *records = json_array();

    for (long id = first; records != NULL && id <= last && id <= list->size; id++)
        if (json_array_append_new(records, record_make(list, id)) == -1) {
            json_decref(records);
            records = NULL;
        }
    return records;
}

/* ---- how often one may ask ---- */

static const char *call_key(const struct call *call)
{
    const char *key = call_header(call, "X-API-Key");

    if (key == NULL)
        key = call_arg(call, "key");
    return key != NULL ? key : "";
}

/* False when it was once too often in this window, and 429 was sent. */
static bool allow(struct call *call)
{
    char key[TALLY_KEY];
    long limit, count = 0;
    double window, left = 0;

    if (!call_arg_integer(call, "limit", 0, 1000000, 0, &limit) ||
        !call_arg_seconds(call, "window", 60, &window))
        return false;
    if (limit == 0)
        return true; /* nothing was said of a limit */
    int length = snprintf(key, sizeof key, "api/%s/%ld/%g", call_key(call), limit, window);
    if (length < 0 || (size_t)length >= sizeof key || !tally_next(key, window, &count, &left)) {
        send_bad(call, "a shorter key is due");
        return false;
    }
    add_header_print(call, "X-RateLimit-Limit", "%ld", limit);
    add_header_print(call, "X-RateLimit-Remaining", "%ld", count < limit ? limit - count : 0);
    add_header_print(call, "X-RateLimit-Reset", "%ld", seconds_up(left));
    if (count <= limit)
        return true;
    add_header_print(call, "Retry-After", "%ld", seconds_up(left));
    send_json(call, HTTP_TOO_MANY_REQUESTS,
              json_pack("{s:s}", "error", "too many requests: see Retry-After"));
    return false;
}

/* ---- answers ---- */

/* Sends value with a tag made of it, or 304, which is free. Takes value over. */
static void send_tagged(struct call *call, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_SORT_KEYS) : NULL;
    char tag[24];

    if (text == NULL) {
        send_json(call, HTTP_OK, value);
        return;
    }
    (void)snprintf(tag, sizeof tag, "%016" PRIx64, hash(text, 0)); /* it has room */
    add_header_print(call, "ETag", "\"%s\"", tag);
    const char *none = call_header(call, "If-None-Match");
    if (none != NULL && strstr(none, tag) != NULL) {
        http_answer(call->x, HTTP_NOT_MODIFIED, NULL, NULL, 0);
        json_decref(value);
    } else if (allow(call)) {
        send_json(call, HTTP_OK, value);
    } else {
        json_decref(value);
    }
    free(text);
}

/* Appends <this URL with another page>; rel="…". RFC 8288. */
static bool add_link(const struct call *call, struct buffer *links, long page, const char *relation)
{
    const char *query = call->query != NULL ? call->query : "";

    if (buffer_print(links, "%s<", links->length > 0 ? ", " : "") == -1 ||
        call_absolute(call, call->path, links) == -1 || buffer_print(links, "?") == -1)
        return false;
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        if (strncmp(query, "page=", 5) != 0 && length > 0 &&
            buffer_print(links, "%.*s&", (int)length, query) == -1)
            return false;
        query += length + (query[length] == '&');
    }
    return buffer_print(links, "page=%ld>; rel=\"%s\"", page, relation) == 0;
}

static void answer_items(struct call *call)
{
    struct buffer links = {0};
    struct list list;
    long page, per_page;

    if (!list_read(call, &list) || !call_arg_integer(call, "per_page", 1, 100, 10, &per_page) ||
        !call_arg_integer(call, "page", 1, 100000, 1, &page))
        return;
    long last = list.size > 0 ? (list.size - 1) / per_page + 1 : 1;
    if (page <= last &&
        (page == 1 ||
         (add_link(call, &links, 1, "first") && add_link(call, &links, page - 1, "prev"))) &&
        (page == last ||
         (add_link(call, &links, page + 1, "next") && add_link(call, &links, last, "last"))) &&
        links.length > 0)
        http_add_header(call->x, "Link", links.data);
    add_header_print(call, "X-Total-Count", "%ld", list.size);
    send_tagged(call, records_make(&list, (page - 1) * per_page + 1, page * per_page));
    buffer_free(&links);
}

static void answer_item(struct call *call)
{
    struct list list;

    if (!list_read(call, &list))
        return;
    if (call->number[0] < 1 || call->number[0] > list.size)
        send_json(call, HTTP_NOT_FOUND, json_pack("{s:s}", "error", "there is no such item"));
    else
        send_tagged(call, record_make(&list, call->number[0]));
}

/* The same records, told by a cursor: where it stands is nobody's business but the server's. */
static void answer_feed(struct call *call)
{
    const char *cursor = call_arg(call, "cursor");
    struct list list;
    long limit, from = 0;

    if (!list_read(call, &list) || !call_arg_integer(call, "count", 1, 100, 10, &limit))
        return;
    if (cursor != NULL && (cursor[0] != 'c' || !number_parse(cursor + 1, 0, list.size, &from))) {
        send_bad(call, "cursor");
        return;
    }
    json_t *next = from + limit < list.size ? json_sprintf("c%ld", from + limit) : json_null();
    send_tagged(call, json_pack("{s:o, s:o}", "items", records_make(&list, from + 1, from + limit),
                                "next", next));
}

/* ---- the same for people ---- */

/* A link to another page of this one, with the query as it came but for its page. */
static bool add_anchor(const struct call *call, struct buffer *page, long number, const char *word)
{
    const char *query = call->query != NULL ? call->query : "";

    if (buffer_print(page, "<a rel=%s href=\"items.html?", word) == -1)
        return false;
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        char one[256];
        if (strncmp(query, "page=", 5) != 0 && length > 0 && length < sizeof one) {
            memcpy(one, query, length);
            one[length] = '\0';
            if (html_escape(one, page) == -1 || buffer_print(page, "&amp;") == -1)
                return false;
        }
        query += length + (query[length] == '&');
    }
    return buffer_print(page, "page=%ld\">%s</a>\n", number, word) == 0;
}

/* A row as people write them: what HTML allows to be left out is left out. */
static bool add_row(struct buffer *page, const json_t *record)
{
    json_int_t price = json_integer_value(json_object_get(record, "price"));
    json_int_t id = json_integer_value(json_object_get(record, "id"));
    const char *name = json_string_value(json_object_get(record, "name"));

    return buffer_print(page, "<tr><td>%d<td><a href=items/%d>%s</a>&nbsp;&amp; case", (int)id,
                        (int)id, name != NULL ? name : "") == 0 &&
           buffer_print(page, "<td>%d.%02d\n", (int)(price / 100), (int)(price % 100)) == 0;
}

static bool make_table(const struct call *call, const struct list *list, long number, long per_page,
                       struct buffer *page)
{
    long last = list->size > 0 ? (list->size - 1) / per_page + 1 : 1;
    json_t *records = records_make(list, (number - 1) * per_page + 1, number * per_page), *record;
    bool whole =
        records != NULL && buffer_print(page,
                                        "<!DOCTYPE html>\n<title>Stock</title>\n<table border=1>\n"
                                        "<caption>Stock, page %ld of %ld</caption>\n"
                                        "<tr><th>Number<th>Article<th>Price\n",
                                        number, last) == 0;
    size_t i;

    json_array_foreach(records, i, record)
    {
        whole = whole && add_row(page, record);
    }
    whole = whole && buffer_print(page, "</table>\n<p>") == 0 &&
            (number == 1 || add_anchor(call, page, number - 1, "prev")) &&
            (number >= last || add_anchor(call, page, number + 1, "next"));
    json_decref(records);
    return whole;
}

static void answer_table(struct call *call)
{
    struct buffer page = {0};
    struct list list;
    long number, per_page;

    if (!list_read(call, &list) || !call_arg_integer(call, "per_page", 1, 100, 10, &per_page) ||
        !call_arg_integer(call, "page", 1, 100000, 1, &number))
        return;
    if (make_table(call, &list, number, per_page, &page))
        send_text(call, HTTP_OK, "text/html; charset=utf-8", page.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&page);
}

/* From now on there is another version, as when somebody has worked on the data. */
static void answer_change(struct call *call)
{
    long version = current;

    if (version < 1000 && !atomic_compare_exchange_strong(&current, &version, version + 1))
        version = current - 1; /* another was faster: that will do */
    send_json(call, HTTP_OK, json_pack("{s:I}", "version", (json_int_t)current));
}

const struct route API_ROUTES[] = {
    {"GET", "/api/items", answer_items},    {"GET", "/api/items.html", answer_table},
    {"GET", "/api/items/#", answer_item},   {"GET", "/api/feed", answer_feed},
    {"POST", "/api/change", answer_change}, {NULL, NULL, NULL}};
