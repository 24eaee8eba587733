/* Exercise 1.2, fetch from the first server that answers: what is tried, and how. */
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

enum { MEBIBYTE = 1 << 20, QUESTION_MOST = 65536 };

/* A question and an answer that no program can know beforehand. */
struct talk {
    char question[32], answer[64];
    size_t question_length, answer_length;
};

static struct talk make_talk(struct session *s)
{
    struct talk talk = {.question_length = 8 + session_random(s, 16),
                        .answer_length = 24 + session_random(s, 32)};

    session_text(s, talk.question, talk.question_length);
    session_text(s, talk.answer, talk.answer_length);
    talk.question[talk.question_length - 1] = '\n';
    talk.answer[talk.answer_length - 1] = '\n';
    return talk;
}

static void ask(struct student *p, const struct talk *talk)
{
    student_input(p, talk->question, talk->question_length);
    student_end_input(p);
}

/* Takes a connection and the question; the answer is the caller's. */
static struct link *take_question(struct peer *server, const struct talk *talk)
{
    struct link *link = peer_accept(server);

    link_expect(link, talk->question, talk->question_length);
    link_expect_end(link);
    return link;
}

static void answer(struct peer *server, const struct talk *talk)
{
    struct link *link = take_question(server, talk);

    link_send(link, talk->answer, talk->answer_length);
    link_close(link);
}

