#include "workbook/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_make_for(const char *path, struct error *error)
{
    char folder[PATH_MAX];

    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder) {
        errno = ENAMETOOLONG;
        return error_set_errno(error, "%.100s", path);
    }
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) == -1 && errno != EEXIST)
            return error_set_errno(error, "%s", folder);
        *slash = '/';
    }
    return 0;
}

/* The name beside path under which it is written first: no two processes use the same. */
static int write_all(const char *name, const char *bytes, size_t length)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    size_t done = 0;

    if (fd == -1)
        return -1;
    while (done < length) {
        ssize_t wrote = write(fd, bytes + done, length - done);
        if (wrote == -1 && errno == EINTR)
            continue;
        if (wrote == -1) {
            int why = errno;
            (void)close(fd); /* the file goes away */
            errno = why;
            return -1;
        }
        done += (size_t)wrote;
    }
    return close(fd); /* a full disk may show only here */
}

int file_write(const char *path, const void *bytes, size_t length, bool replace,
               struct error *error)
{
    char name[PATH_MAX];

    if (snprintf(name, sizeof name, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof name) {
        errno = ENAMETOOLONG;
        return error_set_errno(error, "%.100s", path);
    }
    if (write_all(name, bytes, length) == 0) {
        if (replace ? rename(name, path) == 0
                    : renameat2(AT_FDCWD, name, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
            return 0;
        /* Not every file system can rename without replacing; all of them can link. */
        if (!replace && errno == EINVAL && link(name, path) == 0)
            return unlink(name);
    }
    int why = errno;
    (void)unlink(name); /* it may not be there */
    errno = why;
    return error_set_errno(error, "%s", path);
}

int file_set_aside(const char *path, char *name, size_t size, struct error *error)
{
    for (int i = 1; i < 10000; i++) {
        if (snprintf(name, size, "%s.%d", path, i) >= (int)size) {
            errno = ENAMETOOLONG;
            break;
        }
        if (renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno == EINVAL && link(path, name) == 0)
            return unlink(path);
        if (errno != EEXIST)
            break;
    }
    return error_set_errno(error, "%s", path);
}

static char scratches[32][SCRATCH_SIZE]; /* those that are there; what is more is not noted */

static void note_scratch(const char *old, const char *new)
{
    if (strcmp(old, new) == 0)
        return;
    for (size_t i = 0; i < sizeof scratches / sizeof scratches[0]; i++)
        if (strcmp(scratches[i], old) == 0) {
            (void)snprintf(scratches[i], SCRATCH_SIZE, "%s", new);
            return;
        }
}

int scratch_make(char *path, struct error *error)
{
    const char *base = getenv("TMPDIR");

    /* Short: the cases make folders below it, and sockets in them, whose paths are limited. */
    if (base == NULL || *base != '/' || base[strcspn(base, " \t:")] != '\0' || strlen(base) > 24)
        base = "/tmp";
    (void)snprintf(path, SCRATCH_SIZE, "%s/wb-XXXXXX", base);
    if (mkdtemp(path) != NULL) {
        note_scratch("", path);
        return 0;
    }
    (void)error_set_errno(error, "%s", base);
    path[0] = '\0';
    return -1;
}

/*
 * Removes all below a folder, which is closed. By descriptors: who may write to a part of it could
 * put a link in the place of a folder, and a path would lead through it.
 */
static void remove_below(int fd, int depth)
{
    enum { DEPTH_MOST = 64 }; /* a descriptor each; nothing of ours is as deep */
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;

    if (folder == NULL)
        (void)close(fd); /* only read from */
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int below = depth == DEPTH_MOST
                        ? -1
                        : openat(dirfd(folder), entry->d_name,
                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (below != -1)
            remove_below(below, depth + 1);
        /* What cannot be removed stays; the rest goes. */
        (void)unlinkat(dirfd(folder), entry->d_name, below != -1 ? AT_REMOVEDIR : 0);
    }
    if (folder != NULL)
        (void)closedir(folder); /* only read from */
}

static void remove_all(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd != -1) /* else it is gone already */
        remove_below(fd, 0);
    (void)rmdir(path);
}

void scratch_remove(char *path)
{
    if (path[0] != '\0')
        remove_all(path);
    note_scratch(path, "");
    path[0] = '\0';
}

void scratch_remove_all(void)
{
    for (size_t i = 0; i < sizeof scratches / sizeof scratches[0]; i++)
        if (scratches[i][0] != '\0')
            remove_all(scratches[i]);
}

void digest_of(const void *bytes, size_t length, char *text)
{
    uint64_t hash = 14695981039346656037U;
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ byte[i]) * 1099511628211U;
    (void)snprintf(text, 20, "%016" PRIx64, hash);
}

size_t text_character(const char *text, size_t length, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text[0];
    size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (size == 0 || first > 0xf4 || size > length)
        return 0;
    *code = size == 1 ? first : first & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | ((unsigned char)text[i] & 0x3fU);
    }
    bool good = *code >= smallest[size] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
    return good ? size : 0;
}

int text_harmless(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0, size; i < length; i += size) {
        uint32_t code = 0;
        size = text_character(text + i, length - i, &code);
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        bool turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
                     code == 0x200e || code == 0x200f;
        int result;
        if (size > 0 && (code == '\n' || code == '\t' || (!control && !turns)))
            result = buffer_add(out, text + i, size);
        else if (turns)
            result = buffer_print(out, "\\u%04" PRIx32, code);
        else
            result = buffer_print(out, "\\x%02x", size == 2 ? code : (unsigned char)text[i]);
        if (result == -1)
            return -1;
        size = size > 0 ? size : 1;
    }
    return 0;
}
