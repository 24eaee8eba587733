/*
 * Exercise 2.9 by another way: nothing is cut up. Texts are slices of the line, and the jar is a
 * list that is always in the order in which cookies are sent, so that get() only walks along it. A
 * cookie remembers when it came by a number.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/date.h"

struct slice {
    const char *at;
    size_t length;
};

struct cookie {
    struct cookie *next;
    char *name, *value, *domain, *path;
    unsigned long born;
    bool exact, secure;
    int64_t until;
};

struct request {
    bool secure;
    char *host, *path;
};

static struct cookie *jar;
static unsigned long births;
static struct buffer suffixes; /* "\n" around each rule */
static long now;

static char *copy(struct slice s)
{
    char *text = strndup(s.at, s.length);

    if (text == NULL)
        die("no memory");
    return text;
}

static struct slice trimmed(struct slice s)
{
    while (s.length > 0 && (*s.at == ' ' || *s.at == '\t'))
        s.at++, s.length--;
    while (s.length > 0 && (s.at[s.length - 1] == ' ' || s.at[s.length - 1] == '\t'))
        s.length--;
    return s;
}

/* Takes what stands before the mark off s; all of it, and leaves at NULL, when there is no mark. */
static struct slice take(struct slice *s, char mark)
{
    const char *found = s->length == 0 ? NULL : memchr(s->at, mark, s->length);
    struct slice part = {s->at, found == NULL ? s->length : (size_t)(found - s->at)};

    *s = found == NULL ? (struct slice){NULL, 0}
                       : (struct slice){found + 1, s->length - part.length - 1};
    return part;
}

static bool is(struct slice s, const char *name)
{
    return s.length == strlen(name) && strncasecmp(s.at, name, s.length) == 0;
}

