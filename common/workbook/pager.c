#include "workbook/pager.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workbook/transcript.h"

enum { SOURCE_MOST = 1 << 20, NUMBER = 6 /* columns of a line number */ };

/* ---- a little colour --------------------------------------------------------------------------
 */

enum inside { IN_CODE, IN_COMMENT, IN_STRING };

static bool is_keyword(const char *word, size_t length)
{
    static const char *const keywords[] = {
        "break",  "case",     "char",     "const",    "continue", "default",  "do",     "else",
        "enum",   "for",      "goto",     "if",       "int",      "long",     "return", "short",
        "signed", "sizeof",   "static",   "struct",   "switch",   "typedef",  "union",  "unsigned",
        "void",   "volatile", "while",    "bool",     "true",     "false",    "NULL",   "double",
        "float",  "extern",   "register", "restrict", "inline",   "_Noreturn"};

    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strlen(keywords[i]) == length && strncmp(keywords[i], word, length) == 0)
            return true;
    return false;
}

static int styled(struct buffer *out, enum style style, const char *text, size_t length)
{
    char mark = (char)(SCREEN_MARK + (int)style);
    int rc = style != STYLE_PLAIN ? buffer_add(out, &mark, 1) : 0;

    for (size_t i = 0; i < length && rc == 0; i++)
        rc = text[i] == '\t' ? buffer_add(out, "    ", 4) : buffer_add(out, &text[i], 1);
    mark = SCREEN_MARK;
    if (rc == 0 && style != STYLE_PLAIN)
        rc = buffer_add(out, &mark, 1);
    return rc;
}

/* How many bytes of line belong together, and how they look. A comment may go on in the next line.
 */
static size_t token(const char *line, enum inside *inside, enum style *style)
{
    size_t length = 1;

    *style = STYLE_PLAIN;
    if (*inside == IN_COMMENT || strncmp(line, "/*", 2) == 0) {
        const char *end = strstr(*inside == IN_COMMENT ? line : line + 2, "*/");
        *inside = end == NULL ? IN_COMMENT : IN_CODE;
        *style = STYLE_DIM;
        return end == NULL ? strlen(line) : (size_t)(end - line) + 2;
    }
    if (strncmp(line, "//", 2) == 0) {
        *style = STYLE_DIM;
        return strlen(line);
    }
    if (*line == '"' || *line == '\'') {
        *style = STYLE_GOOD;
        while (line[length] != '\0' && line[length] != *line)
            length += line[length] == '\\' && line[length + 1] != '\0' ? 2 : 1;
        return length + (line[length] != '\0');
    }
    if (isalpha((unsigned char)*line) || *line == '_') {
        while (isalnum((unsigned char)line[length]) || line[length] == '_')
            length++;
        *style = is_keyword(line, length) ? STYLE_TITLE : STYLE_PLAIN;
    }
    return length;
}

static int line_format(const char *line, enum inside *inside, struct buffer *out)
{
    enum style style;
    int rc = 0;

    if (*inside == IN_CODE && line[strspn(line, " ")] == '#')
        return styled(out, STYLE_KEY, line, strlen(line));
    while (*line != '\0' && rc == 0) {
        size_t length = token(line, inside, &style);
        rc = styled(out, style, line, length);
        line += length;
    }
    return rc;
}

/* Adds a line with its number; where it was folded, blanks stand in the number's place. */
static int numbered_add(struct buffer *out, size_t number, const char *text)
{
    int rc = buffer_print(out, "%c%4zu%c  ", SCREEN_MARK + STYLE_DIM, number, SCREEN_MARK);

    for (; *text != '\0' && rc == 0; text++) {
        rc = buffer_add(out, text, 1);
        if (*text == '\n' && rc == 0)
            rc = buffer_print(out, "%*s", NUMBER, "");
    }
    return rc | buffer_add(out, "\n", 1);
}

int source_format(const char *source, int columns, struct buffer *out)
{
    struct lines lines;
    enum inside inside = IN_CODE;
    int rc = lines_split(&lines, source);

    for (size_t i = 0; rc == 0 && i < lines.count; i++) {
        struct buffer line = {0}, folded = {0};
        rc = line_format(lines.line[i], &inside, &line);
        if (rc == 0)
            rc = text_fold(buffer_text(&line), columns - NUMBER, &folded);
        if (rc == 0)
            rc = numbered_add(out, i + 1, buffer_text(&folded));
        buffer_free(&line);
        buffer_free(&folded);
    }
    lines_free(&lines);
    return rc;
}

