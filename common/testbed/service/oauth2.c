/*
 * The testbed's OAuth 2 server: who has a token may use /oauth2/resource.
 *
 * Clients: "notes", whose secret is "open sesame", and "reader", a program on its user's machine,
 * which can keep no secret. The user is Ada, and is always logged in. A code or a refresh token
 * that comes a second time has been stolen by somebody: then all that came of it ends.
 *
 * Source: RFC 6749; RFC 7636 (PKCE), S256 alone; RFC 6750 (bearer tokens); RFC 8252 section 7.3
 * (loopback redirects); RFC 9700 section 4.14.2 (refresh tokens used twice).
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "testbed/service/oauth.h"

enum { KEPT = 1024, CHALLENGE = 43, READ = 1, WRITE = 2, LIFE = 3600, MOST_LIFE = 1000000 };

struct client {
    const char *id, *secret; /* NULL: it has none */
};
static const struct client CLIENTS[] = {{"notes", "open sesame"}, {"reader", NULL}};

/* Code and tokens of one consent have one family. */
struct code {
    struct oauth_print print;
    const struct client *client;
    unsigned long family;
    int64_t until;
    unsigned scope;
    bool used;
    char challenge[CHALLENGE + 1], redirect[OAUTH_LONG];
};
struct token {
    struct oauth_print access, refresh;
    const struct client *client;
    unsigned long family;
    int64_t until;
    long uses; /* that are left; -1: any number */
    unsigned scope;
    bool can_refresh, refreshed, ended, of_user;
};

/* What is remembered: of more than KEPT, the latest. */
static struct {
    pthread_mutex_t lock;
    struct code codes[KEPT];
    struct token tokens[KEPT];
    unsigned long codes_made, tokens_made, families;
} store = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void take_lock(void)
{
    (void)pthread_mutex_lock(&store.lock); /* it is a plain one, and never taken twice */
}

static void drop_lock(void)
{
    (void)pthread_mutex_unlock(&store.lock);
}

/* ---- clients, scopes ---- */

static const struct client *find_client(const char *id)
{
    for (size_t i = 0; id != NULL && i < sizeof CLIENTS / sizeof *CLIENTS; i++)
        if (strcmp(CLIENTS[i].id, id) == 0)
            return &CLIENTS[i];
    return NULL;
}

static const char *scope_text(unsigned scope)
{
    static const char *const TEXTS[] = {"", "read", "write", "read write"};

    return TEXTS[scope];
}

/* NULL is fallback. 0 when there is no such scope. */
static unsigned scope_of(const char *text, unsigned fallback)
{
    unsigned scope = 0;

    if (text == NULL)
        return fallback;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (length == 4 && strncmp(text, "read", 4) == 0)
            scope |= READ;
        else if (length == 5 && strncmp(text, "write", 5) == 0)
            scope |= WRITE;
        else
            return 0;
        text += length + (text[length] == ' ');
    }
    return scope;
}

/* ---- /oauth2/authorize ---- */

