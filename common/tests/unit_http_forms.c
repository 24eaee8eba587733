/* http/forms: both encodings, cut at every byte, their limits, and what is refused. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/forms.h"

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=AaB03x"

/* Reads a form in pieces of step bytes. Appends what it finds to out: "name(file,type)=value;" for
 * each field, "." for the end, "!400" for an error. */
static void read_form(const char *type, const char *body, size_t length, size_t step,
                      struct buffer *out)
{
    struct http_form form;
    const char *piece;
    size_t used, size, at = 0;
    enum http_form_event event = HTTP_FORM_MORE;

    out->length = 0;
    assert_int_equal(buffer_add(out, "", 0), 0);
    assert_int_equal(http_form_begin(&form, type), 0);
    while (event != HTTP_FORM_END && event != HTTP_FORM_ERROR) {
        size_t n = length - at < step ? length - at : step;
        event = http_form_read(&form, body + at, n, at + n == length, &used, &piece, &size);
        assert_true(used <= n);
        if (event == HTTP_FORM_MORE)
            assert_int_equal(used, n);
        at += used;
        if (event == HTTP_FORM_FIELD)
            (void)buffer_print(out, "%s(%s,%s)=", form.name,
                               form.filename != NULL ? form.filename : "-", form.type);
        else if (event == HTTP_FORM_DATA)
            (void)(assert_true(size > 0), buffer_add(out, piece, size));
        else if (event == HTTP_FORM_FIELD_END)
            (void)buffer_add(out, ";", 1);
        else if (event == HTTP_FORM_END)
            (void)buffer_add(out, ".", 1);
        else if (event == HTTP_FORM_ERROR)
            (void)buffer_print(out, "!%d", form.refusal);
        assert_int_equal(event == HTTP_FORM_ERROR, form.error != NULL);
    }
    assert_int_equal(http_form_read(&form, "", 0, true, &used, &piece, &size), event);
    http_form_free(&form);
}

/* The same result however it is cut. */
static void check(const char *type, const char *body, size_t length, const char *expected)
{
    struct buffer out = {0};

    for (size_t step = 1; step <= length + 1; step++) {
        read_form(type, body, length, step, &out);
        assert_string_equal(buffer_text(&out), expected);
    }
    buffer_free(&out);
}

