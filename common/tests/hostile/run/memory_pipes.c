/* hostile: fail; fills the buffers of 2,000 sockets and pipes; more than 600 MiB are a
 * breach. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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
    static char bytes[1 << 16];
    size_t taken = 0;

    for (int i = 0; i < 2000; i++) {
        int ends[2];
        ssize_t n;
        int made = i % 2 == 0 ? pipe2(ends, O_NONBLOCK)
                              : socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
        if (made == 0 && i % 2 == 0)
            (void)fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        while (made == 0 && (n = write(ends[1], bytes, sizeof bytes)) > 0)
            taken += (size_t)n;
    }
    if (taken > (size_t)600 << 20)
        abort();
    return 40;
}
