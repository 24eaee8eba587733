/*
 * box-filter: writes the system calls that no program in a box may make, as bubblewrap --seccomp
 * takes them: build/box.bpf.
 *
 *   box-filter FILE                 writes the filter
 *   box-filter --without RULE FILE  leaves one rule out, so that a test can see what it is good for
 *   box-filter --list               prints the names of the rules
 *
 * A box has no capability and hides other processes, files and networks by namespaces. The filter
 * stands before that: it takes from a hostile program those parts of the kernel in which holes were
 * found most often, and what no namespace covers. Everything else is allowed, because compilers,
 * sanitizers and learners may use what they like. Allowed on purpose:
 *
 *   ptrace                   LeakSanitizer stops its own threads by it, and others are not seen
 *   memfd_create, execveat   run only what the program could have written to a file and run
 *   vmsplice, splice, tee    a way to copy, which later chapters show
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

#define LOW \
    0xffffffffU /* of an argument that the kernel takes as 32 bits, whatever is above them */

/* Refused whatever their arguments. */
static const char *const never[] = {
    /* new namespaces, and entering those of others */
    "unshare", "setns",
    /* the tree of files */
    "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr",
    /* files by their number, past every mount */
    "open_by_handle_at", "name_to_handle_at",
    /* the machine as a whole: its swap, kernel, modules, ports, accounts, quotas, log, clock */
    "swapon", "swapoff", "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "iopl", "ioperm", "acct", "quotactl", "quotactl_fd", "syslog", "settimeofday",
    "clock_settime", "adjtimex", "clock_adjtime",
    /* keys, which have no namespace */
    "keyctl", "add_key", "request_key",
    /* programs and rings in the kernel, and what exploits of it are built with */
    "bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register",
    "userfaultfd", "kcmp", "lookup_dcookie", "modify_ldt"};

struct flag {
    const char *rule;
    uint32_t value;
};

static const struct flag new_namespaces[] = {
    {"clone NEWNS", CLONE_NEWNS},     {"clone NEWCGROUP", CLONE_NEWCGROUP},
    {"clone NEWUTS", CLONE_NEWUTS},   {"clone NEWIPC", CLONE_NEWIPC},
    {"clone NEWUSER", CLONE_NEWUSER}, {"clone NEWPID", CLONE_NEWPID},
    {"clone NEWNET", CLONE_NEWNET}};

/* Typing on the teacher's terminal, should it ever be the box's. */
static const struct flag typing[] = {{"ioctl TIOCSTI", TIOCSTI}, {"ioctl TIOCLINUX", TIOCLINUX}};

static struct scmp_arg_cmp when(unsigned argument, enum scmp_compare how, uint64_t a, uint64_t b)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = how, .datum_a = a, .datum_b = b};
}

struct filter {
    scmp_filter_ctx rules;
    const char *without; /* or NULL */
    bool list;           /* names are printed, nothing else */
    bool left_out;       /* the rule that without names was met */
};

/* Adds a rule, or what is asked for in its place: action when a call has these arguments. */
static void add(struct filter *filter, const char *rule, uint32_t action, const char *call,
                unsigned count, const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(call);

    if (filter->list)
        (void)puts(rule);
    if (filter->list || (filter->without != NULL && strcmp(rule, filter->without) == 0)) {
        filter->left_out = true;
        return;
    }
    if (number == __NR_SCMP_ERROR)
        die("libseccomp is too old: it does not know the system call %s", call);
    /* A call that this processor does not have is left out by libseccomp. */
    int error = seccomp_rule_add_array(filter->rules, action, number, count, arguments);
    if (error != 0)
        die("cannot refuse %s: %s", rule, strerror(-error));
}

static void refuse_one(struct filter *filter, const char *rule, int error, const char *call,
                       struct scmp_arg_cmp argument)
{
    add(filter, rule, SCMP_ACT_ERRNO((uint16_t)error), call, 1, &argument);
}

