/* Exercise 3.9, site report: what is tried, and how. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "harness/harness.h"

enum {
    LETTERS = 6,
    PAGES_MOST = 64,
    MEBIBYTE = 1 << 20,
    NO_END = 2 * MEBIBYTE, /* bytes of a page that never ends: more than anybody takes */
    TOLERANCE_MS = 2,      /* of the program's clock, perhaps in whole milliseconds */
    SHORT_MS = 300,
    LINKS = 10000, /* of the largest site */
    EACH = 300,    /* links of each of its pages */
    STEP = 7,
    UNSTEP = 7143, /* STEP * UNSTEP is 1 more than a multiple of LINKS */
    MOST_PROCESSOR_MS = 1500,
    HEAVY_PAGES = 16,
    HEAVY = 900000, /* bytes of each of them */
    ROOM_KIB = 8 * 1024
};

/* What the server does when it is asked. */
enum how {
    WHOLE,
    CUT,     /* closes when half of the body is sent */
    CLOSED,  /* closes without an answer */
    SILENT,  /* never answers */
    LATE,    /* most of a delay after it was asked for */
    DRIP,    /* never longer silent than MS, and longer than MS in all */
    GARBAGE, /* what it says is no HTTP */
    ENDLESS  /* a body that does not stop */
};

/*
 * What is behind a URL. In all texts of a case "@" stands for the site, "~" for another server, "|"
 * for the same server by another name, "`" for one that refuses, "^" for the site's port, and "$"
 * for a word that no program can know.
 */
struct page {
    const char *url;
    int status;        /* 0: 200 */
    const char *field; /* NULL: Content-Type: text/html; "": none */
    const char *body;
    enum how how;
};

/* One run of the program, and what is due. */
struct visit {
    struct session *s;
    struct peer *site, *other, *refused;
    struct student *student;
    const char *word;
    const struct page *pages;
    const char *(*make)(struct visit *visit, const char *path); /* the body of any other page */
    const char *urls[PAGES_MOST];
    size_t count;
    bool asked[PAGES_MOST];
    size_t requests;
    long delay; /* in ms, between all requests */
    const char *last;
    uint64_t answered_ns;
    const char *why;    /* why nothing may be asked for, or NULL */
    size_t early, late; /* requests in which it is looked at, or 0 */
    int held;           /* its descriptors */
    long before;        /* its memory, in KiB */
};

/* How it is started, and what comes of it. */
struct run {
    const char *start; /* NULL: "@/" */
    const char *most, *delay, *ms;
    const char *report;
    const char *map; /* the URLs in the site map, each with a blank behind it */
    int status;
};

static void must(struct session *s, bool done)
{
    if (!done)
        session_fail(s, "The harness has no memory left.");
}

static const char *make_word(struct session *s)
{
    char text[LETTERS + 1] = "";

    for (size_t i = 0; i < LETTERS; i++) /* no other path begins with a z, and no rule */
        text[i] = (char)(i == 0 ? 'z' : 'a' + session_random(s, 26));
    return session_print(s, "%s", text);
}

static struct visit *make_visit(struct session *s)
{
    struct visit *v = session_alloc(s, sizeof *v);

    *v = (struct visit){.s = s, .word = make_word(s)};
    v->site = peer_listen(s, "127.0.0.1");
    v->other = peer_listen(s, "127.0.0.1");
    v->refused = peer_refuse(s, "127.0.0.1");
    session_host(s, "site.test", "127.0.0.1", NULL);
    session_host(s, "other.test", "127.0.0.1", NULL);
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    session_writes_files(s);
    return v;
}

/* What a sign stands for. */
static const char *meaning(const struct visit *v, char sign)
{
    switch (sign) {
    case '@':
        return session_print(v->s, "http://site.test:%s", peer_port(v->site));
    case '~':
        return session_print(v->s, "http://other.test:%s", peer_port(v->other));
    case '|':
        return session_print(v->s, "http://other.test:%s", peer_port(v->site));
    case '`':
        return session_print(v->s, "http://site.test:%s", peer_port(v->refused));
    case '^':
        return peer_port(v->site);
    default:
        return v->word;
    }
}

/* A text with all that its signs stand for. */
static const char *fill(const struct visit *v, const char *text)
{
    struct buffer out = {0};

    while (*text != '\0') {
        size_t plain = strcspn(text, "@~|`^$");
        must(v->s, buffer_add(&out, text, plain) == 0);
        text += plain;
        if (*text != '\0')
            must(v->s, buffer_print(&out, "%s", meaning(v, *text++)) == 0);
    }
    char *filled = session_alloc(v->s, out.length + 1);
    memcpy(filled, buffer_text(&out), out.length);
    buffer_free(&out);
    return filled;
}

static bool is_on_site(const struct visit *v, const char *url)
{
    const char *site = fill(v, "@/");

    return strncmp(url, site, strlen(site)) == 0;
}

/* ---- the server ---- */

/* The time from the last answer, which cannot have ended before it was sent, to this request, which
 * cannot have been made after it came: never shorter than what the program did. */
static void check_delay(struct visit *v, const char *url)
{
    int64_t passed = (int64_t)(now_ns() - v->answered_ns) / 1000000;

    if (v->last != NULL && passed < v->delay - TOLERANCE_MS)
        session_blame(v->s,
                      "%d ms after the answer to the request for %s, %s was asked for; no less "
                      "than %ld ms were due.",
                      (int)passed, v->last, url, v->delay);
    v->last = url;
}

