/*
 * Exercise 4.11  Retry with a budget
 *
 * Each try is a word of the contract. What may follow it is decided in three steps: is another try
 * allowed, how long is the wait, and does the budget last for it.
 *
 * Usage:  retry_budget METHOD TRIES BASE BUDGET URL
 * See:    lesson 4.14; RFC 9110 sections 9.2.2 and 10.2.3
 */
#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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

static size_t on_body(char *bytes, size_t size, size_t count, void *argument)
{
    (void)bytes;
    (void)argument;
    return size * count;
}

static CURLcode prepare(CURL *curl, const struct order *order)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_URL, order->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http");
    easy_set(code, curl, CURLOPT_PROXY, "");
    easy_set(code, curl, CURLOPT_NOSIGNAL, 1L);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, on_body);
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

/* One try: its exit status, if it is the last. */
static int try_once(CURL *curl, long left, long *status)
{
    CURLcode code = CURLE_OK;

    *status = 0;
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, left > 0 ? left : 1);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return TIMEOUT;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return REFUSED;
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, status);
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
static long choose_wait(CURL *curl, const struct order *order, int result, long n)
{
    curl_off_t asked = 0;
    uint32_t random;
    long most = order->base;

    if (result == BAD_STATUS && curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &asked) == CURLE_OK &&
        asked > 0)
        return asked < 1000000 ? (long)asked * 1000 : 1000000000;
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

static int ask(CURL *curl, const struct order *order)
{
    int64_t end = now_ms() + order->budget;

    for (long n = 1;; n++) {
        long status;
        int result = try_once(curl, (long)(end - now_ms()), &status);
        say(n, result, status);
        if (result == GOOD)
            return GOOD;
        long wait = choose_wait(curl, order, result, n);
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
    if (curl == NULL)
        die("no memory for a handle");
    code = prepare(curl, &order);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    int result = ask(curl, &order);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    buffer_free(&order.body);
    finish(result);
}
