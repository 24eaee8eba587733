#include "http/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/address.h"
#include "core/clock.h"

enum {
    RECORD = 16384,       /* bytes of content in a TLS record, at most. RFC 8446 section 5.1 */
    SILENT = 32,          /* records without content that are read without a look at the time */
    FILE_PIECE = 1 << 30, /* what sendfile() is asked for at once */
    ALERT_REASON_OFFSET = 1000 /* SSL_AD_REASON_OFFSET: an alert of the peer, as a reason */
};

struct http_tls {
    SSL_CTX *context;
    BIO_METHOD *method; /* how its connections use their sockets */
    bool is_server;
};

struct http_stream {
    int fd;
    SSL *ssl;            /* NULL for plain TCP */
    bool ended;          /* recv() has returned 0 */
    bool drained;        /* recv() had nothing more */
    unsigned silent;     /* records without content that came in a row */
    bool write_finished; /* by http_stream_shutdown() */
    bool write_failed;   /* something was sent in part: nothing may follow */
    bool tls_failed;     /* the TLS connection is of no use any more */
    struct error error;
};

/* ---- waiting -------------------------------------------------------------------------------- */

/* Waits until fd is ready: 1, or a result of enum http_stream_result. */
static int wait_ready(int fd, short events, int64_t deadline)
{
    struct pollfd wanted = {.fd = fd, .events = events};

    if (deadline == HTTP_STREAM_NOW)
        return HTTP_STREAM_AGAIN;
    for (;;) {
        int64_t left = deadline < 0 ? -1 : deadline - now_ms();
        if (deadline >= 0 && left <= 0)
            return HTTP_STREAM_TIMEOUT;
        int ready = poll(&wanted, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0)
            return 1;
        if (ready == -1 && errno != EINTR)
            return HTTP_STREAM_ERROR;
    }
}

/* Keeps what errno says in words; returns HTTP_STREAM_ERROR. */
static int fail_errno(struct http_stream *stream)
{
    (void)error_set(&stream->error, "%s (%s)", errno_name(errno), strerror(errno));
    return HTTP_STREAM_ERROR;
}

/* The same for a result of wait_ready() that is not 1. */
static int fail_wait(struct http_stream *stream, int result)
{
    if (result == HTTP_STREAM_TIMEOUT)
        (void)error_set(&stream->error, "the time limit passed");
    return result == HTTP_STREAM_ERROR ? fail_errno(stream) : result;
}

/* ---- connecting ----------------------------------------------------------------------------- */

static int make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags == -1)
        return -1;
    return (flags & O_NONBLOCK) != 0 ? 0 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* Waits for the end of a connect() that was begun. Returns 0, or -1 with errno. */
static int await_connected(int fd, int64_t deadline)
{
    int why = 0;
    socklen_t length = sizeof why;
    int ready = wait_ready(fd, POLLOUT, deadline);

    if (ready == HTTP_STREAM_ERROR)
        return -1;
    if (ready != 1)
        why = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &length) == -1)
        return -1;
    errno = why;
    return why == 0 ? 0 : -1;
}

static int connect_address(const struct addrinfo *address, int64_t deadline)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->ai_protocol);

    if (fd == -1 || connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    /* Interrupted, it goes on by itself all the same: connect(2). */
    if ((errno == EINPROGRESS || errno == EINTR) && await_connected(fd, deadline) == 0)
        return fd;
    int why = errno;
    (void)close(fd); /* nothing was written */
    errno = why;
    return -1;
}

/* The moment until which one address of count may be waited for. */
static int64_t share_of(int64_t deadline, size_t count)
{
    int64_t now = now_ms();

    if (deadline <= now || count < 2)
        return deadline;
    return now + (deadline - now) / (int64_t)count;
}

