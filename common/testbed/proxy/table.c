/* All connections. Each has a thread: what one peer does, or leaves undone, holds nobody else. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "testbed/proxy/proxy.h"

enum {
    STACK = 256 * 1024,
    IDLE_MS = 200, /* who was heard of since is not cut off */
    CUT_AT_ONCE = 64
};

static void link_in(struct connection *c)
{
    struct proxy *proxy = c->proxy;

    (void)pthread_mutex_lock(&proxy->lock); /* fails for a mutex that is none */
    c->next = proxy->first;
    if (c->next != NULL)
        c->next->previous = c;
    proxy->first = c;
    proxy->count++;
    (void)pthread_mutex_unlock(&proxy->lock);
}

/* Closes and frees it. Under the lock: who cuts others off must not find a number anew in use. */
static void end(struct connection *c)
{
    struct proxy *proxy = c->proxy;

    (void)pthread_mutex_lock(&proxy->lock);
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        proxy->first = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    (void)close(c->client); /* what is lost by that, the peer sees */
    if (c->server != -1)
        (void)close(c->server);
    free(c->up.data);
    free(c->down.data);
    free(c);
    proxy->count--;
    (void)pthread_cond_signal(&proxy->ended);
    (void)pthread_mutex_unlock(&proxy->lock);
}

static void *run(void *argument)
{
    struct connection *c = argument;

    if (c->socks)
        socks_run(c);
    else
        http_run(c);
    end(c);
    return NULL;
}

static int start(struct connection *c)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int why = pthread_attr_init(&attributes);

    if (why != 0)
        return why;
    why = pthread_attr_setstacksize(&attributes, STACK);
    if (why == 0)
        why = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (why == 0)
        why = pthread_create(&thread, &attributes, run, c);
    (void)pthread_attr_destroy(&attributes); /* it was made above */
    return why;
}

void table_add(struct proxy *proxy, int fd, bool socks)
{
    struct connection *c = calloc(1, sizeof *c);
    const int on = 1;

    if (c == NULL) {
        (void)close(fd); /* it has to come again */
        return;
    }
    *c = (struct connection){.proxy = proxy, .client = fd, .server = -1, .socks = socks};
    c->up.data = malloc(ROOM);
    c->down.data = malloc(ROOM);
    c->active = now_ms();
    link_in(c);
    if (c->up.data == NULL || c->down.data == NULL ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 || start(c) != 0)
        end(c);
}

bool table_has_room(struct proxy *proxy)
{
    (void)pthread_mutex_lock(&proxy->lock);
    bool room = proxy->count < proxy->most;
    (void)pthread_mutex_unlock(&proxy->lock);
    return room;
}

void table_give_way(struct proxy *proxy)
{
    (void)pthread_mutex_lock(&proxy->lock);
    int64_t now = now_ms();
    for (int i = 0; i < CUT_AT_ONCE; i++) {
        struct connection *oldest = NULL;
        for (struct connection *c = proxy->first; c != NULL; c = c->next)
            if (oldest == NULL || c->active < oldest->active)
                oldest = c;
        if (oldest == NULL || now - oldest->active < IDLE_MS)
            break;
        oldest->active = now; /* it is on its way out: its thread sees the end */
        io_break(oldest->client);
        (void)shutdown(oldest->client, SHUT_RDWR); /* it may have gone */
    }
    (void)pthread_mutex_unlock(&proxy->lock);
}

bool table_wait_empty(struct proxy *proxy, int ms)
{
    struct timespec until;
    int why = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until); /* the clock of a condition; always there */
    until.tv_sec += ms / 1000;
    (void)pthread_mutex_lock(&proxy->lock);
    while (proxy->count > 0 && why == 0)
        why = pthread_cond_timedwait(&proxy->ended, &proxy->lock, &until);
    bool empty = proxy->count == 0;
    (void)pthread_mutex_unlock(&proxy->lock);
    return empty;
}
