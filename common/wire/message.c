#include "wire/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

/* ---- conversations ----------------------------------------------------------------------------
 */

static bool same_address(const union wire_address *a, const union wire_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    switch (a->any.sa_family) {
    case AF_INET:
        return a->in.sin_port == b->in.sin_port && a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    case AF_INET6:
        return a->in6.sin6_port == b->in6.sin6_port &&
               memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
    default:
        return memcmp(a->local.path, b->local.path, sizeof a->local.path) == 0;
    }
}

/* The latest ones are looked at first: a server's clients come one after another. */
static struct conversation *find_socket(struct messages *messages, uint64_t socket,
                                        const union wire_address *peer)
{
    for (size_t i = messages->conversation_count; i-- > 0;) {
        struct conversation *c = &messages->conversations[i];
        if (c->socket == socket && (peer == NULL || !c->datagrams || same_address(&c->peer, peer)))
            return c;
    }
    return NULL;
}

/* A list that is full is doubled. Returns it, or NULL when memory is short and it stays as it was.
 */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t more = *room == 0 ? 64 : *room * 2;
    void *larger = realloc(list, more * size);
    if (larger != NULL)
        *room = more;
    return larger;
}

static struct conversation *add_socket(struct messages *messages, uint64_t socket)
{
    void *list = grow(messages->conversations, messages->conversation_count,
                      &messages->conversation_room, sizeof *messages->conversations);

    if (list == NULL)
        return NULL;
    messages->conversations = list;
    struct conversation *c = &messages->conversations[messages->conversation_count++];
    *c = (struct conversation){.socket = socket};
    return c;
}

static bool is_watched(const struct wire_event *event)
{
    return event->family == AF_INET || event->family == AF_INET6 || event->family == AF_UNIX;
}

/* The conversation of an event; made if it is new. NULL when memory is short. */
static struct conversation *conversation_of(struct messages *messages,
                                            const struct wire_event *event)
{
    bool datagrams = event->type == SOCK_DGRAM;
    struct conversation *c = find_socket(messages, event->socket, datagrams ? &event->peer : NULL);

    if (c == NULL && (c = add_socket(messages, event->socket)) != NULL) {
        c->datagrams = datagrams;
        c->peer = event->peer;
    }
    return c;
}

static uint64_t number_at(const uint8_t *head, size_t offset)
{
    uint64_t number;

    memcpy(&number, head + offset, sizeof number);
    return number;
}

/* What has to be known of a stream before its first message can be told. */
static int scan_stream(struct messages *messages, const struct wire_event *event, uint32_t index)
{
    struct conversation *c = conversation_of(messages, event);

    if (c == NULL)
        return -1;
    c->last = index;
    /* An accept names the new connection's peer, a connect one that may not answer. */
    if (event->peer.any.sa_family != AF_UNSPEC && event->call != WIRE_CONNECT &&
        event->call != WIRE_ACCEPT) {
        c->peer = event->peer;
        c->answered = true;
    }
    if (event->call == WIRE_GETSOCKOPT && event->phase == WIRE_EXIT && event->asked != 0)
        c->connect_error = (int)event->asked;
    return 0;
}

static int scan_pair(struct messages *messages, const struct wire_event *event)
{
    for (size_t i = 0; i < 2; i++) {
        struct conversation *c = add_socket(messages, number_at(event->head, 8 + 8 * i));
        if (c == NULL)
            return -1;
        c->pair = true;
        c->datagrams = false;
    }
    return 0;
}

static int scan(struct messages *messages, const struct wire_log *log)
{
    uint32_t count = wire_log_count(log);

    for (uint32_t i = 0; i < count; i++) {
        const struct wire_event *event = wire_log_event(log, i);
        int rc = 0;
        if (event == NULL || !is_watched(event))
            continue;
        if (event->call == WIRE_SOCKETPAIR && event->phase == WIRE_EXIT && event->result == 0)
            rc = scan_pair(messages, event);
        else if (event->type == SOCK_STREAM && event->socket != 0)
            rc = scan_stream(messages, event, i);
        if (rc == -1)
            return -1;
    }
    return 0;
}

