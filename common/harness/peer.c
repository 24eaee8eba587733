/* Scripted peers: the other end of the learner's program, over TCP. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/address.h"
#include "core/number.h"
#include "harness/internal.h"
#include "wire/ladder.h"

/* ---- addresses ---- */

socklen_t peer_address(struct session *s, const char *host, uint16_t port,
                       struct sockaddr_storage *address)
{
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        return sizeof *in;
    }
    if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
        session_fault(s, "%s is no numeric address", host);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    return sizeof *in6;
}

int peer_bind(struct session *s, const char *host, int type, char name[8])
{
    struct sockaddr_storage address;
    socklen_t length = peer_address(s, host, 0, &address);
    int fd = socket(address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd != -1 && type == SOCK_STREAM)
        socket_narrow(s, fd); /* what it accepts inherits that */
    if (fd == -1 || bind(fd, (struct sockaddr *)&address, length) == -1 ||
        getsockname(fd, (struct sockaddr *)&address, &length) == -1)
        session_fault(s, "cannot bind a socket to %s: %s", host, strerror(errno));
    (void)snprintf(name, 8, "%d", address_port((struct sockaddr *)&address));
    return fd;
}

/* ---- listening peers ---- */

static struct peer *add_peer(struct session *s, const char *host)
{
    struct peer *peer = session_alloc(s, sizeof *peer);

    peer->session = s;
    peer->blocker = -1;
    peer->next = s->peers;
    s->peers = peer;
    (void)snprintf(peer->host, sizeof peer->host, "%s", host);
    peer->fd = peer_bind(s, host, SOCK_STREAM, peer->port);
    return peer;
}

struct peer *peer_listen(struct session *s, const char *host)
{
    struct peer *peer = add_peer(s, host);

    if (listen(peer->fd, 256) == -1)
        session_fault(s, "cannot listen on %s: %s", host, strerror(errno));
    play_say(s, "a server listens on %s port %s", peer->host, peer->port);
    return peer;
}

struct peer *peer_refuse(struct session *s, const char *host)
{
    struct peer *peer = add_peer(s, host); /* bound and not listening: nobody else can take it */

    play_say(s, "nobody listens on %s port %s", peer->host, peer->port);
    return peer;
}

struct peer *peer_ignore(struct session *s, const char *host)
{
    struct peer *peer = add_peer(s, host);
    struct sockaddr_storage address;
    long port = 0;

    /* A backlog of 0 holds one connection; with that place taken, the kernel drops every SYN. */
    (void)number_parse(peer->port, 1, 65535, &port);
    socklen_t length = peer_address(s, host, (uint16_t)port, &address);
    peer->blocker = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listen(peer->fd, 0) == -1 || peer->blocker == -1 ||
        connect(peer->blocker, (struct sockaddr *)&address, length) == -1)
        session_fault(s, "cannot make a port that never answers: %s", strerror(errno));
    play_say(s, "%s port %s never answers", peer->host, peer->port);
    return peer;
}

const char *peer_host(const struct peer *peer)
{
    return peer->host;
}

const char *peer_port(const struct peer *peer)
{
    return peer->port;
}

/* ---- links ---- */

static struct link *add_link(struct session *s, int fd)
{
    struct link *link = session_alloc(s, sizeof *link);
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int one = 1;

    link->session = s;
    link->fd = fd;
    link->next = s->links;
    s->links = link;
    /* Each piece is a segment of its own, at once. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (getpeername(fd, (struct sockaddr *)&address, &length) == 0)
        link->remote = (uint16_t)address_port((struct sockaddr *)&address);
    length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
        link->local = (uint16_t)address_port((struct sockaddr *)&address);
    return link;
}

bool peer_has_caller(const struct peer *peer)
{
    struct pollfd polled = {peer->fd, POLLIN, 0};

    /* POLLHUP: it does not listen. A black hole has a caller from the start, which is our own. */
    return peer->blocker == -1 && poll(&polled, 1, 0) == 1 && polled.revents == POLLIN;
}

