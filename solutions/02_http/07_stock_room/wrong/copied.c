/* fails: create read update delete required failed etag-changes lists almost not-an-item restart judged-late leaks slow-clients lost-update */
/*
 * Exercise 2.7  Stock room
 *
 * Lesson 2.10's server with items in place of books: of two who change one, the last wins.
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

enum { MOST = 1000, BODY = 4096 };

struct store {
    pthread_mutex_t lock;
    json_t *items; /* by id */
    json_int_t last_id;
};

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

static json_t *read_item(struct http_exchange *x)
{
    struct buffer body = {0};
    const char *type = http_headers_get(&x->request->headers, "Content-Type"), *name;
    json_error_t error = {0};
    json_t *item = NULL;
    int count;

    if (type == NULL || strncasecmp(type, "application/json", 16) != 0 ||
        strchr("; \t", type[16]) == NULL) {
        http_add_header(x, "Accept", "application/json");
        send_problem(x, HTTP_UNSUPPORTED_MEDIA_TYPE, "an item is sent as application/json");
        return NULL;
    }
    x->body_limit = BODY;
    if (http_read_whole(x, &body) == -1) {
        buffer_free(&body);
        return NULL;
    }
    item = json_loadb(buffer_text(&body), body.length, JSON_REJECT_DUPLICATES, &error);
    buffer_free(&body);
    if (item == NULL) {
        send_problem(x, HTTP_BAD_REQUEST, error.text);
    } else if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:i}", "name", &name, "count",
                              &count) == -1) {
        send_problem(x, HTTP_UNPROCESSABLE_CONTENT, "name is a text, count is an integer");
        json_decref(item);
        item = NULL;
    }
    return item;
}

static int keep(struct store *store, json_int_t number, json_t *item, json_t **value)
{
    char id[24];

    (void)snprintf(id, sizeof id, "%" JSON_INTEGER_FORMAT, number); /* 20 characters at most */
    if (json_object_set(store->items, id, item) == -1)
        return HTTP_INTERNAL_SERVER_ERROR;
    *value = json_incref(item);
    return HTTP_OK;
}

static int create_item(struct store *store, const char *id, json_t *item, json_t **value)
{
    (void)id;
    if (json_object_size(store->items) >= MOST)
        return HTTP_INSUFFICIENT_STORAGE;
    int status = keep(store, store->last_id + 1, item, value);
    if (status != HTTP_OK)
        return status;
    store->last_id++;
    return HTTP_CREATED;
}

static int show_item(struct store *store, const char *id, json_t *item, json_t **value)
{
    (void)item;
    *value = json_incref(json_object_get(store->items, id));
    return HTTP_OK;
}

static int replace_item(struct store *store, const char *id, json_t *item, json_t **value)
{
    return keep(store, strtoll(id, NULL, 10), item, value);
}

static int delete_item(struct store *store, const char *id, json_t *item, json_t **value)
{
    (void)item;
    (void)value;
    return json_object_del(store->items, id) == 0 ? HTTP_NO_CONTENT : HTTP_NOT_FOUND;
}

static const struct route {
    const char *method;
    bool one, body;
    int (*handle)(struct store *store, const char *id, json_t *item, json_t **value);
} ROUTES[] = {
    {"POST", false, true, create_item},   {"GET", true, false, show_item},
    {"HEAD", true, false, show_item},     {"PUT", true, true, replace_item},
    {"DELETE", true, false, delete_item},
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof ROUTES[0] };

static void perform(struct http_exchange *x, const struct route *route, const char *id)
{
    struct store *store = x->context;
    json_t *item = route->body ? read_item(x) : NULL, *value = NULL;
    char *text = NULL, path[32] = "";
    int status = HTTP_NOT_FOUND;

    if (route->body && item == NULL)
        return;
    (void)pthread_mutex_lock(&store->lock); /* cannot fail here */
    if (id == NULL || json_object_get(store->items, id) != NULL)
        status = route->handle(store, id, item, &value);
    if (value != NULL)
        text = json_dumps(value, JSON_COMPACT);
    json_int_t number = store->last_id;
    json_decref(value);
    json_decref(item);
    (void)pthread_mutex_unlock(&store->lock);
    if (status == HTTP_CREATED) {
        (void)snprintf(path, sizeof path, "/items/%" JSON_INTEGER_FORMAT, number);
        http_add_header(x, "Location", path);
    }
    if (status >= 400)
        send_problem(x, status, x->request->target);
    else if (status == HTTP_NO_CONTENT)
        http_answer(x, status, NULL, "", 0);
    else if (text != NULL)
        http_answer(x, status, "application/json", text, strlen(text));
    else
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    free(text);
}

static void route(struct http_exchange *x)
{
    char path[64], allow[64] = "";
    const char *target = x->request->target, *id = NULL;

    (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target);
    if (strncmp(path, "/items/", 7) == 0)
        id = path + 7;
    if (id == NULL && strcmp(path, "/items") != 0) {
        send_problem(x, HTTP_NOT_FOUND, target);
        return;
    }
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        size_t length = strlen(allow);
        if (ROUTES[i].one != (id != NULL))
            continue;
        if (strcmp(ROUTES[i].method, x->request->method) == 0) {
            perform(x, &ROUTES[i], id);
            return;
        }
        (void)snprintf(allow + length, sizeof allow - length, "%s%s", length > 0 ? ", " : "",
                       ROUTES[i].method); /* it fits */
    }
    http_add_header(x, "Allow", allow);
    send_problem(x, HTTP_METHOD_NOT_ALLOWED, x->request->method);
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
    if (store.items == NULL)
        die("out of memory");
    options.handlers = handlers;
    options.context = &store;
    options.workers = 16;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    json_decref(store.items);
    finish(EXIT_SUCCESS);
}
