/* Exercise 3.2, percent-coding detective: what is tried, and how. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

enum {
    LINE_MOST = 4096,
    PATTERN = 4096,
    MEMORY_KIB = 8 * 1024,
    RANDOM_LINES = 60,
    RANDOM_MOST = 120,
    AT_ONCE = 6
};

#define PIECES ((size_t)4096) /* of a line that does not end, PATTERN bytes each */
#define ROOM ((size_t)256 * 1024)
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

#define ALL "userinfo segment path query value"
#define FROM_SEGMENT "segment path query value"
#define FROM_PATH "path query value"

/*
 * A line, what is found in it ("5 needless 9 twice"), and what is said of it behind that. "$"
 * stands for four digits that only this seed has.
 */
struct row {
    const char *line, *findings;
    int coded, layers;
    const char *fits, *canonical;
};

/* What the program is given, and what it is to print. */
struct list {
    char *input, *output;
    size_t input_length, output_length;
    unsigned lines;
};

static struct list list_new(struct session *s)
{
    return (struct list){.input = session_alloc(s, ROOM), .output = session_alloc(s, ROOM)};
}

static void give(struct list *list, const void *line, size_t length)
{
    memcpy(list->input + list->input_length, line, length);
    list->input_length += length;
    list->input[list->input_length++] = '\n';
    list->lines++;
}

static void say_finding(struct list *list, size_t at, const char *finding)
{
    list->output_length +=
        (size_t)snprintf(list->output + list->output_length, ROOM - list->output_length,
                         "%u:%zu: %s\n", list->lines, at, finding);
}

static void say_line(struct list *list, int coded, int layers, const char *fits,
                     const char *canonical)
{
    list->output_length += (size_t)snprintf(
        list->output + list->output_length, ROOM - list->output_length,
        "%u: coded %d, layers %d, fits %s, <%s>\n", list->lines, coded, layers, fits, canonical);
}

static const char *fill(struct session *s, const char *text, const char *number)
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

static void judge_list(struct session *s, const struct list *list)
{
    struct student *p = student_start(s, NULL);

    student_input(p, list->input, list->input_length);
    student_end_input(p);
    expect_output(p, list->output, list->output_length);
    expect_exit(p, 0);
}

static void add_row(struct session *s, struct list *list, const struct row *row, const char *number)
{
    const char *line = fill(s, row->line, number), *found = row->findings;

    give(list, line, strlen(line));
    while (*found != '\0') {
        char *word;
        unsigned long at = strtoul(found, &word, 10);
        size_t length = strcspn(++word, " ");
        say_finding(list, at, session_print(s, "%.*s", (int)length, word));
        found = word + length;
    }
    say_line(list, row->coded, row->layers, row->fits, fill(s, row->canonical, number));
}

/* Six rows at a time: a report shows six lines of the input, which are then all. */
static void tries(struct session *s, const struct row *rows)
{
    while (rows->line != NULL) {
        const char *number = session_print(s, "%u", 1000 + session_random(s, 9000));
        struct list list = list_new(s);

        for (int i = 0; i < AT_ONCE && rows->line != NULL; i++)
            add_row(s, &list, rows++, number);
        judge_list(s, &list);
    }
}

/* ---- what is to be said of any line: for those that the seed makes ---- */

struct text {
    unsigned char bytes[LINE_MOST];
    size_t at[LINE_MOST + 1];
    size_t length;
};

static bool is_among(const char *set, unsigned char byte)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

static int digit_of(unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";

    return isxdigit(byte) ? (int)(strchr(digits, tolower(byte)) - digits) : -1;
}

static int triplet_at(const struct text *t, size_t i)
{
    if (i + 2 >= t->length || t->bytes[i] != '%' || digit_of(t->bytes[i + 1]) == -1 ||
        digit_of(t->bytes[i + 2]) == -1)
        return -1;
    return digit_of(t->bytes[i + 1]) * 16 + digit_of(t->bytes[i + 2]);
}

static int decode(const struct text *t, struct text *out)
{
    int coded = 0;

    out->length = 0;
    for (size_t i = 0; i < t->length; i++) {
        int byte = triplet_at(t, i);
        out->at[out->length] = i;
        out->bytes[out->length++] = byte == -1 ? t->bytes[i] : (unsigned char)byte;
        if (byte != -1) {
            coded++;
            i += 2;
        }
    }
    out->at[out->length] = t->length;
    return coded;
}

