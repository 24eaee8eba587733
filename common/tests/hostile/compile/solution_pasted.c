/* hostile: not-compiled "solutions/01_socket"; takes the solution in by assembler, the word put
 * together by a macro. */
#define PASTE(a, b) a##b

PASTE(as, m)
(".globl taken\ntaken:\n"
 ".incbin \"@ROOT@/solutions/01_socket/02_fetch_first/fetch_first.c\"\n.byte 0\n");

int main(void)
{
    return 40;
}
