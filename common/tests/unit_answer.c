/* An answer before it is judged: its headers, its bytes, and what the compiler said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "workbook/answer.h"
#include "workbook/files.h"

/* The folder gives headers that are not for answers, too; one of them is listed. */
static const struct answer_headers headers = {"errno.h netdb.h sys/socket.h clock.h", "common/core",
                                              NULL};

static int check(const char *source, struct error *error)
{
    struct buffer text = {0};

    assert_int_equal(buffer_add(&text, source, strlen(source)), 0);
    int result = answer_check_headers("answers/x/fetch.c", &text, &headers, error);
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
    allow("#include \"clock.h\"\n");
    allow("#inc\\\nlude <err\\\nno.h>\n");
    allow("#include /* here */ <errno.h>\n");
    allow("%:include <errno.h>\n");
    allow("#include <errno.h>\r\n#include <netdb.h>\r\n");
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
    refuse("#include \"errno.h\"\n", "fetch.c:1 includes \"errno.h\". In quotes");
    refuse(
        "#include \"number.h\"\n",
        "only what common/core/README.md lists below Headers: errno.h"); /* given, but not listed */
    refuse("#inc\\ \t\nlude <poll.h>\n", "poll.h");
    refuse("#inc\\\r\nlude <poll.h>\n", "poll.h");
    refuse("#inc\\ \rlude <poll.h>\n", "poll.h");
    refuse("#include <errno.h>\r#include <poll.h>\r", "fetch.c:2 includes <poll.h>");
    refuse("// a comment\r#include <poll.h>\n", "poll.h");
    refuse("char *s = \"a\\ \n\";\n#include <poll.h>\n//\"\n", "poll.h");
    refuse("#include <poll.h\n", "fetch.c:1");
}

static int plain(const char *source, struct error *error)
{
    struct buffer text = {0};

    assert_int_equal(buffer_add(&text, source, strlen(source)), 0);
    int result = answer_check_plain("answers/x/fetch.c", &text, error);
    buffer_free(&text);
    return result;
}

static void plain_c_is_allowed(void **state)
{
    static const char *const sources[] = {
        "",
        "/* asm no_sanitize __has_include #pragma GCC optimize(0) R\"x(\" */\n",
        "char *s = \"asm(\\\"no_sanitize\\\")\", c = '\"', *t = \"\\\\\"; // asm\n",
        "int asm_line, a__asm, my_no_sanitize, R, has_include, asan_, sanitizer_;\n",
        "#pragma once\n#pragma GCC diagnostic push\n#  pragma STDC FP_CONTRACT ON\n",
        "#define STRING(x) #x\n#define JOIN(a, b) a##b\n#define ONE 1\n",
        "char *s = OR\"(\", *t = STRINGER\"x\", u = L'x', *v = u8\"x\";\n",
        "/*\n * # 1 of 2\n */\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct error error = {0};
        if (plain(sources[i], &error) == -1)
            fail_msg("%s: %s", sources[i], error.text);
    }
}

static void what_is_more_than_c_is_refused(void **state)
{
    static const struct {
        const char *source, *why;
    } tries[] = {
        {"int a;\nvoid f(void) { asm(\"nop\"); }\n", "fetch.c:2 holds asm."},
        {"__asm__(\".incbin \\\"/etc/passwd\\\"\");\n", "without assembler"},
        {"__a\\ \nsm(\"\");\n", "without assembler"},
        {"__attribute__((no_sanitize(\"address\"))) int f(void);\n", "mend them"},
        {"__attribute__((__no_sanitize_address__)) int f(void);\n", "mend them"},
        {"#undef no_sanitize\n", "mend them"},
        {"#pragma GCC optimize(\"O3\")\n", "holds pragma GCC optimize"},
        {"%: pragma /* */ clang attribute push\n", "diagnostic"},
        {"#pragma GCC diagnostics\n", "diagnostic"},
        {"_Pragma(\"GCC optimize(0)\")\n", "diagnostic"},
        {"const char *__asan_default_options(void);\n", "what watches it"},
        {"void __lsan_disable(void);\n", "what watches it"},
        {"char *s = R\"x(\n/* )x\";\n", "raw strings"},
        {"char *s = u8R\"(\n", "raw strings"},
        {"#if __has_include(</*>)\n#endif\n", "listed in the exercise"},
        {"\n# 1 \"/usr/include/errno.h\" 1 3\n", "fetch.c:2 holds # 1"},
        {"\t%: /* */ 33 \"errno.h\" 1\n", "another file"},
        {"/*\n*/ # 1 \"errno.h\" 1\n", "another file"},
        {"#\\\r\n 1 \"errno.h\" 1\n", "another file"},
        {"/*\n# 1 \"errno.h\" 1\n*/\n", "another file"}, /* perhaps not in a comment */
    };

    (void)state;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct error error = {0};
        if (plain(tries[i].source, &error) == 0)
            fail_msg("allowed: %s", tries[i].source);
        if (strstr(error.text, tries[i].why) == NULL)
            fail_msg("\"%s\" does not tell of \"%s\"", error.text, tries[i].why);
    }
}

