/* Progress: kept whatever happens, and shared by runners that work side by side. */
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

#include "core/buffer.h"
#include "workbook/files.h"
#include "workbook/progress.h"

static const long long DAY = 24LL * 60 * 60;

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/unit_progress-XXXXXX");

    *state = folder;
    return folder != NULL && mkdtemp(folder) != NULL ? chdir(folder) : -1;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    int result = chdir("/") == 0 ? system(command) : -1; /* NOLINT(cert-env33-c): our own folder */
    free(*state);
    return result;
}

static void load(struct progress *progress)
{
    struct error error = {0};
    if (progress_load(progress, &error) == -1)
        fail_msg("%s", error.text);
}

static void save(struct progress *progress)
{
    struct error error = {0};
    if (progress_save(progress, &error) == -1)
        fail_msg("%s", error.text);
    progress_free(progress);
}

static void what_is_saved_comes_back(void **state)
{
    struct progress progress;
    struct exercise_progress exercise = {.earned = 7,
                                         .points = 12,
                                         .tries = 3,
                                         .hints = 1,
                                         .passed = true,
                                         .asked = true,
                                         .digest = "0123456789abcdef"};

    (void)state;
    load(&progress); /* nothing there yet */
    assert_int_equal(progress_lesson_step(&progress, "1.03"), 0);
    assert_false(progress_lesson_done(&progress, "1.03"));
    assert_int_equal(progress_exercise(&progress, "1.2").tries, 0);
    progress_set_lesson_step(&progress, "1.03", 4);
    progress_set_lesson_done(&progress, "1.02");
    assert_string_equal(progress_place(&progress, 1), "");
    progress_set_place(&progress, 1, "1.03");
    progress_set_exercise(&progress, "1.2", &exercise);
    assert_int_equal(progress_lesson_step(&progress, "1.03"), 4); /* before saving too */
    save(&progress);

    load(&progress);
    assert_int_equal(progress_lesson_step(&progress, "1.03"), 4);
    assert_false(progress_lesson_done(&progress, "1.03"));
    assert_true(progress_lesson_done(&progress, "1.02"));
    assert_string_equal(progress_place(&progress, 1), "1.03");
    assert_string_equal(progress_place(&progress, 2), "");
    struct exercise_progress back = progress_exercise(&progress, "1.2");
    assert_int_equal(back.earned, 7);
    assert_int_equal(back.points, 12);
    assert_int_equal(back.tries, 3);
    assert_int_equal(back.hints, 1);
    assert_true(back.passed);
    assert_true(back.asked);
    assert_string_equal(back.digest, "0123456789abcdef");
    progress_free(&progress);
}

static void two_runners_keep_both_changes(void **state)
{
    struct progress tour, practice;
    struct exercise_progress exercise = {.earned = 5, .points = 5, .passed = true};

    (void)state;
    load(&tour);
    load(&practice);
    progress_set_lesson_step(&tour, "1.04", 2);
    progress_set_exercise(&practice, "1.3", &exercise);
    save(&practice);
    save(&tour); /* it does not know of the exercise, and must not undo it */

    load(&tour);
    assert_int_equal(progress_lesson_step(&tour, "1.04"), 2);
    assert_true(progress_exercise(&tour, "1.3").passed);
    progress_free(&tour);
}

static void missed_questions_come_again(void **state)
{
    static const int days[] = {1, 3, 7, 21};
    struct progress progress;
    long long now = 1700000000;

    (void)state;
    load(&progress);
    progress_predict(&progress, "1.03", true, now);
    assert_false(progress_predict_due(&progress, "1.03", now + 100 * DAY)); /* never missed */
    progress_predict(&progress, "1.03", false, now);
    for (size_t i = 0; i < 4; i++) {
        assert_false(progress_predict_due(&progress, "1.03", now + days[i] * DAY - 1));
        progress_predict(&progress, "1.03", true, now); /* too early: proves nothing */
        now += days[i] * DAY;
        assert_true(progress_predict_due(&progress, "1.03", now));
        progress_predict(&progress, "1.03", true, now);
    }
    assert_false(progress_predict_due(&progress, "1.03", now + 1000 * DAY)); /* learned */
    progress_predict(&progress, "1.03", false, now);
    assert_true(progress_predict_due(&progress, "1.03", now + DAY)); /* back to the beginning */
    progress_free(&progress);
}

