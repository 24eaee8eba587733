/*
 * A server: one loop for all connections, and under it handlers that are called with one request
 * after another.
 *
 * A connection that sends nothing, or its request slowly, costs a little memory and holds nobody: a
 * worker is busy only from the last byte of a request's head to the last byte of its response. One
 * worker makes it Python's http.server.HTTPServer, several a ThreadingHTTPServer with a bounded
 * number of threads; with TLS it is the same loop.
 *
 *     static void do_get(struct http_exchange *x)
 *     {
 *         http_answer(x, HTTP_OK, "text/plain", "hello\n", 6);
 *     }
 *
 *     static const struct http_handler HANDLERS[] = {{"GET", do_get}, {NULL, NULL}};
 *
 *     struct http_server_options options = HTTP_SERVER_DEFAULTS;
 *     options.handlers = HANDLERS;
 *     int listener = tcp_listen(port, &error);
 *     if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
 *         http_serve(listener, &options, &error) == -1)
 *         die("%s", error.text);
 *
 * Python: http.server. Source: RFC 9110, RFC 9112.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buffer.h"
#include "core/error.h"
#include "http/message.h"
#include "http/status.h"
#include "http/stream.h"

/*
 * One request and its response: what a handler is given. Python: the self of a
 * BaseHTTPRequestHandler.
 *
 * No call below has an error that a handler must look at before it goes on. When the client is
 * lost, or too slow, or a header could not be sent, the calls that follow do nothing, and the
 * connection is closed behind the handler. One that makes much of its response asks
 * http_exchange_failed() now and then.
 */
struct http_exchange {
    /* Method, target, version, headers: command, path, … A target that was sent as a whole URL is
     * its path, and Host its host. */
    const struct http_head *request;
    void *context;       /* of the options */
    uint64_t body_limit; /* of the request, in bytes; a handler may set another */
};

/*
 * What answers a method; the list of them ends with {NULL, NULL}. The method "*" stands for every
 * other. Without a line of its own, HEAD is answered by GET's function; a method without any is
 * answered with 501. Python: do_GET(), do_POST() …
 *
 * With several workers a function runs in several threads at once, one request each. Texts of the
 * request are valid until it returns. One that returns without a response gave 500, or, after
 * http_read_body() failed, what that calls for.
 */
struct http_handler {
    const char *method;
    void (*handle)(struct http_exchange *x);
};

enum { HTTP_PACE = 65536 }; /* bytes for which the times for body and response are meant */

struct http_server_options {
    const struct http_handler *handlers; /* needed */
    void *context;                       /* for the handlers */

    /*
     * Where log lines go, without a line end; NULL: nowhere. client is an address without port,
     * "127.0.0.1"; text for instance "\"GET / HTTP/1.1\" 200 5". No control characters are in it.
     * Called for one line at a time, whatever the workers do. Python: log_message().
     */
    void (*log)(void *log_context, const char *client, const char *text);
    void *log_context;

    struct http_tls *tls; /* NULL: plain TCP. The caller's, and still there after http_serve() */
    const char *name;     /* the Server field: "workbook". NULL: none. Python: server_version */
    unsigned workers;     /* requests at once: 1 */
    unsigned connections; /* at once: 10000. One more makes the one that idles longest give way, or
                             waits in the kernel's queue */
    uint64_t body_limit;  /* bytes of a request's body, else 413: 1 MiB */
    struct http_limits limits; /* of a request's head, else 414 or 431 */

    /* Times in milliseconds. Python has one for all of them: timeout. */
    int idle_ms;   /* for the next request to begin: 15000 */
    int head_ms;   /* for a TLS handshake and a head to become whole, else 408: 10000 */
    int body_ms;   /* waited for each HTTP_PACE bytes of a body, else 408: 10000 */
    int write_ms;  /* waited for the client to take each HTTP_PACE bytes: 10000 */
    int linger_ms; /* for the client to close behind an answer that ended the connection: 2000 */
    int stop_ms; /* for what is in flight when the server is to stop: 5000. A worker that waits for
                    a client just then may learn of it only at the end of that wait */

    bool nagle; /* false: TCP_NODELAY is set. True shows what lesson 2.17 is about */
};
extern const struct http_server_options HTTP_SERVER_DEFAULTS; /* the figures named above */

/*
 * Serves until SIGTERM or SIGINT, held back by stop_hold() before (core/stop.h). Then it takes no
 * more connections, closes those that idle, lets requests in flight come to their end, each with
 * "Connection: close", and returns 0 with everything freed. listener is a listening socket that
 * does not block; it is closed in any case, and first of all when the server is to stop. Returns -1
 * and an error when it could not begin: no memory, no descriptors, no threads. No client can make
 * it return, nor wait in vain: short of descriptors or memory it goes on with what it has. Python:
 * HTTPServer.serve_forever(), shutdown(), server_close().
 */
