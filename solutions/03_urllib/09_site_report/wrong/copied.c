/* fails: sound broken once base broken-html schemes types other-hosts redirects page-limit sitemap robots no-rules failures byte-limit usage unwritable clean memory large delay crawl-delay deadline */
/* Program 3.11, with the arguments that are asked for here. */
#include <ctype.h>
#include <errno.h>
#include <gumbo.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "urllib/request.h"
#include "urllib/robotparser.h"

static const char USAGE[] = "URL PAGES DELAY MS";

enum { PAGES, DEPTH, DELAY, WAIT, NUMBERS, AGENT, DOT };
enum {
    KNOWN = 100000,  /* pages that are remembered */
    LONGEST = 2000,  /* bytes of a URL */
    BYTES = 1 << 20, /* of a page */
    PATIENCE = 60,   /* seconds: a site that asks for more between two requests is left alone */
};

struct page {
    char *url; /* in the form in which URLs are compared */
    long depth;
    bool asked;
    int status;              /* 0: there was no answer */
    unsigned links;          /* to other pages */
    const struct page *seen; /* the page on which a link to this was seen last */
    char note[40];
};

struct crawl {
    long limit[NUMBERS];
    bool graph;
    struct buffer site, folder; /* of the first page: "http://host/", and up to its last slash */
    const char *agent;
    struct url_options options;
    struct url_opener *opener;
    struct robots *robots;
    uint64_t delay, due;       /* nanoseconds; when the next request may be sent, by now_ns() */
    struct page *pages[KNOWN]; /* all that were found, in this order: it is the queue, too */
    void *tree;                /* the same, by their URLs */
    size_t count, asked, left;
};

static void must(bool done)
{
    if (!done)
        die("out of memory");
}

/* What others have written is made harmless for a terminal and for dot. */
static void set_note(struct page *page, const char *text)
{
    (void)snprintf(page->note, sizeof page->note, "%s", text); /* a longer one is cut */
    for (char *c = page->note; *c != '\0'; c++)
        if (!isprint((unsigned char)*c) || *c == '"' || *c == '\\')
            *c = '?';
}

static bool begins(const char *url, const struct buffer *with)
{
    return strncmp(url, with->data, with->length) == 0;
}

/* As a link on the first page might be: "d/a.html", "./", "http://other/b.html". */
static const char *name_of(const struct crawl *crawl, const struct page *page)
{
    const char *name = page->url + (begins(page->url, &crawl->folder) ? crawl->folder.length : 0);

    return *name != '\0' ? name : "./";
}

/* ---- which page a link means ---- */

/* Scheme and host in small letters, not the usual port, no dot segments, no fragment.
 * False for what is no page of a web site. */
static bool put_normal(struct buffer *text, struct buffer *out)
{
    struct buffer origin = {0};
    struct url_netloc netloc;
    struct url url;

    if (url_split(text->data, text->length, &url, NULL) == -1)
        return false;
    url_split_netloc(url.netloc, &netloc);
    int usual = url_default_port(url.scheme);
    if ((usual != 80 && usual != 443) || netloc.host.length == 0 || netloc.username.text != NULL)
        return false; /* "mailto:", "javascript:", "http:", a name with a password */
    if (netloc.port.text != NULL && url_port(&netloc, usual) == usual)
        url.netloc.length -= netloc.port.length + 1;
    for (char *c = text->data; c < url.path.text; c++)
        *c = (char)tolower((unsigned char)*c);
    must(buffer_print(&origin, "%.*s://%.*s/", URL_PRINT(url.scheme), URL_PRINT(url.netloc)) == 0);
    text->length -= url.fragment.text != NULL ? url.fragment.length + 1 : 0;
    size_t rest = text->length - (size_t)(url.path.text - text->data);
    bool done;
    if (strncmp(url.path.text, "//", 2) == 0) /* as a reference it would name a host */
        done = buffer_print(out, "%s%.*s", origin.data, (int)rest - 1, url.path.text + 1) == 0;
    else
        done = url_join(origin.data, origin.length, url.path.text, rest, out, NULL) == 0;
    buffer_free(&origin);
    return done && out->length <= LONGEST;
}

/* The page that a reference means, in the form in which URLs are compared. False if it means none.
 */
