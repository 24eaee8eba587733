#include <string.h>

#include "testbed/service/site.h"

enum { PIECE = 65536, SITEMAP = 50000 };

static const char *const NAMES[] = {
    [NODE_PAGE] = "page",         [NODE_MISSING] = "missing", [NODE_BROKEN] = "broken",
    [NODE_MOVED] = "moved",       [NODE_LOOP] = "loop",       [NODE_CHAIN] = "chain",
    [NODE_CUT] = "cut",           [NODE_PRIVATE] = "private", [NODE_AWAY] = "away",
    [NODE_CALENDAR] = "calendar", [NODE_ENDLESS] = "endless"};

/* What is being written, sent piece by piece. */
struct text {
    struct call *call;
    const struct site *site;
    struct buffer buffer;
    size_t count; /* of entries so far */
    bool failed;
};

static void flush(struct text *text, size_t above)
{
    if (text->buffer.length > above) {
        http_send_body(text->call->x, text->buffer.data, text->buffer.length);
        text->buffer.length = 0;
    }
}

/* Nothing in it needs an escape in JSON: see site_make(). */
static void write_url(struct text *text, const struct node *node)
{
    struct buffer *out = &text->buffer;

    if (node->kind == NODE_AWAY &&
        buffer_print(out, "\"%s://%s", text->site->proto, text->site->away) == -1)
        text->failed = true;
    if (node->kind != NODE_AWAY && buffer_add(out, "\"", 1) == -1)
        text->failed = true;
    if (node_path(text->site, node, out) == -1 || buffer_add(out, "\"", 1) == -1)
        text->failed = true;
}

static void write_text(struct text *text, const char *more)
{
    if (buffer_add(&text->buffer, more, strlen(more)) == -1)
        text->failed = true;
}

static void write_entry(struct text *text, const struct node *node)
{
    struct node links[NODE_LINKS] = {0}, to;
    size_t count = node_links(text->site, node, links);
    int status = node_status(text->site, node, &to);
    bool trap = node->kind == NODE_CALENDAR || node->kind == NODE_ENDLESS;

    write_text(text, text->count++ > 0 ? ",\n{\"url\": " : "\n{\"url\": ");
    write_url(text, node);
    if (buffer_print(&text->buffer,
                     ", \"kind\": \"%s\", \"status\": %d, \"robots\": %s, \"trap\": %s, "
                     "\"location\": ",
                     NAMES[node->kind], status, node->kind == NODE_PRIVATE ? "false" : "true",
                     trap ? "true" : "false") == -1)
        text->failed = true;
    if (status / 100 == 3)
        write_url(text, &to);
    else
        write_text(text, "null");
    write_text(text, ", \"links\": [");
    for (size_t i = 0; i < count; i++) {
        write_text(text, i > 0 ? ", " : "");
        write_url(text, &links[i]);
    }
    write_text(text, "]}");
    flush(text, PIECE);
}

/* A page, and what hangs on it, down to where that ends. */
static void write_entries(struct text *text, long number)
{
    struct node page = {.kind = NODE_PAGE, .number = number}, links[NODE_LINKS] = {0};
    size_t count = node_links(text->site, &page, links);

    write_entry(text, &page);
    for (size_t i = 0; i < count; i++) {
        struct node node = links[i];
        if (node.kind == NODE_PAGE)
            continue;
        write_entry(text, &node);
        if (node.kind == NODE_PRIVATE || node.kind == NODE_AWAY || node.kind == NODE_LOOP) {
            node.step = 1;
            write_entry(text, &node);
        }
        while (node.kind == NODE_CHAIN && --node.step > 0)
            write_entry(text, &node);
    }
}

static void begin(struct text *text, const char *type)
{
    http_send_response(text->call->x, HTTP_OK);
    http_send_header(text->call->x, "Content-Type", type);
    http_end_headers(text->call->x);
}

/* What was sent is not the whole: the client must not take it for that. */
static void end(struct text *text)
{
    flush(text, 0);
    if (text->failed)
        call_cut(text->call);
    buffer_free(&text->buffer);
}

void truth_send(struct call *call, const struct site *site)
{
    struct text text = {.call = call, .site = site};

    begin(&text, "application/json");
    if (buffer_print(&text.buffer,
                     "{\"seed\": %llu, \"size\": %ld, \"start\": \"%s\", \"pages\": [",
                     (unsigned long long)site->seed, site->size, site->root) == -1)
        text.failed = true;
    for (long i = 0; i < site->size && !text.failed && !http_exchange_failed(call->x); i++)
        write_entries(&text, i);
    write_text(&text, "\n]}\n");
    end(&text);
}

void sitemap_send(struct call *call, const struct site *site)
{
    struct text text = {.call = call, .site = site};
    struct buffer path = {0};

    begin(&text, "application/xml");
    write_text(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\""
                      "http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for (long i = 0; i < site->size && i < SITEMAP && !http_exchange_failed(call->x); i++) {
        struct node page = {.kind = NODE_PAGE, .number = i};
        path.length = 0;
        if (node_path(site, &page, &path) == -1 ||
            buffer_print(&text.buffer, "<url><loc>%s://%s", site->proto, site->host) == -1 ||
            html_escape(path.data, &text.buffer) == -1)
            text.failed = true;
        write_text(&text, "</loc></url>\n");
        flush(&text, PIECE);
    }
    write_text(&text, "</urlset>\n");
    end(&text);
    buffer_free(&path);
}
