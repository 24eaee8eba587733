/* hostile: not-compiled "embed"; takes a file into the program, as C23 can. */
static const unsigned char taken[] = {
#embed "/etc/shadow"
};

int main(void)
{
    return 40;
}
