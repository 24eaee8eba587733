/*
 * Exercise 3.6  Health probe
 *
 * Without the client: it connects, wraps the socket and reads by itself, with the parsers of
 * lessons 2.04 and 2.05.
 *
 * Usage:  health_probe AUTHORITIES MS URL...
 * See:    http/stream.h, http/message.h; RFC 3986 section 3, RFC 9112 section 6.3
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "http/message.h"
#include "http/stream.h"
#include "urllib/parse.h"

enum { MS_MOST = 60000, URL_MOST = 8192, PIECE = 65536, NO_STATUS = 0 };

/* Their numbers are exit statuses. */
enum verdict {
    HEALTHY,
    BAD_URL = 10,
    NO_NAME,
    REFUSED,
    UNREACHABLE,
    CONNECT_TIMEOUT,
    TLS,
    READ_TIMEOUT,
    NO_ANSWER,
    MALFORMED,
    TRUNCATED,
    REDIRECT,
    CLIENT_ERROR,
    SERVER_ERROR
};

static const char *const WORDS[] = {
    [HEALTHY] = "healthy",
    [BAD_URL] = "bad-url",
    [NO_NAME] = "no-name",
    [REFUSED] = "refused",
    [UNREACHABLE] = "unreachable",
    [CONNECT_TIMEOUT] = "connect-timeout",
    [TLS] = "tls",
    [READ_TIMEOUT] = "read-timeout",
    [NO_ANSWER] = "no-answer",
    [MALFORMED] = "malformed",
    [TRUNCATED] = "truncated",
    [REDIRECT] = "redirect",
    [CLIENT_ERROR] = "client-error",
    [SERVER_ERROR] = "server-error",
};

/* ---- the URL ---- */

struct place {
    bool secure;
    char host[URL_MOST], port[12], target[URL_MOST + 1];
};

static bool is_scheme(struct url_part scheme, const char *name)
{
    return scheme.length == strlen(name) && strncasecmp(scheme.text, name, scheme.length) == 0;
}