/* Checks what is the same in all requests, and returns the URL that is asked for. */
static const char *check_request(struct visit *v, const struct web_request *r)
{
    const char *host = web_request_field(r, "Host"), *agent = web_request_field(r, "User-Agent");

    if (host == NULL)
        session_blame(v->s, "The request for %s has no field Host.", r->target);
    const char *url = session_print(v->s, "http://%s%s", host, r->target);
    const char *due = is_on_site(v, url) ? "GET" : "HEAD";
    if (strcmp(r->method, due) != 0)
        session_blame(v->s, "%s was asked for by %s; %s was due, since it is %s the site.", url,
                      r->method, due, is_on_site(v, url) ? "on" : "not on");
    if (agent == NULL || strcmp(agent, "site-report/1.0") != 0)
        session_blame(v->s, "The field User-Agent of the request for %s is \"%s\".", url,
                      agent != NULL ? agent : "");
    check_delay(v, url);
    v->requests++;
    return url;
}

static const struct page *find_page(struct visit *v, const char *url)
{
    static const struct page none = {.status = 404, .body = "<a href=/ghost>no such page</a>"};

    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(url, v->urls[i]) != 0)
            continue;
        if (v->asked[i])
            session_blame(v->s, "%s was asked for once more.", url);
        v->asked[i] = true;
        return &v->pages[i];
    }
    if (v->make != NULL && is_on_site(v, url)) {
        struct page *made = session_alloc(v->s, sizeof *made);
        *made = (struct page){.body = v->make(v, url + strlen(fill(v, "@")))};
        if (made->body == NULL)
            made->status = 404;
        return made;
    }
    if (strcmp(url, fill(v, "@/robots.txt")) != 0)
        session_blame(v->s, "%s was asked for. %s", url,
                      v->why != NULL ? v->why : "No link that counts leads there.");
    return &none;
}

/* Says a part, and then nothing for most of the time that there is; the last one too late. */
static void drip(struct visit *v, struct link *link, const char *bytes)
{
    for (; *bytes != '\0'; bytes++) {
        link_queue(link, bytes, 1);
        if (bytes[1] != '\0')
            session_wait(v->s, SHORT_MS * 3 / 4);
    }
}

static void send_endless(const struct visit *v, struct link *link)
{
    char *bytes = session_alloc(v->s, NO_END);

    memset(bytes, 'x', NO_END);
    link_queue(link, bytes, NO_END);
}

static void send_answer(struct visit *v, const struct web_request *r, const struct page *page)
{
    static const char garbage[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
    const char *body = page->body != NULL ? fill(v, page->body) : "";
    size_t length = strlen(body);
    struct buffer text = {0};

    must(v->s, buffer_print(&text, "HTTP/1.1 %d X\r\n%s%s", page->status == 0 ? 200 : page->status,
                            page->field == NULL ? "Content-Type: text/html" : fill(v, page->field),
                            page->field != NULL && *page->field == '\0' ? "" : "\r\n") == 0);
    if (page->how == ENDLESS)
        must(v->s, buffer_print(&text, "\r\n<a href=/ghost>x</a>") == 0);
    else
        must(v->s, buffer_print(&text, "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                                page->how == CUT ? 2 * length : length) == 0);
    if (page->how != DRIP && strcmp(r->method, "HEAD") != 0)
        must(v->s, buffer_add(&text, body, length) == 0);
    if (page->how == LATE)
        session_wait(v->s, (int)v->delay * 3 / 4);
    v->answered_ns = now_ns();
    if (page->how == GARBAGE)
        link_queue(r->link, garbage, sizeof garbage - 1);
    else if (page->how != CLOSED && page->how != SILENT)
        link_queue(r->link, text.data, text.length);
    buffer_free(&text);
    if (page->how == DRIP)
        drip(v, r->link, page->body);
    if (page->how == ENDLESS)
        send_endless(v, r->link);
}

static void answer(struct visit *v, const struct web_request *r, const struct page *page)
{
    bool waits = page->how == SILENT || page->how == DRIP || page->how == ENDLESS ||
                 (page->body != NULL && strlen(page->body) > MEBIBYTE / 2);

    send_answer(v, r, page);
    if (waits)
        link_wait_end(r->link);
    else if (page->how != CLOSED)
        link_wait_read(r->link);
    link_close(r->link);
}

/* What the program holds in its last request, beside what it held in an early one. */
static void look(struct visit *v)
{
    if (v->requests != v->early && v->requests != v->late)
        return;
    student_settle(v->student);
    if (v->requests == v->early) {
        v->held = student_descriptors(v->student);
        v->before = student_memory(v->student);
        return;
    }
    long more = student_memory(v->student) - v->before;
    expect_descriptors(v->student, v->held);
    if (more > ROOM_KIB)
        session_blame(v->s,
                      "%zu pages later your program has taken %ld KiB more. What was read of a "
                      "page is to be freed, the parser's tree too.",
                      v->late - v->early, more);
}

static void serve(struct visit *v)
{
    struct web_request r;

    while (web_next_request(v->s, &r)) {
        const char *url = check_request(v, &r);
        look(v);
        answer(v, &r, find_page(v, url));
    }
}

/* ---- one run ---- */

static void begin(struct visit *v, const struct page *pages, const struct run *run)
{
    v->pages = pages;
    v->last = NULL;
    v->requests = 0;
    for (v->count = 0; pages[v->count].url != NULL; v->count++) {
        v->urls[v->count] = fill(v, pages[v->count].url);
        v->asked[v->count] = false;
    }
    v->student =
        student_start(v->s, fill(v, run->start != NULL ? run->start : "@/"),
                      run->most != NULL ? run->most : "1000", run->delay != NULL ? run->delay : "0",
                      run->ms != NULL ? run->ms : "30000", NULL);
}

/* The site map of a list of URLs. */
static void write_map(struct visit *v, const char *urls, struct buffer *out)
{
    must(v->s, buffer_print(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                 "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">"
                                 "\n") == 0);
    for (bool first = true; *urls != '\0'; urls++) {
        must(v->s, buffer_print(out, "%s", first ? "  <url><loc>" : "") == 0);
        first = *urls == ' ';
        must(v->s, buffer_print(out,
                                *urls == ' '    ? "</loc></url>\n"
                                : *urls == '&'  ? "&amp;"
                                : *urls == '\'' ? "&apos;"
                                                : "%c",
                                *urls) == 0);
    }
    must(v->s, buffer_print(out, "</urlset>\n") == 0);
}

static void finish_run(struct visit *v, const struct run *run)
{
    struct buffer map = {0};
    const char *report = fill(v, run->report);

    write_map(v, fill(v, run->map), &map);
    expect_output(v->student, report, strlen(report));
    expect_file(v->student, "sitemap.xml", map.data, map.length);
    expect_exit(v->student, run->status);
    buffer_free(&map);
}

static void play_with(struct visit *v, const struct page *pages, const struct run *run)
{
    begin(v, pages, run);
    serve(v);
    finish_run(v, run);
}

static void play(struct session *s, const struct page *pages, const struct run *run)
{
    play_with(make_visit(s), pages, run);
}

/* ---- a site, and what is wrong with it ---- */

static void sound(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<title>$</title><p><a href=\"/$/a.html\">a</a> <a href='$/b.html'>b</a>"},
        {"@/$/a.html", .body = "<p>No links here.</p>"},
        {"@/$/b.html", .body = "<a href=c.html>c</a> <a href=./a.html>a</a> <a name=x>no link</a>"},
        {"@/$/c.html", .body = ""},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "4 asked for, 0 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/$/a.html @/$/b.html @/$/c.html "});
}

