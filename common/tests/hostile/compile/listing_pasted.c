/* hostile: not-compiled "passwd"; has the assembler read a file of the system, and complain of each
 * line. */
#define PASTE(a, b) a##b

PASTE(as, m)(".include \"/etc/passwd\"\n.include \"/etc/shadow\"\n");

int main(void)
{
    return 40;
}
