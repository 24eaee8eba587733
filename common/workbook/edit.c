#include "workbook/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"

enum { SOURCE_MOST = 1 << 22 };

/* True if program is to be found in PATH. */
static bool installed(const char *program)
{
    const char *path = getenv("PATH");
    char whole[4096];

    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        (void)snprintf(whole, sizeof whole, "%.*s/%s", (int)length, path, program);
        if (access(whole, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

static const char *editor(void)
{
    static const char *const usual[] = {"nano", "vim", "vi"};
    const char *chosen = getenv("VISUAL");

    if (chosen == NULL || *chosen == '\0')
        chosen = getenv("EDITOR");
    if (chosen != NULL && *chosen != '\0')
        return chosen;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (installed(usual[i]))
            return usual[i];
    return NULL;
}

static bool file_same(const char *path, const struct buffer *before)
{
    struct buffer now = {0};
    bool same = buffer_add_file(&now, path, SOURCE_MOST) == 0 && now.length == before->length &&
                (now.length == 0 || memcmp(now.data, before->data, now.length) == 0);

    buffer_free(&now);
    return same;
}

/* Builds; if that fails, the compiler's words stay until a key. True if 'e' was pressed. */
static bool build(const struct screen *screen, struct terminal *terminal, const char *program,
                  bool *built)
{
    const char *const make[] = {"make", "-s", "--no-print-directory", program, NULL};

    screen_print(screen, STYLE_DIM, _("make %s\n"), program);
    *built = terminal_run(terminal, make) == 0;
    if (*built)
        return false;
    screen_print(screen, STYLE_KEY, "%s", _("It does not compile.  e edits again  Enter goes on"));
    for (;;) {
        int key = terminal_key(terminal);
        if (key == 'e' || key == KEY_ENTER || key == KEY_END || key == 'q') {
            (void)fputc('\n', screen->out);
            return key == 'e';
        }
    }
}

bool edit_program(const struct screen *screen, struct terminal *terminal, const char *source,
                  const char *program, char *notice, size_t size)
{
    struct buffer before = {0};
    const char *chosen = editor();
    const char *const command[] = {"sh", "-c", "$0 \"$1\"", chosen, source, NULL};
    bool built = false, again;

    if (chosen == NULL) {
        (void)snprintf(notice, size, "%s",
                       _("EDITOR is not set, and nano, vim and vi are not installed."));
        return false;
    }
    if (buffer_add_file(&before, source, SOURCE_MOST) == -1) {
        (void)snprintf(notice, size, _("%s cannot be read."), source);
        return false;
    }
    do {
        again = false;
        if (terminal_run(terminal, command) == -1)
            (void)snprintf(notice, size, _("The editor %s could not be run."), chosen);
        else if (!file_same(source, &before))
            again = build(screen, terminal, program, &built);
        if (built)
            (void)snprintf(notice, size, _("%s is built. r runs the last command again."), program);
    } while (again);
    buffer_free(&before);
    return built;
}
