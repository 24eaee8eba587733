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
    bool copy; /* closes one of several copies of the socket: what lay unread, another one reads */
    bool over; /* the program ended by itself: it is no longer in the call */
};

/* ---- source lines ---- */

enum { PLACES_MOST = 400 };

/* Offsets in the program, and where they lie. */
struct places {
    uint32_t offsets[PLACES_MOST];
    const char *texts[PLACES_MOST]; /* "fetch.c:41"; "" if it is not known */
    bool own[PLACES_MOST];          /* it lies in the learner's file, not in a module */
    size_t count;
};

static size_t find_place(const struct places *places, uint32_t offset)
{
    size_t i = 0;

    while (i < places->count && places->offsets[i] != offset)
        i++;
    return i;
}

/* Notes what there is to be asked of an event; what is too much for the table has no place. */
static void note_places(struct places *places, const struct wire_event *event)
{
    for (size_t i = 0; i < WIRE_CALLERS && event->callers[i] != 0; i++)
        if (find_place(places, event->callers[i]) == places->count && places->count < PLACES_MOST)
            places->offsets[places->count++] = event->callers[i];
}

/* Whether path, as the compiler noted it, is the learner's file. */
static bool is_own(const struct session *s, const char *path, size_t length)
{
    const char *source = s->options->source;
    size_t tail = strlen(source);

    return length >= tail && strncmp(path + length - tail, source, tail) == 0 &&
           (length == tail || path[length - tail - 1] == '/' || source[0] == '/');
}

/* Asks addr2line, once for all, where the offsets lie. */
static void resolve(struct session *s, struct places *places)
{
    struct buffer command = {0};
    char line[4096];
    size_t n = 0;

    for (size_t i = 0; i < places->count; i++)
        places->texts[i] = "";
    if (places->count == 0)
        return;
    (void)buffer_print(&command, "addr2line -e %s", session_quote(s, s->options->program));
    for (size_t i = 0; i < places->count; i++)
        (void)buffer_print(&command, " 0x%lx", (unsigned long)places->offsets[i]);
    (void)buffer_print(&command, " 2>/dev/null");
    FILE *pipe = popen(buffer_text(&command), "re"); /* NOLINT(cert-env33-c): quoted above */
    while (pipe != NULL && n < places->count && fgets(line, sizeof line, pipe) != NULL) {
        const char *base = strrchr(line, '/'), *colon = strrchr(line, ':');
        long number = colon == NULL ? 0 : strtol(colon + 1, NULL, 10);
        base = base == NULL ? line : base + 1;
        if (number > 0 && colon > base) {
            places->texts[n] = session_print(s, "%.*s:%ld", (int)(colon - base), base, number);
            places->own[n] = is_own(s, line, (size_t)(colon - line));
        }
        n++;
    }
    if (pipe != NULL)
        (void)pclose(pipe); /* without addr2line the steps have no places, and that is all */
    buffer_free(&command);
}

/*
 * Which of the table's places an event belongs to: the first in the learner's file, for what a
 * module does was asked for there; else the call's own. places->count if it has none.
 */
static size_t place_of(const struct places *places, const struct wire_event *event)
{
    for (size_t i = 0; i < WIRE_CALLERS && event->callers[i] != 0; i++) {
        size_t at = find_place(places, event->callers[i]);
        if (at < places->count && places->own[at])
            return at;
    }
    return event->callers[0] == 0 ? places->count : find_place(places, event->callers[0]);
}

static const char *place_text(const struct places *places, const struct wire_event *event)
{
    size_t at = place_of(places, event);

    return at < places->count ? places->texts[at] : "";
}

const char *steps_place(struct session *s, const struct wire_event *event)
{
    struct places places = {.count = 0};

    note_places(&places, event);
    resolve(s, &places);
    return place_text(&places, event);
}

/* ---- words ---- */