/* The UTF-8 sequence at i: how long it is, and what is wrong with it, or NULL. */
static size_t sequence_at(const struct text *t, size_t i, const char **wrong)
{
    unsigned char lead = t->bytes[i];
    size_t length = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t value = 0;

    *wrong = NULL;
    if (length == 1)
        return 1;
    *wrong = "not-utf8";
    if (length == 0 || lead >= 0xf8 || i + length > t->length)
        return 1;
    for (size_t k = 1; k < length; k++) {
        if (t->bytes[i + k] < 0x80 || t->bytes[i + k] > 0xbf)
            return 1;
        value = value * 64 + (t->bytes[i + k] - 0x80U);
    }
    value += (lead & (0x7fU >> length)) << 6 * (length - 1);
    if (value < (length == 2 ? 0x80U : length == 3 ? 0x800U : 0x10000U))
        *wrong = "overlong";
    else if (value / 0x800 == 0x1b)
        *wrong = "surrogate";
    else
        *wrong = value > 0x10ffff ? "too-large" : NULL;
    return length;
}

static void say_findings(struct list *list, const struct text *t)
{
    const char *wrong;
    size_t sequence = 0;

    for (size_t i = 0; i < t->length; i++) {
        bool coded = t->at[i + 1] > t->at[i] + 1;
        unsigned char byte = t->bytes[i];
        size_t at = t->at[i] + 1;

        if (!coded && byte == '%')
            say_finding(list, at, "broken");
        if (coded && is_among(UNRESERVED, byte))
            say_finding(list, at, "needless");
        if (!coded && byte == '+')
            say_finding(list, at, "plus");
        if (byte == '\0')
            say_finding(list, at, "nul");
        if (i == sequence) {
            sequence += sequence_at(t, i, &wrong);
            if (wrong != NULL)
                say_finding(list, at, wrong);
        }
        if (triplet_at(t, i) != -1)
            say_finding(list, at, "twice");
    }
}

static const char *places_of(struct session *s, const struct text *t)
{
    static const char *const places[][2] = {{"userinfo", "!$&'()*+,;="},
                                            {"segment", "!$&'()*+,;=:@"},
                                            {"path", "!$&'()*+,;=:@/"},
                                            {"query", "!$&'()*+,;=:@/?"},
                                            {"value", "!$'()*,:@/?"}};
    const char *fits = NULL;

    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        bool good = true;
        for (size_t i = 0; i < t->length && good; i++)
            good = t->at[i + 1] > t->at[i] + 1 || is_among(UNRESERVED, t->bytes[i]) ||
                   is_among(places[k][1], t->bytes[i]);
        if (good)
            fits = fits == NULL ? places[k][0] : session_print(s, "%s %s", fits, places[k][0]);
    }
    return fits == NULL ? "nowhere" : fits;
}

/* Gives a line, and says what is to be said of it. Returns its canonical form. */
static const char *judge_line(struct session *s, struct list *list, const void *line, size_t length)
{
    struct text *t = session_alloc(s, sizeof *t), *once = session_alloc(s, sizeof *once), *swap;
    char *canonical = session_alloc(s, length * 3 + 1), *to = canonical;
    int layers = 0;

    give(list, line, length);
    memcpy(t->bytes, line, length);
    t->length = length;
    int coded = decode(t, once);
    say_findings(list, once);
    const char *fits = places_of(s, once);
    for (size_t i = 0; i < once->length; i++)
        if (is_among(UNRESERVED, once->bytes[i]) ||
            (once->at[i + 1] == once->at[i] + 1 && is_among(":/?#[]@!$&'()*+,;=", once->bytes[i])))
            *to++ = (char)once->bytes[i];
        else
            to += snprintf(to, 4, "%%%02X", once->bytes[i]);
    for (int more = coded; more > 0; layers++) {
        swap = t;
        t = once;
        once = swap;
        more = decode(t, once);
    }
    say_line(list, coded, layers, fits, canonical);
    return canonical;
}

/* ---- the cases ---- */

static void safe_sets(struct session *s)
{
    static const struct row rows[] = {{"Aa0-._~$", "", 0, 0, ALL, "Aa0-._~$"},
                                      {"!'()*,$", "", 0, 0, ALL, "!'()*,$"},
                                      {"a:b$", "", 0, 0, FROM_SEGMENT, "a:b$"},
                                      {"a@b$", "", 0, 0, FROM_SEGMENT, "a@b$"},
                                      {"a/b/$", "", 0, 0, FROM_PATH, "a/b/$"},
                                      {"a?$", "", 0, 0, "query value", "a?$"},
                                      {"%3a%40%2F%3F%23$", "", 5, 1, ALL, "%3A%40%2F%3F%23$"},
                                      {.line = NULL}};

    tries(s, rows);
}

