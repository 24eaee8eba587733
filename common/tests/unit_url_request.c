/* urllib/request and urllib/error: what their parts decide, without a server. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "urllib/internal.h"

/* ---- errors ---------------------------------------------------------------------------------- */

static int closed; /* responses whose close() was called */

static void count_close(struct url_response *response)
{
    (void)response;
    closed++;
}

static struct url_response *new_response(int status)
{
    struct url_response *response = url_response_new(status, "Reason", "test:url");

    assert_non_null(response);
    response->close = count_close;
    return response;
}

static void test_error_names(void **state)
{
    (void)state;
    assert_string_equal(url_failure_name(URL_OK), "none");
    assert_string_equal(url_failure_name(URL_BAD_URL), "ValueError");
    assert_string_equal(url_failure_name(URL_UNKNOWN_SCHEME), "URLError");
    assert_string_equal(url_failure_name(URL_TIMEOUT_CONNECT), "URLError");
    assert_string_equal(url_failure_name(URL_TIMEOUT_READ), "TimeoutError");
    assert_string_equal(url_failure_name(URL_HTTP), "HTTPError");
    assert_string_equal(url_failure_name(URL_REDIRECT), "HTTPError");
    assert_string_equal(url_failure_name(URL_TOO_SHORT), "ContentTooShortError");
    for (int f = URL_BAD_URL; f <= URL_NO_MEMORY; f++)
        assert_string_not_equal(url_failure_name((enum url_failure)f), "none");
}

static void test_error_model(void **state)
{
    struct url_error error = {0};

    (void)state;
    closed = 0;
    assert_int_equal(url_error_set(NULL, URL_BROKEN, 0, "nobody listens"), -1);
    url_error_clear(NULL);
    assert_null(url_error_response(&error, URL_HTTP, new_response(404), "%d %s", 404, "Not Found"));
    assert_int_equal(error.failure, URL_HTTP);
    assert_int_equal(error.status, 404);
    assert_string_equal(error.text, "404 Not Found");

    /* The text may be made of what the old error holds. */
    assert_int_equal(
        url_error_set(&error, URL_NO_FILE, ENOENT, "%s, %s", error.response->reason, error.text),
        -1);
    assert_string_equal(error.text, "Reason, 404 Not Found");
    assert_int_equal(error.number, ENOENT);
    assert_int_equal(error.status, 0);
    assert_null(error.response);
    assert_int_equal(closed, 1);

    /* Who takes the response has to close it. */
    struct url_response *mine = new_response(500);
    (void)url_error_response(&error, URL_HTTP, mine, "500");
    error.response = NULL;
    url_error_clear(&error);
    assert_int_equal(closed, 1);
    assert_int_equal(error.failure, URL_OK);
    url_close(mine);
    url_close(NULL);
    assert_int_equal(closed, 2);
}

/* ---- responses ------------------------------------------------------------------------------- */

static ssize_t read_three(struct url_response *response, void *data, size_t size,
                          struct url_error *error)
{
    size_t *left = response->source;
    size_t piece = *left < 3 ? *left : 3;

    if (*left == SIZE_MAX)
        return url_error_set(error, URL_TOO_SHORT, 0, "cut");
    assert_true(size >= piece);
    memset(data, 'x', piece);
    *left -= piece;
    return (ssize_t)piece;
}

static void test_response(void **state)
{
    struct url_response *response = url_response_new(201, "Made", "a:b");
    struct url_error error = {0};
    struct buffer body = {0};
    size_t left = 10;
    char byte;

    (void)state;
    assert_int_equal(response->status, 201);
    assert_string_equal(response->reason, "Made");
    assert_string_equal(response->url, "a:b");
    assert_int_equal(response->length, -1);
    assert_int_equal(url_read(response, &byte, 1, &error), 0);
    assert_int_equal(url_read_all(response, &body, 0, &error), 0);
    assert_string_equal(buffer_text(&body), "");
    response->source = &left;
    response->read = read_three;
    assert_int_equal(buffer_add(&body, "before", 6), 0);
    assert_int_equal(url_read_all(response, &body, 10, &error), 0);
    assert_string_equal(body.data, "beforexxxxxxxxxx");
    body.length = 6;
    left = 10;
    assert_int_equal(url_read_all(response, &body, 9, &error), -1);
    assert_int_equal(error.failure, URL_TOO_LONG);
    assert_string_equal(body.data, "beforexxxxxxxxx");
    left = SIZE_MAX;
    assert_int_equal(url_read_all(response, &body, 9, &error), -1);
    assert_int_equal(error.failure, URL_TOO_SHORT);
    url_error_clear(&error);
    buffer_free(&body);
    url_close(response);
}

