#include "classroom/stage.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/box.h"
#include "workbook/libraries.h"

enum { COPY_LIMIT = 64 << 20, SOURCE_MODE = 0644, PROGRAM_MODE = 0755 };

static int place(const struct stage *stage, const char *name, char *path, struct error *error)
{
    int length = snprintf(path, PATH_MAX, "%s/%s", stage->folder, name);

    return length < PATH_MAX ? 0 : error_set(error, "%.100s… is too long a name", name);
}

/* Makes a folder, and those above it, that everybody may look into. */
static int make_folder(const struct stage *stage, const char *name, struct error *error)
{
    char path[PATH_MAX];

    if (place(stage, name, path, error) == -1)
        return -1;
    for (char *slash = path + strlen(stage->folder) + 1; slash != NULL;) {
        slash = strchr(slash, '/');
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(path, PROGRAM_MODE) == -1 && errno != EEXIST)
            return error_set_errno(error, "%s", path);
        if (chmod(path, PROGRAM_MODE) == -1) /* whatever the umask is */
            return error_set_errno(error, "%s", path);
        if (slash != NULL)
            *slash++ = '/';
    }
    return 0;
}

static int make_open_folder(const struct stage *stage, const char *name, struct error *error)
{
    char path[PATH_MAX];

    if (make_folder(stage, name, error) == -1 || place(stage, name, path, error) == -1)
        return -1;
    if (stage->user != 0 && chown(path, stage->user, stage->user) == -1)
        return error_set_errno(error, "%s", path);
    return 0;
}

static int put(const struct stage *stage, const char *name, const struct buffer *content,
               mode_t mode, struct error *error)
{
    char path[PATH_MAX];

    if (place(stage, name, path, error) == -1 ||
        file_write(path, buffer_text(content), content->length, true, error) == -1)
        return -1;
    return chmod(path, mode) == -1 ? error_set_errno(error, "%s", path) : 0;
}

/*
 * Gives a file of ours a second name in the stage, which saves copying it, if everybody may read it
 * and nobody else may write to it: boxes cannot write to it either.
 */
static bool give_name(const struct stage *stage, const char *from, const char *name)
{
    struct error error;
    struct stat status;
    char path[PATH_MAX];

    return place(stage, name, path, &error) == 0 && lstat(from, &status) == 0 &&
           S_ISREG(status.st_mode) && (status.st_mode & 07777) == PROGRAM_MODE &&
           status.st_uid == geteuid() && link(from, path) == 0;
}

static int copy(const struct stage *stage, const char *from, const char *name, mode_t mode,
                struct error *error)
{
    struct buffer content = {0};

    if (mode == PROGRAM_MODE && give_name(stage, from, name))
        return 0;
    int result = buffer_add_file(&content, from, COPY_LIMIT) == -1
                     ? error_set_errno(error, "%s", from)
                     : put(stage, name, &content, mode, error);

    buffer_free(&content);
    return result;
}

/* A few of the system's files, and the place of a folder. */
static int copy_etc(const struct stage *stage, struct error *error)
{
    char from[PATH_MAX], name[PATH_MAX];
    int result = make_folder(
        stage, access("/etc/alternatives", F_OK) == 0 ? "etc/alternatives" : "etc", error);

    for (size_t i = 0; result == 0 && box_etc[i] != NULL; i++) {
        (void)snprintf(from, sizeof from, "/etc/%s", box_etc[i]);
        (void)snprintf(name, sizeof name, "etc/%s", box_etc[i]);
        if (access(from, R_OK) == 0)
            result = copy(stage, from, name, SOURCE_MODE, error);
    }
    return result;
}

int stage_make(struct stage *stage, unsigned user, struct error *error)
{
    static const char *const parts[] = {"build/student.flags", "build/libwire.so", "build/box-init",
                                        "build/box.bpf"};

    stage->user = user;
    if (scratch_make(stage->folder, error) == -1)
        return -1;
    int result =
        chmod(stage->folder, PROGRAM_MODE) == -1 ? error_set_errno(error, "%s", stage->folder) : 0;
    if (result == 0 &&
        (make_folder(stage, "exercises", error) == -1 || make_folder(stage, "build", error) == -1 ||
         make_open_folder(stage, "build/answers", error) == -1 ||
         make_open_folder(stage, "tmp", error) == -1))
        result = -1;
    if (result == 0)
        result = copy_etc(stage, error);
    for (size_t i = 0; result == 0 && i < sizeof parts / sizeof parts[0]; i++)
        result = copy(stage, parts[i], parts[i], PROGRAM_MODE, error);
    if (result == -1)
        stage_remove(stage);
    return result;
}

/* The headers in a folder: an exercise's, or a module's. */
static int copy_headers(const struct stage *stage, const char *folder, struct error *error)
{
    const struct dirent *entry;
    DIR *list = opendir(folder);
    int result = 0;

    if (list == NULL)
        return error_set_errno(error, "%s", folder);
    while (result == 0 && (entry = readdir(list)) != NULL) {
        char path[PATH_MAX];
        size_t length = strlen(entry->d_name);
        if (length < 3 || strcmp(entry->d_name + length - 2, ".h") != 0)
            continue;
        int size = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (size >= 0 && (size_t)size < sizeof path)
            result = copy(stage, path, path, SOURCE_MODE, error);
    }
    (void)closedir(list); /* only read from */
    return result;
}

/* What the answers to an exercise may use of the workbook: "common/core", "build/libcore.a". */
static int copy_libraries(const struct stage *stage, const struct exercise_entry *exercise,
                          struct error *error)
{
    struct libraries libraries;
    char part[PATH_MAX];
    struct stat status;

    int result = libraries_read(&libraries, exercise->headers, error);
    for (size_t at = 0; result == 0 && libraries_part(&libraries, &at, part);) {
        if (stat(part, &status) == -1)
            result = error_set_errno(error, "%s", part);
        else if (!S_ISDIR(status.st_mode))
            result = copy(stage, part, part, SOURCE_MODE, error);
        else if (make_folder(stage, part, error) == -1 || copy_headers(stage, part, error) == -1)
            result = -1;
    }
    libraries_free(&libraries);
    return result;
}

int stage_add(const struct stage *stage, const struct exercise_entry *exercise, const char *cases,
              const struct buffer *source, struct error *error)
{
    char name[4][PATH_MAX];
    static const char *const folders[] = {"exercises/%s", "build/exercises/%s", "answers/%s",
                                          "build/answers/%s"};

    for (int i = 0; i < 4; i++) {
        /* The format is one of those above. */
        int length = snprintf(name[i], PATH_MAX, "%.*s%s", (int)strcspn(folders[i], "%"),
                              folders[i], exercise->folder);
        if (length < 0 || length >= PATH_MAX)
            return error_set(error, "%.100s… is too long a name", exercise->folder);
        int result =
            i < 3 ? make_folder(stage, name[i], error) : make_open_folder(stage, name[i], error);
        if (result == -1)
            return -1;
    }
    if (copy_headers(stage, name[0], error) == -1 || copy_libraries(stage, exercise, error) == -1 ||
        copy(stage, cases, exercise->cases, PROGRAM_MODE, error) == -1)
        return -1;
    return put(stage, exercise->answer, source, SOURCE_MODE, error);
}

int stage_copy(const struct stage *stage, const char *from, const char *name, struct error *error)
{
    char folder[PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(name, '/') - name), name);
    return make_folder(stage, folder, error) == -1 ? -1
                                                   : copy(stage, from, name, PROGRAM_MODE, error);
}

void stage_remove(struct stage *stage)
{
    scratch_remove(stage->folder);
}
