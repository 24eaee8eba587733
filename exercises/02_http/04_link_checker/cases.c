/* Exercise 2.4, link checker: what is tried, and how. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum {
    PATHS_MOST = 8,
    DEADLINE_MS = 400,
    LEAST_MS = DEADLINE_MS * 8 / 10,
    LATEST_MS = DEADLINE_MS * 12 / 10,
    HEAD_FITS = 60000,
    ANSWER_MOST = 120000, /* of those that are made by answer() */
    HEAD_TOO_LONG = 300000,
    MEBIBYTE = 1 << 20,
    LARGE = 48 * MEBIBYTE,
    ROOM_KIB = 24 * 1024 /* while the program reads; its log alone may take 16 of these 24 MiB */
};

static const char AMPLE[] = "30000", DEADLINE[] = "400";

/* What the server does when an answer is sent. */
enum after {
    KEEP, /* nothing: the connection stays open until the program closes it */
    CLOSE,
    RESET
};

/* One run of the program, and what it has to print. */
struct site {
    struct session *session;
    const char *method;
    struct peer *server;
    struct student *student;
    const char *paths[PATHS_MOST + 1]; /* up to a NULL */
    size_t next;
    struct buffer lines;
};

static void no_memory(struct session *s)
{
    session_fail(s, "The harness has no memory left.");
}

/* Paths that no program can know, each beginning with its number. */
static struct site *make_site(struct session *s, const char *method, size_t count)
{
    struct site *site = session_alloc(s, sizeof *site);

    *site = (struct site){.session = s, .method = method};
    for (size_t i = 0; i < count; i++)
        site->paths[i] = session_print(s, "/%zu/%06x.html?q=%02x", i + 1,
                                       session_random(s, 0x1000000), session_random(s, 256));
    return site;
}

static void start_with(struct site *site, const char *host, const char *ms)
{
    const char *const *p = site->paths;

    site->student = student_start(site->session, site->method, host, peer_port(site->server), ms,
                                  p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], NULL);
}

/* Starts the program with count paths and much time. */
static struct site *visit(struct session *s, const char *method, size_t count)
{
    struct site *site = make_site(s, method, count);

    site->server = peer_listen(s, "127.0.0.1");
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    start_with(site, peer_host(site->server), AMPLE);
    return site;
}

/* What a line holds, as far as it can be shown: CR as \\r, other bytes as dots. */
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

static void expect_line(struct session *s, struct link *link, const char *line)
{
    size_t length, due = strlen(line);
    const char *got = link_line(link, &length);

    if (length != due + 1 || memcmp(got, line, due) != 0 || got[due] != '\r')
        session_blame(s, "A line of the request is \"%s\"; \"%s\\r\" was due.",
                      shown(s, got, length), line);
}

/*
 * Takes the next connection and the request on it, which names the host like this. Line by line,
 * because one of them holds the port, which differs in each run.
 */
static struct link *take_from(struct site *site, const char *host)
{
    struct session *s = site->session;
    struct link *link = peer_accept(site->server);

    expect_line(s, link,
                session_print(s, "%s %s HTTP/1.1", site->method, site->paths[site->next++]));
    expect_line(s, link, session_print(s, "Host: %s:%s", host, peer_port(site->server)));
    expect_line(s, link, "Connection: close");
    expect_line(s, link, "");
    return link;
}

static struct link *take(struct site *site)
{
    return take_from(site, peer_host(site->server));
}

/* Notes the line that is due for the path asked for last: "200 text/html 17". */
static void due(struct site *site, const char *words)
{
    if (buffer_print(&site->lines, "%s %s\n", words, site->paths[site->next - 1]) == -1)
        no_memory(site->session);
}

static void finish_link(struct link *link, enum after after)
{
    if (after == RESET) {
        link_wait_read(link);
        link_reset(link);
        return;
    }
    if (after == KEEP)
        link_wait_end(link);
    link_close(link);
}

/* Answers the next request with these bytes. */
static void answer_bytes(struct site *site, enum after after, const char *words, const void *bytes,
                         size_t length)
{
    struct link *link = take(site);

    link_send(link, bytes, length);
    finish_link(link, after);
    due(site, words);
}

