/* Exercise 2.2, header linter: what is tried, and how. */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

enum { BLOCK_MOST = 65536, FIELDS_MOST = 100, LINE = 64 };

static unsigned any(struct session *s)
{
    return 1000 + session_random(s, 9000);
}

/* Starts the program on a block, whose sender keeps the input open behind it. */
static struct student *start_open(struct session *s, const char *block, size_t length)
{
    struct student *p = student_start(s, NULL);

    student_input(p, block, length);
    return p;
}

static struct student *start(struct session *s, const char *block, size_t length)
{
    struct student *p = start_open(s, block, length);

    student_end_input(p);
    return p;
}

static void expect_normal(struct student *p, const char *normal)
{
    expect_output(p, normal, strlen(normal));
    expect_exit(p, 0);
}

static void expect_refusal(struct student *p, const char *verdict)
{
    expect_failure(p, 1);
    expect_error_line(p, verdict);
    expect_output(p, "", 0);
}

static void passes(struct session *s, const char *block, const char *normal)
{
    expect_normal(start(s, block, strlen(block)), normal);
}

static void refuses(struct session *s, const char *block, const char *verdict)
{
    expect_refusal(start(s, block, strlen(block)), verdict);
}

static void names(struct session *s)
{
    unsigned n = any(s);

    passes(
        s,
        session_print(s, "Host: A%u.Test\r\nX-SECOND: Value\r\naB~1: C\r\nZ|`^_: %u\r\n\r\n", n, n),
        session_print(s, "host: A%u.Test\r\nx-second: Value\r\nab~1: C\r\nz|`^_: %u\r\n\r\n", n,
                      n));
}

/* A vertical bar of the value, other colons and bytes beyond ASCII are all the value's own. */
static void blanks(struct session *s)
{
    unsigned n = any(s);

    passes(s,
           session_print(s,
                         "X-A:%u\r\nX-B: \t two  words\t%u \t \r\nX-C:  a:b: c\r\nX-D: \xe9\xff "
                         "\x80\r\n\r\n",
                         n, n),
           session_print(
               s, "x-a: %u\r\nx-b: two  words\t%u\r\nx-c: a:b: c\r\nx-d: \xe9\xff \x80\r\n\r\n", n,
               n));
}

static void repeats(struct session *s)
{
    unsigned n = any(s);

    passes(s,
           session_print(s,
                         "X-One: %u, b\r\nX-Two: 2\r\nx-one: c,d\r\nX-On: 3\r\nX-ONE:  e%u "
                         "\r\nx-two: 4\r\n\r\n",
                         n, n),
           session_print(s, "x-one: %u, b, c,d, e%u\r\nx-two: 2, 4\r\nx-on: 3\r\n\r\n", n, n));
}

static void set_cookie(struct session *s)
{
    unsigned n = any(s);
    const char *date = "Expires=Wed, 09 Jun 2027 10:18:14 GMT";

    passes(s,
           session_print(s,
                         "Set-Cookie: a=%u; %s\r\nX-Set-Cookie: 1\r\nSET-COOKIE: b=2\r\nx-z: "
                         "1\r\nset-cookie:\r\nX-Set-Cookie: 2\r\nSet-Cookie: a=%u; %s\r\n\r\n",
                         n, date, n, date),
           session_print(s,
                         "set-cookie: a=%u; %s\r\nx-set-cookie: 1, 2\r\nset-cookie: b=2\r\nx-z: "
                         "1\r\nset-cookie:\r\nset-cookie: a=%u; %s\r\n\r\n",
                         n, date, n, date));
}

static void list_values(struct session *s)
{
    unsigned n = any(s);

    passes(s,
           session_print(
               s,
               "Accept: ,, text/html;q=0.%u ,\t*/*,  , image/png ,\r\nVary:a,b\r\nX-List: "
               "a,b ,,c\r\naccept:\r\nConnection: , \t,\r\nACCEPT:,x/%u\r\nvary: ,A,\r\n\r\n",
               n, n),
           session_print(s,
                         "accept: text/html;q=0.%u, */*, image/png, x/%u\r\nvary: a, b, "
                         "A\r\nx-list: a,b ,,c\r\nconnection:\r\n\r\n",
                         n, n));
}

