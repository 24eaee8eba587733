/* fails: add set set-new drop repeats sort order-kept in-their-order spelling blanks missing-equals last-one nothing-to-do semicolon other-separator coded-names bad-codes spaces-and-utf8 coded-values names-are-bytes around line-ends bytes arguments at-once in-pieces usage input-unreadable clean limit sort-many */
/*
 * Program 3.03 with --blank, which reads the query of each URL and writes it anew, as its --write
 * does. The exercise begins where a field is to be changed and the others are not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/parse.h"

static const struct url_query_options OPTIONS = {.keep_blank_values = true};

/* Prints a query with its fields coded. */
static void print_query(const char *text, size_t length)
{
    struct buffer query = {0};
    struct url_fields fields;
    struct error error;

    if (url_parse_query(text, length, &OPTIONS, &fields, &error) == -1)
        die("no query: %s", error.text);
    for (size_t i = 0; i < fields.count; i++)
        if (url_add_field(&query, 0, fields.list[i].name, fields.list[i].name_length,
                          fields.list[i].value, fields.list[i].value_length, NULL) == -1)
            die_errno("query");
    printf("?%s", buffer_text(&query));
    buffer_free(&query);
    url_fields_free(&fields);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    (void)argv;
    if (argc < 2)
        die_usage("COMMAND... <URLS");
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        char *query = strchr(line, '?');
        if (query != NULL)
            *query++ = '\0';
        printf("%s", line);
        if (query != NULL)
            print_query(query, (size_t)(line + n - query));
        printf("\n");
    }
    free(line);
    finish(EXIT_SUCCESS);
}
