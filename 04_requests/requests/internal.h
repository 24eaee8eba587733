/* What the files of the layer share, and their unit tests; for nobody else. */
#ifndef REQUESTS_INTERNAL_H
#define REQUESTS_INTERNAL_H

#include <curl/curl.h>

#include "requests/sessions.h"
#include "urllib/parse.h"

/* libcurl's handles of a session, and what was mounted. */
struct requests_transport {
    CURLM *multi; /* keeps the connections; NULL until something is sent */
    CURL *easy;   /* keeps what TLS remembers of servers */
    struct requests_mount {
        char *prefix;
        struct requests_adapter adapter;
    } * mounts;
    size_t mount_count;
};

/* ---- everywhere ---- */

/* REQUESTS_NO_MEMORY. Always returns -1. */
int requests_error_memory(struct requests_error *error);

/* ---- prepare.c, url.c ---- */

/* Of a and b those that are set, a's before. What is sent (body, params …) is a's alone. */
struct requests_options requests_merge(const struct requests_options *a,
                                       const struct requests_options *b);

/* A copy. NULL when memory is short. */
struct requests_prepared *requests_prepared_copy(const struct requests_prepared *request);

/* Sets Cookie anew: what the jar has for the URL, then own ("a=1", NULL for none). 0, or -1 and an
 * error. */
int requests_set_cookies(struct requests_prepared *request, struct http_jar *jar, const char *own,
                         struct requests_error *error);

/* The parts of a URL of http or https. 0, or -1 and REQUESTS_INVALID_URL. */
struct requests_parts {
    struct url url;
    struct url_netloc netloc;
    bool secure;
    int port;
};
int requests_split(const char *url, struct requests_parts *parts, struct requests_error *error);

/* Host and path of a URL as a jar wants them; the caller frees host and path. 0, or -1. */
int requests_jar_request(const char *url, struct http_jar_request *request);
void requests_jar_request_free(struct http_jar_request *request);

/*
 * Appends a URL as it may be sent: blanks in front taken off, bytes that may not stand there coded
 * as %XX, what is coded without need decoded, a path of "/" at least; without user and password.
 * 0, or -1 and an error. Python: PreparedRequest.prepare_url().
 */
int requests_quote_url(const char *url, struct buffer *out, struct requests_error *error);

/* ---- auth.c ---- */

/* Puts what auth says into the request. 0, or -1 and an error. */
int requests_apply_auth(struct requests_prepared *request, const struct requests_auth *auth,
                        struct requests_error *error);

/* ---- retry.c ---- */

bool requests_is_retry_status(const struct requests_retry *retry, const char *method, int status);
bool requests_is_retry_failure(const struct requests_retry *retry, const char *method,
                               const struct requests_error *error);
/* Seconds to wait before try n; response may be NULL. */
double requests_wait_s(const struct requests_retry *retry, unsigned n,
                       const struct requests_response *response);
void requests_sleep(double seconds);

/* ---- transfer.c ---- */

/*
 * Sends one request and receives its answer, no redirects and no repetition; options are all
 * decided, retry not NULL. Pieces of a body that is neither a redirect's nor to be tried again go
 * to options->stream, if there is one. NULL and an error, which must not be NULL.
 */
struct requests_response *requests_transfer(struct requests_transport *transport,
                                            const struct requests_prepared *request,
                                            const struct requests_options *options,
                                            struct requests_error *error);

#endif
