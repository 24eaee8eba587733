/* http/files: paths, opening below a root, types, listings, conditions and ranges. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/date.h"
#include "http/files.h"

/* Names the row of a table that is not as expected. */
static void expect(const char *what, int got, int expected)
{
    if (got != expected)
        fail_msg("%s: %d, expected %d", what, got, expected);
}

static const struct {
    const char *target, *path; /* NULL when it is refused */
    int folder;                /* or the status */
} PATHS[] = {
    {"/", ".", 1},
    {"/a", "a", 0},
    {"/a/", "a/", 1}, /* see below */
    {"/a/b.txt", "a/b.txt", 0},
    {"/a//b", "a/b", 0},
    {"//a///b", "a/b", 0},
    {"/a/./b", "a/b", 0},
    {"/a/../b", "b", 0},
    {"/a/b/../..", ".", 1},
    {"/a/b/..", "a", 1},
    {"/a/.", "a", 1},
    {"/a/%2e", "a", 1},
    {"/a/b/%2E%2e", "a", 1},
    {"/a/b/.%2e/c", "a/c", 0},
    {"/a?b=../../c", "a", 0},
    {"/?", ".", 1},
    {"/a#b", "a", 0},
    {"/a%20b%3Fc", "a b?c", 0},
    {"/%C3%A9", "\xC3\xA9", 0},
    {"/%ff", "\xff", 0},
    {"/%252e%252e/x", "%2e%2e/x", 0}, /* decoded once */
    {"/..%5cx", NULL, 404},           /* a dot file by its name */
    {"/x%5c..%5cy", "x\\..\\y", 0},   /* a name like any other */
    {"/...", NULL, 404},
    {"http://host/a", NULL, 400}, /* the server has made a path of it */
    {"/..", NULL, 404},
    {"/../a", NULL, 404},
    {"/a/../../b", NULL, 404},
    {"/%2e%2e/etc/passwd", NULL, 404},
    {"/%2E./etc/passwd", NULL, 404},
    {"/a/..%2f..%2fetc", NULL, 404},
    {"/%2fetc/passwd", NULL, 404},
    {"/a%2Fb", NULL, 404},
    {"/..%c0%afetc", NULL, 404},
    {"/x%c0%af", "x\xc0\xaf", 0}, /* no slash, whatever some once thought */
    {"/.git/config", NULL, 404},
    {"/a/%2egit", NULL, 404},
    {"/a\\b", NULL, 400},
    {"/..\\..\\etc", NULL, 400},
    {"/a%00b", NULL, 400},
    {"/a%00.txt", NULL, 400},
    {"/a%", NULL, 400},
    {"/a%2", NULL, 400},
    {"/a%2/b2", NULL, 400},
    {"/a%zz", NULL, 400},
    {"/a%2?2", NULL, 400},
    {"*", NULL, 400},
    {"", NULL, 400},
    {"a", NULL, 400},
    {"host:80", NULL, 400},
    {"ftp://host/a", NULL, 400},
};

static void test_path(void **state)
{
    struct buffer path = {0};

    (void)state;
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        bool folder;
        int status = http_files_path(PATHS[i].target, false, &path, &folder);
        expect(PATHS[i].target, status, PATHS[i].path == NULL ? PATHS[i].folder : 0);
        if (status != 0 || PATHS[i].path == NULL)
            continue;
        expect(PATHS[i].target, folder, PATHS[i].folder);
        size_t length = strlen(PATHS[i].path);
        if (length > 1 && PATHS[i].path[length - 1] == '/')
            length--; /* the slash is told by folder alone */
        assert_int_equal(path.length, length);
        assert_memory_equal(path.data, PATHS[i].path, length);
        assert_int_equal(path.data[length], '\0');
    }
    bool folder;
    assert_int_equal(http_files_path("/.git/%2econfig", true, &path, &folder), 0);
    assert_string_equal(path.data, ".git/.config");
    assert_int_equal(http_files_path("/.git/..", true, &path, &folder), 0);
    assert_string_equal(path.data, ".");
    assert_int_equal(http_files_path("/../x", true, &path, &folder), 404);
    buffer_free(&path);
}

