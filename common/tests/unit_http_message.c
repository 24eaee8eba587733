/*
 * http/message: heads that are understood, heads that are refused, bodies, and what is written.
 * Every head here is parsed whole, cut in two at every place, and byte by byte, the buffer moved
 * between: the result has to be the same to the last word.
 */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "http/message.h"

#define END "\r\n\r\n"
#define HOST "\r\nHost: a"

/* What a head is parsed as. method is NULL for a request, and else that of the request answered. */
struct how {
    const char *method;
    const struct http_limits *limits;
};

static void begin(struct http_head *head, const struct how *how)
{
    if (how->method != NULL)
        http_head_response(head, how->method, how->limits);
    else
        http_head_request(head, how->limits);
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

/* Everything that a head tells, as a line. */
static void describe(const struct http_head *head, enum http_result result, struct buffer *out)
{
    static const char *const framings[] = {"no body", "length", "chunked", "until close"};

    if (result == HTTP_PARTIAL) {
        assert_int_equal(head->headers.count, 0);
        assert_null(head->method);
        assert_null(head->target);
        assert_null(head->reason);
        assert_int_equal(buffer_add(out, "partial", 7), 0);
        return;
    }
    if (result == HTTP_ERROR) {
        assert_int_equal(head->headers.count, 0);
        assert_int_equal(buffer_print(out, "%d %s (%s %s)", head->refusal, head->error,
                                      or_none(head->method), or_none(head->target)),
                         0);
        return;
    }
    if (head->kind == HTTP_REQUEST)
        assert_int_equal(buffer_print(out, "%s %s", head->method, head->target), 0);
    else
        assert_int_equal(buffer_print(out, "%d '%s'", head->status, head->reason), 0);
    assert_int_equal(buffer_print(out, " %d, %s %" PRIu64 "%s%s, %zu bytes", head->version,
                                  framings[head->framing], head->content_length,
                                  head->keep_alive ? ", keep" : "",
                                  head->expects_continue ? ", continue" : "", head->length),
                     0);
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct http_field *field = &head->headers.fields[i];

        assert_int_equal(strlen(field->name), field->name_length);
        assert_int_equal(strlen(field->value), field->value_length);
        assert_int_equal(buffer_print(out, "; %s=%s", field->name, field->value), 0);
    }
}

/* Parses a copy of length bytes, which has no byte more, so that the sanitizer sees any overrun. */
static enum http_result step(struct http_head *head, const char *text, size_t length, char **copy)
{
    free(*copy);
    *copy = malloc(length > 0 ? length : 1);
    assert_non_null(*copy);
    memcpy(*copy, text, length);
    enum http_result result = http_head_parse(head, *copy, length);
    if (result == HTTP_PARTIAL)
        assert_memory_equal(*copy, text, length);
    return result;
}

/* Parses text in slices: first to `first`, then by `by` bytes each. Appends what it tells. */
static void parse_sliced(const struct how *how, const char *text, size_t length, size_t first,
                         size_t by, struct buffer *out)
{
    struct http_head head;
    char *copy = NULL;
    enum http_result result;

    begin(&head, how);
    for (size_t there = first;; there = length - there < by ? length : there + by) {
        result = step(&head, text, there, &copy);
        if (result != HTTP_PARTIAL || there == length)
            break;
    }
    describe(&head, result, out);
    assert_int_equal(step(&head, text, length, &copy), result); /* asked again it says the same */
    http_head_free(&head);
    free(copy);
}

