/* hostile: refused "Headers"; includes the cases that judge it. */
#include "@ROOT@/exercises/01_socket/02_fetch_first/cases.c"

int main(void)
{
    return 40;
}
