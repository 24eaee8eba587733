/*
 * Exercise 4.5  Digest by hand
 *
 * Usage:  digest_by_hand HOST PORT USER TARGET... <PASSWORD
 *
 * Ask for each TARGET, and prove by digest who asks. README.md beside this file says what that
 * means exactly; make practice shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
