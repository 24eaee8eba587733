/* recv, read and their kin. */
#include "wire/preload/preload.h"

#include <unistd.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static ssize_t run_recv(const struct transfer *t, size_t limit)
{
    return real.recv(t->fd, t->iov->iov_base, smaller(t->iov->iov_len, limit), t->flags);
}

static ssize_t run_recvfrom(const struct transfer *t, size_t limit)
{
    return real.recvfrom(t->fd, t->iov->iov_base, smaller(t->iov->iov_len, limit), t->flags,
                         t->from, t->from_length);
}

static ssize_t run_recvmsg(const struct transfer *t, size_t limit)
{
    struct iovec vector[WIRE_SHORT_VECTOR];
    struct msghdr message;

    if (limit == SIZE_MAX)
        return real.recvmsg(t->fd, t->message, t->flags);
    message = *t->message;
    message.msg_iov = vector;
    message.msg_iovlen = (size_t)wire_shorten(t, limit, vector);
    ssize_t got = real.recvmsg(t->fd, &message, t->flags);
    if (got != -1) {
        t->message->msg_namelen = message.msg_namelen;
        t->message->msg_controllen = message.msg_controllen;
        t->message->msg_flags = message.msg_flags;
    }
    return got;
}

static ssize_t run_read(const struct transfer *t, size_t limit)
{
    return real.read(t->fd, t->iov->iov_base, smaller(t->iov->iov_len, limit));
}

static ssize_t run_readv(const struct transfer *t, size_t limit)
{
    struct iovec vector[WIRE_SHORT_VECTOR];

    if (limit == SIZE_MAX)
        return real.readv(t->fd, t->iov, (int)t->iovs);
    return real.readv(t->fd, vector, wire_shorten(t, limit, vector));
}

ssize_t wire_receive(const char *name, const void *caller, int fd, void *data, size_t size,
                     int flags, struct sockaddr *from, socklen_t *from_length)
{
    struct iovec single = {.iov_base = data, .iov_len = size};
    struct transfer transfer = {.way = FAULT_IN,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .flags = flags,
                                .iov = &single,
                                .iovs = 1,
                                .from = from,
                                .from_length = from_length,
                                .run = from != NULL ? run_recvfrom : run_recv};
    return wire_transfer(&transfer);
}

WIRE_EXPORT ssize_t recv(int fd, void *data, size_t size, int flags)
{
    if (!wire_on())
        return real.recv(fd, data, size, flags);
    return wire_receive("recv", WIRE_CALLER(), fd, data, size, flags, NULL, NULL);
}
WIRE_ALSO(recv, __recv);

WIRE_EXPORT ssize_t recvfrom(int fd, void *data, size_t size, int flags, __SOCKADDR_ARG from,
                             socklen_t *length)
{
    if (!wire_on())
        return real.recvfrom(fd, data, size, flags, from.__sockaddr__, length);
    return wire_receive("recvfrom", WIRE_CALLER(), fd, data, size, flags, from.__sockaddr__,
                        length);
}

ssize_t wire_receive_message(const char *name, const void *caller, int fd, struct msghdr *message,
                             int flags)
{
    struct transfer transfer = {.way = FAULT_IN,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .flags = flags,
                                .iov = message->msg_iov,
                                .iovs = message->msg_iovlen,
                                .message = message,
                                .run = run_recvmsg};
    return wire_transfer(&transfer);
}

WIRE_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    if (!wire_on() || message == NULL)
        return real.recvmsg(fd, message, flags);
    return wire_receive_message("recvmsg", WIRE_CALLER(), fd, message, flags);
}

/* The exit of the call itself tells the first message; each other one gets an entry and exit. */
static void tell_messages(struct passage *passage, const struct mmsghdr *messages, int count,
                          int error)
{
    struct passage other;

    for (int i = 0; i < count; i++) {
        const struct msghdr *message = &messages[i].msg_hdr;
        struct passage *one = i == 0 ? passage : &other;
        if (i > 0) {
            other = *passage;
            wire_enter(&other);
        }
        one->event.asked = (int64_t)wire_count_bytes(message->msg_iov, message->msg_iovlen);
        if (message->msg_name != NULL)
            wire_set_address(&one->event.peer, message->msg_name, message->msg_namelen);
        wire_keep_head(&one->event, message->msg_iov, message->msg_iovlen, messages[i].msg_len);
        (void)wire_leave(one, messages[i].msg_len, error); /* the caller returns the count */
    }
}

