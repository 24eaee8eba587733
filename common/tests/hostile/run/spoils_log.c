/* hostile: processes; writes numbers into the file of its calls that lead whoever reads it
 * astray. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

/* What the workbook keeps of this program's calls: a file that it has to write to. */
static int open_log(void)
{
    const char *path = getenv("WIRE_LOG");

    return path == NULL ? -1 : open(path, O_RDWR);
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    int fd = open_log();
    static unsigned words[1 << 16];

    for (unsigned i = 0; i < 1 << 16; i++)
        words[i] = i % 7 == 0 ? 0xffffffff : i * 2654435761U;
    for (int k = 0; k < 64 && fd != -1; k++)
        (void)write(fd, words, sizeof words);
    return 40;
}