/* Whatever the slices, text is parsed as expected. */
static void parse(const struct how *how, const char *text, size_t length, const char *expected)
{
    struct buffer out = {0};
    size_t stride = length > 2000 ? length / 97 : 1; /* of long ones not every place */

    parse_sliced(how, text, length, length, 1, &out);
    if (strcmp(buffer_text(&out), expected) != 0)
        fail_msg("\"%.*s\" is parsed as\n  %s, not as\n  %s", (int)length, text, buffer_text(&out),
                 expected);
    for (size_t cut = 0; cut <= length; cut += stride) {
        out.length = 0;
        parse_sliced(how, text, length, cut, length, &out);
        if (strcmp(buffer_text(&out), expected) != 0)
            fail_msg("\"%.*s\", cut at %zu, is parsed as\n  %s, not as\n  %s", (int)length, text,
                     cut, buffer_text(&out), expected);
    }
    out.length = 0;
    parse_sliced(how, text, length, 0, stride, &out);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void request(const char *text, const char *expected)
{
    parse(&(struct how){0}, text, strlen(text), expected);
}

static void response(const char *method, const char *text, const char *expected)
{
    parse(&(struct how){.method = method}, text, strlen(text), expected);
}

static void test_requests(void **state)
{
    (void)state;
    request("GET / HTTP/1.1\r\nHost: example.org" END,
            "GET / 11, no body 0, keep, 37 bytes; Host=example.org");
    request("GET /a?b=c%20d HTTP/1.1\r\nHOST:x\r\nX: \t y \t\r\nEmpty:" END "body",
            "GET /a?b=c%20d 11, no body 0, keep, 53 bytes; HOST=x; X=y; Empty=");
    request("get / HTTP/1.0" END, "get / 10, no body 0, 18 bytes");
    request("GET / HTTP/1.0\r\nConnection: Keep-Alive" END,
            "GET / 10, no body 0, keep, 42 bytes; Connection=Keep-Alive");
    request("GET / HTTP/1.1" HOST "\r\nConnection: te, CLOSE" END,
            "GET / 11, no body 0, 50 bytes; Host=a; Connection=te, CLOSE");
    request("GET / HTTP/1.7" HOST END, "GET / 11, no body 0, keep, 27 bytes; Host=a");
    request("\r\n\r\nGET / HTTP/1.1" HOST END, "GET / 11, no body 0, keep, 31 bytes; Host=a");
    request("GET / HTTP/1.1\r\nHost:" END, "GET / 11, no body 0, keep, 25 bytes; Host=");
    request("", "partial");
    request("GET / HTTP/1.1" HOST "\r\n", "partial");
    request("GET / HTTP/1.1" HOST "\r\n\r", "partial");
    request("\r\n\r\n", "partial");
}

static void test_targets(void **state)
{
    (void)state;
    request("GET http://a:80/x HTTP/1.1" HOST END,
            "GET http://a:80/x 11, no body 0, keep, 39 bytes; Host=a");
    request("OPTIONS * HTTP/1.1" HOST END, "OPTIONS * 11, no body 0, keep, 31 bytes; Host=a");
    request("CONNECT [::1]:443 HTTP/1.1" HOST END,
            "CONNECT [::1]:443 11, no body 0, keep, 39 bytes; Host=a");
    request("GET * HTTP/1.1" HOST END,
            "400 an asterisk as target of another method than OPTIONS (- -)");
    request("GET a HTTP/1.1" HOST END, "400 a target that is neither a path nor a URL (- -)");
    request("GET http:///x HTTP/1.1" HOST END,
            "400 a target that is neither a path nor a URL (- -)");
    request("GET http://u@a/ HTTP/1.1" HOST END,
            "400 a target that is neither a path nor a URL (- -)");
    request("GET http://?x HTTP/1.1" HOST END,
            "400 a target that is neither a path nor a URL (- -)");
    request("GET http: HTTP/1.1" HOST END, "400 a target that is neither a path nor a URL (- -)");
    request("GET 1://a HTTP/1.1" HOST END, "400 a target that is neither a path nor a URL (- -)");
    request("CONNECT / HTTP/1.1" HOST END, "400 CONNECT without host and port (- -)");
    request("CONNECT a HTTP/1.1" HOST END, "400 CONNECT without host and port (- -)");
    request("CONNECT a: HTTP/1.1" HOST END, "400 CONNECT without host and port (- -)");
    request("GET /#x HTTP/1.1" HOST END, "400 a fragment in the target (- -)");
    request("GET /\xc3\xa9 HTTP/1.1" HOST END, "400 a byte that no target may hold (- -)");
    request("GET /\tx HTTP/1.1" HOST END, "400 a byte that no target may hold (- -)");
    request("GET /\x7f HTTP/1.1" HOST END, "400 a byte that no target may hold (- -)");
}

static void test_request_lines(void **state)
{
    (void)state;
    request("GET" END, "400 a request line without a target (- -)");
    request("GET \r\n", "400 a request line without a target (- -)");
    request("GET /" END, "400 a request line without a version (- -)");
    request("GET  / HTTP/1.1" END, "400 two blanks in a row (- -)");
    request("GET /  HTTP/1.1" END, "400 a malformed version (- -)");
    request("GET / HTTP/1.1 " END, "400 a malformed version (- -)");
    request("GET /a b HTTP/1.1" END, "400 a malformed version (- -)");
    request("GET / http/1.1" END, "400 a malformed version (- -)");
    request("GET / HTTP/1.10" END, "400 a malformed version (- -)");
    request("GET / HTTP/11" END, "400 a malformed version (- -)");
    request("GET / HTTP/x.1" END, "400 a malformed version (- -)");
    request("GET / HTTP/1,1" END, "400 a malformed version (- -)");
    request("GET / HTTP/2.0" END, "505 a version other than HTTP/1 (- -)");
    request("PRI * HTTP/2.0" END, "400 an asterisk as target of another method than OPTIONS (- -)");
    request("GET / HTTP/0.9" END, "505 a version other than HTTP/1 (- -)");
    request(" GET / HTTP/1.1" END, "400 a method that is no token (- -)");
    request("G@T / HTTP/1.1" END, "400 a method that is no token (- -)");
    request("\x16\x03\x01\r\n", "400 a method that is no token (- -)");
    request("GET / HTTP/1.1\nHost: a\n\n", "400 a line that does not end in CR LF (- -)");
    request("GET / HTTP/1.1\rHost: a" END, "400 a malformed version (- -)");
    request("\nGET / HTTP/1.1" END, "400 a line that does not end in CR LF (- -)");
    request("\r\r\nGET / HTTP/1.1" END, "400 a method that is no token (- -)");
    request(END END END END "GET / HTTP/1.0" END, "GET / 10, no body 0, 34 bytes");
    request(END END END END "\r\n", "400 too many empty lines (- -)");
}

static void test_fields(void **state)
{
    static const char *const lines[][2] = {
        {" folded", "a folded line"},
        {"\tfolded", "a folded line"},
        {"X : y", "a blank before the colon"},
        {"X", "a line without a colon"},
        {": y", "a field without a name"},
        {"X\x01: y", "a byte that no field name may hold"},
        {"X: a\rb", "a bare CR"},
        {"X: a\r", "a bare CR"},
        {"X: \x01", "a control character in a value"},
        {"X: y\nZ: z", "a line that does not end in CR LF"},
    };
    static const char nul[] = "GET / HTTP/1.1\r\nHost: a\0b" END;
    char text[128], expected[128];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        (void)snprintf(text, sizeof text, "GET /x HTTP/1.1" HOST "\r\n%s" END, lines[i][0]);
        (void)snprintf(expected, sizeof expected, "400 %s (GET /x)", lines[i][1]);
        request(text, expected);
    }
    request("GET / HTTP/1.1\r\n Host: a" END, "400 a folded line (GET /)");
    request("GET / HTTP/1.1\r\nX: y\r\n\nHost: a" END,
            "400 a line that does not end in CR LF (GET /)");
    parse(&(struct how){0}, nul, sizeof nul - 1, "400 a NUL byte (GET /)");
}

