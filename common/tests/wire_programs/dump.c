/* Prints the log of build/wire --log FILE: one line an event, fields separated by tabs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/address.h"
#include "core/error.h"
#include "wire/log.h"

static const char *const CALLS[WIRE_CALLS] = {
    [WIRE_SOCKET] = "socket",
    [WIRE_SOCKETPAIR] = "socketpair",
    [WIRE_CONNECT] = "connect",
    [WIRE_BIND] = "bind",
    [WIRE_LISTEN] = "listen",
    [WIRE_ACCEPT] = "accept",
    [WIRE_SEND] = "send",
    [WIRE_RECV] = "recv",
    [WIRE_SENDFILE] = "sendfile",
    [WIRE_SHUTDOWN] = "shutdown",
    [WIRE_CLOSE] = "close",
    [WIRE_DUP] = "dup",
    [WIRE_SETSOCKOPT] = "setsockopt",
    [WIRE_SELECT] = "select",
    [WIRE_POLL] = "poll",
    [WIRE_EPOLL] = "epoll",
    [WIRE_QUIT] = "quit",
    [WIRE_FORK] = "fork",
    [WIRE_GETSOCKOPT] = "getsockopt",
    [WIRE_OPTION] = "option",
    [WIRE_COMPARE] = "compare",
};

static void print_faults(unsigned faults)
{
    for (unsigned i = 0; wire_fault_name(1U << i) != NULL; i++)
        if ((faults >> i & 1) != 0)
            printf("%s,", wire_fault_name(1U << i));
}

static void print_event(uint32_t index, const struct wire_event *e)
{
    char local[ADDRESS_TEXT], peer[ADDRESS_TEXT];

    printf("%u\t%s\t%s\t%.*s\t%d\t%" PRId64 "\t%" PRId64 "\t%s\t%" PRIx64 "\t", index,
           e->phase == WIRE_ENTER ? "enter" : "exit",
           e->call < WIRE_CALLS && CALLS[e->call] != NULL ? CALLS[e->call] : "?", WIRE_NAME,
           e->name, e->fd, e->asked, e->result, e->error != 0 ? errno_name(e->error) : "-",
           (uint64_t)e->callers[0]);
    printf("%s\t%s\t%" PRIu64 "\t%u\t%u\t", address_format(&e->local.any, sizeof e->local, local),
           address_format(&e->peer.any, sizeof e->peer, peer), e->socket, e->unread, e->entry);
    print_faults(e->faults);
    printf("\t%s\n", e->library ? "library" : "program");
}

int main(int argc, char **argv)
{
    struct wire_log log;
    struct error error;

    if (argc != 2)
        die_usage("LOG");
    if (wire_log_open(&log, argv[1], &error) == -1)
        die("%s", error.text);
    for (uint32_t i = 0; i < wire_log_count(&log); i++) {
        const struct wire_event *event = wire_log_event(&log, i);
        if (event == NULL)
            die("event %u is not ready", i);
        print_event(i, event);
    }
    wire_log_close(&log);
    finish(EXIT_SUCCESS);
}
