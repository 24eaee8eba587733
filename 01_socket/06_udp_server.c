/*
 * 1.06  UDP server
 *
 * Answers each datagram in capitals, to whoever sent it, and says so when one did not fit.
 *
 * Python:  socket.socket(AF_INET6, SOCK_DGRAM), bind(), recvfrom(), sendto(); UDPServer
 * Usage:   06_udp_server PORT
 * See:     udp(7), recvfrom(2), sendto(2), ip(7); RFC 768, RFC 8085 section 3.2
 * Leaves out: answering from the very address that was asked (IP_PKTINFO in ip(7)).
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/address.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

enum { LIMIT = 512 }; /* bytes of a question; over IPv4 a datagram can have 65,507 */

/* [bind] A socket for datagrams at every address of this machine, or -1 and errno. */
static int open_socket(int family, uint16_t port)
{
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int ipv6 = family == AF_INET6, off = 0;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if ((ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1) ||
        bind(fd, ipv6 ? (const void *)&in6 : &in4, ipv6 ? sizeof in6 : sizeof in4) == -1) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd; /* that is all: no listen(), no accept() */
}
/* [/bind] */

static void print_question(const struct sockaddr *who, socklen_t length, ssize_t n)
{
    char text[ADDRESS_TEXT];

    printf("%s: %zd bytes", address_format(who, length, text), n);
    if (n > LIMIT)
        printf(", %zd of them lost", n - LIMIT);
    puts("");
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop */
}

/* [serve] Takes one datagram, and answers it. Keeps nothing. */
static void serve_one(int fd)
{
    char bytes[LIMIT];
    struct sockaddr_storage from;
    struct sockaddr *who = (struct sockaddr *)&from;
    socklen_t length = sizeof from;
    /* MSG_TRUNC: it returns how long the datagram was, stored or not */
    ssize_t n = recvfrom(fd, bytes, sizeof bytes, MSG_TRUNC, who, &length);

    if (n == -1) {
        if (errno != EAGAIN && errno != EINTR)
            report_errno("recvfrom");
        return;
    }
    print_question(who, length, n);
    if (n > LIMIT) /* half a question is none */
        n = snprintf(bytes, sizeof bytes, "too long: %zd bytes", n);
    else
        for (ssize_t i = 0; i < n; i++)
            bytes[i] = (char)toupper((unsigned char)bytes[i]);
    if (sendto(fd, bytes, (size_t)n, 0, who, length) == -1)
        report_errno("sendto"); /* it may ask again */
}
/* [/serve] */

int main(int argc, char **argv)
{
    struct error error;
    long port;

    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT");
    if (stop_hold(&error) == -1)
        die("%s", error.text);
    int fd = open_socket(AF_INET6, (uint16_t)port);
    if (fd == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        fd = open_socket(AF_INET, (uint16_t)port); /* a machine without IPv6 */
    if (fd == -1)
        die_errno("port %ld", port);
    if (tcp_announce(fd, &error) == -1) /* UDP's address will do, too */
        die("%s", error.text);
    while (stop_wait(fd, POLLIN, -1) != -1)
        serve_one(fd);
    (void)close(fd);
    return EXIT_SUCCESS;
}
