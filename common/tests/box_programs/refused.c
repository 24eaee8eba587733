/*
 * Tries what the filter of boxes refuses, and its neighbours that it lets through.
 *
 *   refused [RULE]    all trials, or those of one rule of box-filter --list
 *
 * Prints "ok RULE" or "not ok RULE: what was wanted and what came" for each trial. Nothing is ever
 * carried out: under each trial lies a second filter, weaker than the box's, which stops the call
 * with ENOSYS. So this may run without a box, and as root.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

#define HIGH 0x100000000 /* a bit that the kernel does not look at where it takes 32 */
#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

enum { PASSES = ENOSYS, NOT_HERE = -1 }; /* a call that this processor does not have */

struct trial {
    const char *rule;
    long call;
    int wanted; /* errno */
    unsigned long arguments[3];
};

#ifdef __x86_64__
#define ONLY_X86(call) (call)
#else
#define ONLY_X86(call) NOT_HERE
#endif

#define NEVER(name)               \
    {                             \
#name, SYS_##name, EPERM, \
        {                         \
            0                     \
        }                         \
    }

static const struct trial trials[] = {
    NEVER(unshare),
    NEVER(setns),
    NEVER(mount),
    NEVER(umount2),
    NEVER(pivot_root),
    NEVER(chroot),
    NEVER(open_tree),
    NEVER(move_mount),
    NEVER(fsopen),
    NEVER(fsconfig),
    NEVER(fsmount),
    NEVER(fspick),
    NEVER(mount_setattr),
    NEVER(open_by_handle_at),
    NEVER(name_to_handle_at),
    NEVER(swapon),
    NEVER(swapoff),
    NEVER(reboot),
    NEVER(kexec_load),
    NEVER(kexec_file_load),
    NEVER(init_module),
    NEVER(finit_module),
    NEVER(delete_module),
    NEVER(acct),
    NEVER(quotactl),
    NEVER(quotactl_fd),
    NEVER(syslog),
    NEVER(settimeofday),
    NEVER(clock_settime),
    NEVER(adjtimex),
    NEVER(clock_adjtime),
    NEVER(keyctl),
    NEVER(add_key),
    NEVER(request_key),
    NEVER(bpf),
    NEVER(perf_event_open),
    NEVER(io_uring_setup),
    NEVER(io_uring_enter),
    NEVER(io_uring_register),
    NEVER(userfaultfd),
    NEVER(kcmp),
    NEVER(lookup_dcookie),
    {"iopl", ONLY_X86(SYS_iopl), EPERM, {0}},
    {"ioperm", ONLY_X86(SYS_ioperm), EPERM, {0}},
    {"modify_ldt", ONLY_X86(SYS_modify_ldt), EPERM, {0}},

    {"clone NEWNS", SYS_clone, EPERM, {CLONE_NEWNS | SIGCHLD}},
    {"clone NEWCGROUP", SYS_clone, EPERM, {CLONE_NEWCGROUP}},
    {"clone NEWUTS", SYS_clone, EPERM, {CLONE_NEWUTS}},
    {"clone NEWIPC", SYS_clone, EPERM, {CLONE_NEWIPC}},
    {"clone NEWUSER", SYS_clone, EPERM, {CLONE_NEWUSER}},
    {"clone NEWUSER", SYS_clone, EPERM, {HIGH | CLONE_NEWUSER | CLONE_VM}},
    {"clone NEWPID", SYS_clone, EPERM, {CLONE_NEWPID}},
    {"clone NEWNET", SYS_clone, EPERM, {CLONE_NEWNET}},
    {"clone NEWNET", SYS_clone, PASSES, {SIGCHLD}},
    {"clone NEWNET", SYS_clone, PASSES, {CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_SETTLS}},

    {"ioctl TIOCSTI", SYS_ioctl, EPERM, {0, TIOCSTI}},
    {"ioctl TIOCSTI", SYS_ioctl, EPERM, {0, HIGH | TIOCSTI}},
    {"ioctl TIOCLINUX", SYS_ioctl, EPERM, {0, TIOCLINUX}},
    {"ioctl TIOCLINUX", SYS_ioctl, EPERM, {0, HIGH | TIOCLINUX}},
    {"ioctl TIOCLINUX", SYS_ioctl, PASSES, {0, TIOCGWINSZ}},

    {"personality 0", SYS_personality, EPERM, {0x01}},
    {"personality 1", SYS_personality, EPERM, {0x02}},
    {"personality 2", SYS_personality, EPERM, {HIGH | 0x04}},
    {"personality 3", SYS_personality, EPERM, {0x08}}, /* PER_LINUX32 */
    {"personality 4", SYS_personality, EPERM, {0x10}},
    {"personality 5", SYS_personality, EPERM, {0x20}},
    {"personality 6", SYS_personality, EPERM, {0x40040}},
    {"personality 7", SYS_personality, EPERM, {0x80}},
    {"personality 7", SYS_personality, PASSES, {0}},
    {"personality 7", SYS_personality, PASSES, {0xffffffff}},
    {"personality 7", SYS_personality, PASSES, {~0UL}},
    {"personality 7", SYS_personality, PASSES, {0x0040000}}, /* ADDR_NO_RANDOMIZE */
};

