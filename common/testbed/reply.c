/*
 * reply: an HTTP server that says what it was told to say, word for word, however wrong it is. What
 * lessons try a client with.
 *
 *   build/reply PORT STEP...
 *
 * A step is one of
 *   TEXT     answers a request with TEXT, in which \r \n and \\ stand for those bytes
 *   hear     reads a request, and answers nothing yet
 *   silence  the same, and then waits until the client has given up
 *   close    closes the connection; the next request comes on another one
 *   reset    the same by a reset
 *
 * A request is read with its body, but after "Expect: 100-continue" a TEXT with a status of 1xx,
 * 4xx or 5xx goes out before it; behind 1xx the next TEXT answers the same request. What was asked
 * is printed, one line for each request. Behind the last step the connection is closed, and the
 * program ends.
 */
#include <errno.h>
#include <poll.h>
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

struct peer {
    int listener, fd; /* fd is -1 between two connections */
    unsigned connections;
    struct buffer in; /* received; the rest of the last request's is taken off */
    struct http_head head;
    bool asked;   /* there is a request to be answered */
    bool has_all; /* its body was read, and it was printed */
};

static void take_client(struct peer *peer)
{
    struct pollfd wanted = {.fd = peer->listener, .events = POLLIN};

    do {
        if (poll(&wanted, 1, -1) == -1 && errno != EINTR)
            die_errno("poll");
        peer->fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
    } while (peer->fd == -1 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED));
    if (peer->fd == -1)
        die_errno("accept");
    peer->connections++;
    peer->in.length = 0;
}

static void leave(struct peer *peer, bool by_reset)
{
    const struct linger linger = {.l_onoff = 1};

    if (peer->fd == -1)
        return;
    if (by_reset && setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == -1)
        die_errno("SO_LINGER");
    (void)close(peer->fd); /* whether the client got it is the client's affair */
    peer->fd = -1;
    peer->asked = false;
}

/* Receives more. False when the client has closed, or is lost. */
static bool receive(struct peer *peer)
{
    ssize_t got;

    if (buffer_reserve(&peer->in, 16384) == -1)
        die("out of memory");
    do
        got = recv(peer->fd, peer->in.data + peer->in.length, 16384, 0);
    while (got == -1 && errno == EINTR);
    peer->in.length += got > 0 ? (size_t)got : 0;
    return got > 0;
}

static void drop(struct peer *peer, size_t length)
{
    peer->in.length -= length;
    memmove(peer->in.data, peer->in.data + length, peer->in.length);
}

/* Reads a head, from the next connection if this one ends. */
static void read_head(struct peer *peer)
{
    enum http_result result = HTTP_PARTIAL;

    http_head_free(&peer->head);
    http_head_request(&peer->head, NULL);
    while (result == HTTP_PARTIAL) {
        if (peer->fd == -1)
            take_client(peer);
        if (peer->in.length > 0)
            result = http_head_parse(&peer->head, peer->in.data, peer->in.length);
        if (result == HTTP_PARTIAL && !receive(peer)) {
            leave(peer, false);
            http_head_free(&peer->head);
            http_head_request(&peer->head, NULL);
        }
    }
    if (result == HTTP_ERROR)
        die("a request with %s", peer->head.error);
    (void)printf("connection %u: %s %s", peer->connections, peer->head.method, peer->head.target);
    drop(peer, peer->head.length); /* now the texts are gone, and what was learnt remains */
    peer->asked = true;
    peer->has_all = false;
}

static void read_body(struct peer *peer)
{
    struct http_body body;
    uint64_t total = 0;
    bool there = true;
    enum http_result result = HTTP_PARTIAL;

    http_body_begin(&body, &peer->head);
    while (there && result == HTTP_PARTIAL) {
        const char *piece;
        size_t used, size;
        result = http_body_read(&body, peer->in.data, peer->in.length, &used, &piece, &size);
        total += size;
        drop(peer, used);
        if (result == HTTP_PARTIAL && used == 0)
            there = receive(peer);
    }
    if (result == HTTP_ERROR)
        die("a body with %s", body.error);
    http_body_free(&body);
    if (peer->head.framing != HTTP_NO_BODY)
        (void)printf(", %llu bytes", (unsigned long long)total);
    (void)printf("\n");
    peer->has_all = true;
}

/* Sends a text with its escapes taken for what they stand for. */
static void send_text(struct peer *peer, const char *text)
{
    struct buffer out = {0};

    for (const char *c = text; *c != '\0'; c++) {
        char byte = *c;
        if (byte == '\\' && c[1] != '\0') {
            c++;
            byte = *c == 'r' ? '\r' : *c;
            byte = *c == 'n' ? '\n' : byte;
        }
        if (buffer_add(&out, &byte, 1) == -1)
            die("out of memory");
    }
    (void)tcp_send_all(peer->fd, out.data, out.length); /* the client may be gone */
    buffer_free(&out);
}

static void answer(struct peer *peer, const char *text)
{
    bool interim = strncmp(text, "HTTP/1.1 1", 10) == 0;
    bool refusal = strncmp(text, "HTTP/1.1 4", 10) == 0 || strncmp(text, "HTTP/1.1 5", 10) == 0;

    if (!peer->asked)
        read_head(peer);
    if (!peer->has_all && (!peer->head.expects_continue || !(interim || refusal)))
        read_body(peer);
    send_text(peer, text);
    if (interim)
        return;
    if (!peer->has_all)
        (void)printf(", and no body\n");
    peer->asked = false;
}

static void take_step(struct peer *peer, const char *step)
{
    bool silence = strcmp(step, "silence") == 0, reset = strcmp(step, "reset") == 0;

    if (silence || strcmp(step, "hear") == 0) {
        if (!peer->asked)
            read_head(peer);
        if (!peer->has_all)
            read_body(peer);
        while (silence && receive(peer))
            drop(peer, peer->in.length);
        if (silence)
            leave(peer, false);
    } else if (reset || strcmp(step, "close") == 0) {
        leave(peer, reset);
    } else {
        answer(peer, step);
    }
}

int main(int argc, char **argv)
{
    struct peer peer = {.fd = -1};
    struct error error;
    long port;

    if (argc < 3 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT STEP...");
    peer.listener = tcp_listen((uint16_t)port, &error);
    if (peer.listener == -1 || tcp_announce(peer.listener, &error) == -1)
        die("%s", error.text);
    for (int i = 2; i < argc; i++)
        take_step(&peer, argv[i]);
    leave(&peer, false);
    (void)close(peer.listener); /* nothing was written */
    http_head_free(&peer.head);
    buffer_free(&peer.in);
    finish(EXIT_SUCCESS);
}
