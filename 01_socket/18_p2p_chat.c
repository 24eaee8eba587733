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
#include <time.h>
#include <unistd.h>

#include "core/address.h"
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
    LINKS = 65,    /* standard input and 64 neighbours */
    SEEN = 1024    /* messages that are remembered */
};

/* Where lines come from: links[0] is standard input, the others are neighbours. */
static struct link {
    int fd; /* -1: free */
    char name[ADDRESS_TEXT];
    size_t had, queued;
    char in[LINE];   /* the beginning of a line */
    char out[QUEUE]; /* what the kernel has not taken yet */
} links[LINKS];

static void link_open(int fd, const struct sockaddr *address, socklen_t length)
{
    struct link *link = links + 1;

    while (link->fd != -1) /* there is one: see main() */
        link++;
    link->fd = fd;
    link->had = link->queued = 0;
    (void)address_format(address, length, link->name);
}

static void link_close(struct link *link, const char *why)
{
    if (link != links)
        report("%s left: %s", link->name, why);
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
    for (struct link *to = links + 1; to < links + LINKS; to++) {
        if (to->fd == -1 || to == from)
            continue;
        if (length > QUEUE - to->queued) {
            link_close(to, "it does not read"); /* one that sleeps costs QUEUE bytes, no more */
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
    (void)seen_before(line); /* never; but it will come back, and is known then */
    spread(links, line, (size_t)n);
}

/* [hear] Takes a neighbour's line: prints it and passes it on, unless it was here before. */
static void hear(struct link *from, char *line, size_t length)
{
    line[length] = '\0'; /* in place of its end */
    if (length < HEAD || strlen(line) != length || strspn(line, "0123456789abcdef") != ID ||
        line[ID] != ' ' || strspn(line + ID + 1, "0123456789") != 2 || line[HEAD - 1] != ' ') {
        link_close(from, "that was no message");
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

/* Reads from a link and deals with each line that is whole. */
static void link_read(struct link *link, const char *name)
{
    const bool typed = link == links;
    const size_t room = typed ? TEXT : LINE;
    ssize_t n = typed ? read(link->fd, link->in + link->had, room - link->had)
                      : recv(link->fd, link->in + link->had, room - link->had, MSG_DONTWAIT);
    char *line = link->in, *end;

    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    link->had += n > 0 ? (size_t)n : 0;
    size_t left = link->had;
    while (link->fd != -1 && (end = memchr(line, '\n', left)) != NULL) {
        size_t length = (size_t)(end - line);
        if (typed)
            say(name, line, length);
        else
            hear(link, line, length);
        line = end + 1;
        left -= length + 1;
    }
    if (typed && (left == room || n == 0)) {
        say(name, line, left); /* what is too long becomes two messages */
        left = 0;
    }
    if (n <= 0 && link->fd != -1)
        link_close(link, n == 0 ? "the end" : errno_name(errno));
    else if (left == room && link->fd != -1)
        link_close(link, "its line has no end");
    memmove(link->in, line, left);
    link->had = left;
}

static void link_send(struct link *link)
{
    ssize_t n = send(link->fd, link->out, link->queued, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n == -1 && errno != EAGAIN && errno != EINTR) {
        link_close(link, errno_name(errno));
    } else if (n > 0) {
        link->queued -= (size_t)n;
        memmove(link->out, link->out + n, link->queued);
    }
}

/* [accept] Takes all new neighbours for which there is room. Returns false: try again later. */
static bool accept_links(int listener, size_t room)
{
    while (room-- > 0) {
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        int fd = accept4(listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC);
        if (fd != -1) {
            link_open(fd, (struct sockaddr *)&address, length);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            report_errno("cannot accept for now");
            return false;
        } else if (errno == EAGAIN) {
            break; /* otherwise the peer is at fault, and has left */
        }
    }
    return true;
}
/* [/accept] */

/* [watch] Fills set and its links with all that is open. Returns how many; waiting: bytes queued.
 */
static nfds_t watch(struct pollfd *set, struct link **watched, bool *waiting)
{
    nfds_t count = 0;

    *waiting = false;
    for (struct link *link = links; link < links + LINKS; link++) {
        if (link->fd == -1)
            continue;
        bool queued = link->queued > 0;
        *waiting = *waiting || queued;
        set[count] =
            (struct pollfd){.fd = link->fd, .events = (short)(queued ? POLLIN | POLLOUT : POLLIN)};
        watched[count++] = link;
    }
    return count;
}
/* [/watch] */

/* [serve] Waits for any link and serves it, until told to stop. */
static void serve(int listener, const char *name)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct pollfd set[LINKS + 1]; /* no empty places: ppoll() takes no more than RLIMIT_NOFILE */
    struct link *watched[LINKS];
    bool waiting, rest = false; /* rest: the listener has a break */
    int ready = 1;

    while (!stop_asked()) {
        nfds_t count = watch(set, watched, &waiting);
        size_t room = LINKS - count - (links[0].fd == -1);
        if (waiting && ready > 0 && watched[0] == links)
            set[0].fd = -1; /* first what was typed before */
        set[count] = (struct pollfd){.fd = room == 0 || rest ? -1 : listener, .events = POLLIN};
        ready = ppoll(set, count + 1, waiting || rest ? &a_while : NULL, stop_mask());
        if (ready == -1 && errno != EINTR)
            die_errno("cannot wait");
        rest = ready > 0 && set[count].revents != 0 && !accept_links(listener, room);
        for (nfds_t i = 0; ready > 0 && i < count; i++) {
            if (watched[i]->fd != -1 && (set[i].revents & ~POLLOUT) != 0)
                link_read(watched[i], name);
        }
        for (nfds_t i = 0; ready > 0 && i < count; i++) {
            if (watched[i]->fd != -1 && watched[i]->queued > 0)
                link_send(watched[i]);
        }
    }
}
/* [/serve] */

/* Connects to HOST PORT HOST PORT …; one that does not answer is left out. */
static void connect_links(char **neighbours, int count)
{
    for (int i = 0; i < count; i += 2) {
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        struct error error;
        int fd = tcp_connect(neighbours[i], neighbours[i + 1], &error);
        if (fd == -1)
            report("%s", error.text);
        else if (getpeername(fd, (struct sockaddr *)&address, &length) == 0)
            link_open(fd, (struct sockaddr *)&address, length);
        else
            (void)close(fd); /* it was here for a moment */
    }
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct error error;
    long port;

    if (argc < 3 || argc % 2 == 0 || argc > 3 + 2 * (LINKS - 1) || *name == '\0' ||
        strcspn(name, ": \r\n") > NAME || name[strcspn(name, ": \r\n")] != '\0' ||
        !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("NAME PORT [HOST PORT]…");
    for (size_t i = 1; i < LINKS; i++)
        links[i].fd = -1;
    int listener = tcp_listen((uint16_t)port, &error); /* first: two may connect to each other */
    if (listener == -1)
        die("%s", error.text);
    connect_links(argv + 3, argc - 3);
    if (stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    serve(listener, name);
    for (size_t i = 1; i < LINKS; i++)
        if (links[i].fd != -1)
            (void)close(links[i].fd);
    (void)close(listener);
    finish(EXIT_SUCCESS);
}
