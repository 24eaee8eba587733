/*
 * Feeds the parser of heads and the reader of bodies, as a request and as responses: in one piece,
 * and in slices whose lengths come from the input. Both ways must tell the same; what was accepted
 * must be well-formed, and be read as the same when it is written again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/message.h"

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

static void begin(struct http_head *head, const char *method, uint64_t seed)
{
    const struct http_limits small = {.line = 64, .fields = 6, .head = 200};
    const struct http_limits *limits = seed % 4 == 0 ? &small : NULL;

    if (method != NULL)
        http_head_response(head, method, limits);
    else
        http_head_request(head, limits);
}

/* A copy without a byte more, so that the sanitizer sees any overrun. */
static char *copy_of(const uint8_t *data, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    insist(copy != NULL);
    memcpy(copy, data, length);
    return copy;
}

/* Parses in slices. The copy that the head points into is *copy, the caller's to free. */
static enum http_result parse_slices(struct http_head *head, const uint8_t *data, size_t size,
                                     uint64_t seed, char **copy)
{
    enum http_result result = HTTP_PARTIAL;
    size_t most = size / (1 + below(&seed, 16)) + 1;

    *copy = NULL;
    for (size_t there = below(&seed, most); result == HTTP_PARTIAL;) {
        free(*copy);
        *copy = copy_of(data, there);
        result = http_head_parse(head, *copy, there);
        insist(result != HTTP_PARTIAL || memcmp(*copy, data, there) == 0);
        if (there == size)
            break;
        there += 1 + below(&seed, most);
        there = there > size ? size : there;
    }
    return result;
}

static void same_text(const char *a, const char *b)
{
    insist((a == NULL) == (b == NULL));
    insist(a == NULL || (b != NULL && strcmp(a, b) == 0));
}

static void same_fields(const struct http_headers *a, const struct http_headers *b)
{
    insist(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        same_text(a->fields[i].name, b->fields[i].name);
        same_text(a->fields[i].value, b->fields[i].value);
    }
}

static void same_heads(const struct http_head *a, const struct http_head *b)
{
    same_text(a->method, b->method);
    same_text(a->target, b->target);
    same_text(a->reason, b->reason);
    same_text(a->error, b->error);
    insist(a->refusal == b->refusal && a->status == b->status && a->version == b->version);
    insist(a->length == b->length && a->framing == b->framing);
    insist(a->content_length == b->content_length && a->keep_alive == b->keep_alive);
    insist(a->expects_continue == b->expects_continue);
    same_fields(&a->headers, &b->headers);
}

static void well_formed(const struct http_head *head, size_t size)
{
    insist(head->length <= size);
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct http_field *field = &head->headers.fields[i];

        insist(strlen(field->name) == field->name_length);
        insist(strlen(field->value) == field->value_length);
        insist(http_is_token(field->name, field->name_length));
        insist(http_is_value(field->value, field->value_length));
    }
    if (head->framing == HTTP_LENGTH || head->framing == HTTP_CHUNKED)
        insist(http_headers_get(&head->headers, "Content-Length") == NULL ||
               http_headers_get(&head->headers, "Transfer-Encoding") == NULL);
    if (head->kind == HTTP_REQUEST && head->version == 11)
        insist(http_headers_count(&head->headers, "Host") == 1);
}

/* Writes the head anew, and parses that. */
static void written_again(const struct http_head *head, const char *method)
{
    struct buffer out = {0};
    struct http_head again;
    int rc = head->kind == HTTP_REQUEST
                 ? http_write_request(&out, head->method, head->target, &head->headers)
                 : http_write_response(&out, head->status, head->reason, &head->headers);

    insist(rc == 0);
    begin(&again, method, 1);
    enum http_result result = http_head_parse(&again, out.data, out.length);
    if (head->version == 11) { /* what is written is HTTP/1.1, which asks for more than 1.0 */
        insist(result == HTTP_COMPLETE && again.length == out.length);
        same_text(head->method, again.method);
        same_text(head->target, again.target);
        same_fields(&head->headers, &again.headers);
        insist(head->framing == again.framing && head->keep_alive == again.keep_alive);
    }
    http_head_free(&again);
    buffer_free(&out);
}

/* Reads the body in slices, up to the end or an error. Appends the content, and how it ended. */
static void read_body(const struct http_head *head, const uint8_t *data, size_t size, uint64_t seed,
                      size_t most, struct buffer *out)
{
    struct http_body body;
    enum http_result result = HTTP_PARTIAL;
    size_t at = 0;

    http_body_begin(&body, head);
    while (result == HTTP_PARTIAL && at < size) {
        size_t there = 1 + below(&seed, most), used, length;
        const char *piece;

        there = there > size - at ? size - at : there;
        char *copy = copy_of(data + at, there);
        result = http_body_read(&body, copy, there, &used, &piece, &length);
        insist(used <= there && length <= used && (used > 0 || result != HTTP_PARTIAL));
        insist(length == 0 || (piece >= copy && piece + length <= copy + used));
        insist(buffer_add(out, piece, length) == 0);
        at += used;
        free(copy);
    }
    insist((result == HTTP_ERROR) == (body.error != NULL));
    if (result != HTTP_ERROR) /* where in what was there it is refused, depends on that */
        insist(buffer_print(out, "|%d %zu %d", (int)result, at, http_body_may_end(&body)) == 0);
    else
        insist(buffer_print(out, "|%s", body.error) == 0);
    http_body_free(&body);
}

static void try_as(const char *method, const uint8_t *data, size_t size, uint64_t seed)
{
    struct http_head whole, sliced;
    struct buffer one = {0}, many = {0};
    char *copy = copy_of(data, size), *slices;

    begin(&whole, method, seed);
    begin(&sliced, method, seed);
    enum http_result result = http_head_parse(&whole, copy, size);
    insist(parse_slices(&sliced, data, size, seed, &slices) == result);
    same_heads(&whole, &sliced);
    insist((result == HTTP_ERROR) == (whole.error != NULL));
    insist((result == HTTP_ERROR) == (whole.refusal >= 400));
    if (result == HTTP_COMPLETE) {
        well_formed(&whole, size);
        written_again(&whole, method);
        read_body(&whole, data + whole.length, size - whole.length, seed, SIZE_MAX / 2, &one);
        read_body(&whole, data + whole.length, size - whole.length, seed, 1 + seed % 20, &many);
        insist(one.length == many.length && memcmp(one.data, many.data, one.length) == 0);
    }
    buffer_free(&one);
    buffer_free(&many);
    http_head_free(&whole);
    http_head_free(&sliced);
    free(copy);
    free(slices);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t seed = size;

    for (size_t i = 0; i < size; i++)
        seed = (seed ^ data[i]) * 1099511628211U; /* slices differ from input to input */
    if (size >= 4 && memcmp(data, "HTTP", 4) == 0) {
        try_as("GET", data, size, seed);
        try_as("HEAD", data, size, seed);
        try_as("CONNECT", data, size, seed);
    }
    try_as(NULL, data, size, seed);
    return 0;
}
