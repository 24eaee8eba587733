/* url_retrieve(): what it asks and what it tells, with a handler for the scheme "test" that plays
 * the server. With real servers, cuts and lies: retrieve.t. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "urllib/request.h"

#define URL "test://host/big"
static const char WHOLE[] = "0123456789";

/* ---- a server without a network ---- */

static struct {
    int status;
    const char *fields[6]; /* name, value, ..., NULL */
    const char *body;      /* read in pieces of 3 bytes */
    int64_t length;
    enum url_failure fails; /* behind the body; URL_OK: it ends */
    struct buffer asked;    /* the request's method and fields */
    unsigned requests, closed;
} server;

static ssize_t read_body(struct url_response *response, void *data, size_t size,
                         struct url_error *error)
{
    const char **at = response->source;
    size_t length = strlen(*at) < 3 ? strlen(*at) : 3;

    if (length == 0 && server.fails != URL_OK)
        return url_error_set(error, server.fails, 0, "it fails");
    assert_true(size >= 3);
    memcpy(data, *at, length);
    *at += length;
    return (ssize_t)length;
}

static void close_body(struct url_response *response)
{
    (void)response;
    server.closed++;
}

static struct url_response *open_test(struct url_handler *self, struct url_request *request,
                                      struct url_error *error)
{
    struct url_response *response =
        url_response_new(server.status != 0 ? server.status : 200, "", URL);

    (void)self;
    (void)error;
    server.requests++;
    buffer_free(&server.asked);
    assert_int_equal(buffer_print(&server.asked, "%s\r\n", request->method), 0);
    assert_int_equal(http_headers_write(&request->headers, &server.asked), 0);
    assert_non_null(response);
    response->length = server.length;
    for (const char *const *f = server.fields; *f != NULL; f += 2)
        assert_int_equal(http_headers_add(&response->headers, f[0], f[1]), 0);
    response->source = &server.body;
    response->read = read_body;
    response->close = close_body;
    return response;
}

/* ---- two system calls that are worth a look ---- */

static struct {
    unsigned syncs;
    bool sync_fails, early; /* the name was there before */
    bool holder_renames;    /* the holder of the lock gives it up, PATH.part being PATH now */
} calls;

int fsync(int fd)
{
    (void)fd;
    calls.syncs++;
    calls.early = access("big", F_OK) == 0;
    errno = EIO;
    return calls.sync_fails ? -1 : 0;
}

static void write_file(const char *name, const char *text);

int flock(int fd, int operation)
{
    if (calls.holder_renames) {
        calls.holder_renames = false;
        assert_int_equal(rename("big.part", "other"), 0);
        write_file("big.part", "");
    }
    return (int)syscall(SYS_flock, fd, operation);
}

/* ---- around each test ---- */

static int set_up(void **state)
{
    static const char *const SCHEMES[] = {"test", NULL};
    static struct url_handler handler = {.name = "test", .schemes = SCHEMES, .open = open_test};
    static struct url_opener *opener;
    static char folder[] = "/tmp/unit_url_retrieve.XXXXXX";

    (void)state;
    if (opener == NULL) {
        opener = url_opener_new();
        if (opener == NULL || url_opener_add(opener, &handler) == -1 || mkdtemp(folder) == NULL ||
            chdir(folder) == -1)
            return -1;
        url_install_opener(opener);
    }
    buffer_free(&server.asked);
    memset(&server, 0, sizeof server);
    memset(&calls, 0, sizeof calls);
    server.body = WHOLE;
    server.length = 10;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink("big"); /* as far as they are there */
    (void)unlink("big.part");
    (void)unlink("big.part.from");
    (void)unlink("other");
    return 0;
}

static int leave(void **state)
{
    char folder[64];

    (void)state;
    buffer_free(&server.asked);
    return getcwd(folder, sizeof folder) != NULL ? rmdir(folder) : -1;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *name, const char *text)
{
    struct buffer held = {0};

    if (text == NULL) {
        assert_int_equal(access(name, F_OK), -1);
        return;
    }
    assert_int_equal(buffer_add_file(&held, name, 1000), 0);
    assert_string_equal(buffer_text(&held), text);
    buffer_free(&held);
}

/* A first attempt that brought four bytes. */
static void leave_part(void)
{
    write_file("big.part", "0123");
    write_file("big.part.from", URL "\n\"one\"\n");
}

static bool was_asked(const char *text)
{
    return strstr(buffer_text(&server.asked), text) != NULL;
}

/* ---- what is asked ---- */

