/* Exercise 1.6, port scanner: what is tried, and how. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum {
    PORTS_MOST = 1000,
    SOCKETS_MOST = 32,
    DEADLINE_MS = 500,
    LEAST_MS = DEADLINE_MS * 8 / 10,
    LATEST_MS = DEADLINE_MS * 12 / 10,
    CALLS_MOST = 3000 /* ten times what 41 ports need */
};

static const char ADDRESS[] = "127.0.0.1", AMPLE[] = "10000", DEADLINE[] = "500";

/* Peers, and what the program is to say of each. */
struct board {
    struct session *session;
    size_t count;
    struct peer *peers[PORTS_MOST + 1];
    const char *words[PORTS_MOST + 1]; /* "open" */
};

static void add(struct board *board, struct peer *peer, const char *word)
{
    board->peers[board->count] = peer;
    board->words[board->count++] = word;
}

static struct board *make_board(struct session *s)
{
    struct board *board = session_alloc(s, sizeof *board);

    board->session = s;
    return board;
}

static struct peer *add_open(struct board *board)
{
    struct peer *peer = peer_listen(board->session, ADDRESS);

    add(board, peer, "open");
    return peer;
}

static void add_refused(struct board *board)
{
    add(board, peer_refuse(board->session, ADDRESS), "refused");
}

static void add_silent(struct board *board, int count)
{
    while (count-- > 0)
        add(board, peer_ignore(board->session, ADDRESS), "silent");
}

/* The list of ports, as the program reads it. */
static void feed(struct student *p, const struct board *board)
{
    for (size_t i = 0; i < board->count; i++) {
        const char *line = session_print(board->session, "%s\n", peer_port(board->peers[i]));
        student_input(p, line, strlen(line));
    }
    student_end_input(p);
}

/* Waits for the connection to each open port, and then for its end. */
static void take_all(const struct board *board)
{
    struct link *links[PORTS_MOST + 1] = {NULL};

    for (size_t i = 0; i < board->count; i++)
        if (strcmp(board->words[i], "open") == 0)
            links[i] = peer_accept(board->peers[i]);
    for (size_t i = 0; i < board->count; i++)
        if (strcmp(board->words[i], "open") == 0)
            link_wait_end(links[i]);
}

/* A line for each port, and then what a command printed. */
static void expect_results(struct student *p, const struct board *board, const char *behind)
{
    struct session *s = board->session;
    long long *ports = session_alloc(s, PORTS_MOST * sizeof *ports);
    struct buffer shape = {0};
    int full = 0;

    for (size_t i = 0; i < board->count; i++)
        full |= buffer_print(&shape, "# %s\n", board->words[i]);
    if (full != 0 || buffer_print(&shape, "%s", behind) == -1)
        session_fail(s, "The harness has no memory left.");
    size_t n = expect_shape(p, buffer_text(&shape), ports, PORTS_MOST);
    for (size_t i = 0; i < n && i < board->count; i++)
        if (ports[i] != strtol(peer_port(board->peers[i]), NULL, 10))
            session_fail(s,
                         "Line %zu of the results is about port %lld. Line %zu of the list was "
                         "%s: the results come in the order of the list.",
                         i + 1, ports[i], i + 1, peer_port(board->peers[i]));
}

/* Some of each kind that answers at once, in an order that the seed decides. */
static void shuffle_in(struct board *board, int open, int refused)
{
    while (open + refused > 0)
        if ((int)session_random(board->session, (uint32_t)(open + refused)) < open) {
            (void)add_open(board);
            open--;
        } else {
            add_refused(board);
            refused--;
        }
}

/* A scan with no more to it than that: its results, and its exit status. */
static void scan(struct board *board, int status)
{
    struct student *p = student_start(board->session, ADDRESS, AMPLE, NULL);

    feed(p, board);
    take_all(board);
    expect_results(p, board, "");
    expect_exit(p, status);
}

static void open_and_refused(struct session *s)
{
    struct board *board = make_board(s);

    add_refused(board);
    (void)add_open(board);
    scan(board, 0);
}

