/* The runner: reads the command line and hands over to a command. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "classroom/command.h"
#include "core/number.h"
#include "workbook/lesson.h"
#include "workbook/process.h"
#include "workbook/runner.h"
#include "workbook/session.h"
#include "workbook/tour.h"

enum { TAKES_NOTHING, TAKES_EXERCISE, NEEDS_EXERCISE, NEEDS_CHAPTER, TAKES_FILES, TAKES_CLASS };

/* ---- commands about lessons: they are others' functions -------------------------------------- */

static int command_chapter(struct runner *runner)
{
    struct progress progress;
    long number;

    if (!number_parse(runner->exercise, 1, 99, &number) ||
        catalogue_chapter(&runner->catalogue, (int)number) == NULL)
        return runner_refuse(
            runner, _("There is no chapter %.40s; there are %d to %d."), runner->exercise,
            runner->catalogue.chapters[0].number,
            runner->catalogue.chapters[runner->catalogue.chapter_count - 1].number);
    runner_load_progress(runner, &progress);
    int status = tour_chapter(&runner->catalogue, &progress, &runner->out, (int)number);
    progress_free(&progress);
    return status;
}

static int command_review(struct runner *runner)
{
    struct progress progress;

    runner_load_progress(runner, &progress);
    int status = lesson_review(&runner->catalogue, &progress, &runner->out);
    progress_free(&progress);
    return status;
}

static int command_lesson(struct runner *runner)
{
    return lesson_check(&runner->out, runner->file_count, runner->files, runner->record);
}

static int command_python(struct runner *runner)
{
    return lesson_python(&runner->out, runner->file_count, runner->files);
}

