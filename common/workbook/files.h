/* Files as the runner needs them: what a learner wrote is never lost, whatever fails on the way. */
#ifndef WORKBOOK_FILES_H
#define WORKBOOK_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"

/* Makes the folders in front of path's last slash. Returns 0, or -1 and fills error. */
int folder_make_for(const char *path, struct error *error);

/*
 * Writes path whole or not at all: to a file beside it, then by rename. Without replace, a file
 * that is there already is left alone and the call fails with errno EEXIST. Returns 0, or -1 and
 * fills error.
 */
int file_write(const char *path, const void *bytes, size_t length, bool replace,
               struct error *error);

/*
 * Gives path the first free name of path.1, path.2 …, and stores it in name. A symbolic link is
 * renamed itself. Returns 0, or -1 and fills error.
 */
int file_set_aside(const char *path, char *name, size_t size, struct error *error);

/*
 * Makes a folder for what processes leave behind them, below TMPDIR or /tmp, and removes it with
 * all that is in it. path has SCRATCH_SIZE bytes and is "" when there is none.
 */
enum { SCRATCH_SIZE = 64 };
int scratch_make(char *path, struct error *error);
void scratch_remove(char *path);

/* Removes all that were made and are still there: the runner is about to be ended by a signal. */
void scratch_remove_all(void);

/* 64-bit FNV-1a in hexadecimal: tells one version of a file from the next. text has 20 bytes. */
void digest_of(const void *bytes, size_t length, char *text);

/* The length of the UTF-8 character at text, and its number; 0 if the bytes there are none. */
size_t text_character(const char *text, size_t length, uint32_t *code);

/*
 * Appends text from elsewhere so that a terminal takes it as text: control characters and bytes
 * that are not UTF-8 become \x1b and the like, so do the marks that turn the writing direction.
 * Line ends and tabs stay. Returns 0, or -1 when memory is short.
 */
int text_harmless(struct buffer *out, const char *text, size_t length);

#endif
