/* hostile: fail "status 40"; uses, sends and closes descriptors that somebody forgot to close. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    for (int fd = 3; fd < 4096; fd++) {
        static char bytes[64];
        int known = fcntl(fd, F_GETFD) != -1;
        attempt(1, known && write(fd, "ok 1 - reply\n", 13) == 13);
        attempt(2, known && lseek(fd, 0, SEEK_SET) != -1);
        attempt(3, known && fchdir(fd) == 0);
        attempt(4, known && recv(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK) > 0);
        (void)close(fd);
    }
    return status;
}
