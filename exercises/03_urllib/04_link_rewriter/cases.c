/* Exercise 3.4, link rewriter: what is tried, and how. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

#define BASE "http://a/b/c/d;p?q"
#define ROWS(rows) (rows), sizeof(rows) / sizeof(rows)[0]

enum {
    MOST = 8192,
    LINES = 10000,
    LINES_A_BLOCK = 40,
    LINE = 1400,
    MEMORY_KIB = 16384, /* with what the sanitizers take, 10 MiB or so; pages have 14 MB */
    PROCESSOR_MS = 3000
};

/* A reference, and what it means. */
struct row {
    const char *reference, *result;
};

static unsigned any(struct session *s)
{
    return 1000 + session_random(s, 9000);
}

/* The host "a" of RFC 3986 gets a number that nobody knows beforehand. */
static const char *number_host(struct session *s, const char *url, unsigned n)
{
    if (strncmp(url, "http://a", 8) != 0 || isalnum((unsigned char)url[8]))
        return url;
    return session_print(s, "http://a%u%s", n, url + 8);
}

static struct student *start(struct session *s, const char *base, const char *page, size_t length)
{
    struct student *p = student_start(s, base, NULL);

    student_input(p, page, length);
    student_end_input(p);
    return p;
}

static void rewrites_bytes(struct session *s, const char *base, const char *page, size_t length,
                           const char *due, size_t due_length)
{
    struct student *p = start(s, base, page, length);

    expect_output(p, due, due_length);
    expect_exit(p, 0);
}

static void rewrites(struct session *s, const char *base, const char *page, const char *due)
{
    rewrites_bytes(s, base, page, strlen(page), due, strlen(due));
}

/* A page with these references, href and src in turn. */
static void resolves(struct session *s, const char *base, const struct row *rows, size_t count)
{
    unsigned n = any(s);
    const char *page = "", *due = "";

    for (size_t i = 0; i < count; i++) {
        const char *begin = i % 2 == 0 ? "a href=\"" : "img src='";
        const char *end = i % 2 == 0 ? "\"" : "'";
        page = session_print(s, "%s<%s%s%s>%u\n", page, begin, rows[i].reference, end, n);
        due = session_print(s, "%s<%s%s%s>%u\n", due, begin, number_host(s, rows[i].result, n), end,
                            n);
    }
    rewrites(s, number_host(s, base, n), page, due);
}

static void same_folder(struct session *s)
{
    static const struct row rows[] = {
        {"g", "http://a/b/g"},
        {"g.html", "http://a/b/g.html"},
        {"g/h/", "http://a/b/g/h/"},
        {"g;x=1/y", "http://a/b/g;x=1/y"},
        {"caf\xc3\xa9 1", "http://a/b/caf\xc3\xa9 1"},
    };

    resolves(s, "http://a/b/index.html", ROWS(rows));
    resolves(s, "http://a/b/", ROWS(rows));
    resolves(s, "http://a/b/c?d=/e/f/", ROWS(rows));
    resolves(s, "http://a/b/c#/e/f/", ROWS(rows));
}

