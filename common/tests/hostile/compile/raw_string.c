/* hostile: refused "no raw strings"; hides code behind what is a comment to whoever knows no raw strings. */
static const char text[] = R"(" /* )";
__attribute__((constructor)) static void hidden(void)
{
} /* */

int main(void)
{
    return 40 + text[0];
}
