/*
 * record and prove, for contributors: reference outputs are made from the solution, and an exercise
 * is proved. The solution earns every point, the starter none, each wrong answer fails exactly the
 * cases that its first line names, and programs that do nothing earn next to nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workbook/files.h"
#include "workbook/patched.h"
#include "workbook/process.h"
#include "workbook/report.h"
#include "workbook/runner.h"

/* ---- record ---------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static int keep_texts(const struct dirent *entry)
{
    return ends_with(entry->d_name, ".txt");
}

/* Not every case writes one: some expect nothing that could be written down. */
static size_t count_recorded(const struct exercise_entry *exercise)
{
    struct dirent **names = NULL;
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "exercises/%s/expected", exercise->folder);
    int count = scandir(path, &names, keep_texts, NULL);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return count < 0 ? 0 : (size_t)count;
}

static int record_one(const struct runner *runner, const struct exercise_entry *exercise)
{
    struct verdict verdict;
    char program[PATH_MAX];
    struct judge_plan plan = {
        .exercise = exercise, .source = exercise->solution, .program = program, .record = true};

    (void)snprintf(program, sizeof program, "build/record/%s/%s", exercise->folder, exercise->name);
    judge_now(&plan, &verdict);
    int status = report_status(&verdict);
    size_t files = count_recorded(exercise);
    if (status == 0)
        runner_say(runner, STYLE_PLAIN,
                   ngettext("%s: %zu case passed; expected/ holds %zu of them",
                            "%s: %zu cases passed; expected/ holds %zu of them", verdict.tap.count),
                   exercise->id, verdict.tap.count, files);
    else
        report_print(&runner->out, &verdict, &(struct report_view){.one = true});
    verdict_free(&verdict);
    return status;
}

