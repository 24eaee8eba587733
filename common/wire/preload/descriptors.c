/* close, dup and fork: who holds a socket. */
#include "wire/preload/preload.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- close ------------------------------------------------------------------------------------
 */

/* Descriptors that were sockets when they were closed: closing one twice is worth telling. */
enum { REMEMBERED = 4096 };
static _Atomic uint8_t was_socket[REMEMBERED];

static void remember(int fd, bool closed)
{
    if (fd >= 0 && fd < REMEMBERED && wire_owns_memory())
        atomic_store_explicit(&was_socket[fd], closed, memory_order_relaxed);
}

static bool closed_before(int fd)
{
    bool before = fd >= 0 && fd < REMEMBERED &&
                  atomic_load_explicit(&was_socket[fd], memory_order_relaxed) != 0;

    return before && real.fcntl(fd, F_GETFD) == -1 && errno == EBADF;
}

/* What had come and nobody read: close() throws it away, and resets the connection. */
static void find_unread(struct passage *passage, int fd)
{
    int unread = 0;
    ssize_t got;

    if (passage->event.type != SOCK_STREAM || ioctl(fd, FIONREAD, &unread) == -1 || unread <= 0)
        return;
    passage->event.unread = (uint32_t)unread;
    got = real.recv(fd, passage->event.head, WIRE_HEAD, MSG_PEEK | MSG_DONTWAIT);
    if (got == -1)
        memset(passage->event.head, 0, WIRE_HEAD);
}

static void enter_close(struct passage *passage, WIRE_WHO, int fd)
{
    wire_begin(passage, WIRE_CLOSE, name, fd, caller);
    find_unread(passage, fd);
    if (wire_owns_memory()) {
        wire_epoll_forget(fd);
        if (passage->socket != NULL)
            atomic_store(&passage->socket->closed, 1);
        remember(fd, passage->socket != NULL); /* not again for the same one */
    }
    wire_enter(passage);
}

int wire_close(WIRE_WHO, int fd)
{
    struct passage passage;
    uint64_t inode;
    int saved = errno;

    wire_datagrams_flush();
    if (!wire_is_socket(fd, &inode) && !closed_before(fd)) {
        if (wire_owns_memory())
            wire_epoll_forget(fd);
        errno = saved;
        return real.close(fd);
    }
    errno = saved;
    enter_close(&passage, name, caller, fd);
    int result = real.close(fd);
    return (int)wire_leave(&passage, result, errno);
}

WIRE_EXPORT int close(int fd)
{
    return wire_on() ? wire_close("close", WIRE_CALLER(), fd) : real.close(fd);
}
WIRE_ALSO(close, __close);
WIRE_ALSO(close, __close_nocancel);

/* Tells of each open socket from first to last; the descriptors are read without opendir(). */
static void tell_range(WIRE_WHO, unsigned first, unsigned last)
{
    _Alignas(struct dirent64) char entries[2048];
    int directory = (int)real.syscall(SYS_openat, AT_FDCWD, "/proc/self/fd",
                                      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long length = 0;

    if (directory == -1)
        return;
    while ((length = real.syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length;) {
            const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
            unsigned long fd = strtoul(entry->d_name, NULL, 10); /* "." and ".." give 0 */
            struct passage passage;
            uint64_t inode;
            if (entry->d_name[0] != '.' && fd >= first && fd <= last && fd <= INT_MAX &&
                wire_is_socket((int)fd, &inode)) {
                enter_close(&passage, name, caller, (int)fd);
                (void)wire_leave(&passage, 0, 0); /* close_range() cannot fail for one of them */
            }
            at += entry->d_reclen;
        }
    }
    (void)real.syscall(SYS_close, directory); /* only read from */
}

int wire_close_range(WIRE_WHO, unsigned first, unsigned last, int flags)
{
    int saved = errno;

    wire_datagrams_flush();
    if ((flags & (int)CLOSE_RANGE_CLOEXEC) == 0 && first <= last)
        tell_range(name, caller, first, last);
    errno = saved;
    if (real.close_range != NULL)
        return real.close_range(first, last, flags);
    errno = ENOSYS;
    return -1;
}

WIRE_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    if (wire_on())
        return wire_close_range("close_range", WIRE_CALLER(), first, last, flags);
    return real.close_range != NULL ? real.close_range(first, last, flags) : -1;
}

