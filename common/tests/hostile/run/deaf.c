/* hostile: timeout "still waiting"; takes no signal, and wakes once a second. */
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
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &ignore, NULL);
    for (;;)
        (void)sleep(1);
}
