/* hostile: output; complains without end. */
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
    static char bytes[65536];

    memset(bytes, '\033', sizeof bytes);
    for (;;)
        (void)write(2, bytes, sizeof bytes);
}