int command_record(struct runner *runner)
{
    int worst = 0;

    if (runner->exercise != NULL) {
        const struct exercise_entry *exercise = runner_exercise(runner, runner->exercise);
        return exercise == NULL ? 2 : record_one(runner, exercise);
    }
    for (const struct exercise_entry *e = exercise_first(&runner->catalogue); e != NULL;
         e = exercise_after(&runner->catalogue, e)) {
        int status = record_one(runner, e);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* ---- load ------------------------------------------------------------------------------------ */

enum { SPINNERS_MOST = 64 };

struct load {
    pid_t pids[SPINNERS_MOST];
    int count;
};

/* Keeps every processor busy until load_end(), or until the runner dies. */
static void load_begin(struct load *load)
{
    pid_t runner = getpid();

    for (int i = 0; i < processors() && i < SPINNERS_MOST; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            while (getppid() == runner) /* busy on purpose, in user space and in the kernel */
                for (volatile int j = 0; j < 100000; j++)
                    continue;
            _exit(0);
        }
        if (pid > 0) {
            process_know(pid);
            load->pids[load->count++] = pid;
        }
    }
}

static void load_end(struct load *load)
{
    for (int i = 0; i < load->count; i++) {
        (void)kill(load->pids[i], SIGKILL); /* our child: it is there until we wait for it */
        while (waitpid(load->pids[i], NULL, 0) == -1 && errno == EINTR)
            continue;
        process_forget(load->pids[i]);
    }
}

/* ---- trials ---------------------------------------------------------------------------------- */

enum expectation {
    EXPECT_ALL,      /* every point, without a warning */
    EXPECT_NOTHING,  /* no point, without a warning */
    EXPECT_FAILURES, /* exactly the cases that the first line names */
    EXPECT_LITTLE    /* a tenth of the points at most */
};

struct trial {
    enum expectation expectation;
    bool few;   /* and under 40 % of the points */
    char *name; /* of the test */
    char *source, *program;
    struct error unmade; /* why there is no source: its patch does not apply */
    char seed[16];       /* "": the default */
    char *fails;         /* " case-a case-b ": names between blanks */
    bool good, done;
    struct buffer why; /* lines for people */
};

struct proof {
    const struct runner *runner;
    const struct exercise_entry *exercise;
    struct trial *trials;
    size_t count, printed;
    size_t solutions; /* how many of them, the first, try the solution */
    size_t begun;     /* the first of those that are being tried now */
    size_t wrong;     /* how many of them are wrong answers */
    bool copied;      /* copied.c is there */
};

static struct trial *trial_add(struct proof *proof, enum expectation expectation,
                               const char *source, const char *seed)
{
    struct trial *grown = realloc(proof->trials, (proof->count + 1) * sizeof *grown);
    const char *name = strrchr(source, '/') + 1;

    if (grown == NULL)
        return NULL;
    proof->trials = grown;
    struct trial *trial = &grown[proof->count];
    *trial = (struct trial){.expectation = expectation, .source = strdup(source)};
    (void)snprintf(trial->seed, sizeof trial->seed, "%s", seed);
    /* Each in a folder of its own: they run side by side, and reports lie beside the program. */
    if (asprintf(&trial->program, "build/prove/%s/%zu/%.*s", proof->exercise->folder, proof->count,
                 (int)strcspn(name, "."), name) == -1)
        trial->program = NULL;
    if (asprintf(&trial->name, "%s %s%s%s", proof->exercise->id, source,
                 *seed != '\0' ? ", seed " : "", seed) == -1)
        trial->name = NULL;
    if (trial->source == NULL || trial->program == NULL || trial->name == NULL)
        return NULL;
    proof->count++;
    return trial;
}

/*
 * The names in a first line like "slash-star fails: case-a case-b star-slash", in a patch "fails:
 * case-a case-b" alone; NULL if it is none.
 */
static char *read_fails(const char *path)
{
    const char *begin = patched_is(path) ? "fails: " : "/* fails: ";
    const char *close = patched_is(path) ? "" : " */";
    struct buffer text = {0};
    char *fails = NULL;

    if (buffer_add_file(&text, path, 1 << 20) == 0 &&
        strncmp(buffer_text(&text), begin, strlen(begin)) == 0) {
        const char *names = buffer_text(&text) + strlen(begin);
        size_t line = strcspn(names, "\n");
        const char *end = *close == '\0' ? names + line : memmem(names, line, close, strlen(close));
        size_t length = end != NULL ? (size_t)(end - names) : 0;
        bool plain =
            length > 0 && strspn(names, "abcdefghijklmnopqrstuvwxyz0123456789-_ ") >= length;
        if (plain && asprintf(&fails, " %.*s ", (int)length, names) == -1)
            fails = NULL;
    }
    buffer_free(&text);
    return fails;
}

/* Makes the program of a patch below build/, as the trial's source. Returns 0, or -1 when memory is
 * short; what else fails is the trial's. */
static int make_source(struct proof *proof, struct trial *trial)
{
    struct buffer program = {0};
    char *made = NULL;

    if (asprintf(&made, "build/%.*s.c", (int)(strlen(trial->source) - strlen(".patch")),
                 trial->source) == -1)
        return -1;
    bool is_made =
        patched_read(trial->source, proof->exercise->solution, &program, &trial->unmade) == 0 &&
        folder_make_for(made, &trial->unmade) == 0 &&
        file_write(made, program.data, program.length, true, &trial->unmade) == 0;
    if (!is_made)
        (void)unlink(made); /* an older one would be judged */
    buffer_free(&program);
    free(trial->source);
    trial->source = made;
    return 0;
}

static int keep_sources(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && ends_with(entry->d_name, ".c");
}

static int keep_wrong(const struct dirent *entry)
{
    return keep_sources(entry) || (entry->d_name[0] != '.' && patched_is(entry->d_name));
}

/* What more is known of a wrong answer. Returns 0, or -1 when memory is short. */
static int add_wrong(struct proof *proof, struct trial *trial, const char *name)
{
    trial->fails = read_fails(trial->source);
    trial->few = strncmp(name, "copied.", strlen("copied.")) == 0;
    proof->copied = proof->copied || trial->few;
    proof->wrong++;
    return patched_is(name) ? make_source(proof, trial) : 0;
}

/* Adds every program of solutions/…/wrong or …/other. Returns 0, or -1 when memory is short. */
static int add_folder(struct proof *proof, const char *folder, enum expectation expectation,
                      const char *seed)
{
    struct dirent **names = NULL;
    char path[PATH_MAX];
    int result = 0;

    (void)snprintf(path, sizeof path, "solutions/%s/%s", proof->exercise->folder, folder);
    int count = scandir(path, &names, expectation == EXPECT_FAILURES ? keep_wrong : keep_sources,
                        alphasort);
    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "solutions/%s/%s/%s", proof->exercise->folder, folder,
                       names[i]->d_name);
        struct trial *trial = trial_add(proof, expectation, path, seed);
        if (trial == NULL ||
            (expectation == EXPECT_FAILURES && add_wrong(proof, trial, names[i]->d_name) == -1))
            result = -1;
        free(names[i]);
    }
    free(names);
    return result;
}

