/* Exercise 3.6, health probe: what is tried, and how. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum {
    URLS_MOST = 8,
    DEADLINE_MS = 400,
    LEAST_MS = DEADLINE_MS * 8 / 10,
    LATEST_MS = DEADLINE_MS * 12 / 10,
    DRIPS = 100,
    MEBIBYTE = 1 << 20,
    LARGE = 32 * MEBIBYTE,
    ROOM_KIB = 20 * 1024 /* while the program reads; its log alone may take 16 of these 20 MiB */
};

static const char AMPLE[] = "30000", DEADLINE[] = "400", TRUSTED[] = "authority.pem";
static const char HOST[] = "127.0.0.1", NAME[] = "site.test";

/* The words of the contract, and their statuses. */
enum word {
    HEALTHY,
    BAD_URL = 10,
    NO_NAME,
    REFUSED,
    UNREACHABLE,
    CONNECT_TIMEOUT,
    TLS,
    READ_TIMEOUT,
    NO_ANSWER,
    MALFORMED,
    TRUNCATED,
    REDIRECT,
    CLIENT_ERROR,
    SERVER_ERROR
};
static const char *const WORDS[] = {
    [HEALTHY] = "healthy",
    [BAD_URL] = "bad-url",
    [NO_NAME] = "no-name",
    [REFUSED] = "refused",
    [UNREACHABLE] = "unreachable",
    [CONNECT_TIMEOUT] = "connect-timeout",
    [TLS] = "tls",
    [READ_TIMEOUT] = "read-timeout",
    [NO_ANSWER] = "no-answer",
    [MALFORMED] = "malformed",
    [TRUNCATED] = "truncated",
    [REDIRECT] = "redirect",
    [CLIENT_ERROR] = "client-error",
    [SERVER_ERROR] = "server-error",
};

/* One run of the program, and what it has to print. */
struct site {
    struct session *session;
    struct tls_identity *authority; /* that the program trusts */
    struct peer *server;
    struct student *student;
    const char *urls[URLS_MOST + 1], *targets[URLS_MOST + 1];
    size_t count, next, told;
    enum word first; /* that is not HEALTHY */
    struct buffer lines;
};

/* A connection, under TLS perhaps. */
struct line {
    struct link *link;
    struct tls_link *tls; /* or NULL */
};

/* What the server does when it has sent what it sends. */
enum after {
    KEEP, /* nothing: the connection stays open until the program closes it */
    CLOSE,
    RESET
};

/* ---- a run ---- */

static struct site *site_on(struct session *s, const char *host)
{
    struct site *site = session_alloc(s, sizeof *site);

    *site = (struct site){.session = s};
    site->authority = tls_authority(s, TRUSTED);
    site->server = peer_listen(s, host);
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    return site;
}

static struct site *site_new(struct session *s)
{
    return site_on(s, HOST);
}

/* The next URL of the run, whatever it is. */
static void add(struct site *site, const char *url)
{
    site->urls[site->count++] = url;
}

/* The same for the server's own: host as it stands in a URL, and what the request's line has. */
static void add_own(struct site *site, const char *scheme, const char *host, const char *rest,
                    const char *target)
{
    site->targets[site->count] = target;
    add(site,
        session_print(site->session, "%s://%s:%s%s", scheme, host, peer_port(site->server), rest));
}

/* So many of the server's that no program can know. */
static void add_pages(struct site *site, size_t count)
{
    while (count-- > 0) {
        const char *path =
            session_print(site->session, "/%06x", session_random(site->session, 0x1000000));
        add_own(site, "http", HOST, path, path);
    }
}

static void start(struct site *site, const char *ms)
{
    const char *const *u = site->urls;

    site->student = student_start(site->session, TRUSTED, ms, u[0], u[1], u[2], u[3], u[4], u[5],
                                  u[6], u[7], NULL);
}

/* Starts the program with so many pages of one server, and much time. */
static struct site *visit(struct session *s, size_t count)
{
    struct site *site = site_new(s);

    add_pages(site, count);
    start(site, AMPLE);
    return site;
}

/* Notes the line that is due for the next URL; status 0: none came. */
static void due(struct site *site, enum word word, int status)
{
    struct session *s = site->session;
    const char *number = status == 0 ? "-" : session_print(s, "%d", status);

    if (buffer_print(&site->lines, "%zu %s %s\n", ++site->told, WORDS[word], number) == -1)
        session_fail(s, "The harness has no memory left.");
    if (site->first == HEALTHY)
        site->first = word;
}

static void leave(struct site *site)
{
    expect_output(site->student, site->lines.data, site->lines.length);
    if (site->first == HEALTHY)
        expect_exit(site->student, 0);
    else
        expect_failure(site->student, (int)site->first);
    buffer_free(&site->lines);
}

/* ---- requests ---- */

static const char *next_line(struct line line, size_t *length)
{
    return line.tls != NULL ? tls_line(line.tls, length) : link_line(line.link, length);
}

