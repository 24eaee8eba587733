/*
 * The chunked transfer coding: a body in pieces, each behind its size in hexadecimal digits, up to
 * a piece of size 0, and then trailer fields.
 *
 * Source: RFC 9112 section 7.1. Python: http.client decodes it inside; HTTPConnection.request(
 * encode_chunked=True) encodes.
 */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "http/headers.h"
#include "http/result.h"

enum {
    HTTP_CHUNK_LINE = 4096,    /* bytes of a size line with its extensions, at most */
    HTTP_CHUNK_EXCESS = 16384, /* bytes that size lines may be longer than 16, and twice the content
                                  behind each: else one byte could cost 4096 */
    HTTP_CHUNK_TRAILER = 8192, /* bytes of all trailer fields together, at most */
    HTTP_CHUNK_FIELDS = 100,   /* trailer fields, at most */
    HTTP_CHUNK_FRAME = 18      /* room for what http_chunk_begin() writes */
};

/* A decoder. All zero is one at the start of a body. */
struct http_chunked {
    struct http_headers trailers; /* complete only when the body is */
    const char *error;            /* after HTTP_ERROR: a phrase */

    /* Its own. */
    uint64_t left;       /* of the chunk at hand */
    size_t line;         /* bytes of the size line at hand; where the trailer line begins */
    size_t excess;       /* bytes of size lines beyond what is proper */
    struct buffer saved; /* the trailer section */
    int stage;
};

/*
 * Decodes on from length bytes at data: *used of them were taken, and *piece and *size are content
 * within them; size may be 0. HTTP_COMPLETE at the end of the body, trailers and all: what is
 * behind *used is the next message's. HTTP_PARTIAL: call again with the rest, or when there is
 * more. HTTP_ERROR: the sizes are no hexadecimal numbers below 2^63, a line end is missing, or
 * there is too much of something. Memory used does not depend on what a chunk says.
 */
enum http_result http_chunked_decode(struct http_chunked *chunked, const char *data, size_t length,
                                     size_t *used, const char **piece, size_t *size);

/* Whether the end of the body has been decoded. */
bool http_chunked_is_complete(const struct http_chunked *chunked);

/* Frees what the decoder holds, its trailers. */
void http_chunked_free(struct http_chunked *chunked);

/*
 * What stands in front of a chunk of size bytes, size > 0: writes it to frame, which has room for
 * HTTP_CHUNK_FRAME, and returns its length. Behind the chunk stands "\r\n".
 */
size_t http_chunk_begin(char *frame, uint64_t size);

/* Appends a whole chunk; nothing for length 0, which would end the body. 0, or -1 when memory is
 * short. */
int http_chunk_write(struct buffer *out, const void *data, size_t length);

/* Appends the end of the body, with trailers if they are not NULL. 0, or -1 when memory is short.
 */
int http_chunk_end(struct buffer *out, const struct http_headers *trailers);

#endif
