/* urllib/robotparser: RFC 9309 rule by rule, and what a file without mercy costs. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buffer.h"
#include "urllib/robotparser.h"

static struct robots *parse(const char *text)
{
    struct robots *robots = robots_parse(text, strlen(text));

    assert_non_null(robots);
    return robots;
}

/* Which line of the file decides, and how: 3 allows, -3 refuses, 0 no rule. */
static int decide(const char *file, const char *agent, const char *url)
{
    struct robots *robots = parse(file);
    struct robots_rule rule = robots_decide(robots, agent, url);

    assert_int_equal(rule.allows, robots_can_fetch(robots, agent, url));
    assert_true(rule.line != 0 || rule.allows);
    assert_int_equal(rule.line == 0, rule.pattern == NULL);
    robots_free(robots);
    return rule.allows ? rule.line : -rule.line;
}

static void check(const char *file, const char *agent, const char *url, int wanted)
{
    int got = decide(file, agent, url);

    if (got != wanted)
        fail_msg("%s asks for %s: %d decides, and not %d, in\n%s", agent, url, got, wanted, file);
}

/* One rule "Disallow: pattern": does it match? */
static void check_match(const char *pattern, const char *url, bool wanted)
{
    char file[512];

    (void)snprintf(file, sizeof file, "User-agent: *\nDisallow: %s\n", pattern); /* short ones */
    check(file, "workbook", url, wanted ? -2 : 0);
}

static void test_longest(void **state)
{
    const char *file = "User-agent: *\nDisallow: /\nAllow: /open/\nDisallow: /open/not/\n"
                       "Allow: /open/not/but/this\nAllow: /same\nDisallow: /same\n";

    (void)state;
    check(file, "workbook", "/", -2);
    check(file, "workbook", "/x", -2);
    check(file, "workbook", "/open", -2);
    check(file, "workbook", "/open/", 3);
    check(file, "workbook", "/open/notes", 3);
    check(file, "workbook", "/open/not/x", -4);
    check(file, "workbook", "/open/not/but/this", 5);
    check(file, "workbook", "/same", 6); /* as long: the one that allows */
    check("User-agent: *\nDisallow: /same\nAllow: /same\n", "workbook", "/same/x", 3);
    check("User-agent: *\nDisallow: /page\nAllow: /*.html\n", "workbook", "/page.html", 3);
    check("User-agent: *\nDisallow: /$\nAllow: /\n", "workbook", "/", -2); /* "$" counts */
    check("User-agent: *\nDisallow: /$\nAllow: /\n", "workbook", "/x", 3);
    check("User-agent: *\nAllow: /a\nDisallow: /a*\n", "workbook", "/a", -3); /* so does "*" */
    check("User-agent: *\nDisallow: /%61%62%63\nAllow: /abcd\n", "workbook", "/abcd", 3);
    check("User-agent: *\nDisallow: /a\nDisallow: /a\n", "workbook", "/a", -2);
    check("", "workbook", "/", 0);
    check("User-agent: other\nDisallow: /\n", "workbook", "/", 0);
}

static void test_chain(void **state)
{
    /* Between a path and its longest rule stand others that it does not begin with. */
    const char *file = "User-agent: *\nDisallow: /a\nDisallow: /a/b\nDisallow: /a/b/c\n"
                       "Disallow: /a/b/d\nDisallow: /a/c/\nDisallow: /b\nAllow: /a/b/c/*x\n";

    (void)state;
    check(file, "workbook", "/a/b/d/", -5);
    check(file, "workbook", "/a/b/cc", -4);
    check(file, "workbook", "/a/b/e", -3);
    check(file, "workbook", "/a/b/c/y", -4);
    check(file, "workbook", "/a/b/c/yx", 8);
    check(file, "workbook", "/a/c", -2);
    check(file, "workbook", "/aa", -2);
    check(file, "workbook", "/az", -2);
    check(file, "workbook", "/B", 0);
    check(file, "workbook", "/c", 0);
}

