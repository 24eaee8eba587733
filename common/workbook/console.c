#include "workbook/console.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include "core/clock.h"
#include "core/number.h"
#include "wire/log.h"
#include "workbook/keeper.h"
#include "workbook/screen.h"

enum {
    JOBS_MOST = 64,
    HELD_MOST = CONSOLE_OUTPUT_MOST * 2, /* bytes of output that wait to be shown */
    TREE_MOST = 256,
    LOG_EVENTS = 8192,
    STOP_MS = 2000, /* for bash to go on after its command was killed */
    STEP_MS = 5,    /* between looks at a server that prints nothing */
    ASLEEP_MS = 500 /* all asleep so long and no socket: it is no server */
};

/* A command whose output pipe is still open: a server, mostly. */
struct job {
    pid_t pid;          /* 0 if bash did not say */
    int output;         /* its pipe, or -1 once it ended */
    struct buffer held; /* printed, not yet shown */
};

struct console {
    pid_t keeper, bash;
    int channel;
    bool isolated, dead;
    int death_status;
    char folder[128];
    char wire[256];
    unsigned commands;
    pid_t last;          /* $! after the last command */
    struct buffer words; /* of the channel, not yet a whole line */
    struct job jobs[JOBS_MOST];
    size_t job_count;
};

/* One command under way. */
struct run {
    struct console *console;
    const struct console_watch *watch;
    struct console_result *result;
    struct job job;
    long long deadline;
    bool done;  /* bash has said so */
    bool shown; /* wait or kill ran: what servers printed is due */
    bool full;  /* nothing more is taken into the result */
    pid_t last; /* bash's $! afterwards */
    pid_t killed[16];
    size_t killed_count;
};

/*
 * Bash reads commands from the channel and tells how each one ended. kill and wait are watched,
 * because what a server printed is due after them; a signal that ends nothing is not awaited.
 */
static const char driver[] =
    "__is() { return \"$1\"; }\n"
    "wait() { __due=1; builtin wait \"$@\"; }\n"
    "kill() {\n"
    "    local __a __ends=1\n"
    "    __due=1\n"
    "    for __a; do\n"
    "        case ${__a#-} in\n"
    "        0|l|L|*USR?|*STOP|*TSTP|*CONT|*WINCH|*CHLD|*URG) __ends=0 ;;\n"
    "        %*) [ $__ends = 1 ] && __killed+=\" $(jobs -p \"$__a\" 2>/dev/null)\" ;;\n"
    "        [1-9]*) [ \"$__a\" = \"${__a#-}\" ] && [ $__ends = 1 ] && __killed+=\" $__a\" ;;\n"
    "        esac\n"
    "    done\n"
    "    builtin kill \"$@\"\n"
    "}\n"
    "export -n __wire\n"
    "__status=0\n"
    "while IFS= read -r -d '' -u 62 __out && IFS= read -r -d '' -u 62 __command; do\n"
    "    __due=0 __killed=\n"
    "    if [ -n \"$__wire\" ]; then export LD_PRELOAD=$__wire WIRE_LOG=$__out.log; fi\n"
    "    __is $__status\n"
    "    eval \"$__command\" >\"$__out\" 2>&1 </dev/null 62>&-\n"
    "    __status=$? __last=$!\n"
    "    printf 'done %s %s %s%s\\n' $__status ${__last:-0} $__due \"$__killed\" >&62\n"
    "done\n";

/* ---- small things -----------------------------------------------------------------------------
 */

static int show_byte(unsigned char byte, struct buffer *out)
{
    if (byte == '\0')
        return buffer_print(out, "\\0");
    if (byte == '\r')
        return buffer_print(out, "\\r");
    return buffer_print(out, "\\x%02x", byte);
}

/* The length of the UTF-8 character at bytes, 0 if there is none: overlong forms are none. */
static size_t utf8_length(const unsigned char *bytes, size_t length)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    unsigned code = bytes[0] & (0xffU >> (need + 1));

    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || length < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    bool control = code >= 0x80 && code < 0xa0;
    return code < least[need] || code > 0x10ffff || surrogate || control ? 0 : need;
}

