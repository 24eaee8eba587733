/* fails: delay crawl-delay */
/*
 * The delay counts from the beginning of a request: a slow server gets less rest.
 */
#include <ctype.h>
#include <errno.h>
#include <gumbo.h>
#include <search.h>
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
#include "http/client.h"
#include "urllib/parse.h"
#include "urllib/robotparser.h"

enum { LONGEST = 2000, PAGE_MOST = 1 << 20, PAGES_MOST = 50000, MS_MOST = 60000, CHAIN_MOST = 10 };

static const char AGENT[] = "site-report/1.0";

struct page {
    char *url;
    char word[16]; /* what came instead of a good answer: "404", "timeout"; else empty */
    bool forbidden, listed, moved; /* listed: in the site map; moved: answered with 3xx */
    const struct page *to;         /* … and where to; NULL: nowhere */
    const struct page **from;      /* which link to it, each once, in the order of the queue */
    size_t count;
};

struct report {
    struct buffer site; /* "http://host:port/" */
    long most, ms;
    int64_t delay, due; /* milliseconds; when the next request may be made */
    struct robots *robots;
    struct page **pages;
    size_t count, room, asked;
    void *tree; /* the same pages, by their URLs */
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

static int compare_pages(const void *a, const void *b)
{
    return strcmp(((const struct page *)a)->url, ((const struct page *)b)->url);
}

static bool is_on_site(const struct report *r, const char *url)
{
    return strncmp(url, r->site.data, r->site.length) == 0;
}

/* The page with that URL; a new one goes to the end of the queue. */
static struct page *find_page(struct report *r, char *url)
{
    struct page key = {.url = url};
    struct page **known = tfind(&key, &r->tree, compare_pages), *page;