/* Every two bytes, coded and bare: none gives a path that leads up or begins at the top. */
static void test_all_pairs(void **state)
{
    struct buffer path = {0};

    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        static const char *const forms[] = {"/%%%02x%%%02x/x", "/a/%%%02X%%%02x", "/.%%%02x%%%02x",
                                            "/%%%02x%%%02x..%%2fx"};
        for (size_t i = 0; i < 4; i++) {
            char target[32];
            bool folder;
            (void)snprintf(target, sizeof target, forms[i], pair >> 8, pair & 255);
            if (http_files_path(target, true, &path, &folder) != 0)
                continue;
            assert_int_not_equal(path.data[0], '/');
            assert_int_equal(strlen(path.data), path.length);
            assert_true(strcmp(path.data, "..") != 0 && strncmp(path.data, "../", 3) != 0);
            assert_null(strstr(path.data, "/../"));
            assert_null(strstr(path.data, "//"));
        }
    }
    buffer_free(&path);
}

static void test_encode(void **state)
{
    struct buffer out = {0};

    (void)state;
    assert_int_equal(http_path_encode(&out, "a b/c?d#e%\xC3\xA9:\"<&;~-._"), 0);
    assert_string_equal(out.data, "a%20b/c%3Fd%23e%25%C3%A9%3A%22%3C%26%3B~-._");
    buffer_free(&out);
}

/* ---- a tree -----------------------------------------------------------------------------------
 */

static char top[] = "/tmp/unit-files-XXXXXX";
static struct http_files files;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_tree(void **state)
{
    struct error error;

    (void)state;
    assert_non_null(mkdtemp(top));
    assert_int_equal(chdir(top), 0);
    assert_int_equal(mkdir("root", 0755) | mkdir("root/sub", 0755) | mkdir("root/sub/deep", 0755) |
                         mkdir("root/.git", 0755),
                     0);
    write_file("secret", "secret");
    write_file("root/a.txt", "a");
    write_file("root/B.html", "B");
    write_file("root/.hidden", "hidden");
    write_file("root/sub/c <&\"'>.txt", "c");
    write_file("root/sub/bad\xff\nname", "bad");
    write_file("root/sub/deep/d", "d");
    assert_int_equal(symlink("a.txt", "root/link") | symlink("sub", "root/linked") |
                         symlink("../secret", "root/out") | symlink("/etc", "root/etc") |
                         symlink("../../root/a.txt", "root/sub/round") |
                         symlink("../a.txt", "root/sub/up") | symlink("loop", "root/loop") |
                         symlink("nowhere", "root/dangling") |
                         symlink("/proc/self/root", "root/magic"),
                     0);
    assert_int_equal(mkfifo("root/fifo", 0644), 0);
    assert_int_equal(http_files_init(&files, "root", &error), 0);
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    http_files_close(&files);
    assert_int_equal(chdir("/"), 0);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command); /* NOLINT(cert-env33-c): a folder of its own making */
}

/* The first byte of a file, '/' for a folder, or minus the error. */
static int first_of(const char *path)
{
    struct stat status;
    char byte = '?';
    int fd = http_files_open(&files, path, &status);

    if (fd == -1)
        return -errno;
    if (S_ISDIR(status.st_mode))
        byte = '/';
    else
        assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(close(fd), 0);
    return byte;
}

static void test_open(void **state)
{
    static const struct {
        const char *path;
        int kernel, walk; /* what is read, with openat2() and without */
    } table[] = {
        {".", '/', '/'},
        {"a.txt", 'a', 'a'},
        {"sub", '/', '/'},
        {"sub/deep/d", 'd', 'd'},
        {"nothing", -ENOENT, -ENOENT},
        {"sub/nothing", -ENOENT, -ENOENT},
        {"a.txt/x", -ENOTDIR, -ENOTDIR},
        {"link", 'a', -ENXIO},
        {"linked/deep/d", 'd', -ENOTDIR},
        {"sub/up", 'a', -ENXIO},
        {"sub/round", -EXDEV, -ENXIO},
        {"out", -EXDEV, -ENXIO},
        {"etc", -EXDEV, -ENXIO},
        {"etc/passwd", -EXDEV, -ENOTDIR},
        {"magic/etc/passwd", -EXDEV, -ENOTDIR},
        {"loop", -ELOOP, -ENXIO},
        {"dangling", -ENOENT, -ENXIO},
        {"fifo", -ENXIO, -ENXIO},
        {"../secret", -EXDEV, 's'}, /* no path that http_files_path() gives */
    };
    char longest[300];

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        files.walk = false;
        expect(table[i].path, first_of(table[i].path), table[i].kernel);
        files.walk = true;
        if (table[i].path[0] != '.' || table[i].path[1] == '\0')
            expect(table[i].path, first_of(table[i].path), table[i].walk);
        assert_int_equal(first_of(longest), -ENAMETOOLONG);
        files.walk = false;
        assert_int_equal(first_of(longest), -ENAMETOOLONG);
    }
}

