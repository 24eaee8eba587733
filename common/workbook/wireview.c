#include "workbook/wireview.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/ladder.h"
#include "wire/log.h"

enum { LADDER_LINES = 40 };

const char *wireview_library(void)
{
    static char path[PATH_MAX];

    if (realpath("build/libwire.so", path) == NULL || access(path, R_OK) == -1)
        return NULL;
    return strpbrk(path, " :\t\n") == NULL ? path : NULL; /* LD_PRELOAD would cut it there */
}

int wireview_show(const struct screen *screen, const char *log, struct error *error)
{
    struct wire_log wire;
    struct buffer ladder = {0};
    const struct ladder_options options = {
        .columns = screen->columns, .lines = LADDER_LINES, .times = screen->columns >= 60};

    if (*log == '\0')
        return error_set(error, _("The wire is not built; make builds it."));
    if (wire_log_open(&wire, log, error) == -1)
        return -1;
    int rc = ladder_draw(&wire, &options, &ladder);
    wire_log_close(&wire);
    if (rc == -1)
        error_set(error, _("There is not enough memory to draw the ladder."));
    else if (ladder.length == 0)
        rc = error_set(error, _("The last command sent and received nothing on a socket."));
    else
        screen_print(screen, STYLE_CODE, "%s", buffer_text(&ladder));
    buffer_free(&ladder);
    return rc;
}
