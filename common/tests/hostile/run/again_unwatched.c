/* hostile: fail; starts itself again without what watches it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    char *const none[] = {NULL}, *const words[] = {"again", NULL};

    if (getenv("LD_PRELOAD") == NULL)
        return 40;
    (void)execve("/proc/self/exe", words, none);
    return 41;
}
