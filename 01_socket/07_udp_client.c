/*
 * 1.07  UDP client
 *
 * Asks over a connected UDP socket: waits, asks again with back-off, and matches replies by number.
 *
 * Python:  socket.socket(AF_INET6, SOCK_DGRAM), connect(), send(), settimeout(), recv()
 * Usage:   07_udp_client [--plain] HOST PORT MESSAGE...
 * See:     udp(7), connect(2), poll(2), clock_gettime(2); RFC 8085 sections 3.1.1 and 3.3
 * Leaves out: numbers that nobody can guess (RFC 5452), a random part in the back-off, and
 *          measuring the round trip to choose the time-out by.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"

enum { LIMIT = 512, TRIES = 3, FIRST_MS = 150 };

struct server {
    int fd;
    bool plain; /* not connected, and no numbers: what a first UDP client looks like */
    struct sockaddr_storage address;
    socklen_t length;
    char id[16]; /* the number of the request, and a blank; empty if plain */
};

/* [open] connect() sends nothing: the kernel notes the address, and lets nobody else in. */
static void open_server(struct server *server, const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;
    int rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0)
        die("%s port %s: %s", host, port, gai_strerror(rc));
    server->fd = socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC, list->ai_protocol);
    if (server->fd == -1 ||
        (!server->plain && connect(server->fd, list->ai_addr, list->ai_addrlen) == -1))
        die_errno("%s port %s", host, port);
    memcpy(&server->address, list->ai_addr, list->ai_addrlen);
    server->length = list->ai_addrlen;
    freeaddrinfo(list);
}
/* [/open] */

static int64_t now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) == -1) /* the clock that nobody sets */
        die_errno("clock_gettime");
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_reply(const struct server *s, const char *bytes, size_t length)
{
    return length >= strlen(s->id) && memcmp(bytes, s->id, strlen(s->id)) == 0;
}

/* [reply] The reply with our number. Returns its length, or -1 and errno when the time is up. */
static ssize_t receive_reply(const struct server *s, char *text, int64_t by)
{
    const int flags = MSG_DONTWAIT | MSG_TRUNC;

    for (;;) {
        struct pollfd one = {.fd = s->fd, .events = POLLIN};
        int64_t left = by - now_ms(); /* whatever came in between */
        int ready = left > 0 ? poll(&one, 1, (int)left) : 0;
        if (ready == 0)
            errno = ETIMEDOUT;
        ssize_t n = ready == 1 ? recv(s->fd, text, LIMIT, flags) : -1;
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            return -1;
        if (n != -1 && n <= LIMIT && is_reply(s, text, (size_t)n))
            return n;
        if (n != -1)
            report("ignored: %.*s", n < LIMIT ? (int)n : LIMIT, text);
    }
}
/* [/reply] */

/* [ask] Sends a request until it is answered, and prints the reply. Returns false if it was not. */
static bool ask(struct server *server, char *message)
{
    struct iovec parts[] = {{.iov_base = server->id, .iov_len = strlen(server->id)},
                            {.iov_base = message, .iov_len = strlen(message)}};
    const struct msghdr request = {.msg_name = server->plain ? &server->address : NULL,
                                   .msg_namelen = server->plain ? server->length : 0,
                                   .msg_iov = parts, /* two parts, one datagram */
                                   .msg_iovlen = 2};
    const int skip = (int)strlen(server->id);
    char reply[LIMIT];

    for (int tries = 0, wait_ms = FIRST_MS; tries < TRIES; tries++, wait_ms *= 2) {
        ssize_t n;
        do
            n = sendmsg(server->fd, &request, 0);
        while (n == -1 && errno == EINTR);
        if (n != -1)
            n = receive_reply(server, reply, now_ms() + wait_ms);
        if (n != -1) {
            printf("%.*s\n", (int)n - skip, reply + skip);
            return true;
        }
        if (errno != ETIMEDOUT) {
            report_errno("%.20s", message);
            return false;
        }
        report("%s: no reply in %d ms", message, wait_ms);
    }
    return false;
}
/* [/ask] */

int main(int argc, char **argv)
{
    const bool plain = argc > 1 && strcmp(argv[1], "--plain") == 0;
    struct server server = {.plain = plain};
    bool answered = true;

    if (argc < 4 + plain || strtol(argv[2 + plain], NULL, 10) > UINT16_MAX)
        die_usage("[--plain] HOST PORT MESSAGE...");
    open_server(&server, argv[1 + plain], argv[2 + plain]);
    for (int i = 3 + plain; i < argc && answered; i++) {
        if (!plain)
            (void)snprintf(server.id, sizeof server.id, "%d ", i - 2); /* 12 characters at most */
        answered = ask(&server, argv[i]);
    }
    (void)close(server.fd);
    finish(answered ? EXIT_SUCCESS : EXIT_FAILURE);
}
