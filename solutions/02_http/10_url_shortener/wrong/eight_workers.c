/* fails: crowd */
/*
 * Exercise 2.10  URL shortener that stands up to load
 *
 * Eight threads serve, and each waits for the client that it has: eight slow ones stop them all.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
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
    BLOCK = 16384,
    STACK = 512 << 10,
    WORKERS = 8,
    TIME_MOST = 3600000
};

/* ---- the file and what it says ---- */

static struct {
    pthread_mutex_t lock; /* for all that follows */
    int fd;
    char **urls;
    size_t count;
} store = {.lock = PTHREAD_MUTEX_INITIALIZER};

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

/* The URL of a target "/N", or NULL. It is never freed before the end. */
static const char *find(const char *target)
{
    const char *url = NULL;
    long number;

    (void)pthread_mutex_lock(&store.lock); /* a plain one: never fails */
    if (target[0] == '/' && target[1] != '0' &&
        strspn(target + 1, "0123456789") == strlen(target + 1) &&
        number_parse(target + 1, 1, (long)store.count, &number))
        url = store.urls[number - 1];
    (void)pthread_mutex_unlock(&store.lock);
    return url;
}

/* Returns the number of what was kept, or 0. */
static size_t add(const char *url, size_t length)
{
    (void)pthread_mutex_lock(&store.lock);
    size_t number = keep(url, length) ? store.count : 0;
    (void)pthread_mutex_unlock(&store.lock);
    return number;
}

/* ---- waiting ---- */

enum came { CAME, ENDED, LATE, STOPPED };

struct client {
    int fd;
    struct buffer in; /* read and not used yet */
    struct http_head head;
    struct http_body body;
    struct buffer text; /* the body's content */
    bool to_head, last;
};

static long idle_ms, head_ms, body_ms;
static int stop_event; /* readable from the moment of the stop on */
static atomic_bool stopping;
static struct {
    pthread_mutex_t lock;
    pthread_cond_t less;
    int count;
} threads = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static enum came wait_for(const struct client *c, short events, int64_t deadline, bool idle)
{
    struct pollfd both[] = {{c->fd, events, 0}, {idle ? stop_event : -1, POLLIN, 0}};

    for (;;) {
        int64_t left = deadline - now_ms();
        int n = poll(both, 2, left < 0 ? 0 : (int)left);
        if (n > 0)
            return both[1].revents != 0 ? STOPPED : CAME;
        if (n == 0 && now_ms() >= deadline)
            return LATE;
    }
}

/* Reads once what comes until then. */
static enum came more(struct client *c, int64_t deadline, bool idle)
{
    for (;;) {
        enum came came = wait_for(c, POLLIN, deadline, idle);
        if (came != CAME)
            return came;
        if (buffer_reserve(&c->in, BLOCK) == -1)
            return ENDED;
        ssize_t n = recv(c->fd, c->in.data + c->in.length, BLOCK, 0);
        if (n > 0)
            c->in.length += (size_t)n;
        if (n > 0)
            return CAME;
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return ENDED;
    }
}

