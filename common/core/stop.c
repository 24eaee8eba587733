#include "core/stop.h"

#include <poll.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t asked;
static sigset_t none; /* static: empty from the start */

static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

int stop_hold(struct error *error)
{
    const struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    sigset_t held;

    (void)sigemptyset(&none); /* these four fail for wrong signal numbers only */
    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGTERM);
    (void)sigaddset(&held, SIGINT);
    if (sigprocmask(SIG_BLOCK, &held, NULL) == -1 || sigaction(SIGTERM, &stop, NULL) == -1 ||
        sigaction(SIGINT, &stop, NULL) == -1 || sigaction(SIGPIPE, &ignore, NULL) == -1)
        return error_set_errno(error, "cannot hold signals");
    return 0;
}

bool stop_asked(void)
{
    sigset_t waiting;

    /* A call that finds work returns at once and lets no signal in: a busy server asks here. */
    return asked || (sigpending(&waiting) == 0 &&
                     (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1));
}

const sigset_t *stop_mask(void)
{
    return &none;
}

int stop_wait(int fd, short events, int limit)
{
    const struct timespec time = {.tv_sec = limit / 1000, .tv_nsec = limit % 1000 * 1000000L};
    struct pollfd one = {.fd = fd, .events = events};

    if (stop_asked())
        return -1;
    /* With one descriptor and a good time it can fail for EINTR alone. */
    int ready = ppoll(&one, 1, limit < 0 ? NULL : &time, stop_mask());
    return stop_asked() ? -1 : ready == 1;
}
