#include "classroom/one.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "classroom/apart.h"
#include "classroom/hidden.h"
#include "classroom/result.h"
#include "classroom/run.h"
#include "classroom/stage.h"
#include "workbook/runner.h"

enum { PROGRAM_SIZE = 512 };

/* An exercise of the submission, with what judging it needs. */
struct task {
    struct grading grading;
    char program[PROGRAM_SIZE];
    char *own_cases;                /* built from the teacher's own cases.c; NULL: there are none */
    struct exercise_entry with_own; /* the exercise, judged by those */
};

struct one {
    const struct one_options *options;
    struct submission submission;
    struct isolation isolation;
    struct apart apart;
    struct stage stage;
    struct judge_box box;
    struct run run;
    char seed[16];
    struct task *tasks;
    size_t count;
    int alone; /* OUT/.alone, locked by whoever grades: shared, or for itself alone */
};

/* ---- what there is to judge ------------------------------------------------------------------ */

/* Adds the points of all cases of a program, run or not. */
static int add_points(char *table, char *cases, int *points, struct error *error)
{
    const struct exercise_entry entry = {.table = table, .cases = cases};
    struct case_entry *list;
    size_t count;

    if (cases_list(&entry, &list, &count, error) == -1)
        return -1;
    for (size_t i = 0; i < count; i++)
        *points += list[i].points;
    cases_free(list, count);
    return 0;
}

static int add_task(struct one *one, const struct exercise_entry *exercise, struct error *error)
{
    struct task *task = &one->tasks[one->count++];
    struct buffer source = {0};
    char copy[PATH_MAX];

    task->grading = (struct grading){.exercise = exercise};
    (void)snprintf(task->program, sizeof task->program, "build/answers/%s/%s", exercise->folder,
                   exercise->name);
    if (hidden_find(one->options->policy, exercise, one->options->out, &task->own_cases, error) ==
        -1)
        return -1;
    task->grading.has_hidden = task->own_cases != NULL;
    if (add_points(exercise->table, exercise->cases, &task->grading.points, error) == -1 ||
        (task->own_cases != NULL &&
         add_points(task->own_cases, task->own_cases, &task->grading.points, error) == -1))
        return -1;
    if (apart_file(&one->apart, exercise->id, &task->grading.path, &task->grading.sha256,
                   &source) == -1) {
        task->grading.path = task->grading.sha256 = NULL;
        task->grading.unusable = apart_unusable(&one->apart, exercise->id);
        return 0;
    }
    (void)snprintf(copy, sizeof copy, "%s/results/%s/files/%s/%s.c", one->options->out,
                   one->submission.name, exercise->folder, exercise->name);
    int result = stage_add(&one->stage, exercise, exercise->cases, &source, error);
    if (result == 0 && task->own_cases != NULL) {
        task->with_own = *exercise;
        result = asprintf(&task->with_own.cases, "build/exercises/%s/hidden/cases",
                          exercise->folder) == -1
                     ? error_set(error, "%s", _("There is no memory left."))
                     : stage_copy(&one->stage, task->own_cases, task->with_own.cases, error);
    }
    if (result == 0 && (folder_make_for(copy, error) == -1 ||
                        file_write(copy, buffer_text(&source), source.length, true, error) == -1))
        result = -1;
    buffer_free(&source);
    return result;
}

static int add_tasks(struct one *one, struct error *error)
{
    const struct catalogue *catalogue = one->options->catalogue;
    size_t count = 0;

    for (size_t i = 0; i < catalogue->chapter_count; i++)
        count += catalogue->chapters[i].exercise_count;
    one->tasks = calloc(count + 1, sizeof *one->tasks);
    if (one->tasks == NULL)
        return error_set(error, "%s", _("There is no memory left."));
    for (const struct exercise_entry *e = exercise_first(catalogue); e != NULL;
         e = exercise_after(catalogue, e))
        if (!policy_leaves_out(one->options->policy, e->id) && add_task(one, e, error) == -1)
            return -1;
    return 0;
}

/* ---- judging --------------------------------------------------------------------------------- */

static struct judge_plan plan_for(const struct one *one, struct task *task, bool own)
{
    const struct exercise_entry *exercise = own ? &task->with_own : task->grading.exercise;

    return (struct judge_plan){
        .exercise = exercise,
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): every task has an exercise */
        .source = exercise->answer,
        .program = task->program,
        .seed = one->seed,
        .box = &one->box,
    };
}

static void on_judged(size_t index, struct verdict *verdict, void *data)
{
    struct verdict *const *where = data;

    verdict_free(where[index]);
    *where[index] = *verdict;
    *verdict = (struct verdict){0};
}

