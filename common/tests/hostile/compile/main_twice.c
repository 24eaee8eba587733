/* hostile: not-compiled "_start"; a second main, and the symbol at which programs begin. */
int begin(void) __attribute__((alias("main")));
void _start(void);
void _start(void)
{
}

int main(void)
{
    return 40;
}