int console_show(const void *bytes, size_t length, struct buffer *out)
{
    const unsigned char *at = bytes;
    int rc = 0;

    for (size_t i = 0, step; i < length && rc == 0; i += step) {
        step = 1;
        if (at[i] == '\n' || at[i] == '\t' || (at[i] >= 0x20 && at[i] < 0x7f))
            rc = buffer_add(out, &at[i], 1);
        else if (at[i] >= 0x80 && (step = utf8_length(&at[i], length - i)) > 0)
            rc = buffer_add(out, &at[i], step);
        else {
            step = 1;
            rc = show_byte(at[i], out);
        }
    }
    return rc;
}

/* ---- starting and ending ----------------------------------------------------------------------
 */

/* What a lesson sees is the same on every machine. */
static void environment_settle(const char *wire)
{
    static const char *const settled[][2] = {{"LC_ALL", "C.UTF-8"},
                                             {"TZ", "UTC"},
                                             {"COLUMNS", "80"},
                                             {"NO_COLOR", "1"},
                                             {"TERM", "dumb"},
                                             {"PAGER", "cat"},
                                             {"PYTHONDONTWRITEBYTECODE", "1"},
                                             {"PYTHONUNBUFFERED", "1"}}; /* gdb's, too */
    static const char *const unset[] = {
        "BASH_ENV",   "ENV",         "MAKEFLAGS",   "MFLAGS",    "MAKELEVEL",  "LANGUAGE",
        "LINES",      "CDPATH",      "SHELLOPTS",   "BASHOPTS",  "GLOBIGNORE", "POSIXLY_CORRECT",
        "LD_PRELOAD", "WIRE_LOG",    "WIRE_FAULTS", "WIRE_SEED", "WIRE_HOSTS", "http_proxy",
        "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",  "no_proxy",
        "NO_PROXY",   "CI"};

    for (size_t i = 0; i < sizeof settled / sizeof *settled; i++)
        (void)setenv(settled[i][0], settled[i][1], 1); /* short of memory, bash will not start */
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        (void)unsetenv(unset[i]);
    if (wire != NULL && *wire != '\0')
        (void)setenv("__wire", wire, 1);
    else
        (void)unsetenv("__wire");
}

