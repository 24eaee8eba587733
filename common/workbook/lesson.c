#include "workbook/lesson.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/number.h"

enum { LESSON_MOST = 1 << 20 }; /* bytes of a lesson */

/* The words that open a part, in each language a lesson may be in. */
static const struct {
    enum part_kind kind;
    const char *word;
} openers[] = {
    {PART_PREDICT, "Predict"},   {PART_PREDICT, "预测"},  {PART_INVESTIGATE, "Investigate"},
    {PART_INVESTIGATE, "探究"},  {PART_MODIFY, "Modify"}, {PART_MODIFY, "修改"},
    {PART_PITFALLS, "Pitfalls"}, {PART_PITFALLS, "陷阱"},
};

static const char *const answers[] = {"<summary>Answer: ", "<summary>答案："};

/* ---- pieces -----------------------------------------------------------------------------------
 */

static const char *text_of(const struct lesson *lesson, size_t index)
{
    return buffer_text(&lesson->markdown.blocks[index].text);
}

static enum block_kind kind_of(const struct lesson *lesson, size_t index)
{
    return lesson->markdown.blocks[index].kind;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The part that a paragraph opens by its bold first word; PART_TEXT if none. */
static enum part_kind opened_by(const struct lesson *lesson, size_t index)
{
    const char *text = text_of(lesson, index);

    if (kind_of(lesson, index) != BLOCK_PARAGRAPH || *text != SCREEN_MARK + STYLE_TITLE)
        return PART_TEXT;
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        const char *tail = text + 1 + strlen(openers[i].word);
        if (!starts(text + 1, openers[i].word))
            continue;
        if (*tail == '.' || *tail == ':')
            tail++;
        else if (starts(tail, "。") || starts(tail, "："))
            tail += strlen("。");
        if (*tail == SCREEN_MARK)
            return openers[i].kind;
    }
    return PART_TEXT;
}

char lesson_choice(const struct lesson *lesson, size_t index)
{
    const char *text = text_of(lesson, index);

    if (kind_of(lesson, index) == BLOCK_ITEM && text[0] >= 'a' && text[0] <= 'z' && text[1] == ')')
        return text[0];
    return '\0';
}

void lesson_block_range(const struct lesson *lesson, const struct block *block, size_t *begin,
                        size_t *end)
{
    const char *source = buffer_text(&lesson->source), *at = source;

    for (size_t line = 1; line <= block->line && *at != '\0'; line++) /* past the opening fence */
        at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
    *begin = (size_t)(at - source);
    while (*at != '\0' && !starts(at, "```"))
        at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
    *end = (size_t)(at - source);
}

/* ---- head -------------------------------------------------------------------------------------
 */

static void title_read(struct lesson *lesson)
{
    const char *text = lesson->markdown.count > 0 ? text_of(lesson, 0) : "";
    size_t length = strcspn(text, " ");

    if (length < sizeof lesson->id && text[length] == ' ' && memchr(text, '.', length) != NULL) {
        memcpy(lesson->id, text, length);
        text += length + 1;
    }
    lesson->title = strdup(text);
}

/* "Core · 20 minutes · needs 1.02": anything else leaves minutes at 0. */
static void meta_read(struct lesson *lesson)
{
    char copy[256], *rest = copy;
    const char *fields[3] = {"", "", ""};
    long minutes;

    lesson->needs = strdup("");
    if (lesson->markdown.count < 2 || kind_of(lesson, 1) != BLOCK_PARAGRAPH)
        return;
    (void)snprintf(copy, sizeof copy, "%s", text_of(lesson, 1));
    for (size_t i = 0; i < 3 && rest != NULL; i++) {
        fields[i] = rest;
        rest = strstr(rest, " · ");
        if (rest != NULL) {
            *rest = '\0';
            rest += strlen(" · ");
        }
    }
    char *tail = strchr(fields[1], ' ');
    bool core = strcmp(fields[0], "Core") == 0, more = strcmp(fields[0], "More") == 0;
    if (rest != NULL || tail == NULL || (!core && !more) || !starts(fields[2], "needs ") ||
        strcmp(tail, " minutes") != 0)
        return;
    *tail = '\0';
    if (!number_parse(fields[1], 1, 600, &minutes))
        return;
    lesson->core = core;
    lesson->minutes = (int)minutes;
    free(lesson->needs);
    fields[2] += strlen("needs ");
    lesson->needs = strdup(strcmp(fields[2], "nothing") == 0 ? "" : fields[2]);
}

