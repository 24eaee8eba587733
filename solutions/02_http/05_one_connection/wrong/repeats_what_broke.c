/* fails: truncated malformed clean */
/*
 * Half an answer is no answer, so it asks again, although the server has begun to act.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/tcp.h"
#include "http/message.h"

enum { LINE_MOST = 8192 };
enum outcome { ANSWERED, NO_CONNECTION, NO_BYTE, BROKEN };

struct request {
    const char *method, *path, *body; /* body: NULL for none */
};

struct client {
    const char *host, *port;
    int fd;           /* -1: not connected */
    bool used;        /* it has brought an answer already */
    struct buffer in; /* received, and not yet looked at */
    int status;       /* of the last answer, and the bytes of its content */
    uint64_t length;
};

static void disconnect(struct client *c)
{
    if (c->fd != -1)
        (void)close(c->fd); /* nothing that was sent on it is still of interest */
    c->fd = -1;
    c->used = false;
    c->in.length = 0;
}

/* A connection on which nothing is owed says nothing: bytes or an end make it useless. */
static bool is_idle(const struct client *c)
{
    char byte;
    ssize_t n;

    do
        n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (n == -1 && errno == EINTR);
    return n == -1 && errno == EAGAIN;
}

static bool connect_if_needed(struct client *c)
{
    struct error error;

    if (c->fd != -1 && !is_idle(c))
        disconnect(c);
    if (c->fd == -1)
        c->fd = tcp_connect(c->host, c->port, &error);
    if (c->fd == -1)
        report("%s", error.text);
    return c->fd != -1;
}

/* Sends it as far as the server lets us: an answer may have come before all was sent. */
static void send_request(const struct client *c, const struct request *r)
{
    struct buffer out = {0};
    const char *form = strchr(c->host, ':') == NULL ? "Host: %s:%s\r\n" : "Host: [%s]:%s\r\n";
    size_t body = r->body == NULL ? 0 : strlen(r->body);
    char host[512];

    (void)snprintf(host, sizeof host, form, c->host, c->port); /* main looked at the length */
    bool full = buffer_print(&out, "%s %s HTTP/1.1\r\n%sConnection: keep-alive\r\n", r->method,
                             r->path, host) == -1;
    if (r->body != NULL)
        full = buffer_print(&out, "Content-Length: %zu\r\n", body) == -1 || full;
    full = buffer_add(&out, "\r\n", 2) == -1 || full;
    full = buffer_add(&out, r->body == NULL ? "" : r->body, body) == -1 || full;
    if (full)
        die("no memory");
    (void)tcp_send_all(c->fd, out.data, out.length); /* whether an answer comes tells more */
    buffer_free(&out);
}

/* Waits for more: how many bytes, 0 at an orderly end, -1 when the connection broke. */
static ssize_t receive(struct client *c)
{
    ssize_t n;

    if (buffer_reserve(&c->in, 16384) == -1)
        die("no memory");
    do
        n = recv(c->fd, c->in.data + c->in.length, 16384, 0);
    while (n == -1 && errno == EINTR);
    c->in.length += n > 0 ? (size_t)n : 0;
    return n;
}

static void consume(struct client *c, size_t length)
{
    c->in.length -= length;
    memmove(c->in.data, c->in.data + length, c->in.length);
}

/* Reads heads up to the one that counts, and begins the body behind it. */
static enum outcome read_head(struct client *c, const char *method, struct http_body *body,
                              bool *keep)
{
    enum http_result result;
    bool any = false;

    do {
        struct http_head head;
        http_head_response(&head, method, NULL);
        while (c->in.length == 0 ||
               (result = http_head_parse(&head, c->in.data, c->in.length)) == HTTP_PARTIAL) {
            if (receive(c) > 0)
                continue;
            http_head_free(&head);
            return any || c->in.length > 0 ? BROKEN : NO_BYTE;
        }
        any = true;
        c->status = head.status;
        *keep = head.keep_alive;
        http_body_begin(body, &head);
        if (result == HTTP_COMPLETE)
            consume(c, head.length);
        http_head_free(&head);
    } while (result == HTTP_COMPLETE && c->status < 200);
    return result == HTTP_COMPLETE ? ANSWERED : BROKEN;
}