static void test_host(void **state)
{
    static const char *const good[] = {"a",          "a.example:80", "127.0.0.1", "[::1]",
                                       "[::1]:8080", "a:",           "a%20b",     "A-_~1"};
    static const char *const bad[] = {"a b",      "a/b",  "a@b",     ":80",     "[::1",
                                      "[]",       "a:8x", "a:80:81", "[::1]80", "a, b",
                                      "\xc3\xa9", "a?b",  "::1"};
    char text[128], expected[128];

    (void)state;
    request("GET / HTTP/1.1" END, "400 no Host (GET /)");
    request("GET / HTTP/1.1\r\nHosts: a" END, "400 no Host (GET /)");
    request("GET / HTTP/1.1" HOST HOST END, "400 more than one Host (GET /)");
    request("GET / HTTP/1.0" HOST "\r\nhost: b" END, "400 more than one Host (GET /)");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s" END, bad[i]);
        request(text, "400 a malformed Host (GET /)");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s" END, good[i]);
        (void)snprintf(expected, sizeof expected, "GET / 11, no body 0, keep, %d bytes; Host=%s",
                       length, good[i]);
        request(text, expected);
    }
    response("GET", "HTTP/1.1 204 No Content\r\nHost: a\r\nHost: b c" END,
             "204 'No Content' 11, no body 0, keep, 47 bytes; Host=a; Host=b c");
}

struct framing {
    const char *fields, *error; /* no error: the head's description behind the version */
    const char *told;
};

