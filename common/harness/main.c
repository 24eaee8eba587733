/* The main program of every cases.c: the command line, cases side by side, TAP. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/group.h"
#include "core/number.h"
#include "harness/internal.h"

static const char USAGE[] = "--list | --program PATH [--source FILE] [--seed N] [--case NAME]... "
                            "[--jobs N] [--record] [--play NAME] "
                            "[--box STAGE [--groups GROUPS]]";

enum {
    MAX_CASES = 256,
    LATE_MS = LIMIT_WALL_MS + 15000, /* by now a case has ended itself, on a busy machine too */
    STOPPED_MS = 1000,               /* longer than Ctrl-Z and fg need for a whole group */
    GROUP_MIB = 1024,                /* of a case's box, with the other end and all its files */
    GROUP_TASKS = 2000,              /* more than LIMIT_TASKS, so that this one is met first */
    SOCKETS_MOST_MIB = 96,           /* in the buffers of connections: the case is stopped there, */
    SOCKETS_MIB = 128,               /* and the kernel holds it back here, which is above */
    LOOK_MS = 100                    /* between two looks at that */
};

/* One case on its way: chosen, running, done. */
struct run {
    const struct test_case *test;
    pid_t pid;
    int fd; /* the verdict comes out of here */
    struct buffer verdict;
    uint64_t began_ns, stopped_ns; /* stopped_ns: when it was first seen stopped, or 0 */
    bool chosen, started, done, late, floods;
};

static volatile sig_atomic_t interrupted;
static struct groups groups; /* where cases in boxes are limited; none by default */

static void on_signal(int number)
{
    interrupted = number;
}

static bool have_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool works = fd != -1 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

    if (fd != -1)
        (void)close(fd); /* nothing was sent */
    return works;
}

static void list_cases(const struct test_case *cases)
{
    for (const struct test_case *c = cases; c->name != NULL; c++) {
        json_t *line = json_pack("{s:s, s:s, s:i, s:s}", "case", c->name, "title", c->title,
                                 "points", c->points, "teaches", c->teaches);
        (void)json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        (void)putchar('\n');
        json_decref(line);
    }
}

/* Of all graders at once: several may share the groups they make. */
static void name_group(const struct run *run, char name[GROUP_NAME])
{
    (void)snprintf(name, GROUP_NAME, "%ld-%.40s", (long)getpid(), run->test->name);
}

static _Noreturn void become_case(const struct run *run, const struct options *options,
                                  const char *group, int result_fd)
{
    static const struct group_limits limits = {(uint64_t)GROUP_MIB << 20, GROUP_TASKS,
                                               (uint64_t)SOCKETS_MIB << 20};
    struct error error;

    if (groups.kind != GROUPS_NONE && group_enter(&groups, group, &limits, &error) == -1)
        die("%s", error.text);
    if (options->stage != NULL)
        boxed_case(run->test, options, result_fd);
    session_run(run->test, options, result_fd);
}

static void start_case(struct run *run, const struct options *options)
{
    char group[GROUP_NAME];
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) == -1)
        die_errno("cannot make a pipe for the verdict");
    (void)fflush(stdout);
    name_group(run, group);
    run->pid = fork();
    if (run->pid == -1)
        die_errno("cannot start a case");
    if (run->pid == 0) {
        struct sigaction plain = {.sa_handler = SIG_DFL};
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)sigaction(SIGINT, &plain, NULL);
        (void)sigaction(SIGTERM, &plain, NULL);
        /* Nothing of the other cases: a program can open what stands in its parent's /proc/PID/fd.
         */
        if (ends[1] > 3)
            (void)close_range(3, (unsigned)ends[1] - 1, 0);
        (void)close_range((unsigned)ends[1] + 1, ~0U, 0);
        become_case(run, options, group, ends[1]);
    }
    (void)close(ends[1]);
    run->fd = ends[0];
    run->began_ns = now_ns();
    run->started = true;
}

