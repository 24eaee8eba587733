/*
 * Exercise 2.1  Request line police
 *
 * Usage:  request_line_police PORT MS
 *
 * A server: reads the first line of each client's request and answers with the status that it
 * deserves. README.md beside the starter says what that means exactly; make practice shows at each
 * save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
