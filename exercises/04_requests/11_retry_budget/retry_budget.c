/*
 * Exercise 4.11  Retry with a budget
 *
 * Usage:  retry_budget METHOD TRIES BASE BUDGET URL
 *
 * Ask for URL until it is answered well, as often and as long as is allowed and makes sense.
 * README.md beside this file says what that means exactly; make practice shows at each save how
 * far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
