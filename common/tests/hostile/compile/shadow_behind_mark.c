/* hostile: not-compiled "shadow"; a byte order mark, put here when it is handed in, hides #include. */
@MARK@#include "/etc/shadow"

int main(void)
{
    return 40;
}
