/* An opener without redirects, a hash table, and all links in one list that is sorted in the end.
 */
#include <ctype.h>
#include <gumbo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "urllib/parse.h"
#include "urllib/request.h"
#include "urllib/robotparser.h"

enum {
    LONGEST = 2000,
    PAGE_MOST = 1 << 20,
    PAGES_MOST = 50000,
    MS_MOST = 60000,
    CHAIN_MOST = 10,
    TABLE = 1 << 20
};

static const char AGENT[] = "site-report/1.0";

struct page {
    char *url;
    char word[16]; /* what came instead of a good answer: "404", "timeout"; else empty */
    bool forbidden, listed, moved; /* listed: in the site map; moved: answered with 3xx */
    const struct page *to;         /* … and where to; NULL: nowhere */
    size_t number;                 /* in the queue */
};

struct edge {
    const struct page *from, *to;
};

struct report {
    struct buffer site; /* "http://host:port/" */
    long most, ms;
    int64_t delay, due; /* milliseconds; when the next request may be made */
    struct robots *robots;
    struct page **pages;
    size_t count, room, asked;
    struct page *table[TABLE]; /* the same pages, where their URLs' hash leads */
    struct edge *edges;
    size_t edge_count, edge_room;
    struct url_opener *opener;
    struct http_headers headers;
};

static void must(bool done)
{
    if (!done)
        die("out of memory");
}

/* ---- URLs ---- */

/* Writes a URL in its one form; false if it is none that can be asked for. */
static bool put_normal(const struct buffer *text, struct buffer *out)
{
    struct url_netloc netloc;
    struct url url;

    if (text->length == 0 || url_split(text->data, text->length, &url, NULL) == -1)
        return false;
    url_split_netloc(url.netloc, &netloc);
    int port = url_port(&netloc, 80);
    if (url.scheme.length != 4 || strncasecmp(url.scheme.text, "http", 4) != 0 || port <= 0 ||
        netloc.host.length == 0 || netloc.username.text != NULL)
        return false;
    must(buffer_print(out, netloc.is_literal ? "http://[%.*s]" : "http://%.*s",
                      URL_PRINT(netloc.host)) == 0);
    for (size_t i = 0; i < out->length; i++)
        out->data[i] = (char)tolower((unsigned char)out->data[i]);
    if (port != 80)
        must(buffer_print(out, ":%d", port) == 0);
    must(buffer_print(out, "%s%.*s", url.path.length == 0 ? "/" : "", URL_PRINT(url.path)) == 0);
    if (url.query.text != NULL)
        must(buffer_print(out, "?%.*s", URL_PRINT(url.query)) == 0);
    return out->length <= LONGEST;
}

/* The URL that a reference means in a document at base; false if it means none. */
static bool resolve(const char *base, const char *reference, struct buffer *out)
{
    static const char KEPT[] = ":/?#[]@!$&'()*+,;=%";
    struct buffer coded = {0}, joined = {0};
    char *text = strdup(reference);

    must(text != NULL);
    size_t length = url_strip(text, strlen(text));
    while (length > 0 && text[length - 1] == ' ')
        length--;
    must(url_quote(text, length, KEPT, &coded) == 0);
    bool found =
        url_join(base, strlen(base), buffer_text(&coded), coded.length, &joined, NULL) == 0 &&
        put_normal(&joined, out);
    free(text);
    buffer_free(&coded);
    buffer_free(&joined);
    return found;
}

/* ---- the pages that are known ---- */

/* Where the page with that URL stands in the table, or where there is room for it. */
static struct page **place_of(struct report *r, const char *url)
{
    uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */

    for (const char *c = url; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3U;
    struct page **place = &r->table[(hash ^ hash >> 32) % TABLE];
    while (*place != NULL && strcmp((*place)->url, url) != 0)
        place = place + 1 == r->table + TABLE ? r->table : place + 1;
    return place;
}

static bool is_on_site(const struct report *r, const char *url)
{
    return strncmp(url, r->site.data, r->site.length) == 0;
}

/* The page with that URL; a new one goes to the end of the queue. */
static struct page *find_page(struct report *r, char *url)
{
    struct page **place = place_of(r, url), *page;

