/*
 * What is asked, as the caller says it (options) and as it will be sent (a prepared request), and
 * what comes back (a response).
 *
 * Python: requests.models (Request, PreparedRequest, Response). Lesson 4.17.
 */
#ifndef REQUESTS_MODELS_H
#define REQUESTS_MODELS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "http/cookiejar.h"
#include "http/headers.h"
#include "requests/adapters.h"
#include "requests/auth.h"
#include "requests/error.h"

struct requests_response;
struct requests_prepared;

/* ---- options ---- */

/* A name and a value. Python: an item of a dict, or of a list of tuples: names may repeat. */
struct requests_pair {
    const char *name;
    const char *value;
};

/* A list of pairs: .params = requests_pairs({"q", "two words"}, {"page", "2"}). It lives as long as
 * the block that it stands in. */
#define requests_pairs(...) ((const struct requests_pair[]){__VA_ARGS__, {NULL, NULL}})

/* A file of a form. Python: files={name: (filename, content, type)}. */
struct requests_file {
    const char *name; /* of the field */
    const char *path; /* read piece by piece while it is sent; NULL: data instead */
    const void *data; /* length bytes; with path NULL */
    size_t length;
    const char *filename; /* that the server is told; NULL: the last segment of path */
    const char *type;     /* Content-Type of the part; NULL: none (as Python), or what the ending of
                             the file's name tells libcurl */
};

/* Files, as requests_pairs(): .files = requests_files({.name = "photo", .path = "cat.jpg"}). */
#define requests_files(...) ((const struct requests_file[]){__VA_ARGS__, {.name = NULL}})

/* A body that is made while it is sent. Python: data=generator. */
struct requests_upload {
    /* Writes at most size bytes to room: how many; 0 at the end; -1 to give up. */
    ptrdiff_t (*read)(void *context, char *room, size_t size);
    void *context;
    int64_t length; /* in bytes; 0 or less: unknown, and it goes in chunks */
};

/* Called on the way. Those of a request stand in for those of its session, one by one. */
struct requests_hooks {
    /*
     * Just before each request is sent, redirects and repeated tries too: may change url, method,
     * headers and body. 0, or -1 and an error, which ends it. Python has no such hook: auth= does.
     */
    int (*request)(struct requests_prepared *request, void *context, struct requests_error *error);
    /*
     * After each response, redirects too, before they are followed. 0, or -1 and an error. Python:
     * hooks={"response": f}, which may return another response.
     */
    int (*response)(struct requests_response *response, void *context,
                    struct requests_error *error);
    void *context;
};

/* Yes, no, or what is usual. */
enum requests_choice { REQUESTS_DEFAULT = 0, REQUESTS_YES, REQUESTS_NO };

/* Proxies, by the scheme of the URL that is asked for: "http://user:pw@proxy:3128",
 * "socks5h://127.0.0.1:1080"; NULL: what the environment says, with trust_env; "": none. */
struct requests_proxies {
    const char *http, *https;
    const char *no_proxy; /* hosts, domains, ports, separated by commas; NULL as above */
};

enum { REQUESTS_LIMIT = 64 * 1024 * 1024, REQUESTS_MAX_REDIRECTS = 30 };

/*
 * What a request may have, beside method and URL. All zero is a plain request. Everything in it is
 * the caller's and is needed only until the call returns, or for a session's defaults as long as
 * the session lives.
 */
struct requests_options {
    /* What is sent. Of data, form, json and upload one at most; files go with form. */
    const struct requests_pair *params;  /* behind the URL's own query; value NULL: left out */
    const struct requests_pair *headers; /* value NULL: not even the usual one is sent */
    const struct requests_pair *cookies; /* for this request alone, beside those of the jar */
    const void *data;                    /* the body as it is */
    size_t length;                       /* of data; 0: it is a text, up to its NUL */
    const struct requests_pair *form;    /* data={…}: application/x-www-form-urlencoded */
    json_t *json;                        /* borrowed: application/json */
    const struct requests_file *files;   /* multipart/form-data */
    struct requests_upload upload;
    struct requests_auth auth;

    /* How. */
    double timeout_s;         /* seconds, for connecting and again for each wait for a byte; 0: 30;
                                 negative: none (Python's default) */
    double connect_timeout_s; /* the same for connecting alone; 0: as timeout_s */
    double total_timeout_s;   /* for one try from begin to end; 0: none. Python has none */
    enum requests_choice allow_redirects; /* DEFAULT: yes, but for HEAD */
    int max_redirects;                    /* 0: REQUESTS_MAX_REDIRECTS. Session.max_redirects */
    const char *verify;                   /* file or folder of authorities; NULL: the system's */
    bool insecure;          /* verify=False: anybody may answer in the server's name */
    const char *cert, *key; /* of the client, PEM; key NULL: it stands in cert, too */
    const char *pin;        /* "sha256//BASE64" of the server's public key */
    struct requests_proxies proxies;
    enum requests_choice trust_env; /* DEFAULT: yes. Proxies, netrc, REQUESTS_CA_BUNDLE count */
    struct requests_hooks hooks;
    const struct requests_retry *retry; /* NULL: the adapter's; from a URL's mount */

    /*
     * What is taken. With stream the body is not kept: each piece of the last response (no
     * redirect, no try that is repeated) is given to it, decoded; response has its status and
     * fields already. 0, or -1 to stop: REQUESTS_STOPPED. Python: stream=True, iter_content().
     */
    int (*stream)(void *context, const struct requests_response *response, const char *bytes,
                  size_t length);
    void *stream_context;
    size_t limit;                 /* bytes of a body that is kept; 0: REQUESTS_LIMIT */
    struct requests_error *error; /* set when a call fails; NULL: not wanted */
};

