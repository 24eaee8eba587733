/* urllib/parse: what is there and what is empty, places in the input, no NUL assumed, errors. What
 * Python makes of the same URLs is compared by parse.t. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "urllib/parse.h"

/* The text in memory of just its size, so that a sanitizer sees who reads on. */
static char *exactly(const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    memcpy(copy, text, length);
    return copy;
}

/* NULL for what is not there. */
static void assert_part(struct url_part part, const char *wanted)
{
    if (wanted == NULL) {
        assert_null(part.text);
        assert_int_equal(part.length, 0);
        return;
    }
    assert_non_null(part.text);
    if (!url_part_equal(part, url_part_of(wanted)))
        fail_msg("\"%.*s\", not \"%s\"", URL_PRINT(part), wanted);
}

static void assert_text(struct buffer *out, const char *wanted)
{
    assert_string_equal(buffer_text(out), wanted);
    assert_int_equal(out->length, strlen(wanted));
    buffer_free(out);
}

/* ---- parts ------------------------------------------------------------------------------------
 */

static void test_part(void **state)
{
    (void)state;
    assert_null(url_part_of(NULL).text);
    assert_int_equal(url_part_of("").length, 0);
    assert_true(url_part_equal(url_part_of(NULL), url_part_of(NULL)));
    assert_false(url_part_equal(url_part_of(NULL), url_part_of("")));
    assert_false(url_part_equal(url_part_of(""), url_part_of(NULL)));
    assert_true(url_part_equal(url_part_of(""), url_part_of("")));
    assert_false(url_part_equal(url_part_of("a"), url_part_of("A")));
    assert_false(url_part_equal(url_part_of("a"), url_part_of("ab")));
    assert_true(url_part_equal((struct url_part){"a\0b", 3}, (struct url_part){"a\0b", 3}));
    assert_false(url_part_equal((struct url_part){"a\0b", 3}, (struct url_part){"a\0c", 3}));
}

struct split {
    const char *text, *scheme, *netloc, *path, *query, *fragment;
};