static bool resolve(const char *base, char *reference, struct buffer *out)
{
    static const char KEPT[] = "/:?#[]@!$&'()*+,;=%"; /* these mean something where they stand */
    struct buffer joined = {0}, coded = {0};
    size_t length = url_strip(reference, strlen(reference));

    while (length > 0 && reference[length - 1] == ' ')
        length--;
    bool page = url_join(base, strlen(base), reference, length, &joined, NULL) == 0;
    must(url_quote(buffer_text(&joined), joined.length, KEPT, &coded) == 0);
    page = page && coded.length > 0 && put_normal(&coded, out);
    buffer_free(&joined);
    buffer_free(&coded);
    return page;
}

static int compare_pages(const void *a, const void *b)
{
    return strcmp(((const struct page *)a)->url, ((const struct page *)b)->url);
}

/* The page with that URL: the one that is known, or else a new one at the queue's end. NULL when no
 * more can be remembered. */
static struct page *find_page(struct crawl *crawl, char *url, long depth)
{
    struct page new = {.url = url, .depth = depth};
    struct page **known = tfind(&new, &crawl->tree, compare_pages), *page;

    if (known != NULL || crawl->count == KNOWN)
        return known != NULL ? *known : NULL;
    must((page = malloc(sizeof *page)) != NULL && (new.url = strdup(url)) != NULL);
    *page = new;
    must(tsearch(page, &crawl->tree, compare_pages) != NULL);
    return crawl->pages[crawl->count++] = page;
}

static void add_link(struct crawl *crawl, struct page *from, const char *base, char *reference)
{
    struct buffer url = {0};
    struct page *to = from;

    if (resolve(base, reference, &url) &&
        (to = find_page(crawl, url.data, from->depth + 1)) == NULL)
        crawl->left++;
    if (to != NULL && to != from && to->seen != from) { /* to another, and once */
        if (crawl->graph)
            printf("  \"%s\" -> \"%s\"%s\n", name_of(crawl, from), name_of(crawl, to),
                   to->seen != NULL || to->depth == 0 ? " [color=gray constraint=0]" : "");
        to->seen = from;
        from->links++;
    }
    buffer_free(&url);
}

/* ---- which links a page has ---- */

/* Writes the links, each with a letter before it and a NUL behind. */
static void tell_links(const GumboNode *node, GumboTag tag, FILE *out)
{
    const GumboAttribute *href;

    if (node->type != GUMBO_NODE_ELEMENT)
        return;
    href = gumbo_get_attribute(&node->v.element.attributes, "href");
    if (node->v.element.tag == tag && href != NULL)
        (void)fprintf(out, "%c%s%c", tag == GUMBO_TAG_BASE ? 'b' : 'a', href->value, '\0');
    for (unsigned i = 0; i < node->v.element.children.length; i++)
        tell_links(node->v.element.children.data[i], tag, out);
}

/* In a process of its own. */
static void *take_memory(void *left, size_t size)
{
    if (size > *(size_t *)left)
        _exit(EXIT_FAILURE);
    *(size_t *)left -= size;
    return malloc(size);
}

static _Noreturn void parse(const char *html, size_t length, int fd)
{
    const struct rlimit seconds = {2, 2};
    size_t bytes = 128 << 20;
    GumboOptions options = kGumboDefaultOptions;
    FILE *out = fdopen(fd, "w");

    options.allocator = take_memory;
    options.userdata = &bytes;
    if (out == NULL || setrlimit(RLIMIT_CPU, &seconds) == -1)
        _exit(EXIT_FAILURE);
    GumboOutput *page = gumbo_parse_with_options(&options, html, length);
    tell_links(page->root, GUMBO_TAG_BASE, out);
    tell_links(page->root, GUMBO_TAG_A, out);
    _exit(ferror(out) || fclose(out) != 0); /* all memory goes with it */
}

static void read_links(struct crawl *crawl, struct page *page, const struct buffer *html)
{
    int ends[2], status = 0;
    char *text = NULL;
    size_t size = 0;
    struct buffer base = {0}; /* the first <base> counts, if it is a URL */

    pid_t child = pipe(ends) == -1 ? -1 : fork();
    if (child == 0)
        parse(html->data, html->length, ends[1]);
    FILE *links = child == -1 ? NULL : fdopen(ends[0], "r");
    if (links == NULL)
        die_errno("%s", page->url);
    (void)close(ends[1]); /* the child's */
    for (bool first = true; getdelim(&text, &size, '\0', links) > 0; first = false)
        if (text[0] == 'a')
            add_link(crawl, page, base.length > 0 ? base.data : page->url, text + 1);
        else if (first && !resolve(page->url, text + 1, &base))
            base.length = 0;
    (void)fclose(links); /* it was only read */
    if (waitpid(child, &status, 0) == -1 || status != 0)
        set_note(page, "the parser was stopped");
    free(text);
    buffer_free(&base);
}

