/* fails: behind in-pieces at-once too-many */
/* Reads to the end of the input before it looks at the first line. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BLOCK_MOST = 65536, FIELDS_MOST = 100 };

struct field {
    char *name, *value;
    bool printed; /* with an earlier one of that name */
};

struct block {
    char input[BLOCK_MOST + 1], bytes[BLOCK_MOST];
    size_t read, length;
    int lines; /* begun so far */
    struct field fields[FIELDS_MOST];
    size_t count;
    int64_t content_length; /* -1: there is none */
    bool coding;
};

static const char UNREADABLE[] = "cannot be read";

/* Reads a line with its line end. Returns NULL, or what is wrong. */
static const char *read_line(struct block *b, char **line, size_t *length)
{
    int c;

    if (b->lines++ == 0)
        b->read = fread(b->input, 1, sizeof b->input, stdin);
    *line = b->bytes + b->length;
    do {
        c = b->length < b->read ? (unsigned char)b->input[b->length] : EOF;
        if (c == EOF)
            return ferror(stdin) ? UNREADABLE : "400 incomplete";
        if (b->length == BLOCK_MOST)
            return "431 too-large";
        b->bytes[b->length++] = (char)c;
    } while (c != '\n');
    *length = (size_t)(b->bytes + b->length - *line);
    return NULL;
}

/* Looks at every byte of a line; length is with its \n. */
static const char *check_bytes(const char *line, size_t length)
{
    if (length < 2 || line[length - 2] != '\r')
        return "400 bare-lf";
    length -= 2;
    if (memchr(line, '\r', length) != NULL)
        return "400 bare-cr";
    if (memchr(line, '\0', length) != NULL)
        return "400 nul";
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return "400 control";
    return NULL;
}

static bool is_token(const char *text)
{
    return *text != '\0' && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789!#$%&'*+-.^_`|~")] == '\0';
}

/* Whether name is one of these words; each has a blank on both sides. */
static bool is_among(const char *words, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = strstr(words, name); at != NULL; at = strstr(at + 1, name))
        if (at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

static bool is_list(const char *name)
{
    return is_among(" accept accept-encoding cache-control connection transfer-encoding vary ",
                    name);
}

/* Every number of the value, also behind one that differs. */
static const char *check_length(struct block *b, const char *value)
{
    const char *unequal = NULL;

    for (bool last = false; !last; value++) {
        value += strspn(value, " \t");
        size_t digits = strspn(value, "0123456789");
        errno = 0;
        long long number = strtoll(value, NULL, 10);
        value += digits;
        value += strspn(value, " \t");
        last = *value == '\0';
        if (digits == 0 || errno == ERANGE || (!last && *value != ','))
            return "400 bad-length";
        if (b->content_length >= 0 && number != b->content_length)
            unequal = "400 unequal-lengths";
        b->content_length = number;
    }
    return unequal;
}

/* What follows from a field's name; those before it are known. */
static const char *check_meaning(struct block *b, const struct field *field)
{
    const char *wrong = NULL;

    if (is_among(" host content-type authorization ", field->name))
        for (size_t i = 0; i < b->count; i++)
            if (strcmp(b->fields[i].name, field->name) == 0)
                return "400 repeated";
    if (strcmp(field->name, "content-length") == 0)
        wrong = check_length(b, field->value);
    if (strcmp(field->name, "transfer-encoding") == 0)
        b->coding = true;
    if (wrong == NULL && b->coding && b->content_length >= 0)
        wrong = "400 length-and-coding";
    return wrong;
}

/* Takes a line apart and adds it to the fields. */
static const char *add_line(struct block *b, char *line, char *end)
{
    struct field field = {.name = line};

    *end = '\0';
    if (*line == ' ' || *line == '\t')
        return "400 obs-fold";
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return "400 no-colon";
    if (colon > line && (colon[-1] == ' ' || colon[-1] == '\t'))
        return "400 blank-before-colon";
    *colon = '\0';
    if (!is_token(line))
        return "400 bad-name";
    if (b->count == FIELDS_MOST)
        return "431 too-many";
    for (char *at = line; at < colon; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    field.value = colon + 1 + strspn(colon + 1, " \t");
    while (end > field.value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    const char *wrong = check_meaning(b, &field);
    b->fields[b->count++] = field;
    return wrong;
}

/* The next member of a list that is not empty; *at moves behind it. False at the end. */
static bool next_member(const char **at, const char **member, size_t *length)
{
    const char *from = *at + strspn(*at, " \t,"), *to = from;
    bool quoted = false;

    for (; *to != '\0' && (quoted || *to != ','); to++) {
        if (*to == '"')
            quoted = !quoted;
        else if (quoted && *to == '\\' && to[1] != '\0')
            to++;
    }
    *at = to;
    *member = from;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    *length = (size_t)(to - from);
    return *length > 0;
}

static const char *check_coding(const struct block *b)
{
    const char *at, *member;
    bool last = false;
    int chunked = 0;
    size_t length;

    for (size_t i = 0; i < b->count; i++) {
        at = b->fields[i].value;
        while (strcmp(b->fields[i].name, "transfer-encoding") == 0 &&
               next_member(&at, &member, &length)) {
            last = length == 7 && strncasecmp(member, "chunked", length) == 0;
            chunked += last;
        }
    }
    return b->coding && (!last || chunked != 1) ? "400 bad-coding" : NULL;
}

static const char *read_block(struct block *b)
{
    char *line;
    size_t length;

    for (;;) {
        const char *wrong = read_line(b, &line, &length);
        if (wrong == NULL)
            wrong = check_bytes(line, length);
        if (wrong == NULL && length == 2)
            return check_coding(b);
        if (wrong == NULL)
            wrong = add_line(b, line, line + length - 2);
        if (wrong != NULL)
            return wrong;
    }
}

static void print_part(const char *part, size_t length, const char **between)
{
    if (length > 0) {
        printf("%s%.*s", *between, (int)length, part);
        *between = ", ";
    }
}

static void print_value(const struct field *field, const char **between)
{
    const char *at = field->value, *member;
    size_t length;

    if (is_list(field->name))
        while (next_member(&at, &member, &length))
            print_part(member, length, between);
    else
        print_part(field->value, strlen(field->value), between);
}

static void print_block(struct block *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const char *name = b->fields[i].name, *between = " ";
        bool alone = strcmp(name, "set-cookie") == 0, number = strcmp(name, "content-length") == 0;

        if (b->fields[i].printed)
            continue;
        printf("%s:", name);
        if (number)
            printf(" %" PRId64, b->content_length);
        for (size_t k = i; k < b->count && (k == i || !alone); k++)
            if (strcmp(b->fields[k].name, name) == 0) {
                if (!number)
                    print_value(&b->fields[k], &between);
                b->fields[k].printed = true;
            }
        printf("\r\n");
    }
    printf("\r\n");
}

int main(int argc, char **argv)
{
    static struct block block = {.content_length = -1};

    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: header_linter <BLOCK\n");
        return 2;
    }
    const char *wrong = read_block(&block);
    if (wrong == UNREADABLE)
        perror("header_linter: standard input");
    else if (wrong != NULL)
        fprintf(stderr, "header_linter: line %d: %s\n", block.lines, wrong);
    if (wrong != NULL)
        return 1;
    print_block(&block);
    if (fflush(stdout) == EOF || ferror(stdout)) {
        perror("header_linter: standard output");
        return 1;
    }
    return 0;
}
