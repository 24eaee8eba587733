/*
 * Built on sendmsg() and readv(): the question is two pieces, and a reply goes into three, all in
 * one call each; what is left of a short count is worked out across the pieces.
 */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { QUESTION_MAX = 65536 };
enum result { ANSWERED, BROKEN_OFF, NO_ANSWER };

static void complain(const char *host, const char *port, const char *why)
{
    fprintf(stderr, "fetch_first: %s port %s: %s\n", host, port, why);
}

/* getaddrinfo() would cut a number that is no port, and succeed. */
static bool is_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return port >= 1 && port <= UINT16_MAX && *end == '\0';
}

static bool arguments_are_right(int argc, char **argv)
{
    bool right = argc >= 3 && argc % 2 == 1;

    for (int i = 2; right && i < argc; i += 2)
        right = is_port(argv[i]);
    return right;
}

/* Connects to the first address that takes us. Returns a socket, or -1 after saying why. */
static int connect_any(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int fd = -1, why = 0, rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        complain(host, port, gai_strerror(rc));
        return -1;
    }
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        why = errno;
        if (fd != -1)
            (void)close(fd); /* nothing was sent */
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd == -1)
        complain(host, port, strerror(why));
    return fd;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t half = length / 2;
        struct iovec parts[] = {{(char *)bytes, half}, {(char *)bytes + half, length - half}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

/* Asks one connected server and prints what it says. Where that is nothing, or not all, errno says
 * why; 0 is the end of the connection. */
static enum result fetch(int fd, const char *question, size_t length)
{
    char first[100], second[1000], third[10000];
    const struct iovec parts[] = {
        {first, sizeof first}, {second, sizeof second}, {third, sizeof third}};
    bool answered = false;

    if (!send_all(fd, question, length) || shutdown(fd, SHUT_WR) == -1)
        return NO_ANSWER;
    for (;;) {
        ssize_t n = readv(fd, parts, 3);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return answered ? BROKEN_OFF : NO_ANSWER;
        if (n == 0) {
            errno = 0; /* an end is no error */
            return answered ? ANSWERED : NO_ANSWER;
        }
        answered = true;
        for (size_t i = 0, left = (size_t)n; i < 3 && left > 0; i++) {
            size_t held = left < parts[i].iov_len ? left : parts[i].iov_len;
            (void)fwrite(parts[i].iov_base, 1, held,
                         stdout); /* main looks whether it was written */
            left -= held;
        }
    }
}

/* Reads the question into room for a byte too many, and says why where it cannot be asked. */
static bool read_question(char *question, size_t *length)
{
    *length = fread(question, 1, QUESTION_MAX + 1, stdin);
    if (ferror(stdin)) {
        perror("fetch_first: standard input");
        return false;
    }
    if (*length > QUESTION_MAX)
        fprintf(stderr, "fetch_first: the question is longer than %d bytes\n", QUESTION_MAX);
    return *length <= QUESTION_MAX;
}

int main(int argc, char **argv)
{
    static char question[QUESTION_MAX + 1];
    enum result result = NO_ANSWER;
    size_t length;

    if (!arguments_are_right(argc, argv)) {
        fprintf(stderr, "usage: fetch_first HOST PORT [HOST PORT]...\n");
        return 2;
    }
    if (!read_question(question, &length))
        return 1;
    for (int i = 1; i < argc && result == NO_ANSWER; i += 2) {
        int fd = connect_any(argv[i], argv[i + 1]);
        if (fd == -1)
            continue;
        result = fetch(fd, question, length);
        int why = errno;
        (void)close(fd); /* what it said was read, or does not matter any more */
        if (result == NO_ANSWER)
            complain(argv[i], argv[i + 1], why == 0 ? "hung up without an answer" : strerror(why));
        if (result == BROKEN_OFF)
            complain(argv[i], argv[i + 1], strerror(why));
    }
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "fetch_first: standard output: the reply could not be written\n");
        return 1;
    }
    return result == ANSWERED ? 0 : 1;
}
