/* hostile: refused "holds _Pragma"; gives the compiler an order from within a macro. */
#define ORDER _Pragma("GCC optimize (\"O3\")")
ORDER

int main(void)
{
    return 40;
}