static void broken(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=/a>a</a><a href=/$>1</a><a href=/b>b</a><a href=/$>2</a>"},
        {"@/$", .status = 404, .body = "<a href=/ghost>home</a>"},
        {"@/a", .body = "<a href=/gone>x</a><a href=/b>x</a>"},
        {"@/b", .body = "<a href=/gone>x</a><a href=/$>x</a><a href=/oops>x</a><a href=/>x</a>"},
        {"@/gone", .status = 410},
        {"@/oops", .status = 500, .body = "<a href=/ghost>x</a>"},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "404 @/$\n  on @/\n  on @/b\n410 @/gone\n  on @/a\n  on @/b\n"
                                 "500 @/oops\n  on @/b\n"
                                 "6 asked for, 3 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/a @/b ",
                       .status = 1});
}

/* Circles, and one URL in many forms. */
static void once(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=/a>1</a><a href=#top>2</a><a href=''>3</a><a href='/a#x'>4</a>"
                       "<a href='@'>5</a><a href='@#y'>6</a>"},
        {"@/a", .body = "<a href=/$/b>1</a><a href=a>2</a><a href=./>3</a><a href=/$/../a>4</a>"},
        {"@/$/b", .body = "<a href='  \n/a '>1</a><a href=//SITE.Test:^/a>2</a><a href=?>3</a>"
                          "<a href='/$/B'>4</a><a href=../$/b#$>5</a><a href=?x=@>6</a>"},
        {"@/$/b?", .body = "<a href=/$/b>1</a>"},
        {"@/$/B", .status = 404},
        {"@/$/b?x=@", .body = "<a href='HTTP://Site.TEST:^/a'>1</a>"},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.start = "HTTP://Site.Test:^#$",
                       .report = "404 @/$/B\n  on @/$/b\n"
                                 "6 asked for, 1 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/a @/$/b @/$/b? @/$/b?x=@ ",
                       .status = 1});
}

static void base(struct session *s)
{
    static const struct page pages[] = {
        {"@/$/d/", .body =
                       "<head><base target=_top><base href=\"../e/f\"><base href=/ghost/>"
                       "</head><a href=1>1</a><a href=?q>2</a><a href=/2>3</a><a href=#x>4</a>"},
        {"@/$/e/1", .body = "<a href=3>no base</a>"},
        {"@/$/e/f?q", .body = "<base href='~/away/'><a href=4>4</a><a href=@/5>5</a>"},
        {"@/2", .body = "<base href='javascript:x'><a href=6>6</a>"},
        {"@/$/e/f", .body = "<a href=1>again</a>"},
        {"@/$/e/3", .status = 404},
        {"~/away/4", .status = 404},
        {"@/5", .body = "<p><a href=3>1</a><base href=/$/e/><a href=/2>2</a>"},
        {"@/6", .body = "."},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.start = "@/$/d/",
                       .report = "404 @/$/e/3\n  on @/$/e/1\n  on @/5\n404 ~/away/4\n"
                                 "  on @/$/e/f?q\n"
                                 "9 asked for, 2 broken, 0 forbidden, 0 left\n",
                       .map = "@/$/d/ @/$/e/1 @/$/e/f?q @/2 @/$/e/f @/5 @/6 ",
                       .status = 1});
}

