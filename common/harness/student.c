/* The learner's program: the one function that starts it, its pipes, its limits, its end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/number.h"
#include "harness/internal.h"

enum { MAX_ARGUMENTS = 64, MAX_ENVIRONMENT = 20 };

static void limit(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit both = {value, value};

    (void)setrlimit(what, &both); /* a limit already lower than ours is fine too */
}

/*
 * The whole environment. All sanitizer options are stated: else a function in the learner's file
 * could set them. Leaks are looked for only where a case asks: their report would swallow output.
 */
static char **make_environment(struct session *s, const char *log)
{
    char **list = session_alloc(s, (MAX_ENVIRONMENT + 1) * sizeof *list);
    size_t n = 0;

    list[n++] = "PATH=/usr/local/bin:/usr/bin:/bin";
    list[n++] = "LANG=C.UTF-8";
    list[n++] = "TZ=UTC";
    list[n++] = (char *)session_print(s, "HOME=%s", s->work);
    list[n++] = (char *)session_print(s, "LD_PRELOAD=%s", s->options->wire);
    list[n++] = (char *)session_print(
        s,
        "ASAN_OPTIONS=verify_asan_link_order=0:log_path=%s/sanitizer:detect_leaks=%d:exitcode=86:"
        "abort_on_error=0:handle_abort=1:allocator_may_return_null=1:detect_stack_use_after_return="
        "0:"
        "symbolize=1:print_summary=1:quarantine_size_mb=4%s", /* who frees holds no memory */
        s->open, s->test->leaks ? 1 : 0,
        /* Else who asked such a library for what was never freed is not found: it has no frame
         * pointers. It makes malloc() slow, and is kept to the cases that need it. */
        s->test->leaks && linked_with_library(s->options->program) ? ":fast_unwind_on_malloc=0"
                                                                   : "");
    list[n++] = (char *)session_print(
        s, "UBSAN_OPTIONS=log_path=%s/sanitizer:print_stacktrace=1:halt_on_error=1:exitcode=86",
        s->open);
    list[n++] = "LSAN_OPTIONS=exitcode=86:print_suppressions=0";
    list[n++] = (char *)session_print(s, WIRE_LOG_VARIABLE "=%s", log);
    list[n++] = (char *)session_print(s, WIRE_PROGRAM_VARIABLE "=%s", s->options->program);
    if (options_are_hidden())
        list[n++] = (char *)options_wanted(s);
    if (s->has_hosts)
        list[n++] = (char *)session_print(s, WIRE_HOSTS_VARIABLE "=%s/hosts", s->folder);
    list[n] = NULL;
    return list;
}

/* Between fork() and exec(): only what is safe there. */
static _Noreturn void become_student(const struct session *s, char **arguments, char **environment,
                                     const int pipes[3])
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &plain, NULL); /* fails for SIGKILL and its like, which is fine */
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, LIMIT_FILE);
    limit(RLIMIT_NOFILE, LIMIT_DESCRIPTORS);
    limit(RLIMIT_CPU, LIMIT_WALL_MS / 1000);
    full_prepare(s);
    for (int i = 0; i < 3; i++)
        if (dup2(pipes[i], i) == -1)
            _exit(127);
    (void)close_range(3, ~0U, 0); /* whatever we ourselves were given beyond the three */
    /* AddressSanitizer cannot start where the kernel places programs too randomly. */
    (void)personality(ADDR_NO_RANDOMIZE);
    if (chdir(s->work) == 0) /* what it writes goes when the case ends */
        (void)execve(s->options->program, arguments, environment);
    _exit(127);
}

/* The command as a person would type it, for reports and for play. */
static const char *command_line(struct session *s, char **arguments)
{
    const char *line = strrchr(s->options->program, '/');

    line = line == NULL ? s->options->program : line + 1;
    for (size_t i = 1; arguments[i] != NULL; i++)
        line = session_print(s, "%s %s", line, session_quote(s, arguments[i]));
    return line;
}

static void write_hosts(struct session *s)
{
    const char *path = session_print(s, "%s/hosts", s->folder);
    FILE *file = fopen(path, "we");

    if (file == NULL || fwrite(buffer_text(&s->hosts), 1, s->hosts.length, file) != s->hosts.length)
        session_fault(s, "cannot write %s: %s", path, strerror(errno));
    if (fclose(file) == EOF)
        session_fault(s, "cannot write %s: %s", path, strerror(errno));
}

/* Opens what a program gets in place of its end of a pipe. */
static void put_in_place(struct session *s, int end, const char *path, int how)
{
    int fd = open(path, how | O_CLOEXEC);

    if (fd == -1 || dup3(fd, end, O_CLOEXEC) == -1)
        session_fault(s, "cannot open %s: %s", path, strerror(errno));
    (void)close(fd); /* end is it now */
}

