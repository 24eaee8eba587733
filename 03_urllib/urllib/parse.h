/*
 * URLs taken apart, put together, resolved and coded.
 *
 * What is taken apart is not copied: each part is a place and a length in the caller's text, which
 * must live as long. What is written goes to the end of a struct buffer.
 *
 * Results are those of Python 3.11's urllib.parse; where they differ on purpose the function says
 * so, and lessons 3.01 to 3.04 say why. Text is UTF-8, as it would be sent.
 *
 * Source: RFC 3986; the WHATWG URL standard for application/x-www-form-urlencoded.
 */
#ifndef URLLIB_PARSE_H
#define URLLIB_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"

/* A piece of somebody's text, not ended by a NUL. */
struct url_part {
    const char *text; /* NULL: it is not there, which is not the same as being empty */
    size_t length;
};

/* Parts to print: printf("%.*s", URL_PRINT(url.path)). */
#define URL_PRINT(part) (int)(part).length, (part).text == NULL ? "" : (part).text

/* The part that is a whole C string; NULL gives one that is not there. */
struct url_part url_part_of(const char *text);

/* Whether both are there and the same, or neither is; the case of letters counts. */
bool url_part_equal(struct url_part a, struct url_part b);

/* ---- taken apart and put together: lesson 3.01 ---- */

/* The five parts of every URL: scheme://netloc/path?query#fragment. Python: SplitResult. */
struct url {
    struct url_part scheme;   /* as it is spelled; Python lowers its letters */
    struct url_part netloc;   /* behind "//": user, host and port; there but empty in "file:///" */
    struct url_part path;     /* always there, perhaps empty */
    struct url_part query;    /* behind "?"; Python does not tell an empty one from none */
    struct url_part fragment; /* behind "#"; likewise */
};

/*
 * Takes length bytes of text apart. Returns 0; or -1, and an error (NULL allowed), where Python
 * raises ValueError: a bracket without its partner or around what is no address, and letters that
 * Unicode's NFKC makes a delimiter of. It refuses, too, a tab, CR or LF, which Python and browsers
 * take out silently: url_strip() does that. Python: urlsplit().
 */
int url_split(const char *text, size_t length, struct url *url, struct error *error);

/*
 * Takes out of text, in place, what Python's urlsplit() takes out before it begins: blanks and
 * controls in front, and every tab, CR and LF. Returns the length that is left.
 */
size_t url_strip(char *text, size_t length);

/*
 * What stands in a netloc: user:password@host:port. All are places in it, as they are spelled.
 * Python: the attributes username, password, hostname (in small letters there), port.
 */
struct url_netloc {
    struct url_part username, password;
    struct url_part host; /* without brackets; an IPv6 zone stays: "fe80::1%eth0" */
    struct url_part port; /* there but empty in "host:" */
    bool is_literal;      /* it stood in brackets: an IPv6 address, or one of the future */
};
void url_split_netloc(struct url_part netloc, struct url_netloc *parts);

/*
 * The port as a number from 0 to 65535; fallback when there is none or it is empty; -1 when it is
 * none, where Python raises ValueError.
 */
int url_port(const struct url_netloc *parts, int fallback);

/* The usual port of a scheme, any case: http 80, https 443, ftp 21; 0 for others. */
int url_default_port(struct url_part scheme);

/* Whether the two lead to the same scheme, host and port. Source: RFC 6454 section 5. */
bool url_same_origin(const struct url *a, const struct url *b);

/*
 * Cuts the parameters, ";v=1", off the last segment of a path: *params is then what stands behind
 * the semicolon, or not there. Only for schemes that have them, as in Python. Python: urlparse().
 */
void url_split_params(struct url_part scheme, struct url_part *path, struct url_part *params);

/*
 * Writes the parts as one URL, the scheme in small letters, so that url_split() finds them again.
 * What is there but empty is written, what is not there is not, by RFC 3986 section 5.3: "a?" stays
 * "a?", "x:///p" and "http:p" stay what they are; Python's urlunsplit() gives "a", "x:/p" and
 * "http:///p". Parts of the caller's own that would run together get what parts them: "/" between
 * host and path; and where no host is "//" before a path of "//p", and "./" before "a:b" without a
 * scheme. params may be NULL; else they go behind the path, as by urlunparse(). Returns 0, or -1
 * when memory is short.
 */
int url_unsplit(const struct url *url, const struct url_part *params, struct buffer *out);

/* ---- references: lesson 3.04 ---- */