/* What says how long a body is, and what it makes of it. */
static const struct framing framings[] = {
    {"Content-Length: 0", NULL, "length 0"},
    {"content-length: 007", NULL, "length 7"},
    {"Content-Length: 9223372036854775807", NULL, "length 9223372036854775807"},
    {"Content-Length: 5\r\nContent-Length: 5", NULL, "length 5"},
    {"Content-Length: 5\r\nCONTENT-LENGTH: 05", NULL, "length 5"},
    {"Transfer-Encoding: chunked", NULL, "chunked 0"},
    {"transfer-encoding:  ,CHUNKED,", NULL, "chunked 0"},
    {"Content-Length: 5\r\nContent-Length: 6", "400 Content-Length twice, and not the same", NULL},
    {"Content-Length: 9223372036854775808", "400 a Content-Length that is too large", NULL},
    {"Content-Length: 18446744073709551621", "400 a Content-Length that is too large", NULL},
    {"Content-Length: 99999999999999999999999", "400 a Content-Length that is too large", NULL},
    {"Content-Length:", "400 a Content-Length that is no number", NULL},
    {"Content-Length: +5", "400 a Content-Length that is no number", NULL},
    {"Content-Length: -5", "400 a Content-Length that is no number", NULL},
    {"Content-Length: 0x5", "400 a Content-Length that is no number", NULL},
    {"Content-Length: 5 5", "400 a Content-Length that is no number", NULL},
    {"Content-Length: 5, 5", "400 a Content-Length that is no number", NULL},
    {"Content-Length: 5.0", "400 a Content-Length that is no number", NULL},
    {"Content-Length: 5a", "400 a Content-Length that is no number", NULL},
    {"Content-Length: 5\r\nTransfer-Encoding: chunked",
     "400 both Content-Length and Transfer-Encoding", NULL},
    {"Transfer-Encoding: chunked\r\nContent-Length: 0",
     "400 both Content-Length and Transfer-Encoding", NULL},
    {"Transfer-Encoding: identity\r\nContent-Length: 5",
     "400 both Content-Length and Transfer-Encoding", NULL},
    {"Transfer-Encoding:", "400 a Transfer-Encoding that does not end in chunked", NULL},
    {"Transfer-Encoding: gzip", "400 a Transfer-Encoding that does not end in chunked", NULL},
    {"Transfer-Encoding: identity", "400 a Transfer-Encoding that does not end in chunked", NULL},
    {"Transfer-Encoding: chunked, gzip", "400 a Transfer-Encoding that does not end in chunked",
     NULL},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
     "400 a Transfer-Encoding that does not end in chunked", NULL},
    {"Transfer-Encoding: xchunked", "400 a Transfer-Encoding that does not end in chunked", NULL},
    {"Transfer-Encoding: chunked;x=y", "400 a Transfer-Encoding that does not end in chunked",
     NULL},
    {"Transfer-Encoding: \"chunked\"", "400 a Transfer-Encoding that does not end in chunked",
     NULL},
    {"Transfer-Encoding: chunked, chunked", "400 chunked twice", NULL},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "400 chunked twice", NULL},
    {"Transfer-Encoding: gzip, chunked", "501 a transfer coding that is not known", NULL},
    {"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
     "501 a transfer coding that is not known", NULL},
};

static void test_framing(void **state)
{
    char text[256], told[256];

    (void)state;
    for (size_t i = 0; i < sizeof framings / sizeof *framings; i++) {
        struct buffer out = {0};

        (void)snprintf(text, sizeof text, "POST / HTTP/1.1" HOST "\r\n%s" END, framings[i].fields);
        if (framings[i].error != NULL) {
            (void)snprintf(told, sizeof told, "%s (POST /)", framings[i].error);
            request(text, told);
            continue;
        }
        parse_sliced(&(struct how){0}, text, strlen(text), strlen(text), 1, &out);
        (void)snprintf(told, sizeof told, "POST / 11, %s, keep", framings[i].told);
        assert_memory_equal(buffer_text(&out), told, strlen(told));
        request(text, buffer_text(&out)); /* and so it is in any slices */
        buffer_free(&out);
    }
    request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked" END,
            "400 a Transfer-Encoding in HTTP/1.0 (POST /)");
}

