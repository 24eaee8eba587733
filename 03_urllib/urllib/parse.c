/* URLs taken apart and put together. What joins two is in join.c. */
#include "urllib/parse.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* What a byte can be to the reader of a URL. One table, so that each part is one quick loop. */
enum {
    IN_SCHEME = 1,   /* letters, digits, "+-." */
    IS_SLASH = 2,    /* these three end what stands before them: */
    IS_QUESTION = 4, /* the netloc, */
    IS_HASH = 8,     /* or the path, or the query */
    IS_BREAK = 16,   /* tab, CR and LF, which no URL holds */
    IS_BRACKET = 32,
    IS_FOREIGN = 64, /* no ASCII */
    ENDS_NETLOC = IS_SLASH | IS_QUESTION | IS_HASH | IS_BREAK
};
static const unsigned char kinds[256] = {
    ['a' ... 'z'] = IN_SCHEME, ['A' ... 'Z'] = IN_SCHEME, ['0' ... '9'] = IN_SCHEME,
    ['+'] = IN_SCHEME,         ['-'] = IN_SCHEME,         ['.'] = IN_SCHEME,
    ['/'] = IS_SLASH,          ['?'] = IS_QUESTION,       ['#'] = IS_HASH,
    ['\t'] = IS_BREAK,         ['\r'] = IS_BREAK,         ['\n'] = IS_BREAK,
    ['['] = IS_BRACKET,        [']'] = IS_BRACKET,        [0x80 ... 0xff] = IS_FOREIGN,
};

static unsigned kind(char c)
{
    return kinds[(unsigned char)c];
}

static struct url_part piece(const char *text, size_t length)
{
    return (struct url_part){text, length};
}

struct url_part url_part_of(const char *text)
{
    return piece(text, text == NULL ? 0 : strlen(text));
}