int http_connect(const char *host, const char *port, int64_t deadline, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int result = getaddrinfo(host, port, &hints, &list), fd = -1, why = ENOENT;
    size_t left = 0;

    if (result != 0) {
        why = result == EAI_SYSTEM ? errno : ENOENT;
        (void)error_set(error, "%s, %s: %s", host, port,
                        result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
        errno = why;
        return -1;
    }
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        left++;
    for (const struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next, left--) {
        char text[ADDRESS_TEXT];
        fd = connect_address(a, share_of(deadline, left));
        if (fd != -1)
            break;
        why = errno;
        (void)error_set(error, "%s: %s (%s)", address_format(a->ai_addr, a->ai_addrlen, text),
                        errno_name(why), strerror(why));
    }
    freeaddrinfo(list);
    errno = why;
    return fd;
}

/* ---- TLS on a socket ------------------------------------------------------------------------ */

/*
 * OpenSSL's own BIO for sockets calls write(), which raises SIGPIPE when the peer is gone. This one
 * calls send() and recv(), and knows about its stream what http_stream knows.
 */
static int bio_write(BIO *bio, const char *data, int length)
{
    struct http_stream *stream = BIO_get_data(bio);
    ssize_t sent;

    BIO_clear_retry_flags(bio);
    do
        sent = send(stream->fd, data, (size_t)length, MSG_NOSIGNAL);
    while (sent == -1 && errno == EINTR);
    if (sent == -1 && errno == EAGAIN)
        BIO_set_retry_write(bio);
    return (int)sent;
}

static int bio_read(BIO *bio, char *data, int size)
{
    struct http_stream *stream = BIO_get_data(bio);
    ssize_t got;

    BIO_clear_retry_flags(bio);
    do
        got = recv(stream->fd, data, (size_t)size, 0);
    while (got == -1 && errno == EINTR);
    stream->drained = got == -1 && errno == EAGAIN;
    if (stream->drained)
        BIO_set_retry_read(bio);
    stream->ended = got == 0;
    return (int)got;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    const struct http_stream *stream = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return stream->ended;
    return command == BIO_CTRL_FLUSH; /* nothing is kept back; and nothing else is known */
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "http_stream");

    if (method != NULL && BIO_meth_set_write(method, bio_write) == 1 &&
        BIO_meth_set_read(method, bio_read) == 1 && BIO_meth_set_ctrl(method, bio_control) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* ---- TLS: whom to trust, who one is --------------------------------------------------------- */

static const unsigned char protocols[] = "\x08http/1.1"; /* RFC 7301: names with their lengths */
static const unsigned char served[] = "\x08http/1.1\x08http/1.0"; /* some clients know that alone */
enum { PROTOCOLS = sizeof protocols - 1, SERVED = sizeof served - 1 };

/* A client that names its protocols must name ours. RFC 7301 section 3.2. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *length,
                           const unsigned char *offered, unsigned int offered_length, void *context)
{
    unsigned char *found;

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&found, length, served, SERVED, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

/* A key under a password is refused: nobody is there to type it. */
static int refuse_password(char *password, int size, int writing, void *context)
{
    (void)password;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

/* Why OpenSSL's last call failed, the first cause of it. */
static const char *openssl_reason(void)
{
    unsigned long code = ERR_peek_error();
    const char *reason;

    if (code == 0)
        return "out of memory";
    reason =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    return reason != NULL ? reason : "an unknown error";
}

static struct http_tls *make_tls(bool is_server, struct error *error)
{
    struct http_tls *tls = calloc(1, sizeof *tls);

    ERR_clear_error();
    if (tls != NULL) {
        tls->is_server = is_server;
        tls->method = make_method();
        tls->context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    }
    if (tls == NULL || tls->method == NULL || tls->context == NULL ||
        SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1) {
        (void)error_set(error, "TLS: %s", openssl_reason());
        http_tls_free(tls);
        return NULL;
    }
    (void)SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_mode(tls->context,
                           SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Else a peer that sends new keys or tickets without end keeps SSL_read() busy for good. */
    (void)SSL_CTX_clear_mode(tls->context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_default_passwd_cb(tls->context, refuse_password);
    return tls;
}

struct http_tls *http_tls_client(const char *authorities, struct error *error)
{
    struct http_tls *tls = make_tls(false, error);

    if (tls == NULL)
        return NULL;
    /* [verify] */
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    int trusted;
    if (authorities != NULL)
        trusted = SSL_CTX_load_verify_file(tls->context, authorities);
    else
        trusted = SSL_CTX_set_default_verify_paths(tls->context);
    /* [/verify] */
    if (trusted == 1 && SSL_CTX_set_alpn_protos(tls->context, protocols, PROTOCOLS) == 0)
        return tls;
    (void)error_set(error, "%s: %s", authorities != NULL ? authorities : "the system's authorities",
                    openssl_reason());
    http_tls_free(tls);
    return NULL;
}

struct http_tls *http_tls_server(const char *certificate, const char *key, struct error *error)
{
    struct http_tls *tls = make_tls(true, error);
    const char *what = NULL;

    if (tls == NULL)
        return NULL;
    SSL_CTX_set_alpn_select_cb(tls->context, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(tls->context, certificate) != 1)
        what = certificate;
    else if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(tls->context) != 1)
        what = key;
    if (what == NULL)
        return tls;
    (void)error_set(error, "%s: %s", what, openssl_reason());
    http_tls_free(tls);
    return NULL;
}

struct ssl_ctx_st *http_tls_context(const struct http_tls *tls)
{
    return tls->context;
}

void http_tls_free(struct http_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    free(tls);
}

/* ---- TLS: what goes wrong ------------------------------------------------------------------- */

static int refuse_certificate(struct http_stream *stream, long why)
{
    const char *what = X509_verify_cert_error_string(why);

    switch (why) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
        what = "it is for another name";
        break;
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        what = "it is for another address";
        break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        what = "it has expired";
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        what = "it is not valid yet";
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        what = "it is signed by itself";
        break;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        what = "nobody who is trusted signed it";
        break;
    default:
        break;
    }
    (void)error_set(&stream->error, "certificate refused: %s", what);
    errno = EKEYREJECTED;
    return HTTP_STREAM_ERROR;
}

/* After SSL_ERROR_SSL: says what it was. */
static int fail_tls(struct http_stream *stream)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    const char *what = openssl_reason();
    long verified = SSL_get_verify_result(stream->ssl);

    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK)
        return refuse_certificate(stream, verified);
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        (void)error_set(&stream->error, "TLS: the connection ended without a close_notify");
        errno = ECONNABORTED;
        return HTTP_STREAM_ERROR;
    }
    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        what = "there is no version that both ends allow";
        break;
    case SSL_R_WRONG_VERSION_NUMBER:
        what = "the peer does not speak it";
        break;
    case SSL_R_HTTP_REQUEST:
        what = "the client speaks HTTP without it";
        break;
    default:
        if (reason > ALERT_REASON_OFFSET && reason < ALERT_REASON_OFFSET + 256) {
            (void)error_set(&stream->error, "TLS: the peer's alert: %s",
                            SSL_alert_desc_string_long(reason - ALERT_REASON_OFFSET));
            what = NULL;
        }
        break;
    }
    if (what != NULL)
        (void)error_set(&stream->error, "TLS: %s", what);
    errno = EPROTO;
    return HTTP_STREAM_ERROR;
}