static void value(struct session *s)
{
    static const struct row rows[] = {{"a=b$", "", 0, 0, "userinfo segment path query", "a=b$"},
                                      {"a&$", "", 0, 0, "userinfo segment path query", "a&$"},
                                      {"a;$", "", 0, 0, "userinfo segment path query", "a;$"},
                                      {"/a?b=c@d$", "", 0, 0, "query", "/a?b=c@d$"},
                                      {"%26%3d%3B%2b$", "", 4, 1, ALL, "%26%3D%3B%2B$"},
                                      {.line = NULL}};

    tries(s, rows);
}

static void nowhere(struct session *s)
{
    static const struct row rows[] = {
        {"a b$", "", 0, 0, "nowhere", "a%20b$"},
        {"a#b$", "", 0, 0, "nowhere", "a#b$"},
        {"a[0]$", "", 0, 0, "nowhere", "a[0]$"},
        {"\"<>\\^`{|}$", "", 0, 0, "nowhere", "%22%3C%3E%5C%5E%60%7B%7C%7D$"},
        {"a$\r", "", 0, 0, "nowhere", "a$%0D"},
        {"\t\x1b[2J\x7f$", "", 0, 0, "nowhere", "%09%1B[2J%7F$"},
        {"%22%20%0a%23$", "", 4, 1, ALL, "%22%20%0A%23$"},
        {.line = NULL}};

    tries(s, rows);
}

static void needless(struct session *s)
{
    static const struct row rows[] = {
        {"%41b%7A%30$", "1 needless 5 needless 8 needless", 3, 1, ALL, "Abz0$"},
        {"/%7Euser/%2e%2D%5f$", "2 needless 10 needless 13 needless 16 needless", 4, 1, FROM_PATH,
         "/~user/.-_$"},
        {"%2f%20%c3%A9%61$", "13 needless", 5, 1, ALL, "%2F%20%C3%A9a$"},
        {"%5B%60%7b%40%3a%2F%2C$", "", 7, 1, ALL, "%5B%60%7B%40%3A%2F%2C$"},
        {.line = NULL}};

    tries(s, rows);
}

static void digits(struct session *s)
{
    static const struct row rows[] = {{"%e2%82%ac$", "", 3, 1, ALL, "%E2%82%AC$"},
                                      {"%2f%2F%aA%20$", "7 not-utf8", 4, 1, ALL, "%2F%2F%AA%20$"},
                                      {.line = NULL}};

    tries(s, rows);
}

static void reserved(struct session *s)
{
    static const struct row rows[] = {
        {"a%2Fb/c$", "", 1, 1, FROM_PATH, "a%2Fb/c$"},
        {"a%3db=c$", "", 1, 1, "userinfo segment path query", "a%3Db=c$"},
        {"%21!%24%26&%27'%28(%29)%2a*$", "", 7, 1, "userinfo segment path query",
         "%21!%24%26&%27'%28(%29)%2A*$"},
        {.line = NULL}};

    tries(s, rows);
}

static void broken(struct session *s)
{
    static const struct row rows[] = {
        {"$%", "5 broken", 0, 0, "nowhere", "$%25"},
        {"100%/$", "4 broken", 0, 0, "nowhere", "100%25/$"},
        {"$%4", "5 broken", 0, 0, "nowhere", "$%254"},
        {"%zz%-1$", "1 broken 4 broken", 0, 0, "nowhere", "%25zz%25-1$"},
        {"%g0%0g$", "1 broken 4 broken", 0, 0, "nowhere", "%25g0%250g$"},
        {"%u20ac$", "1 broken", 0, 0, "nowhere", "%25u20ac$"},
        {"%%20%+4%0x$", "1 broken 5 broken 6 plus 8 broken", 1, 1, "nowhere", "%25%20%25+4%250x$"},
        {"%4%7e$", "1 broken 3 needless", 1, 1, "nowhere", "%254~$"},
        {.line = NULL}};

    tries(s, rows);
}

static void utf8(struct session *s)
{
    static const struct row rows[] = {
        {"caf%C3%A9$", "", 2, 1, ALL, "caf%C3%A9$"},
        {"caf\xc3\xa9$", "", 0, 0, "nowhere", "caf%C3%A9$"},
        {"\xe2%82\xac$", "", 1, 1, "nowhere", "%E2%82%AC$"},
        {"%F0%9F%90%99$", "", 4, 1, ALL, "%F0%9F%90%99$"},
        {"%C2%80%DF%BF%E0%A0%80%EF%BF%BF$", "", 10, 1, ALL, "%C2%80%DF%BF%E0%A0%80%EF%BF%BF$"},
        {"%F0%90%80%80%F4%8F%BF%BF$", "", 8, 1, ALL, "%F0%90%80%80%F4%8F%BF%BF$"},
        {"%ED%9F%BF%EE%80%80$", "", 6, 1, ALL, "%ED%9F%BF%EE%80%80$"},
        {.line = NULL}};

    tries(s, rows);
}

