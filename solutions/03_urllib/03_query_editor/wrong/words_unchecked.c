/* fails: usage */
/*
 * Takes any other word for the last command that it knows.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/parse.h"

enum { FIELDS_MOST = 10000 };

struct field {
    struct url_part name, value; /* value is not there in a field without "=" */
    size_t place;                /* before sorting */
};

struct query {
    struct field *fields;
    size_t count, room;
};

struct command {
    enum { ADD, SET, DROP, SORT } what;
    struct field field; /* both coded */
};

/* The next byte that a name means, or -1 behind its end. */
static int next_byte(struct url_part *rest)
{
    static const char digits[] = "0123456789ABCDEF0123456789abcdef";
    size_t taken = 1;

    if (rest->length == 0)
        return -1;
    int byte = (unsigned char)*rest->text;
    if (byte == '+')
        byte = ' ';
    if (byte == '%' && rest->length > 2) {
        const char *high = memchr(digits, rest->text[1], sizeof digits - 1);
        const char *low = memchr(digits, rest->text[2], sizeof digits - 1);
        if (high != NULL && low != NULL) {
            byte = (int)((high - digits) % 16 * 16 + (low - digits) % 16);
            taken = 3;
        }
    }
    rest->text += taken;
    rest->length -= taken;
    return byte;
}

/* By the bytes that they mean; the end comes before any byte. */
static int compare_names(struct url_part a, struct url_part b)
{
    int x, y;

    do {
        x = next_byte(&a);
        y = next_byte(&b);
    } while (x == y && x != -1);
    return x - y;
}

static int by_name(const void *left, const void *right)
{
    const struct field *a = left, *b = right;
    int order = compare_names(a->name, b->name);

    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

/* An empty field has no name, and none is found by it. */
static bool has_name(const struct field *field, struct url_part name)
{
    return (field->name.length > 0 || field->value.text != NULL) &&
           compare_names(field->name, name) == 0;
}

static void append(struct query *query, struct field field)
{
    if (query->count == query->room) {
        query->room = 2 * query->room + 16;
        query->fields = reallocarray(query->fields, query->room, sizeof *query->fields);
        if (query->fields == NULL)
            die("no memory");
    }
    query->fields[query->count++] = field;
}

/* Sets the first field of that name if set is true, and takes away the others. True if there was
 * one to set. */
static bool replace(struct query *query, const struct field *by, bool set)
{
    bool is_set = false;
    size_t kept = 0;

    for (size_t i = 0; i < query->count; i++) {
        struct field field = query->fields[i];
        if (has_name(&field, by->name)) {
            if (!set || is_set)
                continue;
            field.value = by->value;
            is_set = true;
        }
        query->fields[kept++] = field;
    }
    query->count = kept;
    return is_set;
}

static void sort(struct query *query)
{
    for (size_t i = 0; i < query->count; i++)
        query->fields[i].place = i;
    if (query->count > 0)
        qsort(query->fields, query->count, sizeof *query->fields, by_name);
}

static void carry_out(struct query *query, const struct command *command)
{
    bool set = command->what == SET;

    if (command->what == SORT) {
        sort(query);
        return;
    }
    if (command->what != ADD && (replace(query, &command->field, set) || !set))
        return;
    append(query, command->field);
}

/* Returns the part up to the first byte c, and what is behind in rest, which is else not there. */
static struct url_part cut(struct url_part text, char c, struct url_part *rest)
{
    const char *at = text.length > 0 ? memchr(text.text, c, text.length) : NULL;

    *rest = (struct url_part){0};
    if (at != NULL) {
        size_t length = (size_t)(at - text.text);
        *rest = (struct url_part){at + 1, text.length - length - 1};
        text.length = length;
    }
    return text;
}

/* Takes a query apart. False if it has too many fields. */
static bool read_query(struct query *query, struct url_part text, char separator)
{
    query->count = 0;
    while (text.text != NULL && query->count < FIELDS_MOST) {
        struct field field = {0};
        field.name = cut(cut(text, separator, &text), '=', &field.value);
        append(query, field);
    }
    return text.text == NULL;
}

static void print(const char *before, struct url_part part)
{
    if (part.text != NULL) {
        fputs(before, stdout);
        (void)fwrite(part.text, 1, part.length, stdout); /* finish() looks for errors */
    }
}

/* Edits a URL and prints it. False if it is refused. */
static bool edit(struct query *query, struct url_part url, char separator,
                 const struct command *commands, size_t count)
{
    char between[2] = {separator};
    struct url_part fragment, text;

    url = cut(cut(url, '#', &fragment), '?', &text);
    bool bare = text.length == 0;
    if (!read_query(query, bare ? (struct url_part){0} : text, separator))
        return false;
    for (size_t i = 0; i < count; i++)
        carry_out(query, &commands[i]);
    print("", url);
    if (bare && query->count == 0)
        print("?", text);
    for (size_t i = 0; i < query->count; i++) {
        print(i == 0 ? "?" : between, query->fields[i].name);
        print("=", query->fields[i].value);
    }
    print("#", fragment);
    return true;
}

static struct url_part code(const char *text)
{
    struct buffer coded = {0};

    if (url_quote_plus(text, strlen(text), NULL, &coded) == -1 || buffer_reserve(&coded, 1) == -1)
        die("no memory");
    return (struct url_part){coded.data, coded.length};
}

/* Reads the commands; commands has room for all of them. Returns how many, 0 for a mistake. */
static size_t read_commands(char **argument, struct command *commands)
{
    static const char *const words[] = {"add", "set", "drop", "sort"};
    static const int takes[] = {2, 2, 1, 0};
    size_t count = 0;

    while (*argument != NULL) {
        struct command *command = &commands[count++];
        unsigned what = 0;
        while (what < 3 && strcmp(*argument, words[what]) != 0)
            what++;
        if ((takes[what] > 0 && argument[1] == NULL) || (takes[what] > 1 && argument[2] == NULL))
            return 0;
        command->what = what;
        if (takes[what] > 0)
            command->field.name = code(argument[1]);
        if (takes[what] > 1)
            command->field.value = code(argument[2]);
        argument += 1 + takes[what];
    }
    return count;
}

static void free_commands(struct command *commands, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)commands[i].field.name.text); /* as code() made it */
        free((char *)commands[i].field.value.text);
    }
    free(commands);
}

