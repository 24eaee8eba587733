/* fails: hand-over-late */
/*
 * The sockets of silent ports are not closed and have no SOCK_CLOEXEC: the command gets them all.
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
#include <time.h>
#include <unistd.h>

enum { PORTS_MOST = 1000, SOCKETS_MOST = 32, MS_MOST = 60000, LINE = 16 };
enum result { UNTRIED, SILENT, OPEN, REFUSED, FAILED };

struct target {
    char port[LINE];
    enum result result; /* SILENT from the connect() on, until something is heard */
    int fd;             /* -1 when there is none */
};

struct scan {
    struct target targets[PORTS_MOST];
    size_t count, next; /* next: the first that is untried */
    int held;           /* sockets open now */
    bool keep;          /* the first open one is kept, for a command */
    struct target *first_open;
};

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_number(const char *text, long most)
{
    char *end;
    long number = strtol(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number >= 1 && number <= most;
}

/* Reads the list of ports. False if it is not as it should be. */
static bool read_ports(struct scan *scan)
{
    char line[LINE];

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0'; /* the rest of a long line is no port, nor is its start */
        if (!is_number(line, 65535) || scan->count == PORTS_MOST)
            return false;
        struct target *target = &scan->targets[scan->count++];
        *target = (struct target){.fd = -1};
        memcpy(target->port, line, sizeof line);
    }
    return !ferror(stdin);
}

static void close_target(struct scan *scan, struct target *target)
{
    (void)close(target->fd); /* nothing was sent */
    target->fd = -1;
    scan->held--;
}

/* Notes how a connect() ended, error being 0 or its errno, and closes what is not needed. */
static void decide(struct scan *scan, struct target *target, int error)
{
    if (error == ECONNRESET) /* there was a connection, and the peer is gone already */
        error = 0;
    target->result = error == 0 ? OPEN : error == ECONNREFUSED ? REFUSED : FAILED;
    if (target->result == FAILED)
        fprintf(stderr, "port_scanner: port %s: %s\n", target->port, strerror(error));
    if (target->fd == -1)
        return;
    if (!scan->keep || error != 0 || (scan->first_open != NULL && scan->first_open < target)) {
        close_target(scan, target);
        return;
    }
    if (scan->first_open != NULL) /* an answer from further up in the list came later */
        close_target(scan, scan->first_open);
    scan->first_open = target;
}

static void begin(struct scan *scan, struct target *target, const struct addrinfo *to)
{
    target->result = SILENT;
    target->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    scan->held += target->fd != -1;
    if (target->fd == -1 || (connect(target->fd, to->ai_addr, to->ai_addrlen) == -1 &&
                             errno != EINPROGRESS)) /* may fail, but never succeed, at once */
        decide(scan, target, errno);
}

static bool begin_more(struct scan *scan, const char *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *to;

    while (scan->next < scan->count && scan->held < SOCKETS_MOST) {
        struct target *target = &scan->targets[scan->next++];
        if (getaddrinfo(address, target->port, &hints, &to) != 0)
            return false;
        begin(scan, target, to);
        freeaddrinfo(to);
    }
    return true;
}

/* Fills polled and its targets with those under way. Returns how many there are. */
static nfds_t list_waiting(struct scan *scan, struct pollfd *polled, struct target **waiting)
{
    nfds_t n = 0;

    for (size_t i = 0; i < scan->next; i++)
        if (scan->targets[i].result == SILENT && scan->targets[i].fd != -1) {
            polled[n] = (struct pollfd){.fd = scan->targets[i].fd, .events = POLLOUT};
            waiting[n++] = &scan->targets[i];
        }
    return n;
}

/* Tries every port until all are decided or the time is up. False if something failed. */
static bool run(struct scan *scan, const char *address, long ms)
{
    struct pollfd polled[SOCKETS_MOST];
    struct target *waiting[SOCKETS_MOST];
    long deadline = now_ms() + ms, left;

    while ((left = deadline - now_ms()) > 0) {
        if (!begin_more(scan, address))
            return false;
        nfds_t n = list_waiting(scan, polled, waiting);
        if (n == 0)
            break;
        if (poll(polled, n, (int)left) == -1) {
            if (errno != EINTR)
                return false;
            continue; /* nothing was looked at */
        }
        for (nfds_t i = 0; i < n; i++) {
            int error = 0;
            socklen_t length = sizeof error;
            if (polled[i].revents == 0)
                continue;
            if (getsockopt(polled[i].fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1)
                error = errno;
            decide(scan, waiting[i], error);
        }
    }
    return true;
}

/* Prints a line for each port. Returns how many are open, or -1 if it could not be printed. */
static int print_results(const struct scan *scan)
{
    static const char *const words[] = {"untried", "silent", "open", "refused", "failed"};
    int open = 0;

    for (size_t i = 0; i < scan->count; i++) {
        printf("%s %s\n", scan->targets[i].port, words[scan->targets[i].result]);
        open += scan->targets[i].result == OPEN;
    }
    return fflush(stdout) == EOF || ferror(stdout) ? -1 : open;
}

/* Becomes the command, with the connection, which blocks again, as its standard input. */
static void become(int fd, char **command)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags != -1 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != -1 &&
        dup2(fd, STDIN_FILENO) != -1 && close(fd) == 0)
        (void)execvp(command[0], command); /* returns only if it failed */
    fprintf(stderr, "port_scanner: %s: %s\n", command[0], strerror(errno));
}

static bool is_address(const char *text)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *list;

    if (getaddrinfo(text, NULL, &hints, &list) != 0)
        return false;
    freeaddrinfo(list);
    return true;
}

int main(int argc, char **argv)
{
    static struct scan scan;

    if (argc < 3 || !is_address(argv[1]) || !is_number(argv[2], MS_MOST)) {
        fprintf(stderr, "usage: port_scanner ADDRESS MS [COMMAND [ARGUMENT]...]\n");
        return 2;
    }
    if (!read_ports(&scan)) {
        fprintf(stderr, "port_scanner: standard input is no list of ports\n");
        return 2;
    }
    scan.keep = argc > 3;
    if (!run(&scan, argv[1], strtol(argv[2], NULL, 10))) {
        fprintf(stderr, "port_scanner: cannot scan: %s\n", strerror(errno));
        return 1;
    }
    int open = print_results(&scan);
    if (open == -1)
        fprintf(stderr, "port_scanner: standard output could not be written\n");
    if (open > 0 && scan.keep)
        become(scan.first_open->fd, argv + 3);
    return open > 0 && !scan.keep ? 0 : 1;
}
