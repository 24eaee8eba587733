/*
 * Digest authentication: the client proves that it knows the password, and does not send it. RFC
 * 7616. Nothing is remembered between requests: as httpbin does, it keeps its state in cookies.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/number.h"
#include "http/cookies.h"
#include "testbed/service/service.h"

static const char REALM[] = "workbook";

enum { DIGITS = 2 * EVP_MAX_MD_SIZE + 1 };

/* What the URL asks for, and what the client sent. */
struct digest {
    const char *qop; /* NULL: either */
    const char *algorithm;
    const char *stale_after;
    struct http_cookies cookies;
    json_t *sent; /* the parameters of Authorization, NULL without any */
};

/* Puts name="value", or without the quotes, into object. */
static bool read_parameter(json_t *object, const char *text, size_t length)
{
    const char *equals = memchr(text, '=', length);
    struct buffer value = {0};
    bool good = equals != NULL;

    for (const char *at = good ? equals + 1 : text; good && at < text + length; at++) {
        if (*at == '"')
            continue;
        if (*at == '\\' && at + 1 < text + length)
            at++;
        good = buffer_add(&value, at, 1) == 0;
    }
    size_t name = good ? (size_t)(equals - text) : 0;
    good =
        good && name > 0 &&
        json_object_setn_new(object, text, name, text_json(buffer_text(&value), value.length)) == 0;
    buffer_free(&value);
    return good;
}

/* The parameters of "Authorization: Digest …"; NULL when there is none, or it is malformed. */
static json_t *read_sent(const struct call *call)
{
    const char *at = call_header(call, "Authorization"), *member;
    size_t length;

    if (at == NULL || strncasecmp(at, "Digest ", 7) != 0)
        return NULL;
    at += 7;
    json_t *object = json_object();
    while (object != NULL && http_list_next(&at, &member, &length))
        if (!read_parameter(object, member, length)) {
            json_decref(object);
            object = NULL;
        }
    return object;
}

static const char *sent(const struct digest *digest, const char *name)
{
    return json_string_value(json_object_get(digest->sent, name));
}

/* ---- the proof ---- */

