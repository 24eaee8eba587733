/*
 * http/chunked: bodies in pieces. Every body here is decoded whole, cut in two at every place, and
 * byte by byte, and the result has to be the same.
 */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "http/chunked.h"

/* Decodes bytes from *at up to end, adding content to out. */
static enum http_result decode(struct http_chunked *chunked, const char *text, size_t *at,
                               size_t end, struct buffer *out)
{
    enum http_result result = HTTP_PARTIAL;
    char *copy = malloc(end - *at + 1); /* so that the sanitizer sees any overrun */
    const char *next = copy;

    assert_non_null(copy);
    memcpy(copy, text + *at, end - *at);
    while (result == HTTP_PARTIAL && *at < end) {
        size_t used, size;
        const char *piece;

        result = http_chunked_decode(chunked, next, end - *at, &used, &piece, &size);
        assert_true(used <= end - *at && size <= used);
        assert_true(piece >= next && piece + size <= next + used);
        assert_true(used > 0 || result != HTTP_PARTIAL);
        assert_int_equal(buffer_add(out, piece, size), 0);
        *at += used;
        next += used;
    }
    free(copy);
    return result;
}

/* Appends how it ended: what is left, the trailers, or why it is refused. */
static void describe(const struct http_chunked *chunked, enum http_result result, size_t left,
                     struct buffer *out)
{
    assert_int_equal(http_chunked_is_complete(chunked), result == HTTP_COMPLETE);
    if (result == HTTP_ERROR) {
        assert_int_equal(buffer_print(out, "|%s", chunked->error), 0);
        return;
    }
    assert_int_equal(buffer_add(out, "|", 1), 0);
    if (result == HTTP_PARTIAL) {
        assert_int_equal(buffer_print(out, "partial"), 0);
        return;
    }
    for (size_t i = 0; i < chunked->trailers.count; i++)
        assert_int_equal(buffer_print(out, "%s=%s;", chunked->trailers.fields[i].name,
                                      chunked->trailers.fields[i].value),
                         0);
    assert_int_equal(buffer_print(out, "%zu left", left), 0);
}

/* Decodes text, first `first` bytes of it, then `by` bytes at a time. Appends what it was. */
static void decode_sliced(const char *text, size_t length, size_t first, size_t by,
                          struct buffer *out)
{
    struct http_chunked chunked = {0};
    size_t at = 0, end = first;
    enum http_result result;

    for (;;) {
        result = decode(&chunked, text, &at, end, out);
        if (result != HTTP_PARTIAL || end == length)
            break;
        end = length - end < by ? length : end + by;
    }
    describe(&chunked, result, length - at, out);
    http_chunked_free(&chunked);
}

static void body_of(const char *text, size_t length, const char *expected)
{
    size_t stride = length > 2000 ? length / 97 : 1;
    struct buffer out = {0};

    decode_sliced(text, length, length, 1, &out);
    if (strcmp(buffer_text(&out), expected) != 0)
        fail_msg("\"%.*s\" is\n  \"%s\", not\n  \"%s\"", (int)length, text, buffer_text(&out),
                 expected);
    for (size_t cut = 0; cut <= length; cut += stride) {
        out.length = 0;
        decode_sliced(text, length, cut, length, &out);
        if (strcmp(buffer_text(&out), expected) != 0)
            fail_msg("\"%.*s\", cut at %zu, is\n  \"%s\", not\n  \"%s\"", (int)length, text, cut,
                     buffer_text(&out), expected);
    }
    for (size_t by = 1; by <= 3; by++) {
        out.length = 0;
        decode_sliced(text, length, 0, by, &out);
        assert_string_equal(buffer_text(&out), expected);
    }
    buffer_free(&out);
}

static void body(const char *text, const char *expected)
{
    body_of(text, strlen(text), expected);
}