/* ---- parts ------------------------------------------------------------------------------------
 */

static struct part *part_add(struct lesson *lesson, enum part_kind kind, size_t first)
{
    struct part *parts = realloc(lesson->parts, (lesson->part_count + 1) * sizeof *parts);

    if (parts == NULL)
        return NULL;
    lesson->parts = parts;
    parts[lesson->part_count] = (struct part){.kind = kind, .first = first};
    return &parts[lesson->part_count++];
}

static int command_add(struct lesson *lesson, const char *text, size_t length, size_t line)
{
    struct command *commands =
        realloc(lesson->commands, (lesson->command_count + 1) * sizeof *commands);

    if (commands == NULL)
        return -1;
    lesson->commands = commands;
    commands[lesson->command_count++] = (struct command){strndup(text, length), line, {0}};
    return commands[lesson->command_count - 1].text != NULL ? 0 : -1;
}

static int command_extend(struct command *command, const char *text, size_t length)
{
    char *longer = NULL;

    if (asprintf(&longer, "%s\n%.*s", command->text, (int)length, text) == -1)
        return -1;
    free(command->text);
    command->text = longer;
    return 0;
}

/* Cuts a console block into commands and what each one prints. */
static int commands_read(struct lesson *lesson, const struct block *block)
{
    const char *line = buffer_text(&block->text);
    size_t first = lesson->command_count;
    struct buffer output = {0};
    bool open = false; /* right behind a "$ " or "> " line */
    int rc = 0;

    for (size_t number = block->line + 1; *line != '\0' && rc == 0; number++) {
        size_t length = strcspn(line, "\n");
        bool begins = starts(line, "$ "), goes_on = open && starts(line, "> ");
        if (begins && lesson->command_count > first) {
            rc = lines_split(&lesson->commands[lesson->command_count - 1].expected,
                             buffer_text(&output));
            buffer_free(&output);
        }
        if (begins && rc == 0)
            rc = command_add(lesson, line + 2, length - 2, number);
        else if (goes_on)
            rc = command_extend(&lesson->commands[lesson->command_count - 1], line + 2, length - 2);
        else if (rc == 0)
            rc = buffer_add(&output, line, length) | buffer_add(&output, "\n", 1);
        open = begins || goes_on;
        line += length + (line[length] == '\n');
    }
    if (rc == 0 && lesson->command_count > first)
        rc = lines_split(&lesson->commands[lesson->command_count - 1].expected,
                         buffer_text(&output));
    buffer_free(&output);
    return rc;
}

static void answer_read(struct lesson *lesson, size_t index)
{
    const char *text = text_of(lesson, index);

    lesson->predict.answer_line = lesson->markdown.blocks[index].line;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const char *found = strstr(text, answers[i]);
        if (found != NULL && starts(found + strlen(answers[i]) + 1, "</summary>"))
            lesson->predict.answer = found[strlen(answers[i])];
    }
}

/* Finds choices, answer and reason from the opening paragraph on; returns the block behind it all.
 */
static size_t predict_read(struct lesson *lesson, size_t index)
{
    struct predict *p = &lesson->predict;
    size_t count = lesson->markdown.count;

    *p = (struct predict){.there = true, .question = index};
    for (index++; index < count && lesson_choice(lesson, index) == '\0'; index++)
        if (kind_of(lesson, index) == BLOCK_HTML || opened_by(lesson, index) != PART_TEXT)
            break;
    p->choices = index;
    while (index < count && lesson_choice(lesson, index) != '\0')
        index++;
    p->reason = p->end = index;
    if (index == count || kind_of(lesson, index) != BLOCK_HTML ||
        !starts(text_of(lesson, index), "<details>"))
        return index;
    answer_read(lesson, index);
    p->reason = p->end = index + 1;
    if (strstr(text_of(lesson, index++), "</details>") != NULL)
        return index; /* no blank line before the reason: it is HTML, and lint says so */
    while (index < count &&
           !(kind_of(lesson, index) == BLOCK_HTML &&
             strstr(text_of(lesson, index), "</details>") != NULL) &&
           opened_by(lesson, index) == PART_TEXT)
        index++;
    p->end = index;
    return index < count && kind_of(lesson, index) == BLOCK_HTML ? index + 1 : index;
}

