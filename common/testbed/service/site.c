/*
 * /site/SEED/SIZE/: a web site of SIZE pages, the same for ever for the same two numbers.
 *
 * Page 0 is /site/SEED/SIZE/ itself. Page N is dM/pN.html below it, M being N / 100; with N % 5
 * being 2 it is dM/show?page=N&v=1. Page N links to pages 3N+1 to 3N+3 and to page (N-1)/3, so
 * that all can be reached and there are cycles, to two more, and by N % 8 to:
 *
 *   0  away/N.html on the other host, 127.0.0.1 for localhost, else localhost. That page links to
 *      away/N/deeper.html, which only who crawls other hosts finds
 *   1  missing/N.html: 404
 *   2  moved/N: 301, 302, 303, 307 or 308, to a page
 *   3  nothing more, but this page is written badly: tags in capitals, values without quotes or
 *      with blanks around, a URL that is none, and what looks like a link in a comment, in a
 *      script and in a tag that is never closed
 *   4  /private/site/SEED/SIZE/N.html, which robots.txt forbids; it links to N/deeper.html there
 *   5  nothing more, but this page has a <base>: its relative links begin at the site's root
 *   6  broken/N.html: 500. And to mailto:, javascript:, tel: and data:
 *   7  by N / 8 % 3: cut/N.html, 200, which breaks off in its midst; loop/N/a, to loop/N/b and back
 *      for ever; or chain/N/3, to chain/N/2, to chain/N/1, to page N
 *
 * Pages with N % 4 being 0 link to a place in themselves. Page 0 has two traps:
 * calendar/2026-01.html, whose links lead to the month before and the month after without an end,
 * and endless.html, a page that goes on for ever, slowly. So SIZE 24 has something of everything,
 * and SIZE 8 nearly.
 *
 * Links are written in eight forms: relative, with "./", from the root, absolute, "//host/…", with
 * a fragment, with more "../" than there are folders, with "x/../" within. Only <a href> links.
 *
 * truth.json tells what is there: {"seed", "size", "start", "pages": [{"url", "kind", "status",
 * "robots", "trap", "location", "links"}]}. url, location and links are paths on this host,
 * without fragments, each link once in the order of the page; or whole URLs, where the host is
 * another. kind is page, missing, broken, moved, loop, chain, cut, private, away, calendar or
 * endless; robots is false where robots.txt forbids it; trap is true for the calendar, of which
 * the first month stands for all, and for endless.html. Of an endless page the links are those at
 * its beginning. sitemap.xml lists the pages, 50,000 at most.
 */
#include "testbed/service/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"

enum { MOST = 1000000, FOLDER = 100 };

/* ---- the site ---- */

/* localhost and 127.0.0.1 are one machine, and two hosts. The port stays. */
static char *other_host(const char *host)
{
    const char *port = strrchr(host, ':'), *bracket = strrchr(host, ']');
    size_t length = 0;
    char *other = NULL;

    if (port == NULL || (bracket != NULL && bracket > port))
        port = "";
    length = strlen(host) - strlen(port);
    bool local = http_same_text(host, length, "localhost", 9);
    return asprintf(&other, "%s%s", local ? "127.0.0.1" : "localhost", port) == -1 ? NULL : other;
}

bool site_make(struct call *call, struct site *site)
{
    const char *host = call_host(call);

    site->seed = (uint64_t)call->number[0];
    site->size = call->number[1];
    (void)snprintf(site->root, sizeof site->root, "/site/%ld/%ld/", call->number[0],
                   call->number[1]); /* it has room */
    site->proto = call_is_tls(call) ? "https" : "http";
    site->host = host;
    site->away = NULL;
    if (site->size < 1 || site->size > MOST)
        send_bad(call, "a site has 1 to 1000000 pages");
    else if (host[strcspn(host, "\"'<>&\\ ")] != '\0')
        send_bad(call, "a strange host");
    else if ((site->away = other_host(host)) != NULL)
        return true;
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    return false;
}

