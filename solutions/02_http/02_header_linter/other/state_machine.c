/*
 * Exercise 2.2  Header linter, byte by byte
 *
 * Each byte goes through one switch, which knows what it belongs to; what a line has against it is
 * noted while it comes, and the smallest row of the table wins when its \n is there. Fields are
 * joined as they come, in a list.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_MOST = 65536, FIELDS_MOST = 100 };

/* The rows of the table, in their order. */
enum row {
    TOO_LARGE,
    INCOMPLETE,
    BARE_LF,
    BARE_CR,
    NUL,
    CONTROL,
    OBS_FOLD,
    NO_COLON,
    BLANK_BEFORE_COLON,
    BAD_NAME,
    TOO_MANY,
    REPEATED,
    BAD_LENGTH,
    UNEQUAL_LENGTHS,
    LENGTH_AND_CODING,
    BAD_CODING,
    GOOD
};
static const char *const ROWS[] = {"431 too-large",
                                   "400 incomplete",
                                   "400 bare-lf",
                                   "400 bare-cr",
                                   "400 nul",
                                   "400 control",
                                   "400 obs-fold",
                                   "400 no-colon",
                                   "400 blank-before-colon",
                                   "400 bad-name",
                                   "431 too-many",
                                   "400 repeated",
                                   "400 bad-length",
                                   "400 unequal-lengths",
                                   "400 length-and-coding",
                                   "400 bad-coding"};

/* A line of the output: a name and what was joined so far. */
struct field {
    struct field *next;
    char *value; /* grows */
    size_t length;
    char name[];
};

struct linter {
    char line[BLOCK_MOST + 1]; /* without \r and \n */
    size_t length, name_length;
    enum { NAME, VALUE } part;
    bool cr; /* the byte before was a \r */
    enum row worst;
    size_t bytes;
    int lines, fields;
    struct field *first, **end;
    int64_t content_length;
    int chunked;
    bool coding, chunked_last;
};

static void note(struct linter *l, enum row row)
{
    if (row < l->worst)
        l->worst = row;
}

static struct field *find(const struct linter *l, const char *name)
{
    struct field *field = l->first;

    while (field != NULL && strcmp(field->name, name) != 0)
        field = field->next;
    return field;
}

static void append(struct field *field, const char *text, size_t length)
{
    char *grown = realloc(field->value, field->length + length + 3);

    if (grown == NULL)
        abort();
    field->value = grown;
    if (field->length > 0) {
        grown[field->length++] = ',';
        grown[field->length++] = ' ';
    }
    memcpy(grown + field->length, text, length);
    field->length += length;
}

static void take_number(struct linter *l, struct field *field, const char *member, size_t length)
{
    int64_t number = 0;
    bool bad = length == 0;

    for (size_t i = 0; i < length; i++) {
        int digit = member[i] - '0';
        bad = bad || digit < 0 || digit > 9 || number > (INT64_MAX - digit) / 10;
        number = bad ? 0 : number * 10 + digit;
    }
    if (bad)
        note(l, BAD_LENGTH);
    else if (l->content_length >= 0 && number != l->content_length)
        note(l, UNEQUAL_LENGTHS);
    if (l->content_length == -1) {
        char text[24];
        int size = snprintf(text, sizeof text, "%lld", (long long)number);
        append(field, text, (size_t)size);
    }
    l->content_length = number;
}

/* One member of a list; of others the value is the only member. */
static void take_member(struct linter *l, struct field *field, const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    if (strcmp(field->name, "content-length") == 0) {
        take_number(l, field, from, (size_t)(to - from));
        return;
    }
    if (from == to)
        return;
    append(field, from, (size_t)(to - from));
    if (strcmp(field->name, "transfer-encoding") == 0) {
        static const char word[] = "chunked";
        size_t same = 0;
        while (from + same < to && same < 7 && tolower((unsigned char)from[same]) == word[same])
            same++;
        l->chunked_last = same == 7 && from + same == to;
        l->chunked += l->chunked_last;
    }
}

static void take_value(struct linter *l, struct field *field, const char *at, const char *end)
{
    static const char *const lists[] = {"accept",     "accept-encoding",   "cache-control",
                                        "connection", "transfer-encoding", "vary"};
    bool is_number = strcmp(field->name, "content-length") == 0, is_list = is_number;
    const char *from = at;
    bool quoted = false;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        is_list = is_list || strcmp(field->name, lists[i]) == 0;
    for (; is_list && at < end; at++) {
        if (*at == '"' && !is_number)
            quoted = !quoted;
        else if (quoted && *at == '\\')
            at++;
        else if (!quoted && *at == ',') {
            take_member(l, field, from, at);
            from = at + 1;
        }
    }
    take_member(l, field, from, end);
}

