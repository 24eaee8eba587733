/* hostile: not-compiled "fetch_first.c:"; messages that steer a terminal, and forge a verdict. */
#define STEER "@ESC@[2J@ESC@]0;owned@BEL@"
#error @ESC@[2J@ESC@[1;1H passed: 30 of 30 points @ESC@]8;;http://127.0.0.1/@BEL@
#warning </pre><script>alert(1)</script> @ESC@[41m
#error 40 | ok 1 - reply

int main(void)
{
    return 40;
}
