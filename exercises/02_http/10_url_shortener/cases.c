/* Exercise 2.10, URL shortener: what is tried, and how. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "harness/harness.h"

enum {
    LONG = 60000, /* ms: a limit that no case reaches */
    SHORT = 100,  /* ms: one that a case waits for */
    URL_MOST = 2000,
    CROWD = 500,
    IN_A_ROW = 200,
    KEPT = 131072, /* bytes that the program may keep of one client */
    FLOOD = 500,   /* requests of one that does not read, and what each of them takes */
    FLOOD_REQUEST = 1200,
    CALLS = 5000, /* on sockets that suffice until it cannot go on */
    PIPELINED = 24,
    PACE_MS = 20,       /* between two of them */
    STACKS_KIB = 200000 /* of address space: 200 stacks take 1.6 million, at 8 MiB each */
};

/* A server of the learner's. Its file holds one URL from the beginning. */
struct site {
    struct session *session;
    struct student *student;
    const char *port;
    const char *url; /* of number 1 */
    int count;       /* of numbers given so far */
};

static const char *letters(struct session *s, size_t length)
{
    char *text = session_alloc(s, length + 1);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + session_random(s, 26));
    return text;
}

static const char *any_url(struct session *s)
{
    return session_print(s, "http%s://%s.test/%s?q=%u", session_random(s, 2) == 0 ? "" : "s",
                         letters(s, 6), letters(s, 4 + session_random(s, 20)),
                         session_random(s, 100000));
}

/* Starts it with the file as it is. */
static void open_site(struct site *site, int idle, int head, int body)
{
    struct session *s = site->session;

    session_writes_files(s);
    site->student = student_start(s, "0", "urls", session_print(s, "%d", idle),
                                  session_print(s, "%d", head), session_print(s, "%d", body), NULL);
    site->port = student_port(site->student);
}

static struct site start_with(struct session *s, const char *url, int idle, int head, int body)
{
    struct site site = {.session = s, .url = url, .count = 1};
    const char *file = session_print(s, "%s\n", site.url);

    session_file(s, "urls", file, strlen(file));
    open_site(&site, idle, head, body);
    return site;
}

static struct site start_limits(struct session *s, int idle, int head, int body)
{
    return start_with(s, any_url(s), idle, head, body);
}

static struct site start(struct session *s)
{
    return start_limits(s, LONG, LONG, LONG);
}

static struct link *join(const struct site *site)
{
    return link_connect(site->session, "127.0.0.1", site->port);
}

/* ---- requests and what they are answered ---- */

static void say(struct link *link, const char *text)
{
    link_send(link, text, strlen(text));
}

static const char *get_text(const struct site *site, const char *method, int number)
{
    return session_print(site->session, "%s /%d HTTP/1.1\r\nHost: short.test\r\n\r\n", method,
                         number);
}

static const char *post_text(const struct site *site, const char *url)
{
    return session_print(site->session,
                         "POST / HTTP/1.1\r\nHost: short.test\r\nContent-Length: %zu\r\n\r\n%s",
                         strlen(url), url);
}

/* The response that sends the client to url. */
static struct web_response hear_found(const struct site *site, struct link *link, const char *url,
                                      const char *why)
{
    const char *body = session_print(site->session, "%s\n", url);
    struct web_response r = link_expect_response(link, "GET", 302, body, strlen(body), why);

    web_expect_field(link, &r, "Location", url, "the URL of that number");
    return r;
}

/* The response that tells the next number. */
static struct web_response hear_created(struct site *site, struct link *link, const char *why)
{
    const char *path = session_print(site->session, "/%d", ++site->count);
    const char *body = session_print(site->session, "%s\n", path);
    struct web_response r = link_expect_response(link, "POST", 201, body, strlen(body), why);

    web_expect_field(link, &r, "Location", path, "numbers are given one after another");
    return r;
}

static void get(const struct site *site, struct link *link, int number, const char *url)
{
    say(link, get_text(site, "GET", number));
    (void)hear_found(site, link, url, "there is such a number");
}

static void post(struct site *site, struct link *link, const char *url)
{
    say(link, post_text(site, url));
    (void)hear_created(site, link, "that is a URL");
}

/* A client from its connection to its end: what shows that the server still serves. */
static void whole_client(const struct site *site)
{
    struct link *link = join(site);

    get(site, link, 1, site->url);
    link_shutdown(link);
    link_expect_end(link);
    link_close(link);
}

/* A response that is the last one: it says so, and then the connection ends. */
static void hear_last(const struct site *site, struct link *link, const struct web_response *r)
{
    if (!r->closes)
        session_fail(site->session,
                     "The response %d has no \"Connection: close\", and it is the last one here.",
                     r->status);
    link_expect_end(link);
}

static void hear_refusal(const struct site *site, struct link *link, int status, const char *why)
{
    struct web_response r = link_expect_status(link, "GET", status, why);

    hear_last(site, link, &r);
    link_close(link);
}

/* A number that was not given. */
static void expect_unknown(const struct site *site, int number)
{
    struct link *link = join(site);

    say(link, get_text(site, "GET", number));
    (void)link_expect_status(link, "GET", 404, "nothing was stored under that number");
    link_close(link);
}

static void finish(const struct site *site)
{
    student_signal(site->student, SIGTERM);
    expect_exit(site->student, 0);
}

/* ---- what it is for ---- */

static void shortens(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);
    const char *one = any_url(s), *two = any_url(s);

    post(&site, link, one);
    post(&site, link, two);
    post(&site, link, one); /* every POST makes a new number */
    get(&site, link, 3, two);
    get(&site, link, 4, one);
    get(&site, link, 2, one);
    get(&site, link, 1, site.url);
    const char *file = session_print(s, "%s\n%s\n%s\n%s\n", site.url, one, two, one);
    finish(&site);
    expect_file(site.student, "urls", file, strlen(file));
}

static void new_file(struct session *s)
{
    struct site site = {.session = s};

    open_site(&site, LONG, LONG, LONG);
    struct link *link = join(&site);
    const char *url = any_url(s);
    say(link, get_text(&site, "GET", 1));
    (void)link_expect_status(link, "GET", 404, "the file is new, no number was given");
    post(&site, link, url);
    get(&site, link, 1, url);
    finish(&site);
}

