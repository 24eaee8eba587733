/* The first difference between what was due and what came, as one sentence. */
#include <stdio.h>
#include <string.h>

#include "harness/internal.h"
#include "wire/ladder.h"

enum { QUOTED = 40 }; /* columns that a sentence has room for */

/* A line of a text: without its line end, and whether it has one. */
struct line {
    const char *at;
    size_t length;
    bool ended;
};

static struct line line_at(const char *text, size_t length, size_t at)
{
    const char *end = at < length ? memchr(text + at, '\n', length - at) : NULL;
    size_t stop = end == NULL ? length : (size_t)(end - text);

    return (struct line){text + at, stop - at, end != NULL};
}

/* Bytes as a sentence quotes them; NULL if they are too many for it. */
static const char *quote(struct session *s, const char *bytes, size_t length, size_t columns)
{
    struct buffer shown = {0};
    const char *text = NULL;

    (void)bytes_show(bytes, length, columns + 1, &shown);
    if (bytes_columns(buffer_text(&shown)) <= columns)
        text = session_print(s, "%s", buffer_text(&shown));
    buffer_free(&shown);
    return text;
}

/* True for what people read line by line; some NULs in it do no harm, one of share bytes. */
static bool is_text(const char *bytes, size_t length, size_t share)
{
    size_t strange = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        strange += c == 0x7f || (c < ' ' && strchr("\n\r\t", c) == NULL) || c == '\0';
    }
    return bytes_are_text(bytes, length) && strange * share <= length;
}

/*
 * Two lines that differ at a byte, as a sentence quotes them: whole if both are short, else from
 * the word before the difference on.
 */
static void quote_lines(struct session *s, const struct line *wanted, const struct line *came,
                        size_t at, const char **due, const char **is)
{
    enum { BEFORE = 12 };
    const struct line *lines[] = {wanted, came};
    const char **quoted[] = {due, is};
    size_t from = at > BEFORE ? at - BEFORE : 0;

    *due = quote(s, wanted->at, wanted->length, QUOTED);
    *is = quote(s, came->at, came->length, QUOTED);
    if (*due != NULL && *is != NULL)
        return;
    while (from > 0 && from < at && wanted->at[from - 1] != ' ')
        from++;
    while (from > 0 && from < wanted->length && ((unsigned char)wanted->at[from] & 0xc0) == 0x80)
        from--; /* not in the middle of a character */
    for (size_t i = 0; i < 2; i++) {
        struct buffer shown = {0};
        (void)bytes_show(lines[i]->at + from, lines[i]->length - from, QUOTED - BEFORE, &shown);
        *quoted[i] = session_print(s, "%s%s", from > 0 ? "… " : "", buffer_text(&shown));
        buffer_free(&shown);
    }
}

