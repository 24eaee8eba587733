/* A learner's answer: opened from its starter, read, and looked at before it is compiled. */
#ifndef WORKBOOK_ANSWER_H
#define WORKBOOK_ANSWER_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/error.h"
#include "workbook/catalogue.h"
#include "workbook/libraries.h"

/* True if there is something in the answer's place, whatever it is. */
bool answer_exists(const struct exercise_entry *exercise);

/*
 * Copies the starter to the answer's place if nothing is there; *created says so. Returns 0, or -1
 * and fills error.
 */
int answer_open(const struct exercise_entry *exercise, bool *created, struct error *error);

/* Reads a C source file of sensible size. Returns 0, or -1 and fills error with why it is none. */
int answer_read(const char *path, struct buffer *source, struct error *error);

/* What an answer may include. */
struct answer_headers {
    const char *allowed; /* names between blanks; "" allows all */
    const char *given;   /* the exercise's folder: the headers in it are given to the answer */
    const struct libraries *libraries; /* those of the workbook are given, too; NULL: none */
};

/*
 * Compares the #include lines of source with the headers that are allowed. Returns 0, or -1 and
 * fills error with a sentence that names line and header.
 */
int answer_check_headers(const char *path, const struct buffer *source,
                         const struct answer_headers *headers, struct error *error);

/*
 * Looks at the headers that a compiler called with -H says it took for path, which no trick with
 * lines and comments hides, and takes what it says of headers out of said. Returns as above.
 */
int answer_check_included(const char *path, struct buffer *said,
                          const struct answer_headers *headers, struct error *error);

/*
 * Looks for what is more than C and gets behind the checks: assembler, orders to the compiler and
 * to the sanitizers, lines that pretend to stand in other files. Returns as above.
 */
int answer_check_plain(const char *path, const struct buffer *source, struct error *error);

/* The first line that is not UTF-8 text, or 0. */
int answer_line_not_utf8(const struct buffer *source);

/*
 * Appends what the compiler said about path, for people: errors before warnings, each with its own
 * lines, folder names taken off, at most lines lines, nothing that a terminal would obey.
 */
int compiler_messages(const char *path, const char *said, size_t length, int lines,
                      struct buffer *out);

#endif
