/* hostile: fail "status 40"; writes until no folder takes more; 200 MiB in one, or a file of 65
 * MiB, are a breach. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
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

static size_t fill(const char *folder, int number)
{
    static char bytes[1 << 20];
    char path[64];
    size_t written = 0;
    ssize_t n;

    (void)snprintf(path, sizeof path, "%s/hostile-fill-%d", folder, number);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    memset(bytes, 1, sizeof bytes);
    while (written < (size_t)70 << 20 && (n = write(fd, bytes, sizeof bytes)) > 0)
        written += (size_t)n;
    (void)close(fd);
    return written;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    static const char *const folders[] = {".", "/tmp", "/dev/shm", "/var/tmp",
                                          "/", "/dev", "/run",     ".."};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGXFSZ, &ignore, NULL);
    for (int i = 0; i < 8; i++) {
        size_t all = 0;
        for (int k = 0; k < 8; k++) {
            size_t one = fill(folders[i], k);
            attempt(1, one > (size_t)65 << 20);
            all += one;
        }
        attempt(2 + i, all > (size_t)200 << 20);
    }
    return status;
}
