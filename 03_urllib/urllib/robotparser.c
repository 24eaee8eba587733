#include "urllib/robotparser.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "urllib/parse.h"

/* "Allow: /a*b$" */
struct rule {
    const char *path; /* the pattern, normalised, without a "$" at its end; ended by no NUL */
    size_t length;    /* of it */
    size_t literal;   /* how much of it stands before the first "*" */
    bool ends;        /* there was a "$": the URL must end here, too */
    bool allows;
    int line;
    const char *spelled;
    size_t
        parent; /* the place, plus 1, of the next rule whose literal part this one's begins with */
};

/* The rules that stand below one or more lines with agents. */
struct group {
    size_t first, count; /* in rules */
    double delay;        /* -1: none */
    struct robots_rate rate;
    bool has_rate;
};

/* A line "User-agent: name". */
struct agent {
    const char *name;
    size_t length; /* of the product token; what is behind it does not count */
    size_t group;
};

struct robots {
    char *text;  /* a copy of the file: patterns and names are ended in it by NULs */
    char *coded; /* the patterns, normalised */
    size_t coded_length;
    struct rule *rules; /* those of a group stand together, sorted by their literal parts */
    struct group *groups;
    struct agent *agents; /* sorted by name, those of the same name in the file's order */
    char **site_maps;     /* up to a NULL */
    size_t rule_count, group_count, agent_count, site_map_count;
    bool is_naming; /* while it is read: the last line that counts was one with an agent */
    bool is_closed; /* nothing is allowed */
};

/* Makes room for one more. Returns the list, perhaps elsewhere; NULL when memory is short, and then
 * the list is as it was. */
static void *grow(void *list, size_t count, size_t size)
{
    if (list != NULL && (count & (count - 1)) != 0) /* it has room up to the next power of two */
        return list;
    return reallocarray(list, count == 0 ? 1 : 2 * count, size);
}

/* ---- octets ---- */

/* What a byte of a URL may be: 1 unreserved, 2 reserved, and 4 with no meaning in a query. "*" and
 * "$" have one of their own here. RFC 3986 sections 2.2, 2.3 and 3.4. */
enum { UNRESERVED = 1, RESERVED = 2, QUERY = 4 };
static const unsigned char CLASSES[128] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    0, 2, 0, 2, 0, 0, 2, 2, 2, 2, 0, 2, 2, 1, 1, 6, /* 20 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 6, 2, 0, 2, 0, 6, /* 30 */
    6, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 40 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 0, 2, 0, 1, /* 50 */
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 60 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, /* 70 */
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * Writes what is compared, 3 bytes for one at the most, and returns its length. Two spellings of
 * the same octets come out the same: %7E is "~", %e3 is %E3, a blank is %20. But %2F is not "/":
 * who codes a reserved character means another. wild is what "*" becomes.
 */
static size_t code(struct url_part part, const char *wild, char *out)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    const char *end = part.text + part.length;
    bool in_query = false;
    char *to = out;

    for (const char *at = part.text; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        bool coded = c == '%' && end - at > 2 && hex(at[1]) >= 0 && hex(at[2]) >= 0;
        if (coded) {
            c = (unsigned char)(hex(at[1]) << 4 | hex(at[2]));
            at += 2;
        }
        unsigned class = c < 128 ? CLASSES[c] : 0;
        if (c == '*' && !coded) {
            to = stpcpy(to, wild);
        } else if ((class & UNRESERVED) != 0 || ((class & RESERVED) != 0 && !coded) ||
                   ((class & QUERY) != 0 && in_query)) {
            in_query = in_query || c == '?';
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = DIGITS[c >> 4];
            *to++ = DIGITS[c & 15];
        }
    }
    return (size_t)(to - out);
}

/* Whether a pattern matches a path whose first octets are known to be its literal part. Each piece
 * between two stars is looked for once, as far to the left as it goes: there is no way back. */
