/* Exercise 1.4, type, length, value: what is tried, and how. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

enum {
    LIMIT = 10000, /* bytes of a value */
    HIGH = 0x80,   /* a bit that makes a signed byte negative */
    HEAD = 6,
    SUM = 2,
    ALL = 1 << 20, /* bytes of a conversation */
    MANY = 2000,   /* messages */
    PINGS = 12
};
enum { TEXT = 1, NUMBER = 2, PING = 3, PONG = 4 };

/* What the station sends, what the program must print for it, and how the last line will count. */
struct talk {
    unsigned char *bytes;
    char *output;
    size_t length, output_length;
    int messages, skipped;
};

static struct talk make_talk(struct session *s)
{
    return (struct talk){.bytes = session_alloc(s, ALL), .output = session_alloc(s, ALL)};
}

static void add_output(struct talk *talk, const void *bytes, size_t length)
{
    memcpy(talk->output + talk->output_length, bytes, length);
    talk->output_length += length;
}

/* Writes a message to bytes. Returns its length. */
static size_t put_message(unsigned char *bytes, unsigned type, const void *value, size_t length)
{
    unsigned sum = 0;

    for (int i = 0; i < 2; i++)
        bytes[i] = (unsigned char)(type >> (8 - 8 * i));
    for (int i = 0; i < 4; i++)
        bytes[2 + i] = (unsigned char)(length >> (24 - 8 * i));
    memcpy(bytes + HEAD, value, length);
    for (size_t i = 0; i < HEAD + length; i++)
        sum += bytes[i];
    bytes[HEAD + length] = (unsigned char)(sum >> 8);
    bytes[HEAD + length + 1] = (unsigned char)sum;
    return HEAD + length + SUM;
}

/* A message that shows nothing on standard output. */
static void add_message(struct talk *talk, unsigned type, const void *value, size_t length)
{
    talk->length += put_message(talk->bytes + talk->length, type, value, length);
    talk->messages++;
}

static void add_skipped(struct talk *talk, unsigned type, const void *value, size_t length)
{
    add_message(talk, type, value, length);
    talk->skipped++;
}

static void add_text(struct talk *talk, const void *value, size_t length)
{
    add_message(talk, TEXT, value, length);
    add_output(talk, "text \"", 6);
    add_output(talk, value, length);
    add_output(talk, "\"\n", 2);
}

static void add_number(struct session *s, struct talk *talk, int64_t number)
{
    const char *line = session_print(s, "number %" PRId64 "\n", number);
    unsigned char value[8];

    for (int i = 0; i < 8; i++)
        value[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
    add_message(talk, NUMBER, value, sizeof value);
    add_output(talk, line, strlen(line));
}

/* Printable text of this length that no program can know beforehand. */
static char *any_text(struct session *s, size_t length)
{
    char *text = session_alloc(s, length + 1);

    session_text(s, text, length);
    return text;
}

static void add_any(struct session *s, struct talk *talk, size_t length)
{
    add_text(talk, any_text(s, length), length);
}

/* A few messages, so that what a case is about does not come first. A byte of the number is 128 or
 * more: who takes bytes for signed gets its sum wrong, whatever the seed is. */
static void add_some(struct session *s, struct talk *talk)
{
    add_any(s, talk, 4 + session_random(s, 20));
    add_number(s, talk, ((int64_t)session_random(s, 1000000) - 500000) | HIGH);
    add_any(s, talk, 4 + session_random(s, 20));
}

static struct student *start(struct session *s, const struct peer *station)
{
    return student_start(s, peer_host(station), peer_port(station), NULL);
}

/* The program ends by itself, having printed all of it and the last line. */
static void expect_all(struct session *s, struct student *p, struct talk *talk, int status)
{
    const char *last = session_print(s, "%d messages, %d skipped\n", talk->messages, talk->skipped);

    add_output(talk, last, strlen(last));
    if (status == 0)
        expect_exit(p, 0);
    else
        expect_failure(p, status);
    expect_output(p, talk->output, talk->output_length);
}

/* Sends what there is, once, finishes sending, and expects all of it. */
static void say_all(struct session *s, struct talk *talk, const size_t *sizes, int status)
{
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);

    if (sizes != NULL)
        link_send_pieces(link, talk->bytes, talk->length, sizes);
    else
        link_send(link, talk->bytes, talk->length);
    link_close(link);
    expect_all(s, p, talk, status);
}

