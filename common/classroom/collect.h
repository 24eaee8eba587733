/* What `workbook grade collect OUT` does: the results of a class become its reports. */
#ifndef CLASSROOM_COLLECT_H
#define CLASSROOM_COLLECT_H

#include <stddef.h>

#include "classroom/marks.h"
#include "core/error.h"

struct collected {
    size_t submissions; /* whose results were read: the sum of the next four */
    size_t graded, empty, not_gradable, grader_errors;
    size_t students, missing; /* of the class; those on the roster who handed nothing in */
    char **warnings;          /* sentences for standard error: what was left out, and why. Owned */
    size_t warning_count;
};

/*
 * Reads OUT/results, joins roster and policy, and writes gradebook.csv, class.html, feedback/,
 * junit.xml, gradescope/, autolab/, github/ and the similarity report into OUT. Each file is whole
 * or as it was before. The same results give the same bytes.
 *
 * Returns 0 when all was written; the exit status is then 1 if there are warnings or grader errors.
 * Returns -1 with error filled, the file named, when policy or roster are not as they should be, no
 * result is there, or a report could not be written; what was written before it stays. The caller
 * frees collected in either case.
 */
int collect_write(const struct class_options *options, struct collected *collected,
                  struct error *error);
void collected_free(struct collected *collected);

#endif
