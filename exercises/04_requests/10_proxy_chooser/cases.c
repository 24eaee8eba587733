/* Exercise 4.10, proxy chooser: what is tried, and how. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum { WORDS_MOST = 12, TEXT_MOST = 4000, FIELDS_MOST = 40, MS = 1500, SHORT_MS = 300 };
enum { IPV4 = 1, NAME = 3 };

/* One run of the program, and what it has to print. */
struct run {
    struct session *s;
    struct peer *origin, *proxy, *other; /* other: a second proxy, for who asks the wrong one */
    struct tls_identity *identity;       /* of the origin, or of who plays it */
    struct student *student;
    struct buffer rules, lines;
    int number;
    bool failed; /* a URL had no answer */
};

/* A connection, with TLS or without, and the head of the request on it. */
struct line {
    struct link *link;
    struct tls_link *tls;
    const char *first;
    const char *fields[FIELDS_MOST + 1];
};

static void put(struct run *r, struct buffer *to, const char *format, va_list arguments)
{
    char *text = session_alloc(r->s, TEXT_MOST);
    int length = vsnprintf(text, TEXT_MOST, format, arguments);

    if (buffer_add(to, text, (size_t)length) == -1)
        session_fail(r->s, "The harness has no memory left.");
}

/* ---- beginning and end ---- */

static struct run *plan(struct session *s)
{
    struct run *r = session_alloc(s, sizeof *r);
    struct tls_identity *authority = tls_authority(s, "authority.pem");

    *r = (struct run){.s = s,
                      .origin = peer_listen(s, "127.0.0.1"),
                      .proxy = peer_listen(s, "127.0.0.1"),
                      .other = peer_listen(s, "127.0.0.1")};
    r->identity = tls_certificate(s, authority, "DNS:site.test,IP:127.0.0.1", -1, 1);
    session_host(s, "site.test", "127.0.0.1", NULL);
    session_closes_early(s);
    return r;
}

/* Adds a line to the rules. */
static void rule(struct run *r, const char *format, ...) PRINTF_LIKE(2, 3);
static void rule(struct run *r, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put(r, &r->rules, format, arguments);
    va_end(arguments);
    if (buffer_add(&r->rules, "\n", 1) == -1)
        session_fail(r->s, "The harness has no memory left.");
}

/* The URL of a proxy, "http://127.0.0.1:41873"; user is "" or ends with "@". */
static const char *proxy_url(struct run *r, const char *scheme, const char *user,
                             const struct peer *proxy)
{
    return session_print(r->s, "%s://%s%s:%s", scheme, user, peer_host(proxy), peer_port(proxy));
}

/* A URL at a host there; what stands behind it, nobody can know. */
static const char *url_of(struct run *r, const char *scheme, const char *host)
{
    return session_print(r->s, "%s://%s:%s/%06x?q=%04x", scheme, host, peer_port(r->origin),
                         session_random(r->s, 0x1000000), session_random(r->s, 0x10000));
}

/* Starts the program for these URLs, up to a NULL. */
static void set_out(struct run *r, int ms, ...) __attribute__((sentinel));
static void set_out(struct run *r, int ms, ...)
{
    const char *w[WORDS_MOST + 1] = {NULL};
    va_list words;

    va_start(words, ms);
    for (size_t i = 0; i < WORDS_MOST && (w[i] = va_arg(words, const char *)) != NULL; i++)
        continue;
    va_end(words);
    session_show_file(r->s, "rules", buffer_text(&r->rules), r->rules.length);
    r->student = student_start(r->s, "rules", "authority.pem", session_print(r->s, "%d", ms), w[0],
                               w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], NULL);
}

/* The next line that the program has to print, its number apart. */
static void line_due(struct run *r, bool good, const char *format, ...) PRINTF_LIKE(3, 4);
static void line_due(struct run *r, bool good, const char *format, ...)
{
    va_list arguments;

    if (buffer_print(&r->lines, "%d ", ++r->number) == -1)
        session_fail(r->s, "The harness has no memory left.");
    va_start(arguments, format);
    put(r, &r->lines, format, arguments);
    va_end(arguments);
    if (buffer_add(&r->lines, "\n", 1) == -1)
        session_fail(r->s, "The harness has no memory left.");
    r->failed = r->failed || !good;
}

static void finish_run(struct run *r)
{
    session_expect_nobody(r->s, "every URL had been fetched, or had failed: there is no second "
                                "attempt, and none without the proxy");
    expect_output(r->student, r->lines.data, r->lines.length);
    if (r->failed)
        expect_failure(r->student, 1);
    else
        expect_exit(r->student, 0);
    buffer_free(&r->lines);
    buffer_free(&r->rules);
}

/* ---- a connection ---- */

static const char *name_of(const struct run *r, const struct peer *peer)
{
    return peer == r->origin ? "the server" : peer == r->proxy ? "the proxy" : "the other proxy";
}

/* Takes the next connection, which must be to that peer; why says what led there. */
static struct line called(struct run *r, struct peer *peer, const char *why)
{
    struct happening next;

