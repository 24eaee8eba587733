/* fails: client-interactive client-bulk client-long-lived */
/*
 * The client sets its options when everything is sent: the conversation began without them.
 */
#define _GNU_SOURCE /* accept4(), ppoll() */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OPTIONS_MOST = 6, UNDER_WAY = 20 * 1000 * 1000 / 8 / 1000 * 80 }; /* 20 Mbit/s for 80 ms */

struct option {
    int level, name, value;
};

static const struct profile {
    const char *name;
    struct option options[OPTIONS_MOST]; /* up to one that has no name */
} PROFILES[] = {
    {"interactive",
     {{IPPROTO_TCP, TCP_NODELAY, 1},
      {IPPROTO_TCP, TCP_USER_TIMEOUT, 8000},
      {SOL_SOCKET, SO_SNDBUF, 16384}}},
    {"bulk", {{SOL_SOCKET, SO_SNDBUF, UNDER_WAY}, {SOL_SOCKET, SO_RCVBUF, UNDER_WAY}}},
    /* Noticed after 30 + 3 * 10 s. */
    {"long-lived",
     {{SOL_SOCKET, SO_KEEPALIVE, 1},
      {IPPROTO_TCP, TCP_KEEPIDLE, 30},
      {IPPROTO_TCP, TCP_KEEPINTVL, 10},
      {IPPROTO_TCP, TCP_KEEPCNT, 3},
      {SOL_SOCKET, SO_SNDBUF, 8192},
      {SOL_SOCKET, SO_RCVBUF, 8192}}},
};

/* The profile of this name, or NULL if there is none. */
static const struct profile *find_profile(const char *name)
{
    for (size_t i = 0; i < sizeof PROFILES / sizeof PROFILES[0]; i++)
        if (strcmp(PROFILES[i].name, name) == 0)
            return &PROFILES[i];
    return NULL;
}

/* Gives a socket the options of a profile. Returns 0, or -1 and errno. */
static int set_options(int fd, const struct profile *profile)
{
    for (int i = 0; i < OPTIONS_MOST && profile->options[i].name != 0; i++) {
        const struct option *o = &profile->options[i];
        if (setsockopt(fd, o->level, o->name, &o->value, sizeof o->value) == -1)
            return -1;
    }
    return 0;
}

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static int complain(const char *what)
{
    fprintf(stderr, "socket_profiles: %s: %s\n", what, strerror(errno));
    return 1;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR && !stopping)
            continue;
        if (n == -1)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

/* ---- the server: one client after another, until SIGTERM ---------------------------------------
 */

static int open_listener(int family, uint16_t port, const struct profile *profile)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    bool ipv6 = family == AF_INET6;
    const int on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        set_options(fd, profile) == -1 ||
        bind(fd, ipv6 ? (const void *)&in6 : &in4, ipv6 ? sizeof in6 : sizeof in4) == -1 ||
        listen(fd, SOMAXCONN) == -1) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* Sleeps until there is something to read, or to accept. False when the server is to stop. */
static bool wait_for(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    sigset_t none;

    (void)sigemptyset(&none); /* lets SIGTERM in, while it sleeps */
    while (!stopping && ppoll(&polled, 1, NULL, &none) == -1 && errno == EINTR)
        continue;
    return !stopping;
}

/* Sends everything back until the client has finished, or is lost. */
static void serve_client(int fd)
{
    char bytes[16384];
    ssize_t n = 0;

    while (wait_for(fd) && (n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        if (!send_all(fd, bytes, (size_t)n))
            return;
}

static int serve(const struct profile *profile, uint16_t port)
{
    struct sigaction stop = {.sa_handler = on_signal};
    struct sockaddr_in6 address = {0}; /* of either family: the port is in the same place */
    socklen_t length = sizeof address;
    sigset_t held;

    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &held, NULL) == -1 || sigaction(SIGTERM, &stop, NULL) == -1)
        return complain("signals");
    int listener = open_listener(AF_INET6, port, profile);
    if (listener == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        listener = open_listener(AF_INET, port, profile); /* a machine without IPv6 */
    if (listener == -1 || getsockname(listener, (struct sockaddr *)&address, &length) == -1)
        return complain("cannot listen");
    printf("listening on [::]:%d\n", ntohs(address.sin6_port));
    if (fflush(stdout) == EOF)
        return complain("standard output");
    while (wait_for(listener)) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd == -1) {
            (void)poll(NULL, 0, 100); /* it has gone, or no descriptor is free: not at once again */
            continue;
        }
        serve_client(fd);
        (void)close(fd);
    }
    (void)close(listener);
    return 0;
}

/* ---- the client: standard input there, the reply back ------------------------------------------
 */

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int fd = -1, why = 0;

    if (getaddrinfo(host, port, &hints, &list) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    for (struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
            why = errno;
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    errno = why;
    return fd;
}

static int converse(const struct profile *profile, const char *host, const char *port)
{
    char bytes[16384];
    ssize_t n;
    int fd = connect_to(host, port);

    if (fd == -1)
        return complain(host);
    while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0 && send_all(fd, bytes, (size_t)n))
        continue;
    if (set_options(fd, profile) == -1)
        return complain(host);
    if (n == 0 && shutdown(fd, SHUT_WR) == 0)
        while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
            (void)fwrite(bytes, 1, (size_t)n, stdout);
    int status = n == 0 && fflush(stdout) == 0 ? 0 : complain(host);
    (void)close(fd);
    return status;
}

int main(int argc, char **argv)
{
    bool serves = argc == 4 && strcmp(argv[1], "serve") == 0;
    bool connects = argc == 5 && strcmp(argv[1], "connect") == 0;
    const struct profile *profile = serves || connects ? find_profile(argv[2]) : NULL;
    char *end = NULL;
    long port = profile != NULL ? strtol(argv[argc - 1], &end, 10) : -1;

    if (profile == NULL || *argv[argc - 1] == '\0' || *end != '\0' || port < connects ||
        port > UINT16_MAX) {
        fprintf(stderr, "usage: socket_profiles serve PROFILE PORT\n"
                        "       socket_profiles connect PROFILE HOST PORT\n");
        return 2;
    }
    return serves ? serve(profile, (uint16_t)port) : converse(profile, argv[3], argv[4]);
}