/*
 * Adds programs that end at once: with 0, or with a message and 1 or 2, as one that refuses its
 * arguments. Returns 0, or -1 with error filled.
 */
static int add_idle(struct proof *proof, struct error *error)
{
    char path[PATH_MAX], text[200];

    for (int status = 0; status <= 2; status++) {
        (void)snprintf(path, sizeof path, "build/prove/%s/ends_with_%d.c", proof->exercise->folder,
                       status);
        (void)snprintf(text, sizeof text,
                       "#include <stdio.h>\n\nint main(void)\n{\n"
                       "    return %s ? 9 : %d;\n}\n",
                       status == 0 ? "0" : "fputs(\"It failed.\\n\", stderr) < 0", status);
        if (folder_make_for(path, error) == -1 ||
            file_write(path, text, strlen(text), true, error) == -1)
            return -1;
        if (trial_add(proof, EXPECT_LITTLE, path, "2") == NULL)
            return error_set(error, "%s", _("There is no memory left."));
    }
    return 0;
}

/* Under the default seed, a few that stay the same, and at least one that is new each time. */
static int add_trials(struct proof *proof, long seeds)
{
    char seed[16] = "";
    bool all = seeds > 3; /* the long form takes the others under a new seed as well */

    for (long i = 0; i < seeds; i++) {
        if (i == 1)
            (void)snprintf(seed, sizeof seed, "2");
        else if (i > 1)
            seed_fresh(seed);
        if (trial_add(proof, EXPECT_ALL, proof->exercise->solution, seed) == NULL)
            return -1;
    }
    proof->solutions = proof->count;
    if (trial_add(proof, EXPECT_NOTHING, proof->exercise->starter, "") == NULL ||
        add_folder(proof, "other", EXPECT_ALL, "") == -1 ||
        (*seed != '\0' && add_folder(proof, "other", EXPECT_ALL, seed) == -1) ||
        add_folder(proof, "wrong", EXPECT_FAILURES, "") == -1)
        return -1;
    size_t wrong = proof->wrong;
    int result = all ? add_folder(proof, "wrong", EXPECT_FAILURES, seed) : 0;
    proof->wrong = wrong;
    return result;
}

/* ---- what came of them ----------------------------------------------------------------------- */

static void complain(struct trial *trial, const char *format, ...) PRINTF_LIKE(2, 3);

static void complain(struct trial *trial, const char *format, ...)
{
    va_list arguments;
    char line[2048];

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    trial->good = false;
    (void)buffer_print(&trial->why, "%s\n", line);
}

static bool named(const char *names, const char *name)
{
    char padded[200];

    (void)snprintf(padded, sizeof padded, " %s ", name);
    return strstr(names, padded) != NULL;
}

