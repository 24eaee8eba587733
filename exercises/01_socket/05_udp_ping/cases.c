/* Exercise 1.5, UDP ping with statistics: what is tried, and how. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "harness/harness.h"

enum {
    PINGS_MOST = 16,
    SOON = 100,      /* ms that the program waits first, where a ping is to be lost */
    LONG = 10000,    /* where none is: no machine is so busy that a reply comes too late */
    NOTICEABLE = 20, /* ms by which a reply is held back, to be found in the time printed */
    LARGEST = 60000  /* bytes of a datagram */
};

/* One run of the program, as the server sees it that is pinged. Times in nanoseconds. */
struct round {
    struct session *session;
    struct port *port;
    struct student *program;
    int count, wait_ms;
    int at;                                       /* the ping at hand, from 1 */
    char outcomes[PINGS_MOST];                    /* 'T' in time, '-' no reply, 'x' refused */
    uint64_t taken_at;                            /* the ping at hand */
    uint64_t earliest;                            /* it was not sent before this */
    uint64_t answered_at;                         /* its reply was not sent before this */
    uint64_t least[PINGS_MOST], most[PINGS_MOST]; /* how long the replies took */
};

static uint64_t now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail for this clock */
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

/* ---- a conversation ---- */

static struct round start_at(struct session *s, const char *host, struct port *port, int count,
                             int wait_ms)
{
    struct round r = {.session = s, .port = port, .count = count, .wait_ms = wait_ms};

    r.earliest = now();
    r.program = student_start(s, host, port_number(port), session_print(s, "%d", count),
                              session_print(s, "%d", wait_ms), NULL);
    return r;
}

static struct round start(struct session *s, struct port *port, int count, int wait_ms)
{
    return start_at(s, port_host(port), port, count, wait_ms);
}

/* The program has gone on behind the ping at hand. */
static void end_ping(struct round *r)
{
    if (r->at == 0 || r->outcomes[r->at - 1] != 'T')
        return;
    r->most[r->at - 1] = now() - r->earliest;
    r->earliest = r->answered_at;
}

/* Takes the next ping. It is lost, unless answer() follows. */
static void take(struct round *r)
{
    const char *text = session_print(r->session, "ping %d", r->at + 1);

    port_expect(r->port, text, strlen(text));
    end_ping(r);
    r->taken_at = now();
    r->outcomes[r->at++] = '-';
}

static void send_text(const struct round *r, const char *text)
{
    port_reply(r->port, text, strlen(text));
}

static void send_reply(const struct round *r, int number)
{
    send_text(r, session_print(r->session, "ping %d", number));
}

static void answer(struct round *r)
{
    r->answered_at = now();
    r->least[r->at - 1] = r->answered_at - r->taken_at;
    send_reply(r, r->at);
    r->outcomes[r->at - 1] = 'T';
}

/* The same a while later: so the time printed tells which datagram was taken for the reply. */
static void answer_later(struct round *r)
{
    session_wait(r->session, NOTICEABLE);
    answer(r);
}

static void exchange(struct round *r, int pings)
{
    for (int i = 0; i < pings; i++) {
        take(r);
        answer(r);
    }
}

/* ---- what it printed ---- */

static void judge_time(const struct round *r, int number, long long printed)
{
    double least = (double)r->least[number - 1] / 1e6, most = (double)r->most[number - 1] / 1e6;
    double shown = (double)printed / 1e3;

    if (shown < least - 0.001)
        session_fail(
            r->session,
            "The reply to ping %d was sent no sooner than %.3f ms after the ping, and your "
            "program printed %.3f ms. Either it took another datagram for the reply, or "
            "it measured something else than the time that passes: "
            "clock_gettime(CLOCK_MONOTONIC, …) tells that.",
            number, least, shown);
    if (shown > most + 0.001)
        session_fail(r->session,
                     "Your program printed %.3f ms for ping %d, which was over after less than "
                     "%.3f ms. The time is in milliseconds, from just before send() to just after "
                     "the call that received the reply.",
                     shown, number, most);
}

