/*
 * A stop that cannot be missed, as lesson 1.04 explains it: SIGTERM and SIGINT are held back but
 * while the program sleeps in ppoll(), pselect() or epoll_pwait().
 */
#ifndef CORE_STOP_H
#define CORE_STOP_H

#include <signal.h>
#include <stdbool.h>

#include "core/error.h"

/*
 * Holds SIGTERM and SIGINT back, in this thread and in those started later, and ignores SIGPIPE.
 * Returns 0, or -1 and an error.
 */
int stop_hold(struct error *error);

/* Whether one of the two came, delivered or still held back. For the thread that sleeps. */
bool stop_asked(void);

/* The mask for ppoll(), pselect() and epoll_pwait(): lets the two in while the call sleeps. */
const sigset_t *stop_mask(void);

/*
 * Sleeps until fd is ready for events, as poll() means it, or limit milliseconds have passed; with
 * a limit of -1 there is none, and with an fd of -1 nothing is awaited but the time. Lets the two
 * in meanwhile. Returns 1 when fd is ready, 0 when the time is up or something else interrupted it:
 * look again; and -1 when the program is to stop. Source: lesson 1.04, ppoll(2).
 */
int stop_wait(int fd, short events, int limit);

#endif
