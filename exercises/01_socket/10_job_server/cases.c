/* Exercise 1.10, job server: what is tried, and how. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

enum {
    LINE_LIMIT = 100,
    AT_ONCE = 64,
    IN_A_ROW = 200,
    ASKED = 16,         /* jobs of a case that ask a back end, at most */
    CROWD = 6,          /* clients that stamp at the same time */
    STAMPS = 500,       /* of each of them */
    STACKS_KIB = 200000 /* of address space: 200 stacks take 1.6 million, at 8 MiB each */
};

/* What the program must have written down so far. */
struct journal {
    struct session *session;
    char *text;
    size_t length;
    int last;                 /* number given out */
    const char *ports[ASKED]; /* of the back ends asked: a # in the text stands for each */
    size_t asked;
};

static struct journal make_journal(struct session *s)
{
    return (struct journal){.session = s, .text = session_alloc(s, 1 << 18)};
}

static void note(struct journal *journal, const char *line)
{
    journal->last++;
    journal->length +=
        (size_t)snprintf(journal->text + journal->length, (1 << 18) - journal->length, "%d %s\n",
                         journal->last, line);
}

/* The same for "ask PORT"; returns that line. */
static const char *note_ask(struct journal *journal, const struct peer *back_end)
{
    journal->ports[journal->asked++] = peer_port(back_end);
    note(journal, "ask #");
    return session_print(journal->session, "ask %s", peer_port(back_end));
}

static const char *some_text(struct session *s)
{
    size_t length = 4 + session_random(s, 20);
    char *text = session_alloc(s, length + 1);

    session_text(s, text, length);
    for (size_t i = 0; i < length; i++)
        if (text[i] == '#') /* stands for a number in what the journal must look like */
            text[i] = 'n';
    if (text[0] == ' ' || text[length - 1] == ' ') /* one case has blanks there, and that is all */
        text[0] = text[length - 1] = 'b';
    return text;
}

/* A line of any bytes, with its \n: in one piece. */
static void say_bytes(struct session *s, struct link *link, const char *line, size_t length)
{
    char *whole = session_alloc(s, length + 1);

    memcpy(whole, line, length);
    whole[length] = '\n';
    link_send(link, whole, length + 1);
}

static void say(struct link *link, struct session *s, const char *line)
{
    say_bytes(s, link, line, strlen(line));
}

static void hear(struct link *link, struct session *s, const char *answer)
{
    const char *line = session_print(s, "%s\n", answer);

    link_expect(link, line, strlen(line));
}

/* A stamp from the question to the answer. */
static void stamp(struct link *link, struct journal *journal)
{
    const char *text = some_text(journal->session);
    const char *line = session_print(journal->session, "stamp %s", text);

    note(journal, line);
    say(link, journal->session, line);
    hear(link, journal->session, session_print(journal->session, "%d %s", journal->last, text));
}

/* Begins a job that lasts until the back end ends: returns the connection to that. */
static struct link *begin_ask(struct link *link, struct peer *back_end, struct journal *journal)
{
    say(link, journal->session, note_ask(journal, back_end));
    return peer_accept(back_end);
}

/* The back end says so many bytes, and the client is told. */
static void end_ask(struct link *link, struct link *back_end, struct session *s, int number)
{
    size_t length = 1 + session_random(s, 5000);
    char *bytes = session_alloc(s, length);

    session_bytes(s, bytes, length);
    link_send(back_end, bytes, length);
    link_close(back_end);
    hear(link, s, session_print(s, "%d %zu", number, length));
}

static void expect_journal(struct student *p, const struct journal *journal)
{
    long long ports[ASKED];
    size_t count = expect_shape(p, journal->text, ports, ASKED);

    for (size_t i = 0; i < count && i < journal->asked; i++)
        if (ports[i] != strtol(journal->ports[i], NULL, 10))
            session_fail(journal->session,
                         "The journal says \"ask %lld\" where the client sent \"ask %s\".",
                         ports[i], journal->ports[i]);
}

