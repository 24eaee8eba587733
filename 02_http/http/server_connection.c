#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/server_internal.h"

/* ---- what was received ---------------------------------------------------------------------- */

static struct input *input_new(const struct http_limits *limits)
{
    struct input *in = calloc(1, sizeof *in);

    if (in == NULL)
        return NULL;
    in->capacity = INPUT_SIZE;
    in->data = malloc(in->capacity);
    if (in->data == NULL) {
        free(in);
        return NULL;
    }
    http_head_request(&in->head, limits);
    return in;
}

void input_free(struct input *input)
{
    if (input == NULL)
        return;
    http_head_free(&input->head);
    free(input->data);
    free(input);
}

/* Makes room behind what is there, which the parser's limits keep small. False: no memory. */
static bool input_make_room(struct input *in)
{
    if (in->start > 0) {
        memmove(in->data, in->data + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
    }
    if (in->end + INPUT_ROOM + INPUT_ROOM <= in->capacity)
        return true;
    char *data = realloc(in->data, 2 * in->capacity);
    if (data == NULL)
        return false;
    in->data = data;
    in->capacity *= 2;
    return true;
}

/* The connection's own, or else the worker's spare one, or a new one. */
static struct input *take_input(struct worker *worker, struct connection *c)
{
    struct input *in = c->input;

    c->input = NULL;
    if (in == NULL) {
        in = worker->spare;
        worker->spare = NULL;
    }
    return in != NULL ? in : input_new(&worker->server->options->limits);
}

/* What holds nothing is a spare for the next; so ten thousand that idle need not one. */
static void put_input(struct worker *worker, struct connection *c, struct input *in, bool needed)
{
    if (needed && in->end > in->start) {
        c->input = in;
        return;
    }
    in->start = in->end = 0;
    http_head_reset(&in->head);
    if (worker->spare == NULL)
        worker->spare = in;
    else
        input_free(in);
}

/* ---- requests ------------------------------------------------------------------------------- */

static void begin_exchange(struct exchange *x, struct worker *worker, struct connection *c,
                           struct input *in)
{
    x->public = (struct http_exchange){.request = &in->head,
                                       .context = worker->server->options->context,
                                       .body_limit = worker->server->options->body_limit};
    x->options = worker->server->options;
    x->worker = worker;
    x->connection = c;
    x->input = in;
    response_begin(x);
}

/* Refuses what is no request, or not in time. */
static enum outcome refuse(struct worker *worker, struct connection *c, struct input *in,
                           int status, const char *why, bool hurried)
{
    struct exchange x = {.hurried = hurried, .body_done = true};

    begin_exchange(&x, worker, c, in);
    response_refuse(&x, status, why);
    return x.failed ? OUTCOME_CLOSE : OUTCOME_LINGER;
}

/* Whose method it is: in the list, or "*", or NULL. GET's function answers HEAD too. */
static const struct http_handler *find_handler(const struct http_handler *list, const char *method)
{
    const struct http_handler *get = NULL, *any = NULL;

    for (; list->method != NULL; list++) {
        if (strcmp(list->method, method) == 0)
            return list;
        if (strcmp(list->method, "GET") == 0)
            get = list;
        if (strcmp(list->method, "*") == 0)
            any = list;
    }
    return get != NULL && strcmp(method, "HEAD") == 0 ? get : any;
}

/*
 * A target in absolute form, "http://host/path", becomes one in origin form, and its authority the
 * Host, whatever Host said: RFC 9112 section 3.2.2. Handlers need not know. False: memory is short.
 */
static bool to_origin_form(struct input *in)
{
    struct http_head *head = &in->head;
    char *target = in->data + (head->target - in->data), *authority = strstr(target, "://");

    if (target[0] == '/' || authority == NULL)
        return true;
    authority += 3;
    size_t length = strcspn(authority, "/?");
    char *path = authority + length;
    (void)http_headers_remove(&head->headers, "Host"); /* how many does not matter */
    if (http_headers_print(&head->headers, "Host", "%.*s", (int)length, authority) == -1)
        return false;
    if (*path != '/') { /* the version was behind the target, so there is room */
        memmove(path + 1, path, strlen(path) + 1);
        *path = '/';
    }
    head->target = path;
    return true;
}

/* One request, whose head is complete. */
static enum outcome serve_one(struct worker *worker, struct connection *c, struct input *in)
{
    const struct http_handler *handler =
        find_handler(worker->server->options->handlers, in->head.method);
    struct exchange x = {0};

    begin_exchange(&x, worker, c, in);
    c->served = true;
    in->start += in->head.length;
    x.floor = in->start;
    x.asked = in->head.target;
    request_begin(&x);
    if (!to_origin_form(in))
        http_send_error(&x.public, HTTP_INTERNAL_SERVER_ERROR, NULL);
    else if (handler != NULL)
        handler->handle(&x.public);
    else
        http_send_error(&x.public, HTTP_NOT_IMPLEMENTED, "Unsupported method");
    response_finish(&x);
    request_end(&x);
    http_head_reset(&in->head);
    if (in->start == in->end)
        in->start = in->end = 0;
    if (x.failed)
        return OUTCOME_CLOSE;
    return x.close ? OUTCOME_LINGER : OUTCOME_REQUEST;
}

/* Where the next request would begin nobody can tell any more. */
static enum outcome refuse_head(struct worker *worker, struct connection *c, struct input *in)
{
    if (in->head.refusal == 0) /* memory is short */
        return OUTCOME_CLOSE;
    return refuse(worker, c, in, in->head.refusal, in->head.error, false);
}

/* A pipelined head may begin so far behind a body that was read that no room is left behind it. */
static enum http_result parse_head(struct input *in)
{
    if (in->end + INPUT_ROOM > in->capacity && !input_make_room(in))
        return HTTP_ERROR;
    return http_head_parse(&in->head, in->data + in->start, in->end - in->start);
}

/* Serves all that is there whole, in the order in which it came. */
static enum outcome serve_input(struct worker *w, struct connection *c, struct input *in)
{
    enum outcome outcome = OUTCOME_REQUEST;

    /* [serve] */
    while (in->start < in->end && outcome == OUTCOME_REQUEST) {
        enum http_result result = parse_head(in);
        if (result == HTTP_PARTIAL)
            outcome = input_make_room(in) ? OUTCOME_HEAD : OUTCOME_CLOSE;
        else if (result == HTTP_COMPLETE)
            outcome = serve_one(w, c, in);
        else
            outcome = refuse_head(w, c, in);
    }
    return outcome;
    /* [/serve] */
}

/* ---- what the table calls ------------------------------------------------------------------- */

/* Drops what the peer still sends: closed with that unread, a connection is reset, and the answer
 * may be lost on the way. RFC 9112 section 9.6. */
static enum outcome linger(struct worker *worker, struct connection *c)
{
    ssize_t got = recv(http_stream_fd(c->stream), worker->scratch, SCRATCH_SIZE, MSG_DONTWAIT);

    if (got > 0 || (got == -1 && (errno == EAGAIN || errno == EINTR)))
        return OUTCOME_LINGER;
    return OUTCOME_CLOSE;
}

static enum outcome begin_linger(struct worker *worker, struct connection *c)
{
    (void)http_stream_shutdown(c->stream, HTTP_STREAM_NOW); /* if it fails, so does what follows */
    return linger(worker, c);
}

/* Receives what is there, at most as much as there is room for. */
static ssize_t receive(struct connection *c, struct input *in)
{
    size_t room = in->capacity - INPUT_ROOM - in->end;
    ssize_t got = http_stream_read(c->stream, in->data + in->end, room, HTTP_STREAM_NOW);

    if (got > 0)
        in->end += (size_t)got;
    return got;
}

/* The peer has sent its end, or is lost. */
static enum outcome end_input(struct worker *worker, struct connection *c, struct input *in,
                              ssize_t how)
{
    if (how != HTTP_STREAM_END || in->start == in->end)
        return OUTCOME_CLOSE;
    return refuse(worker, c, in, HTTP_BAD_REQUEST, "The request broke off", false);
}

/* Reads once, and more often only what TLS has decrypted already: epoll tells nothing of that. */
static enum outcome read_input(struct worker *w, struct connection *c, struct input *in)
{
    enum outcome outcome = c->awaited == AWAITS_HEAD ? OUTCOME_HEAD : OUTCOME_REQUEST;

    /* [read] */
    do {
        ssize_t got = receive(c, in);
        if (got == HTTP_STREAM_AGAIN)
            return outcome;
        if (got <= 0)
            return end_input(w, c, in, got);
        outcome = serve_input(w, c, in);
    } while (outcome <= OUTCOME_REQUEST && http_stream_pending(c->stream));
    /* [/read] */
    return outcome;
}

enum outcome connection_on_input(struct worker *worker, struct connection *c)
{
    if (c->awaited == AWAITS_CLOSE)
        return linger(worker, c);
    if (!c->shaken) {
        /* What it writes fits into the socket's empty buffer: to wait for input is enough. */
        int result = http_stream_handshake(c->stream, HTTP_STREAM_NOW);
        if (result == HTTP_STREAM_AGAIN)
            return OUTCOME_HEAD;
        if (result != 1) /* an alert says why, and with TLS 1.3 the request may have come by now */
            return begin_linger(worker, c);
        c->shaken = true;
    }
    struct input *in = take_input(worker, c);
    if (in == NULL)
        return OUTCOME_CLOSE;
    enum outcome outcome = read_input(worker, c, in);
    put_input(worker, c, in, outcome == OUTCOME_HEAD);
    return outcome == OUTCOME_LINGER ? begin_linger(worker, c) : outcome;
}

enum outcome connection_on_timeout(struct worker *worker, struct connection *c)
{
    if (c->awaited != AWAITS_HEAD || c->input == NULL)
        return OUTCOME_CLOSE;
    struct input *in = take_input(worker, c);
    enum outcome outcome =
        refuse(worker, c, in, HTTP_REQUEST_TIMEOUT, "The head came too slowly", true);
    put_input(worker, c, in, false);
    return outcome == OUTCOME_LINGER ? begin_linger(worker, c) : outcome;
}
