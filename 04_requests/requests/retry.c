/* Whether to try again, and how long to wait before. */
#include <errno.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <string.h>

#include "core/number.h"
#include "http/date.h"
#include "http/status.h"
#include "requests/internal.h"

double requests_backoff_limit(const struct requests_retry *retry, unsigned n)
{
    double first = retry->backoff_s == 0 ? 0.5 : retry->backoff_s;
    double most = retry->backoff_max_s == 0 ? 30 : retry->backoff_max_s;

    if (first < 0)
        return 0;
    for (; n > 0 && first < most; n--)
        first *= 2;
    return first < most ? first : most;
}

bool requests_retry_after(const char *value, time_t now, double *seconds)
{
    time_t when = 0;
    long number = 0;

    if (strspn(value, "0123456789") == strlen(value) && number_parse(value, 0, 1L << 31, &number)) {
        *seconds = (double)number;
        return true;
    }
    if (!http_date_parse(value, now, &when))
        return false;
    *seconds = when > now ? difftime(when, now) : 0;
    return true;
}

/* From 0 to 1, from the system's generator: a client that failed must not come back with those that
 * began in the same second. */
static double random_part(void)
{
    uint32_t number = 0;

    if (RAND_bytes((unsigned char *)&number, (int)sizeof number) != 1)
        return 1; /* the whole wait */
    return number / (double)UINT32_MAX;
}

double requests_wait_s(const struct requests_retry *retry, unsigned n,
                       const struct requests_response *response)
{
    const char *value = response == NULL ? NULL : requests_header(response, "Retry-After");
    double seconds = 0;

    if (value != NULL && !retry->no_retry_after &&
        requests_retry_after(value, time(NULL), &seconds))
        return seconds;
    return requests_backoff_limit(retry, n) * random_part();
}

static bool may_repeat(const struct requests_retry *retry, const char *method)
{
    const struct http_method *known = http_method_find(method);

    return retry->any_method || (known != NULL && known->idempotent);
}

bool requests_is_retry_status(const struct requests_retry *retry, const char *method, int status)
{
    static const int USUAL[] = {429, 502, 503, 504, 0};
    const int *list = retry->statuses == NULL ? USUAL : retry->statuses;

    while (*list != 0 && *list != status)
        list++;
    return *list != 0 && may_repeat(retry, method);
}

bool requests_is_retry_failure(const struct requests_retry *retry, const char *method,
                               const struct requests_error *error)
{
    switch (error->failure) {
    case REQUESTS_CONNECT_TIMEOUT:
        return true; /* nothing was sent */
    case REQUESTS_CONNECTION:
        if (error->code == CURLE_COULDNT_CONNECT || error->code == CURLE_COULDNT_RESOLVE_HOST)
            return true; /* likewise */
        return may_repeat(retry, method);
    case REQUESTS_PROXY:
    case REQUESTS_READ_TIMEOUT:
    case REQUESTS_CHUNKED:
        return may_repeat(retry, method);
    default:
        return false;
    }
}

void requests_sleep(double seconds)
{
    time_t whole = (time_t)seconds; /* never below 0 */
    struct timespec left = {.tv_sec = whole, .tv_nsec = (long)((seconds - (double)whole) * 1e9)};

    while (nanosleep(&left, &left) == -1 && errno == EINTR)
        continue;
}
