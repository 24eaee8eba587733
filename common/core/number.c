#include "core/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool number_parse(const char *text, long low, long high, long *number)
{
    char *end;

    /* strtol() skips blanks and takes a '+'; neither belongs in an argument. */
    if (text == NULL || (!isdigit((unsigned char)text[0]) && text[0] != '-'))
        return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < low || value > high)
        return false;
    *number = value;
    return true;
}
