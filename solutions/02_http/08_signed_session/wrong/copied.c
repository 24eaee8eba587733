/* fails: login among-others first-that-holds tampered wrong-key binary-key expired other-name malformed constant-time injection lengths short-key no-key leaks */
/*
 * Exercise 2.8  Signed session
 *
 * Lesson 2.13's cookies on lesson 2.08's server: nobody signs anything.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

enum { LIFETIME = 3600, TEXT = 256 };

static const char ATTRIBUTES[] = "Path=/; HttpOnly; Secure; SameSite=Lax";

static void do_get(struct http_exchange *x)
{
    const char *cookies = http_headers_get(&x->request->headers, "Cookie");
    const char *found = cookies != NULL ? strstr(cookies, "session=") : NULL;

    if (found == NULL)
        http_send_error(x, HTTP_FORBIDDEN, NULL);
    else
        http_answer(x, HTTP_OK, "text/plain", found + 8, strcspn(found + 8, ";"));
}

static void log_in(struct http_exchange *x)
{
    char cookie[2 * TEXT];
    struct buffer body = {0};

    if (http_read_whole(x, &body) == 0) {
        (void)snprintf(cookie, sizeof cookie, "session=%s; Max-Age=%d; %s", buffer_text(&body),
                       LIFETIME, ATTRIBUTES); /* a longer one is cut */
        http_add_header(x, "Set-Cookie", cookie);
        http_answer(x, HTTP_NO_CONTENT, NULL, NULL, 0);
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

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {
        {"GET", do_get}, {"POST", do_post}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 3 || !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("KEYFILE PORT");
    options.handlers = handlers;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    return 0;
}
