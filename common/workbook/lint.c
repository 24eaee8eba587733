/* What a lesson has to be: its parts, its question, its console blocks, its quotes and links. */
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workbook/lesson.h"
#include "workbook/quote.h"

struct lint {
    const struct screen *screen;
    const struct lesson *lesson;
    size_t findings;
};

static void finding(struct lint *lint, size_t line, const char *format, ...) PRINTF_LIKE(3, 4);

static void finding(struct lint *lint, size_t line, const char *format, ...)
{
    va_list arguments;

    (void)fprintf(lint->screen->out, "%s:%zu: ", lint->lesson->path, line);
    va_start(arguments, format);
    (void)vfprintf(lint->screen->out, format, arguments);
    va_end(arguments);
    (void)fputc('\n', lint->screen->out);
    lint->findings++;
}

static size_t block_line(const struct lesson *lesson, size_t index)
{
    return index < lesson->markdown.count ? lesson->markdown.blocks[index].line : 1;
}

/* ---- the head ---------------------------------------------------------------------------------
 */

static void check_head(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;
    const struct markdown *m = &lesson->markdown;
    const char *name = strrchr(lesson->path, '/');
    char expected[16];

    if (m->count == 0 || m->blocks[0].kind != BLOCK_HEADING || m->blocks[0].level != 1 ||
        lesson->id[0] == '\0') {
        finding(lint, 1, _("the first line is not a title like \"# 1.03 TCP client\""));
        return;
    }
    name = name != NULL ? name + 1 : lesson->path;
    const char *dot = strchr(lesson->id, '.');
    (void)snprintf(expected, sizeof expected, "%.2s_", dot + 1);
    if (strncmp(name, expected, 3) != 0)
        finding(lint, 1, _("the title says %s, the file's name begins with %.2s"), lesson->id,
                name);
    if (lesson->minutes == 0)
        finding(lint, block_line(lesson, 1),
                _("the first paragraph is not \"Core · 20 minutes · needs 1.02\" (or More; \"needs "
                  "nothing\")"));
}

/* ---- the parts --------------------------------------------------------------------------------
 */

static const char *part_name(enum part_kind kind)
{
    switch (kind) {
    case PART_TEXT:
        return _("idea");
    case PART_PREDICT:
        return "Predict";
    case PART_CONSOLE:
        return "console";
    case PART_INVESTIGATE:
        return "Investigate";
    case PART_MODIFY:
        return "Modify";
    case PART_PITFALLS:
        return "Pitfalls";
    }
    return "";
}

static bool part_find(const struct lesson *lesson, enum part_kind kind, size_t *index)
{
    for (size_t i = 0; i < lesson->part_count; i++)
        if (lesson->parts[i].kind == kind) {
            *index = i;
            return true;
        }
    return false;
}

static void check_parts(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;
    size_t before = 0, index;
    enum part_kind last = PART_TEXT;

    for (enum part_kind kind = PART_TEXT; kind <= PART_PITFALLS; kind++) {
        if (!part_find(lesson, kind, &index)) {
            finding(lint, 1, _("the part \"%s\" is missing"), part_name(kind));
            continue;
        }
        if (kind > PART_TEXT && index < before)
            finding(lint, block_line(lesson, lesson->parts[index].first),
                    _("the part \"%s\" stands before \"%s\""), part_name(kind), part_name(last));
        before = index;
        last = kind;
    }
}

