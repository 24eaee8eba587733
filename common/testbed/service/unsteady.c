/* A service that fails as often as it is told to, and then works: for who tries again. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/date.h"
#include "testbed/service/service.h"

/* Retry-After in seconds, or as a date, which has no parts of a second: the next whole one. */
static void add_retry_after(struct call *call, double seconds)
{
    char date[HTTP_DATE_SIZE];

    if (call_arg(call, "date") == NULL)
        add_header_print(call, "Retry-After", "%ld", seconds_up(seconds));
    else if (http_date_format(time(NULL) + 1 + seconds_up(seconds), date))
        http_add_header(call->x, "Retry-After", date);
}

static void answer_unsteady(struct call *call)
{
    char key[TALLY_KEY];
    long fail, skip, status, count;
    double after, left;

    if (!call_arg_integer(call, "fail", 0, 1000000, 2, &fail) ||
        !call_arg_integer(call, "skip", 0, 1000000, 0, &skip) ||
        !call_arg_integer(call, "status", 400, 599, 503, &status) ||
        !call_arg_seconds(call, "after", 0, &after))
        return;
    int length = snprintf(key, sizeof key, "unsteady/%s", call->word[0]);
    if (length < 0 || (size_t)length >= sizeof key || !tally_next(key, 0, &count, &left)) {
        send_bad(call, "a shorter key is due");
        return;
    }
    if (count <= skip || count > skip + fail) {
        send_json(call, HTTP_OK,
                  json_pack("{s:s, s:s, s:I}", "key", call->word[0], "method", call->method,
                            "requests", (json_int_t)count));
    } else if (call_arg(call, "cut") != NULL) {
        call_cut(call);
    } else {
        if (call_arg(call, "after") != NULL)
            add_retry_after(call, after);
        send_code(call, (int)status);
    }
}

const struct route UNSTEADY_ROUTES[] = {
    {"GET POST PUT DELETE PATCH", "/unsteady/:", answer_unsteady}, {NULL, NULL, NULL}};
