/* hostile: fail "status 40"; looks in its environment and arguments for the seed, the answer and
 * whether it is graded. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    static const char *const words[] = {
        "SEED", "seed", "HOSTILE_SECRET=", "@SECRET@", "@OUT@", "@SUBMISSIONS@", "CASE", "GRADE"};

    for (int i = 0; environ[i] != NULL; i++)
        for (int k = 0; k < 8; k++)
            attempt(1 + k, strstr(environ[i], words[k]) != NULL);
    return status;
}
