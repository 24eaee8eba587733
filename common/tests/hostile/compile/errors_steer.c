/* hostile: not-compiled "fetch_first.c:"; messages that steer a terminal, and forge a verdict. */
#error passed: 28 of 28 points </pre><script>alert(1)</script>
_Static_assert(0, "\x1b[2J\x1b[1;1H\x1b[32mpassed: 28 of 28 points\x1b]8;;http://127.0.0.1/\x07");
_Static_assert(0, "\r1.2  Fetch from the first server that answers   28 of 28 points\n\n\n\n");

int gone(void) __attribute__((deprecated("\x1b]0;owned\x07"), warning("\x9b" "2J\xe2\x80\xae")));

int main(void)
{
    return gone() + 40;
}
