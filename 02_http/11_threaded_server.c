/*
 * 2.11  Server with a pool of workers
 *
 * Answers several requests at once, keeps silent connections for a while, and stops in order.
 *
 * Python:  http.server.ThreadingHTTPServer, timeout, server_close()
 * Usage:   11_threaded_server [--quiet] [--workers N] [--idle MILLISECONDS] PORT
 * See:     RFC 9112 section 9; pthread_mutex_lock(3p), epoll(7), epoll_ctl(2) for EPOLLONESHOT
 * Leaves out: more threads when all are busy: the next request waits until one is free.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
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

/* [account] What handlers share. They run in several threads: only under the lock. */
struct account {
    pthread_mutex_t lock;
    long long balance;
};

static long long change(struct account *account, long amount)
{
    (void)pthread_mutex_lock(&account->lock); /* a plain one: never fails */
    long long balance = account->balance += amount;
    (void)pthread_mutex_unlock(&account->lock);
    return balance;
}
/* [/account] */

static void send_balance(struct http_exchange *x, long long balance)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%lld\n", balance);

    http_answer(x, HTTP_OK, "text/plain", text, (size_t)length);
}

static void do_get(struct http_exchange *x)
{
    if (strcmp(x->request->target, "/hello") == 0)
        http_answer(x, HTTP_OK, "text/plain", "hello, world\n", 13);
    else if (strcmp(x->request->target, "/account") == 0)
        send_balance(x, change(x->context, 0));
    else
        http_send_error(x, HTTP_NOT_FOUND, NULL);
}

/* [post] While this waits for a slow body, it is this worker alone that waits. */
static void do_post(struct http_exchange *x)
{
    struct buffer body = {0};
    long amount;

    if (strcmp(x->request->target, "/account") != 0)
        http_send_error(x, HTTP_NOT_FOUND, NULL);
    else if (http_read_whole(x, &body) == -1)
        (void)0; /* the server answers with what was wrong */
    else if (number_parse(buffer_text(&body), -1000000, 1000000, &amount))
        send_balance(x, change(x->context, amount));
    else
        http_send_error(x, HTTP_UNPROCESSABLE_CONTENT, "not a number, or too large");
    buffer_free(&body);
}
/* [/post] */

static void parse_options(int argc, char **argv, struct http_server_options *options)
{
    static const struct option NAMES[] = {{"quiet", no_argument, NULL, 'q'},
                                          {"workers", required_argument, NULL, 'w'},
                                          {"idle", required_argument, NULL, 'i'},
                                          {0}};
    bool good = true;
    long number;

    for (int c; good && (c = getopt_long(argc, argv, "+", NAMES, NULL)) != -1;) {
        if (c == 'q') {
            options->log = NULL;
        } else if (c == 'w' && number_parse(optarg, 1, 1000, &number)) {
            options->workers = (unsigned)number;
        } else if (c == 'i' && number_parse(optarg, 1, 3600000, &number)) {
            options->idle_ms = (int)number;
        } else {
            good = false;
        }
    }
    if (!good || optind != argc - 1)
        die_usage("[--quiet] [--workers N] [--idle MILLISECONDS] PORT");
}

/* [main] */
int main(int argc, char **argv)
{
    static const struct http_handler HANDLERS[] = {
        {"GET", do_get}, {"POST", do_post}, {NULL, NULL}};
    struct account account = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    options.handlers = HANDLERS;
    options.context = &account;
    options.log = http_log_file;
    options.log_context = stderr;
    options.workers = 8;
    parse_options(argc, argv, &options);
    if (!number_parse(argv[argc - 1], 0, UINT16_MAX, &port))
        die("PORT is a number from 0 to 65535");
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    printf("balance: %lld\n", account.balance);
    finish(EXIT_SUCCESS);
}
/* [/main] */
