/* Loaded into the harness: a system that refuses pidfd_getfd(), as many containers do. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ARGUMENTS = 6 };

__attribute__((visibility("default"))) long syscall(long number, ...)
{
    long (*real)(long, ...), given[ARGUMENTS];
    void *symbol = dlsym(RTLD_NEXT, "syscall");
    va_list list;

    va_start(list, number);
    for (int i = 0; i < ARGUMENTS; i++)
        given[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_pidfd_getfd) {
        errno = EPERM;
        return -1;
    }
    memcpy(&real, &symbol, sizeof symbol); /* POSIX promises that these are the same bytes */
    return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