int http_serve(int listener, const struct http_server_options *options, struct error *error);

/*
 * A log function whose log_context is a FILE *: writes a line as Python's log_message() does,
 * `127.0.0.1 - - [06/Nov/1994 08:49:37] "GET / HTTP/1.1" 200 5`, in local time, and flushes it.
 */
void http_log_file(void *file, const char *client, const char *text);

/* ---- the request ---------------------------------------------------------------------------- */

/* The client's address without port, "::1"; valid until the handler returns. client_address[0]. */
const char *http_client_address(struct http_exchange *x);

/*
 * Reads the next bytes of the body's content, at most size, chunked or not; sends 100 Continue
 * before if the client waits for that. Returns how many, at least one; 0 at the end; -1 when there
 * is no reading on: the body is too large (413), malformed or broken off (400), or too slow (408).
 * Then return: the server answers so if nothing was sent, and closes. Python: rfile.read().
 */
ssize_t http_read_body(struct http_exchange *x, void *data, size_t size);

/* Appends the whole body, which may be empty, to out. Returns 0, or -1 as http_read_body(), or with
 * 503 when memory is short. */
int http_read_whole(struct http_exchange *x, struct buffer *out);

/* ---- the response --------------------------------------------------------------------------- */

/*
 * The whole response in one: status line, Content-Type (NULL for none), Content-Length and length
 * bytes, in one segment if they fit. Fields that were added by http_add_header() before are sent
 * too.
 */
void http_answer(struct http_exchange *x, int status, const char *type, const void *data,
                 size_t length);

/*
 * The same with a small page that says what went wrong; message may be NULL for the status' own
 * phrase, and is shown and logged, escaped for HTML. A second error after the head of a response
 * was sent closes the connection instead. Python: send_error().
 */
void http_send_error(struct http_exchange *x, int status, const char *message);

/*
 * Adds a field that http_send_response() or http_answer() will send with the response, as for
 * cookies or for an error's "Allow". Valid as http_send_header() is.
 */
void http_add_header(struct http_exchange *x, const char *name, const char *value);

/*
 * The response step by step, as in Python: send_response(), send_header(), end_headers(), then the
 * body. Nothing leaves before the first bytes of the body, the end, or http_flush(), so that head
 * and body share a segment.
 *
 * http_send_response() begins it, with the fields Server and Date. A status 1xx (but 101) is an
 * interim response: it leaves with http_end_headers(), and another response is to follow.
 *
 * http_send_header() adds a field. Content-Length promises the length of the body; without it the
 * body is chunked, or ends with the connection if the client speaks HTTP/1.0. "Connection: close"
 * is honoured. Transfer-Encoding is the server's business and refused. What may not be sent, such
 * as a CR LF within the value, makes the whole response 500.
 */
void http_send_response(struct http_exchange *x, int status);
void http_send_header(struct http_exchange *x, const char *name, const char *value);
void http_print_header(struct http_exchange *x, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);
void http_end_headers(struct http_exchange *x);

/*
 * Sends more of the body; nothing for a HEAD request or a status that has none, so a handler need
 * not care. More than was promised is cut off, less closes the connection, so that nobody takes it
 * for whole. Python: wfile.write().
 */
void http_send_body(struct http_exchange *x, const void *data, size_t length);
void http_print_body(struct http_exchange *x, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * The same with length bytes of a file from offset on, by sendfile() where that goes: with
 * Content-Length and without TLS. The file is the caller's to close. Python: shutil.copyfileobj().
 */
void http_send_file(struct http_exchange *x, int file, off_t offset, uint64_t length);

/* Sends now what was held together. Python: flush_headers(). */
void http_flush(struct http_exchange *x);

/* Closes the connection behind this response. Python: close_connection = True. */
void http_close_connection(struct http_exchange *x);

/* Whether nothing more can be sent: the client is lost or too slow, or the response is 500. */
bool http_exchange_failed(const struct http_exchange *x);

/* The status that was sent, or 0 when no response has begun. */
int http_exchange_status(const struct http_exchange *x);

/* Writes to the log as a line about this client. Python: log_message(), log_error(). */
void http_log_message(struct http_exchange *x, const char *format, ...) PRINTF_LIKE(2, 3);

/* The connection, for what is not about HTTP: http_stream_is_tls() for instance. */
struct http_stream *http_exchange_stream(struct http_exchange *x);

#endif
