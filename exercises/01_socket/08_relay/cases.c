/* Exercise 1.8, relay: what is tried, and how. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

enum {
    THOUSAND = 1000,
    BUFFER_LIMIT = 65536, /* what the relay may keep, in each direction */
    MUCH = 8 << 20,
    FLOOD = 32 << 20,
    MORE_MEMORY_KIB = 8 << 10,
    SMALL = 4096, /* buffers of a peer that reads slowly */
    MEDIUM = 65536,
    STEP = 16384,
    FILL = 64 * STEP /* more than all buffers on the way have room for */
};

/* A relay, its back end, and where clients find it. */
struct relay {
    struct session *s;
    struct peer *back_end;
    struct student *p;
    const char *port;
};

/* A client and the connection that the relay made for it. */
struct pair {
    struct link *client, *server;
};

static struct relay start_relay(struct session *s, struct peer *back_end)
{
    struct relay relay = {.s = s, .back_end = back_end};

    relay.p = student_start(s, "0", peer_host(back_end), peer_port(back_end), NULL);
    relay.port = student_port(relay.p);
    return relay;
}

static struct relay any_relay(struct session *s)
{
    return start_relay(s, peer_listen(s, "127.0.0.1"));
}

/* Its back end has small buffers. */
static struct relay narrow_relay(struct session *s, int bytes)
{
    session_narrow(s, bytes);
    struct peer *back_end = peer_listen(s, "127.0.0.1");
    struct relay relay = start_relay(s, back_end);
    session_narrow(s, 0);
    return relay;
}

static struct pair join(struct relay *relay)
{
    struct pair pair = {.client = link_connect(relay->s, "127.0.0.1", relay->port)};

    pair.server = peer_accept(relay->back_end);
    return pair;
}

static char *any_bytes(struct session *s, size_t length)
{
    char *bytes = session_alloc(s, length);

    session_bytes(s, bytes, length);
    return bytes;
}

/* Sends a few bytes one way, and sees them arrive. */
static void pass(struct session *s, struct link *from, struct link *to)
{
    size_t length = 5 + session_random(s, 40);
    char *text = session_alloc(s, length);

    session_text(s, text, length);
    link_send(from, text, length);
    link_expect(to, text, length);
}

static void pass_both(struct session *s, struct pair pair)
{
    pass(s, pair.client, pair.server);
    pass(s, pair.server, pair.client);
}

/* Both finish in order, the client first. */
static void finish_pair(struct pair pair)
{
    link_shutdown(pair.client);
    link_expect_end(pair.server);
    link_shutdown(pair.server);
    link_expect_end(pair.client);
    link_close(pair.client);
    link_close(pair.server);
}

/* A client from its connection to its end: what shows that the relay still works. */
static void whole_client(struct relay *relay)
{
    struct pair pair = join(relay);

    pass_both(relay->s, pair);
    finish_pair(pair);
}

/* ---- bytes ---- */

static void one_client(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay);

    pass(s, pair.client, pair.server);
    pass(s, pair.client, pair.server);
    pass(s, pair.server, pair.client);
    pass_both(s, pair);
}

/* The back end speaks first, as a mail server does. */
static void server_first(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay);

    pass(s, pair.server, pair.client);
    pass(s, pair.server, pair.client);
    pass(s, pair.client, pair.server);
}

static void several_clients(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pairs[5];

    for (size_t i = 0; i < 5; i++)
        pairs[i] = join(&relay);
    for (size_t i = 0; i < 20; i++) {
        struct pair pair = pairs[session_random(s, 5)];
        if (session_random(s, 2) == 0)
            pass(s, pair.client, pair.server);
        else
            pass(s, pair.server, pair.client);
    }
    finish_pair(pairs[2]);
    pass_both(s, pairs[3]);
    pass_both(s, pairs[0]);
    pass_both(s, join(&relay));
}

