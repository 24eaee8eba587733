#include "classroom/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "classroom/gather.h"
#include "workbook/screen.h"

/* A learner's whole workbook, all built, has some 5,000 entries: handed in as it is, it is read. */
const struct intake_limits intake_limits = {
    .entries = 10000,
    .depth = 16,
    .file = (size_t)256 << 10,
    .archive = (size_t)8 << 20,
    .total = (size_t)64 << 20,
    .ms = 10000,
};

static int gather_begin(struct gather *gather, const char *path, const struct catalogue *catalogue)
{
    size_t count = 0, start = strlen(path);

    while (start > 0 && path[start - 1] == '/')
        start--;
    while (start > 0 && path[start - 1] != '/')
        start--;
    gather->path = path;
    path_shown(gather->name, path + start);
    gather->began = gather_processor_ms();
    *gather->intake = (struct intake){0};
    for (size_t i = 0; i < catalogue->chapter_count; i++)
        count += catalogue->chapters[i].exercise_count;
    gather->candidates = calloc(count + 1, sizeof *gather->candidates);
    if (gather->candidates == NULL)
        return gather_no_memory(gather);
    for (size_t i = 0; i < catalogue->chapter_count; i++)
        for (size_t j = 0; j < catalogue->chapters[i].exercise_count; j++)
            gather->candidates[gather->candidate_count++].exercise =
                &catalogue->chapters[i].exercises[j];
    return 0;
}

/* Hands over what was gathered. Returns 0 also for a submission that is refused as a whole. */
static int gather_end(struct gather *gather, int result)
{
    struct intake *intake = gather->intake;

    if (result == 0)
        result = gather_finish(gather);
    gather_free(gather);
    if (result == 0)
        return 0;
    struct intake refused = {
        .reason = intake->reason, .why = intake->why, .submitted = intake->submitted};
    intake_free(intake);
    if (refused.reason == NULL)
        return -1;
    *intake = refused;
    return 0;
}

int intake_read_archive(const char *name, const void *bytes, size_t length,
                        const struct catalogue *catalogue, const struct intake_limits *limits,
                        struct intake *intake, struct error *error)
{
    struct gather gather = {.limits = limits, .intake = intake, .error = error};
    int result = gather_begin(&gather, name, catalogue);

    if (result == 0)
        result = gather_archive(&gather, bytes, length);
    return gather_end(&gather, result);
}

/* ---- from disk ------------------------------------------------------------------------------- */

/* Reads the archive once and for all, and then works on what was read. */
static int read_archive(struct gather *gather, int fd, const struct stat *status)
{
    size_t most = gather->limits->archive;
    struct buffer bytes = {0};
    ssize_t got = -1;
    int result = 0;

    if (status->st_nlink > 1)
        return gather_refuse_all(gather, "hard-link", _(SAY_HARD_LINK), gather->name);
    while (got != 0 && bytes.length <= most && result == 0) {
        if (buffer_reserve(&bytes, 65536) == -1)
            result = gather_no_memory(gather);
        else if ((got = read(fd, bytes.data + bytes.length, 65536)) == -1 && errno != EINTR)
            result = error_set_errno(gather->error, "%s", gather->path);
        bytes.length += got > 0 ? (size_t)got : 0;
        if (result == 0)
            result = gather_check_time(gather);
    }
    if (result == 0 && bytes.length > most)
        result = gather_refuse_all(gather, "archive-too-large",
                                   _("%s is larger than %zu MiB. Only the answers need to be "
                                     "handed in."),
                                   gather->name, most >> 20);
    if (result == 0)
        result = gather_archive(gather, bytes.data, bytes.length);
    buffer_free(&bytes);
    return result;
}

/* Takes the descriptor over. */
static int read_open(struct gather *gather, int fd)
{
    struct stat status;
    int result;

    if (fstat(fd, &status) == -1)
        result = error_set_errno(gather->error, "%s", gather->path);
    else if (S_ISDIR(status.st_mode)) {
        gather->intake->submitted = status.st_mtime;
        gather->folder = true;
        return gather_tree(gather, fd);
    } else if (S_ISREG(status.st_mode)) {
        gather->intake->submitted = status.st_mtime;
        result = read_archive(gather, fd, &status);
    } else
        result = gather_refuse_all(gather, "not-regular", _(SAY_SPECIAL), gather->name);
    (void)close(fd); /* only read from */
    return result;
}

/* The submission itself; it may be a link by now, and one in front of a slash would be followed. */
static int read_path(struct gather *gather, const char *path)
{
    char whole[PATH_MAX];
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length >= sizeof whole) {
        errno = ENAMETOOLONG;
        return error_set_errno(gather->error, "%s", gather->path);
    }
    memcpy(whole, path, length);
    whole[length] = '\0';
    int fd = open(whole, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd != -1)
        return read_open(gather, fd);
    if (errno == ELOOP)
        return gather_refuse_all(gather, "link", _(SAY_LINK), gather->name);
    if (errno == ENXIO)
        return gather_refuse_all(gather, "not-regular", _(SAY_SPECIAL), gather->name);
    return error_set_errno(gather->error, "%s", gather->path);
}

int intake_read_within(const char *path, const struct catalogue *catalogue,
                       const struct intake_limits *limits, struct intake *intake,
                       struct error *error)
{
    struct gather gather = {.limits = limits, .intake = intake, .error = error};
    int result = gather_begin(&gather, path, catalogue);

    if (result == 0)
        result = read_path(&gather, path);
    return gather_end(&gather, result);
}

int intake_read(const char *path, const struct catalogue *catalogue, struct intake *intake,
                struct error *error)
{
    return intake_read_within(path, catalogue, &intake_limits, intake, error);
}

void intake_free(struct intake *intake)
{
    for (size_t i = 0; i < intake->count; i++) {
        free(intake->files[i].path);
        buffer_free(&intake->files[i].content);
    }
    free(intake->files);
    refusals_free(&intake->refusals);
    strays_free(intake);
    *intake = (struct intake){0};
}