static void broken_html(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<!-- <a href=/ghost> --><A HREF=/1 class=x>1<a title='<a href=/ghost>'"
                       " hReF = \"/2?a=1&amp;b=2\">2</b></div><script>'<a href=/ghost>'</script>"
                       "<textarea><a href=/ghost></textarea><link href=/ghost><img src=/ghost>"
                       "<table><a\thref='/3?a=1&b=2'\n>3</table><a data-href=/ghost>no"
                       "<a href=/4 href=/ghost>two<p><a href=/5/&auml;><ul><li><a href='/ghost"},
        {"@/1", .body = "<style><a href=/ghost></style><title><a href=/ghost></title><a/href=/7>"},
        {"@/2?a=1&b=2", .body = "<a href=/6>"},
        {"@/3?a=1&b=2", .body = "<!DOCTYPE nonsense><body></html><a href=/8>"},
        {"@/4", .body = "<a href='/9 9\"'>"},
        {"@/5/%C3%A4", .body = "<body><html><a\nhref\n=\n/7></a></a></body></html><a href=/10>"},
        {"@/7", .body = "<"},
        {"@/6", .status = 404},
        {"@/8", .body = "<a href"},
        {"@/9%209%22", .body = "<!-- <a href=/ghost>"},
        {"@/10", .body = "</p></p></table><a href=/%41>"},
        {"@/%41", .body = "<a href=/1>"},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "404 @/6\n  on @/2?a=1&b=2\n"
                                 "12 asked for, 1 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/1 @/2?a=1&b=2 @/3?a=1&b=2 @/4 @/5/%C3%A4 @/7 @/8 @/9%209%22 "
                              "@/10 @/%41 ",
                       .status = 1});
}

static void schemes(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body =
                   "<a href='mailto:$&#64;site.test'>1</a><a href='javascript:go(\"/ghost\")'>2</a>"
                   "<a href=tel:1>3</a><a href=https://site.test/ghost>4</a>"
                   "<a href=ftp://site.test/ghost>5</a><a href=data:,x>6</a>"
                   "<a href=http://$&#64;site.test:^/ghost>7</a><a href='MAILTO:x'>8</a>"
                   "<a href='@/$'>10</a>"},
        {"@/$", .status = 302, .field = "Location: mailto:$"},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "302 @/$\n  on @/\n2 asked for, 1 broken, 0 forbidden, 0 left\n",
                       .map = "@/ ",
                       .status = 1});
}

/* ---- what is not read, and other hosts ---- */

static void types(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .field = "Content-Type: Text/HTML;charset=utf-8",
         .body = "<a href=/pdf>1</a><a href=/none>2</a><a href=/xhtml>3</a><a href=/htmlx>4</a>"
                 "<a href=/created>5</a><a href=/$.html>6</a>"},
        {"@/pdf", .field = "Content-Type: application/pdf", .body = "%PDF <a href=/ghost>x</a>"},
        {"@/none", .field = "", .body = "<a href=/ghost>x</a>"},
        {"@/xhtml", .field = "Content-Type: application/xhtml+xml",
         .body = "<a href='/ghost'>x</a>"},
        {"@/htmlx", .field = "Content-Type: text/htmlx", .body = "<a href=/ghost>x</a>"},
        {"@/created", .status = 203, .field = "Content-Type: text/html ; charset=utf-8",
         .body = "<a href=/last>x</a>"},
        {"@/$.html", .field = "Content-Type: text/plain; of=text/html",
         .body = "<a href=/ghost>x</a>"},
        {"@/last", .status = 404},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "404 @/last\n  on @/created\n"
                                 "8 asked for, 1 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/created ",
                       .status = 1});
}

static void other_hosts(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=~/$>1</a><a href='|/a'>2</a><a href=/a>3</a><a href=~>4</a>"
                       "<a href=~/$#x>5</a>"},
        {"~/$", .body = "<a href=~/ghost>x</a>"},
        {"|/a", .body = "<a href=|/ghost>x</a>"},
        {"@/a", .body = "<a href=~/gone>x</a><a href=~/moved>x</a><a href='|/robots.txt'>x</a>"},
        {"~/", .status = 404},
        {"~/gone", .status = 410},
        {"~/moved", .status = 301, .field = "Location: @/ghost"},
        {"|/robots.txt", .status = 503},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "404 ~/\n  on @/\n410 ~/gone\n  on @/a\n"
                                 "503 |/robots.txt\n  on @/a\n"
                                 "8 asked for, 3 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/a ",
                       .status = 1});
}

static void redirects(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=/good>1</a><a href=/bad>2</a><a href=/away>3</a>"
                       "<a href=/secret>4</a><a href=/round>5</a><a href=/nowhere>6</a>"
                       "<a href=/late>7</a>"},
        {"@/robots.txt", .field = "Content-Type: text/plain",
         .body = "User-agent: *\nDisallow: /x"},
        {"@/good", .status = 301, .field = "Location: /$/new", .body = "<a href=/ghost>moved</a>"},
        {"@/bad", .status = 302, .field = "Location: /$/old"},
        {"@/away", .status = 303, .field = "Location: ~/page"},
        {"@/secret", .status = 307, .field = "Location: /x"},
        {"@/round", .status = 308, .field = "Location: round2"},
        {"@/nowhere", .status = 302, .field = ""},
        {"@/late", .status = 301, .field = "Location: late2"},
        {"@/$/new", .body = "<a href=/good>1</a><a href=/bad>2</a>"},
        {"@/$/old", .status = 301, .field = "Location: gone"},
        {"~/page", .body = "x"},
        {"@/round2", .status = 301, .field = "Location: /round#again"},
        {"@/late2", .status = 301, .field = "Location: /$/new"},
        {"@/$/gone", .status = 404},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "302 @/bad\n  on @/\n  on @/$/new\n"
                                 "308 @/round\n  on @/\n  on @/round2\n"
                                 "302 @/nowhere\n  on @/\n"
                                 "301 @/$/old\n  on @/bad\n"
                                 "301 @/round2\n  on @/round\n"
                                 "404 @/$/gone\n  on @/$/old\n"
                                 "14 asked for, 6 broken, 1 forbidden, 0 left\n",
                       .map = "@/ @/$/new ",
                       .status = 1});
}

