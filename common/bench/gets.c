/*
 * gets URL COUNT CONNECTIONS: gets URL so often with sessions of requests/requests.h, so many at
 * once, each of them a thread's own. As common/bench/peers/bare_libcurl.c, by the layer.
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/requests.h"

static const char *url;
static atomic_long left; /* requests that nobody has begun */

static void *run_session(void *unused)
{
    struct requests_error error = {0};
    struct requests_session *session = requests_session_new(.timeout_s = 30, .error = &error);

    (void)unused;
    if (session == NULL)
        die("%s", error.text);
    while (atomic_fetch_sub(&left, 1) > 0) {
        struct requests_response *r = requests_session_get(session, url, .error = &error);
        if (r == NULL)
            die("%s: %s", requests_failure_name(error.failure), error.text);
        if (r->status != 200 || r->body.length == 0)
            die("status %d, %zu bytes", r->status, r->body.length);
        requests_response_free(r);
    }
    requests_session_free(session);
    return NULL;
}

int main(int argc, char **argv)
{
    long count, connections;

    if (argc != 4 || !number_parse(argv[2], 1, INT_MAX, &count) ||
        !number_parse(argv[3], 1, 10000, &connections))
        die_usage("URL COUNT CONNECTIONS");
    url = argv[1];
    atomic_init(&left, count);
    pthread_t *threads = calloc((size_t)connections, sizeof *threads);
    if (threads == NULL)
        die_errno("memory");
    for (long i = 1; i < connections; i++) { /* the first is this one */
        int why = pthread_create(&threads[i], NULL, run_session, NULL);
        if (why != 0)
            die("pthread_create: %s", strerror(why));
    }
    (void)run_session(NULL); /* it returns nothing, and dies of what fails */
    for (long i = 1; i < connections; i++) {
        int why = pthread_join(threads[i], NULL);
        if (why != 0)
            die("pthread_join: %s", strerror(why));
    }
    free(threads);
    return 0;
}
