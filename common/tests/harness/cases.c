/* The harness judged: each case plays with common/tests/harness/student.c; harness.t knows the
 * verdicts. */
#include <signal.h>
#include <string.h>

#include "harness/harness.h"

static const char TEXT[] = "abcdefghijklmnopqrstuvwxyz1234"; /* 30 bytes */

/* ---- cases that a program passes ---- */

static void pieces(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "count-reads", peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);

    link_send_pieces(link, TEXT, 30, (const size_t[]){1, 2, 3, 4, 5, 0});
    link_close(link);
    expect_output(p, "1 2 3 4 5 15 ", 13);
    expect_exit(p, 0);
}

static void waitall(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "waitall", peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);

    link_send_pieces(link, TEXT, 30, (const size_t[]){10, 10, 0});
    expect_output(p, "30 ", 3);
    expect_exit(p, 0);
}

static void udp(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    struct student *p = student_start(s, "udp", port_host(port), port_number(port), NULL);
    char bytes[8];

    if (port_receive(port, bytes, sizeof bytes) != 4 || memcmp(bytes, "ping", 4) != 0)
        session_fail(s, "no ping");
    port_reply(port, "pong", 4);
    expect_output(p, "pong", 4);
    expect_exit(p, 0);
}

static void udp_server(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");
    struct student *p = student_start(s, "udp-server", NULL);

    port_send(port, "127.0.0.1", student_port(p), "marco", 5);
    expect_output(p, "marco", 5);
    expect_exit(p, 0);
}

/* Answers from strangers first, at the same number and at another one, and its own after a while.
 */
static void udp_strangers(struct session *s)
{
    struct port *twins[2], *other = port_open(s, "127.0.0.1");

    port_open_twins(s, "127.0.0.1", "127.0.0.2", twins);
    struct student *p = student_start(s, "udp", port_host(twins[0]), port_number(twins[0]), NULL);
    port_expect(twins[0], "ping", 4);
    port_reply_from(twins[1], twins[0], "twin", 4);
    port_reply_from(other, twins[0], "other", 5);
    session_wait(s, 20);
    if (port_wait(twins[0], 20))
        session_fail(s, "more than one ping");
    port_reply(twins[0], "pong", 4);
    expect_output(p, "pong", 4);
    expect_exit(p, 0);
    if (strncmp(port_sender(twins[0]), "127.0.0.1:", 10) != 0 ||
        strcmp(port_number(twins[0]), port_number(twins[1])) != 0)
        session_fail(s, "another sender, or two numbers");
}

static void udp_refused(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");

    port_refuse(port);
    expect_exit(student_start(s, "udp", port_host(port), port_number(port), NULL), 1);
}

static void udp_other(struct session *s)
{
    struct port *port = port_open(s, "127.0.0.1");

    (void)student_start(s, "udp", port_host(port), port_number(port), NULL);
    port_expect(port, "pinging", 7);
}

static void shape(struct session *s)
{
    struct student *p = student_start(s, "numbers", NULL);
    long long numbers[2];
    bool fits = student_fits(p, "12 # #.###\n0 #.# #\n"), other = student_fits(p, "12 # #\n");
    int again = 0;

    while (session_again(s))
        again++;
    if (!fits || other || again != 2)
        session_fail(s, "fits %d, does not %d, again %d", fits, other, again);

    if (expect_shape(p, "12 # #.###\n0 #.# #\n", numbers, 2) != 4 || numbers[0] != 340 ||
        numbers[1] != 1250)
        session_fail(s, "other numbers");
}

static void shape_other(struct session *s)
{
    (void)expect_shape(student_start(s, "numbers", NULL), "12 # #.###\n0 #.# 9 #.##\n", NULL, 0);
}

static void cork(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "cork", peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);

    link_expect(link, "cork", 4);
    link_close(link);
    expect_exit(p, 0);
}

static struct link *start_options(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "options", peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);
    link_expect(link, "x", 1);
    return link;
}

static void options(struct session *s)
{
    struct link *link = start_options(s);

    link_expect_option(link, "TCP_NODELAY", 1, 1, "t");
    link_expect_option(link, "TCP_USER_TIMEOUT", 5000, 5000, "t");
    link_expect_option(link, "SO_LINGER", 7, 7, "t");
    link_expect_option(link, "SO_KEEPALIVE", 0, 0, "t");
    if (link_option(link, "TCP_CORK") != 0 || link_option(link, "SO_SNDBUF") < 4096)
        session_fail(s, "other values");
    link_close(link);
    struct student *p = student_start(s, "listen-only", NULL);
    student_expect_option(p, student_port(p), "SO_REUSEADDR", 1, 1, "t");
}

/* A hundred clients, whom the program takes one in a millisecond, with a backlog of 16. */
static void queue_up(struct session *s)
{
    struct student *p = student_start(s, "accept-slowly", NULL);
    const char *port = student_port(p);

    for (int i = 0; i < 100; i++)
        (void)link_connect(s, "127.0.0.1", port);
    expect_exit(p, 0);
}

/* The program sleeps and lets them wait: who waits for it waits in vain. */
static void queue_asleep(struct session *s)
{
    struct student *p = student_start(s, "listen-only", NULL);
    const char *port = student_port(p);

    for (int i = 0; i < 2; i++)
        (void)link_connect(s, "127.0.0.1", port);
}

/* It listens and says so; nothing else was printed. */
static void listened_only(struct session *s)
{
    struct student *p = student_start(s, "accept-slowly", NULL);
    const char *port = student_port(p);

    for (int i = 0; i < 100; i++)
        (void)link_connect(s, "127.0.0.1", port);
    expect_output(p, "and more\n", 9);
}

static void signalled(struct session *s)
{
    struct student *p = student_start(s, "accept-slowly", NULL);

    (void)link_connect(s, "127.0.0.1", student_port(p));
    student_settle(p);
    student_signal(p, SIGTERM);
    expect_exit(p, 0);
}

static void stopped_early(struct session *s)
{
    struct student *p = student_start(s, "stop-early", NULL);
    struct link *link = link_connect(s, "127.0.0.1", student_port(p));

    student_settle(p);
    student_signal(p, SIGTERM);
    link_expect(link, "hello", 5);
}

static void busy(struct session *s, const char *how)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, how, peer_host(server), peer_port(server), NULL);

    (void)peer_accept(server);
    student_settle(p);
}

static void busy_writable(struct session *s)
{
    busy(s, "always-writable");
}

static void busy_in_vain(struct session *s)
{
    busy(s, "never-waits");
}

static void option_value(struct session *s)
{
    link_expect_option(start_options(s), "TCP_USER_TIMEOUT", 6000, 9000, "so it is");
}

/* Whoever sets it again, or sets what is so anyway, may do it at any time. */
static void late_option(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "set-late", peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);
    link_expect(link, "xy", 2);
    link_expect_option(link, "SO_LINGER", -1, -1, "t");
    link_expect_option(link, "TCP_KEEPCNT", 1, 1, "t");
    if (strncmp(link_setting(link, "TCP_KEEPCNT"), "1 (student.c:", 13) != 0)
        session_blame(s, "another setting: %s", link_setting(link, "TCP_KEEPCNT"));
    link_expect_option(link, "TCP_NODELAY", 1, 1, "so it is");
}

static void option_never(struct session *s)
{
    link_expect_option(start_options(s), "TCP_CORK", 1, 1, "so it is");
}

static void option_elsewhere(struct session *s)
{
    link_expect_option(start_options(s), "SO_KEEPALIVE", 1, 1, "so it is");
}

static void option_failed(struct session *s)
{
    link_expect_option(start_options(s), "TCP_KEEPCNT", 10, 100, "so it is");
}