static int command_lint(struct runner *runner)
{
    return lesson_lint(&runner->out, runner->file_count, runner->files);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    int takes;
    const char *arguments;
    const char *help;
    int (*run)(struct runner *runner);
} verbs[] = {
    {"path", TAKES_NOTHING, "", N_("the learning path, how far you are and what comes next"),
     command_path},
    {"chapter", NEEDS_CHAPTER, "N",
     N_("the guided tour of a chapter; without a terminal, runs its sessions and compares"),
     command_chapter},
    {"review", TAKES_NOTHING, "", N_("the Predict questions that were missed, again"),
     command_review},
    {"check", TAKES_EXERCISE, "[E] [--case NAME] [--seed N] [--all]",
     N_("verdicts once: of exercise E with the reports of three failed cases, or of all; else of "
        "every opened one in short"),
     command_check},
    {"practice", TAKES_EXERCISE, "[E]",
     N_("watches your answer: each save gives a verdict; keys for all the rest"), command_practice},
    {"hint", TAKES_EXERCISE, "[E]", N_("one more hint each time"), command_hint},
    {"solution", TAKES_EXERCISE, "[E]",
     N_("our solution: after a pass, or after five tries when asked for twice"), command_solution},
    {"diff", TAKES_EXERCISE, "[E]", N_("your answer beside our solution, by the same rule"),
     command_diff},
    {"play", TAKES_EXERCISE, "[E] --case NAME [--seed N]",
     N_("holds the other end of a case open, for your program run by hand"), command_play},
    {"reset", NEEDS_EXERCISE, "E", N_("puts the starter back; your answer is kept beside it"),
     command_reset},
    {"list", TAKES_NOTHING, "", N_("every exercise with its points and how far you are"),
     command_list},
    {"grade", TAKES_CLASS, "[--json] [--seed N]",
     N_("points for your work: each exercise, each chapter, in all"), command_grade},
    {"grade class", TAKES_CLASS, "SUBMISSIONS OUT [--jobs N] [--roster FILE] [--policy FILE]",
     N_("for teachers: grades a folder of submissions in boxes, and writes grade book and "
        "feedback; grade plan, one and collect are its parts, grade doctor tells what this "
        "machine has for it"),
     command_classroom},
    {"doctor", TAKES_NOTHING, "", N_("what this machine has, lacks and how to get it"),
     command_doctor},
    {"questions", TAKES_NOTHING, "",
     N_("for teachers: the Predict questions of all lessons, in Moodle's GIFT format"),
     command_questions},
    {"lesson", TAKES_FILES, "[--record] [FILE…]",
     N_("for contributors: runs the sessions of lessons and compares, or records, what they print"),
     command_lesson},
    {"python", TAKES_FILES, "[FILE…]",
     N_("for contributors: runs the Python column of lessons against their servers"),
     command_python},
    {"lint", TAKES_FILES, "[FILE…]", N_("for contributors: what is not as a lesson should be"),
     command_lint},
    {"record", TAKES_EXERCISE, "[E]",
     N_("for contributors: reference outputs, made from the solution"), command_record},
    {"prove", NEEDS_EXERCISE, "E [--seeds N] [--loaded]",
     N_("for contributors: judges the solution, the starter and every wrong answer; prints TAP"),
     command_prove},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static int show_help(const struct runner *runner)
{
    const struct screen *screen = &runner->out;
    char usage[64];

    runner_say(runner, STYLE_PLAIN, "%s", _("usage: workbook COMMAND [ARGUMENTS]"));
    (void)fputc('\n', screen->out);
    for (size_t i = 0; i < VERBS; i++) {
        (void)snprintf(usage, sizeof usage, "%s%s%s", verbs[i].name,
                       *verbs[i].arguments != '\0' ? " " : "", verbs[i].arguments);
        screen_wrap(screen, STYLE_CODE, 2, usage);
        screen_wrap(screen, STYLE_PLAIN, 6, _(verbs[i].help));
    }
    (void)fputc('\n', screen->out);
    runner_say(
        runner, STYLE_PLAIN, "%s",
        _("E is the number of an exercise, \"1.2\", or its name, \"fetch_first\". Each command "
          "is a target of make as well: make check E=1.2 CASE=name SEED=7."));
    (void)fputc('\n', screen->out);
    runner_say(
        runner, STYLE_PLAIN, "%s",
        _("Environment: COURSE=core keeps to the core path; CC is the compiler, and "
          "COMPILE_SECONDS what it may take; EDITOR is what "
          "practice opens; NO_COLOR and COLUMNS are honoured; WORKBOOK_POLL=1 makes practice "
          "look for changes twice a second, for folders whose changes are not announced."));
    (void)fputc('\n', screen->out);
    runner_say(
        runner, STYLE_PLAIN, "%s",
        _("Exit status: 0 passed or done, 1 failed, 2 could not run. A failure of the harness "
          "is a 2, never a 1. grade ends with 0 once everything was graded."));
    return 0;
}

static const struct verb *verb_find(const struct runner *runner, const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    const char *names[VERBS], *near;
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    near = runner_nearest(name, names, VERBS);
    if (near != NULL)
        (void)runner_refuse(runner, _("There is no command %.40s. Did you mean %s?"), name, near);
    else
        (void)runner_refuse(
            runner, _("There is no command %.40s. build/workbook --help lists them all."), name);
    return NULL;
}

/* Reads what stands behind the command's name. Returns 0, or 2 with a sentence printed. */
static int read_arguments(struct runner *runner, const struct verb *command, int argc, char **argv)
{
    long number;

    if (command->takes == TAKES_CLASS && argc > 0 && is_classroom(argv[0])) {
        runner->files = argv;
        runner->file_count = (size_t)argc;
        return 0;
    }
    if (command->takes == TAKES_FILES) {
        runner->record = argc > 0 && strcmp(argv[0], "--record") == 0;
        runner->files = argv + runner->record;
        runner->file_count = (size_t)(argc - runner->record);
        return 0;
    }
    for (int i = 0; i < argc && argv[i] != NULL; i++) {
        const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(word, "--json") == 0) {
            runner->json = true;
        } else if (strcmp(word, "--loaded") == 0) {
            runner->loaded = true;
        } else if (strcmp(word, "--all") == 0) {
            runner->all = true;
        } else if (strcmp(word, "--case") == 0 && value != NULL) {
            runner->case_name = argv[++i];
        } else if (strcmp(word, "--seed") == 0 && value != NULL) {
            if (!number_parse(value, 0, INT_MAX, &number))
                return runner_refuse(runner, _("A seed is a number from 0 to %d, not %.40s."),
                                     INT_MAX, value);
            runner->seed = argv[++i];
        } else if (strcmp(word, "--seeds") == 0 && value != NULL) {
            if (!number_parse(value, 1, 1000, &runner->seeds))
                return runner_refuse(runner, _("--seeds takes a number from 1 to 1000, not %.40s."),
                                     value);
            i++;
        } else if (word[0] == '-' || runner->exercise != NULL || command->takes == TAKES_NOTHING ||
                   command->takes == TAKES_CLASS) {
            return runner_refuse(runner, _("What is %.40s? The command is: workbook %s %s"), word,
                                 command->name, command->arguments);
        } else {
            runner->exercise = word;
        }
    }
    if (command->takes == NEEDS_EXERCISE && runner->exercise == NULL)
        return runner_refuse(runner, _("%s needs to know the exercise: make %s E=1.2"),
                             command->name, command->name);
    if (command->takes == NEEDS_CHAPTER && runner->exercise == NULL)
        return runner_refuse(runner, "%s", _("Which chapter? workbook chapter 1"));
    return 0;
}

