/* fails: one-client server-first several-clients binary hasty-client client-half-closes server-half-closes end-behind-data end-behind-full reset-by-client reset-by-server reset-while-full client-closed gone-before-send refused next-address never-answers slow-reader eintr short-counts accept-fails no-descriptors one-descriptor ipv6 usage cannot-begin sigterm flood-from-server flood-from-client clean both-ways sends-first thousand */
/*
 * Lesson 1.13's 13_epoll_server.c, with what it takes from core/ copied in: it answers the clients
 * itself.
 */
#define _GNU_SOURCE /* accept4(): in POSIX since 2024; the rest is Linux's own */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 65536, EVENTS = 256 }; /* a client is owed a block at most */

struct rest { /* what a client was not sent yet */
    size_t length, sent;
    char bytes[];
};

struct connection { /* 16 bytes; more only while something is owed */
    bool open;
    struct rest *rest;
};

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

static void die_errno(const char *what)
{
    perror(what);
    exit(1);
}

static struct connection *table; /* by descriptor */
static size_t room;
static uint32_t trigger; /* 0: by level. EPOLLET and its companion: by edge */
static int epoll;
static unsigned long long served;

/* Tells epoll what to report of a socket from now on. Returns 0, or -1 and errno. */
static int watch(int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return epoll_ctl(epoll, operation, fd, &event);
}

static void drop(int fd)
{
    free(table[fd].rest);
    table[fd] = (struct connection){0};
    (void)close(fd); /* epoll forgets it, and what the kernel has taken is still sent */
}

static bool is_temporary(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* From now on the client's events are these. By edge too, what is ready already is reported. */
static void ask(int fd, uint32_t events)
{
    if (watch(EPOLL_CTL_MOD, fd, events | trigger) == -1)
        drop(fd);
}

/* Keeps what the client did not take, and asks to be told when it takes more. */
static void keep_rest(int fd, const char *bytes, size_t length)
{
    struct rest *rest = malloc(sizeof *rest + length);

    if (rest == NULL) {
        drop(fd);
        return;
    }
    rest->length = length;
    rest->sent = 0;
    memcpy(rest->bytes, bytes, length);
    table[fd].rest = rest;
    ask(fd, EPOLLOUT); /* and not EPOLLIN: no more of its bytes before it took these */
}

/* Sends more of the rest; after the last of it, asks for the client's bytes again. */
static void send_rest(int fd)
{
    struct rest *rest = table[fd].rest;
    ssize_t n = send(fd, rest->bytes + rest->sent, rest->length - rest->sent, MSG_NOSIGNAL);

    if (n == -1) {
        if (!is_temporary())
            drop(fd);
        return;
    }
    rest->sent += (size_t)n;
    if (rest->sent < rest->length)
        return;
    free(rest);
    table[fd].rest = NULL;
    ask(fd, EPOLLIN);
}

/* Reads once and sends it back at once. Only what is not taken costs more than that. */
static void echo(int fd, uint32_t events)
{
    static char block[BLOCK];
    ssize_t n = recv(fd, block, sizeof block, 0);
    ssize_t sent = n > 0 ? send(fd, block, (size_t)n, MSG_NOSIGNAL) : n;

    if (n == 0 || (sent == -1 && !is_temporary())) {
        drop(fd);
    } else if (sent < n) {
        size_t taken = sent > 0 ? (size_t)sent : 0;
        keep_rest(fd, block + taken, (size_t)n - taken);
    } else if (trigger != 0 && (n == BLOCK || events & EPOLLRDHUP)) {
        ask(fd, EPOLLIN); /* there may be more; nobody would tell again */
    }
}

/* Makes the table reach fd, and puts it there. Returns 0, or -1 when something is lacking. */
static int enter(int fd)
{
    size_t more = room;

    while (more <= (size_t)fd)
        more = more == 0 ? 64 : more * 2;
    if (more > room) {
        struct connection *bigger = realloc(table, more * sizeof *table);
        if (bigger == NULL)
            return -1;
        memset(bigger + room, 0, (more - room) * sizeof *table);
        table = bigger;
        room = more;
    }
    if (watch(EPOLL_CTL_ADD, fd, EPOLLIN | trigger) == -1)
        return -1;
    table[fd].open = true;
    served++;
    return 0;
}

/* Takes those who wait. Returns false when something is lacking for the next of them. */
static bool welcome(int listener)
{
    static bool told; /* one line for a time of need, however long */

    for (int i = 0; i < EVENTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
            break;
        if (fd == -1 || enter(fd) == -1) {
            if (!told)
                perror("relay: accept");
            told = true;
            if (fd != -1)
                (void)close(fd);
            return false;
        }
        told = false;
    }
    return true;
}

/* Serves until told to stop. */
static void serve_all(int listener)
{
    struct epoll_event events[EVENTS];
    bool accepting = true;
    sigset_t none;

    (void)sigemptyset(&none);

    for (unsigned round = 0;; round++) {
        int n = epoll_pwait(epoll, events, EVENTS, accepting ? -1 : 100, &none);
        if (n == -1 && errno != EINTR)
            die_errno("cannot wait");
        /* A call that finds work lets no signal in, and to ask is a system call: now and then. */
        if ((n == -1 || round % 64 == 0) && asked)
            return;
        bool look = !accepting; /* without a descriptor for it, the next client waited a round */
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                look = true;
            else if (table[fd].rest != NULL)
                send_rest(fd);
            else
                echo(fd, events[i].events);
        }
        if (!look)
            continue;
        bool more = welcome(listener);
        if (more != accepting && watch(EPOLL_CTL_MOD, listener, more ? EPOLLIN : 0) == -1)
            die_errno("cannot watch the listening socket");
        accepting = more;
    }
}

static int listen_on(uint16_t port)
{
    const struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in6 name;
    socklen_t length = sizeof name;
    const int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) == -1 ||
        listen(fd, SOMAXCONN) == -1 || getsockname(fd, (struct sockaddr *)&name, &length) == -1)
        die_errno("relay: cannot listen");
    printf("listening on [::]:%d\n", ntohs(name.sin6_port));
    fflush(stdout);
    return fd;
}

/* A process starts with leave for 1,024 descriptors, often, and may take more. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
}

int main(int argc, char **argv)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    const int on = 1;
    sigset_t held;
    char *end;

    if (argc != 4) {
        fprintf(stderr, "usage: relay PORT HOST PORT\n");
        return 2;
    }
    long port = strtol(argv[1], &end, 10);
    if (*end != '\0' || end == argv[1] || port < 0 || port > UINT16_MAX) {
        fprintf(stderr, "usage: relay PORT HOST PORT\n");
        return 2;
    }
    raise_limit();
    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &held, NULL) == -1 || sigaction(SIGTERM, &stop, NULL) == -1)
        die_errno("relay");
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on((uint16_t)port);
    if (epoll == -1 || watch(EPOLL_CTL_ADD, listener, EPOLLIN) == -1)
        die_errno("relay: epoll");
    if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        die_errno("relay: TCP_NODELAY");
    serve_all(listener);
    for (size_t fd = 0; fd < room; fd++)
        if (table[fd].open)
            drop((int)fd);
    free(table);
    (void)close(epoll);
    (void)close(listener);
    return 0;
}