/* Waits for more to read. What came so far may have been no content, and more be there already. */
static int wait_input(struct http_stream *stream, int64_t deadline)
{
    if (!stream->drained && ++stream->silent < SILENT)
        return 1;
    stream->silent = 0;
    return wait_ready(stream->fd, POLLIN, deadline);
}

/*
 * After an SSL_ call that returned result: 1 when it should be made again, since the socket is
 * ready now, or a result of enum http_stream_result.
 */
static int tls_again(struct http_stream *stream, int result, int64_t deadline)
{
    int why = errno, ready;

    switch (SSL_get_error(stream->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        ready = wait_input(stream, deadline);
        return ready == 1 ? 1 : fail_wait(stream, ready);
    case SSL_ERROR_WANT_WRITE:
        ready = wait_ready(stream->fd, POLLOUT, deadline);
        return ready == 1 ? 1 : fail_wait(stream, ready);
    case SSL_ERROR_ZERO_RETURN:
        return HTTP_STREAM_END;
    case SSL_ERROR_SYSCALL:
        stream->tls_failed = true;
        errno = why != 0 ? why : ECONNABORTED;
        return fail_errno(stream);
    default:
        stream->tls_failed = true;
        return fail_tls(stream);
    }
}

/* Nothing may be asked of a TLS connection that has failed; true when that is so. */
static bool tls_is_dead(struct http_stream *stream)
{
    if (stream->tls_failed)
        errno = EPIPE;
    return stream->tls_failed;
}

static ssize_t tls_read(struct http_stream *stream, void *data, size_t size, int64_t deadline)
{
    size_t got;

    if (tls_is_dead(stream))
        return HTTP_STREAM_ERROR;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_read_ex(stream->ssl, data, size, &got);
        if (result == 1) {
            stream->silent = 0;
            return (ssize_t)got;
        }
        result = tls_again(stream, result, deadline);
        if (result != 1)
            return result;
    }
}