static void test_bodies(void **state)
{
    (void)state;
    body("0\r\n\r\n", "|0 left");
    body("5\r\nhello\r\n0\r\n\r\n", "hello|0 left");
    body("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nGET /", "hello|5 left");
    body("0005\r\nhello\r\n000\r\n\r\n", "hello|0 left");
    body("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789|0 left");
    body("2\r\n\r\n\r\n0\r\n\r\n", "\r\n|0 left");
    body("5;a\r\nhello\r\n0;b=\"c;d\"\r\n\r\n", "hello|0 left");
    body("5 \t; a = b\r\nhello\r\n0\r\n\r\n", "hello|0 left");
    body("0\r\nA: b\r\nC:\r\n\r\nnext", "|A=b;C=;4 left");
    body("", "|partial");
    body("5", "|partial");
    body("5\r\nhell", "hell|partial");
    body("5\r\nhello", "hello|partial");
    body("5\r\nhello\r", "hello|partial");
    body("5\r\nhello\r\n", "hello|partial");
    body("0\r\n", "|partial");
    body("0\r\nA: b\r\n", "|partial");
    body("0\r\n\r", "|partial");
}

static void test_sizes(void **state)
{
    static const char bad[] = "|a chunk size that is no hexadecimal number";

    (void)state;
    body("\r\n", bad);
    body(" 5\r\nhello", bad);
    body("+5\r\nhello", bad);
    body("-5\r\nhello", bad);
    body("0x5\r\nhello", bad);
    body("5x\r\nhello", bad);
    body("5 \r\nhello", bad);
    body("5 5\r\nhello", bad);
    body("g\r\n", bad);
    body(";a\r\n", bad);
    body_of("5\0\r\nhello", 9, bad);
    body("7fffffffffffffff\r\nx", "x|partial");
    body("00007FFFFFFFFFFFFFFF\r\nx", "x|partial");
    body("8000000000000000\r\nx", "|a chunk size that is too large");
    body("ffffffffffffffff\r\nx", "|a chunk size that is too large");
    body("10000000000000000\r\nx", "|a chunk size that is too large");
    body("10000000000000005\r\nhello\r\n0\r\n\r\n", "|a chunk size that is too large");
}

static void test_line_ends(void **state)
{
    static const char line[] = "|a size line that does not end in CR LF";
    static const char chunk[] = "|a chunk that does not end in CR LF where its size says";
    char told[128];

    (void)state;
    body("5\nhello", line);
    body("5\rhello", line);
    body("5\r\rhello", line);
    body("5;a\nhello", line);
    body("5;a\rb\nhello", line);
    body("5; \"a\n\"hello", line);
    body("5;a\x01\r\n", "|a control character in a chunk extension");
    body_of("5;\0\r\n", 6, "|a control character in a chunk extension");
    (void)snprintf(told, sizeof told, "hello%s", chunk);
    body("5\r\nhello0\r\n\r\n", told);
    body("5\r\nhello\n0\r\n\r\n", told);
    body("5\r\nhello!\r\n0\r\n\r\n", told);
    body("5\r\nhello\r0\r\n\r\n", told);
    (void)snprintf(told, sizeof told, "hell%s", chunk);
    body("4\r\nhello\r\n0\r\n\r\n", told);
}

static void test_trailers(void **state)
{
    (void)state;
    body("0\r\nA: b\n\r\n", "|a trailer line that does not end in CR LF");
    body("0\r\n\n", "|a trailer line that does not end in CR LF");
    body("0\r\nA : b\r\n\r\n", "|a blank before the colon");
    body("0\r\n A: b\r\n\r\n", "|a folded line");
    body("0\r\nA: b\r\n c\r\n\r\n", "|a folded line");
    body("0\r\nA\r\n\r\n", "|a line without a colon");
    body("0\r\nA: b\rc\r\n\r\n", "|a bare CR");
    body_of("0\r\nA: \0\r\n\r\n", 11, "|a NUL byte");
    body("0\r\n\rX\r\n", "|a line without a colon");
}

/* A body out of parts: before, count times x, behind. */
static void body_with(const char *before, size_t count, const char *behind, const char *expected)
{
    struct buffer text = {0};

    assert_int_equal(buffer_print(&text, "%s", before), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buffer_add(&text, "x", 1), 0);
    assert_int_equal(buffer_print(&text, "%s", behind), 0);
    body_of(text.data, text.length, expected);
    buffer_free(&text);
}

