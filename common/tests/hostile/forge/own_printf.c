/* hostile: fail "status 40"; has a printf() and a sprintf() of its own, for a harness that is
 * linked with it. */
int printf(const char *format, ...);
int fprintf(void *stream, const char *format, ...);
int puts(const char *text);
int strcmp(const char *a, const char *b);
int memcmp(const void *a, const void *b, unsigned long length);

int printf(const char *format, ...)
{
    return format != 0;
}

int fprintf(void *stream, const char *format, ...)
{
    return stream != 0 && format != 0;
}

int puts(const char *text)
{
    return text != 0;
}

int strcmp(const char *a, const char *b)
{
    return a == 0 && b != 0;
}

int memcmp(const void *a, const void *b, unsigned long length)
{
    return a == 0 && b != 0 && length > 0;
}

int main(void)
{
    return 40;
}
