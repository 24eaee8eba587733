/* The students of a class: roster and submissions joined. What class_load() does last. */
#ifndef CLASSROOM_STUDENTS_H
#define CLASSROOM_STUDENTS_H

#include "classroom/marks.h"

/*
 * Fills class->students from the roster and the submissions, which are marked and sorted by student
 * and name. Decides which submission counts, and writes the remarks. Returns 0, or -1 when memory
 * is short.
 */
int students_join(struct class *class);

#endif