static bool can_accept(void *what)
{
    return peer_has_caller(what);
}

struct link *peer_accept(struct peer *peer)
{
    struct session *s = peer->session;
    int fd = -1;

    while (fd == -1) {
        peer->waiting = true;
        (void)pump(
            s, can_accept, peer,
            session_print(s, "your program to connect to %s port %s", peer->host, peer->port),
            false);
        peer->waiting = false;
        fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
            session_fault(s, "accept: %s", strerror(errno));
    }
    struct link *link = add_link(s, fd);
    link->called = true;
    play_say_of(link, "your program connected");
    return link;
}

void peer_expect_nobody(struct peer *peer, const char *reason)
{
    if (peer_has_caller(peer))
        session_fail(peer->session, "The program connected to %s port %s. %s", peer->host,
                     peer->port, reason);
}

static bool is_connected(void *what)
{
    return poll(&(struct pollfd){((struct link *)what)->fd, POLLOUT, 0}, 1, 0) == 1;
}

/* Where a link is to connect to. */
struct target {
    const char *host;
    uint16_t port;
};

static bool has_room(void *what)
{
    const struct target *target = what;

    return network_has_room(target->host, target->port);
}

/*
 * A client that finds the backlog full comes again after a second, which no verdict should wait
 * for: so we do not connect faster than the program accepts. One that accepts nobody just now, and
 * sleeps, is not waited for.
 */
static void await_room(struct session *s, const char *host, uint16_t port)
{
    struct target target = {host, port};

    if (s->options->play || has_room(&target))
        return;
    s->listens = true;
    (void)pump(s, has_room, &target, "your program to accept those who have connected", true);
    s->listens = false;
}

struct link *link_connect(struct session *s, const char *host, const char *port)
{
    struct sockaddr_storage address;
    long number = 0;
    int error = 0;
    socklen_t size = sizeof error;

    if (!number_parse(port, 1, 65535, &number))
        session_fault(s, "%s is no port", port);
    socklen_t length = peer_address(s, host, (uint16_t)number, &address);
    await_room(s, host, (uint16_t)number);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1)
        session_fault(s, "cannot make a socket: %s", strerror(errno));
    socket_narrow(s, fd);
    if (connect(fd, (struct sockaddr *)&address, length) == -1 && errno != EINPROGRESS)
        session_lost(s, "A client could not connect to %s port %s: %s.", host, port,
                     strerror(errno));
    struct link *link = add_link(s, fd);
    link->connecting = true;
    (void)pump(s, is_connected, link, "your program to take a connection", false);
    link->connecting = false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == ECONNRESET)
        link->error = error; /* made, and reset at once, which other steps judge */
    else if (error != 0)
        session_lost(s, "A client could not connect to %s port %s: %s.", host, port,
                     strerror(error));
    link->local = 0;
    length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
        link->local = (uint16_t)address_port((struct sockaddr *)&address);
    link->remote = (uint16_t)number;
    play_say_of(link, "connected to your program");
    return link;
}

/* ---- what the pump asks and does for a link ---- */

bool link_has_line(const struct link *link)
{
    return link->in.length > 0 && link->in.data[link->in.length - 1] == '\n';
}

short link_events(const struct link *link)
{
    short events = 0;

    if (link->connecting)
        return POLLOUT;
    if (link->sent < link->out.length && link->error == 0)
        events |= POLLOUT;
    if (!link->end && link->error == 0 &&
        (link->drain || (link->line && !link_has_line(link)) || link->in.length < link->want ||
         (link->echo && link->sent == link->out.length)))
        events |= POLLIN;
    return events;
}

static void serve_out(struct link *link)
{
    ssize_t n =
        send(link->fd, link->out.data + link->sent, link->out.length - link->sent, MSG_NOSIGNAL);

    if (n > 0)
        link->sent += (size_t)n;
    if (n == -1 && errno != EAGAIN && errno != EINTR)
        link->error = errno;
}

