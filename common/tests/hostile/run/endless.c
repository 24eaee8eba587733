/* hostile: timeout "still running"; runs for ever. */
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
    for (volatile unsigned long i = 0;; i++)
        continue;
}
