/*
 * Which descriptors an edge-triggered epoll watches, so that a fault can arm them again: epoll(7)
 * allows a program to take a short count or EAGAIN as the sign that it has to wait for an edge.
 */
#include "wire/preload/preload.h"

enum { WATCHED = 16384, SETS_EACH = 2 };

/* A descriptor in one epoll set; epoll is 1 + its number, 0 for an empty place. */
struct registration {
    int epoll;
    uint32_t events;
    epoll_data_t data;
};
static struct registration registrations[WATCHED][SETS_EACH];

static struct registration *find(int epoll, int fd)
{
    for (int i = 0; i < SETS_EACH; i++)
        if (registrations[fd][i].epoll == epoll)
            return &registrations[fd][i];
    return NULL;
}

static void note(int epoll, int operation, int fd, const struct epoll_event *event)
{
    struct registration *place = find(epoll + 1, fd);

    if (place == NULL && operation != EPOLL_CTL_DEL)
        place = find(0, fd);
    if (place == NULL)
        return;
    if (operation == EPOLL_CTL_DEL)
        *place = (struct registration){0};
    else
        *place =
            (struct registration){.epoll = epoll + 1, .events = event->events, .data = event->data};
}

int wire_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    struct wire_lock lock;
    int saved = errno;

    if (wire.plan.faults == 0 || fd < 0 || fd >= WATCHED || !wire_owns_memory())
        return real.epoll_ctl(epoll, operation, fd, event);
    /* Both under the lock: what is armed again must not overwrite a newer registration. */
    wire_lock(&lock);
    errno = saved;
    int result = real.epoll_ctl(epoll, operation, fd, event);
    int error = errno;
    if (result == 0 && (operation == EPOLL_CTL_DEL || event != NULL))
        note(epoll, operation, fd, event);
    wire_unlock(&lock);
    errno = error;
    return result;
}

WIRE_EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    return wire_on() ? wire_epoll_ctl(epoll, operation, fd, event)
                     : real.epoll_ctl(epoll, operation, fd, event);
}

/* A closed epoll set leaves its registrations behind: arming them fails, which does no harm. */
void wire_epoll_forget(int fd)
{
    struct wire_lock lock;

    if (wire.plan.faults == 0 || fd < 0 || fd >= WATCHED)
        return;
    if (registrations[fd][0].epoll == 0 && registrations[fd][1].epoll == 0)
        return;
    wire_lock(&lock);
    for (int i = 0; i < SETS_EACH; i++)
        registrations[fd][i] = (struct registration){0};
    wire_unlock(&lock);
}

bool wire_epoll_can_arm(int fd)
{
    if (fd < 0 || fd >= WATCHED)
        return false;
    for (int i = 0; i < SETS_EACH; i++)
        if (registrations[fd][i].epoll != 0 &&
            (registrations[fd][i].events & (EPOLLET | EPOLLEXCLUSIVE)) ==
                (EPOLLET | EPOLLEXCLUSIVE))
            return false; /* such a registration cannot be modified */
    return true;
}

/* With EPOLLONESHOT the program arms it by itself, and that looks at the state, not at edges. */
void wire_epoll_arm(int fd)
{
    struct wire_lock lock;
    int saved = errno;

    if (fd < 0 || fd >= WATCHED)
        return;
    wire_lock(&lock);
    for (int i = 0; i < SETS_EACH; i++) {
        const struct registration *place = &registrations[fd][i];
        struct epoll_event event = {.events = place->events, .data = place->data};
        if (place->epoll != 0 && (place->events & EPOLLET) != 0 &&
            (place->events & EPOLLONESHOT) == 0)
            (void)real.epoll_ctl(place->epoll - 1, EPOLL_CTL_MOD, fd, &event); /* closed: no harm */
    }
    wire_unlock(&lock);
    errno = saved;
}

/*
 * Whether an epoll tells the program that the stream has ended. Then it may take a short read for
 * the last one, as libuv does with EPOLLHUP, and be right: its reads must not be cut.
 */
bool wire_epoll_tells_end(int fd)
{
    struct pollfd state = {.fd = fd};
    bool watched = false;

    for (int i = 0; fd >= 0 && fd < WATCHED && i < SETS_EACH; i++) {
        const struct registration *place = &registrations[fd][i];
        watched |= place->epoll != 0;
        if (place->epoll != 0 && (place->events & EPOLLRDHUP) != 0)
            state.events = POLLRDHUP;
    }
    return watched && real.poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLRDHUP)) != 0;
}
