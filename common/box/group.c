/* One control group: a box enters it, and what was used in it is known when it has ended. */
#include "box/group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box/group_files.h"
#include "core/clock.h"

enum {
    PATIENCE = 10000, /* milliseconds for a group's processes to be gone */
    WATCHED = 64,     /* processes that are waited for at a time */
};

int group_path(char *path, const char *folder, const char *name, struct error *error)
{
    int length = snprintf(path, GROUP_PATH, "%s/%s", folder, name);

    if (length >= 0 && length < GROUP_PATH)
        return 0;
    errno = ENAMETOOLONG;
    return error_set_errno(error, "%s/%s", folder, name);
}

int group_write(const char *folder, const char *name, const char *text)
{
    char path[GROUP_PATH];

    if (group_path(path, folder, name, NULL) == -1)
        return -1;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return -1;
    ssize_t wrote = write(fd, text, strlen(text));
    int why = errno;
    (void)close(fd); /* the kernel has taken the text, or has refused it */
    errno = why;
    return wrote == -1 ? -1 : 0;
}

ssize_t group_read(const char *folder, const char *name, char *text, size_t size)
{
    char path[GROUP_PATH];

    if (group_path(path, folder, name, NULL) == -1)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return -1;
    ssize_t got = read(fd, text, size - 1);
    int why = errno;
    (void)close(fd); /* was only read */
    errno = why;
    text[got > 0 ? got : 0] = '\0';
    return got;
}

uint64_t group_number(const char *folder, const char *name, const char *key)
{
    char text[2048];
    size_t length = strlen(key);

    if (group_read(folder, name, text, sizeof text) == -1)
        return 0;
    for (char *rest, *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        if (length == 0 || (strncmp(line, key, length) == 0 && line[length] == ' '))
            return strtoumax(line + length, NULL, 10);
    return 0;
}

int group_trees(const struct groups *groups)
{
    return strcmp(groups->parent[GROUP_MEMORY], groups->parent[GROUP_TASKS]) == 0 ? 1 : 2;
}

/* The folders of a group, one for each tree; in both places the same where there is one tree. */
static int find_paths(const struct groups *groups, const char *name, char paths[2][GROUP_PATH],
                      struct error *error)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

    if (groups->kind == GROUPS_NONE || groups->parent[GROUP_MEMORY][0] == '\0')
        return error_set(error, "%s", _("there are no control groups to enter"));
    if (length == 0 || length >= GROUP_NAME || name[length] != '\0' || name[0] == '.')
        return error_set(error, _("\"%s\" is no name for a control group"), name);
    for (int i = 0; i < 2; i++)
        if (group_path(paths[i], groups->parent[i], name, error) == -1)
            return -1;
    return 0;
}

/* ---- entering ------------------------------------------------------------------------------- */

/* Without its file there is no swap to be limited: not an error where missing says so. */
static int set_limit(const char *folder, const char *name, uint64_t value, bool missing,
                     struct error *error)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value); /* fits */
    if (group_write(folder, name, text) == 0 || (missing && errno == ENOENT))
        return 0;
    return error_set_errno(error, _("cannot set %s/%s to %s"), folder, name, text);
}

static int set_limits(const struct groups *groups, char paths[2][GROUP_PATH],
                      const struct group_limits *limits, struct error *error)
{
    const char *memory = paths[GROUP_MEMORY];

    if (limits->memory != 0 && groups->kind == GROUPS_V1) {
        /* Memory with swap may not have a lower limit than memory, so that one is set first. */
        if (set_limit(memory, "memory.limit_in_bytes", limits->memory, false, error) == -1 ||
            set_limit(memory, "memory.memsw.limit_in_bytes", limits->memory, true, error) == -1 ||
            set_limit(memory, "memory.swappiness", 0, true, error) == -1 ||
            /* What lies in TCP's buffers has an account of its own, kept once it has a limit. */
            (limits->sockets != 0 && set_limit(memory, "memory.kmem.tcp.limit_in_bytes",
                                               limits->sockets, true, error) == -1))
            return -1;
    } else if (limits->memory != 0) {
        if (set_limit(memory, "memory.max", limits->memory, false, error) == -1 ||
            set_limit(memory, "memory.swap.max", 0, true, error) == -1)
            return -1;
    }
    return limits->tasks == 0
               ? 0
               : set_limit(paths[GROUP_TASKS], "pids.max", limits->tasks, false, error);
}