static void test_wildcards(void **state)
{
    (void)state;
    check_match("/*", "/", true);
    check_match("*", "/", true);
    check_match("*.gif$", "/a.gif", true);
    check_match("*.gif$", "/a.gif?x", false);
    check_match("/a*b", "/ab", true);
    check_match("/a*b", "/axxbx", true);
    check_match("/a*b", "/axx", false);
    check_match("/a*b$", "/abab", true);
    check_match("/a*b$", "/ababc", false);
    check_match("/a*ab$", "/ab", false); /* nothing is used twice */
    check_match("/a*ab$", "/aab", true);
    check_match("/*ab*b", "/ab", false);
    check_match("/*ab*b", "/abb", true);
    check_match("/*a*b*c", "/xaxbxc", true);
    check_match("/*a*b*c", "/xaxcxb", false);
    check_match("/a***b", "/ab", true);
    check_match("/a*", "/a", true);
    check_match("/a*$", "/abc", true);
    check_match("/a$", "/a", true);
    check_match("/a$", "/ab", false);
    check_match("/a$b", "/a$b", true); /* only at the end it is not itself */
    check_match("/a$b", "/ab", false);
    check_match("/a$$", "/a$", true);
    check_match("$", "/", false);
    check_match("/a%24", "/a$", true);
    check_match("/a%24", "/a", false);
    check_match("/a%2A", "/a*", true);
    check_match("/a%2A", "/ab", false);
    check_match("/a*b", "/a?q=/b", true);
    check_match("a", "/a", false); /* it begins at the first octet */
    check_match("", "/", false);
}

static void test_octets(void **state)
{
    (void)state;
    check_match("/foo/bar?baz=quz", "/foo/bar?baz=quz", true); /* section 2.2.2 */
    check_match("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", true);
    check_match("/foo/bar?baz=https%3a%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", true);
    check_match("/foo/bar/\xe3\x83\x84", "/foo/bar/%E3%83%84", true);
    check_match("/foo/bar/%e3%83%84", "/foo/bar/\xe3\x83\x84", true);
    check_match("/foo/bar/%62%61%7A", "/foo/bar/baz", true);
    check_match("/foo/bar/baz", "/foo/bar/%62%61%7A", true);
    check_match("/a/b", "/a%2Fb", false); /* a slash that is coded parts nothing */
    check_match("/a%2Fb", "/a/b", false);
    check_match("/a%2fb", "/a%2Fb", true);
    check_match("/a?b", "/a%3Fb", false);
    check_match("/q?a=b", "/q?a%3Db", false); /* "=" parts a field */
    check_match("/a b", "/a%20b", true);
    check_match("/~x", "/%7Ex", true);
    check_match("/100%", "/100%25", true);
    check_match("/100%", "/100%", true);
    check_match("/%4", "/%4", true);
    check_match("/%zz", "/%25zz", true);
    check_match("/A", "/a", false);
    check_match("/\xff", "/%FF", true);
    check_match("/a%00b", "/a%00b", true);
    check_match("/<\">", "/%3C%22%3E", true);
}

static void test_urls(void **state)
{
    (void)state;
    check_match("/a", "http://h/a", true);
    check_match("/a", "https://user@h:8080/a?b#c", true);
    check_match("/a", "//h/a", true);
    check_match("/h", "//h/a", false);
    check_match("/$", "http://h", true);
    check_match("/?", "http://h?x", true);
    check_match("/$", "http://h#x", true);
    check_match("/", "", true);
    check_match("/?q", "?q", true);
    check_match("/a$", "/a#b", true);
    check_match("/b", "/x#/b", false);
    check_match("/a:b", "/a:b", true);
    check_match("/robots.txt", "/robots.txt", false);
    check_match("/", "http://h/robots.txt", false);
    check_match("/", "/%72obots.txt", false); /* spelled in another way, and the same */
    check_match("/", "/robots.txt.bak", true);
    check_match("/", "/robots.tx", true);
    check_match("/", "/robots.xml", true);
}