/* Waits for a line of the channel; cuts it off into line. False at the end or after limit_ms. */
static bool channel_line(struct console *c, int limit_ms, char *line, size_t size)
{
    long long deadline = now_ms() + limit_ms;

    for (;;) {
        struct pollfd watched = {.fd = c->channel, .events = POLLIN};
        char *end = c->words.length > 0 ? memchr(c->words.data, '\n', c->words.length) : NULL;
        if (end != NULL) {
            size_t length = (size_t)(end - c->words.data);
            (void)snprintf(line, size, "%.*s", (int)length, c->words.data);
            c->words.length -= length + 1;
            memmove(c->words.data, end + 1, c->words.length);
            return true;
        }
        long long left = deadline - now_ms();
        int ready = poll(&watched, 1, left > 0 ? (int)left : 0);
        if (ready == -1 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        char bytes[512];
        ssize_t got = recv(c->channel, bytes, sizeof bytes, 0);
        if (got <= 0 || buffer_add(&c->words, bytes, (size_t)got) == -1)
            return false;
    }
}

/* Forks the keeper. Returns 1 when bash stands, 0 when the namespace was refused, -1 and error. */
static int keeper_start(struct console *c, bool isolated, struct error *error)
{
    static const char *const bash[] = {"bash", "--norc", "--noprofile", "-c", driver, "bash", NULL};
    char line[64] = "";
    int pair[2];
    long pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
        return error_set_errno(error, _("cannot start the shell of the lesson"));
    (void)fflush(NULL); /* the child must not print it again */
    c->keeper = fork();
    if (c->keeper == 0) {
        environment_settle(c->wire);
        keeper_run(pair[1], c->folder, bash, isolated);
    }
    (void)close(pair[1]);
    c->channel = pair[0];
    if (c->keeper == -1) {
        error_set_errno(error, _("cannot start the shell of the lesson"));
    } else if (!channel_line(c, CONSOLE_LIMIT_MS, line, sizeof line)) {
        error_set(error, _("the shell of the lesson did not start"));
    } else if (strncmp(line, "ready ", 6) == 0 && number_parse(line + 6, 1, INT_MAX, &pid)) {
        c->bash = (pid_t)pid;
        c->isolated = isolated;
        return 1;
    }
    (void)close(c->channel);
    c->channel = -1;
    if (c->keeper > 0)
        (void)waitpid(c->keeper, NULL, 0);
    bool refused = c->keeper > 0 && strncmp(line, "refused", 7) == 0;
    c->keeper = 0;
    return refused ? 0 : -1;
}

static int folder_make(struct console *c, struct error *error)
{
    const char *base = getenv("TMPDIR");

    if (base == NULL || *base != '/' || strlen(base) > sizeof c->folder - 32)
        base = "/tmp";
    (void)snprintf(c->folder, sizeof c->folder, "%s/workbook.XXXXXX", base);
    if (mkdtemp(c->folder) == NULL) {
        error_set_errno(error, _("%s: no folder for the lesson's output can be made"), base);
        c->folder[0] = '\0';
        return -1;
    }
    return 0;
}

struct console *console_open(const char *wire, struct error *error)
{
    static bool refused; /* what the system said once holds for the next lesson */
    struct console *c = calloc(1, sizeof *c);
    int started = 0;

    if (c == NULL) {
        error_set_errno(error, _("cannot start the shell of the lesson"));
        return NULL;
    }
    c->channel = -1;
    if (wire != NULL)
        (void)snprintf(c->wire, sizeof c->wire, "%s", wire);
    if (folder_make(c, error) == -1) {
        free(c);
        return NULL;
    }
    if (!refused && (started = keeper_start(c, true, error)) == 0)
        refused = true;
    if (refused)
        started = keeper_start(c, false, error);
    if (started != 1) {
        (void)rmdir(c->folder); /* empty so far */
        buffer_free(&c->words);
        free(c);
        return NULL;
    }
    return c;
}

bool console_isolated(const struct console *console)
{
    return console->isolated;
}

static void job_free(struct job *job)
{
    if (job->output != -1)
        (void)close(job->output);
    buffer_free(&job->held);
    *job = (struct job){.output = -1};
}

void console_close(struct console *c)
{
    if (c == NULL)
        return;
    (void)close(c->channel); /* the keeper sees it and ends everything */
    while (waitpid(c->keeper, NULL, 0) == -1 && errno == EINTR)
        ;
    for (size_t i = 0; i < c->job_count; i++)
        job_free(&c->jobs[i]);
    buffer_free(&c->words);
    free(c);
}

/* ---- output -----------------------------------------------------------------------------------
 */

static void result_add(struct run *run, const char *bytes, size_t length)
{
    struct buffer *output = &run->result->output;

    if (run->full || length == 0)
        return;
    if (length > CONSOLE_OUTPUT_MOST - output->length) {
        length = CONSOLE_OUTPUT_MOST - output->length;
        run->full = true;
        run->result->end = CONSOLE_FLOOD;
    }
    if (buffer_add(output, bytes, length) == -1)
        run->full = true;
    else if (run->watch->on_output != NULL && length > 0)
        run->watch->on_output(run->watch->data, bytes, length);
}

/*
 * Takes what a pipe holds now; beyond HELD_MOST bytes it only keeps it flowing. Returns false at
 * its end: nobody can write to it any more. A flood does not hold it up: it comes back for the
 * rest.
 */
static bool job_drain(struct job *job)
{
    char bytes[16384];
    ssize_t got = 1;

    for (int turns = 0; job->output != -1 && turns < 16 && got > 0; turns++) {
        got = read(job->output, bytes, sizeof bytes);
        if (got > 0 && job->held.length < HELD_MOST &&
            buffer_add(&job->held, bytes, (size_t)got) == -1)
            break;
    }
    return got != 0;
}

static void held_show(struct run *run, struct job *job, size_t length)
{
    result_add(run, job->held.data, length);
    job->held.length -= length;
    if (job->held.length > 0)
        memmove(job->held.data, job->held.data + length, job->held.length);
}

/* ---- servers ----------------------------------------------------------------------------------
 */

static size_t job_processes(pid_t pid, pid_t *list)
{
    list[0] = pid;
    return 1 + keeper_descendants(pid, list + 1, TREE_MOST - 1);
}

static bool all_asleep(const pid_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char state = keeper_state(list[i]);
        if (state != 'S' && state != 'Z' && state != '\0')
            return false;
    }
    return true;
}

