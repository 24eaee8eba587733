/*
 * 1.14  Threaded server
 *
 * Serves many clients at once, each in a thread or in a process of its own, until told to stop.
 *
 * Python:  socketserver.ThreadingTCPServer, ForkingTCPServer, serve_forever(), shutdown()
 * Usage:   14_threaded_server [--fork] PORT [LIMIT]    LIMIT: so many clients at once
 * See:     pthreads(7), pthread_create(3), pthread_join(3), fork(2), waitpid(2), mmap(2), signal(7)
 * Leaves out: time limits: a client that says nothing keeps its place for ever (lesson 1.08 has the
 *          cure); how a conversation or a child ended; and a pool of workers started beforehand,
 *          which saves the start of each.
 */
#define _GNU_SOURCE /* accept4() and MAP_ANONYMOUS */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

enum { PLACES = 1000 };

struct client {
    bool busy; /* this place is taken; the main thread alone decides */
    long number;
    int fd;
    pthread_t thread;
    atomic_bool ended; /* said by the thread, last of all */
    pid_t child;
};

static struct client clients[PLACES];
static long limit = PLACES, at_once, so_far;
static bool forks;
static atomic_llong *total; /* bytes of all clients, in memory that children share */

/* [serve] A client's whole conversation. It may last as long as the client likes. */
static void serve(const struct client *client)
{
    char block[16384];
    ssize_t n;

    while ((n = recv(client->fd, block, sizeof block, 0)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        for (ssize_t i = 0; i < n; i++)
            block[i] = (char)toupper((unsigned char)block[i]);
        if (n == -1 || tcp_send_all(client->fd, block, (size_t)n) == -1)
            break;
        *total += n;
    }
    printf("client %ld has left\n", client->number);
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop serving */
}
/* [/serve] */

static void *on_client(void *data)
{
    struct client *client = data;

    serve(client);
    client->ended = true;
    (void)kill(getpid(), SIGCHLD); /* as the kernel says it of a child; to oneself it cannot fail */
    return NULL;
}

/* [child] SIGTERM must end it: for the parent that is the only way to stop it. */
static _Noreturn void be_child(const struct client *client, int listener)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};

    (void)close(listener); /* the parent's: else the port is taken as long as this client stays */
    (void)sigaction(SIGTERM, &plain, NULL); /* these two fail for wrong numbers only */
    (void)sigprocmask(SIG_SETMASK, stop_mask(), NULL);
    serve(client);
    _exit(EXIT_SUCCESS); /* not exit(): what main() would tidy up is the parent's */
}
/* [/child] */

/* [begin] Starts somebody to serve the client. False and errno: the system is short. */
static bool begin(struct client *client, int listener)
{
    if (!forks) {
        errno = pthread_create(&client->thread, NULL, on_client, client);
        return errno == 0;
    }
    client->child = fork();
    if (client->child == 0)
        be_child(client, listener);
    if (client->child != -1)
        (void)close(client->fd); /* or the client sees no end */
    return client->child != -1;
}
/* [/begin] */

/* [collect] Whether the client's thread or child has ended, if need be after waiting for it. */
static bool has_ended(struct client *client, bool wait)
{
    if (forks)
        return waitpid(client->child, NULL, wait ? 0 : WNOHANG) > 0;
    if (!wait && !client->ended)
        return false;
    /* It fails for a thread that was joined before: not here. */
    (void)pthread_join(client->thread, NULL);
    (void)close(client->fd); /* what was to be sent is on its way */
    return true;
}

/* Asks everybody: one SIGCHLD may stand for several that have ended. */
static void collect(bool wait)
{
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && has_ended(&clients[i], wait)) {
            clients[i].busy = false;
            at_once--;
        }
}
/* [/collect] */

/* [take] Takes the next client; there is a place. Where the system is short, tries again soon. */
static void take_client(int listener)
{
    struct client *place = clients;

    while (place->busy)
        place++;
    place->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (place->fd == -1 && errno != EAGAIN && errno != ECONNABORTED) {
        report_errno("cannot accept for now");
        (void)stop_wait(-1, 0, 100); /* it stays queued: no busy loop around accept4() */
    }
    if (place->fd == -1)
        return;
    place->number = ++so_far;
    place->ended = false;
    while (!begin(place, listener)) {
        report_errno("no %s for now", forks ? "process" : "thread");
        if (stop_wait(-1, 0, 100) == -1) {
            (void)close(place->fd); /* nothing was sent */
            return;
        }
        collect(false); /* whoever has ended makes room */
    }
    place->busy = true;
    at_once++;
}
/* [/take] */

/* [run] Whoever ends after collect() ends the sleep: SIGCHLD is held until then. */
static void run(int listener)
{
    while (!stop_asked()) {
        collect(false);
        if (stop_wait(at_once < limit ? listener : -1, POLLIN, -1) == 1)
            take_client(listener);
    }
}
/* [/run] */

/* [stop] Ends the conversations, and waits until everybody has gone. */
static void stop_all(void)
{
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && forks)
            (void)kill(clients[i].child, SIGTERM); /* not reaped yet: the number is still its own */
        else if (clients[i].busy)
            (void)shutdown(clients[i].fd, SHUT_RDWR); /* wakes its thread; fails if it is over */
    collect(true);
}
/* [/stop] */

static void on_ended(int number)
{
    (void)number; /* its only purpose is to end stop_wait() */
}

int main(int argc, char **argv)
{
    const struct sigaction wake = {.sa_handler = on_ended};
    struct error error;
    sigset_t held;
    long port;

    forks = argc > 1 && strcmp(argv[1], "--fork") == 0;
    argc -= forks;
    argv += forks;
    if (argc < 2 || argc > 3 || !number_parse(argv[1], 0, UINT16_MAX, &port) ||
        (argc == 3 && !number_parse(argv[2], 1, PLACES, &limit)))
        die_usage("[--fork] PORT [LIMIT]");
    total = mmap(NULL, sizeof *total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (total == MAP_FAILED)
        die_errno("mmap");
    /* SIGCHLD is held like SIGTERM, and let in while stop_wait() sleeps. */
    (void)sigemptyset(&held); /* these four fail for wrong numbers only */
    (void)sigaddset(&held, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &held, NULL);
    (void)sigaction(SIGCHLD, &wake, NULL);
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    run(listener);
    (void)close(listener);
    stop_all();
    printf("%ld clients, %lld bytes, nobody left\n", so_far, (long long)*total);
    return EXIT_SUCCESS;
}
