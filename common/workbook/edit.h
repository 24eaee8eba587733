/* Editing a lesson's program from the tour, and building it. */
#ifndef WORKBOOK_EDIT_H
#define WORKBOOK_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "workbook/screen.h"
#include "workbook/terminal.h"

/*
 * Opens source in $VISUAL or $EDITOR, and makes program if it was changed; while it does not
 * compile the learner may edit again. notice is filled with what is to be said afterwards. True if
 * the program was built anew.
 */
bool edit_program(const struct screen *screen, struct terminal *terminal, const char *source,
                  const char *program, char *notice, size_t size);

#endif