/* The workbook's folder: the current one, else the one that this program was built in. */
static void find_folder(struct runner *runner)
{
    char self[PATH_MAX];
    struct stat status;

    if (stat("exercises", &status) == 0)
        return;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return;
    self[length] = '\0';
    char *end = strstr(self, "/build/workbook");
    if (end != NULL && strcmp(end, "/build/workbook") == 0) {
        *end = '\0';
        if (getcwd(runner->typed_in, sizeof runner->typed_in) == NULL)
            runner->typed_in[0] = '\0';
        if (chdir(self) == -1)
            return; /* the catalogue is empty then, and that is said */
    }
}

static int run_command(struct runner *runner, const char *name, int argc, char **argv)
{
    const struct verb *command = verb_find(runner, name);
    struct error error = {0};

    if (command == NULL)
        return 2;
    if (read_arguments(runner, command, argc, argv) != 0)
        return 2;
    if (command->run != command_doctor) {
        find_folder(runner);
        if (catalogue_load(&runner->catalogue, &error) == -1)
            return runner_refuse(runner, _("The workbook cannot be read: %s."), error.text);
        if (runner->catalogue.chapter_count == 0)
            return runner_refuse(runner, "%s",
                                 _("There is no workbook in this folder. Run make in the folder "
                                   "that README.md and Makefile are in."));
    }
    int status = runner->file_count > 0 && command->takes == TAKES_CLASS ? command_classroom(runner)
                                                                         : command->run(runner);
    catalogue_free(&runner->catalogue);
    return status;
}

/*
 * A standard descriptor that is closed would be given to the next file that is opened. Open for
 * reading only, it stays what it was: one that cannot be written.
 */
static void open_standard(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDONLY) != fd)
            _exit(EXIT_USAGE); /* there is nobody to tell */
}

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct runner runner = {0};
    int status;

    (void)setlocale(LC_ALL, ""); /* a locale that is not installed: the text stays English */
    (void)sigaction(SIGPIPE, &ignore, NULL); /* finish() tells of a pipe nobody reads */
    open_standard();
    processes_adopt();
    screen_init(&runner.out, stdout);
    screen_init(&runner.err, stderr);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        status = show_help(&runner);
    else if (strcmp(argv[1], "--version") == 0)
        status = printf("workbook %s\n", VERSION) < 0;
    else
        status = run_command(&runner, argv[1], argc - 2, argv + 2);
    finish(argc < 2 ? EXIT_USAGE : status);
}
