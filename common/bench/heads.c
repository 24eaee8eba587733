/*
 * How fast the head of a request is parsed: one of 524 bytes and ten fields, as a browser sends it,
 * on a connection that stays open. heads.py puts what others published of theirs beside it.
 *
 * Usage: heads, which prints "bytes 524", "whole_ns 250", and "pieces_ns 300" for a head that comes
 * in 16 pieces: the best of several rounds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/message.h"

enum { ROUNDS = 300, TURNS = 1000, PIECES = 16 }; /* short rounds: one of them is undisturbed */

static const char REQUEST[] =
    "GET /library/networks/chapter-2/index.html?from=search&page=3 HTTP/1.1\r\n"
    "Host: books.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: de,en-GB;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Referer: https://books.example.org/library/networks/\r\n"
    "Cookie: session=0123456789abcdef; seen=17; theme=plain\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "\r\n";

/* Nanoseconds a head, with what it costs to put it into the buffer, as a server must. */
static double measure(size_t pieces)
{
    const size_t length = sizeof REQUEST - 1;
    char data[sizeof REQUEST];
    struct http_head head;
    uint64_t best = UINT64_MAX;

    http_head_request(&head, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = now_ns();
        for (int i = 0; i < TURNS; i++) {
            enum http_result result = HTTP_PARTIAL;

            memcpy(data, REQUEST, length);
            http_head_reset(&head);
            for (size_t piece = 1; piece <= pieces; piece++)
                result = http_head_parse(&head, data, length * piece / pieces);
            if (result != HTTP_COMPLETE || head.headers.count != 10)
                die("the head was not parsed");
        }
        uint64_t took = now_ns() - start;
        best = took < best ? took : best;
    }
    http_head_free(&head);
    return (double)best / TURNS;
}

int main(void)
{
    double whole = measure(1), pieces = measure(PIECES);

    (void)printf("bytes %zu\nwhole_ns %.1f\npieces_ns %.1f\n", sizeof REQUEST - 1, whole, pieces);
    finish(EXIT_SUCCESS);
}