static char *small(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

static bool listed(const char *before, const char *domain)
{
    struct buffer rule = {0};

    if (buffer_print(&rule, "\n%s%s\n", before, domain) == -1)
        die("no memory");
    bool found = strstr(suffixes.data, rule.data) != NULL;
    buffer_free(&rule);
    return found;
}

static bool is_suffix(const char *domain)
{
    const char *dot = strchr(domain, '.');

    return !listed("!", domain) && (dot == NULL || listed("", domain) || listed("*.", dot + 1));
}

static bool host_fits(const char *host, const char *domain, bool exact)
{
    bool address = strspn(host, "0123456789.") == strlen(host);

    if (exact || address)
        return strcmp(host, domain) == 0;
    for (const char *at = host; at != NULL; at = strchr(at, '.'), at += at != NULL)
        if (strcmp(at, domain) == 0)
            return true;
    return false;
}

static bool path_fits(const char *path, const char *wanted)
{
    size_t n = strlen(wanted);

    if (strncmp(path, wanted, n) != 0)
        return false;
    return path[n] == '\0' || path[n] == '/' || wanted[n - 1] == '/';
}

/* ---- the jar ---- */

static void free_cookie(struct cookie *c)
{
    free(c->name);
    free(c->value);
    free(c->domain);
    free(c->path);
    free(c);
}

static void sweep(int64_t time)
{
    for (struct cookie **at = &jar; *at != NULL;) {
        struct cookie *c = *at;
        if (c->until > time) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        free_cookie(c);
    }
}

static bool sent_before(const struct cookie *a, const struct cookie *b)
{
    size_t one = strlen(a->path), other = strlen(b->path);

    return one > other || (one == other && a->born < b->born);
}

static void insert(struct cookie *c)
{
    struct cookie **at = &jar;

    c->born = births++;
    for (; *at != NULL; at = &(*at)->next)
        if (strcmp((*at)->name, c->name) == 0 && strcmp((*at)->domain, c->domain) == 0 &&
            strcmp((*at)->path, c->path) == 0) {
            struct cookie *old = *at;
            c->born = old->born;
            *at = old->next;
            free_cookie(old);
            break;
        }
    for (at = &jar; *at != NULL && sent_before(*at, c); at = &(*at)->next)
        continue;
    c->next = *at;
    *at = c;
}

/* ---- Set-Cookie ---- */

static bool age_of(struct slice s, int64_t *until)
{
    bool minus = s.length > 0 && *s.at == '-';
    int64_t age = 0;

    for (size_t i = minus; i < s.length; i++) {
        if (!isdigit((unsigned char)s.at[i]))
            return false;
        age = age > INT64_MAX / 100 ? age : age * 10 + s.at[i] - '0';
    }
    if (s.length == (size_t)minus)
        return false;
    *until = now + (minus ? 0 : age);
    return true;
}

struct wishes {
    struct slice domain, path;
    bool secure, has_age, has_date;
    int64_t age;
    time_t date;
};

static struct wishes read_wishes(struct slice rest)
{
    struct wishes w = {{NULL, 0}, {NULL, 0}, false, false, false, 0, 0};

    while (rest.at != NULL) {
        struct slice value = take(&rest, ';'), name = trimmed(take(&value, '='));
        value = value.at == NULL ? (struct slice){"", 0} : trimmed(value);
        if (is(name, "path"))
            w.path = value;
        else if (is(name, "domain") && value.length > 0)
            w.domain =
                (struct slice){value.at + (*value.at == '.'), value.length - (*value.at == '.')};
        else if (is(name, "secure"))
            w.secure = true;
        else if (is(name, "max-age"))
            w.has_age = age_of(value, &w.age) || w.has_age;
        else if (is(name, "expires")) {
            char *date = copy(value);
            w.has_date = http_date_parse(date, now, &w.date) || w.has_date;
            free(date);
        }
    }
    return w;
}

static void set(const struct request *from, struct slice field)
{
    for (size_t i = 0; i < field.length; i++)
        if (((unsigned char)field.at[i] < ' ' && field.at[i] != '\t') || field.at[i] == 127)
            return;
    struct slice rest = field, value = take(&rest, ';'), name = trimmed(take(&value, '='));
    if (value.at == NULL || name.length == 0)
        return;
    struct wishes w = read_wishes(rest);
    struct cookie *c = calloc(1, sizeof *c);
    const char *slash = strrchr(from->path, '/');
    if (c == NULL)
        die("no memory");
    c->name = copy(name);
    c->value = copy(trimmed(value));
    c->secure = w.secure;
    c->until = w.has_age ? w.age : w.has_date ? (int64_t)w.date : INT64_MAX;
    c->path = w.path.length > 0 && *w.path.at == '/'
                  ? copy(w.path)
                  : copy((struct slice){from->path,
                                        slash == from->path ? 1 : (size_t)(slash - from->path)});
    c->domain = small(w.domain.at != NULL ? copy(w.domain)
                                          : copy((struct slice){from->host, strlen(from->host)}));
    bool suffix = is_suffix(c->domain);
    c->exact = w.domain.at == NULL || suffix;
    if (!host_fits(from->host, c->domain, c->exact)) {
        free_cookie(c);
        return;
    }
    insert(c);
    sweep(now);
}

static void get(const struct request *to)
{
    const char *between = "";

    for (const struct cookie *c = jar; c != NULL; c = c->next)
        if (host_fits(to->host, c->domain, c->exact) && path_fits(to->path, c->path) &&
            c->secure <= to->secure) {
            printf("%s%s=%s", between, c->name, c->value);
            between = "; ";
        }
    puts(*between == '\0' ? "-" : "");
}

/* ---- events ---- */

static bool read_request(struct slice url, struct request *r)
{
    r->secure = url.length > 5 && url.at[4] == 's';
    const char *scheme = r->secure ? "https://" : "http://";
    size_t skip = strlen(scheme);

    if (url.length <= skip || strncmp(url.at, scheme, skip) != 0)
        return false;
    struct slice rest = {url.at + skip, url.length - skip}, before = take(&rest, '?');
    struct slice host = take(&before, '/');
    r->path = before.at == NULL ? copy((struct slice){"/", 1})
                                : copy((struct slice){before.at - 1, before.length + 1});
    r->host = small(copy(take(&host, ':')));
    return true;
}

static bool obey(struct slice line)
{
    struct slice rest = line, verb = take(&rest, ' ');
    struct request r = {false, NULL, NULL};
    bool known = true;

    if (rest.at == NULL)
        return false;
    if (is(verb, "now")) {
        char *text = copy(rest);
        known = number_parse(text, now, 2000000000, &now);
        free(text);
        sweep(now);
        return known;
    }
    struct slice url = is(verb, "set") ? take(&rest, ' ') : rest;
    known = (is(verb, "set") || is(verb, "get")) && rest.at != NULL && read_request(url, &r);
    if (known && is(verb, "set"))
        set(&r, rest);
    if (known && is(verb, "get")) {
        printf("%.*s: ", (int)url.length, url.at);
        get(&r);
    }
    free(r.host);
    free(r.path);
    return known;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (argc != 2)
        die_usage("SUFFIXES <events");
    if (buffer_add(&suffixes, "\n", 1) == -1 ||
        buffer_add_file(&suffixes, argv[1], 1 << 24) == -1 || buffer_add(&suffixes, "\n", 1) == -1)
        die_errno("%s", argv[1]);
    while (status == EXIT_SUCCESS && (n = getline(&line, &room, stdin)) != -1) {
        size_t length = (size_t)n - (line[n - 1] == '\n');
        if (length > 8192 || !obey((struct slice){line, length})) {
            report("not an event: %.60s", line);
            status = EXIT_FAILURE;
        }
    }
    if (ferror(stdin)) {
        report_errno("standard input");
        status = EXIT_FAILURE;
    }
    free(line);
    sweep(INT64_MAX);
    buffer_free(&suffixes);
    finish(status);
}
