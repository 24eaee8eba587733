/*
 * 3.07  What can go wrong
 *
 * Opens a URL, and if that fails, says how, how far it came, and what may be done about it.
 *
 * Python:  urllib.error.URLError, HTTPError, ContentTooShortError; TimeoutError
 * Usage:   07_errors [--wait MS] [--most BYTES] URL
 *          The status is 0; 2 for a wrong URL, 3 if nothing was asked, 4 if something was asked and
 *          no whole answer came, 5 for an answer that says no, 6 for a reason of its own.
 * See:     RFC 9110 sections 9.2.2 (idempotent methods) and 15 (status codes); urllib/error.h
 * Leaves out: trying again, and how long to wait before (chapter 4).
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/number.h"
#include "urllib/request.h"

static const char USAGE[] = "[--wait MS] [--most BYTES] URL";
enum { OWN_FAULT = EXIT_USAGE, NOT_ASKED, NO_WHOLE_ANSWER, REFUSED, HERE };

/* [how-far] */
static int how_far(enum url_failure failure)
{
    switch (failure) {
    case URL_OK:
        break;
    case URL_BAD_URL:
    case URL_UNKNOWN_SCHEME:
        return OWN_FAULT;
    case URL_NO_NAME:
    case URL_REFUSED:
    case URL_NO_CONNECTION:
    case URL_TLS:
    case URL_TIMEOUT_CONNECT:
        return NOT_ASKED;
    case URL_TIMEOUT_READ:
    case URL_BROKEN:
    case URL_BAD_ANSWER:
    case URL_TOO_SHORT:
        return NO_WHOLE_ANSWER;
    case URL_HTTP:
    case URL_REDIRECT:
        return REFUSED;
    case URL_TOO_LONG:
    case URL_NO_FILE:
    case URL_STOPPED:
    case URL_NO_MEMORY:
        return HERE;
    }
    return EXIT_SUCCESS;
}
/* [/how-far] */

/* [no] A no is an answer: it has fields and a body. */
static void show_no(const struct url_error *error)
{
    struct url_response *no = error->response;
    const char *type = http_headers_get(&no->headers, "Content-Type");
    struct buffer body = {0};
    struct url_error second = {0};

    /* Should the body be cut off, what came of it may still help. */
    (void)url_read_all(no, &body, 1000, &second);
    printf("  status: %d\n", error->status);
    printf("  type: %s\n", type != NULL ? type : "none");
    printf("  body: %s\n", buffer_text(&body));
    buffer_free(&body);
    url_error_clear(&second);
}
/* [/no] */

static void show_error(const struct url_error *error)
{
    static const char *const ADVICE[] = {
        [OWN_FAULT] = "the URL has to be mended",
        [NOT_ASKED] = "nothing was asked: no harm in asking again, by POST too",
        [NO_WHOLE_ANSWER] = "it may have been done: repeat only what may be done twice",
        [REFUSED] = "the server has answered: read what it says",
        [HERE] = "the server is not to blame",
    };

    printf("%s: %s\n", url_failure_name(error->failure), error->text);
    if (error->number != 0)
        printf("  number: %s\n", errno_name(error->number));
    if (error->failure == URL_TOO_SHORT)
        printf("  bytes: %llu of %llu\n", (unsigned long long)error->received,
               (unsigned long long)error->expected);
    if (error->response != NULL)
        show_no(error);
    printf("  %s\n", ADVICE[how_far(error->failure)]);
}

/* Returns 0, or -1 and an error. */
static int fetch(const char *url, const struct url_options *options, size_t most,
                 struct url_error *error)
{
    struct buffer body = {0};
    struct url_response *response = url_open(url, options, error);
    int result = -1;

    if (response != NULL)
        result = url_read_all(response, &body, most, error);
    if (result == 0)
        printf("%d %s, %zu bytes\n", response->status, response->reason, body.length);
    buffer_free(&body);
    url_close(response);
    return result;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"wait", required_argument, NULL, 'w'}, {"most", required_argument, NULL, 'm'}, {0}};
    struct url_options options = {0};
    struct url_error error = {0};
    long number, most = 1 << 20;
    int option, status = EXIT_SUCCESS;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'w' && number_parse(optarg, 1, INT_MAX, &number))
            options.timeout_ms = (int)number;
        else if (option != 'm' || !number_parse(optarg, 0, INT_MAX, &most))
            die_usage(USAGE);
    }
    if (argc - optind != 1)
        die_usage(USAGE);
    if (fetch(argv[optind], &options, (size_t)most, &error) == -1) {
        status = how_far(error.failure);
        show_error(&error);
    }
    url_error_clear(&error);
    finish(status);
}