static const char *show_head(struct session *s, const struct wire_event *e, long long length)
{
    struct buffer shown = {0};
    size_t head = length < WIRE_HEAD ? (size_t)length : WIRE_HEAD;

    (void)bytes_show(e->head, head, HEAD_SHOWN, &shown);
    size_t cut = strlen("…"), end = shown.length;
    bool is_cut = end >= cut && memcmp(buffer_text(&shown) + end - cut, "…", cut) == 0;
    const char *text =
        session_print(s, "\"%s%s\"", buffer_text(&shown), length > WIRE_HEAD && !is_cut ? "…" : "");
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

    if (step->count > 1 && step->bytes == 0)
        return session_print(s, "%s returned 0, %s%u times", name_of(s, e),
                             step->count > LOG_EVENTS / 4 ? "more than " : "", step->count);
    if (step->count > 1)
        return session_print(s, "%s %s %u times, %lld bytes in all", name_of(s, e),
                             sends ? "was called" : "returned data", step->count, step->bytes);
    if (sends && e->result < e->asked)
        return session_print(s, "%s took %lld of %lld bytes", name_of(s, e), (long long)e->result,
                             (long long)e->asked);
    if (sends)
        return session_print(s, "sent %lld %s %s", (long long)e->result, plural(e->result),
                             show_head(s, e, e->result));
    if (e->result == 0 && e->asked == 0)
        return session_print(s, "%s was asked for 0 bytes and returned 0", name_of(s, e));
    if (e->result == 0 && e->type == SOCK_DGRAM)
        return session_print(s, "%s returned 0: an empty datagram", name_of(s, e));
    if (e->result == 0)
        return session_print(s, "%s returned 0: the other side had finished", name_of(s, e));
    return session_print(s, "%s returned %lld, asked for %lld: %s", name_of(s, e),
                         (long long)e->result, (long long)e->asked, show_head(s, e, e->result));
}

static bool waits(const struct wire_event *e)
{
    return e->call == WIRE_POLL || e->call == WIRE_SELECT || e->call == WIRE_EPOLL;
}

/* "descriptors 3, 4 and 7", of a poll or select on several. */
static const char *say_descriptors(struct session *s, const struct wire_event *e)
{
    int32_t fds[WIRE_HEAD / sizeof(int32_t)];
    size_t count =
        e->asked < WIRE_HEAD / (int)sizeof(int32_t) ? (size_t)e->asked : sizeof fds / sizeof fds[0];
    const char *list = "descriptors";

    memcpy(fds, e->head, sizeof fds);
    if ((size_t)e->asked > count)
        return session_print(s, "%lld descriptors", (long long)e->asked);
    for (size_t i = 0; i < count; i++)
        list = session_print(s, "%s%s %d", list,
                             i == 0           ? ""
                             : i + 1 == count ? " and"
                                              : ",",
                             fds[i]);
    return list;
}

