/* hostile: fail "status 40"; has those above it end with status 0, as a debugger can. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { ATTACH = 16, DETACH = 17, GET = 12, SET = 13, POKE = 4, ALL = 0x40000000 };

struct registers {
    unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax,
        rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};

long ptrace(int what, ...);
pid_t waitpid(pid_t pid, int *status, int flags);

/* Makes a stopped process call exit_group(0): its next instruction becomes a system call. */
static void end_with_0(pid_t pid)
{
    struct registers now;

    if (pid <= 0 || ptrace(ATTACH, pid, NULL, NULL) == -1)
        return;
    (void)waitpid(pid, NULL, ALL);
    if (ptrace(GET, pid, NULL, &now) == 0) {
        (void)ptrace(POKE, pid, (void *)now.rip, (void *)0x050f);
        now.rax = 231;
        now.orig_rax = (unsigned long)-1;
        now.rdi = 0;
        (void)ptrace(SET, pid, NULL, &now);
    }
    (void)ptrace(DETACH, pid, NULL, NULL);
}

int main(void)
{
    end_with_0(getppid());
    end_with_0(1);
    return 40;
}
