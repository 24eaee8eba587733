/* Exercise 1.3, running sums: what is tried, and how. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "harness/harness.h"

enum {
    CLIENTS = 200,
    LINES = 4000,
    LINE_LIMIT = 100,
    LONG_LINE = 200000,
    TALK = 4096, /* bytes that a client says, or hears, in most cases */
    LONG_TALK = 2 * LONG_LINE
};

/* What one client says, and what it must hear: both grow line by line. */
struct talk {
    int64_t sum;
    char *lines, *answers;
    size_t lines_length, answers_length;
};

static struct talk make_talk(struct session *s)
{
    return (struct talk){.lines = session_alloc(s, TALK), .answers = session_alloc(s, TALK)};
}

static struct talk make_long_talk(struct session *s)
{
    return (struct talk){.lines = session_alloc(s, LONG_TALK),
                         .answers = session_alloc(s, LONG_TALK)};
}

static void add_bytes(char *text, size_t *length, const char *bytes, size_t count)
{
    memcpy(text + *length, bytes, count);
    *length += count;
}

/* A line that is answered with these words, and does not change the sum. */
static void add_refused(struct talk *talk, const char *line, size_t length, const char *words)
{
    add_bytes(talk->lines, &talk->lines_length, line, length);
    add_bytes(talk->lines, &talk->lines_length, "\n", 1);
    add_bytes(talk->answers, &talk->answers_length, words, strlen(words));
    add_bytes(talk->answers, &talk->answers_length, "\n", 1);
}

static void add_text(struct session *s, struct talk *talk, const char *line, int64_t number)
{
    talk->sum += number;
    add_refused(talk, line, strlen(line), session_print(s, "%" PRId64, talk->sum));
}

static void add_number(struct session *s, struct talk *talk, int64_t number)
{
    add_text(s, talk, session_print(s, "%" PRId64, number), number);
}

/* Six digits: sums never look like the numbers they are made of. */
static int64_t any_number(struct session *s)
{
    return 100000 + session_random(s, 900000);
}

static void add_numbers(struct session *s, struct talk *talk, int count)
{
    for (int i = 0; i < count; i++)
        add_number(s, talk, any_number(s));
}

/* Says what is new in talk all at once, and waits for the answers. */
static void say_together(struct link *link, struct talk *talk)
{
    link_send(link, talk->lines, talk->lines_length);
    link_expect(link, talk->answers, talk->answers_length);
    talk->lines_length = talk->answers_length = 0;
}

/* The same line by line: the next one goes out when the answer has come. */
static void say(struct link *link, struct talk *talk)
{
    const char *line = talk->lines, *answer = talk->answers;
    const char *end = line + talk->lines_length;

    while (line < end) {
        size_t length = (size_t)((const char *)memchr(line, '\n', (size_t)(end - line)) - line) + 1;
        size_t expected = strcspn(answer, "\n") + 1;
        link_send(link, line, length);
        link_expect(link, answer, expected);
        line += length;
        answer += expected;
    }
    talk->lines_length = talk->answers_length = 0;
}

static void exchange(struct session *s, struct link *link, struct talk *talk, int count)
{
    add_numbers(s, talk, count);
    say(link, talk);
}

/* A client from its connection to its end: what shows that the server still serves. */
static void whole_client(struct session *s, const char *port)
{
    struct link *link = link_connect(s, "127.0.0.1", port);
    struct talk talk = make_talk(s);

    exchange(s, link, &talk, 2);
    link_shutdown(link);
    link_expect_end(link);
    link_close(link);
}

/* Starts the server and connects to it. */
static struct link *first_client(struct session *s, const char **port)
{
    *port = student_port(student_start(s, "0", NULL));
    return link_connect(s, "127.0.0.1", *port);
}

static void sums(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);

    exchange(s, link, &talk, 4);
    link_shutdown(link);
    link_expect_end(link);
}

