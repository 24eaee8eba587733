#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/stop.h"
#include "http/server_internal.h"

enum { ASK_AGAIN_MS = 100 };

/* ---- time ----------------------------------------------------------------------------------- */

int64_t pace_begin(struct exchange *x, struct pace *pace, int limit)
{
    struct worker *worker = x->worker;
    int64_t now = now_ms(), deadline, stop_at = worker->server->stop_at;

    if (pace->bytes >= HTTP_PACE)
        *pace = (struct pace){.left = limit};
    deadline = now + pace->left;
    /* When all workers are busy with slow clients, nobody waits for the signal. */
    if (now - worker->asked_at >= ASK_AGAIN_MS) {
        worker->asked_at = now;
        if (stop_asked())
            stop_at = server_stop_at(worker->server);
    }
    return stop_at != 0 && deadline > stop_at ? stop_at : deadline;
}

void pace_end(struct pace *pace, int64_t deadline, size_t bytes, int limit)
{
    int64_t left = deadline - now_ms();

    pace->left = left < 0 ? 0 : left > limit ? limit : left;
    pace->bytes += bytes;
}

/* ---- sending -------------------------------------------------------------------------------- */

/* Behind a write that failed nothing may follow. */
static void note_sent(struct exchange *x, int result)
{
    if (result != 1)
        x->failed = x->close = true;
}

/* Sends what is held back, and length bytes behind it. */
static void send_all(struct exchange *x, const char *data, size_t length)
{
    struct buffer *out = &x->worker->out;
    int limit = x->options->write_ms;

    for (size_t sent = 0, piece; !x->failed && out->length + length - sent > 0; sent += piece) {
        int64_t deadline = x->hurried ? HTTP_STREAM_NOW : pace_begin(x, &x->writing, limit);
        piece = length - sent < HTTP_PACE ? length - sent : HTTP_PACE;
        note_sent(x, http_stream_write_both(x->connection->stream, out->data, out->length,
                                            piece > 0 ? data + sent : NULL, piece, deadline));
        if (!x->hurried)
            pace_end(&x->writing, deadline, out->length + piece, limit);
        out->length = 0;
    }
    out->length = 0;
}

static void hold(struct exchange *x, const char *text, size_t length)
{
    if (buffer_add(&x->worker->out, text, length) == -1)
        x->failed = x->close = true;
}

static void hold_text(struct exchange *x, const char *text)
{
    hold(x, text, strlen(text));
}

/* ---- the head ------------------------------------------------------------------------------- */

void response_begin(struct exchange *x)
{
    x->writing.left = x->options->write_ms;
    x->worker->out.length = 0;
    x->worker->extra.length = 0;
    x->is_head =
        x->public.request->method != NULL && strcmp(x->public.request->method, "HEAD") == 0;
}

/* It changes once a second, and is written as often. */
static const char *date_now(struct worker *worker)
{
    time_t now = time(NULL);

    if (now != worker->date_of && http_date_format(now, worker->date))
        worker->date_of = now;
    return worker->date;
}

void http_send_response(struct http_exchange *exchange, int status)
{
    struct exchange *x = (struct exchange *)exchange;
    const char *phrase = http_status_phrase(status);
    const char *name = x->options->name;
    char line[] = "HTTP/1.1 000 ";

    if (x->failed || x->stage != STAGE_NONE)
        return;
    x->stage = STAGE_FIELDS;
    x->status = status;
    x->bodyless = http_status_is_bodyless(status);
    line[9] = (char)('0' + status / 100 % 10);
    line[10] = (char)('0' + status / 10 % 10);
    line[11] = (char)('0' + status % 10);
    hold(x, line, sizeof line - 1);
    hold_text(x, phrase != NULL ? phrase : "");
    if (name != NULL) {
        hold_text(x, "\r\nServer: ");
        hold_text(x, name);
    }
    hold_text(x, "\r\nDate: ");
    hold_text(x, date_now(x->worker));
    hold_text(x, "\r\n");
    if (status >= 200) { /* those of http_add_header() */
        hold(x, buffer_text(&x->worker->extra), x->worker->extra.length);
        x->worker->extra.length = 0;
    }
}

