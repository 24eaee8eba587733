/*
 * build/wire: runs a command, watches its socket calls, disturbs them on demand, and draws the
 * ladder of its conversation.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "wire/fault.h"
#include "wire/ladder.h"
#include "wire/log.h"

static const char USAGE[] = "[--fault NAME[,NAME]] [--seed N] [--no-times] [--log FILE]\n"
                            "            [--hosts FILE] COMMAND [ARGUMENT]...";

/* 50,000 calls, in memory that is taken only as it is filled. */
enum {
    EVENTS = 100000,
    LINES = 60,
    EXIT_NOT_EXECUTABLE = 126,
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNAL = 128
};

struct options {
    unsigned faults;
    const char *fault_names, *seed, *log, *hosts;
    bool times;
};

/* ---- the command line -------------------------------------------------------------------------
 */

static void print_help(void)
{
    (void)printf("usage: wire %s\n\n"
                 "Runs COMMAND, watches what it does with its sockets, and then draws the ladder\n"
                 "of its conversation on standard error. The exit status is the command's.\n\n"
                 "  --fault NAME    disturb its calls, see below\n"
                 "  --seed N        which calls are disturbed: the same number, the same calls\n"
                 "  --no-times      a ladder without times, the same from run to run\n"
                 "  --log FILE      keep the log of all calls in FILE\n"
                 "  --hosts FILE    take host names from FILE (lines of an address and its names)\n"
                 "                  and from nowhere else\n\n"
                 "Faults. A correct program gives the same output under each of them; after a\n"
                 "reset, a half-close or an option refused it reports what happened.\n\n",
                 USAGE);
    for (unsigned i = 0; fault_help(i) != NULL; i++)
        (void)printf("  %-14s  %s\n", wire_fault_name(1U << i), fault_help(i));
}

_Noreturn static void die_option(const char *what, const char *why)
{
    report("%s%s", what, why);
    die_usage(USAGE);
}

static void read_options(int argc, char **argv, struct options *options)
{
    enum { FAULT = 256, SEED, NO_TIMES, LOG, HOSTS, HELP };
    static const struct option LONG[] = {{"fault", required_argument, NULL, FAULT},
                                         {"seed", required_argument, NULL, SEED},
                                         {"no-times", no_argument, NULL, NO_TIMES},
                                         {"log", required_argument, NULL, LOG},
                                         {"hosts", required_argument, NULL, HOSTS},
                                         {"help", no_argument, NULL, HELP},
                                         {NULL, 0, NULL, 0}};
    struct error error;
    long number;
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:h", LONG, NULL)) != -1) {
        switch (option) {
        case FAULT:
            options->fault_names = optarg;
            if (wire_faults_parse(optarg, &options->faults, &error) == -1)
                die_option(error.text, "");
            break;
        case SEED:
            options->seed = optarg;
            if (!number_parse(optarg, 0, LONG_MAX, &number))
                die_option("--seed", " takes a number");
            break;
        case NO_TIMES:
            options->times = false;
            break;
        case LOG:
            options->log = optarg;
            break;
        case HOSTS:
            options->hosts = optarg;
            if (access(optarg, R_OK) == -1)
                die_errno("%s", optarg);
            break;
        case HELP:
        case 'h':
            print_help();
            finish(EXIT_SUCCESS);
        default:
            die_option(argv[optind - 1], option == ':' ? " needs a value" : ": no such option");
        }
    }
    if (optind == argc)
        die_usage(USAGE);
}

/* ---- the command ------------------------------------------------------------------------------
 */

/* libwire.so lies beside this program. */
static void find_library(char *path, size_t room)
{
    ssize_t length = readlink("/proc/self/exe", path, room - 1);

    if (length == -1)
        die_errno("/proc/self/exe");
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t base = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    if ((size_t)snprintf(path + base, room - base, "libwire.so") >= room - base)
        die("the path of libwire.so is too long");
    if (access(path, R_OK) == -1)
        die_errno("%s", path);
}

/* Sets name to value, with what it holds already kept before or behind. */
static void set_environment(const char *name, const char *value, bool first)
{
    const char *old = getenv(name);
    struct buffer text = {0};

    if (old == NULL || *old == '\0')
        old = NULL;
    int rc = old == NULL ? buffer_print(&text, "%s", value)
             : first     ? buffer_print(&text, "%s:%s", value, old)
                         : buffer_print(&text, "%s:%s", old, value);
    if (rc == -1 || setenv(name, buffer_text(&text), 1) == -1)
        die("out of memory");
    buffer_free(&text);
}

