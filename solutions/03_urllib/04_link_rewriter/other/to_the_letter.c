/*
 * Another right answer: a machine that is handed 64 KiB at a time, and the rules of RFC 3986 as
 * they are written there, its names included, each step making a new text.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"

enum { MOST = 8192, PIECE = 65536 };
enum part { SCHEME, AUTHORITY, PATH, QUERY, FRAGMENT, PARTS };

/* A URL taken apart: of each part, whether it is there, and what it is. */
struct url {
    bool defined[PARTS];
    struct buffer part[PARTS];
};

static void add(struct buffer *to, const char *bytes, size_t length)
{
    if (buffer_add(to, bytes, length) == -1)
        die("no memory");
}

static void set(struct url *url, enum part part, const char *bytes, size_t length)
{
    url->defined[part] = true;
    url->part[part].length = 0;
    add(&url->part[part], bytes, length);
}

/* finish() tells whether all could be written. */
static void put(const char *bytes, size_t length)
{
    (void)fwrite(bytes, 1, length, stdout);
}

static void copy(struct url *to, const struct url *from, enum part part)
{
    to->defined[part] = from->defined[part];
    to->part[part].length = 0;
    add(&to->part[part], buffer_text(&from->part[part]), from->part[part].length);
}

static void url_free(struct url *url)
{
    for (int i = 0; i < PARTS; i++)
        buffer_free(&url->part[i]);
}

/* Where the first of these characters stands, from at on; else the end. */
static size_t find(const char *text, size_t length, size_t at, const char *ends)
{
    for (; at < length; at++)
        for (const char *end = ends; *end != '\0'; end++)
            if (text[at] == *end)
                return at;
    return length;
}

static bool is_within(const char *text, size_t length, const char *characters)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0' || strchr(characters, text[i]) == NULL)
            return false;
    return true;
}

#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void parse(const char *text, size_t length, struct url *url)
{
    size_t from = 0, to = find(text, length, 0, ":/?#");

    if (to > 0 && to < length && text[to] == ':' && is_within(text, 1, ALPHA) &&
        is_within(text, to, ALPHA "0123456789+-.")) {
        set(url, SCHEME, text, to);
        from = to + 1;
    }
    if (length - from >= 2 && memcmp(text + from, "//", 2) == 0) {
        to = find(text, length, from + 2, "/?#");
        set(url, AUTHORITY, text + from + 2, to - from - 2);
        from = to;
    }
    to = find(text, length, from, "?#");
    set(url, PATH, text + from, to - from);
    if (to < length && text[to] == '?') {
        from = to + 1;
        to = find(text, length, from, "#");
        set(url, QUERY, text + from, to - from);
    }
    if (to < length)
        set(url, FRAGMENT, text + to + 1, length - to - 1);
}

static bool begins(const struct buffer *in, size_t at, const char *prefix)
{
    return in->length - at >= strlen(prefix) && memcmp(in->data + at, prefix, strlen(prefix)) == 0;
}

static bool is_all(const struct buffer *in, size_t at, const char *whole)
{
    return in->length - at == strlen(whole) && begins(in, at, whole);
}

static void remove_last(struct buffer *out)
{
    while (out->length > 0 && out->data[--out->length] != '/')
        continue;
}

/* Section 5.2.4: its steps A to E, on an input buffer whose front is at. */
static void remove_dot_segments(struct url *url)
{
    struct buffer *in = &url->part[PATH], out = {0};
    size_t at = 0;

    while (at < in->length) {
        if (begins(in, at, "../")) {
            at += 3;
        } else if (begins(in, at, "./") || begins(in, at, "/./")) {
            at += 2;
        } else if (is_all(in, at, "/.")) {
            in->data[++at] = '/';
        } else if (begins(in, at, "/../")) {
            at += 3;
            remove_last(&out);
        } else if (is_all(in, at, "/..")) {
            at += 2;
            in->data[at] = '/';
            remove_last(&out);
        } else if (is_all(in, at, ".") || is_all(in, at, "..")) {
            at = in->length;
        } else {
            size_t to = find(in->data, in->length, at + 1, "/");
            add(&out, in->data + at, to - at);
            at = to;
        }
    }
    buffer_free(in);
    *in = out;
}

