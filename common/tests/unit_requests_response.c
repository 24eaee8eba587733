/* requests/links, text, response and url: what a response is read as, and how URLs are spelled. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "requests/internal.h"

static struct requests_response *make(const char *name, const char *value, const char *body,
                                      size_t length)
{
    struct requests_response *response = calloc(1, sizeof *response);

    assert_non_null(response);
    response->status = 200;
    response->url = strdup("http://host/a/b?c");
    assert_non_null(response->url);
    if (name != NULL)
        assert_int_equal(http_headers_add(&response->headers, name, value), 0);
    assert_int_equal(buffer_add(&response->body, body, length), 0);
    return response;
}

/* ---- Link ---- */

static void assert_link(const char *value, const char *rel, const char *wanted)
{
    struct requests_response *response = make("Link", value, "", 0);
    const char *found = requests_link(response, rel);

    if ((found == NULL) != (wanted == NULL) || (found != NULL && strcmp(found, wanted) != 0))
        fail_msg("%s: %s, not %s", value, found, wanted);
    requests_response_free(response);
}

static void test_links(void **state)
{
    (void)state;
    assert_link("<x>; rel=next", "next", "http://host/a/x");
    assert_link("<?p=2>; rel=\"next\"", "next", "http://host/a/b?p=2");
    assert_link("<//other/x>;rel=NEXT", "next", "http://other/x");
    assert_link("<x>; rel=\"prev next\"", "next", "http://host/a/x");
    assert_link("<x>; rel=\"nextprev\"", "next", NULL);
    assert_link("<x>; rel=prev, <y>; rel=next", "next", "http://host/a/y");
    assert_link("<x,;y>; title=\"a, <z>; rel=next\"; rel=last", "next", NULL);
    assert_link("<x,;y>; title=\"a, <z>; rel=next\"; rel=last", "last", "http://host/a/x,;y");
    assert_link("<x>; title=\"a\\\\\"; rel=next", "next", "http://host/a/x");
    assert_link("<x>; title=\"a\\\", <y>; rel=next", "next", NULL);
    assert_link("<x>; rel=first; rel=next", "next", NULL); /* the first counts */
    assert_link("<x>;;  ; rel=next;", "next", "http://host/a/x");
    assert_link(" , ,<x> ;rel = next ,", "next", "http://host/a/x");
    assert_link("<>; rel=next", "next", "http://host/a/b?c");
    assert_link("x; rel=next", "next", NULL);
    assert_link("<x; rel=next", "next", NULL);
    assert_link("<x>", "next", NULL);
    assert_link("<x>; rel", "next", NULL);
}

static void test_link_parameters(void **state)
{
    struct requests_response *response =
        make("Link", "<x>; rel=a; title=\"q\\\"\\\\\"; flag, <y>; type=text/html", "", 0);
    size_t count = 0;
    const struct requests_link *links = requests_links(response, &count);

    (void)state;
    assert_int_equal(count, 2);
    assert_string_equal(http_headers_get(&links[0].params, "Title"), "q\"\\");
    assert_string_equal(http_headers_get(&links[0].params, "flag"), "");
    assert_string_equal(links[1].url, "y");
    assert_string_equal(http_headers_get(&links[1].params, "type"), "text/html");
    assert_ptr_equal(requests_links(response, &count), links); /* read once */
    assert_int_equal(count, 2);
    requests_response_free(response);
}

static void test_same_origin(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } ROWS[] = {
        {"http://api.test/a", "http://api.test/b?c#d", true},
        {"http://api.test/", "http://evil.example/", false},
        {"http://api.test/", "http://api.test.evil.example/", false},
        {"http://api.test/", "http://www.api.test/", false},
        {"http://api.test/", "http://api.test:80/", true}, /* what the scheme means anyway */
        {"https://api.test/", "https://api.test:443/", true},
        {"http://api.test/", "http://api.test:8080/", false},
        {"http://api.test/", "http://api.test:443/", false},
        {"http://api.test/", "https://api.test/", false},
        {"http://api.test/", "HTTP://API.Test/", true},
        {"http://api.test/", "http://api.test@evil.example/", false},
        {"http://api.test/", "http://evil.example@api.test/", true},
        {"http://api.test/", "/b", false}, /* relative: nobody knows to what */
        {"http://api.test/", "//api.test/b", false},
        {"/a", "/a", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (requests_same_origin(ROWS[i].a, ROWS[i].b) != ROWS[i].same ||
            requests_same_origin(ROWS[i].b, ROWS[i].a) != ROWS[i].same)
            fail_msg("%s, %s: not %s", ROWS[i].a, ROWS[i].b, ROWS[i].same ? "same" : "different");
    }
}

/* ---- text ---- */