static void test_own_fields(void **state)
{
    struct http_headers fields = {0};
    const struct url_options options = {.headers = &fields};

    (void)state;
    assert_int_equal(http_headers_add(&fields, "Range", "bytes=1-2"), 0);
    assert_int_equal(http_headers_add(&fields, "X-Note", "mine"), 0);
    assert_int_equal(http_headers_add(&fields, "if-range", "\"mine\""), 0);
    assert_int_equal(url_retrieve(URL, "big", &options, NULL, NULL, NULL, NULL), 0);
    assert_string_equal(buffer_text(&server.asked), "GET\r\nX-Note: mine\r\n");
    assert_int_equal(fields.count, 3);
    assert_file("big", WHOLE);
    http_headers_free(&fields);
}

static void test_resume_asks(void **state)
{
    struct url_error error = {0};

    (void)state;
    leave_part();
    server.status = 206;
    server.fields[0] = "ETag";
    server.fields[1] = "\"one\"";
    server.fields[2] = "content-range";
    server.fields[3] = "Bytes 4-9/10";
    server.body = "456789";
    server.length = 6;
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, &error), 0);
    assert_string_equal(buffer_text(&server.asked),
                        "GET\r\nRange: bytes=4-\r\nIf-Range: \"one\"\r\n");
    assert_int_equal(error.failure, URL_OK);
    assert_int_equal(server.closed, 1);
    assert_file("big", WHOLE);
    assert_file("big.part.from", NULL);
}

static void test_only_get_resumes(void **state)
{
    static const struct url_options OTHERS[] = {
        {.data = "x", .length = 1}, {.method = "GET", .data = "x", .length = 1}, {.method = "PUT"}};
    const struct url_options get = {.method = "GET"};

    (void)state;
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        leave_part();
        server.body = WHOLE;
        assert_int_equal(url_retrieve(URL, "big", &OTHERS[i], NULL, NULL, NULL, NULL), 0);
        assert_false(was_asked("Range"));
        assert_file("big", WHOLE);
    }
    leave_part();
    server.body = WHOLE;
    assert_int_equal(url_retrieve(URL, "big", &get, NULL, NULL, NULL, NULL), 0);
    assert_true(was_asked("Range: bytes=4-\r\n"));
}

static void test_line_end_in_url(void **state)
{
    struct url_error error = {0};

    (void)state;
    assert_int_equal(url_retrieve(URL "\n\"one\"", "big", NULL, NULL, NULL, NULL, &error), -1);
    assert_int_equal(error.failure, URL_BAD_URL);
    assert_int_equal(server.requests, 0);
    assert_file("big.part", NULL);
    url_error_clear(&error);
}

/* Asked for all of it in the end, the server sends a part. */
static void test_part_after_other(void **state)
{
    struct url_error error = {0};

    (void)state;
    leave_part();
    server.status = 206;
    server.fields[0] = "ETag";
    server.fields[1] = "\"two\"";
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, &error), -1);
    assert_int_equal(error.failure, URL_BAD_ANSWER);
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.closed, 2);
    assert_file("big", NULL);
    assert_file("big.part", "0123");
    url_error_clear(&error);
}

/* ---- what is told ---- */

static void test_headers(void **state)
{
    struct http_headers headers = {0};
    struct url_error error = {0};

    (void)state;
    server.fields[0] = "Content-Type";
    server.fields[1] = "text/plain";
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, &headers, NULL), 0);
    assert_string_equal(http_headers_get(&headers, "content-type"), "text/plain");
    http_headers_free(&headers);
    server.body = "01";
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, &headers, &error), -1);
    assert_string_equal(http_headers_get(&headers, "content-type"), "text/plain");
    http_headers_free(&headers);
    url_error_clear(&error);
}

/* What progress() was told: "4/10 7/10 ...". It stops at the call with that number, if not 0. */
struct told {
    struct buffer text;
    unsigned calls, stop_at;
};

static bool on_progress(void *context, uint64_t done, int64_t total)
{
    struct told *told = context;

    assert_int_equal(
        buffer_print(&told->text, "%llu/%lld ", (unsigned long long)done, (long long)total), 0);
    if (total == (int64_t)done) /* not before all has its name, but for the last piece */
        assert_true(access("big", F_OK) == 0 || access("big.part", F_OK) == 0);
    return ++told->calls != told->stop_at;
}

static void test_progress(void **state)
{
    struct told told = {0};

    (void)state;
    assert_int_equal(url_retrieve(URL, "big", NULL, on_progress, &told, NULL, NULL), 0);
    assert_string_equal(told.text.data, "0/10 3/10 6/10 9/10 10/10 10/10 ");
    buffer_free(&told.text);
    server.body = WHOLE;
    server.length = -1;
    assert_int_equal(url_retrieve(URL, "big", NULL, on_progress, &told, NULL, NULL), 0);
    assert_string_equal(told.text.data, "0/-1 3/-1 6/-1 9/-1 10/-1 10/10 ");
    buffer_free(&told.text);
}

