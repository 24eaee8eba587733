/* Lessons: Markdown, the parts of a lesson, transcripts and what lint finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workbook/lesson.h"
#include "workbook/quote.h"
#include "workbook/session.h"

#define SAMPLE "common/tests/lessons/03_tcp_client.md"

/* ---- transcripts ------------------------------------------------------------------------------
 */

static bool matches(const char *expected, const char *actual)
{
    struct lines e, a;
    struct parting parting;

    assert_int_equal(lines_split(&e, expected), 0);
    assert_int_equal(lines_split(&a, actual), 0);
    bool result = transcript_match(&e, &a, &parting);
    lines_free(&e);
    lines_free(&a);
    return result;
}

static void check_merge(const char *expected, const char *actual, const char *recorded)
{
    struct lines e, a;
    struct buffer out = {0};

    assert_int_equal(lines_split(&e, expected), 0);
    assert_int_equal(lines_split(&a, actual), 0);
    assert_int_equal(transcript_merge(&e, &a, &out), 0);
    assert_string_equal(buffer_text(&out), recorded);
    assert_true(matches(recorded, actual)); /* what was recorded is right by itself */
    buffer_free(&out);
    lines_free(&e);
    lines_free(&a);
}

static void transcripts_match_with_patterns(void **state)
{
    (void)state;
    assert_true(matches("", ""));
    assert_true(matches("a\nb\n", "a\nb\n"));
    assert_false(matches("a\nb\n", "a\n"));
    assert_false(matches("a\n", "a\nb\n"));
    assert_false(matches("", "a\n"));
    assert_true(matches("a\n...\nd\n", "a\nb\nc\nd\n"));
    assert_true(matches("a\n...\nd\n", "a\nd\n"));
    assert_true(matches("...\n", ""));
    assert_true(matches("...\nd\n...\nd\n", "d\nx\nd\nd\n"));
    assert_false(matches("a\n...\ne\n", "a\nb\nc\nd\n"));
    assert_true(matches("port [..] is taken\n", "port 7003 is taken\n"));
    assert_true(matches("[..]:[..] bytes\n", "[::1]:70: 6 bytes\n"));
    assert_false(matches("port [..] is taken\n", "port 7003 is free\n"));
    assert_true(matches("x[..]\n", "x\n"));
    assert_false(matches("x[..]y\n", "x\n"));
    assert_true(matches("a\n", "a  \n"));
    assert_false(matches("a\n", " a\n"));
}

static void recording_keeps_what_still_fits(void **state)
{
    (void)state;
    check_merge("", "a\nb\n", "a\nb\n");
    check_merge("", "a \n", "a\n");
    check_merge("a\n", "", "");
    check_merge("a\n...\nz\n", "a\nb\nz\n", "a\n...\nz\n");
    check_merge("pid [..]\nold\n", "pid 7\nnew\n", "pid [..]\nnew\n");
    check_merge("a\n...\nold\n", "a\nb\nnew\n", "a\nb\nnew\n"); /* its neighbour has gone */
    check_merge("...\n", "a\nb\n", "...\n");
    check_merge("a\n...\n", "x\ny\n", "x\ny\n");
    check_merge("a\nb\nc\n", "a\nB\nc\nd\n", "a\nB\nc\nd\n");
    check_merge("[exit 1]\n", "out\n[exit 1]\n", "out\n[exit 1]\n");
}

static void differences_are_marked(void **state)
{
    char *text = NULL;
    size_t length = 0;
    struct screen screen = {.columns = 80};
    struct lines e, a;

    (void)state;
    screen.out = open_memstream(&text, &length);
    assert_non_null(screen.out);
    assert_int_equal(lines_split(&e, "one\n...\nthree: héllo\nfour\n"), 0);
    assert_int_equal(lines_split(&a, "one\ntwo\nthree: hélp\nfour\n"), 0);
    transcript_diff(&screen, &e, &a);
    assert_int_equal(fclose(screen.out), 0);
    assert_string_equal(text, "      one\n"
                              "      two\n"
                              "    - three: héllo\n"
                              "    + three: hélp\n"
                              "                ^ first difference\n"
                              "      four\n");
    free(text);
    lines_free(&e);
    lines_free(&a);
}

