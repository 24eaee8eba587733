/* Exercise 3.5, redirect tracer: what is tried, and how. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/number.h"
#include "harness/harness.h"

enum {
    WORDS_MOST = 16, /* on a command line */
    FIELDS_MOST = 40,
    GIVEN_MOST = 6,
    MS = 400,
    REST_MS = MS / 2, /* what the server waits before it answers */
    LEAST_MS = MS * 8 / 10,
    LATEST_MS = MS * 12 / 10,
    LONG_PATH = 10000,
    TEXT_MOST = 20000,
    ENDLESS = 300000,
    BODY = 6 << 20
};

/* A field that the program was given for its requests. */
struct given {
    const char *name, *value;
    bool due;        /* it is to be sent */
    const char *why; /* it is not, if it is not */
};

/* One run of the program, and what it has to print. */
struct trip {
    struct session *s;
    struct peer *server;
    struct student *student;
    struct tls_identity *identity;
    struct given given[GIVEN_MOST + 1];
    const char *body; /* that the next request is to have */
    const void *tail; /* what follows the head of the next answer */
    size_t tail_length;
    struct buffer lines;
};

/* A connection, with TLS or without. */
struct line {
    struct link *link;
    struct tls_link *tls;
};

static const char STRANGER[] = "a stranger would read it";
static const char STAYS_BEHIND[] = "it was dropped when the trace left its first origin";

static void add(struct trip *t, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct trip *t, const char *format, ...)
{
    char *text = session_alloc(t->s, TEXT_MOST);
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, TEXT_MOST, format, arguments);
    va_end(arguments);
    if (buffer_add(&t->lines, text, (size_t)length) == -1)
        session_fail(t->s, "The harness has no memory left.");
}

/* ---- beginning ---- */

/* Makes the server of a trip. */
static struct trip *plan(struct session *s)
{
    struct trip *t = session_alloc(s, sizeof *t);

    *t = (struct trip){.s = s, .server = peer_listen(s, "127.0.0.1")};
    session_closes_early(s); /* a head is all that is wanted */
    return t;
}

/* A path that no program can know. */
static const char *path(struct session *s)
{
    return session_print(s, "/%06x.html", session_random(s, 0x1000000));
}

/* What stands in a URL for a place there; host "" is the server's address. */
static const char *url_at(struct session *s, const char *host, const struct peer *peer,
                          const char *where)
{
    return session_print(s, "http://%s:%s%s", *host != '\0' ? host : peer_host(peer),
                         peer_port(peer), where);
}

static const char *url_of(const struct trip *t, const char *where)
{
    return url_at(t->s, "", t->server, where);
}

/* Starts the program with these words, up to a NULL. */
static void set_out(struct trip *t, ...) __attribute__((sentinel));
static void set_out(struct trip *t, ...)
{
    const char *w[WORDS_MOST] = {NULL};
    va_list words;

    va_start(words, t);
    for (size_t i = 0; i < WORDS_MOST - 1 && (w[i] = va_arg(words, const char *)) != NULL; i++)
        continue;
    va_end(words);
    t->student = student_start(t->s, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9],
                               w[10], w[11], w[12], w[13], w[14], NULL);
}

/* ---- a request, and its answer ---- */

static const char *next_line(struct line line, size_t *length)
{
    return line.tls != NULL ? tls_line(line.tls, length) : link_line(line.link, length);
}

static void send_bytes(struct line line, const void *bytes, size_t length)
{
    if (line.tls != NULL)
        tls_send(line.tls, bytes, length);
    else
        link_send(line.link, bytes, length);
}

/* The next line of a head, without its CR. A NUL in it would only shorten it. */
static const char *head_line(struct trip *t, struct line line)
{
    size_t length;
    const char *got = next_line(line, &length);

    if (length == 0 || got[length - 1] != '\r')
        session_blame(t->s, "A line of the request does not end with CR LF.");
    return session_print(t->s, "%.*s", (int)length - 1, got);
}

/* How many fields have that name; *value is that of the last one. */
static size_t count_fields(const char *const *fields, const char *name, const char **value)
{
    size_t count = 0, length = strlen(name);

    for (; *fields != NULL; fields++) {
        if (strncasecmp(*fields, name, length) != 0 || (*fields)[length] != ':')
            continue;
        count++;
        *value = *fields + length + 1;
        *value += strspn(*value, " \t");
    }
    return count;
}

static void check_given(struct trip *t, const char *const *fields, const char *url)
{
    for (const struct given *g = t->given; g->name != NULL; g++) {
        const char *value = NULL;
        size_t count = count_fields(fields, g->name, &value);
        if (!g->due && count > 0)
            session_blame(t->s, "The request for %.90s has the field %s: %s.", url, g->name,
                          g->why);
        if (g->due && (count != 1 || strcmp(value, g->value) != 0))
            session_blame(t->s,
                          count == 0  ? "The request for %.90s lacks the field %s that was given "
                                        "on the command line."
                          : count > 1 ? "The request for %.90s has the field %s more than once."
                                      : "The request for %.90s has the field %s with another "
                                        "value than was given.",
                          url, g->name);
    }
}

/* Receives the body, and nothing where none is due. */
static void check_body(struct trip *t, struct line line, const char *const *fields,
                       const char *method)
{
    const char *value = NULL, *body = t->body == NULL ? "" : t->body;
    size_t count = count_fields(fields, "Content-Length", &value);
    bool is_post = strcmp(method, "POST") == 0;
    const char *due = session_print(t->s, "%zu", strlen(body));

    if (!is_post && count > 0)
        session_blame(t->s, "The %s has a Content-Length, and no body belongs to it any more.",
                      method);
    if (is_post && (count != 1 || strcmp(value, due) != 0))
        session_blame(t->s, "The POST should have one field Content-Length: %s; it has \"%.40s\".",
                      due, value == NULL ? "" : value);
    if (is_post && *body != '\0')
        link_expect(line.link, body, strlen(body));
}

