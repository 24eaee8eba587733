/* hostile: refused "without assembler"; takes a file of the system into the program. */
asm(".incbin \"/etc/shadow\"");

int main(void)
{
    return 40;
}
