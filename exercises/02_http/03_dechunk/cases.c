/* Exercise 2.3, de-chunk a stream: what is tried, and how. */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

#define FILE_NAME "trailers"
#define NEXT "the next message's"

enum {
    LINE_MOST = 4096,
    TRAILERS_MOST = 8192,
    MEBIBYTE = 1 << 20,
    ROOM = 1 << 16,
    MEMORY_KIB = 32768, /* with what the sanitizers take; a chunk has 60 MiB */
    PROCESSOR_MS = 3000,
    STRAY = 9 /* bytes behind a body */
};

/* A body and what is to come of it. */
struct body {
    char *bytes, *content, *trailers;
    size_t length, content_length, trailers_length;
};

static struct body make_body(struct session *s)
{
    return (struct body){.bytes = session_alloc(s, ROOM),
                         .content = session_alloc(s, ROOM),
                         .trailers = session_alloc(s, ROOM)};
}

static void add_raw(struct body *body, const void *bytes, size_t length)
{
    memcpy(body->bytes + body->length, bytes, length);
    body->length += length;
}

static void add_line(struct body *body, const char *line)
{
    add_raw(body, line, strlen(line));
    add_raw(body, "\r\n", 2);
}

static void add_content(struct body *body, const void *bytes, size_t length)
{
    add_raw(body, bytes, length);
    memcpy(body->content + body->content_length, bytes, length);
    body->content_length += length;
}

/* A chunk whose size line is that. */
static void add_as(struct body *body, const char *line, const void *bytes, size_t length)
{
    add_line(body, line);
    add_content(body, bytes, length);
    add_line(body, "");
}

/* A chunk of text that no program can know beforehand. */
static void add_chunk(struct session *s, struct body *body, size_t length)
{
    char *text = session_alloc(s, length);

    session_text(s, text, length);
    add_as(body, session_print(s, "%zx", length), text, length);
}

static void add_trailer(struct body *body, const char *line)
{
    size_t from = body->length, length = strlen(line) + 2;

    add_line(body, line);
    memcpy(body->trailers + body->trailers_length, body->bytes + from, length);
    body->trailers_length += length;
}

/* The last chunk, and the empty line without trailers. */
static void add_end(struct body *body)
{
    add_line(body, "0");
    add_line(body, "");
}

static struct student *start(struct session *s)
{
    session_keep_input(s);
    session_writes_files(s);
    return student_start(s, FILE_NAME, NULL);
}

static void expect_whole(struct student *p, const struct body *body, size_t unread)
{
    expect_output(p, body->content, body->content_length);
    expect_exit(p, 0);
    expect_file(p, FILE_NAME, body->trailers, body->trailers_length);
    expect_unread(p, unread, NEXT);
}

/* The body is whole; the input ends with it. */
static void passes(struct session *s, const struct body *body)
{
    struct student *p = start(s);

    student_input(p, body->bytes, body->length);
    student_end_input(p);
    expect_whole(p, body, 0);
}

static void expect_refusal(struct student *p, const struct body *body)
{
    expect_failure(p, 1);
    expect_output(p, body->content, body->content_length);
    expect_kept(p, FILE_NAME, "old\r\n", 5);
}

/*
 * The body is refused as soon as all of it is there: the input stays open. Or, with end, because
 * the input ends there.
 */
static void refuses(struct session *s, const struct body *body, bool end)
{
    session_file(s, FILE_NAME, "old\r\n", 5);
    struct student *p = start(s);

    student_input(p, body->bytes, body->length);
    if (end)
        student_end_input(p);
    expect_refusal(p, body);
}

static void chunks(struct session *s)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 6 + session_random(s, 4));
    add_chunk(s, &body, 10 + session_random(s, 6));
    add_chunk(s, &body, 17 + session_random(s, 9));
    add_end(&body);
    passes(s, &body);
}

