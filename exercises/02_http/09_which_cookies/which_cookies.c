/*
 * Exercise 2.9  Which cookies go where
 *
 * Usage:  which_cookies SUFFIXES <events
 *
 * Reads what servers set and what is requested, and says which cookies go with each request.
 * README.md beside the starter says what that means exactly; make practice shows at each save how
 * far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
