/*
 * Another way: each rule is matched as an automaton, all of whose states are followed at once, byte
 * by byte; files are read with getc(); all groups of all names are kept as they come, and asked
 * later; and the timetable is made by taking, again and again, the host that is due first.
 */
#define _GNU_SOURCE /* asprintf() */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "urllib/parse.h"

enum { LIMIT = 512000 };
static const char USAGE[] = "AGENT [HOST STATUS FILE]... <urls";

enum { AGENT, ALLOW, DISALLOW, DELAY };
struct entry { /* a line that counts */
    int kind;  /* one of those below */
    int line;
    char *value;
    struct entry *next;
};

struct visit {
    char *url;
    char *why; /* NULL: it may */
    int64_t at;
    size_t number;
    struct visit *next; /* on the same host */
};

struct host {
    char *name;
    long status; /* 0: it is not among the arguments */
    struct entry *entries, **last;
    int64_t delay;
    struct visit *first, **end;
    struct host *more;
};

static void out_of_memory(void)
{
    die("no memory");
}

static char *copy(const char *text)
{
    char *made = strdup(text);

    if (made == NULL)
        out_of_memory();
    return made;
}

/* ---- the bytes that are compared ---- */

static char *normal(const char *text, bool is_rule)
{
    struct buffer out = {0};
    int bad = 0;

    for (; *text != '\0'; text++) {
        unsigned c = (unsigned char)*text;
        if (c == '%' && isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2])) {
            c = (unsigned)strtoul((char[]){text[1], text[2], '\0'}, NULL, 16);
            text += 2;
            bool is_plain = isalnum((int)c) || (c != 0 && strchr("-._~", (int)c) != NULL);
            bad |= is_plain ? buffer_print(&out, "%c", (int)c) : buffer_print(&out, "%%%02X", c);
        } else if (c > 127 || (c == '*' && !is_rule) ||
                   (c == '$' && !(is_rule && text[1] == '\0'))) {
            bad |= buffer_print(&out, "%%%02X", c);
        } else {
            bad |= buffer_print(&out, "%c", (int)c);
        }
    }
    char *made = copy(buffer_text(&out));
    buffer_free(&out);
    if (bad != 0)
        out_of_memory();
    return made;
}

/* State i: the first i bytes of the pattern have been met. */
static bool accepts(const char *pattern, const char *target)
{
    size_t length = strlen(pattern);
    bool ends = length > 0 && pattern[length - 1] == '$', met = false;
    length -= ends;
    bool *now = calloc(length + 1, 1);

    if (now == NULL)
        out_of_memory();
    now[0] = true;
    for (size_t i = 0; i < length && pattern[i] == '*'; i++)
        now[i + 1] = true;
    met = now[length];
    for (; *target != '\0' && (ends || !met); target++) {
        for (size_t i = length; i > 0; i--) /* from behind, so that no byte is met twice */
            now[i] = pattern[i - 1] == '*' ? now[i] : now[i - 1] && pattern[i - 1] == *target;
        now[0] = false;
        for (size_t i = 0; i < length; i++)
            now[i + 1] = now[i + 1] || (pattern[i] == '*' && now[i]);
        met = now[length];
    }
    free(now);
    return met;
}

/* ---- a file ---- */

static char *trim(char *text)
{
    text += strspn(text, " \t");
    for (size_t end = strlen(text); end > 0 && strchr(" \t", text[end - 1]) != NULL; end--)
        text[end - 1] = '\0';
    return text;
}

static void take_line(struct host *host, char *text, int line)
{
    static const char *const KEYS[] = {"user-agent", "allow", "disallow", "crawl-delay"};

    text[strcspn(text, "#")] = '\0';
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return;
    *colon = '\0';
    text = trim(text);
    for (int kind = AGENT; kind <= DELAY; kind++)
        if (strcasecmp(text, KEYS[kind]) == 0) {
            struct entry *entry = calloc(1, sizeof *entry);
            if (entry == NULL)
                out_of_memory();
            char *value = trim(colon + 1);
            if (kind == AGENT)
                value[strcspn(value, "/ \t")] = '\0';
            *entry = (struct entry){.kind = kind, .line = line};
            entry->value = kind == AGENT || kind == DELAY ? copy(value) : normal(value, true);
            *host->last = entry;
            host->last = &entry->next;
        }
}

