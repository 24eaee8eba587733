/* fails: token-reused no-expiry coded-secret lower-case expired once due-soon other-errors rotated kept coded-refresh refresh-refused refused refused-later no-json bad-token too-long never-printed error-is-a-lie redirected broken token-server-gone no-file leaks */
/*
 * Program 4.09 with the file of a client in place of the environment, and with a row of URLs.
 */
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"
#include "urllib/parse.h"

static const char USAGE[] = "CLIENT TOKEN_URL URL...";
enum { ANSWER = 1 << 16 };

struct client {
    CURL *curl;
    const char *token_url, *resource_url, *id, *secret;
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

/* What is freed stays in memory, and may end up in a core file, until it is overwritten. */
static void wipe(struct buffer *secret)
{
    if (secret->data != NULL)
        OPENSSL_cleanse(secret->data, secret->capacity);
    buffer_free(secret);
}

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

/* Posts form, or gets when there is none; with a token, or the client's secret, or neither.
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
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT, 30L);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
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

/* The same as at first, for who has no refresh token; else that, which is good once. */
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

/* ---- the resource ---- */

static void get(const struct client *client, const struct token *token, struct answer *answer)
{
    ask(client, client->resource_url, NULL, token->access.data, false, answer);
}

/* A token may end before its time: 401 says so. */
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

int main(int argc, char **argv)
{
    struct client client = {0};
    struct token token = {0};
    char id[1002] = "", secret[1002] = "";
    bool good = true;

    if (argc < 4)
        die_usage(USAGE);
    FILE *file = fopen(argv[1], "re");
    if (file == NULL || fgets(id, sizeof id, file) == NULL ||
        fgets(secret, sizeof secret, file) == NULL)
        die_errno("%s", argv[1]);
    (void)fclose(file); /* it was only read */
    id[strcspn(id, "\n")] = secret[strcspn(secret, "\n")] = '\0';
    client.id = id;
    client.secret = secret;
    client.token_url = argv[2];
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    client.curl = curl_easy_init();
    if (client.curl == NULL)
        die("no memory for a handle");
    renew(&client, &token);
    for (int i = 3; i < argc && good; i++) {
        client.resource_url = argv[i];
        good = use(&client, &token);
    }
    wipe(&token.access);
    wipe(&token.refresh);
    curl_easy_cleanup(client.curl);
    curl_global_cleanup();
    finish(good ? EXIT_SUCCESS : EXIT_FAILURE);
}
