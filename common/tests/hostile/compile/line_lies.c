/* hostile: not-compiled "breach"; a message of the compiler shows the line that it is about: of the
 * solution. */
#line 20 "@ROOT@/solutions/01_socket/02_fetch_first/fetch_first.c"
#error breach
int main(void)
{
    return QUESTION_MAX_is_in_the_line_above;
}