static void unknown(struct session *s)
{
    static const char *const TARGETS[] = {
        "/",   "/0",   "/01", "/2",   "/+1",  "/-1",         "/1x",
        "/1/", "/0x1", "//1", "/%31", "/1?a", "/4294967297", "/18446744073709551617"};
    struct site site = start(s);
    struct link *link = join(&site);

    for (size_t i = 0; i < sizeof TARGETS / sizeof TARGETS[0]; i++) {
        say(link, session_print(s, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", TARGETS[i]));
        (void)link_expect_status(link, "GET", 404, session_print(s, "GET %s", TARGETS[i]));
    }
    get(&site, link, 1, site.url);
}

/* HEAD has the head of GET, and the next response comes right behind it. */
static void head(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);
    const char *length = session_print(s, "%zu", strlen(site.url) + 1);

    say(link, get_text(&site, "HEAD", 1));
    struct web_response r = link_expect_status(link, "HEAD", 302, "GET's status");
    web_expect_field(link, &r, "Location", site.url, "as with GET");
    web_expect_field(link, &r, "Content-Length", length, "as with GET");
    const char *date = web_field(&r, "Date");
    if (date == NULL || strlen(date) != 29 || strcmp(date + 25, " GMT") != 0)
        session_fail(s, "The response has the Date \"%s\".", date == NULL ? "" : date);
    get(&site, link, 1, site.url);
    say(link, get_text(&site, "HEAD", 2));
    (void)link_expect_status(link, "HEAD", 404, "there is no such number");
    get(&site, link, 1, site.url);
}

static void not_a_url(struct session *s)
{
    static const char *const TEXTS[] = {"",
                                        "http://",
                                        "https://",
                                        "ftp://a/",
                                        "HTTP://a/",
                                        "javascript:alert(1)",
                                        "http:/a/",
                                        " http://a/",
                                        "http://a/ b",
                                        "http://a/\n",
                                        "http://a/\r\nX: y",
                                        "http://a/\xc3\xa9"};
    struct site site = start(s);
    struct link *link = join(&site);

    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        say(link, post_text(&site, TEXTS[i]));
        (void)link_expect_status(link, "POST", 400, "that is no URL");
    }
    say(link, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhttp://a/\0b");
    link_send(link, "\0b", 2);
    (void)link_expect_status(link, "POST", 400, "a NUL stands in no URL");
    post(&site, link, "http://a");
    const char *longest = session_print(s, "https://%s", letters(s, URL_MOST - 8));
    post(&site, link, longest);
    get(&site, link, 3, longest);
}

/* Whatever a request is answered, its body is its own. */
static void bodies(struct session *s)
{
    static const struct {
        const char *line;
        int status;
    } REQUESTS[] = {{"POST /elsewhere", 404}, {"PUT /", 501},   {"DELETE /1", 501},
                    {"BREW /", 501},          {"get /1", 501},  {"GET /1", 302},
                    {"GET /2", 404},          {"POST /1", 404}, {"OPTIONS *", 501}};
    struct site site = start(s);
    struct link *link = join(&site);
    const char *evil = session_print(s,
                                     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
                                     "http://%s",
                                     letters(s, 2));

    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++) {
        say(link, session_print(s, "%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s",
                                REQUESTS[i].line, strlen(evil), evil));
        (void)link_expect_status(link, "GET", REQUESTS[i].status, REQUESTS[i].line);
        say(link, get_text(&site, "GET", 1));
        (void)hear_found(&site, link, site.url, "the next request begins behind the body");
    }
    expect_unknown(&site, 2);
}

/* ---- how a message ends ---- */

static void in_pieces(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);
    const char *url = any_url(s), *text = post_text(&site, url);
    size_t body = strlen(text) - strlen(url);
    size_t sizes[] = {1 + session_random(s, 10), body - 13, 2 + session_random(s, 8), 0};

    sizes[1] -= sizes[0];
    link_send_pieces(link, text, strlen(text), sizes);
    (void)hear_created(&site, link, "the request came in four pieces");
    text = get_text(&site, "GET", site.count);
    size_t ends[] = {strlen(text) - 3, 1, 1, 0}; /* within the empty line */
    link_send_pieces(link, text, strlen(text), ends);
    (void)hear_found(&site, link, url, "the request came in four pieces");
    size_t single[6 + 1] = {0}; /* then the rest */
    for (size_t i = 0; i < 6; i++)
        single[i] = 1;
    link_send_pieces(link, text, strlen(text), single);
    (void)hear_found(&site, link, url, "the request began byte by byte");
}

static void chunked(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);
    const char *url = any_url(s), *rest = url + 5, *field = "Transfer-Encoding: chunked";
    const char *text = session_print(s,
                                     "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n5;x=y\r\n%.5s\r\n"
                                     "%zX\r\n%s\r\n0\r\nX-Trailer: z\r\n\r\n",
                                     field, url, strlen(rest), rest);

    say(link, session_print(s, "%s%s", text, get_text(&site, "GET", 2)));
    (void)hear_created(&site, link, "the body came in two chunks");
    (void)hear_found(&site, link, url, "the next request begins behind the last chunk");
    size_t sizes[] = {62 + session_random(s, 3), 3, 2, 5, 0};
    link_send_pieces(link, text, strlen(text), sizes);
    (void)hear_created(&site, link, "the chunks came in pieces");
    get(&site, link, 3, url);
    say(link, session_print(s,
                            "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n7D0\r\nhttp://%s\r\n"
                            "1\r\nx\r\n0\r\n\r\n",
                            field, letters(s, URL_MOST - 7)));
    hear_refusal(&site, link, 413, "2,001 bytes in two chunks");
    expect_unknown(&site, 4);
}

