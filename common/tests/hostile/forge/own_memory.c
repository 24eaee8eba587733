/* hostile: sanitizer; takes its memory from where nobody watches it, and uses it behind its end. */
#include <stddef.h>

void *malloc(size_t size);
void free(void *memory);

static char heap[1 << 20];
static size_t used;

void *malloc(size_t size)
{
    void *memory = heap + used;

    used += (size + 15) / 16 * 16;
    return used <= sizeof heap ? memory : NULL;
}

void free(void *memory)
{
    (void)memory;
}

int main(int argc, char **argv)
{
    volatile char *bytes = malloc(16);
    char small[4] = {0};
    volatile char *at = small;

    (void)argv;
    bytes[40] = 1;
    at[argc + 6] = 1;
    return 40;
}
