/* fails: spelling */
/*
 * Compares the words as they stand in the contract.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"

enum { MOST = 8192 }; /* bytes of a link, and of the base */

/* Bytes of somebody's text. No text: the part is not there. */
struct part {
    const char *text;
    size_t length;
};

struct url {
    struct part scheme, authority, path, query, fragment;
};

static bool is_among(char c, const char *bytes)
{
    return c != '\0' && strchr(bytes, c) != NULL;
}

static bool begins(struct part part, char c)
{
    return part.length > 0 && *part.text == c;
}

static struct part behind(struct part part, size_t length)
{
    return (struct part){part.text + length, part.length - length};
}

/* Takes what stands before the first of these bytes, or all of it, off the front of rest. */
static struct part take(struct part *rest, const char *ends)
{
    struct part front = {rest->text, 0};

    while (front.length < rest->length && !is_among(rest->text[front.length], ends))
        front.length++;
    *rest = behind(*rest, front.length);
    return front;
}

/* A letter, and letters, digits and "+-." behind it. */
static bool is_scheme(struct part part)
{
    for (size_t i = 0; i < part.length; i++) {
        unsigned char c = (unsigned char)part.text[i];
        if (!isalpha(c) && (i == 0 || (!isdigit(c) && c != '+' && c != '-' && c != '.')))
            return false;
    }
    return part.length > 0;
}

static struct url split(struct part rest)
{
    struct url url = {0};
    struct part all = rest, front = take(&rest, ":/?#");

    if (begins(rest, ':') && is_scheme(front)) {
        url.scheme = front;
        rest = behind(rest, 1);
    } else {
        rest = all;
    }
    if (begins(rest, '/') && begins(behind(rest, 1), '/')) {
        rest = behind(rest, 2);
        url.authority = take(&rest, "/?#");
    }
    url.path = take(&rest, "?#");
    if (begins(rest, '?')) {
        rest = behind(rest, 1);
        url.query = take(&rest, "#");
    }
    if (begins(rest, '#'))
        url.fragment = behind(rest, 1);
    return url;
}

/* RFC 3986 section 5.2.4, in place: what is kept never overtakes what is read. */
static size_t remove_dots(char *path, size_t length)
{
    size_t from = 0, to = 0;

    while (from < length) {
        size_t slash = path[from] == '/', end = from + slash;
        while (end < length && path[end] != '/')
            end++;
        const char *name = path + from + slash;
        bool up = end - from - slash == 2 && memcmp(name, "..", 2) == 0;
        if (!up && !(end - from - slash == 1 && *name == '.')) {
            memmove(path + to, path + from, end - from);
            to += end - from;
        } else if (slash == 0) {
            end += end < length; /* "../g": the slash goes with its dots */
        } else {
            while (up && to > 0 && path[--to] != '/')
                continue;
            if (end == length)
                path[to++] = '/';
        }
        from = end;
    }
    return to;
}

/* The path of a reference that has one: behind the last slash of the base's, or alone. */
static struct part merge(const struct url *base, struct part path, char *room)
{
    struct part folder = base->path;

    while (folder.length > 0 && folder.text[folder.length - 1] != '/')
        folder.length--;
    if (base->authority.text != NULL && base->path.length == 0)
        folder = (struct part){"/", 1};
    memcpy(room, folder.text, folder.length);
    memcpy(room + folder.length, path.text, path.length);
    return (struct part){room, folder.length + path.length};
}

static void print(const char *before, struct part part, const char *after)
{
    if (part.text != NULL) {
        fputs(before, stdout);
        (void)fwrite(part.text, 1, part.length, stdout); /* finish() looks for errors */
        fputs(after, stdout);
    }
}

/* Prints what a reference means: RFC 3986 section 5.2.2, with its names R for r and T for the
 * result, which r becomes. */
static void print_resolved(const struct url *base, struct part reference)
{
    static char room[2 * MOST];
    static const struct url nothing = {.path = {"", 0}};
    struct url r = split(reference);
    bool own = r.scheme.text != NULL || r.authority.text != NULL;

    if (own || r.path.length > 0) {
        r.path = merge(own || *r.path.text == '/' ? &nothing : base, r.path, room);
        r.path.length = remove_dots(room, r.path.length);
    } else {
        r.path = base->path;
        if (r.query.text == NULL)
            r.query = base->query;
    }
    if (!own)
        r.authority = base->authority;
    if (r.scheme.text == NULL)
        r.scheme = base->scheme;
    print("", r.scheme, ":");
    print("//", r.authority, "");
    print("", r.path, "");
    print("?", r.query, "");
    print("#", r.fragment, "");
}

static bool is_blank(char c)
{
    return is_among(c, " \t\n\f\r");
}

/* A link's value, with the blanks around it. */
static void print_link(const struct url *base, struct part value)
{
    size_t from = 0, to = value.length;

    while (from < to && is_blank(value.text[from]))
        from++;
    while (to > from && is_blank(value.text[to - 1]))
        to--;
    print("", (struct part){value.text, from}, "");
    print_resolved(base, (struct part){value.text + from, to - from});
    print("", behind(value, to), "");
}

/* Copies the page up to the next link and its opening quote, which it returns; EOF at the end. */
static int copy_to_link(void)
{
    char last[6] = ""; /* the bytes before c */
    int c;

    while ((c = getc(stdin)) != EOF) {
        putc(c, stdout);
        if ((c == '"' || c == '\'') && ((is_blank(last[0]) && memcmp(last + 1, "href=", 5) == 0) ||
                                        (is_blank(last[1]) && memcmp(last + 2, "src=", 4) == 0)))
            return c;
        memmove(last, last + 1, sizeof last - 1);
        last[sizeof last - 1] = (char)c;
    }
    return EOF;
}

/* Goes on behind the opening quote, up to the closing one. */
static void copy_link(const struct url *base, int quote)
{
    static char text[MOST];
    size_t length = 0;
    int c;

    while ((c = getc(stdin)) != EOF && c != quote && length < MOST)
        text[length++] = (char)c;
    if (c == quote)
        print_link(base, (struct part){text, length});
    else
        (void)fwrite(text, 1, length, stdout);      /* likewise */
    for (; c != EOF && c != quote; c = getc(stdin)) /* too long: no link */
        putc(c, stdout);
    if (c != EOF)
        putc(c, stdout);
}

int main(int argc, char **argv)
{
    int quote;

    if (argc != 2)
        die_usage("BASE <PAGE");
    struct url base = split((struct part){argv[1], strlen(argv[1])});
    if (base.scheme.text == NULL || strlen(argv[1]) > MOST) {
        report("%.80s: no absolute URL, or longer than %d bytes", argv[1], MOST);
        return EXIT_USAGE;
    }
    while ((quote = copy_to_link()) != EOF)
        copy_link(&base, quote);
    if (ferror(stdin))
        die_errno("standard input");
    finish(EXIT_SUCCESS);
}