/* ---- lessons ----------------------------------------------------------------------------------
 */

static struct lesson read_sample(void)
{
    struct lesson lesson;
    struct error error = {{0}};

    if (lesson_read(&lesson, SAMPLE, &error) == -1)
        fail_msg("%s", error.text);
    return lesson;
}

static void lessons_are_read(void **state)
{
    static const enum part_kind kinds[] = {PART_TEXT,        PART_PREDICT, PART_CONSOLE, PART_TEXT,
                                           PART_INVESTIGATE, PART_MODIFY,  PART_PITFALLS};
    struct lesson lesson = read_sample();

    (void)state;
    assert_string_equal(lesson.id, "1.03");
    assert_string_equal(lesson.title, "TCP client");
    assert_true(lesson.core);
    assert_int_equal(lesson.minutes, 20);
    assert_string_equal(lesson.needs, "");
    assert_string_equal(lesson.python, "build/01_socket/04_tcp_server 0");
    assert_int_equal(lesson.part_count, sizeof kinds / sizeof *kinds);
    for (size_t i = 0; i < lesson.part_count; i++)
        assert_int_equal(lesson.parts[i].kind, kinds[i]);
    assert_int_equal(lesson.predict.answer, 'c');
    assert_int_equal(lesson.predict.reason - lesson.predict.choices, 4); /* three and <details> */
    lesson_free(&lesson);
}

static void commands_are_read(void **state)
{
    struct lesson lesson = read_sample();

    (void)state;
    assert_int_equal(lesson.command_count, 5);
    assert_string_equal(lesson.commands[0].text, "build/01_socket/04_tcp_server 7030 &");
    assert_string_equal(lesson.commands[1].text,
                        "printf 'hello\\n' |\n    build/01_socket/03_tcp_client localhost 7030");
    assert_int_equal(lesson.commands[1].expected.count, 1);
    assert_string_equal(lesson.commands[1].expected.line[0], "HELLO");
    assert_int_equal(lesson.commands[4].expected.count, 2);
    assert_string_equal(lesson.commands[4].expected.line[1], "[exit 1]");
    const char *source = lesson.source.data;
    for (size_t line = 1; line < lesson.commands[3].line; line++)
        source = strchr(source, '\n') + 1;
    assert_int_equal(strncmp(source, "$ kill %1\n", 10), 0); /* the line number is right */
    lesson_free(&lesson);
}

static void blocks_know_their_place(void **state)
{
    struct lesson lesson = read_sample();
    size_t begin, end;

    (void)state;
    for (size_t i = 0; i < lesson.markdown.count; i++) {
        const struct block *block = &lesson.markdown.blocks[i];
        if (block->kind != BLOCK_CODE)
            continue;
        lesson_block_range(&lesson, block, &begin, &end);
        assert_int_equal(end - begin, block->text.length);
        assert_memory_equal(lesson.source.data + begin, block->text.data, end - begin);
        assert_memory_equal(lesson.source.data + end, "```", 3);
    }
    lesson_free(&lesson);
}

static void missing_files_are_errors(void **state)
{
    struct lesson lesson;
    struct error error = {{0}};

    (void)state;
    assert_int_equal(lesson_read(&lesson, "no/such.md", &error), -1);
    assert_string_equal(error.text, "no/such.md: No such file or directory");
}

static void markdown_is_made_harmless(void **state)
{
    static const char text[] = "a\033[2J`b\x13"
                               "c`&lt;&#x263a;&#7;<br>d\n\n\0- x\n  - y\n\n> q\n";
    struct markdown m;

    (void)state;
    assert_int_equal(markdown_parse(&m, text, sizeof text - 1, NULL), 0);
    for (size_t i = 0; i < m.count; i++)
        for (size_t b = 0; b < m.blocks[i].text.length; b++) {
            char byte = m.blocks[i].text.data[b];
            assert_true((unsigned char)byte >= 0x20 || byte == SCREEN_BREAK ||
                        (byte >= SCREEN_MARK && byte <= SCREEN_MARK + STYLE_SOFT));
        }
    assert_string_equal(buffer_text(&m.blocks[0].text), "a [2J\x13"
                                                        "b c\x10<☺?\vd");
    markdown_free(&m);
}