/* times are those of the replies, in microseconds, then min, mean and max. */
static void judge_statistics(const struct round *r, const long long *times, int replies)
{
    const long long *end = times + replies;
    long long least = times[0], most = times[0], sum = 0;

    for (const long long *t = times; t < end; t++) {
        least = *t < least ? *t : least;
        most = *t > most ? *t : most;
        sum += *t;
    }
    if (end[0] != least || end[2] != most)
        session_fail(r->session,
                     "The least of the times printed is %.3f ms and the greatest %.3f ms; your "
                     "program printed min %.3f ms and max %.3f ms.",
                     (double)least / 1e3, (double)most / 1e3, (double)end[0] / 1e3,
                     (double)end[2] / 1e3);
    long long error = end[1] * replies - sum;
    if (error >= 2LL * replies || error <= -2LL * replies)
        session_fail(r->session,
                     "The mean of the times printed is %.3f ms; your program printed %.3f ms.",
                     (double)sum / replies / 1e3, (double)end[1] / 1e3);
}

/* What it should print, with # for the numbers that only the program knows. */
static const char *shape_of(const struct round *r, int duplicate, int late)
{
    const char *shape = "";
    int replies = 0;

    for (int i = 0; i < r->count; i++) {
        const char *words = "no reply";
        if (r->outcomes[i] == 'T')
            words = "#.### ms";
        if (r->outcomes[i] == 'x')
            words = "refused";
        replies += r->outcomes[i] == 'T';
        shape = session_print(r->session, "%s%d: %s\n", shape, i + 1, words);
    }
    return session_print(r->session, "%s%d sent, %d received, %d lost, %d duplicate, %d late\n%s",
                         shape, r->count, replies, r->count - replies, duplicate, late,
                         replies > 0 ? "min #.### ms, mean #.### ms, max #.### ms\n" : "");
}

/* Its whole output, and its exit status. */
static void judge(struct round *r, int duplicate, int late)
{
    long long times[PINGS_MOST + 3];
    int reply = 0;
    size_t numbers = expect_shape(r->program, shape_of(r, duplicate, late), times,
                                  sizeof times / sizeof times[0]);

    end_ping(r);
    if (port_wait(r->port, 0))
        session_fail(r->session, "Your program sent more datagrams than the %d pings.", r->count);
    for (int i = 0; i < r->count && numbers > 0; i++) /* there are none in play */
        if (r->outcomes[i] == 'T')
            judge_time(r, i + 1, times[reply++]);
    if (reply > 0)
        judge_statistics(r, times, reply);
    expect_exit(r->program, memchr(r->outcomes, 'T', sizeof r->outcomes) != NULL ? 0 : 1);
}

/*
 * For a round with a short wait, where a reply that was meant to be in time may have been too late:
 * true if all is to be played again, with a longer wait.
 */
static bool went_wrong(struct round *r, int duplicate, int late)
{
    return !student_fits(r->program, shape_of(r, duplicate, late)) && session_again(r->session);
}

/* ---- the cases ---- */

static void replies_at(struct session *s, const char *host, const char *name)
{
    struct port *port = port_open(s, host);
    int count = 3 + (int)session_random(s, 3);
    struct round r = start_at(s, name, port, count, LONG);

    exchange(&r, count);
    judge(&r, 0, 0);
}

static void replies(struct session *s)
{
    replies_at(s, "127.0.0.1", "127.0.0.1");
}

static void ipv6(struct session *s)
{
    session_host(s, "six.test", "::1", NULL);
    replies_at(s, "::1", "six.test");
}

/* The least and the greatest time at any place. */
static void times(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    int delays[] = {60, 10, 35, 20};

    for (uint32_t i = 3; i > 0; i--) {
        uint32_t j = session_random(s, i + 1);
        int delay = delays[i];
        delays[i] = delays[j];
        delays[j] = delay + (int)session_random(s, 5);
    }
    struct round r = start(s, port, 4, LONG);
    for (int i = 0; i < 4; i++) {
        take(&r);
        session_wait(s, delays[i]);
        answer(&r);
    }
    judge(&r, 0, 0);
}

/*
 * Takes a ping that is not answered, and the one behind it, which must come when the wait is over
 * and no sooner. Neither verdict depends on how busy the machine is: the ping at hand was sent
 * after the reply to the one before it, and a program that has settled sleeps on.
 */