    if (*place != NULL || r->count == TABLE / 2)
        return *place;
    if (r->count == r->room) {
        r->room = r->room == 0 ? 64 : 2 * r->room;
        must((r->pages = realloc(r->pages, r->room * sizeof(struct page *))) != NULL);
    }
    if ((page = calloc(1, sizeof *page)) == NULL || (page->url = strdup(url)) == NULL)
        die("out of memory");
    page->forbidden =
        r->robots != NULL && is_on_site(r, url) && !robots_can_fetch(r->robots, AGENT, url);
    page->number = r->count;
    *place = page;
    return r->pages[r->count++] = page;
}

/* Notes a link. Returns where it leads; NULL: to nothing that can be asked for. */
static struct page *add_link(struct report *r, struct page *from, const char *base,
                             const char *reference)
{
    struct buffer url = {0};
    struct page *to = resolve(base, reference, &url) ? find_page(r, url.data) : NULL;

    buffer_free(&url);
    if (to == NULL)
        return NULL;
    if (r->edge_count == r->edge_room) {
        r->edge_room = 2 * r->edge_room + 64;
        r->edges = realloc(r->edges, r->edge_room * sizeof *r->edges);
        if (r->edges == NULL)
            die("out of memory");
    }
    r->edges[r->edge_count++] = (struct edge){from, to};
    return to;
}

/* ---- HTML ---- */

static const char *href_of(const GumboNode *node, GumboTag tag)
{
    const GumboAttribute *href = NULL;

    if (node->v.element.tag == tag)
        href = gumbo_get_attribute(&node->v.element.attributes, "href");
    return href != NULL ? href->value : NULL;
}

/* The first base, depth first. */
static const char *find_base(const GumboNode *node)
{
    const char *href = NULL;

    if (node->type == GUMBO_NODE_ELEMENT)
        href = href_of(node, GUMBO_TAG_BASE);
    for (unsigned i = 0;
         node->type == GUMBO_NODE_ELEMENT && href == NULL && i < node->v.element.children.length;
         i++)
        href = find_base(node->v.element.children.data[i]);
    return href;
}

static void walk(struct report *r, struct page *page, const char *base, const GumboNode *node)
{
    if (node->type != GUMBO_NODE_ELEMENT)
        return;
    const char *href = href_of(node, GUMBO_TAG_A);
    if (href != NULL)
        (void)add_link(r, page, base, href); /* it may lead nowhere: "mailto:" */
    for (unsigned i = 0; i < node->v.element.children.length; i++)
        walk(r, page, base, node->v.element.children.data[i]);
}

static void read_links(struct report *r, struct page *page, const struct buffer *html)
{
    GumboOutput *tree =
        gumbo_parse_with_options(&kGumboDefaultOptions, buffer_text(html), html->length);
    struct buffer base = {0};
    const char *href = find_base(tree->root);

    if (href == NULL || !resolve(page->url, href, &base)) {
        base.length = 0;
        must(buffer_print(&base, "%s", page->url) == 0);
    }
    walk(r, page, base.data, tree->root);
    gumbo_destroy_output(&kGumboDefaultOptions, tree);
    buffer_free(&base);
}

/* ---- asking ---- */

struct answer {
    bool any_type; /* wanted is what has another type than text/html, too */
    int status;
    bool wanted; /* its content was */
    char *location;
    struct buffer body;
};

static void free_answer(struct answer *a)
{
    free(a->location);
    buffer_free(&a->body);
}

static const char *word_of(enum url_failure failure)
{
    switch (failure) {
    case URL_NO_NAME:
    case URL_REFUSED:
    case URL_NO_CONNECTION:
        return "unreachable";
    case URL_TIMEOUT_CONNECT:
    case URL_TIMEOUT_READ:
        return "timeout";
    case URL_BROKEN:
    case URL_TOO_SHORT:
        return "truncated";
    case URL_TOO_LONG:
        return "too-long";
    default:
        return "malformed";
    }
}

static bool is_html(const char *type)
{
    return type != NULL && strncasecmp(type, "text/html", 9) == 0 &&
           strchr("; \t", type[9]) != NULL; /* the NUL is found, too */
}

/* Reads a body piece by piece, and looks at the clock behind each. */
static const char *read_body(struct url_response *response, struct buffer *body, int64_t end)
{
    struct url_error error = {0};
    const char *word = NULL;
    ssize_t n = 1;

    must(buffer_reserve(body, PAGE_MOST + 1) == 0);
    while (n > 0 && word == NULL) {
        n = url_read(response, body->data + body->length, PAGE_MOST + 1 - body->length, &error);
        body->length += n > 0 ? (size_t)n : 0;
        if (now_ms() >= end)
            word = "timeout";
        else if (n == -1)
            word = word_of(error.failure);
        else if (body->length > PAGE_MOST)
            word = "too-long";
    }
    body->data[body->length <= PAGE_MOST ? body->length : PAGE_MOST] = '\0';
    url_error_clear(&error);
    return word;
}

static const char *ask(struct report *r, const char *method, const char *url, struct answer *a)
{
    struct url_options options = {.method = method, .headers = &r->headers};
    struct url_error error = {0};
    const char *word = NULL;
    struct timespec rest;

    for (int64_t left = r->due - now_ms(); left > 0; left = r->due - now_ms()) {
        rest = (struct timespec){left / 1000, left % 1000 * 1000000};
        (void)nanosleep(&rest, NULL); /* looked at again */
    }
    int64_t end = now_ms() + r->ms;
    options.timeout_ms = (int)r->ms;
    struct url_response *response = url_opener_open(r->opener, url, &options, &error);
    if (response == NULL)
        word = word_of(error.failure);
    else {
        const char *location = http_headers_get(&response->headers, "Location");
        must(location == NULL || (a->location = strdup(location)) != NULL);
        a->status = response->status;
        a->wanted = strcmp(method, "GET") == 0 && a->status / 100 == 2 &&
                    (a->any_type || is_html(http_headers_get(&response->headers, "Content-Type")));
        if (a->wanted)
            word = read_body(response, &a->body, end);
    }
    url_close(response);
    url_error_clear(&error);
    r->due = now_ms() + r->delay + 1; /* the clock counts whole milliseconds */
    return word;
}

static void visit(struct report *r, struct page *page)
{
    bool here = is_on_site(r, page->url);
    struct answer a = {0};
    const char *word = ask(r, here ? "GET" : "HEAD", page->url, &a);

    r->asked++;
    page->moved = here && a.status / 100 == 3;
    if (word != NULL)
        (void)snprintf(page->word, sizeof page->word, "%s", word); /* both have room */
    else if (page->moved || a.status >= 400)
        (void)snprintf(page->word, sizeof page->word, "%d", a.status);
    page->listed = a.wanted && word == NULL;
    if (page->moved && a.location != NULL)
        page->to = add_link(r, page, page->url, a.location);
    if (page->listed)
        read_links(r, page, &a.body);
    free_answer(&a);
}

/* ---- robots.txt ---- */

static void ask_robots(struct report *r)
{
    struct answer a = {.any_type = true};
    struct buffer url = {0};

    must(buffer_print(&url, "%srobots.txt", r->site.data) == 0);
    const char *word = ask(r, "GET", url.data, &a);
    if (word != NULL || a.status >= 500)
        die("%s: nobody knows the rules: %s", url.data, word != NULL ? word : "the server failed");
    must((r->robots = robots_answer(a.status, a.body.data, a.body.length)) != NULL);
    double ms = robots_crawl_delay(r->robots, AGENT) * 1000;
    if (ms > (double)r->delay) {
        r->due += (int64_t)ms + 1 - r->delay;
        r->delay = (int64_t)ms + 1;
    }
    free_answer(&a);
    buffer_free(&url);
}

/* ---- the report ---- */

/* A redirect is as good as what it leads to; one that leads on and on is broken. */
static bool is_broken(const struct page *page)
{
    for (int i = 0; i < CHAIN_MOST && page->moved && page->to != NULL; i++)
        page = page->to;
    return page->word[0] != '\0';
}

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    size_t first = x->to != y->to ? x->to->number : x->from->number;
    size_t second = x->to != y->to ? y->to->number : y->from->number;