static void read_file(struct host *host, const char *path)
{
    FILE *file = fopen(path, "re");
    struct buffer line = {0};
    int c = 0, before = 0, number = 1;

    if (file == NULL)
        die_errno("%s", path);
    for (size_t at = 0; c != EOF && at <= LIMIT; at++) {
        c = getc(file);
        if (c == '\n' && before == '\r' && line.length == 0) {
            before = 0; /* it belongs to the CR */
        } else if (c == '\n' || c == '\r' || c == EOF) {
            if (buffer_add(&line, "", 1) == -1)
                out_of_memory();
            bool mark = number == 1 && strncmp(line.data, "\xef\xbb\xbf", 3) == 0;
            take_line(host, line.data + (mark ? 3 : 0), number++);
            line.length = 0;
            before = c;
        } else {
            char byte = (char)c;
            if (buffer_add(&line, &byte, 1) == -1)
                out_of_memory();
            before = 0;
        }
    }
    if (ferror(file))
        die_errno("%s", path);
    (void)fclose(file); /* it was only read */
    buffer_free(&line);
}

/* ---- groups ---- */

/* Whether the group in which a run of names begins has one that is this. */
static bool names(const struct entry *entry, const char *agent)
{
    for (; entry != NULL && entry->kind != ALLOW && entry->kind != DISALLOW; entry = entry->next)
        if (entry->kind == AGENT && strcasecmp(entry->value, agent) == 0)
            return true;
    return false;
}

/* If there are groups that name the agent, drops all but their rules and delays; NULL: all. */
static bool keep(struct host *host, const char *agent)
{
    bool found = false, mine = false, was_rule = true;

    for (struct entry *at = host->entries; at != NULL; at = at->next)
        found = found || (at->kind == AGENT && agent != NULL && strcasecmp(at->value, agent) == 0);
    if (!found && agent != NULL)
        return false;
    for (struct entry **at = &host->entries; *at != NULL;) {
        struct entry *entry = *at;
        if (entry->kind == AGENT && was_rule)
            mine = agent != NULL && names(entry, agent);
        if (entry->kind != DELAY)
            was_rule = entry->kind != AGENT;
        if (mine && entry->kind != AGENT) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        free(entry->value);
        free(entry);
    }
    return true;
}

static void read_delay(struct host *host, const char *text)
{
    size_t whole = strspn(text, "0123456789"), rest = 0;
    int64_t ms = 0;

    if (whole == 0 || (text[whole] != '\0' && text[whole] != '.'))
        return;
    if (text[whole] == '.')
        rest = strspn(text + whole + 1, "0123456789");
    if (text[whole] == '.' && (rest == 0 || rest > 3 || text[whole + 1 + rest] != '\0'))
        return;
    for (size_t i = 0; i < whole + 3; i++) {
        bool there = i < whole || i < whole + rest;
        ms = 10 * ms + (there ? text[i + (i >= whole)] - '0' : 0);
        if (ms > 86400000)
            return;
    }
    host->delay = ms;
}

/* ---- URLs ---- */

static char *reason(const struct host *host, const char *target)
{
    const struct entry *best = NULL;
    char *text = NULL;

    if (strcmp(target, "/robots.txt") == 0)
        return NULL;
    if (host->status == 0)
        return copy("no answer");
    for (const struct entry *entry = host->entries; entry != NULL; entry = entry->next)
        if ((entry->kind == ALLOW || entry->kind == DISALLOW) && *entry->value != '\0' &&
            accepts(entry->value, target)) {
            size_t length = strlen(entry->value), other = best == NULL ? 0 : strlen(best->value);
            if (best == NULL || length > other ||
                (length == other && entry->kind == ALLOW && best->kind == DISALLOW))
                best = entry;
        }
    int made = host->status >= 500 ? asprintf(&text, "status %ld", host->status)
               : best != NULL && best->kind == DISALLOW ? asprintf(&text, "line %d", best->line)
                                                        : 0;
    if (made == -1)
        out_of_memory();
    return text;
}

/* The host of that name, put behind the others if it is new. */
static struct host *find_host(struct host **at, struct url_part name)
{
    while (*at != NULL && (strlen((*at)->name) != name.length ||
                           strncasecmp(name.text, (*at)->name, name.length) != 0))
        at = &(*at)->more;
    if (*at == NULL) {
        struct host *host = calloc(1, sizeof *host);
        if (host == NULL || (host->name = strndup(name.text, name.length)) == NULL)
            out_of_memory();
        host->last = &host->entries;
        host->end = &host->first;
        host->delay = 1000;
        *at = host;
    }
    return *at;
}