/* ---- limits ---- */

/* A calendar: each month has links to the next and to the one before, without end. */
static const char *make_month(struct visit *v, const char *path)
{
    long month = strtol(path + strlen("/month/"), NULL, 10);

    return session_print(v->s, "<a href=/month/%ld>next</a><a href=%ld>last</a>", month + 1,
                         month - 1);
}

static void page_limit(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=/month/500>calendar</a><a href=/a>a</a><a href=/$>b</a>"},
        {"@/robots.txt", .body = "User-agent: *\nDisallow: /secret"},
        {"@/a", .body = "<a href=/secret>s</a><a href=/c>c</a>"},
        {"@/$", .body = "<a href=~/x>d</a>"},
        {"@/month/500", .body = "<a href=/month/501>next</a><a href=/month/499>last</a>"},
        {"@/c", .status = 404},
        {.url = NULL}};
    struct visit *v = make_visit(s);

    v->make = make_month;
    play_with(v, pages,
              &(struct run){.most = "7",
                            .report = "404 @/c\n  on @/a\n"
                                      "7 asked for, 1 broken, 1 forbidden, 3 left\n",
                            .map = "@/ @/month/500 @/a @/$ @/month/501 @/month/499 ",
                            .status = 1});
    play_with(v, pages,
              &(struct run){.most = "1",
                            .report = "1 asked for, 0 broken, 0 forbidden, 3 left\n",
                            .map = "@/ "});
}

/* A large site: page n has links to EACH others, from n + 1 on in steps. One in STEP is gone. */
static bool is_gone(size_t n)
{
    return n % STEP == 3;
}

static bool links_to(size_t from, size_t to)
{
    return (to + LINKS - 1 - from % LINKS) % LINKS * UNSTEP % LINKS < EACH;
}

static const char *make_large(struct visit *v, const char *path)
{
    struct buffer body = {0};
    size_t n = strtoul(strrchr(path, '/') + 1, NULL, 10);

    if (is_gone(n))
        return NULL;
    for (size_t i = 0; i < EACH; i++)
        must(v->s, buffer_print(&body, "<a href=%zu>x</a>\n", (n + 1 + STEP * i) % LINKS) == 0);
    char *text = session_alloc(v->s, body.length + 1);
    memcpy(text, body.data, body.length);
    buffer_free(&body);
    return text;
}

/* Puts a number where it should be, in exchange for the one there. */
static void bring(size_t *order, size_t number, size_t to)
{
    size_t at = 0;

    while (order[at] != number)
        at++;
    order[at] = order[to];
    order[to] = number;
}

