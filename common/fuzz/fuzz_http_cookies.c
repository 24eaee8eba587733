/*
 * Feeds cookies, read as a Cookie field, as a Set-Cookie field, as a value to be quoted and as a
 * file: what was read can be written, and is the same when it is read again; and whatever a server
 * sets, the jar sends no line of its own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/cookiejar.h"
#include "http/cookies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1700000000 };

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool is_line(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

/* Each value is what its coded form says, and the field put together again is the same one. */
static void try_field(const char *text)
{
    struct http_cookies cookies, again;
    struct buffer field = {0};

    demand(http_cookies_parse(&cookies, text) == 0);
    for (size_t i = 0; i < cookies.count; i++) {
        struct buffer value = {0};
        demand(http_cookie_unquote(cookies.list[i].coded, &value) == 0);
        demand(strcmp(buffer_text(&value), cookies.list[i].value) == 0);
        demand(http_cookies_get(&cookies, cookies.list[i].name) != NULL);
        demand(buffer_print(&field, "%s%s=%s", i > 0 ? "; " : "", cookies.list[i].name,
                            cookies.list[i].coded) == 0);
        buffer_free(&value);
    }
    demand(http_cookies_parse(&again, buffer_text(&field)) == 0);
    demand(again.count == cookies.count);
    for (size_t i = 0; i < again.count; i++)
        demand(strcmp(again.list[i].name, cookies.list[i].name) == 0 &&
               strcmp(again.list[i].value, cookies.list[i].value) == 0);
    http_cookies_free(&again);
    http_cookies_free(&cookies);
    buffer_free(&field);
}

static void try_quote(const char *text)
{
    struct buffer coded = {0}, back = {0}, built = {0};
    struct http_set_cookie cookie = {.name = "a"};

    demand(http_cookie_quote(text, &coded) == 0);
    demand(http_cookie_unquote(buffer_text(&coded), &back) == 0);
    demand(strcmp(buffer_text(&back), text) == 0);
    cookie.value = buffer_text(&coded);
    if (coded.length < HTTP_COOKIE_LIMIT)
        demand(http_set_cookie_build(&cookie, &built, NULL) == 0);
    buffer_free(&built);
    buffer_free(&back);
    buffer_free(&coded);
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void try_set_cookie(const char *text)
{
    struct http_set_cookie cookie, again;
    struct buffer built = {0};

    if (http_set_cookie_parse(&cookie, text, NULL) != 0)
        return;
    demand(is_line(cookie.name) && is_line(cookie.value));
    if (http_set_cookie_build(&cookie, &built, NULL) == 0) {
        demand(is_line(built.data));
        demand(http_set_cookie_parse(&again, built.data, NULL) == 0);
        demand(same(again.name, cookie.name) && same(again.value, cookie.value) &&
               same(again.domain, cookie.domain) && same(again.path, cookie.path));
        demand(again.has_expires == cookie.has_expires && again.expires == cookie.expires);
        demand(again.has_max_age == cookie.has_max_age && again.max_age == cookie.max_age);
        demand(again.secure == cookie.secure && again.http_only == cookie.http_only &&
               again.same_site == cookie.same_site);
        http_set_cookie_free(&again);
    }
    buffer_free(&built);
    http_set_cookie_free(&cookie);
}

/* Two jars that hold the same cookies in the same order. */
static void compare_jars(const struct http_jar *a, const struct http_jar *b)
{
    const struct http_jar_cookie *one = NULL, *two = NULL;

    demand(http_jar_count(a) == http_jar_count(b));
    while ((one = http_jar_next(a, one)) != NULL) {
        two = http_jar_next(b, two);
        demand(two != NULL && same(one->name, two->name) && same(one->value, two->value) &&
               same(one->domain, two->domain) && same(one->path, two->path) &&
               one->host_only == two->host_only && one->secure == two->secure &&
               one->http_only == two->http_only && one->persistent == two->persistent &&
               (!one->persistent || one->expires == two->expires));
    }
}

/* What came in from a file goes into a file, and comes back the same. */
static void try_file(const char *text, size_t size)
{
    static char file[64];
    const unsigned all = HTTP_JAR_SESSION | HTTP_JAR_EXPIRED;
    struct http_jar *jar = http_jar_new(NULL), *back = http_jar_new(NULL);

    demand(jar != NULL && back != NULL);
    if (file[0] == '\0')
        demand(snprintf(file, sizeof file, "/dev/shm/fuzz-cookies-%d", (int)getpid()) > 0);
    FILE *stream = fopen(file, "w");
    demand(stream != NULL && fwrite(text, 1, size, stream) == size && fclose(stream) == 0);
    if (http_jar_load(jar, file, all, NOW, NULL) == 0) {
        demand(http_jar_save(jar, file, all, NOW, NULL) == 0);
        demand(http_jar_load(back, file, all, NOW, NULL) == 0);
        compare_jars(jar, back);
    } else {
        demand(http_jar_count(jar) == 0);
    }
    demand(unlink(file) == 0);
    http_jar_free(jar);
    http_jar_free(back);
}

/* Each line is set by a server; then the jar sends a line, and no more than was let in. */
static void try_jar(const char *text, size_t size)
{
    const struct http_jar_policy small = {.per_domain = 3, .total = 5};
    const struct http_jar_request requests[] = {
        {.host = "www.example.com", .path = "/a/b?c", .secure = true},
        {.host = "example.com", .path = "/"},
        {.host = "127.0.0.1", .path = "/a", .origin = HTTP_FROM_LINK}};
    struct http_jar *jar = http_jar_new(&small);
    char *copy = strndup(text, size), *rest = copy, *line;

    demand(jar != NULL && copy != NULL);
    for (size_t i = 0; (line = strsep(&rest, "\n")) != NULL; i++) {
        struct buffer out = {0};
        demand(http_jar_set(jar, &requests[i % 3], line, NOW, NULL) != HTTP_JAR_FAILED);
        demand(http_jar_count(jar) <= small.total);
        demand(http_jar_header(jar, &requests[i % 3], NOW, &out) <= 2 * (int)small.per_domain);
        demand(is_line(buffer_text(&out)));
        buffer_free(&out);
    }
    for (const struct http_jar_cookie *cookie = NULL; (cookie = http_jar_next(jar, cookie));)
        demand(cookie->host_only || !http_is_public_suffix(cookie->domain));
    free(copy);
    http_jar_free(jar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);

    if (text == NULL)
        return 0;
    try_field(text);
    try_quote(text);
    try_set_cookie(text);
    try_jar(text, size);
    free(text);
    try_file((const char *)data, size);
    return 0;
}