static void none_open(struct session *s)
{
    struct board *board = make_board(s);

    add_refused(board);
    add_refused(board);
    scan(board, 1);
    struct student *p = student_start(s, ADDRESS, AMPLE, NULL); /* and no port at all */
    student_end_input(p);
    expect_output(p, "", 0);
    expect_exit(p, 1);
}

/* The open ones take longer than the refused ones, and one of each is there twice. */
static void order(struct session *s)
{
    struct board *board = make_board(s);

    shuffle_in(board, 4, 4);
    for (size_t i = 0; i < 8; i++)
        if (i == 0 || strcmp(board->words[i], board->words[0]) != 0) {
            add(board, board->peers[i], board->words[i]);
            if (i > 0)
                break;
        }
    scan(board, 0);
}

/* No line end behind the last port. */
static void ipv6(struct session *s)
{
    struct peer *open = peer_listen(s, "::1"), *closed = peer_refuse(s, "::1");
    struct board *board = make_board(s);
    struct student *p = student_start(s, "::1", AMPLE, NULL);

    add(board, closed, "refused");
    add(board, open, "open");
    const char *list = session_print(s, "%s\n%s", peer_port(closed), peer_port(open));
    student_input(p, list, strlen(list));
    student_end_input(p);
    take_all(board);
    expect_results(p, board, "");
    expect_exit(p, 0);
}

/*
 * A scan that lasts until its deadline. On a machine that is busy with other things a program may
 * wake too late through no fault of its own: then it gets another try.
 */
static void scan_to_deadline(struct board *board)
{
    struct session *s = board->session;
    struct student *p;
    int ran;

    do {
        p = student_start(s, ADDRESS, DEADLINE, NULL);
        feed(p, board);
        ran = student_ran_ms(p);
    } while (ran > LATEST_MS && session_again(s));
    expect_ran(p, LEAST_MS, LATEST_MS);
    expect_results(p, board, "");
    expect_exit(p, 0);
    expect_processor(p, DEADLINE_MS * 3 / 10);
    expect_calls(p, CALLS_MOST);
}

static void silent(struct session *s)
{
    struct board *board = make_board(s);

    (void)add_open(board);
    add_silent(board, 1);
    add_refused(board);
    scan_to_deadline(board);
}

/* All places but one are taken to the end: the one serves the rest. */
static void one_place_left(struct session *s)
{
    struct board *board = make_board(s);

    add_silent(board, SOCKETS_MOST - 1);
    shuffle_in(board, 10, 30);
    scan_to_deadline(board);
}

static void interrupted(struct session *s)
{
    struct board *board = make_board(s);

    add_silent(board, 3);
    shuffle_in(board, 2, 2);
    scan_to_deadline(board);
}

/* The program loses time in the middle of the scan; the deadline does not move. */
static void held_up(struct session *s)
{
    struct board *board = make_board(s);
    struct student *p;
    int ran;

    add_refused(board);
    add_silent(board, 2);
    do {
        session_hold_close(s);
        p = student_start(s, ADDRESS, DEADLINE, NULL);
        feed(p, board);
        student_wait_held(p);
        session_wait(s, DEADLINE_MS * 6 / 10);
        student_release(p);
        ran = student_ran_ms(p);
    } while (ran > LATEST_MS && session_again(s));
    expect_ran(p, LEAST_MS, LATEST_MS);
    expect_results(p, board, "");
    expect_exit(p, 1);
}

/* Nobody's turn comes any more once as many as may be are waiting for an answer. */
static void untried(struct session *s)
{
    struct board *board = make_board(s);
    struct student *p;

    shuffle_in(board, 1, 1);
    add_silent(board, SOCKETS_MOST);
    struct peer *late = peer_listen(s, ADDRESS);
    add(board, late, "untried");
    add(board, peer_refuse(s, ADDRESS), "untried");
    p = student_start(s, ADDRESS, DEADLINE, NULL);
    feed(p, board);
    expect_results(p, board, "");
    expect_exit(p, 0);
    peer_expect_nobody(late, "32 ports before it had not answered: that is as many sockets as may "
                             "be open at once.");
    expect_sockets(p, SOCKETS_MOST);
}