    if (known != NULL)
        return *known;
    if (r->count == r->room) {
        r->room = r->room == 0 ? 64 : 2 * r->room;
        must((r->pages = realloc(r->pages, r->room * sizeof(struct page *))) != NULL);
    }
    if ((page = calloc(1, sizeof *page)) == NULL || (page->url = strdup(url)) == NULL)
        die("out of memory");
    page->forbidden =
        r->robots != NULL && is_on_site(r, url) && !robots_can_fetch(r->robots, AGENT, url);
    must(tsearch(page, &r->tree, compare_pages) != NULL);
    return r->pages[r->count++] = page;
}

/* Notes a link, once. Returns where it leads; NULL: to nothing that can be asked for. */
static struct page *add_link(struct report *r, struct page *from, const char *base,
                             const char *reference)
{
    struct buffer url = {0};
    struct page *to = resolve(base, reference, &url) ? find_page(r, url.data) : NULL;

    buffer_free(&url);
    if (to == NULL || (to->count > 0 && to->from[to->count - 1] == from))
        return to;
    must((to->from = realloc(to->from, (to->count + 1) * sizeof(struct page *))) != NULL);
    to->from[to->count++] = from;
    return to;
}

/* ---- HTML ---- */

/* The next element in the order of the document; there is no need to go down by calls. */
static const GumboNode *next_node(const GumboNode *node)
{
    bool holds = node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;

    if (holds && node->v.element.children.length > 0)
        return node->v.element.children.data[0];
    while (node->parent != NULL && node->parent->type != GUMBO_NODE_DOCUMENT) {
        const GumboVector *siblings = &node->parent->v.element.children;
        if (node->index_within_parent + 1 < siblings->length)
            return siblings->data[node->index_within_parent + 1];
        node = node->parent;
    }
    return NULL;
}

static const char *href_of(const GumboNode *node, GumboTag tag)
{
    const GumboAttribute *href = NULL;

    if (node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag)
        href = gumbo_get_attribute(&node->v.element.attributes, "href");
    return href != NULL ? href->value : NULL;
}

static void read_links(struct report *r, struct page *page, const struct buffer *html)
{
    GumboOutput *tree =
        gumbo_parse_with_options(&kGumboDefaultOptions, buffer_text(html), html->length);
    struct buffer base = {0};
    const char *href = NULL;

    for (const GumboNode *at = tree->root; at != NULL && href == NULL; at = next_node(at))
        href = href_of(at, GUMBO_TAG_BASE);
    if (href == NULL || !resolve(page->url, href, &base)) {
        base.length = 0;
        must(buffer_print(&base, "%s", page->url) == 0);
    }
    for (const GumboNode *at = tree->root; at != NULL; at = next_node(at))
        if ((href = href_of(at, GUMBO_TAG_A)) != NULL)
            (void)add_link(r, page, base.data, href); /* it may lead nowhere: "mailto:" */
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

static const char *word_of(enum http_client_result result)
{
    switch (result) {
    case HTTP_CLIENT_NO_CONNECTION:
        return "unreachable";
    case HTTP_CLIENT_TIMEOUT:
        return "timeout";
    case HTTP_CLIENT_BROKEN:
    case HTTP_CLIENT_DISCONNECTED:
    case HTTP_CLIENT_INCOMPLETE:
        return "truncated";
    case HTTP_CLIENT_TOO_LONG:
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

static enum http_client_result receive(struct http_client *client, const char *method,
                                       const char *target, struct answer *a)
{
    struct http_headers headers = {0};
    const struct http_head *head;

    must(http_headers_add(&headers, "User-Agent", AGENT) == 0);
    enum http_client_result result = http_client_request(client, method, target, &headers, NULL, 0);
    http_headers_free(&headers);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(client, &head);
    if (result != HTTP_CLIENT_OK)
        return result;
    const char *location = http_headers_get(&head->headers, "Location");
    must(location == NULL || (a->location = strdup(location)) != NULL);
    a->status = head->status;
    a->wanted = strcmp(method, "GET") == 0 && a->status / 100 == 2 &&
                (a->any_type || is_html(http_headers_get(&head->headers, "Content-Type")));
    return a->wanted ? http_client_read_all(client, &a->body, PAGE_MOST) : HTTP_CLIENT_OK;
}

/* Sends one request when it is time. A NULL is a good answer; else the word for what it was. */
static const char *ask(struct report *r, const char *method, const char *text, struct answer *a)
{
    const struct timespec due = {r->due / 1000, r->due % 1000 * 1000000};
    struct http_client_limits limits = {.connect_ms = -1, .wait_ms = -1};
    struct url url;
    struct url_netloc netloc;
    char host[LONGEST + 1], port[8];
    enum http_client_result result = HTTP_CLIENT_NO_CONNECTION; /* what is no name is unknown */

    must(url_split(text, strlen(text), &url, NULL) == 0);
    url_split_netloc(url.netloc, &netloc);
    (void)snprintf(host, sizeof host, "%.*s", URL_PRINT(netloc.host)); /* both have room */
    (void)snprintf(port, sizeof port, "%d", url_port(&netloc, 80));
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        continue;
    struct http_client *client = http_client_new(host, port, NULL, &limits, NULL);
    r->due = now_ms() + r->delay + 1; /* the clock counts whole milliseconds */
    if (client != NULL) {
        http_client_set_deadline(client, now_ms() + r->ms);
        result = receive(client, method, url.path.text, a);
    }
    http_client_free(client);
    return result == HTTP_CLIENT_OK ? NULL : word_of(result);
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

static void print_report(const struct report *r, int *status)
{
    size_t broken = 0, forbidden = 0;

    for (size_t i = 0; i < r->count; i++) {
        const struct page *page = r->pages[i];
        forbidden += page->forbidden;
        if (!is_broken(page))
            continue;
        broken++;
        printf("%s %s\n", page->word, page->url);
        for (size_t k = 0; k < page->count; k++)
            printf("  on %s\n", page->from[k]->url);
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
        (void)tdelete(page, &r->tree, compare_pages); /* it is there */
        free(page->from);
        free(page->url);
        free(page);
    }
    free(r->pages);
    robots_free(r->robots);
    buffer_free(&r->site);
}

int main(int argc, char **argv)
{
    struct report r = {0};
    struct buffer start = {0};
    int status = EXIT_SUCCESS;
    long delay;

    if (argc != 5 || !resolve("", argv[1], &start) ||
        !number_parse(argv[2], 1, PAGES_MOST, &r.most) ||
        !number_parse(argv[3], 0, MS_MOST, &delay) || !number_parse(argv[4], 1, MS_MOST, &r.ms))
        die_usage("URL PAGES DELAY MS");
    must(buffer_add(&r.site, start.data, strcspn(start.data + 7, "/") + 8) == 0);
    r.delay = delay;
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
