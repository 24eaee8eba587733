/* TLS as a server speaks it, on a link; and certificates made for the occasion. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "harness/internal.h"

enum {
    RECORD = 16384 + 2048, /* a record of TLS at its longest, and more */
    LINE_MOST = 16384,
    DAY = 24 * 60 * 60
};

struct tls_identity {
    X509 *certificate;
    EVP_PKEY *key;
};

struct tls_link {
    struct link *link;
    SSL *ssl;
    BIO *in, *out; /* what came and is to be decrypted; what was encrypted and is to go */
};

/* ---- certificates ---- */

static bool add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

/* What authorities and servers have in common: all but whose name it is, and what it is for. */
static bool fill(struct tls_identity *made, const struct tls_identity *issuer, const char *name,
                 int from_days, int until_days)
{
    static long serial;
    X509 *c = made->certificate;
    X509_NAME *subject = c == NULL ? NULL : X509_get_subject_name(c);

    return c != NULL && made->key != NULL && X509_set_version(c, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(c), (long)from_days * DAY) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(c), (long)until_days * DAY) != NULL &&
           X509_set_pubkey(c, made->key) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(c, X509_get_subject_name(issuer->certificate)) == 1;
}

static struct tls_identity *identity_new(struct session *s)
{
    struct tls_identity *made = session_alloc(s, sizeof *made);

    made->certificate = X509_new();
    made->key = EVP_EC_gen("P-256");
    return made;
}

struct tls_identity *tls_authority(struct session *s, const char *file)
{
    struct tls_identity *a = identity_new(s);
    BIO *text = BIO_new(BIO_s_mem());
    static int count; /* two of one name would be taken for one another */
    char *bytes;

    if (!fill(a, a, session_print(s, "authority %d of this case", ++count), -2, 2) ||
        !add_extension(a->certificate, a->certificate, NID_basic_constraints,
                       "critical,CA:TRUE,pathlen:0") ||
        !add_extension(a->certificate, a->certificate, NID_key_usage, "critical,keyCertSign") ||
        !add_extension(a->certificate, a->certificate, NID_subject_key_identifier, "hash") ||
        X509_sign(a->certificate, a->key, EVP_sha256()) == 0 || text == NULL ||
        PEM_write_bio_X509(text, a->certificate) != 1)
        session_fault(s, "cannot make a certificate authority");
    long length = BIO_get_mem_data(text, &bytes);
    if (file != NULL)
        session_file(s, file, bytes, (size_t)length);
    (void)BIO_free(text); /* in memory, it cannot fail */
    return a;
}