/* Counts the content. */
static enum outcome read_body(struct client *c, struct http_body *body)
{
    enum http_result result = HTTP_PARTIAL;
    const char *piece;
    size_t used, size;

    c->length = 0;
    for (;;) {
        result = http_body_read(body, buffer_text(&c->in), c->in.length, &used, &piece, &size);
        if (c->in.length > 0)
            consume(c, used);
        c->length += size;
        if (result != HTTP_PARTIAL)
            return result == HTTP_COMPLETE ? ANSWERED : BROKEN;
        if (c->in.length > 0)
            continue;
        ssize_t n = receive(c);
        if (n <= 0)
            return n == 0 && http_body_may_end(body) ? ANSWERED : BROKEN;
    }
}

/* Asks once. The connection is there afterwards only if it can be used again. */
static enum outcome ask(struct client *c, const struct request *r)
{
    struct http_body body = {0};
    bool keep = false;

    send_request(c, r);
    enum outcome outcome = read_head(c, r->method, &body, &keep);
    if (outcome == ANSWERED) {
        keep = keep && body.framing != HTTP_UNTIL_CLOSE;
        outcome = read_body(c, &body);
    }
    http_body_free(&body);
    c->used = true;
    if (outcome != ANSWERED || !keep || c->in.length > 0)
        disconnect(c);
    return outcome;
}

/* Does a request, and prints its line. True if it was answered. */
static bool perform(struct client *c, const struct request *r)
{
    bool is_post = strcmp(r->method, "POST") == 0, reused;
    enum outcome outcome = NO_CONNECTION;

    do {
        if (!connect_if_needed(c)) {
            outcome = NO_CONNECTION;
            break;
        }
        reused = c->used;
        outcome = ask(c, r);
    } while (outcome != ANSWERED && reused && !is_post); /* a new connection is not reused */
    if (outcome == ANSWERED)
        printf("%d %" PRIu64, c->status, c->length);
    else
        printf("%s -", is_post && outcome != NO_CONNECTION ? "unknown" : "failed");
    printf(" %s %s\n", r->method, r->path);
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    return outcome == ANSWERED;
}

/* Cuts a line into the parts of a request. False if it is none. */
static bool read_request(char *line, size_t length, struct request *r)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "POST"};
    size_t known = 0;

    if (length > LINE_MOST || strlen(line) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == '\177')
            return false;
    r->method = strsep(&line, " ");
    r->path = strsep(&line, " ");
    r->body = line;
    while (known < 5 && strcmp(methods[known], r->method) != 0)
        known++;
    bool takes_body = strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0;
    return known < 5 && r->path != NULL && r->path[0] == '/' && takes_body == (r->body != NULL);
}

int main(int argc, char **argv)
{
    struct client client = {.fd = -1};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    long port;
    int status = EXIT_SUCCESS;

    if (argc != 3 || strlen(argv[1]) > 255 || !number_parse(argv[2], 1, 65535, &port))
        die_usage("HOST PORT <requests");
    client.host = argv[1];
    client.port = argv[2];
    while ((length = getline(&line, &room, stdin)) != -1) {
        struct request request;
        if (line[length - 1] == '\n')
            line[--length] = '\0';
        if (!read_request(line, (size_t)length, &request)) {
            report("this is no request: %.60s", line);
            status = EXIT_FAILURE;
            break;
        }
        if (!perform(&client, &request))
            status = EXIT_FAILURE;
    }
    if (ferror(stdin)) {
        report_errno("standard input");
        status = EXIT_FAILURE;
    }
    free(line);
    disconnect(&client);
    buffer_free(&client.in);
    finish(status);
}
