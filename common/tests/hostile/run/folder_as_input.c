/* hostile 1.1: fail "status 40" in input-unreadable; its standard input is a folder: whose, and what
 * it leads to. */
#include <stdio.h>
#include <unistd.h>

int openat(int folder, const char *path, int flags, ...);

int main(void)
{
    static const char *const paths[] = {"workbook/build/exercises/01_socket/01_address_book/cases",
                                        "workbook/exercises", "../workbook/build/box.bpf"};
    int status = 40;

    for (int i = 0; i < 3 && status == 40; i++)
        if (openat(0, paths[i], 0) != -1)
            status = 41 + i;
    if (status == 40 && openat(0, "tmp/mark", 0102, 0600) != -1 && access("/tmp/mark", F_OK) == -1)
        status = 45;
    return status;
}