void closefrom(int first);
WIRE_EXPORT void closefrom(int first)
{
    if (wire_on())
        (void)wire_close_range("closefrom", WIRE_CALLER(), (unsigned)(first < 0 ? 0 : first), ~0U,
                               0);
    else if (real.close_range != NULL)
        (void)real.close_range((unsigned)(first < 0 ? 0 : first), ~0U,
                               0); /* closefrom has no result */
}

/* ---- dup --------------------------------------------------------------------------------------
 */

/* Around the real call: a socket's copy is told, and the socket that dup2() closes. */
struct copying {
    struct passage passage;
    bool watched;
};

static void begin_copy(struct copying *copy, WIRE_WHO, int fd, int target)
{
    struct passage closing;
    uint64_t inode;
    int saved = errno;

    copy->watched = wire_is_socket(fd, &inode);
    if (target >= 0 && target != fd && wire_is_socket(target, &inode) &&
        real.fcntl(fd, F_GETFD) != -1) {
        enter_close(&closing, name, caller, target);
        (void)wire_leave(&closing, 0, 0); /* dup2() closes it silently */
    }
    errno = saved;
    if (copy->watched) {
        wire_begin(&copy->passage, WIRE_DUP, name, fd, caller);
        wire_enter(&copy->passage);
    }
}

static int end_copy(struct copying *copy, int result)
{
    int error = errno;

    if (!copy->watched)
        return result;
    remember(result, false);
    return (int)wire_leave(&copy->passage, result, error);
}

int wire_dup(WIRE_WHO, int fd)
{
    struct copying copy;

    begin_copy(&copy, name, caller, fd, -1);
    return end_copy(&copy, real.dup(fd));
}

WIRE_EXPORT int dup(int fd)
{
    return wire_on() ? wire_dup("dup", WIRE_CALLER(), fd) : real.dup(fd);
}

WIRE_EXPORT int dup2(int fd, int target)
{
    struct copying copy;

    if (!wire_on())
        return real.dup2(fd, target);
    begin_copy(&copy, "dup2", WIRE_CALLER(), fd, target);
    return end_copy(&copy, real.dup2(fd, target));
}
WIRE_ALSO(dup2, __dup2);

int wire_dup3(WIRE_WHO, int fd, int target, int flags)
{
    struct copying copy;

    begin_copy(&copy, name, caller, fd, target);
    return end_copy(&copy, real.dup3(fd, target, flags));
}

WIRE_EXPORT int dup3(int fd, int target, int flags)
{
    if (!wire_on())
        return real.dup3(fd, target, flags);
    return wire_dup3("dup3", WIRE_CALLER(), fd, target, flags);
}

/* fcntl() takes nothing, an int or a pointer; each fits a pointer's register. */
static int control(const void *caller, int fd, int command, void *argument)
{
    struct copying copy;

    if (!wire_on() || (command != F_DUPFD && command != F_DUPFD_CLOEXEC))
        return real.fcntl(fd, command, argument);
    begin_copy(&copy, "fcntl", caller, fd, -1);
    return end_copy(&copy, real.fcntl(fd, command, argument));
}

WIRE_EXPORT int fcntl(int fd, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control(WIRE_CALLER(), fd, command, argument);
}
WIRE_ALSO(fcntl, __fcntl);
WIRE_ALSO(fcntl, __libc_fcntl64);

WIRE_EXPORT int fcntl64(int fd, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control(WIRE_CALLER(), fd, command, argument);
}

/* ---- _exit and fork
 * -------------------------------------------------------------------------------------
 */

static _Noreturn void quit(const void *caller, const char *name, int status)
{
    struct passage passage;

    if (wire_on()) {
        wire_begin(&passage, WIRE_QUIT, name, -1, caller);
        passage.event.asked = status;
        wire_enter(&passage);
        wire_tell_quit();
    }
    for (;;)
        real._exit(status); /* it does not return, though no pointer can say so */
}

WIRE_EXPORT _Noreturn void _exit(int status)
{
    quit(WIRE_CALLER(), "_exit", status);
}

WIRE_EXPORT _Noreturn void _Exit(int status)
{
    quit(WIRE_CALLER(), "_Exit", status);
}

