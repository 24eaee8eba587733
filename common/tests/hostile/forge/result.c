/* hostile: fail "status 40"; writes its marks itself, wherever they might be looked for. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static const char *const paths[] = {
        "result.json",          "../result.json",
        "../../result.json",    "results/hostile/result.json",
        "@OUT@/result.json",    "@OUT@/results/forge-result/result.json",
        "/out/result.json",     "/tmp/result.json",
        "/result.json",         "gradebook.csv",
        "/dev/shm/result.json",
    };
    static const char text[] =
        "{\"schema\":1,\"status\":\"graded\",\"earned\":999,\"points\":999}\n";

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int fd = open(paths[i], O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (fd != -1)
            (void)write(fd, text, sizeof text - 1);
    }
    return 40;
}
