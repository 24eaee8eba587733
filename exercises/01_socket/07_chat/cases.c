/* Exercise 1.7, chat: what is tried, and how. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

enum {
    NAME_LIMIT = 16,
    LINE_LIMIT = 500,
    QUEUE_LIMIT = 65536,
    LONG_LINE = 200000,
    MEMBERS_MOST = 128,
    HEARD_MOST = 1 << 19, /* bytes that a member hears between two looks */
    CROWD = 100,
    SPEAKERS = 20,
    CHATTERERS = 8,   /* who speak without end and read nothing */
    CHATTER = 4096,   /* bytes that each of them says: ten times as many are to be told */
    STRANGERS = 1050, /* more than select() has room for */
    TALK = 150,       /* lines that two say at once */
    ROUND = 32,       /* lines said between two looks at who does not read */
    ROUND_TEXT = 480, /* bytes of each */
    NARROW = 4096,
    WORTH_KEEPING = 12000 /* bytes; a round more is still within the limit */
};

/* One client: what it has been told and has not yet been looked at. */
struct member {
    struct link *link;
    const char *name;
    char *heard;
    size_t length;
};

/* The server and those who have a name there. What one says, all must hear. */
struct room {
    struct session *s;
    struct student *p;
    const char *port;
    struct member *members[MEMBERS_MOST];
    size_t count;
};

static struct room open_room(struct session *s)
{
    struct room room = {.s = s, .p = student_start(s, "0", NULL)};

    room.port = student_port(room.p);
    return room;
}

/* ---- what must be heard ---- */

static void hear_bytes(struct room *room, struct member *m, const char *bytes, size_t length)
{
    if (m->length + length > HEARD_MOST)
        session_fail(room->s, "a case says more than it has room for");
    memcpy(m->heard + m->length, bytes, length);
    m->length += length;
}

static void hear(struct room *room, struct member *m, const char *line)
{
    hear_bytes(room, m, line, strlen(line));
}

static void all_hear(struct room *room, const struct member *but, const char *line)
{
    for (size_t i = 0; i < room->count; i++)
        if (room->members[i] != but)
            hear(room, room->members[i], line);
}

/* The same line by line: where everybody should hear the same, and somebody else has heard it. */
static void hear_the_same(struct room *room, struct member *m)
{
    for (size_t at = 0, line_length; at < m->length; at += line_length + 1) {
        const char *due = m->heard + at, *line = link_line(m->link, &line_length);
        if (line_length < m->length - at && memcmp(line, due, line_length) == 0 &&
            due[line_length] == '\n')
            continue;
        session_blame(room->s,
                      "Where one client heard \"%.*s\", another heard \"%.40s\": what everybody "
                      "hears, everybody hears in the same order.",
                      (int)strcspn(due, "\n") < 40 ? (int)strcspn(due, "\n") : 40, due, line);
    }
    m->length = 0;
}

static void listen_up(struct member *m)
{
    if (m->length > 0)
        link_expect(m->link, m->heard, m->length);
    m->length = 0;
}

static void all_listen(struct room *room)
{
    for (size_t i = 0; i < room->count; i++)
        listen_up(room->members[i]);
}

/* ---- what clients do ---- */

/* Another name for each: letters, and a number. */
static const char *any_name(struct room *room)
{
    char letters[5] = {0};

    for (size_t i = 0; i < 2 + session_random(room->s, 3); i++)
        letters[i] = (char)('a' + (int)session_random(room->s, 26));
    return session_print(room->s, "%s%zu", letters, room->count);
}

/* A few words; they neither begin with a blank nor with a slash. */
static const char *any_text(struct room *room)
{
    size_t length = 3 + session_random(room->s, 40);
    char *text = session_alloc(room->s, length + 1);

    session_text(room->s, text, length);
    text[0] = 'o';
    return text;
}

static struct member *arrive(struct room *room)
{
    struct member *m = session_alloc(room->s, sizeof *m);

    m->heard = session_alloc(room->s, HEARD_MOST);
    m->link = link_connect(room->s, "127.0.0.1", room->port);
    return m;
}

static void send_line(struct room *room, struct member *m, const char *line)
{
    const char *whole = session_print(room->s, "%s\n", line);

    link_send(m->link, whole, strlen(whole));
}

/* It is a member from here on: what it and the others hear of that is noted. */
static void be_welcome(struct room *room, struct member *m, const char *name)
{
    m->name = name;
    all_hear(room, NULL, session_print(room->s, "* %s joined\n", name));
    hear(room, m, session_print(room->s, "welcome %s\n", name));
    if (room->count == MEMBERS_MOST)
        session_fail(room->s, "a case has more members than it has room for");
    room->members[room->count++] = m;
}

