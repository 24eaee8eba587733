/*
 * 2.04  Parsing a message
 *
 * Parses requests as they come, in slices of any size, and shows two readers that disagree.
 *
 * Python:  http.server.BaseHTTPRequestHandler.parse_request(), http.client.HTTPResponse.begin()
 * Usage:   04_parse_message SLICE <requests, or 04_parse_message naive <requests
 * See:     RFC 9112 sections 2 to 6 and 11.2
 * Leaves out: responses, which http_head_response() parses in the same way (lesson 2.06).
 */
#define _GNU_SOURCE /* strcasestr(), for the naive readers */
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/message.h"

enum { MOST = 1 << 20 }; /* bytes of requests that are read */

/* Feeds a head slice by slice, as recv() might bring it. Returns its length, or 0. */
static size_t feed_head(struct http_head *head, char *data, size_t length, size_t slice)
{
    enum http_result result = HTTP_PARTIAL;
    size_t there = 0, calls = 0;

    while (result == HTTP_PARTIAL && there < length) {
        there = length - there < slice ? length : there + slice;
        result = http_head_parse(head, data, there);
        calls++;
    }
    printf("call %zu, with %zu bytes: ", calls, there);
    if (result == HTTP_PARTIAL)
        puts("partial");
    if (result == HTTP_ERROR)
        printf("%d, %s\n", head->refusal, head->error);
    return result == HTTP_COMPLETE ? head->length : 0;
}

/* Passes over the body behind a head. Returns its length on the wire, or SIZE_MAX. */
static size_t feed_body(const struct http_head *head, const char *data, size_t length, size_t slice)
{
    struct http_body body;
    enum http_result result = HTTP_PARTIAL;
    size_t at = 0, used, size, content = 0;
    const char *piece;

    http_body_begin(&body, head);
    do {
        size_t there = length - at < slice ? length - at : slice;
        result = http_body_read(&body, data + at, there, &used, &piece, &size);
        at += used;
        content += size;
    } while (result == HTTP_PARTIAL && at < length);
    printf("  body: %zu bytes of content, %s\n", content,
           result == HTTP_COMPLETE  ? "complete"
           : result == HTTP_PARTIAL ? "partial"
                                    : body.error);
    http_body_free(&body);
    return result == HTTP_COMPLETE ? at : SIZE_MAX;
}

static void show(const struct http_head *head)
{
    printf("complete, %zu bytes\n  %s, %s, HTTP/%d.%d, the connection %s\n", head->length,
           head->method, head->target, head->version / 10, head->version % 10,
           head->keep_alive ? "stays" : "ends");
    for (size_t i = 0; i < head->headers.count; i++)
        printf("  %s = \"%s\"\n", head->headers.fields[i].name, head->headers.fields[i].value);
}

/* Parses one request after the other, as they stand on one connection. Returns an exit status. */
static int parse(char *data, size_t length, size_t slice)
{
    struct http_head head;
    size_t taken = 1;

    http_head_request(&head, NULL);
    while (length > 0 && taken > 0) {
        taken = feed_head(&head, data, length, slice);
        if (taken > 0) {
            show(&head);
            size_t body = feed_body(&head, data + taken, length - taken, slice);
            taken = body == SIZE_MAX ? 0 : taken + body;
        }
        data += taken;
        length -= taken;
        http_head_reset(&head);
    }
    http_head_free(&head);
    return length == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * How many bytes the request at text has, for a reader that believes Content-Length alone,
 * or for one that looks for chunks first. Neither is told of the other's rule.
 */
static size_t naive_length(const char *text, bool chunks)
{
    const char *end = strstr(text, "\r\n\r\n"), *field;

    if (end == NULL)
        return strlen(text);
    end += 4;
    field = strcasestr(text, "Transfer-Encoding: chunked");
    if (chunks && field != NULL && field < end) {
        const char *last = strstr(end, "0\r\n\r\n");
        return last != NULL ? (size_t)(last + 5 - text) : strlen(text);
    }
    field = strcasestr(text, "Content-Length:");
    size_t body = field != NULL && field < end ? strtoul(field + 15, NULL, 10) : 0;
    return body < strlen(end) ? (size_t)(end - text) + body : strlen(text);
}

/* What a naive reader takes for requests: their first lines. */
static void read_naively(const char *text, bool chunks)
{
    printf("%s:\n", chunks ? "chunks first" : "Content-Length alone");
    for (; *text != '\0'; text += naive_length(text, chunks))
        printf("  %.*s\n", (int)strcspn(text, "\r\n"), text);
}

int main(int argc, char **argv)
{
    struct buffer text = {0};
    int status = EXIT_SUCCESS;
    long slice = 0;
    bool naive = argc == 2 && strcmp(argv[1], "naive") == 0;

    if (!naive && (argc != 2 || !number_parse(argv[1], 1, LONG_MAX, &slice)))
        die_usage("SLICE <requests, or naive <requests");
    if (buffer_add_file(&text, "/dev/stdin", MOST) == -1)
        die_errno("standard input");
    if (naive) {
        read_naively(buffer_text(&text), false);
        read_naively(buffer_text(&text), true);
    } else if (text.length > 0) {
        status = parse(text.data, text.length, (size_t)slice);
    }
    buffer_free(&text);
    finish(status);
}
