/*
 * The client's side of HTTP/1.1: one connection to one server, on which requests follow each other.
 *
 * Python: http.client.HTTPConnection, HTTPSConnection and HTTPResponse. Source: RFC 9110, RFC 9112.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buffer.h"
#include "core/error.h"
#include "http/headers.h"
#include "http/message.h"
#include "http/stream.h"

/* How a call ended. Behind each the exception that Python raises for it. */
enum http_client_result {
    HTTP_CLIENT_OK = 0,
    HTTP_CLIENT_STOPPED = -1, /* http_client_send(): the server has answered before the body */
    HTTP_CLIENT_NO_CONNECTION = -2, /* no such name, refused, unreachable: OSError */
    HTTP_CLIENT_TLS = -3,           /* certificate refused, no common version: ssl.SSLError */
    HTTP_CLIENT_NO_TUNNEL = -4,     /* the proxy said no: OSError */
    HTTP_CLIENT_TIMEOUT = -5,       /* a limit of time: TimeoutError */
    HTTP_CLIENT_BROKEN = -6,        /* reset or broken in the middle: ConnectionError */
    HTTP_CLIENT_DISCONNECTED = -7,  /* closed without a byte of an answer: RemoteDisconnected */
    HTTP_CLIENT_BAD_STATUS = -8,    /* the status line is none: BadStatusLine */
    HTTP_CLIENT_BAD_ANSWER = -9,    /* malformed fields or chunks: HTTPException */
    HTTP_CLIENT_TOO_LONG = -10,     /* a line, the head or the body: LineTooLong */
    HTTP_CLIENT_INCOMPLETE = -11,   /* the answer was cut off: IncompleteRead */
    HTTP_CLIENT_CANNOT_SEND_REQUEST = -12, /* not now: CannotSendRequest */
    HTTP_CLIENT_CANNOT_SEND_HEADER = -13,  /* not now: CannotSendHeader */
    HTTP_CLIENT_RESPONSE_NOT_READY = -14,  /* not now: ResponseNotReady */
    HTTP_CLIENT_INVALID = -15,  /* an argument that may not be sent: InvalidURL, ValueError */
    HTTP_CLIENT_NO_MEMORY = -16 /* MemoryError */
};

/* The name of the exception behind each of these, "RemoteDisconnected". */
const char *http_client_exception(enum http_client_result result);

/* Limits; 0 means what stands behind the colon, a negative time that there is none. */
struct http_client_limits {
    int connect_ms;          /* name, TCP, proxy and TLS together; but see http_connect(): 10000 */
    int wait_ms;             /* each wait: for a head, a piece of a body, room to send: 30000 */
    int continue_ms;         /* for 100 Continue, and then the body is sent without: 1000 */
    struct http_limits head; /* of an answer; all zero: HTTP_LIMITS */
};

/* A client. Not to be used by two threads at once. */
struct http_client;

/*
 * Makes a client of a server; connects only when there is something to send. host is a name or an
 * address, IPv6 with brackets or without; port is a number, or NULL for 80 or 443. With tls it is
 * HTTPS, and tls must outlive the client. limits may be NULL. Returns NULL and an error: a host or
 * port that cannot be one, or no memory. Python: HTTPConnection(host, port, timeout).
 */
struct http_client *http_client_new(const char *host, const char *port, struct http_tls *tls,
                                    const struct http_client_limits *limits, struct error *error);

/* Closes the connection and frees the client. NULL is allowed. */
void http_client_free(struct http_client *client);

/*
 * The server is reached through the proxy that the client was made for: CONNECT host:port, with the
 * fields in headers (Proxy-Authorization perhaps; NULL for none), which are copied; then TLS with
 * that host. port may be NULL. HTTP_CLIENT_INVALID; HTTP_CLIENT_CANNOT_SEND_REQUEST when there is a
 * connection already. Python: HTTPConnection.set_tunnel(). Source: RFC 9110 section 9.3.6.
 */
enum http_client_result http_client_set_tunnel(struct http_client *client, const char *host,
                                               const char *port,
                                               const struct http_headers *headers);

/*
 * A moment, in milliseconds of now_ms(), that no wait of the client goes beyond; negative: none.
 * Against a server that sends a byte now and then.
 */
void http_client_set_deadline(struct http_client *client, int64_t deadline);

