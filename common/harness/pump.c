/*
 * The pump: how a step waits. It moves bytes for every party at once, and it notices when waiting
 * is in vain: the program cannot move any more, or it used up its time, memory or processes.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/internal.h"

enum { MAX_POLLED = 4096 };

/* More than this between two looks is time that a busy machine kept from us. */
static const uint64_t TICK_MOST_NS = UINT64_C(4000000) * TICK_MS;

/* ---- the doorbell: a thread turns the wire log's futex into a descriptor that poll() can watch
 * ---- */

static struct {
    sem_t armed;
    bool started, waiting;
    const struct wire_log *log;
    uint32_t seen;
    int bell;
} door;

static void *wait_at_door(void *unused)
{
    (void)unused;
    for (;;) {
        while (sem_wait(&door.armed) == -1 && errno == EINTR)
            continue;
        (void)wire_log_wait(door.log, door.seen, -1);
        __atomic_store_n(&door.waiting, false, __ATOMIC_SEQ_CST);
        (void)eventfd_write(door.bell, 1); /* full only if nobody reads: then it rings anyway */
    }
    return NULL;
}

/* Rings session->doorbell once when log grows beyond what was seen. */
static void arm_doorbell(struct session *s, const struct wire_log *log, uint32_t seen)
{
    pthread_t thread;

    if (!door.started) {
        door.bell = s->doorbell;
        if (sem_init(&door.armed, 0, 0) == -1 ||
            pthread_create(&thread, NULL, wait_at_door, NULL) != 0)
            session_fault(s, "cannot start a thread");
        door.started = true;
    }
    if (__atomic_exchange_n(&door.waiting, true, __ATOMIC_SEQ_CST))
        return;
    door.log = log;
    door.seen = seen;
    (void)sem_post(&door.armed);
}

/* ---- moving bytes ---- */

static void read_pipe(struct session *s, struct student *p, int *fd, struct buffer *into)
{
    char bytes[65536];
    ssize_t got = read(*fd, bytes, sizeof bytes);

    if (got > 0 && into == &p->output && p->stream != NULL)
        stream_take(p, bytes, (size_t)got);
    else if (got > 0 && buffer_add(into, bytes, (size_t)got) == -1)
        session_fault(s, "out of memory");
    if (got == 0 || (got == -1 && errno != EINTR && errno != EAGAIN)) {
        (void)close(*fd);
        *fd = -1;
    }
    if (into->length > LIMIT_OUTPUT)
        session_end(s, STATUS_OUTPUT, p, "The program printed more than 16 MiB and was stopped.");
}

static void feed_input(struct student *p)
{
    ssize_t n = write(p->in, p->input.data + p->fed, p->input.length - p->fed);

    if (n > 0)
        p->fed += (size_t)n;
    if (n == -1 && errno != EINTR && errno != EAGAIN) {
        (void)close(p->in); /* it does not want more; that is its right */
        p->in = -1;
    }
}

void pump_drain(struct session *s, struct student *p)
{
    while (p->out != -1 && poll(&(struct pollfd){p->out, POLLIN, 0}, 1, 0) == 1)
        read_pipe(s, p, &p->out, &p->output);
    while (p->err != -1 && poll(&(struct pollfd){p->err, POLLIN, 0}, 1, 0) == 1)
        read_pipe(s, p, &p->err, &p->errors);
}

static size_t poll_student(struct student *p, struct pollfd *polled)
{
    size_t n = 0;

    if (p->in != -1 && p->fed == p->input.length && p->end_input) {
        (void)close(p->in);
        p->in = -1;
    }
    if (p->in != -1 && p->fed < p->input.length)
        polled[n++] = (struct pollfd){p->in, POLLOUT, 0};
    if (p->out != -1)
        polled[n++] = (struct pollfd){p->out, POLLIN, 0};
    if (p->err != -1)
        polled[n++] = (struct pollfd){p->err, POLLIN, 0};
    if (!p->ended && p->pidfd != -1)
        polled[n++] = (struct pollfd){p->pidfd, POLLIN, 0};
    return n;
}

static void serve_student(struct session *s, struct student *p, const struct pollfd *ready)
{
    if (ready->fd == p->in)
        feed_input(p);
    else if (ready->fd == p->out)
        read_pipe(s, p, &p->out, &p->output);
    else if (ready->fd == p->err)
        read_pipe(s, p, &p->err, &p->errors);
    else if (ready->fd == p->pidfd && student_reap(p))
        pump_drain(s, p);
}

