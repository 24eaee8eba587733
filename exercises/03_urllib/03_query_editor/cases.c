/* Exercise 3.3, query editor: what is tried, and how. */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

enum { FIELDS = 10000, ROOM = 1 << 19, PROCESSOR_MS = 500, ARGUMENTS_MOST = 12 };

/* The commands, up to a NULL. */
#define COMMANDS(...) ((const char *const[ARGUMENTS_MOST + 1]){__VA_ARGS__})

static unsigned any(struct session *s)
{
    return 1000 + session_random(s, 9000);
}

static struct student *start(struct session *s, const char *const *a)
{
    return student_start(s, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10],
                         a[11], NULL);
}

static struct student *start_with(struct session *s, const char *const *commands, const char *lines,
                                  size_t length)
{
    struct student *p = start(s, commands);

    student_input(p, lines, length);
    student_end_input(p);
    return p;
}

static void edits_bytes(struct session *s, const char *const *commands, const char *lines,
                        size_t length, const char *due, size_t due_length)
{
    struct student *p = start_with(s, commands, lines, length);

    expect_output(p, due, due_length);
    expect_exit(p, 0);
}

/* Puts the number n, which no program can know beforehand, in place of each "$". */
static const char *with_number(struct session *s, const char *text, unsigned n)
{
    const char *all = "", *at;

    for (; (at = strchr(text, '$')) != NULL; text = at + 1)
        all = session_print(s, "%s%.*s%u", all, (int)(at - text), text, n);
    return session_print(s, "%s%s", all, text);
}

static void edits(struct session *s, const char *const *commands, const char *lines,
                  const char *due)
{
    unsigned n = any(s);
    const char *in = with_number(s, lines, n), *out = with_number(s, due, n);

    edits_bytes(s, commands, in, strlen(in), out, strlen(out));
}

static void add(struct session *s)
{
    edits(s, COMMANDS("add", "c", "3"),
          "http://a.test/p?a=$&b=2\nhttp://a.test/$\n?$\n$?\nhttp://a.test\n",
          "http://a.test/p?a=$&b=2&c=3\nhttp://a.test/$?c=3\n?$&c=3\n$?c=3\nhttp://a.test?c=3\n");
    edits(s, COMMANDS("add", "a", "3", "add", "", "", "add", "a", "3"), "/p?a=$\n",
          "/p?a=$&a=3&=&a=3\n");
}

static void set(struct session *s)
{
    edits(s, COMMANDS("set", "b", "7"), "/$?a=1&b=2&c=3\n?b=$\n/?xb=1&b=$&bx=2\n",
          "/$?a=1&b=7&c=3\n?b=7\n/?xb=1&b=7&bx=2\n");
    edits(s, COMMANDS("set", "b", ""), "/?a=$&b=2=3&c=3\n", "/?a=$&b=&c=3\n");
}

static void set_new(struct session *s)
{
    edits(s, COMMANDS("set", "b", "7"), "/?a=$\n/$\n/$?\n/?B=$&bb=b\n",
          "/?a=$&b=7\n/$?b=7\n/$?b=7\n/?B=$&bb=b&b=7\n");
}

static void drop(struct session *s)
{
    edits(s, COMMANDS("drop", "b"), "/?a=1&b=2&c=$\n/?b=1&a=$\n/?a=$&b=1\n/?a=$&bb=1&B=b\n",
          "/?a=1&c=$\n/?a=$\n/?a=$\n/?a=$&bb=1&B=b\n");
}

static void repeats(struct session *s)
{
    const char *line = "/?a=1&b=$&a=2&c=3&a=4&a\n";

    edits(s, COMMANDS("set", "a", "7"), line, "/?a=7&b=$&c=3\n");
    edits(s, COMMANDS("drop", "a"), line, "/?b=$&c=3\n");
    edits(s, COMMANDS("add", "a", "7"), line, "/?a=1&b=$&a=2&c=3&a=4&a&a=7\n");
}

