/* Exercise 2.5, many requests on one connection: what is tried, and how. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum { CONTENT = 200000, TEXT_MOST = CONTENT + 1000 };

static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
static const char FAILED[] = "failed -", UNKNOWN[] = "unknown -";

/* One run of the program, the connection at hand, and what has to be printed. */
struct talk {
    struct session *session;
    struct peer *server;
    struct student *student;
    struct link *link; /* NULL: the next request comes on a new one */
    const char *method, *path, *body;
    const char *before; /* the request line of the request before that */
    struct buffer lines;
};

static struct talk *begin(struct session *s)
{
    struct talk *t = session_alloc(s, sizeof *t);

    *t = (struct talk){.session = s, .server = peer_listen(s, "127.0.0.1")};
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    t->student = student_start(s, peer_host(t->server), peer_port(t->server), NULL);
    return t;
}

/* Gives the program a request, at a path that it cannot know. body is NULL for none. */
static void order_with(struct talk *t, const char *method, const char *body)
{
    struct session *s = t->session;

    t->before = t->path == NULL ? "" : session_print(s, "%s %s", t->method, t->path);
    t->method = method;
    t->body = body;
    t->path = session_print(s, "/%06x", session_random(s, 0x1000000));
    const char *line = session_print(s, "%s %s%s%s\n", method, t->path, body == NULL ? "" : " ",
                                     body == NULL ? "" : body);
    student_input(t->student, line, strlen(line));
}

static void order(struct talk *t, const char *method)
{
    order_with(t, method,
               strcmp(method, "POST") == 0
                   ? session_print(t->session, "sum=%u&to=a b", session_random(t->session, 100000))
                   : NULL);
}

/* What a line holds, as far as it can be shown: CR as \r, other bytes as dots. */
static const char *shown(struct session *s, const char *line, size_t length)
{
    char text[200] = "";
    size_t at = 0;

    for (size_t i = 0; i < length && at < sizeof text - 3; i++) {
        if (line[i] == '\r')
            text[at++] = '\\';
        text[at++] = (char)(line[i] == '\r' ? 'r' : line[i] < ' ' || line[i] > '~' ? '.' : line[i]);
    }
    return session_print(s, "%s", text);
}

static void expect_line(struct talk *t, const char *line)
{
    size_t length, due = strlen(line);
    const char *got = link_line(t->link, &length);

    if (t->before != NULL && *t->before != '\0' && length > strlen(t->before) &&
        memcmp(got, t->before, strlen(t->before)) == 0)
        session_blame(t->session,
                      "The program sent \"%s\" once more, on a new connection: this one must not "
                      "be repeated here.",
                      t->before);
    if (length != due + 1 || memcmp(got, line, due) != 0 || got[due] != '\r')
        session_blame(t->session, "A line of the request is \"%s\"; \"%s\\r\" was due.",
                      shown(t->session, got, length), line);
}

/* Takes the request that was ordered last: on the connection at hand, or else on a new one. */
static void take(struct talk *t)
{
    struct session *s = t->session;

    if (t->link == NULL)
        t->link = peer_accept(t->server);
    expect_line(t, session_print(s, "%s %s HTTP/1.1", t->method, t->path));
    expect_line(t, session_print(s, "Host: 127.0.0.1:%s", peer_port(t->server)));
    expect_line(t, "Connection: keep-alive");
    if (t->body != NULL)
        expect_line(t, session_print(s, "Content-Length: %zu", strlen(t->body)));
    expect_line(t, "");
    if (t->body != NULL)
        link_expect(t->link, t->body, strlen(t->body));
}

/* Notes the line that is due for the request at hand: "200 17". */
static void due(struct talk *t, const char *words)
{
    if (buffer_print(&t->lines, "%s %s %s\n", words, t->method, t->path) == -1)
        session_fail(t->session, "The harness has no memory left.");
}

static void reply(struct talk *t, const char *words, const char *format, ...) PRINTF_LIKE(3, 4);

/* Answers the request that was taken. */
static void reply(struct talk *t, const char *words, const char *format, ...)
{
    char *text = session_alloc(t->session, TEXT_MOST);
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, TEXT_MOST, format, arguments);
    va_end(arguments);
    link_send(t->link, text, (size_t)length);
    due(t, words);
}

/* A whole exchange that nothing is wrong with. */
static void exchange(struct talk *t, const char *method)
{
    char text[400] = "";
    size_t length = 1 + session_random(t->session, 300);

    order(t, method);
    take(t);
    session_text(t->session, text, length);
    reply(t, session_print(t->session, "200 %zu", length),
          "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", length, text);
}