/* What is no socket may take a few descriptors beside: an epoll, a timer, a pipe. */
static void many(struct session *s)
{
    enum { OTHERS = 8 };
    struct board *board = make_board(s);
    struct student *p = student_start(s, ADDRESS, AMPLE, NULL);

    shuffle_in(board, 60, 140);
    student_settle(p);
    student_spare_descriptors(p, SOCKETS_MOST + OTHERS);
    feed(p, board);
    student_wait_end(p);
    expect_sockets(p, SOCKETS_MOST);
    expect_results(p, board, "");
    expect_exit(p, 0);
}

/* As long as a list may be, and then a port more, which is to be refused and not cut. */
static void longest_list(struct session *s)
{
    struct peer *closed = peer_refuse(s, ADDRESS), *open = peer_listen(s, ADDRESS);
    struct board *board = make_board(s);

    while (board->count < PORTS_MOST - 1)
        add(board, closed, "refused");
    add(board, open, "open");
    scan(board, 0);
    add(board, open, "open");
    struct student *p = student_start(s, ADDRESS, AMPLE, NULL);
    feed(p, board);
    expect_failure(p, 2);
    peer_expect_nobody(open, "The list had 1,001 ports, and was to be refused.");
}

/* An address that no connection can lead to: connect() says so at once. */
static void failed(struct session *s)
{
    struct board *board = make_board(s);
    struct student *p = student_start(s, "127.255.255.255", AMPLE, NULL);

    add(board, peer_refuse(s, ADDRESS), "failed");
    add(board, peer_refuse(s, ADDRESS), "failed");
    feed(p, board);
    expect_results(p, board, "");
    expect_exit(p, 1);
    expect_error_line(p, peer_port(board->peers[0]));
    expect_error_line(p, peer_port(board->peers[1]));
}

/* The command waits in read() before the port says anything: a socket that does not block fails. */
static void hand_over(struct session *s)
{
    struct board *board = make_board(s);
    char banner[32];

    session_closes_early(s); /* as head does, after a line */
    add_refused(board);
    struct peer *open = add_open(board);
    session_gives_command(s);
    struct student *p = student_start(s, ADDRESS, AMPLE, "head", "-n", "1", NULL);
    session_text(s, banner, sizeof banner);
    banner[sizeof banner - 2] = '\n';
    banner[sizeof banner - 1] = '\0';
    feed(p, board);
    struct link *link = peer_accept(open);
    student_settle(p);
    link_send(link, banner, strlen(banner));
    expect_results(p, board, banner);
    expect_exit(p, 0);
}

/* Many are open; the first in the list is handed on, and nothing else. cat reads to the end. */
static void hand_over_first(struct session *s)
{
    enum { OPEN = 40 };
    struct board *board = make_board(s);
    struct link *links[OPEN] = {NULL};
    char text[16] = "0123456789\n";
    size_t first = 0, open = 0;

    add_refused(board);
    shuffle_in(board, OPEN, 10);
    session_text(s, text, 10);
    while (strcmp(board->words[first], "open") != 0)
        first++;
    session_gives_command(s);
    struct student *p = student_start(s, ADDRESS, AMPLE, "cat", NULL);
    feed(p, board);
    for (size_t i = 0; i < board->count; i++)
        if (strcmp(board->words[i], "open") == 0)
            links[open++] = peer_accept(board->peers[i]);
    for (size_t i = 1; i < OPEN; i++)
        link_wait_end(links[i]);
    expect_descriptors(p, 3);
    link_send_pieces(links[0], text, strlen(text), (const size_t[]){4, 0});
    link_close(links[0]);
    expect_results(p, board, text);
    expect_exit(p, 0);
    expect_sockets(p, SOCKETS_MOST);
}

/*
 * The open port is found at once, and its connection kept to the deadline: it is one of the 32.
 * Those that are silent by then are open until the program closes them.
 */
