#include "http/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/number.h"
#include "http/status.h"

enum {
    CONNECT_MS = 10000,
    WAIT_MS = 30000,
    CONTINUE_MS = 1000,
    PIECE = 16384,      /* bytes that are received at once */
    SEND_PIECE = 65536, /* bytes of a body that are sent before it is seen whether it is wanted */
    MAX_INTERIM = 100   /* answers with a status of 1xx in a row */
};

/* Where a client stands between two requests. Python's _CS_ constants. */
enum state {
    IDLE,     /* a request may begin */
    HEADERS,  /* fields may be added */
    BODY,     /* the head is out, the body goes on */
    ANSWERED, /* the head of the answer has come, its body goes on */
};

struct address {
    char *host; /* without brackets */
    char *port; /* a number */
};

struct http_client {
    struct address server; /* to connect to */
    struct address tunnel; /* behind it, or NULL twice */
    struct http_headers tunnel_headers;
    struct http_tls *tls;
    struct http_client_limits limits;
    int64_t deadline;
    struct http_stream *stream; /* NULL when there is no connection */
    unsigned connections;
    bool served; /* the connection has brought an answer before */
    enum state state;
    struct error error;

    /* The request. */
    struct buffer out;  /* its head */
    const char *method; /* "HEAD", "CONNECT" or "GET", as far as the answer depends on it */
    bool has_host;      /* Host is in the head */
    bool last;          /* Connection: close is in it */
    bool expects;       /* Expect: 100-continue is in it */
    bool is_idempotent;
    bool is_repeatable;        /* and its body is at hand */
    enum http_framing framing; /* of its body: none, by length, or chunked */
    uint64_t left;             /* of the body, by length */
    const void *body;
    size_t body_length;
    bool chunks_ended;
    bool stopped;  /* the body was not sent to its end */
    bool answered; /* and the answer's head is there already */

    /* The answer. */
    struct buffer in; /* the head, and what came with it */
    struct http_head head;
    struct http_body content;
    bool heard; /* anything of it has come */
    uint64_t received;
    enum http_client_result broken; /* why there is no more of it, told again to who asks again */
    const char *ahead;              /* received, and not yet looked at */
    size_t ahead_length;
    char piece[PIECE];
};

/* ---- errors --------------------------------------------------------------------------------- */

const char *http_client_exception(enum http_client_result result)
{
    switch (result) {
    case HTTP_CLIENT_OK:
    case HTTP_CLIENT_STOPPED:
        break;
    case HTTP_CLIENT_NO_CONNECTION:
    case HTTP_CLIENT_NO_TUNNEL:
        return "OSError";
    case HTTP_CLIENT_TLS:
        return "SSLError";
    case HTTP_CLIENT_TIMEOUT:
        return "TimeoutError";
    case HTTP_CLIENT_BROKEN:
        return "ConnectionError";
    case HTTP_CLIENT_DISCONNECTED:
        return "RemoteDisconnected";
    case HTTP_CLIENT_BAD_STATUS:
        return "BadStatusLine";
    case HTTP_CLIENT_BAD_ANSWER:
        return "HTTPException";
    case HTTP_CLIENT_TOO_LONG:
        return "LineTooLong";
    case HTTP_CLIENT_INCOMPLETE:
        return "IncompleteRead";
    case HTTP_CLIENT_CANNOT_SEND_REQUEST:
        return "CannotSendRequest";
    case HTTP_CLIENT_CANNOT_SEND_HEADER:
        return "CannotSendHeader";
    case HTTP_CLIENT_RESPONSE_NOT_READY:
        return "ResponseNotReady";
    case HTTP_CLIENT_INVALID:
        return "ValueError";
    case HTTP_CLIENT_NO_MEMORY:
        return "MemoryError";
    }
    return "none";
}

static enum http_client_result fail(struct http_client *client, enum http_client_result result,
                                    const char *format, ...) PRINTF_LIKE(3, 4);
static enum http_client_result fail(struct http_client *client, enum http_client_result result,
                                    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(client->error.text, sizeof client->error.text, format, arguments);
    va_end(arguments);
    return result;
}

static enum http_client_result fail_memory(struct http_client *client)
{
    return fail(client, HTTP_CLIENT_NO_MEMORY, "out of memory");
}

static void disconnect(struct http_client *client)
{
    http_stream_close(client->stream);
    client->stream = NULL;
    client->served = false;
    client->ahead_length = 0;
}

/* For what leaves the connection in the middle of something. Returns result. */
static enum http_client_result give_up(struct http_client *client, enum http_client_result result)
{
    disconnect(client);
    client->state = IDLE;
    client->broken = result;
    return result;
}

