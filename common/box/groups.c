/* The place where control groups can be made here, and the parent of all that a grader makes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "box/group.h"
#include "box/group_files.h"
#include "core/clock.h"

#define PREFIX "workbook-" /* names of the parents; the number of the grader's process follows */
#define LEAF "Grader"      /* v2: where the grader itself is; no group of a case has a capital */
#define CONTROLLERS_ON "+memory +pids"
#define CONTROLLERS_OFF "-memory -pids"

enum { ROUNDS = 100, STALE_PATIENCE = 2000 };

/* A mounted tree of groups. */
struct tree {
    char mount[GROUP_PATH]; /* the folder it is mounted on */
    char own[GROUP_PATH];   /* this process's group in it, as a folder */
};

/* ---- what is mounted ------------------------------------------------------------------------ */

/* Is word one of the words in list, which are separated by commas or blanks? */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; *at != '\0'; at += strspn(at, ", \n")) {
        size_t span = strcspn(at, ", \n");
        if (span == length && strncmp(at, word, length) == 0)
            return true;
        at += span;
    }
    return false;
}

/* The line of a file for which wanted() says so, without its line end; freed by the caller. */
static char *find_line(const char *path, bool (*wanted)(const char *line, const void *data),
                       const void *data)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (file != NULL && !found && getline(&line, &size, file) != -1) {
        line[strcspn(line, "\n")] = '\0';
        found = wanted(line, data);
    }
    if (file != NULL)
        (void)fclose(file); /* was only read */
    if (!found) {
        free(line);
        line = NULL;
    }
    return line;
}

/* A line of mountinfo, proc(5): "36 35 98:0 /root /point rw - cgroup name rw,memory". */
static bool is_mount(const char *line, const void *controller)
{
    char type[16] = "", options[GROUP_PATH] = "";
    const char *after = strstr(line, " - ");

    if (after == NULL || strchr(line, '\\') != NULL || /* a blank in the path, written as \040 */
        sscanf(after, " - %15s %*s %511s", type, options) != 2)
        return false;
    return controller == NULL ? strcmp(type, "cgroup2") == 0
                              : strcmp(type, "cgroup") == 0 && has_word(options, controller);
}

/* A line of /proc/self/cgroup, cgroups(7): "4:memory:/path"; version 2 is "0::/path". */
static bool is_own(const char *line, const void *controller)
{
    const char *names = strchr(line, ':');
    const char *path = names == NULL ? NULL : strchr(names + 1, ':');
    char list[GROUP_PATH];

    if (path == NULL || path - names > GROUP_PATH)
        return false;
    (void)snprintf(list, sizeof list, "%.*s", (int)(path - names - 1), names + 1); /* fits */
    return controller == NULL ? list[0] == '\0' : has_word(list, controller);
}

/* Finds the tree with a controller, or that of version 2 for NULL. False if there is none. */
static bool find_tree(struct tree *tree, const char *controller)
{
    char root[GROUP_PATH] = "", *mount = find_line("/proc/self/mountinfo", is_mount, controller);
    char *own = find_line("/proc/self/cgroup", is_own, controller);
    bool found = mount != NULL && own != NULL &&
                 sscanf(mount, "%*s %*s %*s %511s %511s", root, tree->mount) == 2 &&
                 strchr(tree->mount, ':') == NULL;

    if (found) {
        const char *path = strchr(strchr(own, ':') + 1, ':') + 1;
        size_t above = strcmp(root, "/") == 0 ? 0 : strlen(root);
        /* Mounted may be only a part of the tree, and this process's group outside of it. */
        if (strncmp(path, root, above) != 0 || strstr(path, "/..") != NULL)
            path = "/", above = 0;
        path += above;
        found = snprintf(tree->own, sizeof tree->own, "%s%s", tree->mount,
                         strcmp(path, "/") == 0 ? "" : path) < GROUP_PATH;
    }
    free(mount);
    free(own);
    return found;
}

/* ---- the parent ----------------------------------------------------------------------------- */