static void test_presence(void **state)
{
    static const struct split splits[] = {
        {"", NULL, NULL, "", NULL, NULL},
        {"?", NULL, NULL, "", "", NULL},
        {"#", NULL, NULL, "", NULL, ""},
        {"?#", NULL, NULL, "", "", ""},
        {"//", NULL, "", "", NULL, NULL},
        {"///", NULL, "", "/", NULL, NULL},
        {"a:", "a", NULL, "", NULL, NULL},
        {"a://?#", "a", "", "", "", ""},
        {"a:?", "a", NULL, "", "", NULL},
        {":", NULL, NULL, ":", NULL, NULL},
        {"1a:b", NULL, NULL, "1a:b", NULL, NULL},
        {"a b:c", NULL, NULL, "a b:c", NULL, NULL},
        {"a/b:c", NULL, NULL, "a/b:c", NULL, NULL},
        {"A.b+c-9:x", "A.b+c-9", NULL, "x", NULL, NULL},
        {"http:/x", "http", NULL, "/x", NULL, NULL},
        {"HTTP://H/P?Q#F", "HTTP", "H", "/P", "Q", "F"},
        {"a://b?c#d?e", "a", "b", "", "c", "d?e"},
        {"a://b#c?d#e", "a", "b", "", NULL, "c?d#e"},
        {"//b?c?d", NULL, "b", "", "c?d", NULL},
        {" a:b", NULL, NULL, " a:b", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        const struct split *want = &splits[i];
        size_t length = strlen(want->text);
        char *text = exactly(want->text, length);
        struct buffer out = {0};
        struct url url;

        assert_int_equal(url_split(text, length, &url, NULL), 0);
        assert_part(url.scheme, want->scheme);
        assert_part(url.netloc, want->netloc);
        assert_part(url.path, want->path);
        assert_part(url.query, want->query);
        assert_part(url.fragment, want->fragment);
        assert_int_equal(url_unsplit(&url, NULL, &out), 0);
        assert_int_equal(out.length, length);
        assert_int_equal(strncasecmp(out.data, want->text, length), 0);
        buffer_free(&out);
        free(text);
    }
}

static void assert_within(struct url_part part, const char *text, size_t length)
{
    if (part.text == NULL)
        return;
    assert_true(part.text >= text && part.text <= text + length);
    assert_true(part.length <= length - (size_t)(part.text - text));
}

/* Every URL of up to five of these bytes: parts lie in it, and together they are all of it. */
static void test_places(void **state)
{
    static const char bytes[] = "a:/?#@[]\0";
    enum { MOST = 5, KINDS = sizeof bytes - 1 };

    (void)state;
    for (int number = 0; number < KINDS * KINDS * KINDS * KINDS * KINDS; number++) {
        for (size_t length = number == 0 ? 0 : MOST; length <= MOST; length += MOST) {
            char *text = malloc(MOST);
            struct url url;
            struct url_netloc parts;

            assert_non_null(text);
            for (int i = 0, rest = number; i < MOST; i++, rest /= KINDS)
                text[i] = bytes[rest % KINDS];
            if (url_split(text, length, &url, NULL) == 0) {
                url_split_netloc(url.netloc, &parts);
                const struct url_part all[] = {url.scheme,     url.netloc,   url.path,
                                               url.query,      url.fragment, parts.username,
                                               parts.password, parts.host,   parts.port};
                for (size_t i = 0; i < sizeof all / sizeof *all; i++)
                    assert_within(all[i], text, length);
                size_t marks = (size_t)(url.scheme.text != NULL) +
                               2 * (size_t)(url.netloc.text != NULL) + (url.query.text != NULL) +
                               (url.fragment.text != NULL);
                assert_int_equal(url.scheme.length + url.netloc.length + url.path.length +
                                     url.query.length + url.fragment.length + marks,
                                 length);
            }
            free(text);
        }
    }
}

static void test_no_nul(void **state)
{
    struct buffer out = {0};
    struct url url;

    (void)state;
    assert_int_equal(url_split("a://b\0c/d\0?e\0#f\0", 16, &url, NULL), 0);
    assert_int_equal(url.netloc.length, 3);
    assert_memory_equal(url.netloc.text, "b\0c", 3);
    assert_int_equal(url.path.length, 3);
    assert_int_equal(url.query.length, 2);
    assert_int_equal(url.fragment.length, 2);
    assert_int_equal(url_unsplit(&url, NULL, &out), 0);
    assert_int_equal(out.length, 16);
    assert_memory_equal(out.data, "a://b\0c/d\0?e\0#f\0", 17);
    buffer_free(&out);
    assert_int_equal(url_split(NULL, 0, &url, NULL), 0);
    assert_part(url.path, "");
    assert_null(url.netloc.text);
}

static void test_split_errors(void **state)
{
    static const struct {
        const char *text, *error;
    } wrong[] = {
        {"http://a/\tb", "a tab or the end of a line in a URL"},
        {"ht\rtp://a/", "a tab or the end of a line in a URL"},
        {"http://a/?b\n", "a tab or the end of a line in a URL"},
        {"//a\n/", "a tab or the end of a line in a URL"},
        {"#\t", "a tab or the end of a line in a URL"},
        {"\n", "a tab or the end of a line in a URL"},
        {"//[::1", "a bracket without its partner"},
        {"//::1]/", "a bracket without its partner"},
        {"//x[::1]/", "something before the brackets of an address"},
        {"//u@x[::1]/", "something before the brackets of an address"},
        {"//[::1]x/", "something behind the brackets of an address"},
        {"//[::1]]/", "something behind the brackets of an address"},
        {"//[]/", "no IPv6 address in brackets"},
        {"//[1.2.3.4]/", "no IPv6 address in brackets"},
        {"//[::1%]/", "no IPv6 address in brackets"},
        {"//[::1%a%b]/", "no IPv6 address in brackets"},
        {"//[v1.]/", "no IPv6 address in brackets"},
        {"//[v.a]/", "no IPv6 address in brackets"},
        {"//[x]@host/", "no IPv6 address in brackets"},
        {"//[0000:0000:0000:0000:0000:0000:255.255.255.2555]/", "no IPv6 address in brackets"},
        {"//a\xe2\x84\x80"
         "b/",
         "U+2100 in a host, which stands for a delimiter"},
        {"//\xef\xbc\xa0", "U+FF20 in a host, which stands for a delimiter"},
    };
    struct error error;
    struct url url;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t length = strlen(wrong[i].text);
        char *text = exactly(wrong[i].text, length);
        error.text[0] = '\0';
        assert_int_equal(url_split(text, length, &url, &error), -1);
        assert_string_equal(error.text, wrong[i].error);
        assert_int_equal(url_split(text, length, &url, NULL), -1);
        free(text);
    }
    assert_int_equal(url_split("//[::1\0]/", 9, &url, &error), -1);
    /* A letter that is cut at the end is none of those, and nothing behind it is read. */
    assert_int_equal(url_split("//a\xe2\x84\x80", 5, &url, NULL), 0);
    assert_int_equal(url_split("//a\xe2\x84\x80", 4, &url, NULL), 0);
    assert_int_equal(url_split("/\xe2\x84\x80?\xef\xbc\x8f", 8, &url, NULL), 0);
}