static void hand_over_late(struct session *s)
{
    enum { SILENT = SOCKETS_MOST - 1, UNTRIED = 9 };
    struct board *board = make_board(s);
    char text[16] = "0123456789\n";

    shuffle_in(board, 0, 1 + (int)session_random(s, 3));
    struct peer *open = add_open(board);
    add_silent(board, SILENT + UNTRIED);
    for (size_t i = board->count - UNTRIED; i < board->count; i++)
        board->words[i] = "untried";
    session_text(s, text, 10);
    session_gives_command(s);
    struct student *p = student_start(s, ADDRESS, DEADLINE, "sh", "-c", "echo >&0; exec cat", NULL);
    feed(p, board);
    struct link *link = peer_accept(open);
    link_expect(link, "\n", 1); /* it is the command from now on */
    expect_descriptors(p, 3);
    expect_sockets(p, SOCKETS_MOST);
    link_send(link, text, strlen(text));
    link_close(link);
    expect_results(p, board, text);
    expect_exit(p, 0);
}

/* The command's exit status is the program's; without an open port there is no command. */
static void not_run(struct session *s)
{
    struct board *board = make_board(s);
    struct student *p;

    session_gives_command(s);
    p = student_start(s, ADDRESS, AMPLE, "sh", "-c", "exit 9", NULL);
    (void)add_open(board);
    feed(p, board);
    take_all(board);
    expect_results(p, board, "");
    expect_exit(p, 9);
    board = make_board(s);
    add_refused(board);
    p = student_start(s, ADDRESS, AMPLE, "echo", "command", NULL);
    feed(p, board);
    expect_results(p, board, "");
    expect_exit(p, 1);
}

static void no_such_command(struct session *s)
{
    struct board *board = make_board(s);
    session_gives_command(s);
    struct student *p = student_start(s, ADDRESS, AMPLE, "no-such-command", "x", NULL);

    (void)add_open(board);
    feed(p, board);
    take_all(board);
    expect_results(p, board, "");
    expect_failure(p, 1);
    expect_error(p, "no-such-command");
}

static void output_full(struct session *s)
{
    struct board *board = make_board(s);

    session_fill_output(s);
    session_gives_command(s);
    struct student *p = student_start(s, ADDRESS, AMPLE, NULL);
    (void)add_open(board);
    feed(p, board);
    take_all(board);
    expect_failure(p, 1);
    p = student_start(s, ADDRESS, AMPLE, "sh", "-c", "echo command >&2", NULL);
    feed(p, board);
    take_all(board);
    expect_failure(p, 1);
    expect_error_line(p, ":"); /* its own message */
}

static void usage(struct session *s)
{
    static const char *const bad[] = {"0\n", "65536\n", "12x\n", "\n"};
    struct peer *open = peer_listen(s, ADDRESS);
    const char *port = session_print(s, "%s\n", peer_port(open));

    session_host(s, "name.test", ADDRESS, NULL);
    const char *const arguments[][2] = {
        {NULL, NULL}, {ADDRESS, NULL}, {"name.test", AMPLE}, {ADDRESS, "0"}, {ADDRESS, "60001"}};
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        struct student *p = student_start(s, arguments[i][0], arguments[i][1], NULL);
        student_input(p, port, strlen(port));
        student_end_input(p);
        expect_failure(p, 2);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct student *p = student_start(s, ADDRESS, AMPLE, NULL);
        student_input(p, port, strlen(port));
        student_input(p, bad[i], strlen(bad[i]));
        student_end_input(p);
        expect_failure(p, 2);
    }
    peer_expect_nobody(open, "The arguments or the list of ports were wrong: nothing is tried.");
}

/* Memory is looked at in the end. */
static void clean(struct session *s)
{
    struct board *board = make_board(s);

    shuffle_in(board, 3, 3);
    scan(board, 0);
}

