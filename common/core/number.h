/* Numbers out of text, with their range checked: what atoi() never tells. */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include <stdbool.h>

/*
 * Reads a whole decimal number from low to high. True and *number set if text is that and nothing
 * more; false, and *number untouched, for anything else: empty, blanks, a tail, out of range.
 */
bool number_parse(const char *text, long low, long high, long *number);

#endif
