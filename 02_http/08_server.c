/*
 * 2.08  Simple web server
 *
 * Answers each method by a function of its own, keeps a note, and logs what it did.
 *
 * Python:  http.server.HTTPServer, BaseHTTPRequestHandler: do_GET(), send_response(), send_error()
 * Usage:   08_server [--quiet] PORT
 * See:     RFC 9110 sections 9.3 and 15; RFC 9112 section 9
 * Leaves out: files (lesson 2.09), JSON (2.10), serving side by side (2.11), TLS (2.12).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

static const char TEXT[] = "text/plain; charset=utf-8";
static struct buffer note; /* what the last PUT brought */
static bool has_note;

static bool is_path(const struct http_exchange *x, const char *path)
{
    return strcmp(x->request->target, path) == 0;
}

/* [hello] A response in one call: status, type, and a body whose length is known. */
static void send_hello(struct http_exchange *x)
{
    static const char HELLO[] = "hello, world\n";

    http_answer(x, HTTP_OK, TEXT, HELLO, sizeof HELLO - 1);
}
/* [/hello] */

/* [request] A response step by step. Its length is not known beforehand: it goes in chunks. */
static void send_request_back(struct http_exchange *x)
{
    const struct http_field *field = x->request->headers.fields;

    http_send_response(x, HTTP_OK);
    http_send_header(x, "Content-Type", TEXT);
    http_end_headers(x);
    http_print_body(x, "%s %s\n", x->request->method, x->request->target);
    for (size_t i = 0; i < x->request->headers.count; i++, field++)
        http_print_body(x, "%s: %s\n", field->name, field->value);
}
/* [/request] */

/* [get] */
static void do_get(struct http_exchange *x) /* and HEAD: the server leaves out the body */
{
    if (is_path(x, "/hello"))
        send_hello(x);
    else if (is_path(x, "/request"))
        send_request_back(x);
    else if (is_path(x, "/note") && has_note)
        http_answer(x, HTTP_OK, TEXT, note.data, note.length);
    else
        http_send_error(x, HTTP_NOT_FOUND, NULL);
}
/* [/get] */

/* [post] Sends the body back. */
static void do_post(struct http_exchange *x)
{
    const char *type = http_headers_get(&x->request->headers, "Content-Type");
    struct buffer body = {0};

    if (!is_path(x, "/echo"))
        http_send_error(x, HTTP_NOT_FOUND, NULL);
    else if (http_read_whole(x, &body) == 0)
        http_answer(x, HTTP_OK, type, body.data, body.length);
    buffer_free(&body);
}
/* [/post] */

/* [put] Keeps the body in place of the last one, or leaves all as it was. */
static void do_put(struct http_exchange *x)
{
    struct buffer body = {0};

    if (!is_path(x, "/note")) {
        http_send_error(x, HTTP_FORBIDDEN, "There is one note here, /note");
    } else if (http_read_whole(x, &body) == 0) {
        int status = has_note ? HTTP_NO_CONTENT : HTTP_CREATED;
        buffer_free(&note);
        note = body;
        has_note = true;
        http_answer(x, status, NULL, NULL, 0);
        return;
    }
    buffer_free(&body);
}
/* [/put] */

static void do_delete(struct http_exchange *x)
{
    if (!is_path(x, "/note") || !has_note) {
        http_send_error(x, HTTP_NOT_FOUND, NULL);
        return;
    }
    buffer_free(&note);
    has_note = false;
    http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
}

/* [main] */
int main(int argc, char **argv)
{
    static const struct http_handler HANDLERS[] = {
        {"GET", do_get}, {"POST", do_post}, {"PUT", do_put}, {"DELETE", do_delete}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    bool quiet = argc == 3 && strcmp(argv[1], "--quiet") == 0;
    long port;

    if (argc != (quiet ? 3 : 2) || !number_parse(argv[argc - 1], 0, UINT16_MAX, &port))
        die_usage("[--quiet] PORT");
    options.handlers = HANDLERS;
    options.log = quiet ? NULL : http_log_file;
    options.log_context = stderr;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    buffer_free(&note);
    return EXIT_SUCCESS;
}
/* [/main] */
