/* hostile: not-compiled "undefined reference"; commands for the assembler, in the names of a section
 * and of other symbols. */
#define PASTE(a, b) a##b

__attribute__((section(".text\n.globl first\nfirst:\nret\n#"))) int one(void)
{
    return 1;
}

static int two(void) __attribute__((weakref("bar\n.text\n.globl second\nsecond:\nret\n#")));

__attribute__((PASTE(sym, ver)("g@@V1\n.text\n.globl third\nthird:\nret\n#"))) int three(void)
{
    return 3;
}

void first(void), second(void), third(void);

int main(void)
{
    first();
    second();
    third();
    return two == 0 ? 41 : 42;
}
