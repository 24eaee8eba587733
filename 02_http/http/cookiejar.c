#include "http/cookiejar.h"

#include <libpsl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A cookie in the jar and its texts. */
struct entry {
    struct http_jar_cookie cookie; /* the first member: http_jar_next() goes from it to the entry */
    struct entry *older, *newer;   /* all of the jar, as they came in */
    struct site *site;
    uint64_t created; /* counted, not timed: a clock may be set back, and is too coarse */
    uint64_t used;    /* when it was set or sent last, by the same count */
    size_t path_length;
    char texts[];
};

/* The cookies of one domain, in the order in which they are sent. */
struct site {
    struct site *next; /* with the same place in the table */
    uint64_t hash;
    struct entry **list;
    size_t count, capacity;
    char domain[];
};

/*
 * A request asks about its host and each domain above it: a handful of look-ups in a table of
 * domains, however many cookies there are.
 */
struct http_jar {
    struct http_jar_policy policy;
    struct site **table;
    size_t places; /* a power of two */
    size_t sites, count;
    struct entry *oldest, *newest;
    uint64_t clock;
    struct entry **found; /* room for what http_jar_header() finds */
    size_t found_capacity;
};

const struct http_jar_policy HTTP_JAR_POLICY = {.per_domain = 50, .total = 3000};

enum { HOST_SIZE = 256 }; /* the longest name of DNS has 253 bytes */

/* ---- the rules ---- */

/* Whether a host is an address: what has a colon, or ends in a number, "127.0.0.1" and "0x7f.1". */
static bool is_address(const char *host)
{
    const char *label = strrchr(host, '.');

    label = label != NULL ? label + 1 : host;
    if (strchr(host, ':') != NULL)
        return true;
    if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
        return label[2 + strspn(label + 2, "0123456789abcdefABCDEF")] == '\0';
    return *label != '\0' && label[strspn(label, "0123456789")] == '\0';
}

/* [domain-matches] */
bool http_domain_matches(const char *host, const char *domain)
{
    size_t length = strlen(host), tail = strlen(domain);

    if (length < tail || tail == 0)
        return false;
    size_t head = length - tail;
    if (strcmp(host + head, domain) != 0)
        return false;
    return head == 0 || (host[head - 1] == '.' && !is_address(host));
}
/* [/domain-matches] */

/* [path-matches] */
bool http_path_matches(const char *path, const char *cookie_path)
{
    size_t length = strcspn(path, "?"), head = strlen(cookie_path);

    if (length < head || head == 0 || memcmp(path, cookie_path, head) != 0)
        return false;
    bool folder = cookie_path[head - 1] == '/';
    return length == head || folder || path[head] == '/';
}
/* [/path-matches] */

size_t http_default_path(const char *path)
{
    size_t length = strcspn(path, "?");

    if (path[0] != '/')
        return 0;
    while (path[length - 1] != '/')
        length--;
    return length - 1;
}

bool http_is_public_suffix(const char *domain)
{
    const psl_ctx_t *list = psl_builtin();

    return list == NULL || psl_is_public_suffix(list, domain) != 0;
}

/*
 * Copies a host in small letters, without the brackets of an IPv6 address and the dot that may end
 * a name. False for what is no host: nothing of it can then end a field or a line of a file.
 */
static bool canonical(const char *host, char name[HOST_SIZE])
{
    size_t length = strlen(host);

    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (length > 1 && host[length - 1] == '.') {
        length--;
    }
    if (length == 0 || length >= HOST_SIZE || host[0] == '.' || host[length - 1] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = host[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && strchr("-._:%", c) == NULL)
            return false;
        name[i] = c;
    }
    name[length] = '\0';
    return true;
}

/* Whether one of the list's domains is host, or above it. */
static bool is_listed(const char *const *list, const char *host)
{
    for (; *list != NULL; list++) {
        if (http_domain_matches(host, *list))
            return true;
    }
    return false;
}

static bool is_permitted(const struct http_jar *jar, const char *host)
{
    return (jar->policy.blocked == NULL || !is_listed(jar->policy.blocked, host)) &&
           (jar->policy.allowed == NULL || is_listed(jar->policy.allowed, host));
}

