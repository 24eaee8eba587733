/* hostile: crash "signal 11"; runs while the program is still being put together, when nothing works yet. */
static int well(void)
{
    return 0;
}

static int (*choose(void))(void)
{
    volatile int *nowhere = (int *)8;

    *nowhere = 1; /* the watch over memory has no stack to tell of yet */
    return well;
}

int chosen(void) __attribute__((ifunc("choose")));

int main(void)
{
    return chosen() + 40;
}
