/* Exercise 2.1, request line police: what is tried, and how. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

#define PATIENCE "20000" /* ms: for whom no deadline is to matter */
#define SHORT "200"

enum { TARGET_MOST = 8000, METHOD_MOST = 32, CLIENTS = 100, DRIBBLES = 40, DRIBBLE_MS = 40 };

/* A server, and what it is asked. */
struct town {
    struct session *session;
    struct student *server;
    const char *port;
};

static struct town start(struct session *s, const char *limit)
{
    struct student *p = student_start(s, "0", limit, NULL);

    return (struct town){s, p, student_port(p)};
}

static const char *answer_of(struct session *s, int status, const char *form)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},           {400, "Bad Request"},     {408, "Request Timeout"},
        {414, "URI Too Long"}, {501, "Not Implemented"}, {505, "HTTP Version Not Supported"}};
    size_t i = 0;

    while (phrases[i].status != status)
        i++;
    return session_print(s, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                         status, phrases[i].phrase, strlen(form), form);
}

static void expect_answer(struct session *s, struct link *link, int status, const char *form)
{
    const char *answer = answer_of(s, status, form);

    link_expect(link, answer, strlen(answer));
    link_expect_end(link);
}

/* The client finishes sending only when it has its answer. */
static void ask_bytes(const struct town *town, const char *bytes, size_t length, int status,
                      const char *form)
{
    struct link *link = link_connect(town->session, "127.0.0.1", town->port);

    link_send(link, bytes, length);
    expect_answer(town->session, link, status, form);
    link_close(link);
}

static void ask(const struct town *town, const char *line, int status, const char *form)
{
    const char *bytes = session_print(town->session, "%s\r\n", line);

    ask_bytes(town, bytes, strlen(bytes), status, form);
}

/* A line that is good in every way, with a target that nobody can know beforehand. */
static void ask_good(const struct town *town)
{
    unsigned n = session_random(town->session, 100000);

    ask(town, session_print(town->session, "GET /%u HTTP/1.1", n), 200, "origin\n");
}

/* Lines, up to a NULL, that all deserve that; before them and behind them a good one. */
static void ask_all(struct session *s, const char *const *lines, int status)
{
    struct town town = start(s, PATIENCE);

    ask_good(&town);
    for (; *lines != NULL; lines++)
        ask(&town, *lines, status, "");
    ask_good(&town);
}

/* The same for lines that are good, of that form. */
static void ask_form(const struct town *town, const char *const *lines, const char *form)
{
    for (; *lines != NULL; lines++)
        ask(town, *lines, 200, form);
}

static void good_versions(struct session *s)
{
    static const char *const lines[] = {"GET / HTTP/1.1", "GET / HTTP/1.0", "GET / HTTP/1.2",
                                        "GET / HTTP/1.9", NULL};
    struct town town = start(s, PATIENCE);

    ask_good(&town);
    ask_form(&town, lines, "origin\n");
    ask(&town, "GET / HTTP/2.0", 505, "");
}

static void other_versions(struct session *s)
{
    static const char *const lines[] = {"GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/3.0",
                                        "GET / HTTP/2.1", "get # HTTP/9.9", NULL};

    ask_all(s, lines, 505);
}

static void bad_versions(struct session *s)
{
    static const char *const lines[] = {
        "GET / http/1.1", "GET / Http/1.1",  "GET / HTTP/1.10", "GET / HTTP/1",
        "GET / HTTP/1.",  "GET / HTTP/.1",   "GET / HTTP/11",   "GET / HTTP/1,1",
        "GET / HTTP/1.x", "GET / HTTP/a.1",  "GET / HTTP/+1.1", "GET / HTTPS/1.1",
        "GET / 1.1",      "GET / HTTP/01.1", "GET / HTTP-1.1",  NULL};

    ask_all(s, lines, 400);
}

static void no_version(struct session *s)
{
    static const char *const lines[] = {"GET /",      "GET / ",   "GET", "GET HTTP/1.1",
                                        "/ HTTP/1.1", "HTTP/1.1", NULL};

    ask_all(s, lines, 400);
}