/*
 * Takes the next connection of the peer and the request on it, which must be for that URL. Line by
 * line: what fields a program adds of its own is its own business.
 */
static struct line take(struct trip *t, struct peer *peer, const char *method, const char *url)
{
    struct line line = {peer_accept(peer), NULL};
    const char *fields[FIELDS_MOST + 1] = {NULL}, *value = NULL;
    const char *host = strstr(url, "://") + 3, *target = strchr(host, '/');
    size_t count = 0, host_length = (size_t)(target - host);

    if (strncmp(url, "https:", 6) == 0) {
        line.tls = link_start_tls(line.link, t->identity);
        if (line.tls == NULL)
            session_blame(t->s, "No TLS connection came about for %.90s.", url);
    }
    const char *due =
        session_print(t->s, "%s %.*s HTTP/1.1", method, (int)strcspn(target, "#"), target);
    const char *got = head_line(t, line);
    if (strcmp(got, due) != 0)
        session_blame(t->s, "The request begins with \"%.70s\"; \"%.70s\" was due.", got, due);
    while (*(got = head_line(t, line)) != '\0') {
        if (count == FIELDS_MOST)
            session_blame(t->s, "The request has more than %d fields.", FIELDS_MOST);
        fields[count++] = got;
    }
    if (count_fields(fields, "Host", &value) != 1 || strlen(value) != host_length ||
        strncasecmp(value, host, host_length) != 0)
        session_blame(t->s, "The request for %.90s should have one field \"Host: %.*s\".", url,
                      (int)host_length, host);
    check_given(t, fields, url);
    check_body(t, line, fields, method);
    return line;
}

/* Waits until the program has closed, and closes. */
static void leave(struct line line)
{
    link_wait_end(line.link);
    link_close(line.link);
}

/*
 * Takes a request and answers it with this status and these fields, each with its CR LF. The
 * connection stays open until the program closes it.
 */
static void hop_on(struct trip *t, struct peer *peer, const char *method, const char *url,
                   int status, const char *fields)
{
    struct line line = take(t, peer, method, url);
    const char *head = session_print(t->s, "HTTP/1.1 %d Status\r\n%s%s\r\n", status, fields,
                                     t->tail == NULL ? "Content-Length: 0\r\n" : "");

    send_bytes(line, head, strlen(head));
    if (t->tail != NULL)
        link_queue(line.link, t->tail, t->tail_length);
    leave(line);
    add(t, "%s %d %s\n", method, status, url);
}

static void hop(struct trip *t, const char *method, const char *url, int status, const char *fields)
{
    hop_on(t, t->server, method, url, status, fields);
}

static const char *to(const struct trip *t, const char *location)
{
    return session_print(t->s, "Location: %s\r\n", location);
}

/* A request whose answer is none: these bytes, and then the end. */
static void fail_hop(struct trip *t, const char *url, const void *bytes, size_t length)
{
    struct line line = take(t, t->server, "GET", url);

    send_bytes(line, bytes, length);
    leave(line);
    add(t, "GET - %s\n", url);
}

/* The last line and the exit status: "arrived", or "loop" and the URL. */
static void end_trip(struct trip *t, const char *words)
{
    add(t, "end %s\n", words);
    session_expect_nobody(t->s, "The trace should have ended before.");
    expect_output(t->student, t->lines.data, t->lines.length);
    expect_exit(t->student, strcmp(words, "arrived") == 0 ? 0 : 1);
    buffer_free(&t->lines);
    t->body = NULL;
}

static void arrive(struct trip *t, const char *method, const char *url)
{
    hop(t, method, url, 200, "Content-Type: text/html\r\n");
    end_trip(t, "arrived");
}

/* ---- methods ---- */

static const int KINDS[] = {301, 302, 303, 307, 308};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

static void direct(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, session_print(s, "%s?a=1&b=/../?", path(s)));
    const char *note = session_print(s, "%06x, and more", session_random(s, 0x1000000));

    t->given[0] = (struct given){"X-Note", note, true, NULL};
    set_out(t, "-f", session_print(s, "X-Note:%s", note), "GET", url, NULL);
    arrive(t, "GET", url);
    t->given[0].name = NULL;
    url = url_of(t, path(s));
    set_out(t, "POST", url, NULL);
    hop(t, "POST", url, 204, "");
    end_trip(t, "arrived");
    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 404, "Location: /elsewhere\r\n");
    end_trip(t, "status");
}

/* Follows a redirect of each kind with one method. */
static void each_kind(struct session *s, const char *method)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, path(s));

    set_out(t, method, url, NULL);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const char *next = path(s);
        hop(t, method, url, KINDS[i], to(t, next));
        url = url_of(t, next);
    }
    arrive(t, method, url);
}

static void get(struct session *s)
{
    each_kind(s, "GET");
}

static void head(struct session *s)
{
    each_kind(s, "HEAD");
}

/* Starts a POST with a body that nobody knows; returns its URL. */
static const char *set_out_post(struct trip *t)
{
    struct session *s = t->s;
    const char *url = url_of(t, path(s));
    char *body = session_alloc(s, 61);

    session_text(s, body, 60);
    t->body = body;
    t->given[0] = (struct given){"Content-Type", "text/x-note", true, NULL};
    t->given[1] = (struct given){"Content-Language", "eo", true, NULL};
    t->given[2] = (struct given){"X-Note", "kept", true, NULL};
    set_out(t, "-f", "Content-Type: text/x-note", "-f", "content-language: eo", "-f",
            "X-Note: kept", "-b", body, "POST", url, NULL);
    return url;
}

static void lose_body(struct trip *t)
{
    static const char why[] = "there is no body any more that it could speak of";

    t->body = NULL;
    t->given[0].due = t->given[1].due = false;
    t->given[0].why = t->given[1].why = why;
}

