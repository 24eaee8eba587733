/*
 * Exercise 4.5, another way: a scanner goes over a field byte by byte and tells each scheme and
 * each parameter as it comes; digests are fed piece by piece; and each request has a client of its
 * own.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "http/headers.h"

enum { BODY_LIMIT = 1 << 20, RANDOM = 12, HEX = 2 * EVP_MAX_MD_SIZE + 1 };
enum outcome { GOOD, FAILED = 1, NOTHING_USABLE = 10, NO = 11 };
enum { NONE, WITH_MD5, WITH_SHA256 };

struct text {
    bool there;
    struct buffer bytes;
};

struct challenge {
    bool digest;
    struct text realm, nonce, opaque, algorithm, qop, stale;
};

static struct challenge now, best; /* while fields are read */
static struct challenge held;      /* what is answered */
static unsigned requests;
static char cnonce[2 * RANDOM + 1];
static const char *host, *port, *user;
static char *password;

static void add(struct buffer *buffer, const char *bytes, size_t length)
{
    if (buffer_add(buffer, bytes, length) == -1)
        die_errno("memory");
}

static struct text *find(struct challenge *c, const char *name)
{
    const struct {
        const char *name;
        struct text *text;
    } ALL[] = {{"realm", &c->realm},         {"nonce", &c->nonce}, {"opaque", &c->opaque},
               {"algorithm", &c->algorithm}, {"qop", &c->qop},     {"stale", &c->stale}};

    for (size_t i = 0; i < sizeof ALL / sizeof ALL[0]; i++)
        if (strcasecmp(name, ALL[i].name) == 0)
            return ALL[i].text;
    return NULL;
}

static void empty(struct challenge *c)
{
    struct text *all[] = {&c->realm, &c->nonce, &c->opaque, &c->algorithm, &c->qop, &c->stale};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buffer_free(&all[i]->bytes);
    *c = (struct challenge){0};
}

static int rank(const struct challenge *c)
{
    const char *name = c->algorithm.there ? buffer_text(&c->algorithm.bytes) : "MD5";
    const char *at = buffer_text(&c->qop.bytes);
    bool auth = false;

    for (size_t length; *at != '\0'; at += length) {
        at += strspn(at, ", \t");
        length = strcspn(at, ", \t");
        auth = auth || (length == 4 && strncasecmp(at, "auth", 4) == 0);
    }
    if (!c->digest || !c->realm.there || !c->nonce.there || !auth)
        return NONE;
    if (strcasecmp(name, "SHA-256") == 0)
        return WITH_SHA256;
    return strcasecmp(name, "MD5") == 0 ? WITH_MD5 : NONE;
}

static void on_scheme(const char *scheme)
{
    if (rank(&now) > rank(&best)) {
        empty(&best);
        best = now;
        now = (struct challenge){0};
    }
    empty(&now);
    now.digest = strcasecmp(scheme, "Digest") == 0;
}

static void on_parameter(const char *name, const struct buffer *value)
{
    struct text *text = find(&now, name);

    if (text == NULL || text->there)
        return;
    text->there = true;
    add(&text->bytes, buffer_text(value), value->length);
}

/* Takes the value that begins at at; returns what stands behind it. */
static const char *scan_value(const char *at, struct buffer *value)
{
    if (*at != '"') {
        size_t length = strcspn(at, ", \t");
        add(value, at, length);
        return at + length;
    }
    for (at++; *at != '\0' && *at != '"'; at++) {
        at += *at == '\\' && at[1] != '\0';
        add(value, at, 1);
    }
    return at + (*at == '"');
}

static void scan(const char *at)
{
    struct buffer word = {0}, value = {0};

    while (*(at += strspn(at, ", \t")) != '\0') {
        size_t length = strcspn(at, "=, \t");
        word.length = value.length = 0;
        add(&word, at, length);
        at += length;
        const char *next = at + strspn(at, " \t");
        if (*next == '=') {
            at = scan_value(next + 1 + strspn(next + 1, " \t"), &value);
            on_parameter(word.data, &value);
        } else {
            on_scheme(word.data);
        }
    }
    on_scheme("");
    buffer_free(&word);
    buffer_free(&value);
}

/* ---- the proof ---- */

static void hash(char hex[HEX], const char *format, const char *const *pieces)
{
    const EVP_MD *kind = rank(&held) == WITH_SHA256 ? EVP_sha256() : EVP_md5();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    bool good = context != NULL && EVP_DigestInit_ex(context, kind, NULL) == 1;

    for (; good && *format != '\0'; format++) { /* each s is a piece */
        const char *piece = *format == 's' ? *pieces++ : format;
        good = EVP_DigestUpdate(context, piece, piece == format ? 1 : strlen(piece)) == 1;
    }
    if (!good || EVP_DigestFinal_ex(context, raw, &length) != 1)
        die("OpenSSL makes no digest");
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; i < length; i++)
        (void)snprintf(hex + 2 * (size_t)i, 3, "%02x", raw[i]); /* two digits and a NUL */
}

