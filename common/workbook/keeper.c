#include "workbook/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/number.h"

enum { PROCESSES_MOST = 16384, GRACE_MS = 300 };

/* ---- processes --------------------------------------------------------------------------------
 */

struct process {
    pid_t pid, parent;
    char state;
};

/* Reads /proc/PID/stat. The name in it may hold blanks and brackets, so it is read from the last
 * ')'. */
static bool process_read(pid_t pid, struct process *process)
{
    char path[64], text[512];
    int parent;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    (void)close(fd); /* only read from */
    if (length <= 0)
        return false;
    text[length] = '\0';
    char *tail = strrchr(text, ')');
    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes this line */
    if (tail == NULL || sscanf(tail + 1, " %c %d", &process->state, &parent) != 2)
        return false;
    process->pid = pid;
    process->parent = parent;
    return true;
}

char keeper_state(pid_t pid)
{
    struct process process;

    if (!process_read(pid, &process) || process.state == 'X') /* X: being reaped at this moment */
        return '\0';
    return process.state;
}

static size_t processes_read(struct process *list, size_t most)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    size_t count = 0;
    long pid;

    if (folder == NULL)
        return 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while (count < most && (entry = readdir(folder)) != NULL)
        if (number_parse(entry->d_name, 1, 0x7fffffff, &pid) &&
            process_read((pid_t)pid, &list[count]))
            count++;
    (void)closedir(folder); /* only read from */
    return count;
}

static bool listed(pid_t pid, pid_t root, const pid_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == pid)
            return true;
    return pid == root;
}

size_t keeper_descendants(pid_t root, pid_t *list, size_t most)
{
    struct process *all = calloc(PROCESSES_MOST, sizeof *all);
    size_t count = 0, total = all != NULL ? processes_read(all, PROCESSES_MOST) : 0;

    /* Parents may stand behind their children in /proc, so this goes round until nothing is new. */
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < total && count < most; i++) {
            if (all[i].pid == 0 || !listed(all[i].parent, root, list, count))
                continue;
            list[count++] = all[i].pid;
            all[i].pid = 0;
            grown = true;
        }
    }
    free(all);
    return count;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static size_t signal_all(int number)
{
    static pid_t list[PROCESSES_MOST];
    size_t count = keeper_descendants(getpid(), list, PROCESSES_MOST);

    for (size_t i = 0; i < count; i++) {
        (void)kill(list[i], number); /* it may have ended by itself */
        (void)kill(list[i], SIGCONT);
    }
    return count;
}

/*
 * Ends everything. Servers are asked first, so that they can remove what they made; whatever is
 * there after a moment is killed, again and again until nothing is left: orphans become children
 * of the keeper, so none escapes.
 */
static void end_all(int signals)
{
    struct pollfd child = {.fd = signals, .events = POLLIN};
    struct signalfd_siginfo info;
    long long limit = now_ms() + GRACE_MS;

    (void)signal_all(SIGTERM);
    for (;;) {
        reap();
        if (waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD)
            return;
        long long left = limit - now_ms();
        if (left <= 0) {
            (void)signal_all(SIGKILL);
            left = 20; /* a process that was being born shows up in the next round */
        }
        if (poll(&child, 1, (int)left) > 0)
            (void)read(signals, &info, sizeof info); /* only its arrival matters */
    }
}

static void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    if (folder == NULL)
        return;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), entry->d_name, 0); /* what stays is in /tmp */
    (void)closedir(folder);
    (void)rmdir(path);
}

/* ---- the namespace ----------------------------------------------------------------------------
 */

static bool file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd == -1)
        return false;
    bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return close(fd) == 0 && written;
}

