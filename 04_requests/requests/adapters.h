/*
 * Rules for all URLs that begin alike: when to try again, how much to take.
 *
 * Python: requests.adapters.HTTPAdapter, urllib3.util.Retry. Source: RFC 9110 sections 9.2.2
 * (idempotent methods) and 10.2.3 (Retry-After).
 */
#ifndef REQUESTS_ADAPTERS_H
#define REQUESTS_ADAPTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * When to try again. All zero is never. Tried again is after a connection that failed or broke, a
 * time-out, a body that was cut off, and a status from the list; with methods alone that are
 * idempotent (GET, HEAD, PUT, DELETE, OPTIONS, TRACE), but for what never left: no connection, no
 * name. Before each time it waits: Retry-After if the server sent one, otherwise a random time
 * between 0 and backoff_s * 2^n, n = 0, 1, 2 … (full jitter: many clients that failed together do
 * not come back together).
 */
struct requests_retry {
    int total;            /* tries after the first. Python: Retry.total */
    double backoff_s;     /* seconds; 0: 0.5; negative: no wait. Python: backoff_factor */
    double backoff_max_s; /* seconds; 0: 30. Python: Retry.BACKOFF_MAX, 120 */
    double budget_s;      /* seconds from the first try on, waits included, within which a try must
                             begin; 0: 60. Python has none */
    const int *statuses;  /* up to a 0, the caller's; NULL: 429, 502, 503, 504. status_forcelist */
    bool any_method;      /* POST and PATCH, too: the caller knows that twice does no harm */
    bool no_retry_after;  /* do not mind that field. Python: respect_retry_after_header=False */
    bool return_last;     /* a last response with such a status is returned, not REQUESTS_RETRY.
                             Python: raise_on_status=False */
};

/* The longest wait before try n (0 before the first repetition), in seconds. */
double requests_backoff_limit(const struct requests_retry *retry, unsigned n);

/*
 * Reads a Retry-After, "120" or a date of HTTP; now is in seconds since 1970. True and *seconds to
 * wait, 0 for a date that has passed; false when it is neither. Source: RFC 9110 section 10.2.3.
 */
bool requests_retry_after(const char *value, time_t now, double *seconds);

/* What requests_mount() takes. A request's own options go before. Python: HTTPAdapter. */
struct requests_adapter {
    struct requests_retry retry; /* max_retries */
    size_t limit;                /* bytes of a body kept in memory; 0: the session's */
    double timeout_s;            /* as in the options; 0: the session's */
};

#endif
