/* hostile: not-compiled "No space left"; pretends that the grader's disk is full. */
#error No space left on device

int main(void)
{
    return 40;
}