static void take_two(struct round *r)
{
    enum { GRACE_MS = 2 }; /* for who rounds */
    uint64_t wait = (uint64_t)r->wait_ms * 1000000U, before = r->answered_at;

    take(r);
    bool came = port_wait(r->port, r->wait_ms + r->wait_ms / 5);
    if (!came && student_descriptors(r->program) != -1) { /* -1: nobody knows, in play */
        student_settle(r->program);
        if (!port_wait(r->port, 0))
            session_fail(r->session,
                         "Ping %d was not answered, and %d ms later your program still waited for "
                         "its reply; WAIT was %d.",
                         r->at, r->wait_ms + r->wait_ms / 5, r->wait_ms);
    }
    take(r);
    uint64_t most = r->taken_at - before;
    if (most + (uint64_t)GRACE_MS * 1000000U < wait)
        session_fail(r->session,
                     "Ping %d was not answered, and ping %d came less than %.0f ms after it was "
                     "sent: your program did not wait for the reply until WAIT, %d ms, was over.",
                     r->at - 1, r->at, (double)most / 1e6 + 1, r->wait_ms);
}

static void lost(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    int missing = 2 + (int)session_random(s, 2);
    int wait_ms = SOON;
    struct round r;

    do {
        r = start(s, port, 4, wait_ms);
        exchange(&r, missing - 1);
        take_two(&r);
        answer_later(&r);
        exchange(&r, 4 - missing - 1);
        wait_ms *= 3;
    } while (went_wrong(&r, 0, 0));
    judge(&r, 0, 0);
}

static void all_lost(struct session *s)
{
    struct round r = start(s, port_open(s, "127.0.0.1"), 2 + (int)session_random(s, 2), SOON / 4);

    for (int i = 0; i < r.count; i++)
        take(&r);
    judge(&r, 0, 0);
}

/* A ping is lost, and its reply comes, so many times, while the one behind it is waited for. */
static void late_replies(struct session *s, int times_late)
{
    struct port *port = port_open(s, "127.0.0.1");
    int missing = 1 + (int)session_random(s, 2);
    int wait_ms = SOON;
    struct round r;

    do {
        r = start(s, port, 4, wait_ms);
        exchange(&r, missing - 1);
        take(&r);
        const char *sender = port_sender(port);
        take(&r);
        if (strcmp(sender, port_sender(port)) != 0)
            session_fail(s,
                         "Ping %d came from %s and ping %d from %s. The reply to the first goes to "
                         "the first socket, where nobody waits for it any more: send all pings "
                         "from one.",
                         missing, sender, missing + 1, port_sender(port));
        for (int i = 0; i < times_late; i++)
            send_reply(&r, missing);
        answer_later(&r);
        exchange(&r, 4 - missing - 1);
        wait_ms *= 3;
    } while (went_wrong(&r, times_late - 1, 1));
    judge(&r, times_late - 1, 1);
}

static void late(struct session *s)
{
    late_replies(s, 1);
}

static void late_twice(struct session *s)
{
    late_replies(s, 2);
}

static void duplicate(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    struct round r = start(s, port, 3, LONG);

    exchange(&r, 1);
    send_reply(&r, 1);
    take(&r);
    send_reply(&r, 1);
    answer_later(&r);
    exchange(&r, 1);
    judge(&r, 2, 0);
}

/* A reply to ping 1 comes once more before that to ping 10: one begins as the other. */
static void two_digits(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    struct round r = start(s, port, 12, LONG);

    exchange(&r, 9);
    take(&r);
    send_reply(&r, 1);
    answer_later(&r);
    exchange(&r, 2);
    judge(&r, 1, 0);
}

/* What a stranger sends looks like the reply in everything but its sender. */
static void stranger(struct session *s)
{
    struct port *twins[2], *other = port_open(s, "127.0.0.1");

    port_open_twins(s, "127.0.0.1", "127.0.0.2", twins);
    struct round r = start(s, twins[0], 3, LONG);
    exchange(&r, 1);
    take(&r);
    port_reply_from(other, r.port, "ping 2", 6);
    answer_later(&r);
    take(&r);
    port_reply_from(twins[1], r.port, "ping 3", 6);
    answer_later(&r);
    judge(&r, 0, 0);
}