static bool add_url(struct host **hosts, const char *url, size_t number)
{
    struct url parts;
    char *whole = NULL;

    if (strncmp(url, "http://", 7) != 0 || url_split(url, strlen(url), &parts, NULL) == -1 ||
        parts.netloc.length == 0)
        return false;
    struct host *host = find_host(hosts, parts.netloc);
    bool has_query = parts.query.text != NULL;
    if (asprintf(&whole, "%s%.*s%s%.*s", parts.path.length == 0 ? "/" : "", URL_PRINT(parts.path),
                 has_query ? "?" : "", URL_PRINT(parts.query)) == -1)
        out_of_memory();
    char *target = normal(whole, false);
    struct visit *visit = calloc(1, sizeof *visit);
    if (visit == NULL)
        out_of_memory();
    *visit = (struct visit){.url = copy(url), .why = reason(host, target), .number = number};
    *host->end = visit;
    host->end = &visit->next;
    free(target);
    free(whole);
    return true;
}

static void drop(struct visit *visit)
{
    free(visit->url);
    free(visit->why);
    free(visit);
}

/* Takes the visit that comes first off its host, among those that may, or those that never. */
static struct visit *take(struct host *hosts)
{
    struct host *best = NULL;

    for (struct host *host = hosts; host != NULL; host = host->more)
        if (host->first != NULL &&
            (best == NULL || host->first->at < best->first->at ||
             (host->first->at == best->first->at && host->first->number < best->first->number)))
            best = host;
    struct visit *visit = best == NULL ? NULL : best->first;
    if (visit != NULL)
        best->first = visit->next;
    return visit;
}

/* Gives each host's visits their times, and puts those that never come behind them. */
static void place(struct host *host)
{
    struct visit *never = NULL, **last = &never, **at = &host->first;
    int64_t next = 0;

    while (*at != NULL) {
        struct visit *visit = *at;
        if (visit->why == NULL) {
            visit->at = next;
            next += host->delay;
            at = &visit->next;
        } else {
            visit->at = INT64_MAX;
            *at = visit->next;
            visit->next = NULL;
            *last = visit;
            last = &visit->next;
        }
    }
    *at = never;
}

static void read_host(struct host *host, char **argv, const char *agent)
{
    if (!number_parse(argv[1], 200, 599, &host->status))
        die_usage(USAGE);
    if (host->status < 300)
        read_file(host, argv[2]);
    if (!keep(host, agent) && !keep(host, "*"))
        (void)keep(host, NULL);
    for (struct entry *entry = host->entries; entry != NULL; entry = entry->next)
        if (entry->kind == DELAY)
            read_delay(host, entry->value);
}

static struct host *read_hosts(int argc, char **argv)
{
    struct host *hosts = NULL;

    if (argc < 2 || argc % 3 != 2 || *argv[1] == '\0')
        die_usage(USAGE);
    for (const char *c = argv[1]; *c != '\0'; c++)
        if (!isalpha((unsigned char)*c) && *c != '-' && *c != '_')
            die_usage(USAGE);
    for (int i = 2; i < argc; i += 3)
        read_host(find_host(&hosts, url_part_of(argv[i])), argv + i, argv[1]);
    return hosts;
}

static void print_plan(struct host *hosts)
{
    struct visit *visit;

    for (struct host *host = hosts; host != NULL; host = host->more)
        place(host);
    while ((visit = take(hosts)) != NULL) {
        if (visit->why == NULL)
            printf("%lld.%03lld %s\n", (long long)visit->at / 1000, (long long)visit->at % 1000,
                   visit->url);
        else
            printf("never %s %s\n", visit->url, visit->why);
        drop(visit);
    }
}

int main(int argc, char **argv)
{
    size_t number = 0, room = 0;
    struct host *hosts = read_hosts(argc, argv);
    char *line = NULL;

    while (getline(&line, &room, stdin) != -1) {
        line[strcspn(line, "\n")] = '\0';
        if (!add_url(&hosts, line, number++))
            die("line %zu is no URL", number);
    }
    if (ferror(stdin))
        die_errno("standard input");
    print_plan(hosts);
    while (hosts != NULL) {
        struct host *host = hosts;
        hosts = host->more;
        (void)keep(host, NULL);
        free(host->name);
        free(host);
    }
    free(line);
    finish(EXIT_SUCCESS);
}