static void option_linger(struct session *s)
{
    link_expect_option(start_options(s), "SO_LINGER", -1, -1, "so it is");
}

static void option_gone(struct session *s)
{
    struct link *link = start_options(s);

    link_shutdown(link);
    link_wait_end(link);
    link_expect_option(link, "SO_LINGER", -1, -1, "so it is");
}

/* Neither taken nor refused: the program sleeps in connect(), which ends by itself one day. */
static void no_answer(struct session *s)
{
    struct peer *hole = peer_ignore(s, "127.0.0.1");

    expect_exit(student_start(s, "read", peer_host(hole), peer_port(hole), NULL), 0);
}

static void left_daemon(struct session *s)
{
    struct student *p = student_start(s, "daemon", NULL);

    expect_exit(p, 0);
    expect_output(p, "done\n", 5);
}

static void bytes(struct session *s)
{
    struct student *p = student_start(s, "bytes", NULL);

    expect_output(p, "a\0b\xff\n", 5);
    expect_exit(p, 0);
}

static void timed(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "timeout", peer_host(server), peer_port(server), NULL);

    (void)peer_accept(server);
    expect_output(p, "woken\n", 6);
    expect_exit(p, 0);
}

static void held(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    session_hold_send(s);
    struct student *p = student_start(s, "send", peer_host(server), peer_port(server), NULL);

    struct link *link = peer_accept(server);
    student_wait_held(p);
    link_send(link, "g", 1); /* to its child */
    link_wait_read(link);
    student_wait_held(p);
    student_release(p);
    link_expect(link, "x", 1);
    expect_exit(p, 0);
}

/* It stands there, having connected, until it is released. */
static void held_close(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    session_hold_close(s);
    struct student *p = student_start(s, "take-time", peer_host(server), peer_port(server), NULL);
    student_wait_held(p);
    session_wait(s, 100);
    student_wait_held(p);
    student_release(p);
    expect_ran(p, 199, 10000);
}

/* A folder can be opened and not read. */
static void spoilt_input(struct session *s)
{
    session_spoil_input(s);
    struct student *p = student_start(s, "input", NULL);

    student_input(p, "x", 1);
    student_end_input(p);
    expect_output(p, "-1 EISDIR\n", 10);
    expect_exit(p, 0);
}

static void random_numbers(struct session *s)
{
    char text[8];
    struct student *p = student_start(s, "bytes", NULL);

    expect_exit(p, 0);
    session_text(s, text, sizeof text);
    session_fail(s, "%.8s %u", text, session_random(s, 1000)); /* the same for the same seed */
}

/* Starts the program in one of its ways and takes its connection. */
static struct link *linked(struct session *s, const char *how, struct student **p)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    *p = student_start(s, how, peer_host(server), peer_port(server), NULL);
    return peer_accept(server);
}

/* What it could send lies between the two, and that much does not keep it from settling. */
static void narrow(struct session *s)
{
    struct student *p;

    session_narrow(s, 4096);
    struct link *link = linked(s, "fill", &p);
    student_settle(p);
    size_t under_way = link_under_way(link);
    if (under_way < 4096 || under_way > 1 << 20)
        session_fail(s, "%zu bytes under way", under_way);
    link_send(link, "g", 1);
    const char *text = session_print(s, "%zu", under_way);
    expect_output(p, text, strlen(text));
}

static void lines(struct session *s)
{
    struct student *p;
    struct link *link = linked(s, "lines", &p);
    size_t length;

    if (memcmp(link_line(link, &length), "a\0b", 4) != 0 || length != 3)
        session_fail(s, "not the first line");
    if (strcmp(link_line(link, &length), "second") != 0 || length != 6)
        session_fail(s, "not the second line");
    link_expect(link, "rest", 4);
    link_expect_end(link);
    expect_exit(p, 0);
}

static void no_line(struct session *s)
{
    struct student *p;
    struct link *link = linked(s, "lines", &p);
    size_t length;

    (void)link_line(link, &length);
    (void)link_line(link, &length);
    (void)link_line(link, &length);
}

static void counted(struct session *s)
{
    struct student *p;
    struct link *link = linked(s, "lines", &p);

    if (memcmp(link_bytes(link, 5), "a\0b\ns", 6) != 0)
        session_fail(s, "not the first five bytes");
    if (strcmp(link_bytes(link, 6), "econd\n") != 0)
        session_fail(s, "not the next six");
    link_expect(link, "rest", 4);
    link_expect_end(link);
    expect_exit(p, 0);
}

static void no_count(struct session *s)
{
    struct student *p;

    (void)link_bytes(linked(s, "lines", &p), 16);
}

static void echo(struct session *s)
{
    struct student *p;

    link_echo(linked(s, "count-echo", &p));
    expect_output(p, "30 0", 4);
}

/* Held before it reads: what it was sent is not yet taken. */
static void taken(struct session *s)
{
    struct student *p;

    session_hold_send(s);
    struct link *link = linked(s, "reply", &p);
    student_wait_held(p);
    link_send(link, session_alloc(s, 3000), 3000);
    if (link_taken(link) != 0 || link_given(link) != 0)
        session_fail(s, "taken %zu, given %zu", link_taken(link), link_given(link));
    student_release(p);
    student_settle(p); /* it waits for one byte more */
    if (link_taken(link) != 3000 || link_given(link) != 15 || link_under_way(link) != 15)
        session_fail(s, "taken %zu, given %zu", link_taken(link), link_given(link));
    link_close(link);
    expect_exit(p, 0);
}

/* What is queued and has not left yet is awaited too. */
static void queued_read(struct session *s)
{
    struct student *p;
    struct link *link = linked(s, "reply", &p);

    link_send(link, session_alloc(s, 1000), 1000);
    link_wait_read(link);
    link_queue(link, session_alloc(s, 2000), 2000);
    link_wait_read(link);
    if (link_taken(link) != 3000)
        session_fail(s, "%zu bytes were taken.", link_taken(link));
    link_close(link);
    expect_exit(p, 0);
}

/* Both ways at once, or the program is stuck in send(), and this end too. */
static void both_ways(struct session *s)
{
    enum { MUCH = 1 << 20 };
    char *bytes = session_alloc(s, MUCH);
    struct student *p;

    session_narrow(s, 65536);
    struct link *link = linked(s, "echo", &p);
    session_bytes(s, bytes, MUCH);
    link_collect(link, MUCH);
    link_send(link, bytes, MUCH);
    if (link_sent(link) != MUCH)
        session_fail(s, "sent %zu bytes", link_sent(link));
    link_expect(link, bytes, MUCH);
    link_close(link);
    expect_exit(p, 0);
}

static void one_way(struct session *s)
{
    enum { MUCH = 8 << 20 };
    struct student *p;

    session_narrow(s, 65536);
    struct link *link = linked(s, "echo", &p);
    link_send(link, session_alloc(s, MUCH), MUCH);
}

static void reset(struct session *s)
{
    struct student *p;

    link_expect_reset(linked(s, "reset", &p));
    expect_exit(p, 0);
}

/* Nothing is received: what the program sent before lies there, and the reset is seen behind it. */
static void reset_unread(struct session *s)
{
    struct student *p;

    link_expect_reset_unread(linked(s, "reset", &p));
    expect_exit(p, 0);
}

static void no_reset_unread(struct session *s)
{
    struct student *p;

    link_expect_reset_unread(linked(s, "lines", &p));
}

static void spare(struct session *s)
{
    struct student *p;
    struct link *link = linked(s, "descriptors", &p);

    student_settle(p);
    student_spare_descriptors(p, 3);
    link_send(link, "g", 1);
    expect_output(p, "3", 1);
}

