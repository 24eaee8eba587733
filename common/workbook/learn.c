/* hint, reset, solution, diff: what a learner asks for in the middle of an exercise. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workbook/answer.h"
#include "workbook/files.h"
#include "workbook/markdown.h"
#include "workbook/process.h"
#include "workbook/runner.h"

enum { TRIES_BEFORE_SOLUTION = 5, TEXT_LIMIT = 1 << 20 };

/* ---- hints ----------------------------------------------------------------------------------- */

/* Walks over the hints of a README, each between <details> and </details>. Shows number; returns
 * how many. */
static int walk_hints(const struct screen *screen, const struct markdown *markdown, int number)
{
    int count = 0;
    bool hints = false, inside = false;

    for (size_t i = 0; i < markdown->count; i++) {
        const struct block *block = &markdown->blocks[i];
        const char *text = buffer_text(&block->text);
        if (block->kind == BLOCK_HEADING && block->level <= 2)
            hints = strcmp(text, "Hints") == 0;
        if (!hints)
            continue;
        if (block->kind != BLOCK_HTML) {
            if (inside && count == number)
                markdown_show(screen, block,
                              i + 1 < markdown->count ? &markdown->blocks[i + 1] : NULL);
            continue;
        }
        for (const char *tag = strchr(text, '<'); tag != NULL; tag = strchr(tag + 1, '<')) {
            if (strncmp(tag, "<details", 8) == 0) {
                count++;
                inside = true;
            } else if (strncmp(tag, "</details", 9) == 0) {
                inside = false;
            }
        }
    }
    return count;
}

/* Shows the hint that comes next, or all of them once more. Returns how many were shown so far. */
static int put_hints(const struct runner *runner, const struct exercise_entry *exercise,
                     const struct markdown *markdown, int shown)
{
    int count = walk_hints(&runner->out, markdown, 0);

    if (count == 0) {
        runner_say(runner, STYLE_PLAIN, _("Exercise %s has no hints."), exercise->id);
        return shown;
    }
    if (shown < count) {
        runner_say(runner, STYLE_TITLE, _("%s  hint %d of %d"), exercise->id, shown + 1, count);
        (void)walk_hints(&runner->out, markdown, shown + 1);
        return shown + 1;
    }
    for (int i = 1; i <= count; i++) {
        runner_say(runner, STYLE_TITLE, _("%s  hint %d of %d, once more"), exercise->id, i, count);
        (void)walk_hints(&runner->out, markdown, i);
    }
    return shown;
}

int show_hint(const struct runner *runner, const struct exercise_entry *exercise)
{
    struct buffer text = {0};
    struct markdown markdown = {0};
    struct progress progress;
    struct error error = {0};

    if (buffer_add_file(&text, exercise->readme, TEXT_LIMIT) == -1)
        return runner_refuse(runner, "%s: %s", exercise->readme, strerror(errno));
    int result = markdown_parse(&markdown, buffer_text(&text), text.length, &error);
    buffer_free(&text);
    if (result == -1)
        return runner_refuse(runner, "%s: %s", exercise->readme, error.text);
    runner_load_progress(runner, &progress);
    struct exercise_progress now = progress_exercise(&progress, exercise->id);
    int shown = put_hints(runner, exercise, &markdown, now.hints);
    markdown_free(&markdown);
    if (shown == now.hints) {
        progress_free(&progress);
        return 0;
    }
    now.hints = shown;
    progress_set_exercise(&progress, exercise->id, &now);
    runner_save_progress(runner, &progress);
    return 0;
}

int command_hint(struct runner *runner)
{
    const struct exercise_entry *exercise = runner_current(runner);
    return exercise == NULL ? 2 : show_hint(runner, exercise);
}

/* ---- reset ----------------------------------------------------------------------------------- */

/* True if the answer is the starter: there is nothing to keep. */
static bool untouched(const struct exercise_entry *exercise, const struct buffer *starter)
{
    struct buffer answer = {0};
    struct stat status;
    bool same = lstat(exercise->answer, &status) == 0 && S_ISREG(status.st_mode) &&
                buffer_add_file(&answer, exercise->answer, TEXT_LIMIT) == 0 &&
                answer.length == starter->length &&
                memcmp(buffer_text(&answer), buffer_text(starter), starter->length) == 0;

    buffer_free(&answer);
    return same;
}

static int reset_to(const struct runner *runner, const struct exercise_entry *exercise,
                    const struct buffer *starter)
{
    char kept[PATH_MAX];
    struct error error = {0};

    if (file_set_aside(exercise->answer, kept, sizeof kept, &error) == -1)
        return runner_refuse(runner, _("Nothing was reset, your answer is as it was: %s."),
                             error.text);
    if (file_write(exercise->answer, buffer_text(starter), starter->length, false, &error) == -1) {
        if (rename(kept, exercise->answer) == 0)
            return runner_refuse(runner, _("Nothing was reset, your answer is as it was: %s."),
                                 error.text);
        return runner_refuse(runner,
                             _("The starter could not be written (%s). Your answer is in %s."),
                             error.text, kept);
    }
    runner_say(runner, STYLE_PLAIN, _("%s is the starter again. Your answer is kept as %s."),
               exercise->answer, kept);
    return 0;
}

