#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/stop.h"
#include "http/server_internal.h"

/*
 * All workers sleep in epoll_wait() on one descriptor (leader and followers: whoever wakes up
 * works, and nobody hands work on). A connection is always in one of the queues, each in order of
 * its deadlines; a worker that has to do with it marks it as taken. EPOLLONESHOT keeps its further
 * events back until that worker is done with it; a single worker has no need of that.
 */

enum { EVENTS = 64, TRY_AGAIN_MS = 100 };
enum { KEY_LISTENER, KEY_SIGNALS, KEY_WAKE, KEY_CONNECTION }; /* of events; then places follow */

/* ---- epoll ---------------------------------------------------------------------------------- */

static int watch(const struct server *server, int operation, int fd, uint32_t events, uint64_t key)
{
    struct epoll_event event = {.events = events, .data.u64 = key};

    return epoll_ctl(server->epoll, operation, fd, &event);
}

static uint32_t oneshot(const struct server *server)
{
    return server->options->workers > 1 ? EPOLLONESHOT : 0;
}

static int watch_connection(const struct server *server, int operation, const struct connection *c)
{
    uint64_t place = (uint64_t)(c - server->table) + KEY_CONNECTION;

    return watch(server, operation, http_stream_fd(c->stream), EPOLLIN | oneshot(server),
                 (uint64_t)c->generation << 32 | place);
}

/* Accepts from now on. With the lock. */
static void resume(struct server *server)
{
    if (server->accepting || server->stopping)
        return;
    server->accept_at = 0;
    server->accepting = true;
    if (watch(server, EPOLL_CTL_MOD, server->listener, EPOLLIN | EPOLLONESHOT, KEY_LISTENER) ==
        -1) {
        server->accepting = false; /* memory is short */
        server->accept_at = now_ms() + TRY_AGAIN_MS;
    }
}

/* ---- queues, all with the lock -------------------------------------------------------------- */

static void queue_remove(struct server *server, struct connection *c)
{
    struct queue *queue = &server->queues[c->awaited];

    *(c->previous != NULL ? &c->previous->next : &queue->first) = c->next;
    *(c->next != NULL ? &c->next->previous : &queue->last) = c->previous;
}

static void queue_add(struct server *server, struct connection *c, enum awaited awaited)
{
    const struct http_server_options *options = server->options;
    const int limits[AWAITED] = {options->head_ms, options->idle_ms, options->linger_ms};
    struct queue *queue = &server->queues[awaited];

    c->awaited = awaited;
    c->deadline = now_ms() + limits[awaited];
    c->next = NULL;
    c->previous = queue->last;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = c;
    queue->last = c;
}

/* The first of a queue that no worker has. */
static struct connection *first_free(const struct server *server, enum awaited awaited)
{
    struct connection *c = server->queues[awaited].first;

    while (c != NULL && c->taken)
        c = c->next;
    return c;
}

/* ---- connections ---------------------------------------------------------------------------- */

/* Whether the workers may go home. With the lock. */
static bool is_over(const struct server *server)
{
    return server->stopping && server->listener == -1 && server->count == 0;
}

static void wake_all(const struct server *server)
{
    const uint64_t one = 1;

    if (write(server->wake, &one, sizeof one) == -1) {
        /* It cannot be full: that would need 2^64 calls. */
    }
}

/* Closes a connection that the worker has, and gives its place back. */
static void end_connection(struct server *server, struct connection *c)
{
    http_stream_close(c->stream);
    input_free(c->input);
    (void)pthread_mutex_lock(&server->lock);
    queue_remove(server, c);
    c->stream = NULL;
    c->input = NULL;
    c->generation++;
    c->taken = false;
    c->next = server->unused;
    server->unused = c;
    server->count--;
    resume(server);
    if (is_over(server))
        wake_all(server);
    (void)pthread_mutex_unlock(&server->lock);
}

