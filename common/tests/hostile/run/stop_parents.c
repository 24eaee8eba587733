/* hostile: fail "status 40"; stops those above it, in place of killing them. */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

int main(void)
{
    (void)kill(1, SIGSTOP);
    (void)kill(getppid(), SIGSTOP);
    (void)kill(-getppid(), SIGSTOP);
    for (int number = 32; number < NSIG; number++)
        (void)kill(1, number);
    return 40;
}
