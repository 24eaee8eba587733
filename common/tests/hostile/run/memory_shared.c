/* hostile: memory; the same with memory that it shares with its children. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

void *mmap(void *at, size_t length, int may, int flags, int fd, off_t offset);

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    (void)fork();
    for (;;) {
        volatile char *more = mmap(NULL, 1 << 22, 3, 0x21, -1, 0); /* shared, without a file */
        for (size_t i = 0; i < 1 << 22; i += 4096)
            if (more != (void *)-1)
                more[i] = 1;
    }
}
