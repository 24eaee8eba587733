/*
 * The testbed's OAuth 1 server: who signs its requests may use /oauth1/resource.
 *
 * Its clients and the token that is good for ever are those of the examples in RFC 5849, sections
 * 1.2 and 3.1 (the secrets of the latter stand in its erratum 2550). The user is Ada.
 *
 * Source: RFC 5849. HMAC-SHA256, which that does not have, is what everybody made of HMAC-SHA1.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/number.h"
#include "testbed/service/oauth.h"

enum {
    KEPT = 256,
    NONCES = 16384,
    WINDOW = 300, /* seconds that the clocks may differ */
    PARAMETERS = 256,
    SIGNATURE = 4 * EVP_MAX_MD_SIZE
};

struct client {
    const char *key, *secret;
};
static const struct client CLIENTS[] = {{"dpf43f3p2l4k3l03", "kd94hf93k423kf44"},
                                        {"9djdj82h48djs9d2", "j49sk3j29djd"}};

/* Temporary credentials until they are exchanged, then token credentials. */
enum stage { FREE, ASKED, APPROVED, TOKEN };
struct token {
    enum stage stage;
    size_t client;
    char key[OAUTH_SECRET], secret[OAUTH_SECRET], verifier[OAUTH_SECRET];
    char callback[OAUTH_LONG];
};
static const struct token FOR_EVER[] = {
    {.stage = TOKEN, .client = 0, .key = "nnch734d00sl2jdk", .secret = "pfkkdhi9sl3r4s00"},
    {.stage = TOKEN, .client = 1, .key = "kkk9d7dh3k39sjv7", .secret = "dh893hdasih9"}};

/* A nonce that was used: the print of client, token, timestamp and nonce. */
struct nonce {
    struct oauth_print print;
    long timestamp;
};

static struct {
    pthread_mutex_t lock;
    struct token tokens[KEPT];
    struct nonce nonces[NONCES];
    unsigned long tokens_made, nonces_made;
    long forgotten; /* nonces up to this timestamp are no longer all known */
} store = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void take_lock(void)
{
    (void)pthread_mutex_lock(&store.lock); /* it is a plain one, and never taken twice */
}

static void drop_lock(void)
{
    (void)pthread_mutex_unlock(&store.lock);
}

/* ---- the parameters of a request: RFC 5849 section 3.4.1.3.1 ---- */

struct parameter {
    char *name, *value; /* decoded */
};
struct signed_call {
    struct call *call;
    struct parameter list[PARAMETERS];
    size_t count;
    const struct client *client;
    struct token token; /* stage FREE: without one */
    struct error error; /* why it is refused */
    int status;
};

static bool refuse(struct signed_call *s, int status, const char *why)
{
    s->status = status;
    (void)error_set(&s->error, "%s", why); /* it always says -1 */
    return false;
}

/* Keeps a parameter, both parts still coded. */
static bool keep(struct signed_call *s, const char *text, size_t length, bool plus)
{
    const char *equals = memchr(text, '=', length);
    size_t name = equals != NULL ? (size_t)(equals - text) : length;
    struct buffer key = {0}, value = {0};

    if (s->count == PARAMETERS)
        return refuse(s, HTTP_BAD_REQUEST, "there are too many parameters");
    if (text_decode(text, name, plus, &key) == -1 ||
        (equals != NULL && text_decode(equals + 1, length - name - 1, plus, &value) == -1) ||
        buffer_add(&key, "", 0) == -1 || buffer_add(&value, "", 0) == -1) {
        buffer_free(&key);
        buffer_free(&value);
        return refuse(s, HTTP_INTERNAL_SERVER_ERROR, "memory is short");
    }
    s->list[s->count++] = (struct parameter){key.data, value.data};
    if (strlen(key.data) != key.length || strlen(value.data) != value.length)
        return refuse(s, HTTP_BAD_REQUEST, "a parameter has a NUL");
    return true;
}

static bool keep_form(struct signed_call *s, const char *text, size_t length)
{
    const char *end = text + length;
    bool good = true;

    while (good && text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        size_t size = (size_t)((stop != NULL ? stop : end) - text);
        good = size == 0 || keep(s, text, size, true);
        text += size + 1;
    }
    return good;
}

