/* Exercise 3.1, URL normaliser: what is tried, and how. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

enum {
    LINE_MOST = 4096,
    PATTERN = 4096,
    MEMORY_KIB = 8 * 1024,
    GENERATED = 200,
    ROOM = 512,
    AT_ONCE = 5
};

#define PIECES ((size_t)4096) /* of a line that does not end, PATTERN bytes each */

/*
 * A line and its normal form. "$" stands for a number that only this seed has; "!word" for a line
 * that is refused with this word.
 */
struct row {
    const char *line, *normal;
};

/* What the program is given, and what it is to print. */
struct list {
    char *input, *output;
    size_t input_length, output_length;
};

static char *fill(struct session *s, const char *text, const char *number)
{
    char *filled = session_alloc(s, strlen(text) * 5 + 1), *to = filled;

    for (; *text != '\0'; text++)
        if (*text == '$')
            to += snprintf(to, 5, "%s", number);
        else
            *to++ = *text;
    *to = '\0';
    return filled;
}

static void append(char *text, size_t *length, const char *line)
{
    *length += (size_t)snprintf(text + *length, strlen(line) + 2, "%s\n", line);
}

static struct list list_new(struct session *s, size_t room)
{
    return (struct list){.input = session_alloc(s, room), .output = session_alloc(s, room)};
}

/* Some rows. The first line is good as it is, and nobody can know it beforehand. */
static void try_rows(struct session *s, const struct row *rows, size_t most)
{
    const char *number = session_print(s, "%u", 1000 + session_random(s, 9000));
    struct list list = list_new(s, (size_t)4 * LINE_MOST);
    const char *first = fill(s, "http://h$.test/", number), *refused[32];
    size_t count = 0;

    append(list.input, &list.input_length, first);
    append(list.output, &list.output_length, first);
    for (size_t i = 0; i < most && rows[i].line != NULL; i++) {
        append(list.input, &list.input_length, fill(s, rows[i].line, number));
        if (rows[i].normal[0] == '!')
            refused[count++] = session_print(s, "line %zu: %s", i + 2, rows[i].normal + 1);
        else
            append(list.output, &list.output_length, fill(s, rows[i].normal, number));
    }
    struct student *p = student_start(s, NULL);
    student_input(p, list.input, list.input_length);
    student_end_input(p);
    expect_output(p, list.output, list.output_length);
    for (size_t i = 0; i < count; i++)
        expect_error_line(p, refused[i]);
    expect_exit(p, count > 0);
}

/* All rows, so many at a time: a report shows six lines of the input, which are then all. */
static void tries(struct session *s, const struct row *rows)
{
    for (size_t i = 0; rows[i].line != NULL; i++)
        if (i % AT_ONCE == 0)
            try_rows(s, rows + i, AT_ONCE);
}

static void letters(struct session *s)
{
    static const struct row rows[] = {
        {"HTTP://WWW.A$.Test/Path?Query#Fragment", "http://www.a$.test/Path?Query#Fragment"},
        {"hTTpS://User:Pass@A$.TEST/", "https://User:Pass@a$.test/"},
        {"X-Y.Z+1://A$/B", "x-y.z+1://a$/B"},
        {NULL, NULL}};

    tries(s, rows);
}

static void percent_case(struct session *s)
{
    static const struct row rows[] = {
        {"http://a$.test/caf%c3%a9?%2f%3F#%e2%82%aC", "http://a$.test/caf%C3%A9?%2F%3F#%E2%82%AC"},
        {"http://us%3aer:%5b@a%c3%a9.test/$", "http://us%3Aer:%5B@a%C3%A9.test/$"},
        {NULL, NULL}};

    tries(s, rows);
}

static void unreserved(struct session *s)
{
    static const struct row rows[] = {
        {"http://a.test/%41%7a%30%2D%2e%5F%7e$?%61=%7E#%2d", "http://a.test/Az0-._~$?a=~#-"},
        {"http://%75ser:%70w@a.test/$", "http://user:pw@a.test/$"},
        {"http://%77ww.%41$.%54est/", "http://www.a$.test/"},
        {NULL, NULL}};

    tries(s, rows);
}

static void reserved(struct session *s)
{
    static const struct row rows[] = {
        {"http://a.test/%2f%3f%23%3a%40%26%3d%2b%3b%25%20$", "http://a.test/%2F%3F%23%3A%40%26%3D"
                                                             "%2B%3B%25%20$"},
        {"http://a.test/a+b:c@d&e=f;g,h'i(j)*k!$", "http://a.test/a+b:c@d&e=f;g,h'i(j)*k!$"},
        {"http://a.test/?%26=%3d&+=%2b#%23$", "http://a.test/?%26=%3D&+=%2B#%23$"},
        {NULL, NULL}};

    tries(s, rows);
}

static void once(struct session *s)
{
    static const struct row rows[] = {
        {"http://a.test/%2541%252e%25%34%31/$", "http://a.test/%2541%252e%2541/$"},
        {"http://a.test/%252E%252e/%25%32%65$?%2541", "http://a.test/%252E%252e/%252e$?%2541"},
        {NULL, NULL}};

    tries(s, rows);
}