static void not_utf8(struct session *s)
{
    static const struct row rows[] = {
        {"caf%e9$", "4 not-utf8", 1, 1, ALL, "caf%E9$"},
        {"\xe9t\xe9$", "1 not-utf8 3 not-utf8", 0, 0, "nowhere", "%E9t%E9$"},
        {"$%e2%82", "5 not-utf8 8 not-utf8", 2, 1, ALL, "$%E2%82"},
        {"%e2%82x%ac$", "1 not-utf8 4 not-utf8 8 not-utf8", 3, 1, ALL, "%E2%82x%AC$"},
        {"%c3%c3%a9$", "1 not-utf8", 3, 1, ALL, "%C3%C3%A9$"},
        {"%c3%a9%a9$", "7 not-utf8", 3, 1, ALL, "%C3%A9%A9$"},
        {"%ff%fe%f8%80$", "1 not-utf8 4 not-utf8 7 not-utf8 10 not-utf8", 4, 1, ALL,
         "%FF%FE%F8%80$"},
        {"$%f0%9f%90", "5 not-utf8 8 not-utf8 11 not-utf8", 3, 1, ALL, "$%F0%9F%90"},
        {.line = NULL}};

    tries(s, rows);
}

static void overlong(struct session *s)
{
    static const struct row rows[] = {
        {"..%c0%af..$", "3 overlong", 2, 1, ALL, "..%C0%AF..$"},
        {"%c0%ae%C1%BF$", "1 overlong 7 overlong", 4, 1, ALL, "%C0%AE%C1%BF$"},
        {"%e0%80%af%E0%9F%BF$", "1 overlong 10 overlong", 6, 1, ALL, "%E0%80%AF%E0%9F%BF$"},
        {"%f0%80%80%af%f0%8f%bf%bf$", "1 overlong 13 overlong", 8, 1, ALL,
         "%F0%80%80%AF%F0%8F%BF%BF$"},
        {"%c0%80$", "1 overlong", 2, 1, ALL, "%C0%80$"},
        {"\xc0\xaf$", "1 overlong", 0, 0, "nowhere", "%C0%AF$"},
        {"%c0x$", "1 not-utf8", 1, 1, ALL, "%C0x$"},
        {.line = NULL}};

    tries(s, rows);
}

static void no_characters(struct session *s)
{
    static const struct row rows[] = {
        {"%ed%a0%80$", "1 surrogate", 3, 1, ALL, "%ED%A0%80$"},
        {"a%ED%BF%BF%41$", "2 surrogate 11 needless", 4, 1, ALL, "a%ED%BF%BFA$"},
        {"%f4%90%80%80$", "1 too-large", 4, 1, ALL, "%F4%90%80%80$"},
        {"%F7%BF%BF%BF%e9$", "1 too-large 13 not-utf8", 5, 1, ALL, "%F7%BF%BF%BF%E9$"},
        {.line = NULL}};

    tries(s, rows);
}

static void plus(struct session *s)
{
    static const struct row rows[] = {
        {"a+b$", "2 plus", 0, 0, "userinfo segment path query", "a+b$"},
        {"a%2Bb%20c$", "", 2, 1, ALL, "a%2Bb%20c$"},
        {"C++%2b+$", "2 plus 3 plus 7 plus", 1, 1, "userinfo segment path query", "C++%2B+$"},
        {.line = NULL}};

    tries(s, rows);
}

static void nul(struct session *s)
{
    static const struct row rows[] = {
        {"a.php%00.png$", "6 nul", 1, 1, ALL, "a.php%00.png$"},
        {"%00%41$%00", "1 nul 4 needless 11 nul", 3, 1, ALL, "%00A$%00"},
        {"%2500$", "1 twice", 1, 2, ALL, "%2500$"},
        {.line = NULL}};

    tries(s, rows);
}

