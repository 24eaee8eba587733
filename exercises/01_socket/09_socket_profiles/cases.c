/* Exercise 1.9, socket profiles: what is tried, and how. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/harness.h"

/* As getsockopt() reads them; a buffer reads as twice what it was set to. */
enum {
    ANSWER_LEAST = 5000, /* ms */
    ANSWER_MOST = 10000,
    OUTAGE = 120000,
    TYPED_LEAST = 2 * 4096,
    TYPED_MOST = 2 * 32768,
    UNDER_WAY = 20 * 1000 * 1000 / 8 / 1000 * 80, /* bytes: 20 Mbit/s for 80 ms */
    BULK_MOST = 500000,
    SILENCE = 20, /* s */
    NOTICED = 60,
    QUESTIONS = 3,
    BOTH_BUFFERS = 67108 /* bytes: 640 MiB for 10,000 connections */
};

/* ---- what a profile needs ---- */

static void check_interactive(struct link *link)
{
    link_expect_option(link, "TCP_NODELAY", 1, 1,
                       "a keystroke leaves at once, also while the one before is not acknowledged");
    link_expect_option(link, "TCP_CORK", 0, 0, "a keystroke leaves at once");
    link_expect_option(link, "TCP_USER_TIMEOUT", ANSWER_LEAST, ANSWER_MOST,
                       "what is sent and not acknowledged ends the connection, after 5 s at the "
                       "earliest and 10 s at the latest");
    link_expect_option(
        link, "SO_SNDBUF", TYPED_LEAST, TYPED_MOST,
        "from 4,096 to 32,768 bytes may wait to be sent, and the kernel doubles what "
        "is set");
}

/* What the system gives to who asks for so much room, as it is read; 0 if it will not say. */
static long granted(int option, int size)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), value = 0;
    socklen_t length = sizeof value;

    if (fd == -1)
        return 0;
    if (setsockopt(fd, SOL_SOCKET, option, &size, sizeof size) == -1 ||
        getsockopt(fd, SOL_SOCKET, option, &value, &length) == -1)
        value = 0;
    (void)close(fd); /* never connected */
    return value;
}

static void check_bulk(struct link *link)
{
    static const char why[] =
        "what is under way at 20 Mbit/s and 80 ms has room in it, and no more "
        "than 500,000 bytes, and the kernel doubles what is set";
    long send_least = granted(SO_SNDBUF, UNDER_WAY), receive_least = granted(SO_RCVBUF, UNDER_WAY);
    long outage = link_option(link, "TCP_USER_TIMEOUT");

    link_expect_option(link, "TCP_NODELAY", 0, 0, "only full packets leave, but for the last");
    link_expect_option(link, "SO_SNDBUF", send_least, 2L * BULK_MOST, why);
    link_expect_option(link, "SO_RCVBUF", receive_least, 2L * BULK_MOST, why);
    if (outage != 0)
        link_expect_option(link, "TCP_USER_TIMEOUT", OUTAGE, LONG_MAX,
                           "an outage of 120 s is outlived");
}

/* After how many questions without an answer the kernel gives up: tcp(7), TCP_USER_TIMEOUT. */
static long questions(long idle, long interval, long count, long user_ms)
{
    long asked = 1;

    if (user_ms == 0)
        return count;
    while ((idle + asked * interval) * 1000 < user_ms)
        asked++;
    return asked;
}

static void check_questions(struct session *s, struct link *link)
{
    long idle = link_option(link, "TCP_KEEPIDLE"), interval = link_option(link, "TCP_KEEPINTVL");
    long user = link_option(link, "TCP_USER_TIMEOUT");
    long asked = questions(idle, interval, link_option(link, "TCP_KEEPCNT"), user);
    long noticed = idle + asked * interval;

    if (idle == 0) /* play: nothing was read */
        return;
    if (user == 0)
        link_expect_option(link, "TCP_KEEPCNT", QUESTIONS, LONG_MAX,
                           "3 questions at least go unanswered before the connection is given up");
    else if (asked < QUESTIONS)
        session_fail(s,
                     "TCP_USER_TIMEOUT is %ld ms. Where it is set, it takes the place of "
                     "TCP_KEEPCNT (tcp(7)): here the connection is given up when %ld of the 3 "
                     "questions went unanswered. 0 turns it off.",
                     user, asked);
    if (noticed > NOTICED)
        session_fail(s,
                     "A peer that vanished is noticed after %ld s: TCP_KEEPIDLE, %ld s, then %ld "
                     "questions %ld s apart, which is TCP_KEEPINTVL. It should be 60 s at most.",
                     noticed, idle, asked, interval);
}