static void test_urlencoded(void **state)
{
    static const char *const table[][2] = {
        {"", "."},
        {"a=1", "a(-,text/plain)=1;."},
        {"a=1&b=2", "a(-,text/plain)=1;b(-,text/plain)=2;."},
        {"a=1&a=2&", "a(-,text/plain)=1;a(-,text/plain)=2;."},
        {"&&a=1&&", "a(-,text/plain)=1;."},
        {"a", "a(-,text/plain)=;."},
        {"a&b=", "a(-,text/plain)=;b(-,text/plain)=;."},
        {"=x", "(-,text/plain)=x;."},
        {"a=b=c", "a(-,text/plain)=b=c;."},
        {"first+name=Ada+L%2e", "first name(-,text/plain)=Ada L.;."},
        {"%61%26=%3D%26%2B%25", "a&(-,text/plain)==&+%;."},
        {"caf%C3%A9=\xC3\xA9", "caf\xC3\xA9(-,text/plain)=\xC3\xA9;."},
        {"a=%2", "a(-,text/plain)=!400"},
        {"a=%", "a(-,text/plain)=!400"},
        {"a=%zz", "a(-,text/plain)=!400"},
        {"a=%4&b=1", "a(-,text/plain)=!400"},
        {"%=1", "!400"},
        {"a%00b=1", "!400"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check(URLENCODED, table[i][0], strlen(table[i][0]), table[i][1]);
    check("Application/X-WWW-Form-Urlencoded;charset=utf-8", "a=1", 3, "a(-,text/plain)=1;.");
}

static void test_urlencoded_nul(void **state)
{
    struct buffer out = {0};

    (void)state;
    read_form(URLENCODED, "a=x%00y\0z", 9, 1, &out); /* a value is bytes, any bytes */
    assert_int_equal(out.length, strlen("a(-,text/plain)=") + 5 + 2);
    assert_memory_equal(out.data + strlen("a(-,text/plain)="), "x\0y\0z;.", 7);
    buffer_free(&out);
}

static void test_multipart(void **state)
{
    static const char *const table[][2] = {
        {"--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhello\r\n--AaB03x--\r\n",
         "a(-,text/plain)=hello;."},
        {"--AaB03x\r\ncontent-disposition: FORM-DATA; NAME=a\r\n\r\nx\r\n--AaB03x--",
         "a(-,text/plain)=x;."},
        {"preamble\r\n--AaB03x \t\r\nContent-Disposition: form-data; "
         "name=\"a\"\r\n\r\n1\r\n--AaB03x"
         "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x\\\"y\"\r\n"
         "Content-Type: image/png\r\n\r\n\r\n\r\n\r\n--AaB03x--\r\nepilogue\r\n--AaB03x\r\n",
         "a(-,text/plain)=1;f(../x\"y,image/png)=\r\n\r\n;."},
        /* what nearly is a delimiter */
        {"--AaB03x\r\nContent-Disposition: form-data; "
         "name=a\r\n\r\n\r\r\n--AaB03\r\n-AaB03x--\r\n\r"
         "--AaB03x\n--AaB03x\r\n\r\n--AaB03x--",
         "a(-,text/plain)=\r\r\n--AaB03\r\n-AaB03x--\r\n\r--AaB03x\n--AaB03x\r\n;."},
        /* empty values: with a line end of their own, and with none */
        {"--AaB03x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--AaB03x--",
         "a(-,text/plain)=;."},
        {"--AaB03x\r\nContent-Disposition: form-data; name=a\r\n\r\n--AaB03x--",
         "a(-,text/plain)=;."},
        {"--AaB03x\r\nContent-Disposition: form-data; name=a\r\n\r\n--AaB03y\r\n--AaB03x--",
         "a(-,text/plain)=--AaB03y;."},
        {"--AaB03x\r\nContent-Disposition: form-data; name=\"\"; filename=\"\"\r\n"
         "Content-Type: application/octet-stream\r\n\r\n\r\n--AaB03x--",
         "(,application/octet-stream)=;."},
        {"--AaB03x--", "."},
        {"\r\n--AaB03x--\r\n", "."},
        /* refused */
        {"", "!400"},
        {"--AaB03x", "!400"},
        {"--AaB03x\r\n", "!400"},
        {"--AaB03xy\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--AaB03x--", "!400"},
        {"--AaB03x-\r\n", "!400"},
        {"--AaB03x\n", "!400"},
        {"--AaB03x\r\r\n", "!400"},
        {"--AaB03x\r\n\r\nhello\r\n--AaB03x--", "!400"},
        {"--AaB03x\r\nContent-Disposition: form-data\r\n\r\nhello\r\n--AaB03x--", "!400"},
        {"--AaB03x\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--AaB03x--", "!400"},
        {"--AaB03x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--AaB03x--", "!400"},
        {"--AaB03x\r\nContent-Disposition : form-data; name=a\r\n\r\n\r\n--AaB03x--", "!400"},
        {"--AaB03x\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n\r\n--AaB03x--", "!400"},
        {"--AaB03x\r\nContent-Disposition: form-data; name=a\nX: y\r\n\r\n\r\n--AaB03x--", "!400"},
        {"--AaB03x\r\nContent-Disposition: form-data; name=a\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\n\r\n--AaB03x--",
         "!400"},
        {"--AaB03x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--AaB03x-",
         "a(-,text/plain)=;!400"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check(MULTIPART, table[i][0], strlen(table[i][0]), table[i][1]);
}

/* A part's name is its own, though it is shorter than the one before. */
static void test_names(void **state)
{
    static const char body[] = "--AaB03x\r\nContent-Disposition: form-data; name=long; "
                               "filename=long\r\n\r\n1\r\n--AaB03x\r\nContent-Disposition: "
                               "form-data; name=\"\"\r\n\r\n2\r\n--AaB03x--";

    (void)state;
    check(MULTIPART, body, sizeof body - 1, "long(long,text/plain)=1;(-,text/plain)=2;.");
    check(URLENCODED, "long=1&=2", 9, "long(-,text/plain)=1;(-,text/plain)=2;.");
}

static void test_types(void **state)
{
    static const struct {
        const char *type;
        int refusal;
    } table[] = {
        {NULL, 415},
        {"", 415},
        {"application/json", 415},
        {"multipart/mixed; boundary=x", 415},
        {"multipart/form-data-x; boundary=x", 415},
        {"multipart/form-data", 400},
        {"multipart/form-data; boundary=", 400},
        {"multipart/form-data; boundary=\"\"", 400},
        {"multipart/form-data; boundary=\"a b \"", 400},
        {"multipart/form-data; boundary=\"a\tb\"", 400},
        {"multipart/form-data; boundary=\"a;b\"", 400},
        {"multipart/form-data; boundary="
         "12345678901234567890123456789012345678901234567890123456789012345678901",
         400},
        {"multipart/form-data; boundary="
         "1234567890123456789012345678901234567890123456789012345678901234567890",
         0},
        {"Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\"", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct http_form form;
        assert_int_equal(http_form_begin(&form, table[i].type), table[i].refusal == 0 ? 0 : -1);
        assert_int_equal(form.refusal, table[i].refusal);
        assert_int_equal(form.error != NULL, table[i].refusal != 0);
        http_form_free(&form);
    }
}

/* A body of one field whose head is that long, whole and cut at 1000 bytes. */
static void check_limit(const char *type, const char *before, size_t filling, const char *behind,
                        const char *tail)
{
    struct buffer body = {0}, out = {0};
    size_t steps[] = {1000, 100000};

    assert_int_equal(buffer_add(&body, before, strlen(before)), 0);
    for (size_t i = 0; i < filling; i++)
        assert_int_equal(buffer_add(&body, "x", 1), 0);
    assert_int_equal(buffer_add(&body, behind, strlen(behind)), 0);
    for (size_t i = 0; i < 2; i++) {
        read_form(type, body.data, body.length, steps[i], &out);
        assert_true(out.length >= strlen(tail));
        assert_string_equal(out.data + out.length - strlen(tail), tail);
    }
    buffer_free(&body);
    buffer_free(&out);
}

static void test_limits(void **state)
{
    static const char part[] = "--AaB03x\r\nContent-Disposition: form-data; name=a\r\nX: ";
    static const char one[] = "--AaB03x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    size_t head = sizeof part - 1 - strlen("--AaB03x\r\n") + 4;
    struct buffer body = {0}, out = {0};

    (void)state;
    check_limit(URLENCODED, "", HTTP_FORM_HEAD, "=1", "=1;.");
    check_limit(URLENCODED, "", HTTP_FORM_HEAD + 1, "=1", "!413");
    check_limit(URLENCODED, "a=", 300000, "", "x;.");
    check_limit(MULTIPART, part, HTTP_FORM_HEAD - head, "\r\n\r\n1\r\n--AaB03x--", "=1;.");
    check_limit(MULTIPART, part, HTTP_FORM_HEAD - head + 1, "\r\n\r\n1\r\n--AaB03x--", "!413");
    for (int i = 0; i < HTTP_FORM_FIELDS; i++)
        assert_int_equal(buffer_add(&body, "a&", 2), 0);
    read_form(URLENCODED, body.data, body.length, 777, &out);
    assert_int_equal(out.data[out.length - 1], '.');
    assert_int_equal(buffer_add(&body, "a", 1), 0);
    read_form(URLENCODED, body.data, body.length, 777, &out);
    assert_string_equal(out.data + out.length - 4, "!413");
    body.length = 0;
    for (int i = 0; i <= HTTP_FORM_FIELDS; i++)
        assert_int_equal(buffer_add(&body, one, sizeof one - 1), 0);
    read_form(MULTIPART, body.data, body.length, 777, &out);
    assert_string_equal(out.data + out.length - 4, "!413");
    buffer_free(&body);
    buffer_free(&out);
}

/* A value is never kept: a gigabyte takes what a byte takes. */
static void test_memory(void **state)
{
    static char block[1 << 20];
    static const char part[] = "--AaB03x\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    struct http_form form;
    const char *piece;
    size_t used, size, total = 0;

    (void)state;
    memset(block, '\r', sizeof block); /* each may be the start of a delimiter */
    for (size_t i = 1; i < sizeof block; i += 2)
        block[i] = '\n';
    assert_int_equal(http_form_begin(&form, MULTIPART), 0);
    assert_int_equal(http_form_read(&form, part, sizeof part - 1, false, &used, &piece, &size),
                     HTTP_FORM_FIELD);
    assert_int_equal(used, sizeof part - 1);
    for (int i = 0; i < 16; i++) {
        for (size_t at = 0; at < sizeof block; at += used) {
            enum http_form_event event =
                http_form_read(&form, block + at, sizeof block - at, false, &used, &piece, &size);
            assert_true(event == HTTP_FORM_DATA || event == HTTP_FORM_MORE);
            total += size;
        }
    }
    assert_true(total + 2 >= 16 * sizeof block); /* all but a CR LF that may begin a delimiter */
    assert_true(form.text.capacity + form.title.capacity + form.delimiter.capacity < 1024);
    http_form_free(&form);
}

static void test_add(void **state)
{
    struct buffer out = {0};

    (void)state;
    assert_int_equal(http_form_add(&out, "user", "Ada L."), 0);
    assert_string_equal(out.data, "user=Ada+L.");
    assert_int_equal(http_form_add(&out, "a&b", "caf\xC3\xA9 = 100%+~"), 0);
    assert_string_equal(out.data, "user=Ada+L.&a%26b=caf%C3%A9+%3D+100%25%2B%7E");
    check(URLENCODED, out.data, out.length,
          "user(-,text/plain)=Ada L.;a&b(-,text/plain)=caf\xC3\xA9 = 100%+~;.");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urlencoded), cmocka_unit_test(test_urlencoded_nul),
        cmocka_unit_test(test_multipart),  cmocka_unit_test(test_types),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_memory),
        cmocka_unit_test(test_add),        cmocka_unit_test(test_names),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
