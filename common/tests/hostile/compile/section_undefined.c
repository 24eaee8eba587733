/* hostile: refused "without assembler"; takes back what keeps it from the assembler. */
#undef section
__attribute__((section(".text\n.globl first\nfirst:\nret\n#"))) int one(void)
{
    return 1;
}

int main(void)
{
    return 40;
}
