/*
 * 1.01  Create a socket
 *
 * Makes sockets, asks the kernel about them, copies one, and hands one on to another program.
 *
 * Python:  socket.socket(), getsockname(), setsockopt(), dup(), detach(), set_inheritable()
 * Usage:   01_create_socket [DESCRIPTOR]…
 * See:     socket(2), getsockname(2), socket(7), dup(2), fcntl(2), execve(2), close(2)
 * Leaves out: what the many options are good for (lesson 1.10).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

/* For calls that have no reason to fail here: result, unless it is -1. */
static int must(int result)
{
    if (result == -1)
        die_errno("unexpected");
    return result;
}

/* [describe] Prints what the kernel knows of a descriptor; the program has only its number. */
static void describe(int fd)
{
    struct sockaddr_storage local;
    struct sockaddr *address = (struct sockaddr *)&local;
    socklen_t length = sizeof local, size = sizeof(int);
    int type = 0, flags = fcntl(fd, F_GETFD);

    if (flags == -1 || getsockname(fd, address, &length) == -1 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == -1) {
        /* EBADF: nothing is open there. ENOTSOCK: a file, a pipe … */
        printf("  %d: %s\n", fd, errno_name(errno));
        return;
    }
    const char *family = local.ss_family == AF_INET    ? "AF_INET"
                         : local.ss_family == AF_INET6 ? "AF_INET6"
                         : local.ss_family == AF_UNIX  ? "AF_UNIX"
                                                       : "AF_…";
    printf("  %d: %s, %s, exec %s it\n", fd, family,
           type == SOCK_STREAM  ? "SOCK_STREAM"
           : type == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_…",
           flags & FD_CLOEXEC ? "closes" : "keeps");
}
/* [/describe] */

/* [end] Prints the address of this end of a connection, or of the peer's; or why there is none. */
static void print_end(const char *label, int fd, int of_peer)
{
    struct sockaddr_storage storage;
    struct sockaddr *address = (struct sockaddr *)&storage;
    socklen_t length = sizeof storage;
    char host[64], port[8];

    if ((of_peer ? getpeername : getsockname)(fd, address, &length) == -1)
        printf("  %s: %s\n", label, errno_name(errno));
    else if (getnameinfo(address, length, host, sizeof host, port, sizeof port,
                         NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        printf("  %s: %s port %s\n", label, host, port);
}
/* [/end] */

static void make_kinds(void)
{
    static const int kinds[][2] = {{AF_INET, SOCK_STREAM},
                                   {AF_INET, SOCK_DGRAM},
                                   {AF_INET6, SOCK_STREAM},
                                   {AF_UNIX, SOCK_STREAM}};

    puts("kinds of sockets, one after another");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int fd = socket(kinds[i][0], kinds[i][1] | SOCK_CLOEXEC, 0);
        describe(fd); /* -1, and so EBADF, where the system has no such family */
        if (fd != -1)
            (void)close(fd);
    }
}

/* [ask] Sets an option and connects, and asks the kernel what came of it. */
static void set_and_ask(void)
{
    const struct sockaddr_in nobody = {
        .sin_family = AF_INET, .sin_port = htons(7010), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), asked = 10000, got = 0;
    socklen_t size = sizeof got;

    must(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &asked, sizeof asked));
    must(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &size));
    printf("an option\n  SO_RCVBUF: asked for %d, got %d\nbefore connect()\n", asked, got);
    print_end("this end", fd, 0);
    print_end("the peer", fd, 1);
    must(connect(fd, (const struct sockaddr *)&nobody, sizeof nobody)); /* UDP: nothing is sent */
    puts("after connect()");
    print_end("this end", fd, 0);
    print_end("the peer", fd, 1);
    (void)close(fd);
}
/* [/ask] */

/* [copy] Two descriptors, one socket: the peer sees an end when the last of them is closed. */
static void close_twice(void)
{
    int ends[2];
    char byte;

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends)); /* two sockets, already connected */
    int copy = must(dup(ends[0]));
    (void)close(ends[0]);
    ssize_t n = recv(ends[1], &byte, 1, MSG_DONTWAIT);
    printf("one socket, two descriptors\n  one closed: the peer's recv() gives %s\n",
           n == -1 ? errno_name(errno) : "the end");
    (void)close(copy);
    n = recv(ends[1], &byte, 1, MSG_DONTWAIT);
    printf("  both closed: the peer's recv() gives %s\n", n == -1 ? errno_name(errno) : "the end");
    (void)close(ends[1]);
}
/* [/copy] */

/* [hand-on] Becomes another program, which is told the numbers of two sockets. */
static void hand_on(const char *program)
{
    char kept[16], closed[16];

    (void)snprintf(kept, sizeof kept, "%d", must(socket(AF_INET, SOCK_STREAM, 0)));
    (void)snprintf(closed, sizeof closed, "%d",
                   must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    printf("descriptors %s and %s, after exec\n", kept, closed);
    must(fflush(stdout)); /* what stdio still holds would be lost with this program */
    execlp(program, program, kept, closed, (char *)NULL);
    die_errno("%s", program);
}
/* [/hand-on] */

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *end;
        long fd = strtol(argv[i], &end, 10);
        if (end == argv[i] || *end != '\0' || fd < 0 || fd > INT_MAX)
            die_usage("[DESCRIPTOR]...");
        describe((int)fd);
    }
    if (argc > 1)
        finish(EXIT_SUCCESS);

    make_kinds();
    set_and_ask();
    close_twice();
    hand_on(argv[0]);
}
