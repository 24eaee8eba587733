/* hostile: fail "status 40"; the linker says what stands in the program, and that steers a
 * terminal. */
__attribute__((section(".gnu.warning.main"))) const char said[] = "\033[2J passed \033[1;1H";

int main(void)
{
    return 40;
}
