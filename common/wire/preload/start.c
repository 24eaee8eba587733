/*
 * How the program begins and ends, and whether it starts itself again: without its environment it
 * would then meet no faults, and keep no log. Other programs that it executes are counted.
 */
#include "wire/preload/preload.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_watched_program(int at, const char *path)
{
    struct stat about;

    return wire.header->inode != 0 && fstatat(at, path, &about, AT_EMPTY_PATH) == 0 &&
           about.st_dev == wire.header->device && about.st_ino == wire.header->inode;
}

/* ---- its beginning and its end ----------------------------------------------------------------
 */

static bool in_program; /* and not in another one, which it became */

void wire_tell_loaded(void)
{
    uint32_t nobody = 0;

    if (wire.header == NULL || !is_watched_program(AT_FDCWD, "/proc/self/exe"))
        return;
    in_program = true;
    (void)atomic_fetch_add(&wire.header->loads, 1);
    (void)atomic_compare_exchange_strong(&wire.header->first, &nobody, (uint32_t)getpid());
}

static bool is_first(void)
{
    return wire.header != NULL && in_program &&
           atomic_load(&wire.header->first) == (uint32_t)getpid();
}

void wire_tell_ending(void)
{
    if (is_first())
        atomic_store(&wire.header->ending, 1);
}

void wire_tell_quit(void)
{
    if (is_first())
        atomic_store(&wire.header->quit, 1);
}

/* ---- exec -------------------------------------------------------------------------------------
 */

void wire_tell_exec(int at, const char *path)
{
    int saved = errno;

    if (wire_on() && in_program)
        (void)atomic_fetch_add(&wire.header->execs, 1);
    if (wire_on() && path != NULL && is_watched_program(at, path))
        atomic_store(&wire.header->again, 1);
    else if (is_first())
        atomic_store(&wire.header->became, 1);
    errno = saved;
}

/* As execvp() looks for it: the first of this name in PATH. */
static void tell_search(const char *file)
{
    const char *at = getenv("PATH");
    char path[PATH_MAX];
    int saved = errno;

    if (file == NULL)
        return;
    if (strchr(file, '/') != NULL) {
        wire_tell_exec(AT_FDCWD, file);
        return;
    }
    for (at = at == NULL ? "/bin:/usr/bin" : at; at != NULL;) {
        size_t length = strcspn(at, ":"), name = strlen(file);
        if (length + name + 2 <= sizeof path) {
            memcpy(path, length == 0 ? "." : at, length == 0 ? 1 : length);
            path[length == 0 ? 1 : length] = '/';
            memcpy(path + (length == 0 ? 1 : length) + 1, file, name + 1);
            if (access(path, X_OK) == 0) {
                wire_tell_exec(AT_FDCWD, path);
                break;
            }
        }
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    errno = saved;
}

WIRE_EXPORT int execve(const char *path, char *const arguments[], char *const environment[])
{
    wire_tell_exec(AT_FDCWD, path);
    return real.execve(path, arguments, environment);
}

WIRE_EXPORT int execv(const char *path, char *const arguments[])
{
    wire_tell_exec(AT_FDCWD, path);
    return real.execve(path, arguments, environ);
}

WIRE_EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[])
{
    if (wire_on())
        tell_search(file);
    return real.execvpe(file, arguments, environment);
}

WIRE_EXPORT int execvp(const char *file, char *const arguments[])
{
    if (wire_on())
        tell_search(file);
    return real.execvpe(file, arguments, environ);
}

WIRE_EXPORT int fexecve(int fd, char *const arguments[], char *const environment[])
{
    wire_tell_exec(fd, "");
    return real.fexecve(fd, arguments, environment);
}

WIRE_EXPORT int execveat(int at, const char *path, char *const arguments[],
                         char *const environment[], int flags)
{
    wire_tell_exec(at, path);
    if (real.execveat != NULL)
        return real.execveat(at, path, arguments, environment, flags);
    errno = ENOSYS;
    return -1;
}

/* The forms that take their arguments one by one: counted, and then put into an array. */
static int count_arguments(const char *first, va_list *list)
{
    int count = first != NULL;

    while (count > 0 && va_arg(*list, const char *) != NULL)
        count++;
    return count;
}

static void take_arguments(const char *first, va_list *list, char **arguments, int count)
{
    arguments[0] = (char *)(uintptr_t)first;
    for (int i = 1; i <= count; i++) /* the NULL behind the last one too */
        arguments[i] = va_arg(*list, char *);
}

enum { MOST_ARGUMENTS = 4096 }; /* 32 KiB of stack; more is E2BIG */

#define WIRE_EXECL(run)                                 \
    va_list list;                                       \
    va_start(list, first);                              \
    int count = count_arguments(first, &list);          \
    va_end(list);                                       \
    if (count >= MOST_ARGUMENTS) {                      \
        errno = E2BIG;                                  \
        return -1;                                      \
    }                                                   \
    char *arguments[MOST_ARGUMENTS + 1] = {NULL};       \
    va_start(list, first);                              \
    if (count > 0)                                      \
        take_arguments(first, &list, arguments, count); \
    int result = (run);                                 \
    va_end(list);                                       \
    return result

WIRE_EXPORT int execl(const char *path, const char *first, ...)
{
    WIRE_EXECL(execv(path, arguments));
}

WIRE_EXPORT int execlp(const char *file, const char *first, ...)
{
    WIRE_EXECL(execvp(file, arguments));
}

/* The environment stands behind the NULL. */
WIRE_EXPORT int execle(const char *path, const char *first, ...)
{
    WIRE_EXECL(execve(path, arguments, va_arg(list, char **)));
}

/* ---- posix_spawn ------------------------------------------------------------------------------
 */

WIRE_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes, char *const arguments[],
                            char *const environment[])
{
    wire_tell_exec(AT_FDCWD, path);
    return real.posix_spawn(pid, path, actions, attributes, arguments, environment);
}

WIRE_EXPORT int posix_spawnp(pid_t *pid, const char *file,
                             const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *attributes, char *const arguments[],
                             char *const environment[])
{
    if (wire_on())
        tell_search(file);
    return real.posix_spawnp(pid, file, actions, attributes, arguments, environment);
}