static void sort(struct session *s)
{
    edits(s, COMMANDS("sort"), "/?b=2&a=$&c=3&B=1&ab=1&_=0&a=1&a-b=5&a\n",
          "/?B=1&_=0&a=$&a=1&a&a-b=5&ab=1&b=2&c=3\n");
    edits(s, COMMANDS("sort"), "/?c=$&b%20x=1&b=2&%61=3&b+a=4\n/$\n",
          "/?%61=3&b=2&b+a=4&b%20x=1&c=$\n/$\n");
}

/* 40 fields of two names: a sort that is not stable is found out. */
static void order_kept(struct session *s)
{
    const char *line = "/?", *as = "/?", *bs = "";

    for (int i = 0; i < 40; i++) {
        const char *field = session_print(s, "=%u&", any(s));
        bool first = session_random(s, 2) == 0 || i == 0;
        line = session_print(s, "%s%s%s", line, first ? "a" : "b", field);
        as = first ? session_print(s, "%sa%s", as, field) : as;
        bs = first ? bs : session_print(s, "%sb%s", bs, field);
    }
    edits(s, COMMANDS("sort", "drop", "z"), session_print(s, "%sc=$\n", line),
          session_print(s, "%s%sc=$\n", as, bs));
}

static void in_their_order(struct session *s)
{
    edits(s, COMMANDS("drop", "a", "add", "a", "7", "sort"), "/?b=$&a=1&0=5\n", "/?0=5&a=7&b=$\n");
    edits(s, COMMANDS("add", "a", "7", "drop", "a"), "/?b=$&a=1\n/$\n", "/?b=$\n/$\n");
    edits(s, COMMANDS("sort", "add", "a", "7", "set", "b", "8"), "/?c=$&b=1\n", "/?b=8&c=$&a=7\n");
    edits(s, COMMANDS("add", "a", "1", "set", "a", "2", "set", "a", "3"), "/?b=$&a=0\n",
          "/?b=$&a=3\n");
}

static void spelling(struct session *s)
{
    const char *fields = "a=%7e%2F+%20&%62=$&c=a=b=c&caf\xc3\xa9=\xff&d=%zz%&e=/?:@!'()*,;\\ &f="
                         "\t\x01&%2B=%2b";

    edits(s, COMMANDS("drop", "z", "add", "x", "1"), session_print(s, "/?%s\n", fields),
          session_print(s, "/?%s&x=1\n", fields));
    edits(s, COMMANDS("set", "b", "1"), session_print(s, "/?%s\n", "a=%7e&%62=$&c=%zz"),
          "/?a=%7e&%62=1&c=%zz\n");
}

static void blanks(struct session *s)
{
    edits(s, COMMANDS("add", "x", "1"), "/?a=&b=$\n/?a&b=$\n/?a=$&&b\n/?&a=$&\n/?&\n/$?=\n",
          "/?a=&b=$&x=1\n/?a&b=$&x=1\n/?a=$&&b&x=1\n/?&a=$&&x=1\n/?&&x=1\n/$?=&x=1\n");
    edits(s, COMMANDS("drop", "a"), "/?a=&b=$\n/?b=$&&a&&c\n/?&a=$&&b=\n",
          "/?b=$\n/?b=$&&&c\n/?&&b=\n");
    edits(s, COMMANDS("drop", ""), "/?a=$&&=&=x&b\n", "/?a=$&&b\n");
    edits(s, COMMANDS("set", "", "y"), "/?a=$&&=1&=&b\n/?$&\n", "/?a=$&&=y&b\n/?$&&=y\n");
    edits(s, COMMANDS("sort"), "/?b=$&&a&=1&\n", "/?&=1&&a&b=$\n");
}

static void missing_equals(struct session *s)
{
    edits(s, COMMANDS("set", "a", "7"), "/?b=$&a&c\n/?a\n/?$=a\n",
          "/?b=$&a=7&c\n/?a=7\n/?$=a&a=7\n");
    edits(s, COMMANDS("drop", "a"), "/?b=$&a&c&a=1\n/?a+&%61&b$\n", "/?b=$&c\n/?a+&b$\n");
    edits(s, COMMANDS("set", "a", ""), "/?b=$&a&c\n", "/?b=$&a=&c\n");
}

