/* doctor: what this machine has, what it lacks, and how to get it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/number.h"
#include "workbook/process.h"
#include "workbook/report.h"
#include "workbook/runner.h"

#define SETUP "sh common/setup.sh"

enum { MARK = 8, TEXT = 26, NARROW = 60 }; /* where names begin, where texts do */

enum need { NEEDED, USEFUL };

struct examination {
    const struct runner *runner;
    int missing; /* of what is needed */
    int lacking; /* of what is useful */
};

/* What was looked at and how it is; on a narrow screen one below the other. */
static void put_finding(const struct screen *screen, enum style style, const char *mark,
                        const char *name, const char *what)
{
    char lead[80];
    int pad = TEXT - MARK - text_columns(name);

    (void)snprintf(lead, sizeof lead, "%s%s%*s", mark, name, pad > 1 ? pad : 1, "");
    if (screen->columns >= NARROW) {
        screen_row(screen, style, lead, what, "");
        return;
    }
    screen_row(screen, style, mark, name, "");
    screen_wrap(screen, STYLE_PLAIN, MARK, what);
}

static void found(const struct examination *all, const char *name, const char *what)
{
    put_finding(&all->runner->out, STYLE_GOOD, _("  ok    "), name, what);
}

static void lacks(struct examination *all, enum need need, const char *name, const char *what,
                  const char *cure)
{
    const struct screen *screen = &all->runner->out;

    put_finding(screen, need == NEEDED ? STYLE_BAD : STYLE_KEY,
                need == NEEDED ? _("  FAIL  ") : _("  --    "), name, what);
    screen_wrap(screen, STYLE_PLAIN, screen->columns >= NARROW ? TEXT : MARK, cure);
    if (need == NEEDED)
        all->missing++;
    else
        all->lacking++;
}

/* The first line that a command prints, in line. Returns its exit status, or -1. */
static int ask(const char *const *arguments, char *line, size_t size)
{
    struct buffer output = {0};
    int status = process_run(arguments, &output, NULL, NULL);
    const char *text = buffer_text(&output);

    (void)snprintf(line, size, "%.*s", (int)strcspn(text, "\n"), text);
    buffer_free(&output);
    return status;
}

/* ---- tools ----------------------------------------------------------------------------------- */

static void look_at_command(struct examination *all, enum need need, const char *name,
                            const char *command, const char *cure)
{
    const char *arguments[] = {command, "--version", NULL};
    char line[200], what[300];

    if (ask(arguments, line, sizeof line) == 0) {
        found(all, name, line);
        return;
    }
    (void)snprintf(what, sizeof what, _("%s does not run."), command);
    lacks(all, need, name, what, cure);
}

/* Compiles and runs a program with the sanitizers, as every answer is. */
static void look_at_sanitizers(struct examination *all)
{
    static const char source[] =
        "#include <stdlib.h>\nint main(void) { free(malloc(1)); return 0; }\n";
    char folder[] = "/tmp/workbook-doctor-XXXXXX", file[64], program[64], line[200];
    const char *compiler = getenv("CC");
    const char *compile[] = {compiler != NULL && *compiler != '\0' ? compiler : "gcc",
                             "-fsanitize=address,undefined",
                             file,
                             "-o",
                             program,
                             NULL};
    const char *run[] = {program, NULL};
    const char *name = _("sanitizers");

    if (mkdtemp(folder) == NULL) {
        lacks(all, NEEDED, name, _("No file can be made in /tmp."), _("Make room in /tmp."));
        return;
    }
    (void)snprintf(file, sizeof file, "%s/probe.c", folder);
    (void)snprintf(program, sizeof program, "%s/probe", folder);
    FILE *out = fopen(file, "we");
    bool written = out != NULL && fputs(source, out) != EOF;
    written = out != NULL && fclose(out) == 0 && written;
    if (!written)
        lacks(all, NEEDED, name, _("No file can be written in /tmp."), _("Make room in /tmp."));
    else if (ask(compile, line, sizeof line) != 0)
        lacks(all, NEEDED, name, _("A program with -fsanitize=address,undefined does not compile."),
              _("Install gcc with its libasan and libubsan: " SETUP));
    else if (ask(run, line, sizeof line) != 0)
        lacks(all, NEEDED, name, _("A program with -fsanitize=address,undefined does not run."),
              _("Often vm.mmap_rnd_bits is too large: sudo sysctl vm.mmap_rnd_bits=28"));
    else
        found(all, name, _("ASan and UBSan find errors of memory"));
    (void)unlink(file); /* what could not be made is not there */
    (void)unlink(program);
    (void)rmdir(folder);
}

static void look_at_library(struct examination *all, enum need need, const char *name)
{
    const char *arguments[] = {"pkg-config", "--modversion", name, NULL};
    char line[200];

    if (ask(arguments, line, sizeof line) == 0)
        found(all, name, line);
    else
        lacks(all, need, name, _("The library or its header files are not there."),
              need == NEEDED ? SETUP : SETUP " --test");
}

/* ---- the system ------------------------------------------------------------------------------ */

