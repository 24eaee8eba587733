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

/* What the workers share, under a lock that is never held while a client is waited for. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *books; /* by id; each knows its own */
static json_int_t last_id;

/* An error that a program can read: the status, and what was wrong with this request. */
static void send_problem(struct http_exchange *x, int status, const char *detail)
{
    json_t *problem = json_pack("{s:i, s:s, s:s}", "status", status, "title",
                                http_status_phrase(status), "detail", detail);
    char *text = json_dumps(problem, JSON_COMPACT);

    json_decref(problem);
    if (text != NULL)
        http_answer(x, status, "application/problem+json", text, strlen(text));
    else
        http_send_error(x, status, NULL);
    free(text);
}

static bool is_json(const char *type)
{
    return type != NULL && strncasecmp(type, "application/json", 16) == 0 &&
           strchr("; \t", type[16]) != NULL;
}

/* The book in the body, or NULL when the request has been answered with what is wrong. */
static json_t *read_book(struct http_exchange *x)
{
    struct buffer body = {0};
    json_error_t error = {0};
    json_t *book = NULL;

    if (!is_json(http_headers_get(&x->request->headers, "Content-Type"))) {
        http_add_header(x, "Accept", "application/json");
        send_problem(x, HTTP_UNSUPPORTED_MEDIA_TYPE, "a book is sent as application/json");
        return NULL;
    }
    x->body_limit = BODY;
    if (http_read_whole(x, &body) ==
        0) { /* else the server says: too large, broken off, too slow */
        book = json_loadb(buffer_text(&body), body.length, JSON_REJECT_DUPLICATES, &error);
        if (book == NULL) {
            send_problem(x, HTTP_BAD_REQUEST, error.text);
        } else if (json_unpack_ex(book, NULL, JSON_STRICT | JSON_VALIDATE_ONLY, "{s:s, s:s, s:i}",
                                  "title", "author", "year") == -1) {
            send_problem(x, HTTP_UNPROCESSABLE_CONTENT,
                         "title and author are texts, year is an integer");
            json_decref(book);
            book = NULL;
        }
    }
    buffer_free(&body);
    return book;
}

/* ---- what can be done: under the lock, and with no word about HTTP but the status ----------- */

/* Whether a book with another id has this one's title and author. */
static bool is_there(const json_t *book, const char *id)
{
    const char *key;
    json_t *other;
    bool found = false;

    json_object_foreach(books, key, other)
    {
        if (strcmp(key, id) != 0 &&
            json_equal(json_object_get(other, "title"), json_object_get(book, "title")) &&
            json_equal(json_object_get(other, "author"), json_object_get(book, "author")))
            found = true;
    }
    return found;
}

/* Keeps a book under its number, in place of the one there. */
static int keep(json_int_t number, json_t *book, json_t **value)
{
    char id[24];

    (void)snprintf(id, sizeof id, "%" JSON_INTEGER_FORMAT, number); /* 20 characters at most */
    if (is_there(book, id))
        return HTTP_CONFLICT;
    if (json_object_set_new(book, "id", json_integer(number)) == -1 ||
        json_object_set(books, id, book) == -1)
        return HTTP_INTERNAL_SERVER_ERROR;
    *value = json_incref(book);
    return HTTP_OK;
}

static int create_book(const char *id, json_t *book, json_t **value)
{
    (void)id;
    if (json_object_size(books) >= MOST)
        return HTTP_INSUFFICIENT_STORAGE;
    int status = keep(last_id + 1, book, value);
    if (status != HTTP_OK)
        return status;
    last_id++; /* a number is not given twice */
    return HTTP_CREATED;
}

static int show_books(const char *id, json_t *book, json_t **value)
{
    int failed = 0;

    *value = id != NULL ? json_incref(json_object_get(books, id)) : json_array();
    if (id == NULL)
        json_object_foreach(books, id, book) failed |= json_array_append(*value, book);
    return failed == 0 ? HTTP_OK : HTTP_INTERNAL_SERVER_ERROR;
}