static void blanks(struct session *s)
{
    static const char *const lines[] = {"GET  / HTTP/1.1",  "GET /  HTTP/1.1",
                                        " GET / HTTP/1.1",  "GET / HTTP/1.1 ",
                                        "GET\t/ HTTP/1.1",  "GET /\tHTTP/1.1",
                                        "GET / HTTP/1.1\t", "GET /a b HTTP/1.1",
                                        "  / HTTP/1.1",     NULL};

    ask_all(s, lines, 400);
}

static void methods(struct session *s)
{
    static const char *const lines[] = {
        "GET / HTTP/1.1",     "HEAD / HTTP/1.1",  "POST / HTTP/1.1",
        "PUT / HTTP/1.1",     "PATCH / HTTP/1.1", "DELETE / HTTP/1.1",
        "OPTIONS / HTTP/1.1", "TRACE / HTTP/1.1", NULL};
    struct town town = start(s, PATIENCE);

    ask_form(&town, lines, "origin\n");
    ask(&town, "BREW / HTTP/1.1", 501, "");
    ask(&town, "GE / HTTP/1.1", 501, "");
    ask(&town, "GETS / HTTP/1.1", 501, "");
    ask(&town, "M-X!|~ # HTTP/1.1", 501, "");
    ask_good(&town);
}

static void lower_case(struct session *s)
{
    static const char *const lines[] = {"get / HTTP/1.1", "Get / HTTP/1.1", "options * HTTP/1.1",
                                        NULL};

    ask_all(s, lines, 501);
}

static void bad_methods(struct session *s)
{
    static const char *const lines[] = {"G(T / HTTP/1.1",  "G@T / HTTP/1.1",  "\"GET\" / HTTP/1.1",
                                        "GET, / HTTP/1.1", "GET: / HTTP/1.1", NULL};

    ask_all(s, lines, 400);
}

static void origin(struct session *s)
{
    static const char *const good[] = {"GET /a/b;c=d/../e?f=g&h=%20%aF?/ HTTP/1.1",
                                       "GET //a.test:80/ HTTP/1.1",
                                       "GET /-._~!$&'()*+,;=:@ HTTP/1.1", NULL};
    static const char *const bad[] = {"GET /a#b HTTP/1.1",    "GET /\" HTTP/1.1",
                                      "GET /<b> HTTP/1.1",    "GET /a\\b HTTP/1.1",
                                      "GET /{a} HTTP/1.1",    "GET /% HTTP/1.1",
                                      "GET /%4 HTTP/1.1",     "GET /%g0 HTTP/1.1",
                                      "GET /%0x HTTP/1.1",    "GET /caf\xc3\xa9 HTTP/1.1",
                                      "GET a HTTP/1.1",       "GET ?a HTTP/1.1",
                                      "GET a.test/ HTTP/1.1", NULL};
    struct town town = start(s, PATIENCE);

    ask_form(&town, good, "origin\n");
    for (size_t i = 0; bad[i] != NULL; i++)
        ask(&town, bad[i], 400, "");
    ask_good(&town);
}

static void absolute(struct session *s)
{
    static const char *const good[] = {"GET http://a.test/ HTTP/1.1",
                                       "GET HTTP://A.test:8080 HTTP/1.1",
                                       "PUT https://[2001:db8::1]:443/x?y HTTP/1.0",
                                       "GET http://a-b_c.~d?x=y HTTP/1.1",
                                       "OPTIONS hTTps://[::1] HTTP/1.1",
                                       NULL};
    static const char *const bad[] = {
        "GET http:// HTTP/1.1",          "GET http:///x HTTP/1.1",
        "GET http:/a.test/ HTTP/1.1",    "GET ftp://a.test/ HTTP/1.1",
        "GET http://u@a.test/ HTTP/1.1", "GET http://a.test:b/ HTTP/1.1",
        "GET http://a.test: HTTP/1.1",   "GET http://a.test:65536/ HTTP/1.1",
        "GET http://a.test/#b HTTP/1.1", "GET http://[::1/ HTTP/1.1",
        "GET http://[]/ HTTP/1.1",       "GET httpx://a.test/ HTTP/1.1",
        "GET http://[::1]x/ HTTP/1.1",   NULL};
    struct town town = start(s, PATIENCE);

    ask_form(&town, good, "absolute\n");
    for (size_t i = 0; bad[i] != NULL; i++)
        ask(&town, bad[i], 400, "");
    ask_good(&town);
}

