/* hostile: fail "status 40"; starts a copy of itself, from a file and from memory, by itself and by
 * the loader. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int memfd_create(const char *name, unsigned flags);
pid_t waitpid(pid_t pid, int *status, int flags);

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    static char bytes[1 << 16];
    int from = open("/proc/self/exe", O_RDONLY), copy = open("copy", O_WRONLY | O_CREAT, 0755);
    int memory = memfd_create("copy", 0);
    ssize_t n;

    if (!here(argc, argv))
        return 40;
    if (getenv("LD_PRELOAD") == NULL)
        _exit(40);
    while ((n = read(from, bytes, sizeof bytes)) > 0) {
        (void)write(copy, bytes, (size_t)n);
        (void)write(memory, bytes, (size_t)n);
    }
    (void)close(copy);
    char *const none[] = {"ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0", NULL};
    for (int i = 0; i < 3; i++) {
        char *const words[] = {"ld.so", "/proc/self/exe", NULL};
        int ended = 0;
        pid_t child = fork();
        if (child == 0 && i == 0)
            (void)execve("./copy", words, none);
        if (child == 0 && i == 1)
            (void)fexecve(memory, words, none);
        if (child == 0 && i == 2)
            (void)execve("/lib64/ld-linux-x86-64.so.2", words, none);
        if (child == 0)
            _exit(41);
        (void)waitpid(child, &ended, 0);
    }
    return 40;
}
