/* hostile: not-compiled "512 MiB of memory|still at work|processor time"; functions put into one
 * another until there are four billion of them. */
#define INLINE __attribute__((always_inline)) static inline int
#define F(n, m)              \
    INLINE f##n(int x)       \
    {                        \
        x += f##m(x + 1);    \
        x ^= f##m(x + 2);    \
        x -= f##m(x + 3);    \
        return x + f##m(x);  \
    }

INLINE f0(int x)
{
    return x * 7;
}
F(1, 0) F(2, 1) F(3, 2) F(4, 3) F(5, 4) F(6, 5) F(7, 6) F(8, 7)
F(9, 8) F(10, 9) F(11, 10) F(12, 11) F(13, 12) F(14, 13) F(15, 14) F(16, 15)

int main(int argc, char **argv)
{
    (void)argv;
    return f16(argc);
}
