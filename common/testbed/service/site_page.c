#include <string.h>

#include "testbed/service/site.h"

static const char HTML[] = "text/html; charset=utf-8";

/* The forms in which a link is written. */
enum form { RELATIVE, DOTTED, ROOTED, ABSOLUTE, NETWORK, FRAGMENT, TOO_HIGH, WINDING, FORMS };

/* ---- links ---- */

/* The folder that relative links of a page begin at, and how deep it is. */
static size_t folder_of(const struct site *site, const struct node *node, const struct buffer *path)
{
    const char *query = strchr(path->data, '?');
    size_t length = query != NULL ? (size_t)(query - path->data) : path->length;

    if (node_has_base(node))
        return strlen(site->root);
    while (length > 0 && path->data[length - 1] != '/')
        length--;
    return length;
}

/* Writes to as seen from the folder, the first length bytes of from. */
static int write_relative(const char *from, size_t length, const char *to, struct buffer *out)
{
    size_t same = 0, folders = 0;

    for (size_t i = 0; i < length && from[i] == to[i]; i++)
        if (from[i] == '/')
            same = i + 1;
    for (size_t i = same; i < length; i++)
        folders += from[i] == '/';
    for (size_t i = 0; i < folders; i++)
        if (buffer_add(out, "../", 3) == -1)
            return -1;
    return folders == 0 && to[same] == '\0' ? buffer_add(out, "./", 2)
                                            : buffer_print(out, "%s", to + same);
}

/* Writes the path to as a link in the page whose path is from. */
static int write_form(const struct site *site, const struct node *node, const struct buffer *from,
                      const char *to, enum form form, struct buffer *out)
{
    const char *query = strchr(to, '?');
    size_t length = query != NULL ? (size_t)(query - to) : 0, folder = folder_of(site, node, from);

    switch (form) {
    case ROOTED:
        return buffer_print(out, "%s", to);
    case ABSOLUTE:
        return buffer_print(out, "%s://%s%s", site->proto, site->host, to);
    case NETWORK:
        return buffer_print(out, "//%s%s", site->host, to);
    case TOO_HIGH:
        return buffer_print(out, "../../../../../../..%s", to);
    case WINDING:
        return buffer_print(out, "/x/..%s", to);
    case DOTTED:
        return buffer_add(out, "./", 2) == -1 ? -1 : write_relative(from->data, folder, to, out);
    default:
        break;
    }
    /* A page with a query links to its like by the query alone. */
    if (query != NULL && !node_has_base(node) && strncmp(from->data, to, length + 1) == 0)
        return buffer_print(out, "%s", query);
    if (write_relative(from->data, folder, to, out) == -1)
        return -1;
    return form == FRAGMENT ? buffer_print(out, "#part") : 0;
}

/* Writes the link number i of a page. The other host has its own way to be written. */
static int write_link(const struct site *site, const struct node *node, const struct buffer *from,
                      const struct node *to, size_t i, struct buffer *out)
{
    uint64_t form =
        site_hash(site, (uint64_t)node->number + 1000 * (uint64_t)node->kind, 16 + i) % FORMS;
    struct buffer path = {0};
    int result = node_path(site, to, &path);

    if (result == 0 && to->kind == NODE_AWAY && node->kind != NODE_AWAY)
        result = buffer_print(out, "%s%s//%s%s", form % 2 == 0 ? site->proto : "",
                              form % 2 == 0 ? ":" : "", site->away, path.data);
    else if (result == 0 && node_same(node, to))
        result = buffer_print(out, "#part");
    else if (result == 0)
        result = write_form(site, node, from, path.data, (enum form)form, out);
    buffer_free(&path);
    return result;
}

/* ---- pages ---- */

static int write_words(const struct site *site, const struct node *node, struct buffer *out)
{
    static const char *const WORDS_OF_IT[] = {
        "peer",   "socket", "header", "cookie", "stream", "origin",   "proxy",  "cache",
        "packet", "port",   "route",  "queue",  "token",  "fragment", "thread", "resolver"};
    uint64_t bits = site_hash(site, (uint64_t)node->number, 3);
    int result = buffer_print(out, "<p>");

    for (int i = 0; i < 16 && result == 0; i++, bits >>= 4)
        result = buffer_print(out, "%s%s", i > 0 ? " " : "", WORDS_OF_IT[bits & 15]);
    return result == 0 ? buffer_print(out, ".</p>\n") : -1;
}

/* In ways that are wrong, and that browsers understand. */
static int write_bad_item(const char *link, size_t i, struct buffer *out)
{
    struct buffer coded = {0};
    int result = 0;

    for (const char *at = link; i % 5 == 4 && *at != '\0' && result == 0; at++)
        result = *at == '/' ? buffer_print(&coded, "&#x2F;") : buffer_add(&coded, at, 1);
    switch (result == 0 ? i % 5 : 5) {
    case 0:
        result = buffer_print(out, "<LI><A HREF=%s >in capitals</A>\n", link);
        break;
    case 1:
        result = buffer_print(out, "<li><a class=x href='%s'>never closed\n", link);
        break;
    case 2:
        result = buffer_print(out, "<li><b><a href=\"\n  %s \">blanks around</b></a>\n", link);
        break;
    case 3:
        result =
            buffer_print(out, "<li><a href=\"%s\" href=\"never/second\">twice</a></i>\n", link);
        break;
    case 4:
        result = buffer_print(out, "<li><a href=\"%s\">coded</a></p>\n", coded.data);
        break;
    default:
        break;
    }
    buffer_free(&coded);
    return result;
}

