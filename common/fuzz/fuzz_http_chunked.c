/*
 * Feeds the decoder of chunks: in one piece, and in slices whose lengths come from the input. Both
 * ways must give the same content, end and trailers, and what was decoded must come back the same
 * when it is coded again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/chunked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool holds)
{
    if (!holds)
        abort();
}

/* A number below range, which depends on the input alone. */
static size_t below(uint64_t *state, size_t range)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(*state >> 33) % range;
}

/*
 * Decodes slices of at most `most` bytes, each in a block of its own, so that the sanitizer sees
 * any overrun. Appends the content; *at is how far it came.
 */
static enum http_result decode(struct http_chunked *chunked, const char *data, size_t size,
                               uint64_t seed, size_t most, struct buffer *out, size_t *at)
{
    enum http_result result = HTTP_PARTIAL;

    for (*at = 0; result == HTTP_PARTIAL && *at < size;) {
        size_t there = 1 + below(&seed, most), used, length;
        const char *piece;

        there = there > size - *at ? size - *at : there;
        char *copy = malloc(there);
        insist(copy != NULL);
        memcpy(copy, data + *at, there);
        result = http_chunked_decode(chunked, copy, there, &used, &piece, &length);
        insist(used <= there && length <= used && (used > 0 || result != HTTP_PARTIAL));
        insist(length == 0 || (piece >= copy && piece + length <= copy + used));
        insist(chunked->left <= INT64_MAX);
        insist(chunked->saved.capacity <= (size_t)HTTP_CHUNK_TRAILER * 2); /* whatever it says */
        insist(buffer_add(out, piece, length) == 0);
        *at += used;
        free(copy);
    }
    insist((result == HTTP_ERROR) == (chunked->error != NULL));
    insist((result == HTTP_COMPLETE) == http_chunked_is_complete(chunked));
    return result;
}

static void same_fields(const struct http_headers *a, const struct http_headers *b)
{
    insist(a->count == b->count && a->count <= HTTP_CHUNK_FIELDS);
    for (size_t i = 0; i < a->count; i++) {
        const struct http_field *field = &a->fields[i];

        insist(strcmp(field->name, b->fields[i].name) == 0);
        insist(strcmp(field->value, b->fields[i].value) == 0);
        insist(http_is_token(field->name, strlen(field->name)));
        insist(http_is_value(field->value, strlen(field->value)));
    }
}

/* Codes the content in chunks of other sizes, with the same trailers, and decodes that. */
static void coded_again(const struct buffer *content, const struct http_headers *trailers,
                        uint64_t seed)
{
    struct http_chunked chunked = {0};
    struct buffer coded = {0}, out = {0};
    size_t length;

    for (size_t at = 0; at < content->length; at += length) {
        length = 1 + below(&seed, 40);
        length = length > content->length - at ? content->length - at : length;
        insist(http_chunk_write(&coded, content->data + at, length) == 0);
    }
    insist(http_chunk_end(&coded, trailers) == 0);
    size_t end, all = coded.length, fields = 0;
    for (size_t i = 0; i < trailers->count; i++) /* ": " may be longer than what was sent */
        fields += trailers->fields[i].name_length + trailers->fields[i].value_length + 4;
    if (fields <= HTTP_CHUNK_TRAILER) {
        insist(decode(&chunked, coded.data, all, seed, 30, &out, &end) == HTTP_COMPLETE);
        insist(end == all && out.length == content->length);
        insist(out.length == 0 || memcmp(out.data, content->data, out.length) == 0);
        same_fields(&chunked.trailers, trailers);
    }
    http_chunked_free(&chunked);
    buffer_free(&coded);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_chunked whole = {0}, sliced = {0};
    struct buffer one = {0}, many = {0};
    uint64_t seed = size;
    size_t end, end_sliced;

    for (size_t i = 0; i < size; i++)
        seed = (seed ^ data[i]) * 1099511628211U; /* slices differ from input to input */
    enum http_result result =
        decode(&whole, (const char *)data, size, seed, SIZE_MAX / 2, &one, &end);
    insist(result ==
           decode(&sliced, (const char *)data, size, seed, 1 + seed % 20, &many, &end_sliced));
    insist(result == HTTP_ERROR || end == end_sliced);
    insist(result != HTTP_ERROR || strcmp(whole.error, sliced.error) == 0);
    insist(one.length == many.length);
    insist(one.length == 0 || memcmp(one.data, many.data, one.length) == 0);
    same_fields(&whole.trailers, &sliced.trailers);
    if (result == HTTP_COMPLETE)
        coded_again(&one, &whole.trailers, seed);
    http_chunked_free(&whole);
    http_chunked_free(&sliced);
    buffer_free(&one);
    buffer_free(&many);
    return 0;
}
