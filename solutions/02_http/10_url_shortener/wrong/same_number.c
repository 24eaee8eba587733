/* fails: shortens chunked continue sigterm */
/*
 * Exercise 2.10  URL shortener that stands up to load
 *
 * Gives a URL that is there already its old number, which nobody asked for.
 */
#define _GNU_SOURCE /* accept4(): in POSIX since 2024 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/date.h"
#include "http/message.h"
#include "http/status.h"

enum {
    URL_MOST = 2000,
    FILE_MOST = 1 << 30,
    BLOCK = 16384, /* read, or answered, before others have their turn */
    EVENTS = 256,
    PAUSE = 20, /* ms, while descriptors are short */
    TIME_MOST = 3600000
};

/* ---- the file and what it says ---- */

static struct {
    int fd;
    char **urls;
    size_t count;
} store;

/* Adds to the list in memory. False when that is short. */
static bool remember(const char *url, size_t length)
{
    char **urls = reallocarray(store.urls, store.count + 1, sizeof *urls);

    if (urls == NULL)
        return false;
    store.urls = urls;
    urls[store.count] = strndup(url, length);
    return urls[store.count] != NULL && ++store.count > 0;
}

/* Opens the file, or makes it. A last line without its end broke off when it was written. */
static void load(const char *path)
{
    struct buffer text = {0};

    store.fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (store.fd == -1 || buffer_add_file(&text, path, FILE_MOST) == -1)
        die_errno("%s", path);
    size_t at = 0;
    for (const char *end;
         at < text.length && (end = memchr(text.data + at, '\n', text.length - at)) != NULL;) {
        size_t length = (size_t)(end - (text.data + at));
        if (!remember(text.data + at, length))
            die("memory is short");
        at += length + 1;
    }
    if (ftruncate(store.fd, (off_t)at) == -1)
        die_errno("%s", path);
    buffer_free(&text);
}

/* The file first: who was told a number finds it there after any end of this program. */
static bool keep(const char *url, size_t length)
{
    off_t end = lseek(store.fd, 0, SEEK_END);
    struct buffer line = {0};
    bool kept = end != -1 && buffer_add(&line, url, length) == 0 && buffer_add(&line, "\n", 1) == 0;

    for (size_t done = 0; kept && done < line.length;) {
        ssize_t n = write(store.fd, line.data + done, line.length - done);
        if (n > 0)
            done += (size_t)n;
        else
            kept = n == -1 && errno == EINTR;
    }
    kept = kept && remember(url, length);
    if (!kept && end != -1 && ftruncate(store.fd, end) == -1)
        report_errno("cannot take back a line");
    buffer_free(&line);
    return kept;
}

static bool is_url(const char *text, size_t length)
{
    size_t scheme = strncmp(text, "http://", 7) == 0    ? 7
                    : strncmp(text, "https://", 8) == 0 ? 8
                                                        : 0;

    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return scheme > 0 && length > scheme;
}

/* ---- clients ---- */

/* What a client is waited for. Each has its limit in ms. */
enum waiting { FOR_REQUEST, FOR_HEAD, FOR_BODY, FOR_ROOM, FOR_END };

enum task { SHORTEN, FOLLOW, NO_TARGET, NO_METHOD };

struct client {
    struct client *next, **from; /* all of them, in a list */
    int fd;
    enum waiting waiting;
    int64_t deadline;
    uint32_t watched;
    struct buffer in; /* read and not used yet */
    size_t used;      /* of it, while it is worked through */
    struct http_head head;
    /* The request at hand, from its head on. */
    bool in_body, to_head, last, too_large;
    enum task task;
    const char *url; /* to send the client to; never freed before the end */
    struct http_body body;
    struct buffer text; /* the body's content */
    struct buffer out;  /* of it, sent bytes were sent */
    size_t sent;
    bool moved;  /* something was finished or sent: its time begins anew */
    bool closes; /* the last response was made; what still comes is thrown away */
};

static struct client *clients;
static int64_t limits[5]; /* for each enum waiting */
static int epoll, listener;
static bool stopping;

