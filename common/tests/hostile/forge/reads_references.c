/* hostile: fail "status 40"; opens the solution, the reference outputs, the cases and the results
 * of others, by every path to them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    static const char *const files[] = {
        "solutions/01_socket/02_fetch_first/fetch_first.c",
        "solutions/01_socket/02_fetch_first/wrong/copied.c",
        "exercises/01_socket/02_fetch_first/expected/reply.txt",
        "build/exercises/01_socket/02_fetch_first/cases",
        "answers/01_socket/02_fetch_first/fetch_first.c",
        ".git/HEAD",
        ".workbook/progress.json",
    };
    char path[4200], up[256] = "";

    for (int i = 0; i < 14; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", i < 7 ? "@ROOT@" : "/workbook", files[i % 7]);
        attempt(1 + i % 7, open(path, O_RDONLY) != -1);
    }
    for (int depth = 0; depth < 12; depth++) {
        size_t length = (size_t)snprintf(path, sizeof path, "%s", up);
        for (int i = 0; i < 7; i++) {
            (void)snprintf(path, sizeof path, "%s%s", up, files[i]);
            attempt(11 + i, open(path, O_RDONLY) != -1);
        }
        (void)snprintf(up + length, sizeof up - length, "../");
    }
    attempt(21, open("@SECRET@", O_RDONLY) != -1);
    attempt(22, open("@OUT@/run.json", O_RDONLY) != -1);
    attempt(23, open("@OUT@", O_RDONLY) != -1);
    attempt(24, open("@SUBMISSIONS@", O_RDONLY) != -1);
    attempt(25, open("/etc/shadow", O_RDONLY) != -1);
    attempt(26, open("/root", O_RDONLY) != -1);
    return status;
}
