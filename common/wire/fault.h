/*
 * Faults: which calls of a program are disturbed, and how. The table in fault.c says what each
 * does.
 *
 * Everything here is a pure function of the seed, the socket's number and the place in its stream,
 * so the same seed disturbs the same program in the same way, whatever the clock says.
 */
#ifndef WIRE_FAULT_H
#define WIRE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/log.h"

enum fault_way { FAULT_IN, FAULT_OUT, FAULT_ACCEPT, FAULT_WAIT, FAULT_WAYS };

struct fault_plan {
    unsigned faults; /* enum wire_fault */
    uint64_t seed;
};

/* A call that is about to be made. */
struct fault_call {
    enum fault_way way;
    uint32_t socket;  /* which connection, listener or thread of the program, from 0 */
    uint32_t number;  /* calls this way so far that moved something or were failed by a fault */
    uint32_t attempt; /* all calls this way so far */
    size_t asked;     /* bytes */
    uint64_t in, out; /* bytes moved so far */
    bool stream;      /* a byte stream: may be cut */
    bool internet;    /* IPv4 or IPv6: may be reset or half-closed */
    bool interrupt;   /* may fail with EINTR */
    bool nonblocking; /* may fail with EAGAIN */
    bool whole;       /* MSG_WAITALL: a signal may end it with a part of what was asked */
};

struct fault_verdict {
    unsigned faults;   /* enum wire_fault: what is injected; 0 for nothing */
    size_t limit;      /* bytes the call may move; SIZE_MAX: what was asked */
    int error;         /* errno to fail with instead of calling, or 0 */
    unsigned delay_us; /* wait first */
};

/* What happens to this call. */
struct fault_verdict fault_decide(const struct fault_plan *plan, const struct fault_call *call);

/* The stream ends for the program after this many bytes in; UINT64_MAX: not by a fault. */
uint64_t fault_half_close_at(const struct fault_plan *plan, uint32_t socket);

/* The connection is reset after this many bytes in and out together; UINT64_MAX: never. */
uint64_t fault_reset_at(const struct fault_plan *plan, uint32_t socket);

/* What happens to a socket's datagram: WIRE_UDP_DROP, …_DUPLICATE, …_REORDER (hold it back) or 0.
 */
unsigned fault_datagram(const struct fault_plan *plan, uint32_t socket, uint32_t number);

/* How many of the first tries to start a process or a thread fail. */
unsigned fault_starts_refused(const struct fault_plan *plan);

/* The table as text, for --help: one line for each fault. NULL after the last. */
const char *fault_help(unsigned index);

#endif
