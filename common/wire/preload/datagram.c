/* udp-drop, udp-duplicate, udp-reorder. */
#include "wire/preload/preload.h"

#include <string.h>

/* Datagrams that wait to be overtaken. Larger ones are not held back. */
enum { HELD = 8, HELD_SIZE = 2048 };
struct held {
    bool used;
    int fd, flags;
    struct sockaddr_storage to;
    socklen_t to_length;
    size_t size;
    char data[HELD_SIZE];
};
static struct held pool[HELD];
static _Atomic int waiting; /* used places: most calls find none and look no further */

static void send_held(struct held *held)
{
    struct iovec iov = {.iov_base = held->data, .iov_len = held->size};
    struct msghdr message = {.msg_name = held->to_length > 0 ? &held->to : NULL,
                             .msg_namelen = held->to_length,
                             .msg_iov = &iov,
                             .msg_iovlen = 1};

    held->used = false;
    (void)atomic_fetch_sub(&waiting, 1);
    (void)real.sendmsg(held->fd, &message, held->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    /* Its result was given to the program when it was held; a datagram may be lost. */
}

/* Sends what is held for one socket, or with -1 for all. */
static void flush(int fd)
{
    struct wire_lock lock;
    int saved = errno;

    if (atomic_load_explicit(&waiting, memory_order_relaxed) == 0 || !wire_owns_memory())
        return;
    wire_lock(&lock);
    for (int i = 0; i < HELD; i++)
        if (pool[i].used && (fd == -1 || pool[i].fd == fd))
            send_held(&pool[i]);
    wire_unlock(&lock);
    errno = saved;
}

void wire_datagrams_flush(void)
{
    flush(-1);
}

static bool hold(int fd, const struct msghdr *message, int flags, size_t size)
{
    struct wire_lock lock;
    struct held *held = NULL;

    if (size > HELD_SIZE || message->msg_controllen > 0 || message->msg_namelen > sizeof held->to)
        return false;
    wire_lock(&lock);
    for (int i = 0; i < HELD && held == NULL; i++)
        if (!pool[i].used)
            held = &pool[i];
    if (held != NULL) {
        *held = (struct held){.used = true, .fd = fd, .flags = flags, .size = size};
        size_t at = 0;
        for (size_t i = 0; i < message->msg_iovlen; i++) {
            memcpy(held->data + at, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
            at += message->msg_iov[i].iov_len;
        }
        if (message->msg_name != NULL) {
            memcpy(&held->to, message->msg_name, message->msg_namelen);
            held->to_length = message->msg_namelen;
        }
        (void)atomic_fetch_add(&waiting, 1);
    }
    wire_unlock(&lock);
    return held != NULL;
}

ssize_t wire_datagram_send(struct passage *passage, int fd, const struct msghdr *message, int flags)
{
    struct wire_socket *socket = passage->socket;
    size_t size = wire_count_bytes(message->msg_iov, message->msg_iovlen);
    unsigned fault = 0;

    if (socket != NULL && wire_owns_memory())
        fault = fault_datagram(&wire.plan, wire_socket_number(socket, FAULT_OUT),
                               atomic_load(&socket->calls[FAULT_OUT]));
    if (fault == WIRE_UDP_DROP || (fault == WIRE_UDP_REORDER && hold(fd, message, flags, size))) {
        passage->event.faults |= (uint16_t)fault;
        return (ssize_t)size;
    }
    ssize_t sent = real.sendmsg(fd, message, flags);
    int error = errno;
    if (sent >= 0 && fault == WIRE_UDP_DUPLICATE) {
        passage->event.faults |= WIRE_UDP_DUPLICATE;
        (void)real.sendmsg(fd, message, flags | MSG_DONTWAIT); /* the second may get lost */
    }
    errno = error;
    flush(fd); /* what this one has overtaken */
    return sent;
}
