/* hostile: fail; ends with each status that a harness, a box or a shell has a meaning for. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static const int statuses[] = {0, 1, 3, 77, 86, 99, 125, 126, 127, 255};
    static char question[1 << 16];
    ssize_t length = read(0, question, sizeof question);

    (void)fputs("bwrap: execvp fetch_first: No such file or directory\n", stderr);
    return statuses[(length < 0 ? 0 : length) % 10];
}