static void large_digits(struct session *s)
{
    struct body body = make_body(s);
    char text[0x1af];

    session_text(s, text, sizeof text);
    add_as(&body, "1AF", text, 0x1af);
    add_as(&body, "aF", text, 0xaf);
    add_as(&body, "Fe", text, 0xfe);
    add_as(&body, "cd", text, 0xcd);
    add_end(&body);
    passes(s, &body);
}

/* Many more digits than a number has room for, and a first digit that looks like the end. */
static void leading_zeros(struct session *s)
{
    struct body body = make_body(s);
    size_t length = 4 + session_random(s, 6);
    char text[16];

    session_text(s, text, sizeof text);
    add_as(&body, session_print(s, "0%zu", length), text, length);
    add_as(&body, session_print(s, "%0100zu", length), text, length);
    add_line(&body, "000000000000000000000");
    add_line(&body, "");
    passes(s, &body);
}

static void empty(struct session *s)
{
    struct body body = make_body(s);

    add_end(&body);
    passes(s, &body);
    body = make_body(s);
    add_chunk(s, &body, 1 + session_random(s, 3));
    add_end(&body);
    passes(s, &body);
}

/* Content that looks like the end, and like another chunk; and bytes of every kind. */
static void binary(struct session *s)
{
    struct body body = make_body(s);
    char bytes[900];

    session_bytes(s, bytes, sizeof bytes);
    bytes[0] = bytes[sizeof bytes - 1] = '\0';
    add_as(&body, "5", "0\r\n\r\n", 5);
    add_as(&body, "384", bytes, sizeof bytes);
    add_as(&body, "b", "3\r\nabc\r\n0\r\n", 11);
    add_as(&body, "2", "\r\n", 2);
    add_as(&body, "1", "\0", 1);
    add_end(&body);
    passes(s, &body);
}

static void extensions(struct session *s)
{
    struct body body = make_body(s);
    char text[16];

    session_text(s, text, sizeof text);
    add_as(&body, "5;a=b", text, 5);
    add_as(&body, "6 \t; a=\"x;y\" ; c", text, 6);
    add_as(&body, "7;", text, 7);
    add_as(&body, "8;8\t8;caf\xc3\xa9", text, 8);
    add_line(&body, "0;last=\"5\"");
    add_line(&body, "");
    passes(s, &body);
}

static void trailers(struct session *s)
{
    struct body body = make_body(s);
    unsigned n = session_random(s, 100000);

    add_chunk(s, &body, 20);
    add_line(&body, "0");
    add_trailer(&body, session_print(s, "Sum: %u", n));
    add_trailer(&body, session_print(s, "Content-Length: %u", n));
    add_trailer(&body, "Transfer-Encoding:chunked");
    add_trailer(&body, "x|~`:\t a: b \xe9 ");
    add_trailer(&body, "5:");
    add_line(&body, "");
    passes(s, &body);
}

/* What an earlier body left in the file is longer than what this one puts there. */
static void no_trailers(struct session *s)
{
    struct body body = make_body(s);
    const char *old = "Sum: 123456789\r\nOther: old\r\n";

    add_chunk(s, &body, 20);
    add_line(&body, "0");
    add_trailer(&body, session_print(s, "Sum: %u", session_random(s, 1000)));
    add_line(&body, "");
    session_file(s, FILE_NAME, old, strlen(old));
    passes(s, &body);
    body = make_body(s);
    add_chunk(s, &body, 9);
    add_end(&body);
    passes(s, &body);
}

/* Byte by byte, each when the one before it was read. */
static void split_everywhere(struct session *s)
{
    struct body body = make_body(s);
    struct student *p = start(s);

    add_as(&body, "0A;x", session_print(s, "%010u", session_random(s, 1000000)), 10);
    add_chunk(s, &body, 2);
    add_line(&body, "0");
    add_trailer(&body, "T: v");
    add_line(&body, "");
    for (size_t i = 0; i < body.length; i++) {
        student_input(p, body.bytes + i, 1);
        student_wait_read(p);
    }
    student_end_input(p);
    expect_whole(p, &body, 0);
}

