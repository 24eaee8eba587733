/*
 * 2.17  Small writes
 *
 * Measures what it costs to send a head and the body behind it in two writes, and what helps.
 *
 * Python:  http.server, whose handlers write head and body one after the other
 * Usage:   17_small_writes [--nodelay] PORT, or 17_small_writes --ask TIMES HOST PORT
 * See:     tcp(7) for TCP_NODELAY, TCP_QUICKACK and TCP_CORK; RFC 9293 sections 3.7.4 (Nagle) and
 *          3.8.6.3 (delayed acknowledgements)
 * Leaves out: other hosts: what a round trip takes comes on top.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

static const char BODY[] = "hello, world\n";
enum { END = sizeof BODY - 1, MOST = 1000 };

/* [get] */
static void do_get(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_print_header(x, "Content-Length", "%d", END);
    http_end_headers(x);
    if (strcmp(x->request->target, "/split") == 0)
        http_flush(x); /* the head leaves now, and the body behind it */
    http_send_body(x, BODY, END);
}
/* [/get] */

/* ---- the client ------------------------------------------------------------------------------ */

/* [ask] One request and its answer on a connection that stays. */
static void ask(int fd, const char *path)
{
    char request[100], answer[1024];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: me\r\n\r\n", path);
    size_t have = 0;

    if (tcp_send_all(fd, request, (size_t)length) == -1)
        die_errno("cannot send");
    while (have < END || memcmp(answer + have - END, BODY, END) != 0) {
        ssize_t n = recv(fd, answer + have, sizeof answer - have, 0);
        if (n <= 0)
            die("the answer broke off");
        have += (size_t)n;
    }
}
/* [/ask] */

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* [measure] How long the middle one of many took, in a word: the number is never the same. */
static void measure(char **where, const char *path, long times)
{
    uint64_t took[MOST];
    struct error error;
    int fd = tcp_connect(where[0], where[1], &error);

    if (fd == -1)
        die("%s", error.text);
    for (long i = 0; i < times; i++) {
        uint64_t began = now_ns();
        ask(fd, path);
        took[i] = (now_ns() - began) / 1000000;
    }
    (void)close(fd); /* nothing is on its way */
    qsort(took, (size_t)times, sizeof *took, by_size);
    uint64_t middle = took[times / 2];
    printf("%s: %s\n", path,
           middle < 15    ? "under 15 ms a request"
           : middle < 100 ? "about 40 ms a request"
                          : "more than 100 ms a request");
}
/* [/measure] */

int main(int argc, char **argv)
{
    static const struct http_handler HANDLERS[] = {{"GET", do_get}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port, times;

    if (argc == 5 && strcmp(argv[1], "--ask") == 0 && number_parse(argv[2], 1, MOST, &times)) {
        measure(argv + 3, "/whole", times);
        measure(argv + 3, "/split", times);
        finish(EXIT_SUCCESS);
    }
    options.nagle = argc != 3 || strcmp(argv[1], "--nodelay") != 0;
    if (argc != (options.nagle ? 2 : 3) || !number_parse(argv[argc - 1], 0, UINT16_MAX, &port))
        die_usage("[--nodelay] PORT | --ask TIMES HOST PORT");
    options.handlers = HANDLERS;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    return EXIT_SUCCESS;
}
