/* http/client: framings, failures, connections kept and lost, against a peer with a script. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "http/client.h"

#define OK HTTP_CLIENT_OK

/*
 * A server with a script, each of its words a step:
 *   "<"  takes a connection, if it has none, and reads a head up to its empty line
 *   "<5" reads 5 bytes of a body
 *   ">…" sends what follows
 *   "!"  closes the connection, "^" resets it, "." waits until the client has closed it
 * What it read stands in heard, "|" between connections.
 */
struct peer {
    const char *const *script;
    int listener, fd;
    char port[8];
    struct buffer heard;
    pthread_t thread;
};

static void hear(struct peer *peer, size_t length)
{
    char piece[4096];

    while (length > 0) {
        ssize_t got = recv(peer->fd, piece, length < sizeof piece ? length : sizeof piece, 0);
        if (got <= 0)
            return;
        (void)buffer_add(&peer->heard, piece, (size_t)got); /* bytes that are missing show */
        length -= (size_t)got;
    }
}

static void hear_head(struct peer *peer)
{
    size_t begun = peer->heard.length;

    if (peer->fd == -1) {
        peer->fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (begun > 0)
            (void)buffer_add(&peer->heard, "|", 1);
    }
    for (;;) {
        size_t before = peer->heard.length;
        hear(peer, 1);
        size_t length = peer->heard.length;
        if (length == before ||
            (length >= begun + 4 && memcmp(peer->heard.data + length - 4, "\r\n\r\n", 4) == 0))
            return;
    }
}

static void leave(struct peer *peer, bool reset)
{
    const struct linger linger = {.l_onoff = reset};

    if (peer->fd == -1)
        return;
    (void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    (void)close(peer->fd); /* a test peer */
    peer->fd = -1;
}

static void *play(void *argument)
{
    struct peer *peer = argument;
    char rest[65536];

    for (const char *const *step = peer->script; *step != NULL; step++) {
        switch ((*step)[0]) {
        case '<':
            if ((*step)[1] == '\0')
                hear_head(peer);
            else
                hear(peer, strtoul(*step + 1, NULL, 10));
            break;
        case '>':
            (void)send(peer->fd, *step + 1, strlen(*step + 1), MSG_NOSIGNAL);
            break;
        case '.':
            while (recv(peer->fd, rest, sizeof rest, 0) > 0)
                ;
            leave(peer, false);
            break;
        default:
            leave(peer, (*step)[0] == '^');
            break;
        }
    }
    leave(peer, false);
    return NULL;
}

static void peer_start(struct peer *peer, const char *const *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    *peer = (struct peer){.script = script, .fd = -1};
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (void *)&address, sizeof address), 0);
    assert_int_equal(listen(peer->listener, 8), 0);
    assert_int_equal(getsockname(peer->listener, (void *)&address, &length), 0);
    (void)snprintf(peer->port, sizeof peer->port, "%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&peer->thread, NULL, play, peer), 0);
}

static const struct http_client_limits limits = {
    .connect_ms = 20000, .wait_ms = 20000, .continue_ms = 20000};

static struct http_client *client_for(const struct peer *peer)
{
    struct error error = {""};
    struct http_client *client = http_client_new("127.0.0.1", peer->port, NULL, &limits, &error);

    assert_non_null(client);
    return client;
}

/* Frees both; what the peer heard is compared with heard, "PORT" in it standing for its port. */
static void finish_both(struct peer *peer, struct http_client *client, const char *heard)
{
    http_client_free(client);
    assert_int_equal(pthread_join(peer->thread, NULL), 0);
    assert_int_equal(close(peer->listener), 0);
    struct buffer wanted = {0};
    for (const char *c = heard; heard != NULL && *c != '\0'; c++) {
        bool port = strncmp(c, "PORT", 4) == 0;
        assert_int_equal(buffer_add(&wanted, port ? peer->port : c, port ? strlen(peer->port) : 1),
                         0);
        c += port ? 3 : 0;
    }
    if (heard != NULL)
        assert_string_equal(buffer_text(&peer->heard), buffer_text(&wanted));
    buffer_free(&wanted);
    buffer_free(&peer->heard);
}

#define HOST "Host: 127.0.0.1:PORT\r\nAccept-Encoding: identity\r\n"

/* One GET, and its body to the end: the result of the last call, and text and status. */
static enum http_client_result get(struct http_client *client, const char *method, int *status,
                                   struct buffer *body)
{
    const struct http_head *head;
    enum http_client_result result = http_client_request(client, method, "/x", NULL, NULL, 0);

    body->length = 0;
    *status = 0;
    if (result == OK)
        result = http_client_get_response(client, &head);
    if (result != OK)
        return result;
    *status = head->status;
    return http_client_read_all(client, body, 1 << 20);
}