/* What is behind the body looks as if it belonged to it. */
static void behind(struct session *s)
{
    struct body body = make_body(s);
    size_t whole;

    add_chunk(s, &body, 20);
    add_end(&body);
    whole = body.length;
    add_chunk(s, &body, 40 + session_random(s, 3000));
    body.content_length = 20;
    struct student *p = start(s);
    student_input(p, body.bytes, body.length);
    student_end_input(p);
    expect_whole(p, &body, body.length - whole);
}

static void behind_trailers(struct session *s)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 12);
    add_line(&body, "0;x");
    add_trailer(&body, session_print(s, "Sum: %u", session_random(s, 100000)));
    add_line(&body, "");
    struct student *p = start(s);
    student_input(p, body.bytes, body.length);
    student_input(p, "\r\nA: b\r\n\r\n", STRAY);
    student_end_input(p);
    expect_whole(p, &body, STRAY);
}

/* Nothing is behind it, and nobody says so. */
static void kept_open(struct session *s)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 30 + session_random(s, 30));
    add_end(&body);
    struct student *p = start(s);
    student_input(p, body.bytes, body.length);
    expect_whole(p, &body, 0);
}

/* A chunk that is good, and then a size line that is not, with as much content as some make of it.
 */
static void refuse_size(struct session *s, const char *line)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 8 + session_random(s, 8));
    add_line(&body, line);
    add_raw(&body, "hello\r\n0\r\n\r\n", 12);
    refuses(s, &body, false);
}

static void not_hexadecimal(struct session *s)
{
    static const char *const lines[] = {"0x5", "+5", "-5", " 5", "5 ", "5g", "5,5", "", ";5"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        refuse_size(s, lines[i]);
}

/* 2^63, 2^64 + 5, and the largest number of 64 bits, which is -1 to some. */
static void overflow(struct session *s)
{
    refuse_size(s, "8000000000000000");
    refuse_size(s, "10000000000000005");
    refuse_size(s, "0ffffffffffffffff");
    refuse_size(s, "500000000000000000000000000000005");
}

/* 2^32 + 5 is more than 5: the content does not come to its end. */
static void four_gib(struct session *s)
{
    struct body body = make_body(s);

    add_line(&body, "100000005");
    add_content(&body, "hello\r\n0\r\n\r\n", 12);
    refuses(s, &body, true);
    body = make_body(s);
    add_line(&body, "7FFFFFFFFFFFFFFF");
    add_content(&body, session_print(s, "%07u\r\n", session_random(s, 1000000)), 9);
    refuses(s, &body, true);
}

static void refuse_behind(struct session *s, const char *behind, size_t length)
{
    struct body body = make_body(s);

    add_line(&body, "5");
    add_content(&body, session_print(s, "%05u", session_random(s, 100000)), 5);
    add_raw(&body, behind, length);
    refuses(s, &body, false);
}

static void missing_crlf(struct session *s)
{
    refuse_behind(s, "XX", 2);
    refuse_behind(s, "0\r\n\r\n", 5);
    refuse_behind(s, "\n0\r\n\r\n", 6);
    refuse_behind(s, "\r\r\n0\r\n\r\n", 8);
    refuse_behind(s, "\r0\r\n\r\n", 6);
}

/* In a size line, in an extension, in the last chunk's line, for the empty line. */
static void bare_lf(struct session *s)
{
    struct body body = make_body(s);

    add_raw(&body, "5\nhello\r\n0\r\n\r\n", 14);
    refuses(s, &body, false);
    body = make_body(s);
    add_raw(&body, "5;a\nhello\r\n0\r\n\r\n", 16);
    refuses(s, &body, false);
    body = make_body(s);
    add_chunk(s, &body, 7);
    add_raw(&body, "0\n\r\n", 4);
    refuses(s, &body, false);
    body = make_body(s);
    add_chunk(s, &body, 7);
    add_raw(&body, "0\r\n\n", 4);
    refuses(s, &body, false);
}

static void control(struct session *s)
{
    struct body body = make_body(s);

    add_raw(&body, "5;a\rb\r\n", 7);
    refuses(s, &body, false);
    body = make_body(s);
    add_chunk(s, &body, 7);
    add_raw(&body, "5;a\0b\r\nhello\r\n", 14);
    refuses(s, &body, false);
    body = make_body(s);
    add_chunk(s, &body, 7);
    add_raw(&body, "5\0\r\nhello\r\n", 11);
    refuses(s, &body, false);
    body = make_body(s);
    add_raw(&body, "0;\x7f\r\n\r\n", 7);
    refuses(s, &body, false);
}

static void mid_chunk(struct session *s)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 20);
    add_line(&body, "20");
    add_content(&body, session_print(s, "%05u", session_random(s, 100000)), 5);
    refuses(s, &body, true);
}

