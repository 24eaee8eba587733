/*
 * Exercise 3.3  Query editor, a list of fields
 *
 * The fields are a list, and each brings its name decoded once, as bytes. A field that goes is
 * taken out of the list, and merging sorts it without changing the order of what is equal.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/parse.h"

enum { MOST = 10000 };
static const char USAGE[] = "[-s SEPARATOR] COMMAND... <URLS";

struct field {
    struct field *next;
    struct url_part spelled; /* the name */
    struct url_part value;   /* behind "="; text NULL: there is none */
    struct url_part name;    /* what it means */
};

struct command {
    const char *word;
    struct url_part name;                                /* what it means */
    size_t spelled, spelled_length, value, value_length; /* places in coded */
};

struct editor {
    char separator;
    struct command *commands;
    size_t count;
    struct buffer coded; /* the names and values of all commands */
};

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
    return at == NULL ? -1 : (int)(at - digits);
}

/* What a name means, written from out on; it is never longer. */
static struct url_part decode(struct url_part text, char *out)
{
    struct url_part meant = {out, 0};

    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i] == '+' ? ' ' : text.text[i];
        if (c == '%' && i + 2 < text.length && digit(text.text[i + 1]) != -1 &&
            digit(text.text[i + 2]) != -1) {
            c = (char)(digit(text.text[i + 1]) * 16 + digit(text.text[i + 2]));
            i += 2;
        }
        out[meant.length++] = c;
    }
    return meant;
}

static int compare(struct url_part a, struct url_part b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.text, b.text, shorter);

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static struct field *merge(struct field *a, struct field *b)
{
    struct field *first = NULL, **end = &first;

    while (a != NULL && b != NULL) {
        struct field **from = compare(a->name, b->name) <= 0 ? &a : &b;
        *end = *from;
        end = &(*from)->next;
        *from = *end;
    }
    *end = a != NULL ? a : b;
    return first;
}

/* Takes the first count of *rest and sorts them. */
static struct field *sort(struct field **rest, size_t count)
{
    struct field *first = *rest;

    if (count == 0)
        return NULL;
    if (count == 1) {
        *rest = first->next;
        first->next = NULL;
        return first;
    }
    first = sort(rest, count / 2);
    return merge(first, sort(rest, count - count / 2));
}

/* Whether NAME finds the field: an empty one has no name. */
static bool is_named(const struct field *field, const struct command *command)
{
    return (field->spelled.length > 0 || field->value.text != NULL) &&
           compare(field->name, command->name) == 0;
}

/* room is for one more field. Returns whether it was used. */
static bool run(const struct editor *editor, const struct command *command, struct field **fields,
                struct field *room)
{
    struct url_part value = {editor->coded.data + command->value, command->value_length};
    struct field **at;
    size_t count = 0;
    bool is_set = false, adds = command->word[0] == 'a', drops = command->word[0] == 'd';

    if (strcmp(command->word, "sort") == 0) {
        for (at = fields; *at != NULL; at = &(*at)->next)
            count++;
        *fields = sort(fields, count);
        return false;
    }
    for (at = fields; *at != NULL;) {
        if (adds || !is_named(*at, command)) {
            at = &(*at)->next;
        } else if (drops || is_set) {
            *at = (*at)->next;
        } else {
            (*at)->value = value;
            is_set = true;
            at = &(*at)->next;
        }
    }
    if (drops || is_set)
        return false;
    *at = room;
    room->next = NULL;
    room->spelled =
        (struct url_part){editor->coded.data + command->spelled, command->spelled_length};
    room->value = value;
    room->name = command->name;
    return true;
}

static size_t count_fields(struct url_part query, char separator)
{
    size_t count = query.length > 0;

    for (size_t i = 0; i < query.length; i++)
        count += query.text[i] == separator;
    return count;
}

static void print(struct url_part part)
{
    if (part.length > 0)
        (void)fwrite(part.text, 1, part.length, stdout); /* finish() looks */
}

static void print_fields(const struct field *field, char separator)
{
    for (char before = '?'; field != NULL; before = separator, field = field->next) {
        (void)putchar(before);
        print(field->spelled);
        if (field->value.text != NULL)
            (void)putchar('=');
        print(field->value);
    }
}