static size_t count_lines(const char *text, size_t length)
{
    size_t lines = length > 0 && text[length - 1] != '\n';

    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

/* ---- bytes ---- */

/* One byte as a sentence names it: 'a', \n, \xb1. */
static const char *name_byte(struct session *s, const char *byte)
{
    const char *text = quote(s, byte, 1, QUOTED);

    return text[1] == '\0' ? session_print(s, "'%s'", text) : text;
}

static const char *say_byte(struct session *s, const struct comparison *c, size_t at)
{
    const char *expected = c->expected, *got = c->got;
    const char *whose = c->sent ? "The other side received" : "The program printed";

    if (at == c->got_length)
        return session_print(s, "%s %zu byte%s; %zu were due.", whose, at, at == 1 ? "" : "s",
                             c->expected_length);
    if (at == c->expected_length)
        return session_print(s, "%s %zu bytes; %zu were due.", whose, c->got_length, at);
    return session_print(s, "%s %s as byte %zu of %zu; %s was due.", whose, name_byte(s, got + at),
                         at + 1, c->expected_length, name_byte(s, expected + at));
}

/* ---- lines ---- */

/* One text ends where a line of the other begins. */
static const char *say_end(struct session *s, const struct comparison *c, size_t at, size_t number)
{
    bool more = at < c->got_length;
    struct line next =
        more ? line_at(c->got, c->got_length, at) : line_at(c->expected, c->expected_length, at);
    const char *text = quote(s, next.at, next.length, QUOTED);
    const char *what = text == NULL ? "more" : session_print(s, "\"%s\"", text);

    if (more && number == 1)
        return session_print(s, "The program printed %s, where nothing was due.", what);
    if (more)
        return session_print(s, "The output should end after line %zu; %s follows.", number - 1,
                             what);
    if (text == NULL)
        return session_print(s, "The output ends after line %zu of %zu.", number - 1,
                             count_lines(c->expected, c->expected_length));
    return session_print(s, "The output ends after line %zu; line %zu, %s, is missing.", number - 1,
                         number, what);
}

/* The lines are the same but for the line end that one of them has. */
static const char *say_line_end(struct session *s, const struct line *wanted, size_t number)
{
    const char *text = quote(s, wanted->at, wanted->length, QUOTED);
    const char *what = text == NULL ? "" : session_print(s, ", \"%s\",", text);

    if (wanted->ended)
        return session_print(s, "Line %zu of the output%s lacks its line end.", number, what);
    return session_print(s, "Line %zu of the output%s is followed by a line end that was not due.",
                         number, what);
}

static const char *say_printed(struct session *s, const struct comparison *c, size_t at)
{
    const char *expected = c->expected, *got = c->got;
    size_t from = at, number;

    while (from > 0 && expected[from - 1] != '\n')
        from--;
    number = count_lines(expected, from) + 1;
    if (from == at && (at == c->got_length || at == c->expected_length))
        return say_end(s, c, at, number);
    struct line wanted = line_at(expected, c->expected_length, from);
    struct line came = line_at(got, c->got_length, from);
    if (wanted.length == came.length && memcmp(wanted.at, came.at, came.length) == 0)
        return say_line_end(s, &wanted, number);
    const char *due, *is;
    quote_lines(s, &wanted, &came, at - from, &due, &is);
    if (number == 1 && wanted.length + wanted.ended == c->expected_length &&
        came.length + came.ended == c->got_length)
        return session_print(s, "The program printed \"%s\"; \"%s\" was due.", is, due);
    return session_print(s, "Line %zu of the output is \"%s\"; \"%s\" was due.", number, is, due);
}

/* What was sent may be a piece of a longer conversation, whose lines nobody has counted. */
static const char *say_sent(struct session *s, const struct comparison *c, size_t at)
{
    const char *expected = c->expected;
    size_t from = at;

    while (from > 0 && expected[from - 1] != '\n')
        from--;
    struct line wanted = line_at(expected, c->expected_length, from);
    struct line came = line_at(c->got, c->got_length, from);
    const char *due, *is;
    if (wanted.length == came.length && memcmp(wanted.at, came.at, came.length) == 0) {
        wanted.length += wanted.ended; /* then it is the line end that differs */
        came.length += came.ended;
    }
    quote_lines(s, &wanted, &came, at - from, &due, &is);
    if (c->expected_length == 0)
        return session_print(s, "The other side received \"%s\", where nothing more was due.", is);
    return session_print(s, "The other side received \"%s\"; \"%s\" was due.", is, due);
}

/* That line was taken out of what is compared. */
static bool one_serves(const struct session *s)
{
    bool serves = false;

    for (const struct student *p = s->students; p != NULL; p = p->next)
        serves = serves || p->serves;
    return serves;
}

const char *difference_say(struct session *s, const struct comparison *c)
{
    const char *expected = c->expected, *got = c->got;
    size_t at = 0;

    while (at < c->expected_length && at < c->got_length && expected[at] == got[at])
        at++;
    if (c->got_length == 0 && !c->sent)
        return one_serves(s) ? "The program printed nothing on standard output behind its line "
                               "\"listening on [address]:port\"."
                             : "The program printed nothing on standard output.";
    if (!is_text(expected, c->expected_length, c->sent ? 8 : 2)) /* output is mostly lines */
        return say_byte(s, c, at);
    return c->sent ? say_sent(s, c, at) : say_printed(s, c, at);
}