/* name="value", … behind "OAuth"; realm is not signed. */
static bool keep_header(struct signed_call *s)
{
    const char *at = call_header(s->call, "Authorization");

    if (at == NULL || strncasecmp(at, "OAuth ", 6) != 0)
        return true;
    for (at += 6; *at != '\0'; at += *at == ',') {
        at += strspn(at, " \t");
        size_t length = strcspn(at, "=\","), size;
        if (length == 0 && *at == ',')
            continue;
        if (strncmp(at + length, "=\"", 2) != 0)
            return refuse(s, HTTP_BAD_REQUEST, "Authorization is malformed");
        const char *value = at + length + 2;
        size = strcspn(value, "\"");
        if (value[size] == '\0')
            return refuse(s, HTTP_BAD_REQUEST, "Authorization is malformed");
        if (length != 5 || strncasecmp(at, "realm", 5) != 0) {
            struct buffer pair = {0};
            bool good = buffer_print(&pair, "%.*s=%.*s", (int)length, at, (int)size, value) == 0 &&
                        keep(s, pair.data, pair.length, false);
            buffer_free(&pair);
            if (!good)
                return s->status != 0 ? false
                                      : refuse(s, HTTP_INTERNAL_SERVER_ERROR, "memory is short");
        }
        at = value + size + 1;
        at += strspn(at, " \t");
    }
    return true;
}

static bool keep_all(struct signed_call *s)
{
    struct buffer body = {0};
    const char *query = s->call->query;
    bool is_form, good;

    s->status = 0;
    good = keep_header(s) && (query == NULL || keep_form(s, query, strlen(query)));
    if (good && !oauth_read_form(s->call, &body, &is_form))
        good = refuse(s, -1, ""); /* an answer was sent */
    good = good && keep_form(s, buffer_text(&body), body.length);
    buffer_free(&body);
    return good;
}

/* A parameter of the protocol; it may come once. NULL: it is not there. */
static const char *get(const struct signed_call *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i].name, name) == 0)
            return s->list[i].value;
    return NULL;
}

static bool is_single(struct signed_call *s)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; strncmp(s->list[i].name, "oauth_", 6) == 0 && j < i; j++)
            if (strcmp(s->list[i].name, s->list[j].name) == 0)
                return refuse(s, HTTP_BAD_REQUEST, "an oauth_ parameter came twice");
    return true;
}

/* ---- the base string: section 3.4.1 ---- */

static int by_name_and_value(const void *a, const void *b)
{
    const struct parameter *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->value, y->value);
}

/* Parameters coded, sorted and joined: section 3.4.1.3.2. */
static bool normalise(const struct signed_call *s, struct buffer *out)
{
    struct parameter coded[PARAMETERS];
    size_t count = 0;
    bool good = true;

    for (size_t i = 0; i < s->count && good; i++) {
        struct buffer name = {0}, value = {0};
        if (strcmp(s->list[i].name, "oauth_signature") == 0)
            continue;
        good = oauth_encode(s->list[i].name, strlen(s->list[i].name), &name) == 0 &&
               oauth_encode(s->list[i].value, strlen(s->list[i].value), &value) == 0 &&
               buffer_add(&name, "", 0) == 0 && buffer_add(&value, "", 0) == 0;
        coded[count++] = (struct parameter){name.data, value.data};
    }
    if (good)
        qsort(coded, count, sizeof *coded, by_name_and_value);
    for (size_t i = 0; i < count; i++) {
        good = good &&
               buffer_print(out, "%s%s=%s", i > 0 ? "&" : "", coded[i].name, coded[i].value) == 0;
        free(coded[i].name);
        free(coded[i].value);
    }
    return good;
}

/* Scheme, host in small letters, a port that is not the usual one, and the path: section 3.4.1.2.
 */
