#include "box/box.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attributes.h"

#define SCRATCH_BYTES "134217728" /* of the outer box: logs, and pieces of the harness's own */
#define FILES_BYTES "100663296"   /* what programs may fill; a single file may have 64 MiB */
#define SHARED_BYTES "33554432"   /* /dev/shm and /tmp, each */

void box_begin(struct box_words *words)
{
    words->count = words->used = 0;
    words->list[0] = NULL;
    words->full = false;
}

void box_add(struct box_words *words, const char *word)
{
    enum { MOST = sizeof words->list / sizeof words->list[0] };

    if (words->count + 1 >= MOST) {
        words->full = true;
        return;
    }
    words->list[words->count++] = word;
    words->list[words->count] = NULL;
}

void box_print(struct box_words *words, const char *format, ...)
{
    char *text = words->kept + words->used;
    size_t room = sizeof words->kept - words->used;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room) {
        words->full = true;
        return;
    }
    words->used += (size_t)length + 1;
    box_add(words, text);
}

static void add_all(struct box_words *words, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++)
        box_add(words, list[i]);
}

static void bind_at(struct box_words *words, const char *how, const char *source,
                    const char *destination)
{
    box_add(words, how);
    box_add(words, source);
    box_add(words, destination);
}

const char *const box_etc[] = {"gai.conf",      "host.conf", "hosts",    "ld.so.cache",
                               "nsswitch.conf", "protocols", "services", NULL};

/* What any program needs of the system: /usr, and where the libraries are. */
static void add_system(struct box_words *words)
{
    static const char *const tops[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    struct stat status;
    char target[PATH_MAX];

    bind_at(words, "--ro-bind", "/usr", "/usr");
    for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++) {
        if (lstat(tops[i], &status) == -1)
            continue;
        ssize_t length = S_ISLNK(status.st_mode) ? readlink(tops[i], target, sizeof target - 1) : 0;
        if (length <= 0) {
            bind_at(words, "--ro-bind", tops[i], tops[i]);
            continue;
        }
        target[length] = '\0';
        box_add(words, "--symlink");
        box_print(words, "%s", target);
        box_add(words, tops[i]);
    }
    box_add(words, "--proc");
    box_add(words, "/proc");
}

/* A tmpfs that cannot grow without end. */
static void add_tmpfs(struct box_words *words, const char *bytes, const char *where)
{
    box_add(words, "--size");
    box_add(words, bytes);
    box_add(words, "--tmpfs");
    box_add(words, where);
}

/* What it may write to is named before; the rest of the box is closed by this. */
static void close_rest(struct box_words *words)
{
    static const char *const list[] = {"--remount-ro", "/dev", "--remount-ro", "/", NULL};

    add_all(words, list);
}

/* The same for a box in a box: the /dev that it has from there is closed already. */
static void close_root(struct box_words *words)
{
    box_add(words, "--remount-ro");
    box_add(words, "/");
}

static void begin(struct box_words *words)
{
    static const char *const list[] = {"bwrap",
                                       "--unshare-user",
                                       "--unshare-pid",
                                       "--unshare-ipc",
                                       "--unshare-uts",
                                       "--hostname",
                                       "workbook",
                                       "--unshare-cgroup-try",
                                       "--new-session",
                                       "--cap-drop",
                                       "ALL",
                                       "--die-with-parent",
                                       NULL};

    box_begin(words);
    add_all(words, list);
    add_system(words);
}

/*
 * A box that is made of the system's files, with the few of /etc that the stage has copies of: one
 * mount for all of them, since bubblewrap reads the whole list of mounts for each.
 */
static void begin_on(struct box_words *words, const char *stage)
{
    begin(words);
    box_add(words, "--ro-bind");
    box_print(words, "%s/etc", stage);
    box_add(words, "/etc");
    bind_at(words, "--ro-bind-try", "/etc/alternatives", "/etc/alternatives");
    box_add(words, "--dev");
    box_add(words, "/dev");
}

/* A part of the stage, seen at the same place of the box's workbook. */
static void bind_part(struct box_words *words, const char *how, const char *stage, const char *part)
{
    box_add(words, how);
    box_print(words, "%s/%s", stage, part);
    box_print(words, BOX_ROOT "/%s", part);
}

void box_compiler(struct box_words *words, const char *stage, const char *name)
{
    begin_on(words, stage);
    box_add(words, "--unshare-net");
    add_tmpfs(words, SCRATCH_BYTES, "/tmp");
    bind_part(words, "--ro-bind", stage, "build/student.flags");
    bind_part(words, "--ro-bind", stage, "exercises");
    bind_part(words, "--ro-bind", stage, name);
    bind_part(words, "--bind", stage, "build/answers");
}

void box_compiler_part(struct box_words *words, const char *stage, const char *part)
{
    bind_part(words, "--ro-bind", stage, part);
}

void box_compiler_end(struct box_words *words, int seccomp, int status)
{
    static const char *const surroundings[] = {
        "--clearenv", "--setenv", "PATH",    "/usr/local/bin:/usr/bin:/bin",
        "--setenv",   "LC_ALL",   "C.UTF-8", "--setenv",
        "TMPDIR",     "/tmp",     "--chdir", BOX_ROOT,
        NULL};

    close_rest(words);
    add_all(words, surroundings);
    box_add(words, "--seccomp");
    box_print(words, "%d", seccomp);
    box_add(words, "--json-status-fd");
    box_print(words, "%d", status);
    box_add(words, "--");
}

static void set_environment(struct box_words *words, const char *name, const char *value)
{
    box_add(words, "--setenv");
    box_add(words, name);
    box_add(words, value);
}

void box_outer(struct box_words *words, const char *stage)
{
    begin_on(words, stage);
    box_add(words, "--unshare-net");
    add_tmpfs(words, SCRATCH_BYTES, "/tmp");
    add_tmpfs(words, FILES_BYTES, BOX_FILES);
    bind_at(words, "--ro-bind", stage, BOX_ROOT);
    close_rest(words);
    box_add(words, "--clearenv");
    set_environment(words, "PATH", "/usr/local/bin:/usr/bin:/bin");
    set_environment(words, "TMPDIR", "/tmp");
    set_environment(words, "COLUMNS", getenv("COLUMNS") == NULL ? "80" : getenv("COLUMNS"));
    box_add(words, "--chdir");
    box_add(words, BOX_ROOT);
    box_add(words, "--");
}

void box_inner(struct box_words *words, const char *program, const char *wire, const char *log,
               const char *hosts, int seccomp)
{
    begin(words);
    bind_at(words, "--ro-bind", "/etc", "/etc"); /* as the outer box has them */
    bind_at(words, "--dev-bind", "/dev", "/dev");
    box_add(words, "--as-pid-1");
    add_tmpfs(words, SHARED_BYTES, "/tmp");
    add_tmpfs(words, SHARED_BYTES, "/dev/shm");
    bind_at(words, "--bind", BOX_FILES, BOX_FILES);
    bind_at(words, "--ro-bind", BOX_ROOT "/build/box-init", BOX_ROOT "/build/box-init");
    bind_at(words, "--ro-bind", program, program);
    bind_at(words, "--ro-bind", wire, wire);
    bind_at(words, "--bind", log, log);
    if (hosts != NULL)
        bind_at(words, "--ro-bind", hosts, hosts);
    close_root(words);
    box_add(words, "--seccomp");
    box_print(words, "%d", seccomp);
    box_add(words, "--");
    box_add(words, BOX_ROOT "/build/box-init");
}
