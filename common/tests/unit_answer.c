/* An answer before it is judged: its headers, its bytes, and what the compiler said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "workbook/answer.h"
#include "workbook/files.h"

static const char allowed[] = "errno.h netdb.h sys/socket.h";

static int check(const char *source, struct error *error)
{
    struct buffer text = {0};

    assert_int_equal(buffer_add(&text, source, strlen(source)), 0);
    int result = answer_check_headers("answers/x/fetch.c", &text, allowed, error);
    buffer_free(&text);
    return result;
}

static void allow(const char *source)
{
    struct error error = {0};
    if (check(source, &error) == -1)
        fail_msg("%s: %s", source, error.text);
}

static void refuse(const char *source, const char *why)
{
    struct error error = {0};
    if (check(source, &error) == 0)
        fail_msg("allowed: %s", source);
    if (strstr(error.text, why) == NULL)
        fail_msg("\"%s\" does not tell of \"%s\"", error.text, why);
}

static void listed_headers_are_allowed(void **state)
{
    (void)state;
    allow("");
    allow("#include <errno.h>\n#include <sys/socket.h>\nint main(void) { return 0; }\n");
    allow("  #  include\t<netdb.h> /* why not */\n");
    allow("#include \"errno.h\"\n");
    allow("#inc\\\nlude <err\\\nno.h>\n");
    allow("#include /* here */ <errno.h>\n");
    allow("%:include <errno.h>\n");
}

static void what_only_looks_like_one_is_allowed(void **state)
{
    (void)state;
    allow("/* #include <poll.h> */\n");
    allow("/*\n#include <poll.h>\n*/\n");
    allow("// #include <poll.h>\n");
    allow("// going on \\\n#include <poll.h>\n");
    allow("char *s = \"\\\n#include <poll.h>\\n\";\n");
    allow("char c = '\"'; // \"\n");
    allow("#includes <poll.h>\n#define include <poll.h>\n");
    allow("int x; #include <poll.h>\n"); /* gcc says what is wrong with that */
}

static void other_headers_are_named_with_their_line(void **state)
{
    (void)state;
    refuse("#include <errno.h>\n#include <poll.h>\n", "fetch.c:2 includes <poll.h>");
    refuse("#include <errno.h.h>\n", "fetch.c:1");
    refuse("#include <errno>\n", "fetch.c:1");
    refuse("/*\n\n*/ #include <poll.h>\n", "fetch.c:3");
    refuse("int a; /* \n */\n#include \\\n  <poll.h>\n", "fetch.c:3");
    refuse("char c = '\"';\n#include <poll.h>\n", "fetch.c:2");
    refuse("char c = '\\'';\n#include <poll.h>\n", "fetch.c:2");
    refuse("\"unterminated\n#include <poll.h>\n", "fetch.c:2");
    refuse("#include \"../solutions/fetch.c\"\n", "\"../solutions/fetch.c\"");
    refuse("#define H <poll.h>\n#include H\n", "fetch.c:2 includes H");
    refuse("#include_next <poll.h>\n", "poll.h");
    refuse("#import <poll.h>\n", "poll.h");
    refuse("%: include <poll.h>\n", "poll.h");
    refuse("#include <poll.h>", "errno.h netdb.h sys/socket.h"); /* tells what is allowed */
    refuse("#include <\x1b[2Jpoll.h>\n", "<\\x1b[2Jpoll.h>");
    refuse("#include\n", "fetch.c:1");
    refuse("#include <poll.h\n", "fetch.c:1");
}