/* ---- pages ------------------------------------------------------------------------------------
 */

void page_begin(const struct screen *screen)
{
    if (!screen->terminal) {
        (void)fputc('\n', screen->out);
        return;
    }
    /* Scrolled out, not wiped: what was read stays in the terminal's own history. */
    for (int i = terminal_rows(); i > 0; i--)
        (void)fputc('\n', screen->out);
    (void)fputs("\033[H\033[J", screen->out);
}

/* The line of the source that the row belongs to; rows that go on with one have no number. */
static size_t line_at(const struct lines *rows, size_t row)
{
    size_t line = 0;

    for (size_t i = 0; i <= row && i < rows->count; i++)
        line += rows->line[i][0] == SCREEN_MARK + STYLE_DIM &&
                rows->line[i][strspn(rows->line[i] + 1, " 0123456789") + 1] == SCREEN_MARK;
    return line;
}

static void footer_show(const struct screen *screen, const char *path, const struct lines *rows,
                        size_t top, size_t end)
{
    struct buffer text = {0}, cut = {0};

    if (buffer_print(&text, _("%s  %zu-%zu of %zu  Enter goes on, b back, q closes"), path,
                     line_at(rows, top), end > 0 ? line_at(rows, end - 1) : 0,
                     line_at(rows, rows->count)) == 0 &&
        text_cut(text.data, screen->columns - 1, &cut) == 0)
        screen_print(screen, STYLE_KEY, "%s", buffer_text(&cut));
    buffer_free(&text);
    buffer_free(&cut);
}

static void pages_show(const struct screen *screen, struct terminal *terminal, const char *path,
                       const struct lines *lines)
{
    size_t top = 0;

    for (int key = KEY_NONE; key != 'q' && key != KEY_END && key != KEY_REDRAW;) {
        size_t room = terminal_rows() > 3 ? (size_t)terminal_rows() - 1 : 2;
        size_t end = top + room < lines->count ? top + room : lines->count;
        page_begin(screen);
        for (size_t i = top; i < end; i++) {
            screen_marked(screen, STYLE_PLAIN, lines->line[i]);
            (void)fputc('\n', screen->out);
        }
        footer_show(screen, path, lines, top, end);
        key = terminal_key(terminal);
        if ((key == KEY_ENTER || key == KEY_RIGHT) && end == lines->count)
            break;
        if (key == KEY_ENTER || key == KEY_RIGHT)
            top = end;
        else if (key == 'b' || key == KEY_LEFT)
            top = top > room ? top - room : 0;
    }
}

/* Hands the text to the learner's own pager, colours included where it knows them. */
static int pager_run(const struct screen *screen, struct terminal *terminal,
                     const struct buffer *text, struct error *error)
{
    char path[] = "/tmp/workbook.XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd != -1 ? fdopen(fd, "w") : NULL;

    if (file == NULL) {
        if (fd != -1)
            (void)close(fd);
        return error_set_errno(error, "%s", path);
    }
    struct screen apart = *screen;
    apart.out = file;
    screen_marked(&apart, STYLE_PLAIN, buffer_text(text));
    int rc = fclose(file) == 0 ? 0 : error_set_errno(error, "%s", path);
    (void)setenv("LESS", "-R", 0); /* for less; others do not look */
    const char *command[] = {"sh", "-c", "$PAGER \"$1\"", "sh", path, NULL};
    if (rc == 0 && terminal_run(terminal, command) == -1)
        rc = error_set(error, _("PAGER is %s, and that could not be run"), getenv("PAGER"));
    (void)unlink(path);
    return rc;
}

int pager_show(const struct screen *screen, struct terminal *terminal, const char *path,
               struct error *error)
{
    struct buffer source = {0}, text = {0};
    const char *pager = getenv("PAGER");
    struct lines lines = {0};
    int rc = -1;

    if (buffer_add_file(&source, path, SOURCE_MOST) == -1) {
        error_set_errno(error, "%s", path);
    } else if (source_format(buffer_text(&source), screen->columns, &text) == -1 ||
               lines_split(&lines, buffer_text(&text)) == -1) {
        error_set(error, _("there is not enough memory to read a text"));
    } else if (pager != NULL && *pager != '\0') {
        rc = pager_run(screen, terminal, &text, error);
    } else {
        pages_show(screen, terminal, path, &lines);
        rc = 0;
    }
    lines_free(&lines);
    buffer_free(&text);
    buffer_free(&source);
    return rc;
}
