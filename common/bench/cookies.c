/*
 * How fast cookies are read and found: a Cookie field of ten, and a request to one of a hundred
 * domains in a jar of 1,000 cookies. cookies.py does the same in Python, with the same cookies, and
 * compares.
 *
 * Usage: cookies, which prints "parse_us 0.30" and "look_up_us 0.50": the best of several rounds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/cookiejar.h"
#include "http/cookies.h"

enum { ROUNDS = 7, TURNS = 20000, COOKIES = 10, DOMAINS = 100 };

static void make_field(struct buffer *field)
{
    for (int i = 0; i < COOKIES; i++) {
        if (buffer_print(field, "%sname%d=value%dabcdefghij", i > 0 ? "; " : "", i, i) == -1)
            die("out of memory");
    }
}

static struct http_jar *make_jar(time_t now)
{
    struct http_jar *jar = http_jar_new(NULL);

    for (int i = 0; jar != NULL && i < DOMAINS * COOKIES; i++) {
        char domain[32], name[16];
        struct http_jar_cookie cookie = {.name = name,
                                         .value = "value",
                                         .domain = domain,
                                         .path = "/",
                                         .persistent = true,
                                         .expires = now + 9999};

        (void)snprintf(domain, sizeof domain, "d%d.example.com", i / COOKIES); /* both fit */
        (void)snprintf(name, sizeof name, "name%d", i % COOKIES);
        if (http_jar_add(jar, &cookie, now, NULL) != HTTP_JAR_STORED)
            die("the jar took no cookie");
    }
    if (jar == NULL)
        die("out of memory");
    return jar;
}

static void parse(const char *field)
{
    struct http_cookies cookies;

    if (http_cookies_parse(&cookies, field) == -1 || cookies.count != COOKIES)
        die("the field was not read");
    http_cookies_free(&cookies);
}

static void look_up(struct http_jar *jar, time_t now)
{
    const struct http_jar_request request = {.host = "www.d50.example.com", .path = "/a/b"};
    struct buffer header = {0};

    if (http_jar_header(jar, &request, now, &header) != COOKIES)
        die("the jar did not find its cookies");
    buffer_free(&header);
}

int main(void)
{
    struct buffer field = {0};
    time_t now = time(NULL);
    struct http_jar *jar = make_jar(now);
    uint64_t parsing = UINT64_MAX, looking = UINT64_MAX;

    make_field(&field);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = now_ns();
        for (int i = 0; i < TURNS; i++)
            parse(field.data);
        uint64_t middle = now_ns();
        for (int i = 0; i < TURNS; i++)
            look_up(jar, now);
        uint64_t end = now_ns();
        parsing = middle - start < parsing ? middle - start : parsing;
        looking = end - middle < looking ? end - middle : looking;
    }
    (void)printf("parse_us %.4f\nlook_up_us %.4f\n", (double)parsing / TURNS / 1e3,
                 (double)looking / TURNS / 1e3);
    buffer_free(&field);
    http_jar_free(jar);
    finish(EXIT_SUCCESS);
}
