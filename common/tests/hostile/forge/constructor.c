/* hostile: fail "status 0"; ends with status 0 before main, and again at its end. */
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor(101))) static void before(void)
{
    _exit(0);
}

__attribute__((destructor)) static void after(void)
{
    _exit(0);
}

int main(void)
{
    return 40;
}
