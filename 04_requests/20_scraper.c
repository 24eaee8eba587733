/*
 * 4.20  A scraper
 *
 * Reads tables and links out of web pages with a real HTML parser, from page to page as long as one
 * says which is next, and only what robots.txt allows.
 *
 * Python:  requests.get(), BeautifulSoup or lxml.html for the page, urllib.robotparser
 * Usage:   20_scraper [--pages N] [--links] [URL]
 *          A row is a line, its cells are separated by tabs. --links prints the links instead.
 * See:     the HTML standard, sections 4.9 (tables) and 13.2 (parsing); RFC 9309 (robots.txt)
 * Leaves out: cells that span rows or columns; pages made by scripts; hostile pages that cost the
 *          parser gigabytes (3.11 parses in a process of its own).
 */
#include <getopt.h>
#include <gumbo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/requests.h"
#include "urllib/parse.h"
#include "urllib/robotparser.h"

static const char USAGE[] = "[--pages N] [--links] [URL]", AGENT[] = "workbook-scraper";
enum { DEEPEST = 200, PAGE_MOST = 256 * 1024 };

/* ---- the tree of a page ---- */

/* Appends the text below a node, blanks run together as a browser shows them. */
static void add_text(const GumboNode *node, struct buffer *text, int depth)
{
    if (node->type == GUMBO_NODE_TEXT && buffer_print(text, "%s", node->v.text.text) == -1)
        die("out of memory");
    if (node->type == GUMBO_NODE_WHITESPACE && buffer_add(text, " ", 1) == -1)
        die("out of memory");
    if (node->type == GUMBO_NODE_ELEMENT && depth < DEEPEST)
        for (unsigned i = 0; i < node->v.element.children.length; i++)
            add_text(node->v.element.children.data[i], text, depth + 1);
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 127;
}

/* U+0080 to U+009F, in UTF-8: some terminals obey these, too. */
static bool is_control2(const char *text, size_t length)
{
    return length > 1 && text[0] == '\xC2' && (unsigned char)text[1] < 0xA0;
}

/* [print] */
/* Prints text; what could move the cursor is a "?". */
static void print_safe(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool two = is_control2(text + i, length - i);
        putchar(two || is_control(text[i]) ? '?' : text[i]);
        i += two;
    }
}

/* The text of a node on one line. */
static void print_text(const GumboNode *node)
{
    static const char BLANKS[] = " \t\r\n\f";
    struct buffer text = {0};

    add_text(node, &text, 0);
    const char *at = buffer_text(&text);
    at += strspn(at, BLANKS);
    while (*at != '\0') {
        size_t length = strcspn(at, BLANKS);
        print_safe(at, length);
        at += length;
        at += strspn(at, BLANKS);
        if (*at != '\0')
            putchar(' ');
    }
    buffer_free(&text);
}
/* [/print] */

static bool is_element(const GumboNode *node, GumboTag tag)
{
    return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag;
}

/* [row] */
static void print_row(const GumboNode *row)
{
    const GumboVector *cells = &row->v.element.children;
    bool first = true;

    for (unsigned i = 0; i < cells->length; i++) {
        const GumboNode *cell = cells->data[i];
        bool is_head = is_element(cell, GUMBO_TAG_TH);
        if (!is_head && !is_element(cell, GUMBO_TAG_TD))
            continue;
        printf("%s", first ? "" : "\t");
        print_text(cell);
        first = false;
    }
    printf("\n");
}
/* [/row] */

/* ---- what is looked for ---- */

struct page {
    const char *url; /* that its references are joined to */
    bool links;
    struct buffer next; /* the page that it says is next; empty: none */
};

static const char *attribute_of(const GumboNode *node, const char *name)
{
    const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);

    return found != NULL ? found->value : NULL;
}

/* Appends what a reference in that document means. False when it is no URL. */
static bool join(const char *base, const char *reference, struct buffer *url)
{
    return url_join(base, strlen(base), reference, strlen(reference), url, NULL) == 0;
}

/* [link] */
static void see_link(struct page *page, const GumboNode *node)
{
    const char *href = attribute_of(node, "href");
    const char *rel = attribute_of(node, "rel");
    struct buffer url = {0};

    if (href == NULL || !join(page->url, href, &url))
        return; /* what is no URL is no link */
    if (page->links) {
        print_safe(buffer_text(&url), url.length);
        putchar('\t');
        print_text(node);
        printf("\n");
    }
    if (rel != NULL && strcmp(rel, "next") == 0 && page->next.length == 0) {
        page->next = url; /* its owner from now on */
        return;
    }
    buffer_free(&url);
}
/* [/link] */

