/*
 * The least that an echo server on epoll can do: no state, no limits, no way to stop, no care for
 * slow readers. It is what 13_epoll_server is measured against, and no server for anything else.
 *
 * Its sockets block, so that send() takes everything; a peer that does not read stops it for good.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
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

int main(void)
{
    static char block[65536];
    struct epoll_event events[256];
    struct error error;
    const int on = 1;
    int listener = tcp_listen(0, &error), epoll = epoll_create1(EPOLL_CLOEXEC);

    if (listener == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    add(epoll, listener);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (client == -1 ||
                    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
                    die_errno("accept");
                add(epoll, client);
                continue;
            }
            ssize_t n = recv(fd, block, sizeof block, 0);
            if (n <= 0 || send(fd, block, (size_t)n, MSG_NOSIGNAL) == -1)
                (void)close(fd); /* whatever the reason was */
        }
    }
}
