/* fails: word */
/* FILL: the nearest example program, adapted only in its arguments; it earns under 40 %. */
#include <stdio.h>

int main(void)
{
    return puts("ready") == EOF;
}
