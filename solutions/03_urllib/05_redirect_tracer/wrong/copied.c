/* fails: direct get head post-becomes-get post-stays post-then-get references no-path fragments coded controls long-location no-redirect without-location bad-location user repeated schemes loop post-then-same limit same-host other-host lookalike other-port other-scheme back-again post-elsewhere ipv6 untrusted bodies endless-head in-pieces broken unreachable clean no-answer silent slow-head */
/*
 * Program 2.06 with a URL in place of host, port and target: it asks once, and prints what came. A
 * redirect is an answer like others.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "urllib/parse.h"

static const char USAGE[] =
    "[-f 'NAME: VALUE']... [-b BODY] [-l LIMIT] [-t MS] [-c FILE] METHOD URL";

/* Prints the answer as it comes. Returns how it ended. */
static enum http_client_result print_answer(struct http_client *client, const char *method,
                                            const char *url)
{
    const struct http_head *head;
    char block[16384];
    ssize_t n = http_client_get_response(client, &head);

    if (n == HTTP_CLIENT_OK)
        printf("%s %d %s\n", method, head->status, url);
    while (n >= 0 && (n = http_client_read(client, block, sizeof block)) > 0)
        if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
            die_errno("standard output");
    return (enum http_client_result)n;
}

/* Takes "Name: value" from the command line. */
static void add_field(struct http_headers *headers, char *text)
{
    char *colon = strchr(text, ':');

    if (colon == NULL)
        die_usage(USAGE);
    *colon = '\0';
    if (strcasecmp(text, "Host") == 0 || http_headers_add(headers, text, colon + 1) == -1)
        die_usage(USAGE);
}

/* Sends one request. Returns whether there was a whole answer. */
static bool ask(const char *method, const char *url, const struct http_headers *headers,
                const char *body, const struct http_client_limits *limits)
{
    struct url parts;
    struct url_netloc netloc;
    struct error error;
    char *host, *port, *target;

    if (url_split(url, strlen(url), &parts, &error) == -1)
        die_usage(USAGE);
    url_split_netloc(parts.netloc, &netloc);
    host = strndup(netloc.host.text == NULL ? "" : netloc.host.text, netloc.host.length);
    if (asprintf(&port, "%d", url_port(&netloc, 80)) == -1 ||
        asprintf(&target, "%s", parts.path.text) == -1 || host == NULL)
        die("out of memory");
    for (const char *at = url; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            die_usage(USAGE);
    if (netloc.username.text != NULL)
        die_usage(USAGE);
    target[strcspn(target, "#")] = '\0';
    struct http_client *client = http_client_new(host, port, NULL, limits, &error);
    if (client == NULL)
        die_usage(USAGE);
    enum http_client_result result =
        http_client_request(client, method, target, headers, body, body == NULL ? 0 : strlen(body));
    if (result == HTTP_CLIENT_OK)
        result = print_answer(client, method, url);
    if (result != HTTP_CLIENT_OK)
        printf("%s: %s\n", http_client_exception(result), http_client_error(client));
    http_client_free(client);
    free(host);
    free(port);
    free(target);
    return result == HTTP_CLIENT_OK;
}

int main(int argc, char **argv)
{
    struct http_client_limits limits = {0};
    struct http_headers headers = {0};
    const char *body = NULL;
    long number;
    int option;

    while ((option = getopt(argc, argv, "+f:b:l:t:c:")) != -1) {
        if (option == 'f')
            add_field(&headers, optarg);
        else if (option == 'b')
            body = optarg;
        else if (option == 't' && number_parse(optarg, 1, 60000, &number))
            limits.connect_ms = limits.wait_ms = (int)number;
        else if (option != 'c' && (option != 'l' || !number_parse(optarg, 0, 100, &number)))
            die_usage(USAGE);
    }
    bool is_post = argc - optind == 2 && strcmp(argv[optind], "POST") == 0;
    if (argc - optind != 2 || (!is_post && body != NULL) ||
        (!is_post && strcmp(argv[optind], "GET") != 0 && strcmp(argv[optind], "HEAD") != 0))
        die_usage(USAGE);
    bool whole = ask(argv[optind], argv[optind + 1], &headers, body, &limits);
    http_headers_free(&headers);
    finish(whole ? EXIT_SUCCESS : EXIT_FAILURE);
}