/* Polls everything once, at most timeout_ms. Returns how many descriptors were served. */
static int pump_once(struct session *s, int timeout_ms)
{
    static struct pollfd polled[MAX_POLLED];
    size_t n = 0;
    int served = 0;

    for (struct student *p = s->students; p != NULL && n < MAX_POLLED - 8; p = p->next)
        n += poll_student(p, polled + n);
    size_t links = n;
    for (struct link *l = s->links; l != NULL && n < MAX_POLLED - 8; l = l->next)
        if (l->fd != -1 && link_events(l) != 0)
            polled[n++] = (struct pollfd){l->fd, link_events(l), 0};
    for (const struct peer *p = s->peers; p != NULL && n < MAX_POLLED - 8; p = p->next)
        if (p->waiting)
            polled[n++] = (struct pollfd){p->fd, POLLIN, 0};
    for (const struct port *p = s->ports; p != NULL && n < MAX_POLLED - 8; p = p->next)
        if (p->waiting)
            polled[n++] = (struct pollfd){p->fd, POLLIN, 0};
    polled[n++] = (struct pollfd){s->doorbell, POLLIN, 0};
    if (poll(polled, n, timeout_ms) <= 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (polled[i].revents == 0)
            continue;
        served++;
        if (i < links) {
            for (struct student *p = s->students; p != NULL; p = p->next)
                serve_student(s, p, &polled[i]);
        } else if (polled[i].fd == s->doorbell) {
            eventfd_t rings;
            (void)eventfd_read(s->doorbell, &rings);
        } else {
            for (struct link *l = s->links; l != NULL; l = l->next)
                if (l->fd == polled[i].fd)
                    link_serve(l, polled[i].revents);
        }
    }
    return served;
}

/* ---- when waiting is in vain ---- */

static const char *where_it_stands(struct session *s, const struct standing *standing)
{
    if (standing->call[0] == '\0' || standing->timed)
        return "";
    if (standing->fd >= 0)
        return session_print(s, "Still in %s on descriptor %d", standing->call, standing->fd);
    return session_print(s, "Still in %s", standing->call);
}

/* Keeps for the steps what the program sleeps in: it is about to be killed. */
static void keep_stand(struct session *s, struct student *p, const struct standing *standing)
{
    if (p == NULL || standing->call[0] == '\0')
        return;
    p->stood = session_print(s, "%s", standing->call);
    p->stood_fd = standing->fd;
}

static void check_limits(struct session *s, struct student *p, const struct standing *standing)
{
    if (standing->processes > LIMIT_PROCESSES || atomic_load(&p->log.header->forks) >= LIMIT_FORKS)
        session_end(s, STATUS_PROCESSES, p,
                    "The program started processes without end and was stopped. A child that "
                    "fork() made must leave the loop: let it _exit() when its work is done.");
    if (standing->memory_kib > LIMIT_MEMORY_MIB * 1024L)
        session_end(s, STATUS_MEMORY, p,
                    session_print(s, "The program took more than %d MiB of memory and was stopped.",
                                  LIMIT_MEMORY_MIB));
}

/* Bytes that moved so far. A program that is slow but moves is not held up. */
static uint64_t bytes_moved(const struct session *s)
{
    uint64_t moved = 0;

    for (const struct student *p = s->students; p != NULL; p = p->next)
        moved += p->fed + p->output.length + p->errors.length + stream_compared(p);
    for (const struct link *l = s->links; l != NULL; l = l->next)
        moved += l->sent + l->received;
    return moved;
}

/* The clock counts what the program used or slept, not what a busy machine kept from it. */
static void check_clock(struct session *s, struct student *p, const struct standing *standing,
                        uint64_t tick_ns, const char *waiting)
{
    int limit_ms = s->test->limit_ms != 0 ? s->test->limit_ms : LIMIT_MS;
    uint64_t moved = bytes_moved(s);

    if (moved != s->moved) {
        s->moved = moved;
        s->idle_ns = 0;
        s->cpu_ns = standing->cpu_ns;
    }
    if (standing->sleeping)
        s->idle_ns += tick_ns < TICK_MOST_NS ? tick_ns : TICK_MOST_NS;
    uint64_t used = s->idle_ns + (standing->cpu_ns > s->cpu_ns ? standing->cpu_ns - s->cpu_ns : 0);
    if (used < (uint64_t)limit_ms * 1000000U &&
        now_ns() - s->began_ns < (uint64_t)LIMIT_WALL_MS * 1000000U)
        return;
    const char *where = where_it_stands(s, standing), *in = "";
    if (where[0] == '\0') {
        where =
            standing->sleeping ? "The program was still waiting" : "The program was still running";
        if (standing->sleeping && standing->call[0] != '\0') /* once, or again and again */
            in = session_print(s, ", in %s", standing->call);
    }
    if (standing->sleeping)
        keep_stand(s, p, standing);
    s->able = true;
    session_end(s, STATUS_TIMEOUT, p,
                session_print(s, "%s after %.1f s%s. The harness waited for %s.", where,
                              (double)used / 1e9, in, waiting));
}

/*
 * True once the program has stood still for long enough to say that it cannot move any more. To
 * settle, it is enough that it sleeps at each look: it may wake now and then to look at a clock.
 */