static void quoted(struct session *s)
{
    unsigned n = any(s);

    passes(s,
           session_print(s,
                         "Cache-Control: private=\"a,,b\",x=\"%u\\\",,\\\\\" ,,y\r\nAccept: "
                         "a;b=\"c ,, d\r\naccept: e,,f\r\n\r\n",
                         n),
           session_print(s,
                         "cache-control: private=\"a,,b\", x=\"%u\\\",,\\\\\", y\r\naccept: "
                         "a;b=\"c ,, d, e, f\r\n\r\n",
                         n));
}

static void empty_value(struct session *s)
{
    unsigned n = any(s);

    passes(s,
           session_print(s,
                         "X-None:\r\nX-Some:\r\nX-Blank: \t \r\nx-some: %u\r\nX-Some: \r\nx-none: "
                         "\r\nX-SOME: b\r\n\r\n",
                         n),
           session_print(s, "x-none:\r\nx-some: %u, b\r\nx-blank:\r\n\r\n", n));
}

static void no_fields(struct session *s)
{
    unsigned n = any(s);
    const char *normal =
        session_print(s, "x-a: %u, b\r\nset-cookie: a=%u\r\nvary: a, b\r\n\r\n", n, n);

    passes(s, "\r\n", "\r\n");
    passes(s, normal, normal);
}

/* Behind the empty line stands what would be refused; then nothing, and the input stays open. */
static void behind(struct session *s)
{
    unsigned n = any(s);
    char block[128];
    int length = snprintf(block, sizeof block, "X-A: %u\r\n\r\n body\nno\rheader%c\r\n : ", n, 0);
    const char *normal = session_print(s, "x-a: %u\r\n\r\n", n);

    expect_normal(start(s, block, (size_t)length), normal);
    expect_normal(start_open(s, block, strlen(normal)), normal);
}

/* The next piece comes when the program waits for it. */
static void in_pieces(struct session *s)
{
    unsigned n = any(s);
    const char *const pieces[] = {"X-", session_print(s, "A: %u\r", n), "\nX-B:", " b\r\n\r", "\n"};
    struct student *p = student_start(s, NULL);

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (i > 0)
            student_settle(p);
        student_input(p, pieces[i], strlen(pieces[i]));
    }
    expect_normal(p, session_print(s, "x-a: %u\r\nx-b: b\r\n\r\n", n));
}

static void obs_fold(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\r\n c: d\r\nX-E: e\r\n\r\n", n),
            "line 3: 400 obs-fold");
    refuses(s, session_print(s, "X-A: %u\r\n\tc\r\n\r\n", n), "line 2: 400 obs-fold");
    refuses(s, session_print(s, " X-A: %u\r\n\r\n", n), "line 1: 400 obs-fold");
}

static void blank_before_colon(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\nContent-Length : 5\r\n\r\n", n),
            "line 2: 400 blank-before-colon");
    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\r\nTransfer-Encoding\t: chunked\r\n\r\n", n),
            "line 3: 400 blank-before-colon");
    passes(s, session_print(s, "X-A: b : %u\r\n\r\n", n),
           session_print(s, "x-a: b : %u\r\n\r\n", n));
}

static void bare_lf(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\nContent-Length: 5\r\n\r\n", n),
            "line 2: 400 bare-lf");
    refuses(s, session_print(s, "X-A: %u\r\n\n", n), "line 2: 400 bare-lf");
}

static void bare_cr(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\rContent-Length: 5\r\n\r\n", n),
            "line 2: 400 bare-cr");
    refuses(s, session_print(s, "X-A: %u\r\r\n\r\n", n), "line 1: 400 bare-cr");
    refuses(s, session_print(s, "X-A: %u\r\nX-B:\rb\r\n\r\n", n), "line 2: 400 bare-cr");
}

static void nul(struct session *s)
{
    char block[128];
    int length = snprintf(block, sizeof block, "X-A: %u\r\nX-B: b%c c\r\n\r\n", any(s), 0);

    expect_refusal(start(s, block, (size_t)length), "line 2: 400 nul");
    length = snprintf(block, sizeof block, "X-A: %u\r\nX-B%c: b\r\n\r\n", any(s), 0);
    expect_refusal(start(s, block, (size_t)length), "line 2: 400 nul");
}

