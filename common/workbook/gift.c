/*
 * questions: the Predict questions of all lessons in Moodle's GIFT format, for a quiz.
 *
 * The texts are HTML within GIFT, so two sets of characters are escaped. A blank line would end a
 * question, hence there is none within.
 */
#include <stdlib.h>
#include <string.h>

#include "workbook/question.h"
#include "workbook/runner.h"

/* What Markdown's emphasis is in HTML; the other styles do not come out of Markdown. */
static const char *tag_of(int style)
{
    return style == STYLE_TITLE  ? "b"
           : style == STYLE_SOFT ? "i"
           : style == STYLE_CODE ? "code"
                                 : NULL;
}

/* Appends a byte of text with what GIFT, and with html also HTML, reads otherwise escaped. */
static int byte_add(struct buffer *out, char byte, bool html)
{
    switch (byte) {
    case '~':
    case '=':
    case '#':
    case '{':
    case '}':
    case ':':
    case '\\':
        return buffer_print(out, "\\%c", byte);
    case '&':
        return buffer_print(out, "%s", html ? "&amp;" : "&");
    case '<':
        return buffer_print(out, "%s", html ? "&lt;" : "<");
    case '>':
        return buffer_print(out, "%s", html ? "&gt;" : ">");
    default:
        return buffer_add(out, &byte, 1);
    }
}

/* Appends a paragraph's text, its styles as tags; its lines become one. */
static int text_add(struct buffer *out, const char *text)
{
    const char *open = NULL;
    int rc = 0;

    for (; *text != '\0' && rc == 0; text++) {
        if (*text >= SCREEN_MARK && *text <= SCREEN_MARK + STYLE_SOFT) {
            rc = open != NULL ? buffer_print(out, "</%s>", open) : 0;
            open = tag_of(*text - SCREEN_MARK);
            rc |= open != NULL ? buffer_print(out, "<%s>", open) : 0;
        } else if (*text == SCREEN_BREAK) {
            rc = buffer_print(out, "<br>");
        } else {
            rc = byte_add(out, *text == '\n' ? ' ' : *text, true);
        }
    }
    return rc | (open != NULL ? buffer_print(out, "</%s>", open) : 0);
}

/* Appends a block of code; its line ends are written as \n, which GIFT knows. */
static int code_add(struct buffer *out, const char *text)
{
    size_t length = strlen(text);
    int rc = buffer_print(out, "<pre>");

    if (length > 0 && text[length - 1] == '\n')
        length--;
    for (size_t i = 0; i < length && rc == 0; i++)
        rc = text[i] == '\n' ? buffer_print(out, "\\n") : byte_add(out, text[i], true);
    return rc | buffer_print(out, "</pre>");
}

/* A question's text without the bold word that opens it: in a quiz it says nothing. */
static const char *without_opener(const char *text)
{
    const char *end = strchr(text + 1, SCREEN_MARK + STYLE_PLAIN);

    return end != NULL ? end + 1 + strspn(end + 1, " \n") : text;
}

/* Appends the blocks from first up to end. Returns 0, or -1 and fills error. */
static int blocks_add(struct buffer *out, const struct lesson *lesson, size_t first, size_t end,
                      struct error *error)
{
    int rc = 0;

    for (size_t i = first; i < end; i++) {
        const struct block *block = &lesson->markdown.blocks[i];
        const char *text = buffer_text(&block->text);
        if (i == lesson->predict.question)
            text = without_opener(text);
        if (block->kind == BLOCK_CODE)
            rc |= code_add(out, text);
        else if (block->kind == BLOCK_PARAGRAPH || block->kind == BLOCK_ITEM)
            rc |= buffer_print(out, "<p>%s", block->lead) | text_add(out, text) |
                  buffer_print(out, "</p>");
        else
            return error_set(error, _("%s:%zu: a question is made of paragraphs, lists and code"),
                             lesson->path, block->line);
    }
    return rc == 0 ? 0 : error_set(error, _("there is not enough memory to write the questions"));
}

/*
 * Appends a lesson's question. The choices keep their letters, since the reason names them and a
 * quiz may put the choices in another order.
 */
static int question_add(struct buffer *out, const struct lesson *lesson, struct error *error)
{
    const struct predict *p = &lesson->predict;
    int rc = buffer_print(out, "\n::%s ", lesson->id);

    for (const char *at = lesson->title; *at != '\0'; at++)
        if (*at < SCREEN_MARK || *at > SCREEN_MARK + STYLE_SOFT)
            rc |= byte_add(out, *at, false);
    rc |= buffer_print(out, "::[html]");
    if (blocks_add(out, lesson, p->question, p->choices, error) == -1)
        return -1;
    rc |= buffer_print(out, " {\n");
    for (size_t i = p->choices; i < p->end && lesson_choice(lesson, i) != '\0'; i++) {
        rc |= buffer_print(out, "%c", lesson_choice(lesson, i) == p->answer ? '=' : '~');
        rc |= text_add(out, buffer_text(&lesson->markdown.blocks[i].text));
        rc |= buffer_print(out, "\n");
    }
    rc |= buffer_print(out, "####");
    if (blocks_add(out, lesson, p->reason, p->end, error) == -1)
        return -1;
    rc |= buffer_print(out, "\n}\n");
    return rc == 0 ? 0 : error_set(error, _("there is not enough memory to write the questions"));
}

static int lesson_add(struct buffer *out, const char *path, struct error *error)
{
    struct buffer localised = {0};
    struct lesson lesson = {0};
    int rc = lesson_localised(path, &localised);

    if (rc == 0)
        rc = lesson_read(&lesson, localised.data, error);
    else
        (void)error_set(error, _("there is not enough memory to read a text"));
    if (rc == 0 && question_last(&lesson) != '\0')
        rc = question_add(out, &lesson, error);
    lesson_free(&lesson);
    buffer_free(&localised);
    return rc;
}

/* The category that what follows belongs to; a slash in a title would begin a category below it. */
static int category_add(struct buffer *out, const struct chapter_entry *chapter)
{
    int rc =
        buffer_print(out, "\n$CATEGORY: %s/%d ", _("Network programming in C"), chapter->number);

    for (const char *at = chapter->title; *at != '\0'; at++)
        rc |= *at == '/' ? buffer_print(out, "//") : buffer_add(out, at, 1);
    return rc | buffer_print(out, "\n");
}

int command_questions(struct runner *runner)
{
    struct buffer out = {0};
    struct error error = {{0}};
    int rc = buffer_print(&out, "// %s\n",
                          _("The Predict questions of the lessons, in Moodle's GIFT format."));

    for (size_t c = 0; c < runner->catalogue.chapter_count && rc == 0; c++) {
        const struct chapter_entry *chapter = &runner->catalogue.chapters[c];
        if (category_add(&out, chapter) != 0)
            rc = error_set(&error, _("there is not enough memory to write the questions"));
        for (size_t i = 0; i < chapter->lesson_count && rc == 0; i++)
            rc = lesson_add(&out, chapter->lessons[i].path, &error);
    }
    if (rc == 0)
        (void)fputs(buffer_text(&out),
                    runner->out.out); /* finish() tells of what was not written */
    buffer_free(&out);
    if (rc != 0)
        return runner_refuse(runner, _("The questions could not be written: %s."), error.text);
    return 0;
}
