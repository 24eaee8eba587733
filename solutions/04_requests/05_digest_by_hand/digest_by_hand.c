/*
 * Exercise 4.5  Digest by hand
 *
 * Usage:  digest_by_hand HOST PORT USER TARGET... <PASSWORD
 *
 * What a 401 offers is read into challenges, and the strongest kept; the proof is made of it.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "http/headers.h"

enum { UNKNOWN = 10, REFUSED = 11 }; /* exit statuses */
enum { BODY_LIMIT = 1 << 20, RANDOM = 16, DIGITS = 2 * EVP_MAX_MD_SIZE + 1 };
enum { REALM, NONCE, OPAQUE, ALGORITHM, QOP, STALE, PARAMETERS };
static const char *const NAMES[PARAMETERS] = {"realm",     "nonce", "opaque",
                                              "algorithm", "qop",   "stale"};

struct challenge {
    bool is_digest;
    char *value[PARAMETERS]; /* without quotes; NULL where there is none */
};

struct visitor {
    struct http_client *client;
    const char *user;
    char *password;
    struct challenge challenge; /* the one to answer; of no scheme at first */
    unsigned count;             /* requests with its nonce */
    char cnonce[2 * RANDOM + 1];
};

static bool is_word(const char *text, const char *word)
{
    return http_same_text(text, strlen(text), word, strlen(word));
}

/* ---- challenges ---- */

static void drop(struct challenge *c)
{
    for (size_t i = 0; i < PARAMETERS; i++)
        free(c->value[i]);
    *c = (struct challenge){0};
}

/* 2 for SHA-256, 1 for MD5, 0 for what this program cannot answer. */
static int strength(const struct challenge *c)
{
    const char *at = c->value[QOP], *member;
    bool auth = false;
    size_t length;

    while (at != NULL && http_list_next(&at, &member, &length))
        auth = auth || http_same_text(member, length, "auth", 4);
    if (!c->is_digest || !auth || c->value[REALM] == NULL || c->value[NONCE] == NULL)
        return 0;
    if (c->value[ALGORITHM] == NULL || is_word(c->value[ALGORITHM], "MD5"))
        return 1;
    return is_word(c->value[ALGORITHM], "SHA-256") ? 2 : 0;
}

/* c is complete: it takes the place of best if it is stronger. */
static void settle(struct challenge *c, struct challenge *best)
{
    if (strength(c) > strength(best)) {
        drop(best);
        *best = *c;
        *c = (struct challenge){0};
    }
    drop(c);
}

/* A copy without quotes and backslashes. */
static char *unquote(const char *text, const char *end)
{
    char *copy = malloc((size_t)(end - text) + 1), *to = copy;
    bool quoted = text < end && *text == '"';

    if (copy == NULL)
        die_errno("memory");
    for (const char *at = text + quoted; at < end && !(quoted && *at == '"'); at++) {
        if (quoted && *at == '\\' && at + 1 < end)
            at++;
        *to++ = *at;
    }
    *to = '\0';
    return copy;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static size_t token(const char *at, const char *end)
{
    size_t length = 0;

    while (at + length < end && http_is_token(at + length, 1))
        length++;
    return length;
}

/* A member between two commas: a scheme, a parameter, or a scheme and its first parameter. */
static void read_member(const char *at, const char *end, struct challenge *c,
                        struct challenge *best)
{
    size_t length = token(at, end);
    const char *next = skip_blanks(at + length, end);

    if (next == end || *next != '=') {
        settle(c, best);
        c->is_digest = http_same_text(at, length, "Digest", 6);
        at = next;
        length = token(at, end);
        next = skip_blanks(at + length, end);
    }
    for (size_t i = 0; i < PARAMETERS; i++)
        if (next < end && *next == '=' && c->value[i] == NULL &&
            http_same_text(at, length, NAMES[i], strlen(NAMES[i])))
            c->value[i] = unquote(skip_blanks(next + 1, end), end);
}

/* The strongest of all challenges in all fields. */
static struct challenge choose(const struct http_headers *headers)
{
    struct challenge best = {0}, c = {0};
    const char *at, *member;
    size_t position = 0, length;

    while ((at = http_headers_next(headers, "WWW-Authenticate", &position)) != NULL) {
        while (http_list_next(&at, &member, &length))
            read_member(member, member + length, &c, &best);
        settle(&c, &best);
    }
    return best;
}

/* ---- the proof ---- */

static void write_hex(const unsigned char *bytes, size_t length, char *hex)
{
    for (size_t i = 0; i < length; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]); /* two digits and a NUL */
}

/* The digest of texts up to a NULL, colons between them, in hexadecimal digits. */
static void hash(const struct challenge *c, char hex[DIGITS], const char *const *texts)
{
    const EVP_MD *kind = strength(c) == 2 ? EVP_sha256() : EVP_md5();
    unsigned char bytes[EVP_MAX_MD_SIZE];
    struct buffer whole = {0};
    unsigned length = 0;
    bool good = true;

    for (size_t i = 0; good && texts[i] != NULL; i++)
        good = buffer_print(&whole, "%s%s", i > 0 ? ":" : "", texts[i]) == 0;
    if (!good || EVP_Digest(whole.data, whole.length, bytes, &length, kind, NULL) != 1)
        die("no digest can be made");
    buffer_free(&whole);
    write_hex(bytes, length, hex);
}

