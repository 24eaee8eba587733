#include "core/tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/address.h"
#include "core/stop.h"

/* Closes fd, keeps errno, and returns -1. */
static int give_up(int fd)
{
    int why = errno;

    (void)close(fd); /* nothing was written */
    errno = why;
    return -1;
}

/* As error_set_errno(), with the name by which a program would look for the error. */
static int set_why(struct error *error, const char *what)
{
    return error_set(error, "%s: %s (%s)", what, errno_name(errno), strerror(errno));
}

static int listen_on(int family, uint16_t port, bool share)
{
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int ipv6 = family == AF_INET6, off = 0, on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1) ||
        (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1) ||
        bind(fd, ipv6 ? (const void *)&in6 : &in4, ipv6 ? sizeof in6 : sizeof in4) == -1 ||
        listen(fd, SOMAXCONN) == -1)
        return give_up(fd);
    return fd;
}

static int listen_anywhere(uint16_t port, bool share, struct error *error)
{
    int fd = listen_on(AF_INET6, port, share);

    if (fd == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        fd = listen_on(AF_INET, port, share);
    if (fd == -1) {
        char what[64];
        (void)snprintf(what, sizeof what, "cannot listen on port %d", port);
        return set_why(error, what);
    }
    return fd;
}

int tcp_listen(uint16_t port, struct error *error)
{
    return listen_anywhere(port, false, error);
}

int tcp_listen_shared(uint16_t port, struct error *error)
{
    return listen_anywhere(port, true, error);
}

int tcp_announce(int listener, struct error *error)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN], port[8];

    if (getsockname(listener, (struct sockaddr *)&address, &length) == -1)
        return set_why(error, "getsockname");
    if (getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return error_set(error, "the listening socket has no printable address");
    if (printf("listening on [%s]:%s\n", host, port) < 0 || fflush(stdout) == EOF)
        return set_why(error, "standard output");
    return 0;
}

int tcp_accept(int listener)
{
    while (stop_wait(listener, POLLIN, -1) != -1) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd != -1)
            return fd;
        /* Otherwise the client stays queued, and accept4() would fail again at once. */
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            (void)stop_wait(-1, 0, 100);
    }
    return -1;
}

int tcp_connect(const char *host, const char *service, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int why = getaddrinfo(host, service, &hints, &list), fd = -1;

    if (why != 0)
        return error_set(error, "%s, %s: %s", host, service,
                         why == EAI_SYSTEM ? strerror(errno) : gai_strerror(why));
    for (const struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next) {
        char text[ADDRESS_TEXT];
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == -1)
            fd = give_up(fd);
        if (fd == -1)
            (void)set_why(error, address_format(a->ai_addr, a->ai_addrlen, text));
    }
    freeaddrinfo(list);
    return fd;
}

int tcp_send_all(int fd, const void *data, size_t length)
{
    const char *next = data;

    while (length > 0) {
        ssize_t sent = send(fd, next, length, MSG_NOSIGNAL);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            return -1;
        next += sent;
        length -= (size_t)sent;
    }
    return 0;
}