static void drop(struct client *c)
{
    *c->from = c->next;
    if (c->next != NULL)
        c->next->from = c->from;
    (void)close(c->fd); /* epoll forgets it */
    http_head_free(&c->head);
    http_body_free(&c->body);
    buffer_free(&c->in);
    buffer_free(&c->text);
    buffer_free(&c->out);
    free(c);
}

/* ---- requests and responses ---- */

/* Appends a response; location may be NULL. The body says in words what the head says. */
static void respond(struct client *c, int status, const char *location)
{
    char date[HTTP_DATE_SIZE];
    const char *phrase = http_status_phrase(status);
    const char *body = location != NULL ? location : phrase;

    if (!http_date_format(time(NULL), date) ||
        buffer_print(&c->out,
                     "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain\r\n"
                     "Content-Length: %zu\r\n%s%s%s%s\r\n%s%s",
                     status, phrase, date, strlen(body) + 1, location != NULL ? "Location: " : "",
                     location != NULL ? location : "", location != NULL ? "\r\n" : "",
                     c->last ? "Connection: close\r\n" : "", c->to_head ? "" : body,
                     c->to_head ? "" : "\n") == -1)
        c->last = true;
    c->closes = c->last;
    c->moved = true;
}

/* For a message that is wrong: where the next one would begin, nobody can know. */
static void refuse(struct client *c, int status)
{
    c->last = true;
    respond(c, status, NULL);
}

/* Looks at the request line as long as it is there: when the body has come its bytes are gone. */
static void choose_task(struct client *c)
{
    const char *method = c->head.method, *target = c->head.target;
    bool get = strcmp(method, "GET") == 0;
    long number;

    c->to_head = strcmp(method, "HEAD") == 0;
    if (strcmp(method, "POST") == 0) {
        c->task = strcmp(target, "/") == 0 ? SHORTEN : NO_TARGET;
    } else if (!get && !c->to_head) {
        c->task = NO_METHOD;
    } else if (target[0] == '/' && target[1] != '0' &&
               strspn(target + 1, "0123456789") == strlen(target + 1) &&
               number_parse(target + 1, 1, (long)store.count, &number)) {
        c->task = FOLLOW;
        c->url = store.urls[number - 1];
    } else {
        c->task = NO_TARGET;
    }
}

static size_t find(const char *url)
{
    for (size_t i = 0; i < store.count; i++)
        if (strcmp(store.urls[i], url) == 0)
            return i + 1;
    return 0;
}

static void answer(struct client *c)
{
    char location[32];
    size_t number;

    c->last = c->last || stopping;
    if (c->task == FOLLOW) {
        respond(c, HTTP_FOUND, c->url);
    } else if (c->task != SHORTEN) {
        respond(c, c->task == NO_METHOD ? HTTP_NOT_IMPLEMENTED : HTTP_NOT_FOUND, NULL);
    } else if (!is_url(buffer_text(&c->text), c->text.length)) {
        respond(c, HTTP_BAD_REQUEST, NULL);
    } else if ((number = find(c->text.data)) > 0) {
        (void)snprintf(location, sizeof location, "/%zu", number); /* 21 bytes at the most */
        respond(c, HTTP_CREATED, location);
    } else if (!keep(c->text.data, c->text.length)) {
        respond(c, HTTP_INTERNAL_SERVER_ERROR, NULL);
    } else {
        (void)snprintf(location, sizeof location, "/%zu", store.count); /* 21 bytes at the most */
        respond(c, HTTP_CREATED, location);
    }
}

/* False when more has to come first. */
static bool take_head(struct client *c)
{
    c->to_head = false;
    enum http_result result =
        http_head_parse(&c->head, c->in.data + c->used, c->in.length - c->used);

    if (result == HTTP_ERROR)
        refuse(c, c->head.refusal);
    if (result != HTTP_COMPLETE)
        return false;
    c->used += c->head.length;
    c->last = !c->head.keep_alive || c->head.version == 10;
    choose_task(c);
    http_body_begin(&c->body, &c->head);
    c->text.length = 0;
    c->in_body = c->moved = true;
    if (c->head.framing == HTTP_LENGTH && c->head.content_length > URL_MOST)
        refuse(c, HTTP_CONTENT_TOO_LARGE);
    else if (c->head.expects_continue && c->used == c->in.length &&
             buffer_print(&c->out, "HTTP/1.1 100 Continue\r\n\r\n") == -1)
        c->closes = true;
    http_head_reset(&c->head); /* its texts will move; the next one comes behind the body */
    return true;
}