static bool is_expired(const struct http_jar_cookie *cookie, time_t now)
{
    return cookie->persistent && cookie->expires <= now;
}

/* ---- the table ---- */

/* FNV-1a from the last byte to the first: on the way it passes the hash of every domain above. */
static uint64_t hash_on(uint64_t hash, char c)
{
    return (hash ^ (unsigned char)c) * 0x100000001b3;
}

static const uint64_t HASH_START = 0xcbf29ce484222325;

static uint64_t hash_of(const char *domain)
{
    uint64_t hash = HASH_START;

    for (size_t i = strlen(domain); i > 0; i--)
        hash = hash_on(hash, domain[i - 1]);
    return hash;
}

static struct site *find_site(const struct http_jar *jar, const char *domain, uint64_t hash)
{
    struct site *site = jar->table[hash & (jar->places - 1)];

    while (site != NULL && (site->hash != hash || strcmp(site->domain, domain) != 0))
        site = site->next;
    return site;
}

/* Makes the table twice as large once there are more domains than places. Without memory it stays
 * as it is, and is slower. */
static void grow_table(struct http_jar *jar)
{
    size_t places = jar->places * 2;
    struct site **table = calloc(places, sizeof(struct site *));

    if (table == NULL)
        return;
    for (size_t i = 0; i < jar->places; i++) {
        for (struct site *site = jar->table[i], *next; site != NULL; site = next) {
            next = site->next;
            site->next = table[site->hash & (places - 1)];
            table[site->hash & (places - 1)] = site;
        }
    }
    free(jar->table);
    jar->table = table;
    jar->places = places;
}

/* The place of a domain, made if need be. NULL when memory is short. */
static struct site *take_site(struct http_jar *jar, const char *domain)
{
    uint64_t hash = hash_of(domain);
    size_t size = strlen(domain) + 1;
    struct site *site = find_site(jar, domain, hash);

    if (site != NULL)
        return site;
    if (jar->sites >= jar->places)
        grow_table(jar);
    site = malloc(sizeof *site + size);
    if (site == NULL)
        return NULL;
    *site = (struct site){.next = jar->table[hash & (jar->places - 1)], .hash = hash};
    memcpy(site->domain, domain, size);
    jar->table[hash & (jar->places - 1)] = site;
    jar->sites++;
    return site;
}

static void drop_site(struct http_jar *jar, struct site *site)
{
    struct site **at = &jar->table[site->hash & (jar->places - 1)];

    while (*at != site)
        at = &(*at)->next;
    *at = site->next;
    jar->sites--;
    free(site->list);
    free(site);
}

/* ---- entries ---- */

/* Which of two is sent first: below 0 for the first. RFC 6265 section 5.4, step 2. */
static int compare_entries(const struct entry *a, const struct entry *b)
{
    if (a->path_length != b->path_length)
        return a->path_length > b->path_length ? -1 : 1;
    return (a->created > b->created) - (a->created < b->created);
}

static int compare_found(const void *a, const void *b)
{
    return compare_entries(*(struct entry *const *)a, *(struct entry *const *)b);
}

/* A copy of the cookie, in no jar yet. NULL when memory is short. */
static struct entry *entry_new(const struct http_jar_cookie *cookie)
{
    const char *const from[4] = {cookie->name, cookie->value, cookie->domain, cookie->path};
    const char **to[4];
    size_t sizes[4], sum = 0;

    for (int i = 0; i < 4; i++)
        sum += sizes[i] = strlen(from[i]) + 1;
    struct entry *entry = malloc(sizeof *entry + sum);
    if (entry == NULL)
        return NULL;
    *entry = (struct entry){.cookie = *cookie, .path_length = sizes[3] - 1};
    to[0] = &entry->cookie.name;
    to[1] = &entry->cookie.value;
    to[2] = &entry->cookie.domain;
    to[3] = &entry->cookie.path;
    char *text = entry->texts;
    for (int i = 0; i < 4; i++) {
        memcpy(text, from[i], sizes[i]);
        *to[i] = text;
        text += sizes[i];
    }
    return entry;
}

