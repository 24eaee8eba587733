/* hostile: fail "status 0"; ends with 0 before anything of the workbook's is there, main included.
 */
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
