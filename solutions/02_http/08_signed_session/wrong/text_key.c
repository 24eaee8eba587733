/* fails: binary-key */
/*
 * Exercise 2.8  Signed session
 *
 * Takes the key for a text: it ends at the first NUL.
 */
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
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
#include "http/server.h"

enum {
    KEY_LEAST = 32,
    KEY_MOST = 4096,
    NAME_MOST = 64,
    LIFETIME = 3600,  /* seconds */
    EXPIRY_MOST = 15, /* digits */
    MAC = 32,         /* bytes of a SHA-256 */
    DIGITS = 64,      /* in which they are written */
    TEXT = 256
};

static const char ATTRIBUTES[] = "Path=/; HttpOnly; Secure; SameSite=Lax";
static struct buffer key;

/* The signature covers the name of the cookie: one that was made for another purpose is no session.
 */
static bool sign(const char *claim, char hex[DIGITS + 1])
{
    char text[TEXT];
    unsigned char mac[EVP_MAX_MD_SIZE];
    int length = snprintf(text, sizeof text, "session=%s", claim);

    if (length < 0 || length >= (int)sizeof text ||
        HMAC(EVP_sha256(), key.data, (int)strlen(key.data), (const unsigned char *)text,
             (size_t)length, mac, NULL) == NULL)
        return false;
    for (size_t i = 0; i < MAC; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", mac[i]); /* two digits and a NUL always fit */
    return true;
}

/* What may stand in the value of a cookie, RFC 6265 section 4.1.1, but for the dot. */
static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("\",;\\.", text[i]) != NULL)
            return false;
    return length > 0 && length <= NAME_MOST;
}

/* Cuts NAME.EXPIRY.MAC. Sets name if all of it is as it must be, now. */
static bool check(const char *token, size_t length, time_t now, char name[NAME_MOST + 1])
{
    char claim[TEXT], hex[DIGITS + 1];
    const char *dot = memchr(token, '.', length);

    if (dot == NULL || !is_name(token, (size_t)(dot - token)) || length >= sizeof claim)
        return false;
    size_t digits = strspn(dot + 1, "0123456789"), signed_part = (size_t)(dot + 1 - token) + digits;
    if (digits == 0 || digits > EXPIRY_MOST || length != signed_part + 1 + DIGITS ||
        token[signed_part] != '.')
        return false;
    memcpy(claim, token, signed_part);
    claim[signed_part] = '\0';
    if (!sign(claim, hex) || CRYPTO_memcmp(hex, token + signed_part + 1, DIGITS) != 0)
        return false;
    if (strtoll(dot + 1, NULL, 10) <= now)
        return false;
    memcpy(name, token, (size_t)(dot - token));
    name[dot - token] = '\0';
    return true;
}

/* Looks through the pairs of all Cookie fields for a session that holds. */
static bool find_session(const struct http_headers *headers, char name[NAME_MOST + 1])
{
    size_t position = 0;
    time_t now = time(NULL);

    for (const char *at; (at = http_headers_next(headers, "Cookie", &position)) != NULL;)
        while (*at != '\0') {
            at += strspn(at, " \t;");
            size_t length = strcspn(at, ";");
            size_t end = length;
            while (end > 0 && (at[end - 1] == ' ' || at[end - 1] == '\t'))
                end--;
            if (end > 8 && strncmp(at, "session=", 8) == 0 && check(at + 8, end - 8, now, name))
                return true;
            at += length;
        }
    return false;
}

static void do_get(struct http_exchange *x)
{
    char name[NAME_MOST + 1];

    if (strcmp(x->request->target, "/") != 0)
        http_send_error(x, HTTP_NOT_FOUND, NULL);
    else if (!find_session(&x->request->headers, name))
        http_send_error(x, HTTP_FORBIDDEN, NULL);
    else
        http_answer(x, HTTP_OK, "text/plain", name, strlen(name));
}

static void log_in(struct http_exchange *x)
{
    char claim[TEXT], hex[DIGITS + 1], cookie[2 * TEXT];
    struct buffer body = {0};

    x->body_limit = NAME_MOST;
    if (http_read_whole(x, &body) == 0) {
        if (!is_name(buffer_text(&body), body.length)) {
            http_send_error(x, HTTP_BAD_REQUEST, "That is no name.");
        } else {
            (void)snprintf(claim, sizeof claim, "%s.%" PRId64, body.data,
                           (int64_t)time(NULL) + LIFETIME); /* 64 bytes and 20 */
            if (sign(claim, hex)) {
                (void)snprintf(cookie, sizeof cookie, "session=%s.%s; Max-Age=%d; %s", claim, hex,
                               LIFETIME, ATTRIBUTES); /* less than 300 bytes */
                http_add_header(x, "Set-Cookie", cookie);
                http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
            } else {
                http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
            }
        }
    }
    buffer_free(&body);
}

static void log_out(struct http_exchange *x)
{
    char cookie[TEXT];

    (void)snprintf(cookie, sizeof cookie, "session=; Max-Age=0; %s", ATTRIBUTES); /* it fits */
    http_add_header(x, "Set-Cookie", cookie);
    http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
}

static void do_post(struct http_exchange *x)
{
    if (strcmp(x->request->target, "/login") == 0)
        log_in(x);
    else if (strcmp(x->request->target, "/logout") == 0)
        log_out(x);
    else
        http_send_error(x, HTTP_NOT_FOUND, NULL);
}

static void read_key(const char *path)
{
    if (buffer_add_file(&key, path, KEY_MOST) == -1)
        die_errno("%s", path);
    if (key.length < KEY_LEAST)
        die("%s: a key has at least %d bytes; it has %zu", path, KEY_LEAST, key.length);
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {
        {"GET", do_get}, {"POST", do_post}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 3 || !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("KEYFILE PORT");
    read_key(argv[1]);
    options.handlers = handlers;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    OPENSSL_cleanse(key.data, key.length);
    buffer_free(&key);
    return 0;
}