/* Is inode held by one of the processes? */
static bool inode_owned(unsigned long inode, const pid_t *list, size_t count)
{
    char path[64], link[64], wanted[64];
    struct dirent *entry;
    bool found = false;

    (void)snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    for (size_t i = 0; i < count && !found; i++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)list[i]);
        DIR *folder = opendir(path);
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
        while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
            ssize_t length = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
            if (length > 0)
                link[length] = '\0';
            found = length > 0 && strcmp(link, wanted) == 0;
        }
        if (folder != NULL)
            (void)closedir(folder);
    }
    return found;
}

/* The inode of a line of /proc/net/NAME whose socket waits for peers; 0 for any other line. */
static unsigned long listening_inode(const char *name, const char *line)
{
    unsigned long inode = 0;
    unsigned state = 0, flags = 0, type = 0;
    char path[2] = "";

    /* NOLINTBEGIN(cert-err34-c): the kernel writes these lines */
    if (strcmp(name, "unix") == 0) {
        if (sscanf(line, "%*s %*x %*x %x %x %*x %lu %1s", &flags, &type, &inode, path) < 3)
            return 0;
        return (flags & 0x10000) != 0 || (type == SOCK_DGRAM && path[0] != '\0') ? inode : 0;
    }
    if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %*d %*d %lu", &state, &inode) != 2)
        return 0;
    /* NOLINTEND(cert-err34-c) */
    return state == (name[0] == 't' ? 0x0aU : 0x07U) ? inode : 0; /* LISTEN; for UDP: bound */
}

static bool job_listens(const pid_t *list, size_t count)
{
    static const char *const names[] = {"tcp", "tcp6", "unix", "udp", "udp6"};
    char path[64], line[512];
    bool found = false;

    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
        (void)snprintf(path, sizeof path, "/proc/%d/net/%s", (int)list[0], names[i]);
        FILE *file = fopen(path, "re");
        while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
            unsigned long inode = listening_inode(names[i], line);
            found = inode != 0 && inode_owned(inode, list, count);
        }
        if (file != NULL)
            (void)fclose(file); /* only read from */
    }
    return found;
}

/* Watches the caller's descriptor, if it gave one. False when it cancelled. */
static bool watch_ready(struct run *run, const struct pollfd *watched)
{
    if (watched->revents == 0 || run->watch->on_ready == NULL)
        return true;
    if (!run->watch->on_ready(run->watch->data))
        return true;
    run->result->end = CONSOLE_CANCELLED;
    return false;
}

static struct pollfd watch_entry(const struct run *run)
{
    int fd = run->watch->fd > 0 && run->watch->on_ready != NULL ? run->watch->fd : -1;

    return (struct pollfd){.fd = fd, .events = POLLIN};
}

/*
 * Waits for a server's first line, its first listening socket, or its end. The line is an event
 * and so is the end; a socket can only be looked for. It counts once every process of the server
 * sleeps, for then the line, if there is to be one, has been printed.
 */
