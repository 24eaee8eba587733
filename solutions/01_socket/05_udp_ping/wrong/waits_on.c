/* fails: lost deadline */
/*
 * To be on the safe side, waits a second and a half longer than WAIT says.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { COUNT_MAX = 1000, WAIT_MAX = 60000, PING_MAX = 16 };
enum outcome { REPLY, NO_REPLY, REFUSED, FAILED };

/* Times in microseconds. */
struct tally {
    bool replied[COUNT_MAX + 1]; /* by number, in time or late */
    long received, duplicate, late;
    int64_t least, most, sum;
};

static int64_t now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail for this clock */
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* A number from 1 to most, or -1. */
static long parse(const char *text, long most)
{
    char *end;
    long number = strtol(text, &end, 10);

    return end == text || *end != '\0' || number < 1 || number > most ? -1 : number;
}

/* A socket connected to the first address of host, or -1 after saying why. */
static int open_socket(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list;
    int rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        fprintf(stderr, "udp_ping: %s: %s\n", host, gai_strerror(rc));
        return -1;
    }
    int fd = socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC, list->ai_protocol);
    if (fd == -1 || connect(fd, list->ai_addr, list->ai_addrlen) == -1) {
        fprintf(stderr, "udp_ping: %s: %s\n", host, strerror(errno));
        if (fd != -1)
            (void)close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static size_t write_ping(char ping[PING_MAX], long number)
{
    return (size_t)snprintf(ping, PING_MAX, "ping %ld", number);
}

/* The number of the ping, one of those sent, that these bytes repeat exactly; or 0. */
static long find_ping(const char *bytes, size_t length, long sent)
{
    char ping[PING_MAX];

    for (long number = sent; number > 0; number--)
        if (write_ping(ping, number) == length && memcmp(bytes, ping, length) == 0)
            return number;
    return 0;
}

/* Waits for the reply to this ping until the deadline, and counts what else comes. */
static enum outcome await_reply(int fd, long number, int64_t deadline, struct tally *tally)
{
    char bytes[PING_MAX]; /* longer than any reply: what is cut to this size is none */

    for (;;) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - now();
        int ready = left <= 0 ? 0 : poll(&polled, 1, (int)((left + 999) / 1000));
        if (ready == -1 && errno != EINTR)
            return FAILED;
        if (left <= 0)
            return NO_REPLY;
        if (ready <= 0) /* interrupted, or over: the clock knows */
            continue;
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == -1 && errno == ECONNREFUSED)
            return REFUSED;
        if (n == -1 && errno != EINTR && errno != EAGAIN)
            return FAILED;
        long found = n == -1 ? 0 : find_ping(bytes, (size_t)n, number);
        if (found == 0)
            continue;
        tally->duplicate += tally->replied[found];
        tally->late += !tally->replied[found] && found != number;
        tally->replied[found] = true;
        if (found == number)
            return REPLY;
    }
}

/* Sends one ping, and takes the time until its reply. */
static enum outcome exchange(int fd, long number, long wait, struct tally *tally, int64_t *took)
{
    char ping[PING_MAX];
    size_t length = write_ping(ping, number);
    int64_t began = now();
    ssize_t n;

    do {
        n = send(fd, ping, length, MSG_NOSIGNAL);
    } while (n == -1 && errno == EINTR);
    if (n == -1)
        return errno == ECONNREFUSED ? REFUSED : FAILED;
    enum outcome outcome = await_reply(fd, number, began + (wait + 1500) * 1000, tally);
    *took = now() - began;
    return outcome;
}

static void count_reply(struct tally *tally, int64_t took)
{
    if (tally->received == 0 || took < tally->least)
        tally->least = took;
    if (tally->received == 0 || took > tally->most)
        tally->most = took;
    tally->sum += took;
    tally->received++;
}

static void print_statistics(const struct tally *tally, long count)
{
    printf("%ld sent, %ld received, %ld lost, %ld duplicate, %ld late\n", count, tally->received,
           count - tally->received, tally->duplicate, tally->late);
    if (tally->received > 0)
        printf("min %.3f ms, mean %.3f ms, max %.3f ms\n", (double)tally->least / 1000,
               (double)tally->sum / (double)tally->received / 1000, (double)tally->most / 1000);
}

static bool ping_all(int fd, long count, long wait, struct tally *tally)
{
    int64_t took;

    for (long number = 1; number <= count; number++) {
        switch (exchange(fd, number, wait, tally, &took)) {
        case REPLY:
            printf("%ld: %.3f ms\n", number, (double)took / 1000);
            count_reply(tally, took);
            break;
        case NO_REPLY:
            printf("%ld: no reply\n", number);
            break;
        case REFUSED:
            printf("%ld: refused\n", number);
            break;
        default:
            perror("udp_ping");
            return false;
        }
    }
    print_statistics(tally, count);
    return tally->received > 0;
}

int main(int argc, char **argv)
{
    static struct tally tally;
    long count = argc == 5 ? parse(argv[3], COUNT_MAX) : -1;
    long wait = argc == 5 ? parse(argv[4], WAIT_MAX) : -1;

    if (count == -1 || wait == -1 || parse(argv[2], UINT16_MAX) == -1) {
        fprintf(stderr, "usage: udp_ping HOST PORT COUNT WAIT\n");
        return 2;
    }
    int fd = open_socket(argv[1], argv[2]);
    if (fd == -1)
        return 1;
    bool answered = ping_all(fd, count, wait, &tally);
    (void)close(fd); /* datagrams sent are on their way */
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "udp_ping: standard output cannot be written\n");
        return 1;
    }
    return answered ? 0 : 1;
}
