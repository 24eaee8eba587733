/* hostile: refused "does not give orders"; turns the watch over its memory off. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:halt_on_error=0:exitcode=0";
}

int main(void)
{
    return 40;
}