static void take_name(struct room *room, struct member *m, const char *name)
{
    send_line(room, m, name);
    be_welcome(room, m, name);
    all_listen(room);
}

static struct member *join(struct room *room)
{
    struct member *m = arrive(room);

    take_name(room, m, any_name(room));
    return m;
}

static const char *spoken(struct room *room, const struct member *m, const char *text)
{
    return session_print(room->s, "%s: %s\n", m->name, text);
}

static void say_text(struct room *room, struct member *m, const char *text)
{
    send_line(room, m, text);
    all_hear(room, NULL, spoken(room, m, text));
    all_listen(room);
}

static void say(struct room *room, struct member *m)
{
    say_text(room, m, any_text(room));
}

/* Says a line that is answered to it alone. */
static void refused(struct room *room, struct member *m, const char *line, const char *why)
{
    send_line(room, m, line);
    hear(room, m, session_print(room->s, "error: %s\n", why));
    listen_up(m);
}

static void whisper(struct room *room, struct member *from, struct member *to)
{
    const char *text = any_text(room);
    const char *line = session_print(room->s, "%s -> %s: %s\n", from->name, to->name, text);

    send_line(room, from, session_print(room->s, "/to %s %s", to->name, text));
    hear(room, from, line);
    if (to != from)
        hear(room, to, line);
    listen_up(from);
    listen_up(to);
}

static void take_out(struct room *room, const struct member *m)
{
    size_t kept = 0;

    for (size_t i = 0; i < room->count; i++)
        if (room->members[i] != m)
            room->members[kept++] = room->members[i];
    room->count = kept;
}

/* It has gone; the others hear of it. */
static void has_left(struct room *room, const struct member *m)
{
    take_out(room, m);
    all_hear(room, NULL, session_print(room->s, "* %s left\n", m->name));
    all_listen(room);
}

/* ---- names and commands ---- */

static void two_members(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room);

    say(&room, ann);
    say(&room, bob);
    say(&room, bob);
    say(&room, ann);
}

static void names(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = arrive(&room), *short_one = arrive(&room);
    const char *longest = session_print(s, "Z-9_%012u", session_random(s, 1000000000));
    const char *const bad[] = {session_print(s, "%s7", longest),
                               "two words",
                               "semi:colon",
                               "/to",
                               "caf\xc3\xa9",
                               " ann",
                               "*",
                               ""};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(&room, bob, bad[i], "bad name");
    link_send(bob->link, "nul\0x\n", 6);
    hear(&room, bob, "error: bad name\n");
    listen_up(bob);
    take_name(&room, bob, longest);
    take_name(&room, short_one, "x");
    say(&room, bob);
    say(&room, ann);
    say(&room, short_one);
}

/* Only the whole name is taken: neither its beginning, nor the same in capitals. */
static void name_taken(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = arrive(&room), *bob = arrive(&room), *cec = arrive(&room);
    const char *name = session_print(s, "anna%u", session_random(s, 1000));

    take_name(&room, ann, name);
    refused(&room, bob, name, "name taken");
    refused(&room, bob, name, "name taken");
    take_name(&room, bob, session_print(s, "A%s", name + 1));
    refused(&room, cec, name, "name taken");
    take_name(&room, cec, "anna");
    say(&room, bob);
    link_shutdown(ann->link);
    link_expect_end(ann->link);
    has_left(&room, ann);
    take_name(&room, arrive(&room), name);
    say(&room, cec);
}

/* Who has no name yet hears nothing and is not heard of, whatever happens meanwhile. */
static void nameless(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *quiet = arrive(&room), *other = arrive(&room);

    student_settle(room.p); /* it has taken them */
    say(&room, ann);
    (void)join(&room);
    say(&room, ann);
    link_close(other->link); /* nobody hears of that either */
    student_settle(room.p);
    take_name(&room, quiet, any_name(&room));
    say(&room, quiet);
    say(&room, ann);
}

static void private_message(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room), *cec = join(&room);

    whisper(&room, ann, bob);
    whisper(&room, bob, ann);
    whisper(&room, cec, cec);
    say(&room, cec); /* the next thing that everybody hears */
    whisper(&room, ann, cec);
    say(&room, bob);
}

