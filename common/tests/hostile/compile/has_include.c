/* hostile: refused "holds __has_include"; asks which files are there. */
#if __has_include("@ROOT@/solutions/01_socket/02_fetch_first/fetch_first.c")
#error breach: it is there
#endif

int main(void)
{
    return 40;
}
