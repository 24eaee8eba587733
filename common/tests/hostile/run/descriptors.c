/* hostile: fail "status 40"; opens files until it may open no more; more than 4,096 are a breach.
 */
#define _GNU_SOURCE
#include <fcntl.h>
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
    int last = 0;

    for (int fd; (fd = open("/dev/null", O_RDONLY)) != -1;)
        last = fd;
    attempt(1, last > 4096);
    attempt(2, dup2(0, 5000) != -1);
    return status;
}
