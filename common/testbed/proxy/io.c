/* Waiting, reading and writing: every wait ends, in time or with the proxy. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "testbed/proxy/proxy.h"

enum { LINGER_MS = 1000, LINGER_MOST = 4 << 20 };

int io_wait(const struct connection *c, struct pollfd *two, int64_t deadline)
{
    struct pollfd all[3] = {two[0], two[1], {.fd = c->proxy->stop, .events = POLLIN}};
    int ready;

    do {
        int64_t left = deadline - now_ms();
        if (left <= 0)
            return IO_TIMEOUT;
        ready = poll(all, 3, left > INT_MAX ? INT_MAX : (int)left);
    } while (ready == -1 && errno == EINTR);
    two[0].revents = all[0].revents;
    two[1].revents = all[1].revents;
    return ready == -1 || all[2].revents != 0 ? IO_GONE : ready;
}

static bool is_temporary(void)
{
    return errno == EAGAIN || errno == EINTR;
}

void io_pack(struct bytes *bytes)
{
    memmove(bytes->data, bytes->data + bytes->start, bytes->end - bytes->start);
    bytes->ready -= bytes->start;
    bytes->end -= bytes->start;
    bytes->start = 0;
}

ssize_t io_receive(struct connection *c, int fd, struct bytes *into)
{
    ssize_t n = recv(fd, into->data + into->end, ROOM - into->end, 0);

    if (n > 0) {
        into->end += (size_t)n;
        c->active = now_ms();
    }
    return n;
}

bool io_send(struct connection *c, int fd, struct bytes *from)
{
    if (from->start == from->ready)
        return true;
    ssize_t n = send(fd, from->data + from->start, from->ready - from->start, MSG_NOSIGNAL);
    if (n == -1)
        return is_temporary();
    from->start += (size_t)n;
    c->active = now_ms();
    if (from->start == from->end)
        from->start = from->ready = from->end = 0;
    return true;
}

int io_need(struct connection *c, size_t need, int64_t deadline)
{
    while (c->up.end - c->up.start < need) {
        struct pollfd two[2] = {{.fd = c->client, .events = POLLIN}, {.fd = -1}};
        int ready = io_wait(c, two, deadline);
        if (ready <= 0)
            return ready;
        ssize_t n = io_receive(c, c->client, &c->up);
        if (n == 0 || (n == -1 && !is_temporary()))
            return IO_GONE;
    }
    return 1;
}

bool io_send_all(struct connection *c, int fd, const void *data, size_t length)
{
    const char *next = data;
    int64_t deadline = now_ms() + c->proxy->wait_ms;

    while (length > 0) {
        ssize_t n = send(fd, next, length, MSG_NOSIGNAL);
        if (n == -1 && !is_temporary())
            return false;
        if (n >= 0) {
            next += n;
            length -= (size_t)n;
            continue;
        }
        struct pollfd two[2] = {{.fd = fd, .events = POLLOUT}, {.fd = -1}};
        if (io_wait(c, two, deadline) <= 0)
            return false;
    }
    return true;
}

void io_break(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    /* Should it fail, the peer sees an end in order, and still that something is missing if it
     * knows the length. */
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void io_linger(struct connection *c)
{
    int64_t deadline = now_ms() + LINGER_MS;
    size_t seen = 0;

    if (shutdown(c->client, SHUT_WR) == -1)
        return; /* it has gone */
    while (seen < LINGER_MOST) {
        struct pollfd two[2] = {{.fd = c->client, .events = POLLIN}, {.fd = -1}};
        if (io_wait(c, two, deadline) <= 0)
            return;
        ssize_t n = recv(c->client, c->up.data, ROOM, 0);
        if (n == 0 || (n == -1 && !is_temporary()))
            return;
        seen += n > 0 ? (size_t)n : 0;
    }
}

/* ---- the tunnel ----------------------------------------------------------------------------- */

/* One direction of it. */
struct flow {
    struct bytes *bytes;
    int from, to;
    bool ended, shut; /* the source has ended; the other side was told so */
};

/* Moves what can be moved. False when a connection failed. */
static bool move(struct connection *c, struct flow *flow)
{
    struct bytes *bytes = flow->bytes;

    if (!flow->ended && bytes->end < ROOM) {
        ssize_t n = io_receive(c, flow->from, bytes);
        if (n == -1 && !is_temporary())
            return false;
        flow->ended = n == 0;
        bytes->ready = bytes->end;
    }
    if (!io_send(c, flow->to, bytes))
        return false;
    if (flow->ended && bytes->end == 0 && !flow->shut) {
        flow->shut = true;
        return shutdown(flow->to, SHUT_WR) == 0;
    }
    return true;
}

/* What is to be waited for at the end where one flow begins and the other ends. */
static struct pollfd interest(const struct flow *out, const struct flow *in)
{
    short events = 0;

    if (!out->ended && out->bytes->end < ROOM)
        events |= POLLIN;
    if (in->bytes->start < in->bytes->ready)
        events |= POLLOUT;
    /* What has nothing more to do is not asked: its POLLHUP would come again and again. */
    return (struct pollfd){.fd = events == 0 && out->ended ? -1 : out->from, .events = events};
}

static bool has_failed(const struct pollfd *one)
{
    return (one->revents & (POLLERR | POLLNVAL)) != 0 ||
           ((one->revents & POLLHUP) != 0 && one->events == 0);
}

void io_tunnel(struct connection *c)
{
    struct flow up = {.bytes = &c->up, .from = c->client, .to = c->server};
    struct flow down = {.bytes = &c->down, .from = c->server, .to = c->client};

    io_pack(&c->up);
    c->up.ready = c->up.end; /* what the client said too soon goes first */
    while (move(c, &up) && move(c, &down)) {
        if (up.shut && down.shut)
            return;
        struct pollfd two[2] = {interest(&up, &down), interest(&down, &up)};
        if (io_wait(c, two, now_ms() + c->proxy->wait_ms) <= 0 || has_failed(&two[0]) ||
            has_failed(&two[1]))
            break;
    }
    io_break(c->client);
    io_break(c->server);
}
