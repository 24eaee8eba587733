/*
 * Feeds the reader of robots.txt: an agent, a URL, and then the file, each of the first two on a
 * line. What must change nothing: how lines end, and how the octets of the URL are spelled.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "urllib/robotparser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *need(size_t size)
{
    void *memory = malloc(size + 1);

    if (memory == NULL)
        abort();
    return memory;
}

/* Takes a line off the front, as a string. */
static char *take_line(const char **at, const char *end)
{
    const char *stop = *at == end ? NULL : memchr(*at, '\n', (size_t)(end - *at));
    size_t length = (size_t)((stop == NULL ? end : stop) - *at);
    char *line = need(length);

    if (length > 0)
        memcpy(line, *at, length);
    line[length] = '\0';
    *at = stop == NULL ? end : stop + 1;
    return line;
}

/* The file with CR, or CR LF, where a LF was. */
static struct robots *parse_other(const char *text, size_t length, const char *line_end)
{
    char *other = need(2 * length), *to = other;

    for (size_t i = 0; i < length; i++)
        if (text[i] == '\n')
            to = stpcpy(to, line_end);
        else
            *to++ = text[i];
    struct robots *robots = robots_parse(other, (size_t)(to - other));
    free(other);
    if (robots == NULL)
        abort();
    return robots;
}

/* The URL with its letters coded, where they stand behind the first slash of a path. */
static char *spell_otherwise(const char *url)
{
    static const char DIGITS[] = "0123456789abcdef";
    char *other = need(3 * strlen(url)), *to = other;

    for (; *url != '\0'; url++)
        if (*url >= 'g' && *url <= 'z') { /* no digit of a code */
            *to++ = '%';
            *to++ = DIGITS[*url >> 4];
            *to++ = DIGITS[*url & 15];
        } else {
            *to++ = *url;
        }
    *to = '\0';
    return other;
}

static void expect_same(struct robots_rule a, struct robots_rule b)
{
    if (a.allows != b.allows || a.line != b.line || (a.group == NULL) != (b.group == NULL))
        abort();
}

static void check_line_ends(const struct robots *robots, const char *agent, const char *url,
                            const char *text, size_t length)
{
    static const char *const ENDS[] = {"\r", "\r\n"};

    if (length > 0 && memchr(text, '\r', length) != NULL)
        return;
    for (int i = 0; i < 2; i++) {
        struct robots *other = parse_other(text, length, ENDS[i]);
        expect_same(robots_decide(robots, agent, url), robots_decide(other, agent, url));
        if (robots_crawl_delay(robots, agent) != robots_crawl_delay(other, agent))
            abort();
        robots_free(other);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    char *agent = take_line(&at, end), *url = take_line(&at, end);
    struct robots *robots = robots_parse(at, (size_t)(end - at));
    struct robots_rate rate;

    if (robots == NULL)
        abort();
    struct robots_rule rule = robots_decide(robots, agent, url);
    if (rule.line < 0 || (rule.line == 0) != (rule.pattern == NULL) ||
        (rule.line > 0 && rule.group == NULL) || (rule.line == 0 && !rule.allows))
        abort();
    (void)robots_request_rate(robots, agent, &rate); /* there may be none */
    for (const char *const *map = robots_site_maps(robots); *map != NULL; map++)
        if (strlen(*map) > size)
            abort();
    check_line_ends(robots, agent, url, at, (size_t)(end - at));
    if (*url == '/' && url[1] != '/') {
        char *other = spell_otherwise(url);
        expect_same(rule, robots_decide(robots, agent, other));
        free(other);
    }
    robots_free(robots);
    free(agent);
    free(url);
    return 0;
}