static int tls_write(struct http_stream *stream, const void *data, size_t length, int64_t deadline)
{
    size_t sent;

    if (length == 0)
        return 1;
    if (tls_is_dead(stream))
        return HTTP_STREAM_ERROR;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_write_ex(stream->ssl, data, length, &sent);
        if (result == 1)
            return 1;
        result = tls_again(stream, result, deadline);
        if (result == HTTP_STREAM_END) { /* a write has no end: our side was finished */
            errno = EPIPE;
            return fail_errno(stream);
        }
        if (result != 1)
            return result;
    }
}

/* Both in as few records as they need: a head with a small body behind it is one, and one send().
 */
static int tls_write_both(struct http_stream *stream, const char *first, size_t first_length,
                          const char *second, size_t second_length, int64_t deadline)
{
    char record[RECORD];
    size_t part = first_length < sizeof record ? sizeof record - first_length : 0;
    int result;

    if (part > second_length)
        part = second_length;
    if (first_length == 0 || part == 0) {
        part = 0;
        result = tls_write(stream, first, first_length, deadline);
    } else {
        memcpy(record, first, first_length);
        memcpy(record + first_length, second, part);
        result = tls_write(stream, record, first_length + part, deadline);
    }
    return result == 1 ? tls_write(stream, second + part, second_length - part, deadline) : result;
}

/* ---- plain TCP ------------------------------------------------------------------------------ */

static ssize_t plain_read(struct http_stream *stream, void *data, size_t size, int64_t deadline)
{
    for (;;) {
        ssize_t got = recv(stream->fd, data, size, 0);
        if (got >= 0)
            return got;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return fail_errno(stream);
        int ready = wait_ready(stream->fd, POLLIN, deadline);
        if (ready != 1)
            return fail_wait(stream, ready);
    }
}

/* Drops sent bytes from the front of the pieces of a message. */
static void advance(struct msghdr *message, size_t sent)
{
    while (message->msg_iovlen > 0 && sent >= message->msg_iov->iov_len) {
        sent -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (message->msg_iovlen > 0) {
        message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + sent;
        message->msg_iov->iov_len -= sent;
    }
}

static int plain_write(struct http_stream *stream, struct iovec *pieces, size_t count,
                       int64_t deadline)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};

    advance(&message, 0); /* empty pieces */
    while (message.msg_iovlen > 0) {
        ssize_t sent = sendmsg(stream->fd, &message, MSG_NOSIGNAL);
        if (sent >= 0) {
            advance(&message, (size_t)sent);
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return fail_errno(stream);
        int ready = wait_ready(stream->fd, POLLOUT, deadline);
        if (ready != 1)
            return fail_wait(stream, ready);
    }
    return 1;
}

/* sendfile() that raises no SIGPIPE, for which it has no flag. */
static ssize_t quiet_sendfile(int fd, int file, off_t *offset, size_t length)
{
    const struct timespec at_once = {0};
    sigset_t pipe_only, before, pending;

    (void)sigemptyset(&pipe_only); /* these cannot fail for valid arguments */
    (void)sigaddset(&pipe_only, SIGPIPE);
    (void)sigpending(&pending);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    ssize_t sent = sendfile(fd, file, offset, length);
    int why = errno;
    /* It comes behind EPIPE, and behind a part that was sent just before as well. */
    if (sent != (ssize_t)length && sigismember(&pending, SIGPIPE) == 0)
        while (sigtimedwait(&pipe_only, NULL, &at_once) == -1 && errno == EINTR)
            ;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return sent;
}

