/*
 * 1.03  TCP client
 *
 * Sends its standard input to a server, says that this was all, and prints the reply.
 *
 * Python:  socket.create_connection(), sendall(), shutdown(SHUT_WR), recv() until b""
 * Usage:   03_tcp_client HOST PORT <request
 * See:     getaddrinfo(3), connect(2), send(2), shutdown(2), recv(2); RFC 9293 section 3.6
 * Leaves out: time limits (lesson 1.08), and reading while it sends: a server that replies
 *          before it has read everything can bring both to a standstill (lesson 1.09).
 */
#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

/* [connect-any] Connects to the first address of host that accepts. Returns a socket, or -1. */
static int connect_any(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int fd = -1, rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        report("%s port %s: %s", host, port, gai_strerror(rc));
        return -1;
    }
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        char numeric[64] = "?"; /* the longest IPv6 address and its interface */

        (void)getnameinfo(a->ai_addr, a->ai_addrlen, numeric, sizeof numeric, NULL, 0,
                          NI_NUMERICHOST); /* for the message only: "?" will do */
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        report_errno("[%s]:%s", numeric, port);
        if (fd != -1)
            (void)close(fd); /* a socket whose connect() failed cannot be used again */
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}
/* [/connect-any] */

/* [send-all] Sends all n bytes, however few each call takes. Returns 0, or -1 and errno. */
static int send_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            return -1;
        data += sent;
        n -= (size_t)sent;
    }
    return 0;
}
/* [/send-all] */

/* Sends standard input up to its end, and then the end itself. Returns 0, or -1 and errno. */
static int send_input(int fd)
{
    char block[16384];
    ssize_t n;

    while ((n = read(STDIN_FILENO, block, sizeof block)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            die_errno("standard input");
        if (send_all(fd, block, (size_t)n) == -1)
            return -1;
    }
    return shutdown(fd, SHUT_WR);
}

/* [print-reply] Prints what comes until the server ends its side. Returns 0, or -1 and errno. */
static int print_reply(int fd)
{
    char block[16384];
    ssize_t n;

    while ((n = recv(fd, block, sizeof block, 0)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return -1;
        if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
            die_errno("standard output");
    }
    return 0;
}
/* [/print-reply] */

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    if (argc != 3 || strtol(argv[2], NULL, 10) > UINT16_MAX) /* which getaddrinfo() would cut */
        die_usage("HOST PORT <request");
    int fd = connect_any(argv[1], argv[2]);
    if (fd == -1)
        return EXIT_FAILURE;
    if (send_input(fd) == -1) {
        report_errno("sending");
        status = EXIT_FAILURE; /* but there may be a reply that says why */
    }
    if (print_reply(fd) == -1) {
        report_errno("receiving");
        status = EXIT_FAILURE;
    }
    (void)close(fd); /* both directions have ended; nothing can be lost any more */
    finish(status);
}
