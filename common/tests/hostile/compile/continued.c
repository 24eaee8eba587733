/* hostile: refused "Headers"; hides an #include in continued lines, comments and a digraph. */
%\
:/* plain */inc\
lude/**/ "/etc/shadow"

int main(void)
{
    return 40;
}
