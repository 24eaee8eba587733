/*
 * Exercise 4.6  OAuth 2 client
 *
 * Usage:  oauth2_client CLIENT TOKEN_URL URL...
 *
 * Gets a token, asks for each URL with it, and renews the token when it is over: so that nobody
 * notices. README.md beside the starter says what that means exactly; make practice shows at each
 * save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
