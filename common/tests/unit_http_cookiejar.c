/* http/cookiejar: which cookies come in, which go where, which have to go, and cookies.txt. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "http/cookiejar.h"

enum { NOW = 1700000000 };

/* ---- the rules alone ---- */

static void test_domain_match(void **state)
{
    static const struct {
        const char *host, *domain;
        bool matches;
    } TABLE[] = {
        {"example.com", "example.com", true},
        {"www.example.com", "example.com", true},
        {"a.b.example.com", "example.com", true},
        {"example.com", "www.example.com", false},
        {"badexample.com", "example.com", false},
        {"example.com.evil.net", "example.com", false},
        {"example.com", "com", true}, /* which is why there is a list of public suffixes */
        {"example.com", "", false},
        {"", "", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "0.0.1", false},
        {"127.0.0.1", "1", false},
        {"127.0.0x1", "0x1", false},
        {"::1", "::1", true},
        {"a.::1", "::1", false},
        {"1.example", "example", true},
        {"localhost", "localhost", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
        if (http_domain_matches(TABLE[i].host, TABLE[i].domain) != TABLE[i].matches)
            fail_msg("%s and Domain=%s", TABLE[i].host, TABLE[i].domain);
}

static void test_path_match(void **state)
{
    static const struct {
        const char *path, *cookie;
        bool matches;
    } TABLE[] = {
        {"/", "/", true},        {"/a", "/", true},      {"/a", "/a", true},
        {"/a/", "/a", true},     {"/a/b", "/a", true},   {"/a/b", "/a/", true},
        {"/a", "/a/", false},    {"/ab", "/a", false},   {"/", "/a", false},
        {"/A", "/a", false},     {"/a?q", "/a", true},   {"/a?q/b", "/a?q", false},
        {"/a/b?q", "/a", true},  {"/ab?q", "/a", false}, {"/a", "", false},
        {"/a/../b", "/a", true}, {"/%61", "/a", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
        if (http_path_matches(TABLE[i].path, TABLE[i].cookie) != TABLE[i].matches)
            fail_msg("%s and Path=%s", TABLE[i].path, TABLE[i].cookie);
}

static void test_default_path(void **state)
{
    (void)state;
    assert_int_equal(http_default_path(""), 0);
    assert_int_equal(http_default_path("*"), 0);
    assert_int_equal(http_default_path("x/y"), 0);
    assert_int_equal(http_default_path("/"), 0);
    assert_int_equal(http_default_path("/a"), 0);
    assert_int_equal(http_default_path("/a/"), 2);
    assert_int_equal(http_default_path("/a/b"), 2);
    assert_int_equal(http_default_path("/a/b/c?d/e/f"), 4);
    assert_int_equal(http_default_path("/?/a/b"), 0);
}

static void test_public_suffix(void **state)
{
    (void)state;
    assert_true(http_is_public_suffix("com"));
    assert_true(http_is_public_suffix("co.uk"));
    assert_true(http_is_public_suffix("github.io"));
    assert_true(http_is_public_suffix("localhost"));
    assert_false(http_is_public_suffix("example.com"));
    assert_false(http_is_public_suffix("example.co.uk"));
    assert_false(http_is_public_suffix("www.example.com"));
}

/* ---- a jar and a list of what happens to it ---- */

static struct http_jar *jar;

static int begin(void **state)
{
    (void)state;
    jar = http_jar_new(NULL);
    return jar == NULL;
}

static int end(void **state)
{
    (void)state;
    http_jar_free(jar);
    return 0;
}

/* Cuts "https://host/path" into a request. Its texts live until the second next call. */
static struct http_jar_request request_of(const char *url)
{
    static char texts[2][256];
    static int turn;
    char *text = texts[turn ^= 1];
    struct http_jar_request request = {.secure = strncmp(url, "https:", 6) == 0, .path = ""};

    assert_true(snprintf(text, sizeof texts[0], "%s", strstr(url, "//") + 2) < 256);
    request.host = text;
    char *slash = strchr(text, '/');
    if (slash != NULL) {
        request.path = strchr(url + 8, '/');
        *slash = '\0';
    }
    return request;
}

static void set_at(time_t now, const char *url, const char *cookie, enum http_jar_result wanted,
                   const char *why)
{
    struct http_jar_request request = request_of(url);
    struct error error = {.text = ""};
    enum http_jar_result result = http_jar_set(jar, &request, cookie, now, &error);

    if (result != wanted || strstr(error.text, why) == NULL)
        fail_msg("%s set %s: %d, %s", url, cookie, result, error.text);
}

static void store(const char *url, const char *cookie)
{
    set_at(NOW, url, cookie, HTTP_JAR_STORED, "");
}

static void refuse(const char *url, const char *cookie, const char *why)
{
    set_at(NOW, url, cookie, HTTP_JAR_REFUSED, why);
}

static void check_at(time_t now, const char *url, const char *wanted)
{
    struct http_jar_request request = request_of(url);
    struct buffer out = {0};
    int count = http_jar_header(jar, &request, now, &out), pieces = *wanted != '\0';

    for (const char *at = wanted; *at != '\0'; at++)
        pieces += *at == ';';
    if (strcmp(buffer_text(&out), wanted) != 0)
        fail_msg("%s was sent \"%s\", not \"%s\"", url, buffer_text(&out), wanted);
    assert_int_equal(count, pieces);
    buffer_free(&out);
}

static void check(const char *url, const char *wanted)
{
    check_at(NOW, url, wanted);
}

static void test_host_only(void **state)
{
    (void)state;
    store("http://example.com/", "host=1");
    store("http://www.example.com/", "all=2; Domain=example.com");
    store("http://www.EXAMPLE.com./", "www=3");
    check("http://example.com/", "host=1; all=2");
    check("http://Example.COM/", "host=1; all=2");
    check("http://www.example.com/", "all=2; www=3");
    check("http://a.www.example.com/", "all=2");
    check("http://badexample.com/", "");
    check("http://com/", "");
    check("http://example.com.evil.net/", "");
    assert_int_equal(http_jar_count(jar), 3);
}

static void test_domain_refused(void **state)
{
    (void)state;
    refuse("http://www.example.com/", "a=1; Domain=other.com", "does not cover");
    refuse("http://www.example.com/", "a=1; Domain=ftp.example.com", "does not cover");
    refuse("http://example.com/", "a=1; Domain=www.example.com", "does not cover");
    refuse("http://badexample.com/", "a=1; Domain=example.com", "does not cover");
    refuse("http://example.com/", "a=1; Domain=com", "public suffix");
    refuse("http://example.com/", "a=1; Domain=.COM", "public suffix");
    refuse("http://example.com/", "a=1; Domain=com.", "domain is none");
    refuse("http://example.com/", "a=1; Domain=..com", "domain is none");
    refuse("http://shop.example.co.uk/", "a=1; Domain=co.uk", "public suffix");
    refuse("http://me.github.io/", "a=1; Domain=github.io", "public suffix");
    refuse("http://127.0.0.1/", "a=1; Domain=0.0.1", "does not cover");
    refuse("http://127.0.0.1/", "a=1; Domain=1", "does not cover");
    refuse("http://exam ple.com/", "a=1", "host is none");
    refuse("http:///", "a=1", "host is none");
    assert_int_equal(http_jar_count(jar), 0);
}

/* A host that is a public suffix itself may have cookies, for itself alone. */
static void test_suffix_host(void **state)
{
    (void)state;
    store("http://github.io/", "a=1; Domain=github.io");
    check("http://github.io/", "a=1");
    check("http://me.github.io/", "");
    store("http://localhost/", "b=2; Domain=localhost");
    check("http://localhost/", "b=2");
    check("http://a.localhost/", "");
    store("http://127.0.0.1/", "c=3; Domain=127.0.0.1");
    check("http://127.0.0.1/", "c=3");
    store("http://[::1]/", "d=4");
    check("http://[::1]/", "d=4");
    check("http://::1/", "d=4");
}

static void test_paths(void **state)
{
    (void)state;
    store("http://example.com/docs/web/page.html?x=/y", "default=1");
    store("http://example.com/docs", "root=2");
    store("http://example.com/", "set=3; Path=/docs");
    store("http://example.com/", "odd=4; Path=docs");
    store("http://example.com", "none=5");
    check("http://example.com/docs/web/other", "default=1; set=3; root=2; odd=4; none=5");
    check("http://example.com/docs/web", "default=1; set=3; root=2; odd=4; none=5");
    check("http://example.com/docs/webs", "set=3; root=2; odd=4; none=5");
    check("http://example.com/docsweb", "root=2; odd=4; none=5");
    check("http://example.com/docs?q", "set=3; root=2; odd=4; none=5");
    check("http://example.com", "root=2; odd=4; none=5");
}

/* Longer paths first, among equals the older; over all domains that have a say. */
static void test_send_order(void **state)
{
    (void)state;
    store("http://a.b.example.com/", "one=1; Domain=example.com");
    store("http://a.b.example.com/", "two=2; Domain=b.example.com");
    store("http://a.b.example.com/", "three=3");
    store("http://a.b.example.com/", "deep=4; Path=/x/y; Domain=example.com");
    store("http://a.b.example.com/", "mid=5; Path=/x");
    store("http://a.b.example.com/", "four=6; Domain=example.com");
    check("http://a.b.example.com/x/y/z", "deep=4; mid=5; one=1; two=2; three=3; four=6");
    set_at(NOW, "http://a.b.example.com/", "one=new; Domain=example.com", HTTP_JAR_REPLACED, "");
    check("http://a.b.example.com/", "one=new; two=2; three=3; four=6");
    /* Another path or another domain makes another cookie. */
    store("http://a.b.example.com/", "one=7");
    check("http://a.b.example.com/", "one=new; two=2; three=3; four=6; one=7");
    /* One that was removed and set again is new. */
    set_at(NOW, "http://a.b.example.com/", "one=; Domain=example.com; Max-Age=0", HTTP_JAR_REMOVED,
           "");
    store("http://a.b.example.com/", "one=8; Domain=example.com");
    check("http://a.b.example.com/", "two=2; three=3; four=6; one=7; one=8");
}

static void test_expiry(void **state)
{
    (void)state;
    store("http://example.com/", "session=1");
    store("http://example.com/", "ten=2; Max-Age=10");
    store("http://example.com/", "date=3; Expires=Tue, 14 Nov 2023 22:13:30 GMT"); /* NOW + 10 */
    store("http://example.com/", "both=4; Max-Age=20; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    store("http://example.com/", "ever=5; Max-Age=9223372036854775807");
    check_at(NOW + 9, "http://example.com/", "session=1; ten=2; date=3; both=4; ever=5");
    check_at(NOW + 10, "http://example.com/", "session=1; both=4; ever=5");
    check_at(NOW + 20, "http://example.com/", "session=1; ever=5");
    set_at(NOW, "http://example.com/", "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
           HTTP_JAR_REMOVED, "");
    set_at(NOW, "http://example.com/", "nobody=; Max-Age=-1", HTTP_JAR_REMOVED, "");
    check("http://example.com/", "ten=2; date=3; both=4; ever=5");
    assert_int_equal(http_jar_count(jar), 4);
    assert_int_equal(http_jar_clear_expired(jar, NOW + 10), 2);
    assert_int_equal(http_jar_clear_session(jar), 0);
    assert_int_equal(http_jar_count(jar), 2);
}

static void test_secure(void **state)
{
    (void)state;
    store("https://example.com/", "s=1; Secure");
    store("https://example.com/", "open=2");
    check("https://example.com/", "s=1; open=2");
    check("http://example.com/", "open=2");
    refuse("http://example.com/", "x=1; Secure", "https only");
    /* Who can read and forge http must not put his own in the place of a Secure one. */
    refuse("http://example.com/", "s=forged", "there is a Secure one");
    refuse("http://example.com/", "s=forged; Path=/login", "there is a Secure one");
    refuse("http://www.example.com/", "s=forged; Domain=example.com", "there is a Secure one");
    refuse("http://www.example.com/", "s=forged", "there is a Secure one");
    store("http://example.org/", "s=other");
    store("https://example.com/", "t=1; Secure; Domain=example.com");
    refuse("http://www.example.com/", "t=forged", "there is a Secure one");
    store("https://www.example.com/", "v=1; Secure");
    refuse("http://example.com/", "v=forged; Domain=example.com", "there is a Secure one");
    store("https://example.com/", "u=1; Secure; Path=/deep");
    store("http://example.com/", "u=2; Path=/"); /* does not hide the one below */
    set_at(NOW, "https://example.com/", "s=3", HTTP_JAR_REPLACED, "");
}

static void test_http_only(void **state)
{
    struct http_jar_request script = {.host = "example.com", .path = "/", .script = true};
    struct buffer out = {0};

    (void)state;
    store("http://example.com/", "h=1; HttpOnly");
    store("http://example.com/", "p=2");
    assert_int_equal(http_jar_header(jar, &script, NOW, &out), 1);
    assert_string_equal(out.data, "p=2");
    buffer_free(&out);
    assert_int_equal(http_jar_set(jar, &script, "h=3", NOW, NULL), HTTP_JAR_REFUSED);
    assert_int_equal(http_jar_set(jar, &script, "n=4; HttpOnly", NOW, NULL), HTTP_JAR_REFUSED);
    assert_int_equal(http_jar_set(jar, &script, "p=5", NOW, NULL), HTTP_JAR_REPLACED);
    check("http://example.com/", "h=1; p=5");
}

static void check_from(enum http_origin origin, const char *wanted)
{
    struct http_jar_request request = {
        .host = "example.com", .path = "/", .secure = true, .origin = origin};
    struct buffer out = {0};

    assert_true(http_jar_header(jar, &request, NOW, &out) >= 0);
    assert_string_equal(buffer_text(&out), wanted);
    buffer_free(&out);
}

static void test_same_site(void **state)
{
    struct http_jar_request other = {
        .host = "example.com", .path = "/", .secure = true, .origin = HTTP_FROM_OTHER_SITE};

    (void)state;
    store("https://example.com/", "none=1; SameSite=None; Secure");
    store("https://example.com/", "lax=2; SameSite=Lax");
    store("https://example.com/", "strict=3; SameSite=Strict");
    store("https://example.com/", "unset=4");
    check_from(HTTP_FROM_SAME_SITE, "none=1; lax=2; strict=3; unset=4");
    check_from(HTTP_FROM_LINK, "none=1; lax=2; unset=4");
    check_from(HTTP_FROM_OTHER_SITE, "none=1");
    refuse("https://example.com/", "x=1; SameSite=None", "needs Secure");
    assert_int_equal(http_jar_set(jar, &other, "x=1", NOW, NULL), HTTP_JAR_REFUSED);
    assert_int_equal(http_jar_set(jar, &other, "x=1; SameSite=Lax", NOW, NULL), HTTP_JAR_REFUSED);
    assert_int_equal(http_jar_set(jar, &other, "x=1; SameSite=None; Secure", NOW, NULL),
                     HTTP_JAR_STORED);
}

static void test_prefixes(void **state)
{
    (void)state;
    store("https://example.com/", "__Secure-a=1; Secure");
    store("https://example.com/", "__Host-a=1; Secure; Path=/");
    refuse("https://example.com/", "__Secure-b=1", "prefix");
    refuse("https://example.com/", "__secure-b=1", "prefix");
    refuse("https://example.com/", "__Host-b=1; Secure", "prefix");
    refuse("https://example.com/", "__Host-b=1; Path=/", "prefix");
    refuse("https://example.com/", "__Host-b=1; Secure; Path=/x", "prefix");
    refuse("https://example.com/", "__Host-b=1; Secure; Path=/; Domain=example.com", "prefix");
    refuse("http://example.com/", "__Host-b=1; Secure; Path=/", "https only");
}

static void test_malformed(void **state)
{
    (void)state;
    refuse("http://example.com/", "no pair", "no '='");
    refuse("http://example.com/", "a=1\r\nX: y", "control");
    refuse("http://example.com/", "=1", "name is empty");
    assert_int_equal(http_jar_count(jar), 0);
}

static void test_extract(void **state)
{
    struct http_headers headers = {0};
    struct http_jar_request request = {.host = "example.com", .path = "/"};

    (void)state;
    assert_int_equal(http_headers_add(&headers, "set-cookie", "a=1"), 0);
    assert_int_equal(http_headers_add(&headers, "Cookie", "b=2"), 0);
    assert_int_equal(http_headers_add(&headers, "Set-Cookie", "c=3; Domain=com"), 0);
    assert_int_equal(http_headers_add(&headers, "SET-COOKIE", "d=4, e=5"), 0);
    assert_int_equal(http_jar_extract(jar, &request, &headers, NOW), 2);
    check("http://example.com/", "a=1; d=4, e=5"); /* a comma separates nothing here */
    http_headers_free(&headers);
}

/* ---- limits ---- */

static void use_policy(const struct http_jar_policy *policy)
{
    http_jar_free(jar);
    jar = http_jar_new(policy);
    assert_non_null(jar);
}

static void test_limit_domain(void **state)
{
    static const struct http_jar_policy POLICY = {.per_domain = 3, .total = 100};

    (void)state;
    use_policy(&POLICY);
    store("http://example.com/", "a=1");
    store("http://example.com/", "b=2; Path=/b");
    store("http://example.com/", "c=3");
    check("http://example.com/", "a=1; c=3"); /* so b is the one not sent for longest */
    store("http://example.com/", "d=4");
    check("http://example.com/b", "a=1; c=3; d=4");
    store("http://example.com/", "e=5; Max-Age=10"); /* a was sent before c */
    check("http://example.com/b", "c=3; d=4; e=5");
    set_at(NOW + 10, "http://example.com/", "f=6", HTTP_JAR_STORED, ""); /* e has expired */
    check("http://example.com/b", "c=3; d=4; f=6");
    store("http://www.example.com/", "g=7"); /* another domain: room of its own */
    assert_int_equal(http_jar_count(jar), 4);
    set_at(NOW, "http://example.com/", "c=8", HTTP_JAR_REPLACED, "");
    assert_int_equal(http_jar_count(jar), 4);
}

/* Cookies without Secure go first, and cannot drive out those with it. */
static void test_limit_secure(void **state)
{
    static const struct http_jar_policy POLICY = {.per_domain = 2, .total = 100};

    (void)state;
    use_policy(&POLICY);
    store("https://example.com/", "s=1; Secure");
    store("https://example.com/", "a=2");
    store("https://example.com/", "b=3");
    check("https://example.com/", "s=1; b=3");
    store("https://example.com/", "t=4; Secure");
    check("https://example.com/", "s=1; t=4");
    refuse("http://example.com/", "c=5", "too many");
    check("https://example.com/", "s=1; t=4");
    store("https://example.com/", "u=6; Secure");
    check("https://example.com/", "t=4; u=6");
}

static void test_limit_total(void **state)
{
    static const struct http_jar_policy POLICY = {.per_domain = 50, .total = 3};

    (void)state;
    use_policy(&POLICY);
    store("http://a.com/", "a=1");
    store("http://b.com/", "b=2; Max-Age=5");
    store("http://c.com/", "c=3");
    check("http://a.com/", "a=1");
    store("http://d.com/", "d=4"); /* b was used before the others */
    check("http://b.com/", "");
    store("http://d.com/", "e=5");
    check("http://c.com/", "");
    check("http://a.com/", "a=1");
    check("http://d.com/", "d=4; e=5");
    assert_int_equal(http_jar_count(jar), 3);
}

static void test_limits_default(void **state)
{
    char url[64], cookie[64];

    (void)state;
    for (int i = 0; i < 60; i++) {
        (void)snprintf(cookie, sizeof cookie, "n%d=1", i);
        store("http://example.com/", cookie);
    }
    assert_int_equal(http_jar_count(jar), 50);
    for (int i = 0; i < 4000; i++) {
        (void)snprintf(url, sizeof url, "http://host%d.example.com/", i);
        store(url, "a=1; Max-Age=1000");
    }
    assert_int_equal(http_jar_count(jar), 3000);
    check("http://host999.example.com/", "");
    check("http://host1000.example.com/", "a=1");
    check("http://host3999.example.com/", "a=1");
    assert_int_equal(http_jar_clear_expired(jar, NOW + 1000), 3000);
    check("http://host3999.example.com/", "");
}

static void test_policy(void **state)
{
    static const char *const BLOCKED[] = {"ads.example", "tracker.com", NULL};
    static const char *const ALLOWED[] = {"example.com", NULL};
    static const struct http_jar_policy BLOCKING = {
        .per_domain = 50, .total = 3000, .blocked = BLOCKED};
    static const struct http_jar_policy ALLOWING = {
        .per_domain = 50, .total = 3000, .allowed = ALLOWED};

    (void)state;
    use_policy(&BLOCKING);
    refuse("http://tracker.com/", "a=1", "policy");
    refuse("http://www.tracker.com/", "a=1", "policy");
    store("http://nottracker.com/", "a=1");
    use_policy(&ALLOWING);
    store("http://www.example.com/", "a=1");
    refuse("http://example.org/", "a=1", "policy");
    const struct http_jar_cookie known = {
        .name = "b", .value = "2", .domain = "example.org", .path = "/", .host_only = true};
    assert_int_equal(http_jar_add(jar, &known, NOW, NULL), HTTP_JAR_STORED);
    check("http://example.org/", "");
    check("http://www.example.com/", "a=1");
}

/* ---- the jar as a whole ---- */

static void test_walk(void **state)
{
    const struct http_jar_cookie *cookie;

    (void)state;
    assert_null(http_jar_next(jar, NULL));
    store("https://www.example.com/x/", "a=1; Domain=example.com; Secure; HttpOnly; "
                                        "SameSite=Strict; Max-Age=5");
    store("http://example.org/", "b=2");
    cookie = http_jar_next(jar, NULL);
    assert_string_equal(cookie->name, "a");
    assert_string_equal(cookie->value, "1");
    assert_string_equal(cookie->domain, "example.com");
    assert_string_equal(cookie->path, "/x");
    assert_false(cookie->host_only);
    assert_true(cookie->persistent);
    assert_int_equal(cookie->expires, NOW + 5);
    assert_true(cookie->secure);
    assert_true(cookie->http_only);
    assert_int_equal(cookie->same_site, HTTP_SAME_SITE_STRICT);
    cookie = http_jar_next(jar, cookie);
    assert_string_equal(cookie->name, "b");
    assert_true(cookie->host_only);
    assert_false(cookie->persistent);
    assert_null(http_jar_next(jar, cookie));
    assert_int_equal(http_jar_add(jar, cookie, NOW, NULL), HTTP_JAR_REPLACED); /* by itself */
    check("http://example.org/", "b=2");
}

static void test_clear(void **state)
{
    (void)state;
    store("http://a.com/", "x=1");
    store("http://a.com/", "y=1; Max-Age=9");
    store("http://a.com/", "x=1; Path=/p");
    store("http://b.com/", "x=1");
    assert_int_equal(http_jar_clear(jar, "c.com", NULL, NULL), 0);
    assert_int_equal(http_jar_clear(jar, "a.com", "/p", "x"), 1);
    assert_int_equal(http_jar_clear_session(jar), 2);
    check("http://a.com/", "y=1");
    store("http://b.com/", "x=2");
    assert_int_equal(http_jar_clear(jar, NULL, NULL, "x"), 1);
    assert_int_equal(http_jar_clear(jar, NULL, NULL, NULL), 1);
    assert_int_equal(http_jar_count(jar), 0);
    check("http://a.com/", "");
    http_jar_free(NULL);
}

static void test_add_refused(void **state)
{
    static const struct http_jar_cookie BAD[] = {
        {"", "1", "example.com", "/", false, false, 0, false, false, 0},
        {"a=b", "1", "example.com", "/", false, false, 0, false, false, 0},
        {"a;b", "1", "example.com", "/", false, false, 0, false, false, 0},
        {"a", "1\n", "example.com", "/", false, false, 0, false, false, 0},
        {"a", "1\t2", "example.com", "/", false, false, 0, false, false, 0},
        {"a", "1;2", "example.com", "/", false, false, 0, false, false, 0},
        {"a", "1", "exam\tple.com", "/", false, false, 0, false, false, 0},
        {"a", "1", "", "/", false, false, 0, false, false, 0},
        {"a", "1", "example.com", "", false, false, 0, false, false, 0},
        {"a", "1", "example.com", "/\n", false, false, 0, false, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_int_equal(http_jar_add(jar, &BAD[i], NOW, NULL), HTTP_JAR_REFUSED);
    assert_int_equal(http_jar_count(jar), 0);
}

/* ---- files ---- */

static char folder[] = "/tmp/unit-jar-XXXXXX", file[64];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || snprintf(file, sizeof file, "%s/jar", folder) < 0;
}

static int drop_folder(void **state)
{
    (void)state;
    (void)unlink(file);   /* it may not be there */
    return rmdir(folder); /* which fails if a save left anything else behind */
}

static void write_file(const char *text, size_t length)
{
    FILE *stream = fopen(file, "w");

    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

static void test_save(void **state)
{
    struct buffer text = {0};
    struct error error = {.text = ""};
    struct stat stat_now;

    (void)state;
    store("https://www.example.com/x/", "a=1; Domain=example.com; Secure; HttpOnly; Max-Age=50");
    store("http://example.org/", "b=; Max-Age=60");
    store("http://example.org/", "session=3");
    store("http://example.org/", "old=4; Max-Age=1");
    const struct http_jar_cookie ancient = {
        .name = "z", .value = "", .domain = "example.org", .path = "/", .persistent = true};
    assert_int_equal(http_jar_add(jar, &ancient, NOW, NULL), HTTP_JAR_STORED);
    write_file("what was there before", 21);
    assert_int_equal(chmod(file, 0644), 0);
    assert_int_equal(http_jar_save(jar, file, 0, NOW + 1, &error), 0);
    assert_int_equal(stat(file, &stat_now), 0);
    assert_int_equal(stat_now.st_mode & 0777, 0600);
    assert_int_equal(buffer_add_file(&text, file, 10000), 0);
    assert_int_equal(strncmp(text.data, "# Netscape HTTP Cookie File\n", 28), 0);
    assert_string_equal(strstr(text.data, "\n\n") + 2,
                        "#HttpOnly_.example.com\tTRUE\t/x\tTRUE\t1700000050\ta\t1\n"
                        "example.org\tFALSE\t/\tFALSE\t1700000060\tb\t\n");
    text.length = 0;
    assert_int_equal(http_jar_save(jar, file, HTTP_JAR_SESSION | HTTP_JAR_EXPIRED, NOW + 1, &error),
                     0);
    assert_int_equal(buffer_add_file(&text, file, 10000), 0);
    assert_non_null(strstr(text.data, "example.org\tFALSE\t/\tFALSE\t0\tsession\t3\n"
                                      "example.org\tFALSE\t/\tFALSE\t1700000001\told\t4\n"
                                      ".example.org\tTRUE\t/\tFALSE\t1\tz\t\n"));
    buffer_free(&text);
    assert_int_equal(http_jar_save(jar, "/nowhere/jar", 0, NOW, &error), -1);
    assert_non_null(strstr(error.text, "/nowhere/jar: No such file"));
    assert_int_equal(http_jar_save(jar, folder, 0, NOW, &error), -1); /* a folder stays one */
}

/* A save replaces files alone: not a link to one, and not what else may have a name. */
static void test_save_elsewhere(void **state)
{
    char link[sizeof file + 8], text[16];
    struct error error = {.text = ""};
    struct stat status;

    (void)state;
    store("http://example.org/", "a=1");
    assert_true(snprintf(link, sizeof link, "%s.link", file) > 0);
    write_file("", 0);
    assert_int_equal(symlink("jar", link), 0);
    assert_int_equal(http_jar_save(jar, link, HTTP_JAR_SESSION, NOW, &error), 0);
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(file, &status), 0);
    assert_true(status.st_size > 0);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd != -1);
    assert_int_equal(http_jar_save(jar, file, HTTP_JAR_SESSION, NOW, &error), 0);
    assert_int_equal(lstat(file, &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
    assert_int_equal(read(fd, text, sizeof text), sizeof text);
    assert_memory_equal(text, "# Netscape HTTP ", sizeof text);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(file), 0); /* whoever opens it next would wait */
}

/* A file full of one domain's: those that stay are the last, and it does not take for ever. */
static void test_load_one_domain(void **state)
{
    enum { MANY = 60000 };
    struct buffer text = {0};
    struct error error = {.text = ""};

    (void)state;
    for (int i = 0; i < MANY; i++)
        assert_int_equal(buffer_print(&text, "example.org\tFALSE\t/\tFALSE\t0\tn%d\t%d\n", i, i),
                         0);
    write_file(text.data, text.length);
    buffer_free(&text);
    clock_t before = clock();
    assert_int_equal(http_jar_load(jar, file, HTTP_JAR_SESSION, NOW, &error), 0);
    assert_true((clock() - before) / CLOCKS_PER_SEC < 5);
    assert_int_equal(http_jar_count(jar), HTTP_JAR_POLICY.per_domain);
    assert_string_equal(http_jar_next(jar, NULL)->name, "n59950");
}

static void test_round_trip(void **state)
{
    struct error error = {.text = ""};

    (void)state;
    store("https://www.example.com/x/", "a=1; Domain=example.com; Secure; HttpOnly; Max-Age=50");
    store("https://www.example.com/x/", "b=two words; Path=/; Max-Age=50");
    store("https://www.example.com/x/", "c=\"3\"; Path=/");
    store("https://[::1]/", "d=4; Max-Age=50");
    assert_int_equal(http_jar_save(jar, file, HTTP_JAR_SESSION, NOW, &error), 0);
    use_policy(NULL);
    assert_int_equal(http_jar_load(jar, file, 0, NOW, &error), 0);
    check("https://www.example.com/x/y", "a=1; b=two words");
    check("https://example.com/x/y", "a=1");
    check("http://www.example.com/x/y", "b=two words");
    check("https://[::1]/", "d=4");
    assert_true(http_jar_next(jar, NULL)->http_only);
    assert_int_equal(http_jar_load(jar, file, HTTP_JAR_SESSION, NOW, &error), 0);
    check("https://www.example.com/x/y", "a=1; b=two words; c=\"3\"");
    assert_int_equal(http_jar_count(jar), 4);
    use_policy(NULL);
    assert_int_equal(http_jar_load(jar, file, HTTP_JAR_SESSION, NOW + 50, &error), 0);
    assert_int_equal(http_jar_count(jar), 1);
    assert_int_equal(http_jar_load(jar, file, HTTP_JAR_EXPIRED, NOW + 50, &error), 0);
    assert_int_equal(http_jar_count(jar), 4);
    check_at(NOW + 50, "https://www.example.com/x/y", "c=\"3\"");
}

static void load_text(const char *text, size_t length, const char *why)
{
    struct error error = {.text = ""};

    write_file(text, length);
    int result = http_jar_load(jar, file, HTTP_JAR_SESSION, NOW, &error);
    if (result != (why == NULL ? 0 : -1) || (why != NULL && strstr(error.text, why) == NULL))
        fail_msg("%s: %d, %s", text, result, error.text);
}

#define LOAD(text, why) load_text(text, sizeof(text) - 1, why)

static void test_load(void **state)
{
    (void)state;
    LOAD("", NULL);
    LOAD("# only a comment", NULL);
    LOAD("# Netscape HTTP Cookie File\r\n\r\n \t\n"
         "# comment\n"
         "#HttpOnly_example.com\tFALSE\t/\tFALSE\t0\ta\t1\r\n"
         ".EXAMPLE.com\tTRUE\t/\tFALSE\t\tb\t2\n"
         "example.com\tTRUE\t/\tfalse\t1800000000\tc\t3\n"
         "example.com\tFALSE\t/\tFALSE\t0\tempty\n"
         ".com\tTRUE\t/\tFALSE\t0\tsuper\t1\n"
         ".CO.uk\tTRUE\t/\tFALSE\t0\tsuper\t1\n"
         "example.com\tFALSE\t/\tFALSE\t1600000000\told\t1\n"
         "example.com\tFALSE\t/\tFALSE\t-1\tolder\t1\n"
         "example.com\tFALSE\t/\tFALSE\t0\td\tlast line",
         NULL);
    check("http://example.com/", "a=1; b=2; c=3; empty=; d=last line");
    check("http://www.example.com/", "b=2; c=3");
    check("http://shop.co.uk/", "");
}

static void test_load_refused(void **state)
{
    static const struct {
        const char *line, *why;
    } BAD[] = {
        {"example.com\tFALSE\t/\tFALSE\t0", "seven fields"},
        {"example.com FALSE / FALSE 0 a 1", "seven fields"},
        {"example.com\tFALSE\t/\tFALSE\t0\ta\t1\t2", "seven fields"},
        {"example.com\tmaybe\t/\tFALSE\t0\ta\t1", "seven fields"},
        {"example.com\tFALSE\t/\t\t0\ta\t1", "seven fields"},
        {"example.com\tFALSE\t/\tFALSE\tsoon\ta\t1", "seven fields"},
        {"example.com\tFALSE\t/\tFALSE\t 1800000000\ta\t1", "seven fields"},
        {"example.com\tFALSE\t/\tFALSE\t99999999999999999999\ta\t1", "seven fields"},
        {"example.com\tFALSE\t/\tFALSE\t0\t\t1", "name or value"},
        {"example.com\tFALSE\t/\tFALSE\t0\ta\t1; b=2", "name or value"},
        {"example.com\tFALSE\t/\tFALSE\t0\ta\t1\rb", "name or value"},
        {"example.com\tFALSE\tpath\tFALSE\t0\ta\t1", "path is none"},
        {"exa mple.com\tFALSE\t/\tFALSE\t0\ta\t1", "domain is none"},
        {"\tFALSE\t/\tFALSE\t0\ta\t1", "domain is none"},
    };
    struct error error = {.text = ""};
    char text[256];

    (void)state;
    store("http://example.com/", "a=kept");
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        int length = snprintf(text, sizeof text, "#\nexample.com\tFALSE\t/\tFALSE\t0\ta\tnew\n%s\n",
                              BAD[i].line);
        load_text(text, (size_t)length, BAD[i].why);
        (void)snprintf(text, sizeof text, "%s:3: ", file);
        load_text("#\n\nwrong\n", 9, text);
        check("http://example.com/", "a=kept"); /* nothing of a file that is wrong counts */
    }
    LOAD("#\nexample.com\tFALSE\t/\tFALSE\t0\ta\t\0\n", "NUL");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(http_jar_load(jar, file, 0, NOW, &error), -1);
    assert_non_null(strstr(error.text, "No such file"));
    check("http://example.com/", "a=kept");
}

/* A file may hold more than the jar takes: the limits count as ever. */
static void test_load_many(void **state)
{
    static const struct http_jar_policy SMALL = {.per_domain = 2, .total = 3};
    struct error error = {.text = ""};

    (void)state;
    store("https://example.com/", "a=1; Secure");
    store("https://example.com/", "b=2; Secure");
    store("https://example.com/", "c=3; Secure");
    store("https://example.com/", "d=4");
    store("https://example.org/", "e=5");
    assert_int_equal(http_jar_save(jar, file, HTTP_JAR_SESSION, NOW, &error), 0);
    use_policy(&SMALL);
    assert_int_equal(http_jar_load(jar, file, HTTP_JAR_SESSION, NOW, &error), 0);
    check("https://example.com/", "b=2; c=3");
    check("https://example.org/", "e=5");
}

#define WITH_JAR(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domain_match),
        cmocka_unit_test(test_path_match),
        cmocka_unit_test(test_default_path),
        cmocka_unit_test(test_public_suffix),
        WITH_JAR(test_host_only),
        WITH_JAR(test_domain_refused),
        WITH_JAR(test_suffix_host),
        WITH_JAR(test_paths),
        WITH_JAR(test_send_order),
        WITH_JAR(test_expiry),
        WITH_JAR(test_secure),
        WITH_JAR(test_http_only),
        WITH_JAR(test_same_site),
        WITH_JAR(test_prefixes),
        WITH_JAR(test_malformed),
        WITH_JAR(test_extract),
        WITH_JAR(test_limit_domain),
        WITH_JAR(test_limit_secure),
        WITH_JAR(test_limit_total),
        WITH_JAR(test_limits_default),
        WITH_JAR(test_policy),
        WITH_JAR(test_walk),
        WITH_JAR(test_clear),
        WITH_JAR(test_add_refused),
        WITH_JAR(test_save),
        WITH_JAR(test_save_elsewhere),
        WITH_JAR(test_load_one_domain),
        WITH_JAR(test_round_trip),
        WITH_JAR(test_load),
        WITH_JAR(test_load_refused),
        WITH_JAR(test_load_many),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("http/cookiejar", tests, make_folder, drop_folder);
}