/* Sends what there is and keeps the connection open: the program is to end it, with a failure. */
static void say_and_stay(struct session *s, struct talk *talk)
{
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);

    session_closes_early(s); /* it is to do just that */
    link_send(link, talk->bytes, talk->length);
    expect_failure(p, 1);
    expect_output(p, talk->output, talk->output_length);
    link_wait_end(link);
}

static void messages(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);
    size_t sent = 0;

    for (int i = 0; i < 4; i++) { /* each when the one before was read */
        if (i == 2)
            add_number(s, &talk, (1 + session_random(s, 1000000)) | HIGH);
        else
            add_any(s, &talk, 8 + session_random(s, 20));
        link_send(link, talk.bytes + sent, talk.length - sent);
        link_wait_read(link);
        sent = talk.length;
    }
    link_close(link);
    expect_all(s, p, &talk, 0);
}

/* Message after message, the first cut behind its first byte, the next behind its second, … */
static void split_everywhere(struct session *s)
{
    enum { VALUE = 5, LENGTH = HEAD + VALUE + SUM };
    struct talk talk = make_talk(s);
    size_t sizes[LENGTH] = {1};

    for (size_t i = 1; i < LENGTH - 1; i++)
        sizes[i] = LENGTH + 1; /* the rest of one, and of the next a byte more than before */
    for (size_t i = 0; i < LENGTH - 1; i++)
        add_any(s, &talk, VALUE);
    say_all(s, &talk, sizes, 0);
}

static void byte_by_byte(struct session *s)
{
    struct talk talk = make_talk(s);
    size_t sizes[64];

    add_number(s, &talk, (int64_t)session_random(s, 1000000) | HIGH);
    add_any(s, &talk, 6 + session_random(s, 6));
    for (size_t i = 0; i < talk.length; i++)
        sizes[i] = i + 1 < talk.length ? 1 : 0;
    say_all(s, &talk, sizes, 0);
}

static void several_together(struct session *s)
{
    struct talk talk = make_talk(s);

    for (int i = 0; i < 3; i++)
        add_some(s, &talk);
    say_all(s, &talk, NULL, 0);
}

/* More than any buffer holds, so that messages lie across the end of it, wherever that is. */
static void many_messages(struct session *s)
{
    struct talk talk = make_talk(s);

    for (int i = 0; i < MANY; i++)
        add_any(s, &talk, session_random(s, i % 100 == 50 ? LIMIT : 300));
    say_all(s, &talk, NULL, 0);
}

static void empty_values(struct session *s)
{
    struct talk talk = make_talk(s);

    add_some(s, &talk);
    add_text(&talk, "", 0);
    add_any(s, &talk, 9);
    add_skipped(&talk, 1000 + session_random(s, 1000), "", 0);
    add_text(&talk, "", 0);
    say_all(s, &talk, NULL, 0);
}

/* Their low bytes look known, and their values look like messages. */
static void unknown(struct session *s)
{
    static const unsigned types[] = {0, 0x101, PONG, 0x202, 0x303, 0x100, 0xffff, 0x8001};
    struct talk talk = make_talk(s);
    unsigned char value[64];

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t length = put_message(value, TEXT, any_text(s, 10), 10);
        add_any(s, &talk, 6);
        add_skipped(&talk, types[i], value, length);
    }
    add_some(s, &talk);
    say_all(s, &talk, NULL, 0);
}

static void numbers(struct session *s)
{
    struct talk talk = make_talk(s);

    add_number(s, &talk, 0);
    add_number(s, &talk, -1);
    add_number(s, &talk, INT64_MAX - session_random(s, 1000));
    add_number(s, &talk, INT64_MIN + session_random(s, 1000));
    add_number(s, &talk, INT64_MIN);
    add_number(s, &talk, -3000000000 - session_random(s, 1000000));
    add_number(s, &talk, 200 + session_random(s, 50));
    say_all(s, &talk, NULL, 0);
}

/* Whole, with a right sum, and no number all the same. What comes behind it is all right. */
static void odd_numbers(struct session *s)
{
    struct talk talk = make_talk(s);
    unsigned char value[9] = {0};

    session_bytes(s, value, sizeof value);
    add_some(s, &talk);
    add_skipped(&talk, NUMBER, value, 4);
    add_some(s, &talk);
    add_skipped(&talk, NUMBER, value, 9);
    add_skipped(&talk, NUMBER, "", 0);
    add_some(s, &talk);
    say_all(s, &talk, NULL, 1);
}