static void refuse_calls(struct filter *filter)
{
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        add(filter, never[i], SCMP_ACT_ERRNO(EPERM), never[i], 0, NULL);

    for (size_t i = 0; i < sizeof new_namespaces / sizeof *new_namespaces; i++) {
        uint32_t flag = new_namespaces[i].value;
        refuse_one(filter, new_namespaces[i].rule, EPERM, "clone",
                   when(0, SCMP_CMP_MASKED_EQ, flag, flag));
    }
    /* Its flags are in memory, which a filter cannot read; without it the C library uses clone. */
    add(filter, "clone3", SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);

    for (size_t i = 0; i < sizeof typing / sizeof *typing; i++)
        refuse_one(filter, typing[i].rule, EPERM, "ioctl",
                   when(1, SCMP_CMP_MASKED_EQ, LOW, typing[i].value));
}

/* Local and internet sockets, and netlink as far as getaddrinfo() and if_nameindex() need it. A
 * network namespace does not hold back AF_VSOCK, which reaches the host of a virtual machine. */
static void refuse_sockets(struct filter *filter, const char *call)
{
    char rule[32];

    for (int family = 0; family <= AF_NETLINK; family++) {
        if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK)
            continue;
        (void)snprintf(rule, sizeof rule, "%s %d", call, family); /* fits */
        refuse_one(filter, rule, EAFNOSUPPORT, call, when(0, SCMP_CMP_EQ, (uint64_t)family, 0));
    }
    (void)snprintf(rule, sizeof rule, "%s above %d", call, AF_NETLINK); /* fits */
    refuse_one(filter, rule, EAFNOSUPPORT, call, when(0, SCMP_CMP_GT, AF_NETLINK, 0));

    const struct scmp_arg_cmp netlink[] = {when(0, SCMP_CMP_EQ, AF_NETLINK, 0),
                                           when(2, SCMP_CMP_NE, NETLINK_ROUTE, 0)};
    (void)snprintf(rule, sizeof rule, "%s netlink", call); /* fits */
    add(filter, rule, SCMP_ACT_ERRNO(EPROTONOSUPPORT), call, 2, netlink);
}

/*
 * The lowest eight bits of a personality are a system to behave like: Linux is 0, and 255 stands
 * only in the question 0xffffffff. In any other number, going round the bits, a one has a zero next
 * to it. The flags above them stay: without ADDR_NO_RANDOMIZE some machines cannot start ASan.
 */
static void refuse_personalities(struct filter *filter)
{
    char rule[32];

    for (unsigned bit = 0; bit < 8; bit++) {
        uint64_t one = 1U << bit, next = 1U << (bit + 1) % 8;
        (void)snprintf(rule, sizeof rule, "personality %u", bit); /* fits */
        refuse_one(filter, rule, EPERM, "personality",
                   when(0, SCMP_CMP_MASKED_EQ, one | next, one));
    }
}

/* 32-bit calls, and x32's, have other numbers, and would pass below every rule. */
static void refuse_other_machines(struct filter *filter)
{
    if (filter->list)
        (void)puts("architecture");
    uint32_t action = SCMP_ACT_KILL_PROCESS;
    if (filter->without != NULL && strcmp(filter->without, "architecture") == 0) {
        filter->left_out = true;
        action = SCMP_ACT_ALLOW;
    }
    int error = seccomp_attr_set(filter->rules, SCMP_FLTATR_ACT_BADARCH, action);
    if (error != 0)
        die("cannot refuse the calls of other machines: %s", strerror(-error));
}

static void write_filter(const struct filter *filter, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd == -1)
        die_errno("%s", path);
    int error = seccomp_export_bpf(filter->rules, fd);
    if (error != 0)
        die("cannot write %s: %s", path, strerror(-error));
    if (close(fd) == -1)
        die_errno("%s", path);
}

int main(int argc, char **argv)
{
    struct filter filter = {.rules = seccomp_init(SCMP_ACT_ALLOW)};

    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        filter.list = true;
    else if (argc == 4 && strcmp(argv[1], "--without") == 0)
        filter.without = argv[2];
    else if (argc != 2 || argv[1][0] == '-')
        die_usage("[--without RULE] FILE | --list");
    if (filter.rules == NULL)
        die("cannot begin a filter");

    refuse_other_machines(&filter);
    refuse_calls(&filter);
    refuse_sockets(&filter, "socket");
    refuse_sockets(&filter, "socketpair");
    refuse_personalities(&filter);
    if (filter.without != NULL && !filter.left_out)
        die("there is no rule \"%s\"; --list tells what there is", filter.without);
    if (!filter.list)
        write_filter(&filter, argv[argc - 1]);
    seccomp_release(filter.rules);
    finish(EXIT_SUCCESS);
}
