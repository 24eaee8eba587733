/*
 * Exercise 3.2  Percent-coding detective, layers in one pass
 *
 * Each byte of a line is pushed on a stack, with the round of decoding that made it: none. Three on
 * top that are a triplet become one byte, made a round after the last of them. So the layers are
 * counted in one pass, however many there are.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

enum { LINE = 4096 };

struct mark {
    unsigned char byte;
    bool coded;
    int at;
};

struct grown {
    unsigned char byte;
    int round;
};

static bool is_unreserved(unsigned char c)
{
    return c < 128 && (isalnum(c) || (c != 0 && strchr("-._~", c) != NULL));
}

static bool is_reserved(unsigned char c)
{
    return c != 0 && strchr(":/?#[]@!$&'()*+,;=", c) != NULL;
}

static unsigned char hex(unsigned char high, unsigned char low)
{
    const char digits[3] = {(char)high, (char)low, '\0'};
    return (unsigned char)strtoul(digits, NULL, 16);
}

/* Decodes once. Returns how many bytes came out. */
static int decode(const unsigned char *line, int length, struct mark *out, int *triplets)
{
    int count = 0;

    *triplets = 0;
    for (int i = 0; i < length; count++) {
        out[count].at = i;
        out[count].coded =
            line[i] == '%' && i + 2 < length && isxdigit(line[i + 1]) && isxdigit(line[i + 2]);
        out[count].byte = out[count].coded ? hex(line[i + 1], line[i + 2]) : line[i];
        *triplets += out[count].coded;
        i += out[count].coded ? 3 : 1;
    }
    return count;
}

static int count_layers(const unsigned char *line, int length)
{
    struct grown stack[LINE];
    int top = 0, most = 0;

    for (int i = 0; i < length; i++) {
        stack[top++] = (struct grown){line[i], 0};
        while (top >= 3 && stack[top - 3].byte == '%' && isxdigit(stack[top - 2].byte) &&
               isxdigit(stack[top - 1].byte)) {
            int round = 0;

            for (int j = top - 3; j < top; j++)
                round = stack[j].round > round ? stack[j].round : round;
            stack[top - 3].byte = hex(stack[top - 2].byte, stack[top - 1].byte);
            stack[top - 3].round = round + 1;
            top -= 2;
            if (round + 1 > most)
                most = round + 1;
        }
    }
    return most;
}

/* What is wrong with the bytes from here on, NULL for nothing; *n of them are done with. */
static const char *look(const struct mark *here, int left, int *n)
{
    unsigned char first = here->byte;
    unsigned long number;
    int more;

    *n = 1;
    if (first < 0x80)
        return NULL;
    if (first >= 0xc0 && first <= 0xdf)
        more = 1;
    else if (first >= 0xe0 && first <= 0xef)
        more = 2;
    else if (first >= 0xf0 && first <= 0xf7)
        more = 3;
    else
        return "not-utf8";
    number = first & (0x3fU >> more);
    for (int i = 1; i <= more; i++) {
        if (i >= left || (here[i].byte & 0xc0) != 0x80)
            return "not-utf8";
        number = number << 6 | (here[i].byte & 0x3f);
    }
    *n = 1 + more;
    if (number < (more == 1 ? 0x80U : more == 2 ? 0x800U : 0x10000U))
        return "overlong";
    if (number >= 0xd800 && number <= 0xdfff)
        return "surrogate";
    return number > 0x10ffff ? "too-large" : NULL;
}

static void say(unsigned long number, const struct mark *mark, bool is, const char *what)
{
    if (is)
        printf("%lu:%d: %s\n", number, mark->at + 1, what);
}

static void print_findings(unsigned long number, const struct mark *marks, int count)
{
    for (int i = 0, behind = 0; i < count; i++) {
        const struct mark *m = &marks[i];
        say(number, m, m->byte == '%' && !m->coded, "broken");
        say(number, m, m->coded && is_unreserved(m->byte), "needless");
        say(number, m, m->byte == '+' && !m->coded, "plus");
        say(number, m, m->byte == 0, "nul");
        if (i == behind) {
            int n;
            const char *wrong = look(m, count - i, &n);
            say(number, m, wrong != NULL, wrong);
            behind += n;
        }
        say(number, m,
            m->byte == '%' && i + 2 < count && isxdigit(m[1].byte) && isxdigit(m[2].byte), "twice");
    }
}

static void print_places(const struct mark *marks, int count)
{
    static const struct {
        const char *name, *set;
    } places[] = {
        {"userinfo", "!$&'()*+,;="},  {"segment", "!$&'()*+,;=:@"}, {"path", "!$&'()*+,;=:@/"},
        {"query", "!$&'()*+,;=:@/?"}, {"value", "!$'()*,:@/?"},
    };
    bool any = false;

    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        bool fits = true;
        for (int i = 0; i < count && fits; i++)
            fits = marks[i].coded || is_unreserved(marks[i].byte) ||
                   (marks[i].byte != 0 && strchr(places[p].set, marks[i].byte) != NULL);
        if (fits)
            printf(" %s", places[p].name);
        any = any || fits;
    }
    if (!any)
        printf(" nowhere");
}

static void judge(unsigned long number, const unsigned char *line, int length)
{
    struct mark marks[LINE];
    int triplets, count = decode(line, length, marks, &triplets);

    print_findings(number, marks, count);
    printf("%lu: coded %d, layers %d, fits", number, triplets, count_layers(line, length));
    print_places(marks, count);
    printf(", <");
    for (int i = 0; i < count; i++) {
        if (is_unreserved(marks[i].byte) || (!marks[i].coded && is_reserved(marks[i].byte)))
            putchar(marks[i].byte);
        else
            printf("%%%02X", marks[i].byte);
    }
    printf(">\n");
}

int main(int argc, char **argv)
{
    unsigned char line[LINE];
    unsigned long number = 1;
    int length = 0, c;

    (void)argv;
    if (argc != 1)
        die_usage("<LINES");
    do {
        c = getchar();
        if (c != '\n' && c != EOF) {
            if (length == LINE)
                printf("%lu:4097: too-long\n", number);
            if (length < LINE)
                line[length] = (unsigned char)c;
            if (length <= LINE)
                length++;
        } else if (c == '\n' || length > 0) {
            if (length <= LINE)
                judge(number, line, length);
            number++;
            length = 0;
        }
    } while (c != EOF);
    if (ferror(stdin))
        die_errno("standard input");
    finish(EXIT_SUCCESS);
}