/* Takes the query apart into list, which has room; names are decoded into meant. */
static void read_fields(struct url_part query, size_t count, char separator, struct field *list,
                        char *meant)
{
    const char *at = query.text, *end = query.text + query.length;

    for (size_t i = 0; i < count; i++) {
        const char *stop = memchr(at, separator, (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *ends = equals == NULL ? stop : equals;

        list[i] = (struct field){.spelled = {at, (size_t)(ends - at)}};
        if (equals != NULL)
            list[i].value = (struct url_part){equals + 1, (size_t)(stop - equals - 1)};
        list[i].name = decode(list[i].spelled, meant);
        meant += list[i].name.length;
        list[i].next = i + 1 < count ? &list[i + 1] : NULL;
        at = stop + 1;
    }
}

/* Edits a URL without its line end. Returns whether it was printed. */
static bool edit(const struct editor *editor, const char *url, size_t length)
{
    const char *hash = memchr(url, '#', length);
    size_t up_to = hash == NULL ? length : (size_t)(hash - url);
    const char *mark = memchr(url, '?', up_to);
    size_t front = mark == NULL ? up_to : (size_t)(mark - url);
    struct url_part query = {url + up_to, 0};

    if (mark != NULL)
        query = (struct url_part){mark + 1, up_to - front - 1};
    size_t count = count_fields(query, editor->separator), used = count;
    if (count > MOST)
        return false;
    struct field *list = calloc(count + editor->count, sizeof *list);
    char *meant = malloc(query.length + 1);
    if (list == NULL || meant == NULL)
        die("out of memory");
    read_fields(query, count, editor->separator, list, meant);
    struct field *fields = count == 0 ? NULL : list;
    for (size_t i = 0; i < editor->count; i++)
        used += run(editor, &editor->commands[i], &fields, &list[used]);
    print((struct url_part){url, front});
    if (count == 0 && fields == NULL)
        print((struct url_part){url + front, up_to - front});
    print_fields(fields, editor->separator);
    print((struct url_part){url + up_to, length - up_to});
    free(list);
    free(meant);
    return true;
}

static void code(struct buffer *out, const char *text, size_t *place, size_t *length)
{
    *place = out->length;
    if (url_quote_plus(text, strlen(text), NULL, out) == -1 || buffer_reserve(out, 1) == -1)
        die("out of memory");
    *length = out->length - *place;
}

static void read_commands(struct editor *editor, char **argv)
{
    while (*argv != NULL) {
        struct command *c = &editor->commands[editor->count++];
        size_t takes = strcmp(*argv, "add") == 0 || strcmp(*argv, "set") == 0 ? 2
                       : strcmp(*argv, "drop") == 0                           ? 1
                                                                              : 0;

        if (takes == 0 && strcmp(*argv, "sort") != 0)
            die_usage(USAGE);
        c->word = *argv++;
        if (takes > 0) {
            if (*argv == NULL)
                die_usage(USAGE);
            c->name = url_part_of(*argv);
            code(&editor->coded, *argv++, &c->spelled, &c->spelled_length);
        }
        if (takes > 1) {
            if (*argv == NULL)
                die_usage(USAGE);
            code(&editor->coded, *argv++, &c->value, &c->value_length);
        }
    }
    if (editor->count == 0)
        die_usage(USAGE);
}

int main(int argc, char **argv)
{
    struct editor editor = {.separator = '&'};
    char *line = NULL;
    size_t room = 0;
    ssize_t got;
    int status = EXIT_SUCCESS;

    if (argc > 1 && strcmp(argv[1], "-s") == 0) {
        if (argc < 3 || (strcmp(argv[2], "&") != 0 && strcmp(argv[2], ";") != 0))
            die_usage(USAGE);
        editor.separator = argv[2][0];
        argv += 2;
    }
    editor.commands = calloc((size_t)argc, sizeof *editor.commands);
    if (editor.commands == NULL)
        die("out of memory");
    read_commands(&editor, argv + 1);
    for (unsigned long number = 1; (got = getline(&line, &room, stdin)) != -1; number++) {
        size_t length = (size_t)got, end = 0;

        if (line[length - 1] == '\n')
            end = length > 1 && line[length - 2] == '\r' ? 2 : 1;
        length -= end;
        if (length > 0 && !edit(&editor, line, length)) {
            report("line %lu: too many fields", number);
            status = EXIT_FAILURE;
        } else {
            print((struct url_part){line + length, end});
        }
        (void)fflush(stdout); /* finish() looks */
    }
    if (ferror(stdin))
        die_errno("standard input");
    free(line);
    free(editor.commands);
    buffer_free(&editor.coded);
    finish(status);
}
