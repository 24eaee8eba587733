/* Exercise 4.6, OAuth 2 client: a solution. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "requests/easy.h"
#include "urllib/parse.h"

enum { ANSWER = 64 * 1024, NO_TOKEN = 4, MARGIN_MS = 5000, LINE = 1000 };

struct client {
    CURL *curl;
    const char *token_url;
    struct buffer id, secret; /* coded as in a form */
    struct buffer access, refresh;
    int64_t until; /* 0: not known */
    long status;   /* of the last answer */
};

static void need(bool good)
{
    if (!good)
        die("out of memory");
}

/* ---- the file of the client ---- */

static void read_line(FILE *file, struct buffer *coded)
{
    char line[LINE + 2];

    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    size_t length = strcspn(line, "\n");
    if (length == 0 || length > LINE) {
        report("the file needs an id and a secret, a line each");
        exit(EXIT_USAGE);
    }
    need(url_quote_plus(line, length, NULL, coded) == 0);
}

static void read_client(const char *path, struct client *client)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        report_errno("%s", path);
        exit(EXIT_USAGE);
    }
    read_line(file, &client->id);
    read_line(file, &client->secret);
    (void)fclose(file); /* it was only read */
}

/* ---- the token ---- */

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

/* Only the error's name is told: who knows what else the server says. */
static void tell_error(const struct client *client, const json_t *all)
{
    const char *error = text_of(all, "error");
    size_t length = error != NULL ? strspn(error, "abcdefghijklmnopqrstuvwxyz_") : 0;

    if (length > 0 && error[length] == '\0' && length < 64)
        report("no token: %ld %s", client->status, error);
    else
        report("no token: %ld", client->status);
}

/* Whether it is a good answer; then the token is kept. */
static bool take(struct client *client, const json_t *all)
{
    const char *access = text_of(all, "access_token"), *type = text_of(all, "token_type");
    const char *refresh = text_of(all, "refresh_token");
    json_int_t life = json_integer_value(json_object_get(all, "expires_in"));

    if (client->status != 200 || !is_token(access) || type == NULL ||
        strcasecmp(type, "Bearer") != 0)
        return false;
    client->access.length = 0;
    need(buffer_print(&client->access, "%s", access) == 0);
    if (refresh != NULL) {
        client->refresh.length = 0;
        need(buffer_print(&client->refresh, "%s", refresh) == 0);
    }
    client->until = life > 0 && life < 1000000000 ? now_ms() + life * 1000 : 0;
    return true;
}

/* Asks the token server once. *refused: it said invalid_grant, which is not told yet. */
static bool ask_token(struct client *client, const char *form, bool *refused)
{
    struct easy_body body = {.limit = ANSWER};
    CURLcode code = CURLE_OK;
    CURL *curl = client->curl;
    bool good = false;

    curl_easy_reset(curl);
    easy_set(code, curl, CURLOPT_URL, client->token_url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT, 10L);
    easy_set(code, curl, CURLOPT_POSTFIELDS, form);
    easy_set(code, curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    easy_set(code, curl, CURLOPT_USERNAME, client->id.data);
    easy_set(code, curl, CURLOPT_PASSWORD, client->secret.data);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &client->status);
    if (code != CURLE_OK) {
        report("no token: %s", curl_easy_strerror(code));
        buffer_free(&body.bytes);
        return false;
    }
    json_t *all = json_loadb(buffer_text(&body.bytes), body.bytes.length, 0, NULL);
    const char *error = text_of(all, "error");
    *refused = client->status == 400 && error != NULL && strcmp(error, "invalid_grant") == 0;
    good = take(client, all);
    if (!good && !*refused)
        tell_error(client, all);
    json_decref(all);
    buffer_free(&body.bytes);
    return good;
}

/* [renew] With the refresh token; when there is none, or it is no longer good, as at first. */
static bool renew(struct client *client)
{
    struct buffer form = {0};
    bool refused = false, good;

    if (client->refresh.length > 0) {
        need(buffer_print(&form, "grant_type=refresh_token&refresh_token=") == 0 &&
             url_quote_plus(client->refresh.data, client->refresh.length, NULL, &form) == 0);
        good = ask_token(client, form.data, &refused);
        buffer_free(&form);
        if (good || !refused)
            return good;
        client->refresh.length = 0;
    }
    good = ask_token(client, "grant_type=client_credentials", &refused);
    if (!good && refused)
        report("no token: %ld invalid_grant", client->status);
    return good;
}
/* [/renew] */

/* ---- the resources ---- */

static size_t count(char *bytes, size_t size, size_t number, void *total)
{
    (void)bytes; /* only how many there are is wanted */
    *(unsigned long long *)total += size * number;
    return size * number;
}

static bool get(struct client *client, const char *url, unsigned long long *length)
{
    CURLcode code = CURLE_OK;
    CURL *curl = client->curl;

    *length = 0;
    client->status = 0;
    curl_easy_reset(curl);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT, 10L);
    easy_set(code, curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    easy_set(code, curl, CURLOPT_XOAUTH2_BEARER, client->access.data);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, count);
    easy_set(code, curl, CURLOPT_WRITEDATA, length);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &client->status);
    if (code != CURLE_OK)
        report("%s: %s", url, curl_easy_strerror(code));
    return code == CURLE_OK;
}

/* Returns 0, 1 or NO_TOKEN. */
static int fetch(struct client *client, const char *url)
{
    unsigned long long length;

    if (client->access.length == 0 ||
        (client->until != 0 && now_ms() >= client->until - MARGIN_MS)) {
        if (!renew(client))
            return NO_TOKEN;
    }
    bool good = get(client, url, &length);
    if (good && client->status == 401) {
        if (!renew(client))
            return NO_TOKEN;
        good = get(client, url, &length);
    }
    if (good)
        printf("%ld %llu %s\n", client->status, length, url);
    else
        printf("- - %s\n", url);
    return good && client->status / 100 == 2 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct client client = {0};
    int status = 0;

    if (argc < 4)
        die_usage("CLIENT TOKEN_URL URL...");
    read_client(argv[1], &client);
    client.token_url = argv[2];
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (client.curl = curl_easy_init()) == NULL)
        die("libcurl does not start");
    for (int i = 3; i < argc && status != NO_TOKEN; i++) {
        int now = fetch(&client, argv[i]);
        status = now != 0 ? now : status;
    }
    curl_easy_cleanup(client.curl);
    curl_global_cleanup();
    buffer_free(&client.id);
    buffer_free(&client.secret);
    buffer_free(&client.access);
    buffer_free(&client.refresh);
    finish(status);
}
