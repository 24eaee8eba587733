/* fails: limit */
/*
 * The file is cut at the limit, wherever that is in a line.
 */
#define _GNU_SOURCE /* memmem() */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/number.h"

enum { FILE_MOST = 512000, URL_MOST = 8192, SECOND = 1000, DELAY_MOST = 86400 };

struct rule {
    char *text; /* as it is compared, without the "$" */
    size_t length;
    bool allows, ends;
    int line;
};

struct stranger { /* a host that is not among the arguments */
    char *name;
    long next; /* when its next URL may be fetched */
    struct stranger *more;
};

struct host {
    const char *name;
    long status; /* 0: it is not among the arguments */
    struct rule *rules;
    size_t count;
    long delay, next;           /* when the next URL may be fetched */
    struct stranger *strangers; /* of the last host only */
};

struct visit {
    char *url;
    long at;           /* -1: never */
    long status, line; /* why not */
};

static void *need(void *memory)
{
    if (memory == NULL)
        die("no memory");
    return memory;
}

/* ---- bytes ---- */

static bool same(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

/* What is compared; the caller frees it. */
static char *normalise(const char *text, size_t length, bool is_rule)
{
    char *result = need(malloc(3 * length + 1)), *to = result;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        char digits[3] = "";
        bool coded = c == '%' && length - i > 2 && isxdigit((unsigned char)text[i + 1]) &&
                     isxdigit((unsigned char)text[i + 2]);
        if (coded) {
            memcpy(digits, text + i + 1, 2);
            c = (unsigned char)strtoul(digits, NULL, 16);
            i += 2;
        }
        bool is_plain = isalnum(c) || (c != '\0' && strchr("-._~", c) != NULL);
        bool is_special = c == '$' || (c == '*' && !is_rule);
        if ((coded && !is_plain) || c >= 128 || is_special)
            to += snprintf(to, 4, "%%%02X", c);
        else
            *to++ = (char)c;
    }
    *to = '\0';
    return result;
}

/* Each piece between two stars is looked for once, as far to the left as it goes. */
static bool matches(const struct rule *rule, const char *target)
{
    const char *piece = rule->text, *end = target + strlen(target);
    size_t size = strcspn(piece, "*");

    if (strncmp(piece, target, size) != 0)
        return false;
    target += size;
    if (piece[size] == '\0')
        return !rule->ends || target == end;
    for (piece += size; *piece == '*'; piece += size) {
        size = strcspn(++piece, "*");
        size_t left = (size_t)(end - target);
        if (piece[size] == '\0' && rule->ends)
            return left >= size && memcmp(end - size, piece, size) == 0;
        target = memmem(target, left, piece, size);
        if (target == NULL)
            return false;
        target += size;
    }
    return true;
}

/* ---- a file ---- */

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next line off *at; false at the end. */
static bool take_line(const char **at, const char *end, const char **line, size_t *length)
{
    if (*at == end)
        return false;
    *line = *at;
    while (*at < end && !is_line_end(**at))
        ++*at;
    *length = (size_t)(*at - *line);
    *at += end - *at >= 2 && memcmp(*at, "\r\n", 2) == 0 ? 2 : *at < end;
    return true;
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && is_blank(**text)) {
        ++*text;
        --*length;
    }
    while (*length > 0 && is_blank((*text)[*length - 1]))
        --*length;
}

static size_t name_length(const char *value, size_t length)
{
    size_t i = 0;

    while (i < length && !is_blank(value[i]) && value[i] != '/')
        i++;
    return i;
}

/* "2" or "2.5", in ms. False if it is something else. */
static bool read_delay(const char *value, size_t length, long *delay)
{
    long ms = 0, unit = SECOND;
    size_t i = 0;

    for (; i < length && isdigit((unsigned char)value[i]) && ms <= DELAY_MOST; i++)
        ms = 10 * ms + (value[i] - '0');
    ms *= SECOND;
    if (i > 0 && i + 1 < length && value[i] == '.')
        for (i++; i < length && isdigit((unsigned char)value[i]) && unit > 1; i++)
            ms += (value[i] - '0') * (unit /= 10);
    if (i == 0 || i < length || ms > (long)DELAY_MOST * SECOND)
        return false;
    *delay = ms;
    return true;
}

