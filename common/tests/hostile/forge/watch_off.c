/* hostile: sanitizer "memory error"; gives orders to what watches its memory, the words put
 * together by a macro. */
#define PASTE(a, b) a##b
#include <unistd.h>

const char *PASTE(__asa, n_default_options)(void);
const char *PASTE(__ubsa, n_default_options)(void);
const char *PASTE(__lsa, n_default_options)(void);
void PASTE(__asa, n_on_error)(void);
int PASTE(__lsa, n_is_turned_off)(void);

const char *PASTE(__asa, n_default_options)(void)
{
    return "halt_on_error=0:exitcode=0:detect_leaks=0:log_path=/dev/null";
}

const char *PASTE(__ubsa, n_default_options)(void)
{
    return "halt_on_error=0:exitcode=0:log_path=/dev/null";
}

const char *PASTE(__lsa, n_default_options)(void)
{
    return "detect_leaks=0:exitcode=0";
}

int PASTE(__lsa, n_is_turned_off)(void)
{
    return 1;
}

int main(int argc, char **argv)
{
    char bytes[4] = {0};
    volatile char *at = bytes;

    if (argc != 3 || argv[1][0] != 't') /* in one case only, that of two.test */
        return 40;
    at[argc + 4] = 1;
    return 40;
}
