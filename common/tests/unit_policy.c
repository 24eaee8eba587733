/* The policy, the roster and points: what collect.t cannot see from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "classroom/marks.h"
#include "classroom/policy.h"
#include "workbook/files.h"

static int make_folder(void **state)
{
    char *folder = calloc(1, SCRATCH_SIZE);

    *state = folder;
    return folder != NULL && scratch_make(folder, NULL) == 0 ? chdir(folder) : -1;
}

static int remove_folder(void **state)
{
    int result = chdir("/");

    scratch_remove(*state);
    free(*state);
    return result;
}

static void put(const char *path, const char *text)
{
    struct error error = {0};
    if (folder_make_for(path, &error) == -1 ||
        file_write(path, text, strlen(text), true, &error) == -1)
        fail_msg("%s", error.text);
}

static void moments_are_read(void **state)
{
    static const struct {
        const char *text;
        long long moment;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-12-01T23:59:00+01:00", 1796165940},
        {"2026-12-01T22:59:00Z", 1796165940},
        {"2026-12-01t17:59:00.999-05:00", 1796165940},
        {"2026-12-02 04:29:00+05:30", 1796165940},
        {"2026-12-01T22:58:60-00:00", 1796165940}, /* a leap second */
        {"2024-02-29T00:00:00Z", 1709164800},
        {"2000-02-29T00:00:00Z", 951782400},
        {"1970-01-01T00:30:00+01:00", -1800},
    };
    static const char *const bad[] = {
        "",
        "2026-12-01",
        "2026-12-01T23:59Z",
        "2026-12-01T23:59:00",
        "2026-12-01T23:59:00+0100",
        "2026-12-01T23:59:00+1:00",
        "2026-12-01T23:59:00 Z",
        "2026-12-01T23:59:00Zulu",
        "2026-12-01T23:59:00.Z",
        "2026-13-01T23:59:00Z",
        "2026-00-01T23:59:00Z",
        "2026-11-31T23:59:00Z",
        "2026-11-00T23:59:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-12-01T24:00:00Z",
        "2026-12-01T23:60:00Z",
        "2026-12-01T23:59:61Z",
        "2026-12-01T23:59:00+24:00",
        "2026-12-01T23:59:00+01:60",
        "1969-12-31T23:59:59Z",
        "02026-12-01T23:59:00Z",
        "2026-12-01X23:59:00Z",
        "tomorrow",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        long long moment = -1;
        if (moment_parse(good[i].text, &moment) == -1 || moment != good[i].moment)
            fail_msg("%s: %lld", good[i].text, moment);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        long long moment = 7;
        if (moment_parse(bad[i], &moment) == 0 || moment != 7)
            fail_msg("%s: %lld", bad[i], moment);
    }
}

