/*
 * Exercise 3.7  Segments
 *
 * Usage:  segments MS URL FILE
 *
 * Saves a URL as a file that is fetched in four segments at once. README.md beside the starter says
 * what that means exactly; make practice shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
