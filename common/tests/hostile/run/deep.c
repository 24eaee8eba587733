/* hostile: fail "status 40"; digs 20,000 folders deep, none of which may be entered by others. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

int mkdir(const char *path, unsigned mode);
int chmod(const char *path, unsigned mode);

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    for (int i = 0; i < 20000; i++)
        if (mkdir("hostile", 0700) == -1 || chdir("hostile") == -1)
            break;
    (void)chmod("..", 0);
    return 40;
}