static void test_groups(void **state)
{
    const char *file = "User-agent: foo\nDisallow: /1\n\nUser-agent: *\nDisallow: /2\n"
                       "User-agent: FOO/2.0\nDisallow: /3\nUser-agent: bar\n\n# and\n"
                       "user-AGENT : foo (x)\n\nDisallow: /4\nUser-agent: empty\n";

    (void)state;
    check(file, "foo", "/1", -2);
    check(file, "foo", "/2", 0);
    check(file, "foo", "/3", -7);
    check(file, "Foo/9.1", "/4", -13);
    check(file, "bar", "/4", -13);
    check(file, "bar", "/1", 0);
    check(file, "baz", "/2", -5);
    check(file, "baz", "/4", 0);
    check(file, "fo", "/2", -5); /* names are compared whole */
    check(file, "foobar", "/2", -5);
    check(file, "empty", "/2", 0); /* a group without rules is one */
    check(file, "*", "/2", -5);
    check(file, "", "/2", -5);
    check("Disallow: /\nUser-agent: *\nDisallow: /a\n", "foo", "/", 0);
    check("User-agent: a\nSitemap: x\nCrawl-delay: 9\nNoindex: /\nUser-agent: b\nDisallow: /\n",
          "a", "/", -6); /* section 2.2.4: others end no list of agents */
    check("User-agent: a\nDisallow:\nUser-agent: b\nDisallow: /\n", "a", "/", 0);
    check("User-agent: a\nUser-agent: a\nDisallow: /\n", "a", "/", -3);
    check("User-agent: a b\nDisallow: /\n", "a", "/", -2);
    check("User-agent: *\nDisallow: /x\nUser-agent: *\nDisallow: /y\n", "a", "/x", -2);
    check("User-agent: *\nDisallow: /x\nUser-agent: *\nDisallow: /y\n", "a", "/y", -4);

    struct robots *robots = parse(file);
    assert_string_equal(robots_decide(robots, "foo", "/3").group, "foo");
    assert_string_equal(robots_decide(robots, "foo", "/3").pattern, "/3");
    assert_string_equal(robots_decide(robots, "baz", "/3").group, "*");
    robots_free(robots);
    robots = parse("User-agent: foo\nDisallow: /\n");
    assert_null(robots_decide(robots, "bar", "/").group);
    robots_free(robots);
}

static void test_lines(void **state)
{
    (void)state;
    check("User-agent: *\rDisallow: /a\rDisallow: /b", "x", "/b", -3);
    check("User-agent: *\r\nDisallow: /a\r\n\r\nDisallow: /b\r\n", "x", "/b", -4);
    check("User-agent: *\n\rDisallow: /b", "x", "/b", -3);
    check("\xef\xbb\xbfUser-agent: *\nDisallow: /b", "x", "/b", -2);
    check("\xef\xbb\xbf\xef\xbb\xbfUser-agent: *\nDisallow: /b", "x", "/b", 0);
    check("User-agent: * # all\nDisallow: /b#c\n", "x", "/b", -2);
    check("User-agent: *\n#Disallow: /b\n", "x", "/b", 0);
    check("User-agent: *\n# : \nDisallow# : /\nDisallow: /b\n", "x", "/a", 0);
    check(" \tUSER-agent\t: \t*\t \n\tdisALLOW :/b \n", "x", "/b$", -2);
    check("User-agent: *\nDisallow /b\nDisallow: /c: d\n", "x", "/b", 0);
    check("User-agent: *\nDisallow: /c: d\n", "x", "/c:%20d", -2);
    check("User-agent: *\nDisallow\n: /\nDisallows: /\nDis: /\n", "x", "/", 0);

    const char nul[] = "User-agent: *\nDisallow: /a\0b\n";
    struct robots *robots = robots_parse(nul, sizeof nul - 1);
    assert_true(robots_can_fetch(robots, "x", "/a"));
    assert_false(robots_can_fetch(robots, "x", "/a%00b"));
    robots_free(robots);
}

static void test_delays(void **state)
{
    static const struct {
        const char *text;
        double delay;
    } DELAYS[] = {{"5", 5},      {"0", 0},
                  {"0.5", 0.5},  {"12.25", 12.25},
                  {"", -1},      {"-1", -1},
                  {"1e3", -1},   {"5s", -1},
                  {".5", -1},    {"5.", -1},
                  {"1.2.3", -1}, {"inf", -1},
                  {"0x5", -1},   {"1234567890123456", -1}};
    char file[256];
    struct robots_rate rate = {7, 7};

    (void)state;
    for (size_t i = 0; i < sizeof DELAYS / sizeof *DELAYS; i++) {
        (void)snprintf(file, sizeof file, "Crawl-delay: 99\nUser-agent: a\nCrawl-delay: %s\n",
                       DELAYS[i].text); /* short ones */
        struct robots *robots = parse(file);
        assert_true(robots_crawl_delay(robots, "a") == DELAYS[i].delay);
        assert_true(robots_crawl_delay(robots, "b") == -1);
        robots_free(robots);
    }
    struct robots *robots =
        parse("User-agent: a\nCrawl-delay: 5\nCrawl-delay: x\nRequest-rate: 1/5\nDisallow: /x\n"
              "User-agent: *\nCrawl-delay: 3\nRequest-rate: 2 / 10\n"
              "Disallow: /\nUser-agent: A\nCrawl-delay: 7\nRequest-rate: 3/x\n"
              "Request-rate: 99999999999/1\nRequest-rate: /\nRequest-rate: 4\n");
    assert_true(robots_crawl_delay(robots, "a") == 7);
    assert_true(robots_crawl_delay(robots, "b") == 3);
    assert_true(robots_request_rate(robots, "a", &rate));
    assert_int_equal(rate.requests, 1);
    assert_int_equal(rate.seconds, 5);
    assert_true(robots_request_rate(robots, "b", &rate));
    assert_int_equal(rate.requests, 2);
    assert_int_equal(rate.seconds, 10);
    robots_free(robots);
    robots = parse("User-agent: a\nDisallow: /\n");
    assert_false(robots_request_rate(robots, "a", &rate));
    assert_int_equal(rate.requests, 2);
    robots_free(robots);
}

