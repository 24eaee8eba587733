/* Exercise 4.1, status table: what is tried, and how. */
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum {
    DEADLINE_MS = 500,
    LEAST_MS = DEADLINE_MS * 8 / 10,
    LATEST_MS = DEADLINE_MS * 12 / 10,
    BINARY = 3000,
    PIECES = 40,
    MEBIBYTE = 1 << 20,
    LARGE = 32 * MEBIBYTE,
    ROOM_KIB = 20 * 1024 /* while the program reads; its log alone may take 16 of these 20 MiB */
};

static const char AMPLE[] = "30000", DEADLINE[] = "500", HOST[] = "127.0.0.1";

/* One run of the program, and what it has to print. */
struct table {
    struct session *session;
    struct peer *server;
    struct student *student;
    struct buffer urls, lines;
    size_t count, ok;
    unsigned long long bytes;
    bool failed;
};

enum after { CLOSE, RESET };

/* An answer, and the line that is due for it. */
struct answer {
    const char *bytes;
    enum after after;
    const char *word; /* of the line; "200" for a status */
    const char *type;
    int body; /* how many bytes it has */
};

static void no_memory(struct session *s)
{
    session_fail(s, "The harness has no memory left.");
}

static struct table *table_new(struct session *s)
{
    struct table *t = session_alloc(s, sizeof *t);

    *t = (struct table){.session = s, .server = peer_listen(s, HOST)};
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    return t;
}

/* A line of the program's input. */
static const char *add(struct table *t, const char *url)
{
    if (buffer_print(&t->urls, "%s\n", url) == -1)
        no_memory(t->session);
    return url;
}

/* A URL at a peer that no program can know. */
static const char *add_at(struct table *t, const struct peer *peer)
{
    return add(t, session_print(t->session, "http://%s:%s/%06x", HOST, peer_port(peer),
                                session_random(t->session, 0x1000000)));
}

static void start(struct table *t, const char *ms)
{
    t->student = student_start(t->session, ms, NULL);
    student_input(t->student, t->urls.data, t->urls.length);
    student_end_input(t->student);
}

/* Notes the line that is due for a URL that was answered, or for one that was not. */
static void due(struct table *t, const char *word, int body, const char *type, const char *url)
{
    bool answered = *word >= '0' && *word <= '9';

    if ((answered ? buffer_print(&t->lines, "%s %d %s %s\n", word, body, type, url)
                  : buffer_print(&t->lines, "%s - - %s\n", word, url)) == -1)
        no_memory(t->session);
    t->count++;
    t->failed |= !answered;
    if (answered) {
        t->ok += *word < '4';
        t->bytes += (unsigned long long)body;
    }
}

/* Waits for the end of the program, and judges it. */
static void leave(struct table *t)
{
    if (buffer_print(&t->lines, "%zu of %zu ok, %llu bytes\n", t->ok, t->count, t->bytes) == -1)
        no_memory(t->session);
    expect_output(t->student, t->lines.data, t->lines.length);
    if (t->failed)
        expect_failure(t->student, 1);
    else
        expect_exit(t->student, 0);
    buffer_free(&t->lines);
    buffer_free(&t->urls);
}

/* Takes the next request, which must be a GET for that URL. */
static struct link *take(struct table *t, const char *url)
{
    struct web_request request;
    const char *target = strchr(strstr(url, "://") + 3, '/');

    if (!web_next_request(t->session, &request))
        session_blame(t->session, "Your program ended before it had asked for %s.", url);
    if (strcmp(request.method, "GET") != 0 || strcmp(request.target, target) != 0)
        session_blame(t->session, "Your program sent \"%s %s\"; \"GET %s\" was due.",
                      request.method, request.target, target);
    return request.link;
}

static void end(struct link *link, enum after after)
{
    link_wait_read(link);
    if (after == RESET)
        link_reset(link);
    else
        link_close(link);
}

static void give(struct table *t, const char *url, struct answer a)
{
    struct link *link = take(t, url);

    link_send(link, a.bytes, strlen(a.bytes));
    end(link, a.after);
    due(t, a.word, a.body, a.type, url);
}

