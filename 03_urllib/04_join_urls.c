/*
 * 3.04  Joining URLs
 *
 * Says what references mean in a document: a base and many links in, absolute URLs out.
 *
 * Python:  urllib.parse.urljoin(), urldefrag()
 * Usage:   04_join_urls [--table] [--defrag] BASE <references
 * See:     RFC 3986 sections 4.2, 5.2 and 5.4
 * Leaves out: <base href> in a page, which changes the base (lesson 3.11).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/parse.h"

/* [kind] The first part that a reference has: those before it are the base's. */
static const char *kind_of(const char *text, size_t length)
{
    struct url url;

    if (url_split(text, length, &url, NULL) == -1)
        return "no URL";
    if (url.scheme.text != NULL)
        return "scheme";
    if (url.netloc.text != NULL)
        return "host";
    if (url.path.length > 0)
        return url.path.text[0] == '/' ? "path" : "relative path";
    if (url.query.text != NULL)
        return "query";
    return url.fragment.text != NULL ? "fragment" : "nothing";
}
/* [/kind] */

/* [join] Prints what a reference means. Returns whether it means anything. */
static bool join(const char *base, const char *text, size_t length, bool table, bool defrag)
{
    struct buffer joined = {0};
    struct url_part url, fragment;
    struct error error;

    if (table)
        printf("%-15s %-14s ", text, kind_of(text, length));
    if (url_join(base, strlen(base), text, length, &joined, &error) == -1) {
        printf("no URL: %s\n", error.text);
        return false;
    }
    url_defrag(buffer_text(&joined), joined.length, &url, &fragment);
    if (!defrag)
        url = (struct url_part){buffer_text(&joined), joined.length};
    printf("%.*s\n", URL_PRINT(url));
    buffer_free(&joined);
    return true;
}
/* [/join] */

int main(int argc, char **argv)
{
    bool table = false, defrag = false, all = true;
    char *line = NULL, **argument = argv + 1;
    size_t room = 0;
    ssize_t n;

    if (argc > 2 && strcmp(*argument, "--table") == 0) {
        table = true;
        argument++;
    }
    if (argv + argc - argument > 1 && strcmp(*argument, "--defrag") == 0) {
        defrag = true;
        argument++;
    }
    if (argv + argc - argument != 1)
        die_usage("[--table] [--defrag] BASE <references");
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        all = join(*argument, line, (size_t)n, table, defrag) && all;
    }
    if (ferror(stdin))
        die_errno("standard input");
    free(line);
    finish(all ? EXIT_SUCCESS : EXIT_FAILURE);
}