static void binary(struct session *s)
{
    enum { LENGTH = 300000 };
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay);
    char *bytes = any_bytes(s, LENGTH);

    for (int byte = 0; byte < 256; byte++)
        bytes[1 + byte] = (char)byte;
    link_collect(pair.server, LENGTH);
    link_send(pair.client, bytes, LENGTH);
    link_expect(pair.server, bytes, LENGTH);
    link_collect(pair.client, LENGTH);
    link_send(pair.server, bytes, LENGTH);
    link_expect(pair.client, bytes, LENGTH);
}

/* Everything is said before the connection to the back end is there, and the end of it too. */
static void hasty_client(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = {.client = link_connect(s, "127.0.0.1", relay.port)};
    const char *text = session_print(s, "all of it, %u", session_random(s, 1000000));

    link_send(pair.client, text, strlen(text));
    link_shutdown(pair.client);
    pair.server = peer_accept(relay.back_end);
    link_expect(pair.server, text, strlen(text));
    link_expect_end(pair.server);
    pass(s, pair.server, pair.client);
}

/* ---- ends ---- */

static void half_close(struct session *s, struct relay *relay, bool server_ends)
{
    enum { LENGTH = 200000 };
    struct pair pair = join(relay);
    struct link *first = server_ends ? pair.server : pair.client;
    struct link *second = server_ends ? pair.client : pair.server;
    char *bytes = any_bytes(s, LENGTH);

    pass_both(s, pair);
    pass(s, first, second);
    link_shutdown(first);
    link_expect_end(second);
    pass(s, second, first);
    link_collect(first, LENGTH);
    link_send(second, bytes, LENGTH);
    link_expect(first, bytes, LENGTH);
    link_shutdown(second);
    link_expect_end(first);
}

static void client_half_closes(struct session *s)
{
    struct relay relay = any_relay(s);

    half_close(s, &relay, false);
    whole_client(&relay);
}

static void server_half_closes(struct session *s)
{
    struct relay relay = any_relay(s);

    half_close(s, &relay, true);
    whole_client(&relay);
}

/* What the relay keeps of what one side sent and it has not handed on. */
static size_t kept_between(const struct link *from, const struct link *to)
{
    size_t taken = link_taken(from), given = link_given(to);

    return taken > given ? taken - given : 0;
}

static size_t send_more(struct relay *relay, struct pair pair, const char *bytes, size_t sent,
                        size_t length)
{
    link_send(pair.client, bytes + sent, length);
    student_settle(relay->p);
    return sent + length;
}

/*
 * Sends to one that does not read: first the kernel's buffers fill, then the relay's. Goes on until
 * the relay keeps something, or if full is asked for, until it can take no more. Returns how much.
 */
static size_t fill(struct relay *relay, struct pair pair, const char *bytes, bool full)
{
    size_t sent = send_more(relay, pair, bytes, 0, 6 * (size_t)STEP);

    while (kept_between(pair.client, pair.server) < STEP / 2 && sent < FILL - 6 * (size_t)STEP)
        sent = send_more(relay, pair, bytes, sent, STEP);
    return full ? send_more(relay, pair, bytes, sent, 5 * (size_t)STEP) : sent;
}

/* The end is there while the relay still holds bytes: it belongs behind them. */
static void end_behind_data(struct session *s)
{
    struct relay relay = narrow_relay(s, SMALL);
    struct pair pair = join(&relay);
    char *bytes = any_bytes(s, FILL);

    session_unrecorded(s);
    size_t length = fill(&relay, pair, bytes, false);
    link_shutdown(pair.client);
    student_settle(relay.p);
    link_expect(pair.server, bytes, length);
    link_expect_end(pair.server);
    pass(s, pair.server, pair.client);
}

/*
 * The same with a full buffer, so that the end lies unread; and the other direction has ended
 * before. Then the client's socket has nothing to wait for, and that keeps some relays very busy.
 */
static void end_behind_full(struct session *s)
{
    struct relay relay = narrow_relay(s, SMALL);
    struct pair pair = join(&relay);
    char *bytes = any_bytes(s, FILL);

    session_unrecorded(s);
    link_shutdown(pair.server);
    link_expect_end(pair.client);
    size_t length = fill(&relay, pair, bytes, true);
    link_shutdown(pair.client);
    student_settle(relay.p);
    link_expect(pair.server, bytes, length);
    link_expect_end(pair.server);
    whole_client(&relay);
}

