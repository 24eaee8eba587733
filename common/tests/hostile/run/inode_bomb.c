/* hostile: fail; makes empty files until nothing takes one more; 60,000 are a breach. */
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

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    static const char *const folders[] = {".", "/tmp", "/dev/shm"};
    int count = 0;

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 20000; k++) {
            char path[64];
            (void)snprintf(path, sizeof path, "%s/hostile-%d", folders[i], k);
            int fd = open(path, O_WRONLY | O_CREAT, 0600);
            if (fd == -1)
                break;
            (void)close(fd);
            count++;
        }
    attempt(1, count >= 60000);
    return status;
}