static void compare_failures(struct trial *trial, const struct verdict *verdict)
{
    if (trial->fails == NULL) {
        complain(trial, "its first line is not \"/* fails: case-a case-b */\", in a patch \"fails: "
                        "case-a case-b\"");
        return;
    }
    for (size_t i = 0; i < verdict->tap.count; i++) {
        const struct tap_case *test = &verdict->tap.cases[i];
        if (test->skip == NULL && test->ok == named(trial->fails, test->name))
            complain(trial,
                     test->ok ? "%s should have failed%s%s" : "%s should have passed: %s: %s",
                     test->name, test->ok ? "" : tap_text(test, "status"),
                     test->ok ? "" : tap_text(test, "cause"));
    }
    size_t length;
    for (const char *name = trial->fails; *name != '\0'; name += length) {
        name += strspn(name, " ");
        length = strcspn(name, " ");
        bool known = length == 0;
        for (size_t i = 0; i < verdict->tap.count; i++)
            known = known || (strlen(verdict->tap.cases[i].name) == length &&
                              strncmp(verdict->tap.cases[i].name, name, length) == 0);
        if (!known)
            complain(trial, "there is no case %.*s", (int)length, name);
    }
    if (trial->few && verdict->points > 0 && verdict->earned * 10 >= verdict->points * 4)
        complain(trial, "it earns %d of %d points, which is 40 %% or more", verdict->earned,
                 verdict->points);
}

static void compare_all(struct trial *trial, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->tap.count; i++)
        if (!verdict->tap.cases[i].ok)
            complain(trial, "%s: %s: %s", verdict->tap.cases[i].name,
                     tap_text(&verdict->tap.cases[i], "status"),
                     tap_text(&verdict->tap.cases[i], "cause"));
}

static void compare_little(struct trial *trial, const struct verdict *verdict)
{
    if (verdict->earned * 10 <= verdict->points)
        return;
    complain(trial, "it does nothing and earns %d of %d points, which is more than a tenth",
             verdict->earned, verdict->points);
    for (size_t i = 0; i < verdict->tap.count; i++)
        if (verdict->tap.cases[i].ok && verdict->tap.cases[i].skip == NULL)
            complain(trial, "it passes %s", verdict->tap.cases[i].name);
}

static void weigh_trial(struct trial *trial, const struct verdict *verdict)
{
    trial->good = true;
    if (trial->unmade.text[0] != '\0') {
        complain(trial, "%s", trial->unmade.text);
        return;
    }
    if (verdict->outcome != OUTCOME_JUDGED) {
        complain(trial, "%s\n%s",
                 verdict->outcome == OUTCOME_UNCOMPILED ? "it does not compile" : verdict->why.text,
                 buffer_text(&verdict->messages));
        return;
    }
    if (verdict->messages.length > 0 && trial->expectation != EXPECT_FAILURES)
        complain(trial, "the compiler warns:\n%s", buffer_text(&verdict->messages));
    if (trial->expectation == EXPECT_ALL)
        compare_all(trial, verdict);
    else if (trial->expectation == EXPECT_FAILURES)
        compare_failures(trial, verdict);
    else if (trial->expectation == EXPECT_LITTLE)
        compare_little(trial, verdict);
    else if (verdict->points > 0 && verdict->earned > 0)
        complain(trial, "it earns %d of %d points", verdict->earned, verdict->points);
}