static void sign_for(struct session *s, struct tls_identity *made,
                     const struct tls_identity *authority, const char *names, int from_days,
                     int until_days)
{
    X509 *issuer = authority->certificate;

    if (!fill(made, authority, "a server", from_days, until_days) ||
        !add_extension(made->certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(made->certificate, issuer, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(made->certificate, issuer, NID_ext_key_usage, "serverAuth") ||
        !add_extension(made->certificate, issuer, NID_subject_alt_name, names) ||
        X509_sign(made->certificate, authority->key, EVP_sha256()) == 0)
        session_fault(s, "cannot make a certificate for %s", names);
}

struct tls_identity *tls_certificate(struct session *s, const struct tls_identity *authority,
                                     const char *names, int from_days, int until_days)
{
    struct tls_identity *made = identity_new(s);

    sign_for(s, made, authority, names, from_days, until_days);
    return made;
}

struct tls_identity *tls_self_signed(struct session *s, const char *names, int from_days,
                                     int until_days)
{
    struct tls_identity *made = identity_new(s);

    sign_for(s, made, made, names, from_days, until_days);
    return made;
}

const char *tls_pin(struct session *s, const struct tls_identity *identity)
{
    unsigned char *key = NULL, hash[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
    int length = i2d_PUBKEY(identity->key, &key);
    unsigned hashed = 0;

    if (length <= 0 || EVP_Digest(key, (size_t)length, hash, &hashed, EVP_sha256(), NULL) != 1)
        session_fault(s, "cannot hash a public key");
    OPENSSL_free(key);
    (void)EVP_EncodeBlock(text, hash, (int)hashed); /* its length is known: 44 */
    return session_print(s, "sha256//%s", (const char *)text);
}

/* ---- records over the link ---- */

/* Sends what OpenSSL has written. */
static void flush(struct tls_link *tls)
{
    char record[RECORD];
    int length;

    while ((length = BIO_read(tls->out, record, sizeof record)) > 0)
        link_send(tls->link, record, (size_t)length);
}

static bool has_bytes(void *what)
{
    const struct link *link = what;

    return link->in.length > 0 || link->end || link->error != 0;
}

/* Waits for more, and gives it to OpenSSL. False when the program ended the connection. */
static bool take(struct tls_link *tls, const char *waiting)
{
    struct link *link = tls->link;

    link->want = RECORD;
    (void)pump(link->session, has_bytes, link, waiting, false);
    link->want = 0;
    if (link->in.length == 0)
        return false;
    if (BIO_write(tls->in, link->in.data, (int)link->in.length) != (int)link->in.length)
        session_fault(link->session, "out of memory");
    link->in.length = link->matched = 0;
    return true;
}

/* After an SSL_ call that returned result: whether it should be made again. */
static bool again(struct tls_link *tls, int result, const char *waiting)
{
    int why = SSL_get_error(tls->ssl, result);

    flush(tls);
    return why == SSL_ERROR_WANT_READ && take(tls, waiting);
}

/* ---- for cases ---- */

struct tls_link *link_start_tls(struct link *link, const struct tls_identity *identity)
{
    struct session *s = link->session;
    struct tls_link *tls = session_alloc(s, sizeof *tls);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    int result;

    *tls = (struct tls_link){link, NULL, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())};
    /* No tickets: a program that closes while they lie unread resets the connection. */
    if (context == NULL || tls->in == NULL || tls->out == NULL ||
        SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_use_certificate(context, identity->certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, identity->key) != 1 ||
        (tls->ssl = SSL_new(context)) == NULL)
        session_fault(s, "cannot begin TLS");
    SSL_CTX_free(context); /* tls->ssl has a hold on it */
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    do {
        ERR_clear_error();
        result = SSL_accept(tls->ssl);
    } while (result != 1 && again(tls, result, "your program to go on with the handshake of TLS"));
    flush(tls);
    play_say_of(link, result == 1 ? "TLS has begun" : "the handshake of TLS has failed");
    return result == 1 ? tls : NULL;
}

const char *tls_server_name(const struct tls_link *tls)
{
    return SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name);
}

const char *tls_line(struct tls_link *tls, size_t *length)
{
    struct session *s = tls->link->session;
    char *line = session_alloc(s, LINE_MOST);
    size_t have = 0;

    for (;;) {
        ERR_clear_error();
        int result = SSL_read(tls->ssl, line + have, 1);
        if (result != 1 && !again(tls, result, "a line from your program, under TLS"))
            link_over(tls->link, "where a line was expected", "where a line from it was expected");
        if (result != 1)
            continue;
        if (line[have] == '\n')
            break;
        if (++have == LINE_MOST)
            session_fail(s, "Your program sent %d bytes without a line end.", LINE_MOST);
    }
    line[have] = '\0';
    *length = have;
    play_say_of(tls->link, "under TLS, received %s", play_show(s, line, have));
    return line;
}

void tls_send(struct tls_link *tls, const void *bytes, size_t length)
{
    ERR_clear_error();
    if (length > 0 && SSL_write(tls->ssl, bytes, (int)length) != (int)length)
        session_fault(tls->link->session, "cannot write under TLS");
    play_say_of(tls->link, "under TLS, sends %s", play_show(tls->link->session, bytes, length));
    flush(tls);
}

void tls_finish(struct tls_link *tls)
{
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl); /* 0: the program's own close_notify is still to come */
    flush(tls);
}
