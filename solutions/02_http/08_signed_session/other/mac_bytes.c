/*
 * Exercise 2.8 by another way: a token is read from its end, and what is compared is the 32 bytes
 * that its digits mean, by a loop; the key is an EVP_PKEY, made once, and EVP_DigestSign() signs.
 */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/headers.h"
#include "http/server.h"
#include "http/status.h"

enum { MAC = 32, MAC_DIGITS = 64, NAME = 64, DIGITS = 15, LIFE = 3600 };
#define ATTRIBUTES "; Path=/; HttpOnly; Secure; SameSite=Lax"

static EVP_PKEY *key;

/* The MAC of "session=" and a claim, NAME.EXPIRY. */
static bool sign(const char *claim, size_t length, unsigned char mac[MAC])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = MAC;
    bool ok = context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSignUpdate(context, "session=", 8) == 1 &&
              EVP_DigestSignUpdate(context, claim, length) == 1 &&
              EVP_DigestSignFinal(context, mac, &size) == 1 && size == MAC;

    EVP_MD_CTX_free(context);
    return ok;
}

static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 127 || strchr("\",;\\.", text[i]) != NULL)
            return false;
    return length >= 1 && length <= NAME;
}

/* The value of a small hexadecimal digit, or -1. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether a token holds; then *name is how long its name is. */
static bool holds(const char *token, size_t length, size_t *name)
{
    unsigned char mac[MAC], unlike = 0;
    int64_t expiry = 0;
    size_t claim = length - MAC_DIGITS - 1, at, digits; /* where the MAC's dot stands */

    if (length <= MAC_DIGITS || token[claim] != '.')
        return false;
    for (at = claim; at > 0 && token[at - 1] >= '0' && token[at - 1] <= '9'; at--)
        ;
    digits = claim - at;
    if (digits < 1 || digits > DIGITS || at == 0 || token[at - 1] != '.' || !is_name(token, at - 1))
        return false;
    if (!sign(token, claim, mac))
        return false;
    for (size_t i = 0; i < MAC; i++) {
        int high = digit_of(token[claim + 1 + 2 * i]), low = digit_of(token[claim + 2 + 2 * i]);
        if (high == -1 || low == -1)
            return false;
        unlike |= (unsigned char)(mac[i] ^ (high << 4 | low));
    }
    for (size_t i = at; i < claim; i++)
        expiry = expiry * 10 + (token[i] - '0');
    *name = at - 1;
    return unlike == 0 && expiry > time(NULL);
}

static void do_get(struct http_exchange *x)
{
    size_t position = 0, name;
    const char *field, *pair;

    while ((field = http_headers_next(&x->request->headers, "Cookie", &position)) != NULL)
        for (pair = field;; pair++) {
            pair += strspn(pair, " \t");
            const char *end = strchr(pair, ';');
            const char *next = end = end != NULL ? end : pair + strlen(pair);
            while (end > pair && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            if (strncmp(pair, "session=", 8) == 0 &&
                holds(pair + 8, (size_t)(end - pair - 8), &name)) {
                http_answer(x, HTTP_OK, "text/plain", pair + 8, name);
                return;
            }
            if (*(pair = next) == '\0')
                break;
        }
    http_send_error(x, HTTP_FORBIDDEN, NULL);
}

static void log_in(struct http_exchange *x)
{
    struct buffer name = {0}, cookie = {0};
    unsigned char mac[MAC];

    x->body_limit = NAME;
    if (http_read_whole(x, &name) == -1)
        return buffer_free(&name);
    if (!is_name(buffer_text(&name), name.length)) {
        http_send_error(x, HTTP_BAD_REQUEST, "this is no name");
        return buffer_free(&name);
    }
    bool ok =
        buffer_print(&cookie, "session=%s.%lld", name.data, (long long)time(NULL) + LIFE) == 0 &&
        sign(cookie.data + 8, cookie.length - 8, mac) && buffer_print(&cookie, ".") == 0;
    for (size_t i = 0; ok && i < MAC; i++)
        ok = buffer_print(&cookie, "%02x", mac[i]) == 0;
    if (ok && buffer_print(&cookie, "; Max-Age=%d%s", LIFE, ATTRIBUTES) == 0) {
        http_add_header(x, "Set-Cookie", cookie.data);
        http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
    }
    buffer_free(&cookie);
    buffer_free(&name);
}

static void do_post(struct http_exchange *x)
{
    if (strcmp(x->request->target, "/login") == 0)
        log_in(x);
    else if (strcmp(x->request->target, "/logout") == 0) {
        http_add_header(x, "Set-Cookie", "session=; Max-Age=0" ATTRIBUTES);
        http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
    } else
        http_send_error(x, HTTP_NOT_FOUND, NULL);
}

int main(int argc, char **argv)
{
    static const struct http_handler HANDLERS[] = {
        {"GET", do_get}, {"POST", do_post}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct buffer bytes = {0};
    struct error error;
    long port;
    int listener;

    if (argc != 3 || !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("KEYFILE PORT");
    if (buffer_add_file(&bytes, argv[1], 4096) == -1)
        die_errno("%s", argv[1]);
    if (bytes.length < 32)
        die("%s: a key has 32 to 4096 bytes", argv[1]);
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (unsigned char *)bytes.data,
                                       bytes.length);
    buffer_free(&bytes);
    if (key == NULL)
        die("%s: no key could be made of it", argv[1]);
    options.handlers = HANDLERS;
    if ((listener = tcp_listen((uint16_t)port, &error)) == -1 || stop_hold(&error) == -1 ||
        tcp_announce(listener, &error) == -1 || http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    EVP_PKEY_free(key);
    return EXIT_SUCCESS;
}