static void test_limits(void **state)
{
    struct buffer many = {0};

    (void)state;
    body_with("0;", HTTP_CHUNK_LINE - 4, "\r\n\r\n", "|0 left"); /* 4096 with the line's end */
    body_with("0;", HTTP_CHUNK_LINE - 3, "\r\n\r\n", "|a size line that is too long");
    body_with("0;", HTTP_CHUNK_LINE, "", "|a size line that is too long");
    for (size_t i = 0; i < HTTP_CHUNK_LINE - 2; i++)
        assert_int_equal(buffer_add(&many, "0", 1), 0);
    assert_int_equal(buffer_print(&many, "\r\n\r\n"), 0);
    body_of(many.data, many.length, "|0 left");
    many.data[HTTP_CHUNK_LINE - 2] = '0'; /* a byte more than may be */
    body_of(many.data, many.length, "|a size line that is too long");
    body_with("0\r\nA:", HTTP_CHUNK_TRAILER - 3, "\r\n\r\n", "|trailer fields that are too long");
    body_with("0\r\nA:", HTTP_CHUNK_TRAILER - 1, "", "|partial");
    body_with("0\r\nA:", HTTP_CHUNK_TRAILER, "", "|trailer fields that are too long");
    body_with("0\r\nA:", HTTP_CHUNK_TRAILER + 999, "", "|trailer fields that are too long");
    many.length = 0;
    assert_int_equal(buffer_print(&many, "0\r\n"), 0);
    for (int i = 0; i <= HTTP_CHUNK_FIELDS; i++)
        assert_int_equal(buffer_print(&many, "A:\r\n"), 0);
    assert_int_equal(buffer_print(&many, "\r\n"), 0);
    body_of(many.data, many.length, "|too many trailer fields");
    buffer_free(&many);
}

/* count chunks of size bytes, each behind an extension of so many; then the end. */
static void extended(size_t count, size_t size, int extension, bool good)
{
    struct http_chunked chunked = {0};
    struct buffer text = {0};
    const char *piece;
    size_t at = 0, used, length;
    enum http_result result = HTTP_PARTIAL;

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(buffer_print(&text, "%zx;%0*d\r\n", size, extension, 0), 0);
        assert_int_equal(buffer_print(&text, "%0*d\r\n", (int)size, 0), 0);
    }
    assert_int_equal(buffer_print(&text, "0\r\n\r\n"), 0);
    for (; result == HTTP_PARTIAL && at < text.length; at += used)
        result =
            http_chunked_decode(&chunked, text.data + at, text.length - at, &used, &piece, &length);
    assert_int_equal(result, good ? HTTP_COMPLETE : HTTP_ERROR);
    if (!good)
        assert_string_equal(chunked.error, "too much in chunk extensions");
    http_chunked_free(&chunked);
    buffer_free(&text);
}

/* What is passed over costs time too: a little content does not bring much of it. */
static void test_extensions(void **state)
{
    (void)state;
    extended(4, 1, 4000, true);
    extended(5, 1, 4000, false);
    extended(100000, 1, 10, true);
    extended(100000, 1, 20, false);
    extended(1000, 40, 85, true); /* a signature for each chunk */
    extended(1000, 2000, 4000, true);
    extended(1000, 1900, 4000, false);
}

