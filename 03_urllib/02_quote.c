/*
 * 3.02  Percent-coding
 *
 * Codes lines for the place in a URL where they shall stand, and takes the coding back.
 *
 * Python:  urllib.parse.quote(), quote_plus(), unquote(), unquote_plus(), unquote_to_bytes()
 * Usage:   02_quote quote [SAFE] | plus [SAFE] | PLACE | unquote | unplus | bytes <lines
 *          02_quote table
 *          PLACE is userinfo, segment, path, query or value; SAFE stays as it is (quote alone: /).
 * See:     RFC 3986 sections 2 and 3; RFC 3629 section 3; the URL standard, section 5
 * Leaves out: hosts in other alphabets, which have a coding of their own (RFC 3492).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/parse.h"

static const char USAGE[] =
    "quote [SAFE] | plus [SAFE] | PLACE | unquote | unplus | bytes <lines, or: table";

typedef int coder(const char *text, size_t length, const char *safe, struct buffer *out);

/* [places] What stays as it is, besides letters, digits and "-._~". */
static const struct place {
    const char *name, *safe;
    coder *code;
} PLACES[] = {
    /* A name or a password. RFC 3986 allows ":", which stands between. */
    {"userinfo", "!$&'()*+,;=", url_quote},
    /* Of a path: "/" stands between two. */
    {"segment", "!$&'()*+,;=:@", url_quote},
    {"path", "!$&'()*+,;=:@/", url_quote},
    /* As a whole: "#" would end it. */
    {"query", "!$&'()*+,;=:@/?", url_quote},
    /* A name or a value in a query: "&", "=" and "+" mean something. */
    {"value", "", url_quote_plus},
};
/* [/places] */
enum { COUNT = sizeof PLACES / sizeof *PLACES };

/* What each place does with each character: it stays, it becomes "+", or, a gap here, %XX. */
static void print_table(void)
{
    static const char MARKS[] = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    printf("%-9s %s\n", "", MARKS);
    for (const struct place *place = PLACES; place < PLACES + COUNT; place++) {
        struct buffer row = {0};

        for (size_t i = 0; MARKS[i] != '\0'; i++) {
            struct buffer one = {0};

            if (place->code(&MARKS[i], 1, place->safe, &one) == -1 ||
                buffer_add(&row, one.length == 1 ? one.data : " ", 1) == -1)
                die_errno("table");
            buffer_free(&one);
        }
        printf("%-9s %s\n", place->name, buffer_text(&row));
        buffer_free(&row);
    }
}

/* How a command takes the coding back; NULL when it does not. */
typedef int taker(const char *text, size_t length, struct buffer *out);
static taker *find_taker(const char *command)
{
    if (strcmp(command, "unquote") == 0)
        return url_unquote;
    if (strcmp(command, "unplus") == 0)
        return url_unquote_plus;
    return strcmp(command, "bytes") == 0 ? url_unquote_to_bytes : NULL;
}

/* The place of that name; or made of SAFE. */
static struct place find_place(const char *name, const char *safe)
{
    if (strcmp(name, "quote") == 0)
        return (struct place){name, safe != NULL ? safe : "/", url_quote};
    if (strcmp(name, "plus") == 0)
        return (struct place){name, safe, url_quote_plus};
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(name, PLACES[i].name) == 0 && safe == NULL)
            return PLACES[i];
    }
    die_usage(USAGE);
}

int main(int argc, char **argv)
{
    struct buffer out = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (argc == 2 && strcmp(argv[1], "table") == 0) {
        print_table();
        finish(EXIT_SUCCESS);
    }
    if (argc < 2 || argc > 3)
        die_usage(USAGE);
    taker *take_back = argc == 2 ? find_taker(argv[1]) : NULL;
    struct place place = {0};
    if (take_back == NULL)
        place = find_place(argv[1], argv[2]);
    while ((n = getline(&line, &room, stdin)) > 0) {
        size_t length = (size_t)n - (line[n - 1] == '\n');

        out.length = 0;
        if ((take_back != NULL ? take_back(line, length, &out)
                               : place.code(line, length, place.safe, &out)) == -1)
            die_errno("a line");
        (void)fwrite(buffer_text(&out), 1, out.length, stdout); /* finish() looks for errors */
        (void)putchar('\n');                                    /* likewise */
    }
    if (ferror(stdin))
        die_errno("standard input");
    free(line);
    buffer_free(&out);
    finish(EXIT_SUCCESS);
}
