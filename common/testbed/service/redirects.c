#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/number.h"
#include "testbed/service/service.h"

static void go_absolutely(struct call *call, const char *path)
{
    struct buffer url = {0};

    if (call_absolute(call, path, &url) == 0)
        send_redirect(call, HTTP_FOUND, url.data);
    buffer_free(&url);
}

/* One step of n. The last leads to /get. */
static void go_on(struct call *call, const char *kind, bool absolute)
{
    char path[64] = "/get";

    if (call->number[0] < 1) {
        send_status(call, HTTP_NOT_FOUND);
        return;
    }
    if (call->number[0] > 1) /* it has room */
        (void)snprintf(path, sizeof path, "/%s-redirect/%ld", kind, call->number[0] - 1);
    if (absolute)
        go_absolutely(call, path);
    else
        send_redirect(call, HTTP_FOUND, path);
}

static void answer_redirect(struct call *call)
{
    const char *absolute = call_arg(call, "absolute");
    bool is = absolute != NULL && strcasecmp(absolute, "true") == 0;

    go_on(call, is ? "absolute" : "relative", is);
}

static void answer_relative(struct call *call)
{
    go_on(call, "relative", false);
}

static void answer_absolute(struct call *call)
{
    go_on(call, "absolute", true);
}

/* Wherever the client wants to be sent, in the words that it chose. */
static void answer_redirect_to(struct call *call)
{
    const char *url = call_arg(call, "url"), *code = call_arg(call, "status_code");
    long status = HTTP_FOUND;

    if (code != NULL && !number_parse(code, 0, 999, &status)) {
        send_bad(call, "status_code");
        return;
    }
    if (status < 300 || status > 399)
        status = HTTP_FOUND;
    if (url == NULL || !http_is_value(url, strlen(url)))
        send_bad(call, "url");
    else
        send_redirect(call, (int)status, url);
}

const struct route REDIRECT_ROUTES[] = {
    {"GET", "/redirect/#", answer_redirect},
    {"GET", "/relative-redirect/#", answer_relative},
    {"GET", "/absolute-redirect/#", answer_absolute},
    {"GET POST PUT DELETE PATCH TRACE", "/redirect-to", answer_redirect_to},
    {NULL, NULL, NULL}};