/* A run of pages, answered so. */
static void give_all(struct session *s, const struct answer *answers, size_t count)
{
    struct table *t = table_new(s);
    const char *urls[16];

    for (size_t i = 0; i < count; i++)
        urls[i] = add_at(t, t->server);
    start(t, AMPLE);
    for (size_t i = 0; i < count; i++)
        give(t, urls[i], answers[i]);
    leave(t);
}
#define GIVE_ALL(s, answers) give_all(s, answers, sizeof(answers) / sizeof *(answers))

#define HEAD(status, type) \
    "HTTP/1.1 " status "\r\nContent-Type: " type "\r\nConnection: close\r\nContent-Length: "

static const struct answer GOOD = {HEAD("200 OK", "text/plain") "3\r\n\r\nok\n", CLOSE, "200",
                                   "text/plain", 3};

/* ---- answers ---- */

static void one(struct session *s)
{
    give_all(s, &GOOD, 1);
}

static void several(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {HEAD("200 OK", "text/html; charset=utf-8") "4\r\n\r\n<p>\n", CLOSE, "200", "text/html", 4},
        {HEAD("201 Created", "application/json") "2\r\n\r\n{}", CLOSE, "201", "application/json",
         2},
        {HEAD("203 Fine", "image/png ;a=b") "5\r\n\r\n12345", CLOSE, "203", "image/png", 5},
    };

    GIVE_ALL(s, ANSWERS);
}

static void not_found(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {HEAD("404 Not Found", "text/html") "5\r\n\r\nnone\n", CLOSE, "404", "text/html", 5},
        {HEAD("200 OK", "text/plain") "3\r\n\r\nok\n", CLOSE, "200", "text/plain", 3},
        {HEAD("500 Oops", "text/plain") "6\r\n\r\nsorry\n", CLOSE, "500", "text/plain", 6},
        {HEAD("400 Bad Request", "text/plain") "0\r\n\r\n", CLOSE, "400", "text/plain", 0},
    };

    GIVE_ALL(s, ANSWERS);
}

static void redirect(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nConnection: close\r\n"
         "Content-Length: 0\r\n\r\n",
         CLOSE, "302", "-", 0},
        {HEAD("200 OK", "text/plain") "3\r\n\r\nok\n", CLOSE, "200", "text/plain", 3},
    };

    GIVE_ALL(s, ANSWERS);
}

static void empty(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", CLOSE, "204", "-", 0},
        {HEAD("200 OK", "text/plain") "0\r\n\r\n", CLOSE, "200", "text/plain", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", CLOSE, "200", "-", 0},
    };

    GIVE_ALL(s, ANSWERS);
}

static void no_length(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
         "3\r\nok\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
         CLOSE, "200", "-", 13},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nto the end",
         CLOSE, "200", "text/plain", 10},
    };

    GIVE_ALL(s, ANSWERS);
}

static void binary(struct session *s)
{
    struct table *t = table_new(s);
    const char *url = add_at(t, t->server);
    unsigned char bytes[BINARY];

    session_bytes(s, bytes, sizeof bytes);
    memset(bytes + BINARY / 3, 0, 9);
    memset(bytes, 0, 2);
    start(t, AMPLE);
    struct link *link = take(t, url);
    const char *head =
        session_print(s, HEAD("200 OK", "application/octet-stream") "%d\r\n\r\n", BINARY);
    link_send(link, head, strlen(head));
    link_send(link, bytes, sizeof bytes);
    end(link, CLOSE);
    due(t, "200", BINARY, "application/octet-stream", url);
    leave(t);
}

static void in_pieces(struct session *s)
{
    static const size_t ones[PIECES + 1] = {[0 ... PIECES - 1] = 3};
    struct table *t = table_new(s);
    const char *url = add_at(t, t->server);

    start(t, AMPLE);
    struct link *link = take(t, url);
    link_send_pieces(link, GOOD.bytes, strlen(GOOD.bytes), ones);
    end(link, CLOSE);
    due(t, "200", 3, "text/plain", url);
    leave(t);
}

/* ---- failures ---- */

static void refused(struct session *s)
{
    struct table *t = table_new(s);
    struct peer *nobody = peer_refuse(s, HOST);
    const char *first = add_at(t, t->server), *second = add_at(t, nobody),
               *third = add_at(t, t->server);

    start(t, AMPLE);
    give(t, first, GOOD);
    due(t, "ConnectionError", 0, NULL, second);
    give(t, third, GOOD);
    leave(t);
}

