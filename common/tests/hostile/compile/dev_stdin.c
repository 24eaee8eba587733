/* hostile: refused "Headers"; includes the compiler's standard input, and waits for it. */
#include "/dev/stdin"

int main(void)
{
    return 40;
}
