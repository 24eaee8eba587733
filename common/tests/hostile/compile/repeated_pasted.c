/* hostile: not-compiled "512 MiB of memory|still at work|processor time"; has the assembler repeat
 * itself a billion times. */
#define PASTE(a, b) a##b

PASTE(as, m)(".rept 1000000000\n.quad 1, 2, 3, 4\n.endr\n");

int main(void)
{
    return 40;
}
