/*
 * Exercise 3.2  Percent-coding detective, by tables and a state machine
 *
 * A table says of each byte where it may stand; the places of a line are the bits that all its
 * bytes have. UTF-8 is read by what may follow: the first two bytes of a sequence tell whether it
 * is overlong, a surrogate or too large. Findings are kept for the whole line and written in the
 * end.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

enum { LINE_MOST = 4096 };

/* What a byte is, and where it may stand. */
enum {
    USERINFO = 1,
    SEGMENT = 2,
    PATH = 4,
    QUERY = 8,
    VALUE = 16,
    ANYWHERE = 31,
    UNRESERVED = 32,
    RESERVED = 64
};
static const char *const PLACES[] = {"userinfo", "segment", "path", "query", "value"};
static unsigned char table[256];

struct unit {
    unsigned char byte;
    bool coded;
    unsigned short at; /* from 1 */
};

static void mark(const char *characters, unsigned bits)
{
    for (; *characters != '\0'; characters++)
        table[(unsigned char)*characters] |= (unsigned char)bits;
}

static void make_table(void)
{
    for (int c = 0; c < 128; c++)
        if (isalnum(c))
            table[c] = ANYWHERE | UNRESERVED;
    mark("-._~", ANYWHERE | UNRESERVED);
    mark(":/?#[]@!$&'()*+,;=", RESERVED);
    mark("!$&'()*+,;=", USERINFO | SEGMENT | PATH | QUERY);
    mark(":@", SEGMENT | PATH | QUERY);
    mark("/", PATH | QUERY);
    mark("?", QUERY);
    mark("!$'()*,:@/?", VALUE);
}

static int digit(int c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 87 : -1;
}

/* Decodes units in place, where how many at most may be looked at. Returns the triplets. */
static size_t decode(struct unit *units, size_t *count)
{
    size_t to = 0, triplets = 0;

    for (size_t i = 0; i < *count; i++) {
        struct unit u = units[i];
        int high = -1, low = -1;

        if (u.byte == '%' && *count - i > 2) {
            high = digit(units[i + 1].byte);
            low = digit(units[i + 2].byte);
        }
        u.coded = high >= 0 && low >= 0;
        if (u.coded) {
            u.byte = (unsigned char)(high << 4 | low);
            i += 2;
            triplets++;
        }
        units[to++] = u;
    }
    *count = to;
    return triplets;
}

static bool follows(const struct unit *units, size_t left, size_t i)
{
    return i < left && units[i].byte >= 0x80 && units[i].byte <= 0xbf;
}

/* Returns how many bytes the sequence has, 1 also for what begins none. */
static size_t sequence(const struct unit *units, size_t left, const char **wrong)
{
    unsigned first = units[0].byte, second = left > 1 ? units[1].byte : 0;
    size_t length;

    *wrong = NULL;
    if (first < 0x80)
        return 1;
    *wrong = "not-utf8";
    if (first < 0xc0 || first > 0xf7)
        return 1;
    length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < length; i++)
        if (!follows(units, left, i))
            return 1;
    if (first < 0xc2 || (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90))
        *wrong = "overlong";
    else if (first == 0xed && second > 0x9f)
        *wrong = "surrogate";
    else
        *wrong = first > 0xf4 || (first == 0xf4 && second > 0x8f) ? "too-large" : NULL;
    return length;
}

static void add(struct buffer *out, unsigned long line, const struct unit *u, const char *finding)
{
    if (buffer_print(out, "%lu:%u: %s\n", line, (unsigned)u->at, finding) == -1)
        die("out of memory");
}

static void look(struct buffer *out, unsigned long line, const struct unit *units, size_t count)
{
    size_t skip = 0;
    const char *wrong;

    for (size_t i = 0; i<count; i++, skip -= skip> 0) {
        const struct unit *u = units + i;

        if (u->coded && (table[u->byte] & UNRESERVED))
            add(out, line, u, "needless");
        else if (!u->coded && (u->byte == '%' || u->byte == '+'))
            add(out, line, u, u->byte == '%' ? "broken" : "plus");
        else if (u->byte == 0)
            add(out, line, u, "nul");
        if (skip == 0) {
            skip = sequence(u, count - i, &wrong);
            if (wrong != NULL)
                add(out, line, u, wrong);
        }
        if (u->byte == '%' && count - i > 2 && digit(u[1].byte) >= 0 && digit(u[2].byte) >= 0)
            add(out, line, u, "twice");
    }
}

static void judge(struct buffer *out, unsigned long line, struct unit *units, size_t count)
{
    static char canonical[3 * LINE_MOST + 1];
    char *to = canonical;
    unsigned places = ANYWHERE;
    size_t coded = decode(units, &count), layers = coded > 0;

    look(out, line, units, count);
    *to = '\0';
    for (size_t i = 0; i < count; i++) {
        unsigned bits = table[units[i].byte];
        if (!units[i].coded)
            places &= bits;
        if ((bits & UNRESERVED) || (!units[i].coded && (bits & RESERVED)))
            *to++ = (char)units[i].byte;
        else
            to += snprintf(to, 4, "%%%02X", units[i].byte);
    }
    *to = '\0';
    while (layers > 0 && decode(units, &count) > 0)
        layers++;
    printf("%s%lu: coded %zu, layers %zu, fits%s", buffer_text(out), line, coded, layers,
           places == 0 ? " nowhere" : "");
    for (int i = 0; i < 5; i++)
        if (places & 1U << i)
            printf(" %s", PLACES[i]);
    printf(", <%s>\n", canonical);
}

int main(int argc, char **argv)
{
    static struct unit units[LINE_MOST];
    struct buffer out = {0};
    int c;

    (void)argv;
    if (argc != 1)
        die_usage("<LINES");
    make_table();
    for (unsigned long line = 1; (c = getchar()) != EOF; line++) {
        size_t count = 0;
        for (; c != EOF && c != '\n'; c = getchar(), count++)
            if (count < LINE_MOST)
                units[count] = (struct unit){(unsigned char)c, false, (unsigned short)(count + 1)};
        out.length = 0;
        if (out.data != NULL)
            out.data[0] = '\0';
        if (count > LINE_MOST)
            printf("%lu:%d: too-long\n", line, LINE_MOST + 1);
        else
            judge(&out, line, units, count);
    }
    if (ferror(stdin))
        die_errno("standard input");
    buffer_free(&out);
    finish(EXIT_SUCCESS);
}