static void reset_by_client(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay), other = join(&relay);

    pass_both(s, pair);
    link_reset(pair.client);
    link_expect_reset(pair.server);
    pass_both(s, other);
    whole_client(&relay);
}

static void reset_by_server(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay), other = join(&relay);

    pass_both(s, pair);
    link_reset(pair.server);
    link_expect_reset(pair.client);
    pass_both(s, other);
    whole_client(&relay);
}

/* The relay does not read from the client, because its buffer is full; the reset is told anyway. */
static void reset_while_full(struct session *s)
{
    struct relay relay = narrow_relay(s, SMALL);
    struct pair other = join(&relay), pair = join(&relay);

    (void)fill(&relay, pair, any_bytes(s, FILL), true);
    link_reset(pair.client);
    link_expect_reset_unread(pair.server);
    pass_both(s, other);
    whole_client(&relay);
}

/* The client is done and reads no more; what the server still sends meets a reset. */
static void client_closed(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay);

    pass_both(s, pair);
    link_close(pair.client); /* to the relay, that looks like finishing */
    link_expect_end(pair.server);
    link_send(pair.server, "anybody there?", 14);
    link_wait_read(pair.server);
    student_settle(relay.p);
    link_queue(pair.server, "hello?", 6);
    link_expect_reset(pair.server);
    whole_client(&relay);
}

/* The client goes when the relay is about to send to it. */
static void gone_before_send(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay), other = join(&relay);

    pass_both(s, pair);
    student_settle(relay.p);
    student_hold_send(relay.p);
    link_send(pair.server, "for nobody", 10);
    student_wait_held(relay.p);
    link_shutdown(pair.client); /* then send() fails with EPIPE at once */
    link_reset(pair.client);
    student_release(relay.p);
    link_expect_reset(pair.server);
    pass_both(s, other);
    whole_client(&relay);
}

/* ---- the back end ---- */

static void refused(struct session *s)
{
    struct relay relay = start_relay(s, peer_refuse(s, "127.0.0.1"));
    int before;

    link_expect_reset(link_connect(s, "127.0.0.1", relay.port));
    student_settle(relay.p);
    before = student_descriptors(relay.p);
    for (int i = 0; i < 10; i++)
        link_expect_reset(link_connect(s, "127.0.0.1", relay.port));
    expect_descriptors(relay.p, before);
}

/* Two addresses; at the first of them nobody listens. */
static void next_address(struct session *s)
{
    struct peer *back_end = peer_listen(s, "127.0.0.1");
    struct relay relay = {.s = s, .back_end = back_end};

    session_host(s, "back.test", "127.0.0.2", "127.0.0.1", NULL);
    relay.p = student_start(s, "0", "back.test", peer_port(back_end), NULL);
    relay.port = student_port(relay.p);
    whole_client(&relay);
    pass_both(s, join(&relay));
}

/* The back end neither takes the connections nor refuses them. */
static void never_answers(struct session *s)
{
    struct relay relay = start_relay(s, peer_ignore(s, "127.0.0.1"));
    struct link *clients[3];

    student_settle(relay.p);
    int before = student_descriptors(relay.p);
    for (size_t i = 0; i < 3; i++)
        clients[i] = link_connect(s, "127.0.0.1", relay.port);
    link_send(clients[2], "hello", 5);
    student_settle(relay.p);
    int now = student_descriptors(relay.p);
    if (before != -1 && now != before + 6) /* -1: nobody knows, in play */
        session_fail(
            s,
            "Three clients have come, and the back end does not answer: the relay should "
            "hold 6 sockets more than before, and holds %d. It must not wait in connect().",
            now - before);
    link_reset(clients[0]);
    link_reset(clients[2]);
    expect_descriptors(relay.p, before + 2);
    student_signal(relay.p, SIGTERM);
    expect_exit(relay.p, 0);
}

/* ---- back-pressure ---- */

