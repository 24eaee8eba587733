/* hostile: refused "Headers"; includes the solution by its whole path. */
#include "@ROOT@/solutions/01_socket/02_fetch_first/fetch_first.c"

int main(void)
{
    return 40;
}
