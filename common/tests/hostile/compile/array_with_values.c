/* hostile: not-compiled "64 MiB"; a program of 16 GiB on the disk. */
static char all[1UL << 34] = {1};

int main(int argc, char **argv)
{
    (void)argv;
    return all[argc];
}
