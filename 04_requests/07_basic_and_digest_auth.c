/*
 * 4.07  Basic and digest authentication
 *
 * Logs in by basic, digest, netrc or token, and prints what of it goes over the wire.
 *
 * Python:  requests.auth.HTTPBasicAuth, HTTPDigestAuth, AuthBase; netrc
 * Usage:   07_basic_and_digest_auth basic|digest|any USER:PASSWORD [URL]
 *          07_basic_and_digest_auth netrc FILE [URL]
 *          07_basic_and_digest_auth token TOKEN [URL]
 *          07_basic_and_digest_auth hand ALGORITHM USER REALM PASSWORD METHOD URI
 *                                        NONCE NC CNONCE    the response of a digest
 * See:     RFC 7617 (Basic), RFC 7616 (Digest), RFC 6750 (Bearer); CURLOPT_HTTPAUTH(3)
 * Leaves out: qop=auth-int, which covers the body too, and -sess, which few servers speak.
 */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { BODY_LIMIT = 1 << 20, CONNECT_MS = 3000, WHOLE_MS = 10000, REDIRECTS = 5, HAND_WORDS = 9 };
enum { DIGITS = 2 * EVP_MAX_MD_SIZE + 1, VALUE = 512 };
static const char USAGE[] = "basic|digest|any USER:PASSWORD [URL] | netrc FILE [URL] | "
                            "token TOKEN [URL] | hand ALGORITHM USER REALM PASSWORD METHOD URI "
                            "NONCE NC CNONCE";
static const char USUAL[] = "http://localhost:10000/basic-auth/ada/pass";

/* [hash] */
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
/* [/hash] */

/* [hand] */
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
/* [/hand] */

/* [shown] */
/* Prints a line of a head, if it is about who asks whom; a list gets a line for each member. */
static void show(const char *mark, const char *line, size_t length)
{
    static const char *const SHOWN[] = {
        "GET ", "HTTP/", "Host:", "Authorization:", "WWW-Auth", "Location:"};
    bool shown = false;

    for (size_t i = 0; i < sizeof SHOWN / sizeof SHOWN[0]; i++)
        shown = shown || strncasecmp(line, SHOWN[i], strlen(SHOWN[i])) == 0;
    if (shown)
        printf("%s ", mark);
    for (size_t i = 0; shown && i < length; i++) {
        printf("%c", line[i]);
        if (line[i] == ',' && i + 1 < length && line[i + 1] == ' ')
            printf("\n    ");
    }
    if (shown)
        printf("\n");
}

/* libcurl shows what it sends and receives. Keeps the last Authorization. */
static int on_debug(CURL *curl, curl_infotype type, char *data, size_t size, void *context)
{
    struct buffer *kept = context;
    bool out = type == CURLINFO_HEADER_OUT;

    (void)curl;
    for (char *end; (out || type == CURLINFO_HEADER_IN) && size > 0; data = end) {
        size_t length = 0; /* data is no C string */
        while (length < size && data[length] != '\r' && data[length] != '\n')
            length++;
        show(out ? "->" : "<-", data, length);
        if (out && length > 15 && strncasecmp(data, "Authorization: ", 15) == 0) {
            buffer_free(kept);
            if (buffer_add(kept, data + 15, length - 15) == -1)
                return 0; /* then nothing is worked out by hand */
        }
        end = data + length;
        size -= length;
        for (; size > 0 && (*end == '\r' || *end == '\n'); size--)
            end++;
    }
    return 0;
}
/* [/shown] */

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

/* [check] */
/* Works out what the library has sent, from its own numbers and the password. */
static void check_by_hand(const char *field, char *password)
{
    static const char *const NAMES[] = {"algorithm", "username", "realm", NULL,    NULL,
                                        "uri",       "nonce",    "nc",    "cnonce"};
    char values[HAND_WORDS][VALUE], method[] = "GET", sent[VALUE], made[DIGITS];
    char *words[HAND_WORDS];

    for (size_t i = 0; i < HAND_WORDS; i++) {
        words[i] = values[i];
        if (NAMES[i] != NULL)
            parameter(field, NAMES[i], values[i]);
    }
    words[3] = password;
    words[4] = method;
    parameter(field, "response", sent);
    digest_by_hand(words, made);
    printf("by hand: %s\n", strcmp(made, sent) == 0 ? "the same response" : made);
}
/* [/check] */