/* The second one connects and speaks while the first is being served. */
static void two_clients(struct session *s)
{
    const char *port;
    struct link *first = first_client(s, &port), *second;
    struct talk talk = make_talk(s), other = make_talk(s);

    exchange(s, first, &talk, 2);
    second = link_connect(s, "127.0.0.1", port);
    add_numbers(s, &other, 1);
    link_send(second, other.lines, other.lines_length);
    exchange(s, first, &talk, 1);
    link_close(first);
    link_expect(second, other.answers, other.answers_length);
    other.lines_length = other.answers_length = 0;
    exchange(s, second, &other, 2);
    link_close(second);
}

static void line_in_pieces(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);
    size_t sizes[] = {1 + session_random(s, 3), 1 + session_random(s, 2), 0};

    exchange(s, link, &talk, 1);
    add_numbers(s, &talk, 1);
    link_send_pieces(link, talk.lines, talk.lines_length, sizes);
    link_expect(link, talk.answers, talk.answers_length);
}

static void several_lines(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);

    add_numbers(s, &talk, 3 + (int)session_random(s, 4));
    say_together(link, &talk);
}

/* Everything is said, then the end; a line lies across the end of any buffer. */
static void many_lines(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_long_talk(s);

    add_numbers(s, &talk, LINES - (int)session_random(s, 100));
    link_send(link, talk.lines, talk.lines_length);
    link_shutdown(link);
    link_expect(link, talk.answers, talk.answers_length);
    link_expect_end(link);
}

static void unfinished_line(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);

    exchange(s, link, &talk, 2);
    link_send(link, "1234", 1 + session_random(s, 4));
    link_shutdown(link);
    link_expect_end(link);
    link_close(link);
    whole_client(s, port);
}

static void signs(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);
    int64_t number = any_number(s);

    add_number(s, &talk, -number);
    add_text(s, &talk, session_print(s, "00%" PRId64, number), number);
    add_text(s, &talk, "-0", 0);
    add_number(s, &talk, any_number(s));
    add_text(s, &talk, session_print(s, "-000%" PRId64, number), -number);
    add_number(s, &talk, 0);
    say(link, &talk);
}

static void refuse(struct talk *talk, const char *line)
{
    add_refused(talk, line, strlen(line), "error: overflow");
}

/* Each number fits; the sum does not. */
static void overflow(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);
    int64_t room = any_number(s);

    add_number(s, &talk, INT64_MAX - room);
    refuse(&talk, session_print(s, "%" PRId64, room + 1 + session_random(s, 1000)));
    add_number(s, &talk, room); /* up to the very last */
    refuse(&talk, "1");
    add_number(s, &talk, -room);
    add_number(s, &talk, -talk.sum);
    add_number(s, &talk, INT64_MIN + room);
    refuse(&talk, session_print(s, "%" PRId64, -room - 1));
    add_number(s, &talk, -room);
    refuse(&talk, "-1");
    add_number(s, &talk, room);
    say(link, &talk);
}

static void huge_number(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);

    add_number(s, &talk, -any_number(s)); /* INT64_MAX, which strtoll() gives, would fit */
    refuse(&talk, "9223372036854775808");
    add_number(s, &talk, any_number(s) + 1000000);
    refuse(&talk, "-9223372036854775809");
    add_number(s, &talk, INT64_MIN); /* the very last numbers are still numbers */
    add_number(s, &talk, INT64_MAX);
    refuse(&talk, session_print(s, "%" PRId64 "%" PRId64 "%" PRId64 "%" PRId64, any_number(s),
                                any_number(s), any_number(s), any_number(s)));
    add_numbers(s, &talk, 1);
    say(link, &talk);
}

static void not_a_number(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);
    const char *words = "error: not a number";
    int64_t n = any_number(s);
    const char *const lines[] = {session_print(s, "%" PRId64 "x", n),
                                 session_print(s, "x%" PRId64, n),
                                 "",
                                 session_print(s, " %" PRId64, n),
                                 session_print(s, "%" PRId64 " ", n),
                                 session_print(s, "+%" PRId64, n),
                                 "-",
                                 session_print(s, "--%" PRId64, n),
                                 session_print(s, "0x%" PRIx64, n),
                                 session_print(s, "%" PRId64 ".5", n)};

    add_numbers(s, &talk, 1);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        add_refused(&talk, lines[i], strlen(lines[i]), words);
        if (session_random(s, 2) == 0)
            add_numbers(s, &talk, 1);
    }
    add_refused(&talk, "12\0003", 4, words); /* a NUL byte hides the rest from string functions */
    add_numbers(s, &talk, 1);
    say(link, &talk);
}