static void post_becomes_get(struct session *s)
{
    struct trip *t = plan(s);

    for (size_t i = 0; i < 3; i++) {
        const char *url = set_out_post(t), *next = path(s);
        hop(t, "POST", url, KINDS[i], to(t, next));
        lose_body(t);
        url = url_of(t, next);
        arrive(t, "GET", url);
    }
}

static void post_stays(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = set_out_post(t);

    for (size_t i = 3; i < KIND_COUNT; i++) {
        const char *next = path(s);
        hop(t, "POST", url, KINDS[i], to(t, next));
        url = url_of(t, next);
    }
    arrive(t, "POST", url);
}

/* What has become GET stays it. */
static void post_then_get(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = set_out_post(t);
    static const int statuses[] = {307, 303, 308, 307};

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        const char *next = path(s);
        hop(t, i < 2 ? "POST" : "GET", url, statuses[i], to(t, next));
        if (i == 1)
            lose_body(t);
        url = url_of(t, next);
    }
    arrive(t, "GET", url);
}

/* ---- where to ---- */

/* Follows one Location after another, each with what it has to be after that. */
static void follow_all(struct trip *t, const char *const (*steps)[2], size_t count)
{
    const char *url = url_of(t, steps[0][1]);

    set_out(t, "-l", "50", "GET", url, NULL);
    for (size_t i = 1; i < count; i++) {
        hop(t, "GET", url, KINDS[i % KIND_COUNT], to(t, steps[i][0]));
        url = url_of(t, steps[i][1]);
    }
    arrive(t, "GET", url);
}

static void references(struct session *s)
{
    struct trip *t = plan(s);
    const char *r = session_print(s, "%06x", session_random(s, 0x1000000));
    const char *port = peer_port(t->server);
    const char *const steps[][2] = {
        {NULL, "/a/b/c?d"},
        {r, session_print(s, "/a/b/%s", r)},
        {session_print(s, "../%s", r), session_print(s, "/a/%s", r)},
        {"?x=1/../2", session_print(s, "/a/%s?x=1/../2", r)},
        {"./f/./g/../h", "/a/f/h"},
        {"../../../../i", "/i"},
        {session_print(s, "/j/%s?k", r), session_print(s, "/j/%s?k", r)},
        {session_print(s, "//127.0.0.1:%s/l/m", port), "/l/m"},
        {".", "/l/"},
        {session_print(s, "http://127.0.0.1:%s/n;o=1", port), "/n;o=1"},
        {session_print(s, "HTTP://127.0.0.1:%s/p/", port), "/p/"},
        {"  \t q  ", "/p/q"},
    };

    follow_all(t, steps, sizeof steps / sizeof *steps);
}

static void no_path(struct session *s)
{
    struct trip *t = plan(s);
    const char *r = session_print(s, "?q=%06x", session_random(s, 0x1000000));
    const char *url = url_of(t, session_print(s, "/%s", r));

    set_out(t, "GET", url_of(t, r), NULL);
    hop(t, "GET", url, 302, to(t, url_of(t, "?")));
    hop(t, "GET", url_of(t, "/?"), 302, to(t, url_of(t, "")));
    arrive(t, "GET", url_of(t, "/"));
    url = url_of(t, "/#x");
    set_out(t, "GET", url_of(t, "#x"), NULL);
    arrive(t, "GET", url);
}

static void fragments(struct session *s)
{
    struct trip *t = plan(s);
    const char *r = session_print(s, "%06x", session_random(s, 0x1000000));
    const char *const steps[][2] = {
        {NULL, session_print(s, "/a#%s?/", r)},
        {"/b", session_print(s, "/b#%s?/", r)},
        {"/c?d", session_print(s, "/c?d#%s?/", r)},
        {"/e#own", "/e#own"},
        {"f", "/f#own"},
        {"/g#", "/g#"},
        {"/h", "/h#"},
    };

    follow_all(t, steps, sizeof steps / sizeof *steps);
}

static void coded(struct session *s)
{
    struct trip *t = plan(s);
    const char *const steps[][2] = {
        {NULL, path(s)},
        {"/caf\xc3\xa9/au lait?\xe2\x82\xac=\t%41%zz", "/caf%C3%A9/au%20lait?%E2%82%AC=%09%41%zz"},
        {"/\xff\"<{^}>`|'", "/%FF\"<{^}>`|'"},
        {"/\\other.test/\\..", "/\\other.test/\\.."},
    };

    follow_all(t, steps, sizeof steps / sizeof *steps);
}

static void controls(struct session *s)
{
    static const char *const bad[] = {"/a\001b", "/\033[2Jc", "/d\re", "/f\177"};
    struct trip *t = plan(s);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *url = url_of(t, path(s));
        const char *text = session_print(
            s, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", bad[i]);
        set_out(t, "GET", url, NULL);
        fail_hop(t, url, text, strlen(text));
        end_trip(t, "broken");
    }
}

static void long_location(struct session *s)
{
    struct trip *t = plan(s);
    char *where = session_alloc(s, LONG_PATH + 1);
    const char *url = url_of(t, path(s));

    session_text(s, where, LONG_PATH);
    for (size_t i = 0; i < LONG_PATH; i++)
        where[i] = "/abcdefghijklmno"[where[i] & 15];
    for (size_t i = 0; i + 1 < LONG_PATH; i++)
        if (where[i] == '/' && where[i + 1] == '/')
            where[i + 1] = 'p';
    where[0] = '/';
    where[1] = 'x';
    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 301, to(t, where));
    arrive(t, "GET", url_of(t, where));
}

/* ---- what is not followed ---- */

/* One run: this status and these fields end the trace with these words. */
static void ends(struct trip *t, int status, const char *fields, const char *words)
{
    const char *url = url_of(t, path(t->s));

    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, status, fields);
    end_trip(t, words);
}

static void no_redirect(struct session *s)
{
    struct trip *t = plan(s);

    ends(t, 300, to(t, path(s)), "status");
    ends(t, 304, to(t, path(s)), "status");
    ends(t, 305, to(t, path(s)), "status");
    ends(t, 201, to(t, path(s)), "arrived");
}

