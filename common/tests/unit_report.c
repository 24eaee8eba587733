/* A verdict as people read it: what is said, in which order, and that it fits the screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workbook/report.h"

static const struct exercise_entry fetch_first = {
    .id = "1.2", .title = "Fetch from the first server that answers", .name = "fetch_first"};

static const char run[] =
    "TAP version 13\n"
    "1..4\n"
    "ok 1 - plain\n"
    "  ---\n"
    "  {\"title\": \"prints what the server sends\", \"points\": 2, \"status\": \"pass\", "
    "\"seed\": 7}\n"
    "  ...\n"
    "not ok 2 - reply-in-pieces\n"
    "  ---\n"
    "  {\"title\": \"reply in three pieces\", \"points\": 2, \"status\": \"fail\", \"seed\": 7,\n"
    "   \"cause\": \"Your program stopped after the first recv(). The server sent its reply in "
    "three pieces; one recv() is not one message.\",\n"
    "   \"teaches\": \"Read until the end.\",\n"
    "   \"steps\": [{\"text\": \"connected to 127.0.0.1:41873\", \"where\": \"\"},\n"
    "             {\"text\": \"recv() returned 5, asked for 4096\", \"where\": "
    "\"fetch_first.c:41\"}],\n"
    "   \"expected\": \"hello world, hello\\\\n\", \"got\": \"hello\", \"mark\": 5,\n"
    "   \"mark_text\": \"ends here, after byte 5\",\n"
    "   \"command\": \"fetch_first 127.0.0.1 40001 127.0.0.2 40002 127.0.0.3 40003 127.0.0.4 40004 "
    "127.0.0.5 40005\",\n"
    "   \"input\": \"hello\\\\r\\\\n\\nwor\\\\0ld\",\n"
    "   \"files\": [{\"name\": \"rules.txt\", \"text\": \"one\\\\n\\ntwo\"}],\n"
    "   \"message\": \"bad \\u001b[31mred\\u0007\",\n"
    "   \"ladder\": [\"                your program             server\",\n"
    "              \"   0.0 ms            |--- connect ---------->|\"]}\n"
    "  ...\n"
    "not ok 3 - past-the-end\n"
    "  ---\n"
    "  {\"title\": \"one byte past the end\", \"points\": 1, \"status\": \"sanitizer\", \"seed\": "
    "7,\n"
    "   \"cause\": \"The program was stopped at a memory error.\",\n"
    "   \"sanitizer\": [{\"text\": \"Writes 1 byte past a buffer of 4096 bytes.\",\n"
    "                  \"where\": \"fetch_first.c:44, in read_all\"},\n"
    "                 {\"text\": \"The buffer was allocated at\", \"where\": "
    "\"fetch_first.c:31\"}],\n"
    "   \"report\": \"build/answers/sanitizer.txt\"}\n"
    "  ...\n"
    "ok 4 - ipv6-only # SKIP this system has no IPv6\n"
    "  ---\n"
    "  {\"title\": \"IPv6 only\", \"points\": 0, \"status\": \"skipped\", \"seed\": 7}\n"
    "  ...\n";

static void make_verdict(struct verdict *verdict)
{
    struct error error = {0};

    *verdict = (struct verdict){
        .outcome = OUTCOME_JUDGED, .exercise = &fetch_first, .whole = true, .seed = 7};
    if (tap_parse(run, strlen(run), &verdict->tap, &error) == -1)
        fail_msg("%s", error.text);
    tap_points(&verdict->tap, &verdict->earned, &verdict->points);
}

static char *render(const struct verdict *verdict, int columns, const struct report_view *view)
{
    char *text = NULL;
    size_t length = 0;
    struct screen screen = {.columns = columns, .out = open_memstream(&text, &length)};

    assert_non_null(screen.out);
    report_print(&screen, verdict, view);
    assert_int_equal(fclose(screen.out), 0);
    return text;
}

static const struct report_view everything, one_story = {.one = true};

static void a_failed_check_reads_as_designed(void **state)
{
    static const char expected[] =
        "1.2  Fetch from the first server that answers                      2 of 5 points\n"
        "  ok    prints what the server sends\n"
        "  skip  IPv6 only                                        this system has no IPv6\n"
        "\n"
        "  FAIL  reply in three pieces                                      0 of 2 points\n"
        "\n"
        "  Your program stopped after the first recv(). The server sent its reply in\n"
        "  three pieces; one recv() is not one message.\n"
        "\n"
        "  This case  Read until the end.\n"
        "\n"
        "  Started    fetch_first 127.0.0.1 40001 127.0.0.2 40002 127.0.0.3 40003 127.0.…\n"
        "  Input      hello\\r\\n\n"
        "             wor\\0ld\n"
        "  rules.txt  one\\n\n"
        "             two\n"
        "  Steps      1  connected to 127.0.0.1:41873\n"
        "             2  recv() returned 5, asked for 4096    fetch_first.c:41\n"
        "\n"
        "  Expected   hello world, hello\\n\n"
        "  Got        hello\n"
        "                  ^ ends here, after byte 5\n"
        "\n"
        "  It said    bad \\x1b[31mred\\x07\n"
        "\n"
        "  Wire            your program             server\n"
        "     0.0 ms            |--- connect ---------->|\n"
        "\n"
        "  again      make check E=1.2 CASE=reply-in-pieces SEED=7\n"
        "  by hand    make play  E=1.2 CASE=reply-in-pieces\n"
        "\n"
        "  FAIL  one byte past the end                                       0 of 1 point\n"
        "\n"
        "  The program was stopped at a memory error.\n"
        "\n"
        "  Writes 1 byte past a buffer of 4096 bytes.    fetch_first.c:44, in read_all\n"
        "  The buffer was allocated at                   fetch_first.c:31\n"
        "  Full report:\n"
        "    build/answers/sanitizer.txt\n"
        "\n"
        "  again      make check E=1.2 CASE=past-the-end SEED=7\n"
        "  by hand    make play  E=1.2 CASE=past-the-end\n"
        "  hint       make hint  E=1.2\n";
    struct verdict verdict;

    (void)state;
    make_verdict(&verdict);
    char *text = render(&verdict, 80, &everything);
    assert_string_equal(text, expected);
    free(text);
    verdict_free(&verdict);
}

static void one_story_can_be_chosen(void **state)
{
    struct verdict verdict;
    struct report_view view = one_story;

    (void)state;
    make_verdict(&verdict);
    assert_int_equal(report_failures(&verdict), 2);
    char *text = render(&verdict, 80, &view);
    assert_non_null(strstr(text, "Your program stopped"));
    assert_non_null(strstr(text, "  FAIL  one byte past the end"));
    assert_null(strstr(text, "Writes 1 byte"));
    free(text);
    view.focus = 1;
    text = render(&verdict, 80, &view);
    assert_null(strstr(text, "Your program stopped"));
    assert_non_null(strstr(text, "Writes 1 byte"));
    free(text);
    assert_ptr_equal(report_focus(&verdict, 2), report_focus(&verdict, 0)); /* around and around */
    verdict_free(&verdict);
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void brevity_takes_lines_away_but_not_the_cause(void **state)
{
    struct verdict verdict;
    struct report_view view = one_story;
    size_t before = SIZE_MAX;

    (void)state;
    make_verdict(&verdict);
    for (view.brevity = BREVITY_NONE; view.brevity <= BREVITY_MOST; view.brevity++) {
        char *text = render(&verdict, 80, &view);
        assert_true(lines_of(text) <= before);
        before = lines_of(text);
        assert_non_null(strstr(text, "Your program stopped"));
        free(text);
    }
    assert_true(before <= 10);
    verdict_free(&verdict);
}

