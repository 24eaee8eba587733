/*
 * members: an API for members only, and not always in the mood. What lessons try a client with that
 * logs in, keeps its session and has to cope with errors.
 *
 *   build/members USER PASSWORD REQUESTS PORT
 *
 *   POST /login        a form with user and password: 204, and a cookie that is good for REQUESTS
 *   GET /notes         all of them, as JSON
 *   POST /notes        {"text": …}: 201, 415 for no JSON, 400 for a malformed one, 422 for another
 *   GET, DELETE /notes/N
 *   GET /busy          503 with Retry-After the first time, then 200
 *
 * Without a session all but /login is answered with 401. Errors are RFC 9457's problems.
 */
#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/cookies.h"
#include "http/forms.h"
#include "http/server.h"

enum { ID = 32 }; /* hexadecimal digits of a session */

struct members {
    struct buffer login; /* the form that lets in */
    char session[ID + 1];
    long granted, left; /* requests in a session */
    json_t *notes;      /* by number; NULL for one that was removed */
    bool was_busy;
};

static void send_json(struct http_exchange *x, int status, json_t *value, const char *type)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;

    json_decref(value);
    if (text != NULL)
        http_answer(x, status, type, text, strlen(text));
    else
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    free(text);
}

static void send_problem(struct http_exchange *x, int status, const char *detail)
{
    send_json(x, status,
              json_pack("{s:i, s:s, s:s}", "status", status, "title", http_status_phrase(status),
                        "detail", detail),
              "application/problem+json");
}

static bool is_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && CRYPTO_memcmp(a, b, a_length) == 0;
}

/* Begins a session, in place of the one before. Returns 0 or -1. */
static int begin_session(struct http_exchange *x, struct members *members)
{
    unsigned char random[ID / 2];
    struct buffer field = {0};
    struct http_set_cookie cookie = {.name = "session",
                                     .value = members->session,
                                     .path = "/",
                                     .has_max_age = true,
                                     .max_age = 3600,
                                     .http_only = true,
                                     .same_site = HTTP_SAME_SITE_LAX};

    if (RAND_bytes(random, sizeof random) != 1)
        return -1;
    for (size_t i = 0; i < sizeof random; i++)
        (void)snprintf(members->session + 2 * i, 3, "%02x", random[i]); /* it has room */
    members->left = members->granted;
    int result = http_set_cookie_build(&cookie, &field, NULL);
    if (result == 0)
        http_add_header(x, "Set-Cookie", field.data);
    buffer_free(&field);
    return result;
}

static void log_in(struct http_exchange *x)
{
    struct members *members = x->context;
    struct buffer form = {0};

    if (http_read_whole(x, &form) == -1)
        return;
    if (!is_same(buffer_text(&form), form.length, members->login.data, members->login.length))
        send_problem(x, HTTP_UNAUTHORIZED, "wrong user or password");
    else if (begin_session(x, members) == 0)
        http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
    buffer_free(&form);
}

static bool has_session(struct http_exchange *x)
{
    struct members *members = x->context;
    const char *field = http_headers_get(&x->request->headers, "Cookie"), *id;
    struct http_cookies cookies = {0};

    if (members->left == 0 || field == NULL || http_cookies_parse(&cookies, field) == -1)
        return false;
    id = http_cookies_get(&cookies, "session");
    bool good = id != NULL && is_same(id, strlen(id), members->session, ID);
    http_cookies_free(&cookies);
    members->left -= good;
    return good;
}

static void send_notes(struct http_exchange *x, const struct members *members)
{
    json_t *list = json_array(), *note;
    size_t i;

    json_array_foreach(members->notes, i, note)
    {
        if (!json_is_null(note) && json_array_append(list, note) == -1)
            http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    }
    send_json(x, HTTP_OK, list, "application/json");
}