/* One client reads nothing for a while; the others do not notice, and it misses nothing. */
static void slow_reader(struct session *s)
{
    enum { LENGTH = 1 << 19 };
    struct relay relay = any_relay(s);
    struct pair first = join(&relay), slow, last;
    char *bytes = any_bytes(s, LENGTH);

    session_narrow(s, SMALL);
    slow.client = link_connect(s, "127.0.0.1", relay.port);
    session_narrow(s, 0);
    slow.server = peer_accept(relay.back_end);
    last = join(&relay);
    link_queue(slow.server, bytes, LENGTH);
    student_settle(relay.p); /* everything is full */
    for (int i = 0; i < 5; i++) {
        pass_both(s, first);
        pass_both(s, last);
        pass(s, slow.client, slow.server); /* its other direction is free */
    }
    whole_client(&relay);
    link_expect(slow.client, bytes, LENGTH);
    pass_both(s, slow);
}

/* A side that does not read stops the other, not by a message, but because nobody reads there. */
static void flood(struct session *s, struct relay *relay, struct link *from, struct link *to)
{
    long before = student_memory(relay->p);
    enum { SLACK = 2 }; /* the ends of a connection count like a byte */

    link_queue(from, session_alloc(s, FLOOD), FLOOD);
    student_settle(relay->p);
    size_t kept = kept_between(from, to);
    if (kept > BUFFER_LIMIT + SLACK)
        session_blame(s,
                      "One side does not read, and your program has taken %zu bytes from the other "
                      "that it cannot hand on. %d are allowed: at that limit it must stop reading.",
                      kept, BUFFER_LIMIT);
    expect_memory(relay->p, before + MORE_MEMORY_KIB);
}

static void flood_from_server(struct session *s)
{
    struct relay relay = any_relay(s);

    session_narrow(s, SMALL);
    struct pair pair = {.client = link_connect(s, "127.0.0.1", relay.port)};
    session_narrow(s, 0);
    pair.server = peer_accept(relay.back_end);
    pass_both(s, pair);
    flood(s, &relay, pair.server, pair.client);
    whole_client(&relay);
}

static void flood_from_client(struct session *s)
{
    struct relay relay = narrow_relay(s, SMALL);
    struct pair pair = join(&relay);

    pass_both(s, pair);
    flood(s, &relay, pair.client, pair.server);
    whole_client(&relay);
}

/* 8 MiB each way at once, and both sides read: neither direction may wait for the other. */
static void both_ways(struct session *s)
{
    struct relay relay = narrow_relay(s, MEDIUM);
    char *there = any_bytes(s, MUCH), *back = any_bytes(s, MUCH);

    session_narrow(s, MEDIUM);
    struct pair pair = join(&relay);
    link_collect(pair.client, MUCH);
    link_collect(pair.server, MUCH);
    link_queue(pair.client, there, MUCH);
    link_queue(pair.server, back, MUCH);
    link_expect(pair.server, there, MUCH);
    link_expect(pair.client, back, MUCH);
    finish_pair(pair);
}

/*
 * Each way 8 MiB, but the back end reads nothing before it has sent all of its own. A relay that
 * waits in send() to the back end does not read from it, and it does not read from the relay.
 */
static void sends_first(struct session *s)
{
    struct relay relay = narrow_relay(s, MEDIUM);
    char *there = any_bytes(s, MUCH), *back = any_bytes(s, MUCH);

    session_narrow(s, MEDIUM);
    struct pair pair = join(&relay);
    link_queue(pair.client, there, MUCH);
    link_collect(pair.client, MUCH);
    link_send(pair.server, back, MUCH);
    link_expect(pair.server, there, MUCH);
    link_expect(pair.client, back, MUCH);
    finish_pair(pair);
}

/* ---- many ---- */