/* Whether it is such a field; *value is then what stands behind the name, without blanks. */
static bool is_field(struct session *s, const char *text, size_t length, const char *name,
                     const char **value)
{
    size_t named = strlen(name), begin = named + 1;

    if (length <= named || strncasecmp(text, name, named) != 0 || text[named] != ':')
        return false;
    while (begin < length && strchr(" \t", text[begin]) != NULL)
        begin++;
    while (length > begin && strchr(" \t\r", text[length - 1]) != NULL)
        length--;
    *value = session_print(s, "%.*s", (int)(length - begin), text + begin);
    return true;
}

/* Takes the request for the next URL off a connection; host is what its Host is to be. */
static void take_request(struct site *site, struct line line, const char *host)
{
    struct session *s = site->session;
    while (site->targets[site->next] == NULL) /* nobody is asked for a bad URL */
        site->next++;
    const char *first = session_print(s, "GET %s HTTP/1.1\r", site->targets[site->next++]);
    const char *value, *sent = NULL, *connection = NULL;
    size_t length;

    const char *text = next_line(line, &length);
    if (length != strlen(first) || memcmp(text, first, length) != 0)
        session_blame(s, "The first line of the request is \"%.*s\"; \"%.*s\" was due.",
                      length > 0 ? (int)length - 1 : 0, text, (int)strlen(first) - 1, first);
    for (;;) {
        text = next_line(line, &length);
        if (length == 1 && text[0] == '\r')
            break;
        if (is_field(s, text, length, "Connection", &value))
            connection = value;
        if (!is_field(s, text, length, "Host", &value))
            continue;
        if (sent != NULL)
            session_blame(s, "The request has two fields of the name Host.");
        sent = value;
    }
    if (sent == NULL || strcmp(sent, host) != 0)
        session_blame(s, "The request has the Host \"%s\"; \"%s\" was due.",
                      sent == NULL ? "" : sent, host);
    if (connection == NULL || strcasecmp(connection, "close") != 0)
        session_blame(s, "The request lacks the field \"Connection: close\".");
}

/* The same with a host that has the server's port behind it. */
static void take_for(struct site *site, struct line line, const char *host)
{
    take_request(site, line, session_print(site->session, "%s:%s", host, peer_port(site->server)));
}

/* Takes the next connection, and the request on it. */
static struct line take(struct site *site)
{
    struct line line = {.link = peer_accept(site->server)};

    take_for(site, line, HOST);
    return line;
}

static void send_text(struct line line, const char *text)
{
    if (line.tls != NULL)
        tls_send(line.tls, text, strlen(text));
    else
        link_send(line.link, text, strlen(text));
}

static void finish_line(struct line line, enum after after)
{
    if (after == RESET) {
        link_wait_read(line.link);
        link_reset(line.link);
        return;
    }
    if (after == KEEP)
        link_wait_end(line.link);
    link_close(line.link);
}

/* One of the answers to a run of pages, and what is to be said of it. */
struct answer {
    const char *text;
    enum after after;
    enum word word;
    int status;
};

static void give(struct site *site, struct answer a)
{
    struct line line = take(site);

    send_text(line, a.text);
    finish_line(line, a.after);
    due(site, a.word, a.status);
}

static const char GOOD[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

/* A run of pages, answered so; a good one follows: the probe goes on. */
static void give_all(struct session *s, const struct answer *answers, size_t count)
{
    struct site *site = visit(s, count + 1);

    for (size_t i = 0; i < count; i++)
        give(site, answers[i]);
    give(site, (struct answer){GOOD, CLOSE, HEALTHY, 200});
    leave(site);
}
#define GIVE_ALL(s, answers) give_all(s, answers, sizeof(answers) / sizeof *(answers))

/* ---- healthy ---- */

static void healthy(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {GOOD, KEEP, HEALTHY, 200},
        {"HTTP/1.1 204 No Content\r\n\r\n", KEEP, HEALTHY, 204},
        {"HTTP/1.1 299\r\ncontent-length: 0\r\n\r\n", CLOSE, HEALTHY, 299},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and more than that", CLOSE, HEALTHY, 200},
    };

    GIVE_ALL(s, ANSWERS);
}

static void chunked(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r\n", KEEP,
         HEALTHY, 200},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2;a=b\r\nok\r\nA\r\n0123456789\r\n0\r\nX-Took: 1\r\n\r\n",
         KEEP, HEALTHY, 200},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", CLOSE, HEALTHY, 200},
    };

    GIVE_ALL(s, ANSWERS);
}

static void until_close(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nok\n", CLOSE, HEALTHY, 200},
        {"HTTP/1.0 200 OK\r\n\r\n", CLOSE, HEALTHY, 200},
    };

    GIVE_ALL(s, ANSWERS);
}

static void interim(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n"
         "Content-Length: 3\r\n\r\nok\n",
         KEEP, HEALTHY, 200},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
         "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
         KEEP, SERVER_ERROR, 503},
    };

    GIVE_ALL(s, ANSWERS);
}