/* Nothing stays open, whatever is refused. */
static void test_descriptors(void **state)
{
    static const char *const paths[] = {"fifo", "out", "sub/nothing", "sub/deep/d/e", "a.txt"};
    struct stat status;
    int before = dup(files.root);

    (void)state;
    assert_int_equal(close(before), 0);
    for (int walk = 0; walk < 2; walk++) {
        files.walk = walk != 0;
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            int fd = http_files_open(&files, paths[i], &status);
            if (fd != -1)
                assert_int_equal(close(fd), 0);
        }
    }
    files.walk = false;
    int after = dup(files.root);
    assert_int_equal(close(after), 0);
    assert_int_equal(after, before);
}

static void test_list(void **state)
{
    struct buffer page = {0};
    struct stat status;

    (void)state;
    int folder = http_files_open(&files, ".", &status);
    assert_int_equal(http_files_list(&files, folder, ".", &page), 0);
    assert_non_null(strstr(page.data, "<title>/</title>"));
    assert_non_null(strstr(page.data, "<ul>\n<li><a href=\"a.txt\">a.txt</a></li>\n"
                                      "<li><a href=\"B.html\">B.html</a></li>\n"
                                      "<li><a href=\"link\">link@</a></li>\n"
                                      "<li><a href=\"linked/\">linked@</a></li>\n"
                                      "<li><a href=\"sub/\">sub/</a></li>\n</ul>\n"));
    page.length = 0;
    files.dot_files = true;
    assert_int_equal(http_files_list(&files, folder, ".", &page), 0);
    files.dot_files = false;
    assert_non_null(strstr(page.data, "<ul>\n<li><a href=\".git/\">.git/</a></li>\n"
                                      "<li><a href=\".hidden\">.hidden</a></li>\n<li><a href=\"a"));
    assert_int_equal(close(folder), 0);
    page.length = 0;
    folder = http_files_open(&files, "sub", &status);
    assert_int_equal(http_files_list(&files, folder, "sub", &page), 0);
    assert_non_null(strstr(page.data, "<h1>/sub/</h1>"));
    assert_non_null(strstr(page.data,
                           "<li><a href=\"bad%FF%0Aname\">bad\xEF\xBF\xBD\xEF\xBF\xBDname"
                           "</a></li>\n"));
    assert_non_null(strstr(page.data, "<a href=\"c%20%3C%26%22%27%3E.txt\">"
                                      "c &lt;&amp;&quot;'&gt;.txt</a>"));
    assert_non_null(strstr(page.data, "<a href=\"up\">up@</a>"));
    assert_null(strstr(page.data, "round"));
    assert_int_equal(close(folder), 0);
    page.length = 0;
    assert_int_equal(http_files_list(&files, -1, ".", &page), -1);
    assert_int_equal(errno, EBADF);
    buffer_free(&page);
}