static void check_long_lived(struct session *s, struct link *link)
{
    link_expect_option(link, "SO_KEEPALIVE", 1, 1,
                       "a peer that vanished says nothing, and only asking finds that out");
    link_expect_option(link, "TCP_KEEPIDLE", SILENCE, LONG_MAX,
                       "in the first 20 s of silence nothing is asked");
    check_questions(s, link);
    link_expect_option(link, "SO_SNDBUF", TYPED_LEAST, LONG_MAX,
                       "4,096 bytes have room, and the kernel doubles what is set");
    link_expect_option(link, "SO_RCVBUF", TYPED_LEAST, LONG_MAX,
                       "4,096 bytes have room, and the kernel doubles what is set");
    long both = link_option(link, "SO_SNDBUF") + link_option(link, "SO_RCVBUF");
    if (both > BOTH_BUFFERS)
        session_fail(s,
                     "SO_SNDBUF and SO_RCVBUF of the socket of this connection read as %ld bytes "
                     "together, %.0f MiB for 10,000 connections; 640 MiB allow 67,108 for one. The "
                     "kernel doubles what is set: SO_SNDBUF was set to %s, SO_RCVBUF to %s.",
                     both, (double)both * 10000 / (1 << 20), link_setting(link, "SO_SNDBUF"),
                     link_setting(link, "SO_RCVBUF"));
}

static void check(struct session *s, struct link *link, const char *profile)
{
    if (strcmp(profile, "interactive") == 0)
        check_interactive(link);
    else if (strcmp(profile, "bulk") == 0)
        check_bulk(link);
    else
        check_long_lived(s, link);
    link_expect_option(link, "SO_LINGER", -1, -1,
                       "close() returns at once and throws nothing away");
}

/* ---- conversations ---- */

enum { LINE = 24 };

/* A client whom the server has answered: so it has a socket for it, to be looked at. */
static struct link *begin(struct session *s, const char *port)
{
    struct link *link = link_connect(s, "127.0.0.1", port);
    char line[LINE];

    session_text(s, line, sizeof line);
    link_send(link, line, sizeof line);
    link_expect(link, line, sizeof line);
    return link;
}

static void finish_link(struct link *link)
{
    link_shutdown(link);
    link_expect_end(link);
    link_close(link);
}

static void serve(struct session *s, const char *profile)
{
    const char *port = student_port(student_start(s, "serve", profile, "0", NULL));
    struct link *link = begin(s, port);

    check(s, link, profile);
    finish_link(link);
}

/* The reply comes when the client has sent its end: until then it waits, and can be looked at. */
static void connect_to(struct session *s, const char *profile)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "connect", profile, peer_host(server), peer_port(server), NULL);
    char question[LINE], answer[LINE];

    session_text(s, question, sizeof question);
    session_text(s, answer, sizeof answer);
    student_input(p, question, sizeof question);
    student_end_input(p);
    struct link *link = peer_accept(server);
    link_expect(link, question, sizeof question);
    link_expect_end(link);
    check(s, link, profile);
    link_send(link, answer, sizeof answer);
    link_close(link);
    expect_output(p, answer, sizeof answer);
    expect_exit(p, 0);
}

/* ---- the cases ---- */

#define PROFILE(function, conversation, profile) \
    static void function(struct session *s)      \
    {                                            \
        conversation(s, profile);                \
    }

PROFILE(client_interactive, connect_to, "interactive")
PROFILE(server_interactive, serve, "interactive")
PROFILE(client_bulk, connect_to, "bulk")
PROFILE(server_bulk, serve, "bulk")
PROFILE(client_long_lived, connect_to, "long-lived")
PROFILE(server_long_lived, serve, "long-lived")

static const char *any_profile(struct session *s)
{
    static const char *const profiles[] = {"interactive", "bulk", "long-lived"};

    return profiles[session_random(s, 3)];
}

static void next_clients(struct session *s)
{
    const char *port = student_port(student_start(s, "serve", "interactive", "0", NULL));

    for (int i = 0; i < 3; i++) {
        struct link *link = begin(s, port);
        link_expect_option(
            link, "TCP_NODELAY", 1, 1,
            session_print(s, "so it is in \"interactive\", for client %d as well", i + 1));
        finish_link(link);
    }
}

/* No option can be set: the client says so, and does not go on as if nothing had happened. */
static void refused_option(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p =
        student_start(s, "connect", any_profile(s), peer_host(server), peer_port(server), NULL);

    student_end_input(p);
    for (;;) { /* it may find out before it connects, or behind that */
        struct happening news = session_next(s, "your program to end");
        if (news.what == HAPPENED_EXIT)
            break;
        if (news.what == HAPPENED_END)
            link_close(news.link);
    }
    expect_failure(p, 1);
}

