/* http/status: every code that the registry of IANA has, and what is promised of methods. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buffer.h"
#include "http/status.h"

/* The registry, as it stands; what is "(unused)" in it, 306 and 418, is not a status. */
static const char REGISTRY[] =
    "100 Continue\n101 Switching Protocols\n102 Processing\n103 Early Hints\n"
    "200 OK\n201 Created\n202 Accepted\n203 Non-Authoritative Information\n204 No Content\n"
    "205 Reset Content\n206 Partial Content\n207 Multi-Status\n208 Already Reported\n"
    "226 IM Used\n"
    "300 Multiple Choices\n301 Moved Permanently\n302 Found\n303 See Other\n304 Not Modified\n"
    "305 Use Proxy\n307 Temporary Redirect\n308 Permanent Redirect\n"
    "400 Bad Request\n401 Unauthorized\n402 Payment Required\n403 Forbidden\n404 Not Found\n"
    "405 Method Not Allowed\n406 Not Acceptable\n407 Proxy Authentication Required\n"
    "408 Request Timeout\n409 Conflict\n410 Gone\n411 Length Required\n"
    "412 Precondition Failed\n413 Content Too Large\n414 URI Too Long\n"
    "415 Unsupported Media Type\n416 Range Not Satisfiable\n417 Expectation Failed\n"
    "421 Misdirected Request\n422 Unprocessable Content\n423 Locked\n424 Failed Dependency\n"
    "425 Too Early\n426 Upgrade Required\n428 Precondition Required\n429 Too Many Requests\n"
    "431 Request Header Fields Too Large\n451 Unavailable For Legal Reasons\n"
    "500 Internal Server Error\n501 Not Implemented\n502 Bad Gateway\n503 Service Unavailable\n"
    "504 Gateway Timeout\n505 HTTP Version Not Supported\n506 Variant Also Negotiates\n"
    "507 Insufficient Storage\n508 Loop Detected\n510 Not Extended\n"
    "511 Network Authentication Required\n";

static void test_registry(void **state)
{
    struct buffer text = {0};

    (void)state;
    for (int code = http_status_next(0); code != 0; code = http_status_next(code)) {
        assert_int_equal(buffer_print(&text, "%d %s\n", code, http_status_phrase(code)), 0);
        assert_true(strlen(http_status_meaning(code)) > 4);
    }
    assert_string_equal(buffer_text(&text), REGISTRY);
    buffer_free(&text);
    assert_string_equal(http_status_phrase(HTTP_NOT_FOUND), "Not Found");
    assert_string_equal(http_status_phrase(HTTP_NETWORK_AUTHENTICATION_REQUIRED),
                        "Network Authentication Required");
}

static void test_unknown(void **state)
{
    static const int NONE[] = {INT32_MIN, -1, 0, 99, 104, 199, 306, 418, 499, 512, 999, INT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        assert_null(http_status_phrase(NONE[i]));
        assert_null(http_status_meaning(NONE[i]));
    }
    assert_int_equal(http_status_next(-5), 100);
    assert_int_equal(http_status_next(103), 200);
    assert_int_equal(http_status_next(104), 200);
    assert_int_equal(http_status_next(511), 0);
    assert_int_equal(http_status_next(9999), 0);
}

static void test_class(void **state)
{
    (void)state;
    assert_int_equal(http_status_class(99), 0);
    assert_int_equal(http_status_class(100), 1);
    assert_int_equal(http_status_class(299), 2);
    assert_int_equal(http_status_class(499), 4);
    assert_int_equal(http_status_class(599), 5);
    assert_int_equal(http_status_class(600), 0);
    assert_int_equal(http_status_class(-404), 0);
    for (int code = 0; code < 700; code++)
        assert_int_equal(http_status_is_bodyless(code),
                         (code >= 100 && code < 200) || code == 204 || code == 304);
}

/* RFC 9110 sections 9.2 and 9.3, RFC 5789 for PATCH: safe, idempotent, cacheable. */
static void test_methods(void **state)
{
    static const char WANTED[] = "GET sic HEAD sic POST --c PUT -i- DELETE -i- CONNECT --- "
                                 "OPTIONS si- TRACE si- PATCH --- ";
    struct buffer said = {0};

    (void)state;
    for (const struct http_method *method = HTTP_METHODS; method->name != NULL; method++) {
        assert_int_equal(buffer_print(&said, "%s %c%c%c ", method->name, method->safe ? 's' : '-',
                                      method->idempotent ? 'i' : '-',
                                      method->cacheable ? 'c' : '-'),
                         0);
        assert_true(strlen(method->meaning) > 4);
        assert_ptr_equal(http_method_find(method->name), method);
    }
    assert_string_equal(buffer_text(&said), WANTED);
    buffer_free(&said);
    assert_null(http_method_find("get"));
    assert_null(http_method_find("GETS"));
    assert_null(http_method_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_class),
        cmocka_unit_test(test_methods),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("http/status", tests, NULL, NULL);
}