static void test_expect(void **state)
{
    (void)state;
    request("PUT / HTTP/1.1" HOST "\r\nExpect: 100-Continue\r\nContent-Length: 1" END,
            "PUT / 11, length 1, keep, continue, 68 bytes; Host=a; Expect=100-Continue; "
            "Content-Length=1");
    request("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1" END,
            "PUT / 10, length 1, 59 bytes; Expect=100-continue; Content-Length=1");
    request("GET / HTTP/1.1" HOST "\r\nExpect: 100-continue" END,
            "GET / 11, no body 0, keep, 49 bytes; Host=a; Expect=100-continue");
}

static void test_responses(void **state)
{
    (void)state;
    response("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5" END,
             "200 'OK' 11, length 5, keep, 38 bytes; Content-Length=5");
    response("GET", "HTTP/1.1 200 OK" END, "200 'OK' 11, until close 0, 19 bytes");
    response("GET", "HTTP/1.0 404 No such thing" END,
             "404 'No such thing' 10, until close 0, 30 bytes");
    response("GET", "HTTP/1.1 999 \r\nTransfer-Encoding: chunked" END,
             "999 '' 11, chunked 0, keep, 45 bytes; Transfer-Encoding=chunked");
    response("GET", "HTTP/1.1 200\r\nContent-Length: 0" END,
             "200 '' 11, length 0, keep, 35 bytes; Content-Length=0");
    response("GET", "HTTP/1.1 200 caf\xc3\xa9" END,
             "200 'caf\xc3\xa9' 11, until close 0, 22 bytes");
    response("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5" END,
             "200 'OK' 11, no body 5, keep, 38 bytes; Content-Length=5");
    response("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5" END,
             "304 'Not Modified' 11, no body 5, keep, 48 bytes; Content-Length=5");
    response("GET", "HTTP/1.1 103 Early Hints" END,
             "103 'Early Hints' 11, no body 0, keep, 28 bytes");
    response("CONNECT", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" END,
             "200 'OK' 11, no body 0, keep, 47 bytes; Transfer-Encoding=chunked");
    response("CONNECT", "HTTP/1.1 407 No\r\nContent-Length: 5" END,
             "407 'No' 11, length 5, keep, 38 bytes; Content-Length=5");
    response("GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive" END,
             "200 'OK' 10, until close 0, 43 bytes; Connection=keep-alive");
}

static void test_bad_responses(void **state)
{
    static const char *const lines[][2] = {
        {"", "a malformed status line"},
        {"HTTP/1.1", "a malformed status line"},
        {"HTTP/1.1 20", "a malformed status line"},
        {"HTTP/1.1  200 OK", "a malformed status"},
        {"HTTP/1.1\t200 OK", "a malformed status line"},
        {"ICY 200 OK, yes", "a malformed status line"},
        {"HTTP/1.x 200 OK", "a malformed version"},
        {"HTTP/2.0 200 OK", "a version other than HTTP/1"},
        {"HTTP/1.1 2000 OK", "a malformed status"},
        {"HTTP/1.1 099 OK", "a malformed status"},
        {"HTTP/1.1 +20 OK", "a malformed status"},
        {"HTTP/1.1 20x OK", "a malformed status"},
        {"HTTP/1.1 200-OK", "a malformed status"},
        {"HTTP/1.1 200 O\rK", "a control character in the status line"},
        {"HTTP/1.1 200 OK\r\nX : y", "a blank before the colon"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
         "both Content-Length and Transfer-Encoding"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
         "a transfer coding that is not known"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2",
         "Content-Length twice, and not the same"},
    };
    char text[128], expected[128];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        (void)snprintf(text, sizeof text, "%s" END, lines[i][0]);
        (void)snprintf(expected, sizeof expected, "502 %s (- -)", lines[i][1]);
        response("GET", text, expected);
    }
    response("GET", "HTTP/1.1 200 OK\nX: y\n\n", "502 a line that does not end in CR LF (- -)");
}

/* A request with a target of length bytes; what is behind it is as given. */
static char *with_target(size_t length, const char *behind)
{
    struct buffer text = {0};

    assert_int_equal(buffer_print(&text, "GET /"), 0);
    for (size_t i = 1; i < length; i++)
        assert_int_equal(buffer_add(&text, "x", 1), 0);
    assert_int_equal(buffer_print(&text, "%s", behind), 0);
    return text.data;
}