/* Writes the digest of bytes as hexadecimal digits. False when there is no such digest here. */
static bool hash(const char *algorithm, const void *bytes, size_t length, char out[DIGITS])
{
    const EVP_MD *kind = strcmp(algorithm, "SHA-256") == 0   ? EVP_sha256()
                         : strcmp(algorithm, "SHA-512") == 0 ? EVP_sha512()
                                                             : EVP_md5();
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    out[0] = '\0';
    if (EVP_Digest(bytes, length, raw, &size, kind, NULL) != 1)
        return false;
    for (size_t i = 0; i < size; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", raw[i]); /* it has room */
    return true;
}

static bool hash_text(const char *algorithm, struct buffer *text, char out[DIGITS])
{
    bool good = hash(algorithm, buffer_text(text), text->length, out);

    text->length = 0;
    return good;
}

/* What response has to be. RFC 7616 section 3.4.1; with no qop that of RFC 2617. */
static bool due(struct call *call, const struct digest *digest, const char *algorithm,
                char out[DIGITS])
{
    const char *qop = sent(digest, "qop"), *nonce = sent(digest, "nonce");
    const char *nc = sent(digest, "nc"), *cnonce = sent(digest, "cnonce");
    char ha1[DIGITS], ha2[DIGITS], of_body[DIGITS];
    struct buffer text = {0}, body = {0};
    bool integrity = qop != NULL && strcmp(qop, "auth-int") == 0;
    bool good = nonce != NULL && (qop == NULL || (nc != NULL && cnonce != NULL)) &&
                (qop == NULL || integrity || strcmp(qop, "auth") == 0) &&
                buffer_print(&text, "%s:%s:%s", call->word[1], REALM, call->word[2]) == 0 &&
                hash_text(algorithm, &text, ha1) &&
                buffer_print(&text, "%s:%s", call->method, call->x->request->target) == 0;

    if (good && integrity)
        good = http_read_whole(call->x, &body) == 0 &&
               hash(algorithm, buffer_text(&body), body.length, of_body) &&
               buffer_print(&text, ":%s", of_body) == 0;
    good = good && hash_text(algorithm, &text, ha2) &&
           (qop != NULL ? buffer_print(&text, "%s:%s:%s:%s:%s:%s", ha1, nonce, nc, cnonce, qop, ha2)
                        : buffer_print(&text, "%s:%s:%s", ha1, nonce, ha2)) == 0 &&
           hash_text(algorithm, &text, out);
    buffer_free(&text);
    buffer_free(&body);
    return good;
}

static bool is_proved(struct call *call, const struct digest *digest)
{
    const char *response = sent(digest, "response"), *user = sent(digest, "username");
    const char *realm = sent(digest, "realm"), *algorithm = sent(digest, "algorithm");
    char wanted[DIGITS];

    return response != NULL && user != NULL && realm != NULL && strcmp(user, call->word[1]) == 0 &&
           strcmp(realm, REALM) == 0 &&
           due(call, digest, algorithm != NULL ? algorithm : "MD5", wanted) &&
           same_secret(wanted, response);
}

/* ---- the answers ---- */

static void send_challenge(struct call *call, const struct digest *digest, bool stale)
{
    char random[33], nonce[DIGITS], opaque[DIGITS];
    struct buffer field = {0};

    if (random_hex(random, 16) && hash(digest->algorithm, random, 32, nonce) &&
        random_hex(random, 16) && hash(digest->algorithm, random, 32, opaque) &&
        buffer_print(&field,
                     "Digest realm=\"%s\", nonce=\"%s\", qop=\"%s\", opaque=\"%s\", algorithm=%s, "
                     "stale=%s",
                     REALM, nonce, digest->qop != NULL ? digest->qop : "auth, auth-int", opaque,
                     digest->algorithm, stale ? "TRUE" : "FALSE") == 0)
        http_add_header(call->x, "WWW-Authenticate", field.data);
    buffer_free(&field);
    add_cookie(call, "stale_after", digest->stale_after);
    if (sent(digest, "nonce") != NULL)
        add_cookie(call, "last_nonce", sent(digest, "nonce"));
    add_cookie(call, "fake", "fake_value");
    send_text(call, HTTP_UNAUTHORIZED, "text/html; charset=utf-8", "");
}

/* With ?require-cookie=1 a client must send back the cookies of the challenge. */
static bool wants_cookie(const struct call *call)
{
    const char *text = call_arg(call, "require-cookie");

    return text != NULL &&
           (strcmp(text, "1") == 0 || strcasecmp(text, "t") == 0 || strcasecmp(text, "true") == 0);
}

static void send_welcome(struct call *call, const char *stale_after)
{
    char text[24] = "never";
    long left;

    add_cookie(call, "fake", "fake_value");
    if (stale_after != NULL) {
        if (number_parse(stale_after, -1000000, 1000000, &left)) /* it has room */
            (void)snprintf(text, sizeof text, "%ld", left - 1);
        add_cookie(call, "stale_after", text);
    }
    send_json(call, HTTP_OK,
              json_pack("{s:b, s:o}", "authenticated", 1, "user",
                        text_json(call->word[1], strlen(call->word[1]))));
}

/* The client has used this nonce up: it is to ask again with another, with the same password. */
static bool is_stale(const struct digest *digest, const char *stale_after)
{
    const char *last = http_cookies_get(&digest->cookies, "last_nonce");
    const char *nonce = sent(digest, "nonce");

    return (last != NULL && nonce != NULL && strcmp(last, nonce) == 0) ||
           (stale_after != NULL && strcmp(stale_after, "0") == 0);
}

static void answer(struct call *call, const struct digest *digest)
{
    const char *stale_after = http_cookies_get(&digest->cookies, "stale_after");
    const char *fake = http_cookies_get(&digest->cookies, "fake");
    bool is_first = digest->sent == NULL || (wants_cookie(call) && digest->cookies.count == 0);

    if (!is_first && wants_cookie(call) && (fake == NULL || strcmp(fake, "fake_value") != 0)) {
        add_cookie(call, "fake", "fake_value");
        send_json(call, HTTP_FORBIDDEN,
                  json_pack("{s:[s]}", "errors", "missing cookie set on challenge"));
        return;
    }
    bool stale = !is_first && is_stale(digest, stale_after);
    if (is_first || stale || !is_proved(call, digest))
        send_challenge(call, digest, stale);
    else
        send_welcome(call, stale_after);
}

void digest_auth(struct call *call)
{
    static const char *const ALGORITHMS[] = {"SHA-256", "SHA-512", "MD5"};
    struct digest digest = {.algorithm = "MD5", .stale_after = "never"};
    const char *field = call_header(call, "Cookie");

    for (size_t i = 0; i < 3 && call->word[3] != NULL; i++)
        if (strcmp(call->word[3], ALGORITHMS[i]) == 0)
            digest.algorithm = ALGORITHMS[i];
    if (call->word[4] != NULL)
        digest.stale_after = call->word[4];
    if (strcmp(call->word[0], "auth") == 0 || strcmp(call->word[0], "auth-int") == 0)
        digest.qop = call->word[0];
    digest.sent = read_sent(call);
    if (field == NULL || http_cookies_parse(&digest.cookies, field) == 0)
        answer(call, &digest);
    json_decref(digest.sent);
    http_cookies_free(&digest.cookies);
}
