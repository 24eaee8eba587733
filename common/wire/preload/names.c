/* Host names out of WIRE_HOSTS: "address name name …", a line each, as in /etc/hosts. */
#include "wire/preload/preload.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table --------------------------------------------------------------------------------
 */

struct host_line {
    char *address;
    char *names; /* separated by one blank each */
};

/* The next line that has an address and a name; text is cut up on the way. */
static bool next_line(char **text, struct host_line *line)
{
    while (*text != NULL && **text != '\0') {
        char *rest = NULL, *start = strsep(text, "\n");
        start[strcspn(start, "#")] = '\0';
        line->address = strtok_r(start, " \t\r", &rest);
        line->names = line->address == NULL ? NULL : rest;
        if (line->names != NULL && line->names[strspn(line->names, " \t\r")] != '\0')
            return true;
    }
    return false;
}

/* Copies the first name of the line that equals name, or with NULL the first at all. */
static bool line_has(const struct host_line *line, const char *name, char *found, size_t room)
{
    static const char BLANKS[] = " \t\r";
    const char *at = line->names + strspn(line->names, BLANKS);

    while (*at != '\0') {
        size_t length = strcspn(at, BLANKS);
        bool same = name == NULL || (strlen(name) == length && strncasecmp(name, at, length) == 0);
        if (same && length < room) {
            memcpy(found, at, length);
            found[length] = '\0';
            return true;
        }
        at += length + strspn(at + length, BLANKS);
    }
    return false;
}

static char *read_table(void)
{
    enum { LARGEST = 1 << 20 };
    FILE *file = fopen(wire.hosts, "re");
    char *text = NULL;
    size_t room = 0;

    if (file == NULL)
        return NULL;
    ssize_t length = getdelim(&text, &room, '\0', file);
    (void)fclose(file); /* only read from */
    if (length >= 0 && length <= LARGEST)
        return text;
    free(text);
    return NULL;
}

/* ---- getaddrinfo ------------------------------------------------------------------------------
 */

static bool is_numeric(const char *name)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *list = NULL;

    if (real.getaddrinfo(name, NULL, &hints, &list) != 0)
        return false;
    freeaddrinfo(list);
    return true;
}

struct lookup {
    const char *name, *service;
    struct addrinfo hints;
    struct addrinfo *list, **tail;
    bool known; /* the table has the name */
    int error;
};

static void add_address(struct lookup *lookup, const char *address)
{
    struct addrinfo *part = NULL;
    int error = real.getaddrinfo(address, lookup->service, &lookup->hints, &part);

    if (error != 0) {
        lookup->error = error == EAI_NONAME ? EAI_ADDRFAMILY : error;
        return;
    }
    *lookup->tail = part;
    while (*lookup->tail != NULL)
        lookup->tail = &(*lookup->tail)->ai_next;
}

static void find_name(struct lookup *lookup, char *text, bool mapped)
{
    struct host_line line;
    char name[NI_MAXHOST];

    while (next_line(&text, &line)) {
        if (!line_has(&line, lookup->name, name, sizeof name))
            continue;
        lookup->known = true;
        bool six = strchr(line.address, ':') != NULL;
        if (lookup->hints.ai_family == AF_UNSPEC ||
            (lookup->hints.ai_family == AF_INET6) == (six || mapped))
            add_address(lookup, line.address);
    }
}

static void search_table(struct lookup *lookup, const char *table)
{
    static const int MAPPED = AI_V4MAPPED | AI_ALL;
    int flags = lookup->hints.ai_flags;
    char *text = strdup(table);

    if (text == NULL) {
        lookup->error = EAI_MEMORY;
        return;
    }
    /* Mapped addresses come into it if asked for, and only where there are no others or with ALL.
     */
    lookup->hints.ai_flags = (flags & ~(AI_ADDRCONFIG | MAPPED | AI_CANONNAME)) | AI_NUMERICHOST;
    bool six = lookup->hints.ai_family == AF_INET6 && (flags & AI_V4MAPPED) != 0;
    if (!six || (flags & AI_ALL) == 0)
        find_name(lookup, text, false);
    free(text);
    text = six && lookup->list == NULL ? strdup(table) : NULL;
    if (text != NULL) {
        lookup->hints.ai_flags |= AI_V4MAPPED;
        find_name(lookup, text, true);
        free(text);
    }
    if (lookup->list != NULL && (flags & AI_CANONNAME) != 0)
        lookup->list->ai_canonname =
            strdup(lookup->name); /* freeaddrinfo() frees it; NULL will do */
}