/* Says what a stream's result means while something was sent or received. */
static enum http_client_result fail_stream(struct http_client *client, ssize_t result)
{
    if (result == HTTP_STREAM_TIMEOUT || result == HTTP_STREAM_AGAIN)
        return fail(client, HTTP_CLIENT_TIMEOUT, "nothing happened within the time limit");
    if (result == HTTP_STREAM_END)
        return fail(client, HTTP_CLIENT_DISCONNECTED, "the server closed without an answer");
    bool tls = errno == EKEYREJECTED || errno == EPROTO;
    return fail(client, tls ? HTTP_CLIENT_TLS : HTTP_CLIENT_BROKEN, "%s",
                http_stream_error(client->stream));
}

/* ---- making one ----------------------------------------------------------------------------- */

static bool is_host(const char *host)
{
    for (const char *c = host; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("/?#@[]\\", *c) != NULL)
            return false;
    return host[0] != '\0';
}

/* Copies host, without brackets, and port. Returns 0, or -1 and an error. */
static int set_address(struct address *address, const char *host, const char *port, bool tls,
                       struct error *error)
{
    size_t length = strlen(host);
    long number;

    if (port == NULL)
        port = tls ? "443" : "80";
    if (!number_parse(port, 1, 65535, &number))
        return error_set(error, "a port that is none");
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    address->host = strndup(host, length);
    address->port = strdup(port);
    if (address->host == NULL || address->port == NULL)
        return error_set(error, "out of memory");
    return is_host(address->host) ? 0 : error_set(error, "a host that is none");
}

static void free_address(struct address *address)
{
    free(address->host);
    free(address->port);
    *address = (struct address){NULL, NULL};
}

struct http_client *http_client_new(const char *host, const char *port, struct http_tls *tls,
                                    const struct http_client_limits *limits, struct error *error)
{
    struct http_client *client = calloc(1, sizeof *client);

    if (client == NULL) {
        (void)error_set(error, "out of memory");
        return NULL;
    }
    if (set_address(&client->server, host, port, tls != NULL, error) == -1) {
        http_client_free(client);
        return NULL;
    }
    if (limits != NULL)
        client->limits = *limits;
    struct http_limits *head = &client->limits.head;
    head->line = head->line != 0 ? head->line : HTTP_LIMITS.line;
    head->fields = head->fields != 0 ? head->fields : HTTP_LIMITS.fields;
    head->head = head->head != 0 ? head->head : HTTP_LIMITS.head;
    client->tls = tls;
    client->deadline = -1;
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    disconnect(client);
    free_address(&client->server);
    free_address(&client->tunnel);
    http_headers_free(&client->tunnel_headers);
    http_body_free(&client->content);
    http_head_free(&client->head);
    buffer_free(&client->in);
    buffer_free(&client->out);
    free(client);
}

enum http_client_result http_client_set_tunnel(struct http_client *client, const char *host,
                                               const char *port, const struct http_headers *headers)
{
    if (client->stream != NULL)
        return fail(client, HTTP_CLIENT_CANNOT_SEND_REQUEST, "it is connected already");
    free_address(&client->tunnel);
    http_headers_free(&client->tunnel_headers);
    if (set_address(&client->tunnel, host, port, client->tls != NULL, &client->error) == -1) {
        free_address(&client->tunnel);
        return HTTP_CLIENT_INVALID;
    }
    for (size_t i = 0; headers != NULL && i < headers->count; i++)
        if (http_headers_add(&client->tunnel_headers, headers->fields[i].name,
                             headers->fields[i].value) == -1)
            return fail_memory(client);
    return HTTP_CLIENT_OK;
}

void http_client_set_deadline(struct http_client *client, int64_t deadline)
{
    client->deadline = deadline;
}

/* The moment that is limit milliseconds away, usual if limit is 0, and not behind the deadline. */
static int64_t until(const struct http_client *client, int limit, int usual)
{
    int64_t moment = limit < 0 ? -1 : now_ms() + (limit > 0 ? limit : usual);

    if (client->deadline >= 0 && (moment < 0 || client->deadline < moment))
        return client->deadline;
    return moment;
}

static int64_t until_waited(const struct http_client *client)
{
    return until(client, client->limits.wait_ms, WAIT_MS);
}

/* ---- the head of an answer ------------------------------------------------------------------ */

enum { HEAD_COMPLETE = 1, HEAD_MALFORMED = -100, HEAD_NO_MEMORY = -101, HEAD_NEVER = -102 };

/* Forgets the last answer and makes ready for one to that method. */
static void expect_answer(struct http_client *client, const char *method)
{
    http_body_free(&client->content);
    http_head_free(&client->head);
    client->content = (struct http_body){0};
    http_head_response(&client->head, method, &client->limits.head);
    client->in.length = 0;
    client->ahead_length = 0;
    client->received = 0;
    client->answered = client->heard = false;
}