/* ---- messages ---------------------------------------------------------------------------------
 */

/* The reader's way through the log. short_of_memory ends it. */
struct reader {
    struct messages *messages;
    const struct wire_event *event;
    uint32_t index;
    struct conversation *conversation;
    bool short_of_memory;
};

static struct message *add(struct reader *r, bool out, const char *label)
{
    static struct message nowhere; /* so that callers need not look: reading ends right after */
    struct messages *messages = r->messages;
    void *list = grow(messages->list, messages->count, &messages->room, sizeof *messages->list);

    if (list == NULL) {
        r->short_of_memory = true;
        return &nowhere;
    }
    messages->list = list;
    struct message *message = &messages->list[messages->count++];
    *message = (struct message){
        .time_ns = r->event->time_ns,
        .conversation = (size_t)(r->conversation - messages->conversations),
        .out = out,
        .label = label,
    };
    r->conversation->messages++;
    return message;
}

static void remark(struct message *message, const char *text)
{
    (void)snprintf(message->remark, sizeof message->remark, "%s", text);
}

static const char *reason(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "refused";
    case ETIMEDOUT:
        return "timed out";
    case ECONNRESET:
        return "reset";
    default:
        return errno_name(error);
    }
}

static void add_data(struct reader *r, bool out, uint64_t bytes)
{
    struct message *message = add(r, out, NULL);

    message->data = true;
    message->bytes = bytes;
    message->head = r->event->head;
    message->head_length = bytes < WIRE_HEAD ? (size_t)bytes : WIRE_HEAD;
}

static struct message *last_message(struct reader *r)
{
    return &r->messages->list[r->messages->count - 1];
}

static void read_connect(struct reader *r)
{
    const struct wire_event *e = r->event;
    struct conversation *c = r->conversation;
    int error = e->result == 0 ? 0 : e->error;

    if (e->type != SOCK_STREAM || error == EINTR || error == EALREADY || error == EISCONN ||
        error == EINVAL || error == EBADF)
        return; /* for datagrams it only sets the address; the others say nothing to the peer */
    c->peer = e->peer;
    if (error == EINPROGRESS)
        error = c->connect_error != 0 ? c->connect_error : c->answered ? 0 : EINPROGRESS;
    struct message *message = add(r, true, "connect");
    message->stopped = error != 0;
    c->gone = error != 0;
    if (error != 0)
        remark(message, error == EINPROGRESS ? "no answer" : reason(error));
}

static void read_accept(struct reader *r)
{
    const struct wire_event *e = r->event;

    if (e->result >= 0) {
        uint64_t inode = number_at(e->head, 0);
        struct conversation *c = find_socket(r->messages, inode, NULL);
        if (c == NULL)
            c = add_socket(r->messages, inode);
        if (c == NULL) {
            r->short_of_memory = true;
            return;
        }
        c->accepted = true;
        c->peer = e->peer;
        r->conversation = c;
        (void)add(r, false, "connect");
    } else if (e->error != EAGAIN && e->error != EINTR && e->error != EINVAL && e->error != EBADF &&
               e->error != ENOTSOCK) {
        struct message *message = add(r, false, "connect");
        message->stopped = true;
        remark(message, errno_name(e->error));
    }
}

static void read_send(struct reader *r)
{
    const struct wire_event *e = r->event;

    if (e->result > 0 || (e->result == 0 && r->conversation->datagrams)) {
        add_data(r, true, (uint64_t)e->result);
        struct message *message = last_message(r);
        if (e->call == WIRE_SENDFILE && e->head[0] == 0)
            message->head_length = 0;
        if ((e->faults & WIRE_UDP_DROP) != 0) {
            message->stopped = true;
            remark(message, "lost");
        } else if ((e->faults & WIRE_UDP_DUPLICATE) != 0) {
            remark(message, "twice");
        } else if ((e->faults & WIRE_UDP_REORDER) != 0) {
            remark(message, "overtaken");
        } else if (e->result < e->asked) {
            (void)snprintf(message->remark, sizeof message->remark, "of %lld", (long long)e->asked);
        }
    } else if (e->error == EPIPE || e->error == ECONNRESET) {
        struct message *message = add(r, true, "send");
        r->conversation->gone = true;
        message->stopped = true;
        remark(message, e->error == EPIPE ? "connection closed" : "reset");
    }
}

