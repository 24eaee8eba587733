/*
 * Exercise 4.9, by hand: OpenSSL's own result for chain and name, and a pin that is made here of
 * the certificate that was shown.
 */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "http/stream.h"

enum { PREFIX = 8, HASH = 44, PIN = PREFIX + HASH };

struct verdict {
    int status;
    const char *word;
};

static const struct verdict GOOD = {0, "good"}, WRONG_PIN = {19, "wrong-pin"};

static struct verdict of_connecting(int why)
{
    switch (why) {
    case ENOENT:
        return (struct verdict){10, "no-name"};
    case ETIMEDOUT:
        return (struct verdict){12, "time-out"};
    default:
        return (struct verdict){11, "refused"};
    }
}

static struct verdict of_chain(long why)
{
    switch (why) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return (struct verdict){14, "expired"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return (struct verdict){15, "not-yet-valid"};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return (struct verdict){16, "self-signed"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        return (struct verdict){17, "unknown-authority"};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return (struct verdict){18, "wrong-host"};
    default:
        return (struct verdict){20, "bad-certificate"};
    }
}

static bool is_pin(const char *pins)
{
    for (; strncmp(pins, "sha256//", PREFIX) == 0; pins += PIN + 1) {
        for (int i = PREFIX; i < PIN; i++)
            if (pins[i] == '\0' || pins[i] == ';' || (pins[i] == '=') != (i == PIN - 1))
                return false;
        unsigned char bytes[HASH];
        if (EVP_DecodeBlock(bytes, (const unsigned char *)pins + PREFIX, HASH) == -1)
            return false;
        if (pins[PIN] == '\0')
            return true;
        if (pins[PIN] != ';')
            return false;
    }
    return false;
}

static bool has_key(SSL *ssl, const char *pins)
{
    unsigned char hash[EVP_MAX_MD_SIZE], text[HASH + 1], *key = NULL;
    unsigned length;
    X509 *shown = SSL_get1_peer_certificate(ssl);

    if (shown == NULL)
        return false;
    int size = i2d_PUBKEY(X509_get0_pubkey(shown), &key);
    X509_free(shown);
    if (size <= 0 || EVP_Digest(key, (size_t)size, hash, &length, EVP_sha256(), NULL) != 1)
        die("cannot hash the key");
    OPENSSL_free(key);
    (void)EVP_EncodeBlock(text, hash, (int)length); /* 44 of 32 */
    return strstr(pins, (const char *)text) != NULL;
}

static struct verdict examine(struct http_tls *tls, char **words, int64_t deadline)
{
    struct error error;
    struct verdict verdict = GOOD;
    int fd = http_connect(words[3], words[4], deadline, &error);

    if (fd == -1) {
        verdict = of_connecting(errno);
        report("%s: %s", verdict.word, error.text);
        return verdict;
    }
    struct http_stream *stream = http_stream_open(fd, tls, words[3], &error);
    if (stream == NULL)
        die("%s", error.text);
    int result = http_stream_handshake(stream, deadline);
    if (result == HTTP_STREAM_TIMEOUT)
        verdict = of_connecting(ETIMEDOUT);
    else if (result != 1 && errno == EKEYREJECTED)
        verdict = of_chain(SSL_get_verify_result(http_stream_ssl(stream)));
    else if (result != 1)
        verdict = (struct verdict){13, "no-tls"};
    else if (words[5] != NULL && !has_key(http_stream_ssl(stream), words[5]))
        verdict = WRONG_PIN;
    if (verdict.status != 0)
        report("%s: %s", verdict.word, http_stream_error(stream));
    http_stream_close(stream);
    return verdict;
}

int main(int argc, char **argv)
{
    struct error error;
    long ms, port;

    if (argc < 5 || argc > 6 || !number_parse(argv[2], 1, 60000, &ms) ||
        !number_parse(argv[4], 1, 65535, &port) || (argc == 6 && !is_pin(argv[5])))
        die_usage("AUTHORITIES MS HOST PORT [PIN]");
    struct http_tls *tls = http_tls_client(argv[1], &error);
    if (tls == NULL)
        die("%s", error.text);
    struct verdict verdict = examine(tls, argv, now_ms() + ms);
    http_tls_free(tls);
    printf("%s\n", verdict.word);
    finish(verdict.status);
}
