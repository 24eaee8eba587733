#include "http/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "http/server_internal.h"

const struct http_server_options HTTP_SERVER_DEFAULTS = {
    .name = "workbook",
    .workers = 1,
    .connections = 10000,
    .idle_ms = 15000,
    .head_ms = 10000,
    .body_ms = 10000,
    .write_ms = 10000,
    .linger_ms = 2000,
    .stop_ms = 5000,
    .body_limit = 1 << 20,
    .limits = {.line = 8000, .fields = 100, .head = 65536},
};

/* ---- the workers ---------------------------------------------------------------------------- */

static void *run_worker(void *argument)
{
    table_loop(argument);
    return NULL;
}

static void worker_free(struct worker *worker)
{
    input_free(worker->spare);
    buffer_free(&worker->out);
    buffer_free(&worker->extra);
    buffer_free(&worker->text);
}

/* Runs them, the first in this thread, until the server has stopped. 0, or -1 and an error. */
static int run_workers(struct server *server, struct worker *workers, struct error *error)
{
    unsigned started = 1;
    int why = 0;

    for (unsigned i = 0; i < server->options->workers; i++)
        workers[i].server = server;
    for (; started < server->options->workers && why == 0; started++)
        why = pthread_create(&workers[started].thread, NULL, run_worker, &workers[started]);
    if (why == 0) {
        table_loop(&workers[0]);
    } else {
        started--; /* the last one is none */
        table_stop(server);
    }
    for (unsigned i = 1; i < started; i++)
        (void)pthread_join(workers[i].thread, NULL); /* it exists, and is joined once */
    for (unsigned i = 0; i < server->options->workers; i++)
        worker_free(&workers[i]);
    if (why == 0)
        return 0;
    errno = why;
    return error_set_errno(error, "cannot start a thread");
}

/* ---- the server ----------------------------------------------------------------------------- */

static int open_signals(void)
{
    sigset_t stop;

    (void)sigemptyset(&stop); /* these three fail for wrong signal numbers only */
    (void)sigaddset(&stop, SIGTERM);
    (void)sigaddset(&stop, SIGINT);
    return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_all(struct server *server)
{
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->signals = open_signals();
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return server->epoll == -1 || server->signals == -1 || server->wake == -1 ? -1 : 0;
}

static void close_all(struct server *server)
{
    const int all[] = {server->listener, server->epoll, server->signals, server->wake};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != -1)
            (void)close(all[i]); /* nothing was written */
    (void)pthread_mutex_destroy(&server->lock);
    (void)pthread_mutex_destroy(&server->log_lock);
    for (unsigned i = 0; i < server->touched; i++) {
        http_stream_close(server->table[i].stream);
        input_free(server->table[i].input);
    }
    free(server->table);
}

int http_serve(int listener, const struct http_server_options *options, struct error *error)
{
    struct http_server_options own = *options;
    struct server server = {.options = &own,
                            .listener = listener,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .log_lock = PTHREAD_MUTEX_INITIALIZER};
    int result = -1;

    own.workers = own.workers > 0 ? own.workers : 1;
    own.connections = own.connections > 0 ? own.connections : 1;
    struct worker *workers = calloc(own.workers, sizeof *workers);
    if (open_all(&server) == -1 || workers == NULL || table_begin(&server) == -1)
        (void)error_set_errno(error, "cannot serve");
    else
        result = run_workers(&server, workers, error);
    close_all(&server);
    free(workers);
    return result;
}
