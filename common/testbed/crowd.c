/*
 * crowd: many clients of an echo server, in one process. Each connection sends a message, waits for
 * all of it to come back, and does so again. What lessons try a server with and `make bench`
 * measures it with.
 *
 * The messages are capital letters, so a server that sends capitals back is as good as an echo.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"

enum {
    CONNECTING = 256, /* at most so many connections under way at once: a backlog is not endless */
    SPARE = 16,       /* descriptors for other things */
    EVENTS = 256
};

struct client {
    int fd;
    bool open, writable; /* connected; epoll is asked for EPOLLOUT */
    size_t sent, back;   /* bytes of the message at hand */
    long rounds;         /* messages that have come back */
};

struct crowd {
    long connections, rounds, size;
    double seconds; /* how long to go on; 0: until all rounds are done */
    bool hold;
    const char *host, *port;
    struct addrinfo *address;
    struct client *clients;
    char *message, *reply; /* reply: where what came is compared */
    int epoll;
    long started, opened, busy; /* connections begun, made, still with rounds to do */
    long trips;
    uint64_t began; /* ns */
};

static double seconds_of(const struct crowd *crowd)
{
    return (double)(now_ns() - crowd->began) / 1e9;
}

static void watch(struct crowd *crowd, struct client *client, int operation, bool writable)
{
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0U), .data.ptr = client};

    if (epoll_ctl(crowd->epoll, operation, client->fd, &event) == -1)
        die_errno("epoll_ctl");
    client->writable = writable;
}

static void begin(struct crowd *crowd)
{
    struct client *client = &crowd->clients[crowd->started++];
    const struct addrinfo *a = crowd->address;
    const int on = 1;

    client->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd == -1)
        die_errno("socket");
    if (setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        die_errno("TCP_NODELAY");
    if (connect(client->fd, a->ai_addr, a->ai_addrlen) == -1 && errno != EINPROGRESS)
        die_errno("cannot connect number %ld", crowd->started);
    watch(crowd, client, EPOLL_CTL_ADD, true);
}

/* Sends what the socket takes of the message at hand. */
static void speak(struct crowd *crowd, struct client *client)
{
    size_t left = (size_t)crowd->size - client->sent;
    ssize_t n = send(client->fd, crowd->message + client->sent, left, MSG_NOSIGNAL);

    if (n == -1 && errno != EAGAIN && errno != EINTR)
        die_errno("a connection was lost");
    if (n > 0)
        client->sent += (size_t)n;
    bool more = client->sent < (size_t)crowd->size;
    if (more != client->writable)
        watch(crowd, client, EPOLL_CTL_MOD, more);
}

/* A message has come back whole: the next one, or this connection has done its share. */
static void next(struct crowd *crowd, struct client *client)
{
    client->rounds++;
    crowd->trips++;
    client->sent = client->back = 0;
    if (crowd->seconds > 0 ? seconds_of(crowd) < crowd->seconds : client->rounds < crowd->rounds)
        speak(crowd, client);
    else
        crowd->busy--;
}

static void listen_to(struct crowd *crowd, struct client *client)
{
    size_t left = (size_t)crowd->size - client->back;
    ssize_t n = recv(client->fd, crowd->reply, left, 0);

    if (n == 0)
        die("a connection was closed by the server after %ld messages", client->rounds);
    if (n == -1 && errno != EAGAIN && errno != EINTR)
        die_errno("a connection was lost after %ld messages", client->rounds);
    if (n <= 0)
        return;
    if (client->back + (size_t)n > client->sent ||
        memcmp(crowd->reply, crowd->message + client->back, (size_t)n) != 0)
        die("what came back is not what was sent");
    client->back += (size_t)n;
    if (client->back == (size_t)crowd->size)
        next(crowd, client);
}

static void on_connected(struct crowd *crowd, struct client *client)
{
    int error = 0;
    socklen_t length = sizeof error;

    if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1)
        die_errno("SO_ERROR");
    errno = error;
    if (error != 0)
        die_errno("cannot connect number %ld of %ld", crowd->opened + 1, crowd->connections);
    client->open = true;
    crowd->opened++;
    watch(crowd, client, EPOLL_CTL_MOD, false);
}

