/* workbook grade plan, one, class, collect and doctor. */
#ifndef CLASSROOM_COMMAND_H
#define CLASSROOM_COMMAND_H

#include <stdbool.h>

#include "workbook/runner.h"

/* Whether the word behind "grade" makes it a matter of classes, and not of one's own points. */
bool is_classroom(const char *word);

/* runner->files are the words behind "grade". Returns the exit status. */
int command_classroom(struct runner *runner);

#endif
