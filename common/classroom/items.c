/* What was tested of a submission, case by case: what JUnit and the grading services ask for. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classroom/exports.h"
#include "workbook/files.h"
#include "workbook/screen.h"

/*
 * The share of total that falls to a part, when done of all came before it: shares are whole
 * hundredths and sum up to total exactly.
 */
static double share(double total, double done, double part, double all)
{
    long long before = (long long)(total * 100 * done / all + 0.5);
    long long after = (long long)(total * 100 * (done + part) / all + 0.5);

    return (double)(after - before) / 100;
}

static enum verdict_word verdict_of(const char *status)
{
    if (strcmp(status, "pass") == 0)
        return ITEM_PASSED;
    if (strcmp(status, "skipped") == 0)
        return ITEM_SKIPPED;
    return strcmp(status, "grader_error") == 0 ? ITEM_ERROR : ITEM_FAILED;
}

/* Points that a case may bring: none if it was skipped. */
static double points_of(const json_t *test)
{
    bool skipped = strcmp(result_text(test, "status"), "skipped") == 0;

    return skipped ? 0 : result_number(test, "points");
}

static void add_cases(struct items *items, const struct class_exercise *exercise,
                      const struct mark *mark, const json_t *cases)
{
    double earned = 0, points = 0, all_earned = 0, all_points = 0;
    size_t index;
    const json_t *test;

    json_array_foreach(cases, index, test)
    {
        all_earned += result_number(test, "earned");
        all_points += points_of(test);
    }
    json_array_foreach(cases, index, test)
    {
        bool last = index + 1 == json_array_size(cases);
        double part = result_number(test, "earned"), whole = points_of(test);
        struct item item = {
            .exercise = exercise,
            .mark = mark,
            .name = result_text(test, "case"),
            .status = result_text(test, "status"),
            .title = result_text(test, "title"),
            .cause = result_text(test, "cause"),
            .details = "",
            .hidden = json_is_true(json_object_get(test, "hidden")),
        };
        item.verdict = verdict_of(item.status);
        /* Cases without points, as in 1.0, may still have a mark by the policy. */
        item.score = all_earned > 0 ? share(mark->earned, earned, part, all_earned)
                     : last         ? mark->earned
                                    : 0;
        item.points = all_points > 0 ? share(exercise->points, points, whole, all_points)
                      : last         ? exercise->points
                                     : 0;
        earned += part;
        points += whole;
        items->list[items->count++] = item;
    }
}

static const char *state_sentence(const char *state)
{
    if (strcmp(state, "not-compiled") == 0)
        return _("The program does not compile.");
    if (strcmp(state, "not-submitted") == 0)
        return _("Nothing was handed in for this exercise.");
    if (strcmp(state, "unusable") == 0)
        return _("The file cannot be used.");
    if (strcmp(state, "refused") == 0)
        return _("The file uses more than the exercise allows.");
    return "";
}

/* The exercise as a whole: nothing of it was run. */
static void add_whole(struct items *items, const struct class_exercise *exercise,
                      const struct mark *mark)
{
    const char *why = result_text(mark->exercise, "why");
    struct item item = {
        .exercise = exercise,
        .mark = mark,
        .name = "",
        .status = mark->state,
        .title = "",
        .cause = *why != '\0' ? why : state_sentence(mark->state),
        .details = result_text(mark->exercise, "messages"),
        .score = mark->earned,
        .points = exercise->points,
    };

    if (!mark->known) {
        item.verdict = ITEM_ERROR;
        item.status = "grader_error";
        if (*why == '\0')
            item.cause = _("The grader failed on this exercise.");
    } else if (strcmp(mark->state, "not-submitted") == 0) {
        item.verdict = ITEM_SKIPPED;
    } else {
        item.verdict = mark->passed ? ITEM_PASSED : ITEM_FAILED;
    }
    items->list[items->count++] = item;
}

int items_of(const struct class *class, const struct class_submission *submission,
             struct items *items)
{
    size_t most = 0;

    for (size_t i = 0; i < class->exercise_count; i++)
        most += 1 + json_array_size(json_object_get(submission->marks[i].exercise, "cases"));
    *items = (struct items){.list = calloc(most + 1, sizeof *items->list)};
    if (items->list == NULL)
        return -1;
    for (size_t i = 0; i < class->exercise_count; i++) {
        const struct mark *mark = &submission->marks[i];
        const json_t *cases = json_object_get(mark->exercise, "cases");
        bool run = strcmp(mark->state, "judged") == 0 || !mark->known;
        if (run && json_array_size(cases) > 0)
            add_cases(items, &class->exercises[i], mark, cases);
        else
            add_whole(items, &class->exercises[i], mark);
    }
    return 0;
}

void items_free(struct items *items)
{
    free(items->list);
    *items = (struct items){0};
}

int report_write(const char *out, const char *folder, const char *name, const struct buffer *text,
                 struct error *error)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s%s%s", out, folder != NULL ? folder : "",
                 folder != NULL ? "/" : "", name) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return error_set_errno(error, "%.100s", name);
    }
    if (folder_make_for(path, error) == -1)
        return -1;
    return file_write(path, buffer_text(text), text->length, true, error);
}