static bool base_uri(struct call *call, struct buffer *out)
{
    const char *usual = call_is_tls(call) ? ":443" : ":80", *host = call_host(call);
    size_t length = strlen(host), end = strlen(usual);

    if (length > end && strcmp(host + length - end, usual) == 0)
        length -= end;
    if (buffer_print(out, "%s://", call_is_tls(call) ? "https" : "http") == -1)
        return false;
    size_t begin = out->length;
    if (buffer_print(out, "%.*s", (int)length, host) == -1)
        return false;
    for (char *at = out->data + begin; *at != '\0'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    return buffer_print(out, "%s", call->path) == 0;
}

static bool base_string(const struct signed_call *s, struct buffer *out)
{
    struct buffer uri = {0}, parameters = {0};
    bool good = base_uri(s->call, &uri) && normalise(s, &parameters) &&
                buffer_print(out, "%s&", s->call->method) == 0 &&
                oauth_encode(uri.data, uri.length, out) == 0 && buffer_print(out, "&") == 0 &&
                oauth_encode(buffer_text(&parameters), parameters.length, out) == 0;

    buffer_free(&uri);
    buffer_free(&parameters);
    return good;
}

/* ---- the signature: sections 3.4.2 and 3.4.4 ---- */

static bool sign(const struct signed_call *s, const char *method, struct buffer *out)
{
    const EVP_MD *hash = strcmp(method, "HMAC-SHA1") == 0 ? EVP_sha1() : EVP_sha256();
    const char *secret = s->client->secret;
    unsigned char mac[EVP_MAX_MD_SIZE], text[SIGNATURE];
    unsigned size = 0;
    struct buffer key = {0}, base = {0};
    bool good = oauth_encode(secret, strlen(secret), &key) == 0 && buffer_print(&key, "&") == 0 &&
                oauth_encode(s->token.secret, strlen(s->token.secret), &key) == 0;

    if (good && strcmp(method, "PLAINTEXT") == 0) {
        good = buffer_print(out, "%s", key.data) == 0;
    } else if (good) {
        good = base_string(s, &base) &&
               HMAC(hash, key.data, (int)key.length, (const unsigned char *)base.data, base.length,
                    mac, &size) != NULL;
        (void)EVP_EncodeBlock(text, mac, (int)size); /* it has room */
        good = good && buffer_print(out, "%s", (const char *)text) == 0;
    }
    buffer_free(&key);
    buffer_free(&base);
    return good;
}

static bool check_signature(struct signed_call *s, const char *method)
{
    const char *sent = get(s, "oauth_signature");
    struct buffer due = {0};
    bool good = sent != NULL || refuse(s, HTTP_BAD_REQUEST, "oauth_signature is needed");

    if (good && !sign(s, method, &due))
        good = refuse(s, HTTP_INTERNAL_SERVER_ERROR, "memory is short");
    if (good && !same_secret(buffer_text(&due), sent))
        good = refuse(s, HTTP_UNAUTHORIZED, "the signature does not match");
    buffer_free(&due);
    return good;
}

/* ---- nonce and timestamp: section 3.3 ---- */

/* Whether it is new; then it is remembered. Only requests that were signed get here. */
static bool is_new(const struct oauth_print *print, long timestamp)
{
    take_lock();
    bool is = timestamp > store.forgotten;
    for (size_t i = 0; i < NONCES && is; i++)
        is = store.nonces[i].timestamp != timestamp || !oauth_same(&store.nonces[i].print, print);
    if (is) {
        struct nonce *place = &store.nonces[store.nonces_made++ % NONCES];
        if (place->timestamp > store.forgotten)
            store.forgotten = place->timestamp;
        *place = (struct nonce){*print, timestamp};
    }
    drop_lock();
    return is;
}

static bool check_nonce(struct signed_call *s)
{
    const char *nonce = get(s, "oauth_nonce"), *text = get(s, "oauth_timestamp");
    struct buffer all = {0};
    struct oauth_print print;
    long timestamp, now = (long)time(NULL);

    if (nonce == NULL || *nonce == '\0' || text == NULL ||
        !number_parse(text, 1, 1L << 40, &timestamp))
        return refuse(s, HTTP_BAD_REQUEST, "oauth_nonce and oauth_timestamp are needed");
    if (timestamp < now - WINDOW || timestamp > now + WINDOW)
        return refuse(s, HTTP_UNAUTHORIZED, "oauth_timestamp is not of these minutes");
    bool good =
        buffer_print(&all, "%s %s %ld %s", s->client->key, s->token.key, timestamp, nonce) == 0 &&
        oauth_fingerprint(all.data, &print);
    buffer_free(&all);
    if (!good)
        return refuse(s, HTTP_INTERNAL_SERVER_ERROR, "memory is short");
    return is_new(&print, timestamp) || refuse(s, HTTP_UNAUTHORIZED, "oauth_nonce was used before");
}

/* ---- a request that was signed: section 3.2 ---- */

static bool find_client(struct signed_call *s)
{
    const char *key = get(s, "oauth_consumer_key");

    if (key == NULL)
        return refuse(s, HTTP_BAD_REQUEST, "oauth_consumer_key is needed");
    for (size_t i = 0; i < sizeof CLIENTS / sizeof *CLIENTS; i++)
        if (strcmp(CLIENTS[i].key, key) == 0)
            s->client = &CLIENTS[i];
    return s->client != NULL || refuse(s, HTTP_UNAUTHORIZED, "there is no such client");
}

/* stage: what the token has to be; ASKED stands for temporary credentials, approved or not. */
static bool find_token(struct signed_call *s, enum stage stage)
{
    const char *key = get(s, "oauth_token");

    if (stage == FREE)
        return key == NULL || *key == '\0' ||
               refuse(s, HTTP_BAD_REQUEST, "oauth_token has no place here");
    if (key == NULL)
        return refuse(s, HTTP_BAD_REQUEST, "oauth_token is needed");
    for (size_t i = 0; i < sizeof FOR_EVER / sizeof *FOR_EVER; i++)
        if (strcmp(FOR_EVER[i].key, key) == 0)
            s->token = FOR_EVER[i];
    take_lock();
    for (size_t i = 0; i < KEPT; i++)
        if (store.tokens[i].stage != FREE && same_secret(store.tokens[i].key, key))
            s->token = store.tokens[i];
    drop_lock();
    if (s->token.stage == FREE || s->client != &CLIENTS[s->token.client] ||
        (s->token.stage == TOKEN) != (stage == TOKEN))
        return refuse(s, HTTP_UNAUTHORIZED, "there is no such token");
    return true;
}

static bool check(struct signed_call *s, enum stage stage)
{
    const char *version, *method;

    if (!keep_all(s) || !is_single(s))
        return false;
    version = get(s, "oauth_version");
    method = get(s, "oauth_signature_method");
    if (version != NULL && strcmp(version, "1.0") != 0)
        return refuse(s, HTTP_BAD_REQUEST, "oauth_version is 1.0");
    if (method == NULL || (strcmp(method, "HMAC-SHA1") != 0 && strcmp(method, "HMAC-SHA256") != 0 &&
                           strcmp(method, "PLAINTEXT") != 0))
        return refuse(s, HTTP_BAD_REQUEST, "there is no such oauth_signature_method");
    bool is_plain = strcmp(method, "PLAINTEXT") == 0;
    if (is_plain && !call_is_tls(s->call))
        return refuse(s, HTTP_BAD_REQUEST, "PLAINTEXT is for TLS alone");
    return find_client(s) && find_token(s, stage) && check_signature(s, method) &&
           (is_plain || check_nonce(s));
}

static struct signed_call *begin(struct call *call)
{
    struct signed_call *s = calloc(1, sizeof *s);

    if (s == NULL)
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    else
        s->call = call;
    return s;
}

/* Sends what it is refused with, if it is, and frees it. */
static void end(struct signed_call *s)
{
    if (s->status > 0) {
        struct buffer text = {0};
        if (s->status == HTTP_UNAUTHORIZED)
            http_add_header(s->call->x, "WWW-Authenticate", "OAuth realm=\"workbook\"");
        if (buffer_print(&text, "%s\n", s->error.text) == 0)
            send_text(s->call, s->status, "text/plain; charset=utf-8", text.data);
        buffer_free(&text);
    }
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].name);
        free(s->list[i].value);
    }
    free(s);
}

