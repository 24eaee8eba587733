/*
 * Built on signalfd() and poll(): SIGTERM is one more descriptor that becomes readable, so there is
 * no handler. A line is never stored: its value grows digit by digit as the bytes come.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT = 100 };

struct line {
    size_t length;
    bool minus, digits, bad, huge;
    uint64_t value;
};

static int stop_fd;

/* Waits until fd is ready. Returns false when SIGTERM has come. */
static bool ready(int fd, short events)
{
    struct pollfd both[2] = {{.fd = stop_fd, .events = POLLIN}, {.fd = fd, .events = events}};

    while (poll(both, 2, -1) == -1)
        if (errno != EINTR)
            return false;
    return both[0].revents == 0;
}

static void take(struct line *l, char c)
{
    if (l->length++ == 0 && c == '-') {
        l->minus = true;
    } else if (c < '0' || c > '9') {
        l->bad = true;
    } else {
        uint64_t digit = (uint64_t)(c - '0');
        l->digits = true;
        if (l->value > (UINT64_MAX - digit) / 10)
            l->huge = true;
        else
            l->value = l->value * 10 + digit;
    }
}

/* Ends the line: returns its answer, which lives until the next one. */
static const char *result(const struct line *l, int64_t *sum)
{
    static char text[32];
    const uint64_t most = (uint64_t)INT64_MAX + (l->minus ? 1 : 0);

    if (l->length > LIMIT)
        return "error: line too long\n";
    if (l->bad || !l->digits)
        return "error: not a number\n";
    if (l->huge || l->value > most)
        return "error: overflow\n";
    int64_t number =
        l->minus ? (l->value == 0 ? 0 : -(int64_t)(l->value - 1) - 1) : (int64_t)l->value;
    if (number > 0 ? *sum > INT64_MAX - number : *sum < INT64_MIN - number)
        return "error: overflow\n";
    *sum += number;
    (void)snprintf(text, sizeof text, "%" PRId64 "\n", *sum);
    return text;
}

/* Sends an answer; *gone says that the client is. Returns false when SIGTERM has come. */
static bool push(int fd, const char *text, bool *gone)
{
    size_t left = strlen(text);

    while (left > 0) {
        if (!ready(fd, POLLOUT))
            return false;
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n == -1) {
            *gone = true;
            return true;
        }
        text += n;
        left -= (size_t)n;
    }
    return true;
}

/* Serves one client to its end. Returns false when SIGTERM has come. */
static bool serve(int fd)
{
    struct line line = {0};
    int64_t sum = 0;
    bool gone = false;

    while (!gone) {
        char block[2048];
        if (!ready(fd, POLLIN))
            return false;
        ssize_t n = recv(fd, block, sizeof block, MSG_DONTWAIT);
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return true;
        for (ssize_t i = 0; i < n && !gone; i++) {
            if (block[i] != '\n') {
                take(&line, block[i]);
                continue;
            }
            if (!push(fd, result(&line, &sum), &gone))
                return false;
            line = (struct line){0};
        }
    }
    return true;
}

/* From now on SIGTERM is read from stop_fd, and does nothing else. */
static bool open_stop(void)
{
    sigset_t term;

    (void)sigemptyset(&term); /* fails for wrong signal numbers only */
    (void)sigaddset(&term, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &term, NULL) == -1)
        return false;
    stop_fd = signalfd(-1, &term, SFD_CLOEXEC);
    return stop_fd != -1;
}

/* Listens and says so. Returns a socket, or -1 and errno. */
static int open_listener(uint16_t port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    socklen_t size = sizeof address;
    const int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(fd, SOMAXCONN) == -1 || getsockname(fd, (struct sockaddr *)&address, &size) == -1 ||
        printf("listening on [::]:%d\n", ntohs(address.sin6_port)) < 0 || fflush(stdout) == EOF) {
        int why = errno;
        (void)close(fd); /* nothing was sent */
        errno = why;
        return -1;
    }
    return fd;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;
    bool going = true;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: running_sums PORT\n");
        return 2;
    }
    int listener = open_stop() ? open_listener((uint16_t)port) : -1;
    if (listener == -1) {
        perror("running_sums");
        return 1;
    }
    while (going && ready(listener, POLLIN)) {
        struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            (void)poll(&stop, 1, 50); /* it may fail again: not at once, unless we are to stop */
            continue;
        }
        going = serve(client);
        (void)close(client); /* what was sent is on its way */
    }
    (void)close(listener);
    (void)close(stop_fd);
    return 0;
}