/* What the handler said cannot be sent: the client learns that something is wrong here. */
static void replace_by_500(struct exchange *x, const char *why)
{
    x->worker->out.length = x->worker->extra.length = 0;
    x->stage = STAGE_NONE;
    x->has_length = false;
    x->close = true;
    http_log_message(&x->public, "the handler's response was not sent: %s", why);
    http_send_error(&x->public, HTTP_INTERNAL_SERVER_ERROR, NULL);
    x->replaced = true;
}

/* A decimal number and nothing else. */
static bool read_length(const char *text, uint64_t *length)
{
    *length = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || *length > (UINT64_MAX - 9) / 10)
            return false;
        *length = *length * 10 + (uint64_t)(*at - '0');
    }
    return *text != '\0';
}

/* What the field means to the server. Returns NULL, or why it may not be sent. */
static const char *note_field(struct exchange *x, const char *name, const char *value)
{
    if (!http_is_token(name, strlen(name)) || !http_is_value(value, strlen(value)))
        return "a field that HTTP does not allow";
    if (strcasecmp(name, "Transfer-Encoding") == 0)
        return "Transfer-Encoding is the server's business";
    if (strcasecmp(name, "Content-Length") == 0) {
        if (x->has_length || !read_length(value, &x->promised))
            return "Content-Length twice, or not a number";
        x->has_length = true;
    }
    if (strcasecmp(name, "Connection") == 0) {
        const char *member;
        size_t length;
        while (http_list_next(&value, &member, &length))
            if (length == 5 && strncasecmp(member, "close", length) == 0)
                x->close = true;
    }
    return NULL;
}

static void add_field(struct exchange *x, struct buffer *to, const char *name, const char *value)
{
    const char *why = note_field(x, name, value);

    if (why != NULL) {
        replace_by_500(x, why);
        return;
    }
    if (strcasecmp(name, "Connection") == 0 && x->close)
        return; /* it is added with the framing */
    if (buffer_add(to, name, strlen(name)) == -1 || buffer_add(to, ": ", 2) == -1 ||
        buffer_add(to, value, strlen(value)) == -1 || buffer_add(to, "\r\n", 2) == -1)
        x->failed = x->close = true;
}

void http_add_header(struct http_exchange *exchange, const char *name, const char *value)
{
    struct exchange *x = (struct exchange *)exchange;

    if (!x->failed && x->stage == STAGE_NONE)
        add_field(x, &x->worker->extra, name, value);
}

void http_send_header(struct http_exchange *exchange, const char *name, const char *value)
{
    struct exchange *x = (struct exchange *)exchange;

    if (!x->failed && x->stage == STAGE_FIELDS)
        add_field(x, &x->worker->out, name, value);
}

/* Prints into the worker's text. Returns its length, or -1 when memory is short. */
static ssize_t print_text(struct exchange *x, const char *format, va_list arguments)
{
    struct buffer *text = &x->worker->text;
    va_list again;

    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text->length = 0;
    if (length < 0 || buffer_reserve(text, (size_t)length) == -1) {
        x->failed = x->close = true;
        return -1;
    }
    text->length = (size_t)vsnprintf(text->data, (size_t)length + 1, format, arguments);
    return length;
}

void http_print_header(struct http_exchange *exchange, const char *name, const char *format, ...)
{
    struct exchange *x = (struct exchange *)exchange;
    va_list arguments;

    va_start(arguments, format);
    if (print_text(x, format, arguments) != -1)
        http_send_header(exchange, name, x->worker->text.data);
    va_end(arguments);
}

void http_end_headers(struct http_exchange *exchange)
{
    struct exchange *x = (struct exchange *)exchange;

    if (x->failed || x->stage != STAGE_FIELDS)
        return;
    if (x->status < 200) { /* an interim response; HTTP/1.0 knows none */
        hold_text(x, "\r\n");
        if (x->public.request->version < 11)
            x->worker->out.length = 0;
        x->stage = STAGE_NONE;
        send_all(x, NULL, 0);
        return;
    }
    x->stage = STAGE_HELD;
    log_request(x);
}

/*
 * Completes the head, when it is known whether the handler gives a body. RFC 9112 sections 6.3 and
 * 9.3: how the peer finds the end of the body, and whether the connection lives on.
 */
