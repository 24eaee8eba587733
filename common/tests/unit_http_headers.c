/* http/headers: what may be a field, and lists of them. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "http/headers.h"

static void test_token(void **state)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    (void)state;
    for (int c = 0; c < 256; c++) {
        char text = (char)c;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        assert_int_equal(http_is_token(&text, 1), letter || (c != 0 && strchr(others, c) != NULL));
    }
    assert_false(http_is_token("", 0));
    assert_true(http_is_token("X-Y", 3));
    assert_false(http_is_token("X Y", 3));
    assert_false(http_is_token("X\0", 2));
}

/* Every byte at every place of texts of every length, for they are looked at by eights. */
static void test_value(void **state)
{
    char text[32];

    (void)state;
    for (size_t length = 0; length <= sizeof text; length++) {
        memset(text, 'v', sizeof text);
        assert_true(http_is_value(text, length));
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++) {
                text[at] = (char)c;
                assert_int_equal(http_is_value(text, length), c == '\t' || (c >= 32 && c != 127));
            }
            text[at] = at % 3 == 0 ? '\t' : 'v'; /* allowed, and less than a blank */
        }
    }
    assert_true(http_is_value("\xff\x80 caf\xc3\xa9", 8));
}

struct line {
    const char *text; /* a line of fields */
    const char *name, *value, *wrong;
};

