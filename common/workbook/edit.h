/* Editing a lesson's program from the tour, and building it. */
#ifndef WORKBOOK_EDIT_H
#define WORKBOOK_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "workbook/screen.h"
#include "workbook/terminal.h"

/*
 * The editor to open: $VISUAL, $EDITOR, else the first of nano, vim and vi that is installed. NULL
 * if there is none.
 */
const char *editor_command(void);

/* If the learner chose no editor and met vi: how to leave it, said once a run. Else NULL. */
const char *editor_advice(void);

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

/* The same by whatever knows: the copy kept here, else git. False if neither does. */
bool edit_differs(const char *source);

/*
 * Appends a sentence on a source that differs: how to put it back, in the tour by its key. Returns
 * 0, or -1 when memory is short.
 */
int edit_cure(const char *source, bool tour, struct buffer *out);

/* Puts source back as it was, and makes program. notice and result as above. */
bool edit_undo(const struct screen *screen, struct terminal *terminal, const char *source,
               const char *program, char *notice, size_t size);

#endif
