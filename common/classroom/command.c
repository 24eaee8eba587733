#include "classroom/command.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "classroom/class.h"
#include "classroom/collect.h"
#include "classroom/hidden.h"
#include "classroom/isolation.h"
#include "classroom/one.h"
#include "core/number.h"
#include "workbook/judge.h"
#include "workbook/process.h"

struct wishes {
    const char *seed, *policy, *roster, *level;
    const char *found; /* from `grade class`: nobody else types it */
    char policy_room[PATH_MAX], roster_room[PATH_MAX];
    bool seed_per_student;
    int jobs;
};

/* A path that was typed, as it is called from the workbook's folder: room has it if it differs. */
static const char *path_typed(const struct runner *runner, const char *path, char room[PATH_MAX])
{
    if (runner->typed_in[0] == '\0' || path[0] == '/' ||
        snprintf(room, PATH_MAX, "%s/%s", runner->typed_in, path) >= PATH_MAX)
        return path;
    return room;
}

/* Reads the options. Returns how many words they took, or -1 with a sentence printed. */
static int read_wishes(const struct runner *runner, struct wishes *wishes)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},       {"policy", required_argument, NULL, 'p'},
        {"roster", required_argument, NULL, 'r'},     {"isolation", required_argument, NULL, 'i'},
        {"found", required_argument, NULL, 'f'},      {"jobs", required_argument, NULL, 'j'},
        {"seed-per-student", no_argument, NULL, 'e'}, {NULL, 0, NULL, 0},
    };
    int option;
    long number;

    *wishes = (struct wishes){.jobs = processors()};
    opterr = 0; /* the sentence is ours */
    while ((option = getopt_long((int)runner->file_count, runner->files, "", known, NULL)) != -1) {
        if (option == 's' && number_parse(optarg, 0, INT_MAX, &number))
            wishes->seed = optarg;
        else if (option == 'p')
            wishes->policy = path_typed(runner, optarg, wishes->policy_room);
        else if (option == 'r')
            wishes->roster = path_typed(runner, optarg, wishes->roster_room);
        else if (option == 'i')
            wishes->level = optarg;
        else if (option == 'f')
            wishes->found = optarg;
        else if (option == 'e')
            wishes->seed_per_student = true;
        else if (option == 'j' && number_parse(optarg, 1, 64, &number))
            wishes->jobs = (int)number;
        else {
            (void)runner_refuse(
                runner,
                _("What is %.60s? --seed takes a number from 0 to %d, --jobs one from 1 "
                  "to 64; the others are --policy FILE, --roster FILE, --isolation A|B|C "
                  "and --seed-per-student."),
                option == '?' ? runner->files[optind - 1] : optarg, INT_MAX);
            return -1;
        }
    }
    return optind;
}

/* ---- plan ------------------------------------------------------------------------------------ */

static int tell_refused(const struct runner *runner, const struct plan *plan)
{
    for (size_t i = 0; i < plan->refusals.count; i++)
        (void)runner_refuse(runner, "%s", plan->refusals.list[i].sentence);
    if (plan->refusals.unlisted > 0)
        (void)runner_refuse(runner, _("And %zu more that are no submissions."),
                            plan->refusals.unlisted);
    return plan->count == 0 ? 2 : 0;
}

static int read_plan(const struct runner *runner, const char *folder, const struct policy *policy,
                     struct plan *plan)
{
    struct error error = {0};

    if (plan_read(folder, plan, &error) == 0 &&
        plan_check_students(plan, policy == NULL || policy->several != SEVERAL_REFUSED, &error) ==
            0)
        return tell_refused(runner, plan);
    return runner_refuse(runner, "%s", error.text);
}

/* out: where results are, whose submissions are left out; NULL: all are listed. */
static int grade_plan(const struct runner *runner, const char *folder, const char *out)
{
    struct plan plan = {0};
    int status = read_plan(runner, folder, NULL, &plan);

    for (size_t i = 0; i < plan.count; i++)
        if (out == NULL || !class_is_graded(out, &plan.submissions[i]))
            (void)fprintf(runner->out.out, "%s\n", plan.submissions[i].path);
    plan_free(&plan);
    return status;
}

