/* The terminal, lent to another program: an editor, or a peer played by hand. */
#ifndef WORKBOOK_HAND_H
#define WORKBOOK_HAND_H

#include "core/error.h"

/*
 * Runs arguments[0] in the foreground, in a process group of its own, and waits for its end; with
 * Ctrl-Z the runner stops along with it. Terminal modes are as before afterwards, and nothing it
 * started is left. A signal to end the runner ends the program; *ending is then that signal, which
 * the caller raises again when all is in order, else 0. Returns its exit status, 128 + signal, or
 * -1 with error filled if it could not be started.
 */
int hand_over(const char *const *arguments, int *ending, struct error *error);

#endif