static void binary(struct session *s)
{
    struct talk talk = make_talk(s);
    unsigned char value[700];

    session_bytes(s, value, sizeof value);
    value[0] = value[1] = '\0';
    value[2] = '\n';
    memcpy(value + 3, "%s%n", 4);
    value[sizeof value - 1] = '\0';
    add_any(s, &talk, 6);
    add_text(&talk, value, sizeof value);
    add_text(&talk, "\0", 1);
    add_any(s, &talk, 6);
    say_all(s, &talk, NULL, 0);
}

/* Nothing but bytes of 200 and more: signed they are negative, and 300 of them exceed 65,535. */
static void high_bytes(struct session *s)
{
    struct talk talk = make_talk(s);
    unsigned char value[800];

    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (unsigned char)(200 + session_random(s, 56));
    add_text(&talk, value, 3);
    add_text(&talk, value, sizeof value);
    add_any(s, &talk, 6);
    say_all(s, &talk, NULL, 0);
}

/* Every byte of a length counts, and so does the longest value. */
static void lengths(struct session *s)
{
    static const size_t most[] = {127, 128, 200, 255, 256, 0x1080, 0x2100, LIMIT - 1, LIMIT};
    struct talk talk = make_talk(s);

    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++)
        add_any(s, &talk, most[i]);
    add_skipped(&talk, 77, any_text(s, LIMIT), LIMIT);
    add_any(s, &talk, 6);
    say_all(s, &talk, NULL, 0);
}

/* Adds a message that is wrong in one bit at this place, and behind it some that nobody must see.
 */
static void add_wrong(struct session *s, struct talk *talk, unsigned type, size_t place)
{
    unsigned char after[64];
    size_t length = put_message(talk->bytes + talk->length, type, any_text(s, 12), 12);

    unsigned bit = session_random(s, 3);
    if (place == 1)
        bit = 1; /* TEXT becomes PING: a type that nobody knows is another case's */
    talk->bytes[talk->length + place] ^= (unsigned char)(1U << bit);
    talk->length += length;
    length = put_message(after, TEXT, any_text(s, 10), 10);
    length += put_message(after + length, PING, any_text(s, 10), 10);
    memcpy(talk->bytes + talk->length, after, length);
    talk->length += length;
}

static void bad_sum(struct session *s)
{
    static const size_t places[] = {1, HEAD, HEAD + 11, HEAD + 12, HEAD + 13};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct talk talk = make_talk(s);
        add_some(s, &talk);
        add_wrong(s, &talk, TEXT, places[i]);
        say_and_stay(s, &talk);
    }
}

/* An unknown type, and a number of 12 bytes: neither would be printed if its sum were right. */
static void bad_sum_skipped(struct session *s)
{
    struct talk talk = make_talk(s);

    add_some(s, &talk);
    add_skipped(&talk, 500 + session_random(s, 500), any_text(s, 20), 20);
    add_wrong(s, &talk, 500 + session_random(s, 500), HEAD + session_random(s, 12));
    say_and_stay(s, &talk);
    talk = make_talk(s);
    add_some(s, &talk);
    add_wrong(s, &talk, NUMBER, HEAD + session_random(s, 12));
    say_and_stay(s, &talk);
}

/* A head, and nothing behind it: no program may wait for the value that it announces. */
static void add_head(struct talk *talk, unsigned type, uint32_t length)
{
    unsigned char *bytes = talk->bytes + talk->length;

    for (int i = 0; i < 2; i++)
        bytes[i] = (unsigned char)(type >> (8 - 8 * i));
    for (int i = 0; i < 4; i++)
        bytes[2 + i] = (unsigned char)(length >> (24 - 8 * i));
    talk->length += HEAD;
}

static void refuse_length(struct session *s, unsigned type, uint32_t length)
{
    struct talk talk = make_talk(s);

    add_some(s, &talk);
    add_head(&talk, type, length);
    say_and_stay(s, &talk);
}

static void too_long(struct session *s)
{
    refuse_length(s, TEXT, LIMIT + 1);
    refuse_length(s, 100 + session_random(s, 1000), LIMIT + 1 + session_random(s, 1000));
    refuse_length(s, PING, 65536);
    refuse_length(s, NUMBER, 65536 + 8); /* its last two bytes say 8 */
}

static void four_gib(struct session *s)
{
    refuse_length(s, TEXT, UINT32_MAX);
    refuse_length(s, TEXT, UINT32_MAX - HEAD - SUM + 1 + session_random(s, 6)); /* + 8 is little */
    refuse_length(s, TEXT, UINT32_MAX - session_random(s, 20000));
    refuse_length(s, 300 + session_random(s, 300), 0x80000000U + session_random(s, 100));
}