static void one_target(const struct http_limits *limits, size_t length, const char *behind,
                       const char *expected)
{
    char *text = with_target(length, behind);

    parse(&(struct how){.limits = limits}, text, strlen(text), expected);
    free(text);
}

static void test_line_limit(void **state)
{
    static const struct http_limits small = {.line = 40, .fields = 100, .head = 1000};
    char method[64] = "";

    (void)state;
    one_target(&small, 40, " HTTP/1.0" END,
               "GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 10, no body 0, 57 bytes");
    one_target(&small, 41, " HTTP/1.0" END, "414 a target that is too long (- -)");
    one_target(&small, 100, " HTTP/1.0" END, "414 a target that is too long (- -)");
    one_target(&small, 100, "", "414 a target that is too long (- -)");
    one_target(&small, 40, "", "partial");
    one_target(&small, 40, " HTTP/1.0 and so on and on and on and so on and on", /* no end */
               "400 a malformed version (- -)");
    one_target(NULL, 8001, " HTTP/1.0" END, "414 a target that is too long (- -)");
    memset(method, 'M', 33);
    (void)snprintf(method + 33, sizeof method - 33, "%s", " / HTTP/1.0" END); /* it fits */
    request(method, "501 a method that is too long (- -)");
    memmove(method, method + 1, strlen(method));
    request(method, "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM / 10, no body 0, 47 bytes");
    parse(&(struct how){.method = "GET", .limits = &small},
          "HTTP/1.1 200 0123456789012345678901234567890", 44,
          "502 a status line that is too long (- -)");
    parse(&(struct how){.method = "GET", .limits = &small},
          "HTTP/1.1 200 012345678901234567890123456" END, 44,
          "200 '012345678901234567890123456' 11, until close 0, 44 bytes");
}

static void test_line_limit_default(void **state)
{
    char *text = with_target(8000, " HTTP/1.1" HOST END);
    struct http_head head;

    (void)state;
    http_head_request(&head, NULL);
    assert_int_equal(http_head_parse(&head, text, strlen(text)), HTTP_COMPLETE);
    assert_int_equal(strlen(head.target), 8000);
    http_head_free(&head);
    free(text);
}

/* Fields of 10 bytes each, with their ends. */
static char *with_fields(size_t count, const char *behind)
{
    struct buffer text = {0};

    assert_int_equal(buffer_print(&text, "GET / HTTP/1.0\r\n"), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buffer_print(&text, "Abc: 123\r\n"), 0);
    assert_int_equal(buffer_print(&text, "%s", behind), 0);
    return text.data;
}

static void some_fields(const struct http_limits *limits, size_t count, const char *behind,
                        const char *expected)
{
    char *text = with_fields(count, behind);

    parse(&(struct how){.limits = limits}, text, strlen(text), expected);
    free(text);
}

static void test_field_limits(void **state)
{
    static const struct http_limits four = {.line = 10, .fields = 4, .head = 1000};
    static const struct http_limits bytes = {.line = 10, .fields = 100, .head = 40};

    (void)state;
    for (const struct http_limits *limits = &four; limits != NULL;
         limits = limits == &four ? &bytes : NULL)
        some_fields(limits, 4, "\r\n",
                    "GET / 10, no body 0, 58 bytes; Abc=123; Abc=123; Abc=123; Abc=123");
    some_fields(&four, 5, "\r\n", "431 too many fields (GET /)");
    some_fields(&bytes, 5, "\r\n", "431 fields that are too long (GET /)");
    some_fields(&bytes, 4, "X", "partial");
    some_fields(&bytes, 4, "XY", "431 fields that are too long (GET /)");
    some_fields(&bytes, 4, "X: y" END, "431 fields that are too long (GET /)");
    some_fields(&bytes, 3, "X: 45678\r\n\r\n",
                "GET / 10, no body 0, 58 bytes; Abc=123; Abc=123; Abc=123; X=45678");
    some_fields(&bytes, 3, "X: 456789\r\n\r\n", "431 fields that are too long (GET /)");
    some_fields(&bytes, 3, "X: 456789\r\n", "431 fields that are too long (GET /)");
    some_fields(&bytes, 3, "X: a line without an end, which is too long",
                "431 fields that are too long (GET /)");
    some_fields(NULL, 101, "\r\n", "431 too many fields (GET /)");
    some_fields(&(struct http_limits){.line = 10, .fields = 0, .head = 0}, 0, "\r\n",
                "GET / 10, no body 0, 18 bytes");
}