static bool is_host(const struct url_netloc *netloc)
{
    static const char NAME[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

    if (netloc->is_literal)
        return memchr(netloc->host.text, ':', netloc->host.length) != NULL;
    for (size_t i = 0; i < netloc->host.length; i++)
        if (memchr(NAME, netloc->host.text[i], sizeof NAME - 1) == NULL)
            return false;
    return netloc->host.length > 0;
}

static bool take_url(const char *text, struct place *place)
{
    struct url url;
    struct url_netloc netloc;

    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    if (strlen(text) >= URL_MOST || url_split(text, strlen(text), &url, NULL) == -1 ||
        url.netloc.text == NULL)
        return false;
    place->secure = is_scheme(url.scheme, "https");
    if (!place->secure && !is_scheme(url.scheme, "http"))
        return false;
    url_split_netloc(url.netloc, &netloc);
    int port = url_port(&netloc, url_default_port(url.scheme));
    if (netloc.username.text != NULL || !is_host(&netloc) || port < 1)
        return false;
    /* All of these have room: each is shorter than the URL. */
    (void)snprintf(place->host, sizeof place->host, "%.*s", URL_PRINT(netloc.host));
    (void)snprintf(place->port, sizeof place->port, "%d", port);
    (void)snprintf(place->target, sizeof place->target, "%s%.*s%s%.*s",
                   url.path.length == 0 ? "/" : "", URL_PRINT(url.path),
                   url.query.text != NULL ? "?" : "", URL_PRINT(url.query));
    return true;
}

/* ---- the probe ---- */

/* A connection that is read until its deadline. */
struct reader {
    struct http_stream *stream;
    int64_t deadline;
    struct buffer in; /* the head, and what came with it */
};

/* Why nothing more comes; cut: what it is when the connection has ended. */
static enum verdict of_stream(ssize_t result, enum verdict cut)
{
    if (result == HTTP_STREAM_TIMEOUT)
        return READ_TIMEOUT;
    if (result == HTTP_STREAM_ERROR && (errno == EPROTO || errno == EKEYREJECTED))
        return TLS;
    return cut;
}

static enum verdict read_head(struct reader *r, struct http_head *head)
{
    for (;;) {
        enum http_result result =
            r->in.length == 0 ? HTTP_PARTIAL : http_head_parse(head, r->in.data, r->in.length);
        if (result == HTTP_ERROR)
            return MALFORMED;
        if (result == HTTP_COMPLETE) {
            if (head->status >= 200 || head->status == 101)
                return HEALTHY;
            r->in.length -= head->length;
            memmove(r->in.data, r->in.data + head->length, r->in.length);
            http_head_reset(head);
            continue;
        }
        if (buffer_reserve(&r->in, PIECE) == -1)
            die("out of memory");
        ssize_t got = http_stream_read(r->stream, r->in.data + r->in.length, PIECE, r->deadline);
        if (got <= 0)
            return of_stream(got, NO_ANSWER);
        r->in.length += (size_t)got;
    }
}

static enum verdict read_body(struct reader *r, const struct http_head *head)
{
    const char *at = r->in.data + head->length, *content;
    size_t left = r->in.length - head->length, used, size;
    enum verdict verdict = HEALTHY;
    struct http_body body = {0};
    char piece[PIECE];

    http_body_begin(&body, head);
    for (;;) {
        enum http_result result = http_body_read(&body, at, left, &used, &content, &size);
        if (result != HTTP_PARTIAL) {
            verdict = result == HTTP_ERROR ? MALFORMED : HEALTHY;
            break;
        }
        at += used;
        left -= used;
        if (left > 0)
            continue;
        ssize_t got = http_stream_read(r->stream, piece, sizeof piece, r->deadline);
        if (got <= 0) {
            if (got != 0 || !http_body_may_end(&body))
                verdict = of_stream(got, TRUNCATED);
            break;
        }
        at = piece;
        left = (size_t)got;
    }
    http_body_free(&body);
    return verdict;
}

static enum verdict ask(struct reader *r, const struct place *place, int *status)
{
    const char *usual = place->secure ? "443" : "80";
    bool six = strchr(place->host, ':') != NULL;
    struct http_head head = {0};
    enum verdict verdict;

    int result = http_stream_handshake(r->stream, r->deadline);
    if (result != 1)
        return result == HTTP_STREAM_TIMEOUT ? CONNECT_TIMEOUT : TLS;
    if (buffer_print(&r->in, "GET %s HTTP/1.1\r\nHost: %s%s%s%s%s\r\nConnection: close\r\n\r\n",
                     place->target, six ? "[" : "", place->host, six ? "]" : "",
                     strcmp(place->port, usual) == 0 ? "" : ":",
                     strcmp(place->port, usual) == 0 ? "" : place->port) == -1)
        die("out of memory");
    result = http_stream_write(r->stream, r->in.data, r->in.length, r->deadline);
    r->in.length = 0;
    if (result != 1)
        return of_stream(result, NO_ANSWER);
    http_head_response(&head, "GET", NULL);
    verdict = read_head(r, &head);
    if (verdict == HEALTHY) {
        static const enum verdict CLASSES[] = {[3] = REDIRECT, CLIENT_ERROR, SERVER_ERROR};
        int class = head.status / 100;
        *status = head.status;
        if (class == 2)
            verdict = read_body(r, &head);
        else
            verdict = class < 3 || class > 5 ? MALFORMED : CLASSES[class];
    }
    http_head_free(&head);
    return verdict;
}

static enum verdict of_errno(int why)
{
    switch (why) {
    case ETIMEDOUT:
        return CONNECT_TIMEOUT;
    case ENOENT:
        return NO_NAME;
    case ECONNREFUSED:
        return REFUSED;
    default:
        return UNREACHABLE;
    }
}

static enum verdict probe(const char *url, struct http_tls *tls, int64_t deadline, int *status,
                          struct error *error)
{
    static struct place place;
    struct reader r = {.deadline = deadline};

    if (!take_url(url, &place)) {
        (void)error_set(error, "it is no URL of http or https");
        return BAD_URL;
    }
    int fd = http_connect(place.host, place.port, deadline, error);
    if (fd == -1)
        return of_errno(errno);
    r.stream = http_stream_open(fd, place.secure ? tls : NULL, place.host, error);
    if (r.stream == NULL) {
        (void)close(fd); /* nothing was written */
        return TLS;
    }
    enum verdict verdict = ask(&r, &place, status);
    (void)error_set(error, "%s", http_stream_error(r.stream));
    http_stream_close(r.stream);
    buffer_free(&r.in);
    return verdict;
}

int main(int argc, char **argv)
{
    struct error error;
    enum verdict first = HEALTHY;
    long ms;

    if (argc < 4 || !number_parse(argv[2], 1, MS_MOST, &ms))
        die_usage("AUTHORITIES MS URL...");
    struct http_tls *tls = http_tls_client(argv[1], &error);
    if (tls == NULL)
        die("%s", error.text);
    for (int i = 3; i < argc; i++) {
        int status = NO_STATUS;
        enum verdict verdict = probe(argv[i], tls, now_ms() + ms, &status, &error);
        if (status == NO_STATUS)
            printf("%d %s -\n", i - 2, WORDS[verdict]);
        else
            printf("%d %s %d\n", i - 2, WORDS[verdict], status);
        if (verdict != HEALTHY)
            report("%d: %s: %s", i - 2, WORDS[verdict], error.text);
        if (first == HEALTHY)
            first = verdict;
    }
    http_tls_free(tls);
    finish((int)first);
}