static void server_await(struct run *run)
{
    pid_t list[TREE_MOST];
    struct job *job = &run->job;
    int ended = pidfd_open(job->pid, 0);
    long long asleep_since = -1;

    for (int step = STEP_MS; run->result->end == CONSOLE_DONE;) {
        struct pollfd watched[] = {{.fd = job->output, .events = POLLIN},
                                   {.fd = ended, .events = POLLIN},
                                   watch_entry(run)};
        bool over = ended == -1 || (poll(&watched[1], 1, 0) > 0 && watched[1].revents != 0);
        bool open = job_drain(job);
        char *line = job->held.length > 0 ? memchr(job->held.data, '\n', job->held.length) : NULL;
        if (over || line != NULL) {
            held_show(run, job, over ? job->held.length : (size_t)(line - job->held.data) + 1);
            break;
        }
        if (!open)
            watched[0].fd = -1;
        if (poll(watched, 3, step) > 0) {
            if (!watch_ready(run, &watched[2]))
                break;
            continue;
        }
        long long now = now_ms();
        size_t count = job_processes(job->pid, list);
        if (!all_asleep(list, count))
            asleep_since = -1;
        else if (asleep_since == -1)
            asleep_since = now;
        else if (now - asleep_since > ASLEEP_MS || job_listens(list, count))
            break;
        if (now > run->deadline)
            run->result->end = CONSOLE_TIMEOUT;
        step = step < 40 ? step * 2 : step;
    }
    if (ended != -1)
        (void)close(ended);
}

/* After kill: waits until the process has ended, so that its last words are there. */
static void killed_await(struct run *run, pid_t pid)
{
    int ended = pidfd_open(pid, 0);

    while (ended != -1 && run->result->end == CONSOLE_DONE) {
        struct pollfd watched[JOBS_MOST + 2] = {{.fd = ended, .events = POLLIN}, watch_entry(run)};
        nfds_t count = 2;
        for (size_t i = 0; i < run->console->job_count; i++) /* a full pipe would hold it up */
            if (job_drain(&run->console->jobs[i]))
                watched[count++] =
                    (struct pollfd){.fd = run->console->jobs[i].output, .events = POLLIN};
        long long left = run->deadline - now_ms();
        if (left <= 0)
            run->result->end = CONSOLE_TIMEOUT;
        else if (poll(watched, count, (int)left) > 0 &&
                 (!watch_ready(run, &watched[1]) || watched[0].revents != 0))
            break;
    }
    if (ended != -1)
        (void)close(ended);
}

static bool process_gone(pid_t pid)
{
    char state = keeper_state(pid);

    return state == '\0' || state == 'Z';
}

/* After wait or kill: shows what servers that have ended printed since. */
static void jobs_show(struct run *run)
{
    struct console *c = run->console;

    for (size_t i = 0; i < run->killed_count; i++)
        killed_await(run, run->killed[i]);
    for (size_t i = 0; i < c->job_count; i++) {
        struct job *job = &c->jobs[i];
        bool due = run->killed_count == 0;
        for (size_t k = 0; k < run->killed_count; k++)
            due = due || job->pid == run->killed[k];
        if (job->pid == 0 || !due || !process_gone(job->pid))
            continue;
        (void)job_drain(job);
        held_show(run, job, job->held.length);
    }
}

/* ---- running one command ----------------------------------------------------------------------
 */

/* Kills what the command started, and leaves the servers of earlier commands. */
static void command_kill(struct console *c)
{
    static pid_t all[TREE_MOST * 4];
    pid_t spared[TREE_MOST];
    size_t count = keeper_descendants(c->bash, all, sizeof all / sizeof *all);

    for (size_t j = 0; j < c->job_count; j++) {
        size_t of_job = c->jobs[j].pid != 0 ? job_processes(c->jobs[j].pid, spared) : 0;
        for (size_t i = 0; i < count; i++)
            for (size_t s = 0; s < of_job; s++)
                if (all[i] == spared[s])
                    all[i] = 0;
    }
    for (size_t i = 0; i < count; i++)
        if (all[i] != 0)
            (void)kill(all[i], SIGKILL); /* it may just have ended */
}

