/*
 * Exercise 3.1  URL normaliser
 *
 * Usage:  url_normaliser <URLS
 *
 * Writes each URL in its one normal form, so that two that mean the same come out the same, and
 * says of each line that is none what is wrong with it. README.md beside the starter says what that
 * means exactly; make practice shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
