/* http/cookies: Cookie and Set-Cookie both ways, quoted values, and the date of Expires. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/cookies.h"

enum { NOW = 1700000000 };

/* ---- Cookie ---- */

/* Reads a field and compares with "name=value|name=value|". */
static void check_field(const char *field, const char *wanted)
{
    struct http_cookies cookies;
    struct buffer text = {0};

    assert_int_equal(http_cookies_parse(&cookies, field), 0);
    for (size_t i = 0; i < cookies.count; i++)
        assert_int_equal(buffer_print(&text, "%s=%s|", cookies.list[i].name, cookies.list[i].value),
                         0);
    assert_string_equal(buffer_text(&text), wanted);
    buffer_free(&text);
    http_cookies_free(&cookies);
    assert_null(cookies.list);
}

static void test_field(void **state)
{
    (void)state;
    check_field("", "");
    check_field("a=1", "a=1|");
    check_field("a=1; b=2", "a=1|b=2|");
    check_field("a=1;b=2", "a=1|b=2|");
    check_field(" \ta = 1 ;; ; b\t=\t2;", "a=1|b=2|");
    check_field("a=", "a=|");
    check_field("a=b=c==", "a=b=c==|");
    check_field("a=1; a=2; A=3", "a=1|a=2|A=3|");
    check_field("a=1 2, 3", "a=1 2, 3|");
    check_field("a=\xc3\xa9", "a=\xc3\xa9|");
    check_field("$Version=1; a=1; $Path=/x", "$Version=1|a=1|$Path=/x|");
    check_field("Path=/; expires=never", "Path=/|expires=never|"); /* names like any other */
}

/* What is no pair is left out, and the others stay: one bad cookie cannot hide the rest. */
static void test_field_damaged(void **state)
{
    (void)state;
    check_field("nothing; a=1", "a=1|");
    check_field("=1; a=1", "a=1|");
    check_field("b c=1; a=1", "a=1|");
    check_field("b(=1; b\"=1; b,=1; [b]=1; a=1", "a=1|");
    check_field("\xc3\xa9=1; a=1", "a=1|");
    check_field("b=1\x01; a=1", "a=1|");
    check_field("b=1\x7f; a=1", "a=1|");
    check_field("b=1\tx; a=1", "a=1|");
    check_field("b=\"\\000\"; a=1", "a=1|");
    check_field(";;;;", "");
    check_field("====", "");
}

static void test_field_quoted(void **state)
{
    struct http_cookies cookies;

    (void)state;
    check_field("a=\"\"; b=\"x\"", "a=|b=x|");
    check_field("a=\"x\\073 y\\054\\\"z\\\\\"", "a=x; y,\"z\\|");
    check_field("a=\"\\303\\251\"", "a=\xc3\xa9|");
    check_field("a=\"\\400\\38\\q\"", "a=40038q|"); /* no octal digits of a byte: the next one */
    check_field("a=\"x\\\"", "a=x\\|");
    check_field("a=\"; b=\"x", "a=\"|b=\"x|");
    check_field("a=x\"y\"", "a=x\"y\"|");
    /* A quote holds no semicolon together: what a neighbour takes for two cookies are two. */
    check_field("a=\"x; session=stolen; y\"", "a=\"x|session=stolen|");

    assert_int_equal(http_cookies_parse(&cookies, "n=\"1\\0732\"; m=3"), 0);
    assert_int_equal(cookies.count, 2);
    assert_string_equal(cookies.list[0].coded, "\"1\\0732\"");
    assert_string_equal(cookies.list[0].value, "1;2");
    assert_string_equal(cookies.list[1].coded, "3");
    http_cookies_free(&cookies);
}

static void test_get(void **state)
{
    struct http_cookies cookies;

    (void)state;
    assert_int_equal(http_cookies_parse(&cookies, "id=near; ID=other; id=far"), 0);
    assert_string_equal(http_cookies_get(&cookies, "id"), "near");
    assert_string_equal(http_cookies_get(&cookies, "ID"), "other");
    assert_null(http_cookies_get(&cookies, "i"));
    assert_null(http_cookies_get(&cookies, "id2"));
    http_cookies_free(&cookies);
    assert_null(http_cookies_get(&cookies, "id"));
}

