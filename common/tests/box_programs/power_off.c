/* Turns a machine off at once: the last program of those that common/tests/box_groups.t starts. */
#include <stdlib.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "core/error.h"

int main(void)
{
    if (getpid() != 1)
        die("this turns the machine off, and is for its first process alone");
    if (reboot(RB_POWER_OFF) == -1)
        die_errno("reboot");
    return EXIT_FAILURE;
}
