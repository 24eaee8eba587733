/* Exercise 4.3, inventory: what is tried, and how. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum {
    BAD = 4,      /* the exit status when the answer is no inventory */
    CONFLICT = 5, /* and when every try was answered with 409 */
    DEADLINE_MS = 500,
    LEAST_MS = DEADLINE_MS * 8 / 10,
    LATEST_MS = DEADLINE_MS * 12 / 10,
    DEPTH = 60,
    TOO_LARGE = 5 << 20,
    PIECES = 30,
    PIECE = 9
};

static const char AMPLE[] = "30000", DEADLINE[] = "500", HOST[] = "127.0.0.1";
static const char JSON[] = "application/json";

/* One run of the program. */
struct shop {
    struct session *session;
    struct peer *server;
    struct student *student;
    const char *url, *path;
};

/* An inventory as its text, and what is due for it. */
struct stock {
    struct buffer text;
    json_int_t version, items, count, cents;
    json_t *out; /* the names of what has run out */
};

static void no_memory(struct session *s)
{
    session_fail(s, "The harness has no memory left.");
}

/* ---- a run ---- */

static struct shop *shop_at(struct session *s, struct peer *server, const char *ms)
{
    struct shop *shop = session_alloc(s, sizeof *shop);
    const char *path = session_print(s, "/%06x?s=1", session_random(s, 0x1000000));
    const char *url = session_print(s, "http://%s:%s%s", HOST, peer_port(server), path);

    *shop = (struct shop){.session = s, .server = server, .url = url, .path = path};
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    shop->student = student_start(s, ms, url, NULL);
    return shop;
}

static struct shop *shop_open(struct session *s)
{
    return shop_at(s, peer_listen(s, HOST), AMPLE);
}

/* Takes the next request, which must be of that method, for the shop's URL. */
static struct web_request take(struct shop *shop, const char *method)
{
    struct web_request request;

    if (!web_next_request(shop->session, &request))
        session_blame(shop->session, "Your program ended before its %s.", method);
    if (strcmp(request.method, method) != 0 || strcmp(request.target, shop->path) != 0)
        session_blame(shop->session, "Your program sent \"%s %s\"; \"%s %s\" was due.",
                      request.method, request.target, method, shop->path);
    return request;
}

static void close_link(struct link *link)
{
    link_wait_read(link);
    link_close(link);
}

static void answer(struct link *link, struct session *s, const char *status, const char *type,
                   const char *body, size_t length)
{
    const char *head =
        session_print(s, "HTTP/1.1 %s\r\n%s%s%sConnection: close\r\nContent-Length: %zu\r\n\r\n",
                      status, type != NULL ? "Content-Type: " : "", type != NULL ? type : "",
                      type != NULL ? "\r\n" : "", length);

    link_send(link, head, strlen(head));
    link_send(link, body, length);
    close_link(link);
}

/* Answers the GET of a run. */
static void give(struct shop *shop, const char *status, const char *type, const char *body)
{
    struct web_request get = take(shop, "GET");
    const char *accept = web_request_field(&get, "Accept");

    if (accept == NULL || strcasecmp(accept, JSON) != 0)
        session_blame(shop->session, "The GET should say \"Accept: %s\"; it says \"%s\".", JSON,
                      accept == NULL ? "" : accept);
    answer(get.link, shop->session, status, type, body, strlen(body));
}

/* Ends a run: another request fails. */
static void leave(struct shop *shop, int status, const char *reason)
{
    session_expect_nobody(shop->session, reason);
    expect_output(shop->student, "", 0);
    expect_failure(shop->student, status);
}

/* ---- inventories ---- */

static void write_text(struct session *s, struct stock *stock, const char *text)
{
    if (buffer_print(&stock->text, "%s", text) == -1)
        no_memory(s);
}

/* An inventory with a version that no program can know. */
static void stock_begin(struct session *s, struct stock *stock)
{
    *stock = (struct stock){.version = session_random(s, 1000000), .out = json_array()};
    write_text(s, stock,
               session_print(s, "{\"version\": %lld, \"shelves\": [", (long long)stock->version));
}

/* An item; name is a string of JSON, as it stands in the text. */
static void stock_add(struct session *s, struct stock *stock, const char *name, json_int_t count,
                      json_int_t cents)
{
    bool first = stock->text.data[stock->text.length - 1] == '[';

    write_text(s, stock,
               session_print(s, "%s{\"name\": %s, \"count\": %lld, \"cents\": %lld}",
                             first ? "" : ", ", name, (long long)count, (long long)cents));
    stock->items++;
    stock->count += count;
    stock->cents += count * cents;
    if (count == 0 && json_array_append_new(stock->out, json_loads(name, JSON_DECODE_ANY, NULL)))
        no_memory(s);
}