/* Puts an entry where it belongs among its domain's. -1 when memory is short. */
static int site_insert(struct site *site, struct entry *entry)
{
    if (site->count == site->capacity) {
        size_t capacity = site->capacity == 0 ? 4 : site->capacity * 2;
        struct entry **list = realloc(site->list, capacity * sizeof(struct entry *));
        if (list == NULL)
            return -1;
        site->list = list;
        site->capacity = capacity;
    }
    size_t place = site->count++;
    for (; place > 0 && compare_entries(entry, site->list[place - 1]) < 0; place--)
        site->list[place] = site->list[place - 1];
    site->list[place] = entry;
    entry->site = site;
    return 0;
}

static void jar_remove(struct http_jar *jar, struct entry *entry)
{
    struct site *site = entry->site;
    size_t place = 0;

    while (site->list[place] != entry)
        place++;
    site->count--;
    memmove(site->list + place, site->list + place + 1,
            (site->count - place) * sizeof(struct entry *));
    if (site->count == 0)
        drop_site(jar, site);
    *(entry->older != NULL ? &entry->older->newer : &jar->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &jar->newest) = entry->older;
    jar->count--;
    free(entry);
}

static struct entry *find_same(const struct http_jar *jar, const struct http_jar_cookie *cookie)
{
    const struct site *site = find_site(jar, cookie->domain, hash_of(cookie->domain));

    for (size_t i = 0; site != NULL && i < site->count; i++) {
        if (strcmp(site->list[i]->cookie.name, cookie->name) == 0 &&
            strcmp(site->list[i]->cookie.path, cookie->path) == 0)
            return site->list[i];
    }
    return NULL;
}

/* Lets a new entry stand where an old one stood, as old as that: path and order are the same. */
static void jar_replace(struct http_jar *jar, struct entry *old, struct entry *entry)
{
    size_t place = 0;

    while (old->site->list[place] != old)
        place++;
    old->site->list[place] = entry;
    entry->site = old->site;
    entry->created = old->created;
    entry->used = ++jar->clock;
    entry->older = old->older;
    entry->newer = old->newer;
    *(entry->older != NULL ? &entry->older->newer : &jar->oldest) = entry;
    *(entry->newer != NULL ? &entry->newer->older : &jar->newest) = entry;
    free(old);
}

/* ---- what goes when there are too many ---- */

/* Whether a goes before b. */
static bool goes_first(const struct entry *a, const struct entry *b, bool insecure_first,
                       time_t now)
{
    bool gone_a = is_expired(&a->cookie, now), gone_b = is_expired(&b->cookie, now);

    if (gone_a != gone_b)
        return gone_a;
    if (insecure_first && a->cookie.secure != b->cookie.secure)
        return b->cookie.secure;
    return a->used < b->used;
}

static struct entry *site_victim(const struct site *site, time_t now)
{
    struct entry *victim = site->list[0];

    for (size_t i = 1; i < site->count; i++) {
        if (goes_first(site->list[i], victim, true, now))
            victim = site->list[i];
    }
    return victim;
}

static struct entry *jar_victim(const struct http_jar *jar, time_t now)
{
    struct entry *victim = jar->oldest;

    for (struct entry *entry = victim->newer; entry != NULL; entry = entry->newer) {
        if (goes_first(entry, victim, false, now))
            victim = entry;
    }
    return victim;
}

/* Keeps to the limits after an entry came in. False if that one itself had to go: cookies without
 * Secure, however many, do not drive out those with it. */
static bool jar_evict(struct http_jar *jar, struct entry *added, time_t now)
{
    struct entry *victim = NULL;

    if (added->site->count > jar->policy.per_domain)
        victim = site_victim(added->site, now);
    else if (jar->count > jar->policy.total)
        victim = jar_victim(jar, now);
    if (victim != NULL)
        jar_remove(jar, victim);
    return victim != added;
}

/* ---- storing ---- */

static enum http_jar_result refuse(struct error *error, const char *why)
{
    (void)error_set(error, "%s", why);
    return HTTP_JAR_REFUSED;
}

static enum http_jar_result fail(struct error *error)
{
    (void)error_set(error, "out of memory");
    return HTTP_JAR_FAILED;
}

static bool has_bad_byte(const char *text, const char *bad)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f || strchr(bad, *text) != NULL)
            return true;
    }
    return false;
}

