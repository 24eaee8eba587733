/* The folder that programs run in, for those that serve files: links in it, special files, dates.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/internal.h"

static const char *path_of(struct session *s, const char *name)
{
    return session_print(s, "%s/%s", s->work, name);
}

void session_symlink(struct session *s, const char *name, const char *target)
{
    const char *path = path_of(s, name);

    if (unlink(path) == -1 && errno != ENOENT)
        session_fault(s, "cannot replace %s: %s", name, strerror(errno));
    if (symlink(target, path) == -1)
        session_fault(s, "cannot make the link %s: %s", name, strerror(errno));
    s->has_files = true;
}

void session_fifo(struct session *s, const char *name)
{
    if (mkfifo(path_of(s, name), 0666) == -1)
        session_fault(s, "cannot make the FIFO %s: %s", name, strerror(errno));
    s->has_files = true;
}

void session_file_date(struct session *s, const char *name, time_t seconds, long nanoseconds)
{
    struct timespec when = {.tv_sec = seconds, .tv_nsec = nanoseconds}, times[] = {when, when};

    if (utimensat(AT_FDCWD, path_of(s, name), times, AT_SYMLINK_NOFOLLOW) == -1)
        session_fault(s, "cannot date %s: %s", name, strerror(errno));
}
