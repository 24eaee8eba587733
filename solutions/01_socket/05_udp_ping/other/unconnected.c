/*
 * A socket that is not connected: the sender of each datagram is compared here, in the address
 * family that was looked up, and IP_RECVERR asks for the errors that only connected sockets are
 * told. Times are doubles in seconds, select() waits, and each ping's story is kept as a whole.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct ping {
    char text[16];
    size_t length;
    double sent, took; /* took: only if in time */
    int replies;
    bool in_time, over;
};

struct pinger {
    int fd;
    struct sockaddr_storage server;
    socklen_t server_length;
    struct ping pings[1001]; /* from 1 */
    int at, duplicates, late;
    double wait;
};

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_server(const struct pinger *p, const struct sockaddr_storage *sender)
{
    if (sender->ss_family != p->server.ss_family)
        return false;
    if (sender->ss_family == AF_INET) {
        const struct sockaddr_in *a = (const void *)&p->server, *b = (const void *)sender;
        return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *a = (const void *)&p->server, *b = (const void *)sender;
    return a->sin6_port == b->sin6_port &&
           memcmp(&a->sin6_addr, &b->sin6_addr, sizeof a->sin6_addr) == 0;
}

static void note_reply(struct pinger *p, struct ping *ping, double when)
{
    if (ping->replies++ > 0) {
        p->duplicates++;
    } else if (ping->over) {
        p->late++;
    } else {
        ping->in_time = ping->over = true;
        ping->took = when - ping->sent;
    }
}

/* Receives one datagram. Returns 0, or the errno that the network told. */
static int receive(struct pinger *p)
{
    static char bytes[65536];
    struct sockaddr_storage sender = {0};
    socklen_t size = sizeof sender;
    ssize_t n = recvfrom(p->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&sender, &size);
    double when = seconds();

    if (n == -1)
        return errno == EINTR || errno == EAGAIN ? 0 : errno;
    for (int i = 1; i <= p->at && is_server(p, &sender); i++)
        if (p->pings[i].length == (size_t)n && memcmp(p->pings[i].text, bytes, (size_t)n) == 0)
            note_reply(p, &p->pings[i], when);
    return 0;
}

/* Sends ping at and waits until it is over. Returns 0, ECONNREFUSED, or another errno. */
static int run_ping(struct pinger *p)
{
    struct ping *ping = &p->pings[p->at];
    int why = 0;

    ping->length = (size_t)snprintf(ping->text, sizeof ping->text, "ping %d", p->at);
    ping->sent = seconds();
    while (sendto(p->fd, ping->text, ping->length, 0, (const struct sockaddr *)&p->server,
                  p->server_length) == -1)
        if (errno != EINTR)
            return errno;
    while (!ping->over && why == 0) {
        double left = ping->sent + p->wait - seconds();
        fd_set readable;
        if (left <= 0)
            break;
        struct timeval time = {.tv_sec = (time_t)left,
                               .tv_usec = (suseconds_t)((left - (double)(time_t)left) * 1e6)};
        FD_ZERO(&readable);
        FD_SET(p->fd, &readable);
        if (select(p->fd + 1, &readable, NULL, NULL, &time) > 0)
            why = receive(p);
    }
    ping->over = true;
    return why;
}

static int open_socket(struct pinger *p, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list;
    int on = 1, rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        fprintf(stderr, "udp_ping: %s: %s\n", host, gai_strerror(rc));
        return -1;
    }
    memcpy(&p->server, list->ai_addr, list->ai_addrlen);
    p->server_length = list->ai_addrlen;
    p->fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ipv6 = list->ai_family == AF_INET6;
    freeaddrinfo(list);
    if (p->fd == -1 || setsockopt(p->fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                                  ipv6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on) == -1) {
        perror("udp_ping: socket");
        return -1;
    }
    return 0;
}

static int print_statistics(const struct pinger *p)
{
    double least = 0, most = 0, sum = 0;
    int received = 0;

    for (int i = 1; i <= p->at; i++) {
        const struct ping *ping = &p->pings[i];
        if (!ping->in_time)
            continue;
        least = received == 0 || ping->took < least ? ping->took : least;
        most = ping->took > most ? ping->took : most;
        sum += ping->took;
        received++;
    }
    printf("%d sent, %d received, %d lost, %d duplicate, %d late\n", p->at, received,
           p->at - received, p->duplicates, p->late);
    if (received > 0)
        printf("min %.3f ms, mean %.3f ms, max %.3f ms\n", least * 1e3, sum / received * 1e3,
               most * 1e3);
    return received;
}

static int number(const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    return *text != '\0' && *end == '\0' && value >= 1 && value <= most ? (int)value : 0;
}

int main(int argc, char **argv)
{
    static struct pinger p;
    int count = argc == 5 ? number(argv[3], 1000) : 0;
    int wait = argc == 5 ? number(argv[4], 60000) : 0;

    if (count == 0 || wait == 0 || number(argv[2], UINT16_MAX) == 0) {
        fprintf(stderr, "usage: udp_ping HOST PORT COUNT WAIT\n");
        return 2;
    }
    p.wait = wait / 1e3;
    if (open_socket(&p, argv[1], argv[2]) == -1)
        return 1;
    for (p.at = 1; p.at <= count; p.at++) {
        int why = run_ping(&p);
        if (why != 0 && why != ECONNREFUSED) {
            fprintf(stderr, "udp_ping: %s\n", strerror(why));
            return 1;
        }
        if (p.pings[p.at].in_time)
            printf("%d: %.3f ms\n", p.at, p.pings[p.at].took * 1e3);
        else
            printf("%d: %s\n", p.at, why == 0 ? "no reply" : "refused");
    }
    p.at--;
    int received = print_statistics(&p);
    (void)close(p.fd); /* datagrams sent are on their way */
    if (fflush(stdout) == EOF) {
        perror("udp_ping: standard output");
        return 1;
    }
    return received > 0 ? 0 : 1;
}