enum http_jar_result http_jar_add(struct http_jar *jar, const struct http_jar_cookie *cookie,
                                  time_t now, struct error *error)
{
    char domain[HOST_SIZE];
    struct http_jar_cookie clean = *cookie;

    clean.domain = domain;
    if (!canonical(cookie->domain, domain))
        return refuse(error, "the domain is none");
    if (cookie->path[0] != '/' || has_bad_byte(cookie->path, ";"))
        return refuse(error, "the path is none");
    if (cookie->name[0] == '\0' || has_bad_byte(cookie->name, ";=") ||
        has_bad_byte(cookie->value, ";"))
        return refuse(error, "name or value cannot be sent");
    struct entry *old = find_same(jar, &clean), *entry = entry_new(&clean);
    if (entry == NULL)
        return fail(error);
    if (old != NULL) {
        jar_replace(jar, old, entry);
        return HTTP_JAR_REPLACED;
    }
    struct site *site = take_site(jar, domain);
    entry->created = entry->used = ++jar->clock;
    if (site == NULL || site_insert(site, entry) == -1) {
        if (site != NULL && site->count == 0)
            drop_site(jar, site);
        free(entry);
        return fail(error);
    }
    entry->older = jar->newest;
    *(jar->newest != NULL ? &jar->newest->newer : &jar->oldest) = entry;
    jar->newest = entry;
    jar->count++;
    return jar_evict(jar, entry, now)
               ? HTTP_JAR_STORED
               : refuse(error, "there are too many, and it is the first to go");
}

/* Settles for which hosts a cookie is: *domain, host itself if it has none. NULL, or why not. */
static const char *settle_domain(const char *host, const char *wanted, char domain[HOST_SIZE],
                                 bool *host_only)
{
    *host_only = true;
    memcpy(domain, host, strlen(host) + 1);
    if (wanted == NULL || *wanted == '\0')
        return NULL;
    /* "com." is no entry of the list of public suffixes, and all of com to a resolver. */
    if (wanted[strlen(wanted) - 1] == '.' || !canonical(wanted, domain))
        return "the domain is none";
    if (is_address(domain))
        return strcmp(domain, host) == 0 ? NULL : "the domain does not cover the host";
    if (http_is_public_suffix(domain))
        return strcmp(domain, host) == 0 ? NULL : "the domain is a public suffix";
    *host_only = false;
    return http_domain_matches(host, domain) ? NULL : "the domain does not cover the host";
}

/* Whether a Secure cookie of that name would be overlaid: 6265bis, "Storage Model". */
static bool overlays_secure(const struct http_jar *jar, const struct http_jar_cookie *cookie)
{
    for (const struct entry *entry = jar->oldest; entry != NULL; entry = entry->newer) {
        const struct http_jar_cookie *old = &entry->cookie;
        if (old->secure && strcmp(old->name, cookie->name) == 0 &&
            (http_domain_matches(old->domain, cookie->domain) ||
             http_domain_matches(cookie->domain, old->domain)) &&
            http_path_matches(cookie->path, old->path))
            return true;
    }
    return false;
}

/* What a request may not set, whatever its host is. NULL, or why not. */
static const char *check_request(const struct http_jar *jar, const struct http_jar_request *request,
                                 const struct http_jar_cookie *cookie)
{
    const struct entry *old = find_same(jar, cookie);

    if (request->script && cookie->http_only)
        return "a script may not set HttpOnly";
    if (request->script && old != NULL && old->cookie.http_only)
        return "a script may not replace one that is HttpOnly";
    if (!request->secure && cookie->secure)
        return "Secure may be set over https only";
    if (!request->secure && overlays_secure(jar, cookie))
        return "over http, and there is a Secure one of that name";
    if (request->origin == HTTP_FROM_OTHER_SITE && cookie->same_site != HTTP_SAME_SITE_NONE)
        return "another site's page caused it, and it is not SameSite=None";
    if (cookie->same_site == HTTP_SAME_SITE_NONE && !cookie->secure)
        return "SameSite=None needs Secure";
    return NULL;
}

static const char *path_of(const struct http_jar_request *request)
{
    return request->path != NULL && request->path[0] == '/' ? request->path : "/";
}

enum http_jar_result http_jar_store(struct http_jar *jar, const struct http_jar_request *request,
                                    const struct http_set_cookie *cookie, time_t now,
                                    struct error *error)
{
    char host[HOST_SIZE], domain[HOST_SIZE];
    bool host_only;

