/* requests/error and requests/easy: families of codes and statuses, a body's limit, header lines.
 * What needs a transfer is seen in lessons 4.00 and 4.01. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

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
        cmocka_unit_test(test_every_failure_has_a_name),
        cmocka_unit_test(test_codes_have_families),
        cmocka_unit_test(test_status_on_demand),
        cmocka_unit_test(test_words_or_curls_own),
        cmocka_unit_test(test_a_body_has_a_limit),
        cmocka_unit_test(test_a_line_end_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
