/*
 * 1.18  Peer-to-peer chat
 *
 * A node of a chat without a server: it listens, connects, and passes on what it hears, once.
 *
 * Python:  all of it: create_server(), create_connection(), select.poll(), recv(), send()
 * Usage:   18_p2p_chat NAME PORT [HOST PORT]…
 * See:     poll(2), accept(2), getrandom(2); the protocol stands in the lesson
 * Leaves out: connecting again to a neighbour that is lost, finding neighbours (lesson 1.17), and
 *          knowing who it is that speaks: anybody can write any name. At its start it waits for
 *          each neighbour as long as connect() does (lesson 1.09).
 */
#define _GNU_SOURCE /* ppoll(), accept4() */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

enum {
    ID = 16,       /* hex digits of a message's number */
    HEAD = 20,     /* "9f86d081884c7d65 15 ", before the body */
    HOPS = 15,     /* how often a message is passed on at most */
    LINE = 512,    /* bytes of a line of the protocol, its end included */
    NAME = 16,     /* bytes of a name */
    TEXT = 400,    /* bytes of a line that somebody types: head, name and text fit into LINE */
    QUEUE = 16384, /* bytes that may wait for a neighbour */
    LINKS = 64,    /* neighbours */
    SEEN = 1024    /* messages that are remembered */
};

/* The neighbours, without gaps. One that is lost keeps its place until watch() takes it out. */
static struct link {
    int fd;        /* -1: lost */
    size_t number; /* in the order in which they came */
    size_t had, queued;
    char in[LINE];   /* the beginning of a line */
    char out[QUEUE]; /* what the kernel has not taken yet */
} links[LINKS];
static size_t count;

static void link_add(int fd)
{
    static size_t met;

    links[count++] = (struct link){.fd = fd, .number = ++met}; /* there is room: main(), serve() */
}

static void link_lose(struct link *link, const char *why)
{
    report("neighbour %zu left: %s", link->number, why);
    (void)close(link->fd); /* whatever it was to be sent, others have it too */
    link->fd = -1;
}

/* [seen] Whether this message came before. If not, it is remembered, in place of the oldest. */
static bool seen_before(const char *id)
{
    static char seen[SEEN][ID];
    static size_t oldest;

    for (size_t i = 0; i < SEEN; i++)
        if (memcmp(seen[i], id, ID) == 0)
            return true;
    memcpy(seen[oldest], id, ID);
    oldest = (oldest + 1) % SEEN;
    return false;
}
/* [/seen] */

/* Queues a line for every neighbour but the one that it came from. */
static void spread(const struct link *from, const char *line, size_t length)
{
    for (struct link *to = links; to < links + count; to++) {
        if (to->fd == -1 || to == from)
            continue;
        if (length > QUEUE - to->queued) {
            link_lose(to, "it does not read"); /* one that sleeps costs QUEUE bytes, no more */
            continue;
        }
        memcpy(to->out + to->queued, line, length);
        to->queued += length;
    }
}

/* Makes a message of a line that was typed. */
static void say(const char *name, const char *text, size_t length)
{
    char line[LINE];
    uint64_t id;

    if (length == 0)
        return;
    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
        die_errno("getrandom");
    int n = snprintf(line, sizeof line, "%016llx %02d %s: %.*s\n", (unsigned long long)id, HOPS,
                     name, (int)length, text);
    (void)seen_before(line); /* never; but it may come back, and is known then */
    spread(NULL, line, (size_t)n);
}

/* [hear] Takes a neighbour's line: prints it and passes it on, unless it was here before. */
static void hear(struct link *from, char *line, size_t length)
{
    line[length] = '\0'; /* in place of its end */
    if (length < HEAD || strlen(line) != length || strspn(line, "0123456789abcdef") != ID ||
        line[ID] != ' ' || strspn(line + ID + 1, "0123456789") != 2 || line[HEAD - 1] != ' ') {
        link_lose(from, "that was no message");
        return;
    }
    if (seen_before(line))
        return;
    int hops = (line[ID + 1] - '0') * 10 + line[ID + 2] - '0';
    for (const char *c = line + HEAD; *c != '\0'; c++)
        (void)putchar(iscntrl((unsigned char)*c) ? '?' : *c); /* no commands to the terminal */
    if (putchar('\n') == EOF || fflush(stdout) == EOF)
        die_errno("standard output");
    if (hops == 0)
        return;
    hops = hops > HOPS ? HOPS - 1 : hops - 1; /* nobody gets more than HOPS */
    line[ID + 1] = (char)('0' + hops / 10);
    line[ID + 2] = (char)('0' + hops % 10);
    line[length] = '\n';
    spread(from, line, length + 1);
}
/* [/hear] */