/* SIGTERM, the journal and the end. */
static void stop(struct student *p, const struct journal *journal)
{
    student_settle(p);
    student_signal(p, SIGTERM);
    expect_journal(p, journal);
    expect_exit(p, 0);
}

/* A client from its connection to its end: what shows that the server still serves. */
static void whole_client(struct journal *journal, const char *port)
{
    struct link *link = link_connect(journal->session, "127.0.0.1", port);

    stamp(link, journal);
    link_shutdown(link);
    link_expect_end(link);
    link_close(link);
}

static struct link *first_client(struct session *s, struct student **p, const char **port)
{
    *p = student_start(s, "0", NULL);
    *port = student_port(*p);
    return link_connect(s, "127.0.0.1", *port);
}

/* ---- one client ---- */

static void stamps(struct session *s)
{
    struct student *p;
    const char *port;
    struct link *link = first_client(s, &p, &port);
    struct journal journal = make_journal(s);

    for (int i = 0; i < 4; i++)
        stamp(link, &journal);
    note(&journal, "stamp  a  b ");
    say(link, s, "stamp  a  b ");
    hear(link, s, session_print(s, "%d  a  b ", journal.last));
    note(&journal, "stamp a\r"); /* a byte like any other */
    say(link, s, "stamp a\r");
    hear(link, s, session_print(s, "%d a\r", journal.last));
    link_shutdown(link);
    link_expect_end(link);
    stop(p, &journal);
}

static void ask_back_end(struct session *s)
{
    struct student *p;
    const char *port;
    struct peer *peer = peer_listen(s, "127.0.0.1");
    struct link *link = first_client(s, &p, &port), *back_end;
    struct journal journal = make_journal(s);
    char *bytes = session_alloc(s, 100000);
    size_t length = 50000 + session_random(s, 50000);
    size_t sizes[] = {1 + session_random(s, 9), 1 + session_random(s, 999), 0};

    stamp(link, &journal);
    session_bytes(s, bytes, length);
    back_end = begin_ask(link, peer, &journal);
    link_send_pieces(back_end, bytes, length, sizes);
    link_close(back_end);
    hear(link, s, session_print(s, "%d %zu", journal.last, length));
    back_end = begin_ask(link, peer, &journal);
    link_shutdown(back_end); /* says nothing: that is 0 bytes, and no failure */
    hear(link, s, session_print(s, "%d 0", journal.last));
    link_expect_end(back_end); /* and nothing was said to it */
    link_close(link);
    stop(p, &journal);
}

/* Five digits, of a port where hardly anybody listens: it is a job, whatever comes of it. */
static void ask_with_zeros(struct link *link, struct journal *journal)
{
    struct session *s = journal->session;
    const char *line = "ask 00009";
    size_t length;

    note(journal, line);
    say(link, s, line);
    const char *answer = link_line(link, &length), *number = session_print(s, "%d ", journal->last);
    if (strncmp(answer, number, strlen(number)) != 0)
        session_fail(s,
                     "Your program answered \"%.40s\" to \"%s\": PORT has one to five digits, and "
                     "the first ones may be 0.",
                     answer, line);
}

static void ask_fails(struct session *s)
{
    struct student *p;
    const char *port;
    struct peer *nobody = peer_refuse(s, "127.0.0.1"), *peer = peer_listen(s, "127.0.0.1");
    struct link *link = first_client(s, &p, &port), *back_end;
    struct journal journal = make_journal(s);

    say(link, s, note_ask(&journal, nobody));
    hear(link, s, session_print(s, "%d failed", journal.last));
    back_end = begin_ask(link, peer, &journal);
    link_send(back_end, "only the beginn", 15);
    link_wait_read(back_end);
    link_reset(back_end);
    hear(link, s, session_print(s, "%d failed", journal.last));
    stamp(link, &journal);
    ask_with_zeros(link, &journal);
    link_close(link);
    stop(p, &journal);
}

static void refuse(struct session *s, struct link *link, const char *line, size_t length)
{
    say_bytes(s, link, line, length);
    hear(link, s, "error");
}

