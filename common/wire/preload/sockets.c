/* socket, connect, bind, listen, accept, shutdown and the options. */
#include "wire/preload/preload.h"

#include <string.h>
#include <unistd.h>

static int simple_call(struct passage *passage, int result)
{
    return (int)wire_leave(passage, result, errno);
}

/* What a new descriptor is, once there is one. */
static void describe(struct passage *passage, int fd)
{
    int saved = errno;

    if (fd >= 0 && wire_is_socket(fd, &passage->event.socket)) {
        passage->socket = wire_socket_find(passage->event.socket, fd);
        if (passage->socket != NULL && wire_owns_memory())
            atomic_store(&passage->socket->closed, 0);
    }
    errno = saved;
}

int wire_socket(WIRE_WHO, int family, int type, int protocol)
{
    struct passage passage;

    wire_begin(&passage, WIRE_SOCKET, name, -1, caller);
    passage.event.family = (uint8_t)family;
    passage.event.type = (uint8_t)(type & 0xf);
    passage.event.nonblocking = (type & SOCK_NONBLOCK) != 0;
    passage.event.flags = (uint32_t)(type & ~0xf);
    wire_enter(&passage);
    int fd = real.socket(family, type, protocol);
    passage.event.fd = fd;
    describe(&passage, fd);
    return simple_call(&passage, fd);
}

WIRE_EXPORT int socket(int family, int type, int protocol)
{
    if (!wire_on())
        return real.socket(family, type, protocol);
    return wire_socket("socket", WIRE_CALLER(), family, type, protocol);
}
WIRE_ALSO(socket, __socket);

int wire_socketpair(WIRE_WHO, int family, int type, int protocol, int fds[2])
{
    struct passage passage;
    struct {
        int32_t fds[2];
        uint64_t inodes[2];
    } pair = {{-1, -1}, {0, 0}};

    wire_begin(&passage, WIRE_SOCKETPAIR, name, -1, caller);
    passage.event.family = (uint8_t)family;
    passage.event.type = (uint8_t)(type & 0xf);
    passage.event.nonblocking = (type & SOCK_NONBLOCK) != 0;
    passage.event.flags = (uint32_t)(type & ~0xf);
    wire_enter(&passage);
    int result = real.socketpair(family, type, protocol, fds);
    int error = errno;
    if (result == 0) {
        for (int i = 0; i < 2; i++) {
            pair.fds[i] = fds[i];
            (void)wire_is_socket(fds[i], &pair.inodes[i]); /* it is one */
        }
        memcpy(passage.event.head, &pair, sizeof pair);
        passage.event.fd = fds[0];
        describe(&passage, fds[0]);
    }
    return (int)wire_leave(&passage, result, error);
}

WIRE_EXPORT int socketpair(int family, int type, int protocol, int fds[2])
{
    if (!wire_on())
        return real.socketpair(family, type, protocol, fds);
    return wire_socketpair("socketpair", WIRE_CALLER(), family, type, protocol, fds);
}

int wire_connect(WIRE_WHO, int fd, const struct sockaddr *to, socklen_t length)
{
    struct passage passage;

    wire_datagrams_flush();
    wire_begin(&passage, WIRE_CONNECT, name, fd, caller);
    wire_set_address(&passage.event.peer, to, length);
    wire_enter(&passage);
    int result = real.connect(fd, to, length);
    int error = errno;
    if (passage.socket != NULL && (result == 0 || error == EINPROGRESS)) {
        if (wire_owns_memory())
            atomic_store(&passage.socket->addressed, 0);
        union wire_address peer = passage.event.peer;
        wire_learn_addresses(&passage, fd);
        passage.event.peer = peer; /* where it goes, though it may not be there yet */
        (void)wire_socket_number(passage.socket, FAULT_OUT); /* numbered in order of connecting */
    }
    return (int)wire_leave(&passage, result, error);
}

WIRE_EXPORT int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t length)
{
    if (!wire_on())
        return real.connect(fd, to.__sockaddr__, length);
    return wire_connect("connect", WIRE_CALLER(), fd, to.__sockaddr__, length);
}
WIRE_ALSO(connect, __connect);

int wire_bind(WIRE_WHO, int fd, const struct sockaddr *to, socklen_t length)
{
    struct passage passage;

    wire_begin(&passage, WIRE_BIND, name, fd, caller);
    wire_set_address(&passage.event.local, to, length);
    wire_enter(&passage);
    int result = real.bind(fd, to, length);
    int error = errno;
    if (result == 0)
        wire_learn_addresses(&passage, fd);
    return (int)wire_leave(&passage, result, error);
}

WIRE_EXPORT int bind(int fd, __CONST_SOCKADDR_ARG to, socklen_t length)
{
    if (!wire_on())
        return real.bind(fd, to.__sockaddr__, length);
    return wire_bind("bind", WIRE_CALLER(), fd, to.__sockaddr__, length);
}

int wire_listen(WIRE_WHO, int fd, int backlog)
{
    struct passage passage;

    wire_begin(&passage, WIRE_LISTEN, name, fd, caller);
    passage.event.asked = backlog;
    wire_enter(&passage);
    int result = real.listen(fd, backlog);
    int error = errno;
    wire_learn_addresses(&passage, fd); /* listen() binds a socket that is not bound yet */
    wire_options_tell(&passage, fd);
    return (int)wire_leave(&passage, result, error);
}