/* A verdict that did not come: the case's own process died, which is the harness's fault. */
static json_t *missing_verdict(const struct run *run, uint32_t seed, int status)
{
    char cause[200];

    if (run->late && run->stopped_ns != 0)
        (void)snprintf(cause, sizeof cause,
                       "the process that watched this case was stopped, perhaps by the program");
    else if (run->late)
        (void)snprintf(cause, sizeof cause,
                       "the process that watched this case did nothing for %d s", LATE_MS / 1000);
    else
        (void)snprintf(cause, sizeof cause, "the process that watched this case %s %d",
                       WIFSIGNALED(status) ? "was ended by signal" : "gave no verdict, exit status",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:I}", "case", run->test->name, "title",
                     run->test->title, "points", run->test->points, "earned", 0, "status",
                     "harness", "cause", cause, "teaches", run->test->teaches, "seed",
                     (json_int_t)seed);
}

static void put_verdict(struct run *run, json_t *verdict)
{
    char *text = json_dumps(verdict, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    buffer_free(&run->verdict);
    (void)buffer_print(&run->verdict, "%s", text == NULL ? "{}" : text);
    free(text);
}

/* Leaves the group, and says of a case that failed whether its memory was the reason. */
static void finish_group(struct run *run, json_t *verdict)
{
    char group[GROUP_NAME], cause[200];
    struct group_use use;
    struct error error;

    name_group(run, group);
    if (group_finish(&groups, group, &use, &error) == -1) {
        report("%s", error.text);
        return;
    }
    const char *status = json_string_value(json_object_get(verdict, "status"));
    if ((!use.memory_met && !use.starved && !run->floods) || status == NULL ||
        strcmp(status, "pass") == 0)
        return;
    if (run->floods)
        (void)snprintf(cause, sizeof cause,
                       "More than %d MiB lay in the buffers of the program's connections, and it "
                       "was stopped.",
                       SOCKETS_MOST_MIB);
    else if (use.memory_met)
        (void)snprintf(cause, sizeof cause,
                       "The program and its files took more than %d MiB of memory, and were "
                       "stopped.",
                       GROUP_MIB);
    else
        (void)snprintf(cause, sizeof cause, "the machine had no memory left");
    (void)json_object_set_new(verdict, "status",
                              json_string(use.memory_met || run->floods ? "memory" : "harness"));
    (void)json_object_set_new(verdict, "cause", json_string(cause));
    put_verdict(run, verdict);
}

static void finish_case(struct run *run, uint32_t seed)
{
    int status = 0;
    json_t *verdict = json_loadb(buffer_text(&run->verdict), run->verdict.length, 0, NULL);

    while (waitpid(run->pid, &status, 0) == -1 && errno == EINTR)
        continue;
    /* A program might write a verdict in place of the process that judges it, and then end that. */
    if (verdict == NULL || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        json_t *missing = missing_verdict(run, seed, status);
        put_verdict(run, missing);
        json_decref(verdict);
        verdict = missing;
    }
    if (groups.kind != GROUPS_NONE)
        finish_group(run, verdict);
    json_decref(verdict);
    (void)close(run->fd);
    run->done = true;
}

/* What all programs of the machine share, one may not take alone. */
static bool takes_sockets(const struct run *run)
{
    char group[GROUP_NAME];

    if (groups.kind == GROUPS_NONE)
        return false;
    name_group(run, group);
    return group_sockets(&groups, group) > (uint64_t)SOCKETS_MOST_MIB << 20;
}

/*
 * A case's own process looks at the clock, unless a program stops it, by a signal or as a debugger
 * does. Then it is killed from here; so is the program, which dies with it.
 */
static void end_late(struct run *runs, size_t count)
{
    uint64_t now = now_ns();

    for (size_t i = 0; i < count; i++) {
        struct run *run = &runs[i];
        siginfo_t info = {0};
        if (!run->started || run->done || run->late)
            continue;
        /* Or it is over, and what it left behind holds its pipe open. */
        bool stopped =
            waitid(P_PID, (id_t)run->pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == run->pid;
        if (!stopped || run->stopped_ns == 0)
            run->stopped_ns = stopped ? now : 0;
        run->late = (stopped && now - run->stopped_ns > UINT64_C(1000000) * STOPPED_MS) ||
                    now - run->began_ns > UINT64_C(1000000) * LATE_MS;
        run->floods = run->floods || takes_sockets(run);
        if (run->late || run->floods)
            (void)kill(run->pid, SIGKILL); /* our child: it is there until we wait for it */
    }
}

static void read_verdicts(struct run *runs, size_t count, uint32_t seed)
{
    struct pollfd polled[MAX_CASES];
    size_t index[MAX_CASES], n = 0;

    for (size_t i = 0; i < count; i++)
        if (runs[i].started && !runs[i].done) {
            polled[n] = (struct pollfd){.fd = runs[i].fd, .events = POLLIN};
            index[n++] = i;
        }
    int ready = poll(polled, n, groups.kind == GROUPS_NONE ? STOPPED_MS : LOOK_MS);
    end_late(runs, count);
    if (ready == -1)
        return; /* EINTR: the caller looks why */
    for (size_t i = 0; i < n; i++) {
        char bytes[65536];
        if (polled[i].revents == 0)
            continue;
        struct run *run = &runs[index[i]];
        ssize_t got = read(run->fd, bytes, sizeof bytes);
        if (got > 0 && buffer_add(&run->verdict, bytes, (size_t)got) == -1)
            die("out of memory");
        if (got == 0 || (got == -1 && errno != EINTR))
            finish_case(run, seed);
    }
    for (size_t i = 0; i < n; i++) /* they were killed: nothing more will come */
        if (!runs[index[i]].done && (runs[index[i]].late || runs[index[i]].floods))
            finish_case(&runs[index[i]], seed);
}

/* Prints one case's TAP line and its verdict as YAML: JSON is YAML. Returns true if it passed. */
static bool print_case(const struct run *run, int number)
{
    json_t *verdict = json_loadb(buffer_text(&run->verdict), run->verdict.length, 0, NULL);
    const char *status = json_string_value(json_object_get(verdict, "status"));
    bool passed = status != NULL && strcmp(status, "pass") == 0;
    bool skipped = status != NULL && strcmp(status, "skipped") == 0;
    const char *line = buffer_text(&run->verdict);

    (void)printf("%s %d - %s%s%s\n  ---\n", passed || skipped ? "ok" : "not ok", number,
                 run->test->name, skipped ? " # SKIP " : "",
                 skipped ? json_string_value(json_object_get(verdict, "cause")) : "");
    while (*line != '\0') {
        int length = (int)strcspn(line, "\n");
        (void)printf("  %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
    (void)printf("  ...\n");
    (void)fflush(stdout); /* the runner shows each case as it comes */
    json_decref(verdict);
    return passed || skipped;
}

static void skip_case(struct run *run, uint32_t seed)
{
    run->started = run->done = true;
    (void)buffer_print(&run->verdict,
                       "{\n  \"case\": \"%s\",\n  \"title\": \"%s\",\n  \"points\": 0,\n"
                       "  \"earned\": 0,\n  \"status\": \"skipped\",\n"
                       "  \"cause\": \"this system has no IPv6\",\n  \"seed\": %u\n}",
                       run->test->name, run->test->title, seed);
}

static int run_cases(struct run *runs, size_t count, const struct options *options)
{
    size_t next = count, printed = 0, running = 0;
    bool all_passed = true, ipv6 = have_ipv6();

    (void)printf("TAP version 13\n1..%zu\n", count);
    while (printed < count && interrupted == 0) {
        /* The last cases look for what was left behind, and take longest: they start first. */
        while (next > 0 && running < (size_t)options->jobs) {
            struct run *run = &runs[--next];
            if (run->test->ipv6 && !ipv6) {
                skip_case(run, options->seed);
                continue;
            }
            start_case(run, options);
            running++;
        }
        if (running > 0)
            read_verdicts(runs, count, options->seed);
        running = 0;
        for (size_t i = 0; i < count; i++)
            running += runs[i].started && !runs[i].done;
        while (printed < count && runs[printed].done) {
            all_passed &= print_case(&runs[printed], (int)printed + 1);
            printed++;
        }
    }
    if (interrupted != 0) {
        for (size_t i = 0; i < count; i++)
            if (runs[i].started && !runs[i].done)
                (void)kill(runs[i].pid, SIGKILL);
        procs_kill_all();
        return 128 + interrupted;
    }
    procs_kill_all(); /* mostly none; a program may have killed the process that kept watch on it */
    return all_passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* build/exercises/X/cases stands in the tree it belongs to: the wire and expected/ are found from
 * it. */
static void find_tree(struct options *options)
{
    static char self[4096], wire[sizeof self + 32], expected[2 * sizeof self], place[sizeof self];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (length == -1)
        die_errno("/proc/self/exe");
    self[length] = '\0';
    char *build = strstr(self, "/build/exercises/"), *end = strrchr(self, '/');
    if (build == NULL || end < build + 16)
        die("%s does not stand in build/exercises/", self);
    *build = *end = '\0';
    (void)snprintf(place, sizeof place, "/%s", build + 1);
    (void)snprintf(wire, sizeof wire, "%s/build/libwire.so", self);
    (void)snprintf(expected, sizeof expected, "%s/%s/expected", self, build + 7);
    options->place = place;
    options->wire = wire;
    options->expected = expected;
    if (access(wire, R_OK) == -1)
        die_errno("%s", wire);
}

/* Each run has a folder of its own, from which only a whole path leads to the program. */
static void find_program(struct options *options)
{
    if (options->stage != NULL)
        return; /* seen from inside a box alone */
    char *program = realpath(options->program, NULL);
    if (program == NULL || access(program, X_OK) == -1) {
        report_errno("%s", options->program);
        free(program);
        exit(EXIT_USAGE);
    }
    options->program = program; /* until the end */
}

static char scratch[192];
static pid_t owner; /* a case is a fork of this process, and must not clean up for it */

static void remove_scratch(void)
{
    if (getpid() == owner)
        folder_remove_all(scratch);
}

/* One folder holds whatever the cases make, so that none stays behind however they end. */
static void make_scratch(struct options *options)
{
    const char *temporary = getenv("TMPDIR");

    /* Programs run elsewhere, and the options of the sanitizers end at blanks and colons. */
    if (temporary == NULL || *temporary != '/' || temporary[strcspn(temporary, " \t:")] != '\0' ||
        strlen(temporary) > sizeof scratch - 32)
        temporary = "/tmp";
    (void)snprintf(scratch, sizeof scratch, "%s/workbook-XXXXXX", temporary);
    if (mkdtemp(scratch) == NULL) {
        report_errno("cannot make a folder in %s", temporary);
        exit(EXIT_USAGE);
    }
    owner = getpid();
    if (atexit(remove_scratch) != 0)
        die("out of memory");
    options->folder = scratch;
}

static void choose_case(struct run *runs, size_t *count, const struct test_case *cases,
                        const char *name)
{
    for (const struct test_case *c = cases; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0 && *count < MAX_CASES) {
            runs[(*count)++] = (struct run){.test = c};
            return;
        }
    report("there is no case %s; --list names them", name);
    exit(EXIT_USAGE);
}

_Noreturn static void refuse(const struct test_case *test, const char *format, ...)
    PRINTF_LIKE(2, 3);

static void refuse(const struct test_case *test, const char *format, ...)
{
    va_list arguments;
    char why[600];

    va_start(arguments, format);
    (void)vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    report("the case \"%s\" %s", test->name, why);
    exit(EXIT_USAGE);
}

static void check_case(const struct test_case *test)
{
    unsigned faults;
    struct error error = {0};

    if (*test->name == '\0' ||
        test->name[strspn(test->name, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        refuse(test, "has a name of other than small letters, digits and -");
    if (test->title == NULL || *test->title == '\0')
        refuse(test, "has no .title");
    if (test->teaches == NULL || *test->teaches == '\0')
        refuse(test, "has no .teaches");
    if (test->run == NULL)
        refuse(test, "has no .run");
    if (test->points < 0)
        refuse(test, "has %d points", test->points);
    if (test->faults != NULL && wire_faults_parse(test->faults, &faults, &error) == -1)
        refuse(test, "has .faults that nobody makes: %s; build/wire --help lists them", error.text);
}

/*
 * What is forgotten in a case would be judged for years as if it stood there, so it is said before
 * anything runs. expected/, CASE= and a wrong answer's first line mean one case each. Points have
 * all cases or none: an exercise may be without, a case that cannot count is forgotten.
 */
static void check_cases(const struct test_case *cases)
{
    for (const struct test_case *c = cases; c->name != NULL; c++) {
        check_case(c);
        if ((c->points == 0) != (cases->points == 0))
            refuse(c->points == 0 ? c : cases, "has no .points, and others have");
        for (const struct test_case *d = cases; d < c; d++)
            if (strcmp(c->name, d->name) == 0)
                refuse(c, "is there twice");
        if (c - cases >= MAX_CASES)
            refuse(c, "is one too many; there is room for %d", MAX_CASES);
    }
}

static void read_options(int argc, char **argv, const struct test_case *cases,
                         struct options *options, struct run *runs, size_t *count)
{
    static const struct option known[] = {
        {"list", no_argument, NULL, 'l'},
        {"program", required_argument, NULL, 'p'},
        {"source", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'n'},
        {"case", required_argument, NULL, 'c'},
        {"jobs", required_argument, NULL, 'j'},
        {"record", no_argument, NULL, 'r'},
        {"play", required_argument, NULL, 'y'},
        {"box", required_argument, NULL, 'b'},
        {"groups", required_argument, NULL, 'g'},
        {"boxed", required_argument, NULL, 'x'}, /* as boxed_case() starts us */
        {NULL, 0, NULL, 0},
    };
    int option;
    long number;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'l') {
            list_cases(cases);
            finish(EXIT_SUCCESS);
        } else if (option == 'p') {
            options->program = optarg;
        } else if (option == 's') {
            options->source = optarg;
        } else if (option == 'n' && number_parse(optarg, 0, UINT32_MAX, &number)) {
            options->seed = (uint32_t)number;
            memset(optarg, 'N', strlen(optarg)); /* /proc shows it to the program under test */
        } else if (option == 'j' && number_parse(optarg, 1, MAX_CASES, &number)) {
            options->jobs = (int)number;
        } else if (option == 'c' || option == 'y') {
            choose_case(runs, count, cases, optarg);
            options->play |= option == 'y';
        } else if (option == 'r') {
            options->record = true;
        } else if (option == 'b') {
            options->stage = optarg;
        } else if (option == 'g') {
            options->groups = optarg;
        } else if (option == 'x' && number_parse(optarg, 3, 1 << 20, &number)) {
            options->boxed = true;
            options->result_fd = (int)number;
        } else {
            die_usage(USAGE);
        }
    }
    if (optind != argc || options->program == NULL)
        die_usage(USAGE);
    if (options->source == NULL) {
        static char source[256];
        const char *slash = strrchr(options->program, '/');
        (void)snprintf(source, sizeof source, "%s.c", slash == NULL ? options->program : slash + 1);
        options->source = source;
    }
}

int harness_main(int argc, char **argv, const struct test_case *cases)
{
    static struct run runs[MAX_CASES];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct options options = {.seed = DEFAULT_SEED, .jobs = cores < 1 ? 2 : (int)cores * 2};
    struct sigaction stop = {.sa_handler = on_signal};
    struct rlimit files;
    size_t count = 0;

    check_cases(cases);
    read_options(argc, argv, cases, &options, runs, &count);
    find_tree(&options);
    find_program(&options);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* peers hold many connections */
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (options.stage == NULL)
        make_scratch(&options);
    if (options.boxed && count == 1 && fcntl(options.result_fd, F_SETFD, FD_CLOEXEC) == 0)
        session_run(runs[0].test, &options, options.result_fd);
    struct error error;
    if (options.groups != NULL && groups_parse(&groups, options.groups, &error) == -1)
        die("%s", error.text);
    if (options.play) /* Ctrl-C ends it on the spot */
        session_play(runs[0].test, &options);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGHUP, &stop, NULL);
    bool whole = count == 0;
    if (whole)
        for (const struct test_case *c = cases; c->name != NULL; c++)
            choose_case(runs, &count, cases, c->name);
    int status = run_cases(runs, count, &options);
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    if (options.record && whole && options.seed == DEFAULT_SEED && status == EXIT_SUCCESS)
        transcripts_sweep(&options, cases);
    return status;
}
