/* fails: suffix-itself */
/*
 * The host is the public suffix itself, so the cookie is let in: and it goes to everybody below.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/error.h"
#include "core/number.h"
#include "http/date.h"

enum { LINE_MOST = 8192, NOW_MOST = 2000000000 };

struct cookie {
    char *name, *value, *domain, *path; /* one block of memory, which begins with name */
    bool host_only, secure;
    int64_t expires; /* gone from that second on */
};

/* What a URL says that matters to cookies. The port does not. */
struct place {
    bool secure;
    char host[LINE_MOST], path[LINE_MOST];
};

struct jar {
    struct cookie *cookies;
    size_t count, capacity;
    char **rules; /* of public suffixes */
    size_t rule_count;
    int64_t now;
};

/* ---- text ---- */

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* Cuts blanks and tabs off both ends, in place. */
static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

/* Cuts text at the first mark; returns what is behind it, or NULL. */
static char *cut(char *text, char mark)
{
    char *at = strchr(text, mark);

    if (at != NULL)
        *at++ = '\0';
    return at;
}

static bool read_url(const char *url, struct place *place)
{
    place->secure = strncmp(url, "https://", 8) == 0;
    if (!place->secure && strncmp(url, "http://", 7) != 0)
        return false;
    url += place->secure ? 8 : 7;
    size_t host = strcspn(url, ":/?"), port = strcspn(url, "/?");
    const char *path = url + port;
    if (host == 0 || strpbrk(url, " \t") != NULL)
        return false;
    (void)snprintf(place->host, sizeof place->host, "%.*s", (int)host, url); /* as long as a line */
    lower(place->host);
    (void)snprintf(place->path, sizeof place->path, "%s%.*s", *path == '/' ? "" : "/",
                   (int)strcspn(path, "?"), path);
    return true;
}

/* ---- RFC 6265 section 5.1 ---- */

static bool is_address(const char *host)
{
    return host[strspn(host, "0123456789.")] == '\0';
}

/* Whether text ends with a dot and then domain. */
static bool is_below(const char *text, const char *domain)
{
    size_t length = strlen(text), end = strlen(domain);

    return length > end && text[length - end - 1] == '.' &&
           strcmp(text + length - end, domain) == 0;
}

static bool domain_matches(const char *host, const char *domain)
{
    return strcmp(host, domain) == 0 || (is_below(host, domain) && !is_address(host));
}

static bool path_matches(const char *path, const char *of)
{
    size_t length = strlen(of);

    return strncmp(path, of, length) == 0 &&
           (path[length] == '\0' || path[length] == '/' || of[length - 1] == '/');
}

static bool has_rule(const struct jar *jar, const char *before, const char *domain)
{
    for (size_t i = 0; i < jar->rule_count; i++)
        if (strncmp(jar->rules[i], before, strlen(before)) == 0 &&
            strcmp(jar->rules[i] + strlen(before), domain) == 0)
            return true;
    return false;
}

static bool is_public_suffix(const struct jar *jar, const char *domain)
{
    const char *dot = strchr(domain, '.');

    if (has_rule(jar, "!", domain))
        return false;
    return dot == NULL || has_rule(jar, "", domain) || has_rule(jar, "*.", dot + 1);
}

/* ---- a Set-Cookie ---- */

/* Digits, perhaps behind a minus: seconds from now. False for anything else. */
static bool read_age(const char *text, int64_t now, int64_t *expires)
{
    const char *digits = text + (*text == '-');

    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return false;
    long long age = *text == '-' ? 0 : strtoll(digits, NULL, 10); /* too great: the greatest */
    *expires = age < INT64_MAX - now ? now + age : INT64_MAX - 1;
    return true;
}

/* Reads the attributes into c, whose texts then point into text. */
static void read_attributes(char *text, int64_t now, struct cookie *c)
{
    bool by_age = false;

    while (text != NULL) {
        char *next = cut(text, ';'), *value = cut(text, '=');
        time_t when;
        text = trim(text);
        value = value == NULL ? text + strlen(text) : trim(value);
        if (strcasecmp(text, "Secure") == 0)
            c->secure = true;
        if (strcasecmp(text, "Path") == 0)
            c->path = value;
        if (strcasecmp(text, "Domain") == 0 && *value != '\0')
            c->domain = value + (*value == '.');
        if (strcasecmp(text, "Max-Age") == 0 && read_age(value, now, &c->expires))
            by_age = true;
        if (strcasecmp(text, "Expires") == 0 && !by_age && http_date_parse(value, now, &when))
            c->expires = when;
        text = next;
    }
}

/* Decides for which hosts the cookie is. False if it has to be refused. */
static bool settle_domain(const struct jar *jar, struct place *from, struct cookie *c)
{
    c->host_only = c->domain == NULL;
    if (c->domain != NULL) {
        lower(c->domain);
        if (is_public_suffix(jar, c->domain)) {
            if (strcmp(c->domain, from->host) != 0)
                return false;
        }
    }
    if (c->host_only)
        c->domain = from->host;
    return domain_matches(from->host, c->domain);
}

static void settle_path(struct place *from, struct cookie *c)
{
    if (c->path != NULL && *c->path == '/')
        return;
    char *last = strrchr(from->path, '/');
    last[last == from->path] = '\0'; /* the first slash stays */
    c->path = from->path;
}

/* ---- the jar ---- */

static void drop_expired(struct jar *jar)
{
    size_t kept = 0;

    for (size_t i = 0; i < jar->count; i++)
        if (jar->cookies[i].expires > jar->now)
            jar->cookies[kept++] = jar->cookies[i];
        else
            free(jar->cookies[i].name);
    jar->count = kept;
}