/* ---- framings ------------------------------------------------------------------------------- */

static void test_framings(void **state)
{
    static const struct {
        const char *method, *answer, *body;
        int status;
        bool kept;
    } table[] = {
        {"GET", ">HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, true},
        {"GET", ">HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200, true},
        {"GET", ">HTTP/1.1 200 OK\r\n\r\nto the end", "to the end", 200, false},
        {"GET", ">HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", 200, false},
        {"GET", ">HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", "hi",
         200, true},
        {"GET", ">HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", "hi", 200,
         false},
        {"GET",
         ">HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
         "abcde", 200, true},
        {"HEAD", ">HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "", 200, true},
        {"HEAD", ">HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", 200, true},
        {"GET", ">HTTP/1.1 204 No Content\r\n\r\n", "", 204, true},
        {"GET", ">HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", 304, true},
        {"GET",
         ">HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
         "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n",
         "no\n", 404, true},
        {"DELETE", ">HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi-and-more", "hi", 200, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *const script[] = {"<", table[i].answer, table[i].kept ? "." : "!", NULL};
        struct peer peer;
        struct buffer body = {0};
        int status;

        peer_start(&peer, script);
        struct http_client *client = client_for(&peer);
        assert_int_equal(get(client, table[i].method, &status, &body), OK);
        assert_int_equal(status, table[i].status);
        assert_string_equal(buffer_text(&body), table[i].body);
        assert_int_equal(http_client_received(client), strlen(table[i].body));
        assert_int_equal(http_client_stream(client) != NULL, table[i].kept);
        assert_int_equal(http_client_connections(client), 1);
        finish_both(&peer, client, NULL);
        buffer_free(&body);
    }
}

/* A byte at a time out of chunks, and the trailer behind. */
static void test_pieces(void **state)
{
    static const char *const script[] = {
        "<", ">HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ">1\r\n!\r\n0\r\nDigest: none\r\n\r\n", ".", NULL};
    const struct http_head *head;
    struct peer peer;
    char data[8] = "";

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    assert_int_equal(http_client_request(client, "GET", NULL, NULL, NULL, 0), OK);
    assert_int_equal(http_client_read(client, data, 1), HTTP_CLIENT_RESPONSE_NOT_READY);
    assert_int_equal(http_client_get_response(client, &head), OK);
    assert_int_equal(head->framing, HTTP_CHUNKED);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(http_client_read(client, data + i, 1), 1);
    assert_string_equal(data, "hello!");
    assert_int_equal(http_client_read(client, data, 1), 0);
    assert_int_equal(http_client_read(client, data, 1), 0);
    assert_string_equal(http_headers_get(http_client_trailers(client), "digest"), "none");
    finish_both(&peer, client, "GET / HTTP/1.1\r\n" HOST "\r\n");
}

/* ---- what can go wrong ---------------------------------------------------------------------- */

#define WAIT "HTTP/1.1 102 Processing\r\n\r\n"

/* There is no connection any more, and whoever reads on is told the same once more. */
static void assert_broken(struct http_client *client, uint64_t came, enum http_client_result result)
{
    char again;

    assert_int_equal(http_client_received(client), came);
    assert_null(http_client_stream(client));
    assert_int_equal(http_client_read(client, &again, 1), result);
}

static void test_failures(void **state)
{
    static char long_line[9000] = ">HTTP/1.1 200 ", long_field[70000] = ">HTTP/1.1 200 OK\r\nA: ";
    static char interims[5000] = ">";
    static const struct {
        const char *answer, *end, *error, *exception;
        enum http_client_result result;
        int came;
    } table[] = {
        {"!", "!", "the server closed without an answer", "RemoteDisconnected",
         HTTP_CLIENT_DISCONNECTED, 0},
        {"^", "!", "ECONNRESET (Connection reset by peer)", "ConnectionError", HTTP_CLIENT_BROKEN,
         0},
        {">SSH-2.0-x\r\n", ".", "the answer has a malformed status line", "BadStatusLine",
         HTTP_CLIENT_BAD_STATUS, 0},
        {">HTTP/1.1 20", "!", "the server closed in the middle of the head", "BadStatusLine",
         HTTP_CLIENT_BAD_STATUS, 0},
        {">HTTP/1.1 200 OK\r\nContent-Le", "!", "the server closed in the middle of the head",
         "IncompleteRead", HTTP_CLIENT_INCOMPLETE, 0},
        {">HTTP/1.1 200 OK\r\nA : b\r\n\r\n", ".", NULL, "HTTPException", HTTP_CLIENT_BAD_ANSWER,
         0},
        {">HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", ".", NULL,
         "HTTPException", HTTP_CLIENT_BAD_ANSWER, 0},
        {">HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "!",
         "the body ended after 5 of 10 bytes", "IncompleteRead", HTTP_CLIENT_INCOMPLETE, 5},
        {">HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "!",
         "the body was cut off after 5 bytes", "IncompleteRead", HTTP_CLIENT_INCOMPLETE, 5},
        {">HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n", ".", NULL,
         "HTTPException", HTTP_CLIENT_BAD_ANSWER, 0},
        {long_line, ".", "the answer has a status line that is too long", "LineTooLong",
         HTTP_CLIENT_TOO_LONG, 0},
        {long_field, ".", "the answer has fields that are too long", "LineTooLong",
         HTTP_CLIENT_TOO_LONG, 0},
        {interims, ".", "no end of answers with a status of 1xx", "HTTPException",
         HTTP_CLIENT_BAD_ANSWER, 0},
    };

    (void)state;
    memset(long_line + strlen(long_line), 'x', sizeof long_line - 1 - strlen(long_line));
    memset(long_field + strlen(long_field), 'x', sizeof long_field - 1 - strlen(long_field));
    for (size_t i = 0; i < 110; i++)
        memcpy(interims + 1 + i * (sizeof WAIT - 1), WAIT, sizeof WAIT); /* the NUL is the next's */
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *const script[] = {"<", table[i].answer, table[i].end, NULL};
        struct peer peer;
        struct buffer body = {0};
        int status;

        peer_start(&peer, script);
        struct http_client *client = client_for(&peer);
        assert_int_equal(get(client, "GET", &status, &body), table[i].result);
        if (table[i].error != NULL)
            assert_string_equal(http_client_error(client), table[i].error);
        assert_string_equal(http_client_exception(table[i].result), table[i].exception);
        assert_int_equal(body.length, table[i].came);
        assert_broken(client, (uint64_t)table[i].came, table[i].result);
        finish_both(&peer, client, NULL);
        buffer_free(&body);
    }
}

static void test_silence(void **state)
{
    static const char *const scripts[][4] = {
        {"<", ".", NULL},
        {"<", ">HTTP/1.1 200 OK\r\n", ".", NULL},
        {"<", ">HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", ".", NULL}};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct http_client_limits short_limits = {.wait_ms = i < 3 ? 40 : 20000};
        struct peer peer;
        struct buffer body = {0};
        int status;

        peer_start(&peer, scripts[i % 3]);
        struct http_client *client =
            http_client_new("127.0.0.1", peer.port, NULL, &short_limits, NULL);
        int64_t begun = now_ms();
        if (i >= 3)
            http_client_set_deadline(client, begun + 40);
        assert_int_equal(get(client, "GET", &status, &body), HTTP_CLIENT_TIMEOUT);
        assert_true(now_ms() - begun >= 40 && now_ms() - begun < 15000);
        assert_int_equal(body.length, i % 3 == 2 ? 5 : 0);
        finish_both(&peer, client, NULL);
        buffer_free(&body);
    }
}

static void test_no_connection(void **state)
{
    static const char *const none[] = {NULL};
    struct http_client_limits short_limits = {.connect_ms = 40};
    struct error error = {""};
    struct peer peer;

    (void)state;
    peer_start(&peer, none); /* a port that was free a moment ago */
    struct http_client *client = client_for(&peer);
    assert_int_equal(pthread_join(peer.thread, NULL), 0);
    assert_int_equal(close(peer.listener), 0);
    assert_int_equal(http_client_request(client, "GET", "/", NULL, NULL, 0),
                     HTTP_CLIENT_NO_CONNECTION);
    assert_non_null(strstr(http_client_error(client), "ECONNREFUSED"));
    assert_int_equal(http_client_get_response(client, NULL), HTTP_CLIENT_RESPONSE_NOT_READY);
    http_client_free(client);

    peer_start(&peer, none); /* one that accepts, and shakes no hands */
    struct http_tls *tls = http_tls_client("build/authority/authority.pem", &error);
    client = http_client_new("127.0.0.1", peer.port, tls, &short_limits, &error);
    assert_int_equal(http_client_connect(client), HTTP_CLIENT_TIMEOUT);
    assert_null(http_client_stream(client));
    http_client_free(client);
    http_tls_free(tls);
    assert_int_equal(pthread_join(peer.thread, NULL), 0);
    assert_int_equal(close(peer.listener), 0);
}

static void test_too_large(void **state)
{
    static const char *const script[] = {"<", ">HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!",
                                         ".", NULL};

    (void)state;
    for (size_t limit = 5; limit <= 6; limit++) {
        struct peer peer;
        struct buffer body = {0};
        peer_start(&peer, script);
        struct http_client *client = client_for(&peer);
        assert_int_equal(http_client_request(client, "GET", "/", NULL, NULL, 0), OK);
        assert_int_equal(http_client_get_response(client, NULL), OK);
        assert_int_equal(http_client_read_all(client, &body, limit),
                         limit == 5 ? HTTP_CLIENT_TOO_LONG : OK);
        assert_int_equal(http_client_stream(client) != NULL, limit == 6);
        finish_both(&peer, client, NULL);
        buffer_free(&body);
    }
}

/* ---- connections ---------------------------------------------------------------------------- */

#define YES ">HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"
#define GET "GET /x HTTP/1.1\r\n" HOST "\r\n"

static void test_kept(void **state)
{
    static const char *const script[] = {"<", YES, "<", YES, "<", YES, ".", NULL};
    struct buffer body = {0};
    struct peer peer;
    int status;

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get(client, "GET", &status, &body), OK);
    assert_int_equal(http_client_connections(client), 1);
    finish_both(&peer, client, GET GET GET);
    buffer_free(&body);
}

/*
 * The server hears the second request and closes without a word. GET and PUT go once more, on a new
 * connection; POST does not, and a first request does not either.
 */
static void test_lost(void **state)
{
    static const char *const methods[] = {"GET",     "HEAD", "PUT",   "DELETE",
                                          "OPTIONS", "POST", "PATCH", "LOCK"};
    static const char *const ends[] = {"!", "^"};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof methods / sizeof methods[0]; i++) {
        const char *const again[] = {
            "<", YES, "<", ends[i % 2], "<", ">HTTP/1.1 204 No Content\r\n\r\n", ".", NULL};
        const char *const once[] = {"<", YES, "<", ends[i % 2], NULL};
        bool repeated = i < 10;
        struct buffer body = {0};
        struct peer peer;
        int status;

        peer_start(&peer, repeated ? again : once);
        struct http_client *client = client_for(&peer);
        assert_int_equal(get(client, "GET", &status, &body), OK);
        enum http_client_result result = get(client, methods[i / 2], &status, &body);
        if (repeated) {
            assert_int_equal(result, OK);
            assert_int_equal(status, 204);
        } else {
            assert_true(result == HTTP_CLIENT_DISCONNECTED || result == HTTP_CLIENT_BROKEN);
        }
        assert_int_equal(http_client_connections(client), repeated ? 2 : 1);
        finish_both(&peer, client, NULL);
        buffer_free(&body);
    }
}

/* Never twice: after a byte of an answer, and after the second time. */
static void test_lost_for_good(void **state)
{
    static const char *const part[] = {"<", YES, "<", ">H", "!", NULL};
    static const char *const interim[] = {"<", YES, "<", ">HTTP/1.1 102 Wait\r\n\r\n", "!", NULL};
    static const char *const twice[] = {"<", YES, "<", "!", "<", "!", NULL};
    static const char *const *const scripts[] = {part, interim, twice};
    static const enum http_client_result results[] = {
        HTTP_CLIENT_BAD_STATUS, HTTP_CLIENT_DISCONNECTED, HTTP_CLIENT_DISCONNECTED};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buffer body = {0};
        struct peer peer;
        int status;
        peer_start(&peer, scripts[i]);
        struct http_client *client = client_for(&peer);
        assert_int_equal(get(client, "GET", &status, &body), OK);
        assert_int_equal(get(client, "GET", &status, &body), results[i]);
        assert_int_equal(http_client_connections(client), i == 2 ? 2 : 1);
        finish_both(&peer, client, NULL);
        buffer_free(&body);
    }
}

