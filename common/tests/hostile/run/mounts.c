/* hostile: fail "status 40"; mounts, unmounts, changes its root, and writes where nothing may be
 * written. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __x86_64__
enum { PIVOT = 155 };
#else
enum { PIVOT = 41 };
#endif

int mount(const char *what, const char *where, const char *kind, unsigned long flags, const void *);
int umount2(const char *where, int flags);
int mknod(const char *path, unsigned mode, unsigned long device);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

/* To be the last that is ended where memory is short. */
static int lower_score(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);

    return write(fd, "-1000", 5) == 5;
}

int main(void)
{
    static const char *const places[] = {
        "/",      "/usr",         "/usr/bin",         "/etc",  "/lib", "/proc/sys/kernel", "/sys",
        "@ROOT@", "@ROOT@/build", "@ROOT@/exercises", "/root", "/home"};

    attempt(1, mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
    attempt(2, mount("/", ".", NULL, 4096, NULL) == 0);
    attempt(3, mount(NULL, "/", NULL, 32 | 4096, NULL) == 0); /* again, writable */
    attempt(4, umount2("/tmp", 2) == 0 || umount2("/proc", 2) == 0);
    attempt(5, chroot(".") == 0);
    attempt(6, syscall(PIVOT, ".", ".") == 0);
    attempt(7, syscall(428, -100, "/", 0x1U) >= 0); /* open_tree() of a copy */
    attempt(8, syscall(430, "tmpfs", 0) >= 0);      /* fsopen() */
    attempt(9, syscall(442, -100, "/", 0, &(unsigned long[4]){0}, 32) >= 0); /* mount_setattr() */
    attempt(10, mknod("hostile-device", 0020666, 0x101) == 0);
    for (int i = 0; i < 12; i++) {
        char path[4200];
        (void)snprintf(path, sizeof path, "%s/hostile-was-here", places[i]);
        attempt(11 + i, open(path, O_WRONLY | O_CREAT, 0666) != -1);
    }
    attempt(30, open("@ROOT@/build/libwire.so", O_WRONLY) != -1);
    attempt(31, open("/proc/self/exe", O_WRONLY) != -1 || unlink("/proc/self/exe") == 0);
    attempt(32, open("/dev/kmsg", O_WRONLY) != -1 || open("/dev/mem", O_RDONLY) != -1);
    attempt(33, open("/proc/sysrq-trigger", O_WRONLY) != -1);
    attempt(34, open("/proc/self/oom_score_adj", O_WRONLY) != -1 && lower_score());
    return status;
}
