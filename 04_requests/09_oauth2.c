/*
 * 4.09  OAuth 2
 *
 * Gets a token, by the client's own secret or by the user's consent, uses it, and renews it when
 * it is over.
 *
 * Python:  requests_oauthlib.OAuth2Session, fetch_token(), refresh_token()
 * Usage:   09_oauth2 [-y] [-n TIMES] [-c AUTHORITIES] TOKEN_URL RESOURCE_URL [AUTHORIZE_URL]
 *          The client is OAUTH_CLIENT in the environment, its secret, if it has one, OAUTH_SECRET.
 *          With AUTHORIZE_URL the user is asked: where the browser is sent back to has to come on
 *          standard input, unless -y consents in the user's place. Only https is spoken.
 * See:     RFC 6749 sections 2.3.1, 4.1, 4.4, 5 and 6; RFC 7636 (PKCE); RFC 6750 (bearer tokens)
 * Leaves out: a listener for the browser; keeping the token for the next run; the copies of it in
 *          libcurl and jansson, which are not wiped.
 */
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"
#include "urllib/parse.h"

static const char USAGE[] =
    "[-y] [-n TIMES] [-c AUTHORITIES] TOKEN_URL RESOURCE_URL [AUTHORIZE_URL]";
static const char BACK[] = "http://127.0.0.1:8910/back"; /* nobody needs to listen there */
enum { ANSWER = 1 << 16, RANDOM = 32, CODED = 44 };      /* 43 characters and a NUL */

struct client {
    CURL *curl;
    const char *token_url, *resource_url, *authorize_url, *authorities, *id, *secret;
    bool consents;
};
struct token {
    struct buffer access, refresh; /* refresh is empty when there is none */
};
struct answer {
    long status;
    struct buffer body, location;
};

static void need(int result)
{
    if (result == -1)
        die("out of memory");
}

/* [wipe] What is freed stays in memory, and may end up in a core file, until it is overwritten. */
static void wipe(struct buffer *secret)
{
    if (secret->data != NULL)
        OPENSSL_cleanse(secret->data, secret->capacity);
    buffer_free(secret);
}
/* [/wipe] */

static void add(struct buffer *form, size_t begin, const char *name, const char *value)
{
    need(url_add_field(form, begin, name, strlen(name), value, strlen(value), NULL));
}

/* ---- a request ---- */

static void end_answer(struct answer *answer)
{
    wipe(&answer->body);
    wipe(&answer->location);
}

/* The secret is coded as in a form before it is coded as Basic: RFC 6749 section 2.3.1. */
static CURLcode show_secret(const struct client *client)
{
    struct buffer id = {0}, secret = {0};
    CURLcode code = CURLE_OK;

    need(url_quote_plus(client->id, strlen(client->id), NULL, &id));
    need(url_quote_plus(client->secret, strlen(client->secret), NULL, &secret));
    easy_set(code, client->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    easy_set(code, client->curl, CURLOPT_USERNAME, buffer_text(&id));
    easy_set(code, client->curl, CURLOPT_PASSWORD, buffer_text(&secret));
    buffer_free(&id);
    wipe(&secret);
    return code;
}

/* [ask] Posts form, or gets when there is none; with a token, or the client's secret, or neither.
 * A redirect is not followed: a token is for the server that it was meant for. */
static void ask(const struct client *client, const char *url, const char *form, const char *bearer,
                bool secret, struct answer *answer)
{
    struct easy_body body = {.limit = ANSWER};
    char words[CURL_ERROR_SIZE] = "", *location = NULL;
    struct requests_error error = {0};
    CURLcode code = CURLE_OK;
    CURL *curl = client->curl;

    curl_easy_reset(curl); /* the options; the connection stays */
    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "https");
    easy_set(code, curl, CURLOPT_TIMEOUT, 30L);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
    if (client->authorities != NULL)
        easy_set(code, curl, CURLOPT_CAINFO, client->authorities);
    if (form != NULL)
        easy_set(code, curl, CURLOPT_POSTFIELDS, form);
    if (bearer != NULL) {
        easy_set(code, curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        easy_set(code, curl, CURLOPT_XOAUTH2_BEARER, bearer);
    }
    if (code == CURLE_OK && secret)
        code = show_secret(client);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &answer->status);
    easy_get(code, curl, CURLINFO_REDIRECT_URL, &location);
    if (code != CURLE_OK) {
        (void)requests_error_from(&error, code, curl, words); /* it always says -1 */
        die("%s: %s: %s", url, requests_failure_name(error.failure), error.text);
    }
    answer->body = body.bytes;
    if (location != NULL)
        need(buffer_print(&answer->location, "%s", location));
    /* libcurl kept a pointer to words, which ends here. */
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
}
/* [/ask] */