static void settle(struct exchange *x, bool has_body)
{
    const struct http_head *request = x->public.request;

    if (!request->keep_alive || server_is_stopping(x->worker->server))
        x->close = true;
    if (!x->has_length && !x->bodyless && !x->is_head) {
        if (!has_body) {
            hold_text(x, "Content-Length: 0\r\n");
        } else if (request->version >= 11) {
            x->chunked = true;
            hold_text(x, "Transfer-Encoding: chunked\r\n");
        } else {
            x->close = true;
        }
    }
    if (x->close)
        hold_text(x, "Connection: close\r\n");
    else if (request->version < 11)
        hold_text(x, "Connection: keep-alive\r\n");
    hold_text(x, "\r\n");
    x->stage = STAGE_BODY;
}

/* ---- the body ------------------------------------------------------------------------------- */

static void send_chunks(struct exchange *x, const char *data, size_t length)
{
    while (length > 0 && !x->failed) {
        size_t piece = length < SCRATCH_SIZE ? length : SCRATCH_SIZE;
        if (http_chunk_write(&x->worker->out, data, piece) == -1)
            x->failed = x->close = true;
        send_all(x, NULL, 0);
        data += piece;
        length -= piece;
    }
}

/* How much of length bytes has been promised; counts it as sent. */
static uint64_t within_promise(struct exchange *x, uint64_t length)
{
    if (x->has_length && length > x->promised)
        length = x->promised;
    if (x->has_length)
        x->promised -= length;
    return length;
}

/* Whether there is a body to be sent now; completes the head before. */
static bool is_for_body(struct exchange *x)
{
    if (x->stage == STAGE_FIELDS)
        http_end_headers(&x->public);
    if (x->failed || x->replaced || x->is_head || x->bodyless)
        return false;
    if (x->stage == STAGE_HELD)
        settle(x, true);
    return x->stage == STAGE_BODY;
}

void http_send_body(struct http_exchange *exchange, const void *data, size_t length)
{
    struct exchange *x = (struct exchange *)exchange;

    if (length == 0 || !is_for_body(x))
        return;
    if (x->chunked)
        send_chunks(x, data, length);
    else
        send_all(x, data, (size_t)within_promise(x, length));
}

void http_print_body(struct http_exchange *exchange, const char *format, ...)
{
    struct exchange *x = (struct exchange *)exchange;
    va_list arguments;
    ssize_t length;

    if (!is_for_body(x)) /* before the text is made: what is logged has its place in memory */
        return;
    va_start(arguments, format);
    length = print_text(x, format, arguments);
    va_end(arguments);
    if (length > 0)
        http_send_body(exchange, x->worker->text.data, (size_t)length);
}

/* Through memory: a small file shares a segment with the head, and chunks need a frame. */
static void copy_file(struct exchange *x, int file, off_t offset, uint64_t length)
{
    char *piece = x->worker->scratch;

    while (length > 0 && !x->failed) {
        ssize_t got =
            pread(file, piece, length < SCRATCH_SIZE ? (size_t)length : SCRATCH_SIZE, offset);
        if (got == -1 && errno == EINTR)
            continue;
        if (got <= 0) {
            x->failed = x->close = true; /* the file broke off, and so does the body */
            return;
        }
        http_send_body(&x->public, piece, (size_t)got);
        offset += got;
        length -= (uint64_t)got;
    }
}

void http_send_file(struct http_exchange *exchange, int file, off_t offset, uint64_t length)
{
    struct exchange *x = (struct exchange *)exchange;
    int limit = x->options->write_ms;

    if (length == 0 || !is_for_body(x))
        return;
    if (x->chunked || length <= SCRATCH_SIZE) {
        copy_file(x, file, offset, length);
        return;
    }
    send_all(x, NULL, 0);
    length = within_promise(x, length);
    while (length > 0 && !x->failed) {
        uint64_t piece = length < HTTP_PACE ? length : HTTP_PACE;
        int64_t deadline = pace_begin(x, &x->writing, limit);
        note_sent(x, http_stream_send_file(x->connection->stream, file, offset, piece, deadline));
        pace_end(&x->writing, deadline, (size_t)piece, limit);
        offset += (off_t)piece;
        length -= piece;
    }
}

void http_flush(struct http_exchange *exchange)
{
    struct exchange *x = (struct exchange *)exchange;

    if (x->stage == STAGE_FIELDS)
        http_end_headers(exchange);
    if (x->failed || x->stage == STAGE_NONE)
        return;
    if (x->stage == STAGE_HELD)
        settle(x, true);
    send_all(x, NULL, 0);
}