/* An escape sequence in a name; a DEL in a value. */
static void control(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: \x1b[2J%u\r\n\r\n", n), "line 1: 400 control");
    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\x7f\r\n\r\n", n), "line 2: 400 control");
    refuses(s, session_print(s, "X-A: %u\r\nX-B: a\r\nX-\vC: c\r\n\r\n", n), "line 3: 400 control");
}

static void no_colon(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\nGET / HTTP/1.1\r\n\r\n", n), "line 2: 400 no-colon");
    refuses(s, session_print(s, "X-%u\r\nX-B: b\r\n\r\n", n), "line 1: 400 no-colon");
}

static void bad_name(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\n: b\r\n\r\n", n), "line 2: 400 bad-name");
    refuses(s, session_print(s, "X-A: %u\r\nX B: b\r\n\r\n", n), "line 2: 400 bad-name");
    refuses(s, session_print(s, "X-\xc3\xa4: %u\r\n\r\n", n), "line 1: 400 bad-name");
    refuses(s, session_print(s, "X-A: %u\r\nX(B): b\r\n\r\n", n), "line 2: 400 bad-name");
}

/* So many field lines, none like another, and no empty line. */
static void put_lines(char *text, int count, const char *name, unsigned n)
{
    size_t length = 0;

    for (int i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, LINE, "%s%d: %u\r\n", name, i, n);
}

static void too_many(struct session *s)
{
    char *block = session_alloc(s, (FIELDS_MOST + (size_t)1) * LINE),
         *normal = session_alloc(s, (FIELDS_MOST + (size_t)1) * LINE);
    unsigned n = any(s);

    put_lines(normal, FIELDS_MOST, "x-", n);
    put_lines(block, FIELDS_MOST, "X-", n);
    passes(s, session_print(s, "%s\r\n", block), session_print(s, "%s\r\n", normal));
    const char *more = session_print(s, "%sX-0: b\r\n", block);
    expect_refusal(start_open(s, more, strlen(more)), "line 101: 431 too-many");
}

/* Field lines of size bytes in all: two, the second as long as it takes. */
static char *make_large(struct session *s, size_t size, const char *name, unsigned n)
{
    char *block = session_alloc(s, size + 1);
    int length = snprintf(block, size, "%sa: %u\r\n%sb: ", name, n, name);

    memset(block + length, 'b', size - (size_t)length);
    block[size - 2] = '\r';
    block[size - 1] = '\n';
    return block;
}

/* As large as it may be with its empty line, and then a byte more, the last. */
static void largest(struct session *s)
{
    unsigned n = any(s);

    passes(s, session_print(s, "%s\r\n", make_large(s, BLOCK_MOST - 2, "X-", n)),
           session_print(s, "%s\r\n", make_large(s, BLOCK_MOST - 2, "x-", n)));
    refuses(s, session_print(s, "%s\r\n", make_large(s, BLOCK_MOST - 1, "X-", n)),
            "line 3: 431 too-large");
}

/* A line that never ends; the sender stops one byte behind the limit, and waits. */
static void endless_line(struct session *s)
{
    char *block = make_large(s, BLOCK_MOST + 3, "X-", any(s));

    expect_refusal(start_open(s, block, BLOCK_MOST + 1), "line 2: 431 too-large");
}

static void repeated(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "Host: a%u.test\r\nX-A: b\r\nhost: b.test\r\n\r\n", n),
            "line 3: 400 repeated");
    refuses(s, session_print(s, "Content-Type: a/b%u\r\nContent-type: a/b%u\r\n\r\n", n, n),
            "line 2: 400 repeated");
    refuses(s, session_print(s, "X-A: %u\r\nAuthorization: b\r\nAUTHORIZATION:\r\n\r\n", n),
            "line 3: 400 repeated");
}

static void equal_lengths(struct session *s)
{
    unsigned n = any(s);

    passes(s,
           session_print(s,
                         "X-A: a\r\nContent-Length: %u\r\nX-B: b\r\ncontent-length:  0%u ,%u\t, "
                         "%u \r\n\r\n",
                         n, n, n, n),
           session_print(s, "x-a: a\r\ncontent-length: %u\r\nx-b: b\r\n\r\n", n));
    passes(s, "Content-Length: 09223372036854775807\r\n\r\n",
           "content-length: 9223372036854775807\r\n\r\n");
    passes(s, session_print(s, "CONTENT-LENGTH: 00,0\r\nx-a: %u\r\n\r\n", n),
           session_print(s, "content-length: 0\r\nx-a: %u\r\n\r\n", n));
}

