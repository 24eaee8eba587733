/* The roster: CSV as spreadsheets write it, read strictly enough that nobody is lost. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "classroom/policy.h"
#include "core/buffer.h"
#include "workbook/files.h"
#include "workbook/screen.h"

static const size_t ROSTER_LIMIT = (size_t)16 << 20; /* bytes */

/* Where in the file the reader stands. */
struct reader {
    const char *file;
    const char *next, *end;
    int line;       /* of next */
    char separator; /* ',' or ';' */
    struct error *error;
};

struct record {
    char **fields;
    size_t count;
    int line; /* where it begins */
};

static void record_free(struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->fields[i]);
    free(record->fields);
    *record = (struct record){0};
}

static int no_memory(const struct reader *reader)
{
    return error_set(reader->error, "%s", _("There is no memory left."));
}

/* ---- a record -------------------------------------------------------------------------------- */

static bool at_line_end(const struct reader *reader)
{
    return reader->next == reader->end || *reader->next == '\n' || *reader->next == '\r';
}

/* Steps over one line end: CR LF, LF, or the CR of old Macintosh files. */
static void skip_line_end(struct reader *reader)
{
    if (reader->next == reader->end)
        return;
    if (*reader->next == '\r' && reader->next + 1 < reader->end && reader->next[1] == '\n')
        reader->next++;
    reader->next++;
    reader->line++;
}

/* A field in quotes: "" stands for one of them, and line ends are part of it. */
static int read_quoted(struct reader *reader, struct buffer *field)
{
    int began = reader->line;

    for (reader->next++;; reader->next++) {
        if (reader->next == reader->end)
            return error_set(reader->error, _("%s:%d: a field opens with \" and is never closed"),
                             reader->file, began);
        if (*reader->next == '"' && (++reader->next == reader->end || *reader->next != '"'))
            break;
        if (*reader->next == '\n')
            reader->line++;
        if (buffer_add(field, reader->next, 1) == -1)
            return no_memory(reader);
    }
    if (at_line_end(reader) || *reader->next == reader->separator)
        return 0;
    return error_set(reader->error,
                     _("%s:%d: text goes on behind a closing \"; a \" within a field is written "
                       "twice"),
                     reader->file, reader->line);
}

static int read_plain(struct reader *reader, struct buffer *field)
{
    const char *begin = reader->next;

    while (!at_line_end(reader) && *reader->next != reader->separator) {
        if (*reader->next == '"')
            return error_set(reader->error,
                             _("%s:%d: a \" stands within a field that does not begin with one"),
                             reader->file, reader->line);
        reader->next++;
    }
    return buffer_add(field, begin, (size_t)(reader->next - begin)) == -1 ? no_memory(reader) : 0;
}