static void test_type(void **state)
{
    static const char *const table[][2] = {
        {"a.html", "text/html"},
        {"dir.d/A.HTM", "text/html"},
        {"x.tar.gz", "application/gzip"},
        {"a.css", "text/css"},
        {"a.js", "application/javascript"},
        {"a.json", "application/json"},
        {"a.png", "image/png"},
        {"a.JPeG", "image/jpeg"},
        {"a.svg", "image/svg+xml"},
        {"a.txt", "text/plain"},
        {"a.zip", "application/zip"},
        {"a.3gp", "audio/3gpp"},
        {"a.woff2", "font/woff2"},
        {"a", "application/octet-stream"},
        {"a.", "application/octet-stream"},
        {"a.txt/b", "application/octet-stream"},
        {".txt", "application/octet-stream"},
        {"..txt", "application/octet-stream"},
        {"d/.html", "application/octet-stream"},
        {".a.txt", "text/plain"},
        {"a.nosuchsuffix", "application/octet-stream"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_string_equal(http_files_type(table[i][0]), table[i][1]);
}

/* ---- conditions -------------------------------------------------------------------------------
 */

#define TAG "\"5-1\""
#define DAY "Sun, 06 Nov 1994 08:49:37 GMT" /* 784111777 */
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"
enum { CHANGED = 784111777 };

static void test_condition(void **state)
{
    static const struct {
        const char *fields[4]; /* names and values */
        int outcome;
    } table[] = {
        {{NULL}, 0},
        {{"If-None-Match", TAG}, 304},
        {{"If-None-Match", "W/" TAG}, 304}, /* weak comparison is enough */
        {{"If-None-Match", "*"}, 304},
        {{"If-None-Match", "\"a\", W/\"b\" ," TAG}, 304},
        {{"If-None-Match", "\"a, " TAG}, 0},
        {{"If-None-Match", "\"a\""}, 0},
        {{"If-None-Match", "5-1"}, 0},
        {{"If-None-Match", ""}, 0},
        {{"If-None-Match", "\"a\"", "If-None-Match", TAG}, 304},
        {{"If-None-Match", "\"a\"", "If-Modified-Since", AFTER}, 0}, /* the tag decides */
        {{"If-None-Match", TAG, "If-Modified-Since", BEFORE}, 304},
        {{"If-Modified-Since", BEFORE}, 0},
        {{"If-Modified-Since", DAY}, 304},
        {{"If-Modified-Since", AFTER}, 304},
        {{"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"}, 304},
        {{"If-Modified-Since", "Sun Nov  6 08:49:37 1994"}, 304},
        {{"If-Modified-Since", "yesterday"}, 0},
        {{"If-Match", TAG}, 0},
        {{"If-Match", "*"}, 0},
        {{"If-Match", "W/" TAG}, 412}, /* strong comparison */
        {{"If-Match", "\"a\""}, 412},
        {{"If-Match", TAG, "If-Unmodified-Since", BEFORE}, 0}, /* the tag decides */
        {{"If-Match", TAG, "If-None-Match", TAG}, 304},
        {{"If-Unmodified-Since", BEFORE}, 412},
        {{"If-Unmodified-Since", DAY}, 0},
        {{"If-Unmodified-Since", "never"}, 0},
        {{"If-Unmodified-Since", BEFORE, "If-None-Match", TAG}, 412}, /* this one first */
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct http_headers headers = {0};
        for (size_t k = 0; k < 4 && table[i].fields[k] != NULL; k += 2)
            assert_int_equal(http_headers_add(&headers, table[i].fields[k], table[i].fields[k + 1]),
                             0);
        expect(table[i].fields[1], http_condition(&headers, TAG, CHANGED), table[i].outcome);
        http_headers_free(&headers);
    }
}

static void test_if_range(void **state)
{
    static const struct {
        const char *value;
        bool counts;
    } table[] = {{TAG, true},    {"W/" TAG, false}, {"\"a\"", false},      {"*", false},
                 {DAY, true},    {BEFORE, false},   {AFTER, false},        {"yesterday", false},
                 {"5-1", false}, {"", false},       {TAG ", \"a\"", false}};
    struct http_headers headers = {0};

    (void)state;
    assert_true(http_if_range(&headers, TAG, CHANGED, CHANGED));
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(http_headers_set(&headers, "If-Range", table[i].value), 0);
        assert_int_equal(http_if_range(&headers, TAG, CHANGED, CHANGED + 1), table[i].counts);
    }
    assert_int_equal(http_headers_set(&headers, "If-Range", DAY), 0);
    assert_false(http_if_range(&headers, TAG, CHANGED, CHANGED)); /* not a second old */
    http_headers_free(&headers);
}

static void test_etag(void **state)
{
    struct stat a = {.st_size = 10, .st_mtim = {.tv_sec = 5, .tv_nsec = 1}}, b = a;
    char first[HTTP_ETAG_SIZE], second[HTTP_ETAG_SIZE];

    (void)state;
    http_etag_format(&a, first);
    assert_int_equal(first[0], '"');
    assert_int_equal(first[strlen(first) - 1], '"');
    http_etag_format(&b, second);
    assert_string_equal(first, second);
    b.st_mtim.tv_nsec = 2;
    http_etag_format(&b, second);
    assert_string_not_equal(first, second);
    b = a;
    b.st_size = 11;
    http_etag_format(&b, second);
    assert_string_not_equal(first, second);
    memset(&b, 0xff, sizeof b); /* the largest and the oddest */
    http_etag_format(&b, second);
    assert_int_equal(second[strlen(second) - 1], '"');
}

/* Ranges as "first+length first+length", "all" for the whole, "none" for 416. */
static void check_ranges(const char *value, uint64_t size, const char *expected)
{
    struct http_range ranges[HTTP_RANGES];
    struct buffer out = {0};
    int count = http_range_parse(value, size, ranges);

    if (count < 1)
        assert_int_equal(buffer_print(&out, count == 0 ? "all" : "none"), 0);
    for (int i = 0; i < count; i++)
        assert_int_equal(buffer_print(&out, "%s%llu+%llu", i > 0 ? " " : "",
                                      (unsigned long long)ranges[i].first,
                                      (unsigned long long)ranges[i].length),
                         0);
    if (strcmp(out.data, expected) != 0)
        fail_msg("%s: %s, expected %s", value, out.data, expected);
    buffer_free(&out);
}

static void test_ranges(void **state)
{
    static const char *const table[][2] = {
        {"bytes=0-0", "0+1"},
        {"bytes=0-99", "0+100"},
        {"BYTES=0-99", "0+100"},
        {"bytes=0-100", "0+100"},
        {"bytes=10-19", "10+10"},
        {"bytes=90-", "90+10"},
        {"bytes=0-", "0+100"},
        {"bytes=-1", "99+1"},
        {"bytes=-100", "0+100"},
        {"bytes=-101", "0+100"},
        {"bytes=99-99999999999999999999999", "99+1"},
        {"bytes=-99999999999999999999999", "0+100"},
        {"bytes=0-9,20-29", "0+10 20+10"},
        {"bytes=20-29 , 0-9", "20+10 0+10"},
        {"bytes=,0-9,,20-29,", "0+10 20+10"},
        {"bytes=0-9,200-", "0+10"},
        {"bytes=100-", "none"},
        {"bytes=100-200", "none"},
        {"bytes=-0", "none"},
        {"bytes=18446744073709551616-", "none"},
        {"bytes=18446744073709551615-18446744073709551615", "none"},
        {"bytes=100-,-0", "none"},
        {"bytes=0-49,0-49", "0+50 0+50"},
        {"bytes=0-49,0-49,0-0", "all"}, /* longer together than the whole */
        {"bytes=0-,0-,0-,0-", "all"},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15",
         "0+1 1+1 2+1 3+1 4+1 5+1 6+1 7+1 8+1 9+1 10+1 11+1 12+1 13+1 14+1 15+1"},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16",
         "all"},
        {"bytes=200-,201-,202-,203-,204-,205-,206-,207-,208-,209-,210-,211-,212-,213-,214-,215-,"
         "216-",
         "all"},
        {"bytes=", "all"},
        {"bytes=,", "all"},
        {"bytes=-", "all"},
        {"bytes=5", "all"},
        {"bytes=9-5", "all"},
        {"bytes=0-9,9-5", "all"},
        {"bytes=a-b", "all"},
        {"bytes=+1-5", "all"},
        {"bytes=0x1-5", "all"},
        {"bytes=1 - 5", "all"},
        {"bytes=1-5;", "all"},
        {"bytes=--5", "all"},
        {"bytes =0-9", "all"},
        {"lines=0-9", "all"},
        {"", "all"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check_ranges(table[i][0], 100, table[i][1]);
    check_ranges("bytes=0-", 0, "all");
    check_ranges("bytes=-5", 0, "all");
    check_ranges("bytes=4294967296-", UINT64_C(4294967297), "4294967296+1");
    check_ranges("bytes=-2", UINT64_MAX, "18446744073709551613+2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),     cmocka_unit_test(test_all_pairs),
        cmocka_unit_test(test_encode),   cmocka_unit_test(test_open),
        cmocka_unit_test(test_list),     cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_type),     cmocka_unit_test(test_condition),
        cmocka_unit_test(test_if_range), cmocka_unit_test(test_etag),
        cmocka_unit_test(test_ranges),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