static void not_a_job(struct session *s)
{
    static const char *const LINES[] = {
        "",        "stamp",   "stamp ", "Stamp a",   "stampa",       "counts",         "count ",
        "ask",     "ask ",    "ask 0",  "ask 65536", "ask 99999999", "ask 4294967297", "ask 80 ",
        "ask +80", "ask  80", "ask -1", "ask 80x",   " stamp a",     "ask 0x50",       "count\r",
        "ask 80\r"};
    struct student *p;
    const char *port;
    struct link *link = first_client(s, &p, &port);
    struct journal journal = make_journal(s);

    stamp(link, &journal);
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++)
        refuse(s, link, LINES[i], strlen(LINES[i]));
    refuse(s, link, "stamp a\0b", 9); /* a NUL byte hides the rest from string functions */
    stamp(link, &journal);
    link_close(link);
    stop(p, &journal);
}

/* A line of the greatest length, then one of a byte more, then one that no buffer should hold. */
static void line_too_long(struct session *s)
{
    struct student *p;
    const char *port;
    struct link *link = first_client(s, &p, &port);
    struct journal journal = make_journal(s);
    char *line = session_alloc(s, 200001);

    session_text(s, line, 200000);
    for (int i = 0; i < 6; i++)
        line[i] = "stamp "[i];
    for (char *at = line; (at = strchr(at, '#')) != NULL;)
        *at = 'n'; /* as in some_text() */
    const char *longest = session_print(s, "%.*s", LINE_LIMIT, line);
    note(&journal, longest);
    say(link, s, longest);
    hear(link, s, session_print(s, "%d %s", journal.last, longest + 6));
    refuse(s, link, line, LINE_LIMIT + 1);
    stamp(link, &journal);
    refuse(s, link, line, 200000 - session_random(s, 1000));
    stamp(link, &journal);
    size_t given = link_given(link);
    link_send(link, line, (size_t)2 * LINE_LIMIT);
    link_wait_read(link);
    student_settle(p);
    if (link_given(link) > given + 2)
        session_fail(s, "Your program answered a line that is too long before its \\n had come.");
    link_send(link, "\n", 1);
    hear(link, s, "error");
    stamp(link, &journal);
    link_close(link);
    stop(p, &journal);
}

static void line_in_pieces(struct session *s)
{
    struct student *p;
    const char *port;
    struct link *link = first_client(s, &p, &port);
    struct journal journal = make_journal(s);
    const char *text = some_text(s), *line = session_print(s, "stamp %s", text);
    size_t sizes[] = {1 + session_random(s, 4), 2 + session_random(s, 4), 0};

    stamp(link, &journal);
    note(&journal, line);
    line = session_print(s, "%s\n", line);
    link_send_pieces(link, line, strlen(line), sizes);
    hear(link, s, session_print(s, "%d %s", journal.last, text));
    link_send(link, "stamp never comp", 16);
    link_shutdown(link);
    link_expect_end(link);
    stop(p, &journal);
}

static void several_lines(struct session *s)
{
    struct student *p;
    const char *port;
    struct link *link = first_client(s, &p, &port);
    struct journal journal = make_journal(s);
    const char *lines = "", *answers = "";

    for (int i = 0; i < 5; i++) {
        const char *text = some_text(s);
        note(&journal, session_print(s, "stamp %s", text));
        lines = session_print(s, "%sstamp %s\ncount\n", lines, text);
        answers = session_print(s, "%s%d %s\n%d\n", answers, journal.last, text, journal.last);
    }
    link_send(link, lines, strlen(lines));
    link_shutdown(link);
    link_expect(link, answers, strlen(answers));
    link_expect_end(link);
    stop(p, &journal);
}

/* ---- several ---- */

/* One after another: whoever keeps a number to himself is found out without any haste. */
static void one_count(struct session *s)
{
    struct student *p;
    const char *port;
    struct link *first = first_client(s, &p, &port), *second;
    struct journal journal = make_journal(s);

    stamp(first, &journal);
    stamp(first, &journal);
    second = link_connect(s, "127.0.0.1", port);
    stamp(second, &journal);
    stamp(first, &journal);
    say(second, s, "count");
    hear(second, s, session_print(s, "%d", journal.last));
    link_close(first);
    stamp(second, &journal);
    link_close(second);
    whole_client(&journal, port);
}