bool url_part_equal(struct url_part a, struct url_part b)
{
    if (a.text == NULL || b.text == NULL)
        return a.text == b.text;
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* Where a byte stands in a part; NULL when it does not. */
static const char *find(struct url_part part, char byte)
{
    return part.length == 0 ? NULL : memchr(part.text, byte, part.length);
}

/* ---- what a netloc may be ---------------------------------------------------------------------
 */

/* "v1.x": an address of the future, as RFC 3986 section 3.2.2 keeps a place for. */
static bool is_future_address(struct url_part host)
{
    size_t i = 1;

    while (i < host.length && ((host.text[i] >= '0' && host.text[i] <= '9') ||
                               ((host.text[i] | 32) >= 'a' && (host.text[i] | 32) <= 'f')))
        i++;
    return i > 1 && i + 1 < host.length && host.text[i] == '.';
}

/* An IPv6 address, perhaps with a zone behind "%". */
static bool is_ipv6_address(struct url_part host)
{
    const char *percent = find(host, '%');
    size_t length = percent == NULL ? host.length : (size_t)(percent - host.text);
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (percent != NULL) {
        struct url_part zone = piece(percent + 1, host.length - length - 1);
        if (zone.length == 0 || find(zone, '%') != NULL)
            return false;
    }
    if (length >= sizeof text || find(piece(host.text, length), '\0') != NULL)
        return false;
    memcpy(text, host.text, length);
    text[length] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* What stands in brackets is an address, and nothing stands around them but user and port. */
static int check_brackets(struct url_part netloc, struct error *error)
{
    struct url_netloc parts;

    if (find(netloc, '[') == NULL || find(netloc, ']') == NULL)
        return error_set(error, "a bracket without its partner");
    url_split_netloc(netloc, &parts);
    if (parts.is_literal) {
        const char *end = parts.host.text + parts.host.length + 1; /* behind "]" */
        const char *before = parts.host.text - 1;                  /* "[" itself */
        if (before > netloc.text && before[-1] != '@')
            return error_set(error, "something before the brackets of an address");
        if (end < netloc.text + netloc.length && *end != ':')
            return error_set(error, "something behind the brackets of an address");
    }
    if (parts.host.length > 0 && parts.host.text[0] == 'v' ? is_future_address(parts.host)
                                                           : is_ipv6_address(parts.host))
        return 0;
    return error_set(error, "no IPv6 address in brackets");
}

/*
 * Letters that are one of / ? # @ : in disguise: Unicode's form NFKC, which names go through on
 * their way to the DNS, has one of the five in their place, and another host would be asked than
 * was checked. These are all, in UTF-8 three bytes each: [hex(c) for c in range(128, 0x110000) if
 * set(normalize("NFKC", chr(c))) & set("/?#@:")]
 */
static const uint16_t disguises[] = {
    0x2047, 0x2048, 0x2049, 0x2100, 0x2101, 0x2105, 0x2106, 0x2a74, 0xfe13, 0xfe16,
    0xfe55, 0xfe56, 0xfe5f, 0xfe6b, 0xff03, 0xff0f, 0xff1a, 0xff1f, 0xff20,
};

static int check_disguises(struct url_part netloc, struct error *error)
{
    const unsigned char *text = (const unsigned char *)netloc.text;

    for (size_t at = 0; at + 2 < netloc.length; at++) {
        if ((text[at] & 0xf0) != 0xe0)
            continue;
        unsigned code =
            (text[at] & 0x0fU) << 12 | (text[at + 1] & 0x3fU) << 6 | (text[at + 2] & 0x3fU);
        for (size_t i = 0; i < sizeof disguises / sizeof *disguises; i++) {
            if (code == disguises[i])
                return error_set(error, "U+%04X in a host, which stands for a delimiter", code);
        }
    }
    return 0;
}

/* ---- taken apart ------------------------------------------------------------------------------
 */

/* [scan] */
/* Where the first byte of a kind in stops is, or end. The kinds of those passed go into *seen. */
static const char *scan(const char *at, const char *end, unsigned stops, unsigned *seen)
{
    for (; at < end; at++) {
        unsigned what = kind(*at);
        if ((what & stops) != 0)
            break;
        *seen |= what;
    }
    return at;
}
/* [/scan] */

/* [scheme] */
/* Where the scheme ends: its colon, or NULL. "1a:b", ":b" and "a/b:c" have none; "a:80" has "a". */
static const char *find_scheme(const char *text, const char *end)
{
    const char *at = text;

    if (at == end || (*at | 32) < 'a' || (*at | 32) > 'z')
        return NULL;
    while (at < end && (kind(*at) & IN_SCHEME) != 0)
        at++;
    return at < end && *at == ':' ? at : NULL;
}
/* [/scheme] */

int url_split(const char *text, size_t length, struct url *url, struct error *error)
{
    const char *at = text == NULL ? "" : text, *end = at + length;
    const char *colon = find_scheme(at, end);
    unsigned seen = 0, in_netloc = 0;

    *url = (struct url){0};
    /* [split] */
    if (colon != NULL) {
        url->scheme = piece(at, (size_t)(colon - at));
        at = colon + 1;
    }
    if (end - at >= 2 && at[0] == '/' && at[1] == '/') {
        const char *netloc = at + 2;
        at = scan(netloc, end, ENDS_NETLOC, &in_netloc);
        url->netloc = piece(netloc, (size_t)(at - netloc));
    }
    const char *path = at;
    at = scan(path, end, IS_QUESTION | IS_HASH | IS_BREAK, &seen);
    url->path = piece(path, (size_t)(at - path));
    if (at < end && *at == '?') {
        const char *query = at + 1; /* a second "?" is part of it */
        at = scan(query, end, IS_HASH | IS_BREAK, &seen);
        url->query = piece(query, (size_t)(at - query));
    }
    if (at < end && *at == '#') {
        const char *fragment = at + 1;
        at = scan(fragment, end, IS_BREAK, &seen);
        url->fragment = piece(fragment, (size_t)(at - fragment));
    }
    if (at < end)
        return error_set(error, "a tab or the end of a line in a URL");
    /* [/split] */
    if ((in_netloc & IS_BRACKET) != 0 && check_brackets(url->netloc, error) == -1)
        return -1;
    return (in_netloc & IS_FOREIGN) != 0 ? check_disguises(url->netloc, error) : 0;
}

size_t url_strip(char *text, size_t length)
{
    size_t from = 0, to = 0;

    while (from < length && (unsigned char)text[from] <= ' ')
        from++;
    for (; from < length; from++) {
        if ((kind(text[from]) & IS_BREAK) == 0)
            text[to++] = text[from];
    }
    return to;
}

/* ---- a netloc ---------------------------------------------------------------------------------
 */

/* [netloc] */
void url_split_netloc(struct url_part netloc, struct url_netloc *parts)
{
    *parts = (struct url_netloc){0};
    if (netloc.text == NULL)
        return;
    const char *end = netloc.text + netloc.length, *host = netloc.text;
    const char *at = netloc.length == 0 ? NULL : memrchr(netloc.text, '@', netloc.length);
    if (at != NULL) { /* the last "@": a password may hold others */
        const char *colon = memchr(netloc.text, ':', (size_t)(at - netloc.text));
        parts->username = piece(netloc.text, (size_t)((colon == NULL ? at : colon) - netloc.text));
        if (colon != NULL)
            parts->password = piece(colon + 1, (size_t)(at - colon - 1));
        host = at + 1;
    }
    const char *open = find(piece(host, (size_t)(end - host)), '[');
    const char *host_end = end, *rest = host;
    if (open != NULL) { /* the colons in brackets belong to the address */
        host = open + 1;
        const char *closed = find(piece(host, (size_t)(end - host)), ']');
        host_end = closed == NULL ? end : closed;
        rest = host_end;
    }
    const char *colon = find(piece(rest, (size_t)(end - rest)), ':');
    if (colon != NULL)
        parts->port = piece(colon + 1, (size_t)(end - colon - 1));
    if (colon != NULL && open == NULL)
        host_end = colon;
    parts->host = piece(host, (size_t)(host_end - host));
    parts->is_literal = open != NULL;
}
/* [/netloc] */

int url_port(const struct url_netloc *parts, int fallback)
{
    int port = 0;

    if (parts->port.length == 0)
        return fallback;
    for (size_t i = 0; i < parts->port.length; i++) {
        char digit = parts->port.text[i];
        if (digit < '0' || digit > '9')
            return -1;
        port = port * 10 + (digit - '0');
        if (port > UINT16_MAX)
            return -1;
    }
    return port;
}

/* Whether a scheme is that, in any case of its letters. */
static bool is_scheme(struct url_part scheme, const char *name)
{
    return scheme.length == strlen(name) && strncasecmp(scheme.text, name, scheme.length) == 0;
}

int url_default_port(struct url_part scheme)
{
    if (scheme.text == NULL)
        return 0;
    return is_scheme(scheme, "http")    ? 80
           : is_scheme(scheme, "https") ? 443
           : is_scheme(scheme, "ftp")   ? 21
                                        : 0;
}

/* ---- parameters -------------------------------------------------------------------------------
 */

void url_split_params(struct url_part scheme, struct url_part *path, struct url_part *params)
{
    static const char *const with_params[] = {"http", "https", "ftp",  "hdl",   "prospero",
                                              "imap", "shttp", "rtsp", "rtspu", "sip",
                                              "sips", "mms",   "sftp", "tel"};
    const char *end = path->text + path->length;
    bool known = scheme.text == NULL;

    *params = (struct url_part){0};
    if (find(*path, ';') == NULL)
        return;
    for (size_t i = 0; !known && i < sizeof with_params / sizeof *with_params; i++)
        known = is_scheme(scheme, with_params[i]);
    if (!known)
        return;
    const char *slash = memrchr(path->text, '/', path->length);
    const char *last = slash == NULL ? path->text : slash;
    const char *semicolon = memchr(last, ';', (size_t)(end - last));
    if (semicolon == NULL)
        return;
    *params = piece(semicolon + 1, (size_t)(end - semicolon - 1));
    path->length = (size_t)(semicolon - path->text);
}

/* ---- put together -----------------------------------------------------------------------------
 */

/* Adds a part that is there, with the mark that tells where it begins. */
static char *put(char *to, const char *mark, struct url_part part)
{
    if (part.text == NULL)
        return to;
    to = mempcpy(to, mark, strlen(mark));
    return part.length == 0 ? to : mempcpy(to, part.text, part.length);
}

/* [unsplit] */
/* What must stand before a path, so that it is not taken for something else; mostly nothing. */
static const char *lead(const struct url *url, bool with_params)
{
    struct url_part path = url->path;
    bool rooted = path.length > 0 && path.text[0] == '/';

    if (url->netloc.text != NULL) /* the path would go on with the name of the host */
        return !rooted && (path.length > 0 || with_params) ? "/" : "";
    if (rooted && path.length > 1 && path.text[1] == '/') /* it would be taken for a host */
        return "//";
    if (url->scheme.text == NULL && path.length > 0 &&
        find_scheme(path.text, path.text + path.length) != NULL)
        return "./";
    return "";
}

int url_unsplit(const struct url *url, const struct url_part *params, struct buffer *out)
{
    const struct url_part none = {0}, *more = params == NULL ? &none : params;
    size_t need = url->scheme.length + url->netloc.length + url->path.length + more->length +
                  url->query.length + url->fragment.length +
                  sizeof "://"
                         "//"
                         ";?#";

    if (buffer_reserve(out, need) == -1)
        return -1;
    char *begin = out->data + out->length, *to = put(begin, "", url->scheme);
    for (char *letter = begin; letter < to; letter++)
        *letter = (char)(*letter >= 'A' && *letter <= 'Z' ? *letter + 32 : *letter);
    if (url->scheme.text != NULL)
        *to++ = ':';
    to = put(to, "//", url->netloc);
    to = put(to, lead(url, more->text != NULL), url->path);
    to = put(to, ";", *more);
    to = put(to, "?", url->query);
    to = put(to, "#", url->fragment);
    *to = '\0';
    out->length = (size_t)(to - out->data);
    return 0;
}
/* [/unsplit] */

void url_defrag(const char *text, size_t length, struct url_part *url, struct url_part *fragment)
{
    struct url_part whole = piece(text == NULL ? "" : text, length);
    const char *hash = find(whole, '#');

    *url = whole;
    *fragment = (struct url_part){0};
    if (hash == NULL)
        return;
    url->length = (size_t)(hash - whole.text);
    *fragment = piece(hash + 1, length - url->length - 1);
}
