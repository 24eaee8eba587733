/* Editing a lesson's program from the tour, and building it. */
#ifndef WORKBOOK_EDIT_H
#define WORKBOOK_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "workbook/screen.h"
#include "workbook/terminal.h"

/*
 * What a learner changes in a lesson's program can be put back: before the first change a copy
 * goes to .workbook/before/, and when it is put back the changed file goes there.
 */

/*
 * Opens source in $VISUAL or $EDITOR, and makes program if it was changed; while it does not
 * compile the learner may edit again. notice is filled with what is to be said afterwards. True if
 * the program was built anew.
 */
bool edit_program(const struct screen *screen, struct terminal *terminal, const char *source,
                  const char *program, char *notice, size_t size);

/* True if source is not as it was before it was first edited here. */
bool edit_changed(const char *source);

/* Puts source back as it was, and makes program. notice and result as above. */
bool edit_undo(const struct screen *screen, struct terminal *terminal, const char *source,
               const char *program, char *notice, size_t size);

#endif