/* Back to the client, with what has become of its wish. */
static void send_back(struct call *call, const char *redirect, const char *name, const char *value,
                      const char *why)
{
    const char *state = call_arg(call, "state");
    struct buffer url = {0};

    if (buffer_print(&url, "%s", redirect) == 0 && oauth_add(&url, name, value) == 0 &&
        (why == NULL || oauth_add(&url, "error_description", why) == 0) &&
        (state == NULL || oauth_add(&url, "state", state) == 0))
        send_redirect(call, HTTP_FOUND, url.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    OPENSSL_cleanse(url.data, url.length);
    buffer_free(&url);
}

static void make_code(struct call *call, const struct client *client, const char *redirect,
                      unsigned scope, long life)
{
    char text[OAUTH_SECRET];
    struct code code = {.client = client, .scope = scope, .until = now_ms() + life * 1000};

    (void)snprintf(code.redirect, sizeof code.redirect, "%s", redirect); /* both were measured */
    (void)snprintf(code.challenge, sizeof code.challenge, "%s", call_arg(call, "code_challenge"));
    if (!oauth_random(text) || !oauth_fingerprint(text, &code.print)) {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    take_lock();
    code.family = ++store.families;
    store.codes[store.codes_made++ % KEPT] = code;
    drop_lock();
    send_back(call, redirect, "code", text, NULL);
    OPENSSL_cleanse(text, sizeof text);
}

/* What is wrong with the wish: an error of RFC 6749 section 4.1.2.1, or NULL. */
static const char *judge(struct call *call, unsigned *scope, const char **why)
{
    const char *type = call_arg(call, "response_type");
    const char *method = call_arg(call, "code_challenge_method");
    const char *challenge = call_arg(call, "code_challenge");

    *why = "response_type is to be code";
    if (type == NULL)
        return "invalid_request";
    if (strcmp(type, "code") != 0)
        return "unsupported_response_type";
    *why = "code_challenge_method is to be S256";
    if (method == NULL || strcmp(method, "S256") != 0)
        return "invalid_request";
    *why = "code_challenge is to be 43 characters of base64url";
    if (challenge == NULL || strlen(challenge) != CHALLENGE)
        return "invalid_request";
    *why = "there are the scopes read and write";
    *scope = scope_of(call_arg(call, "scope"), READ);
    return *scope == 0 ? "invalid_scope" : NULL;
}

static void answer_authorize(struct call *call)
{
    const struct client *client = find_client(call_arg(call, "client_id"));
    const char *redirect = call_arg(call, "redirect_uri"), *why, *error;
    unsigned scope;
    long life;

    /* Nobody is sent to where a stranger wants it: these two are told to the user. */
    if (client == NULL || redirect == NULL || !oauth_is_loopback(redirect)) {
        send_bad(call, client == NULL ? "client_id" : "redirect_uri");
        return;
    }
    if (!call_arg_integer(call, "life", 0, MOST_LIFE, 60, &life))
        return;
    error = judge(call, &scope, &why);
    if (error != NULL) {
        send_back(call, redirect, "error", error, why);
    } else if (strcmp(call->method, "POST") != 0) {
        oauth_ask_user(call, client->id, scope_text(scope));
    } else {
        int decision = oauth_decision(call);
        if (decision == 1)
            make_code(call, client, redirect, scope, life);
        else if (decision == 0)
            send_back(call, redirect, "error", "access_denied", "Ada said no");
    }
}

/* ---- /oauth2/token: errors ---- */

/* RFC 6749 section 5.2. */
static void send_error(struct call *call, const char *error, const char *why)
{
    bool unknown = strcmp(error, "invalid_client") == 0;

    http_add_header(call->x, "Cache-Control", "no-store");
    http_add_header(call->x, "Pragma", "no-cache");
    if (unknown)
        http_add_header(call->x, "WWW-Authenticate", "Basic realm=\"workbook\"");
    send_json(call, unknown ? HTTP_UNAUTHORIZED : HTTP_BAD_REQUEST,
              json_pack("{s:s, s:s}", "error", error, "error_description", why));
}

/* ---- /oauth2/token: grants ---- */

/* A request for a token. */
struct wish {
    const struct client *client;
    json_t *form;
    long life, uses;
    const char *error, *why; /* what it is refused with; NULL: it is not */
};

static const char *field(const struct wish *wish, const char *name)
{
    return json_string_value(json_object_get(wish->form, name));
}

static bool refuse(struct wish *wish, const char *error, const char *why)
{
    wish->error = error;
    wish->why = why;
    return false;
}

/* Ends all that came of one consent. Under the lock. */
static void end_family(unsigned long family)
{
    for (size_t i = 0; i < KEPT; i++)
        if (store.tokens[i].family == family)
            store.tokens[i].ended = true;
}

/* Whether the verifier is that of the challenge: its SHA-256 in base64url. RFC 7636 section 4.6. */
static bool is_verified(const char *verifier, const char *challenge)
{
    unsigned char hash[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    size_t length = strlen(verifier);

    if (length < CHALLENGE || length > 128 ||
        EVP_Digest(verifier, length, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    (void)EVP_EncodeBlock(base64, hash, OAUTH_PRINT); /* 44 bytes: one is the padding */
    base64[CHALLENGE] = '\0';
    for (unsigned char *at = base64; *at != '\0'; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    return same_secret((const char *)base64, challenge);
}

/* Takes a code: whatever comes of it, it is used up. Under the lock. */
static bool take_code(struct wish *wish, struct token *token)
{
    const char *text = field(wish, "code"), *verifier = field(wish, "code_verifier");
    const char *redirect = field(wish, "redirect_uri");
    struct oauth_print print;
    struct code *code = NULL;

    if (text == NULL || verifier == NULL || redirect == NULL)
        return refuse(wish, "invalid_request", "code, redirect_uri and code_verifier are needed");
    for (size_t i = 0; oauth_fingerprint(text, &print) && i < KEPT; i++)
        if (store.codes[i].client == wish->client && oauth_same(&store.codes[i].print, &print))
            code = &store.codes[i];
    if (code == NULL)
        return refuse(wish, "invalid_grant", "there is no such code");
    if (code->used) {
        end_family(code->family);
        return refuse(wish, "invalid_grant", "the code was used before");
    }
    code->used = true;
    if (now_ms() >= code->until)
        return refuse(wish, "invalid_grant", "the code has expired");
    if (strcmp(redirect, code->redirect) != 0)
        return refuse(wish, "invalid_grant", "redirect_uri is not the code's");
    if (!is_verified(verifier, code->challenge))
        return refuse(wish, "invalid_grant", "code_verifier is not the code's");
    token->family = code->family;
    token->scope = code->scope;
    token->can_refresh = token->of_user = true;
    return true;
}

/* Takes a refresh token, which is good once. Under the lock. */
static bool take_refresh(struct wish *wish, struct token *token)
{
    const char *text = field(wish, "refresh_token");
    struct oauth_print print;
    struct token *old = NULL;

    if (text == NULL)
        return refuse(wish, "invalid_request", "refresh_token is needed");
    for (size_t i = 0; oauth_fingerprint(text, &print) && i < KEPT; i++)
        if (store.tokens[i].can_refresh && store.tokens[i].client == wish->client &&
            oauth_same(&store.tokens[i].refresh, &print))
            old = &store.tokens[i];
    if (old == NULL || old->ended)
        return refuse(wish, "invalid_grant", "there is no such refresh token");
    if (old->refreshed) {
        end_family(old->family);
        return refuse(wish, "invalid_grant", "the refresh token was used before");
    }
    unsigned scope = scope_of(field(wish, "scope"), old->scope);
    if (scope == 0 || (scope & ~old->scope) != 0)
        return refuse(wish, "invalid_scope", "no more than was granted");
    old->refreshed = true;
    token->family = old->family;
    token->scope = scope;
    token->can_refresh = token->of_user = true;
    return true;
}

static bool take_credentials(struct wish *wish, struct token *token)
{
    if (wish->client->secret == NULL)
        return refuse(wish, "unauthorized_client", "it has no secret");
    token->scope = scope_of(field(wish, "scope"), READ);
    if (token->scope == 0)
        return refuse(wish, "invalid_scope", "there are the scopes read and write");
    token->family = ++store.families;
    return true;
}

static bool take_grant(struct wish *wish, struct token *token)
{
    const char *type = field(wish, "grant_type");

    if (type == NULL)
        return refuse(wish, "invalid_request", "grant_type is needed");
    if (strcmp(type, "client_credentials") == 0)
        return take_credentials(wish, token);
    if (strcmp(type, "authorization_code") == 0)
        return take_code(wish, token);
    if (strcmp(type, "refresh_token") == 0)
        return take_refresh(wish, token);
    return refuse(wish, "unsupported_grant_type", "there is no such grant");
}

static void send_token(struct call *call, const struct token *token, const char *access,
                       const char *refresh, long life)
{
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:s}", "access_token", access, "token_type", "Bearer",
                  "expires_in", (json_int_t)life, "scope", scope_text(token->scope));

    if (token->can_refresh && object != NULL &&
        json_object_set_new(object, "refresh_token", json_string(refresh)) == -1) {
        json_decref(object);
        object = NULL;
    }
    http_add_header(call->x, "Cache-Control", "no-store");
    http_add_header(call->x, "Pragma", "no-cache");
    send_json(call, HTTP_OK, object);
}

static void grant(struct call *call, struct wish *wish)
{
    char access[OAUTH_SECRET], refresh[OAUTH_SECRET];
    struct token token = {
        .client = wish->client, .until = now_ms() + wish->life * 1000, .uses = wish->uses};

    if (!oauth_random(access) || !oauth_fingerprint(access, &token.access) ||
        !oauth_random(refresh) || !oauth_fingerprint(refresh, &token.refresh)) {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    take_lock();
    bool granted = take_grant(wish, &token);
    if (granted)
        store.tokens[store.tokens_made++ % KEPT] = token;
    drop_lock();
    if (granted)
        send_token(call, &token, access, refresh, wish->life);
    else
        send_error(call, wish->error, wish->why);
    OPENSSL_cleanse(access, sizeof access);
    OPENSSL_cleanse(refresh, sizeof refresh);
}

/* ---- /oauth2/token: the client ---- */

/* Takes "id:secret", each coded as in a form, apart. RFC 6749 section 2.3.1. */
static bool read_basic(const char *sent, struct buffer *id, struct buffer *secret)
{
    struct buffer pair = {0};
    const char *colon;
    bool good =
        strncasecmp(sent, "Basic ", 6) == 0 && base64_decode(sent + 6, false, &pair) == 0 &&
        (colon = memchr(buffer_text(&pair), ':', pair.length)) != NULL &&
        text_decode(pair.data, (size_t)(colon - pair.data), true, id) == 0 &&
        text_decode(colon + 1, (size_t)(pair.data + pair.length - colon) - 1, true, secret) == 0 &&
        strlen(buffer_text(secret)) == secret->length;

    if (pair.data != NULL)
        OPENSSL_cleanse(pair.data, pair.length);
    buffer_free(&pair);
    return good;
}

/* Who asks: it has its secret in Authorization or in the form, or is known to have none. */
static bool know_client(const struct call *call, struct wish *wish)
{
    const char *sent = call_header(call, "Authorization"), *id = field(wish, "client_id");
    const char *secret = field(wish, "client_secret");
    struct buffer basic_id = {0}, basic_secret = {0};
    bool good = true;

    if (sent != NULL) {
        good = secret == NULL || refuse(wish, "invalid_request", "two ways to say who one is");
        if (good && !read_basic(sent, &basic_id, &basic_secret))
            good = refuse(wish, "invalid_client", "Authorization is not Basic");
        id = buffer_text(&basic_id);
        secret = buffer_text(&basic_secret);
    }
    wish->client = find_client(id);
    if (good &&
        (wish->client == NULL || (wish->client->secret != NULL &&
                                  (secret == NULL || !same_secret(secret, wish->client->secret)))))
        good = refuse(wish, "invalid_client", "no such client, or not its secret");
    if (basic_secret.data != NULL)
        OPENSSL_cleanse(basic_secret.data, basic_secret.length);
    buffer_free(&basic_id);
    buffer_free(&basic_secret);
    return good;
}

/* No parameter may come twice. RFC 6749 section 3.2. Nor hold a NUL, behind which nobody looks. */
static bool is_plain(struct wish *wish)
{
    const char *key;
    json_t *value;

    json_object_foreach(wish->form, key, value)
    {
        if (json_is_array(value))
            return refuse(wish, "invalid_request", "a parameter came twice");
        if (strlen(json_string_value(value)) != json_string_length(value))
            return refuse(wish, "invalid_request", "a parameter has a NUL");
    }
    return true;
}

static void answer_token(struct call *call)
{
    struct wish wish = {.form = json_object()};
    struct buffer body = {0};
    bool is_form;

    if (wish.form != NULL && oauth_read_form(call, &body, &is_form) &&
        call_arg_integer(call, "expires_in", 0, MOST_LIFE, LIFE, &wish.life) &&
        call_arg_integer(call, "uses", 0, MOST_LIFE, -1, &wish.uses)) {
        if (!is_form)
            send_error(call, "invalid_request", "a form is needed");
        else if (!query_read(wish.form, buffer_text(&body), body.length))
            send_status(call, HTTP_INTERNAL_SERVER_ERROR);
        else if (!is_plain(&wish) || !know_client(call, &wish))
            send_error(call, wish.error, wish.why);
        else
            grant(call, &wish);
    }
    json_decref(wish.form);
    if (body.data != NULL)
        OPENSSL_cleanse(body.data, body.length);
    buffer_free(&body);
}

/* ---- /oauth2/resource ---- */

/* RFC 6750 section 3. error may be NULL: nothing was shown. */
static void challenge(struct call *call, int status, const char *error, const char *why)
{
    if (error == NULL)
        http_add_header(call->x, "WWW-Authenticate", "Bearer realm=\"workbook\"");
    else
        add_header_print(call, "WWW-Authenticate",
                         "Bearer realm=\"workbook\", error=\"%s\", error_description=\"%s\"", error,
                         why);
    send_json(call, status,
              json_pack("{s:s, s:s}", "error", error != NULL ? error : "no token",
                        "error_description", why));
}

/* Uses a token once. *found is a copy of it; NULL, or why it is not good. */
static const char *use_token(const char *text, unsigned scope, struct token *found)
{
    struct oauth_print print;
    struct token *token = NULL;
    const char *why = NULL;

    if (!oauth_fingerprint(text, &print))
        return "there is no such token";
    take_lock();
    for (size_t i = 0; i < KEPT; i++)
        if (store.tokens[i].client != NULL && oauth_same(&store.tokens[i].access, &print))
            token = &store.tokens[i];
    if (token == NULL)
        why = "there is no such token";
    else if (token->ended)
        why = "the token was taken back";
    else if (now_ms() >= token->until || token->uses == 0)
        why = "the token has expired";
    else if (token->uses > 0 && (scope & ~token->scope) == 0)
        token->uses--;
    if (why == NULL)
        *found = *token;
    drop_lock();
    return why;
}

static void answer_resource(struct call *call)
{
    const char *sent = call_header(call, "Authorization"), *why;
    unsigned scope = scope_of(call_arg(call, "scope"), READ);
    struct token token;

    if (scope == 0) {
        send_bad(call, "scope");
    } else if (sent == NULL || strncasecmp(sent, "Bearer ", 7) != 0) {
        challenge(call, HTTP_UNAUTHORIZED, NULL, "a bearer token is needed");
    } else if ((why = use_token(sent + 7, scope, &token)) != NULL) {
        challenge(call, HTTP_UNAUTHORIZED, "invalid_token", why);
    } else if ((scope & ~token.scope) != 0) {
        challenge(call, HTTP_FORBIDDEN, "insufficient_scope", "it is not for that");
    } else {
        send_json(call, HTTP_OK,
                  json_pack("{s:s, s:s?, s:s, s:s}", "client", token.client->id, "user",
                            token.of_user ? "ada" : NULL, "scope", scope_text(token.scope), "note",
                            "buy bread"));
    }
}

const struct route OAUTH2_ROUTES[] = {{"GET POST", "/oauth2/authorize", answer_authorize},
                                      {"POST", "/oauth2/token", answer_token},
                                      {"GET POST", "/oauth2/resource", answer_resource},
                                      {NULL, NULL, NULL}};