/* A line of the greatest length, then one of a byte more, then one that no buffer should hold. */
static void line_too_long(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_long_talk(s);
    char *line = session_alloc(s, LONG_LINE);
    int64_t number = any_number(s);

    memset(line, '0', LONG_LINE);
    exchange(s, link, &talk, 1);
    memcpy(line + LINE_LIMIT + 1 - 6, session_print(s, "%" PRId64, number), 6); /* its digits */
    line[LINE_LIMIT + 1] = '\0';
    add_text(s, &talk, line + 1, number);
    add_refused(&talk, line, LINE_LIMIT + 1, "error: line too long");
    add_numbers(s, &talk, 1);
    memset(line, '7', LONG_LINE);
    add_refused(&talk, line, LONG_LINE - session_random(s, 1000), "error: line too long");
    add_numbers(s, &talk, 2);
    say(link, &talk);
}

static void empty_client(struct session *s)
{
    const char *port;

    link_close(first_client(s, &port));
    whole_client(s, port);
    link_close(link_connect(s, "127.0.0.1", port));
    link_close(link_connect(s, "127.0.0.1", port));
    whole_client(s, port);
}

/* In the middle of a line, while the server waits for the rest of it. */
static void reset_by_client(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s);

    exchange(s, link, &talk, 2);
    link_send(link, "123", 1 + session_random(s, 3));
    link_wait_read(link);
    link_reset(link);
    whole_client(s, port);
}

/* The second client is gone before its turn comes: its lines can be read, and nobody hears. */
static void gone_before_answer(struct session *s)
{
    const char *port;
    struct link *first = first_client(s, &port), *gone;
    struct talk talk = make_talk(s), other = make_talk(s);

    exchange(s, first, &talk, 1);
    gone = link_connect(s, "127.0.0.1", port);
    add_numbers(s, &other, 3);
    link_send(gone, other.lines, other.lines_length);
    link_shutdown(gone);
    link_reset(gone);
    exchange(s, first, &talk, 1);
    link_close(first);
    whole_client(s, port);
}

static void many_clients(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);

    whole_client(s, port);
    student_settle(p);
    int before = student_descriptors(p);
    for (int i = 1; i < CLIENTS; i++)
        whole_client(s, port);
    expect_descriptors(p, before);
    int zombies = student_zombies(p);
    if (zombies > 0)
        session_fail(s,
                     "%d processes that the program started have ended and were never waited for.",
                     zombies);
}

/* Its side of the connection is still in TIME-WAIT when it starts again. */
static void restart(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p), *again;
    struct link *link = link_connect(s, "127.0.0.1", port);
    struct talk talk = make_talk(s);

    exchange(s, link, &talk, 2);
    student_end(p);
    link_wait_end(link);
    link_close(link);
    again = student_port(student_start(s, port, NULL));
    if (strcmp(port, again) != 0)
        session_fail(s, "The program was started with port %s, and says that it listens on %s.",
                     port, again);
    whole_client(s, port);
}

static void sigterm(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);

    whole_client(s, student_port(p));
    student_settle(p);
    student_signal(p, SIGTERM);
    expect_exit(p, 0);
}

static void sigterm_while_serving(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    struct link *link = link_connect(s, "127.0.0.1", student_port(p));
    struct talk talk = make_talk(s);

    exchange(s, link, &talk, 2);
    student_settle(p);
    student_signal(p, SIGTERM);
    expect_exit(p, 0);
    link_wait_end(link);
}

/* Enough clients to meet every failing call: for the cases in which the wire makes calls fail. */
static void disturbed(struct session *s)
{
    const char *port = student_port(student_start(s, "0", NULL));

    for (int i = 0; i < 16; i++)
        whole_client(s, port);
}