static void end_in_message(struct session *s)
{
    static const size_t sent[] = {1, HEAD, HEAD + 5, HEAD + 20 + SUM - 1};

    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        struct talk talk = make_talk(s);
        struct peer *station = peer_listen(s, "127.0.0.1");
        struct student *p = start(s, station);
        struct link *link = peer_accept(station);
        add_some(s, &talk);
        (void)put_message(talk.bytes + talk.length, TEXT, any_text(s, 20), 20);
        link_send(link, talk.bytes, talk.length + sent[i]);
        link_close(link);
        expect_failure(p, 1);
        expect_output(p, talk.output, talk.output_length);
    }
}

static void nothing(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);

    link_close(peer_accept(station));
    expect_all(s, p, &talk, 0);
}

/* Between two messages, where an end in order would have been all right. */
static void reset(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);

    add_some(s, &talk);
    link_send(link, talk.bytes, talk.length);
    link_wait_read(link);
    link_reset(link);
    expect_failure(p, 1);
    expect_output(p, talk.output, talk.output_length);
}

/* Sends what is new in talk and a ping behind it, and waits for the answer. */
static void exchange_ping(struct link *link, struct talk *talk, const void *value, size_t length)
{
    unsigned char *answer = talk->bytes + ALL - LIMIT - HEAD - SUM;

    add_message(talk, PING, value, length);
    link_send(link, talk->bytes, talk->length);
    talk->length = 0;
    link_expect(link, answer, put_message(answer, PONG, value, length));
}

/* Each time the station waits for the answer before it goes on. */
static void ping(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);

    exchange_ping(link, &talk, any_text(s, 8), 8);
    add_some(s, &talk);
    exchange_ping(link, &talk, any_text(s, 20), 20);
    exchange_ping(link, &talk, "", 0);
    add_skipped(&talk, 9, "", 0);
    exchange_ping(link, &talk, "\xff\0\xfe", 3);
    link_shutdown(link);
    link_expect_end(link);
    expect_all(s, p, &talk, 0);
}

/* All at once, then the end: as many answers are due, in their order, before the program ends. */
static void pings_together(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);
    unsigned char *answers = session_alloc(s, ALL);
    size_t length = 0;

    for (int i = 0; i < PINGS; i++) {
        size_t size = 1 + session_random(s, 39); /* values of no bytes are another case */
        const char *value = any_text(s, size);
        add_message(&talk, PING, value, size);
        length += put_message(answers + length, PONG, value, size);
    }
    add_some(s, &talk);
    link_send(link, talk.bytes, talk.length);
    link_shutdown(link);
    link_expect(link, answers, length);
    link_expect_end(link);
    expect_all(s, p, &talk, 0);
}

/* The longest value, which send() takes in pieces here. */
static void large_ping(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);

    for (int i = 0; i < 3; i++) {
        size_t length = i == 0 ? LIMIT : (LIMIT - 1000 + session_random(s, 800)) | HIGH;
        exchange_ping(link, &talk, any_text(s, length), length);
    }
    link_shutdown(link);
    link_expect_end(link);
    expect_all(s, p, &talk, 0);
}

/* The station resets just before the program sends its answer. */
static void gone_before_answer(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");

    session_hold_send(s);
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);
    add_some(s, &talk);
    add_message(&talk, PING, any_text(s, 8), 8);
    link_send(link, talk.bytes, talk.length);
    student_wait_held(p);
    link_shutdown(link);
    link_reset(link); /* after an end: only then send() fails with EPIPE */
    student_release(p);
    expect_failure(p, 1);
    expect_output(p, talk.output, talk.output_length);
}

/* Enough calls to meet every kind of disturbance: for the cases with faults. */
static void disturbed(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);

    for (int i = 0; i < PINGS; i++) {
        add_some(s, &talk);
        add_skipped(&talk, 40, any_text(s, 10), 10);
        exchange_ping(link, &talk, any_text(s, 30), 30);
    }
    link_shutdown(link);
    link_expect_end(link);
    expect_all(s, p, &talk, 0);
}

static void one_answer(struct session *s, struct student *p, struct peer *station)
{
    struct talk talk = make_talk(s);
    struct link *link = peer_accept(station);

    add_some(s, &talk);
    exchange_ping(link, &talk, any_text(s, 8), 8);
    link_shutdown(link);
    link_expect_end(link);
    expect_all(s, p, &talk, 0);
}