/* How many bytes to read next; for a line, as many as it has. */
static size_t room_for(const struct link *link, char *bytes, size_t size)
{
    size_t room = link->want - link->in.length;

    if (link->drain || link->echo)
        return size;
    if (!link->line)
        return room < size ? room : size;
    ssize_t n = recv(link->fd, bytes, size, MSG_PEEK);
    const char *end = n > 0 ? memchr(bytes, '\n', (size_t)n) : NULL;
    if (end != NULL)
        return (size_t)(end - bytes) + 1;
    return n > 0 ? (size_t)n : 1; /* an end or an error: recv() tells it again */
}

static void serve_in(struct link *link)
{
    static char bytes[65536];
    struct buffer *into = link->echo ? &link->out : &link->in;
    ssize_t n = recv(link->fd, bytes, room_for(link, bytes, sizeof bytes), 0);
    int one = 1;

    /* A program that sends in small pieces waits for each one's acknowledgement (Nagle): give it.
     */
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
    link->received += n > 0 ? (size_t)n : 0;
    if (n > 0 && !link->drain && buffer_add(into, bytes, (size_t)n) == -1)
        session_fault(link->session, "out of memory");
    if (n == 0)
        link->end = true;
    if (n == 0 && link->echo)
        (void)shutdown(link->fd, SHUT_WR); /* everything was sent back before it read this */
    if (n == -1 && errno != EAGAIN && errno != EINTR)
        link->error = errno;
}

void link_serve(struct link *link, short events)
{
    if ((events & (POLLOUT | POLLERR)) != 0 && link->sent < link->out.length)
        serve_out(link);
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && (link_events(link) & POLLIN) != 0)
        serve_in(link);
}

/* ---- sending ---- */

static bool is_sent(void *what)
{
    const struct link *link = what;

    return link->sent == link->out.length || link->error != 0;
}

void link_queue(struct link *link, const void *bytes, size_t length)
{
    if (buffer_add(&link->out, bytes, length) == -1)
        session_fault(link->session, "out of memory");
}

void link_send(struct link *link, const void *bytes, size_t length)
{
    link_queue(link, bytes, length);
    serve_out(
        link); /* a short message is gone with one call, and the pump has nothing to wait for */
    play_say_of(link, "sends %s", play_show(link->session, bytes, length));
    (void)pump(link->session, is_sent, link, "your program to read what it was sent", false);
}

/* What the program read from this connection so far, as its wire saw it. */
static size_t bytes_read(const struct link *link, bool *reading)
{
    size_t total = 0;

    *reading = false;
    for (const struct student *p = link->session->students; p != NULL; p = p->next) {
        uint32_t count = wire_log_count(&p->log);
        for (uint32_t i = 0; i < count; i++) {
            const struct wire_event *e = wire_log_event(&p->log, i);
            if (e == NULL || e->call != WIRE_RECV || address_port(&e->local.any) != link->remote ||
                address_port(&e->peer.any) != link->local)
                continue;
            *reading = e->phase == WIRE_ENTER;
            if (e->phase == WIRE_EXIT && e->result > 0 && (e->flags & MSG_PEEK) == 0)
                total += (size_t)e->result;
        }
    }
    return total;
}

/* All read; or the program sleeps in a read although there is something: it waits for more. */
bool link_read_all(const struct link *link)
{
    struct standing standing;
    bool reading;

    if (link->error != 0 || bytes_read(link, &reading) >= link->sent)
        return true;
    if (!reading)
        return false;
    procs_look(&standing);
    return standing.sleeping && standing.processes > 0 && bytes_read(link, &reading) < link->sent &&
           reading;
}

static bool has_read_all(void *what)
{
    const struct link *link = what;

    return is_sent(what) && link_read_all(link);
}