static int write_item(const char *link, size_t i, bool bad, struct buffer *out)
{
    if (bad)
        return write_bad_item(link, i, out);
    if (buffer_print(out, "<li><a href=\"") == -1 || html_escape(link, out) == -1)
        return -1;
    return buffer_print(out, "\">link %zu</a></li>\n", i);
}

static int write_items(const struct site *site, const struct node *node, const struct buffer *path,
                       struct buffer *out)
{
    struct node links[NODE_LINKS] = {0};
    struct buffer link = {0};
    size_t count = node_links(site, node, links);
    int result = buffer_print(out, "<ul>\n");

    for (size_t i = 0; i < count && result == 0; i++) {
        link.length = 0;
        result = write_link(site, node, path, &links[i], i, &link);
        if (result == 0)
            result = write_item(link.data, i, node_is_bad(node), out);
    }
    buffer_free(&link);
    return result == 0 ? buffer_print(out, "</ul>\n") : -1;
}

/* Nothing of this is a link that can be followed. */
static int write_more(const struct node *node, struct buffer *out)
{
    if (node_is_bad(node))
        return buffer_print(
            out, "<!-- <a href=\"never/comment\">hidden</a> -->\n<a name=here>no link</a>\n"
                 "<script>document.write('<a href=\"never/script\">');</script>\n"
                 "<a href=\"http://[/\">no URL</a>\n<p>That is all <a href=\"never/open");
    if (node->kind == NODE_PAGE && node->number % 8 == 6)
        return buffer_print(out, "<a href=\"mailto:nobody@localhost\">write</a>\n"
                                 "<a href=\"javascript:history.back()\">back</a>\n"
                                 "<a href=\"tel:112\">call</a>\n<a href=\"data:,x\">x</a>\n");
    return 0;
}

static int write_page(const struct site *site, const struct node *node, struct buffer *out)
{
    struct buffer path = {0};
    int result = node_path(site, node, &path);

    if (result == 0)
        result =
            buffer_print(out,
                         "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<title>Page %ld</title>\n",
                         node->number);
    if (result == 0 && node_has_base(node))
        result = buffer_print(out, "<base href=\"%s\">\n", site->root);
    if (result == 0)
        result =
            buffer_print(out, "</head>\n<body>\n<h1 id=\"part\">Page %ld</h1>\n", node->number);
    if (result == 0)
        result = write_words(site, node, out);
    if (result == 0)
        result = write_items(site, node, &path, out);
    if (result == 0)
        result = write_more(node, out);
    if (result == 0 && !node_is_bad(node))
        result = buffer_print(out, "</body>\n</html>\n");
    buffer_free(&path);
    return result;
}

/* ---- answers ---- */

static void send_moved(struct call *call, const struct site *site, const struct node *node,
                       int status, const struct node *to)
{
    struct buffer path = {0}, from = {0}, location = {0};
    uint64_t form = site_hash(site, (uint64_t)node->number, 4) % 3;

    if (node_path(site, to, &path) == 0 && node_path(site, node, &from) == 0 &&
        write_form(site, node, &from, path.data,
                   form == 0   ? ABSOLUTE
                   : form == 1 ? ROOTED
                               : RELATIVE,
                   &location) == 0)
        send_redirect(call, status, location.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&path);
    buffer_free(&from);
    buffer_free(&location);
}

/* Half of what was promised. */
static void send_half(struct call *call, const struct buffer *page)
{
    http_send_response(call->x, HTTP_OK);
    http_send_header(call->x, "Content-Type", HTML);
    http_print_header(call->x, "Content-Length", "%zu", 2 * page->length);
    http_end_headers(call->x);
    http_send_body(call->x, page->data, page->length);
    call_cut(call);
}

/* Ten lines a second, for ever. */
static void send_endless(struct call *call, const struct buffer *page)
{
    if (!slow_begin(call))
        return;
    http_send_response(call->x, HTTP_OK);
    http_send_header(call->x, "Content-Type", HTML);
    http_end_headers(call->x);
    http_send_body(call->x, page->data, page->length);
    while (strcmp(call->method, "HEAD") != 0 && slow_sleep(call, 0.1))
        http_print_body(call->x, "<p>and so on,\n");
    call_cut(call);
    slow_end();
}

void page_send(struct call *call, const struct site *site, const struct node *node)
{
    struct buffer page = {0};
    struct node to;
    int status = node_status(site, node, &to);

    if (status >= 400)
        send_status(call, status);
    else if (status >= 300)
        send_moved(call, site, node, status, &to);
    else if (write_page(site, node, &page) == -1)
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    else if (node->kind == NODE_CUT)
        send_half(call, &page);
    else if (node->kind == NODE_ENDLESS)
        send_endless(call, &page);
    else
        http_answer(call->x, status, HTML, page.data, page.length);
    buffer_free(&page);
}