static void without_location(struct session *s)
{
    struct trip *t = plan(s);

    ends(t, 302, "", "status");
    ends(t, 308, "Content-Location: /elsewhere\r\n", "status");
}

static void bad_location(struct session *s)
{
    struct trip *t = plan(s);

    ends(t, 302, to(t, session_print(s, "http://:%s/", peer_port(t->server))), "location");
    ends(t, 302, to(t, "//127.0.0.1:65536/"), "location");
    ends(t, 302, to(t, "http://127.0.0.1:0/"), "location");
    ends(t, 302, to(t, session_print(s, "http://127.0.0.1:80a%s/", path(s))), "location");
    ends(t, 302, to(t, "http://[::1/"), "location");
    ends(t, 302, to(t, "http://bank%2etest/"), "location");
}

static void user(struct session *s)
{
    struct trip *t = plan(s);

    ends(t, 302, to(t, session_print(s, "http://ada:x@127.0.0.1:%s/", peer_port(t->server))),
         "location");
    ends(t, 302, to(t, session_print(s, "//bank.test@127.0.0.1:%s/", peer_port(t->server))),
         "location");
}

static void repeated(struct session *s)
{
    struct trip *t = plan(s);
    const char *where = path(s);

    ends(t, 302, session_print(s, "Location: %s\r\nlocation: %s\r\n", where, path(s)), "location");
    ends(t, 302, session_print(s, "Location: %s\r\nLocation: %s\r\n", where, where), "location");
}

static void schemes(struct session *s)
{
    struct trip *t = plan(s);
    const char *const urls[] = {"file:///etc/passwd", "data:text/html,hello", "javascript:alert(1)",
                                session_print(s, "ftp://127.0.0.1:%s/", peer_port(t->server))};

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        ends(t, KINDS[i], to(t, urls[i]), session_print(s, "scheme %s", urls[i]));
}

static void loop(struct session *s)
{
    struct trip *t = plan(s);
    const char *a = path(s), *b = path(s), *url = url_of(t, a);

    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 302, to(t, b));
    hop(t, "GET", url_of(t, b), 301, to(t, session_print(s, "%s?", a)));
    hop(t, "GET", url_of(t, session_print(s, "%s?", a)), 307, to(t, a));
    end_trip(t, session_print(s, "loop %s", url));
    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 302, to(t, session_print(s, "%s#other", a)));
    end_trip(t, session_print(s, "loop %s#other", url));
    set_out(t, "-l", "0", "GET", url, NULL);
    hop(t, "GET", url, 308, "Location:\r\n");
    end_trip(t, session_print(s, "loop %s", url));
}

/* After a form was sent, the same URL shows it: no loop. */
static void post_then_same(struct session *s)
{
    struct trip *t = plan(s);
    const char *where = path(s), *url = url_of(t, where);

    t->body = "a=1";
    set_out(t, "-b", "a=1", "POST", url, NULL);
    hop(t, "POST", url, 303, to(t, where));
    t->body = NULL;
    arrive(t, "GET", url);
    t->body = "a=1";
    set_out(t, "-b", "a=1", "POST", url, NULL);
    hop(t, "POST", url, 307, to(t, url));
    end_trip(t, session_print(s, "loop %s", url));
}

/* A server that leads to a new page each time. */
static void limited(struct trip *t, const char *limit, int count)
{
    const char *url = url_of(t, path(t->s));

    if (limit == NULL)
        set_out(t, "GET", url, NULL);
    else
        set_out(t, "-l", limit, "GET", url, NULL);
    for (int i = 0; i <= count; i++) {
        const char *next = path(t->s);
        hop(t, "GET", url, 302, to(t, next));
        url = url_of(t, next);
    }
    end_trip(t, session_print(t->s, "limit %s", url));
}

static void limit(struct session *s)
{
    struct trip *t = plan(s);

    limited(t, NULL, 10);
    limited(t, "0", 0);
    limited(t, "3", 3);
}

/* ---- whom the secrets are for ---- */

static void give_secrets(struct trip *t)
{
    struct session *s = t->s;
    const char *secret = session_print(s, "s=%08x", session_random(s, 0x10000000));

    t->given[0] =
        (struct given){"Authorization", session_print(s, "Bearer %s", secret), true, STRANGER};
    t->given[1] = (struct given){"Cookie", secret, true, STRANGER};
    t->given[2] = (struct given){"Proxy-Authorization", secret, true, STRANGER};
    t->given[3] = (struct given){"X-Authorization-Note", "none", true, NULL};
}

static void drop_secrets(struct trip *t)
{
    for (size_t i = 0; i < 3; i++)
        t->given[i].due = false;
}

/* Starts with three secrets and a field that is none; authority.pem is there. */
static void set_out_with(struct trip *t, const char *url)
{
    struct session *s = t->s;

    if (t->identity == NULL) /* no TLS follows, but who reads the file at once finds it */
        (void)tls_authority(s, "authority.pem");
    give_secrets(t);
    set_out(t, "-c", "authority.pem", "-f",
            session_print(s, "authorization: %s", t->given[0].value), "-f",
            session_print(s, "COOKIE: %s", t->given[1].value), "-f",
            session_print(s, "Proxy-Authorization: %s", t->given[2].value), "-f",
            "X-Authorization-Note: none", "GET", url, NULL);
}

/* From one host to another on the same port: one server plays both. */
static void cross(struct trip *t, const char *from, const char *host)
{
    struct session *s = t->s;
    const char *url = url_at(s, from, t->server, path(s));
    const char *next = url_at(s, host, t->server, path(s));

    set_out_with(t, url);
    hop(t, "GET", url, 302, to(t, next));
    drop_secrets(t);
    hop(t, "GET", next, 307, to(t, "/further"));
    arrive(t, "GET", url_at(s, host, t->server, "/further"));
}