/* What a worker has done what it could with waits again, or ends. */
static void settle(struct worker *worker, struct connection *c, enum outcome outcome)
{
    struct server *server = worker->server;
    enum awaited next = outcome == OUTCOME_HEAD      ? AWAITS_HEAD
                        : outcome == OUTCOME_REQUEST ? AWAITS_REQUEST
                                                     : AWAITS_CLOSE;
    bool goes_on = c->awaited == next && !c->served; /* with the deadline that it has */

    if (outcome == OUTCOME_CLOSE) {
        end_connection(server, c);
        return;
    }
    (void)pthread_mutex_lock(&server->lock);
    /* When the server stops, what has not begun is not waited for. */
    bool idle = next == AWAITS_REQUEST || (next == AWAITS_HEAD && c->input == NULL);
    bool end = server->stopping && idle;
    if (!end) {
        if (!goes_on) {
            queue_remove(server, c);
            queue_add(server, c, next);
        }
        c->taken = c->served = false;
        if (next == AWAITS_REQUEST)
            resume(server); /* it could give way now */
        if (oneshot(server) != 0 && watch_connection(server, EPOLL_CTL_MOD, c) == -1)
            end = c->taken = true;
    }
    (void)pthread_mutex_unlock(&server->lock);
    if (end)
        end_connection(server, c);
}

/* Makes a connection the worker's own. False when another has it, or it is over. */
static bool take(struct server *server, uint64_t key, struct connection **c)
{
    /* [take] */
    *c = &server->table[(uint32_t)key - KEY_CONNECTION];
    (void)pthread_mutex_lock(&server->lock);
    bool is_same = (*c)->stream != NULL && (*c)->generation == key >> 32;
    bool is_mine = is_same && !(*c)->taken;
    if (is_mine)
        (*c)->taken = true;
    (void)pthread_mutex_unlock(&server->lock);
    return is_mine;
    /* [/take] */
}

/* Takes the first of a queue whose deadline is not after when; NULL when there is none. */
static struct connection *take_first(struct server *server, enum awaited awaited, int64_t when)
{
    (void)pthread_mutex_lock(&server->lock);
    struct connection *c = first_free(server, awaited);
    if (c != NULL && c->deadline > when)
        c = NULL;
    if (c != NULL)
        c->taken = true;
    (void)pthread_mutex_unlock(&server->lock);
    return c;
}

/* ---- new connections ------------------------------------------------------------------------ */

enum welcome { WELCOME_MORE, WELCOME_NONE, WELCOME_LACKING };

/* Makes the connection that idles longest give way. False when none idles. */
static bool make_way(struct server *server)
{
    struct connection *c = take_first(server, AWAITS_REQUEST, INT64_MAX);

    if (c != NULL)
        end_connection(server, c);
    return c != NULL;
}

static bool is_full(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    bool full = server->count == server->options->connections;
    (void)pthread_mutex_unlock(&server->lock);
    return full;
}

/* Gives a connection its place in the table. False when there is none, or memory is short. */
static bool admit(struct server *server, struct http_stream *stream,
                  const union http_address *address)
{
    (void)pthread_mutex_lock(&server->lock);
    struct connection *c = server->unused;
    if (c != NULL)
        server->unused = c->next;
    else if (server->touched < server->options->connections)
        c = &server->table[server->touched++];
    if (c != NULL) {
        c->stream = stream;
        c->address = *address;
        c->taken = c->served = false;
        c->shaken = server->options->tls == NULL;
        server->count++;
        queue_add(server, c, AWAITS_HEAD);
        if (watch_connection(server, EPOLL_CTL_ADD, c) == -1)
            c->taken = true;
    }
    bool failed = c == NULL || c->taken;
    (void)pthread_mutex_unlock(&server->lock);
    if (c == NULL)
        http_stream_close(stream);
    else if (failed)
        end_connection(server, c);
    return !failed;
}

/*
 * What is set here could be inherited from the listening socket, but not by those who connected
 * between its listen() and the setting.
 */