/* It ends with a connection open: what is left of that holds the port, but for SO_REUSEADDR. */
static void restart(struct session *s)
{
    const char *profile = any_profile(s);
    struct student *p = student_start(s, "serve", profile, "0", NULL);
    const char *port = student_port(p);
    struct link *link = begin(s, port);

    student_expect_option(p, port, "SO_REUSEADDR", 1, 1, "the server can be started again at once");
    student_end(p);
    link_wait_end(link);
    (void)student_port(student_start(s, "serve", profile, port, NULL));
    finish_link(begin(s, port));
}

static void usage(struct session *s)
{
    static const char *const wrong[][4] = {
        {"serve", "fast", "0", NULL},    {"serve", "long", "0", NULL},
        {"serve", "bulky", "0", NULL},   {"serve", "", "0", NULL},
        {"serve", "bulk", NULL, NULL},   {"serve", "bulk", "65536", NULL},
        {"connect", "Bulk", "::1", "1"}, {"connect", "bulk", "::1", "0"},
        {"connect", "bulk", "::1", NULL}};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_failure(student_start(s, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], NULL),
                       2);
}

/* With a client connected. Memory is looked at in the end. */
static void clean(struct session *s)
{
    const char *profile = any_profile(s);
    struct student *p = student_start(s, "serve", profile, "0", NULL);
    const char *port = student_port(p);

    finish_link(begin(s, port));
    struct link *link = begin(s, port);
    student_settle(p);
    student_signal(p, SIGTERM);
    expect_exit(p, 0);
    link_wait_end(link);
}

static const struct test_case CASES[] = {
    {.name = "client-interactive",
     .title = "connect interactive",
     .points = 2,
     .teaches = "A keystroke leaves at once, an unanswered one is noticed within 10 s, and little "
                "output waits in the kernel.",
     .run = client_interactive},
    {.name = "server-interactive",
     .title = "serve interactive: the socket that accept() returned",
     .points = 2,
     .teaches = "The server's end of the connection has the same needs. On Linux accept() hands on "
                "the options that the listening socket has by then, and only those.",
     .run = server_interactive},
    {.name = "client-bulk",
     .title = "connect bulk",
     .points = 2,
     .teaches = "Bandwidth times delay must have room in each buffer: 20 Mbit/s for 80 ms are "
                "200,000 bytes. Full packets, and an outage outlived, are what the system gives by "
                "itself.",
     .run = client_bulk},
    {.name = "server-bulk",
     .title = "serve bulk: the socket that accept() returned",
     .points = 2,
     .teaches =
         "What one profile needs, another must not have: full packets want Nagle's algorithm "
         "on, and an outage no short limit.",
     .run = server_bulk},
    {.name = "client-long-lived",
     .title = "connect long-lived",
     .points = 3,
     .teaches = "With SO_KEEPALIVE: TCP_KEEPIDLE of silence, then TCP_KEEPCNT questions "
                "TCP_KEEPINTVL apart. And buffers that ten thousand connections can have.",
     .run = client_long_lived},
    {.name = "server-long-lived",
     .title = "serve long-lived: the socket that accept() returned",
     .points = 3,
     .teaches = "The peers that vanish are the clients: it is the server that keeps a descriptor "
                "and two buffers for each of them.",
     .run = server_long_lived},
    {.name = "next-clients",
     .title = "three clients in a row",
     .points = 2,
     .teaches = "Each connection has a socket of its own, and each of them needs its options.",
     .run = next_clients},
    {.name = "restart",
     .title = "killed with a connection open, and started again on the same port",
     .points = 1,
     .teaches = "SO_REUSEADDR, before bind(), is the option of every profile's listening socket.",
     .run = restart},
    {.name = "refused-option",
     .title = "no option can be set",
     .points = 1,
     .teaches = "setsockopt() returned -1: then the conversation has not got what it needs, and "
                "nobody would notice; a message, and status 1.",
     .run = refused_option,
     .faults = "option-refused"},
    {.name = "usage",
     .title = "profiles that do not exist, ports that are none",
     .points = 1,
     .teaches = "There are three profiles, by their full names; else the command line is wrong, "
                "status 2.",
     .run = usage},
    {.name = "clean",
     .title = "SIGTERM, and nothing left behind",
     .points = 1,
     .teaches = "On SIGTERM the server closes what it holds, frees its memory and returns 0 from "
                "main.",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