/* Three pipes: child[] are the program's ends, ours[] the harness's, *kept a second end of its
 * input. Higher than 2, so dup2() works. */
static void make_pipes(struct session *s, int child[3], int ours[3], int *kept)
{
    for (int i = 0; i < 3; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) == -1)
            session_fault(s, "cannot make a pipe: %s", strerror(errno));
        child[i] = fcntl(ends[i == 0 ? 0 : 1], F_DUPFD_CLOEXEC, 10);
        ours[i] = fcntl(ends[i == 0 ? 1 : 0], F_DUPFD_CLOEXEC, 10);
        (void)close(ends[0]);
        (void)close(ends[1]);
        if (child[i] == -1 || ours[i] == -1 || fcntl(ours[i], F_SETFL, O_NONBLOCK) == -1)
            session_fault(s, "cannot make a pipe: %s", strerror(errno));
    }
    if (s->narrow_output && fcntl(child[1], F_SETPIPE_SZ, 4096) == -1)
        session_fault(s, "cannot narrow a pipe: %s", strerror(errno));
    if (s->spoilt_input)
        put_in_place(s, child[0], SPOILT_INPUT, O_RDONLY);
    if (s->keeps_input && (*kept = fcntl(child[0], F_DUPFD_CLOEXEC, 10)) == -1)
        session_fault(s, "cannot keep a pipe: %s", strerror(errno));
    if (s->full_output)
        put_in_place(s, child[1], "/dev/full", O_WRONLY);
}

static struct student *add_student(struct session *s)
{
    struct student **end = &s->students;

    while (*end != NULL)
        end = &(*end)->next;
    *end = session_alloc(s, sizeof **end);
    (*end)->session = s;
    (*end)->pidfd = -1;
    return *end;
}

static void start_plain(struct student *p, char **arguments, char **environment,
                        const int streams[3])
{
    p->pid = p->own_pid = fork();
    if (p->pid == -1)
        session_fault(p->session, "cannot start a process: %s", strerror(errno));
    if (p->pid == 0)
        become_student(p->session, arguments, environment, streams);
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (p->pidfd == -1)
        session_fault(p->session, "cannot watch a process: %s", strerror(errno));
    (void)fcntl(p->pidfd, F_SETFD, FD_CLOEXEC);
}

struct student *student_start(struct session *s, ...)
{
    struct student *p = add_student(s);
    char *arguments[MAX_ARGUMENTS] = {(char *)s->options->program};
    const char *log = session_print(s, "%s/wire-%p", s->folder, (void *)p);
    struct error error;
    unsigned faults = 0;
    va_list list;
    int child[3], ours[3];
    size_t n = 1;

    va_start(list, s);
    while (n < MAX_ARGUMENTS - 1 && (arguments[n] = va_arg(list, char *)) != NULL)
        n++;
    va_end(list);
    if (s->has_hosts)
        write_hosts(s);
    if (wire_log_create(&p->log, log, LOG_EVENTS, &error) == -1)
        session_fault(s, "%s", error.text);
    p->log.header->fork_limit = LIMIT_FORKS;
    if (s->test->faults != NULL && wire_faults_parse(s->test->faults, &faults, &error) == -1)
        session_fault(s, "%s", error.text);
    wire_log_arrange(&p->log, s->options->program, faults, s->wire_seed);
    p->laid = *p->log.header;
    p->held = s->holds;
    if (p->held != WIRE_NONE)
        wire_log_hold(&p->log, p->held);
    p->command = command_line(s, arguments);
    make_pipes(s, child, ours, &p->kept);
    p->in = ours[0], p->out = ours[1], p->err = ours[2];
    char **environment = make_environment(s, log);
    if (s->options->play)
        return p;
    if (s->options->boxed)
        boxed_start(p, log, arguments, environment, child);
    else
        start_plain(p, arguments, environment, child);
    for (int i = 0; i < 3; i++)
        (void)close(child[i]);
    return p;
}

void session_narrow_output(struct session *s)
{
    s->narrow_output = true;
}

void session_spoil_input(struct session *s)
{
    s->spoilt_input = true;
}

void session_fill_output(struct session *s)
{
    s->full_output = true;
}