static void last_one(struct session *s)
{
    edits(s, COMMANDS("drop", "a"), "/$?a=1\n/$?a&a=2#f\nhttp://a.test/$?a#\n?a\n",
          "/$\n/$#f\nhttp://a.test/$#\n\n");
}

static void nothing_to_do(struct session *s)
{
    const char *lines = "/$?\n/$\n/?#$\n/#?a=$\n?\n#$\nmailto:a@$\n$#a?a=1\n";

    edits(s, COMMANDS("drop", "a", "sort"), lines, lines);
    edits(s, COMMANDS("add", "a", "1", "drop", "a"), lines, lines);
}

static void semicolon(struct session *s)
{
    edits(s, COMMANDS("drop", "b"), "/?a=1;b=$&c=3;b\n", "/?a=1;b=$&c=3;b\n");
    edits(s, COMMANDS("set", "a;b", "7"), "/?b=$&a;b=1\n", "/?b=$&a;b=7\n");
    edits(s, COMMANDS("add", "a;b", "1;2&3"), "/?b=$\n", "/?b=$&a%3Bb=1%3B2%263\n");
}

static void other_separator(struct session *s)
{
    edits(s, COMMANDS("-s", ";", "drop", "b", "add", "x;", "&"), "/?a=1;b=$;c=3&b=4;;d\n/?$&b\n",
          "/?a=1;c=3&b=4;;d;x%3B=%26\n/?$&b;x%3B=%26\n");
    edits(s, COMMANDS("-s", ";", "sort"), "/?b=$;a=1&c=2;&=1\n", "/?&=1;a=1&c=2;b=$\n");
    edits(s, COMMANDS("-s", "&", "drop", "b"), "/?a=1;b=$&b=3\n", "/?a=1;b=$\n");
}

static void coded_names(struct session *s)
{
    edits(s, COMMANDS("drop", "na me"), "/?a=$&na+me=1&na%20me=2&%6E%61%20m%65&na me=3&na%2Bme=4\n",
          "/?a=$&na%2Bme=4\n");
    edits(s, COMMANDS("set", "a+b", "1"), "/?a+b=$&a%2bb=2\n", "/?a+b=$&a%2bb=1\n");
    edits(s, COMMANDS("drop", "a%20b"), "/?a%20b=$&a%2520b=2&a+b=3\n", "/?a%20b=$&a+b=3\n");
}

static void bad_codes(struct session *s)
{
    edits(s, COMMANDS("drop", "%zz"), "/?a=$&%zz=1&%25zz=2&zz=3\n", "/?a=$&zz=3\n");
    edits(s, COMMANDS("drop", "100%"), "/?a=$&100%=1&100%25=2&100%2=3\n", "/?a=$&100%2=3\n");
    edits(s, COMMANDS("drop", "a%4"), "/?a%4=$&a%4&a%41=2&a%+4=1\n", "/?a%41=2&a%+4=1\n");
    edits(s, COMMANDS("drop", "A"), "/?%4=$&%4g1=2&% 41=2&%+1=3&%0x41=1&%41\n",
          "/?%4=$&%4g1=2&% 41=2&%+1=3&%0x41=1\n");
    edits(s, COMMANDS("drop", "\t"), "/?% 9=$&%+9=1&%9=2&%9g=3&%09=4&\t=5&%0x9=6\n",
          "/?% 9=$&%+9=1&%9=2&%9g=3&%0x9=6\n");
}

static void spaces_and_utf8(struct session *s)
{
    edits(s,
          COMMANDS("set",
                   "gr\xc3\xb6\xc3\x9f"
                   "e x",
                   "5 \xe2\x82\xac"),
          "/?a=$\n/?a=$&gr%c3%b6%C3%9Fe+x=1&b\n/?gr\xc3\xb6\xc3\x9f"
          "e%20x=$\n",
          "/?a=$&gr%C3%B6%C3%9Fe+x=5+%E2%82%AC\n/?a=$&gr%c3%b6%C3%9Fe+x=5+%E2%82%AC&b\n"
          "/?gr\xc3\xb6\xc3\x9f"
          "e%20x=5+%E2%82%AC\n");
    edits(s, COMMANDS("sort"), "/?%c3%a9=1&z=$&\xc3\xa8=2&%7a%7a=3\n",
          "/?z=$&%7a%7a=3&\xc3\xa8=2&%c3%a9=1\n");
}

