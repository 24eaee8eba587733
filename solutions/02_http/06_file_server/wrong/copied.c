/* fails: file types names traversal nul symlinks hidden folders special tags none-match since ranges past-the-end if-range gzip gzip-age gzip-tags gzip-odd head one-connection methods large no-descriptors no-folder leaks descriptors rude-peers */
/*
 * Exercise 2.6  File server
 *
 * Lesson 2.08's server, which opens what it is asked for.
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

enum { MOST = 1 << 20 };

static const char TEXT[] = "text/plain; charset=utf-8";
static const char *folder;

static void do_get(struct http_exchange *x) /* and HEAD: the server leaves out the body */
{
    struct buffer path = {0}, bytes = {0};

    if (buffer_print(&path, "%s%s", folder, x->request->target) == -1 ||
        buffer_add_file(&bytes, path.data, MOST) == -1)
        http_send_error(x, HTTP_NOT_FOUND, NULL);
    else
        http_answer(x, HTTP_OK, TEXT, bytes.data, bytes.length);
    buffer_free(&path);
    buffer_free(&bytes);
}

int main(int argc, char **argv)
{
    static const struct http_handler HANDLERS[] = {{"GET", do_get}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 3 || !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("FOLDER PORT");
    folder = argv[1];
    options.handlers = HANDLERS;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    return EXIT_SUCCESS;
}