static void every_address(struct session *s)
{
    struct peer *station = peer_listen(s, "127.0.0.3");

    session_host(s, "two.test", "127.0.0.9", peer_host(station), NULL); /* the first one refuses */
    one_answer(s, student_start(s, "two.test", peer_port(station), NULL), station);
}

static void ipv6(struct session *s)
{
    struct peer *station = peer_listen(s, "::1");

    one_answer(s, start(s, station), station);
}

static void nobody_there(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1");
    struct student *p = start(s, closed);

    expect_failure(p, 1);
    expect_output(p, "", 0);
    session_host(s, "known.test", peer_host(closed), NULL);
    p = student_start(s, "unknown.test", peer_port(closed), NULL);
    expect_failure(p, 1);
    expect_output(p, "", 0);
}

static void output_full(struct session *s)
{
    struct talk talk = make_talk(s);
    struct peer *station = peer_listen(s, "127.0.0.1");

    session_fill_output(s);
    struct student *p = start(s, station);
    struct link *link = peer_accept(station);
    add_some(s, &talk);
    link_send(link, talk.bytes, talk.length);
    link_close(link);
    expect_failure(p, 1);
}

static void usage(struct session *s)
{
    static const char *const ports[] = {NULL, "", "0", "70000", "12x"};
    struct peer *station = peer_listen(s, "127.0.0.1");

    expect_failure(student_start(s, NULL), 2);
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        expect_failure(student_start(s, peer_host(station), ports[i], NULL), 2);
    expect_failure(student_start(s, peer_host(station), peer_port(station), "more", NULL), 2);
    peer_expect_nobody(station, "The command line was wrong, so there was nobody to connect to.");
}

/* Long and short values, an end in order, an end in the middle, a refusal: memory each time. */
static void clean(struct session *s)
{
    struct talk talk = make_talk(s);

    add_some(s, &talk);
    add_any(s, &talk, LIMIT);
    add_skipped(&talk, 9, any_text(s, 50), 50);
    say_all(s, &talk, NULL, 0);
    refuse_length(s, TEXT, LIMIT + 1);
    talk = make_talk(s);
    add_some(s, &talk);
    add_wrong(s, &talk, TEXT, HEAD);
    say_and_stay(s, &talk);
}