static void unknown_name(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room);

    (void)arrive(&room); /* has no name: "" means nobody */
    refused(&room, ann, "/to nobody hello", "no such name");
    refused(&room, ann, session_print(s, "/to %sx hello", bob->name), "no such name");
    refused(&room, ann, session_print(s, "/to %.1s hello", bob->name), "no such name");
    refused(&room, ann, session_print(s, "/to  %s hello", bob->name), "no such name");
    say(&room, bob);
    link_close(bob->link);
    has_left(&room, bob);
    refused(&room, ann, session_print(s, "/to %s hello", bob->name), "no such name");
    say(&room, ann);
}

static void change_name(struct room *room, struct member *m, const char *name)
{
    send_line(room, m, session_print(room->s, "/name %s", name));
    all_hear(room, NULL, session_print(room->s, "* %s is now %s\n", m->name, name));
    m->name = name;
    all_listen(room);
}

static void new_name(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room);
    const char *old = ann->name;

    change_name(&room, ann, session_print(s, "%s_2", old));
    say(&room, ann);
    whisper(&room, bob, ann);
    refused(&room, bob, session_print(s, "/to %s hello", old), "no such name");
    refused(&room, bob, session_print(s, "/name %s", ann->name), "name taken");
    refused(&room, bob, session_print(s, "/name %s", bob->name), "name taken");
    refused(&room, bob, "/name two words", "bad name");
    refused(&room, bob, "/name  x", "bad name");
    refused(&room, bob, "/name 12345678901234567", "bad name");
    say(&room, bob);
    take_name(&room, arrive(&room), old);
    say(&room, ann);
}

static void commands(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room);
    const char *const bad[] = {"/",
                               "/to",
                               session_print(s, "/to %s", bob->name),
                               session_print(s, "/to %s ", bob->name),
                               session_print(s, "/to%s hello", bob->name),
                               "/name",
                               "/name ",
                               "/quit",
                               "//"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(&room, ann, bad[i], "bad command");
    say_text(&room, ann, " /to nobody hello");
    link_send(bob->link, "\n\n", 2); /* says nothing */
    say_text(&room, bob, session_print(s, "%s: hello", ann->name));
    send_line(&room, ann, session_print(s, "/to %s /to %s", bob->name, ann->name));
    hear(&room, bob, session_print(s, "%s -> %s: /to %s\n", ann->name, bob->name, ann->name));
    listen_up(bob);
}

/* ---- lines ---- */

static void send_part(struct member *m, const char *part)
{
    link_send(m->link, part, strlen(part));
    link_wait_read(m->link);
}

/* Others speak between the pieces: each client has a line of its own at hand. */
static void line_in_pieces(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = arrive(&room), *cec = join(&room);
    const char *name = any_name(&room);

    send_part(bob, session_print(s, "%.2s", name));
    say(&room, ann);
    send_line(&room, bob, name + 2);
    be_welcome(&room, bob, name);
    all_listen(&room);
    send_part(ann, "first ");
    send_part(bob, "other ");
    say(&room, cec);
    send_part(ann, "second ");
    send_line(&room, bob, "end");
    all_hear(&room, NULL, spoken(&room, bob, "other end"));
    all_listen(&room);
    send_line(&room, ann, "third");
    all_hear(&room, NULL, spoken(&room, ann, "first second third"));
    all_listen(&room);
}

static void several_lines(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = arrive(&room);
    const char *name = any_name(&room), *one = any_text(&room), *two = any_text(&room);

    send_line(&room, bob,
              session_print(s, "%s\n%s\n/to %s psst\n%s\nhal", name, one, ann->name, two));
    be_welcome(&room, bob, name);
    all_hear(&room, NULL, spoken(&room, bob, one));
    hear(&room, ann, session_print(s, "%s -> %s: psst\n", name, ann->name));
    hear(&room, bob, session_print(s, "%s -> %s: psst\n", name, ann->name));
    all_hear(&room, NULL, spoken(&room, bob, two));
    all_hear(&room, NULL, spoken(&room, bob, "hal"));
    all_listen(&room);
    say(&room, ann);
}

static void line_too_long(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room), *cec = arrive(&room);
    char *line = session_alloc(s, LONG_LINE + 1);

    memset(line, 'n', LINE_LIMIT + 1);
    refused(&room, cec, line, "line too long");
    take_name(&room, cec, any_name(&room));
    session_text(s, line, LINE_LIMIT + 1);
    line[0] = '(';
    refused(&room, ann, line, "line too long");
    line[LINE_LIMIT] = '\0';
    say_text(&room, ann, line);
    memset(line, 'o', LONG_LINE - session_random(s, 1000));
    refused(&room, bob, line, "line too long");
    say(&room, bob);
    say(&room, ann);
}