/* In the line itself, where no string function looks. */
static void nul_byte(struct session *s)
{
    struct list list = list_new(s);
    const char *number = session_print(s, "%u", 1000 + session_random(s, 9000));
    char line[16] = "ab\0%7e";

    memcpy(line + 6, number, 4);
    give(&list, line, 10);
    say_finding(&list, 3, "nul");
    say_finding(&list, 4, "needless");
    say_line(&list, 1, 1, "nowhere", session_print(s, "ab%%00~%s", number));
    give(&list, "%4\0", 3);
    say_finding(&list, 1, "broken");
    say_finding(&list, 3, "nul");
    say_line(&list, 0, 0, "nowhere", "%254%00");
    judge_list(s, &list);
}

static void twice(struct session *s)
{
    static const struct row rows[] = {
        {"a%2520b$", "2 twice", 1, 2, ALL, "a%2520b$"},
        {"%252e%252E/$", "1 twice 6 twice", 2, 2, FROM_PATH, "%252e%252E/$"},
        {"caf%25c3%25a9$", "4 twice 9 twice", 2, 2, ALL, "caf%25c3%25a9$"},
        {"%2541%7e%25$", "1 twice 6 needless 9 twice", 3, 2, ALL, "%2541~%25$"},
        {.line = NULL}};

    tries(s, rows);
}

static void not_twice(struct session *s)
{
    static const struct row rows[] = {{"100%25", "", 1, 1, ALL, "100%25"},
                                      {"5%25+5%25 $", "5 plus", 2, 1, "nowhere", "5%25+5%25%20$"},
                                      {"%25zz%254.%25g$", "", 3, 1, ALL, "%25zz%254.%25g$"},
                                      {"%25%2541x$", "4 twice", 2, 2, ALL, "%25%2541x$"},
                                      {.line = NULL}};

    tries(s, rows);
}

static void hidden(struct session *s)
{
    static const struct row rows[] = {
        {"%25%34%31/$", "1 twice 4 needless 7 needless", 3, 2, FROM_PATH, "%2541/$"},
        {"%%34%31x$", "1 broken 1 twice 2 needless 5 needless", 2, 2, "nowhere", "%2541x$"},
        {"%2%35x$", "1 broken 1 twice 3 needless", 1, 2, "nowhere", "%2525x$"},
        {"%%32%65%%32%65/$",
         "1 broken 1 twice 2 needless 5 needless 8 broken 8 twice 9 needless 12 needless", 4, 2,
         "nowhere", "%252e%252e/$"},
        {"%25%32%35%34%31x$", "1 twice 4 needless 7 needless 10 needless 13 needless", 5, 3, ALL,
         "%252541x$"},
        {.line = NULL}};

    tries(s, rows);
}

static void layers(struct session *s)
{
    static const struct row rows[] = {
        {"$", "", 0, 0, ALL, "$"},
        {"%2f%2541x$", "4 twice", 2, 2, ALL, "%2F%2541x$"},
        {"%252541x$", "1 twice", 1, 3, ALL, "%252541x$"},
        {"%25252541x%2541x$", "1 twice 11 twice", 2, 4, ALL, "%25252541x%2541x$"},
        {"%2525x$", "1 twice", 1, 2, ALL, "%2525x$"},
        {.line = NULL}};

    tries(s, rows);
}

/* "%25", and "25" again and again: each decoding takes one away. */
static void deep(struct session *s)
{
    struct list list = list_new(s);
    char line[LINE_MOST + 1] = "%", *to = line + 1;
    unsigned pairs = 1500 + session_random(s, 500);

    for (unsigned i = 0; i < pairs; i++)
        to += snprintf(to, 3, "25");
    (void)snprintf(to, 4, "2fx"); /* it has room: pairs are less than 2,000 */
    give(&list, line, strlen(line));
    say_finding(&list, 1, "twice");
    say_line(&list, 1, (int)pairs + 1, ALL, line);
    judge_list(s, &list);
}

static void order(struct session *s)
{
    static const struct row rows[] = {
        {"%7e+%00%c0%80%e9%2541%",
         "1 needless 4 plus 5 nul 8 overlong 14 not-utf8 17 twice 22 broken", 6, 2, "nowhere",
         "~+%00%C0%80%E9%2541%25"},
        {"+%2%65\xff$", "1 plus 2 broken 2 twice 4 needless 7 not-utf8", 1, 2, "nowhere",
         "+%252e%FF$"},
        {.line = NULL}};

    tries(s, rows);
}

static void lines(struct session *s)
{
    static const struct row rows[] = {{"%41$", "1 needless", 1, 1, ALL, "A$"},
                                      {"", "", 0, 0, ALL, ""},
                                      {"%", "1 broken", 0, 0, "nowhere", "%25"},
                                      {"", "", 0, 0, ALL, ""},
                                      {"%41%", "1 needless 4 broken", 1, 1, "nowhere", "A%25"},
                                      {"%41$", "1 needless", 1, 1, ALL, "A$"},
                                      {.line = NULL}};

    tries(s, rows);
}