static void coded_values(struct session *s)
{
    edits(s, COMMANDS("add", "&=#", "a=b&c#d?e/f:g", "add", "_.-~*", "aZ09+%41\t"), "/?a=$#f\n",
          "/?a=$&%26%3D%23=a%3Db%26c%23d%3Fe%2Ff%3Ag&_.-~%2A=aZ09%2B%2541%09#f\n");
}

/* Bytes that are no UTF-8, and a NUL: each means itself. */
static void names_are_bytes(struct session *s)
{
    edits(s, COMMANDS("drop", "a"), "/?a%00b=$&a%00&a=1&%00a\n", "/?a%00b=$&a%00&%00a\n");
    edits(s, COMMANDS("drop", "\xff"), "/?%fe=$&%ff=1&%c3=2&\xff=3&%FF\n", "/?%fe=$&%c3=2\n");
    edits(s, COMMANDS("sort"), "/?b%00=$&b%ff=1&b=2&b%01=3\n", "/?b=2&b%00=$&b%01=3&b%ff=1\n");
}

static void around(struct session *s)
{
    edits(s, COMMANDS("drop", "a", "add", "x", "1"),
          "http://a=1&b:p@h$.test:8/a=1&a=2;a?b&a=1\n/?b=?a=1&a?=2&c=$??\n/p#f$?a=1&b\n"
          "/?a=$#?a=1#&a=2\n//h/%61?%61#%61\n",
          "http://a=1&b:p@h$.test:8/a=1&a=2;a?b&x=1\n/?b=?a=1&a?=2&c=$??&x=1\n"
          "/p?x=1#f$?a=1&b\n/?x=1#?a=1#&a=2\n//h/%61?x=1#%61\n");
}

static void line_ends(struct session *s)
{
    edits(s, COMMANDS("add", "x", "1"), "/?a=$\r\n\n\r\n/$\n#f\r\n/?b=\r&c=$\r\r\n/?last=$",
          "/?a=$&x=1\r\n\n\r\n/$?x=1\n?x=1#f\r\n/?b=\r&c=$\r&x=1\r\n/?last=$&x=1");
    edits(s, COMMANDS("drop", "a"), "/?$\n/?a=1\r", "/?$\n/");
    edits(s, COMMANDS("drop", "a"), "", "");
}

/* NULs and anything else, in a line of its own. */
static void bytes(struct session *s)
{
    char line[2000], due[2000 + 8];
    size_t length = sizeof line - 1;

    session_bytes(s, line, sizeof line);
    for (size_t i = 0; i < length; i++)
        if (line[i] == '\n' || line[i] == '#' || line[i] == '?')
            line[i] = '\0';
    line[100] = '?';
    line[200] = ';';
    line[length - 1] = '.';
    line[length] = '\n';
    memcpy(due, line, length);
    (void)snprintf(due + length, 8, "&x=1\n"); /* it has room */
    edits_bytes(s, COMMANDS("drop", "not in there", "add", "x", "1"), line, sizeof line, due,
                length + 5);
}

static void arguments(struct session *s)
{
    edits(s, COMMANDS("add", "n", "-5", "set", "-s", ";"), "/?a=$\n", "/?a=$&n=-5&-s=%3B\n");
    edits(s, COMMANDS("drop", "sort", "set", "add", "set", "add", "drop", "sort"),
          "/?sort=1&add=$&a\n", "/?add=set&a&drop=sort\n");
    edits(s, COMMANDS("drop", "--", "drop", "-s"), "/?--=1&a=$&-s\n", "/?a=$\n");
}

