/* Who may enter where: the user and password for a realm and a URL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "urllib/internal.h"

/* Texts that are NULL fit any. */
struct entry {
    char *realm, *scheme, *host, *path, *user, *password;
    int port; /* 0: the usual one of the scheme at hand */
    struct entry *next;
};

struct url_passwords {
    struct entry *first;
};

/* A URL, as far as it matters here. */
struct place {
    struct url_part scheme, host, path; /* scheme is not there in "host:port" */
    int port;
};

/* Returns 0, or -1 when text is neither a URL with a host nor "host" or "host:port". */
static int find_place(const char *text, struct place *place)
{
    struct url_part authority = url_part_of(text);
    struct url_netloc netloc;
    struct url url;

    *place = (struct place){.path = url_part_of("/")};
    if (strstr(text, "//") != NULL) {
        if (url_split(text, strlen(text), &url, NULL) == -1 || url.scheme.length == 0)
            return -1;
        place->scheme = url.scheme;
        authority = url.netloc;
        if (url.path.length > 0)
            place->path = url.path;
    } else if (strpbrk(text, "/?#") != NULL) {
        return -1;
    }
    url_split_netloc(authority, &netloc);
    place->host = netloc.host;
    place->port = url_port(&netloc, url_default_port(place->scheme));
    return netloc.host.length > 0 && place->port >= 0 ? 0 : -1;
}

static void free_entry(struct entry *entry)
{
    if (entry->password != NULL)
        explicit_bzero(entry->password, strlen(entry->password));
    free(entry->realm);
    free(entry->scheme);
    free(entry->host);
    free(entry->path);
    free(entry->user);
    free(entry->password);
    free(entry);
}

struct url_passwords *url_passwords_new(void)
{
    return calloc(1, sizeof(struct url_passwords));
}

void url_passwords_free(struct url_passwords *passwords)
{
    if (passwords == NULL)
        return;
    for (struct entry *e = passwords->first, *next; e != NULL; e = next) {
        next = e->next;
        free_entry(e);
    }
    free(passwords);
}

int url_passwords_add(struct url_passwords *passwords, const char *realm, const char *url,
                      const char *user, const char *password)
{
    struct place place;

    if (find_place(url, &place) == -1) {
        errno = EINVAL;
        return -1;
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return -1;
    entry->realm = realm != NULL ? strdup(realm) : NULL;
    entry->scheme = place.scheme.text != NULL ? url_part_copy(place.scheme) : NULL;
    entry->host = url_part_copy(place.host);
    entry->path = url_part_copy(place.path);
    entry->user = strdup(user);
    entry->password = strdup(password);
    entry->port = place.port;
    if ((realm != NULL && entry->realm == NULL) ||
        (place.scheme.text != NULL && entry->scheme == NULL) || entry->host == NULL ||
        entry->path == NULL || entry->user == NULL || entry->password == NULL) {
        free_entry(entry);
        errno = ENOMEM;
        return -1;
    }
    entry->next = passwords->first; /* in front: of two as exact the later counts */
    passwords->first = entry;
    return 0;
}

static bool is_same(struct url_part part, const char *text)
{
    return http_same_text(part.text, part.length, text, strlen(text));
}

/* Whether the entry is for that place: its path is the whole, or a folder, of the place's. */
/* [covers] */
static bool covers(const struct entry *entry, const struct place *place)
{
    size_t length = strlen(entry->path);
    int port = entry->port != 0 ? entry->port : url_default_port(place->scheme);

    if ((entry->scheme != NULL && !is_same(place->scheme, entry->scheme)) ||
        !is_same(place->host, entry->host) || (place->port != port))
        return false;
    if (length > place->path.length || memcmp(entry->path, place->path.text, length) != 0)
        return false;
    return length == place->path.length || entry->path[length - 1] == '/' ||
           place->path.text[length] == '/';
}
/* [/covers] */

bool url_passwords_find(const struct url_passwords *passwords, const char *realm, const char *url,
                        const char **user, const char **password)
{
    const struct entry *best = NULL;
    struct place place;

    if (find_place(url, &place) == -1)
        return false;
    for (const struct entry *e = passwords->first; e != NULL; e = e->next) {
        if (!covers(e, &place) ||
            (e->realm != NULL && (realm == NULL || strcmp(e->realm, realm) != 0)))
            continue;
        bool more = best == NULL || (e->realm != NULL && best->realm == NULL);
        bool as_much = best != NULL && (e->realm != NULL) == (best->realm != NULL);
        if (more || (as_much && strlen(e->path) > strlen(best->path)))
            best = e;
    }
    if (best == NULL)
        return false;
    *user = best->user;
    *password = best->password;
    return true;
}
