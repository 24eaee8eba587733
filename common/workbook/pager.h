/* The pager: a program's source on the terminal, with line numbers and a little colour. */
#ifndef WORKBOOK_PAGER_H
#define WORKBOOK_PAGER_H

#include "core/error.h"
#include "workbook/screen.h"
#include "workbook/terminal.h"

/*
 * Shows a C file page by page, in $PAGER if that is set. Returns 0, or -1 and fills error when the
 * file cannot be read.
 */
int pager_show(const struct screen *screen, struct terminal *terminal, const char *path,
               struct error *error);

/*
 * Appends C source with line numbers, its comments, strings and keywords marked (screen.h), lines
 * folded to columns. Returns 0, or -1 when memory is short.
 */
int source_format(const char *source, int columns, struct buffer *out);

/* Begins a clean page; what was there can still be scrolled back to. */
void page_begin(const struct screen *screen);

#endif