/* A shelf with a few items of the seed's. */
static void stock_shelf(struct session *s, struct stock *stock, int items)
{
    write_text(s, stock, "{\"room\": [1, {\"count\": 5}], \"items\": [");
    for (int i = 0; i < items; i++)
        stock_add(s, stock, session_print(s, "\"%06x\"", session_random(s, 0x1000000)),
                  session_random(s, 1000) + 1, session_random(s, 100000));
    write_text(s, stock, "]");
}

static const char *stock_end(struct session *s, struct stock *stock)
{
    write_text(s, stock, "]}");
    return stock->text.data;
}

/* Fails unless that is the report on it. */
static void check_report(struct session *s, const struct stock *stock, const char *text,
                         size_t length)
{
    json_error_t why;
    json_t *got = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);

    if (got == NULL)
        session_blame(s, "What your program sent is no JSON, at column %d: %s.", why.column,
                      why.text);
    json_t *due =
        json_pack("{s:I, s:I, s:I, s:I, s:O}", "version", stock->version, "items", stock->items,
                  "count", stock->count, "cents", stock->cents, "out", stock->out);
    if (due == NULL)
        no_memory(s);
    if (!json_equal(got, due))
        session_blame(s, "The report is %.300s; it should say %.300s.",
                      json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS),
                      json_dumps(due, JSON_COMPACT | JSON_SORT_KEYS));
    json_decref(got);
    json_decref(due);
}

/* Takes the report, and returns its link, to be answered. */
static struct link *take_report(struct shop *shop, const struct stock *stock)
{
    struct session *s = shop->session;
    struct web_request put = take(shop, "PUT");
    const char *type = web_request_field(&put, "Content-Type");
    const char *announced = web_request_field(&put, "Content-Length");
    size_t length;

    if (type == NULL || strncasecmp(type, JSON, strlen(JSON)) != 0 ||
        strchr("; ", type[strlen(JSON)]) == NULL)
        session_blame(s, "The PUT should say \"Content-Type: %s\"; it says \"%s\".", JSON,
                      type == NULL ? "" : type);
    if (announced == NULL)
        session_blame(s, "The PUT has no Content-Length.");
    const char *text = link_line(put.link, &length);
    if (strcmp(announced, session_print(s, "%zu", length + 1)) != 0)
        session_blame(s,
                      "The PUT announces %s bytes, and its body is %zu up to the first line end: "
                      "one line, and its LF, are due.",
                      announced, length + 1);
    check_report(s, stock, text, length);
    return put.link;
}

static void take_it(struct link *link, struct session *s, const char *status)
{
    answer(link, s, status, NULL, "", 0);
}

/* What is printed in the end. */
static void done(struct shop *shop, struct stock *stock)
{
    const char *line =
        session_print(shop->session, "%lld items, %lld pieces, %lld cents\n",
                      (long long)stock->items, (long long)stock->count, (long long)stock->cents);

    session_expect_nobody(shop->session, "The report was taken: nothing is left to ask.");
    expect_output(shop->student, line, strlen(line));
    expect_exit(shop->student, 0);
}

static void drop(struct stock *stock)
{
    json_decref(stock->out);
    buffer_free(&stock->text);
}

/* A whole run with an inventory, which ends well. */
static void exchange(struct session *s, struct stock *stock, const char *type)
{
    struct shop *shop = shop_open(s);

    give(shop, "200 OK", type, stock_end(s, stock));
    take_it(take_report(shop, stock), s, "204 No Content");
    done(shop, stock);
    drop(stock);
}

/* A run for each of these texts, none of which is an inventory. */
static void all_bad(struct session *s, const char *const *texts, const char *type)
{
    for (; *texts != NULL; texts++) {
        struct shop *shop = shop_open(s);

        give(shop, "200 OK", type, *texts);
        leave(shop, BAD,
              type == NULL ? "What it was given has no type: there is nothing to report."
                           : session_print(s, "What it was given, as %s, is no inventory: %.120s",
                                           type, **texts != '\0' ? *texts : "nothing at all."));
    }
}

/* ---- good inventories ---- */

