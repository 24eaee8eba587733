/*
 * A cookie jar: what a client keeps of the cookies that servers set, and which of them it sends
 * with a request.
 *
 * Python: http.cookiejar (CookieJar, DefaultCookiePolicy, MozillaCookieJar). Source: RFC 6265
 * sections 5.1 to 5.4; Secure, SameSite and the name prefixes as in 6265bis, see http/cookies.h.
 * A jar belongs to one thread at a time.
 */
#ifndef HTTP_COOKIEJAR_H
#define HTTP_COOKIEJAR_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "core/buffer.h"
#include "core/error.h"
#include "http/cookies.h"
#include "http/headers.h"

/* ---- the rules alone ---- */

/*
 * Whether a cookie with that Domain goes to that host: they are the same, or the host ends in "."
 * and the domain, and is a name and no address. Both in small letters. RFC 6265 section 5.1.3.
 */
bool http_domain_matches(const char *host, const char *domain);

/*
 * Whether a cookie with that Path goes with a request for that path: they are the same, or the
 * cookie's is a whole folder of it: "/a" covers "/a/b" and not "/ab". What stands behind '?' does
 * not count. RFC 6265 section 5.1.4.
 */
bool http_path_matches(const char *path, const char *cookie_path);

/*
 * The path of a cookie that was set without one: the folder of the path that was asked for, without
 * the slash at its end. Returns how many bytes of path that are; 0 means "/". RFC 6265 section
 * 5.1.4.
 */
size_t http_default_path(const char *path);

/*
 * Whether anybody may register a name below that one, so that its cookies would go to strangers:
 * "com", "co.uk", "github.io", and each name of one label. In small letters. From libpsl, whose
 * list is that of publicsuffix.org; without a list everything is one.
 */
bool http_is_public_suffix(const char *domain);

/* ---- the jar ---- */

/* What a jar takes. Python: DefaultCookiePolicy. */
struct http_jar_policy {
    size_t per_domain;          /* cookies with the same domain: 50 */
    size_t total;               /* 3000 */
    const char *const *blocked; /* domains, with all below them, up to a NULL; NULL for none */
    const char *const *allowed; /* no others but these; NULL for all */
};
extern const struct http_jar_policy HTTP_JAR_POLICY; /* the figures named above, all allowed */

struct http_jar;

/* Makes an empty jar. policy may be NULL for HTTP_JAR_POLICY; its lists must live as long as the
 * jar. NULL when memory is short. */
struct http_jar *http_jar_new(const struct http_jar_policy *policy);

/* What it was made with. */
const struct http_jar_policy *http_jar_policy(const struct http_jar *jar);

/* Frees it with all cookies. NULL is allowed. */
void http_jar_free(struct http_jar *jar);

/* From where a request comes; it counts for SameSite. All zero is what a program does itself. */
enum http_origin {
    HTTP_FROM_SAME_SITE, /* or typed, or not caused by a page at all */
    HTTP_FROM_LINK,      /* somebody follows a link on another site, by GET */
    HTTP_FROM_OTHER_SITE /* anything else that another site causes: a form, an image, a script */
};

/* A request, as far as a jar wants to know it. */
struct http_jar_request {
    const char *host; /* as in the URL, without a port; xn-- for what is not ASCII */
    const char
        *path;   /* what stands behind '?' does not count; anything without '/' in front is "/" */
    bool secure; /* https */
    bool script; /* not HTTP itself: HttpOnly cookies are out of reach */
    enum http_origin origin;
};

/* A cookie in the jar. Texts live until the cookie is replaced or removed. Python: Cookie. */
struct http_jar_cookie {
    const char *name;
    const char *value;
    const char *domain; /* in small letters, no dot in front */
    const char *path;
    bool host_only;  /* it had no Domain: not for the hosts below */
    bool persistent; /* else it ends with the session */
    time_t expires;  /* of a persistent one */
    bool secure;
    bool http_only;
    enum http_same_site same_site;
};

enum http_jar_result {
    HTTP_JAR_FAILED = -1, /* memory is short */
    HTTP_JAR_STORED,
    HTTP_JAR_REPLACED, /* same name, domain and path: the value is new, the place the old one's */
    HTTP_JAR_REMOVED,  /* its expiry had passed: so servers take a cookie back */
    HTTP_JAR_REFUSED   /* error says why */
};

