/* fails: zone characters first-row */
/* Judges the host before the characters behind it. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

enum { LINE_MOST = 4096, TEXT_MOST = 3 * LINE_MOST + 64 };

struct text {
    char bytes[TEXT_MOST];
    size_t length;
};

static const struct {
    const char *scheme, *port;
} SERVERS[] = {{"http", "80"}, {"https", "443"}, {"ws", "80"}, {"wss", "443"}, {"ftp", "21"}};

static void put(struct text *out, char byte)
{
    out->bytes[out->length++] = byte;
    out->bytes[out->length] = '\0';
}

static void put_text(struct text *out, const char *text)
{
    while (*text != '\0')
        put(out, *text++);
}

static bool is_unreserved(unsigned char byte)
{
    return byte != '\0' && strchr(ALNUM "-._~", byte) != NULL;
}

/* Writes a part; coded are the characters that it may not hold as they are. */
static void put_part(struct text *out, const char *part, const char *coded, bool lower)
{
    for (; *part != '\0'; part++) {
        unsigned char byte = (unsigned char)*part;
        bool triplet = byte == '%';

        if (triplet) {
            byte = (unsigned char)strtoul((char[]){part[1], part[2], '\0'}, NULL, 16);
            part += 2;
        }
        if (triplet ? !is_unreserved(byte) : byte >= 0x80 || strchr(coded, byte) != NULL)
            out->length += (size_t)snprintf(out->bytes + out->length, 4, "%%%02X", byte);
        else
            put(out, (char)(lower ? tolower(byte) : byte));
    }
}

/* Ends text at the first of these characters, and returns what is behind it; NULL without one. */
static char *cut(char *text, char at)
{
    char *found = strchr(text, at);

    if (found != NULL)
        *found++ = '\0';
    return found;
}

/* Writes an address in brackets, with its zone. */
static bool put_literal(struct text *out, char *literal)
{
    struct in6_addr address;
    char *zone = strstr(literal, "%25");

    if (zone != NULL) {
        *zone = '\0';
        zone += 3;
        if (*zone == '\0' || zone[strspn(zone, ALNUM "-._~%")] != '\0')
            return false;
    }
    char shortest[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, literal, &address) != 1 ||
        inet_ntop(AF_INET6, &address, shortest, sizeof shortest) == NULL)
        return false;
    put(out, '[');
    put_text(out, shortest);
    if (zone != NULL) {
        put_text(out, "%25");
        put_part(out, zone, "", false);
    }
    put(out, ']');
    return true;
}

static bool put_port(struct text *out, const char *port, const char *usual)
{
    if (port[strspn(port, "0123456789")] != '\0')
        return false;
    while (port[0] == '0' && port[1] != '\0')
        port++;
    if (strlen(port) > 5 || strtol(port, NULL, 10) > 65535)
        return false;
    if (*port != '\0' && strcmp(port, usual) != 0) {
        put(out, ':');
        put_text(out, port);
    }
    return true;
}

/* Writes user@host:port. usual is the scheme's port, "" if it has none, and a host is needed. */
static const char *put_authority(struct text *out, char *authority, const char *usual)
{
    char *at = strrchr(authority, '@'), *host = at == NULL ? authority : at + 1, *port;

    if (at != NULL) {
        *at = '\0';
        put_part(out, authority, "@", false);
        put(out, '@');
    }
    if (*host == '[') {
        char *behind = cut(host, ']');
        if (behind == NULL || (*behind != '\0' && *behind != ':') || !put_literal(out, host + 1))
            return "host";
        port = *behind == ':' ? behind + 1 : behind;
    } else {
        port = cut(host, ':');
        if ((*host == '\0' && *usual != '\0') ||
            host[strspn(host, ALNUM "-._~!$&'()*+,;=%")] != '\0')
            return "host";
        put_part(out, host, "", true);
    }
    return port == NULL || put_port(out, port, usual) ? NULL : "port";
}

/* RFC 3986 section 5.2.4, in place, for a path that begins with "/". */
static void remove_dots(struct text *out, size_t begin)
{
    char *path = out->bytes + begin, *to = path;

    for (const char *from = path; *from != '\0';) {
        size_t length = 1 + strcspn(from + 1, "/");
        bool one = length == 2 && from[1] == '.';
        bool two = length == 3 && from[1] == '.' && from[2] == '.';

        if (!one && !two) {
            memmove(to, from, length);
            to += length;
        }
        while (two && to > path && *--to != '/')
            continue;
        from += length;
        if (*from == '\0' && (one || two))
            *to++ = '/';
    }
    *to = '\0';
    out->length = (size_t)(to - out->bytes);
}

