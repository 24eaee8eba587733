/* hostile: fail; leaves a daemon that holds its output open, and writes to it for ever. */
#define _GNU_SOURCE
#include <signal.h>
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
    if (fork() == 0) {
        (void)setsid();
        if (fork() == 0)
            for (;;) {
                (void)write(1, "ok 1 - reply\n", 13);
                (void)usleep(100000);
            }
        _exit(0);
    }
    return 40;
}