static void told(struct session *s)
{
    struct table *t = table_new(s);
    struct peer *nobody = peer_refuse(s, HOST);
    const char *first = add_at(t, nobody), *second = add_at(t, t->server);

    start(t, AMPLE);
    due(t, "ConnectionError", 0, NULL, first);
    give(t, second, GOOD);
    expect_error_line(t->student, first);
    leave(t);
}

static void bad_url(struct session *s)
{
    static const char *const URLS[] = {"file:///etc/hostname", "ftp://127.0.0.1:1/",
                                       "http://127.0.0.1:99999/", "http://127.0.0.1:1/a b",
                                       "http://"};
    struct table *t = table_new(s);

    for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++)
        due(t, "InvalidURL", 0, NULL, add(t, URLS[i]));
    const char *good = add_at(t, t->server);
    start(t, AMPLE);
    give(t, good, GOOD);
    leave(t);
}

static void no_answer(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"", CLOSE, "ConnectionError", NULL, 0},
        {HEAD("200 OK", "text/plain") "3\r\n\r\nok\n", CLOSE, "200", "text/plain", 3},
        {"", RESET, "ConnectionError", NULL, 0},
        {"SSH-2.0-OpenSSH_9.2\r\n", CLOSE, "ConnectionError", NULL, 0},
    };

    GIVE_ALL(s, ANSWERS);
}

static void truncated(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {HEAD("200 OK", "text/plain") "1000\r\n\r\nhalf of", CLOSE, "ChunkedEncodingError", NULL,
         0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nhalf\r\n",
         CLOSE, "ChunkedEncodingError", NULL, 0},
        {HEAD("200 OK", "text/plain") "3\r\n\r\nok\n", CLOSE, "200", "text/plain", 3},
    };

    GIVE_ALL(s, ANSWERS);
}

/* ---- the list ---- */

static void lines(struct session *s)
{
    struct table *t = table_new(s);

    if (buffer_print(&t->urls, "\n\n") == -1)
        no_memory(s);
    const char *first = add_at(t, t->server);
    if (buffer_print(&t->urls, "\n") == -1)
        no_memory(s);
    const char *second = add_at(t, t->server);
    t->urls.length--; /* the last line may lack its end */
    start(t, AMPLE);
    give(t, first, GOOD);
    give(t, second, GOOD);
    leave(t);
}

static void no_urls(struct session *s)
{
    struct table *t = table_new(s);

    t->student = student_start(s, AMPLE, NULL);
    student_end_input(t->student);
    leave(t);
}

/* Without a URL, so that who goes on comes to an end. */
static void expect_usage(struct student *student)
{
    student_end_input(student);
    expect_failure(student, 2);
}

static void usage(struct session *s)
{
    static const char *const LIMITS[] = {"0", "600001", "-1", "1s", " 10", "", "4294967396"};
    struct peer *server = peer_listen(s, HOST);

    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
        expect_usage(student_start(s, LIMITS[i], NULL));
    expect_usage(student_start(s, NULL));
    expect_usage(student_start(s, AMPLE, AMPLE, NULL));
    peer_expect_nobody(server, "The command line was wrong.");
}

static void no_input(struct session *s)
{
    session_spoil_input(s);
    expect_failure(student_start(s, AMPLE, NULL), 1);
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct table *t = table_new(s);
    const char *url = add_at(t, t->server);

    start(t, AMPLE);
    give(t, url, GOOD);
    expect_failure(t->student, 1);
    buffer_free(&t->lines);
    buffer_free(&t->urls);
}

/* ---- what may be left behind, and what it may cost ---- */