/* Sends what is no reply. one_by_one: waits what comes of each; if that is the next ping, it was
 * taken for the reply. */
static void send_wrong(struct round *r, const void *bytes, size_t length, bool one_by_one)
{
    struct session *s = r->session;
    char shown[64] = "";

    port_reply(r->port, bytes, length);
    if (!one_by_one)
        return;
    student_settle(r->program);
    if (!port_wait(r->port, 0))
        return;
    for (size_t i = 0, at = 0; i < length && at < sizeof shown - 5; i++) {
        unsigned char c = ((const unsigned char *)bytes)[i];
        at += (size_t)snprintf(shown + at, sizeof shown - at, c < ' ' || c > '~' ? "\\x%02x" : "%c",
                               c);
    }
    session_blame(s,
                  "Your program took a datagram of %zu bytes, \"%s\", for the reply to ping %d: "
                  "when it came, the next ping was sent. A reply has the bytes of the ping, \"ping "
                  "%d\", and no other.",
                  length, shown, r->at, r->at);
}

static void send_wrong_text(struct round *r, const char *text, bool one_by_one)
{
    send_wrong(r, text, strlen(text), one_by_one);
}

/* From the right sender, and nearly right. If something was wrong, then once more, one by one. */
static void not_a_reply(struct session *s)
{
    static const char *const wrong[] = {"",         "ping",    "ping ",   "ping 02",
                                        " ping 2",  "ping  2", "ping +2", "ping 2x",
                                        "ping 2\n", "Ping 2",  "pong 2",  "2"};
    struct port *port = port_open(s, "127.0.0.1");
    unsigned char any[40];

    struct round r;
    bool one_by_one = false, again;

    session_bytes(s, any, sizeof any);
    do {
        r = start(s, port, 3, LONG);
        exchange(&r, 1);
        take(&r);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
            send_wrong_text(&r, wrong[i], one_by_one);
        send_wrong(&r, any, sizeof any, one_by_one);
        send_wrong(&r, "ping 2", 7, one_by_one); /* its NUL included */
        answer_later(&r);
        exchange(&r, 1);
        again = !one_by_one && went_wrong(&r, 0, 0);
        one_by_one = true;
    } while (again);
    judge(&r, 0, 0);
}

static void never_sent(struct session *s)
{
    static const char *const wrong[] = {
        "ping 2",    "ping 3",          "ping 4",
        "ping 1000", "ping 1000000000", "ping 0",
        "ping -1",   "ping 4294967297", "ping 18446744073709551617"};
    struct port *port = port_open(s, "127.0.0.1");
    struct round r;
    bool one_by_one = false, again;

    do {
        r = start(s, port, 3, LONG);
        take(&r);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
            send_wrong_text(&r, wrong[i], one_by_one);
        answer_later(&r);
        exchange(&r, 2);
        again = !one_by_one && went_wrong(&r, 0, 0);
        one_by_one = true;
    } while (again);
    judge(&r, 0, 0);
}

/* Datagrams that begin like the reply, and are longer than anybody expects. */
static void oversized(struct session *s)
{
    static const size_t sizes[] = {1500, 9000, LARGEST};
    struct port *port = port_open(s, "127.0.0.1");
    char *bytes = session_alloc(s, LARGEST);

    session_bytes(s, bytes, LARGEST);
    struct round r = start(s, port, 3, LONG);
    for (int i = 0; i < 3; i++) {
        take(&r);
        (void)snprintf(bytes, LARGEST, "ping %d", i + 1);
        port_reply(port, bytes, sizes[i]);
        answer_later(&r);
    }
    judge(&r, 0, 0);
}

/*
 * Sends datagrams that are no replies until the next ping comes. When the wait must long be over,
 * and the program read one of them and went to sleep again, it will never come. False if we paused
 * for so long that the wait could have ended in the pause.
 */
