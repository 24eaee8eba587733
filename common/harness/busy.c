/* A program that never sleeps: it looks again and again, and nothing has happened meanwhile. */
#include <stdio.h>
#include <string.h>

#include "harness/internal.h"

enum { OFTEN = 1000 }; /* no program that sleeps in between comes near this */

/* True if the call moved something: bytes, or who is connected. */
static bool has_moved(const struct wire_event *e)
{
    if (e->phase != WIRE_EXIT || e->error != 0)
        return false;
    switch (e->call) {
    case WIRE_SEND:
    case WIRE_RECV:
    case WIRE_SENDFILE:
        return e->result > 0;
    case WIRE_SETSOCKOPT:
    case WIRE_GETSOCKOPT:
    case WIRE_OPTION:
    case WIRE_COMPARE:
        return false;
    default:
        return true;
    }
}

static bool is_wait(const struct wire_event *e)
{
    return e->call == WIRE_SELECT || e->call == WIRE_POLL || e->call == WIRE_EPOLL;
}

const char *diagnose_busy(struct session *s, const struct student *p)
{
    const struct wire_event *ready = NULL, *hasty = NULL;
    unsigned readies = 0, hastes = 0;

    for (uint32_t i = wire_log_count(&p->log); i > 0; i--) {
        const struct wire_event *e = wire_log_event(&p->log, i - 1);
        if (e == NULL || e->phase != WIRE_EXIT)
            continue;
        if (!is_wait(e) && has_moved(e))
            break;
        if (is_wait(e) && e->result > 0) {
            ready = e;
            readies++;
        }
        if (is_wait(e) && e->result == 0 && e->timeout_ms == 0) {
            hasty = e;
            hastes++;
        }
    }
    if (readies < OFTEN && hastes < OFTEN)
        return NULL;
    const struct wire_event *e = readies >= OFTEN ? ready : hasty;
    const char *place = steps_place(s, e);
    place = place[0] == '\0' ? "" : session_print(s, " (%s)", place);
    if (e->library)
        return session_print(s,
                             "libcurl was called again and again%s, thousands of times, while "
                             "there was nothing to do: between two curl_multi_perform(), "
                             "curl_multi_poll() waits.",
                             place);
    if (e == hasty)
        return session_print(
            s,
            "%.*s() was called with a time limit of 0%s again and again, thousands "
            "of times, while there was nothing to do: a program that waits should "
            "sleep in it.",
            WIRE_NAME, e->name, place);
    return session_print(
        s,
        "%.*s() returned at once%s, thousands of times, while there was nothing to "
        "do. Does the program always ask for writable? A socket that has room is "
        "writable all the time: ask only while something waits to be sent.",
        WIRE_NAME, e->name, place);
}