/* A body goes again with its request. */
static void test_lost_with_body(void **state)
{
    static const char *const script[] = {"<", YES, "<", "<4", "!", "<", "<4", YES, ".", NULL};
    struct buffer body = {0};
    struct peer peer;
    int status;

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    assert_int_equal(get(client, "GET", &status, &body), OK);
    assert_int_equal(http_client_request(client, "PUT", "/y", NULL, "data", 4), OK);
    assert_int_equal(http_client_get_response(client, NULL), OK);
    assert_int_equal(http_client_read_all(client, &body, 100), OK);
#define PUT "PUT /y HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\ndata"
    finish_both(&peer, client, GET PUT "|" PUT);
    buffer_free(&body);
}

#define MORE ">HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyesHTTP/1.1 200 OK\r\n\r\nevil"

/* Bytes that nobody asked for are never the next answer: they cost the connection. */
static void test_surplus(void **state)
{
    static const char *const behind[] = {"<", MORE, ".", "<", YES, ".", NULL};
    struct buffer body = {0};
    struct peer peer;
    int status;

    (void)state;
    peer_start(&peer, behind);
    struct http_client *client = client_for(&peer);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(get(client, "GET", &status, &body), OK);
        assert_string_equal(buffer_text(&body), "yes");
    }
    assert_int_equal(http_client_connections(client), 2);
    finish_both(&peer, client, GET "|" GET);
    buffer_free(&body);
}

