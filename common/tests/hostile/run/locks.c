/* hostile: fail "left a process behind"; locks every file that it can open, and keeps the locks by a child. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int flock(int fd, int how);

int main(void)
{
    const char *const paths[] = {"/proc/self/exe",    ".", "/", "/dev/null", getenv("WIRE_LOG"),
                                 getenv("LD_PRELOAD")};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int fd = paths[i] == NULL ? -1 : open(paths[i], O_RDONLY);
        if (fd != -1) {
            (void)flock(fd, 2);
            (void)fcntl(fd, F_SETLEASE, F_RDLCK);
            (void)fcntl(fd, F_NOTIFY, 0x8000003f);
        }
    }
    if (fork() == 0)
        for (;;)
            (void)pause();
    return 40;
}
