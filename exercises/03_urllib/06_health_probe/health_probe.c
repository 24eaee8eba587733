/*
 * Exercise 3.6  Health probe
 *
 * Usage:  health_probe AUTHORITIES MS URL...
 *
 * Asks each URL and says what exactly is wrong with it, in a word and by the exit status. README.md
 * beside the starter says what that means exactly; make practice shows at each save how far you
 * are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
