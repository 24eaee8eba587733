/* A ladder that was drawn for a wide screen, made narrower: the rails come nearer, and stay. */
#include <stdlib.h>
#include <string.h>

#include "wire/ladder.h"

enum { INNER_LEAST = 8, REMARK_GAP = 2 };

/* "   0.0 ms |--- 6 B "hello" --->|  remark": pointers into the line. */
struct rung {
    const char *left, *right; /* the rails */
    const char *end;
};

static size_t columns_between(const char *from, const char *to)
{
    size_t columns = 0;

    for (; from < to; from++)
        columns += ((unsigned char)*from & 0xc0) != 0x80;
    return columns;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Finds the rails of a line that has them. */
static bool find_rails(const char *line, size_t length, struct rung *rung)
{
    const char *left = memchr(line, '|', length), *end = line + length;

    if (left == NULL || !(starts(left, "|--- ") || starts(left, "|<-- ") ||
                          starts(left, "|   X-- ") || starts(left, "|   … ")))
        return false;
    *rung = (struct rung){left, NULL, end};
    for (const char *at = left + 1; at < end && rung->right == NULL; at++)
        if (*at == '|' && (at[-1] == '-' || at[-1] == '>' || at[-1] == ' ') &&
            (at + 1 == end || starts(at + 1, "  ")))
            rung->right = at;
    return rung->right != NULL;
}

static const char *line_end(const char *line)
{
    return line + strcspn(line, "\n");
}

/* What all lines share, and what they may have in the new width. */
struct fit {
    size_t columns, drop; /* blanks to leave out at the left */
    size_t rail;          /* column of the left rail, then */
    size_t inner, remarks;
};

static bool measure(const char *text, struct fit *fit)
{
    struct rung rung;
    size_t widest = 0, inner = 0, remarks = 0, rail = 0, blanks = SIZE_MAX, rungs = 0;

    for (const char *line = text, *end; *line != '\0'; line = end + (*end == '\n')) {
        end = line_end(line);
        size_t columns = columns_between(line, end);
        widest = columns > widest ? columns : widest;
        if (!find_rails(line, (size_t)(end - line), &rung))
            continue;
        size_t lead = strspn(line, " "), between = columns_between(rung.left + 1, rung.right);
        size_t remark = columns_between(rung.right + 1, end);
        rungs++;
        rail = columns_between(line, rung.left);
        blanks = lead < blanks ? lead : blanks;
        inner = between > inner ? between : inner;
        remarks = remark > remarks ? remark : remarks;
    }
    if (rungs == 0 || widest <= fit->columns)
        return false;
    fit->drop = blanks < rail ? blanks : rail;
    fit->rail = rail - fit->drop;
    size_t room = fit->columns > fit->rail + 2 ? fit->columns - fit->rail - 2 : 0;
    fit->remarks = remarks < room / 2 ? remarks : room / 2;
    fit->inner = room - fit->remarks < inner ? room - fit->remarks : inner;
    if (fit->inner < INNER_LEAST)
        fit->inner = INNER_LEAST;
    return true;
}

/* Text in at most columns columns, "…" where it was cut. */
static int add_cut(struct buffer *out, const char *from, const char *to, size_t columns)
{
    if (columns_between(from, to) <= columns)
        return buffer_add(out, from, (size_t)(to - from));
    const char *at = from;
    for (size_t used = 0; at < to; at++)
        if (((unsigned char)*at & 0xc0) != 0x80 && used++ == (columns > 0 ? columns - 1 : 0))
            break;
    return buffer_add(out, from, (size_t)(at - from)) == -1 || columns == 0
               ? -(columns > 0)
               : buffer_add(out, "…", strlen("…"));
}

static int add_many(struct buffer *out, char c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (buffer_add(out, &c, 1) == -1)
            return -1;
    return 0;
}

/* "--- label ----->" with fewer dashes, and where these do not suffice, with less of the label. */
static int add_arrow(struct buffer *out, const struct fit *fit, const struct rung *rung)
{
    const char *from = rung->left + 1, *to = rung->right, *tail = "";
    char fill = '-';

    if (to[-1] == '>')
        tail = ">";
    else if (to - from > 4 && starts(to - 4, "X   "))
        tail = "X   ";
    else if (to[-1] == ' ')
        fill = ' '; /* lines that were left out */
    to -= strlen(tail);
    while (to > from && to[-1] == fill)
        to--;
    while (to > from && to[-1] == ' ')
        to--;
    size_t label = columns_between(from, to), fixed = strlen(tail) + 1;
    size_t room = fit->inner > fixed ? fit->inner - fixed : 0;
    bool quoted = label > room && to[-1] == '"' && room > 1;
    if (add_cut(out, from, to, quoted ? room - 1 : room) == -1 ||
        (quoted && buffer_add(out, "\"", 1) == -1) || buffer_add(out, " ", 1) == -1)
        return -1;
    if (label < room && add_many(out, fill, room - label) == -1)
        return -1;
    return buffer_print(out, "%s", tail);
}

/* The names over the rails: what two blanks or more part. */
static int add_names(struct buffer *out, const struct fit *fit, const char *line, const char *end)
{
    const char *left = line + strspn(line, " "), *right = end;

    while (right > left && right[-1] != ' ')
        right--;
    const char *stop = right;
    while (stop > left && stop[-1] == ' ')
        stop--;
    size_t width = columns_between(right, end), used = columns_between(left, stop);
    size_t start = (size_t)(left - line) > fit->drop ? (size_t)(left - line) - fit->drop : 0;
    size_t last = fit->rail + fit->inner + 1 + width / 2;
    last = last < fit->columns ? last : fit->columns;
    if (used == 0)
        return add_cut(out, line, end, fit->columns);
    if (start + used + 1 + width > last)
        start = last > used + 1 + width ? last - used - 1 - width : 0;
    size_t gap = last > start + used + width ? last - start - used - width : 1;
    if (used + 1 + width > fit->columns)
        return add_cut(out, left, end, fit->columns);
    return add_many(out, ' ', start) == -1 || buffer_add(out, left, (size_t)(stop - left)) == -1 ||
                   add_many(out, ' ', gap) == -1
               ? -1
               : buffer_add(out, right, (size_t)(end - right));
}

static int add_rung(struct buffer *out, const struct fit *fit, const char *line,
                    const struct rung *rung)
{
    if (buffer_add(out, line + fit->drop, (size_t)(rung->left - line) - fit->drop + 1) == -1 ||
        add_arrow(out, fit, rung) == -1 || buffer_add(out, "|", 1) == -1)
        return -1;
    return fit->remarks > REMARK_GAP ? add_cut(out, rung->right + 1, rung->end, fit->remarks) : 0;
}

int ladder_fit(const char *text, int columns, struct buffer *out)
{
    struct fit fit = {.columns = columns > 0 ? (size_t)columns : 80};
    struct rung rung;
    bool named = false;
    int rc = 0;

    if (!measure(text, &fit))
        return buffer_print(out, "%s", text);
    for (const char *line = text, *end; *line != '\0' && rc == 0; line = end + (*end == '\n')) {
        end = line_end(line);
        if (find_rails(line, (size_t)(end - line), &rung))
            rc = add_rung(out, &fit, line, &rung);
        else if (!named)
            rc = add_names(out, &fit, line, end);
        else
            rc = add_cut(out, line, end, fit.columns);
        named = true;
        if (rc == 0 && *end == '\n')
            rc = buffer_add(out, "\n", 1);
    }
    return rc;
}