/* A plain user gets capabilities over the new network by way of a user namespace of its own. */
static bool network_unshare(void)
{
    char map[64];
    unsigned user = geteuid(), group = getegid();

    if (unshare(CLONE_NEWNET) == 0)
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
        return false;
    (void)file_write("/proc/self/setgroups", "deny"); /* absent on old kernels: then not needed */
    (void)snprintf(map, sizeof map, "%u %u 1", user, user);
    if (!file_write("/proc/self/uid_map", map))
        return false;
    (void)snprintf(map, sizeof map, "%u %u 1", group, group);
    return file_write("/proc/self/gid_map", map);
}

static bool loopback_raise(int fd)
{
    struct ifreq request = {.ifr_name = "lo"};

    if (ioctl(fd, SIOCGIFFLAGS, &request) == -1)
        return false;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_RUNNING);
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

/* Some systems let unshare() succeed and refuse later: only a bound socket proves the network. */
static bool network_isolate(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!network_unshare())
        return false;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return false;
    bool works = loopback_raise(fd) &&
                 bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                 listen(fd, 1) == 0;
    (void)close(fd); /* a probe */
    return works;
}

/* ---- the keeper itself ------------------------------------------------------------------------
 */

static void say(int channel, const char *word, int number)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%s %d\n", word, number);

    /* If the runner is gone nobody listens; its end is seen by poll(). */
    (void)send(channel, line, (size_t)length, MSG_NOSIGNAL);
}

static pid_t bash_start(int channel, const char *const *bash)
{
    sigset_t none;
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the keeper itself be killed */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(channel, KEEPER_CHANNEL) == KEEPER_CHANNEL)
        (void)execvp(bash[0], (char *const *)(size_t)bash);
    _exit(127);
}

/* Keeps descriptors 0 to 2 and the channel; everything else belongs to the runner. */
static int descriptors_settle(int channel)
{
    int null = open("/dev/null", O_RDWR);

    if (null == -1)
        return -1;
    for (int fd = 0; fd < 3; fd++)
        if (null != fd && dup2(null, fd) == -1)
            return -1;
    if (channel != 3 && dup3(channel, 3, O_CLOEXEC) == -1)
        return -1;
    if (fcntl(3, F_SETFD, FD_CLOEXEC) == -1)
        return -1;
    closefrom(4);
    return 3;
}

/* Sees children end and the runner go; returns when all is to be ended. */
static void keep(int channel, int signals, pid_t bash)
{
    struct pollfd watched[] = {{.fd = channel, .events = POLLRDHUP},
                               {.fd = signals, .events = POLLIN}};
    struct signalfd_siginfo info;
    int status;

    for (;;) {
        if (poll(watched, 2, -1) == -1)
            continue;
        if (watched[0].revents != 0)
            return;
        if (read(signals, &info, sizeof info) != (ssize_t)sizeof info)
            continue;
        if (info.ssi_signo != SIGCHLD)
            return;
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == bash)
                say(channel, "dead",
                    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}

void keeper_run(int channel, const char *folder, const char *const *bash, bool isolated)
{
    sigset_t watched;

    /* Of no terminal: Ctrl-C is for the runner, and /dev/tty is nothing a lesson needs. */
    (void)setsid();
    channel = descriptors_settle(channel);
    if (channel == -1)
        _exit(1);
    (void)sigfillset(&watched);
    (void)sigprocmask(SIG_SETMASK, &watched, NULL);
    for (int number = 1; number < SIGRTMIN; number++) {
        struct sigaction plain = {.sa_handler = SIG_DFL};
        (void)sigaction(number, &plain,
                        NULL); /* refused for SIGKILL and SIGSTOP, as it should be */
    }
    (void)sigemptyset(&watched);
    (void)sigaddset(&watched, SIGCHLD);
    (void)sigaddset(&watched, SIGTERM);
    int signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals == -1 || prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
        _exit(1);
    if (isolated && !network_isolate()) {
        say(channel, "refused", 0);
        _exit(0);
    }
    pid_t pid = bash_start(channel, bash);
    if (pid == -1)
        _exit(1);
    say(channel, "ready", pid);
    keep(channel, signals, pid);
    end_all(signals);
    folder_remove(folder);
    _exit(0);
}