/* Reads what bash or the keeper says; true if it was about the end of this command. */
static bool run_word(struct run *run, const char *line)
{
    int status, last, due, used;

    /* NOLINTBEGIN(cert-err34-c): our own driver wrote the line */
    if (sscanf(line, "dead %d", &status) == 1) {
        run->console->dead = true;
        run->console->death_status = status;
        return run->done = true;
    }
    if (sscanf(line, "done %d %d %d%n", &status, &last, &due, &used) != 3)
        return false;
    run->result->status = status;
    run->last = last;
    run->shown = due != 0;
    for (int pid, more; run->killed_count < 16 && sscanf(line + used, " %d%n", &pid, &more) == 1;
         used += more)
        run->killed[run->killed_count++] = pid;
    /* NOLINTEND(cert-err34-c) */
    return run->done = true;
}

/* One round of waiting: output, words from bash, the caller's descriptor. */
static void run_step(struct run *run)
{
    struct console *c = run->console;
    struct pollfd watched[JOBS_MOST + 3] = {{.fd = c->channel, .events = POLLIN},
                                            watch_entry(run),
                                            {.fd = run->job.output, .events = POLLIN}};
    nfds_t count = 3;
    char line[512];

    for (size_t i = 0; i < c->job_count; i++)
        if (c->jobs[i].output != -1)
            watched[count++] = (struct pollfd){.fd = c->jobs[i].output, .events = POLLIN};
    long long left = run->deadline - now_ms();
    int ready = poll(watched, count, left > 0 ? (int)left : 0);
    if (ready == 0 && left <= 0) /* what has come counts, also when the runner itself was stopped */
        run->result->end = CONSOLE_TIMEOUT;
    if (ready <= 0 || !watch_ready(run, &watched[1]))
        return;
    for (size_t i = 0; i < c->job_count; i++)
        if (!job_drain(&c->jobs[i])) {
            (void)close(c->jobs[i].output);
            c->jobs[i].output = -1;
        }
    if (watched[2].revents != 0) {
        bool server = run->job.pid == -1; /* its output waits until bash told its number */
        bool open = job_drain(&run->job);
        if (!server)
            held_show(run, &run->job, run->job.held.length);
        if (!open) {
            (void)close(run->job.output);
            run->job.output = -1;
        }
    }
    if (watched[0].revents != 0) {
        if (!channel_line(c, 0, line, sizeof line))
            run->done = c->dead = (watched[0].revents & POLLHUP) != 0 || c->dead;
        else
            (void)run_word(run, line);
    }
}

/*
 * Stops a command that does not end by itself; bash goes too if it was bash that ran it. Its pipe
 * is emptied meanwhile: bash has a word to say about what was killed.
 */
static void run_stop(struct run *run)
{
    enum console_end why = run->result->end;

    run->full = true;
    run->result->end = CONSOLE_DONE;
    run->deadline = now_ms() + STOP_MS;
    command_kill(run->console);
    while (!run->done && run->result->end == CONSOLE_DONE)
        run_step(run);
    if (run->result->end != CONSOLE_CANCELLED)
        run->result->end = why;
    if (!run->done) {
        (void)kill(run->console->bash, SIGKILL);
        run->console->dead = true;
    }
}

/* A pipe whose writer lives on is kept, so that it can go on writing. */
static void run_keep(struct run *run)
{
    struct console *c = run->console;

    for (size_t i = 0; i < c->job_count;) {
        struct job *job = &c->jobs[i];
        if (job->output == -1 && job->held.length == 0) {
            job_free(job);
            memmove(job, job + 1, (--c->job_count - i) * sizeof *job);
        } else {
            i++;
        }
    }
    if (run->job.output != -1 && c->job_count < JOBS_MOST)
        c->jobs[c->job_count++] = run->job;
    else
        job_free(&run->job);
}

