/* hostile: fail; names another loader for itself, which does not exist: it cannot be started. */
__attribute__((section(".interp"), used)) static const char loader[] = "/tmp/none";

int main(void)
{
    return 40;
}