/* The first client's job lasts; the second one's begins later and ends before it. */
static void slow_job(struct session *s)
{
    struct student *p;
    const char *port;
    struct peer *slow = peer_listen(s, "127.0.0.1"), *quick = peer_listen(s, "127.0.0.1");
    struct link *first = first_client(s, &p, &port), *second, *back_end, *other;
    struct journal journal = make_journal(s);

    back_end = begin_ask(first, slow, &journal);
    int number = journal.last;
    second = link_connect(s, "127.0.0.1", port);
    stamp(second, &journal);
    other = begin_ask(second, quick, &journal);
    whole_client(&journal, port);
    end_ask(second, other, s, number + 2);
    stamp(second, &journal);
    end_ask(first, back_end, s, number);
    stamp(first, &journal);
    link_close(first);
    link_close(second);
    stop(p, &journal);
}

static void silent_clients(struct session *s)
{
    struct student *p;
    const char *port;
    struct link *silent = first_client(s, &p, &port), *half;
    struct journal journal = make_journal(s);

    half = link_connect(s, "127.0.0.1", port);
    link_send(half, "sta", 3);
    link_wait_read(half);
    whole_client(&journal, port);
    link_send(half, "mp at last\n", 11);
    note(&journal, "stamp at last");
    hear(half, s, session_print(s, "%d at last", journal.last));
    stamp(silent, &journal);
    link_close(half);
    link_close(silent);
}

/* A client that asks and asks, and never reads: the program stands in send() for its sake. */
static struct link *never_reads(struct session *s, const char *port)
{
    enum { LINES = 4000 };
    const char *line = session_print(s, "stamp %094d\n", 0);
    size_t length = strlen(line);
    char *lines = session_alloc(s, LINES * length);
    struct link *link;

    for (size_t i = 0; i < LINES * length; i++)
        lines[i] = line[i % length];
    session_narrow(s, 4096);
    link = link_connect(s, "127.0.0.1", port);
    session_narrow(s, 0);
    link_queue(link, lines, LINES * length);
    return link;
}

static void does_not_read(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p), *line;
    struct link *greedy = never_reads(s, port), *link;
    size_t length;

    student_settle(p);
    for (int i = 0; i < 3; i++) {
        link = link_connect(s, "127.0.0.1", port);
        say(link, s, "stamp here");
        line = link_line(link, &length);
        if (length < 6 || strcmp(line + length - 5, " here") != 0)
            session_fail(s, "The answer to \"stamp here\" was \"%s\".", line);
        link_close(link);
    }
    link_reset(greedy);
}

static void at_once(struct session *s)
{
    struct student *p;
    const char *port;
    struct link *links[AT_ONCE] = {first_client(s, &p, &port)};
    struct journal journal = make_journal(s);

    for (int i = 1; i < AT_ONCE; i++)
        links[i] = link_connect(s, "127.0.0.1", port);
    for (int i = AT_ONCE - 1; i >= 0; i--)
        stamp(links[i], &journal);
    for (int i = 0; i < AT_ONCE; i++) {
        link_shutdown(links[i]);
        link_expect_end(links[i]);
    }
    stop(p, &journal);
}

static void many_clients(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    struct journal journal = make_journal(s);

    whole_client(&journal, port);
    student_settle(p);
    int descriptors = student_descriptors(p);
    long reserved = student_reserved(p);
    for (int i = 1; i < IN_A_ROW; i++)
        whole_client(&journal, port);
    expect_descriptors(p, descriptors);
    int zombies = student_zombies(p);
    if (zombies > 0)
        session_fail(s,
                     "%d processes that the program started have ended and were never waited for.",
                     zombies);
    if (student_reserved(p) - reserved > STACKS_KIB)
        session_fail(s,
                     "After 200 clients the program holds %ld MiB more of its address space: so "
                     "much take the stacks of threads that have ended and were neither joined nor "
                     "detached.",
                     (student_reserved(p) - reserved) / 1024);
}