static void test_site_maps(void **state)
{
    struct robots *robots = parse("Sitemap: https://h/1.xml\nUser-agent: a\n"
                                  "SITEMAP:https://h/2.xml # two\nDisallow: /\nsitemap: 3\n");
    const char *const *maps = robots_site_maps(robots);

    (void)state;
    assert_string_equal(maps[0], "https://h/1.xml");
    assert_string_equal(maps[1], "https://h/2.xml");
    assert_string_equal(maps[2], "3");
    assert_null(maps[3]);
    robots_free(robots);
    robots = parse("");
    assert_null(robots_site_maps(robots)[0]);
    robots_free(robots);
}

static void test_answers(void **state)
{
    static const struct {
        int status;
        bool allowed;
    } ANSWERS[] = {{200, false}, {206, false}, {204, false}, {404, true},
                   {401, true},  {403, true},  {429, true},  {499, true},
                   {500, false}, {503, false}, {599, false}, {0, false},
                   {301, true},  {304, true},  {100, true},  {600, true}};
    const char *file = "User-agent: *\nDisallow: /\nCrawl-delay: 5\nSitemap: x\n";

    (void)state;
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        struct robots *robots = robots_answer(ANSWERS[i].status, file, strlen(file));
        bool is_read = ANSWERS[i].status / 100 == 2;
        assert_non_null(robots);
        assert_int_equal(robots_can_fetch(robots, "a", "/"), ANSWERS[i].allowed);
        assert_true(robots_can_fetch(robots, "a", "/robots.txt"));
        assert_int_equal(robots_decide(robots, "a", "/").line, is_read ? 2 : 0);
        assert_true(robots_crawl_delay(robots, "a") == (is_read ? 5 : -1));
        assert_int_equal(robots_site_maps(robots)[0] != NULL, is_read);
        robots_free(robots);
    }
    struct robots *robots = robots_answer(404, NULL, 0);
    assert_true(robots_can_fetch(robots, "a", "/"));
    robots_free(robots);
    robots_free(NULL);
}

/* A file whose second rule ends at byte end, or is cut by the limit; then a third. */
static void check_limit(size_t end, const char *line_end, bool second)
{
    struct buffer file = {0};
    const char *first = "User-agent: *\nDisallow: /a\n#", *rule = "\nDisallow: /b/";

    assert_int_equal(buffer_add(&file, first, strlen(first)), 0);
    assert_int_equal(buffer_reserve(&file, end), 0);
    while (file.length < end - strlen(rule))
        assert_int_equal(buffer_add(&file, "x", 1), 0);
    assert_int_equal(buffer_print(&file, "%s%sDisallow: /c\n", rule, line_end), 0);
    struct robots *robots = robots_parse(file.data, file.length);
    assert_non_null(robots);
    assert_false(robots_can_fetch(robots, "x", "/a"));
    assert_int_equal(robots_can_fetch(robots, "x", "/b/"), !second);
    assert_int_equal(robots_can_fetch(robots, "x", "/b"), true); /* and no half of it counts */
    assert_int_equal(robots_can_fetch(robots, "x", "/c"), end + 20 > ROBOTS_LIMIT);
    robots_free(robots);
    buffer_free(&file);
}

