/*
 * Exercise 1.3  Running sums
 *
 * A client's bytes go one by one through take_byte(), which keeps what belongs to the line at hand:
 * so it is all the same in what pieces they come. Signals are let in only while wait_for() sleeps.
 *
 * Usage:  running_sums PORT
 * See:    lesson 1.04; accept(2), ppoll(2), strtol(3)
 */
#define _GNU_SOURCE /* accept4() and ppoll() */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_LIMIT = 100 };

struct client {
    int fd;
    int64_t sum;
    char line[LINE_LIMIT + 1];
    size_t length; /* of the line at hand; beyond LINE_LIMIT it is counted and not kept */
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static void complain(const char *what)
{
    fprintf(stderr, "running_sums: %s: %s\n", what, strerror(errno));
}

static bool hold_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigset_t held;

    (void)sigemptyset(&held); /* fails for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &stop, NULL) == 0;
}

/* Sleeps until fd seems ready or the time is up. Returns false when the server is to stop. */
static bool wait_for(int fd, short events, const struct timespec *limit)
{
    struct pollfd one = {.fd = fd, .events = events};
    const struct timespec now = {0};
    sigset_t none;

    (void)sigemptyset(&none);
    (void)ppoll(NULL, 0, &now, &none); /* lets a signal in, although fd may never be idle */
    if (!stopping && ppoll(&one, 1, limit, &none) == -1 && errno != EINTR)
        complain("ppoll");
    return !stopping;
}

/* Listens on every address of this machine. Returns a socket, or -1 and errno. */
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
        (void)close(fd); /* nothing was sent */
        errno = why;
        return -1;
    }
    return fd;
}

static bool print_name(int listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[64], port[8];

    if (getsockname(listener, (struct sockaddr *)&address, &length) == -1 ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    printf("listening on [%s]:%s\n", host, port);
    return fflush(stdout) == 0;
}

/* Sends everything. Returns false when the client is lost or the server is to stop. */
static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n == -1 && errno == EAGAIN && !wait_for(fd, POLLOUT, NULL))
            return false;
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool is_number(const char *text, size_t length)
{
    size_t sign = length > 0 && text[0] == '-' ? 1 : 0, i = sign;

    while (i < length && isdigit((unsigned char)text[i]))
        i++;
    return i == length && length > sign;
}

/* Looks before it adds: a sum out of range is undefined in C, and cannot be looked at afterwards.
 */
static bool add(int64_t *sum, int64_t number)
{
    if (number > 0 ? *sum > INT64_MAX - number : *sum < INT64_MIN - number)
        return false;
    *sum += number;
    return true;
}

/* Answers the line at hand and starts a new one. */
static bool answer(struct client *client)
{
    char text[32] = "error: overflow\n";
    size_t length = client->length;

    client->length = 0;
    if (length > LINE_LIMIT)
        return send_all(client->fd, "error: line too long\n", 21);
    if (!is_number(client->line, length))
        return send_all(client->fd, "error: not a number\n", 20);
    client->line[length] = '\0';
    errno = 0;
    long long number = strtoll(client->line, NULL, 10);
    if (errno != ERANGE && add(&client->sum, number))
        (void)snprintf(text, sizeof text, "%" PRId64 "\n",
                       client->sum); /* has room for 20 digits */
    return send_all(client->fd, text, strlen(text));
}

static bool take_byte(struct client *client, char byte)
{
    if (byte == '\n')
        return answer(client);
    if (client->length < LINE_LIMIT)
        client->line[client->length] = byte;
    if (client->length <= LINE_LIMIT)
        client->length++;
    return true;
}

/* Serves one client until it has finished sending, is lost, or the server is to stop. */
static void serve(int fd)
{
    struct client client = {.fd = fd};
    char bytes[4096];
    bool going = true;

    while (going && wait_for(fd, POLLIN, NULL)) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        going = n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR));
        for (ssize_t i = 0; i < n && going; i++)
            going = take_byte(&client, bytes[i]);
    }
}

int main(int argc, char **argv)
{
    const struct timespec a_moment = {.tv_nsec = 10000000};
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: running_sums PORT\n");
        return 2;
    }
    if (!hold_signals()) {
        complain("sigaction");
        return 1;
    }
    int listener = open_listener(AF_INET6, (uint16_t)port);
    if (listener == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        listener = open_listener(AF_INET, (uint16_t)port); /* a machine without IPv6 */
    if (listener == -1 || !print_name(listener)) {
        complain(argv[1]);
        return 1;
    }
    while (wait_for(listener, POLLIN, NULL)) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client == -1) {
            (void)wait_for(-1, 0, &a_moment); /* it may fail again: no busy loop around it */
            continue;
        }
        serve(client);
        (void)close(client); /* what was sent is on its way */
    }
    (void)close(listener);
    return 0;
}
