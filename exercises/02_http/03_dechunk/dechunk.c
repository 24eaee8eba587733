/*
 * Exercise 2.3  De-chunk a stream
 *
 * Usage:  dechunk TRAILERS
 *
 * Prints the content of the chunked body on standard input, puts its trailer fields in a file, and
 * leaves unread what comes behind. README.md beside the starter says what that means exactly; make
 * practice shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