static void test_strip(void **state)
{
    char text[] = " \x01\t h\tt\r\nt p: \t/ ";
    char blank[] = " \t\n";

    (void)state;
    size_t length = url_strip(text, sizeof text - 1);
    assert_int_equal(length, 9);
    assert_memory_equal(text, "htt p: / ", 9);
    assert_int_equal(url_strip(blank, 3), 0);
    assert_int_equal(url_strip(NULL, 0), 0);
}

/* ---- netloc, port, parameters -----------------------------------------------------------------
 */

static void test_netloc(void **state)
{
    static const struct {
        const char *netloc, *username, *password, *host, *port;
        int number;
        bool is_literal;
    } some[] = {
        {NULL, NULL, NULL, NULL, NULL, 7, false},
        {"", NULL, NULL, "", NULL, 7, false},
        {"h", NULL, NULL, "h", NULL, 7, false},
        {"h:", NULL, NULL, "h", "", 7, false},
        {"h:0", NULL, NULL, "h", "0", 0, false},
        {"h:65535", NULL, NULL, "h", "65535", 65535, false},
        {"h:65536", NULL, NULL, "h", "65536", -1, false},
        {"h:99999999999999999999", NULL, NULL, "h", "99999999999999999999", -1, false},
        {"h:000080", NULL, NULL, "h", "000080", 80, false},
        {"h:-1", NULL, NULL, "h", "-1", -1, false},
        {"h: 1", NULL, NULL, "h", " 1", -1, false},
        {"h:1:2", NULL, NULL, "h", "1:2", -1, false},
        {":80", NULL, NULL, "", "80", 80, false},
        {"@h", "", NULL, "h", NULL, 7, false},
        {":@h", "", "", "h", NULL, 7, false},
        {"u@h", "u", NULL, "h", NULL, 7, false},
        {"u:p@h:1", "u", "p", "h", "1", 1, false},
        {"u@v:p@q:r@h", "u@v", "p@q:r", "h", NULL, 7, false},
        {"[::1]", NULL, NULL, "::1", NULL, 7, true},
        {"[::1]:80", NULL, NULL, "::1", "80", 80, true},
        {"u:p@[fe80::1%eth0]:", "u", "p", "fe80::1%eth0", "", 7, true},
        {"[::1", NULL, NULL, "::1", NULL, 7, true},
        {"u:[@h:1", "u", "[", "h", "1", 1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct url_netloc parts;
        char *text =
            some[i].netloc == NULL ? NULL : exactly(some[i].netloc, strlen(some[i].netloc));

        url_split_netloc((struct url_part){text, text == NULL ? 0 : strlen(some[i].netloc)},
                         &parts);
        assert_part(parts.username, some[i].username);
        assert_part(parts.password, some[i].password);
        assert_part(parts.host, some[i].host);
        assert_part(parts.port, some[i].port);
        assert_int_equal(parts.is_literal, some[i].is_literal);
        assert_int_equal(url_port(&parts, 7), some[i].number);
        free(text);
    }
}

static void test_default_port(void **state)
{
    (void)state;
    assert_int_equal(url_default_port(url_part_of("http")), 80);
    assert_int_equal(url_default_port(url_part_of("HTTPS")), 443);
    assert_int_equal(url_default_port(url_part_of("Ftp")), 21);
    assert_int_equal(url_default_port(url_part_of("httpsx")), 0);
    assert_int_equal(url_default_port(url_part_of("htt")), 0);
    assert_int_equal(url_default_port(url_part_of("")), 0);
    assert_int_equal(url_default_port(url_part_of(NULL)), 0);
}

static void test_params(void **state)
{
    static const struct {
        const char *scheme, *path, *left, *params;
    } some[] = {
        {"http", "/a;b", "/a", "b"},
        {NULL, "a;b", "a", "b"},
        {"http", "/a;b;c", "/a", "b;c"},
        {"http", "/a;b/c", "/a;b/c", NULL},
        {"HTTP", "/a;", "/a", ""},
        {"http", ";", "", ""},
        {"http", "/a;b/c;d", "/a;b/c", "d"},
        {"x", "/a;b", "/a;b", NULL},
        {"http", "", "", NULL},
        {"mailto", "a;b", "a;b", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct url_part path = url_part_of(some[i].path), params;

        url_split_params(url_part_of(some[i].scheme), &path, &params);
        assert_part(path, some[i].left);
        assert_part(params, some[i].params);
    }
}

/* Parts that no URL was split into: what would run together is kept apart. */
static void test_unsplit(void **state)
{
    static const struct {
        const char *scheme, *netloc, *path, *params, *query, *fragment, *wanted;
    } some[] = {
        {"HTTP", "Host", "p", NULL, NULL, NULL, "http://Host/p"},
        {NULL, NULL, "//p", NULL, NULL, NULL, "////p"},
        {"x", NULL, "//p", NULL, "q", NULL, "x:////p?q"},
        {"x", "", "//p", NULL, NULL, NULL, "x:////p"},
        {"x", "h", "//p", NULL, NULL, "", "x://h//p#"},
        {NULL, "h", "", "v", NULL, NULL, "//h/;v"},
        {NULL, NULL, "javascript:x", NULL, NULL, NULL, "./javascript:x"},
        {NULL, NULL, "1:x", NULL, NULL, NULL, "1:x"},
        {NULL, "", "a:b", NULL, NULL, NULL, "///a:b"},
        {"x", NULL, "a:b", NULL, NULL, NULL, "x:a:b"},
        {NULL, NULL, "", "", "", "", ";?#"},
        {"http", NULL, "p", NULL, NULL, NULL, "http:p"},
        {"x", "", "", NULL, NULL, NULL, "x://"},
        {NULL, NULL, NULL, NULL, NULL, NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        const struct url url = {url_part_of(some[i].scheme), url_part_of(some[i].netloc),
                                url_part_of(some[i].path), url_part_of(some[i].query),
                                url_part_of(some[i].fragment)};
        const struct url_part params = url_part_of(some[i].params);
        struct buffer out = {0};

        assert_int_equal(buffer_add(&out, "before ", 7), 0);
        assert_int_equal(url_unsplit(&url, &params, &out), 0);
        assert_memory_equal(out.data, "before ", 7);
        assert_string_equal(out.data + 7, some[i].wanted);
        assert_int_equal(out.length, 7 + strlen(some[i].wanted));
        buffer_free(&out);
    }
}

/* ---- references -------------------------------------------------------------------------------
 */

static void test_join(void **state)
{
    static const struct {
        const char *base, *reference, *wanted;
    } some[] = {
        {"http://h/a?q#f", "", "http://h/a?q#f"},
        {"", "x", "x"},
        {"http://h/a?q#f", "?", "http://h/a?"},
        {"http://h/a?q#f", "#", "http://h/a?q#"},
        {"http://h/a/b?q", ";", "http://h/a/;"},
        {"http://h", "g", "http://h/g"},
        {"HTTP://H/a", "b", "http://H/b"},
        {"http://h/a", "HTTP:b", "http://h/b"},
        {"http://h/a", "//H2/../b", "http://H2/../b"},
        {"http://h/a", "///b", "http://h/b"},
        {"file:///a/b", "/c", "file:///c"},
        {"mailto:a@b", "c", "c"},
        {"x://h/a", "b", "b"},
        {"/a", "../../b", "/b"},
        {"/a", "/.//evil/x", "////evil/x"},
        {"a/b", "../../..", "/"},
        {"a", "./b:c", "./b:c"},
        {"http://h/a/b//c/d", "../g//h", "http://h/a/b/g/h"},
        {"http://h/a/b", "..;x", "http://h/;x"},
        {"http://h/a", "b;c?d#e", "http://h/b;c?d#e"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        size_t base_length = strlen(some[i].base), length = strlen(some[i].reference);
        char *base = exactly(some[i].base, base_length);
        char *reference = exactly(some[i].reference, length);
        struct buffer out = {0};

        assert_int_equal(url_join(base, base_length, reference, length, &out, NULL), 0);
        assert_text(&out, some[i].wanted);
        free(base);
        free(reference);
    }
}

static void test_join_errors(void **state)
{
    struct buffer out = {0};
    struct error error;

    (void)state;
    assert_int_equal(buffer_add(&out, "kept", 4), 0);
    assert_int_equal(url_join("//[", 3, "a", 1, &out, &error), -1);
    assert_string_equal(error.text, "a bracket without its partner");
    assert_int_equal(url_join("http://h/", 9, "a\nb", 3, &out, &error), -1);
    assert_string_equal(error.text, "a tab or the end of a line in a URL");
    assert_int_equal(url_join("", 0, "//]", 3, &out, NULL), -1);
    assert_int_equal(url_join("//]", 3, "", 0, &out, NULL), -1);
    assert_text(&out, "kept");
}

static void test_defrag(void **state)
{
    struct url_part url, fragment;

    (void)state;
    url_defrag("HTTP://h/?#a#b", 14, &url, &fragment);
    assert_part(url, "HTTP://h/?");
    assert_part(fragment, "a#b");
    url_defrag("a#", 2, &url, &fragment);
    assert_part(url, "a");
    assert_part(fragment, "");
    url_defrag("a", 1, &url, &fragment);
    assert_part(url, "a");
    assert_part(fragment, NULL);
    url_defrag(NULL, 0, &url, &fragment);
    assert_part(url, "");
}

/* ---- percent-coding ---------------------------------------------------------------------------
 */

/* Every byte, alone, with several safe ones. */
static void test_quote(void **state)
{
    static const char plain[] = "_.-~";

    (void)state;
    for (int c = 0; c < 256; c++) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      (c != 0 && strchr(plain, c) != NULL);
        char byte = (char)c, coded[4] = {byte}, *text = exactly(&byte, 1);
        struct buffer out = {0};

        if (!letter)
            (void)snprintf(coded, sizeof coded, "%%%02X", c); /* it fits */
        assert_int_equal(url_quote(text, 1, NULL, &out), 0);
        assert_text(&out, coded);
        assert_int_equal(url_quote_plus(text, 1, "", &out), 0);
        assert_text(&out, c == ' ' ? "+" : coded);
        assert_int_equal(url_quote(text, 1, "/\xff\x80 ", &out), 0);
        assert_text(&out, c == '/' ? "/" : c == ' ' ? " " : coded);
        free(text);
    }
}

static void test_quote_appends(void **state)
{
    struct buffer out = {0};

    (void)state;
    assert_int_equal(url_quote("", 0, NULL, &out), 0);
    assert_int_equal(url_quote("a b/", 4, "/", &out), 0);
    assert_int_equal(url_quote_plus("a b+/", 5, NULL, &out), 0);
    assert_int_equal(url_unquote("%41", 3, &out), 0);
    assert_int_equal(url_unquote_to_bytes("%ff", 3, &out), 0);
    assert_int_equal(url_unquote_plus("+%2B", 4, &out), 0);
    assert_text(&out, "a%20b/a+b%2B%2FA\xff +");
}

static void test_unquote(void **state)
{
    static const char U[] = "\xef\xbf\xbd";
    static const struct {
        const char *coded, *bytes, *text;
    } some[] = {
        {"%", "%", NULL},
        {"%4", "%4", NULL},
        {"%41", "A", NULL},
        {"%4g%g4%%41", "%4g%g4%A", NULL},
        {"%C3%a9", "\xc3\xa9", NULL},
        {"%F0%9F%98%80", "\xf0\x9f\x98\x80", NULL},
        {"a+b", "a+b", NULL},
        {"%C3", "\xc3", U},
        {"%C3%A", "\xc3%A", "\xef\xbf\xbd%A"},
        {"%C3\xa9", "\xc3\xa9", "\xef\xbf\xbd\xa9"}, /* half of it was not coded */
        {"\xc3%A9", "\xc3\xa9", "\xc3\xef\xbf\xbd"},
        {"\xff", "\xff", NULL},
        {"%E2%82x", "\xe2\x82x", "\xef\xbf\xbdx"}, /* one for what is cut, not one a byte */
        {"%80%80", "\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"%C0%AF", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"}, /* "/" in disguise */
        {"%ED%A0%80", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"%F5%80", "\xf5\x80", "\xef\xbf\xbd\xef\xbf\xbd"}, /* would be above U+10FFFF */
        {"%F4%90%80%80", "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        size_t length = strlen(some[i].coded);
        char *coded = exactly(some[i].coded, length);
        struct buffer out = {0};

        assert_int_equal(url_unquote_to_bytes(coded, length, &out), 0);
        assert_text(&out, some[i].bytes);
        assert_int_equal(url_unquote(coded, length, &out), 0);
        assert_text(&out, some[i].text == NULL ? some[i].bytes : some[i].text);
        free(coded);
    }
}

/* ---- queries ----------------------------------------------------------------------------------
 */

/* Goes through a query, and writes what it finds: [name] or [name=value] for each field, then "!"
 * and the error if there is one. */
static void walk(const char *text, struct url_query_options options, const char *wanted)
{
    size_t length = strlen(text);
    char *copy = exactly(text, length);
    struct url_query query;
    struct url_part name, value;
    struct error error = {""};
    struct buffer out = {0};
    int found = url_query_begin(&query, copy, length, &options, &error);

    while (found != -1 && (found = url_query_next(&query, &name, &value, &error)) == 1) {
        assert_within(name, copy, length);
        assert_within(value, copy, length);
        assert_int_equal(buffer_print(&out, "[%.*s%s%.*s]", URL_PRINT(name),
                                      value.text == NULL ? "" : "=", URL_PRINT(value)),
                         0);
    }
    if (found == -1) {
        assert_int_equal(buffer_print(&out, "!%s", error.text), 0);
        assert_int_equal(url_query_next(&query, &name, &value, NULL), 0); /* it has ended */
    }
    assert_string_equal(buffer_text(&out), wanted);
    buffer_free(&out);
    free(copy);
}

static void test_query(void **state)
{
    const struct url_query_options none = {0}, keep = {.keep_blank_values = true},
                                   strict = {.strict_parsing = true},
                                   both = {.keep_blank_values = true, .strict_parsing = true},
                                   two = {.max_fields = 2}, semicolon = {.separator = ';'};

    (void)state;
    walk("", none, "");
    walk("a=1&b=2", none, "[a=1][b=2]");
    walk("a&b=&c=1&&=d&==", none, "[c=1][=d][==]");
    walk("a&b=&c=1&&=", keep, "[a][b=][c=1][=]");
    walk("+a%20=%00", none, "[+a%20=%00]");
    walk("a=1;b=2", none, "[a=1;b=2]");
    walk("a=1;b=2&c", semicolon, "[a=1][b=2&c]");
    walk("", strict, "");
    walk("a=1&b", strict, "[a=1]!a field without \"=\" in a query: b");
    walk("a=1&", strict, "[a=1]!a field without \"=\" in a query: ");
    walk("&", strict, "!a field without \"=\" in a query: ");
    walk("a=&b=1", strict, "[b=1]");
    walk("a=&b=1", both, "[a=][b=1]");
    walk("a=1&b=2", two, "[a=1][b=2]");
    walk("a=1&b=2&", two, "!3 fields in a query, where 2 are allowed");
    walk("&&", two, "!3 fields in a query, where 2 are allowed");
}

static void test_parse_query(void **state)
{
    static const char text[] = "a+b=%00%2B&c=x&d&a+b=2&%C3=%FF";
    struct url_fields fields = {(struct url_field *)&fields, 9};
    size_t position = 0;
    struct error error;

    (void)state;
    char *copy = exactly(text, sizeof text - 1);
    assert_int_equal(url_parse_query(copy, sizeof text - 1, NULL, &fields, NULL), 0);
    free(copy); /* nothing points into it */
    assert_int_equal(fields.count, 4);
    const struct url_field *field = url_fields_next(&fields, "a b", &position);
    assert_non_null(field);
    assert_int_equal(field->value_length, 2);
    assert_memory_equal(field->value, "\0+", 3);
    field = url_fields_next(&fields, "a b", &position);
    assert_non_null(field);
    assert_string_equal(field->value, "2");
    assert_null(url_fields_next(&fields, "a b", &position));
    assert_string_equal(fields.list[3].name, "\xef\xbf\xbd");
    position = 0;
    assert_null(url_fields_next(&fields, "a", &position));
    assert_null(url_fields_next(&fields, "d", &position));
    url_fields_free(&fields);
    assert_null(fields.list);
    url_fields_free(&fields);
    assert_int_equal(url_parse_query(NULL, 0, NULL, &fields, NULL), 0);
    assert_int_equal(fields.count, 0);
    assert_int_equal(url_parse_query("a=1&b", 5,
                                     &(struct url_query_options){.strict_parsing = true}, &fields,
                                     &error),
                     -1);
    assert_string_equal(error.text, "a field without \"=\" in a query: b");
    assert_int_equal(fields.count, 0);
    assert_null(fields.list);
}

static void test_add_field(void **state)
{
    struct buffer out = {0};

    (void)state;
    assert_int_equal(buffer_add(&out, "http://h/?", 10), 0);
    assert_int_equal(url_add_field(&out, 10, "a b", 3, "c&d=/", 5, NULL), 0);
    assert_int_equal(url_add_field(&out, 10, "", 0, "\0", 1, NULL), 0);
    assert_int_equal(url_add_field(&out, 10, "p", 1, "/x/", 3, "/"), 0);
    assert_text(&out, "http://h/?a+b=c%26d%3D%2F&=%00&p=/x/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part),          cmocka_unit_test(test_presence),
        cmocka_unit_test(test_places),        cmocka_unit_test(test_no_nul),
        cmocka_unit_test(test_split_errors),  cmocka_unit_test(test_strip),
        cmocka_unit_test(test_netloc),        cmocka_unit_test(test_default_port),
        cmocka_unit_test(test_params),        cmocka_unit_test(test_unsplit),
        cmocka_unit_test(test_join),          cmocka_unit_test(test_join_errors),
        cmocka_unit_test(test_defrag),        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_quote_appends), cmocka_unit_test(test_unquote),
        cmocka_unit_test(test_query),         cmocka_unit_test(test_parse_query),
        cmocka_unit_test(test_add_field),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