static void large(struct session *s)
{
    enum { ASKED = 30 };
    struct visit *v = make_visit(s);
    size_t *order = session_alloc(s, LINKS * sizeof *order), gone = 0;
    struct buffer first = {0}, report = {0}, map = {0};

    for (size_t i = 0; i < LINKS; i++) { /* in an order of the seed's */
        size_t at = session_random(s, (uint32_t)i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    size_t broken = 3 + STEP * (size_t)session_random(s, LINKS / STEP - 1);
    bring(order, broken - 1, 0); /* two pages at least link to one that is gone */
    bring(order, broken, 1);
    for (size_t i = 0; i < LINKS; i++)
        must(s, buffer_print(&first, "<a href=/$/%zu>x</a>\n", order[i]) == 0);
    must(s, buffer_print(&map, "@/ ") == 0);
    for (size_t i = 0; i + 1 < ASKED; i++) {
        if (!is_gone(order[i])) {
            must(s, buffer_print(&map, "@/$/%zu ", order[i]) == 0);
            continue;
        }
        gone++;
        must(s, buffer_print(&report, "404 @/$/%zu\n  on @/\n", order[i]) == 0);
        for (size_t k = 0; k + 1 < ASKED; k++)
            if (!is_gone(order[k]) && links_to(order[k], order[i]))
                must(s, buffer_print(&report, "  on @/$/%zu\n", order[k]) == 0);
    }
    must(s, buffer_print(&report, "%d asked for, %zu broken, 0 forbidden, %d left\n", ASKED, gone,
                         LINKS + 1 - ASKED) == 0);
    const struct page pages[] = {{"@/", .body = first.data}, {.url = NULL}};
    const struct run run = {.most = "30",
                            .report = report.data,
                            .map = map.data,
                            .status = gone > 0 ? EXIT_FAILURE : EXIT_SUCCESS};
    v->make = make_large;
    begin(v, pages, &run);
    student_limit_processor(v->student, MOST_PROCESSOR_MS);
    serve(v);
    finish_run(v, &run);
    buffer_free(&first);
    buffer_free(&report);
    buffer_free(&map);
}

/* A page of this many bytes. */
static const char *make_long(struct session *s, const char *link, size_t length)
{
    char *text = session_alloc(s, length + 1);
    const char *begin = session_print(s, "%s<!--", link);

    memset(text, 'x', length);
    for (size_t i = 0; begin[i] != '\0'; i++)
        text[i] = begin[i];
    return text;
}

static void byte_limit(struct session *s)
{
    struct visit *v = make_visit(s);
    const char *most = make_long(s, "<a href=/last>x</a>", MEBIBYTE);
    const char *more = make_long(s, "<a href=/ghost>x</a>", MEBIBYTE + 1);
    const struct page pages[] = {
        {"@/", .body = "<a href=/endless>1</a><a href=/most>2</a><a href=/more>3</a>"
                       "<a href=/video>4</a><a href=/$>5</a>"},
        {"@/endless", .how = ENDLESS},
        {"@/most", .body = most},
        {"@/more", .body = more},
        {"@/video", .field = "Content-Type: video/mp4", .how = ENDLESS},
        {"@/$", .body = "fine"},
        {"@/last", .status = 404},
        {.url = NULL}};
    play_with(v, pages,
              &(struct run){.report = "too-long @/endless\n  on @/\ntoo-long @/more\n  on @/\n"
                                      "404 @/last\n  on @/most\n"
                                      "7 asked for, 3 broken, 0 forbidden, 0 left\n",
                            .map = "@/ @/most @/$ ",
                            .status = 1});
}

static const char *make_heavy(struct visit *v, const char *path)
{
    long n = strtol(path + strlen("/heavy/"), NULL, 10);

    return make_long(v->s, session_print(v->s, "<a href=%ld>next</a>", n + 1), HEAVY);
}

static void memory(struct session *s)
{
    static const struct page pages[] = {{"@/", .body = "<a href=/heavy/1>$</a>"}, {.url = NULL}};
    struct visit *v = make_visit(s);
    struct buffer map = {0};

    must(s, buffer_print(&map, "@/ ") == 0);
    for (int i = 1; i < HEAVY_PAGES; i++)
        must(s, buffer_print(&map, "@/heavy/%d ", i) == 0);
    v->make = make_heavy;
    v->early = 3;
    v->late = HEAVY_PAGES + 1;
    play_with(v, pages,
              &(struct run){.most = session_print(s, "%d", HEAVY_PAGES),
                            .report = session_print(s,
                                                    "%d asked for, 0 broken, 0 forbidden, "
                                                    "1 left\n",
                                                    HEAVY_PAGES),
                            .map = map.data});
    buffer_free(&map);
}

/* ---- manners ---- */

static void robots(struct session *s)
{
    static const struct page pages[] = {
        {"@/robots.txt", .field = "Content-Type: text/plain",
         .body = "User-agent: *\nDisallow: /\n\nUser-agent: Site-Report\nDisallow: /x\n"
                 "Allow: /x/open\nDisallow: /*print=1\n\nUser-agent: other\nDisallow: /a\n"},
        {"@/", .body = "<a href=/a>1</a><a href=/x/$>2</a><a href=/x/open/$>3</a>"
                       "<a href=/b?print=>4</a><a href=/b?print=1>5</a><a href=~/x/>6</a>"},
        {"@/a", .body = "<a href=/x/$>1</a>"},
        {"@/x/open/$", .body = "<a href=/xx>1</a>"},
        {"@/b?print=", .status = 404},
        {"~/x/", .body = "x"},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "404 @/b?print=\n  on @/\n"
                                 "5 asked for, 1 broken, 3 forbidden, 0 left\n",
                       .map = "@/ @/a @/x/open/$ ",
                       .status = 1});
    static const struct page closed[] = {{"@/robots.txt", .body = "User-agent: *\nDisallow: /$\n"},
                                         {.url = NULL}};
    play(s, closed,
         &(struct run){
             .start = "@/$", .report = "0 asked for, 0 broken, 1 forbidden, 0 left\n", .map = ""});
}

/* Nobody knows the rules: then nothing may be asked for. */
static void no_rules(struct session *s)
{
    static const struct page answers[] = {
        {"@/robots.txt", .status = 500, .body = "User-agent: *\nAllow: /\n"},
        {"@/robots.txt", .body = "User-agent: *\nAllow: /\n", .how = CUT},
        {"@/robots.txt", .how = CLOSED}};
    struct visit *v = make_visit(s);

    v->why = "Nobody knows the rules: of this robots.txt there was no good answer.";
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct page pages[] = {answers[i], {.url = NULL}};
        begin(v, pages, &(struct run){.status = 1});
        serve(v);
        expect_failure(v->student, 1);
        expect_output(v->student, "", 0);
        expect_no_file(v->student, "sitemap.xml", "Nothing was asked for.");
    }
    static const struct page open[] = {
        {"@/robots.txt", .status = 403, .body = "User-agent: *\nDisallow: /"},
        {"@/", .body = "<a href=/$>x</a>"},
        {"@/$", .body = "x"},
        {.url = NULL}};
    play_with(
        v, open,
        &(struct run){.report = "2 asked for, 0 broken, 0 forbidden, 0 left\n", .map = "@/ @/$ "});
}

static void delay(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=/a>1</a><a href=~/b>2</a><a href=/c>3</a>"},
        {"@/a", .status = 301, .field = "Location: /$", .how = LATE},
        {"~/b", .status = 404},
        {"@/c", .body = "<a href=/ghost>half</a>", .how = CUT},
        {"@/$", .body = "x"},
        {.url = NULL}};
    struct visit *v = make_visit(s);

    v->delay = 80;
    play_with(v, pages,
              &(struct run){.delay = "80",
                            .report = "404 ~/b\n  on @/\ntruncated @/c\n  on @/\n"
                                      "5 asked for, 2 broken, 0 forbidden, 0 left\n",
                            .map = "@/ @/$ ",
                            .status = 1});
}