/* Any bytes but a line end are text. */
static void binary(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room);
    char text[300];
    size_t length = 0;

    (void)join(&room);
    text[length++] = 'b';
    for (int byte = 0; byte < 256; byte++)
        if (byte != '\n')
            text[length++] = (char)byte;
    session_bytes(s, text + 20, 8);
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '\n' ? '\0' : text[i];
    text[length++] = '\n';
    link_send(ann->link, text, length);
    for (size_t i = 0; i < room.count; i++) {
        hear(&room, room.members[i], session_print(s, "%s: ", ann->name));
        hear_bytes(&room, room.members[i], text, length);
    }
    all_listen(&room);
    say(&room, ann);
}

/* ---- leaving ---- */

static void leaving(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room), *cec = join(&room);

    link_shutdown(bob->link); /* it has finished sending; its end comes back */
    link_expect_end(bob->link);
    has_left(&room, bob);
    say(&room, cec);
    link_close(ann->link);
    has_left(&room, ann);
    say(&room, cec);
    (void)join(&room);
    say(&room, cec);
}

static void leaving_in_mid_line(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room), *cec = arrive(&room);

    send_part(bob, session_print(s, "half of %s", any_text(&room)));
    say(&room, ann);
    link_shutdown(bob->link);
    link_expect_end(bob->link);
    has_left(&room, bob);
    send_part(cec, "almostaname");
    link_close(cec->link);
    student_settle(room.p);
    (void)join(&room);
    say(&room, ann);
}

static void reset(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room), *cec = join(&room);

    send_part(bob, "half of a line");
    link_reset(bob->link);
    has_left(&room, bob);
    say(&room, ann);
    link_reset(cec->link);
    has_left(&room, cec);
    (void)join(&room);
    say(&room, ann);
}

/* How many of the lines that m hears next are these, each once; all others must hear the same. */
static void hear_in_any_order(struct room *room, struct member *m, const char **lines, size_t count)
{
    struct member *others[MEMBERS_MOST];
    size_t n = 0;

    session_unrecorded(room->s);
    for (size_t i = 0; i < room->count; i++)
        if (room->members[i] != m)
            others[n++] = room->members[i];
    for (size_t heard = 0; heard < count; heard++) {
        size_t length, i = 0;
        const char *line = link_line(m->link, &length);
        const char *whole = session_print(room->s, "%s\n", line);
        while (i < count && (lines[i] == NULL || strcmp(lines[i], whole) != 0))
            i++;
        if (i == count)
            session_fail(room->s, "%s heard \"%s\", which nobody said, or twice what was once.",
                         m->name, line);
        lines[i] = NULL;
        for (size_t k = 0; k < n; k++)
            hear(room, others[k], whole);
    }
    all_listen(room);
}

/* Two are lost while a line is being told: found by send(), in the middle of telling. */
static void gone_while_told(struct session *s)
{
    struct room room = open_room(s);
    struct member *members[7];
    const char *text = any_text(&room), *lines[3];

    for (size_t i = 0; i < 7; i++)
        members[i] = join(&room);
    struct member *ann = members[3], *bob = members[2], *cec = members[4];
    student_settle(room.p);
    student_hold_send(room.p);
    send_line(&room, ann, text);
    student_wait_held(room.p);
    link_shutdown(bob->link); /* then send() fails with EPIPE at once */
    link_reset(bob->link);
    link_reset(cec->link);
    student_release(room.p);
    take_out(&room, bob);
    take_out(&room, cec);
    lines[0] = spoken(&room, ann, text);
    lines[1] = session_print(s, "* %s left\n", bob->name);
    lines[2] = session_print(s, "* %s left\n", cec->name);
    hear_in_any_order(&room, ann, lines, 3);
    say(&room, members[6]);
    take_name(&room, arrive(&room), bob->name);
}

/* Two speak at once. Whose line comes first is open, but it comes first for everybody. */
static void same_order(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room);
    const char *lines[2 * TALK];

    (void)join(&room);
    struct member *dan = join(&room);
    send_part(ann, "o"); /* both have begun to speak before either goes on */
    send_part(bob, "o");
    for (size_t i = 0; i < TALK; i++) {
        const char *one = session_print(s, "%zu %s", i, any_text(&room));
        const char *two = session_print(s, "%zu %s", i, any_text(&room));
        lines[2 * i] = spoken(&room, ann, i == 0 ? session_print(s, "o%s", one) : one);
        lines[2 * i + 1] = spoken(&room, bob, i == 0 ? session_print(s, "o%s", two) : two);
        link_queue(ann->link, session_print(s, "%s\n", one), strlen(one) + 1);
        link_queue(bob->link, session_print(s, "%s\n", two), strlen(two) + 1);
    }
    hear_in_any_order(&room, dan, lines, (size_t)2 * TALK);
}

