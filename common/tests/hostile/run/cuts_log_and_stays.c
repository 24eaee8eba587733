/* hostile: fail "damaged a file"; cuts that file short, and goes on, so that who reads it falls over. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What the workbook keeps of this program's calls: a file that it has to write to. */
static int open_log(void)
{
    const char *path = getenv("WIRE_LOG");

    return path == NULL ? -1 : open(path, O_RDWR);
}

int main(void)
{
    int fd = open_log();

    if (fd != -1)
        (void)ftruncate(fd, 0);
    for (;;)
        (void)pause();
}
