/*
 * 1.10  Socket options
 *
 * Sets sixteen options on a listening socket and reads them back, there and from what it accepts.
 *
 * Python:  getsockopt(), setsockopt(), struct.pack("ii", 1, 0) for SO_LINGER
 * Usage:   10_socket_options
 * See:     socket(7), tcp(7), ip(7), ipv6(7), getsockopt(2); RFC 9293 sections 3.7.4 and 3.8.4
 * Leaves out: options of lessons of their own: time limits (1.08), SO_REUSEPORT (1.13), who is at
 *          the other end (1.15), multicast (1.17).
 */
#include <errno.h>
#include <linux/tcp.h> /* netinet/tcp.h has the options too, but not all of struct tcp_info */
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/address.h"
#include "core/error.h"
#include "core/tcp.h"

enum { NOT_SET = -1, TEXT = 16, SMALL_WRITES = 5 };

/* For the calls that set the scene: result, unless it is -1. */
static int must(int result)
{
    if (result == -1)
        die_errno("cannot set the scene");
    return result;
}

/* [table] What is set, to what, and why. */
static const struct option {
    const char *name;
    int level, number, value;
    const char *purpose;
} OPTIONS[] = {
    {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1, "small writes leave at once"},
    {"TCP_CORK", IPPROTO_TCP, TCP_CORK, 1, "small writes wait"},
    {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1, "ask a silent peer"},
    {"  TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 60, "s until the first time"},
    {"  TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 10, "s until the next"},
    {"  TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 3, "times, then give up"},
    {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 30000, "ms for what was sent"},
    {"SO_LINGER", SOL_SOCKET, SO_LINGER, 1, "on, s: what close() does"},
    {"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 65536, "room for what is sent"},
    {"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, 65536, "room for what comes"},
    {"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 100, "bytes that wake recv()"},
    {"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1, "urgent bytes in place"},
    {"IP_TTL", IPPROTO_IP, IP_TTL, 3, "routers on the way"},
    {"IP_TOS", IPPROTO_IP, IP_TOS, 16, "a wish to routers"},
    {"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPv6 alone"},
    {"SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN, NOT_SET, "does it listen?"},
};
enum { COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };
/* [/table] */

/* [read] Reads an option into text: a number, or the two numbers of a struct linger. */
static const char *read_option(int fd, const struct option *o, char *text)
{
    int value[2] = {0, 0}; /* room for a struct linger, which is two int */
    socklen_t length = sizeof value;

    if (getsockopt(fd, o->level, o->number, value, &length) == -1)
        (void)snprintf(text, TEXT, "%s", errno_name(errno));
    else if (length == sizeof(struct linger))
        (void)snprintf(text, TEXT, "%d, %d", value[0], value[1]);
    else
        (void)snprintf(text, TEXT, "%d", value[0]);
    return text;
}
/* [/read] */

/* Sets an option. Returns what it was set to, or why it was not. */
static const char *set_option(int fd, const struct option *o, char *text)
{
    const struct linger linger = {.l_onoff = o->value, .l_linger = 0};
    const bool is_linger = o->level == SOL_SOCKET && o->number == SO_LINGER;
    const void *value = is_linger ? (const void *)&linger : &o->value;

    if (setsockopt(fd, o->level, o->number, value, is_linger ? sizeof linger : sizeof(int)) == -1)
        (void)snprintf(text, TEXT, "%s", errno_name(errno));
    else
        (void)snprintf(text, TEXT, is_linger ? "%d, 0" : "%d", o->value);
    return text;
}

/* Makes a connection to a listener of ours. Returns the client's end, and sets accepted. */
static int connect_pair(int listener, int *accepted)
{
    struct pollfd one = {.fd = listener, .events = POLLIN};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    struct error error;
    char port[TEXT];

    must(getsockname(listener, (struct sockaddr *)&address, &length));
    (void)snprintf(port, sizeof port, "%d", address_port((struct sockaddr *)&address));
    int fd = tcp_connect(address.ss_family == AF_INET6 ? "::1" : "127.0.0.1", port, &error);
    if (fd == -1)
        die("%s", error.text);
    must(poll(&one, 1, -1));
    *accepted = must(accept(listener, NULL, NULL));
    return fd;
}

/* Sets every option of the table on a socket that then listens, and looks what became of it. */
static void show_table(void)
{
    char before[COUNT][TEXT], set[COUNT][TEXT], after[TEXT], taken[TEXT];
    int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted;

    if (listener == -1) /* a system without IPv6 */
        listener = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    for (int i = 0; i < COUNT; i++) {
        (void)read_option(listener, &OPTIONS[i], before[i]);
        (void)set_option(listener, &OPTIONS[i], set[i]);
    }
    must(listen(listener, 1)); /* without bind(), the port is of the system's choice */
    int client = connect_pair(listener, &accepted);
    printf("%-16s %7s %11s %6s %8s  %s\n", "option", "default", "set", "reads", "accepted", "for");
    for (int i = 0; i < COUNT; i++)
        printf("%-16s %7s %11s %6s %8s  %s\n", OPTIONS[i].name, before[i], set[i],
               read_option(listener, &OPTIONS[i], after), read_option(accepted, &OPTIONS[i], taken),
               OPTIONS[i].purpose);
    (void)close(client);
    (void)close(accepted);
    (void)close(listener);
}

/* [small] Sends five single bytes to a peer that is slow to acknowledge, and counts segments. */
static void show_small_writes(int listener, const char *name, int option)
{
    const int on = 1, off = 0;
    struct tcp_info info;
    socklen_t length = sizeof info;
    char bytes[SMALL_WRITES];
    int peer, fd = connect_pair(listener, &peer);

    must(setsockopt(peer, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off));
    if (option != 0)
        must(setsockopt(fd, IPPROTO_TCP, option, &on, sizeof on));
    for (int i = 0; i < SMALL_WRITES; i++)
        must((int)send(fd, "x", 1, MSG_NOSIGNAL));
    if (option == TCP_CORK) /* the message is complete: out with it */
        must(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off));
    must((int)recv(peer, bytes, sizeof bytes, MSG_WAITALL));
    must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
    printf("%d small writes, %-11s: %u on the wire\n", SMALL_WRITES, name, info.tcpi_data_segs_out);
    (void)close(peer);
    (void)close(fd);
}
/* [/small] */

/* [linger] Closes without and with SO_LINGER set to 0 seconds: what does the peer see? */
static void show_linger(int listener, int on)
{
    const struct linger linger = {.l_onoff = on, .l_linger = 0};
    int peer, fd = connect_pair(listener, &peer);
    char byte;

    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    (void)close(fd);
    ssize_t n = recv(peer, &byte, 1, 0);
    printf("close(), SO_LINGER %d, 0    : the peer's recv() = %zd, %s\n", on, n,
           n == -1 ? errno_name(errno) : "the end");
    (void)close(peer);
}
/* [/linger] */

int main(int argc, char **argv)
{
    struct error error;

    (void)argv;
    if (argc != 1)
        die_usage("");
    show_table();
    int listener = tcp_listen(0, &error);
    if (listener == -1)
        die("%s", error.text);
    show_small_writes(listener, "as it is", 0);
    show_small_writes(listener, "TCP_NODELAY", TCP_NODELAY);
    show_small_writes(listener, "TCP_CORK", TCP_CORK);
    show_linger(listener, 0);
    show_linger(listener, 1);
    (void)close(listener);
    finish(EXIT_SUCCESS);
}
