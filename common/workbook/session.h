/*
 * Sessions: the console blocks of a lesson run without anybody at the keyboard, and compared or
 * recorded; and its Python column.
 */
#ifndef WORKBOOK_SESSION_H
#define WORKBOOK_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "workbook/console.h"
#include "workbook/lesson.h"
#include "workbook/screen.h"

/*
 * Runs every console block of the lessons and says of each whether it printed what it shows; with
 * record, writes into the files what it printed, keeping patterns that still fit, and refreshes
 * quoted regions. Without files, all lessons in the current directory. Returns the exit status: 0,
 * 1 if something differed, 2 if something could not be run.
 */
int lesson_check(const struct screen *screen, size_t count, char *const *paths, bool record);

/* Runs the Python column of the lessons, each against the server its comment names. As above. */
int lesson_python(const struct screen *screen, size_t count, char *const *paths);

/*
 * The lines a command counts as having printed: its output made visible, and "[exit N]". Returns
 * 0, or -1 when memory is short.
 */
int session_actual(const struct console_result *result, struct lines *lines);

/* Why a command did not come to its end, a sentence; NULL if it did. */
const char *session_trouble(enum console_end end);

/*
 * The first program of the workbook (build/…) that a command of the lesson names and that is not
 * built; NULL if all are there. The caller frees it.
 */
char *session_unbuilt(const struct lesson *lesson);

/*
 * Appends what may be wrong with the lesson's programs: that one is not built, else that its source
 * is not as it was; and what helps. Nothing if there is no such program. Returns 0, or -1 when
 * memory is short.
 */
int session_programs(const struct lesson *lesson, bool tour, struct buffer *out);

/* The source of a program: "build/01_socket/04_x" is made from "01_socket/04_x.c". */
void session_source(const char *program, char *source, size_t size);

#endif