WIRE_EXPORT int listen(int fd, int backlog)
{
    if (!wire_on())
        return real.listen(fd, backlog);
    return wire_listen("listen", WIRE_CALLER(), fd, backlog);
}

/* The new connection's addresses, and its inode in head: what is known of it from the start. */
static void describe_accepted(struct passage *passage, int fd)
{
    struct passage accepted = {.socket = NULL};

    describe(&accepted, fd);
    if (accepted.socket == NULL)
        return;
    (void)wire_socket_number(accepted.socket, FAULT_IN); /* numbered in order of accepting */
    wire_learn_addresses(&accepted, fd);
    passage->event.local = accepted.event.local;
    passage->event.peer = accepted.event.peer;
    memcpy(passage->event.head, &accepted.event.socket, sizeof accepted.event.socket);
}

int wire_accept(WIRE_WHO, int fd, struct sockaddr *from, socklen_t *length, int flags)
{
    struct passage passage;
    long result = -1;

    wire_datagrams_flush();
    wire_begin(&passage, WIRE_ACCEPT, name, fd, caller);
    passage.event.flags = (uint32_t)flags;
    wire_enter(&passage);
    struct fault_verdict verdict = wire_disturb(&passage, FAULT_ACCEPT, false, true);
    errno = verdict.error != 0 ? verdict.error : passage.saved;
    if (verdict.error == 0)
        result = real.accept4(fd, from, length, flags);
    int error = errno;
    wire_disturbed(&passage, FAULT_ACCEPT, &verdict, &result, &error);
    if (result >= 0)
        describe_accepted(&passage, (int)result);
    return (int)wire_leave(&passage, result, error);
}

WIRE_EXPORT int accept(int fd, __SOCKADDR_ARG from, socklen_t *length)
{
    if (!wire_on())
        return real.accept(fd, from.__sockaddr__, length);
    return wire_accept("accept", WIRE_CALLER(), fd, from.__sockaddr__, length, 0);
}

WIRE_EXPORT int accept4(int fd, __SOCKADDR_ARG from, socklen_t *length, int flags)
{
    if (!wire_on())
        return real.accept4(fd, from.__sockaddr__, length, flags);
    return wire_accept("accept4", WIRE_CALLER(), fd, from.__sockaddr__, length, flags);
}

int wire_shutdown(WIRE_WHO, int fd, int how)
{
    struct passage passage;

    wire_begin(&passage, WIRE_SHUTDOWN, name, fd, caller);
    passage.event.flags = (uint32_t)how;
    wire_enter(&passage);
    return simple_call(&passage, real.shutdown(fd, how));
}

WIRE_EXPORT int shutdown(int fd, int how)
{
    if (!wire_on())
        return real.shutdown(fd, how);
    return wire_shutdown("shutdown", WIRE_CALLER(), fd, how);
}

static uint32_t option_name(int level, int option)
{
    return ((uint32_t)level << 16) | ((uint32_t)option & 0xffffU);
}

int wire_setsockopt(WIRE_WHO, int fd, int level, int option, const void *value, socklen_t size)
{
    struct passage passage;

    wire_begin(&passage, WIRE_SETSOCKOPT, name, fd, caller);
    passage.event.flags = option_name(level, option);
    wire_enter(&passage);
    bool refused = (wire.plan.faults & WIRE_OPTION_REFUSED) != 0 && passage.event.family != 0;
    int result = refused ? -1 : real.setsockopt(fd, level, option, value, size);
    int error = refused ? ENOPROTOOPT : errno;
    passage.event.faults |= refused ? WIRE_OPTION_REFUSED : 0;
    if (result == 0 && value != NULL) {
        int number = 0;
        if (size >= sizeof number)
            memcpy(&number, value, sizeof number);
        passage.event.asked = number;
        memcpy(passage.event.head, value, size < WIRE_HEAD ? size : WIRE_HEAD);
    }
    return (int)wire_leave(&passage, result, error);
}

WIRE_EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    if (!wire_on())
        return real.setsockopt(fd, level, option, value, size);
    return wire_setsockopt("setsockopt", WIRE_CALLER(), fd, level, option, value, size);
}

int wire_getsockopt(WIRE_WHO, int fd, int level, int option, void *value, socklen_t *size)
{
    struct passage passage;

    if (level != SOL_SOCKET || option != SO_ERROR)
        return real.getsockopt(fd, level, option, value, size);
    wire_begin(&passage, WIRE_GETSOCKOPT, name, fd, caller);
    passage.event.flags = option_name(level, option);
    wire_enter(&passage);
    int result = real.getsockopt(fd, level, option, value, size);
    int error = errno;
    if (result == 0 && *size >= sizeof(int)) {
        int number;
        memcpy(&number, value, sizeof number);
        passage.event.asked = number;
        memcpy(passage.event.head, &number, sizeof number);
    }
    return (int)wire_leave(&passage, result, error);
}

WIRE_EXPORT int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    if (!wire_on())
        return real.getsockopt(fd, level, option, value, size);
    return wire_getsockopt("getsockopt", WIRE_CALLER(), fd, level, option, value, size);
}