static void other_host(struct session *s)
{
    struct trip *t = plan(s);

    session_host(s, "bank.test", "127.0.0.1", NULL);
    session_host(s, "shop.test", "127.0.0.1", NULL);
    cross(t, "bank.test", "shop.test");
    cross(t, "bank.test", "127.0.0.1");
}

static void lookalike(struct session *s)
{
    struct trip *t = plan(s);
    static const char *const hosts[] = {"bank.test.thief.test", "www.bank.test", "thebank.test"};

    session_host(s, "bank.test", "127.0.0.1", NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        session_host(s, hosts[i], "127.0.0.1", NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        cross(t, "bank.test", hosts[i]);
    cross(t, "www.bank.test", "bank.test");
}

static void same_host(struct session *s)
{
    struct trip *t = plan(s);
    const char *where = path(s), *port = peer_port(t->server);

    session_host(s, "bank.test", "127.0.0.1", NULL);
    set_out_with(t, url_at(s, "bank.test", t->server, "/in"));
    hop(t, "GET", url_at(s, "bank.test", t->server, "/in"), 302, to(t, where));
    hop(t, "GET", url_at(s, "bank.test", t->server, where), 308,
        to(t, session_print(s, "//bank.test:%s/a", port)));
    hop(t, "GET", url_at(s, "bank.test", t->server, "/a"), 301,
        to(t, session_print(s, "http://BANK.Test:%s/b", port)));
    arrive(t, "GET", url_at(s, "BANK.Test", t->server, "/b"));
}

static void other_port(struct session *s)
{
    struct trip *t = plan(s);
    struct peer *second = peer_listen(s, "127.0.0.1");
    const char *url = url_of(t, path(s)), *next = url_at(s, "", second, path(s));

    set_out_with(t, url);
    hop(t, "GET", url, 301, to(t, next));
    drop_secrets(t);
    hop_on(t, second, "GET", next, 200, "");
    end_trip(t, "arrived");
}

static void back_again(struct session *s)
{
    struct trip *t = plan(s);
    struct peer *second = peer_listen(s, "127.0.0.1");
    const char *url = url_of(t, path(s)), *next = url_at(s, "", second, path(s));
    const char *back = url_of(t, path(s));

    set_out_with(t, url);
    hop(t, "GET", url, 302, to(t, next));
    drop_secrets(t);
    hop_on(t, second, "GET", next, 302, to(t, back));
    for (size_t i = 0; i < 3; i++)
        t->given[i].why = STAYS_BEHIND;
    arrive(t, "GET", back);
}

/* The body goes wherever 307 leads, and the secrets do not. */
static void post_elsewhere(struct session *s)
{
    struct trip *t = plan(s);
    struct peer *second = peer_listen(s, "127.0.0.1");
    const char *url = url_of(t, path(s)), *next = url_at(s, "", second, path(s));

    give_secrets(t);
    t->given[2] = (struct given){"Content-Type", "text/x-note", true, NULL};
    t->body = session_print(s, "note=%06x", session_random(s, 0x1000000));
    set_out(t, "-f", session_print(s, "Cookie: %s", t->given[1].value), "-f",
            session_print(s, "Authorization: %s", t->given[0].value), "-f",
            "Content-Type: text/x-note", "-f", "X-Authorization-Note: none", "-b", t->body, "POST",
            url, NULL);
    hop(t, "POST", url, 307, to(t, next));
    t->given[0].due = t->given[1].due = false;
    hop_on(t, second, "POST", next, 200, "");
    end_trip(t, "arrived");
}

static const char *secure(struct session *s, const char *url)
{
    return session_print(s, "https%s", url + 4);
}

/* The same host and port, with TLS and without. */
static void other_scheme(struct session *s)
{
    struct trip *t = plan(s);
    struct tls_identity *authority = tls_authority(s, "authority.pem");
    const char *a = path(s), *b = path(s);

    t->identity = tls_certificate(s, authority, "IP:127.0.0.1", -1, 1);
    set_out_with(t, url_of(t, a));
    hop(t, "GET", url_of(t, a), 301, to(t, secure(s, url_of(t, a))));
    drop_secrets(t);
    hop(t, "GET", secure(s, url_of(t, a)), 302, to(t, b));
    arrive(t, "GET", secure(s, url_of(t, b)));
    set_out_with(t, secure(s, url_of(t, a)));
    hop(t, "GET", secure(s, url_of(t, a)), 302, to(t, b));
    hop(t, "GET", secure(s, url_of(t, b)), 302, to(t, url_of(t, b)));
    drop_secrets(t);
    arrive(t, "GET", url_of(t, b));
}

/* A certificate of another name. */
static void untrusted(struct session *s)
{
    struct trip *t = plan(s);
    struct tls_identity *authority = tls_authority(s, "authority.pem");
    const char *url = url_of(t, path(s)), *next = secure(s, url_of(t, path(s)));

    t->identity = tls_certificate(s, authority, "DNS:bank.test", -1, 1);
    set_out_with(t, url);
    hop(t, "GET", url, 301, to(t, next));
    struct link *link = peer_accept(t->server);
    if (link_start_tls(link, t->identity) != NULL)
        link_wait_end(link);
    link_close(link);
    add(t, "GET - %s\n", next);
    end_trip(t, "tls");
}

static void ipv6(struct session *s)
{
    struct trip *t = plan(s);
    struct peer *six = peer_listen(s, "::1");
    const char *url = url_of(t, path(s)), *next = url_at(s, "[::1]", six, path(s));

    set_out_with(t, url);
    hop(t, "GET", url, 302, to(t, next));
    drop_secrets(t);
    hop_on(t, six, "GET", next, 200, "");
    end_trip(t, "arrived");
}

/* ---- servers that do what they should not ---- */

static void bodies(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, path(s)), *next = path(s);

    t->tail = memset(session_alloc(s, BODY), 'x', BODY);
    t->tail_length = BODY;
    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 302, to(t, next));
    url = url_of(t, next);
    next = path(s);
    t->tail = "Content-Length: 100";
    t->tail_length = 0;
    hop(t, "GET", url, 307,
        session_print(s, "Content-Length: 100\r\n%s", to(t, next))); /* and none comes */
    url = url_of(t, next);
    hop(t, "GET", url, 200, "Transfer-Encoding: chunked\r\n");
    end_trip(t, "arrived");
}

