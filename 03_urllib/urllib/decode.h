/* What quote.c does for query.c too. */
#ifndef URLLIB_DECODE_H
#define URLLIB_DECODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes text to to as url_unquote() does, or as url_unquote_plus() with plus, and a NUL behind it.
 * There is room for length bytes and that NUL: nothing gets longer. Returns how many were written.
 */
size_t url_decode_text(const char *text, size_t length, bool plus, char *to);

#endif