/* What a URL puts into the request. */
static void targets(struct session *s)
{
    struct site *site = site_new(s);
    const char *number = session_print(s, "%u", session_random(s, 100000));

    add_own(site, "http", HOST, "", "/");
    add_own(site, "HTTP", HOST, session_print(s, "?n=%s", number),
            session_print(s, "/?n=%s", number));
    add_own(site, "http", HOST, session_print(s, "/a/b;c?n=%s&d=%%20/#part/?", number),
            session_print(s, "/a/b;c?n=%s&d=%%20/", number));
    add_own(site, "http", HOST, "/..//a@b:c", "/..//a@b:c");
    add_own(site, "http", HOST, "#f@g", "/");
    start(site, AMPLE);
    while (site->next < site->count)
        give(site, (struct answer){GOOD, CLOSE, HEALTHY, 200});
    leave(site);
}

static void ipv6(struct session *s)
{
    struct site *site = site_on(s, "::1");

    add_own(site, "http", "[::1]", "/six", "/six");
    start(site, AMPLE);
    struct line line = {.link = peer_accept(site->server)};
    take_for(site, line, "[::1]");
    send_text(line, GOOD);
    finish_line(line, CLOSE);
    due(site, HEALTHY, 200);
    leave(site);
}

static void in_pieces(struct session *s)
{
    static const size_t ones[DRIPS] = {[0 ... DRIPS - 2] = 1};
    struct site *site = visit(s, 1);
    struct line line = take(site);

    link_send_pieces(line.link, GOOD, sizeof GOOD - 1, ones);
    finish_line(line, KEEP);
    due(site, HEALTHY, 200);
    leave(site);
}

/* ---- an answer that says no ---- */

static void redirect(struct session *s)
{
    struct site *site = visit(s, 4);
    const char *head = session_print(s,
                                     "HTTP/1.1 302 Found\r\nLocation: http://%s:%s/elsewhere\r\n"
                                     "Content-Length: 0\r\n\r\n",
                                     HOST, peer_port(site->server));

    give(site, (struct answer){head, CLOSE, REDIRECT, 302});
    give(site, (struct answer){"HTTP/1.1 300 Multiple Choices\r\nContent-Length: 0\r\n\r\n", CLOSE,
                               REDIRECT, 300});
    give(site, (struct answer){"HTTP/1.1 304 Not Modified\r\n\r\n", CLOSE, REDIRECT, 304});
    give(site, (struct answer){"HTTP/1.1 308 Permanent Redirect\r\nLocation: /x\r\n\r\n", CLOSE,
                               REDIRECT, 308});
    leave(site);
    peer_expect_nobody(site->server, "Redirects are named, and not followed.");
}

static void client_error(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", CLOSE, CLIENT_ERROR, 404},
        {"HTTP/1.1 499\r\nContent-Length: 0\r\n\r\n", CLOSE, CLIENT_ERROR, 499},
    };

    GIVE_ALL(s, ANSWERS);
}

static void server_error(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nno\n", CLOSE, SERVER_ERROR,
         500},
        {"HTTP/1.1 599\r\nContent-Length: 0\r\n\r\n", CLOSE, SERVER_ERROR, 599},
    };

    GIVE_ALL(s, ANSWERS);
}

/* Their bodies do not matter. */
static void no_body_needed(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\nhalf of", KEEP, SERVER_ERROR, 500},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\nhalf of", CLOSE, CLIENT_ERROR, 404},
        {"HTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n\r\nnone", CLOSE, REDIRECT, 302},
    };

    GIVE_ALL(s, ANSWERS);
}

/* ---- no answer, or half of one ---- */

static void no_answer(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"", CLOSE, NO_ANSWER, 0},
        {"", RESET, NO_ANSWER, 0},
        {"HTTP/1.1 200 OK\r\nContent-Le", CLOSE, NO_ANSWER, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", CLOSE, NO_ANSWER, 0},
        {"HTTP/1.1 200 OK\r\nContent-Le", RESET, NO_ANSWER, 0},
        {"HTTP/1.1 2", RESET, NO_ANSWER, 0},
    };

    GIVE_ALL(s, ANSWERS);
}

static void malformed(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"SSH-2.0-OpenSSH_9.2\r\n", KEEP, MALFORMED, 0},
        {"\x15\x03\x01\x02\x02\x16\r\n", CLOSE, MALFORMED, 0},
        {"HTTP/1.1 20 OK\r\n\r\n", CLOSE, MALFORMED, 0},
        {"HTTP/1.1 200 OK\r\nContent Length: 3\r\n\r\nok\n", CLOSE, MALFORMED, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nok\n", CLOSE, MALFORMED,
         0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nlater\r\n", KEEP,
         MALFORMED, 200},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", CLOSE, MALFORMED, 101},
    };

    GIVE_ALL(s, ANSWERS);
}

