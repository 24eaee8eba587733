/* syscall(): libuv closes descriptors and moves datagrams through it. */
#include "wire/preload/preload.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* What comes in: six registers. The casts below give each its type back. */
struct registers {
    const void *caller;
    long number;
    long a[6];
};

#define FD(r) ((int)(r)->a[0])
#define INT(r, i) ((int)(r)->a[i])
#define POINTER(r, i) ((void *)(r)->a[i])
#define SIZE(r, i) ((size_t)(r)->a[i])

static bool data_call(const struct registers *r, long *result)
{
    const void *who = r->caller;

    switch (r->number) {
    case SYS_read:
        *result = wire_read("read", who, FD(r), POINTER(r, 1), SIZE(r, 2));
        return true;
    case SYS_readv:
        *result = wire_readv("readv", who, FD(r), POINTER(r, 1), INT(r, 2));
        return true;
    case SYS_write:
        *result = wire_write("write", who, FD(r), POINTER(r, 1), SIZE(r, 2));
        return true;
    case SYS_writev:
        *result = wire_writev("writev", who, FD(r), POINTER(r, 1), INT(r, 2));
        return true;
    case SYS_sendto:
        *result = wire_send_to("sendto", who, FD(r), POINTER(r, 1), SIZE(r, 2), INT(r, 3),
                               POINTER(r, 4), (socklen_t)r->a[5]);
        return true;
    case SYS_recvfrom:
        *result = wire_receive("recvfrom", who, FD(r), POINTER(r, 1), SIZE(r, 2), INT(r, 3),
                               POINTER(r, 4), POINTER(r, 5));
        return true;
    case SYS_sendmsg:
        *result = wire_send_message("sendmsg", who, FD(r), POINTER(r, 1), INT(r, 2));
        return true;
    case SYS_recvmsg:
        *result = wire_receive_message("recvmsg", who, FD(r), POINTER(r, 1), INT(r, 2));
        return true;
    case SYS_sendmmsg:
        *result =
            wire_send_messages("sendmmsg", who, FD(r), POINTER(r, 1), (unsigned)r->a[2], INT(r, 3));
        return true;
    case SYS_recvmmsg:
        *result = wire_receive_messages("recvmmsg", who, FD(r), POINTER(r, 1), (unsigned)r->a[2],
                                        INT(r, 3), POINTER(r, 4));
        return true;
    case SYS_sendfile:
        *result = wire_send_file("sendfile", who, FD(r), INT(r, 1), POINTER(r, 2), SIZE(r, 3));
        return true;
    default:
        return false;
    }
}

static bool socket_call(const struct registers *r, long *result)
{
    const void *who = r->caller;

    switch (r->number) {
    case SYS_socket:
        *result = wire_socket("socket", who, INT(r, 0), INT(r, 1), INT(r, 2));
        return true;
    case SYS_socketpair:
        *result =
            wire_socketpair("socketpair", who, INT(r, 0), INT(r, 1), INT(r, 2), POINTER(r, 3));
        return true;
    case SYS_connect:
        *result = wire_connect("connect", who, FD(r), POINTER(r, 1), (socklen_t)r->a[2]);
        return true;
    case SYS_bind:
        *result = wire_bind("bind", who, FD(r), POINTER(r, 1), (socklen_t)r->a[2]);
        return true;
    case SYS_listen:
        *result = wire_listen("listen", who, FD(r), INT(r, 1));
        return true;
    case SYS_accept:
        *result = wire_accept("accept", who, FD(r), POINTER(r, 1), POINTER(r, 2), 0);
        return true;
    case SYS_accept4:
        *result = wire_accept("accept4", who, FD(r), POINTER(r, 1), POINTER(r, 2), INT(r, 3));
        return true;
    case SYS_shutdown:
        *result = wire_shutdown("shutdown", who, FD(r), INT(r, 1));
        return true;
    case SYS_setsockopt:
        *result = wire_setsockopt("setsockopt", who, FD(r), INT(r, 1), INT(r, 2), POINTER(r, 3),
                                  (socklen_t)r->a[4]);
        return true;
    case SYS_getsockopt:
        *result = wire_getsockopt("getsockopt", who, FD(r), INT(r, 1), INT(r, 2), POINTER(r, 3),
                                  POINTER(r, 4));
        return true;
    default:
        return false;
    }
}

static bool descriptor_call(const struct registers *r, long *result)
{
    const void *who = r->caller;

    switch (r->number) {
    case SYS_close:
        *result = wire_close("close", who, FD(r));
        return true;
#ifdef SYS_close_range
    case SYS_close_range:
        *result =
            wire_close_range("close_range", who, (unsigned)r->a[0], (unsigned)r->a[1], INT(r, 2));
        return true;
#endif
    case SYS_dup:
        *result = wire_dup("dup", who, FD(r));
        return true;
    case SYS_dup3:
        *result = wire_dup3("dup3", who, FD(r), INT(r, 1), INT(r, 2));
        return true;
    case SYS_epoll_ctl:
        *result = wire_epoll_ctl(FD(r), INT(r, 1), INT(r, 2), POINTER(r, 3));
        return true;
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
        *result =
            wire_epoll_wait("epoll_wait", who, FD(r), POINTER(r, 1), INT(r, 2), INT(r, 3), NULL);
        return true;
#endif
    case SYS_epoll_pwait:
        *result = wire_epoll_wait("epoll_pwait", who, FD(r), POINTER(r, 1), INT(r, 2), INT(r, 3),
                                  POINTER(r, 4));
        return true;
#ifdef SYS_poll
    case SYS_poll:
        *result = wire_poll("poll", who, POINTER(r, 0), (nfds_t)r->a[1], INT(r, 2));
        return true;
#endif
    case SYS_ppoll:
        *result =
            wire_ppoll("ppoll", who, POINTER(r, 0), (nfds_t)r->a[1], POINTER(r, 2), POINTER(r, 3));
        return true;
#ifdef SYS_select
    case SYS_select:
        *result = wire_select("select", who, INT(r, 0), POINTER(r, 1), POINTER(r, 2), POINTER(r, 3),
                              POINTER(r, 4));
        return true;
#endif
    default:
        return false;
    }
}

/* These go on to the system as they are; what they mean is noted. */
static void note_call(const struct registers *r)
{
    switch (r->number) {
    case SYS_execve:
        wire_tell_exec(AT_FDCWD, POINTER(r, 0));
        break;
    case SYS_execveat:
        wire_tell_exec(INT(r, 0), POINTER(r, 1));
        break;
    case SYS_exit_group:
        wire_tell_quit();
        break;
    default:
        break;
    }
}

WIRE_EXPORT long syscall(long number, ...)
{
    struct registers r = {.caller = WIRE_CALLER(), .number = number};
    long result;
    va_list arguments;

    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        r.a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (wire_on() &&
        (data_call(&r, &result) || socket_call(&r, &result) || descriptor_call(&r, &result)))
        return result;
    if (wire_on())
        note_call(&r);
    return real.syscall(number, r.a[0], r.a[1], r.a[2], r.a[3], r.a[4], r.a[5]);
}
