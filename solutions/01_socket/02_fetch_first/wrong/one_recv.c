/* fails: reply-in-pieces eintr large-reply reset-in-mid-reply */
/*
 * "The server answers once, so one recv() gets the answer." What one recv() returns is what had
 * come by then: a part of the reply, as a rule, and never its end.
 */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_QUESTION 65536

static char question[MAX_QUESTION + 1];
static size_t question_length;

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints, *list, *a;
    int fd = -1, rc;

    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(rc));
        return -1;
    }
    for (a = list; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd == -1)
            continue;
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd == -1)
        fprintf(stderr, "%s: cannot connect\n", host);
    return fd;
}

static bool send_question(int fd)
{
    size_t sent = 0;

    while (sent < question_length) {
        ssize_t n = send(fd, question + sent, question_length - sent, MSG_NOSIGNAL);
        if (n == -1 && errno != EINTR)
            return false;
        if (n > 0)
            sent += (size_t)n;
    }
    return shutdown(fd, SHUT_WR) == 0;
}

/* Returns how many bytes came. */
static long print_reply(int fd)
{
    char bytes[4096];
    ssize_t n;

    do
        n = recv(fd, bytes, sizeof bytes, 0);
    while (n == -1 && errno == EINTR);
    if (n <= 0)
        return 0;
    fwrite(bytes, 1, (size_t)n, stdout);
    return n;
}

static bool is_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return port >= 1 && port <= 65535 && *end == '\0';
}

int main(int argc, char **argv)
{
    bool right = argc >= 3 && argc % 2 == 1;

    for (int i = 2; right && i < argc; i += 2)
        right = is_port(argv[i]);
    if (!right) {
        fprintf(stderr, "usage: fetch_first HOST PORT [HOST PORT]...\n");
        return 2;
    }
    question_length = fread(question, 1, sizeof question, stdin);
    if (question_length > MAX_QUESTION) {
        fprintf(stderr, "fetch_first: the question is too long\n");
        return 1;
    }
    for (int i = 1; i < argc; i += 2) {
        long got = 0;
        int fd = connect_to(argv[i], argv[i + 1]);
        if (fd == -1)
            continue;
        if (send_question(fd))
            got = print_reply(fd);
        close(fd);
        if (got > 0 && fflush(stdout) == EOF)
            perror("fetch_first: standard output");
        if (got > 0)
            return ferror(stdout) ? 1 : 0;
        fprintf(stderr, "%s: %s\n", argv[i], got == 0 ? "no answer" : "the reply broke off");
        if (got == -1)
            return 1;
    }
    return 1;
}
