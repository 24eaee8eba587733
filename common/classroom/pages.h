/*
 * The reports of a class that people read. Each writes whole files below out, by rename; each
 * returns 0, or -1 with error filled, the file named.
 */
#ifndef CLASSROOM_PAGES_H
#define CLASSROOM_PAGES_H

#include "classroom/marks.h"

/* class.html: one page, no outside files. */
int class_page_write(const struct class *class, const char *out, struct error *error);

/* feedback/NAME.md and feedback/NAME.html of every submission. */
int feedback_write(const struct class *class, const char *out, struct error *error);

/* similarity.html and similarity.txt. */
int similarity_write(const struct class *class, const char *out, struct error *error);

#endif
