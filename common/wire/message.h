/*
 * Messages: what went over the wire, out of the log. The log tells calls; a call that failed with
 * EAGAIN is none of the peer's business, and one close may be two messages.
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/log.h"

enum { MESSAGE_REMARK = 48 };

struct message {
    uint64_t time_ns;
    size_t conversation;         /* index in messages.conversations */
    bool out;                    /* from the program to the peer */
    bool stopped;                /* it did not arrive: the arrow ends in X */
    bool data;                   /* bytes and head hold */
    const char *label;           /* "connect", "end", "close" …; NULL for data */
    uint64_t bytes;              /* how many */
    const uint8_t *head;         /* the first of them, in the log */
    size_t head_length;          /* how many there are in head; 0 if they are not known */
    unsigned more;               /* stands for so many messages like it; 0: for itself */
    unsigned pieces;             /* it and those behind it, drawn as one; 0: for itself */
    char remark[MESSAGE_REMARK]; /* "never read", "refused"; or "" */
};

struct conversation {
    uint64_t socket; /* inode */
    bool datagrams;
    bool accepted;           /* the peer came to us */
    bool pair;               /* one end of a socketpair(): the program talks to itself */
    bool ended;              /* the peer's end was told */
    bool gone;               /* it was reset: closing it says nothing to anyone */
    bool resets;             /* SO_LINGER with time 0: close() will reset */
    bool answered;           /* something shows that the connection stands */
    int connect_error;       /* how a connect in progress ended, from getsockopt() */
    uint32_t last;           /* index of the last event of its socket */
    size_t messages;         /* how many it has */
    union wire_address peer; /* family 0: not known */
};

struct messages {
    struct message *list;
    size_t count, room;
    struct conversation *conversations;
    size_t conversation_count, conversation_room;
};

/*
 * Reads all messages of the log, in order. Returns 0, or -1 when memory is short. messages_free()
 * frees them in both cases; heads point into the log.
 */
int messages_read(struct messages *messages, const struct wire_log *log);
void messages_free(struct messages *messages);

#endif
