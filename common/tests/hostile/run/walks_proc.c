/* hostile: fail "status 40"; looks in /proc for what it is not to know: the seed, the solution, a
 * secret of who grades. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

static int holds(const char *path, const char *word)
{
    static char text[1 << 18];
    int fd = open(path, O_RDONLY);
    ssize_t length = fd == -1 ? 0 : read(fd, text, sizeof text);

    if (fd != -1)
        (void)close(fd);
    return length > 0 && memmem(text, (size_t)length, word, strlen(word)) != NULL;
}

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    static const char *const files[] = {"environ",   "cmdline", "maps",
                                        "mountinfo", "cwd/x",   "root/@SECRET@"};
    char path[4200];

    if (!here(argc, argv))
        return 40;
    for (int pid = 1; pid < 2000; pid++)
        for (int i = 0; i < 6; i++) {
            (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
            attempt(1 + i, pid != getpid() && holds(path, "HOSTILE_SECRET="));
        }
    attempt(7, holds("/proc/cmdline", "HOSTILE_SECRET="));
    (void)snprintf(path, sizeof path, "%s", "@SECRET@");
    attempt(8, access(path, F_OK) == 0);
    return status;
}