static void thousand(struct session *s)
{
    static struct pair pairs[THOUSAND];
    struct relay relay = any_relay(s);

    whole_client(&relay);
    student_settle(relay.p);
    int before = student_descriptors(relay.p);
    for (size_t i = 0; i < THOUSAND; i++)
        pairs[i] = join(&relay);
    for (size_t i = 0; i < THOUSAND; i++)
        pass_both(s, pairs[i * 7 % THOUSAND]);
    for (size_t i = 0; i < THOUSAND; i++)
        if (i % 10 == 0)
            finish_pair(pairs[i]);
        else if (i % 2 == 0)
            link_reset(pairs[i].client);
        else
            link_reset(pairs[i].server);
    for (size_t i = 0; i < THOUSAND; i++)
        if (i % 10 != 0)
            link_expect_reset(i % 2 == 0 ? pairs[i].server : pairs[i].client);
    expect_descriptors(relay.p, before);
    whole_client(&relay);
}

/* ---- a rough day ---- */

/* Clients that send a lot, for the cases in which the wire makes calls fail. */
static void disturbed(struct session *s)
{
    enum { LENGTH = 50000 };
    struct relay relay = any_relay(s);

    for (int i = 0; i < 6; i++) {
        struct pair pair = join(&relay);
        char *bytes = any_bytes(s, LENGTH);
        pass_both(s, pair);
        link_collect(pair.server, LENGTH);
        link_send(pair.client, bytes, LENGTH);
        link_expect(pair.server, bytes, LENGTH);
        link_collect(pair.client, LENGTH);
        link_send(pair.server, bytes, LENGTH);
        link_expect(pair.client, bytes, LENGTH);
        finish_pair(pair);
    }
}

static void no_descriptors(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay), late;

    student_settle(relay.p);
    student_deny_descriptors(relay.p);
    late.client = link_connect(s, "127.0.0.1", relay.port);
    student_settle(
        relay.p); /* accept() fails, again and again, and the program pauses in between */
    pass_both(s, pair);
    student_allow_descriptors(relay.p);
    late.server = peer_accept(relay.back_end);
    pass_both(s, late);
    pass_both(s, pair);
}

/* There is a descriptor for the client, and none for its way to the back end. */
static void one_descriptor(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay);

    student_settle(relay.p);
    int before = student_descriptors(relay.p);
    student_spare_descriptors(relay.p, 1);
    struct link *unlucky = link_connect(s, "127.0.0.1", relay.port);
    link_expect_reset(unlucky);
    pass_both(s, pair);
    student_allow_descriptors(relay.p);
    expect_descriptors(relay.p, before);
    whole_client(&relay);
}

static void ipv6(struct session *s)
{
    struct relay relay = start_relay(s, peer_listen(s, "::1"));
    struct pair pair = join(&relay), other = {.client = link_connect(s, "::1", relay.port)};

    other.server = peer_accept(relay.back_end);
    pass_both(s, other);
    pass_both(s, pair);
}

static void usage(struct session *s)
{
    expect_failure(student_start(s, "0", "127.0.0.1", NULL), 2);
    expect_failure(student_start(s, "65536", "127.0.0.1", "7000", NULL), 2);
    expect_failure(student_start(s, "0", "127.0.0.1", "0", NULL), 2);
    expect_failure(student_start(s, "0", "127.0.0.1", "70x", NULL), 2);
}

static void cannot_begin(struct session *s)
{
    struct peer *other = peer_listen(s, "127.0.0.1");
    struct student *p;

    expect_failure(student_start(s, peer_port(other), peer_host(other), peer_port(other), NULL), 1);
    session_host(s, "here.test", "127.0.0.1", NULL);
    p = student_start(s, "0", "nowhere.test", "7000", NULL);
    expect_failure(p, 1);
    expect_error(p, "nowhere.test");
}

static void sigterm(struct session *s)
{
    struct relay relay = any_relay(s);
    struct pair pair = join(&relay), other = join(&relay);

    pass_both(s, pair);
    link_shutdown(other.client);
    link_expect_end(other.server);
    student_settle(relay.p);
    student_signal(relay.p, SIGTERM);
    expect_exit(relay.p, 0);
    link_wait_end(pair.client);
    link_wait_end(pair.server);
    link_wait_end(other.client);
    link_wait_end(other.server);
}