/* Reads a piece of a file and writes it: for TLS, and where sendfile() does not serve. */
static int copy_file(struct http_stream *stream, int file, off_t offset, uint64_t length,
                     int64_t deadline)
{
    char piece[RECORD];

    while (length > 0) {
        size_t wanted = length < sizeof piece ? (size_t)length : sizeof piece;
        ssize_t got = pread(file, piece, wanted, offset);
        if (got == -1 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got == 0 ? ENODATA : errno;
            return fail_errno(stream);
        }
        struct iovec part = {.iov_base = piece, .iov_len = (size_t)got};
        int result = stream->ssl != NULL ? tls_write(stream, piece, (size_t)got, deadline)
                                         : plain_write(stream, &part, 1, deadline);
        if (result != 1)
            return result;
        offset += got;
        length -= (uint64_t)got;
    }
    return 1;
}

static int plain_send_file(struct http_stream *stream, int file, off_t offset, uint64_t length,
                           int64_t deadline)
{
    while (length > 0) {
        ssize_t sent = quiet_sendfile(stream->fd, file, &offset,
                                      length < FILE_PIECE ? (size_t)length : FILE_PIECE);
        if (sent > 0) {
            length -= (uint64_t)sent;
            continue;
        }
        if (sent == -1 && (errno == EINVAL || errno == ENOSYS)) /* not from such a file */
            return copy_file(stream, file, offset, length, deadline);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == 0)
            errno = ENODATA;
        if (errno != EAGAIN)
            return fail_errno(stream);
        int ready = wait_ready(stream->fd, POLLOUT, deadline);
        if (ready != 1)
            return fail_wait(stream, ready);
    }
    return 1;
}

/* ---- the stream ----------------------------------------------------------------------------- */

/* The subject's common name is not looked at, however it reads: RFC 9110 section 4.3.4. */
enum { NAMES = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT };

/* The name that must be in the certificate, and by which the server chooses one. */
/* [expect-name] */
static bool expect_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *wanted = SSL_get0_param(ssl);

    X509_VERIFY_PARAM_set_hostflags(wanted, NAMES);
    return X509_VERIFY_PARAM_set1_host(wanted, name, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, name) == 1;
}
/* [/expect-name] */

/* The same for whatever host is: a name, with a dot at its end perhaps, or an address. */
static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    size_t length = strlen(host);
    unsigned char address[sizeof(struct in6_addr)];
    char name[256]; /* a name of DNS has 253 bytes at most */

    if (inet_pton(AF_INET, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip(parameters, address, sizeof(struct in_addr)) == 1;
    if (memchr(host, ':', length) != NULL)
        length = strcspn(host, "%"); /* an interface of this machine: no certificate names it */
    else if (length > 0 && host[length - 1] == '.')
        length--; /* a full name; certificates and SNI leave the dot out: RFC 6066 section 3 */
    if (length == 0 || length >= sizeof name)
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    if (inet_pton(AF_INET6, name, address) == 1)
        return X509_VERIFY_PARAM_set1_ip(parameters, address, sizeof(struct in6_addr)) == 1;
    return expect_name(ssl, name);
}

static bool add_tls(struct http_stream *stream, struct http_tls *tls, const char *host)
{
    BIO *bio = BIO_new(tls->method);

    stream->ssl = SSL_new(tls->context);
    if (stream->ssl == NULL || bio == NULL) {
        (void)BIO_free(bio); /* may be NULL; frees what nobody has */
        return false;
    }
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(stream->ssl, bio, bio);
    if (tls->is_server)
        SSL_set_accept_state(stream->ssl);
    else
        SSL_set_connect_state(stream->ssl);
    return tls->is_server || expect_host(stream->ssl, host);
}

int http_stream_start_tls(struct http_stream *stream, struct http_tls *tls, const char *host,
                          struct error *error)
{
    ERR_clear_error();
    if ((tls->is_server || host != NULL) && add_tls(stream, tls, host))
        return 0;
    stream->tls_failed = true;
    return error_set(error, "TLS: %s",
                     ERR_peek_error() != 0 ? openssl_reason() : "no name to verify");
}

struct http_stream *http_stream_open(int fd, struct http_tls *tls, const char *host,
                                     struct error *error)
{
    struct http_stream *stream = calloc(1, sizeof *stream);

    if (stream == NULL || make_nonblocking(fd) == -1) {
        (void)error_set_errno(error, "a connection");
        free(stream);
        return NULL;
    }
    stream->fd = fd;
    if (tls != NULL && http_stream_start_tls(stream, tls, host, error) == -1) {
        SSL_free(stream->ssl);
        free(stream);
        return NULL;
    }
    return stream;
}

int http_stream_handshake(struct http_stream *stream, int64_t deadline)
{
    if (stream->ssl == NULL)
        return 1;
    if (tls_is_dead(stream))
        return HTTP_STREAM_ERROR;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_do_handshake(stream->ssl);
        if (result == 1)
            return 1;
        result = tls_again(stream, result, deadline);
        if (result != 1)
            return result;
    }
}