/* ---- asking ---- */

/* Reads a body of at most so many bytes, within the limit of time. NULL if that is all,
 * else why it is not. */
static const char *receive(const struct crawl *crawl, struct url_response *response, size_t most,
                           struct buffer *body, struct url_error *error)
{
    int64_t late = now_ms() + crawl->limit[WAIT];
    ssize_t n = 1;

    must(buffer_reserve(body, most) == 0);
    while (n > 0 && body->length < most && now_ms() < late) {
        n = url_read(response, body->data + body->length, most - body->length, error);
        body->length += n > 0 ? (size_t)n : 0;
    }
    if (n <= 0)
        return n == 0 ? NULL : error->text;
    return body->length == most ? "cut: too long" : "cut: too slow";
}

/* A redirect is a page with one link. Of the others only HTML is read. */
static void take_answer(struct crawl *crawl, struct page *page, struct url_response *response,
                        struct buffer *html, struct url_error *error)
{
    const char *location = http_headers_get(&response->headers, "Location");
    const char *type = http_headers_get(&response->headers, "Content-Type");
    const char *coding = http_headers_get(&response->headers, "Content-Encoding"), *note = NULL;
    struct buffer to = {0};

    page->status = response->status;
    if (page->status / 100 == 3 && location != NULL) {
        must(buffer_print(&to, "to %s", location) == 0);
        add_link(crawl, page, page->url, to.data + strlen("to "));
        note = to.data;
    } else if (page->status / 100 == 2 && (coding != NULL || type == NULL)) {
        note = coding != NULL ? coding : "of no type";
    } else if (page->status / 100 == 2) {
        bool is_html = strncasecmp(type, "text/html", 9) == 0 && strchr("; ", type[9]) != NULL;
        note = is_html ? receive(crawl, response, BYTES, html, error) : type;
    }
    set_note(page, note != NULL ? note : "");
    buffer_free(&to);
}

static void fetch(struct crawl *crawl, struct page *page)
{
    const struct timespec due = {(time_t)(crawl->due / 1000000000),
                                 (long)(crawl->due % 1000000000)};
    struct url_error error = {0};
    struct buffer html = {0};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        continue; /* woken before it was due */
    struct url_response *response =
        url_opener_open(crawl->opener, page->url, &crawl->options, &error);
    page->asked = true;
    crawl->asked++;
    if (response != NULL)
        take_answer(crawl, page, response, &html, &error);
    else
        set_note(page, error.text);
    url_close(response);
    crawl->due = now_ns() + crawl->delay;
    if (html.length > 0)
        read_links(crawl, page, &html);
    buffer_free(&html);
    url_error_clear(&error);
}

/* Where there is no answer nobody knows the rules, and nothing is allowed. */
static void read_rules(struct crawl *crawl)
{
    struct url_error error = {0};
    struct buffer url = {0}, text = {0};

    must(buffer_print(&url, "%srobots.txt", crawl->site.data) == 0);
    struct url_response *response = url_open(url.data, &crawl->options, &error);
    int status = response != NULL ? response->status : error.status;
    if (response != NULL && receive(crawl, response, ROBOTS_LIMIT + 1, &text, &error) != NULL &&
        text.length <= ROBOTS_LIMIT)
        status = 0; /* half an answer is none */
    crawl->robots = robots_answer(status, text.data, text.length);
    must(crawl->robots != NULL);
    if (status == 0 || status >= 500)
        die("%s: nobody knows the rules: %s", url.data, error.text);
    double delay = robots_crawl_delay(crawl->robots, crawl->agent) * 1000;
    if (delay > PATIENCE * 1000)
        die("%s: asks for %g s between requests", url.data, delay / 1000);
    if (delay < (double)crawl->limit[DELAY])
        delay = (double)crawl->limit[DELAY];
    crawl->delay = (uint64_t)(delay * 1000000);
    crawl->due = now_ns() + crawl->delay;
    url_close(response);
    url_error_clear(&error);
    buffer_free(&text);
    buffer_free(&url);
}