/* ---- credentials: section 2 ---- */

static void send_credentials(struct call *call, const struct token *token, const char *more)
{
    struct buffer body = {0};

    http_add_header(call->x, "Cache-Control", "no-store");
    if (buffer_print(&body, "oauth_token=%s&oauth_token_secret=%s%s", token->key, token->secret,
                     more) == 0)
        send_text(call, HTTP_OK, "application/x-www-form-urlencoded", body.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&body);
}

/* Section 2.1. */
static void answer_request(struct call *call)
{
    struct signed_call *s = begin(call);
    struct token token = {.stage = ASKED};

    if (s == NULL)
        return;
    if (check(s, FREE)) {
        const char *callback = get(s, "oauth_callback");
        token.client = (size_t)(s->client - CLIENTS);
        if (callback == NULL || (strcmp(callback, "oob") != 0 && !oauth_is_loopback(callback))) {
            (void)refuse(s, HTTP_BAD_REQUEST, "oauth_callback is to be oob, or of this machine");
        } else if (!oauth_random(token.key) || !oauth_random(token.secret)) {
            (void)refuse(s, HTTP_INTERNAL_SERVER_ERROR, "there are no random bytes");
        } else {
            (void)snprintf(token.callback, sizeof token.callback, "%s", callback); /* measured */
            take_lock();
            store.tokens[store.tokens_made++ % KEPT] = token;
            drop_lock();
            send_credentials(call, &token, "&oauth_callback_confirmed=true");
        }
    }
    end(s);
}

