/* Where a client wants to go: this machine alone, whatever name it gives. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "testbed/proxy/proxy.h"

/* 127.0.0.0/8, ::1, and the first as IPv6. Not 0.0.0.0, although connect() would take it so. */
static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 ==
               127;
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

static enum reached reason(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return REFUSED;
    case ETIMEDOUT:
        return TOO_LATE;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        return NO_MEANS;
    default:
        return UNREACHABLE;
    }
}

/* Waits for a connection in progress. 0, or the errno value that says why there is none. */
static int finish_connect(const struct connection *c, int fd, int64_t deadline)
{
    struct pollfd two[2] = {{.fd = fd, .events = POLLOUT}, {.fd = -1}};
    int error = 0, ready = io_wait(c, two, deadline);
    socklen_t size = sizeof error;

    if (ready <= 0)
        return ready == IO_TIMEOUT ? ETIMEDOUT : ECONNABORTED;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1 ? errno : error;
}

static enum reached try(struct connection *c, const struct addrinfo *a, int64_t deadline)
{
    const int on = 1;
    int why = 0, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return reason(errno);
    /* Small pieces pass as they come: the two ends know best when to send. */
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        why = errno;
    else if (connect(fd, a->ai_addr, a->ai_addrlen) == -1)
        why = errno == EINPROGRESS ? finish_connect(c, fd, deadline) : errno;
    if (why == 0) {
        c->server = fd;
        return REACHED;
    }
    (void)close(fd); /* nothing was sent */
    return reason(why);
}

enum reached target_connect(struct connection *c, const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int64_t deadline = now_ms() + c->proxy->wait_ms;
    enum reached result = FORBIDDEN;
    struct addrinfo *list;

    for (size_t i = 0; i < c->proxy->known_count; i++)
        if (strcasecmp(host, c->proxy->known[i].name) == 0)
            host = c->proxy->known[i].address;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return NO_NAME;
    /* It is the address that is judged, and connected to: a name may stand for any. */
    for (const struct addrinfo *a = list; a != NULL && result != REACHED; a = a->ai_next)
        if (is_loopback(a->ai_addr))
            result = try(c, a, deadline);
    freeaddrinfo(list);
    return result;
}