static void asterisk(struct session *s)
{
    static const char *const good[] = {"OPTIONS * HTTP/1.1", NULL};
    static const char *const bad[] = {"GET * HTTP/1.1", "OPTIONS ** HTTP/1.1",
                                      "OPTIONS *a HTTP/1.1", "CONNECT * HTTP/1.1", NULL};
    struct town town = start(s, PATIENCE);

    ask_form(&town, good, "asterisk\n");
    for (size_t i = 0; bad[i] != NULL; i++)
        ask(&town, bad[i], 400, "");
    ask_good(&town);
}

static void authority(struct session *s)
{
    static const char *const good[] = {"CONNECT a.test:443 HTTP/1.1",
                                       "CONNECT [::1]:00001 HTTP/1.1",
                                       "CONNECT 127.0.0.1:65535 HTTP/1.0", NULL};
    static const char *const bad[] = {"CONNECT a.test HTTP/1.1",
                                      "CONNECT a.test: HTTP/1.1",
                                      "CONNECT :443 HTTP/1.1",
                                      "CONNECT /a HTTP/1.1",
                                      "CONNECT http://a.test/ HTTP/1.1",
                                      "GET a.test:443 HTTP/1.1",
                                      "CONNECT a.test:0 HTTP/1.1",
                                      "CONNECT a.test:65536 HTTP/1.1",
                                      "CONNECT a.test:+80 HTTP/1.1",
                                      "CONNECT a.test:80/ HTTP/1.1",
                                      "CONNECT a.test:4294967376 HTTP/1.1",
                                      "CONNECT a:b:80 HTTP/1.1",
                                      NULL};
    struct town town = start(s, PATIENCE);

    ask_form(&town, good, "authority\n");
    for (size_t i = 0; bad[i] != NULL; i++)
        ask(&town, bad[i], 400, "");
    ask_good(&town);
}

/* A word of so many letters. */
static char *letters(struct session *s, size_t count)
{
    char *text = session_alloc(s, count + 1);

    memset(text, 'a' + (int)session_random(s, 26), count);
    return text;
}

/* The longest target, alone and between others; then a byte too many, and no more than that. */
static void long_target(struct session *s)
{
    struct town town = start(s, PATIENCE);
    const char *text = session_print(s, "GET /%s", letters(s, TARGET_MOST));

    ask(&town, session_print(s, "DELETE /%s HTTP/1.1", letters(s, TARGET_MOST - 1)), 200,
        "origin\n");
    ask(&town, session_print(s, "GET /%s HTTP/1.1", letters(s, TARGET_MOST)), 414, "");
    ask_bytes(&town, text, strlen(text), 414, "");
    ask(&town, session_print(s, "GET /%s", letters(s, 8192)), 414, "");
    ask(&town, session_print(s, "get # %s", letters(s, 300000)), 400, "");
    ask(&town, session_print(s, "GET /%s", letters(s, 300000)), 414, "");
    ask_good(&town);
}

static void long_method(struct session *s)
{
    struct town town = start(s, PATIENCE);

    ask(&town, session_print(s, "%s /", letters(s, METHOD_MOST)), 400, "");
    ask(&town, session_print(s, "%s / HTTP/1.1", letters(s, METHOD_MOST)), 501, "");
    ask_bytes(&town, letters(s, METHOD_MOST + 1), METHOD_MOST + 1, 501, "");
    ask_bytes(&town, "GET / HTTP/1.1aaaaaaaaa", 23, 400, "");
    ask_good(&town);
}

static void bare_lf(struct session *s)
{
    struct town town = start(s, PATIENCE);

    ask_good(&town);
    ask_bytes(&town, "GET / HTTP/1.1\n", 15, 400, "");
    ask_bytes(&town, "GET / HTTP/1.1\nHost: a.test\r\n\r\n", 31, 400, "");
    ask_bytes(&town, "GET /\n HTTP/1.1\r\n", 17, 400, "");
    ask_bytes(&town, "\nGET / HTTP/1.1\r\n", 17, 400, "");
    ask_good(&town);
}

