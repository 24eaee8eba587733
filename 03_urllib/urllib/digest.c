/* The digest by which a client shows that it knows a password, and does not say it. RFC 7616. */
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "urllib/internal.h"

struct algorithm {
    const char *name, *openssl;
    bool session; /* the password is mixed with both nonces once for a session */
};
static const struct algorithm algorithms[] = {
    {"MD5", "MD5", false},
    {"MD5-sess", "MD5", true},
    {"SHA-256", "SHA256", false},
    {"SHA-256-sess", "SHA256", true},
};

static const struct algorithm *find(const char *name)
{
    if (name == NULL)
        return &algorithms[0];
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (http_same_text(name, strlen(name), algorithms[i].name, strlen(algorithms[i].name)))
            return &algorithms[i];
    return NULL;
}

bool url_digest_knows(const char *algorithm)
{
    return find(algorithm) != NULL;
}

/* The digest of the texts up to a NULL, with a colon between two. 0, or -1. */
static int hash(const struct algorithm *algorithm, char hex[URL_DIGEST_SIZE], ...)
{
    const EVP_MD *md = EVP_get_digestbyname(algorithm->openssl);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    va_list texts;

    bool sound = md != NULL && context != NULL && EVP_DigestInit_ex(context, md, NULL) == 1;
    va_start(texts, hex);
    const char *text = va_arg(texts, const char *);
    for (bool first = true; sound && text != NULL; first = false) {
        sound = (first || EVP_DigestUpdate(context, ":", 1) == 1) &&
                EVP_DigestUpdate(context, text, strlen(text)) == 1;
        text = va_arg(texts, const char *);
    }
    va_end(texts);
    sound =
        sound && EVP_DigestFinal_ex(context, bytes, &length) == 1 && length * 2 < URL_DIGEST_SIZE;
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; sound && i < length; i++)
        (void)snprintf(hex + 2 * (size_t)i, 3, "%02x", bytes[i]); /* it has room */
    return sound ? 0 : -1;
}

/* [digest] */
int url_digest_response(const struct url_digest *d, char hex[URL_DIGEST_SIZE])
{
    const struct algorithm *algorithm = find(d->algorithm);
    char who[URL_DIGEST_SIZE], what[URL_DIGEST_SIZE], count[9];

    if (algorithm == NULL || hash(algorithm, who, d->user, d->realm, d->password, NULL) == -1)
        return -1;
    if (algorithm->session && hash(algorithm, who, who, d->nonce, d->cnonce, NULL) == -1)
        return -1;
    if (hash(algorithm, what, d->method, d->uri, NULL) == -1)
        return -1;
    (void)snprintf(count, sizeof count, "%08x", d->count); /* it has room */
    if (d->has_qop)
        return hash(algorithm, hex, who, d->nonce, count, d->cnonce, "auth", what, NULL);
    return hash(algorithm, hex, who, d->nonce, what, NULL);
}
/* [/digest] */
