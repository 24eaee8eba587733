/* fails: slow-clients */
/*
 * Exercise 2.7  Stock room
 *
 * Has lesson 2.10's sixteen workers: thirty slow clients hold them all.
 */
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

enum { MOST = 1000, BODY = 4096, NAME = 100, COUNT = 1000000000, TAG = 64, ID = 24 };

struct item {
    char id[ID];
    char tag[TAG]; /* with its quotes */
    json_t *value;
};

struct store {
    pthread_mutex_t lock; /* of all below; held from the look at a tag to the change */
    struct item items[MOST];
    size_t count;
    unsigned long long ids, changes;
    uint64_t run; /* no two runs of the program give the same tags */
};

/* What is to be sent, made under the lock. */
struct answer {
    int status;
    char id[ID], tag[TAG];
    char *text; /* or NULL */
};

/* ---- the request ---- */

static bool is_json(const char *type)
{
    return type != NULL && strncasecmp(type, "application/json", 16) == 0 &&
           strchr("; \t", type[16]) != NULL;
}

static bool is_item(json_t *value)
{
    const char *name;
    json_int_t count;

    return json_unpack_ex(value, NULL, JSON_STRICT, "{s:s, s:I}", "name", &name, "count", &count) ==
               0 &&
           *name != '\0' && strlen(name) <= NAME && count >= 0 && count <= COUNT;
}

/* The item in the body, or NULL when the request has been answered. */
static json_t *read_item(struct http_exchange *x)
{
    struct buffer body = {0};
    json_error_t error = {0};
    json_t *value = NULL;

    if (!is_json(http_headers_get(&x->request->headers, "Content-Type"))) {
        http_send_error(x, HTTP_UNSUPPORTED_MEDIA_TYPE, "An item is sent as application/json.");
        return NULL;
    }
    x->body_limit = BODY;
    if (http_read_whole(x, &body) == 0) { /* else the server answers */
        value = json_loadb(buffer_text(&body), body.length, JSON_REJECT_DUPLICATES, &error);
        if (value == NULL) {
            http_send_error(x, HTTP_BAD_REQUEST, error.text);
        } else if (!is_item(value)) {
            http_send_error(x, HTTP_UNPROCESSABLE_CONTENT, "That is no item.");
            json_decref(value);
            value = NULL;
        }
    }
    buffer_free(&body);
    return value;
}

/* Whether a field If-Match names this tag, or any. A weak tag is another text. */
static bool matches(const struct http_headers *headers, const char *tag)
{
    size_t position = 0, length;
    const char *member;

    for (const char *at; (at = http_headers_next(headers, "If-Match", &position)) != NULL;)
        while (http_list_next(&at, &member, &length))
            if ((length == 1 && *member == '*') ||
                (length == strlen(tag) && memcmp(member, tag, length) == 0))
                return true;
    return false;
}

/* ---- under the lock ---- */

static struct item *find(struct store *store, const char *id)
{
    for (size_t i = 0; i < store->count; i++)
        if (strcmp(store->items[i].id, id) == 0)
            return &store->items[i];
    return NULL;
}

/* Gives the item this value, which it keeps, and a tag that none had. */
static void set(struct store *store, struct item *item, json_t *value)
{
    json_decref(item->value);
    item->value = json_incref(value);
    (void)snprintf(item->tag, sizeof item->tag, "\"%016llx-%llu\"", (unsigned long long)store->run,
                   ++store->changes); /* 40 bytes at most */
}

static int create(struct store *store, struct item **item, json_t *value)
{
    if (store->count == MOST)
        return HTTP_INSUFFICIENT_STORAGE;
    *item = &store->items[store->count++];
    (*item)->value = NULL;
    (void)snprintf((*item)->id, sizeof(*item)->id, "%llu", ++store->ids); /* 20 digits at most */
    set(store, *item, value);
    return HTTP_CREATED;
}

static int show(struct store *store, struct item **item, json_t *value)
{
    (void)store;
    (void)item;
    (void)value;
    return HTTP_OK;
}

