/* play: the other end of one case, held open while the learner runs the program by hand. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "workbook/answer.h"
#include "workbook/files.h"
#include "workbook/hand.h"
#include "workbook/report.h"
#include "workbook/runner.h"

/* What the program to be played with is made from. Returns 0 or an exit status. */
static int build(const struct runner *runner, const struct exercise_entry *exercise,
                 const char *program)
{
    struct verdict verdict;
    struct judge_plan plan = {
        .exercise = exercise, .source = exercise->answer, .program = program, .compile_only = true};

    judge_now(&plan, &verdict);
    int status = verdict.outcome == OUTCOME_JUDGED ? 0 : report_status(&verdict);
    if (status != 0)
        report_print(&runner->out, &verdict, &(struct report_view){.one = true});
    verdict_free(&verdict);
    return status;
}

/* Runs the cases with a folder of their own, which goes away with what Ctrl-C left in it. */
static int play_in_scratch(const char *const *arguments, struct error *error)
{
    const char *temporary = getenv("TMPDIR");
    char *before = temporary != NULL ? strdup(temporary) : NULL, scratch[SCRATCH_SIZE];
    int status = -1, ending = 0;

    if (scratch_make(scratch, error) == 0 && setenv("TMPDIR", scratch, 1) == 0)
        status = hand_over(arguments, &ending, error);
    scratch_remove(scratch);
    if (before != NULL)
        (void)setenv("TMPDIR", before, 1); /* it was set before, so there is room for it */
    else
        (void)unsetenv("TMPDIR");
    free(before);
    if (ending != 0)
        (void)raise(ending); /* meant for us */
    return status;
}

int play_case(const struct runner *runner, const struct exercise_entry *exercise,
              const char *case_name)
{
    const char *arguments[10] = {exercise->cases, "--program", NULL, "--play", case_name};
    struct error error = {0};
    char *program = judge_program(exercise);

    if (program == NULL)
        return runner_refuse(runner, "%s", _("There is no memory left."));
    int status = build(runner, exercise, program);
    if (status == 0) {
        arguments[2] = program;
        if (runner->seed != NULL) {
            arguments[5] = "--seed";
            arguments[6] = runner->seed;
        }
        (void)fflush(stdout); /* what was said so far comes first */
        status = play_in_scratch(arguments, &error);
        if (status == -1)
            status = runner_refuse(runner, _("The harness could not run: %s."), error.text);
        else if (status == 128 + SIGINT || status == 128 + SIGTERM)
            status = 0; /* Ctrl-C is how playing ends */
    }
    free(program);
    return status;
}

/* The cases to choose from, when none was named. */
static int name_cases(const struct runner *runner, const struct exercise_entry *exercise)
{
    struct case_entry *list;
    struct error error = {0};
    size_t count;

    if (cases_list(exercise, &list, &count, &error) == -1)
        return runner_refuse(runner, _("The harness could not run: %s."), error.text);
    (void)runner_refuse(runner, _("Which case? make play E=%s CASE=name, where name is one of:"),
                        exercise->id);
    for (size_t i = 0; i < count; i++)
        screen_item(&runner->err, STYLE_PLAIN, 4, "  ", list[i].name);
    cases_free(list, count);
    return 2;
}

int command_play(struct runner *runner)
{
    const struct exercise_entry *exercise = runner_current(runner);

    if (exercise == NULL)
        return 2;
    if (runner->case_name == NULL)
        return name_cases(runner, exercise);
    if (!runner_open(runner, exercise) || !runner_has_case(runner, exercise, runner->case_name))
        return 2;
    return play_case(runner, exercise, runner->case_name);
}