static void default_port(struct session *s)
{
    static const struct row rows[] = {{"http://a$.test:80/", "http://a$.test/"},
                                      {"HTTPS://a$.test:443/", "https://a$.test/"},
                                      {"ws://a$.test:80/", "ws://a$.test/"},
                                      {"wss://a$.test:443/", "wss://a$.test/"},
                                      {"ftp://a$.test:21/", "ftp://a$.test/"},
                                      {"http://a$.test:443/", "http://a$.test:443/"},
                                      {"https://a$.test:80/", "https://a$.test:80/"},
                                      {"http://a$.test:8080/", "http://a$.test:8080/"},
                                      {"x://a$.test:80/", "x://a$.test:80/"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void odd_ports(struct session *s)
{
    static const struct row rows[] = {{"http://a$.test:/b", "http://a$.test/b"},
                                      {"x://a$.test:?b", "x://a$.test/?b"},
                                      {"http://a$.test:00080/", "http://a$.test/"},
                                      {"https://a$.test:008443/", "https://a$.test:8443/"},
                                      {"http://a$.test:00/", "http://a$.test:0/"},
                                      {"http://a$.test:0000065535/", "http://a$.test:65535/"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void bad_port(struct session *s)
{
    static const struct row rows[] = {{"http://a$.test:65536/", "!port"},
                                      {"http://a$.test:80a/", "!port"},
                                      {"http://a$.test:+80/", "!port"},
                                      {"http://a$.test:-1/", "!port"},
                                      {"http://a$.test:0x50/", "!port"},
                                      {"http://a$.test:%38%30/", "!port"},
                                      {"http://a$.test:80:80/", "!port"},
                                      {"http://a$.test:4294967376/", "!port"},
                                      {"http://a$.test:18446744073709551696/", "!port"},
                                      {"HTTP://[::1]:b/", "!port"},
                                      {"HTTP://a$.test:080/", "http://a$.test/"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void dot_segments(struct session *s)
{
    static const struct row rows[] = {{"http://a.test/a/./b/../c$", "http://a.test/a/c$"},
                                      {"http://a.test/a$/b/.", "http://a.test/a$/b/"},
                                      {"http://a.test/a$/b/..", "http://a.test/a$/"},
                                      {"http://a.test/a$/b/c/../../d", "http://a.test/a$/d"},
                                      {"http://a.test/a$/.../..b/.c/d./e..", "http://a.test/a$/.../"
                                                                             "..b/.c/d./e.."},
                                      {"x://a$/b/../c", "x://a$/c"},
                                      {"x:/a$/b/../c", "x:/a$/c"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void above_root(struct session *s)
{
    static const struct row rows[] = {{"http://a$.test/..", "http://a$.test/"},
                                      {"http://a$.test/.", "http://a$.test/"},
                                      {"http://a.test/../../a$", "http://a.test/a$"},
                                      {"http://a.test/a$/../../../b/../..", "http://a.test/"},
                                      {"http://a.test/a/../../b$/", "http://a.test/b$/"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void coded_dots(struct session *s)
{
    static const struct row rows[] = {{"http://a.test/a$/%2e%2e/%2E/b", "http://a.test/b"},
                                      {"http://a.test/a$/.%2e", "http://a.test/"},
                                      {"http://a.test/a$/b/%2E.%2f/..", "http://a.test/a$/b/"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void slashes(struct session *s)
{
    static const struct row rows[] = {{"http://a.test//a$///b//", "http://a.test//a$///b//"},
                                      {"http://a.test/a$//../b", "http://a.test/a$/b"},
                                      {"http://a.test/a$//b/../../c", "http://a.test/a$/c"},
                                      {"http://a.test/a$/..//b", "http://a.test//b"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void empty_path(struct session *s)
{
    static const struct row rows[] = {{"http://a$.test", "http://a$.test/"},
                                      {"https://a$.test:443", "https://a$.test/"},
                                      {"http://a$.test?b", "http://a$.test/?b"},
                                      {"http://a$.test#b", "http://a$.test/#b"},
                                      {"x://a$", "x://a$/"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void user_info(struct session *s)
{
    static const struct row rows[] = {
        {"HTTP://Us$:Pa:ss:@A.test/", "http://Us$:Pa:ss:@a.test/"},
        {"http://me@example.com:pass$@A.test/", "http://me%40example.com:pass$@a.test/"},
        {"http://a@@B$.test:80/@", "http://a%40@b$.test/@"},
        {"http://@A$.test/", "http://@a$.test/"},
        {"http://u$:@A.test/", "http://u$:@a.test/"},
        {"http://A$.test/b@c", "http://a$.test/b@c"},
        {"http://A$.test?b@c", "http://a$.test/?b@c"},
        {NULL, NULL}};

    tries(s, rows);
}

static void ipv6(struct session *s)
{
    static const struct row rows[] = {
        {"http://[2001:DB8:0:0:0:0:0:$]/", "http://[2001:db8::$]/"},
        {"http://[2001:0db8:0000::00AB]:80/$", "http://[2001:db8::ab]/$"},
        {"http://[0:0:0:0:0:0:0:1]:8080/$", "http://[::1]:8080/$"},
        {"http://[1:0:0:2:0:0:0:$]", "http://[1:0:0:2::$]/"},
        {"http://[1:2:3:0:5:6:7:$]/", "http://[1:2:3:0:5:6:7:$]/"},
        {"http://u:p@[::FFFF:7F00:1]/$", "http://u:p@[::ffff:127.0.0.1]/$"},
        {NULL, NULL}};

    tries(s, rows);
}

static void zone(struct session *s)
{
    static const struct row rows[] = {
        {"http://[FE80::1%25Eth0]/$", "http://[fe80::1%25Eth0]/$"},
        {"http://[fe80:0::0:1%25en%31]:80/$", "http://[fe80::1%25en1]/$"},
        {"http://[fe80::$%25a%c3%a9-b]:81/", "http://[fe80::$%25a%C3%A9-b]:81/"},
        {"http://[fe80::$%251]/", "http://[fe80::$%251]/"},
        {"http://[fe80::$%25]/", "!host"},
        {"http://[fe80::$%25a:b]/", "!host"},
        {"http://[fe80::$%eth0]/", "!percent"},
        {"http://[fe80::$%abc]/", "!host"},
        {NULL, NULL}};

    tries(s, rows);
}

static void bad_literal(struct session *s)
{
    static const struct row rows[] = {
        {"HTTP://[::$]", "http://[::$]/"}, {"http://[::$/", "!host"},
        {"http://[::$]a/", "!host"},       {"http://[::$]]/", "!host"},
        {"http://[]/$", "!host"},          {"http://[1:$]/", "!host"},
        {"http://[::g$]/", "!host"},       {"http://[1::2::$]/", "!host"},
        {"http://[127.0.0.1]/$", "!host"}, {"http://[v1.$]/", "!host"},
        {"http://a[::$]/", "!host"},       {NULL, NULL}};

    tries(s, rows);
}

static void bad_host(struct session *s)
{
    static const struct row rows[] = {{"HTTP://a_$.test", "http://a_$.test/"},
                                      {"http:///a$", "!host"},
                                      {"https://u$@/", "!host"},
                                      {"http://:80/$", "!host"},
                                      {"http:/a$", "!host"},
                                      {"http:a$.test", "!host"},
                                      {"ftp://?$", "!host"},
                                      {"http://::1/$", "!host"},
                                      {"http://caf\xc3\xa9$.test/", "!host"},
                                      {"x://caf\xc3\xa9$/", "!host"},
                                      {"X://:1/$", "x://:1/$"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void no_scheme(struct session *s)
{
    static const struct row rows[] = {{"//A$.Test/b/../c", "//a$.test/c"},
                                      {"//A$.test:80/", "//a$.test:80/"},
                                      {"//U@A$.test", "//U@a$.test/"},
                                      {"//a$.test:0443?b", "//a$.test:443/?b"},
                                      {"///a$/./b", "///a$/b"},
                                      {"//a$.test:b/", "!port"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void bad_scheme(struct session *s)
{
    static const struct row rows[] = {{"A$:%7e", "a$:~"},
                                      {"", "!scheme"},
                                      {"/a$", "!scheme"},
                                      {"a$.test/b", "!scheme"},
                                      {"a$/b:c", "!scheme"},
                                      {"?a$:b", "!scheme"},
                                      {"#a:$", "!scheme"},
                                      {"://a$.test/", "!scheme"},
                                      {"1a$://b/", "!scheme"},
                                      {"a_b$://c/", "!scheme"},
                                      {"h%74tp://a$/", "!scheme"},
                                      {"\xc3\xa9$:", "!scheme"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void opaque(struct session *s)
{
    static const struct row rows[] = {
        {"MAILTO:Joe%2e$@Example.COM?Subject=%c3%a4", "mailto:Joe.$@Example.COM?Subject=%C3%A4"},
        {"URN:ISBN:0-$-X", "urn:ISBN:0-$-X"},
        {"urn:a$/../B/./c/..", "urn:a$/../B/./c/.."},
        {"TEL:+1-$", "tel:+1-$"},
        {"data:,A%20b%2c$", "data:,A%20b%2C$"},
        {"About:", "about:"},
        {"X:?A$#", "x:?A$#"},
        {"x:a$//b@C:80", "x:a$//b@C:80"},
        {NULL, NULL}};

    tries(s, rows);
}

static void like_an_authority(struct session *s)
{
    static const struct row rows[] = {{"x:/.//a$", "x:/.//a$"},
                                      {"x:/a/..//b$/../C", "x:/.//C"},
                                      {"x:/%2E//B$", "x:/.//B$"},
                                      {"x:/a$//b", "x:/a$//b"},
                                      {"x:////b$", "x:////b$"},
                                      {"X://h$/.//b", "x://h$//b"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void files(struct session *s)
{
    static const struct row rows[] = {{"FILE:///A$/../b", "file:///b"},
                                      {"file:/a$", "file:///a$"},
                                      {"file://LocalHost/a$", "file:///a$"},
                                      {"file://local%68ost:/a$", "file:///a$"},
                                      {"file://localhost", "file:///"},
                                      {"file://Nas$/a", "file://nas$/a"},
                                      {"file://localhost$/a", "file://localhost$/a"},
                                      {"file://u@localhost/a$", "file://u@localhost/a$"},
                                      {"file:a$", "file:a$"},
                                      {"x://localhost/a$", "x://localhost/a$"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void empty_query(struct session *s)
{
    static const struct row rows[] = {{"http://A$.test/?", "http://a$.test/?"},
                                      {"http://A$.test/", "http://a$.test/"},
                                      {"http://A$.test/#", "http://a$.test/#"},
                                      {"http://A$.test?#", "http://a$.test/?#"},
                                      {"http://A$.test/#?", "http://a$.test/#?"},
                                      {"urn:a$?", "urn:a$?"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void query_untouched(struct session *s)
{
    static const struct row rows[] = {
        {"http://A$.test/?b=2&a=1&&B=/../c/./", "http://a$.test/?b=2&a=1&&B=/../c/./"},
        {"http://A$.test/a?b?c://D:80/..#e/../F?", "http://a$.test/a?b?c://D:80/..#e/../F?"},
        {"http://A$.test/a#b/./c", "http://a$.test/a#b/./c"},
        {NULL, NULL}};

    tries(s, rows);
}

static void beyond_ascii(struct session *s)
{
    static const struct row rows[] = {{"http://a.test/caf\xc3\xa9?\xe2\x82\xac=$#\xf0\x9f\x90\x99",
                                       "http://a.test/caf%C3%A9?%E2%82%AC=$#%F0%9F%90%99"},
                                      {"http://\xc3\xa9$@a.test/", "http://%C3%A9$@a.test/"},
                                      {"x:\xff\x80$", "x:%FF%80$"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void control(struct session *s)
{
    static const struct row rows[] = {
        {"HTTP://a$.test", "http://a$.test/"},  {"http://a$.test/\tb", "!control"},
        {"ht\ttp://a$.test/", "!control"},      {"http://a$.test/b\r", "!control"},
        {"http://a$.test/\x1b[2J", "!control"}, {"http://a$.test/\x7f", "!control"},
        {"http://a$.test/?\x01", "!control"},   {NULL, NULL}};

    tries(s, rows);
}

/* What is before the NUL would pass as it stands, and the line behind it is another. */
static void nul(struct session *s)
{
    const char *good = session_print(s, "http://a%u.test/", 1000 + session_random(s, 9000));
    struct student *p = student_start(s, NULL);

    student_input(p, good, strlen(good) + 1);
    student_input(p, "b/../c\n", 7);
    student_input(p, good, strlen(good));
    student_input(p, "b/../c\n", 7);
    student_end_input(p);
    good = session_print(s, "%sc\n", good);
    expect_output(p, good, strlen(good));
    expect_error_line(p, "line 1: control");
    expect_exit(p, 1);
}

static void characters(struct session *s)
{
    static const struct row rows[] = {{"HTTP://a$.test", "http://a$.test/"},
                                      {" http://a$.test/", "!scheme"},
                                      {"http://a$.test/b ", "!character"},
                                      {"http://a$.test\\b", "!character"},
                                      {"http://a$.test/<b>", "!character"},
                                      {"http://a$.test/?q=\"b\"", "!character"},
                                      {"http://a$.test/{b}", "!character"},
                                      {"http://a$.test/a|b^c`", "!character"},
                                      {"http://a$.test/#b#c", "!character"},
                                      {"http://a$.test/b[1]", "!character"},
                                      {"http://a$.test/?b[]=1", "!character"},
                                      {"http://u[@a$.test/", "!character"},
                                      {"urn:]$", "!character"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void bad_percent(struct session *s)
{
    static const struct row rows[] = {{"http://a.test/%7E$", "http://a.test/~$"},
                                      {"http://a$.test/%", "!percent"},
                                      {"http://a$.test/100%?b", "!percent"},
                                      {"http://a.test/%4?$", "!percent"},
                                      {"http://a$.test/%g0", "!percent"},
                                      {"http://a$.test/?%0g", "!percent"},
                                      {"http://a$.test/#%-1", "!percent"},
                                      {"http://a$.test/%u20ac", "!percent"},
                                      {"http://a$.test/%%34%31", "!percent"},
                                      {"http://a$.%zz/", "!percent"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void first_row(struct session *s)
{
    static const struct row rows[] = {{"HTTP://a$.test", "http://a$.test/"},
                                      {"/a$\t%zz", "!control"},
                                      {"/a b%zz$", "!scheme"},
                                      {"http://:b/ %zz$", "!character"},
                                      {"http://:b/%zz$", "!percent"},
                                      {"http://:b/$", "!host"},
                                      {NULL, NULL}};

    tries(s, rows);
}

static void goes_on(struct session *s)
{
    static const struct row rows[] = {{"HTTP://a$.test/1", "http://a$.test/1"},
                                      {"a$", "!scheme"},
                                      {"HTTP://a$.test/2", "http://a$.test/2"},
                                      {"http://a$.test:b", "!port"},
                                      {"", "!scheme"},
                                      {"HTTP://a$.test/3", "http://a$.test/3"},
                                      {"http:$", "!host"},
                                      {"HTTP://a$.test/4", "http://a$.test/4"},
                                      {NULL, NULL}};

    try_rows(s, rows, SIZE_MAX);
}

static void last_line(struct session *s)
{
    unsigned n = 1000 + session_random(s, 9000);
    const char *in = session_print(s, "HTTP://a%u.test\nHTTP://b%u.test", n, n);
    const char *out = session_print(s, "http://a%u.test/\nhttp://b%u.test/\n", n, n);
    struct student *p = student_start(s, NULL);

    student_input(p, in, strlen(in));
    student_end_input(p);
    expect_output(p, out, strlen(out));
    expect_exit(p, 0);
}

/* A URL of that many bytes in all; each byte behind its first ones is one that the path codes. */
static const char *long_line(struct session *s, const char *begin, size_t length)
{
    char *line = session_alloc(s, length + 1);
    size_t known = strlen(begin);

    memcpy(line, begin, known);
    memset(line + known, 0xff, length - known);
    line[length] = '\0';
    return line;
}

static void longest(struct session *s)
{
    const char *begin = session_print(s, "http://a%u.test/", 1000 + session_random(s, 9000));
    struct list list = list_new(s, (size_t)8 * LINE_MOST);
    const char *line = long_line(s, begin, LINE_MOST);
    char *normal = session_alloc(s, (size_t)3 * LINE_MOST + 1);
    int length = snprintf(normal, LINE_MOST, "%s", begin);

    for (size_t i = strlen(begin); i < LINE_MOST; i++)
        length += snprintf(normal + length, 4, "%%FF");
    append(list.input, &list.input_length, line);
    append(list.output, &list.output_length, normal);
    append(list.input, &list.input_length, long_line(s, begin, LINE_MOST + 1));
    append(list.input, &list.input_length, begin);
    append(list.output, &list.output_length, begin);
    struct student *p = student_start(s, NULL);
    student_input(p, list.input, list.input_length);
    student_end_input(p);
    expect_output(p, list.output, list.output_length);
    expect_error_line(p, "line 2: too-long");
    expect_exit(p, 1);
}

/* The seed makes it: what is one URL comes in two spellings. */
struct twin {
    struct session *session;
    char line[ROOM], normal[ROOM];
    size_t line_length, normal_length;
};

static bool chance(struct twin *t, uint32_t of)
{
    return session_random(t->session, of) == 0;
}

static void add(struct twin *t, const char *line, const char *normal)
{
    t->line_length += (size_t)snprintf(t->line + t->line_length, ROOM - t->line_length, "%s", line);
    t->normal_length +=
        (size_t)snprintf(t->normal + t->normal_length, ROOM - t->normal_length, "%s", normal);
}

static void add_char(struct twin *t, char line, char normal)
{
    add(t, (char[]){line, '\0'}, (char[]){normal, '\0'});
}

/* A coded byte, its letters in any case; normal is what it should be. */
static void add_coded(struct twin *t, unsigned char byte, const char *normal)
{
    char coded[4];

    (void)snprintf(coded, sizeof coded, "%%%02X", byte); /* always three characters */
    if (normal == NULL)
        normal = session_print(t->session, "%s", coded);
    for (char *at = coded; *at != '\0'; at++)
        if (chance(t, 2))
            *at = (char)tolower((unsigned char)*at);
    add(t, coded, normal);
}

/* So many characters: unreserved ones, some of them coded; bytes that stay coded; those in safe. */
static void add_text(struct twin *t, unsigned count, const char *safe, bool host)
{
    static const char unreserved_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM0123456789-_~";
    static const char coded_bytes[] = "\x01 \"#%/?:@[]\x7f\x80\xc3\xff";

    while (count-- > 0) {
        uint32_t kind = session_random(t->session, 8);
        char c = unreserved_bytes[session_random(t->session, sizeof unreserved_bytes - 1)];
        char normal = (char)(host ? tolower((unsigned char)c) : c);

        if (kind == 0) {
            unsigned char byte =
                (unsigned char)coded_bytes[session_random(t->session, sizeof coded_bytes - 1)];
            add_coded(t, byte, NULL);
            if (byte == '%') /* what would be coded if it were decoded */
                add(t, "41", "41");
        } else if (kind == 1 && *safe != '\0') {
            c = safe[session_random(t->session, (uint32_t)strlen(safe))];
            add_char(t, c, c);
        } else if (kind == 2)
            add_coded(t, (unsigned char)c, (char[]){normal, '\0'});
        else
            add_char(t, c, normal);
    }
}

static void add_authority(struct twin *t, const char *usual)
{
    struct session *s = t->session;
    unsigned n = 1 + session_random(s, 9), port = session_random(s, 65536);

    add(t, "//", "//");
    if (chance(t, 3)) {
        add_text(t, 1 + session_random(s, 8), "!&'()*+,;=:", false);
        if (chance(t, 3))
            add(t, "@", "%40");
        add(t, "@", "@");
    }
    if (chance(t, 4))
        add(t, session_print(s, "[%s:%04X:0:0:0::%X]", chance(t, 2) ? "FE80" : "fe80", n, 0xa0 + n),
            session_print(s, "[fe80:%x::%x]", n, 0xa0 + n));
    else
        add_text(t, 1 + session_random(s, 12), "!&'()*+,;=.", true);
    uint32_t kind = session_random(s, 4);
    if (kind == 0)
        add(t, ":", "");
    else if (kind == 1 && *usual != '\0')
        add(t, session_print(s, ":%s%s", chance(t, 2) ? "00" : "", usual), "");
    else if (kind == 2 && port != 80 && port != 443 && port != 21)
        add(t, session_print(s, ":%s%u", chance(t, 2) ? "0" : "", port),
            session_print(s, ":%u", port));
}

static void add_path(struct twin *t)
{
    static const char *const detours[] = {"/.", "/%2e", "/xy/..", "/xy/.%2E", "/x/./y/../.."};
    static const char *const above[] = {"/..", "/%2E%2e", "/.", "/../..", "/x/../.."};
    unsigned segments = session_random(t->session, 5);

    if (segments == 0) {
        add(t, chance(t, 2) ? "" : above[session_random(t->session, 5)], "/");
        return;
    }
    if (chance(t, 3))
        add(t, above[session_random(t->session, 5)], "");
    while (segments-- > 0) {
        if (chance(t, 3))
            add(t, detours[session_random(t->session, 5)], "");
        add(t, "/", "/");
        add_text(t, session_random(t->session, 8), "!&'()*+,;=:@", false);
    }
    if (chance(t, 4))
        add(t, "/abc/..", "/");
}

static void add_url(struct twin *t)
{
    static const char *const schemes[][2] = {{"http", "80"}, {"https", "443"}, {"ws", "80"},
                                             {"wss", "443"}, {"ftp", "21"},    {"x-y+z", ""}};
    uint32_t which = session_random(t->session, 7);

    t->line_length = t->normal_length = 0;
    if (which < 6) {
        for (const char *at = schemes[which][0]; *at != '\0'; at++)
            add_char(t, (char)(chance(t, 2) ? toupper((unsigned char)*at) : *at), *at);
        add(t, ":", ":");
    }
    add_authority(t, which < 6 ? schemes[which][1] : "");
    add_path(t);
    if (chance(t, 3)) {
        add(t, "?", "?");
        add_text(t, session_random(t->session, 10), "!&'()*+,;=:@/?.", false);
    }
    if (chance(t, 3)) {
        add(t, "#", "#");
        add_text(t, session_random(t->session, 6), "!&'()*+,;=:@/?.", false);
    }
}

/* Then the normal forms once more, which are to stay as they are. */
static void generated(struct session *s)
{
    struct twin *t = session_alloc(s, sizeof *t);
    struct list list = list_new(s, (size_t)GENERATED * ROOM);

    t->session = s;
    for (int i = 0; i < GENERATED; i++) {
        add_url(t);
        append(list.input, &list.input_length, t->line);
        append(list.output, &list.output_length, t->normal);
    }
    struct student *p = student_start(s, NULL);
    student_input(p, list.input, list.input_length);
    student_end_input(p);
    expect_output(p, list.output, list.output_length);
    expect_exit(p, 0);
    p = student_start(s, NULL);
    student_input(p, list.output, list.output_length);
    student_end_input(p);
    expect_output(p, list.output, list.output_length);
    expect_exit(p, 0);
}

struct flood {
    char *pattern;
    size_t pieces;
};

static size_t next_piece(void *state, char *bytes, size_t size)
{
    struct flood *flood = state;

    (void)size; /* more than a pattern fits */
    if (flood->pieces == 0)
        return 0;
    flood->pieces--;
    memcpy(bytes, flood->pattern, PATTERN);
    return PATTERN;
}

/* A line that does not end, and behind it one that is good. */
static void endless_line(struct session *s)
{
    const char *number = session_print(s, "%u", 1000 + session_random(s, 9000));
    const char *line = fill(s, "HTTP://a$.test\n", number);
    const char *normal = fill(s, "http://a$.test/\nhttp://a$.test/\n", number);
    struct flood flood = {session_alloc(s, PATTERN), PIECES};
    struct student *p = student_start(s, NULL);

    memset(flood.pattern, 'a', PATTERN);
    student_input(p, line, strlen(line));
    long before = student_memory(p);
    student_stream_input(p, next_piece, &flood);
    expect_memory(p, before + MEMORY_KIB);
    student_input(p, "\n", 1);
    student_input(p, line, strlen(line));
    student_end_input(p);
    expect_output(p, normal, strlen(normal));
    expect_error_line(p, "line 2: too-long");
    expect_exit(p, 1);
}

static void input_unreadable(struct session *s)
{
    session_spoil_input(s);
    struct student *p = student_start(s, NULL);

    expect_failure(p, 1);
    expect_output(p, "", 0);
}

static void output_full(struct session *s)
{
    const char *line = session_print(s, "http://a%u.test/\n", session_random(s, 9000));

    session_fill_output(s);
    struct student *p = student_start(s, NULL);
    student_input(p, line, strlen(line));
    student_end_input(p);
    expect_failure(p, 1);
}

static void usage(struct session *s)
{
    struct student *p = student_start(s, "http://a.test/", NULL);

    student_end_input(p);
    expect_failure(p, 2);
    expect_output(p, "", 0);
}

static void clean(struct session *s)
{
    static const struct row rows[] = {
        {"HTTP://u@b:80@A$.test:80/a/../b?c#d", "http://u%40b:80@a$.test/b?c#d"},
        {"http://[fe80::$%25a]/%zz", "!percent"},
        {"http://[fe80:0::$%25a]/%c3", "http://[fe80::$%25a]/%C3"},
        {"http://u$@/", "!host"},
        {"x:/.//$", "x:/.//$"},
        {NULL, NULL}};

    tries(s, rows);
}

static const struct test_case CASES[] = {
    {.name = "letters",
     .title = "capital letters",
     .points = 1,
     .teaches =
         "Scheme and host are the same in any case and come out small (rules 1 and 2); user, "
         "path, query and fragment keep theirs.",
     .run = letters},
    {.name = "percent-case",
     .title = "%c3 and %C3",
     .points = 1,
     .teaches = "The digits behind a percent sign are capital (rule 3), in the host too, whose "
                "letters are small.",
     .run = percent_case},
    {.name = "unreserved",
     .title = "letters that are coded for nothing",
     .points = 2,
     .teaches = "A coded letter, digit, -, ., _ or ~ means the same as itself (rule 3); in a host "
                "it is then a letter like the others, and small.",
     .run = unreserved},
    {.name = "reserved",
     .title = "delimiters that are coded for a reason",
     .points = 2,
     .teaches = "%2F is not a slash and + is not %2B: a reserved character that is coded means "
                "something else than itself, and stays as it is.",
     .run = reserved},
    {.name = "once",
     .title = "a percent sign that is coded",
     .points = 1,
     .teaches = "%2541 is a coded percent sign and the digits 41. Who decodes what came out of "
                "decoding makes an A of it.",
     .run = once},
    {.name = "default-port",
     .title = "the scheme's own port",
     .points = 2,
     .teaches = "The port that the scheme has anyway goes away (rule 6); the one of another scheme "
                "does not.",
     .run = default_port},
    {.name = "odd-ports",
     .title = "ports with zeros, and empty ones",
     .points = 1,
     .teaches = "A port is a number: 00080 is 80. An empty one is none, whatever the scheme is.",
     .run = odd_ports},
    {.name = "bad-port",
     .title = "ports that are none",
     .points = 2,
     .teaches = "A port is digits, from 0 to 65535. strtol() takes signs and stops where digits "
                "stop, and 4294967376 is 80 in 32 bits.",
     .run = bad_port},
    {.name = "dot-segments",
     .title = "segments . and ..",
     .points = 2,
     .teaches = "A segment . goes, and .. takes the one before it along (rule 8); at the end a "
                "slash stays, and ... is a name like others.",
     .run = dot_segments},
    {.name = "above-root",
     .title = ".. above the root",
     .points = 1,
     .teaches = "There is nothing above the root: .. goes, and takes nothing along, neither the "
                "host nor what stands before the array.",
     .run = above_root},
    {.name = "coded-dots",
     .title = "%2e%2e is ..",
     .points = 2,
     .teaches = "A point need not be coded, so %2e%2e is .. : percent-coding comes first, dot "
                "segments second.",
     .run = coded_dots},
    {.name = "slashes",
     .title = "empty segments",
     .points = 1,
     .teaches = "Between two slashes stands an empty segment. It is one like others: it stays, and "
                ".. takes it along.",
     .run = slashes},
    {.name = "empty-path",
     .title = "no path behind the host",
     .points = 1,
     .teaches = "Behind an authority an empty path means / (rule 7), also where a query follows.",
     .run = empty_path},
    {.name = "user-info",
     .title = "@ and : in the user info",
     .points = 2,
     .teaches = "The host begins behind the last @ of the authority, and the port stands behind "
                "the host: a password may hold both (rule 4).",
     .run = user_info},
    {.name = "ipv6",
     .title = "IPv6 addresses",
     .points = 2,
     .teaches = "One address has many spellings; rule 5 takes the one that inet_ntop() gives. The "
                "colons in the brackets begin no port.",
     .run = ipv6},
    {.name = "zone",
     .title = "IPv6 zones",
     .points = 1,
     .teaches = "A zone stands behind %25, and its letters keep their case: it is the name of a "
                "network interface.",
     .run = zone},
    {.name = "bad-literal",
     .title = "brackets around no address",
     .points = 1,
     .teaches = "In the brackets stands an IPv6 address, and behind them a port or nothing.",
     .run = bad_literal},
    {.name = "bad-host",
     .title = "hosts that are none",
     .points = 2,
     .teaches = "http, https, ws, wss and ftp need a host. A colon ends it, and it holds nothing "
                "beyond ASCII.",
     .run = bad_host},
    {.name = "no-scheme",
     .title = "//host",
     .points = 2,
     .teaches = "//host takes its scheme from the page around it: nobody knows its usual port, so "
                ":80 stays.",
     .run = no_scheme},
    {.name = "bad-scheme",
     .title = "neither a scheme nor //",
     .points = 1,
     .teaches = "A scheme is a letter, then letters, digits, +, - and ., and a colon. Without one "
                "the line is a reference, and means nothing alone.",
     .run = bad_scheme},
    {.name = "opaque",
     .title = "mailto:, urn:, tel:, data:",
     .points = 2,
     .teaches = "Without // there is no host, and a path that does not begin with / is no path of "
                "folders: only scheme and percent-coding are put right.",
     .run = opaque},
    {.name = "like-an-authority",
     .title = "a path that would look like a host",
     .points = 1,
     .teaches = "x:/.//a without its dot segment would be x://a, where a is a host: so /. stays "
                "(rule 8).",
     .run = like_an_authority},
    {.name = "files",
     .title = "file:",
     .points = 1,
     .teaches = "For file no authority, an empty one and localhost are the same machine: this one "
                "(rule 9).",
     .run = files},
    {.name = "empty-query",
     .title = "an empty query, and none",
     .points = 2,
     .teaches = "A ? with nothing behind it is an empty query, and not the same as none; the same "
                "goes for #.",
     .run = empty_query},
    {.name = "query-untouched",
     .title = "what a query may hold",
     .points = 1,
     .teaches = "In query and fragment /../ , : and ? are text; and the order of a query's fields "
                "means something to somebody.",
     .run = query_untouched},
    {.name = "beyond-ascii",
     .title = "bytes beyond ASCII",
     .points = 1,
     .teaches = "A byte of 128 or more is coded (rule 3). As a char it is negative here: printed "
                "by %02X it becomes FFFFFFC3.",
     .run = beyond_ascii},
    {.name = "control",
     .title = "control characters",
     .points = 2,
     .teaches = "A tab or a \\r in a URL is dropped by some, and sent on by others, who then send "
                "a header of the attacker's making.",
     .run = control},
    {.name = "nul",
     .title = "a NUL byte",
     .points = 2,
     .teaches = "A NUL ends a C string, but not the line: what is behind it must not get lost.",
     .run = nul},
    {.name = "characters",
     .title = "characters that no URL holds",
     .points = 2,
     .teaches = "A blank or a \\ is read in two ways by two programs (browsers take \\ for /), so "
                "the line is refused.",
     .run = characters},
    {.name = "bad-percent",
     .title = "a percent sign alone",
     .points = 1,
     .teaches = "Behind a percent sign stand two hexadecimal digits; strtol() and sscanf() take "
                "less, and signs as well.",
     .run = bad_percent},
    {.name = "first-row",
     .title = "two things wrong at once",
     .points = 1,
     .teaches = "Of two reasons the first row of the table counts.",
     .run = first_row},
    {.name = "goes-on",
     .title = "bad lines among good ones",
     .points = 1,
     .teaches = "A line that is refused counts as a line, and those behind it are still to be "
                "written; the status is 1 in the end.",
     .run = goes_on},
    {.name = "last-line",
     .title = "no line end behind the last line",
     .points = 1,
     .teaches = "The last line may end with the input: it is a line like others.",
     .run = last_line},
    {.name = "longest",
     .title = "a line of 4,096 bytes, and of one more",
     .points = 2,
     .teaches = "A byte may become three. The longest line there may be has a normal form of "
                "nearly 12,288 bytes.",
     .run = longest},
    {.name = "generated",
     .title = "200 generated URLs",
     .points = 4,
     .teaches = "All rules at once, on URLs that only this seed makes; then their normal forms, "
                "which stay as they are.",
     .run = generated},
    {.name = "input-unreadable",
     .title = "standard input cannot be read",
     .points = 1,
     .teaches = "Standard input was a folder: getchar() says EOF for a failure as for the end, and "
                "ferror(stdin) tells which it was.",
     .run = input_unreadable},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "The disk is full: printf() may still succeed, and only fflush() or fclose() "
                "tells.",
     .run = output_full},
    {.name = "usage",
     .title = "an argument",
     .points = 1,
     .teaches = "The URLs come from standard input; an argument is a mistake, status 2.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left in memory",
     .points = 1,
     .teaches = "All memory is freed, also what a line held that was refused half-way.",
     .run = clean,
     .leaks = true},
    {.name = "endless-line",
     .title = "a line without an end",
     .points = 2,
     .teaches = "A line of 16 MiB is refused like one of 4,097 bytes: what cannot be used need not "
                "be kept.",
     .run = endless_line},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
