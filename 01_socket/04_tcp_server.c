/*
 * 1.04  TCP server
 *
 * Serves one client after another, sending each its bytes back in capitals, until told to stop.
 *
 * Python:  socket.create_server(("", port), family=AF_INET6, dualstack_ipv6=True), accept()
 * Usage:   04_tcp_server PORT
 * See:     socket(7), ipv6(7), accept(2), ppoll(2), signal(7); RFC 9293 section 3.6.1
 * Leaves out: serving clients side by side, and time limits: one slow client holds up all the
 *          others. Lessons 1.08 and 1.11 cure that.
 */
#define _GNU_SOURCE /* accept4() and ppoll(): in POSIX since 2024 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

/* SIGTERM and SIGINT are held back, except while wait_for() sleeps. */
static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static void hold_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    sigset_t held;

    (void)sigemptyset(&held); /* these three fail for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    (void)sigaddset(&held, SIGINT);
    if (sigprocmask(SIG_SETMASK, &held, NULL) == -1 || sigaction(SIGTERM, &stop, NULL) == -1 ||
        sigaction(SIGINT, &stop, NULL) == -1 || sigaction(SIGPIPE, &ignore, NULL) == -1)
        die_errno("cannot hold signals");
}

/* [wait] Sleeps until fd seems ready or the time is up. Returns 0 when the server is to stop. */
static int wait_for(int fd, short events, const struct timespec *limit)
{
    struct pollfd one = {.fd = fd, .events = events};
    const struct timespec now = {0};
    sigset_t none;

    (void)sigemptyset(&none);
    /* Lets a signal in, although fd may never be idle. */
    (void)ppoll(NULL, 0, &now, &none);
    if (!stopping && ppoll(&one, 1, limit, &none) == -1 && errno != EINTR)
        die_errno("cannot wait");
    return !stopping;
}
/* [/wait] */

/* [listen] Listens on every address of this machine. Returns a socket, or -1 and errno. */
static int open_listener(int family, uint16_t port)
{
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int ipv6 = family == AF_INET6, off = 0, on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1) ||
        bind(fd, ipv6 ? (const void *)&in6 : &in4, ipv6 ? sizeof in6 : sizeof in4) == -1 ||
        listen(fd, SOMAXCONN) == -1) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}
/* [/listen] */

static void print_name(const struct sockaddr_storage *address, socklen_t length)
{
    char host[64], port[8];

    if (getnameinfo((const struct sockaddr *)address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        printf("[%s]:%s", host, port);
}

/* [accept] The next client, or -1: look again. Nothing that a client does ends the server. */
static int accept_client(int listener)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int fd = accept4(listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd != -1) {
        print_name(&address, length);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        report_errno("cannot accept for now");
        (void)wait_for(-1, 0, &a_while); /* the client stays queued: no busy loop around accept() */
    }
    return fd;
}
/* [/accept] */

/* [serve] Serves one client until it has sent its end, is lost, or the server is to stop. */
static void serve(int fd)
{
    char block[16384];
    size_t have = 0, sent = 0; /* bytes in block, and how many of them the client was sent */
    long long total = 0;
    ssize_t n = -1;

    while (n != 0 && wait_for(fd, sent < have ? POLLOUT : POLLIN, NULL)) {
        if (sent < have)
            n = send(fd, block + sent, have - sent, 0);
        else
            n = recv(fd, block, sizeof block, 0);
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            break;
        if (n > 0 && sent < have) {
            sent += (size_t)n;
        } else if (n > 0) {
            have = (size_t)n;
            sent = 0;
            total += n;
            for (size_t i = 0; i < have; i++)
                block[i] = (char)toupper((unsigned char)block[i]);
        }
    }
    printf(": %lld bytes, then %s\n", total,
           n == 0     ? "the end"
           : stopping ? "we stop"
                      : errno_name(errno));
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop serving */
}
/* [/serve] */

int main(int argc, char **argv)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0')
        die_usage("PORT");
    hold_signals();
    int listener = open_listener(AF_INET6, (uint16_t)port);
    if (listener == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        listener = open_listener(AF_INET, (uint16_t)port); /* a machine without IPv6 */
    if (listener == -1)
        die_errno("cannot listen on port %ld", port);
    if (getsockname(listener, (struct sockaddr *)&address, &length) == -1)
        die_errno("getsockname");
    printf("listening on ");
    print_name(&address, length);
    if (puts("") == EOF || fflush(stdout) == EOF)
        die_errno("standard output");
    while (wait_for(listener, POLLIN, NULL)) {
        int client = accept_client(listener);
        if (client != -1) {
            serve(client);
            (void)close(client); /* what was to be sent is on its way */
        }
    }
    (void)close(listener);
    return EXIT_SUCCESS;
}