static const char *say_event(struct session *s, const struct step *step)
{
    const struct wire_event *e = step->event;
    char text[ADDRESS_TEXT];

    if (e->phase == WIRE_ENTER && waits(e) && e->fd == -1)
        return session_print(s, "%s in %s, on %s", step->over ? "was" : "is still", name_of(s, e),
                             e->asked <= 0 ? "no descriptor" : say_descriptors(s, e));
    if (e->phase == WIRE_ENTER)
        return session_print(s, "%s in %s on descriptor %d", step->over ? "was" : "is still",
                             name_of(s, e), e->fd);
    if (e->call == WIRE_BIND)
        return session_print(s, "%s to %s failed: %s", name_of(s, e), address_of(&e->local, text),
                             errno_name(e->error));
    if (e->error != 0 && !(e->call == WIRE_CONNECT && e->error == EINPROGRESS))
        return session_print(
            s, "%s%s%s failed: %s", name_of(s, e), e->call == WIRE_CONNECT ? " to " : "",
            e->call == WIRE_CONNECT ? address_of(&e->peer, text) : "", errno_name(e->error));
    switch (e->call) {
    case WIRE_CONNECT:
        if (e->type == SOCK_DGRAM)
            return session_print(s, "connected a datagram socket (UDP) to %s",
                                 address_of(&e->peer, text));
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
        if (e->unread > 0 && !step->copy)
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

/* True if the program ended by itself, and not because the harness was done with it. */
static bool ended_itself(const struct student *p)
{
    return p->ended && !(WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) == SIGKILL);
}

static const char *say_end(struct session *s, const struct student *p, enum status status)
{
    if (!ended_itself(p))
        return NULL;
    if (status == STATUS_LEAK)
        return "ended by itself; then its memory was looked at";
    if (WIFSIGNALED(p->wait_status))
        return session_print(s, "was ended by SIG%s", sigabbrev_np(WTERMSIG(p->wait_status)));
    if (WEXITSTATUS(p->wait_status) == SANITIZER_STATUS)
        return "was stopped there by the checks that gcc built into it";
    return session_print(s, "exited with status %d", WEXITSTATUS(p->wait_status));
}

/* ---- which events are steps ---- */

static bool is_told(const struct wire_event *e)
{
    static const uint32_t told = 1U << WIRE_CONNECT | 1U << WIRE_LISTEN | 1U << WIRE_ACCEPT |
                                 1U << WIRE_SEND | 1U << WIRE_RECV | 1U << WIRE_SENDFILE |
                                 1U << WIRE_SHUTDOWN | 1U << WIRE_CLOSE | 1U << WIRE_FORK |
                                 1U << WIRE_BIND;

    if (e->phase == WIRE_ENTER && waits(e)) /* whatever it waits for; left it is not told */
        return e->timeout_ms != 0;
    if ((told >> e->call & 1U) == 0)
        return false;
    if (e->call == WIRE_BIND)
        return e->error != 0;
    if (e->call == WIRE_FORK)
        return e->phase == WIRE_EXIT && (e->result > 0 || e->error != 0);
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

bool steps_in_send(const struct student *p)
{
    enum { LAST = 32 }; /* threads with a call each */
    uint32_t count = p->log.header == NULL ? 0 : wire_log_count(&p->log);

    for (uint32_t i = count > LAST ? count - LAST : 0; i < count; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e != NULL && e->call == WIRE_SEND && e->phase == WIRE_ENTER &&
            !is_left(&p->log, i, count))
            return true;
    }
    return false;
}

/* True if the socket is read again behind this event: by another process, or another copy of it. */
static bool is_read_later(const struct wire_log *log, uint32_t from, uint32_t count)
{
    const struct wire_event *closed = wire_log_event(log, from);

    for (uint32_t i = from + 1; closed != NULL && i < count; i++) {
        const struct wire_event *e = wire_log_event(log, i);
        if (e != NULL && e->call == WIRE_RECV && e->socket == closed->socket)
            return true;
    }
    return false;
}

/* Events of one kind, from one line, without anything odd: told as one step. */
static bool continues(const struct places *places, const struct step *step,
                      const struct wire_event *e)
{
    const struct wire_event *first = step->event;

    if (e->type == SOCK_DGRAM && (e->call == WIRE_SEND || e->call == WIRE_RECV))
        return false; /* each datagram stands for itself */
    return first->phase == WIRE_EXIT && e->phase == WIRE_EXIT && first->call == e->call &&
           first->callers[0] == e->callers[0] && place_of(places, first) == place_of(places, e) &&
           first->error == e->error && e->unread == 0 && first->unread == 0 &&
           (e->call == WIRE_ACCEPT || e->call == WIRE_FORK ||
            (first->socket == e->socket && (first->result > 0) == (e->result > 0)));
}

/* Where all the calls stand that there may be steps of. */
static void find_places(struct session *s, const struct wire_log *log, struct places *places)
{
    uint32_t count = wire_log_count(log);

    for (uint32_t i = 0; i < count; i++) {
        const struct wire_event *e = wire_log_event(log, i);
        if (e != NULL && is_told(e))
            note_places(places, e);
    }
    resolve(s, places);
}

/* The last steps, oldest first; *skipped says how many came before. */
static size_t collect(const struct wire_log *log, const struct places *places, struct step *steps,
                      size_t *skipped)
{
    uint32_t count = wire_log_count(log);
    size_t n = 0;

    *skipped = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_event *e = wire_log_event(log, i);
        if (e == NULL || !is_told(e) || (e->phase == WIRE_ENTER && is_left(log, i, count)))
            continue;
        if (n > 0 && continues(places, &steps[n - 1], e)) {
            steps[n - 1].count++;
            steps[n - 1].bytes += e->result;
            continue;
        }
        if (n == MAX_STEPS) {
            memmove(steps, steps + 1, (n - 1) * sizeof *steps);
            n--;
            (*skipped)++;
        }
        steps[n++] = (struct step){.event = e, .count = 1, .bytes = e->result};
        if (e->call == WIRE_CLOSE && e->unread > 0)
            steps[n - 1].copy = is_read_later(log, i, count);
    }
    return n;
}

