/*
 * 1.13  Server with epoll
 *
 * Echoes for ten thousand clients in one process, and may share its port with others like it.
 *
 * Python:  select.epoll(), what selectors.DefaultSelector and asyncio use on Linux
 * Usage:   13_epoll_server [--edge] [--share] PORT
 * See:     epoll(7), epoll_ctl(2), epoll_wait(2), socket(7) for SO_REUSEPORT, getrlimit(2)
 * Leaves out: a client that is silent for ever keeps its place (lesson 1.08 has the means).
 */
#define _GNU_SOURCE /* accept4(): in POSIX since 2024; the rest is Linux's own */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

/* [state] */
enum { BLOCK = 65536, EVENTS = 256, MOST = 100000 }; /* a client is owed a block at most */

struct rest { /* what a client was not sent yet */
    size_t length, sent;
    char bytes[];
};

struct connection { /* 16 bytes; more only while something is owed */
    bool open;
    struct rest *rest;
};

static struct connection table[MOST]; /* by descriptor; what was never touched takes no memory */
static uint32_t trigger;              /* 0: by level. EPOLLET and its companion: by edge */
static int epoll;
static unsigned long long served;
/* [/state] */

/* Tells epoll what to report of a socket from now on. Returns 0, or -1 and errno. */
static int watch(int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return epoll_ctl(epoll, operation, fd, &event);
}

static void drop(int fd)
{
    free(table[fd].rest);
    table[fd] = (struct connection){0};
    (void)close(fd); /* epoll forgets it, and what the kernel has taken is still sent */
}

static bool is_temporary(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* From now on the client's events are these. By edge too, what is ready already is reported. */
static void ask(int fd, uint32_t events)
{
    if (watch(EPOLL_CTL_MOD, fd, events | trigger) == -1)
        drop(fd);
}

/* [rest] */
/* Keeps what the client did not take, and asks to be told when it takes more. */
static void keep_rest(int fd, const char *bytes, size_t length)
{
    struct rest *rest = malloc(sizeof *rest + length);

    if (rest == NULL) {
        drop(fd);
        return;
    }
    *rest = (struct rest){.length = length};
    memcpy(rest->bytes, bytes, length);
    table[fd].rest = rest;
    ask(fd, EPOLLOUT); /* and not EPOLLIN: no more of its bytes before it took these */
}

/* Sends more of the rest; after the last of it, asks for the client's bytes again. */
static void send_rest(int fd)
{
    struct rest *rest = table[fd].rest;
    ssize_t n = send(fd, rest->bytes + rest->sent, rest->length - rest->sent, MSG_NOSIGNAL);

    if (n == -1) {
        if (!is_temporary())
            drop(fd);
        return;
    }
    rest->sent += (size_t)n;
    if (rest->sent < rest->length)
        return;
    free(rest);
    table[fd].rest = NULL;
    ask(fd, EPOLLIN);
}
/* [/rest] */

/* [echo] Reads once and sends it back at once. Only what is not taken costs more than that. */
static void echo(int fd, uint32_t events)
{
    static char block[BLOCK];
    ssize_t n = recv(fd, block, sizeof block, 0);
    ssize_t sent = n > 0 ? send(fd, block, (size_t)n, MSG_NOSIGNAL) : n;

    if (n == 0 || (sent == -1 && !is_temporary())) {
        drop(fd);
    } else if (sent < n) {
        size_t taken = sent > 0 ? (size_t)sent : 0;
        keep_rest(fd, block + taken, (size_t)n - taken);
    } else if (trigger != 0 && (n == BLOCK || events & EPOLLRDHUP)) {
        ask(fd, EPOLLIN); /* there may be more; nobody would tell again */
    }
}
/* [/echo] */

/* Takes those who wait. Returns false when something is lacking for the next of them. */
static bool welcome(int listener)
{
    static bool told; /* one line for a time of need, however long */

    for (int i = 0; i < EVENTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
            break;
        if (fd == -1 || watch(EPOLL_CTL_ADD, fd, EPOLLIN | trigger) == -1) {
            if (!told)
                report_errno("cannot accept for now");
            told = true;
            if (fd != -1)
                (void)close(fd);
            return false;
        }
        table[fd].open = true;
        served++;
        told = false;
    }
    return true;
}

/* [loop] Serves until told to stop. */
static void serve_all(int listener)
{
    struct epoll_event events[EVENTS];
    bool accepting = true;

    for (unsigned round = 0;; round++) {
        int n = epoll_pwait(epoll, events, EVENTS, accepting ? -1 : 100, stop_mask());
        if (n == -1 && errno != EINTR)
            die_errno("cannot wait");
        /* A call that finds work lets no signal in, and to ask is a system call: now and then. */
        if ((n == -1 || round % 64 == 0) && stop_asked())
            return;
        bool look = !accepting; /* without a descriptor for it, the next client waited a round */
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                look = true;
            else if (table[fd].rest != NULL)
                send_rest(fd);
            else
                echo(fd, events[i].events);
        }
        if (!look)
            continue;
        bool more = welcome(listener);
        if (more != accepting && watch(EPOLL_CTL_MOD, listener, more ? EPOLLIN : 0) == -1)
            die_errno("cannot watch the listening socket");
        accepting = more;
    }
}
/* [/loop] */

/* [limit] Often a process starts with leave for 1,024 descriptors. It may take more: as many here
 * as the table has places, so that none can lie behind its end. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
    limit.rlim_cur = limit.rlim_max < MOST ? limit.rlim_max : MOST;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
}
/* [/limit] */

int main(int argc, char **argv)
{
    const int on = 1;
    struct error error;
    bool share = false;
    long port;

    for (; argc > 2; argc--, argv++) {
        if (strcmp(argv[1], "--edge") == 0)
            trigger = EPOLLET | EPOLLRDHUP;
        else if (strcmp(argv[1], "--share") == 0)
            share = true;
        else
            break;
    }
    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("[--edge] [--share] PORT");
    raise_limit();
    int listener = (share ? tcp_listen_shared : tcp_listen)((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1)
        die("%s", error.text);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || watch(EPOLL_CTL_ADD, listener, EPOLLIN) == -1)
        die_errno("epoll");
    /* Accepted sockets inherit it: an answer does not wait for the one before it. */
    if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        die_errno("TCP_NODELAY");
    if (tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    serve_all(listener);
    for (int fd = 0; fd < MOST; fd++)
        if (table[fd].open)
            drop(fd);
    (void)close(epoll);
    (void)close(listener);
    printf("connections served: %llu\n", served);
    finish(EXIT_SUCCESS);
}
