/* hostile: fail; closes all that it was given, and then waits. */
#define _GNU_SOURCE
#include <unistd.h>

int close_range(unsigned first, unsigned last, int flags);

int main(void)
{
    (void)close_range(0, ~0U, 0);
    return 40;
}