static void read_receive(struct reader *r)
{
    const struct wire_event *e = r->event;

    if ((e->flags & (MSG_PEEK | MSG_ERRQUEUE)) != 0)
        return;
    if (e->result > 0 || (e->result == 0 && r->conversation->datagrams)) {
        add_data(r, false, (uint64_t)e->result);
        if (r->conversation->datagrams && e->result > e->asked)
            (void)snprintf(last_message(r)->remark, MESSAGE_REMARK, "%lld read",
                           (long long)e->asked);
    } else if (e->result == 0 && e->asked > 0 && !r->conversation->ended) {
        r->conversation->ended = true;
        (void)add(r, false, "end");
    } else if (e->result < 0 && (e->error == ECONNRESET || e->error == ECONNREFUSED)) {
        r->conversation->ended = true;
        r->conversation->gone = true;
        struct message *message = add(r, false, reason(e->error));
        message->stopped = true;
    }
}

static void read_close(struct reader *r)
{
    const struct wire_event *e = r->event;
    struct conversation *c = r->conversation;
    bool last = r->index >= c->last;

    /* A copy that is closed, by dup() or fork(), is no message; nor is what never was connected. */
    if (e->type != SOCK_STREAM || !last || c->gone || c->messages == 0 || e->result != 0 ||
        (!c->answered && !c->accepted && !c->pair))
        return;
    if (e->unread > 0) {
        add_data(r, false, e->unread);
        remark(last_message(r), "never read");
    }
    if (r->short_of_memory)
        return;
    struct message *message = add(r, true, "close");
    if (e->unread > 0 || c->resets)
        remark(message, "reset");
}

static void read_option(struct reader *r)
{
    const struct wire_event *e = r->event;
    struct linger linger;

    if (e->flags != ((uint32_t)SOL_SOCKET << 16 | SO_LINGER) || e->result != 0)
        return;
    memcpy(&linger, e->head, sizeof linger);
    r->conversation->resets = linger.l_onoff != 0 && linger.l_linger == 0;
}

static void read_event(struct reader *r)
{
    const struct wire_event *e = r->event;

    switch (e->call) {
    case WIRE_CONNECT:
        read_connect(r);
        break;
    case WIRE_ACCEPT:
        read_accept(r);
        break;
    case WIRE_SEND:
    case WIRE_SENDFILE:
        read_send(r);
        break;
    case WIRE_RECV:
        read_receive(r);
        break;
    case WIRE_SHUTDOWN:
        if (e->result == 0 && e->flags != SHUT_RD)
            (void)add(r, true, "end");
        break;
    case WIRE_CLOSE:
        read_close(r);
        break;
    case WIRE_SETSOCKOPT:
        read_option(r);
        break;
    default:
        break;
    }
}

int messages_read(struct messages *messages, const struct wire_log *log)
{
    struct reader r = {.messages = messages};
    uint32_t count = wire_log_count(log);

    *messages = (struct messages){0};
    if (scan(messages, log) == -1)
        return -1;
    for (uint32_t i = 0; i < count && !r.short_of_memory; i++) {
        const struct wire_event *event = wire_log_event(log, i);
        if (event == NULL || event->phase != WIRE_EXIT || event->socket == 0 || !is_watched(event))
            continue;
        r.event = event;
        r.index = i;
        r.conversation = conversation_of(messages, event);
        if (r.conversation == NULL)
            return -1;
        read_event(&r);
    }
    return r.short_of_memory ? -1 : 0;
}

void messages_free(struct messages *messages)
{
    free(messages->list);
    free(messages->conversations);
    *messages = (struct messages){0};
}
