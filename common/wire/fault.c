#include "wire/fault.h"

#include <errno.h>
#include <string.h>

/*
 * What each fault does. A correct program gives the same output under all of them, but for reset,
 * half-close and option-refused, which it reports as the errors they are.
 *
 * - short-read, short-write: the stream falls into pieces whose ends depend on the seed alone,
 *   however segments come: of about 3 bytes at first, 48 bytes behind byte 48, 2 KiB behind 1 KiB,
 *   16 KiB behind 64 KiB. No call goes past the end of a piece.
 * - eintr: send, recv, accept, poll, select, epoll_wait (not those with time-out 0).
 *   eagain: send, recv, accept. delay: the same.
 * - accept-emfile: the connection stays in the queue; libuv then accepts and drops it, by design.
 *   accept-aborted: likewise, where in truth it would be gone.
 * - option-refused: nothing is set. A correct program reports that, and ends or does without.
 * - yield: threads.c. Behind comparisons only in a program that is built with AddressSanitizer.
 * - start-eagain: fork, vfork, pthread_create; no process or thread is started.
 * - reset: the peer gets a true RST, the program ECONNRESET. half-close: reads give 0.
 * - udp-*: what the program sends. What it receives is left alone, or a read that poll() promised
 *   would block. A datagram held back leaves at the latest when the program turns to another call.
 *
 * - Bytes are counted per connection and direction, calls per connection and kind (a call that
 *   fails with a true EAGAIN or EINTR is not counted, since that depends on the clock).
 * - EINTR, EAGAIN and udp-drop strike at even counts only: whoever tries again gets through.
 * - Datagrams, MSG_PEEK, MSG_OOB and MSG_ERRQUEUE are never cut, and MSG_WAITALL by eintr alone: a
 *   signal ends it with what has come (recv(2)), or with EINTR if that is nothing. close() and
 *   connect() are never interrupted, nor are calls that stdio makes: it cannot go on.
 * - A descriptor in an edge-triggered epoll is armed again after each fault, since epoll(7) lets a
 *   program take a short count or EAGAIN for "wait for the next edge". Once an epoll has told the
 *   end of a stream, its reads are not cut any more: a short one would be taken for the last.
 */
static const struct {
    unsigned fault;
    const char *name;
    const char *help;
} TABLE[] = {
    {WIRE_SHORT_READ, "short-read", "streams are read in pieces: of 1 to 5 bytes, later larger"},
    {WIRE_SHORT_WRITE, "short-write", "send() on a stream takes less than it was given"},
    {WIRE_EINTR, "eintr", "calls that wait fail with EINTR, never twice in a row"},
    {WIRE_EAGAIN, "eagain", "non-blocking calls fail with EAGAIN, never twice in a row"},
    {WIRE_DELAY, "delay", "calls start 1 to 8 ms late: the first ones, few later"},
    {WIRE_RESET, "reset", "a connection is reset midway: the first, half of the rest"},
    {WIRE_HALF_CLOSE, "half-close", "a peer's stream ends early: the first, half of the rest"},
    {WIRE_ACCEPT_EMFILE, "accept-emfile", "the first 1 to 3 accepts fail with EMFILE"},
    {WIRE_UDP_DROP, "udp-drop", "datagrams sent get lost, never two in a row"},
    {WIRE_UDP_DUPLICATE, "udp-duplicate", "datagrams sent arrive twice"},
    {WIRE_UDP_REORDER, "udp-reorder", "a datagram is overtaken by the one sent right after it"},
    {WIRE_START_EAGAIN, "start-eagain", "the first 1 to 3 fork() or pthread_create() fail"},
    {WIRE_ACCEPT_ABORTED, "accept-aborted", "the first 1 to 3 accepts fail with ECONNABORTED"},
    {WIRE_OPTION_REFUSED, "option-refused", "setsockopt() fails with ENOPROTOOPT, always"},
    {WIRE_YIELD, "yield", "threads nap behind each unlock and each match of two texts"},
};
enum { FAULTS = sizeof TABLE / sizeof TABLE[0] };

int wire_faults_parse(const char *names, unsigned *faults, struct error *error)
{
    unsigned mask = 0;

    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        unsigned i = 0;
        while (i < FAULTS &&
               (strlen(TABLE[i].name) != length || memcmp(TABLE[i].name, names, length) != 0))
            i++;
        if (i == FAULTS)
            return error_set(error, "no fault is called \"%.*s\"", (int)length, names);
        mask |= TABLE[i].fault;
        names += length;
        if (*names == ',' && *++names == '\0')
            return error_set(error, "no fault is called \"\"");
    }
    *faults = mask;
    return 0;
}

