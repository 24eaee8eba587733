/*
 * The program's steps in words, out of the wire's log, with the source lines they were made from;
 * and the usual mistakes, recognised in them.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/address.h"
#include "harness/internal.h"
#include "wire/ladder.h"

enum { MAX_STEPS = 10, HEAD_SHOWN = 24 };

/* One step: an event, or a run of events of one kind told as one. */
struct step {
    const struct wire_event *event;
    unsigned count;
    long long bytes;
};

/* ---- source lines ---- */

/* Asks addr2line, once for all, where these offsets lie. Lines that are not known stay "". */
static void resolve(struct session *s, const uint64_t *offsets, size_t count, const char **places)
{
    struct buffer command = {0};
    char line[4096];
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        places[i] = "";
    /* The path goes through the shell in quotes that it cannot leave. */
    (void)buffer_print(&command, "addr2line -e '");
    for (const char *c = s->options->program; *c != '\0'; c++)
        (void)(*c == '\'' ? buffer_print(&command, "'\\''") : buffer_add(&command, c, 1));
    (void)buffer_print(&command, "'");
    for (size_t i = 0; i < count; i++)
        (void)buffer_print(&command, " 0x%llx", (unsigned long long)offsets[i]);
    (void)buffer_print(&command, " 2>/dev/null");
    FILE *pipe = popen(buffer_text(&command), "re"); /* NOLINT(cert-env33-c): quoted above */
    while (pipe != NULL && n < count && fgets(line, sizeof line, pipe) != NULL) {
        const char *base = strrchr(line, '/'), *colon = strrchr(line, ':');
        long number = colon == NULL ? 0 : strtol(colon + 1, NULL, 10);
        base = base == NULL ? line : base + 1;
        if (number > 0 && offsets[n] != 0 && colon > base)
            places[n] = session_print(s, "%.*s:%ld", (int)(colon - base), base, number);
        n++;
    }
    if (pipe != NULL)
        (void)pclose(pipe); /* without addr2line the steps have no places, and that is all */
    buffer_free(&command);
}

static const char *place_of(struct session *s, const struct wire_event *event)
{
    const char *place;

    resolve(s, &event->caller, 1, &place);
    return place;
}

/* ---- words ---- */

static const char *show_head(struct session *s, const struct wire_event *e, long long length)
{
    struct buffer shown = {0};
    size_t head = length < WIRE_HEAD ? (size_t)length : WIRE_HEAD;

    (void)bytes_show(e->head, head, HEAD_SHOWN, &shown);
    const char *text =
        session_print(s, "\"%s%s\"", buffer_text(&shown), length > WIRE_HEAD ? "…" : "");
    buffer_free(&shown);
    return text;
}

static const char *plural(long long count)
{
    return count == 1 ? "byte" : "bytes";
}

static const char *name_of(struct session *s, const struct wire_event *e)
{
    return session_print(s, "%.*s()", WIRE_NAME, e->name);
}

static const char *address_of(const union wire_address *address, char *text)
{
    if (address->any.sa_family == 0)
        return "?";
    return address_format(&address->any, sizeof *address, text);
}

static const char *say_transfer(struct session *s, const struct step *step)
{
    const struct wire_event *e = step->event;
    bool sends = e->call == WIRE_SEND || e->call == WIRE_SENDFILE;

    if (step->count > 1)
        return session_print(s, "%s %s %u times, %lld bytes in all", name_of(s, e),
                             sends ? "was called" : "returned data", step->count, step->bytes);
    if (sends && e->result < e->asked)
        return session_print(s, "%s took %lld of %lld bytes", name_of(s, e), (long long)e->result,
                             (long long)e->asked);
    if (sends)
        return session_print(s, "sent %lld %s %s", (long long)e->result, plural(e->result),
                             show_head(s, e, e->result));
    if (e->result == 0)
        return session_print(s, "%s returned 0: the other side had finished", name_of(s, e));
    return session_print(s, "%s returned %lld, asked for %lld", name_of(s, e), (long long)e->result,
                         (long long)e->asked);
}