/* ---- who does not read ---- */

/* Says so many lines, all at once, and returns what everybody should hear of it. */
static char *say_much(struct room *room, struct member *m, size_t *length)
{
    size_t line = strlen(m->name) + 2 + ROUND_TEXT + 1;
    char *lines = session_alloc(room->s, (size_t)ROUND * (ROUND_TEXT + 1)),
         *heard = session_alloc(room->s, (size_t)ROUND * line + 1);

    for (size_t i = 0; i < ROUND; i++) {
        char *text = lines + i * (ROUND_TEXT + 1);
        session_text(room->s, text, ROUND_TEXT);
        text[0] = 'o';
        text[ROUND_TEXT] = '\n';
        (void)snprintf(heard + i * line, line + 1, "%s: %.*s\n", m->name, ROUND_TEXT, text);
    }
    *length = (size_t)ROUND * line;
    link_send(m->link, lines, (size_t)ROUND * (ROUND_TEXT + 1));
    return heard;
}

/* Joins with buffers that are soon full. */
static struct member *join_narrow(struct room *room)
{
    session_narrow(room->s, NARROW);
    struct member *m = join(room);
    session_narrow(room->s, 0);
    return m;
}

static size_t kept_now(const struct member *m, size_t told)
{
    size_t under_way = link_under_way(m->link);

    return told > under_way ? told - under_way : 0;
}

/*
 * What the server itself keeps of what it told this member. If that seems to be more than most,
 * the server is given the time to do what it can about it, and it is looked at again.
 */
static size_t kept_for(struct room *room, const struct member *m, size_t told, size_t most)
{
    if (kept_now(m, told) > most)
        student_settle(room->p);
    return kept_now(m, told);
}

/*
 * Somebody reads nothing any more. First the kernel's buffers fill, then the server's queue; beyond
 * its limit that client is given up, in the middle of telling everybody a line. All others hear
 * everything meanwhile, and in one order: one of them came before it, one after it.
 */
static void never_reads(struct session *s)
{
    enum { SLACK = 8192 }; /* what is acknowledged late is counted twice */
    struct room room = open_room(s);
    struct member *ann = join(&room), *deaf = join_narrow(&room), *bob = join(&room);
    size_t told = 0, kept = 0, length, line_length;
    const char *left = session_print(s, "* %s left", deaf->name);
    bool gone = false;

    session_unrecorded(s);
    take_out(&room, deaf);
    while (!gone) {
        const char *heard = say_much(&room, ann, &length), *at = heard;
        while (at < heard + length) {
            const char *line = link_line(bob->link, &line_length);
            bool leaves = !gone && strcmp(line, left) == 0;
            if (!leaves && (strncmp(at, line, line_length) != 0 || at[line_length] != '\n'))
                session_blame(s,
                              "Somebody does not read, and another client heard \"%.40s…\" "
                              "where \"%.40s…\" was said.",
                              line, at);
            at += leaves ? 0 : line_length + 1;
            gone |= leaves;
            hear(&room, ann, line);
            hear(&room, ann, "\n");
        }
        hear_the_same(&room, ann);
        told += length;
        if (gone && kept + length + SLACK < QUEUE_LIMIT)
            session_blame(s,
                          "A client that did not read was given up when at most %zu bytes could "
                          "be waiting for it; %d are allowed.",
                          kept + length, QUEUE_LIMIT);
        if (gone)
            break;
        kept = kept_for(&room, deaf, told, QUEUE_LIMIT);
        if (kept > QUEUE_LIMIT + SLACK && link_under_way(bob->link) == 0)
            session_blame(s,
                          "%zu bytes wait for a client that does not read. Beyond %d it is to be "
                          "given up, and the others are to be told that it left; they were not.",
                          kept, QUEUE_LIMIT);
    }
    link_wait_end(deaf->link);
    say(&room, bob);
    (void)join(&room);
    say(&room, ann);
}

