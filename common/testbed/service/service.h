/*
 * The testbed's parts, and what they share. A request is taken apart once, by route.c, and goes to
 * the function whose route fits it.
 *
 * main.c       the command line, the two listeners, who answers what
 * route.c      paths, and what stands in them; the query
 * answer.c     answers in JSON and in text, redirects, the URL that was asked for
 * text.c       percent-coding, base64, and bytes that have to become JSON
 * echo.c       /get, /post …: what the client sent, form.c for its body
 * status.c     /status, redirects.c, cookies.c, auth.c (digest.c), cache.c, pages.c: what they say
 * bodies.c     /bytes, /range, /stream …; random.c: the random bytes that Python's seed gives
 * slow.c       /delay, /drip; file.c: a large file; compress.c: /gzip, /deflate, /brotli
 * unsteady.c   /unsteady, which fails at first; api.c: /api, lists in pages; tally.c counts for
 * both help.c       what all of it is, for its users site.c       /site, what stands where;
 * site_page.c its pages, site_truth.c what is to be found
 */
#ifndef TESTBED_SERVICE_H
#define TESTBED_SERVICE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "http/server.h"

enum { WORDS = 5, BODY_LIMIT = 16 << 20 };

/* A request, taken apart. Everything lives until the function that was given it returns. */
struct call {
    struct http_exchange *x;
    const char *method;
    const char *path;        /* as it was sent, without the query */
    const char *query;       /* behind "?", as it was sent; NULL when there is none */
    const char *word[WORDS]; /* what stands for ":" and "*" in the route, percent-coding undone */
    long number[WORDS];      /* what stands for "#" */
    json_t *args;            /* the fields of the query: name to value, or to a list of values */
    struct buffer memory;    /* the path and its words */
};

/*
 * What answers a path. ":" stands for any one segment, "#" for one that is a number, "*", at the
 * end, for all that follows. methods are separated by blanks; HEAD goes with GET, and OPTIONS is
 * answered for all. A list ends with one that is all NULL.
 */
struct route {
    const char *methods;
    const char *path;
    void (*answer)(struct call *call);
};
extern const struct route ECHO_ROUTES[], STATUS_ROUTES[], REDIRECT_ROUTES[], COOKIE_ROUTES[],
    AUTH_ROUTES[], BODY_ROUTES[], SLOW_ROUTES[], COMPRESS_ROUTES[], CACHE_ROUTES[], PAGE_ROUTES[],
    FILE_ROUTES[], SITE_ROUTES[], UNSTEADY_ROUTES[], API_ROUTES[], TRANSFER_ROUTES[];
extern const struct route TLS_ROUTES[];
/* oauth1.c and oauth2.c, whose ways oauth.c shares */
extern const struct route OAUTH1_ROUTES[], OAUTH2_ROUTES[];

/* ---- route.c ---- */

/* Finds who answers, and calls it; else says 404, 405, or what OPTIONS asks for. */
void route_call(struct http_exchange *x, const struct route *const *tables);

/* A header of the request, or NULL. */
const char *call_header(const struct call *call, const char *name);

/* The first value of a field of the query, whatever the case of its name; NULL without one. */
const char *call_arg(const struct call *call, const char *name);

/*
 * The same as a number; fallback when there is none. False when it is no number, or out of range:
 * then 400 was sent.
 */
bool call_arg_integer(struct call *call, const char *name, long low, long high, long fallback,
                      long *number);
bool call_arg_seconds(struct call *call, const char *name, double fallback, double *seconds);

/* ---- answer.c ---- */

/* Sends value, two blanks a level, keys in order, and a line end; takes it over. NULL is 500. */
void send_json(struct call *call, int status, json_t *value);

/* Sends text as it is, or a small page that says what the status means. */
void send_text(struct call *call, int status, const char *type, const char *text);
void send_status(struct call *call, int status);

/* 400 with a sentence. */
void send_bad(struct call *call, const char *why);

/* 3xx and a Location, and a page with a link; 500 when location may not stand in a header. */
void send_redirect(struct call *call, int status, const char *location);