/* Receives on until a head is complete: 1, or one of those above, or a stream's result. */
static int read_head(struct http_client *client, int64_t deadline)
{
    for (;;) {
        if (client->in.length > 0) {
            enum http_result parsed =
                http_head_parse(&client->head, client->in.data, client->in.length);
            if (parsed != HTTP_PARTIAL)
                return parsed == HTTP_COMPLETE ? HEAD_COMPLETE : HEAD_MALFORMED;
        }
        if (buffer_reserve(&client->in, PIECE) == -1)
            return HEAD_NO_MEMORY;
        ssize_t got =
            http_stream_read(client->stream, client->in.data + client->in.length, PIECE, deadline);
        if (got <= 0)
            return (int)got;
        client->heard = true;
        client->in.length += (size_t)got;
    }
}

/* What it means that read_head() did not end well. */
static enum http_client_result fail_head(struct http_client *client, int result)
{
    const struct http_head *head = &client->head;

    if (result == HEAD_NO_MEMORY)
        return fail_memory(client);
    if (result == HEAD_NEVER)
        return fail(client, HTTP_CLIENT_BAD_ANSWER, "no end of answers with a status of 1xx");
    if (result == HEAD_MALFORMED)
        return fail(client,
                    head->too_much      ? HTTP_CLIENT_TOO_LONG
                    : head->status == 0 ? HTTP_CLIENT_BAD_STATUS
                                        : HTTP_CLIENT_BAD_ANSWER,
                    "the answer has %s", head->error);
    if (result == HTTP_STREAM_ERROR && errno == ECONNABORTED)
        result = HTTP_STREAM_END; /* no close_notify: it is cut off in any case */
    if (result == HTTP_STREAM_END && client->in.length > 0)
        return fail(client, head->status == 0 ? HTTP_CLIENT_BAD_STATUS : HTTP_CLIENT_INCOMPLETE,
                    "the server closed in the middle of the head");
    return fail_stream(client, result);
}

/* 100 Continue, 103 Early Hints and their like: the answer is still to come. */
static bool is_interim(const struct http_head *head)
{
    return http_status_class(head->status) == 1 && head->status != HTTP_SWITCHING_PROTOCOLS;
}

static void drop_interim(struct http_client *client)
{
    size_t length = client->head.length;

    client->in.length -= length;
    memmove(client->in.data, client->in.data + length, client->in.length);
    http_head_reset(&client->head);
}

/* The same past those of 1xx. */
static int read_final_head(struct http_client *client, int64_t deadline)
{
    for (int count = 0; count < MAX_INTERIM; count++) {
        int result = read_head(client, deadline);
        if (result != HEAD_COMPLETE || !is_interim(&client->head))
            return result;
        drop_interim(client);
    }
    return HEAD_NEVER;
}

/* ---- connecting ----------------------------------------------------------------------------- */

/* Asks the proxy for the way to the server. RFC 9110 section 9.3.6. */
static enum http_client_result open_tunnel(struct http_client *client, int64_t deadline)
{
    const struct address *to = &client->tunnel;
    const char *format = strchr(to->host, ':') != NULL ? "[%s]:%s" : "%s:%s";
    struct buffer head = {0};
    char target[512];
    int result = 0;

    int length = snprintf(target, sizeof target, format, to->host, to->port);
    if (length < 0 || (size_t)length >= sizeof target)
        return fail(client, HTTP_CLIENT_INVALID, "a host that is too long");
    if (http_write_request(&head, "CONNECT", target, NULL) == 0) {
        head.length -= 2; /* the empty line: fields follow */
        if (buffer_print(&head, "Host: %s\r\n", target) == 0 &&
            http_headers_write(&client->tunnel_headers, &head) == 0 &&
            buffer_add(&head, "\r\n", 2) == 0)
            result = http_stream_write(client->stream, head.data, head.length, deadline);
    }
    buffer_free(&head);
    if (result != 1)
        return result == 0 ? fail_memory(client) : fail_stream(client, result);
    expect_answer(client, "CONNECT");
    result = read_final_head(client, deadline);
    if (result != HEAD_COMPLETE)
        return fail_head(client, result);
    if (http_status_class(client->head.status) != 2)
        return fail(client, HTTP_CLIENT_NO_TUNNEL, "the proxy refused: %d %s", client->head.status,
                    client->head.reason);
    if (client->in.length > client->head.length) /* the server waits for us to speak first */
        return fail(client, HTTP_CLIENT_BAD_ANSWER, "the proxy sent more than its answer");
    return HTTP_CLIENT_OK;
}

