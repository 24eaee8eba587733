/*
 * 3.09  robots.txt
 *
 * Reads a site's robots.txt, and says which URLs a program may fetch and by which rule.
 *
 * Python:  urllib.robotparser.RobotFileParser: set_url(), read(), parse(), can_fetch(),
 *          crawl_delay(), request_rate(), site_maps()
 * Usage:   09_robots FILE|URL AGENT [URL]...
 *          URLs to be judged are whole, or a path with its query.
 * See:     RFC 9309; urllib/robotparser.h
 * Leaves out: keeping the file for a day, as RFC 9309 section 2.4 allows; waiting (lesson 3.11).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/request.h"
#include "urllib/robotparser.h"

enum {
    MOST = ROBOTS_LIMIT + 1
}; /* one more than counts: it tells whether the last line is whole */

/* The first bytes of a file. */
static void read_file(const char *path, struct buffer *text)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        die_errno("%s", path);
    if (buffer_reserve(text, MOST) == -1)
        die_errno("%s", path);
    text->length = fread(text->data, 1, MOST, file);
    if (ferror(file))
        die_errno("%s", path);
    (void)fclose(file); /* it was only read */
}

/* The status of the answer, its first bytes in text; 0 when there is no answer, or half of
 * one. */
static int fetch(const char *url, struct buffer *text)
{
    struct url_error error = {0};
    struct url_response *response = url_open(url, NULL, &error);
    int status = response != NULL ? response->status : error.status;
    ssize_t n = 1;

    if (response != NULL && buffer_reserve(text, MOST) == -1)
        die_errno("%s", url);
    while (response != NULL && n > 0 && text->length < MOST) {
        n = url_read(response, text->data + text->length, MOST - text->length, &error);
        if (n > 0)
            text->length += (size_t)n;
    }
    if (response == NULL || n == -1)
        report("%s: %s", url, error.text);
    url_close(response);
    url_error_clear(&error);
    return n == -1 ? 0 : status;
}

/* What the file says of the agent as a whole. */
static void tell_agent(const struct robots *robots, const char *agent)
{
    const char *group = robots_decide(robots, agent, "/").group;
    double delay = robots_crawl_delay(robots, agent);
    struct robots_rate rate;

    printf("%s: %s%s\n", agent, group == NULL ? "no group" : "the group ",
           group == NULL ? "" : group);
    if (delay >= 0)
        printf("%g s between two requests\n", delay);
    if (robots_request_rate(robots, agent, &rate))
        printf("at most %d in %d s\n", rate.requests, rate.seconds);
    for (const char *const *map = robots_site_maps(robots); *map != NULL; map++)
        printf("site map %s\n", *map);
}

static void tell_url(const struct robots *robots, const char *agent, const char *url)
{
    struct robots_rule rule = robots_decide(robots, agent, url);

    printf("%-8s %-28s ", rule.allows ? "may" : "may not", url);
    if (rule.line > 0)
        printf("line %d: %s\n", rule.line, rule.pattern);
    else
        printf("%s\n", rule.allows ? "no rule" : "nobody knows the rules");
}

int main(int argc, char **argv)
{
    struct buffer text = {0};
    struct robots *robots;

    if (argc < 3)
        die_usage("FILE|URL AGENT [URL]...");
    if (strstr(argv[1], "://") != NULL) {
        int status = fetch(argv[1], &text);
        printf("status %d\n", status);
        robots = robots_answer(status, text.data, text.length);
    } else {
        read_file(argv[1], &text);
        robots = robots_parse(text.data, text.length);
    }
    if (robots == NULL)
        die_errno("%s", argv[1]);
    tell_agent(robots, argv[2]);
    for (int i = 3; i < argc; i++)
        tell_url(robots, argv[2], argv[i]);
    robots_free(robots);
    buffer_free(&text);
    finish(EXIT_SUCCESS);
}
