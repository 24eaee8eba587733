/* A byte buffer that grows. It may hold NUL bytes; one more NUL always stands behind the last byte.
 */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include <stddef.h>

#include "core/error.h"

struct buffer {
    char *data; /* NULL until something was added; owned, freed by buffer_free() */
    size_t length;
    size_t capacity;
};

/* Appends length bytes. Returns 0, or -1 with the buffer unchanged when memory is short. */
int buffer_add(struct buffer *buffer, const void *bytes, size_t length);

/* Appends formatted text, without its final NUL. Returns 0 or -1 as buffer_add(). */
int buffer_print(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes room for at least extra more bytes behind length. Returns 0, or -1 when memory is short. */
int buffer_reserve(struct buffer *buffer, size_t extra);

/* The text so far; "" for an empty buffer. Valid until the next change. */
const char *buffer_text(const struct buffer *buffer);

/*
 * Adds a whole file. Returns 0, or -1 with errno set and nothing added. limit, in bytes, guards
 * against files that never end: beyond it the call fails with EFBIG.
 */
int buffer_add_file(struct buffer *buffer, const char *path, size_t limit);

/* Frees the bytes and empties the buffer, which may then be used again. */
void buffer_free(struct buffer *buffer);

#endif
