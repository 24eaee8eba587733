/*
 * Opening URLs: a request goes down a chain of handlers until one of them opens it, and the
 * response comes back up through the others, which follow redirects, answer a 401, keep cookies.
 *
 *     struct url_error error = {0};
 *     struct url_response *page = url_open("http://localhost:8000/", NULL, &error);
 *     if (page == NULL)
 *         die("%s", error.text);
 *
 * Python: urllib.request. Source: RFC 9110, RFC 7617 (Basic), RFC 7616 (Digest), RFC 8089 (file),
 * RFC 2397 (data). Lessons 3.05, 3.06 and 3.08.
 */
#ifndef URLLIB_REQUEST_H
#define URLLIB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buffer.h"
#include "http/cookiejar.h"
#include "http/headers.h"
#include "http/stream.h"
#include "urllib/error.h"
#include "urllib/parse.h"

/* ---- a request ---- */

/*
 * What is asked for, beside the URL. All zero is a GET. Texts and data are the caller's until the
 * call that was given them returns. Python: Request.
 */
struct url_options {
    const char *method; /* NULL: GET, or POST with data */
    const void *data;   /* the body; NULL for none */
    size_t length;
    const struct http_headers *headers; /* beside those that handlers add; NULL for none */
    int timeout_ms; /* for connecting, and again for each wait; 0: 30000; negative: none */
};

/* ---- a response ---- */

/* Python: http.client.HTTPResponse, or urllib.response.addinfourl. */
struct url_response {
    int status;                  /* 200; of file: and data: too */
    const char *reason;          /* "OK" */
    const char *url;             /* where it came from in the end. Python: url, geturl() */
    struct http_headers headers; /* Python: headers, info() */
    int64_t length;              /* of the whole body, as far as it is known; else -1 */
    unsigned redirects;          /* how many were followed on the way */
    void *source;                /* the handler's own, for the two below, which may be NULL */
    ssize_t (*read)(struct url_response *response, void *data, size_t size,
                    struct url_error *error);
    void (*close)(struct url_response *response);
};

/*
 * Reads what there is of the body, at least one byte and at most size (> 0): how many; 0 at its
 * end; -1 and an error, URL_TOO_SHORT for a body that was cut off. Python: read(amt).
 */
ssize_t url_read(struct url_response *response, void *data, size_t size, struct url_error *error);

/* Appends the rest of the body, at most limit bytes, else URL_TOO_LONG. 0; or -1 and an error; what
 * came is in body. Python: read(). */
int url_read_all(struct url_response *response, struct buffer *body, size_t limit,
                 struct url_error *error);

/* Closes the connection or file and frees it. NULL is allowed. Python: close(). */
void url_close(struct url_response *response);

/*
 * For handlers of one's own: a response without fields and without a body, whose texts are copied;
 * length is -1. Its maker adds to headers, and sets source, read and close if it has a body: close
 * frees source alone. Returns NULL when memory is short. Python: addinfourl().
 */
struct url_response *url_response_new(int status, const char *reason, const char *url);

/* ---- the one call ---- */

/*
 * Opens a URL: http, https, file or data, with the opener that was installed, or else with one as
 * url_opener_new() makes it, which is kept; with that one, threads may call it at the same time.
 * options may be NULL. Returns a response with a status of 2xx, to be given to url_close(); or NULL
 * and an error. Python: urlopen().
 *
 * URL_BAD_URL, where Python raises ValueError or InvalidURL: no scheme; for http and https also no
 * host, a port that is none, a blank, control or byte above 126 (code them: lesson 3.02). So is a
 * user and password in the URL, which Python takes for a part of the host's name: they would end up
 * in logs. See url_passwords_add().
 *
 * A file: URL names no host, or localhost, and a regular file by its whole path; the response has
 * Content-Length, Content-Type and Last-Modified. A data: URL has the first two, and base64 in it
 * has to be sound, blanks apart. Otherwise than in Python a query is no part of a file's name, a
 * fragment no part of data, and a media type that begins with its charset is text/plain.
 */
struct url_response *url_open(const char *url, const struct url_options *options,
                              struct url_error *error);