/* Pairs that end in every way, then SIGTERM while the relay holds bytes. */
static void clean(struct session *s)
{
    struct relay relay = narrow_relay(s, SMALL);

    whole_client(&relay);
    student_settle(relay.p);
    int before = student_descriptors(relay.p);
    for (int i = 0; i < 3; i++) {
        struct pair one = join(&relay), two = join(&relay);
        whole_client(&relay);
        link_reset(one.client);
        link_expect_reset(one.server);
        link_send(two.client, "half", 4);
        link_reset(two.server);
        link_expect_reset(two.client);
    }
    expect_descriptors(relay.p, before);
    (void)fill(&relay, join(&relay), any_bytes(s, FILL), true);
    pass_both(s, join(&relay));
    student_settle(relay.p);
    student_signal(relay.p, SIGTERM);
    expect_exit(relay.p, 0);
}

static const struct test_case CASES[] = {
    {.name = "one-client",
     .title = "one client, both ways",
     .points = 1,
     .teaches = "What comes from one side goes to the other as soon as it comes.",
     .run = one_client},
    {.name = "server-first",
     .title = "the back end speaks first",
     .points = 1,
     .teaches = "The back end spoke before the client did: each direction goes its own way, "
                "without waiting for the other.",
     .run = server_first},
    {.name = "several-clients",
     .title = "five clients at once",
     .points = 2,
     .teaches =
         "Each client has a connection of its own to the back end, and all are served at once.",
     .run = several_clients},
    {.name = "binary",
     .title = "300,000 bytes of every value",
     .points = 1,
     .teaches = "What goes over a socket is bytes, NUL among them, and as many as recv() said.",
     .run = binary},
    {.name = "hasty-client",
     .title = "all is said before the back end is connected",
     .points = 2,
     .teaches = "A client that has sent everything, and finished, before connect() was done is "
                "still to be served: its bytes wait, and its end waits behind them.",
     .run = hasty_client},
    {.name = "client-half-closes",
     .title = "the client finishes sending first",
     .points = 2,
     .teaches = "recv() returned 0 from the client: that ends one direction, with "
                "shutdown(SHUT_WR) on the other side, and the answer still comes the other way.",
     .run = client_half_closes},
    {.name = "server-half-closes",
     .title = "the back end finishes sending first",
     .points = 2,
     .teaches = "recv() returned 0 from the back end: the client may still have something to send.",
     .run = server_half_closes},
    {.name = "end-behind-data",
     .title = "the end comes while bytes are held",
     .points = 2,
     .teaches = "The end belongs behind all bytes: shutdown() only when the buffer is empty.",
     .run = end_behind_data},
    {.name = "end-behind-full",
     .title = "the end comes while the buffer is full",
     .points = 2,
     .teaches = "The buffer is full, so the end lies unread. Of a socket that is closed both ways "
                "epoll tells EPOLLHUP, asked for or not, and again and again: that must not keep "
                "the processor busy.",
     .run = end_behind_full},
    {.name = "reset-by-client",
     .title = "the client resets",
     .points = 2,
     .teaches = "A reset is passed on as a reset: an end in order would say that all was sent.",
     .run = reset_by_client},
    {.name = "reset-by-server",
     .title = "the back end resets",
     .points = 1,
     .teaches = "A reset by the back end is passed on to its client, and to no other.",
     .run = reset_by_server},
    {.name = "reset-while-full",
     .title = "a reset while nothing is read",
     .points = 2,
     .teaches = "The relay does not read from the client because its buffer is full. EPOLLERR and "
                "EPOLLHUP tell of the reset all the same.",
     .run = reset_while_full},
    {.name = "client-closed",
     .title = "the client is gone, and the back end still speaks",
     .points = 1,
     .teaches = "What is sent to a client that has closed is answered by a reset: that is passed "
                "on to the back end.",
     .run = client_closed},
    {.name = "gone-before-send",
     .title = "the client goes when it is about to be sent something",
     .points = 1,
     .teaches = "send() to a client that has gone raises SIGPIPE, which ends the program, unless "
                "MSG_NOSIGNAL is given.",
     .run = gone_before_send},
    {.name = "refused",
     .title = "the back end refuses",
     .points = 2,
     .teaches = "connect() failed, perhaps later, as SO_ERROR tells: the client is reset, and its "
                "socket closed.",
     .run = refused},
    {.name = "next-address",
     .title = "the second address of a name",
     .points = 1,
     .teaches = "A name may stand for several addresses: when one refuses, the next is tried.",
     .run = next_address},
    {.name = "never-answers",
     .title = "the back end never answers",
     .points = 2,
     .teaches = "connect() on a socket that does not block returns at once, with EINPROGRESS: "
                "other clients are served meanwhile, and one that goes away takes its connection "
                "attempt with it.",
     .run = never_answers},
    {.name = "slow-reader",
     .title = "a client reads nothing for a while",
     .points = 2,
     .teaches = "What one client does not read holds up nobody else, and it misses nothing of it.",
     .run = slow_reader},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR, and it was not SIGTERM: the call is to "
                "be made again.",
     .run = disturbed,
     .faults = "eintr"},
    {.name = "short-counts",
     .title = "recv() and send() take less, or nothing for now",
     .points = 2,
     .teaches = "recv() and send() may move fewer bytes than they could, or none, with EAGAIN: "
                "what is left is sent when epoll says so.",
     .run = disturbed,
     .faults = "short-read,short-write,eagain"},
    {.name = "accept-fails",
     .title = "accept() fails a few times",
     .points = 1,
     .teaches = "accept() failed with EMFILE; a relay that ends there serves nobody any more.",
     .run = disturbed,
     .faults = "accept-emfile"},
    {.name = "no-descriptors",
     .title = "no descriptor is free for a while",
     .points = 2,
     .teaches = "While no descriptor is free, accept() fails and the listening socket stays ready: "
                "leave it out for a moment, and go on serving the others.",
     .run = no_descriptors},
    {.name = "one-descriptor",
     .title = "one descriptor is free, and two are needed",
     .points = 1,
     .teaches = "socket() failed for want of a descriptor: that client is reset, its socket "
                "closed, and the others are served.",
     .run = one_descriptor},
    {.name = "ipv6",
     .title = "IPv6 to the back end, both from clients",
     .points = 1,
     .teaches = "An AF_INET6 socket at :: with IPV6_V6ONLY off takes both kinds of clients; "
                "getaddrinfo() knows what the back end needs.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "Three arguments, two of them ports; else the command line is wrong, status 2.",
     .run = usage},
    {.name = "cannot-begin",
     .title = "the port is taken, the name unknown",
     .points = 1,
     .teaches = "What hinders the relay from beginning is said on standard error, with status 1.",
     .run = cannot_begin},
    {.name = "sigterm",
     .title = "SIGTERM while clients are connected",
     .points = 2,
     .teaches = "SIGTERM asks the relay to stop: it closes what it holds, and main returns 0.",
     .run = sigterm},
    {.name = "flood-from-server",
     .title = "32 MiB to a client that does not read",
     .points = 3,
     .teaches = "Where one side does not read, the relay must stop reading from the other: it "
                "keeps 64 KiB, and the rest waits where it came from.",
     .run = flood_from_server},
    {.name = "flood-from-client",
     .title = "32 MiB to a back end that does not read",
     .points = 2,
     .teaches = "The same the other way: at most 64 KiB are kept for each direction.",
     .run = flood_from_client},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 2,
     .teaches = "However a connection ends, both its sockets are closed, and all memory is freed "
                "before main returns.",
     .run = clean,
     .leaks = true},
    {.name = "both-ways",
     .title = "8 MiB each way at once",
     .points = 2,
     .teaches = "Both sides send 8 MiB and read at the same time: neither direction may wait for "
                "the other.",
     .run = both_ways},
    {.name = "sends-first",
     .title = "8 MiB each way, and the back end sends before it reads",
     .points = 3,
     .teaches = "The back end reads nothing before it has sent everything. A relay that waits in "
                "send() to it does not read what it sends, and each waits for the other.",
     .run = sends_first},
    {.name = "thousand",
     .title = "1,000 connections at once",
     .points = 3,
     .teaches = "2,000 sockets in one process, each with a state of its own; afterwards as many "
                "descriptors are open as before.",
     .run = thousand},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
