/*
 * Hosts whose certificates are good, or bad in one way each; a client shows whether it looks. The
 * last one is an impostor: it proves nothing, and keeps what clients trust it with.
 */
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/address.h"
#include "core/tcp.h"
#include "testbed/service/service.h"

enum {
    HOSTS = 9,
    CLIENT = 7, /* their places in NAMES */
    IMPOSTOR = 8,
    WORKERS = 16, /* for each */
    KEPT = 32,
    SECRETS_MOST = 65536
};

static const char *const NAMES[HOSTS] = {"good",       "expired",    "not-yet",
                                         "wrong-host", "unknown-ca", "self-signed",
                                         "revoked",    "client",     "impostor"};
static const char DOMAIN[] = ".localhost";

static struct host {
    struct http_server_options options; /* with its certificate, tls */
    int listener, result;
    int port;
    bool runs; /* in a thread of its own */
    pthread_t thread;
    struct error error;
} hosts[HOSTS];

static struct {
    pthread_mutex_t lock;
    json_t *seen; /* a list, the oldest first */
} notes = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- certificates ---- */

/* Whoever asks for "expired.localhost" gets that certificate, at whatever port. RFC 6066 section 3.
 */
static int choose(SSL *ssl, int *alert, void *unused)
{
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    size_t length = asked == NULL ? 0 : strlen(asked);

    (void)alert;
    (void)unused;
    for (size_t i = 0; i < HOSTS; i++) {
        size_t name = strlen(NAMES[i]);
        if (length != name + strlen(DOMAIN) || strncasecmp(asked, NAMES[i], name) != 0 ||
            strcasecmp(asked + name, DOMAIN) != 0)
            continue;
        SSL_CTX *context = http_tls_context(hosts[i].options.tls);
        if (SSL_set_SSL_CTX(ssl, context) == NULL)
            return SSL_TLSEXT_ERR_ALERT_FATAL;
        SSL_set_verify(ssl, SSL_CTX_get_verify_mode(context), NULL); /* it does not come along */
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK; /* the port decides */
}

static struct http_tls *load(const char *folder, const char *name, struct error *error)
{
    struct buffer certificate = {0}, key = {0};
    struct http_tls *tls = NULL;

    if (buffer_print(&certificate, "%s/hosts/%s.pem", folder, name) == -1 ||
        buffer_print(&key, "%s/hosts/%s.key", folder, name) == -1)
        (void)error_set(error, "out of memory");
    else
        tls = http_tls_server(buffer_text(&certificate), buffer_text(&key), error);
    buffer_free(&certificate);
    buffer_free(&key);
    if (tls == NULL)
        return NULL;
    SSL_CTX *context = http_tls_context(tls);
    SSL_CTX_set_tlsext_servername_callback(context, choose);
    /* A session that was resumed would show no certificate. */
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_num_tickets(context, 0); /* it always succeeds */
    return tls;
}

static int ask_for_certificates(const char *folder, SSL_CTX *context, struct error *error)
{
    struct buffer file = {0};
    int result = -1;

    if (buffer_print(&file, "%s/clients.pem", folder) == -1)
        (void)error_set(error, "out of memory");
    else if (SSL_CTX_load_verify_file(context, buffer_text(&file)) != 1)
        (void)error_set(error, "%s: no certificates", buffer_text(&file));
    else
        result = 0;
    buffer_free(&file);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return result;
}

/* ---- listening ---- */

static int listen_at(struct host *host, long port, struct error *error)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    host->listener = tcp_listen((uint16_t)port, error);
    if (host->listener == -1)
        return -1;
    if (getsockname(host->listener, (struct sockaddr *)&address, &length) == -1)
        return error_set_errno(error, "getsockname");
    host->port = address_port((struct sockaddr *)&address);
    return 0;
}

int tls_hosts_open(const char *folder, long port, const struct http_server_options *options,
                   struct error *error)
{
    for (size_t i = 0; i < HOSTS; i++) {
        struct http_tls *tls = load(folder, NAMES[i], error);
        if (tls == NULL)
            return -1;
        hosts[i].options = *options;
        hosts[i].options.workers = WORKERS;
        hosts[i].options.tls = tls;
        if (listen_at(&hosts[i], port == 0 ? 0 : port + (long)i, error) == -1)
            return -1;
    }
    return ask_for_certificates(folder, http_tls_context(hosts[CLIENT].options.tls), error);
}

static void *serve(void *argument)
{
    struct host *host = argument;

    host->result = http_serve(host->listener, &host->options, &host->error);
    if (host->result == -1)
        (void)kill(getpid(), SIGTERM); /* to oneself it is always allowed */
    return NULL;
}

int tls_hosts_start(struct error *error)
{
    if (hosts[0].options.tls == NULL)
        return 0;
    if (tcp_announce(hosts[0].listener, error) == -1)
        return -1;
    for (size_t i = 0; i < HOSTS; i++) {
        int why = pthread_create(&hosts[i].thread, NULL, serve, &hosts[i]);
        if (why != 0)
            return error_set(error, "cannot start a thread: %s", strerror(why));
        hosts[i].runs = true;
    }
    return 0;
}