static bool take_body(struct client *c)
{
    const char *piece;
    size_t used, size;
    enum http_result result;

    do {
        result = http_body_read(&c->body, c->in.data + c->used, c->in.length - c->used, &used,
                                &piece, &size);
        c->used += used;
        if (result == HTTP_ERROR) {
            refuse(c, HTTP_BAD_REQUEST);
        } else if (c->text.length + size > URL_MOST) {
            refuse(c, HTTP_CONTENT_TOO_LARGE);
        } else if (buffer_add(&c->text, piece, size) == -1) {
            refuse(c, HTTP_SERVICE_UNAVAILABLE);
        }
    } while (result == HTTP_PARTIAL && !c->closes && used > 0 && c->used < c->in.length);
    if (result != HTTP_COMPLETE || c->closes)
        return false;
    c->in_body = false;
    http_body_free(&c->body);
    answer(c);
    return true;
}

/* Works through what was read, up to a block of responses. False when there is nothing to send. */
static bool work(struct client *c)
{
    bool more = true;

    while (more && !c->closes && c->out.length < BLOCK && (c->in_body || c->used < c->in.length))
        more = c->in_body ? take_body(c) : take_head(c);
    if (c->closes)
        c->used = c->in.length;
    if (c->used > 0) {
        c->in.length -= c->used;
        memmove(c->in.data, c->in.data + c->used, c->in.length);
        c->used = 0;
    }
    return c->out.length > 0;
}

/* ---- moving bytes ---- */

static bool is_temporary(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Reads once. Only when nothing is owed: so what is kept of a client has a bound. False: it has
 * gone. */
static bool fill(struct client *c)
{
    char thrown[BLOCK];

    if (!c->closes && buffer_reserve(&c->in, BLOCK) == -1)
        return false;
    ssize_t n = recv(c->fd, c->closes ? thrown : c->in.data + c->in.length, BLOCK, 0);
    if (n > 0 && !c->closes)
        c->in.length += (size_t)n;
    return n > 0 || (n == -1 && is_temporary());
}

static bool flush(struct client *c)
{
    while (c->sent < c->out.length) {
        ssize_t n = send(c->fd, c->out.data + c->sent, c->out.length - c->sent, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return errno == EAGAIN;
        c->sent += (size_t)n;
        c->moved = true;
    }
    c->out.length = c->sent = 0;
    /* Closing now would be a reset if the client still sends, and that can destroy the answer. */
    if (c->closes)
        (void)shutdown(c->fd, SHUT_WR); /* it may have gone: recv() will tell */
    return true;
}

/* What to wait for now, and how long. False when there is nothing. */
static bool await(struct client *c)
{
    enum waiting waiting = c->out.length > 0  ? FOR_ROOM
                           : c->closes        ? FOR_END
                           : c->in_body       ? FOR_BODY
                           : c->in.length > 0 ? FOR_HEAD
                                              : FOR_REQUEST;
    struct epoll_event event = {.events = waiting == FOR_ROOM ? EPOLLOUT : EPOLLIN, .data.ptr = c};

    if (waiting == FOR_REQUEST && stopping)
        return false;
    if (waiting != c->waiting || c->moved)
        c->deadline = now_ms() + limits[waiting];
    c->waiting = waiting;
    c->moved = false;
    if (event.events != c->watched && epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event) == -1)
        return false;
    c->watched = event.events;
    return true;
}

/* Goes on with a client as far as it goes, and drops it when that is the end. */
static void proceed(struct client *c)
{
    bool alive = flush(c);

    while (alive && c->out.length == 0 && work(c))
        alive = flush(c);
    if (!alive || !await(c))
        drop(c);
}

static void on_event(struct client *c)
{
    if (c->waiting == FOR_ROOM || fill(c))
        proceed(c);
    else
        drop(c);
}

/* Its time is up. */
static void on_deadline(struct client *c)
{
    if (c->waiting != FOR_HEAD && c->waiting != FOR_BODY) {
        drop(c);
        return;
    }
    c->in.length = 0;
    refuse(c, HTTP_REQUEST_TIMEOUT);
    proceed(c);
}

/* ---- the loop ---- */

static bool add_client(int fd)
{
    struct client *c = calloc(1, sizeof *c);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

    if (c == NULL || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1) {
        free(c);
        return false;
    }
    c->fd = fd;
    c->watched = EPOLLIN;
    c->deadline = now_ms() + limits[FOR_REQUEST];
    http_head_request(&c->head, NULL);
    c->next = clients;
    c->from = &clients;
    if (c->next != NULL)
        c->next->from = &c->next;
    clients = c;
    return true;
}

/* Takes those who wait. False when something is lacking for the next of them. */
static bool welcome(void)
{
    for (int i = 0; i < EVENTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd == -1 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
            break;
        if (fd == -1)
            return false;
        if (!add_client(fd)) {
            (void)close(fd);
            return false;
        }
    }
    return true;
}

/* Drops who is late, and returns how long until the next one is; -1 when there is none. */
static int look_at_clock(void)
{
    int64_t now = now_ms(), first = INT64_MAX;

    for (struct client *c = clients, *next; c != NULL; c = next) {
        next = c->next;
        if (c->deadline <= now)
            on_deadline(c);
    }
    for (const struct client *c = clients; c != NULL; c = c->next)
        first = c->deadline < first ? c->deadline : first;
    return clients == NULL ? -1 : first <= now ? 0 : (int)(first - now);
}

/* Nobody new, and nobody who has not begun a request; each of the others has one response left. */
static void begin_stop(void)
{
    stopping = true;
    (void)close(listener); /* the port is free from now on */
    for (struct client *c = clients, *next; c != NULL; c = next) {
        next = c->next;
        if (c->waiting == FOR_REQUEST)
            drop(c);
    }
}

static void watch_listener(bool wanted)
{
    struct epoll_event event = {.events = wanted ? EPOLLIN : 0};

    if (epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event) == -1)
        die_errno("cannot watch the listening socket");
}