/*
 * Saves what is behind a URL as a file. It is written beside path, as PATH.part, and gets its name
 * when it is whole and on the disk. A PATH.part of an earlier attempt is gone on with, by Range and
 * If-Range, when the server still has the same; else it begins anew. It has the same if its strong
 * entity tag is still that of the first attempt, or, where there was none at all, its Last-Modified
 * is (RFC 9110 section 13.1.5). These two, and the URL, are kept in PATH.part.from, for the owner's
 * eyes alone, written before the first byte of the body: so a kill -9 at any moment does no harm.
 *
 * After an error PATH.part stays for the next attempt, if there is anything in it. When the server
 * sent another part than was asked for (URL_BAD_ANSWER), that one begins anew. A full disk is
 * URL_NO_FILE, with errno in number; so is a path that is no regular file, and a PATH.part that
 * another process is writing. A link is replaced. A request with a method other than GET, or with
 * data, is never resumed. A Range or If-Range among the caller's fields is not sent.
 *
 * progress, if it is not NULL, is called at the beginning, after each piece and at the end: done
 * bytes (those of an earlier attempt included) of total, -1 when that is unknown; it returns false
 * to stop (URL_STOPPED). headers, if not NULL, receives the response's fields: the caller frees
 * them, after an error, too. options may be NULL. Returns 0, or -1 and an error. Python:
 * urlretrieve(), which neither resumes nor hides half a file.
 */
int url_retrieve(const char *url, const char *path, const struct url_options *options,
                 bool (*progress)(void *context, uint64_t done, int64_t total), void *context,
                 struct http_headers *headers, struct url_error *error);

/* ---- openers ---- */

struct url_opener;
struct url_handler;

/*
 * An opener with the handlers that Python's build_opener() puts in: proxies from the environment,
 * http, https (trusting the system), file, data, redirects, and errors. Returns NULL when memory is
 * short. It is not to be used by two threads at once. Python: build_opener().
 */
struct url_opener *url_opener_new(void);
void url_opener_free(struct url_opener *opener); /* NULL is allowed */

/*
 * Adds a handler, which the opener then owns; in place of the one of the same name if there is one.
 * NULL, from a handler that could not be made, makes it return -1; else 0. Python: add_handler().
 */
int url_opener_add(struct url_opener *opener, struct url_handler *handler);

/* As url_open(), with this opener. Python: OpenerDirector.open(). */
struct url_response *url_opener_open(struct url_opener *opener, const char *url,
                                     const struct url_options *options, struct url_error *error);

/*
 * What url_open() and url_retrieve() use from now on; it stays the caller's. NULL: the default,
 * made anew with what the environment then says of proxies. Not while other threads open URLs.
 * Python: install_opener(), urlcleanup().
 */
void url_install_opener(struct url_opener *opener);

/* ---- handlers, ready made; all return NULL when memory is short ---- */

/* https that trusts tls, the caller's; NULL: the system's authorities. Python: HTTPSHandler. */
struct url_handler *url_https_handler(struct http_tls *tls);

/*
 * How redirects are followed: at most limit of them (0: 10; 100 is the most), the same URL at most
 * 4 times; 301 and 302 make a POST a GET, 303 makes all but HEAD one, 307 and 308 keep method and
 * body. To http and https alone. Authorization, Cookie and Proxy-Authorization stay behind when
 * scheme, host or port change. seen, if not NULL, is told of each. Python: HTTPRedirectHandler,
 * which takes these fields along, makes a HEAD a GET, and follows 307 and 308 for GET and HEAD
 * alone.
 */
struct url_handler *url_redirect_handler(unsigned limit,
                                         void (*seen)(void *context, int status, const char *to),
                                         void *context);

/*
 * Proxies: http and https are URLs such as "http://user:pass@proxy:3128", NULL for none; no_proxy
 * is a list of hosts, domains and their ports, separated by commas, "*" for all. All three are
 * copied. With all NULL nothing goes through a proxy. Python: ProxyHandler.
 */
struct url_handler *url_proxy_handler(const char *http, const char *https, const char *no_proxy);

/*
 * What the environment says of a scheme, "http" or "https", or of "no" or "all" (which Python and
 * url_opener_new() read and do not use): the variable http_proxy, or HTTP_PROXY if there is none;
 * one that is empty is none, and HTTP_PROXY counts for nothing under CGI, where a client can set
 * it. Returns the environment's own text, or NULL. Python: getproxies().
 */
const char *url_environment_proxy(const char *scheme);
/*
 * Whether no_proxy (as above) names the host and port: "localhost", "example.com" and all names
 * below it, ".example.com" for the same, "[::1]", with ":8080" that port alone; "*" and nothing
 * else names all. Python: proxy_bypass_environment(), which compares a port only where the URL
 * spells it, and "[::1]" only with its brackets.
 */
bool url_proxy_bypassed(const char *no_proxy, const char *host, int port);