static bool stands_still(struct session *s, const struct standing *standing, bool timed,
                         bool settle)
{
    enum { TICKS = 3 };
    bool still =
        standing->processes > 0 && (settle ? standing->sleeping : standing->asleep && !timed);

    if (!still) {
        s->quiet = 0;
        return false;
    }
    if (s->quiet == 0 || (!settle && standing->print != s->quiet)) {
        s->quiet = standing->print;
        s->quiet_ticks = 0;
        return false;
    }
    return ++s->quiet_ticks >= TICKS && network_quiet(s) && !boxed_end_is_due(s);
}

/* A time-out of a socket option makes even recv() end by itself. */
static bool has_timed_calls(struct student *p)
{
    static int uses_timers = -1;
    const struct wire_event *e;

    if (uses_timers == -1)
        uses_timers = procs_uses_timers(p->session->options->program);
    for (; (e = wire_log_event(&p->log, p->looked_at)) != NULL; p->looked_at++)
        p->timed |= e->call == WIRE_SETSOCKOPT && e->flags >> 16 == SOL_SOCKET &&
                    ((e->flags & 0xffff) == SO_RCVTIMEO || (e->flags & 0xffff) == SO_SNDTIMEO);
    return p->timed || uses_timers == 1;
}

static struct student *running_student(struct session *s)
{
    struct student *running = NULL;

    for (struct student *p = s->students; p != NULL; p = p->next)
        if (!p->ended && p->pid > 0)
            running = p;
    return running;
}

/* Looks at a quiet program. Returns true when it cannot move any more. */
static bool tick(struct session *s, uint64_t tick_ns, const char *waiting, bool settle)
{
    enum { TICKS_OF_THE_DEAD = 100 };
    struct standing standing;
    struct student *p = running_student(s);

    if (p == NULL) /* what it sent last may still be under way; if nobody reads it, for ever */
        return ++s->quiet_ticks >= TICKS_OF_THE_DEAD || network_quiet(s);
    procs_look(&standing);
    if (s->most_cpu_ns < standing.cpu_ns)
        s->most_cpu_ns = standing.cpu_ns;
    check_limits(s, p, &standing);
    stream_check_processor(p, standing.cpu_ns);
    if (stands_still(s, &standing, has_timed_calls(p), settle))
        return true;
    check_clock(s, p, &standing, tick_ns, waiting);
    return false;
}

static _Noreturn void end_in_vain(struct session *s, const char *waiting)
{
    struct standing standing;
    struct student *p = running_student(s);

    if (p == NULL) {
        procs_look(&standing);
        if (standing.processes > 0)
            session_lost(s,
                         "The program ended and left a process behind that it had started. The "
                         "harness waited for %s.",
                         waiting);
        p = session_student(s);
        if (p != NULL && WIFEXITED(p->wait_status))
            session_lost(s, "The program ended with status %d while the harness waited for %s.",
                         WEXITSTATUS(p->wait_status), waiting);
        session_lost(s, "The program ended while the harness waited for %s.", waiting);
    }
    for (struct peer *peer = s->peers; peer != NULL; peer = peer->next)
        if (peer_has_caller(peer))
            session_fail(s,
                         "The program connected to %s port %s, which it should not have done now: "
                         "the harness waits for %s.",
                         peer->host, peer->port, waiting);
    procs_look(&standing);
    keep_stand(s, p, &standing);
    session_end(s, STATUS_TIMEOUT, p,
                session_print(s, "%s, and nothing more will come: the harness waits for %s.",
                              where_it_stands(s, &standing), waiting));
}

/* The CPU used so far is the new starting point of the clock. */
static void reset_clock(struct session *s)
{
    struct standing standing;
    const struct student *p = running_student(s);

    s->idle_ns = 0;
    s->quiet = 0;
    s->quiet_ticks = 0;
    if (p != NULL && p->pid > 0) {
        procs_look(&standing);
        s->cpu_ns = standing.cpu_ns;
    }
}

bool pump(struct session *s, bool (*done)(void *), void *what, const char *waiting, bool settle)
{
    uint64_t last = now_ns();
    play_announce(s);
    bool fresh = true; /* the clock starts at the first quiet tick: most steps never need it */

    while (!done(what)) {
        struct student *p = session_student(s);
        if (s->listens && p != NULL && !p->ended)
            arm_doorbell(s, &p->log, atomic_load(&p->log.header->doorbell));
        if (done(what)) /* between the first look and the bell */
            break;
        int served = pump_once(s, TICK_MS);
        uint64_t now = now_ns();
        if (s->options->play || (served > 0 && now - last < (uint64_t)TICK_MS * 1000000U))
            continue;
        if (fresh)
            reset_clock(s);
        fresh = false;
        bool in_vain = tick(s, now - last, waiting, settle);
        last = now_ns();
        if (in_vain && pump_once(s, 0) == 0 && !done(what)) {
            if (settle)
                return false;
            end_in_vain(s, waiting);
        }
    }
    return true;
}