/* A file that becomes shorter while it is read is cut off, and says so. */
static void test_file(void **state)
{
    char path[] = "/tmp/unit_url_request.XXXXXX", url[64];
    struct url_error error = {0};
    struct buffer body = {0};
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd != -1);
    assert_int_equal(ftruncate(fd, 100000), 0);
    (void)snprintf(url, sizeof url, "file://%s", path);
    struct url_response *response = url_open(url, NULL, &error);
    assert_non_null(response);
    assert_int_equal(response->length, 100000);
    assert_int_equal(ftruncate(fd, 50000), 0);
    assert_int_equal(url_read_all(response, &body, SIZE_MAX, &error), -1);
    assert_int_equal(error.failure, URL_TOO_SHORT);
    assert_int_equal(error.received, 50000);
    assert_int_equal(error.expected, 100000);
    assert_int_equal(body.length, 50000);
    url_close(response);
    url_error_clear(&error);
    buffer_free(&body);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(close(fd), 0);
    url_install_opener(NULL);
}

/* ---- the chain ------------------------------------------------------------------------------- */

/* Notes what is called, "<b", and does what its letter says. */
static char trace[128];

static void note(char what, const struct url_handler *handler)
{
    size_t length = strlen(trace);

    (void)snprintf(trace + length, sizeof trace - length, "%c%s ", what, handler->name);
}

static int note_before(struct url_handler *self, struct url_request *request,
                       struct url_error *error)
{
    (void)request;
    note('<', self);
    return self->name[0] == 'F' ? url_error_set(error, URL_BROKEN, 0, "no") : 0;
}

static struct url_response *note_open(struct url_handler *self, struct url_request *request,
                                      struct url_error *error)
{
    note('!', self);
    if (self->name[0] == 'p')
        return NULL; /* leaves it to the next */
    if (self->name[0] == 'f') {
        (void)url_error_set(error, URL_NO_FILE, 0, "none");
        return NULL;
    }
    struct url_response *response = url_response_new(200, "OK", request->url);
    response->close = count_close;
    return response;
}

static struct url_response *note_after(struct url_handler *self, struct url_request *request,
                                       struct url_response *response, struct url_error *error)
{
    note('>', self);
    if (self->name[0] == 'k') {
        url_close(response);
        (void)url_error_set(error, URL_STOPPED, 0, "killed");
        return NULL;
    }
    if (self->name[0] == 'r' && request->redirects++ == 0) {
        url_close(response);
        return url_opener_again(request, error);
    }
    return response;
}

static void free_noted(struct url_handler *self)
{
    note('~', self);
    free(self);
}

static struct url_handler *new_handler(const char *name, int order)
{
    static const char *const schemes[] = {"test", NULL};
    struct url_handler *handler = calloc(1, sizeof *handler);

    assert_non_null(handler);
    *handler = (struct url_handler){name,      order,      schemes,    note_before,
                                    note_open, note_after, free_noted, NULL};
    return handler;
}

/* Opens a URL with these handlers, "p100 a500", and returns the trace. */
static const char *open_with(const char *handlers, const char *url, struct url_error *error)
{
    static char names[8][8];
    struct url_opener *opener = url_opener_new();
    int count = 0;

    trace[0] = '\0';
    for (char *end; *handlers != '\0'; handlers = end + strspn(end, " ")) {
        int letters = (int)strcspn(handlers, "0123456789");
        (void)snprintf(names[count], sizeof names[0], "%.*s", letters, handlers);
        int order = (int)strtol(handlers + letters, &end, 10);
        assert_int_equal(url_opener_add(opener, new_handler(names[count++], order)), 0);
    }
    struct url_response *response = url_opener_open(opener, url, NULL, error);
    assert_true((response == NULL) == (error != NULL && error->failure != URL_OK));
    url_close(response);
    url_opener_free(opener);
    return trace;
}