/* ---- one ------------------------------------------------------------------------------------- */

static int load_policy(const struct runner *runner, const char *given, const char *submissions,
                       struct policy *policy)
{
    char path[PATH_MAX];
    struct error error = {0};

    if (policy_load(policy, policy_file(given, submissions, path, sizeof path), &runner->catalogue,
                    &error) == 0)
        return 0;
    return runner_refuse(runner, "%s", error.text);
}

/* The folder that a submission is in, as far as its path tells. */
static void folder_of(const char *path, char *folder)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    (void)snprintf(folder, PATH_MAX, "%.*s", length == 0 ? 1 : (int)length,
                   length == 0 ? "." : path);
}

static int grade_one(const struct runner *runner, const struct wishes *wishes, const char *path,
                     const char *out)
{
    struct policy policy = {0};
    struct one_result result = {0};
    struct error error = {0};
    char folder[PATH_MAX];

    folder_of(path, folder);
    if (load_policy(runner, wishes->policy, folder, &policy) != 0)
        return 2;
    if (hidden_check(&policy, &runner->catalogue, &error) == -1)
        return runner_refuse(runner, "%s", error.text);
    const struct one_options options = {.path = path,
                                        .out = out,
                                        .seed = wishes->seed,
                                        .level = wishes->level,
                                        .found = wishes->found,
                                        .seed_per_student = wishes->seed_per_student,
                                        .policy = &policy,
                                        .catalogue = &runner->catalogue};
    int status = 0;
    if (one_grade(&options, &result, &error) == -1)
        status = runner_refuse(runner, "%s", error.text);
    else if (strcmp(result.status, "graded") == 0)
        runner_say(runner, STYLE_PLAIN, _("%s: %d of %d points"), result.name, result.earned,
                   result.points);
    else
        runner_say(runner, STYLE_PLAIN, "%s: %s", result.name, result.status);
    if (status == 0 && strcmp(result.status, "grader_error") == 0) {
        (void)runner_refuse(runner, "%s", result.why.text);
        status = 1;
    }
    free(result.name);
    policy_free(&policy);
    return status;
}

/* ---- collect --------------------------------------------------------------------------------- */

static int grade_collect(const struct runner *runner, const struct wishes *wishes, const char *out)
{
    const struct class_options options = {.out = out,
                                          .roster = wishes->roster,
                                          .policy = wishes->policy,
                                          .catalogue = &runner->catalogue};
    struct collected collected = {0};
    struct error error = {0};
    int status = 0;

    if (collect_write(&options, &collected, &error) == -1)
        status = runner_refuse(runner, "%s", error.text);
    for (size_t i = 0; i < collected.warning_count; i++)
        (void)runner_refuse(runner, "%s", collected.warnings[i]);
    if (status == 0) {
        runner_say(
            runner, STYLE_PLAIN,
            ngettext("%zu submission: %zu graded, %zu not gradable, %zu empty. %zu grader faults.",
                     "%zu submissions: %zu graded, %zu not gradable, %zu empty. %zu grader faults.",
                     collected.submissions),
            collected.submissions, collected.graded, collected.not_gradable, collected.empty,
            collected.grader_errors);
        runner_say(runner, STYLE_PLAIN, "%s/gradebook.csv   %s/class.html   %s/feedback/", out, out,
                   out);
        status = collected.warning_count > 0 || collected.grader_errors > 0 ? 1 : 0;
    }
    collected_free(&collected);
    return status;
}

/* ---- class ----------------------------------------------------------------------------------- */

static void put_isolation(const struct runner *runner, const struct isolation *isolation,
                          const struct run *run)
{
    runner_say(runner, isolation->level == BOX_C ? STYLE_BAD : STYLE_PLAIN,
               run->seed_per_student ? _("Isolation %s: %s. Seed %u, one for each student made of "
                                         "it (recorded).")
                                     : _("Isolation %s: %s. Seed %u (recorded)."),
               isolation_letter(isolation), isolation->sentence, run->seed);
}

