/* What a run cost: time, processor time, sockets. */
#include <netinet/in.h>
#include <string.h>

#include "harness/internal.h"

/* ---- time ---- */

/* When it first connected, as its wire saw it; 0 if it never did. */
static uint64_t first_connect_ns(const struct student *p)
{
    const struct wire_event *e;

    for (uint32_t i = 0; i < wire_log_count(&p->log); i++)
        if ((e = wire_log_event(&p->log, i)) != NULL && e->call == WIRE_CONNECT)
            return e->time_ns;
    return 0;
}

int student_ran_ms(struct student *p)
{
    if (p->session->options->play)
        return 0;
    student_wait_end(p);
    uint64_t from = first_connect_ns(p);
    return from == 0 || from > p->ended_ns ? 0 : (int)((p->ended_ns - from) / 1000000U);
}

void expect_ran(struct student *p, int least_ms, int most_ms)
{
    struct session *s = p->session;

    if (s->options->play) {
        play_expect(s, "your program should end %d to %d ms after its first connect()", least_ms,
                    most_ms);
        return;
    }
    int ran = student_ran_ms(p);
    if (ran < least_ms || ran > most_ms)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The program ended %d ms after its first connect(); it should "
                                  "have been between %d and %d ms.",
                                  ran, least_ms, most_ms));
}

/*
 * With that of its children: those it waited for are counted in its own, others stand in /proc for
 * as long as nobody has waited for them. If it has them waited for by nobody at all, as by ignoring
 * SIGCHLD, they were seen while they ran.
 */
static int processor_ms(const struct student *p)
{
    struct standing standing;
    const struct session *s = p->session;

    if (s->students != p || p->next != NULL)
        return p->cpu_ms; /* what is left may be another one's */
    procs_look(&standing);
    int used = p->cpu_ms + (int)(standing.cpu_ns / 1000000U);
    int seen = (int)(s->most_cpu_ns / 1000000U);
    return used > seen ? used : seen;
}

void expect_processor(struct student *p, int most_ms)
{
    struct session *s = p->session;

    if (s->options->play)
        return;
    student_wait_end(p);
    int used = processor_ms(p);
    if (used > most_ms)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The program used the processor for %d ms; %d would do. One that "
                                  "waits should sleep in a call such as poll(), and not look again "
                                  "and again.",
                                  used, most_ms));
}

void expect_calls(struct student *p, int most)
{
    struct session *s = p->session;
    int calls = 0;

    if (s->options->play)
        return;
    for (uint32_t i = 0; i < wire_log_count(&p->log); i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        calls += e != NULL && e->phase == WIRE_ENTER;
    }
    if (calls > most)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The program made %d calls on its sockets; %d would do. One that "
                                  "waits should sleep in a call such as poll(), and not look again "
                                  "and again.",
                                  calls, most));
}

/* ---- sockets ---- */

/* Sockets of the internet that are open at a place in the log, and by how many descriptors each. */
struct census {
    struct {
        uint64_t socket;
        int copies;
    } open[LIMIT_DESCRIPTORS];
    int count, most;
};

static void add_copies(struct census *census, uint64_t socket, int copies)
{
    int i = 0;

    while (i < census->count && census->open[i].socket != socket)
        i++;
    if (i == census->count) { /* a socket that it was started with, or too many, is not counted */
        if (copies < 0 || socket == 0 || census->count == LIMIT_DESCRIPTORS)
            return;
        census->open[census->count++].socket = socket;
        census->open[i].copies = 0;
    }
    census->open[i].copies += copies;
    if (census->open[i].copies <= 0)
        census->open[i] = census->open[--census->count];
    if (census->count > census->most)
        census->most = census->count;
}

int student_most_sockets(const struct student *p)
{
    struct census *census = session_alloc(p->session, sizeof *census);

    for (uint32_t i = 0; i < wire_log_count(&p->log); i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == NULL)
            continue;
        bool internet = e->family == AF_INET || e->family == AF_INET6;
        bool done = e->phase == WIRE_EXIT && e->result >= 0;
        uint64_t accepted;
        memcpy(&accepted, e->head, sizeof accepted);
        /* One that is being opened does not count yet, one that is being closed no more. */
        if (internet && done && e->call == WIRE_SOCKET)
            add_copies(census, e->socket, 1);
        if (internet && done && e->call == WIRE_ACCEPT)
            add_copies(census, accepted, 1);
        if (internet && done && e->call == WIRE_DUP)
            add_copies(census, e->socket, 1);
        if (internet && e->phase == WIRE_ENTER && e->call == WIRE_CLOSE)
            add_copies(census, e->socket, -1);
    }
    return census->most;
}

void expect_sockets(struct student *p, int most)
{
    struct session *s = p->session;

    if (s->options->play)
        return;
    int held = student_most_sockets(p);
    if (held > most)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The program held %d sockets open at once; it may hold %d. One "
                                  "is to be closed before the next is made.",
                                  held, most));
}
