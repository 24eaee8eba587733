/*
 * Exercise 4.4  Log in, work, log out
 *
 * Usage:  log_in [-t MS] BASE USER
 *
 * Logs in to a service with the password on standard input, sends it the notes that follow there,
 * and logs out. README.md beside the starter says what that means exactly; make practice shows at
 * each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
