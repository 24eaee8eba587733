/*
 * 3.01  Splitting a URL
 *
 * Takes URLs apart, changes their parts, puts them together, and shows what hasty readers see.
 *
 * Python:  urllib.parse.urlsplit(), urlunsplit(), urlparse(), urlunparse(), SplitResult
 * Usage:   01_split_url [PART | PART=VALUE | -PART]... <urls
 *          01_split_url hosts <urls
 *          PART is scheme, netloc, username, password, host, port, path, params, query or fragment;
 *          those within netloc can be asked for, not changed.
 * See:     RFC 3986 sections 3, 5.3 and appendix B; RFC 6874 for zones
 * Leaves out: percent-coding (lesson 3.02), names in other alphabets, and whether the host exists.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/parse.h"

static const char USAGE[] = "[PART | PART=VALUE | -PART]... <urls, or: hosts <urls";

/* Every character that a URL may hold: RFC 3986 section 2. */
static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
                               ":/?#[]@!$&'()*+,;=%";

/* A URL in all its parts; those of netloc lie within it. */
struct parts {
    struct url url;
    struct url_part params;
    struct url_netloc within;
};

static const struct {
    const char *name;
    size_t at;
} PARTS[] = {{"scheme", offsetof(struct parts, url.scheme)},
             {"netloc", offsetof(struct parts, url.netloc)},
             {"path", offsetof(struct parts, url.path)},
             {"params", offsetof(struct parts, params)},
             {"query", offsetof(struct parts, url.query)},
             {"fragment", offsetof(struct parts, url.fragment)},
             {"username", offsetof(struct parts, within.username)},
             {"password", offsetof(struct parts, within.password)},
             {"host", offsetof(struct parts, within.host)},
             {"port", offsetof(struct parts, within.port)}};
enum { CAN_CHANGE = 6, COUNT = sizeof PARTS / sizeof *PARTS };

static struct url_part *part(struct parts *parts, size_t i)
{
    return (struct url_part *)(void *)((char *)parts + PARTS[i].at); /* offsetof() made it so */
}

/* [split] Takes a URL apart, and its netloc: each part is a place in text. Returns 0 or -1. */
static int split(const char *text, size_t length, struct parts *parts, struct error *error)
{
    if (url_split(text, length, &parts->url, error) == -1)
        return -1;
    url_split_params(parts->url.scheme, &parts->url.path, &parts->params);
    url_split_netloc(parts->url.netloc, &parts->within);
    if (url_port(&parts->within, 0) == -1)
        return error_set(error, "a port is a number up to 65535");
    return 0;
}
/* [/split] */

/* Prints text that came from outside: the terminal shall see no control characters. */
static void print_text(struct url_part part)
{
    for (size_t i = 0; i < part.length; i++) {
        unsigned char byte = (unsigned char)part.text[i];
        printf(byte < ' ' || byte == 127 ? "\\x%02x" : "%c", byte);
    }
}

/* Prints the parts that are there; [] is one that is there and empty. */
static void show(const char *text, size_t length, struct parts *parts)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (part(parts, i)->text == NULL)
            continue;
        printf("  %-9s[", PARTS[i].name);
        print_text(*part(parts, i));
        printf("]\n");
    }
    if (strspn(text, ALPHABET) < length)
        printf("  beware: byte %zu is no character of a URL\n", strspn(text, ALPHABET));
}

/* Does what an argument asks. Returns whether it changed a part. */
static bool apply(const char *argument, struct parts *parts)
{
    bool drop = *argument == '-';
    const char *name = argument + drop, *equals = drop ? NULL : strchr(name, '=');
    struct url_part asked = {name, equals == NULL ? strlen(name) : (size_t)(equals - name)};
    size_t i = 0, end = drop || equals != NULL ? CAN_CHANGE : COUNT;

    while (i < end && !url_part_equal(asked, url_part_of(PARTS[i].name)))
        i++;
    if (i == end)
        die_usage(USAGE);
    if (!drop && equals == NULL) {
        printf("%.*s\n", URL_PRINT(*part(parts, i)));
        return false;
    }
    *part(parts, i) = url_part_of(drop ? NULL : equals + 1);
    return true;
}

/* [together] Prints the parts as one URL. */
static void put_together(const struct parts *parts)
{
    struct buffer out = {0};

    if (url_unsplit(&parts->url, &parts->params, &out) == -1)
        die_errno("a URL");
    printf("%s\n", buffer_text(&out));
    buffer_free(&out);
}
/* [/together] */

/* [hasty] The host, as three readers see it: by the grammar, and by two hasty ones. */
static void compare_hosts(const char *text, struct url_part host)
{
    char first[256] = "", last[256] = "";
    const char *at = strrchr(text, '@');

    /* What does not fit leaves the text empty. */
    (void)sscanf(text, "%*[^:]://%255[^:/]", first);
    if (at != NULL)
        (void)sscanf(at + 1, "%255[^:/?#]", last);
    else
        memcpy(last, first, sizeof last);
    printf("%-34s %-14.*s ", text, URL_PRINT(host));
    printf("%-14.14s %.14s\n", first, last);
}
/* [/hasty] */

/* Does with one URL what is asked. Returns whether it is one. */
static bool take(const char *text, size_t length, char **arguments, bool hosts)
{
    struct parts parts;
    struct error error = {""};
    bool changed = false, is_url = split(text, length, &parts, &error) == 0;

    if (!is_url || *arguments == NULL) {
        print_text((struct url_part){text, length});
        printf("%s%s\n", is_url ? "" : "\n  no URL: ", error.text);
    }
    if (is_url && hosts)
        compare_hosts(text, parts.within.host);
    else if (is_url && *arguments == NULL)
        show(text, length, &parts);
    for (; is_url && !hosts && *arguments != NULL; arguments++)
        changed = apply(*arguments, &parts) || changed;
    if (changed)
        put_together(&parts);
    return is_url;
}

int main(int argc, char **argv)
{
    bool hosts = argc == 2 && strcmp(argv[1], "hosts") == 0, all = true;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (hosts)
        printf("%-34s %-14s %-14s %s\n", "", "url_split()", "first : or /", "last @");
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        all = take(line, (size_t)n, argv + 1, hosts) && all;
    }
    if (ferror(stdin))
        die_errno("standard input");
    free(line);
    finish(all ? EXIT_SUCCESS : EXIT_FAILURE);
}
