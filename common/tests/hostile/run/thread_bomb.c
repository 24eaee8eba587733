/* hostile: fail "status 40"; starts threads without end; 1,500 at once are a breach. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int pthread_create(pthread_t *thread, const void *attributes, void *(*start)(void *), void *what);

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

static void *wait_for_ever(void *unused)
{
    for (;;)
        (void)pause();
    return unused;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    pthread_t thread;
    int count = 0;

    while (count < 1500 && pthread_create(&thread, NULL, wait_for_ever, NULL) == 0)
        count++;
    attempt(1, count == 1500);
    return status;
}
