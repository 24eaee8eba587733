/* hostile: refused "Headers"; includes the solution, from wherever this file may lie. */
#include "../../../solutions/01_socket/02_fetch_first/fetch_first.c"
#include "../solutions/01_socket/02_fetch_first/fetch_first.c"

int main(void)
{
    return 40;
}
