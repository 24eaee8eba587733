#include "workbook/runner.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "workbook/answer.h"
#include "workbook/files.h"

enum { NEAR_MOST = 3, NAME_MOST = 80 };

/* ---- saying ---------------------------------------------------------------------------------- */

static void say(const struct screen *screen, enum style style, const char *format,
                va_list arguments)
{
    struct buffer harmless = {0};
    char *text = NULL;

    if (vasprintf(&text, format, arguments) == -1)
        return;
    if (text_harmless(&harmless, text, strlen(text)) == 0)
        screen_wrap(screen, style, 0, buffer_text(&harmless));
    buffer_free(&harmless);
    free(text);
}

int runner_refuse(const struct runner *runner, const char *format, ...)
{
    va_list arguments;

    (void)fflush(stdout); /* keeps the order on a terminal; finish() reports its failure */
    va_start(arguments, format);
    say(&runner->err, STYLE_PLAIN, format, arguments);
    va_end(arguments);
    return 2;
}

void runner_say(const struct runner *runner, enum style style, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(&runner->out, style, format, arguments);
    va_end(arguments);
}

/* ---- exercises in order ---------------------------------------------------------------------- */

const struct exercise_entry *exercise_first(const struct catalogue *catalogue)
{
    for (size_t c = 0; c < catalogue->chapter_count; c++)
        if (catalogue->chapters[c].exercise_count > 0)
            return &catalogue->chapters[c].exercises[0];
    return NULL;
}

const struct exercise_entry *exercise_after(const struct catalogue *catalogue,
                                            const struct exercise_entry *exercise)
{
    bool found = false;

    for (size_t c = 0; c < catalogue->chapter_count; c++)
        for (size_t i = 0; i < catalogue->chapters[c].exercise_count; i++) {
            if (found)
                return &catalogue->chapters[c].exercises[i];
            found = exercise == &catalogue->chapters[c].exercises[i];
        }
    return NULL;
}

const struct exercise_entry *exercise_before(const struct catalogue *catalogue,
                                             const struct exercise_entry *exercise)
{
    const struct exercise_entry *before = NULL;

    for (const struct exercise_entry *e = exercise_first(catalogue); e != NULL && e != exercise;
         e = exercise_after(catalogue, e))
        before = e;
    return before;
}

/* ---- names and near ones --------------------------------------------------------------------- */

/* How many letters have to be changed, added or taken away: Levenshtein's distance. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MOST + 1], a_length = strlen(a), b_length = strlen(b);

    if (a_length > NAME_MOST || b_length > NAME_MOST)
        return NAME_MOST;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = changed < least ? changed : least;
        }
    }
    return row[b_length];
}

/* The names nearest to what was typed, best first. */
struct near {
    const char *typed;
    const char *names[NEAR_MOST];
    size_t distances[NEAR_MOST], count;
};

static void near_try(struct near *near, const char *name, const char *shown)
{
    size_t far = strlen(near->typed) / 3 + 1, here = distance(near->typed, name);

    if (strlen(near->typed) >= 3 && strstr(name, near->typed) != NULL)
        here = 1;
    if (here > far)
        return;
    size_t at = near->count < NEAR_MOST ? near->count++ : NEAR_MOST - 1;
    if (at == NEAR_MOST - 1 && near->names[at] != NULL && near->distances[at] <= here)
        return;
    for (; at > 0 && near->distances[at - 1] > here; at--) {
        near->names[at] = near->names[at - 1];
        near->distances[at] = near->distances[at - 1];
    }
    near->names[at] = shown;
    near->distances[at] = here;
}

/* "1.0, 1.2 or 1.3" */
static void near_join(const struct near *near, struct buffer *text)
{
    for (size_t i = 0; i < near->count; i++)
        (void)buffer_print(text, "%s%s",
                           i == 0                 ? ""
                           : i + 1 == near->count ? _(" or ")
                                                  : ", ",
                           near->names[i]);
}

const char *runner_nearest(const char *typed, const char *const *names, size_t count)
{
    struct near near = {.typed = typed};

    for (size_t i = 0; i < count; i++)
        near_try(&near, names[i], names[i]);
    return near.names[0];
}

const struct exercise_entry *runner_exercise(const struct runner *runner, const char *name)
{
    const struct catalogue *catalogue = &runner->catalogue;
    const struct exercise_entry *found = catalogue_exercise(catalogue, name);
    struct near near = {.typed = name};
    struct buffer names = {0};

    for (const struct exercise_entry *e = exercise_first(catalogue); e != NULL && found == NULL;
         e = exercise_after(catalogue, e))
        if (strcmp(name, e->name) == 0 || strcmp(name, strchr(e->folder, '/') + 1) == 0 ||
            strcmp(name, e->folder) == 0)
            found = e;
    if (found != NULL)
        return found;
    for (const struct exercise_entry *e = exercise_first(catalogue); e != NULL;
         e = exercise_after(catalogue, e)) {
        near_try(&near, e->id, e->id);
        if (strlen(name) >= 3)
            near_try(&near, e->name, e->id);
    }
    near_join(&near, &names);
    if (names.length > 0)
        (void)runner_refuse(runner, _("There is no exercise %.40s. Did you mean %s?"), name,
                            buffer_text(&names));
    else
        (void)runner_refuse(runner, _("There is no exercise %.40s. make list names them all."),
                            name);
    buffer_free(&names);
    return NULL;
}

