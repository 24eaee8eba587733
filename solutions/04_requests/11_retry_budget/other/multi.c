/*
 * Exercise 4.11, with libcurl's multi interface: the program waits for the transfer itself, so that
 * the budget is its own clock and no option. Retry-After is read by hand.
 */
#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"

static const char USAGE[] = "METHOD TRIES BASE BUDGET URL";
enum {
    BODY_MOST = 1 << 20,
    WAIT_MOST = 60000,
    GOOD = 0,
    BAD_STATUS = 10,
    REFUSED,
    BROKEN,
    TIMEOUT
};

struct order {
    const char *method, *url;
    long tries, base, budget; /* the last two in milliseconds */
    bool may_repeat;          /* its method is idempotent */
    struct buffer body;
};

/* The seconds that an answer asks for; 0: none. */
static size_t on_header(char *line, size_t size, size_t count, void *argument)
{
    char value[64] = "", *end;
    long *asked = argument;
    size_t length = size * count;

    if (length > 12 && length < sizeof value && strncasecmp(line, "Retry-After:", 12) == 0) {
        memcpy(value, line + 12, length - 12);
        value[strcspn(value, "\r\n")] = '\0';
        *asked = strtol(value, &end, 10);
        if (end == value || *end != '\0') {
            time_t when = curl_getdate(value, NULL);
            *asked = when == -1 ? 0 : (long)(when - time(NULL));
        }
        *asked = *asked < 0 ? 0 : *asked < 1000000 ? *asked : 1000000;
    }
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *argument)
{
    (void)bytes;
    (void)argument;
    return size * count;
}

static CURLcode prepare(CURL *curl, const struct order *order, long *asked)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_URL, order->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http");
    easy_set(code, curl, CURLOPT_PROXY, "");
    easy_set(code, curl, CURLOPT_NOSIGNAL, 1L);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, on_body);
    easy_set(code, curl, CURLOPT_HEADERFUNCTION, on_header);
    easy_set(code, curl, CURLOPT_HEADERDATA, asked);
    if (strcmp(order->method, "HEAD") == 0)
        easy_set(code, curl, CURLOPT_NOBODY, 1L);
    if (strcmp(order->method, "POST") == 0 || strcmp(order->method, "PUT") == 0) {
        easy_set(code, curl, CURLOPT_POSTFIELDS, buffer_text(&order->body));
        easy_set(code, curl, CURLOPT_POSTFIELDSIZE, (long)order->body.length);
    }
    if (strcmp(order->method, "PUT") == 0 || strcmp(order->method, "DELETE") == 0)
        easy_set(code, curl, CURLOPT_CUSTOMREQUEST, order->method);
    return code;
}

/* Runs the transfer until it is done, or until end. False when it is not done. */
static bool run(CURLM *multi, int64_t end, CURLcode *result)
{
    int running = 1, left;

    while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0 && now_ms() < end)
        if (curl_multi_poll(multi, NULL, 0, (int)(end - now_ms()), NULL) != CURLM_OK)
            die("libcurl cannot wait");
    CURLMsg *message = curl_multi_info_read(multi, &left);
    if (message == NULL)
        return false;
    *result = message->data.result;
    return true;
}

/* One try: its exit status, if it is the last. */
static int try_once(CURLM *multi, CURL *curl, int64_t end, long *status)
{
    CURLcode code = CURLE_OK;

    *status = 0;
    if (curl_multi_add_handle(multi, curl) != CURLM_OK)
        die("libcurl does not take the request");
    bool done = run(multi, end, &code);
    if (code == CURLE_OK)
        easy_get(code, curl, CURLINFO_RESPONSE_CODE, status);
    if (curl_multi_remove_handle(multi, curl) != CURLM_OK)
        die("libcurl does not give the request back");
    if (!done)
        return TIMEOUT;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return REFUSED;
    if (code != CURLE_OK)
        return BROKEN;
    return *status < 400 ? GOOD : BAD_STATUS;
}

/* Whether another try is allowed after that one. */
static bool is_allowed(const struct order *order, int result, long status)
{
    if (result == REFUSED)
        return true; /* nothing was sent */
    if (!order->may_repeat || result == TIMEOUT)
        return false;
    return result == BROKEN || status == 429 || status == 502 || status == 503 || status == 504;
}

/* The milliseconds to wait behind try n. */
static long choose_wait(long asked, const struct order *order, int result, long n)
{
    uint32_t random;
    long most = order->base;

    if (result == BAD_STATUS && asked > 0)
        return asked * 1000;
    while (n-- > 1 && most < WAIT_MOST)
        most *= 2;
    most = most < WAIT_MOST ? most : WAIT_MOST;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        die_errno("getrandom");
    return (long)(random % ((uint32_t)most + 1));
}

static void say(long n, int result, long status)
{
    static const char *const WORDS[] = {
        [REFUSED] = "refused", [BROKEN] = "broken", [TIMEOUT] = "timeout"};

    if (result == GOOD || result == BAD_STATUS)
        printf("%ld %ld\n", n, status);
    else
        printf("%ld %s\n", n, WORDS[result]);
    if (fflush(stdout) != 0)
        die_errno("standard output");
}

static int ask(CURLM *multi, CURL *curl, const struct order *order, long *asked)
{
    int64_t end = now_ms() + order->budget;

    for (long n = 1;; n++) {
        long status;
        *asked = 0;
        int result = try_once(multi, curl, end, &status);
        say(n, result, status);
        if (result == GOOD)
            return GOOD;
        long wait = choose_wait(*asked, order, result, n);
        if (n == order->tries || !is_allowed(order, result, status) || wait >= end - now_ms()) {
            report("%s: given up after %ld tries", order->url, n);
            return result;
        }
        int64_t until = now_ms() + wait;
        while (now_ms() < until)
            (void)poll(NULL, 0, (int)(until - now_ms()));
    }
}

/* Standard input, for a method that has a body. */
static void read_body(struct order *order)
{
    char piece[65536];
    size_t n;

    if (strcmp(order->method, "POST") != 0 && strcmp(order->method, "PUT") != 0)
        return;
    while ((n = fread(piece, 1, sizeof piece, stdin)) > 0)
        if (order->body.length + n > BODY_MOST)
            die("standard input: more than a mebibyte");
        else if (buffer_add(&order->body, piece, n) == -1)
            die("out of memory");
    if (ferror(stdin))
        die_errno("standard input");
}

static bool read_method(struct order *order, const char *method)
{
    static const char *const METHODS[] = {"GET", "HEAD", "PUT", "DELETE", "POST"};

    order->method = method;
    order->may_repeat = strcmp(method, "POST") != 0;
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
        if (strcmp(method, METHODS[i]) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct order order = {.url = argc == 6 ? argv[5] : NULL};

    if (argc != 6 || !read_method(&order, argv[1]) || !number_parse(argv[2], 1, 20, &order.tries) ||
        !number_parse(argv[3], 1, 10000, &order.base) ||
        !number_parse(argv[4], 1, 600000, &order.budget) || strncmp(order.url, "http://", 7) != 0)
        die_usage(USAGE);
    read_body(&order);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    CURL *curl = curl_easy_init();
    CURLM *multi = curl_multi_init();
    long asked = 0;
    if (curl == NULL || multi == NULL)
        die("no memory for a handle");
    code = prepare(curl, &order, &asked);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    int result = ask(multi, curl, &order, &asked);
    curl_easy_cleanup(curl);
    (void)curl_multi_cleanup(multi); /* nothing can be done about it */
    curl_global_cleanup();
    buffer_free(&order.body);
    finish(result);
}
