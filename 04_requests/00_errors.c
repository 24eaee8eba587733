/*
 * 4.00  Errors
 *
 * Asks for URLs, and names what went wrong: libcurl's code, the family it belongs to, its words.
 *
 * Python:  requests.exceptions, raise_for_status(), codes
 * Usage:   00_errors [--status | --fail] [--most BYTES] [--redirects N] [--wait MS]
 *                    [--trust AUTHORITIES] [URL]...
 *          --status makes an error of a status of 400 or more, as does --fail, which is libcurl's.
 *          The status is 0 if no URL had an error, and else 1.
 * See:     libcurl-errors(3), CURLOPT_ERRORBUFFER(3), CURLOPT_FAILONERROR(3); requests/error.h
 * Leaves out: how libcurl is held (lesson 4.01), trying again (4.14).
 */
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "[--status | --fail] [--most BYTES] [--redirects N] [--wait MS] "
                            "[--trust AUTHORITIES] [URL]...";

struct wishes {
    bool status, fail;
    long most, redirects, wait;
    const char *trust; /* or NULL: whom the system trusts */
};

/* Where libcurl writes. */
struct outcome {
    char words[CURL_ERROR_SIZE]; /* what the code alone does not say */
    struct easy_body body;
};

static CURLcode prepare(CURL *curl, const char *url, const struct wishes *wishes,
                        struct outcome *outcome)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, outcome->words);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, 1L);
    easy_set(code, curl, CURLOPT_MAXREDIRS, wishes->redirects);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, wishes->wait);
    easy_set(code, curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    easy_set(code, curl, CURLOPT_FAILONERROR, wishes->fail ? 1L : 0L);
    if (wishes->trust != NULL)
        easy_set(code, curl, CURLOPT_CAINFO, wishes->trust);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &outcome->body);
    return code;
}

static int too_large(struct requests_error *error, long most)
{
    return requests_error_set(error, REQUESTS_TOO_LARGE, "more than %ld bytes", most);
}

/* [judge] Returns 0, or -1 and an error. */
static int judge(CURL *curl, CURLcode code, const struct outcome *outcome,
                 const struct wishes *wishes, struct requests_error *error)
{
    long status = 0;

    if (code == CURLE_WRITE_ERROR && outcome->body.full)
        return too_large(error, wishes->most); /* it was us, not libcurl */
    if (code == CURLE_OK)
        code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        return requests_error_from(error, code, curl, outcome->words);
    printf("%ld, %zu bytes\n", status, outcome->body.bytes.length);
    return wishes->status ? requests_error_status(error, status) : 0;
}
/* [/judge] */

static int fetch(CURL *curl, const char *url, const struct wishes *wishes)
{
    struct outcome outcome = {.body.limit = (size_t)wishes->most};
    struct requests_error error = {0};
    CURLcode code = prepare(curl, url, wishes, &outcome);

    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    int result = judge(curl, code, &outcome, wishes, &error);
    if (result == -1)
        printf("%s, code %d, %zu bytes came\n  %s\n", requests_failure_name(error.failure),
               (int)error.code, outcome.body.bytes.length, error.text);
    curl_easy_reset(curl); /* outcome ends here: no option may point to it any more */
    buffer_free(&outcome.body.bytes);
    return result;
}

static void read_options(int argc, char **argv, struct wishes *wishes)
{
    static const struct option OPTIONS[] = {{"status", no_argument, NULL, 's'},
                                            {"fail", no_argument, NULL, 'f'},
                                            {"most", required_argument, NULL, 'm'},
                                            {"wait", required_argument, NULL, 'w'},
                                            {"redirects", required_argument, NULL, 'r'},
                                            {"trust", required_argument, NULL, 't'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 's')
            wishes->status = true;
        else if (option == 'f')
            wishes->fail = true;
        else if (option == 't')
            wishes->trust = optarg;
        else if (!(option == 'm' && number_parse(optarg, 0, INT_MAX, &wishes->most)) &&
                 !(option == 'r' && number_parse(optarg, 0, 1000, &wishes->redirects)) &&
                 !(option == 'w' && number_parse(optarg, 1, INT_MAX, &wishes->wait)))
            die_usage(USAGE);
    }
}

int main(int argc, char **argv)
{
    static const char *const DEFAULT[] = {"http://localhost:10000/status/404", NULL};
    struct wishes wishes = {.most = 1 << 20, .redirects = 30, .wait = 10000};
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
        if (fetch(curl, *urls, &wishes) == -1)
            status = EXIT_FAILURE;
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    finish(status);
}
