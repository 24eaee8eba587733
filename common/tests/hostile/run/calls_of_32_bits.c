/* hostile: crash "signal 31"; makes the system calls of a 32-bit and of an x32 program, which a
 * filter may forget. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

void *mmap(void *at, size_t length, int may, int flags, int fd, off_t offset);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

/* mov eax, edi; mov ebx, esi; int 0x80: as machine code, for assembler is refused. */
static int old_call(int number, int argument)
{
    static const unsigned char code[] = {0x53, 0x89, 0xf8, 0x89, 0xf3, 0xcd, 0x80, 0x5b, 0xc3};
    int (*call)(int, int);
    void *page = mmap(NULL, 4096, 7, 0x22, -1, 0);

    if (page == (void *)-1)
        return -1;
    memcpy(page, code, sizeof code);
    memcpy(&call, &page, sizeof call);
    return call(number, argument);
}

int main(void)
{
    int child = old_call(2, 0); /* fork() */

    if (child == 0)
        _exit(0);
    attempt(1, child > 0);
    attempt(2, old_call(20, 0) > 0);           /* getpid() */
    attempt(3, old_call(359, 40) >= 0);        /* socket() */
    attempt(4, syscall(0x40000000L + 39) > 0); /* getpid() of x32 */
    attempt(5, syscall(0x40000000L + 41, 40, 1, 0) >= 0);
    return status;
}
