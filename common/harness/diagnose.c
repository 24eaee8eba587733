/* Mistakes that the calls alone do not show: what was printed of what came, and by which socket. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "harness/internal.h"

/* ---- what was printed, or sent, of bytes that are no string ---- */

/* What recv() returned on one socket, as it stands in the text that should be printed. */
struct reading {
    uint64_t socket;
    size_t at;     /* where the next bytes stand */
    size_t before; /* how many bytes the read before this one returned */
    bool lost;     /* they do not stand there as they came */
};

enum { MAX_READINGS = 64, LOOK_AHEAD = 32 };

static size_t first_difference(const struct comparison *c)
{
    const unsigned char *a = c->expected, *b = c->got;
    size_t i = 0;

    while (i < c->expected_length && i < c->got_length && a[i] == b[i])
        i++;
    return i;
}

/* The program stopped at a NUL, or left it out. */
static bool stops_at_nul(const struct comparison *c)
{
    size_t at = first_difference(c);

    return at < c->expected_length && ((const unsigned char *)c->expected)[at] == '\0';
}

static struct reading *reading_of(struct reading *list, size_t *count, const struct wire_event *e,
                                  const struct comparison *c)
{
    size_t head = e->result < WIRE_HEAD ? (size_t)e->result : WIRE_HEAD;

    for (size_t i = 0; i < *count; i++)
        if (list[i].socket == e->socket)
            return &list[i];
    if (*count == MAX_READINGS)
        return NULL;
    const char *found = memmem(c->expected, c->expected_length, e->head, head);
    struct reading *made = &list[(*count)++];
    *made = (struct reading){.socket = e->socket, .lost = found == NULL};
    if (found != NULL)
        made->at = (size_t)(found - (const char *)c->expected);
    return made;
}

/* True if these bytes come from memory that nobody filled, and not from a hand that wrote text. */
static bool is_rubbish(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length && i < LOOK_AHEAD; i++)
        if (bytes[i] >= 0x7f || (bytes[i] < ' ' && strchr("\n\r\t", bytes[i]) == NULL) ||
            bytes[i] == '\0')
            return true;
    return false;
}

/* True if behind n new bytes stand those that the longer read before had left in the buffer. */
static bool is_left_over(const struct comparison *c, const struct reading *r, size_t n, size_t from)
{
    const char *expected = c->expected, *got = c->got;
    size_t length = r->before > n ? r->before - n : 0;
    const char *old = expected + r->at - r->before + n;

    return length > 0 && c->got_length - from >= length && !(length == 1 && *old == '\n') &&
           memcmp(old, got + from, length) == 0;
}

/* The read behind whose bytes the program printed others; or NULL. */
static const char *judge_more(struct session *s, const struct comparison *c,
                              const struct reading *r, const struct wire_event *e)
{
    const unsigned char *got = c->got;
    size_t n = (size_t)e->result, end = r->at + n, asked = (size_t)e->asked;
    const char *place = steps_place(s, e);

    if (c->got_length <= end)
        return NULL;
    place = place[0] == '\0' ? "" : session_print(s, " (%s)", place);
    if (asked > n && c->got_length - r->at >= asked && (c->got_length - r->at) % asked == 0)
        return session_print(s,
                             "%.*s() put %zu byte%s into the buffer%s, and your program printed "
                             "all %zu bytes of it. fwrite(buffer, 1, n, stdout) prints as many "
                             "as came.",
                             WIRE_NAME, e->name, n, n == 1 ? "" : "s", place, asked);
    if (is_rubbish(got + end, c->got_length - end) || is_left_over(c, r, n, end))
        return session_print(s,
                             "Behind the %zu byte%s that %.*s() returned%s, your program printed "
                             "bytes that did not come with them. %.*s() adds no NUL, and "
                             "printf(\"%%s\") and fputs() go on until they find one: "
                             "fwrite(buffer, 1, n, stdout) prints as many as came.",
                             n, n == 1 ? "" : "s", WIRE_NAME, e->name, place, WIRE_NAME, e->name);
    return NULL;
}

/* True if the read's bytes stand in the expected text where they should. */
static bool stands_there(const struct comparison *c, const struct reading *r,
                         const struct wire_event *e)
{
    size_t n = (size_t)e->result, head = n < WIRE_HEAD ? n : WIRE_HEAD;

    return r->at + n <= c->expected_length &&
           memcmp((const char *)c->expected + r->at, e->head, head) == 0;
}

