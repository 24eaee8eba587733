/* grade: points for the learner's own work, under a seed that nobody could know beforehand. */
#include <stdlib.h>
#include <string.h>

#include "workbook/answer.h"
#include "workbook/report.h"
#include "workbook/runner.h"

struct mark {
    const struct exercise_entry *exercise;
    const char *state; /* as in the JSON */
    char *program;
    int earned, points;
    bool opened, passed;
    struct verdict verdict;
};

struct grading {
    struct mark *marks;
    struct judge_plan *plans;
    size_t *marks_of_plans; /* which mark a plan is for */
    size_t count, opened;
    bool faults;
};

static const char *state_of(const struct verdict *verdict)
{
    static const char *const names[] = {
        [OUTCOME_JUDGED] = "judged",
        [OUTCOME_REFUSED] = "refused",
        [OUTCOME_UNCOMPILED] = "not-compiled",
        [OUTCOME_UNUSABLE] = "unusable",
        [OUTCOME_FAULT] = "fault",
        [OUTCOME_CANCELLED] = "fault",
    };
    return names[verdict->outcome];
}

static void on_graded(size_t index, struct verdict *verdict, void *data)
{
    struct grading *grading = data;
    struct mark *mark = &grading->marks[grading->marks_of_plans[index]];

    mark->state = state_of(verdict);
    mark->earned = verdict->outcome == OUTCOME_JUDGED ? verdict->earned : 0;
    mark->passed = verdict->outcome == OUTCOME_JUDGED && verdict->passed;
    if (verdict->outcome == OUTCOME_JUDGED)
        mark->points = verdict->points;
    grading->faults = grading->faults || strcmp(mark->state, "fault") == 0;
    mark->verdict = *verdict;
    *verdict = (struct verdict){0};
}

/* All points of an exercise, judged or not. */
static int count_points(const struct runner *runner, struct mark *mark)
{
    struct case_entry *list;
    struct error error = {0};
    size_t count;

    if (cases_list(mark->exercise, &list, &count, &error) == -1)
        return runner_refuse(runner, _("The harness could not run: %s."), error.text);
    for (size_t i = 0; i < count; i++)
        mark->points += list[i].points;
    cases_free(list, count);
    return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

static void put_mark(const struct screen *screen, const struct mark *mark)
{
    char lead[32], right[120];
    const char *remark = "";

    (void)snprintf(lead, sizeof lead, "  %-6s", mark->exercise->id);
    if (!mark->opened)
        remark = _("not opened");
    else if (strcmp(mark->state, "refused") == 0)
        remark = _("more than is allowed");
    else if (strcmp(mark->state, "not-compiled") == 0)
        remark = _("does not compile");
    else if (strcmp(mark->state, "unusable") == 0)
        remark = _("cannot be read");
    else if (strcmp(mark->state, "fault") == 0)
        remark = _("could not be judged");
    else if (mark->points == 0)
        remark = mark->passed ? _("passed") : _("not passed");
    if (mark->points > 0)
        (void)snprintf(right, sizeof right, "%s%s%d/%d", remark, *remark != '\0' ? "  " : "",
                       mark->earned, mark->points);
    else
        (void)snprintf(right, sizeof right, "%s", remark);
    screen_row(screen, mark->passed ? STYLE_GOOD : STYLE_KEY, lead, mark->exercise->title, right);
}

static void put_sum(const struct screen *screen, const char *name, int earned, int points)
{
    char right[40];

    (void)snprintf(right, sizeof right, "%d/%d", earned, points);
    screen_row(screen, STYLE_TITLE, name, "", right);
}

static void put_table(const struct runner *runner, const struct grading *grading, const char *seed)
{
    const struct screen *screen = &runner->out;
    int earned = 0, points = 0, chapter_earned = 0, chapter_points = 0;
    char name[200];

    runner_say(runner, STYLE_PLAIN, _("Graded with seed %s; SEED=%s repeats it."), seed, seed);
    (void)fputc('\n', screen->out);
    for (size_t i = 0; i < grading->count; i++) {
        const struct mark *mark = &grading->marks[i];
        put_mark(screen, mark);
        chapter_earned += mark->earned;
        chapter_points += mark->points;
        if (i + 1 < grading->count && mark[1].exercise->chapter == mark->exercise->chapter)
            continue;
        const struct chapter_entry *chapter =
            catalogue_chapter(&runner->catalogue, mark->exercise->chapter);
        (void)snprintf(name, sizeof name, _("Chapter %d, %s"), chapter->number, chapter->title);
        put_sum(screen, name, chapter_earned, chapter_points);
        (void)fputc('\n', screen->out);
        earned += chapter_earned;
        points += chapter_points;
        chapter_earned = chapter_points = 0;
    }
    put_sum(screen, _("Total"), earned, points);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *mark_json(const struct mark *mark)
{
    json_t *cases = json_array();
    const struct tap *tap = &mark->verdict.tap;

    for (size_t i = 0; i < tap->count; i++)
        (void)json_array_append_new(
            cases,
            json_pack("{s:s, s:s, s:i, s:i}", "case", tap->cases[i].name, "status",
                      tap->cases[i].skip != NULL ? "skipped" : tap_text(&tap->cases[i], "status"),
                      "earned",
                      tap->cases[i].ok && tap->cases[i].skip == NULL
                          ? tap_number(&tap->cases[i], "points")
                          : 0,
                      "points", tap_number(&tap->cases[i], "points")));
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:s, s:o}", "exercise",
                     mark->exercise->id, "name", mark->exercise->name, "title",
                     mark->exercise->title, "state", mark->state, "passed", mark->passed, "earned",
                     mark->earned, "points", mark->points, "why", mark->verdict.why.text, "cases",
                     cases);
}

