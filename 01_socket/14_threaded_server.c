/*
 * 1.14  Threaded server
 *
 * Serves many clients at once, each in a thread or in a process of its own, until told to stop.
 *
 * Python:  socketserver.ThreadingTCPServer, ForkingTCPServer, serve_forever(), shutdown()
 * Usage:   14_threaded_server [--fork] [--limit CLIENTS] PORT
 * See:     pthreads(7), pthread_create(3), pthread_join(3), fork(2), waitpid(2), mmap(2), signal(7)
 * Leaves out: time limits: a client that says nothing keeps its place for ever. Lesson 1.08 has the
 *          cure. And a pool of workers started beforehand, which saves the start of each.
 */
#define _GNU_SOURCE /* accept4(), ppoll() and MAP_ANONYMOUS */
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

struct client {
    bool busy; /* this place is taken; the main thread alone decides */
    long number;
    int fd;
    pthread_t thread;
    atomic_bool ended; /* said by the thread, last of all */
    pid_t child;
};

static struct client *clients; /* limit places */
static long limit = 1000, at_once, so_far;
static bool forks;
static pthread_t main_thread;
static int in_hand = -1;     /* accepted, but nobody could be started to serve it */
static atomic_bool stopping; /* read by the threads */
static atomic_llong *total;  /* bytes of all clients, in memory that children share */

/* [serve] A client's whole conversation. It may last as long as the client likes. */
static void serve(const struct client *client)
{
    char block[16384];
    long long bytes = 0;
    ssize_t n = 1;

    while (n > 0 || (n == -1 && errno == EINTR)) {
        n = recv(client->fd, block, sizeof block, 0);
        for (ssize_t i = 0; i < n; i++)
            block[i] = (char)toupper((unsigned char)block[i]);
        if (n > 0 && tcp_send_all(client->fd, block, (size_t)n) == -1)
            break;
        bytes += n > 0 ? n : 0;
        *total += n > 0 ? n : 0;
    }
    printf("client %ld: %lld bytes, then %s\n", client->number, bytes,
           stopping ? "we stop"
           : n == 0 ? "the end"
                    : errno_name(errno));
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop serving */
}
/* [/serve] */

static void *on_client(void *data)
{
    struct client *client = data;

    serve(client);
    client->ended = true;
    (void)pthread_kill(main_thread, SIGUSR1); /* fails for wrong signal numbers only */
    return NULL;
}

/* [child] */
static _Noreturn void be_child(const struct client *client, int listener)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};

    (void)close(listener); /* the parent's: else the port is taken as long as this client stays */
    if (sigaction(SIGTERM, &plain, NULL) == -1 || sigaction(SIGINT, &plain, NULL) == -1 ||
        sigprocmask(SIG_SETMASK, stop_mask(), NULL) == -1)
        report_errno("cannot let signals in"); /* without them the parent could not stop us */
    else
        serve(client);
    _exit(EXIT_SUCCESS); /* not exit(): what main() would tidy up is the parent's */
}
/* [/child] */

/* [begin] Starts somebody to serve the client. Returns 0, or -1 and errno: the system is short. */
static int begin(struct client *client, int listener)
{
    if (!forks) {
        errno = pthread_create(&client->thread, NULL, on_client, client);
        return errno == 0 ? 0 : -1;
    }
    client->child = fork();
    if (client->child == 0)
        be_child(client, listener);
    if (client->child == -1)
        return -1;
    (void)close(client->fd); /* the child's: else the client sees no end */
    return 0;
}
/* [/begin] */

static void leave(struct client *client)
{
    client->busy = false;
    at_once--;
}

/* [join] Is rid of the threads that have ended; all of them, if need be by waiting. */
static void join(bool all)
{
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && (all || clients[i].ended)) {
            errno = pthread_join(clients[i].thread, NULL);
            if (errno != 0)
                die_errno("cannot join a thread");
            (void)close(clients[i].fd); /* what was to be sent is on its way */
            leave(&clients[i]);
        }
}
/* [/join] */

static void bury(pid_t child, int status)
{
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && clients[i].child == child) {
            if (WIFSIGNALED(status))
                printf("client %ld: its process was ended: %s\n", clients[i].number,
                       strsignal(WTERMSIG(status)));
            (void)fflush(stdout); /* as in serve() */
            leave(&clients[i]);
        }
}