static void tune(const struct server *server, int fd)
{
    const int on = !server->options->nagle, unsent = 2 * HTTP_PACE;

    /* [nodelay] */
    /* A socket of another family than TCP has no such option. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* [/nodelay] */
    /* Else the kernel takes megabytes for a slow client, and says that there is room again only
     * when a third of them has gone: longer than write_ms allows. tcp(7). */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

/* Accepts one. */
static enum welcome welcome(struct server *server)
{
    union http_address address = {.family = AF_UNSPEC};
    socklen_t length = sizeof address;

    if (is_full(server)) {
        struct pollfd waiting = {.fd = server->listener, .events = POLLIN};
        if (poll(&waiting, 1, 0) != 1)
            return WELCOME_NONE; /* for nobody none has to go */
        if (!make_way(server))
            return WELCOME_LACKING;
    }
    int fd = accept4(server->listener, (struct sockaddr *)&address, &length,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd == -1 && errno == EAGAIN)
        return WELCOME_NONE;
    if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
        return WELCOME_MORE;
    if (fd == -1) /* short of descriptors or memory: the client stays in the kernel's queue */
        return make_way(server) ? WELCOME_MORE : WELCOME_LACKING;
    tune(server, fd);
    struct http_stream *stream = http_stream_open(fd, server->options->tls, NULL, NULL);
    if (stream == NULL)
        (void)close(fd); /* nothing was written */
    return stream != NULL && admit(server, stream, &address) ? WELCOME_MORE : WELCOME_LACKING;
}

/* ---- stopping ------------------------------------------------------------------------------- */

bool server_is_stopping(const struct server *server)
{
    return atomic_load(&server->stopping);
}

int64_t server_stop_at(struct server *server)
{
    int64_t unset = 0;

    (void)atomic_compare_exchange_strong(&server->stop_at, &unset,
                                         now_ms() + server->options->stop_ms);
    return server->stop_at;
}

/* Serves what came to those who seemed to idle; settle() ends all that do. */
static void sweep(struct worker *worker)
{
    struct server *server = worker->server;

    for (unsigned i = 0; i < server->options->connections; i++) {
        struct connection *c = &server->table[i];
        (void)pthread_mutex_lock(&server->lock);
        bool over = i >= server->touched;
        bool mine = !over && c->stream != NULL && !c->taken && c->input == NULL &&
                    c->awaited != AWAITS_CLOSE;
        if (mine)
            c->taken = true;
        (void)pthread_mutex_unlock(&server->lock);
        if (over)
            break;
        if (mine)
            settle(worker, c, connection_on_input(worker, c));
    }
}

/* Who is in the kernel's queue has been told that he is connected: he is served still. */
static void finish_listener(struct worker *worker)
{
    struct server *server = worker->server;

    while (welcome(server) == WELCOME_MORE)
        ;
    (void)close(server->listener); /* nothing was written */
    sweep(worker);
    (void)pthread_mutex_lock(&server->lock);
    server->listener = -1;
    if (is_over(server))
        wake_all(server);
    (void)pthread_mutex_unlock(&server->lock);
}

static void begin_stop(struct worker *worker)
{
    struct server *server = worker->server;

    (void)pthread_mutex_lock(&server->lock);
    bool first = !server->stopping;
    bool mine = first && !server->welcoming;
    if (first) {
        (void)server_stop_at(server);
        server->stopping = true;
        /* It stays readable; it was added, so it can be removed. */
        (void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->signals, NULL);
    }
    (void)pthread_mutex_unlock(&server->lock);
    if (mine)
        finish_listener(worker);
}

/* ---- the loop ------------------------------------------------------------------------------- */

/* Accepts those who wait, but not so many that others had to. */
static void on_listener(struct worker *worker)
{
    struct server *server = worker->server;
    enum welcome result = WELCOME_MORE;

    (void)pthread_mutex_lock(&server->lock);
    server->welcoming = !server->stopping;
    (void)pthread_mutex_unlock(&server->lock);
    if (!server->welcoming)
        return;
    for (int i = 0; i < EVENTS && result == WELCOME_MORE; i++)
        result = welcome(server);
    (void)pthread_mutex_lock(&server->lock);
    server->welcoming = server->accepting = false;
    if (result == WELCOME_LACKING)
        server->accept_at = now_ms() + TRY_AGAIN_MS;
    else
        resume(server);
    bool stopping = server->stopping;
    (void)pthread_mutex_unlock(&server->lock);
    if (stopping)
        finish_listener(worker);
}

/* False when the worker is to go home. */
static bool on_event(struct worker *worker, uint64_t key)
{
    struct connection *c;

    switch ((uint32_t)key) {
    case KEY_LISTENER:
        on_listener(worker);
        return true;
    case KEY_SIGNALS:
        begin_stop(worker);
        return true;
    case KEY_WAKE:
        return false;
    default:
        if (take(worker->server, key, &c))
            settle(worker, c, connection_on_input(worker, c));
        return true;
    }
}

/* Milliseconds until the next deadline; -1 when there is none. */
static int time_left(struct server *server)
{
    int64_t next = INT64_MAX, now = now_ms();

    (void)pthread_mutex_lock(&server->lock);
    for (enum awaited i = 0; i < AWAITED; i++) {
        const struct connection *c = first_free(server, i);
        if (c != NULL && c->deadline < next)
            next = c->deadline;
        if (c != NULL && server->stopping && server->stop_at < next)
            next = server->stop_at;
    }
    if (!server->accepting && !server->stopping && server->accept_at < next)
        next = server->accept_at;
    (void)pthread_mutex_unlock(&server->lock);
    if (next == INT64_MAX)
        return -1;
    return next <= now ? 0 : next - now > INT_MAX ? INT_MAX : (int)(next - now);
}

/* Deals with all whose time is up. */
static void expire(struct worker *worker)
{
    struct server *server = worker->server;
    struct connection *c;
    int64_t now = now_ms();

    if (server_is_stopping(server) && server->stop_at <= now)
        now = INT64_MAX;
    for (enum awaited i = 0; i < AWAITED; i++)
        while ((c = take_first(server, i, now)) != NULL)
            settle(worker, c, connection_on_timeout(worker, c));
    (void)pthread_mutex_lock(&server->lock);
    if (server->accept_at <= now)
        resume(server);
    (void)pthread_mutex_unlock(&server->lock);
}

void table_loop(struct worker *worker)
{
    struct server *server = worker->server;
    struct epoll_event events[EVENTS];
    /* Others must not wait behind an event that this worker has fetched, but is not at yet. */
    int most = server->options->workers > 1 ? 1 : EVENTS;

    if (stop_asked())
        begin_stop(worker);
    /* [loop] */
    for (;;) {
        int left = time_left(server);
        if (left == 0) {
            expire(worker);
            continue;
        }
        int n = epoll_wait(server->epoll, events, most, left);
        for (int i = 0; i < n; i++) /* none: the time is up, or EINTR */
            if (!on_event(worker, events[i].data.u64))
                return;
    }
    /* [/loop] */
}

/* ---- beginning and end ---------------------------------------------------------------------- */

int table_begin(struct server *server)
{
    unsigned places = server->options->connections;

    server->table = calloc(places > 0 ? places : 1, sizeof *server->table);
    if (server->table == NULL ||
        watch(server, EPOLL_CTL_ADD, server->signals, EPOLLIN, KEY_SIGNALS) == -1 ||
        watch(server, EPOLL_CTL_ADD, server->wake, EPOLLIN, KEY_WAKE) == -1 ||
        watch(server, EPOLL_CTL_ADD, server->listener, EPOLLIN | EPOLLONESHOT, KEY_LISTENER) == -1)
        return -1;
    server->accepting = true;
    return 0;
}

void table_stop(struct server *server)
{
    wake_all(server);
}