/* The limit alone is ours to move; a number below it that is free could still be opened. */
static void move_limit(struct student *p, rlim_t most)
{
    struct rlimit limits;

    if (student_reap(p) || prlimit(p->pid, RLIMIT_NOFILE, NULL, &limits) == -1)
        return;
    if (p->moved_limit != 0 && limits.rlim_cur > p->moved_limit)
        session_end(p->session, STATUS_FAIL, p,
                    "The program raised its limit of descriptors (RLIMIT_NOFILE) when none was "
                    "left. It has to go on with those that it may open.");
    limits.rlim_cur = most < limits.rlim_max ? most : limits.rlim_max;
    (void)prlimit(p->pid, RLIMIT_NOFILE, &limits, NULL); /* ESRCH: it has just ended */
    p->moved_limit = limits.rlim_cur;
}

void student_check_limit(struct student *p)
{
    struct rlimit limits;

    if (p->moved_limit != 0 && !student_reap(p) &&
        prlimit(p->pid, RLIMIT_NOFILE, NULL, &limits) == 0)
        move_limit(p, limits.rlim_cur);
}

void student_deny_descriptors(struct student *p)
{
    if (p->session->options->play)
        play_pause(p->session,
                   "prlimit --nofile=4: --pid, with the id of your program; then Enter");
    else
        move_limit(p, (rlim_t)procs_free_descriptor(p->pid));
}

void student_spare_descriptors(struct student *p, int count)
{
    if (p->session->options->play)
        play_pause(p->session, session_print(p->session,
                                             "prlimit --nofile=N: --pid, with the id of your "
                                             "program, so that %d more can be opened; then Enter",
                                             count));
    else
        move_limit(p, (rlim_t)procs_free_descriptor(p->pid) + (rlim_t)count);
}

void student_allow_descriptors(struct student *p)
{
    if (p->session->options->play)
        play_pause(p->session, "prlimit --nofile=1024: --pid in the same way; then Enter");
    else
        move_limit(p, LIMIT_DESCRIPTORS);
}