/* [reap] The same with children. */
static void reap(bool all)
{
    const int options = all ? 0 : WNOHANG;
    pid_t child;
    int status;

    /* A loop: one SIGCHLD may stand for several children. */
    while (at_once > 0 && (child = waitpid(-1, &status, options)) > 0)
        bury(child, status);
}
/* [/reap] */

static void collect(bool all)
{
    if (forks)
        reap(all);
    else
        join(all);
}

/* [take] Takes the next client. False: the system is short of something, try again in a while. */
static bool take_client(int listener)
{
    struct client *client = clients;

    if (in_hand == -1)
        in_hand = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (in_hand == -1 &&
        (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        report_errno("cannot accept for now");
        return false;
    }
    if (in_hand == -1)
        return true; /* it was gone again */
    while (client->busy)
        client++; /* at_once < limit: there is a place */
    client->fd = in_hand;
    client->ended = false;
    client->number = so_far + 1;
    if (begin(client, listener) == -1) {
        report_errno("no %s for now", forks ? "process" : "thread");
        return false; /* the client stays in hand */
    }
    in_hand = -1;
    client->busy = true;
    at_once++;
    so_far++;
    return true;
}
/* [/take] */

/* [run] */
static void run(int listener)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct pollfd one = {.events = POLLIN};
    bool pause = false;

    while (!stop_asked()) {
        one.fd = at_once < limit && !pause ? listener : -1; /* -1 is passed over */
        int ready = ppoll(&one, 1, pause ? &a_while : NULL, stop_mask());
        if (ready == -1 && errno != EINTR)
            die_errno("cannot wait");
        collect(false);
        if (pause || ready == 1)
            pause = !take_client(listener);
    }
}
/* [/run] */

/* [stop] Ends the conversations, and waits until everybody has gone. */
static void stop_all(void)
{
    stopping = true;
    for (long i = 0; i < limit; i++)
        if (clients[i].busy && forks)
            (void)kill(clients[i].child, SIGTERM); /* not reaped yet: the number is still its own */
        else if (clients[i].busy)
            (void)shutdown(clients[i].fd, SHUT_RDWR); /* wakes its thread; fails if it is over */
    collect(true);
    if (in_hand != -1)
        (void)close(in_hand);
}
/* [/stop] */

static void on_ended(int number)
{
    (void)number; /* its only purpose is to end ppoll() */
}

static void prepare(struct error *error)
{
    const struct sigaction wake = {.sa_handler = on_ended};
    sigset_t held;

    (void)sigemptyset(&held); /* these three fail for wrong signal numbers only */
    (void)sigaddset(&held, SIGCHLD);
    (void)sigaddset(&held, SIGUSR1);
    if (stop_hold(error) == -1)
        die("%s", error->text);
    if (sigaction(SIGCHLD, &wake, NULL) == -1 || sigaction(SIGUSR1, &wake, NULL) == -1 ||
        sigprocmask(SIG_BLOCK, &held, NULL) == -1)
        die_errno("cannot hold signals");
    total = mmap(NULL, sizeof *total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    main_thread = pthread_self();
    clients = calloc((size_t)limit, sizeof *clients);
    if (total == MAP_FAILED || clients == NULL)
        die_errno("cannot begin");
}

int main(int argc, char **argv)
{
    struct error error;
    long port;
    int at = 1, listener;

    for (; at + 1 < argc && argv[at][0] == '-'; at++)
        if (strcmp(argv[at], "--fork") == 0)
            forks = true;
        else if (strcmp(argv[at], "--limit") != 0 || !number_parse(argv[++at], 1, 10000, &limit))
            break;
    if (at + 1 != argc || !number_parse(argv[at], 0, UINT16_MAX, &port))
        die_usage("[--fork] [--limit CLIENTS] PORT");
    prepare(&error);
    listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    run(listener);
    (void)close(listener);
    stop_all();
    printf("%ld clients, %lld bytes, nobody left\n", so_far, (long long)*total);
    (void)fflush(stdout); /* as in serve() */
    (void)munmap(total, sizeof *total);
    free(clients);
    return EXIT_SUCCESS;
}
