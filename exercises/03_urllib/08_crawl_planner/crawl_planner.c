/*
 * Exercise 3.8  Crawl planner
 *
 * Usage:  crawl_planner AGENT [HOST STATUS FILE]... <urls
 *
 * Reads what sites say in their robots.txt, and a list of URLs, and prints when each URL may be
 * fetched, or why never. README.md beside the starter says what that means exactly; make practice
 * shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
