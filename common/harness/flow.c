/* Flow control: small buffers, what lies between the two ends, peers that take what comes. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/internal.h"

/* ---- small buffers ---- */

void session_narrow(struct session *s, int bytes)
{
    s->narrow = bytes;
}

void socket_narrow(const struct session *s, int fd)
{
    /* The program's send buffer grows with the segments that it may send: let them be small. */
    int segment = s->narrow < 4 * 1400 ? 536 : 1400;

    if (s->narrow == 0)
        return;
    /* Refused or not, the connection works; a case that needs it narrow measures what it holds. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &s->narrow, sizeof s->narrow);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &s->narrow, sizeof s->narrow);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

size_t link_taken(const struct link *link)
{
    return network_taken(link);
}

size_t link_given(const struct link *link)
{
    return network_given(link);
}

size_t link_under_way(const struct link *link)
{
    size_t given = network_given(link);

    return given > link->received ? given - link->received : 0;
}

size_t link_sent(const struct link *link)
{
    return link->sent;
}

/* ---- receiving ---- */

void link_collect(struct link *link, size_t length)
{
    link->want = length;
}

void link_echo(struct link *link)
{
    link->echo = true;
    play_say_of(link, "sends back what it receives");
}

static bool has_line(void *what)
{
    const struct link *link = what;

    return link->end || link->error != 0 || link_has_line(link);
}

const char *link_line(struct link *link, size_t *length)
{
    struct session *s = link->session;

    link->line = true;
    (void)pump(s, has_line, link, "a line from your program", false);
    link->line = false;
    if (!link_has_line(link))
        link_over(link, "where a line was expected", "where a line from it was expected");
    char *line = session_alloc(s, link->in.length);
    memcpy(line, link->in.data, link->in.length - 1);
    *length = link->in.length - 1;
    link->in.length = link->matched = 0;
    play_say_of(link, "received %s", play_show(s, line, *length));
    return line;
}

/* ---- endings ---- */

/* Reset: a connection that ended in order is closed only when this end has finished too. */
static bool was_reset(const struct link *link)
{
    struct tcp_info info;
    socklen_t size = sizeof info;

    return link->error != 0 || (getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
                                info.tcpi_state == TCP_CLOSE);
}

static bool is_over(void *what)
{
    const struct link *link = what;

    return link->end || was_reset(link);
}

static bool is_reset(void *what)
{
    return was_reset(what);
}

void link_expect_reset(struct link *link)
{
    struct session *s = link->session;

    link->drain =
        true; /* an end that came before the case asked may still be followed by a reset */
    (void)pump(s, link->end ? is_reset : is_over, link, "your program to reset the connection",
               false);
    s->certain = !was_reset(link);
    if (!was_reset(link))
        session_lost(s, "Your program ended the connection in order, where it should have reset "
                        "it: close() with SO_LINGER on and a linger time of 0 does that.");
    play_say_of(link, "your program reset the connection");
}

void link_expect_reset_unread(struct link *link)
{
    struct session *s = link->session;

    (void)pump(s, is_reset, link,
               "your program to reset a connection of which nothing is read at the other side",
               false);
    play_say_of(link, "your program reset the connection");
}

void link_expect_no_reset(struct link *link)
{
    struct session *s = link->session;

    play_say_of(link, "expects that your program has not reset the connection");
    if (!s->options->play && was_reset(link))
        session_blame(s,
                      "Your program closed the connection while there were bytes in it that it "
                      "had not read, or while more were coming: that is a reset, and a reset can "
                      "overtake what was sent before. Finish sending, shutdown(fd, SHUT_WR), "
                      "read to the end, and close then.");
}

/* ---- memory ---- */

long student_memory(struct student *p)
{
    struct standing standing;

    if (p->session->options->play)
        return 0;
    student_settle(p);
    procs_look(&standing);
    return standing.memory_kib;
}

/* Who keeps too much: a relay between two sides, a filter, or a program that only reads? */
static const char *advise_on_memory(const struct student *p)
{
    if (p->stream != NULL)
        return "What came can be passed on piece by piece, and what was passed on need not be "
               "kept.";
    if (p->streamed)
        return "What comes can be dealt with as it comes, and what is of no use any more need not "
               "be kept: the input may be longer than any memory.";
    return "What one side does not take must not be read from the other: a buffer needs a limit, "
           "and at the limit the reading pauses.";
}

void expect_memory(struct student *p, long most_kib)
{
    long now = student_memory(p);

    if (now > most_kib)
        session_end(p->session, STATUS_FAIL, p,
                    session_print(p->session,
                                  "The program takes %ld KiB of memory; %ld would do. %s", now,
                                  most_kib, advise_on_memory(p)));
}
