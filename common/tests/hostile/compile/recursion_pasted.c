/* hostile: not-compiled "still at work|processor time"; has the assembler call a macro a trillion
 * times. */
#define PASTE(a, b) a##b

PASTE(as, m)(".macro twice n\n"
             ".if \\n\n"
             "twice %(\\n - 1)\n"
             "twice %(\\n - 1)\n"
             ".endif\n"
             ".endm\n"
             ".altmacro\n"
             "twice 40\n");

int main(void)
{
    return 40;
}