static void every_width_is_kept(void **state)
{
    struct verdict verdict;

    (void)state;
    make_verdict(&verdict);
    for (int columns = 20; columns <= 120; columns++) {
        char *text = render(&verdict, columns, &everything);
        char *rest = text, *line;
        while ((line = strsep(&rest, "\n")) != NULL)
            if (text_columns(line) > columns)
                fail_msg("\"%s\" is wider than %d", line, columns);
        free(text);
    }
    verdict_free(&verdict);
}

static void a_far_difference_is_brought_near(void **state)
{
    static const char far[] =
        "TAP version 13\n1..1\nnot ok 1 - far\n  ---\n"
        "  {\"points\": 1, \"seed\": 1, \"expected\": "
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "89right\", \"got\": "
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "89wrong\", \"mark\": 90, \"mark_text\": \"differs here\"}\n  ...\n";
    struct verdict verdict = {.outcome = OUTCOME_JUDGED, .exercise = &fetch_first};

    (void)state;
    assert_int_equal(tap_parse(far, strlen(far), &verdict.tap, NULL), 0);
    char *text = render(&verdict, 80, &everything);
    const char *got = strstr(text, "Got"), *caret = strchr(text, '^');
    assert_non_null(strstr(text, "89right"));
    assert_non_null(got);
    assert_non_null(caret);
    const char *line = caret;
    while (line[-1] != '\n')
        line--;
    while (got[-1] != '\n')
        got--;
    /* "…" is three bytes and one column. */
    assert_int_equal(got[caret - line + 2], 'w');
    free(text);
    verdict_free(&verdict);
}

