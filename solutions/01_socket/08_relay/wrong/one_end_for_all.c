/* fails: hasty-client client-half-closes server-half-closes end-behind-data end-behind-full */
/*
 * When one side has finished sending, the pair is closed.
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 65536, EVENTS = 128 };

struct side {
    struct pair *pair;
    int fd;             /* -1: none (yet) */
    uint32_t asked;     /* what epoll tells of it */
    bool watched;       /* epoll knows it */
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
static int epoll;
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
        (void)close(side->fd); /* epoll forgets it; what the kernel has taken is still sent */
    side->fd = -1;
    side->watched = false;
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

/* Tells epoll what matters of this side now. Returns false when that fails. */
static bool ask(struct side *side)
{
    const struct side *other = other_side(side);
    uint32_t events = 0;

    if (side->pair->dead)
        return true;
    if (!side->ended && side->until < BUFFER && !side->connecting)
        events |= EPOLLIN;
    if (side->connecting || other->from < other->until)
        events |= EPOLLOUT;
    if (side->ended && side->shut) {
        close_side(side);
        return true;
    }
    if (events == 0)
        events = EPOLLET; /* EPOLLHUP is told whether asked for or not: once is enough */
    if (side->fd == -1 || (side->watched && events == side->asked))
        return true;
    struct epoll_event event = {.events = events, .data.ptr = side};
    int operation = side->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    side->watched = true;
    side->asked = events;
    return epoll_ctl(epoll, operation, side->fd, &event) == 0;
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
    if (to->connecting || from->pair->dead)
        return true;
    if (from->from < from->until) {
        ssize_t n = send(to->fd, from->bytes + from->from, from->until - from->from, MSG_NOSIGNAL);
        if (n == -1 && !is_temporary())
            return false;
        from->from += n > 0 ? (size_t)n : 0;
        if (from->from == from->until)
            from->from = from->until = 0;
    }
    if (from->ended && from->until == 0)
        end_pair(from->pair);
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
            pair->back.connecting = true; /* or done: epoll tells of both in the same way */
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

static void serve(struct side *side, uint32_t events)
{
    struct pair *pair = side->pair;
    bool good = true;

    if (pair->dead || side->fd == -1)
        return; /* an event earlier in this round has ended it */
    if (side->connecting)
        good = finish_connect(pair);
    else if ((events & EPOLLERR) != 0)
        good = false; /* also told while nothing is read of it: a reset */
    good = good && move(&pair->client, &pair->back) && move(&pair->back, &pair->client) &&
           ask(&pair->client) && ask(&pair->back);
    if (!good)
        reset_pair(pair);
    else if (pair->client.fd == -1 && pair->back.fd == -1)
        end_pair(pair);
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
    if (!connect_back(pair, addresses) || !ask(&pair->client) || !ask(&pair->back))
        reset_pair(pair);
}

/* Takes those who wait. Returns false when there is no descriptor for the next. */
static bool accept_clients(int listener, const struct addrinfo *addresses)
{
    for (int i = 0; i < EVENTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd == -1)
            return errno == EAGAIN;
        add_pair(fd, addresses);
    }
    return true;
}

static bool watch_listener(int operation, int listener, uint32_t events)
{
    struct epoll_event event = {.events = events};

    return epoll_ctl(epoll, operation, listener, &event) == 0;
}

static void serve_all(int listener, const struct addrinfo *addresses)
{
    struct epoll_event events[EVENTS];
    bool accepting = true;
    sigset_t none, waiting;

    (void)sigemptyset(&none);
    while (!stopping) {
        int n = epoll_pwait(epoll, events, EVENTS, accepting ? -1 : 50, &none);
        bool more = !accepting; /* after a pause, they who wait are looked at */
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                more = true;
            else
                serve(events[i].data.ptr, events[i].events);
        }
        if (more) {
            more = accept_clients(listener, addresses);
            if (more != accepting && !watch_listener(EPOLL_CTL_MOD, listener, more ? EPOLLIN : 0))
                return;
            accepting = more;
        }
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
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listener == -1 || epoll == -1 || !watch_listener(EPOLL_CTL_ADD, listener, EPOLLIN) ||
        !print_name(listener)) {
        fprintf(stderr, "relay: port %s: %s\n", argv[1], strerror(errno));
        freeaddrinfo(addresses);
        return 1;
    }
    serve_all(listener, addresses);
    for (struct pair *pair = pairs; pair != NULL; pair = pair->next)
        end_pair(pair);
    free_dead();
    freeaddrinfo(addresses);
    (void)close(epoll);
    (void)close(listener);
    return 0;
}
