/*
 * HTTP messages: an incremental parser for the head of a request or response, a reader for the body
 * behind it, and writers.
 *
 * The parser has three honest results, complete, partial and error, and any slicing of the same
 * bytes gives the same one. It is strict where leniency lets one server see another message than
 * the next (request smuggling). It works in place: names and values are C strings in the caller's
 * buffer.
 *
 * Python: http.client and http.server parse inside. Source: RFC 9112, RFC 9110.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "http/chunked.h"
#include "http/headers.h"
#include "http/result.h"

enum http_kind { HTTP_REQUEST, HTTP_RESPONSE };

/* How the end of a body is found. RFC 9112 section 6.3. */
enum http_framing {
    HTTP_NO_BODY,    /* there is none, whatever the fields say */
    HTTP_LENGTH,     /* Content-Length; may be 0 */
    HTTP_CHUNKED,    /* Transfer-Encoding: chunked */
    HTTP_UNTIL_CLOSE /* a response that goes on until the connection ends */
};

/* What a peer may send. Each excess has a status of its own. */
struct http_limits {
    size_t line;   /* bytes of a request's target (414) or of a status line (error): 8000 */
    size_t fields; /* fields in a head (431): 100 */
    size_t head;   /* bytes of all field lines together, with their ends (431): 65536 */
};
extern const struct http_limits HTTP_LIMITS; /* the figures named above */

/* The head of a message. Filled by the parser; texts lie in the buffer that was parsed. */
struct http_head {
    enum http_kind kind;
    const char *method; /* of a request: a token, case as sent */
    const char *target; /* of a request: origin, absolute, authority or asterisk form */
    int status;         /* of a response: 100 to 999 */
    const char *reason; /* of a response: may be "" */
    int version;        /* 10 for HTTP/1.0, 11 for HTTP/1.1 */
    struct http_headers headers;

    size_t length; /* bytes of the buffer that the head took, up to and with the empty line */
    enum http_framing framing;
    uint64_t content_length; /* with HTTP_LENGTH */
    bool keep_alive;         /* the sender lets the connection live on after this message */
    bool expects_continue;   /* a request that waits for 100 Continue before its body */

    /* After HTTP_ERROR; method and target are set if the first line of a request was sound: */
    int refusal;       /* the status that a server answers with: 400, 414, 431, 500, 501 or 505; for
                          a response always 502, which is what a gateway makes of it */
    const char *error; /* what is wrong, a phrase: "a blank before the colon" */
    bool too_much;     /* it was refused for its size alone: a line, the fields, their number */

    /* The parser's own: how far it has come. */
    struct http_limits limits;
    bool to_head; /* the response answers HEAD */
    bool to_connect;
    size_t line, scanned; /* where the line at hand begins, and how far no end of it was found */
    size_t first_at, first_end, second_at, second_end; /* method and target, or the reason */
    size_t fields_at, fields;                          /* where the fields begin, how many so far */
    int stage;
};

/*
 * Makes head ready for a request. limits may be NULL for HTTP_LIMITS. Frees nothing: for one that
 * was used before call http_head_free() first.
 */
void http_head_request(struct http_head *head, const struct http_limits *limits);

/*
 * The same for a response to a request of that method ("HEAD", "CONNECT" and others differ in what
 * body follows).
 */
void http_head_response(struct http_head *head, const char *method,
                        const struct http_limits *limits);

/*
 * Makes a head that was used ready for the next message of its kind, with the same limits (and to
 * the same method). The memory of its fields is kept, so that a connection with many messages
 * allocates for the first of them only.
 */
void http_head_reset(struct http_head *head);

/*
 * Parses on. data is all that was received of the message so far, from its first byte on, length
 * bytes of it; between two calls it may be moved and must grow at its end only. While the result is
 * HTTP_PARTIAL nothing is changed in data and no text of head is set. With HTTP_COMPLETE, line ends
 * in data have been overwritten by NULs, and head's texts point into it: data must stay where it is
 * as long as head is used. Bytes behind head->length belong to the body, or to the next message.
 * HTTP_ERROR, with refusal and error set, also when memory is short (refusal 500). Empty lines in
 * front of a request are passed over, eight at most (RFC 9112 section 2.2); they count to length.
 * A line is judged when its end has come. The work is in proportion to the bytes, in whatever
 * pieces they come.
 */
enum http_result http_head_parse(struct http_head *head, char *data, size_t length);

/* Frees what head holds, the fields. A head that is all zero may be freed. */
void http_head_free(struct http_head *head);

/* Reads a body whose framing a head has told. All zero is a body that has ended. */
struct http_body {
    enum http_framing framing;
    uint64_t left; /* with HTTP_LENGTH: what is still to come */
    struct http_chunked chunked;
    const char *error; /* after HTTP_ERROR */
};

/* Begins the body that follows head. */
void http_body_begin(struct http_body *body, const struct http_head *head);

/*
 * Reads on from length bytes at data. *used is how many of them belong to the body: drop those.
 * *piece and *size are the next bytes of the content, within data; size may be 0. HTTP_COMPLETE
 * when the body ended with this piece; else HTTP_PARTIAL, and if *used < length it is to be called
 * again with the rest. One that goes on until the connection ends is never complete: its reader
 * knows when it is. HTTP_ERROR when the chunks are malformed.
 */
enum http_result http_body_read(struct http_body *body, const char *data, size_t length,
                                size_t *used, const char **piece, size_t *size);

/*
 * Whether the body is whole if the connection ends now: else it was truncated, which is an error.
 */
bool http_body_may_end(const struct http_body *body);

/* Frees what the body holds, its trailers. */
void http_body_free(struct http_body *body);

/*
 * Append the head of a message, with the empty line behind it. reason may be NULL for the
 * registered phrase. Return 0, or -1 with errno: EINVAL when method, target or reason hold what
 * would end the line; ENOMEM. The fields are headers' own business: nothing is added to them.
 */
int http_write_request(struct buffer *out, const char *method, const char *target,
                       const struct http_headers *headers);
int http_write_response(struct buffer *out, int status, const char *reason,
                        const struct http_headers *headers);

#endif