static void one(struct session *s)
{
    struct stock stock;

    stock_begin(s, &stock);
    stock_shelf(s, &stock, 2);
    write_text(s, &stock, "}");
    exchange(s, &stock, JSON);
}

static void several(struct session *s)
{
    struct stock stock;

    stock_begin(s, &stock);
    stock_shelf(s, &stock, 3);
    write_text(s, &stock, "},\n\t{\"items\":[]}, ");
    stock_shelf(s, &stock, 1);
    write_text(s, &stock, ", \"shelves\": []}");
    exchange(s, &stock, JSON);
}

static void empty(struct session *s)
{
    struct stock stock;

    stock_begin(s, &stock);
    exchange(s, &stock, JSON);
}

static void nested(struct session *s)
{
    struct stock stock;

    stock_begin(s, &stock);
    for (int i = 0; i < DEPTH; i++) {
        stock_shelf(s, &stock, i % 3);
        write_text(s, &stock, ", \"shelves\": [{\"items\": []}, ");
    }
    stock_shelf(s, &stock, 1);
    write_text(s, &stock, "}");
    for (int i = 0; i < DEPTH; i++)
        write_text(s, &stock, "]}");
    exchange(s, &stock, JSON);
}

static void run_out(struct session *s)
{
    struct stock stock;

    stock_begin(s, &stock);
    stock_shelf(s, &stock, 1);
    write_text(s, &stock, "}, {\"shelves\": [{\"items\": [");
    stock_add(s, &stock, session_print(s, "\"%x\"", session_random(s, 1000)), 0, 5);
    write_text(s, &stock, "]}], \"items\": [");
    stock_add(s, &stock, "\"b\"", 0, 0);
    stock_add(s, &stock, "\"a\"", 0, 1);
    stock_add(s, &stock, "\"b\"", 0, 2);
    write_text(s, &stock, "]}");
    /* A shelf's items come before those of the shelves in it, wherever they stand. */
    if (json_array_append(stock.out, json_array_get(stock.out, 0)) != 0 ||
        json_array_remove(stock.out, 0) != 0)
        no_memory(s);
    exchange(s, &stock, JSON);
}

static void unicode(struct session *s)
{
    static const char *const NAMES[] = {"\"Zo\xc3\xab\"",
                                        "\"\\u00e9t\\u00E9\"",
                                        "\"\\ud83c\\udf50 \xf0\x9f\x8d\x90\"",
                                        "\"say \\\"hi\\\"\"",
                                        "\"back\\\\slash \\/ tab\\t\"",
                                        "\"\\u0001\\n\\r\"",
                                        "\"\"",
                                        "\"100 %s %n\"",
                                        "\"\\u2028\xe6\xa2\xa8\""};
    struct stock stock;

    stock_begin(s, &stock);
    write_text(s, &stock, "{\"items\": [");
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        stock_add(s, &stock, NAMES[i], 0, session_random(s, 100));
    write_text(s, &stock, "]}");
    exchange(s, &stock, JSON);
}

static void large_numbers(struct session *s)
{
    struct stock stock;

    stock_begin(s, &stock);
    write_text(s, &stock, "{\"items\": [");
    stock_add(s, &stock, "\"a\"", 9007199254740993LL + 2LL * session_random(s, 1000), 1);
    stock_add(s, &stock, "\"b\"", 1, 9007199254740993LL + 2LL * session_random(s, 1000));
    stock_add(s, &stock, "\"c\"", 3037000499LL, 3037000499LL / 2);
    write_text(s, &stock, "]}");
    exchange(s, &stock, JSON);
    stock_begin(s, &stock);
    write_text(s, &stock, "{\"items\": [");
    stock_add(s, &stock, "\"a\"", 1, 7);
    stock_add(s, &stock, "\"most\"", 9223372036854775806LL, 0);
    stock_add(s, &stock, "\"dear\"", 0, 9223372036854775807LL);
    write_text(s, &stock, "]}");
    exchange(s, &stock, JSON);
}

static void good_type(struct session *s)
{
    static const char *const TYPES[] = {"Application/JSON; charset=utf-8", "application/json ;a=b",
                                        "application/vnd.shop.v2+json", NULL};

    for (const char *const *type = TYPES; *type != NULL; type++) {
        struct stock stock;
        stock_begin(s, &stock);
        stock_shelf(s, &stock, 1);
        write_text(s, &stock, "}");
        exchange(s, &stock, *type);
    }
}