static void truncated(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of", CLOSE, TRUNCATED, 200},
        {"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n", CLOSE, TRUNCATED, 201},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", CLOSE, TRUNCATED,
         200},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha", CLOSE, TRUNCATED, 200},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of", RESET, TRUNCATED, 200},
        {"HTTP/1.1 200 OK\r\n\r\nhalf of", RESET, TRUNCATED, 200},
    };

    GIVE_ALL(s, ANSWERS);
}

/* ---- no connection ---- */

static void no_name(struct session *s)
{
    struct site *site = site_new(s);

    session_host(s, "known.test", HOST, NULL);
    add(site, "http://unknown.test/");
    add_own(site, "http", "unknown.test", "/", "/");
    add_own(site, "https", "unknown.test", "/", "/");
    start(site, AMPLE);
    for (int i = 0; i < 3; i++)
        due(site, NO_NAME, 0);
    leave(site);
    peer_expect_nobody(site->server, "The name in the URL is unknown.");
}

static void refused(struct session *s)
{
    struct site *site = site_new(s);

    site->server = peer_refuse(s, HOST);
    add_own(site, "http", HOST, "/", "/");
    add_own(site, "https", HOST, "/", "/");
    start(site, AMPLE);
    due(site, REFUSED, 0);
    due(site, REFUSED, 0);
    leave(site);
}

static void unreachable(struct session *s)
{
    struct site *site = site_new(s);

    add(site, "http://255.255.255.255:8080/"); /* no address of anybody: connect() refuses it */
    add(site, "http://255.255.255.255:");      /* an empty port is the usual one, and no mistake */
    add_pages(site, 1);
    start(site, AMPLE);
    due(site, UNREACHABLE, 0);
    due(site, UNREACHABLE, 0);
    give(site, (struct answer){GOOD, CLOSE, HEALTHY, 200});
    leave(site);
}

/* ---- URLs and arguments ---- */

/*
 * Runs the program with these URLs, "$" in them for a host and port where nobody listens: who
 * connects all the same need not wait. All of them are bad.
 */
static void all_bad(struct session *s, const char *const *urls)
{
    struct site *site = site_new(s);
    const char *at;

    session_host(s, NAME, HOST, NULL); /* so no name server is asked for other names */
    site->server = peer_refuse(s, HOST);
    for (; *urls != NULL; urls++) {
        at = strchr(*urls, '$');
        add(site, at == NULL ? *urls
                             : session_print(s, "%.*s%s:%s%s", (int)(at - *urls), *urls, HOST,
                                             peer_port(site->server), at + 1));
    }
    start(site, AMPLE);
    for (size_t i = 0; i < site->count; i++)
        due(site, BAD_URL, 0);
    leave(site);
    expect_sockets(site->student, 0);
}

static void bad_scheme(struct session *s)
{
    static const char *const URLS[] = {"ftp://$/",   "file:///etc/hostname", "$/",    "//$/",
                                       "https:/$/x", "http:/index.html",     "httpx", NULL};

    all_bad(s, URLS);
}

static void bad_host(struct session *s)
{
    static const char *const URLS[] = {
        "http:///x",          "http://:80/", "http://[::1/", "http://[site.test]/",
        "http://a%62c.test/", "http://a,b/", "http://a\\b/", NULL};

    all_bad(s, URLS);
}

static void bad_port(struct session *s)
{
    static const char *const URLS[] = {"http://127.0.0.1:0/",
                                       "http://127.0.0.1:65536/",
                                       "http://127.0.0.1:8a/",
                                       "http://127.0.0.1:-80/",
                                       "http://$:80/",
                                       "http://127.0.0.1:4294967376/",
                                       NULL};

    all_bad(s, URLS);
}

static void bad_bytes(struct session *s)
{
    static const char *const URLS[] = {"http://$/a b",
                                       " http://$/",
                                       "http://$/a\tb",
                                       "http://$/\xc3\xa4",
                                       "http://$/ HTTP/1.1\r\nX: y\r\n\r\nGET /",
                                       "http://$/\x7f",
                                       "",
                                       NULL};

    all_bad(s, URLS);
}

static void user_info(struct session *s)
{
    static const char *const URLS[] = {"http://user:secret@$/", "http://user@$/", "http://@$/",
                                       "https://a@b@$/", NULL};

    all_bad(s, URLS);
}

/* One line each, in their order, and the status of the first that is not healthy. */
static void several(struct session *s)
{
    struct site *site = site_new(s);

    add_pages(site, 2);
    add(site, "http:/no-host");
    add_pages(site, 2);
    start(site, AMPLE);
    give(site, (struct answer){GOOD, CLOSE, HEALTHY, 200});
    give(site, (struct answer){"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", CLOSE, TRUNCATED,
                               200});
    due(site, BAD_URL, 0);
    give(site, (struct answer){"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", CLOSE,
                               SERVER_ERROR, 500});
    give(site, (struct answer){GOOD, CLOSE, HEALTHY, 200});
    leave(site);
}

