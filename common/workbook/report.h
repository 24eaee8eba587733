/* A verdict as people read it. */
#ifndef WORKBOOK_REPORT_H
#define WORKBOOK_REPORT_H

#include "workbook/judge.h"
#include "workbook/screen.h"

/* What is left out to save lines, each also what stands before it. */
enum report_brevity {
    BREVITY_NONE,
    BREVITY_PASSED,   /* cases that pass are only counted */
    BREVITY_FAILED,   /* other failed cases too */
    BREVITY_COMMANDS, /* no commands to go on with */
    BREVITY_TEACHES,  /* no lesson of the case */
    BREVITY_LADDER,   /* no ladder */
    BREVITY_STEPS,    /* no steps, and not what the program said */
    BREVITY_MOST      /* the cause alone */
};

/* How much of it. */
struct report_view {
    bool one;     /* the story of one failed case, the others by name; else several */
    size_t focus; /* which one: 0 the first */
    size_t most;  /* so many stories, the most telling first, and the other cases by name; 0: all */
    int brevity;  /* 0 all; 1 what passes is only counted; 2 other failures too; 3 no ladder either
                   */
};

/* The report of one exercise. */
void report_print(const struct screen *screen, const struct verdict *verdict,
                  const struct report_view *view);

/* The failed case that a view tells the story of; NULL if none failed. */
const struct tap_case *report_focus(const struct verdict *verdict, size_t focus);

/* How many cases failed. */
size_t report_failures(const struct verdict *verdict);

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
