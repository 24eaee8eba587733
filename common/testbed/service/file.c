/*
 * /file/N: a file of N bytes, to 1 GiB, which httpbin has not: what downloads are tried on. Byte i
 * is a function of i alone, so that a piece can be checked. The query says how it is served:
 *
 *   rate=R      R bytes a second
 *   cut=K       the connection ends K bytes into the answer, whatever was promised
 *   version=V   another file: with another tag, date and content
 *   ranges=0    Range is not honoured, and not offered
 *   tag=0       no ETag; date=0: no Last-Modified
 *   length=0    no Content-Length
 */
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "http/date.h"
#include "testbed/service/service.h"

enum { PIECE = 65536, MOST = 1 << 30, BORN = 1767225600 }; /* 1 January 2026 */

struct asked {
    long rate, cut, version, ranges, tag, date, length;
    long first, last; /* of the bytes that are sent */
    bool partial;
};

static bool read_asked(struct call *call, struct asked *asked)
{
    long size = call->number[0];

    asked->first = 0;
    asked->last = size - 1;
    asked->partial = false;
    return call_arg_integer(call, "rate", 1, INT64_MAX, 0, &asked->rate) &&
           call_arg_integer(call, "cut", 0, INT64_MAX, -1, &asked->cut) &&
           call_arg_integer(call, "version", 0, 100000, 1, &asked->version) &&
           call_arg_integer(call, "ranges", 0, 1, 1, &asked->ranges) &&
           call_arg_integer(call, "tag", 0, 1, 1, &asked->tag) &&
           call_arg_integer(call, "date", 0, 1, 1, &asked->date) &&
           call_arg_integer(call, "length", 0, 1, 1, &asked->length);
}

/* What stands at a place: letters in lines of 64, so that it can be looked at. */
static void fill(char *piece, long at, size_t length, long version)
{
    for (size_t i = 0; i < length; i++) {
        uint64_t place = (uint64_t)at + i;
        uint64_t line = (place / 64 + 1) * 2654435761u * ((uint64_t)version * 2 + 1);
        piece[i] = place % 64 == 63 ? '\n' : (char)('a' + (line / 997 + place % 64) % 26);
    }
}

static void send_content(struct call *call, const struct asked *asked)
{
    char piece[PIECE];
    long left = asked->last + 1 - asked->first, at = asked->first;
    /* Twenty pieces a second, whatever the rate. */
    long most = asked->rate == 0 || asked->rate / 20 > PIECE ? PIECE
                : asked->rate < 20                           ? 1
                                                             : asked->rate / 20;

    if (asked->cut >= 0 && asked->cut < left)
        left = asked->cut;
    while (left > 0 && !http_exchange_failed(call->x)) {
        size_t length = (size_t)(left < most ? left : most);
        fill(piece, at, length, asked->version);
        http_send_body(call->x, piece, length);
        at += (long)length;
        left -= (long)length;
        if (asked->rate > 0 && !slow_sleep(call, (double)length / (double)asked->rate))
            return;
    }
    if (at <= asked->last)
        call_cut(call);
}

/* Whether the client's copy is this very file. RFC 9110 sections 13.1.2, 13.1.3 and 13.1.5. */
static bool is_same(const char *sent, const char *tag, const char *date)
{
    return strcmp(sent, tag) == 0 || strcmp(sent, date) == 0;
}

static void send_file(struct call *call, struct asked *asked, const char *tag, const char *date)
{
    const char *guard = call_header(call, "If-Range"), *range = call_header(call, "Range");
    long size = call->number[0];

    if (asked->ranges != 0 && range != NULL && (guard == NULL || is_same(guard, tag, date)) &&
        !range_read(range, size, &asked->first, &asked->last)) {
        add_header_print(call, "Content-Range", "bytes */%ld", size);
        send_text(call, HTTP_RANGE_NOT_SATISFIABLE, NULL, "");
        return;
    }
    asked->partial = asked->first > 0 || asked->last < size - 1;
    http_send_response(call->x, asked->partial ? HTTP_PARTIAL_CONTENT : HTTP_OK);
    http_send_header(call->x, "Content-Type", "application/octet-stream");
    if (asked->ranges != 0)
        http_send_header(call->x, "Accept-Ranges", "bytes");
    if (asked->partial)
        http_print_header(call->x, "Content-Range", "bytes %ld-%ld/%ld", asked->first, asked->last,
                          size);
    if (asked->length != 0)
        http_print_header(call->x, "Content-Length", "%ld", asked->last + 1 - asked->first);
    http_end_headers(call->x);
    if (strcmp(call->method, "HEAD") != 0)
        send_content(call, asked);
}

static void answer_file(struct call *call)
{
    struct asked asked;
    char tag[64] = "", date[HTTP_DATE_SIZE] = "";
    const char *none = call_header(call, "If-None-Match");

    if (call->number[0] > MOST) {
        send_bad(call, "a file has 1 GiB at most");
        return;
    }
    if (!read_asked(call, &asked))
        return;
    if (asked.tag != 0) { /* it has room */
        (void)snprintf(tag, sizeof tag, "\"%ld-%ld\"", call->number[0], asked.version);
        http_add_header(call->x, "ETag", tag);
    }
    if (asked.date != 0 && http_date_format(BORN + asked.version * 86400, date))
        http_add_header(call->x, "Last-Modified", date);
    if (none == NULL)
        none = call_header(call, "If-Modified-Since");
    if (none != NULL && is_same(none, tag, date)) {
        http_answer(call->x, HTTP_NOT_MODIFIED, NULL, NULL, 0);
    } else if (asked.rate == 0) {
        send_file(call, &asked, tag, date);
    } else if (slow_begin(call)) {
        send_file(call, &asked, tag, date);
        slow_end();
    }
}

const struct route FILE_ROUTES[] = {{"GET", "/file/#", answer_file}, {NULL, NULL, NULL}};
