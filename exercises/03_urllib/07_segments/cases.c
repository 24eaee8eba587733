/* Exercise 3.7, download in segments: what is tried, and how. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "harness/harness.h"

enum {
    SEGMENTS = 4,
    ATTEMPTS = 3,
    REQUESTS = 1 + SEGMENTS * ATTEMPTS,
    QUIET_MS = 250, /* how long nothing may come, where that is tried */
    LATEST_MS = ATTEMPTS * QUIET_MS * 14 / 10,
    SLOW_MS = 600,
    LARGE = 32 << 20,
    ROOM_KIB = 16 * 1024 /* while LARGE bytes come; the log alone may take some of them */
};

static const char AMPLE[] = "20000", QUIET[] = "250", SLOW[] = "600";
static const char NOT_WHOLE[] =
    "Not all of it has come, and whoever finds it takes it for the whole file: until then the "
    "bytes belong into FILE.part.";
static const char NOT_MADE[] = "The download failed: there must be no FILE.";

/* How one request of a segment is answered. */
enum how {
    GOOD,
    ALL,         /* 200, and the whole file */
    CUT_HALF,    /* half of it, and the end */
    RESET_HALF,  /* half of it, and a reset */
    CUT_HEAD,    /* half a head */
    CUT_NONE,    /* the end, and not a byte */
    CUT_ALL,     /* 200, cut off in the middle of the segment */
    SHORT,       /* Content-Length is of half of it, and that comes */
    OTHER_TAG,   /* 206 with the right range and another ETag */
    NO_TAG,      /* the same without */
    WEAK_TAG,    /* the same with a weak one */
    NEW_FILE,    /* 200, another ETag and other bytes */
    OTHER_RANGE, /* 206 of the bytes behind */
    OTHER_START, /* 206 of all of the segment, where a part was asked for */
    OTHER_TOTAL, /* 206, and the file is said to be longer */
    NO_RANGE,    /* 206 without Content-Range */
    LONGER,      /* 206 with the right range and more bytes */
    LONGER_CHUNKED,
    GARBAGE,
    UNSATISFIABLE, /* 416 */
    UNAVAILABLE,   /* 503 */
    SILENT,
    LATER /* the case answers itself */
};

/* A request on a link of its own. */
struct request {
    struct link *link;
    bool got_line, is_head, has_range, has_host, has_if_range, whole, ended;
    long from, to;
    int segment;
};

struct download {
    struct session *s;
    struct peer *server;
    struct student *p;
    const char *target; /* as it is asked for */
    const char *tag, *accepts;
    char *bytes;
    long size;
    bool hides_length, in_segments;
    bool in_time;                          /* no segment was late: none is to be asked for again */
    struct request requests[REQUESTS + 1]; /* the last one stands for any other */
    size_t count;
    enum how plan[SEGMENTS][ATTEMPTS];
    int asked[SEGMENTS];
    long missing[SEGMENTS]; /* the first byte that is to be asked for next */
};

/* ---- the file, and the segments of it ---- */

static long begin_of(const struct download *d, int segment)
{
    return d->size * segment / SEGMENTS;
}

static struct download *make(struct session *s, long size)
{
    struct download *d = session_alloc(s, sizeof *d);

    *d = (struct download){.s = s, .size = size, .in_segments = true, .accepts = "bytes"};
    d->bytes = session_alloc(s, (size_t)size + 1);
    session_bytes(s, d->bytes, (size_t)size);
    d->tag = session_print(s, "\"%06x-%lx\"", session_random(s, 0x1000000), size);
    d->target =
        session_print(s, "/%06x.tar?v=%u", session_random(s, 0x1000000), session_random(s, 100));
    for (int i = 0; i < SEGMENTS; i++)
        d->missing[i] = begin_of(d, i);
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    session_writes_files(s);
    return d;
}

/* Of a size that no program can know. */
static struct download *make_any(struct session *s)
{
    return make(s, 3000 + (long)session_random(s, 3000));
}

static const char *url_of(const struct download *d)
{
    bool six = strchr(peer_host(d->server), ':') != NULL;

    return session_print(d->s, "http://%s%s%s:%s%s", six ? "[" : "", peer_host(d->server),
                         six ? "]" : "", peer_port(d->server), d->target);
}

static void start_with(struct download *d, const char *ms, const char *file)
{
    if (d->server == NULL)
        d->server = peer_listen(d->s, "127.0.0.1");
    d->p = student_start(d->s, ms, url_of(d), file, NULL);
}

static void start(struct download *d)
{
    start_with(d, AMPLE, "copy");
}

/* ---- requests ---- */

static bool is_field(const char *line, const char *name, const char **value)
{
    size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return false;
    *value = line + length + 1 + strspn(line + length + 1, " \t");
    return true;
}

static void take_first_line(const struct download *d, struct request *r, const char *line)
{
    const char *method = d->count > 1 ? "GET" : "HEAD";
    const char *due = session_print(d->s, "%s %s HTTP/1.1", method, d->target);

    r->got_line = true;
    r->is_head = d->count == 1;
    if (strcmp(line, due) != 0)
        session_fail(d->s, "A request begins with \"%.120s\"; \"%s\" was due.", line, due);
}

