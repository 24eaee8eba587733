/* select, poll and epoll: the calls that wait. */
#include "wire/preload/preload.h"

#include <string.h>
#include <unistd.h>

int wire_milliseconds(const struct timespec *timeout)
{
    if (timeout == NULL)
        return -1;
    long long ms = (long long)timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000;
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

/* The first descriptors of a poll or select: all of them, or those that are ready. */
static void list_descriptors(struct wire_event *event, const struct wait_call *wait, bool ready)
{
    int32_t fds[WIRE_HEAD / sizeof(int32_t)];
    size_t used = 0, room = sizeof fds / sizeof fds[0];

    for (nfds_t i = 0; wait->polled != NULL && i < wait->count && used < room; i++)
        if (!ready || wait->polled[i].revents != 0)
            fds[used++] = wait->polled[i].fd;
    for (int fd = 0; fd < wait->highest && fd < FD_SETSIZE && used < room; fd++)
        for (int set = 0; set < 3; set++)
            if (wait->sets[set] != NULL && FD_ISSET(fd, wait->sets[set])) {
                fds[used++] = fd;
                break;
            }
    memset(event->head, 0xff, sizeof event->head); /* -1: no more */
    memcpy(event->head, fds, used * sizeof fds[0]);
}

static int64_t count_selected(const struct wait_call *wait)
{
    int64_t count = 0;

    for (int fd = 0; fd < wait->highest && fd < FD_SETSIZE; fd++)
        for (int set = 0; set < 3; set++)
            if (wait->sets[set] != NULL && FD_ISSET(fd, wait->sets[set])) {
                count++;
                break;
            }
    return count;
}

/* The descriptor, where there is just one: then the event can name its socket as well. */
static int only_descriptor(const struct wait_call *wait)
{
    if (wait->epoll != -1)
        return wait->epoll;
    if (wait->count == 1)
        return wait->polled[0].fd;
    if (wait->highest > 0 && count_selected(wait) == 1)
        for (int fd = 0; fd < wait->highest && fd < FD_SETSIZE; fd++)
            for (int set = 0; set < 3; set++)
                if (wait->sets[set] != NULL && FD_ISSET(fd, wait->sets[set]))
                    return fd;
    return -1;
}

long wire_wait(const struct wait_call *wait)
{
    struct passage passage;
    long result = -1;
    int saved = errno;

    wire_datagrams_flush();
    errno = saved;
    wire_begin(&passage, wait->call, wait->name, only_descriptor(wait), wait->caller);
    passage.event.timeout_ms = wait->timeout_ms;
    passage.event.asked = wait->highest > 0 ? count_selected(wait) : (int64_t)wait->count;
    if (wait->epoll == -1)
        list_descriptors(&passage.event, wait, false);
    wire_enter(&passage);
    if (wire_interrupt_wait(&passage)) {
        errno = EINTR;
    } else {
        errno = passage.saved;
        result = wait->run(wait);
    }
    int error = errno;
    if (wait->epoll == -1)
        memset(passage.event.head, 0xff, sizeof passage.event.head);
    if (wait->epoll == -1 && result > 0)
        list_descriptors(&passage.event, wait, true);
    return wire_leave(&passage, result, error);
}

/* ---- poll -------------------------------------------------------------------------------------
 */

struct poll_arguments {
    int timeout_ms;
    const struct timespec *timeout;
    const sigset_t *mask;
};

static long run_poll(const struct wait_call *wait)
{
    return real.poll(wait->polled, wait->count, wait->timeout_ms);
}

static long run_ppoll(const struct wait_call *wait)
{
    const struct poll_arguments *how = wait->arguments;
    return real.ppoll(wait->polled, wait->count, how->timeout, how->mask);
}

int wire_poll(WIRE_WHO, struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct wait_call wait = {.call = WIRE_POLL,
                             .name = name,
                             .caller = caller,
                             .epoll = -1,
                             .polled = fds,
                             .count = fds == NULL ? 0 : count,
                             .timeout_ms = timeout_ms < 0 ? -1 : timeout_ms,
                             .run = run_poll};
    return (int)wire_wait(&wait);
}

int wire_ppoll(WIRE_WHO, struct pollfd *fds, nfds_t count, const struct timespec *timeout,
               const sigset_t *mask)
{
    struct poll_arguments how = {.timeout = timeout, .mask = mask};
    struct wait_call wait = {.call = WIRE_POLL,
                             .name = name,
                             .caller = caller,
                             .epoll = -1,
                             .polled = fds,
                             .count = fds == NULL ? 0 : count,
                             .timeout_ms = wire_milliseconds(timeout),
                             .run = run_ppoll,
                             .arguments = &how};
    return (int)wire_wait(&wait);
}

WIRE_EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!wire_on())
        return real.poll(fds, count, timeout_ms);
    return wire_poll("poll", WIRE_CALLER(), fds, count, timeout_ms);
}
WIRE_ALSO(poll, __poll);

WIRE_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                      const sigset_t *mask)
{
    if (!wire_on())
        return real.ppoll(fds, count, timeout, mask);
    return wire_ppoll("ppoll", WIRE_CALLER(), fds, count, timeout, mask);
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t room);
WIRE_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t room)
{
    if (!wire_on() || room / sizeof *fds < count)
        return real.__poll_chk(fds, count, timeout_ms, room);
    return wire_poll("poll", WIRE_CALLER(), fds, count, timeout_ms);
}

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t room);
WIRE_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                            const sigset_t *mask, size_t room)
{
    if (!wire_on() || room / sizeof *fds < count)
        return real.__ppoll_chk(fds, count, timeout, mask, room);
    return wire_ppoll("ppoll", WIRE_CALLER(), fds, count, timeout, mask);
}