static void test_stop(void **state)
{
    struct told told = {.stop_at = 3};
    struct url_error error = {0};

    (void)state;
    assert_int_equal(url_retrieve(URL, "big", NULL, on_progress, &told, NULL, &error), -1);
    assert_int_equal(error.failure, URL_STOPPED);
    assert_string_equal(told.text.data, "0/10 3/10 6/10 ");
    assert_file("big.part", "012345");
    assert_file("big", NULL);
    buffer_free(&told.text);
    url_error_clear(&error);
}

static void test_too_short(void **state)
{
    struct url_error error = {0};

    (void)state;
    leave_part();
    server.status = 206;
    server.fields[0] = "ETag";
    server.fields[1] = "\"one\"";
    server.fields[2] = "Content-Range";
    server.fields[3] = "bytes 4-9/10";
    server.body = "4567";
    for (int by_handler = 0; by_handler < 2; by_handler++) {
        server.fails = by_handler ? URL_TOO_SHORT : URL_OK;
        assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, &error), -1);
        assert_int_equal(error.failure, URL_TOO_SHORT);
        assert_int_equal(error.received, 8); /* of the whole, not of the second attempt */
        assert_int_equal(error.expected, 10);
        assert_file("big.part", "01234567");
        server.fields[3] = "bytes 8-9/10";
        server.body = "";
    }
    url_error_clear(&error);
}

static void test_other_errors(void **state)
{
    static const enum url_failure FAILURES[] = {URL_TIMEOUT_READ, URL_BROKEN, URL_BAD_ANSWER};
    struct url_error error = {0};

    (void)state;
    server.fields[0] = "ETag";
    server.fields[1] = "\"one\"";
    for (size_t i = 0; i < sizeof FAILURES / sizeof FAILURES[0]; i++) {
        server.fails = FAILURES[i];
        server.body = "0123";
        assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, &error), -1);
        assert_int_equal(error.failure, FAILURES[i]);
        assert_file("big.part", "0123");
        assert_file("big.part.from", URL "\n\"one\"\n");
        assert_file("big", NULL);
    }
    url_error_clear(&error);
}

/* ---- other places ---- */

static void test_data(void **state)
{
    struct url_error error = {0};

    (void)state;
    assert_int_equal(url_retrieve("data:,a%20b", "big", NULL, NULL, NULL, NULL, &error), 0);
    assert_file("big", "a b");
    assert_file("big.part", NULL);
    url_error_clear(&error);
}

static void test_pipe(void **state)
{
    struct url_error error = {0};

    (void)state;
    assert_int_equal(mkfifo("big.part", 0600), 0);
    FILE *reader = fopen("big.part", "r+e"); /* now it can be opened to write */
    assert_non_null(reader);
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, &error), -1);
    assert_int_equal(error.failure, URL_NO_FILE);
    assert_string_equal(error.text, "big.part is no regular file");
    assert_int_equal(server.requests, 0);
    assert_int_equal(access("big.part", F_OK), 0);
    assert_int_equal(fclose(reader), 0);
    url_error_clear(&error);
}

static void test_sync(void **state)
{
    struct url_error error = {0};

    (void)state;
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, &error), 0);
    assert_int_equal(calls.syncs, 1);
    assert_false(calls.early);
    (void)unlink("big");
    calls.sync_fails = true;
    server.body = WHOLE;
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, &error), -1);
    assert_int_equal(error.failure, URL_NO_FILE);
    assert_int_equal(error.number, EIO);
    assert_file("big", NULL);
    assert_file("big.part", WHOLE);
    url_error_clear(&error);
}

static void test_lock_of_a_renamed_file(void **state)
{
    (void)state;
    calls.holder_renames = true;
    assert_int_equal(url_retrieve(URL, "big", NULL, NULL, NULL, NULL, NULL), 0);
    assert_file("big", WHOLE);
    assert_file("other", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_own_fields),
        TEST(test_resume_asks),
        TEST(test_only_get_resumes),
        TEST(test_line_end_in_url),
        TEST(test_part_after_other),
        TEST(test_headers),
        TEST(test_progress),
        TEST(test_stop),
        TEST(test_too_short),
        TEST(test_other_errors),
        TEST(test_data),
        TEST(test_pipe),
        TEST(test_sync),
        TEST(test_lock_of_a_renamed_file),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("url_retrieve", tests, NULL, leave);
}
