/*
 * Built on stdio and on shutdown() in a handler: lines are read with getc() from a FILE around the
 * socket, and SIGTERM shuts the sockets down, which ends every call that waits on them, whether it
 * waits already or only later. So the signal cannot fall into a gap.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopping, listener = -1, client = -1;

static void on_term(int signal_number)
{
    const int saved = errno; /* shutdown() is safe in a handler, and sets it */

    (void)signal_number;
    stopping = 1;
    if (listener != -1)
        (void)shutdown(listener, SHUT_RDWR); /* accept() returns -1 from now on */
    if (client != -1)
        (void)shutdown(client, SHUT_RDWR); /* and recv() 0 */
    errno = saved;
}

static bool answer(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
        if (n == -1 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return true;
}

static void judge(char *line, size_t length, int64_t *sum, char *out, size_t size)
{
    const char *digits = line[0] == '-' ? line + 1 : line;

    if (length > 100) {
        (void)snprintf(out, size, "error: line too long\n");
        return;
    }
    if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits) ||
        strlen(line) != length) {
        (void)snprintf(out, size, "error: not a number\n");
        return;
    }
    errno = 0;
    intmax_t n = strtoimax(line, NULL, 10);
    if (errno == ERANGE || (n > 0 && *sum > INT64_MAX - n) || (n < 0 && *sum < INT64_MIN - n)) {
        (void)snprintf(out, size, "error: overflow\n");
        return;
    }
    *sum += n;
    (void)snprintf(out, size, "%" PRId64 "\n", *sum);
}

static void serve(FILE *in)
{
    char line[102], out[64];
    size_t length = 0;
    int64_t sum = 0;

    while (!stopping) {
        int c = getc(in);
        if (c == EOF && ferror(in) && errno == EINTR) {
            clearerr(in);
        } else if (c == EOF) {
            return;
        } else if (c != '\n') {
            if (length < 101)
                line[length] = (char)c;
            length++;
        } else {
            line[length < 101 ? length : 101] = '\0';
            judge(line, length, &sum, out, sizeof out);
            if (!answer(fileno(in), out))
                return;
            length = 0;
        }
    }
}

static int open_listener(uint16_t port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    socklen_t size = sizeof address;
    const int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(fd, SOMAXCONN) == -1 || getsockname(fd, (struct sockaddr *)&address, &size) == -1 ||
        printf("listening on [::]:%d\n", ntohs(address.sin6_port)) < 0) {
        int why = errno;
        (void)close(fd); /* nothing was sent */
        errno = why;
        return -1;
    }
    return fd;
}

/* Takes one client and serves it. */
static void serve_next(void)
{
    const struct timespec a_moment = {.tv_nsec = 20000000};
    int fd = accept(listener, NULL, NULL);

    if (fd == -1) {
        if (!stopping && errno != EINTR)
            (void)nanosleep(&a_moment, NULL); /* it may fail again: not at once */
        return;
    }
    client = fd;
    FILE *in = stopping ? NULL : fdopen(fd, "r"); /* looked at after client is set: no gap */
    if (in != NULL)
        serve(in);
    client = -1;
    if (in != NULL)
        (void)fclose(in); /* it was only read from */
    else
        (void)close(fd); /* nothing was sent */
}

int main(int argc, char **argv)
{
    const struct sigaction action = {.sa_handler = on_term};
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: running_sums PORT\n");
        return 2;
    }
    int fd = open_listener((uint16_t)port);
    listener = fd;
    if (fd == -1 || sigaction(SIGTERM, &action, NULL) == -1 || fflush(stdout) == EOF) {
        perror("running_sums");
        return 1;
    }
    while (!stopping)
        serve_next();
    listener = -1;
    (void)close(fd);
    return 0;
}
