/*
 * Another way: a handle for each of the two servers, Authorization written by hand, and an
 * automaton in place of functions that call each other.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "urllib/parse.h"

enum { MOST = 64 * 1024, LIFE_MOST = 1000000000 };

struct answer {
    char *text; /* NULL: the bytes are only counted */
    size_t length;
};

static char access_token[MOST + 16], *refresh_token;
static time_t ends; /* 0: who knows */

static size_t receive(char *bytes, size_t size, size_t count, void *to)
{
    struct answer *answer = to;

    (void)size;
    if (answer->text != NULL) {
        if (answer->length + count > MOST)
            return 0;
        memcpy(answer->text + answer->length, bytes, count);
    }
    answer->length += count;
    return count;
}

static CURL *handle(struct answer *answer, const char *authorization, struct curl_slist **headers)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *list = curl_slist_append(NULL, authorization);

    if (curl == NULL || list == NULL ||
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 9000L) != CURLE_OK)
        abort();
    *headers = list;
    return curl;
}

/* The client's id or secret from the next line of the file, coded. */
static bool read_part(FILE *file, struct buffer *pair)
{
    char line[1100];

    if (fgets(line, sizeof line, file) == NULL || line[0] == '\n')
        return false;
    line[strcspn(line, "\n")] = '\0';
    return url_quote_plus(line, strlen(line), NULL, pair) == 0;
}

/* "Authorization: Basic …", or NULL. */
static char *read_proof(const char *path)
{
    static const char NAME[] = "Authorization: Basic ";
    FILE *file = fopen(path, "r");
    struct buffer pair = {0};
    char *proof = NULL;

    if (file != NULL && read_part(file, &pair) && buffer_add(&pair, ":", 1) == 0 &&
        read_part(file, &pair) && (proof = malloc(sizeof NAME + pair.length * 2)) != NULL) {
        memcpy(proof, NAME, sizeof NAME);
        (void)EVP_EncodeBlock((unsigned char *)proof + sizeof NAME - 1,
                              (const unsigned char *)pair.data, (int)pair.length);
    }
    if (file != NULL)
        (void)fclose(file);
    buffer_free(&pair);
    return proof;
}

static bool keep(const json_t *all)
{
    const char *access = json_string_value(json_object_get(all, "access_token"));
    const char *type = json_string_value(json_object_get(all, "token_type"));
    const json_t *refresh = json_object_get(all, "refresh_token");
    json_int_t life = json_integer_value(json_object_get(all, "expires_in"));

    if (access == NULL || *access == '\0' || type == NULL || strcasecmp(type, "bearer") != 0)
        return false;
    for (const char *c = access; *c != '\0'; c++)
        if (strchr("-._~+/=", *c) == NULL && !(*c >= '0' && *c <= '9') &&
            !((*c | 32) >= 'a' && (*c | 32) <= 'z'))
            return false;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(access_token, sizeof access_token, "%s", access);
    ends = life > 0 && life < LIFE_MOST ? now.tv_sec + (time_t)life : 0;
    if (json_is_string(refresh)) {
        free(refresh_token);
        refresh_token = strdup(json_string_value(refresh));
    }
    return true;
}

/* 1: a token came; 0: not by this refresh token; -1: no token. */
static int ask(const char *url, const char *proof)
{
    char text[MOST + 1];
    struct answer answer = {.text = text};
    struct curl_slist *headers;
    CURL *curl = handle(&answer, proof, &headers);
    struct buffer form = {0};
    long status = 0;
    int result = -1;

    if (buffer_print(&form, "grant_type=%s",
                     refresh_token != NULL ? "refresh_token&refresh_token="
                                           : "client_credentials") == -1 ||
        (refresh_token != NULL &&
         url_quote_plus(refresh_token, strlen(refresh_token), NULL, &form) == -1) ||
        curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form.data) != CURLE_OK)
        abort();
    if (curl_easy_perform(curl) == CURLE_OK)
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *all = json_loadb(text, answer.length, 0, NULL);
    const char *error = json_string_value(json_object_get(all, "error"));
    if (status == 200 && keep(all)) {
        result = 1;
    } else if (refresh_token != NULL && status == 400 && error != NULL &&
               strcmp(error, "invalid_grant") == 0) {
        free(refresh_token);
        refresh_token = NULL;
        result = 0;
    } else {
        bool good = error != NULL && strlen(error) < 64 && *error != '\0' &&
                    error[strspn(error, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
        fprintf(stderr, "oauth2_client: no token: %ld %s\n", status, good ? error : "");
    }
    json_decref(all);
    buffer_free(&form);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return result;
}

/* The status; 0 when no whole answer came. */
static long get(const char *url, size_t *length)
{
    struct answer answer = {0};
    char line[sizeof access_token + 32];
    struct curl_slist *headers;
    long status = 0;

    (void)snprintf(line, sizeof line, "Authorization: Bearer %s", access_token);
    CURL *curl = handle(&answer, line, &headers);
    if (curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK)
        abort();
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        fprintf(stderr, "oauth2_client: %s: %s\n", url, curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    *length = answer.length;
    return status;
}

static bool is_over(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return access_token[0] == '\0' || (ends != 0 && ends - now.tv_sec <= 5);
}

static int run(char **url, const char *token_url, const char *proof)
{
    enum { LOOK, RENEW, TRY } state = LOOK;
    bool second = false;
    int result = 0;

    while (*url != NULL) {
        if (state == LOOK) {
            second = false;
            state = is_over() ? RENEW : TRY;
        } else if (state == RENEW) {
            int got = ask(token_url, proof);
            if (got == -1)
                return 4;
            state = got == 1 ? TRY : RENEW;
        } else {
            size_t length;
            long status = get(*url, &length);
            if (status == 401 && !second) {
                second = true;
                state = RENEW;
                continue;
            }
            if (status != 0)
                printf("%ld %zu %s\n", status, length, *url);
            else
                printf("- - %s\n", *url);
            result = status / 100 == 2 ? result : 1;
            url++;
            state = LOOK;
        }
    }
    return result;
}

int main(int argc, char **argv)
{
    char *proof = argc < 4 ? NULL : read_proof(argv[1]);
    int result = 2;

    if (proof == NULL) {
        fputs("usage: oauth2_client CLIENT TOKEN_URL URL...\n", stderr);
        return result;
    }
    if (curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK) {
        result = run(argv + 3, argv[2], proof);
        curl_global_cleanup();
    }
    free(proof);
    free(refresh_token);
    return fflush(stdout) == 0 ? result : 1;
}
