/*
 * The terminal under the tour: single keys, and signals read like keys, so that the terminal's
 * mode is put back on every way out.
 */
#ifndef WORKBOOK_TERMINAL_H
#define WORKBOOK_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#include "core/error.h"

enum {
    KEY_NONE = 0,
    KEY_ENTER = '\r',
    KEY_END = 256, /* no more input, or a signal that ends the runner: see terminal.signal */
    KEY_REDRAW,    /* another size, or back from the background */
    KEY_LEFT,
    KEY_RIGHT
};

struct terminal {
    struct termios before; /* as it was found */
    int signals;           /* a signalfd: SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH … */
    sigset_t mask;         /* the signals blocked before */
    bool resized;
    int signal; /* the one that ends the runner; 0 if none came */
};

/* True if both ends are a terminal that a person sits at. */
bool terminal_there(void);

/* Takes the terminal: no echo, key by key. Returns 0, or -1 and fills error. */
int terminal_open(struct terminal *terminal, struct error *error);

/* Puts everything back as it was found. */
void terminal_close(struct terminal *terminal);

/* Waits for a key. */
int terminal_key(struct terminal *terminal);

/* To be called when terminal->signals is readable. True if the runner is to end. */
bool terminal_signal(struct terminal *terminal);

/*
 * Runs a program on the terminal, an editor or a pager, and waits for it. Returns its exit status,
 * or -1 if it was not started or a signal ended it.
 */
int terminal_run(struct terminal *terminal, const char *const *command);

/* The height of the screen in lines, 24 if it cannot be found out. */
int terminal_rows(void);

#endif