static void lines_that_are_not_utf8_are_found(void **state)
{
    static const struct {
        const char *text;
        int line;
    } tries[] = {
        {"", 0},
        {"a\nb\n", 0},
        {"é 网\n", 0},
        {"a\n\xe9\n", 2},
        {"\xc3", 1},
        {"\n\n\xed\xa0\x80", 3},
        {"\xc0\xaf", 1},
        {"\xf4\x90\x80\x80", 1},
        {"\xf0\x9f\x98\x80\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct buffer text = {0};
        assert_int_equal(buffer_add(&text, tries[i].text, strlen(tries[i].text)), 0);
        assert_int_equal(answer_line_not_utf8(&text), tries[i].line);
        buffer_free(&text);
    }
}

static void text_is_made_harmless(void **state)
{
    static const char wild[] = "a\tb\n\x1b[2J\x07\x7f\xc2\x9b\xff\xe2\x80\xaez\0é";
    struct buffer out = {0};

    (void)state;
    assert_int_equal(text_harmless(&out, wild, sizeof wild - 1), 0);
    assert_string_equal(buffer_text(&out), "a\tb\n\\x1b[2J\\x07\\x7f\\x9b\\xff\\u202ez\\x00é");
    buffer_free(&out);
}

static void said(const char *words, int lines, const char *expected)
{
    struct buffer out = {0};

    assert_int_equal(compiler_messages("answers/01/02/fetch.c", words, strlen(words), lines, &out),
                     0);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void errors_come_before_warnings_without_folders(void **state)
{
    (void)state;
    said("", 40, "");
    said("answers/01/02/fetch.c: In function ‘main’:\n"
         "answers/01/02/fetch.c:4:9: warning: unused variable ‘x’ [-Wunused-variable]\n"
         "    4 |     int x;\n"
         "      |         ^\n"
         "answers/01/02/fetch.c:5:5: error: expected ‘;’ before ‘}’ token\n"
         "    5 | }\n"
         "answers/01/02/fetch.c:2:5: note: declared here\n",
         40,
         "fetch.c:5:5: error: expected ‘;’ before ‘}’ token\n"
         "    5 | }\n"
         "fetch.c:2:5: note: declared here\n"
         "fetch.c:4:9: warning: unused variable ‘x’ [-Wunused-variable]\n"
         "    4 |     int x;\n"
         "      |         ^\n");
}

static void the_linker_is_understood(void **state)
{
    (void)state;
    said("/usr/bin/ld.bfd: /tmp/ccAbc.o: in function `main':\n"
         "/home/me/workbook/answers/01/02/fetch.c:7: undefined reference to `foo'\n"
         "collect2: error: ld returned 1 exit status\n",
         40, "fetch.c:7: undefined reference to `foo'\n");
    said("/home/me/workbook/answers/01/02/fetch.c:7: error: undefined reference to 'foo'\n"
         "collect2: error: ld returned 1 exit status\n",
         40, "fetch.c:7: error: undefined reference to 'foo'\n");
}

static void what_is_too_much_is_counted(void **state)
{
    (void)state;
    said("answers/01/02/fetch.c:1:1: error: one\n"
         "answers/01/02/fetch.c:2:1: error: two\n"
         "answers/01/02/fetch.c:3:1: warning: three\n"
         "answers/01/02/fetch.c:4:1: error: four\n",
         2,
         "fetch.c:1:1: error: one\n"
         "fetch.c:2:1: error: two\n"
         "… and 2 more messages\n");
}

static void its_words_are_harmless(void **state)
{
    (void)state;
    said("answers/01/02/fetch.c:1:1: error: stray \x1b]0;title\x07\n", 40,
         "fetch.c:1:1: error: stray \\x1b]0;title\\x07\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_headers_are_allowed),
        cmocka_unit_test(what_only_looks_like_one_is_allowed),
        cmocka_unit_test(other_headers_are_named_with_their_line),
        cmocka_unit_test(lines_that_are_not_utf8_are_found),
        cmocka_unit_test(text_is_made_harmless),
        cmocka_unit_test(errors_come_before_warnings_without_folders),
        cmocka_unit_test(the_linker_is_understood),
        cmocka_unit_test(what_is_too_much_is_counted),
        cmocka_unit_test(its_words_are_harmless),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