/* ---- whole responses ------------------------------------------------------------------------ */

void http_answer(struct http_exchange *exchange, int status, const char *type, const void *data,
                 size_t length)
{
    struct exchange *x = (struct exchange *)exchange;

    if (x->failed || x->stage != STAGE_NONE)
        return;
    http_send_response(exchange, status);
    if (type != NULL)
        http_send_header(exchange, "Content-Type", type);
    if (!x->bodyless)
        http_print_header(exchange, "Content-Length", "%zu", length);
    http_end_headers(exchange);
    if (x->stage != STAGE_HELD) /* 500 instead */
        return;
    if (!request_drain(x))
        x->close = true;
    settle(x, true);
    if (x->is_head || x->bodyless)
        send_all(x, NULL, 0);
    else
        send_all(x, data, (size_t)within_promise(x, length));
}

/* Appends text to the worker's, as HTML. */
static void add_html(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *name = *text == '<'   ? "&lt;"
                           : *text == '>' ? "&gt;"
                           : *text == '&' ? "&amp;"
                           : *text == '"' ? "&quot;"
                                          : NULL;
        if ((name != NULL ? buffer_add(out, name, strlen(name)) : buffer_add(out, text, 1)) == -1)
            return; /* memory is short: the page is shorter */
    }
}

void http_send_error(struct http_exchange *exchange, int status, const char *message)
{
    struct exchange *x = (struct exchange *)exchange;
    const char *phrase = http_status_phrase(status), *meaning = http_status_meaning(status);
    struct buffer page = {0};

    if (x->stage == STAGE_FIELDS || x->stage == STAGE_HELD) { /* of another one, not sent yet */
        x->worker->out.length = 0;
        x->stage = STAGE_NONE;
        x->has_length = false;
    }
    if (phrase == NULL)
        phrase = "";
    if (message == NULL)
        message = phrase;
    log_error(x, status, message);
    if (x->replaced)
        return;
    if (x->stage == STAGE_BODY) {
        x->failed = x->close = true;
        return;
    }
    int failed = buffer_print(&page, "<!doctype html>\n<title>%d %s</title>\n<h1>%d ", status,
                              phrase, status);
    add_html(&page, message);
    failed |= buffer_print(&page, "</h1>\n<p>%s\n", meaning != NULL ? meaning : phrase);
    http_answer(exchange, status, "text/html; charset=utf-8", buffer_text(&page),
                failed == 0 ? page.length : 0);
    buffer_free(&page);
}

void response_refuse(struct exchange *x, int status, const char *why)
{
    x->close = true;
    http_send_error(&x->public, status, why);
}

void response_finish(struct exchange *x)
{
    if (!x->failed && x->stage == STAGE_NONE) {
        if (x->refusal != 0)
            response_refuse(x, x->refusal, x->refused);
        else
            response_refuse(x, HTTP_INTERNAL_SERVER_ERROR, NULL); /* the handler forgot it */
    }
    if (!x->failed && x->stage == STAGE_FIELDS)
        http_end_headers(&x->public);
    if (!request_drain(x))
        x->close = true;
    if (x->failed)
        return;
    if (x->stage == STAGE_HELD)
        settle(x, false);
    if (x->chunked && http_chunk_end(&x->worker->out, NULL) == -1)
        x->failed = x->close = true;
    send_all(x, NULL, 0);
    if (x->has_length && x->promised > 0 && !x->is_head && !x->bodyless)
        x->failed = x->close = true; /* cut off, and so that it shows */
}

/* ---- small questions ------------------------------------------------------------------------ */

void http_close_connection(struct http_exchange *exchange)
{
    ((struct exchange *)exchange)->close = true;
}

bool http_exchange_failed(const struct http_exchange *exchange)
{
    const struct exchange *x = (const struct exchange *)exchange;

    return x->failed || x->replaced;
}

int http_exchange_status(const struct http_exchange *exchange)
{
    const struct exchange *x = (const struct exchange *)exchange;

    return x->stage == STAGE_NONE ? 0 : x->status;
}

struct http_stream *http_exchange_stream(struct http_exchange *exchange)
{
    return ((struct exchange *)exchange)->connection->stream;
}
