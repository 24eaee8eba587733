/* hostile: refused "no orders but #pragma GCC diagnostic"; forbids a word that headers need. */
#pragma GCC poison int
#include <stdio.h>

int main(void)
{
    return 40;
}