static void print_trial(const struct trial *trial, size_t number)
{
    (void)printf("%sok %zu - %s\n", trial->good ? "" : "not ", number, trial->name);
    for (const char *line = buffer_text(&trial->why); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        (void)printf("# %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

/* They end in any order; TAP wants them in theirs. */
static void on_tried(size_t index, struct verdict *verdict, void *data)
{
    struct proof *proof = data;

    if (verdict->outcome == OUTCOME_CANCELLED)
        return;
    struct trial *trial = &proof->trials[proof->begun + index];
    weigh_trial(trial, verdict);
    trial->done = true;
    while (proof->printed < proof->count && proof->trials[proof->printed].done) {
        print_trial(&proof->trials[proof->printed], proof->printed + 1);
        proof->printed++;
    }
    (void)fflush(stdout); /* as it comes; finish() reports a failure */
}

static void proof_free(struct proof *proof)
{
    for (size_t i = 0; i < proof->count; i++) {
        free(proof->trials[i].name);
        free(proof->trials[i].source);
        free(proof->trials[i].program);
        free(proof->trials[i].fails);
        buffer_free(&proof->trials[i].why);
    }
    free(proof->trials);
}

/* ---- what is there besides the trials -------------------------------------------------------- */

/* Cases without points are meant only where the learner is told so. */
static bool says_no_points(const struct exercise_entry *exercise)
{
    struct buffer text = {0};
    bool says = buffer_add_file(&text, exercise->readme, 1 << 20) == 0 &&
                strstr(buffer_text(&text), "no points") != NULL;

    buffer_free(&text);
    return says;
}

static bool print_fact(struct proof *proof, bool good, const char *fact)
{
    (void)printf("%sok %zu - %s %s\n", good ? "" : "not ", ++proof->printed, proof->exercise->id,
                 fact);
    return good;
}

static bool check_facts(struct proof *proof)
{
    const struct exercise_entry *exercise = proof->exercise;
    struct case_entry *list;
    struct error error = {0};
    size_t count;
    int points = 0;

    if (cases_list(exercise, &list, &count, &error) == -1)
        (void)printf("# %s\n", error.text);
    for (size_t i = 0; i < count; i++)
        points += list[i].points;
    cases_free(list, count);
    bool good = print_fact(proof, count > 0 && (points > 0 || says_no_points(exercise)),
                           "has points, or its README.md says \"no points\"");
    good &= print_fact(proof, *exercise->headers != '\0',
                       "lists headers in its README.md, so that others are refused");
    return print_fact(proof, points == 0 || (proof->wrong >= 5 && proof->copied),
                      "has five wrong answers, copied.c among them") &&
           good;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Tries count of the trials, from first on. Returns 0; 1 when one of them is not good; else 2. */
static int run_some(struct proof *proof, size_t first, size_t count, bool loaded)
{
    struct judge_plan *plans = calloc(count + 1, sizeof *plans);
    struct error error = {0};
    struct load load = {.count = 0};

    if (plans == NULL)
        return runner_refuse(proof->runner, "%s", _("There is no memory left."));
    for (size_t i = 0; i < count; i++) {
        const struct trial *trial = &proof->trials[first + i];
        plans[i] = (struct judge_plan){
            .exercise = proof->exercise,
            .source = trial->source,
            .program = trial->program,
            .any_header = trial->expectation == EXPECT_LITTLE,
            .seed = trial->seed[0] != '\0' ? trial->seed : NULL,
        };
    }
    (void)fflush(stdout); /* before the spinners are forked; finish() reports a failure */
    if (loaded)
        load_begin(&load);
    proof->begun = first;
    int result = judge_many(plans, count, loaded ? 1 : processors(), on_tried, proof, &error);
    load_end(&load);
    free(plans);
    if (result == -1)
        return runner_refuse(proof->runner, _("The harness could not run: %s."), error.text);
    for (size_t i = 0; i < count; i++)
        if (!proof->trials[first + i].good)
            return 1;
    return 0;
}

static int run_trials(struct proof *proof, bool loaded)
{
    (void)printf("TAP version 13\n");
    int status = run_some(proof, 0, proof->solutions, loaded);
    if (status == 1)
        /* What wrong answers fail beside their own mistake would be the solution's failures. */
        (void)printf("# the solution fails; the rest was not tried\n");
    if (status == 0) {
        status = run_some(proof, proof->solutions, proof->count - proof->solutions, loaded);
        if (status != 2 && !check_facts(proof))
            status = 1;
    }
    (void)printf("1..%zu\n", proof->printed);
    return status;
}

int command_prove(struct runner *runner)
{
    struct proof proof = {.runner = runner, .exercise = runner_exercise(runner, runner->exercise)};
    struct error error = {0};

    if (proof.exercise == NULL)
        return 2;
    if (cases_find(proof.exercise, &error) == -1)
        return runner_refuse(runner, "%s", error.text);
    int result = add_trials(&proof, runner->seeds > 0 ? runner->seeds : 3);
    if (result == -1)
        (void)error_set(&error, "%s", _("There is no memory left."));
    else if (!runner->loaded) /* load makes no difference to them */
        result = add_idle(&proof, &error);
    int status =
        result == -1 ? runner_refuse(runner, "%s", error.text) : run_trials(&proof, runner->loaded);
    proof_free(&proof);
    return status;
}