static void usage_of(struct session *s, struct peer *server, const char *const words[3], int status)
{
    expect_failure(student_start(s, words[0], words[1], words[2], NULL), status);
    peer_expect_nobody(server, "The command line was wrong.");
}

static void usage(struct session *s)
{
    static const char *const LIMITS[] = {"0", "60001", "-1", "1s", " 10", "", "4294967396"};
    struct site *site = site_new(s);
    const char *url = session_print(s, "http://%s:%s/", HOST, peer_port(site->server));

    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
        usage_of(s, site->server, (const char *const[]){TRUSTED, LIMITS[i], url}, 2);
    usage_of(s, site->server, (const char *const[]){TRUSTED, "1000", NULL}, 2);
}

static void no_authority(struct session *s)
{
    struct site *site = site_new(s);
    const char *url = session_print(s, "http://%s:%s/", HOST, peer_port(site->server));

    session_file(s, "empty.pem", "nobody\n", 7);
    usage_of(s, site->server, (const char *const[]){"missing.pem", "1000", url}, 1);
    usage_of(s, site->server, (const char *const[]){"empty.pem", "1000", url}, 1);
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct site *site = visit(s, 1);
    give(site, (struct answer){GOOD, CLOSE, HEALTHY, 200});
    expect_failure(site->student, 1);
    buffer_free(&site->lines);
}

/* ---- TLS ---- */

static struct tls_identity *certificate_for(struct site *site, const char *names)
{
    return tls_certificate(site->session, site->authority, names, -1, 1);
}

/* Starts the program with so many URLs https://site.test. */
static struct site *visit_secure(struct session *s, size_t count)
{
    struct site *site = site_new(s);

    session_host(s, NAME, HOST, NULL);
    while (count-- > 0) {
        const char *path = session_print(s, "/%06x", session_random(s, 0x1000000));
        add_own(site, "https", NAME, path, path);
    }
    start(site, AMPLE);
    return site;
}

/* The next connection under TLS: the handshake has to succeed. */
static struct line secure(struct site *site, const struct tls_identity *identity)
{
    struct line line = {.link = peer_accept(site->server)};

    line.tls = link_start_tls(line.link, identity);
    if (line.tls == NULL)
        session_blame(site->session, "There was no handshake of TLS, or the program broke it off, "
                                     "although the certificate is for this host, and signed by the "
                                     "authority that the program was given.");
    return line;
}

static void finish_secure(struct line line, bool in_order)
{
    if (in_order)
        tls_finish(line.tls);
    link_close(line.link);
}

static void https(struct session *s)
{
    struct site *site = visit_secure(s, 2);
    struct tls_identity *certificate = certificate_for(site, "DNS:other.test,DNS:site.test");
    struct line line = secure(site, certificate);
    const char *asked = tls_server_name(line.tls);

    if (asked == NULL || strcmp(asked, NAME) != 0)
        session_blame(s,
                      "In the handshake the program asked for the name \"%s\" (SNI); \"%s\" was "
                      "due.",
                      asked == NULL ? "" : asked, NAME);
    take_for(site, line, NAME);
    send_text(line, GOOD);
    finish_secure(line, true);
    due(site, HEALTHY, 200);
    line = secure(site, certificate);
    take_for(site, line, NAME);
    send_text(line, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    finish_secure(line, true);
    due(site, SERVER_ERROR, 503);
    leave(site);
}

static void https_address(struct session *s)
{
    struct site *site = site_new(s);

    add_own(site, "https", HOST, "/", "/");
    start(site, AMPLE);
    struct line line = secure(site, certificate_for(site, "IP:127.0.0.1"));
    take_for(site, line, HOST);
    send_text(line, GOOD);
    finish_secure(line, true);
    due(site, HEALTHY, 200);
    leave(site);
}

/* An end without close_notify may be a stranger's: so it ends no body. */
static void https_cut(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 200 OK\r\n\r\nhalf of", CLOSE, TRUNCATED, 200},
        {GOOD, CLOSE, HEALTHY, 200},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", CLOSE, TRUNCATED,
         200},
        {"HTTP/1.1 200 OK\r\nContent-Le", CLOSE, NO_ANSWER, 0},
    };
    enum { COUNT = sizeof ANSWERS / sizeof *ANSWERS };
    struct site *site = visit_secure(s, COUNT);
    struct tls_identity *certificate = certificate_for(site, "DNS:site.test");

    for (size_t i = 0; i < COUNT; i++) {
        struct line line = secure(site, certificate);
        take_for(site, line, NAME);
        send_text(line, ANSWERS[i].text);
        finish_secure(line, false);
        due(site, ANSWERS[i].word, ANSWERS[i].status);
    }
    leave(site);
}

static void https_until_close(struct session *s)
{
    struct site *site = visit_secure(s, 1);
    struct line line = secure(site, certificate_for(site, "DNS:site.test"));

    take_for(site, line, NAME);
    send_text(line, "HTTP/1.1 200 OK\r\n\r\nok\n");
    finish_secure(line, true);
    due(site, HEALTHY, 200);
    leave(site);
}

