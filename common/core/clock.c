#include "core/clock.h"

#include <time.h>

uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* Linux always has this clock */
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

int64_t now_ms(void)
{
    return (int64_t)(now_ns() / 1000000U);
}
