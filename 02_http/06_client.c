/*
 * 2.06  Client
 *
 * Sends the requests that it reads, one after another on one connection, and says how each went.
 *
 * Python:  http.client.HTTPConnection: request(), getresponse(), putrequest(), set_tunnel() …
 * Usage:   06_client [--wait MS] [--proxy HOST PORT] HOST PORT [NAME: VALUE]... <requests
 *          A line of requests is METHOD TARGET, and a body or @FILE; the fields go with each.
 * See:     RFC 9110 sections 9.2.2 and 10.1.1; RFC 9112 sections 6.3, 7 and 9; http/client.h
 * Leaves out: TLS (lesson 2.07), redirects, cookies (2.14), coded content such as gzip.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "http/client.h"

static const char *const FRAMINGS[] = {[HTTP_NO_BODY] = "no body",
                                       [HTTP_LENGTH] = "by length",
                                       [HTTP_CHUNKED] = "in chunks",
                                       [HTTP_UNTIL_CLOSE] = "up to the close"};

/* [upload] A body in steps: it is never in memory as a whole, and its length need not be known. */
static enum http_client_result upload(struct http_client *client, const char *method,
                                      const char *target, const struct http_headers *headers,
                                      const char *path)
{
    FILE *file = fopen(path, "re");
    char block[16384];
    size_t n;

    if (file == NULL)
        die_errno("%s", path);
    enum http_client_result result = http_client_put_request(client, method, target, false, false);
    for (size_t i = 0; i < headers->count && result == HTTP_CLIENT_OK; i++)
        result = http_client_put_header(client, headers->fields[i].name, headers->fields[i].value);
    if (result == HTTP_CLIENT_OK)
        result = http_client_put_header(client, "Transfer-Encoding", "chunked");
    if (result == HTTP_CLIENT_OK)
        result = http_client_end_headers(client);
    while (result == HTTP_CLIENT_OK && (n = fread(block, 1, sizeof block, file)) > 0)
        result = http_client_send(client, block, n);
    if (ferror(file))
        die_errno("%s", path);
    (void)fclose(file); /* it was read only */
    /* An answer before the end of the body is an answer. */
    return result == HTTP_CLIENT_STOPPED ? HTTP_CLIENT_OK : result;
}
/* [/upload] */

/* [print] Prints the answer as it comes. Returns how it ended. */
static enum http_client_result print_answer(struct http_client *client)
{
    const struct http_head *head;
    char block[16384], last = '\n';
    ssize_t n = http_client_get_response(client, &head);

    if (n == HTTP_CLIENT_OK)
        (void)printf("connection %u: %d %s, %s\n", http_client_connections(client), head->status,
                     head->reason, FRAMINGS[head->framing]);
    while (n >= 0 && (n = http_client_read(client, block, sizeof block)) > 0) {
        if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
            die_errno("standard output");
        last = block[n - 1];
    }
    if (last != '\n')
        (void)printf("\n");
    return (enum http_client_result)n;
}
/* [/print] */

/* [ask] Sends what a line says. Returns whether there was a whole answer. */
static bool ask(struct http_client *client, const struct http_headers *headers, char *line)
{
    char *rest;
    const char *method = strtok_r(line, " ", &rest), *target = strtok_r(NULL, " ", &rest);
    const char *body = strtok_r(NULL, "", &rest);
    enum http_client_result result;

    if (method == NULL)
        return true;
    if (body != NULL && body[0] == '@')
        result = upload(client, method, target, headers, body + 1);
    else
        result = http_client_request(client, method, target, headers, body,
                                     body != NULL ? strlen(body) : 0);
    if (result == HTTP_CLIENT_OK)
        result = print_answer(client);
    if (result != HTTP_CLIENT_OK)
        (void)printf("%s: %s\n", http_client_exception(result), http_client_error(client));
    return result == HTTP_CLIENT_OK;
}
/* [/ask] */

/* Takes "Name: value" from the command line. */
static void add_field(struct http_headers *headers, char *text)
{
    char *colon = strchr(text, ':');

    if (colon == NULL)
        die_usage("[--wait MS] [--proxy HOST PORT] HOST PORT [NAME: VALUE]... <requests");
    *colon = '\0';
    if (http_headers_add(headers, text, colon + 1) == -1)
        die_errno("%s", text);
}

int main(int argc, char **argv)
{
    struct http_client_limits limits = {0};
    struct http_headers headers = {0};
    struct error error;
    char *line = NULL, **to = argv + 1;
    size_t room = 0;
    ssize_t n;
    long wait;
    bool all = true, proxy;

    if (argc > 2 && strcmp(to[0], "--wait") == 0 && number_parse(to[1], 1, INT_MAX, &wait)) {
        limits.connect_ms = limits.wait_ms = limits.continue_ms = (int)wait;
        to += 2;
    }
    proxy = argv + argc - to >= 3 && strcmp(to[0], "--proxy") == 0;
    char **server = proxy ? to + 3 : to;
    if (argv + argc - server < 2)
        die_usage("[--wait MS] [--proxy HOST PORT] HOST PORT [NAME: VALUE]... <requests");
    for (char **field = server + 2; *field != NULL; field++)
        add_field(&headers, *field);
    char **first = proxy ? to + 1 : to; /* whom to connect to */
    struct http_client *client = http_client_new(first[0], first[1], NULL, &limits, &error);
    if (client == NULL)
        die("%s", error.text);
    if (proxy && http_client_set_tunnel(client, server[0], server[1], NULL) != HTTP_CLIENT_OK)
        die("%s", http_client_error(client));
    while ((n = getline(&line, &room, stdin)) > 0) {
        line[n - (line[n - 1] == '\n')] = '\0';
        all = ask(client, &headers, line) && all;
    }
    free(line);
    http_headers_free(&headers);
    http_client_free(client);
    finish(all ? EXIT_SUCCESS : EXIT_FAILURE);
}