/* The connection that was closed while it idled is left before anything is sent: POST too goes on.
 */
static void test_closed_while_idle(void **state)
{
    static const char *const script[] = {
        "<", YES, ">HTTP/1.1 408 Request Timeout\r\n\r\n", "!", "<", YES, ".", NULL};
    struct buffer body = {0};
    struct peer peer;
    int status;

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    assert_int_equal(get(client, "GET", &status, &body), OK);
    /* The 408 has come, unless it came with the answer, which closed the connection at once. */
    if (http_client_stream(client) != NULL)
        assert_int_equal(poll(&(struct pollfd){.fd = http_stream_fd(http_client_stream(client)),
                                               .events = POLLIN},
                              1, 20000),
                         1);
    assert_int_equal(get(client, "POST", &status, &body), OK);
    assert_int_equal(status, 200);
    assert_int_equal(http_client_connections(client), 2);
    finish_both(&peer, client, NULL);
    buffer_free(&body);
}

/* ---- requests ------------------------------------------------------------------------------- */

static void test_fields(void **state)
{
    static const char *const script[] = {"<", YES, "<", YES, "<", "<3", YES, "<", YES, NULL};
    struct http_headers headers = {0};
    struct buffer body = {0};
    struct peer peer;
    int status;

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    assert_int_equal(get(client, "POST", &status, &body), OK);
    assert_int_equal(http_headers_add(&headers, "host", "other:1"), 0);
    assert_int_equal(http_headers_add(&headers, "accept-encoding", "gzip"), 0);
    assert_int_equal(http_client_request(client, "GET", "/a?b", &headers, NULL, 0), OK);
    assert_int_equal(http_client_get_response(client, NULL), OK);
    assert_int_equal(http_client_read_all(client, &body, 100), OK);
    assert_int_equal(http_headers_set(&headers, "Content-Length", "3"), 0);
    assert_int_equal(http_client_request(client, "DELETE", "/c", &headers, "abc", 3), OK);
    assert_int_equal(http_client_get_response(client, NULL), OK);
    assert_int_equal(http_client_read_all(client, &body, 100), OK);
    assert_int_equal(http_headers_set(&headers, "Connection", "close"), 0);
    assert_int_equal(http_headers_remove(&headers, "Content-Length"), 1);
    assert_int_equal(http_headers_remove(&headers, "Host"), 1);
    assert_int_equal(http_client_request(client, "GET", "http://h.example:8/d", &headers, NULL, 0),
                     OK);
    assert_int_equal(http_client_get_response(client, NULL), OK);
    assert_int_equal(http_client_read_all(client, &body, 100), OK);
    assert_null(http_client_stream(client)); /* we said close */
    finish_both(&peer, client,
                "POST /x HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"
                "GET /a?b HTTP/1.1\r\nhost: other:1\r\naccept-encoding: gzip\r\n\r\n"
                "DELETE /c HTTP/1.1\r\nhost: other:1\r\naccept-encoding: gzip\r\n"
                "Content-Length: 3\r\n\r\nabc"
                "GET http://h.example:8/d HTTP/1.1\r\nHost: h.example:8\r\n"
                "accept-encoding: gzip\r\nConnection: close\r\n\r\n");
    http_headers_free(&headers);
    buffer_free(&body);
}

