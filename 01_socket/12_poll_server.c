/*
 * 1.12  Server with poll
 *
 * Serves many clients side by side in one process, sending each its bytes back in capitals.
 *
 * Python:  select.poll()
 * Usage:   12_poll_server PORT
 * See:     poll(2), accept(2), getrlimit(2)
 * Leaves out: a client that is silent for ever keeps its place (lesson 1.08 has the means).
 */
#define _GNU_SOURCE /* accept4() and ppoll(): in POSIX since 2024 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

/* [state] */
enum { AT_ONCE = 64 }; /* so many newcomers, then the others have their turn */

struct client {
    size_t have, sent; /* bytes in block, and how many of them the client was sent */
    char block[4096];
};

/* watched[i] is what poll() is asked about clients[i]; number 0 is the listening socket. */
static struct pollfd *watched;
static struct client *clients;
static nfds_t count, room;
/* [/state] */

/* Makes room for one more in both lists. Returns false when memory is short. */
static bool grow(void)
{
    nfds_t more = room == 0 ? 16 : room * 2;
    struct pollfd *new_watched = realloc(watched, more * sizeof *watched);

    if (new_watched == NULL)
        return false;
    watched = new_watched;
    struct client *new_clients = realloc(clients, more * sizeof *clients);
    if (new_clients == NULL)
        return false;
    clients = new_clients;
    room = more;
    return true;
}

static bool add(int fd)
{
    if (count == room && !grow())
        return false;
    watched[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    clients[count].have = clients[count].sent = 0;
    count++;
    return true;
}

/* Number i is gone. The last one takes its place, so that the list has no holes. */
static void leave(nfds_t i)
{
    (void)close(watched[i].fd); /* what the kernel has taken is still sent */
    count--;
    watched[i] = watched[count];
    clients[i] = clients[count];
}

/* [serve] One step with one client. Returns false when it is over, one way or the other. */
static bool serve(struct pollfd *w, struct client *c)
{
    ssize_t n;

    if (c->sent == c->have) {
        n = recv(w->fd, c->block, sizeof c->block, 0);
        if (n <= 0)
            return n == -1 && (errno == EAGAIN || errno == EINTR);
        for (ssize_t i = 0; i < n; i++)
            c->block[i] = (char)toupper((unsigned char)c->block[i]);
        c->have = (size_t)n;
        c->sent = 0;
    }
    n = send(w->fd, c->block + c->sent, c->have - c->sent, MSG_NOSIGNAL);
    if (n == -1 && errno != EAGAIN && errno != EINTR)
        return false;
    c->sent += n > 0 ? (size_t)n : 0;
    w->events = c->sent < c->have ? POLLOUT : POLLIN; /* no more questions before the answer */
    return true;
}
/* [/serve] */

/* Takes those who wait. Returns false when something is lacking for the next of them. */
static bool welcome(int listener)
{
    static bool told; /* one line for a time of need, however long */

    for (int i = 0; i < AT_ONCE; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
            break;
        if (fd == -1 || !add(fd)) {
            if (!told)
                report_errno("cannot accept for now");
            told = true;
            if (fd != -1)
                (void)close(fd);
            return false;
        }
        told = false;
    }
    return true;
}

/* [loop] Serves until told to stop. */
static void serve_all(int listener)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    bool accepting = true;

    while (!stop_asked()) {
        const struct timespec *limit = accepting ? NULL : &a_while;
        watched[0].fd = accepting ? listener : -1; /* -1 is passed over */
        if (ppoll(watched, count, limit, stop_mask()) == -1) {
            if (errno != EINTR)
                die_errno("cannot wait");
            continue;
        }
        /* Backwards: who moves into a gap was served before. */
        for (nfds_t i = count; i-- > 1;)
            if (watched[i].revents && !serve(&watched[i], &clients[i]))
                leave(i);
        accepting = watched[0].revents == 0 || welcome(listener);
    }
}
/* [/loop] */

int main(int argc, char **argv)
{
    struct error error;
    long port;

    if (argc != 2 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT");
    if (stop_hold(&error) == -1)
        die("%s", error.text);
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    if (!add(listener))
        die_errno("cannot begin");
    serve_all(listener);
    while (count > 1)
        leave(count - 1);
    (void)close(listener);
    free(watched);
    free(clients);
    return EXIT_SUCCESS;
}