int tls_hosts_end(struct error *error)
{
    int result = 0;

    for (size_t i = 0; i < HOSTS; i++)
        if (hosts[i].runs)
            (void)pthread_join(hosts[i].thread, NULL); /* it exists, and is joined once */
    for (size_t i = 0; i < HOSTS;
         i++) { /* each has the others' certificates until all have ended */
        if (hosts[i].result == -1)
            result = error_set(error, "%s", hosts[i].error.text);
        http_tls_free(hosts[i].options.tls);
        hosts[i].options.tls = NULL;
    }
    json_decref(notes.seen);
    notes.seen = NULL;
    return result;
}

/* ---- the impostor ---- */

static bool is_impostor(struct http_exchange *x)
{
    SSL *ssl = http_stream_ssl(http_exchange_stream(x));

    return ssl != NULL && hosts[IMPOSTOR].options.tls != NULL &&
           SSL_get_SSL_CTX(ssl) == http_tls_context(hosts[IMPOSTOR].options.tls);
}

/* What Basic hides: base64 is no secret. */
static json_t *password_in(const char *authorization)
{
    struct buffer pair = {0};
    json_t *text = NULL;

    if (authorization != NULL && strncasecmp(authorization, "Basic ", 6) == 0 &&
        base64_decode(authorization + 6, false, &pair) == 0)
        text = text_json(pair.data, pair.length);
    buffer_free(&pair);
    return text;
}

static void note(struct http_exchange *x, const struct buffer *body)
{
    const struct http_head *request = x->request;
    const char *authorization = http_headers_get(&request->headers, "Authorization");
    const char *cookie = http_headers_get(&request->headers, "Cookie");
    json_t *seen =
        json_pack("{s:o, s:o}", "method", text_json(request->method, strlen(request->method)),
                  "target", text_json(request->target, strlen(request->target)));

    if (authorization != NULL)
        (void)json_object_set_new(seen, "authorization", text_json_latin1(authorization));
    json_t *password = password_in(authorization);
    if (password != NULL)
        (void)json_object_set_new(seen, "password", password);
    if (cookie != NULL)
        (void)json_object_set_new(seen, "cookie", text_json_latin1(cookie));
    if (body->length > 0)
        (void)json_object_set_new(seen, "body", text_json(body->data, body->length));
    (void)pthread_mutex_lock(&notes.lock); /* neither fails: it is no recursive lock */
    if (notes.seen == NULL)
        notes.seen = json_array();
    (void)json_array_append_new(notes.seen, seen); /* short of memory, a note is lost */
    if (json_array_size(notes.seen) > KEPT)
        (void)json_array_remove(notes.seen, 0);
    (void)pthread_mutex_unlock(&notes.lock);
}

bool impostor_answers(struct http_exchange *x)
{
    static const char WELCOME[] = "{\n  \"authenticated\": true\n}\n"; /* whatever it was */
    struct buffer body = {0};

    if (!is_impostor(x))
        return false;
    x->body_limit = SECRETS_MOST;
    if (http_read_whole(x, &body) == 0) {
        note(x, &body);
        http_answer(x, HTTP_OK, "application/json", WELCOME, sizeof WELCOME - 1);
    }
    buffer_free(&body);
    return true;
}

/* ---- what a client may ask ---- */

static void answer_notes(struct call *call)
{
    (void)pthread_mutex_lock(&notes.lock);
    json_t *seen = notes.seen != NULL ? json_deep_copy(notes.seen) : json_array();
    if (strcmp(call->method, "DELETE") == 0 && notes.seen != NULL)
        (void)json_array_clear(notes.seen);
    (void)pthread_mutex_unlock(&notes.lock);
    send_json(call, HTTP_OK, seen);
}

static void answer_hosts(struct call *call)
{
    json_t *ports = json_object();

    for (size_t i = 0; i < HOSTS && hosts[i].options.tls != NULL; i++)
        (void)json_object_set_new(ports, NAMES[i], json_integer(hosts[i].port));
    send_json(call, HTTP_OK, ports);
}

/* The subject of a client's certificate as RFC 2253 writes it, or null. */
static json_t *subject_of(SSL *ssl)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    BIO *text = BIO_new(BIO_s_mem());
    json_t *subject = NULL;
    char *bytes;

    if (certificate != NULL && text != NULL &&
        X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) > 0) {
        long length = BIO_get_mem_data(text, &bytes);
        subject = text_json(bytes, (size_t)length);
    }
    (void)BIO_free(text); /* in memory, it cannot fail */
    X509_free(certificate);
    return subject != NULL ? subject : json_null();
}

static void answer_tls(struct call *call)
{
    SSL *ssl = http_stream_ssl(http_exchange_stream(call->x));

    if (ssl == NULL) {
        send_json(call, HTTP_OK, json_pack("{s:n, s:n, s:n}", "version", "name", "client"));
        return;
    }
    send_json(call, HTTP_OK,
              json_pack("{s:s, s:s?, s:o}", "version", SSL_get_version(ssl), "name",
                        SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), "client",
                        subject_of(ssl)));
}

const struct route TLS_ROUTES[] = {{"GET", "/tls", answer_tls},
                                   {"GET", "/tls/hosts", answer_hosts},
                                   {"GET DELETE", "/tls/impostor", answer_notes},
                                   {NULL, NULL, NULL}};
