/* path and list: what there is, how far you are, what comes next. */
#include <stdlib.h>
#include <string.h>

#include "workbook/answer.h"
#include "workbook/report.h"
#include "workbook/runner.h"

enum { BAR = 20, WIDE = 76, MIDDLE = 54, TITLE = 16 };

struct tally {
    size_t lessons, lessons_done, exercises, exercises_passed;
};

static struct tally tally_chapter(const struct chapter_entry *chapter,
                                  const struct progress *progress)
{
    struct tally tally = {.lessons = chapter->lesson_count, .exercises = chapter->exercise_count};

    for (size_t i = 0; i < chapter->lesson_count; i++)
        tally.lessons_done += progress_lesson_done(progress, chapter->lessons[i].id);
    for (size_t i = 0; i < chapter->exercise_count; i++)
        tally.exercises_passed += progress_exercise(progress, chapter->exercises[i].id).passed;
    return tally;
}

/* A bar is full only when all is done, and begins with the first thing done. */
static void put_bar(const struct screen *screen, const struct tally *tally)
{
    size_t all = tally->lessons + tally->exercises;
    size_t done = tally->lessons_done + tally->exercises_passed;
    size_t full = all == 0 ? 0 : done * BAR / all;

    if (full == 0 && done > 0)
        full = 1;
    screen_print(screen, STYLE_GOOD, "%s", "");
    for (size_t i = 0; i < BAR; i++)
        (void)fputs(i < full ? "█" : "░", screen->out);
}

static void put_chapter(const struct screen *screen, const struct chapter_entry *chapter,
                        const struct tally *tally)
{
    struct buffer title = {0};
    int room = screen->columns >= MIDDLE ? TITLE : screen->columns - 5;

    (void)text_cut(chapter->title, room, &title); /* memory short: no title */
    (void)fprintf(screen->out, "  %d  %s", chapter->number, buffer_text(&title));
    int pad = TITLE - text_columns(buffer_text(&title));
    if (screen->columns < MIDDLE)
        (void)fputs("\n     ", screen->out);
    else
        (void)fprintf(screen->out, "%*s", pad, "");
    if (screen->columns >= WIDE) {
        put_bar(screen, tally);
        (void)fputs("   ", screen->out);
    }
    (void)fprintf(screen->out, _("lessons %2zu/%zu"), tally->lessons_done, tally->lessons);
    (void)fputs(screen->columns < 40 ? "\n     " : "   ", screen->out);
    (void)fprintf(screen->out, _("exercises %2zu/%zu"), tally->exercises_passed, tally->exercises);
    (void)fputc('\n', screen->out);
    buffer_free(&title);
}

/* As runner_next(): behind the furthest one that is done, then what was left out before it. */
static const struct lesson_entry *next_lesson(const struct catalogue *catalogue,
                                              const struct progress *progress)
{
    const struct lesson_entry *gap = NULL, *next = NULL;

    for (size_t c = 0; c < catalogue->chapter_count; c++)
        for (size_t i = 0; i < catalogue->chapters[c].lesson_count; i++) {
            const struct lesson_entry *lesson = &catalogue->chapters[c].lessons[i];
            bool done = progress_lesson_done(progress, lesson->id);
            if (done)
                next = NULL;
            else if (next == NULL)
                next = lesson;
            if (!done && gap == NULL)
                gap = lesson;
        }
    return next != NULL ? next : gap;
}

/* "Next: exercise 1.9, tune a socket        make practice": commands stand in one column. */
static void put_next(const struct screen *screen, const char *lead, const char *text,
                     const char *command)
{
    enum { COLUMN = 52 };
    int used = text_columns(lead) + text_columns(text);

    if (screen->columns >= WIDE && used < COLUMN - 1) {
        (void)fprintf(screen->out, "%s%s%*s", lead, text, COLUMN - used, "");
        screen_print(screen, STYLE_CODE, "%s\n", command);
        return;
    }
    screen_item(screen, STYLE_PLAIN, text_columns(lead), lead, text);
    screen_wrap(screen, STYLE_CODE, text_columns(lead), command);
}

