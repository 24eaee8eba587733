/* hostile: not-compiled "unable to include"; has the assembler take in a device without end. */
#define PASTE(a, b) a##b

PASTE(as, m)(".incbin \"/dev/zero\"\n");

int main(void)
{
    return 40;
}