/* Judges what was handed in, by the cases everyone has or by the teacher's own. */
static int judge_all(struct one *one, bool own, struct error *error)
{
    struct judge_plan *plans = calloc(one->count + 1, sizeof *plans);
    struct verdict **where = calloc(one->count + 1, sizeof(struct verdict *)); /* each goes */
    size_t count = 0;
    int result = 0;

    if (plans == NULL || where == NULL)
        result = error_set(error, "%s", _("There is no memory left."));
    for (size_t i = 0; result == 0 && i < one->count; i++) {
        struct task *task = &one->tasks[i];
        if (task->grading.path == NULL || (own && !task->grading.has_hidden) ||
            (own && task->grading.verdict.outcome != OUTCOME_JUDGED))
            continue;
        where[count] = own ? &task->grading.hidden : &task->grading.verdict;
        plans[count++] = plan_for(one, task, own);
    }
    if (result == 0 && count > 0)
        result = judge_many(plans, count, 1, on_judged, where, error);
    free(plans);
    free(where);
    return result;
}

/* ---- once more, with nobody beside it -------------------------------------------------------- */

/* Puts a case that was judged again in the place of what was found first. */
static void replace_case(struct verdict *verdict, struct tap_case *old, struct verdict *again)
{
    struct tap_case kept = *old;

    *old = again->tap.cases[0];
    again->tap.cases[0] = kept; /* which is freed with it */
    tap_points(&verdict->tap, &verdict->earned, &verdict->points);
    verdict->passed = true;
    for (size_t i = 0; i < verdict->tap.count; i++)
        verdict->passed = verdict->passed && verdict->tap.cases[i].ok;
}

/* Waits for a lock; without one it is merely less alone. */
static void await_lock(const struct one *one, int how)
{
    const struct timespec pause = {.tv_nsec = 50000000}; /* flock() would not see a signal */
    sigset_t ending;
    int number;

    signals_of_end(&ending);
    while (flock(one->alone, how | LOCK_NB) == -1 && errno == EWOULDBLOCK)
        if ((number = sigtimedwait(&ending, NULL, &pause)) > 0)
            judge_end_by(number);
}

/*
 * Cases whose time was over when the program could still run: the machine may have been too busy.
 * Once that was not the reason, the others count as they are.
 */
static void retry_cases(struct one *one, struct task *task, bool own)
{
    struct verdict *verdict = own ? &task->grading.hidden : &task->grading.verdict;

    for (size_t i = 0; verdict->outcome == OUTCOME_JUDGED && i < verdict->tap.count; i++) {
        struct tap_case *test = &verdict->tap.cases[i];
        struct judge_plan plan = plan_for(one, task, own);
        struct verdict again;
        if (!json_is_true(json_object_get(test->facts, "able")))
            continue;
        await_lock(one, LOCK_EX);
        if (task->grading.retried == NULL)
            task->grading.retried = json_array();
        (void)json_array_append_new(task->grading.retried, json_string(test->name));
        plan.case_name = test->name;
        judge_now(&plan, &again);
        bool late = again.outcome == OUTCOME_JUDGED && again.tap.count == 1 &&
                    json_is_true(json_object_get(again.tap.cases[0].facts, "able"));
        if (again.outcome == OUTCOME_JUDGED && again.tap.count == 1)
            replace_case(verdict, test, &again);
        verdict_free(&again);
        if (late)
            return;
    }
}

/* What the grader failed at: once more, whole. */
static void retry_fault(struct one *one, struct task *task, bool own)
{
    struct verdict *verdict = own ? &task->grading.hidden : &task->grading.verdict, again;
    struct judge_plan plan = plan_for(one, task, own);

    if (task->grading.path == NULL || verdict->outcome != OUTCOME_FAULT)
        return;
    await_lock(one, LOCK_EX);
    judge_now(&plan, &again);
    verdict_free(verdict);
    *verdict = again;
}

static int judge(struct one *one, struct error *error)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/.alone", one->options->out);
    one->alone = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (one->alone == -1)
        return error_set_errno(error, "%s", path);
    await_lock(one, LOCK_SH);
    int result = judge_all(one, false, error) == 0 && judge_all(one, true, error) == 0 ? 0 : -1;
    for (size_t i = 0; result == 0 && i < one->count; i++)
        for (int own = 0; own < 2; own++) {
            struct task *task = &one->tasks[i];
            if (own == 1 &&
                (!task->grading.has_hidden || task->grading.verdict.outcome != OUTCOME_JUDGED))
                continue;
            retry_fault(one, task, own == 1);
            retry_cases(one, task, own == 1);
        }
    (void)close(one->alone); /* nothing was written to it */
    return result;
}

/* ---- the result ------------------------------------------------------------------------------ */

static int write_result(const struct one_options *options, const char *name, const json_t *root,
                        struct error *error)
{
    char path[PATH_MAX];
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    int result = -1;

    if (text == NULL)
        (void)error_set(error, "%s", _("There is no memory left."));
    else if (snprintf(path, sizeof path, "%s/results/%s/result.json", options->out, name) >=
             (int)sizeof path)
        (void)error_set(error, _("%.100s… is too long a name"), name);
    else if (folder_make_for(path, error) == 0)
        result = file_write(path, text, strlen(text), true, error);
    free(text);
    return result;
}

static const char *status_of(const struct one *one)
{
    if (*apart_why(&one->apart) != '\0')
        return "not_gradable";
    for (size_t i = 0; i < one->count; i++)
        if (one->tasks[i].grading.path != NULL || one->tasks[i].grading.unusable != NULL)
            return "graded";
    return "empty";
}