static void controls(struct session *s)
{
    static const struct {
        const char *bytes;
        size_t length;
    } lines[] = {{"GET / HTTP/1.1\r\r\n", 17},   {"GET /\r HTTP/1.1\r\n", 17},
                 {"GET\r/ HTTP/1.1\r\n", 16},    {"GET /\0 HTTP/1.1\r\n", 17},
                 {"GET\0 / HTTP/1.1\r\n", 17},   {"GET / HTTP/1.1\0\r\n", 17},
                 {"GET /\x01 HTTP/1.1\r\n", 17}, {"GET /\x7f HTTP/1.1\r\n", 17},
                 {"G\xc9T / HTTP/1.1\r\n", 16},  {"GET / HTTP/1.1\r \n", 17}};
    struct town town = start(s, PATIENCE);

    ask_good(&town);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ask_bytes(&town, lines[i].bytes, lines[i].length, 400, "");
    ask_good(&town);
}

static void empty_line(struct session *s)
{
    struct town town = start(s, PATIENCE);

    ask(&town, "\r\nGET / HTTP/1.1", 200, "origin\n");
    ask(&town, "\r\n\r\nGET / HTTP/1.1", 400, "");
    ask(&town, "\r\n ", 400, "");
    ask_good(&town);
}

/* Two things wrong at once: the first row counts. */
static void first_row(struct session *s)
{
    struct town town = start(s, PATIENCE);

    ask(&town, "get http:// HTTP/1.1", 501, "");
    ask(&town, "g(t # HTTP/2.0", 505, "");
    ask(&town, "g(t # HTTP/2.x", 400, "");
    ask(&town, "get # HTTP/2.0 ", 400, "");
    ask(&town, "G@T / HTTP/1.1", 400, "");
    ask_good(&town);
}

static void in_pieces(struct session *s)
{
    static const size_t sizes[] = {1, 2, 1, 9, 4, 1, 1, 0};
    struct town town = start(s, PATIENCE);
    const char *line = session_print(s, "GET /%05u HTTP/1.1\r\n", session_random(s, 100000));

    for (int i = 0; i < 2; i++) {
        struct link *link = link_connect(s, "127.0.0.1", town.port);
        link_send_pieces(link, line, strlen(line), sizes);
        expect_answer(s, link, 200, "origin\n");
        link_close(link);
    }
}

/* Byte by byte, with the empty line in front; a line with every limit in its middle. */
static void byte_by_byte(struct session *s)
{
    struct town town = start(s, PATIENCE);
    const char *line =
        session_print(s, "\r\nPUT http://a%u.test HTTP/1.0\r\n", session_random(s, 1000));
    size_t sizes[64] = {0};

    for (size_t i = 0; i + 1 < strlen(line); i++)
        sizes[i] = 1;
    struct link *link = link_connect(s, "127.0.0.1", town.port);
    link_send_pieces(link, line, strlen(line), sizes);
    expect_answer(s, link, 200, "absolute\n");
    link_close(link);
    ask_good(&town);
}

/* Fields and a large body come behind the line at once: nobody reads them, and they must go. */
static void much_behind(struct session *s)
{
    enum { BODY = 400000 };
    struct town town = start(s, PATIENCE);
    const char *head = session_print(s, "POST /%u HTTP/1.1\r\nContent-Length: %d\r\n\r\n",
                                     session_random(s, 1000), BODY);

    for (int i = 0; i < 3; i++) {
        struct link *link = link_connect(s, "127.0.0.1", town.port);
        link_send(link, head, strlen(head));
        link_send(link, letters(s, BODY), BODY);
        expect_answer(s, link, 200, "origin\n");
        link_close(link);
    }
    struct link *link = link_connect(s, "127.0.0.1", town.port);
    link_send(link, "get / HTTP/1.1\r\nGET / HTTP/1.1\r\n\r\n", 34);
    expect_answer(s, link, 501, "");
    link_send(link, letters(s, 1000), 1000); /* it still reads, behind its own end */
    link_wait_read(link);
    link_expect_no_reset(link);
    link_close(link);
    ask_good(&town);
}

static void ask_nothing(const struct town *town)
{
    struct link *link = link_connect(town->session, "127.0.0.1", town->port);

    link_shutdown(link);
    link_expect_end(link);
    link_close(link);
}