/* Renders these cases, which failed, one story after the other. */
static char *render_failures(const char *first, const char *second, int columns)
{
    struct verdict verdict = {.outcome = OUTCOME_JUDGED, .exercise = &fetch_first};
    struct buffer all = {0};

    assert_int_equal(buffer_print(&all,
                                  "TAP version 13\n1..2\nnot ok 1 - one\n  ---\n  {%s}\n  ...\n"
                                  "not ok 2 - two\n  ---\n  {%s}\n  ...\n",
                                  first, second),
                     0);
    assert_int_equal(tap_parse(buffer_text(&all), all.length, &verdict.tap, NULL), 0);
    char *text = render(&verdict, columns, &everything);
    verdict_free(&verdict);
    buffer_free(&all);
    return text;
}

static void only_a_cause_that_names_the_mistake_is_told_once(void **state)
{
    char *text;

    (void)state;
    text = render_failures("\"cause\": \"It never closed.\", \"teaches\": \"First.\"",
                           "\"cause\": \"It never closed.\", \"teaches\": \"Second.\"", 80);
    assert_non_null(strstr(text, "First."));
    assert_null(strstr(text, "Second."));
    free(text);
    text = render_failures(
        "\"cause\": \"It differs.\", \"teaches\": \"First.\", \"generic\": true",
        "\"cause\": \"It differs.\", \"teaches\": \"Second.\", \"generic\": true", 80);
    assert_non_null(strstr(text, "First."));
    assert_non_null(strstr(text, "Second."));
    free(text);
}

/* Appends a failed case with these facts to a run. */
static void add_failure(struct buffer *all, int number, const char *name, const char *facts)
{
    assert_int_equal(buffer_print(all,
                                  "not ok %d - %s\n  ---\n  {\"title\": \"title of %s\", "
                                  "\"points\": 2, %s}\n  ...\n",
                                  number, name, name, facts),
                     0);
}

#define STATUS(status) "\"status\": \"" status "\", \"cause\": "
#define OVERFLOW(line)                                                     \
    STATUS("sanitizer")                                                    \
    "\"A memory error.\", \"sanitizer\": [{\"text\": \"Writes 1 byte.\", " \
    "\"where\": \"a.c:" line ", in f\"}]"
#define STUCK(where, what)                                         \
    STATUS("timeout")                                              \
    "\"Still in recv() on descriptor 3: it waits for " what "\", " \
    "\"message\": \"about " what "\", "                            \
    "\"steps\": [{\"text\": \"is still in recv()\", \"where\": \"" where "\"}]"

static const char *const failures[][2] = {
    {"plain", STATUS("fail") "\"Line 1 is odd.\", \"generic\": true"},
    {"second", STATUS("fail") "\"Line 1 is odd.\", \"generic\": true"},
    {"leak", STATUS("leak") "\"Memory is left.\""},
    {"stuck-one", STUCK("a.c:7", "16 bytes")},
    {"gave-up", STATUS("fail") "\"Gave up (a.c:9).\", \"message\": \"bad sum\""},
    {"stuck-two", STUCK("a.c:7", "its end")},
    {"stuck-else", STUCK("a.c:8", "its end")},
    {"gave-up-too", STATUS("fail") "\"Gave up (a.c:9).\", \"message\": \"bad length\""},
    {"over-one", OVERFLOW("41")},
    {"over-two", OVERFLOW("42")},
    {"over-three", OVERFLOW("41")},
};