static void points_are_written(void **state)
{
    static const struct {
        double points;
        const char *text;
    } due[] = {{0, "0"},
               {7, "7"},
               {7.5, "7.5"},
               {0.25, "0.25"},
               {2.92, "2.92"},
               {0.1, "0.1"},
               {0.05, "0.05"},
               {35.0 / 12, "2.92"},
               {1.005, "1.01"},
               {99.999, "100"},
               {123456.78, "123456.78"}};
    char text[POINTS_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
        assert_string_equal(points_print(due[i].points, text), due[i].text);
}

static void a_policy_is_read(void **state)
{
    struct policy policy;
    struct error error = {0};

    (void)state;
    put("class/grading.json",
        "{\"exercises\": {\"1.2\": {\"points\": 10, \"due\": \"1970-01-01T00:00:07Z\"}, "
        "\"1.3\": {}}, \"leave_out\": [\"1.0\", \"1.5\"], \"due\": \"1970-01-01T00:00:09Z\", "
        "\"late_factor\": 0.5, \"several\": \"last\", \"hidden\": \"cases\", "
        "\"submitted\": {\"alice@2\": \"1970-01-01T00:00:05Z\"}}");
    if (policy_load(&policy, "class/grading.json", NULL, &error) == -1)
        fail_msg("%s", error.text);
    const struct policy_exercise *second = policy_exercise(&policy, "1.2");
    const struct policy_exercise *third = policy_exercise(&policy, "1.3");
    assert_null(policy_exercise(&policy, "1.4"));
    if (second == NULL || third == NULL) {
        fail_msg("exercises are not found");
        return;
    }
    assert_true(second->points >= 10 && second->points <= 10 && second->has_due);
    assert_int_equal(second->due, 7);
    assert_true(third->points < 0 && !third->has_due);
    assert_true(policy_leaves_out(&policy, "1.0") && policy_leaves_out(&policy, "1.5"));
    assert_false(policy_leaves_out(&policy, "1.2"));
    assert_true(policy.has_due && policy.due == 9 && policy.several == SEVERAL_LAST);
    assert_true(policy.late_factor >= 0.5 && policy.late_factor <= 0.5);
    assert_string_equal(policy.hidden, "class/cases");
    assert_string_equal(policy.submitted[0].name, "alice@2");
    assert_int_equal(policy.submitted[0].moment, 5);
    policy_free(&policy);

    put("here.json", "{\"hidden\": \"cases\"}");
    assert_int_equal(policy_load(&policy, "here.json", NULL, &error), 0);
    assert_string_equal(policy.hidden, "cases");
    policy_free(&policy);
    put("class/there.json", "{\"hidden\": \"/cases\"}");
    assert_int_equal(policy_load(&policy, "class/there.json", NULL, &error), 0);
    assert_string_equal(policy.hidden, "/cases");
    policy_free(&policy);
}

static void no_policy_decides_nothing(void **state)
{
    struct policy policy;
    struct error error = {0};

    (void)state;
    assert_int_equal(policy_load(&policy, NULL, NULL, &error), 0);
    assert_true(policy.file == NULL && policy.several == SEVERAL_REFUSED && !policy.has_due);
    assert_true(policy.late_factor >= 1 && policy.late_factor <= 1);
    policy_free(&policy);
    put("bad.json", "{\"leave_out\": [\"1.0\"], \"several\": \"all\"}");
    assert_int_equal(policy_load(&policy, "bad.json", NULL, &error), -1);
    assert_true(policy.file == NULL && policy.leave_out == NULL && policy.leave_out_count == 0);
}

static void the_policy_among_the_submissions_is_found(void **state)
{
    char path[100];

    (void)state;
    put("hand-in/grading.json", "{}");
    assert_string_equal(policy_file("given.json", "hand-in", path, sizeof path), "given.json");
    assert_string_equal(policy_file(NULL, "hand-in", path, sizeof path), "hand-in/grading.json");
    assert_null(policy_file(NULL, "class/none", path, sizeof path));
    assert_null(policy_file(NULL, NULL, path, sizeof path));
    assert_null(policy_file(NULL, "hand-in", path, 10));
}

static void a_roster_is_read(void **state)
{
    struct roster roster;
    struct error error = {0};

    (void)state;
    put("roster.csv", "name;student;\r\n\"Ann \"\"A\"\"\r\nB\"; ann ;x\r\n;;\r\n;bob;\r\n");
    if (roster_load(&roster, "roster.csv", &error) == -1)
        fail_msg("%s", error.text);
    assert_int_equal(roster.column_count, 3);
    assert_int_equal(roster.line_count, 2);
    assert_string_equal(roster.lines[0].fields[0], "Ann \"A\"\r\nB");
    assert_string_equal(roster.lines[0].student, "ann");
    assert_string_equal(roster.lines[1].student, "bob");
    assert_string_equal(roster.columns[2], "");
    roster_free(&roster);
    assert_int_equal(roster_load(&roster, NULL, &error), 0);
    assert_true(roster.file == NULL && roster.line_count == 0);
    roster_free(&roster);
}

static void the_line_is_named(void **state)
{
    struct roster roster;
    struct error error = {0};

    (void)state;
    put("roster.csv", "student,name\nann,\"two\r\nlines\"\nbob,B\nann,again\n");
    assert_int_equal(roster_load(&roster, "roster.csv", &error), -1);
    assert_string_equal(error.text, "roster.csv:5: ann stands in line 2 already");
    assert_true(roster.file == NULL && roster.lines == NULL && roster.columns == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(points_are_written),
        cmocka_unit_test(a_policy_is_read),
        cmocka_unit_test(no_policy_decides_nothing),
        cmocka_unit_test(the_policy_among_the_submissions_is_found),
        cmocka_unit_test(a_roster_is_read),
        cmocka_unit_test(the_line_is_named),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