static void keep_alive(struct session *s)
{
    static const char *const LAST[] = {
        "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
        "GET /1 HTTP/1.0\r\n\r\n",
    };
    struct site site = start(s);
    struct link *link = join(&site);

    for (int i = 0; i < 5; i++) {
        say(link, get_text(&site, "GET", 1));
        struct web_response r = hear_found(&site, link, site.url, "there is such a number");
        if (r.closes)
            session_fail(s, "The response says \"Connection: close\"; the client asked for no such "
                            "thing, and HTTP/1.1 goes on.");
    }
    for (size_t i = 0; i < sizeof LAST / sizeof LAST[0]; i++) {
        link = join(&site);
        get(&site, link, 1, site.url);
        say(link, session_print(s, "%s%s", LAST[i], post_text(&site, any_url(s))));
        struct web_response r = hear_found(&site, link, site.url, "there is such a number");
        hear_last(&site, link, &r);
    }
    expect_unknown(&site, 2);
}

/* Requests of all kinds in one piece; among them some whose answer needs the one before. */
static void pipelining(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);
    const char *urls[PIPELINED], *text = "";
    int kinds[PIPELINED];

    for (int i = 0; i < PIPELINED; i++) {
        kinds[i] = i == PIPELINED - 1 ? 1 : i < 3 ? i : (int)session_random(s, 3);
        urls[i] = any_url(s);
        text = session_print(s, "%s%s", text,
                             kinds[i] == 0   ? get_text(&site, "GET", 1)
                             : kinds[i] == 1 ? session_print(s, "%s%s", post_text(&site, urls[i]),
                                                             get_text(&site, "GET", ++site.count))
                                             : get_text(&site, "HEAD", 99));
    }
    site.count = 1;
    say(link, text);
    link_shutdown(link);
    for (int i = 0; i < PIPELINED; i++) {
        const char *why = "answers come in the order of the requests";
        if (kinds[i] == 0) {
            (void)hear_found(&site, link, site.url, why);
        } else if (kinds[i] == 2) {
            (void)link_expect_status(link, "HEAD", 404, why);
        } else {
            (void)hear_created(&site, link, why);
            (void)hear_found(&site, link, urls[i], why);
        }
    }
    link_expect_end(link);
}

/* The second request is cut in two: its first half came with the one before. */
static void pipelined_pieces(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);
    const char *url = any_url(s);
    const char *text = session_print(s, "%s%s%s", post_text(&site, url), get_text(&site, "GET", 2),
                                     get_text(&site, "GET", 1));
    size_t first = strlen(post_text(&site, url));
    size_t sizes[] = {first - 4, 4 + 1 + session_random(s, 20), 0};

    link_send_pieces(link, text, strlen(text), sizes);
    (void)hear_created(&site, link, "its body came in two pieces");
    (void)hear_found(&site, link, url, "its head came in two pieces, the first with a body");
    (void)hear_found(&site, link, site.url, "it came with the rest of the one before");
    say(link, get_text(&site, "GET", 1));
    (void)hear_found(&site, link, site.url, "it came alone");
}

static const char *continue_text(const struct site *site, size_t length)
{
    return session_print(site->session,
                         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n"
                         "Expect: 100-continue\r\n\r\n",
                         length);
}

static void expects_continue(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);
    const char *url = any_url(s);

    for (int i = 0; i < 2; i++) {
        say(link, continue_text(&site, strlen(url)));
        (void)link_expect_status(link, "POST", 100, "the client waits to be told to send its body");
        say(link, url);
        (void)hear_created(&site, link, "the body was sent after 100");
        get(&site, link, site.count, url);
    }
    post(&site, link, url); /* nobody asked this time */
    say(link, continue_text(&site, URL_MOST + 1));
    hear_refusal(&site, link, 413, "to say 100 first would be to ask for a body for nothing");
    expect_unknown(&site, site.count + 1);
}

/* ---- what is refused ---- */

static void smuggling(struct session *s)
{
    static const struct {
        const char *fields;
        int status;
        const char *why;
    } HEADS[] = {
        {"Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400,
         "Content-Length and Transfer-Encoding: the next server may believe the other"},
        {"Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n", 400, "two unequal lengths"},
        {"Host: a\r\nContent-Length: 5, 6\r\n", 400, "two unequal lengths in one field"},
        {"Host: a\r\nContent-Length: +5\r\n", 400, "a length with a sign"},
        {"Host: a\r\nContent-Length: 0x5\r\n", 400, "a length in hexadecimal"},
        {"Host: a\r\nContent-Length: 18446744073709551621\r\n", 400,
         "a length that overflows to 5"},
        {"Host: a\r\nContent-Length : 5\r\n", 400, "a blank before the colon"},
        {"Host: a\r\nX: y\r\n Content-Length: 5\r\n", 400, "a line that begins with a blank"},
        {"Host: a\r\nX: y\rContent-Length: 5\r\n", 400, "a bare CR"},
        {"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501,
         "a transfer coding that is unknown here"},
        {"Host: a\r\nTransfer-Encoding: xchunked\r\n", 0,
         "chunked is not the last transfer coding"},
        {"Host: a\r\nTransfer-Encoding: chunked, identity\r\n", 0,
         "chunked is not the last transfer coding"},
        {"Content-Length: 5\r\n", 400, "no Host"},
        {"Host: a\r\nHost: b\r\n", 400, "two Hosts"},
    };
    struct site site = start(s);

    for (size_t i = 0; i < sizeof HEADS / sizeof HEADS[0]; i++) {
        struct link *link = join(&site);
        say(link, session_print(s, "POST / HTTP/1.1\r\n%s\r\nhttp:%s", HEADS[i].fields,
                                post_text(&site, any_url(s))));
        if (HEADS[i].status == 0) {
            struct web_response r = link_response(link, "POST");
            if (r.status != 400 && r.status != 501)
                session_fail(s, "Your program answered with status %d; 400 or 501 was due: %s.",
                             r.status, HEADS[i].why);
            hear_last(&site, link, &r);
        } else {
            hear_refusal(&site, link, HEADS[i].status, HEADS[i].why);
        }
    }
    expect_unknown(&site, 2);
    whole_client(&site);
}