/* ---- the token ---- */

/* What may stand in a header as a token: RFC 6750 section 2.1. Else a server could write more. */
static bool is_token(const char *text)
{
    return text != NULL && *text != '\0' &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789-._~+/=")] == '\0';
}

static const char *text_of(const json_t *all, const char *name)
{
    return json_string_value(json_object_get(all, name));
}

/* An error is JSON too: RFC 6749 sections 5.1 and 5.2. */
static void take(const struct answer *answer, struct token *token)
{
    json_t *all = json_loadb(buffer_text(&answer->body), answer->body.length, 0, NULL);
    const char *error = text_of(all, "error"), *why = text_of(all, "error_description");

    error = error != NULL ? error : "no reason";
    why = why != NULL ? why : "";
    /* [take] */
    const char *access = text_of(all, "access_token");
    const char *refresh = text_of(all, "refresh_token");
    const char *type = text_of(all, "token_type");
    if (answer->status != 200)
        die("no token: %ld %s: %s", answer->status, error, why);
    if (type == NULL || strcasecmp(type, "Bearer") != 0 || !is_token(access))
        die("no token: the answer holds none that may be sent");
    wipe(&token->access);
    need(buffer_print(&token->access, "%s", access));
    if (refresh != NULL) { /* else the old one stays good: section 6 */
        wipe(&token->refresh);
        need(buffer_print(&token->refresh, "%s", refresh));
    }
    /* [/take] */
    printf("a token, %.4s..., for %lld s\n", access,
           (long long)json_integer_value(json_object_get(all, "expires_in")));
    json_decref(all);
}

/* Posts form to the token server. A client without a secret only says its name. */
static void fetch(const struct client *client, struct buffer *form, struct token *token)
{
    struct answer answer = {0};

    if (client->secret == NULL)
        add(form, 0, "client_id", client->id);
    ask(client, client->token_url, form->data, NULL, client->secret != NULL, &answer);
    wipe(form);
    take(&answer, token);
    end_answer(&answer);
}

/* [renew] The same as at first, for who has no refresh token; else that, which is good once. */
static void renew(const struct client *client, struct token *token)
{
    struct buffer form = {0};

    if (token->refresh.length == 0) {
        add(&form, 0, "grant_type", "client_credentials");
    } else {
        add(&form, 0, "grant_type", "refresh_token");
        add(&form, 0, "refresh_token", token->refresh.data);
    }
    fetch(client, &form, token);
}
/* [/renew] */

/* ---- the user's consent ---- */

static void code_base64url(const unsigned char bytes[RANDOM], char out[CODED])
{
    unsigned char text[CODED + 1];

    (void)EVP_EncodeBlock(text, bytes, RANDOM); /* 44 characters: one is the padding */
    for (size_t i = 0; i < CODED - 1; i++)
        out[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : (char)text[i];
    out[CODED - 1] = '\0';
}

static void make_random(char out[CODED])
{
    unsigned char bytes[RANDOM];

    if (RAND_bytes(bytes, RANDOM) != 1)
        die("no random bytes");
    code_base64url(bytes, out);
    OPENSSL_cleanse(bytes, sizeof bytes);
}

/* [challenge] Who has the hash cannot make the verifier of it: RFC 7636 section 4.2. */
static void make_challenge(const char *verifier, char out[CODED])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t length = strlen(verifier);

    if (EVP_Digest(verifier, length, hash, NULL, EVP_sha256(), NULL) != 1)
        die("no SHA-256 here");
    code_base64url(hash, out);
}
/* [/challenge] */

/* Where the browser was sent back to: what Ada pastes, or finds when -y plays her part. */
static void visit(const struct client *client, const char *url, struct buffer *back)
{
    struct answer answer = {0};
    char line[4096];

    if (client->consents) {
        ask(client, url, "decision=approve", NULL, false, &answer);
        need(buffer_print(back, "%s", buffer_text(&answer.location)));
        end_answer(&answer);
        return;
    }
    report("open %s\nand paste where it leads to", url);
    if (fgets(line, sizeof line, stdin) == NULL)
        die("nothing came");
    need(buffer_add(back, line, strcspn(line, "\r\n")));
    OPENSSL_cleanse(line, sizeof line);
}

