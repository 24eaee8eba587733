/*
 * Cookies as they go over the wire: the Cookie field that a server reads, the Set-Cookie field that
 * it writes, and both the other way round for a client. What a client keeps, and for whom, is the
 * business of http/cookiejar.h.
 *
 * Python: http.cookies (SimpleCookie, Morsel). Source: RFC 6265; SameSite and the name prefixes as
 * in the draft of its successor, draft-ietf-httpbis-rfc6265bis, called 6265bis below.
 */
#ifndef HTTP_COOKIES_H
#define HTTP_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/buffer.h"
#include "core/error.h"

/* ---- Cookie: what a server reads ---- */

/* A name and its value. Python: Morsel.key, .value and .coded_value. */
struct http_cookie {
    const char *name;
    const char *value; /* without the quotes and backslashes of SimpleCookie */
    const char *coded; /* as it was sent */
};

/* Cookies in the order in which they were sent: the one with the longest path first. */
struct http_cookies {
    struct http_cookie *list; /* one block of memory with all texts */
    size_t count;
};

/*
 * Reads the value of a Cookie field, "a=1; b=2". Nothing of it can be wrong as a whole: a piece
 * that is no pair, whose name is no token or whose value holds a control is left out. A semicolon
 * always ends a piece, in quotes too, as RFC 6265 has it (SimpleCookie differs, and a reader that
 * differs from its neighbours can be lied to). Returns 0, or -1 when memory is short. Free with
 * http_cookies_free(). Python: SimpleCookie.load().
 */
int http_cookies_parse(struct http_cookies *cookies, const char *text);

/*
 * The value of the first cookie of that name, or NULL. Names are compared with regard to case. When
 * a name was sent twice the first has the longer path, or is older; nothing in the request tells
 * who set it.
 */
const char *http_cookies_get(const struct http_cookies *cookies, const char *name);

/* Frees what it holds and makes it empty. */
void http_cookies_free(struct http_cookies *cookies);

/*
 * Appends any text as a value that may be sent: as it is if it needs nothing, else in quotes, with
 * \" and \\, and all other bytes that may not stand there as three octal digits, \073. Returns 0,
 * or -1 when memory is short. Python: SimpleCookie.value_encode(), for ASCII the same to the byte.
 */
int http_cookie_quote(const char *text, struct buffer *out);

/*
 * Takes that off again; a value that is not in quotes stays as it is. Returns 0, or -1 with errno:
 * ENOMEM; EINVAL for \000, which no C string can hold. Python: SimpleCookie.value_decode().
 */
int http_cookie_unquote(const char *value, struct buffer *out);

/* ---- Set-Cookie: what a server writes and a client reads ---- */

/* On which requests of other sites a cookie is sent along. 6265bis, "The SameSite Attribute". */
enum http_same_site {
    HTTP_SAME_SITE_UNSET, /* or a word that nobody knows: browsers treat it as Lax */
    HTTP_SAME_SITE_NONE,  /* on all; only together with Secure */
    HTTP_SAME_SITE_LAX,   /* when a link is followed there */
    HTTP_SAME_SITE_STRICT /* on none */
};

enum {
    HTTP_COOKIE_LIMIT = 4096,          /* bytes of name and value together */
    HTTP_COOKIE_ATTRIBUTE_LIMIT = 1024 /* bytes of an attribute's value. Both of 6265bis */
};

/* One cookie with its attributes. All zero but name and value is a session cookie for this host. */
struct http_set_cookie {
    const char *name;
    const char *value;  /* as it is sent: see http_cookie_quote() */
    const char *domain; /* "example.com": it and all below. NULL: the host alone that sets it */
    const char *path;   /* NULL: the folder of the path that was asked for */
    bool has_expires;
    time_t expires;
    bool has_max_age; /* counts more than expires */
    int64_t max_age;  /* seconds from now; 0 and less: at once */
    bool secure;      /* over HTTPS only */
    bool http_only;   /* not for scripts */
    enum http_same_site same_site;
    char *memory; /* of a parsed one: where its texts lie */
};

/*
 * Appends the value of a Set-Cookie field, its attributes in Python's order. Returns 0, or -1 with
 * the reason in error (which may be NULL) and nothing appended. Refused is
 * - a name that is no token; a value but of the characters that RFC 6265 section 4.1.1 allows, in
 *   quotes those that http_cookie_quote() writes: so no CR, LF, semicolon, control, and no byte
 *   above 126;
 * - a domain but of letters, digits, '-' and '.', no '.' in front; a path that does not begin with
 * '/', or holds a semicolon or a control; an expiry out of the years 1601 to 9999; name and value
 * above HTTP_COOKIE_LIMIT, a domain or path above HTTP_COOKIE_ATTRIBUTE_LIMIT;
 * - what no browser would keep: SameSite=None without Secure, and a name that begins with
 *   "__Secure-" or "__Host-" and breaks the promise of http_cookie_prefix_holds().
 * Python: Morsel.OutputString().
 */
int http_set_cookie_build(const struct http_set_cookie *cookie, struct buffer *out,
                          struct error *error);

/*
 * Reads the value of a Set-Cookie field as a browser does: names of attributes in any case, unknown
 * ones and values that make no sense passed over, the last of two counts. The domain comes in small
 * letters and without a leading dot. Returns 0; 1 when the whole is to be ignored, with the reason
 * in error: no '=', an empty name, a control in it (but a tab around a piece is a blank), larger
 * than HTTP_COOKIE_LIMIT; -1 when memory is short. Nothing is to be freed then; else with
 * http_set_cookie_free(). Source: RFC 6265 section 5.2, 6265bis section 5.6.
 */
int http_set_cookie_parse(struct http_set_cookie *cookie, const char *text, struct error *error);

/*
 * When it ends: true and *when, seconds since 1970; false for one that ends with the session.
 * Max-Age counts from now and more than Expires. RFC 6265 section 5.3, step 3.
 */
bool http_set_cookie_expiry(const struct http_set_cookie *cookie, time_t now, time_t *when);

/*
 * Whether a cookie is what its name promises: "__Secure-..." has Secure; "__Host-..." has Secure,
 * Path=/ and no Domain. True for all other names. 6265bis, "Cookie Name Prefixes"; case does not
 * count.
 */
bool http_cookie_prefix_holds(const struct http_set_cookie *cookie);

/* Frees the texts of one that was parsed. */
void http_set_cookie_free(struct http_set_cookie *cookie);

/*
 * Reads the date of Expires: lax, since servers have written it in many ways. Takes the first
 * clock, day, month and year that it finds, in any order, and passes over anything else; two digits
 * of a year mean 1970 to 2069. False when one of them is missing or out of range, for a day that
 * does not exist and a year before 1601. Source: RFC 6265 section 5.1.1; http_date_parse() is for
 * all other dates of HTTP.
 */
bool http_cookie_date(const char *text, time_t *when);

#endif