static void a_ladder_keeps_both_rails_on_a_narrow_screen(void **state)
{
    static const char text[] = "```\n"
                               "   03_tcp_client                    server\n"
                               "      |--- connect ------------------->|\n"
                               "      |<-- end ------------------------|   its close()\n"
                               "```\n";
    struct markdown m;
    char *shown = NULL;
    size_t length = 0;
    struct screen screen = {.columns = 40, .out = open_memstream(&shown, &length)};

    (void)state;
    assert_non_null(screen.out);
    assert_int_equal(markdown_parse(&m, text, sizeof text - 1, NULL), 0);
    markdown_show(&screen, &m.blocks[0], NULL);
    assert_int_equal(fclose(screen.out), 0);
    assert_string_equal(shown, "03_tcp_client         server\n"
                               "|--- connect ----------->|\n"
                               "|<-- end ----------------|   its close()\n\n");
    free(shown);
    markdown_free(&m);
}

/* ---- lint -------------------------------------------------------------------------------------
 */

static char folder[] = "/tmp/unit_lesson.XXXXXX";
static char lesson_path[64], source_path[64];

static int folder_make(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(lesson_path, sizeof lesson_path, "%s/03_tcp_client.md", folder);
    (void)snprintf(source_path, sizeof source_path, "%s/03_tcp_client.c", folder);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    (void)unlink(lesson_path);
    (void)unlink(source_path);
    return rmdir(folder);
}

static void file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The sample with one text replaced by another; from must be there. */
static void sample_write(const char *from, const char *to)
{
    struct buffer source = {0}, changed = {0};

    assert_int_equal(buffer_add_file(&source, SAMPLE, 1 << 20), 0);
    char *at = strstr(source.data, from);
    assert_non_null(at);
    assert_int_equal(buffer_add(&changed, source.data, (size_t)(at - source.data)), 0);
    assert_int_equal(buffer_print(&changed, "%s%s", to, at + strlen(from)), 0);
    file_write(lesson_path, changed.data);
    buffer_free(&source);
    buffer_free(&changed);
}

/* Lints the file; what it finds, without the folder. */
static char *findings(int status)
{
    static char text[4096];
    char *printed = NULL, *paths[] = {lesson_path};
    size_t length = 0;
    struct screen screen = {.columns = 80};

    screen.out = open_memstream(&printed, &length);
    assert_non_null(screen.out);
    assert_int_equal(lesson_lint(&screen, 1, paths), status);
    assert_int_equal(fclose(screen.out), 0);
    text[0] = '\0';
    for (char *line = printed, *found; (found = strstr(line, folder)) != NULL;
         line = found + strlen(folder))
        (void)strncat(text, line, (size_t)(found - line));
    char *last = printed;
    for (char *found; (found = strstr(last, folder)) != NULL;)
        last = found + strlen(folder);
    (void)strncat(text, last, sizeof text - strlen(text) - 1);
    free(printed);
    return text;
}

static void check_finding(const char *from, const char *to, const char *expected)
{
    sample_write(from, to);
    char *found = findings(*expected == '\0' ? 0 : 1);
    if (strstr(found, expected) == NULL || (*expected == '\0' && *found != '\0'))
        fail_msg("expected %s\ngot %s", expected, found);
}

static void lint_finds_what_is_missing(void **state)
{
    (void)state;
    file_write(source_path, "int main;\n");
    check_finding("x", "x", "");
    check_finding("# 1.03 TCP client", "# TCP client", "md:1: the first line is not a title");
    check_finding("# 1.03", "# 1.04", "md:1: the title says 1.04, the file's name begins with 03");
    check_finding("Core · 20 minutes", "Core - 20 minutes", "md:3: the first paragraph is not");
    check_finding("20 minutes", "some minutes", "md:3: the first paragraph is not");
    check_finding("needs nothing", "needs nothing · more", "md:3: the first paragraph is not");
    check_finding("**Modify.**", "Modify.", "md:1: the part \"Modify\" is missing");
    check_finding("**Predict.**", "Predict.", "md:1: the part \"Predict\" is missing");
    check_finding("**Investigate.** Look at", "**Modify.** Look at",
                  "the part \"Investigate\" is missing");
    check_finding("```console", "```text", "md:1: the part \"console\" is missing");
    check_finding("| Python |", "| Perl |", "there is no table with a column \"Python\"");
    check_finding("<!-- python:", "<!-- perl:", "md:11: no comment <!-- python: COMMAND -->");
    check_finding("**Investigate.** Look at",
                  "| Python | C |\n|---|---|\n| `1` | `1` |\n\n**Investigate.** Look at",
                  "a second table with a column \"Python\"");
    check_finding("(03_tcp_client.c)", "(30_tcp_client.c)", "md:6: the link leads to");
}