/* The program has to give up the connection, which this end leaves open. */
static void must_leave(struct talk *t)
{
    link_wait_end(t->link);
    link_close(t->link);
    t->link = NULL;
}

/* This end closes when the program has read all, and waits to be told more. */
static void close_idle(struct talk *t)
{
    student_settle(t->student);
    link_close(t->link);
    t->link = NULL;
}

static void leave(struct talk *t, int status)
{
    student_end_input(t->student);
    expect_output(t->student, t->lines.data, t->lines.length);
    expect_exit(t->student, status);
    peer_expect_nobody(t->server, "All requests had been answered, or given up.");
    buffer_free(&t->lines);
}

/* ---- one connection ---- */

static void one(struct session *s)
{
    struct talk *t = begin(s);

    exchange(t, "GET");
    leave(t, 0);
}

static void reused(struct session *s)
{
    struct talk *t = begin(s);

    exchange(t, "GET");
    exchange(t, "DELETE");
    exchange(t, "POST");
    order_with(t, "PUT", "");
    take(t);
    reply(t, "404 0", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    exchange(t, "POST");
    exchange(t, "GET");
    leave(t, 0);
}

/* All requests are there at once; the next goes out when the one before it is answered. */
static void one_by_one(struct session *s)
{
    struct talk *t = begin(s);
    const char *paths[4], *line;

    for (int i = 0; i < 4; i++) {
        paths[i] = session_print(s, "/%06x", session_random(s, 0x1000000));
        line = session_print(s, "GET %s%s", paths[i], i < 3 ? "\n" : ""); /* no line end at last */
        student_input(t->student, line, strlen(line));
    }
    student_end_input(t->student);
    t->method = "GET";
    for (int i = 0; i < 4; i++) {
        t->path = paths[i];
        take(t);
        student_settle(t->student);
        if (link_under_way(t->link) > 0)
            session_blame(s, "The program sent more before its request was answered.");
        reply(t, "200 2", "%s", OK);
    }
    leave(t, 0);
}

static void framings(struct session *s)
{
    struct talk *t = begin(s);

    order(t, "GET");
    take(t);
    reply(t, "200 11",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: 1\r\n\r\n");
    order(t, "HEAD");
    take(t);
    reply(t, "200 0", "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", 1 + session_random(s, 1000));
    order(t, "GET");
    take(t);
    reply(t, "304 0", "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n");
    order(t, "DELETE");
    take(t);
    reply(t, "204 0", "HTTP/1.1 204 No Content\r\n\r\n");
    order(t, "POST");
    take(t);
    reply(t, "201 0",
          "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n"
          "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    exchange(t, "GET");
    leave(t, 0);
}

static void in_pieces(struct session *s)
{
    struct talk *t = begin(s);
    static const char answer[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "3\r\nabc\r\n2\r\n\r\n\r\n0\r\n\r\n";
    size_t sizes[sizeof answer] = {0};

    for (size_t i = 0; i < sizeof answer - 2; i++)
        sizes[i] = 1;
    for (int i = 0; i < 2; i++) {
        order(t, "GET");
        take(t);
        link_send_pieces(t->link, answer, sizeof answer - 1, sizes);
        due(t, "200 5");
    }
    leave(t, 0);
}

/* Content that looks like answers, and more of it than one recv() takes. */
static void left_over(struct session *s)
{
    struct talk *t = begin(s);
    char *text = session_alloc(s, CONTENT + 1);
    size_t length = 0;

    while (length < CONTENT - 200)
        length += (size_t)snprintf(text + length, CONTENT - length,
                                   "HTTP/1.1 500 Content\r\nContent-Length: 0\r\n\r\n%x",
                                   session_random(s, 1 << 30));
    order(t, "GET");
    take(t);
    reply(t, session_print(s, "200 %zu", length),
          "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", length, text);
    exchange(t, "GET");
    order(t, "GET");
    take(t);
    reply(t, session_print(s, "404 %zu", length),
          "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n",
          length, text);
    exchange(t, "POST");
    leave(t, 0);
}

/* ---- when the server wants no more ---- */

static void says_close(struct session *s)
{
    struct talk *t = begin(s);
    static const char *const fields[] = {"Connection: close", "connection: Upgrade, CLOSE",
                                         "Connection: x\r\nConnection:close"};

    for (int i = 0; i < 3; i++) {
        exchange(t, "GET");
        order(t, i == 1 ? "POST" : "GET");
        take(t);
        reply(t, "200 2", "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: 2\r\n\r\nok", fields[i]);
        must_leave(t);
    }
    exchange(t, "GET");
    leave(t, 0);
}

static void until_close(struct session *s)
{
    struct talk *t = begin(s);
    unsigned number = session_random(s, 10000);

    order(t, "GET");
    take(t);
    reply(t, "200 9", "HTTP/1.1 200 OK\r\n\r\nrest-%04u", number);
    link_close(t->link);
    t->link = NULL;
    exchange(t, "POST");
    leave(t, 0);
}

static void http10(struct session *s)
{
    struct talk *t = begin(s);

    for (int i = 0; i < 2; i++) {
        order(t, "GET");
        take(t);
        reply(t, "200 2", "HTTP/1.0 200 OK\r\nConnection: %s\r\nContent-Length: 2\r\n\r\nok",
              i == 0 ? "Keep-Alive" : "keep-alive");
    }
    order(t, "GET");
    take(t);
    reply(t, "200 2", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    must_leave(t);
    exchange(t, "GET");
    leave(t, 0);
}

/* Behind the answer stands what nobody asked for, in the same packet. */
static void surplus(struct session *s)
{
    struct talk *t = begin(s);

    order(t, "GET");
    take(t);
    reply(t, "200 2", "%sHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", OK);
    must_leave(t);
    exchange(t, "GET");
    order(t, "HEAD");
    take(t);
    reply(t, "200 0", "%s", OK); /* content behind the answer to HEAD */
    must_leave(t);
    exchange(t, "POST");
    leave(t, 0);
}

/* The same, but it comes while nothing is asked. */
static void unasked(struct session *s)
{
    struct talk *t = begin(s);
    static const char forged[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

    exchange(t, "GET");
    student_settle(t->student);
    link_send(t->link, forged, sizeof forged - 1);
    order(t, "GET");
    must_leave(t);
    take(t);
    reply(t, "404 3", "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!");
    leave(t, 0);
}

/* ---- when the server has gone ---- */

static void closed_between(struct session *s)
{
    struct talk *t = begin(s);

    exchange(t, "GET");
    close_idle(t);
    exchange(t, "GET");
    close_idle(t);
    exchange(t, "POST");
    exchange(t, "GET");
    leave(t, 0);
}

static void reset_between(struct session *s)
{
    struct talk *t = begin(s);

    for (int i = 0; i < 2; i++) {
        exchange(t, "GET");
        student_settle(t->student);
        link_reset(t->link);
        t->link = NULL;
    }
    exchange(t, "POST");
    leave(t, 0);
}

/* The program has looked at the connection, and is about to send: now it is closed. */
static void close_at_send(struct talk *t, const char *method, const char *body)
{
    student_settle(t->student);
    student_hold_send(t->student);
    order_with(t, method, body);
    student_wait_held(t->student);
    link_close(t->link);
    t->link = NULL;
    student_release(t->student);
}

static void at_that_moment(struct session *s)
{
    struct talk *t = begin(s);

    exchange(t, "GET");
    close_at_send(t, "GET", NULL);
    take(t);
    reply(t, "200 2", "%s", OK);
    close_at_send(t, "PUT", session_print(s, "value=%u", session_random(s, 100000)));
    take(t);
    reply(t, "200 2", "%s", OK);
    exchange(t, "GET");
    leave(t, 0);
}

static void post_at_that_moment(struct session *s)
{
    struct talk *t = begin(s);

    exchange(t, "GET");
    close_at_send(t, "POST", "pay=100");
    due(t, UNKNOWN);
    exchange(t, "GET");
    leave(t, 1);
}

/* The server has read the request, and goes without a word: perhaps it has done what was asked. */
static void silent_end(struct session *s, bool reset)
{
    struct talk *t = begin(s);
    static const char *const methods[] = {"DELETE", "HEAD", "GET"};

    for (int i = 0; i < 3; i++) {
        exchange(t, "GET");
        order(t, methods[i]);
        take(t);
        if (reset)
            link_reset(t->link);
        else
            link_close(t->link);
        t->link = NULL;
        take(t);
        reply(t, "204 0", "HTTP/1.1 204 No Content\r\n\r\n");
    }
    order(t, "POST");
    take(t);
    if (reset)
        link_reset(t->link);
    else
        link_close(t->link);
    t->link = NULL;
    due(t, UNKNOWN);
    exchange(t, "POST");
    leave(t, 1);
}

static void gone_without_a_word(struct session *s)
{
    silent_end(s, false);
}

static void reset_without_a_word(struct session *s)
{
    silent_end(s, true);
}

static void repeated_once(struct session *s)
{
    struct talk *t = begin(s);

    exchange(t, "GET");
    order(t, "GET");
    for (int i = 0; i < 2; i++) {
        take(t);
        link_close(t->link);
        t->link = NULL;
    }
    due(t, FAILED);
    exchange(t, "GET");
    leave(t, 1);
}

static void first_not_repeated(struct session *s)
{
    struct talk *t = begin(s);

    order(t, "GET");
    take(t);
    link_close(t->link);
    t->link = NULL;
    due(t, FAILED);
    order(t, "POST");
    take(t);
    link_close(t->link);
    t->link = NULL;
    due(t, UNKNOWN);
    exchange(t, "GET");
    leave(t, 1);
}

/* A byte of the answer, or more, and then the end. */
static void truncated(struct session *s)
{
    struct talk *t = begin(s);
    static const char *const texts[] = {
        "H", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        exchange(t, "GET");
        order(t, i == 1 ? "POST" : "GET");
        take(t);
        reply(t, i == 1 ? UNKNOWN : FAILED, "%s", texts[i]);
        link_close(t->link);
        t->link = NULL;
    }
    leave(t, 1);
}

static void malformed(struct session *s)
{
    struct talk *t = begin(s);
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "220 mail.test ESMTP\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        order(t, i == 2 ? "POST" : "GET");
        take(t);
        reply(t, i == 2 ? UNKNOWN : FAILED, "%s", texts[i]);
        must_leave(t);
        exchange(t, "GET");
    }
    leave(t, 1);
}

/* ---- the program ---- */

static void refused(struct session *s)
{
    struct peer *closed = peer_refuse(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(closed), peer_port(closed), NULL);
    static const char lines[] = "GET /a\nPOST /b x\n";
    static const char results[] = "failed - GET /a\nfailed - POST /b\n";

    student_input(p, lines, sizeof lines - 1);
    student_end_input(p);
    expect_output(p, results, sizeof results - 1);
    expect_exit(p, 1);
}

static void wrong_line(struct session *s)
{
    static const char *const lines[] = {"GET index.html\n", "FETCH /\n", "GET / HTTP/1.1\n",
                                        "POST /\n", "GET /a\rb\n"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct talk *t = begin(s);
        if (i == 0)
            exchange(t, "GET");
        student_input(t->student, lines[i], strlen(lines[i]));
        student_end_input(t->student);
        expect_output(t->student, t->lines.data == NULL ? "" : t->lines.data, t->lines.length);
        expect_failure(t->student, 1);
        peer_expect_nobody(t->server, "The line was no request.");
        buffer_free(&t->lines);
    }
}

static void usage(struct session *s)
{
    struct student *p = student_start(s, "127.0.0.1", NULL);

    student_end_input(p);
    expect_failure(p, 2);
    p = student_start(s, "127.0.0.1", "70000", NULL);
    student_end_input(p);
    expect_failure(p, 2);
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct talk *t = begin(s);
    order(t, "GET");
    take(t);
    reply(t, "200 2", "%s", OK);
    student_end_input(t->student);
    expect_failure(t->student, 1);
    buffer_free(&t->lines);
}

static void clean(struct session *s)
{
    struct talk *t = begin(s);
    int held;

    exchange(t, "GET");
    student_settle(t->student);
    held = student_descriptors(t->student);
    close_idle(t);
    exchange(t, "GET");
    order(t, "GET");
    take(t);
    reply(t, FAILED, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234");
    link_close(t->link);
    t->link = NULL;
    order(t, "POST");
    take(t);
    reply(t, "200 2", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    must_leave(t);
    exchange(t, "GET");
    expect_descriptors(t->student, held);
    leave(t, 1);
}

static const struct test_case CASES[] = {
    {.name = "one",
     .title = "one request",
     .points = 1,
     .teaches = "One request, one answer, and the end of standard input.",
     .run = one},
    {.name = "reused",
     .title = "six requests on one connection",
     .points = 2,
     .teaches = "The server allows it, so all requests go on the connection of the first.",
     .run = reused},
    {.name = "one-by-one",
     .title = "four requests that are there at once",
     .points = 1,
     .teaches = "The next request goes out when the answer to the one before it is complete, and "
                "not earlier; the last line may lack its line end.",
     .run = one_by_one},
    {.name = "framings",
     .title = "chunks, HEAD, 304, 204, 103 on one connection",
     .points = 2,
     .teaches = "Each answer ends in another way, and all of them leave the connection to be used "
                "again.",
     .run = framings},
    {.name = "in-pieces",
     .title = "every byte arrives alone",
     .points = 1,
     .teaches = "The answer came byte by byte, and the next one behind it on the same connection.",
     .run = in_pieces},
    {.name = "left-over",
     .title = "200,000 bytes of content",
     .points = 2,
     .teaches = "All of the content has to be read before the next request, also when nobody wants "
                "it: what is left of it looks like the next answer.",
     .run = left_over},
    {.name = "says-close",
     .title = "Connection: close, and the server leaves it open",
     .points = 2,
     .teaches = "The answer said close, in a list or in capital letters perhaps: the program "
                "closes, and takes a new connection.",
     .run = says_close},
    {.name = "until-close",
     .title = "content that ends with the connection",
     .points = 1,
     .teaches = "The end of the connection ended the content: the next request needs a new one.",
     .run = until_close},
    {.name = "http10",
     .title = "HTTP/1.0, with and without keep-alive",
     .points = 2,
     .teaches = "With HTTP/1.0 the connection lives on only if the answer says keep-alive.",
     .run = http10},
    {.name = "surplus",
     .title = "a second answer behind the first",
     .points = 2,
     .teaches = "Behind the answer came bytes that nobody asked for. Who reads them as the next "
                "answer can be told anything: the connection is closed.",
     .run = surplus},
    {.name = "unasked",
     .title = "an answer while nothing is asked",
     .points = 2,
     .teaches =
         "Bytes came while nothing was asked: they are no answer to what is asked next. Look "
         "before you send.",
     .run = unasked},
    {.name = "closed-between",
     .title = "the server closes while nothing is asked",
     .points = 3,
     .teaches = "The server had closed before the next request: whoever looks before sending "
                "notices, and sends it on a new connection, POST too.",
     .run = closed_between},
    {.name = "reset-between",
     .title = "the server resets while nothing is asked",
     .points = 1,
     .teaches = "The server had reset the connection before the next request: no reason to fail, "
                "and none to die of SIGPIPE.",
     .run = reset_between},
    {.name = "at-that-moment",
     .title = "the server closes at the very moment, GET and PUT",
     .points = 2,
     .teaches = "The server closed after the program had looked and before it sent. Nothing came "
                "back: what may be repeated is asked once more, body and all.",
     .run = at_that_moment},
    {.name = "post-at-that-moment",
     .title = "the server closes at the very moment, POST",
     .points = 3,
     .teaches = "Nothing came back on the POST. Perhaps the server has done it: the program must "
                "not repeat it, and says unknown.",
     .run = post_at_that_moment},
    {.name = "no-word",
     .title = "the server reads the request, and closes",
     .points = 2,
     .teaches = "The connection had been used before, and ended without a byte of the answer: GET, "
                "HEAD and DELETE are repeated, POST is not.",
     .run = gone_without_a_word},
    {.name = "no-word-reset",
     .title = "the server reads the request, and resets",
     .points = 1,
     .teaches = "A reset without a byte of the answer is the same as an end without one.",
     .run = reset_without_a_word},
    {.name = "repeated-once",
     .title = "the repeated request is not answered either",
     .points = 2,
     .teaches = "A request is repeated once. A server that falls over it is not asked for ever.",
     .run = repeated_once},
    {.name = "first-not-repeated",
     .title = "no answer on a new connection",
     .points = 1,
     .teaches = "A new connection was not closed for being idle: there is no reason to try again.",
     .run = first_not_repeated},
    {.name = "truncated",
     .title = "a byte of the answer, or more",
     .points = 2,
     .teaches = "Once a byte of the answer has come the server has begun: the request is not "
                "repeated, failed, or for a POST unknown.",
     .run = truncated},
    {.name = "malformed",
     .title = "answers that are none, or have two lengths",
     .points = 2,
     .teaches = "Where such an answer ends nobody knows, so the connection cannot be used again.",
     .run = malformed},
    {.name = "refused",
     .title = "nobody listens",
     .points = 1,
     .teaches = "No connection was made, so nothing was sent: failed, for a POST too.",
     .run = refused},
    {.name = "wrong-line",
     .title = "lines that are no requests",
     .points = 1,
     .teaches = "The line was no request: the program ends with status 1, and sends nothing of it.",
     .run = wrong_line},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message.",
     .run = usage},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says whether that worked.",
     .run = output_full},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR; nothing was lost, and the call can "
                "simply be made again.",
     .run = in_pieces,
     .faults = "eintr"},
    {.name = "short-writes",
     .title = "send() takes less than it was given",
     .points = 1,
     .teaches = "send() may take fewer bytes than it was given; the rest must be sent again.",
     .run = reused,
     .faults = "short-write"},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "A connection is closed before the next one is made, and all memory is freed.",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
