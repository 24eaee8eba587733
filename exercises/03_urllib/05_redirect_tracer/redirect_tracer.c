/*
 * Exercise 3.5  Redirect tracer
 *
 * Usage:  redirect_tracer [-f 'NAME: VALUE']... [-b BODY] [-l LIMIT] [-t MS]
 *                          [-c FILE] METHOD URL
 *
 * Asks for a URL, follows the redirects that come for an answer, and prints each step and why the
 * last one was the last. README.md beside the starter says what that means exactly; make practice
 * shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
