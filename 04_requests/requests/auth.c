/* What goes into Authorization. */
#include "requests/auth.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "requests/internal.h"

struct requests_auth requests_basic_auth(const char *user, const char *password)
{
    return (struct requests_auth){.kind = REQUESTS_BASIC, .user = user, .secret = password};
}

struct requests_auth requests_digest_auth(const char *user, const char *password)
{
    return (struct requests_auth){.kind = REQUESTS_DIGEST, .user = user, .secret = password};
}

struct requests_auth requests_bearer_auth(const char *token)
{
    return (struct requests_auth){.kind = REQUESTS_BEARER, .secret = token};
}

struct requests_auth requests_custom_auth(int (*function)(struct requests_prepared *request,
                                                          void *context,
                                                          struct requests_error *error),
                                          void *context)
{
    return (struct requests_auth){
        .kind = REQUESTS_CUSTOM, .function = function, .context = context};
}

/* Sets Authorization to "Basic " and the base64 of user:password. */
static int set_basic(struct requests_prepared *request, const struct requests_auth *auth,
                     struct requests_error *error)
{
    struct buffer plain = {0};
    unsigned char *code = NULL;
    int result = -1;

    if (strchr(auth->user, ':') != NULL) {
        return requests_error_set(error, REQUESTS_INVALID_HEADER,
                                  "a colon in the user's name, which Basic cannot tell");
    }
    if (buffer_print(&plain, "%s:%s", auth->user, auth->secret) == 0 && plain.length < INT_MAX / 2)
        code = malloc(plain.length / 3 * 4 + 5);
    if (code != NULL) {
        (void)EVP_EncodeBlock(code, (const unsigned char *)plain.data, (int)plain.length);
        struct buffer value = {0};
        if (buffer_print(&value, "Basic %s", (const char *)code) == 0)
            result = http_headers_set(&request->headers, "Authorization", value.data);
        OPENSSL_cleanse(code, strlen((const char *)code));
        buffer_free(&value);
    }
    if (plain.data != NULL)
        OPENSSL_cleanse(plain.data, plain.length);
    free(code);
    buffer_free(&plain);
    return result == 0 ? 0 : requests_error_memory(error);
}

static int set_bearer(struct requests_prepared *request, const char *token,
                      struct requests_error *error)
{
    struct buffer value = {0};
    int result = -1;

    if (!http_is_value(token, strlen(token)))
        return requests_error_set(error, REQUESTS_INVALID_HEADER, "a token with a CR or LF in it");
    if (buffer_print(&value, "Bearer %s", token) == 0)
        result = http_headers_set(&request->headers, "Authorization", value.data);
    buffer_free(&value);
    return result == 0 ? 0 : requests_error_memory(error);
}

int requests_apply_auth(struct requests_prepared *request, const struct requests_auth *auth,
                        struct requests_error *error)
{
    request->auth = *auth;
    switch (auth->kind) {
    case REQUESTS_BASIC:
        return set_basic(request, auth, error);
    case REQUESTS_BEARER:
        return set_bearer(request, auth->secret, error);
    case REQUESTS_CUSTOM:
        if (auth->function(request, auth->context, error) == 0)
            return 0;
        if (error != NULL && error->failure == REQUESTS_OK)
            (void)requests_error_set(error, REQUESTS_STOPPED, "the auth function said no");
        return -1;
    default: /* digest: libcurl answers the challenge */
        return 0;
    }
}