static void bad_chunks(struct session *s)
{
    static const struct {
        const char *text, *why;
    } BODIES[] = {
        {"+8\r\nhttp://a\r\n0\r\n\r\n", "a size with a sign"},
        {"0x8\r\nhttp://a\r\n0\r\n\r\n", "a size with 0x in front"},
        {"g\r\nhttp://a\r\n0\r\n\r\n", "a size that is no number"},
        {"\r\nhttp://a\r\n0\r\n\r\n", "no size"},
        {"8\r\nhttp://ab\r\n0\r\n\r\n", "a chunk longer than its size"},
        {"10000000000000008\r\nhttp://a\r\n0\r\n\r\n", "a size that overflows to 8"},
    };
    struct site site = start(s);

    for (size_t i = 0; i < sizeof BODIES / sizeof BODIES[0]; i++) {
        struct link *link = join(&site);
        say(link,
            session_print(s, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%s%s",
                          BODIES[i].text, post_text(&site, any_url(s))));
        hear_refusal(&site, link, 400, BODIES[i].why);
    }
    expect_unknown(&site, 2);
    whole_client(&site);
}

static const char *head_of(struct session *s, size_t target, size_t fields, size_t value)
{
    const char *filler = letters(s, value), *text;
    size_t length = strlen(filler) + 16, at = 0;
    char *lines = session_alloc(s, fields * length + 1);

    for (size_t i = 0; i < fields; i++)
        at += (size_t)snprintf(lines + at, fields * length + 1 - at, "X-%zu: %s\r\n", i, filler);
    text = session_print(s, "GET /%s HTTP/1.1\r\nHost: a\r\n%s\r\n", letters(s, target - 1), lines);
    return text;
}

/* At each limit, and beyond it. */
static void large_heads(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site);

    say(link, head_of(s, 8000, 0, 0));
    (void)link_expect_status(link, "GET", 404, "a target of 8,000 bytes");
    say(link, head_of(s, 2, 99, 100));
    (void)link_expect_status(link, "GET", 404, "100 fields");
    say(link, head_of(s, 2, 80, 800)); /* 64,650 bytes and Host */
    (void)link_expect_status(link, "GET", 404, "fields of less than 65,536 bytes");
    say(link, head_of(s, 8001, 0, 0));
    hear_refusal(&site, link, 414, "a target of 8,001 bytes");
    link = join(&site);
    say(link, head_of(s, 2, 100, 10));
    hear_refusal(&site, link, 431, "101 fields");
    link = join(&site);
    say(link, head_of(s, 2, 82, 800));
    hear_refusal(&site, link, 431, "fields of more than 65,536 bytes");
    whole_client(&site);
}