void site_free(struct site *site)
{
    free((char *)(uintptr_t)site->away);
}

/* Scatters bits as splitmix64 does: Steele, Lea and Flood, OOPSLA 2014. */
static uint64_t scatter(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t site_hash(const struct site *site, uint64_t a, uint64_t b)
{
    return scatter(scatter(scatter(site->seed) + a) + b);
}

/* ---- its nodes ---- */

bool node_has_base(const struct node *node)
{
    return node->kind == NODE_PAGE && node->number % 8 == 5;
}

bool node_is_bad(const struct node *node)
{
    return node->kind == NODE_PAGE && node->number % 8 == 3;
}

bool node_same(const struct node *a, const struct node *b)
{
    return a->kind == b->kind && a->number == b->number && a->step == b->step;
}

static int page_path(const struct site *site, long number, struct buffer *out)
{
    if (number == 0)
        return buffer_print(out, "%s", site->root);
    return buffer_print(out, number % 5 == 2 ? "%sd%ld/show?page=%ld&v=1" : "%sd%ld/p%ld.html",
                        site->root, number / FOLDER, number);
}

int node_path(const struct site *site, const struct node *node, struct buffer *out)
{
    const char *root = site->root;
    long n = node->number;

    switch (node->kind) {
    case NODE_PAGE:
        return page_path(site, n, out);
    case NODE_MISSING:
        return buffer_print(out, "%smissing/%ld.html", root, n);
    case NODE_BROKEN:
        return buffer_print(out, "%sbroken/%ld.html", root, n);
    case NODE_MOVED:
        return buffer_print(out, "%smoved/%ld", root, n);
    case NODE_LOOP:
        return buffer_print(out, "%sloop/%ld/%c", root, n, node->step == 0 ? 'a' : 'b');
    case NODE_CHAIN:
        return buffer_print(out, "%schain/%ld/%ld", root, n, node->step);
    case NODE_CUT:
        return buffer_print(out, "%scut/%ld.html", root, n);
    case NODE_PRIVATE:
        return buffer_print(out, "/private%s%ld%s.html", root, n, node->step ? "/deeper" : "");
    case NODE_AWAY:
        return buffer_print(out, "%saway/%ld%s.html", root, n, node->step ? "/deeper" : "");
    case NODE_CALENDAR:
        return buffer_print(out, "%scalendar/%04ld-%02ld.html", root, n / 12, n % 12 + 1);
    case NODE_ENDLESS:
        return buffer_print(out, "%sendless.html", root);
    }
    return -1;
}

/* What hangs on the page with that number. */
static struct node hanging(long number)
{
    static const enum node_kind KINDS[] = {NODE_AWAY,    NODE_MISSING, NODE_MOVED,  NODE_PAGE,
                                           NODE_PRIVATE, NODE_PAGE,    NODE_BROKEN, NODE_PAGE};
    static const enum node_kind SEVENTH[] = {NODE_CUT, NODE_LOOP, NODE_CHAIN};
    unsigned long n = (unsigned long)number;
    struct node node = {.kind = KINDS[n % 8], .number = number};

    if (n % 8 == 7)
        node.kind = SEVENTH[n / 8 % 3];
    if (node.kind == NODE_CHAIN)
        node.step = 3;
    return node;
}

/* ---- what leads where ---- */

struct list {
    struct node *nodes;
    size_t count;
};

static void add(struct list *list, enum node_kind kind, long number, long step)
{
    struct node node = {.kind = kind, .number = number, .step = step};

    for (size_t i = 0; i < list->count; i++)
        if (node_same(&list->nodes[i], &node))
            return;
    list->nodes[list->count++] = node;
}

static void add_page_links(const struct site *site, long n, struct list *list)
{
    struct node more = hanging(n);

    for (long child = 3 * n + 1; child <= 3 * n + 3 && child < site->size; child++)
        add(list, NODE_PAGE, child, 0);
    if (n > 0)
        add(list, NODE_PAGE, (n - 1) / 3, 0);
    for (uint64_t i = 0; i < 2; i++)
        add(list, NODE_PAGE, (long)(site_hash(site, (uint64_t)n, i) % (uint64_t)site->size), 0);
    if (n % 4 == 0)
        add(list, NODE_PAGE, n, 0);
    if (more.kind != NODE_PAGE)
        add(list, more.kind, more.number, more.step);
    if (n == 0) {
        add(list, NODE_CALENDAR, FIRST_MONTH, 0);
        add(list, NODE_ENDLESS, 0, 0);
    }
}

size_t node_links(const struct site *site, const struct node *node, struct node links[NODE_LINKS])
{
    struct list list = {.nodes = links};

    switch (node->kind) {
    case NODE_PAGE:
        add_page_links(site, node->number, &list);
        break;
    case NODE_PRIVATE:
    case NODE_AWAY:
        if (node->step == 0)
            add(&list, node->kind, node->number, 1);
        break;
    case NODE_CALENDAR:
        if (node->number > 0)
            add(&list, NODE_CALENDAR, node->number - 1, 0);
        if (node->number + 1 < MONTHS)
            add(&list, NODE_CALENDAR, node->number + 1, 0);
        break;
    default:
        break;
    }
    if (node->kind >= NODE_CUT && node->kind != NODE_AWAY)
        add(&list, NODE_PAGE, 0, 0);
    return list.count;
}

int node_status(const struct site *site, const struct node *node, struct node *to)
{
    static const int MOVED[] = {HTTP_MOVED_PERMANENTLY, HTTP_FOUND, HTTP_SEE_OTHER,
                                HTTP_TEMPORARY_REDIRECT, HTTP_PERMANENT_REDIRECT};
    uint64_t target = site_hash(site, (uint64_t)node->number, 2) % (uint64_t)site->size;

    switch (node->kind) {
    case NODE_MISSING:
        return HTTP_NOT_FOUND;
    case NODE_BROKEN:
        return HTTP_INTERNAL_SERVER_ERROR;
    case NODE_MOVED:
        *to = (struct node){.kind = NODE_PAGE, .number = (long)target};
        return MOVED[node->number / 8 % 5];
    case NODE_LOOP:
        *to = (struct node){.kind = NODE_LOOP, .number = node->number, .step = 1 - node->step};
        return HTTP_FOUND;
    case NODE_CHAIN:
        *to =
            node->step > 1
                ? (struct node){.kind = NODE_CHAIN, .number = node->number, .step = node->step - 1}
                : (struct node){.kind = NODE_PAGE, .number = node->number};
        return HTTP_FOUND;
    default:
        return HTTP_OK;
    }
}

/* ---- from a path to its node ---- */

/* The first number in text, or -1. */
static long number_in(const char *text)
{
    char digits[12];

    text += strcspn(text, "0123456789");
    size_t length = strspn(text, "0123456789");
    long number = -1;
    if (length > 0 && length < sizeof digits) {
        memcpy(digits, text, length);
        digits[length] = '\0';
        (void)number_parse(digits, 0, INT32_MAX, &number); /* else it stays -1 */
    }
    return number;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What the path below the root looks like; the number may be another's, or none. */
static struct node guess(const char *path)
{
    const char *slash = strchr(path, '/'), *page = strstr(path, "show?page=");
    struct node node = {.kind = NODE_PAGE};

    if (path[0] == '\0')
        return node;
    node = hanging(number_in(path) < 0 ? 3 : number_in(path));
    if (begins(path, "d") && slash != NULL)
        node = (struct node){.kind = NODE_PAGE, .number = number_in(page != NULL ? page : slash)};
    else if (begins(path, "calendar/"))
        node = (struct node){.kind = NODE_CALENDAR, .number = number_in(path) * 12};
    else if (begins(path, "endless"))
        node = (struct node){.kind = NODE_ENDLESS};
    if (node.kind == NODE_CALENDAR && strchr(path, '-') != NULL)
        node.number += number_in(strchr(path, '-')) - 1;
    if (node.kind == NODE_LOOP || node.kind == NODE_PRIVATE || node.kind == NODE_AWAY)
        node.step = strstr(path, "/b") != NULL || strstr(path, "/deeper") != NULL;
    if (node.kind == NODE_CHAIN && slash != NULL && strchr(slash + 1, '/') != NULL)
        node.step = number_in(strchr(slash + 1, '/'));
    return node;
}

/* Whether the site has it: a page of its size, and what hangs on one. */
static bool has_node(const struct site *site, const struct node *node)
{
    struct node more = hanging(node->number < 0 ? 3 : node->number);

    switch (node->kind) {
    case NODE_PAGE:
        return node->number >= 0 && node->number < site->size;
    case NODE_CALENDAR:
        return node->number >= 0 && node->number < MONTHS;
    case NODE_ENDLESS:
        return true;
    case NODE_CHAIN:
        if (node->step < 1 || node->step > 3)
            return false;
        break;
    default:
        break;
    }
    return node->number >= 0 && node->number < site->size && more.kind == node->kind;
}

/* ---- the answers ---- */

static void send_node(struct call *call, const struct site *site, const char *below)
{
    struct buffer target = {0}, path = {0};
    bool same = false, whole;
    struct node node = {0};

    whole = buffer_print(&target, "%s%s%s", below, call->query != NULL ? "?" : "",
                         call->query != NULL ? call->query : "") == 0;
    if (whole) {
        node = guess(target.data);
        whole = node_path(site, &node, &path) == 0;
        target.length = 0;
        whole = whole && buffer_print(&target, "%s%s%s", call->path, call->query != NULL ? "?" : "",
                                      call->query != NULL ? call->query : "") == 0;
        same = whole && strcmp(path.data, target.data) == 0 && has_node(site, &node);
    }
    buffer_free(&target);
    buffer_free(&path);
    if (same)
        page_send(call, site, &node);
    else
        send_status(call, whole ? HTTP_NOT_FOUND : HTTP_INTERNAL_SERVER_ERROR);
}

static void answer_site(struct call *call)
{
    struct site site;

    if (!site_make(call, &site))
        return;
    bool is_private = begins(call->path, "/private");
    const char *path = call->path + (is_private ? strlen("/private") : 0);
    const char *below = begins(path, site.root) ? path + strlen(site.root) : NULL;
    if (below == NULL)
        send_status(call, HTTP_NOT_FOUND); /* a number with a zero in front */
    else if (!is_private && strcmp(below, "truth.json") == 0)
        truth_send(call, &site);
    else if (!is_private && strcmp(below, "sitemap.xml") == 0)
        sitemap_send(call, &site);
    else
        send_node(call, &site, below);
    site_free(&site);
}

/* Without a slash at its end it would be a page of the folder above. */
static void answer_no_slash(struct call *call)
{
    struct site site;

    if (!site_make(call, &site))
        return;
    send_redirect(call, HTTP_MOVED_PERMANENTLY, site.root);
    site_free(&site);
}

/* The sitemap that robots.txt names: an index of sitemaps. sitemaps.org/protocol.html. */
static void answer_sitemaps(struct call *call)
{
    struct buffer text = {0};

    if (buffer_print(&text,
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\""
                     "http://www.sitemaps.org/schemas/sitemap/0.9\">\n<sitemap><loc>") == 0 &&
        call_absolute(call, "/site/1/100/sitemap.xml", &text) == 0 &&
        buffer_print(&text, "</loc></sitemap>\n</sitemapindex>\n") == 0)
        send_text(call, HTTP_OK, "application/xml", text.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&text);
}

const struct route SITE_ROUTES[] = {
    {"GET", "/site/#/#/", answer_site},       {"GET", "/site/#/#/*", answer_site},
    {"GET", "/site/#/#", answer_no_slash},    {"GET", "/private/site/#/#/*", answer_site},
    {"GET", "/sitemap.xml", answer_sitemaps}, {NULL, NULL, NULL}};
