/* hostile: refused "Headers"; includes itself, 200 deep and twice at each depth. */
#if __INCLUDE_LEVEL__ < 199
#include __FILE__
#include __FILE__
#endif

int main(void)
{
    return 40;
}