static void test_chain(void **state)
{
    struct url_error error = {0};

    (void)state;
    closed = 0;
    assert_string_equal(open_with("b500 a100 p50", "test:x", &error),
                        "<p <a <b !p !a >p >a >b ~p ~a ~b ");
    assert_string_equal(open_with("b500 a500", "TEST:x", &error), "<b <a !b >b >a ~b ~a ");
    assert_string_equal(open_with("a500 a100", "test:x", &error), "~a <a !a >a ~a ");
    assert_int_equal(closed, 3);
    assert_string_equal(open_with("a500", "data:,x", &error), "~a ");
    assert_string_equal(open_with("a100 k200 b300", "test:x", &error),
                        "<a <k <b !a >a >k ~a ~k ~b ");
    assert_int_equal(error.failure, URL_STOPPED);
    assert_int_equal(closed, 4);
    assert_string_equal(open_with("a100 F200 b300", "test:x", &error), "<a <F ~a ~F ~b ");
    assert_int_equal(error.failure, URL_BROKEN);
    assert_string_equal(open_with("f100 b300", "test:x", &error), "<f <b !f ~f ~b ");
    assert_int_equal(error.failure, URL_NO_FILE);
    assert_string_equal(open_with("p100", "test:x", &error), "<p !p ~p ");
    assert_int_equal(error.failure, URL_UNKNOWN_SCHEME);
    assert_string_equal(error.text, "unknown url type: test");
    assert_string_equal(open_with("a100 r900 z950", "test:x", &error),
                        "<a <r <z !a >a >r <a <r <z !a >a >r >z >z ~a ~r ~z ");
    assert_int_equal(closed, 6);
    url_error_clear(&error);
}