static void endless_head(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, path(s)), *next = path(s);
    char *text = session_alloc(s, ENDLESS + 1);

    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 302, to(t, next));
    url = url_of(t, next);
    struct line line = take(t, t->server, "GET", url);
    int length = snprintf(text, ENDLESS, "HTTP/1.1 302 Found\r\nLocation: /");
    memset(text + length, 'x', (size_t)(ENDLESS - length));
    link_queue(line.link, text, ENDLESS);
    leave(line);
    add(t, "GET - %s\n", url);
    end_trip(t, "broken");
}

/* Every byte arrives alone, and an interim answer first. */
static void in_pieces(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, path(s)), *next = path(s);
    const char *text = session_print(s,
                                     "HTTP/1.1 103 Early Hints\r\nLocation: /early\r\n\r\n"
                                     "HTTP/1.1 302 \r\nlocation:%s\r\nContent-Length: 0\r\n\r\n",
                                     next);
    size_t sizes[300] = {0};

    set_out(t, "GET", url, NULL);
    struct line line = take(t, t->server, "GET", url);
    for (size_t i = 0; i + 1 < strlen(text); i++)
        sizes[i] = 1;
    link_send_pieces(line.link, text, strlen(text), sizes);
    leave(line);
    add(t, "GET 302 %s\n", url);
    arrive(t, "GET", url_of(t, next));
}

/* The second hop is no answer: these bytes, and then the connection is closed or reset. */
static void break_off(struct trip *t, const char *text, bool reset)
{
    const char *url = url_of(t, path(t->s)), *next = path(t->s);

    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 302, to(t, next));
    struct line line = take(t, t->server, "GET", url_of(t, next));
    link_send(line.link, text, strlen(text));
    if (reset) {
        link_wait_read(line.link);
        link_reset(line.link);
    } else {
        link_close(line.link);
    }
    add(t, "GET - %s\n", url_of(t, next));
    end_trip(t, "broken");
}

static void broken(struct session *s)
{
    struct trip *t = plan(s);

    break_off(t, "", false);
    break_off(t, "HTTP/1.1 302 Found\r\nLocation: /half", false);
    break_off(t, "HTTP/1.1 200 OK\r\nContent-Ty", true);
    break_off(t, "SSH-2.0-OpenSSH_9.2p1\r\n\r\n", false);
}

static void unreachable(struct session *s)
{
    struct trip *t = plan(s);
    const char *nobody = url_at(s, "", peer_refuse(s, "127.0.0.1"), path(s));
    const char *const places[] = {
        nobody, session_print(s, "http://nowhere.test:%s/", peer_port(t->server))};

    session_host(s, "bank.test", "127.0.0.1", NULL); /* and no others */
    for (size_t i = 0; i < 2; i++) {
        const char *url = url_at(s, "bank.test", t->server, path(s));
        set_out(t, "GET", url, NULL);
        hop(t, "GET", url, 302, to(t, places[i]));
        add(t, "GET - %s\n", places[i]);
        end_trip(t, "unreachable");
    }
}

/* ---- the command line, the output, what is left ---- */

static void refuse_words(struct trip *t, const char *const words[6])
{
    t->student = student_start(t->s, words[0], words[1], words[2], words[3], words[4], NULL);
    expect_failure(t->student, 2);
    peer_expect_nobody(t->server, "The command line was wrong.");
}

static void usage(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, "/"), *port = peer_port(t->server);

    refuse_words(t, (const char *const[6]){"GET"});
    refuse_words(t, (const char *const[6]){"PUT", url});
    refuse_words(t, (const char *const[6]){"-b", "a=1", "GET", url});
    refuse_words(t, (const char *const[6]){"-l", "101", "GET", url});
    refuse_words(t, (const char *const[6]){"-t", "1s", "GET", url});
    refuse_words(t, (const char *const[6]){"GET", "/index.html"});
    refuse_words(t, (const char *const[6]){"GET", "file:///etc/passwd"});
    refuse_words(t,
                 (const char *const[6]){"GET", session_print(s, "http://ada@127.0.0.1:%s/", port)});
}

/* What would become a field, or a request, of its own. */
static void injected(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, "/");

    refuse_words(t, (const char *const[6]){"-f", "A: b\r\nCookie: c", "GET", url});
    refuse_words(t, (const char *const[6]){"-f", "A b: c", "GET", url});
    refuse_words(t, (const char *const[6]){"-f", "host: bank.test", "GET", url});
    refuse_words(t, (const char *const[6]){"GET", url_of(t, "/a HTTP/1.1\r\nCookie: c")});
    refuse_words(t, (const char *const[6]){"GET", url_of(t, "/caf\xc3\xa9")});
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct trip *t = plan(s);
    const char *url = url_of(t, path(s));
    set_out(t, "GET", url, NULL);
    hop(t, "GET", url, 200, "");
    expect_failure(t->student, 1);
    buffer_free(&t->lines);
}