/* What would let others write into a request is refused, and nothing is sent. */
static void test_injection(void **state)
{
    static const char *const bad_methods[] = {"", "GE T", "GET\r\nX:", "G\x80T",
                                              "GET / HTTP/1.1\r\n"};
    static const char *const bad_targets[] = {
        "/a b", "/a\r\nX: y", "/a\n", "/\x7f", "/\xc3\xa4", "/#x", "*", "x", "http://me@h/"};
    static const char *const bad_fields[][2] = {{"A B", "c"},
                                                {"", "c"},
                                                {"A\r\nB", "c"},
                                                {"A:", "c"},
                                                {"A", "b\r\nC: d"},
                                                {"A", "b\nc"},
                                                {"A", "b\rc"},
                                                {"A", "b\x01"},
                                                {"Content-Length", "4"},
                                                {"Content-Length", "+3"},
                                                {"Content-Length", ""},
                                                {"Content-Length", "99999999999999999999"},
                                                {"Transfer-Encoding", "gzip, chunked"},
                                                {"Transfer-Encoding", "identity"}};
    struct http_client *client = http_client_new("127.0.0.1", "1", NULL, NULL, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof bad_methods / sizeof bad_methods[0]; i++)
        assert_int_equal(http_client_request(client, bad_methods[i], "/", NULL, NULL, 0),
                         HTTP_CLIENT_INVALID);
    for (size_t i = 0; i < sizeof bad_targets / sizeof bad_targets[0]; i++)
        assert_int_equal(http_client_request(client, "GET", bad_targets[i], NULL, NULL, 0),
                         HTTP_CLIENT_INVALID);
    for (size_t i = 0; i < sizeof bad_fields / sizeof bad_fields[0]; i++) {
        struct http_field field = {.name = bad_fields[i][0], .value = bad_fields[i][1]};
        struct http_headers headers = {.fields = &field, .count = 1};
        assert_int_equal(http_client_request(client, "POST", "/", &headers, "abc", 3),
                         HTTP_CLIENT_INVALID);
        assert_string_not_equal(http_client_error(client), "");
    }
    struct http_field both[] = {{.name = "Content-Length", .value = "3"},
                                {.name = "Transfer-Encoding", .value = "chunked"}};
    struct http_headers headers = {.fields = both, .count = 2};
    assert_int_equal(http_client_request(client, "POST", "/", &headers, "abc", 3),
                     HTTP_CLIENT_INVALID);
    assert_int_equal(http_client_connections(client), 0);
    http_client_free(client);
}

