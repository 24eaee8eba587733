/*
 * Exercise 2.7  Stock room
 *
 * Usage:  stock_room PORT
 *
 * Items and how many there are of each. Who changes one says which state of it he has seen.
 * README.md beside the starter says what is asked for exactly; make practice shows at each save how
 * far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