/* ---- the walk ---- */

static void show_row(const struct crawl *crawl, const struct page *page)
{
    if (!page->asked && page->note[0] == '\0')
        return; /* it was left */
    if (page->status != 0)
        printf("%5ld  %6d  %5u  ", page->depth, page->status, page->links);
    else
        printf("%5ld  %6s  %5s  ", page->depth, "-", "-");
    printf(page->note[0] != '\0' ? "%-20s  %s\n" : "%s\n", name_of(crawl, page), page->note);
}

static void show_node(const struct crawl *crawl, const struct page *page)
{
    printf("  \"%s\" [label=\"\\N", name_of(crawl, page));
    if (page->status != 0 && page->status != 200)
        printf("\\n%d", page->status);
    else if (page->asked && page->note[0] != '\0')
        printf("\\n%s", page->note);
    printf("\"%s]\n", !page->asked                               ? " style=dashed"
                      : page->status == 0 || page->status >= 400 ? " color=red"
                                                                 : "");
}

static void visit(struct crawl *crawl, struct page *page)
{
    if (!begins(page->url, &crawl->site))
        set_note(page, "another host");
    else if (!robots_can_fetch(crawl->robots, crawl->agent, page->url))
        set_note(page, "forbidden");
    else if (page->depth > crawl->limit[DEPTH] || crawl->asked >= (size_t)crawl->limit[PAGES])
        crawl->left++;
    else
        fetch(crawl, page);
}

static void begin(struct crawl *crawl, const char *start, struct http_headers *headers)
{
    /* They do nothing, in the place of those that follow redirects and make an error of a 404. */
    static struct url_handler idle[] = {{.name = "redirect"}, {.name = "errors"}};
    struct buffer url = {0};
    char itself[] = "";

    if (!resolve(start, itself, &url))
        die("%s: no URL of http or https", start);
    must(find_page(crawl, url.data, 0) != NULL &&
         url_join(url.data, url.length, "/", 1, &crawl->site, NULL) == 0 &&
         url_join(url.data, url.length, ".", 1, &crawl->folder, NULL) == 0);
    if (http_headers_add(headers, "User-Agent", crawl->agent) == -1)
        die_errno("%s", crawl->agent);
    crawl->options.headers = headers;
    crawl->options.timeout_ms = (int)crawl->limit[WAIT];
    crawl->opener = url_opener_new();
    must(crawl->opener != NULL);
    must(url_opener_add(crawl->opener, &idle[0]) == 0);
    must(url_opener_add(crawl->opener, &idle[1]) == 0);
    buffer_free(&url);
}

static void end(struct crawl *crawl)
{
    for (size_t i = 0; i < crawl->count; i++) {
        (void)tdelete(crawl->pages[i], &crawl->tree, compare_pages); /* it is there */
        free(crawl->pages[i]->url);
        free(crawl->pages[i]);
    }
    robots_free(crawl->robots);
    url_opener_free(crawl->opener);
    buffer_free(&crawl->site);
    buffer_free(&crawl->folder);
}

int main(int argc, char **argv)
{
    static struct crawl crawl = {.agent = "site-report/1.0"};
    struct http_headers headers = {0};

    crawl.limit[DEPTH] = 1 << 30;
    if (argc != 5 || !number_parse(argv[2], 1, 50000, &crawl.limit[PAGES]) ||
        !number_parse(argv[3], 0, 60000, &crawl.limit[DELAY]) ||
        !number_parse(argv[4], 1, 60000, &crawl.limit[WAIT]))
        die_usage(USAGE);
    begin(&crawl, argv[1], &headers);
    read_rules(&crawl);
    printf(crawl.graph ? "digraph site {\n  rankdir=LR nodesep=0.15\n"
                         "  node [shape=box fontname=sans height=0.3]\n"
                       : "depth  status  links  page\n");
    for (size_t i = 0; i < crawl.count; i++) {
        visit(&crawl, crawl.pages[i]);
        (crawl.graph ? show_node : show_row)(&crawl, crawl.pages[i]);
        (void)fflush(stdout); /* finish() reports what could not be written */
    }
    if (crawl.graph)
        printf("}\n");
    else
        printf("%zu asked for, %zu left\n", crawl.asked, crawl.left);
    end(&crawl);
    http_headers_free(&headers);
    finish(EXIT_SUCCESS);
}