static bool make_noise(const struct round *r)
{
    enum { PAUSE_MS = 10, TIMES = 3 };
    uint64_t wait = (uint64_t)r->wait_ms * 1000000U, last = r->taken_at, longest = 0;

    while (!port_wait(r->port, PAUSE_MS)) {
        send_text(r, "noise");
        longest = now() - last > longest ? now() - last : longest;
        last = now();
        if (last < r->taken_at + TIMES * wait)
            continue;
        student_settle(r->program);
        if (!port_wait(r->port, 0))
            session_fail(r->session,
                         "Datagrams that were no replies kept coming, and %d ms after ping 1 your "
                         "program still waited for its reply: each of them began the wait of %d "
                         "ms anew. Take the time when the ping is sent; before each call that "
                         "waits, work out what is left.",
                         TIMES * r->wait_ms, r->wait_ms);
    }
    return longest < wait / 2;
}

static void deadline(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    int wait_ms = 2 * SOON;
    struct round r;
    bool steady;

    do {
        r = start(s, port, 2, wait_ms);
        take(&r);
        steady = make_noise(&r);
        take(&r);
        answer(&r);
        wait_ms *= 3;
    } while ((!steady && session_again(s)) || went_wrong(&r, 0, 0));
    judge(&r, 0, 0);
}

static void refused(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    int wait_ms = SOON;
    struct round r;

    port_refuse(port);
    do {
        r = start(s, port, 3, wait_ms);
        memcpy(r.outcomes, "xxx", 3);
        wait_ms *= 3;
    } while (went_wrong(&r, 0, 0));
    judge(&r, 0, 0);
}

static void server_gone(struct session *s)
{
    int wait_ms = SOON;
    struct round r;

    do {
        r = start(s, port_open(s, "127.0.0.1"), 4, wait_ms);
        exchange(&r, 1);
        take(&r);
        port_refuse(r.port);
        answer(&r);
        memcpy(r.outcomes + 2, "xx", 2);
        wait_ms *= 3;
    } while (went_wrong(&r, 0, 0));
    judge(&r, 0, 0);
}

static void unknown_host(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");

    session_host(s, "known.test", "127.0.0.1", NULL);
    struct student *p = student_start(s, "unknown.test", port_number(port), "2", "100", NULL);
    expect_failure(p, 1);
    expect_error(p, "unknown.test");
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct round r = start(s, port_open(s, "127.0.0.1"), 2, LONG);

    exchange(&r, 2);
    expect_failure(r.program, 1);
}

static void usage(struct session *s)
{
    static const char *const wrong[][3] = {
        {NULL, NULL, NULL},    {"", NULL, NULL},   {"", "2", NULL},     {"0", "2", "100"},
        {"65536", "2", "100"}, {"", "0", "100"},   {"", "1001", "100"}, {"", "2x", "100"},
        {"", "2", "0"},        {"", "2", "60001"}, {"", "2", "ms"}};
    struct port *port = port_open(s, "127.0.0.1");

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *number = wrong[i][0];
        if (number != NULL && *number == '\0')
            number = port_number(port);
        expect_failure(student_start(s, "127.0.0.1", number, wrong[i][1], wrong[i][2], NULL), 2);
    }
    expect_failure(student_start(s, "127.0.0.1", port_number(port), "2", "100", "more", NULL), 2);
    if (port_wait(port, 0))
        session_fail(s, "Your program sent a datagram, although its command line was wrong.");
}

/* A name, a late reply, a duplicate and noise. Memory is looked at in the end. */
static void clean(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    int wait_ms = SOON;
    struct round r;

    session_host(s, "server.test", "127.0.0.1", NULL);
    do {
        r = start_at(s, "server.test", port, 3, wait_ms);
        take(&r);
        take(&r);
        send_text(&r, "noise");
        send_reply(&r, 1);
        answer(&r);
        send_reply(&r, 2);
        take(&r);
        answer(&r);
        wait_ms *= 3;
    } while (went_wrong(&r, 1, 1));
    judge(&r, 1, 1);
}