static void test_hosts(void **state)
{
    static const char *const bad[][2] = {{"", "80"},      {"a b", "80"}, {"a/b", "80"},
                                         {"a\r\n", "80"}, {"h", "0"},    {"h", "65536"},
                                         {"h", "http"},   {"u@h", "80"}, {"[]", "80"}};
    static const struct {
        const char *host, *port, *line;
    } good[] = {{"example.org", NULL, "Host: example.org\r\n"},
                {"example.org", "80", "Host: example.org\r\n"},
                {"example.org", "443", "Host: example.org:443\r\n"},
                {"[::1]", "8000", "Host: [::1]:8000\r\n"},
                {"fe80::1%lo", "8000", "Host: [fe80::1]:8000\r\n"}};
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        error.text[0] = '\0';
        assert_null(http_client_new(bad[i][0], bad[i][1], NULL, NULL, &error));
        assert_string_not_equal(error.text, "");
    }
    /* Behind a tunnel the head is seen by a peer that we are sure to have. */
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        static const char *const script[] = {"<", ">HTTP/1.1 200 OK\r\n\r\n", "<", YES, NULL};
        struct buffer body = {0};
        struct peer peer;
        int status;
        peer_start(&peer, script);
        struct http_client *client = client_for(&peer);
        assert_int_equal(http_client_set_tunnel(client, good[i].host, good[i].port, NULL), OK);
        assert_int_equal(get(client, "GET", &status, &body), OK);
        assert_int_equal(pthread_join(peer.thread, NULL), 0);
        assert_non_null(strstr(buffer_text(&peer.heard), good[i].line));
        http_client_free(client);
        assert_int_equal(close(peer.listener), 0);
        buffer_free(&peer.heard);
        buffer_free(&body);
    }
}

static void test_steps(void **state)
{
    static const char *const script[] = {"<", "<23", YES, "<", "<5", YES, ".", NULL};
    struct peer peer;
    char data[8];

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    assert_int_equal(http_client_put_header(client, "A", "b"), HTTP_CLIENT_CANNOT_SEND_HEADER);
    assert_int_equal(http_client_end_headers(client), HTTP_CLIENT_CANNOT_SEND_HEADER);
    assert_int_equal(http_client_send(client, "x", 1), HTTP_CLIENT_CANNOT_SEND_REQUEST);
    assert_int_equal(http_client_get_response(client, NULL), HTTP_CLIENT_RESPONSE_NOT_READY);

    assert_int_equal(http_client_put_request(client, "POST", "/a", false, false), OK);
    assert_int_equal(http_client_put_request(client, "POST", "/a", false, false),
                     HTTP_CLIENT_CANNOT_SEND_REQUEST);
    assert_int_equal(http_client_request(client, "GET", "/", NULL, NULL, 0),
                     HTTP_CLIENT_CANNOT_SEND_REQUEST);
    assert_int_equal(http_client_put_header(client, "Host", "x"), HTTP_CLIENT_INVALID);
    assert_int_equal(http_client_put_header(client, "Transfer-Encoding", "chunked"), OK);
    assert_int_equal(http_client_get_response(client, NULL), HTTP_CLIENT_RESPONSE_NOT_READY);
    assert_int_equal(http_client_end_headers(client), OK);
    assert_int_equal(http_client_put_header(client, "A", "b"), HTTP_CLIENT_CANNOT_SEND_HEADER);
    assert_int_equal(http_client_send(client, "hello", 5), OK);
    assert_int_equal(http_client_send(client, "", 0), OK);
    assert_int_equal(http_client_send(client, "you", 3), OK);
    assert_int_equal(http_client_get_response(client, NULL), OK);
    assert_int_equal(http_client_get_response(client, NULL), HTTP_CLIENT_RESPONSE_NOT_READY);
    assert_int_equal(http_client_put_request(client, "GET", "/", false, false),
                     HTTP_CLIENT_CANNOT_SEND_REQUEST); /* the body stands between */
    assert_int_equal(http_client_read(client, data, sizeof data), 3);

    assert_int_equal(http_client_put_request(client, "PUT", "/b", true, true), OK);
    assert_int_equal(http_client_put_header(client, "Host", "h"), OK);
    assert_int_equal(http_client_put_header(client, "Content-Length", "5"), OK);
    assert_int_equal(http_client_end_headers(client), OK);
    assert_int_equal(http_client_send(client, "ab", 2), OK);
    assert_int_equal(http_client_get_response(client, NULL), HTTP_CLIENT_RESPONSE_NOT_READY);
    assert_int_equal(http_client_send(client, "cdef", 4), HTTP_CLIENT_INVALID);
    assert_int_equal(http_client_send(client, "cde", 3), OK);
    assert_int_equal(http_client_get_response(client, NULL), OK);
    assert_int_equal(http_client_read(client, data, sizeof data), 3);
    finish_both(&peer, client,
                "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"
                "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde");
}