    do
        next = session_next(r->s, "your program to connect");
    while (next.what != HAPPENED_CALL && next.what != HAPPENED_EXIT);
    if (next.what == HAPPENED_CALL && next.peer != peer)
        session_blame(r->s, "For URL %d your program connected to %s, and should to %s: %s.",
                      r->number + 1, name_of(r, next.peer), name_of(r, peer), why);
    if (next.what == HAPPENED_EXIT) /* then it printed too little: that is shown */
        return (struct line){.link = peer_accept(peer)};
    return (struct line){.link = next.link};
}

static void say(struct line *line, const char *text)
{
    if (line->tls != NULL)
        tls_send(line->tls, text, strlen(text));
    else
        link_send(line->link, text, strlen(text));
}

/* Reads a head into the line. */
static void read_head(struct run *r, struct line *line)
{
    size_t length, count = 0;

    for (line->first = NULL;;) {
        const char *got =
            line->tls != NULL ? tls_line(line->tls, &length) : link_line(line->link, &length);
        if (length == 0 || got[length - 1] != '\r')
            session_blame(r->s, "A line of the request does not end with CR LF.");
        got = session_print(r->s, "%.*s", (int)length - 1, got);
        if (line->first == NULL)
            line->first = got;
        else if (*got == '\0')
            break;
        else if (count < FIELDS_MOST)
            line->fields[count++] = got;
    }
    line->fields[count] = NULL;
}

/* The value of a field, or NULL. */
static const char *field(const struct line *line, const char *name)
{
    for (const char *const *f = line->fields; *f != NULL; f++)
        if (strncasecmp(*f, name, strlen(name)) == 0 && (*f)[strlen(name)] == ':')
            return *f + strlen(name) + 1 + strspn(*f + strlen(name) + 1, " ");
    return NULL;
}

/* Reads a request, and fails unless it begins so, is for that host and shows no password. */
static void expect_request(struct run *r, struct line *line, const char *due, const char *url,
                           const char *basic)
{
    const char *host = strstr(url, "://") + 3;
    int host_length = (int)strcspn(host, "/");

    read_head(r, line);
    if (strcmp(line->first, due) != 0)
        session_blame(r->s, "The request begins with \"%.90s\"; \"%.90s\" was due.", line->first,
                      due);
    const char *value = field(line, "Host");
    if (value == NULL || strlen(value) != (size_t)host_length ||
        strncasecmp(value, host, (size_t)host_length) != 0)
        session_blame(r->s, "The request should have the field \"Host: %.*s\".", host_length, host);
    value = field(line, "Proxy-Authorization");
    if (basic == NULL && value != NULL)
        session_blame(r->s, "The request has a Proxy-Authorization, and nobody should read one "
                            "here: it is for a proxy with a user in its URL alone.");
    if (basic != NULL && (value == NULL || strcmp(value, basic) != 0))
        session_blame(r->s,
                      "The proxy should be sent \"Proxy-Authorization: %s\" with the first "
                      "request; it was sent %s%.60s.",
                      basic, value == NULL ? "none" : "", value == NULL ? "" : value);
}

/* The part of a URL behind host and port. */
static const char *target_of(const char *url)
{
    return strchr(strstr(url, "://") + 3, '/');
}

/* Its "host:port". */
static const char *authority_of(struct run *r, const char *url)
{
    const char *host = strstr(url, "://") + 3;

    return session_print(r->s, "%.*s", (int)strcspn(host, "/"), host);
}

static void leave(struct line *line)
{
    if (line->tls != NULL)
        tls_finish(line->tls);
    link_wait_end(line->link);
    link_close(line->link);
}