int group_enter(const struct groups *groups, const char *name, const struct group_limits *limits,
                struct error *error)
{
    char paths[2][GROUP_PATH];

    if (find_paths(groups, name, paths, error) == -1)
        return -1;
    for (int i = 0; i < group_trees(groups); i++)
        if (mkdir(paths[i], 0755) == -1)
            return error_set_errno(error, _("cannot make the control group %s"), paths[i]);
    if (set_limits(groups, paths, limits, error) == -1)
        return -1;
    for (int i = 0; i < group_trees(groups); i++)
        if (group_write(paths[i], "cgroup.procs", "0") == -1)
            return error_set_errno(error, _("cannot enter the control group %s"), paths[i]);
    return 0;
}

/* ---- finishing ------------------------------------------------------------------------------ */

/*
 * Sends SIGKILL to the processes that folder lists, and keeps up to WATCHED of them in ends, by
 * which their end is seen. Returns how many it keeps, or -1 with errno: EPERM stands also for a
 * process of another pid namespace, which is listed as 0 and cannot be named from here.
 */
static int kill_listed(const char *folder, struct pollfd *ends)
{
    char path[GROUP_PATH], line[32];
    int count = 0, why = 0;

    if (group_path(path, folder, "cgroup.procs", NULL) == -1)
        return -1;
    FILE *list = fopen(path, "re");
    if (list == NULL)
        return -1;
    while (count < WATCHED && fgets(line, sizeof line, list) != NULL) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        int fd = pid > 0 && pid != getpid() ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
        if (fd == -1 && pid > 0 && pid != getpid() && errno == ESRCH)
            continue; /* it has just ended */
        if (fd == -1 ||
            (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == -1 && errno != ESRCH))
            why = pid > 0 && pid != getpid() ? errno : EPERM;
        if (fd != -1)
            ends[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    (void)fclose(list); /* was only read */
    if (why == 0)
        return count;
    for (int i = 0; i < count; i++)
        (void)close(ends[i].fd); /* a handle, nothing is written through it */
    errno = why;
    return -1;
}

/* Waits until each of them has ended, or until the moment given; closes the handles. */
static void await_ends(struct pollfd *ends, int count, int64_t until)
{
    for (int i = 0; i < count; i++) {
        int64_t left = until - now_ms();
        (void)poll(&ends[i], 1, left > 0 ? (int)left : 0); /* whoever is left is found again */
        (void)close(ends[i].fd); /* a handle, nothing is written through it */
    }
}

/* Version 2: the kernel ends them all at once, whatever they fork, and says when they are gone. */
static bool end_at_once(const char *folder, int64_t until)
{
    char path[GROUP_PATH], text[128];
    bool gone = false;

    if (group_write(folder, "cgroup.kill", "1") == -1 || /* Linux 5.14 */
        group_path(path, folder, "cgroup.events", NULL) == -1)
        return false;
    struct pollfd events = {.fd = open(path, O_RDONLY | O_CLOEXEC), .events = POLLPRI};
    while (events.fd != -1 && !gone) {
        int64_t left = until - now_ms();
        ssize_t got = pread(events.fd, text, sizeof text - 1, 0);
        text[got > 0 ? got : 0] = '\0';
        gone = strstr(text, "populated 0") != NULL;
        if (!gone && (got <= 0 || left <= 0 || poll(&events, 1, (int)left) == -1))
            break;
    }
    if (events.fd != -1)
        (void)close(events.fd); /* was only read */
    return gone;
}

int group_end_all(const struct groups *groups, const char *folder, int64_t until)
{
    struct pollfd ends[WATCHED];

    if (groups->kind == GROUPS_V2 && end_at_once(folder, until))
        return 0;
    for (;;) {
        int count = kill_listed(folder, ends);
        if (count <= 0)
            return count;
        await_ends(ends, count, until);
        if (now_ms() >= until) {
            errno = ETIMEDOUT;
            return -1;
        }
    }
}

/* A process counts as one in its group for some moments longer than its end can be seen. */
int group_remove_folder(const char *folder, int64_t until)
{
    int done;

    while ((done = rmdir(folder)) == -1 && errno == EBUSY && now_ms() < until)
        (void)poll(NULL, 0, 1); /* nothing tells when those moments are over */
    return done == -1 && errno == ENOENT ? 0 : done;
}

uint64_t group_sockets(const struct groups *groups, const char *name)
{
    char paths[2][GROUP_PATH];

    if (find_paths(groups, name, paths, NULL) == -1)
        return 0;
    return groups->kind == GROUPS_V1
               ? group_number(paths[GROUP_MEMORY], "memory.kmem.tcp.usage_in_bytes", "")
               : group_number(paths[GROUP_MEMORY], "memory.stat", "sock");
}

static void read_use(const struct groups *groups, char paths[2][GROUP_PATH], struct group_use *use)
{
    const char *memory = paths[GROUP_MEMORY];
    bool killed, limit;

    if (groups->kind == GROUPS_V1) {
        /* Version 1 does not tell whose want of memory it was; it takes memory by the piece. */
        const uint64_t piece = 1 << 20;
        killed = group_number(memory, "memory.oom_control", "oom_kill") > 0;
        use->memory_peak = group_number(memory, "memory.max_usage_in_bytes", "");
        limit = use->memory_peak + piece >= group_number(memory, "memory.limit_in_bytes", "");
    } else {
        killed = group_number(memory, "memory.events", "oom_kill") > 0;
        limit = group_number(memory, "memory.events", "oom") > 0;
        use->memory_peak = group_number(memory, "memory.peak", ""); /* Linux 5.19 */
        use->cpu_us = (int64_t)group_number(memory, "cpu.stat", "usage_usec");
    }
    use->memory_met = killed && limit;
    use->starved = killed && !limit;
}

int group_finish(const struct groups *groups, const char *name, struct group_use *use,
                 struct error *error)
{
    char paths[2][GROUP_PATH];
    int64_t until = now_ms() + PATIENCE;
    struct group_use used = {.cpu_us = -1};
    int found = 0;

    if (find_paths(groups, name, paths, error) == -1)
        return -1;
    for (int i = 0; i < group_trees(groups); i++)
        found += access(paths[i], F_OK) == 0;
    if (found == 0)
        return error_set_errno(error, _("the control group %s was never entered"), paths[0]);

    /* Nothing can be forked from here on, so what is listed is all there is. */
    used.tasks_met = group_number(paths[GROUP_TASKS], "pids.events", "max") > 0;
    (void)group_write(paths[GROUP_TASKS], "pids.max", "0"); /* else it takes a few rounds more */
    for (int i = 0; i < group_trees(groups); i++)
        if (access(paths[i], F_OK) == 0 && group_end_all(groups, paths[i], until) == -1)
            return error_set_errno(error, _("cannot end what is in the control group %s"),
                                   paths[i]);
    read_use(groups, paths, &used);
    for (int i = 0; i < group_trees(groups); i++)
        if (group_remove_folder(paths[i], until) == -1)
            return error_set_errno(error, _("cannot remove the control group %s"), paths[i]);
    if (use != NULL)
        *use = used;
    return 0;
}

/* ---- in words ------------------------------------------------------------------------------- */

const char *groups_text(const struct groups *groups)
{
    return groups->text;
}

int groups_parse(struct groups *groups, const char *text, struct error *error)
{
    const char *memory = text + 3, *tasks = strchr(text, ':');

    *groups = (struct groups){.lock = {-1, -1}};
    if (strncmp(text, "v1:/", 4) == 0)
        groups->kind = GROUPS_V1;
    else if (strncmp(text, "v2:/", 4) == 0)
        groups->kind = GROUPS_V2;
    if (groups->kind != GROUPS_NONE)
        tasks = strchr(memory, ':');
    if (groups->kind == GROUPS_NONE || tasks == NULL || tasks[1] != '/' ||
        tasks - memory >= GROUP_PATH || strlen(tasks + 1) >= GROUP_PATH) {
        groups->kind = GROUPS_NONE;
        return error_set(error, _("\"%s\" names no control groups"), text);
    }
    (void)memcpy(groups->parent[GROUP_MEMORY], memory, (size_t)(tasks - memory));
    (void)memcpy(groups->parent[GROUP_TASKS], tasks + 1, strlen(tasks + 1));
    (void)snprintf(groups->text, sizeof groups->text, "%s", text); /* fits */
    return 0;
}