static void in_pieces(struct session *s)
{
    static const size_t sizes[PIECES + 1] = {[0 ... PIECES - 1] = PIECE};
    struct shop *shop = shop_open(s);
    struct stock stock;

    stock_begin(s, &stock);
    stock_shelf(s, &stock, 9);
    write_text(s, &stock, "}");
    const char *text = stock_end(s, &stock);
    struct web_request get = take(shop, "GET");
    const char *all = session_print(
        s, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n\r\n%s", JSON, text);
    link_send_pieces(get.link, all, strlen(all), sizes);
    close_link(get.link);
    take_it(take_report(shop, &stock), s, "200 OK");
    done(shop, &stock);
    drop(&stock);
}

/* ---- what is no inventory ---- */

#define ITEM(count, cents)                                                            \
    "{\"version\": 1, \"shelves\": [{\"items\": [{\"name\": \"a\", \"count\": " count \
    ", \"cents\": " cents "}]}]}"

static void overflow(struct session *s)
{
    static const char *const TEXTS[] = {
        ITEM("3037000500", "3037000500"),
        ITEM("9223372036854775807", "2"),
        "{\"version\": 1, \"shelves\": [{\"items\": [{\"name\": \"a\", \"count\": 1, \"cents\": "
        "9223372036854775807}, {\"name\": \"b\", \"count\": 1, \"cents\": 1}]}]}",
        "{\"version\": 1, \"shelves\": [{\"items\": [{\"name\": \"a\", \"count\": "
        "9223372036854775807, \"cents\": 0}, {\"name\": \"b\", \"count\": 1, \"cents\": 0}]}]}",
        ITEM("9223372036854775808", "0"),
        NULL};

    all_bad(s, TEXTS, JSON);
}

static void wrong_types(struct session *s)
{
    static const char *const TEXTS[] = {
        ITEM("\"3\"", "1"),
        ITEM("1", "2.0"),
        ITEM("-1", "1"),
        ITEM("1", "null"),
        "{\"version\": 1, \"shelves\": [{\"items\": [{\"name\": 5, \"count\": 1, \"cents\": 1}]}]}",
        "{\"version\": 1, \"shelves\": [{\"items\": [{\"name\": \"a\", \"cents\": 1}]}]}",
        "{\"version\": 1, \"shelves\": [{\"items\": {}}]}",
        "{\"version\": 1, \"shelves\": [{\"items\": [], \"shelves\": null}]}",
        "{\"version\": 1, \"shelves\": [{}]}",
        "{\"version\": \"1\", \"shelves\": []}",
        "{\"version\": 1}",
        "[1]",
        NULL};

    all_bad(s, TEXTS, JSON);
}

static void invalid(struct session *s)
{
    static const char *const TEXTS[] = {"",
                                        "<p>busy</p>",
                                        "{\"version\": 1, \"shelves\": []",
                                        "{\"version\": 1, \"shelves\": [],}",
                                        "{\"version\": 1, \"shelves\": []} []",
                                        "{\"version\": 1, \"version\": 2, \"shelves\": []}",
                                        ITEM("01", "1"),
                                        "{\"version\": 1, \"shelves\": [], \"x\": \"\xff\"}",
                                        NULL};

    all_bad(s, TEXTS, JSON);
}

static void wrong_type_field(struct session *s)
{
    static const char *const TYPES[] = {"text/html", "application/jsonp", "text/json-like",
                                        "application/x-www-form-urlencoded"};
    static const char *const TEXTS[] = {ITEM("1", "1"), NULL};

    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        all_bad(s, TEXTS, TYPES[i]);
    all_bad(s, TEXTS, NULL);
}

static void too_large(struct session *s)
{
    struct shop *shop = shop_open(s);
    struct web_request get = take(shop, "GET");
    const char *text = ITEM("1", "1");
    const char *head =
        session_print(s,
                      "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                      "Connection: close\r\n\r\n%s",
                      JSON, strlen(text) + TOO_LARGE, text);
    char *blanks = session_alloc(s, TOO_LARGE);

    memset(blanks, ' ', TOO_LARGE);
    link_send(get.link, head, strlen(head));
    link_queue(get.link, blanks, TOO_LARGE);
    link_wait_end(get.link);
    link_close(get.link);
    leave(shop, BAD, "The answer was beyond the limit: there is nothing to report.");
}

/* ---- conflicts, and other answers ---- */

/* One turn: an inventory is given and its report taken. */
static struct link *turn(struct shop *shop, struct stock *stock)
{
    struct session *s = shop->session;

    stock_begin(s, stock);
    stock_shelf(s, stock, 2);
    write_text(s, stock, "}");
    give(shop, "200 OK", JSON, stock_end(s, stock));
    return take_report(shop, stock);
}

static void conflict(struct session *s)
{
    struct shop *shop = shop_open(s);
    struct stock stock;

    for (int i = 0; i < 2; i++) {
        take_it(turn(shop, &stock), s, "409 Conflict");
        drop(&stock);
    }
    take_it(turn(shop, &stock), s, "201 Created");
    done(shop, &stock);
    drop(&stock);
}

static void conflicts(struct session *s)
{
    struct shop *shop = shop_open(s);
    struct stock stock;

    for (int i = 0; i < 3; i++) {
        take_it(turn(shop, &stock), s, "409 Conflict");
        drop(&stock);
    }
    leave(shop, CONFLICT, "Three times are enough.");
}

static void get_refused(struct session *s)
{
    static const char *const STATUSES[] = {"404 Not Found", "500 Oops", "409 Conflict",
                                           "203 From Somewhere Else"};

    for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++) {
        struct shop *shop = shop_open(s);
        give(shop, STATUSES[i], JSON, ITEM("1", "1"));
        leave(shop, 1, "The GET was not answered with 200.");
    }
}

