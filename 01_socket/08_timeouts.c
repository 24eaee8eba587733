/*
 * 1.08  Time-outs
 *
 * Waits for peers that are silent, slow or not there: with a limit for each call, then a deadline.
 *
 * Python:  settimeout(), create_connection(…, timeout), TimeoutError, time.monotonic()
 * Usage:   08_timeouts
 * See:     socket(7) for SO_RCVTIMEO, poll(2), connect(2), clock_gettime(2)
 * Leaves out: the time that getaddrinfo() takes, which has no limit of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"

enum { LIMIT_MS = 150, DRIP_MS = 10, DRIPS = 100 };

/* For the calls that set the scene: result, unless it is -1. */
static int must(int result)
{
    if (result == -1)
        die_errno("cannot set the scene");
    return result;
}

/* Milliseconds of a clock that nobody sets: only differences of it mean anything. */
static long now_ms(void)
{
    struct timespec now;

    must(clock_gettime(CLOCK_MONOTONIC, &now));
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* [wait] Waits until fd is ready, but not beyond the deadline. Returns 0, or -1 and ETIMEDOUT. */
static int wait_until(int fd, short events, long deadline)
{
    struct pollfd one = {.fd = fd, .events = events};

    for (;;) {
        long left = deadline - now_ms(); /* worked out each time */
        if (left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        int ready = poll(&one, 1, (int)left);
        if (ready > 0)
            return 0;
        if (ready == -1 && errno != EINTR)
            return -1;
    }
}
/* [/wait] */

/* recv() with a deadline: at least a byte, or 0 for the end; or -1 and errno. */
static ssize_t recv_by(int fd, void *bytes, size_t size, long deadline)
{
    for (;;) {
        if (wait_until(fd, POLLIN, deadline) == -1)
            return -1;
        ssize_t n = recv(fd, bytes, size, MSG_DONTWAIT); /* ready is a hint, not a promise */
        if (n != -1 || (errno != EAGAIN && errno != EINTR))
            return n;
    }
}

/* [connect] connect() with a deadline. Returns a socket that blocks, or -1 and errno. */
static int connect_by(const struct sockaddr_in *to, long deadline)
{
    int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), why = 0;
    socklen_t length = sizeof why;

    if ((connect(fd, (const struct sockaddr *)to, sizeof *to) == -1 && errno != EINPROGRESS) ||
        wait_until(fd, POLLOUT, deadline) == -1)
        why = errno;
    else
        must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &length));
    if (why == 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == -1)
        why = errno;
    if (why == 0)
        return fd;
    (void)close(fd); /* nothing was sent */
    errno = why;
    return -1;
}
/* [/connect] */

/* Listens on a free port with room for one connection in its queue, and puts one there: whoever
 * connects from now on hears nothing. Returns that one connection, whose peer is as silent. */
static int open_hole(struct sockaddr_in *address)
{
    int listener = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t length = sizeof *address;

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(listener, (struct sockaddr *)address, length));
    must(getsockname(listener, (struct sockaddr *)address, &length));
    must(listen(listener, 0));
    return must(connect_by(address, now_ms() + LIMIT_MS));
}

/* Prints a line about the call that returned result, with the time since started. */
static void show(const char *what, ssize_t result, long started)
{
    const char *how = result == -1 ? errno_name(errno) : "the end";

    printf("  %-30s %-12s after %.2f s\n", what, how, (double)(now_ms() - started) / 1000);
}

/* Lets a child send a byte every DRIP_MS and reads them all: each recv() with the limit, or, if
 * there is a deadline, all of them up to that. */
static void show_drip(const struct timeval *limit, bool whole)
{
    long started = now_ms(), deadline = started + LIMIT_MS;
    ssize_t n, count = 0;
    int pair[2];
    char byte;

    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    must(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, limit, sizeof *limit));
    pid_t child = must(fork());
    if (child == 0) {
        (void)close(pair[0]); /* so that send() fails once the reader has given up */
        for (int i = 0; i < DRIPS && send(pair[1], ".", 1, MSG_NOSIGNAL) == 1; i++)
            must(poll(NULL, 0, DRIP_MS)); /* waits for nothing: a clock */
        _exit(EXIT_SUCCESS);
    }
    (void)close(pair[1]); /* the child has it: its end is the end */
    while ((n = whole ? recv_by(pair[0], &byte, 1, deadline) : recv(pair[0], &byte, 1, 0)) > 0)
        count += n;
    show("recv() ..., the peer drips", n, started);
    printf("    got %zd of %d bytes\n", count, DRIPS);
    (void)close(pair[0]);
    must(waitpid(child, NULL, 0));
}

/* [each] Every call has LIMIT_MS of its own, and the kernel looks at the clock. */
static void show_limits(int silent, const struct sockaddr_in *hole)
{
    const struct timeval limit = {.tv_usec = LIMIT_MS * 1000L};
    static char block[65536];
    int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    long started = now_ms();
    ssize_t n;

    printf("SO_RCVTIMEO and SO_SNDTIMEO: %d ms for each call\n", LIMIT_MS);
    must(setsockopt(silent, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    must(setsockopt(silent, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
    must(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
    show("recv(), the peer is silent", recv(silent, block, 1, 0), started);
    do {
        started = now_ms();
        n = send(silent, block, sizeof block, MSG_NOSIGNAL);
    } while (n > 0); /* until the buffers of both ends are full */
    show("send(), the peer never reads", n, started);
    started = now_ms();
    n = connect(fd, (const struct sockaddr *)hole, sizeof *hole);
    show("connect(), the port is silent", n, started);
    (void)close(fd);
    show_drip(&limit, false);
}
/* [/each] */

/* One deadline, and we look at the clock. */
static void show_deadlines(const struct sockaddr_in *hole)
{
    const struct timeval none = {0};
    long started = now_ms();

    printf("poll() and CLOCK_MONOTONIC: %d ms for all calls together\n", LIMIT_MS);
    show("connect(), the port is silent", connect_by(hole, started + LIMIT_MS), started);
    show_drip(&none, true);
}

int main(int argc, char **argv)
{
    struct sockaddr_in hole;

    (void)argv;
    if (argc != 1)
        die_usage("");
    int silent = open_hole(&hole);
    show_limits(silent, &hole);
    show_deadlines(&hole);
    (void)close(silent); /* nobody ever read from it */
    finish(EXIT_SUCCESS);
}