static const char *say_event(struct session *s, const struct step *step)
{
    const struct wire_event *e = step->event;
    char text[ADDRESS_TEXT];

    if (e->phase == WIRE_ENTER)
        return session_print(s, "is still in %s on descriptor %d", name_of(s, e), e->fd);
    if (e->error != 0 && !(e->call == WIRE_CONNECT && e->error == EINPROGRESS))
        return session_print(
            s, "%s%s%s failed: %s", name_of(s, e), e->call == WIRE_CONNECT ? " to " : "",
            e->call == WIRE_CONNECT ? address_of(&e->peer, text) : "", errno_name(e->error));
    switch (e->call) {
    case WIRE_CONNECT:
        return session_print(s, "%s %s", e->error == 0 ? "connected to" : "began to connect to",
                             address_of(&e->peer, text));
    case WIRE_LISTEN:
        return session_print(s, "listens on %s", address_of(&e->local, text));
    case WIRE_ACCEPT:
        return step->count > 1 ? session_print(s, "accepted %u clients", step->count)
                               : session_print(s, "accepted a client");
    case WIRE_SHUTDOWN:
        return e->flags == 0 ? "shut down receiving" : "finished sending";
    case WIRE_CLOSE:
        if (e->unread > 0)
            return session_print(s, "closed the socket, %u %s never read", e->unread,
                                 plural(e->unread));
        return step->count > 1 ? session_print(s, "closed %u sockets", step->count)
                               : "closed the socket";
    case WIRE_FORK:
        return session_print(s, "started %u process%s", step->count, step->count == 1 ? "" : "es");
    default:
        return say_transfer(s, step);
    }
}

static const char *say_end(struct session *s, const struct student *p)
{
    if (!p->ended)
        return NULL;
    if (WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) == SIGKILL)
        return NULL; /* the harness ended it */
    if (WIFSIGNALED(p->wait_status))
        return session_print(s, "was ended by SIG%s", sigabbrev_np(WTERMSIG(p->wait_status)));
    return session_print(s, "exited with status %d", WEXITSTATUS(p->wait_status));
}

/* ---- which events are steps ---- */

static bool is_told(const struct wire_event *e)
{
    static const uint32_t told = 1U << WIRE_CONNECT | 1U << WIRE_LISTEN | 1U << WIRE_ACCEPT |
                                 1U << WIRE_SEND | 1U << WIRE_RECV | 1U << WIRE_SENDFILE |
                                 1U << WIRE_SHUTDOWN | 1U << WIRE_CLOSE | 1U << WIRE_FORK;

    if ((told >> e->call & 1U) == 0)
        return false;
    if (e->call == WIRE_FORK)
        return e->phase == WIRE_EXIT && e->result > 0;
    if (e->family != AF_INET && e->family != AF_INET6 && e->family != AF_UNIX)
        return false;
    return !(e->error == EAGAIN && (e->faults & WIRE_EAGAIN) == 0);
}

static bool is_left(const struct wire_log *log, uint32_t entry, uint32_t count)
{
    for (uint32_t i = entry + 1; i < count; i++) {
        const struct wire_event *e = wire_log_event(log, i);
        if (e != NULL && e->phase == WIRE_EXIT && e->entry == entry)
            return true;
    }
    return false;
}

/* Events of one kind, from one line, without anything odd: told as one step. */
static bool continues(const struct step *step, const struct wire_event *e)
{
    const struct wire_event *first = step->event;

    return first->phase == WIRE_EXIT && e->phase == WIRE_EXIT && first->call == e->call &&
           first->caller == e->caller && first->error == e->error && e->unread == 0 &&
           first->unread == 0 &&
           (e->call == WIRE_ACCEPT || e->call == WIRE_FORK ||
            (first->socket == e->socket && (first->result > 0) == (e->result > 0)));
}

/* The last steps, oldest first; *skipped says how many came before. */
static size_t collect(const struct wire_log *log, struct step *steps, size_t *skipped)
{
    uint32_t count = wire_log_count(log);
    size_t n = 0;

    *skipped = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_event *e = wire_log_event(log, i);
        if (e == NULL || !is_told(e) || (e->phase == WIRE_ENTER && is_left(log, i, count)))
            continue;
        if (n > 0 && continues(&steps[n - 1], e)) {
            steps[n - 1].count++;
            steps[n - 1].bytes += e->result;
            continue;
        }
        if (n == MAX_STEPS) {
            memmove(steps, steps + 1, (n - 1) * sizeof *steps);
            n--;
            (*skipped)++;
        }
        steps[n++] = (struct step){e, 1, e->result};
    }
    return n;
}

json_t *steps_build(struct session *s, const struct student *p)
{
    json_t *list = json_array();
    struct step steps[MAX_STEPS];
    uint64_t offsets[MAX_STEPS];
    const char *places[MAX_STEPS];
    size_t skipped, n;

    if (p == NULL || p->log.header == NULL)
        return list;
    n = collect(&p->log, steps, &skipped);
    for (size_t i = 0; i < n; i++)
        offsets[i] = steps[i].event->caller;
    if (n > 0)
        resolve(s, offsets, n, places);
    if (skipped > 0)
        (void)json_array_append_new(
            list, json_pack("{s:o, s:s}", "text", json_sprintf("… %zu steps before these", skipped),
                            "where", ""));
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "text", say_event(s, &steps[i]), "where", places[i]));
    const char *end = say_end(s, p);
    if (end != NULL)
        (void)json_array_append_new(list, json_pack("{s:s, s:s}", "text", end, "where", ""));
    return list;
}