static void clean(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {HEAD("404 Not Found", "text/html") "5\r\n\r\nnone\n", CLOSE, "404", "text/html", 5},
        {HEAD("200 OK", "text/plain") "1000\r\n\r\nhalf of", CLOSE, "ChunkedEncodingError", NULL,
         0},
        {"", CLOSE, "ConnectionError", NULL, 0},
    };
    struct table *t = table_new(s);
    const char *urls[5];

    for (int i = 0; i < 5; i++)
        urls[i] = add_at(t, t->server);
    start(t, AMPLE);
    struct link *link = take(t, urls[0]);
    student_settle(t->student);
    int held = student_descriptors(t->student);
    link_send(link, GOOD.bytes, strlen(GOOD.bytes));
    end(link, CLOSE);
    due(t, GOOD.word, GOOD.body, GOOD.type, urls[0]);
    for (int i = 0; i < 3; i++)
        give(t, urls[i + 1], ANSWERS[i]);
    link = take(t, urls[4]);
    expect_descriptors(t->student, held);
    link_send(link, GOOD.bytes, strlen(GOOD.bytes));
    end(link, CLOSE);
    due(t, GOOD.word, GOOD.body, GOOD.type, urls[4]);
    leave(t);
}

static void large(struct session *s)
{
    struct table *t = table_new(s);
    const char *url = add_at(t, t->server);
    char *bytes = session_alloc(s, MEBIBYTE);

    session_bytes(s, bytes, MEBIBYTE);
    start(t, AMPLE);
    struct link *link = take(t, url);
    student_settle(t->student);
    long before = student_memory(t->student);
    const char *head = session_print(s, HEAD("200 OK", "video/mp4") "%d\r\n\r\n", LARGE);
    link_send(link, head, strlen(head));
    for (int i = 0; i < LARGE / MEBIBYTE; i++) {
        if (i == LARGE / MEBIBYTE - 1) { /* nearly all of it is there */
            link_wait_read(link);
            long more = student_memory(t->student) - before;
            if (more > ROOM_KIB)
                session_fail(s,
                             "When %d MiB of the body had come, your program had taken %ld KiB of "
                             "memory for them: they are to be counted, and not to be kept.",
                             i, more);
        }
        link_send(link, bytes, MEBIBYTE);
    }
    end(link, CLOSE);
    due(t, "200", LARGE, "video/mp4", url);
    leave(t);
}

/* ---- time ---- */

/* What is due, and in what time. Who was too late on a busy machine is tried again. */
static bool again(struct table *t)
{
    if (student_ran_ms(t->student) <= LATEST_MS || !session_again(t->session))
        return false;
    buffer_free(&t->lines);
    buffer_free(&t->urls);
    return true;
}

static void time_out(struct session *s)
{
    struct table *t;

    do {
        t = table_new(s);
        const char *first = add_at(t, t->server), *second = add_at(t, peer_refuse(s, HOST));
        start(t, DEADLINE);
        struct link *link = take(t, first);
        link_wait_end(link);
        link_close(link);
        due(t, "ReadTimeout", 0, NULL, first);
        due(t, "ConnectionError", 0, NULL, second);
    } while (again(t));
    expect_ran(t->student, LEAST_MS, LATEST_MS);
    leave(t);
}

static void slow_body(struct session *s)
{
    struct table *t;

    do {
        t = table_new(s);
        const char *url = add_at(t, t->server);
        start(t, DEADLINE);
        struct link *link = take(t, url);
        session_wait(s, DEADLINE_MS * 6 / 10);
        link_send(link, HEAD("200 OK", "text/plain") "9\r\n\r\nhalf",
                  strlen(HEAD("200 OK", "text/plain") "9\r\n\r\nhalf"));
        link_wait_end(link);
        link_close(link);
        due(t, "ReadTimeout", 0, NULL, url);
    } while (again(t));
    expect_ran(t->student, LEAST_MS, LATEST_MS);
    leave(t);
}

static void connect_timeout(struct session *s)
{
    struct table *t;

    do {
        t = table_new(s);
        const char *first = add_at(t, peer_ignore(s, HOST)),
                   *second = add_at(t, peer_refuse(s, HOST));
        start(t, DEADLINE);
        due(t, "ConnectTimeout", 0, NULL, first);
        due(t, "ConnectionError", 0, NULL, second);
    } while (again(t));
    expect_ran(t->student, LEAST_MS, LATEST_MS);
    leave(t);
}

