/* hostile: memory; takes 4 GiB in 16 processes, none of which has much. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    for (int i = 0; i < 15; i++)
        if (fork() == 0)
            break;
    volatile char *more = malloc(256 << 20);
    for (size_t i = 0; i < 256 << 20; i += 4096)
        more[i] = 1;
    for (;;)
        (void)pause();
}