/* Ended while it waits for the second line: what it printed by then, it printed in time. */
static void at_once(struct session *s)
{
    unsigned n = any(s);
    const char *line = session_print(s, "/?a=1&b=%u\n", n),
               *due = session_print(s, "/?a=7&b=%u\n", n);
    struct student *p = start(s, COMMANDS("set", "a", "7"));

    student_input(p, line, strlen(line));
    student_settle(p);
    student_end(p);
    expect_output(p, due, strlen(due));
    edits(s, COMMANDS("set", "a", "7"), "/?a=$\n/?a=$\n", "/?a=7\n/?a=7\n");
}

/* Byte by byte, each when the one before it was read. */
static void in_pieces(struct session *s)
{
    unsigned n = any(s);
    const char *lines = session_print(s, "/?a=1&%%62=%u&c\r\n/?b=%u#f", n, n);
    const char *due = session_print(s, "/?a=1&c\r\n/#f");
    struct student *p = start(s, COMMANDS("drop", "b"));

    for (const char *at = lines; *at != '\0'; at++) {
        student_input(p, at, 1);
        student_wait_read(p);
    }
    student_end_input(p);
    expect_output(p, due, strlen(due));
    expect_exit(p, 0);
}

/* ---- many fields ---- */

/* "/?" and so many fields, separated by that. */
static const char *many(struct session *s, const char *field, int count, char separator)
{
    size_t length = strlen(field);
    char *line = session_alloc(s, ROOM), *at = line;

    *at++ = '/';
    *at++ = '?';
    for (int i = 0; i < count; i++) {
        memcpy(at, field, length);
        at += length;
        *at++ = separator;
    }
    at[-1] = '\0'; /* the last separator goes */
    return line;
}

static void limit(struct session *s)
{
    unsigned n = any(s);
    const char *field = session_print(s, "b=%u", n), *most = many(s, field, FIELDS, '&');
    const char *semicolons = many(s, field, FIELDS + 1, ';');
    const char *lines =
        session_print(s, "/?a=%u\n%s\n%s\n%s\n%s\n/?c=%u\n", n, many(s, field, FIELDS + 1, '&'),
                      most, many(s, "", FIELDS + 1, '&'), semicolons, n);
    const char *due =
        session_print(s, "/?a=%u&x=1\n%s&x=1\n%s&x=1\n/?c=%u&x=1\n", n, most, semicolons, n);
    struct student *p = start_with(s, COMMANDS("add", "x", "1"), lines, strlen(lines));

    expect_failure(p, 1);
    expect_error_line(p, "line 2: too many fields");
    expect_error_line(p, "line 4: too many fields");
    expect_output(p, due, strlen(due));
}

/* The names in an order that only sorting mends, and each twice. */
static void sort_many(struct session *s)
{
    const unsigned names = FIELDS / 2, from = session_random(s, 1000);
    char *line = session_alloc(s, ROOM), *due = session_alloc(s, ROOM);
    char *at = line, *end = due;

    *at++ = *end++ = '/';
    for (unsigned i = 0; i < FIELDS; i++)
        at += snprintf(at, 32, "%ck%04u=%u", i == 0 ? '?' : '&', (from + i * 2801) % names,
                       i / names);
    for (unsigned i = 0; i < FIELDS; i++)
        end += snprintf(end, 32, "%ck%04u=%u", i == 0 ? '?' : '&', i / 2, i % 2);
    *at = '\n';
    end += snprintf(end, 32, "&k9=%u", from);
    *end = '\n';
    struct student *p =
        start(s, COMMANDS("sort", "add", "k9", session_print(s, "%u", from), "sort"));
    student_limit_processor(p, PROCESSOR_MS);
    student_input(p, line, (size_t)(at - line) + 1);
    student_end_input(p);
    expect_output(p, due, (size_t)(end - due) + 1);
    expect_exit(p, 0);
}

/* ---- what may fail ---- */

static void expect_usage(struct session *s, const char *const *commands)
{
    struct student *p = start_with(s, commands, "/?a=1\n", 6);

    expect_failure(p, 2);
    expect_output(p, "", 0);
}

