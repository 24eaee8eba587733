/*
 * Built on poll() and sockets that never block: each conversation is a small machine, which waits
 * until it can send what is left of the question, and then until there is more of the reply.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536 };
enum outcome { ANSWERED, SILENT, BROKEN };

static char question[MOST + 1]; /* one more tells that it is too long */
static size_t length;

static void complain(const char *host, const char *port, const char *why)
{
    fprintf(stderr, "fetch_first: %s port %s: %s\n", host, port, why);
}

/* Returns what of events is possible, or -1 and errno. */
static int wait_for(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};

    while (poll(&one, 1, -1) == -1)
        if (errno != EINTR)
            return -1;
    return one.revents;
}

/* Begins a connection and waits until it stands or has failed. */
static int open_one(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol), why = 0;
    socklen_t size = sizeof why;

    if (fd == -1)
        return -1;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            return fd;
        why = errno;
        if ((why == EINPROGRESS || why == EINTR) && wait_for(fd, POLLOUT) != -1 &&
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why == 0)
            return fd;
    } else {
        why = errno;
    }
    (void)close(fd); /* nothing was sent */
    errno = why;
    return -1;
}

static int open_any(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int rc = getaddrinfo(host, port, &hints, &list), fd = -1;

    if (rc != 0) {
        complain(host, port, gai_strerror(rc));
        return -1;
    }
    for (const struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next)
        fd = open_one(a);
    if (fd == -1)
        complain(host, port, strerror(errno));
    freeaddrinfo(list);
    return fd;
}

/* Sends what there is room for. Returns 1 when all of it and its end are sent, 0, or -1 and errno.
 */
static int send_some(int fd, size_t *sent)
{
    if (*sent < length) {
        ssize_t n = send(fd, question + *sent, length - *sent, MSG_NOSIGNAL);
        if (n == -1)
            return errno == EINTR || errno == EAGAIN ? 0 : -1;
        *sent += (size_t)n;
    }
    if (*sent < length)
        return 0;
    return shutdown(fd, SHUT_WR) == -1 ? -1 : 1;
}

/* Asks one server and prints what it says. Where it is not ANSWERED, why says the reason. */
static enum outcome converse(int fd, const char **why)
{
    enum outcome so_far = SILENT;
    size_t sent = 0;
    int finished = 0;
    char block[4096];

    for (;;) {
        if (wait_for(fd, finished == 1 ? POLLIN : POLLOUT) == -1)
            break;
        if (finished == 0) {
            finished = send_some(fd, &sent);
            if (finished == -1)
                break; /* gone while it was being asked */
            continue;
        }
        ssize_t n = recv(fd, block, sizeof block, 0);
        if (n == 0) {
            *why = "closed without an answer";
            return so_far == SILENT ? SILENT : ANSWERED;
        }
        if (n == -1 && errno != EINTR && errno != EAGAIN)
            break;
        if (n > 0) {
            so_far = BROKEN;                           /* until its end has come */
            (void)fwrite(block, 1, (size_t)n, stdout); /* finish() looks whether it was written */
        }
    }
    *why = strerror(errno);
    return so_far;
}

/* A port is a number from 1 to 65535 and nothing else: getaddrinfo() would cut a greater one. */
static bool ports_are_fine(int argc, char **argv)
{
    for (int i = 2; i < argc; i += 2) {
        long port = strtol(argv[i], NULL, 10);
        if (argv[i][strspn(argv[i], "0123456789")] != '\0' || port < 1 || port > 65535)
            return false;
    }
    return true;
}

static bool read_question(void)
{
    ssize_t n;

    while ((n = read(STDIN_FILENO, question + length, sizeof question - length)) != 0) {
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1) {
            perror("fetch_first: standard input");
            return false;
        }
        length += (size_t)n;
        if (length > MOST) {
            fprintf(stderr, "fetch_first: the question is longer than %d bytes\n", MOST);
            return false;
        }
    }
    return true;
}

/* The exit status, once nobody else is to be asked. */
static int finish(enum outcome outcome)
{
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "fetch_first: the reply could not be written\n");
        return 1;
    }
    return outcome == ANSWERED ? 0 : 1;
}

int main(int argc, char **argv)
{
    enum outcome outcome = SILENT;

    if (argc < 3 || argc % 2 == 0 || !ports_are_fine(argc, argv)) {
        fprintf(stderr, "usage: fetch_first HOST PORT [HOST PORT]...\n");
        return 2;
    }
    if (!read_question())
        return 1;
    for (int i = 1; i < argc && outcome == SILENT; i += 2) {
        const char *why = "";
        int fd = open_any(argv[i], argv[i + 1]);
        if (fd == -1)
            continue;
        outcome = converse(fd, &why);
        (void)close(fd); /* what it said was read, or does not matter any more */
        if (outcome != ANSWERED)
            complain(argv[i], argv[i + 1], why);
    }
    return finish(outcome);
}