/*
 * Eight speak, and none of them reads. All that they say has come before the server goes on: so
 * each of them is served, whoever is owed something by then, until they are given up; the one that
 * speaks is among them. Nobody reads what they say, so nobody else is in danger.
 */
static void all_speak(struct session *s)
{
    struct room room = open_room(s);
    struct member *all[CHATTERERS];
    char *lines = session_alloc(s, CHATTER);

    session_unrecorded(s);
    memset(lines, 'o', CHATTER);
    for (size_t i = 1; i < CHATTER; i += 2)
        lines[i] = '\n';
    student_settle(room.p);
    int before = student_descriptors(room.p);
    session_narrow(s, NARROW);
    for (size_t i = 0; i < CHATTERERS; i++) {
        all[i] = arrive(&room);
        take_name(&room, all[i], session_print(s, "somebody-no-%04zu", i));
    }
    session_narrow(s, 0);
    struct member *nameless = arrive(&room);
    student_settle(room.p);
    student_hold_send(room.p);
    link_send(all[0]->link, lines, 2);
    student_wait_held(room.p);
    for (size_t i = 0; i < CHATTERERS; i++)
        link_send(all[i]->link, lines, CHATTER);
    student_release(room.p);
    student_settle(room.p);
    for (size_t i = 0; i < CHATTERERS; i++)
        link_reset(all[i]->link);
    link_reset(nameless->link);
    expect_descriptors(room.p, before);
    room.count = 0;
    struct member *ann = arrive(&room);
    take_name(&room, ann, "somebody-no-0003");
    (void)join(&room);
    say(&room, ann);
}

/* Somebody stops reading for a while: what it missed is kept for it, and comes in order. */
static void slow_reader(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room), *slow = join_narrow(&room);
    size_t told = 0, length;
    size_t kept = 0;

    session_unrecorded(s);
    take_out(&room, slow);
    while (kept < WORTH_KEEPING && told < HEARD_MOST / 2) {
        const char *heard = say_much(&room, ann, &length);
        hear_bytes(&room, slow, heard, length);
        hear_bytes(&room, ann, heard, length);
        hear_bytes(&room, bob, heard, length);
        all_listen(&room);
        told += length;
        kept = kept_for(&room, slow, told, 0);
    }
    const char *text = any_text(&room); /* it speaks before it has heard what was said before */
    send_line(&room, slow, text);
    link_wait_read(slow->link);
    room.members[room.count++] = slow;
    all_hear(&room, NULL, spoken(&room, slow, text));
    listen_up(slow);
    all_listen(&room);
    say(&room, bob);
    say(&room, slow);
}

/* ---- many ---- */

/* Each hears all the others; most of them read nothing before everything was said. */
static void hundred(struct session *s)
{
    struct room room = open_room(s);
    struct member *all[CROWD];

    for (size_t i = 0; i < CROWD; i++) {
        const char *name = any_name(&room);
        all[i] = arrive(&room);
        send_line(&room, all[i], name);
        be_welcome(&room, all[i], name);
        listen_up(all[i]);
    }
    for (size_t i = 0; i < CROWD; i += CROWD / SPEAKERS) {
        const char *text = any_text(&room);
        send_line(&room, all[i], text);
        all_hear(&room, NULL, spoken(&room, all[i], text));
        listen_up(all[i]); /* heard by itself, so said: the next one may speak */
    }
    for (size_t i = CROWD; i > 0; i--)
        listen_up(all[i - 1]);
    whisper(&room, all[0], all[CROWD - 1]);
    whisper(&room, all[CROWD - 1], all[CROWD / 2]);
    for (size_t i = 1; i < CROWD - 1; i += 2) {
        link_close(all[i]->link);
        has_left(&room, all[i]);
    }
    say(&room, all[CROWD - 1]);
    say(&room, all[0]);
}

/* More connections than select() can watch: they are served or refused, and harm nobody. */
static void crowd(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room);
    static struct link *strangers[STRANGERS];

    for (size_t i = 0; i < STRANGERS; i++)
        strangers[i] = link_connect(s, "127.0.0.1", room.port);
    student_settle(room.p);
    say(&room, ann);
    say(&room, bob);
    for (size_t i = 0; i < STRANGERS; i++)
        link_reset(strangers[i]);
    student_settle(room.p);
    (void)join(&room);
    say(&room, ann);
}

/* ---- a rough day ---- */

