/*
 * Another right answer: each command makes a new query of the old one, from text to text, and keeps
 * no fields between. It codes and decodes by itself, and sorts by merging.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

enum { FIELDS_MOST = 10000 };

/* A query that is not there differs from an empty one, which has no fields either. */
struct query {
    struct buffer text;
    size_t fields;
};

/* A field in a query's text. */
struct field {
    const char *text;
    size_t length;
    struct buffer name; /* decoded */
};

static char separator = '&';

static void add(struct buffer *to, const void *bytes, size_t length)
{
    if (buffer_add(to, bytes, length) == -1)
        die("no memory");
}

static void add_field(struct query *query, const char *text, size_t length)
{
    if (query->fields++ > 0)
        add(&query->text, &separator, 1);
    add(&query->text, text, length);
}

static void code(const char *text, struct buffer *out)
{
    for (; *text != '\0'; text++) {
        char digits[4];
        (void)snprintf(digits, sizeof digits, "%%%02X", (unsigned char)*text); /* it has room */
        if (*text == ' ')
            add(out, "+", 1);
        else if (isascii((unsigned char)*text) &&
                 (isalnum((unsigned char)*text) || strchr("_.-~", *text) != NULL))
            add(out, text, 1);
        else
            add(out, digits, 3);
    }
}