static const char *put_rest(struct text *out, char *rest, const char *scheme, const char *usual)
{
    char *path = rest, *end = strchr(rest, '\0');
    bool authority = strncmp(rest, "//", 2) == 0;
    size_t begin = out->length;

    if (authority) {
        path = rest + 2 + strcspn(rest + 2, "/");
        memmove(rest, rest + 2, (size_t)(path - rest - 2)); /* room for the NUL behind it */
        path[-2] = '\0';
        put_text(out, "//");
        const char *wrong = put_authority(out, rest, usual);
        if (wrong != NULL)
            return wrong;
        if (strcmp(scheme, "file") == 0 && strcmp(out->bytes + begin, "//localhost") == 0)
            out->length = begin + 2;
    } else if (*usual != '\0')
        return "host";
    else if (strcmp(scheme, "file") == 0 && *path == '/') {
        put_text(out, "//");
        authority = true;
    }
    begin = out->length;
    put_part(out, path == end && authority ? "/" : path, "", false);
    if (out->bytes[begin] == '/')
        remove_dots(out, begin);
    if (!authority && strncmp(out->bytes + begin, "//", 2) == 0) {
        memmove(out->bytes + begin + 2, out->bytes + begin, out->length - begin + 1);
        memcpy(out->bytes + begin, "/.", 2);
        out->length += 2;
    }
    return NULL;
}

static bool is_control(unsigned char byte)
{
    return byte < ' ' || byte == 0x7f;
}

/* What stands where no URL may have it, in a line without control characters. */
static const char *check(const char *line, const char *behind_scheme)
{
    const char *path = behind_scheme, *user;

    if (strncmp(path, "//", 2) == 0) {
        path += 2 + strcspn(path + 2, "/?#");
        for (user = path; user > behind_scheme && *user != '@'; user--)
            continue;
        if (strcspn(behind_scheme, "[]") < (size_t)(user - behind_scheme))
            return "character";
    }
    const char *fragment = strchr(line, '#');
    if (line[strcspn(line, " \"<>\\^`{|}")] != '\0' || path[strcspn(path, "[]")] != '\0' ||
        (fragment != NULL && strchr(fragment + 1, '#') != NULL))
        return "character";
    for (; (line = strchr(line, '%')) != NULL; line++)
        if (!isxdigit((unsigned char)line[1]) || !isxdigit((unsigned char)line[2]))
            return "percent";
    return NULL;
}

/* Writes the normal form of a line, or returns what is wrong with it. */
static const char *normalise(char *line, size_t length, struct text *out)
{
    const char *usual = "", *wrong;
    char *rest = line, scheme[LINE_MOST + 1] = "";

    for (size_t i = 0; i < length; i++)
        if (is_control((unsigned char)line[i]))
            return "control";
    if (strncmp(line, "//", 2) != 0) {
        rest += strspn(line, ALNUM "+-.");
        if (!isalpha((unsigned char)*line) || *rest != ':')
            return "scheme";
        for (char *at = line; at < rest; at++)
            scheme[at - line] = (char)tolower((unsigned char)*at);
        rest++;
        put_text(out, scheme);
        put(out, ':');
    }
    char *copy = strdup(rest), kept[LINE_MOST + 1];
    memcpy(kept, line, strlen(line) + 1);
    for (size_t i = 0; i < sizeof SERVERS / sizeof SERVERS[0]; i++)
        if (strcmp(scheme, SERVERS[i].scheme) == 0)
            usual = SERVERS[i].port;
    char *fragment = cut(rest, '#'), *query = cut(rest, '?');
    wrong = put_rest(out, rest, scheme, usual);
    if (wrong == NULL)
        wrong = check(kept, kept + (rest - line));
    free(copy);
    if (wrong == NULL && query != NULL) {
        put(out, '?');
        put_part(out, query, "", false);
    }
    if (wrong == NULL && fragment != NULL) {
        put(out, '#');
        put_part(out, fragment, "", false);
    }
    return wrong;
}

/* Reads a line, without its line end; of a longer one LINE_MOST + 1 bytes are kept. */
static bool read_line(char *line, size_t *length)
{
    int c;

    *length = 0;
    while ((c = getchar()) != EOF && c != '\n')
        if (*length <= LINE_MOST)
            line[(*length)++] = (char)c;
    line[*length] = '\0';
    return c != EOF || *length > 0;
}

int main(int argc, char **argv)
{
    static char line[LINE_MOST + 2];
    static struct text out;
    size_t length;
    int status = 0;

    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: url_normaliser <URLS\n");
        return 2;
    }
    for (unsigned long number = 1; read_line(line, &length); number++) {
        out.length = 0;
        const char *wrong = length > LINE_MOST ? "too-long" : normalise(line, length, &out);
        if (wrong == NULL)
            puts(out.bytes);
        else {
            fprintf(stderr, "url_normaliser: line %lu: %s\n", number, wrong);
            status = 1;
        }
    }
    if (ferror(stdin)) {
        perror("url_normaliser: standard input");
        status = 1;
    }
    if (fflush(stdout) == EOF || ferror(stdout)) {
        perror("url_normaliser: standard output");
        status = 1;
    }
    return status;
}
