/*
 * Transcripts: what a command of a lesson should print, against what it printed. A line "..."
 * stands for any lines, "[..]" for any text within a line.
 */
#ifndef WORKBOOK_TRANSCRIPT_H
#define WORKBOOK_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "workbook/screen.h"

struct lines {
    char **line; /* without their line ends */
    size_t count;
};

/*
 * Cuts text into lines, without the blanks at their ends; a last line without line end counts.
 * Returns 0, or -1 when memory is short.
 */
int lines_split(struct lines *lines, const char *text);
void lines_free(struct lines *lines);

/* Where two transcripts part: the first expected and the first actual line that do not fit. */
struct parting {
    size_t expected, actual;
};

/* True if actual is what expected describes; else *parting, which may be NULL, says where not. */
bool transcript_match(const struct lines *expected, const struct lines *actual,
                      struct parting *parting);

/*
 * Appends the transcript to record: actual, but a line of expected that still fits, pattern or
 * not, is kept as it is. Returns 0, or -1 when memory is short.
 */
int transcript_merge(const struct lines *expected, const struct lines *actual, struct buffer *out);

/* Prints both from a little before where they part, the first difference marked by a caret. */
void transcript_diff(const struct screen *screen, const struct lines *expected,
                     const struct lines *actual);

#endif
