/* fails: one-peer sizes several-peers asks-again strangers answers-often other-address nobody-listens peer-dies peer-resets liar false-manifest rubbish late-peer bad-names bad-manifests appears-whole in-pieces want-eintr want-short serves serves-sizes answers-question strange-questions two-havers several-requests unknown bad-requests many-wanters never-reads resets have-eintr have-short sigterm sigterm-while-serving usage cannot-share clean-have among-themselves no-descriptors nobody nobody-left clean-want black-hole stalled */
/*
 * Program 1.18 as it is, a chat without a server, told by its arguments whether to listen or to
 * connect: it starts and stops, and speaks another protocol.
 */
#define _GNU_SOURCE /* ppoll(), accept4() */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static void die(const char *why)
{
    fprintf(stderr, "file_share: %s: %s\n", why, strerror(errno));
    exit(1);
}

static int listen_anywhere(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t length = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1 || bind(fd, (struct sockaddr *)&any, length) == -1 ||
        listen(fd, SOMAXCONN) == -1 || getsockname(fd, (struct sockaddr *)&any, &length) == -1)
        die("listen");
    printf("listening on [0.0.0.0]:%d\n", ntohs(any.sin_port));
    if (fflush(stdout) == EOF)
        die("standard output");
    return fd;
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    for (struct addrinfo *one = list; one != NULL && fd == -1; one = one->ai_next) {
        fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd != -1 && connect(fd, one->ai_addr, one->ai_addrlen) == -1) {
            (void)close(fd); /* nothing was sent */
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* Where lines come from: links[0] is standard input, the others are neighbours. */
static struct link {
    int fd; /* -1: free */
    size_t had, queued;
    char in[LINE];   /* the beginning of a line */
    char out[QUEUE]; /* what the kernel has not taken yet */
} links[LINKS];

static void link_open(int fd)
{
    struct link *link = links + 1;

    while (link->fd != -1) /* there is one: see accept_links() */
        link++;
    link->fd = fd;
    link->had = link->queued = 0;
}

static void link_close(struct link *link, const char *why)
{
    if (link != links)
        fprintf(stderr, "left: %s\n", why);
    (void)close(link->fd); /* whatever it was to be sent, others have it too */
    link->fd = -1;
}

/* Whether this message came before. If not, it is remembered, in place of the oldest. */
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
/* */

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
        die("getrandom");
    int n = snprintf(line, sizeof line, "%016llx %02d %s: %.*s\n", (unsigned long long)id, HOPS,
                     name, (int)length, text);
    (void)seen_before(line); /* never; but it will come back, and is known then */
    spread(links, line, (size_t)n);
}

/* Takes a neighbour's line: prints it and passes it on, unless it was here before. */
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
        die("standard output");
    if (hops == 0)
        return;
    hops = hops > HOPS ? HOPS - 1 : hops - 1; /* nobody gets more than HOPS */
    line[ID + 1] = (char)('0' + hops / 10);
    line[ID + 2] = (char)('0' + hops % 10);
    line[length] = '\n';
    spread(from, line, length + 1);
}
/* */

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
        link_close(link, n == 0 ? "the end" : strerror(errno));
    else if (left == room && link->fd != -1)
        link_close(link, "its line has no end");
    memmove(link->in, line, left);
    link->had = left;
}

static void link_send(struct link *link)
{
    ssize_t n = send(link->fd, link->out, link->queued, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n == -1 && errno != EAGAIN && errno != EINTR) {
        link_close(link, strerror(errno));
    } else if (n > 0) {
        link->queued -= (size_t)n;
        memmove(link->out, link->out + n, link->queued);
    }
}

/* Takes all new neighbours for which there is room. Returns false: try again later. */
static bool accept_links(int listener, size_t room)
{
    while (room-- > 0) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd != -1) {
            link_open(fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            return false;
        } else if (errno == EAGAIN) {
            break; /* otherwise the peer is at fault, and has left */
        }
    }
    return true;
}
/* */

/* Fills set and its links with all that is open. Returns how many; waiting: bytes queued.
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
/* */

/* Waits for any link and serves it, until told to stop. */
static void serve(int listener, const char *name)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    struct pollfd set[LINKS + 1]; /* no empty places: ppoll() takes no more than RLIMIT_NOFILE */
    struct link *watched[LINKS];
    sigset_t none;
    bool waiting, rest = false; /* rest: the listener has a break */
    int ready = 1;

    (void)sigemptyset(&none);
    while (!stopping) {
        nfds_t count = watch(set, watched, &waiting);
        size_t room = LINKS - count - (links[0].fd == -1);
        if (waiting && ready > 0 && watched[0] == links)
            set[0].fd = -1; /* first what was typed before */
        set[count] = (struct pollfd){.fd = room == 0 || rest ? -1 : listener, .events = POLLIN};
        ready = ppoll(set, count + 1, waiting || rest ? &a_while : NULL, &none);
        if (ready == -1 && errno != EINTR)
            die("cannot wait");
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
/* */

int main(int argc, char **argv)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigset_t held;
    int listener, fd;

    if (argc < 5) {
        fprintf(stderr, "usage: file_share have GROUP PORT FILE\n");
        return 2;
    }
    for (size_t i = 1; i < LINKS; i++)
        links[i].fd = -1;
    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &held, NULL) == -1 || sigaction(SIGTERM, &stop, NULL) == -1)
        die("sigaction");
    listener = listen_anywhere();
    if (strcmp(argv[1], "want") == 0 && (fd = connect_to(argv[2], argv[3])) != -1)
        link_open(fd);
    serve(listener, argv[1]);
    for (size_t i = 1; i < LINKS; i++)
        if (links[i].fd != -1)
            (void)close(links[i].fd);
    (void)close(listener);
    return 0;
}
