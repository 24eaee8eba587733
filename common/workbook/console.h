/*
 * The console: the bash that runs a lesson's blocks, command by command, and everything it starts.
 *
 * Each command has an output pipe of its own, so that what a server prints later is not mixed with
 * what the next command prints. A command that ends in '&' is a server; its first line, or its
 * first listening socket, is awaited. When the console is closed everything it started is gone,
 * also when the runner was killed.
 */
#ifndef WORKBOOK_CONSOLE_H
#define WORKBOOK_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"

enum {
    CONSOLE_LIMIT_MS = 10000,   /* for one command */
    CONSOLE_OUTPUT_MOST = 65536 /* bytes kept of what one command prints; a flood is stopped */
};

struct console;

enum console_end {
    CONSOLE_DONE,
    CONSOLE_TIMEOUT,   /* still running after CONSOLE_LIMIT_MS; it was killed */
    CONSOLE_FLOOD,     /* printed more than CONSOLE_OUTPUT_MOST; it was killed */
    CONSOLE_CANCELLED, /* on_ready() said so; close the console */
    CONSOLE_DEAD       /* bash itself ended: nothing more can be run */
};

struct console_result {
    enum console_end end;
    int status;           /* exit status, when DONE or DEAD */
    struct buffer output; /* what was printed, as it came; freed by the caller */
    char log[256];        /* the wire's log of this command, "" if the wire does not watch */
};

/* What happens while a command runs; any member may be left out. fd 0 is taken as none. */
struct console_watch {
    void (*on_output)(void *data, const char *bytes, size_t length);
    int fd;                       /* while waiting, this one is watched as well, … */
    bool (*on_ready)(void *data); /* … and this called when it is readable; true cancels */
    void *data;
    int limit_ms; /* instead of CONSOLE_LIMIT_MS */
};

/*
 * Starts bash in the current directory, in a network namespace of its own where the system allows
 * one. wire is the path of libwire.so, to watch every program, or NULL. Returns NULL and fills
 * error if it cannot be started.
 */
struct console *console_open(const char *wire, struct error *error);

/*
 * Runs one command, which may have several lines, and fills result. Returns 0 however the command
 * ended; -1 and fills error only when the console itself failed.
 */
int console_run(struct console *console, const char *command, const struct console_watch *watch,
                struct console_result *result, struct error *error);

/* Ends everything that was started and frees the console; NULL is allowed. */
void console_close(struct console *console);

/* True if the console has a network namespace of its own. */
bool console_isolated(const struct console *console);

/*
 * Appends output as it can be shown: control characters but line ends and tabs, and bytes that are
 * not UTF-8, as \0, \r, \x1b.
 */
int console_show(const void *bytes, size_t length, struct buffer *out);

#endif
