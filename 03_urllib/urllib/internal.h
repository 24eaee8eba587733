/* What the files of request.h share, and their unit test; for nobody else. */
#ifndef URLLIB_INTERNAL_H
#define URLLIB_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "urllib/request.h"

/* ---- used everywhere: internal.c ---- */

/* URL_NO_MEMORY. Always returns -1. */
int url_error_memory(struct url_error *error);

/* As url_error_set(), and gives it the response, whose status is the error's. Returns NULL. */
struct url_response *url_error_response(struct url_error *error, enum url_failure failure,
                                        struct url_response *response, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* A part as a C string of one's own. NULL when memory is short. */
char *url_part_copy(struct url_part part);

/* The end of a handler that holds nothing. */
void url_handler_free(struct url_handler *self);

/* ---- a request: request.c ---- */

/* Makes a request of what url_opener_open() was given. 0; or -1 and an error, and nothing to free.
 */
int url_request_begin(struct url_request *request, struct url_opener *opener, const char *url,
                      const struct url_options *options, struct url_error *error);
void url_request_end(struct url_request *request);

/* The port that the request's URL means: its own or the usual one; -1 when it is none. */
int url_request_port(const struct url_request *request);

/*
 * Appends what stands on the request's line: path and query, "/" at least; or, absolute, as a proxy
 * wants it, the whole URL but its fragment. Returns 0, or -1 when memory is short. RFC 9112 3.2.
 */
int url_request_target(const struct url_request *request, bool absolute, struct buffer *out);

/* ---- handlers ---- */

/* Those of url_opener_new() that request.h does not name. NULL when memory is short. */
struct url_handler *url_http_handler(void);
struct url_handler *url_file_handler(void);
struct url_handler *url_data_handler(void);
struct url_handler *url_error_handler(void);

/* ---- data: handle_data.c ---- */

/*
 * Takes "data:..." apart, without its fragment: appends the media type to type, and the bytes to
 * body. Returns 0; or -1 and an error: URL_BAD_URL, URL_NO_MEMORY. Source: RFC 2397, RFC 4648.
 */
int url_data_decode(struct url_part url, struct buffer *type, struct buffer *body,
                    struct url_error *error);

/* ---- redirects: redirect.c ---- */

/* What a redirect with that status makes of a request's method: the same text, or "GET". */
const char *url_redirect_method(int status, const char *method);

/* ---- authentication: auth.c, challenge.c, digest.c ---- */

/* Appends "Basic " and the base64 of length bytes, user:password. 0, or -1 when memory is short. */
int url_basic_value(const char *plain, size_t length, struct buffer *out);

/* The parameters of a challenge that count. */
enum { URL_REALM, URL_NONCE, URL_OPAQUE, URL_QOP, URL_ALGORITHM, URL_STALE, URL_PARAMETERS };

/* One challenge of a WWW-Authenticate or Proxy-Authenticate field. */
struct url_challenge {
    struct buffer scheme;                 /* "Basic" */
    struct buffer values[URL_PARAMETERS]; /* quotes and backslashes taken off */
    bool has[URL_PARAMETERS];
};

/*
 * The next challenge of a field's value: *at is the rest of it, and moves on. 1; 0 at the end; -1
 * when memory is short. The challenge is emptied first; free it in the end, whatever came. What is
 * no parameter is passed over, and of two of a name the first counts. Source: RFC 9110 section
 * 11.6.1. Python: parse_http_list(), parse_keqv_list().
 */
int url_challenge_next(const char **at, struct url_challenge *challenge);
void url_challenge_free(struct url_challenge *challenge);

/* What a digest is made of. */
struct url_digest {
    const char *algorithm; /* as the challenge spells it; NULL: MD5 */
    const char *user, *realm, *password;
    const char *nonce, *cnonce;
    unsigned count;
    bool has_qop; /* qop=auth; else as RFC 2069 had it */
    const char *method, *uri;
};
enum { URL_DIGEST_SIZE = 65 }; /* of a digest in hexadecimal digits, its NUL included */

/* Whether that algorithm is known; NULL is MD5. */
bool url_digest_knows(const char *algorithm);

/* The value of response. 0; -1 when the algorithm is not known or there. RFC 7616 section 3.4.1. */
int url_digest_response(const struct url_digest *digest, char hex[URL_DIGEST_SIZE]);

#endif