/* [who] */
/* Tells the handle who asks, and by which method it is to say so. */
static CURLcode set_who(CURL *curl, const char *mode, const char *who)
{
    unsigned long methods = CURLAUTH_BASIC;
    CURLcode code = CURLE_OK;

    if (strcmp(mode, "digest") == 0)
        methods = CURLAUTH_DIGEST;
    else if (strcmp(mode, "any") == 0)
        methods = CURLAUTH_ANY;
    else if (strcmp(mode, "token") == 0)
        methods = CURLAUTH_BEARER;
    easy_set(code, curl, CURLOPT_HTTPAUTH, methods);
    if (strcmp(mode, "netrc") == 0) {
        easy_set(code, curl, CURLOPT_NETRC, (long)CURL_NETRC_REQUIRED);
        easy_set(code, curl, CURLOPT_NETRC_FILE, who);
    } else if (strcmp(mode, "token") == 0) {
        easy_set(code, curl, CURLOPT_XOAUTH2_BEARER, who);
    } else {
        easy_set(code, curl, CURLOPT_USERPWD, who);
    }
    return code;
}
/* [/who] */

static CURLcode set_options(CURL *curl, const char *url, struct easy_body *body,
                            struct buffer *kept)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_VERBOSE, 1L);
    easy_set(code, curl, CURLOPT_DEBUGFUNCTION, on_debug);
    easy_set(code, curl, CURLOPT_DEBUGDATA, kept);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, 1L);
    easy_set(code, curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    easy_set(code, curl, CURLOPT_NOSIGNAL, 1L);
    easy_set(code, curl, CURLOPT_COOKIELIST, ""); /* the testbed keeps its nonces in cookies */
    return code;
}

/* Asks, and prints what goes over the wire. Returns 0; or -1 and a message. */
static int ask(const char *mode, char *secret, const char *url)
{
    struct easy_body body = {.limit = BODY_LIMIT};
    struct buffer kept = {0};
    struct requests_error error = {0};
    char words[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURL *curl = curl_easy_init();

    if (curl == NULL)
        die("out of memory");
    CURLcode code = set_options(curl, url, &body, &kept);
    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    if (code == CURLE_OK)
        code = set_who(curl, mode, secret);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        (void)requests_error_from(&error, code, curl, words);
        report("%s: %s: %s", url, requests_failure_name(error.failure), error.text);
    } else if (strncmp(buffer_text(&kept), "Digest ", 7) == 0 && strchr(secret, ':') != NULL) {
        check_by_hand(kept.data, strchr(secret, ':') + 1);
    }
    if (code == CURLE_OK && status >= 400)
        report("HTTPError: %ld", status);
    curl_easy_cleanup(curl);
    buffer_free(&kept);
    buffer_free(&body.bytes);
    return code == CURLE_OK && status < 400 ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const char *const MODES[] = {"basic", "digest", "any", "netrc", "token"};
    char response[DIGITS];
    bool known = false;

    if (argc == 2 + HAND_WORDS && strcmp(argv[1], "hand") == 0) {
        digest_by_hand(argv + 2, response);
        printf("%s\n", response);
        finish(EXIT_SUCCESS);
    }
    for (size_t i = 0; argc > 1 && i < sizeof MODES / sizeof MODES[0]; i++)
        known = known || strcmp(argv[1], MODES[i]) == 0;
    if (!known || argc < 3 || argc > 4)
        die_usage(USAGE);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    int result = ask(argv[1], argv[2], argc == 4 ? argv[3] : USUAL);
    curl_global_cleanup();
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
