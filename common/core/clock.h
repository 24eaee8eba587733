/* The clock that only goes forward, for time-outs and measurements: CLOCK_MONOTONIC. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* Nanoseconds since some moment before the program began. Async-signal-safe; it cannot fail. */
uint64_t now_ns(void);

/* The same in whole milliseconds, signed: a time that is left is a difference. */
int64_t now_ms(void);

#endif