const struct exercise_entry *runner_next(const struct runner *runner,
                                         const struct progress *progress)
{
    const struct catalogue *catalogue = &runner->catalogue;
    const struct exercise_entry *gap = NULL, *next = NULL;

    for (const struct exercise_entry *e = exercise_first(catalogue); e != NULL;
         e = exercise_after(catalogue, e)) {
        bool passed = progress_exercise(progress, e->id).passed;
        if (passed)
            next = NULL; /* further on than that */
        else if (next == NULL)
            next = e;
        if (!passed && gap == NULL)
            gap = e;
    }
    return next != NULL ? next : gap;
}

const struct exercise_entry *runner_current(const struct runner *runner)
{
    struct progress progress;

    if (runner->exercise != NULL)
        return runner_exercise(runner, runner->exercise);
    runner_load_progress(runner, &progress);
    const struct exercise_entry *next = runner_next(runner, &progress);
    progress_free(&progress);
    if (next == NULL)
        (void)runner_refuse(runner, "%s",
                            _("Every exercise is passed. Name one to look at it again: E=1.2."));
    return next;
}

bool runner_all_passed(const struct runner *runner)
{
    struct progress progress;

    if (runner->exercise != NULL || exercise_first(&runner->catalogue) == NULL)
        return false;
    runner_load_progress(runner, &progress);
    bool all = runner_next(runner, &progress) == NULL;
    progress_free(&progress);
    return all;
}

bool runner_has_case(const struct runner *runner, const struct exercise_entry *exercise,
                     const char *name)
{
    struct case_entry *list;
    struct error error = {0};
    struct near near = {.typed = name};
    struct buffer names = {0};
    size_t count;
    bool found = false;

    if (cases_list(exercise, &list, &count, &error) == -1) {
        (void)runner_refuse(runner, _("The harness could not run: %s."), error.text);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        found = found || strcmp(list[i].name, name) == 0;
        near_try(&near, list[i].name, list[i].name);
    }
    if (near.count == 0) /* nothing is near: all of them, they are few */
        for (size_t i = 0; i < count; i++)
            (void)buffer_print(&names, "%s%s", i > 0 ? ", " : "", list[i].name);
    else
        near_join(&near, &names);
    if (!found && near.count > 0)
        (void)runner_refuse(runner, _("Exercise %s has no case %.40s. Did you mean %s?"),
                            exercise->id, name, buffer_text(&names));
    else if (!found)
        (void)runner_refuse(runner, _("Exercise %s has no case %.40s. Its cases: %s."),
                            exercise->id, name, buffer_text(&names));
    buffer_free(&names);
    cases_free(list, count);
    return found;
}

/* ---- progress -------------------------------------------------------------------------------- */

void runner_load_progress(const struct runner *runner, struct progress *progress)
{
    static bool told;
    struct error error = {0};

    if (progress_load(progress, &error) == -1 && !told) {
        told = true;
        (void)runner_refuse(runner, _("Your progress cannot be read: %s."), error.text);
    }
}

void runner_save_progress(const struct runner *runner, struct progress *progress)
{
    static bool told;
    struct error error = {0};

    if (progress_save(progress, &error) == -1 && !told) {
        told = true;
        (void)runner_refuse(runner, _("Your progress cannot be saved: %s. Everything else works."),
                            error.text);
    }
    progress_free(progress);
}

void runner_note(const struct runner *runner, const struct verdict *verdict)
{
    struct progress progress;
    const char *id = verdict->exercise->id;

    if (verdict->outcome != OUTCOME_JUDGED)
        return;
    runner_load_progress(runner, &progress);
    const struct exercise_progress before = progress_exercise(&progress, id);
    struct exercise_progress now = before;
    bool changed = false;
    if (verdict->whole) {
        now.points = verdict->points;
        now.earned = verdict->earned > before.earned ? verdict->earned : before.earned;
        now.passed = before.passed || verdict->passed;
        changed = now.points != before.points || now.earned != before.earned ||
                  now.passed != before.passed;
    }
    if (!verdict->starter && strcmp(before.digest, verdict->digest) != 0) {
        now.tries++;
        (void)snprintf(now.digest, sizeof now.digest, "%s", verdict->digest);
        changed = true;
    }
    if (!changed) {
        progress_free(&progress);
        return;
    }
    progress_set_exercise(&progress, id, &now);
    runner_save_progress(runner, &progress);
}

bool runner_open(const struct runner *runner, const struct exercise_entry *exercise)
{
    struct error error = {0};
    bool created;

    if (answer_open(exercise, &created, &error) == -1) {
        (void)runner_refuse(runner, _("Your answer cannot be opened: %s."), error.text);
        return false;
    }
    if (created)
        runner_say(runner, STYLE_PLAIN, _("Opened %s from its starter. The task is in %s."),
                   exercise->answer, exercise->readme);
    return true;
}
