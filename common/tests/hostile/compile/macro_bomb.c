/* hostile: not-compiled "512 MiB of memory|still at work|processor time"; a line that becomes four
 * billion words. */
#define A(x) x x x x
#define B(x) A(A(A(A(x))))
#define C(x) B(B(B(B(x))))

int main(void)
{
    int a = 0;

    C(a++;)
    return a;
}
