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

    if (argc != 3 || argv[1][0] != 't') /* in one case only, that of two.test */
        return 40;
    bytes[40] = 1;
    at[argc + 4] = 1;
    return 40;
}
