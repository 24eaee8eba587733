/*
 * Exercise 3.4  Link rewriter, dot segments from the right
 *
 * A state for each byte of ` href="` instead of a look back, and dot segments from the right: what
 * counts is how many segments are still to be taken back, so a path is written once, from its end,
 * and nothing that was written is moved again.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

enum { LIMIT = 8192 };

struct part {
    const char *text; /* NULL: none */
    size_t length;
};

struct reference {
    struct part scheme, authority, path, query, fragment;
};

static size_t span(struct part text, const char *ends)
{
    size_t n = 0;

    while (n < text.length && (text.text[n] == '\0' || strchr(ends, text.text[n]) == NULL))
        n++;
    return n;
}

/* Cuts n bytes off the front. */
static struct part cut(struct part *rest, size_t n)
{
    struct part front = {rest->text, n};

    rest->text += n;
    rest->length -= n;
    return front;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool has_scheme(struct part text, size_t colon)
{
    if (colon == text.length || colon == 0 || !is_letter(text.text[0]))
        return false;
    for (size_t i = 1; i < colon; i++) {
        char c = text.text[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static struct reference take_apart(struct part rest)
{
    struct reference r = {0};
    size_t colon = span(rest, ":");

    if (has_scheme(rest, colon)) {
        r.scheme = cut(&rest, colon);
        (void)cut(&rest, 1);
    }
    if (rest.length >= 2 && rest.text[0] == '/' && rest.text[1] == '/') {
        (void)cut(&rest, 2);
        r.authority = cut(&rest, span(rest, "/?#"));
    }
    r.path = cut(&rest, span(rest, "?#"));
    if (rest.length > 0 && rest.text[0] == '?') {
        (void)cut(&rest, 1);
        r.query = cut(&rest, span(rest, "#"));
    }
    if (rest.length > 0) {
        (void)cut(&rest, 1);
        r.fragment = rest;
    }
    return r;
}

static size_t count_dots(struct part name)
{
    if (name.length == 1 && name.text[0] == '.')
        return 1;
    return name.length == 2 && memcmp(name.text, "..", 2) == 0 ? 2 : 0;
}

/* Writes path without its dot segments so that it ends at end; returns what was written. */
static struct part remove_dots(struct part path, char *end)
{
    size_t first, to_skip = 0;
    char *out = end;

    for (first = span(path, "/"); count_dots((struct part){path.text, first}) > 0;
         first = span(path, "/"))
        (void)cut(&path, first + (first < path.length)); /* "../g" without a folder */
    for (size_t right = path.length; right > 0;) {
        size_t left = right, slash, dots;

        while (left > 0 && path.text[left - 1] != '/')
            left--;
        slash = left > 0;
        dots = count_dots((struct part){path.text + left, right - left});
        if (dots > 0 && right == path.length)
            *--out = '/';
        if (dots == 2) {
            to_skip++;
        } else if (dots == 0 && to_skip > 0) {
            to_skip--;
        } else if (dots == 0) {
            out -= right - left + slash;
            memcpy(out, path.text + left - slash, right - left + slash);
        }
        right = left - slash;
    }
    return (struct part){out, (size_t)(end - out)};
}

static void print_part(const char *before, struct part part, const char *behind)
{
    if (part.text == NULL)
        return;
    (void)fputs(before, stdout);
    (void)fwrite(part.text, 1, part.length, stdout);
    (void)fputs(behind, stdout);
}

static void print_meaning(const struct reference *base, struct part text)
{
    static char merged[2 * LIMIT + 2], clean[2 * LIMIT + 2];
    struct reference r = take_apart(text);
    bool as_is = false;

    if (r.scheme.text == NULL) {
        r.scheme = base->scheme;
        if (r.authority.text == NULL) {
            r.authority = base->authority;
            if (r.path.length == 0) {
                r.path = base->path;
                as_is = true;
                if (r.query.text == NULL)
                    r.query = base->query;
            } else if (r.path.text[0] != '/') {
                size_t folder = base->path.length;

                while (folder > 0 && base->path.text[folder - 1] != '/')
                    folder--;
                memcpy(merged, base->path.text, folder);
                if (base->path.length == 0 && base->authority.text != NULL)
                    merged[folder++] = '/';
                memcpy(merged + folder, r.path.text, r.path.length);
                r.path = (struct part){merged, folder + r.path.length};
            }
        }
    }
    if (!as_is)
        r.path = remove_dots(r.path, clean + sizeof clean);
    print_part("", r.scheme, ":");
    print_part("//", r.authority, "");
    print_part("", r.path, "");
    print_part("?", r.query, "");
    print_part("#", r.fragment, "");
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void print_value(const struct reference *base, const char *value, size_t length)
{
    size_t begin = 0, end = length;

    while (begin < length && is_blank((unsigned char)value[begin]))
        begin++;
    while (end > begin && is_blank((unsigned char)value[end - 1]))
        end--;
    (void)fwrite(value, 1, begin, stdout);
    print_meaning(base, (struct part){value + begin, end - begin});
    (void)fwrite(value + end, 1, length - end, stdout);
}

/* Reads and writes what stands behind the opening quote, the closing one included. */
static void filter_value(const struct reference *base, int quote)
{
    static char value[LIMIT];
    size_t length = 0;
    int c;

    while ((c = getchar_unlocked()) != EOF && c != quote && length < LIMIT)
        value[length++] = (char)c;
    if (c == quote) {
        print_value(base, value, length);
    } else {
        (void)fwrite(value, 1, length, stdout);
        for (; c != EOF && c != quote; c = getchar_unlocked())
            (void)putchar_unlocked(c);
    }
    if (c == quote)
        (void)putchar_unlocked(c);
}

static void filter(const struct reference *base)
{
    static const char *const words[] = {"href=", "src="};
    const char *next = NULL; /* what has to come; "" for a quote; NULL: a blank first */
    bool blank = false;
    int c;

    while ((c = getchar_unlocked()) != EOF) {
        (void)putchar_unlocked(c);
        int small = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
        if (next != NULL && *next == '\0' && (c == '"' || c == '\'')) {
            filter_value(base, c);
            next = NULL;
        } else if (next != NULL && *next != '\0' && small == *next) {
            next++;
        } else {
            next = NULL;
            for (int i = 0; i < 2 && blank; i++)
                if (small == words[i][0])
                    next = words[i] + 1;
        }
        blank = is_blank(c);
    }
}

int main(int argc, char **argv)
{
    struct reference base;

    if (argc != 2 || strlen(argv[1]) > LIMIT)
        die_usage("BASE <PAGE");
    base = take_apart((struct part){argv[1], strlen(argv[1])});
    if (base.scheme.text == NULL)
        die_usage("BASE <PAGE");
    filter(&base);
    if (ferror(stdin))
        die_errno("standard input");
    finish(EXIT_SUCCESS);
}