static const struct test_case CASES[] = {
    {.name = "messages",
     .title = "four messages, one after another",
     .points = 1,
     .teaches = "Each message came by itself, when the one before it had been read.",
     .run = messages},
    {.name = "split-everywhere",
     .title = "messages cut at every byte",
     .points = 3,
     .teaches = "Each message was cut at another byte, in the head, the value or the sum: a "
                "message is there when its last byte is.",
     .run = split_everywhere},
    {.name = "byte-by-byte",
     .title = "two messages, a byte at a time",
     .points = 1,
     .teaches = "Each byte came alone; what has come must be kept until the rest is there.",
     .run = byte_by_byte},
    {.name = "several-together",
     .title = "nine messages in one segment",
     .points = 2,
     .teaches = "Nine messages came together; what lies behind the first is not to be lost.",
     .run = several_together},
    {.name = "many-messages",
     .title = "2,000 messages, short and long",
     .points = 2,
     .teaches = "More came than any buffer holds; some messages lie across the end of yours.",
     .run = many_messages},
    {.name = "empty-values",
     .title = "values of no bytes",
     .points = 1,
     .teaches = "A value may be empty: its message is a head and a sum, and nothing has ended.",
     .run = empty_values},
    {.name = "unknown",
     .title = "types that nobody knows",
     .points = 2,
     .teaches = "An unknown type is skipped by its length, whatever its value looks like; a type "
                "is two bytes.",
     .run = unknown},
    {.name = "numbers",
     .title = "numbers from end to end of the range",
     .points = 1,
     .teaches = "A number is 64 bits in two's complement, the most significant byte first.",
     .run = numbers},
    {.name = "odd-numbers",
     .title = "numbers of 4, 9 and 0 bytes",
     .points = 1,
     .teaches = "A number that has not 8 bytes is skipped with a message; where the next one "
                "begins is known, so the rest counts, and the status is 1 in the end.",
     .run = odd_numbers},
    {.name = "binary",
     .title = "text with NULs and line ends in it",
     .points = 1,
     .teaches = "A text is as long as its length says; strlen() and printf(\"%s\") stop at a NUL.",
     .run = binary},
    {.name = "high-bytes",
     .title = "bytes from 200 to 255",
     .points = 2,
     .teaches = "A char may be signed, and then bytes above 127 count as negative; and the sum is "
                "cut to 16 bits.",
     .run = high_bytes},
    {.name = "lengths",
     .title = "lengths up to 10,000",
     .points = 1,
     .teaches = "A length is four bytes, most significant first; 10,000 is still allowed.",
     .run = lengths},
    {.name = "bad-sum",
     .title = "a wrong bit in the type, the value, the sum",
     .points = 3,
     .teaches = "One bit was wrong, so the sum was: that message and all behind it are not to be "
                "believed, and nothing of them is to be waited for.",
     .run = bad_sum},
    {.name = "bad-sum-skipped",
     .title = "a wrong bit in messages that would be skipped",
     .points = 1,
     .teaches = "The sum protects the length too, so it counts for messages that are skipped.",
     .run = bad_sum_skipped},
    {.name = "too-long",
     .title = "lengths above 10,000",
     .points = 2,
     .teaches = "A head announced more than 10,000 bytes, and nothing came behind it: refuse it "
                "when the head is there, whatever the type.",
     .run = too_long},
    {.name = "four-gib",
     .title = "lengths near 2 and 4 GiB",
     .points = 2,
     .teaches = "A length near 4 GiB is negative as an int, and small when 8 is added in 32 bits: "
                "compare it with the limit first, unsigned.",
     .run = four_gib},
    {.name = "end-in-message",
     .title = "the end in the middle of a message",
     .points = 2,
     .teaches = "The station finished in mid-message: that is no orderly end, status 1, and no "
                "last line.",
     .run = end_in_message},
    {.name = "nothing",
     .title = "the end at once",
     .points = 1,
     .teaches = "The station sent nothing and finished: 0 messages is a result like any other.",
     .run = nothing},
    {.name = "reset",
     .title = "a reset between two messages",
     .points = 1,
     .teaches = "recv() failed with ECONNRESET: that is no end, even where an end would be "
                "allowed.",
     .run = reset},
    {.name = "ping",
     .title = "a station that waits for each answer",
     .points = 2,
     .teaches = "The station sent a ping and waited: the answer goes out when the ping is "
                "complete, not when more has come.",
     .run = ping},
    {.name = "pings-together",
     .title = "12 pings at once",
     .points = 1,
     .teaches = "12 pings came together, then the end; every one is owed an answer, in order.",
     .run = pings_together},
    {.name = "large-ping",
     .title = "pings of 10,000 bytes, which send() takes in pieces",
     .points = 2,
     .teaches = "send() may take fewer bytes than it was given; the rest must be sent again.",
     .run = large_ping,
     .faults = "short-write"},
    {.name = "gone-before-answer",
     .title = "the station is gone before its answer",
     .points = 1,
     .teaches = "send() to a peer that has reset raises SIGPIPE, which ends the program, unless "
                "MSG_NOSIGNAL is given.",
     .run = gone_before_answer},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches =
         "A signal made a call return -1 with EINTR: nothing was lost, make it again. A recv() "
         "with MSG_WAITALL it may end with fewer bytes than were asked for.",
     .run = disturbed,
     .faults = "eintr"},
    {.name = "short-reads",
     .title = "recv() gives a few bytes at a time",
     .points = 1,
     .teaches = "recv() may give fewer bytes than there are; ask again until there are enough.",
     .run = disturbed,
     .faults = "short-read"},
    {.name = "every-address",
     .title = "a name with two addresses, the first refuses",
     .points = 1,
     .teaches = "getaddrinfo() gave two addresses for the name; each is to be tried.",
     .run = every_address},
    {.name = "ipv6",
     .title = "the station has only IPv6",
     .points = 1,
     .teaches = "The station is at ::1; getaddrinfo() with AF_UNSPEC finds both kinds.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "nobody-there",
     .title = "nobody listens, and a host that does not exist",
     .points = 1,
     .teaches = "There was nobody to talk to: a message, and status 1.",
     .run = nobody_there},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() and fwrite() keep is written by "
                "fflush(stdout), which says whether that worked.",
     .run = output_full},
    {.name = "usage",
     .title = "no port, or one that is none",
     .points = 1,
     .teaches = "The command line is HOST PORT, with a port from 1 to 65535; anything else is "
                "wrong, status 2, before anybody is asked.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 2,
     .teaches = "All memory is freed before main returns, also where a message was refused.",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
