/* hostile: refused "Headers"; leaves the folder of the headers by a header that is allowed. */
#include <netinet/../../../etc/shadow>

int main(void)
{
    return 40;
}
