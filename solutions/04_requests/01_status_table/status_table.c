/*
 * Exercise 4.1  Status table
 *
 * One handle asks for all URLs, one after another. Its callback counts and keeps nothing. Whether a
 * URL failed, libcurl's code says; the status says something only when the code is good.
 *
 * Usage:  status_table MS <URLS
 * See:    lessons 4.00 and 4.01; curl_easy_setopt(3), CURLINFO_CONTENT_TYPE(3)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { MS_MOST = 600000 };

struct totals {
    unsigned long urls, ok, failed;
    unsigned long long bytes;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    unsigned long long *length = context;

    (void)bytes;
    *length += size * count;
    return size * count;
}

static CURLcode prepare(CURL *curl, long ms, unsigned long long *length, char *words)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, ms);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, on_body);
    easy_set(code, curl, CURLOPT_WRITEDATA, length);
    return code;
}

/* Prints the line of an answer. Returns 0, or -1 and an error. */
static int show(CURL *curl, const char *url, unsigned long long length, struct totals *totals,
                struct requests_error *error)
{
    CURLcode code = CURLE_OK;
    long status = 0;
    char *type = NULL;

    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    easy_get(code, curl, CURLINFO_CONTENT_TYPE, &type);
    if (code != CURLE_OK)
        return requests_error_from(error, code, curl, NULL);
    if (type == NULL || *type == '\0')
        type = "-";
    printf("%ld %llu %.*s %s\n", status, length, (int)strcspn(type, "; \t"), type, url);
    totals->ok += status < 400;
    totals->bytes += length;
    return 0;
}

static void ask(CURL *curl, const char *url, long ms, struct totals *totals)
{
    char words[CURL_ERROR_SIZE] = "";
    unsigned long long length = 0;
    struct requests_error error = {0};
    int result = -1;
    CURLcode code = prepare(curl, ms, &length, words);

    easy_set(code, curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        result = show(curl, url, length, totals, &error);
    else
        (void)requests_error_from(&error, code, curl, words);
    totals->urls++;
    if (result == -1) {
        const char *family = requests_failure_name(error.failure);
        printf("%s - - %s\n", family, url);
        report("%s: %s: %s", url, family, error.text);
        totals->failed++;
    }
    curl_easy_reset(curl); /* words and length end here; connections are kept */
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    long ms;

    if (argc != 2 || !number_parse(argv[1], 1, MS_MOST, &ms))
        die_usage("MS <URLS");
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = code == CURLE_OK ? curl_easy_init() : NULL;
    if (curl == NULL)
        die("libcurl: it cannot begin");
    while ((length = getline(&line, &room, stdin)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (*line != '\0')
            ask(curl, line, ms, &totals);
    }
    if (ferror(stdin))
        die_errno("standard input");
    printf("%lu of %lu ok, %llu bytes\n", totals.ok, totals.urls, totals.bytes);
    free(line);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    finish(totals.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