static void crawl_delay(struct session *s)
{
    static const struct page pages[] = {
        {"@/robots.txt", .body = "User-agent: site-report\nCrawl-delay: 0.12\n"},
        {"@/", .body = "<a href=/$>1</a>"},
        {"@/$", .body = "<a href=~/b>2</a>", .how = LATE},
        {"~/b", .body = ""},
        {.url = NULL}};
    struct run run = {
        .delay = "10", .report = "3 asked for, 0 broken, 0 forbidden, 0 left\n", .map = "@/ @/$ "};
    struct visit *v = make_visit(s);

    v->delay = 120;
    play_with(v, pages, &run);
    v->delay = 150; /* what was asked for on the command line, since it is more */
    run.delay = "150";
    run.most = "1";
    run.report = "1 asked for, 0 broken, 0 forbidden, 1 left\n";
    run.map = "@/ ";
    play_with(v, pages, &run);
}

/* ---- what goes wrong ---- */

static void failures(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=/cut>1</a><a href=`/$>2</a><a href=/garbage>3</a>"
                       "<a href=/closed>4</a><a href=http://no-such-host.test/$>5</a>"
                       "<a href=/a>6</a><a href=~/closed>7</a>"},
        {"@/cut", .body = "<a href=/ghost>x</a>", .how = CUT},
        {"@/garbage", .how = GARBAGE},
        {"@/closed", .how = CLOSED},
        {"@/a", .body = "<a href=/cut>1</a><a href=`/$>2</a><a href=/late>3</a>"},
        {"~/closed", .how = CLOSED},
        {"@/late", .body = "still there"},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "truncated @/cut\n  on @/\n  on @/a\n"
                                 "unreachable `/$\n  on @/\n  on @/a\n"
                                 "malformed @/garbage\n  on @/\n"
                                 "truncated @/closed\n  on @/\n"
                                 "unreachable http://no-such-host.test/$\n  on @/\n"
                                 "truncated ~/closed\n  on @/\n"
                                 "9 asked for, 6 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/a @/late ",
                       .status = 1});
}

static void deadline(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href=/$>1</a><a href=/a>2</a><a href=/drip>3</a>"},
        {"@/$", .how = SILENT},
        {"@/drip", .body = "<p>", .how = DRIP},
        {"@/a", .body = "x"},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.ms = "300",
                       .report = "timeout @/$\n  on @/\ntimeout @/drip\n  on @/\n"
                                 "4 asked for, 2 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/a ",
                       .status = 1});
}

static void sitemap(struct session *s)
{
    static const struct page pages[] = {
        {"@/", .body = "<a href='/$?a=1&amp;b=2'>1</a><a href=\"/it's\">2</a>"
                       "<a href='/a<b>\"c&amp;amp;'>3</a>"},
        {"@/$?a=1&b=2", .body = ""},
        {"@/it's", .body = ""},
        {"@/a%3Cb%3E%22c&amp;", .body = ""},
        {.url = NULL}};

    play(s, pages,
         &(struct run){.report = "4 asked for, 0 broken, 0 forbidden, 0 left\n",
                       .map = "@/ @/$?a=1&b=2 @/it's @/a%3Cb%3E%22c&amp; "});
}

static void clean(struct session *s)
{
    static const struct page pages[] = {
        {"@/robots.txt", .body = "User-agent: *\nDisallow: /x"},
        {"@/", .body = "<base href=/><a href=/a>1</a><a href=~/b>2</a><a href=/c>3</a>"
                       "<a href=x>4</a><a href=mailto:x>5</a>"},
        {"@/a", .status = 301, .field = "Location: /$"},
        {"~/b", .how = CLOSED},
        {"@/c", .body = "<a href=/ghost>half</a>", .how = CUT},
        {"@/$", .body = "<a href=/a>1</a><a href=/last>2</a><a href=/left>3</a>"},
        {"@/last", .how = GARBAGE},
        {.url = NULL}};
    struct visit *v = make_visit(s);

    v->early = 1;
    v->late = 7;
    play_with(v, pages,
              &(struct run){.most = "6",
                            .report = "truncated ~/b\n  on @/\ntruncated @/c\n  on @/\n"
                                      "malformed @/last\n  on @/$\n"
                                      "6 asked for, 3 broken, 1 forbidden, 1 left\n",
                            .map = "@/ @/$ ",
                            .status = 1});
}

/* ---- the command line, and what cannot be written ---- */

static void usage(struct session *s)
{
    static const char *const words[][5] = {
        {"@/", "10", "0"},
        {"@/", "10", "0", "1000", "more"},
        {"@/", "0", "0", "1000"},
        {"@/", "50001", "0", "9"},
        {"@/", "10", "-1", "1000"},
        {"@/", "10", "0", "0"},
        {"@/", "10", "1.5", "1000"},
        {"https://x/", "10", "0", "9"},
        {"site.test", "1", "0", "9"},
    };
    struct visit *v = make_visit(s);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *const *w = words[i];
        struct student *p = student_start(s, fill(v, w[0]), w[1], w[2], w[3], w[4], NULL);
        expect_failure(p, 2);
        peer_expect_nobody(v->site, "The command line was wrong.");
    }
}

static void unwritable(struct session *s)
{
    static const struct page pages[] = {{"@/", .body = "$"}, {.url = NULL}};
    struct visit *v = make_visit(s);

    session_file(s, "sitemap.xml/here", "x", 1); /* a folder of that name */
    begin(v, pages, &(struct run){.status = 1});
    serve(v);
    expect_failure(v->student, 1);
    session_fill_output(s);
    begin(v, pages, &(struct run){.status = 1});
    serve(v);
    expect_failure(v->student, 1);
}