static void last_line(struct session *s)
{
    unsigned n = 1000 + session_random(s, 9000);
    const char *in = session_print(s, "%u%%2f\n%u%%2", n, n);
    const char *out = session_print(s,
                                    "1: coded 1, layers 1, fits " ALL ", <%u%%2F>\n"
                                    "2:5: broken\n2: coded 0, layers 0, fits nowhere, <%u%%252>\n",
                                    n, n);
    struct student *p = student_start(s, NULL);

    student_input(p, in, strlen(in));
    student_end_input(p);
    expect_output(p, out, strlen(out));
    expect_exit(p, 0);
}

/* Each byte is one that has to be coded; then one more. */
static void longest(struct session *s)
{
    struct list list = list_new(s);
    const char *begin = session_print(s, "%u", 1000 + session_random(s, 9000));
    char line[LINE_MOST + 2] = "", canonical[3 * LINE_MOST + 1] = "", *to = canonical;

    memset(line, ' ', LINE_MOST + 1);
    for (size_t i = 0; begin[i] != '\0'; i++)
        line[i] = begin[i];
    to += snprintf(to, 16, "%s", begin);
    for (size_t i = strlen(begin); i < LINE_MOST; i++)
        to += snprintf(to, 4, "%%20");
    give(&list, line, LINE_MOST);
    say_line(&list, 0, 0, "nowhere", canonical);
    give(&list, line, LINE_MOST + 1);
    say_finding(&list, LINE_MOST + 1, "too-long");
    give(&list, begin, strlen(begin));
    say_line(&list, 0, 0, ALL, begin);
    judge_list(s, &list);
}

/* Lines of every kind, for the seed may not make them; a NUL is written as "^". */
static void give_each_kind(struct session *s, struct list *list)
{
    static const char *const kinds[] = {
        "%25%34%31.", "%%34%31.",   "%252541.", "%25x",    "%ed%a0%80.", "%f4%90%80%80.",
        "%e0%80%af.", "%c0%af.",    "%e2%82.",  "a^%7e",   "%00",        "%+4%4x",
        "a:b",        "a@b/c/",     "a=1&b;",   "a+b?c/d", "%41%7e",     "%2f%c3%a9",
        "\xe9",       "\xc3\xa9 b", "<a>"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *text = session_print(s, "%s%u", kinds[i], 1000 + session_random(s, 9000));
        char *line = session_alloc(s, strlen(text));
        memcpy(line, text, strlen(text));
        for (size_t k = 0; k < strlen(text); k++)
            if (text[k] == '^')
                line[k] = '\0';
        (void)judge_line(s, list, line, strlen(text));
    }
}

/* Pieces in any order: what is begun in one may end in the next. */
static void generated(struct session *s)
{
    static const char *const pieces[] = {
        "%",      "%2",        "%25",   "%34", "%4",  "1",   "e",    "E2",  "%C0",
        "%c0%af", "%e2%82%ac", "%e2",   "%82", "%ED", "%A0", "%80",  "%F0", "%9f",
        "%00",    "+",         "%2b",   "%20", "/",   "?",   ":",    "@",   "&",
        "=",      ";",         "%252f", "~",   "%7E", "a",   "Z",    "%5a", "%41",
        "%f4%90", "%80%80",    "g",     "25",  "%25", " ",   "\xc3", "\xa9"};
    enum { COUNT = sizeof pieces / sizeof pieces[0] };
    struct list list = list_new(s);

    give_each_kind(s, &list);
    for (int i = 0; i < RANDOM_LINES; i++) {
        char line[RANDOM_MOST * 10] = "";
        size_t length = 0;
        uint32_t count = 1 + session_random(s, 12);
        uint32_t kinds =
            session_random(s, 2) == 0 ? COUNT : COUNT - 3; /* with bare bytes, or not */
        while (count-- > 0) {
            const char *piece = pieces[session_random(s, kinds)];
            length += (size_t)snprintf(line + length, sizeof line - length, "%s", piece);
        }
        (void)judge_line(s, &list, line, length);
    }
    judge_list(s, &list);
}

/*
 * Bytes of any kind, coded: all of them, or some. What the program made of them is then given to it
 * once more: it stays as it is.
 */
