/*
 * 4.13  Proxies
 *
 * Asks through a proxy, by HTTP or SOCKS, and tells a proxy that fails from a server that does.
 *
 * Python:  requests.get(url, proxies=…), Session.trust_env, requests.exceptions.ProxyError
 * Usage:   13_proxies [--proxy URL [--except HOSTS] | --direct] [--user USER:PASSWORD]
 *                     [--trust AUTHORITIES] [URL]...
 *          Without --proxy and --direct the environment decides: http_proxy, https_proxy,
 *          all_proxy, no_proxy. The status is 0 if all URLs were answered, whatever was said, and
 *          else 1.
 * See:     CURLOPT_PROXY(3), CURLOPT_NOPROXY(3), CURLINFO_PROXY_ERROR(3); RFC 9110 sections 7.6
 *          and 9.3.6, RFC 1928, RFC 1929
 * Leaves out: a proxy that is itself asked over TLS, and what else there is than Basic.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "[--proxy URL [--except HOSTS] | --direct] [--user USER:PASSWORD] "
                            "[--trust AUTHORITIES] [URL]...";
enum { MOST = 1 << 20, CONNECT_MS = 5000, WHOLE_MS = 20000 };

struct wishes {
    const char *proxy;  /* NULL: what the environment says; "": none */
    const char *except; /* hosts that are asked directly */
    const char *user, *trust;
};

/* [options] */
static CURLcode choose_proxy(CURL *curl, const struct wishes *wishes)
{
    CURLcode code = CURLE_OK;
    const char *except = wishes->except != NULL ? wishes->except : "";

    if (wishes->proxy != NULL) {
        /* The scheme says which kind it is. */
        easy_set(code, curl, CURLOPT_PROXY, wishes->proxy);
        /* Left alone, no_proxy of the environment would still count. */
        easy_set(code, curl, CURLOPT_NOPROXY, except);
    }
    if (wishes->user != NULL)
        easy_set(code, curl, CURLOPT_PROXYUSERPWD, wishes->user);
    return code;
}
/* [/options] */

static CURLcode prepare(CURL *curl, const char *url, const struct wishes *wishes,
                        struct easy_body *body, char words[CURL_ERROR_SIZE])
{
    CURLcode code = choose_proxy(curl, wishes);

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    if (wishes->trust != NULL)
        easy_set(code, curl, CURLOPT_CAINFO, wishes->trust);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    return code;
}

/* [culprit] What SOCKS and CONNECT tell of a failure; NULL: nothing. */
static const char *culprit(CURL *curl, CURLcode code)
{
    static const char NO_WAY[] = "the proxy found no way to the server";
    static const char WOULD_NOT[] = "the proxy would not, or is none";
    CURLcode asked = CURLE_OK;
    long answer = 0, reply = CURLPX_OK;

    easy_get(asked, curl, CURLINFO_HTTP_CONNECTCODE, &answer);
    easy_get(asked, curl, CURLINFO_PROXY_ERROR, &reply);
    if (asked != CURLE_OK)
        return NULL;
    if (code == CURLE_RECV_ERROR && answer >= 300)
        return answer >= 502 && answer <= 504 ? NO_WAY : WOULD_NOT;
    if (code != CURLE_PROXY)
        return NULL;
    switch (reply) {
    case CURLPX_RESOLVE_HOST:
        return "the proxy was not asked: the name is unknown here";
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
    case CURLPX_REPLY_HOST_UNREACHABLE:
    case CURLPX_REPLY_CONNECTION_REFUSED:
    case CURLPX_REPLY_TTL_EXPIRED:
        return NO_WAY;
    default:
        return WOULD_NOT;
    }
}
/* [/culprit] */

/* [answer] A status, where it came from, and who passed it on. */
static CURLcode show_answer(CURL *curl)
{
    CURLcode code = CURLE_OK;
    long status = 0, port = 0, tunnel = 0;
    struct curl_header *via = NULL;

    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    easy_get(code, curl, CURLINFO_PRIMARY_PORT, &port); /* of the connection: the proxy's, if any */
    easy_get(code, curl, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    if (code != CURLE_OK)
        return code;
    printf("%ld, connected to port %ld", status, port);
    if (tunnel != 0)
        printf(", CONNECT %ld", tunnel);
    if (curl_easy_header(curl, "Via", 0, CURLH_HEADER, -1, &via) == CURLHE_OK)
        printf(", Via: %s", via->value);
    printf("\n");
    return CURLE_OK;
}
/* [/answer] */

/* Returns whether there was an answer. */
static bool fetch(CURL *curl, const char *url, const struct wishes *wishes)
{
    struct easy_body body = {.limit = MOST};
    struct requests_error error = {0};
    char words[CURL_ERROR_SIZE] = "";
    CURLcode code = prepare(curl, url, wishes, &body, words);

    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        code = show_answer(curl);
    if (code != CURLE_OK) {
        const char *who = culprit(curl, code);
        (void)requests_error_from(&error, code, curl, words); /* always -1 */
        report("%s: %s%s%s", who != NULL ? "ProxyError" : requests_failure_name(error.failure),
               error.text, who != NULL ? "\n  " : "", who != NULL ? who : "");
    }
    curl_easy_reset(curl); /* body and words end here: no option may point to them any more */
    buffer_free(&body.bytes);
    return code == CURLE_OK;
}

static void read_options(int argc, char **argv, struct wishes *wishes)
{
    static const struct option OPTIONS[] = {
        {"proxy", required_argument, NULL, 'p'}, {"except", required_argument, NULL, 'e'},
        {"direct", no_argument, NULL, 'd'},      {"user", required_argument, NULL, 'u'},
        {"trust", required_argument, NULL, 't'}, {0}};
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'p')
            wishes->proxy = optarg;
        else if (option == 'e')
            wishes->except = optarg;
        else if (option == 'd')
            wishes->proxy = ""; /* whatever the environment says */
        else if (option == 'u')
            wishes->user = optarg;
        else if (option == 't')
            wishes->trust = optarg;
        else
            die_usage(USAGE);
    }
}

int main(int argc, char **argv)
{
    static const char *const DEFAULT[] = {"http://localhost:10000/get", NULL};
    struct wishes wishes = {0};
    int status = EXIT_SUCCESS;

    read_options(argc, argv, &wishes);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die("no memory for a handle");
    const char *const *urls = optind < argc ? (const char *const *)argv + optind : DEFAULT;
    for (; *urls != NULL; urls++)
        if (!fetch(curl, *urls, &wishes))
            status = EXIT_FAILURE;
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    finish(status);
}