static void test_field_large(void **state)
{
    struct http_cookies cookies;
    struct buffer field = {0};

    (void)state;
    for (int i = 0; i < 20000; i++)
        assert_int_equal(buffer_print(&field, "a%d=\"\\073\";", i), 0);
    assert_int_equal(http_cookies_parse(&cookies, field.data), 0);
    assert_int_equal(cookies.count, 20000);
    assert_string_equal(http_cookies_get(&cookies, "a19999"), ";");
    http_cookies_free(&cookies);
    buffer_free(&field);
}

/* ---- quoting ---- */

static void check_quote(const char *text, const char *wanted)
{
    struct buffer coded = {0}, back = {0};

    assert_int_equal(http_cookie_quote(text, &coded), 0);
    assert_string_equal(coded.data, wanted);
    assert_int_equal(http_cookie_unquote(coded.data, &back), 0);
    assert_string_equal(back.data, text);
    assert_int_equal(back.length, strlen(text));
    buffer_free(&coded);
    buffer_free(&back);
}

static void test_quote(void **state)
{
    struct buffer out = {0};
    char each[256];

    (void)state;
    check_quote("plain", "plain");
    check_quote("a:b", "a:b");
    check_quote("!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~");
    check_quote("", "\"\"");
    check_quote("two words", "\"two words\"");
    check_quote("a=b", "\"a=b\"");
    check_quote("a;b,c", "\"a\\073b\\054c\"");
    check_quote("say \"hi\\\"", "\"say \\\"hi\\\\\\\"\"");
    check_quote("line\r\n\x7f", "\"line\\015\\012\\177\"");
    check_quote("\xc3\xa9", "\"\\303\\251\"");
    check_quote("\"x\"", "\"\\\"x\\\"\"");
    for (int i = 1; i < 256; i++)
        each[i - 1] = (char)i;
    each[255] = '\0';
    assert_int_equal(http_cookie_quote(each, &out), 0);
    struct http_set_cookie cookie = {.name = "a", .value = out.data};
    struct buffer built = {0};
    assert_int_equal(http_set_cookie_build(&cookie, &built, NULL), 0);
    buffer_free(&built);
    assert_int_equal(http_cookie_unquote(out.data, &built), 0);
    assert_string_equal(built.data, each);
    buffer_free(&built);
    buffer_free(&out);
    assert_int_equal(http_cookie_unquote("\"a\\000b\"", &out), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(out.length, 0);
    buffer_free(&out);
}

/* ---- Set-Cookie ---- */

static void check_build(const struct http_set_cookie *cookie, const char *wanted)
{
    struct buffer out = {0};
    struct error error = {.text = ""};
    struct http_set_cookie back;

    assert_int_equal(buffer_add(&out, "|", 1), 0);
    if (http_set_cookie_build(cookie, &out, &error) == -1)
        fail_msg("refused: %s", error.text);
    assert_string_equal(out.data + 1, wanted);
    assert_int_equal(http_set_cookie_parse(&back, out.data + 1, &error), 0);
    assert_string_equal(back.name, cookie->name);
    assert_string_equal(back.value, cookie->value);
    assert_int_equal(back.secure, cookie->secure);
    assert_int_equal(back.http_only, cookie->http_only);
    assert_int_equal(back.same_site, cookie->same_site);
    assert_int_equal(back.has_expires, cookie->has_expires);
    assert_int_equal(back.expires, cookie->expires);
    assert_int_equal(back.has_max_age, cookie->has_max_age);
    assert_int_equal(back.max_age, cookie->max_age);
    http_set_cookie_free(&back);
    buffer_free(&out);
}

static void test_build(void **state)
{
    (void)state;
    check_build(&(struct http_set_cookie){.name = "a", .value = "1"}, "a=1");
    check_build(&(struct http_set_cookie){.name = "a", .value = ""}, "a=");
    check_build(&(struct http_set_cookie){.name = "id",
                                          .value = "7",
                                          .domain = "example.com",
                                          .path = "/app",
                                          .has_expires = true,
                                          .expires = 784111777,
                                          .has_max_age = true,
                                          .max_age = 3600,
                                          .secure = true,
                                          .http_only = true,
                                          .same_site = HTTP_SAME_SITE_LAX},
                "id=7; Domain=example.com; Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly; "
                "Max-Age=3600; Path=/app; SameSite=Lax; Secure");
    check_build(&(struct http_set_cookie){.name = "a", .value = "", .has_max_age = true},
                "a=; Max-Age=0");
    check_build(&(struct http_set_cookie){.name = "a",
                                          .value = "\"b c\\073\"",
                                          .has_max_age = true,
                                          .max_age = -1,
                                          .same_site = HTTP_SAME_SITE_STRICT},
                "a=\"b c\\073\"; Max-Age=-1; SameSite=Strict");
    check_build(&(struct http_set_cookie){.name = "__Host-a",
                                          .value = "1",
                                          .path = "/",
                                          .secure = true,
                                          .same_site = HTTP_SAME_SITE_NONE},
                "__Host-a=1; Path=/; SameSite=None; Secure");
    check_build(&(struct http_set_cookie){.name = "__Secure-a", .value = "1", .secure = true},
                "__Secure-a=1; Secure");
}

static void refuse(const struct http_set_cookie *cookie, const char *why)
{
    struct buffer out = {0};
    struct error error = {.text = ""};

    assert_int_equal(buffer_add(&out, "before", 6), 0);
    assert_int_equal(http_set_cookie_build(cookie, &out, &error), -1);
    if (strstr(error.text, why) == NULL)
        fail_msg("refused for \"%s\", not for \"%s\"", error.text, why);
    assert_string_equal(out.data, "before");
    assert_int_equal(http_set_cookie_build(cookie, &out, NULL), -1);
    buffer_free(&out);
}

static void test_build_values(void **state)
{
    static const char *const NAMES[] = {"",      "a b", "a=b",      "a;b",  "a\r", "a\n",
                                        "\"a\"", "a,b", "\xc3\xa9", "a\tb", "a:b", "{a}"};
    static const char *const VALUES[] = {"1\r\nSet-Cookie: admin=1",
                                         "1\n",
                                         "1\r",
                                         "1;",
                                         "1; Domain=x",
                                         "a b",
                                         " a",
                                         "a ",
                                         "a,b",
                                         "a\"b",
                                         "\"",
                                         "\"a",
                                         "a\"",
                                         "a\\b",
                                         "\t",
                                         "\x01",
                                         "\x7f",
                                         "\xc3\xa9",
                                         "\"a,b\"",
                                         "\"a;b\"",
                                         "\"a\"b\"",
                                         "\"\\\"",
                                         "\"a\\x\"",
                                         "\"\\08\"",
                                         "\"\\07\"",
                                         "\"\\999\"",
                                         "\"a\tb\"",
                                         "\"a\r\n\""};
    static const char *const GOOD[] = {"1",        "\"1\"", "\"\"", "a=b", "a:b/c?d@e",
                                       "()[]{}<>", "'",     "!",    "~"};
    char bytes[2] = "";

    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        refuse(&(struct http_set_cookie){.name = NAMES[i], .value = "1"}, "name");
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++)
        refuse(&(struct http_set_cookie){.name = "a", .value = VALUES[i]}, "value");
    for (int c = 1; c < 256; c++) {
        bytes[0] = (char)c;
        if (c <= ' ' || c >= 127 || strchr("\",;\\", c) != NULL)
            refuse(&(struct http_set_cookie){.name = "a", .value = bytes}, "value");
    }
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        struct buffer out = {0};
        struct http_set_cookie cookie = {.name = "a", .value = GOOD[i]};
        assert_int_equal(http_set_cookie_build(&cookie, &out, NULL), 0);
        buffer_free(&out);
    }
}