/* The user is sent back with what proves that it was the user who came. Section 2.2. */
static void send_back(struct call *call, const struct token *token)
{
    struct buffer text = {0};

    if (strcmp(token->callback, "oob") == 0) {
        if (buffer_print(&text, "Ada's word for it: %s\n", token->verifier) == 0)
            send_text(call, HTTP_OK, "text/plain; charset=utf-8", text.data);
    } else if (buffer_print(&text, "%s", token->callback) == 0 &&
               oauth_add(&text, "oauth_token", token->key) == 0 &&
               oauth_add(&text, "oauth_verifier", token->verifier) == 0) {
        send_redirect(call, HTTP_FOUND, text.data);
    }
    buffer_free(&text);
}

/* The temporary credentials of that name that were not decided on yet, or NULL. Under the lock. */
static struct token *find_asked(const char *key)
{
    for (size_t i = 0; key != NULL && i < KEPT; i++)
        if (store.tokens[i].stage == ASKED && same_secret(store.tokens[i].key, key))
            return &store.tokens[i];
    return NULL;
}

static void answer_authorize(struct call *call)
{
    const char *key = call_arg(call, "oauth_token");
    char verifier[OAUTH_SECRET];
    struct token copy = {0}, *token;
    bool is_post = strcmp(call->method, "POST") == 0;
    int decision = is_post ? oauth_decision(call) : 0;

    if (decision == -1)
        return;
    if (!oauth_random(verifier)) {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    take_lock();
    token = find_asked(key);
    if (token != NULL && decision == 1) {
        token->stage = APPROVED;
        memcpy(token->verifier, verifier, sizeof verifier);
    }
    if (token != NULL)
        copy = *token;
    if (token != NULL && is_post && decision == 0)
        token->stage = FREE;
    drop_lock();
    if (token == NULL)
        send_bad(call, "oauth_token");
    else if (!is_post)
        oauth_ask_user(call, CLIENTS[copy.client].key, "everything");
    else if (decision == 1)
        send_back(call, &copy);
    else
        send_text(call, HTTP_OK, "text/plain; charset=utf-8", "Ada said no\n");
}

/* Temporary credentials become token credentials, once. Section 2.3. */
static bool exchange(const struct token *old, const char *verifier, struct token *new)
{
    bool good = false;

    take_lock();
    for (size_t i = 0; i < KEPT && !good; i++) {
        struct token *place = &store.tokens[i];
        if (place->stage != APPROVED || strcmp(place->key, old->key) != 0)
            continue;
        good = same_secret(place->verifier, verifier);
        if (good) {
            new->client = place->client;
            *place = *new;
        }
    }
    drop_lock();
    return good;
}

static void answer_token(struct call *call)
{
    struct signed_call *s = begin(call);
    struct token token = {.stage = TOKEN};

    if (s == NULL)
        return;
    if (check(s, ASKED)) {
        const char *verifier = get(s, "oauth_verifier");
        if (verifier == NULL)
            (void)refuse(s, HTTP_BAD_REQUEST, "oauth_verifier is needed");
        else if (!oauth_random(token.key) || !oauth_random(token.secret))
            (void)refuse(s, HTTP_INTERNAL_SERVER_ERROR, "there are no random bytes");
        else if (!exchange(&s->token, verifier, &token))
            (void)refuse(s, HTTP_UNAUTHORIZED, "oauth_verifier is not what Ada was given");
        else
            send_credentials(call, &token, "");
    }
    end(s);
}

static void answer_resource(struct call *call)
{
    struct signed_call *s = begin(call);

    if (s == NULL)
        return;
    if (check(s, TOKEN))
        send_json(call, HTTP_OK,
                  json_pack("{s:s, s:s, s:s, s:O}", "client", s->client->key, "user", "ada",
                            "method", call->method, "args", call->args));
    end(s);
}

const struct route OAUTH1_ROUTES[] = {
    {"POST", "/oauth1/request", answer_request},
    {"GET POST", "/oauth1/authorize", answer_authorize},
    {"POST", "/oauth1/token", answer_token},
    {"GET POST PUT DELETE", "/oauth1/resource", answer_resource},
    {"GET POST PUT DELETE", "/oauth1/resource/*", answer_resource},
    {NULL, NULL, NULL}};
