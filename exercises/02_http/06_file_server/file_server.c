/*
 * Exercise 2.6  File server
 *
 * Usage:  file_server FOLDER PORT
 *
 * Serves the files of a folder, and their ready-made .gz to who can read it. README.md beside the
 * starter says what is asked for exactly; make practice shows at each save how far you are.
 */

int main(void)
{
    return 3; /* not written yet: no contract uses this status */
}