static int put_json(const struct runner *runner, const struct grading *grading, const char *seed)
{
    json_t *chapters = json_array(), *exercises = json_array();
    int earned = 0, points = 0, chapter_earned = 0, chapter_points = 0;

    for (size_t i = 0; i < grading->count; i++) {
        const struct mark *mark = &grading->marks[i];
        (void)json_array_append_new(exercises, mark_json(mark));
        chapter_earned += mark->earned;
        chapter_points += mark->points;
        if (i + 1 < grading->count && mark[1].exercise->chapter == mark->exercise->chapter)
            continue;
        const struct chapter_entry *chapter =
            catalogue_chapter(&runner->catalogue, mark->exercise->chapter);
        (void)json_array_append_new(chapters, json_pack("{s:i, s:s, s:i, s:i, s:o}", "chapter",
                                                        chapter->number, "title", chapter->title,
                                                        "earned", chapter_earned, "points",
                                                        chapter_points, "exercises", exercises));
        exercises = json_array();
        earned += chapter_earned;
        points += chapter_points;
        chapter_earned = chapter_points = 0;
    }
    json_decref(exercises);
    json_t *all = json_pack("{s:i, s:i, s:i, s:o}", "seed", (int)strtol(seed, NULL, 10), "earned",
                            earned, "points", points, "chapters", chapters);
    int result = all == NULL ? -1 : json_dumpf(all, runner->out.out, JSON_INDENT(2));
    (void)fputc('\n', runner->out.out);
    json_decref(all);
    return result == 0 ? 0 : runner_refuse(runner, "%s", _("There is no memory left."));
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int prepare(const struct runner *runner, struct grading *grading, const char *seed)
{
    for (const struct exercise_entry *e = exercise_first(&runner->catalogue); e != NULL;
         e = exercise_after(&runner->catalogue, e))
        grading->count++;
    grading->marks = calloc(grading->count + 1, sizeof *grading->marks);
    grading->plans = calloc(grading->count + 1, sizeof *grading->plans);
    grading->marks_of_plans = calloc(grading->count + 1, sizeof *grading->marks_of_plans);
    if (grading->marks == NULL || grading->plans == NULL || grading->marks_of_plans == NULL)
        return runner_refuse(runner, "%s", _("There is no memory left."));
    const struct exercise_entry *e = exercise_first(&runner->catalogue);
    for (size_t i = 0; i < grading->count; i++, e = exercise_after(&runner->catalogue, e)) {
        struct mark *mark = &grading->marks[i];
        *mark = (struct mark){.exercise = e, .state = "not-opened", .opened = answer_exists(e)};
        mark->program = judge_program(e);
        if (mark->program == NULL || count_points(runner, mark) != 0)
            return 2;
        if (!mark->opened)
            continue;
        grading->marks_of_plans[grading->opened] = i;
        grading->plans[grading->opened++] = (struct judge_plan){
            .exercise = e, .source = e->answer, .program = mark->program, .seed = seed};
    }
    return 0;
}

static void grading_free(struct grading *grading)
{
    for (size_t i = 0; grading->marks != NULL && i < grading->count; i++) {
        verdict_free(&grading->marks[i].verdict);
        free(grading->marks[i].program);
    }
    free(grading->marks);
    free(grading->plans);
    free(grading->marks_of_plans);
}

int command_grade(struct runner *runner)
{
    struct grading grading = {0};
    struct error error = {0};
    char fresh[16];
    const char *seed = runner->seed;

    if (seed == NULL) {
        seed_fresh(fresh);
        seed = fresh;
    }
    int status = prepare(runner, &grading, seed);
    if (status == 0 && grading.opened > 0 &&
        judge_many(grading.plans, grading.opened, 1, on_graded, &grading, &error) == -1)
        status = runner_refuse(runner, _("The harness could not run: %s."), error.text);
    for (size_t i = 0; status == 0 && i < grading.opened; i++)
        runner_note(runner, &grading.marks[grading.marks_of_plans[i]].verdict);
    if (status == 0 && runner->json)
        status = put_json(runner, &grading, seed);
    else if (status == 0)
        put_table(runner, &grading, seed);
    if (status == 0 && grading.faults)
        status = runner_refuse(runner, "%s",
                               _("The harness could not judge everything; that is not your "
                                 "program's fault. make doctor looks for the cause."));
    grading_free(&grading);
    return status;
}