/* One head is used for many messages, good and bad ones. */
static void test_reset(void **state)
{
    static const char *const texts[][2] = {
        {"GET /1 HTTP/1.1" HOST END, "GET /1 11, no body 0, keep, 28 bytes; Host=a"},
        {"GET /2 HTTP/1.1" HOST "\r\nX : y" END, "400 a blank before the colon (GET /2)"},
        {"POST /3 HTTP/1.1" HOST "\r\nContent-Length: 3" END,
         "POST /3 11, length 3, keep, 48 bytes; Host=a; Content-Length=3"},
        {"GET /4 HTTP/1.1" HOST END, "GET /4 11, no body 0, keep, 28 bytes; Host=a"},
    };
    struct http_head head;
    struct http_field *fields = NULL;
    struct buffer out = {0};

    (void)state;
    http_head_request(&head, NULL);
    assert_int_equal(http_head_parse(&head, NULL, 0), HTTP_PARTIAL);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *copy = NULL;
        enum http_result result = step(&head, texts[i][0], strlen(texts[i][0]), &copy);

        out.length = 0;
        describe(&head, result, &out);
        assert_string_equal(buffer_text(&out), texts[i][1]);
        if (fields != NULL)
            assert_ptr_equal(head.headers.fields, fields); /* nothing was allocated */
        fields = head.headers.fields;
        assert_int_equal(http_headers_add(&head.headers, "Added", "it goes too"), 0);
        http_head_reset(&head);
        assert_int_equal(head.headers.count, 0);
        free(copy);
    }
    http_head_free(&head);
    http_head_response(&head, "HEAD", NULL);
    http_head_reset(&head);
    char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5" END;
    assert_int_equal(http_head_parse(&head, answer, sizeof answer - 1), HTTP_COMPLETE);
    assert_int_equal(head.framing, HTTP_NO_BODY);
    http_head_free(&head);
    buffer_free(&out);
}

/* The nanoseconds that it takes to parse a head with a field of size bytes, byte by byte. */
static uint64_t bytewise_ns(size_t size)
{
    const struct http_limits limits = {.line = 8000, .fields = 100, .head = size + 100};
    uint64_t best = UINT64_MAX;
    char *text = malloc(size + 100);

    assert_non_null(text);
    int before = snprintf(text, 100, "GET / HTTP/1.0\r\nX: ");
    memset(text + before, 'x', size);
    (void)snprintf(text + before + size, 5, "%s", END); /* it fits */
    size_t length = (size_t)before + size + 4;
    for (int run = 0; run < 5; run++) {
        struct http_head head;
        uint64_t start = now_ns();

        http_head_request(&head, &limits);
        for (size_t i = 0; i < length; i++)
            assert_int_equal(http_head_parse(&head, text, i), HTTP_PARTIAL);
        uint64_t took = now_ns() - start;
        best = took < best ? took : best;
        http_head_free(&head);
    }
    free(text);
    return best;
}

/* Sixteen times the bytes may take sixteen times as long, not 256 times. */
static void test_linear(void **state)
{
    (void)state;
    uint64_t small = bytewise_ns(4096), large = bytewise_ns(65536);
    if (large > small * 64)
        fail_msg("64 KiB byte by byte took %" PRIu64 " ns, 4 KiB %" PRIu64 " ns", large, small);
}

/* Reads a body whole, given in pieces of by bytes. Appends what it was, and how it ended. */
static void read_body(const struct http_head *head, const char *text, size_t length, size_t by,
                      struct buffer *out)
{
    struct http_body body;
    enum http_result result = HTTP_PARTIAL;
    size_t at = 0;

    http_body_begin(&body, head);
    while (result == HTTP_PARTIAL && (at < length || length == 0)) {
        size_t there = length - at < by ? length - at : by, used, size;
        const char *piece;

        result = http_body_read(&body, text + at, there, &used, &piece, &size);
        assert_true(used <= there && size <= used);
        assert_true(result != HTTP_PARTIAL || used > 0 || length == 0);
        assert_int_equal(buffer_add(out, piece, size), 0);
        at += used;
        if (length == 0)
            break;
    }
    assert_int_equal(buffer_print(out, "|%s%s, %zu left",
                                  result == HTTP_COMPLETE ? "complete"
                                  : result == HTTP_ERROR  ? body.error
                                                          : "partial",
                                  http_body_may_end(&body) ? ", may end" : "", length - at),
                     0);
    http_body_free(&body);
}

