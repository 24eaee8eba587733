/*
 * Dates as HTTP writes them, always in GMT.
 *
 * Python: email.utils.formatdate(usegmt=True) and parsedate_to_datetime(). Source: RFC 9110 section
 * 5.6.7.
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdbool.h>
#include <time.h>

enum { HTTP_DATE_SIZE = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL */

/*
 * Writes the one format that may be sent. when is in seconds since 1970, from year 1 to 9999. False
 * outside of these, and text is "". Does not depend on locale and time zone.
 */
bool http_date_format(time_t when, char text[HTTP_DATE_SIZE]);

/*
 * Reads any of the three formats that a recipient must know: that one, RFC 850's with two digits of
 * the year (one more than 50 years ahead of now means the past), and asctime()'s. False for
 * anything else: a wrong day of the month, a 25th hour, text behind. The name of the weekday must
 * be one, and is not compared with the date. A leap second, :60, counts as the next minute's :00.
 */
bool http_date_parse(const char *text, time_t now, time_t *when);

#endif
