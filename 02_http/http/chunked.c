#include "http/chunked.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is expected next. The first must be 0. */
enum stage {
    SIZE,      /* the first digit of a size */
    DIGITS,    /* another, or what ends them */
    BLANKS,    /* blanks in front of an extension */
    EXTENSION, /* passed over */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    COMPLETE,
    FAILED
};

/* Notes why it is refused. Always -1. */
static int refuse(struct http_chunked *chunked, const char *error)
{
    chunked->error = error;
    chunked->stage = FAILED;
    return -1;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* [digit] One more digit of a size. 2^63 - 1 is the most, so that no sum with it can overflow. */
static int take_digit(struct http_chunked *chunked, int digit)
{
    if (chunked->left > (uint64_t)(INT64_MAX - digit) / 16)
        return refuse(chunked, "a chunk size that is too large");
    chunked->left = chunked->left * 16 + (uint64_t)digit;
    chunked->stage = DIGITS;
    return 0;
}
/* [/digit] */

/* The size line is whole. Extensions may be long now and then, or with much behind them. */
static int take_size_line(struct http_chunked *chunked)
{
    size_t proper = 16 + (chunked->left < HTTP_CHUNK_LINE ? 2 * (size_t)chunked->left
                                                          : (size_t)2 * HTTP_CHUNK_LINE);

    chunked->excess += chunked->line;
    chunked->excess -= chunked->excess < proper ? chunked->excess : proper;
    if (chunked->excess > HTTP_CHUNK_EXCESS)
        return refuse(chunked, "too much in chunk extensions");
    chunked->stage = chunked->left > 0 ? DATA : TRAILER;
    chunked->line = 0;
    return 0;
}

/* A byte of a size line. */
static int take_size_byte(struct http_chunked *chunked, char c)
{
    int digit = hex_digit(c);

    if (chunked->stage == SIZE_LF) {
        if (c != '\n')
            return refuse(chunked, "a size line that does not end in CR LF");
        return take_size_line(chunked);
    }
    if (++chunked->line > HTTP_CHUNK_LINE - 1) /* the LF counts too */
        return refuse(chunked, "a size line that is too long");
    if (chunked->stage <= DIGITS && digit != -1)
        return take_digit(chunked, digit);
    if (chunked->stage == SIZE)
        return refuse(chunked, "a chunk size that is no hexadecimal number");
    if (c == '\n')
        return refuse(chunked, "a size line that does not end in CR LF");
    if (c == '\r' && chunked->stage != BLANKS)
        chunked->stage = SIZE_LF;
    else if (chunked->stage == EXTENSION && http_is_value(&c, 1))
        return 0;
    else if (chunked->stage != EXTENSION && c == ';')
        chunked->stage = EXTENSION;
    else if (chunked->stage != EXTENSION && (c == ' ' || c == '\t'))
        chunked->stage = BLANKS;
    else
        return refuse(chunked, chunked->stage == EXTENSION
                                   ? "a control character in a chunk extension"
                                   : "a chunk size that is no hexadecimal number");
    return 0;
}

/* A whole line of the trailer section, from chunked->line on, has been saved. */
static int take_trailer_line(struct http_chunked *chunked)
{
    struct buffer *saved = &chunked->saved;
    char *line = saved->data + chunked->line;
    size_t length = saved->length - chunked->line - 1;
    struct http_field field;

    if (length == 0 || line[length - 1] != '\r')
        return refuse(chunked, "a trailer line that does not end in CR LF");
    if (--length == 0) {
        chunked->stage = COMPLETE;
        return 0;
    }
    if (chunked->trailers.count == HTTP_CHUNK_FIELDS)
        return refuse(chunked, "too many trailer fields");
    const char *wrong = http_field_split(line, length, &field);
    if (wrong != NULL)
        return refuse(chunked, wrong);
    line[field.name_at + field.name_length] = '\0';
    line[field.value_at + field.value_length] = '\0';
    field.name = line + field.name_at;
    field.value = line + field.value_at;
    if (http_headers_append(&chunked->trailers, &field) == -1)
        return refuse(chunked, "out of memory");
    chunked->line = saved->length;
    return 0;
}

/* Takes the trailer section as far as it goes, at most one line. Returns bytes taken, or -1. */
static ssize_t take_trailer(struct http_chunked *chunked, const char *data, size_t length)
{
    /* Room for all there may be, the empty line too: what trailers point into never moves. */
    const size_t most = HTTP_CHUNK_TRAILER + 2;
    size_t room = most - chunked->saved.length;
    size_t window = length < room ? length : room;
    const char *end = memchr(data, '\n', window);
    size_t take = end != NULL ? (size_t)(end + 1 - data) : window;

    if ((chunked->saved.data == NULL && buffer_reserve(&chunked->saved, most) == -1) ||
        buffer_add(&chunked->saved, data, take) == -1)
        return refuse(chunked, "out of memory");
    if (end != NULL && take_trailer_line(chunked) == -1)
        return -1;
    if (chunked->stage != COMPLETE && chunked->saved.length > HTTP_CHUNK_TRAILER &&
        (end != NULL || chunked->saved.length == most))
        return refuse(chunked, "trailer fields that are too long");
    return (ssize_t)take;
}

/* Content of the chunk at hand. */
static void take_data(struct http_chunked *chunked, const char *data, size_t length, size_t *used,
                      const char **piece, size_t *size)
{
    *size = chunked->left < length ? (size_t)chunked->left : length;
    *piece = data;
    *used += *size;
    chunked->left -= *size;
    if (chunked->left == 0)
        chunked->stage = DATA_CR;
}

/* A byte of the line end behind a chunk. */
static int take_data_end(struct http_chunked *chunked, char c)
{
    if (c != (chunked->stage == DATA_CR ? '\r' : '\n'))
        return refuse(chunked, "a chunk that does not end in CR LF where its size says");
    chunked->stage = chunked->stage == DATA_CR ? DATA_LF : SIZE;
    return 0;
}

enum http_result http_chunked_decode(struct http_chunked *chunked, const char *data, size_t length,
                                     size_t *used, const char **piece, size_t *size)
{
    *used = 0;
    *piece = data;
    *size = 0;
    /* [decode] */
    while (*used < length && *size == 0 && chunked->stage < COMPLETE) {
        const char *next = data + *used;

        if (chunked->stage == DATA) {
            take_data(chunked, next, length - *used, used, piece, size);
        } else if (chunked->stage == TRAILER) {
            ssize_t taken = take_trailer(chunked, next, length - *used);

            *used += taken > 0 ? (size_t)taken : 0;
        } else if (chunked->stage == DATA_CR || chunked->stage == DATA_LF) {
            *used += take_data_end(chunked, *next) == 0;
        } else {
            *used += take_size_byte(chunked, *next) == 0;
        }
    }
    /* [/decode] */
    if (chunked->stage == FAILED)
        return HTTP_ERROR;
    return chunked->stage == COMPLETE ? HTTP_COMPLETE : HTTP_PARTIAL;
}

bool http_chunked_is_complete(const struct http_chunked *chunked)
{
    return chunked->stage == COMPLETE;
}

void http_chunked_free(struct http_chunked *chunked)
{
    http_headers_free(&chunked->trailers);
    buffer_free(&chunked->saved);
}

size_t http_chunk_begin(char *frame, uint64_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 1;

    while (length < 16 && size >> (length * 4) != 0)
        length++;
    for (size_t i = 0; i < length; i++)
        frame[i] = digits[size >> ((length - 1 - i) * 4) & 15];
    frame[length] = '\r';
    frame[length + 1] = '\n';
    return length + 2;
}

int http_chunk_write(struct buffer *out, const void *data, size_t length)
{
    char frame[HTTP_CHUNK_FRAME];
    size_t before = out->length;

    if (length == 0)
        return 0; /* a chunk of nothing is the end */
    if (buffer_add(out, frame, http_chunk_begin(frame, length)) == 0 &&
        buffer_add(out, data, length) == 0 && buffer_add(out, "\r\n", 2) == 0)
        return 0;
    out->length = before;
    errno = ENOMEM;
    return -1;
}

int http_chunk_end(struct buffer *out, const struct http_headers *trailers)
{
    if (buffer_add(out, "0\r\n", 3) == -1 ||
        (trailers != NULL && http_headers_write(trailers, out) == -1) ||
        buffer_add(out, "\r\n", 2) == -1) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}