static void lint_reads_the_question(void **state)
{
    (void)state;
    check_finding("- b) twice", "- c) twice", "choice c) stands where b) is due");
    check_finding("Answer: c", "Answer: d", "the answer d is not among the choices");
    check_finding("Answer: c", "The answer is c",
                  "there is no line \"<summary>Answer: c</summary>\"");
    check_finding("</summary>\n\n", "</summary>\n", "or no blank line stands before it");
    check_finding("</details>", "", "is not closed");
    check_finding("- a) once\n- b) twice\n- c) once or twice, it depends\n", "a) once\n",
                  "Predict has no choices");
}

static void lint_keeps_lines_on_the_screen(void **state)
{
    char most[] = "$ printf 1234567890123456789012345678901234567890123456789012345678901234567";
    char more[sizeof most + 1];

    (void)state;
    (void)snprintf(more, sizeof more, "%s9", most);
    check_finding("$ kill %1", most, "");
    check_finding("$ kill %1", more, "this line takes 77 columns; a screen has room for 76");
    check_finding("\nHELLO\n",
                  "\nHELLO 5678901234567890123456789012345678901234567890123456789012345678"
                  "90123456789\n",
                  "this line takes 81 columns; a screen has room for 80");
}

static void lint_reads_console_blocks(void **state)
{
    (void)state;
    check_finding("```console\n", "```console\nstray\n", "does not begin with a command");
    check_finding("$ kill %1", "$ sleep 1", "a lesson does not sleep");
}