/* Where a program stood that was stopped in a call which its wire does not see. */
static const char *say_stand(struct session *s, const struct student *p, const struct step *steps,
                             size_t count)
{
    if (p->stood == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (steps[i].event->phase == WIRE_ENTER)
            return NULL;
    if (p->stood_fd >= 0)
        return session_print(s, "is still in %s on descriptor %d", p->stood, p->stood_fd);
    return session_print(s, "is still in %s", p->stood);
}

static void add_step(json_t *list, const char *text, const char *where)
{
    (void)json_array_append_new(list,
                                json_pack("{s:o, s:s}", "text", report_text(text), "where", where));
}

/* What the case sent it stands between what it did before and behind. True when it does. */
static bool add_signal(json_t *list, struct session *s, const struct student *p, uint64_t before_ns)
{
    if (p->signal == 0 || before_ns <= p->signal_ns)
        return false;
    add_step(list, session_print(s, "the harness sent it SIG%s", sigabbrev_np(p->signal)), "");
    return true;
}

json_t *steps_build(struct session *s, const struct student *p, enum status status)
{
    json_t *list = json_array();
    struct step steps[MAX_STEPS];
    struct places places = {.count = 0};
    size_t skipped, n;

    if (p == NULL || p->log.header == NULL)
        return list;
    find_places(s, &p->log, &places);
    n = collect(&p->log, &places, steps, &skipped);
    for (size_t i = 0; i < n; i++)
        steps[i].over = ended_itself(p);
    if (skipped > 0)
        (void)json_array_append_new(list, json_pack("{s:o, s:s}", "text",
                                                    json_sprintf("… %zu step%s before these",
                                                                 skipped, skipped == 1 ? "" : "s"),
                                                    "where", ""));
    bool told = false;
    for (size_t i = 0; i < n; i++) {
        told = told || add_signal(list, s, p, steps[i].event->time_ns);
        add_step(list,
                 session_print(s, "%s%s", steps[i].event->library ? "libcurl: " : "",
                               say_event(s, &steps[i])),
                 place_text(&places, steps[i].event));
    }
    if (!told)
        (void)add_signal(list, s, p, UINT64_MAX);
    const char *end = say_end(s, p, status);
    if (end == NULL)
        end = say_stand(s, p, steps, n);
    if (end != NULL)
        add_step(list, end, "");
    return list;
}

/* ---- the usual mistakes ---- */

/* What happened last on one socket. */
struct story {
    uint64_t socket;
    unsigned reads; /* that returned data */
    unsigned ends;  /* that returned 0, one after another */
    bool over;      /* recv() returned 0, or failed: there is nothing more to read */
    const struct wire_event *short_send, *failed_send, *interrupted, *closed, *end;
    bool read_on;   /* received after a send that failed */
    bool sent_on;   /* sent more after a send that took a part: the rest may be in it, or not */
    bool sent_less; /* sent less than the rest, or finished */
};

enum { MAX_STORIES = 64 };

struct stories {
    struct story last[MAX_STORIES]; /* the oldest first */
    size_t count;
};

static struct story *story_of(struct stories *stories, uint64_t socket)
{
    for (size_t i = 0; i < stories->count; i++)
        if (stories->last[i].socket == socket)
            return &stories->last[i];
    if (stories->count == MAX_STORIES)
        memmove(stories->last, stories->last + 1, --stories->count * sizeof stories->last[0]);
    stories->last[stories->count] = (struct story){.socket = socket};
    return &stories->last[stories->count++];
}

static void follow_send(struct story *story, const struct wire_event *e)
{
    if (e->phase == WIRE_ENTER) {
        /* Goes on with exactly what was left over: then the short count was seen. */
        if (story->short_send != NULL &&
            e->asked == story->short_send->asked - story->short_send->result)
            story->short_send = NULL;
        if (story->short_send != NULL) {
            story->sent_on = true;
            story->sent_less |= e->asked < story->short_send->asked - story->short_send->result;
        }
    } else if (e->error != 0 && e->error != EINTR && e->error != EAGAIN) {
        story->failed_send = e;
    } else if (story->short_send == NULL && e->type == SOCK_STREAM && e->result > 0 &&
               e->result < e->asked) {
        story->short_send = e;
    }
}

static void follow_recv(struct story *story, const struct wire_event *e)
{
    bool failed = e->error != 0 && e->error != EINTR && e->error != EAGAIN;

    story->closed = NULL; /* only a copy was closed */
    story->read_on |= story->failed_send != NULL;
    if (e->phase == WIRE_ENTER)
        return;
    if (e->error == 0 && e->result == 0 && e->asked > 0) {
        story->ends++;
        story->end = e;
    } else {
        story->ends = 0;
    }
    story->reads += e->result > 0;
    story->over |= failed || story->ends > 0;
}

static void follow(struct story *story, const struct wire_event *e)
{
    if (e->library) /* it knows what its calls return; what the program makes of it shows elsewhere
                     */
        return;
    if (e->phase == WIRE_ENTER && story->interrupted != NULL && story->interrupted->call == e->call)
        story->interrupted = NULL; /* tried again, as it should be */
    if (e->phase == WIRE_EXIT && e->error == EINTR)
        story->interrupted = e;
    if (e->type == SOCK_DGRAM) /* each datagram stands for itself, and no end is ever told */
        return;
    if (e->call == WIRE_SEND)
        follow_send(story, e);
    if (e->call == WIRE_RECV)
        follow_recv(story, e);
    if (e->call == WIRE_CLOSE || e->call == WIRE_SHUTDOWN)
        story->sent_less |= story->short_send != NULL;
    if (e->call == WIRE_CLOSE && e->phase == WIRE_EXIT && story->closed == NULL)
        story->closed = e;
}

static const char *at_place(struct session *s, const struct wire_event *e)
{
    const char *place = steps_place(s, e);

    return place[0] == '\0' ? "" : session_print(s, " (%s)", place);
}

/* True if the program went on after this event: else it was only stopped before it could. */
static bool went_on(const struct student *p, const struct wire_event *event)
{
    uint32_t count = wire_log_count(&p->log);

    if (ended_itself(p))
        return true;
    for (uint32_t i = count; i > 0; i--) {
        const struct wire_event *e = wire_log_event(&p->log, i - 1);
        if (e == event)
            return false;
        if (e != NULL && e->tid == event->tid)
            return true;
    }
    return false;
}

/* True if a server did this to another client than the one that got what it should not have. */
static bool is_elsewhere(const struct session *s, const struct student *p,
                         const struct wire_event *event)
{
    const struct link *link = s->expected.link;

    return p->serves && link != NULL && address_port(&event->peer.any) != link->local;
}

/* What a call told and the program did not heed. */
static const char *judge_calls(struct session *s, const struct student *p,
                               const struct story *story)
{
    const struct wire_event *e = story->interrupted;

    if (p->stopped && p->ended && WIFEXITED(p->wait_status) && WEXITSTATUS(p->wait_status) == 0)
        e = NULL; /* it was interrupted so that it would end, and it did */
    if (e != NULL && p->stopped && went_on(p, e))
        return session_print(s,
                             "SIGTERM interrupted %s, which returned -1 with EINTR%s. That is no "
                             "error: it is the time to look at the flag that the handler set.",
                             name_of(s, e), at_place(s, e));
    if (e != NULL && went_on(p, e))
        return session_print(s,
                             "A signal interrupted %s: it returned -1 with EINTR%s, and the "
                             "program took that for an error instead of calling again.",
                             name_of(s, e), at_place(s, e));
    e = story->short_send;
    /*
     * A server may keep the rest, and send it together with more: then what came is still right. Or
     * it gave that client up; then another one may complain, for another reason.
     */
    if (e != NULL && is_elsewhere(s, p, e))
        return NULL;
    bool lost = !p->serves || story->sent_less ||
                (story->sent_on && s->expected.link != NULL && s->expected.link->in.length > 0);
    if (e != NULL && lost && went_on(p, e))
        return session_print(s,
                             "%s took %lld of %lld bytes%s, and the program went on as if it were "
                             "all of them.",
                             name_of(s, e), (long long)e->result, (long long)e->asked,
                             at_place(s, e));
    return NULL;
}

/* A socket closed too early. */
static const char *judge_end(struct session *s, const struct student *p, const struct story *story)
{
    const struct wire_event *e = story->closed;

    if (e == NULL || story->over)
        return NULL;
    if (is_elsewhere(s, p, e)) /* one that it gave up, perhaps: another one complains */
        return NULL;
    if (p->serves && story->failed_send != NULL)
        return NULL; /* the client was gone, which send() tells as well */
    if (p->serves && story->reads > 0)
        return session_print(s,
                             "Your program closed a connection%s whose other side had not "
                             "finished: neither had recv() returned 0, nor had a call failed.",
                             at_place(s, e));
    /* How much had come by then differs from run to run, so the sentence does not say it. */
    if (story->reads == 0 && e->unread > 0)
        return session_print(
            s, "Your program closed the socket%s and read nothing of what it was sent.",
            at_place(s, e));
    if (story->reads > 0 && p->errors.length > 0) /* perhaps on purpose */
        return session_print(s,
                             "Your program gave up: it closed the socket%s before it had seen the "
                             "end, a recv() that returns 0. What it said about that is below.",
                             at_place(s, e));
    if (story->reads == 1)
        return "Your program stopped after the first recv(): it closed the socket before it had "
               "seen the end, a recv() that returns 0.";
    if (story->reads > 1)
        return session_print(s,
                             "Your program closed the socket%s before it had seen the end, a "
                             "recv() that returns 0.",
                             at_place(s, e));
    return NULL;
}

static const char *judge(struct session *s, const struct student *p, const struct story *story,
                         enum status status)
{
    const char *found = judge_calls(s, p, story);

    if (found == NULL && status == STATUS_TIMEOUT && story->ends > 1)
        return session_print(s,
                             "%s had returned 0%s: the other side had finished, and there will "
                             "never be more. The program called it again and again.",
                             name_of(s, story->end), at_place(s, story->end));
    if (found == NULL && status == STATUS_FAIL && story->read_on)
        return session_print(s, "%s failed with %s%s, and the program went on as if it had not.",
                             name_of(s, story->failed_send), errno_name(story->failed_send->error),
                             at_place(s, story->failed_send));
    if (found == NULL && status == STATUS_FAIL && !p->stopped &&
        !s->closes_early) /* to stop, one may close early */
        found = judge_end(s, p, story);
    return found;
}

/* A server whose clients are never told its port. */
static const char *judge_server(struct session *s, const struct student *p)
{
    uint32_t count = wire_log_count(&p->log);
    bool listens = false;

    for (uint32_t i = 0; i < count && !listens; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        listens = e != NULL && e->call == WIRE_LISTEN && e->phase == WIRE_EXIT && e->error == 0;
    }
    if (!listens || p->serves || !s->wants_port)
        return NULL;
    if (p->output.length == 0)
        return "Your program listens, but the line \"listening on [address]:port\" did not come "
               "out. printf() keeps it in a buffer when standard output is no terminal: "
               "fflush(stdout) sends it.";
    struct buffer shown = {0};
    size_t line = strcspn(buffer_text(&p->output), "\n");
    (void)bytes_show(p->output.data, line, 60, &shown);
    const char *text = session_print(s,
                                     "Your program listens and printed \"%s\"; it should have been "
                                     "\"listening on [address]:port\" and a line end.",
                                     buffer_text(&shown));
    buffer_free(&shown);
    return text;
}

/* accept() fails as long as no descriptor is free: what the program made of that. */
static const char *judge_accept(struct session *s, const struct student *p)
{
    enum { AT_ONCE = 500 }; /* no program that pauses comes near this */
    uint32_t count = wire_log_count(&p->log);
    const struct wire_event *failed = NULL;
    unsigned failures = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == NULL)
            continue;
        if (failed != NULL && e->call == WIRE_RECV && e->fd == -1)
            return session_print(s,
                                 "accept() returned -1 (%s), and your program took that for a "
                                 "descriptor: %s of -1%s.",
                                 errno_name(failed->error), name_of(s, e), at_place(s, e));
        if (e->call == WIRE_ACCEPT && e->phase == WIRE_EXIT && e->error == EMFILE) {
            failed = e;
            failures++;
        }
    }
    if (failures < AT_ONCE)
        return NULL;
    return session_print(s,
                         "accept() failed with EMFILE, and your program called it again at once%s, "
                         "thousands of times: that takes the whole processor. It should wait a "
                         "moment first, 10 ms for instance.",
                         at_place(s, failed));
}

