/* Answers to a 401 or 407: Basic (RFC 7617) and Digest (RFC 7616). */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "http/status.h"
#include "urllib/internal.h"

enum {
    RETRIES = 5,  /* of one request, whatever realms and nonces a server finds */
    CNONCE = 16,  /* random bytes */
    NONCE = 1024, /* bytes of a server's, at most */
};

struct auth {
    struct url_handler handler;
    struct url_passwords *passwords; /* the caller's */
    bool digest, proxy;

    /* How often the nonce was used, so that no answer is good twice. */
    char nonce[NONCE];
    unsigned count;
};

/* ---- what goes into the field ---------------------------------------------------------------- */

/* [basic] */
int url_basic_value(const char *plain, size_t length, struct buffer *out)
{
    size_t room = (length + 2) / 3 * 4;

    if (length > 65536 || buffer_add(out, "Basic ", 6) == -1 || buffer_reserve(out, room) == -1)
        return -1;
    int coded = EVP_EncodeBlock((unsigned char *)out->data + out->length,
                                (const unsigned char *)plain, (int)length);
    out->length += (size_t)coded;
    return 0;
}

static int write_basic(const char *user, const char *password, struct buffer *out)
{
    struct buffer plain = {0};
    int result = -1;

    if (buffer_print(&plain, "%s:%s", user, password) == 0)
        result = url_basic_value(plain.data, plain.length, out);
    if (plain.data != NULL)
        explicit_bzero(plain.data, plain.capacity);
    buffer_free(&plain);
    return result;
}
/* [/basic] */

/* Appends ', name="text"'. 0, or -1 when memory is short. */
static int write_quoted(struct buffer *out, const char *name, const char *text)
{
    int result = buffer_print(out, ", %s=\"", name);

    for (const char *c = text; *c != '\0' && result == 0; c++)
        result = buffer_print(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    return result == 0 ? buffer_add(out, "\"", 1) : -1;
}

static int make_cnonce(char text[2 * CNONCE + 1])
{
    unsigned char bytes[CNONCE];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return -1;
    for (int i = 0; i < CNONCE; i++)
        (void)snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]); /* it has room */
    return 0;
}

static const char *value_of(const struct url_challenge *challenge, int parameter)
{
    return challenge->has[parameter] ? buffer_text(&challenge->values[parameter]) : NULL;
}

/* [digest] */
static int write_digest(struct auth *self, const struct url_request *request,
                        const struct url_challenge *challenge, const char *user,
                        const char *password, struct buffer *out)
{
    const char *nonce = value_of(challenge, URL_NONCE), *opaque = value_of(challenge, URL_OPAQUE);
    char response[URL_DIGEST_SIZE], cnonce[2 * CNONCE + 1];
    struct buffer uri = {0};

    /* The server has seen the path, the proxy the whole URL. */
    if (make_cnonce(cnonce) == -1 || url_request_target(request, self->proxy, &uri) == -1) {
        buffer_free(&uri);
        return -1;
    }
    self->count = strcmp(nonce, self->nonce) == 0 ? self->count + 1 : 1;
    (void)snprintf(self->nonce, sizeof self->nonce, "%s", nonce); /* it fits: see can_answer() */
    const struct url_digest digest = {value_of(challenge, URL_ALGORITHM),
                                      user,
                                      value_of(challenge, URL_REALM),
                                      password,
                                      nonce,
                                      cnonce,
                                      self->count,
                                      challenge->has[URL_QOP],
                                      request->method,
                                      uri.data};
    int result = url_digest_response(&digest, response);
    if (result == 0 && buffer_add(out, "Digest", 6) == 0) {
        size_t begin = out->length;
        result |= write_quoted(out, "username", user);
        out->data[begin] = ' '; /* in the first comma's place */
        result |= write_quoted(out, "realm", digest.realm);
        result |= write_quoted(out, "nonce", nonce);
        result |= write_quoted(out, "uri", digest.uri);
        result |= write_quoted(out, "response", response);
        if (opaque != NULL)
            result |= write_quoted(out, "opaque", opaque);
        if (digest.algorithm != NULL)
            result |= buffer_print(out, ", algorithm=%s", digest.algorithm);
        if (digest.has_qop)
            result |= buffer_print(out, ", qop=auth, nc=%08x", digest.count);
        if (digest.has_qop)
            result |= write_quoted(out, "cnonce", cnonce);
    }
    buffer_free(&uri);
    return result;
}
/* [/digest] */

/* ---- whether to answer ----------------------------------------------------------------------- */

/* Whether the realm has been answered for this URL already. */
static bool was_tried(const struct url_request *request, const char *realm)
{
    const struct buffer *realms = &request->realms;

    for (size_t at = 0; at < realms->length; at += strlen(realms->data + at) + 1)
        if (strcmp(realms->data + at, realm) == 0)
            return true;
    return false;
}

/* Whether a list, "auth,auth-int", has the member "auth". */
static bool has_auth(const char *qop)
{
    const char *member;
    size_t length;

    while (http_list_next(&qop, &member, &length))
        if (http_same_text(member, length, "auth", 4))
            return true;
    return false;
}

static bool is(const char *text, const char *word)
{
    return http_same_text(text, strlen(text), word, strlen(word));
}

