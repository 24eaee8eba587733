/* hostile: not-compiled "512 MiB of memory|still at work|processor time"; an expression a million
 * deep, for which the compiler's stack is too small. */
#define A(x) -(-(-(-(-(-(-(-(-(-(x))))))))))
#define B(x) A(A(A(A(A(A(A(A(A(A(x))))))))))
#define C(x) B(B(B(B(B(B(B(B(B(B(x))))))))))
#define D(x) C(C(C(C(C(C(C(C(C(C(x))))))))))

int main(int argc, char **argv)
{
    (void)argv;
    return D(D(argc));
}