/* A certificate that no client may accept. */
static void refuse(struct session *s, struct site *site, const struct tls_identity *identity,
                   const char *why)
{
    struct line line = {.link = peer_accept(site->server)};

    line.tls = link_start_tls(line.link, identity);
    if (line.tls != NULL)
        session_blame(s, "The program took a certificate that %s, and went on.", why);
    link_close(line.link);
    due(site, TLS, 0);
    leave(site);
}

static void other_name(struct session *s)
{
    struct site *site = visit_secure(s, 1);

    refuse(s, site, certificate_for(site, "DNS:other.test,DNS:a.site.test,IP:127.0.0.1"),
           "is for other names");
}

static void expired(struct session *s)
{
    struct site *site = visit_secure(s, 1);

    refuse(s, site, tls_certificate(s, site->authority, "DNS:site.test", -2, -1), "has expired");
}

static void unknown_authority(struct session *s)
{
    struct site *site = visit_secure(s, 1);

    refuse(s, site, tls_certificate(s, tls_authority(s, NULL), "DNS:site.test", -1, 1),
           "nobody signed whom it was told to trust");
}

static void no_tls(struct session *s)
{
    struct site *site = visit_secure(s, 3);
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", CLOSE, TLS, 0},
        {"", CLOSE, TLS, 0},
        {"", RESET, TLS, 0},
    };

    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        struct line line = {.link = peer_accept(site->server)};
        link_expect(line.link, "\x16\x03", 2); /* a record of the handshake begins so */
        send_text(line, ANSWERS[i].text);
        finish_line(line, ANSWERS[i].after);
        due(site, ANSWERS[i].word, ANSWERS[i].status);
    }
    leave(site);
}

/* ---- what may be left behind, and what it may cost ---- */

static void large(struct session *s)
{
    struct site *site = visit(s, 1);
    struct line line = take(site);
    char *bytes = session_alloc(s, MEBIBYTE);

    session_bytes(s, bytes, MEBIBYTE);
    student_settle(site->student);
    long before = student_memory(site->student);
    send_text(line, session_print(s, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE));
    for (int i = 0; i < LARGE / MEBIBYTE; i++) {
        if (i == LARGE / MEBIBYTE - 1) { /* nearly all of it is there */
            link_wait_read(line.link);
            long more = student_memory(site->student) - before;
            if (more > ROOM_KIB)
                session_fail(s,
                             "When %d MiB of the body had come, your program had taken %ld KiB of "
                             "memory for them: they are to be read, and not to be kept.",
                             i, more);
        }
        link_send(line.link, bytes, MEBIBYTE);
    }
    finish_line(line, KEEP);
    due(site, HEALTHY, 200);
    leave(site);
}

static void clean(struct session *s)
{
    static const struct answer ANSWERS[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", KEEP, MALFORMED, 0},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", KEEP, CLIENT_ERROR, 404},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", CLOSE, TRUNCATED, 200},
    };
    struct site *site = site_new(s);

    add_pages(site, 3);
    add(site, "http://@/");
    add_pages(site, 1);
    start(site, AMPLE);
    struct line line = {.link = peer_accept(site->server)};
    student_settle(site->student);
    int held = student_descriptors(site->student);
    take_for(site, line, HOST);
    send_text(line, ANSWERS[0].text);
    finish_line(line, ANSWERS[0].after);
    due(site, ANSWERS[0].word, ANSWERS[0].status);
    give(site, ANSWERS[1]);
    give(site, ANSWERS[2]);
    due(site, BAD_URL, 0);
    line = take(site);
    expect_descriptors(site->student, held);
    send_text(line, GOOD);
    finish_line(line, CLOSE);
    due(site, HEALTHY, 200);
    leave(site);
}

/* ---- time ---- */

/* What is due besides the time. Who wakes too late because the machine was busy gets another try.
 */
static void demand_time(struct site *site, enum word word, int status)
{
    due(site, word, status);
    expect_output(site->student, site->lines.data, site->lines.length);
    expect_ran(site->student, LEAST_MS, LATEST_MS);
    expect_failure(site->student, (int)word);
    buffer_free(&site->lines);
}

static bool was_late(struct session *s, const struct site *site)
{
    return student_ran_ms(site->student) > LATEST_MS && session_again(s);
}

static void connect_timeout(struct session *s)
{
    struct site *site;

    do {
        site = site_new(s);
        site->server = peer_ignore(s, HOST);
        add_own(site, "http", HOST, "/", "/");
        start(site, DEADLINE);
    } while (was_late(s, site));
    demand_time(site, CONNECT_TIMEOUT, 0);
}

