/* A verdict as people read it. */
#ifndef WORKBOOK_REPORT_H
#define WORKBOOK_REPORT_H

#include "workbook/judge.h"
#include "workbook/screen.h"

enum report_detail {
    REPORT_ALL,  /* every failed case with its story */
    REPORT_FIRST /* the first failed case with its story, the others by name */
};

/* The report of one exercise. hints: how many were shown so far, of how many. */
void report_print(const struct screen *screen, const struct verdict *verdict,
                  enum report_detail detail);

/* The same in one line: "1.2  Fetch from …   7 of 12 points". */
void report_line(const struct screen *screen, const struct verdict *verdict);

/* What follows on a verdict: exit status 0, 1 or 2. */
int report_status(const struct verdict *verdict);

/* One line: lead and text at the left, wrapped when they must; right at the right edge, or below.
 */
void screen_row(const struct screen *screen, enum style lead_style, const char *lead,
                const char *text, const char *right);

/* "7 of 12 points", in a static buffer. */
const char *points_text(int earned, int points);

#endif