/* Waits once and serves whatever is ready. */
static void turn(struct crowd *crowd)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(crowd->epoll, events, EVENTS, -1);

    if (count == -1 && errno != EINTR)
        die_errno("epoll_wait");
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (!client->open) {
            on_connected(crowd, client);
            continue;
        }
        if (events[i].events & EPOLLOUT)
            speak(crowd, client);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            listen_to(crowd, client);
    }
}

static void raise_limit(long connections)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
    if (limit.rlim_cur < (rlim_t)connections + SPARE)
        die("%ld connections need more descriptors than a process may have here, %llu", connections,
            (unsigned long long)limit.rlim_cur);
}

static long number(const char *text, long low, long high, const char *what)
{
    long value;

    if (!number_parse(text, low, high, &value)) {
        report("%s goes from %ld to %ld: %s", what, low, high, text);
        exit(EXIT_USAGE);
    }
    return value;
}

static void parse(struct crowd *crowd, int argc, char **argv)
{
    static const struct option options[] = {{"size", required_argument, NULL, 's'},
                                            {"rounds", required_argument, NULL, 'r'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {"hold", no_argument, NULL, 'h'},
                                            {0}};
    int key;

    while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (key == 's')
            crowd->size = number(optarg, 1, 1 << 24, "--size");
        else if (key == 'r')
            crowd->rounds = number(optarg, 0, 100000000, "--rounds");
        else if (key == 't')
            crowd->seconds = (double)number(optarg, 1, 3600, "--seconds");
        else if (key == 'h')
            crowd->hold = true;
        else
            exit(EXIT_USAGE); /* getopt_long() said why */
    }
    if (argc - optind != 3)
        die_usage("[--size BYTES] [--rounds N | --seconds N] [--hold] CONNECTIONS HOST PORT");
    crowd->connections = number(argv[optind], 1, 1000000, "CONNECTIONS");
    crowd->host = argv[optind + 1];
    crowd->port = argv[optind + 2];
}

static void prepare(struct crowd *crowd)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int why = getaddrinfo(crowd->host, crowd->port, &hints, &crowd->address);

    if (why != 0)
        die("%s, %s: %s", crowd->host, crowd->port, gai_strerror(why));
    raise_limit(crowd->connections);
    crowd->clients = calloc((size_t)crowd->connections, sizeof *crowd->clients);
    crowd->message = malloc((size_t)crowd->size);
    crowd->reply = malloc((size_t)crowd->size);
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->clients == NULL || crowd->message == NULL || crowd->reply == NULL ||
        crowd->epoll == -1)
        die_errno("cannot begin");
    for (long i = 0; i < crowd->size; i++)
        crowd->message[i] = (char)('A' + i % 26);
}

static void converse(struct crowd *crowd)
{
    crowd->began = now_ns();
    crowd->busy = crowd->rounds > 0 || crowd->seconds > 0 ? crowd->connections : 0;
    for (long i = 0; crowd->busy > 0 && i < crowd->connections; i++)
        speak(crowd, &crowd->clients[i]);
    while (crowd->busy > 0)
        turn(crowd);
}

int main(int argc, char **argv)
{
    struct crowd crowd = {.rounds = 1, .size = 64};

    parse(&crowd, argc, argv);
    prepare(&crowd);
    while (crowd.opened < crowd.connections) {
        while (crowd.started < crowd.connections && crowd.started - crowd.opened < CONNECTING)
            begin(&crowd);
        turn(&crowd);
    }
    converse(&crowd);
    double took = seconds_of(&crowd);
    printf("%ld connections, %ld round trips of %ld bytes in %.3f s: %.0f a second\n",
           crowd.connections, crowd.trips, crowd.size, took, (double)crowd.trips / took);
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    while (crowd.hold && getchar() != EOF) /* until whoever started it has seen enough */
        ;
    for (long i = 0; i < crowd.connections; i++)
        (void)close(crowd.clients[i].fd);
    (void)close(crowd.epoll);
    freeaddrinfo(crowd.address);
    free(crowd.clients);
    free(crowd.message);
    free(crowd.reply);
    return EXIT_SUCCESS;
}
