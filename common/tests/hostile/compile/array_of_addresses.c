/* hostile: not-compiled; a hundred million addresses, each of them a line for the assembler. */
static int one;
static int *all[100000000] = {[0 ... 99999999] = &one};

int main(int argc, char **argv)
{
    (void)argv;
    return *all[argc];
}
