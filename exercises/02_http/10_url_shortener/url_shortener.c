/*
 * Exercise 2.10  URL shortener that stands up to load
 *
 * Usage:  url_shortener PORT FILE IDLE HEAD BODY
 *
 * Keeps URLs in a file and sends whoever asks for a number to the URL in that line. README.md
 * beside the starter says what is asked for exactly; make practice shows at each save how far you
 * are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
