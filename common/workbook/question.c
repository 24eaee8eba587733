#include "workbook/question.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "workbook/terminal.h"
#include "workbook/tour.h"

void question_ask(const struct screen *screen, const struct lesson *lesson)
{
    const struct predict *p = &lesson->predict;
    const struct block *blocks = lesson->markdown.blocks;

    for (size_t i = p->question; i < p->choices; i++)
        markdown_show(screen, &blocks[i], NULL);
    for (size_t i = p->choices; i < p->end && lesson_choice(lesson, i) != '\0'; i++) {
        char lead[8];
        const char *text = buffer_text(&blocks[i].text) + 2;
        (void)snprintf(lead, sizeof lead, "  %c  ", lesson_choice(lesson, i));
        screen_item(screen, STYLE_PLAIN, 5, lead, text + strspn(text, " "));
    }
}

char question_last(const struct lesson *lesson)
{
    const struct predict *p = &lesson->predict;
    char last = '\0';

    for (size_t i = p->choices; i < p->end && lesson_choice(lesson, i) != '\0'; i++)
        last = lesson_choice(lesson, i);
    return p->answer != '\0' ? last : '\0';
}

const char *question_hint(const struct screen *screen, const struct lesson *lesson)
{
    static char hint[96];

    (void)snprintf(hint, sizeof hint,
                   screen->columns < 30 ? _("> a to %c  ? keys") : _("> a letter, a to %c  ? keys"),
                   question_last(lesson));
    return hint;
}

void question_judge(const struct screen *screen, const struct lesson *lesson, char answer)
{
    const struct predict *p = &lesson->predict;
    struct buffer verdict = {0};
    bool right = answer == p->answer;
    int rc = right ? buffer_print(&verdict, "%c%s%c ", SCREEN_MARK + STYLE_GOOD, _("Right."),
                                  SCREEN_MARK)
                   : buffer_print(&verdict, "%c", SCREEN_MARK + STYLE_BAD);

    if (rc == 0 && !right)
        rc = buffer_print(&verdict, _("Not so; the answer is %c."), p->answer) |
             buffer_print(&verdict, "%c ", SCREEN_MARK);
    /* The verdict and the reason's first paragraph are one. */
    size_t first = p->reason;
    if (first < p->end && lesson->markdown.blocks[first].kind == BLOCK_PARAGRAPH) {
        struct block joined = lesson->markdown.blocks[first++];
        rc |= buffer_add(&verdict, buffer_text(&joined.text), joined.text.length);
        joined.text = verdict;
        if (rc == 0)
            markdown_show(screen, &joined, NULL);
    } else if (rc == 0) {
        screen_wrap(screen, STYLE_PLAIN, 0, buffer_text(&verdict));
    }
    for (size_t i = first; i < p->end; i++)
        markdown_show(screen, &lesson->markdown.blocks[i],
                      i + 1 < p->end ? &lesson->markdown.blocks[i + 1] : NULL);
    buffer_free(&verdict);
}

/* ---- review -----------------------------------------------------------------------------------
 */

struct review {
    struct progress *progress;
    const struct screen *screen;
    struct terminal terminal;
    bool on_terminal;
    size_t due, right;
    bool over;
};

static int question_read(const struct lesson_entry *entry, struct lesson *lesson,
                         struct error *error)
{
    struct buffer path = {0};
    int rc = lesson_localised(entry->path, &path);

    if (rc == 0)
        rc = lesson_read(lesson, path.data, error);
    buffer_free(&path);
    return rc;
}

/* Reads keys until one is a choice. 0 when the learner leaves. */
static char letter_read(struct review *review, const struct lesson *lesson)
{
    char last = question_last(lesson);

    screen_print(review->screen, STYLE_DIM, _("> a letter, a to %c  q quits"), last);
    for (;;) {
        int key = terminal_key(&review->terminal);
        if (key >= 'a' && key <= last)
            return (char)key;
        if (key == KEY_END || key == 'q')
            return '\0';
    }
}

static void review_one(struct review *review, const struct lesson_entry *entry)
{
    struct lesson lesson = {0};
    struct error error = {{0}};

    if (question_read(entry, &lesson, &error) == -1) {
        screen_wrap(review->screen, STYLE_BAD, 0, error.text);
        return;
    }
    if (question_last(&lesson) != '\0') {
        review->due++;
        screen_print(review->screen, STYLE_TITLE, "%s  %s\n\n", entry->id, entry->title);
        question_ask(review->screen, &lesson);
    }
    if (question_last(&lesson) != '\0' && review->on_terminal) {
        char answer = letter_read(review, &lesson);
        review->over = answer == '\0';
        (void)fputs(review->screen->terminal ? "\r\033[K" : "\n", review->screen->out);
        if (!review->over) {
            bool right = answer == lesson.predict.answer;
            screen_print(review->screen, STYLE_KEY, "> %c\n", answer);
            question_judge(review->screen, &lesson, answer);
            progress_predict(review->progress, entry->id, right, (long long)time(NULL));
            review->right += right;
            if (progress_save(review->progress, &error) == -1)
                screen_wrap(review->screen, STYLE_DIM, 0, error.text);
        }
    } else {
        (void)fputc('\n', review->screen->out);
    }
    lesson_free(&lesson);
}

static void review_end(const struct review *review)
{
    if (review->due == 0)
        screen_wrap(review->screen, STYLE_PLAIN, 0,
                    _("No question is due. One that was missed comes again after a day, then after "
                      "3, 7 and 21."));
    else if (!review->on_terminal)
        screen_wrap(review->screen, STYLE_PLAIN, 0, _("To answer, run make review on a terminal."));
    else if (!review->over)
        screen_print(review->screen, STYLE_PLAIN, _("%zu of %zu right.\n"), review->right,
                     review->due);
}

int lesson_review(const struct catalogue *catalogue, struct progress *progress,
                  const struct screen *screen)
{
    struct review review = {
        .progress = progress, .screen = screen, .on_terminal = terminal_there()};
    struct error error = {{0}};
    long long now = (long long)time(NULL);

    if (review.on_terminal && terminal_open(&review.terminal, &error) == -1)
        review.on_terminal = false;
    for (size_t c = 0; c < catalogue->chapter_count; c++) {
        const struct chapter_entry *chapter = &catalogue->chapters[c];
        for (size_t i = 0; i < chapter->lesson_count && !review.over; i++)
            if (progress_predict_due(progress, chapter->lessons[i].id, now))
                review_one(&review, &chapter->lessons[i]);
    }
    review_end(&review);
    if (review.on_terminal) {
        terminal_close(&review.terminal);
        if (review.terminal.signal != 0)
            (void)raise(review.terminal.signal); /* as if it had met an ordinary program */
    }
    return 0;
}
