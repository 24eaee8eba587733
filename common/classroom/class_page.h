/* The parts of class.html, one file each for those that take more than a few lines. */
#ifndef CLASSROOM_CLASS_PAGE_H
#define CLASSROOM_CLASS_PAGE_H

#include "classroom/html.h"
#include "classroom/marks.h"

/* Students by exercises, and what the exercises are (class_heat.c). */
void class_heat_add(struct markup *page, const struct class *class);
extern const char class_heat_style[];

/* How the totals are spread (class_totals.c). */
void class_totals_add(struct markup *page, const struct class *class);
extern const char class_totals_style[];

/* The cases that most students failed (class_cases.c). */
void class_cases_add(struct markup *page, const struct class *class);

/* A link to the feedback of a submission, to an exercise in it unless that is NULL. */
void class_link_add(struct markup *page, const char *submission, const char *exercise,
                    const char *text);

/* What part of the whole in per cent; 0 and 100 are said of none and of all alone. */
int class_percent(double part, double whole);

#endif