static const struct test_case cases[] = {
    {.name = "sound",
     .title = "a small site, nothing broken",
     .points = 2,
     .teaches = "Four pages are asked for, in the order in which links to them were found. Two of "
                "them link to nothing.",
     .run = sound},
    {.name = "broken",
     .title = "404, 410 and 500, and the pages that link there",
     .points = 2,
     .teaches = "What is broken was found before all pages that link to it were read. The pages of "
                "an error's own text are no pages of the site.",
     .run = broken},
    {.name = "once",
     .title = "circles, and one URL in many forms",
     .points = 2,
     .teaches = "Compare URLs in one form: scheme and host in small letters, a path of at least /, "
                "no fragment. A path and a query keep their capitals.",
     .run = once},
    {.name = "base",
     .title = "<base>",
     .points = 2,
     .teaches = "The first <base> with an href counts for all links, those above it too, and is "
                "itself a reference. One that gives no URL does not count.",
     .run = base},
    {.name = "broken-html",
     .title = "HTML with mistakes",
     .points = 2,
     .teaches = "A browser shows these pages without a word. What looks like a link may stand in a "
                "comment, a script or a value; what is one may be written in capitals.",
     .run = broken_html},
    {.name = "schemes",
     .title = "mailto:, javascript: and their kin",
     .points = 1,
     .teaches = "Only URLs of http with a host and without a user name are asked for; others are "
                "passed over. A redirect to nothing that can be asked for is broken.",
     .run = schemes},
    {.name = "types",
     .title = "text/html is read, nothing else",
     .points = 1,
     .teaches = "A media type is compared as a whole, up to its parameters, and without case. All "
                "2xx are good, but only HTML has links and stands in the site map.",
     .run = types},
    {.name = "other-hosts",
     .title = "other hosts are asked by HEAD, and not crawled",
     .points = 2,
     .teaches = "Another port is another site, and so is another name of the same machine. Their "
                "links, redirects and robots.txt are of no account.",
     .run = other_hosts},
    {.name = "redirects",
     .title = "redirects: good, broken, in a circle, to nowhere",
     .points = 2,
     .teaches = "A redirect is a page with one link, and as good as what it leads to, however "
                "late that is known. Each URL is asked for once, also when redirects lead to it.",
     .run = redirects},
    {.name = "page-limit",
     .title = "a calendar without end",
     .points = 2,
     .teaches = "PAGES ends the crawl, and breadth-first means that the pages near the start are "
                "seen by then. Count what is left, and what robots.txt forbids apart from it.",
     .run = page_limit},
    {.name = "sitemap",
     .title = "& and ' in the site map",
     .points = 1,
     .teaches = "In XML & stands for the beginning of an entity. URLs are full of it.",
     .run = sitemap},
    {.name = "robots",
     .title = "robots.txt",
     .points = 2,
     .teaches = "The group that names site-report counts, and not the one for all. What it forbids "
                "is counted; other hosts have rules of their own.",
     .run = robots},
    {.name = "no-rules",
     .title = "robots.txt fails with 500, is cut short, or is forbidden",
     .points = 1,
     .teaches = "With a server that fails nobody knows the rules: nothing may be asked for. 4xx "
                "says that there are none.",
     .run = no_rules},
    {.name = "failures",
     .title = "refused, cut short, closed, no HTTP, no such host",
     .points = 2,
     .teaches = "Whatever goes wrong with one URL has a word, and the crawl goes on. Half a page "
                "is no page: its links do not count.",
     .run = failures},
    {.name = "byte-limit",
     .title = "a page that never ends",
     .points = 2,
     .teaches = "A page may have 1 MiB and not a byte more; then the connection is closed. Of what "
                "is no HTML nothing is read at all.",
     .run = byte_limit},
    {.name = "usage",
     .title = "wrong command lines",
     .points = 1,
     .teaches = "Nine command lines that are wrong: exit status 2, a message, and no request.",
     .run = usage},
    {.name = "unwritable",
     .title = "sitemap.xml is a folder, standard output is full",
     .points = 1,
     .teaches = "A report that was not written must not look like one without findings: 1 and a "
                "message.",
     .run = unwritable},
    {.name = "clean",
     .title = "memory and descriptors",
     .points = 1,
     .teaches = "After redirects, failures and a limit all memory is freed, and each connection "
                "was closed before the next one was made.",
     .run = clean,
     .leaks = true},
    {.name = "memory",
     .title = "sixteen pages of 900 KB",
     .points = 1,
     .teaches = "Keep of a page what the report needs, its URL and links, and free the rest.",
     .run = memory},
    {.name = "large",
     .title = "10,000 links, 30 pages asked for",
     .points = 2,
     .teaches = "Each link asks whether its URL is known. With a search through the list, 10,000 "
                "links cost fifty million comparisons: use a tree or a hash table.",
     .run = large},
    {.name = "delay",
     .title = "80 ms between requests",
     .points = 2,
     .teaches = "DELAY counts from the end of an answer to the next request: behind robots.txt, "
                "redirects, other hosts and failures too.",
     .run = delay},
    {.name = "crawl-delay",
     .title = "Crawl-delay in robots.txt",
     .points = 1,
     .teaches = "The larger one of DELAY and Crawl-delay counts, and already between robots.txt "
                "and the first page.",
     .run = crawl_delay},
    {.name = "deadline",
     .title = "a silent page, and one that comes in drips",
     .points = 2,
     .teaches = "MS is for the whole answer. A limit for each wait begins anew with each byte.",
     .run = deadline},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