const char *wire_fault_name(unsigned fault)
{
    for (unsigned i = 0; i < FAULTS; i++)
        if (TABLE[i].fault == fault)
            return TABLE[i].name;
    return NULL;
}

const char *fault_help(unsigned index)
{
    return index < FAULTS ? TABLE[index].help : NULL;
}

/* SplitMix64: one step of it mixes 64 bits well. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/* A number that depends on the seed and on nothing but its arguments. */
static uint64_t draw(const struct fault_plan *plan, unsigned purpose, uint64_t socket, uint64_t n)
{
    return mix(mix(mix(plan->seed ^ ((uint64_t)purpose << 32)) ^ socket) ^ n);
}

/* True in part of of cases. */
static bool lot(uint64_t number, unsigned part, unsigned of)
{
    return number % of < part;
}

/*
 * The next place behind offset where a stream is cut. The stream falls into blocks, small ones at
 * its start, and each has one cut: no state is needed, and segments may come as they like.
 */
static uint64_t next_cut(const struct fault_plan *plan, unsigned fault, uint32_t socket,
                         uint64_t offset)
{
    static const struct {
        uint64_t start, end, block;
    } ZONES[] = {{0, 48, 3}, {48, 1008, 48}, {1008, 65520, 2016}, {65520, UINT64_MAX, 16384}};
    unsigned zone = 0;

    while (offset >= ZONES[zone].end)
        zone++;
    uint64_t size = ZONES[zone].block;
    uint64_t start = offset - (offset - ZONES[zone].start) % size;
    uint64_t cut = start + draw(plan, fault, socket, start) % size;
    if (cut > offset)
        return cut;
    start += size;
    if (start >= ZONES[zone].end)
        size = ZONES[zone + 1].block;
    return start + draw(plan, fault, socket, start) % size;
}

static void limit_to(struct fault_verdict *verdict, unsigned fault, uint64_t room, size_t asked)
{
    if (room < asked && room < verdict->limit) {
        verdict->limit = (size_t)room;
        verdict->faults |= fault;
    }
}

static void decide_cut(const struct fault_plan *plan, const struct fault_call *call,
                       struct fault_verdict *verdict)
{
    unsigned fault = call->way == FAULT_IN ? WIRE_SHORT_READ : WIRE_SHORT_WRITE;
    uint64_t offset = call->way == FAULT_IN ? call->in : call->out;

    if ((plan->faults & fault) != 0)
        limit_to(verdict, fault, next_cut(plan, fault, call->socket, offset) - offset, call->asked);
    if (!call->internet)
        return;
    uint64_t reset = fault_reset_at(plan, call->socket);
    if (call->in + call->out < reset)
        limit_to(verdict, WIRE_RESET, reset - call->in - call->out, call->asked);
    uint64_t end = fault_half_close_at(plan, call->socket);
    if (call->way == FAULT_IN && call->in < end)
        limit_to(verdict, WIRE_HALF_CLOSE, end - call->in, call->asked);
}

/* Strikes, of 8: the very first time always, the first time on others nearly so, then ever less. */
static unsigned strikes(uint32_t socket, uint32_t number)
{
    if (number == 0)
        return socket == 0 ? 8 : 7;
    return number < 16 ? 5 : 1;
}

/* EINTR and EAGAIN. */
static void decide_error(const struct fault_plan *plan, const struct fault_call *call,
                         struct fault_verdict *verdict)
{
    unsigned way = (unsigned)call->way;
    uint64_t number = draw(plan, WIRE_EINTR + (way << 16), call->socket, call->number);
    bool interrupt = call->interrupt && (plan->faults & WIRE_EINTR) != 0;
    bool again = call->nonblocking && call->way != FAULT_WAIT && (plan->faults & WIRE_EAGAIN) != 0;

    if (call->number % 2 != 0 || !lot(number, strikes(call->socket, call->number), 8) ||
        (!interrupt && !again))
        return;
    if (interrupt && again)
        interrupt = lot(number >> 8, 1, 2);
    verdict->faults |= interrupt ? WIRE_EINTR : WIRE_EAGAIN;
    if (interrupt && call->whole && call->asked > 1 && lot(number >> 16, 1, 2))
        verdict->limit = 1 + (size_t)((number >> 24) % (call->asked - 1));
    else
        verdict->error = interrupt ? EINTR : EAGAIN;
}

