/*
 * The least that a web server on epoll can do: whatever bytes come, as long as they end in an empty
 * line, are answered with the same 200. No parsing, no limits, no time-outs, no way to stop. It is
 * what the servers of chapter 2 are measured against, and no server for anything else.
 *
 * Its sockets block, so that send() takes everything; a peer that does not read stops it for good.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/tcp.h"

static void add(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
        die_errno("epoll_ctl");
}

static void accept_one(int epoll, int listener)
{
    const int on = 1;
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (client == -1 || setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        die_errno("accept");
    add(epoll, client);
}

int main(int argc, char **argv)
{
    static char block[65536], answer[4096];
    struct epoll_event events[256];
    struct error error;
    int listener = tcp_listen(0, &error), epoll = epoll_create1(EPOLL_CLOEXEC);

    if (argc != 2)
        die_usage("ANSWER");
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          strlen(argv[1]), argv[1]);
    if (length >= (int)sizeof answer)
        die("the answer is too long");
    if (listener == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    add(epoll, listener);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                accept_one(epoll, listener);
                continue;
            }
            ssize_t n = recv(fd, block, sizeof block, 0);
            if (n < 4 || memcmp(block + n - 4, "\r\n\r\n", 4) != 0 ||
                send(fd, answer, (size_t)length, MSG_NOSIGNAL) == -1)
                (void)close(fd); /* whatever the reason was */
        }
    }
}