static void test_build_attributes(void **state)
{
    static const char *const PATHS[] = {"",       "a",     "/a;b", "/a\r\nX: y", "/a\n",
                                        "/a\x7f", "/a\tb", " /",   "/a "};
    static const char *const DOMAINS[] = {"",    "a b",          "a;b",     "a\r\n", "a/b",
                                          "a:1", "\xc3\xa9.com", "a_b.com", ".a.com"};
    char text[HTTP_COOKIE_LIMIT + 1] = "";

    (void)state;
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++)
        refuse(&(struct http_set_cookie){.name = "a", .value = "1", .path = PATHS[i]}, "path");
    for (size_t i = 0; i < sizeof DOMAINS / sizeof DOMAINS[0]; i++)
        refuse(&(struct http_set_cookie){.name = "a", .value = "1", .domain = DOMAINS[i]},
               "domain");
    struct http_set_cookie dated = {.name = "a", .value = "1", .has_expires = true};
    dated.expires = INT64_MAX;
    refuse(&dated, "expiry");
    dated.expires = -11644473601; /* the last second of 1600 */
    refuse(&dated, "expiry");
    dated.expires++;
    check_build(&dated, "a=1; Expires=Mon, 01 Jan 1601 00:00:00 GMT");
    refuse(&(struct http_set_cookie){.name = "a", .value = "1", .same_site = HTTP_SAME_SITE_NONE},
           "SameSite=None needs Secure");
    refuse(&(struct http_set_cookie){.name = "__Secure-a", .value = "1"}, "prefix");
    refuse(&(struct http_set_cookie){.name = "__host-a", .value = "1", .secure = true}, "prefix");
    refuse(&(struct http_set_cookie){.name = "__Host-a", .value = "1", .path = "/"}, "prefix");
    refuse(
        &(struct http_set_cookie){.name = "__Host-a", .value = "1", .secure = true, .path = "/a"},
        "prefix");
    refuse(
        &(struct http_set_cookie){
            .name = "__Host-a", .value = "1", .secure = true, .path = "/", .domain = "example.com"},
        "prefix");
    memset(text, 'x', HTTP_COOKIE_LIMIT);
    refuse(&(struct http_set_cookie){.name = "a", .value = text}, "too long");
    text[0] = '/';
    refuse(&(struct http_set_cookie){.name = "a", .value = "", .path = text}, "path");
}