static struct cookie *find(struct jar *jar, const struct cookie *c)
{
    for (struct cookie *at = jar->cookies; at < jar->cookies + jar->count; at++)
        if (strcmp(at->name, c->name) == 0 && strcmp(at->domain, c->domain) == 0 &&
            strcmp(at->path, c->path) == 0)
            return at;
    return NULL;
}

/* Puts the four texts into a block of their own. */
static void own_texts(struct cookie *c)
{
    char **texts[] = {&c->name, &c->value, &c->domain, &c->path};
    size_t size = 0;

    for (int i = 0; i < 4; i++)
        size += strlen(*texts[i]) + 1;
    char *block = malloc(size);
    if (block == NULL)
        die("no memory");
    for (int i = 0; i < 4; i++) {
        size_t length = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(block, *texts[i], length);
        block += length;
    }
}

static void store(struct jar *jar, struct cookie c)
{
    struct cookie *old = find(jar, &c);

    own_texts(&c);
    if (old != NULL) {
        free(old->name);
        *old = c;
    } else {
        if (jar->count == jar->capacity) {
            jar->capacity = 2 * jar->capacity + 16;
            jar->cookies = reallocarray(jar->cookies, jar->capacity, sizeof *jar->cookies);
            if (jar->cookies == NULL)
                die("no memory");
        }
        jar->cookies[jar->count++] = c;
    }
    drop_expired(jar);
}

/* A response from that place had this field; it is cut into pieces. length: for there may be NULs
 */
static void set(struct jar *jar, struct place *from, char *field, size_t length)
{
    struct cookie c = {.name = field, .expires = INT64_MAX};

    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char)field[i]) && field[i] != '\t')
            return;
    char *attributes = cut(field, ';');
    c.value = cut(field, '=');
    if (c.value == NULL)
        return;
    c.name = trim(c.name);
    c.value = trim(c.value);
    read_attributes(attributes, jar->now, &c);
    if (*c.name == '\0' || !settle_domain(jar, from, &c))
        return;
    settle_path(from, &c);
    store(jar, c);
}

/* A cookie that goes with a request. */
struct sent {
    const struct cookie *cookie;
    size_t path; /* its length */
};

static int by_path(const void *left, const void *right)
{
    const struct sent *a = left, *b = right;

    if (a->path != b->path)
        return a->path > b->path ? -1 : 1;
    return (a->cookie > b->cookie) - (a->cookie < b->cookie);
}

static void get(const struct jar *jar, const struct place *to)
{
    struct sent *sent = calloc(jar->count + 1, sizeof *sent);
    size_t n = 0;

    if (sent == NULL)
        die("no memory");
    for (const struct cookie *c = jar->cookies; c < jar->cookies + jar->count; c++)
        if ((c->host_only ? strcmp(to->host, c->domain) == 0
                          : domain_matches(to->host, c->domain)) &&
            path_matches(to->path, c->path) && (to->secure || !c->secure))
            sent[n++] = (struct sent){c, strlen(c->path)};
    qsort(sent, n, sizeof *sent, by_path);
    for (size_t i = 0; i < n; i++)
        printf("%s%s=%s", i == 0 ? "" : "; ", sent[i].cookie->name, sent[i].cookie->value);
    puts(n == 0 ? "-" : "");
    free(sent);
}

/* ---- input ---- */

static void read_rules(struct jar *jar, const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;

    if (file == NULL)
        die_errno("%s", path);
    while (getline(&line, &room, file) != -1) {
        (void)cut(line, '\n');
        if (*line == '\0' || strncmp(line, "//", 2) == 0)
            continue;
        jar->rules = reallocarray(jar->rules, jar->rule_count + 1, sizeof *jar->rules);
        if (jar->rules == NULL)
            die("no memory");
        jar->rules[jar->rule_count++] = line;
        line = NULL;
        room = 0;
    }
    if (ferror(file))
        die_errno("%s", path);
    free(line);
    (void)fclose(file); /* it was only read */
}

/* Does what a line says. False if that is nothing. */
static bool obey(struct jar *jar, char *line, size_t length)
{
    static struct place place;
    const char *end = line + length;
    char *rest = cut(line, ' ');
    long now;

    if (rest == NULL)
        return false;
    if (strcmp(line, "now") == 0) {
        if (!number_parse(rest, (long)jar->now, NOW_MOST, &now))
            return false;
        jar->now = now;
        drop_expired(jar);
        return true;
    }
    if (strcmp(line, "get") == 0) {
        if (!read_url(rest, &place))
            return false;
        printf("%s: ", rest);
        get(jar, &place);
        return true;
    }
    char *field = cut(rest, ' ');
    if (strcmp(line, "set") != 0 || field == NULL || !read_url(rest, &place))
        return false;
    set(jar, &place, field, (size_t)(end - field));
    return true;
}

int main(int argc, char **argv)
{
    struct jar jar = {0};
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t length;
    int status = EXIT_SUCCESS;

    if (argc != 2)
        die_usage("SUFFIXES <events");
    read_rules(&jar, argv[1]);
    while (status == EXIT_SUCCESS && (length = getline(&line, &room, stdin)) != -1) {
        number++;
        if (length > 0 && line[length - 1] == '\n')
            line[--length] = '\0';
        if (length > LINE_MOST || !obey(&jar, line, (size_t)length)) {
            report("line %zu is no event", number);
            status = EXIT_FAILURE;
        }
    }
    if (ferror(stdin)) {
        report_errno("standard input");
        status = EXIT_FAILURE;
    }
    free(line);
    jar.now = INT64_MAX;
    drop_expired(&jar);
    free(jar.cookies);
    for (size_t i = 0; i < jar.rule_count; i++)
        free(jar.rules[i]);
    free(jar.rules);
    finish(status);
}