/* Adds field to the record, without the blanks around it. */
static int keep_field(const struct reader *reader, struct record *record, struct buffer *field)
{
    const char *text = buffer_text(field);
    size_t blanks = strspn(text, " \t"), length = strlen(text);

    while (length > blanks && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    char **fields = reallocarray(record->fields, record->count + 1, sizeof *fields);
    if (fields == NULL)
        return no_memory(reader);
    record->fields = fields;
    fields[record->count] = strndup(text + blanks, length - blanks);
    return fields[record->count] == NULL ? no_memory(reader) : (record->count++, 0);
}

/* Reads one record and the line end behind it. */
static int read_record(struct reader *reader, struct record *record)
{
    int result = 0;
    bool more = true;

    *record = (struct record){.line = reader->line};
    while (result == 0 && more) {
        struct buffer field = {0};
        bool quoted = reader->next < reader->end && *reader->next == '"';
        result = quoted ? read_quoted(reader, &field) : read_plain(reader, &field);
        if (result == 0)
            result = keep_field(reader, record, &field);
        buffer_free(&field);
        more = !at_line_end(reader);
        if (more)
            reader->next++; /* the separator */
    }
    skip_line_end(reader);
    if (result == -1)
        record_free(record);
    return result;
}

/* An empty line, or one of separators alone, as a spreadsheet keeps of cleared cells. */
static bool record_empty(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (*record->fields[i] != '\0')
            return false;
    return true;
}

/* ---- the roster ------------------------------------------------------------------------------ */

/* True if it is UTF-8 without NUL bytes; else the line where it is not was told. */
static bool is_text(const struct reader *reader)
{
    int line = 1;

    for (const char *at = reader->next; at < reader->end;) {
        uint32_t code = 0;
        size_t size = text_character(at, (size_t)(reader->end - at), &code);
        if (size == 0 || code == 0) {
            (void)error_set(reader->error,
                            _("%s:%d: this is not UTF-8; a spreadsheet saves it so as \"CSV "
                              "UTF-8\""),
                            reader->file, line);
            return false;
        }
        line += code == '\n';
        at += size;
    }
    return true;
}

static size_t column_of(const struct record *header, const char *name)
{
    size_t i = 0;

    while (i < header->count && strcasecmp(header->fields[i], name) != 0)
        i++;
    return i;
}

/* Reads the first line that is not empty. */
static int read_first(struct reader *reader, struct record *header)
{
    do {
        record_free(header);
        if (read_record(reader, header) == -1)
            return -1;
    } while (record_empty(header) && reader->next < reader->end);
    return 0;
}

/* Reads the header line, with the separator by which it has a column "student". */
static int read_header(struct reader *reader, struct record *header, size_t *student)
{
    const struct reader begin = *reader;

    reader->separator = ';';
    *student = 0;
    if (read_first(reader, header) == -1 ||
        (*student = column_of(header, "student")) == header->count) {
        *reader = begin;
        reader->separator = ','; /* what is wrong now is wrong by the standard */
        if (read_first(reader, header) == -1)
            return -1;
        *student = column_of(header, "student");
    }
    if (*student == header->count)
        return error_set(reader->error,
                         _("%s:%d: no column is called \"student\"; the first line names the "
                           "columns"),
                         reader->file, header->line);
    for (size_t i = 0; i < header->count; i++)
        if (*header->fields[i] != '\0' && column_of(header, header->fields[i]) < i)
            return error_set(reader->error, _("%s:%d: two columns are called \"%.60s\""),
                             reader->file, header->line, header->fields[i]);
    return 0;
}

static int check_record(const struct reader *reader, const struct roster *roster, const int *lines,
                        const struct record *record, size_t student)
{
    if (record->count != roster->column_count)
        return error_set(reader->error,
                         _("%s:%d: the fields here are %zu, and the first line "
                           "names %zu"),
                         reader->file, record->line, record->count, roster->column_count);
    const char *name = record->fields[student];
    if (*name == '\0')
        return error_set(reader->error, _("%s:%d: the column \"student\" is empty here"),
                         reader->file, record->line);
    for (size_t i = 0; i < roster->line_count; i++)
        if (strcmp(roster->lines[i].student, name) == 0)
            return error_set(reader->error, _("%s:%d: %.100s stands in line %d already"),
                             reader->file, record->line, name, lines[i]);
    return 0;
}

/* Takes over the record as one more line. */
static int keep_record(const struct reader *reader, struct roster *roster, int **lines,
                       struct record *record, size_t student)
{
    struct roster_line *list = reallocarray(roster->lines, roster->line_count + 1, sizeof *list);

    if (list != NULL)
        roster->lines = list;
    int *numbers = reallocarray(*lines, roster->line_count + 1, sizeof *numbers);
    if (numbers != NULL)
        *lines = numbers;
    if (list == NULL || numbers == NULL)
        return no_memory(reader);
    numbers[roster->line_count] = record->line;
    list[roster->line_count++] =
        (struct roster_line){.fields = record->fields, .student = record->fields[student]};
    *record = (struct record){0};
    return 0;
}

static int read_roster(struct reader *reader, struct roster *roster)
{
    struct record record = {0};
    int *lines = NULL; /* where each was listed */
    size_t student = 0;

    int result = is_text(reader) ? read_header(reader, &record, &student) : -1;
    if (result == 0) {
        roster->columns = record.fields;
        roster->column_count = record.count;
        record = (struct record){0};
    }
    while (result == 0 && reader->next < reader->end) {
        result = read_record(reader, &record);
        if (result == 0 && !record_empty(&record)) {
            result = check_record(reader, roster, lines, &record, student);
            if (result == 0)
                result = keep_record(reader, roster, &lines, &record, student);
        }
        record_free(&record);
    }
    record_free(&record);
    free(lines);
    return result;
}

int roster_load(struct roster *roster, const char *file, struct error *error)
{
    struct buffer text = {0};

    *roster = (struct roster){0};
    if (file == NULL)
        return 0;
    if (buffer_add_file(&text, file, ROSTER_LIMIT) == -1) {
        int why = errno;
        buffer_free(&text);
        errno = why;
        return error_set_errno(error, "%s", file);
    }
    const char *begin = buffer_text(&text);
    size_t mark = strncmp(begin, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    struct reader reader = {
        .file = file, .next = begin + mark, .end = begin + text.length, .line = 1, .error = error};
    roster->file = strdup(file);
    int result = roster->file == NULL ? no_memory(&reader) : read_roster(&reader, roster);
    buffer_free(&text);
    if (result == -1)
        roster_free(roster);
    return result;
}

void roster_free(struct roster *roster)
{
    for (size_t i = 0; i < roster->line_count; i++) {
        for (size_t k = 0; k < roster->column_count; k++)
            free(roster->lines[i].fields[k]);
        free(roster->lines[i].fields);
    }
    for (size_t i = 0; i < roster->column_count; i++)
        free(roster->columns[i]);
    free(roster->lines);
    free(roster->columns);
    free(roster->file);
    *roster = (struct roster){0};
}