/* The state has to be the one that went out: else somebody else's code came in. */
static void read_back(const struct buffer *back, const char *state, struct buffer *code)
{
    struct url url;
    struct url_fields fields = {0};
    struct error error;

    if (strncmp(buffer_text(back), BACK, strlen(BACK)) != 0 ||
        url_split(back->data, back->length, &url, &error) == -1 || url.query.text == NULL ||
        url_parse_query(url.query.text, url.query.length, NULL, &fields, &error) == -1)
        die("no consent: that does not lead back to us");
    size_t position[3] = {0};
    const struct url_field *is = url_fields_next(&fields, "state", &position[0]);
    const struct url_field *no = url_fields_next(&fields, "error", &position[1]);
    const struct url_field *yes = url_fields_next(&fields, "code", &position[2]);
    /* [back] */
    if (is == NULL || strlen(is->value) != strlen(state) ||
        CRYPTO_memcmp(is->value, state, strlen(state)) != 0)
        die("no consent: the state is not ours, somebody else has begun this");
    if (yes == NULL)
        die("no consent: %s", no != NULL ? no->value : "there is no code");
    need(buffer_print(code, "%s", yes->value));
    /* [/back] */
    url_fields_free(&fields);
}

static void ask_user(const struct client *client, struct token *token)
{
    char verifier[CODED], challenge[CODED], state[CODED];
    struct buffer url = {0}, back = {0}, code = {0}, form = {0};

    make_random(verifier);
    make_random(state);
    make_challenge(verifier, challenge);
    need(buffer_print(&url, "%s%s", client->authorize_url,
                      strchr(client->authorize_url, '?') != NULL ? "&" : "?"));
    size_t begin = url.length;
    add(&url, begin, "response_type", "code");
    add(&url, begin, "client_id", client->id);
    add(&url, begin, "redirect_uri", BACK);
    add(&url, begin, "state", state);
    add(&url, begin, "code_challenge", challenge);
    add(&url, begin, "code_challenge_method", "S256");
    visit(client, url.data, &back);
    read_back(&back, state, &code);
    add(&form, 0, "grant_type", "authorization_code");
    add(&form, 0, "code", code.data);
    add(&form, 0, "redirect_uri", BACK);
    add(&form, 0, "code_verifier", verifier);
    OPENSSL_cleanse(verifier, sizeof verifier);
    fetch(client, &form, token);
    buffer_free(&url);
    wipe(&back);
    wipe(&code);
}

/* ---- the resource ---- */

static void get(const struct client *client, const struct token *token, struct answer *answer)
{
    ask(client, client->resource_url, NULL, token->access.data, false, answer);
}

/* [use] A token may end before its time: 401 says so. */
static bool use(const struct client *client, struct token *token)
{
    struct answer answer = {0};

    get(client, token, &answer);
    if (answer.status == 401) {
        printf("401\n");
        end_answer(&answer);
        renew(client, token);
        get(client, token, &answer);
    }
    printf("%ld, %zu bytes\n", answer.status, answer.body.length);
    bool good = answer.status < 400;
    end_answer(&answer);
    return good;
}
/* [/use] */

static int run(struct client *client, long times)
{
    struct token token = {0};
    bool good = true;

    if (client->authorize_url != NULL)
        ask_user(client, &token);
    else
        renew(client, &token);
    while (good && times-- > 0)
        good = use(client, &token);
    wipe(&token.access);
    wipe(&token.refresh);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct client client = {.id = getenv("OAUTH_CLIENT"), .secret = getenv("OAUTH_SECRET")};
    long times = 1;
    int option;

    while ((option = getopt(argc, argv, "+yn:c:")) != -1) {
        if (option == 'y')
            client.consents = true;
        else if (option == 'c')
            client.authorities = optarg;
        else if (option != 'n' || !number_parse(optarg, 0, 1000, &times))
            die_usage(USAGE);
    }
    if (argc - optind > 3)
        die_usage(USAGE);
    client.token_url = optind < argc ? argv[optind] : "https://localhost:10001/oauth2/token";
    client.resource_url =
        optind + 1 < argc ? argv[optind + 1] : "https://localhost:10001/oauth2/resource";
    client.authorize_url = optind + 2 < argc ? argv[optind + 2] : NULL;
    if (client.id == NULL)
        die("OAUTH_CLIENT is needed in the environment");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    client.curl = curl_easy_init();
    if (client.curl == NULL)
        die("no memory for a handle");
    int status = run(&client, times);
    curl_easy_cleanup(client.curl);
    curl_global_cleanup();
    finish(status);
}
