/* hostile: timeout; stops itself, and its group. */
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
    (void)kill(0, SIGSTOP);
    for (;;)
        (void)kill(getpid(), SIGSTOP);
}
