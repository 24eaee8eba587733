/* hostile: fail "status 40"; takes the names of others: its own command line and name become those
 * of the harness. */
#define _GNU_SOURCE
#include <unistd.h>

int prctl(int what, ...);

int main(void)
{
    (void)prctl(15, "cases");
    (void)prctl(4, 0); /* nobody may look into it */
    return 40;
}
