/* As the solution, with poll(): the table is made anew in each round. */
#define _GNU_SOURCE /* accept4() and ppoll() */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 65536, AT_ONCE = 128, SIDES_MOST = 4096 };

struct side {
    struct pair *pair;
    int fd;             /* -1: none (yet) */
    bool hung;          /* POLLHUP was told, while nothing is wanted of it */
    bool connecting;    /* a connection in progress */
    bool ended;         /* recv() returned 0 */
    bool shut;          /* we have finished sending to it */
    size_t from, until; /* what came from it and the other side has not taken */
    char bytes[BUFFER];
};

struct pair {
    struct side client, back;
    const struct addrinfo *address; /* the one that is being tried */
    bool dead;                      /* to be freed after the round: events may still name it */
    struct pair *next, *previous;
};

static struct pair *pairs; /* all of them, dead ones too */
static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static bool hold_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigset_t held;

    (void)sigemptyset(&held); /* fails for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &stop, NULL) == 0;
}

/* Listens on every address of this machine. Returns a socket, or -1 and errno. */
static int open_listener(int family, uint16_t port)
{
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int ipv6 = family == AF_INET6, off = 0, on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1) ||
        bind(fd, ipv6 ? (const void *)&in6 : &in4, ipv6 ? sizeof in6 : sizeof in4) == -1 ||
        listen(fd, SOMAXCONN) == -1) {
        int why = errno;
        (void)close(fd); /* nothing was sent */
        errno = why;
        return -1;
    }
    return fd;
}

static bool print_name(int listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[64], port[8];

    if (getsockname(listener, (struct sockaddr *)&address, &length) == -1 ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    printf("listening on [%s]:%s\n", host, port);
    return fflush(stdout) == 0;
}

/* ---- the end of a pair ---- */

static void close_side(struct side *side)
{
    if (side->fd != -1)
        (void)close(side->fd); /* what the kernel has taken is still sent */
    side->fd = -1;
}

static void end_pair(struct pair *pair)
{
    close_side(&pair->client);
    close_side(&pair->back);
    pair->dead = true;
}

/* Ends a pair so that whoever is still there sees that it did not end well. */
static void reset_pair(struct pair *pair)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    /* Without it, close() ends in order, and half of what was sent would pass for all of it. */
    (void)setsockopt(pair->client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)setsockopt(pair->back.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    end_pair(pair);
}

static void free_dead(void)
{
    for (struct pair *pair = pairs, *next; pair != NULL; pair = next) {
        next = pair->next;
        if (!pair->dead)
            continue;
        if (pair->previous != NULL)
            pair->previous->next = next;
        else
            pairs = next;
        if (next != NULL)
            next->previous = pair->previous;
        free(pair);
    }
}

/* ---- moving bytes ---- */

static struct side *other_side(struct side *side)
{
    return side == &side->pair->client ? &side->pair->back : &side->pair->client;
}

/* What matters of this side now; closes it when that is nothing any more. */
static short wanted(struct side *side)
{
    const struct side *other = other_side(side);
    int events = 0;

    if (side->ended && side->shut)
        close_side(side);
    if (!side->ended && side->until < BUFFER && !side->connecting)
        events |= POLLIN;
    if (side->connecting || other->from < other->until)
        events |= POLLOUT;
    return (short)events;
}

static bool is_temporary(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Moves what can be moved from one side to the other. Returns false when a connection failed. */
static bool move(struct side *from, struct side *to)
{
    if (from->fd != -1 && !from->connecting && !from->ended && from->until < BUFFER) {
        ssize_t n = recv(from->fd, from->bytes + from->until, BUFFER - from->until, 0);
        if (n == -1 && !is_temporary())
            return false;
        from->ended = n == 0;
        from->until += n > 0 ? (size_t)n : 0;
    }
    if (to->connecting)
        return true;
    if (from->from < from->until) {
        ssize_t n = send(to->fd, from->bytes + from->from, from->until - from->from, MSG_NOSIGNAL);
        if (n == -1 && !is_temporary())
            return false;
        from->from += n > 0 ? (size_t)n : 0;
        if (from->from == from->until)
            from->from = from->until = 0;
    }
    if (from->ended && from->until == 0 && !to->shut) {
        to->shut = true;
        if (shutdown(to->fd, SHUT_WR) == -1)
            return false;
    }
    return true;
}

/* ---- the connection to the back end ---- */

/* Begins to connect to the next address, or the next but one. Returns false when none is left. */
static bool connect_back(struct pair *pair, const struct addrinfo *from)
{
    for (const struct addrinfo *a = from; a != NULL; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd == -1)
            continue;
        pair->address = a;
        pair->back.fd = fd;
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) {
            pair->back.connecting = true; /* or done: poll() tells of both in the same way */
            return true;
        }
        close_side(&pair->back);
    }
    return false;
}

/* Returns false when the back end cannot be reached. */
static bool finish_connect(struct pair *pair)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(pair->back.fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1 || error != 0) {
        close_side(&pair->back);
        return connect_back(pair, pair->address->ai_next);
    }
    pair->back.connecting = false;
    return true;
}