static void put_all_next(struct runner *runner, const struct progress *progress)
{
    const struct exercise_entry *exercise = runner_next(runner, progress);
    const struct lesson_entry *lesson = next_lesson(&runner->catalogue, progress);
    char exercise_text[300] = "", lesson_text[300] = "", chapter[32] = "", blanks[32];
    const char *lead = _("Next: ");

    if (exercise != NULL)
        (void)snprintf(exercise_text, sizeof exercise_text, _("exercise %s, %s"), exercise->id,
                       exercise->title);
    if (lesson != NULL) {
        (void)snprintf(lesson_text, sizeof lesson_text, _("lesson %s, %s"), lesson->id,
                       lesson->title);
        (void)snprintf(chapter, sizeof chapter, "make chapter%d", lesson->chapter);
    }
    if (exercise == NULL && lesson == NULL) {
        runner_say(runner, STYLE_GOOD, "%s", _("Every lesson and every exercise is done."));
        return;
    }
    /* An exercise whose lesson was not taken comes after the lesson. */
    bool later = exercise != NULL && lesson != NULL && *exercise->needs != '\0' &&
                 !progress_lesson_done(progress, exercise->needs);
    (void)snprintf(blanks, sizeof blanks, "%*s", text_columns(lead), "");
    if (lesson != NULL && (later || exercise == NULL)) {
        put_next(&runner->out, lead, lesson_text, chapter);
        lead = blanks;
    }
    if (exercise != NULL) {
        put_next(&runner->out, lead, exercise_text, "make practice");
        lead = blanks;
    }
    if (lesson != NULL && exercise != NULL && !later)
        put_next(&runner->out, lead, lesson_text, chapter);
}

int command_path(struct runner *runner)
{
    const struct catalogue *catalogue = &runner->catalogue;
    const char *course = getenv("COURSE");
    struct progress progress;
    size_t exercises = 0, passed = 0;
    char right[80];

    runner_load_progress(runner, &progress);
    for (size_t c = 0; c < catalogue->chapter_count; c++) {
        struct tally tally = tally_chapter(&catalogue->chapters[c], &progress);
        exercises += tally.exercises;
        passed += tally.exercises_passed;
    }
    (void)snprintf(right, sizeof right,
                   ngettext("%zu of %zu exercise", "%zu of %zu exercises", exercises), passed,
                   exercises);
    bool core = course != NULL && strcmp(course, "core") == 0;
    const char *left =
        core ? _("Network programming in C, the core path") : _("Network programming in C");
    if (text_columns(left) + text_columns(right) + 2 <= runner->out.columns) {
        screen_title(&runner->out, left, right);
    } else {
        screen_wrap(&runner->out, STYLE_TITLE, 0, left);
        screen_wrap(&runner->out, STYLE_DIM, 0, right);
    }
    for (size_t c = 0; c < catalogue->chapter_count; c++) {
        struct tally tally = tally_chapter(&catalogue->chapters[c], &progress);
        put_chapter(&runner->out, &catalogue->chapters[c], &tally);
    }
    (void)fputc('\n', runner->out.out);
    put_all_next(runner, &progress);
    progress_free(&progress);
    return 0;
}

/* ---- list ------------------------------------------------------------------------------------ */

/* Points of all cases; -1 when the cases cannot be asked. */
static int points_of(const struct exercise_entry *exercise)
{
    struct case_entry *list;
    size_t count;
    int points = 0;

    if (cases_list(exercise, &list, &count, NULL) == -1)
        return -1;
    for (size_t i = 0; i < count; i++)
        points += list[i].points;
    cases_free(list, count);
    return points;
}

static void put_exercise(const struct screen *screen, const struct exercise_entry *exercise,
                         const struct exercise_progress *progress)
{
    struct buffer right = {0};
    char lead[32];
    int points = points_of(exercise);

    (void)snprintf(lead, sizeof lead, "  %-6s", exercise->id);
    const char *state = points == -1              ? _("not built")
                        : progress->passed        ? _("passed")
                        : answer_exists(exercise) ? _("opened")
                                                  : "";
    (void)buffer_print(&right, "%s%s", state, *state != '\0' && points > 0 ? "  " : "");
    int earned = progress->earned < points ? progress->earned : points;
    if (points > 0)
        (void)buffer_print(&right, _("%d/%d points"), earned, points);
    else if (points == 0 && *state == '\0')
        (void)buffer_print(&right, "%s", _("no points"));
    screen_row(screen, progress->passed ? STYLE_GOOD : STYLE_KEY, lead, exercise->title,
               buffer_text(&right));
    buffer_free(&right);
}

int show_list(const struct runner *runner)
{
    const struct catalogue *catalogue = &runner->catalogue;
    struct progress progress;
    char title[200];

    runner_load_progress(runner, &progress);
    for (size_t c = 0; c < catalogue->chapter_count; c++) {
        const struct chapter_entry *chapter = &catalogue->chapters[c];
        (void)snprintf(title, sizeof title, "%d  %s", chapter->number, chapter->title);
        screen_title(&runner->out, title, "");
        for (size_t i = 0; i < chapter->exercise_count; i++) {
            struct exercise_progress exercise =
                progress_exercise(&progress, chapter->exercises[i].id);
            put_exercise(&runner->out, &chapter->exercises[i], &exercise);
        }
    }
    progress_free(&progress);
    return 0;
}

int command_list(struct runner *runner)
{
    return show_list(runner);
}
