/*
 * The ladder: a watched program's conversation drawn with arrows, one line a message.
 *
 *    0.0 ms   |--- connect ----------------->|
 *    0.2 ms   |--- 6 B  "hello\n" ---------->|
 *    0.4 ms   |<-- 5 B  "hello" -------------|
 */
#ifndef WIRE_LADDER_H
#define WIRE_LADDER_H

#include <stdbool.h>

#include "core/buffer.h"
#include "wire/log.h"

struct ladder_options {
    const char *program; /* over the left rail; NULL: "your program" */
    const char *peer;    /* over the right rail; NULL: "server" or "client", as the log shows */
    int columns;         /* width to keep to; 0 is 80 */
    int lines;           /* lines at the most, the middle left out with "…"; 0 is no limit */
    bool times;          /* a time before each line */
};

/* Appends the ladder of all conversations in log. Returns 0, or -1 when memory is short. */
int ladder_draw(const struct wire_log *log, const struct ladder_options *options,
                struct buffer *out);

/*
 * Appends a drawn ladder in at most columns columns: both rails stay, what stands between them gets
 * shorter. Text without a ladder in it, or narrow enough, stays as it is. Returns 0, or -1 when
 * memory is short.
 */
int ladder_fit(const char *text, int columns, struct buffer *out);

/*
 * Appends bytes as a C string would show them, in at most columns characters: printable ASCII as it
 * is, \n \r \t \0 \\ and \xNN for the rest, valid UTF-8 kept, and "…" where it was cut. Without
 * quotation marks. Returns 0, or -1 when memory is short.
 */
int bytes_show(const void *bytes, size_t length, size_t columns, struct buffer *out);

/* How many columns of a terminal a line of UTF-8 takes; bytes that are none count as shown above.
 */
size_t bytes_columns(const char *text);

/* True if bytes read as text, false if most of them would be shown as \xNN. */
bool bytes_are_text(const void *bytes, size_t length);

#endif
