/* hostile: refused "pretends to stand in another file"; pretends to stand in a header of the
 * system. */
# 1 "/usr/include/stdio.h" 1 3

int main(void)
{
    return 40;
}