static void unequal_lengths(struct session *s)
{
    unsigned n = any(s);

    refuses(
        s, session_print(s, "Content-Length: %u\r\nX-A: a\r\nContent-Length: %u\r\n\r\n", n, n + 1),
        "line 3: 400 unequal-lengths");
    refuses(s, session_print(s, "Content-Length: %u, %u,%u\r\n\r\n", n, n, n * 10),
            "line 1: 400 unequal-lengths");
    refuses(s, session_print(s, "Content-Length: 0\r\ncontent-length: %u\r\n\r\n", n),
            "line 2: 400 unequal-lengths");
}

static void bad_length(struct session *s)
{
    static const char *const around[][2] = {{"+", ""},  {"-", ""}, {"0x", ""},
                                            {"", " 5"}, {"", ","}, {"", ";q"}};
    unsigned n = any(s);

    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++)
        refuses(s,
                session_print(s, "X-A: a\r\nContent-Length: %s%u%s\r\n\r\n", around[i][0], n,
                              around[i][1]),
                "line 2: 400 bad-length");
    refuses(s, "Content-Length:\r\n\r\n", "line 1: 400 bad-length");
}

static void length_overflow(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\nContent-Length: 9223372036854775808\r\n\r\n", n),
            "line 2: 400 bad-length");
    /* 2^64 + 5, and then 2^32 + 5, which is 5 in 32 bits */
    refuses(s, session_print(s, "X-A: %u\r\nContent-Length: 5, 18446744073709551621\r\n\r\n", n),
            "line 2: 400 bad-length");
    refuses(s, session_print(s, "X-A: %u\r\nContent-Length: 5, 4294967301\r\n\r\n", n),
            "line 2: 400 unequal-lengths");
}

static void length_and_coding(struct session *s)
{
    unsigned n = any(s);

    refuses(
        s,
        session_print(s, "Content-Length: %u\r\nX-A: a\r\nTransfer-Encoding: chunked\r\n\r\n", n),
        "line 3: 400 length-and-coding");
    refuses(s, session_print(s, "Transfer-Encoding: chunked\r\nContent-Length: %u\r\n\r\n", n),
            "line 2: 400 length-and-coding");
    refuses(s, session_print(s, "Content-Length: %u\r\nTransfer-Encoding:\r\n\r\n", n),
            "line 2: 400 length-and-coding");
}

static void coding(struct session *s)
{
    unsigned n = any(s);

    passes(s,
           session_print(s,
                         "Transfer-Encoding: gzip\r\nX-A: %u\r\ntransfer-encoding:,Chunked "
                         "\r\n\r\n",
                         n),
           session_print(s, "transfer-encoding: gzip, Chunked\r\nx-a: %u\r\n\r\n", n));
    refuses(s, session_print(s, "X-A: %u\r\nTransfer-Encoding: xchunked\r\n\r\n", n),
            "line 3: 400 bad-coding");
    refuses(s,
            session_print(s,
                          "X-A: %u\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                          "identity\r\n\r\n",
                          n),
            "line 4: 400 bad-coding");
    refuses(s, session_print(s, "X-A: %u\r\nTransfer-Encoding: chunked, Chunked\r\n\r\n", n),
            "line 3: 400 bad-coding");
}

/* Two things wrong: in two lines, and in one. */
static void first_wrong(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "Content-Length: %u\r\n b\r\nContent-Length: 1\r\nX-C: c\n\r\n", n),
            "line 2: 400 obs-fold");
    refuses(s, session_print(s, "X-A: %u\r\n X-B\r : b\n\r\n", n), "line 2: 400 bare-lf");
    refuses(s, session_print(s, "X-A: %u\r\nX@B : b\r\n\r\n", n), "line 2: 400 blank-before-colon");
}

/* The line is wrong, and the sender waits for an answer before it says more. */
static void at_once(struct session *s)
{
    const char *block = session_print(s, "X-A: %u\r\nX-B : b\r\n", any(s));

    expect_refusal(start_open(s, block, strlen(block)), "line 2: 400 blank-before-colon");
    block = session_print(s, "Content-Length: %u\r\nContent-Length: 5\r\nX-", any(s));
    expect_refusal(start_open(s, block, strlen(block)), "line 2: 400 unequal-lengths");
}

static void incomplete(struct session *s)
{
    unsigned n = any(s);

    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\r\n", n), "line 3: 400 incomplete");
    refuses(s, session_print(s, "X-A: %u\r\nX-B: b", n), "line 2: 400 incomplete");
    refuses(s, session_print(s, "X-A: %u\r\n\r", n), "line 2: 400 incomplete");
    refuses(s, "", "line 1: 400 incomplete");
}

