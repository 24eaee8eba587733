/*
 * Built on stdio: the reply is read with getc() from a FILE around the socket, as Python's
 * makefile() does it. SIGPIPE is ignored, so that a write to a server that has gone is an error.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536 };
enum outcome { ANSWERED, SILENT, BROKEN };

static void complain(const char *host, const char *why)
{
    fprintf(stderr, "fetch_first: %s: %s\n", host, why);
}

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int rc = getaddrinfo(host, port, &hints, &list), fd = -1, why = 0;

    if (rc != 0) {
        complain(host, gai_strerror(rc));
        return -1;
    }
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        why = errno;
        if (fd != -1)
            (void)close(fd); /* nothing was sent */
        fd = -1;
    }
    if (fd == -1)
        complain(host, strerror(why));
    freeaddrinfo(list);
    return fd;
}

/* A FILE may lose what it holds when its write() is interrupted: the question goes out without. */
static bool put_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t taken = write(fd, data, n);
        if (taken == -1 && errno != EINTR)
            return false;
        if (taken > 0) {
            data += taken;
            n -= (size_t)taken;
        }
    }
    return true;
}

static enum outcome ask(FILE *server, const char *question, size_t n)
{
    enum outcome outcome = SILENT;

    if (!put_all(fileno(server), question, n) || shutdown(fileno(server), SHUT_WR) == -1)
        return SILENT; /* gone while it was being asked */
    for (;;) {
        int c = getc(server);
        if (c != EOF) {
            outcome = ANSWERED;
            (void)putchar(c); /* main looks whether all was written */
        } else if (!ferror(server)) {
            errno = 0; /* an end is no error */
            return outcome;
        } else if (errno == EINTR) {
            clearerr(server);
        } else {
            return outcome == ANSWERED ? BROKEN : SILENT;
        }
    }
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

/* Reads the question into room for a byte too many, and says why where it cannot be asked. */
static bool read_question(char *question, size_t *n)
{
    do {
        clearerr(stdin);
        *n += fread(question + *n, 1, MOST + 1 - *n, stdin);
    } while (ferror(stdin) && errno == EINTR);
    if (ferror(stdin))
        perror("fetch_first: standard input");
    else if (*n > MOST)
        fprintf(stderr, "fetch_first: the question is longer than %d bytes\n", MOST);
    return !ferror(stdin) && *n <= MOST;
}

/* Asks one server, if it can be reached. */
static enum outcome try_one(const char *host, const char *port, const char *question, size_t n)
{
    int fd = dial(host, port);
    FILE *server = fd == -1 ? NULL : fdopen(fd, "r");

    if (server == NULL) {
        if (fd != -1)
            complain(host, strerror(errno));
        if (fd != -1)
            (void)close(fd); /* nothing was sent */
        return SILENT;
    }
    enum outcome outcome = ask(server, question, n);
    if (outcome != ANSWERED)
        complain(host, errno == 0 ? "closed without a word" : strerror(errno));
    (void)fclose(server); /* it was only read from */
    return outcome;
}

int main(int argc, char **argv)
{
    static char question[MOST + 1];
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    enum outcome outcome = SILENT;
    size_t n = 0;

    if (argc < 3 || argc % 2 == 0 || !ports_are_fine(argc, argv)) {
        fprintf(stderr, "usage: fetch_first HOST PORT [HOST PORT]...\n");
        return 2;
    }
    if (sigaction(SIGPIPE, &ignore, NULL) == -1) {
        perror("fetch_first: sigaction");
        return 1;
    }
    if (!read_question(question, &n))
        return 1;
    for (int i = 1; i < argc && outcome == SILENT; i += 2)
        outcome = try_one(argv[i], argv[i + 1], question, n);
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "fetch_first: the reply could not be written\n");
        return 1;
    }
    return outcome == ANSWERED ? 0 : 1;
}
