/*
 * The screen: everything the runner prints goes through here, so that width, colour and
 * language are decided once. Colour carries nothing that the text does not say.
 */
#ifndef WORKBOOK_SCREEN_H
#define WORKBOOK_SCREEN_H

#include <libintl.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/error.h"

#define _(text) gettext(text) /* every sentence that a person reads goes through this */

enum style { STYLE_PLAIN, STYLE_TITLE, STYLE_DIM, STYLE_CODE, STYLE_GOOD, STYLE_BAD, STYLE_KEY };

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

/* One line: left at the left edge, right at the right edge; right goes first when there is no room. */
void screen_title(const struct screen *screen, const char *left, const char *right);

/* A line across the screen. */
void screen_rule(const struct screen *screen);

/* The columns that UTF-8 text takes on a terminal. */
int text_columns(const char *text);

#endif
