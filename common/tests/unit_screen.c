/* The screen: widths, wrapping, cutting, and what broken text does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workbook/screen.h"

#define CODE "\x13"
#define PLAIN "\x10"

static void check_wrap(const char *text, int columns, const char *expected)
{
    struct buffer out = {0};

    assert_int_equal(text_wrap(text, columns, &out), 0);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void check_cut(const char *text, int columns, const char *expected)
{
    struct buffer out = {0};

    assert_int_equal(text_cut(text, columns, &out), 0);
    assert_string_equal(buffer_text(&out), expected);
    assert_true(text_columns(buffer_text(&out)) <= columns);
    buffer_free(&out);
}

static void columns_are_counted(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("recv()"), 6);
    assert_int_equal(text_columns("é"), 1);
    assert_int_equal(text_columns("e\xcc\x81"), 1); /* a combining accent */
    assert_int_equal(text_columns("网络"), 4);
    assert_int_equal(text_columns(CODE "fd" PLAIN), 2);
    assert_int_equal(text_columns("\xff\xfe"), 2); /* shown as two replacement characters */
}

static void words_are_wrapped(void **state)
{
    (void)state;
    check_wrap("", 10, "");
    check_wrap("one two three", 20, "one two three");
    check_wrap("one two three", 7, "one two\nthree");
    check_wrap("one two three", 8, "one two\nthree");
    check_wrap("  one\n two\t\tthree ", 9, "one two\nthree");
    check_wrap("one\vtwo", 20, "one\ntwo");
    check_wrap("abcdefghij", 4, "abcd\nefgh\nij");
    check_wrap("x abcdefghij y", 4, "x\nabcd\nefgh\nij y");
}

static void chinese_breaks_between_ideographs(void **state)
{
    (void)state;
    check_wrap("网络编程", 4, "网络\n编程");
    check_wrap("网络编程", 5, "网络\n编程");
    check_wrap("网络编程。", 8, "网络编\n程。"); /* a full stop never begins a line */
    check_wrap("调用 recv 读取", 9, "调用 recv\n读取");
}

static void styles_continue_on_the_next_line(void **state)
{
    (void)state;
    check_wrap("a " CODE "bc de" PLAIN " f", 4, "a " CODE "bc\n" CODE "de" PLAIN " f");
}

static void code_keeps_its_indentation(void **state)
{
    (void)state;
    check_wrap(CODE "    c.read()" PLAIN, 20, CODE "    c.read()" PLAIN);
    check_wrap(CODE "  a  bc" PLAIN, 6, CODE "  a bc" PLAIN); /* within it blanks are one */
    check_wrap(CODE "        a" PLAIN, 6, CODE "   a" PLAIN);
    check_wrap(CODE "  a bcd" PLAIN, 5, CODE "  a\n" CODE "bcd" PLAIN);
    check_wrap("  x", 20, "x"); /* prose does not */
}

static void broken_text_is_harmless(void **state)
{
    (void)state;
    check_wrap("a\033[2Jb", 20, "a [2Jb");
    check_wrap("a\xff"
               "b\xc2",
               20,
               "a\xef\xbf\xbd"
               "b\xef\xbf\xbd");
    check_wrap("\xc2\x9b"
               "1m",
               20,
               "\xef\xbf\xbd"
               "1m"); /* a C1 control starts no sequence */
}

static void long_text_is_cut(void **state)
{
    (void)state;
    check_cut("socket", 6, "socket");
    check_cut("sockets", 6, "socke…");
    check_cut("网络编程", 7, "网络编…");
    check_cut("网络编程", 6, "网络…");
    check_cut("abc", 1, "…");
    check_cut("abc", 0, "");
}

static char *printed(void (*print)(const struct screen *), int columns, bool colour)
{
    char *text = NULL;
    size_t length = 0;
    struct screen screen = {.columns = columns, .colour = colour};

    screen.out = open_memstream(&text, &length);
    assert_non_null(screen.out);
    print(&screen);
    assert_int_equal(fclose(screen.out), 0);
    return text;
}

static void print_title(const struct screen *screen)
{
    screen_title(screen, "1.03  TCP client", "4 of 19");
}

static void print_item(const struct screen *screen)
{
    screen_item(screen, STYLE_PLAIN, 4, "- ", "one two three four " CODE "five" PLAIN);
}

static void check_printed(void (*print)(const struct screen *), int columns, bool colour,
                          const char *expected)
{
    char *text = printed(print, columns, colour);

    assert_string_equal(text, expected);
    free(text);
}

static void titles_give_way_from_the_right(void **state)
{
    (void)state;
    check_printed(print_title, 40, false, "1.03  TCP client                 4 of 19\n");
    check_printed(print_title, 25, false, "1.03  TCP client  4 of 19\n");
    check_printed(print_title, 24, false, "1.03  TCP client\n");
    check_printed(print_title, 12, false, "1.03  TCP c…\n");
}

static void items_hang(void **state)
{
    (void)state;
    check_printed(print_item, 20, false, "  - one two three\n    four five\n");
    check_printed(print_item, 20, true, "  - one two three\n    four \033[36mfive\033[0m\n");
}

static void the_environment_decides(void **state)
{
    struct screen screen;

    (void)state;
    assert_int_equal(setenv("COLUMNS", "61", 1), 0);
    screen_init(&screen, stdout);
    assert_int_equal(screen.columns, 61);
    assert_int_equal(setenv("COLUMNS", "3", 1), 0);
    screen_init(&screen, stdout);
    assert_int_equal(screen.columns, 20);
    assert_int_equal(setenv("COLUMNS", "many", 1), 0);
    screen_init(&screen, stdout);
    assert_true(screen.columns >= 20);
    assert_int_equal(setenv("TERM", "dumb", 1), 0);
    screen_init(&screen, stdout);
    assert_false(screen.terminal);
    assert_false(screen.colour);
}

static void check_fold(const char *text, int columns, const char *expected)
{
    struct buffer out = {0};

    assert_int_equal(text_fold(text, columns, &out), 0);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void code_goes_on_indented(void **state)
{
    (void)state;
    check_fold("", 20, "");
    check_fold("  a  b ", 20, "  a  b ");
    check_fold("  die(why, errno_name(error));", 25, "  die(why,\n      errno_name(error));");
    check_fold("  die(why, errno_name(error));", 30, "  die(why, errno_name(error));");
    check_fold("int " CODE "one two" PLAIN " three", 8,
               "int " CODE "one\n" CODE "    two" PLAIN "\n    thre\n    e");
    check_fold("abcdefghijklm", 8, "abcdefgh\n    ijkl\n    m");
    check_fold("                    deep", 8, "    deep");
    check_fold("a 网络编程", 7, "a 网络\n   编程");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_counted),
        cmocka_unit_test(words_are_wrapped),
        cmocka_unit_test(chinese_breaks_between_ideographs),
        cmocka_unit_test(styles_continue_on_the_next_line),
        cmocka_unit_test(code_keeps_its_indentation),
        cmocka_unit_test(broken_text_is_harmless),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(titles_give_way_from_the_right),
        cmocka_unit_test(items_hang),
        cmocka_unit_test(code_goes_on_indented),
        cmocka_unit_test(the_environment_decides),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