static void test_install(void **state)
{
    struct url_opener *opener = url_opener_new();
    struct url_error error = {0};

    (void)state;
    assert_int_equal(url_opener_add(opener, NULL), -1);
    assert_int_equal(url_opener_add(opener, new_handler("a", 1)), 0);
    assert_null(url_open("test:x", NULL, &error));
    assert_int_equal(error.failure, URL_UNKNOWN_SCHEME);
    url_install_opener(opener);
    struct url_response *response = url_open("test:x", NULL, &error);
    assert_non_null(response);
    assert_int_equal(error.failure, URL_OK); /* the one of before is gone */
    url_close(response);
    url_install_opener(NULL);
    assert_null(url_open("test:x", NULL, NULL)); /* nobody wants to know why */
    url_opener_free(opener);
    url_opener_free(NULL);
    url_error_clear(&error);
    url_install_opener(NULL);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void begin(struct url_request *request, const char *url)
{
    struct url_error error = {0};

    assert_int_equal(url_request_begin(request, NULL, url, NULL, &error), 0);
}

static void test_target(void **state)
{
    static const struct {
        const char *url, *target, *absolute;
        int port;
    } rows[] = {
        {"http://h", "/", "http://h/", 80},
        {"http://h/a?b#c", "/a?b", "http://h/a?b", 80},
        {"http://h?b", "/?b", "http://h/?b", 80},
        {"http://h/?", "/?", "http://h/?", 80},
        {"https://[::1]:8443/x", "/x", "https://[::1]:8443/x", 8443},
        {"https://h:/", "/", "https://h:/", 443},
        {"http://h:x/", "/", "http://h:x/", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct url_request request;
        struct buffer target = {0}, absolute = {0};

        begin(&request, rows[i].url);
        assert_int_equal(url_request_target(&request, false, &target), 0);
        assert_int_equal(url_request_target(&request, true, &absolute), 0);
        assert_string_equal(target.data, rows[i].target);
        assert_string_equal(absolute.data, rows[i].absolute);
        assert_int_equal(url_request_port(&request), rows[i].port);
        buffer_free(&target);
        buffer_free(&absolute);
        url_request_end(&request);
    }
}

static void test_request(void **state)
{
    struct url_options options = {.data = "", .length = 0};
    struct url_error error = {0};
    struct url_request request;

    (void)state;
    begin(&request, "http://h/");
    assert_string_equal(request.method, "GET");
    assert_int_equal(url_request_set_url(&request, "no url", &error), -1);
    assert_int_equal(error.failure, URL_BAD_URL);
    assert_string_equal(request.url, "http://h/"); /* as it was */
    assert_int_equal(url_request_set_url(&request, "https://g/x", &error), 0);
    assert_memory_equal(request.netloc.host.text, "g/x", 3);
    url_request_end(&request);
    assert_int_equal(url_request_begin(&request, NULL, "a:b", &options, &error), 0);
    assert_string_equal(request.method, "POST"); /* no data and data of no bytes differ */
    url_request_end(&request);
    url_error_clear(&error);
}

/* ---- redirects ------------------------------------------------------------------------------- */

static void test_redirect_method(void **state)
{
    static const struct {
        int status;
        const char *before, *after;
    } rows[] = {
        {301, "GET", "GET"},    {302, "GET", "GET"},       {303, "GET", "GET"},
        {307, "GET", "GET"},    {308, "GET", "GET"},       {301, "HEAD", "HEAD"},
        {303, "HEAD", "HEAD"},  {301, "POST", "GET"},      {302, "POST", "GET"},
        {303, "POST", "GET"},   {307, "POST", "POST"},     {308, "POST", "POST"},
        {301, "PUT", "PUT"},    {302, "DELETE", "DELETE"}, {303, "PUT", "GET"},
        {303, "DELETE", "GET"}, {307, "PUT", "PUT"},       {301, "post", "post"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(url_redirect_method(rows[i].status, rows[i].before), rows[i].after);
}

static void test_origin(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"http://h/a", "http://h/b?c", true},       {"http://h", "http://h:80/", true},
        {"https://h", "https://h:443", true},       {"HTTP://H", "http://h:", true},
        {"http://h", "https://h", false},           {"http://h:443", "https://h:443", false},
        {"http://h", "http://h:81", false},         {"http://h", "http://h2", false},
        {"http://h", "http://h.", false},           {"http://a.h", "http://h", false},
        {"http://[::1]/", "http://[::1]:80", true}, {"http://[::1]", "http://[::2]", false},
        {"http://u@h", "http://h", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct url a, b;

        assert_int_equal(url_split(rows[i].a, strlen(rows[i].a), &a, NULL), 0);
        assert_int_equal(url_split(rows[i].b, strlen(rows[i].b), &b, NULL), 0);
        if (url_same_origin(&a, &b) != rows[i].same || url_same_origin(&b, &a) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
    }
}

/* ---- proxies --------------------------------------------------------------------------------- */

static void test_bypass(void **state)
{
    static const struct {
        const char *no_proxy, *host;
        int port;
        bool bypassed;
    } rows[] = {
        {NULL, "h", 80, false},
        {"", "h", 80, false},
        {"*", "h", 80, true},
        {"*,x", "h", 80, false},
        {"*.example.com", "www.example.com", 80, false},
        {"example.com", "example.com", 80, true},
        {"example.com", "WWW.Example.COM", 80, true},
        {".example.com", "example.com", 80, true},
        {"..example.com", "a.b.example.com", 80, true},
        {"example.com", "badexample.com", 80, false},
        {"example.com", "example.com.evil", 80, false},
        {"a, b ,c", "b", 80, true},
        {"a, b ,c", "ab", 80, false},
        {",,", "h", 80, false},
        {".", "h", 80, false},
        {"example.com:81", "example.com", 81, true},
        {"example.com:81", "www.example.com", 81, true},
        {"example.com:81", "example.com", 80, false},
        {"example.com:81", "example.com", 8181, false},
        {"127.0.0.1", "127.0.0.1", 9000, true},
        {"0.0.1", "127.0.0.1", 80, true}, /* as Python has it: only texts are compared */
        {"[::1]", "::1", 80, true},
        {"::1", "::1", 80, true},
        {"[::1]:80", "::1", 80, true},
        {"[::1]:80", "::1", 81, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (url_proxy_bypassed(rows[i].no_proxy, rows[i].host, rows[i].port) != rows[i].bypassed)
            fail_msg("%s for %s:%d", rows[i].no_proxy, rows[i].host, rows[i].port);
}

static void clear_environment(void)
{
    static const char *const names[] = {"http_proxy",  "HTTP_PROXY",     "https_proxy",
                                        "HTTPS_PROXY", "no_proxy",       "NO_PROXY",
                                        "all_proxy",   "REQUEST_METHOD", "ALL_PROXY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
}

static void test_environment(void **state)
{
    (void)state;
    clear_environment();
    assert_null(url_environment_proxy("http"));
    assert_int_equal(setenv("HTTP_PROXY", "A", 1), 0);
    assert_string_equal(url_environment_proxy("http"), "A");
    assert_null(url_environment_proxy("https"));
    assert_int_equal(setenv("REQUEST_METHOD", "GET", 1), 0);
    assert_null(url_environment_proxy("http"));
    assert_int_equal(setenv("HTTPS_PROXY", "S", 1), 0);
    assert_string_equal(url_environment_proxy("https"), "S"); /* no field could set that */
    assert_int_equal(setenv("http_proxy", "a", 1), 0);
    assert_string_equal(url_environment_proxy("http"), "a");
    assert_int_equal(unsetenv("REQUEST_METHOD"), 0);
    assert_int_equal(setenv("http_proxy", "", 1), 0);
    assert_null(url_environment_proxy("http"));
    assert_int_equal(setenv("NO_PROXY", "x", 1), 0);
    assert_string_equal(url_environment_proxy("no"), "x");
    assert_null(url_environment_proxy("a-scheme-with-a-name-beyond-measure"));
    clear_environment();
}

/* ---- passwords ------------------------------------------------------------------------------- */

/* "user:password" for a realm and a URL, or "". */
static const char *find(const struct url_passwords *passwords, const char *realm, const char *url)
{
    static char text[64];
    const char *user, *password;

    text[0] = '\0';
    if (url_passwords_find(passwords, realm, url, &user, &password))
        (void)snprintf(text, sizeof text, "%s:%s", user, password);
    return text;
}

static void test_passwords(void **state)
{
    struct url_passwords *p = url_passwords_new();

    (void)state;
    assert_non_null(p);
    assert_string_equal(find(p, "r", "http://h/"), "");
    assert_int_equal(url_passwords_add(p, "r", "http://h/a", "u", "a"), 0);
    assert_string_equal(find(p, "r", "http://h/a"), "u:a");
    assert_string_equal(find(p, "r", "http://h/a/b?c"), "u:a");
    assert_string_equal(find(p, "r", "HTTP://H:80/a/"), "u:a");
    assert_string_equal(find(p, "r", "http://h/ab"), "");
    assert_string_equal(find(p, "r", "http://h/"), "");
    assert_string_equal(find(p, "R", "http://h/a"), "");
    assert_string_equal(find(p, NULL, "http://h/a"), "");
    assert_string_equal(find(p, "r", "https://h/a"), "");
    assert_string_equal(find(p, "r", "https://h:80/a"), "");
    assert_string_equal(find(p, "r", "http://h:81/a"), "");
    assert_string_equal(find(p, "r", "http://h.evil/a"), "");
    assert_string_equal(find(p, "r", "http://u@evil/a"), "");

    /* The most exact counts: the realm before the path, the path before the order. */
    assert_int_equal(url_passwords_add(p, NULL, "http://h/a/b", "any", "b"), 0);
    assert_int_equal(url_passwords_add(p, "r", "http://h", "u", "root"), 0);
    assert_string_equal(find(p, "r", "http://h/a/b"), "u:a");
    assert_string_equal(find(p, "r", "http://h/x"), "u:root");
    assert_string_equal(find(p, "other", "http://h/a/b/c"), "any:b");
    assert_int_equal(url_passwords_add(p, "r", "http://h/a", "u", "new"), 0);
    assert_string_equal(find(p, "r", "http://h/a"), "u:new");

    /* A host alone is for every scheme, and a proxy. */
    assert_int_equal(url_passwords_add(p, NULL, "proxy:3128", "p", "w"), 0);
    assert_int_equal(url_passwords_add(p, NULL, "[::1]", "six", "w"), 0);
    assert_string_equal(find(p, "x", "http://proxy:3128"), "p:w");
    assert_string_equal(find(p, "x", "http://proxy:3129"), "");
    assert_string_equal(find(p, "x", "http://proxy"), "");
    assert_string_equal(find(p, "x", "https://[::1]/x"), "six:w");
    assert_string_equal(find(p, "x", "https://[::1]:444/x"), "");

    static const char *const bad[] = {"", "http://", "http://h:x/", "h/path", "http://[::1", "//h"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        errno = 0;
        assert_int_equal(url_passwords_add(p, NULL, bad[i], "u", "p"), -1);
        assert_int_equal(errno, EINVAL);
    }
    url_passwords_free(p);
    url_passwords_free(NULL);
}

/* ---- authentication -------------------------------------------------------------------------- */

/* Writes all challenges of a value as "Scheme realm=x nonce=y; ...", for comparison. */
static const char *challenges(const char *value)
{
    static const char *const names[] = {"realm", "nonce", "opaque", "qop", "algorithm", "stale"};
    static struct buffer text;
    struct url_challenge challenge = {0};
    int got;

    buffer_free(&text);
    while ((got = url_challenge_next(&value, &challenge)) == 1) {
        assert_int_equal(buffer_print(&text, "%s", buffer_text(&challenge.scheme)), 0);
        for (int p = 0; p < URL_PARAMETERS; p++)
            if (challenge.has[p])
                assert_int_equal(
                    buffer_print(&text, " %s=%s", names[p], buffer_text(&challenge.values[p])), 0);
        assert_int_equal(buffer_add(&text, ";", 1), 0);
    }
    assert_int_equal(got, 0);
    url_challenge_free(&challenge);
    return buffer_text(&text);
}

static void test_challenges(void **state)
{
    static const struct {
        const char *value, *wanted;
    } rows[] = {
        {"", ""},
        {"Basic", "Basic;"},
        {"Basic realm=\"a b\"", "Basic realm=a b;"},
        {"basic REALM=x", "basic realm=x;"},
        {"Basic realm=\"a, \\\"b\\\" = c\"", "Basic realm=a, \"b\" = c;"},
        {"Basic realm=\"\"", "Basic realm=;"},
        {"Basic realm = \"x\" , charset=\"UTF-8\"", "Basic realm=x;"},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth, auth-int\", algorithm=MD5, stale=true, "
         "opaque=\"o\"",
         "Digest realm=r nonce=n opaque=o qop=auth, auth-int algorithm=MD5 stale=true;"},
        {"Digest realm=\"r\", nonce=n, Basic realm=\"s\"", "Digest realm=r nonce=n;Basic realm=s;"},
        {"Negotiate, Basic realm=\"s\"", "Negotiate;Basic realm=s;"},
        {"Negotiate YWJj==, Basic realm=s", "Negotiate;Basic realm=s;"},
        {"Basic realm=a, realm=b", "Basic realm=a;"},
        {"realm=a, Basic realm=b", "Basic realm=b;"},
        {", , Basic realm=b, ,", "Basic realm=b;"},
        {"Basic realm=\"open", "Basic realm=open;"},
        {"Basic realm=\"a\\", "Basic realm=a\\;"},
        {"Basic realm=", "Basic realm=;"},
        {"=", ""},
        {"Basic \"x\", Digest a", "Basic;Digest;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(challenges(rows[i].value), rows[i].wanted) != 0)
            fail_msg("%s: %s", rows[i].value, challenges(rows[i].value));
    (void)challenges("");
}

static void test_digest(void **state)
{
    /* RFC 7616 section 3.9.1, both; RFC 2617 section 3.5; the others by Python's hashlib. */
    struct url_digest digest = {"MD5",
                                "Mufasa",
                                "http-auth@example.org",
                                "Circle of Life",
                                "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                                1,
                                true,
                                "GET",
                                "/dir/index.html"};
    struct url_digest older = {NULL,
                               "Mufasa",
                               "testrealm@host.com",
                               "Circle Of Life",
                               "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                               "0a4f113b",
                               1,
                               true,
                               "GET",
                               "/dir/index.html"};
    char hex[URL_DIGEST_SIZE];

    (void)state;
    assert_int_equal(url_digest_response(&digest, hex), 0);
    assert_string_equal(hex, "8ca523f5e9506fed4657c9700eebdbec");
    digest.algorithm = "sha-256";
    assert_int_equal(url_digest_response(&digest, hex), 0);
    assert_string_equal(hex, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    assert_int_equal(url_digest_response(&older, hex), 0);
    assert_string_equal(hex, "6629fae49393a05397450978507c4ef1");
    older.has_qop = false;
    assert_int_equal(url_digest_response(&older, hex), 0);
    assert_string_equal(hex, "670fd8c2df070c60b045671b8b24ff02");
    older.has_qop = true;
    older.algorithm = "MD5-sess";
    older.count = 0xabc;
    assert_int_equal(url_digest_response(&older, hex), 0);
    assert_string_equal(hex, "4f2d3a453b1a47e96228b52a8ba7d61c");
    older.algorithm = "SHA-256-sess";
    assert_int_equal(url_digest_response(&older, hex), 0);
    assert_string_equal(hex, "6de7ed5f2ed83d91eb965e51df02d2a6ef08b5adf2efef50f7492a92cd0477cb");
    older.algorithm = "SHA-512-256";
    assert_int_equal(url_digest_response(&older, hex), -1);
    assert_false(url_digest_knows("SHA-512-256"));
    assert_true(url_digest_knows(NULL));
}

static void test_basic(void **state)
{
    struct buffer value = {0};

    (void)state;
    /* RFC 7617 section 2. */
    assert_int_equal(url_basic_value("Aladdin:open sesame", 19, &value), 0);
    assert_string_equal(value.data, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_int_equal(strlen(value.data), value.length);
    buffer_free(&value);
}

/* ---- data ------------------------------------------------------------------------------------ */

static void check_data(const char *url, const char *wanted_type, const char *wanted, size_t length)
{
    struct buffer type = {0}, body = {0};
    struct url_error error = {0};

    int result = url_data_decode(url_part_of(url), &type, &body, &error);
    if (wanted_type == NULL) {
        if (result == 0 || error.failure != URL_BAD_URL)
            fail_msg("%s is taken", url);
    } else {
        if (result == -1)
            fail_msg("%s: %s", url, error.text);
        assert_string_equal(buffer_text(&type), wanted_type);
        assert_int_equal(body.length, length);
        assert_memory_equal(buffer_text(&body), wanted, length);
    }
    url_error_clear(&error);
    buffer_free(&type);
    buffer_free(&body);
}

static void test_data(void **state)
{
    static const char usual[] = "text/plain;charset=US-ASCII";

    (void)state;
    check_data("data:,", usual, "", 0);
    check_data("data:,a%00b%2C,c", usual, "a\0b,,c", 6);
    check_data("data:,a#b", usual, "a", 1);
    check_data("data:,a?b", usual, "a?b", 3);
    check_data("data:text/html;a=b,x", "text/html;a=b", "x", 1);
    check_data("data:;charset=utf-8,x", "text/plain;charset=utf-8", "x", 1);
    check_data("data:;base64,", usual, "", 0);
    check_data("data:;base64,Zg==", usual, "f", 1);
    check_data("data:;base64,Zm8=", usual, "fo", 2);
    check_data("data:;base64,Zm9v", usual, "foo", 3);
    check_data("data:;base64,Zm9vYg==", usual, "foob", 4);
    check_data("data:;base64,%5A%6d9v%0D%0AYmFy", usual, "foobar", 6);
    check_data("data:a/b;BASE64,/+8=", "a/b", "\xff\xef", 2);
    check_data("data:base64,Zg==", "base64", "Zg==", 4);
    check_data("data:x", NULL, NULL, 0);
    check_data("data:#,", NULL, NULL, 0);
    check_data("data:a\x01,x", NULL, NULL, 0);
    check_data("data:;base64,Z", NULL, NULL, 0);
    check_data("data:;base64,Zg", NULL, NULL, 0);
    check_data("data:;base64,Zg=", NULL, NULL, 0);
    check_data("data:;base64,Zg===", NULL, NULL, 0);
    check_data("data:;base64,Zm9v=", NULL, NULL, 0);
    check_data("data:;base64,Zg==Zg==", NULL, NULL, 0);
    check_data("data:;base64,Zm-_", NULL, NULL, 0);
    check_data("data:;base64,====", NULL, NULL, 0);
    check_data("data:;base64,Z=g=", NULL, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_names),
        cmocka_unit_test(test_error_model),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_install),
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_redirect_method),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_bypass),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_challenges),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_basic),
        cmocka_unit_test(test_data),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
