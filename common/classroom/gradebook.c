/*
 * gradebook.csv, as spreadsheets open it best.
 *
 * RFC 4180: commas, CR LF, fields in quotes where they need it. A byte order mark stands first:
 * without it Excel takes UTF-8 for the system's code page, and what reads CSV otherwise passes over
 * it (LibreOffice, Google Sheets, Moodle; Python's utf-8-sig, pandas). Numbers have a decimal
 * point. Where a spreadsheet wants a comma and separates by ";" this file is imported, not opened.
 *
 * What students wrote must not run in the teacher's spreadsheet. A cell that opens with = + - @, a
 * tab or a line end, or the wide forms of these, is taken for a formula and gets an apostrophe in
 * front (OWASP, "CSV Injection"); so does what would open a cell if ";" separated. A number stays
 * a number: -5 runs nothing.
 */
#include <string.h>
#include <strings.h>

#include "classroom/exports.h"
#include "workbook/screen.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* ---- cells ----------------------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t whole = strspn(text, "0123456789");
    text += whole;
    if (*text == '.') {
        size_t part = strspn(++text, "0123456789");
        return whole > 0 && part > 0 && text[part] == '\0';
    }
    return whole > 0 && *text == '\0';
}

/* Would a spreadsheet run a cell that begins so? Some of them step over blanks. */
static bool opens_formula(const char *text)
{
    static const char *const openers[] = {"=",
                                          "+",
                                          "-",
                                          "@",
                                          "\t",
                                          "\r",
                                          "\n",
                                          "\xef\xbc\x9d",  /* U+FF1D, the wide = */
                                          "\xef\xbc\x8b",  /* U+FF0B, the wide + */
                                          "\xef\xbc\x8d",  /* U+FF0D, the wide - */
                                          "\xef\xbc\xa0"}; /* U+FF20, the wide @ */

    text += strspn(text, " \"");
    for (size_t i = 0; i < sizeof openers / sizeof openers[0]; i++)
        if (strncmp(text, openers[i], strlen(openers[i])) == 0)
            return true;
    return false;
}

/* A cell; number: it may be one, and then stays it. */
static int put_cell(struct buffer *csv, const char *text, bool number)
{
    bool quoted = text[strcspn(text, ",;\"\t\r\n")] != '\0' || *text == ' ';
    bool begins = !number || !is_number(text);
    int result = buffer_add(csv, "\"", quoted ? 1 : 0);

    for (; result == 0 && *text != '\0'; text++) {
        if (begins && opens_formula(text))
            result = buffer_add(csv, "'", 1);
        if (result == 0 && *text == '"')
            result = buffer_add(csv, "\"", 1);
        if (result == 0)
            result = buffer_add(csv, text, 1);
        begins = strchr(";\t\r\n", *text) != NULL;
    }
    return result == 0 ? buffer_add(csv, "\"", quoted ? 1 : 0) : -1;
}

/* The cells behind the first. */
static int put_next(struct buffer *csv, const char *text)
{
    return buffer_add(csv, ",", 1) == -1 ? -1 : put_cell(csv, text, true);
}

static int put_points(struct buffer *csv, double points)
{
    char text[POINTS_SIZE];

    return put_next(csv, points_print(points, text));
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *const last_columns[] = {"total",  "of",         "late",
                                           "status", "submission", "remarks"};
enum { LAST_COUNT = sizeof last_columns / sizeof last_columns[0] };

/* Is it a column of the roster's own? Those of a grade book that was made the roster are not. */
static bool is_carried(const struct class *class, size_t column)
{
    const char *name = class->roster.columns[column];

    if (*name == '\0' || strcasecmp(name, "student") == 0 || strcasecmp(name, "roster") == 0)
        return false;
    for (size_t i = 0; i < LAST_COUNT; i++)
        if (strcasecmp(name, last_columns[i]) == 0)
            return false;
    for (size_t i = 0; i < class->exercise_count; i++) {
        size_t length = strlen(class->exercises[i].id);
        if (strncmp(name, class->exercises[i].id, length) == 0 &&
            (name[length] == ' ' || name[length] == '\0'))
            return false;
    }
    return true;
}

static int put_header(struct buffer *csv, const struct class *class)
{
    int result = buffer_print(csv, BYTE_ORDER_MARK "student");

    for (size_t i = 0; result == 0 && i < class->roster.column_count; i++)
        if (is_carried(class, i))
            result = put_next(csv, class->roster.columns[i]);
    if (result == 0 && class->roster.file != NULL)
        result = put_next(csv, "roster");
    /* With its name: "1.10" alone is the number 1.1 to a spreadsheet, or the first of October. */
    for (size_t i = 0; result == 0 && i < class->exercise_count; i++) {
        struct buffer name = {0};
        result = buffer_print(&name, "%s %s", class->exercises[i].id, class->exercises[i].name);
        if (result == 0)
            result = put_next(csv, buffer_text(&name));
        buffer_free(&name);
    }
    for (size_t i = 0; result == 0 && i < LAST_COUNT; i++)
        result = put_next(csv, last_columns[i]);
    return result == 0 ? buffer_add(csv, "\r\n", 2) : -1;
}

/* An empty cell is no mark: nobody handed in, or the grader failed. */
static int put_marks(struct buffer *csv, const struct class *class, const struct student *student)
{
    const struct class_submission *counted = student->counted;

    for (size_t i = 0; i < class->exercise_count; i++) {
        bool known = counted != NULL && counted->marks[i].known;
        if ((known ? put_points(csv, counted->marks[i].earned) : put_next(csv, "")) == -1)
            return -1;
    }
    if (student->standing == STANDING_GRADER_ERROR || student->standing == STANDING_UNDECIDED)
        return put_next(csv, "");
    return put_points(csv, counted != NULL ? counted->earned : 0);
}

static int put_student(struct buffer *csv, const struct class *class, const struct student *student)
{
    const struct class_submission *counted = student->counted;
    /* Not even a number: where ";" separates, all of the line is one cell that begins so. */
    int result = put_cell(csv, student->name, false);

    for (size_t i = 0; result == 0 && i < class->roster.column_count; i++)
        if (is_carried(class, i))
            result = put_next(csv, student->line != NULL ? student->line->fields[i] : "");
    if (result == 0 && class->roster.file != NULL)
        result = put_next(csv, student->line != NULL ? "yes" : "no");
    if (result == 0)
        result = put_marks(csv, class, student);
    if (result == 0)
        result = put_points(csv, class->points);
    if (result == 0)
        result = put_next(csv, counted == NULL ? "" : counted->late ? "yes" : "no");
    if (result == 0)
        result = put_next(csv, standing_name(student->standing));
    if (result == 0)
        result = put_next(csv, counted != NULL ? counted->name : "");
    if (result == 0)
        result = put_next(csv, student->remarks);
    return result == 0 ? buffer_add(csv, "\r\n", 2) : -1;
}

int gradebook_write(const struct class *class, const char *out, struct error *error)
{
    struct buffer csv = {0};
    int result = put_header(&csv, class);

    for (size_t i = 0; result == 0 && i < class->student_count; i++)
        result = put_student(&csv, class, &class->students[i]);
    if (result == -1)
        (void)error_set(error, "%s", _("There is no memory left."));
    else
        result = report_write(out, NULL, "gradebook.csv", &csv, error);
    buffer_free(&csv);
    return result;
}
