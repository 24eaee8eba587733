/* fails: refused-then-next large-reply short-writes ipv6-only unknown-host early-close hang-up reset-in-mid-reply nobody-answers clean longest-question early-reply output-full */
/*
 * Program 1.03 with the arguments of the exercise: it asks the first server, and prints what that
 * one says. The exercise begins where the first server does not answer.
 */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The few lines of core/error.h that it needs: an answer may not include that. */
static void report(const char *what, const char *why)
{
    fprintf(stderr, "fetch_first: %s: %s\n", what, why);
}

_Noreturn static void die_errno(const char *what)
{
    report(what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Connects to the first address of host that accepts. Returns a socket, or -1. */
static int connect_any(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int fd = -1, rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        report(host, gai_strerror(rc));
        return -1;
    }
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        char numeric[64] = "?"; /* the longest IPv6 address and its interface */

        (void)getnameinfo(a->ai_addr, a->ai_addrlen, numeric, sizeof numeric, NULL, 0,
                          NI_NUMERICHOST); /* for the message only: "?" will do */
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        report(numeric, strerror(errno));
        if (fd != -1)
            (void)close(fd); /* a socket whose connect() failed cannot be used again */
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

/* Sends all n bytes, however few each call takes. Returns 0, or -1 and errno. */
static int send_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            return -1;
        data += sent;
        n -= (size_t)sent;
    }
    return 0;
}

/* Sends standard input up to its end, and then the end itself. Returns 0, or -1 and errno. */
static int send_input(int fd)
{
    char block[16384];
    ssize_t n;

    while ((n = read(STDIN_FILENO, block, sizeof block)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            die_errno("standard input");
        if (send_all(fd, block, (size_t)n) == -1)
            return -1;
    }
    return shutdown(fd, SHUT_WR);
}

/* Prints what comes until the server ends its side. Returns 0, or -1 and errno. */
static int print_reply(int fd)
{
    char block[16384];
    ssize_t n;

    while ((n = recv(fd, block, sizeof block, 0)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return -1;
        if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
            die_errno("standard output");
    }
    return 0;
}

static bool is_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return port >= 1 && port <= 65535 && *end == '\0';
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;
    bool right = argc >= 3 && argc % 2 == 1;

    for (int i = 2; right && i < argc; i += 2)
        right = is_port(argv[i]);
    if (!right) {
        fprintf(stderr, "usage: fetch_first HOST PORT [HOST PORT]...\n");
        return 2;
    }
    int fd = connect_any(argv[1], argv[2]);
    if (fd == -1)
        return EXIT_FAILURE;
    if (send_input(fd) == -1) {
        report("sending", strerror(errno));
        status = EXIT_FAILURE; /* but there may be a reply that says why */
    }
    if (print_reply(fd) == -1) {
        report("receiving", strerror(errno));
        status = EXIT_FAILURE;
    }
    (void)close(fd); /* both directions have ended; nothing can be lost any more */
    return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}
