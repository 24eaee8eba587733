/* hostile: sanitizer "memory error"; has the compiler leave out what watches its memory. */
#define PASTE(a, b) a##b

__attribute__((optimize("-fno-sanitize=address", "-fplugin=/tmp/none.so"))) static int
outside(int i)
{
    char bytes[4] = {0};
    volatile char *at = bytes;

    at[i] = 1;
    return at[0];
}

__attribute__((PASTE(no_, sanitize_address), noinline)) static int outside_too(int i)
{
    return outside(i);
}

int main(int argc, char **argv)
{
    if (argc != 3 || argv[1][0] != 't') /* in one case only, that of two.test */
        return 40;
    return outside_too(argc + 4) + 40;
}