ssize_t http_stream_read(struct http_stream *stream, void *data, size_t size, int64_t deadline)
{
    return stream->ssl != NULL ? tls_read(stream, data, size, deadline)
                               : plain_read(stream, data, size, deadline);
}

/* Whether nothing may be written any more; if so, sets errno. */
static bool write_is_over(struct http_stream *stream)
{
    if (!stream->write_failed && !stream->write_finished)
        return false;
    errno = EPIPE;
    (void)error_set(&stream->error, "writing went on behind its end");
    return true;
}

static int note_write(struct http_stream *stream, int result)
{
    stream->write_failed = result != 1;
    return result;
}

int http_stream_write(struct http_stream *stream, const void *data, size_t length, int64_t deadline)
{
    return http_stream_write_both(stream, data, length, NULL, 0, deadline);
}

int http_stream_write_both(struct http_stream *stream, const void *first, size_t first_length,
                           const void *second, size_t second_length, int64_t deadline)
{
    struct iovec pieces[2] = {{.iov_base = (void *)first, .iov_len = first_length},
                              {.iov_base = (void *)second, .iov_len = second_length}};

    if (write_is_over(stream))
        return HTTP_STREAM_ERROR;
    if (stream->ssl == NULL)
        return note_write(stream, plain_write(stream, pieces, 2, deadline));
    if (second_length == 0)
        return note_write(stream, tls_write(stream, first, first_length, deadline));
    return note_write(stream,
                      tls_write_both(stream, first, first_length, second, second_length, deadline));
}

int http_stream_send_file(struct http_stream *stream, int file, off_t offset, uint64_t length,
                          int64_t deadline)
{
    if (write_is_over(stream))
        return HTTP_STREAM_ERROR;
    return note_write(stream, stream->ssl != NULL
                                  ? copy_file(stream, file, offset, length, deadline)
                                  : plain_send_file(stream, file, offset, length, deadline));
}

bool http_stream_pending(const struct http_stream *stream)
{
    return stream->ssl != NULL && SSL_pending(stream->ssl) > 0;
}

const char *http_stream_error(const struct http_stream *stream)
{
    return stream->error.text;
}

int http_stream_fd(const struct http_stream *stream)
{
    return stream->fd;
}

bool http_stream_is_tls(const struct http_stream *stream)
{
    return stream->ssl != NULL;
}

struct ssl_st *http_stream_ssl(const struct http_stream *stream)
{
    return stream->ssl;
}

const char *http_stream_version(const struct http_stream *stream)
{
    return stream->ssl != NULL ? SSL_get_version(stream->ssl) : NULL;
}

/* Sends the close_notify that says that nothing was cut off. */
static int finish_tls(struct http_stream *stream, int64_t deadline)
{
    if (stream->write_failed || stream->tls_failed || !SSL_is_init_finished(stream->ssl))
        return 1;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_shutdown(stream->ssl);
        if (result >= 0)
            return 1;
        result = tls_again(stream, result, deadline);
        if (result != 1)
            return result;
    }
}

int http_stream_shutdown(struct http_stream *stream, int64_t deadline)
{
    int result = 1;

    if (stream->write_finished)
        return 1;
    if (stream->ssl != NULL)
        result = finish_tls(stream, deadline);
    stream->write_finished = true;
    if (shutdown(stream->fd, SHUT_WR) == -1 && result == 1)
        result = fail_errno(stream);
    return result;
}

void http_stream_close(struct http_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->ssl != NULL && !stream->write_finished)
        (void)finish_tls(stream, HTTP_STREAM_NOW); /* as well as can be */
    SSL_free(stream->ssl);
    (void)close(stream->fd); /* what matters was written before */
    free(stream);
}
