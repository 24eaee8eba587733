/*
 * A wrong answer that is kept as what it changes in the solution, solutions/…/wrong/NAME.patch:
 *
 *     fails: case-a case-b
 *     What the mistake is.
 *     --- relay.c
 *     +++ relay.c
 *     @@ -12,3 +12,3 @@
 *      a line around it
 *     -a line of the solution
 *     +the line that stands there instead
 *      another line around it
 *
 * Where a hunk belongs is told by its lines, which stand once in the solution; the numbers are for
 * people. An empty line in a hunk is an empty line around it.
 */
#ifndef WORKBOOK_PATCHED_H
#define WORKBOOK_PATCHED_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/error.h"

bool patched_is(const char *path);

/*
 * Adds the program that the patch makes of the solution. Returns 0, or -1 with error filled: a
 * sentence that says which hunk does not apply, and how that is mended.
 */
int patched_read(const char *path, const char *solution, struct buffer *program,
                 struct error *error);

#endif