bool student_reap(struct student *p)
{
    struct rusage used;

    if (p->box != 0)
        return p->ended || boxed_reap(p, false);
    if (!p->ended && p->pid > 0 && wait4(p->pid, &p->wait_status, WNOHANG, &used) == p->pid) {
        p->ended = true;
        p->ended_ns = now_ns();
        p->cpu_ms = (int)((used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                          (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
    }
    return p->ended;
}

void student_kill(struct student *p)
{
    if (!p->ended && p->pid > 0) {
        (void)kill(-p->pid, SIGKILL); /* its session: the children it left behind too */
        (void)kill(p->pid, SIGKILL);
    }
}

void student_finish(struct student *p)
{
    student_kill(p);
    if (p->box != 0 && !p->ended)
        (void)boxed_reap(p, true); /* false: what is left of it goes with its box */
    while (p->box == 0 && !p->ended && p->pid > 0 && waitpid(p->pid, &p->wait_status, 0) == -1 &&
           errno == EINTR)
        continue;
    p->ended = p->pid > 0;
}

const char *student_death(const struct student *p)
{
    int number = WTERMSIG(p->wait_status);

    return session_print(p->session, "The program was ended by signal %d (%s).", number,
                         strsignal(number));
}

void student_input(struct student *p, const void *bytes, size_t length)
{
    if (buffer_add(&p->input, bytes, length) == -1)
        session_fault(p->session, "out of memory");
}

void student_end_input(struct student *p)
{
    p->end_input = true;
}

void student_signal(struct student *p, int number)
{
    if (p->session->options->play) {
        play_pause(p->session, session_print(p->session, "send it SIG%s with kill, then Enter",
                                             sigabbrev_np(number)));
        return;
    }
    p->stopped = true;
    p->signal = number;
    p->signal_ns = now_ns();
    if (!student_reap(p) && p->pid > 0)
        (void)kill(p->pid, number); /* ESRCH: it has just ended by itself */
}

void student_end(struct student *p)
{
    if (p->session->options->play) {
        play_pause(p->session, "kill your program with kill -9, then Enter");
        return;
    }
    p->stopped = p->may_end = true;
    student_finish(p);
    pump_drain(p->session, p);
}

void session_hold_send(struct session *s)
{
    s->holds = WIRE_SEND;
}

void session_hold_close(struct session *s)
{
    s->holds = WIRE_CLOSE;
}

void student_hold_send(struct student *p)
{
    p->held = WIRE_SEND;
    wire_log_hold(&p->log, WIRE_SEND);
}

static bool is_held_call(const struct student *p, const struct wire_event *e)
{
    return e->call == p->held || (p->held == WIRE_SEND && e->call == WIRE_SENDFILE);
}

/* The call was entered and did not return, whatever its other threads and children did since. */
static bool is_held(void *what)
{
    const struct student *p = what;
    uint32_t returned = UINT32_MAX;

    for (uint32_t i = wire_log_count(&p->log); i-- > 0;) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == NULL || !is_held_call(p, e))
            continue;
        if (e->phase == WIRE_ENTER)
            return i != returned;
        returned = e->entry;
    }
    return false;
}

void student_wait_held(struct student *p)
{
    struct session *s = p->session;

    if (s->options->play)
        return;
    s->listens = true;
    (void)pump(s, is_held, p,
               p->held == WIRE_CLOSE ? "your program to close a socket" : "your program to send",
               false);
    s->listens = false;
}

void student_release(struct student *p)
{
    wire_log_release(&p->log);
}

int student_descriptors(const struct student *p)
{
    int count = procs_descriptors(p->pid);

    if (count == -1)
        demand_open(p->session, p->pid);
    return count;
}

int student_zombies(const struct student *p)
{
    struct standing standing;

    (void)p; /* cases run one program at a time */
    procs_look(&standing);
    return (int)standing.zombies;
}

/* ---- the line "listening on [address]:port" ---- */

/* Finds the line in the output. Returns its length with the line end, or 0; sets *start. */
static size_t find_listening(const struct buffer *output, size_t *start)
{
    static const char words[] = "listening on ";
    const char *text = buffer_text(output), *found = strstr(text, words);

    if (found == NULL || (found != text && found[-1] != '\n'))
        return 0;
    const char *end = strchr(found, '\n');
    *start = (size_t)(found - text);
    return end == NULL ? 0 : (size_t)(end - found) + 1;
}

static bool is_listening(void *what)
{
    size_t start;

    return find_listening(&((struct student *)what)->output, &start) > 0;
}

static bool listens_or_ended(void *what)
{
    return is_listening(what) || ((struct student *)what)->ended;
}

/* A program started beside others, or after them: its own end is what there is to tell. */
static void expect_beside(struct student *p)
{
    struct session *s = p->session;

    (void)pump(s, listens_or_ended, p,
               "the line \"listening on [address]:port\" on its standard output", false);
    if (is_listening(p) || !WIFEXITED(p->wait_status))
        return;
    int length = (int)strcspn(buffer_text(&p->errors), "\n");
    bool beside = false;
    for (const struct student *other = s->students; other != NULL; other = other->next)
        beside = beside || (other != p && !other->ended);
    session_end(
        s, STATUS_FAIL, p,
        session_print(s,
                      "%s, \"%s\" should have begun to "
                      "listen; it ended with exit status %d%s%.*s%s",
                      beside ? "While the first one still ran" : "After the first one had ended",
                      p->command, WEXITSTATUS(p->wait_status), length == 0 ? "." : ": \"", length,
                      buffer_text(&p->errors), length == 0 ? "" : "\"."));
}

const char *student_port(struct student *p)
{
    size_t start = 0;
    long port;

    if (p->session->options->play)
        return play_ask_port(p->session);
    p->session->wants_port = true;
    if (p != p->session->students)
        expect_beside(p);
    (void)pump(p->session, is_listening, p,
               "the line \"listening on [address]:port\" on its standard output", false);
    p->session->wants_port = false;
    size_t length = find_listening(&p->output, &start);
    const char *line = session_print(p->session, "%.*s", (int)length - 1, p->output.data + start);
    const char *colon = strrchr(line, ':');
    if (colon != NULL && strcmp(colon + 1, "0") == 0)
        session_fail(p->session,
                     "The line \"%s\" names port 0, which nobody can connect to. To bind() port 0 "
                     "lets the system choose a port; getsockname() then tells which.",
                     line);
    if (colon == NULL || !number_parse(colon + 1, 1, 65535, &port))
        session_fail(p->session,
                     "The line \"%s\" does not end in a port: it should read "
                     "\"listening on [address]:port\".",
                     line);
    memmove(p->output.data + start, p->output.data + start + length,
            p->output.length - start - length + 1);
    p->output.length -= length;
    p->serves = true;
    return colon + 1;
}

static bool never(void *what)
{
    return ((struct student *)what)->ended;
}

void student_settle(struct student *p)
{
    if (p->session->options->play)
        return; /* whoever runs it sees when it is ready */
    (void)pump(p->session, never, p, "your program to wait for us", true);
    if (p->ended && WIFEXITED(p->wait_status))
        session_end(p->session, STATUS_FAIL, p,
                    session_print(p->session,
                                  "The program ended with status %d although it should go on.",
                                  WEXITSTATUS(p->wait_status)));
    if (p->ended)
        session_end(p->session, STATUS_FAIL, p, "The program ended although it should go on.");
}
