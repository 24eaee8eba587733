/*
 * 3.05  Opening a URL
 *
 * Opens any URL by one call, says where the answer came from, and prints its fields and its body.
 *
 * Python:  urllib.request.urlopen(), Request
 * Usage:   05_open_url [--trust AUTHORITIES] [--method METHOD] [--data TEXT] [--wait MS] URL
 *                      [NAME: VALUE]...
 *          AUTHORITIES is a file in PEM; without it those count that the system trusts.
 * See:     RFC 9110 (http, https), RFC 8089 (file), RFC 2397 (data); urllib/request.h
 * Leaves out: what happens on the way (lesson 3.06), what can go wrong (3.07), large files (3.08).
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "urllib/request.h"

static const char USAGE[] = "[--trust AUTHORITIES] [--method METHOD] [--data TEXT] [--wait MS] URL "
                            "[NAME: VALUE]...";

/* [trust] */
/* From now on url_open() believes whom this authority vouches for. */
static void trust(const char *authorities)
{
    struct error error;
    struct http_tls *tls = http_tls_client(authorities, &error);
    struct url_opener *opener = url_opener_new();

    if (tls == NULL)
        die("%s", error.text);
    if (opener == NULL)
        die("out of memory");
    if (url_opener_add(opener, url_https_handler(tls)) == -1)
        die("out of memory");
    url_install_opener(opener); /* both stay to the program's end */
}
/* [/trust] */

/* Takes "Name: value" from the command line. */
static void add_field(struct http_headers *headers, char *text)
{
    char *colon = strchr(text, ':');

    if (colon == NULL)
        die_usage(USAGE);
    *colon = '\0';
    if (http_headers_add(headers, text, colon + 1) == -1)
        die_errno("%s", text);
}

/* [print] */
static void print_response(struct url_response *response, struct url_error *error)
{
    static const char *const SHOWN[] = {"Content-Type", "Content-Length", "Location"};
    char piece[16384], last = '\n';
    ssize_t n;

    printf("%d %s from %s\n", response->status, response->reason, response->url);
    for (size_t i = 0; i < sizeof SHOWN / sizeof SHOWN[0]; i++) {
        const char *value = http_headers_get(&response->headers, SHOWN[i]);
        if (value != NULL)
            printf("%s: %s\n", SHOWN[i], value);
    }
    printf("\n");
    while ((n = url_read(response, piece, sizeof piece, error)) > 0) {
        if (fwrite(piece, 1, (size_t)n, stdout) != (size_t)n)
            die_errno("standard output");
        last = piece[n - 1];
    }
    if (last != '\n')
        printf("\n");
    if (n == -1)
        die("%s: %s", url_failure_name(error->failure), error->text); /* that was not all */
}
/* [/print] */

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"trust", required_argument, NULL, 't'},
                                            {"method", required_argument, NULL, 'm'},
                                            {"data", required_argument, NULL, 'd'},
                                            {"wait", required_argument, NULL, 'w'},
                                            {0}};
    struct http_headers headers = {0};
    struct url_options options = {.headers = &headers};
    struct url_error error = {0};
    const char *authorities = NULL;
    long wait;
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 't') {
            authorities = optarg;
        } else if (option == 'm') {
            options.method = optarg;
        } else if (option == 'd') {
            options.data = optarg;
            options.length = strlen(optarg);
        } else if (option == 'w' && number_parse(optarg, 1, INT_MAX, &wait)) {
            options.timeout_ms = (int)wait;
        } else {
            die_usage(USAGE);
        }
    }
    if (optind == argc)
        die_usage(USAGE);
    if (authorities != NULL)
        trust(authorities);
    for (char **field = argv + optind + 1; *field != NULL; field++)
        add_field(&headers, *field);
    /* [open] */
    struct url_response *response = url_open(argv[optind], &options, &error);
    if (response == NULL)
        die("%s: %s", url_failure_name(error.failure), error.text);
    print_response(response, &error);
    url_close(response);
    /* [/open] */
    http_headers_free(&headers);
    finish(EXIT_SUCCESS);
}