void link_wait_read(struct link *link)
{
    struct session *s = link->session;

    if (s->options->play) {
        play_pause(s, "Enter sends the next piece");
        return;
    }
    s->listens = true;
    (void)pump(s, has_read_all, link, "your program to read what it was sent", true);
    s->listens = false;
}

void link_send_pieces(struct link *link, const void *bytes, size_t length, const size_t *sizes)
{
    const char *at = bytes;

    for (; *sizes != 0 && *sizes < length; sizes++) {
        link_send(link, at, *sizes);
        link_wait_read(link);
        at += *sizes;
        length -= *sizes;
    }
    link_send(link, at, length);
}

/* ---- receiving ---- */

/* True if what came so far is not how the expected bytes begin. Looks at each byte once. */
static bool differs(struct link *link)
{
    const struct expectation *e = &link->session->expected;
    size_t least = link->in.length < e->length ? link->in.length : e->length;

    if (least > link->matched &&
        memcmp(link->in.data + link->matched, (const char *)e->bytes + link->matched,
               least - link->matched) != 0)
        return true;
    link->matched = least > link->matched ? least : link->matched;
    return false;
}

static bool has_received(void *what)
{
    struct link *link = what;

    return link->in.length >= link->want || link->end || link->error != 0 || differs(link);
}

struct collection {
    const struct link *link;
    uint64_t until_ns;
};

static bool has_collected(void *what)
{
    const struct collection *c = what;

    return c->link->in.length >= c->link->want || c->link->end || c->link->error != 0 ||
           now_ns() >= c->until_ns;
}

/* The verdict stands; what else the program sends in a moment is for the report only. */
static void collect_rest(struct link *link)
{
    enum { MORE = 200, MOMENT_MS = 100 };
    struct collection c = {link, now_ns() + UINT64_C(1000000) * MOMENT_MS};

    link->want = link->in.length + MORE;
    (void)pump(link->session, has_collected, &c, "the rest", true);
}

/* How a connection was ended, as the wire of the program that held it saw it. */
struct ending {
    struct student *p; /* who held it */
    bool finished;     /* by shutdown() */
    bool closed;       /* by close(); else it ended with the program */
    uint64_t until_ns; /* how long its own end is waited for */
};

static struct ending find_ending(const struct link *link)
{
    struct ending ending = {.p = session_student(link->session)};

    for (struct student *p = link->session->students; p != NULL; p = p->next)
        for (uint32_t i = 0; i < wire_log_count(&p->log); i++) {
            const struct wire_event *e = wire_log_event(&p->log, i);
            if (e == NULL || address_port(&e->local.any) != link->remote ||
                address_port(&e->peer.any) != link->local)
                continue;
            ending.p = p;
            ending.closed |= e->call == WIRE_CLOSE;
            ending.finished |= e->call == WIRE_SHUTDOWN && e->flags != SHUT_RD;
        }
    return ending;
}

static bool is_ended(void *what)
{
    const struct ending *ending = what;

    return ending->p->ended || now_ns() >= ending->until_ns;
}

void link_over(struct link *link, const char *when, const char *before)
{
    enum { MOMENT_MS = 200 };
    struct session *s = link->session;
    struct ending ending = find_ending(link);
    const struct student *p = ending.p;
    const char *status = "";

    if (p == NULL)
        session_fail(s, "Your program ended the connection %s.", when);
    ending.until_ns = now_ns() + UINT64_C(1000000) * MOMENT_MS;
    (void)pump(s, is_ended, &ending, "its end", true); /* most often it follows at once */
    if (p->ended && WIFEXITED(p->wait_status) && !ending.closed && !ending.finished)
        session_lost(s, "The program ended with status %d %s.", WEXITSTATUS(p->wait_status),
                     before);
    if (p->ended && WIFEXITED(p->wait_status))
        status = session_print(s, ", and ended with status %d", WEXITSTATUS(p->wait_status));
    if (link->error != 0)
        session_lost(s,
                     "Your program reset the connection %s: it closed while something it was sent "
                     "lay unread, or was killed%s.",
                     when, status);
    session_lost(s, "Your program %s %s%s.",
                 ending.closed ? "closed the connection" : "finished sending", when, status);
}