/* Runs probe in a child, which may end as it likes. True if it said yes. */
static bool in_child(bool (*probe)(void))
{
    int status = 0;
    (void)fflush(stdout); /* so that the child holds nothing back to print twice */
    pid_t pid = fork();

    if (pid == 0)
        _exit(probe() ? 0 : 1);
    if (pid == -1)
        return false;
    while (waitpid(pid, &status, WUNTRACED) == -1 && errno == EINTR)
        continue;
    if (WIFSTOPPED(status)) {
        (void)kill(pid, SIGKILL); /* our child: it is there until we wait for it */
        while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
            continue;
        return true; /* the probe for ptrace stops when it is traced */
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A namespace is proved by binding in it; unshare() alone succeeds where it is refused later. */
static bool probe_namespace(void)
{
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (unshare(CLONE_NEWNET) == -1 && unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
        return false;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd != -1 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0 &&
           bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0;
}

static bool probe_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd != -1 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static bool probe_ptrace(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
        return false;
    (void)raise(SIGSTOP); /* seen by the parent as a stop */
    return true;
}

/* The folder of our own control group below root, or "" */
static bool probe_control_group(void)
{
    struct buffer text = {0};
    char folder[PATH_MAX] = "";

    if (buffer_add_file(&text, "/proc/self/cgroup", 1 << 16) == 0) {
        const char *line = strstr(buffer_text(&text), "0::/");
        if (line != NULL)
            (void)snprintf(folder, sizeof folder, "/sys/fs/cgroup%.*s/workbook-doctor",
                           (int)strcspn(line + 3, "\n"), line + 3);
    }
    buffer_free(&text);
    return folder[0] != '\0' && mkdir(folder, 0755) == 0 && rmdir(folder) == 0;
}

static void look_at_system(struct examination *all)
{
    if (in_child(probe_namespace))
        found(all, _("namespaces"), _("a network of one's own for each lesson"));
    else
        lacks(all, USEFUL, _("namespaces"), _("No network namespace can be made here."),
              _("Lessons then share this machine's ports and run one after another. On Ubuntu: "
                "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"));
    if (in_child(probe_ipv6))
        found(all, _("IPv6"), _("::1 can be bound"));
    else
        lacks(all, USEFUL, _("IPv6"), _("::1 cannot be bound."),
              _("Cases that need IPv6 are skipped. On most systems: sudo sysctl "
                "net.ipv6.conf.lo.disable_ipv6=0"));
    if (in_child(probe_control_group))
        found(all, _("control groups"), _("memory and processes can be limited by the kernel"));
    else
        lacks(all, USEFUL, _("control groups"), _("No control group can be made here."),
              _("Memory and processes are then watched instead of limited. Under systemd: "
                "systemd-run --user --scope -p Delegate=yes make check"));
    if (in_child(probe_ptrace))
        found(all, _("ptrace"), _("leaks can be found, and gdb works"));
    else
        lacks(all, USEFUL, _("ptrace"), _("ptrace() is refused."),
              _("Leak checks and gdb do not work. In a container: docker run "
                "--cap-add=SYS_PTRACE"));
}

static void look_at_terminal(struct examination *all)
{
    const struct screen *screen = &all->runner->out;
    const char *term = getenv("TERM");
    char what[200];

    if (!isatty(STDIN_FILENO) || !screen->terminal) {
        lacks(all, USEFUL, _("terminal"), _("Standard input and output are not a terminal."),
              _("The tour and practice need one; everything else works without."));
        return;
    }
    (void)snprintf(what, sizeof what, _("%s, %d columns, %s"), term != NULL ? term : "?",
                   screen->columns, screen->colour ? _("in colour") : _("without colour"));
    found(all, _("terminal"), what);
}

int command_doctor(struct runner *runner)
{
    struct examination all = {.runner = runner};
    const char *compiler = getenv("CC");

    look_at_command(&all, NEEDED, _("compiler"),
                    compiler != NULL && *compiler != '\0' ? compiler : "gcc", SETUP);
    look_at_sanitizers(&all);
    look_at_command(&all, NEEDED, "make", "make", SETUP);
    look_at_command(&all, NEEDED, "pkg-config", "pkg-config", SETUP);
    look_at_library(&all, NEEDED, "jansson");
    look_at_library(&all, NEEDED, "libuv");
    look_at_library(&all, NEEDED, "md4c");
    look_at_library(&all, NEEDED, "libarchive");
    look_at_library(&all, NEEDED, "libcrypto");
    look_at_library(&all, USEFUL, "cmocka");
    look_at_command(&all, USEFUL, "gdb", "gdb",
                    _("Install the package gdb to look into a program."));
    look_at_system(&all);
    look_at_terminal(&all);
    (void)fputc('\n', runner->out.out);
    if (all.missing > 0)
        runner_say(runner, STYLE_BAD, "%s",
                   _("Something that is needed is missing; the lines marked FAIL say how to get "
                     "it."));
    else if (all.lacking > 0)
        runner_say(runner, STYLE_PLAIN, "%s",
                   _("Everything that is needed is there. What is marked -- makes it better."));
    else
        runner_say(runner, STYLE_PLAIN, "%s", _("Everything is there."));
    return all.missing > 0 ? 1 : 0;
}