/* Whose bytes are they? Also looks whether they are the ones that are missing. */
static void take_range(struct download *d, struct request *r, const char *value)
{
    char *end = NULL;

    if (r->has_range || !d->in_segments || r->is_head)
        session_fail(d->s, "A request has \"Range: %.60s\", where there should be no Range%s.",
                     value, r->has_range ? " any more" : "");
    r->has_range = true;
    bool good = strncmp(value, "bytes=", 6) == 0;
    if (good) {
        r->from = strtol(value + 6, &end, 10);
        good = *end == '-';
    }
    if (good) {
        r->to = strtol(end + 1, &end, 10);
        good = *end == '\0';
    }
    if (!good)
        session_fail(d->s, "\"Range: %.60s\" is not of the form bytes=FIRST-LAST.", value);
    r->segment = 0;
    while (r->segment < SEGMENTS && begin_of(d, r->segment + 1) - 1 != r->to)
        r->segment++;
    if (r->segment == SEGMENTS || r->from < begin_of(d, r->segment) || r->from > r->to)
        session_fail(d->s,
                     "The program asked for bytes %ld-%ld; no segment of %ld bytes ends so: they "
                     "are %ld-%ld, %ld-%ld, %ld-%ld and %ld-%ld.",
                     r->from, r->to, d->size, begin_of(d, 0), begin_of(d, 1) - 1, begin_of(d, 1),
                     begin_of(d, 2) - 1, begin_of(d, 2), begin_of(d, 3) - 1, begin_of(d, 3),
                     d->size - 1);
    if (d->in_time)
        session_fail(d->s,
                     "A segment came in pieces, each in time, and was given up in the middle: the "
                     "program asked for bytes %ld-%ld on another connection.",
                     r->from, r->to);
    if (d->asked[r->segment] == ATTEMPTS)
        session_fail(d->s, "The program asked for the segment that ends with byte %ld a %dth time.",
                     r->to, ATTEMPTS + 1);
    if (r->from != d->missing[r->segment])
        session_fail(d->s, "The program asked for bytes %ld-%ld; %ld-%ld were missing.", r->from,
                     r->to, d->missing[r->segment], r->to);
}

static void take_field(struct download *d, struct request *r, const char *line)
{
    const char *value;
    const char *host = strchr(peer_host(d->server), ':') == NULL
                           ? session_print(d->s, "127.0.0.1:%s", peer_port(d->server))
                           : session_print(d->s, "[::1]:%s", peer_port(d->server));

    if (is_field(line, "Range", &value))
        take_range(d, r, value);
    if (is_field(line, "If-Range", &value)) {
        r->has_if_range = true;
        if (strcmp(value, d->tag == NULL ? "" : d->tag) != 0 || !d->in_segments)
            session_fail(d->s, "A request has \"If-Range: %.60s\"; the ETag was %s.", value,
                         d->tag == NULL ? "missing" : d->tag);
    }
    if (is_field(line, "Accept-Encoding", &value) && strcmp(value, "identity") != 0)
        session_fail(d->s,
                     "A request has \"Accept-Encoding: %.60s\": ranges count the bytes that are "
                     "sent, and those of a coded file are others.",
                     value);
    if (is_field(line, "Host", &value)) {
        r->has_host = true;
        if (strcmp(value, host) != 0)
            session_fail(d->s, "A request has \"Host: %.60s\"; \"%s\" was due.", value, host);
    }
}

static void finish_request(struct download *d, struct request *r)
{
    r->whole = true;
    if (!r->has_host)
        session_fail(d->s, "A request has no Host.");
    if (!r->is_head && d->in_segments && !r->has_range)
        session_fail(d->s, "The program asked for all of the file, where the server can send it in "
                           "segments (Accept-Ranges, Content-Length and a strong ETag say so).");
    if (r->has_range && !r->has_if_range)
        session_fail(d->s, "A request for a segment has no If-Range: if the file has changed, what "
                           "comes is a part of another file.");
}

static void take_line(struct download *d, struct request *r, const struct happening *h)
{
    char *line = session_alloc(d->s, h->length + 1);

    memcpy(line, h->line, h->length);
    if (h->length == 0 || line[h->length - 1] != '\r' || memchr(line, '\0', h->length) != NULL)
        session_fail(d->s, "A line of the request does not end in CR LF, or holds a NUL.");
    line[h->length - 1] = '\0';
    if (r->whole)
        session_fail(d->s, "More came on a connection behind its request: \"%.60s\".", line);
    if (!r->got_line)
        take_first_line(d, r, line);
    else if (line[0] != '\0')
        take_field(d, r, line);
    else
        finish_request(d, r);
}

/* The next whole request; NULL when the program has ended. */
static struct request *next_request(struct download *d, const char *waiting)
{
    for (;;) {
        struct happening h = session_next(d->s, waiting);
        struct request *r = d->requests;
        if (h.what == HAPPENED_EXIT)
            return NULL;
        while (r < d->requests + d->count && r->link != h.link)
            r++;
        if (h.what == HAPPENED_END || (h.what == HAPPENED_CALL && h.peer != d->server)) {
            link_close(h.link); /* perhaps one of a program before this one */
            r->ended = true;
        } else if (h.what == HAPPENED_CALL) {
            if (d->count == REQUESTS)
                session_fail(d->s, "The program made more than %d connections.", REQUESTS);
            *r = (struct request){.link = h.link};
            d->count++;
        } else if (h.what == HAPPENED_LINE && r < d->requests + d->count) {
            take_line(d, r, &h);
            if (r->whole)
                return r;
        }
    }
}

/* ---- answers ---- */

static void say(const struct download *d, const struct request *r, const char *head,
                const char *body, long length)
{
    struct buffer text = {0};

    if (buffer_add(&text, head, strlen(head)) == -1 ||
        buffer_add(&text, body, (size_t)length) == -1)
        session_fail(d->s, "The harness has no memory left.");
    link_send(r->link, buffer_text(&text), text.length); /* both in one piece */
    buffer_free(&text);
}

static void answer_head(const struct download *d, const struct request *r)
{
    const char *length =
        d->hides_length ? "" : session_print(d->s, "Content-Length: %ld\r\n", d->size);
    const char *tag = d->tag == NULL ? "" : session_print(d->s, "ETag: %s\r\n", d->tag);
    const char *accepts =
        d->accepts == NULL ? "" : session_print(d->s, "accept-ranges: %s\r\n", d->accepts);

    say(d, r,
        session_print(d->s,
                      "HTTP/1.1 200 OK\r\n%s%s%sLast-Modified: Sun, 06 Nov 1994 08:49:37 "
                      "GMT\r\n\r\n",
                      length, tag, accepts),
        "", 0);
}

/* The head of a 206, and its body: length bytes from from; with 0 the body is to follow. */
static void say_part(const struct download *d, const struct request *r, const char *tag, long from,
                     long to, long total, long length)
{
    say(d, r,
        session_print(d->s,
                      "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %ld-%ld/%ld\r\n"
                      "%sContent-Length: %ld\r\n\r\n",
                      from, to, total, tag, length == 0 ? to + 1 - from : length),
        d->bytes + from, length);
}

static void say_all(const struct download *d, const struct request *r, long length)
{
    say(d, r,
        session_print(d->s, "HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %ld\r\n\r\n", d->tag,
                      d->size),
        d->bytes, length);
}

