/* What the runner takes from the cases: TAP read strictly, so that no fault passes for a verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "workbook/tap.h"

static const char good[] = "TAP version 13\n"
                           "1..3\n"
                           "# a remark\n"
                           "ok 1 - plain\n"
                           "  ---\n"
                           "  {\n"
                           "    \"points\": 2,\n"
                           "    \"cause\": \"\"\n"
                           "  }\n"
                           "  ...\n"
                           "not ok 2 - reply-in-pieces\n"
                           "  ---\n"
                           "  {\"points\": 3, \"cause\": \"It stopped early.\"}\n"
                           "  ...\n"
                           "ok 3 - ipv6-only # SKIP this system has no IPv6\n"
                           "  ---\n"
                           "  {\"points\": 4}\n"
                           "  ...\n";

static void refuse(const char *text, const char *why)
{
    struct tap tap;
    struct error error = {0};

    assert_int_equal(tap_parse(text, strlen(text), &tap, &error), -1);
    if (strstr(error.text, why) == NULL)
        fail_msg("\"%s\" does not tell of \"%s\"", error.text, why);
    assert_int_equal(tap.count, 0);
    assert_null(tap.cases);
}

static void a_good_run_is_read(void **state)
{
    struct tap tap;
    struct error error = {0};
    int earned, points;

    (void)state;
    assert_int_equal(tap_parse(good, strlen(good), &tap, &error), 0);
    assert_string_equal(error.text, "");
    assert_int_equal(tap.count, 3);
    assert_string_equal(tap.cases[0].name, "plain");
    assert_true(tap.cases[0].ok);
    assert_null(tap.cases[0].skip);
    assert_int_equal(tap_number(&tap.cases[0], "points"), 2);
    assert_string_equal(tap.cases[1].name, "reply-in-pieces");
    assert_false(tap.cases[1].ok);
    assert_string_equal(tap_text(&tap.cases[1], "cause"), "It stopped early.");
    assert_string_equal(tap.cases[2].name, "ipv6-only");
    assert_string_equal(tap.cases[2].skip, "this system has no IPv6");
    tap_points(&tap, &earned, &points);
    assert_int_equal(earned, 2); /* what was skipped counts neither way */
    assert_int_equal(points, 5);
    tap_free(&tap);
}

static void missing_facts_are_empty(void **state)
{
    static const char text[] =
        "TAP version 13\n1..1\nok 1 - a\n  ---\n"
        "  {\"points\": \"many\", \"cause\": 7, \"ms\": 99999999999}\n  ...\n";
    struct tap tap;

    (void)state;
    assert_int_equal(tap_parse(text, strlen(text), &tap, NULL), 0);
    assert_int_equal(tap_number(&tap.cases[0], "points"), 0);
    assert_int_equal(tap_number(&tap.cases[0], "ms"), 0);
    assert_string_equal(tap_text(&tap.cases[0], "cause"), "");
    assert_string_equal(tap_text(&tap.cases[0], "nothing"), "");
    tap_free(&tap);
}

static void every_cut_is_noticed(void **state)
{
    struct tap tap;

    (void)state;
    /* The last line end may be missing; anything shorter is a run that was not finished. */
    for (size_t length = 0; length < strlen(good) - 1; length++)
        if (tap_parse(good, length, &tap, NULL) != -1)
            fail_msg("%zu of %zu bytes passed for a whole run", length, strlen(good));
}

static void faults_are_named(void **state)
{
    (void)state;
    refuse("", "TAP version 13");
    refuse("TAP version 14\n1..1\n", "TAP version 13");
    refuse("TAP version 13\n", "no plan");
    refuse("TAP version 13\n1..0\n", "not a plan");
    refuse("TAP version 13\n1..x\n", "not a plan");
    refuse("TAP version 13\n1..99999999999999999999\n", "not a plan");
    refuse("TAP version 13\n1..2\n1..2\n", "second plan");
    refuse("TAP version 13\n1..2\nok 1 - a\n  ---\n  {}\n  ...\n", "1 of 2 cases");
    refuse("TAP version 13\n1..1\nok 2 - a\n  ---\n  {}\n  ...\n", "expected case 1");
    refuse("TAP version 13\n1..1\nok 1\n  ---\n  {}\n  ...\n", "no name");
    refuse("TAP version 13\n1..1\nok 1 - a\n", "no diagnostics");
    refuse("TAP version 13\n1..2\nok 1 - a\nok 2 - b\n", "no diagnostics");
    refuse("TAP version 13\n1..1\nok 1 - a\n  ---\n  {}\n", "do not end");
    refuse("TAP version 13\n1..1\nok 1 - a\n  ---\n  []\n  ...\n", "not an object");
    refuse("TAP version 13\n1..1\nok 1 - a\n  ---\n  {\"a\":}\n  ...\n", "line 5");
    refuse("TAP version 13\n1..1\nSegmentation fault\n", "not TAP");
    refuse("TAP version 13\nBail out! no wire\n", "no wire");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_run_is_read),
        cmocka_unit_test(missing_facts_are_empty),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(faults_are_named),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