static int digit(char c)
{
    if (!isxdigit((unsigned char)c))
        return -1;
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static size_t name_length(const char *field, size_t length)
{
    const char *equals = length > 0 ? memchr(field, '=', length) : NULL;

    return equals == NULL ? length : (size_t)(equals - field);
}

static void decode_name(struct field *field)
{
    size_t length = name_length(field->text, field->length);
    const char *text = field->text;

    field->name = (struct buffer){0};
    for (size_t i = 0; i < length; i++) {
        char c = text[i] == '+' ? ' ' : text[i];
        if (c == '%' && i + 2 < length && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            c = (char)(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        }
        add(&field->name, &c, 1);
    }
}

/* The next field of a query, of which left are still to come. */
static bool next_field(const char **at, const char *end, size_t *left, struct field *field)
{
    if (*left == 0)
        return false;
    const char *to = --*left == 0 ? end : memchr(*at, separator, (size_t)(end - *at));
    field->text = *at;
    field->length = (size_t)(to - *at);
    *at = to + (*left > 0);
    decode_name(field);
    return true;
}

static int compare(const struct field *a, const struct field *b)
{
    size_t shorter = a->name.length < b->name.length ? a->name.length : b->name.length;
    int order = memcmp(buffer_text(&a->name), buffer_text(&b->name), shorter);

    if (order != 0)
        return order;
    return (a->name.length > b->name.length) - (a->name.length < b->name.length);
}

static void merge_sort(struct field *fields, struct field *room, size_t count)
{
    size_t half = count / 2, left = 0, right = half;

    if (count < 2)
        return;
    merge_sort(fields, room, half);
    merge_sort(fields + half, room, count - half);
    for (size_t i = 0; i < count; i++)
        room[i] = right == count || (left < half && compare(&fields[left], &fields[right]) <= 0)
                      ? fields[left++]
                      : fields[right++];
    memcpy(fields, room, count * sizeof *fields);
}

static struct query sorted(const struct query *old)
{
    struct field *fields = calloc(2 * old->fields + 1, sizeof *fields);
    size_t left = old->fields, count = 0;
    const char *at = buffer_text(&old->text), *end = at + old->text.length;
    struct query new = {0};

    if (fields == NULL)
        die("no memory");
    while (next_field(&at, end, &left, &fields[count]))
        count++;
    merge_sort(fields, fields + count, count);
    for (size_t i = 0; i < count; i++) {
        add_field(&new, fields[i].text, fields[i].length);
        buffer_free(&fields[i].name);
    }
    free(fields);
    return new;
}

/* value: for set; NULL drops. *found: whether there was one. */
static struct query replaced(const struct query *old, const char *name, const char *value,
                             bool *found)
{
    const char *at = buffer_text(&old->text), *end = at + old->text.length;
    size_t left = old->fields;
    struct query new = {0};
    struct field field;

    *found = false;
    while (next_field(&at, end, &left, &field)) {
        bool same = field.length > 0 && field.name.length == strlen(name) &&
                    memcmp(buffer_text(&field.name), name, field.name.length) == 0;
        if (!same)
            add_field(&new, field.text, field.length);
        if (same && value != NULL && !*found) {
            add_field(&new, field.text, name_length(field.text, field.length));
            add(&new.text, "=", 1);
            code(value, &new.text);
        }
        *found = *found || same;
        buffer_free(&field.name);
    }
    return new;
}

static void append(struct query *query, const char *name, const char *value)
{
    add_field(query, "", 0);
    code(name, &query->text);
    add(&query->text, "=", 1);
    code(value, &query->text);
}

/* How many arguments a command takes, or -1. */
static int takes(const char *word)
{
    if (strcmp(word, "add") == 0 || strcmp(word, "set") == 0)
        return 2;
    if (strcmp(word, "drop") == 0)
        return 1;
    return strcmp(word, "sort") == 0 ? 0 : -1;
}

static void carry_out(struct query *query, char **command)
{
    struct query new = {0};
    bool found = false;

    if (**command == 'a') {
        append(query, command[1], command[2]);
        return;
    }
    if (strcmp(*command, "sort") == 0)
        new = sorted(query);
    else
        new = replaced(query, command[1], **command == 'd' ? NULL : command[2], &found);
    if (strcmp(*command, "set") == 0 && !found)
        append(&new, command[1], command[2]);
    buffer_free(&query->text);
    *query = new;
}

static void put(const char *bytes, size_t length)
{
    (void)fwrite(bytes, 1, length, stdout); /* finish() looks for errors */
}

/* False: too many fields. */
static bool edit(const char *url, size_t length, char **commands)
{
    const char *end = url + length, *fragment = memchr(url, '#', length);
    struct query query = {0};

    fragment = fragment == NULL ? end : fragment;
    const char *mark = fragment > url ? memchr(url, '?', (size_t)(fragment - url)) : NULL;
    const char *from = mark == NULL ? fragment : mark + 1;
    if (from < fragment) {
        query.fields = 1;
        for (const char *at = from; at < fragment; at++)
            if (*at == separator)
                query.fields++;
        add(&query.text, from, (size_t)(fragment - from));
    }
    bool had = query.fields > 0;
    if (query.fields > FIELDS_MOST) {
        buffer_free(&query.text);
        return false;
    }
    for (; *commands != NULL; commands += 1 + takes(*commands))
        carry_out(&query, commands);
    put(url, (size_t)((mark == NULL ? fragment : mark) - url));
    if (query.fields > 0 || (!had && mark != NULL))
        put("?", 1);
    put(buffer_text(&query.text), query.text.length);
    put(fragment, (size_t)(end - fragment));
    buffer_free(&query.text);
    return true;
}

static char **read_arguments(char **at)
{
    if (*at != NULL && strcmp(*at, "-s") == 0) {
        if (at[1] == NULL || (strcmp(at[1], ";") != 0 && strcmp(at[1], "&") != 0))
            die_usage("[-s SEPARATOR] COMMAND... <URLS");
        separator = *at[1];
        at += 2;
    }
    if (*at == NULL)
        die_usage("[-s SEPARATOR] COMMAND... <URLS");
    for (char **command = at; *command != NULL; command++)
        for (int i = takes(*command); i != 0; i--, command++)
            if (i < 0 || command[1] == NULL)
                die_usage("[-s SEPARATOR] COMMAND... <URLS");
    return at;
}

int main(int argc, char **argv)
{
    char **commands = read_arguments(argv + (argc > 0)), *line = NULL;
    int status = EXIT_SUCCESS;
    size_t room = 0;
    ssize_t n;

    for (long number = 1; (n = getline(&line, &room, stdin)) != -1; number++) {
        size_t length = (size_t)n - (line[n - 1] == '\n');
        if (length > 0 && length < (size_t)n && line[length - 1] == '\r')
            length--;
        if (length == 0 || edit(line, length, commands)) {
            put(line + length, (size_t)n - length);
        } else {
            report("line %ld: too many fields", number);
            status = EXIT_FAILURE;
        }
        (void)fflush(stdout); /* likewise */
    }
    if (ferror(stdin)) {
        report_errno("standard input");
        status = EXIT_FAILURE;
    }
    free(line);
    finish(status);
}
