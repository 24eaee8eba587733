/* One send or receive, whatever its form: what they all share. */
#include "wire/preload/preload.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

size_t wire_count_bytes(const struct iovec *iov, size_t iovs)
{
    size_t count = 0;

    for (size_t i = 0; iov != NULL && i < iovs; i++)
        count += iov[i].iov_len;
    return count;
}

/* The first bytes of what was moved: only after the call, which has proved that they can be read.
 */
void wire_keep_head(struct wire_event *event, const struct iovec *iov, size_t iovs, size_t moved)
{
    size_t kept = 0;

    for (size_t i = 0; i < iovs && kept < moved && kept < WIRE_HEAD; i++) {
        size_t part = iov[i].iov_len;
        if (part > moved - kept)
            part = moved - kept;
        if (part > WIRE_HEAD - kept)
            part = WIRE_HEAD - kept;
        memcpy(event->head + kept, iov[i].iov_base, part);
        kept += part;
    }
}

/* A vector of its own for a call that may move at most limit bytes of the program's. */
int wire_shorten(const struct transfer *transfer, size_t limit, struct iovec *vector)
{
    int used = 0;

    for (size_t i = 0; i < transfer->iovs && used < WIRE_SHORT_VECTOR && limit > 0; i++) {
        vector[used] = transfer->iov[i];
        if (vector[used].iov_len > limit)
            vector[used].iov_len = limit;
        limit -= vector[used++].iov_len;
    }
    return used;
}

/* What sendfile() has sent, read from the file once more. */
static void keep_file_head(struct wire_event *event, const struct wire_sendfile *how, size_t moved)
{
    off_t end = how->offset != NULL ? *how->offset : lseek(how->file, 0, SEEK_CUR);
    size_t size = moved < WIRE_HEAD ? moved : WIRE_HEAD;

    if (end >= (off_t)moved) /* short or failed: the head stays empty, nothing more */
        (void)real.syscall(SYS_pread64, how->file, event->head, size, end - (off_t)moved);
}

static void keep_sender(struct passage *passage, const struct transfer *transfer)
{
    union wire_address *peer = &passage->event.peer;

    if (transfer->message != NULL && transfer->message->msg_name != NULL)
        wire_set_address(peer, transfer->message->msg_name, transfer->message->msg_namelen);
    else if (transfer->from != NULL && transfer->from_length != NULL)
        wire_set_address(peer, transfer->from, *transfer->from_length);
}

static bool can_be_cut(const struct transfer *transfer)
{
    return (transfer->flags & (MSG_PEEK | MSG_WAITALL | MSG_OOB | MSG_ERRQUEUE | MSG_TRUNC)) == 0;
}

static void begin_transfer(struct passage *passage, const struct transfer *transfer)
{
    enum wire_call call = transfer->sendfile != NULL   ? WIRE_SENDFILE
                          : transfer->way == FAULT_OUT ? WIRE_SEND
                                                       : WIRE_RECV;

    wire_begin(passage, call, transfer->name, transfer->fd, transfer->caller);
    if (transfer->stdio)
        wire_name_stdio(&passage->event);
    passage->event.asked =
        (int64_t)(transfer->sendfile != NULL ? transfer->sendfile->count
                                             : wire_count_bytes(transfer->iov, transfer->iovs));
    passage->event.flags = (uint32_t)transfer->flags;
    if ((transfer->flags & MSG_DONTWAIT) != 0)
        passage->event.nonblocking = 1;
    if (transfer->to != NULL)
        wire_set_address(&passage->event.peer, transfer->to, transfer->to_length);
    wire_enter(passage);
    wire_options_tell(passage, transfer->fd);
}

static ssize_t send_datagram(struct passage *passage, const struct transfer *transfer)
{
    struct msghdr message = {.msg_name = (void *)(uintptr_t)transfer->to,
                             .msg_namelen = transfer->to_length,
                             .msg_iov = (struct iovec *)(uintptr_t)transfer->iov,
                             .msg_iovlen = transfer->iovs};

    if (transfer->message != NULL)
        message = *transfer->message;
    return wire_datagram_send(passage, transfer->fd, &message, transfer->flags);
}

static long run_transfer(struct passage *passage, const struct transfer *transfer, int *error)
{
    static const unsigned UDP = WIRE_UDP_DROP | WIRE_UDP_DUPLICATE | WIRE_UDP_REORDER;
    bool udp = (wire.plan.faults & UDP) != 0 && passage->event.type == SOCK_DGRAM &&
               (passage->event.family == AF_INET || passage->event.family == AF_INET6);
    struct fault_verdict verdict =
        wire_disturb(passage, transfer->way, can_be_cut(transfer), !transfer->stdio);
    long result = -1;

    errno = passage->saved;
    if (verdict.error != 0)
        errno = verdict.error;
    else if (verdict.limit == 0)
        result = 0; /* the stream has ended, by a half-close of ours */
    else if (udp && transfer->way == FAULT_OUT)
        result = send_datagram(passage, transfer);
    else
        result = transfer->run(transfer, verdict.limit);
    *error = errno;
    wire_disturbed(passage, transfer->way, &verdict, &result, error);
    return result;
}

ssize_t wire_transfer(const struct transfer *transfer)
{
    struct passage passage;
    int error;

    begin_transfer(&passage, transfer);
    long result = run_transfer(&passage, transfer, &error);
    struct wire_event *event = &passage.event;
    if (result >= 0 && transfer->way == FAULT_IN)
        keep_sender(&passage, transfer);
    if (result > 0 && transfer->sendfile != NULL)
        keep_file_head(event, transfer->sendfile, (size_t)result);
    else if (result > 0)
        wire_keep_head(event, transfer->iov, transfer->iovs, (size_t)result);
    if (result > 0 && event->type == SOCK_STREAM && event->peer.any.sa_family == AF_UNSPEC)
        wire_learn_addresses(&passage, transfer->fd); /* a connect in progress has ended */
    return wire_leave(&passage, result, error);
}