static void clean(struct session *s)
{
    struct trip *t = plan(s);
    const char *url = url_of(t, path(s));
    int held = 0;

    t->given[0] = (struct given){"Cookie", "a=b", true, NULL};
    set_out(t, "-f", "Cookie: a=b", "GET", url, NULL);
    for (int i = 0; i < 6; i++) {
        const char *next = path(s);
        struct line line = take(t, t->server, "GET", url);
        if (i == 0) {
            student_settle(t->student);
            held = student_descriptors(t->student);
        } else {
            expect_descriptors(t->student, held);
        }
        const char *text =
            session_print(s, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n%s\r\n", to(t, next));
        link_send(line.link, text, strlen(text));
        leave(line);
        add(t, "GET 302 %s\n", url);
        url = url_of(t, next);
    }
    hop(t, "GET", url, 302, "Location: http://[\r\n");
    end_trip(t, "location");
}

/* ---- time ---- */

/*
 * The first hop answers when some time has gone, the second sends a little, late, and no more. Who
 * wakes too late because the machine was busy gets another try.
 */
static void slow_server(struct session *s, const char *little)
{
    const char *a = path(s), *b = path(s), *ms = session_print(s, "%d", MS);
    struct trip *t = plan(s);
    int ran;

    do {
        buffer_free(&t->lines);
        set_out(t, "-t", ms, "GET", url_of(t, a), NULL);
        struct line line = take(t, t->server, "GET", url_of(t, a));
        session_wait(s, REST_MS);
        const char *text =
            session_print(s, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n%s\r\n", to(t, b));
        link_send(line.link, text, strlen(text));
        leave(line);
        struct happening next = session_next(s, "your program to go where the redirect leads");
        if (next.what == HAPPENED_EXIT && session_again(s))
            continue;
        ran = MS + REST_MS;
        if (next.what != HAPPENED_EXIT) {
            struct link *second = next.link;
            session_wait(s, REST_MS);
            link_send(second, little, strlen(little));
            link_wait_end(second);
            link_close(second);
            ran = student_ran_ms(t->student);
        }
        add(t, "GET 302 %s\nGET - %s\n", url_of(t, a), url_of(t, b));
        if (ran <= REST_MS + LATEST_MS || !session_again(s))
            break;
    } while (true);
    expect_ran(t->student, REST_MS + LEAST_MS, REST_MS + LATEST_MS);
    end_trip(t, "timeout");
}

static void silent(struct session *s)
{
    slow_server(s, "");
}

static void slow_head(struct session *s)
{
    slow_server(s, "HTTP/1.1 302 Found\r\nLocation: /la");
}

/* A port that neither answers nor refuses. */
static void no_answer(struct session *s)
{
    const char *a = path(s), *b = path(s), *ms = session_print(s, "%d", MS);
    struct trip *t = plan(s);
    const char *hole = url_at(s, "", peer_ignore(s, "127.0.0.1"), b);

    do {
        buffer_free(&t->lines);
        set_out(t, "-t", ms, "GET", url_of(t, a), NULL);
        hop(t, "GET", url_of(t, a), 302, to(t, hole));
        add(t, "GET - %s\n", hole);
    } while (student_ran_ms(t->student) > LATEST_MS && session_again(s));
    expect_ran(t->student, LEAST_MS, LATEST_MS);
    end_trip(t, "timeout");
}

static const struct test_case CASES[] = {
    {.name = "direct",
     .title = "no redirect at all",
     .points = 1,
     .teaches =
         "The server answered at once: one line with the status, and arrived for 2xx, status "
         "for all else. A Location there means something else (RFC 9110 section 10.2.2).",
     .run = direct},
    {.name = "get",
     .title = "GET over 301, 302, 303, 307 and 308",
     .points = 2,
     .teaches = "Each of the five is followed, and a GET stays a GET.",
     .run = get},
    {.name = "head",
     .title = "HEAD over 301, 302, 303, 307 and 308",
     .points = 1,
     .teaches = "A HEAD stays a HEAD, after 303 too: who wants no body does not want the next one "
                "either.",
     .run = head},
    {.name = "post-becomes-get",
     .title = "POST, and 301, 302 or 303",
     .points = 2,
     .teaches = "After 301, 302 and 303 a POST goes on as a GET: without its body, and without the "
                "fields that spoke of it.",
     .run = post_becomes_get},
    {.name = "post-stays",
     .title = "POST over 307 and 308",
     .points = 2,
     .teaches = "307 and 308 exist so that a POST stays one: its body is sent again, whole, with "
                "the fields that belong to it.",
     .run = post_stays},
    {.name = "post-then-get",
     .title = "POST over 307, 303, 308 and 307",
     .points = 1,
     .teaches = "What 303 has made a GET stays one: 308 keeps the method of the request that it "
                "answers, not that of the first.",
     .run = post_then_get},
    {.name = "references",
     .title = "every form of a relative Location",
     .points = 2,
     .teaches = "Location is a reference. It is resolved against the URL that was just asked for, "
                "not against the first one.",
     .run = references},
    {.name = "no-path",
     .title = "a URL without a path",
     .points = 1,
     .teaches = "http://host?q has no path; what is asked for there is /?q.",
     .run = no_path},
    {.name = "fragments",
     .title = "fragments, inherited and new",
     .points = 2,
     .teaches =
         "A fragment is for whoever reads the page: it is never sent, and a Location without "
         "one inherits it (RFC 9110 section 10.2.2). An empty one counts as one.",
     .run = fragments},
    {.name = "coded",
     .title = "blanks and UTF-8 in Location",
     .points = 1,
     .teaches =
         "Blanks and bytes outside ASCII cannot go on a request's first line: they are coded "
         "as %XX. All other bytes, % among them, stay as they are.",
     .run = coded},
    {.name = "controls",
     .title = "control characters in Location",
     .points = 1,
     .teaches = "No field may hold a control character but the tab: the answer is malformed. "
                "Printed, it would have moved the cursor of a terminal.",
     .run = controls},
    {.name = "long-location",
     .title = "a Location of 10,000 bytes",
     .points = 1,
     .teaches = "A Location may be long: no buffer of a fixed size cuts it off.",
     .run = long_location},
    {.name = "no-redirect",
     .title = "300, 304, 305 and 201 with a Location",
     .points = 2,
     .teaches =
         "Not every 3xx is a redirect to follow, and not every Location is one: 300 offers a "
         "choice, 304 means the copy that one has, 305 named a proxy, 201 says what was "
         "made.",
     .run = no_redirect},
    {.name = "without-location",
     .title = "a redirect without Location",
     .points = 1,
     .teaches = "Without Location a redirect leads nowhere: its answer is the last one.",
     .run = without_location},
    {.name = "bad-location",
     .title = "a Location that is no URL",
     .points = 2,
     .teaches = "No host, no port or a host that cannot be one: there is nowhere to go.",
     .run = bad_location},
    {.name = "user",
     .title = "a user in Location",
     .points = 1,
     .teaches = "What stands before @ is a user's name, even if it looks like a host: nobody is to "
                "be fooled by it, so such a URL is refused.",
     .run = user},
    {.name = "repeated",
     .title = "two Locations",
     .points = 1,
     .teaches =
         "Two fields Location: one reader takes the first, another the last. Whoever checked "
         "the one would not have seen the other, so neither is followed.",
     .run = repeated},
    {.name = "schemes",
     .title = "to file, data, javascript and ftp",
     .points = 2,
     .teaches = "Where a redirect leads, a stranger has chosen. It leads to http and https alone: "
                "file is this machine's disk.",
     .run = schemes},
    {.name = "loop",
     .title = "redirects in a circle",
     .points = 2,
     .teaches =
         "A request that was sent before is a loop, and is not sent again. Fragments make no "
         "difference: the server never sees them.",
     .run = loop},
    {.name = "post-then-same",
     .title = "a form that leads to its own URL",
     .points = 1,
     .teaches = "POST and then GET of one URL is no loop: so every form works that shows itself "
                "again. The same method and URL is.",
     .run = post_then_same},
    {.name = "limit",
     .title = "a new page each time",
     .points = 2,
     .teaches = "A server that invents a page each time never comes round: only counting ends it. "
                "LIMIT redirects are followed, and not one more.",
     .run = limit},
    {.name = "same-host",
     .title = "secrets on the same host",
     .points = 1,
     .teaches = "Within one origin all fields go on. The case of letters in a host does not count.",
     .run = same_host},
    {.name = "other-host",
     .title = "no secrets for another host",
     .points = 2,
     .teaches = "The redirect led to another host: Authorization, Cookie and Proxy-Authorization "
                "stay behind, whatever their case, and other fields go on. That both names have "
                "the same address makes no difference.",
     .run = other_host},
    {.name = "lookalike",
     .title = "hosts that look alike",
     .points = 2,
     .teaches = "A host is another one unless its name is the same from the first letter to the "
                "last: bank.test.thief.test is the thief's.",
     .run = lookalike},
    {.name = "other-port",
     .title = "no secrets for another port",
     .points = 2,
     .teaches = "On another port of the host somebody else may listen: it is another origin.",
     .run = other_port},
    {.name = "other-scheme",
     .title = "no secrets for another scheme",
     .points = 2,
     .teaches = "http and https are two origins: what was meant for TLS would go out in clear.",
     .run = other_scheme},
    {.name = "back-again",
     .title = "back at the first host",
     .points = 1,
     .teaches = "Somebody else has chosen this URL, on a host that knows the secrets: they stay "
                "behind for the rest of the trace.",
     .run = back_again},
    {.name = "post-elsewhere",
     .title = "POST over 307 to another port",
     .points = 1,
     .teaches =
         "After 307 the body goes to another origin, too, with the fields that belong to it. "
         "The secrets do not.",
     .run = post_elsewhere},
    {.name = "ipv6",
     .title = "to an IPv6 address",
     .points = 1,
     .teaches = "An IPv6 address stands in brackets in a URL and in Host, and without them where "
                "one connects.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "untrusted",
     .title = "a certificate of another name",
     .points = 1,
     .teaches = "The certificate was for another host: nobody knows whom a request would go to.",
     .run = untrusted},
    {.name = "bodies",
     .title = "redirects with a body that does not end",
     .points = 2,
     .teaches = "The head of an answer says where to go next. Whoever first reads the body, 6 MiB "
                "of it or one that never comes, waits for ever.",
     .run = bodies},
    {.name = "endless-head",
     .title = "a Location without end",
     .points = 1,
     .teaches = "A head that does not end is refused once it is too long.",
     .run = endless_head},
    {.name = "in-pieces",
     .title = "an interim answer, and then one byte at a time",
     .points = 1,
     .teaches = "103 is only announced: its Location is not followed. The answer behind it came in "
                "single bytes, and signals interrupted the calls.",
     .run = in_pieces,
     .faults = "eintr"},
    {.name = "broken",
     .title = "a hop that answers half, or nonsense",
     .points = 2,
     .teaches = "The first hop is no answer to the second: that line has a - for its status, and "
                "the trace ends there.",
     .run = broken},
    {.name = "unreachable",
     .title = "a hop where nobody listens, and one that has no address",
     .points = 1,
     .teaches = "The redirect led to where nobody is: the hop is printed all the same.",
     .run = unreachable},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, before anything is sent.",
     .run = usage},
    {.name = "injected",
     .title = "fields and URLs with line ends",
     .points = 1,
     .teaches = "A line end in a field or a URL would begin another field: it is refused before "
                "anything is sent.",
     .run = injected},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says whether that worked.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Each connection is closed before the next one is made, and all memory is freed.",
     .run = clean,
     .leaks = true},
    {.name = "no-answer",
     .title = "a hop that cannot be connected to",
     .points = 1,
     .teaches = "The second host neither accepted the connection nor refused it: the time limit is "
                "for connecting, too.",
     .run = no_answer},
    {.name = "silent",
     .title = "a hop that never answers",
     .points = 1,
     .teaches = "Each request has MS milliseconds of its own, and is given up when they are over.",
     .run = silent},
    {.name = "slow-head",
     .title = "a hop that sends half a head, late",
     .points = 1,
     .teaches = "Half a head came when much of the time was over: the limit is for the whole head, "
                "not for each piece, or a server that drips holds the program for ever.",
     .run = slow_head},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
