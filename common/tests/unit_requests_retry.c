/* requests/retry: how long is waited, within which bounds, and what is tried again. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "requests/internal.h"

static void test_limits_double(void **state)
{
    const struct requests_retry retry = {.backoff_s = 1, .backoff_max_s = 6}, usual = {0},
                                none = {.backoff_s = -1};
    const double wanted[] = {1, 2, 4, 6, 6};

    (void)state;
    for (unsigned n = 0; n < 5; n++)
        assert_true(requests_backoff_limit(&retry, n) == wanted[n]);
    assert_true(requests_backoff_limit(&retry, 4000000000U) == 6);
    assert_true(requests_backoff_limit(&usual, 0) == 0.5);
    assert_true(requests_backoff_limit(&usual, 100) == 30);
    assert_true(requests_backoff_limit(&none, 3) == 0);
}

/* Full jitter: all of the range from 0 to the limit, and not its edge alone. */
static void test_jitter_fills_its_range(void **state)
{
    const struct requests_retry retry = {.backoff_s = 8, .backoff_max_s = 100};
    double sum = 0, least = 100, most = 0;

    (void)state;
    for (int i = 0; i < 4000; i++) {
        double wait = requests_wait_s(&retry, 2, NULL);
        assert_true(wait >= 0 && wait <= 32);
        sum += wait;
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    assert_true(least < 1 && most > 31);                 /* missed once in e^125 */
    assert_true(sum / 4000 > 14.5 && sum / 4000 < 17.5); /* ten standard deviations */
}

static void test_retry_after(void **state)
{
    static const struct {
        const char *value;
        double seconds; /* -1: none */
    } ROWS[] = {{"0", 0},
                {"120", 120},
                {"Sun, 06 Nov 1994 08:49:37 GMT", 37},
                {"Sunday, 06-Nov-94 08:49:37 GMT", 37},
                {"Sun Nov  6 08:49:37 1994", 37},
                {"Sun, 06 Nov 1994 08:48:00 GMT", 0},
                {"Sat, 05 Nov 1994 08:49:37 GMT", 0},
                {"", -1},
                {"-1", -1},
                {"+1", -1},
                {"1.5", -1},
                {" 5", -1},
                {"5 ", -1},
                {"5s", -1},
                {"99999999999999999999", -1},
                {"soon", -1},
                {"Sun, 31 Feb 1994 08:49:37 GMT", -1}};
    const time_t now = 784111740; /* Sun, 06 Nov 1994 08:49:00 GMT */

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        double seconds = -2;
        bool read = requests_retry_after(ROWS[i].value, now, &seconds);
        if (read != (ROWS[i].seconds >= 0) || (read && seconds != ROWS[i].seconds))
            fail_msg("\"%s\": %d, %g", ROWS[i].value, read, seconds);
    }
}

static void test_the_server_decides(void **state)
{
    const struct requests_retry retry = {.backoff_s = -1},
                                deaf = {.backoff_s = -1, .no_retry_after = true};
    struct requests_response response = {0};

    (void)state;
    assert_int_equal(http_headers_add(&response.headers, "retry-after", "7"), 0);
    assert_true(requests_wait_s(&retry, 0, &response) == 7);
    assert_true(requests_wait_s(&deaf, 0, &response) == 0);
    assert_int_equal(http_headers_set(&response.headers, "Retry-After", "later"), 0);
    assert_true(requests_wait_s(&retry, 0, &response) == 0);
    http_headers_free(&response.headers);
}

static void test_what_is_tried_again(void **state)
{
    static const int OWN[] = {500, 0};
    const struct requests_retry usual = {.total = 1}, own = {.statuses = OWN},
                                any = {.any_method = true};
    struct requests_error error = {.failure = REQUESTS_CONNECTION, .code = CURLE_RECV_ERROR};

    (void)state;
    assert_true(requests_is_retry_status(&usual, "GET", 503));
    assert_true(requests_is_retry_status(&usual, "DELETE", 429));
    assert_false(requests_is_retry_status(&usual, "GET", 500));
    assert_false(requests_is_retry_status(&usual, "GET", 200));
    assert_false(requests_is_retry_status(&usual, "POST", 503));
    assert_false(requests_is_retry_status(&usual, "PURGE", 503)); /* nobody knows what it does */
    assert_true(requests_is_retry_status(&any, "POST", 503));
    assert_true(requests_is_retry_status(&own, "GET", 500));
    assert_false(requests_is_retry_status(&own, "GET", 503));

    assert_true(requests_is_retry_failure(&usual, "GET", &error));
    assert_false(requests_is_retry_failure(&usual, "POST", &error));
    error.code = CURLE_COULDNT_CONNECT; /* it never left */
    assert_true(requests_is_retry_failure(&usual, "POST", &error));
    error.failure = REQUESTS_CONNECT_TIMEOUT;
    assert_true(requests_is_retry_failure(&usual, "POST", &error));
    error.failure = REQUESTS_READ_TIMEOUT;
    assert_false(requests_is_retry_failure(&usual, "POST", &error));
    assert_true(requests_is_retry_failure(&usual, "PUT", &error));
    for (int failure = 0; failure <= REQUESTS_OTHER; failure++) {
        error.failure = (enum requests_failure)failure;
        if (failure == REQUESTS_TLS || failure == REQUESTS_INVALID_URL ||
            failure == REQUESTS_CONTENT || failure == REQUESTS_TOO_LARGE ||
            failure == REQUESTS_TOO_MANY_REDIRECTS)
            assert_false(requests_is_retry_failure(&any, "GET", &error)); /* it will be the same */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_double), cmocka_unit_test(test_jitter_fills_its_range),
        cmocka_unit_test(test_retry_after), cmocka_unit_test(test_the_server_decides),
        cmocka_unit_test(test_what_is_tried_again)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