/* Whether the handler knows how to answer such a challenge at all. */
static bool can_answer(const struct auth *self, const struct url_challenge *challenge)
{
    const char *algorithm = value_of(challenge, URL_ALGORITHM);

    if (!is(buffer_text(&challenge->scheme), self->digest ? "Digest" : "Basic") ||
        !challenge->has[URL_REALM])
        return false;
    if (!self->digest)
        return true;
    if (!challenge->has[URL_NONCE] || challenge->values[URL_NONCE].length >= NONCE ||
        !url_digest_knows(algorithm))
        return false;
    if (challenge->has[URL_QOP])
        return has_auth(value_of(challenge, URL_QOP));
    return algorithm == NULL || strstr(algorithm, "-") == NULL ||
           is(algorithm, "SHA-256"); /* a session needs a cnonce, which only qop allows */
}

/* Whether it is worth while: the same password is not sent twice. */
/* [may-try] */
static bool may_try(const struct auth *self, const struct url_request *request,
                    const struct url_challenge *challenge)
{
    bool stale =
        self->digest && challenge->has[URL_STALE] && is(value_of(challenge, URL_STALE), "true");

    return request->auth_retries < RETRIES &&
           (stale || !was_tried(request, value_of(challenge, URL_REALM)));
}
/* [/may-try] */

/* Sets the field that answers the challenge. 1; 0 when nobody is known; -1 without memory. */
static int answer(struct auth *self, struct url_request *request,
                  const struct url_challenge *challenge)
{
    const char *realm = value_of(challenge, URL_REALM), *user, *password;
    struct buffer value = {0};

    if (!url_passwords_find(self->passwords, realm, self->proxy ? request->proxy : request->url,
                            &user, &password) ||
        (!self->digest && strchr(user, ':') != NULL)) /* Basic could not tell the two apart */
        return 0;
    int result = self->digest ? write_digest(self, request, challenge, user, password, &value)
                              : write_basic(user, password, &value);
    if (result == 0)
        result = http_headers_set(
            &request->once, self->proxy ? "Proxy-Authorization" : "Authorization", value.data);
    if (result == 0)
        result = buffer_add(&request->realms, realm, strlen(realm) + 1);
    if (value.data != NULL)
        explicit_bzero(value.data, value.capacity);
    buffer_free(&value);
    request->auth_retries++;
    return result == 0 ? 1 : -1;
}

/* Answers the first challenge of the response that it can. As above. */
static int answer_first(struct auth *self, struct url_request *request,
                        const struct url_response *response)
{
    const char *name = self->proxy ? "Proxy-Authenticate" : "WWW-Authenticate", *value;
    struct url_challenge challenge = {0};
    size_t position = 0;
    int result = 0;

    while (result == 0 &&
           (value = http_headers_next(&response->headers, name, &position)) != NULL) {
        int got = 1;
        while (result == 0 && (got = url_challenge_next(&value, &challenge)) == 1)
            if (can_answer(self, &challenge) && may_try(self, request, &challenge))
                result = answer(self, request, &challenge);
        if (got == -1)
            result = -1;
    }
    url_challenge_free(&challenge);
    return result;
}

/* ---- the handlers ---------------------------------------------------------------------------- */

/* [after] */
static struct url_response *after_auth(struct url_handler *handler, struct url_request *request,
                                       struct url_response *response, struct url_error *error)
{
    struct auth *self = (struct auth *)handler;
    int asks = self->proxy ? HTTP_PROXY_AUTHENTICATION_REQUIRED : HTTP_UNAUTHORIZED;
    const char *mine = self->proxy ? "Proxy-Authorization" : "Authorization";

    if (response->status != asks || (self->proxy && request->proxy == NULL) ||
        http_headers_get(&request->headers, mine) != NULL)
        return response;
    int result = answer_first(self, request, response);
    if (result == 0)
        return response;
    url_close(response);
    if (result == 1)
        return url_opener_again(request, error);
    (void)url_error_memory(error); /* returns -1 always */
    return NULL;
}
/* [/after] */

static void free_auth(struct url_handler *self)
{
    free((struct auth *)self);
}

static struct url_handler *make(const char *name, struct url_passwords *passwords, bool digest,
                                bool proxy)
{
    static const char *const schemes[] = {"http", "https", NULL};
    struct auth *auth = calloc(1, sizeof *auth);

    if (auth == NULL)
        return NULL;
    auth->handler = (struct url_handler){.name = name,
                                         .order = digest ? 890 : 895,
                                         .schemes = schemes,
                                         .after = after_auth,
                                         .free = free_auth};
    auth->passwords = passwords;
    auth->digest = digest;
    auth->proxy = proxy;
    return &auth->handler;
}

struct url_handler *url_basic_auth_handler(struct url_passwords *passwords)
{
    return make("basic-auth", passwords, false, false);
}

struct url_handler *url_digest_auth_handler(struct url_passwords *passwords)
{
    return make("digest-auth", passwords, true, false);
}

struct url_handler *url_proxy_basic_auth_handler(struct url_passwords *passwords)
{
    return make("proxy-basic-auth", passwords, false, true);
}

struct url_handler *url_proxy_digest_auth_handler(struct url_passwords *passwords)
{
    return make("proxy-digest-auth", passwords, true, true);
}
