/*
 * Exercise 2.7  Stock room
 *
 * The tag is a digest of the item: no number to count, and none to remember. A function for each
 * method, and a lock that many may hold who only read.
 */
#include <jansson.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

enum { MOST = 1000, BODY = 4096, TAG = 2 * EVP_MAX_MD_SIZE + 3, PATH = 64 };

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static json_t *items; /* by path: "/items/i7" */
static unsigned long long last;

/* The item as text, for the caller to free, and its tag. NULL when memory is short. */
static char *describe(const json_t *item, char tag[TAG])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0; /* 32 */
    char *text = json_dumps(item, JSON_COMPACT | JSON_SORT_KEYS);

    if (text == NULL || EVP_Digest(text, strlen(text), digest, &length, EVP_sha256(), NULL) != 1) {
        free(text);
        return NULL;
    }
    tag[0] = '"';
    for (size_t i = 0; i < length; i++)
        (void)snprintf(tag + 1 + 2 * i, 3, "%02x", digest[i]); /* two digits and a NUL always fit */
    memcpy(tag + 1 + 2 * (size_t)length, "\"", 2);
    return text;
}

static void answer(struct http_exchange *x, int status, const json_t *item)
{
    char tag[TAG], *text = describe(item, tag);

    if (text == NULL) {
        http_send_error(x, HTTP_SERVICE_UNAVAILABLE, NULL);
        return;
    }
    http_add_header(x, "ETag", tag);
    http_answer(x, status, "application/json", text, strlen(text));
    free(text);
}

static bool is_item(const json_t *value)
{
    const json_t *name = json_object_get(value, "name"), *count = json_object_get(value, "count");

    return json_object_size(value) == 2 && json_is_string(name) && json_is_integer(count) &&
           json_string_length(name) >= 1 && json_string_length(name) <= 100 &&
           json_integer_value(count) >= 0 && json_integer_value(count) <= 1000000000;
}

static json_t *read_item(struct http_exchange *x)
{
    struct buffer body = {0};
    const char *type = http_headers_get(&x->request->headers, "Content-Type");
    size_t length = type == NULL ? 0 : strcspn(type, "; \t");
    json_t *value = NULL;

    if (!http_same_text(type == NULL ? "" : type, length, "application/json", 16)) {
        http_send_error(x, HTTP_UNSUPPORTED_MEDIA_TYPE, NULL);
        return NULL;
    }
    x->body_limit = BODY;
    if (http_read_whole(x, &body) == 0) { /* else the server answers */
        value = json_loadb(buffer_text(&body), body.length, JSON_REJECT_DUPLICATES, NULL);
        if (value == NULL || !is_item(value)) {
            http_send_error(x, value == NULL ? HTTP_BAD_REQUEST : HTTP_UNPROCESSABLE_CONTENT, NULL);
            json_decref(value);
            value = NULL;
        }
    }
    buffer_free(&body);
    return value;
}

static bool is_one(const char *target)
{
    return strncmp(target, "/items/", 7) == 0;
}

static void refuse_method(struct http_exchange *x)
{
    const char *target = x->request->target;

    if (!is_one(target) && strcmp(target, "/items") != 0) {
        http_send_error(x, HTTP_NOT_FOUND, NULL);
        return;
    }
    http_add_header(x, "Allow", is_one(target) ? "DELETE, GET, HEAD, PUT" : "POST");
    http_send_error(x, HTTP_METHOD_NOT_ALLOWED, NULL);
}

static void do_post(struct http_exchange *x)
{
    char path[PATH] = "";
    json_t *item;

    if (strcmp(x->request->target, "/items") != 0) {
        refuse_method(x);
        return;
    }
    item = read_item(x);
    if (item == NULL)
        return;
    (void)pthread_rwlock_wrlock(&lock); /* cannot fail here, nor can the others */
    if (json_object_size(items) < MOST) {
        (void)snprintf(path, sizeof path, "/items/i%llu", ++last); /* it fits */
        if (json_object_set_new(items, path, json_deep_copy(item)) == -1)
            path[0] = '\0';
    }
    (void)pthread_rwlock_unlock(&lock);
    if (path[0] != '\0') {
        http_add_header(x, "Location", path);
        answer(x, HTTP_CREATED, item);
    } else {
        http_send_error(x, HTTP_INSUFFICIENT_STORAGE, NULL);
    }
    json_decref(item);
}

static void do_get(struct http_exchange *x)
{
    if (!is_one(x->request->target)) {
        refuse_method(x);
        return;
    }
    (void)pthread_rwlock_rdlock(&lock);
    json_t *item = json_deep_copy(json_object_get(items, x->request->target));
    (void)pthread_rwlock_unlock(&lock);
    if (item != NULL)
        answer(x, HTTP_OK, item);
    else
        http_send_error(x, HTTP_NOT_FOUND, NULL);
    json_decref(item);
}

/* What a PUT or DELETE of the item there would be answered with. */
static int judge(const struct http_headers *headers, const json_t *item)
{
    size_t position = 0, length;
    char tag[TAG], *text = item != NULL ? describe(item, tag) : NULL;
    const char *member;
    int status = HTTP_PRECONDITION_FAILED;

    if (text == NULL)
        return item == NULL ? HTTP_NOT_FOUND : HTTP_SERVICE_UNAVAILABLE;
    free(text);
    for (const char *at; (at = http_headers_next(headers, "If-Match", &position)) != NULL;)
        while (http_list_next(&at, &member, &length))
            if ((length == strlen(tag) && strncmp(member, tag, length) == 0) ||
                (length == 1 && *member == '*'))
                status = HTTP_OK;
    return status;
}

/* Puts item in place of the one there; NULL: nothing. */
static void replace(struct http_exchange *x, const json_t *item)
{
    const char *path = x->request->target;

    (void)pthread_rwlock_wrlock(&lock);
    int status = judge(&x->request->headers, json_object_get(items, path));
    if (status == HTTP_OK && (item != NULL ? json_object_set_new(items, path, json_deep_copy(item))
                                           : json_object_del(items, path)) == -1)
        status = HTTP_SERVICE_UNAVAILABLE;
    (void)pthread_rwlock_unlock(&lock);
    if (status != HTTP_OK)
        http_send_error(x, status, NULL);
    else if (item != NULL)
        answer(x, HTTP_OK, item);
    else
        http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
}

static void do_change(struct http_exchange *x)
{
    bool is_put = strcmp(x->request->method, "PUT") == 0;

    if (!is_one(x->request->target)) {
        refuse_method(x);
    } else if (http_headers_count(&x->request->headers, "If-Match") == 0) {
        http_send_error(x, HTTP_PRECONDITION_REQUIRED, NULL);
    } else {
        json_t *item = is_put ? read_item(x) : NULL;
        if (item != NULL || !is_put)
            replace(x, item);
        json_decref(item);
    }
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {{"GET", do_get},      {"POST", do_post},
                                                   {"PUT", do_change},   {"DELETE", do_change},
                                                   {"*", refuse_method}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT");
    items = json_object();
    if (items == NULL)
        die("out of memory");
    options.handlers = handlers;
    options.workers = 64;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    json_decref(items);
    return 0;
}
