/* hostile: fail "status 40"; asks what is there for the compiler to read, the word put together by
 * a macro. */
#define PASTE(a, b) a##b

#if PASTE(__has_, include)("@ROOT@/solutions/01_socket/02_fetch_first/fetch_first.c")
#error breach: the solution can be read
#elif PASTE(__has_, include)("@ROOT@/exercises/01_socket/02_fetch_first/expected/reply.txt")
#error breach: what is expected can be read
#elif PASTE(__has_, include)("/etc/shadow")
#error breach: the passwords can be read
#elif PASTE(__has_, include)("@SECRET@")
#error breach: a file of who grades can be read
#endif

int main(void)
{
    return 40;
}
