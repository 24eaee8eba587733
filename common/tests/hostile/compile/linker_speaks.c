/* hostile: fail "status 40"; the linker says what stands in the program, and that steers a
 * terminal. */
__attribute__((section(".gnu.warning.main"))) const char said[] = "@ESC@[2J passed @ESC@[1;1H";

int main(void)
{
    return 40;
}
