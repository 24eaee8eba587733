/*
 * box-init: the first process of an inner box. It starts the program under test, tells how that
 * ended, and buries what the program leaves behind.
 *
 *     box-init FD FOLDER TASKS [NAME=VALUE]... PROGRAM [ARGUMENTS]...
 *
 * FD is a SOCK_SEQPACKET socket; who sent a message, the kernel tells (SCM_CREDENTIALS), and in
 * numbers of the receiver's own. FOLDER is where the program runs, TASKS how many processes and
 * threads it may have at once.
 *
 *   we      -> 1 byte          we are there
 *   program -> its pid_t       it is about to become the program
 *   program <- 3 descriptors   its standard input, output and error; now it begins
 *   we      -> struct box_end  it has ended
 *
 * The kernel protects the first process of a namespace from signals of the others, and the rest is
 * done by not being dumpable: the program can neither end us, trace us, nor use FD.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/init.h"
#include "box/limits.h"
#include "core/error.h"
#include "core/number.h"

/*
 * As "box-init --probe": whether the box is one that cases can run in. A network that looks like
 * one and cannot be used is told by using it.
 */
static int probe(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    struct sockaddr *any = (struct sockaddr *)&address;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(server, any, length) == -1 || listen(server, 1) == -1 ||
        getsockname(server, any, &length) == -1 || connect(client, any, length) == -1)
        die_errno("the box's network");
    if (getpid() != 1)
        die("the box has no processes of its own");
    return EXIT_SUCCESS;
}

/* A folder of the harness's would lead out of this box, by openat(): one of the box's does as well.
 */
static bool stay_inside(int fd)
{
    struct stat status;

    if (fstat(fd, &status) == -1)
        return false;
    if (!S_ISDIR(status.st_mode))
        return true;
    int own = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return own != -1 && dup2(own, fd) == fd;
}

/* Takes the three descriptors that the harness sends. False if it is gone. */
static bool take_streams(int fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(3 * sizeof(int))];
    } control;
    char byte;
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    int streams[3];
    ssize_t got;

    while ((got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC)) == -1 && errno == EINTR)
        continue;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (got != 1 || head == NULL || head->cmsg_len != CMSG_LEN(sizeof streams))
        return false;
    memcpy(streams, CMSG_DATA(head), sizeof streams);
    for (int i = 0; i < 3; i++)
        if (dup2(streams[i], i) == -1 || !stay_inside(i))
            return false;
    return true;
}

/* Signals as a program finds them that was started from a shell. */
static void reset_signals(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        if (number != SIGXFSZ) /* as we were given it: the disk may be one that is full */
            (void)sigaction(number, &plain, NULL); /* fails for SIGKILL, which is fine */
}

static bool limit(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit both = {value, value}, now;

    if (getrlimit(what, &now) == 0 && now.rlim_max < value)
        both.rlim_cur = both.rlim_max = now.rlim_max; /* lower than ours is fine too */
    return setrlimit(what, &both) == 0;
}

/*
 * From now on setsid() fails, as it does for the head of a session. The kernel gives each session a
 * share of the processor of its own (autogroups): a bomb of them would keep all others from it.
 * bubblewrap allows the filter: it has given up what could gain rights (no_new_privs).
 */
static bool forbid_sessions(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof code / sizeof code[0], code};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static _Noreturn void become(int fd, rlim_t tasks, const char *folder, char **words)
{
    pid_t self = getpid();

    (void)setsid();
    reset_signals();
    if (send(fd, &self, sizeof self, 0) != (ssize_t)sizeof self || !take_streams(fd))
        _exit(127);
    if (!limit(RLIMIT_NPROC, tasks) || !limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, LIMIT_FILE) ||
        !limit(RLIMIT_NOFILE, LIMIT_DESCRIPTORS) || !limit(RLIMIT_CPU, LIMIT_WALL_MS / 1000) ||
        chdir(folder) == -1)
        _exit(127);
    if (!forbid_sessions())
        _exit(127);
    (void)close_range(3, ~0U, 0);
    /* AddressSanitizer cannot start where the kernel places programs too randomly. */
    (void)personality(ADDR_NO_RANDOMIZE);
    for (; **words != '/'; words++)
        if (putenv(*words) != 0)
            _exit(127);
    (void)execv(words[0], words);
    _exit(127);
}

/* What we have of files is given back: whoever reads the program's output waits for its end. */
static void let_go(int fd)
{
    for (int other = 0; other < 3; other++)
        (void)close(other); /* nothing was written to them */
    if (fd > 3)
        (void)close_range(3, (unsigned)fd - 1, 0);
    (void)close_range((unsigned)fd + 1, ~0U, 0);
}

int main(int argc, char **argv)
{
    struct box_end end = {0};
    struct rusage used;
    long fd, tasks;
    pid_t gone;

    if (argc == 2 && strcmp(argv[1], "--probe") == 0)
        return probe();
    if (argc < 5 || !number_parse(argv[1], 3, 1 << 20, &fd) ||
        !number_parse(argv[3], 1, 1 << 20, &tasks))
        die_usage("FD FOLDER TASKS [NAME=VALUE]... PROGRAM [ARGUMENTS]...");
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* these arguments are valid: it cannot fail */
    if (send((int)fd, "", 1, 0) != 1)
        die_errno("descriptor %ld", fd);
    pid_t program = fork();
    if (program == -1)
        die_errno("cannot start a process");
    if (program == 0)
        become((int)fd, (rlim_t)tasks, argv[2], argv + 4);
    let_go((int)fd);
    while ((gone = wait4(-1, &end.status, 0, &used)) != -1 || errno == EINTR) {
        if (gone != program)
            continue;
        end.cpu_ms = (int)((used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
        if (send((int)fd, &end, sizeof end, 0) != (ssize_t)sizeof end)
            return EXIT_FAILURE;
    }
    for (;;)
        (void)pause(); /* what looks at the box ends it */
}
