/* Carries out what fault.c decides. */
#include "wire/preload/preload.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_internet(const struct wire_socket *socket)
{
    return socket->family == AF_INET || socket->family == AF_INET6;
}

static void sleep_for(unsigned delay_us)
{
    struct timespec left = {.tv_sec = delay_us / 1000000U,
                            .tv_nsec = (long)(delay_us % 1000000U) * 1000L};

    while (nanosleep(&left, &left) == -1 && errno == EINTR)
        continue;
}

/* An injected error or short count would strand a descriptor that waits for the next edge. */
static bool is_safe(const struct passage *passage)
{
    return wire_owns_memory() && wire_epoll_can_arm(passage->event.fd);
}

/*
 * A true reset: connecting a TCP socket to AF_UNSPEC sends RST, drops what is queued and leaves
 * ECONNRESET behind, as one from the peer would. Where the peer has ended before, it leaves none.
 */
enum { WHOLE, BROKEN, TOLD }; /* wire_socket.broken: TOLD once the program has had its error */

static void reset_connection(struct wire_socket *socket, int fd)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    atomic_store(&socket->broken, BROKEN);
    (void)real.connect(fd, &nowhere, sizeof nowhere); /* failing, it leaves the connection whole */
}

/* The next call gets the error, and the system's own copy of it is taken away. */
static bool tell_reset(struct wire_socket *socket, int fd)
{
    uint8_t broken = BROKEN;
    int error;
    socklen_t size = sizeof error;

    if (!atomic_compare_exchange_strong(&socket->broken, &broken, TOLD))
        return false;
    (void)real.getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size); /* reading it clears it */
    return true;
}

struct fault_verdict wire_disturb(struct passage *passage, enum fault_way way, bool cut,
                                  bool interrupt)
{
    struct wire_socket *socket = passage->socket;
    struct fault_verdict verdict = {.limit = SIZE_MAX};
    const unsigned flags = passage->event.flags;

    if (wire.plan.faults == 0 || socket == NULL || !is_safe(passage))
        return verdict;
    if (way != FAULT_ACCEPT && tell_reset(socket, passage->event.fd)) {
        verdict.error = ECONNRESET;
        verdict.faults = WIRE_RESET;
        return verdict;
    }
    if (way == FAULT_IN && atomic_load(&socket->ended) != 0) {
        verdict.limit = 0;
        verdict.faults = WIRE_HALF_CLOSE;
        return verdict;
    }
    struct fault_call call = {
        .way = way,
        .socket = wire_socket_number(socket, way),
        .number = atomic_load(&socket->calls[way]),
        .attempt = atomic_fetch_add(&socket->attempts[way], 1),
        .asked = (size_t)passage->event.asked,
        .in = atomic_load(&socket->in),
        .out = atomic_load(&socket->out),
        .stream = cut && socket->type == SOCK_STREAM &&
                  (way != FAULT_IN || !wire_epoll_tells_end(passage->event.fd)),
        .internet = is_internet(socket),
        .interrupt = interrupt,
        .nonblocking = passage->event.nonblocking != 0,
        .whole = socket->type == SOCK_STREAM && way == FAULT_IN && (flags & MSG_WAITALL) != 0 &&
                 (flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE | MSG_TRUNC)) == 0,
    };
    verdict = fault_decide(&wire.plan, &call);
    if (verdict.delay_us > 0)
        sleep_for(verdict.delay_us);
    return verdict;
}

/* What the fates have in store for the connection after so many bytes. */
static void strike(struct wire_socket *socket, int fd, struct wire_event *event)
{
    uint32_t number = wire_socket_number(socket, FAULT_IN);
    uint64_t in = atomic_load(&socket->in), out = atomic_load(&socket->out);

    if (in + out >= fault_reset_at(&wire.plan, number) && atomic_load(&socket->broken) == WHOLE) {
        event->faults |= WIRE_RESET;
        reset_connection(socket, fd);
    }
    if (in >= fault_half_close_at(&wire.plan, number) && atomic_load(&socket->ended) == 0) {
        event->faults |= WIRE_HALF_CLOSE;
        atomic_store(&socket->ended, 1);
        (void)real.shutdown(fd, SHUT_RD); /* poll() shall see the end as well */
    }
}

static void count_bytes_moved(struct passage *passage, enum fault_way way, long result)
{
    struct wire_socket *socket = passage->socket;

    if (socket->type != SOCK_STREAM || result <= 0 || (passage->event.flags & MSG_PEEK) != 0)
        return;
    if (way == FAULT_IN)
        (void)atomic_fetch_add(&socket->in, (uint64_t)result);
    if (way == FAULT_OUT)
        (void)atomic_fetch_add(&socket->out, (uint64_t)result);
    if (way != FAULT_ACCEPT && is_internet(socket))
        strike(socket, passage->event.fd, &passage->event);
}

void wire_disturbed(struct passage *passage, enum fault_way way,
                    const struct fault_verdict *verdict, long *result, int *error)
{
    struct wire_socket *socket = passage->socket;
    static const unsigned CUTS =
        WIRE_SHORT_READ | WIRE_SHORT_WRITE | WIRE_EINTR | WIRE_RESET | WIRE_HALF_CLOSE;
    unsigned faults = verdict->faults;

    if (wire.plan.faults == 0 || socket == NULL || !wire_owns_memory())
        return;
    /* A connection that was reset from outside ends in 0 after the error; ours would end in an
     * error. */
    if (way == FAULT_IN && *result == -1 && *error == ENOTCONN &&
        atomic_load(&socket->broken) != WHOLE) {
        *result = 0;
        *error = passage->saved;
        faults |= WIRE_RESET;
    }
    if (*result >= 0 || verdict->error != 0 || (*error != EAGAIN && *error != EINTR))
        (void)atomic_fetch_add(&socket->calls[way], 1);
    /* A limit that the call did not come up to has changed nothing. */
    if (verdict->error == 0 && verdict->limit != 0 && *result != (long)verdict->limit)
        faults &= ~CUTS;
    passage->event.faults = (uint16_t)(passage->event.faults | faults);
    count_bytes_moved(passage, way, *result);
    if (passage->event.faults != 0)
        wire_epoll_arm(passage->event.fd);
}

bool wire_interrupt_wait(struct passage *passage)
{
    static _Atomic uint32_t threads;
    static __thread uint32_t thread __attribute__((tls_model("initial-exec")));
    static __thread uint32_t waits __attribute__((tls_model("initial-exec")));
    struct fault_call call = {.way = FAULT_WAIT, .interrupt = true};

    if (wire.plan.faults == 0 || passage->event.timeout_ms == 0 || !wire_owns_memory())
        return false;
    if (thread == 0)
        thread = 1 + atomic_fetch_add(&threads, 1);
    call.socket = thread - 1;
    call.number = waits++;
    struct fault_verdict verdict = fault_decide(&wire.plan, &call);
    passage->event.faults = (uint16_t)verdict.faults;
    return verdict.error != 0;
}
