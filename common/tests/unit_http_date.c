/* http/date: the three formats of HTTP, and what is none of them. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/date.h"

enum { NOW = 1700000000 }; /* Tue, 14 Nov 2023 22:13:20 GMT */

static void check_format(time_t when, const char *wanted)
{
    char text[HTTP_DATE_SIZE];
    time_t back = when + 1;

    assert_true(http_date_format(when, text));
    assert_string_equal(text, wanted);
    assert_true(http_date_parse(text, NOW, &back));
    assert_int_equal(back, when);
}

static void test_format(void **state)
{
    char text[HTTP_DATE_SIZE] = "?";

    (void)state;
    check_format(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    check_format(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    check_format(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    check_format(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    check_format(4294967296, "Sun, 07 Feb 2106 06:28:16 GMT");
    check_format(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
    check_format(-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT");
    assert_false(http_date_format(253402300800, text));
    assert_string_equal(text, "");
    assert_false(http_date_format(-62135596801, text));
    assert_false(http_date_format(INT64_MAX, text));
    assert_false(http_date_format(INT64_MIN, text));
}

static void check_parse(const char *text, time_t wanted)
{
    time_t when = 0;

    if (!http_date_parse(text, NOW, &when))
        fail_msg("not read: %s", text);
    if (when != wanted)
        fail_msg("%s was read as %lld", text, (long long)when);
}

static void test_formats(void **state)
{
    (void)state;
    check_parse("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
    check_parse("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    check_parse("Sun Nov  6 08:49:37 1994", 784111777);
    check_parse("Sun Nov 16 08:49:37 1994", 784111777 + 10 * 86400);
    check_parse("Mon, 06 Nov 1994 08:49:37 GMT", 784111777);  /* the weekday is not compared */
    check_parse("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800); /* a leap second */
    check_parse("Tue, 29 Feb 2000 00:00:00 GMT", 951782400);
}

/* Two digits of a year: of those that end so the last that is at most 50 years ahead of now. */
static void test_two_digits(void **state)
{
    (void)state;
    check_parse("Tuesday, 14-Nov-23 22:13:20 GMT", NOW);
    check_parse("Tuesday, 14-Nov-73 22:13:20 GMT", 3277923200); /* 50 years to the second */
    check_parse("Tuesday, 14-Nov-73 22:13:21 GMT", 122163201);  /* a second more: the past */
    check_parse("Friday, 01-Jan-99 00:00:00 GMT", 915148800);
    check_parse("Friday, 01-Jan-00 00:00:00 GMT", 946684800);
    check_parse("Tuesday, 29-Feb-00 00:00:00 GMT", 951782400); /* and not 1900, which has none */
}

static void test_refused(void **state)
{
    static const char *const BAD[] = {
        "",
        "Sun",
        "Sun,",
        "Sunday",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Xun, 06 Nov 1994 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 29 Feb 2001 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMTx",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 94",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994\n",
        "Sun Nov  6 08:49:37 19944",
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        time_t when = 42;
        if (http_date_parse(BAD[i], NOW, &when))
            fail_msg("taken: %s", BAD[i]);
        assert_int_equal(when, 42);
    }
}

/* Each day of 400 years, against the C library. */
static void test_every_day(void **state)
{
    char text[HTTP_DATE_SIZE], wanted[HTTP_DATE_SIZE];

    (void)state;
    for (time_t when = -11644473600; when < 12622780800 - 11644473600; when += 86399) {
        struct tm tm;
        time_t back = 0;
        assert_non_null(gmtime_r(&when, &tm));
        assert_int_equal(strftime(wanted, sizeof wanted, "%a, %d %b %Y %H:%M:%S GMT", &tm), 29);
        assert_true(http_date_format(when, text));
        assert_string_equal(text, wanted);
        assert_true(http_date_parse(text, NOW, &back));
        assert_int_equal(back, when);
    }
}

static void test_time_zone(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
    tzset();
    check_format(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    check_parse("Sun Nov  6 08:49:37 1994", 784111777);
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),     cmocka_unit_test(test_formats),
        cmocka_unit_test(test_two_digits), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_day),  cmocka_unit_test(test_time_zone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("http/date", tests, NULL, NULL);
}