/* A header that is not worth a 500: left out when value may not be sent. */
void add_header_print(struct call *call, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

bool call_is_tls(const struct call *call);
const char *call_host(const struct call *call); /* "localhost:8000", as the client named it */

/* Appends "http://localhost:8000" and path. Returns 0, or -1 when memory is short. */
int call_absolute(const struct call *call, const char *path, struct buffer *out);

/* Ends the connection in the midst of a body, so that nobody can take it for whole. */
void call_cut(struct call *call);

/* ---- text.c ---- */

/*
 * Appends text with %XX undone, and "+" too if plus; a "%" without two digits stays. Returns 0, or
 * -1 when memory is short.
 */
int text_decode(const char *text, size_t length, bool plus, struct buffer *out);

/* The text as JSON; what is not UTF-8 becomes U+FFFD. NULL when memory is short. */
json_t *text_json(const char *text, size_t length);

/* The same for a header's value: each byte is a character, as Python reads them. */
json_t *text_json_latin1(const char *text);

/*
 * Bytes as JSON: as text if they are UTF-8, else as a data URL. NULL when memory is short. Python:
 * httpbin's json_safe().
 */
json_t *text_json_safe(const char *data, size_t length, const char *type);

/* Sets key to value, or to a list with value behind what was there. Takes value over; false when
 * memory is short. Python: httpbin's semiflatten(). */
bool json_add(json_t *object, const char *key, size_t length, json_t *value);

/* Reads name=value&… into object. False when memory is short. */
bool query_read(json_t *object, const char *text, size_t length);

/* Appends the bytes that text, in base64, stands for; either alphabet if urlsafe. Returns 0; 1 when
 * it is no base64, -1 when memory is short. */
int base64_decode(const char *text, bool urlsafe, struct buffer *out);

/* Appends text with & < > " coded for HTML. */
int html_escape(const char *text, struct buffer *out);

/* Whether two texts are the same; how long that takes tells nothing of where they differ. */
bool same_secret(const char *a, const char *b);

/* Writes bytes random bytes as hexadecimal digits, and a NUL. False without random bytes. */
bool random_hex(char *out, size_t bytes);

/* ---- status.c ---- */

/* A status with what httpbin adds to it: a challenge, a place to go, a text. */
void send_code(struct call *call, int status);

/* ---- echo.c, form.c ---- */

enum echo_keys {
    ECHO_ARGS = 1,
    ECHO_HEADERS = 2,
    ECHO_ORIGIN = 4,
    ECHO_URL = 8,
    ECHO_METHOD = 16,
    ECHO_BODY = 32, /* data, files, form */
    ECHO_JSON = 64,
    ECHO_GET = ECHO_ARGS | ECHO_HEADERS | ECHO_ORIGIN | ECHO_URL,
    ECHO_POST = ECHO_GET | ECHO_BODY | ECHO_JSON
};

/* What the client sent, as an object; NULL when memory is short, or the body could not be read. */
json_t *echo_make(struct call *call, unsigned keys);

/* Sends it: what echo_make() gave, or what went wrong. */
void echo_send(struct call *call, json_t *value);

/* Puts the body into object, as the keys data, files, form and json. False when that failed. */
bool form_read(struct call *call, json_t *object, bool with_json);

/* ---- cookies.c ---- */

/* Adds a session cookie for all paths; one that may not be sent is left out. */
void add_cookie(struct call *call, const char *name, const char *value);

/* ---- digest.c ---- */

void digest_auth(struct call *call);

/* ---- bodies.c ---- */

/*
 * Reads "bytes=0-9", "bytes=10-" or "bytes=-5" for a body of length bytes. False when it cannot be
 * satisfied; anything else that is no range means the whole. RFC 9110 section 14.1.2.
 */
bool range_read(const char *text, long length, long *first, long *last);

/* ---- random.c ---- */

/* The Mersenne Twister of Python's random module. */
struct twister {
    uint32_t state[624];
    unsigned at;
};
void twister_seed(struct twister *twister, uint64_t seed); /* random.seed(seed) */
unsigned char twister_byte(struct twister *twister);       /* random.randint(0, 255) */

/* ---- slow.c ---- */

/*
 * Answers that take their time keep a worker busy. A few workers are kept from them: slow_begin()
 * gives false, and has sent 503, when no more may begin. signals is a signalfd for what ends the
 * program.
 */
void slow_allow(int signals, unsigned most);
bool slow_begin(struct call *call);
void slow_end(void);

/* Sends what is held, then waits. False when the client is gone or the program is to stop. */
bool slow_sleep(struct call *call, double seconds);

/* ---- tally.c ---- */

enum { TALLY_KEY = 96 };

/*
 * Counts one more for a key, from 1. With a window, in seconds, counting begins again when that is
 * over; *left is what remains of it. False when the key is too long. The last 1,024 keys are known.
 */
bool tally_next(const char *key, double window, long *count, double *left);

/* The whole seconds after which that much time is over, for Retry-After. */
long seconds_up(double seconds);

/* ---- tls_hosts.c ---- */

/*
 * Nine hosts under TLS, each with another certificate from a folder that authority.sh made: at this
 * port and those that follow, or, for 0, at ports of the system's choice. Call tls_hosts_start()
 * when they may say so; it does nothing without tls_hosts_open(). They end at SIGTERM, for which
 * tls_hosts_end() waits. All return 0, or -1 and an error.
 */
int tls_hosts_open(const char *folder, long port, const struct http_server_options *options,
                   struct error *error);
int tls_hosts_start(struct error *error);
int tls_hosts_end(struct error *error);

/* Whether this request has come to the impostor, who then has answered it. */
bool impostor_answers(struct http_exchange *x);

/* ---- help.c ---- */

extern const char HELP[]; /* what --help prints, and "/" */

/* ---- pages.c ---- */

/* What robots.txt asks of everybody: NULL, or a number of seconds. */
void pages_set_delay(const char *seconds);

#endif