static void decide_delay(const struct fault_plan *plan, const struct fault_call *call,
                         struct fault_verdict *verdict)
{
    unsigned way = (unsigned)call->way;
    uint64_t number = draw(plan, WIRE_DELAY + (way << 16), call->socket, call->attempt);
    bool early = call->attempt < 8;

    if (!lot(number, early ? 12 : 1, 16))
        return;
    verdict->delay_us = 1000 + (unsigned)((number >> 8) % (early ? 7000 : 1000));
    verdict->faults |= WIRE_DELAY;
}

struct fault_verdict fault_decide(const struct fault_plan *plan, const struct fault_call *call)
{
    struct fault_verdict verdict = {.limit = SIZE_MAX};
    unsigned accept = plan->faults & (WIRE_ACCEPT_EMFILE | WIRE_ACCEPT_ABORTED);
    unsigned refused = 1 + (unsigned)(draw(plan, WIRE_ACCEPT_EMFILE, call->socket, 0) % 3);
    bool both = accept == (WIRE_ACCEPT_EMFILE | WIRE_ACCEPT_ABORTED); /* in turn, and each once */

    if ((plan->faults & WIRE_DELAY) != 0 && call->way != FAULT_WAIT)
        decide_delay(plan, call, &verdict);
    if (accept != 0 && call->way == FAULT_ACCEPT && call->number < refused + both) {
        bool aborted = both ? call->number % 2 == 0 : accept == WIRE_ACCEPT_ABORTED;
        verdict.error = aborted ? ECONNABORTED : EMFILE;
        verdict.faults |= aborted ? WIRE_ACCEPT_ABORTED : WIRE_ACCEPT_EMFILE;
        return verdict;
    }
    decide_error(plan, call, &verdict);
    if (verdict.error == 0 && call->stream && call->way <= FAULT_OUT && call->asked > 0)
        decide_cut(plan, call, &verdict);
    return verdict;
}

/* How many bytes a doomed connection lives: the first one is doomed, and short. */
static uint64_t doom(const struct fault_plan *plan, unsigned fault, uint32_t socket)
{
    static const uint64_t SPANS[] = {32, 32, 1024, 65536};
    uint64_t number = draw(plan, fault, socket, 0);

    if ((plan->faults & fault) == 0 || (socket > 0 && lot(number, 1, 2)))
        return UINT64_MAX;
    uint64_t first = fault == WIRE_HALF_CLOSE ? 8 : 16; /* both ways together for a reset */
    return 1 + (number >> 16) % (socket == 0 ? first : SPANS[(number >> 8) % 4]);
}

uint64_t fault_half_close_at(const struct fault_plan *plan, uint32_t socket)
{
    return doom(plan, WIRE_HALF_CLOSE, socket);
}

uint64_t fault_reset_at(const struct fault_plan *plan, uint32_t socket)
{
    return doom(plan, WIRE_RESET, socket);
}

unsigned fault_starts_refused(const struct fault_plan *plan)
{
    if ((plan->faults & WIRE_START_EAGAIN) == 0)
        return 0;
    return 1 + (unsigned)(draw(plan, WIRE_START_EAGAIN, 0, 0) % 3);
}

unsigned fault_datagram(const struct fault_plan *plan, uint32_t socket, uint32_t number)
{
    uint64_t dice = draw(plan, WIRE_UDP_DROP, socket, number);
    unsigned possible[3], count = 0;

    /* A client that takes a fresh socket for each try gets through as well. */
    if ((plan->faults & WIRE_UDP_DROP) != 0 && (socket + number) % 2 == 0)
        possible[count++] = WIRE_UDP_DROP;
    if ((plan->faults & WIRE_UDP_DUPLICATE) != 0)
        possible[count++] = WIRE_UDP_DUPLICATE;
    if ((plan->faults & WIRE_UDP_REORDER) != 0 && number % 2 == 0)
        possible[count++] = WIRE_UDP_REORDER;
    if (count == 0 || !lot(dice, number == 0 ? strikes(socket, 0) : 4, 8))
        return 0;
    return possible[(dice >> 8) % count];
}
