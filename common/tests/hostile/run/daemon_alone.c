/* hostile: fail "left a process behind"; leaves a daemon that closed all it had, changed its name, and never
 * ends. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

int prctl(int what, ...);
int close_range(unsigned first, unsigned last, int flags);

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            (void)setsid();
            (void)prctl(15, "kworker/0:0"); /* its name */
            (void)prctl(1, 0);              /* no signal at its parent's death */
            (void)prctl(36, 1);             /* orphans come to it */
            (void)close_range(0, ~0U, 0);
            (void)chdir("/");
            if (fork() == 0)
                for (;;)
                    (void)pause();
            _exit(0);
        }
    return 40;
}