static const struct test_case CASES[] = {
    {.name = "one",
     .title = "one URL",
     .points = 2,
     .teaches = "One URL was asked for, and answered with 200: a line for it, and the last line.",
     .run = one},
    {.name = "several",
     .title = "three URLs",
     .points = 2,
     .teaches = "Each URL has a line, in their order; of the type only what stands in front of the "
                "semicolon or blank.",
     .run = several},
    {.name = "not-found",
     .title = "404, 500 and 400",
     .points = 2,
     .teaches = "A status of 400 or more is an answer like others: it has a type and a body, and "
                "is no failure. It is only not ok.",
     .run = not_found},
    {.name = "redirect",
     .title = "a redirect",
     .points = 1,
     .teaches = "A redirect is a line of its own, with its own status, and is not followed.",
     .run = redirect},
    {.name = "empty",
     .title = "empty bodies, and no type",
     .points = 2,
     .teaches = "An empty body has 0 bytes; where there is no Content-Type, libcurl gives NULL.",
     .run = empty},
    {.name = "no-length",
     .title = "bodies without a Content-Length",
     .points = 1,
     .teaches = "Chunks, and a body up to the end of the connection: count what came, there is no "
                "Content-Length to print.",
     .run = no_length},
    {.name = "binary",
     .title = "a body with NUL bytes",
     .points = 2,
     .teaches = "The body held NUL bytes: its length is what the callback was given, never "
                "strlen().",
     .run = binary},
    {.name = "in-pieces",
     .title = "an answer in pieces of three bytes",
     .points = 1,
     .teaches = "The callback is called once for each piece: the pieces are to be added up.",
     .run = in_pieces},
    {.name = "refused",
     .title = "nobody listens, and the next URL is good",
     .points = 2,
     .teaches = "One URL failed, the others did not: the table goes on, and the status is 1.",
     .run = refused},
    {.name = "told",
     .title = "a failure is told on standard error",
     .points = 1,
     .teaches = "For a URL that was not answered, one line on standard error holds the URL.",
     .run = told},
    {.name = "bad-url",
     .title = "URLs that are none of http or https",
     .points = 2,
     .teaches = "libcurl speaks file:, ftp: and more, unless CURLOPT_PROTOCOLS_STR says "
                "what is allowed; what is no URL at all, it refuses itself.",
     .run = bad_url},
    {.name = "no-answer",
     .title = "a server that closes, resets, or speaks another protocol",
     .points = 1,
     .teaches = "No answer came: the server ended the connection, or what it said is no HTTP.",
     .run = no_answer},
    {.name = "truncated",
     .title = "bodies that are cut off",
     .points = 2,
     .teaches = "The head said 200, and then the body broke off: who prints the status without "
                "looking at libcurl's code calls that good.",
     .run = truncated},
    {.name = "lines",
     .title = "empty lines, and a last one without its end",
     .points = 1,
     .teaches = "Empty lines are passed over, and the last line counts without a line end, too.",
     .run = lines},
    {.name = "no-urls",
     .title = "no URL at all",
     .points = 1,
     .teaches = "No URL came: the last line says so, and the status is 0.",
     .run = no_urls},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, before anything is sent.",
     .run = usage},
    {.name = "no-input",
     .title = "standard input cannot be read",
     .points = 1,
     .teaches = "Standard input was a folder: getline() returns -1 for an error as for the end, "
                "and ferror() tells them apart.",
     .run = no_input},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says whether that worked.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 2,
     .teaches = "Connections that were closed or failed are not held, and all memory is freed.",
     .run = clean,
     .leaks = true},
    {.name = "large",
     .title = "32 MiB of body",
     .points = 2,
     .teaches = "The body is counted and not kept: memory must not grow with it.",
     .run = large},
    {.name = "time-out",
     .title = "a server that is silent, and one that is not there",
     .points = 2,
     .teaches = "The request was sent, and nothing came until the time was over: a ReadTimeout, "
                "and the next URL has its turn.",
     .run = time_out},
    {.name = "connect-timeout",
     .title = "nobody answers the connect",
     .points = 1,
     .teaches = "The connection was not made in time: a ConnectTimeout, for nothing was sent. "
                "libcurl has one code for both; its handle knows how far it came.",
     .run = connect_timeout},
    {.name = "slow-body",
     .title = "half a body, late",
     .points = 1,
     .teaches = "The server sent half a body when 60 % of the time was over: the time is for all "
                "of it, and does not begin anew.",
     .run = slow_body},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
