/*
 * 3.06  Handlers
 *
 * Opens URLs through a chain of handlers, two of its own among them, which show what passes by.
 *
 * Python:  urllib.request.build_opener(), install_opener(), BaseHandler, HTTPRedirectHandler …
 * Usage:   06_handlers [--redirects N] [--proxy URL] [--no-proxy LIST] [--user NAME] URL...
 *          The password is in the environment, as PASSWORD. So are proxies, unless one is given.
 * See:     RFC 9110 sections 7.6 (proxies), 11 (authentication) and 15.4 (redirects); RFC 6265
 * Leaves out: how each handler works: 03_urllib/urllib/.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "urllib/request.h"

static const char USAGE[] = "[--redirects N] [--proxy URL] [--no-proxy LIST] [--user NAME] URL...";

/* ---- two handlers of one's own ---- */

/* Of a field its name, and of its value the first word: the rest is a secret. */
static void print_secret(const struct http_headers *headers, const char *name)
{
    const char *value = http_headers_get(headers, name);

    if (value != NULL)
        printf("     %s: %.*s…\n", name, (int)strcspn(value, " ="), value);
}

/* The last on the way down: it sees what the others have made of the request. */
/* [down] */
static int on_request(struct url_handler *self, struct url_request *request,
                      struct url_error *error)
{
    printf("  -> %s %s\n", request->method, request->url);
    if (request->proxy != NULL)
        printf("     through %s\n", request->proxy);
    print_secret(&request->once, "Authorization");
    print_secret(&request->once, "Cookie");
    (void)self;
    (void)error; /* nothing can go wrong */
    return 0;
}

static struct url_handler down = {
    .name = "down",
    .order = 10000,
    .before = on_request,
};
/* [/down] */

/* The first on the way up: no other has acted on the response yet. */
static struct url_response *on_response(struct url_handler *self, struct url_request *request,
                                        struct url_response *response, struct url_error *error)
{
    printf("  <- %d %s\n", response->status, response->reason);
    (void)self;
    (void)request;
    (void)error;
    return response;
}

static struct url_handler up = {
    .name = "up",
    .order = -10000,
    .after = on_response,
};

/* ---- the chain ---- */

struct choices {
    unsigned redirects; /* 0: as many as the handler allows by itself */
    const char *proxy, *no_proxy, *user;
};

/* [login] For every URL that was given, and what lies below, one password. */
static void add_login(struct url_opener *opener, struct url_passwords *passwords, const char *user,
                      char **urls)
{
    const char *password = getenv("PASSWORD");

    if (password == NULL)
        die("no PASSWORD in the environment");
    for (; *urls != NULL; urls++) {
        if (url_passwords_add(passwords, NULL, *urls, user, password) == -1)
            die_errno("%s", *urls);
    }
    if (url_opener_add(opener, url_basic_auth_handler(passwords)) == -1 ||
        url_opener_add(opener, url_digest_auth_handler(passwords)) == -1)
        die("out of memory");
}
/* [/login] */

/* [build] The usual handlers, and others; one of the same name as another takes its place. */
static struct url_opener *build_opener(const struct choices *choices, struct http_jar *jar)
{
    struct url_opener *opener = url_opener_new();

    if (opener == NULL || url_opener_add(opener, &up) == -1 ||
        url_opener_add(opener, &down) == -1 ||
        url_opener_add(opener, url_cookie_handler(jar)) == -1)
        die("out of memory");
    if (choices->redirects > 0 &&
        url_opener_add(opener, url_redirect_handler(choices->redirects, NULL, NULL)) == -1)
        die("out of memory");
    if (choices->proxy != NULL &&
        url_opener_add(opener,
                       url_proxy_handler(choices->proxy, choices->proxy, choices->no_proxy)) == -1)
        die("out of memory");
    return opener;
}
/* [/build] */

/* Opens one URL. Returns whether a whole response came. */
static bool fetch(const char *url)
{
    struct url_error error = {0};
    struct buffer body = {0};

    printf("%s\n", url);
    struct url_response *response = url_open(url, NULL, &error);
    bool whole = response != NULL && url_read_all(response, &body, 1 << 20, &error) == 0;
    if (whole)
        printf("  %zu bytes from %s\n", body.length, response->url);
    else
        printf("  %s: %s\n", url_failure_name(error.failure), error.text);
    url_close(response);
    buffer_free(&body);
    url_error_clear(&error);
    return whole;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"redirects", required_argument, NULL, 'r'},
                                            {"proxy", required_argument, NULL, 'p'},
                                            {"no-proxy", required_argument, NULL, 'n'},
                                            {"user", required_argument, NULL, 'u'},
                                            {0}};
    struct choices choices = {0};
    bool all = true;
    long number;
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'r' && number_parse(optarg, 1, 1000, &number))
            choices.redirects = (unsigned)number;
        else if (option == 'p')
            choices.proxy = optarg;
        else if (option == 'n')
            choices.no_proxy = optarg;
        else if (option == 'u')
            choices.user = optarg;
        else
            die_usage(USAGE);
    }
    if (optind == argc)
        die_usage(USAGE);
    struct http_jar *jar = http_jar_new(NULL);
    struct url_passwords *passwords = url_passwords_new();
    if (jar == NULL || passwords == NULL)
        die("out of memory");
    struct url_opener *opener = build_opener(&choices, jar);
    if (choices.user != NULL)
        add_login(opener, passwords, choices.user, argv + optind);
    url_install_opener(opener);
    for (char **url = argv + optind; *url != NULL; url++)
        all = fetch(*url) && all;
    url_opener_free(opener);
    url_passwords_free(passwords);
    http_jar_free(jar);
    finish(all ? EXIT_SUCCESS : EXIT_FAILURE);
}
