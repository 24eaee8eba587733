#include "workbook/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "workbook/quote.h"

static const char before_folder[] = ".workbook/before";

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

/* Where the file as it was is kept, or with mine the file as the learner changed it. */
static void copy_path(const char *source, bool mine, char *path, size_t size)
{
    const char *slash = strrchr(source, '/');

    (void)snprintf(path, size, "%s/%s%s", before_folder, mine ? "edited_" : "",
                   slash != NULL ? slash + 1 : source);
}

/* Writes text to a new or emptied file. */
static int copy_write(const char *path, const struct buffer *text)
{
    if (mkdir(".workbook", 0777) == -1 && errno != EEXIST)
        return -1;
    if (mkdir(before_folder, 0777) == -1 && errno != EEXIST)
        return -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd == -1)
        return -1;
    if (close(fd) == -1)
        return -1;
    return file_replace(path, text, NULL);
}

bool edit_changed(const char *source)
{
    char path[PATH_MAX];
    struct buffer before = {0};
    bool changed = false;

    copy_path(source, false, path, sizeof path);
    if (buffer_add_file(&before, path, SOURCE_MOST) == 0) {
        changed = !file_same(source, &before);
        if (!changed)
            (void)unlink(path); /* it is of no use any more */
    }
    buffer_free(&before);
    return changed;
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
    char path[PATH_MAX];
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
    copy_path(source, false, path, sizeof path);
    if (!edit_changed(source) && copy_write(path, &before) == -1) {
        (void)snprintf(notice, size,
                       _("No copy of %s can be kept in %s (%s), so it is not opened."), source,
                       before_folder, strerror(errno));
        buffer_free(&before);
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
    (void)edit_changed(source); /* an untouched file needs no copy */
    buffer_free(&before);
    return built;
}

bool edit_undo(const struct screen *screen, struct terminal *terminal, const char *source,
               const char *program, char *notice, size_t size)
{
    struct buffer before = {0}, mine = {0};
    char path[PATH_MAX], kept[PATH_MAX];
    struct error error = {{0}};
    bool built = false;

    copy_path(source, false, path, sizeof path);
    copy_path(source, true, kept, sizeof kept);
    if (!edit_changed(source)) {
        (void)snprintf(notice, size, _("%s is as it was."), source);
    } else if (buffer_add_file(&before, path, SOURCE_MOST) == -1 ||
               buffer_add_file(&mine, source, SOURCE_MOST) == -1 || copy_write(kept, &mine) == -1) {
        (void)snprintf(notice, size, _("%s stays as it is: your change cannot be kept (%s)."),
                       source, strerror(errno));
    } else if (file_replace(source, &before, &error) == -1) {
        (void)snprintf(notice, size, "%.200s", error.text);
    } else {
        (void)unlink(path); /* its content is back in place */
        (void)build(screen, terminal, program, &built);
        (void)snprintf(notice, size, _("%s is as it was; your change is in %s."), source, kept);
    }
    buffer_free(&before);
    buffer_free(&mine);
    return built;
}