static void usage(struct session *s)
{
    expect_usage(s, COMMANDS(NULL));
    expect_usage(s, COMMANDS("remove", "a"));
    expect_usage(s, COMMANDS("drop"));
    expect_usage(s, COMMANDS("add", "a"));
    expect_usage(s, COMMANDS("drop", "b", "set", "a"));
    expect_usage(s, COMMANDS("sort", "a"));
    expect_usage(s, COMMANDS("-s", "sort"));
    expect_usage(s, COMMANDS("-s", ";"));
    expect_usage(s, COMMANDS("-s", ",", "sort"));
    expect_usage(s, COMMANDS("-s", "&;", "sort"));
    expect_usage(s, COMMANDS("-s", "", "sort"));
}

static void input_unreadable(struct session *s)
{
    session_spoil_input(s);
    expect_failure(start_with(s, COMMANDS("sort"), "", 0), 1);
}

static void output_full(struct session *s)
{
    const char *line = session_print(s, "/?a=%u\n", any(s));

    session_fill_output(s);
    expect_failure(start_with(s, COMMANDS("sort"), line, strlen(line)), 1);
}

static void clean(struct session *s)
{
    edits(s, COMMANDS("set", "a b", "\xc3\xa9", "add", "c", "3", "drop", "d", "sort"),
          "/?d=1&a+b=1&a%20b=$\n\n/?$\n/#f\n",
          "/?a+b=%C3%A9&c=3\n\n/?$&a+b=%C3%A9&c=3\n/?a+b=%C3%A9&c=3#f\n");
}