/* ---- events ---- */

static void serve(struct side *side, const struct pollfd *told)
{
    struct pair *pair = side->pair;
    bool good = true;

    if (pair->dead || side->fd != told->fd)
        return; /* an event earlier in this round has ended it */
    side->hung = told->events == 0 && (told->revents & POLLERR) == 0;
    if (side->connecting)
        good = finish_connect(pair);
    else if ((told->revents & POLLERR) != 0)
        good = false; /* also told while nothing is read of it: a reset */
    good = good && move(&pair->client, &pair->back) && move(&pair->back, &pair->client);
    if (!good)
        reset_pair(pair);
}

/* All but the bytes, which would cost memory before they are needed. */
static void begin_side(struct side *side, struct pair *pair, int fd)
{
    memset(side, 0, offsetof(struct side, bytes));
    side->pair = pair;
    side->fd = fd;
}

static void add_pair(int fd, const struct addrinfo *addresses)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    struct pair *pair = malloc(sizeof *pair);

    if (pair == NULL) {
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* or it ends in order */
        (void)close(fd);
        return;
    }
    begin_side(&pair->client, pair, fd);
    begin_side(&pair->back, pair, -1);
    pair->dead = false;
    pair->previous = NULL;
    pair->next = pairs;
    if (pairs != NULL)
        pairs->previous = pair;
    pairs = pair;
    if (!connect_back(pair, addresses))
        reset_pair(pair);
}

/* Takes those who wait. Returns false when there is no descriptor for the next. */
static bool accept_clients(int listener, const struct addrinfo *addresses)
{
    for (int i = 0; i < AT_ONCE; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd == -1)
            return errno == EAGAIN;
        add_pair(fd, addresses);
    }
    return true;
}

/* Fills in what is to be polled of all pairs. Returns how much that is. */
static size_t collect(struct pollfd *polled, struct side **sides)
{
    size_t n = 0;

    for (struct pair *pair = pairs; pair != NULL; pair = pair->next) {
        struct side *both[] = {&pair->client, &pair->back};
        for (size_t i = 0; i < 2 && n < SIDES_MOST; i++) {
            short events = wanted(both[i]);
            if (both[i]->fd == -1 || (both[i]->hung && events == 0))
                continue; /* POLLHUP would be told again and again */
            sides[n] = both[i];
            polled[n++] = (struct pollfd){.fd = both[i]->fd, .events = events};
        }
        if (pair->client.fd == -1 && pair->back.fd == -1)
            pair->dead = true;
    }
    return n;
}

static void serve_all(int listener, const struct addrinfo *addresses)
{
    static struct pollfd polled[SIDES_MOST + 1];
    static struct side *sides[SIDES_MOST];
    const struct timespec a_moment = {.tv_nsec = 50000000};
    bool accepting = true;
    sigset_t none, waiting;

    (void)sigemptyset(&none);
    while (!stopping) {
        size_t count = collect(polled, sides);
        polled[count] = (struct pollfd){.fd = accepting ? listener : -1, .events = POLLIN};
        int ready = ppoll(polled, count + 1, accepting ? NULL : &a_moment, &none);
        for (size_t i = 0; ready > 0 && i < count; i++)
            if (polled[i].revents != 0)
                serve(sides[i], &polled[i]);
        if (ready != -1 && (!accepting || polled[count].revents != 0))
            accepting = accept_clients(listener, addresses);
        free_dead();
        /* A call that finds work lets no signal in. */
        stopping |= sigpending(&waiting) == 0 && sigismember(&waiting, SIGTERM) == 1;
    }
}

static bool is_port(const char *text, long least)
{
    char *end;
    long port = strtol(text, &end, 10);

    return end != text && *end == '\0' && port >= least && port <= UINT16_MAX;
}

int main(int argc, char **argv)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;

    if (argc != 4 || !is_port(argv[1], 0) || !is_port(argv[3], 1)) {
        fprintf(stderr, "usage: relay PORT HOST PORT\n");
        return 2;
    }
    uint16_t port = (uint16_t)strtol(argv[1], NULL, 10);
    int why = getaddrinfo(argv[2], argv[3], &hints, &addresses);
    if (why != 0) {
        fprintf(stderr, "relay: %s: %s\n", argv[2], gai_strerror(why));
        return 1;
    }
    int listener = hold_signals() ? open_listener(AF_INET6, port) : -1;
    if (listener == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        listener = open_listener(AF_INET, port); /* a machine without IPv6 */
    if (listener == -1 || !print_name(listener)) {
        fprintf(stderr, "relay: port %s: %s\n", argv[1], strerror(errno));
        freeaddrinfo(addresses);
        return 1;
    }
    serve_all(listener, addresses);
    for (struct pair *pair = pairs; pair != NULL; pair = pair->next)
        end_pair(pair);
    free_dead();
    freeaddrinfo(addresses);
    (void)close(listener);
    return 0;
}