static bool is_server(const char *command)
{
    size_t length = strlen(command);

    while (length > 0 && isspace((unsigned char)command[length - 1]))
        length--;
    return length > 1 && command[length - 1] == '&' && command[length - 2] != '&';
}

static int command_send(struct console *c, const char *path, const char *command)
{
    struct buffer words = {0};
    int rc = -1;

    if (buffer_add(&words, path, strlen(path) + 1) == 0 &&
        buffer_add(&words, command, strlen(command) + 1) == 0 &&
        send(c->channel, words.data, words.length, MSG_NOSIGNAL) == (ssize_t)words.length)
        rc = 0;
    buffer_free(&words);
    return rc;
}

/* The wire's log of this command, made before the programs that will fill it are there. */
static void log_make(struct run *run, const char *path)
{
    struct wire_log log;

    if (run->console->wire[0] == '\0')
        return;
    (void)snprintf(run->result->log, sizeof run->result->log, "%s.log", path);
    if (wire_log_create(&log, run->result->log, LOG_EVENTS, NULL) == 0)
        wire_log_close(&log);
    else
        run->result->log[0] = '\0'; /* then nothing is seen, and the command runs all the same */
}

/* Makes the command's pipe and hands the command to bash. */
static int run_start(struct run *run, const char *command, struct error *error)
{
    struct console *c = run->console;
    char path[192];

    (void)snprintf(path, sizeof path, "%s/%u", c->folder, ++c->commands);
    if (mkfifo(path, 0600) == -1 ||
        (run->job.output = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) == -1)
        return error_set_errno(error, _("%s: no pipe for the lesson's output can be made"), path);
    log_make(run, path);
    if (command_send(c, path, command) == -1) {
        job_free(&run->job);
        return error_set_errno(error, _("the shell of the lesson is gone"));
    }
    return 0;
}

static void run_finish(struct run *run, bool server, pid_t before)
{
    struct console_result *result = run->result;

    if (result->end == CONSOLE_CANCELLED)
        return;
    if (result->end != CONSOLE_DONE) {
        run_stop(run);
        return;
    }
    if (run->console->dead) {
        result->end = CONSOLE_DEAD;
        result->status = run->console->death_status;
        return;
    }
    run->job.pid = run->last != before ? run->last : 0;
    if (server && run->job.pid != 0 && run->job.output != -1) {
        server_await(run);
    } else if (run->job.output != -1) {
        (void)job_drain(&run->job);
        held_show(run, &run->job, run->job.held.length);
    } else {
        held_show(run, &run->job, run->job.held.length);
    }
    if (run->shown)
        jobs_show(run);
    if (result->end == CONSOLE_TIMEOUT || result->end == CONSOLE_FLOOD)
        command_kill(run->console);
}

int console_run(struct console *console, const char *command, const struct console_watch *watch,
                struct console_result *result, struct error *error)
{
    static const struct console_watch nothing;
    struct run run = {.console = console,
                      .watch = watch != NULL ? watch : &nothing,
                      .result = result,
                      .job = {.output = -1},
                      .deadline = now_ms()};
    bool server = is_server(command);

    run.deadline += run.watch->limit_ms > 0 ? run.watch->limit_ms : CONSOLE_LIMIT_MS;
    *result = (struct console_result){.end = CONSOLE_DONE};
    if (console->dead) {
        result->end = CONSOLE_DEAD;
        result->status = console->death_status;
        return 0;
    }
    if (run_start(&run, command, error) == -1)
        return -1;
    run.job.pid = server ? -1 : 0;
    while (!run.done && result->end == CONSOLE_DONE)
        run_step(&run);
    run_finish(&run, server, console->last);
    console->last = run.last;
    run_keep(&run);
    return 0;
}