/* What one client of the crowd was answered: its numbers grow, and nobody else had them. */
static void take_answers(struct session *s, struct link *link, const char *text, bool *seen)
{
    long before = 0;
    size_t length;

    for (int i = 0; i < STAMPS; i++) {
        const char *line = link_line(link, &length);
        char *end;
        long number = strtol(line, &end, 10);
        if (end[0] != ' ' || strcmp(end + 1, text) != 0 || number < 1 ||
            number > (long)CROWD * STAMPS)
            session_fail(s, "An answer to \"stamp %s\" was \"%s\", of %d jobs in all.", text, line,
                         CROWD * STAMPS);
        if (seen[number])
            session_fail(s, "Two jobs were given the number %ld.", number);
        if (number < before)
            session_fail(s, "One client was given number %ld, and after it %ld.", before, number);
        seen[number] = true;
        before = number;
    }
}

/* All at the same time; nobody waits for an answer before the next line. */
static void exact(struct session *s)
{
    struct journal journal = make_journal(s);
    bool *seen = session_alloc(s, CROWD * STAMPS + 1);
    char *lines = session_alloc(s, (size_t)STAMPS * (LINE_LIMIT + 1));
    const char *text = some_text(s), *line = session_print(s, "stamp %s\n", text);
    size_t length = strlen(line);
    struct link *links[CROWD];

    for (size_t i = 0; i < STAMPS * length; i++)
        lines[i] = line[i % length];
    session_narrow_output(s);
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    for (int i = 0; i < CROWD; i++)
        links[i] = link_connect(s, "127.0.0.1", port);
    student_settle(p); /* somebody waits for each of them */
    for (int i = 0; i < CROWD; i++)
        link_queue(links[i], lines, STAMPS * length);
    for (int i = 0; i < CROWD; i++)
        take_answers(s, links[i], text, seen);
    for (int i = 0; i < CROWD * STAMPS; i++)
        note(&journal, session_print(s, "stamp %s", text));
    say(links[0], s, "count");
    hear(links[0], s, session_print(s, "%d", journal.last));
    for (int i = 0; i < CROWD; i++)
        link_close(links[i]);
    stop(p, &journal);
}

/* What was answered is written down, whatever happens to the program then. */
static void killed(struct session *s)
{
    struct student *p;
    const char *port;
    struct peer *peer = peer_listen(s, "127.0.0.1");
    struct link *link = first_client(s, &p, &port);
    struct journal journal = make_journal(s);

    stamp(link, &journal);
    stamp(link, &journal);
    (void)begin_ask(link, peer, &journal);
    student_end(p);
    expect_journal(p, &journal);
}

/* ---- clients that go ---- */

static void reset_by_client(struct session *s)
{
    struct student *p;
    const char *port;
    struct peer *peer = peer_listen(s, "127.0.0.1");
    struct link *link = first_client(s, &p, &port), *other, *back_end;
    struct journal journal = make_journal(s);

    other = link_connect(s, "127.0.0.1", port);
    stamp(other, &journal);
    link_send(link, "stam", 4);
    link_wait_read(link);
    link_reset(link);
    stamp(other, &journal);
    link = link_connect(s, "127.0.0.1", port);
    back_end = begin_ask(link, peer, &journal);
    link_shutdown(link); /* an end and then a reset: send() finds nobody and says EPIPE */
    link_reset(link);
    link_send(back_end, "for nobody", 10);
    link_close(back_end);
    link_wait_end(back_end);
    stamp(other, &journal);
    link_close(other);
    whole_client(&journal, port);
}

/* ---- the end ---- */

/* Nobody has a job: one is silent, one is in mid-line, one does not read. */
static void sigterm(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    struct journal journal = make_journal(s);
    struct link *silent, *half, *greedy;

    whole_client(&journal, port);
    silent = link_connect(s, "127.0.0.1", port);
    half = link_connect(s, "127.0.0.1", port);
    link_send(half, "stamp", 5);
    link_wait_read(half);
    greedy = never_reads(s, port);
    student_settle(p);
    student_signal(p, SIGTERM);
    student_wait_end(p);
    expect_exit(p, 0);
    link_wait_end(silent);
    link_wait_end(half);
    link_wait_end(greedy);
}

