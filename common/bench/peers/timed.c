/*
 * timed COMMAND...: runs it without input and output, and prints what it took: seconds on the
 * clock, seconds of processor time, and the most memory that it had, in KiB.
 *
 * The kernel counts the memory of the process that starts another as the other's too, up to its
 * exec(): so what starts them is as small as this.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static void become(char **words)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
        die_errno("/dev/null");
    (void)execvp(words[0], words); /* returns only when it fails */
    die_errno("%s", words[0]);
}

int main(int argc, char **argv)
{
    struct rusage used;
    int status;

    if (argc < 2)
        die_usage("COMMAND...");
    uint64_t begun = now_ns();
    pid_t child = fork();
    if (child == -1)
        die_errno("fork");
    if (child == 0)
        become(argv + 1);
    if (wait4(child, &status, 0, &used) == -1)
        die_errno("wait4");
    printf("%.6f %.6f %ld\n", (double)(now_ns() - begun) / 1e9,
           seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss);
    finish(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}