static void put_refused(struct session *s)
{
    static const char *const STATUSES[] = {"500 Oops", "422 No", "303 See Other"};

    for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++) {
        struct shop *shop = shop_open(s);
        struct stock stock;
        take_it(turn(shop, &stock), s, STATUSES[i]);
        drop(&stock);
        leave(shop, 1, "The report was refused, and not for a conflict.");
    }
}

static void put_unanswered(struct session *s)
{
    struct shop *shop = shop_open(s);
    struct stock stock;

    close_link(turn(shop, &stock));
    drop(&stock);
    leave(shop, 1, "Nobody knows whether the report was taken: it is not sent again.");
}

static void cut_off(struct session *s)
{
    struct shop *shop = shop_open(s);
    struct web_request get = take(shop, "GET");
    const char *text = ITEM("1", "1");
    const char *all =
        session_print(s, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                      JSON, strlen(text) + 2, text);

    link_send(get.link, all, strlen(all));
    close_link(get.link);
    leave(shop, 1, "The answer was cut off, although what came would be JSON.");
}

static void refused(struct session *s)
{
    struct shop *shop = shop_at(s, peer_refuse(s, HOST), AMPLE);

    leave(shop, 1, "Nobody listens.");
}

static void usage(struct session *s)
{
    static const char *const LIMITS[] = {"0", "600001", "-1", "1s", "", "4294967396"};
    struct peer *server = peer_listen(s, HOST);
    const char *url = session_print(s, "http://%s:%s/", HOST, peer_port(server));

    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
        expect_failure(student_start(s, LIMITS[i], url, NULL), 2);
    expect_failure(student_start(s, AMPLE, NULL), 2);
    expect_failure(student_start(s, AMPLE, url, url, NULL), 2);
    peer_expect_nobody(server, "The command line was wrong.");
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct shop *shop = shop_open(s);
    struct stock stock;

    take_it(turn(shop, &stock), s, "200 OK");
    drop(&stock);
    expect_failure(shop->student, 1);
}

static void silent(struct session *s)
{
    struct shop *shop;

    do {
        shop = shop_at(s, peer_listen(s, HOST), DEADLINE);
        struct web_request get = take(shop, "GET");
        link_wait_end(get.link);
        link_close(get.link);
    } while (student_ran_ms(shop->student) > LATEST_MS && session_again(s));
    expect_ran(shop->student, LEAST_MS, LATEST_MS);
    leave(shop, 1, "The time was over.");
}

static void clean(struct session *s)
{
    conflict(s);
    nested(s);
}

static void clean_failures(struct session *s)
{
    one(s);
    invalid(s);
    put_refused(s);
}

