/* A submission that is a folder: walked by descriptors, so that no link on the way is followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "classroom/gather.h"
#include "workbook/screen.h"

enum { OPEN_SAFELY = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

static int fault(const struct gather *gather, const char *path)
{
    int number = errno;
    char shown[SHOWN_SIZE];

    path_shown(shown, path);
    errno = number;
    return error_set_errno(gather->error, "%s%s%s", gather->path, *path != '\0' ? ", " : "", shown);
}

static int refuse_changed(struct gather *gather, const struct place *place, const char *path)
{
    return gather_refuse(gather, place, path, "changed",
                         _("%s became something else while it was read."));
}

/* What could not be opened, although its kind was right: by errno, whose fault that is. */
static int refuse_unopened(struct gather *gather, const struct place *place, const char *path)
{
    switch (errno) {
    case ELOOP:
    case ENOTDIR:
    case ENXIO:
    case ENOENT:
        return refuse_changed(gather, place, path);
    case EACCES:
    case EPERM:
        return gather_refuse(gather, place, path, "unreadable",
                             _("%s cannot be read: its permissions do not allow it."));
    default:
        return fault(gather, path);
    }
}

/* ---- one file -------------------------------------------------------------------------------- */

/* Reads what there is, up to one byte more than a source may have. */
static int read_source(struct gather *gather, int fd, const char *path, struct buffer *content)
{
    size_t most = gather->limits->file + 1;
    ssize_t got = -1;

    if (buffer_reserve(content, most) == -1)
        return gather_no_memory(gather);
    while (got != 0 && content->length < most) {
        if (gather_check_time(gather) == -1)
            return -1;
        got = read(fd, content->data + content->length, most - content->length);
        if (got == -1 && errno != EINTR)
            return fault(gather, path);
        content->length += got > 0 ? (size_t)got : 0;
    }
    content->data[content->length] = '\0';
    return 0;
}

/* The file may be another by now than the one that was looked at. */
static int take_open(struct gather *gather, const struct place *place, int fd, const char *path)
{
    struct stat status;
    struct buffer content = {0};

    if (fstat(fd, &status) == -1)
        return fault(gather, path);
    if (!S_ISREG(status.st_mode))
        return refuse_changed(gather, place, path);
    if (status.st_nlink > 1)
        return gather_refuse(gather, place, path, "hard-link", _(SAY_HARD_LINK));
    int result = read_source(gather, fd, path, &content);
    if (result == 0)
        result = gather_take(gather, place, &content, status.st_mtime);
    buffer_free(&content);
    return result;
}

static int take_source(struct gather *gather, const struct place *place, int folder,
                       const char *name, const char *path)
{
    int fd = openat(folder, name, OPEN_SAFELY);

    if (fd == -1)
        return refuse_unopened(gather, place, path);
    int result = take_open(gather, place, fd, path);
    (void)close(fd); /* only read from */
    return result;
}

/* ---- folders --------------------------------------------------------------------------------- */

static int walk(struct gather *gather, int folder, struct buffer *path);

static int take_entry(struct gather *gather, int folder, const char *name, struct buffer *path)
{
    struct stat status;
    struct place place;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
        return errno == ENOENT ? 0 : refuse_unopened(gather, NULL, path->data);
    if (gather_look(gather, path->data, status.st_mode, false, &place) == -1)
        return -1;
    if (place.kind == PLACE_SOURCE)
        return take_source(gather, &place, folder, name, path->data);
    if (place.kind == PLACE_DONE)
        return 0;
    int below = openat(folder, name, OPEN_SAFELY | O_DIRECTORY);
    if (below == -1)
        return refuse_unopened(gather, NULL, path->data);
    return walk(gather, below, path);
}

struct names {
    char **list;
    size_t count, room;
};

static int names_add(struct names *names, const char *name)
{
    if (names->count == names->room) {
        size_t room = 2 * names->room + 16;
        char **list = realloc(names->list, room * sizeof *list);
        if (list == NULL)
            return -1;
        names->list = list;
        names->room = room;
    }
    names->list[names->count] = strdup(name);
    return names->list[names->count] != NULL ? (void)names->count++, 0 : -1;
}

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names first, and in order: what a folder's reading order decides would not be repeatable. */
static int list(struct gather *gather, DIR *stream, const char *path, struct names *names)
{
    struct dirent *entry;

    for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (gather_count(gather) == -1)
            return -1;
        if (names_add(names, entry->d_name) == -1)
            return gather_no_memory(gather);
    }
    if (errno != 0)
        return fault(gather, path);
    if (names->count > 0)
        qsort(names->list, names->count, sizeof *names->list, by_bytes);
    return 0;
}

/* Walks the folder, which is at path, and closes it. As deep as gather_look() lets it. */
static int walk(struct gather *gather, int folder, struct buffer *path)
{
    struct names names = {0};
    size_t length = path->length;
    DIR *stream = fdopendir(folder);

    if (stream == NULL) {
        int result = fault(gather, buffer_text(path));
        (void)close(folder); /* only read from */
        return result;
    }
    int result = list(gather, stream, buffer_text(path), &names);
    for (size_t i = 0; i < names.count && result == 0; i++) {
        if (buffer_print(path, "%s%s", length > 0 ? "/" : "", names.list[i]) == -1)
            result = gather_no_memory(gather);
        else
            result = take_entry(gather, dirfd(stream), names.list[i], path);
        path->length = length;
    }
    names_free(&names);
    (void)closedir(stream); /* only read from */
    return result;
}

int gather_tree(struct gather *gather, int folder)
{
    struct buffer path = {0};
    int result = walk(gather, folder, &path);

    buffer_free(&path);
    return result;
}