static void add_quoted(struct buffer *out, const char *name, const char *value)
{
    bool good = buffer_print(out, "%s=\"", name) == 0;

    for (; good && *value != '\0'; value++)
        good = buffer_print(out, "%s%c", strchr("\"\\", *value) != NULL ? "\\" : "", *value) == 0;
    if (!good || buffer_print(out, "\", ") == -1)
        die_errno("memory");
}

static void add_proof(struct visitor *v, const char *target, struct http_headers *headers)
{
    const struct challenge *c = &v->challenge;
    char who[DIGITS], what[DIGITS], response[DIGITS], count[16];
    struct buffer out = {0};

    (void)snprintf(count, sizeof count, "%08x", ++v->count); /* eight digits */
    hash(c, who, (const char *[]){v->user, c->value[REALM], v->password, NULL});
    hash(c, what, (const char *[]){"GET", target, NULL});
    hash(c, response, (const char *[]){who, c->value[NONCE], count, v->cnonce, "auth", what, NULL});
    add_quoted(&out, "Digest username", v->user);
    add_quoted(&out, "realm", c->value[REALM]);
    add_quoted(&out, "nonce", c->value[NONCE]);
    add_quoted(&out, "uri", target);
    add_quoted(&out, "response", response);
    add_quoted(&out, "cnonce", v->cnonce);
    if (c->value[OPAQUE] != NULL)
        add_quoted(&out, "opaque", c->value[OPAQUE]);
    const char *algorithm = c->value[ALGORITHM] != NULL ? c->value[ALGORITHM] : "MD5";
    if (buffer_print(&out, "algorithm=%s, qop=auth, nc=%s", algorithm, count) == -1 ||
        http_headers_add(headers, "Authorization", out.data) == -1)
        die_errno("Authorization");
    buffer_free(&out);
}

/* ---- asking ---- */

/* Asks once. Returns the status; body and what the head offers are the caller's. */
static int ask(struct visitor *v, const char *target, struct buffer *body, struct challenge *offer)
{
    struct http_headers headers = {0};
    const struct http_head *head = NULL;
    int status = 0;

    if (v->challenge.is_digest)
        add_proof(v, target, &headers);
    enum http_client_result result =
        http_client_request(v->client, "GET", target, &headers, NULL, 0);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(v->client, &head);
    if (result == HTTP_CLIENT_OK) { /* the head is gone when the body has been read */
        status = head->status;
        if (status == 401)
            *offer = choose(&head->headers);
        result = http_client_read_all(v->client, body, BODY_LIMIT);
    }
    http_headers_free(&headers);
    if (result != HTTP_CLIENT_OK)
        die("%s: %s", target, http_client_error(v->client));
    return status;
}

/* Answers the challenge from now on. */
static void take(struct visitor *v, const struct challenge *offer)
{
    unsigned char random[RANDOM];

    if (RAND_bytes(random, sizeof random) != 1)
        die("no random numbers");
    write_hex(random, sizeof random, v->cnonce);
    drop(&v->challenge);
    v->challenge = *offer;
    v->count = 0;
}

/* Gets one target. Returns the exit status, 0 when all is well. */
static int get(struct visitor *v, const char *target)
{
    bool again = false; /* it was asked for again for a stale nonce */
    struct buffer body = {0};
    int result = EXIT_SUCCESS, status;

    for (;;) {
        struct challenge offer = {0};
        bool proved = v->challenge.is_digest;
        body.length = 0;
        status = ask(v, target, &body, &offer);
        if (status != 401)
            break;
        const char *stale = offer.value[STALE];
        if (strength(&offer) == 0)
            result = UNKNOWN;
        else if (proved && (again || stale == NULL || !is_word(stale, "true")))
            result = REFUSED;
        if (result != EXIT_SUCCESS) {
            drop(&offer);
            break;
        }
        again = proved;
        take(v, &offer);
    }
    if (result == EXIT_SUCCESS && (status < 200 || status > 299))
        result = EXIT_FAILURE;
    if (result == UNKNOWN)
        report("%s: 401, and no challenge that can be answered", target);
    else if (result != EXIT_SUCCESS)
        report("%s: the server says %d", target, status);
    else if (body.length > 0 && fwrite(body.data, 1, body.length, stdout) != body.length)
        die_errno("standard output");
    buffer_free(&body);
    return result;
}

static bool are_good(char **words, int count)
{
    long port;
    bool good = count >= 4 && number_parse(words[1], 1, UINT16_MAX, &port);

    good = good && words[2][0] != '\0' && strchr(words[2], ':') == NULL;
    for (int i = 3; good && i < count; i++)
        good = words[i][0] == '/';
    return good;
}

int main(int argc, char **argv)
{
    struct visitor v = {.user = argc > 3 ? argv[3] : NULL};
    struct error error;
    size_t room = 0;
    int result = EXIT_SUCCESS;

    if (!are_good(argv + 1, argc - 1))
        die_usage("HOST PORT USER TARGET... <PASSWORD");
    if (getline(&v.password, &room, stdin) <= 0)
        die("there is no password on standard input");
    v.password[strcspn(v.password, "\n")] = '\0';
    v.client = http_client_new(argv[1], argv[2], NULL, NULL, &error);
    if (v.client == NULL)
        die("%s", error.text);
    for (int i = 4; result == EXIT_SUCCESS && i < argc; i++)
        result = get(&v, argv[i]);
    drop(&v.challenge);
    http_client_free(v.client);
    OPENSSL_cleanse(v.password, room);
    free(v.password);
    if (result == EXIT_SUCCESS)
        finish(EXIT_SUCCESS);
    return fflush(stdout) == 0 ? result : EXIT_FAILURE;
}