/* Makes a stream of the connection in client->stream's place. Returns 0, or -1. */
static int wrap(struct http_client *client, int fd, struct http_tls *tls)
{
    const char *host = client->tunnel.host != NULL ? client->tunnel.host : client->server.host;
    int on = 1;

    client->stream = http_stream_open(fd, tls, host, &client->error);
    if (client->stream == NULL)
        return -1;
    /* Otherwise the last part of a body would wait for the peer's acknowledgement. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return 0;
}

static enum http_client_result make_connection(struct http_client *client)
{
    int64_t deadline = until(client, client->limits.connect_ms, CONNECT_MS);
    bool tunnel = client->tunnel.host != NULL;
    enum http_client_result result;
    int fd = http_connect(client->server.host, client->server.port, deadline, &client->error);

    if (fd == -1)
        return errno == ETIMEDOUT ? HTTP_CLIENT_TIMEOUT : HTTP_CLIENT_NO_CONNECTION;
    client->connections++;
    if (wrap(client, fd, tunnel ? NULL : client->tls) == -1) {
        (void)close(fd); /* nothing was written */
        return HTTP_CLIENT_NO_CONNECTION;
    }
    if (tunnel) {
        result = open_tunnel(client, deadline);
        if (result != HTTP_CLIENT_OK)
            return result;
        if (client->tls != NULL && http_stream_start_tls(client->stream, client->tls,
                                                         client->tunnel.host, &client->error) == -1)
            return HTTP_CLIENT_TLS;
    }
    int done = http_stream_handshake(client->stream, deadline);
    if (done == 1)
        return HTTP_CLIENT_OK;
    if (done == HTTP_STREAM_END)
        return fail(client, HTTP_CLIENT_TLS, "the server closed in the middle of the handshake");
    result = fail_stream(client, done);
    return result == HTTP_CLIENT_BROKEN ? HTTP_CLIENT_TLS : result;
}

enum http_client_result http_client_connect(struct http_client *client)
{
    if (client->stream != NULL)
        return HTTP_CLIENT_OK;
    enum http_client_result result = make_connection(client);
    if (result != HTTP_CLIENT_OK)
        disconnect(client);
    return result;
}

void http_client_close(struct http_client *client)
{
    (void)give_up(client, HTTP_CLIENT_OK);
}

/* ---- the head of a request ------------------------------------------------------------------ */

/* Appends "host", or "host:port" where the port is not the usual one. */
static int add_host(struct http_client *client)
{
    const struct address *to = client->tunnel.host != NULL ? &client->tunnel : &client->server;
    bool brackets = strchr(to->host, ':') != NULL;
    int length = (int)strcspn(to->host, brackets ? "%" : ""); /* "%eth0" is this machine's affair */

    return buffer_print(&client->out, "Host: %s%.*s%s%s%s\r\n", brackets ? "[" : "", length,
                        to->host, brackets ? "]" : "",
                        strcmp(to->port, client->tls != NULL ? "443" : "80") == 0 ? "" : ":",
                        strcmp(to->port, client->tls != NULL ? "443" : "80") == 0 ? "" : to->port);
}

/* A target that is a URL names the host itself: RFC 9112 section 3.2.2. */
static int add_host_of(struct http_client *client, const char *method, const char *target)
{
    const char *host = target, *scheme = strstr(target, "://");

    if (target[0] == '/' || target[0] == '*')
        return add_host(client);
    if (strcmp(method, "CONNECT") != 0 && scheme != NULL)
        host = scheme + 3;
    return buffer_print(&client->out, "Host: %.*s\r\n", (int)strcspn(host, "/?"), host);
}

static const char *kind_of(const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        return "HEAD";
    return strcmp(method, "CONNECT") == 0 ? "CONNECT" : "GET";
}

enum http_client_result http_client_put_request(struct http_client *client, const char *method,
                                                const char *target, bool skip_host,
                                                bool skip_accept_encoding)
{
    const struct http_method *known = http_method_find(method);

    if (client->state == ANSWERED)
        return fail(client, HTTP_CLIENT_CANNOT_SEND_REQUEST,
                    "the body of the answer before has not been read");
    if (client->state != IDLE)
        return fail(client, HTTP_CLIENT_CANNOT_SEND_REQUEST, "another request has begun");
    if (target == NULL || target[0] == '\0')
        target = "/";
    client->out.length = 0;
    if (http_write_request(&client->out, method, target, NULL) == -1)
        return errno == ENOMEM
                   ? fail_memory(client)
                   : fail(client, HTTP_CLIENT_INVALID, "a method or target that may not be sent");
    client->out.length -= 2; /* the empty line: fields follow */
    if ((!skip_host && add_host_of(client, method, target) == -1) ||
        (!skip_accept_encoding &&
         buffer_print(&client->out, "Accept-Encoding: identity\r\n") == -1))
        return fail_memory(client);
    client->method = kind_of(method);
    client->is_idempotent = known != NULL && known->idempotent;
    client->is_repeatable = false;
    client->has_host = !skip_host;
    client->last = client->expects = client->stopped = client->chunks_ended = false;
    client->framing = HTTP_NO_BODY;
    client->left = 0;
    client->state = HEADERS;
    return HTTP_CLIENT_OK;
}