/* The input ends at every other place at which it must not. */
static void too_early(struct session *s)
{
    static const char *const ends[] = {
        "", "5", "5\r", "5\r\nhello", "5\r\nhello\r", "0\r\n", "0\r\n\r", "0\r\nSum: 1\r\n"};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct body body = make_body(s);
        add_chunk(s, &body, 3 + session_random(s, 9));
        add_raw(&body, ends[i], strlen(ends[i]));
        if (strstr(ends[i], "hello") != NULL) {
            memcpy(body.content + body.content_length, "hello", 5);
            body.content_length += 5;
        }
        refuses(s, &body, true);
    }
}

static void bad_trailers(struct session *s)
{
    static const char *const lines[] = {"Sum",        "A: b\r\n c: d", "Sum : 1", ": 1",
                                        "A: b\rc: d", "A: b\nC: d",    "A: \x01"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct body body = make_body(s);
        add_chunk(s, &body, 3 + session_random(s, 9));
        add_line(&body, "0");
        add_line(&body, lines[i]);
        refuses(s, &body, false);
    }
}

/* A size line as long as it may be; then one of which a byte too many has come, and no line end. */
static void long_line(struct session *s)
{
    struct body body = make_body(s);
    char line[LINE_MOST + 2];

    memset(line, 'x', sizeof line);
    memcpy(line, "3;", 2);
    line[LINE_MOST - 2] = '\0';
    add_as(&body, line, session_print(s, "%03u", session_random(s, 1000)), 3);
    memset(line, '0', LINE_MOST - 2);
    line[LINE_MOST - 3] = '4';
    add_as(&body, line, session_print(s, "%04u", session_random(s, 10000)), 4);
    add_end(&body);
    passes(s, &body);
    body = make_body(s);
    add_chunk(s, &body, 7);
    memset(line, '0', sizeof line);
    add_raw(&body, line, LINE_MOST + 1);
    refuses(s, &body, false);
}

/* Trailers of so many bytes with their line ends, and no empty line. */
static void add_trailers(struct session *s, struct body *body, size_t length)
{
    enum { FIRST = 100 };
    char line[TRAILERS_MOST];

    memset(line, 'x', sizeof line);
    memcpy(line, "A:", 2);
    line[FIRST - 2] = '\0';
    add_chunk(s, body, 7);
    add_line(body, "0");
    add_trailer(body, line);
    line[FIRST - 2] = 'x';
    line[length - FIRST - 2] = '\0';
    add_trailer(body, line);
}

static void many_trailers(struct session *s)
{
    struct body body = make_body(s);

    add_trailers(s, &body, TRAILERS_MOST - 2);
    add_line(&body, "");
    passes(s, &body);
    body = make_body(s);
    add_trailers(s, &body, TRAILERS_MOST - 1);
    add_line(&body, "");
    refuses(s, &body, false);
}

