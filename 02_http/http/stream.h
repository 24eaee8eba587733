/*
 * A connection as a stream of bytes, plain or under TLS, every wait with a deadline. Client and
 * server stand on it, and need not know which of the two it is.
 *
 * Python: what socket.settimeout() and ssl.SSLContext.wrap_socket() make of a socket. Source: RFC
 * 8446 (TLS 1.3), RFC 9110 sections 4.3.4 and 4.3.5, ssl(7ssl).
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

/*
 * What two ends agree on beforehand: certificates, and whom to trust. One for many connections, of
 * several threads too; it must outlive them.
 */
struct http_tls;

/*
 * For clients: trusts the certificates in the file authorities, PEM; NULL for the system's own. TLS
 * 1.2 at least; chain and name are verified always. Returns NULL and an error. Python:
 * ssl.create_default_context(cafile=…).
 */
struct http_tls *http_tls_client(const char *authorities, struct error *error);

/*
 * For servers: the certificate with its chain, and its private key, both files in PEM. Returns NULL
 * and an error, also when the two do not belong together. Python: SSLContext.load_cert_chain().
 */
struct http_tls *http_tls_server(const char *certificate, const char *key, struct error *error);

void http_tls_free(struct http_tls *tls);

/* OpenSSL's own side of it, an SSL_CTX, for what is not here; to be set before the first use. */
struct ssl_ctx_st *http_tls_context(const struct http_tls *tls);

enum http_stream_result {
    HTTP_STREAM_END = 0,      /* the peer finished sending, in order */
    HTTP_STREAM_ERROR = -1,   /* errno says why, http_stream_error() in words */
    HTTP_STREAM_TIMEOUT = -2, /* the deadline passed */
    HTTP_STREAM_AGAIN = -3    /* with a deadline of HTTP_STREAM_NOW: nothing there now */
};
enum { HTTP_STREAM_NOW = 0 }; /* as a deadline: do not wait */

/*
 * Connects to the first address of host that accepts; port is a name or a number. The time until
 * deadline (as below) is shared among the addresses, so that one that never answers leaves some for
 * the next; the look-up of the name has no limit but the resolver's own. Returns a socket that is
 * close-on-exec and does not block, the caller closes it; or -1 and the error of the last address,
 * or that of the name, and errno: ETIMEDOUT when the time was up, ENOENT when there is no such
 * name. Python: socket.create_connection(timeout=…).
 */
int http_connect(const char *host, const char *port, int64_t deadline, struct error *error);

/* A connection. Not to be used by two threads at once. */
struct http_stream;

/*
 * With TLS, errno is EKEYREJECTED when the peer's certificate was refused, ECONNABORTED when the
 * connection ended without a close_notify, so that what came may have been cut off, and EPROTO for
 * the rest.
 *
 * Takes over a connected socket, which is made not to block. tls is NULL for plain TCP. host is the
 * name to verify and to send as SNI, for clients; NULL for a server. The handshake comes with
 * http_stream_handshake(), or else with the first read or write. Returns NULL and an error, and the
 * socket is still the caller's. Python: SSLContext.wrap_socket(server_hostname=host).
 */
struct http_stream *http_stream_open(int fd, struct http_tls *tls, const char *host,
                                     struct error *error);

/*
 * Begins TLS on a plain stream, behind a proxy's answer to CONNECT: tls and host as above. Returns
 * 0, or -1 and an error, and then the stream is to be closed.
 */
int http_stream_start_tls(struct http_stream *stream, struct http_tls *tls, const char *host,
                          struct error *error);

/*
 * Deadlines are in milliseconds of now_ms() (core/clock.h); a negative one never comes.
 *
 * The handshake: 1 when done, at once for plain TCP, or a result above. What was wrong with the
 * certificate stands in http_stream_error().
 */
int http_stream_handshake(struct http_stream *stream, int64_t deadline);

/* Reads what is there, at least one byte and at most size: returns how many, or a result above. */
ssize_t http_stream_read(struct http_stream *stream, void *data, size_t size, int64_t deadline);

/*
 * Writes all of it: 1, or a result above. How much the peer was sent is then not known, and every
 * later write fails with EPIPE. Never raises SIGPIPE.
 */
int http_stream_write(struct http_stream *stream, const void *data, size_t length,
                      int64_t deadline);

/* The same for two pieces in one go, a head and the body behind it. */
int http_stream_write_both(struct http_stream *stream, const void *first, size_t first_length,
                           const void *second, size_t second_length, int64_t deadline);

/*
 * Writes length bytes of a file from offset on, by sendfile() where there is no TLS. Returns as
 * http_stream_write(); HTTP_STREAM_ERROR with ENODATA when the file has become shorter.
 */
int http_stream_send_file(struct http_stream *stream, int file, off_t offset, uint64_t length,
                          int64_t deadline);

/* What is already there without asking the kernel: bytes that TLS decrypted and nobody read. */
bool http_stream_pending(const struct http_stream *stream);

/* The last error as a sentence: "the certificate is for another name". "" when there was none. */
const char *http_stream_error(const struct http_stream *stream);

int http_stream_fd(const struct http_stream *stream);
bool http_stream_is_tls(const struct http_stream *stream);

/* OpenSSL's side of it, an SSL, for what is not here. NULL for plain TCP. */
struct ssl_st *http_stream_ssl(const struct http_stream *stream);

/* "TLSv1.3" after the handshake, NULL for plain TCP. Python: SSLSocket.version(). */
const char *http_stream_version(const struct http_stream *stream);

/*
 * Finishes sending (TLS: close_notify first, for which there must be room until deadline); reading
 * may go on. 1, or a result above. Python: SSLSocket.unwrap(), socket.shutdown(SHUT_WR).
 */
int http_stream_shutdown(struct http_stream *stream, int64_t deadline);

/*
 * Closes the socket and frees the stream. With TLS a close_notify goes out before, if there is room
 * for it at once and all writes succeeded. NULL is allowed.
 */
void http_stream_close(struct http_stream *stream);

#endif