static void body(enum http_framing framing, uint64_t length, const char *text, const char *expected)
{
    const struct http_head head = {.framing = framing, .content_length = length};

    for (size_t by = 1; by <= strlen(text) + 1; by++) {
        struct buffer out = {0};

        read_body(&head, text, strlen(text), by, &out);
        if (strcmp(buffer_text(&out), expected) != 0)
            fail_msg("\"%s\" by %zu bytes: %s, not %s", text, by, buffer_text(&out), expected);
        buffer_free(&out);
    }
}

static void test_body(void **state)
{
    struct http_body none = {0};

    (void)state;
    body(HTTP_NO_BODY, 5, "next", "|complete, may end, 4 left");
    body(HTTP_LENGTH, 5, "hello", "hello|complete, may end, 0 left");
    body(HTTP_LENGTH, 5, "hello next", "hello|complete, may end, 5 left");
    body(HTTP_LENGTH, 5, "hell", "hell|partial, 0 left");
    body(HTTP_LENGTH, 0, "next", "|complete, may end, 4 left");
    body(HTTP_LENGTH, 0, "", "|complete, may end, 0 left");
    body(HTTP_UNTIL_CLOSE, 0, "hello", "hello|partial, may end, 0 left");
    body(HTTP_CHUNKED, 0, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nnext",
         "hello|complete, may end, 4 left");
    body(HTTP_CHUNKED, 0, "5\r\nhello\r\n0\r\n", "hello|partial, 0 left");
    body(HTTP_CHUNKED, 0, "5\r\nhello", "hello|partial, 0 left");
    assert_true(http_body_may_end(&none));
    http_body_free(&none);
}

static void test_body_errors(void **state)
{
    const struct http_head head = {.framing = HTTP_CHUNKED};
    struct buffer out = {0};

    (void)state;
    read_body(&head, "1\r\nab\r\n", 7, 100, &out);
    assert_string_equal(buffer_text(&out),
                        "a|a chunk that does not end in CR LF where its size says, 3 left");
    buffer_free(&out);
}

static void test_write(void **state)
{
    struct http_headers headers = {0};
    struct buffer out = {0};

    (void)state;
    assert_int_equal(http_headers_add(&headers, "Host", "a"), 0);
    assert_int_equal(http_write_request(&out, "GET", "/x?y", &headers), 0);
    assert_int_equal(http_write_request(&out, "OPTIONS", "*", NULL), 0);
    assert_int_equal(http_write_response(&out, 404, NULL, &headers), 0);
    assert_int_equal(http_write_response(&out, 299, NULL, NULL), 0);
    assert_int_equal(http_write_response(&out, 200, "All right", NULL), 0);
    assert_string_equal(buffer_text(&out), "GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n"
                                           "OPTIONS * HTTP/1.1\r\n\r\n"
                                           "HTTP/1.1 404 Not Found\r\nHost: a\r\n\r\n"
                                           "HTTP/1.1 299 \r\n\r\n"
                                           "HTTP/1.1 200 All right\r\n\r\n");
    http_headers_free(&headers);
    buffer_free(&out);
}

static void test_write_refuses(void **state)
{
    static const char *const requests[][2] = {
        {"", "/"},       {"GET x", "/"}, {"GET", ""},          {"GET", "/ HTTP/1.1\r\nX: y"},
        {"GET", "/a b"}, {"GET", "/\r"}, {"GET", "/\xc3\xa9"}, {"GET\r\n", "/"},
        {"GET", "*"},    {"GET", "x"},   {"CONNECT", "/"},
    };
    struct buffer out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        errno = 0;
        assert_int_equal(http_write_request(&out, requests[i][0], requests[i][1], NULL), -1);
        assert_int_equal(errno, EINVAL);
    }
    errno = 0;
    assert_int_equal(http_write_response(&out, 200, "OK\r\nSet-Cookie: s=1", NULL), -1);
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_int_equal(http_write_response(&out, 99, NULL, NULL), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(http_write_response(&out, 1000, NULL, NULL), -1);
    assert_int_equal(out.length, 0);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_request_lines),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_expect),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_bad_responses),
        cmocka_unit_test(test_line_limit),
        cmocka_unit_test(test_line_limit_default),
        cmocka_unit_test(test_field_limits),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_body_errors),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_refuses),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