static const struct test_case CASES[] = {
    {.name = "replies",
     .title = "every ping is answered",
     .points = 1,
     .teaches = "The server sends each datagram back at once: a line for each, then the "
                "statistics.",
     .run = replies},
    {.name = "two-digits",
     .title = "twelve pings, and a copy of the first reply",
     .points = 1,
     .teaches = "\"ping 1\" is how \"ping 10\" begins: a reply has the same bytes and the same "
                "length.",
     .run = two_digits},
    {.name = "duplicate",
     .title = "a reply comes three times",
     .points = 2,
     .teaches = "The network may deliver a datagram twice: a second reply to a ping is counted as "
                "a duplicate, and is no reply to the ping that is waited for.",
     .run = duplicate},
    {.name = "stranger",
     .title = "a stranger sends what looks like the reply",
     .points = 2,
     .teaches = "Anybody can send to a UDP port. The sender counts, address and port: connect() "
                "lets the kernel look at both.",
     .run = stranger},
    {.name = "not-a-reply",
     .title = "the server sends what is nearly a reply",
     .points = 2,
     .teaches = "Only the very bytes of a ping are its reply, from the first to the last: \"ping "
                "02\" is none. An empty datagram is none either; recv() returns 0 for it, and that "
                "is no end.",
     .run = not_a_reply},
    {.name = "never-sent",
     .title = "replies to pings that were never sent",
     .points = 1,
     .teaches = "A number that comes from the network is any number: look whether that ping was "
                "sent before it is used.",
     .run = never_sent},
    {.name = "oversized",
     .title = "a datagram longer than any reply",
     .points = 2,
     .teaches =
         "recv() cuts a datagram to the buffer and throws the rest away: in a buffer of just "
         "the right size every longer one looks like the reply.",
     .run = oversized},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR: it is made again, with the time that "
                "is left.",
     .run = replies,
     .faults = "eintr"},
    {.name = "ipv6",
     .title = "a name that has only an IPv6 address",
     .points = 1,
     .teaches = "The name stands for ::1 alone; AF_UNSPEC finds both kinds, and the socket is made "
                "for what was found.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "unknown-host",
     .title = "a name that does not exist",
     .points = 1,
     .teaches = "getaddrinfo() failed: a message that names the host, and status 1.",
     .run = unknown_host},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says whether that worked.",
     .run = output_full},
    {.name = "refused",
     .title = "nobody listens at the port",
     .points = 2,
     .teaches =
         "The machine answered that nobody listens there (ICMP port unreachable); a "
         "connected socket is told, by ECONNREFUSED. No reply came in time, so the status is "
         "1.",
     .run = refused,
     .limit_ms = 5000},
    {.name = "server-gone",
     .title = "the server goes away",
     .points = 1,
     .teaches = "Two pings were answered, then nobody listened any more: the rest is refused, and "
                "what was measured counts.",
     .run = server_gone,
     .limit_ms = 5000},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "Four arguments, each in its range; else status 2, before anything is sent.",
     .run = usage},
    {.name = "all-lost",
     .title = "no ping is answered",
     .points = 1,
     .teaches = "Nothing came back: no minimum, no mean, no maximum, and status 1.",
     .run = all_lost},
    {.name = "times",
     .title = "replies after 10 to 64 ms",
     .points = 3,
     .teaches =
         "The server held each reply back for a while: that is in the time of this ping, and "
         "in min, mean and max.",
     .run = times},
    {.name = "lost",
     .title = "one ping is lost",
     .points = 2,
     .teaches = "One reply never came: after WAIT ms the next ping goes out, and the statistics "
                "count only what came.",
     .run = lost},
    {.name = "late",
     .title = "a reply comes when its ping is given up",
     .points = 2,
     .teaches = "The reply to the ping before came while the next one was waited for: it answers "
                "its own ping, too late, and no other.",
     .run = late},
    {.name = "late-twice",
     .title = "a late reply, twice",
     .points = 1,
     .teaches = "The first reply to a ping given up is late, the second one a duplicate.",
     .run = late_twice},
    {.name = "clean",
     .title = "all of it at once, nothing left behind",
     .points = 1,
     .teaches =
         "A late reply, a duplicate and noise in one run, and all memory freed at its end: what "
         "getaddrinfo() gave too.",
     .run = clean,
     .leaks = true},
    {.name = "deadline",
     .title = "datagrams that are no replies keep coming",
     .points = 2,
     .teaches = "Whatever else comes, the wait is over WAIT ms after the ping was sent: a time-out "
                "that begins anew with each datagram never ends.",
     .run = deadline},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
