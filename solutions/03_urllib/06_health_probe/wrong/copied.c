/* fails: healthy chunked until-close interim targets ipv6 in-pieces redirect client-error server-error no-body-needed no-answer malformed truncated no-name refused unreachable bad-scheme bad-host bad-port bad-bytes user-info several https https-address https-until-close https-cut other-name expired unknown-authority no-tls clean large time-for-each connect-timeout handshake-timeout read-timeout slow-head slow-body */
/* Program 3.07 for several URLs, on the client in place of url_open(): its kinds are four. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "http/stream.h"
#include "urllib/parse.h"

enum { MS_MOST = 60000, URL_MOST = 8192, PIECE = 65536 };

/* Their numbers are exit statuses. */
enum verdict { HEALTHY, BAD_URL = 2, NOT_ASKED, NO_WHOLE_ANSWER, REFUSED };

static const char *const WORDS[] = {
    [HEALTHY] = "OK",
    [BAD_URL] = "the URL has to be mended",
    [NOT_ASKED] = "nothing was asked: no harm in asking again",
    [NO_WHOLE_ANSWER] = "it may have been done: repeat only what may be done twice",
    [REFUSED] = "the server has answered: read what it says",
};

/* ---- the URL ---- */

struct place {
    bool secure;
    char host[URL_MOST], port[12], target[URL_MOST + 1];
};

static bool is_scheme(struct url_part scheme, const char *name)
{
    return scheme.length == strlen(name) && strncasecmp(scheme.text, name, scheme.length) == 0;
}

static bool is_host(const struct url_netloc *netloc)
{
    static const char NAME[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

    if (netloc->is_literal)
        return memchr(netloc->host.text, ':', netloc->host.length) != NULL;
    for (size_t i = 0; i < netloc->host.length; i++)
        if (memchr(NAME, netloc->host.text[i], sizeof NAME - 1) == NULL)
            return false;
    return netloc->host.length > 0;
}

static bool take_url(const char *text, struct place *place)
{
    struct url url;
    struct url_netloc netloc;

    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    if (strlen(text) >= URL_MOST || url_split(text, strlen(text), &url, NULL) == -1 ||
        url.netloc.text == NULL)
        return false;
    place->secure = is_scheme(url.scheme, "https");
    if (!place->secure && !is_scheme(url.scheme, "http"))
        return false;
    url_split_netloc(url.netloc, &netloc);
    int port = url_port(&netloc, url_default_port(url.scheme));
    if (netloc.username.text != NULL || !is_host(&netloc) || port < 1)
        return false;
    /* All of these have room: each is shorter than the URL. */
    (void)snprintf(place->host, sizeof place->host, "%.*s", URL_PRINT(netloc.host));
    (void)snprintf(place->port, sizeof place->port, "%d", port);
    (void)snprintf(place->target, sizeof place->target, "%s%.*s%s%.*s",
                   url.path.length == 0 ? "/" : "", URL_PRINT(url.path),
                   url.query.text != NULL ? "?" : "", URL_PRINT(url.query));
    return true;
}

/* ---- what a failure means ---- */

/* ---- the probe ---- */

static enum verdict ask(struct http_client *client, const char *target, int *status)
{
    struct http_headers fields = {0};
    const struct http_head *head;
    char piece[PIECE];
    ssize_t got;

    enum http_client_result result = http_client_connect(client);
    if (result != HTTP_CLIENT_OK)
        return NOT_ASKED;
    if (http_headers_add(&fields, "Connection", "close") == -1)
        die("out of memory");
    result = http_client_request(client, "GET", target, &fields, NULL, 0);
    http_headers_free(&fields);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(client, &head);
    if (result != HTTP_CLIENT_OK)
        return NO_WHOLE_ANSWER;
    *status = head->status;
    if (*status >= 400)
        return REFUSED;
    while ((got = http_client_read(client, piece, sizeof piece)) > 0)
        continue;
    return got == 0 ? HEALTHY : NO_WHOLE_ANSWER;
}

static enum verdict probe(const char *url, struct http_tls *tls, int64_t deadline, int *status,
                          struct error *error)
{
    static const struct http_client_limits LIMITS = {.connect_ms = -1, .wait_ms = -1};
    static struct place place;

    if (!take_url(url, &place)) {
        (void)error_set(error, "it is no URL of http or https");
        return BAD_URL;
    }
    struct http_client *client =
        http_client_new(place.host, place.port, place.secure ? tls : NULL, &LIMITS, error);
    if (client == NULL)
        return BAD_URL;
    http_client_set_deadline(client, deadline);
    enum verdict verdict = ask(client, place.target, status);
    const char *why = http_client_error(client);
    (void)error_set(error, "%s", *why != '\0' ? why : "that is its answer");
    http_client_free(client);
    return verdict;
}

int main(int argc, char **argv)
{
    struct error error;
    enum verdict first = HEALTHY;
    long ms;

    if (argc < 4 || !number_parse(argv[2], 1, MS_MOST, &ms))
        die_usage("AUTHORITIES MS URL...");
    struct http_tls *tls = http_tls_client(argv[1], &error);
    if (tls == NULL)
        die("%s", error.text);
    for (int i = 3; i < argc; i++) {
        int status = 0;
        enum verdict verdict = probe(argv[i], tls, now_ms() + ms, &status, &error);
        if (verdict == HEALTHY)
            printf("%d %s\n", status, WORDS[verdict]);
        else
            printf("%s\n  %s\n", error.text, WORDS[verdict]);
        if (first == HEALTHY)
            first = verdict;
    }
    http_tls_free(tls);
    finish((int)first);
}