/* ---- select -----------------------------------------------------------------------------------
 */

struct select_arguments {
    struct timeval *timeval;
    const struct timespec *timespec;
    const sigset_t *mask;
};

static long run_select(const struct wait_call *wait)
{
    const struct select_arguments *how = wait->arguments;
    return real.select(wait->highest, wait->sets[0], wait->sets[1], wait->sets[2], how->timeval);
}

static long run_pselect(const struct wait_call *wait)
{
    const struct select_arguments *how = wait->arguments;
    return real.pselect(wait->highest, wait->sets[0], wait->sets[1], wait->sets[2], how->timespec,
                        how->mask);
}

int wire_select(WIRE_WHO, int highest, fd_set *in, fd_set *out, fd_set *bad,
                struct timeval *timeout)
{
    struct select_arguments how = {.timeval = timeout};
    struct timespec exact = {0};
    struct wait_call wait = {.call = WIRE_SELECT,
                             .name = name,
                             .caller = caller,
                             .epoll = -1,
                             .highest = highest,
                             .sets = {in, out, bad},
                             .run = run_select,
                             .arguments = &how};

    if (timeout != NULL) {
        exact.tv_sec = timeout->tv_sec;
        exact.tv_nsec = timeout->tv_usec * 1000;
    }
    wait.timeout_ms = timeout == NULL ? -1 : wire_milliseconds(&exact);
    return (int)wire_wait(&wait);
}

WIRE_EXPORT int select(int highest, fd_set *in, fd_set *out, fd_set *bad, struct timeval *timeout)
{
    if (!wire_on())
        return real.select(highest, in, out, bad, timeout);
    return wire_select("select", WIRE_CALLER(), highest, in, out, bad, timeout);
}
WIRE_ALSO(select, __select);

WIRE_EXPORT int pselect(int highest, fd_set *in, fd_set *out, fd_set *bad,
                        const struct timespec *timeout, const sigset_t *mask)
{
    struct select_arguments how = {.timespec = timeout, .mask = mask};
    struct wait_call wait = {.call = WIRE_SELECT,
                             .name = "pselect",
                             .caller = WIRE_CALLER(),
                             .epoll = -1,
                             .highest = highest,
                             .sets = {in, out, bad},
                             .timeout_ms = wire_milliseconds(timeout),
                             .run = run_pselect,
                             .arguments = &how};

    if (!wire_on())
        return real.pselect(highest, in, out, bad, timeout, mask);
    return (int)wire_wait(&wait);
}

/* ---- epoll ------------------------------------------------------------------------------------
 */

struct epoll_arguments {
    struct epoll_event *events;
    int count;
    const struct timespec *timeout;
    const sigset_t *mask;
};

static long run_epoll_wait(const struct wait_call *wait)
{
    const struct epoll_arguments *how = wait->arguments;
    return real.epoll_wait(wait->epoll, how->events, how->count, wait->timeout_ms);
}

static long run_epoll_pwait(const struct wait_call *wait)
{
    const struct epoll_arguments *how = wait->arguments;
    return real.epoll_pwait(wait->epoll, how->events, how->count, wait->timeout_ms, how->mask);
}

static long run_epoll_pwait2(const struct wait_call *wait)
{
    const struct epoll_arguments *how = wait->arguments;

    if (real.epoll_pwait2 != NULL)
        return real.epoll_pwait2(wait->epoll, how->events, how->count, how->timeout, how->mask);
    errno = ENOSYS;
    return -1;
}

int wire_epoll_wait(WIRE_WHO, int epoll, struct epoll_event *events, int count, int timeout_ms,
                    const sigset_t *mask)
{
    struct epoll_arguments how = {.events = events, .count = count, .mask = mask};
    struct wait_call wait = {.call = WIRE_EPOLL,
                             .name = name,
                             .caller = caller,
                             .epoll = epoll,
                             .timeout_ms = timeout_ms < 0 ? -1 : timeout_ms,
                             .run = mask != NULL ? run_epoll_pwait : run_epoll_wait,
                             .arguments = &how};
    return (int)wire_wait(&wait);
}

WIRE_EXPORT int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout_ms)
{
    if (!wire_on())
        return real.epoll_wait(epoll, events, count, timeout_ms);
    return wire_epoll_wait("epoll_wait", WIRE_CALLER(), epoll, events, count, timeout_ms, NULL);
}

WIRE_EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int count, int timeout_ms,
                            const sigset_t *mask)
{
    if (!wire_on())
        return real.epoll_pwait(epoll, events, count, timeout_ms, mask);
    return wire_epoll_wait("epoll_pwait", WIRE_CALLER(), epoll, events, count, timeout_ms, mask);
}

WIRE_EXPORT int epoll_pwait2(int epoll, struct epoll_event *events, int count,
                             const struct timespec *timeout, const sigset_t *mask)
{
    struct epoll_arguments how = {
        .events = events, .count = count, .timeout = timeout, .mask = mask};
    struct wait_call wait = {.call = WIRE_EPOLL,
                             .name = "epoll_pwait2",
                             .caller = WIRE_CALLER(),
                             .epoll = epoll,
                             .timeout_ms = wire_milliseconds(timeout),
                             .run = run_epoll_pwait2,
                             .arguments = &how};

    return wire_on() ? (int)wire_wait(&wait) : (int)run_epoll_pwait2(&wait);
}
