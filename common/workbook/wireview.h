/* What a command of the tour said on the wire, drawn as a ladder. */
#ifndef WORKBOOK_WIREVIEW_H
#define WORKBOOK_WIREVIEW_H

#include "core/error.h"
#include "workbook/screen.h"

/* The absolute path of libwire.so, NULL if it is not built: then nothing is watched. */
const char *wireview_library(void);

/* Prints the ladder of a log. Returns 0, or -1 and fills error with why there is none. */
int wireview_show(const struct screen *screen, const char *log, struct error *error);

#endif