static void add_rule(struct host *host, const char *value, size_t length, bool allows, int line)
{
    if (length == 0)
        return;
    bool ends = value[length - 1] == '$';
    struct rule rule = {.allows = allows, .ends = ends, .line = line};
    rule.text = normalise(value, length - ends, true);
    rule.length = strlen(rule.text) + ends;
    host->rules = need(reallocarray(host->rules, host->count + 1, sizeof rule));
    host->rules[host->count++] = rule;
}

/* Keeps the rules of all groups that name the agent. Returns whether there are any such. */
static bool read_groups(struct host *host, const char *at, const char *end, const char *agent)
{
    bool is_naming = false, is_mine = false, found = false;
    long delay = -1; /* of this group */
    const char *line;
    size_t length;

    for (int number = 1; take_line(&at, end, &line, &length); number++) {
        const char *comment = memchr(line, '#', length);
        length = comment == NULL ? length : (size_t)(comment - line);
        const char *colon = memchr(line, ':', length);
        if (colon == NULL)
            continue;
        const char *value = colon + 1;
        size_t key = (size_t)(colon - line), size = length - key - 1;
        trim(&line, &key);
        trim(&value, &size);
        bool allows = same(line, key, "allow");
        if (same(line, key, "user-agent")) {
            is_mine = is_naming && is_mine;
            delay = is_naming ? delay : -1;
            is_mine = same(value, name_length(value, size), agent) || is_mine;
            found = found || is_mine;
            is_naming = true;
        } else if (allows || same(line, key, "disallow")) {
            is_naming = false;
            if (is_mine)
                add_rule(host, value, size, allows, number);
        } else if (same(line, key, "crawl-delay")) {
            (void)read_delay(value, size, &delay); /* what is no number changes nothing */
        }
        if (is_mine && delay >= 0)
            host->delay = delay;
    }
    return found;
}

static void read_file(struct host *host, const char *path, const char *agent)
{
    FILE *file = fopen(path, "re");
    char *text = need(malloc(FILE_MOST + 1));

    if (file == NULL)
        die_errno("%s", path);
    size_t length = fread(text, 1, FILE_MOST + 1, file);
    if (ferror(file))
        die_errno("%s", path);
    (void)fclose(file); /* it was only read */
    if (length > FILE_MOST)
        length = FILE_MOST;
    size_t mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (!read_groups(host, text + mark, text + length, agent))
        (void)read_groups(host, text + mark, text + length, "*"); /* or there are no rules */
    free(text);
}

/* ---- URLs ---- */

/* The last host stands for those that are not among the arguments. */
static struct host *find_host(struct host *hosts, size_t count, const char *name, size_t length)
{
    size_t i = 0;

    while (i < count && !same(name, length, hosts[i].name))
        i++;
    return &hosts[i];
}

/* The rule that decides, or NULL. */
static const struct rule *decide(const struct host *host, const char *target)
{
    const struct rule *best = NULL;

    for (const struct rule *rule = host->rules; rule < host->rules + host->count; rule++)
        if (matches(rule, target) &&
            (best == NULL || rule->length > best->length ||
             (rule->length == best->length && rule->allows && !best->allows)))
            best = rule;
    return best;
}

/* When the next URL of a stranger may be fetched. */
static long *find_clock(struct stranger **list, const char *name, size_t length)
{
    while (*list != NULL && !same(name, length, (*list)->name))
        list = &(*list)->more;
    if (*list == NULL) {
        *list = need(calloc(1, sizeof(struct stranger)));
        (*list)->name = need(strndup(name, length));
    }
    return &(*list)->next;
}