static void quotes_are_compared_and_refreshed(void **state)
{
    static const char source[] = "/* [sum] Adds. */\n"
                                 "    int sum;\n"
                                 "\n"
                                 "        sum++;\n"
                                 "    /* [/sum] */\n";
    static const char quoted[] = "```c 03_tcp_client.c sum\n"
                                 "int sum;\n"
                                 "\n"
                                 "    sum++;\n"
                                 "```\n\n"
                                 "**Investigate.**";
    struct error error = {{0}};
    struct buffer now = {0};

    (void)state;
    file_write(source_path, source);
    check_finding("**Investigate.**", quoted, "");
    file_write(source_path, "int main;\n");
    assert_non_null(strstr(findings(1), "has no region between the tags [sum] and [/sum]"));
    assert_int_equal(lesson_quotes_record(lesson_path, &error), -1);
    file_write(source_path, "/* [sum] */\nint s;\n/* [/sum] */\n");
    assert_non_null(
        strstr(findings(1), "the quote is not what stands in 03_tcp_client.c at [sum]"));
    assert_int_equal(lesson_quotes_record(lesson_path, &error), 0);
    assert_string_equal(findings(0), "");
    assert_int_equal(buffer_add_file(&now, lesson_path, 1 << 20), 0);
    assert_non_null(strstr(now.data, "```c 03_tcp_client.c sum\nint s;\n```\n\n**Investigate.**"));
    buffer_free(&now);
    /* A quote that is still empty stands where its fence is, and what is above it stays. */
    file_write(lesson_path, "# 1.03 X\n\nOne.\nTwo.\n\n```c 03_tcp_client.c sum\n```\n\nThree.\n");
    assert_int_equal(lesson_quotes_record(lesson_path, &error), 0);
    assert_int_equal(buffer_add_file(&now, lesson_path, 1 << 20), 0);
    assert_non_null(strstr(now.data, "Two.\n\n```c 03_tcp_client.c sum\nint s;\n```\n\nThree."));
    buffer_free(&now);
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

static int check_session(bool record, char **printed)
{
    char *paths[] = {lesson_path};
    size_t length = 0;
    struct screen screen = {.columns = 80};

    screen.out = open_memstream(printed, &length);
    assert_non_null(screen.out);
    int status = lesson_check(&screen, 1, paths, record);
    assert_int_equal(fclose(screen.out), 0);
    return status;
}

#define SESSION(output)                                                                  \
    "# 1.03 TCP client\n\nCore · 20 minutes · needs nothing\n\nIdea.\n\n```console\n"  \
    "$ echo one; echo two; echo three\n" output "$ cat <<END\n> $((6 * 7))\n> END\n42\n" \
    "$ (exit 3)\n[exit 3]\n```\n\nEnd.\n"

static void sessions_run_and_record(void **state)
{
    struct buffer now = {0};
    char *printed = NULL;

    (void)state;
    file_write(lesson_path, SESSION("one\n...\nthree\n"));
    assert_int_equal(check_session(false, &printed), 0);
    assert_int_equal(strncmp(printed, "ok    1.03 TCP client  ", 23), 0);
    free(printed);
    file_write(lesson_path, SESSION("[..]e\nzwei\nthree\n"));
    assert_int_equal(check_session(false, &printed), 1);
    assert_non_null(strstr(printed, ":8\n    $ echo one; echo two; echo three\n"));
    assert_non_null(strstr(printed, "    - zwei\n    + two\n      ^ first difference\n"));
    free(printed);
    assert_int_equal(check_session(true, &printed), 0);
    free(printed);
    assert_int_equal(buffer_add_file(&now, lesson_path, 1 << 20), 0);
    assert_string_equal(now.data, SESSION("[..]e\ntwo\nthree\n"));
    buffer_free(&now);
}

static void recording_refuses_what_a_block_cannot_hold(void **state)
{
    static const char text[] = "# 1.03 TCP client\n\n```console\n$ echo '$ false'\nold\n```\n";
    struct buffer now = {0};
    char *printed = NULL;

    (void)state;
    file_write(lesson_path, text);
    assert_int_equal(check_session(true, &printed), 2);
    assert_non_null(strstr(printed, "a line that begins like a command"));
    free(printed);
    assert_int_equal(buffer_add_file(&now, lesson_path, 1 << 20), 0);
    assert_string_equal(now.data, text); /* untouched */
    buffer_free(&now);
}

static void translations_are_picked_by_locale(void **state)
{
    char chinese[80];
    struct buffer path = {0};

    (void)state;
    (void)snprintf(chinese, sizeof chinese, "%s/03_tcp_client.zh-CN.md", folder);
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
    assert_int_equal(setenv("LANGUAGE", "zh_CN", 1), 0);
    assert_int_equal(lesson_localised(lesson_path, &path), 0);
    assert_string_equal(path.data, lesson_path); /* there is none */
    buffer_free(&path);
    file_write(chinese, "# 1.03\n");
    assert_int_equal(lesson_localised(lesson_path, &path), 0);
    assert_string_equal(path.data, chinese);
    buffer_free(&path);
    assert_int_equal(setenv("LANGUAGE", "en", 1), 0);
    assert_int_equal(lesson_localised(lesson_path, &path), 0);
    assert_string_equal(path.data, lesson_path);
    buffer_free(&path);
    assert_int_equal(unlink(chinese), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcripts_match_with_patterns),
        cmocka_unit_test(recording_keeps_what_still_fits),
        cmocka_unit_test(differences_are_marked),
        cmocka_unit_test(lessons_are_read),
        cmocka_unit_test(commands_are_read),
        cmocka_unit_test(blocks_know_their_place),
        cmocka_unit_test(missing_files_are_errors),
        cmocka_unit_test(markdown_is_made_harmless),
        cmocka_unit_test(a_ladder_keeps_both_rails_on_a_narrow_screen),
        cmocka_unit_test(lint_finds_what_is_missing),
        cmocka_unit_test(lint_reads_the_question),
        cmocka_unit_test(lint_keeps_lines_on_the_screen),
        cmocka_unit_test(lint_reads_console_blocks),
        cmocka_unit_test(quotes_are_compared_and_refreshed),
        cmocka_unit_test(sessions_run_and_record),
        cmocka_unit_test(recording_refuses_what_a_block_cannot_hold),
        cmocka_unit_test(translations_are_picked_by_locale),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