static int grade_all(const struct runner *runner, const struct wishes *wishes,
                     const struct plan *plan, const char *folder, const char *out,
                     struct class_sums *sums)
{
    char self[32];
    struct error error = {0};
    struct isolation isolation;
    struct run run;

    /* This very program, also when another one was built in its place meanwhile. */
    (void)snprintf(self, sizeof self, "/proc/%ld/exe", (long)getpid());
    sigset_t ending;
    signals_of_end(&ending);
    (void)sigprocmask(SIG_BLOCK, &ending, NULL); /* until class_grade() sees to them */
    if (isolation_find(&isolation, wishes->level, &error) == -1 ||
        run_settle(out, wishes->seed, wishes->seed_per_student, folder, &run, &error) == -1)
        return runner_refuse(runner, "%s", error.text);
    put_isolation(runner, &isolation, &run);
    (void)fflush(runner->out.out);
    const struct class_run class = {.err = &runner->err,
                                    .program = self,
                                    .folder = out,
                                    .plan = plan,
                                    .policy = wishes->policy,
                                    .found = isolation_found(&isolation),
                                    .jobs = wishes->jobs};
    if (class_grade(&class, sums, &error) == -1)
        return runner_refuse(runner, "%s", error.text);
    return 0;
}

/* Whether path is the folder or lies in it; both may be there or not. */
static bool lies_in(const char *path, const char *folder)
{
    char *inner = realpath(path, NULL), *outer = realpath(folder, NULL);
    size_t length = outer == NULL ? 0 : strlen(outer);
    bool lies = inner != NULL && outer != NULL && strncmp(inner, outer, length) == 0 &&
                (inner[length] == '\0' || inner[length] == '/');

    free(inner);
    free(outer);
    return lies;
}

/* Results among submissions would be graded the next time. */
static int look_at_folders(const struct runner *runner, const char *folder, const char *out)
{
    char path[PATH_MAX + 16], above[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/run.json", folder);
    if (access(path, F_OK) == 0)
        return runner_refuse(runner, _("%s holds results, not submissions. Is the order right? %s"),
                             folder, "SUBMISSIONS OUT");
    folder_of(out, above);
    if (lies_in(out, folder) || lies_in(above, folder))
        return runner_refuse(
            runner, _("%s lies among the submissions in %s. Results go elsewhere."), out, folder);
    return 0;
}

static bool is_chapter(const struct catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->chapter_count; i++)
        if (strcmp(catalogue->chapters[i].folder, name) == 0)
            return true;
    return false;
}

/* Takes the teacher's own cases out of the plan, where they lie beside the submissions. */
static int look_at_plan(const struct runner *runner, struct plan *plan, const struct policy *policy)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->count; i++) {
        struct submission *submission = &plan->submissions[i];
        if (policy->hidden != NULL && lies_in(policy->hidden, submission->path))
            submission_free(submission);
        else
            plan->submissions[kept++] = *submission;
    }
    plan->count = kept;
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->submissions[i].name, "answers") == 0 ||
            is_chapter(&runner->catalogue, plan->submissions[i].name))
            return runner_refuse(runner,
                                 _("%s is what a student hands in, and no student's name. Name the "
                                   "folder that holds the students' folders."),
                                 plan->submissions[i].path);
    return 0;
}

/* A roster that collecting would refuse is told of before the work is done. */
static int look_at_roster(const struct runner *runner, const char *given, const char *folder)
{
    char path[PATH_MAX + 16];
    struct roster roster = {0};
    struct error error = {0};

    (void)snprintf(path, sizeof path, "%s/" ROSTER_NAME, folder);
    if (given == NULL && access(path, F_OK) == -1)
        return 0;
    if (roster_load(&roster, given == NULL ? path : given, &error) == -1)
        return runner_refuse(runner, "%s", error.text);
    roster_free(&roster);
    return 0;
}

