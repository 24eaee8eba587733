#include "workbook/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static const char *editor_chosen(void)
{
    const char *chosen = getenv("VISUAL");

    if (chosen == NULL || *chosen == '\0')
        chosen = getenv("EDITOR");
    return chosen != NULL && *chosen != '\0' ? chosen : NULL;
}

const char *editor_command(void)
{
    static const char *const usual[] = {"nano", "vim", "vi"};

    if (editor_chosen() != NULL)
        return editor_chosen();
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (installed(usual[i]))
            return usual[i];
    return NULL;
}

const char *editor_advice(void)
{
    static bool said;
    const char *command = editor_command();

    if (said || editor_chosen() != NULL || command == NULL || strcmp(command, "nano") == 0)
        return NULL;
    said = true;
    return _("That editor was vi: the keys Esc : q Enter leave it, Esc : w q Enter save first. "
             "Another one is chosen by, for instance, export EDITOR=nano.");
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

_Noreturn static void git_become(const char *source, int output)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(null, STDERR_FILENO) == -1 ||
        dup2(output, STDOUT_FILENO) == -1)
        _exit(127);
    (void)execlp("git", "git", "--no-optional-locks", "status", "--porcelain", "--", source,
                 (char *)NULL);
    _exit(127); /* there is no git */
}

/*
 * True if git keeps source, and not as it is now. Not by process_run(), which ends what it does not
 * know: the lesson's shell may be running.
 */
static bool git_differs(const char *source)
{
    char line[64] = "";
    int ends[2], status = -1;

    if (pipe2(ends, O_CLOEXEC) == -1)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        git_become(source, ends[1]);
    (void)close(ends[1]);
    ssize_t got = pid > 0 ? read(ends[0], line, sizeof line - 1) : 0;
    (void)close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
        ; /* it ends by itself */
    return got > 2 && status == 0 && (line[0] == 'M' || line[1] == 'M');
}

bool edit_differs(const char *source)
{
    return edit_changed(source) || git_differs(source);
}

int edit_cure(const char *source, bool tour, struct buffer *out)
{
    char path[PATH_MAX];

    if (!edit_changed(source))
        return buffer_print(out, _("git checkout %s puts it back."), source);
    copy_path(source, false, path, sizeof path);
    return tour ? buffer_print(out, "%s", _("u puts it back, and keeps your change."))
                : buffer_print(out, _("In the tour u puts it back; as it was it is kept in %s."),
                               path);
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
    const char *chosen = editor_command();
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
        else
            (void)snprintf(notice, size, _("%s is unchanged."), source);
        if (built)
            (void)snprintf(notice, size, _("%s is built. r runs the last command again."), program);
        else if (!file_same(source, &before))
            (void)snprintf(notice, size,
                           _("%s does not compile as it is now. e edits it, u puts it back."),
                           source);
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
        if (git_differs(source))
            (void)snprintf(notice, size, _("It was not edited here: git checkout %s puts it back."),
                           source);
        else
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