static void test_split(void **state)
{
    static const struct line lines[] = {
        {"Host: example.org", "Host", "example.org", NULL},
        {"Host:example.org", "Host", "example.org", NULL},
        {"Host: \t example.org \t", "Host", "example.org", NULL},
        {"X:", "X", "", NULL},
        {"X: \t ", "X", "", NULL},
        {"X: a: b", "X", "a: b", NULL},
        {"X: a\tb", "X", "a\tb", NULL},
        {"X: \xff", "X", "\xff", NULL},
        {"!#$%&'*+-.^_`|~: v", "!#$%&'*+-.^_`|~", "v", NULL},
        {"", NULL, NULL, "an empty line"},
        {" X: folded", NULL, NULL, "a folded line"},
        {"\tfolded", NULL, NULL, "a folded line"},
        {"X", NULL, NULL, "a line without a colon"},
        {"X Y", NULL, NULL, "a line without a colon"},
        {": v", NULL, NULL, "a field without a name"},
        {"X : v", NULL, NULL, "a blank before the colon"},
        {"X\t: v", NULL, NULL, "a blank before the colon"},
        {"X Y: v", NULL, NULL, "a blank before the colon"},
        {"X(Y): v", NULL, NULL, "a byte that no field name may hold"},
        {"\xc3\xa9: v", NULL, NULL, "a byte that no field name may hold"},
        {"X\r: v", NULL, NULL, "a byte that no field name may hold"},
        {"X: a\rY: b", NULL, NULL, "a bare CR"},
        {"X: a\nY: b", NULL, NULL, "a bare LF"},
        {"X: a\r", NULL, NULL, "a bare CR"},
        {"X: a\x01", NULL, NULL, "a control character in a value"},
        {"X: a\x7f", NULL, NULL, "a control character in a value"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *line = &lines[i];
        struct http_field field = {0};
        const char *wrong = http_field_split(line->text, strlen(line->text), &field);

        if (line->wrong != NULL) {
            if (wrong == NULL || strcmp(wrong, line->wrong) != 0)
                fail_msg("\"%s\": %s, not %s", line->text, wrong, line->wrong);
            continue;
        }
        assert_null(wrong);
        assert_int_equal(field.name_length, strlen(line->name));
        assert_int_equal(field.value_length, strlen(line->value));
        assert_memory_equal(line->text + field.name_at, line->name, field.name_length);
        assert_memory_equal(line->text + field.value_at, line->value, field.value_length);
    }
    assert_string_equal(http_field_split("X: a\0b", 6, &(struct http_field){0}), "a NUL byte");
}

static void test_add_and_get(void **state)
{
    struct http_headers headers = {0};
    struct buffer out = {0};
    size_t position = 0;

    (void)state;
    assert_null(http_headers_get(&headers, "Host"));
    assert_int_equal(http_headers_add(&headers, "Host", " example.org\t"), 0);
    assert_int_equal(http_headers_add(&headers, "Accept", "text/html"), 0);
    assert_int_equal(http_headers_print(&headers, "ACCEPT", "text/%s;q=0.%d", "plain", 5), 0);
    assert_int_equal(http_headers_add(&headers, "X-Empty", "  "), 0);
    assert_string_equal(http_headers_get(&headers, "hOST"), "example.org");
    assert_string_equal(http_headers_get(&headers, "x-empty"), "");
    assert_null(http_headers_get(&headers, "Hos"));
    assert_null(http_headers_get(&headers, "Hosts"));
    assert_int_equal(http_headers_count(&headers, "accept"), 2);
    assert_string_equal(http_headers_next(&headers, "accept", &position), "text/html");
    assert_string_equal(http_headers_next(&headers, "accept", &position), "text/plain;q=0.5");
    assert_null(http_headers_next(&headers, "accept", &position));
    assert_int_equal(http_headers_write(&headers, &out), 0);
    assert_string_equal(buffer_text(&out), "Host: example.org\r\nAccept: text/html\r\n"
                                           "ACCEPT: text/plain;q=0.5\r\nX-Empty: \r\n");
    buffer_free(&out);
    http_headers_free(&headers);
    assert_int_equal(headers.count, 0);
    assert_null(headers.fields);
}

static void test_add_refuses(void **state)
{
    static const char *const names[] = {"", "A B", "A:", "A\r\nB", "\xc3\xa9", " A"};
    static const char *const values[] = {"a\r\nSet-Cookie: s=1", "a\rb", "a\nb", "\x01", "\x7f"};
    struct http_headers headers = {0};

    (void)state;
    assert_int_equal(http_headers_add(&headers, "A", "kept"), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        errno = 0;
        assert_int_equal(http_headers_add(&headers, names[i], "v"), -1);
        assert_int_equal(errno, EINVAL);
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        errno = 0;
        assert_int_equal(http_headers_add(&headers, "A", values[i]), -1);
        assert_int_equal(errno, EINVAL);
        errno = 0;
        assert_int_equal(http_headers_print(&headers, "A", "%s", values[i]), -1);
        assert_int_equal(errno, EINVAL);
        errno = 0;
        assert_int_equal(http_headers_set(&headers, "A", values[i]), -1);
        assert_int_equal(errno, EINVAL);
    }
    assert_int_equal(headers.count, 1);
    assert_string_equal(http_headers_get(&headers, "A"), "kept");
    http_headers_free(&headers);
}

static void test_set_and_remove(void **state)
{
    struct http_headers headers = {0};
    char value[16];

    (void)state;
    for (int i = 0; i < 100; i++) {                   /* the list grows */
        (void)snprintf(value, sizeof value, "%d", i); /* it fits */
        assert_int_equal(http_headers_add(&headers, i % 2 == 0 ? "Even" : "Odd", value), 0);
    }
    assert_int_equal(http_headers_set(&headers, "EVEN", "new"), 0);
    assert_int_equal(headers.count, 51);
    assert_string_equal(http_headers_get(&headers, "Even"), "new");
    assert_string_equal(headers.fields[50].name, "EVEN");
    /* name and value may be those of a field that goes */
    assert_int_equal(http_headers_set(&headers, headers.fields[0].name, headers.fields[0].value),
                     0);
    assert_int_equal(headers.count, 2);
    assert_string_equal(http_headers_get(&headers, "odd"), "1");
    assert_int_equal(http_headers_remove(&headers, "none"), 0);
    assert_int_equal(http_headers_remove(&headers, "ODD"), 1);
    assert_int_equal(headers.count, 1);
    size_t capacity = headers.capacity;
    http_headers_clear(&headers);
    assert_int_equal(headers.count, 0);
    assert_int_equal(headers.capacity, capacity);
    http_headers_free(&headers);
}

/* The members of a list, each in brackets. */
static void members(const char *list, const char *expected)
{
    struct buffer out = {0};
    const char *at = list, *member;
    size_t length;

    while (http_list_next(&at, &member, &length))
        assert_int_equal(buffer_print(&out, "[%.*s]", (int)length, member), 0);
    assert_string_equal(buffer_text(&out), expected);
    assert_string_equal(at, "");
    assert_false(http_list_next(&at, &member, &length));
    buffer_free(&out);
}

static void test_list(void **state)
{
    (void)state;
    members("", "");
    members(" , ,\t,", "");
    members("gzip", "[gzip]");
    members(" gzip\t, br;q=0.5 ,,deflate,", "[gzip][br;q=0.5][deflate]");
    members("\"a,b\", c", "[\"a,b\"][c]");
    members("\"a\\\",b\",c", "[\"a\\\",b\"][c]");
    members("W/\"1,2\",\"3", "[W/\"1,2\"][\"3]");
    members("\"a\\", "[\"a\\]");
    members("a b", "[a b]");
}

static void test_has(void **state)
{
    struct http_headers headers = {0};

    (void)state;
    assert_int_equal(http_headers_add(&headers, "Connection", "Upgrade, keep-ALIVE"), 0);
    assert_int_equal(http_headers_add(&headers, "connection", "TE ; q=1, \"close\""), 0);
    assert_true(http_headers_has(&headers, "CONNECTION", "keep-alive"));
    assert_true(http_headers_has(&headers, "Connection", "upgrade"));
    assert_true(http_headers_has(&headers, "Connection", "te"));
    assert_false(http_headers_has(&headers, "Connection", "close"));
    assert_false(http_headers_has(&headers, "Connection", "keep"));
    assert_false(http_headers_has(&headers, "Upgrade", "keep-alive"));
    http_headers_free(&headers);
}

static void parameter(const char *value, const char *name, const char *expected)
{
    struct buffer out = {0};

    assert_int_equal(buffer_add(&out, ">", 1), 0);
    assert_int_equal(http_parameter(value, name, &out), expected != NULL);
    assert_int_equal(out.length, 1 + (expected != NULL ? strlen(expected) : 0));
    assert_string_equal(buffer_text(&out) + 1, expected != NULL ? expected : "");
    buffer_free(&out);
}

static void test_parameter(void **state)
{
    (void)state;
    parameter("text/html; charset=utf-8", "charset", "utf-8");
    parameter("text/html;CHARSET=utf-8;a=b", "charset", "utf-8");
    parameter("text/html ; a=b ; charset=\"utf-8\"", "Charset", "utf-8");
    parameter("form-data; name=\"a\\\"b\\\\c\"; filename=x", "name", "a\"b\\c");
    parameter("form-data; name=\"a;filename=no\"; filename=x", "filename", "x");
    parameter("\"; a=1\"; a=2", "a", "2");
    parameter("x; a=\"\"", "a", "");
    parameter("x; a=", "a", "");
    parameter("x; a=1; a=2", "a", "1");
    parameter("x", "a", NULL);
    parameter("a=1", "a", NULL);
    parameter("x; a", "a", NULL);
    parameter("x; ab=1", "a", NULL);
    parameter("x; a = 1", "a", NULL);
    parameter("x; a=\"never closed", "a", NULL);
    parameter("x; a=\"never closed\\", "a", NULL);
    parameter("x;;; a=1", "a", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token),       cmocka_unit_test(test_value),
        cmocka_unit_test(test_split),       cmocka_unit_test(test_add_and_get),
        cmocka_unit_test(test_add_refuses), cmocka_unit_test(test_set_and_remove),
        cmocka_unit_test(test_list),        cmocka_unit_test(test_has),
        cmocka_unit_test(test_parameter),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
