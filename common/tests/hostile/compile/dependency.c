/* hostile: refused "no orders but #pragma GCC diagnostic"; asks when a file was written. */
#pragma GCC dependency "/etc/shadow"

int main(void)
{
    return 40;
}
