/*
 * The screen: everything the runner prints goes through here, so that width, colour and
 * language are decided once. Colour carries nothing that the text does not say.
 */
#ifndef WORKBOOK_SCREEN_H
#define WORKBOOK_SCREEN_H

#include <libintl.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/buffer.h"
#include "core/error.h"

#define _(text) gettext(text) /* every sentence that a person reads goes through this */
#define N_(text) text         /* a sentence in a table, which goes through _() when it is printed */

enum style {
    STYLE_PLAIN,
    STYLE_TITLE,
    STYLE_DIM,
    STYLE_CODE,
    STYLE_GOOD,
    STYLE_BAD,
    STYLE_KEY,
    STYLE_SOFT
};

/*
 * Text may change its style in mid-line: one byte, SCREEN_MARK + the style, holds until the next
 * such byte; it takes no column. SCREEN_BREAK ends a line where wrapping would not.
 */
#define SCREEN_MARK 0x10
#define SCREEN_BREAK '\v'

struct screen {
    FILE *out;
    int columns;   /* COLUMNS, else the terminal's width, else 80; at least 20 */
    bool terminal; /* out is a terminal that can move its cursor */
    bool colour;   /* terminal, and neither NO_COLOR nor TERM=dumb */
};

/* Finds out width and colour. Call it again after SIGWINCH. */
void screen_init(struct screen *screen, FILE *out);

/* Prints as it is, in a style. */
void screen_print(const struct screen *screen, enum style style, const char *format, ...)
    PRINTF_LIKE(3, 4);

/*
 * Prints one paragraph, wrapped to the width, every line indented by indent columns; line ends in
 * text are blanks. Words longer than the line are cut. Widths are columns, so CJK text wraps well.
 */
void screen_wrap(const struct screen *screen, enum style style, int indent, const char *text);

/* As screen_wrap(), with lead ("- ", "1. ") standing before the first line, inside the indent. */
void screen_item(const struct screen *screen, enum style style, int indent, const char *lead,
                 const char *text);

/* Prints text as it is, its marks turned into colours; nothing is wrapped and no line end added. */
void screen_marked(const struct screen *screen, enum style style, const char *text);

/* Prints one line of code or of output by text_fold(), indented. Returns how many lines it took. */
size_t screen_code(const struct screen *screen, enum style style, int indent, const char *line);

/* One line: left at the left edge, right at the right edge; right goes first when there is no room.
 */
void screen_title(const struct screen *screen, const char *left, const char *right);

/* A line across the screen. */
void screen_rule(const struct screen *screen);

/* The columns that UTF-8 text takes on a terminal; marks take none. */
int text_columns(const char *text);

/*
 * Wraps text to columns: lines are separated by line ends, each one opens the style it is in.
 * Blanks before the first word are kept when it is code, up to half a line: Python needs them.
 * Control characters become blanks, bytes that are not UTF-8 a replacement character.
 */
int text_wrap(const char *text, int columns, struct buffer *out);

/*
 * Appends text, a line of code or of output, its blanks kept. Where it is too long it goes on in a
 * new line, indented by four columns more; it is broken at a blank, or in a word that fills a line.
 */
int text_fold(const char *text, int columns, struct buffer *out);

/* Appends text cut to at most columns, "…" last if something was cut. */
int text_cut(const char *text, int columns, struct buffer *out);

#endif
