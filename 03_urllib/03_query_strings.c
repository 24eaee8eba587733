/*
 * 3.03  Query strings
 *
 * Reads queries field by field, with repeats, blanks and limits, and writes them.
 *
 * Python:  urllib.parse.parse_qs(), parse_qsl(), urlencode()
 * Usage:   03_query_strings [--blank] [--strict] [--most N] [--separator C] [NAME]... <queries
 *          03_query_strings --write [NAME=VALUE]...
 * See:     the URL standard (url.spec.whatwg.org), section 5; RFC 3986 section 3.4
 * Leaves out: forms in the body of a request (lesson 2.15), and names such as "a[0]", which no
 *          standard knows.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "urllib/parse.h"

static const char USAGE[] = "[--blank] [--strict] [--most N] [--separator C] [NAME]... <queries, "
                            "or: --write [NAME=VALUE]...";

/* [write] A query of arguments. */
static void write_query(char **arguments)
{
    struct buffer query = {0};

    for (; *arguments != NULL; arguments++) {
        const char *name = *arguments, *equals = strchr(name, '=');

        if (equals == NULL)
            die_usage(USAGE);
        if (url_add_field(&query, 0, name, (size_t)(equals - name), equals + 1, strlen(equals + 1),
                          NULL) == -1)
            die_errno("query");
    }
    printf("%s\n", buffer_text(&query));
    buffer_free(&query);
}
/* [/write] */

/* Prints text that came from outside: controls as \xNN, a NUL as well. */
static void show(const char *text, size_t length)
{
    (void)putchar('['); /* finish() looks for errors */
    for (size_t i = 0; i < length; i++) {
        bool control = (unsigned char)text[i] < ' ' || text[i] == 127;
        printf(control ? "\\x%02x" : "%c", (unsigned char)text[i]);
    }
    (void)putchar(']'); /* likewise */
}

/* Prints the fields of a query, or all values of the names that are asked for. */
static int read_query(const char *text, size_t length, const struct url_query_options *options,
                      char **names)
{
    struct url_fields fields;
    struct error error;

    /* [read] */
    if (url_parse_query(text, length, options, &fields, &error) == -1) {
        printf("no query: %s\n", error.text);
        return -1;
    }
    for (size_t i = 0; i < fields.count && *names == NULL; i++) {
        show(fields.list[i].name, fields.list[i].name_length);
        printf(" = ");
        show(fields.list[i].value, fields.list[i].value_length);
        printf("\n");
    }
    for (; *names != NULL; names++) {
        const struct url_field *field;
        size_t at = 0;

        printf("%s:", *names);
        while ((field = url_fields_next(&fields, *names, &at)) != NULL) {
            printf(" ");
            show(field->value, field->value_length);
        }
        printf("\n");
    }
    url_fields_free(&fields);
    /* [/read] */
    return 0;
}

/* Takes options off the front of the arguments. Returns what is left. */
static char **take_options(char **argument, struct url_query_options *options)
{
    long most;

    for (; *argument != NULL && strncmp(*argument, "--", 2) == 0; argument++) {
        if (strcmp(*argument, "--blank") == 0)
            options->keep_blank_values = true;
        else if (strcmp(*argument, "--strict") == 0)
            options->strict_parsing = true;
        else if (strcmp(*argument, "--most") == 0 && argument[1] != NULL &&
                 number_parse(argument[1], 1, INT_MAX, &most))
            options->max_fields = (size_t)most, argument++;
        else if (strcmp(*argument, "--separator") == 0 && argument[1] != NULL &&
                 strlen(argument[1]) == 1)
            options->separator = **++argument;
        else
            die_usage(USAGE);
    }
    return argument;
}

int main(int argc, char **argv)
{
    struct url_query_options options = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool all = true;

    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        write_query(argv + 2);
        finish(EXIT_SUCCESS);
    }
    char **names = take_options(argv + 1, &options);
    while ((n = getline(&line, &room, stdin)) > 0) {
        size_t length = (size_t)n - (line[n - 1] == '\n');

        all = read_query(line, length, &options, names) == 0 && all;
    }
    if (ferror(stdin))
        die_errno("standard input");
    free(line);
    finish(all ? EXIT_SUCCESS : EXIT_FAILURE);
}
