/* fails: names blanks repeats set-cookie list-values quoted empty-value behind in-pieces obs-fold blank-before-colon bare-lf bare-cr nul control no-colon bad-name repeated equal-lengths unequal-lengths bad-length length-overflow length-and-coding coding first-wrong at-once incomplete too-many largest endless-line input-unreadable output-full usage clean */
/*
 * Program 2.03 with standard input in place of its own list of fields: it prints each field as it
 * came, one a line. The exercise begins where two fields are one, or one field must not be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS_MOST = 100 };

struct field {
    char *name, *value;
};

static void refuse(const char *why)
{
    fprintf(stderr, "header_linter: %s\n", why);
    exit(EXIT_FAILURE);
}

/* Cuts a line at its colon, and the blanks off the value. */
static void take(struct field *field, char *line)
{
    char *colon = strchr(line, ':'), *end;

    line[strcspn(line, "\r\n")] = '\0';
    if (colon == NULL)
        refuse("no colon");
    if (colon == line || colon[-1] == ' ' || colon[-1] == '\t')
        refuse("a blank before the colon");
    *colon = '\0';
    field->name = line;
    field->value = colon + 1 + strspn(colon + 1, " \t");
    end = strchr(field->value, '\0');
    while (end > field->value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
}

int main(void)
{
    struct field fields[FIELDS_MOST];
    size_t count = 0, capacity = 0;
    char *line = NULL;

    while (getline(&line, &capacity, stdin) > 0 && line[0] != '\r' && line[0] != '\n') {
        if (count == FIELDS_MOST)
            refuse("too many fields");
        take(&fields[count++], line);
        line = NULL;
    }
    free(line);
    for (size_t i = 0; i < count; i++) {
        printf("%s: %s\r\n", fields[i].name, fields[i].value);
        free(fields[i].name);
    }
    printf("\r\n");
    return fflush(stdout) == EOF;
}
