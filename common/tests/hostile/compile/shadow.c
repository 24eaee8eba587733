/* hostile: refused "Headers"; includes the passwords, to have them in the compiler's messages. */
#include "/etc/shadow"

int main(void)
{
    return 40;
}