/* What was read, in one line. */
static void describe(const struct http_set_cookie *cookie, struct buffer *said)
{
    static const char *const SAME_SITES[] = {"", " none", " lax", " strict"};
    int failed = buffer_print(said, "%s=%s", cookie->name, cookie->value);

    if (cookie->domain != NULL)
        failed |= buffer_print(said, " domain=%s", cookie->domain);
    if (cookie->path != NULL)
        failed |= buffer_print(said, " path=%s", cookie->path);
    if (cookie->has_expires)
        failed |= buffer_print(said, " expires=%lld", (long long)cookie->expires);
    if (cookie->has_max_age)
        failed |= buffer_print(said, " age=%lld", (long long)cookie->max_age);
    failed |= buffer_print(said, "%s%s%s", cookie->secure ? " secure" : "",
                           cookie->http_only ? " httponly" : "", SAME_SITES[cookie->same_site]);
    assert_int_equal(failed, 0);
}

/* Parses, and compares with that line. */
static void check_parse(const char *text, const char *wanted)
{
    struct http_set_cookie cookie;
    struct error error = {.text = ""};
    struct buffer said = {0};

    int result = http_set_cookie_parse(&cookie, text, &error);
    if (result == 1) {
        assert_null(cookie.memory);
        assert_int_equal(buffer_print(&said, "ignored: %s", error.text), 0);
    } else {
        assert_int_equal(result, 0);
        describe(&cookie, &said);
    }
    http_set_cookie_free(&cookie);
    assert_string_equal(buffer_text(&said), wanted);
    buffer_free(&said);
}

