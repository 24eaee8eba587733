/* hostile: refused "no orders but #pragma GCC diagnostic"; declares itself a header of the system,
 * in which nothing is warned of. */
#pragma GCC system_header

int main(void)
{
    return 40;
}