static void sigterm_busy(struct session *s)
{
    struct student *p;
    const char *port;
    struct peer *peer = peer_listen(s, "127.0.0.1");
    struct link *first = first_client(s, &p, &port), *second, *silent, *one, *two;
    struct journal journal = make_journal(s);

    second = link_connect(s, "127.0.0.1", port);
    silent = link_connect(s, "127.0.0.1", port);
    stamp(silent, &journal);
    one = begin_ask(first, peer, &journal);
    two = begin_ask(second, peer, &journal);
    student_settle(p);
    student_signal(p, SIGTERM);
    link_wait_end(silent);
    student_settle(p);
    end_ask(second, two, s, 3);
    link_expect_end(second);
    end_ask(first, one, s, 2);
    link_expect_end(first);
    expect_journal(p, &journal);
    expect_exit(p, 0);
}

/* A second server may take the port while the first finishes what it has begun. */
static void port_is_free(struct session *s)
{
    struct student *p, *next;
    const char *port;
    struct peer *peer = peer_listen(s, "127.0.0.1");
    struct link *link = first_client(s, &p, &port), *back_end;
    struct journal journal = make_journal(s), other = make_journal(s);

    back_end = begin_ask(link, peer, &journal);
    student_settle(p);
    student_signal(p, SIGTERM);
    student_settle(p);
    next = student_start(s, port, NULL);
    (void)student_port(next);
    whole_client(&other, port);
    end_ask(link, back_end, s, 1);
    expect_exit(p, 0);
    whole_client(&other, port);
}

/* ---- when the system fails ---- */

/* Enough clients and jobs to meet every failing call. */
static void disturbed(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    struct peer *peer = peer_listen(s, "127.0.0.1");
    struct journal journal = make_journal(s);

    for (int i = 0; i < 12; i++) {
        struct link *link = link_connect(s, "127.0.0.1", port);
        stamp(link, &journal);
        struct link *back_end = begin_ask(link, peer, &journal);
        end_ask(link, back_end, s, journal.last);
        link_shutdown(link);
        link_expect_end(link);
        link_close(link);
    }
}

static void accept_fails(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    struct journal journal = make_journal(s);

    for (int i = 0; i < 8; i++)
        whole_client(&journal, port);
}

/* Three clients may be lost by it, or have to wait: one for each thread that could not be. */
static void start_fails(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    int answered = 0;

    for (int i = 0; i < 6; i++) {
        struct link *link = link_connect(s, "127.0.0.1", port);
        link_queue(link, "stamp x\n", 8);
        struct happening first = session_next(s, "your program to answer, or to close");
        if (first.what == HAPPENED_LINE) {
            const char *line = session_print(s, "%.*s", (int)first.length, first.line);
            answered++;
            if (strcmp(line, session_print(s, "%d x", answered)) != 0)
                session_fail(s, "The answer to job %d, \"stamp x\", was \"%s\".", answered, line);
        } else if (first.what == HAPPENED_EXIT) {
            expect_exit(p, 0); /* it ended of itself: this says so */
        }
        link_close(link);
    }
    if (answered < 3)
        session_fail(s, "Of six clients %d were answered; no more than three failures were made.",
                     answered);
}

/*
 * No descriptor is free for a while. The first client may be lost by it: a server that waits in
 * accept() has a descriptor for it, but perhaps not a second one. The next one waits its turn.
 */
static void no_descriptors(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p), *line;
    struct journal journal = make_journal(s);
    size_t length;

    whole_client(&journal, port);
    student_settle(p);
    student_deny_descriptors(p);
    struct link *first = link_connect(s, "127.0.0.1", port);
    struct link *second = link_connect(s, "127.0.0.1", port);
    link_shutdown(first);
    link_send(second, "stamp x\n", 8);
    link_shutdown(second);
    student_settle(p); /* accept() fails, again and again, and the program pauses in between */
    student_allow_descriptors(p);
    link_wait_end(first);
    line = link_line(second, &length);
    if (strcmp(line, "2 x") != 0)
        session_fail(s, "The answer to the second job, \"stamp x\", was \"%s\".", line);
    link_expect_end(second);
}

