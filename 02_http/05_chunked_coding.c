/*
 * 2.05  Chunked coding
 *
 * Sends a body whose length nobody knows yet, in chunks, and takes such a body apart again.
 *
 * Python:  http.client.HTTPConnection.request(encode_chunked=True), HTTPResponse.read()
 * Usage:   05_chunked_coding encode SIZE [TRAILER] <body, or 05_chunked_coding decode <coded
 * See:     RFC 9112 sections 7.1 and 7.1.2; RFC 9110 section 6.5 (trailers)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/chunked.h"

enum { BLOCK = 16384 }; /* bytes of memory for a body of any size */

static void put(const char *data, size_t length)
{
    if (fwrite(data, 1, length, stdout) != length)
        die_errno("standard output");
}

/* Reads up to size bytes, fewer at the end only. Returns how many. */
static size_t get(char *data, size_t size)
{
    size_t length = fread(data, 1, size, stdin);

    if (length < size && ferror(stdin))
        die_errno("standard input");
    return length;
}

/* Chunks of size bytes, and behind them how many bytes they were, if it has a name. */
static void encode(size_t size, const char *trailer)
{
    struct http_headers trailers = {0};
    struct buffer out = {0};
    char block[BLOCK];
    size_t length;
    uint64_t total = 0;

    while ((length = get(block, size)) > 0) {
        total += length;
        out.length = 0;
        if (http_chunk_write(&out, block, length) == -1)
            die_errno("chunk");
        put(out.data, out.length);
    }
    out.length = 0;
    if ((trailer != NULL &&
         http_headers_print(&trailers, trailer, "%llu", (unsigned long long)total) == -1) ||
        http_chunk_end(&out, &trailers) == -1)
        die_errno("trailer");
    put(out.data, out.length);
    http_headers_free(&trailers);
    buffer_free(&out);
}

/* Any size of body in one block of memory. Returns 0 when all of it was there. */
static int decode(void)
{
    struct http_chunked chunked = {0};
    enum http_result result = HTTP_PARTIAL;
    char block[BLOCK];
    size_t length = 0, at = 0, used, size;
    const char *piece;

    while (result == HTTP_PARTIAL) {
        if (at == length) {
            at = 0;
            length = get(block, sizeof block);
            if (length == 0)
                break;
        }
        result = http_chunked_decode(&chunked, block + at, length - at, &used, &piece, &size);
        put(piece, size);
        at += used;
    }
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    for (size_t i = 0; result == HTTP_COMPLETE && i < chunked.trailers.count; i++)
        report("trailer %s is %s", chunked.trailers.fields[i].name,
               chunked.trailers.fields[i].value);
    if (result == HTTP_COMPLETE && at < length)
        report("%zu bytes behind the body", length - at);
    if (result != HTTP_COMPLETE)
        report("%s", result == HTTP_ERROR ? chunked.error : "the body was cut off");
    http_chunked_free(&chunked);
    return result == HTTP_COMPLETE ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;
    long size;

    if (argc >= 3 && argc <= 4 && strcmp(argv[1], "encode") == 0 &&
        number_parse(argv[2], 1, BLOCK, &size))
        encode((size_t)size, argc == 4 ? argv[3] : NULL);
    else if (argc == 2 && strcmp(argv[1], "decode") == 0)
        status = decode();
    else
        die_usage("encode SIZE [TRAILER] <body, or decode <coded");
    finish(status);
}
