/* fails: open uri names opaque count cnonce stale stale-each stale-twice wrong-password strongest quoted spelling stale-spelling unknown other-status usage nothing-left-behind */
/*
 * Lesson 4.07's hash, response and parameter(), around lesson 2.06's client: it asks for each
 * target twice, and counts to one.
 */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"
#include "http/client.h"

enum { DIGITS = 2 * EVP_MAX_MD_SIZE + 1, VALUE = 512, BODY_LIMIT = 1 << 20 };

/* Of texts up to a NULL, colons between them, in hexadecimal. */
static void hash(const char *name, char hex[DIGITS], const char *const *t)
{
    const EVP_MD *md = EVP_get_digestbyname(name);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (md == NULL)
        die("%s: no such algorithm", name);
    bool sound = c != NULL && EVP_DigestInit_ex(c, md, NULL) == 1;
    for (size_t i = 0; sound && t[i] != NULL; i++)
        sound = (i == 0 || EVP_DigestUpdate(c, ":", 1) == 1) &&
                EVP_DigestUpdate(c, t[i], strlen(t[i])) == 1;
    if (!sound || EVP_DigestFinal_ex(c, bytes, &length) != 1)
        die("%s: OpenSSL has no such digest now", name);
    EVP_MD_CTX_free(c);
    for (unsigned i = 0; i < length; i++)
        (void)snprintf(hex + 2 * (size_t)i, 3, "%02x", bytes[i]); /* fits */
}

/* w: algorithm, user, realm, password, method, uri, nonce, nc, cnonce. */
static void digest_by_hand(char **w, char response[DIGITS])
{
    const char *name = strcasecmp(w[0], "SHA-256") == 0 ? "SHA256" : w[0];
    char who[DIGITS], what[DIGITS];

    hash(name, who, (const char *[]){w[1], w[2], w[3], NULL});
    hash(name, what, (const char *[]){w[4], w[5], NULL});
    const char *all[] = {who, w[6], w[7], w[8], "auth", what, NULL};
    hash(name, response, all);
}

/* Copies the value of name in 'Digest name="value", other=value'; "" where there is none. */
static void parameter(const char *field, const char *name, char value[VALUE])
{
    char key[32];
    size_t length = 0;

    (void)snprintf(key, sizeof key, " %s=", name); /* names here are short */
    const char *at = strstr(field, key);
    if (at != NULL) {
        at += strlen(key);
        bool quoted = *at == '"';
        at += quoted;
        for (; length < VALUE - 1 && *at != '\0' && *at != (quoted ? '"' : ','); at++) {
            at += quoted && *at == '\\' && at[1] != '\0';
            value[length++] = *at;
        }
    }
    value[length] = '\0';
}

static int ask(struct http_client *client, const char *target, const struct http_headers *headers,
               struct buffer *body, char field[VALUE * 4])
{
    const struct http_head *head;
    const char *value;

    if (http_client_request(client, "GET", target, headers, NULL, 0) != HTTP_CLIENT_OK ||
        http_client_get_response(client, &head) != HTTP_CLIENT_OK)
        die("%s", http_client_error(client));
    int status = head->status;
    value = http_headers_get(&head->headers, "WWW-Authenticate");
    (void)snprintf(field, VALUE * 4, "%s", value != NULL ? value : "");
    if (http_client_read_all(client, body, BODY_LIMIT) != HTTP_CLIENT_OK)
        die("%s", http_client_error(client));
    return status;
}

static void get(struct http_client *client, char *user, char *password, char *target)
{
    char field[VALUE * 4], algorithm[VALUE], realm[VALUE], nonce[VALUE], opaque[VALUE];
    char method[] = "GET", nc[] = "00000001", cnonce[] = "0a4f113b0a4f113b", response[DIGITS];
    struct http_headers headers = {0};
    struct buffer body = {0};

    if (ask(client, target, &headers, &body, field) != 401 || strncmp(field, "Digest ", 7) != 0)
        die("%s: no digest", target);
    parameter(field, "algorithm", algorithm);
    parameter(field, "realm", realm);
    parameter(field, "nonce", nonce);
    parameter(field, "opaque", opaque);
    if (algorithm[0] == '\0')
        (void)snprintf(algorithm, sizeof algorithm, "MD5");
    char *words[] = {algorithm, user, realm, password, method, target, nonce, nc, cnonce};
    digest_by_hand(words, response);
    if (http_headers_print(&headers, "Authorization",
                           "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
                           "response=\"%s\", algorithm=%s, qop=auth, nc=%s, cnonce=\"%s\", "
                           "opaque=\"%s\"",
                           user, realm, nonce, target, response, algorithm, nc, cnonce,
                           opaque) == -1)
        die_errno("Authorization");
    body.length = 0;
    int status = ask(client, target, &headers, &body, field);
    if (status != 200)
        die("%s: %d", target, status);
    (void)fwrite(body.data, 1, body.length, stdout); /* finish() looks */
    buffer_free(&body);
    http_headers_free(&headers);
}

int main(int argc, char **argv)
{
    struct error error;
    char *password = NULL;
    size_t room = 0;

    if (argc < 5)
        die_usage("HOST PORT USER TARGET...");
    if (getline(&password, &room, stdin) <= 0)
        die("no password");
    password[strcspn(password, "\n")] = '\0';
    struct http_client *client = http_client_new(argv[1], argv[2], NULL, NULL, &error);
    if (client == NULL)
        die("%s", error.text);
    for (int i = 4; i < argc; i++)
        get(client, argv[3], password, argv[i]);
    free(password);
    http_client_free(client);
    finish(EXIT_SUCCESS);
}
