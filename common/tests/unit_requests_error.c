/* requests/error and requests/easy: families of codes and statuses, a body's limit, header lines.
 * What else needs a transfer is seen in lessons 4.00 and 4.01. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "requests/easy.h"
#include "requests/error.h"

static void test_every_failure_has_a_name(void **state)
{
    (void)state;
    for (int i = REQUESTS_OK; i < REQUESTS_OTHER; i++) {
        const char *name = requests_failure_name((enum requests_failure)i);
        assert_non_null(name);
        assert_string_not_equal(name, "RequestException");
    }
    assert_string_equal(requests_failure_name(REQUESTS_OTHER), "RequestException");
    assert_string_equal(requests_failure_name((enum requests_failure)99), "RequestException");
}

static void test_codes_have_families(void **state)
{
    (void)state;
    assert_int_equal(requests_failure_of(CURLE_OK, NULL), REQUESTS_OK);
    assert_int_equal(requests_failure_of(CURLE_UNSUPPORTED_PROTOCOL, NULL), REQUESTS_INVALID_URL);
    assert_int_equal(requests_failure_of(CURLE_OPERATION_TIMEDOUT, NULL), REQUESTS_CONNECT_TIMEOUT);
    assert_int_equal(requests_failure_of(CURLE_GOT_NOTHING, NULL), REQUESTS_CONNECTION);
    assert_int_equal(requests_failure_of(CURLE_PEER_FAILED_VERIFICATION, NULL), REQUESTS_TLS);
    assert_int_equal(requests_failure_of(CURLE_PARTIAL_FILE, NULL), REQUESTS_CHUNKED);
    assert_int_equal(requests_failure_of(CURLE_TFTP_NOSUCHUSER, NULL), REQUESTS_OTHER);
}

/* ---- a proxy that is asked for a tunnel ---- */

struct proxy {
    int listener;
    const char *answer;
};

/* Reads one CONNECT, gives the answer, and hangs up. */
static void *answer_connect(void *context)
{
    const struct proxy *proxy = context;
    char request[4096];
    size_t length = 0;
    ssize_t n = 1;
    int fd = accept(proxy->listener, NULL, NULL);

    while (n > 0 && memmem(request, length, "\r\n\r\n", 4) == NULL) {
        n = read(fd, request + length, sizeof request - length);
        length += n > 0 ? (size_t)n : 0;
    }
    n = write(fd, proxy->answer, strlen(proxy->answer));
    (void)close(fd);
    return n == -1 ? context : NULL;
}

/* What libcurl makes of the answer, and we of that. */
static void assert_tunnel(const char *answer, CURLcode code, enum requests_failure failure)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    struct proxy proxy = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), answer};
    struct sockaddr *where = (struct sockaddr *)&address;
    pthread_t thread;
    void *failed = NULL;
    CURL *curl = curl_easy_init();
    CURLcode set = CURLE_OK;

    assert_non_null(curl);
    assert_int_equal(bind(proxy.listener, where, size), 0);
    assert_int_equal(listen(proxy.listener, 1), 0);
    assert_int_equal(getsockname(proxy.listener, where, &size), 0);
    assert_int_equal(pthread_create(&thread, NULL, answer_connect, &proxy), 0);
    easy_set(set, curl, CURLOPT_URL, "https://api.test/");
    easy_set(set, curl, CURLOPT_PROXY, "http://127.0.0.1");
    easy_set(set, curl, CURLOPT_PROXYPORT, (long)ntohs(address.sin_port));
    easy_set(set, curl, CURLOPT_NOPROXY, "");
    easy_set(set, curl, CURLOPT_TIMEOUT_MS, 30000L);
    assert_int_equal(set, CURLE_OK);
    assert_int_equal(curl_easy_perform(curl), code);
    assert_int_equal(requests_failure_of(code, curl), failure);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    curl_easy_cleanup(curl);
    assert_int_equal(close(proxy.listener), 0);
}

static void test_a_proxy_that_would_not(void **state)
{
    (void)state;
    assert_tunnel("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", CURLE_RECV_ERROR,
                  REQUESTS_PROXY);
    assert_tunnel("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", CURLE_RECV_ERROR,
                  REQUESTS_PROXY);
    /* The tunnel stands, and ends in the handshake: that is no refusal. */
    assert_tunnel("HTTP/1.1 200 OK\r\n\r\n", CURLE_SSL_CONNECT_ERROR, REQUESTS_TLS);
    assert_int_equal(requests_failure_of(CURLE_RECV_ERROR, NULL), REQUESTS_CONNECTION);
}

static void test_status_on_demand(void **state)
{
    struct requests_error error = {0};

    (void)state;
    assert_int_equal(requests_error_status(&error, 200), 0);
    assert_int_equal(requests_error_status(&error, 399), 0);
    assert_int_equal(error.failure, REQUESTS_OK);
    assert_int_equal(requests_error_status(&error, 404), -1);
    assert_int_equal(error.failure, REQUESTS_HTTP);
    assert_int_equal(error.status, 404);
    assert_string_equal(error.text, "404 Not Found");
    assert_int_equal(requests_error_status(&error, 499), -1);
    assert_string_equal(error.text, "499 (not registered)");
    assert_int_equal(requests_error_status(NULL, 500), -1);
}

static void test_words_or_curls_own(void **state)
{
    struct requests_error error = {0};

    (void)state;
    assert_int_equal(requests_error_from(&error, CURLE_URL_MALFORMAT, NULL, "no host"), -1);
    assert_string_equal(error.text, "no host");
    assert_int_equal(error.code, CURLE_URL_MALFORMAT);
    assert_int_equal(requests_error_from(&error, CURLE_URL_MALFORMAT, NULL, ""), -1);
    assert_string_equal(error.text, curl_easy_strerror(CURLE_URL_MALFORMAT));
    assert_int_equal(requests_error_from(&error, CURLE_URL_MALFORMAT, NULL, NULL), -1);
    assert_string_equal(error.text, curl_easy_strerror(CURLE_URL_MALFORMAT));
}

static void test_a_body_has_a_limit(void **state)
{
    struct easy_body body = {.limit = 5};
    char bytes[] = "abcdef";

    (void)state;
    assert_int_equal(easy_collect(bytes, 1, 3, &body), 3);
    assert_int_equal(easy_collect(bytes, 1, 2, &body), 2);
    assert_false(body.full);
    assert_int_equal(easy_collect(bytes, 1, 1, &body), 0);
    assert_true(body.full);
    assert_string_equal(buffer_text(&body.bytes), "abcab");
    buffer_free(&body.bytes);
}

static void test_a_line_end_is_refused(void **state)
{
    struct curl_slist *list = NULL;

    (void)state;
    assert_int_equal(easy_append(&list, "A: 1\r\nB: 2"), -1);
    assert_int_equal(errno, EINVAL);
    assert_null(list);
    assert_int_equal(easy_append(&list, "A: 1"), 0);
    assert_int_equal(easy_append(&list, "B: 2\n"), -1);
    assert_int_equal(easy_append(&list, "C: 3"), 0);
    assert_string_equal(list->data, "A: 1");
    assert_string_equal(list->next->data, "C: 3");
    assert_null(list->next->next);
    curl_slist_free_all(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_has_a_name), cmocka_unit_test(test_codes_have_families),
        cmocka_unit_test(test_a_proxy_that_would_not),   cmocka_unit_test(test_status_on_demand),
        cmocka_unit_test(test_words_or_curls_own),       cmocka_unit_test(test_a_body_has_a_limit),
        cmocka_unit_test(test_a_line_end_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