static void test_parse(void **state)
{
    (void)state;
    check_parse("a=1", "a=1");
    check_parse("a=", "a=");
    check_parse("  a \t=\t 1 2  ; Secure", "a=1 2 secure");
    check_parse("a b=1", "a b=1"); /* no token; browsers take it all the same */
    check_parse("a=b=c", "a=b=c");
    check_parse("a=\"x\\073\"", "a=\"x\\073\""); /* quotes belong to the value */
    check_parse("a=1;SECURE;httponly", "a=1 secure httponly");
    check_parse("a=1; Secure=no; HttpOnly=false", "a=1 secure httponly");
    check_parse("a=1; domain = .EXAMPLE.com ; PATH=/X", "a=1 domain=example.com path=/X");
    check_parse("a=1; Domain=one.com; Domain=two.com", "a=1 domain=two.com");
    check_parse("a=1; Domain=one.com; Domain=", "a=1 domain=one.com");
    check_parse("a=1; Domain=.; Domain", "a=1");
    check_parse("a=1; Path=/x; Path=y", "a=1"); /* the last counts, and is none */
    check_parse("a=1; Path", "a=1");
    check_parse("a=1; Max-Age=10; max-age=x; max-age=-; Max-Age=+5; Max-Age= 1x", "a=1 age=10");
    check_parse("a=1; Max-Age=-5", "a=1 age=-5");
    check_parse("a=1; Max-Age=99999999999999999999999", "a=1 age=9223372036854775807");
    check_parse("a=1; Max-Age=9223372036854775809", "a=1 age=9223372036854775807");
    check_parse("a=1; Max-Age=-99999999999999999999999", "a=1 age=-9223372036854775807");
    check_parse("a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Expires=soon",
                "a=1 expires=784111777");
    check_parse("a=1; SameSite=LAX", "a=1 lax");
    check_parse("a=1; SameSite=none", "a=1 none");
    check_parse("a=1; SameSite=strict; SameSite=odd", "a=1");
    check_parse("a=1; =x; ;;Comment=hm; Version=1", "a=1");
    check_parse("a=\xc3\xa9", "a=\xc3\xa9");
}

static void test_parse_ignored(void **state)
{
    struct buffer text = {0};

    (void)state;
    check_parse("", "ignored: there is no '='");
    check_parse("a", "ignored: there is no '='");
    check_parse("; a=1", "ignored: there is no '='");
    check_parse("=1", "ignored: the name is empty");
    check_parse(" = ", "ignored: the name is empty");
    check_parse("a=1\x01", "ignored: it holds a control character");
    check_parse("a\x7f=1", "ignored: it holds a control character");
    check_parse("a=1\r\nX: y", "ignored: it holds a control character");
    check_parse("a=1\tb", "ignored: it holds a control character");
    check_parse("a=1; Path=/\n", "ignored: it holds a control character");
    check_parse("a=1; Se\x1f"
                "cure",
                "ignored: it holds a control character");

    assert_int_equal(buffer_print(&text, "a=%0*d", HTTP_COOKIE_LIMIT - 1, 1), 0);
    check_parse(text.data, text.data);
    assert_int_equal(buffer_add(&text, "1", 1), 0);
    check_parse(text.data, "ignored: name and value are too long");

    /* Of an attribute that is too long nothing counts, and the cookie stays. */
    text.length = 0;
    assert_int_equal(
        buffer_print(&text, "a=1; Path=/ok; Path=/%0*d; Secure", HTTP_COOKIE_ATTRIBUTE_LIMIT, 1),
        0);
    check_parse(text.data, "a=1 path=/ok secure");
    buffer_free(&text);
}

