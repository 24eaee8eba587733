/* fails: first-try fails-at-first final-statuses other-methods number-of-tries reset cut-body nobody-listens post-status post-broken beyond-budget budget no-answer retry-after-nonsense retry-after-final usage nothing-left-behind retry-after-seconds jitter retry-after-date */
/*
 * Lesson 4.14, with the arguments of this exercise.
 */
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"

static const char USAGE[] = "METHOD TRIES BASE BUDGET URL";
enum { LONGEST_WAIT = 30000 }; /* milliseconds, however often it failed */

struct wishes {
    const char *url, *method;
    long redirects, connect, total, tries, base, budget; /* times in milliseconds */
};

/* ---- redirects ---- */

/* [history] */
/* Each answer on the way begins with a status line; a redirect has a Location. */
static size_t on_header(char *line, size_t size, size_t count, void *argument)
{
    size_t length = size * count;

    (void)argument;
    if (length > 12 && strncmp(line, "HTTP/", 5) == 0)
        printf("  %.3s", strchr(line, ' ') != NULL ? strchr(line, ' ') + 1 : "?");
    else if (length > 9 && strncasecmp(line, "location:", 9) == 0)
        printf(" to%.*s", (int)strcspn(line + 9, "\r\n"), line + 9);
    else if (line[0] == '\r' || line[0] == '\n')
        printf("\n");
    return length;
}
/* [/history] */

/* ---- one try ---- */

/* The body does not matter here. */
static size_t on_body(char *bytes, size_t size, size_t count, void *argument)
{
    (void)bytes;
    (void)argument;
    return size * count;
}

/* [options] */
static CURLcode prepare(CURL *curl, const struct wishes *wishes, char *words)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, wishes->url);
    if (strcmp(wishes->method, "HEAD") == 0)
        easy_set(code, curl, CURLOPT_NOBODY, 1L);
    else if (strcmp(wishes->method, "POST") == 0)
        easy_set(code, curl, CURLOPT_COPYPOSTFIELDS, "one order");
    else if (strcmp(wishes->method, "GET") != 0)
        easy_set(code, curl, CURLOPT_CUSTOMREQUEST, wishes->method);
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, wishes->redirects > 0 ? 1L : 0L);
    easy_set(code, curl, CURLOPT_MAXREDIRS, wishes->redirects);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"); /* never file: */
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, wishes->connect);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, wishes->total);
    easy_set(code, curl, CURLOPT_HEADERFUNCTION, on_header);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, on_body);
    return code;
}
/* [/options] */

/* ---- and the next ---- */

/* [safe] */
static bool is_idempotent(const char *method)
{
    static const char *const METHODS[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
        if (strcmp(method, METHODS[i]) == 0)
            return true;
    return false;
}

/* Whether another try makes sense, and does no harm. */
static bool is_worth_it(const struct wishes *wishes, CURLcode code, CURL *curl, long status)
{
    enum requests_failure failure = requests_failure_of(code, curl);

    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
        failure == REQUESTS_CONNECT_TIMEOUT)
        return true; /* nothing was sent */
    if (!is_idempotent(wishes->method))
        return false; /* it may have been done: RFC 9110 section 9.2.2 */
    if (failure != REQUESTS_OK)
        return failure == REQUESTS_CONNECTION || failure == REQUESTS_READ_TIMEOUT ||
               failure == REQUESTS_CHUNKED;
    return status == 429 || status == 502 || status == 503 || status == 504;
}
/* [/safe] */

/* [wait] */
/* How long to wait before the next try, when n have failed: in milliseconds. */
static long choose_wait(CURL *curl, const struct wishes *wishes, long n)
{
    curl_off_t asked = 0; /* seconds; libcurl reads both forms, and knows when a date is over */
    unsigned random;
    long most = wishes->base;

    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &asked) == CURLE_OK && asked > 0) {
        printf("  Retry-After: in %ld s\n", (long)asked);
        return asked < LONG_MAX / 1000 ? (long)asked * 1000 : LONG_MAX;
    }
    while (n-- > 1 && most < LONGEST_WAIT)
        most *= 2;
    most = most < LONGEST_WAIT ? most : LONGEST_WAIT;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        die_errno("getrandom");
    long wait = (long)(random % ((unsigned long)most + 1)); /* from nothing to the most */
    printf("  wait %ld ms of at most %ld\n", wait, most);
    return wait;
}
/* [/wait] */

/* [loop] */
static int ask(CURL *curl, const struct wishes *wishes, const char *words)
{
    int64_t end = now_ms() + wishes->budget;
    struct requests_error error;
    long status;

    for (long n = 1;; n++) {
        printf("try %ld\n", n);
        CURLcode code = curl_easy_perform(curl);
        (void)requests_error_from(&error, code, curl, words);
        status = 0;
        if (code == CURLE_OK)
            easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
        else
            printf("  %s: %s\n", requests_failure_name(error.failure), error.text);
        if (n >= wishes->tries || !is_worth_it(wishes, code, curl, status))
            break;
        long wait = choose_wait(curl, wishes, n);
        if (wait > end - now_ms()) {
            printf("  that is more than what is left of the budget\n");
            break;
        }
        (void)poll(NULL, 0, (int)wait); /* wakes early at a signal: no harm */
    }
    if (status == 0 || status >= 400) {
        report("no good answer");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
/* [/loop] */

int main(int argc, char **argv)
{
    struct wishes wishes = {.redirects = 0, .connect = 3000, .total = 10000};
    char words[CURL_ERROR_SIZE] = "";
    int status = EXIT_FAILURE;

    if (argc != 6 || !number_parse(argv[2], 1, 20, &wishes.tries) ||
        !number_parse(argv[3], 1, 10000, &wishes.base) ||
        !number_parse(argv[4], 1, 600000, &wishes.budget))
        die_usage(USAGE);
    wishes.method = argv[1];
    wishes.url = argv[5];
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die("no memory for a handle");
    code = prepare(curl, &wishes, words);
    if (code == CURLE_OK)
        status = ask(curl, &wishes, words);
    else
        report("%s", words[0] != '\0' ? words : curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    finish(status);
}
