/*
 * 2.09  File server
 *
 * Serves the files below a folder, and nothing from beside it, whatever the request's path says.
 *
 * Python:  python -m http.server, http.server.SimpleHTTPRequestHandler
 * Usage:   09_file_server [--all] PORT [FOLDER]
 * See:     RFC 9110 sections 8.8, 13 and 14; RFC 3986 section 5.2.4; openat2(2), sendfile(2)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/files.h"
#include "http/server.h"

/* HEAD comes here too: the server sends no body then. */
static void do_get(struct http_exchange *x)
{
    http_files_answer(x, x->context);
}

/* Reading is all that a file server allows. */
static void do_other(struct http_exchange *x)
{
    http_add_header(x, "Allow", "GET, HEAD");
    http_send_error(x, HTTP_METHOD_NOT_ALLOWED, NULL);
}

static const struct http_handler HANDLERS[] = {{"GET", do_get}, {"*", do_other}, {NULL, NULL}};

int main(int argc, char **argv)
{
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct http_files files;
    struct error error;
    bool all = argc > 2 && strcmp(argv[1], "--all") == 0;
    long port;

    argc -= all;
    argv += all;
    if (argc < 2 || argc > 3 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("[--all] PORT [FOLDER]");
    if (http_files_init(&files, argc == 3 ? argv[2] : ".", &error) == -1)
        die("%s", error.text);
    files.dot_files = all;
    options.handlers = HANDLERS;
    options.context = &files;
    options.log = http_log_file;
    options.log_context = stdout;
    options.workers = 64; /* one that sends to a slow client is busy until that has it all */
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    http_files_close(&files);
    finish(EXIT_SUCCESS);
}
