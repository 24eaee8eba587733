/* hostile: memory; asks for memory without end, and uses it. */
#include <stdlib.h>
#include <string.h>

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    for (;;) {
        char *more = malloc(1 << 20);
        for (size_t i = 0; more != NULL && i < 1 << 20; i += 4096)
            ((volatile char *)more)[i] = 1;
    }
}
