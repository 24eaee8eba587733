#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "testbed/service/service.h"

/* How many keys are remembered: beyond them, the one that was not used for longest is forgotten. */
enum { KEYS = 1024 };

static struct tally {
    char key[TALLY_KEY];
    long count;
    int64_t since, used; /* now_ms() */
} tallies[KEYS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct tally *tally_find(const char *key)
{
    struct tally *oldest = tallies;

    for (struct tally *tally = tallies; tally < tallies + KEYS; tally++) {
        if (strcmp(tally->key, key) == 0)
            return tally;
        if (tally->used < oldest->used)
            oldest = tally;
    }
    *oldest = (struct tally){.since = now_ms()};
    (void)snprintf(oldest->key, sizeof oldest->key, "%s", key); /* tally_next() saw that it fits */
    return oldest;
}

bool tally_next(const char *key, double window, long *count, double *left)
{
    if (strlen(key) >= TALLY_KEY)
        return false;
    (void)pthread_mutex_lock(&lock); /* it has no reason to fail */
    struct tally *tally = tally_find(key);
    int64_t now = now_ms(), length = (int64_t)(window * 1000);
    if (window > 0 && now - tally->since >= length) {
        tally->count = 0;
        tally->since = now;
    }
    tally->used = now;
    *count = ++tally->count;
    *left = (double)(tally->since + length - now) / 1000;
    (void)pthread_mutex_unlock(&lock);
    return true;
}

long seconds_up(double seconds)
{
    long whole = (long)seconds;

    return whole + (seconds > (double)whole);
}
