/* One case: its folder, its random numbers, its end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/box.h"
#include "harness/internal.h"

/* ---- random numbers: xoroshiro128+, seeded through splitmix64; the same on every machine ---- */

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static void random_seed(struct session *session, uint32_t seed, const char *name)
{
    uint64_t state = seed;

    /* Each case has numbers of its own, whatever runs before it. */
    for (const char *c = name; *c != '\0'; c++)
        state = state * 1099511628211U + (unsigned char)*c;
    session->random[0] = splitmix(&state);
    session->random[1] = splitmix(&state);
}

static uint64_t random_next(struct session *session)
{
    uint64_t a = session->random[0], b = session->random[1], result = a + b;

    b ^= a;
    session->random[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    session->random[1] = (b << 37) | (b >> 27);
    return result;
}

uint32_t session_random(struct session *session, uint32_t limit)
{
    return limit == 0 ? 0 : (uint32_t)((random_next(session) >> 32) % limit);
}

void session_bytes(struct session *session, void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)bytes)[i] = (unsigned char)(random_next(session) >> 32);
}

void session_text(struct session *session, char *text, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,";

    for (size_t i = 0; i < length; i++)
        text[i] = letters[session_random(session, sizeof letters - 1)];
}

/* ---- memory: a case's process is short, so what it takes is given back when it ends ---- */

void *session_alloc(struct session *session, size_t size)
{
    void *memory = calloc(1, size == 0 ? 1 : size);

    if (memory == NULL)
        session_fault(session, "out of memory");
    return memory;
}

const char *session_print(struct session *session, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length == -1)
        session_fault(session, "out of memory");
    return text;
}

const char *session_quote(struct session *session, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
        return word;
    char *quoted = session_alloc(session, 4 * strlen(word) + 3), *end = quoted;
    *end++ = '\'';
    for (; *word != '\0'; word++)
        end = *word == '\'' ? stpcpy(end, "'\\''") : mempcpy(end, word, 1);
    *end = '\''; /* session_alloc() gave zeros */
    return quoted;
}

/* ---- a second try ---- */

bool session_again(struct session *session)
{
    enum { TRIES = 3 };

    if (session->options->play || ++session->again == TRIES)
        return false;
    session->transcript.length = 0;
    return true;
}

void session_closes_early(struct session *session)
{
    session->closes_early = true;
}

void session_gives_command(struct session *session)
{
    session->gives_command = true;
}

/* ---- names ---- */

void session_host(struct session *session, const char *name, ...)
{
    va_list addresses;
    const char *address;

    va_start(addresses, name);
    while ((address = va_arg(addresses, const char *)) != NULL)
        if (buffer_print(&session->hosts, "%s %s\n", address, name) == -1)
            session_fault(session, "out of memory");
    va_end(addresses);
    session->has_hosts = true;
}

/* ---- the end ---- */

/*
 * Empties the folder at path below root, moving what is a folder in it up to root: so nothing is
 * too deep to be removed, however deep a program dug. Returns how many entries went.
 */
static int empty_folder(int root, const char *path)
{
    static unsigned moved;
    const struct dirent *entry;
    int gone = 0;

    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd == -1 ? NULL : fdopendir(fd);
    if (folder == NULL && fd != -1)
        (void)close(fd); /* only read from */
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char name[32];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) == 0) {
            gone++;
            continue;
        }
        (void)snprintf(name, sizeof name, ".going-%u", moved++);
        (void)fchmodat(fd, entry->d_name, 0700,
                       0); /* a folder, which the program may have locked */
        if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0 ||
            (strcmp(path, ".") != 0 && renameat(fd, entry->d_name, root, name) == 0))
            gone++;
        else if (strcmp(path, ".") == 0)
            gone += empty_folder(root, entry->d_name); /* one level down, never further */
    }
    if (folder != NULL)
        (void)closedir(folder); /* only read from */
    return gone;
}

void folder_remove_all(const char *folder)
{
    int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    while (root != -1 && empty_folder(root, ".") > 0)
        continue;
    if (root != -1)
        (void)close(root); /* only read from */
    (void)rmdir(folder); /* it may be gone; what cannot be removed stays, no verdict hangs on it */
}