/*
 * No descriptor is free for a while. The first client may be lost by it: a server that waits in
 * accept() has a descriptor for it, but perhaps not a second one. The next one waits its turn.
 */
static void no_descriptors(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    struct talk talk = make_talk(s);

    whole_client(s, port);
    student_settle(p);
    student_deny_descriptors(p);
    struct link *first = link_connect(s, "127.0.0.1", port);
    struct link *second = link_connect(s, "127.0.0.1", port);
    link_shutdown(first);
    add_numbers(s, &talk, 1);
    link_send(second, talk.lines, talk.lines_length);
    link_shutdown(second);
    student_settle(p); /* accept() fails, again and again, and the program pauses in between */
    student_allow_descriptors(p);
    link_wait_end(first);
    link_expect(second, talk.answers, talk.answers_length);
    link_expect_end(second);
    whole_client(s, port);
}

static void ipv6(struct session *s)
{
    const char *port;
    struct link *link = first_client(s, &port);
    struct talk talk = make_talk(s), other = make_talk(s);

    exchange(s, link, &talk, 2);
    link_close(link);
    link = link_connect(s, "::1", port);
    exchange(s, link, &other, 2);
    link_close(link);
}

static void usage(struct session *s)
{
    expect_failure(student_start(s, NULL), 2);
    expect_failure(student_start(s, "", NULL), 2);
    expect_failure(student_start(s, "65536", NULL), 2); /* cut to 16 bits it is 0 */
    expect_failure(student_start(s, "70000", NULL), 2);
    expect_failure(student_start(s, "12x", NULL), 2);
}

static void port_taken(struct session *s)
{
    struct peer *other = peer_listen(s, "127.0.0.1");

    expect_failure(student_start(s, peer_port(other), NULL), 1);
}

/* The port belongs to the server that runs: before, meanwhile and after. */
static void second_server(struct session *s)
{
    const char *port = student_port(student_start(s, "0", NULL));

    whole_client(s, port);
    expect_failure(student_start(s, port, NULL), 1);
    whole_client(s, port);
}

/* Clients that end in every way, then SIGTERM in the middle of a line. */
static void clean(struct session *s)
{
    struct student *p = student_start(s, "0", NULL);
    const char *port = student_port(p);
    struct talk talk = make_talk(s), other = make_talk(s);

    whole_client(s, port);
    student_settle(p);
    int before = student_descriptors(p);
    struct link *link = link_connect(s, "127.0.0.1", port);
    exchange(s, link, &talk, 1);
    link_reset(link);
    link_close(link_connect(s, "127.0.0.1", port));
    whole_client(s, port);
    expect_descriptors(p, before);
    link = link_connect(s, "127.0.0.1", port);
    exchange(s, link, &other, 1);
    link_send(link, "12", 2);
    link_wait_read(link);
    student_settle(p);
    student_signal(p, SIGTERM);
    expect_exit(p, 0);
    link_wait_end(link);
}