static void reply(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    struct talk talk = make_talk(s);

    ask(p, &talk);
    answer(server, &talk);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

static void answer_in_pieces(struct session *s, const size_t *sizes)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    struct talk talk = make_talk(s);

    ask(p, &talk);
    struct link *link = take_question(server, &talk);
    link_send_pieces(link, talk.answer, talk.answer_length, sizes);
    link_close(link);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

static void reply_in_pieces(struct session *s)
{
    size_t sizes[] = {1 + session_random(s, 8), 1 + session_random(s, 8), 0};

    answer_in_pieces(s, sizes);
}

/* As many calls of recv() as there can be, so that one of them is interrupted with every seed. */
static void interrupted(struct session *s)
{
    static const size_t sizes[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};

    answer_in_pieces(s, sizes);
}

/* The server speaks only once it knows that the question is complete. */
static void half_close(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    struct talk talk = make_talk(s);

    student_end_input(p); /* an empty question is a question too */
    struct link *link = peer_accept(server);
    link_expect_end(link);
    link_send(link, talk.answer, talk.answer_length);
    link_close(link);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

static void binary(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    unsigned char question[600], bytes[3000];

    session_bytes(s, question, sizeof question);
    session_bytes(s, bytes, sizeof bytes);
    question[0] = bytes[0] = bytes[1] = '\0';
    bytes[sizeof bytes - 1] = '\0';
    student_input(p, question, sizeof question);
    student_end_input(p);
    struct link *link = peer_accept(server);
    link_expect(link, question, sizeof question);
    link_expect_end(link);
    link_send(link, bytes, sizeof bytes);
    link_close(link);
    expect_output(p, bytes, sizeof bytes);
    expect_exit(p, 0);
}

static void refused_then_next(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1"), *server = peer_listen(s, "127.0.0.2"),
                *spare = peer_listen(s, "127.0.0.3");
    struct student *p = student_start(s, peer_host(closed), peer_port(closed), peer_host(server),
                                      peer_port(server), peer_host(spare), peer_port(spare), NULL);
    struct talk talk = make_talk(s);

    ask(p, &talk);
    answer(server, &talk);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
    peer_expect_nobody(spare, "The server before it had answered.");
}

static void large_reply(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1"), *server = peer_listen(s, "127.0.0.2");
    struct student *p = student_start(s, peer_host(closed), peer_port(closed), peer_host(server),
                                      peer_port(server), NULL);
    struct talk talk = make_talk(s);
    char *bytes = session_alloc(s, MEBIBYTE);

    session_bytes(s, bytes, MEBIBYTE);
    ask(p, &talk);
    struct link *link = take_question(server, &talk);
    link_send(link, bytes, MEBIBYTE);
    link_close(link);
    expect_output(p, bytes, MEBIBYTE);
    expect_exit(p, 0);
}

/* The question is longer than one send() takes here, behind a server that refuses. */
static void long_question(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1"), *server = peer_listen(s, "127.0.0.2");
    struct student *p = student_start(s, peer_host(closed), peer_port(closed), peer_host(server),
                                      peer_port(server), NULL);
    size_t length = 20000 + session_random(s, 12000);
    char *question = session_alloc(s, length);
    struct talk talk = make_talk(s);

    session_text(s, question, length);
    student_input(p, question, length);
    student_end_input(p);
    struct link *link = peer_accept(server);
    link_expect(link, question, length);
    link_expect_end(link);
    link_send(link, talk.answer, talk.answer_length);
    link_close(link);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

/* As long as a question may be, and then a byte more, which is to be refused and not cut. */
static void longest_question(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    char *question = session_alloc(s, QUESTION_MOST + 1);
    struct talk talk = make_talk(s);

    session_bytes(s, question, QUESTION_MOST + 1);
    student_input(p, question, QUESTION_MOST);
    student_end_input(p);
    struct link *link = peer_accept(server);
    link_expect(link, question, QUESTION_MOST);
    link_expect_end(link);
    link_send(link, talk.answer, talk.answer_length);
    link_close(link);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
    p = student_start(s, peer_host(server), peer_port(server), NULL);
    student_input(p, question, QUESTION_MOST + 1);
    student_end_input(p);
    expect_failure(p, 1);
    peer_expect_nobody(server, "The question was longer than 65,536 bytes.");
}

static void every_address(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.3");
    struct talk talk = make_talk(s);

    session_host(s, "two.test", "127.0.0.9", peer_host(server), NULL); /* the first one refuses */
    struct student *p = student_start(s, "two.test", peer_port(server), NULL);
    ask(p, &talk);
    answer(server, &talk);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

static void ipv6_only(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1"), *server = peer_listen(s, "::1");
    struct talk talk = make_talk(s);

    session_host(s, "six.test", "::1", NULL);
    struct student *p =
        student_start(s, peer_host(closed), peer_port(closed), "six.test", peer_port(server), NULL);
    ask(p, &talk);
    answer(server, &talk);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

static void unknown_host(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.2");
    struct talk talk = make_talk(s);

    session_host(s, "known.test", peer_host(server), NULL);
    struct student *p =
        student_start(s, "unknown.test", peer_port(server), "known.test", peer_port(server), NULL);
    ask(p, &talk);
    answer(server, &talk);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
    expect_error_line(p, "unknown.test");
}

/* One server hears the question out and goes; one goes at once; the third answers. */
static void early_close(struct session *s)
{
    struct peer *polite = peer_listen(s, "127.0.0.1"), *rude = peer_listen(s, "127.0.0.2"),
                *server = peer_listen(s, "127.0.0.3");
    struct student *p = student_start(s, peer_host(polite), peer_port(polite), peer_host(rude),
                                      peer_port(rude), peer_host(server), peer_port(server), NULL);
    struct talk talk = make_talk(s);

    ask(p, &talk);
    link_close(take_question(polite, &talk));
    link_reset(peer_accept(rude));
    answer(server, &talk);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

/* The server goes while the question is being sent: in pieces, so that there is a send() after it.
 */
static void hang_up(struct session *s)
{
    struct peer *rude = peer_listen(s, "127.0.0.1"), *server = peer_listen(s, "127.0.0.2");

    session_hold_send(s);
    struct student *p = student_start(s, peer_host(rude), peer_port(rude), peer_host(server),
                                      peer_port(server), NULL);
    size_t length = 20000 + session_random(s, 12000);
    char *question = session_alloc(s, length);
    struct talk talk = make_talk(s);

    session_text(s, question, length);
    student_input(p, question, length);
    student_end_input(p);
    struct link *link = peer_accept(rude);
    student_wait_held(p);
    link_close(link);
    student_release(p);
    link = peer_accept(server);
    link_expect(link, question, length);
    link_expect_end(link);
    link_send(link, talk.answer, talk.answer_length);
    link_close(link);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

/* A reply comes, and a reset, before the question is sent: that reply was to something else. */
static void early_reply(struct session *s)
{
    struct peer *hasty = peer_listen(s, "127.0.0.1"), *server = peer_listen(s, "127.0.0.2");

    session_hold_send(s);
    struct student *p = student_start(s, peer_host(hasty), peer_port(hasty), peer_host(server),
                                      peer_port(server), NULL);
    struct talk talk = make_talk(s);
    char other[24];

    session_text(s, other, sizeof other);
    ask(p, &talk);
    struct link *link = peer_accept(hasty);
    student_wait_held(p);
    link_send(link, other, sizeof other);
    link_reset(link);
    student_release(p);
    answer(server, &talk);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
    expect_error_line(p, peer_host(hasty));
}

static void reset_in_mid_reply(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1"), *server = peer_listen(s, "127.0.0.2"),
                *spare = peer_listen(s, "127.0.0.3");
    struct student *p = student_start(s, peer_host(closed), peer_port(closed), peer_host(server),
                                      peer_port(server), peer_host(spare), peer_port(spare), NULL);
    struct talk talk = make_talk(s);

    ask(p, &talk);
    struct link *link = take_question(server, &talk);
    link_send(link, talk.answer, talk.answer_length / 2);
    link_wait_read(link);
    link_reset(link);
    expect_failure(p, 1);
    expect_output(p, talk.answer, talk.answer_length / 2);
    peer_expect_nobody(spare, "A server that sent a byte has answered, however it went on.");
}

static void nobody_answers(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1"), *mute = peer_listen(s, "127.0.0.2");
    struct talk talk = make_talk(s);

    session_host(s, "two.test", peer_host(closed), "127.0.0.9", NULL); /* neither takes it */
    struct student *p =
        student_start(s, "two.test", peer_port(closed), peer_host(mute), peer_port(mute), NULL);
    ask(p, &talk);
    link_close(take_question(mute, &talk));
    expect_failure(p, 1);
    expect_output(p, "", 0);
    expect_error_line(p, "two.test");
    expect_error_line(p, peer_host(mute));
}

static void output_full(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1"), *spare = peer_listen(s, "127.0.0.2");
    struct talk talk = make_talk(s);

    session_fill_output(s);
    struct student *p = student_start(s, peer_host(server), peer_port(server), peer_host(spare),
                                      peer_port(spare), NULL);
    ask(p, &talk);
    answer(server, &talk);
    expect_failure(p, 1);
    peer_expect_nobody(spare, "The server before it had answered.");
}

static void usage(struct session *s)
{
    static const char *const ports[] = {NULL, "", "0", "65536", "70000", "12x"};
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, NULL);

    student_end_input(p);
    expect_failure(p, 2);
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        p = student_start(s, peer_host(server), peer_port(server), "127.0.0.2", ports[i], NULL);
        student_end_input(p);
        expect_failure(p, 2);
    }
    peer_expect_nobody(
        server, "The last host has no port, or none that exists: the command line is wrong.");
}

/* At the third server the sockets of the first two must be gone. Memory is looked at in the end. */
static void clean(struct session *s)
{
    struct peer *mute = peer_listen(s, "127.0.0.1"), *closed = peer_refuse(s, "127.0.0.2"),
                *server = peer_listen(s, "127.0.0.3");
    struct student *p =
        student_start(s, peer_host(mute), peer_port(mute), peer_host(closed), peer_port(closed),
                      peer_host(server), peer_port(server), NULL);
    struct talk talk = make_talk(s);

    ask(p, &talk);
    struct link *link = take_question(mute, &talk);
    student_settle(p);
    int held = student_descriptors(p);
    link_close(link);
    link = take_question(server, &talk);
    expect_descriptors(p, held);
    link_send(link, talk.answer, talk.answer_length);
    link_close(link);
    expect_output(p, talk.answer, talk.answer_length);
    expect_exit(p, 0);
}

static const struct test_case CASES[] = {
    {.name = "reply",
     .title = "one server, one reply",
     .points = 1,
     .teaches = "One server answered in one piece.",
     .run = reply},
    {.name = "reply-in-pieces",
     .title = "reply in three pieces",
     .points = 2,
     .teaches = "The server sent its reply in three pieces; one recv() is not one message.",
     .run = reply_in_pieces},
    {.name = "half-close",
     .title = "an empty question, and a server that waits for its end",
     .points = 1,
     .teaches = "The server answers when the question is complete, and only shutdown(fd, SHUT_WR) "
                "says so while you still listen.",
     .run = half_close},
    {.name = "binary",
     .title = "bytes of every kind, NUL included",
     .points = 1,
     .teaches =
         "Question and reply hold NUL bytes, where strlen(), printf(\"%s\") and fputs() stop.",
     .run = binary},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR; nothing was lost, and the call can "
                "simply be made again.",
     .run = interrupted,
     .faults = "eintr"},
    {.name = "every-address",
     .title = "a name with two addresses, the first refuses",
     .points = 1,
     .teaches = "getaddrinfo() gave two addresses for one name; a server is tried at each of them.",
     .run = every_address},
    {.name = "refused-then-next",
     .title = "the first server refuses, the second answers",
     .points = 2,
     .teaches =
         "Nobody listened at the first server; the second one, and no other, was to be asked.",
     .run = refused_then_next},
    {.name = "large-reply",
     .title = "1 MiB in reply, from the second server",
     .points = 2,
     .teaches = "The second server sent 1 MiB; a fixed buffer is too small, and one read too few.",
     .run = large_reply},
    {.name = "short-writes",
     .title = "send() takes less than it was given",
     .points = 2,
     .teaches = "send() may take fewer bytes than it was given; the rest must be sent again.",
     .run = long_question,
     .faults = "short-write"},
    {.name = "longest-question",
     .title = "a question of 65,536 bytes, and one of a byte more",
     .points = 1,
     .teaches = "A question may have 65,536 bytes, no fewer; a longer one is not cut but refused, "
                "status 1, before anything is sent.",
     .run = longest_question},
    {.name = "ipv6-only",
     .title = "the second server has only IPv6",
     .points = 2,
     .teaches = "The second server's name has an IPv6 address and no other; AF_UNSPEC finds "
                "both kinds.",
     .run = ipv6_only,
     .ipv6 = true},
    {.name = "unknown-host",
     .title = "the first name does not exist",
     .points = 1,
     .teaches = "The first name is unknown: that is to be said on standard error, by name, and the "
                "next server to be asked.",
     .run = unknown_host},
    {.name = "early-close",
     .title = "two servers hang up without a byte, the third answers",
     .points = 2,
     .teaches = "A server that hangs up before its first byte, in order or by a reset, has not "
                "answered: the next one gets the whole question.",
     .run = early_close},
    {.name = "hang-up",
     .title = "a server goes while the question is being sent",
     .points = 1,
     .teaches = "The server closed while the program was still sending: send() then fails, and by "
                "default a signal, SIGPIPE, ends the program.",
     .run = hang_up,
     .faults = "short-write"},
    {.name = "early-reply",
     .title = "a reply and a reset before the question was sent",
     .points = 1,
     .teaches = "The server replied and reset before send() came: send() failed, so what it said "
                "is no answer, although recv() would still give it.",
     .run = early_reply},
    {.name = "reset-in-mid-reply",
     .title = "the reply breaks off",
     .points = 2,
     .teaches = "The server reset the connection in the middle of its reply: what came is printed, "
                "the exit status is 1, and no other server is asked.",
     .run = reset_in_mid_reply},
    {.name = "nobody-answers",
     .title = "both addresses of one server refuse, one server hangs up",
     .points = 2,
     .teaches = "No server answered: one line names each of them, however many addresses it has, "
                "and the exit status is 1.",
     .run = nobody_answers},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() and fwrite() keep is written by "
                "fflush(stdout), which says whether that worked.",
     .run = output_full},
    {.name = "usage",
     .title = "no server, a host without a port, or a port that is none",
     .points = 1,
     .teaches = "No server was given, or the last host had no port from 1 to 65535: that is a "
                "wrong command line, status 2, before anything is sent.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Each socket is closed before the next server is tried, and all memory freed.",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