/* The first beyond 4 KiB is cut short, the next refused. Without a limit neither is. */
static void full_disk(struct session *s)
{
    struct student *p = student_start(s, "write-big", "5000", NULL);

    expect_output(p, "5000 1 fine\n", 12);
    expect_exit(p, 0);
    session_limit_files(s, 4);
    p = student_start(s, "write-big", "5000", NULL);
    expect_output(p, "4096 -1 EFBIG\n", 14);
    expect_exit(p, 0);
    p = student_start(s, "write-big", "4095", NULL);
    expect_output(p, "4095 1 fine\n", 12);
    expect_exit(p, 0);
}

static struct student *measured(struct session *s, const char *how)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "take-time", peer_host(server), peer_port(server), how, NULL);

    (void)peer_accept(server);
    return p;
}

static void cost(struct session *s)
{
    struct student *p = measured(s, NULL);

    expect_ran(p, 99, 10000);
    expect_processor(p, 250);
    expect_sockets(p, 4);
    expect_calls(p, 13);
    if (student_ran_ms(p) > 10000 || student_most_sockets(p) != 4)
        session_fail(s, "%d sockets", student_most_sockets(p));
}

/* ---- cases that end in a verdict ---- */

static void unready(struct session *s)
{
    struct student *p;

    (void)linked(s, "read-unready", &p);
    student_settle(p);
}

static void become(struct session *s)
{
    struct student *p;
    struct link *link = linked(s, "become-cat", &p);

    link_send(link, "miaow", 5);
    link_close(link);
    expect_output(p, "miaow", 5);
    session_fail(s, "It became cat.");
}

static void cost_time(struct session *s)
{
    expect_ran(measured(s, NULL), 0, 50);
}

static void cost_busy(struct session *s)
{
    expect_processor(measured(s, "spin"), 250);
}

static void cost_calls(struct session *s)
{
    struct student *p = measured(s, NULL);

    expect_exit(p, 0);
    expect_calls(p, 12);
}

static void cost_sockets(struct session *s)
{
    struct student *p = measured(s, NULL);

    expect_exit(p, 0);
    expect_sockets(p, 3);
}

static void no_reset(struct session *s)
{
    struct student *p;

    link_expect_reset(linked(s, "lines", &p));
}

static void room(struct session *s)
{
    session_narrow_output(s);
    struct student *p = student_start(s, "room", NULL);

    expect_output(p, "4096\n", 5);
    expect_exit(p, 0);
}

static void threads(struct session *s, const char *how)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "threads", peer_host(server), peer_port(server), how, NULL);
    struct link *link = peer_accept(server);
    long before = student_reserved(p);

    link_send(link, "g", 1);
    link_wait_read(link);
    if (student_threads(p) != 1)
        session_fail(s, "Threads that have ended are counted.");
    if (student_reserved(p) - before > 12000)
        session_fail(s, "More than one stack is kept.");
    link_close(link);
    expect_exit(p, 0);
}

static void threads_joined(struct session *s)
{
    threads(s, "join");
}

static void threads_left(struct session *s)
{
    threads(s, "leave");
}

static void threads_waiting(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "threads", peer_host(server), peer_port(server), "wait", NULL);
    struct link *link = peer_accept(server);
    int before = student_threads(p);

    link_send(link, "g", 1);
    link_wait_read(link);
    if (before != 1 || student_threads(p) != 9)
        session_fail(s, "There were %d threads, and then %d.", before, student_threads(p));
    link_close(link);
    expect_exit(p, 0);
}

static void fat(struct session *s)
{
    struct student *p;
    struct link *link = linked(s, "fat", &p);
    long before = student_memory(p);

    expect_memory(p, before + 8192);
    link_send(link, "g", 1);
    expect_memory(p, before + 8192);
}

static void never_reads(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "read", peer_host(server), peer_port(server), NULL);

    (void)peer_accept(server);
    expect_exit(p, 0);
}

static void join(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "join", peer_host(server), peer_port(server), NULL);

    (void)peer_accept(server);
    expect_exit(p, 0);
}

static void close_all(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "close-all", peer_host(server), peer_port(server), NULL);

    (void)peer_accept(server);
    expect_exit(p, 0);
}

static void zombie(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "zombie", peer_host(server), peer_port(server), NULL);

    (void)peer_accept(server);
    student_settle(p);
    session_fail(s, "%d zombies, %d descriptors", student_zombies(p), student_descriptors(p));
}

static void sigpipe(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "sigpipe", peer_host(server), peer_port(server), NULL);

    link_reset(peer_accept(server));
    expect_exit(p, 0);
}

static void print_reply(struct session *s, const char *how, const char *text, size_t length)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "print-reply", peer_host(server), peer_port(server), how, NULL);
    struct link *link = peer_accept(server);

    link_send_pieces(link, text, length, (const size_t[]){5, 0});
    link_close(link);
    expect_output(p, text, length);
    expect_exit(p, 0);
}

#define REPLY(function, how, text)                   \
    static void function(struct session *s)          \
    {                                                \
        print_reply(s, how, text, sizeof(text) - 1); \
    }

REPLY(reply_rubbish, "rubbish", "hello wor")
REPLY(reply_left_over, "left-over", "hello wo")
REPLY(reply_whole, "whole", "hello wor")
REPLY(reply_nul, "nul", "hello a\0b")
REPLY(reply_line_end, "line-end", "hello wor")

static void send_string(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "send-string", peer_host(server), peer_port(server), NULL);
    link_expect(peer_accept(server), "ab\0cd", 5);
}

static void give_up(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "give-up", peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);

    link_send(link, "abc", 3);
    link_close(link);
    expect_exit(p, 0);
}

static void send_first(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "send-first", peer_host(server), peer_port(server), NULL);
    link_expect(peer_accept(server), "\0a\0b", 4);
}

static void end_short(struct session *s, const char *how)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "end-short", peer_host(server), peer_port(server), how, NULL);
    link_expect(peer_accept(server), "abcd", 4);
}

static void short_exit(struct session *s)
{
    end_short(s, "exit");
}

static void short_close(struct session *s)
{
    end_short(s, "close");
}

static void short_signal(struct session *s)
{
    end_short(s, "signal");
}

/* The same where a line was expected. */
static void short_line(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    size_t length;

    (void)student_start(s, "end-short", peer_host(server), peer_port(server), "exit", NULL);
    (void)link_line(peer_accept(server), &length);
}

static void last_byte(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "message", peer_host(server), peer_port(server), "\261", NULL);
    link_expect(peer_accept(server), "\0\3\0\0\0\10\1\2\3\4\5\6\7\10\11\262", 16);
}

/* What it printed was due: nobody may call it a message. */
static void silent_due(struct session *s)
{
    struct student *p = student_start(s, "fail", "text one\n", "", NULL);

    expect_failure(p, 1);
    expect_output(p, "text one\n", 9);
}

static void silent_first(struct session *s)
{
    struct student *p = student_start(s, "fail", "text one\n", "", NULL);

    expect_output(p, "text one\n", 9);
    expect_failure(p, 1);
}

static void silent_wrong(struct session *s)
{
    struct student *p = student_start(s, "fail", "one\ntow\nthree\n", "", NULL);

    expect_failure(p, 1);
    expect_output(p, "one\ntwo\nthree\n", 14);
}

static void silent_both(struct session *s)
{
    expect_failure(student_start(s, "fail", "", "\n", NULL), 1);
}

static void print_other(struct session *s, const char *printed, const char *due)
{
    expect_output(student_start(s, "fail", printed, "", NULL), due, strlen(due));
}

static void other_nul(struct session *s)
{
    expect_output(student_start(s, "fail", "a \"b\" c\n", "", NULL), "a \"\0\0\0b\" c\n", 11);
}