static char *render_many(size_t most)
{
    struct verdict verdict = {.outcome = OUTCOME_JUDGED, .exercise = &fetch_first};
    const size_t count = sizeof failures / sizeof failures[0];
    struct buffer all = {0};

    assert_int_equal(buffer_print(&all, "TAP version 13\n1..%zu\n", count), 0);
    for (size_t i = 0; i < count; i++)
        add_failure(&all, (int)i + 1, failures[i][0], failures[i][1]);
    assert_int_equal(tap_parse(buffer_text(&all), all.length, &verdict.tap, NULL), 0);
    char *text = render(&verdict, 80, &(struct report_view){.most = most});
    verdict_free(&verdict);
    buffer_free(&all);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* These stand in the text in this order. */
static void assert_order(const char *text, const char *const *parts)
{
    for (; *parts != NULL; parts++) {
        const char *found = strstr(text, *parts);
        if (found == NULL) {
            fail_msg("\"%s\" is not in \"%s\"", *parts, text);
            return;
        }
        text = found;
    }
}

static void the_most_telling_stories_come_first(void **state)
{
    static const char *const order[] = {
        "FAIL  title of over-one  ",
        "  Writes 1 byte.",
        "  again      make check E=1.2 CASE=over-one",
        "\n\n  With the same diagnosis:\n  FAIL  title of over-three (over-three)  ",
        "0 of 2 points\n\n  FAIL  title of over-two  ",
        "  again      make check E=1.2 CASE=over-two",
        "\n\n  FAIL  title of plain  ", /* the simplest task is never left out */
        "  again      make check E=1.2 CASE=plain",
        "\n\n  FAIL  title of second (second)  ",
        "\n  FAIL  title of leak (leak)  ",
        "\n  FAIL  title of stuck-one (stuck-one)  ",
        "\n  FAIL  title of gave-up-too (gave-up-too)  ",
        "\n\n  Mend the ones above first.",
        "make\n  check E=1.2 CASE=name",
        "ALL=1.\n\n  hint       make hint  E=1.2\n",
        NULL};
    char *text = render_many(3);

    (void)state;
    assert_order(text, order);
    assert_int_equal(count_of(text, "  FAIL  "), sizeof failures / sizeof failures[0]);
    assert_int_equal(count_of(text, "  again  "), 3);
    free(text);
}

static void cases_with_one_diagnosis_share_a_story(void **state)
{
    static const char *const order[] = {"FAIL  title of plain  ",
                                        "FAIL  title of second  ",
                                        "FAIL  title of leak  ",
                                        "FAIL  title of stuck-one  ",
                                        "With the same diagnosis:",
                                        "  FAIL  title of stuck-two (stuck-two)",
                                        "FAIL  title of gave-up  ",
                                        "FAIL  title of stuck-else  ",  /* another line */
                                        "FAIL  title of gave-up-too  ", /* another message */
                                        "FAIL  title of over-one  ",
                                        "FAIL  title of over-two  ", /* another line */
                                        NULL};
    char *text = render_many(0);

    (void)state;
    assert_order(text, order);
    assert_int_equal(count_of(text, "With the same diagnosis:"), 2);
    assert_int_equal(count_of(text, "  again  "), sizeof failures / sizeof failures[0] - 2);
    assert_null(strstr(text, "Mend the ones above"));
    free(text);
}

static void what_a_case_tries_has_a_label(void **state)
{
    static const char facts[] = "\"cause\": \"It blocks.\", \"teaches\": \"A signal came, and "
                                "the call that it interrupts is to be made again at once.\", "
                                "\"expected\": \"# failed\", \"got\": \"\", \"mark\": 0, "
                                "\"mark_text\": \"ends here\", \"key\": \"# is any number\"";
    char *text = render_failures(facts, "\"points\": 1", 80);

    (void)state;
    assert_non_null(strstr(text, "\n  It blocks.\n\n"
                                 "  This case  A signal came, and the call that it interrupts is "
                                 "to be made again\n"
                                 "             at once.\n"));
    assert_non_null(strstr(text, "  Got        (nothing)\n"
                                 "             ^ ends here\n"
                                 "             # is any number\n"));
    free(text);
    text = render_failures(facts, "\"points\": 1", 40);
    assert_non_null(strstr(text, "\n  It blocks.\n\n"
                                 "  This case\n"
                                 "    A signal came, and the call that it\n"));
    free(text);
}

static void without_a_mark_there_is_no_caret(void **state)
{
    char *text = render_failures("\"expected\": \"a line with x\", \"got\": \"one\\ntwo\"",
                                 "\"points\": 1", 80);

    (void)state;
    assert_non_null(strstr(text, "  Expected   a line with x\n"
                                 "  Got        one\n"
                                 "             two\n"));
    assert_null(strchr(text, '^'));
    free(text);
}

#define LADDER                                                                   \
    "\"ladder\": [\"   your program                                  server\", " \
    "\" 0.0 ms  |--- connect ----------------------------->|\", "                \
    "\"12.4 ms  |--- 22 B  \\\"the question, and more\\\" -->|\", "              \
    "\"12.5 ms  |--- 1 B  \\\"x\\\" -----------------------X   |  refused\"]"

static void a_narrow_ladder_keeps_both_rails(void **state)
{
    char *text = render_failures(LADDER, "\"points\": 1", 80);

    (void)state;
    /* The names begin too near to the label to share its line. */
    assert_non_null(strstr(text, "  Wire\n     your program       "));
    assert_non_null(
        strstr(text, "  12.5 ms  |--- 1 B  \"x\" -----------------------X   |  refused\n"));
    free(text);
    text = render_failures(LADDER, "\"points\": 1", 40);
    assert_non_null(strstr(text, "  Wire\n"
                                 "     your program          server\n"
                                 "   0.0 ms  |--- connect ----->|\n"
                                 "  12.4 ms  |--- 22 B  \"the…\" >|\n"
                                 "  12.5 ms  |--- 1 B  \"x\" -X   |  refused\n"));
    free(text);
}

static void a_fault_is_never_the_learners(void **state)
{
    struct verdict verdict = {.outcome = OUTCOME_FAULT, .exercise = &fetch_first};

    (void)state;
    (void)error_set(&verdict.why, "there is no plan");
    char *text = render(&verdict, 80, &everything);
    assert_non_null(strstr(text, "could not judge your program: there is no plan."));
    assert_non_null(strstr(text, "not your program's fault"));
    assert_null(strstr(text, "FAIL"));
    assert_int_equal(report_status(&verdict), 2);
    free(text);
}

static void each_outcome_has_its_status(void **state)
{
    struct verdict verdict = {.exercise = &fetch_first};

    (void)state;
    verdict.outcome = OUTCOME_JUDGED;
    verdict.passed = true;
    assert_int_equal(report_status(&verdict), 0);
    verdict.passed = false;
    assert_int_equal(report_status(&verdict), 1);
    verdict.outcome = OUTCOME_REFUSED;
    assert_int_equal(report_status(&verdict), 1);
    verdict.outcome = OUTCOME_UNCOMPILED;
    assert_int_equal(report_status(&verdict), 1);
    verdict.outcome = OUTCOME_UNUSABLE;
    assert_int_equal(report_status(&verdict), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_check_reads_as_designed),
        cmocka_unit_test(one_story_can_be_chosen),
        cmocka_unit_test(brevity_takes_lines_away_but_not_the_cause),
        cmocka_unit_test(every_width_is_kept),
        cmocka_unit_test(a_far_difference_is_brought_near),
        cmocka_unit_test(only_a_cause_that_names_the_mistake_is_told_once),
        cmocka_unit_test(the_most_telling_stories_come_first),
        cmocka_unit_test(cases_with_one_diagnosis_share_a_story),
        cmocka_unit_test(what_a_case_tries_has_a_label),
        cmocka_unit_test(without_a_mark_there_is_no_caret),
        cmocka_unit_test(a_narrow_ladder_keeps_both_rails),
        cmocka_unit_test(a_fault_is_never_the_learners),
        cmocka_unit_test(each_outcome_has_its_status),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