/* [walk] */
static void walk(struct page *page, const GumboNode *node, int depth)
{
    if (node->type != GUMBO_NODE_ELEMENT || depth > DEEPEST)
        return;
    if (is_element(node, GUMBO_TAG_A))
        see_link(page, node);
    if (is_element(node, GUMBO_TAG_TR) && !page->links)
        print_row(node);
    for (unsigned i = 0; i < node->v.element.children.length; i++)
        walk(page, node->v.element.children.data[i], depth + 1);
}
/* [/walk] */

/* ---- from page to page ---- */

/* Reads a page, and returns the URL of the next, to be freed; NULL when there is none. */
static char *read_page(struct requests_session *session, const char *url, bool links)
{
    struct requests_error error = {0};
    struct requests_response *response = requests_session_get(session, url, .error = &error);
    size_t length;

    if (response == NULL || requests_raise_for_status(response, &error) == -1)
        die("%s: %s: %s", url, requests_failure_name(error.failure), error.text);
    const char *html = requests_text(response, &length); /* UTF-8, which gumbo expects */
    if (html == NULL)
        die("out of memory");
    struct page page = {.url = response->url, .links = links};
    GumboOutput *tree = gumbo_parse_with_options(&kGumboDefaultOptions, html, length);
    walk(&page, tree->root, 0);
    gumbo_destroy_output(&kGumboDefaultOptions, tree);
    requests_response_free(response);
    return page.next.data;
}

/* [robots] */
/* What the site asks for. A site without an answer is left in peace. */
static struct robots *rules_of(struct requests_session *s, const char *url)
{
    struct requests_response *r;
    struct robots *robots;
    struct buffer where = {0};

    if (!join(url, "/robots.txt", &where))
        die("%s: no URL", url);
    r = requests_session_get(s, where.data, .limit = ROBOTS_LIMIT + 1);
    int status = r != NULL ? r->status : 0; /* RFC 9309 section 2.3.1 */
    const struct buffer *body = r != NULL ? &r->body : &where;
    robots = robots_answer(status, buffer_text(body), body->length);
    if (robots == NULL)
        die("out of memory");
    requests_response_free(r);
    buffer_free(&where);
    return robots;
}
/* [/robots] */

/* [rules] */
/* What holds for every request, redirects too. */
struct rules {
    const char *first;     /* a URL of the site */
    struct robots *robots; /* NULL: they are being read */
};

static int mind_rules(struct requests_prepared *request, void *context,
                      struct requests_error *error)
{
    const struct rules *rules = context;

    if (rules->robots == NULL)
        return 0;
    const char *why = NULL;
    if (!requests_same_origin(rules->first, request->url))
        why = "on another server, whose robots.txt was not read";
    else if (!robots_can_fetch(rules->robots, AGENT, request->url))
        why = "robots.txt does not allow it";
    if (why == NULL)
        return 0;
    return requests_error_set(error, REQUESTS_STOPPED, "%s", why);
}
/* [/rules] */

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"pages", required_argument, NULL, 'p'}, {"links", no_argument, NULL, 'l'}, {0}};
    const char *first = "http://localhost:10000/api/items.html";
    long pages = 10;
    bool links = false;
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1)
        if (option == 'l')
            links = true;
        else if (option != 'p' || !number_parse(optarg, 1, 100000, &pages))
            die_usage(USAGE);
    if (argc - optind > 1)
        die_usage(USAGE);
    if (optind < argc)
        first = argv[optind];
    struct requests_session *session =
        requests_session_new(.headers = requests_pairs({"User-Agent", AGENT}), .timeout_s = 10,
                             .limit = PAGE_MOST);
    if (session == NULL)
        die("out of memory");
    struct rules rules = {.first = first};
    session->defaults.hooks.request = mind_rules;
    session->defaults.hooks.context = &rules;
    rules.robots = rules_of(session, first);
    char *url = strdup(first);
    while (url != NULL && pages-- > 0) {
        char *next = read_page(session, url, links);
        free(url);
        url = next;
    }
    free(url);
    robots_free(rules.robots);
    requests_session_free(session);
    finish(EXIT_SUCCESS);
}