static void ipv6(struct session *s)
{
    const char *port = student_port(student_start(s, "0", NULL));
    struct journal journal = make_journal(s);
    struct link *link = link_connect(s, "::1", port);

    stamp(link, &journal);
    whole_client(&journal, port);
    stamp(link, &journal);
    link_close(link);
}

static void usage(struct session *s)
{
    expect_failure(student_start(s, NULL), 2);
    expect_failure(student_start(s, "", NULL), 2);
    expect_failure(student_start(s, "65536", NULL), 2); /* cut to 16 bits it is 0 */
    expect_failure(student_start(s, "12x", NULL), 2);
}

static void port_taken(struct session *s)
{
    struct peer *other = peer_listen(s, "127.0.0.1");

    expect_failure(student_start(s, peer_port(other), NULL), 1);
}

/* Clients that end in every way, then SIGTERM with one in mid-line. */
static void clean(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    struct peer *peer = peer_listen(s, "127.0.0.1"), *nobody = peer_refuse(s, "127.0.0.1");
    struct journal journal = make_journal(s);

    whole_client(&journal, port);
    student_settle(p);
    int before = student_descriptors(p);
    struct link *link = link_connect(s, "127.0.0.1", port);
    struct link *back_end = begin_ask(link, peer, &journal);
    end_ask(link, back_end, s, journal.last);
    link_reset(link);
    link = link_connect(s, "127.0.0.1", port);
    say(link, s, note_ask(&journal, nobody));
    hear(link, s, session_print(s, "%d failed", journal.last));
    link_close(link);
    link_close(link_connect(s, "127.0.0.1", port));
    whole_client(&journal, port);
    expect_descriptors(p, before);
    link = link_connect(s, "127.0.0.1", port);
    stamp(link, &journal);
    link_send(link, "stam", 4);
    link_wait_read(link);
    student_settle(p);
    student_signal(p, SIGTERM);
    expect_exit(p, 0);
    link_wait_end(link);
}