static void small_chunks(struct session *s)
{
    enum { COUNT = 4000 };
    struct body body = make_body(s);
    char text[COUNT];

    session_text(s, text, sizeof text);
    for (size_t i = 0; i < COUNT; i++)
        add_as(&body, "1", text + i, 1);
    add_end(&body);
    passes(s, &body);
}

static void input_unreadable(struct session *s)
{
    session_spoil_input(s);
    struct student *p = student_start(s, FILE_NAME, NULL);

    student_end_input(p);
    expect_failure(p, 1);
    expect_output(p, "", 0);
    expect_no_file(p, FILE_NAME, "There was no body.");
}

static void output_full(struct session *s)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 20);
    add_end(&body);
    session_fill_output(s);
    struct student *p = start(s);
    student_input(p, body.bytes, body.length);
    student_end_input(p);
    expect_failure(p, 1);
}

static void no_folder(struct session *s)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 20);
    add_end(&body);
    struct student *p = student_start(s, "no-folder/trailers", NULL);
    student_input(p, body.bytes, body.length);
    student_end_input(p);
    expect_failure(p, 1);
    expect_output(p, body.content, body.content_length);
}

static void usage(struct session *s)
{
    struct student *p = student_start(s, NULL);

    student_end_input(p);
    expect_failure(p, 2);
    p = student_start(s, FILE_NAME, "other", NULL);
    student_input(p, "1\r\na\r\n0\r\n\r\n", 11);
    student_end_input(p);
    expect_failure(p, 2);
    expect_output(p, "", 0);
}

static void clean(struct session *s)
{
    struct body body = make_body(s);

    add_chunk(s, &body, 20);
    add_chunk(s, &body, 3000);
    add_line(&body, "0");
    add_trailer(&body, "A: b");
    add_trailer(&body, session_print(s, "C: %u", session_random(s, 1000)));
    add_line(&body, "");
    passes(s, &body);
}

/* ---- 100 MiB ---- */

/* Two views of one body: what goes in, and what comes out. */
struct large {
    const char *pattern; /* content repeats it */
    size_t pattern_length;
    size_t content;  /* bytes of content so far */
    size_t left;     /* … of the chunk at hand */
    size_t stop;     /* pause behind so many bytes of content */
    uint32_t random; /* sizes of chunks */
    bool framed, begun;
};

enum { PATTERN = 65521, FIRST_CHUNK = 60 * MEBIBYTE, LARGE = 100 * MEBIBYTE };

static size_t next_size(struct large *large)
{
    size_t size = FIRST_CHUNK, rest = (size_t)LARGE - large->content;

    if (large->content > 0) {
        large->random = large->random * 1664525 + 1013904223;
        size = 16384 + large->random % 32768;
    }
    return rest < size + 16384 ? rest : size;
}

static size_t copy_pattern(struct large *large, char *bytes, size_t size)
{
    size_t from = large->content % large->pattern_length, length = large->pattern_length - from;

    length = length < size ? length : size;
    memcpy(bytes, large->pattern + from, length);
    large->content += length;
    return length;
}

static size_t next_content(void *state, char *bytes, size_t size)
{
    struct large *large = state;
    size_t rest = (size_t)LARGE - large->content;

    return rest == 0 ? 0 : copy_pattern(large, bytes, rest < size ? rest : size);
}

/* The size lines between; the last chunk is the case's. */
static size_t next_chunked(void *state, char *bytes, size_t size)
{
    struct large *large = state;

    if (large->content == large->stop)
        return 0;
    if (large->left == 0) {
        const char *end = large->begun ? "\r\n" : "";
        large->begun = true;
        large->left = next_size(large);
        return (size_t)snprintf(bytes, size, "%s%zx\r\n", end, large->left);
    }
    size_t most = large->stop - large->content;
    most = most < large->left ? most : large->left;
    size_t length = copy_pattern(large, bytes, most < size ? most : size);
    large->left -= length;
    return length;
}

