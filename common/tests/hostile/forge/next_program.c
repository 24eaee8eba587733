/* hostile: fail "status 40"; puts another program in its own place, and the workbook's, for the
 * cases to come. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    static const char script[] = "#!/bin/sh\nexit 0\n";
    const char *program = getenv("WIRE_PROGRAM"), *wire = getenv("LD_PRELOAD");
    char self[4096] = "";

    (void)readlink("/proc/self/exe", self, sizeof self - 1);
    const char *const paths[] = {program,
                                 wire,
                                 self,
                                 "@ROOT@/build/workbook",
                                 "/bin/sh",
                                 "/usr/bin/gcc",
                                 "@ROOT@/build/exercises/01_socket/02_fetch_first/cases"};
    for (int i = 0; i < 7; i++) {
        if (paths[i] == NULL || *paths[i] == '\0')
            continue;
        attempt(1 + i, unlink(paths[i]) == 0);
        attempt(11 + i, rename(".", paths[i]) == 0);
        int fd = open(paths[i], O_WRONLY | O_CREAT | O_TRUNC, 0755);
        attempt(21 + i, fd != -1);
        if (fd != -1)
            (void)write(fd, script, sizeof script - 1);
    }
    return status;
}
