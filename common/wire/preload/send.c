/* send, write and their kin. */
#include "wire/preload/preload.h"

#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static ssize_t run_send(const struct transfer *t, size_t limit)
{
    return real.send(t->fd, t->iov->iov_base, smaller(t->iov->iov_len, limit), t->flags);
}

static ssize_t run_sendto(const struct transfer *t, size_t limit)
{
    return real.sendto(t->fd, t->iov->iov_base, smaller(t->iov->iov_len, limit), t->flags, t->to,
                       t->to_length);
}

static ssize_t run_sendmsg(const struct transfer *t, size_t limit)
{
    struct iovec vector[WIRE_SHORT_VECTOR];
    struct msghdr message;

    if (limit == SIZE_MAX)
        return real.sendmsg(t->fd, t->message, t->flags);
    message = *t->message;
    message.msg_iov = vector;
    message.msg_iovlen = (size_t)wire_shorten(t, limit, vector);
    return real.sendmsg(t->fd, &message, t->flags);
}

static ssize_t run_write(const struct transfer *t, size_t limit)
{
    return real.write(t->fd, t->iov->iov_base, smaller(t->iov->iov_len, limit));
}

static ssize_t run_writev(const struct transfer *t, size_t limit)
{
    struct iovec vector[WIRE_SHORT_VECTOR];

    if (limit == SIZE_MAX)
        return real.writev(t->fd, t->iov, (int)t->iovs);
    return real.writev(t->fd, vector, wire_shorten(t, limit, vector));
}

static ssize_t run_sendfile(const struct transfer *t, size_t limit)
{
    const struct wire_sendfile *how = t->sendfile;

    return real.sendfile(t->fd, how->file, how->offset, smaller(how->count, limit));
}

ssize_t wire_send_to(const char *name, const void *caller, int fd, const void *data, size_t size,
                     int flags, const struct sockaddr *to, socklen_t length)
{
    struct iovec single = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct transfer transfer = {.way = FAULT_OUT,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .flags = flags,
                                .iov = &single,
                                .iovs = 1,
                                .to = to,
                                .to_length = length,
                                .run = to != NULL ? run_sendto : run_send};
    return wire_transfer(&transfer);
}

WIRE_EXPORT ssize_t send(int fd, const void *data, size_t size, int flags)
{
    if (!wire_on())
        return real.send(fd, data, size, flags);
    return wire_send_to("send", WIRE_CALLER(), fd, data, size, flags, NULL, 0);
}
WIRE_ALSO(send, __send);

WIRE_EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
                           __CONST_SOCKADDR_ARG to, socklen_t length)
{
    if (!wire_on())
        return real.sendto(fd, data, size, flags, to.__sockaddr__, length);
    return wire_send_to("sendto", WIRE_CALLER(), fd, data, size, flags, to.__sockaddr__, length);
}

ssize_t wire_send_message(const char *name, const void *caller, int fd,
                          const struct msghdr *message, int flags)
{
    struct transfer transfer = {.way = FAULT_OUT,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .flags = flags,
                                .iov = message->msg_iov,
                                .iovs = message->msg_iovlen,
                                .to = message->msg_name,
                                .to_length = message->msg_namelen,
                                .message = (struct msghdr *)(uintptr_t)message,
                                .run = run_sendmsg};
    return wire_transfer(&transfer);
}

WIRE_EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (!wire_on() || message == NULL)
        return real.sendmsg(fd, message, flags);
    return wire_send_message("sendmsg", WIRE_CALLER(), fd, message, flags);
}

/* One after another, as the kernel does it: an error counts only if it hits the first. */
int wire_send_messages(const char *name, const void *caller, int fd, struct mmsghdr *messages,
                       unsigned count, int flags)
{
    unsigned sent = 0;
    int saved = errno;

    if (count > IOV_MAX)
        count = IOV_MAX;
    while (sent < count) {
        ssize_t result = wire_send_message(name, caller, fd, &messages[sent].msg_hdr, flags);
        if (result == -1)
            break;
        messages[sent++].msg_len = (unsigned)result;
    }
    if (sent == 0 && count > 0)
        return -1;
    errno = saved;
    return (int)sent;
}

WIRE_EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (!wire_on() || messages == NULL)
        return real.sendmmsg(fd, messages, count, flags);
    return wire_send_messages("sendmmsg", WIRE_CALLER(), fd, messages, count, flags);
}
WIRE_ALSO(sendmmsg, __sendmmsg);

static bool watches(int fd)
{
    uint64_t inode;

    return wire_on() && wire_is_socket(fd, &inode);
}

static ssize_t write_socket(const char *name, const void *caller, int fd, const void *data,
                            size_t size, bool stdio)
{
    struct iovec single = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct transfer transfer = {.way = FAULT_OUT,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .iov = &single,
                                .iovs = 1,
                                .stdio = stdio,
                                .run = run_write};
    return wire_transfer(&transfer);
}

ssize_t wire_write(const char *name, const void *caller, int fd, const void *data, size_t size)
{
    int saved = errno;
    bool watched = watches(fd);

    errno = saved;
    return watched ? write_socket(name, caller, fd, data, size, false) : real.write(fd, data, size);
}

/* As stdio writes: on after a short count, until all is out or something failed. */
ssize_t wire_write_stdio(const char *name, const void *caller, int fd, const void *data,
                         size_t size)
{
    size_t done = 0;

    while (done < size) {
        const char *next = (const char *)data + done;
        ssize_t put = write_socket(name, caller, fd, next, size - done, true);
        if (put < 0)
            return done > 0 ? (ssize_t)done : -1;
        done += (size_t)put;
    }
    return (ssize_t)done;
}

ssize_t wire_writev(const char *name, const void *caller, int fd, const struct iovec *iov, int iovs)
{
    int saved = errno;
    bool watched = iovs > 0 && iov != NULL && watches(fd);
    struct transfer transfer = {.way = FAULT_OUT,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .iov = iov,
                                .iovs = (size_t)iovs,
                                .run = run_writev};

    errno = saved;
    return watched ? wire_transfer(&transfer) : real.writev(fd, iov, iovs);
}

WIRE_EXPORT ssize_t write(int fd, const void *data, size_t size)
{
    return wire_write("write", WIRE_CALLER(), fd, data, size);
}
WIRE_ALSO(write, __write);
WIRE_ALSO(write, __write_nocancel);

WIRE_EXPORT ssize_t writev(int fd, const struct iovec *iov, int iovs)
{
    return wire_writev("writev", WIRE_CALLER(), fd, iov, iovs);
}

ssize_t wire_send_file(const char *name, const void *caller, int fd, int file, off_t *offset,
                       size_t count)
{
    int saved = errno;
    bool watched = watches(fd);
    struct wire_sendfile how = {.file = file, .offset = offset, .count = count};
    struct transfer transfer = {.way = FAULT_OUT,
                                .name = name,
                                .caller = caller,
                                .fd = fd,
                                .sendfile = &how,
                                .run = run_sendfile};

    errno = saved;
    return watched ? wire_transfer(&transfer) : real.sendfile(fd, file, offset, count);
}

WIRE_EXPORT ssize_t sendfile(int fd, int file, off_t *offset, size_t count)
{
    return wire_send_file("sendfile", WIRE_CALLER(), fd, file, offset, count);
}

WIRE_EXPORT ssize_t sendfile64(int fd, int file, off64_t *offset, size_t count)
{
    return wire_send_file("sendfile", WIRE_CALLER(), fd, file, offset, count);
}