static void broken_off(struct session *s)
{
    struct town town = start(s, PATIENCE);
    struct link *link;

    link_close(link_connect(s, "127.0.0.1", town.port));
    ask_good(&town);
    ask_nothing(&town);
    link = link_connect(s, "127.0.0.1", town.port);
    link_send(link, "GET / HTTP/1.1\r", 15);
    link_shutdown(link);
    expect_answer(s, link, 400, "");
    link_close(link);
    link = link_connect(s, "127.0.0.1", town.port);
    link_send(link, "\r\n", 2);
    link_shutdown(link);
    expect_answer(s, link, 400, "");
    link_close(link);
    ask_good(&town);
}

/* In the middle of a line; and when the answer is there, or not yet. */
static void resets(struct session *s)
{
    struct town town = start(s, PATIENCE);
    struct link *link = link_connect(s, "127.0.0.1", town.port);

    link_send(link, "GET /", 5);
    link_wait_read(link);
    link_reset(link);
    ask_good(&town);
    link = link_connect(s, "127.0.0.1", town.port);
    link_send(link, "GET / HTTP/1.1\r\n", 16);
    link_reset(link);
    ask_good(&town);
    link = link_connect(s, "127.0.0.1", town.port);
    link_send(link, "GET / HTTP/1.1\r\n", 16);
    expect_answer(s, link, 200, "origin\n");
    link_reset(link);
    ask_good(&town);
}

static void silent(struct session *s)
{
    struct town town = start(s, SHORT);
    struct link *link = link_connect(s, "127.0.0.1", town.port);

    expect_answer(s, link, 408, "");
    link_close(link);
    ask_good(&town);
}

/* A byte now and then, each before the time would be up if it began anew. */
static void dribble(struct session *s)
{
    struct town town = start(s, SHORT);
    struct link *link = link_connect(s, "127.0.0.1", town.port);
    int sent = 0;

    link_send(link, "GET /", 5);
    while (sent < DRIBBLES && link_given(link) == 0) {
        session_wait(s, DRIBBLE_MS);
        link_send(link, "a", 1);
        sent++;
    }
    if (sent == DRIBBLES)
        session_blame(s,
                      "The client sent a byte every %d ms, and after %d ms it had no answer, "
                      "although its " SHORT " ms were over. Each byte seems to have begun the "
                      "time anew.",
                      DRIBBLE_MS, DRIBBLES * DRIBBLE_MS);
    expect_answer(s, link, 408, "");
    link_close(link);
}

/* It has its answer and neither finishes nor leaves: the next one is served all the same. */
static void stays(struct session *s)
{
    struct town town = start(s, SHORT);
    struct link *link = link_connect(s, "127.0.0.1", town.port);

    link_send(link, "GET / HTTP/2.0\r\n", 16);
    expect_answer(s, link, 505, "");
    ask_good(&town);
    link_close(link);
}

static void many_clients(struct session *s)
{
    struct town town = start(s, PATIENCE);

    ask_good(&town);
    student_settle(town.server);
    int before = student_descriptors(town.server);
    for (int i = 1; i < CLIENTS; i++)
        if (i % 3 == 0)
            ask(&town, "GET / HTTP/2.0", 505, "");
        else if (i % 3 == 1)
            ask_good(&town);
        else
            ask_nothing(&town);
    expect_descriptors(town.server, before);
}

static void sigterm(struct session *s)
{
    struct town town = start(s, PATIENCE);

    ask_good(&town);
    student_settle(town.server);
    student_signal(town.server, SIGTERM);
    expect_exit(town.server, 0);
}

/* In the middle of a line, and behind an answer. */
static void sigterm_while_serving(struct session *s)
{
    struct town town = start(s, PATIENCE);
    struct link *link = link_connect(s, "127.0.0.1", town.port);

    link_send(link, "GET /", 5);
    link_wait_read(link);
    student_settle(town.server);
    student_signal(town.server, SIGTERM);
    expect_exit(town.server, 0);
    link_wait_end(link);
    town = start(s, PATIENCE);
    link = link_connect(s, "127.0.0.1", town.port);
    link_send(link, "GET / HTTP/1.1\r\n", 16);
    expect_answer(s, link, 200, "origin\n");
    student_settle(town.server);
    student_signal(town.server, SIGTERM);
    expect_exit(town.server, 0);
}

/* Enough clients to meet every failing call: for the cases in which the wire makes calls fail. */
static void disturbed(struct session *s)
{
    struct town town = start(s, PATIENCE);

    for (int i = 0; i < 12; i++) {
        ask_good(&town);
        ask(&town, "CONNECT a.test:80 HTTP/1.1", 200, "authority\n");
        ask(&town, "BREW /pot HTTP/1.1", 501, "");
    }
}