/* Moves every process from one group to another. Returns 0, or -1 with errno. */
static int move_all(const char *from, const char *to)
{
    char path[GROUP_PATH], line[32];

    if (group_path(path, from, "cgroup.procs", NULL) == -1)
        return -1;
    for (int round = 0; round < ROUNDS; round++) {
        FILE *list = fopen(path, "re");
        int count = 0, failed = 0;
        if (list == NULL)
            return -1;
        while (failed == 0 && fgets(line, sizeof line, list) != NULL) {
            count++;
            if (strtol(line, NULL, 10) == 0) /* it is in a pid namespace that is not seen here */
                failed = EPERM;
            else if (group_write(to, "cgroup.procs", line) == -1 && errno != ESRCH)
                failed = errno;
        }
        (void)fclose(list); /* was only read */
        errno = failed;
        if (count == 0 || failed != 0)
            return failed == 0 ? 0 : -1;
    }
    errno = EBUSY;
    return -1;
}

/* Ends and removes the groups of cases below a parent; a leaf goes when nothing is in it. */
static int empty_parent(const struct groups *groups, const char *parent, int64_t until)
{
    DIR *folder = opendir(parent);
    struct dirent *entry;
    char path[GROUP_PATH];
    int done = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
            group_path(path, parent, entry->d_name, NULL) == -1)
            continue;
        if (strcmp(entry->d_name, LEAF) == 0)
            (void)rmdir(path); /* whoever is still in it stays */
        else if (group_end_all(groups, path, until) == -1 || group_remove_folder(path, until) == -1)
            done = -1;
    }
    if (folder != NULL)
        (void)closedir(folder); /* was only read */
    return done;
}

/* A parent is in use as long as someone holds its lock: the kernel lets go of it for the dead. */
static void sweep(const struct groups *groups, const char *place)
{
    DIR *folder = opendir(place);
    struct dirent *entry;
    char path[GROUP_PATH];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0 ||
            group_path(path, place, entry->d_name, NULL) == -1)
            continue;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
            empty_parent(groups, path, now_ms() + STALE_PATIENCE) == 0)
            (void)rmdir(path); /* fails when there is still someone in its leaf */
        if (fd != -1)
            (void)close(fd); /* was only locked */
    }
    if (folder != NULL)
        (void)closedir(folder); /* was only read */
}

/* Makes and locks a parent. Another grader may sweep it away before it is locked. */
static int make_parent(const char *place, char *parent, int *lock, struct error *error)
{
    char name[GROUP_NAME];
    struct stat made, there;

    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(name, sizeof name, PREFIX "%d-%d", (int)getpid(), i); /* fits */
        if (group_path(parent, place, name, error) == -1)
            break;
        if (mkdir(parent, 0755) == -1) {
            if (errno == EEXIST)
                continue;
            (void)error_set_errno(error, _("cannot make the control group %s"), parent);
            break;
        }
        *lock = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*lock != -1 && flock(*lock, LOCK_EX) == 0 && fstat(*lock, &made) == 0 &&
            stat(parent, &there) == 0 && made.st_ino == there.st_ino)
            return 0;
        if (*lock != -1)
            (void)close(*lock); /* was only locked */
        *lock = -1;
        (void)error_set(error, _("cannot keep the control group %s"), parent);
    }
    int why = errno;
    parent[0] = '\0';
    errno = why;
    return -1;
}

/*
 * Version 2 lets no group both have processes and share out memory among groups below it. So the
 * grader goes into a leaf of its own, and the groups of cases are the leaf's siblings. That also
 * lets a process of another uid move from here: it has to own what is above both groups.
 */