/* Whether value is a number of bytes, which is then what may be sent. */
static bool take_length(struct http_client *client, const char *value)
{
    uint64_t number = 0;

    for (const char *c = value; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || number > (INT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(*c - '0');
    }
    client->left = number;
    return value[0] != '\0';
}

/* Notes what a field means for this request. Returns NULL, or why it may not be sent. */
static const char *take_field(struct http_client *client, const char *name, const char *value)
{
    size_t length = strlen(name), value_length = strlen(value);
    bool by_length = http_same_text(name, length, "Content-Length", 14);

    if (by_length || http_same_text(name, length, "Transfer-Encoding", 17)) {
        if (client->framing != HTTP_NO_BODY)
            return "the body is framed twice";
        client->framing = by_length ? HTTP_LENGTH : HTTP_CHUNKED;
        if (by_length && !take_length(client, value))
            return "a Content-Length that is no number";
        if (!by_length && !http_same_text(value, value_length, "chunked", 7))
            return "a transfer coding that is not known";
    } else if (http_same_text(name, length, "Host", 4)) {
        if (client->has_host)
            return "Host twice";
        client->has_host = true;
    } else if (http_same_text(name, length, "Expect", 6)) {
        client->expects = http_same_text(value, value_length, "100-continue", 12);
    } else if (http_same_text(name, length, "Connection", 10)) {
        const char *member;
        while (http_list_next(&value, &member, &value_length))
            client->last |= http_same_text(member, value_length, "close", 5);
    }
    return NULL;
}

enum http_client_result http_client_put_header(struct http_client *client, const char *name,
                                               const char *value)
{
    if (client->state != HEADERS)
        return fail(client, HTTP_CLIENT_CANNOT_SEND_HEADER, "no request has begun");
    if (!http_is_token(name, strlen(name)))
        return fail(client, HTTP_CLIENT_INVALID, "a field's name that is no token");
    if (!http_is_value(value, strlen(value)))
        return fail(client, HTTP_CLIENT_INVALID, "a control character in the value of %s", name);
    const char *wrong = take_field(client, name, value);
    if (wrong != NULL)
        return fail(client, HTTP_CLIENT_INVALID, "%s", wrong);
    return buffer_print(&client->out, "%s: %s\r\n", name, value) == -1 ? fail_memory(client)
                                                                       : HTTP_CLIENT_OK;
}

/* ---- sending -------------------------------------------------------------------------------- */

/*
 * A connection that has idled may be of no use: the server closed it, or sent what nobody asked
 * for, a 408 perhaps. Then it is left, before anything of the request is sent.
 */
static enum http_client_result be_connected(struct http_client *client)
{
    char byte;

    if (client->stream != NULL && client->served &&
        http_stream_read(client->stream, &byte, 1, HTTP_STREAM_NOW) != HTTP_STREAM_AGAIN)
        disconnect(client);
    enum http_client_result result = http_client_connect(client);
    if (result == HTTP_CLIENT_OK)
        expect_answer(client, client->method);
    return result;
}

/*
 * Notes that the connection broke, or the server closed it, while a body was sent. That is no end
 * yet: many a server answers 413 and closes, and the answer is there to be read.
 */
static enum http_client_result stop(struct http_client *client, int result)
{
    if (result == HTTP_STREAM_TIMEOUT || result == HTTP_STREAM_AGAIN)
        return give_up(client, fail_stream(client, result));
    client->stopped = true;
    return HTTP_CLIENT_STOPPED;
}

/*
 * Looks, until deadline, for 100 Continue or an answer: HTTP_CLIENT_OK when the body may go on,
 * HTTP_CLIENT_STOPPED when it is not wanted any more. RFC 9110 section 10.1.1, RFC 9112
 * section 9.5.
 */
static enum http_client_result look_for_answer(struct http_client *client, int64_t deadline)
{
    for (int count = 0; count < MAX_INTERIM; count++) {
        int result = read_head(client, deadline);
        if (result == HTTP_STREAM_TIMEOUT || result == HTTP_STREAM_AGAIN)
            return HTTP_CLIENT_OK;
        client->stopped = result != HEAD_COMPLETE || !is_interim(&client->head);
        client->answered = client->stopped && result == HEAD_COMPLETE;
        if (client->stopped)
            return HTTP_CLIENT_STOPPED;
        bool go_on = client->head.status == HTTP_CONTINUE;
        drop_interim(client);
        if (go_on)
            return HTTP_CLIENT_OK;
    }
    return HTTP_CLIENT_OK;
}

/* Sends the head with the first bytes of a body in one, and waits for 100 Continue if it must. */
static enum http_client_result send_head(struct http_client *client, const void *body,
                                         size_t length)
{
    int result = http_stream_write_both(client->stream, client->out.data, client->out.length, body,
                                        length, until_waited(client));

    client->state = BODY;
    if (result != 1)
        return stop(client, result);
    if (client->expects && client->framing != HTTP_NO_BODY)
        return look_for_answer(client, until(client, client->limits.continue_ms, CONTINUE_MS));
    return HTTP_CLIENT_OK;
}

static enum http_client_result send_chunk(struct http_client *client, const char *data,
                                          size_t length)
{
    char frame[HTTP_CHUNK_FRAME];
    size_t frame_length = http_chunk_begin(frame, length);
    int result = http_stream_write_both(client->stream, frame, frame_length, data, length,
                                        until_waited(client));

    if (result == 1)
        result = http_stream_write(client->stream, "\r\n", 2, until_waited(client));
    return result == 1 ? HTTP_CLIENT_OK : stop(client, result);
}

/* Sends more of the body, a piece at a time, and sees before each whether it is still wanted. */
static enum http_client_result send_body(struct http_client *client, const char *data,
                                         size_t length)
{
    while (length > 0) {
        size_t piece = length < SEND_PIECE ? length : SEND_PIECE;
        enum http_client_result result = look_for_answer(client, HTTP_STREAM_NOW);
        if (result == HTTP_CLIENT_OK && client->framing == HTTP_CHUNKED) {
            result = send_chunk(client, data, piece);
        } else if (result == HTTP_CLIENT_OK) {
            int sent = http_stream_write(client->stream, data, piece, until_waited(client));
            result = sent == 1 ? HTTP_CLIENT_OK : stop(client, sent);
        }
        if (result != HTTP_CLIENT_OK)
            return result;
        data += piece;
        length -= piece;
    }
    return HTTP_CLIENT_OK;
}

enum http_client_result http_client_end_headers(struct http_client *client)
{
    if (client->state != HEADERS)
        return fail(client, HTTP_CLIENT_CANNOT_SEND_HEADER, "no request has begun");
    if (buffer_add(&client->out, "\r\n", 2) == -1)
        return fail_memory(client);
    enum http_client_result result = be_connected(client);
    if (result != HTTP_CLIENT_OK)
        return give_up(client, result);
    result = send_head(client, NULL, 0);
    return result == HTTP_CLIENT_STOPPED ? HTTP_CLIENT_OK : result; /* send() says so */
}

enum http_client_result http_client_send(struct http_client *client, const void *data,
                                         size_t length)
{
    if (client->state != BODY)
        return fail(client, HTTP_CLIENT_CANNOT_SEND_REQUEST, "no body is to be sent now");
    if (client->stopped)
        return HTTP_CLIENT_STOPPED;
    if (client->framing == HTTP_NO_BODY && length > 0)
        return fail(client, HTTP_CLIENT_INVALID, "a body without a field that frames it");
    if (client->framing == HTTP_LENGTH && length > client->left)
        return fail(client, HTTP_CLIENT_INVALID, "more of a body than its Content-Length");
    client->left -= client->framing == HTTP_LENGTH ? length : 0;
    return send_body(client, data, length);
}

/* ---- a whole request ------------------------------------------------------------------------ */

/* Sends what client->out and client->body hold, on a connection that is there. */
static enum http_client_result send_whole(struct http_client *client)
{
    size_t with_head = 0;

    client->stopped = client->chunks_ended = false;
    if (client->framing == HTTP_LENGTH && !client->expects)
        with_head = client->body_length < SEND_PIECE ? client->body_length : SEND_PIECE;
    enum http_client_result result = send_head(client, client->body, with_head);
    if (result == HTTP_CLIENT_OK)
        result = send_body(client, (const char *)client->body + with_head,
                           client->body_length - with_head);
    client->left = 0;
    return result == HTTP_CLIENT_STOPPED ? HTTP_CLIENT_OK : result;
}

static bool has(const struct http_headers *headers, const char *name)
{
    return headers != NULL && http_headers_get(headers, name) != NULL;
}

static bool expects_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static enum http_client_result write_head(struct http_client *client, const char *method,
                                          const char *target, const struct http_headers *headers,
                                          size_t length)
{
    enum http_client_result result = http_client_put_request(
        client, method, target, has(headers, "Host"), has(headers, "Accept-Encoding"));
    char number[24];

    if (result == HTTP_CLIENT_OK && (length > 0 || expects_body(method)) &&
        !has(headers, "Content-Length") && !has(headers, "Transfer-Encoding")) {
        (void)snprintf(number, sizeof number, "%zu", length); /* it has room */
        result = http_client_put_header(client, "Content-Length", number);
    }
    for (size_t i = 0; headers != NULL && i < headers->count && result == HTTP_CLIENT_OK; i++)
        result = http_client_put_header(client, headers->fields[i].name, headers->fields[i].value);
    if (result == HTTP_CLIENT_OK && client->framing == HTTP_LENGTH && client->left != length)
        result = fail(client, HTTP_CLIENT_INVALID, "a Content-Length that is not the body's");
    if (result == HTTP_CLIENT_OK && buffer_add(&client->out, "\r\n", 2) == -1)
        result = fail_memory(client);
    return result;
}

enum http_client_result http_client_request(struct http_client *client, const char *method,
                                            const char *target, const struct http_headers *headers,
                                            const void *body, size_t length)
{
    bool was_idle = client->state == IDLE;
    enum http_client_result result = write_head(client, method, target, headers, length);

    if (result != HTTP_CLIENT_OK) {
        if (was_idle)
            client->state = IDLE; /* nothing was sent: another may follow */
        return result;
    }
    result = be_connected(client);
    if (result != HTTP_CLIENT_OK)
        return give_up(client, result);
    client->body = body;
    client->body_length = length;
    client->is_repeatable = client->is_idempotent;
    return send_whole(client);
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* The answer has been read to its end: is the connection good for another? */
/* [finish] */
static void finish_answer(struct http_client *client)
{
    bool keep = client->head.keep_alive && !client->last && !client->stopped;

    client->state = IDLE;
    client->served = true;
    /* Bytes behind an answer that nobody asked for must not be taken for the next one. */
    if (!keep || client->ahead_length > 0)
        disconnect(client);
}
/* [/finish] */

/* Ends a chunked body, if it is one and nobody stopped it. */
static enum http_client_result end_body(struct http_client *client)
{
    if (client->framing == HTTP_LENGTH && client->left > 0 && !client->stopped)
        return fail(client, HTTP_CLIENT_RESPONSE_NOT_READY,
                    "%llu bytes of the request's body are missing",
                    (unsigned long long)client->left);
    if (client->framing != HTTP_CHUNKED || client->stopped || client->chunks_ended)
        return HTTP_CLIENT_OK;
    client->chunks_ended = true;
    int sent = http_stream_write(client->stream, "0\r\n\r\n", 5, until_waited(client));
    enum http_client_result result = sent == 1 ? HTTP_CLIENT_OK : stop(client, sent);
    return result == HTTP_CLIENT_STOPPED ? HTTP_CLIENT_OK : result;
}

/*
 * Whether the request may be sent again: an earlier answer came on this connection, nothing of this
 * one did, and to ask twice is to ask once. RFC 9110 section 9.2.2, RFC 9112 section 9.3.1.
 */
/* [may-repeat] */
static bool may_repeat(const struct http_client *client, int result)
{
    const int why = errno;
    bool lost = why == ECONNRESET || why == EPIPE || why == ECONNABORTED;

    if (result != HTTP_STREAM_END && !(result == HTTP_STREAM_ERROR && lost))
        return false;
    return client->served && !client->heard && client->is_repeatable;
}
/* [/may-repeat] */

/* Sends the request again. A new connection has served nobody, so this is done once. */
static enum http_client_result repeat(struct http_client *client)
{
    disconnect(client);
    enum http_client_result result = be_connected(client);
    return result == HTTP_CLIENT_OK ? send_whole(client) : result;
}

static enum http_client_result await_head(struct http_client *client)
{
    enum http_client_result result = end_body(client);

    if (result != HTTP_CLIENT_OK || client->answered)
        return result;
    int read = read_final_head(client, until_waited(client));
    if (may_repeat(client, read)) {
        result = repeat(client);
        if (result == HTTP_CLIENT_OK)
            result = end_body(client);
        if (result != HTTP_CLIENT_OK)
            return give_up(client, result);
        read = client->answered ? HEAD_COMPLETE : read_final_head(client, until_waited(client));
    }
    return read == HEAD_COMPLETE ? HTTP_CLIENT_OK : give_up(client, fail_head(client, read));
}

enum http_client_result http_client_get_response(struct http_client *client,
                                                 const struct http_head **head)
{
    if (client->state != BODY)
        return fail(client, HTTP_CLIENT_RESPONSE_NOT_READY,
                    client->state == ANSWERED ? "the answer is there already"
                                              : "no request was sent");
    enum http_client_result result = await_head(client);
    if (result != HTTP_CLIENT_OK)
        return result;
    client->state = ANSWERED;
    client->broken = HTTP_CLIENT_OK;
    client->ahead = client->in.data + client->head.length;
    client->ahead_length = client->in.length - client->head.length;
    http_body_begin(&client->content, &client->head);
    if (client->head.status == HTTP_SWITCHING_PROTOCOLS ||
        (strcmp(client->method, "CONNECT") == 0 && http_status_class(client->head.status) == 2)) {
        client->content.framing = HTTP_UNTIL_CLOSE; /* what follows is no HTTP */
        client->head.keep_alive = false;
    } else if (client->head.framing == HTTP_NO_BODY ||
               (client->head.framing == HTTP_LENGTH && client->head.content_length == 0)) {
        finish_answer(client);
    }
    if (head != NULL)
        *head = &client->head;
    return HTTP_CLIENT_OK;
}

/* ---- its body ------------------------------------------------------------------------------- */

/* The connection ended, or failed: was that the end of the body? 0, or a result below 0. */
static enum http_client_result end_of_stream(struct http_client *client, ssize_t result)
{
    const struct http_head *head = &client->head;
    enum http_client_result failed;

    if (result == HTTP_STREAM_END && http_body_may_end(&client->content)) {
        finish_answer(client);
        return HTTP_CLIENT_OK;
    }
    if (result == HTTP_STREAM_END || (result == HTTP_STREAM_ERROR && errno == ECONNABORTED))
        failed =
            head->framing == HTTP_LENGTH
                ? fail(client, HTTP_CLIENT_INCOMPLETE, "the body ended after %llu of %llu bytes",
                       (unsigned long long)client->received,
                       (unsigned long long)head->content_length)
                : fail(client, HTTP_CLIENT_INCOMPLETE, "the body was cut off after %llu bytes",
                       (unsigned long long)client->received);
    else
        failed = fail_stream(client, result);
    return give_up(client, failed);
}

/* Receives into data what is content from the first byte to the last: neither chunks nor surplus.
 */
static ssize_t read_straight(struct http_client *client, void *data, size_t size)
{
    const char *piece;
    size_t used, content;

    if (client->content.framing == HTTP_LENGTH && size > client->content.left)
        size = (size_t)client->content.left;
    ssize_t got = http_stream_read(client->stream, data, size, until_waited(client));
    if (got <= 0)
        return end_of_stream(client, got);
    client->received += (uint64_t)got;
    if (http_body_read(&client->content, data, (size_t)got, &used, &piece, &content) ==
        HTTP_COMPLETE)
        finish_answer(client);
    return got;
}

/* Takes content out of what was received before: how much, which may be nothing yet. */
static ssize_t read_ahead(struct http_client *client, void *data, size_t size)
{
    const char *piece;
    size_t used, content;
    size_t length = client->ahead_length < size ? client->ahead_length : size;
    enum http_result result =
        http_body_read(&client->content, client->ahead, length, &used, &piece, &content);

    if (result == HTTP_ERROR)
        return give_up(
            client, fail(client, HTTP_CLIENT_BAD_ANSWER, "the body has %s", client->content.error));
    memcpy(data, piece, content);
    client->ahead += used;
    client->ahead_length -= used;
    client->received += content;
    if (result == HTTP_COMPLETE)
        finish_answer(client);
    return (ssize_t)content;
}

ssize_t http_client_read(struct http_client *client, void *data, size_t size)
{
    while (client->state == ANSWERED) {
        if (client->ahead_length == 0) {
            if (client->content.framing != HTTP_CHUNKED)
                return read_straight(client, data, size);
            ssize_t got = http_stream_read(client->stream, client->piece, sizeof client->piece,
                                           until_waited(client));
            if (got <= 0)
                return end_of_stream(client, got);
            client->ahead = client->piece;
            client->ahead_length = (size_t)got;
        }
        ssize_t content = read_ahead(client, data, size);
        if (content != 0)
            return content;
    }
    if (client->state != IDLE)
        return fail(client, HTTP_CLIENT_RESPONSE_NOT_READY, "the answer has not been asked for");
    return client->broken;
}

enum http_client_result http_client_read_all(struct http_client *client, struct buffer *body,
                                             size_t limit)
{
    size_t before = body->length;

    for (;;) {
        if (buffer_reserve(body, PIECE) == -1)
            return give_up(client, fail_memory(client));
        body->data[body->length] = '\0';
        ssize_t got = http_client_read(client, body->data + body->length, PIECE);
        if (got <= 0)
            return (enum http_client_result)got;
        if ((size_t)got > limit - (body->length - before))
            return give_up(client, fail(client, HTTP_CLIENT_TOO_LONG,
                                        "the body has more than %zu bytes", limit));
        body->length += (size_t)got;
    }
}

uint64_t http_client_received(const struct http_client *client)
{
    return client->received;
}

const struct http_headers *http_client_trailers(const struct http_client *client)
{
    return &client->content.chunked.trailers;
}

const char *http_client_error(const struct http_client *client)
{
    return client->error.text;
}

unsigned http_client_connections(const struct http_client *client)
{
    return client->connections;
}

struct http_stream *http_client_stream(const struct http_client *client)
{
    return client->stream;
}