/* Half of the segment comes: the other half is missing then. */
static void answer_cut(struct download *d, const struct request *r, enum how how)
{
    long half = (r->to + 1 - r->from) / 2;
    const char *head = session_print(
        d->s,
        "HTTP/1.1 206 Partial Content\r\nETag: %s\r\nContent-Range: bytes %ld-%ld/%ld\r\n"
        "Content-Length: %ld\r\n\r\n",
        d->tag, r->from, r->to, d->size, how == SHORT ? half : r->to + 1 - r->from);

    if (how == CUT_HEAD)
        say(d, r, "HTTP/1.1 206 Partial Content\r\nContent-Ra", "", 0);
    else if (how == CUT_ALL)
        say_all(d, r, r->from + half);
    else if (how != CUT_NONE)
        say(d, r, head, d->bytes + r->from, half);
    if (how != CUT_HEAD && how != CUT_NONE)
        d->missing[r->segment] += half;
    if (how == SHORT)
        return; /* it may stay open: what was promised has come */
    if (how == RESET_HALF) {
        link_wait_read(r->link);
        link_reset(r->link);
    } else {
        link_close(r->link);
    }
}

/* 206 with something wrong, and the right bytes where it has any. */
static void answer_wrong(const struct download *d, const struct request *r, enum how how)
{
    const char *tag = session_print(d->s, "ETag: %s\r\n", d->tag);
    long length = r->to + 1 - r->from;

    if (how == OTHER_TAG)
        tag = session_print(d->s, "ETag: \"%06x\"\r\n", session_random(d->s, 0x1000000));
    if (how == WEAK_TAG)
        tag = session_print(d->s, "ETag: W/%s\r\n", d->tag);
    if (how == NO_TAG)
        tag = "";
    if (how == OTHER_RANGE)
        say_part(d, r, tag, r->from + 1, r->to + 1, d->size, length);
    else if (how == OTHER_START)
        say_part(d, r, tag, begin_of(d, r->segment), r->to, d->size,
                 r->to + 1 - begin_of(d, r->segment));
    else if (how == OTHER_TOTAL)
        say_part(d, r, tag, r->from, r->to, d->size + 1, length);
    else if (how == NO_RANGE)
        say(d, r,
            session_print(d->s, "HTTP/1.1 206 OK\r\n%sContent-Length: %ld\r\n\r\n", tag, length),
            d->bytes + r->from, length);
    else if (how == LONGER_CHUNKED)
        say(d, r,
            session_print(d->s,
                          "HTTP/1.1 206 OK\r\n%sContent-Range: bytes %ld-%ld/%ld\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n%lx\r\n",
                          tag, r->from, r->to, d->size, (unsigned long)length),
            session_print(d->s, "%*s\r\n0\r\n\r\n", (int)length, ""), length + 7);
    else
        say_part(d, r, tag, r->from, r->to, d->size, how == LONGER ? length + 1 : length);
}

static void answer_segment(struct download *d, const struct request *r, enum how how)
{
    if (how == GOOD)
        say_part(d, r, session_print(d->s, "ETag: %s\r\n", d->tag), r->from, r->to, d->size,
                 r->to + 1 - r->from);
    else if (how == ALL)
        say_all(d, r, d->size);
    else if (how >= CUT_HALF && how <= SHORT)
        answer_cut(d, r, how);
    else if (how == NEW_FILE)
        say(d, r,
            session_print(d->s, "HTTP/1.1 200 OK\r\nETag: \"%06x\"\r\nContent-Length: %ld\r\n\r\n",
                          session_random(d->s, 0x1000000), d->size),
            session_alloc(d->s, (size_t)d->size), d->size);
    else if (how == GARBAGE)
        say(d, r, "hello, this is no HTTP\r\n\r\n", "", 0);
    else if (how == UNSATISFIABLE)
        say(d, r,
            session_print(d->s,
                          "HTTP/1.1 416 Range Not Satisfiable\r\nETag: %s\r\nContent-Range: bytes "
                          "*/%ld\r\nContent-Length: 0\r\n\r\n",
                          d->tag, d->size),
            "", 0);
    else if (how == UNAVAILABLE)
        say(d, r, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
            "", 0);
    else if (how != SILENT && how != LATER)
        answer_wrong(d, r, how);
}

/* Answers as the plan says. */
static void answer(struct download *d, struct request *r)
{
    if (r->is_head)
        answer_head(d, r);
    else if (d->in_segments)
        answer_segment(d, r, d->plan[r->segment][d->asked[r->segment]++]);
}

/* The same until the program ends. */
static void serve(struct download *d)
{
    struct request *r;

    while ((r = next_request(d, "your program to ask for what is missing, or to end")) != NULL)
        answer(d, r);
}

/* The last request for a segment; NULL if there is none. */
static struct request *held(struct download *d, int segment)
{
    for (size_t i = d->count; i-- > 1;)
        if (d->requests[i].whole && d->requests[i].segment == segment)
            return &d->requests[i];
    return NULL;
}

/* Answers the HEAD, and holds the segments back. Returns how many were asked for: four, or less
 * when the program has ended. */
static int gather_some(struct download *d)
{
    int count = 0;

    while (count < SEGMENTS) {
        const struct request *r =
            next_request(d, "your program to ask for all four segments: none is answered before");
        if (r == NULL)
            return count;
        if (r->is_head)
            answer_head(d, r);
        count = 0;
        for (int i = 0; i < SEGMENTS; i++)
            count += held(d, i) != NULL;
    }
    return count;
}

static void expect_four(const struct download *d, int count)
{
    if (count < SEGMENTS)
        session_fail(d->s, "The program ended when it had asked for %d of 4 segments.", count);
}

/* Answers the HEAD, and waits until all four segments are asked for; they are held back. */
static void gather(struct download *d)
{
    expect_four(d, gather_some(d));
}

static void let_go(struct download *d, int segment)
{
    answer(d, held(d, segment));
}

/* ---- verdicts ---- */

static void expect_whole(struct download *d, const char *file)
{
    const char *line =
        session_print(d->s, "segments: %d, bytes: %ld\n", d->in_segments ? SEGMENTS : 1, d->size);

    expect_exit(d->p, 0);
    expect_file(d->p, file, d->bytes, (size_t)d->size);
    expect_output(d->p, line, strlen(line));
}