static const struct test_case CASES[] = {
    {.name = "one",
     .title = "one shelf",
     .points = 2,
     .teaches = "A shelf with two items: their sums went back as JSON, in one line, and then to "
                "standard output.",
     .run = one},
    {.name = "several",
     .title = "three shelves, and members that nobody asked for",
     .points = 2,
     .teaches = "Members that are not in the contract are passed over, whatever they hold.",
     .run = several},
    {.name = "empty",
     .title = "an inventory without a shelf",
     .points = 1,
     .teaches = "There was no shelf: all sums are 0, and they are reported.",
     .run = empty},
    {.name = "nested",
     .title = "shelves in shelves",
     .points = 2,
     .teaches = "A shelf may hold shelves, 60 deep: a function that calls itself finds them all.",
     .run = nested},
    {.name = "run-out",
     .title = "what has run out",
     .points = 2,
     .teaches = "Names of items with count 0, in order: a shelf's own first, then those of the "
                "shelves in it; a name twice if it comes twice.",
     .run = run_out},
    {.name = "unicode",
     .title = "names of all kinds",
     .points = 2,
     .teaches = "Names had quotes, backslashes, controls and letters of many alphabets: who writes "
                "JSON by printf() has to know all its rules.",
     .run = unicode},
    {.name = "large-numbers",
     .title = "numbers beyond 2^53, and up to the edge",
     .points = 2,
     .teaches = "Sums beyond 2^53 lose their last digit in a double: they are to be 64-bit "
                "integers all the way.",
     .run = large_numbers},
    {.name = "good-type",
     .title = "JSON by other types",
     .points = 1,
     .teaches = "application/json may have parameters and capitals, and a type may end in +json.",
     .run = good_type},
    {.name = "in-pieces",
     .title = "an answer in pieces, without a length",
     .points = 1,
     .teaches = "The answer came in pieces, up to the end of the connection: JSON is read when all "
                "of it is there.",
     .run = in_pieces},
    {.name = "overflow",
     .title = "numbers and sums beyond 64 bits",
     .points = 2,
     .teaches = "A sum or a product did not fit: it has to be noticed before it is added up, for "
                "what overflows is no sum.",
     .run = overflow},
    {.name = "wrong-types",
     .title = "well-formed JSON that is no inventory",
     .points = 2,
     .teaches = "A member was missing or of another type: json_integer_value() gives 0 for it, and "
                "does not complain.",
     .run = wrong_types},
    {.name = "invalid",
     .title = "what is no JSON",
     .points = 2,
     .teaches = "The text is no JSON, in whole or behind it, or has a member twice.",
     .run = invalid},
    {.name = "wrong-type",
     .title = "JSON that says it is something else",
     .points = 1,
     .teaches = "The Content-Type says that it is no JSON, or nothing: then it is not read.",
     .run = wrong_type_field},
    {.name = "too-large",
     .title = "an answer of 5 MiB",
     .points = 1,
     .teaches = "The answer was larger than the limit: it is not to be kept, and not to be read.",
     .run = too_large},
    {.name = "conflict",
     .title = "409 twice, and then it is taken",
     .points = 2,
     .teaches = "409 says that somebody else was faster: read anew, add up anew, send that.",
     .run = conflict},
    {.name = "conflicts",
     .title = "409 three times",
     .points = 2,
     .teaches = "Three reports were refused for a conflict: then the program gives up.",
     .run = conflicts},
    {.name = "get-refused",
     .title = "the GET is not answered with 200",
     .points = 1,
     .teaches = "Another status came with JSON that looks like an inventory: it is none.",
     .run = get_refused},
    {.name = "put-refused",
     .title = "the PUT is refused for another reason",
     .points = 1,
     .teaches = "Only 409 is a conflict: what else is not 2xx ends the program.",
     .run = put_refused},
    {.name = "put-unanswered",
     .title = "the PUT is not answered",
     .points = 1,
     .teaches = "The connection ended before an answer came: a failure, and not a success.",
     .run = put_unanswered},
    {.name = "cut-off",
     .title = "an answer that is cut off",
     .points = 1,
     .teaches = "Two bytes did not come. What came was JSON, and the answer was not whole all the "
                "same.",
     .run = cut_off},
    {.name = "refused",
     .title = "nobody listens",
     .points = 1,
     .teaches = "Nobody listens at the port: a message, and status 1.",
     .run = refused},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, before anything is sent.",
     .run = usage},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says whether that worked.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind after conflicts",
     .points = 1,
     .teaches = "Each turn has a JSON text and values of its own: all of them are freed.",
     .run = clean,
     .leaks = true},
    {.name = "clean-failures",
     .title = "nothing left behind after failures",
     .points = 1,
     .teaches = "What was read before the failure is freed as well.",
     .run = clean_failures,
     .leaks = true},
    {.name = "silent",
     .title = "a server that does not answer",
     .points = 1,
     .teaches = "The time was over, and no answer had come: status 1.",
     .run = silent},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