static int replace(struct store *store, struct item **item, json_t *value)
{
    set(store, *item, value);
    return HTTP_OK;
}

static int discard(struct store *store, struct item **item, json_t *value)
{
    (void)value;
    json_decref((*item)->value);
    **item = store->items[--store->count];
    *item = NULL;
    return HTTP_NO_CONTENT;
}

/* ---- which of it is asked for ---- */

static const struct route {
    const char *method;
    bool one;     /* of "/items/ID"; else of "/items" */
    bool body;    /* an item is sent */
    bool guarded; /* by If-Match */
    int (*handle)(struct store *store, struct item **item, json_t *value);
} ROUTES[] = {
    {"POST", false, true, false, create},   {"GET", true, false, false, show},
    {"HEAD", true, false, false, show},     {"PUT", true, true, true, replace},
    {"DELETE", true, false, true, discard},
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof ROUTES[0] };

/* Looks, decides and acts, with nobody in between. */
static void act(struct http_exchange *x, const struct route *route, const char *id, json_t *value,
                struct answer *answer)
{
    struct store *store = x->context;

    (void)pthread_mutex_lock(&store->lock); /* cannot fail here */
    struct item *item = id != NULL ? find(store, id) : NULL;
    if (id != NULL && item == NULL)
        answer->status = HTTP_NOT_FOUND;
    else if (item != NULL && route->guarded && !matches(&x->request->headers, item->tag))
        answer->status = HTTP_PRECONDITION_FAILED;
    else
        answer->status = route->handle(store, &item, value);
    if (answer->status < 300 && item != NULL) {
        answer->text = json_dumps(item->value, JSON_COMPACT);
        memcpy(answer->id, item->id, sizeof answer->id);
        memcpy(answer->tag, item->tag, sizeof answer->tag);
    }
    (void)pthread_mutex_unlock(&store->lock);
}

static void perform(struct http_exchange *x, const struct route *route, const char *id)
{
    struct answer answer = {0};
    char path[ID + 8];

    if (route->guarded && http_headers_get(&x->request->headers, "If-Match") == NULL) {
        http_send_error(x, HTTP_PRECONDITION_REQUIRED, "Say with If-Match what you have seen.");
        return;
    }
    json_t *value = route->body ? read_item(x) : NULL;
    if (route->body && value == NULL)
        return;
    act(x, route, id, value, &answer);
    json_decref(value);
    if (answer.status == HTTP_CREATED) {
        (void)snprintf(path, sizeof path, "/items/%s", answer.id); /* it fits */
        http_add_header(x, "Location", path);
    }
    if (answer.text != NULL) {
        http_add_header(x, "ETag", answer.tag);
        http_answer(x, answer.status, "application/json", answer.text, strlen(answer.text));
    } else if (answer.status == HTTP_NO_CONTENT) {
        http_answer(x, answer.status, NULL, NULL, 0);
    } else {
        http_send_error(x, answer.status < 300 ? HTTP_INTERNAL_SERVER_ERROR : answer.status, NULL);
    }
    free(answer.text);
}

static void route(struct http_exchange *x)
{
    const char *target = x->request->target, *id = NULL;
    char allow[64] = "";

    if (strncmp(target, "/items/", 7) == 0) {
        id = target + 7;
    } else if (strcmp(target, "/items") != 0) {
        http_send_error(x, HTTP_NOT_FOUND, NULL);
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
                       ROUTES[i].method); /* the table's names are short */
    }
    http_add_header(x, "Allow", allow);
    http_send_error(x, HTTP_METHOD_NOT_ALLOWED, NULL);
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {{"*", route}, {NULL, NULL}};
    static struct store store = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT");
    if (getrandom(&store.run, sizeof store.run, 0) != (ssize_t)sizeof store.run)
        die_errno("getrandom");
    options.handlers = handlers;
    options.context = &store;
    options.workers = 16;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    for (size_t i = 0; i < store.count; i++)
        json_decref(store.items[i].value);
    return 0;
}
