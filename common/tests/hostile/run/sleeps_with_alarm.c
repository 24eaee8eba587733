/* hostile: timeout "pause()"; wakes itself by a timer all the time, and does nothing. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

static void on_alarm(int number)
{
    (void)number;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    struct sigaction empty = {.sa_handler = on_alarm};

    (void)sigaction(SIGALRM, &empty, NULL);
    for (;;) {
        (void)ualarm(1000, 1000);
        (void)pause();
    }
}