    if (!canonical(request->host, host))
        return refuse(error, "the host is none");
    if (!is_permitted(jar, host))
        return refuse(error, "the policy keeps this host out");
    const char *why = settle_domain(host, cookie->domain, domain, &host_only);
    if (why == NULL && !http_cookie_prefix_holds(cookie))
        why = "it does not keep what the prefix of its name promises";
    if (why != NULL)
        return refuse(error, why);
    const char *asked = path_of(request);
    size_t folder = http_default_path(asked);
    char *path = cookie->path != NULL && cookie->path[0] == '/' ? strdup(cookie->path)
                 : folder == 0                                  ? strdup("/")
                                                                : strndup(asked, folder);
    if (path == NULL)
        return fail(error);
    struct http_jar_cookie stored = {.name = cookie->name,
                                     .value = cookie->value,
                                     .domain = domain,
                                     .path = path,
                                     .host_only = host_only,
                                     .secure = cookie->secure,
                                     .http_only = cookie->http_only,
                                     .same_site = cookie->same_site};
    stored.persistent = http_set_cookie_expiry(cookie, now, &stored.expires);
    why = check_request(jar, request, &stored);
    enum http_jar_result result;
    if (why != NULL) {
        result = refuse(error, why);
    } else if (is_expired(&stored, now)) {
        struct entry *old = find_same(jar, &stored);
        if (old != NULL)
            jar_remove(jar, old);
        result = HTTP_JAR_REMOVED;
    } else {
        result = http_jar_add(jar, &stored, now, error);
    }
    free(path);
    return result;
}

enum http_jar_result http_jar_set(struct http_jar *jar, const struct http_jar_request *request,
                                  const char *set_cookie, time_t now, struct error *error)
{
    struct http_set_cookie cookie;
    int parsed = http_set_cookie_parse(&cookie, set_cookie, error);

    if (parsed != 0)
        return parsed == 1 ? HTTP_JAR_REFUSED : HTTP_JAR_FAILED;
    enum http_jar_result result = http_jar_store(jar, request, &cookie, now, error);
    http_set_cookie_free(&cookie);
    return result;
}

int http_jar_extract(struct http_jar *jar, const struct http_jar_request *request,
                     const struct http_headers *headers, time_t now)
{
    size_t position = 0;
    const char *value;
    int taken = 0;

    while ((value = http_headers_next(headers, "Set-Cookie", &position)) != NULL) {
        enum http_jar_result result = http_jar_set(jar, request, value, now, NULL);
        if (result == HTTP_JAR_FAILED)
            return -1;
        taken += result != HTTP_JAR_REFUSED;
    }
    return taken;
}

/* ---- sending ---- */

static bool may_send(const struct http_jar_request *request, const struct http_jar_cookie *cookie)
{
    if ((cookie->secure && !request->secure) || (cookie->http_only && request->script))
        return false;
    if (request->origin == HTTP_FROM_SAME_SITE || cookie->same_site == HTTP_SAME_SITE_NONE)
        return true;
    return request->origin == HTTP_FROM_LINK && cookie->same_site != HTTP_SAME_SITE_STRICT;
}

/* Adds a domain's cookies for the request to what was found. -1 when memory is short. */
static int find_in(struct http_jar *jar, const struct site *site, bool above,
                   const struct http_jar_request *request, time_t now, size_t *found)
{
    const char *path = path_of(request);

    if (*found + site->count > jar->found_capacity) {
        size_t capacity = 2 * (*found + site->count);
        struct entry **room = realloc(jar->found, capacity * sizeof(struct entry *));
        if (room == NULL)
            return -1;
        jar->found = room;
        jar->found_capacity = capacity;
    }
    for (size_t i = 0; i < site->count; i++) {
        const struct http_jar_cookie *cookie = &site->list[i]->cookie;
        if (!(above && cookie->host_only) && !is_expired(cookie, now) &&
            may_send(request, cookie) && http_path_matches(path, cookie->path))
            jar->found[(*found)++] = site->list[i];
    }
    return 0;
}