/* Answers with a body of any length, and waits until the program has closed. */
static void answer(struct run *r, struct line *line, const char *way)
{
    char body[200];
    size_t length = 1 + session_random(r->s, sizeof body - 2);

    session_text(r->s, body, length);
    body[length] = '\0';
    say(line,
        session_print(r->s, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", length, body));
    line_due(r, true, "%s 200 %zu", way, length);
    leave(line);
}

/* ---- the four ways ---- */

static void go_direct(struct run *r, const char *url, const char *why)
{
    struct line line = called(r, r->origin, why);

    expect_request(r, &line, session_print(r->s, "GET %s HTTP/1.1", target_of(url)), url, NULL);
    answer(r, &line, "direct");
}

static struct line ask_plain(struct run *r, struct peer *proxy, const char *url, const char *basic,
                             const char *why)
{
    struct line line = called(r, proxy, why);

    expect_request(r, &line, session_print(r->s, "GET %s HTTP/1.1", url), url, basic);
    return line;
}

static void go_plain(struct run *r, struct peer *proxy, const char *url, const char *why)
{
    struct line line = ask_plain(r, proxy, url, NULL, why);

    answer(r, &line, "http");
}

/* Receives CONNECT. */
static struct line ask_tunnel(struct run *r, const char *url, const char *basic)
{
    struct line line = called(r, r->proxy, "https_proxy names it");
    const char *to = session_print(r->s, "http://%s/", authority_of(r, url));

    expect_request(r, &line, session_print(r->s, "CONNECT %s HTTP/1.1", authority_of(r, url)), to,
                   basic);
    return line;
}

/* TLS behind the tunnel, and the request in it. */
static void begin_tls(struct run *r, struct line *line, const char *url)
{
    line->tls = link_start_tls(line->link, r->identity);
    if (line->tls == NULL)
        session_blame(r->s, "No TLS connection came about behind the proxy.");
    expect_request(r, line, session_print(r->s, "GET %s HTTP/1.1", target_of(url)), url, NULL);
}

static struct line go_tunnel(struct run *r, const char *url, const char *basic)
{
    struct line line = ask_tunnel(r, url, basic);

    say(&line, "HTTP/1.1 200 Connection established\r\n\r\n");
    begin_tls(r, &line, url);
    return line;
}

/* The greeting of SOCKS: answers with that method, which must be among those offered. */
static void answer_greeting(struct run *r, struct link *link, int method)
{
    link_expect(link, "\5", 1);
    size_t count = (size_t)(unsigned char)*link_bytes(link, 1);
    const char *methods = link_bytes(link, count);
    if (memchr(methods, method, count) == NULL)
        session_blame(r->s, "The greeting to the SOCKS proxy does not offer method %d, %s.", method,
                      method == 0 ? "no authentication" : "user and password");
    link_send(link, (const char[]){5, (char)method}, 2);
}

static struct line greet(struct run *r, int method)
{
    struct line line = called(r, r->proxy, "the rules name a SOCKS proxy");

    answer_greeting(r, line.link, method);
    return line;
}

/* Receives the request of SOCKS for the host of the URL, as a name or as 127.0.0.1. */
static void expect_socks(struct run *r, struct line *line, const char *url, int type)
{
    const char *authority = authority_of(r, url), *colon = strrchr(authority, ':');
    int port = 0;

    for (const char *digit = colon + 1; *digit != '\0'; digit++)
        port = port * 10 + (*digit - '0');
    link_expect(line->link, "\5\1\0", 3);
    char got = *link_bytes(line->link, 1);
    if (got != type)
        session_blame(r->s,
                      type == NAME ? "The SOCKS proxy was sent an address (type %d); with socks5h "
                                     "it is to be sent the name."
                                   : "The SOCKS proxy was not sent an IPv4 address but type %d; "
                                     "with socks5 your program looks the name up.",
                      got);
    if (type == NAME) {
        size_t length = (size_t)(colon - authority);
        link_expect(line->link, (const char[]){(char)length}, 1);
        link_expect(line->link, authority, length);
    } else {
        link_expect(line->link, "\x7f\0\0\1", 4);
    }
    const char *bytes = link_bytes(line->link, 2);
    if (((unsigned char)bytes[0] << 8 | (unsigned char)bytes[1]) != port)
        session_blame(r->s, "The SOCKS proxy was sent another port than the URL's, %d.", port);
}

static void reply_socks(struct line *line, int code)
{
    link_send(line->link, (const char[]){5, (char)code, 0, 1, 127, 0, 0, 1, 0, 80}, 10);
}

/* A GET through SOCKS without a user. */
static void go_socks(struct run *r, const char *url, int type)
{
    struct line line = greet(r, 0);

    expect_socks(r, &line, url, type);
    reply_socks(&line, 0);
    expect_request(r, &line, session_print(r->s, "GET %s HTTP/1.1", target_of(url)), url, NULL);
    answer(r, &line, "socks");
}

/* ---- the cases: which way ---- */

static const char NONE[] = "no rule names a proxy for it";
static const char NAMED[] = "http_proxy names it";
static const char EXCEPTED[] = "no_proxy excepts its host";
static const char NOT_EXCEPTED[] = "no_proxy is not about its host";

static void direct(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "127.0.0.1"), *b = url_of(r, "http", "site.test");

    rule(r, "# nothing for http here");
    rule(r, "https_proxy=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "http_proxy=");
    set_out(r, MS, a, b, NULL);
    go_direct(r, a, NONE);
    go_direct(r, b, NONE);
    finish_run(r);
}

static void plain(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "http", "nowhere.test");

    rule(r, "http_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, a, b, NULL);
    go_plain(r, r->proxy, a, NAMED);
    go_plain(r, r->proxy, b, NAMED); /* the proxy knows the name */
    finish_run(r);
}

static void tunnel(struct session *s)
{
    struct run *r = plan(s);
    const char *url = url_of(r, "https", "site.test");

    rule(r, "https_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, url, NULL);
    struct line line = go_tunnel(r, url, NULL);
    answer(r, &line, "tunnel");
    finish_run(r);
}

static void socks_name(struct session *s)
{
    struct run *r = plan(s);
    const char *url = url_of(r, "http", "nowhere.test");

    rule(r, "http_proxy=%s", proxy_url(r, "socks5h", "", r->proxy));
    set_out(r, MS, url, NULL);
    go_socks(r, url, NAME);
    finish_run(r);
}

static void socks_address(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "http", "nowhere.test");

    rule(r, "http_proxy=%s", proxy_url(r, "socks5", "", r->proxy));
    set_out(r, MS, a, b, NULL);
    go_socks(r, a, IPV4);
    line_due(r, false, "socks no-server");
    struct happening next = session_next(s, "your program to connect, or to give up");
    while (next.what != HAPPENED_CALL && next.what != HAPPENED_EXIT)
        next = session_next(s, "your program to connect, or to give up");
    if (next.what == HAPPENED_CALL) { /* the name may be looked up before or now */
        struct line line = {.link = next.link};
        answer_greeting(r, line.link, 0);
        leave(&line);
    }
    session_unrecorded(s);
    finish_run(r);
}

static void socks_tls(struct session *s)
{
    struct run *r = plan(s);
    const char *url = url_of(r, "https", "site.test");

    rule(r, "all_proxy=%s", proxy_url(r, "socks5h", "", r->proxy));
    set_out(r, MS, url, NULL);
    struct line line = greet(r, 0);
    expect_socks(r, &line, url, NAME);
    reply_socks(&line, 0);
    begin_tls(r, &line, url);
    answer(r, &line, "socks");
    finish_run(r);
}

static void by_scheme(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "https", "site.test");

    rule(r, "all_proxy=%s", proxy_url(r, "socks5h", "", r->origin));
    rule(r, "https_proxy=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "http_proxy=%s", proxy_url(r, "http", "", r->other));
    set_out(r, MS, a, b, a, NULL);
    go_plain(r, r->other, a, NAMED);
    struct line line = go_tunnel(r, b, NULL);
    answer(r, &line, "tunnel");
    go_plain(r, r->other, a, NAMED);
    finish_run(r);
}

static void capitals(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "https", "site.test");

    rule(r, "HTTP_PROXY=%s", proxy_url(r, "http", "", r->other));
    rule(r, "HTTPS_PROXY=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, a, b, NULL);
    go_direct(r, a, "HTTP_PROXY in capitals counts for nothing");
    struct line line = go_tunnel(r, b, NULL);
    answer(r, &line, "tunnel");
    finish_run(r);
}

static void small_first(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "https", "site.test"), *b = url_of(r, "http", "site.test");

    rule(r, "HTTPS_PROXY=%s", proxy_url(r, "http", "", r->other));
    rule(r, "https_proxy=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "ALL_PROXY=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "NO_PROXY=site.test");
    rule(r, "no_proxy=nobody.test");
    set_out(r, MS, a, b, NULL);
    struct line line = go_tunnel(r, a, NULL);
    answer(r, &line, "tunnel");
    go_plain(r, r->proxy, b, "ALL_PROXY names it, and no_proxy goes before NO_PROXY");
    finish_run(r);
}

/* ---- the cases: exceptions ---- */

/* Rules with that no_proxy, and a run for these hosts: a "+" in front of those excepted. */
static void except(struct session *s, const char *list, ...) __attribute__((sentinel));
static void except(struct session *s, const char *list, ...)
{
    struct run *r = plan(s);
    const char *urls[WORDS_MOST] = {NULL}, *host;
    bool excepted[WORDS_MOST];
    size_t count = 0;
    va_list hosts;

    va_start(hosts, list);
    while ((host = va_arg(hosts, const char *)) != NULL) {
        excepted[count] = *host == '+';
        host += *host == '+';
        if (strspn(host, "0123456789.") != strlen(host))
            session_host(s, host, "127.0.0.1", NULL);
        urls[count++] = url_of(r, "http", host);
    }
    va_end(hosts);
    rule(r, "http_proxy=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "no_proxy=%s", list);
    set_out(r, MS, urls[0], urls[1], urls[2], urls[3], urls[4], urls[5], NULL);
    for (size_t i = 0; i < count; i++) {
        if (excepted[i])
            go_direct(r, urls[i], EXCEPTED);
        else
            go_plain(r, r->proxy, urls[i], NOT_EXCEPTED);
    }
    finish_run(r);
}

static void names(struct session *s)
{
    except(s, "one.test,two.test", "+one.test", "+two.test", "three.test", NULL);
}

static void below(struct session *s)
{
    except(s, "one.test,.two.test", "+www.one.test", "+a.b.two.test", "+two.test", NULL);
}

static void not_a_suffix(struct session *s)
{
    except(s, "one.test", "someone.test", "one.test.example", "test", "+one.test", NULL);
}

static void letters(struct session *s)
{
    except(s, "One.TEST", "+one.test", "+WWW.oNe.test", NULL);
}

static void blanks(struct session *s)
{
    except(s, " ,, one.test ,\ttwo.test  three.test,", "+two.test", "+three.test", "four.test",
           "+one.test", NULL);
}

static void star(struct session *s)
{
    except(s, "*", "+one.test", "+127.0.0.1", NULL);
}

static void addresses(struct session *s)
{
    except(s, "127.0.0.1,7.0.0.1", "+127.0.0.1", "127.0.0.2", "27.0.0.1", NULL);
}

static void networks(struct session *s)
{
    except(s, "127.0.0.0/30,10.0.0.0/8", "+127.0.0.1", "127.0.0.9", "127.0.0.4", "10.test", NULL);
}

static void ports(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test");
    const char *b = session_print(s, "http://site.test:%s/", peer_port(r->other));

    rule(r, "http_proxy=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "no_proxy=nobody.test,site.test:%s", peer_port(r->origin));
    set_out(r, MS, a, b, NULL);
    go_direct(r, a, EXCEPTED);
    go_plain(r, r->proxy, b, "no_proxy is about another port");
    finish_run(r);
}

static void ipv6(struct session *s)
{
    struct run *r = plan(s);

    r->origin = peer_listen(s, "::1");
    const char *url = session_print(s, "http://[::1]:%s/six", peer_port(r->origin));
    rule(r, "http_proxy=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "no_proxy=[::1]:%s", peer_port(r->origin));
    rule(r, "all_proxy=%s", proxy_url(r, "http", "", r->other));
    set_out(r, MS, url, NULL);
    go_direct(r, url, EXCEPTED);
    finish_run(r);
}

/* ---- the cases: user and password ---- */

/* ada:p@ss:<number> as it stands in a URL; basic is what HTTP sends. */
static const char *user_of(struct run *r, const char **basic, const char **password)
{
    static const char SIGNS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char plain[32], coded[64];
    size_t at = 0;

    *password = session_print(r->s, "p@:%05u", (unsigned)session_random(r->s, 100000));
    int length = snprintf(plain, sizeof plain, "ada:%s", *password); /* twelve: no padding */
    for (int i = 0; i + 2 < length; i += 3) {
        unsigned bits = (unsigned)((unsigned char)plain[i] << 16 |
                                   (unsigned char)plain[i + 1] << 8 | (unsigned char)plain[i + 2]);
        for (int shift = 18; shift >= 0; shift -= 6)
            coded[at++] = SIGNS[bits >> shift & 63];
    }
    coded[at] = '\0';
    *basic = session_print(r->s, "Basic %s", coded);
    return session_print(r->s, "ada:p%%40%%3A%s@", *password + 3);
}

static void auth_plain(struct session *s)
{
    struct run *r = plan(s);
    const char *basic, *password, *user = user_of(r, &basic, &password);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "http", "127.0.0.1");

    rule(r, "http_proxy=%s", proxy_url(r, "http", user, r->proxy));
    rule(r, "no_proxy=127.0.0.1");
    set_out(r, MS, a, b, NULL);
    struct line line = ask_plain(r, r->proxy, a, basic, NAMED);
    answer(r, &line, "http");
    go_direct(r, b, EXCEPTED);
    finish_run(r);
}

static void auth_tunnel(struct session *s)
{
    struct run *r = plan(s);
    const char *basic, *password, *user = user_of(r, &basic, &password);
    const char *url = url_of(r, "https", "site.test");

    rule(r, "https_proxy=%s", proxy_url(r, "http", user, r->proxy));
    set_out(r, MS, url, NULL);
    struct line line = go_tunnel(r, url, basic);
    answer(r, &line, "tunnel");
    finish_run(r);
}

static void expect_password(struct run *r, struct line *line, const char *password)
{
    const char *due = session_print(r->s, "\1\3ada%c%s", (char)strlen(password), password);

    link_expect(line->link, due, strlen(due));
}

static void auth_socks(struct session *s)
{
    struct run *r = plan(s);
    const char *basic, *password, *user = user_of(r, &basic, &password);
    const char *url = url_of(r, "http", "site.test");

    rule(r, "http_proxy=%s", proxy_url(r, "socks5h", user, r->proxy));
    set_out(r, MS, url, NULL);
    struct line line = greet(r, 2);
    expect_password(r, &line, password);
    link_send(line.link, "\1\0", 2);
    expect_socks(r, &line, url, NAME);
    reply_socks(&line, 0);
    expect_request(r, &line, session_print(s, "GET %s HTTP/1.1", target_of(url)), url, NULL);
    answer(r, &line, "socks");
    finish_run(r);
}

static void wrong_password(struct session *s)
{
    static const char NO[] = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"p\"\r\n"
                             "Content-Length: 0\r\n\r\n";
    struct run *r = plan(s);
    const char *basic, *password, *user = user_of(r, &basic, &password);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "https", "site.test");

    rule(r, "http_proxy=%s", proxy_url(r, "http", user, r->proxy));
    rule(r, "https_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, a, b, NULL);
    struct line line = ask_plain(r, r->proxy, a, basic, NAMED);
    say(&line, NO);
    leave(&line);
    line_due(r, false, "http proxy-auth");
    line = ask_tunnel(r, b, NULL);
    say(&line, NO);
    leave(&line);
    line_due(r, false, "tunnel proxy-auth");
    expect_untold(r->student, password, "the password");
    expect_untold(r->student, strchr(user, ':') + 1, "the password, as it stands in the URL");
    finish_run(r);
}

static void wrong_socks_password(struct session *s)
{
    struct run *r = plan(s);
    const char *basic, *password, *user = user_of(r, &basic, &password);

    rule(r, "http_proxy=%s", proxy_url(r, "socks5h", user, r->proxy));
    set_out(r, MS, url_of(r, "http", "site.test"), NULL);
    struct line line = greet(r, 2);
    expect_password(r, &line, password);
    link_send(line.link, "\1\1", 2);
    leave(&line);
    line_due(r, false, "socks proxy-auth");
    finish_run(r);
}

/* ---- the cases: what goes wrong ---- */

static void refuses(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "https", "site.test"), *b = url_of(r, "http", "site.test");

    rule(r, "https_proxy=%s", proxy_url(r, "http", "", r->proxy));
    rule(r, "http_proxy=%s", proxy_url(r, "socks5h", "", r->proxy));
    set_out(r, MS, a, b, a, NULL);
    struct line line = ask_tunnel(r, a, NULL);
    say(&line, "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n");
    leave(&line);
    line_due(r, false, "tunnel proxy-refused");
    line = greet(r, 0);
    expect_socks(r, &line, b, NAME);
    reply_socks(&line, 2);
    leave(&line);
    line_due(r, false, "socks proxy-refused");
    line = go_tunnel(r, a, NULL);
    answer(r, &line, "tunnel");
    finish_run(r);
}

static void says_no(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "https", "site.test");

    rule(r, "all_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, a, a, b, NULL);
    struct line line = ask_plain(r, r->proxy, a, NULL, NAMED);
    say(&line, "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n");
    leave(&line);
    line_due(r, true, "http 403 3");
    line = ask_plain(r, r->proxy, a, NULL, NAMED);
    say(&line, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    leave(&line);
    line_due(r, true, "http 502 0");
    line = go_tunnel(r, b, NULL); /* a server's own 407 is none of the proxy's */
    say(&line, "HTTP/1.1 407 What\r\nContent-Length: 2\r\n\r\n?\n");
    leave(&line);
    line_due(r, true, "tunnel 407 2");
    finish_run(r);
}

static void not_there(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "https", "site.test");
    const struct peer *gone = peer_refuse(s, "127.0.0.1");

    rule(r, "http_proxy=%s", proxy_url(r, "http", "", gone));
    rule(r, "https_proxy=%s", proxy_url(r, "socks5h", "", gone));
    set_out(r, MS, a, b, session_print(s, "ftp://site.test:%s/", peer_port(r->origin)), NULL);
    line_due(r, false, "http no-proxy");
    line_due(r, false, "socks no-proxy");
    line_due(r, false, "- bad-url");
    finish_run(r);
}

static void no_server(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "nowhere.test");
    const char *b =
        session_print(s, "http://127.0.0.1:%s/", peer_port(peer_refuse(s, "127.0.0.1")));
    const char *c = url_of(r, "http", "127.0.0.1");

    set_out(r, MS, a, b, c, NULL);
    line_due(r, false, "direct no-server");
    line_due(r, false, "direct no-server");
    go_direct(r, c, NONE);
    finish_run(r);
}

/* Half a body, and then the end: in order, or by a reset. */
static void cut(struct run *r, struct line *line, const char *way, bool by_reset)
{
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf a body");
    link_wait_read(line->link);
    if (by_reset)
        link_reset(line->link);
    else
        link_close(line->link);
    line_due(r, false, "%s cut", way);
}

static void dies(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "https", "site.test");

    rule(r, "all_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, a, a, b, a, NULL);
    struct line line = ask_plain(r, r->proxy, a, NULL, NAMED);
    cut(r, &line, "http", false);
    line = ask_plain(r, r->proxy, a, NULL, NAMED);
    cut(r, &line, "http", true);
    line = go_tunnel(r, b, NULL);
    cut(r, &line, "tunnel", false);
    go_plain(r, r->proxy, a, NAMED);
    finish_run(r);
}

static void dies_chunked(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test");

    rule(r, "http_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, a, a, NULL);
    struct line line = ask_plain(r, r->proxy, a, NULL, NAMED);
    say(&line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    link_close(line.link);
    line_due(r, false, "http cut");
    line = ask_plain(r, r->proxy, a, NULL, NAMED);
    say(&line, "HTTP/1.1 200 OK\r\n\r\nwhole, for who knows");
    link_close(line.link);
    line_due(r, true, "http 200 20");
    finish_run(r);
}

static void drops(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test"), *b = url_of(r, "https", "site.test");

    rule(r, "all_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, a, b, a, NULL);
    struct line line = ask_plain(r, r->proxy, a, NULL, NAMED);
    link_close(line.link);
    line_due(r, false, "http cut");
    line = ask_tunnel(r, b, NULL);
    link_close(line.link);
    line_due(r, false, "tunnel cut");
    go_plain(r, r->proxy, a, NAMED);
    finish_run(r);
}

static void drops_socks(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "http", "site.test");

    rule(r, "all_proxy=%s", proxy_url(r, "socks5h", "", r->proxy));
    set_out(r, MS, a, a, NULL);
    struct line line = greet(r, 0);
    expect_socks(r, &line, a, NAME);
    link_close(line.link);
    line_due(r, false, "socks cut");
    go_socks(r, a, NAME);
    finish_run(r);
}

static void impostor(struct session *s)
{
    struct run *r = plan(s);
    const char *url = url_of(r, "https", "site.test");

    r->identity = tls_certificate(s, tls_authority(s, NULL), "DNS:site.test", -1, 1);
    rule(r, "https_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, MS, url, NULL);
    struct line line = ask_tunnel(r, url, NULL);
    say(&line, "HTTP/1.1 200 Connection established\r\n\r\n");
    if (link_start_tls(line.link, r->identity) != NULL)
        session_unrecorded(s); /* with TLS 1.3 the refusal comes behind the handshake */
    leave(&line);
    line_due(r, false, "tunnel tls");
    finish_run(r);
}

static void silent(struct session *s)
{
    struct run *r = plan(s);
    const char *a = url_of(r, "https", "site.test"), *b = url_of(r, "http", "site.test");

    rule(r, "all_proxy=%s", proxy_url(r, "http", "", r->proxy));
    set_out(r, SHORT_MS, a, b, NULL);
    struct line line = ask_tunnel(r, a, NULL);
    leave(&line);
    line_due(r, false, "tunnel timeout");
    line = ask_plain(r, r->proxy, b, NULL, NAMED);
    leave(&line);
    line_due(r, false, "http timeout");
    finish_run(r);
}

static void usage(struct session *s)
{
    expect_failure(student_start(s, "rules", "authority.pem", "100", NULL), 2);
    expect_failure(student_start(s, "rules", "authority.pem", "0", "http://127.0.0.1/", NULL), 2);
    expect_failure(student_start(s, "rules", "authority.pem", "60001", "http://127.0.0.1/", NULL),
                   2);
}

static void no_rules(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    expect_failure(student_start(s, "rules", "authority.pem", "100",
                                 session_print(s, "http://127.0.0.1:%s/", peer_port(server)), NULL),
                   1);
    peer_expect_nobody(server, "the rules could not be read: who goes on without them goes past "
                               "every proxy");
}

static void output_full(struct session *s)
{
    struct run *r = plan(s);
    const char *url = url_of(r, "http", "127.0.0.1");

    session_fill_output(s);
    set_out(r, MS, url, NULL);
    go_direct(r, url, NONE);
    expect_failure(r->student, 1);
}

static const struct test_case CASES[] = {
    {.name = "direct",
     .title = "no proxy for it",
     .points = 1,
     .teaches = "No rule was about http: the URLs are fetched directly. An empty value is as if "
                "not there.",
     .run = direct},
    {.name = "plain",
     .title = "http through an HTTP proxy",
     .points = 2,
     .teaches = "The proxy gets the whole URL as the target, and looks the name up itself.",
     .run = plain},
    {.name = "tunnel",
     .title = "https through an HTTP proxy",
     .points = 2,
     .teaches =
         "https goes through a tunnel: CONNECT host:port first, and TLS behind it with the server.",
     .run = tunnel},
    {.name = "socks-name",
     .title = "SOCKS 5, the proxy looks the name up",
     .points = 2,
     .teaches =
         "With socks5h the name itself is sent: the proxy may know hosts that nobody knows here.",
     .run = socks_name},
    {.name = "socks-address",
     .title = "SOCKS 5, the program looks the name up",
     .points = 1,
     .teaches = "With socks5 the name is looked up here, and the address is sent; a name that is "
                "unknown here "
                "is no failure of the proxy's.",
     .run = socks_address},
    {.name = "socks-tls",
     .title = "https through SOCKS 5",
     .points = 1,
     .teaches = "A SOCKS proxy needs no CONNECT of HTTP: TLS follows its own reply.",
     .run = socks_tls},
    {.name = "by-scheme",
     .title = "a proxy for each scheme",
     .points = 2,
     .teaches = "http_proxy and https_proxy are for URLs of that scheme, and go before all_proxy; "
                "the choice "
                "is made for each URL anew.",
     .run = by_scheme},
    {.name = "capitals",
     .title = "names in capitals",
     .points = 2,
     .teaches = "HTTP_PROXY may come from a stranger's field \"Proxy:\" and counts for nothing; "
                "the others "
                "may "
                "be written in capitals.",
     .run = capitals},
    {.name = "small-first",
     .title = "small letters before capitals",
     .points = 1,
     .teaches = "Where a name stands in both forms, that in small letters counts.",
     .run = small_first},
    {.name = "names",
     .title = "no_proxy: names",
     .points = 2,
     .teaches = "A host that no_proxy names is asked directly.",
     .run = names},
    {.name = "below",
     .title = "no_proxy: hosts below a name",
     .points = 1,
     .teaches = "A name stands for itself and all hosts below it, with a dot in front or without.",
     .run = below},
    {.name = "not-a-suffix",
     .title = "no_proxy: names that only look alike",
     .points = 2,
     .teaches =
         "someone.test ends in one.test, and is not below it: there must be a dot between them.",
     .run = not_a_suffix},
    {.name = "letters",
     .title = "no_proxy: capitals and small letters",
     .points = 1,
     .teaches = "Names of hosts are the same in any case of letters.",
     .run = letters},
    {.name = "blanks",
     .title = "no_proxy: blanks and empty entries",
     .points = 1,
     .teaches = "Entries stand between commas and blanks, and empty ones mean nothing.",
     .run = blanks},
    {.name = "star",
     .title = "no_proxy: everything",
     .points = 1,
     .teaches = "A star alone excepts every host.",
     .run = star},
    {.name = "addresses",
     .title = "no_proxy: addresses",
     .points = 1,
     .teaches = "An address is one host: nothing is below it.",
     .run = addresses},
    {.name = "networks",
     .title = "no_proxy: networks",
     .points = 2,
     .teaches = "127.0.0.0/30 means the addresses whose first 30 bits are these; it is about "
                "addresses, not "
                "names.",
     .run = networks},
    {.name = "ports",
     .title = "no_proxy: a name with a port",
     .points = 2,
     .teaches = "With a port behind it an entry is about that port alone.",
     .run = ports},
    {.name = "ipv6",
     .title = "no_proxy: IPv6 with a port",
     .points = 1,
     .teaches = "An IPv6 address with a port stands in brackets, as in a URL.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "auth-plain",
     .title = "user and password for the proxy",
     .points = 2,
     .teaches =
         "User and password of the proxy's URL are sent to the proxy, decoded, and to nobody else.",
     .run = auth_plain},
    {.name = "auth-tunnel",
     .title = "user and password for a tunnel",
     .points = 2,
     .teaches =
         "The password goes with CONNECT, and not into the request behind it: that one is the "
         "server's.",
     .run = auth_tunnel},
    {.name = "auth-socks",
     .title = "user and password for SOCKS",
     .points = 1,
     .teaches = "SOCKS has its own way to send them, RFC 1929.",
     .run = auth_socks},
    {.name = "wrong-password",
     .title = "the proxy wants another password",
     .points = 2,
     .teaches = "407 is the proxy's, and no answer of the server: for http it looks like any other "
                "status, "
                "for "
                "CONNECT like a broken connection.",
     .run = wrong_password},
    {.name = "wrong-socks-password",
     .title = "the SOCKS proxy wants another password",
     .points = 1,
     .teaches = "The SOCKS proxy refused user and password.",
     .run = wrong_socks_password},
    {.name = "refuses",
     .title = "the proxy refuses",
     .points = 2,
     .teaches =
         "A proxy that will not make the tunnel has not ended the program: the next URL may be "
         "allowed.",
     .run = refuses},
    {.name = "says-no",
     .title = "answers that say no",
     .points = 2,
     .teaches =
         "A status is an answer, and nobody can tell here whose; behind a tunnel a 407 is the "
         "server's.",
     .run = says_no},
    {.name = "not-there",
     .title = "no proxy there",
     .points = 2,
     .teaches = "The proxy cannot be reached: going past it would show the request to a network "
                "that it was "
                "kept from.",
     .run = not_there},
    {.name = "no-server",
     .title = "no server there",
     .points = 1,
     .teaches = "Without a proxy, a connection that fails is the server's failure.",
     .run = no_server},
    {.name = "dies",
     .title = "the proxy dies in mid-body",
     .points = 3,
     .teaches =
         "A body that is shorter than its length was cut off, whatever its status; the next URL is "
         "fetched all the same.",
     .run = dies},
    {.name = "dies-chunked",
     .title = "the proxy dies between two chunks",
     .points = 1,
     .teaches = "Chunks end with one of size 0, and a body without any length with the connection.",
     .run = dies_chunked},
    {.name = "drops",
     .title = "a proxy that drops the connection",
     .points = 2,
     .teaches = "The proxy took the request and closed: nobody knows what became of it. It is not "
                "sent again, "
                "and not past the proxy.",
     .run = drops},
    {.name = "drops-socks",
     .title = "a SOCKS proxy that drops the connection",
     .points = 1,
     .teaches = "The SOCKS proxy closed where its reply was due: that is no refusal.",
     .run = drops_socks},
    {.name = "impostor",
     .title = "the proxy plays the server",
     .points = 2,
     .teaches =
         "Behind the tunnel somebody else answered, with a certificate that nobody vouches for.",
     .run = impostor},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message.",
     .run = usage},
    {.name = "no-rules",
     .title = "rules that cannot be read",
     .points = 1,
     .teaches = "Without its rules the program asks nobody: status 1 and a message.",
     .run = no_rules},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says "
                "whether that worked.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Handle, lists and texts are freed, also after an error.",
     .run = wrong_password,
     .leaks = true},
    {.name = "silent",
     .title = "a proxy that says nothing",
     .points = 2,
     .teaches =
         "The proxy took the request and said nothing: each URL has MS of its own, and no more.",
     .run = silent},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