/* Whoever sends a lot does not look for an answer before all is sent. */
static void answer_arrives(struct session *s)
{
    enum { MUCH = 1 << 20 };
    static const struct {
        const char *head;
        int status;
    } REQUESTS[] = {{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n", 413},
                    {"nonsense\r\n\r\n", 400},
                    {"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 302}};
    struct site site = start(s);
    char *bytes = session_alloc(s, MUCH);

    session_text(s, bytes, MUCH);
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++) {
        struct link *link = join(&site);
        say(link, REQUESTS[i].head);
        link_send(link, bytes, MUCH);
        link_wait_read(link);
        struct web_response r = link_expect_status(link, "GET", REQUESTS[i].status,
                                                   "the answer comes before all was sent");
        hear_last(&site, link, &r);
        link_send(link, "and this", 8);
        link_wait_read(link);
        link_expect_no_reset(link);
        link_close(link);
    }
    whole_client(&site);
}

/* ---- who is slow ---- */

/* The program closes without a word. */
static void hear_nothing(struct link *link)
{
    link_expect_end(link);
    link_close(link);
}

enum outcome { CUT_OFF, NEVER, UNSURE };

/*
 * Sends a request's beginning, then a byte from time to time, for eight times the limit. Unsure
 * when this client was held up for so long that it may have been cut off for its silence.
 */
static enum outcome send_slowly(struct session *s, struct link *link, const char *beginning,
                                int limit)
{
    int64_t began = now_ms(), last = began, longest = 0;

    say(link, beginning);
    while (now_ms() - began < 8 * (int64_t)limit) {
        session_wait(s, PACE_MS);
        int64_t now = now_ms();
        longest = now - last > longest ? now - last : longest;
        last = now;
        if (link_given(link) > 0)
            return longest < limit / 2 ? CUT_OFF : UNSURE;
        say(link, "x");
    }
    return NEVER;
}

static void trickle(struct session *s, bool in_head, const char *beginning)
{
    const char *url = any_url(s); /* before the loop: the same each time */
    struct link *silent, *stalled, *slow;
    enum outcome outcome;
    struct site site;
    int limit = SHORT;
    bool again;

    do {
        site = start_with(s, url, LONG, in_head ? limit : LONG, in_head ? LONG : limit);
        silent = join(&site);
        stalled = join(&site);
        slow = join(&site);
        say(stalled, beginning);
        outcome = send_slowly(s, slow, beginning, limit);
        again = outcome == UNSURE && session_again(s);
        if (again)
            student_end(site.student);
        limit *= 2;
    } while (again);
    if (outcome == NEVER)
        session_blame(s,
                      "A client sent a byte every %d ms, for %d ms, and was not cut off; %s is %d. "
                      "A byte that comes must not begin the time anew.",
                      PACE_MS, 4 * limit, in_head ? "HEAD" : "BODY", limit / 2);
    hear_refusal(&site, slow, 408, "the request took too long");
    hear_refusal(&site, stalled, 408, "the request took too long");
    get(&site, silent, 1, site.url);
    expect_unknown(&site, 2);
}

static void slow_head(struct session *s)
{
    trickle(s, true, "GET /1 HTTP/1.1\r\nHost: a\r\nX: y");
}

static void slow_body(struct session *s)
{
    trickle(s, false, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhttp://a/");
}

/* The head ends in time, after most of it; the body has a time of its own. */
static void limits_apart(struct session *s)
{
    struct site site = start_limits(s, LONG, SHORT, LONG);
    struct link *body = join(&site), *half = join(&site);
    const char *url = any_url(s), *text = post_text(&site, url);

    session_closes_early(s);
    link_send(body, text, strlen(text) - 5);
    say(half, "POST");
    hear_refusal(&site, half, 408, "HEAD is over");
    say(body, url + strlen(url) - 5);
    (void)hear_created(&site, body, "HEAD was over, but its head was whole, and BODY is long");
    get(&site, body, 2, url);
}

/* What follows the URL of a response 302 is read line by line. False if the connection ended. */
static bool is_answered(const struct site *site, struct link *link)
{
    const char *text = get_text(site, "GET", 1);
    bool whole = false;

    link_queue(link, text, strlen(text));
    while (!whole) {
        struct happening h = session_next(site->session, "your program to answer");
        if (h.what != HAPPENED_LINE)
            return false;
        whole = h.length == strlen(site->url) && memcmp(h.line, site->url, h.length) == 0;
    }
    return true;
}

/* Whether the program reads something of a link; else it has closed it. */
static bool is_read(struct session *s, const struct link *link)
{
    for (int i = 0; i < 100 && link_taken(link) == 0; i++)
        session_wait(s, 1);
    return link_taken(link) > 0;
}

static void idle(struct session *s)
{
    const char *first = any_url(s), *url = any_url(s); /* before the loop: the same each time */
    struct link *half, *body, *silent, *served;
    struct site site;
    int limit = SHORT;
    bool again;

    session_closes_early(s);
    do { /* once more if it was this client that came late */
        limit *= 2;
        site = start_with(s, first, limit, LONG, LONG);
        const char *more = post_text(&site, url);
        half = join(&site);
        link_queue(half, "G", 1);
        body = join(&site);
        link_queue(body, more, strlen(more) - 1);
        silent = join(&site);
        served = join(&site);
        again = !is_answered(&site, served) || !is_read(s, half) || !is_read(s, body);
        again = again && session_again(s);
        if (again)
            student_end(site.student);
    } while (again);
    hear_nothing(served);
    hear_nothing(silent);
    say(half, get_text(&site, "GET", 1) + 1); /* it was not idle: its request had begun */
    (void)hear_found(&site, half, site.url, "its request began in time, and HEAD is long");
    say(body, url + strlen(url) - 1);
    (void)hear_created(&site, body, "its request began in time, and BODY is long");
}

/* IDLE counts from the last response, not from the beginning of the connection. */
static void idle_anew(struct session *s)
{
    enum { REQUESTS = 4 };
    int limit = 100;
    bool served;

    session_unrecorded(s);
    do {
        limit *= 2;
        struct site site = start_limits(s, limit, limit, limit);
        struct link *link = join(&site);
        served = true;
        for (int i = 0; served && i < REQUESTS; i++) {
            if (i > 0)
                session_wait(s, limit * 9 / 20);
            served = is_answered(&site, link);
        }
        student_end(site.student);
    } while (!served && session_again(s));
    if (!served)
        session_blame(s,
                      "A client made a request every %d ms and was cut off, with limits of %d ms: "
                      "the time begins anew with each response.",
                      limit * 9 / 20, limit);
}

/* ---- who does not read ---- */

static struct link *flood(struct session *s, const struct site *site)
{
    const char *text = session_print(s, "GET /1 HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n",
                                     letters(s, FLOOD_REQUEST - 33));
    char *bytes = session_alloc(s, (size_t)FLOOD * FLOOD_REQUEST);

    for (size_t i = 0; i < FLOOD; i++)
        memcpy(bytes + i * FLOOD_REQUEST, text, FLOOD_REQUEST);
    session_narrow(s, 16384);
    struct link *link = join(site);
    session_narrow(s, 0);
    link_queue(link, bytes, (size_t)FLOOD * FLOOD_REQUEST);
    return link;
}

static struct site start_wide(struct session *s, int head, int body)
{
    return start_with(s, session_print(s, "http://%s", letters(s, URL_MOST - 7)), LONG, head, body);
}

/* Lets time pass until the program has taken nothing of the link for a while. */
static void let_stand(struct session *s, const struct link *link)
{
    enum { WHILE = 20 };
    size_t before = 0;

    for (int quiet = 0; quiet < WHILE; quiet++) {
        session_wait(s, 5);
        if (link_taken(link) != before)
            quiet = 0;
        before = link_taken(link);
    }
}

static void never_reads(struct session *s)
{
    struct site site = start_wide(s, LONG, LONG);
    struct link *link = flood(s, &site);

    session_unrecorded(s);
    let_stand(s, link);
    expect_calls(site.student, CALLS);
    /* Each response is longer than two URLs. */
    size_t answered = link_given(link) / (2UL * URL_MOST) * FLOOD_REQUEST;
    size_t taken = link_taken(link);
    if (taken > answered + KEPT + FLOOD_REQUEST)
        session_fail(s,
                     "A client sends requests and reads no response. Your program has received "
                     "%zu bytes of it, of which %zu are answered, and holds the rest or what it "
                     "answers: more than %d bytes.",
                     taken, answered, KEPT);
    whole_client(&site);
    for (int i = 0; i < FLOOD; i++)
        (void)hear_found(&site, link, site.url, "the client reads at last");
    link_shutdown(link);
    link_expect_end(link);
}

static void never_takes(struct session *s)
{
    struct site site = start_wide(s, LONG, SHORT);
    struct link *link = flood(s, &site);

    session_closes_early(s);
    link_expect_reset_unread(link);
    whole_client(&site);
}

/* ---- who goes ---- */

static void resets(struct session *s)
{
    struct site site = start(s);
    const char *text = post_text(&site, any_url(s));

    whole_client(&site);
    student_settle(site.student);
    int before = student_descriptors(site.student);
    for (size_t i = 0; i < 12; i++) {
        struct link *link = join(&site);
        if (i % 4 == 1)
            get(&site, link, 1, site.url);
        if (i % 4 >= 1) {
            link_send(link, text, 10 + i * 2);
            link_wait_read(link);
        }
        if (i % 4 == 3)
            link_close(link);
        else
            link_reset(link);
    }
    struct link *link = flood(s, &site);
    whole_client(&site);
    link_reset(link);
    expect_descriptors(site.student, before);
    whole_client(&site);
    expect_unknown(&site, 2);
}

/* ---- the end ---- */

static void sigterm(struct session *s)
{
    struct site site = start(s);
    struct link *silent = join(&site), *served = join(&site);
    struct link *head = join(&site), *body = join(&site);
    const char *url = any_url(s), *text = post_text(&site, url);

    session_closes_early(s);
    get(&site, served, 1, site.url);
    say(head, "GET /1 HTTP/1.1\r\nHo");
    link_send(body, text, strlen(text) - 3);
    link_wait_read(head);
    link_wait_read(body);
    student_settle(site.student);
    student_signal(site.student, SIGTERM);
    hear_nothing(silent);
    hear_nothing(served);
    say(body, url + strlen(url) - 3);
    struct web_response r = hear_created(&site, body, "its request was in flight at SIGTERM");
    hear_last(&site, body, &r);
    link_close(body);
    say(head, "st: a\r\n\r\n");
    r = hear_found(&site, head, site.url, "its request was in flight at SIGTERM");
    hear_last(&site, head, &r);
    link_close(head);
    expect_exit(site.student, 0);
    open_site(&site, LONG, LONG, LONG);
    struct link *link = join(&site);
    get(&site, link, 2, url);
    post(&site, link, url);
}

/* At SIGTERM everybody is slow in his own way, and the limits hold as before. */
static void sigterm_slow(struct session *s)
{
    struct site site = start_wide(s, 2 * SHORT, 2 * SHORT);
    struct link *head = join(&site), *body = join(&site), *refused = join(&site);

    (void)flood(s, &site);
    say(head, "GET /1");
    say(body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhttp");
    say(refused, "nonsense\r\n\r\n");
    link_wait_read(head);
    link_wait_read(body);
    (void)link_expect_status(refused, "GET", 400, "that is no request");
    student_signal(site.student, SIGTERM);
    hear_refusal(&site, head, 408, "HEAD is over, also at the end");
    hear_refusal(&site, body, 408, "BODY is over, also at the end");
    expect_exit(site.student, 0);
}

/* A second server takes the port while the first finishes. */
static void port_is_free(struct session *s)
{
    struct site site = start(s);
    struct link *head = join(&site);
    const char *port = site.port;

    say(head, "GET /1 HTTP/1.1\r\nHo");
    link_wait_read(head);
    student_settle(site.student);
    student_signal(site.student, SIGTERM);
    student_settle(site.student);
    struct student *next = student_start(s, port, "other", "60000", "60000", "60000", NULL);
    (void)student_port(next);
    struct link *link = join(&site);
    say(link, get_text(&site, "GET", 1));
    (void)link_expect_status(link, "GET", 404, "the second server has a new file");
    say(head, "st: a\r\n\r\n");
    (void)hear_found(&site, head, site.url, "its request was in flight at SIGTERM");
    link_close(head);
    expect_exit(site.student, 0);
}

/* What was answered with 201 is in the file, whatever happens to the program then. */
static void killed(struct session *s)
{
    struct site site = start(s);
    const char *urls[5];

    for (int round = 0; round < 2; round++) {
        struct link *link = join(&site);
        for (size_t i = 0; i < 5; i++) {
            urls[i] = any_url(s);
            post(&site, link, urls[i]);
        }
        student_end(site.student);
        open_site(&site, LONG, LONG, LONG);
        link = join(&site);
        for (int i = 0; i < 5; i++)
            get(&site, link, site.count - 4 + i, urls[i]);
        get(&site, link, 1, site.url);
    }
}

/* The machine stopped while a line was being written. */
static void torn_line(struct session *s)
{
    struct site site = {.session = s, .url = any_url(s), .count = 1};
    const char *file = session_print(s, "%s\nhttp://torn.tes", site.url), *url = any_url(s);

    session_file(s, "urls", file, strlen(file));
    open_site(&site, LONG, LONG, LONG);
    expect_unknown(&site, 2);
    struct link *link = join(&site);
    post(&site, link, url);
    get(&site, link, 2, url);
    finish(&site);
    file = session_print(s, "%s\n%s\n", site.url, url);
    expect_file(site.student, "urls", file, strlen(file));
}

/* ---- when the system fails ---- */

static void disturbed(struct session *s)
{
    struct site site = start_wide(s, LONG, LONG);
    struct link *link = join(&site);

    for (int i = 0; i < 6; i++) {
        const char *url = any_url(s);
        post(&site, link, url);
        get(&site, link, site.count, url);
        get(&site, link, 1, site.url);
        whole_client(&site);
    }
    finish(&site);
}

static void accept_fails(struct session *s)
{
    struct site site = start(s);

    for (int i = 0; i < 8; i++)
        whole_client(&site);
}

/*
 * No descriptor is free for a while. The first client may be lost by it: a server that waits in
 * accept() has a descriptor for it, but perhaps not a second one. The next one waits its turn.
 */
static void no_descriptors(struct session *s)
{
    struct site site = start(s);
    struct link *old = join(&site);

    get(&site, old, 1, site.url);
    student_settle(site.student);
    student_deny_descriptors(site.student);
    struct link *first = join(&site), *second = join(&site);
    link_shutdown(first);
    say(second, get_text(&site, "GET", 1));
    student_settle(site.student); /* accept() fails, again and again, with pauses between */
    get(&site, old, 1, site.url);
    student_allow_descriptors(site.student);
    link_wait_end(first);
    (void)hear_found(&site, second, site.url, "there are descriptors again");
    get(&site, old, 1, site.url);
}

static void ipv6(struct session *s)
{
    struct site site = start(s);
    struct link *link = link_connect(s, "::1", site.port);

    get(&site, link, 1, site.url);
    whole_client(&site);
    get(&site, link, 1, site.url);
}

static void usage(struct session *s)
{
    session_file(s, "urls", "", 0);
    expect_failure(student_start(s, NULL), 2);
    expect_failure(student_start(s, "0", "urls", "100", "100", NULL), 2);
    expect_failure(student_start(s, "65536", "urls", "100", "100", "100", NULL), 2);
    expect_failure(student_start(s, "0", "urls", "0", "100", "100", NULL), 2);
    expect_failure(student_start(s, "0", "urls", "100", "100x", "100", NULL), 2);
    expect_failure(student_start(s, "0", "urls", "100", "100", "3600001", NULL), 2);
}

static void cannot_begin(struct session *s)
{
    struct peer *other = peer_listen(s, "127.0.0.1");

    expect_failure(student_start(s, peer_port(other), "urls", "100", "100", "100", NULL), 1);
    expect_failure(student_start(s, "0", "no-folder/urls", "100", "100", "100", NULL), 1);
}

static void leaks(struct session *s)
{
    struct site site = start(s);
    struct link *link = join(&site), *half = join(&site);
    const char *url = any_url(s);

    post(&site, link, url);
    get(&site, link, 2, url);
    say(link, "GET /1 HTTP/1.0\r\n\r\n");
    (void)hear_found(&site, link, site.url, "there is such a number");
    link_close(link);
    link = join(&site);
    say(link, "nonsense\r\n\r\n");
    hear_refusal(&site, link, 400, "that is no request");
    say(half, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nht");
    link_wait_read(half);
    link_reset(half);
    link = join(&site);
    get(&site, link, 1, site.url);
    student_settle(site.student);
    finish(&site);
}

/* ---- many ---- */

static void in_a_row(struct session *s)
{
    struct site site = start(s);

    session_unrecorded(s);
    whole_client(&site);
    student_settle(site.student);
    int descriptors = student_descriptors(site.student);
    long reserved = student_reserved(site.student);
    int threads = student_threads(site.student);
    for (int i = 1; i < IN_A_ROW; i++)
        whole_client(&site);
    expect_descriptors(site.student, descriptors);
    int left = student_threads(site.student) - threads;
    if (left > IN_A_ROW / 2)
        session_fail(s, "%d clients have come and gone, and the program has %d threads more.",
                     IN_A_ROW, left);
    if (student_reserved(site.student) - reserved > STACKS_KIB)
        session_fail(s,
                     "After %d clients the program holds %ld MiB more of its address space: so "
                     "much take the stacks of threads that have ended and were neither joined nor "
                     "detached.",
                     IN_A_ROW, (student_reserved(site.student) - reserved) / 1024);
}

/* Each has sent half of a request before the first one goes on. */
static void crowd(struct session *s)
{
    static struct link *links[CROWD];
    struct site site = start(s);
    const char *text = get_text(&site, "GET", 1);

    session_unrecorded(s);
    whole_client(&site);
    student_settle(site.student);
    int before = student_descriptors(site.student);
    for (size_t i = 0; i < CROWD; i++) {
        links[i] = join(&site);
        link_send(links[i], text, 10);
    }
    for (size_t i = 0; i < CROWD; i++)
        say(links[i * 7 % CROWD], text + 10);
    for (size_t i = 0; i < CROWD; i++)
        (void)hear_found(&site, links[i * 7 % CROWD], site.url, "500 clients have begun a request");
    for (size_t i = 0; i < CROWD; i++)
        if (i % 20 == 0)
            link_close(links[i]);
        else
            link_reset(links[i]);
    expect_descriptors(site.student, before);
    whole_client(&site);
}

static const struct test_case cases[] = {
    {
        .name = "shortens",
        .title = "makes numbers of URLs, and URLs of numbers",
        .points = 2,
        .teaches = "URLs were posted; each got the next number, and GET of that number leads to "
                   "its URL. Each is a line of the file.",
        .run = shortens,
    },
    {
        .name = "new-file",
        .title = "begins without a file",
        .points = 1,
        .teaches = "The file is not there yet: it is made, and the first number is 1.",
        .run = new_file,
    },
    {
        .name = "unknown",
        .title = "numbers that nobody was given",
        .points = 1,
        .teaches = "Only the decimal number, without zeros or a sign in front and nothing behind, "
                   "is a number. strtol() takes more.",
        .run = unknown,
    },
    {
        .name = "head",
        .title = "HEAD",
        .points = 1,
        .teaches = "HEAD is answered with GET's head and without a body; a body would be taken for "
                   "the next response.",
        .run = head,
    },
    {
        .name = "not-a-url",
        .title = "refuses what is no URL, and goes on",
        .points = 2,
        .teaches = "A Location with a blank or CR LF in it breaks out of its field. The connection "
                   "is sound: the message was, only its content was not.",
        .run = not_a_url,
    },
    {
        .name = "bodies",
        .title = "each body belongs to its request",
        .points = 2,
        .teaches = "Requests that are answered with 404, 501 or 302 had a body. Whoever does not "
                   "read it takes it for the next request, and does what a stranger wrote into it.",
        .run = bodies,
    },
    {
        .name = "in-pieces",
        .title = "requests in pieces",
        .points = 2,
        .teaches = "A request comes in whatever pieces the network likes; where one recv() ends "
                   "says nothing.",
        .run = in_pieces,
    },
    {
        .name = "chunked",
        .title = "a chunked body",
        .points = 2,
        .teaches =
            "The body came in chunks. They are put together, and the limit holds for their sum.",
        .run = chunked,
    },
    {
        .name = "keep-alive",
        .title = "goes on, or ends where the client asks for it",
        .points = 2,
        .teaches = "HTTP/1.1 keeps the connection unless one side says close; HTTP/1.0 does not. "
                   "What comes behind the last request is not answered.",
        .run = keep_alive,
    },
    {
        .name = "pipelining",
        .title = "many requests in one piece",
        .points = 3,
        .teaches = "A client may send on without waiting. All requests are answered, in their "
                   "order, also when the client has finished sending.",
        .run = pipelining,
    },
    {
        .name = "pipelined-pieces",
        .title = "pieces that end within the next request",
        .points = 2,
        .teaches = "What is left in the buffer behind a request is the beginning of the next one.",
        .run = pipelined_pieces,
    },
    {
        .name = "continue",
        .title = "Expect: 100-continue",
        .points = 2,
        .teaches = "A client waited for 100 before it sent its body. For a body that is too large "
                   "the answer is 413 at once.",
        .run = expects_continue,
    },
    {
        .name = "smuggling",
        .title = "requests that two servers read differently",
        .points = 3,
        .teaches = "The length of a body was given twice, or in a way that some servers accept and "
                   "others do not. Refuse, and close: where the next request begins nobody knows.",
        .run = smuggling,
    },
    {
        .name = "bad-chunks",
        .title = "chunks that two servers read differently",
        .points = 2,
        .teaches = "The size of a chunk was no hexadecimal number. Refuse, and close.",
        .run = bad_chunks,
    },
    {
        .name = "large-heads",
        .title = "heads at the limits and beyond",
        .points = 2,
        .teaches = "A target too long is answered with 414, too many or too large fields with 431; "
                   "up to the limits a head is taken.",
        .run = large_heads,
    },
    {
        .name = "answer-arrives",
        .title = "the last answer arrives",
        .points = 2,
        .teaches = "A close() while bytes lie unread is a reset, and that destroys an answer on "
                   "its way. shutdown(), then read on until the client ends.",
        .run = answer_arrives,
    },
    {
        .name = "sigterm",
        .title = "SIGTERM while requests are in flight",
        .points = 3,
        .teaches = "One request's head had begun, another's body. Both are answered and say that "
                   "the connection ends; idle clients are let go at once; what was stored is there "
                   "after a restart.",
        .run = sigterm,
    },
    {
        .name = "port-is-free",
        .title = "the port is free while the last request lasts",
        .points = 1,
        .teaches = "From SIGTERM on nobody listens any more: the next server can start.",
        .run = port_is_free,
    },
    {
        .name = "killed",
        .title = "killed, and started again",
        .points = 2,
        .teaches = "The program was killed after its answers. Whoever was told a number finds it "
                   "again, so the file is written first.",
        .run = killed,
    },
    {
        .name = "torn-line",
        .title = "a line that broke off",
        .points = 1,
        .teaches = "The file ends in the middle of a line: no number was told for it, and the next "
                   "line must not be glued to it.",
        .run = torn_line,
    },
    {
        .name = "resets",
        .title = "clients that vanish",
        .points = 2,
        .teaches = "Clients went with a reset or without a word, before, within and behind a "
                   "request. Nothing of them is left, and the others are served.",
        .run = resets,
    },
    {
        .name = "eintr",
        .title = "signals interrupt its calls",
        .points = 1,
        .teaches = "A signal made a call return -1 with EINTR, and it was not SIGTERM: the call is "
                   "to be made again.",
        .run = disturbed,
        .faults = "eintr",
    },
    {
        .name = "short-reads",
        .title = "recv() gives less than there is",
        .points = 1,
        .teaches = "recv() may return any part of what was sent.",
        .run = disturbed,
        .faults = "short-read",
    },
    {
        .name = "short-writes",
        .title = "send() takes less than it was given",
        .points = 1,
        .teaches = "send() may take fewer bytes than it was given; the rest must be sent again.",
        .run = disturbed,
        .faults = "short-write",
    },
    {
        .name = "accept-fails",
        .title = "accept() fails a few times",
        .points = 1,
        .teaches = "accept() failed with EMFILE; a server that ends there serves nobody any more.",
        .run = accept_fails,
        .faults = "accept-emfile",
    },
    {
        .name = "no-descriptors",
        .title = "no descriptor is free for a while",
        .points = 2,
        .teaches = "accept() fails again and again; the server keeps whom it has, and serves who "
                   "waits when there are descriptors again.",
        .run = no_descriptors,
    },
    {
        .name = "ipv6",
        .title = "a client over IPv6, one over IPv4",
        .points = 1,
        .teaches =
            "The server listens on every address of the machine: one IPv6 socket takes both.",
        .run = ipv6,
        .ipv6 = true,
    },
    {
        .name = "usage",
        .title = "wrong command lines",
        .points = 1,
        .teaches =
            "Five arguments, four of them numbers; else the command line is wrong, status 2.",
        .run = usage,
    },
    {
        .name = "cannot-begin",
        .title = "the port is taken, the file cannot be",
        .points = 1,
        .teaches = "The program says what hinders it and ends with status 1, instead of serving "
                   "without a file.",
        .run = cannot_begin,
    },
    {
        .name = "leaks",
        .title = "all memory is freed",
        .points = 1,
        .teaches = "After SIGTERM main returns 0, and nothing is left allocated, not even of a "
                   "request that broke off.",
        .run = leaks,
        .leaks = true,
    },
    {
        .name = "never-reads",
        .title = "a client that sends and never reads",
        .points = 3,
        .teaches =
            "Responses that nobody takes pile up, in the program or in front of it. Do not read "
            "the next requests of a client that owes you room; and go on when it reads.",
        .run = never_reads,
    },
    {
        .name = "in-a-row",
        .title = "200 clients in a row",
        .points = 2,
        .teaches = "Nothing may be left of a client that has gone: no descriptor, no thread, no "
                   "stack of a thread.",
        .run = in_a_row,
    },
    {
        .name = "idle",
        .title = "idle clients are let go",
        .points = 2,
        .teaches = "IDLE was over: who has not begun a request is closed without a word. Who has "
                   "begun one is not idle.",
        .run = idle,
    },
    {
        .name = "slow-head",
        .title = "a head that comes byte by byte",
        .points = 3,
        .teaches = "A client sends a byte of its head now and then, for ever. If each byte begins "
                   "the time anew it holds its place for ever; thousands of such clients are an "
                   "attack called Slowloris.",
        .run = slow_head,
    },
    {
        .name = "slow-body",
        .title = "a body that comes byte by byte",
        .points = 2,
        .teaches = "The same with the body: BODY is for all of it.",
        .run = slow_body,
    },
    {
        .name = "limits-apart",
        .title = "each limit for its own part",
        .points = 1,
        .teaches = "HEAD ends with the head; the body has a limit of its own.",
        .run = limits_apart,
    },
    {
        .name = "sigterm-slow",
        .title = "SIGTERM while clients are slow",
        .points = 2,
        .teaches = "Nobody can keep the program from ending: its limits hold at the end as well.",
        .run = sigterm_slow,
    },
    {
        .name = "never-takes",
        .title = "who does not read is cut off",
        .points = 2,
        .teaches = "A client that takes nothing for BODY ms is cut off; else its connection and "
                   "memory stay for ever.",
        .run = never_takes,
    },
    {
        .name = "idle-anew",
        .title = "IDLE begins with each response",
        .points = 1,
        .teaches = "A client made requests all the time, for longer than IDLE. It was never idle "
                   "for so long.",
        .run = idle_anew,
    },
    {
        .name = "crowd",
        .title = "500 clients at once",
        .points = 3,
        .teaches = "500 clients have begun a request, and each is answered when it sends the rest. "
                   "A worker that waits for one of them is a worker less.",
        .run = crowd,
    },
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