static void quote(struct buffer *out, const char *name, const char *value)
{
    if (buffer_print(out, ", %s=\"", name) == -1)
        die_errno("memory");
    while (*value != '\0') {
        size_t plain = strcspn(value, "\"\\");
        add(out, value, plain);
        value += plain;
        if (*value != '\0') {
            add(out, "\\", 1);
            add(out, value++, 1);
        }
    }
    add(out, "\"", 1);
}

static void prove(struct http_headers *headers, const char *target)
{
    const char *realm = buffer_text(&held.realm.bytes), *nonce = buffer_text(&held.nonce.bytes);
    char secret[HEX], what[HEX], response[HEX], count[9];
    struct buffer out = {0};

    (void)snprintf(count, sizeof count, "%08x", ++requests); /* eight digits and a NUL */
    hash(secret, "s:s:s", (const char *[]){user, realm, password});
    hash(what, "GET:s", (const char *[]){target});
    hash(response, "s:s:s:s:auth:s", (const char *[]){secret, nonce, count, cnonce, what});
    if (buffer_print(&out, "Digest nc=%s, qop=auth", count) == -1 ||
        (held.algorithm.there &&
         buffer_print(&out, ", algorithm=%s", buffer_text(&held.algorithm.bytes)) == -1))
        die_errno("memory");
    quote(&out, "cnonce", cnonce);
    quote(&out, "response", response);
    quote(&out, "uri", target);
    quote(&out, "nonce", nonce);
    quote(&out, "realm", realm);
    quote(&out, "username", user);
    if (held.opaque.there)
        quote(&out, "opaque", buffer_text(&held.opaque.bytes));
    if (http_headers_add(headers, "Authorization", out.data) == -1)
        die_errno("Authorization");
    buffer_free(&out);
}

/* best is answered from now on. */
static void hold(void)
{
    unsigned char raw[RANDOM];

    if (getrandom(raw, sizeof raw, 0) != sizeof raw)
        die_errno("getrandom");
    for (size_t i = 0; i < sizeof raw; i++)
        (void)snprintf(cnonce + 2 * i, 3, "%02x", raw[i]); /* two digits and a NUL */
    empty(&held);
    held = best;
    best = (struct challenge){0};
    requests = 0;
}

/* ---- asking ---- */

/* Returns the status; a page is in body, what a 401 offers in best. */
static int ask(const char *target, struct buffer *body)
{
    struct http_headers headers = {0};
    const struct http_head *head;
    struct error error;
    const char *field;
    size_t position = 0;
    struct http_client *client = http_client_new(host, port, NULL, NULL, &error);

    if (client == NULL)
        die("%s", error.text);
    if (held.digest)
        prove(&headers, target);
    if (http_client_request(client, "GET", target, &headers, NULL, 0) != HTTP_CLIENT_OK ||
        http_client_get_response(client, &head) != HTTP_CLIENT_OK)
        die("%s: %s", target, http_client_error(client));
    int status = head->status;
    empty(&best);
    while ((field = http_headers_next(&head->headers, "WWW-Authenticate", &position)) != NULL)
        scan(field);
    if (status / 100 == 2 && http_client_read_all(client, body, BODY_LIMIT) != HTTP_CLIENT_OK)
        die("%s: %s", target, http_client_error(client));
    http_headers_free(&headers);
    http_client_free(client);
    return status;
}

static enum outcome get(const char *target)
{
    struct buffer body = {0};
    int chances = held.digest ? 1 : 2, status; /* proofs that may be sent for a 401 */

    while ((status = ask(target, &body)) == 401) {
        if (rank(&best) == NONE)
            return NOTHING_USABLE;
        if (held.digest && (chances == 0 || !best.stale.there ||
                            strcasecmp(buffer_text(&best.stale.bytes), "true") != 0))
            return NO;
        chances--;
        hold();
    }
    if (status / 100 == 2 && fwrite(buffer_text(&body), 1, body.length, stdout) != body.length)
        die_errno("standard output");
    buffer_free(&body);
    return status / 100 == 2 ? GOOD : FAILED;
}

int main(int argc, char **argv)
{
    enum outcome outcome = GOOD;
    size_t room = 0;
    long number;

    if (argc < 5 || !number_parse(argv[2], 1, UINT16_MAX, &number) || *argv[3] == '\0' ||
        strchr(argv[3], ':') != NULL)
        die_usage("HOST PORT USER TARGET... <PASSWORD");
    for (int i = 4; i < argc; i++)
        if (argv[i][0] != '/')
            die_usage("HOST PORT USER TARGET... <PASSWORD");
    host = argv[1];
    port = argv[2];
    user = argv[3];
    if (getline(&password, &room, stdin) <= 0)
        die("no password");
    password[strcspn(password, "\n")] = '\0';
    for (int i = 4; i < argc && outcome == GOOD; i++) {
        outcome = get(argv[i]);
        if (outcome != GOOD)
            report("%s: %s", argv[i],
                   outcome == NO               ? "the proof was refused"
                   : outcome == NOTHING_USABLE ? "no challenge that can be answered"
                                               : "no good answer");
    }
    empty(&held);
    empty(&best);
    free(password);
    finish((int)outcome);
}