static void round_trip(struct session *s)
{
    struct list list = list_new(s), again = list_new(s);

    give_each_kind(s, &list);
    for (int i = 0; i < RANDOM_LINES; i++) {
        unsigned char bytes[RANDOM_MOST];
        char line[RANDOM_MOST * 3 + 1];
        size_t count = 1 + session_random(s, RANDOM_MOST - 1), length = 0;
        uint32_t raw = session_random(s, 3); /* none, a third, or half of them */

        session_bytes(s, bytes, count);
        for (size_t k = 0; k < count; k++) {
            if (raw > 0 && bytes[k] != '\n' && session_random(s, 4 - raw) == 0)
                line[length++] = (char)bytes[k];
            else
                length += (size_t)snprintf(
                    line + length, 4, session_random(s, 2) == 0 ? "%%%02X" : "%%%02x", bytes[k]);
        }
        const char *canonical = judge_line(s, &list, line, length);
        (void)judge_line(s, &again, canonical, strlen(canonical));
    }
    judge_list(s, &list);
    judge_list(s, &again);
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
    const char *line = session_print(s, "%%7e%u\n", session_random(s, 9000));

    session_fill_output(s);
    struct student *p = student_start(s, NULL);
    student_input(p, line, strlen(line));
    student_end_input(p);
    expect_failure(p, 1);
}

static void usage(struct session *s)
{
    struct student *p = student_start(s, "%41", NULL);

    student_end_input(p);
    expect_failure(p, 2);
    expect_output(p, "", 0);
}

