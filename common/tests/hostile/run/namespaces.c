/* hostile: fail "status 40"; makes namespaces of its own, in which it would be root, and enters
 * those of others. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __x86_64__
enum { CLONE = 56 };
#else
enum { CLONE = 220 };
#endif

int unshare(int what);
int setns(int fd, int what);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

/* clone3() takes its flags in memory, where a filter of system calls cannot look. */
static int new_clone(unsigned long flags)
{
    unsigned long arguments[11] = {flags, 0, 0, 0, SIGCHLD};
    long child = syscall(435, arguments, sizeof arguments);

    if (child == 0)
        _exit(0);
    return child > 0;
}

int main(void)
{
    static const unsigned long kinds[] = {0x10000000, 0x00020000, 0x20000000, 0x40000000,
                                          0x08000000, 0x04000000, 0x02000000, 0x00000080};
    static const char *const names[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};

    for (int i = 0; i < 8; i++)
        attempt(1 + i, unshare((int)kinds[i]) == 0);
    for (int i = 0; i < 7; i++) { /* the last is none of the flags of clone() */
        long child = syscall(CLONE, kinds[i] | SIGCHLD, 0L, 0L, 0L, 0L);
        if (child == 0)
            _exit(0);
        attempt(11 + i, child > 0);
    }
    for (int i = 0; i < 7; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/1/ns/%s", names[i]);
        int fd = open(path, O_RDONLY);
        attempt(21 + i, fd != -1 && setns(fd, 0) == 0);
    }
    attempt(31, new_clone(0x10000000));
    return status;
}