/*
 * Connects if it is not connected. After HTTP_CLIENT_NO_CONNECTION errno is as http_connect() set
 * it: ENOENT when there is no such name, ECONNREFUSED. Python: HTTPConnection.connect().
 */
enum http_client_result http_client_connect(struct http_client *client);

/* Closes the connection; the client may be used again. Python: HTTPConnection.close(). */
void http_client_close(struct http_client *client);

/*
 * Sends a whole request. target is NULL for "/", else as it goes on the line. Before those in
 * headers (may be NULL) are sent: Host, unless it is there; Accept-Encoding: identity, likewise;
 * and Content-Length, for a body, or for POST, PUT and PATCH, unless headers say how the body is
 * framed. With Transfer-Encoding: chunked in headers, body is sent as chunks. With Expect:
 * 100-continue, body waits for the server's word, and is not sent after another answer.
 *
 * body must stay as it is until http_client_get_response() has returned: when the server closed the
 * connection after an earlier answer and sent nothing of this one, and the method is idempotent, it
 * is sent once more on a new one. A POST is not: the server may have acted on it. RFC 9110 9.2.2.
 *
 * HTTP_CLIENT_INVALID when method, target or a field hold what may not be sent, or the body is not
 * framed as the fields say; HTTP_CLIENT_CANNOT_SEND_REQUEST before an earlier answer has been read
 * to its end; or what connecting and sending end with. A server that answers and closes before it
 * has read all is no error here: its answer is there. Python: HTTPConnection.request().
 */
enum http_client_result http_client_request(struct http_client *client, const char *method,
                                            const char *target, const struct http_headers *headers,
                                            const void *body, size_t length);

/*
 * The same in steps, for a body that is not in memory as a whole. After the first, fields; then the
 * head goes out, and the body, piece by piece. A field that frames the body is kept to: with
 * Content-Length, no more than that is accepted; with Transfer-Encoding: chunked each piece is sent
 * as a chunk. Such a request is never sent twice. Python: putrequest() with skip_host and
 * skip_accept_encoding, putheader(), endheaders(), send().
 *
 * http_client_send() returns HTTP_CLIENT_STOPPED when an answer has come already and the rest of
 * the body is not wanted: go on with http_client_get_response().
 */
enum http_client_result http_client_put_request(struct http_client *client, const char *method,
                                                const char *target, bool skip_host,
                                                bool skip_accept_encoding);
enum http_client_result http_client_put_header(struct http_client *client, const char *name,
                                               const char *value);
enum http_client_result http_client_end_headers(struct http_client *client);
enum http_client_result http_client_send(struct http_client *client, const void *data,
                                         size_t length);

/*
 * Waits for the head of the answer, past those with a status of 1xx but 101. *head is the client's,
 * until the next request or the close; NULL is allowed. A chunked body is ended first.
 * HTTP_CLIENT_RESPONSE_NOT_READY when nothing was asked, or less of a body sent than its
 * Content-Length. Python: HTTPConnection.getresponse().
 */
enum http_client_result http_client_get_response(struct http_client *client,
                                                 const struct http_head **head);

/*
 * Reads what there is of the body, at least one byte and at most size (> 0): how many; 0 at the end
 * of the body; or a result below 0, which stays so. At the end the connection is kept for the next
 * request, or closed if it cannot be. Python: HTTPResponse.read1(), read(amt), readinto().
 */
ssize_t http_client_read(struct http_client *client, void *data, size_t size);

/*
 * Appends the whole rest of the body, no more than limit bytes. HTTP_CLIENT_INCOMPLETE, and what
 * came is in body. HTTP_CLIENT_TOO_LONG, and the connection is closed. Python: HTTPResponse.read().
 */
enum http_client_result http_client_read_all(struct http_client *client, struct buffer *body,
                                             size_t limit);

/* Bytes of the body so far; after HTTP_CLIENT_INCOMPLETE: how much came. */
uint64_t http_client_received(const struct http_client *client);

/* The fields behind a chunked body, once it has ended; none before. */
const struct http_headers *http_client_trailers(const struct http_client *client);

/* The last error as a sentence; "" when there was none. Python: str(exception). */
const char *http_client_error(const struct http_client *client);

/* How many connections it has made so far: that one was kept shows in nothing else. */
unsigned http_client_connections(const struct http_client *client);

/* The connection, NULL when there is none: after 101 Switching Protocols, or for its address. */
struct http_stream *http_client_stream(const struct http_client *client);

#endif
