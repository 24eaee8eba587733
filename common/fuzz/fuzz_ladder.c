/* Feeds the ladder with logs that the program under test has scribbled over. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/ladder.h"

enum { EVENTS_MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct {
        struct wire_log_header header;
        struct wire_event events[EVENTS_MOST];
    } memory;
    struct wire_log log = {&memory.header, memory.events, sizeof memory};
    struct ladder_options options = {.columns = 80, .lines = 20, .times = true};
    struct buffer out = {0};
    size_t count = (size + sizeof(struct wire_event) - 1) / sizeof(struct wire_event);

    if (count > EVENTS_MOST)
        return 0;
    memset(&memory, 0, sizeof memory);
    memcpy(memory.events, data, size);
    memory.header.magic = WIRE_LOG_MAGIC;
    memory.header.capacity = EVENTS_MOST;
    memory.header.count = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        memory.events[i].ready = 1;
    if (ladder_draw(&log, &options, &out) == -1)
        abort();
    buffer_free(&out);
    return 0;
}