const char *diagnose_output(struct session *s, const struct student *p)
{
    const struct comparison *c = report_compared();
    struct reading list[MAX_READINGS];
    size_t count = 0, at;
    const char *found = NULL;

    if (c == NULL || c->got != p->output.data || c->message)
        return NULL;
    at = first_difference(c);
    uint32_t events = wire_log_count(&p->log);
    for (uint32_t i = 0; i < events && found == NULL; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == NULL || e->call != WIRE_RECV || e->phase != WIRE_EXIT || e->result <= 0 ||
            e->socket == 0 || e->library)
            continue;
        struct reading *r = reading_of(list, &count, e, c);
        if (r == NULL || r->lost)
            continue;
        r->lost = !stands_there(c, r, e);
        if (r->lost)
            continue;
        size_t end = r->at + (size_t)e->result;
        if (at == end)
            found = judge_more(s, c, r, e);
        else if (at >= r->at && at < end && stops_at_nul(c))
            found = "A NUL byte is among the bytes that came, and your program left it out. "
                    "strlen(), printf(\"%s\") and fputs() take a NUL for the end of a string; "
                    "what comes over a socket is bytes: fwrite(buffer, 1, n, stdout) prints them "
                    "all.";
        r->before = (size_t)e->result;
        r->at = end;
    }
    return found;
}

/* A program that has sent a NUL does not take it for an end: then it left out more than that. */
static bool leaves_nul_out(const struct comparison *c)
{
    const char *expected = c->expected, *got = c->got;
    size_t at = first_difference(c), behind = at, same = 0;

    if (!stops_at_nul(c))
        return false;
    if (at == c->got_length)
        return memchr(got, '\0', at) == NULL;
    while (behind < c->expected_length && expected[behind] == '\0')
        behind++;
    while (at + same < c->got_length && behind + same < c->expected_length &&
           got[at + same] == expected[behind + same])
        same++;
    return same > 0 && (at + same == c->got_length || behind + same == c->expected_length);
}

const char *diagnose_sent(const struct session *s)
{
    const struct expectation *e = &s->expected;

    if (e->link == NULL || e->link->in.length == 0)
        return NULL;
    if (!leaves_nul_out(&(struct comparison){.expected = e->bytes,
                                             .got = e->link->in.data,
                                             .expected_length = e->length,
                                             .got_length = e->link->in.length}))
        return NULL;
    return "Your program left out a NUL byte that it should have sent. strlen() takes a NUL for "
           "the end of a string; what goes over a socket is bytes, as many as read() or fread() "
           "said.";
}

/* ---- UDP where TCP was meant ---- */

const char *diagnose_datagram(struct session *s, const struct student *p)
{
    uint32_t events = wire_log_count(&p->log);
    char text[ADDRESS_TEXT], port[16];

    for (uint32_t i = 0; i < events; i++) {
        const struct wire_event *e = wire_log_event(&p->log, i);
        if (e == NULL || e->type != SOCK_DGRAM || e->phase != WIRE_EXIT ||
            (e->call != WIRE_CONNECT && e->call != WIRE_SEND) ||
            (e->family != AF_INET && e->family != AF_INET6) || e->peer.any.sa_family == 0)
            continue;
        (void)snprintf(port, sizeof port, "%d", address_port(&e->peer.any));
        for (const struct peer *peer = s->peers; peer != NULL; peer = peer->next)
            if (strcmp(peer->port, port) == 0)
                return session_print(
                    s,
                    "Your program used a datagram socket, that is UDP, for %s, where the task asks "
                    "for TCP. getaddrinfo() lists an address once for each type of socket; "
                    "hints.ai_socktype = SOCK_STREAM asks for TCP alone.",
                    address_format(&e->peer.any, sizeof e->peer, text));
    }
    return NULL;
}

/* ---- a socket that does not block, and a program that does not wait ---- */

/* The last event before it closed what it held and ended by itself; NULL if it did not end so. */
static const struct wire_event *last_event(const struct student *p)
{
    if (!p->ended || p->stopped)
        return NULL;
    for (uint32_t i = wire_log_count(&p->log); i > 0; i--) {
        const struct wire_event *e = wire_log_event(&p->log, i - 1);
        if (e != NULL && e->call != WIRE_CLOSE && e->call != WIRE_QUIT && e->call != WIRE_SHUTDOWN)
            return e;
    }
    return NULL;
}

const char *diagnose_interrupted(struct session *s, const struct student *p)
{
    const struct wire_event *last = last_event(p);

    if (last == NULL || last->library || last->phase != WIRE_EXIT || last->error != EINTR ||
        (last->call != WIRE_POLL && last->call != WIRE_SELECT && last->call != WIRE_EPOLL))
        return NULL;
    const char *place = steps_place(s, last);
    place = place[0] == '\0' ? "" : session_print(s, " (%s)", place);
    return session_print(s,
                         "A signal interrupted %.*s(): it returned -1 with EINTR%s, and the "
                         "program ended instead of calling again.",
                         WIRE_NAME, last->name, place);
}

const char *diagnose_blocking(struct session *s, const struct student *p)
{
    const struct wire_event *last = last_event(p);

    if (last == NULL || last->library || last->call != WIRE_RECV || last->phase != WIRE_EXIT ||
        last->faults != 0 || last->error != EAGAIN || last->nonblocking == 0 ||
        last->type != SOCK_STREAM)
        return NULL;
    return session_print(s,
                         "%.*s() returned -1 with EAGAIN, and the program ended: nothing had come "
                         "yet, and the socket does not block. Wait in poll() before it, or clear "
                         "O_NONBLOCK with fcntl().",
                         WIRE_NAME, last->name);
}
