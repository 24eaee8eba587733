/* hostile: fail "status 40"; makes its ends of the pipes block, non-blocking, tiny, and of another
 * owner. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int fchmod(int fd, unsigned mode);

int main(void)
{
    for (int fd = 0; fd < 3; fd++) {
        (void)fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND | O_ASYNC);
        (void)fcntl(fd, F_SETOWN, getppid());
        (void)fcntl(fd, F_SETSIG, SIGKILL);
        (void)fcntl(fd, F_SETPIPE_SZ, 4096);
        (void)fchmod(fd, 0);
    }
    (void)write(1, "x", 1);
    return 40;
}