static void assert_text(const char *type, const char *body, size_t length, const char *wanted)
{
    struct requests_response *response =
        make(type == NULL ? NULL : "Content-Type", type, body, length);
    size_t size = 0;
    const char *text = requests_text(response, &size);

    assert_non_null(text);
    if (strcmp(text, wanted) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", type, text, wanted);
    assert_int_equal(size, strlen(wanted));
    assert_ptr_equal(requests_text(response, NULL), text); /* decoded once */
    requests_response_free(response);
}

static void test_text(void **state)
{
    (void)state;
    assert_text("text/plain", "\xFC", 1, "ü");
    assert_text("text/html; charset=\"utf-8\"", "ü", 2, "ü");
    assert_text("text/html; charset=UTF8", "a\xC3", 2, "a\xEF\xBF\xBD");
    assert_text("x/y; charset=utf-8", "\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80");
    assert_text("x/y; charset=utf-8", "\xED\xA0\x80", 3, /* half of a pair */
                "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("x/y; charset=utf-8", "\xC0\xAF", 2, "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_text("x/y; charset=utf-16", "\xFF\xFE\x61\0\x62", 5, "a\xEF\xBF\xBD");
    assert_text("x/y; charset=shift_jis", "\x82\xA0", 2, "あ");
    assert_text("x/y; charset=none-such", "ü", 2, "ü");
    assert_text("x/y; charset=\"latin1//TRANSLIT\"", "\xC3\xBC", 2, "ü"); /* no name */
    assert_text(NULL, "\xEF\xBB\xBF\x61", 4, "a");
    assert_text(NULL, "\xFE\xFF\0a", 4, "a");
    assert_text(NULL, "\xFF", 1, "ÿ");
    assert_text("text/plain", "", 0, "");
}

static void test_encoding(void **state)
{
    struct requests_response *response = make("Content-Type", "text/plain", "\xC3\xBC", 2);

    (void)state;
    assert_string_equal(requests_encoding(response), "ISO-8859-1");
    assert_string_equal(requests_text(response, NULL), "Ã¼");
    assert_int_equal(requests_set_encoding(response, "utf-8"), 0);
    assert_string_equal(requests_text(response, NULL), "ü");
    assert_int_equal(requests_set_encoding(response, NULL), 0);
    assert_null(requests_encoding(response));
    assert_string_equal(requests_apparent_encoding(response), "utf-8");
    assert_string_equal(requests_text(response, NULL), "ü");
    requests_response_free(response);
}

static void test_json(void **state)
{
    struct requests_error error = {0};
    struct requests_response *response = make(NULL, NULL, "\xFF\xFE{\0}\0", 6);
    json_t *json = requests_json(response, &error);

    (void)state;
    assert_true(json_is_object(json));
    json_decref(json);
    requests_response_free(response);
    response = make("Content-Type", "text/plain", "{\"a\":\n}", 7);
    assert_null(requests_json(response, &error));
    assert_int_equal(error.failure, REQUESTS_JSON);
    assert_non_null(strstr(error.text, "line 2"));
    assert_string_equal(requests_text(response, NULL), "{\"a\":\n}");
    requests_response_free(response);
}

static int add_line(void *context, const char *text, size_t length)
{
    return buffer_print(context, "[%.*s]", (int)length, text) == 0 ? (length == 4) : -1;
}

static void test_lines(void **state)
{
    static const char *const ROWS[][2] = {{"", ""},       {"a", "[a]"},
                                          {"a\n", "[a]"}, {"a\r\nb\rc\n\nd", "[a][b][c][][d]"},
                                          {"\r\n", "[]"}, {"stop\nmore", "[stop]"}};

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct requests_response *response = make(NULL, NULL, ROWS[i][0], strlen(ROWS[i][0]));
        struct buffer out = {0};
        (void)requests_each_line(response, add_line, &out);
        assert_string_equal(buffer_text(&out), ROWS[i][1]);
        buffer_free(&out);
        requests_response_free(response);
    }
}

/* ---- URLs ---- */

static void test_urls(void **state)
{
    static const char *const ROWS[][2] = {
        {"http://h", "http://h/"},
        {"  HTTP://H/a b", "http://H/a%20b"},
        {"http://h?q", "http://h/?q"},
        {"http://h/%7e%2f%zz", "http://h/%257e%252f%25zz"},
        {"http://h/%7e%2f", "http://h/~%2F"},
        {"http://u:p@h:80/#f", "http://h:80/#f"},
        {"http://u@[::1]:8/", "http://[::1]:8/"},
        {"http://h/[x]", "http://h/%5Bx%5D"},
        {"ftp://h/", NULL},
        {"//h/", NULL},
        {"h/", NULL},
        {"http:///", NULL},
        {"http://h:99999/", NULL},
        {"http://a b/", NULL},
        {"http://.h/", NULL},
        {"http://h/\r\nX: y", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct buffer out = {0};
        struct requests_error error = {0};
        int result = requests_quote_url(ROWS[i][0], &out, &error);
        if (result != (ROWS[i][1] == NULL ? -1 : 0) ||
            (result == 0 && strcmp(out.data, ROWS[i][1]) != 0))
            fail_msg("%s: %d, %s, not %s", ROWS[i][0], result, buffer_text(&out), ROWS[i][1]);
        assert_int_equal(error.failure, result == 0 ? REQUESTS_OK : REQUESTS_INVALID_URL);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links),       cmocka_unit_test(test_link_parameters),
        cmocka_unit_test(test_same_origin), cmocka_unit_test(test_text),
        cmocka_unit_test(test_encoding),    cmocka_unit_test(test_json),
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_urls)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