static void test_limit(void **state)
{
    (void)state;
    check_limit(ROBOTS_LIMIT - 200, "\n", true);
    check_limit(ROBOTS_LIMIT - 1, "\n", true);
    check_limit(ROBOTS_LIMIT - 1, "\r\n", true);
    check_limit(ROBOTS_LIMIT, "\n", true);
    check_limit(ROBOTS_LIMIT, "\r", true);
    check_limit(ROBOTS_LIMIT + 1, "\n", false);
    check_limit(ROBOTS_LIMIT, "/\n", false);
    check_limit(ROBOTS_LIMIT + 9, "\n", false);

    char *line = malloc(ROBOTS_LIMIT + 10); /* one line, too long, and nothing else */
    assert_non_null(line);
    memset(line, 'x', ROBOTS_LIMIT + 10);
    struct robots *robots = robots_parse(line, ROBOTS_LIMIT + 10);
    assert_non_null(robots);
    assert_true(robots_can_fetch(robots, "x", "/"));
    robots_free(robots);
    free(line);
}

/* Processor time, for who may wait for another. */
static double seconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* As many rules as fit, each with many stars, and a path that none of them lets go at once. */
static void test_many_stars(void **state)
{
    struct buffer file = {0};
    static char path[8000];

    (void)state;
    assert_int_equal(buffer_print(&file, "User-agent: *\n"), 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(buffer_print(&file, "Disallow: /"), 0);
        for (int star = 0; star < 2000; star++)
            assert_int_equal(buffer_add(&file, "*a", 2), 0);
        assert_int_equal(buffer_print(&file, "b%d\n", i), 0);
    }
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    struct robots *robots = robots_parse(file.data, file.length);
    assert_non_null(robots);
    double start = seconds();
    for (int i = 0; i < 10; i++)
        assert_true(robots_can_fetch(robots, "x", path));
    assert_true(seconds() - start < 2); /* it takes some ms; two to the power of 2,000 would not */
    robots_free(robots);
    buffer_free(&file);
}

/* 20,000 agents share 15,000 rules: nothing may be copied for each. */
static void test_many_names(void **state)
{
    struct buffer file = {0};

    (void)state;
    for (int i = 0; i < 15000; i++)
        assert_int_equal(buffer_print(&file, "User-agent:a%d\n", i % 5000), 0);
    for (int i = 0; i < 12000; i++)
        assert_int_equal(buffer_print(&file, "Allow: /%d\n", i), 0);
    assert_in_range(file.length, 400000, ROBOTS_LIMIT);
    double start = seconds();
    struct robots *robots = robots_parse(file.data, file.length);
    assert_non_null(robots);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(robots_decide(robots, "A4999", "/11999").line, 27000);
    assert_int_equal(robots_decide(robots, "A5000", "/11999").line, 0);
    assert_true(seconds() - start < 2);
    robots_free(robots);

    file.length = 0; /* and one that is named 15,000 times has a group of 12,000 rules */
    for (int i = 0; i < 15000; i++)
        assert_int_equal(buffer_print(&file, "User-agent:a\n"), 0);
    for (int i = 0; i < 12000; i++)
        assert_int_equal(buffer_print(&file, "Allow: /*%d\n", i), 0);
    robots = robots_parse(file.data, file.length);
    assert_non_null(robots);
    start = seconds();
    assert_int_equal(robots_decide(robots, "a", "/11999").line, 27000);
    assert_true(seconds() - start < 0.5);
    robots_free(robots);
    buffer_free(&file);
}

static void test_long_url(void **state)
{
    static char url[5000], file[5100];

    (void)state;
    for (size_t length = 1000; length < 1100; length++) {
        memset(url, 0xe9, length);
        url[0] = '/';
        url[length] = '\0';
        (void)snprintf(file, sizeof file, "User-agent: *\nDisallow: %s$\n", url); /* it fits */
        check(file, "x", url, -2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longest),    cmocka_unit_test(test_chain),
        cmocka_unit_test(test_wildcards),  cmocka_unit_test(test_octets),
        cmocka_unit_test(test_urls),       cmocka_unit_test(test_groups),
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_delays),
        cmocka_unit_test(test_site_maps),  cmocka_unit_test(test_answers),
        cmocka_unit_test(test_limit),      cmocka_unit_test(test_many_stars),
        cmocka_unit_test(test_many_names), cmocka_unit_test(test_long_url),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