/* As many bytes and fields of trailers as may be. */
static void test_full_trailers(void **state)
{
    struct http_chunked chunked = {0};
    struct buffer text = {0}, out = {0};
    size_t at = 0;

    (void)state;
    assert_int_equal(buffer_print(&text, "0\r\n"), 0);
    for (int i = 1; i < HTTP_CHUNK_FIELDS; i++)
        assert_int_equal(buffer_print(&text, "A:%d\r\n", i % 10), 0);
    assert_int_equal(buffer_print(&text, "B:"), 0);
    while (text.length < 3 + HTTP_CHUNK_TRAILER - 2)
        assert_int_equal(buffer_print(&text, "b"), 0);
    assert_int_equal(buffer_print(&text, "\r\n\r\nnext"), 0);
    assert_int_equal(decode(&chunked, text.data, &at, text.length, &out), HTTP_COMPLETE);
    assert_int_equal(text.length - at, 4);
    assert_int_equal(chunked.trailers.count, HTTP_CHUNK_FIELDS);
    assert_string_equal(http_headers_get(&chunked.trailers, "a"), "1");
    assert_int_equal(strlen(http_headers_get(&chunked.trailers, "b")),
                     HTTP_CHUNK_TRAILER - 99 * 5 - 4);
    http_chunked_free(&chunked);
    buffer_free(&text);
    buffer_free(&out);
}

/* A chunk of 2^63 - 1 bytes takes no memory, and content is not copied. */
static void test_pieces(void **state)
{
    static const char text[] = "7fffffffffffffff\r\nhello";
    struct http_chunked chunked = {0};
    const char *piece;
    size_t used, size;

    (void)state;
    assert_int_equal(http_chunked_decode(&chunked, text, 23, &used, &piece, &size), HTTP_PARTIAL);
    assert_int_equal(used, 23);
    assert_ptr_equal(piece, text + 18);
    assert_int_equal(size, 5);
    assert_true(chunked.left == INT64_MAX - 5);
    assert_null(chunked.saved.data);
    assert_int_equal(http_chunked_decode(&chunked, text, 0, &used, &piece, &size), HTTP_PARTIAL);
    assert_int_equal(used + size, 0);
    http_chunked_free(&chunked);
}

static void test_after_the_end(void **state)
{
    struct http_chunked good = {0}, bad = {0};
    const char *piece;
    size_t used, size;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(http_chunked_decode(&bad, "x", 1, &used, &piece, &size), HTTP_ERROR);
    assert_int_equal(http_chunked_decode(&good, "0\r\n\r\n", 5, &used, &piece, &size),
                     HTTP_COMPLETE);
    assert_int_equal(http_chunked_decode(&good, "0\r\n\r\n", 5, &used, &piece, &size),
                     HTTP_COMPLETE);
    assert_int_equal(used, 0);
    http_chunked_free(&good);
    http_chunked_free(&bad);
}

static void test_begin(void **state)
{
    char frame[HTTP_CHUNK_FRAME + 1], expected[32];

    (void)state;
    for (int bit = 0; bit < 64; bit++) {
        for (uint64_t less = 0; less < 2; less++) {
            uint64_t size = (UINT64_C(1) << bit) - less;
            size_t length = http_chunk_begin(frame, size);

            assert_true(length <= HTTP_CHUNK_FRAME);
            frame[length] = '\0';
            (void)snprintf(expected, sizeof expected, "%" PRIx64 "\r\n", size);
            assert_string_equal(frame, expected);
        }
    }
}

static void test_write(void **state)
{
    struct http_headers trailers = {0};
    struct buffer out = {0};

    (void)state;
    assert_int_equal(http_chunk_write(&out, "hello", 5), 0);
    assert_int_equal(http_chunk_write(&out, "", 0), 0);
    assert_int_equal(http_chunk_write(&out, "0123456789abcdef", 16), 0);
    assert_int_equal(http_chunk_end(&out, NULL), 0);
    assert_string_equal(buffer_text(&out), "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
    body(buffer_text(&out), "hello0123456789abcdef|0 left");
    out.length = 0;
    assert_int_equal(http_headers_add(&trailers, "Digest", "x"), 0);
    assert_int_equal(http_chunk_end(&out, &trailers), 0);
    assert_string_equal(buffer_text(&out), "0\r\nDigest: x\r\n\r\n");
    body(buffer_text(&out), "|Digest=x;0 left");
    http_headers_free(&trailers);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_line_ends),     cmocka_unit_test(test_trailers),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_full_trailers),
        cmocka_unit_test(test_extensions),    cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_after_the_end), cmocka_unit_test(test_begin),
        cmocka_unit_test(test_write),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
