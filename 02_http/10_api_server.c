/*
 * 2.10  API server
 *
 * Keeps books in memory and lets programs list, add, read, replace and delete them, in JSON.
 *
 * Python:  a BaseHTTPRequestHandler that uses json.loads() and json.dumps()
 * Usage:   10_api_server PORT
 * See:     RFC 9110 sections 9.3 and 15.5; RFC 9457 (problem details); RFC 8259 (JSON); jansson
 * Leaves out: who may do what; two who change one book at the same time: the last of them wins.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

enum { MOST = 1000, BODY = 4096 }; /* books; bytes of one */

struct store {     /* one worker serves, so nobody else is at it */
    json_t *books; /* by id; each knows its own */
    long last_id;
};

/* Answers with a value, which is freed. */
static void send_json(struct http_exchange *x, int status, const char *type, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;

    json_decref(value);
    if (text != NULL)
        http_answer(x, status, type, text, strlen(text));
    else
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    free(text);
}

/* An error that a program can read: the status, and what was wrong with this request. */
static void send_problem(struct http_exchange *x, int status, const char *detail)
{
    send_json(x, status, "application/problem+json",
              json_pack("{s:i, s:s, s:s}", "status", status, "title", http_status_phrase(status),
                        "detail", detail));
}

/* The book in the body, or NULL when the request has been answered with what is wrong. */
static json_t *read_book(struct http_exchange *x)
{
    struct buffer body = {0};
    const char *type = http_headers_get(&x->request->headers, "Content-Type"), *title, *author;
    json_error_t error = {0};
    json_t *book = NULL;
    int year;

    if (type == NULL || strncasecmp(type, "application/json", 16) != 0 ||
        strchr("; \t", type[16]) == NULL) {
        http_add_header(x, "Accept", "application/json");
        send_problem(x, HTTP_UNSUPPORTED_MEDIA_TYPE, "a book is sent as application/json");
        return NULL;
    }
    x->body_limit = BODY;
    if (http_read_whole(x, &body) == -1) { /* too large, broken off or too slow: the server says */
        buffer_free(&body);
        return NULL;
    }
    book = json_loadb(buffer_text(&body), body.length, JSON_REJECT_DUPLICATES, &error);
    buffer_free(&body);
    if (book == NULL) {
        send_problem(x, HTTP_BAD_REQUEST, error.text);
    } else if (json_unpack_ex(book, NULL, JSON_STRICT, "{s:s, s:s, s:i}", "title", &title, "author",
                              &author, "year", &year) == -1) {
        send_problem(x, HTTP_UNPROCESSABLE_CONTENT,
                     "title and author are texts, year is an integer");
        json_decref(book);
        book = NULL;
    }
    return book;
}

static const char *member(const json_t *book, const char *name)
{
    return json_string_value(json_object_get(book, name));
}

/* Another book with this title and author, or NULL. */
static json_t *find_same(const struct store *store, const json_t *book, const json_t *but)
{
    const char *id;
    json_t *other;

    json_object_foreach(
        store->books, id,
        other) if (other != but && strcmp(member(other, "title"), member(book, "title")) == 0 &&
                   strcmp(member(other, "author"), member(book, "author")) == 0) return other;
    return NULL;
}

/* Keeps a book under its number, in place of the one there, and answers with it. */
static void keep(struct http_exchange *x, int status, long number, json_t *book)
{
    const struct store *store = x->context;
    char id[24], path[32];

    (void)snprintf(id, sizeof id, "%ld", number); /* 20 characters at most */
    (void)snprintf(path, sizeof path, "/books/%s", id);
    if (find_same(store, book, json_object_get(store->books, id)) != NULL) {
        send_problem(x, HTTP_CONFLICT, "this book is there already");
        json_decref(book);
    } else if (json_object_set_new(book, "id", json_integer(number)) == -1 ||
               json_object_set(store->books, id, book) == -1) {
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
        json_decref(book);
    } else {
        if (status == HTTP_CREATED)
            http_add_header(x, "Location", path);
        send_json(x, status, "application/json", book);
    }
}