int main(int argc, char **argv)
{
    static const char wanted[] = "[-s SEPARATOR] add NAME VALUE | set NAME VALUE | drop NAME | "
                                 "sort ... <URLS";
    struct command *commands = calloc((size_t)argc, sizeof *commands);
    char separator = '&', *line = NULL, **first = argv + 1;
    struct query query = {0};
    int status = EXIT_SUCCESS;
    size_t room = 0, number = 0;
    ssize_t n;

    if (commands == NULL)
        die("no memory");
    if (argc > 2 && strcmp(*first, "-s") == 0) {
        separator = *first[1];
        if (strcmp(first[1], "&") != 0 && strcmp(first[1], ";") != 0)
            die_usage(wanted);
        first += 2;
    }
    size_t count = read_commands(first, commands);
    if (count == 0)
        die_usage(wanted);
    while ((n = getline(&line, &room, stdin)) != -1) {
        size_t length = (size_t)n - (line[n - 1] == '\n');
        number++;
        if (length > 0 && length < (size_t)n && line[length - 1] == '\r')
            length--;
        bool done = length == 0 ||
                    edit(&query, (struct url_part){line, length}, separator, commands, count);
        if (done) {
            (void)fwrite(line + length, 1, (size_t)n - length, stdout);
            (void)fflush(stdout); /* finish() looks for errors */
        } else {
            report("line %zu: too many fields", number);
            status = EXIT_FAILURE;
        }
    }
    if (ferror(stdin)) {
        report_errno("standard input");
        status = EXIT_FAILURE;
    }
    free(line);
    free(query.fields);
    free_commands(commands, count);
    finish(status);
}