static void expect_good(struct download *d)
{
    expect_whole(d, "copy");
    expect_files(d->p, "copy", NULL);
}

static void expect_word(struct download *d, const char *word)
{
    expect_failure(d->p, 1);
    expect_error(d->p, session_print(d->s, "failed: %s", word));
}

static void expect_bad(struct download *d, const char *word)
{
    expect_word(d, word);
    expect_no_file(d->p, "copy", NOT_MADE);
    expect_files(d->p, NULL);
}

/* It fails before it asks. */
static void expect_unasked(struct download *d, const char *why)
{
    if (next_request(d, "your program to end") != NULL)
        session_fail(d->s, "The program asked the server, although %s.", why);
    expect_word(d, "file");
}

/* ---- cases: all goes well ---- */

static void four(struct session *s)
{
    struct download *d = make_any(s);

    start(d);
    serve(d);
    expect_good(d);
}

static void at_once(struct session *s)
{
    struct download *d = make_any(s);

    start(d);
    gather(d);
    for (int i = 0; i < SEGMENTS; i++)
        let_go(d, i);
    serve(d);
    expect_good(d);
    expect_sockets(d->p, SEGMENTS);
}

/* The last segment first, and all of them in pieces, one after another. */
static void any_order(struct session *s)
{
    enum { PIECES = 5 };
    struct download *d = make_any(s);

    for (int i = 0; i < SEGMENTS; i++)
        d->plan[i][0] = LATER;
    start(d);
    gather(d);
    for (int piece = 0; piece <= PIECES; piece++)
        for (int i = SEGMENTS - 1; i >= 0; i--) {
            const struct request *r = held(d, i);
            long length = r->to + 1 - r->from;
            long from = r->from + (piece - 1) * length / PIECES;
            long to = r->from + piece * length / PIECES;
            if (piece == 0)
                say(d, r,
                    session_print(s,
                                  "HTTP/1.1 206 Partial Content\r\netag: %s\r\ncontent-range: "
                                  "bytes %ld-%ld/%ld\r\n\r\n",
                                  d->tag, r->from, r->to, d->size),
                    "", 0);
            else
                say(d, r, "", d->bytes + from, to - from);
            link_wait_read(r->link);
        }
    for (int i = 0; i < SEGMENTS; i++)
        link_close(held(d, i)->link); /* without Content-Length this is the end */
    serve(d);
    expect_good(d);
}

/* Every size near the number of segments. */
static void small(struct session *s)
{
    static const int SIZES[] = {4, 5, 7, 3, 1};

    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        struct download *d = make(s, SIZES[i]);
        const char *file = session_print(s, "copy%zu", i);
        d->in_segments = SIZES[i] >= SEGMENTS;
        start_with(d, AMPLE, file);
        struct request *r;
        while ((r = next_request(d, "your program to ask, or to end")) != NULL)
            if (r->is_head || d->in_segments)
                answer(d, r);
            else
                say_all(d, r, d->size);
        expect_whole(d, file);
    }
}

/* ---- cases: in one piece ---- */

