/*
 * Whether a program let itself be watched to its end: else what the wire and the sanitizers did not
 * see says nothing, and a case that it passed is not passed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/internal.h"

/* ---- where the wire is ---- */

static bool gave_sign(const struct student *p)
{
    return p->serves || p->output.length > 0 || p->errors.length > 0 ||
           (p->ended && WIFEXITED(p->wait_status));
}

/* What was laid down in its log before it started is as it was. */
static bool keeps_log(const struct student *p)
{
    const struct wire_log_header *header = p->log.header, *laid = &p->laid;

    return header->magic == laid->magic && header->capacity == laid->capacity &&
           header->fork_limit == laid->fork_limit && header->arranged == laid->arranged &&
           header->faults == laid->faults && header->seed == laid->seed &&
           header->device == laid->device && header->inode == laid->inode;
}

void demand_watched(struct session *s)
{
    for (struct student *p = s->students; p != NULL; p = p->next) {
        struct wire_log_header *header = p->log.header;
        uint32_t loads = atomic_load(&header->loads);
        if (!keeps_log(p))
            session_end(s, STATUS_FAIL, p,
                        "The program damaged a file of the workbook's own, and was stopped.");
        /* It may have been killed before it could do anything. */
        if (atomic_load(&header->again) != 0 || loads > 1 || (loads == 0 && gave_sign(p)))
            session_end(s, STATUS_FAIL, p,
                        "The program started itself again; it must run as it was started.");
        if (atomic_load(&header->execs) != 0 && !s->gives_command)
            session_end(s, STATUS_FAIL, p,
                        "The program executed another program, which this case does not ask for. "
                        "It must run as it was started.");
        /* By exit() it passes by the wire's destructor; else it was not the wire's any more. */
        if (p->ended && WIFEXITED(p->wait_status) && gave_sign(p) &&
            atomic_load(&header->ending) == 0 && atomic_load(&header->quit) == 0 &&
            atomic_load(&header->became) == 0)
            session_end(s, STATUS_FAIL, p,
                        "The program started itself again, or ended by a system call of its own. "
                        "It must run as it was started, and return from main or call exit().");
    }
}

void demand_plain(struct session *s)
{
    char name[64];

    if (!s->gives_command && procs_gets_past(s->options->program, name))
        session_end(s, STATUS_FAIL, session_student(s),
                    session_print(s,
                                  "The program calls %s(), by which it could get past what watches "
                                  "it. No exercise needs that; do without.",
                                  name));
}

/* ---- leaks ---- */

/* The process, not the first, that accepted or connected in its place, and then did not exit(). */
static bool is_left_to_child(const struct student *p)
{
    uint32_t worker = 0;
    bool quit = false;

    for (uint32_t i = 0; i < wire_log_count(&p->log); i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == NULL)
            continue;
        if (e->call == WIRE_ACCEPT || e->call == WIRE_CONNECT) {
            if ((pid_t)e->pid == p->own_pid)
                return false;
            worker = e->pid;
        }
        quit = quit || (e->call == WIRE_QUIT && worker != 0 && e->pid == worker);
    }
    return quit;
}

void demand_leak_check(struct session *s)
{
    char name[64];

    if (procs_hides_leaks(s->options->program, name))
        session_end(s, STATUS_FAIL, session_student(s),
                    session_print(s,
                                  "The program has or calls %s(), by which it could hide what it "
                                  "did not free. Do without it.",
                                  name));
    for (struct student *p = s->students; p != NULL; p = p->next) {
        struct wire_log_header *header = p->log.header;
        if (atomic_load(&header->count) > header->capacity)
            session_end(s, STATUS_FAIL, p,
                        "The program made so many calls on its sockets that its end could not be "
                        "seen.");
        if (atomic_load(&header->quit) != 0)
            session_end(s, STATUS_FAIL, p,
                        "The program ended by _exit(), so its memory could not be looked at. "
                        "Return from main, or call exit().");
        if (p->ended && WIFEXITED(p->wait_status) && atomic_load(&header->ending) == 0)
            session_end(s, STATUS_FAIL, p,
                        "The program did not end by returning from main or by exit(), so its "
                        "memory could not be looked at.");
        if (is_left_to_child(p))
            session_end(s, STATUS_FAIL, p,
                        "A child did the program's work and ended by _exit(), so its memory could "
                        "not be looked at. Let it end by exit().");
    }
}

/* ---- what it holds ---- */

/* Whether this system lets us look into a process that does not mind. */
static bool may_look(void)
{
    pid_t probe = fork();

    if (probe == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* or it is killed below */
        for (;;)
            (void)pause();
    }
    if (probe == -1)
        return false;
    bool may = procs_descriptors(probe) != -1;
    (void)kill(probe, SIGKILL); /* it is there: nobody waited for it */
    while (waitpid(probe, NULL, 0) == -1 && errno == EINTR)
        continue;
    return may;
}

bool process_hides(pid_t pid)
{
    struct pollfd life = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    bool hides = life.fd != -1 && procs_descriptors(pid) == -1;

    /* One that is just ending is closed to us too. */
    hides = hides && poll(&life, 1, 100) == 0 && procs_descriptors(pid) == -1 &&
            poll(&life, 1, 0) == 0 && may_look();
    if (life.fd != -1)
        (void)close(life.fd); /* nothing was written to it */
    return hides;
}

void demand_open(struct session *s, pid_t pid)
{
    if (process_hides(pid))
        session_end(s, STATUS_FAIL, session_student(s),
                    "The program hides itself: since prctl(PR_SET_DUMPABLE, 0) nobody can see "
                    "which descriptors it holds. It must run as it was started.");
}
