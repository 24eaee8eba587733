#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/number.h"
#include "testbed/service/service.h"

static int stop = -1;
static unsigned most_slow = 1;
static atomic_uint slow;

void slow_allow(int signals, unsigned most)
{
    stop = signals;
    most_slow = most;
}

bool slow_begin(struct call *call)
{
    if (atomic_fetch_add(&slow, 1) < most_slow)
        return true;
    slow_end();
    http_add_header(call->x, "Retry-After", "1");
    send_status(call, HTTP_SERVICE_UNAVAILABLE);
    return false;
}

void slow_end(void)
{
    (void)atomic_fetch_sub(&slow, 1); /* what it was is of no use */
}

bool slow_sleep(struct call *call, double seconds)
{
    int64_t until = now_ms() + (int64_t)(seconds * 1000 + 0.5), left;
    /* No events are asked for: a client that is lost is told of in any case, and one that has only
     * finished sending still waits for its answer. */
    struct pollfd both[] = {{.fd = http_stream_fd(http_exchange_stream(call->x))},
                            {.fd = stop, .events = POLLIN}};

    http_flush(call->x); /* does nothing before a response has begun */
    while ((left = until - now_ms()) > 0 && !http_exchange_failed(call->x)) {
        int ready = poll(both, 2, left > 1000 ? 1000 : (int)left);
        if (ready > 0)
            return false;
    }
    return !http_exchange_failed(call->x);
}

/* ---- what takes its time ---- */

static void answer_delay(struct call *call)
{
    char *end;
    double seconds = strtod(call->word[0], &end);

    if (end == call->word[0] || *end != '\0' || !(seconds >= 0)) {
        send_bad(call, "a number of seconds is due");
        return;
    }
    if (!slow_begin(call))
        return;
    if (slow_sleep(call, seconds < 10 ? seconds : 10))
        echo_send(call, echo_make(call, ECHO_GET | ECHO_BODY));
    else
        send_status(call, HTTP_SERVICE_UNAVAILABLE);
    slow_end();
}

/* A byte at a time, evenly over the duration. */
static void drip(struct call *call, long bytes, double pause)
{
    for (long i = 0; i < bytes; i++) {
        http_send_body(call->x, "*", 1);
        if (pause > 0 && !slow_sleep(call, pause))
            return;
    }
}

static void answer_drip(struct call *call)
{
    double duration, delay;
    long bytes, code;

    if (!call_arg_seconds(call, "duration", 2, &duration) ||
        !call_arg_seconds(call, "delay", 0, &delay) ||
        !call_arg_integer(call, "numbytes", 1, 10 << 20, 10, &bytes) ||
        !call_arg_integer(call, "code", 200, 999, 200, &code) || !slow_begin(call))
        return;
    if (slow_sleep(call, delay)) {
        http_send_response(call->x, (int)code);
        http_send_header(call->x, "Content-Type", "application/octet-stream");
        http_print_header(call->x, "Content-Length", "%ld", bytes);
        http_end_headers(call->x);
        drip(call, bytes, duration / (double)bytes);
    } else {
        send_status(call, HTTP_SERVICE_UNAVAILABLE);
    }
    slow_end();
}

const struct route SLOW_ROUTES[] = {{"GET POST PUT DELETE PATCH TRACE", "/delay/:", answer_delay},
                                    {"GET", "/drip", answer_drip},
                                    {NULL, NULL, NULL}};