static void wrong_again_starts_over(void **state)
{
    struct progress progress;
    long long now = 1700000000;

    (void)state;
    load(&progress);
    progress_predict(&progress, "1.04", false, now);
    progress_predict(&progress, "1.04", true, now + DAY);
    progress_predict(&progress, "1.04", false, now + 4 * DAY);
    assert_false(progress_predict_due(&progress, "1.04", now + 5 * DAY - 1));
    assert_true(progress_predict_due(&progress, "1.04", now + 5 * DAY));
    progress_free(&progress);
}

static void put(const char *text)
{
    struct error error = {0};
    assert_int_equal(file_write(".workbook/progress.json", text, strlen(text), true, &error), 0);
}

static void a_broken_file_is_set_aside(void **state)
{
    static const char *const broken[] = {"{\"lessons\": ", "[1, 2]", "", "\"text\""};
    struct progress progress;
    struct buffer kept = {0};
    char name[64];

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct error error = {0};
        put(broken[i]);
        assert_int_equal(progress_load(&progress, &error), -1);
        (void)snprintf(name, sizeof name, ".workbook/progress.json.%d", i + 1);
        assert_non_null(strstr(error.text, name));
        assert_int_equal(buffer_add_file(&kept, name, 100), 0);
        assert_string_equal(buffer_text(&kept), broken[i]);
        buffer_free(&kept);
        progress_set_lesson_done(&progress, "1.01"); /* and the runner goes on */
        save(&progress);
        load(&progress);
        assert_true(progress_lesson_done(&progress, "1.01"));
        progress_free(&progress);
    }
}

static void other_types_are_taken_as_nothing(void **state)
{
    struct progress progress;

    (void)state;
    put("{\"lessons\": 3, \"exercises\": {\"1.2\": [], \"1.3\": {\"tries\": \"x\", \"earned\": -4, "
        "\"hints\": 99999999999, \"passed\": 1}}, \"later\": {\"kept\": true}}");
    load(&progress);
    assert_int_equal(progress_lesson_step(&progress, "1.03"), 0);
    assert_int_equal(progress_exercise(&progress, "1.2").tries, 0);
    assert_int_equal(progress_exercise(&progress, "1.3").tries, 0);
    assert_int_equal(progress_exercise(&progress, "1.3").earned, 0);
    assert_true(progress_exercise(&progress, "1.3").hints > 0);
    assert_false(progress_exercise(&progress, "1.3").passed);
    progress_set_lesson_step(&progress, "1.03", 2);
    save(&progress);
    load(&progress);
    assert_int_equal(progress_lesson_step(&progress, "1.03"), 2);
    assert_true(json_is_true(/* what a later version keeps there stays */
                             json_object_get(json_object_get(progress.root, "later"), "kept")));
    progress_free(&progress);
}

static void a_place_that_cannot_be_written_is_told(void **state)
{
    struct progress progress;
    struct error error = {0};

    (void)state;
    assert_int_equal(system("rm -rf .workbook && : > .workbook"), 0); /* NOLINT(cert-env33-c) */
    load(&progress); /* ENOTDIR reads as trouble or as nothing; both go on */
    progress_set_lesson_step(&progress, "1.03", 2);
    assert_int_equal(progress_save(&progress, &error), -1);
    assert_non_null(strstr(error.text, ".workbook"));
    progress_free(&progress);
    assert_int_equal(unlink(".workbook"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_comes_back),
        cmocka_unit_test(two_runners_keep_both_changes),
        cmocka_unit_test(missed_questions_come_again),
        cmocka_unit_test(wrong_again_starts_over),
        cmocka_unit_test(a_broken_file_is_set_aside),
        cmocka_unit_test(other_types_are_taken_as_nothing),
        cmocka_unit_test(a_place_that_cannot_be_written_is_told),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