/*
 * Writes what reference means when it stands in a document whose URL is base, its fragment
 * included. With schemes that Python does not know to be hierarchical it gives reference itself, as
 * Python does, and with an empty one base itself. Unlike there, a "?", "#" or ";" with nothing
 * behind it counts, as by the RFC, and "/a" and "../../g" make "/g", not "g". Returns 0; -1 and an
 * error when either is no URL or memory is short, out unchanged.
 * Python: urljoin(). Source: RFC 3986 section 5.2.
 */
int url_join(const char *base, size_t base_length, const char *reference, size_t length,
             struct buffer *out, struct error *error);

/*
 * Cuts the fragment off: *url is what stands before "#", *fragment what stands behind, or not
 * there. Python: urldefrag().
 */
void url_defrag(const char *text, size_t length, struct url_part *url, struct url_part *fragment);

/* ---- percent-coding: lesson 3.02 ---- */

/*
 * Appends text with every byte coded as %XX but letters, digits, "_.-~" and those in safe ("/" is
 * Python's default; NULL for none; only ASCII counts). Returns 0, or -1 when memory is short.
 * url_quote_plus() writes a blank as "+", and codes "+". Python: quote(), quote_from_bytes();
 * quote_plus(). Source: RFC 3986 section 2.
 */
int url_quote(const char *text, size_t length, const char *safe, struct buffer *out);
int url_quote_plus(const char *text, size_t length, const char *safe, struct buffer *out);

/*
 * Appends text with %XX taken back; a "%" without two digits stays as it is. Returns 0, or -1 when
 * memory is short. url_unquote_to_bytes() gives the bytes. url_unquote() gives text: what is not
 * UTF-8 becomes U+FFFD, as Python decodes with errors="replace"; what was not coded in the first
 * place is not looked at. url_unquote_plus() makes blanks of "+" before. Python: the same names.
 */
int url_unquote_to_bytes(const char *text, size_t length, struct buffer *out);
int url_unquote(const char *text, size_t length, struct buffer *out);
int url_unquote_plus(const char *text, size_t length, struct buffer *out);

/* ---- queries: lesson 3.03 ---- */

/* How a query is read. All zero means what Python does by default. */
struct url_query_options {
    bool keep_blank_values; /* else fields without a value, "a=" and "a", are left out */
    bool strict_parsing;    /* a field without "=", or empty, is an error */
    size_t max_fields;      /* more are an error, before any is read; 0: no limit */
    char separator;         /* 0: '&' */
};

/*
 * Goes through a query field by field, and copies nothing: name and value are as they are spelled,
 * to be given to url_unquote_plus(). Begin with url_query_begin(), which returns 0; or -1 and an
 * error where Python raises ValueError before it begins. options may be NULL; they are copied.
 * url_query_next() returns 1 for a field, 0 at the end, -1 and an error for a bad field with
 * strict_parsing. Of a field without "=" the value is not there (text NULL).
 */
struct url_query {
    const char *at, *end;
    struct url_query_options options;
};
int url_query_begin(struct url_query *query, const char *text, size_t length,
                    const struct url_query_options *options, struct error *error);
int url_query_next(struct url_query *query, struct url_part *name, struct url_part *value,
                   struct error *error);

/* A field of a query, decoded, both ended by a NUL that does not count: there may be others. */
struct url_field {
    const char *name, *value;
    size_t name_length, value_length;
};

/* The fields of a query in their order, in one block of memory. All zero is none. */
struct url_fields {
    struct url_field *list;
    size_t count;
};

/*
 * Reads a whole query. Returns 0; or -1 and an error where Python raises ValueError, and when
 * memory is short; fields are then none. Python: parse_qsl(). For parse_qs(), which gathers the
 * values of a name, see url_fields_next().
 */
int url_parse_query(const char *text, size_t length, const struct url_query_options *options,
                    struct url_fields *fields, struct error *error);
void url_fields_free(struct url_fields *fields);

/* The next value of that name: *position is 0 at first, and counts on. NULL when there are no more.
 * Python: parse_qs()[name]. */
const struct url_field *url_fields_next(const struct url_fields *fields, const char *name,
                                        size_t *position);

/*
 * Appends a field as name=value, both coded by url_quote_plus() with safe (NULL for none), behind a
 * "&" if out is longer than begin bytes. begin is where the query begins in out. Returns 0, or -1
 * when memory is short. Python: urlencode(), one field of it.
 */
int url_add_field(struct buffer *out, size_t begin, const char *name, size_t name_length,
                  const char *value, size_t value_length, const char *safe);

#endif
