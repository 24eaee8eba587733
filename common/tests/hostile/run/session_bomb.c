/* hostile: processes; the same with a session of its own for each, which the kernel shares the
 * processor by. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#ifdef __x86_64__
enum { CLONE = 56 };
#else
enum { CLONE = 220 };
#endif

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    for (;;)
        if (syscall(CLONE, 17L, 0L, 0L, 0L, 0L) == 0)
            (void)setsid();
}
