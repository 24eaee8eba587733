/*
 * Who asks: what goes into the field Authorization.
 *
 * Python: requests.auth. Source: RFC 7617 (Basic), RFC 7616 (Digest), RFC 6750 (Bearer).
 */
#ifndef REQUESTS_AUTH_H
#define REQUESTS_AUTH_H

#include "requests/error.h"

struct requests_prepared;

enum requests_auth_kind {
    REQUESTS_NO_AUTH = 0, /* ~/.netrc may still know, see trust_env */
    REQUESTS_BASIC,
    REQUESTS_DIGEST,
    REQUESTS_BEARER,
    REQUESTS_CUSTOM
};

/* Made by one of the functions below. Its texts are the caller's and are not copied. */
struct requests_auth {
    enum requests_auth_kind kind;
    const char *user;
    const char *secret; /* the password, or the token */
    /* May change all of the request, its fields above all. 0, or -1 and an error. Python:
     * AuthBase.__call__(). */
    int (*function)(struct requests_prepared *request, void *context, struct requests_error *error);
    void *context;
};

/* Python: auth=("user", "password"), HTTPBasicAuth. Goes with the first request already. */
struct requests_auth requests_basic_auth(const char *user, const char *password);

/* Python: HTTPDigestAuth. libcurl asks, is given the challenge with 401, and answers it. */
struct requests_auth requests_digest_auth(const char *user, const char *password);

/* "Authorization: Bearer TOKEN". Python: a subclass of AuthBase. */
struct requests_auth requests_bearer_auth(const char *token);

/* A function of one's own, called when all else of the request is prepared. Python: AuthBase. */
struct requests_auth requests_custom_auth(int (*function)(struct requests_prepared *request,
                                                          void *context,
                                                          struct requests_error *error),
                                          void *context);

#endif
