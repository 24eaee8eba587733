/* check: verdicts once. */
#include <stdlib.h>
#include <unistd.h>

#include "workbook/answer.h"
#include "workbook/report.h"
#include "workbook/runner.h"

enum { STORIES_SHOWN = 3 };

static int judge_one(const struct runner *runner, const struct exercise_entry *exercise,
                     struct verdict *verdict)
{
    char *program = judge_program(exercise);
    struct judge_plan plan = {
        .exercise = exercise,
        .source = exercise->answer,
        .program = program,
        .case_name = runner->case_name,
        .seed = runner->seed,
        .columns = runner->out.columns,
    };

    if (program == NULL)
        return runner_refuse(runner, "%s", _("There is no memory left."));
    judge_now(&plan, verdict);
    free(program);
    return 0;
}

static void put_end(const struct runner *runner, const struct verdict *verdict)
{
    const struct exercise_entry *exercise = verdict->exercise;
    struct progress progress;

    if (verdict->outcome != OUTCOME_JUDGED || !verdict->passed || !verdict->whole)
        return;
    runner_load_progress(runner, &progress);
    const struct exercise_entry *next = runner_next(runner, &progress);
    progress_free(&progress);
    (void)fputc('\n', runner->out.out);
    runner_say(runner, STYLE_GOOD, _("Every case passes."));
    if (verdict->starter)
        runner_say(runner, STYLE_PLAIN, _("It is the starter as it came. What to do with it: %s"),
                   exercise->readme);
    else if (answer_exists(exercise) && access(exercise->solution, R_OK) == 0)
        runner_say(runner, STYLE_PLAIN, _("Compare it with ours: make diff E=%s"), exercise->id);
    if (next != NULL)
        runner_say(runner, STYLE_PLAIN, _("Next: exercise %s, %s: make check E=%s"), next->id,
                   next->title, next->id);
    else
        runner_say(runner, STYLE_PLAIN, "%s",
                   _("Every exercise is passed. Next: make shows what is left."));
}

static int check_one(struct runner *runner)
{
    const struct exercise_entry *exercise = runner_exercise(runner, runner->exercise);
    struct verdict verdict = {0};

    if (exercise == NULL || !runner_open(runner, exercise))
        return 2;
    if (runner->case_name != NULL && !runner_has_case(runner, exercise, runner->case_name))
        return 2;
    if (judge_one(runner, exercise, &verdict) != 0)
        return 2;
    runner_note(runner, &verdict);
    report_print(&runner->out, &verdict,
                 &(struct report_view){.most = runner->all ? 0 : STORIES_SHOWN});
    put_end(runner, &verdict);
    int status = report_status(&verdict);
    verdict_free(&verdict);
    return status;
}

static int check_all(struct runner *runner)
{
    const struct catalogue *catalogue = &runner->catalogue;
    int worst = 0, count = 0;

    for (const struct exercise_entry *e = exercise_first(catalogue); e != NULL;
         e = exercise_after(catalogue, e)) {
        struct verdict verdict;
        if (!answer_exists(e))
            continue;
        if (judge_one(runner, e, &verdict) != 0)
            return 2;
        runner_note(runner, &verdict);
        report_line(&runner->out, &verdict);
        (void)fflush(stdout); /* each as it comes; finish() reports a failure */
        int status = report_status(&verdict);
        worst = status > worst ? status : worst;
        verdict_free(&verdict);
        count++;
    }
    if (count == 0)
        return runner_refuse(runner, "%s",
                             _("No exercise is open yet. make check E=1.0 opens the first one."));
    return worst;
}

int command_check(struct runner *runner)
{
    if (runner->exercise == NULL && runner->case_name != NULL)
        return runner_refuse(runner, "%s",
                             _("CASE= needs to know the exercise as well: make check E=1.2 "
                               "CASE=name"));
    return runner->exercise != NULL ? check_one(runner) : check_all(runner);
}