static void last_letter(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "message", peer_host(server), peer_port(server), "\"", NULL);
    link_expect(peer_accept(server), "\0\3\0\0\0\10\1\2\3\4\5\6\7\10\11\n", 16);
}

static void other_more(struct session *s)
{
    print_other(s, "one\ntwo\nthree\n", "one\ntwo\n");
}

static void other_end(struct session *s)
{
    print_other(s, "one\ntwo", "one\ntwo\n");
}

static void other_long(struct session *s)
{
    print_other(s, "one\nfour thousand and three hundred and twenty one\n",
                "one\nfour thousand and three hundred and twenty two\n");
}

static void more_sent(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "end-short", peer_host(server), peer_port(server), "close", NULL);
    link_expect_end(peer_accept(server));
}

static void sleep_in(struct session *s, const char *how)
{
    expect_exit(student_start(s, "sleep-in", how, NULL), 0);
}

static void sleep_nothing(struct session *s)
{
    sleep_in(s, "nothing");
}

static void sleep_select(struct session *s)
{
    sleep_in(s, "select");
}

static void sleep_sleep(struct session *s)
{
    sleep_in(s, "sleep");
}

static void sleep_short(struct session *s)
{
    sleep_in(s, "short");
}

static void sleep_pipes(struct session *s)
{
    sleep_in(s, "pipes");
}

static void hold_open(struct session *s)
{
    expect_descriptors(student_start(s, "hold-open", NULL), 4);
}

/* ---- secrets ---- */

static void compare(struct session *s, const char *how)
{
    static const char hex[] = "4142434445464748494a4b4c4d4e4f505152535455565758595a303132333435";
    struct student *p = student_start(s, "compare", hex, how, NULL);

    student_guard(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345");
    student_input(p, hex, strlen(hex));
    student_end_input(p);
    expect_exit(p, 0);
    student_expect_guarded(p, "the key");
}

static void compare_memory(struct session *s)
{
    compare(s, "m");
}

static void compare_strings(struct session *s)
{
    compare(s, "s");
}

static void compare_all(struct session *s)
{
    compare(s, "loop");
}

/* ---- responses ---- */

/* A program that answers so; the response is taken apart as one to that method. */
static struct web_response take_response(struct session *s, const char *method, const char *text)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "respond", peer_host(server), peer_port(server), text, NULL);
    struct link *link = peer_accept(server);
    struct web_response r = link_response(link, method);

    link_expect_end(link);
    link_close(link);
    expect_exit(p, 0);
    return r;
}

static void expect_body(struct session *s, const char *method, const char *text, const char *body)
{
    struct web_response r = take_response(s, method, text);

    if (r.length != strlen(body) || strcmp(r.body, body) != 0)
        session_fail(s, "the body is %s", r.body);
}

static void web_length(struct session *s)
{
    struct web_response r = take_response(s, "GET",
                                          "HTTP/1.1 200 OK\r\nX-a:\r\ncontent-length:  5\r\n"
                                          "x-A: b\r\nConnection: x, Close\r\n\r\nhello");
    size_t at = 0;

    if (r.status != 200 || r.version != 11 || !r.closes || strcmp(r.body, "hello") != 0 ||
        strcmp(web_next(&r, "X-A", &at), "") != 0 || strcmp(web_next(&r, "X-A", &at), "b") != 0 ||
        web_next(&r, "X-A", &at) != NULL || web_field(&r, "X") != NULL)
        session_fail(s, "it is taken for something else");
}

static void web_chunks(struct session *s)
{
    expect_body(s, "GET",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5;x=y\r\nhello\r\n00A\r\n, world!!\n\r\n0\r\nTrailer: 1\r\n\r\n",
                "hello, world!!\n");
}

static void web_close(struct session *s)
{
    expect_body(s, "GET", "HTTP/1.0 200 \r\n\r\nto the end", "to the end");
}

