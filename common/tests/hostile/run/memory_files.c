/* hostile: memory; keeps files in memory, which no process has: 4 GiB. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

int memfd_create(const char *name, unsigned flags);

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    static char bytes[1 << 20];

    memset(bytes, 1, sizeof bytes);
    for (int i = 0; i < 128; i++) {
        int fd = memfd_create("more", 0);
        for (int k = 0; k < 32; k++)
            (void)write(fd, bytes, sizeof bytes);
    }
    for (;;)
        (void)pause();
}