/* Reads from a neighbour and hears each line that is whole. */
static void link_read(struct link *link)
{
    ssize_t n = recv(link->fd, link->in + link->had, LINE - link->had, MSG_DONTWAIT);
    char *end;

    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    link->had += n > 0 ? (size_t)n : 0;
    while (link->fd != -1 && (end = memchr(link->in, '\n', link->had)) != NULL) {
        hear(link, link->in, (size_t)(end - link->in));
        link->had -= (size_t)(end + 1 - link->in);
        memmove(link->in, end + 1, link->had);
    }
    if (link->fd != -1 && n <= 0)
        link_lose(link, n == 0 ? "the end" : errno_name(errno));
    else if (link->fd != -1 && link->had == LINE)
        link_lose(link, "its line has no end");
}

static void link_send(struct link *link)
{
    ssize_t n = send(link->fd, link->out, link->queued, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n == -1 && errno != EAGAIN && errno != EINTR) {
        link_lose(link, errno_name(errno));
    } else if (n > 0) {
        link->queued -= (size_t)n;
        memmove(link->out, link->out + n, link->queued);
    }
}

/* Reads what was typed and says each line. What is too long becomes two. False at the end. */
static bool read_typed(const char *name)
{
    static char text[TEXT];
    static size_t had;
    ssize_t n = read(STDIN_FILENO, text + had, TEXT - had);

    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return true;
    had += n > 0 ? (size_t)n : 0;
    for (char *end; (end = memchr(text, '\n', had)) != NULL;) {
        say(name, text, (size_t)(end - text));
        had -= (size_t)(end + 1 - text);
        memmove(text, end + 1, had);
    }
    if (had == TEXT || n <= 0) {
        say(name, text, had);
        had = 0;
    }
    return n > 0;
}

/* [accept] Takes a neighbour that waits. False when something is lacking: try again later. */
static bool accept_link(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd != -1) {
        link_add(fd);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        report_errno("cannot accept for now");
        return false;
    }
    return true;
}
/* [/accept] */

/* [watch] Takes out who is lost, and fills set. Returns whether anything is still to be sent. */
static bool watch(struct pollfd *set)
{
    bool waiting = false;

    for (size_t i = count; i-- > 0;)
        if (links[i].fd == -1)
            links[i] = links[--count]; /* the last one takes its place */
    for (size_t i = 0; i < count; i++) {
        bool queued = links[i].queued > 0;
        set[i] = (struct pollfd){.fd = links[i].fd, .events = queued ? POLLIN | POLLOUT : POLLIN};
        waiting = waiting || queued;
    }
    return waiting;
}
/* [/watch] */

/* [serve] Waits for anybody and serves them, until told to stop. */
static void serve(int listener, const char *name)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct pollfd set[LINKS + 2]; /* the neighbours, then the listener and standard input */
    bool typing = true, accepting = true;
    int ready = 1;

    while (!stop_asked()) {
        bool waiting = watch(set);
        bool hears = typing && (!waiting || ready == 0); /* first what was typed before */
        size_t n = count;
        set[n] = (struct pollfd){.fd = accepting && n < LINKS ? listener : -1, .events = POLLIN};
        set[n + 1] = (struct pollfd){.fd = hears ? STDIN_FILENO : -1, .events = POLLIN};
        ready = ppoll(set, n + 2, waiting || !accepting ? &a_while : NULL, stop_mask());
        if (ready == -1 && errno != EINTR)
            die_errno("cannot wait");
        if (ready == -1)
            continue;
        accepting = set[n].revents == 0 || accept_link(listener);
        if (set[n + 1].revents != 0)
            typing = read_typed(name);
        for (size_t i = 0; i < n; i++) {
            if (links[i].fd != -1 && (set[i].revents & ~POLLOUT) != 0)
                link_read(&links[i]);
            if (links[i].fd != -1 && (set[i].revents & POLLOUT) != 0)
                link_send(&links[i]);
        }
    }
}
/* [/serve] */

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const size_t length = strcspn(name, ": \r\n");
    struct error error;
    long port;

    if (argc < 3 || argc % 2 == 0 || argc > 3 + 2 * LINKS || length == 0 || length > NAME ||
        name[length] != '\0' || !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("NAME PORT [HOST PORT]…");
    int listener = tcp_listen((uint16_t)port, &error); /* first: two may connect to each other */
    if (listener == -1)
        die("%s", error.text);
    for (int i = 3; i < argc; i += 2) {
        int fd = tcp_connect(argv[i], argv[i + 1], &error);
        if (fd == -1)
            report("%s", error.text); /* one that does not answer is left out */
        else
            link_add(fd);
    }
    if (stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    serve(listener, name);
    while (count-- > 0)
        if (links[count].fd != -1)
            (void)close(links[count].fd);
    (void)close(listener);
    finish(EXIT_SUCCESS);
}
