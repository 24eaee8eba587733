/* One request and its response, passed on. RFC 9112, RFC 9110 section 7.6. */
#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "testbed/proxy/proxy.h"

struct exchange {
    struct connection *c;
    const char *what;
    bool modern;           /* the client speaks HTTP/1.1 */
    bool keep;             /* the client's connection may live on */
    struct http_body body; /* of the request */
    bool sent;             /* it is through, or nobody wants it any more */
    struct http_head head; /* of the response */
    struct http_body answer;
    bool begun, done; /* the head was passed on; no more of the body will come */
    bool cut;         /* it broke off */
};

/* ---- heads ---------------------------------------------------------------------------------- */

static bool is_hop_by_hop(const char *name, size_t length)
{
    static const char *const NAMES[] = {
        "Connection",          "Keep-Alive", "Proxy-Connection",  "Proxy-Authenticate",
        "Proxy-Authorization", "TE",         "Transfer-Encoding", "Upgrade"};

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (http_same_text(name, length, NAMES[i], strlen(NAMES[i])))
            return true;
    return false;
}

int relay_fields(const struct http_head *from, struct http_headers *to)
{
    for (size_t i = 0; i < from->headers.count; i++) {
        const struct http_field *field = &from->headers.fields[i];
        bool is_length = http_same_text(field->name, field->name_length, "Content-Length", 14);
        /* The length belongs to the body, which goes on: who names it in Connection to have it
         * taken off wants the next server to see another message. */
        if (is_hop_by_hop(field->name, field->name_length) ||
            (from->framing == HTTP_CHUNKED && is_length) ||
            (!is_length && http_headers_has(&from->headers, "Connection", field->name)))
            continue;
        if (http_headers_add(to, field->name, field->value) == -1)
            return -1;
    }
    return http_headers_print(to, "Via", "%s workbook", from->version == 11 ? "1.1" : "1.0");
}

/* Passes the head of the response on. False when that failed. */
static bool pass_head(struct exchange *x, bool interim)
{
    const struct http_head *head = &x->head;
    struct http_headers fields = {0};
    struct buffer out = {0};
    bool chunked = head->framing == HTTP_CHUNKED && x->modern;

    x->keep = x->keep && head->framing != HTTP_UNTIL_CLOSE;
    bool good = relay_fields(head, &fields) == 0 &&
                (!chunked || http_headers_add(&fields, "Transfer-Encoding", "chunked") == 0) &&
                (x->keep || interim || http_headers_add(&fields, "Connection", "close") == 0) &&
                http_write_response(&out, head->status, head->reason, &fields) == 0 &&
                io_send_all(x->c, x->c->client, out.data, out.length);
    http_headers_free(&fields);
    buffer_free(&out);
    return good;
}

/* Looks for heads in what came from the server. RELAY_DONE, or how it ended. */
static enum relayed take_heads(struct exchange *x)
{
    struct bytes *down = &x->c->down;

    while (!x->begun) {
        enum http_result result =
            http_head_parse(&x->head, down->data + down->start, down->end - down->start);
        if (result == HTTP_PARTIAL)
            return RELAY_DONE;
        /* 101 would change the protocol, and nobody was asked to: Upgrade goes no further. */
        if (result == HTTP_ERROR || x->head.status == 101)
            return RELAY_NONE;
        bool interim = x->head.status < 200;
        if (!interim)
            proxy_log(x->c->proxy, "%s: %d", x->what, x->head.status);
        if ((!interim || x->modern) && !pass_head(x, interim))
            return RELAY_BROKEN;
        down->start += x->head.length;
        down->ready = down->start;
        if (interim) {
            io_pack(down);
            http_head_reset(&x->head);
        } else {
            x->begun = true;
            http_body_begin(&x->answer, &x->head);
            x->done = x->head.framing == HTTP_NO_BODY ||
                      (x->head.framing == HTTP_LENGTH && x->head.content_length == 0);
        }
    }
    return RELAY_DONE;
}

/* ---- bodies --------------------------------------------------------------------------------- */

/*
 * Finds out how much of what came belongs to the body: that is ready to be sent. plain: without the
 * frame of its chunks. False when they are malformed.
 */
static bool judge(struct http_body *body, struct bytes *bytes, bool plain, bool *whole)
{
    while (!*whole && bytes->ready < bytes->end) {
        const char *piece;
        size_t used, size;
        char *at = bytes->data + bytes->ready;
        enum http_result result =
            http_body_read(body, at, bytes->end - bytes->ready, &used, &piece, &size);
        if (result == HTTP_ERROR)
            return false;
        if (plain) {
            size_t rest = bytes->end - bytes->ready - used;
            memmove(at, piece, size);
            memmove(at + size, at + used, rest);
            bytes->end = bytes->ready + size + rest;
            used = size;
        }
        bytes->ready += used;
        *whole = result == HTTP_COMPLETE;
    }
    return true;
}