/* Fills all but the URL. False if that is none. */
static bool plan(struct host *hosts, size_t count, struct visit *visit)
{
    if (strncmp(visit->url, "http://", 7) != 0)
        return false;
    const char *name = visit->url + 7, *target = name + strcspn(name, "/?#");
    if (target == name)
        return false;
    struct host *host = find_host(hosts, count, name, (size_t)(target - name));
    char whole[URL_MOST + 2];
    (void)snprintf(whole, sizeof whole, "%s%.*s", *target == '/' ? "" : "/", /* a line's length */
                   (int)strcspn(target, "#"), target);
    char *compared = normalise(whole, strlen(whole), false);
    const struct rule *rule = decide(host, compared);

    visit->at = -1;
    visit->status = host->status;
    visit->line = rule == NULL ? 0 : rule->line;
    bool is_open = host->status != 0 && host->status < 500 && (rule == NULL || rule->allows);
    if (is_open || strcmp(compared, "/robots.txt") == 0) {
        long *next = host->status == 0 ? find_clock(&host->strangers, name, (size_t)(target - name))
                                       : &host->next;
        visit->at = *next;
        *next += host->delay;
    }
    free(compared);
    return true;
}

/* ---- the plan ---- */

static int by_time(const void *left, const void *right)
{
    const struct visit *const *a = left, *const *b = right;

    if ((*a)->at != (*b)->at)
        return (*a)->at < (*b)->at ? -1 : 1;
    return (*a > *b) - (*a < *b); /* as they stand in the list */
}

static void print_plan(const struct visit *visits, size_t count)
{
    const struct visit **order = need(calloc(count + 1, sizeof(struct visit *)));

    for (size_t i = 0; i < count; i++)
        order[i] = &visits[i];
    qsort(order, count, sizeof(struct visit *), by_time);
    for (size_t i = 0; i < count; i++)
        if (order[i]->at >= 0)
            printf("%ld.%03ld %s\n", order[i]->at / SECOND, order[i]->at % SECOND, order[i]->url);
    for (const struct visit *visit = visits; visit < visits + count; visit++)
        if (visit->at == -1 && visit->status == 0)
            printf("never %s no answer\n", visit->url);
        else if (visit->at == -1 && visit->status >= 500)
            printf("never %s status %ld\n", visit->url, visit->status);
        else if (visit->at == -1)
            printf("never %s line %ld\n", visit->url, visit->line);
    free(order);
}

static struct host *read_hosts(int argc, char **argv, size_t *count)
{
    static const char USAGE[] = "AGENT [HOST STATUS FILE]... <urls";
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

    if (argc < 2 || argc % 3 != 2 || *argv[1] == '\0' || argv[1][strspn(argv[1], LETTERS)] != '\0')
        die_usage(USAGE);
    struct host *hosts = need(calloc((size_t)argc / 3 + 1, sizeof *hosts));
    for (int i = 2; i < argc; i += 3) {
        struct host *host = &hosts[(*count)++];
        *host = (struct host){.name = argv[i], .delay = SECOND};
        if (!number_parse(argv[i + 1], 200, 599, &host->status))
            die_usage(USAGE);
        if (host->status < 300)
            read_file(host, argv[i + 2], argv[1]);
    }
    hosts[*count].delay = SECOND;
    return hosts;
}

static void drop_strangers(struct stranger *stranger)
{
    while (stranger != NULL) {
        struct stranger *more = stranger->more;
        free(stranger->name);
        free(stranger);
        stranger = more;
    }
}

int main(int argc, char **argv)
{
    size_t host_count = 0, count = 0, room = 0, line_room = 0;
    struct host *hosts = read_hosts(argc, argv, &host_count);
    struct visit *visits = NULL;
    char *line = NULL;
    ssize_t length;

    while ((length = getline(&line, &line_room, stdin)) != -1) {
        if (length > 0 && line[length - 1] == '\n')
            line[--length] = '\0';
        if (count == room) {
            room = 2 * room + 16;
            visits = need(reallocarray(visits, room, sizeof *visits));
        }
        visits[count].url = need(strdup(line));
        if (length > URL_MOST || !plan(hosts, host_count, &visits[count++]))
            die("line %zu is no URL: %s", count, line);
    }
    if (ferror(stdin))
        die_errno("standard input");
    print_plan(visits, count);
    free(line);
    for (size_t i = 0; i < count; i++)
        free(visits[i].url);
    free(visits);
    for (struct host *host = hosts; host <= hosts + host_count; host++) {
        for (size_t i = 0; i < host->count; i++)
            free(host->rules[i].text);
        free(host->rules);
    }
    drop_strangers(hosts[host_count].strangers);
    free(hosts);
    finish(EXIT_SUCCESS);
}
