#include "core/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int buffer_reserve(struct buffer *buffer, size_t extra)
{
    if (extra >= SIZE_MAX - buffer->length)
        return -1;
    size_t need = buffer->length + extra + 1;
    if (need <= buffer->capacity)
        return 0;
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    char *data = realloc(buffer->data, capacity);
    if (data == NULL)
        return -1;
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

int buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
    if (buffer_reserve(buffer, length) == -1)
        return -1;
    if (length > 0)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return 0;
}

int buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || buffer_reserve(buffer, (size_t)length) == -1)
        return -1;
    va_start(arguments, format);
    (void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
    return 0;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data != NULL ? buffer->data : "";
}

int buffer_add_file(struct buffer *buffer, const char *path, size_t limit)
{
    size_t before = buffer->length;
    ssize_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd == -1)
        return -1;
    do {
        if (buffer_reserve(buffer, 65536) == -1) {
            errno = ENOMEM;
            got = -1;
            break;
        }
        got = read(fd, buffer->data + buffer->length, 65536);
        if (got > 0)
            buffer->length += (size_t)got;
        if (buffer->length - before > limit) {
            errno = EFBIG;
            got = -1;
        }
    } while (got > 0 || (got == -1 && errno == EINTR));
    int why = errno;
    (void)close(fd); /* only read from */
    if (got == -1)
        buffer->length = before;
    if (buffer->data != NULL)
        buffer->data[buffer->length] = '\0';
    errno = why;
    return got == -1 ? -1 : 0;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