/* The server said its last. */
static enum relayed end_of_server(struct exchange *x, bool in_order)
{
    if (!x->begun)
        return RELAY_NONE;
    x->cut = !in_order || !http_body_may_end(&x->answer);
    x->done = true; /* what came of it is passed on */
    return RELAY_DONE;
}

/* Moves what can be moved. RELAY_DONE while all is well. */
static enum relayed move(struct exchange *x, const struct pollfd *client,
                         const struct pollfd *server)
{
    struct connection *c = x->c;

    if (client->revents != 0 && client->events == 0)
        return RELAY_BROKEN; /* it has gone */
    if ((client->revents & ~POLLOUT) != 0 && !x->sent) {
        ssize_t n = io_receive(c, c->client, &c->up);
        if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
            return RELAY_BROKEN;
    }
    if (server->revents != 0 && !io_send(c, c->server, &c->up)) {
        x->sent = true; /* it does not listen any more; it may have answered all the same */
        x->keep = false;
        c->up.start = c->up.ready = c->up.end = 0;
    }
    if ((server->revents & ~POLLOUT) != 0 && (server->events & POLLIN) != 0) {
        ssize_t n = io_receive(c, c->server, &c->down);
        if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
            enum relayed end = end_of_server(x, n == 0);
            if (end != RELAY_DONE)
                return end;
        }
    }
    return io_send(c, c->client, &c->down) ? RELAY_DONE : RELAY_BROKEN;
}

/* Waits for one of the two, and serves it. RELAY_DONE while all is well. */
static enum relayed turn(struct exchange *x)
{
    struct connection *c = x->c;
    struct pollfd two[2] = {{.fd = c->client}, {.fd = c->server}};

    if (c->up.end == ROOM)
        io_pack(&c->up);
    if (c->down.end == ROOM)
        io_pack(&c->down);
    if (!x->sent && c->up.end < ROOM)
        two[0].events |= POLLIN;
    if (c->down.start < c->down.ready)
        two[0].events |= POLLOUT;
    if (!x->done && c->down.end < ROOM)
        two[1].events |= POLLIN;
    if (c->up.start < c->up.ready)
        two[1].events |= POLLOUT;
    if (two[1].events == 0)
        two[1].fd = -1; /* its end would be told again and again */
    int ready = io_wait(c, two, now_ms() + c->proxy->wait_ms);
    if (ready == IO_GONE)
        return RELAY_BROKEN;
    if (ready == IO_TIMEOUT)
        return x->begun ? RELAY_BROKEN : x->sent ? RELAY_LATE : RELAY_SLOW;
    return move(x, &two[0], &two[1]);
}

static enum relayed run(struct exchange *x)
{
    struct connection *c = x->c;

    for (;;) {
        if (!judge(&x->body, &c->up, false, &x->sent))
            return x->begun ? RELAY_BROKEN : RELAY_BAD;
        enum relayed state = take_heads(x);
        if (state != RELAY_DONE)
            return state;
        if (x->begun && !judge(&x->answer, &c->down, !x->modern, &x->done))
            return RELAY_BROKEN;
        if (x->done && c->down.start == c->down.ready)
            return x->cut                                             ? RELAY_BROKEN
                   : x->keep && x->sent && c->up.start == c->up.ready ? RELAY_DONE
                                                                      : RELAY_CLOSE;
        state = turn(x);
        if (state != RELAY_DONE)
            return state;
    }
}

enum relayed relay(struct connection *c, const struct http_head *request, const struct buffer *head,
                   const char *what)
{
    struct exchange x = {.c = c,
                         .what = what,
                         .modern = request->version == 11,
                         .keep = request->version == 11 && request->keep_alive};

    c->down.start = c->down.ready = c->down.end = 0;
    c->up.ready = c->up.start;
    x.sent = request->framing == HTTP_NO_BODY ||
             (request->framing == HTTP_LENGTH && request->content_length == 0);
    http_body_begin(&x.body, request);
    http_head_response(&x.head, request->method, NULL);
    enum relayed result = RELAY_NONE;
    if (io_send_all(c, c->server, head->data, head->length))
        result = run(&x);
    /* Where the client knows how much is due, it sees what is missing, and no reset takes from it
     * what it has. */
    bool told = x.answer.framing == HTTP_LENGTH || (x.answer.framing == HTTP_CHUNKED && x.modern);
    if (result == RELAY_BROKEN && x.begun && told)
        result = RELAY_CLOSE;
    http_body_free(&x.body);
    http_body_free(&x.answer);
    http_head_free(&x.head);
    return result;
}