static void clean(struct session *s)
{
    static const struct row rows[] = {
        {"%c3%a9%2541x%-$", "7 twice 13 broken", 3, 2, "nowhere", "%C3%A9%2541x%25-$"},
        {"", "", 0, 0, ALL, ""},
        {"\xff%7e$", "1 not-utf8 2 needless", 1, 1, "nowhere", "%FF~$"},
        {.line = NULL}};

    tries(s, rows);
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

/* A line that does not end, and behind it one that is short. */
static void endless_line(struct session *s)
{
    const char *number = session_print(s, "%u", 1000 + session_random(s, 9000));
    const char *line = fill(s, "a$\n", number);
    const char *said = session_print(s,
                                     "1: coded 0, layers 0, fits " ALL ", <a%s>\n2:%d: too-long\n"
                                     "3: coded 0, layers 0, fits " ALL ", <a%s>\n",
                                     number, LINE_MOST + 1, number);
    struct flood flood = {session_alloc(s, PATTERN), PIECES};
    struct student *p = student_start(s, NULL);

    memset(flood.pattern, '%', PATTERN);
    student_input(p, line, strlen(line));
    long before = student_memory(p);
    student_stream_input(p, next_piece, &flood);
    expect_memory(p, before + MEMORY_KIB);
    student_input(p, "\n", 1);
    student_input(p, line, strlen(line));
    student_end_input(p);
    expect_output(p, said, strlen(said));
    expect_exit(p, 0);
}

static const struct test_case CASES[] = {
    {.name = "safe-sets",
     .title = "what may stand where",
     .points = 3,
     .teaches = "Each place has characters that may stand in it as they are: ? ends a path and not "
                "a query, / a segment and not a path, : and @ end user info.",
     .run = safe_sets},
    {.name = "value",
     .title = "a value in a query",
     .points = 1,
     .teaches = "A query may hold & = ; and +, but a value in it may not: there they separate "
                "fields, or mean a blank.",
     .run = value},
    {.name = "nowhere",
     .title = "what may stand nowhere",
     .points = 2,
     .teaches = "Blanks, controls and \"<>\\^`{|} must be coded everywhere, # [ ] in all five "
                "places; and of those only # [ ] stay in the canonical coding.",
     .run = nowhere},
    {.name = "needless",
     .title = "coded for nothing",
     .points = 2,
     .teaches = "A letter, a digit, -, ., _ and ~ mean the same coded or not, so they stand as "
                "they are; the characters beside them in ASCII, @ [ ` {, do not.",
     .run = needless},
    {.name = "digits",
     .title = "hexadecimal digits in both cases",
     .points = 1,
     .teaches = "%2f and %2F are the same byte; canonical are capital digits.",
     .run = digits},
    {.name = "reserved",
     .title = "delimiters, coded and not",
     .points = 2,
     .teaches = "A coded delimiter is data and a bare one delimits: who decodes the line and codes "
                "it again cannot tell them apart any more.",
     .run = reserved},
    {.name = "broken",
     .title = "a % without two digits",
     .points = 2,
     .teaches = "A % without two hexadecimal digits behind it stands for itself. strtol() and "
                "sscanf() take less for digits: +4, -1, 0x.",
     .run = broken},
    {.name = "utf8",
     .title = "UTF-8 that is right",
     .points = 2,
     .teaches = "Characters of two, three and four bytes, to the edges of what there is; whether "
                "a byte of them is coded or bare does not matter.",
     .run = utf8},
    {.name = "not-utf8",
     .title = "bytes that are no UTF-8",
     .points = 2,
     .teaches = "A sequence that breaks off, a byte that continues nothing, one that cannot begin: "
                "each such byte is one finding, and the next may begin a good one.",
     .run = not_utf8},
    {.name = "overlong",
     .title = "overlong UTF-8",
     .points = 3,
     .teaches = "c0 af is a slash in two bytes where one would do. A decoder that only shifts bits "
                "takes it for /, behind the back of who looked for one.",
     .run = overlong},
    {.name = "no-characters",
     .title = "surrogates, and what is too large",
     .points = 1,
     .teaches = "U+D800 to U+DFFF belong to UTF-16, and behind U+10FFFF there is nothing: the form "
                "of the sequence is right, and it is no character.",
     .run = no_characters},
    {.name = "plus",
     .title = "plus signs",
     .points = 1,
     .teaches = "A bare + is a blank to who reads a form and a plus to all others, so it is worth "
                "a finding; %2B is always a plus.",
     .run = plus},
    {.name = "nul",
     .title = "%00",
     .points = 1,
     .teaches = "%00 ends a C string once it is decoded: a check sees .png at the end, the file "
                "that is opened ends in .php.",
     .run = nul},
    {.name = "nul-byte",
     .title = "a NUL that is not coded",
     .points = 2,
     .teaches = "A line may hold a NUL as it is: then strlen() and fgets() see half of it.",
     .run = nul_byte},
    {.name = "twice",
     .title = "coded twice",
     .points = 2,
     .teaches = "%2520 is a blank that was coded twice: decoded once it is %20. It is left as it "
                "is, for nobody knows whether it was meant.",
     .run = twice},
    {.name = "not-twice",
     .title = "a percent sign that is meant",
     .points = 2,
     .teaches = "100%25 is 100%, coded once as it should be. It is coded twice only if what comes "
                "out of decoding is a triplet.",
     .run = not_twice},
    {.name = "hidden",
     .title = "coded twice in a hidden way",
     .points = 3,
     .teaches =
         "%25%34%31 and %%34%31 hold no \"%25\" with digits behind it, and decoded once they "
         "are %41 all the same: look at what comes out, not at the line.",
     .run = hidden},
    {.name = "layers",
     .title = "coded three times and more",
     .points = 1,
     .teaches = "Layers are decodings: how many it takes until no triplet is left.",
     .run = layers},
    {.name = "order",
     .title = "all findings in one line",
     .points = 1,
     .teaches =
         "Findings come in the order of their bytes; at one byte, in the order of the table.",
     .run = order},
    {.name = "lines",
     .title = "several lines, some empty",
     .points = 1,
     .teaches = "Lines count from 1, and an empty one is a line; nothing of one line is left in "
                "the next.",
     .run = lines},
    {.name = "last-line",
     .title = "no line end behind the last line",
     .points = 1,
     .teaches = "The last line may end with the input: it is a line like others.",
     .run = last_line},
    {.name = "longest",
     .title = "a line of 4,096 bytes, and of one more",
     .points = 2,
     .teaches = "A byte may become three. Of a line that is longer only that is said.",
     .run = longest},
    {.name = "deep",
     .title = "a line coded more than a thousand times",
     .points = 1,
     .teaches = "Each decoding takes one 25 away: a loop that ends after ten, or a recursion with "
                "a large frame, is not enough.",
     .run = deep},
    {.name = "generated",
     .title = "60 generated lines",
     .points = 3,
     .teaches = "Pieces of all kinds in any order: what begins in one may end in the next.",
     .run = generated},
    {.name = "round-trip",
     .title = "random bytes, coded, and their canonical coding once more",
     .points = 3,
     .teaches = "Any byte may come. The canonical coding stands for the same bytes, and is its own "
                "canonical coding.",
     .run = round_trip},
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
     .teaches = "The lines come from standard input; an argument is a mistake, status 2.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left in memory",
     .points = 1,
     .teaches = "All memory is freed when the input has ended.",
     .run = clean,
     .leaks = true},
    {.name = "endless-line",
     .title = "a line without an end",
     .points = 2,
     .teaches = "A line of 16 MiB is too long like one of 4,097 bytes: what cannot be used need "
                "not be kept.",
     .run = endless_line},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