static void same_host(struct session *s)
{
    static const struct row rows[] = {
        {"/g", "http://a/g"},
        {"/", "http://a/"},
        {"/g/h?y#s", "http://a/g/h?y#s"},
        {"/g//h", "http://a/g//h"},
        {"/http://x/y", "http://a/http://x/y"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void other_host(struct session *s)
{
    static const struct row rows[] = {
        {"//g", "http://g"},
        {"//g/", "http://g/"},
        {"//g?y", "http://g?y"},
        {"//u@[2001:db8::1]:8080/h#s", "http://u@[2001:db8::1]:8080/h#s"},
        {"//g/h/../i/./", "http://g/i/"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void other_scheme(struct session *s)
{
    static const struct row rows[] = {
        {"g:h", "g:h"},
        {"https://x.test", "https://x.test"},
        {"HTTPS://X.test/a?b#c", "HTTPS://X.test/a?b#c"},
        {"mailto:m@x.test", "mailto:m@x.test"},
        {"javascript:f(1)", "javascript:f(1)"},
        {"svn+ssh.1-x://h/p", "svn+ssh.1-x://h/p"},
        {"data:,a?b", "data:,a?b"},
        {"https://x.test/a/./b/../c", "https://x.test/a/c"},
        {"x:/a/../../b", "x:/b"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void strict(struct session *s)
{
    static const struct row rows[] = {
        {"http:g", "http:g"}, {"http:/g", "http:/g"},   {"http:?y", "http:?y"},
        {"http:", "http:"},   {"HTTP:g#s", "HTTP:g#s"}, {"http:../g", "http:g"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void no_scheme(struct session *s)
{
    static const struct row rows[] = {
        {"1:2", "http://a/b/c/1:2"},        {"./g:h", "http://a/b/c/g:h"},
        {"g/h:i", "http://a/b/c/g/h:i"},    {"?g:h", "http://a/b/c/d;p?g:h"},
        {"#g:h", "http://a/b/c/d;p?q#g:h"}, {"g_h:i", "http://a/b/c/g_h:i"},
        {":g", "http://a/b/c/:g"},          {"-g:h", "http://a/b/c/-g:h"},
        {"g%41:h", "http://a/b/c/g%41:h"},  {"//g:80/h", "http://g:80/h"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void query_only(struct session *s)
{
    static const struct row rows[] = {
        {"?y", "http://a/b/c/d;p?y"},
        {"?y#s", "http://a/b/c/d;p?y#s"},
        {"?y?z", "http://a/b/c/d;p?y?z"},
        {"?y=/../z&amp;x=1", "http://a/b/c/d;p?y=/../z&amp;x=1"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void fragment_only(struct session *s)
{
    static const struct row rows[] = {
        {"#s", "http://a/b/c/d;p?q#s"},
        {"#s?t", "http://a/b/c/d;p?q#s?t"},
        {"#/../s", "http://a/b/c/d;p?q#/../s"},
        {"#s#t", "http://a/b/c/d;p?q#s#t"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void empty(struct session *s)
{
    static const struct row rows[] = {
        {"", "http://a/b/c/d;p?q"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"?y", "http://a/b/c/d;p?y"},
    };

    resolves(s, BASE, ROWS(rows));
    resolves(s, BASE "#f", ROWS(rows));
}

static void empty_parts(struct session *s)
{
    static const struct row rows[] = {
        {"?", "http://a/b/c/d;p?"}, {"#", "http://a/b/c/d;p?q#"}, {"g?", "http://a/b/c/g?"},
        {"g#", "http://a/b/c/g#"},  {"g?#", "http://a/b/c/g?#"},  {"//", "http://"},
        {"///g", "http:///g"},      {"//?y", "http://?y"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void dot_segments(struct session *s)
{
    static const struct row rows[] = {
        {"./g", "http://a/b/c/g"},       {"g/.", "http://a/b/c/g/"},
        {"g/..", "http://a/b/c/"},       {"g/../h/./i", "http://a/b/c/h/i"},
        {"..", "http://a/b/"},           {"../..", "http://a/"},
        {"./../g", "http://a/b/g"},      {"g/h/../../../i", "http://a/b/i"},
        {"g//../h", "http://a/b/c/g/h"}, {"/g/./h/../i", "http://a/g/i"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void above_root(struct session *s)
{
    static const struct row rows[] = {
        {"../../../g", "http://a/g"}, {"../../../../../../g?y", "http://a/g?y"},
        {"/../g", "http://a/g"},      {"/g/../../../h", "http://a/h"},
        {"../../..", "http://a/"},    {"/..", "http://a/"},
        {"/../..//g", "http://a//g"}, {"//g/../h", "http://g/h"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void names_with_dots(struct session *s)
{
    static const struct row rows[] = {
        {"g.", "http://a/b/c/g."},           {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},         {"..g", "http://a/b/c/..g"},
        {"...", "http://a/b/c/..."},         {".../../g", "http://a/b/c/g"},
        {"g/.../h", "http://a/b/c/g/.../h"}, {"%2e%2e/g", "http://a/b/c/%2e%2e/g"},
        {".;/g", "http://a/b/c/.;/g"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void not_in_the_path(struct session *s)
{
    static const struct row rows[] = {
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"g#s?y", "http://a/b/c/g#s?y"},
        {"/g?http://x/../y", "http://a/g?http://x/../y"},
        {"g;x=1/../y", "http://a/b/c/y"},
    };

    resolves(s, BASE, ROWS(rows));
}

/* RFC 3986 section 5.4.1, every row. */
static void normal(struct session *s)
{
    static const struct row rows[] = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
    };

    resolves(s, BASE, ROWS(rows));
}

/* RFC 3986 section 5.4.2, every row. */
static void abnormal(struct session *s)
{
    static const struct row rows[] = {
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"http:g", "http:g"},
    };

    resolves(s, BASE, ROWS(rows));
}

static void host_alone(struct session *s)
{
    static const struct row bare[] = {
        {"g", "http://a/g"},  {"../g", "http://a/g"}, {".", "http://a/"},   {"?y", "http://a?y"},
        {"#s", "http://a#s"}, {"", "http://a"},       {"/g", "http://a/g"},
    };
    static const struct row query[] = {
        {"g", "http://a/g"},
        {"?y", "http://a?y"},
        {"#s", "http://a?/q#s"},
        {"", "http://a?/q"},
    };

    resolves(s, "http://a", ROWS(bare));
    resolves(s, "http://a?/q", ROWS(query));
}

/* An authority that is empty, and none. */
static void other_bases(struct session *s)
{
    static const struct row file[] = {
        {"c", "file:///a/c"},    {"/c", "file:///c"}, {"../../c", "file:///c"},
        {"//h/c", "file://h/c"}, {"", "file:///a/b"},
    };
    static const struct row rooted[] = {
        {"c", "x:/a/c"},
        {"../../c", "x:/c"},
        {"?y", "x:/a/b?y"},
        {"//h", "x://h"},
    };
    static const struct row opaque[] = {
        {"z", "urn:z"},
        {"?y", "urn:x:y?y"},
        {"#s", "urn:x:y#s"},
        {"/z", "urn:/z"},
    };

    resolves(s, "file:///a/b", ROWS(file));
    resolves(s, "x:/a/b", ROWS(rooted));
    resolves(s, "urn:x:y", ROWS(opaque));
}

static void base_with_dots(struct session *s)
{
    static const struct row rows[] = {
        {"", "http://a/b/../c/./d?q"},
        {"?y", "http://a/b/../c/./d?y"},
        {"#s", "http://a/b/../c/./d?q#s"},
        {"g", "http://a/c/g"},
        {"../g", "http://a/g"},
    };

    resolves(s, "http://a/b/../c/./d?q#f", ROWS(rows));
}

/* ---- the page ---- */

static void untouched(struct session *s)
{
    unsigned n = any(s);
    const char *page = session_print(
        s, "<p title=\"%u\">5 > 4, 'it' & \"that\"</p>\r\n\r\n\thttp://a/../b href src=\n%u", n, n);

    rewrites(s, BASE, page, page);
    rewrites(s, BASE, "", "");
    page = session_print(s, "%u\n<a href=\"g\">", n);
    rewrites(s, BASE, page, session_print(s, "%u\n<a href=\"http://a/b/c/g\">", n));
}

/* What stands behind the other quote changes what stands before it. */
static void quotes(struct session *s)
{
    unsigned n = any(s);

    rewrites(s, BASE,
             session_print(
                 s, "<a href='g\"%u/../h'><a href=\"it's/../?'\"><img src=\"a>b\" alt='x'>", n),
             session_print(s, "<a href='http://a/b/c/h'><a href=\"http://a/b/c/?'\"><img "
                              "src=\"http://a/b/c/a>b\" alt='x'>"));
    rewrites(s, BASE, session_print(s, "<a href='%u\"'>", n),
             session_print(s, "<a href='http://a/b/c/%u\"'>", n));
}

static void spelling(struct session *s)
{
    unsigned n = any(s);

    rewrites(
        s, BASE,
        session_print(s, "<A HREF=\"%u\"><a\tHref='g'><a\nhREF=\"g\"><a\rSRC='g'><a\fsrc='g'>", n),
        session_print(s,
                      "<A HREF=\"http://a/b/c/%u\"><a\tHref='http://a/b/c/g'><a\nhREF="
                      "\"http://a/b/c/g\"><a\rSRC='http://a/b/c/g'><a\fsrc='http://a/b/c/g'>",
                      n));
}

/* What looks like a link and is none; and behind each a link. */
static void almost(struct session *s)
{
    static const char *const none[] = {
        "href=\"g\"",   " data-href=\"g\"", " xsrc='g'",  " hrefs=\"g\"", " srcset=\"g\"",
        " href =\"g\"", " href= \"g\"",     " href=g",    " href==\"g\"", " href:\"g\"",
        "\"href=\"g\"", " hrhref=\"g\"",    " srsrc='g'", " src=src='g'", "/src='g'",
        "\vhref=\"g\"", " hre\nf=\"g\"",    " ref=\"g\"", " rc='g'",      " href=`g`",
    };
    const char *page = "", *due = "";
    unsigned n = any(s);

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        page = session_print(s, "%s%s href='%u'", page, none[i], n);
        due = session_print(s, "%s%s href='http://a/b/c/%u'", due, none[i], n);
    }
    rewrites(s, BASE, page, due);
    rewrites(s, BASE, session_print(s, "<a href href=\"%u\"><a  href='g'><a src href='h'>", n),
             session_print(s,
                           "<a href href=\"http://a/b/c/%u\"><a  href='http://a/b/c/g'><a src "
                           "href='http://a/b/c/h'>",
                           n));
}

/* The text of a link is no place for another; all else is. */
static void inside(struct session *s)
{
    unsigned n = any(s);

    rewrites(s, BASE,
             session_print(s, "<a href=\"g href='%u'\"><!-- src='h' --><p title=' href=\"i\"'>", n),
             session_print(s,
                           "<a href=\"http://a/b/c/g href='%u'\"><!-- src='http://a/b/c/h' --><p "
                           "title=' href=\"http://a/b/c/i\"'>",
                           n));
}

static void one_line(struct session *s)
{
    unsigned n = any(s);

    rewrites(s, BASE, session_print(s, "<a href=\"%u\"href=\"h\" href='i' src=\"j\"> href='k'", n),
             session_print(s,
                           "<a href=\"http://a/b/c/%u\"href=\"h\" href='http://a/b/c/i' src=\""
                           "http://a/b/c/j\"> href='http://a/b/c/k'",
                           n));
}

static void blanks(struct session *s)
{
    unsigned n = any(s);

    rewrites(s, BASE,
             session_print(s, "<a href=\" ../%u\"><a href='\n\tg h \r\n'><a href=\"?y\f\">", n),
             session_print(s,
                           "<a href=\" http://a/b/%u\"><a href='\n\thttp://a/b/c/g h \r\n'><a "
                           "href=\"http://a/b/c/d;p?y\f\">",
                           n));
    rewrites(s, BASE, session_print(s, "%u <a href=\"  \">", n),
             session_print(s, "%u <a href=\"  http://a/b/c/d;p?q\">", n));
}

static void bytes(struct session *s)
{
    static const char link[] = " href=\"../\0g\xff\xc3/./\0?\x01\"",
                      due_link[] = " href=\"http://a/b/\0g\xff\xc3/\0?\x01\"";
    char page[4096], due[4096];
    size_t some = 1500;

    session_bytes(s, page, some);
    page[0] = '\0';
    page[some / 2] = '\xff';
    page[some - 1] = '\n';
    memcpy(due, page, some);
    memcpy(page + some, link, sizeof link);
    memcpy(due + some, due_link, sizeof due_link);
    session_bytes(s, page + some + sizeof link, some);
    memcpy(due + some + sizeof due_link, page + some + sizeof link, some);
    rewrites_bytes(s, BASE, page, 2 * some + sizeof link, due, 2 * some + sizeof due_link);
}

static void broken_off(struct session *s)
{
    static const char *const ends[] = {" href=\"../g", " src='", " href=", " href=\" g ", " hre"};
    unsigned n = any(s);

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        rewrites(s, BASE, session_print(s, "<a href='%u'>%s", n, ends[i]),
                 session_print(s, "<a href='http://a/b/c/%u'>%s", n, ends[i]));
}

/* So many bytes: what it begins with, and zeros. */
static const char *long_link(struct session *s, const char *begin, int length)
{
    return session_print(s, "%s%0*d", begin, length - (int)strlen(begin), 0);
}

static void longest(struct session *s)
{
    unsigned n = any(s);
    const char *link = long_link(s, "../", MOST), *base = long_link(s, BASE, MOST);

    rewrites(s, BASE, session_print(s, "<a href=\"%s\">%u", link, n),
             session_print(s, "<a href=\"http://a/b/%s\">%u", link + 3, n));
    rewrites(s, base, session_print(s, "<a href=\"#%u\"><a href=\"%s\">", n, link),
             session_print(s, "<a href=\"%s#%u\"><a href=\"http://a/b/%s\">", base, n, link + 3));
}

static void too_long(struct session *s)
{
    unsigned n = any(s);
    const char *link = long_link(s, "../", MOST + 1), *longer = long_link(s, "../", 5 * MOST);

    rewrites(s, BASE,
             session_print(s, "<a href=\"%s\"><a href='%u'><a href=' \"%s src=\"h\"'> href='i'",
                           link, n, longer),
             session_print(s,
                           "<a href=\"%s\"><a href='http://a/b/c/%u'><a href=' \"%s src=\"h\"'> "
                           "href='http://a/b/c/i'",
                           link, n, longer));
}

/* Byte by byte, each when the one before it was read. */
static void in_pieces(struct session *s)
{
    unsigned n = any(s);
    const char *page = session_print(s, "<a href=\"../%u\">x<img src='//h'>", n);
    struct student *p = student_start(s, BASE, NULL);
    const char *due = session_print(s, "<a href=\"http://a/b/%u\">x<img src='http://h'>", n);

    for (const char *at = page; *at != '\0'; at++) {
        student_input(p, at, 1);
        student_wait_read(p);
    }
    student_end_input(p);
    expect_output(p, due, strlen(due));
    expect_exit(p, 0);
}

static void expect_usage(struct student *p)
{
    const char *page = "<a href=\"g\">";

    student_input(p, page, strlen(page));
    student_end_input(p);
    expect_failure(p, 2);
    expect_output(p, "", 0);
}

static void relative_base(struct session *s)
{
    static const char *const bases[] = {"/b/c", "//a/b", "b/c:d", "1a:b", "?http://a/", "", ":"};

    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        expect_usage(student_start(s, bases[i], NULL));
    expect_usage(student_start(s, long_link(s, BASE, MOST + 1), NULL));
}

static void usage(struct session *s)
{
    expect_usage(student_start(s, NULL));
    expect_usage(student_start(s, BASE, "page.html", NULL));
}

static void input_unreadable(struct session *s)
{
    session_spoil_input(s);
    expect_failure(start(s, BASE, "", 0), 1);
}

static void output_full(struct session *s)
{
    const char *page = session_print(s, "<a href=\"%u\">", any(s));

    session_fill_output(s);
    expect_failure(start(s, BASE, page, strlen(page)), 1);
}

static void clean(struct session *s)
{
    unsigned n = any(s);

    rewrites(
        s, BASE, session_print(s, "<a href=\"../%u\"> <img src='?y'> href='", n),
        session_print(s, "<a href=\"http://a/b/%u\"> <img src='http://a/b/c/d;p?y'> href='", n));
}

/* ---- pages that no memory should hold ---- */

/* Texts one behind the other, each so many times. */
struct flow {
    struct {
        const char *text;
        size_t length, times;
    } parts[3];
    size_t part, time, offset;
};

static size_t next_bytes(void *state, char *bytes, size_t size)
{
    struct flow *flow = state;

    while (flow->part < 3 && flow->time == flow->parts[flow->part].times) {
        flow->part++;
        flow->time = 0;
    }
    if (flow->part == 3)
        return 0;
    size_t length = flow->parts[flow->part].length - flow->offset;
    length = length < size ? length : size;
    memcpy(bytes, flow->parts[flow->part].text + flow->offset, length);
    flow->offset += length;
    if (flow->offset == flow->parts[flow->part].length) {
        flow->offset = 0;
        flow->time++;
    }
    return length;
}

static void flow_add(struct flow *flow, size_t part, const char *text, size_t times)
{
    flow->parts[part].text = text;
    flow->parts[part].length = strlen(text);
    flow->parts[part].times = times;
}

/* The program has all that in holds, and is asked what it takes; only then the page ends. */
static void streams(struct session *s, struct flow *in, struct flow *due)
{
    struct student *p = student_start(s, BASE, NULL);

    student_limit_processor(p, PROCESSOR_MS);
    student_stream_output(p, next_bytes, due);
    student_stream_input(p, next_bytes, in);
    expect_memory(p, MEMORY_KIB);
    student_end_input(p);
    expect_stream_output(p);
    expect_exit(p, 0);
}

/* About LINE bytes of text, and at its end what follows. */
static const char *fill(struct session *s, const char *behind)
{
    char *text = session_alloc(s, LINE);

    session_text(s, text, LINE - 1 - strlen(behind));
    for (char *at = text; *at != '\0'; at++)
        if (*at == '"' || *at == '\'')
            *at = '.';
    return session_print(s, "%s%s", text, behind);
}

static void ten_thousand_lines(struct session *s)
{
    const char *page = "", *due = "";
    struct flow in = {0}, out = {0};

    for (int i = 0; i < LINES_A_BLOCK; i++) {
        const char *text = fill(s, "\n");
        unsigned n = any(s);
        page = session_print(s, "%s<a href=\"../%u/./%d\">%s", page, n, i, text);
        due = session_print(s, "%s<a href=\"http://a/b/%u/%d\">%s", due, n, i, text);
    }
    flow_add(&in, 0, page, LINES / LINES_A_BLOCK);
    flow_add(&out, 0, due, LINES / LINES_A_BLOCK);
    streams(s, &in, &out);
}

/* One line of 2 MB, and a value of 12 MB that does not end. */
static void endless(struct session *s)
{
    const char *text = fill(s, ""), *value = fill(s, "");
    struct flow in = {0}, out = {0};
    size_t times = (size_t)2000000 / LINE;
    unsigned n = any(s);

    flow_add(&in, 0, session_print(s, " src='%u'%s", n, text), times);
    flow_add(&out, 0, session_print(s, " src='http://a/b/c/%u'%s", n, text), times);
    flow_add(&in, 1, " href=\"", 1);
    flow_add(&out, 1, " href=\"", 1);
    flow_add(&in, 2, value, 6 * times);
    flow_add(&out, 2, value, 6 * times);
    streams(s, &in, &out);
}

static const struct test_case CASES[] = {
    {.name = "untouched",
     .title = "a page without links, and a link at its end",
     .points = 1,
     .teaches = "All that is no link goes through as it came, byte for byte, line ends and "
                "all; a page need not end with one.",
     .run = untouched},
    {.name = "same-folder",
     .title = "a name in the base's folder",
     .points = 2,
     .teaches = "The last segment of the base's path, index.html, is a file: a reference "
                "stands beside it and not below it. Slashes of its query or fragment are no "
                "part of the path.",
     .run = same_folder},
    {.name = "same-host",
     .title = "a path from the root",
     .points = 1,
     .teaches = "A reference that begins with one slash replaces the whole path, and keeps "
                "scheme and host.",
     .run = same_host},
    {.name = "other-host",
     .title = "another host, the same scheme",
     .points = 2,
     .teaches = "Two slashes in front begin a host: only the scheme comes from the base.",
     .run = other_host},
    {.name = "other-scheme",
     .title = "references with a scheme of their own",
     .points = 2,
     .teaches = "What has a scheme is absolute: it takes nothing from the base, whatever the "
                "scheme is. Its dot segments go all the same.",
     .run = other_scheme},
    {.name = "strict",
     .title = "the base's scheme without a host",
     .points = 1,
     .teaches = "http:g has a scheme and so takes nothing from the base, not even one that "
                "has the same scheme.",
     .run = strict},
    {.name = "no-scheme",
     .title = "colons that end no scheme",
     .points = 2,
     .teaches = "A scheme is a letter and then letters, digits and +-. only; a colon behind "
                "a slash, a ? or a # ends none.",
     .run = no_scheme},
    {.name = "query-only",
     .title = "a query alone",
     .points = 2,
     .teaches = "A reference that is only a query keeps the base's whole path, its file too, "
                "and replaces the query.",
     .run = query_only},
    {.name = "fragment-only",
     .title = "a fragment alone",
     .points = 2,
     .teaches = "A reference that is only a fragment keeps the base's path and query.",
     .run = fragment_only},
    {.name = "empty",
     .title = "the empty reference",
     .points = 2,
     .teaches = "An empty reference means the base itself, with its query and without its "
                "fragment.",
     .run = empty},
    {.name = "empty-parts",
     .title = "parts that are there and empty",
     .points = 2,
     .teaches = "A ? with nothing behind it is an empty query and replaces the base's; no ? "
                "is none and inherits it. A length of 0 cannot tell the two apart.",
     .run = empty_parts},
    {.name = "dot-segments",
     .title = "dot segments",
     .points = 2,
     .teaches = ". is the folder itself and .. the one above; at the end of a path both "
                "leave a slash.",
     .run = dot_segments},
    {.name = "above-root",
     .title = "dot segments above the root",
     .points = 2,
     .teaches = "Above the root there is nothing: what .. would take away there is not "
                "there, and no .. is left.",
     .run = above_root},
    {.name = "names-with-dots",
     .title = "names that begin or end with dots",
     .points = 2,
     .teaches = "Only . and .. alone between slashes are dot segments; ..g is a name, and so "
                "is %2e%2e, for nothing is decoded.",
     .run = names_with_dots},
    {.name = "not-in-the-path",
     .title = "dots and slashes behind the path",
     .points = 2,
     .teaches = "Dot segments are the path's: in a query or a fragment ../ is text. A "
                "semicolon ends no path.",
     .run = not_in_the_path},
    {.name = "normal",
     .title = "every row of RFC 3986 section 5.4.1",
     .points = 3,
     .teaches = "The examples of the RFC: compare the row at which the output first differs.",
     .run = normal},
    {.name = "abnormal",
     .title = "every row of RFC 3986 section 5.4.2",
     .points = 3,
     .teaches = "The abnormal examples of the RFC: compare the row at which the output first "
                "differs.",
     .run = abnormal},
    {.name = "host-alone",
     .title = "a base without a path",
     .points = 2,
     .teaches = "Behind a host without a path, a reference needs the slash that the base has "
                "not.",
     .run = host_alone},
    {.name = "other-bases",
     .title = "bases without an authority, or with an empty one",
     .points = 2,
     .teaches = "file:///a has an authority, which is empty; urn:x has none. The first keeps "
                "its two slashes and the second gets none.",
     .run = other_bases},
    {.name = "base-with-dots",
     .title = "a base with dot segments",
     .points = 2,
     .teaches = "What is taken over from the base whole stays as it is; what is merged with "
                "its path loses its dot segments.",
     .run = base_with_dots},
    {.name = "quotes",
     .title = "both kinds of quotes",
     .points = 2,
     .teaches = "A link ends at the quote with which it began; the other one is part of it.",
     .run = quotes},
    {.name = "spelling",
     .title = "HREF and Src, behind any blank",
     .points = 1,
     .teaches = "HTML does not tell large letters from small ones in names, and how they were "
                "spelled stays. In front stands any blank: a line end, too.",
     .run = spelling},
    {.name = "almost",
     .title = "what is almost a link",
     .points = 2,
     .teaches = "The word stands behind a blank, = and the quote follow at once: data-href "
                "and srcset are other names. A search that fails goes on where it is, not "
                "behind what it read.",
     .run = almost},
    {.name = "inside",
     .title = "links in links, comments and texts",
     .points = 1,
     .teaches = "Within a link's value nothing begins another; anywhere else the filter asks "
                "for no more than the contract says.",
     .run = inside},
    {.name = "one-line",
     .title = "several links in one line",
     .points = 1,
     .teaches = "Behind a link the search goes on; a closing quote is no blank.",
     .run = one_line},
    {.name = "blanks",
     .title = "blanks around a reference",
     .points = 2,
     .teaches = "Blanks at both ends of a value are not part of the reference: they stay "
                "where they are, and the URL goes between them.",
     .run = blanks},
    {.name = "bytes",
     .title = "bytes of every kind",
     .points = 2,
     .teaches = "A page is bytes: a NUL ends nothing, and a byte above 127 is no blank and "
                "not the end of the input.",
     .run = bytes},
    {.name = "broken-off",
     .title = "the page ends within a link",
     .points = 2,
     .teaches = "A value without its closing quote is no link: what was kept back of it has "
                "to be written all the same.",
     .run = broken_off},
    {.name = "longest",
     .title = "a link and a base of 8,192 bytes",
     .points = 2,
     .teaches = "A value may have 8,192 bytes, the base too, and what they make together "
                "more.",
     .run = longest},
    {.name = "too-long",
     .title = "a link that is too long",
     .points = 2,
     .teaches = "From 8,193 bytes on a value is no link: it goes through up to its closing "
                "quote, and no array overflows.",
     .run = too_long},
    {.name = "in-pieces",
     .title = "a page byte by byte",
     .points = 2,
     .teaches = "read() returns what has come, be it one byte: the word, the quotes and the "
                "link may come in any pieces.",
     .run = in_pieces},
    {.name = "relative-base",
     .title = "a base that is no absolute URL",
     .points = 1,
     .teaches = "Without a scheme, or with more than 8,192 bytes, the base is a mistake of "
                "the command line: status 2, and nothing written.",
     .run = relative_base},
    {.name = "input-unreadable",
     .title = "standard input cannot be read",
     .points = 1,
     .teaches = "Standard input was a folder: getc() says EOF for a failure as for the end, "
                "and ferror(stdin) tells which it was.",
     .run = input_unreadable},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "The disk is full: putc() may still succeed, and only fflush() or fclose() "
                "tells.",
     .run = output_full},
    {.name = "usage",
     .title = "no base, or two arguments",
     .points = 1,
     .teaches = "The page comes from standard input; the one argument is the base.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left in memory",
     .points = 1,
     .teaches = "All memory is freed at the end.",
     .run = clean,
     .leaks = true},
    {.name = "endless",
     .title = "a line and a value without an end",
     .points = 3,
     .teaches = "Memory does not grow with a line, nor with a value whose quote never comes: "
                "behind 8,192 bytes nothing has to be kept.",
     .run = endless,
     .limit_ms = 10000},
    {.name = "ten-thousand-lines",
     .title = "10,000 lines in constant memory",
     .points = 3,
     .teaches = "14 MB went through: who keeps the page, or writes it only at its end, "
                "holds it all in memory.",
     .run = ten_thousand_lines,
     .limit_ms = 10000},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