/* What is left of said, or the reason why its headers are refused. */
static void takes(const char *words, const char *expected)
{
    struct buffer said_now = {0};
    struct error error = {0};

    assert_int_equal(buffer_add(&said_now, words, strlen(words)), 0);
    if (answer_check_included("answers/x/fetch.c", &said_now, &headers, &error) == 0)
        assert_string_equal(buffer_text(&said_now), expected);
    else if (strstr(error.text, expected) == NULL || *expected == '\0')
        fail_msg("%s: \"%s\" does not tell of \"%s\"", words, error.text, expected);
    buffer_free(&said_now);
}

static void the_compiler_tells_what_it_included(void **state)
{
    (void)state;
    takes("", "");
    takes(". /usr/include/errno.h\n.. /usr/include/poll.h\n"
          ". /usr/include/x86_64-linux-gnu/sys/socket.h\n"
          "answers/x/fetch.c:1:1: error: . /usr/include/poll.h\n"
          "Multiple include guards may be useful for:\n/usr/include/poll.h\n"
          "/usr/bin/ld.gold: error: undefined\n",
          "answers/x/fetch.c:1:1: error: . /usr/include/poll.h\n"
          "/usr/bin/ld.gold: error: undefined\n");
    takes(". common/core/clock.h\n", "");
    takes(". ./common/core/clock.h\n", "");
    takes(". /usr/lib/gcc/x86_64-linux-gnu/12/include/errno.h\n", "");
    takes(". /usr/lib/llvm-14/lib/clang/14.0.6/share/asan_ignorelist.txt\n", "");
    takes(". /opt/cross/arm-linux-gnueabihf/include/netdb.h\n", "");
    takes(". /usr/include/poll.h\n", "fetch.c includes /usr/include/poll.h. This exercise allows");
    takes("a word\n. /usr/include/poll.h", "includes /usr/include/poll.h.");
    takes(". /usr/include/x86_64-linux-gnu/sys/errno.h\n", "sys/errno.h");
    takes(". common/core/number.h\n", "number.h");
    takes(". answers/x/errno.h\n", "neither of the system nor of the exercise");
    takes(". answers/x/clock.h\n", "neither of the system nor of the exercise");
    takes("! answers/x/errno.h.gch\n", "errno.h.gch");
    takes(". /home/me/include/errno.h\n", "neither of the system");
    takes(". /usr/include/../../home/include/errno.h\n", "errno.h");
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

static void what_is_too_long_is_cut(void **state)
{
    char words[1200], expected[600];

    (void)state;
    (void)snprintf(words, sizeof words, "fetch.c:1:1: error: %0*dé and more\n", 379, 1);
    (void)snprintf(expected, sizeof expected, "fetch.c:1:1: error: %0*d…\n", 379, 1);
    said(words, 40, expected);
    said("fetch.c:1:1: error: one\n    1 | ONE\n      | ^\nfetch.c:2:1: note: of macro\n", 2,
         "fetch.c:1:1: error: one\n    1 | ONE\n…\n");
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
        cmocka_unit_test(plain_c_is_allowed),
        cmocka_unit_test(what_is_more_than_c_is_refused),
        cmocka_unit_test(the_compiler_tells_what_it_included),
        cmocka_unit_test(lines_that_are_not_utf8_are_found),
        cmocka_unit_test(text_is_made_harmless),
        cmocka_unit_test(errors_come_before_warnings_without_folders),
        cmocka_unit_test(the_linker_is_understood),
        cmocka_unit_test(what_is_too_much_is_counted),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(its_words_are_harmless),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