/* ---- 100 Continue, early answers ------------------------------------------------------------ */

static enum http_client_result post(struct http_client *client, const char *field,
                                    const char *value, const char *body, size_t length)
{
    struct http_headers headers = {0};

    assert_int_equal(http_headers_add(&headers, field, value), 0);
    enum http_client_result result =
        http_client_request(client, "POST", "/x", &headers, body, length);
    http_headers_free(&headers);
    return result;
}

#define POST "POST /x HTTP/1.1\r\n" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n"

static void test_continue(void **state)
{
    static const char *const go_on[] = {
        "<", ">HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", "<4", YES, ".",
        NULL};
    static const char *const silent[] = {"<", "<4", ">HTTP/1.1 100 Continue\r\n\r\n",
                                         YES, ".",  NULL};
    static const char *const no[] = {
        "<", ">HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno", ".", NULL};
    static const struct {
        const char *const *script;
        const char *heard, *body;
        int status, continue_ms;
    } table[] = {{go_on, POST "data", "yes", 200, 20000},
                 {silent, POST "data", "yes", 200, 30},
                 {no, POST, "no", 417, 20000}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct http_client_limits own = {.continue_ms = table[i].continue_ms};
        const struct http_head *head;
        struct buffer body = {0};
        struct peer peer;
        peer_start(&peer, table[i].script);
        struct http_client *client = http_client_new("127.0.0.1", peer.port, NULL, &own, NULL);
        assert_int_equal(post(client, "Expect", "100-continue", "data", 4), OK);
        assert_int_equal(http_client_get_response(client, &head), OK);
        assert_int_equal(head->status, table[i].status);
        assert_int_equal(http_client_read_all(client, &body, 100), OK);
        assert_string_equal(buffer_text(&body), table[i].body);
        /* After a body that was not sent, nobody knows what the server takes the next bytes for. */
        assert_int_equal(http_client_stream(client) == NULL, table[i].status == 417);
        finish_both(&peer, client, table[i].heard);
        buffer_free(&body);
    }
}

/* A server that says no to a large body, and closes: its answer counts, not the broken pipe. */
static void test_early_answer(void **state)
{
    static const char *const script[] = {
        "<", "<1000000",
        ">HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", ".",
        NULL};
    enum { LARGE = 64 << 20 };
    char *large = calloc(1, LARGE);
    const struct http_head *head;
    struct buffer body = {0};
    struct peer peer;

    (void)state;
    assert_non_null(large);
    for (int chunked = 0; chunked < 2; chunked++) {
        peer_start(&peer, script);
        struct http_client *client = client_for(&peer);
        assert_int_equal(post(client, chunked ? "Transfer-Encoding" : "X",
                              chunked ? "chunked" : "y", large, LARGE),
                         OK);
        assert_int_equal(http_client_get_response(client, &head), OK);
        assert_int_equal(head->status, 413);
        body.length = 0;
        assert_int_equal(http_client_read_all(client, &body, 100), OK);
        assert_null(http_client_stream(client));
        finish_both(&peer, client, NULL);
    }
    buffer_free(&body);

    peer_start(&peer, script); /* in steps, too */
    struct http_client *client = client_for(&peer);
    assert_int_equal(http_client_put_request(client, "POST", "/", false, false), OK);
    assert_int_equal(http_client_put_header(client, "Transfer-Encoding", "chunked"), OK);
    assert_int_equal(http_client_end_headers(client), OK);
    enum http_client_result result = OK;
    for (int i = 0; i < 1000 && result == OK; i++)
        result = http_client_send(client, large, 65536);
    assert_int_equal(result, HTTP_CLIENT_STOPPED);
    assert_int_equal(http_client_get_response(client, &head), OK);
    assert_int_equal(head->status, 413);
    finish_both(&peer, client, NULL);
    free(large);
}

