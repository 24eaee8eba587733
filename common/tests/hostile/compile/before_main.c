/* hostile: fail "status 40"; would end with 0 before anything of the workbook's is there, main
 * included, if it could name a section. */
#include <unistd.h>

static void leave(int argc, char **argv, char **environment)
{
    (void)argc;
    (void)argv;
    (void)environment;
    _exit(0);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **,
                                                                            char **) = leave;

int main(void)
{
    return 40;
}
