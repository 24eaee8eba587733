/* The program is to end by itself, and to ask nobody any more. */
#include "core/buffer.h"
#include "harness/internal.h"
#include "wire/ladder.h"

/* What it says first to whom it should not have called. */
static void tell_first_line(struct session *s, const struct happening *call, const char *reason)
{
    struct happening next;
    struct buffer shown = {0};

    do
        next = session_next(s, "your program to say what it wants");
    while (next.what == HAPPENED_CALL);
    if (next.what != HAPPENED_LINE)
        session_blame(s, "Your program connected to %s port %s. %s", peer_host(call->peer),
                      peer_port(call->peer), reason);
    if (next.length > 0 && next.line[next.length - 1] == '\r')
        next.length--;
    (void)bytes_show(next.line, next.length, 80, &shown);
    const char *line = session_print(s, "%s", buffer_text(&shown));
    buffer_free(&shown);
    session_blame(s, "Your program connected to %s port %s, and said \"%s\". %s",
                  peer_host(call->peer), peer_port(call->peer), line, reason);
}

void session_expect_nobody(struct session *s, const char *reason)
{
    struct happening next = {.what = HAPPENED_END};

    if (s->options->play)
        return;
    while (next.what != HAPPENED_EXIT) {
        next = session_next(s, "your program to end");
        if (next.what == HAPPENED_CALL)
            tell_first_line(s, &next, reason);
    }
}
