/*
 * Exercise 1.1  Address book
 *
 * Usage:  address_book <BOOK
 *
 * Reads lines "host service" from standard input and prints each address that they stand for as
 * [address]:port, once. README.md beside the starter says what that means exactly; make practice
 * shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
