/* hostile: fail "status 40"; kills every process that it can reach. */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

int main(void)
{
    (void)kill(-1, SIGKILL);
    (void)kill(-1, SIGSTOP);
    (void)kill(getppid(), SIGKILL);
    (void)kill(1, SIGKILL);
    for (pid_t pid = 1; pid < 40000; pid++)
        if (pid != getpid())
            (void)kill(pid, SIGKILL);
    return 40;
}