static void serve(void)
{
    struct epoll_event events[EVENTS];
    bool accepting = true;

    while (!stopping || clients != NULL) {
        int limit = look_at_clock();
        if (!accepting && !stopping && (limit == -1 || limit > PAUSE))
            limit = PAUSE; /* descriptors are short: look again then */
        int n = stopping && clients == NULL
                    ? 0
                    : epoll_pwait(epoll, events, EVENTS, limit, stop_mask());
        bool look = !accepting;
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr == NULL)
                look = true;
            else
                on_event(events[i].data.ptr);
        if (!stopping && stop_asked())
            begin_stop();
        if (stopping || !look)
            continue;
        bool more = welcome();
        if (more != accepting)
            watch_listener(more);
        accepting = more;
    }
}

static void begin(uint16_t port)
{
    const int on = 1;
    struct epoll_event event = {.events = EPOLLIN};
    struct error error;

    listener = tcp_listen(port, &error);
    if (listener == -1 || stop_hold(&error) == -1)
        die("%s", error.text);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == -1)
        die_errno("epoll");
    /* Accepted sockets inherit it: an answer does not wait for the one before it. */
    if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        die_errno("TCP_NODELAY");
    if (tcp_announce(listener, &error) == -1)
        die("%s", error.text);
}

int main(int argc, char **argv)
{
    long port, idle, head, body;

    if (argc != 6 || !number_parse(argv[1], 0, UINT16_MAX, &port) ||
        !number_parse(argv[3], 1, TIME_MOST, &idle) ||
        !number_parse(argv[4], 1, TIME_MOST, &head) || !number_parse(argv[5], 1, TIME_MOST, &body))
        die_usage("PORT FILE IDLE HEAD BODY");
    limits[FOR_REQUEST] = idle;
    limits[FOR_HEAD] = head;
    limits[FOR_BODY] = limits[FOR_ROOM] = limits[FOR_END] = body;
    load(argv[2]);
    begin((uint16_t)port);
    serve();
    for (size_t i = 0; i < store.count; i++)
        free(store.urls[i]);
    free(store.urls);
    (void)close(epoll);
    if (close(store.fd) == -1)
        die_errno("%s", argv[2]);
    return 0;
}