/* Stops a call in the weakest way there is: whatever else a filter says is stronger. */
static void stop(long call)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE), /* there is no tracer: ENOSYS */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof code / sizeof *code, code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == -1)
        die_errno("seccomp");
}

/* Says how a trial went: as an exit status the child tells an errno, 0 for none. */
static void judge(const char *rule, const char *what, int wanted, pid_t child)
{
    int status;

    if (child == -1 || waitpid(child, &status, 0) == -1)
        die_errno("cannot try %s", rule);
    int got = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    if (got == wanted)
        (void)printf("ok %s\n", rule);
    else
        (void)printf("not ok %s (%s): %s wanted, %s%s got\n", rule, what,
                     wanted < 0 ? "an end by SIGSYS" : errno_name(wanted),
                     got < 0 ? "an end by " : "", got < 0 ? sigabbrev_np(-got) : errno_name(got));
}

static void try_one(const struct trial *trial)
{
    const unsigned long *a = trial->arguments;
    char what[80];

    if (trial->call == NOT_HERE) {
        (void)printf("ok %s # no such call here\n", trial->rule);
        return;
    }
    (void)snprintf(what, sizeof what, "%#lx %#lx %#lx", a[0], a[1], a[2]); /* fits */
    (void)fflush(stdout); /* else the child has it as well */
    pid_t child = fork();
    if (child == 0) {
        stop(trial->call);
        _exit(syscall(trial->call, a[0], a[1], a[2], 0, 0, 0) == -1 ? errno : 0);
    }
    judge(trial->rule, what, trial->wanted, child);
}

/* The filter says ENOSYS itself, so nothing lies under it: without the filter it is EINVAL. */
static void try_clone3(void)
{
    (void)fflush(stdout); /* else the child has it as well */
    pid_t child = fork();
    if (child == 0)
        _exit(syscall(SYS_clone3, NULL, 0) == -1 ? errno : 0);
    judge("clone3", "of no arguments", ENOSYS, child);
}

static void try_sockets(const char *only, const char *name, long call)
{
    static const int allowed[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    char rule[32], above[32], netlink[32];

    (void)snprintf(above, sizeof above, "%s above %d", name, AF_NETLINK); /* fits */
    (void)snprintf(netlink, sizeof netlink, "%s netlink", name);          /* fits */
    for (int family = 0; family <= AF_VSOCK + 1; family++) {
        bool passes = false;
        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            passes = passes || family == allowed[i];
        (void)snprintf(rule, sizeof rule, "%s %d", name, family); /* fits */
        const struct trial trial = {family > AF_NETLINK || passes ? above : rule,
                                    call,
                                    passes ? PASSES : EAFNOSUPPORT,
                                    {(unsigned long)family, SOCK_DGRAM, 0}};
        if (only == NULL || strcmp(only, trial.rule) == 0)
            try_one(&trial);
    }
    const struct trial more[] = {
        {above, call, EAFNOSUPPORT, {HIGH | AF_VSOCK, SOCK_STREAM, 0}},
        {above, call, EAFNOSUPPORT, {HIGH | AF_PACKET, SOCK_RAW, 0}},
        {netlink, call, EPROTONOSUPPORT, {AF_NETLINK, SOCK_RAW, 15}}, /* NETLINK_KOBJECT_UEVENT */
        {netlink, call, EPROTONOSUPPORT, {AF_NETLINK, SOCK_RAW, 12}}, /* NETLINK_NETFILTER */
        {netlink, call, PASSES, {AF_NETLINK, SOCK_RAW, 0}}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (only == NULL || strcmp(only, more[i].rule) == 0)
            try_one(&more[i]);
}

/* getpid() as a 32-bit program calls it, and as one of x32 does. */
static void try_other_machines(void)
{
#ifdef __x86_64__
    for (int i = 0; i < 2; i++) {
        (void)fflush(stdout); /* else the child has it as well */
        pid_t child = fork();
        if (child == 0 && i == 0) {
            long number = 20;
            __asm__ volatile("int $0x80" : "+a"(number) : : "memory", "r8", "r9", "r10", "r11");
            _exit(number > 0 ? 0 : ENOSYS);
        } else if (child == 0) {
            _exit(syscall(0x40000000 | SYS_getpid) == -1 ? errno : 0);
        }
        judge("architecture", i == 0 ? "int 0x80" : "x32", -SIGSYS, child);
    }
#else
    (void)printf("ok architecture # tried on x86-64 alone\n");
#endif
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;

    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        if (only == NULL || strcmp(only, trials[i].rule) == 0)
            try_one(&trials[i]);
    try_sockets(only, "socket", SYS_socket);
    try_sockets(only, "socketpair", SYS_socketpair);
    if (only == NULL || strcmp(only, "clone3") == 0)
        try_clone3();
    if (only == NULL || strcmp(only, "architecture") == 0)
        try_other_machines();
    finish(EXIT_SUCCESS);
}
