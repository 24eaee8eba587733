/*
 * Exercise 3.4  Link rewriter
 *
 * Usage:  link_rewriter BASE <PAGE
 *
 * Copies a page with its links made absolute. README.md beside the starter says what that means
 * exactly; make practice shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