static bool send_all(const struct client *c, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(c->fd, bytes, length, MSG_NOSIGNAL);
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (wait_for(c, POLLOUT, now_ms() + body_ms, false) != CAME)
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* ---- a request ---- */

static bool respond(struct client *c, int status, const char *location)
{
    struct buffer out = {0};
    char date[HTTP_DATE_SIZE];
    const char *phrase = http_status_phrase(status);
    const char *body = location != NULL ? location : phrase;
    bool good =
        http_date_format(time(NULL), date) &&
        buffer_print(&out, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Length: %zu\r\n%s%s%s%s\r\n%s%s",
                     status, phrase, date, strlen(body) + 1, location != NULL ? "Location: " : "",
                     location != NULL ? location : "", location != NULL ? "\r\n" : "",
                     c->last ? "Connection: close\r\n" : "", c->to_head ? "" : body,
                     c->to_head ? "" : "\n") == 0 &&
        send_all(c, out.data, out.length);

    buffer_free(&out);
    return good;
}

/* The last response: false in any case. Reads on behind it, or it might be destroyed. */
static bool respond_last(struct client *c, int status, const char *location)
{
    int64_t deadline = now_ms() + body_ms;

    c->last = true;
    if (respond(c, status, location) && shutdown(c->fd, SHUT_WR) == 0)
        do {
            c->in.length = 0;
        } while (more(c, deadline, false) == CAME);
    return false;
}

static void use(struct client *c, size_t length)
{
    c->in.length -= length;
    memmove(c->in.data, c->in.data + length, c->in.length);
}

/* False when the connection is over. */
static bool take_head(struct client *c)
{
    int64_t deadline = now_ms() + head_ms;
    enum http_result result;

    c->to_head = false;
    while ((result = http_head_parse(&c->head, c->in.data, c->in.length)) == HTTP_PARTIAL) {
        enum came came = more(c, deadline, false);
        if (came == LATE)
            return respond_last(c, HTTP_REQUEST_TIMEOUT, NULL);
        if (came != CAME)
            return false;
    }
    return result == HTTP_COMPLETE || respond_last(c, c->head.refusal, NULL);
}

static bool take_body(struct client *c, bool wanted)
{
    int64_t deadline = now_ms() + body_ms;
    const char *piece;
    size_t used, size;

    c->text.length = 0;
    for (;;) {
        enum http_result result =
            http_body_read(&c->body, buffer_text(&c->in), c->in.length, &used, &piece, &size);
        if (result == HTTP_ERROR)
            return respond_last(c, HTTP_BAD_REQUEST, NULL);
        if (c->text.length + size > URL_MOST)
            return respond_last(c, HTTP_CONTENT_TOO_LARGE, NULL);
        if (buffer_add(&c->text, piece, size) == -1)
            return false;
        use(c, used);
        if (result == HTTP_COMPLETE)
            return true;
        if (c->in.length > 0)
            continue;
        if (wanted && !send_all(c, "HTTP/1.1 100 Continue\r\n\r\n", 25))
            return false;
        wanted = false;
        enum came came = more(c, deadline, false);
        if (came == LATE)
            return respond_last(c, HTTP_REQUEST_TIMEOUT, NULL);
        if (came != CAME)
            return false;
    }
}

static bool answer(struct client *c, int status, const char *url)
{
    char location[32];

    if (status == HTTP_CREATED) {
        size_t number;
        if (!is_url(buffer_text(&c->text), c->text.length)) {
            status = HTTP_BAD_REQUEST;
        } else if ((number = add(c->text.data, c->text.length)) == 0) {
            status = HTTP_INTERNAL_SERVER_ERROR;
        } else {
            (void)snprintf(location, sizeof location, "/%zu", number); /* 21 bytes at the most */
            url = location;
        }
    }
    if (c->last || stopping)
        return respond_last(c, status, url);
    return respond(c, status, url);
}

/* A request from its first byte to its response. False when the connection is over. */
static bool take_request(struct client *c)
{
    const char *url = NULL;
    int status = HTTP_NOT_FOUND;

    if (!take_head(c))
        return false;
    const char *method = c->head.method;
    c->to_head = strcmp(method, "HEAD") == 0;
    c->last = !c->head.keep_alive || c->head.version == 10;
    if (strcmp(method, "POST") == 0)
        status = strcmp(c->head.target, "/") == 0 ? HTTP_CREATED : HTTP_NOT_FOUND;
    else if (!c->to_head && strcmp(method, "GET") != 0)
        status = HTTP_NOT_IMPLEMENTED;
    else if ((url = find(c->head.target)) != NULL)
        status = HTTP_FOUND;
    if (c->head.framing == HTTP_LENGTH && c->head.content_length > URL_MOST)
        return respond_last(c, HTTP_CONTENT_TOO_LARGE, NULL);
    http_body_begin(&c->body, &c->head);
    bool wanted = c->head.expects_continue;
    use(c, c->head.length);
    http_head_reset(&c->head);
    bool good = take_body(c, wanted);
    http_body_free(&c->body);
    return good && answer(c, status, url);
}

static void *serve(void *what)
{
    struct client *c = what;

    http_head_request(&c->head, NULL);
    while (c->in.length > 0 || more(c, now_ms() + idle_ms, true) == CAME)
        if (!take_request(c))
            break;
    (void)close(c->fd);
    http_head_free(&c->head);
    buffer_free(&c->in);
    buffer_free(&c->text);
    free(c);
    (void)pthread_mutex_lock(&threads.lock);
    threads.count--;
    (void)pthread_cond_signal(&threads.less);
    (void)pthread_mutex_unlock(&threads.lock);
    return NULL;
}

/* ---- all of them ---- */

static void serve_all(int listener)
{
    pthread_attr_t detached;
    pthread_t thread;

    if (pthread_attr_init(&detached) != 0 || pthread_attr_setstacksize(&detached, STACK) != 0 ||
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) != 0)
        die("cannot set up threads");
    for (int fd; (fd = tcp_accept(listener)) != -1;) {
        struct client *c = calloc(1, sizeof *c);
        (void)pthread_mutex_lock(&threads.lock);
        while (threads.count >= WORKERS)
            (void)pthread_cond_wait(&threads.less, &threads.lock);
        if (c != NULL)
            c->fd = fd;
        if (c != NULL && pthread_create(&thread, &detached, serve, c) == 0) {
            threads.count++;
        } else {
            free(c);
            (void)close(fd);
        }
        (void)pthread_mutex_unlock(&threads.lock);
    }
    (void)pthread_attr_destroy(&detached);
    (void)close(listener); /* the port is free from now on */
    stopping = true;
    if (eventfd_write(stop_event, 1) == -1)
        die_errno("cannot tell threads to stop");
    (void)pthread_mutex_lock(&threads.lock);
    while (threads.count > 0)
        (void)pthread_cond_wait(&threads.less, &threads.lock);
    (void)pthread_mutex_unlock(&threads.lock);
}

int main(int argc, char **argv)
{
    const int on = 1;
    struct error error;
    long port;

    if (argc != 6 || !number_parse(argv[1], 0, UINT16_MAX, &port) ||
        !number_parse(argv[3], 1, TIME_MOST, &idle_ms) ||
        !number_parse(argv[4], 1, TIME_MOST, &head_ms) ||
        !number_parse(argv[5], 1, TIME_MOST, &body_ms))
        die_usage("PORT FILE IDLE HEAD BODY");
    load(argv[2]);
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1)
        die("%s", error.text);
    stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_event == -1 || setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        die_errno("cannot begin");
    if (tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    serve_all(listener);
    for (size_t i = 0; i < store.count; i++)
        free(store.urls[i]);
    free(store.urls);
    (void)close(stop_event);
    (void)close(store.fd);
    return 0;
}
