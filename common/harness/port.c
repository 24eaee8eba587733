/* The other end of the learner's program, over UDP. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/address.h"
#include "core/number.h"
#include "harness/internal.h"

struct port *port_add(struct session *s, const char *host, int fd, const char *number)
{
    struct port *port = session_alloc(s, sizeof *port);

    port->session = s;
    port->fd = fd;
    port->next = s->ports;
    s->ports = port;
    (void)snprintf(port->host, sizeof port->host, "%s", host);
    (void)snprintf(port->number, sizeof port->number, "%s", number);
    return port;
}

struct port *port_open(struct session *s, const char *host)
{
    char number[8];
    int fd = peer_bind(s, host, SOCK_DGRAM, number);

    return port_add(s, host, fd, number);
}

static socklen_t read_address(struct session *s, const char *host, const char *number,
                              struct sockaddr_storage *address)
{
    long port = 0;

    if (!number_parse(number, 1, 65535, &port))
        session_fault(s, "%s is no port", number);
    return peer_address(s, host, (uint16_t)port, address);
}

/* A socket at host with this very number, or -1 where another program has it. */
static int bind_number(struct session *s, const char *host, const char *number)
{
    struct sockaddr_storage address;
    socklen_t length = read_address(s, host, number, &address);
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        session_fault(s, "cannot make a socket: %s", strerror(errno));
    if (bind(fd, (struct sockaddr *)&address, length) == 0)
        return fd;
    (void)close(fd); /* nothing came to it */
    return -1;
}

void port_open_twins(struct session *s, const char *host, const char *other, struct port *twins[2])
{
    enum { TRIES = 100 };
    char number[8];

    for (int i = 0; i < TRIES; i++) {
        int first = peer_bind(s, host, SOCK_DGRAM, number), second = bind_number(s, other, number);
        if (second != -1) {
            twins[0] = port_add(s, host, first, number);
            twins[1] = port_add(s, other, second, number);
            return;
        }
        (void)close(first);
    }
    session_fault(s, "no UDP port is free at both %s and %s", host, other);
}

const char *port_host(const struct port *port)
{
    return port->host;
}

const char *port_number(const struct port *port)
{
    return port->number;
}

const char *port_sender(const struct port *port)
{
    char text[ADDRESS_TEXT];

    return session_print(
        port->session, "%s",
        address_format((const struct sockaddr *)&port->sender, port->sender_length, text));
}

/* ---- receiving ---- */

static bool has_datagram(void *what)
{
    return poll(&(struct pollfd){((struct port *)what)->fd, POLLIN, 0}, 1, 0) == 1;
}

static size_t receive(struct port *port, void *bytes, size_t size, const char *waiting)
{
    struct session *s = port->session;

    port->waiting = true;
    (void)pump(s, has_datagram, port, waiting, false);
    port->waiting = false;
    port->sender_length = sizeof port->sender;
    ssize_t n = recvfrom(port->fd, bytes, size, MSG_TRUNC, (struct sockaddr *)&port->sender,
                         &port->sender_length);
    if (n == -1)
        session_fault(s, "recvfrom: %s", strerror(errno));
    play_say(s, "received a datagram of %s",
             play_show(s, bytes, (size_t)n < size ? (size_t)n : size));
    return (size_t)n;
}

size_t port_receive(struct port *port, void *bytes, size_t size)
{
    return receive(port, bytes, size, "a datagram from your program");
}

void port_expect(struct port *port, const void *bytes, size_t length)
{
    struct session *s = port->session;
    char *got = session_alloc(s, length + 64); /* some bytes more, for the report */
    size_t n = receive(
        port, got, length + 64,
        session_print(s, "a datagram of %s from your program", play_show(s, bytes, length)));

    if (n != length || memcmp(got, bytes, length) != 0) {
        struct comparison differs = {.expected = bytes,
                                     .got = got,
                                     .expected_length = length,
                                     .got_length = n < length + 64 ? n : length + 64,
                                     .sent = true};
        report_comparison(&differs);
        session_fail(s, "%s", difference_say(s, &differs));
    }
    transcript_add(s, "a datagram from the program", bytes, length);
}

/* ---- time ---- */

struct pause {
    struct port *port; /* whose datagram ends it; or NULL */
    uint64_t until_ns;
};

static bool is_over(void *what)
{
    const struct pause *pause = what;

    return now_ns() >= pause->until_ns || (pause->port != NULL && has_datagram(pause->port));
}

/* The program may stand still meanwhile, or end: that is for the next step to judge. */
static void wait_out(struct session *s, struct pause pause)
{
    while (!is_over(&pause))
        (void)pump(s, is_over, &pause, "time to pass", true);
}

void session_wait(struct session *s, int ms)
{
    play_say(s, "waits %d ms", ms);
    wait_out(s, (struct pause){NULL, now_ns() + (uint64_t)ms * 1000000U});
}

bool port_wait(struct port *port, int ms)
{
    port->waiting = true;
    wait_out(port->session, (struct pause){port, now_ns() + (uint64_t)ms * 1000000U});
    port->waiting = false;
    return has_datagram(port);
}

/* ---- sending ---- */

static void send_datagram(struct port *port, const void *bytes, size_t length,
                          const struct sockaddr_storage *to, socklen_t to_length)
{
    if (sendto(port->fd, bytes, length, 0, (const struct sockaddr *)to, to_length) == -1)
        session_fault(port->session, "sendto: %s", strerror(errno));
    play_say(port->session, "sends a datagram of %s", play_show(port->session, bytes, length));
}

void port_reply(struct port *port, const void *bytes, size_t length)
{
    send_datagram(port, bytes, length, &port->sender, port->sender_length);
}

void port_reply_from(struct port *stranger, const struct port *port, const void *bytes,
                     size_t length)
{
    play_say(port->session, "now from %s port %s:", stranger->host, stranger->number);
    send_datagram(stranger, bytes, length, &port->sender, port->sender_length);
}

void port_send(struct port *port, const char *host, const char *to, const void *bytes,
               size_t length)
{
    struct sockaddr_storage address;
    socklen_t size = read_address(port->session, host, to, &address);

    send_datagram(port, bytes, length, &address, size);
}

void port_refuse(struct port *port)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    /* Connected to itself, it gets nothing from anybody else: the kernel finds no socket there. */
    if (getsockname(port->fd, (struct sockaddr *)&address, &length) == -1 ||
        connect(port->fd, (struct sockaddr *)&address, length) == -1)
        session_fault(port->session, "cannot refuse datagrams: %s", strerror(errno));
    play_say(port->session, "nobody listens on %s UDP port %s", port->host, port->number);
}