static bool uses_table(const char *name, const struct addrinfo *hints)
{
    return wire_on() && wire.hosts != NULL && name != NULL &&
           (hints == NULL || (hints->ai_flags & AI_NUMERICHOST) == 0) && !is_numeric(name);
}

WIRE_EXPORT int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                            struct addrinfo **list)
{
    struct lookup lookup = {.name = name, .service = service};
    int saved = errno;

    if (!uses_table(name, hints))
        return real.getaddrinfo(name, service, hints, list);
    lookup.tail = &lookup.list;
    lookup.hints.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG; /* what no hints mean */
    if (hints != NULL)
        lookup.hints = *hints;
    char *table = read_table();
    if (table != NULL)
        search_table(&lookup, table);
    free(table);
    errno = saved;
    if (lookup.list != NULL) {
        *list = lookup.list;
        return 0;
    }
    return !lookup.known ? EAI_NONAME : lookup.error != 0 ? lookup.error : EAI_ADDRFAMILY;
}

/* ---- getnameinfo ------------------------------------------------------------------------------
 */

/* The address as text, one mapped into IPv6 as the IPv4 that it is. */
static bool address_text(const struct sockaddr *address, socklen_t length, char *text)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;

    if (address->sa_family == AF_INET && length >= sizeof four) {
        memcpy(&four, address, sizeof four);
        return inet_ntop(AF_INET, &four.sin_addr, text, INET6_ADDRSTRLEN) != NULL;
    }
    if (address->sa_family != AF_INET6 || length < sizeof six)
        return false;
    memcpy(&six, address, sizeof six);
    if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
        return inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], text, INET6_ADDRSTRLEN) != NULL;
    return inet_ntop(AF_INET6, &six.sin6_addr, text, INET6_ADDRSTRLEN) != NULL;
}

static bool find_address(const char *wanted, char *name, size_t room)
{
    char *table = read_table(), *text = table;
    struct host_line line;
    bool found = false;

    while (!found && next_line(&text, &line))
        if (strcmp(line.address, wanted) == 0)
            found = line_has(&line, NULL, name, room);
    free(table);
    return found;
}

static int name_of_host(const struct sockaddr *address, socklen_t length, char *host, size_t room,
                        int flags)
{
    char text[INET6_ADDRSTRLEN], name[NI_MAXHOST];

    if (!address_text(address, length, text) || !find_address(text, name, sizeof name))
        return (flags & NI_NAMEREQD) != 0 ? EAI_NONAME
                                          : real.getnameinfo(address, length, host, (socklen_t)room,
                                                             NULL, 0, flags | NI_NUMERICHOST);
    if (strlen(name) >= room)
        return EAI_OVERFLOW;
    memcpy(host, name, strlen(name) + 1);
    return 0;
}

WIRE_EXPORT int getnameinfo(const struct sockaddr *restrict address, socklen_t length,
                            char *restrict host, socklen_t host_room, char *restrict service,
                            socklen_t service_room, int flags)
{
    int saved = errno;

    if (!wire_on() || wire.hosts == NULL || host == NULL || host_room == 0 || address == NULL ||
        (flags & NI_NUMERICHOST) != 0 ||
        (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return real.getnameinfo(address, length, host, host_room, service, service_room, flags);
    int error = name_of_host(address, length, host, host_room, flags);
    errno = saved;
    if (error == 0 && service != NULL && service_room > 0)
        error =
            real.getnameinfo(address, length, NULL, 0, service, service_room, flags & ~NI_NAMEREQD);
    return error;
}