static void expect_bytes(struct link *link, const void *bytes, size_t length, const char *waiting)
{
    struct session *s = link->session;

    s->expected = (struct expectation){link, bytes, length};
    link->want = length;
    (void)pump(s, has_received, link, waiting, false);
    if (differs(link)) {
        collect_rest(link);
        session_fail(s, "%s",
                     difference_say(s, &(struct comparison){.expected = bytes,
                                                            .got = link->in.data,
                                                            .expected_length = length,
                                                            .got_length = link->in.length,
                                                            .sent = true}));
    }
    if (link->in.length == length) {
        s->expected.link = NULL;
        link->in.length = link->matched = 0;
        link->want = 0;
        transcript_add(s, "received by the other side", bytes, length);
        return;
    }
    link_over(link, session_print(s, "after %zu of %zu bytes", link->in.length, length),
              session_print(s, "before it sent all that was due (%zu of %zu bytes came)",
                            link->in.length, length));
}

void link_expect(struct link *link, const void *bytes, size_t length)
{
    enum { LINES = 200 }; /* more is hardly a line or two */
    struct buffer shown = {0};

    (void)bytes_show(bytes, length, 60, &shown);
    expect_bytes(link, bytes, length,
                 length > LINES
                     ? session_print(link->session, "%zu bytes from your program", length)
                     : session_print(link->session, "%zu bytes from your program, \"%s\"", length,
                                     buffer_text(&shown)));
    buffer_free(&shown);
    play_say_of(link, "received %s", play_show(link->session, bytes, length));
}

static bool has_ended(void *what)
{
    const struct link *link = what;

    return link->end || link->error != 0 || link->in.length > 0;
}

void link_expect_end(struct link *link)
{
    struct session *s = link->session;

    link->want = 1;
    (void)pump(s, has_ended, link,
               "your program to finish sending: with shutdown(fd, SHUT_WR), or by closing", false);
    if (link->error != 0)
        session_lost(s,
                     "Your program reset the connection instead of closing it in order: it closed "
                     "while something it was sent lay unread, or was killed.");
    if (link->in.length > 0) {
        s->expected = (struct expectation){link, "", 0};
        collect_rest(link);
        session_fail(s, "%s",
                     difference_say(s, &(struct comparison){.expected = "",
                                                            .got = link->in.data,
                                                            .got_length = link->in.length,
                                                            .sent = true}));
    }
    play_say_of(link, "your program finished sending");
}

void link_wait_end(struct link *link)
{
    link->drain = true;
    (void)pump(link->session, has_ended, link, "your program to end the connection", false);
    play_say_of(link, "your program ended the connection");
}

/* ---- ending ---- */

void link_shutdown(struct link *link)
{
    (void)shutdown(link->fd,
                   SHUT_WR); /* ENOTCONN: the program was faster, which other steps judge */
    play_say_of(link, "finishes sending");
}

/* True once the program's kernel has our FIN: a close in between would hide that it is under way.
 */
static bool is_fin_received(void *what)
{
    const struct link *link = what;
    struct tcp_info info;
    socklen_t size = sizeof info;

    return getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1 ||
           (info.tcpi_state != TCP_FIN_WAIT1 && info.tcpi_state != TCP_CLOSING &&
            info.tcpi_state != TCP_LAST_ACK);
}

static void close_link(struct link *link)
{
    (void)close(link->fd);
    link->fd = -1;
    link->end = true;
}

void link_close(struct link *link)
{
    if (link->fd == -1)
        return;
    (void)shutdown(link->fd, SHUT_WR);
    (void)pump(link->session, is_fin_received, link, "your program to take the end", true);
    close_link(link);
    play_say_of(link, "closes");
}

void link_reset(struct link *link)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close_link(link);
    play_say_of(link, "resets the connection");
}
