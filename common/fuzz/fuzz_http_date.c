/* Feeds both readers of dates: what they take is written again, and read as the same moment. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/cookies.h"
#include "http/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* when was read from a date: it can be written, and both readers agree on what is written then. */
static void check(time_t when, time_t now)
{
    char text[HTTP_DATE_SIZE];
    time_t back;

    if (!http_date_format(when, text) || strlen(text) != HTTP_DATE_SIZE - 1 ||
        !http_date_parse(text, now, &back) || back != when)
        abort();
    if (when >= -11644473600 && (!http_cookie_date(text, &back) || back != when))
        abort(); /* RFC 6265 knows no year before 1601 */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[HTTP_DATE_SIZE], *copy = malloc(size + 1);
    time_t when = 0, now = 1700000000;

    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    /* A leap second at the end of 9999 is read as a moment that no date can name. */
    if (http_date_parse(copy, now, &when) && when < 253402300800)
        check(when, now);
    if (http_cookie_date(copy, &when))
        check(when, now);
    free(copy);
    /* The bytes as a number: any moment is written so that it can be read, or not at all. */
    when = 0;
    memcpy(&when, data, size < sizeof when ? size : sizeof when);
    if (http_date_format(when, text))
        check(when, now);
    return 0;
}