/* ---- prepared requests ---- */

/* A request as it will be sent. Hooks, and who prepared it, may change it. Python: PreparedRequest.
 */
struct requests_prepared {
    char *method;                /* owned, never NULL; change by requests_set_method() */
    char *url;                   /* owned, with the query; change by requests_set_url() */
    struct http_headers headers; /* all that the layer sends; libcurl adds Host, Content-Length and
                                    what belongs to digest and multipart. http_headers_set() */
    struct buffer body;          /* of data, form and json; empty with files and upload */
    bool has_body;               /* an empty body is one, too */

    /* The layer's own: what the body is made of while it is sent, the caller's own. */
    const struct requests_pair *form;
    const struct requests_file *files;
    struct requests_upload upload;
    struct requests_auth auth;
    char *own_cookies; /* the request's own, "a=1; b=2", for a redirect's Cookie */
};

/* Frees it. NULL is allowed. */
void requests_prepared_free(struct requests_prepared *request);

/* Copies text in its place. 0, or -1 and an error: REQUESTS_INVALID_URL, REQUESTS_NO_MEMORY. */
int requests_set_method(struct requests_prepared *request, const char *method,
                        struct requests_error *error);
int requests_set_url(struct requests_prepared *request, const char *url,
                     struct requests_error *error);

/* ---- responses ---- */

/* Python: Response. To be read; requests_response_free() frees all of it, its history too. */
struct requests_response {
    int status;                  /* status_code */
    char *reason;                /* "OK"; may be "" */
    char *url;                   /* where it came from in the end */
    struct http_headers headers; /* as they were sent; of a body that was decoded, too */
    struct buffer body;          /* body.data, body.length: decoded of gzip and the like. content */
    double elapsed_s;            /* from sending to the end of the fields, in seconds. elapsed */
    struct http_jar *cookies;    /* those that this response set. The session's are all */
    struct requests_response **history; /* redirects that led here, the oldest first */
    size_t history_count;
    struct requests_prepared *request; /* what this answers */
    unsigned tries;                    /* how often it was asked, by the retry policy; 1 or more */
    unsigned connections;              /* that were made for it; 0: one was used again */

    /* The layer's own. */
    char *encoding; /* see requests_set_encoding() */
    bool encoding_is_set;
    struct buffer text;
    struct requests_link *links;
    size_t link_count;
    bool links_are_read;
};

/* Frees it. NULL is allowed. Python: close(). */
void requests_response_free(struct requests_response *response);

/* Whether the status is below 400. Python: r.ok. */
bool requests_ok(const struct requests_response *response);

/* Whether it has a Location and a status that leads there; and for ever (301, 308). Python:
 * is_redirect, is_permanent_redirect. */
bool requests_is_redirect(const struct requests_response *response);
bool requests_is_permanent_redirect(const struct requests_response *response);

/* 0 when requests_ok(); else -1 and REQUESTS_HTTP: "404 Client Error: NOT FOUND for url: …".
 * error may be NULL. Python: raise_for_status(). */
int requests_raise_for_status(const struct requests_response *response,
                              struct requests_error *error);

/* A field, or NULL. Python: r.headers.get(name), case does not count. */
const char *requests_header(const struct requests_response *response, const char *name);

/*
 * The name of the charset: of Content-Type; or for text without one "ISO-8859-1", for JSON "utf-8";
 * NULL when nothing tells. Python: r.encoding. requests_set_encoding() sets it, NULL for
 * unknown; 0, or -1 when memory is short.
 */
const char *requests_encoding(struct requests_response *response);
int requests_set_encoding(struct requests_response *response, const char *encoding);

/* What the bytes look like: "ascii", "utf-8", "utf-8-sig", "utf-16", "utf-32", and "ISO-8859-1" for
 * everything else. Python: r.apparent_encoding, which guesses among dozens. */
const char *requests_apparent_encoding(const struct requests_response *response);

/*
 * The body as UTF-8, decoded by requests_encoding(), or if that is NULL or no name known, as
 * requests_apparent_encoding() says; each byte that cannot be decoded becomes U+FFFD. The
 * response's own, or NULL when memory is short. A NUL in the body is kept: *length (NULL allowed)
 * tells. Python: r.text.
 */
const char *requests_text(struct requests_response *response, size_t *length);

/* The body as JSON, a new reference; or NULL and REQUESTS_JSON with line and column. Python:
 * r.json(). */
json_t *requests_json(struct requests_response *response, struct requests_error *error);

/* Calls line for each line of the body, its end (LF, CR LF or CR) taken off, until it returns
 * other than 0, which is returned; else 0. Python: r.iter_lines(). */
int requests_each_line(const struct requests_response *response,
                       int (*line)(void *context, const char *text, size_t length), void *context);

/* The value of the first cookie of that name, or NULL. Python: jar.get(name). */
const char *requests_cookie(const struct http_jar *jar, const char *name);

/* A member of the field Link. Texts are the response's. */
struct requests_link {
    char *url;                  /* as it is spelled */
    char *absolute;             /* the same, joined to the response's URL */
    struct http_headers params; /* rel, title, type … */
};

/* The links of all Link fields; NULL with *count 0 when there are none. Python: r.links. Source:
 * RFC 8288. requests_link(): the absolute URL of the first whose rel has that word, or NULL.
 * Python: r.links["next"]["url"]. */
const struct requests_link *requests_links(struct requests_response *response, size_t *count);
const char *requests_link(struct requests_response *response, const char *rel);

/* Whether two URLs have the same scheme, host and port: whether a key for one may go to the other.
 * False when either is no URL. */
bool requests_same_origin(const char *a, const char *b);

#endif