static void usage(struct session *s)
{
    expect_failure(student_start(s, NULL), 2);
    expect_failure(student_start(s, "0", NULL), 2);
    expect_failure(student_start(s, "65536", "100", NULL), 2);
    expect_failure(student_start(s, "0", "0", NULL), 2);
    expect_failure(student_start(s, "0", "100x", NULL), 2);
    expect_failure(student_start(s, "0", "60001", NULL), 2);
}

static void port_taken(struct session *s)
{
    struct peer *other = peer_listen(s, "127.0.0.1");

    expect_failure(student_start(s, peer_port(other), PATIENCE, NULL), 1);
}

static void clean(struct session *s)
{
    struct town town = start(s, PATIENCE);

    ask_good(&town);
    ask(&town, session_print(s, "GET /%s HTTP/1.1", letters(s, TARGET_MOST)), 414, "");
    struct link *link = link_connect(s, "127.0.0.1", town.port);
    link_send(link, "GET / HT", 8);
    link_wait_read(link);
    link_reset(link);
    ask_good(&town);
    student_settle(town.server);
    student_signal(town.server, SIGTERM);
    expect_exit(town.server, 0);
}

static const struct test_case CASES[] = {
    {.name = "good-versions",
     .title = "HTTP/1.0, 1.1 and what may follow",
     .points = 1,
     .teaches = "A later HTTP/1.x keeps the syntax of 1.1, so its requests are good; HTTP/1.0 is "
                "good as well.",
     .run = good_versions},
    {.name = "other-versions",
     .title = "other major versions",
     .points = 2,
     .teaches = "A version that is well formed and not 1.x gets 505, whatever else the line says: "
                "the rest may follow other rules.",
     .run = other_versions},
    {.name = "bad-versions",
     .title = "versions that are none",
     .points = 2,
     .teaches = "A version is HTTP/ in capitals, one digit, a point, one digit: HTTP/1.10 is not "
                "1.1, and to sscanf() it is.",
     .run = bad_versions},
    {.name = "no-version",
     .title = "parts that are missing",
     .points = 1,
     .teaches = "\"GET /\" was a request in 1991, HTTP/0.9. Today it is a line with a part "
                "missing: 400.",
     .run = no_version},
    {.name = "blanks",
     .title = "blanks too many",
     .points = 2,
     .teaches = "One space stands between the parts, and no other blank. Where a server skips "
                "more, another one sees another target.",
     .run = blanks},
    {.name = "methods",
     .title = "known methods and others",
     .points = 1,
     .teaches = "A method that is well formed and not known gets 501; GE and GETS are not GET.",
     .run = methods},
    {.name = "lower-case",
     .title = "methods in small letters",
     .points = 1,
     .teaches = "Methods have their case: get is another method than GET, one that nobody knows.",
     .run = lower_case},
    {.name = "bad-methods",
     .title = "methods that are no tokens",
     .points = 1,
     .teaches = "A method is a token, like a field's name. One that is not makes the line "
                "malformed: 400.",
     .run = bad_methods},
    {.name = "origin",
     .title = "targets in origin form",
     .points = 2,
     .teaches = "A path begins with / and holds what RFC 3986 allows; a % has two hexadecimal "
                "digits behind it, and # never comes over the wire.",
     .run = origin},
    {.name = "absolute",
     .title = "targets in absolute form",
     .points = 2,
     .teaches = "http://host/path is for proxies, and every server must know it; scheme in any "
                "case, a host that is not empty, no user in front of it.",
     .run = absolute},
    {.name = "asterisk",
     .title = "the target *",
     .points = 1,
     .teaches = "* means the server as a whole, and only OPTIONS may ask about that.",
     .run = asterisk},
    {.name = "authority",
     .title = "targets in authority form",
     .points = 2,
     .teaches = "CONNECT names a host and a port and nothing else, and only CONNECT does.",
     .run = authority},
    {.name = "first-row",
     .title = "two things wrong at once",
     .points = 1,
     .teaches = "Of two reasons the first row of the table counts: the version comes before the "
                "method, and the method before the target.",
     .run = first_row},
    {.name = "long-target",
     .title = "a target of 8,000 bytes, and longer ones",
     .points = 3,
     .teaches = "A target of more than 8,000 bytes gets 414, as soon as that is known: a client "
                "may never end its line.",
     .run = long_target},
    {.name = "long-method",
     .title = "a method and a version that do not end",
     .points = 2,
     .teaches = "Each part has a limit of its own, and a status of its own when it is passed.",
     .run = long_method},
    {.name = "bare-lf",
     .title = "a line feed alone",
     .points = 2,
     .teaches = "The line ends in \\r\\n. A server that takes \\n alone sees another line than the "
                "one behind it.",
     .run = bare_lf},
    {.name = "controls",
     .title = "control characters and NUL",
     .points = 2,
     .teaches = "A NUL ends a C string, and a \\r ends a line for some: what is behind it, one "
                "server sees and the next does not.",
     .run = controls},
    {.name = "empty-line",
     .title = "empty lines in front",
     .points = 1,
     .teaches = "Old clients send an empty line behind a body: one of them is passed over, and "
                "not two.",
     .run = empty_line},
    {.name = "in-pieces",
     .title = "a line in eight pieces",
     .points = 2,
     .teaches = "recv() returns what has come; it is a line when its \\n is there.",
     .run = in_pieces},
    {.name = "byte-by-byte",
     .title = "a line byte by byte",
     .points = 1,
     .teaches = "Every byte came alone, the \\r and the \\n too.",
     .run = byte_by_byte},
    {.name = "much-behind",
     .title = "a body that nobody reads",
     .points = 3,
     .teaches = "Who closes a socket with unread bytes in it sends a reset, which may overtake "
                "the answer: finish sending, read on, and close then.",
     .run = much_behind},
    {.name = "broken-off",
     .title = "clients that finish too early",
     .points = 2,
     .teaches = "A client that finished sending can still hear why its line was not enough; one "
                "that never said a word is told nothing.",
     .run = broken_off},
    {.name = "resets",
     .title = "clients that reset",
     .points = 2,
     .teaches = "recv() failed with ECONNRESET: that client is lost, and the next one is served.",
     .run = resets},
    {.name = "many-clients",
     .title = "100 clients in a row",
     .points = 2,
     .teaches = "After 100 clients the server holds no more descriptors than after the first.",
     .run = many_clients},
    {.name = "sigterm",
     .title = "SIGTERM between two clients",
     .points = 1,
     .teaches = "SIGTERM asks the server to stop: it closes what it holds, and main returns 0.",
     .run = sigterm},
    {.name = "sigterm-while-serving",
     .title = "SIGTERM while a client is connected",
     .points = 1,
     .teaches = "A client that is connected must not keep the server from stopping, neither in "
                "the middle of its line nor behind its answer.",
     .run = sigterm_while_serving},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR, and it was not SIGTERM: the call is to "
                "be made again.",
     .run = disturbed,
     .faults = "eintr"},
    {.name = "short-writes",
     .title = "send() takes less than it was given",
     .points = 1,
     .teaches = "send() may take fewer bytes than it was given; the rest must be sent again.",
     .run = disturbed,
     .faults = "short-write"},
    {.name = "usage",
     .title = "arguments that are wrong",
     .points = 1,
     .teaches = "There are two arguments, a port and a number of milliseconds from 1 to 60,000; "
                "else status 2.",
     .run = usage},
    {.name = "port-taken",
     .title = "another program has the port",
     .points = 1,
     .teaches = "The port is taken: a message, and status 1.",
     .run = port_taken},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "All memory is freed before main returns, however the clients ended.",
     .run = clean,
     .leaks = true},
    {.name = "silent",
     .title = "a client that says nothing",
     .points = 2,
     .teaches = "Silence is answered with 408 when the client's time is over, and the next one "
                "is served.",
     .run = silent},
    {.name = "dribble",
     .title = "a byte now and then",
     .points = 2,
     .teaches = "The time is for the whole line. One that begins anew with each byte lasts as long "
                "as the client likes (slowloris).",
     .run = dribble},
    {.name = "stays",
     .title = "a client that stays behind its answer",
     .points = 2,
     .teaches = "Reading on behind the answer has a deadline too: a client that neither finishes "
                "nor leaves must not hold up the next one.",
     .run = stays},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