static void input_unreadable(struct session *s)
{
    session_spoil_input(s);
    struct student *p = start(s, "", 0);

    expect_failure(p, 1);
    expect_output(p, "", 0);
}

static void output_full(struct session *s)
{
    const char *block = session_print(s, "X-A: %u\r\n\r\n", any(s));

    session_fill_output(s);
    expect_failure(start(s, block, strlen(block)), 1);
}

static void usage(struct session *s)
{
    const char *block = session_print(s, "X-A: %u\r\n\r\n", any(s));
    struct student *p = student_start(s, "block.txt", NULL);

    student_input(p, block, strlen(block));
    student_end_input(p);
    expect_failure(p, 2);
    expect_output(p, "", 0);
}

static void clean(struct session *s)
{
    unsigned n = any(s);

    passes(s, session_print(s, "X-A: a\r\nX-A: %u\r\nVary: a,,b\r\n\r\n", n),
           session_print(s, "x-a: a, %u\r\nvary: a, b\r\n\r\n", n));
    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\r\nX-C\r\n\r\n", n), "line 3: 400 no-colon");
    refuses(s, session_print(s, "X-A: %u\r\nX-B: b\r\n", n), "line 3: 400 incomplete");
}

static const struct test_case CASES[] = {
    {.name = "names",
     .title = "names in any case",
     .points = 1,
     .teaches = "Names are the same in any case and come out in small letters; values keep theirs.",
     .run = names},
    {.name = "blanks",
     .title = "blanks around values and in them",
     .points = 1,
     .teaches = "Spaces and tabs at both ends of a value go, those within stay; behind the first "
                "colon, colons are the value's.",
     .run = blanks},
    {.name = "repeats",
     .title = "a name that comes again",
     .points = 2,
     .teaches = "Fields of one name are one field: their values stand in the place of the first, "
                "in order, with a comma and a space between them.",
     .run = repeats},
    {.name = "set-cookie",
     .title = "Set-Cookie is not joined",
     .points = 2,
     .teaches = "A cookie's date has a comma in it: joined, nobody could take two cookies apart "
                "again.",
     .run = set_cookie},
    {.name = "list-values",
     .title = "lists with empty members",
     .points = 2,
     .teaches = "In a list, empty members and blanks around members mean nothing and go; in a "
                "value that is no list, nothing does.",
     .run = list_values},
    {.name = "quoted",
     .title = "commas in quoted strings",
     .points = 2,
     .teaches = "A comma in a quoted string separates nothing, and a quote behind a backslash "
                "does not end the string.",
     .run = quoted},
    {.name = "empty-value",
     .title = "values that are empty",
     .points = 1,
     .teaches = "A field without a value is a field: its line ends behind the colon, and joined "
                "with others it adds nothing.",
     .run = empty_value},
    {.name = "no-fields",
     .title = "an empty block; a normal form once more",
     .points = 1,
     .teaches = "A block may be an empty line and nothing else; and what is in its normal form "
                "stays as it is.",
     .run = no_fields},
    {.name = "behind",
     .title = "what comes behind the block",
     .points = 2,
     .teaches = "The empty line ends the block. What stands behind it is the body's, and nobody "
                "waits for it.",
     .run = behind},
    {.name = "in-pieces",
     .title = "a block in five pieces",
     .points = 2,
     .teaches = "read() returns what has come, which may end anywhere, between \\r and \\n too; it "
                "is a line when its \\n is there.",
     .run = in_pieces},
    {.name = "obs-fold",
     .title = "a line that begins with a blank",
     .points = 2,
     .teaches = "A line that begins with a blank went on with the value before it, long ago. Some "
                "servers still read it so and some as a field of its own: refuse it.",
     .run = obs_fold},
    {.name = "blank-before-colon",
     .title = "a blank before the colon",
     .points = 2,
     .teaches = "\"Content-Length : 5\" is a length to one server and an unknown field to the "
                "next: so they disagree about where the body ends.",
     .run = blank_before_colon},
    {.name = "bare-lf",
     .title = "a line feed without a carriage return",
     .points = 2,
     .teaches = "A \\n alone ends a line for some servers and not for others: what follows is a "
                "field to one and a value to the other.",
     .run = bare_lf},
    {.name = "bare-cr",
     .title = "a carriage return alone",
     .points = 2,
     .teaches = "A \\r ends a line for some, is a blank for others, and goes on as it is with the "
                "rest: it may stand before the \\n alone.",
     .run = bare_cr},
    {.name = "nul",
     .title = "a NUL byte",
     .points = 2,
     .teaches = "A NUL ends a C string, but no line: a string function sees a shorter value than "
                "the next server does.",
     .run = nul},
    {.name = "control",
     .title = "other control characters",
     .points = 1,
     .teaches = "Of the bytes below 32 only the tab may stand in a value; an escape or a DEL is "
                "meant for somebody's terminal.",
     .run = control},
    {.name = "no-colon",
     .title = "a line without a colon",
     .points = 1,
     .teaches = "A line without a colon is no field; passed over, it may be one for somebody else.",
     .run = no_colon},
    {.name = "bad-name",
     .title = "names that are no tokens",
     .points = 1,
     .teaches = "A name has at least one byte, and letters, digits and 15 other characters only: "
                "no blank, no parenthesis, nothing beyond ASCII.",
     .run = bad_name},
    {.name = "repeated",
     .title = "a second Host",
     .points = 2,
     .teaches = "There is one Host, one Content-Type, one Authorization: of two, one server takes "
                "the first and another the last.",
     .run = repeated},
    {.name = "equal-lengths",
     .title = "Content-Length again, and equal",
     .points = 1,
     .teaches = "The same length twice is one length; 05 and 5 are the same number.",
     .run = equal_lengths},
    {.name = "unequal-lengths",
     .title = "Content-Length again, and not equal",
     .points = 2,
     .teaches = "With two lengths the body ends in two places: the bytes between them are a body "
                "to one server and the next request to another.",
     .run = unequal_lengths},
    {.name = "bad-length",
     .title = "lengths that are no numbers",
     .points = 2,
     .teaches = "strtoll() takes signs and blanks and stops where the digits stop; a length is "
                "digits and nothing else.",
     .run = bad_length},
    {.name = "length-overflow",
     .title = "lengths that are too large",
     .points = 1,
     .teaches = "Whoever lets a number overflow reads another one than the next server does.",
     .run = length_overflow},
    {.name = "length-and-coding",
     .title = "Content-Length and Transfer-Encoding",
     .points = 2,
     .teaches = "The length says one end of the body, the chunks another; which of them counts, "
                "servers disagree about. In either order it is refused.",
     .run = length_and_coding},
    {.name = "coding",
     .title = "a Transfer-Encoding that is not chunked in the end",
     .points = 2,
     .teaches = "Only chunked, once and as the last member, tells where the body ends; xchunked is "
                "something else.",
     .run = coding},
    {.name = "first-wrong",
     .title = "more than one thing wrong",
     .points = 1,
     .teaches = "The first line that is wrong is the one to name, and in it the first row of the "
                "table that fits.",
     .run = first_wrong},
    {.name = "at-once",
     .title = "refused before the end",
     .points = 2,
     .teaches = "The line was wrong, and its sender kept the connection open: who first waits for "
                "the end waits for ever.",
     .run = at_once},
    {.name = "incomplete",
     .title = "the input ends too early",
     .points = 2,
     .teaches = "Without the empty line the block is not whole: half a header must not pass for a "
                "short one.",
     .run = incomplete},
    {.name = "too-many",
     .title = "100 fields, and 101",
     .points = 2,
     .teaches = "100 field lines are allowed; the next one is refused with 431, not with 400, and "
                "not written behind the end of an array.",
     .run = too_many},
    {.name = "largest",
     .title = "a block of 65,536 bytes, and one more",
     .points = 2,
     .teaches = "The block may have 65,536 bytes with all its line ends; a byte more is refused "
                "with 431.",
     .run = largest},
    {.name = "endless-line",
     .title = "a line without an end",
     .points = 2,
     .teaches = "A sender that never ends its line must not fill the memory: the limit is on the "
                "bytes that came, not on lines.",
     .run = endless_line},
    {.name = "input-unreadable",
     .title = "standard input cannot be read",
     .points = 1,
     .teaches = "Standard input was a folder: getc() says EOF for a failure as for the end, and "
                "ferror(stdin) tells which it was.",
     .run = input_unreadable},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "The disk is full: printf() may still succeed, and only fflush() or fclose() "
                "tells.",
     .run = output_full},
    {.name = "usage",
     .title = "an argument",
     .points = 1,
     .teaches = "The block comes from standard input; an argument is a mistake, status 2.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left in memory",
     .points = 1,
     .teaches = "All memory is freed, whether the block was accepted or refused.",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
