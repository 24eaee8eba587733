/*
 * Exercise 1.6  Port scanner, with threads
 *
 * Another right answer: 32 threads, each takes the next port and connects with SO_SNDTIMEO set to
 * what is left. Sockets block all the time.
 */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { PORTS_MOST = 1000, THREADS = 31 }; /* and the one socket that is kept */

static struct {
    pthread_mutex_t lock;
    const char *address;
    char ports[PORTS_MOST][8];
    const char *words[PORTS_MOST];
    int count, next, first, first_fd; /* first: the first open one, -1 while there is none */
    bool keep;
    struct timespec deadline;
} scan = {.lock = PTHREAD_MUTEX_INITIALIZER, .first = -1, .first_fd = -1};

/* What is left of the time. False when nothing is. */
static bool time_left(struct timeval *left)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long us = (long)(scan.deadline.tv_sec - now.tv_sec) * 1000000 +
              (scan.deadline.tv_nsec - now.tv_nsec) / 1000;
    *left = (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    return us > 0;
}

/* Connects before the deadline. Returns 0, or why not; EINPROGRESS at the deadline. */
static int try_port(const char *port, int *fd)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *to;
    struct timeval left;
    int error = 0;

    *fd = -1;
    if (getaddrinfo(scan.address, port, &hints, &to) != 0)
        return EADDRNOTAVAIL;
    *fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!time_left(&left))
        left.tv_sec = 0, left.tv_usec = 1; /* 0 would be no limit */
    if (*fd == -1 || setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left) == -1 ||
        connect(*fd, to->ai_addr, to->ai_addrlen) == -1)
        error = errno;
    freeaddrinfo(to);
    return error;
}

/* Keeps the connection if it is the first in the list so far. Returns what is to be closed. */
static int keep_first(int i, int fd)
{
    int other = fd;

    (void)pthread_mutex_lock(&scan.lock);
    if (scan.keep && (scan.first == -1 || i < scan.first)) {
        other = scan.first_fd;
        scan.first = i;
        scan.first_fd = fd;
    }
    (void)pthread_mutex_unlock(&scan.lock);
    return other;
}

static void *work(void *unused)
{
    struct timeval left;

    (void)unused;
    while (time_left(&left)) {
        (void)pthread_mutex_lock(&scan.lock);
        int i = scan.next < scan.count ? scan.next++ : -1, fd;
        (void)pthread_mutex_unlock(&scan.lock);
        if (i == -1)
            break;
        int error = try_port(scan.ports[i], &fd);
        scan.words[i] = error == 0              ? "open"
                        : error == ECONNREFUSED ? "refused"
                        : error == EINPROGRESS  ? "silent"
                                                : "failed";
        if (strcmp(scan.words[i], "failed") == 0)
            fprintf(stderr, "port_scanner: %s: %s\n", scan.ports[i], strerror(error));
        if (error == 0)
            fd = keep_first(i, fd);
        if (fd != -1)
            (void)close(fd);
    }
    return NULL;
}

static bool read_list(void)
{
    char line[16], *end;

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        long port = strtol(line, &end, 10);
        if (line[0] < '0' || line[0] > '9' || *end != '\0' || port < 1 || port > 65535 ||
            scan.count == PORTS_MOST)
            return false;
        scan.words[scan.count] = "untried";
        (void)snprintf(scan.ports[scan.count++], sizeof scan.ports[0], "%ld", port);
    }
    return true;
}

static void run(int threads)
{
    pthread_t all[THREADS + 1];
    int started = 0;

    while (started < threads && pthread_create(&all[started], NULL, work, NULL) == 0)
        started++;
    while (started > 0)
        (void)pthread_join(all[--started], NULL);
}

int main(int argc, char **argv)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    const struct timeval none = {0};
    struct addrinfo *list;
    char *end = NULL;
    long ms = argc < 3 ? 0 : strtol(argv[2], &end, 10);

    if (ms < 1 || ms > 60000 || *end != '\0' || getaddrinfo(argv[1], NULL, &hints, &list) != 0) {
        fprintf(stderr, "usage: port_scanner ADDRESS MS [COMMAND [ARGUMENT]...]\n");
        return 2;
    }
    freeaddrinfo(list);
    if (!read_list()) {
        fprintf(stderr, "port_scanner: the list is wrong\n");
        return 2;
    }
    scan.address = argv[1];
    scan.keep = argc > 3;
    (void)clock_gettime(CLOCK_MONOTONIC, &scan.deadline);
    scan.deadline.tv_sec += ms / 1000;
    scan.deadline.tv_nsec += ms % 1000 * 1000000; /* time_left() takes more than a second too */
    run(scan.keep ? THREADS : THREADS + 1);
    bool open = false;
    for (int i = 0; i < scan.count; i++) {
        printf("%s %s\n", scan.ports[i], scan.words[i]);
        open = open || strcmp(scan.words[i], "open") == 0;
    }
    if (fflush(stdout) == EOF) {
        perror("port_scanner: standard output");
        return 1;
    }
    if (scan.first_fd == -1)
        return !open;
    (void)setsockopt(scan.first_fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    (void)dup2(scan.first_fd, STDIN_FILENO);
    (void)execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 1;
}
