/*
 * robots.txt: what a site asks of programs that walk through it.
 *
 * Python: urllib.robotparser.RobotFileParser. Source: RFC 9309. Where the two differ, the RFC is
 * followed, and lesson 3.09 shows it. Crawl-delay, Request-rate and Sitemap are no part of the RFC;
 * they are read as Python reads them.
 */
#ifndef URLLIB_ROBOTPARSER_H
#define URLLIB_ROBOTPARSER_H

#include <stdbool.h>
#include <stddef.h>

enum { ROBOTS_LIMIT = 500 * 1024 }; /* bytes of a file that count: RFC 9309 section 2.5 */

/* A file that was read. It may be asked by several threads at once. */
struct robots;

/*
 * Reads a file: length bytes of text, of which no more than ROBOTS_LIMIT count, and of the last
 * line only what is whole: who reads from a connection asks for a byte more than the limit. Lines
 * end with LF, CR or both. What is no rule is passed over. The text is copied. Returns NULL when
 * memory is short. Python: parse().
 */
struct robots *robots_parse(const char *text, size_t length);

/*
 * What the answer to the request for the file makes of it: 2xx the rules in text; 4xx none,
 * everything is allowed; 5xx, and 0 for no answer at all, everything is disallowed. Other statuses
 * allow everything: a caller has followed redirects, five at least. Returns NULL when memory is
 * short. Source: RFC 9309 section 2.3.1. Python: read().
 */
struct robots *robots_answer(int status, const char *text, size_t length);

/* NULL is allowed. */
void robots_free(struct robots *robots);

/*
 * Whether agent, a product token such as "workbook" (what stands behind it, "/1.0", does not
 * count), may fetch the URL, whole or a path with its query. All groups that name the agent count
 * as one, and only without any of them those for "*". Of their rules the longest that matches
 * decides, "*" and "$" counted too; of two as long, the one that allows. Octets that are coded with
 * "%" without need are the same as those that are not. /robots.txt itself is always allowed. False,
 * too, when memory is short, which no URL below 1 KiB needs. Source: RFC 9309 section 2.2. Python:
 * can_fetch().
 */
bool robots_can_fetch(const struct robots *robots, const char *agent, const char *url);

/* What decided. The texts are the parser's own. */
struct robots_rule {
    bool allows;
    int line;            /* where the rule stands, from 1; 0 when none matched */
    const char *pattern; /* as it is spelled there; NULL likewise */
    const char *group;   /* the name by which the agent's group was found; NULL when it has none */
};

/* As robots_can_fetch(), and tells by which rule. Python has no such call. */
struct robots_rule robots_decide(const struct robots *robots, const char *agent, const char *url);

/*
 * Seconds between two requests that the agent's group asks for, a whole number or a decimal, the
 * last one if there are several; -1 when it asks for none. Python: crawl_delay(), which knows whole
 * numbers only.
 */
double robots_crawl_delay(const struct robots *robots, const char *agent);

/* Requests in so many seconds, "1/5", likewise. False when the group asks for none. Python:
 * request_rate(). */
struct robots_rate {
    int requests, seconds;
};
bool robots_request_rate(const struct robots *robots, const char *agent, struct robots_rate *rate);

/* The URLs of the site's maps, up to a NULL, the parser's own; an empty list when there are none.
 * Python: site_maps(). */
const char *const *robots_site_maps(const struct robots *robots);

#endif