static bool matches(const struct rule *rule, const char *path, size_t length)
{
    const char *at = path + rule->literal, *path_end = path + length;
    const char *star = rule->path + rule->literal, *end = rule->path + rule->length;

    if (star == end)
        return !rule->ends || at == path_end;
    /* [match] */
    while (star < end) {
        const char *piece = star + 1;
        const char *next = memchr(piece, '*', (size_t)(end - piece));
        size_t size = (size_t)((next == NULL ? end : next) - piece);
        size_t left = (size_t)(path_end - at);

        if (next == NULL && rule->ends)
            return left >= size && memcmp(path_end - size, piece, size) == 0;
        at = memmem(at, left, piece, size);
        if (at == NULL)
            return false;
        at += size;
        star = next == NULL ? end : next;
    }
    return true;
    /* [/match] */
}

/* ---- a file is read ---- */

static struct url_part trim(const char *from, const char *end)
{
    while (from < end && is_blank(*from))
        from++;
    while (end > from && is_blank(end[-1]))
        end--;
    return (struct url_part){from, (size_t)(end - from)};
}

static bool is_named(struct url_part part, const char *name)
{
    if (part.length != strlen(name))
        return false;
    for (size_t i = 0; i < part.length; i++)
        if (lower(part.text[i]) != name[i])
            return false;
    return true;
}