static const struct test_case CASES[] = {
    {.name = "stamps",
     .title = "one client, job by job",
     .points = 1,
     .teaches = "Each job gets the next number, is written down, and is answered before the client "
                "sends its next line.",
     .run = stamps},
    {.name = "ask",
     .title = "asks a back end",
     .points = 2,
     .teaches = "The back end spoke in pieces, and another time said nothing: its reply is over "
                "when recv() returns 0.",
     .run = ask_back_end},
    {.name = "ask-fails",
     .title = "a back end that refuses, one that resets",
     .points = 1,
     .teaches = "A job may fail; its client is told so and goes on.",
     .run = ask_fails},
    {.name = "not-a-job",
     .title = "lines that are no jobs",
     .points = 2,
     .teaches = "What is no job is answered with error and takes no number; strtol() accepts more "
                "than digits.",
     .run = not_a_job},
    {.name = "line-too-long",
     .title = "lines of 100, 101 and 200,000 bytes",
     .points = 1,
     .teaches = "A line of more than 100 bytes gets one answer, however long it is.",
     .run = line_too_long},
    {.name = "line-in-pieces",
     .title = "a line in three pieces, and one that never ends",
     .points = 1,
     .teaches = "A line is a line only when its \\n has come; one recv() may bring less.",
     .run = line_in_pieces},
    {.name = "several-lines",
     .title = "several lines in one segment",
     .points = 1,
     .teaches = "One recv() may bring more than one line, and the end behind them.",
     .run = several_lines},
    {.name = "one-count",
     .title = "clients share one count",
     .points = 2,
     .teaches = "The numbers are those of the server, not of a client: a child that fork() made "
                "has a copy of every variable.",
     .run = one_count},
    {.name = "slow-job",
     .title = "a job that lasts stops nobody else",
     .points = 3,
     .teaches = "While one client's back end is silent, the others are served, and their jobs get "
                "the numbers that follow.",
     .run = slow_job},
    {.name = "silent-clients",
     .title = "one client says nothing, one stops in mid-line",
     .points = 1,
     .teaches = "A client that is connected and silent must not keep the others waiting.",
     .run = silent_clients},
    {.name = "journal",
     .title = "the journal survives a crash",
     .points = 2,
     .teaches = "What was answered stands in the journal even if the program is killed then: "
                "printf() keeps lines back unless they are flushed.",
     .run = killed},
    {.name = "reset",
     .title = "clients reset, one in the middle of its job",
     .points = 2,
     .teaches = "send() to a client that has gone raises SIGPIPE, which ends the program and with "
                "it all its threads, unless MSG_NOSIGNAL is given.",
     .run = reset_by_client},
    {.name = "sigterm",
     .title = "SIGTERM with clients that keep still",
     .points = 2,
     .teaches = "One client is silent, one in mid-line, one does not read: none may keep the "
                "server from stopping.",
     .run = sigterm},
    {.name = "sigterm-busy",
     .title = "SIGTERM while two jobs last",
     .points = 3,
     .teaches = "Jobs that have begun are finished and answered; only then main returns 0.",
     .run = sigterm_busy},
    {.name = "port-is-free",
     .title = "the port is free while the last job lasts",
     .points = 1,
     .teaches = "From SIGTERM on nobody listens any more; a child holds a copy of the listening "
                "socket unless it closes it.",
     .run = port_is_free},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR, and it was not SIGTERM: the call is to "
                "be made again.",
     .run = disturbed,
     .faults = "eintr"},
    {.name = "short-writes",
     .title = "send() takes less than it was given",
     .points = 1,
     .teaches = "send() may take fewer bytes than it was given; the rest must be sent again.",
     .run = disturbed,
     .faults = "short-write"},
    {.name = "accept-fails",
     .title = "accept() fails a few times",
     .points = 1,
     .teaches = "accept() failed with EMFILE; a server that ends there serves nobody any more.",
     .run = accept_fails,
     .faults = "accept-emfile"},
    {.name = "start-fails",
     .title = "no thread, no process for a while",
     .points = 2,
     .teaches = "fork() and pthread_create() fail with EAGAIN when the system has no more to give; "
                "that is no reason to end.",
     .run = start_fails,
     .faults = "start-eagain",
     .limit_ms = 5000},
    {.name = "ipv6",
     .title = "a client over IPv6, one over IPv4",
     .points = 1,
     .teaches = "The server listens on every address of the machine: one IPv6 socket takes both, "
                "unless IPV6_V6ONLY is on.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "usage",
     .title = "no port, or what is no port",
     .points = 1,
     .teaches = "A wrong command line ends with status 2 and a message, before anything is opened.",
     .run = usage},
    {.name = "port-taken",
     .title = "the port is taken",
     .points = 1,
     .teaches = "bind() failed: the server says why and ends with status 1.",
     .run = port_taken},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 2,
     .teaches = "Every socket is closed, that of a job that failed too, and all memory is freed "
                "before main returns.",
     .run = clean,
     .leaks = true},
    {.name = "never-reads",
     .title = "a client that never reads stops nobody else",
     .points = 2,
     .teaches = "Whoever waits in send() for a slow client must not hold a lock that the others "
                "need.",
     .run = does_not_read},
    {.name = "exact",
     .title = "3,000 jobs of six clients at the same time",
     .points = 3,
     .teaches = "Every number is given once, and the journal is in their order: taking a number "
                "and writing it down must be one step for all threads or processes.",
     .run = exact},
    {.name = "no-descriptors",
     .title = "no descriptor is free for a while",
     .points = 1,
     .teaches = "accept() fails again and again; the server neither ends nor keeps the processor "
                "busy, and serves who waits when there are descriptors again.",
     .run = no_descriptors},
    {.name = "at-once",
     .title = "64 clients at once",
     .points = 2,
     .teaches = "64 clients are connected, and the last one to come is answered first.",
     .run = at_once},
    {.name = "many-clients",
     .title = "200 clients in a row",
     .points = 3,
     .teaches = "Nothing may be left of a client that has gone: no descriptor, no child that was "
                "not waited for, no thread that was neither joined nor detached.",
     .run = many_clients},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