static void hundred_mebibytes(struct session *s)
{
    char *pattern = session_alloc(s, PATTERN);
    struct large in = {.pattern = pattern, .pattern_length = PATTERN}, out;
    const char *end = "\r\n0\r\nSum: 1\r\n\r\nstray....", *trailer = "Sum: 1\r\n";

    session_bytes(s, pattern, PATTERN);
    in.random = session_random(s, 1 << 30);
    out = in;
    struct student *p = start(s);
    student_limit_processor(p, PROCESSOR_MS);
    student_stream_output(p, next_content, &out);
    in.stop = (size_t)50 * MEBIBYTE; /* within the first chunk */
    student_stream_input(p, next_chunked, &in);
    expect_memory(p, MEMORY_KIB);
    in.stop = LARGE;
    student_stream_input(p, next_chunked, &in);
    student_input(p, end, strlen(end));
    student_end_input(p);
    expect_stream_output(p);
    expect_exit(p, 0);
    expect_file(p, FILE_NAME, trailer, strlen(trailer));
    expect_unread(p, STRAY, NEXT);
}

static const struct test_case CASES[] = {
    {.name = "chunks",
     .title = "three chunks",
     .points = 1,
     .teaches = "Each chunk is a size in hexadecimal digits, so many bytes, and a line end; the "
                "chunk of size 0 is the last.",
     .run = chunks},
    {.name = "large-digits",
     .title = "digits in both cases",
     .points = 1,
     .teaches = "1AF, 1af and 1aF are one number.",
     .run = large_digits},
    {.name = "leading-zeros",
     .title = "leading zeros",
     .points = 2,
     .teaches = "Zeros in front change nothing, and be they a hundred: count bits of the number "
                "and not digits. A size that begins with 0 is not yet the last.",
     .run = leading_zeros},
    {.name = "empty",
     .title = "a body without content",
     .points = 1,
     .teaches = "The first chunk may be the last: then there is no content, and that is no "
                "mistake.",
     .run = empty},
    {.name = "binary",
     .title = "content that looks like chunks",
     .points = 2,
     .teaches = "Content is bytes: NULs, line ends, and what would be a chunk elsewhere. Only the "
                "size says where it ends.",
     .run = binary},
    {.name = "extensions",
     .title = "extensions",
     .points = 2,
     .teaches = "Behind a ; stand extensions, which nobody has to know; blanks may stand before "
                "it.",
     .run = extensions},
    {.name = "trailers",
     .title = "trailer fields",
     .points = 2,
     .teaches = "Trailers go into their file as they came, whatever they say; none of them is "
                "content, and none ends the body but the empty line.",
     .run = trailers},
    {.name = "no-trailers",
     .title = "a file from last time",
     .points = 1,
     .teaches = "The file says what this body said: nothing of an earlier one is left in it.",
     .run = no_trailers},
    {.name = "split-everywhere",
     .title = "a body byte by byte",
     .points = 3,
     .teaches = "read() returns what is there, be it one byte: it is fewer than asked for, and not "
                "the end.",
     .run = split_everywhere},
    {.name = "behind",
     .title = "another body behind it",
     .points = 3,
     .teaches = "What comes behind the body is the next program's, and a byte that was read cannot "
                "be put back into a pipe.",
     .run = behind},
    {.name = "behind-trailers",
     .title = "stray bytes behind trailers",
     .points = 2,
     .teaches = "The empty line behind the trailers is the last of the body: not a byte less is "
                "yours, and not one more.",
     .run = behind_trailers},
    {.name = "kept-open",
     .title = "the sender keeps the connection open",
     .points = 2,
     .teaches = "The body is at its end when its empty line is there. Who asks for another byte "
                "waits for ever.",
     .run = kept_open},
    {.name = "not-hexadecimal",
     .title = "sizes that are no numbers",
     .points = 2,
     .teaches = "0x5, +5 and \" 5\" are sizes to strtoul(), and not to the next server: a size is "
                "digits and nothing else.",
     .run = not_hexadecimal},
    {.name = "overflow",
     .title = "sizes that are too large",
     .points = 2,
     .teaches =
         "A size that overflows is 5 to one program and endless to the next: what is between "
         "them is a request that nobody looked at.",
     .run = overflow},
    {.name = "four-gib",
     .title = "sizes of more than 32 bits",
     .points = 1,
     .teaches = "A size has 63 bits; in 32 of them 100000005 is 5.",
     .run = four_gib},
    {.name = "missing-crlf",
     .title = "no line end behind the content",
     .points = 2,
     .teaches = "Behind the content stands \\r\\n. Who skips two bytes without a look takes "
                "anything for it, and lies two bytes beside the truth.",
     .run = missing_crlf},
    {.name = "bare-lf",
     .title = "a line feed alone",
     .points = 2,
     .teaches = "A \\n alone ends a line for some and stands in an extension for others: so they "
                "see different chunks.",
     .run = bare_lf},
    {.name = "control",
     .title = "control characters in a size line",
     .points = 1,
     .teaches =
         "A \\r in a line that does not end it, or a NUL, which ends a C string and no line: "
         "refused, in extensions too.",
     .run = control},
    {.name = "mid-chunk",
     .title = "the end in the middle of a chunk",
     .points = 2,
     .teaches = "The body broke off: what came is printed, and the status is 1, for half a "
                "recording must not pass for a whole one.",
     .run = mid_chunk},
    {.name = "too-early",
     .title = "the end at other places",
     .points = 2,
     .teaches = "Only the empty line behind the last chunk ends the body. An end of the input "
                "anywhere before it is a body that broke off.",
     .run = too_early},
    {.name = "bad-trailers",
     .title = "trailer lines that are no fields",
     .points = 2,
     .teaches = "Trailers are fields, with a field's rules: a name that is a token, a colon right "
                "behind it, a value without control characters.",
     .run = bad_trailers},
    {.name = "long-line",
     .title = "a size line of 4,096 bytes, and a longer one",
     .points = 2,
     .teaches = "4,096 bytes are a line; one that goes on must end at a limit, not at the end of "
                "an array.",
     .run = long_line},
    {.name = "many-trailers",
     .title = "8,192 bytes of trailers, and one more",
     .points = 2,
     .teaches = "The limit is on all trailers together, with line ends and empty line: each of "
                "them alone may be short.",
     .run = many_trailers},
    {.name = "small-chunks",
     .title = "4,000 chunks of a byte",
     .points = 1,
     .teaches = "Chunks may have a byte each, and there is no most.",
     .run = small_chunks},
    {.name = "input-unreadable",
     .title = "standard input cannot be read",
     .points = 1,
     .teaches = "read() returned -1: that is no end, and -1 is no number of bytes.",
     .run = input_unreadable},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "The disk is full: fwrite() may still succeed, and only fflush() or fclose() "
                "tells.",
     .run = output_full},
    {.name = "no-folder",
     .title = "the file cannot be written",
     .points = 1,
     .teaches = "fopen() failed: the trailers are lost, and the status must say so.",
     .run = no_folder},
    {.name = "usage",
     .title = "no argument, and two",
     .points = 1,
     .teaches = "There is one argument; anything else is a mistake, status 2.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left in memory",
     .points = 1,
     .teaches = "What was kept of the trailers is freed when they are written.",
     .run = clean,
     .leaks = true},
    {.name = "hundred-mebibytes",
     .title = "100 MiB, one chunk of 60",
     .points = 4,
     .teaches = "Neither the body nor a chunk may be kept, and a call of read() for each byte of "
                "100 MiB takes too long.",
     .run = hundred_mebibytes},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
