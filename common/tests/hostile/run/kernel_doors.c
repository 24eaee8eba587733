/* hostile: fail "status 40"; tries parts of the kernel that no answer needs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef __x86_64__
enum { ADD_KEY = 248, REQUEST_KEY, KEYCTL, PERF = 298, BPF = 321, USERFAULT = 323 };
#else
enum { ADD_KEY = 217, REQUEST_KEY, KEYCTL, PERF = 241, BPF = 280, USERFAULT = 282 };
#endif

int fanotify_init(unsigned flags, unsigned how);
int swapon(const char *path, int flags);
int reboot(int how);
int init_module(void *image, unsigned long length, const char *arguments);
int quotactl(int what, const char *device, int id, char *address);
int klogctl(int what, char *text, int length);
int iopl(int level);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    static unsigned char zeros[256];
    struct iovec ours = {zeros, 8}, theirs = {(void *)0x400000, 8};

    attempt(1, syscall(425, 8, zeros) >= 0); /* io_uring_setup() */
    attempt(2, syscall(ADD_KEY, "user", "hostile", "x", 1L, -3) >= 0);
    attempt(3, syscall(KEYCTL, 0, -3, 1) >= 0);
    attempt(4, syscall(REQUEST_KEY, "user", "hostile", NULL, -3) >= 0);
    attempt(5, syscall(BPF, 0, &(unsigned[32]){2, 4, 4, 1}, 72) >= 0);
    attempt(6, syscall(PERF, &(unsigned long[14]){0x8000000001, 0}, 0, -1, -1, 0UL) >= 0);
    attempt(7, syscall(USERFAULT, 1) >= 0 || syscall(USERFAULT, 0) >= 0);
    attempt(8, fanotify_init(0, 0) >= 0);
    attempt(9, syscall(438, syscall(434, 1, 0), 0, 0) >= 0); /* descriptors of pid 1 */
    attempt(10, process_vm_readv(1, &ours, 1, &theirs, 1, 0) > 0);
    attempt(11, swapon("/dev/zero", 0) == 0);
    attempt(12, reboot(0) == 0);
    attempt(13, init_module(zeros, sizeof zeros, "") == 0);
    attempt(14, open_by_handle_at(AT_FDCWD, (void *)zeros, O_RDONLY) >= 0);
    attempt(15, sethostname("hostile", 7) == 0);
    attempt(16, acct("hostile") == 0);
    attempt(17, quotactl(0x800007, NULL, 0, NULL) == 0);
    attempt(20, klogctl(3, (char *)zeros, sizeof zeros) > 0);
#ifdef __x86_64__
    attempt(21, iopl(3) == 0);
    attempt(22, syscall(154, 1, zeros, 16UL) == 0); /* modify_ldt() */
#endif
    return status;
}