static int settle(const struct groups *groups, struct error *error)
{
    const char *place = groups->place[GROUP_MEMORY], *parent = groups->parent[GROUP_MEMORY];
    char leaf[GROUP_PATH], offered[256];

    if (group_path(leaf, parent, LEAF, error) == -1)
        return -1;
    if (mkdir(leaf, 0755) == -1)
        return error_set_errno(error, _("cannot make the control group %s"), leaf);
    if (group_read(parent, "cgroup.controllers", offered, sizeof offered) == -1 ||
        !has_word(offered, "memory") || !has_word(offered, "pids")) {
        if (groups->crowd && move_all(place, leaf) == -1)
            return error_set_errno(error, _("cannot move what is in the control group %s"), place);
        if (group_write(place, "cgroup.subtree_control", CONTROLLERS_ON) == -1)
            return error_set_errno(error, _("cannot share out memory below %s"), place);
    }
    if (group_write(leaf, "cgroup.procs", "0") == -1)
        return error_set_errno(error, _("cannot enter the control group %s"), leaf);
    if (group_write(parent, "cgroup.subtree_control", CONTROLLERS_ON) == -1)
        return error_set_errno(error, _("cannot share out memory below %s"), parent);
    return 0;
}

/* Lets uid make groups below parent, and move its processes among them. */
static int give(const char *parent, uid_t uid, struct error *error)
{
    char path[GROUP_PATH];

    if (uid == geteuid())
        return 0;
    if (chown(parent, uid, (gid_t)-1) == 0 && group_path(path, parent, "cgroup.procs", NULL) == 0 &&
        chown(path, uid, (gid_t)-1) == 0)
        return 0;
    return error_set_errno(error, _("cannot give the control group %s to another user"), parent);
}

int groups_make(struct groups *groups, uid_t uid, struct error *error)
{
    bool two = strcmp(groups->place[GROUP_MEMORY], groups->place[GROUP_TASKS]) != 0;

    if (groups->kind == GROUPS_NONE)
        return error_set(error, "%s", _("no place for control groups was found"));
    groups->lock[0] = groups->lock[1] = -1;
    for (int i = 0; i <= two; i++) {
        sweep(groups, groups->place[i]);
        if (make_parent(groups->place[i], groups->parent[i], &groups->lock[i], error) == -1)
            goto failed;
    }
    if (!two)
        (void)memcpy(groups->parent[1], groups->parent[0], sizeof groups->parent[1]);
    if (groups->kind == GROUPS_V2 && settle(groups, error) == -1)
        goto failed;
    for (int i = 0; i <= two; i++)
        if (give(groups->parent[i], uid, error) == -1)
            goto failed;
    (void)snprintf(groups->text, sizeof groups->text, "v%d:%s:%s",
                   groups->kind == GROUPS_V1 ? 1 : 2, groups->parent[0], groups->parent[1]);
    return 0;

failed:;
    int why = errno;
    (void)groups_remove(groups, NULL); /* the first reason is the one to be told */
    errno = why;
    return -1;
}

/*
 * Goes back to where this process came from. It cannot where that is gone, or where another grader
 * still shares out the place: then this process stays in its leaf, which a later grader removes.
 */
static void leave(const struct groups *groups)
{
    const char *parent = groups->parent[GROUP_MEMORY];
    char leaf[GROUP_PATH];

    (void)group_write(parent, "cgroup.subtree_control", CONTROLLERS_OFF);
    if (groups->crowd)
        (void)group_write(groups->place[GROUP_MEMORY], "cgroup.subtree_control", CONTROLLERS_OFF);
    if (group_path(leaf, parent, LEAF, NULL) == 0 && move_all(leaf, groups->home) == 0)
        (void)rmdir(leaf); /* the same holds */
}

int groups_remove(struct groups *groups, struct error *error)
{
    int64_t until = now_ms() + STALE_PATIENCE;
    int done = 0, trees = group_trees(groups);

    for (int i = 0; i < trees; i++) {
        const char *parent = groups->parent[i];
        if (parent[0] == '\0')
            continue;
        if (empty_parent(groups, parent, until) == -1)
            done = error_set_errno(error, _("cannot remove the control groups below %s"), parent);
        if (groups->kind == GROUPS_V2)
            leave(groups);
        if (rmdir(parent) == -1 && done == 0 && (groups->kind == GROUPS_V1 || errno != EBUSY))
            done = error_set_errno(error, _("cannot remove the control group %s"), parent);
        if (groups->lock[i] != -1)
            (void)close(groups->lock[i]); /* was only locked */
        groups->lock[i] = -1;
    }
    groups->parent[0][0] = groups->parent[1][0] = '\0';
    return done;
}