/* ---- what can be done -------------------------------------------------------------------------
 */

static void list_books(struct http_exchange *x, const char *id)
{
    const struct store *store = x->context;
    json_t *list = json_array(), *book;

    json_object_foreach(store->books, id,
                        book) if (list != NULL && json_array_append(list, book) == -1)
    {
        json_decref(list);
        list = NULL;
    }
    send_json(x, HTTP_OK, "application/json", list);
}

static void create_book(struct http_exchange *x, const char *id)
{
    struct store *store = x->context;
    json_t *book = read_book(x);

    (void)id;
    if (book == NULL)
        return;
    if (json_object_size(store->books) < MOST) {
        keep(x, HTTP_CREATED, ++store->last_id, book); /* a number is not given twice */
    } else {
        send_problem(x, HTTP_INSUFFICIENT_STORAGE, "no room for more books");
        json_decref(book);
    }
}

static void show_book(struct http_exchange *x, const char *id)
{
    const struct store *store = x->context;

    send_json(x, HTTP_OK, "application/json", json_incref(json_object_get(store->books, id)));
}

static void replace_book(struct http_exchange *x, const char *id)
{
    json_t *book = read_book(x);

    if (book != NULL)
        keep(x, HTTP_OK, strtol(id, NULL, 10), book);
}

static void delete_book(struct http_exchange *x, const char *id)
{
    const struct store *store = x->context;

    (void)json_object_del(store->books, id); /* route() has seen it there */
    http_answer(x, HTTP_NO_CONTENT, NULL, "", 0);
}

/* ---- which of it is asked for -----------------------------------------------------------------
 */

static const struct route {
    const char *method;
    bool one; /* of "/books/ID"; else of "/books" */
    void (*handle)(struct http_exchange *x, const char *id);
} ROUTES[] = {
    {"GET", false, list_books},    {"HEAD", false, list_books}, {"POST", false, create_book},
    {"GET", true, show_book},      {"HEAD", true, show_book},   {"PUT", true, replace_book},
    {"DELETE", true, delete_book},
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof ROUTES[0] };

static bool wants_json(const struct http_headers *headers)
{
    return http_headers_get(headers, "Accept") == NULL ||
           http_headers_has(headers, "Accept", "application/json") ||
           http_headers_has(headers, "Accept", "application/*") ||
           http_headers_has(headers, "Accept", "*/*");
}

static void add_name(char *list, size_t size, const char *name)
{
    size_t length = strlen(list);

    /* The table's longest list is "GET, HEAD, PUT, DELETE". */
    (void)snprintf(list + length, size - length, "%s%s", length > 0 ? ", " : "", name);
}

/* What is asked for, then whether it is there, then what may be done with it. */
static void route(struct http_exchange *x)
{
    const struct store *store = x->context;
    char path[64], allow[64] = "";
    const char *target = x->request->target, *id = NULL;

    (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target); /* no query */
    if (strncmp(path, "/books/", 7) == 0)
        id = path + 7;
    if (id != NULL ? json_object_get(store->books, id) == NULL : strcmp(path, "/books") != 0) {
        send_problem(x, HTTP_NOT_FOUND, target);
        return;
    }
    /* [route] */
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const char *method = ROUTES[i].method;
        if (ROUTES[i].one != (id != NULL))
            continue;
        if (strcmp(method, x->request->method) == 0) {
            if (wants_json(&x->request->headers))
                ROUTES[i].handle(x, id);
            else
                send_problem(x, HTTP_NOT_ACCEPTABLE, "there is only JSON");
            return;
        }
        add_name(allow, sizeof allow, method);
    }
    http_add_header(x, "Allow", allow);
    send_problem(x, HTTP_METHOD_NOT_ALLOWED, x->request->method);
    /* [/route] */
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {{"GET", route}, {"*", route}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct store store = {.books = json_object()};
    struct error error;
    long port;

    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT");
    if (store.books == NULL)
        die("out of memory");
    options.handlers = handlers;
    options.context = &store;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    json_decref(store.books);
    finish(EXIT_SUCCESS);
}
