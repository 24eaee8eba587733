/*
 * stdio on sockets. The C library reads and writes from inside, where nothing can stand between; a
 * stream made by fopencookie() comes back to us instead.
 */
#include "wire/preload/preload.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cookie {
    int fd;
    bool append;
};

static ssize_t on_read(void *data, char *buffer, size_t size)
{
    const struct cookie *cookie = data;

    return wire_read_stdio("read", WIRE_CALLER(), cookie->fd, buffer, size);
}

/* A cookie's write returns 0 for an error, never less. */
static ssize_t on_write(void *data, const char *buffer, size_t size)
{
    const struct cookie *cookie = data;
    ssize_t put = wire_write_stdio("write", WIRE_CALLER(), cookie->fd, buffer, size);

    return put < 0 ? 0 : put;
}

static int on_seek(void *data, off64_t *offset, int whence)
{
    (void)data;
    (void)offset;
    (void)whence;
    errno = ESPIPE; /* as for every socket */
    return -1;
}

static int on_close(void *data)
{
    struct cookie *cookie = data;
    int fd = cookie->fd;

    free(cookie);
    return wire_close("fclose", WIRE_CALLER(), fd);
}

WIRE_EXPORT FILE *fdopen(int fd, const char *mode)
{
    static const cookie_io_functions_t FUNCTIONS = {on_read, on_write, on_seek, on_close};
    uint64_t inode;
    int saved = errno;
    bool watched = wire_on() && mode != NULL && strchr("rwa", mode[0]) != NULL && mode[0] != '\0' &&
                   wire_is_socket(fd, &inode);

    errno = saved;
    if (!watched)
        return real.fdopen(fd, mode);
    struct cookie *cookie = malloc(sizeof *cookie);
    if (cookie == NULL)
        return NULL;
    *cookie = (struct cookie){.fd = fd};
    FILE *stream = real.fopencookie(cookie, mode, FUNCTIONS);
    if (stream == NULL) {
        free(cookie);
        return NULL;
    }
    stream->_fileno = fd; /* for fileno(): glibc's layout of a stream is fixed for good */
    return stream;
}

static int print_socket(WIRE_WHO, int fd, const char *format, va_list arguments)
{
    char small[1024];
    char *text = small;
    va_list again;

    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    if (length >= (int)sizeof small) {
        text = malloc((size_t)length + 1);
        if (text != NULL)
            length = vsnprintf(text, (size_t)length + 1, format, again);
        else
            length = -1;
    }
    va_end(again);
    if (length > 0 && wire_write_stdio(name, caller, fd, text, (size_t)length) != length)
        length = -1;
    if (text != small)
        free(text);
    return length;
}

static int print_descriptor(const void *caller, int fd, const char *format, va_list arguments)
{
    uint64_t inode;
    int saved = errno;
    bool watched = wire_on() && wire_is_socket(fd, &inode);

    errno = saved;
    return watched ? print_socket("dprintf", caller, fd, format, arguments)
                   : real.vdprintf(fd, format, arguments);
}

WIRE_EXPORT int dprintf(int fd, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = print_descriptor(WIRE_CALLER(), fd, format, arguments);
    va_end(arguments);
    return length;
}

WIRE_EXPORT int vdprintf(int fd, const char *format, va_list arguments)
{
    return print_descriptor(WIRE_CALLER(), fd, format, arguments);
}

int __dprintf_chk(int fd, int flag, const char *format, ...);
WIRE_EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
    va_list arguments;

    (void)flag; /* asks for checks of %n, which go through vsnprintf() unchecked */
    va_start(arguments, format);
    int length = print_descriptor(WIRE_CALLER(), fd, format, arguments);
    va_end(arguments);
    return length;
}

int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments);
WIRE_EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments)
{
    (void)flag;
    return print_descriptor(WIRE_CALLER(), fd, format, arguments);
}
