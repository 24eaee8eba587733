/*
 * 4.06  Cookies
 *
 * Loads cookies from a file, sets some, makes a request, and prints and saves what is kept then.
 *
 * Python:  requests.cookies.RequestsCookieJar; cookies=, r.cookies; http.cookiejar
 * Usage:   06_cookies [--jar FILE] [--new-session] [--set NAME=VALUE] [--once NAME=VALUE] [URL]
 *          --set puts a cookie for the URL's host into the jar, --once sends one and forgets it;
 *          --new-session leaves those of the file alone that were to end with the session.
 * See:     RFC 6265; CURLOPT_COOKIEFILE(3), CURLOPT_COOKIEJAR(3), CURLOPT_COOKIELIST(3)
 * Leaves out: which cookies a server may set, and for whom (lesson 2.14).
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { BODY_LIMIT = 1 << 20, CONNECT_MS = 3000, WHOLE_MS = 10000, REDIRECTS = 5 };
static const char USAGE[] =
    "[--jar FILE] [--new-session] [--set NAME=VALUE] [--once NAME=VALUE] [URL]";

/* What the command line says. */
struct wishes {
    const char *jar, *set, *once, *url;
    bool new_session;
};

/* [debug] */
/* That a jar could not be saved is said here and nowhere else. */
static int on_info(CURL *c, curl_infotype t, char *data, size_t n, void *no)
{
    static const char WARNING[] = "WARNING: failed to save cookies";

    (void)c;
    if (t == CURLINFO_TEXT && n >= sizeof WARNING - 1 &&
        memcmp(data, WARNING, sizeof WARNING - 1) == 0)
        *(bool *)no = true;
    return 0;
}
/* [/debug] */

/* [set] */
/* Puts name=value into the jar, for a URL's host and all paths there. */
static CURLcode set_cookie(CURL *curl, const char *text, const char *pair)
{
    static const char LINE[] = "%s\tFALSE\t/\tFALSE\t0\t%.*s\t%s";
    CURLU *url = curl_url();
    struct buffer line = {0};
    CURLcode code = CURLE_OUT_OF_MEMORY;
    char *host = NULL;
    int name = (int)strcspn(pair, "=");
    const char *value = pair + name + (pair[name] == '=');

    if (url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) != 0)
        code = CURLE_URL_MALFORMAT;
    else if (url != NULL && !curl_url_get(url, CURLUPART_HOST, &host, 0) &&
             buffer_print(&line, LINE, host, name, pair, value) == 0)
        code = curl_easy_setopt(curl, CURLOPT_COOKIELIST, line.data);
    curl_free(host);
    curl_url_cleanup(url);
    buffer_free(&line);
    return code;
}
/* [/set] */

/* [list] */
/* Prints what is in the jar, a cookie a line: the same seven fields as in a file. */
static CURLcode print_jar(CURL *curl)
{
    struct curl_slist *cookies = NULL;
    CURLcode code = curl_easy_getinfo(curl, CURLINFO_COOKIELIST, &cookies);

    for (const struct curl_slist *c = cookies; c != NULL; c = c->next) {
        printf("kept: ");
        for (const char *at = c->data; *at != '\0'; at++)
            printf("%c", *at == '\t' ? ' ' : *at);
        printf("\n");
    }
    curl_slist_free_all(cookies);
    return code;
}
/* [/list] */

static CURLcode set_options(CURL *curl, const struct wishes *w, struct easy_body *body)
{
    const char *jar = w->jar != NULL ? w->jar : ""; /* "": in memory alone */
    CURLcode code = CURLE_OK;

    /* [jar] */
    easy_set(code, curl, CURLOPT_COOKIEFILE, jar);
    if (w->jar != NULL)
        easy_set(code, curl, CURLOPT_COOKIEJAR, w->jar);
    easy_set(code, curl, CURLOPT_COOKIESESSION, (long)w->new_session);
    if (w->once != NULL)
        easy_set(code, curl, CURLOPT_COOKIE, w->once);
    /* [/jar] */
    easy_set(code, curl, CURLOPT_URL, w->url);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, 1L);
    easy_set(code, curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    easy_set(code, curl, CURLOPT_NOSIGNAL, 1L);
    return code;
}

/* Returns 0, or -1 and a message. */
static int run(CURL *curl, const struct wishes *w)
{
    struct easy_body body = {.limit = BODY_LIMIT};
    struct requests_error error = {0};
    char words[CURL_ERROR_SIZE] = "";
    bool not_saved = false;
    CURLcode code = set_options(curl, w, &body);

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_VERBOSE, 1L);
    easy_set(code, curl, CURLOPT_DEBUGFUNCTION, on_info);
    easy_set(code, curl, CURLOPT_DEBUGDATA, &not_saved);
    if (code == CURLE_OK && w->set != NULL)
        code = set_cookie(curl, w->url, w->set);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        printf("%s", buffer_text(&body.bytes));
    if (code == CURLE_OK)
        code = print_jar(curl);
    easy_set(code, curl, CURLOPT_COOKIELIST, "FLUSH"); /* saves now: cleanup could not tell */
    if (code != CURLE_OK) {
        (void)requests_error_from(&error, code, curl, words);
        report("%s: %s: %s", w->url, requests_failure_name(error.failure), error.text);
    } else if (not_saved) {
        report("%s: the cookies were not saved", w->jar);
    }
    easy_set(code, curl, CURLOPT_VERBOSE, 0L);
    buffer_free(&body.bytes);
    return code == CURLE_OK && !not_saved ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"jar", required_argument, NULL, 'j'},
                                            {"set", required_argument, NULL, 's'},
                                            {"once", required_argument, NULL, 'o'},
                                            {"new-session", no_argument, NULL, 'n'},
                                            {0}};
    struct wishes w = {.url = "http://localhost:10000/cookies"};
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'j')
            w.jar = optarg;
        else if (option == 's')
            w.set = optarg;
        else if (option == 'o')
            w.once = optarg;
        else if (option == 'n')
            w.new_session = true;
        else
            die_usage(USAGE);
    }
    if (argc - optind > 1)
        die_usage(USAGE);
    if (optind < argc)
        w.url = argv[optind];
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    (void)umask(077); /* the jar is for its owner alone; umask() cannot fail */
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die("out of memory");
    int result = run(curl, &w);
    curl_easy_cleanup(curl); /* saves once more */
    curl_global_cleanup();
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