static int grade_class(const struct runner *runner, const struct wishes *wishes, const char *folder,
                       const char *out)
{
    struct policy policy = {0};
    struct plan plan = {0};
    struct class_sums sums = {0};
    int status = load_policy(runner, wishes->policy, folder, &policy);

    struct error error = {0};

    if (status == 0)
        status = look_at_folders(runner, folder, out);
    if (status == 0 && hidden_check(&policy, &runner->catalogue, &error) == -1)
        status = runner_refuse(runner, "%s", error.text);
    if (status == 0)
        status = read_plan(runner, folder, &policy, &plan);
    if (status == 0)
        status = look_at_plan(runner, &plan, &policy);
    if (status == 0)
        status = look_at_roster(runner, wishes->roster, folder);
    if (status == 0)
        status = grade_all(runner, wishes, &plan, folder, out, &sums);
    if (status == 0 && sums.interrupted) {
        (void)runner_refuse(runner, "%s",
                            _("Interrupted. What was graded is kept; the same command goes on."));
        struct sigaction plain = {.sa_handler = SIG_DFL};
        (void)sigaction(sums.signal, &plain, NULL); /* cannot fail for these signals */
        (void)raise(sums.signal);
    }
    plan_free(&plan);
    policy_free(&policy);
    if (status == 0)
        status = grade_collect(runner, wishes, out);
    return status == 0 && sums.faults > 0 ? 1 : status;
}

/* ---- doctor ---------------------------------------------------------------------------------- */

static int grade_doctor(const struct runner *runner)
{
    struct isolation isolation;
    struct error error;

    bool usable = isolation_find(&isolation, NULL, &error) == 0;
    runner_say(runner, usable ? STYLE_GOOD : STYLE_BAD, _("Isolation %s: %s."),
               isolation_letter(&isolation), isolation.sentence);
    if (isolation.user != 0)
        runner_say(runner, STYLE_PLAIN, _("We are root; programs run as user %u."), isolation.user);
    if (isolation.no_boxes.text[0] != '\0')
        runner_say(runner, STYLE_PLAIN, "%s.", isolation.no_boxes.text);
    if (isolation.no_groups.text[0] != '\0')
        runner_say(runner, STYLE_PLAIN, "%s.", isolation.no_groups.text);
    return usable ? 0 : 1;
}

/* ---- which of them --------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    int least, most; /* words that it takes, beside options */
    const char *usage;
} verbs[] = {
    {"plan", 1, 2, "plan SUBMISSIONS [OUT]"},
    {"one", 2, 2,
     "one SUBMISSION OUT [--seed N] [--policy FILE] [--isolation A|B|C] [--seed-per-student]"},
    {"class", 2, 2,
     "class SUBMISSIONS OUT [--jobs N] [--roster FILE] [--seed N] [--policy FILE] "
     "[--isolation A|B|C] [--seed-per-student]"},
    {"collect", 1, 1, "collect OUT [--roster FILE] [--policy FILE]"},
    {"doctor", 0, 0, "doctor"},
};

static const struct verb *find_verb(const char *word)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

bool is_classroom(const char *word)
{
    return find_verb(word) != NULL;
}

int command_classroom(struct runner *runner)
{
    const struct verb *verb = find_verb(runner->files[0]);
    struct wishes wishes;
    char first[PATH_MAX], second[PATH_MAX];

    int taken = read_wishes(runner, &wishes);
    if (taken == -1)
        return 2;
    char **words = runner->files + taken;
    int count = (int)runner->file_count - taken;
    if (count < verb->least || count > verb->most)
        return runner_refuse(runner, _("usage: workbook grade %s"), verb->usage);
    const char *from = count > 0 ? path_typed(runner, words[0], first) : "";
    const char *to = count > 1 ? path_typed(runner, words[1], second) : "";
    if (strcmp(verb->name, "plan") == 0)
        return grade_plan(runner, from, count > 1 ? to : NULL);
    if (strcmp(verb->name, "one") == 0)
        return grade_one(runner, &wishes, from, to);
    if (strcmp(verb->name, "class") == 0)
        return grade_class(runner, &wishes, from, to);
    if (strcmp(verb->name, "collect") == 0)
        return grade_collect(runner, &wishes, from);
    return grade_doctor(runner);
}