static void web_none(struct session *s)
{
    expect_body(s, "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "");
}

static void web_304(struct session *s)
{
    expect_body(s, "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", "");
}

static void web_short(struct session *s)
{
    (void)take_response(s, "GET", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
}

static void web_both(struct session *s)
{
    (void)take_response(s, "GET",
                        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

static void web_line(struct session *s)
{
    (void)take_response(s, "GET", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n");
}

static void web_blank(struct session *s)
{
    (void)take_response(s, "GET", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n");
}

static void web_status_line(struct session *s)
{
    (void)take_response(s, "GET", "HTTP/1.1 20 OK\r\n\r\n");
}

static void web_chunk_end(struct session *s)
{
    (void)take_response(s, "GET",
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nhello\r\n0\r\n\r\n");
}

static void web_204(struct session *s)
{
    (void)take_response(s, "PUT", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
}

static struct link *respond(struct session *s, const char *text)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "respond", peer_host(server), peer_port(server), text, NULL);
    return peer_accept(server);
}

static void web_status(struct session *s)
{
    (void)link_expect_status(respond(s, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
                             "GET", 200, "it is there");
}

static void web_body(struct session *s)
{
    (void)link_expect_response(respond(s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
                               "GET", 200, "help!", 5, "it is there");
}

static void web_header(struct session *s)
{
    struct link *link = respond(s, "HTTP/1.1 405 No\r\nContent-Length: 0\r\nAllow: GET\r\n\r\n");
    struct web_response r = link_expect_status(link, "PUT", 405, "it is not there");

    web_expect_field(link, &r, "allow", "GET", "it is the one");
    web_expect_field(link, &r, "Location", NULL, "nowhere to go");
    web_expect_field(link, &r, "Allow", "POST", "it is the other");
}

static void web_no_header(struct session *s)
{
    struct link *link = respond(s, "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n");
    struct web_response r = link_expect_status(link, "PUT", 405, "it is not there");

    web_expect_field(link, &r, "Allow", "GET", "it is the one");
}

static void datagram(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)student_start(s, "datagram", peer_host(server), peer_port(server), NULL);
    (void)peer_accept(server);
}

static void beside(struct session *s)
{
    (void)student_port(student_start(s, "udp-server", NULL));
    (void)student_port(student_start(s, "usage", NULL));
}

static void after(struct session *s)
{
    struct student *first = student_start(s, "udp-server", NULL);

    (void)student_port(first);
    student_end(first);
    (void)student_port(student_start(s, "usage", NULL));
}

static void port_zero(struct session *s)
{
    (void)student_port(student_start(s, "port-zero", NULL));
}

static void not_utf8(struct session *s)
{
    static const char word[] = "caf\xe9";

    (void)student_start(s, "sum", word, NULL);
    session_fail(s, "it did not find %s", word);
}

static void short_text(struct session *s)
{
    struct student *p = student_start(s, "sum", "it's two", NULL);

    for (int i = 0; i < 4; i++)
        session_show_file(s, session_print(s, "%d.txt", i), "a\rb\nc", i == 1 ? 3 : 5);
    student_input(p, "1\n2\r\n3\n4\n5\n6\n7\n", 15);
    student_end_input(p);
    expect_output(p, "sum 1\nsum 2\nsum 3\nsum 4\nsum 5\n", 30);
}

static void other_name(struct session *s)
{
    expect_error(student_start(s, "sum", NULL), "127.0.0.2");
}

static void other_stream(struct session *s)
{
    expect_failure(student_start(s, "usage", NULL), 2);
}

static void run_alone(struct session *s, const char *how)
{
    expect_exit(student_start(s, how, NULL), 0);
}

#define ALONE(function, how)                \
    static void function(struct session *s) \
    {                                       \
        run_alone(s, how);                  \
    }

ALONE(spin, "spin")
ALONE(flood, "flood")
ALONE(forks, "fork")
ALONE(memory, "memory")
ALONE(overflow, "overflow")
ALONE(null, "null")
ALONE(integer, "integer")
ALONE(stack, "stack")
ALONE(past, "past")
ALONE(before, "before")
ALONE(table, "table")
ALONE(leak, "leak")
ALONE(quit, "quit")
ALONE(dig, "dig")
ALONE(forge, "forge")
ALONE(stop, "stop")
ALONE(stop_parent, "stop-parent")

/* ---- requests ---- */

/* A program that asks for three things, of two peers, and prints what it is answered. */
static void asked(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1"), *other = peer_listen(s, "127.0.0.1");
    struct web_request r;
    int count = 0;

    session_closes_early(s);
    struct student *p =
        student_start(s, "ask", peer_host(server), peer_port(server),
                      "GET /a?b HTTP/1.1\r\nhost:  x \r\n\r\n", peer_port(other),
                      "HEAD * HTTP/1.1\r\n\r\n", peer_port(server), "G / HTTP/1.1\r\n\r\n", NULL);
    while (web_next_request(s, &r)) {
        const char *host = web_request_field(&r, "Host");
        const char *text =
            session_print(s, "%s %s %s %s\n", r.method, r.target, host != NULL ? host : "-",
                          r.peer == server ? "server" : "other");
        link_send(r.link, text, strlen(text));
        if (++count != 2)
            link_close(r.link);
        else
            link_shutdown(r.link); /* its end comes while the next request is awaited */
    }
    static const char due[] = "GET /a?b x  server\nHEAD * - other\nG / - server\n";
    expect_output(p, due, sizeof due - 1);
    expect_exit(p, 0);
}

static void ask_once(struct session *s, const char *text)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct web_request r;

    (void)student_start(s, "ask", peer_host(server), peer_port(server), text, NULL);
    (void)web_next_request(s, &r);
}

static void asked_line(struct session *s)
{
    ask_once(s, "GET /a b HTTP/1.1\r\n\r\n");
}

static void asked_field(struct session *s)
{
    ask_once(s, "GET / HTTP/1.1\r\nHost\r\n\r\n");
}

static void asked_end(struct session *s)
{
    ask_once(s, "GET / HTTP/1.1\n\n");
}

/* ---- files, groups and several peers at once ---- */

/* Started without the byte that the copy is to leave out. */
static struct student *copy(struct session *s, const char *without)
{
    session_file(s, "given/text", TEXT, 30);
    struct student *p = student_start(s, "copy", "given/text", "copied", without, NULL);
    expect_exit(p, 0);
    return p;
}

static void file(struct session *s)
{
    struct student *p = copy(s, "!");

    expect_file(p, "copied", TEXT, 30);
    expect_no_file(p, "../copied", "It belongs into the folder.");
    expect_files(p, "given", "copied", NULL);
}

static void file_other(struct session *s)
{
    expect_file(copy(s, "c"), "copied", TEXT, 30);
}

/* As many bytes, and another one among them. */
static void file_same_length(struct session *s)
{
    expect_file(copy(s, "!"), "copied", "abcdefghijklmnopqRstuvwxyz1234", 30);
}

static void file_missing(struct session *s)
{
    expect_file(copy(s, "!"), "other", TEXT, 30);
}

static void file_left(struct session *s)
{
    expect_files(copy(s, "!"), "given", NULL);
}

static void file_there(struct session *s)
{
    expect_no_file(copy(s, "!"), "copied", "It is too early.");
}

static void file_kept(struct session *s)
{
    session_file(s, "other", "as it was", 9);
    expect_kept(copy(s, "!"), "other", "as it was", 9);
}

/* The copy is written into the file itself, which has a second name. */
static void file_changed(struct session *s)
{
    session_file(s, "copied", "as it was", 9);
    session_link(s, "copied", "second");
    expect_kept(copy(s, "!"), "second", "as it was", 9);
}

static void file_kinds(struct session *s)
{
    static const char due[] = "link to there\nfifo of 784111777.000000007\n"
                              "file of -1.000000000\n";

    session_file(s, "given/a", "a", 1);
    session_file(s, "given/link", "in its place", 12);
    session_symlink(s, "given/link", "there");
    session_fifo(s, "given/fifo");
    session_file_date(s, "given/fifo", 784111777, 7);
    session_file_date(s, "given/a", -1, 0);
    struct student *p = student_start(s, "look", "given/link", "given/fifo", "given/a", NULL);
    expect_output(p, due, strlen(due));
    expect_exit(p, 0);
}

static void file_waits(struct session *s)
{
    session_fifo(s, "fifo");
    struct student *p = student_start(s, "open", "fifo", NULL);
    student_input(p, "", 0);
    expect_exit(p, 0);
}

static void file_held(struct session *s)
{
    session_file(s, "given/text", TEXT, 30);
    struct student *p = student_start(s, "hold-files", "7", "given/text", NULL);
    student_input(p, "", 0);
    expect_descriptors(p, 3);
}

static void file_gone(struct session *s)
{
    expect_kept(copy(s, "!"), "other", "as it was", 9);
}

static void file_by_hand(struct session *s)
{
    session_writes_files(s);
    struct student *p = student_start(s, "copy", "/dev/null", "copied", "!", NULL);
    expect_exit(p, 0);
    expect_file(p, "copied", "", 0);
}

static void group(struct session *s)
{
    struct port *port = port_open_group(s, "239.255.7.7");
    struct student *p = student_start(s, "group", port_host(port), port_number(port), NULL);

    port_expect(port, "ready", 5);
    port_ask(port, port, "to-all", 6);
    port_expect(port, "to-all", 6); /* we are one of them */
    port_ask(port, port, "stop", 4);
    expect_output(p, "ready to-all ", 13);
    expect_exit(p, 0);
}

/* The program has the number for itself, and is asked from a socket that is in no group. */
static void group_left(struct session *s)
{
    struct port *port = port_open_group(s, "239.255.7.7"), *asker = port_open(s, "127.0.0.1");

    port_leave(port);
    struct student *p = student_start(s, "group", port_host(port), port_number(port), NULL);
    student_settle(p);
    port_ask(asker, port, "to-all", 6);
    port_ask(asker, port, "stop", 4);
    expect_output(p, "ready to-all ", 13);
    expect_exit(p, 0);
}

/* Nobody is answered before all have asked; the program reads the last one's answer first. */
static void several(struct session *s)
{
    enum { PEERS = 3 };
    struct peer *peers[PEERS];
    struct link *links[PEERS] = {NULL};
    int calls = 0, lines = 0, ends = 0;

    (void)peer_ignore(s, "127.0.0.1"); /* our own call to it is none of the program's */
    for (int i = 0; i < PEERS; i++)
        peers[i] = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "ask-all", peer_port(peers[0]), peer_port(peers[1]),
                                      peer_port(peers[2]), NULL);
    for (;;) {
        struct happening news = session_next(s, "your program to ask");
        if (news.what == HAPPENED_EXIT)
            break;
        calls += news.what == HAPPENED_CALL;
        ends += news.what == HAPPENED_END;
        for (int i = 0; i < PEERS && news.what == HAPPENED_CALL; i++)
            if (news.peer == peers[i])
                links[i] = news.link;
        if (news.what != HAPPENED_LINE)
            continue;
        lines += news.length == 2 && links[news.line[0] - 'a'] == news.link;
        if (news.length == 4 && lines < PEERS) /* "more" */
            continue;
        for (int i = 0; i < PEERS && lines == PEERS && news.length == 2; i++)
            link_send(links[i], (const char[]){(char)('A' + i), '!'}, 2);
    }
    if (calls != PEERS || lines != PEERS || ends != PEERS)
        session_fail(s, "%d calls, %d lines, %d ends", calls, lines, ends);
    expect_output(p, "C! B! A! ", 9);
    expect_exit(p, 0);
}

/* The program waits for an answer, and nobody gives one. */
static void several_silent(struct session *s)
{
    struct peer *peer = peer_listen(s, "127.0.0.1");

    (void)peer_refuse(s, "127.0.0.1"); /* which is always ready for poll(), and nothing happens */
    (void)student_start(s, "ask-all", peer_port(peer), NULL);
    for (;;)
        (void)session_next(s, "your program to give up");
}

/* The program is to ask nobody: the first one does not, the second does. */
static void uncalled(struct session *s)
{
    (void)peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, "ask-all", NULL);
    session_expect_nobody(s, "Nobody was to be asked.");
    expect_exit(p, 0);
}

static void untold(struct session *s)
{
    expect_untold(student_start(s, "numbers", NULL), "open sesame", "the password");
}

static void told(struct session *s)
{
    expect_untold(student_start(s, "numbers", NULL), "340 1.250", "the password");
}

static void called(struct session *s)
{
    (void)student_start(s, "ask-all", peer_port(peer_listen(s, "127.0.0.1")), NULL);
    session_expect_nobody(s, "Nobody was to be asked.");
}

enum { STREAM = 40 << 20 };

/* Bytes of a stream: each tells where it stands, but for the one that is spoilt. */
struct bytes {
    size_t at, length, spoilt;
};

static size_t next_bytes(void *state, char *into, size_t size)
{
    struct bytes *bytes = state;
    size_t n = bytes->length - bytes->at < size ? bytes->length - bytes->at : size;

    for (size_t i = 0; i < n; i++, bytes->at++)
        into[i] = bytes->at == bytes->spoilt ? '#' : (char)('a' + bytes->at % 23);
    return n;
}

static void fat_input(struct session *s)
{
    struct bytes in = {.length = STREAM, .spoilt = SIZE_MAX};
    struct student *p = student_start(s, "keep-input", NULL);
    long before = student_memory(p);

    student_stream_input(p, next_bytes, &in);
    expect_memory(p, before + 8192);
}

/* So much is fed, so much is to be printed, and so much of it is copied; then what is behind it. */
static struct student *stream(struct session *s, struct bytes *in, struct bytes *due, size_t copied,
                              const char *behind)
{
    session_keep_input(s);
    struct student *p =
        student_start(s, "copy-input", session_print(s, "%zu", copied), behind, NULL);

    student_stream_output(p, next_bytes, due);
    student_stream_input(p, next_bytes, in);
    return p;
}

static void stream_compared(struct session *s)
{
    struct bytes in = {.length = STREAM, .spoilt = SIZE_MAX}, due = in, rest = in;

    due.length = rest.length = STREAM + 100;
    struct student *p = stream(s, &in, &due, STREAM + 100, "");
    expect_memory(p, 32768); /* it waits for the rest, and keeps nothing of 40 MiB */
    rest.at = STREAM;
    student_stream_input(p, next_bytes, &rest);
    student_end_input(p);
    expect_stream_output(p);
    expect_exit(p, 0);
    expect_unread(p, 0, "nobody's");
}

static void stream_other(struct session *s)
{
    struct bytes in = {.length = STREAM, .spoilt = 1234567},
                 due = {.length = STREAM, .spoilt = SIZE_MAX};

    expect_stream_output(stream(s, &in, &due, STREAM, ""));
}

static void stream_short(struct session *s)
{
    struct bytes in = {.length = STREAM, .spoilt = SIZE_MAX}, due = in;

    expect_stream_output(stream(s, &in, &due, STREAM - 100000, ""));
}

static void stream_more(struct session *s)
{
    struct bytes in = {.length = STREAM, .spoilt = SIZE_MAX}, due = in;

    expect_stream_output(stream(s, &in, &due, STREAM, "more"));
}

/* Behind what it copies stand 8 bytes that are not its own; that it reads more is our doing. */
static void unread(struct session *s, size_t copied)
{
    session_keep_input(s);
    struct student *p = student_start(s, "copy-input", session_print(s, "%zu", copied), "", NULL);

    student_input(p, "0123456789abcdefgh", 18);
    student_end_input(p);
    expect_output(p, "0123456789abcdefgh", copied);
    expect_exit(p, 0);
    expect_unread(p, 8, "the letters");
}

static void unread_right(struct session *s)
{
    unread(s, 10);
}

static void unread_less(struct session *s)
{
    unread(s, 13);
}

static void unread_more(struct session *s)
{
    unread(s, 9);
}

static void answer_and_close(struct session *s, const char *how)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    (void)student_start(s, "answer-and-close", peer_host(server), peer_port(server), how, NULL);
    struct link *link = peer_accept(server);

    link_expect(link, "ok", 2);
    link_expect_end(link);
    link_send(link, "and more", 8);
    link_wait_read(link);
    link_expect_no_reset(link);
    link_close(link);
}

static void answer_read_on(struct session *s)
{
    answer_and_close(s, "reads on");
}

static void answer_closed(struct session *s)
{
    answer_and_close(s, NULL);
}

static void input_pieces(struct session *s)
{
    struct student *p = student_start(s, "count-input", NULL);

    student_input(p, "abc", 3);
    student_wait_read(p);
    student_input(p, "defg", 4);
    student_wait_read(p);
    student_end_input(p);
    expect_output(p, "3 4 ", 4);
}

static void cost_limit(struct session *s)
{
    struct student *p = student_start(s, "copy-input", "0", "", "work", NULL);

    student_limit_processor(p, 300);
    expect_exit(p, 0);
}

static const struct test_case CASES[] = {
    {.name = "pieces", .title = "t", .points = 1, .teaches = "t", .run = pieces},
    {.name = "waitall", .title = "t", .points = 1, .teaches = "t", .run = waitall},
    {.name = "udp", .title = "t", .points = 1, .teaches = "t", .run = udp},
    {.name = "udp-strangers", .title = "t", .points = 1, .teaches = "t", .run = udp_strangers},
    {.name = "udp-refused", .title = "t", .points = 1, .teaches = "t", .run = udp_refused},
    {.name = "udp-other", .title = "t", .points = 1, .teaches = "t", .run = udp_other},
    {.name = "cork", .title = "t", .points = 1, .teaches = "t", .run = cork},
    {.name = "options", .title = "t", .points = 1, .teaches = "t", .run = options},
    {.name = "queue-up", .title = "t", .points = 1, .teaches = "t", .run = queue_up},
    {.name = "queue-asleep", .title = "t", .points = 1, .teaches = "t", .run = queue_asleep},
    {.name = "listened-only", .title = "t", .points = 1, .teaches = "t", .run = listened_only},
    {.name = "stopped-early", .title = "t", .points = 1, .teaches = "t", .run = stopped_early},
    {.name = "signalled", .title = "t", .points = 1, .teaches = "t", .run = signalled},
    {.name = "busy-writable",
     .title = "t",
     .points = 1,
     .teaches = "t",
     .run = busy_writable,
     .limit_ms = 300},
    {.name = "busy-in-vain",
     .title = "t",
     .points = 1,
     .teaches = "t",
     .run = busy_in_vain,
     .limit_ms = 300},
    {.name = "option-value", .title = "t", .points = 1, .teaches = "t", .run = option_value},
    {.name = "late-option", .title = "t", .points = 1, .teaches = "t", .run = late_option},
    {.name = "option-never", .title = "t", .points = 1, .teaches = "t", .run = option_never},
    {.name = "option-elsewhere",
     .title = "t",
     .points = 1,
     .teaches = "t",
     .run = option_elsewhere},
    {.name = "option-failed", .title = "t", .points = 1, .teaches = "t", .run = option_failed},
    {.name = "option-linger", .title = "t", .points = 1, .teaches = "t", .run = option_linger},
    {.name = "option-gone", .title = "t", .points = 1, .teaches = "t", .run = option_gone},
    {.name = "shape", .title = "t", .points = 1, .teaches = "t", .run = shape},
    {.name = "shape-other", .title = "t", .points = 1, .teaches = "t", .run = shape_other},
    {.name = "daemon", .title = "t", .points = 1, .teaches = "t", .run = left_daemon},
    {.name = "bytes", .title = "t", .points = 1, .teaches = "t", .run = bytes},
    {.name = "spoilt-input", .title = "t", .points = 1, .teaches = "t", .run = spoilt_input},
    {.name = "timed", .title = "t", .points = 1, .teaches = "t", .run = timed},
    {.name = "queued-read", .title = "t", .points = 1, .teaches = "t", .run = queued_read},
    {.name = "held", .title = "t", .points = 1, .teaches = "t", .run = held},
    {.name = "held-close", .title = "t", .points = 1, .teaches = "t", .run = held_close},
    {.name = "random", .title = "t", .points = 1, .teaches = "t", .run = random_numbers},
    {.name = "read", .title = "t", .points = 1, .teaches = "t", .run = never_reads},
    {.name = "join", .title = "t", .points = 1, .teaches = "t", .run = join},
    {.name = "close-all", .title = "t", .points = 1, .teaches = "t", .run = close_all},
    {.name = "zombie", .title = "t", .points = 1, .teaches = "t", .run = zombie},
    {.name = "sigpipe", .title = "t", .points = 1, .teaches = "t", .run = sigpipe},
    {.name = "spin", .title = "t", .points = 1, .teaches = "t", .run = spin, .limit_ms = 300},
    {.name = "flood", .title = "t", .points = 1, .teaches = "t", .run = flood},
    {.name = "forks", .title = "t", .points = 1, .teaches = "t", .run = forks},
    {.name = "memory", .title = "t", .points = 1, .teaches = "t", .run = memory},
    {.name = "overflow", .title = "t", .points = 1, .teaches = "t", .run = overflow},
    {.name = "null", .title = "t", .points = 1, .teaches = "t", .run = null},
    {.name = "integer", .title = "t", .points = 1, .teaches = "t", .run = integer},
    {.name = "stack", .title = "t", .points = 1, .teaches = "t", .run = stack},
    {.name = "past", .title = "t", .points = 1, .teaches = "t", .run = past},
    {.name = "before", .title = "t", .points = 1, .teaches = "t", .run = before},
    {.name = "table", .title = "t", .points = 1, .teaches = "t", .run = table},
    {.name = "leak", .title = "t", .points = 1, .teaches = "t", .run = leak, .leaks = true},
    {.name = "quit", .title = "t", .points = 1, .teaches = "t", .run = quit, .leaks = true},
    {.name = "udp-server", .title = "t", .points = 1, .teaches = "t", .run = udp_server},
    {.name = "hole", .title = "t", .points = 1, .teaches = "t", .run = no_answer, .limit_ms = 300},
    {.name = "dig", .title = "t", .points = 1, .teaches = "t", .run = dig},
    {.name = "forge", .title = "t", .points = 1, .teaches = "t", .run = forge},
    {.name = "stop", .title = "t", .points = 1, .teaches = "t", .run = stop, .limit_ms = 300},
    {.name = "stop-parent", .title = "t", .points = 1, .teaches = "t", .run = stop_parent},
    {.name = "reply-rubbish", .title = "t", .points = 1, .teaches = "t", .run = reply_rubbish},
    {.name = "reply-left-over", .title = "t", .points = 1, .teaches = "t", .run = reply_left_over},
    {.name = "reply-whole", .title = "t", .points = 1, .teaches = "t", .run = reply_whole},
    {.name = "reply-nul", .title = "t", .points = 1, .teaches = "t", .run = reply_nul},
    {.name = "reply-line-end", .title = "t", .points = 1, .teaches = "t", .run = reply_line_end},
    {.name = "send-string", .title = "t", .points = 1, .teaches = "t", .run = send_string},
    {.name = "give-up", .title = "t", .points = 1, .teaches = "t", .run = give_up},
    {.name = "send-first", .title = "t", .points = 1, .teaches = "t", .run = send_first},
    {.name = "short-exit", .title = "t", .points = 1, .teaches = "t", .run = short_exit},
    {.name = "short-close", .title = "t", .points = 1, .teaches = "t", .run = short_close},
    {.name = "short-signal", .title = "t", .points = 1, .teaches = "t", .run = short_signal},
    {.name = "short-line", .title = "t", .points = 1, .teaches = "t", .run = short_line},
    {.name = "last-byte", .title = "t", .points = 1, .teaches = "t", .run = last_byte},
    {.name = "silent-due", .title = "t", .points = 1, .teaches = "t", .run = silent_due},
    {.name = "silent-first", .title = "t", .points = 1, .teaches = "t", .run = silent_first},
    {.name = "silent-wrong", .title = "t", .points = 1, .teaches = "t", .run = silent_wrong},
    {.name = "silent-both", .title = "t", .points = 1, .teaches = "t", .run = silent_both},
    {.name = "other-nul", .title = "t", .points = 1, .teaches = "t", .run = other_nul},
    {.name = "last-letter", .title = "t", .points = 1, .teaches = "t", .run = last_letter},
    {.name = "other-more", .title = "t", .points = 1, .teaches = "t", .run = other_more},
    {.name = "other-end", .title = "t", .points = 1, .teaches = "t", .run = other_end},
    {.name = "other-long", .title = "t", .points = 1, .teaches = "t", .run = other_long},
    {.name = "more-sent", .title = "t", .points = 1, .teaches = "t", .run = more_sent},
    {.name = "sleep-nothing", .title = "t", .points = 1, .teaches = "t", .run = sleep_nothing},
    {.name = "sleep-select",
     .title = "t",
     .points = 1,
     .teaches = "t",
     .run = sleep_select,
     .limit_ms = 300},
    {.name = "sleep-sleep",
     .title = "t",
     .points = 1,
     .teaches = "t",
     .run = sleep_sleep,
     .limit_ms = 300},
    {.name = "sleep-short",
     .title = "t",
     .points = 1,
     .teaches = "t",
     .run = sleep_short,
     .faults = "eintr"},
    {.name = "sleep-pipes", .title = "t", .points = 1, .teaches = "t", .run = sleep_pipes},
    {.name = "hold-open", .title = "t", .points = 1, .teaches = "t", .run = hold_open},
    {.name = "compare-memory", .title = "t", .points = 1, .teaches = "t", .run = compare_memory},
    {.name = "compare-strings", .title = "t", .points = 1, .teaches = "t", .run = compare_strings},
    {.name = "compare-all", .title = "t", .points = 1, .teaches = "t", .run = compare_all},
    {.name = "asked", .title = "t", .points = 1, .teaches = "t", .run = asked},
    {.name = "asked-line", .title = "t", .points = 1, .teaches = "t", .run = asked_line},
    {.name = "asked-field", .title = "t", .points = 1, .teaches = "t", .run = asked_field},
    {.name = "asked-end", .title = "t", .points = 1, .teaches = "t", .run = asked_end},
    {.name = "web-length", .title = "t", .points = 1, .teaches = "t", .run = web_length},
    {.name = "web-chunks", .title = "t", .points = 1, .teaches = "t", .run = web_chunks},
    {.name = "web-close", .title = "t", .points = 1, .teaches = "t", .run = web_close},
    {.name = "web-head", .title = "t", .points = 1, .teaches = "t", .run = web_none},
    {.name = "web-304", .title = "t", .points = 1, .teaches = "t", .run = web_304},
    {.name = "web-short", .title = "t", .points = 1, .teaches = "t", .run = web_short},
    {.name = "web-both", .title = "t", .points = 1, .teaches = "t", .run = web_both},
    {.name = "web-line", .title = "t", .points = 1, .teaches = "t", .run = web_line},
    {.name = "web-blank", .title = "t", .points = 1, .teaches = "t", .run = web_blank},
    {.name = "web-status-line", .title = "t", .points = 1, .teaches = "t", .run = web_status_line},
    {.name = "web-chunk-end", .title = "t", .points = 1, .teaches = "t", .run = web_chunk_end},
    {.name = "web-204", .title = "t", .points = 1, .teaches = "t", .run = web_204},
    {.name = "web-status", .title = "t", .points = 1, .teaches = "t", .run = web_status},
    {.name = "web-body", .title = "t", .points = 1, .teaches = "t", .run = web_body},
    {.name = "web-header", .title = "t", .points = 1, .teaches = "t", .run = web_header},
    {.name = "web-no-header", .title = "t", .points = 1, .teaches = "t", .run = web_no_header},
    {.name = "datagram", .title = "t", .points = 1, .teaches = "t", .run = datagram},
    {.name = "beside", .title = "t", .points = 1, .teaches = "t", .run = beside},
    {.name = "after", .title = "t", .points = 1, .teaches = "t", .run = after},
    {.name = "port-zero", .title = "t", .points = 1, .teaches = "t", .run = port_zero},
    {.name = "not-utf8", .title = "t", .points = 1, .teaches = "t", .run = not_utf8},
    {.name = "short-text", .title = "t", .points = 1, .teaches = "t", .run = short_text},
    {.name = "other-name", .title = "t", .points = 1, .teaches = "t", .run = other_name},
    {.name = "other-stream", .title = "t", .points = 1, .teaches = "t", .run = other_stream},
    {.name = "narrow", .title = "t", .points = 1, .teaches = "t", .run = narrow},
    {.name = "taken", .title = "t", .points = 1, .teaches = "t", .run = taken},
    {.name = "lines", .title = "t", .points = 1, .teaches = "t", .run = lines},
    {.name = "no-line", .title = "t", .points = 1, .teaches = "t", .run = no_line},
    {.name = "counted", .title = "t", .points = 1, .teaches = "t", .run = counted},
    {.name = "no-count", .title = "t", .points = 1, .teaches = "t", .run = no_count},
    {.name = "echo", .title = "t", .points = 1, .teaches = "t", .run = echo},
    {.name = "both-ways", .title = "t", .points = 1, .teaches = "t", .run = both_ways},
    {.name = "one-way", .title = "t", .points = 1, .teaches = "t", .run = one_way},
    {.name = "reset", .title = "t", .points = 1, .teaches = "t", .run = reset},
    {.name = "reset-unread", .title = "t", .points = 1, .teaches = "t", .run = reset_unread},
    {.name = "no-reset-unread", .title = "t", .points = 1, .teaches = "t", .run = no_reset_unread},
    {.name = "no-reset", .title = "t", .points = 1, .teaches = "t", .run = no_reset},
    {.name = "spare", .title = "t", .points = 1, .teaches = "t", .run = spare},
    {.name = "full-disk", .title = "t", .points = 1, .teaches = "t", .run = full_disk},
    {.name = "unready", .title = "t", .points = 1, .teaches = "t", .run = unready},
    {.name = "become", .title = "t", .points = 1, .teaches = "t", .run = become},
    {.name = "cost", .title = "t", .points = 1, .teaches = "t", .run = cost},
    {.name = "cost-time", .title = "t", .points = 1, .teaches = "t", .run = cost_time},
    {.name = "cost-busy", .title = "t", .points = 1, .teaches = "t", .run = cost_busy},
    {.name = "cost-calls", .title = "t", .points = 1, .teaches = "t", .run = cost_calls},
    {.name = "cost-sockets", .title = "t", .points = 1, .teaches = "t", .run = cost_sockets},
    {.name = "room", .title = "t", .points = 1, .teaches = "t", .run = room},
    {.name = "threads-joined", .title = "t", .points = 1, .teaches = "t", .run = threads_joined},
    {.name = "threads-left", .title = "t", .points = 1, .teaches = "t", .run = threads_left},
    {.name = "threads-waiting", .title = "t", .points = 1, .teaches = "t", .run = threads_waiting},
    {.name = "fat", .title = "t", .points = 1, .teaches = "t", .run = fat},
    {.name = "fat-input", .title = "t", .points = 1, .teaches = "t", .run = fat_input},
    {.name = "file", .title = "t", .points = 1, .teaches = "t", .run = file},
    {.name = "file-other", .title = "t", .points = 1, .teaches = "t", .run = file_other},
    {.name = "file-bytes", .title = "t", .points = 1, .teaches = "t", .run = file_same_length},
    {.name = "file-missing", .title = "t", .points = 1, .teaches = "t", .run = file_missing},
    {.name = "file-left", .title = "t", .points = 1, .teaches = "t", .run = file_left},
    {.name = "file-there", .title = "t", .points = 1, .teaches = "t", .run = file_there},
    {.name = "file-kept", .title = "t", .points = 1, .teaches = "t", .run = file_kept},
    {.name = "file-changed", .title = "t", .points = 1, .teaches = "t", .run = file_changed},
    {.name = "file-gone", .title = "t", .points = 1, .teaches = "t", .run = file_gone},
    {.name = "file-kinds", .title = "t", .points = 1, .teaches = "t", .run = file_kinds},
    {.name = "file-waits", .title = "t", .points = 1, .teaches = "t", .run = file_waits},
    {.name = "file-held", .title = "t", .points = 1, .teaches = "t", .run = file_held},
    {.name = "file-by-hand", .title = "t", .points = 1, .teaches = "t", .run = file_by_hand},
    {.name = "group", .title = "t", .points = 1, .teaches = "t", .run = group},
    {.name = "group-left", .title = "t", .points = 1, .teaches = "t", .run = group_left},
    {.name = "several", .title = "t", .points = 1, .teaches = "t", .run = several},
    {.name = "several-silent", .title = "t", .points = 1, .teaches = "t", .run = several_silent},
    {.name = "untold", .title = "t", .points = 1, .teaches = "t", .run = untold},
    {.name = "told", .title = "t", .points = 1, .teaches = "t", .run = told},
    {.name = "uncalled", .title = "t", .points = 1, .teaches = "t", .run = uncalled},
    {.name = "called", .title = "t", .points = 1, .teaches = "t", .run = called},
    {.name = "stream-compared", .title = "t", .points = 1, .teaches = "t", .run = stream_compared},
    {.name = "stream-other", .title = "t", .points = 1, .teaches = "t", .run = stream_other},
    {.name = "stream-short", .title = "t", .points = 1, .teaches = "t", .run = stream_short},
    {.name = "stream-more", .title = "t", .points = 1, .teaches = "t", .run = stream_more},
    {.name = "unread-right", .title = "t", .points = 1, .teaches = "t", .run = unread_right},
    {.name = "unread-less", .title = "t", .points = 1, .teaches = "t", .run = unread_less},
    {.name = "unread-more", .title = "t", .points = 1, .teaches = "t", .run = unread_more},
    {.name = "input-pieces", .title = "t", .points = 1, .teaches = "t", .run = input_pieces},
    {.name = "answer-read-on", .title = "t", .points = 1, .teaches = "t", .run = answer_read_on},
    {.name = "answer-closed", .title = "t", .points = 1, .teaches = "t", .run = answer_closed},
    {.name = "cost-limit", .title = "t", .points = 1, .teaches = "t", .run = cost_limit},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