static void answer(struct site *site, enum after after, const char *words, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The same with a text. */
static void answer(struct site *site, enum after after, const char *words, const char *format, ...)
{
    char *text = session_alloc(site->session, ANSWER_MOST);
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, ANSWER_MOST, format, arguments);
    va_end(arguments);
    answer_bytes(site, after, words, text, (size_t)length);
}

/* An answer that nothing is wrong with: after whatever came before, the program still works. */
static void good_answer(struct site *site, enum after after)
{
    struct session *s = site->session;
    size_t length = 10 + session_random(s, 400);
    char *text = session_alloc(s, length + 1);

    session_text(s, text, length);
    answer(site, after, session_print(s, "200 text/html %zu", length),
           "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n\r\n%s", length,
           text);
}

static void leave(struct site *site, int status)
{
    expect_output(site->student, site->lines.data, site->lines.length);
    expect_exit(site->student, status);
    buffer_free(&site->lines);
}

/* ---- where an answer ends ---- */

static void length(struct session *s)
{
    struct site *site = visit(s, "GET", 1);

    good_answer(site, CLOSE);
    leave(site, 0);
}

static void several(struct session *s)
{
    struct site *site = visit(s, "GET", 4);

    good_answer(site, CLOSE);
    answer(site, CLOSE, "404 text/plain 9",
           "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nnot "
           "here\n");
    answer(site, CLOSE, "301 - 0",
           "HTTP/1.1 301 Moved Permanently\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    good_answer(site, CLOSE);
    leave(site, 1);
    site = visit(s, "GET", 2);
    answer(site, CLOSE, "399 - 0", "HTTP/1.1 399 Almost\r\nContent-Length: 0\r\n\r\n");
    answer(site, CLOSE, "204 - 0", "HTTP/1.1 204\r\n\r\n");
    leave(site, 0);
}

static void kept_open(struct session *s)
{
    struct site *site = visit(s, "GET", 3);

    good_answer(site, KEEP);
    answer(site, KEEP, "200 - 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    good_answer(site, KEEP);
    leave(site, 0);
}

/* A chunk of that many bytes of text behind a size line, as an own size or number. */
static void add_chunk(struct session *s, struct buffer *b, const char *size_line, size_t size)
{
    char *text = session_alloc(s, size + 1);

    session_text(s, text, size);
    if (buffer_print(b, "%s\r\n%s\r\n", size_line, text) == -1)
        no_memory(s);
}

static struct buffer *chunked_head(struct session *s, const char *coding)
{
    struct buffer *b = session_alloc(s, sizeof *b);

    *b = (struct buffer){0};
    if (buffer_print(b, "HTTP/1.1 200 OK\r\ntransfer-ENCODING:%s\r\nContent-Type: text/css\r\n\r\n",
                     coding) == -1)
        no_memory(s);
    return b;
}

static void add_text(struct session *s, struct buffer *b, const char *text)
{
    if (buffer_add(b, text, strlen(text)) == -1)
        no_memory(s);
}

static void chunked(struct session *s)
{
    struct site *site = visit(s, "GET", 3);
    size_t one = 10 + session_random(s, 6), two = 160 + session_random(s, 16),
           three = 2 + session_random(s, 7);
    struct buffer *b = chunked_head(s, " chunked");

    add_chunk(s, b, session_print(s, "%zx", one), one);
    add_chunk(s, b, session_print(s, "%zX;name=\"a value\"", two), two);
    add_chunk(s, b, session_print(s, "000%zx", three), three);
    add_text(s, b, "0\r\n\r\n");
    answer_bytes(site, KEEP, session_print(s, "200 text/css %zu", one + two + three), b->data,
                 b->length);
    b = chunked_head(s, "Chunked  ");
    add_chunk(s, b, session_print(s, "%zx", two), two);
    add_text(s, b, "00;last\r\nX-Checksum: 77\r\nContent-Length: 3\r\n\r\n");
    answer_bytes(site, KEEP, session_print(s, "200 text/css %zu", two), b->data, b->length);
    b = chunked_head(s, " chunked");
    add_text(s, b, "0\r\n\r\n");
    answer_bytes(site, KEEP, "200 text/css 0", b->data, b->length);
    leave(site, 0);
}

static void until_close(struct session *s)
{
    struct site *site = visit(s, "GET", 3);
    size_t many = 100 + session_random(s, 900);
    char *text = session_alloc(s, many + 1);

    session_text(s, text, many);
    answer(site, CLOSE, session_print(s, "200 text/plain %zu", many),
           "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s", text);
    answer(site, CLOSE, session_print(s, "200 - %zu", many),
           "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%s", text);
    answer(site, CLOSE, "503 - 0", "HTTP/1.1 503 \r\n\r\n");
    leave(site, 1);
}

static void head(struct session *s)
{
    struct site *site = visit(s, "HEAD", 4);
    unsigned many = 1000 + session_random(s, 100000);

    answer(site, KEEP, session_print(s, "200 image/png %u", many),
           "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %u\r\n\r\n", many);
    answer(site, KEEP, "200 text/html -",
           "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
    answer(site, KEEP, "200 text/html -", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
    answer(site, CLOSE, "404 - 12", "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\n");
    leave(site, 1);
}

static void no_content(struct session *s)
{
    struct site *site = visit(s, "GET", 4);

    answer(site, KEEP, "204 - 0", "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n");
    answer(site, KEEP, "304 - 0", "HTTP/1.1 304 Not Modified\r\nContent-Length: %u\r\n\r\n",
           100 + session_random(s, 1000));
    answer(site, KEEP, "304 text/css 0",
           "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n"
           "Content-Type: text/css\r\n\r\n");
    good_answer(site, KEEP);
    leave(site, 0);
}

static void interim(struct session *s)
{
    struct site *site = visit(s, "GET", 2);

    answer(site, KEEP, "200 text/html 4",
           "HTTP/1.1 100 Continue\r\n\r\n"
           "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n"
           "Content-Type: text/plain\r\n\r\n"
           "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/html\r\n\r\nlast");
    struct link *link = take(site);
    static const char first[] = "HTTP/1.1 103 Early Hints\r\nContent-Type: text/css\r\n\r\n";
    link_send(link, first, sizeof first - 1);
    link_wait_read(link); /* and only then what counts */
    static const char second[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    link_send(link, second, sizeof second - 1);
    finish_link(link, KEEP);
    due(site, "404 - 0");
    leave(site, 1);
}

/* Every byte arrives alone. */
static void in_pieces(struct session *s)
{
    struct site *site = visit(s, "GET", 2);
    static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                "Content-Length: 6\r\n\r\nabc\r\n\n";
    static const char chunks[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "3\r\nabc\r\n0b\r\n0\r\n\r\nabcdef\r\n0\r\nA: b\r\n\r\n";
    size_t sizes[sizeof chunks] = {0};
    struct link *link = take(site);

    for (size_t i = 0; i < sizeof plain - 2; i++)
        sizes[i] = 1;
    link_send_pieces(link, plain, sizeof plain - 1, sizes);
    finish_link(link, KEEP);
    due(site, "200 text/plain 6");
    link = take(site);
    for (size_t i = 0; i < sizeof chunks - 2; i++)
        sizes[i] = 1;
    link_send_pieces(link, chunks, sizeof chunks - 1, sizes);
    finish_link(link, KEEP);
    due(site, "200 - 14");
    leave(site, 0);
}

/* Content that looks like the end of a head, of chunks and of strings. */
static void binary(struct session *s)
{
    struct site *site = visit(s, "GET", 3);
    static const char trap[] = "\0\r\n\r\n0\r\n\r\nHTTP/1.1 500 Trap\r\n\r\n";
    char content[3000];

    session_bytes(s, content, sizeof content);
    memcpy(content, trap, sizeof trap);
    memcpy(content + 2000, trap, sizeof trap);
    for (int kind = 0; kind < 3; kind++) {
        struct buffer *b = session_alloc(s, sizeof *b);
        *b = (struct buffer){0};
        add_text(s, b, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n");
        add_text(s, b,
                 kind == 0   ? "Content-Length: 3000\r\n\r\n"
                 : kind == 1 ? "Transfer-Encoding: chunked\r\n\r\nbb8\r\n"
                             : "\r\n");
        if (buffer_add(b, content, sizeof content) == -1)
            no_memory(s);
        add_text(s, b, kind == 1 ? "\r\n0\r\n\r\n" : "");
        answer_bytes(site, kind == 2 ? CLOSE : KEEP, "200 image/png 3000", b->data, b->length);
    }
    leave(site, 0);
}

/* A second answer behind the first, on the same connection and in the same packet. */
static void surplus(struct session *s)
{
    struct site *site = visit(s, "GET", 2);
    static const char more[] = "HTTP/1.1 500 Not Asked For\r\nContent-Length: 3\r\n\r\nbad";

    answer(site, KEEP, "200 text/html 2",
           "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok%s", more);
    answer(site, KEEP, "200 - 2",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n%s", more);
    leave(site, 0);
}

/* ---- what is no answer, or not all of one ---- */

static void truncated(struct session *s)
{
    struct site *site = visit(s, "GET", 6);
    static const char words[] = "error truncated -";

    answer(site, CLOSE, words, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n%.*s",
           1 + (int)session_random(s, 49), "01234567890123456789012345678901234567890123456789");
    answer(site, CLOSE, words,
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na\r\nhell");
    answer(site, CLOSE, words,
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n");
    answer(site, CLOSE, words, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n");
    answer(site, CLOSE, words, "%s", "");
    good_answer(site, CLOSE);
    leave(site, 1);
}

static void broken_off(struct session *s)
{
    struct site *site = visit(s, "GET", 3);

    answer(site, RESET, "error truncated -",
           "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>half of");
    answer(site, RESET, "error truncated -", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234");
    good_answer(site, CLOSE);
    leave(site, 1);
}

/* One answer after another that is wrong, each on a connection that stays open. */
static void refuse_each(struct session *s, const char *const *texts, size_t count)
{
    struct site *site = visit(s, "GET", count + 1);

    for (size_t i = 0; i < count; i++)
        answer(site, KEEP, "error malformed -", "%s", texts[i]);
    good_answer(site, CLOSE);
    leave(site, 1);
}

static void bad_length(struct session *s)
{
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5 bytes\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\nhello",
    };

    refuse_each(s, texts, sizeof texts / sizeof *texts);
}

static void bad_chunk(struct session *s)
{
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    static const char *const texts[] = {
        CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", CHUNKED "+5\r\nhello\r\n0\r\n\r\n",
        CHUNKED "\r\nhello\r\n0\r\n\r\n",    CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n",
        CHUNKED "5\r\nhello..0\r\n\r\n",     CHUNKED "5 5\r\nhello\r\n0\r\n\r\n",
    };

    refuse_each(s, texts, sizeof texts / sizeof *texts);
}

static void smuggling(struct session *s)
{
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 15\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length : 9\r\n\r\nhello",
    };

    refuse_each(s, texts, sizeof texts / sizeof *texts);
}

static void malformed(struct session *s)
{
    static const char *const texts[] = {
        "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nServer: x\r\n Content-Length: 0\r\n\r\n",
    };

    refuse_each(s, texts, sizeof texts / sizeof *texts);
}

/* A head as long as it may be nearly, then one that never ends. */
static void endless_head(struct session *s)
{
    struct site *site = visit(s, "GET", 3);
    char *text = session_alloc(s, HEAD_TOO_LONG + 1);
    int at = snprintf(text, HEAD_TOO_LONG, "HTTP/1.1 200 OK\r\n");

    while (at < HEAD_FITS)
        at += snprintf(text + at, (size_t)(HEAD_TOO_LONG - at), "X-Field-%d: %06x\r\n", at,
                       session_random(s, 0x1000000));
    at += snprintf(text + at, (size_t)(HEAD_TOO_LONG - at),
                   "Content-Type: text/html\r\nContent-Length: 4\r\n\r\nfits");
    answer_bytes(site, KEEP, "200 text/html 4", text, (size_t)at);
    struct link *link = take(site);
    at = snprintf(text, HEAD_TOO_LONG, "HTTP/1.1 200 OK\r\nX: ");
    memset(text + at, 'x', (size_t)(HEAD_TOO_LONG - at));
    link_queue(link, text, HEAD_TOO_LONG);
    finish_link(link, KEEP);
    due(site, "error malformed -");
    good_answer(site, CLOSE);
    leave(site, 1);
}

/* ---- the line, the request ---- */

static void type(struct session *s)
{
    struct site *site = visit(s, "GET", 6);
    static const char *const types[][2] = {
        {"content-type: Text/HTML; charset=UTF-8", "text/html"},
        {"CONTENT-TYPE:\tapplication/ld+json \t;q=1\t", "application/ld+json"},
        {"Content-Type:image/svg+xml;", "image/svg+xml"},
        {"X-Content-Type: text/html", "-"},
        {"Content-Type: text", "-"},
        {"Content-Type: text/\033[31mhtml", "-"},
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        answer(site, CLOSE, session_print(s, "200 %s 2", types[i][1]),
               "HTTP/1.1 200 OK\r\n%s\r\ncontent-length: \t2 \r\n\r\nok", types[i][0]);
    leave(site, 0);
}

static void ipv6(struct session *s)
{
    struct site *site = make_site(s, "GET", 1);
    struct link *link;

    site->server = peer_listen(s, "::1");
    session_closes_early(s);
    start_with(site, "::1", AMPLE);
    link = take_from(site, "[::1]");
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    link_send(link, ok, sizeof ok - 1);
    finish_link(link, CLOSE);
    due(site, "200 - 0");
    leave(site, 0);
}

static void unreachable(struct session *s)
{
    struct site *site = make_site(s, "GET", 2);

    site->server = peer_refuse(s, "127.0.0.1");
    start_with(site, "127.0.0.1", AMPLE);
    while (site->paths[site->next] != NULL) {
        site->next++;
        due(site, "error unreachable -");
    }
    leave(site, 1);
}

static void usage_of(struct session *s, struct peer *server, const char *const words[5])
{
    struct student *p = student_start(s, words[0], words[1], words[2], words[3], words[4], NULL);

    expect_failure(p, 2);
    peer_expect_nobody(server, "The command line was wrong.");
}

static void usage(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    const char *port = peer_port(server);

    usage_of(s, server, (const char *const[]){"GET", "127.0.0.1", port, "1000", NULL});
    usage_of(s, server, (const char *const[]){"POST", "127.0.0.1", port, "1000", "/"});
    usage_of(s, server, (const char *const[]){"GET", "127.0.0.1", port, "1s", "/"});
    usage_of(s, server, (const char *const[]){"GET", "127.0.0.1", "65536", "1000", "/"});
    usage_of(s, server, (const char *const[]){"GET", "127.0.0.1", port, "1000", "index.html"});
}

/* What would become a request of its own, or another field. */
static void injected(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    const char *port = peer_port(server);

    usage_of(s, server,
             (const char *const[]){"GET", "127.0.0.1", port, "1000",
                                   "/a HTTP/1.1\r\nHost: x\r\n\r\nDELETE /b"});
    usage_of(s, server, (const char *const[]){"GET", "127.0.0.1", port, "1000", "/a b"});
    struct site *site = make_site(s, "GET", 1);
    site->server = server;
    site->paths[0] = session_print(s, "/%%0d%%0a~?\"'[]%x", session_random(s, 4096));
    start_with(site, "127.0.0.1", AMPLE); /* others are asked for as they are */
    good_answer(site, CLOSE);
    leave(site, 0);
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct site *site = visit(s, "GET", 1);
    good_answer(site, CLOSE);
    expect_failure(site->student, 1);
    buffer_free(&site->lines);
}

static void clean(struct session *s)
{
    struct site *site = visit(s, "GET", 4);
    int held;

    struct link *link = take(site);
    student_settle(site->student);
    held = student_descriptors(site->student);
    static const char bad[] = "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n";
    link_send(link, bad, sizeof bad - 1);
    finish_link(link, KEEP);
    due(site, "error malformed -");
    good_answer(site, KEEP);
    answer(site, CLOSE, "error truncated -", "HTTP/1.1 200 OK\r\n");
    link = take(site);
    expect_descriptors(site->student, held);
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    link_send(link, ok, sizeof ok - 1);
    finish_link(link, CLOSE);
    due(site, "200 - 0");
    leave(site, 1);
}

/* ---- content without end, servers without an answer ---- */

static void large(struct session *s)
{
    struct site *site = visit(s, "GET", 1);
    struct link *link = take(site);
    char *bytes = session_alloc(s, MEBIBYTE);

    session_bytes(s, bytes, MEBIBYTE);
    student_settle(site->student);
    long before = student_memory(site->student);
    const char *first = session_print(
        s, "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n", LARGE);
    link_send(link, first, strlen(first));
    for (int i = 0; i < LARGE / MEBIBYTE; i++) {
        if (i == LARGE / MEBIBYTE - 1) { /* nearly all of it is there */
            link_wait_read(link);
            long more = student_memory(site->student) - before;
            if (more > ROOM_KIB)
                session_fail(s,
                             "When %d MiB of the content had come, your program had taken %ld KiB "
                             "of memory for them: they are to be counted, and not to be kept.",
                             i, more);
        }
        link_send(link, bytes, MEBIBYTE);
    }
    finish_link(link, KEEP);
    due(site, session_print(s, "200 video/mp4 %d", LARGE));
    leave(site, 0);
}

/*
 * A server that does not answer, or sends a little when much of the time is over. Who wakes too
 * late because the machine was busy gets another try.
 */
static void slow_server(struct session *s, const char *little)
{
    struct site *site = make_site(s, "GET", 1); /* the same path in each try */
    int ran;

    session_closes_early(s);
    do {
        site->next = 0;
        buffer_free(&site->lines);
        site->server = peer_listen(s, "127.0.0.1");
        start_with(site, peer_host(site->server), DEADLINE);
        struct link *link = take(site);
        session_wait(s, DEADLINE_MS * 6 / 10);
        link_send(link, little, strlen(little));
        finish_link(link, KEEP);
        ran = student_ran_ms(site->student);
        due(site, "error timeout -");
    } while (ran > LATEST_MS && session_again(s));
    expect_ran(site->student, LEAST_MS, LATEST_MS);
    leave(site, 1);
}

static void silent(struct session *s)
{
    slow_server(s, "");
}

static void trickle_of_head(struct session *s)
{
    slow_server(s, "HTTP/1.1 200 OK\r\nContent-Le");
}

static void trickle_of_content(struct session *s)
{
    slow_server(s, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
}

/* The next path has all of its own time. */
static void silent_then_good(struct session *s)
{
    struct site *site = make_site(s, "GET", 2);

    site->server = peer_listen(s, "127.0.0.1");
    session_closes_early(s);
    start_with(site, peer_host(site->server), "600"); /* the second is answered much sooner */
    struct link *link = take(site);
    finish_link(link, KEEP);
    due(site, "error timeout -");
    good_answer(site, KEEP);
    leave(site, 1);
}

static const struct test_case CASES[] = {
    {.name = "length",
     .title = "an answer with Content-Length",
     .points = 1,
     .teaches = "The server sent an answer with Content-Length, and closed the connection.",
     .run = length},
    {.name = "several",
     .title = "several paths, some with other statuses",
     .points = 1,
     .teaches = "Each path has a connection and a line of its own; a status from 400 on makes the "
                "exit status 1, a redirection does not.",
     .run = several},
    {.name = "kept-open",
     .title = "the server leaves the connection open",
     .points = 2,
     .teaches = "The content was complete by its Content-Length, and the server did not close: it "
                "is the length that says where the answer ends, not the end of the connection.",
     .run = kept_open},
    {.name = "chunked",
     .title = "content in chunks",
     .points = 3,
     .teaches = "The length of chunked content is the sum of its chunks: sizes are hexadecimal, in "
                "either case, perhaps with zeros in front; extensions and trailers do not count.",
     .run = chunked},
    {.name = "until-close",
     .title = "content that ends with the connection",
     .points = 1,
     .teaches =
         "Without Content-Length and Transfer-Encoding, the end of the connection is the end "
         "of the content, with HTTP/1.0 as with HTTP/1.1.",
     .run = until_close},
    {.name = "head",
     .title = "HEAD",
     .points = 2,
     .teaches = "The answer to HEAD has no content, whatever its fields say; its Content-Length is "
                "that of the answer to GET, and may be missing.",
     .run = head},
    {.name = "no-content",
     .title = "204 and 304",
     .points = 2,
     .teaches = "Answers with 204 and 304 end with their heads, whatever their fields say, and the "
                "connection may stay open.",
     .run = no_content},
    {.name = "interim",
     .title = "100 and 103 before the answer",
     .points = 2,
     .teaches = "A status of 1xx announces an answer: its head is read and forgotten, fields and "
                "all, and then comes another head.",
     .run = interim},
    {.name = "in-pieces",
     .title = "every byte arrives alone",
     .points = 2,
     .teaches = "The answer came byte by byte: a line end, a size and the empty line can be cut "
                "anywhere.",
     .run = in_pieces},
    {.name = "binary",
     .title = "content of any bytes",
     .points = 2,
     .teaches = "The content holds NUL bytes, empty lines, and what looks like the last chunk: "
                "only the framing says where it ends.",
     .run = binary},
    {.name = "surplus",
     .title = "a second answer behind the first",
     .points = 1,
     .teaches = "What stands behind a complete answer was not asked for, and is no part of it.",
     .run = surplus},
    {.name = "truncated",
     .title = "the connection ends too early",
     .points = 3,
     .teaches = "The connection ended before the answer was complete: that is an error, and not a "
                "shorter answer.",
     .run = truncated},
    {.name = "broken-off",
     .title = "the server resets the connection",
     .points = 2,
     .teaches = "A reset is no end: content that goes on until the connection ends is truncated by "
                "it, for nobody knows what was lost.",
     .run = broken_off},
    {.name = "bad-length",
     .title = "a Content-Length that is no number",
     .points = 2,
     .teaches = "Content-Length is digits and nothing else. strtol() takes a sign, skips blanks, "
                "ignores what is behind, and needs errno to tell that a number is too great.",
     .run = bad_length},
    {.name = "bad-chunk",
     .title = "chunks that are none",
     .points = 2,
     .teaches = "A chunk's size is hexadecimal digits, 0x5 and +5 are not; one that is too great "
                "must not wrap around; and behind the data stands CR LF.",
     .run = bad_chunk},
    {.name = "smuggling",
     .title = "an answer with two ends",
     .points = 2,
     .teaches = "The head says two things about the length. Whoever picks one may see another "
                "answer than the proxy in front of him did: such an answer is refused.",
     .run = smuggling},
    {.name = "malformed",
     .title = "what is no answer",
     .points = 1,
     .teaches = "The server said something that is no HTTP/1 head: it is refused at once, and the "
                "next path is checked.",
     .run = malformed},
    {.name = "endless-head",
     .title = "a head of 60,000 bytes, and one without end",
     .points = 2,
     .teaches = "A head may have 65,536 bytes; one that is longer is refused without waiting for "
                "its end, or a server fills the program's memory.",
     .run = endless_head},
    {.name = "type",
     .title = "the media type",
     .points = 1,
     .teaches = "Field names are compared without regard to case, blanks around a value and in "
                "front of its ; do not count, parameters are cut off, and what is no media type "
                "is printed as -.",
     .run = type},
    {.name = "ipv6",
     .title = "the server's address is IPv6",
     .points = 1,
     .teaches = "In the Host field an IPv6 address stands in brackets: else nobody can tell its "
                "last group from the port.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "unreachable",
     .title = "nobody listens",
     .points = 1,
     .teaches = "Nobody listened at the port: that is a result too, one line for each path.",
     .run = unreachable},
    {.name = "injected",
     .title = "a path with blanks or line ends",
     .points = 1,
     .teaches = "A path with a line end in it would become a second request, one with a blank "
                "another version: it is refused before anything is sent.",
     .run = injected},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, before anything is sent.",
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
                "simply be made again, with the time that is left.",
     .run = in_pieces,
     .faults = "eintr"},
    {.name = "large",
     .title = "48 MiB of content",
     .points = 2,
     .teaches = "Content is counted, not kept: memory must not grow with it.",
     .run = large},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Each connection is closed before the next one is made, also after an error, and "
                "all memory is freed.",
     .run = clean,
     .leaks = true},
    {.name = "silent-then-good",
     .title = "one path is not answered, the next one is",
     .points = 1,
     .teaches = "The server took the first request and said nothing: when MS milliseconds are over "
                "the connection is closed, and the next path is checked.",
     .run = silent_then_good},
    {.name = "silent",
     .title = "the server never answers",
     .points = 2,
     .teaches = "The server took the request and said nothing: the program must give up after MS "
                "milliseconds, not earlier and not much later.",
     .run = silent},
    {.name = "slow-head",
     .title = "half a head, late",
     .points = 1,
     .teaches = "The server sent half a head when 60 % of the time was over: the deadline stays "
                "where it was, or a server that drips holds the program for ever.",
     .run = trickle_of_head},
    {.name = "slow-content",
     .title = "half of the content, late",
     .points = 1,
     .teaches = "The server sent half of the content when 60 % of the time was over: one deadline "
                "is for the whole answer, head and content.",
     .run = trickle_of_content},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