static void set_up_child(const struct options *options, const char *library, const char *log)
{
    set_environment("LD_PRELOAD", library, true);
    /* The sanitizer wants to be loaded first; it works behind the wire just as well. */
    set_environment("ASAN_OPTIONS", "verify_asan_link_order=0", false);
    int rc = setenv(WIRE_LOG_VARIABLE, log, 1);
    rc |= setenv(WIRE_FAULTS_VARIABLE, options->fault_names != NULL ? options->fault_names : "", 1);
    rc |= setenv(WIRE_SEED_VARIABLE, options->seed != NULL ? options->seed : "1", 1);
    rc |= options->hosts != NULL ? setenv(WIRE_HOSTS_VARIABLE, options->hosts, 1)
                                 : unsetenv(WIRE_HOSTS_VARIABLE);
    if (rc != 0)
        die("out of memory");
}

static volatile sig_atomic_t child_pid;

/* What was meant for the command reaches it. A terminal's Ctrl-C has reached it already. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    (void)context;
    if (child_pid > 0 && info->si_code != SI_KERNEL)
        (void)kill((pid_t)child_pid, number); /* it may have ended just now */
    errno = saved;
}

/* From here on a signal ends the command, not us: the ladder is still to be drawn. */
static void catch_signals(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO};

    (void)sigemptyset(&action.sa_mask); /* cannot fail */
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        struct sigaction old;
        /* A signal that the shell has us ignore, as of a background job, stays ignored. */
        if (sigaction(SIGNALS[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            (void)sigaction(SIGNALS[i], &action, NULL); /* fails for bad numbers only */
    }
}

/* Runs the command to its end. Returns the exit status to end with. */
static int run(char **command)
{
    extern char **environ;
    sigset_t all, before;
    pid_t pid;
    int status;
    posix_spawnattr_t attributes;

    /* No signal comes between the start and the moment we know whom to hand it to. */
    (void)sigfillset(&all); /* cannot fail */
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    int error = posix_spawnattr_init(&attributes);
    if (error == 0)
        error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (error == 0)
        error = posix_spawnattr_setsigmask(&attributes, &before);
    if (error == 0)
        error = posix_spawnp(&pid, command[0], NULL, &attributes, command, environ);
    if (error != 0) {
        report("%s: %s", command[0], error == ENOENT ? "not found" : strerror(error));
        exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
    }
    (void)posix_spawnattr_destroy(&attributes); /* nothing is left to fail */
    child_pid = pid;
    catch_signals();
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            die_errno("%s", command[0]);
    child_pid = 0;
    return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- the ladder -------------------------------------------------------------------------------
 */

static int find_columns(void)
{
    const char *text = getenv("COLUMNS");
    struct winsize size;
    long columns;

    if (text != NULL && number_parse(text, 20, 1000, &columns))
        return (int)columns;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col;
    return 80;
}

static void draw(const struct wire_log *log, const struct options *options, const char *command)
{
    const char *slash = strrchr(command, '/');
    struct ladder_options how = {.program = slash != NULL ? slash + 1 : command,
                                 .columns = find_columns(),
                                 .lines = LINES,
                                 .times = options->times};
    struct buffer ladder = {0};
    uint32_t made = atomic_load(&log->header->count);

    (void)fflush(stdout); /* nothing was printed there */
    if (ladder_draw(log, &how, &ladder) == -1)
        die("out of memory");
    if (ladder.length == 0)
        (void)fprintf(stderr, "wire: nothing went over the wire\n");
    else
        (void)fputs(buffer_text(&ladder), stderr);
    if (made > wire_log_count(log))
        report("the log is full: %u calls are not shown", (made - wire_log_count(log)) / 2);
    buffer_free(&ladder);
}

/* Without a file of its own the log lives in memory that ends with us, found through /proc. */
static void name_log(const struct options *options, char *path, size_t room)
{
    int rc;

    if (options->log != NULL) {
        rc = snprintf(path, room, "%s", options->log);
    } else {
        int fd = memfd_create("wire", MFD_CLOEXEC);
        if (fd == -1)
            die_errno("memory for the log");
        rc = snprintf(path, room, "/proc/%ld/fd/%d", (long)getpid(), fd);
    }
    if (rc < 0 || (size_t)rc >= room)
        die("the path of the log is too long");
}

int main(int argc, char **argv)
{
    struct options options = {.times = true};
    char library[PATH_MAX], path[PATH_MAX], absolute[PATH_MAX];
    struct wire_log log;
    struct error error;

    read_options(argc, argv, &options);
    find_library(library, sizeof library);
    name_log(&options, path, sizeof path);
    if (wire_log_create(&log, path, EVENTS, &error) == -1)
        die("%s", error.text);
    if (options.log != NULL && realpath(path, absolute) == NULL)
        die_errno("%s", path);
    set_up_child(&options, library, options.log != NULL ? absolute : path);
    int status = run(argv + optind);
    draw(&log, &options, argv[optind]);
    wire_log_close(&log);
    return status;
}