static void test_expiry(void **state)
{
    struct http_set_cookie cookie = {.name = "a", .value = "1"};
    time_t when = 42;

    (void)state;
    assert_false(http_set_cookie_expiry(&cookie, NOW, &when));
    cookie.has_expires = true;
    cookie.expires = 5;
    assert_true(http_set_cookie_expiry(&cookie, NOW, &when));
    assert_int_equal(when, 5);
    cookie.has_max_age = true;
    cookie.max_age = 60;
    assert_true(http_set_cookie_expiry(&cookie, NOW, &when));
    assert_int_equal(when, NOW + 60);
    cookie.max_age = 0;
    assert_true(http_set_cookie_expiry(&cookie, NOW, &when));
    assert_true(when <= NOW);
    cookie.max_age = INT64_MIN;
    assert_true(http_set_cookie_expiry(&cookie, NOW, &when));
    assert_true(when <= NOW);
    assert_true(http_set_cookie_expiry(&cookie, -NOW, &when));
    assert_true(when <= -NOW);
    cookie.max_age = INT64_MAX;
    assert_true(http_set_cookie_expiry(&cookie, NOW, &when));
    assert_int_equal(when, INT64_MAX);
    assert_true(http_set_cookie_expiry(&cookie, -NOW, &when));
    assert_int_equal(when, INT64_MAX - NOW);
}

/* ---- the date ---- */

static void check_date(const char *text, time_t wanted)
{
    time_t when = 0;

    if (!http_cookie_date(text, &when))
        fail_msg("not read: %s", text);
    if (when != wanted)
        fail_msg("%s was read as %lld", text, (long long)when);
}

static void test_date(void **state)
{
    enum { THEN = 784111777 };

    (void)state;
    check_date("Sun, 06 Nov 1994 08:49:37 GMT", THEN);
    check_date("Sunday, 06-Nov-94 08:49:37 GMT", THEN);
    check_date("Sun Nov  6 08:49:37 1994", THEN);
    check_date("6 nov 94 8:49:37", THEN);
    check_date("1994 november 6 8:49:37", THEN);
    check_date("08:49:37 1994 06 NOV", THEN);
    check_date("Sun,06/Nov/1994/08:49:37+0000", THEN); /* a zone is not looked at */
    check_date("06\tNov\t1994\t08:49:37", THEN);
    check_date("08:49:37x 6th November,1994AD", THEN);
    check_date("06-Nov-94 08:49:37 12:00:00 7 Dec 1999", THEN); /* the first of each counts */
    check_date("01 Jan 70 00:00:00", 0);
    check_date("01 Jan 69 00:00:00", 3124224000);
    check_date("01 Jan 00 00:00:00", 946684800);
    check_date("01 Jan 99 00:00:00", 915148800);
    check_date("01 Jan 0099 00:00:00", 915148800);
    check_date("01 Jan 1601 00:00:00", -11644473600);
    check_date("31 Dec 9999 23:59:59", 253402300799);
    check_date("29 Feb 2000 00:00:00", 951782400);
}

static void test_date_refused(void **state)
{
    static const char *const BAD[] = {
        "",
        "0",
        "tomorrow",
        "06 Nov 1994",
        "06 Nov 08:49:37",
        "Nov 1994 08:49:37",
        "06 1994 08:49:37",
        "06 Nov 1994 08:49",
        "06 Nov 1994 08:49:037",
        "06 Nov 1994 008:49:37",
        "06 Nov 1994 24:00:00",
        "06 Nov 1994 08:60:00",
        "06 Nov 1994 08:49:60",
        "00 Nov 1994 08:49:37",
        "32 Dec 1994 08:49:37",
        "31 Nov 1994 08:49:37",
        "29 Feb 1900 08:49:37",
        "29 Feb 2001 08:49:37",
        "06 Nov 1600 08:49:37",
        "06 Nov 199 08:49:37",
        "06 Nov 19945 08:49:37",
        "06 No 1994 08:49:37",
        "99999999999999999999 Nov 1994 08:49:37",
        "\xff\xfe",
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        time_t when = 42;
        if (http_cookie_date(BAD[i], &when))
            fail_msg("taken: %s", BAD[i]);
        assert_int_equal(when, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_field),
        cmocka_unit_test(test_field_damaged),
        cmocka_unit_test(test_field_quoted),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_field_large),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_build),
        cmocka_unit_test(test_build_values),
        cmocka_unit_test(test_build_attributes),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_ignored),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_date),
        cmocka_unit_test(test_date_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("http/cookies", tests, NULL, NULL);
}