/* Finds all cookies for the request, in the order in which they are sent. -1 as above. */
static int find_all(struct http_jar *jar, const char *host, const struct http_jar_request *request,
                    time_t now, size_t *found)
{
    bool address = is_address(host);
    uint64_t hash = HASH_START;
    size_t sites = 0;

    for (size_t i = strlen(host); i > 0; i--) {
        hash = hash_on(hash, host[i - 1]);
        if (i > 1 && (address || host[i - 2] != '.'))
            continue;
        const struct site *site = find_site(jar, host + i - 1, hash);
        if (site == NULL)
            continue;
        if (find_in(jar, site, i > 1, request, now, found) == -1)
            return -1;
        sites++;
    }
    if (sites > 1)
        qsort(jar->found, *found, sizeof(struct entry *), compare_found);
    return 0;
}

int http_jar_header(struct http_jar *jar, const struct http_jar_request *request, time_t now,
                    struct buffer *out)
{
    char host[HOST_SIZE];
    size_t found = 0, before = out->length;
    int failed = 0;

    if (!canonical(request->host, host) || !is_permitted(jar, host))
        return 0;
    if (find_all(jar, host, request, now, &found) == -1)
        return -1;
    for (size_t i = 0; i < found; i++) {
        struct entry *entry = jar->found[i];
        if (i > 0)
            failed |= buffer_add(out, "; ", 2);
        failed |= buffer_add(out, entry->cookie.name, strlen(entry->cookie.name));
        failed |= buffer_add(out, "=", 1);
        failed |= buffer_add(out, entry->cookie.value, strlen(entry->cookie.value));
        entry->used = ++jar->clock;
    }
    if (failed != 0) {
        out->length = before;
        if (out->data != NULL)
            out->data[before] = '\0';
        return -1;
    }
    return (int)found;
}

/* ---- the jar as a whole ---- */

struct http_jar *http_jar_new(const struct http_jar_policy *policy)
{
    enum { PLACES = 64 };
    struct http_jar *jar = calloc(1, sizeof *jar);

    if (jar == NULL)
        return NULL;
    jar->policy = policy != NULL ? *policy : HTTP_JAR_POLICY;
    jar->places = PLACES;
    jar->table = calloc(PLACES, sizeof(struct site *));
    if (jar->table == NULL) {
        free(jar);
        return NULL;
    }
    return jar;
}

const struct http_jar_policy *http_jar_policy(const struct http_jar *jar)
{
    return &jar->policy;
}

void http_jar_free(struct http_jar *jar)
{
    if (jar == NULL)
        return;
    (void)http_jar_clear(jar, NULL, NULL, NULL); /* how many there were does not matter any more */
    free(jar->table);
    free(jar->found);
    free(jar);
}

size_t http_jar_count(const struct http_jar *jar)
{
    return jar->count;
}

const struct http_jar_cookie *http_jar_next(const struct http_jar *jar,
                                            const struct http_jar_cookie *cookie)
{
    const struct entry *entry =
        cookie == NULL ? jar->oldest : ((const struct entry *)cookie)->newer;
    return entry != NULL ? &entry->cookie : NULL;
}

size_t http_jar_clear(struct http_jar *jar, const char *domain, const char *path, const char *name)
{
    size_t before = jar->count;

    for (struct entry *entry = jar->oldest, *next; entry != NULL; entry = next) {
        next = entry->newer;
        if ((domain == NULL || strcmp(entry->cookie.domain, domain) == 0) &&
            (path == NULL || strcmp(entry->cookie.path, path) == 0) &&
            (name == NULL || strcmp(entry->cookie.name, name) == 0))
            jar_remove(jar, entry);
    }
    return before - jar->count;
}

size_t http_jar_clear_session(struct http_jar *jar)
{
    size_t before = jar->count;

    for (struct entry *entry = jar->oldest, *next; entry != NULL; entry = next) {
        next = entry->newer;
        if (!entry->cookie.persistent)
            jar_remove(jar, entry);
    }
    return before - jar->count;
}

size_t http_jar_clear_expired(struct http_jar *jar, time_t now)
{
    size_t before = jar->count;

    for (struct entry *entry = jar->oldest, *next; entry != NULL; entry = next) {
        next = entry->newer;
        if (is_expired(&entry->cookie, now))
            jar_remove(jar, entry);
    }
    return before - jar->count;
}