    return (first > second) - (first < second);
}

static void print_report(const struct report *r, int *status)
{
    size_t broken = 0, forbidden = 0, e = 0;

    if (r->edge_count > 0)
        qsort(r->edges, r->edge_count, sizeof *r->edges, compare_edges);

    for (size_t i = 0; i < r->count; i++) {
        const struct page *page = r->pages[i];
        bool told = is_broken(page);
        forbidden += page->forbidden;
        broken += told;
        if (told)
            printf("%s %s\n", page->word, page->url);
        for (; e < r->edge_count && r->edges[e].to == page; e++)
            if (told && (e == 0 || compare_edges(&r->edges[e - 1], &r->edges[e]) != 0))
                printf("  on %s\n", r->edges[e].from->url);
    }
    printf("%zu asked for, %zu broken, %zu forbidden, %zu left\n", r->asked, broken, forbidden,
           r->count - r->asked - forbidden);
    if (broken > 0)
        *status = EXIT_FAILURE;
}

static void print_coded(FILE *file, const char *url)
{
    for (; *url != '\0'; url++) /* ferror() tells what could not be written */
        (void)fprintf(file, *url == '&' ? "&amp;" : *url == '\'' ? "&apos;" : "%c", *url);
}

static void write_sitemap(const struct report *r, int *status)
{
    FILE *file = fopen("sitemap.xml", "we");

    if (file != NULL) {
        (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
                    file);
        for (size_t i = 0; i < r->count; i++)
            if (r->pages[i]->listed) {
                (void)fputs("  <url><loc>", file);
                print_coded(file, r->pages[i]->url);
                (void)fputs("</loc></url>\n", file);
            }
        (void)fputs("</urlset>\n", file);
    }
    bool failed = file != NULL && ferror(file) != 0;
    if (file == NULL || fclose(file) == EOF || failed) {
        report_errno("sitemap.xml");
        *status = EXIT_FAILURE;
    }
}

