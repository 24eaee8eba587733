/*
 * 4.14  Redirects, time-outs, retries
 *
 * Asks until there is an answer or the budget is spent, and says of each try where it led.
 *
 * Python:  allow_redirects, r.history, timeout, urllib3.util.Retry
 * Usage:   14_redirects_timeouts_retries [--method METHOD] [--redirects N] [--connect MS]
 *                [--total MS] [--tries N] [--base MS] [--budget MS] [URL]
 *          --redirects 0 follows none; --base is the longest wait before the second try.
 * See:     RFC 9110 sections 9.2.2, 10.2.3 and 15.4; CURLOPT_FOLLOWLOCATION(3),
 *          CURLOPT_MAXREDIRS(3), CURLOPT_CONNECTTIMEOUT_MS(3), CURLOPT_TIMEOUT_MS(3)
 * Leaves out: the body (4.01), redirects and passwords (4.07), what several tries in several
 *          places add up to (4.21).
 */
#include <getopt.h>
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

static const char USAGE[] = "[--method METHOD] [--redirects N] [--connect MS] [--total MS] "
                            "[--tries N] [--base MS] [--budget MS] [URL]";
enum { LONGEST_WAIT = 30000 }; /* milliseconds, however often it failed */

struct wishes {
    const char *url, *method;
    long redirects, connect, total, tries, base, budget; /* times in milliseconds */
};

/* ---- redirects ---- */

/* [history] */
/* Each answer begins with a status line; a redirect has a Location. */
static size_t on_header(char *line, size_t size, size_t count, void *unused)
{
    size_t length = size * count;

    (void)unused;
    if (length > 12 && strncmp(line, "HTTP/", 5) == 0)
        printf("  %.3s", line + strcspn(line, " ") + 1);
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
    easy_set(code, curl, CURLOPT_HEADERFUNCTION, on_header);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, on_body);
    return code;
}
/* [/options] */

/* ---- and the next ---- */

/* [safe] */
static bool is_idempotent(const char *method)
{
    static const char *const METHODS[] = {"GET",    "HEAD",    "PUT", //
                                          "DELETE", "OPTIONS", "TRACE"};

    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
        if (strcmp(method, METHODS[i]) == 0)
            return true;
    return false;
}

/* Whether another try makes sense, and does no harm. */
static bool is_worth_it(const char *method, CURL *curl, CURLcode code)
{
    long status = 0, hops = 0;
    CURLcode asked = CURLE_OK;
    enum requests_failure failed = requests_failure_of(code, curl);
    bool dead = code == CURLE_COULDNT_CONNECT;

    easy_get(asked, curl, CURLINFO_REDIRECT_COUNT, &hops);
    dead = dead || failed == REQUESTS_CONNECT_TIMEOUT;
    if (dead && asked == CURLE_OK && hops == 0)
        return true; /* nothing was sent; behind a redirect something was */
    if (!is_idempotent(method))
        return false; /* it may have been done: RFC 9110 section 9.2.2 */
    if (failed == REQUESTS_CONNECTION || failed == REQUESTS_CHUNKED)
        return true;
    if (failed != REQUESTS_OK)
        return failed == REQUESTS_READ_TIMEOUT;
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 429 || status == 502 || status == 503 || status == 504;
}
/* [/safe] */

/* [wait] */
/* How long to wait, when n tries have failed: in milliseconds. */
static long choose_wait(CURL *curl, const struct wishes *wishes, long n)
{
    curl_off_t asked = 0; /* seconds; libcurl reads both forms */
    unsigned random;
    long most = wishes->base;

    CURLcode code = CURLE_OK;
    easy_get(code, curl, CURLINFO_RETRY_AFTER, &asked);
    if (code == CURLE_OK && asked > 0) {
        printf("  Retry-After: in %ld s\n", (long)asked);
        return asked < LONG_MAX / 1000 ? (long)asked * 1000 : LONG_MAX;
    }
    while (n-- > 1 && most < LONGEST_WAIT)
        most *= 2;
    most = most < LONGEST_WAIT ? most : LONGEST_WAIT;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        die_errno("getrandom");
    long wait = (long)(random % ((unsigned long)most + 1)); /* 0 to most */
    printf("  wait %ld ms of at most %ld\n", wait, most);
    return wait;
}
/* [/wait] */

/* [loop] */
/* A try ends with its own time or with the budget, whichever is first. 0 would be no limit. */
static CURLcode limit(CURL *curl, const struct wishes *wishes, int64_t left)
{
    CURLcode code = CURLE_OK;
    long most = left < wishes->total ? (long)left : wishes->total;

    easy_set(code, curl, CURLOPT_TIMEOUT_MS, most > 0 ? most : 1L);
    return code;
}

static int ask(CURL *curl, const struct wishes *wishes, const char *words)
{
    int64_t end = now_ms() + wishes->budget;
    struct requests_error error;
    long status;

    for (long n = 1;; n++) {
        printf("try %ld\n", n);
        CURLcode code = limit(curl, wishes, end - now_ms());
        if (code == CURLE_OK)
            code = curl_easy_perform(curl);
        (void)requests_error_from(&error, code, curl, words);
        status = 0;
        if (code == CURLE_OK)
            easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
        else
            printf("  %s: %s\n", requests_failure_name(error.failure), error.text);
        if (n >= wishes->tries || !is_worth_it(wishes->method, curl, code))
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

static bool read_option(int option, struct wishes *wishes)
{
    if (option == 'm') {
        wishes->method = optarg;
        return true;
    }
    return (option == 'r' && number_parse(optarg, 0, 1000, &wishes->redirects)) ||
           (option == 'c' && number_parse(optarg, 1, INT_MAX, &wishes->connect)) ||
           (option == 't' && number_parse(optarg, 1, INT_MAX, &wishes->total)) ||
           (option == 'n' && number_parse(optarg, 1, 1000, &wishes->tries)) ||
           (option == 'b' && number_parse(optarg, 0, LONGEST_WAIT, &wishes->base)) ||
           (option == 'g' && number_parse(optarg, 0, INT_MAX, &wishes->budget));
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"method", required_argument, NULL, 'm'},  {"redirects", required_argument, NULL, 'r'},
        {"connect", required_argument, NULL, 'c'}, {"total", required_argument, NULL, 't'},
        {"tries", required_argument, NULL, 'n'},   {"base", required_argument, NULL, 'b'},
        {"budget", required_argument, NULL, 'g'},  {0}};
    struct wishes wishes = {
        "http://localhost:10000/redirect/2", "GET", 10, 3000, 10000, 3, 100, 60000};
    char words[CURL_ERROR_SIZE] = "";
    int option, status = EXIT_FAILURE;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1)
        if (!read_option(option, &wishes))
            die_usage(USAGE);
    if (argc - optind > 1)
        die_usage(USAGE);
    if (optind < argc)
        wishes.url = argv[optind];
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