static int conclude(const struct one *one, double seconds, struct one_result *result,
                    struct error *error)
{
    const char *status = status_of(one);
    char moment[32];
    const char *nothing = json_array_size(json_object_get(one->apart.facts, "refused")) > 0
                              ? ""
                              : _("There is no exercise's file in it.");
    json_t *root = result_begin(&one->submission, &one->isolation,
                                run_seed(&one->run, one->submission.student), status,
                                strcmp(status, "empty") == 0 ? nothing : apart_why(&one->apart));
    json_t *list = json_object_get(root, "exercises");

    for (size_t i = 0; i < one->count; i++)
        (void)json_array_append_new(list, result_exercise(&one->tasks[i].grading));
    (void)json_object_set_new(root, "refused", apart_refused(&one->apart));
    (void)json_object_set_new(root, "submitted",
                              json_string(moment_stamp(apart_submitted(&one->apart), moment)));
    (void)json_object_set_new(root, "seconds", json_real(seconds));
    result_sum(root);
    const char *why = json_string_value(json_object_get(root, "why"));
    (void)error_set(&result->why, "%s", why == NULL ? "" : why);
    result->status = strcmp(json_string_value(json_object_get(root, "status")), status) == 0
                         ? status
                         : "grader_error";
    result->earned = (int)json_integer_value(json_object_get(root, "earned"));
    result->points = (int)json_integer_value(json_object_get(root, "points"));
    int written = write_result(one->options, one->submission.name, root, error);
    json_decref(root);
    result->name = written == 0 ? strdup(one->submission.name) : NULL;
    return written;
}

static void one_free(struct one *one)
{
    for (size_t i = 0; one->tasks != NULL && i < one->count; i++) {
        struct task *task = &one->tasks[i];
        verdict_free(&task->grading.verdict);
        verdict_free(&task->grading.hidden);
        json_decref(task->grading.retried);
        if (task->own_cases != NULL)
            free(task->with_own.cases);
        free(task->own_cases);
    }
    free(one->tasks);
    if (one->stage.folder[0] != '\0')
        stage_remove(&one->stage);
    apart_free(&one->apart);
    isolation_end(&one->isolation);
    submission_free(&one->submission);
}

/* What has to be there before anything is judged. */
static int prepare(struct one *one, struct error *error)
{
    const struct one_options *options = one->options;

    if (submission_find(options->path, &one->submission, error) == -1)
        return -1;
    struct buffer version = {0};
    int compiles = compiler_version(&version, error);
    buffer_free(&version);
    if (compiles == -1)
        return -1;
    if (run_settle(options->out, options->seed, options->seed_per_student, "", &one->run, error) ==
        -1)
        return -1;
    (void)snprintf(one->seed, sizeof one->seed, "%u", run_seed(&one->run, one->submission.student));
    int found = options->found != NULL ? isolation_take(&one->isolation, options->found, error)
                                       : isolation_find(&one->isolation, options->level, error);
    if (found == -1 || isolation_begin(&one->isolation, error) == -1)
        return -1;
    unsigned user = one->isolation.user;
    if (apart_read(&one->submission, user, options->catalogue, &one->apart, error) == -1 ||
        stage_make(&one->stage, user, error) == -1)
        return -1;
    one->box = (struct judge_box){
        .level = one->isolation.level,
        .stage = one->stage.folder,
        .groups = one->isolation.level == BOX_A ? groups_text(&one->isolation.groups) : NULL,
        .user = user,
        .side_by_side = options->side_by_side};
    return add_tasks(one, error);
}

static struct isolation *held; /* what a signal must not leave behind */

static void leave(void)
{
    isolation_end(held);
}

int one_grade(const struct one_options *options, struct one_result *result, struct error *error)
{
    struct one one = {.options = options};
    struct timespec began, ended;
    sigset_t ending, before;

    held = &one.isolation;
    signals_of_end(&ending);
    (void)sigprocmask(SIG_BLOCK, &ending, &before);
    judge_before_end(leave);

    (void)clock_gettime(CLOCK_MONOTONIC, &began); /* cannot fail */
    int outcome = prepare(&one, error) == 0 && judge(&one, error) == 0 ? 0 : -1;
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    if (outcome == 0)
        outcome = conclude(&one,
                           (double)(ended.tv_sec - began.tv_sec) +
                               (double)(ended.tv_nsec - began.tv_nsec) / 1e9,
                           result, error);
    one_free(&one);
    judge_before_end(NULL);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return outcome;
}

int one_failed(const struct one_options *options, const char *why, struct error *error)
{
    struct isolation isolation = {.level = BOX_C};
    struct submission submission;
    struct run run;

    if (run_settle(options->out, NULL, false, "", &run, error) == -1 ||
        submission_find(options->path, &submission, error) == -1)
        return -1;
    json_t *root = result_begin(&submission, &isolation, run_seed(&run, submission.student),
                                "grader_error", why);
    int written = write_result(options, submission.name, root, error);
    json_decref(root);
    submission_free(&submission);
    return written;
}