static const struct test_case CASES[] = {
    {.name = "add",
     .title = "a field behind the last",
     .points = 1,
     .teaches = "A query begins with ? and goes on with the separator: which of them is "
                "needed depends on whether there are fields.",
     .run = add},
    {.name = "set",
     .title = "a value in its place",
     .points = 1,
     .teaches = "The field keeps its place among the others; a name that only begins or ends "
                "like it is another.",
     .run = set},
    {.name = "set-new",
     .title = "set without a field to set",
     .points = 1,
     .teaches = "Where there is no such field, set is add: also where there is no query yet.",
     .run = set_new},
    {.name = "drop",
     .title = "a field that goes",
     .points = 1,
     .teaches = "With a field goes one separator, whether it was the first, the last or "
                "between others.",
     .run = drop},
    {.name = "repeats",
     .title = "a name that comes again",
     .points = 2,
     .teaches = "A query may hold a name many times: set leaves the first and takes the "
                "others, drop takes all, add takes none.",
     .run = repeats},
    {.name = "sort",
     .title = "in the order of the names",
     .points = 2,
     .teaches = "Names are compared by the bytes that they mean, values not at all; one that "
                "ends comes before one that goes on.",
     .run = sort},
    {.name = "order-kept",
     .title = "equal names keep their order",
     .points = 2,
     .teaches = "qsort() need not keep the order of what is equal: something else has to "
                "decide there.",
     .run = order_kept},
    {.name = "in-their-order",
     .title = "several commands",
     .points = 2,
     .teaches = "Each command finds what the one before it left, and all of them are for "
                "every line.",
     .run = in_their_order},
    {.name = "spelling",
     .title = "what is not touched",
     .points = 3,
     .teaches = "Who decodes a field and codes it again changes its bytes: %7e, + and %20, a "
                "second =, a % that codes nothing.",
     .run = spelling},
    {.name = "blanks",
     .title = "empty values and empty fields",
     .points = 2,
     .teaches = "a= and a are fields, and so is nothing between two separators: strtok() and "
                "parsers of queries leave it out.",
     .run = blanks},
    {.name = "missing-equals",
     .title = "fields without =",
     .points = 2,
     .teaches = "A field without = is a name: it is found, and when it is set it gets its =.",
     .run = missing_equals},
    {.name = "last-one",
     .title = "the last field goes",
     .points = 1,
     .teaches = "Where commands leave no field, the ? goes too; the fragment stays.",
     .run = last_one},
    {.name = "nothing-to-do",
     .title = "no fields before and after",
     .points = 2,
     .teaches = "A query that is empty and none are two spellings: what had nothing to take "
                "away stays as it is.",
     .run = nothing_to_do},
    {.name = "semicolon",
     .title = "semicolons without -s",
     .points = 1,
     .teaches = "Once ; separated fields too; a server that splits at both reads other "
                "fields than its cache. Here it is a byte.",
     .run = semicolon},
    {.name = "other-separator",
     .title = "-s with ; and with &",
     .points = 1,
     .teaches = "With -s ';' the ; separates, also before fields that are added, and & is a "
                "byte of a name or value.",
     .run = other_separator},
    {.name = "coded-names",
     .title = "names that are coded",
     .points = 2,
     .teaches = "%6E and n, + and %20 are the same in a name; NAME itself is not coded, and "
                "nothing is decoded twice.",
     .run = coded_names},
    {.name = "bad-codes",
     .title = "a % without two digits",
     .points = 2,
     .teaches = "A % that codes nothing stands for itself; strtol() takes blanks, signs and "
                "0x for digits.",
     .run = bad_codes},
    {.name = "spaces-and-utf8",
     .title = "spaces and UTF-8",
     .points = 2,
     .teaches = "A letter beyond ASCII is two bytes or more, each coded; coded or not, it is "
                "the same name.",
     .run = spaces_and_utf8},
    {.name = "coded-values",
     .title = "names and values that need coding",
     .points = 2,
     .teaches = "What would separate, a &, = or #, has to be coded in what is added, and a % "
                "and + too.",
     .run = coded_values},
    {.name = "names-are-bytes",
     .title = "NULs and what is no UTF-8",
     .points = 2,
     .teaches = "A decoded name may hold a NUL, which ends a C string and no name; two bytes "
                "that are no UTF-8 are two names.",
     .run = names_are_bytes},
    {.name = "around",
     .title = "what is in front and behind",
     .points = 2,
     .teaches = "Only the first ? before any # begins a query. A & in front of it, or a ? in "
                "the fragment, means nothing.",
     .run = around},
    {.name = "line-ends",
     .title = "line ends of both kinds, empty lines",
     .points = 2,
     .teaches = "A \\r before the \\n belongs to the line end, which stays; an empty line is "
                "no URL, and the last line may lack its end.",
     .run = line_ends},
    {.name = "bytes",
     .title = "bytes of every kind",
     .points = 1,
     .teaches = "A NUL ends no line: getline() says how long it is.",
     .run = bytes},
    {.name = "arguments",
     .title = "arguments that look like others",
     .points = 1,
     .teaches = "What belongs to a command is taken as it stands: -5 is a value there and "
                "sort a name.",
     .run = arguments},
    {.name = "at-once",
     .title = "a line at a time",
     .points = 2,
     .teaches = "The sender waits for its answer: what printf() keeps in its buffer never "
                "gets there.",
     .run = at_once},
    {.name = "in-pieces",
     .title = "lines byte by byte",
     .points = 1,
     .teaches = "A line is there when its end is, however many read() calls that takes.",
     .run = in_pieces},
    {.name = "usage",
     .title = "a wrong command line",
     .points = 1,
     .teaches = "The commands are checked before the first line is read: nothing is printed, "
                "and the status is 2.",
     .run = usage},
    {.name = "input-unreadable",
     .title = "standard input cannot be read",
     .points = 1,
     .teaches = "Standard input was a folder: getline() says -1 for a failure as for the "
                "end, and ferror(stdin) tells which it was.",
     .run = input_unreadable},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "The disk is full: fflush() tells, if its result is looked at.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left in memory",
     .points = 1,
     .teaches = "All memory is freed at the end, that of the line and of the commands too.",
     .run = clean,
     .leaks = true},
    {.name = "limit",
     .title = "10,000 fields, and one more",
     .points = 3,
     .teaches = "A limit on what others send is kept before the work, not after; the line that "
                "breaks it must not end the others. Empty fields count.",
     .run = limit},
    {.name = "sort-many",
     .title = "10,000 fields sorted",
     .points = 2,
     .teaches = "With 10,000 fields, comparing each with each is 100 million comparisons: "
                "qsort() needs 130,000.",
     .run = sort_many},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
