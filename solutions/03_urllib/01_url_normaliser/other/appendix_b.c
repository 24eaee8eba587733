/*
 * Exercise 3.1  URL normaliser, by regular expressions
 *
 * The expression of RFC 3986 appendix B takes the line apart, and others say what each part may
 * hold. The path is a stack of segments.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"

enum { LINE_MOST = 4096, SCHEME = 2, AUTHORITY = 4, PATH = 5, QUERY = 7, FRAGMENT = 9, PARTS = 10 };

enum { ALL, HOST, PORT, TRIPLETS, EXPRESSIONS };
static const char *const PATTERNS[EXPRESSIONS] = {
    [ALL] = "^(([A-Za-z][A-Za-z0-9+.-]*):)?(//([^/?#]*))?([^?#]*)(\\?([^#]*))?(#(.*))?$",
    [HOST] = "^(.*@)?(\\[([^]]*)\\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:(.*))?$",
    [PORT] = "^0*([0-9]{0,5})$",
    [TRIPLETS] = "%([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)",
};
static regex_t expressions[EXPRESSIONS];

static char *piece(const char *text, regmatch_t at)
{
    char *copy = at.rm_so == -1 ? NULL : strndup(text + at.rm_so, (size_t)(at.rm_eo - at.rm_so));

    if (at.rm_so != -1 && copy == NULL)
        die("out of memory");
    return copy;
}

static bool matches(int which, const char *text, regmatch_t *at)
{
    return regexec(&expressions[which], text, at == NULL ? 0 : PARTS, at, 0) == 0;
}

static void add(struct buffer *out, const char *text)
{
    if (buffer_add(out, text, strlen(text)) == -1)
        die("out of memory");
}

/* Puts the percent-coding of a part right. The caller frees it. */
static char *recode(const char *part)
{
    struct buffer out = {0};

    for (; *part != '\0'; part++) {
        unsigned value = (unsigned char)*part;
        bool coded = value == '%';
        if (coded) {
            value = (unsigned)strtoul((char[]){part[1], part[2], '\0'}, NULL, 16);
            part += 2;
        }
        char text[4] = {(char)value, '\0'};
        if (coded ? !isalnum((int)value) && (value == 0 || strchr("-._~", (int)value) == NULL)
                  : value > 127)
            (void)snprintf(text, sizeof text, "%%%02X", value); /* always three characters */
        add(&out, text);
    }
    return out.data != NULL ? out.data : strdup("");
}

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '%' && isxdigit((unsigned char)text[1]))
            text += 2;
        else
            *text = (char)tolower((unsigned char)*text);
}

static const char *usual_port(const char *scheme)
{
    static const char *const ports[] = {"http", "80",  "https", "443", "ws",
                                        "80",   "wss", "443",   "ftp", "21"};

    for (size_t i = 0; scheme != NULL && i < sizeof ports / sizeof ports[0]; i += 2)
        if (strcmp(scheme, ports[i]) == 0)
            return ports[i + 1];
    return NULL;
}

static bool add_literal(struct buffer *out, char *literal)
{
    char *zone = strstr(literal, "%25"), text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (zone != NULL)
        *zone = '\0';
    if (inet_pton(AF_INET6, literal, &address) != 1)
        return false;
    add(out, "[");
    add(out, inet_ntop(AF_INET6, &address, text, sizeof text));
    if (zone != NULL) {
        char *name = recode(zone + 3);
        bool good = *name != '\0' && strpbrk(name, "!$&'()*+,;=:@") == NULL;
        add(out, "%25");
        add(out, name);
        free(name);
        if (!good)
            return false;
    }
    add(out, "]");
    return true;
}

static void add_user(struct buffer *out, const char *user)
{
    char *text = recode(user);

    for (const char *at = text; *at != '\0'; at++)
        add(out, *at == '@' && at[1] != '\0' ? "%40" : (char[]){*at, '\0'});
    free(text);
}

static const char *add_authority(struct buffer *out, const char *authority, const char *usual)
{
    regmatch_t at[PARTS], digits[PARTS];
    const char *wrong = NULL;

    if (!matches(HOST, authority, at))
        return "host";
    char *user = piece(authority, at[1]), *host = piece(authority, at[2]);
    char *literal = piece(authority, at[3]), *port = piece(authority, at[5]);
    char *small = recode(host);

    lower(small);
    if (user != NULL)
        add_user(out, user);
    if ((*host == '\0' && usual != NULL) || (literal != NULL && !add_literal(out, literal)))
        wrong = "host";
    else if (port != NULL && (!matches(PORT, port, digits) || strtol(port, NULL, 10) > 65535))
        wrong = "port";
    if (literal == NULL)
        add(out, small);
    if (wrong == NULL && port != NULL && *port != '\0') {
        const char *number = port + digits[1].rm_so;
        if (*number == '\0')
            number = "0";
        if (usual == NULL || strcmp(number, usual) != 0) {
            add(out, ":");
            add(out, number);
        }
    }
    free(user);
    free(host);
    free(literal);
    free(port);
    free(small);
    return wrong;
}

