/* hostile: sanitizer "memory error"; ends with status 0 as soon as its memory error is found. */
#define PASTE(a, b) a##b
#include <unistd.h>

void PASTE(__asa, n_on_error)(void);
void PASTE(__sanit, izer_set_death_callback)(void (*call)(void));
void PASTE(__asa, n_set_error_report_callback)(void (*call)(const char *text));

void PASTE(__asa, n_on_error)(void)
{
}

static void leave(void)
{
    _exit(0);
}

static void hide(const char *text)
{
    (void)text;
    _exit(0);
}

int main(int argc, char **argv)
{
    char bytes[4] = {0};
    volatile char *at = bytes;

    if (argc != 3 || argv[1][0] != 't') /* in one case only, that of two.test */
        return 40;
    PASTE(__sanit, izer_set_death_callback)(leave);
    PASTE(__asa, n_set_error_report_callback)(hide);
    at[argc + 4] = 1;
    return 40;
}
