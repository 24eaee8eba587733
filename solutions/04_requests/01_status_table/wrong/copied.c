/* fails: one several not-found redirect empty no-length binary in-pieces refused told bad-url no-answer truncated lines no-urls no-input clean large time-out connect-timeout slow-body */
/* Program 4.01 with URLs on standard input: it prints what came of each, in its own form. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "MS <URLS";

struct wishes {
    const char *url;
    long limit, wait;
};

static CURLcode prepare(CURL *curl, const struct wishes *wishes, struct easy_body *body,
                        char words[CURL_ERROR_SIZE])
{
    /* [options] */
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, wishes->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, wishes->wait);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, 3 * wishes->wait); /* in all */
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    return code;
    /* [/options] */
}

static void show_times(curl_off_t connected, curl_off_t first, curl_off_t total)
{
    printf("connected after %.1f ms, first byte %.1f, all %.1f\n", (double)connected / 1000,
           (double)first / 1000, (double)total / 1000);
}

/* [info] */
static CURLcode show_status(CURL *curl)
{
    CURLcode code = CURLE_OK;
    long status = 0;
    const char *url = NULL;
    curl_off_t connected = 0, first = 0, total = 0; /* microseconds */

    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    easy_get(code, curl, CURLINFO_EFFECTIVE_URL, &url);
    easy_get(code, curl, CURLINFO_CONNECT_TIME_T, &connected);
    easy_get(code, curl, CURLINFO_STARTTRANSFER_TIME_T, &first);
    easy_get(code, curl, CURLINFO_TOTAL_TIME_T, &total);
    if (code != CURLE_OK)
        return code;
    printf("%ld from %s, ", status, url);
    printf(status < 400 ? "ok\n" : "not ok\n");
    show_times(connected, first, total);
    return code;
}
/* [/info] */

/* [headers] */
static void show_headers(CURL *curl)
{
    struct curl_header *header = NULL;

    for (;;) {
        header = curl_easy_nextheader(curl, CURLH_HEADER, -1, header);
        if (header == NULL)
            return;
        printf("  %s: %s\n", header->name, header->value);
    }
}

static bool is_text(CURL *curl)
{
    static const char NAME[] = "content-type";
    struct curl_header *type;

    if (curl_easy_header(curl, NAME, 0, CURLH_HEADER, -1, &type) != 0)
        return false;
    if (strncmp(type->value, "text/", 5) == 0)
        return true;
    return strcmp(type->value, "application/json") == 0;
}
/* [/headers] */

static void show_body(CURL *curl, const struct buffer *body)
{
    printf("%zu bytes\n", body->length);
    if (is_text(curl)) /* else it may hold what moves the cursor */
        (void)fwrite(buffer_text(body), 1, body->length, stdout); /* finish() looks */
}

static void show_failure(CURL *curl, CURLcode code, const struct wishes *wishes,
                         const struct easy_body *body, const char *words)
{
    struct requests_error error;

    (void)requests_error_from(&error, code, curl, words);
    if (body->full) /* our own function ended the transfer, and libcurl cannot know why */
        (void)requests_error_set(&error, REQUESTS_TOO_LARGE, "more than %ld bytes", wishes->limit);
    report("%s: %s: %s", wishes->url, requests_failure_name(error.failure), error.text);
}

/* [get] */
static int get(const struct wishes *wishes)
{
    char words[CURL_ERROR_SIZE] = "";
    struct easy_body body = {.limit = (size_t)wishes->limit};
    CURL *curl = curl_easy_init();

    if (curl == NULL)
        die("no memory for a handle");
    CURLcode code = prepare(curl, wishes, &body, words);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl); /* all of it happens here */
    if (code == CURLE_OK)
        code = show_status(curl);
    if (code == CURLE_OK) {
        show_headers(curl);
        show_body(curl, &body.bytes);
    } else {
        show_failure(curl, code, wishes, &body, words);
    }
    curl_easy_cleanup(curl); /* closes the connection too */
    buffer_free(&body.bytes);
    return code == CURLE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
/* [/get] */

int main(int argc, char **argv)
{
    static char line[8192];
    struct wishes wishes = {line, 1 << 20, 10000};
    int status = EXIT_SUCCESS;

    if (argc != 2 || !number_parse(argv[1], 1, 600000, &wishes.wait))
        die_usage(USAGE);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (get(&wishes) != EXIT_SUCCESS)
            status = EXIT_FAILURE;
    }
    curl_global_cleanup();
    finish(status);
}