/* A whole number that fits. */
static bool read_count(struct url_part part, int *count)
{
    int number = 0;

    for (size_t i = 0; i < part.length; i++) {
        int digit = part.text[i] - '0';
        if (digit < 0 || digit > 9 || number > (INT_MAX - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *count = number;
    return part.length > 0;
}

/* "5" or "0.5"; not below 0. */
static bool read_seconds(struct url_part part, double *seconds)
{
    double number = 0, unit = 1;
    size_t digits = 0;
    bool is_decimal = false;

    for (size_t i = 0; i < part.length; i++) {
        if (part.text[i] == '.' && !is_decimal && digits > 0) {
            is_decimal = true;
            continue;
        }
        if (part.text[i] < '0' || part.text[i] > '9' || ++digits > 15)
            return false;
        number = 10 * number + (part.text[i] - '0');
        unit *= is_decimal ? 10 : 1;
    }
    if (digits == 0 || part.text[part.length - 1] == '.')
        return false;
    *seconds = number / unit;
    return true;
}

/* "1/5" */
static void take_rate(struct group *group, struct url_part value)
{
    const char *end = value.text + value.length, *slash = memchr(value.text, '/', value.length);
    struct robots_rate rate;

    if (slash != NULL && read_count(trim(value.text, slash), &rate.requests) &&
        read_count(trim(slash + 1, end), &rate.seconds)) {
        group->rate = rate;
        group->has_rate = true;
    }
}

/* A product token ends where a version begins, or a blank. */
static size_t token_length(const char *name)
{
    return strcspn(name, "/ \t");
}

/* A line "User-agent: name": it begins a group, unless it stands right behind another. */
static bool take_agent(struct robots *robots, char *name)
{
    if (!robots->is_naming) {
        struct group *groups = grow(robots->groups, robots->group_count, sizeof *groups);
        if (groups == NULL)
            return false;
        robots->groups = groups;
        groups[robots->group_count++] = (struct group){.first = robots->rule_count, .delay = -1};
    }
    struct agent *agents = grow(robots->agents, robots->agent_count, sizeof *agents);
    if (agents == NULL)
        return false;
    robots->agents = agents;
    agents[robots->agent_count++] =
        (struct agent){name, token_length(name), robots->group_count - 1};
    robots->is_naming = true;
    return true;
}

/* A rule of the last group. One without a pattern matches nothing. */
static bool take_rule(struct robots *robots, bool allows, struct url_part value, int line)
{
    struct rule rule = {.allows = allows, .line = line, .spelled = value.text};

    robots->is_naming = false;
    if (robots->group_count == 0 || value.length == 0)
        return true;
    struct rule *rules = grow(robots->rules, robots->rule_count, sizeof *rules);
    if (rules == NULL)
        return false;
    robots->rules = rules;
    rule.ends = value.text[value.length - 1] == '$';
    value.length -= rule.ends;
    rule.path = robots->coded + robots->coded_length;
    rule.length = code(value, "*", robots->coded + robots->coded_length);
    const char *star = memchr(rule.path, '*', rule.length);
    rule.literal = star == NULL ? rule.length : (size_t)(star - rule.path);
    robots->coded_length += rule.length;
    rules[robots->rule_count++] = rule;
    robots->groups[robots->group_count - 1].count++;
    return true;
}

static bool take_site_map(struct robots *robots, char *url)
{
    char **maps = grow(robots->site_maps, robots->site_map_count + 1, sizeof *maps);

    if (maps == NULL)
        return false;
    robots->site_maps = maps;
    maps[robots->site_map_count++] = url;
    maps[robots->site_map_count] = NULL;
    return true;
}

/*
 * Reads a line, whose end may be overwritten. Lines of other kinds, Crawl-delay and its like too,
 * end no list of agents: RFC 9309 section 2.2.4. Returns false when memory is short.
 */
static bool take_line(struct robots *robots, char *line, char *end, int number)
{
    char *comment = memchr(line, '#', (size_t)(end - line));
    char *colon = memchr(line, ':', (size_t)(end - line));

    if (comment != NULL)
        end = comment;
    if (colon == NULL || colon >= end)
        return true;
    struct url_part key = trim(line, colon), value = trim(colon + 1, end);
    char *text = line + (value.text - line);
    text[value.length] = '\0';

    if (is_named(key, "user-agent"))
        return take_agent(robots, text);
    if (is_named(key, "allow") || is_named(key, "disallow"))
        return take_rule(robots, key.length == strlen("allow"), value, number);
    if (is_named(key, "sitemap"))
        return take_site_map(robots, text);
    if (robots->group_count == 0)
        return true;
    struct group *group = &robots->groups[robots->group_count - 1];
    if (is_named(key, "crawl-delay"))
        (void)read_seconds(value, &group->delay); /* what is no number changes nothing */
    if (is_named(key, "request-rate"))
        take_rate(group, value);
    return true;
}

/* Reads all lines of the copy, whose last byte is a line end. */
static bool take_lines(struct robots *robots, size_t length)
{
    char *at = robots->text, *end = at + length;

    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        at += 3;
    for (int number = 1; at < end; number++) {
        char *stop = at;
        while (*stop != '\n' && *stop != '\r')
            stop++;
        char *next = stop + (stop[0] == '\r' && stop[1] == '\n' ? 2 : 1); /* a NUL is behind it */
        if (!take_line(robots, at, stop, number))
            return false;
        at = next;
    }
    return true;
}

/* ---- what was read is put in order ---- */

/* By octets, the shorter first when one begins with the other. */
static int compare_octets(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t shorter = a_length < b_length ? a_length : b_length;
    int order = shorter == 0 ? 0 : memcmp(a, b, shorter);

    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int by_literal(const void *left, const void *right)
{
    const struct rule *a = left, *b = right;
    int order = compare_octets(a->path, a->literal, b->path, b->literal);

    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static bool begins_with(const char *text, size_t length, const struct rule *rule)
{
    return rule->literal <= length && memcmp(text, rule->path, rule->literal) == 0;
}

/*
 * Sorts a group's rules by their literal parts, and lets each know the next one that its own
 * begins with. All rules whose literal part a path begins with are then on one chain, which starts
 * at the last rule that does not stand behind the path: between the two nothing else can stand.
 */
static void sort_rules(struct rule *rules, size_t first, size_t count)
{
    if (count > 1)
        qsort(rules + first, count, sizeof *rules, by_literal);
    for (size_t i = first; i < first + count; i++) {
        size_t parent = i == first ? 0 : i;
        while (parent != 0 && !begins_with(rules[i].path, rules[i].literal, &rules[parent - 1]))
            parent = rules[parent - 1].parent;
        rules[i].parent = parent;
    }
}

static int compare_names(const struct agent *a, const struct agent *b)
{
    for (size_t i = 0; i < a->length && i < b->length; i++)
        if (lower(a->name[i]) != lower(b->name[i]))
            return lower(a->name[i]) < lower(b->name[i]) ? -1 : 1;
    return (a->length > b->length) - (a->length < b->length);
}

static int by_name(const void *left, const void *right)
{
    const struct agent *a = left, *b = right;
    int order = compare_names(a, b);

    return order != 0 ? order : (a->group > b->group) - (a->group < b->group);
}

static void sort_agents(struct robots *robots)
{
    struct agent *agents = robots->agents;
    size_t kept = 0;

    if (robots->agent_count > 1)
        qsort(agents, robots->agent_count, sizeof *agents, by_name);
    for (size_t i = 0; i < robots->agent_count; i++) /* who is named twice is asked once */
        if (kept == 0 || by_name(&agents[kept - 1], &agents[i]) != 0)
            agents[kept++] = agents[i];
    robots->agent_count = kept;
}

/* How much of a file counts: no line that the limit cuts in two. */
static size_t whole_lines(const char *text, size_t length)
{
    if (length <= ROBOTS_LIMIT)
        return length;
    length = ROBOTS_LIMIT;
    if (text[length] == '\n' || text[length] == '\r')
        return length;
    while (length > 0 && text[length - 1] != '\n' && text[length - 1] != '\r')
        length--;
    return length;
}

struct robots *robots_parse(const char *text, size_t length)
{
    struct robots *robots = calloc(1, sizeof *robots);

    if (robots == NULL)
        return NULL;
    length = whole_lines(text, length);
    robots->text = malloc(length + 2);
    robots->coded = malloc(3 * length + 1);
    robots->site_maps = calloc(1, sizeof *robots->site_maps);
    if (robots->text == NULL || robots->coded == NULL || robots->site_maps == NULL) {
        robots_free(robots);
        return NULL;
    }
    if (length > 0)
        memcpy(robots->text, text, length);
    memcpy(robots->text + length, "\n", 2); /* with its NUL */
    if (!take_lines(robots, length + 1)) {
        robots_free(robots);
        return NULL;
    }
    for (size_t i = 0; i < robots->group_count; i++)
        sort_rules(robots->rules, robots->groups[i].first, robots->groups[i].count);
    sort_agents(robots);
    return robots;
}

struct robots *robots_answer(int status, const char *text, size_t length)
{
    bool has_rules = status >= 200 && status <= 299;
    struct robots *robots = has_rules ? robots_parse(text, length) : robots_parse("", 0);

    if (robots != NULL)
        robots->is_closed = status <= 0 || (status >= 500 && status <= 599);
    return robots;
}

void robots_free(struct robots *robots)
{
    if (robots == NULL)
        return;
    free(robots->text);
    free(robots->coded);
    free(robots->rules);
    free(robots->groups);
    free(robots->agents);
    free(robots->site_maps);
    free(robots);
}

/* ---- questions ---- */

/* The first of the agents of that name, which may have several groups; else the first "*"; else
 * NULL. */
static const struct agent *find_agent(const struct robots *robots, const char *name)
{
    struct agent wanted = {name, token_length(name), 0};

    for (int turn = 0; turn < 2; turn++) {
        size_t low = 0, high = robots->agent_count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (compare_names(&robots->agents[middle], &wanted) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < robots->agent_count && compare_names(&robots->agents[low], &wanted) == 0)
            return &robots->agents[low];
        wanted = (struct agent){"*", 1, 0};
    }
    return NULL;
}

/* The next one of the same name. */
static const struct agent *next_agent(const struct robots *robots, const struct agent *agent)
{
    const struct agent *next = agent + 1;

    return next < robots->agents + robots->agent_count && compare_names(agent, next) == 0 ? next
                                                                                          : NULL;
}

/* Path and query of a URL; what stands before and behind them is left out. */
static struct url_part path_of(const char *url)
{
    size_t scheme = strcspn(url, ":/?#");

    if (url[scheme] == ':')
        url += scheme + 1;
    if (strncmp(url, "//", 2) == 0)
        url += 2 + strcspn(url + 2, "/?#");
    return (struct url_part){url, strcspn(url, "#")};
}

/* Whether a counts more than b, which may be NULL: by its length, and then because it allows. */
static bool counts_more(const struct rule *a, const struct rule *b)
{
    if (b == NULL)
        return true;
    size_t a_length = a->length + a->ends, b_length = b->length + b->ends;
    if (a_length != b_length)
        return a_length > b_length;
    return a->allows != b->allows ? a->allows : a->line < b->line;
}

/* The rule of a group that decides, if it counts more than best; else best. */
static const struct rule *best_rule(const struct robots *robots, const struct group *group,
                                    const char *path, size_t length, const struct rule *best)
{
    size_t low = group->first, high = group->first + group->count;

    while (low < high) { /* the first rule whose literal part stands behind the path */
        size_t middle = (low + high) / 2;
        const struct rule *rule = &robots->rules[middle];
        if (compare_octets(rule->path, rule->literal, path, length) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t next = low == group->first ? 0 : low; next != 0;) {
        const struct rule *rule = &robots->rules[next - 1];
        if (begins_with(path, length, rule) && counts_more(rule, best) &&
            matches(rule, path, length))
            best = rule;
        next = rule->parent;
    }
    return best;
}

struct robots_rule robots_decide(const struct robots *robots, const char *agent, const char *url)
{
    const struct agent *found = find_agent(robots, agent);
    struct robots_rule decision = {.group = found == NULL ? NULL : found->name};
    struct url_part part = path_of(url);
    const struct rule *best = NULL;
    char small[1 + 3 * 1024], *path = small;

    if (part.length > 1024)
        path = malloc(1 + 3 * part.length);
    if (path == NULL)
        return decision;
    path[0] = '/'; /* where there is no path, it is "/": RFC 9110 section 4.2.3 */
    size_t length = part.length == 0 || part.text[0] == '?';
    length += code(part, "%2A", path + length);

    if (length == strlen("/robots.txt") && memcmp(path, "/robots.txt", length) == 0) {
        decision.allows = true;
    } else if (!robots->is_closed) {
        for (; found != NULL; found = next_agent(robots, found))
            best = best_rule(robots, &robots->groups[found->group], path, length, best);
        decision.allows = best == NULL || best->allows;
        decision.line = best == NULL ? 0 : best->line;
        decision.pattern = best == NULL ? NULL : best->spelled;
    }
    if (path != small)
        free(path);
    return decision;
}

bool robots_can_fetch(const struct robots *robots, const char *agent, const char *url)
{
    return robots_decide(robots, agent, url).allows;
}

double robots_crawl_delay(const struct robots *robots, const char *agent)
{
    double delay = -1;

    for (const struct agent *at = find_agent(robots, agent); at != NULL;
         at = next_agent(robots, at))
        if (robots->groups[at->group].delay >= 0)
            delay = robots->groups[at->group].delay;
    return delay;
}

bool robots_request_rate(const struct robots *robots, const char *agent, struct robots_rate *rate)
{
    bool has_rate = false;

    for (const struct agent *at = find_agent(robots, agent); at != NULL;
         at = next_agent(robots, at))
        if (robots->groups[at->group].has_rate) {
            *rate = robots->groups[at->group].rate;
            has_rate = true;
        }
    return has_rate;
}

const char *const *robots_site_maps(const struct robots *robots)
{
    return (const char *const *)robots->site_maps;
}
