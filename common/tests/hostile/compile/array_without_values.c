/* hostile: memory; a program of 16 GiB in memory, of which nothing lies on the disk. */
static char all[1UL << 34];

int main(int argc, char **argv)
{
    (void)argv;
    for (unsigned long i = 0; i < sizeof all; i += 4096)
        all[i] = 1;
    return all[argc] + 39;
}
