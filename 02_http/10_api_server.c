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
#include <pthread.h>
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

struct store {
    pthread_mutex_t lock; /* held while the books are looked at, and never while a client is */
    json_t *books;        /* by id; each knows its own */
    json_int_t last_id;
};

/* An error that a program can read: the status, and what was wrong with this request. */
static void send_problem(struct http_exchange *x, int status, const char *detail)
{
    json_t *problem = json_pack("{s:i, s:s, s:s}", "status", status, "title",
                                http_status_phrase(status), "detail", detail);
    char *text = problem != NULL ? json_dumps(problem, JSON_COMPACT) : NULL;

    json_decref(problem);
    if (text != NULL)
        http_answer(x, status, "application/problem+json", text, strlen(text));
    else
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    free(text);
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

/* Whether another book has this title and author. */
static bool has_same(const struct store *store, const json_t *book, const json_t *but)
{
    const char *id;
    json_t *other;

    json_object_foreach(
        store->books, id,
        other) if (other != but && strcmp(member(other, "title"), member(book, "title")) == 0 &&
                   strcmp(member(other, "author"), member(book, "author")) == 0) return true;
    return false;
}

/* ---- what can be done: under the lock, and with no word about HTTP but the status -------------
 */

/* Keeps a book under its number, in place of the one there. */
static int keep(struct store *store, json_int_t number, json_t *book, json_t **value)
{
    char id[24];

    (void)snprintf(id, sizeof id, "%" JSON_INTEGER_FORMAT, number); /* 20 characters at most */
    if (has_same(store, book, json_object_get(store->books, id)))
        return HTTP_CONFLICT;
    if (json_object_set_new(book, "id", json_integer(number)) == -1 ||
        json_object_set(store->books, id, book) == -1)
        return HTTP_INTERNAL_SERVER_ERROR;
    *value = json_incref(book);
    return HTTP_OK;
}

static int list_books(struct store *store, const char *id, json_t *book, json_t **value)
{
    *value = json_array();
    json_object_foreach(store->books, id, book) if (json_array_append(*value, book) ==
                                                    -1) return HTTP_INTERNAL_SERVER_ERROR;
    return HTTP_OK;
}

static int create_book(struct store *store, const char *id, json_t *book, json_t **value)
{
    (void)id;
    if (json_object_size(store->books) >= MOST)
        return HTTP_INSUFFICIENT_STORAGE;
    int status = keep(store, store->last_id + 1, book, value);
    if (status != HTTP_OK)
        return status;
    store->last_id++; /* a number is not given twice */
    return HTTP_CREATED;
}

static int show_book(struct store *store, const char *id, json_t *book, json_t **value)
{
    (void)book;
    *value = json_incref(json_object_get(store->books, id));
    return HTTP_OK;
}

static int replace_book(struct store *store, const char *id, json_t *book, json_t **value)
{
    return keep(store, strtoll(id, NULL, 10), book, value);
}

static int delete_book(struct store *store, const char *id, json_t *book, json_t **value)
{
    (void)book;
    (void)value;
    return json_object_del(store->books, id) == 0 ? HTTP_NO_CONTENT : HTTP_NOT_FOUND;
}

/* ---- which of it is asked for -----------------------------------------------------------------
 */

static const struct route {
    const char *method;
    bool one;  /* of "/books/ID"; else of "/books" */
    bool body; /* a book is sent */
    int (*handle)(struct store *store, const char *id, json_t *book, json_t **value);
} ROUTES[] = {
    {"GET", false, false, list_books},    {"HEAD", false, false, list_books},
    {"POST", false, true, create_book},   {"GET", true, false, show_book},
    {"HEAD", true, false, show_book},     {"PUT", true, true, replace_book},
    {"DELETE", true, false, delete_book},
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof ROUTES[0] };

/* Does it, and answers. The text is made under the lock and sent without it. */
static void perform(struct http_exchange *x, const struct route *route, const char *id)
{
    struct store *store = x->context;
    json_t *book = route->body ? read_book(x) : NULL, *value = NULL;
    char *text = NULL, path[32] = ""; /* the longest number has 19 digits */
    int status = HTTP_NOT_FOUND;

    if (route->body && book == NULL)
        return;
    /* [lock] */
    (void)pthread_mutex_lock(&store->lock); /* cannot fail here */
    if (id == NULL || json_object_get(store->books, id) != NULL)
        status = route->handle(store, id, book, &value);
    if (value != NULL)
        text = json_dumps(value, JSON_COMPACT);
    json_int_t number = store->last_id;
    json_decref(value);
    json_decref(book);
    (void)pthread_mutex_unlock(&store->lock);
    /* [/lock] */
    if (status == HTTP_CREATED) {
        (void)snprintf(path, sizeof path, "/books/%" JSON_INTEGER_FORMAT, number);
        http_add_header(x, "Location", path);
    }
    if (status >= 400)
        send_problem(x, status,
                     status == HTTP_CONFLICT ? "this book is there already" : x->request->target);
    else if (status == HTTP_NO_CONTENT)
        http_answer(x, status, NULL, "", 0);
    else if (text != NULL)
        http_answer(x, status, "application/json", text, strlen(text));
    else
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    free(text);
}

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

/* What is asked for, then what may be done with it; whether it is there is seen under the lock. */
static void route(struct http_exchange *x)
{
    char path[64], allow[64] = "";
    const char *target = x->request->target, *id = NULL;

    (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target); /* no query */
    if (strncmp(path, "/books/", 7) == 0)
        id = path + 7;
    if (id == NULL && strcmp(path, "/books") != 0) {
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
                perform(x, &ROUTES[i], id);
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
    struct store store = {PTHREAD_MUTEX_INITIALIZER, json_object(), 0};
    struct error error;
    long port;

    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT");
    if (store.books == NULL)
        die("out of memory");
    options.handlers = handlers;
    options.context = &store;
    options.workers = 16; /* a client that sends its book slowly keeps one of them busy */
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    json_decref(store.books);
    finish(EXIT_SUCCESS);
}