/* Removes dot segments: kept[] are those that stay so far. */
static void add_path(struct buffer *out, const char *path, bool authority)
{
    char *text = recode(authority && *path == '\0' ? "/" : path);
    static const char *kept[LINE_MOST * 3];
    size_t count = 0;
    bool folder = false;

    if (*text == '/') {
        for (char *at = text; at != NULL; at = strchr(at, '/')) {
            *at++ = '\0';
            size_t length = strcspn(at, "/");
            bool two = length == 2 && strncmp(at, "..", 2) == 0;
            folder = two || (length == 1 && *at == '.');
            if (two && count > 0)
                count--;
            else if (!folder)
                kept[count++] = at;
        }
        if (!authority && count + folder > 1 && *kept[0] == '\0')
            add(out, "/.");
        for (size_t i = 0; i < count; i++) {
            add(out, "/");
            add(out, kept[i]);
        }
        if (folder)
            add(out, "/");
    } else
        add(out, text);
    free(text);
}

static bool bad_brackets(const char *line, const regmatch_t *at)
{
    size_t path = (size_t)at[PATH].rm_so, from = path;
    bool user = false;

    if (at[AUTHORITY].rm_so != -1)
        for (size_t i = (size_t)at[AUTHORITY].rm_so; i < path; i++)
            if (line[i] == '@') {
                user = true;
                from = i;
            }
    if (user && strcspn(line + at[AUTHORITY].rm_so, "[]") < from - (size_t)at[AUTHORITY].rm_so)
        return true;
    return strpbrk(line + path, "[]") != NULL;
}

static void add_rest(struct buffer *out, const char *mark, char *part)
{
    char *text = part == NULL ? NULL : recode(part);

    if (text != NULL) {
        add(out, mark);
        add(out, text);
    }
    free(text);
}

static const char *add_parts(struct buffer *out, char *const *part)
{
    const char *scheme = part[SCHEME], *usual = usual_port(scheme), *wrong = NULL;
    bool file = scheme != NULL && strcmp(scheme, "file") == 0, authority = part[AUTHORITY] != NULL;
    struct buffer server = {0};

    if (scheme != NULL) {
        add(out, scheme);
        add(out, ":");
    }
    if (!authority && usual != NULL)
        return "host";
    if (authority)
        wrong = add_authority(&server, part[AUTHORITY], usual);
    if (file && strcmp(buffer_text(&server), "localhost") == 0)
        buffer_free(&server);
    authority = authority || (file && *part[PATH] == '/');
    if (authority) {
        add(out, "//");
        add(out, buffer_text(&server));
    }
    buffer_free(&server);
    add_path(out, part[PATH], authority);
    add_rest(out, "?", part[QUERY]);
    add_rest(out, "#", part[FRAGMENT]);
    return wrong;
}

static const char *normalise(const char *line, size_t length, struct buffer *out)
{
    regmatch_t at[PARTS];
    char *part[PARTS] = {NULL};

    if (length > LINE_MOST)
        return "too-long";
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            return "control";
    if (!matches(ALL, line, at) || (at[SCHEME].rm_so == -1 && strncmp(line, "//", 2) != 0))
        return "scheme";
    if (strpbrk(line, " \"<>\\^`{|}") != NULL || bad_brackets(line, at) ||
        (at[FRAGMENT].rm_so != -1 && strchr(line + at[FRAGMENT].rm_so, '#') != NULL))
        return "character";
    if (matches(TRIPLETS, line, NULL))
        return "percent";
    for (int i = 0; i < PARTS; i++)
        part[i] = piece(line, at[i]);
    if (part[SCHEME] != NULL)
        lower(part[SCHEME]);
    const char *wrong = add_parts(out, part);
    for (int i = 0; i < PARTS; i++)
        free(part[i]);
    return wrong;
}

int main(int argc, char **argv)
{
    static char line[LINE_MOST + 2];
    struct buffer out = {0};
    int status = EXIT_SUCCESS, c;

    (void)argv;
    if (argc != 1)
        die_usage("<URLS");
    for (int i = 0; i < EXPRESSIONS; i++)
        if (regcomp(&expressions[i], PATTERNS[i], REG_EXTENDED) != 0)
            die("expression %d", i);
    for (int number = 1; (c = getchar()) != EOF; number++) {
        size_t length = 0;
        for (; c != EOF && c != '\n'; c = getchar())
            if (length <= LINE_MOST)
                line[length++] = (char)c;
        line[length] = '\0';
        buffer_free(&out);
        const char *wrong = normalise(line, length, &out);
        if (wrong == NULL)
            printf("%s\n", buffer_text(&out));
        else {
            report("line %d: %s", number, wrong);
            status = EXIT_FAILURE;
        }
    }
    if (ferror(stdin))
        die_errno("standard input");
    buffer_free(&out);
    for (int i = 0; i < EXPRESSIONS; i++)
        regfree(&expressions[i]);
    finish(status);
}
