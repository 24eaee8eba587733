#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "http/server_internal.h"

enum { DRAIN_MOST = 256 * 1024 }; /* bytes of an unread body that are worth a new connection */

void request_begin(struct exchange *x)
{
    const struct http_head *head = x->public.request;

    http_body_begin(&x->body, head);
    x->body_done = head->framing == HTTP_NO_BODY ||
                   (head->framing == HTTP_LENGTH && head->content_length == 0);
    x->continue_due = head->expects_continue && !x->body_done;
    x->reading.left = x->options->body_ms;
}

void request_end(struct exchange *x)
{
    http_body_free(&x->body);
}

static int refuse(struct exchange *x, int status, const char *why)
{
    x->refusal = status;
    x->refused = why;
    x->close = true; /* where the next request begins nobody can tell */
    return REQUEST_FAILED;
}

/* ---- receiving ------------------------------------------------------------------------------ */

/* The client holds its body back until it is told to go on. RFC 9110 section 10.1.1. */
static void send_continue(struct exchange *x)
{
    static const char GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct pace pace = {.left = x->options->write_ms};

    x->continue_due = false;
    if (x->stage == STAGE_NONE && http_stream_write(x->connection->stream, GO_ON, sizeof GO_ON - 1,
                                                    pace_begin(x, &pace, (int)pace.left)) != 1)
        x->failed = true;
}

/* Reads from the connection at most size bytes. */
static ssize_t receive(struct exchange *x, void *data, size_t size, bool wait)
{
    int limit = x->options->body_ms;
    int64_t deadline = wait ? pace_begin(x, &x->reading, limit) : HTTP_STREAM_NOW;
    ssize_t got = http_stream_read(x->connection->stream, data, size, deadline);

    if (wait)
        pace_end(&x->reading, deadline, got > 0 ? (size_t)got : 0, limit);
    if (got > 0)
        return got;
    if (got == HTTP_STREAM_AGAIN)
        return REQUEST_NOT_YET;
    if (got == HTTP_STREAM_TIMEOUT)
        return refuse(x, HTTP_REQUEST_TIMEOUT, "The body came too slowly");
    if (got == HTTP_STREAM_ERROR)
        x->failed = true;
    return refuse(x, HTTP_BAD_REQUEST, "The body broke off");
}

/* Takes content out of length received bytes, and counts. Returns as next_piece(), 0 for none. */
static ssize_t take(struct exchange *x, const char *from, size_t length, size_t *used, char *to)
{
    const char *piece;
    size_t size;
    enum http_result result = http_body_read(&x->body, from, length, used, &piece, &size);

    if (result == HTTP_ERROR)
        return refuse(x, HTTP_BAD_REQUEST, x->body.error);
    x->body_done = result == HTTP_COMPLETE;
    x->received += size;
    if (x->received > x->public.body_limit)
        return refuse(x, HTTP_CONTENT_TOO_LARGE, "The body is too large");
    if (size > 0 && piece != to)
        memcpy(to, piece, size);
    return (ssize_t)size;
}

/*
 * The next content of the body: how many bytes, 0 at the end, REQUEST_FAILED, or, unless it may
 * wait, REQUEST_NOT_YET. At most size bytes are looked at in one go, so their content fits.
 */
static ssize_t next_piece(struct exchange *x, char *data, size_t size, bool wait)
{
    struct input *in = x->input;

    while (!x->body_done) {
        size_t there = in->end - in->start, used = 0;
        ssize_t got;

        if (there > 0) {
            got = take(x, in->data + in->start, there < size ? there : size, &used, data);
            in->start += used;
            if (got != 0)
                return got;
            continue;
        }
        if (wait && x->continue_due)
            send_continue(x);
        if (x->failed)
            return REQUEST_FAILED;
        in->start = in->end = x->floor;
        if (x->body.framing == HTTP_LENGTH) { /* straight to its place, and nothing behind it */
            got = receive(x, data, x->body.left < size ? (size_t)x->body.left : size, wait);
            return got > 0 ? take(x, data, (size_t)got, &used, data) : got;
        }
        got = receive(x, in->data + in->end, in->capacity - in->end, wait);
        if (got < 0)
            return got;
        in->end += (size_t)got;
    }
    return 0;
}

/* ---- what a handler calls ------------------------------------------------------------------- */

ssize_t http_read_body(struct http_exchange *exchange, void *data, size_t size)
{
    struct exchange *x = (struct exchange *)exchange;

    if (x->refusal != 0 || x->failed)
        return -1;
    if (x->body.framing == HTTP_LENGTH && !x->body_done &&
        x->public.request->content_length > x->public.body_limit)
        return refuse(x, HTTP_CONTENT_TOO_LARGE, "The body is too large");
    return next_piece(x, data, size, true);
}

int http_read_whole(struct http_exchange *exchange, struct buffer *out)
{
    struct exchange *x = (struct exchange *)exchange;

    for (;;) {
        ssize_t got = -1;
        if (buffer_reserve(out, SCRATCH_SIZE) == -1)
            return refuse(x, HTTP_SERVICE_UNAVAILABLE, "Memory is short");
        got = http_read_body(exchange, out->data + out->length, SCRATCH_SIZE);
        if (got > 0)
            out->length += (size_t)got;
        out->data[out->length] = '\0';
        if (got <= 0)
            return (int)got;
    }
}

bool request_drain(struct exchange *x)
{
    ssize_t got = x->refusal == 0 && !x->failed;

    x->public.body_limit = x->received + DRAIN_MOST;
    while (got > 0)
        got = next_piece(x, x->worker->scratch, SCRATCH_SIZE, false);
    return x->body_done && x->refusal == 0 && !x->failed;
}
