/* hostile: fail "status 40"; names its functions as the C library's, for those that watch it to
 * call. */
#include <stddef.h>
#include <sys/types.h>

ssize_t write(int fd, const void *bytes, size_t length);
int close(int fd);
void *dlsym(void *library, const char *name);
int atexit(void (*call)(void));

ssize_t write(int fd, const void *bytes, size_t length)
{
    (void)fd;
    (void)bytes;
    return (ssize_t)length;
}

int close(int fd)
{
    (void)fd;
    return 0;
}

int atexit(void (*call)(void))
{
    (void)call;
    return 0;
}

int main(void)
{
    return 40;
}
