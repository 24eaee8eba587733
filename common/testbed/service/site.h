/*
 * The generated web site. What it holds is a function of its two numbers: nothing is stored, and a
 * page, its links and truth.json come from the same few functions. What a site is made of is said
 * at the top of site.c.
 */
#ifndef TESTBED_SITE_H
#define TESTBED_SITE_H

#include <stdint.h>

#include "testbed/service/service.h"

enum node_kind {
    NODE_PAGE,
    NODE_MISSING,
    NODE_BROKEN,
    NODE_MOVED,
    NODE_LOOP,
    NODE_CHAIN,
    NODE_CUT,
    NODE_PRIVATE,
    NODE_AWAY,
    NODE_CALENDAR,
    NODE_ENDLESS
};
enum { NODE_LINKS = 16, MONTHS = 12 * 10000, FIRST_MONTH = 12 * 2026 };

struct site {
    uint64_t seed;
    long size;
    char root[64];     /* "/site/7/100/" */
    const char *host;  /* as the client names it */
    const char *away;  /* the other host */
    const char *proto; /* "http" */
};

/* What has a URL: the page with that number, or what hangs on it. */
struct node {
    enum node_kind kind;
    long number;
    long step; /* within a loop or a chain; 1 for what is found only on a page not to be read */
};

/* ---- site.c ---- */

/* Makes the site that call asks for. False when a status was sent: no such site, or host. */
bool site_make(struct call *call, struct site *site);

/* Frees its texts. */
void site_free(struct site *site);

/* Appends its path, with the query: "/site/7/100/d0/p5.html". Returns 0, or -1. */
int node_path(const struct site *site, const struct node *node, struct buffer *out);

bool node_same(const struct node *a, const struct node *b);

/* What its page links to, each once, in the order of the page. Returns how many. */
size_t node_links(const struct site *site, const struct node *node, struct node links[NODE_LINKS]);

/* Its status; and for a redirect where that leads, as *to. */
int node_status(const struct site *site, const struct node *node, struct node *to);

/* A number made of the seed and two others. */
uint64_t site_hash(const struct site *site, uint64_t a, uint64_t b);

/* The page has <base>, or bad HTML. */
bool node_has_base(const struct node *node);
bool node_is_bad(const struct node *node);

/* ---- site_page.c ---- */

/* Answers with the node. */
void page_send(struct call *call, const struct site *site, const struct node *node);

/* ---- site_truth.c ---- */

void truth_send(struct call *call, const struct site *site);
void sitemap_send(struct call *call, const struct site *site);

#endif