static const struct test_case CASES[] = {
    {.name = "open-and-refused",
     .title = "one port open, one refused",
     .points = 1,
     .teaches = "connect() on a non-blocking socket returns EINPROGRESS; the socket is writable "
                "when the attempt is over, and SO_ERROR says how it went.",
     .run = open_and_refused},
    {.name = "order",
     .title = "eight ports in any order, two of them twice",
     .points = 1,
     .teaches = "The results come in the order of the list, a line for each line of it, whichever "
                "port answered first.",
     .run = order},
    {.name = "none-open",
     .title = "no port open, and no port at all",
     .points = 1,
     .teaches = "When no port is open the exit status is 1; an empty list has no results.",
     .run = none_open},
    {.name = "ipv6",
     .title = "an IPv6 address, and a last line without a line end",
     .points = 1,
     .teaches = "ADDRESS was ::1; getaddrinfo() with AI_NUMERICHOST reads both kinds. The last "
                "port of the list had no line end.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "failed",
     .title = "an address that connect() refuses at once",
     .points = 1,
     .teaches = "connect() failed with something else than EINPROGRESS: that port is \"failed\", "
                "one line on standard error says why, and the scan goes on.",
     .run = failed},
    {.name = "many",
     .title = "200 ports, with at most 32 sockets at once",
     .points = 2,
     .teaches = "200 ports were to be tried with no more than 32 sockets open at once: a socket is "
                "closed when its port is decided, and only then is the next one made.",
     .run = many},
    {.name = "longest-list",
     .title = "1,000 ports, and one more",
     .points = 1,
     .teaches = "A list may have 1,000 ports, no fewer; a longer one is refused with status 2 "
                "before anything is tried.",
     .run = longest_list},
    {.name = "hand-over",
     .title = "the open port's socket becomes a command's standard input",
     .points = 2,
     .teaches = "The command reads from the connection and expects to wait. O_NONBLOCK belongs to "
                "the socket and stays set through dup2() and exec: clear it with fcntl().",
     .run = hand_over},
    {.name = "hand-over-first",
     .title = "of 40 open ports the first is handed on, and no other descriptor",
     .points = 2,
     .teaches = "The command gets the first open port of the list as descriptor 0, and 1 and 2; "
                "all other sockets are closed, and none stays open through exec.",
     .run = hand_over_first},
    {.name = "not-run",
     .title = "the command's exit status; no open port, no command",
     .points = 1,
     .teaches = "The exit status is the command's. With no port open no command is run, and it is "
                "1.",
     .run = not_run},
    {.name = "no-such-command",
     .title = "a command that does not exist",
     .points = 1,
     .teaches = "execvp() returns only if it failed: say why, and end with status 1.",
     .run = no_such_command},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: fflush(stdout) says whether the results were "
                "written. If not, the status is 1 and no command is run.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "All memory is freed, what getaddrinfo() gave included.",
     .run = clean,
     .leaks = true},
    {.name = "usage",
     .title = "arguments or a list that are wrong",
     .points = 1,
     .teaches = "An address that is none, a time or a port out of range, a line that is no port: "
                "status 2, with a message, before anything is tried.",
     .run = usage},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal interrupted a call that waits: it returned -1 with EINTR, and nothing it "
                "should have filled in was filled in. Wait again, for the time that is left.",
     .run = interrupted,
     .faults = "eintr"},
    {.name = "silent",
     .title = "a port that never answers",
     .points = 2,
     .teaches = "One port never answers: by itself connect() gives up after two minutes. At the "
                "deadline that port is \"silent\", and the scan is over.",
     .run = silent},
    {.name = "one-place-left",
     .title = "31 ports never answer, 40 behind them do",
     .points = 2,
     .teaches = "31 ports never answer; the one socket that is left is to try the 40 behind them, "
                "and the deadline is one for all.",
     .run = one_place_left},
    {.name = "untried",
     .title = "32 ports never answer: the turn of the next does not come",
     .points = 2,
     .teaches = "32 sockets wait for ports that never answer, and no more may be open: what stands "
                "behind them in the list is \"untried\".",
     .run = untried},
    {.name = "hand-over-late",
     .title = "31 silent ports beside the one that is handed on",
     .points = 2,
     .teaches =
         "The connection that is kept counts as one of the 32, so 31 others may be tried beside "
         "it. At the deadline they are closed: the command gets descriptors 0, 1 and 2 alone.",
     .run = hand_over_late},
    {.name = "held-up",
     .title = "time is lost in the middle of the scan",
     .points = 2,
     .teaches = "The program was held up for 300 ms after the first answer, as on a busy machine. "
                "The deadline does not move: before each wait, work out what is left of it.",
     .run = held_up},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
