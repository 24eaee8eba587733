/* Options of sockets, for a reader of the log that cannot look at the sockets itself. */
#include "wire/preload/preload.h"

#include <stdlib.h>
#include <string.h>

void wire_options_read(const char *list)
{
    int count = 0;

    while (list != NULL && *list != '\0' && count < WIRE_OPTIONS_MOST - 1) {
        char *end;
        unsigned long level = strtoul(list, &end, 10);
        unsigned long number = *end == '.' ? strtoul(end + 1, &end, 10) : 0;
        if (number == 0 || level > UINT16_MAX || number > UINT16_MAX)
            return; /* whoever set it has written something else: a library cannot complain */
        wire.options[count++] = (struct wire_option){(uint16_t)level, (uint16_t)number};
        list = *end == ',' ? end + 1 : end;
    }
}

void wire_options_tell(const struct passage *passage, int fd)
{
    int saved = errno;

    if (wire.options[0].number == 0 || passage->socket == NULL || !wire_owns_memory() ||
        passage->event.type != SOCK_STREAM ||
        (passage->event.family != AF_INET && passage->event.family != AF_INET6) ||
        atomic_exchange(&passage->socket->told, 1) != 0)
        return;
    for (const struct wire_option *o = wire.options; o->number != 0; o++) {
        struct wire_event event = passage->event;
        int value[2] = {0, 0}; /* room for a struct linger, which is two int */
        socklen_t size = sizeof value;
        event.call = WIRE_OPTION;
        event.phase = WIRE_EXIT;
        event.flags = (uint32_t)o->level << 16 | o->number;
        event.result = real.getsockopt(fd, o->level, o->number, value, &size);
        event.error = event.result == -1 ? errno : 0;
        event.asked = value[0];
        memcpy(event.head, value, sizeof value);
        (void)wire_log_add(wire.header, wire.capacity, &event); /* a full log loses the rest */
    }
    errno = saved;
}
