/*
 * Quotes: a lesson shows a region of its program, "```c 03_tcp_client.c send-all", and the text
 * must be the lines between those with the tags [send-all] and [/send-all] in that file.
 */
#ifndef WORKBOOK_QUOTE_H
#define WORKBOOK_QUOTE_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/error.h"

struct quote {
    char file[128]; /* beside the lesson, or from the repository's root if it holds a '/' */
    char region[64];
};

/* Reads a code block's info text. False if the block quotes nothing. */
bool quote_parse(const char *info, struct quote *quote);

/* Appends the region's text, its common indent taken off. Returns 0, or -1 and fills error. */
int quote_read(const char *lesson_path, const struct quote *quote, struct buffer *out,
               struct error *error);

/* Replaces a file by text: written beside it and renamed, so the old one is whole until then. */
int file_replace(const char *path, const struct buffer *text, struct error *error);

#endif