/*
 * Takes what the response to a request set: the value of one Set-Cookie field, or one that was
 * parsed. now is in seconds since 1970. Refused is what parsing refuses, and
 * - a Domain that is a public suffix (unless it is the host itself, which then is the only one), or
 *   that does not cover the host;
 * - Secure over http; over http too what would overlay a Secure cookie of the same name;
 * - HttpOnly from a script, or in place of one that is;
 * - without SameSite=None what another site's page caused; SameSite=None without Secure;
 * - a name with a prefix whose promise is not kept;
 * - what the policy's lists keep out, and a host that is none.
 * When there are too many, others go: those that have expired; in a domain with too many, first
 * those without Secure; among equals the one that was not sent for longest. error may be NULL.
 * Python: CookieJar.extract_cookies(), for one field. Source: RFC 6265 section 5.3.
 */
enum http_jar_result http_jar_set(struct http_jar *jar, const struct http_jar_request *request,
                                  const char *set_cookie, time_t now, struct error *error);
enum http_jar_result http_jar_store(struct http_jar *jar, const struct http_jar_request *request,
                                    const struct http_set_cookie *cookie, time_t now,
                                    struct error *error);

/*
 * Does so with every Set-Cookie field of a response. Returns how many were not refused, or -1 when
 * memory is short. Python: CookieJar.extract_cookies().
 */
int http_jar_extract(struct http_jar *jar, const struct http_jar_request *request,
                     const struct http_headers *headers, time_t now);

/*
 * Puts a cookie into the jar as it is, whatever host it might be from. Its texts are copied. Only
 * what could not be sent or saved is refused: a control or semicolon anywhere in it, a '=' or
 * nothing in its name, a path without '/' in front; and what would have to go at once, as there are
 * too many. Python: CookieJar.set_cookie().
 */
enum http_jar_result http_jar_add(struct http_jar *jar, const struct http_jar_cookie *cookie,
                                  time_t now, struct error *error);

/*
 * Appends the value of the Cookie field for a request, "a=1; b=2": longer paths first, among equals
 * the older. Returns how many cookies that are, 0 if no field is to be sent, or -1 with nothing
 * appended when memory is short. Python: CookieJar.add_cookie_header(). Source: RFC 6265 section
 * 5.4.
 */
int http_jar_header(struct http_jar *jar, const struct http_jar_request *request, time_t now,
                    struct buffer *out);

/* How many there are, expired ones too. Python: len(jar). */
size_t http_jar_count(const struct http_jar *jar);

/* The cookie that came into the jar after that one, the oldest for NULL; NULL behind the last.
 * Python: iter(jar). */
const struct http_jar_cookie *http_jar_next(const struct http_jar *jar,
                                            const struct http_jar_cookie *cookie);

/* Remove those with that domain, path and name, NULL for any; those that end with the session;
 * those that have expired. Each returns how many. Python: clear(), clear_session_cookies(),
 * clear_expired_cookies(). */
size_t http_jar_clear(struct http_jar *jar, const char *domain, const char *path, const char *name);
size_t http_jar_clear_session(struct http_jar *jar);
size_t http_jar_clear_expired(struct http_jar *jar, time_t now);

/* ---- cookies.txt, the file that Netscape, curl, wget and Python write ---- */

/* What a file may hold beside cookies that live on. Python: ignore_discard and ignore_expires. */
enum { HTTP_JAR_SESSION = 1, HTTP_JAR_EXPIRED = 2 };

/*
 * Writes the cookies to a file, oldest first, readable by its owner alone. It is written beside its
 * place and renamed: whoever reads gets the old file or the new one. Where a symbolic link leads to
 * a file, that file is replaced; a device or a pipe is written into. what is 0, or flags of the
 * enum above; a cookie that ends with the session has the expiry 0, as curl writes it. SameSite has
 * no place in the format. Returns 0, or -1 with error, the old file untouched. Python:
 * MozillaCookieJar.save().
 */
int http_jar_save(const struct http_jar *jar, const char *file, unsigned what, time_t now,
                  struct error *error);

/*
 * Adds the cookies of such a file to the jar, in its order; same names are replaced. An expiry of
 * 0, or none, means the session. Passed over: comments, but for "#HttpOnly_" in front of a line;
 * what the flags leave out; domains that are public suffixes. Returns 0, or -1 with error, which
 * names the first line that is wrong: the jar is as it was then (but for memory running short).
 * Python: MozillaCookieJar.load(); for revert() load into a new jar.
 */
int http_jar_load(struct http_jar *jar, const char *file, unsigned what, time_t now,
                  struct error *error);

#endif