/* The connection is made, and TLS is not. */
static void handshake_timeout(struct session *s)
{
    struct site *site;

    do {
        site = site_new(s);
        add_own(site, "https", HOST, "/", "/");
        start(site, DEADLINE);
        link_wait_end(peer_accept(site->server));
    } while (was_late(s, site));
    demand_time(site, CONNECT_TIMEOUT, 0);
}

/*
 * A server that does not answer, or sends a little when much of the time is over.
 */
static void slow_server(struct session *s, const char *little, int status)
{
    struct site *site;

    do {
        site = site_new(s);
        add_own(site, "http", HOST, "/", "/");
        start(site, DEADLINE);
        struct line line = take(site);
        session_wait(s, DEADLINE_MS * 6 / 10);
        send_text(line, little);
        finish_line(line, KEEP);
    } while (was_late(s, site));
    demand_time(site, READ_TIMEOUT, status);
}

static void read_timeout(struct session *s)
{
    slow_server(s, "", 0);
}

static void slow_head(struct session *s)
{
    slow_server(s, "HTTP/1.1 200 OK\r\nContent-Le", 0);
}

static void slow_body(struct session *s)
{
    slow_server(s, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 200);
}

/* The next URL has all of its own time. */
static void time_for_each(struct session *s)
{
    struct site *site = site_new(s);

    add_pages(site, 2);
    start(site, "600"); /* the second is answered much sooner */
    finish_line(take(site), KEEP);
    due(site, READ_TIMEOUT, 0);
    give(site, (struct answer){GOOD, CLOSE, HEALTHY, 200});
    leave(site);
}