static void add_note(struct http_exchange *x, struct members *members)
{
    const char *type = http_headers_get(&x->request->headers, "Content-Type"), *text;
    struct buffer body = {0};
    json_error_t error = {0};
    size_t number = json_array_size(members->notes) + 1;
    char path[48];

    if (type == NULL || strcmp(type, "application/json") != 0) {
        send_problem(x, HTTP_UNSUPPORTED_MEDIA_TYPE, "a note is sent as application/json");
        return;
    }
    if (http_read_whole(x, &body) == -1)
        return;
    json_t *value = json_loadb(buffer_text(&body), body.length, JSON_REJECT_DUPLICATES, &error);
    buffer_free(&body);
    if (value == NULL) {
        send_problem(x, HTTP_BAD_REQUEST, error.text);
    } else if (json_unpack_ex(value, NULL, JSON_STRICT, "{s:s}", "text", &text) == -1) {
        send_problem(x, HTTP_UNPROCESSABLE_CONTENT, "a note has a text, and nothing else");
    } else if (json_object_set_new(value, "number", json_integer((json_int_t)number)) == -1 ||
               json_array_append(members->notes, value) == -1) {
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    } else {
        (void)snprintf(path, sizeof path, "/notes/%zu", number); /* it has room */
        http_add_header(x, "Location", path);
        send_json(x, HTTP_CREATED, json_incref(value), "application/json");
    }
    json_decref(value);
}

static void use_note(struct http_exchange *x, struct members *members, const char *text)
{
    bool removes = strcmp(x->request->method, "DELETE") == 0;
    long number;
    json_t *note = NULL;

    if (number_parse(text, 1, INT32_MAX, &number))
        note = json_array_get(members->notes, (size_t)number - 1);
    if (note == NULL || json_is_null(note))
        send_problem(x, HTTP_NOT_FOUND, "there is no such note");
    else if (!removes)
        send_json(x, HTTP_OK, json_incref(note), "application/json");
    else if (json_array_set_new(members->notes, (size_t)number - 1, json_null()) == 0)
        http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
}

static void be_busy(struct http_exchange *x, struct members *members)
{
    if (!members->was_busy) {
        http_add_header(x, "Retry-After", "1");
        send_problem(x, HTTP_SERVICE_UNAVAILABLE, "not now");
    } else {
        send_json(x, HTTP_OK, json_pack("{s:b}", "busy", 0), "application/json");
    }
    members->was_busy = !members->was_busy;
}

static void answer(struct http_exchange *x)
{
    struct members *members = x->context;
    const char *path = x->request->target;
    bool post = strcmp(x->request->method, "POST") == 0;

    if (post && strcmp(path, "/login") == 0)
        log_in(x);
    else if (!has_session(x))
        send_problem(x, HTTP_UNAUTHORIZED, "log in first");
    else if (strcmp(path, "/notes") == 0 && post)
        add_note(x, members);
    else if (strcmp(path, "/notes") == 0)
        send_notes(x, members);
    else if (strncmp(path, "/notes/", 7) == 0 && !post)
        use_note(x, members, path + 7);
    else if (strcmp(path, "/busy") == 0)
        be_busy(x, members);
    else
        send_problem(x, HTTP_NOT_FOUND, path);
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {
        {"GET", answer}, {"POST", answer}, {"DELETE", answer}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct members members = {.notes = json_array()};
    struct error error;
    long port;

    if (argc != 5 || !number_parse(argv[3], 1, INT32_MAX, &members.granted) ||
        !number_parse(argv[4], 0, UINT16_MAX, &port))
        die_usage("USER PASSWORD REQUESTS PORT");
    if (http_form_add(&members.login, "user", argv[1]) == -1 ||
        http_form_add(&members.login, "password", argv[2]) == -1 || members.notes == NULL)
        die("out of memory");
    options.handlers = handlers;
    options.context = &members;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    json_decref(members.notes);
    buffer_free(&members.login);
    return EXIT_SUCCESS;
}
