/* hostile: fail "status 40"; types into the terminal of who grades. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

int ioctl(int fd, unsigned long what, ...);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    int fd = open("/dev/tty", O_RDWR);
    int others = open("/dev/pts/0", O_RDWR);

    for (int i = 0; i < 3; i++)
        attempt(1 + i, ioctl(i, 0x5412, "x") == 0);
    attempt(4, fd != -1);
    attempt(5, others != -1);
    attempt(6, ioctl(fd, 0x5412, "x") == 0);
    return status;
}
