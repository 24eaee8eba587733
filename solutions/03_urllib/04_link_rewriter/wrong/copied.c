/* fails: untouched same-folder same-host other-host other-scheme strict no-scheme query-only fragment-only empty empty-parts dot-segments above-root names-with-dots not-in-the-path normal abnormal host-alone other-bases base-with-dots quotes spelling almost inside one-line blanks bytes broken-off longest too-long in-pieces relative-base input-unreadable clean endless ten-thousand-lines */
/*
 * Program 3.04 without its options, with the module's url_join() written out: each line is a
 * reference. The exercise begins where references stand in pages.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"

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
    char *room = malloc(base->path.length + reference.length + 1);
    static const struct url nothing = {.path = {"", 0}};
    struct url r = split(reference);
    bool own = r.scheme.text != NULL || r.authority.text != NULL;

    if (room == NULL)
        die("out of memory");
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
    free(room);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (argc != 2)
        die_usage("BASE <references");
    struct url base = split((struct part){argv[1], strlen(argv[1])});
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        print_resolved(&base, (struct part){line, (size_t)n});
        printf("\n");
    }
    free(line);
    finish(EXIT_SUCCESS);
}