static void end(struct report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct page *page = r->pages[i];
        free(page->url);
        free(page);
    }
    free(r->pages);
    free(r->edges);
    url_opener_free(r->opener);
    http_headers_free(&r->headers);
    robots_free(r->robots);
    buffer_free(&r->site);
}

/* An opener that neither follows redirects nor makes errors of statuses, and knows no proxy. */
static void begin(struct report *r)
{
    static struct url_handler redirects = {.name = "redirect"}, errors = {.name = "errors"};

    r->opener = url_opener_new();
    must(r->opener != NULL && url_opener_add(r->opener, &redirects) == 0 &&
         url_opener_add(r->opener, &errors) == 0 &&
         url_opener_add(r->opener, url_proxy_handler(NULL, NULL, NULL)) == 0 &&
         http_headers_add(&r->headers, "User-Agent", AGENT) == 0);
}

int main(int argc, char **argv)
{
    static struct report r;
    struct buffer start = {0};
    int status = EXIT_SUCCESS;
    long delay;

    if (argc != 5 || !resolve("", argv[1], &start) ||
        !number_parse(argv[2], 1, PAGES_MOST, &r.most) ||
        !number_parse(argv[3], 0, MS_MOST, &delay) || !number_parse(argv[4], 1, MS_MOST, &r.ms))
        die_usage("URL PAGES DELAY MS");
    must(buffer_add(&r.site, start.data, strcspn(start.data + 7, "/") + 8) == 0);
    r.delay = delay;
    begin(&r);
    ask_robots(&r);
    (void)find_page(&r, start.data); /* the first: it is new */
    for (size_t i = 0; i < r.count; i++)
        if (!r.pages[i]->forbidden && r.asked < (size_t)r.most)
            visit(&r, r.pages[i]);
    print_report(&r, &status);
    write_sitemap(&r, &status);
    end(&r);
    buffer_free(&start);
    finish(status);
}
