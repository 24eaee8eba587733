/*
 * 4.16  Hooks
 *
 * Logs, times and signs each request by functions that know nothing of the program between them.
 *
 * Python:  hooks={"response": f}, auth=f
 * Usage:   16_hooks [--key TEXT] [URL...]
 * See:     CURLOPT_HTTPHEADER(3), CURLINFO_TOTAL_TIME_T(3), HMAC(3); RFC 2104 (HMAC), RFC 9110
 * Leaves out: the body in the signature; a scheme that is agreed on: RFC 9421.
 */
#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "[--key TEXT] [URL...]";

/* A request on its way, and what hooks may look at and change. */
struct call {
    const char *method, *url;
    struct curl_slist *headers; /* owned */
    long status;                /* after it */
    curl_off_t microseconds;
    const struct easy_body *body;
};

/* [hook] */
/* One that is all zero ends a list. */
struct hook {
    int (*before)(struct call *call, void *context); /* -1: stop */
    int (*after)(struct call *call, void *context);
    void *context;
};
/* [/hook] */

/* ---- hooks ---- */

static int log_request(struct call *call, void *context)
{
    int *count = context;

    printf("sent %d: %s %s\n", ++*count, call->method, call->url);
    for (const struct curl_slist *at = call->headers; at != NULL; at = at->next)
        printf("  %s\n", at->data);
    return 0;
}

static int log_response(struct call *call, void *context)
{
    int *count = context;

    printf("got %d: %ld, %zu bytes\n", *count, call->status, call->body->bytes.length);
    return 0;
}

/* [times] */
struct times {
    curl_off_t total, longest; /* microseconds */
};

static int add_time(struct call *call, void *context)
{
    struct times *times = context;

    times->total += call->microseconds;
    if (call->microseconds > times->longest)
        times->longest = call->microseconds;
    return 0;
}
/* [/times] */

static const unsigned char *mac(const char *key, const struct buffer *text, unsigned char *sum,
                                unsigned *size)
{
    const unsigned char *bytes = (const unsigned char *)text->data;

    return HMAC(EVP_sha256(), key, (int)strlen(key), bytes, text->length, sum, size);
}

/* [sign] */
static int sign(struct call *call, void *context)
{
    const char *key = context;
    struct buffer text = {0}, line = {0};
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int result = buffer_print(&text, "%s\n%s", call->method, call->url);

    if (result == 0 && mac(key, &text, sum, &size) == NULL)
        result = -1;
    if (result == 0)
        result = buffer_print(&line, "X-Signature: ");
    for (unsigned i = 0; result == 0 && i < size; i++)
        result = buffer_print(&line, "%02x", sum[i]);
    if (result == 0)
        result = easy_append(&call->headers, line.data);
    buffer_free(&text);
    buffer_free(&line);
    return result;
}
/* [/sign] */

static int refuse_errors(struct call *call, void *context)
{
    (void)context;
    if (call->status < 400)
        return 0;
    report("%s: HTTPError: %ld", call->url, call->status);
    return -1;
}

/* ---- the program between them ---- */

static int perform(CURL *curl, struct call *call, struct easy_body *body)
{
    char words[CURL_ERROR_SIZE] = "";
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, call->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, 30000L);
    easy_set(code, curl, CURLOPT_HTTPHEADER, call->headers);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &call->status);
    easy_get(code, curl, CURLINFO_TOTAL_TIME_T, &call->microseconds);
    if (code == CURLE_OK)
        return 0;
    struct requests_error error;
    int result = requests_error_from(&error, code, curl, words);
    report("%s: %s: %s", call->url, requests_failure_name(error.failure), error.text);
    return result;
}

static bool is_end(const struct hook *hook)
{
    return hook->before == NULL && hook->after == NULL;
}

/* [get] */
static int get(CURL *curl, const char *url, const struct hook *hooks)
{
    struct easy_body body = {.limit = 1 << 20};
    struct call call = {.method = "GET", .url = url, .body = &body};
    int result = 0;

    for (const struct hook *h = hooks; result == 0 && !is_end(h); h++)
        result = h->before == NULL ? 0 : h->before(&call, h->context);
    if (result == 0)
        result = perform(curl, &call, &body);
    for (const struct hook *h = hooks; result == 0 && !is_end(h); h++)
        result = h->after == NULL ? 0 : h->after(&call, h->context);
    curl_easy_reset(curl); /* it points to the list and the body */
    curl_slist_free_all(call.headers);
    buffer_free(&body.bytes);
    return result;
}
/* [/get] */

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"key", required_argument, NULL, 'k'}, {0}};
    static char *usual[] = {"http://localhost:10000/get"};
    char *key = "secret";
    int option, count = 0, status = EXIT_SUCCESS;
    struct times times = {0};

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option != 'k')
            die_usage(USAGE);
        key = optarg;
    }
    /* [table] */
    const struct hook hooks[] = {{sign, NULL, key},
                                 {log_request, log_response, &count},
                                 {NULL, add_time, &times},
                                 {NULL, refuse_errors, NULL},
                                 {NULL, NULL, NULL}};
    /* [/table] */
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die("no memory for a handle");
    int urls = optind < argc ? argc - optind : 1;
    for (int i = 0; i < urls; i++) {
        if (get(curl, optind < argc ? argv[optind + i] : usual[0], hooks) == -1)
            status = EXIT_FAILURE;
    }
    printf("%d requests, the longest %.1f ms of %.1f\n", count, (double)times.longest / 1000,
           (double)times.total / 1000);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    finish(status);
}
