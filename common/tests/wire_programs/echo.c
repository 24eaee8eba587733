/*
 * An echo server on edge-triggered epoll, correct to the letter of epoll(7): it reads until EAGAIN
 * or a short count, which it takes for "drained", and waits for the next edge. Only once the peer
 * has ended, which EPOLLRDHUP tells, it reads on to that end: no other edge would come for it.
 *
 * echo CONNECTIONS: prints its port, serves so many connections, ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 4096, MOST = 64 };

struct client {
    int fd;
    bool hung_up;      /* the peer has ended; its last bytes may still be unread */
    bool ended;        /* and now they are read */
    size_t start, end; /* what has to go out of data */
    char data[ROOM];
};

static int epoll, ended;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Writes what there is. True if all went out; false: an edge will tell, or the client is gone. */
static bool flush_client(struct client *c)
{
    while (c->start < c->end) {
        size_t size = c->end - c->start;
        ssize_t put = send(c->fd, c->data + c->start, size, MSG_NOSIGNAL);
        if (put == -1 && errno == EINTR)
            continue;
        if (put == -1)
            return false;
        c->start += (size_t)put;
        if ((size_t)put < size)
            return false; /* the buffer is full, says epoll(7) */
    }
    c->start = c->end = 0;
    return true;
}

static void end_client(struct client *c)
{
    (void)close(c->fd); /* what could be lost here was lost before */
    free(c);
    ended++;
}

/* Reads and writes until either would block. */
static void serve(struct client *c)
{
    while (flush_client(c)) {
        if (c->ended) {
            end_client(c);
            return;
        }
        ssize_t got = recv(c->fd, c->data, ROOM, 0);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1 && errno == EAGAIN)
            return;
        if (got == -1) {
            end_client(c);
            return;
        }
        c->end = (size_t)got;
        c->ended = got == 0;
        if (got > 0 && got < ROOM && !c->hung_up) {
            (void)flush_client(c); /* what remains goes out at the next edge */
            return;
        }
    }
    if (errno != EAGAIN && errno != EINTR && errno != 0 && c->start < c->end)
        end_client(c);
}

static void accept_all(int listener)
{
    for (;;) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the epoll keeps c, end_client() frees it */
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1 && (errno == EINTR || errno == ECONNABORTED || errno == EMFILE))
            continue; /* one that has too many open ones ends another first; here it passes */
        if (fd == -1 && errno == EAGAIN)
            return;
        struct client *c = calloc(1, sizeof *c);
        if (fd == -1 || c == NULL)
            fail("accept4");
        c->fd = fd;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                    .data.ptr = c};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
            fail("epoll_ctl");
    }
}

static int start_listening(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listener == -1 || epoll == -1 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(listener, 64) == -1 ||
        getsockname(listener, (struct sockaddr *)&address, &length) == -1 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == -1)
        fail("listen");
    printf("%d\n", ntohs(address.sin_port));
    if (fflush(stdout) == EOF)
        fail("standard output");
    return listener;
}

int main(int argc, char **argv)
{
    int connections = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1;
    int listener = start_listening();
    struct epoll_event events[MOST];

    while (ended < connections) {
        int count = epoll_wait(epoll, events, MOST, -1);
        if (count == -1 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            errno = 0;
            struct client *c = events[i].data.ptr;
            if (c == NULL) {
                accept_all(listener);
                continue;
            }
            c->hung_up |= (events[i].events & (EPOLLRDHUP | EPOLLHUP)) != 0;
            serve(c);
        }
    }
    return close(listener) == -1 || close(epoll) == -1;
}
