/*
 * 2.12  HTTPS server
 *
 * The server of lesson 2.11 under TLS: with a certificate and its key, and nothing else changed.
 *
 * Python:  ssl.SSLContext.load_cert_chain(), wrap_socket(server_side=True) around an HTTPServer
 * Usage:   12_https_server CERTIFICATE KEY PORT
 * See:     ssl(7ssl), SSL_CTX_use_certificate_chain_file(3ssl); RFC 8446, RFC 9110 section 4.2.2,
 *          RFC 6797
 * Leaves out: a new certificate without a restart; clients that have certificates of their own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

/* [get] */
static void do_get(struct http_exchange *x)
{
    const char *version = http_stream_version(http_exchange_stream(x));

    if (strcmp(x->request->target, "/hello") != 0) {
        http_send_error(x, HTTP_NOT_FOUND, NULL);
        return;
    }
    http_send_response(x, HTTP_OK);
    http_send_header(x, "Content-Type", "text/plain");
    /* For a day from now on a browser asks this host under TLS only. */
    http_send_header(x, "Strict-Transport-Security", "max-age=86400");
    http_end_headers(x);
    http_print_body(x, "hello, and %s keeps it between us\n", version);
}
/* [/get] */

/* [main] */
int main(int argc, char **argv)
{
    static const struct http_handler HANDLERS[] = {{"GET", do_get}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 4 || !number_parse(argv[3], 0, UINT16_MAX, &port))
        die_usage("CERTIFICATE KEY PORT");
    options.handlers = HANDLERS;
    options.log = http_log_file;
    options.log_context = stderr;
    options.workers = 4;
    /* [tls] */
    options.tls = http_tls_server(argv[1], argv[2], &error);
    if (options.tls == NULL)
        die("%s", error.text);
    /* [/tls] */
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    http_tls_free(options.tls);
    return EXIT_SUCCESS;
}
/* [/main] */
