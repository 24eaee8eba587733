/* fails: two-members names name-taken nameless private unknown-name new-name commands line-in-pieces several-lines line-too-long binary leaving leaving-in-mid-line reset gone-while-told same-order eintr short-writes accept-fails no-descriptors ipv6 sigterm slow-reader never-reads all-speak clean hundred crowd */
/* Lesson 1.11's 11_select_chat.c, with what it takes from core/ copied in: a chat without names. */
#define _GNU_SOURCE /* accept4(): in POSIX since 2024 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

static bool hold_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigset_t held;

    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGTERM);
    (void)sigaddset(&held, SIGINT);
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &stop, NULL) == 0 &&
           sigaction(SIGINT, &stop, NULL) == 0;
}

static int listen_on(long port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    socklen_t length = sizeof address;
    const int off = 0, on = 1;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(fd, SOMAXCONN) == -1 ||
        getsockname(fd, (struct sockaddr *)&address, &length) == -1) {
        perror("chat");
        exit(1);
    }
    printf("listening on [::]:%d\n", ntohs(address.sin6_port));
    fflush(stdout);
    return fd;
}

enum {
    LINE_LIMIT = 512,   /* a longer line is said in pieces */
    OWED_LIMIT = 16384, /* who is owed more does not read */
    AT_ONCE = 64,       /* so many newcomers, then the others have their turn */
};

struct client {
    bool here;
    bool leaving;    /* it has sent its end, and goes when it has all that it is owed */
    unsigned number; /* "guest 1", "guest 2" … */
    size_t have, owed;
    char line[LINE_LIMIT];  /* what it said since its last newline */
    char queue[OWED_LIMIT]; /* what others said, and it has not taken yet */
};

static struct client clients[FD_SETSIZE]; /* by descriptor; select() knows no higher ones */
static int top = -1;                      /* the highest in use, or higher */

/* Closes the connection, and says why unless the guest just left. */
static void drop(int fd, const char *why)
{
    if (why != NULL)
        fprintf(stderr, "chat: guest %u is dropped: %s\n", clients[fd].number, why);
    clients[fd].here = false;
    (void)close(fd); /* what the kernel has taken is still sent */
}

/* Sends what the client can take now, and keeps the rest. */
static void send_owed(int fd)
{
    struct client *c = &clients[fd];
    ssize_t n = send(fd, c->queue, c->owed, MSG_NOSIGNAL);

    if (n > 0) {
        c->owed -= (size_t)n;
        memmove(c->queue, c->queue + n, c->owed);
    } else if (n == -1 && errno != EAGAIN && errno != EINTR) {
        drop(fd, strerror(errno));
    }
}

/* Everybody hears the line, the one who said it too: so all see the same order. */
static void say(unsigned number, const char *line, size_t length)
{
    char text[LINE_LIMIT + 32];
    int made = snprintf(text, sizeof text, "guest %u: ", number);
    size_t n = (size_t)made + length + 1;

    memcpy(text + made, line, length);
    text[n - 1] = '\n';
    for (int fd = 0; fd <= top; fd++) {
        struct client *c = &clients[fd];
        if (c->here && !c->leaving && n > OWED_LIMIT - c->owed)
            send_owed(fd); /* the last chance: there may be room by now */
        if (!c->here || c->leaving)
            continue;
        if (n > OWED_LIMIT - c->owed) {
            drop(fd, "does not read");
            continue;
        }
        memcpy(c->queue + c->owed, text, n);
        c->owed += n;
    }
}

/* Reads once from a client, and says the lines that are whole. */
static void hear(int fd)
{
    struct client *c = &clients[fd];
    ssize_t n = recv(fd, c->line + c->have, LINE_LIMIT - c->have, 0);
    size_t start = 0, i = c->have;

    if (n == -1) {
        if (errno != EAGAIN && errno != EINTR)
            drop(fd, strerror(errno));
        return;
    }
    c->have += (size_t)n;
    for (; i < c->have && c->here; i++) {
        if (c->line[i] == '\n') {
            say(c->number, c->line + start, i - start);
            start = i + 1;
        } else if (iscntrl((unsigned char)c->line[i])) {
            c->line[i] = ' '; /* it would steer the others' terminals */
        }
    }
    c->have -= start;
    memmove(c->line, c->line + start, c->have);
    if (c->have == LINE_LIMIT || (n == 0 && c->have > 0)) {
        say(c->number, c->line, c->have);
        c->have = 0;
    }
    c->leaving = n == 0;
}

/* Takes those who wait. Returns false when there is no descriptor for the next of them.
 */
static bool welcome(int listener)
{
    static const char full[] = "The chat is full. Please come again.\n";
    static unsigned guests;
    static bool told; /* one line for a time of need, however long */

    for (int i = 0; i < AT_ONCE; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            if (!told)
                perror("chat: accept");
            told = true;
            return false;
        }
        if (fd == -1)
            break;
        told = false;
        if (fd >= FD_SETSIZE) {
            fprintf(stderr, "chat: descriptor %d is too high\n", fd);
            (void)send(fd, full, sizeof full - 1, MSG_NOSIGNAL); /* a new socket has room */
            (void)close(fd);
            continue;
        }
        struct client *c = &clients[fd];
        c->here = true;
        c->leaving = false;
        c->have = c->owed = 0;
        c->number = ++guests;
        top = fd > top ? fd : top;
    }
    return true;
}

/* Sleeps until somebody has something to say or can be sent something; serves them all. */
static bool serve_round(int listener, bool accepting)
{
    sigset_t none;

    const struct timespec a_while = {.tv_nsec = 100000000};
    fd_set readable, writable;

    (void)sigemptyset(&none);
    FD_ZERO(&readable); /* select() overwrites the sets: they are made anew each time */
    FD_ZERO(&writable);
    if (accepting)
        FD_SET(listener, &readable);
    while (top >= 0 && !clients[top].here)
        top--;
    for (int fd = 0; fd <= top; fd++)
        if (clients[fd].here) /* who is owed something is not listened to until it has taken it */
            FD_SET(fd, clients[fd].owed > 0 ? &writable : &readable);
    if (pselect((top > listener ? top : listener) + 1, &readable, &writable, NULL,
                accepting ? NULL : &a_while, &none) == -1) {
        return accepting;
    }
    accepting = !FD_ISSET(listener, &readable) || welcome(listener);
    for (int fd = 0; fd <= top; fd++) {
        if (clients[fd].here && FD_ISSET(fd, &writable))
            send_owed(fd);
        if (clients[fd].here && FD_ISSET(fd, &readable))
            hear(fd);
        if (clients[fd].here && clients[fd].leaving && clients[fd].owed == 0)
            drop(fd, NULL);
    }
    return accepting;
}

int main(int argc, char **argv)
{
    const int room = OWED_LIMIT; /* the kernel's own queue would grow to megabytes for each */
    bool accepting = true;
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (port < 0 || port > UINT16_MAX || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: chat PORT\n");
        return 2;
    }
    if (!hold_signals())
        return 1;
    int listener = listen_on(port);
    (void)setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    while (!asked)
        accepting = serve_round(listener, accepting);
    for (int fd = 0; fd <= top; fd++)
        if (clients[fd].here)
            drop(fd, NULL);
    (void)close(listener);
    return EXIT_SUCCESS;
}