int wire_receive_messages(const char *name, const void *caller, int fd, struct mmsghdr *messages,
                          unsigned count, int flags, struct timespec *timeout)
{
    struct passage passage;
    long bytes = -1;
    int result = -1;

    wire_begin(&passage, WIRE_RECV, name, fd, caller);
    passage.event.flags = (uint32_t)flags;
    if ((flags & MSG_DONTWAIT) != 0)
        passage.event.nonblocking = 1;
    for (unsigned i = 0; i < count; i++)
        passage.event.asked +=
            (int64_t)wire_count_bytes(messages[i].msg_hdr.msg_iov, messages[i].msg_hdr.msg_iovlen);
    wire_enter(&passage);
    struct fault_verdict verdict = wire_disturb(&passage, FAULT_IN, false, true);
    errno = verdict.error != 0 ? verdict.error : passage.saved;
    if (verdict.error == 0)
        result = real.recvmmsg(fd, messages, count, flags, timeout);
    int error = errno;
    for (int i = 0; i < result; i++)
        bytes = (bytes == -1 ? 0 : bytes) + (long)messages[i].msg_len;
    wire_disturbed(&passage, FAULT_IN, &verdict, &bytes, &error);
    if (result > 0)
        tell_messages(&passage, messages, result, error);
    else
        (void)wire_leave(&passage, result, error); /* the same as returned below */
    errno = error;
    return result;
}

WIRE_EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                         struct timespec *timeout)
{
    if (!wire_on() || messages == NULL)
        return real.recvmmsg(fd, messages, count, flags, timeout);
    return wire_receive_messages("recvmmsg", WIRE_CALLER(), fd, messages, count, flags, timeout);
}

/* What is held back by udp-reorder leaves before the program turns to another descriptor. */
static bool watches(int fd)
{
    uint64_t inode;

    if (!wire_on())
        return false;
    wire_datagrams_flush();
    return wire_is_socket(fd, &inode);
}

static ssize_t read_socket(const char *name, const void *caller, int fd, void *data, size_t size,
                           bool stdio)
{
    struct iovec single = {.iov_base = data, .iov_len = size};
    struct transfer transfer = {.way = FAULT_IN,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .iov = &single,
                                .iovs = 1,
                                .stdio = stdio,
                                .run = run_read};
    return wire_transfer(&transfer);
}

ssize_t wire_read(const char *name, const void *caller, int fd, void *data, size_t size)
{
    int saved = errno;
    bool watched = watches(fd);

    errno = saved;
    return watched ? read_socket(name, caller, fd, data, size, false) : real.read(fd, data, size);
}

ssize_t wire_read_stdio(const char *name, const void *caller, int fd, void *data, size_t size)
{
    return read_socket(name, caller, fd, data, size, true);
}

ssize_t wire_readv(const char *name, const void *caller, int fd, const struct iovec *iov, int iovs)
{
    int saved = errno;
    bool watched = iovs > 0 && iov != NULL && watches(fd);
    struct transfer transfer = {.way = FAULT_IN,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .iov = iov,
                                .iovs = (size_t)iovs,
                                .run = run_readv};

    errno = saved;
    return watched ? wire_transfer(&transfer) : real.readv(fd, iov, iovs);
}

WIRE_EXPORT ssize_t read(int fd, void *data, size_t size)
{
    return wire_read("read", WIRE_CALLER(), fd, data, size);
}
WIRE_ALSO(read, __read);
WIRE_ALSO(read, __read_nocancel);

WIRE_EXPORT ssize_t readv(int fd, const struct iovec *iov, int iovs)
{
    return wire_readv("readv", WIRE_CALLER(), fd, iov, iovs);
}

/* ---- the forms of _FORTIFY_SOURCE: theirs end the program when size exceeds the room ----------
 */

ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags);
WIRE_EXPORT ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags)
{
    if (!wire_on() || size > room)
        return real.__recv_chk(fd, data, size, room, flags);
    return wire_receive("recv", WIRE_CALLER(), fd, data, size, flags, NULL, NULL);
}

ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags, __SOCKADDR_ARG from,
                       socklen_t *length);
WIRE_EXPORT ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
                                   __SOCKADDR_ARG from, socklen_t *length)
{
    if (!wire_on() || size > room)
        return real.__recvfrom_chk(fd, data, size, room, flags, from.__sockaddr__, length);
    return wire_receive("recvfrom", WIRE_CALLER(), fd, data, size, flags, from.__sockaddr__,
                        length);
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
WIRE_EXPORT ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
    if (size > room && wire_on())
        return real.__read_chk(fd, data, size, room);
    return wire_read("read", WIRE_CALLER(), fd, data, size);
}
