/*
 * 1.09  Non-blocking sockets
 *
 * Sends its standard input and prints the reply at the same time, on a socket that never waits.
 *
 * Python:  setblocking(False), connect_ex(), BlockingIOError, InterruptedError
 * Usage:   09_nonblocking [-v] HOST PORT <request
 * See:     socket(2) for SOCK_NONBLOCK, connect(2) for EINPROGRESS, send(2), poll(2), fcntl(2)
 * Leaves out: time limits (lesson 1.08): poll() is where one would go. Standard output is written
 *          as usual: a reader that does not read holds the program up, and then the server.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

enum { ROOM = 1 << 20 };

/* What goes out: the bytes from start to end of the block are still to be sent. */
struct request {
    char block[ROOM];
    size_t start, end;
    bool ended; /* standard input has, or the server takes no more */
};

static bool verbose; /* -v: say on standard error what the calls return */

/* [finish] Waits until the kernel has connected fd, or given up. Returns 0, or the reason. */
static int finish_connect(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    int why = 0;
    socklen_t length = sizeof why;

    while (poll(&one, 1, -1) == -1)
        if (errno != EINTR)
            return errno;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &length) == -1 ? errno : why;
}
/* [/finish] */

/* Connects to the first address of host that accepts. Returns a socket, or -1. */
static int connect_any(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int fd = -1, rc = getaddrinfo(host, port, &hints, &list), why = -1;

    if (rc != 0)
        die("%s port %s: %s", host, port, gai_strerror(rc));
    for (const struct addrinfo *a = list; a != NULL && why != 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        why = fd == -1 || connect(fd, a->ai_addr, a->ai_addrlen) == -1 ? errno : 0;
        if (verbose)
            report("connect(): %s", why == 0 ? "done" : errno_name(why));
        if (why == EINPROGRESS)
            why = finish_connect(fd);
        if (verbose || why != 0)
            report("%s port %s: %s", host, port, why == 0 ? "connected" : errno_name(why));
        if (why != 0 && fd != -1)
            (void)close(fd); /* nothing was sent */
    }
    freeaddrinfo(list);
    return why == 0 ? fd : -1;
}

/* [send-some] Sends until the request or the kernel's room is used up. Returns 0, or -1. */
static int send_some(int fd, struct request *r)
{
    static bool told; /* once is enough */

    while (r->start < r->end) {
        const size_t asked = r->end - r->start;
        ssize_t n = send(fd, r->block + r->start, asked, MSG_NOSIGNAL);

        if (verbose && !told && n < (ssize_t)asked)
            report("send() of %zu bytes: %zd, %s", asked, n,
                   n == -1 ? errno_name(errno) : "a part");
        told = told || (n == -1 && errno == EAGAIN);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return errno == EAGAIN ? 0 : -1; /* EAGAIN: poll() will tell */
        r->start += (size_t)n;
    }
    return 0;
}
/* [/send-some] */

/* Reads more of standard input and sends it, or passes on that it has ended. Returns 0, or -1. */
static int read_some(int fd, struct request *r)
{
    ssize_t n = read(STDIN_FILENO, r->block, ROOM);

    if (n == -1 && errno != EINTR)
        die_errno("standard input");
    r->start = 0;
    r->end = n > 0 ? (size_t)n : 0;
    r->ended = n == 0;
    return r->ended ? shutdown(fd, SHUT_WR) : send_some(fd, r); /* there may be room: try */
}

/* Prints what has come. Returns 1, 0 for the end, or -1. */
static int print_some(int fd)
{
    static char block[ROOM];
    ssize_t n = recv(fd, block, sizeof block, 0);

    if (n == -1)
        return errno == EAGAIN || errno == EINTR ? 1 : -1;
    if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
        die_errno("standard output");
    return n > 0;
}

/* [both] Sends and prints, whichever is possible, up to the reply's end. Returns the status. */
static int talk(int fd)
{
    static struct request r;
    int status = EXIT_SUCCESS, more = 1;

    while (more > 0) {
        bool pending = r.start < r.end;
        struct pollfd ready[] = {
            {.fd = fd, .events = pending ? POLLIN | POLLOUT : POLLIN},
            {.fd = pending || r.ended ? -1 : STDIN_FILENO, .events = POLLIN},
        };

        if (poll(ready, 2, -1) == -1 && errno != EINTR)
            die_errno("poll");
        if ((ready[0].revents & ~POLLOUT) != 0)
            more = print_some(fd);
        if (more > 0 && (((ready[0].revents & POLLOUT) != 0 && send_some(fd, &r) == -1) ||
                         (ready[1].revents != 0 && read_some(fd, &r) == -1))) {
            report_errno("sending");
            status = EXIT_FAILURE; /* but there may be a reply that says why */
            r = (struct request){.ended = true};
        }
    }
    if (more == -1)
        report_errno("receiving");
    return more == -1 ? EXIT_FAILURE : status;
}
/* [/both] */

int main(int argc, char **argv)
{
    verbose = argc == 4 && strcmp(argv[1], "-v") == 0;
    if (argc != 3 && !verbose)
        die_usage("[-v] HOST PORT <request");
    int fd = connect_any(argv[argc - 2], argv[argc - 1]);
    if (fd == -1)
        return EXIT_FAILURE;
    int status = talk(fd);
    (void)close(fd); /* nothing can be lost any more */
    finish(status);
}