/* ---- the usual mistakes ---- */

/* What happened last on one socket. */
struct story {
    uint64_t socket;
    unsigned reads; /* that returned data */
    bool saw_end;   /* recv() returned 0 */
    const struct wire_event *short_send, *interrupted, *closed;
};

enum { MAX_STORIES = 64 };

static struct story *story_of(struct story *stories, size_t *count, uint64_t socket)
{
    for (size_t i = 0; i < *count; i++)
        if (stories[i].socket == socket)
            return &stories[i];
    if (*count == MAX_STORIES)
        return NULL;
    stories[*count] = (struct story){.socket = socket};
    return &stories[(*count)++];
}

static void follow_send(struct story *story, const struct wire_event *e)
{
    if (e->phase == WIRE_ENTER) {
        /* Goes on with exactly what was left over: then the short count was seen. */
        if (story->short_send != NULL &&
            e->asked == story->short_send->asked - story->short_send->result)
            story->short_send = NULL;
    } else if (story->short_send == NULL && e->type == SOCK_STREAM && e->result > 0 &&
               e->result < e->asked) {
        story->short_send = e;
    }
}

static void follow(struct story *story, const struct wire_event *e)
{
    if (e->phase == WIRE_ENTER && story->interrupted != NULL && story->interrupted->call == e->call)
        story->interrupted = NULL; /* tried again, as it should be */
    if (e->phase == WIRE_EXIT && e->error == EINTR)
        story->interrupted = e;
    if (e->call == WIRE_SEND)
        follow_send(story, e);
    if (e->call == WIRE_RECV && e->phase == WIRE_EXIT) {
        story->reads += e->result > 0;
        story->saw_end |= e->result == 0 && e->asked > 0;
    }
    if (e->call == WIRE_CLOSE && e->phase == WIRE_EXIT && story->closed == NULL)
        story->closed = e;
}

static const char *at_place(struct session *s, const struct wire_event *e)
{
    const char *place = place_of(s, e);

    return place[0] == '\0' ? "" : session_print(s, " (%s)", place);
}

static const char *judge(struct session *s, const struct story *story)
{
    const struct wire_event *e = story->interrupted;

    if (e != NULL)
        return session_print(s,
                             "A signal interrupted %s: it returned -1 with EINTR%s, and the "
                             "program took that for an error instead of calling again.",
                             name_of(s, e), at_place(s, e));
    e = story->short_send;
    if (e != NULL)
        return session_print(s,
                             "%s took %lld of %lld bytes%s, and the program went on as if it were "
                             "all of them.",
                             name_of(s, e), (long long)e->result, (long long)e->asked,
                             at_place(s, e));
    e = story->closed;
    if (e != NULL && e->unread > 0 && !story->saw_end && story->reads == 1)
        return session_print(s,
                             "Your program stopped after the first recv(): it closed the socket "
                             "with %u %s unread.",
                             e->unread, plural(e->unread));
    if (e != NULL && e->unread > 0 && !story->saw_end)
        return session_print(s, "Your program closed the socket with %u %s unread%s.", e->unread,
                             plural(e->unread), at_place(s, e));
    if (e != NULL && !story->saw_end && story->reads == 1)
        return "Your program stopped after the first recv(): it closed the socket before it had "
               "seen the end, a recv() that returns 0.";
    return NULL;
}

static bool is_starter(const struct student *p)
{
    return p->ended && WIFEXITED(p->wait_status) && WEXITSTATUS(p->wait_status) == STARTER_STATUS &&
           p->output.length == 0 && wire_log_count(&p->log) == 0;
}

const char *steps_diagnose(struct session *s, const struct student *p, enum status status)
{
    struct story stories[MAX_STORIES];
    const char *found = NULL;
    size_t count = 0;

    if (p == NULL || p->log.header == NULL)
        return NULL;
    if (is_starter(p))
        return "This is still the starter: it exits at once with status 3.";
    if (p->ended && WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) == SIGPIPE)
        return "The program was ended by SIGPIPE: it sent to a connection that the other side had "
               "closed. With MSG_NOSIGNAL, send() returns -1 and EPIPE instead.";
    if (status != STATUS_FAIL)
        return NULL;
    uint32_t events = wire_log_count(&p->log);
    for (uint32_t i = 0; i < events; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        struct story *story =
            e == NULL || e->socket == 0 ? NULL : story_of(stories, &count, e->socket);
        if (story != NULL)
            follow(story, e);
    }
    for (size_t i = count; i > 0 && found == NULL; i--) /* the last conversation first */
        found = judge(s, &stories[i - 1]);
    return found;
}