static void check_predict(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;
    const struct predict *p = &lesson->predict;
    size_t choices = p->reason - p->choices - (p->answer_line != 0);
    size_t line = block_line(lesson, p->question);
    bool found = false;

    if (!p->there)
        return; /* said already */
    for (size_t i = 0; i < choices; i++) {
        char letter = lesson_choice(lesson, p->choices + i);
        if (letter != (char)('a' + i))
            finding(lint, block_line(lesson, p->choices + i),
                    _("choice %c) stands where %c) is due"), letter, (char)('a' + i));
        found = found || letter == p->answer;
    }
    if (choices < 2)
        finding(lint, line, _("Predict has no choices like \"- a) once\", \"- b) twice\""));
    if (p->answer_line == 0)
        finding(lint, line, _("the choices are not followed by <details>"));
    else if (p->answer == '\0')
        finding(lint, p->answer_line, _("there is no line \"<summary>Answer: c</summary>\""));
    else if (!found)
        finding(lint, p->answer_line, _("the answer %c is not among the choices"), p->answer);
    if (p->answer_line != 0 && p->reason == p->end)
        finding(lint, p->answer_line,
                _("the reason is missing, or no blank line stands before it"));
    else if (p->answer_line != 0 && (p->end >= lesson->markdown.count ||
                                     lesson->markdown.blocks[p->end].kind != BLOCK_HTML))
        finding(lint, p->answer_line, _("<details> is not closed by </details>"));
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

static void check_consoles(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;

    for (size_t i = 0; i < lesson->part_count; i++) {
        const struct part *part = &lesson->parts[i];
        size_t line = block_line(lesson, part->first);
        if (part->kind != PART_CONSOLE)
            continue;
        if (part->commands == 0)
            finding(lint, line, _("the console block has no command after \"$ \""));
        else if (lesson->commands[part->command].line != line + 1)
            finding(lint, line + 1, _("the console block does not begin with a command"));
    }
    for (size_t i = 0; i < lesson->command_count; i++)
        if (strncmp(lesson->commands[i].text, "sleep", 5) == 0)
            finding(lint, lesson->commands[i].line,
                    _("a lesson does not sleep: servers are awaited by themselves"));
}

static void check_quotes(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;
    struct quote quote;

    for (size_t i = 0; i < lesson->markdown.count; i++) {
        const struct block *block = &lesson->markdown.blocks[i];
        struct buffer region = {0};
        struct error error = {{0}};
        if (block->kind != BLOCK_CODE || !quote_parse(block->info, &quote))
            continue;
        if (quote_read(lesson->path, &quote, &region, &error) == -1)
            finding(lint, block->line, "%s", error.text);
        else if (strcmp(buffer_text(&region), buffer_text(&block->text)) != 0)
            finding(lint, block->line,
                    _("the quote is not what stands in %s at [%s]; refresh it: build/workbook "
                      "lesson --record %s"),
                    quote.file, quote.region, lesson->path);
        buffer_free(&region);
    }
}

/* What is shown in a terminal of 80 columns, without a break in it. */
enum { CODE_MOST = 76, OUTPUT_MOST = 80 };

/* Checks the lines of text, the first of which stands at line, lead columns further right. */
static void check_width(struct lint *lint, size_t line, const char *text, int lead, int most)
{
    struct lines lines;

    if (lines_split(&lines, text) == 0)
        for (size_t i = 0; i < lines.count; i++)
            if (lead + text_columns(lines.line[i]) > most)
                finding(lint, line + i, _("this line takes %d columns; a screen has room for %d"),
                        lead + text_columns(lines.line[i]), most);
    lines_free(&lines);
}

static size_t count_lines(const char *text)
{
    size_t lines = 1;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void check_widths(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;

    for (size_t i = 0; i < lesson->markdown.count; i++) {
        const struct block *block = &lesson->markdown.blocks[i];
        if (block->kind == BLOCK_CODE && strncmp(block->info, "console", 7) != 0)
            check_width(lint, block->line + 1, buffer_text(&block->text), 0, CODE_MOST);
    }
    for (size_t i = 0; i < lesson->command_count; i++) {
        const struct command *command = &lesson->commands[i];
        size_t line = command->line + count_lines(command->text);
        check_width(lint, command->line, command->text, 2, CODE_MOST);
        for (size_t j = 0; j < command->expected.count; j++)
            check_width(lint, line + j, command->expected.line[j], 0, OUTPUT_MOST);
    }
}

static void check_links(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;
    const char *slash = strrchr(lesson->path, '/');

    for (size_t i = 0; i < lesson->markdown.link_count; i++) {
        const struct link *link = &lesson->markdown.links[i];
        struct buffer path = {0};
        size_t length = strcspn(link->target, "#");
        if (length == 0 || strstr(link->target, "://") != NULL ||
            strncmp(link->target, "mailto:", 7) == 0)
            continue;
        int rc =
            slash != NULL ? buffer_add(&path, lesson->path, (size_t)(slash - lesson->path) + 1) : 0;
        rc |= buffer_add(&path, link->target, length);
        if (rc == 0 && access(path.data, F_OK) == -1)
            finding(lint, link->line, _("the link leads to %s, which is not there"), path.data);
        buffer_free(&path);
    }
}

static void check_python(struct lint *lint)
{
    const struct lesson *lesson = lint->lesson;
    size_t tables = 0;

    for (size_t i = 0; i < lesson->markdown.count; i++) {
        const struct block *table = &lesson->markdown.blocks[i];
        if (table->kind != BLOCK_TABLE || strcmp(buffer_text(&table->cells[0]), "Python") != 0)
            continue;
        tables++;
        if (tables == 1 && lesson->python == NULL)
            finding(lint, table->line,
                    _("no comment <!-- python: COMMAND --> names the server of the Python column "
                      "(<!-- python: --> if it needs none)"));
        if (tables == 2)
            finding(lint, table->line,
                    _("a second table with a column \"Python\": only that of the first is run"));
    }
    if (tables == 0)
        finding(lint, 1, _("there is no table with a column \"Python\""));
}

/* ---- another language -------------------------------------------------------------------------
 */

static bool same_commands(const struct lesson *a, const struct lesson *b, size_t *at)
{
    for (*at = 0; *at < a->command_count && *at < b->command_count; ++*at) {
        const struct command *x = &a->commands[*at], *y = &b->commands[*at];
        bool same = strcmp(x->text, y->text) == 0 && x->expected.count == y->expected.count;
        for (size_t i = 0; same && i < x->expected.count; i++)
            same = strcmp(x->expected.line[i], y->expected.line[i]) == 0;
        if (!same)
            return false;
    }
    return a->command_count == b->command_count;
}

/* X.zh-CN.md has the parts and the console blocks of X.md. */
static void check_translation(struct lint *lint)
{
    static const char ending[] = ".zh-CN.md";
    const struct lesson *lesson = lint->lesson;
    size_t length = strlen(lesson->path), at = 0;
    struct lesson original;
    struct error error = {{0}};
    struct buffer path = {0};

    if (length < sizeof ending || strcmp(lesson->path + length - (sizeof ending - 1), ending) != 0)
        return;
    if (buffer_print(&path, "%.*s.md", (int)(length - (sizeof ending - 1)), lesson->path) == -1)
        return;
    if (lesson_read(&original, path.data, &error) == -1) {
        finding(lint, 1, "%s", error.text);
        buffer_free(&path);
        return;
    }
    bool same = original.part_count == lesson->part_count;
    for (size_t i = 0; same && i < lesson->part_count; i++)
        same = original.parts[i].kind == lesson->parts[i].kind;
    if (!same)
        finding(lint, 1, _("its parts are not those of %s"), path.data);
    if (!same_commands(&original, lesson, &at))
        finding(lint, at < lesson->command_count ? lesson->commands[at].line : 1,
                _("its console blocks are not those of %s"), path.data);
    if (original.predict.answer != lesson->predict.answer)
        finding(lint, lesson->predict.answer_line, _("its answer is not that of %s"), path.data);
    lesson_free(&original);
    buffer_free(&path);
}

/* ---- all --------------------------------------------------------------------------------------
 */

static int lint_one(const struct screen *screen, const char *path)
{
    struct lesson lesson;
    struct error error = {{0}};

    if (lesson_read(&lesson, path, &error) == -1) {
        (void)fprintf(screen->out, "%s\n", error.text);
        return 2;
    }
    struct lint lint = {screen, &lesson, 0};
    check_head(&lint);
    check_parts(&lint);
    check_predict(&lint);
    check_python(&lint);
    check_consoles(&lint);
    check_quotes(&lint);
    check_widths(&lint);
    check_links(&lint);
    check_translation(&lint);
    lesson_free(&lesson);
    return lint.findings > 0 ? 1 : 0;
}

int lesson_lint(const struct screen *screen, size_t count, char *const *paths)
{
    glob_t found = {0};
    int status = 0;

    if (count == 0) {
        if (glob("0[1-5]_*/[0-9][0-9]_*.md", 0, NULL, &found) != 0) {
            screen_wrap(screen, STYLE_PLAIN, 0,
                        _("There is no lesson here. Run this from the workbook's own folder."));
            return 2;
        }
        count = found.gl_pathc;
        paths = found.gl_pathv;
    }
    for (size_t i = 0; i < count; i++) {
        int one = lint_one(screen, paths[i]);
        status = one > status ? one : status;
    }
    globfree(&found);
    return status;
}

int lesson_quotes_record(const char *path, struct error *error)
{
    struct lesson lesson;
    struct buffer text = {0};
    struct quote quote;
    size_t copied = 0, begin, end;
    int rc = 0;

    if (lesson_read(&lesson, path, error) == -1)
        return -1;
    for (size_t i = 0; i < lesson.markdown.count && rc == 0; i++) {
        const struct block *block = &lesson.markdown.blocks[i];
        if (block->kind != BLOCK_CODE || !quote_parse(block->info, &quote))
            continue;
        lesson_block_range(&lesson, block, &begin, &end);
        if (buffer_add(&text, lesson.source.data + copied, begin - copied) == -1)
            rc = error_set(error, _("there is not enough memory to read a text"));
        else
            rc = quote_read(path, &quote, &text, error);
        copied = end;
    }
    if (rc == 0 && copied > 0) {
        rc = buffer_add(&text, lesson.source.data + copied, lesson.source.length - copied);
        if (rc == 0 && strcmp(text.data, lesson.source.data) != 0)
            rc = file_replace(path, &text, error);
    }
    buffer_free(&text);
    lesson_free(&lesson);
    return rc;
}