/* Who may enter where. Python: HTTPPasswordMgrWithDefaultRealm. */
struct url_passwords;
struct url_passwords *url_passwords_new(void);
void url_passwords_free(struct url_passwords *passwords);
/*
 * realm may be NULL for any. url covers what lies below it on the same scheme, host and port; as
 * "host" or "host:port" it covers all of it with every scheme, and is what proxies are named by.
 * Returns 0, or -1 with errno: ENOMEM, EINVAL for no URL. Python: add_password().
 */
int url_passwords_add(struct url_passwords *passwords, const char *realm, const char *url,
                      const char *user, const char *password);
/* The most exact entry, its texts in *user and *password; false when there is none. Python:
 * find_user_password(). */
bool url_passwords_find(const struct url_passwords *passwords, const char *realm, const char *url,
                        const char **user, const char **password);

/*
 * Answer a 401 with what passwords, the caller's, say of it; nothing is sent before it is asked
 * for. Each realm of a URL is answered once, for what was refused will be refused again; but a
 * Digest whose nonce was stale goes again, five times at most. Digest: MD5 and SHA-256, each with
 * -sess, and qop=auth; it goes before Basic when a server offers both, and Basic is not tried
 * behind it. Where the caller's fields have an Authorization, that is sent and nothing else.
 * Python: HTTPBasicAuthHandler, HTTPDigestAuthHandler.
 */
struct url_handler *url_basic_auth_handler(struct url_passwords *passwords);
struct url_handler *url_digest_auth_handler(struct url_passwords *passwords);
/*
 * The same for a 407 of a proxy on the way to http, by the proxy's host and port. Its no to a
 * CONNECT is URL_NO_CONNECTION, as in Python: for https a proxy's password is to be in its URL.
 * Python: ProxyBasicAuthHandler, ProxyDigestAuthHandler.
 */
struct url_handler *url_proxy_basic_auth_handler(struct url_passwords *passwords);
struct url_handler *url_proxy_digest_auth_handler(struct url_passwords *passwords);

/* Sends and keeps the cookies of a jar, the caller's. Python: HTTPCookieProcessor. */
struct url_handler *url_cookie_handler(struct http_jar *jar);

/* ---- handlers of one's own ---- */

/* A request on its way through the chain. Handlers may change all of it. Python: Request. */
struct url_request {
    char *url;    /* owned; set it by url_request_set_url() */
    char *method; /* owned, never NULL */
    const void *data;
    size_t length;
    struct http_headers headers;      /* sent on after a redirect, where that is safe */
    struct http_headers once;         /* sent with this request alone. add_unredirected_header() */
    struct url url_parts;             /* of url */
    struct url_netloc netloc;         /* of url */
    char *proxy;                      /* owned; "http://host:port" to go through, NULL for none */
    int timeout_ms;                   /* as in the options */
    unsigned redirects, auth_retries; /* so far */
    struct buffer visited;            /* the URLs that redirects led to, each ended by a NUL */
    struct buffer realms;             /* of this URL that were answered, likewise */
    struct url_opener *opener;        /* that it is on its way in */
};
/* Returns 0; or -1 and an error, and the request is as it was: URL_BAD_URL, URL_NO_MEMORY. */
int url_request_set_url(struct url_request *request, const char *url, struct url_error *error);

/*
 * A handler: what it does is in those functions that are not NULL. All handlers of an opener are
 * kept in the order of their number, smallest first, and among equals as they were added: proxies
 * 100, http, https, file, data and cookies 500, digest 890, basic 895, redirects 900, errors 1000.
 * One that is to see every response, redirects too, has a number below 890. Python: handler_order.
 *
 * 1. Each before() may change the request. 0, or -1 and an error. Python: http_request().
 * 2. The first open() of the scheme that takes the request gives a response, or NULL and an error,
 *    with failure URL_OK when it leaves the request to the next. Python: http_open().
 * 3. Each after() is given the response, and returns it, or another in its place, having closed the
 *    first; or NULL and an error, having closed it or given it to the error. To go on with another
 *    request it calls url_opener_again(). Python: http_response(), http_error_302() and so on.
 */
struct url_handler {
    const char *name;
    int order;
    const char *const *schemes; /* that it is asked about, up to a NULL; NULL: about all */
    int (*before)(struct url_handler *self, struct url_request *request, struct url_error *error);
    struct url_response *(*open)(struct url_handler *self, struct url_request *request,
                                 struct url_error *error);
    struct url_response *(*after)(struct url_handler *self, struct url_request *request,
                                  struct url_response *response, struct url_error *error);
    void (*free)(struct url_handler *self); /* frees self, too */
    struct url_handler *next;               /* the opener's own */
};

/* Sends a request through the chain once more, from the beginning. As url_opener_open(). */
struct url_response *url_opener_again(struct url_request *request, struct url_error *error);

#endif
