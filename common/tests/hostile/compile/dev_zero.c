/* hostile: refused "Headers"; includes a file without end, by way of a macro. */
#define ENDLESS </dev/zero>
#include ENDLESS

int main(void)
{
    return 40;
}