/* Section 5.2.3. */
static void merge(const struct url *base, const struct url *r, struct url *t)
{
    const struct buffer *path = &base->part[PATH];
    size_t length = path->length;

    if (base->defined[AUTHORITY] && length == 0) {
        set(t, PATH, "/", 1);
    } else {
        while (length > 0 && path->data[length - 1] != '/')
            length--;
        set(t, PATH, buffer_text(path), length);
    }
    add(&t->part[PATH], buffer_text(&r->part[PATH]), r->part[PATH].length);
}

/* Section 5.2.2. */
static void transform(const struct url *base, const struct url *r, struct url *t)
{
    const struct url *from = r->defined[SCHEME] || r->defined[AUTHORITY] ? r : base;

    copy(t, r->defined[SCHEME] ? r : base, SCHEME);
    copy(t, from, AUTHORITY);
    copy(t, r, QUERY);
    if (from == r || begins(&r->part[PATH], 0, "/")) {
        copy(t, r, PATH);
        remove_dot_segments(t);
    } else if (r->part[PATH].length == 0) {
        copy(t, base, PATH);
        if (!r->defined[QUERY])
            copy(t, base, QUERY);
    } else {
        merge(base, r, t);
        remove_dot_segments(t);
    }
    copy(t, r, FRAGMENT);
}

/* Section 5.3. */
static void recompose(const struct url *t)
{
    static const char *const before[PARTS] = {"", "//", "", "?", "#"};

    for (int i = 0; i < PARTS; i++)
        if (t->defined[i]) {
            fputs(before[i], stdout);
            put(buffer_text(&t->part[i]), t->part[i].length);
            fputs(i == SCHEME ? ":" : "", stdout);
        }
}

/* How far into the page: behind so many bytes of a word, or in a value. */
struct machine {
    const struct url *base;
    char word[8]; /* a blank and letters, small, so far; or nothing */
    size_t length;
    int quote; /* of the value at hand, or 0 */
    bool too_long;
    struct buffer value;
};

static bool is_blank(char c)
{
    return c != '\0' && strchr(" \t\n\f\r", c) != NULL;
}

static void end_value(struct machine *m)
{
    size_t from = 0, to = m->value.length;
    const char *text = buffer_text(&m->value);
    struct url r = {0}, t = {0};

    while (from < to && is_blank(text[from]))
        from++;
    while (to > from && is_blank(text[to - 1]))
        to--;
    put(text, from);
    parse(text + from, to - from, &r);
    transform(m->base, &r, &t);
    recompose(&t);
    put(text + to, m->value.length - to);
    url_free(&r);
    url_free(&t);
}

static void take_value_byte(struct machine *m, char c)
{
    if (c == m->quote) {
        if (!m->too_long)
            end_value(m);
        m->value.length = 0;
        m->too_long = false;
        m->quote = 0;
        putchar(c);
    } else if (m->too_long) {
        putchar(c);
    } else {
        add(&m->value, &c, 1);
        if (m->value.length > MOST) {
            m->too_long = true;
            put(m->value.data, m->value.length);
        }
    }
}

static void take(struct machine *m, char c)
{
    if (m->quote != 0) {
        take_value_byte(m, c);
        return;
    }
    putchar(c);
    if ((c == '"' || c == '\'') && ((m->length == 6 && strncasecmp(m->word + 1, "href=", 5) == 0) ||
                                    (m->length == 5 && strncasecmp(m->word + 1, "src=", 4) == 0)))
        m->quote = (unsigned char)c;
    if (is_blank(c))
        m->length = 0;
    else if (m->length == 0 || m->length == sizeof m->word)
        m->length = sizeof m->word; /* no blank in front, or too long for a word */
    if (m->length < sizeof m->word)
        m->word[m->length++] = c;
    if (m->quote != 0)
        m->length = sizeof m->word;
}

int main(int argc, char **argv)
{
    static char bytes[PIECE];
    struct url base = {0};
    struct machine m = {.base = &base, .length = sizeof m.word};
    ssize_t got;

    if (argc != 2)
        die_usage("BASE <PAGE");
    parse(argv[1], strlen(argv[1]), &base);
    if (!base.defined[SCHEME] || strlen(argv[1]) > MOST)
        die_usage("BASE <PAGE, where BASE has a scheme and at most 8192 bytes");
    while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < got; i++)
            take(&m, bytes[i]);
    if (got == -1)
        die_errno("standard input");
    if (!m.too_long)
        put(buffer_text(&m.value), m.value.length);
    buffer_free(&m.value);
    url_free(&base);
    finish(EXIT_SUCCESS);
}