/* A whole evening, for the cases in which the wire makes calls fail. */
static void disturbed(struct session *s)
{
    struct room room = open_room(s);
    struct member *members[6];

    for (size_t i = 0; i < 6; i++)
        members[i] = join(&room);
    for (size_t i = 0; i < 12; i++) {
        say(&room, members[i % 6]);
        whisper(&room, members[i % 6], members[(i + 1) % 6]);
    }
    link_close(members[2]->link);
    has_left(&room, members[2]);
    say(&room, members[0]);
}

static void no_descriptors(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room);

    student_settle(room.p);
    student_deny_descriptors(room.p);
    struct member *cec = arrive(&room);
    student_settle(room.p); /* accept() fails, again and again, and the program pauses in between */
    say(&room, ann);
    say(&room, bob);
    student_allow_descriptors(room.p);
    take_name(&room, cec, any_name(&room));
    say(&room, cec);
}

static void ipv6(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = session_alloc(s, sizeof *bob);

    bob->heard = session_alloc(s, HEARD_MOST);
    bob->link = link_connect(s, "::1", room.port);
    take_name(&room, bob, any_name(&room));
    say(&room, bob);
    say(&room, ann);
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

static void sigterm(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *bob = join(&room), *cec = arrive(&room);

    say(&room, ann);
    send_part(bob, "half of a line");
    student_settle(room.p);
    student_signal(room.p, SIGTERM);
    expect_exit(room.p, 0);
    link_wait_end(ann->link);
    link_wait_end(bob->link);
    link_wait_end(cec->link);
}

/* Clients that end in every way, then SIGTERM while something waits for one that does not read. */
static void clean(struct session *s)
{
    struct room room = open_room(s);
    struct member *ann = join(&room), *slow = join_narrow(&room);
    size_t told = 0, length;

    student_settle(room.p);
    int before = student_descriptors(room.p);
    for (int i = 0; i < 3; i++) {
        struct member *bob = join(&room), *cec = join(&room);
        link_close(arrive(&room)->link);
        send_part(bob, "half of a line");
        link_reset(bob->link);
        has_left(&room, bob);
        link_close(cec->link);
        has_left(&room, cec);
    }
    expect_descriptors(room.p, before);
    session_unrecorded(s);
    take_out(&room, slow);
    while (told < HEARD_MOST / 2 && kept_for(&room, slow, told, 0) < WORTH_KEEPING) {
        const char *heard = say_much(&room, ann, &length);
        hear_bytes(&room, ann, heard, length);
        listen_up(ann);
        told += length;
    }
    send_part(ann, "half of a line");
    student_settle(room.p);
    student_signal(room.p, SIGTERM);
    expect_exit(room.p, 0);
    link_wait_end(ann->link);
}

static const struct test_case CASES[] = {
    {.name = "two-members",
     .title = "two members, line by line",
     .points = 1,
     .teaches = "What one says, everybody with a name hears, the one who said it too.",
     .run = two_members},
    {.name = "names",
     .title = "good names and bad ones",
     .points = 2,
     .teaches = "A name is 1 to 16 letters, digits, - and _; who asked for another is told so and "
                "asked again.",
     .run = names},
    {.name = "name-taken",
     .title = "a name that somebody has",
     .points = 2,
     .teaches = "A name belongs to one client at a time: compare all of it, and give it free when "
                "that one leaves.",
     .run = name_taken},
    {.name = "nameless",
     .title = "a client without a name",
     .points = 1,
     .teaches = "Who has no name yet hears nothing of the others, and they nothing of it.",
     .run = nameless},
    {.name = "private",
     .title = "messages to one member",
     .points = 2,
     .teaches = "A private message reaches the two whom it concerns, once each, and nobody else.",
     .run = private_message},
    {.name = "unknown-name",
     .title = "a message to nobody",
     .points = 1,
     .teaches = "Nobody has that name, or nobody has it any more: the sender is told, and no one "
                "else.",
     .run = unknown_name},
    {.name = "new-name",
     .title = "a member changes its name",
     .points = 2,
     .teaches = "From the change on the new name counts, for speaking, for messages and for those "
                "who want it; the old one is free.",
     .run = new_name},
    {.name = "commands",
     .title = "commands that are none",
     .points = 1,
     .teaches = "A line that begins with a slash is a command or a mistake, never something said; "
                "an empty line is nothing.",
     .run = commands},
    {.name = "line-in-pieces",
     .title = "lines in pieces, from two at once",
     .points = 2,
     .teaches = "A line came in pieces while others spoke: each client needs a buffer of its own.",
     .run = line_in_pieces},
    {.name = "several-lines",
     .title = "a name and three lines in one segment",
     .points = 2,
     .teaches = "One recv() may hold several lines and the beginning of another.",
     .run = several_lines},
    {.name = "line-too-long",
     .title = "lines of 500, 501 and 200,000 bytes",
     .points = 2,
     .teaches = "A line of more than 500 bytes gets one answer, however long it is, and the line "
                "after it counts again.",
     .run = line_too_long},
    {.name = "binary",
     .title = "bytes of every value",
     .points = 1,
     .teaches = "What is said may be any bytes but a line end; a NUL ends it only for functions "
                "made for strings.",
     .run = binary},
    {.name = "leaving",
     .title = "members leave",
     .points = 2,
     .teaches = "recv() returned 0: the client has left, the others are told, and the connection "
                "is closed.",
     .run = leaving},
    {.name = "leaving-in-mid-line",
     .title = "leaving in the middle of a line",
     .points = 1,
     .teaches = "A line without its line end was never said.",
     .run = leaving_in_mid_line},
    {.name = "reset",
     .title = "members reset their connections",
     .points = 2,
     .teaches = "recv() failed with ECONNRESET: that client has left, and the chat goes on.",
     .run = reset},
    {.name = "gone-while-told",
     .title = "two are lost while a line is told",
     .points = 2,
     .teaches = "send() found two clients gone in the middle of telling everybody. Mark them, "
                "finish telling, then take them out and tell that: else somebody is skipped, told "
                "twice, or told in another order.",
     .run = gone_while_told},
    {.name = "same-order",
     .title = "two speak at once",
     .points = 2,
     .teaches = "All members hear everything in the same order, whoever said it.",
     .run = same_order},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR, and it was not SIGTERM: the call is to "
                "be made again.",
     .run = disturbed,
     .faults = "eintr"},
    {.name = "short-writes",
     .title = "send() takes less than it was given, or nothing for now",
     .points = 2,
     .teaches = "What send() did not take is kept, in order, until poll() or select() says that "
                "the client takes more.",
     .run = disturbed,
     .faults = "short-write,eagain"},
    {.name = "accept-fails",
     .title = "accept() fails a few times",
     .points = 1,
     .teaches = "accept() failed with ECONNABORTED, since that client had gone again, or with "
                "EMFILE; a server that ends there serves nobody any more.",
     .run = disturbed,
     .faults = "accept-emfile,accept-aborted"},
    {.name = "no-descriptors",
     .title = "no descriptor is free for a while",
     .points = 2,
     .teaches = "While no descriptor is free, accept() fails and the listening socket stays ready: "
                "leave it out for a moment, and go on serving the others.",
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
     .teaches = "A port is a number from 0 to 65535 and nothing behind it; else the command line "
                "is wrong, status 2.",
     .run = usage},
    {.name = "port-taken",
     .title = "another program has the port",
     .points = 1,
     .teaches = "bind() or listen() failed because the port is taken: a message, and status 1.",
     .run = port_taken},
    {.name = "sigterm",
     .title = "SIGTERM while clients are connected",
     .points = 2,
     .teaches = "SIGTERM asks the server to stop: it closes what it holds, and main returns 0.",
     .run = sigterm},
    {.name = "slow-reader",
     .title = "a client stops reading for a while",
     .points = 2,
     .teaches = "What a client cannot take yet waits in a queue of its own, and goes out in order "
                "when it reads again.",
     .run = slow_reader},
    {.name = "never-reads",
     .title = "a client never reads",
     .points = 3,
     .teaches = "Nobody waits for a client that does not read: its queue has a limit, and beyond "
                "the limit it is given up. That is told after the line at hand, to everybody.",
     .run = never_reads},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 2,
     .teaches = "A client's socket is closed however it left, and all memory is freed before main "
                "returns.",
     .run = clean,
     .leaks = true},
    {.name = "all-speak",
     .title = "eight speak, and none of them reads",
     .points = 2,
     .teaches = "A client was given up while its own lines were told. Mark it, and take it out "
                "when nobody works with it any more: else what goes on with its line uses memory "
                "that is free.",
     .run = all_speak},
    {.name = "hundred",
     .title = "100 clients",
     .points = 3,
     .teaches = "A hundred have their place at once, everybody hears everybody, and half of them "
                "leave.",
     .run = hundred},
    {.name = "crowd",
     .title = "1,050 connections",
     .points = 1,
     .teaches = "FD_SET() with a descriptor of FD_SETSIZE (1,024) or more writes past the end of "
                "the set: a client that has no place is refused with close().",
     .run = crowd},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