/* True if it set SO_REUSEPORT, which shares the port with whoever sets it too. */
static bool shares_port(const struct student *p)
{
    uint32_t count = wire_log_count(&p->log);

    for (uint32_t i = 0; i < count; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e != NULL && e->call == WIRE_SETSOCKOPT && e->phase == WIRE_EXIT && e->error == 0 &&
            e->flags == ((unsigned)SOL_SOCKET << 16 | SO_REUSEPORT))
            return true;
    }
    return false;
}

static bool is_starter(const struct student *p)
{
    return p->ended && WIFEXITED(p->wait_status) && WEXITSTATUS(p->wait_status) == STARTER_STATUS &&
           p->output.length == 0 && wire_log_count(&p->log) == 0;
}

const char *steps_diagnose(struct session *s, const struct student *p, enum status status)
{
    struct stories stories = {.count = 0};
    const char *found = NULL;

    if (p == NULL || p->log.header == NULL)
        return NULL;
    if (is_starter(p))
        return "This is still the starter: it exits at once with status 3.";
    if (p->ended && WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) == SIGPIPE)
        return "The program was ended by SIGPIPE: it sent to a connection that the other side had "
               "closed. With MSG_NOSIGNAL, send() returns -1 and EPIPE instead.";
    if (status != STATUS_FAIL && status != STATUS_TIMEOUT)
        return NULL;
    if (p != s->students && !s->students->may_end &&
        shares_port(p)) /* a second one, on the port of the first */
        return "Your program set SO_REUSEPORT: with it, a second server gets the port that the "
               "first one still has, and takes clients from it. SO_REUSEADDR is meant.";
    if ((found = judge_accept(s, p)) != NULL)
        return found;
    found = diagnose_datagram(s, p);
    if (found == NULL && status == STATUS_FAIL)
        found = diagnose_blocking(s, p);
    if (found == NULL && status == STATUS_FAIL)
        found = diagnose_interrupted(s, p);
    if (found == NULL && status == STATUS_FAIL)
        found = diagnose_output(s, p);
    if (found == NULL && status == STATUS_FAIL)
        found = diagnose_sent(s);
    uint32_t events = wire_log_count(&p->log);
    for (uint32_t i = 0; i < events; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e != NULL && e->socket != 0)
            follow(story_of(&stories, e->socket), e);
    }
    for (size_t i = stories.count; i > 0 && found == NULL; i--) /* the last conversation first */
        found = judge(s, p, &stories.last[i - 1], status);
    if (found == NULL && status == STATUS_TIMEOUT)
        found = diagnose_busy(s, p);
    return found != NULL ? found : judge_server(s, p);
}