/* A session in which nothing but a GET without Range is right. */
static struct download *whole_file(struct session *s, const char *file, const char *accepts,
                                   const char *tag)
{
    struct download *d = make_any(s);
    struct request *r;

    d->in_segments = false;
    d->accepts = accepts;
    if (tag == NULL || tag[0] != '\0')
        d->tag = tag;
    start_with(d, AMPLE, file);
    while ((r = next_request(d, "your program to ask for the whole file, or to end")) != NULL)
        if (r->is_head)
            answer(d, r);
        else
            say(d, r, session_print(s, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", d->size),
                d->bytes, d->size);
    expect_whole(d, file);
    return d;
}

static void no_ranges(struct session *s)
{
    (void)whole_file(s, "copy1", NULL, "");
    struct download *d = whole_file(s, "copy2", "none", "");
    expect_files(d->p, "copy1", "copy2", NULL);
}

static void weak(struct session *s)
{
    (void)whole_file(s, "copy1", "bytes", "W/\"v1\"");
    struct download *d = whole_file(s, "copy2", "bytes", NULL);
    expect_files(d->p, "copy1", "copy2", NULL);
}

/* HEAD without Content-Length; the answer's end is that of its chunks, or of the connection. */
static void no_length(struct session *s)
{
    for (int i = 0; i < 2; i++) {
        struct download *d = make(s, 1000 + (long)session_random(s, 1000));
        const char *file = i == 0 ? "chunked" : "until-close";
        struct request *r;
        d->in_segments = false;
        d->hides_length = true;
        start_with(d, AMPLE, file);
        while ((r = next_request(d, "your program to ask for the whole file, or to end")) != NULL) {
            if (r->is_head) {
                answer(d, r);
                continue;
            }
            if (i == 0)
                say(d, r, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n", d->bytes,
                    2);
            if (i == 0)
                say(d, r, session_print(s, "\r\n%lx\r\n", (unsigned long)d->size - 2), d->bytes + 2,
                    d->size - 2);
            say(d, r, i == 0 ? "\r\n0\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n", d->bytes,
                i == 0 ? 0 : d->size);
            if (i == 1)
                link_close(r->link);
        }
        expect_whole(d, file);
    }
}

static void empty(struct session *s)
{
    struct download *d = make(s, 0);
    struct request *r;

    d->in_segments = false;
    start(d);
    while ((r = next_request(d, "your program to ask for the empty file, or to end")) != NULL)
        answer_head(d, r);
    expect_good(d);
}

/* Nobody knows what else the file may be next time: it is not asked for again. */
static void whole_cut(struct session *s)
{
    struct download *d = make_any(s);
    struct request *r;

    d->in_segments = false;
    d->accepts = NULL;
    start(d);
    while ((r = next_request(d, "your program to ask for the whole file, or to end")) != NULL) {
        if (d->count > 2)
            session_fail(s, "A file in one piece was asked for again.");
        if (r->is_head) {
            answer(d, r);
            continue;
        }
        say_all(d, r, d->size - 1);
        link_close(r->link);
    }
    expect_bad(d, "cut");
}

/* ---- cases: cut and resumed ---- */

static void one_cut(struct session *s, int segment, enum how first, enum how second)
{
    struct download *d = make_any(s);
    const char *file = session_print(s, "copy%d", (int)first);

    d->plan[segment][0] = first;
    d->plan[segment][1] = second;
    start_with(d, AMPLE, file);
    serve(d);
    expect_whole(d, file);
}

static int any_segment(struct session *s)
{
    return (int)session_random(s, SEGMENTS);
}

static void resumed(struct session *s)
{
    struct download *d = make_any(s);

    d->plan[any_segment(s)][0] = CUT_HALF;
    start(d);
    serve(d);
    expect_good(d);
}

static void cut_twice(struct session *s)
{
    one_cut(s, 0, RESET_HALF, CUT_HALF);
    one_cut(s, 3, CUT_HEAD, CUT_NONE);
}

static void too_short(struct session *s)
{
    one_cut(s, any_segment(s), SHORT, SHORT);
}

static void cut_thrice(struct session *s, enum how how)
{
    struct download *d = make_any(s);
    int segment = any_segment(s);

    for (int i = 0; i < ATTEMPTS; i++)
        d->plan[segment][i] = how;
    start(d);
    serve(d);
    expect_bad(d, "cut");
    if (d->asked[segment] != ATTEMPTS)
        session_fail(s, "A segment that was cut off was asked for %d time%s; %d were due.",
                     d->asked[segment], d->asked[segment] == 1 ? "" : "s", ATTEMPTS);
}

static void never_whole(struct session *s)
{
    cut_thrice(s, SHORT);
}

static void never_a_byte(struct session *s)
{
    cut_thrice(s, CUT_NONE);
}

/* ---- cases: another answer than was asked for ---- */

static void all_of_it(struct session *s)
{
    struct download *d = make_any(s);

    d->plan[1][0] = ALL;
    d->plan[3][0] = ALL;
    start(d);
    serve(d);
    expect_good(d);
}

/* The same on the second connection: it has begun in the middle of a segment. */
static void all_resumed(struct session *s)
{
    one_cut(s, 2, CUT_HALF, ALL);
    one_cut(s, 1, CUT_ALL, CUT_HALF);
}

/* Three segments are there, or none; then this answer to the fourth, after a first cut or not. */
static void refused(struct session *s, enum how how, bool resumes, bool alone, const char *word)
{
    struct download *d = make_any(s);
    int segment = (int)session_random(s, SEGMENTS - 1); /* OTHER_RANGE needs a byte behind it */

    if (resumes)
        d->plan[segment][0] = CUT_HALF;
    d->plan[segment][resumes] = how;
    start(d);
    gather(d);
    for (int i = 0; i < SEGMENTS && !alone; i++)
        if (i != segment) {
            let_go(d, i);
            link_wait_read(held(d, i)->link);
        }
    let_go(d, segment);
    serve(d);
    expect_bad(d, word);
}

static void changed(struct session *s)
{
    refused(s, NEW_FILE, true, false, "changed");
    refused(s, NEW_FILE, false, false, "changed");
}

static void changed_part(struct session *s)
{
    refused(s, OTHER_TAG, true, false, "changed");
    refused(s, OTHER_TAG, false, false, "changed");
}

static void part_without_tag(struct session *s)
{
    refused(s, NO_TAG, false, false, "changed");
    refused(s, WEAK_TAG, false, false, "changed");
}

static void wrong_range(struct session *s)
{
    refused(s, OTHER_RANGE, false, false, "range");
    refused(s, NO_RANGE, false, false, "range");
}

static void wrong_start(struct session *s)
{
    refused(s, OTHER_START, true, false, "range");
}

static void wrong_total(struct session *s)
{
    refused(s, OTHER_TOTAL, false, false, "range");
}

static void too_long(struct session *s)
{
    refused(s, LONGER, false, false, "range");
    refused(s, LONGER_CHUNKED, false, false, "range");
}

static void statuses(struct session *s)
{
    refused(s, UNSATISFIABLE, false, false, "status");
    refused(s, UNAVAILABLE, false, false, "status");
}

static void malformed(struct session *s)
{
    refused(s, GARBAGE, false, false, "malformed");
}

static void fails_at_once(struct session *s)
{
    refused(s, NEW_FILE, false, true, "changed");
}

/* What HEAD is answered with. */
static void head_refused(struct session *s, const char *head, const char *word)
{
    struct download *d = make_any(s);
    const struct request *r;

    d->in_segments = false; /* nothing is to be asked for at all */
    start(d);
    while ((r = next_request(d, "your program to end")) != NULL) {
        say(d, r, head, "", 0);
        link_close(r->link);
    }
    if (d->count != 1)
        session_fail(s, "HEAD was refused, and the program asked again.");
    expect_bad(d, word);
}

static void bad_head(struct session *s)
{
    head_refused(s, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", "status");
    head_refused(s, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "status");
    head_refused(s, "HTTP/1.1 200 OK\r\nContent-Le", "cut");
}

static void unreachable(struct session *s)
{
    struct download *d = make_any(s);

    d->server = peer_refuse(s, "127.0.0.1");
    start(d);
    expect_bad(d, "cut");
}

/* ---- cases: the file ---- */

static void only_when_whole(struct session *s)
{
    static const char OLD[] = "the version of yesterday\n";
    struct download *d = make_any(s);
    int last = any_segment(s);

    session_file(s, "kept", OLD, sizeof OLD - 1);
    session_link(s, "kept", "second");
    for (int round = 0; round < 2; round++) {
        if (round == 1) {
            struct download *again = make_any(s);
            again->server = d->server;
            d = again;
        }
        d->plan[last][0] = CUT_HALF;
        d->plan[last][1] = LATER;
        start_with(d, AMPLE, round == 0 ? "new" : "kept");
        gather(d);
        for (int i = 0; i < SEGMENTS; i++)
            let_go(d, i);
        struct request *r = next_request(d, "your program to ask for the rest");
        if (r == NULL)
            session_fail(s, "The program ended when half a segment was missing.");
        if (round == 0)
            expect_no_file(d->p, "new", NOT_WHOLE);
        else
            expect_kept(d->p, "kept", OLD, sizeof OLD - 1);
        answer_segment(d, r, GOOD);
        serve(d);
        expect_whole(d, round == 0 ? "new" : "kept");
    }
    expect_kept(d->p, "second", OLD, sizeof OLD - 1); /* a new file got the name */
    expect_files(d->p, "new", "kept", "second", NULL);
}

static void old_kept(struct session *s)
{
    static const char OLD[] = "the version of yesterday\n";
    struct download *d = make_any(s);

    session_file(s, "copy", OLD, sizeof OLD - 1);
    d->plan[any_segment(s)][0] = NEW_FILE;
    start(d);
    serve(d);
    expect_word(d, "changed");
    expect_kept(d->p, "copy", OLD, sizeof OLD - 1);
    expect_files(d->p, "copy", NULL);
}

static void disk_full(struct session *s)
{
    struct download *d = make(s, 7000 + (long)session_random(s, 1000));

    session_limit_files(s, 4); /* the third segment is cut, and the fourth cannot be written */
    start(d);
    serve(d);
    expect_bad(d, "file");
}

/* The same where the file is in one piece. */
static void disk_full_whole(struct session *s)
{
    struct download *d = make(s, 5000);
    struct request *r;

    d->in_segments = false;
    d->accepts = NULL;
    session_limit_files(s, 4);
    start(d);
    while ((r = next_request(d, "your program to ask for the whole file, or to end")) != NULL)
        if (r->is_head)
            answer(d, r);
        else
            say_all(d, r, d->size);
    expect_bad(d, "file");
}

static void nowhere(struct session *s)
{
    struct download *d = make_any(s);

    start_with(d, AMPLE, "nowhere/copy");
    expect_unasked(d, "FILE.part could not be made: there is no folder for it");
    expect_files(d->p, NULL);
}

static void part_exists(struct session *s)
{
    static const char OTHER[] = "what somebody else has so far";
    struct download *d = make_any(s);

    session_file(s, "copy.part", OTHER, sizeof OTHER - 1);
    start(d);
    expect_unasked(d, "FILE.part was there already");
    expect_kept(d->p, "copy.part", OTHER, sizeof OTHER - 1);
    expect_no_file(d->p, "copy", NOT_MADE);
}

static void folder_in_the_way(struct session *s)
{
    struct download *d = make_any(s);

    session_file(s, "copy/inside", "x", 1);
    start(d);
    serve(d);
    expect_word(d, "file");
    expect_files(d->p, "copy", NULL);
}

static void stopped_by(struct session *s, int number)
{
    static const char OLD[] = "the version of yesterday\n";
    struct download *d = make_any(s);
    int last = any_segment(s);

    session_file(s, "copy", OLD, sizeof OLD - 1);
    start(d);
    gather(d);
    for (int i = 0; i < SEGMENTS; i++)
        if (i != last) {
            let_go(d, i);
            link_wait_read(held(d, i)->link);
        }
    student_settle(d->p);
    student_signal(d->p, number);
    serve(d);
    expect_word(d, "stopped");
    expect_kept(d->p, "copy", OLD, sizeof OLD - 1);
    expect_files(d->p, "copy", NULL);
}

static void stopped(struct session *s)
{
    stopped_by(s, SIGTERM);
    stopped_by(s, SIGINT);
}

/* ---- cases: the command line, and the rest ---- */

static void usage_of(struct session *s, struct peer *server, const char *ms, const char *url,
                     const char *file)
{
    struct student *p = student_start(s, ms, url, file, NULL);

    expect_failure(p, 2);
    expect_files(p, NULL);
    peer_expect_nobody(server, "The command line was wrong.");
}

static void usage(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    const char *port = peer_port(server);

    usage_of(s, server, "1000", session_print(s, "http://127.0.0.1:%s/", port), NULL);
    usage_of(s, server, "99", session_print(s, "http://127.0.0.1:%s/", port), "copy");
    usage_of(s, server, "1000", session_print(s, "https://127.0.0.1:%s/", port), "copy");
    usage_of(s, server, "1000", session_print(s, "http://u:p@127.0.0.1:%s/", port), "copy");
    usage_of(s, server, "1000", session_print(s, "http://127.0.0.1:%s/a b", port), "copy");
    usage_of(s, server, "1000", session_print(s, "127.0.0.1:%s/", port), "copy");
}

/* No path, a query, a fragment. */
static void urls(struct session *s)
{
    struct download *d = make_any(s);
    const char *port;

    d->server = peer_listen(s, "127.0.0.1");
    port = peer_port(d->server);
    d->target = session_print(s, "/?%x", session_random(s, 0x10000));
    d->p = student_start(s, AMPLE,
                         session_print(s, "HTTP://127.0.0.1:%s%s#part-2", port, d->target + 1),
                         "copy", NULL);
    serve(d);
    expect_good(d);
}

static void ipv6(struct session *s)
{
    struct download *d = make_any(s);

    d->server = peer_listen(s, "::1");
    start(d);
    serve(d);
    expect_good(d);
}

static void large(struct session *s)
{
    enum { LAST = 1000 };
    struct download *d = make(s, LARGE + 3);

    session_unrecorded(s); /* nobody wants to read that */
    start(d);
    gather(d);
    student_settle(d->p);
    long before = student_memory(d->p);
    for (int i = 0; i < SEGMENTS; i++) {
        const struct request *r = held(d, i);
        const char *head = session_print(
            s,
            "HTTP/1.1 206 Partial Content\r\nETag: %s\r\nContent-Range: bytes %ld-%ld/%ld\r\n\r\n",
            d->tag, r->from, r->to, d->size);
        link_queue(r->link, head, strlen(head));
        link_queue(r->link, d->bytes + r->from, (size_t)(r->to + 1 - r->from - LAST));
    }
    for (int i = 0; i < SEGMENTS; i++)
        link_wait_read(held(d, i)->link);
    long more = student_memory(d->p) - before;
    if (more > ROOM_KIB)
        session_fail(s,
                     "When nearly all of %d MiB had come, your program had taken %ld KiB of memory "
                     "for them: they belong into the file as they come.",
                     LARGE >> 20, more);
    for (int i = 0; i < SEGMENTS; i++) {
        const struct request *r = held(d, i);
        link_send(r->link, d->bytes + r->to + 1 - LAST, LAST);
        link_close(r->link);
    }
    serve(d);
    expect_good(d);
}

static void clean(struct session *s)
{
    struct download *d = make_any(s);
    int last = any_segment(s);

    d->plan[last][0] = CUT_HALF;
    d->plan[last][1] = LATER;
    start(d);
    gather(d);
    for (int i = 0; i < SEGMENTS; i++)
        let_go(d, i);
    struct request *r = next_request(d, "your program to ask for the rest");
    if (r == NULL)
        session_fail(s, "The program ended when half a segment was missing.");
    for (int i = 0; i < SEGMENTS; i++) /* a segment is whole, and its server has not closed */
        if (i != last && !held(d, i)->ended)
            link_wait_end(held(d, i)->link);
    student_settle(d->p);
    expect_sockets(d->p, SEGMENTS);
    answer_segment(d, r, GOOD);
    serve(d);
    expect_good(d);
}

/* ---- cases that take their time ---- */

/* Waits between two pieces. False if that took so long that the program may have given up. */
static bool wait_between(struct session *s)
{
    int64_t began = now_ms();

    session_wait(s, SLOW_MS * 6 / 10);
    return now_ms() - began < SLOW_MS * 8 / 10;
}

/* Each segment comes in three pieces. False if a busy machine did not let us be in time. */
static bool drip(struct download *d)
{
    enum { FEW = 100 };
    bool in_time = true;

    for (int piece = 0; piece < 3; piece++) {
        in_time = in_time && (piece == 0 || wait_between(d->s));
        for (int i = 0; i < SEGMENTS && in_time; i++) {
            const struct request *r = held(d, i);
            long from = r->from + (long)piece * FEW, to = piece == 2 ? r->to + 1 : from + FEW;
            if (piece == 0)
                say_part(d, r, session_print(d->s, "ETag: %s\r\n", d->tag), from, r->to, d->size,
                         0);
            say(d, r, "", d->bytes + from, to - from);
        }
    }
    return in_time;
}

/* Pieces come, each in time, and all together take longer than one wait may. */
static void slow(struct session *s)
{
    struct download *d;
    int count;

    do {
        d = make_any(s);
        start_with(d, SLOW, "copy");
        count = gather_some(d); /* none: we answered the HEAD too late */
        d->in_time = count == SEGMENTS && drip(d);
    } while ((count == 0 || (count == SEGMENTS && !d->in_time)) && session_again(s));
    expect_four(d, count);
    serve(d);
    expect_good(d);
}

/* A segment that never comes. Who is late because the machine was busy gets another try. */
static void silent(struct session *s)
{
    int segment = any_segment(s), ran;
    struct download *d;

    do {
        d = make(s, 4000);
        for (int i = 0; i < ATTEMPTS; i++)
            d->plan[segment][i] = SILENT;
        start_with(d, QUIET, "copy");
        serve(d);
        ran = student_ran_ms(d->p);
    } while ((ran > LATEST_MS || d->count <= 1) && session_again(s));
    expect_bad(d, "cut");
    expect_ran(d->p, ATTEMPTS * QUIET_MS * 8 / 10, LATEST_MS);
}

static const struct test_case CASES[] = {
    {.name = "four",
     .title = "four segments",
     .points = 3,
     .teaches = "The server could send ranges: the file was asked for in four segments, and each "
                "belongs where its range says.",
     .run = four},
    {.name = "at-once",
     .title = "all four are asked for before any is answered",
     .points = 3,
     .teaches = "The server answered none of the segments before it had been asked for all four: "
                "whoever waits for one before asking for the next waits for ever.",
     .run = at_once},
    {.name = "any-order",
     .title = "the last segment comes first, and all in pieces",
     .points = 2,
     .teaches = "The segments came in pieces, the last one first: bytes belong where their range "
                "says, not where the file happens to end. Without Content-Length a body ends with "
                "its connection.",
     .run = any_order},
    {.name = "small",
     .title = "files of a few bytes",
     .points = 2,
     .teaches = "A file of fewer than four bytes comes in one piece: a range of no bytes cannot be "
                "asked for. Segments may differ by a byte.",
     .run = small},
    {.name = "empty",
     .title = "an empty file",
     .points = 1,
     .teaches = "The file was empty: it has been downloaded when there is an empty file.",
     .run = empty},
    {.name = "no-ranges",
     .title = "a server without ranges",
     .points = 2,
     .teaches = "HEAD said nothing of Accept-Ranges, or none: the file is fetched in one piece, "
                "without Range.",
     .run = no_ranges},
    {.name = "weak",
     .title = "a weak ETag, or none",
     .points = 2,
     .teaches = "Only a strong ETag tells that two parts are of the same bytes. W/ in front makes "
                "it weak, and Last-Modified is no ETag: then the file comes in one piece.",
     .run = weak},
    {.name = "no-length",
     .title = "nobody says how long it is",
     .points = 2,
     .teaches = "HEAD had no Content-Length: the file comes in one piece, and ends with its last "
                "chunk, or with the connection.",
     .run = no_length},
    {.name = "urls",
     .title = "URLs with a query, a fragment, no path",
     .points = 1,
     .teaches = "A query is sent, a fragment is not, an empty path is /, and the scheme may be "
                "spelled HTTP.",
     .run = urls},
    {.name = "ipv6",
     .title = "the server's address is IPv6",
     .points = 1,
     .teaches = "In the Host field an IPv6 address stands in brackets, as in the URL.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "resumed",
     .title = "one segment is cut off",
     .points = 3,
     .teaches = "A connection ended in the middle of a segment: the segment is asked for again, "
                "from the first byte that is missing, and what is there is kept.",
     .run = resumed},
    {.name = "cut-twice",
     .title = "cut off twice, in several ways",
     .points = 2,
     .teaches = "A connection may end by a reset, within the head, or before it, and twice: the "
                "third attempt brought the rest.",
     .run = cut_twice},
    {.name = "too-short",
     .title = "a segment ends in order, and too early",
     .points = 2,
     .teaches = "The body had the length that its Content-Length says, and that was less than "
                "Content-Range says: bytes are missing, and are asked for.",
     .run = too_short},
    {.name = "never-whole",
     .title = "a segment is too short each time",
     .points = 2,
     .teaches = "Three connections brought three parts, and bytes are still missing: the download "
                "failed, and nothing is left behind.",
     .run = never_whole},
    {.name = "never-a-byte",
     .title = "a segment never has a byte",
     .points = 1,
     .teaches = "Three connections ended before a byte of an answer: who asks for ever keeps a "
                "broken server busy.",
     .run = never_a_byte},
    {.name = "all-of-it",
     .title = "two segments are answered with everything",
     .points = 3,
     .teaches = "The answer was 200, with the same ETag: it is the whole file. The segment is in "
                "it, behind the bytes in front of it; what follows belongs to the others.",
     .run = all_of_it},
    {.name = "all-resumed",
     .title = "everything, where the rest of a segment was due",
     .points = 2,
     .teaches = "The rest of a segment was asked for, and all of the file came, or all of it came "
                "and was cut off: count from the beginning of the file.",
     .run = all_resumed},
    {.name = "changed",
     .title = "the ETag changes half-way: 200",
     .points = 3,
     .teaches = "If-Range made the server send the new file, with another ETag: nothing of it fits "
                "to what is there.",
     .run = changed},
    {.name = "changed-part",
     .title = "the ETag changes half-way: 206",
     .points = 2,
     .teaches = "The server knows Range and not If-Range: the range was right, and of another "
                "file. Only the ETag of the answer tells.",
     .run = changed_part},
    {.name = "part-without-tag",
     .title = "a part without its ETag, or with a weak one",
     .points = 1,
     .teaches = "A 206 must have the same ETag: without it nobody knows which file this is a part "
                "of, and a weak one, W/, is not the same: it says that bytes may differ.",
     .run = part_without_tag},
    {.name = "wrong-range",
     .title = "another range than was asked for",
     .points = 2,
     .teaches = "The server sent other bytes than it was asked for, or did not say which: in their "
                "place they would be a hole or worse.",
     .run = wrong_range},
    {.name = "wrong-start",
     .title = "all of the segment, where the rest of it was due",
     .points = 2,
     .teaches = "The rest of a segment was asked for, and the 206 begins where the segment begins: "
                "Content-Range is to be compared at each attempt.",
     .run = wrong_start},
    {.name = "wrong-total",
     .title = "a part of a longer file",
     .points = 1,
     .teaches = "Content-Range says that the file has another length than HEAD said.",
     .run = wrong_total},
    {.name = "too-long",
     .title = "more bytes than Content-Range says",
     .points = 2,
     .teaches = "More came than the range holds: written where the segment ends, it would spoil "
                "the next one.",
     .run = too_long},
    {.name = "statuses",
     .title = "416, and 503",
     .points = 1,
     .teaches = "One segment was answered with another status than 200 and 206: its body is no "
                "part of the file.",
     .run = statuses},
    {.name = "malformed",
     .title = "one segment is answered with garbage",
     .points = 1,
     .teaches = "What came was no HTTP.",
     .run = malformed},
    {.name = "fails-at-once",
     .title = "one segment fails, the others never come",
     .points = 2,
     .teaches = "When one segment has failed for good there will be no file: the program ends at "
                "once, and does not wait for the other three.",
     .run = fails_at_once},
    {.name = "bad-head",
     .title = "HEAD is refused",
     .points = 1,
     .teaches = "HEAD was answered with 404, with 302, or with half a head: that is the end.",
     .run = bad_head},
    {.name = "whole-cut",
     .title = "a file in one piece is cut off",
     .points = 2,
     .teaches =
         "The file came in one piece, a byte too few: there is no second attempt, and no file.",
     .run = whole_cut},
    {.name = "unreachable",
     .title = "nobody listens",
     .points = 1,
     .teaches = "Nobody listened at the port.",
     .run = unreachable},
    {.name = "only-when-whole",
     .title = "the file appears only when whole",
     .points = 3,
     .teaches = "Until the last byte is there the name belongs to the old file, or to none; then "
                "rename() gives it to the new one, in one step.",
     .run = only_when_whole},
    {.name = "old-kept",
     .title = "a failed download, and an old file",
     .points = 2,
     .teaches = "The download failed: the file of yesterday is still there, and whole.",
     .run = old_kept},
    {.name = "disk-full",
     .title = "the disk is full",
     .points = 3,
     .teaches = "A write wrote less than it was given, and the next one nothing: there is no file, "
                "and what came is removed.",
     .run = disk_full},
    {.name = "disk-full-whole",
     .title = "the disk is full, and the file is in one piece",
     .points = 1,
     .teaches = "The same for a file in one piece.",
     .run = disk_full_whole},
    {.name = "nowhere",
     .title = "no folder for the file",
     .points = 1,
     .teaches = "FILE.part could not be made: that is known before anything is asked.",
     .run = nowhere},
    {.name = "part-exists",
     .title = "FILE.part is there already",
     .points = 2,
     .teaches = "Another download may be at work on it: it is neither overwritten nor removed. "
                "O_EXCL tells.",
     .run = part_exists},
    {.name = "folder-in-the-way",
     .title = "FILE is a folder",
     .points = 1,
     .teaches = "All bytes had come, and rename() failed: its result counts, too, and FILE.part is "
                "removed.",
     .run = folder_in_the_way},
    {.name = "stopped",
     .title = "SIGTERM and SIGINT",
     .points = 2,
     .teaches = "The program was stopped in the middle: it removes what it has, and ends.",
     .run = stopped},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message, before anything is sent.",
     .run = usage},
    {.name = "eintr",
     .title = "signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR; nothing was lost, and the call can "
                "simply be made again.",
     .run = four,
     .faults = "eintr"},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Each connection is closed when its segment is there, or was cut off, and all "
                "memory is freed.",
     .run = clean,
     .leaks = true},
    {.name = "large",
     .title = "32 MiB",
     .points = 2,
     .teaches = "Bytes go into the file as they come: memory must not grow with it.",
     .run = large},
    {.name = "slow",
     .title = "pieces that come slowly",
     .points = 1,
     .teaches = "Each piece came in time: MS is for the silence between two, not for the whole.",
     .run = slow},
    {.name = "silent",
     .title = "a segment that never comes",
     .points = 2,
     .teaches = "The server took the request and said nothing: MS milliseconds of silence are like "
                "a cut, and the third is the end.",
     .run = silent},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