static const struct test_case CASES[] = {
    {.name = "sums",
     .title = "one client, line by line",
     .points = 1,
     .teaches = "The client waits for each answer before it sends its next line.",
     .run = sums},
    {.name = "two-clients",
     .title = "a second client, and a sum of its own",
     .points = 1,
     .teaches = "Each client's sum starts at 0; one that connects meanwhile waits for its turn.",
     .run = two_clients},
    {.name = "line-in-pieces",
     .title = "a line in three pieces",
     .points = 2,
     .teaches = "The line came in three pieces; it is a line only when its \\n has come.",
     .run = line_in_pieces},
    {.name = "several-lines",
     .title = "several lines in one segment",
     .points = 2,
     .teaches = "Several lines came together; one recv() may hold more than one line.",
     .run = several_lines},
    {.name = "many-lines",
     .title = "4,000 lines, then the end",
     .points = 1,
     .teaches = "The client sent more than any buffer holds and finished sending; every line "
                "is still owed its answer.",
     .run = many_lines},
    {.name = "unfinished-line",
     .title = "the end in the middle of a line",
     .points = 1,
     .teaches = "The last line has no \\n: it may be the beginning of another number, and gets "
                "no answer.",
     .run = unfinished_line},
    {.name = "signs",
     .title = "negative numbers, leading zeros, 0",
     .points = 1,
     .teaches = "A number may have a minus sign and leading zeros; none of them is octal.",
     .run = signs},
    {.name = "overflow",
     .title = "the sum would leave the range",
     .points = 2,
     .teaches = "The sum would not fit in 64 bits: look before you add, because afterwards it "
                "is too late in C.",
     .run = overflow},
    {.name = "huge-number",
     .title = "the number itself is out of range",
     .points = 1,
     .teaches = "The number does not fit in 64 bits; strtoll() says so with ERANGE in errno, "
                "which must be 0 before.",
     .run = huge_number},
    {.name = "not-a-number",
     .title = "lines that are no numbers",
     .points = 2,
     .teaches = "strtoll() skips blanks, takes a plus sign, and stops where the digits stop: a "
                "number is more than what it accepts.",
     .run = not_a_number},
    {.name = "line-too-long",
     .title = "lines of 100, 101 and 200,000 bytes",
     .points = 2,
     .teaches = "A line of more than 100 bytes gets one answer, however long it is, and the "
                "line after it counts again.",
     .run = line_too_long},
    {.name = "empty-client",
     .title = "clients that say nothing",
     .points = 1,
     .teaches = "A client connected and left without a byte; the next one is to be served.",
     .run = empty_client},
    {.name = "reset-by-client",
     .title = "a client resets in the middle of a line",
     .points = 2,
     .teaches = "recv() failed with ECONNRESET: that client is lost, and the next is served.",
     .run = reset_by_client},
    {.name = "gone-before-answer",
     .title = "a client is gone before its answer",
     .points = 2,
     .teaches = "send() to a client that has gone raises SIGPIPE, which ends the program, "
                "unless MSG_NOSIGNAL is given.",
     .run = gone_before_answer},
    {.name = "many-clients",
     .title = "200 clients in a row",
     .points = 3,
     .teaches = "After 200 clients the server holds no more descriptors than after the first.",
     .run = many_clients},
    {.name = "restart",
     .title = "killed, and started again on the same port",
     .points = 2,
     .teaches = "The port of a server that just ended is held back for a minute, unless "
                "SO_REUSEADDR is set before bind().",
     .run = restart},
    {.name = "sigterm",
     .title = "SIGTERM between two clients",
     .points = 2,
     .teaches = "SIGTERM asks the server to stop: it closes what it holds, and main returns 0.",
     .run = sigterm},
    {.name = "sigterm-while-serving",
     .title = "SIGTERM while a client is connected",
     .points = 1,
     .teaches = "A client that is connected and silent must not keep the server from stopping.",
     .run = sigterm_while_serving},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR, and it was not SIGTERM: the call "
                "is to be made again.",
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
     .run = disturbed,
     .faults = "accept-emfile"},
    {.name = "no-descriptors",
     .title = "no descriptor is free for a while",
     .points = 1,
     .teaches = "While no descriptor is free, accept() fails again and again: wait a moment "
                "before the next try, and the client that waits is served when one is free.",
     .run = no_descriptors},
    {.name = "ipv6",
     .title = "one client over IPv4, one over IPv6",
     .points = 1,
     .teaches = "An AF_INET6 socket at :: with IPV6_V6ONLY off takes both kinds of clients.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "usage",
     .title = "no port, or what is no port",
     .points = 1,
     .teaches = "A port is a number from 0 to 65535 and nothing behind it; else the command "
                "line is wrong, status 2.",
     .run = usage},
    {.name = "port-taken",
     .title = "another program has the port",
     .points = 1,
     .teaches = "bind() or listen() failed because the port is taken: a message, and status 1.",
     .run = port_taken},
    {.name = "second-server",
     .title = "a second server on the same port",
     .points = 1,
     .teaches = "The first server still runs, so the second one must not start: SO_REUSEADDR "
                "passes over what is left of old connections, SO_REUSEPORT shares the port.",
     .run = second_server},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 2,
     .teaches = "A client's socket is closed however it ended, and all memory is freed before "
                "main returns.",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