static void take_field(struct linter *l)
{
    struct field *field;

    l->line[l->name_length] = '\0';
    for (size_t i = 0; i < l->name_length; i++)
        if (l->line[i] >= 'A' && l->line[i] <= 'Z')
            l->line[i] |= 0x20;
    field = strcmp(l->line, "set-cookie") == 0 ? NULL : find(l, l->line);
    if (field != NULL && (strcmp(l->line, "host") == 0 || strcmp(l->line, "content-type") == 0 ||
                          strcmp(l->line, "authorization") == 0))
        note(l, REPEATED);
    if (field == NULL) {
        field = calloc(1, sizeof *field + l->name_length + 1);
        if (field == NULL)
            abort();
        memcpy(field->name, l->line, l->name_length);
        *l->end = field;
        l->end = &field->next;
    }
    l->coding = l->coding || strcmp(l->line, "transfer-encoding") == 0;
    take_value(l, field, l->line + l->name_length + 1, l->line + l->length);
    if (l->coding && l->content_length >= 0)
        note(l, LENGTH_AND_CODING);
}

/* The \n is there. True when the block is at its end. */
static bool take_line(struct linter *l)
{
    bool empty = l->length == 0 && l->worst == GOOD;

    if (empty && l->coding && (l->chunked != 1 || !l->chunked_last))
        note(l, BAD_CODING);
    if (empty)
        return true;
    if (l->part == NAME)
        note(l, NO_COLON);
    if (l->fields == FIELDS_MOST)
        note(l, TOO_MANY);
    if (l->worst == GOOD)
        take_field(l);
    l->fields++;
    l->length = 0;
    l->part = NAME;
    return false;
}

static void take_name(struct linter *l, char byte)
{
    bool blank = byte == ' ' || byte == '\t';
    char before = l->length > 0 ? l->line[l->length - 1] : 'x';

    if (byte == ':') {
        if (before == ' ' || before == '\t')
            note(l, BLANK_BEFORE_COLON);
        if (l->length == 0)
            note(l, BAD_NAME);
        l->part = VALUE;
        l->name_length = l->length;
    } else if (blank && l->length == 0) {
        note(l, OBS_FOLD);
    } else if (byte == '\0' ||
               (!isalnum((unsigned char)byte) && strchr("!#$%&'*+-.^_`|~", byte) == NULL)) {
        note(l, BAD_NAME);
    }
}

/* True when the verdict is certain. */
static bool take_byte(struct linter *l, char byte)
{
    if (++l->bytes > BLOCK_MOST) {
        l->worst = TOO_LARGE;
        return true;
    }
    if (byte == '\n') {
        if (!l->cr)
            note(l, BARE_LF);
        l->cr = false;
        bool over = take_line(l) || l->worst != GOOD;
        l->lines += !over;
        return over;
    }
    if (l->cr)
        note(l, BARE_CR);
    l->cr = byte == '\r';
    if (l->cr)
        return false;
    if (byte == '\0')
        note(l, NUL);
    if (((unsigned char)byte < ' ' && byte != '\t') || byte == 0x7f)
        note(l, CONTROL);
    if (l->part == NAME)
        take_name(l, byte);
    l->line[l->length++] = byte;
    return false;
}

static void print_fields(const struct linter *l)
{
    for (const struct field *field = l->first; field != NULL; field = field->next)
        printf("%s:%s%.*s\r\n", field->name, field->length > 0 ? " " : "", (int)field->length,
               field->length > 0 ? field->value : "");
    printf("\r\n");
}

/* Reads until the verdict is certain. False when the input cannot be read. */
static bool read_input(struct linter *l)
{
    char bytes[1000];
    ssize_t got;

    do {
        got = read(STDIN_FILENO, bytes, sizeof bytes);
        for (ssize_t i = 0; i < got; i++)
            if (take_byte(l, bytes[i]))
                return true;
    } while (got > 0 || (got == -1 && errno == EINTR));
    l->worst = INCOMPLETE;
    return got == 0;
}

int main(int argc, char **argv)
{
    static struct linter l = {.worst = GOOD, .lines = 1, .content_length = -1};
    bool good = true;

    l.end = &l.first;
    if (argc != 1) {
        fprintf(stderr, "%s: %s: there is nothing to name\n", argv[0], argv[1]);
        return 2;
    }
    if (!read_input(&l)) {
        perror("header_linter");
        good = false;
    } else if (l.worst != GOOD) {
        fprintf(stderr, "line %d: %s\n", l.lines, ROWS[l.worst]);
        good = false;
    } else {
        print_fields(&l);
        good = fflush(stdout) == 0;
        if (!good)
            perror("header_linter");
    }
    for (struct field *next, *field = l.first; field != NULL; field = next) {
        next = field->next;
        free(field->value);
        free(field);
    }
    return good ? 0 : 1;
}