/* The server closes in the middle of a body and answers nothing: that is no answer. */
static void test_early_close(void **state)
{
    static const char *const script[] = {"<", "!", NULL};
    struct peer peer;

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    assert_int_equal(http_client_put_request(client, "PUT", "/", false, false), OK);
    assert_int_equal(http_client_put_header(client, "Content-Length", "10"), OK);
    assert_int_equal(http_client_end_headers(client), OK);
    struct pollfd end = {.fd = http_stream_fd(http_client_stream(client)), .events = POLLIN};
    assert_int_equal(poll(&end, 1, 20000), 1);
    assert_int_equal(http_client_send(client, "hello", 5), HTTP_CLIENT_STOPPED);
    assert_int_equal(http_client_send(client, "hello", 5), HTTP_CLIENT_STOPPED);
    assert_int_equal(http_client_get_response(client, NULL), HTTP_CLIENT_DISCONNECTED);
    finish_both(&peer, client, NULL);
}

/* ---- tunnels, other protocols --------------------------------------------------------------- */

static void test_tunnel(void **state)
{
    static const char *const good[] = {
        "<", ">HTTP/1.1 200 Established\r\nContent-Length: 9\r\n\r\n", "<", YES, ".", NULL};
    static const char *const no[] = {
        "<", ">HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", ".", NULL};
    static const char *const more[] = {"<", ">HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", ".",
                                       NULL};
    static const struct {
        const char *const *script;
        enum http_client_result result;
        const char *error;
    } table[] = {
        {good, OK, ""},
        {no, HTTP_CLIENT_NO_TUNNEL, "the proxy refused: 407 Proxy Authentication Required"},
        {more, HTTP_CLIENT_BAD_ANSWER, "the proxy sent more than its answer"}};
    struct http_headers headers = {0};

    (void)state;
    assert_int_equal(http_headers_add(&headers, "Proxy-Authorization", "Basic eDp5"), 0);
#define CONNECT \
    "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nProxy-Authorization: Basic eDp5\r\n\r\n"
    for (size_t i = 0; i < 3; i++) {
        struct buffer body = {0};
        struct peer peer;
        int status;
        peer_start(&peer, table[i].script);
        struct http_client *client = client_for(&peer);
        assert_int_equal(http_client_set_tunnel(client, "a b", "1", NULL), HTTP_CLIENT_INVALID);
        assert_int_equal(http_client_set_tunnel(client, "::1", "8443", &headers), OK);
        assert_int_equal(get(client, "GET", &status, &body), table[i].result);
        assert_string_equal(http_client_error(client) +
                                (i == 0 ? strlen("a host that is none") : 0),
                            table[i].error);
        if (i == 0)
            assert_int_equal(http_client_set_tunnel(client, "::1", "8443", NULL),
                             HTTP_CLIENT_CANNOT_SEND_REQUEST);
        finish_both(&peer, client,
                    i > 0 ? CONNECT
                          : CONNECT "GET /x HTTP/1.1\r\nHost: [::1]:8443\r\n"
                                    "Accept-Encoding: identity\r\n\r\n");
        buffer_free(&body);
    }
    http_headers_free(&headers);
}

/* After 101 the connection is another protocol's: what comes is read as it is. */
static void test_switch(void **state)
{
    static const char *const script[] = {
        "<", ">HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst", "<3", ">!", "!", NULL};
    struct buffer body = {0};
    struct peer peer;
    char data[8];

    (void)state;
    peer_start(&peer, script);
    struct http_client *client = client_for(&peer);
    assert_int_equal(http_client_request(client, "GET", "/x", NULL, NULL, 0), OK);
    assert_int_equal(http_client_get_response(client, NULL), OK);
    assert_int_equal(http_client_read(client, data, sizeof data), 5);
    assert_int_equal(http_stream_write(http_client_stream(client), "abc", 3, -1), 1);
    assert_int_equal(http_client_read_all(client, &body, 100), OK);
    assert_string_equal(buffer_text(&body), "!");
    finish_both(&peer, client, GET "abc");
    buffer_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framings),      cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_failures),      cmocka_unit_test(test_silence),
        cmocka_unit_test(test_no_connection), cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_kept),          cmocka_unit_test(test_lost),
        cmocka_unit_test(test_lost_for_good), cmocka_unit_test(test_lost_with_body),
        cmocka_unit_test(test_surplus),       cmocka_unit_test(test_closed_while_idle),
        cmocka_unit_test(test_fields),        cmocka_unit_test(test_injection),
        cmocka_unit_test(test_hosts),         cmocka_unit_test(test_steps),
        cmocka_unit_test(test_continue),      cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_early_close),   cmocka_unit_test(test_tunnel),
        cmocka_unit_test(test_switch),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
