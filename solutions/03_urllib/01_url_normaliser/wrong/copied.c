/* fails: letters percent-case unreserved reserved once default-port odd-ports bad-port dot-segments above-root coded-dots slashes empty-path user-info ipv6 zone bad-literal bad-host no-scheme bad-scheme opaque like-an-authority files empty-query query-untouched beyond-ascii control nul characters bad-percent first-row goes-on last-line longest generated input-unreadable usage clean endless-line */
/*
 * Program 3.01 without arguments, with the module's way to split a URL written out: it takes each
 * line apart and puts it together again, the scheme in small letters, and refuses what is no URL to
 * it. The exercise begins where two spellings are one.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

/* A place in the line; NULL: it is not there. */
struct part {
    const char *text;
    size_t length;
};

struct url {
    struct part scheme, netloc, path, query, fragment;
};

static struct part cut(struct part *from, size_t at)
{
    struct part behind = {from->text + at + 1, from->length - at - 1};

    from->length = at;
    return behind;
}

static void cut_behind(struct part *from, char at, struct part *behind)
{
    const char *found = memchr(from->text, at, from->length);

    if (found != NULL)
        *behind = cut(from, (size_t)(found - from->text));
}

static const char *split(const char *text, size_t length, struct url *url)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");

    *url = (struct url){.path = {text, length}};
    if (strcspn(text, "\t\r\n") < length)
        return "a tab or a line end";
    if (isalpha((unsigned char)*text) && text[n] == ':') {
        struct part rest = cut(&url->path, n);
        url->scheme = url->path;
        url->path = rest;
    }
    cut_behind(&url->path, '#', &url->fragment);
    cut_behind(&url->path, '?', &url->query);
    if (url->path.length >= 2 && memcmp(url->path.text, "//", 2) == 0) {
        size_t end = 2;
        while (end < url->path.length && url->path.text[end] != '/')
            end++;
        url->netloc = (struct part){url->path.text + 2, end - 2};
        url->path = (struct part){url->path.text + end, url->path.length - end};
        bool opens = memchr(url->netloc.text, '[', end - 2) != NULL;
        if (opens != (memchr(url->netloc.text, ']', end - 2) != NULL))
            return "a bracket without its partner";
    }
    return NULL;
}

static const char *check_port(struct part netloc)
{
    struct part port = {NULL, 0};
    size_t at = netloc.length;

    while (at > 0 && netloc.text[at - 1] != ':' && netloc.text[at - 1] != ']' &&
           netloc.text[at - 1] != '@')
        at--;
    if (at > 0 && netloc.text[at - 1] == ':')
        port = (struct part){netloc.text + at, netloc.length - at};
    for (size_t i = 0; i < port.length; i++)
        if (!isdigit((unsigned char)port.text[i]) || strtol(port.text, NULL, 10) > 65535)
            return "a port is a number up to 65535";
    return NULL;
}

static void put(struct buffer *out, const char *before, struct part part)
{
    if (part.text != NULL && buffer_print(out, "%s%.*s", before, (int)part.length, part.text) == -1)
        die_errno("a URL");
}

static void put_together(const struct url *url, struct buffer *out)
{
    out->length = 0;
    put(out, "", url->scheme);
    for (size_t i = 0; i < out->length; i++)
        out->data[i] = (char)tolower((unsigned char)out->data[i]);
    if (url->scheme.text != NULL)
        put(out, ":", (struct part){"", 0});
    put(out, "//", url->netloc);
    put(out, "", url->path);
    put(out, "?", url->query);
    put(out, "#", url->fragment);
    printf("%s\n", out->length > 0 ? buffer_text(out) : "");
}

int main(void)
{
    struct buffer out = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    int status = EXIT_SUCCESS;

    for (int number = 1; (n = getline(&line, &room, stdin)) > 0; number++) {
        struct url url;

        if (line[n - 1] == '\n')
            line[--n] = '\0';
        const char *wrong = split(line, (size_t)n, &url);
        if (wrong == NULL && url.netloc.text != NULL)
            wrong = check_port(url.netloc);
        if (wrong == NULL)
            put_together(&url, &out);
        else {
            report("line %d: %s", number, wrong);
            status = EXIT_FAILURE;
        }
    }
    free(line);
    buffer_free(&out);
    finish(status);
}