int reset_answer(const struct runner *runner, const struct exercise_entry *exercise)
{
    struct buffer starter = {0};
    int status = 0;

    if (!answer_exists(exercise))
        return runner_open(runner, exercise) ? 0 : 2;
    if (buffer_add_file(&starter, exercise->starter, TEXT_LIMIT) == -1)
        return runner_refuse(runner, "%s: %s", exercise->starter, strerror(errno));
    if (untouched(exercise, &starter))
        runner_say(runner, STYLE_PLAIN, _("%s is the starter already."), exercise->answer);
    else
        status = reset_to(runner, exercise, &starter);
    buffer_free(&starter);
    return status;
}

int command_reset(struct runner *runner)
{
    const struct exercise_entry *exercise = runner_exercise(runner, runner->exercise);
    return exercise == NULL ? 2 : reset_answer(runner, exercise);
}

/* ---- solution and diff ----------------------------------------------------------------------- */

/* True if the solution may be seen. If not, why was said; *status is then the exit status. */
static bool may_see(const struct runner *runner, const struct exercise_entry *exercise, int *status)
{
    struct progress progress;

    *status = 2;
    if (access(exercise->solution, R_OK) == -1) {
        (void)runner_refuse(runner, _("This copy of the workbook came without solutions (%s)."),
                            exercise->solution);
        return false;
    }
    runner_load_progress(runner, &progress);
    struct exercise_progress now = progress_exercise(&progress, exercise->id);
    bool enough = now.tries >= TRIES_BEFORE_SOLUTION, asked = now.asked;
    if (now.passed || (enough && asked)) {
        progress_free(&progress);
        return true;
    }
    *status = 1;
    if (!enough) {
        (void)runner_refuse(runner,
                            ngettext("The solution of %s shows after a pass, or after five tries. "
                                     "So far you have made %d try; hints: make hint E=%s",
                                     "The solution of %s shows after a pass, or after five tries. "
                                     "So far you have made %d tries; hints: make hint E=%s",
                                     (unsigned long)now.tries),
                            exercise->id, now.tries, exercise->id);
        progress_free(&progress);
        return false;
    }
    now.asked = true;
    progress_set_exercise(&progress, exercise->id, &now);
    runner_save_progress(runner, &progress);
    (void)runner_refuse(runner,
                        _("You have made %d tries, so the solution of %s is yours to see. Ask once "
                          "more and it shows."),
                        now.tries, exercise->id);
    return false;
}

int show_solution(const struct runner *runner, const struct exercise_entry *exercise)
{
    struct buffer text = {0};
    int status;

    if (!may_see(runner, exercise, &status))
        return status;
    if (buffer_add_file(&text, exercise->solution, TEXT_LIMIT) == -1)
        return runner_refuse(runner, "%s: %s", exercise->solution, strerror(errno));
    (void)fputs(buffer_text(&text), runner->out.out); /* finish() reports a failure */
    buffer_free(&text);
    return 0;
}

int command_solution(struct runner *runner)
{
    const struct exercise_entry *exercise = runner_current(runner);
    return exercise == NULL ? 2 : show_solution(runner, exercise);
}

int command_diff(struct runner *runner)
{
    const struct exercise_entry *exercise = runner_current(runner);
    struct buffer output = {0}, harmless = {0};
    struct error error = {0};
    int status;

    if (exercise == NULL || !may_see(runner, exercise, &status))
        return exercise == NULL ? 2 : status;
    if (!answer_exists(exercise))
        return runner_refuse(runner, _("There is no answer yet. make check E=%s opens one."),
                             exercise->id);
    const char *arguments[] = {"diff",
                               "-u",
                               "--label",
                               exercise->answer,
                               "--label",
                               exercise->solution,
                               exercise->answer,
                               exercise->solution,
                               NULL};
    status = process_run(arguments, &output, NULL, &error);
    if (status == -1 || status > 1) {
        (void)runner_refuse(runner, _("The files cannot be compared%s%s."),
                            error.text[0] != '\0' ? ": " : "", error.text);
    } else if (status == 0) {
        runner_say(runner, STYLE_PLAIN, "%s", _("Your answer and our solution are the same."));
    } else if (text_harmless(&harmless, buffer_text(&output), output.length) == 0) {
        for (const char *line = buffer_text(&harmless); *line != '\0';) {
            size_t length = strcspn(line, "\n");
            enum style style = *line == '-'   ? STYLE_BAD
                               : *line == '+' ? STYLE_GOOD
                               : *line == '@' ? STYLE_KEY
                                              : STYLE_PLAIN;
            screen_print(&runner->out, style, "%.*s", (int)length, line);
            (void)fputc('\n', runner->out.out);
            line += length + (line[length] == '\n');
        }
    }
    buffer_free(&output);
    buffer_free(&harmless);
    return status == 0 || status == 1 ? 0 : 2;
}