static int replace_book(const char *id, json_t *book, json_t **value)
{
    return keep(strtoll(id, NULL, 10), book, value);
}

static int delete_book(const char *id, json_t *book, json_t **value)
{
    (void)book;
    (void)value;
    return json_object_del(books, id) == 0 ? HTTP_NO_CONTENT : HTTP_NOT_FOUND;
}

/* ---- which of it is asked for --------------------------------------------------------------- */

static const struct route {
    const char *method;
    bool one;  /* of "/books/ID"; else of "/books" */
    bool body; /* a book is sent */
    int (*handle)(const char *id, json_t *book, json_t **value);
} ROUTES[] = {
    {"GET", false, false, show_books},    {"HEAD", false, false, show_books},
    {"POST", false, true, create_book},   {"GET", true, false, show_books},
    {"HEAD", true, false, show_books},    {"PUT", true, true, replace_book},
    {"DELETE", true, false, delete_book},
};

/* Does it, and answers. The text is made under the lock and sent without it. */
static void perform(struct http_exchange *x, const struct route *route, const char *id)
{
    json_t *book = route->body ? read_book(x) : NULL, *value = NULL;
    int status = HTTP_NOT_FOUND;

    if (route->body && book == NULL)
        return;
    /* [lock] */
    (void)pthread_mutex_lock(&lock); /* cannot fail here */
    if (id == NULL || json_object_get(books, id) != NULL)
        status = route->handle(id, book, &value);
    char *text = json_dumps(value, JSON_COMPACT);
    json_int_t number = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    json_decref(book);
    (void)pthread_mutex_unlock(&lock);
    /* [/lock] */
    if (status == HTTP_CREATED) {
        char location[32]; /* the longest number has 19 digits */
        (void)snprintf(location, sizeof location, "/books/%" JSON_INTEGER_FORMAT, number);
        http_add_header(x, "Location", location);
    }
    if (status == HTTP_NO_CONTENT)
        http_answer(x, status, NULL, NULL, 0);
    else if (status < 400 && text != NULL)
        http_answer(x, status, "application/json", text, strlen(text));
    else
        send_problem(x, status < 400 ? HTTP_INTERNAL_SERVER_ERROR : status,
                     status == HTTP_CONFLICT ? "this book is there already" : x->request->target);
    free(text);
}

/* What is asked for, then what may be done with it; whether it is there is seen under the lock. */
static void route(struct http_exchange *x)
{
    char path[64], allow[64] = ""; /* the longest list is "GET, HEAD, PUT, DELETE" */
    const char *target = x->request->target, *id = NULL;
    size_t used = 0;

    (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target); /* no query */
    if (strncmp(path, "/books/", 7) == 0)
        id = path + 7;
    if (id == NULL && strcmp(path, "/books") != 0) {
        send_problem(x, HTTP_NOT_FOUND, target);
        return;
    }
    /* [route] */
    for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++) {
        const char *method = ROUTES[i].method;
        if (ROUTES[i].one != (id != NULL))
            continue;
        if (strcmp(method, x->request->method) == 0) {
            perform(x, &ROUTES[i], id);
            return;
        }
        const char *comma = used > 0 ? ", " : "";
        size_t room = sizeof allow - used;
        used += (size_t)snprintf(allow + used, room, "%s%s", comma, method);
    }
    http_add_header(x, "Allow", allow);
    send_problem(x, HTTP_METHOD_NOT_ALLOWED, x->request->method);
    /* [/route] */
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {{"GET", route}, {"*", route}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT");
    books = json_object();
    if (books == NULL)
        die("out of memory");
    options.handlers = handlers;
    options.workers = 16; /* a client that sends its book slowly keeps one of them busy */
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    json_decref(books);
    finish(EXIT_SUCCESS);
}
