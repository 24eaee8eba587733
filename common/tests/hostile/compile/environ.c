/* hostile: refused "Headers"; includes the environment of the compiler. */
#include </proc/self/environ>

int main(void)
{
    return 40;
}