/* ---- probing -------------------------------------------------------------------------------- */

/* In a child, as one of uid: a group for a single task has to refuse a second one. */
static int try_limit(const struct groups *groups, uid_t uid, struct error *error)
{
    const struct group_limits limits = {.memory = (uint64_t)64 << 20, .tasks = 1};

    if (uid != geteuid() && (setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 ||
                             setresuid(uid, uid, uid) == -1))
        return error_set_errno(error, _("cannot become user %u"), (unsigned)uid);
    if (group_enter(groups, "probe", &limits, error) == -1)
        return -1;
    pid_t second = fork();
    if (second == 0)
        _exit(0);
    return second == -1 ? 0 : error_set(error, "%s", _("a limit of one task did not hold"));
}

static int trial(const struct groups *groups, uid_t uid, struct error *error)
{
    struct group_use use = {0};
    struct error why = {0};
    int words[2];

    if (pipe2(words, O_CLOEXEC) == -1)
        return error_set_errno(error, "pipe2");
    pid_t child = fork();
    if (child == 0) {
        int done = try_limit(groups, uid, &why);
        /* The pipe has room for it, and its other end is open. */
        if (done == -1 && write(words[1], why.text, strlen(why.text)) == -1)
            _exit(2);
        _exit(done == -1);
    }
    (void)close(words[1]); /* the child's */
    ssize_t got = child == -1 ? -1 : read(words[0], why.text, sizeof why.text - 1);
    (void)close(words[0]); /* was only read */
    if (child == -1)
        return error_set_errno(error, "fork");
    if (waitpid(child, NULL, 0) == -1 || got != 0) {
        (void)group_finish(groups, "probe", NULL, NULL); /* as far as it came */
        errno = 0;
        return error_set(error, "%s", why.text);
    }
    if (group_finish(groups, "probe", &use, error) == -1)
        return -1;
    return use.tasks_met ? 0 : error_set(error, "%s", _("a limit of one task was not told of"));
}

static int try_place(struct groups *groups, const char *memory, const char *tasks, uid_t uid,
                     struct error *error)
{
    (void)snprintf(groups->place[GROUP_MEMORY], GROUP_PATH, "%s", memory); /* fits */
    (void)snprintf(groups->place[GROUP_TASKS], GROUP_PATH, "%s", tasks);   /* fits */
    if (groups_make(groups, uid, error) == -1)
        return -1;
    int done = trial(groups, uid, error);
    int why = errno;
    if (groups_remove(groups, done == 0 ? error : NULL) == -1)
        done = -1;
    errno = why;
    return done;
}

/* systemd marks the groups that are for whoever runs in them to divide. */
static bool is_delegated(const char *folder)
{
    char mark[4];

    return getxattr(folder, "user.delegate", mark, sizeof mark) > 0 ||
           getxattr(folder, "trusted.delegate", mark, sizeof mark) > 0;
}

/*
 * Where in version 2: in this process's own group when that was given to it; else as far up as may
 * be, where no session's end takes the group away; else in its own group, all that is there moved.
 */
static int probe_v2(struct groups *groups, const struct tree *tree, uid_t uid, struct error *error)
{
    char place[GROUP_PATH];
    size_t end = strlen(tree->mount), whole = strlen(tree->own);

    groups->kind = GROUPS_V2;
    (void)snprintf(groups->home, sizeof groups->home, "%s", tree->own); /* fits */
    groups->crowd = true;
    if (is_delegated(tree->own) && try_place(groups, tree->own, tree->own, uid, error) == 0)
        return 0;
    groups->crowd = false;
    for (; end <= whole; end += 1 + strcspn(tree->own + end + 1, "/")) {
        (void)snprintf(place, sizeof place, "%.*s", (int)end, tree->own); /* fits */
        if (try_place(groups, place, place, uid, error) == 0)
            return 0;
        if (end == whole)
            break;
    }
    groups->crowd = true;
    return try_place(groups, tree->own, tree->own, uid, error);
}