/* It runs no destructors, and so ends like _exit(), but for what at_quick_exit() was told. */
WIRE_EXPORT _Noreturn void quick_exit(int status)
{
    struct passage passage;

    if (wire_on()) {
        wire_begin(&passage, WIRE_QUIT, "quick_exit", -1, WIRE_CALLER());
        passage.event.asked = status;
        wire_enter(&passage);
        wire_tell_quit();
    }
    for (;;)
        real.quick_exit(status);
}

/* False while a fault lets no process or thread start. */
static bool may_start(struct wire_event *event)
{
    unsigned refused = fault_starts_refused(&wire.plan);

    if (refused == 0 || atomic_fetch_add(&wire.header->starts, 1) >= refused)
        return true;
    event->faults |= WIRE_START_EAGAIN;
    return false;
}

static bool may_fork(void)
{
    uint32_t limit = wire.header->fork_limit;
    uint32_t before = atomic_fetch_add(&wire.header->forks, 1);

    if (limit == 0 || before < limit)
        return true;
    (void)atomic_fetch_sub(&wire.header->forks, 1);
    return false;
}

WIRE_EXPORT pid_t fork(void)
{
    struct passage passage;
    struct wire_lock lock;
    pid_t child = -1;

    if (!wire_on())
        return real.fork();
    wire_datagrams_flush();
    wire_begin(&passage, WIRE_FORK, "fork", -1, WIRE_CALLER());
    wire_enter(&passage);
    errno = EAGAIN;
    if (may_start(&passage.event) && may_fork()) {
        errno = passage.saved;
        wire_lock(&lock); /* so that the child does not find it taken by a thread it lacks */
        child = real.fork();
        int error = errno;
        if (child == 0)
            atomic_store(&wire.pid, getpid());
        wire_unlock(&lock);
        errno = error;
    }
    int error = errno;
    passage.event.pid = (uint32_t)getpid();
    passage.event.tid = (uint32_t)gettid();
    return (pid_t)wire_leave(&passage, child, error);
}
WIRE_ALSO(fork, __fork);
WIRE_ALSO(fork, __libc_fork);
WIRE_ALSO(fork, _Fork);

WIRE_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                               void *(*start)(void *), void *data)
{
    struct passage passage;

    if (!wire_on())
        return real.pthread_create(thread, attributes, start, data);
    wire_begin(&passage, WIRE_FORK, "pthread_create", -1, WIRE_CALLER());
    if (may_start(&passage.event)) {
        errno = passage.saved;
        return real.pthread_create(thread, attributes, start, data);
    }
    wire_enter(&passage);
    (void)wire_leave(&passage, -1, EAGAIN);
    errno = passage.saved;
    return EAGAIN;
}

/*
 * vfork() cannot be called from a function that returns: its child would run on our frame. So this
 * is told beforehand, and the program's call goes on to the real one as a jump.
 */
void *wire_before_vfork(const void *caller);
__attribute__((used)) void *wire_before_vfork(const void *caller)
{
    struct passage passage;
    void *go_on;

    memcpy(&go_on, &real.vfork, sizeof go_on);
    if (!wire_on())
        return go_on;
    wire_begin(&passage, WIRE_FORK, "vfork", -1, caller);
    wire_enter(&passage);
    bool allowed = may_start(&passage.event) && may_fork();
    (void)wire_leave(&passage, allowed ? 0 : -1, allowed ? passage.saved : EAGAIN);
    memcpy(&go_on, &real.vfork, sizeof go_on);
    return allowed ? go_on : NULL;
}

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, @function\n"
        ".globl __vfork\n"
        ".set __vfork, vfork\n"
        "vfork:\n"
        "    .cfi_startproc\n"
        "    mov (%rsp), %rdi\n"
        "    sub $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call wire_before_vfork\n"
        "    add $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    test %rax, %rax\n"
        "    je 1f\n"
        "    jmp *%rax\n"
        "1:  mov $-1, %eax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size vfork, . - vfork\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, %function\n"
        ".globl __vfork\n"
        ".set __vfork, vfork\n"
        "vfork:\n"
        "    .cfi_startproc\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_adjust_cfa_offset 16\n"
        "    mov x0, x30\n"
        "    bl wire_before_vfork\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_adjust_cfa_offset -16\n"
        "    cbz x0, 1f\n"
        "    br x0\n"
        "1:  mov w0, #-1\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size vfork, . - vfork\n");
#endif
