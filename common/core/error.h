/*
 * Errors: how a program reports them, and how a module hands them to its caller.
 *
 * Programs use report(), die() and their kin: the message goes to standard error as
 * "program: what: why". Modules never print and never exit; they fill a struct error.
 */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include "core/attributes.h"

enum { EXIT_USAGE = 2 }; /* beside EXIT_SUCCESS and EXIT_FAILURE: the command line was wrong */

/* Prints "program: message". The program goes on. */
void report(const char *format, ...) PRINTF_LIKE(1, 2);

/* Prints "program: message: ECONNREFUSED (Connection refused)" for the current errno, and keeps
 * errno. */
void report_errno(const char *format, ...) PRINTF_LIKE(1, 2);

/* As report(), then exits with status 1. */
_Noreturn void die(const char *format, ...) PRINTF_LIKE(1, 2);

/* As report_errno(), then exits with status 1. */
_Noreturn void die_errno(const char *format, ...) PRINTF_LIKE(1, 2);

/* Prints "usage: program ARGUMENTS" and exits with status 2. */
_Noreturn void die_usage(const char *arguments);

/*
 * Flushes standard output and exits: status, or 1 with a message if what was printed could not be
 * written (a full disk, a closed pipe). Call it where main would return.
 */
_Noreturn void finish(int status);

/* The symbolic name of an errno value, "ECONNREFUSED"; "E?" if it has none. Static, never freed. */
const char *errno_name(int error);

/* What went wrong in a module, in words. The caller owns it; start with an empty one. */
struct error {
    char text[512];
};

/* Replaces the text; a NULL error is allowed and nothing is kept. Always returns -1. */
int error_set(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* As error_set(), with ": " and the description of the current errno behind it. Keeps errno. */
int error_set_errno(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
