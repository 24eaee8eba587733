/* hostile: fail "The program ended while"; kills its own group, in which somebody else may be. */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

int main(void)
{
    (void)kill(0, SIGKILL);
    return 40;
}