static const struct test_case CASES[] = {
    {.name = "healthy",
     .title = "answers that are whole",
     .points = 1,
     .teaches = "The server answered with a status of 2xx and a whole body, or with one that has "
                "none; what it sent behind that does not count.",
     .run = healthy},
    {.name = "chunked",
     .title = "bodies in chunks",
     .points = 1,
     .teaches = "The body came in chunks: it is whole when the last one, of size 0, and the empty "
                "line behind it have come.",
     .run = chunked},
    {.name = "until-close",
     .title = "bodies without a length",
     .points = 1,
     .teaches = "A body without Content-Length and without chunks goes on until the server closes: "
                "its end in order is the end of the body, and no mistake.",
     .run = until_close},
    {.name = "interim",
     .title = "answers of 1xx come first",
     .points = 1,
     .teaches = "103 and 100 announce an answer: the one behind them counts.",
     .run = interim},
    {.name = "targets",
     .title = "what of the URL goes into the request",
     .points = 2,
     .teaches = "The request names path and query as they stand in the URL, \"/\" for an empty "
                "path, and no fragment; the scheme may be in large letters.",
     .run = targets},
    {.name = "ipv6",
     .title = "an IPv6 address",
     .points = 1,
     .teaches = "An IPv6 address stands in brackets, in the URL and in the Host field; connect() "
                "is given it without them.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "in-pieces",
     .title = "an answer byte by byte",
     .points = 1,
     .teaches =
         "The answer came byte by byte, well within the time: it is an answer like any other.",
     .run = in_pieces},
    {.name = "redirect",
     .title = "redirects",
     .points = 2,
     .teaches =
         "A redirect is named, with its status, and not followed: what was asked for is not there.",
     .run = redirect},
    {.name = "client-error",
     .title = "404 and other 4xx",
     .points = 2,
     .teaches = "A status of 4xx is the server's no to what was asked.",
     .run = client_error},
    {.name = "server-error",
     .title = "500 and other 5xx",
     .points = 2,
     .teaches = "A status of 5xx says that the server has failed.",
     .run = server_error},
    {.name = "no-body-needed",
     .title = "a no without its body",
     .points = 1,
     .teaches = "Once the status says no, all is known: the body is not waited for, and need not "
                "be whole.",
     .run = no_body_needed},
    {.name = "no-answer",
     .title = "the connection ends before the head does",
     .points = 2,
     .teaches =
         "The server closed, or reset the connection, before the head of its answer was complete.",
     .run = no_answer},
    {.name = "malformed",
     .title = "answers that are no HTTP",
     .points = 2,
     .teaches = "What came is no HTTP/1: another protocol, bad fields, bad chunks. Where a good "
                "head came before, its status is told.",
     .run = malformed},
    {.name = "truncated",
     .title = "bodies that are cut off",
     .points = 2,
     .teaches = "The head said 200, and then the body broke off: who looks at the status alone "
                "calls that healthy.",
     .run = truncated},
    {.name = "no-name",
     .title = "an unknown name",
     .points = 2,
     .teaches = "The name of the host is unknown: nobody can be asked, and nothing is refused.",
     .run = no_name},
    {.name = "refused",
     .title = "nobody listens",
     .points = 2,
     .teaches = "Nobody listens at the port: the machine is there, the service is not.",
     .run = refused},
    {.name = "unreachable",
     .title = "no way to the address",
     .points = 1,
     .teaches =
         "There is no way to the address: connect() fails at once, and not with ECONNREFUSED.",
     .run = unreachable},
    {.name = "bad-scheme",
     .title = "URLs of no scheme, or of another one",
     .points = 1,
     .teaches = "Only http:// and https:// are probed: what else begins a URL makes it a bad one, "
                "and nothing is connected to.",
     .run = bad_scheme},
    {.name = "bad-host",
     .title = "URLs without a good host",
     .points = 1,
     .teaches =
         "Behind the two slashes stands a name, an IPv4 address, or an IPv6 address in brackets.",
     .run = bad_host},
    {.name = "bad-port",
     .title = "URLs without a good port",
     .points = 1,
     .teaches = "A port is a number from 1 to 65535, and digits only: others are not to be cut "
                "down to one that fits.",
     .run = bad_port},
    {.name = "bad-bytes",
     .title = "URLs with blanks, line ends and other bytes",
     .points = 1,
     .teaches = "A URL with a blank, a control or a byte beyond ASCII is a bad one: with a line "
                "end in it, it would become a second request.",
     .run = bad_bytes},
    {.name = "user-info",
     .title = "URLs with user and password",
     .points = 1,
     .teaches = "A URL that holds a user, or just an @ in front of the host, is refused: it is not "
                "a host that begins there.",
     .run = user_info},
    {.name = "several",
     .title = "several URLs, good and bad",
     .points = 2,
     .teaches = "Each URL has a line, in their order; the exit status is that of the first that is "
                "not healthy, not the last and not the largest.",
     .run = several},
    {.name = "https",
     .title = "https",
     .points = 2,
     .teaches = "The certificate was for the host, beside another name, and signed by the "
                "authority that the program was given.",
     .run = https},
    {.name = "https-address",
     .title = "https with an address",
     .points = 1,
     .teaches = "The host is an address, and the certificate is for this address.",
     .run = https_address},
    {.name = "https-until-close",
     .title = "https, a body without a length",
     .points = 1,
     .teaches = "Under TLS a body without a length ends in order when close_notify comes.",
     .run = https_until_close},
    {.name = "https-cut",
     .title = "https, cut off without close_notify",
     .points = 2,
     .teaches = "Under TLS an end without close_notify may be a stranger's: it ends no body, but "
                "one that is whole already.",
     .run = https_cut},
    {.name = "other-name",
     .title = "a certificate for another name",
     .points = 2,
     .teaches = "The certificate was good, and for another host: whoever has one for some name "
                "could else be every host.",
     .run = other_name},
    {.name = "expired",
     .title = "a certificate that has expired",
     .points = 1,
     .teaches = "The certificate expired yesterday.",
     .run = expired},
    {.name = "unknown-authority",
     .title = "a certificate of an unknown authority",
     .points = 1,
     .teaches =
         "The certificate was signed by an authority that the program was not told to trust.",
     .run = unknown_authority},
    {.name = "no-tls",
     .title = "no TLS at the other end",
     .points = 1,
     .teaches = "The connection was made, and TLS was not: the server answered in plain HTTP, or "
                "left in the handshake.",
     .run = no_tls},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, before anything is sent.",
     .run = usage},
    {.name = "no-authority",
     .title = "an authority that cannot be read",
     .points = 1,
     .teaches = "Without the file that says whom to trust nothing is probed, also no http URL: "
                "status 1 and a message.",
     .run = no_authority},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says whether that worked.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Each connection is closed before the next one is made, also after an error, and "
                "all memory is freed.",
     .run = clean,
     .leaks = true},
    {.name = "large",
     .title = "32 MiB of body",
     .points = 1,
     .teaches = "The body is read to its end and not kept: memory must not grow with it.",
     .run = large},
    {.name = "time-for-each",
     .title = "one URL takes all its time, the next one is good",
     .points = 1,
     .teaches = "The deadline is that of one URL: the next one has all of its own time.",
     .run = time_for_each},
    {.name = "connect-timeout",
     .title = "nobody answers the connect",
     .points = 2,
     .teaches =
         "The port neither took the connection nor refused it: connect() would wait for minutes.",
     .run = connect_timeout},
    {.name = "handshake-timeout",
     .title = "the handshake is not answered",
     .points = 1,
     .teaches = "The connection was made, and the handshake of TLS had no answer: nothing was "
                "asked yet, so it still counts as connecting.",
     .run = handshake_timeout},
    {.name = "read-timeout",
     .title = "the request is not answered",
     .points = 2,
     .teaches = "The server took the request and said nothing until the time was over.",
     .run = read_timeout},
    {.name = "slow-head",
     .title = "half a head, late",
     .points = 1,
     .teaches = "The server sent half a head when 60 % of the time was over: the deadline stays "
                "where it was, or a server that drips holds the program for ever.",
     .run = slow_head},
    {.name = "slow-body",
     .title = "half a body, late",
     .points = 1,
     .teaches = "The server sent half a body when 60 % of the time was over: one deadline is for "
                "the whole probe, and the status that came is told.",
     .run = slow_body},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