static void write_verdict(const struct session *session, const json_t *verdict)
{
    char *text = json_dumps(verdict, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    size_t length = text == NULL ? 0 : strlen(text), written = 0;

    while (written < length) {
        ssize_t n = write(session->result_fd, text + written, length - written);
        if (n == -1 && errno != EINTR)
            break; /* the parent is gone, or will see that the verdict is cut short */
        written += n > 0 ? (size_t)n : 0;
    }
    free(text);
}

static void session_clean(const struct session *session)
{
    if (session->folder[0] != '\0')
        folder_remove_all(session->folder);
}

void session_end(struct session *session, enum status status, struct student *student,
                 const char *cause)
{
    if (session->options->play) {
        play_end(session, status, cause);
        session_clean(session);
        _exit(status == STATUS_HARNESS ? EXIT_USAGE : EXIT_SUCCESS);
    }
    if (status == STATUS_FAIL)
        sanitizer_wait(session);
    for (struct student *s = session->students; s != NULL; s = s->next)
        student_finish(s);
    procs_kill_all();
    for (struct student *s = session->students; s != NULL; s = s->next)
        pump_drain(session, s);
    json_t *verdict = report_build(session, status, student, cause);
    write_verdict(session, verdict);
    json_decref(verdict);
    session_clean(session);
    _exit(0);
}

void session_fail(struct session *session, const char *format, ...)
{
    va_list arguments;
    char text[1024];

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    session_end(session, STATUS_FAIL, session_student(session), text);
}

void session_unrecorded(struct session *session)
{
    session->unrecorded = true;
}

void session_blame(struct session *session, const char *format, ...)
{
    va_list arguments;
    char text[1024];

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    session->certain = true;
    session_end(session, STATUS_FAIL, session_student(session), text);
}

void session_lost(struct session *session, const char *format, ...)
{
    struct student *p = session_student(session);
    va_list arguments;
    char text[1024];

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (p != NULL)
        student_finish(p);
    session->certain &=
        p == NULL || (WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) == SIGKILL);
    if (p != NULL && p->ended && WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) != SIGKILL)
        session_end(session, STATUS_CRASH, p, student_death(p));
    if (p != NULL && p->ended && WIFEXITED(p->wait_status) && p->serves && !p->may_end)
        session_end(session, STATUS_FAIL, p,
                    p->stopped
                        ? session_print(session,
                                        "After SIG%s the program ended with exit status %d at "
                                        "once, although a client was still to be served.",
                                        sigabbrev_np(p->signal), WEXITSTATUS(p->wait_status))
                        : session_print(session,
                                        "The program ended with exit status %d, although it should "
                                        "go on serving.",
                                        WEXITSTATUS(p->wait_status)));
    session_end(session, STATUS_FAIL, p, text);
}

void session_fault(struct session *session, const char *format, ...)
{
    va_list arguments;
    char text[1024];

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    session_end(session, STATUS_HARNESS, NULL, text);
}

struct student *session_student(const struct session *session)
{
    struct student *last = session->students;

    while (last != NULL && last->next != NULL)
        last = last->next;
    return last;
}

/* The wire's log is a file that the program could cut short: then reading it raises SIGBUS. */
static struct session *running;

static void on_bus(int number)
{
    (void)number;
    for (struct student *p = running->students; p != NULL; p = p->next)
        p->log.header = NULL;
    session_end(running, STATUS_FAIL, session_student(running),
                "The program damaged a file of the workbook's own, and was stopped.");
}

void session_run(const struct test_case *test, const struct options *options, int result_fd)
{
    static struct session session;
    const struct sigaction ignore = {.sa_handler = SIG_IGN}, bus = {.sa_handler = on_bus};

    running = &session;
    (void)sigaction(SIGBUS, &bus, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a program may end with its input half read */
    session.test = test;
    session.options = options;
    session.result_fd = result_fd;
    session.began_ns = now_ns();
    random_seed(&session, ~options->seed, test->name); /* a seed that tells nothing about ours */
    session.wire_seed = session_random(&session, UINT32_MAX);
    random_seed(&session, options->seed, test->name);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that no daemon of the program's escapes */
    /* A program can see where it runs, and need not know which case it is in. */
    (void)snprintf(session.folder, sizeof session.folder, "%s/%s-XXXXXX", options->folder,
                   options->play ? test->name : "case");
    if (mkdtemp(session.folder) == NULL) { /* a case may be run twice side by side */
        int why = errno;
        session.folder[0] = '\0';
        session_fault(&session, "cannot make a folder for the case: %s", strerror(why));
    }
    (void)snprintf(session.open, sizeof session.open, "%s",
                   options->boxed ? BOX_FILES : session.folder);
    (void)snprintf(session.work, sizeof session.work, "%s/files", session.open);
    if (mkdir(session.work, 0777) == -1)
        session_fault(&session, "cannot make a folder for the program: %s", strerror(errno));
    session.doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    test->run(&session);

    bool leak;
    const char *report;
    for (struct student *s = session.students; s != NULL; s = s->next)
        expect_message(s);
    for (struct student *s = session.students; s != NULL; s = s->next)
        if (s->ended && sanitizer_read(&session, &leak, &report) != NULL)
            session_end(&session, leak ? STATUS_LEAK : STATUS_SANITIZER, s, "");
    demand_watched(&session);
    for (struct student *s = session.students; s != NULL; s = s->next)
        student_check_limit(s);
    if (test->leaks)
        demand_leak_check(&session);
    demand_plain(&session);
    transcript_check(&session);
    session_end(&session, STATUS_PASS, NULL, "");
}