static void python_read(struct lesson *lesson, size_t index)
{
    static const char opening[] = "<!-- python:";
    const char *text = text_of(lesson, index), *end = strstr(text, "-->");

    if (!starts(text, opening) || end == NULL || lesson->python != NULL)
        return;
    text += strlen(opening);
    text += strspn(text, " ");
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    lesson->python = strndup(text, (size_t)(end - text));
    lesson->python_line = lesson->markdown.blocks[index].line;
}

static int console_add(struct lesson *lesson, size_t index)
{
    struct part *part = part_add(lesson, PART_CONSOLE, index);
    size_t first = lesson->command_count;

    if (part == NULL || commands_read(lesson, &lesson->markdown.blocks[index]) == -1)
        return -1;
    part->count = 1;
    part->command = first;
    part->commands = lesson->command_count - first;
    return 0;
}

static int parts_read(struct lesson *lesson)
{
    enum part_kind kind = PART_TEXT;
    bool open = false; /* the last part takes more blocks */

    for (size_t i = lesson->minutes > 0 ? 2 : 1, count = lesson->markdown.count; i < count;) {
        enum part_kind opened = opened_by(lesson, i);
        const struct block *block = &lesson->markdown.blocks[i];
        if (opened == PART_PREDICT && !lesson->predict.there) {
            struct part *part = part_add(lesson, PART_PREDICT, i);
            if (part == NULL)
                return -1;
            size_t end = predict_read(lesson, i);
            part->count = end - i;
            i = end;
            open = false;
            kind = PART_TEXT;
            continue;
        }
        if (block->kind == BLOCK_HTML) {
            python_read(lesson, i);
        } else if (block->kind == BLOCK_CODE && strcmp(block->info, "console") == 0) {
            if (console_add(lesson, i) == -1)
                return -1;
            open = false;
            kind = PART_TEXT;
            i++;
            continue;
        } else if (opened != PART_TEXT && opened != PART_PREDICT) {
            kind = opened;
            open = false;
        }
        if (!open && block->kind != BLOCK_HTML) {
            if (part_add(lesson, kind, i) == NULL)
                return -1;
            open = true;
        }
        if (open)
            lesson->parts[lesson->part_count - 1].count =
                i + 1 - lesson->parts[lesson->part_count - 1].first;
        i++;
    }
    return 0;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

int lesson_read(struct lesson *lesson, const char *path, struct error *error)
{
    *lesson = (struct lesson){0};
    if (buffer_add_file(&lesson->source, path, LESSON_MOST) == -1)
        return error_set_errno(error, "%s", path);
    if (markdown_parse(&lesson->markdown, buffer_text(&lesson->source), lesson->source.length,
                       error) == -1) {
        lesson_free(lesson);
        return -1;
    }
    lesson->path = strdup(path);
    title_read(lesson);
    meta_read(lesson);
    if (parts_read(lesson) == -1 || lesson->path == NULL || lesson->title == NULL ||
        lesson->needs == NULL) {
        lesson_free(lesson);
        return error_set(error, _("there is not enough memory to read a text"));
    }
    return 0;
}

void lesson_free(struct lesson *lesson)
{
    for (size_t i = 0; i < lesson->command_count; i++) {
        free(lesson->commands[i].text);
        lines_free(&lesson->commands[i].expected);
    }
    free(lesson->commands);
    free(lesson->parts);
    free(lesson->path);
    free(lesson->title);
    free(lesson->needs);
    free(lesson->python);
    markdown_free(&lesson->markdown);
    buffer_free(&lesson->source);
    *lesson = (struct lesson){0};
}

/* The learner's language as gettext() sees it: LANGUAGE first, unless the locale is plain C. */
static bool language_is_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = NULL, *language = getenv("LANGUAGE");

    for (size_t i = 0; i < 3 && (locale == NULL || *locale == '\0'); i++)
        locale = getenv(names[i]);
    if (locale == NULL || *locale == '\0' || strcmp(locale, "C") == 0 ||
        strcmp(locale, "POSIX") == 0)
        return false;
    return starts(language != NULL && *language != '\0' ? language : locale, "zh");
}

int lesson_localised(const char *path, struct buffer *out)
{
    size_t length = strlen(path), before = out->length;

    if (length > 3 && strcmp(path + length - 3, ".md") == 0 && language_is_chinese()) {
        if (buffer_add(out, path, length - 3) == -1 || buffer_print(out, ".zh-CN.md") == -1)
            return -1;
        if (access(out->data + before, R_OK) == 0)
            return 0;
        out->length = before;
    }
    return buffer_add(out, path, length);
}
