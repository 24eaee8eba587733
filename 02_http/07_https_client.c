/*
 * 2.07  HTTPS client
 *
 * Asks for a page under TLS, from a server that can prove its name, and from no other.
 *
 * Python:  http.client.HTTPSConnection(context=ssl.create_default_context(cafile=…)), set_tunnel()
 * Usage:   07_https_client [--proxy HOST PORT] AUTHORITIES HOST PORT [TARGET]
 *          AUTHORITIES is a file in PEM, or - for those that the system trusts.
 * See:     RFC 8446 (TLS 1.3), RFC 9110 sections 4.3.4 and 9.3.6; ssl(7ssl), http/stream.h
 * Leaves out: certificates that were called back; certificates of clients; resumed sessions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "http/client.h"

static const char USAGE[] = "[--proxy HOST PORT] AUTHORITIES HOST PORT [TARGET]";

/* [fail] */
static _Noreturn void fail(struct http_client *client, enum http_client_result result)
{
    report("%s: %s", http_client_exception(result), http_client_error(client));
    http_client_free(client);
    finish(EXIT_FAILURE);
}
/* [/fail] */

/* [fetch] */
static void fetch(struct http_client *client, const char *target)
{
    const struct http_head *head;
    struct buffer body = {0};
    enum http_client_result result = http_client_connect(client);

    if (result != HTTP_CLIENT_OK)
        fail(client, result); /* not a byte of the request was sent */
    (void)printf("%s\n", http_stream_version(http_client_stream(client)));
    result = http_client_request(client, "GET", target, NULL, NULL, 0);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(client, &head);
    if (result == HTTP_CLIENT_OK)
        result = http_client_read_all(client, &body, 1 << 20);
    if (result != HTTP_CLIENT_OK) {
        buffer_free(&body);
        fail(client, result);
    }
    (void)printf("%d %s\n", head->status, head->reason);
    if (fwrite(body.data, 1, body.length, stdout) != body.length)
        die_errno("standard output");
    buffer_free(&body);
}
/* [/fetch] */

/* [main] */
int main(int argc, char **argv)
{
    bool proxy = argc > 1 && strcmp(argv[1], "--proxy") == 0;
    char **to = proxy ? argv + 4 : argv + 1; /* authorities, host, port, target */
    long left = argv + argc - to;
    struct error error;

    if (left < 3 || left > 4)
        die_usage(USAGE);
    struct http_tls *tls = http_tls_client(strcmp(to[0], "-") != 0 ? to[0] : NULL, &error);
    if (tls == NULL)
        die("%s", error.text);
    struct http_client *client =
        http_client_new(proxy ? argv[2] : to[1], proxy ? argv[3] : to[2], tls, NULL, &error);
    if (client == NULL)
        die("%s", error.text);
    if (proxy && http_client_set_tunnel(client, to[1], to[2], NULL) != HTTP_CLIENT_OK)
        die("%s", http_client_error(client));
    fetch(client, to[3]);
    http_client_free(client);
    http_tls_free(tls);
    finish(EXIT_SUCCESS);
}
/* [/main] */
