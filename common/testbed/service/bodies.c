#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/number.h"
#include "testbed/service/service.h"

enum { MOST = 100 * 1024, CHUNK = 10 * 1024 };

static const char OCTETS[] = "application/octet-stream";

/* ---- random bytes ---- */

/* Seeds from the query, or else from the system. False when 400 was sent. */
static bool seed(struct call *call, struct twister *twister)
{
    const char *text = call_arg(call, "seed");
    char digits[17];
    long number;

    if (text != NULL && number_parse(text, -INT64_MAX, INT64_MAX, &number)) {
        twister_seed(twister, (uint64_t)labs(number));
        return true;
    }
    if (text != NULL || !random_hex(digits, 8)) {
        send_bad(call, "seed");
        return false;
    }
    twister_seed(twister, strtoull(digits, NULL, 16));
    return true;
}

static void fill(struct twister *twister, unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = twister_byte(twister);
}

static size_t asked_length(const struct call *call)
{
    return call->number[0] < MOST ? (size_t)call->number[0] : MOST;
}

static void answer_bytes(struct call *call)
{
    size_t length = asked_length(call);
    unsigned char *bytes = malloc(length + 1);
    struct twister twister;

    if (bytes != NULL && seed(call, &twister)) {
        fill(&twister, bytes, length);
        http_answer(call->x, HTTP_OK, OCTETS, bytes, length);
    }
    free(bytes);
}

/* Each piece is a chunk of its own. */
static void answer_stream_bytes(struct call *call)
{
    unsigned char piece[CHUNK];
    struct twister twister;
    long size;

    if (!seed(call, &twister) || !call_arg_integer(call, "chunk_size", 1, INT32_MAX, CHUNK, &size))
        return;
    size_t chunk = size < CHUNK ? (size_t)size : CHUNK;
    http_send_response(call->x, HTTP_OK);
    http_send_header(call->x, "Content-Type", OCTETS);
    http_end_headers(call->x);
    for (size_t left = asked_length(call); left > 0 && !http_exchange_failed(call->x);) {
        size_t length = left < chunk ? left : chunk;
        fill(&twister, piece, length);
        http_send_body(call->x, piece, length);
        left -= length;
    }
}

/* ---- lines ---- */

static void answer_stream(struct call *call)
{
    long lines = call->number[0] < 100 ? call->number[0] : 100;
    json_t *object = echo_make(call, ECHO_GET);

    if (object == NULL)
        return;
    http_send_response(call->x, HTTP_OK);
    http_send_header(call->x, "Content-Type", "application/json");
    http_end_headers(call->x);
    for (long i = 0; i < lines && !http_exchange_failed(call->x); i++) {
        char *text = json_object_set_new(object, "id", json_integer(i)) == 0
                         ? json_dumps(object, JSON_SORT_KEYS)
                         : NULL;
        if (text == NULL) { /* what is said already cannot be taken back */
            http_close_connection(call->x);
            break;
        }
        http_print_body(call->x, "%s\n", text);
        free(text);
    }
    json_decref(object);
}

/* ---- ranges ---- */

bool range_read(const char *text, long length, long *first, long *last)
{
    const char *dash;
    char digits[24];
    long number;

    *first = 0;
    *last = length - 1;
    if (text == NULL || strncasecmp(text, "bytes=", 6) != 0 ||
        (dash = strchr(text += 6, '-')) == NULL || (size_t)(dash - text) >= sizeof digits)
        return true;
    memcpy(digits, text, (size_t)(dash - text));
    digits[dash - text] = '\0';
    if (digits[0] == '\0') {
        if (!number_parse(dash + 1, 0, INT64_MAX, &number))
            return true;
        *first = number < length ? length - number : 0;
        return number > 0;
    }
    if (!number_parse(digits, 0, INT64_MAX, &number) ||
        (dash[1] != '\0' && !number_parse(dash + 1, number, INT64_MAX, last)))
        return true;
    if (dash[1] == '\0' || *last > length - 1)
        *last = length - 1;
    *first = number;
    return number < length;
}

static void send_alphabet(struct call *call, long first, long last, long chunk, double pause)
{
    char piece[CHUNK];

    for (long at = first; at <= last && !http_exchange_failed(call->x);) {
        long length = last + 1 - at < chunk ? last + 1 - at : chunk;
        for (long i = 0; i < length; i++)
            piece[i] = (char)('a' + (at + i) % 26);
        http_send_body(call->x, piece, (size_t)length);
        at += length;
        if (pause > 0 && !slow_sleep(call, pause * (double)length))
            return;
    }
}

static void send_part(struct call *call, long chunk, double duration)
{
    long length = call->number[0], first, last;
    const char *guard = call_header(call, "If-Range");
    char tag[40];
    bool is_slow = duration > 0;

    (void)snprintf(tag, sizeof tag, "\"range%ld\"", length); /* it has room */
    bool good =
        range_read(guard == NULL || strcmp(guard, tag) == 0 ? call_header(call, "Range") : NULL,
                   length, &first, &last);
    bool whole = first == 0 && last == length - 1;
    if (is_slow && !slow_begin(call))
        return;
    http_send_response(call->x, !good   ? HTTP_RANGE_NOT_SATISFIABLE
                                : whole ? HTTP_OK
                                        : HTTP_PARTIAL_CONTENT);
    http_send_header(call->x, "ETag", tag);
    http_send_header(call->x, "Accept-Ranges", "bytes");
    if (!good) {
        http_print_header(call->x, "Content-Range", "bytes */%ld", length);
        http_send_header(call->x, "Content-Length", "0");
        http_end_headers(call->x);
    } else {
        http_send_header(call->x, "Content-Type", OCTETS);
        http_print_header(call->x, "Content-Range", "bytes %ld-%ld/%ld", first, last, length);
        http_print_header(call->x, "Content-Length", "%ld", last + 1 - first);
        http_end_headers(call->x);
        send_alphabet(call, first, last, chunk, duration / (double)length);
    }
    if (is_slow)
        slow_end();
}

static void answer_range(struct call *call)
{
    long chunk;
    double duration;

    if (call->number[0] < 1 || call->number[0] > MOST) {
        add_header_print(call, "ETag", "\"range%ld\"", call->number[0]);
        http_add_header(call->x, "Accept-Ranges", "bytes");
        send_text(call, HTTP_NOT_FOUND, "text/plain",
                  "number of bytes must be in the range (0, 102400]");
    } else if (call_arg_integer(call, "chunk_size", 1, INT32_MAX, CHUNK, &chunk) &&
               call_arg_seconds(call, "duration", 0, &duration)) {
        send_part(call, chunk < CHUNK ? chunk : CHUNK, duration);
    }
}

const struct route BODY_ROUTES[] = {{"GET", "/bytes/#", answer_bytes},
                                    {"GET", "/stream-bytes/#", answer_stream_bytes},
                                    {"GET", "/stream/#", answer_stream},
                                    {"GET", "/range/#", answer_range},
                                    {NULL, NULL, NULL}};