static int probe_v1(struct groups *groups, const struct tree trees[2], uid_t uid,
                    struct error *error)
{
    groups->kind = GROUPS_V1;
    groups->crowd = false;
    if (try_place(groups, trees[0].mount, trees[1].mount, uid, error) == 0)
        return 0;
    return try_place(groups, trees[0].own, trees[1].own, uid, error);
}

/* Adds to a reason what can be done about it. */
static int advise(int why, struct error *error)
{
    struct error reason = *error;

    if (why == EROFS)
        return error_set(error,
                         _("%s; in a container, start that with control groups that can be "
                           "written to (docker run --privileged --cgroupns=private)"),
                         reason.text);
    if ((why == EACCES || why == EPERM) && geteuid() != 0)
        return error_set(error,
                         _("%s; run it as root, or where systemd is: "
                           "systemd-run --user --scope -p Delegate=yes COMMAND"),
                         reason.text);
    return -1;
}

int groups_probe(struct groups *groups, uid_t uid, struct error *error)
{
    struct tree one = {0}, two[2] = {0};
    char offered[256] = "";
    bool v2 = find_tree(&one, NULL);
    bool v1 = find_tree(&two[GROUP_MEMORY], "memory") && find_tree(&two[GROUP_TASKS], "pids");

    *groups = (struct groups){.lock = {-1, -1}};
    if (v2)
        (void)group_read(one.mount, "cgroup.controllers", offered, sizeof offered); /* or none */
    errno = 0;
    if (has_word(offered, "memory") && has_word(offered, "pids")) {
        if (probe_v2(groups, &one, uid, error) == 0)
            return 0;
        (void)advise(errno, error);
    } else if (v1) {
        if (probe_v1(groups, two, uid, error) == 0)
            return 0;
        (void)advise(errno, error);
    } else if (v2) {
        (void)error_set(error, "%s",
                        _("the kernel's control groups have no limit of memory here; "
                          "boot it with cgroup_enable=memory"));
    } else {
        (void)error_set(error, "%s",
                        _("no control groups are mounted here; as root: "
                          "mount -t cgroup2 cgroup2 /sys/fs/cgroup"));
    }
    *groups = (struct groups){.lock = {-1, -1}};
    return -1;
}

/* ---- handed on ------------------------------------------------------------------------------ */

const char *groups_place(struct groups *groups)
{
    (void)snprintf(groups->text, sizeof groups->text, "v%d\n%d\n%s\n%s\n%s",
                   groups->kind == GROUPS_V1 ? 1 : 2, groups->crowd, groups->place[0],
                   groups->place[1], groups->home); /* fits */
    return groups->text;
}

/* Takes a line off text. False if it is too long. */
static bool take_line(const char **text, char line[GROUP_PATH])
{
    size_t length = strcspn(*text, "\n");

    if (length >= GROUP_PATH)
        return false;
    memcpy(line, *text, length);
    line[length] = '\0';
    *text += length + ((*text)[length] == '\n');
    return true;
}

int groups_place_parse(struct groups *groups, const char *text, struct error *error)
{
    char kind[GROUP_PATH], crowd[GROUP_PATH];

    *groups = (struct groups){.lock = {-1, -1}};
    if (!take_line(&text, kind) || !take_line(&text, crowd) ||
        !take_line(&text, groups->place[GROUP_MEMORY]) ||
        !take_line(&text, groups->place[GROUP_TASKS]) || !take_line(&text, groups->home) ||
        groups->place[0][0] != '/' || groups->place[1][0] != '/')
        return error_set(error, "%s", _("that names no place of control groups"));
    groups->crowd = strcmp(crowd, "1") == 0;
    groups->kind = strcmp(kind, "v1") == 0 ? GROUPS_V1 : GROUPS_V2;
    return 0;
}
