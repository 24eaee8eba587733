#include "http/date.h"

#include <stdio.h>
#include <string.h>

/* strftime() and strptime() speak the language of the locale: these are HTTP's own names. */
static const char DAYS[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                 "Thursday", "Friday", "Saturday"};
static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool http_date_format(time_t when, char text[HTTP_DATE_SIZE])
{
    struct tm tm;
    char line[96]; /* gcc does not know the ranges of the members, and wants room for any int */

    text[0] = '\0';
    if (gmtime_r(&when, &tm) == NULL || tm.tm_year < 1 - 1900 || tm.tm_year > 9999 - 1900)
        return false;
    int length = snprintf(line, sizeof line, "%.3s, %02d %s %04d %02d:%02d:%02d GMT",
                          DAYS[tm.tm_wday], tm.tm_mday, MONTHS[tm.tm_mon], tm.tm_year + 1900,
                          tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (length != HTTP_DATE_SIZE - 1)
        return false;
    memcpy(text, line, HTTP_DATE_SIZE);
    return true;
}

/* Each of these takes its piece off the front of *text, or leaves it and says false. */

static bool take_text(const char **text, const char *piece)
{
    size_t length = strlen(piece);

    if (strncmp(*text, piece, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool take_digits(const char **text, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++) {
        if ((*text)[i] < '0' || (*text)[i] > '9')
            return false;
        *number = *number * 10 + ((*text)[i] - '0');
    }
    *text += count;
    return true;
}

/* asctime() pads the day of the month with a blank, " 6". */
static bool take_padded(const char **text, int *number)
{
    if (**text != ' ')
        return take_digits(text, 2, number);
    ++*text;
    return take_digits(text, 1, number);
}

static bool take_month(const char **text, int *month)
{
    for (*month = 0; *month < 12; ++*month) {
        if (take_text(text, MONTHS[*month]))
            return true;
    }
    return false;
}

static bool take_clock(const char **text, struct tm *tm)
{
    return take_digits(text, 2, &tm->tm_hour) && take_text(text, ":") &&
           take_digits(text, 2, &tm->tm_min) && take_text(text, ":") &&
           take_digits(text, 2, &tm->tm_sec);
}

/* What follows the weekday. Each sets tm_year to the year itself. */

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool take_fixdate(const char *text, struct tm *tm)
{
    return take_text(&text, ", ") && take_digits(&text, 2, &tm->tm_mday) && take_text(&text, " ") &&
           take_month(&text, &tm->tm_mon) && take_text(&text, " ") &&
           take_digits(&text, 4, &tm->tm_year) && take_text(&text, " ") && take_clock(&text, tm) &&
           take_text(&text, " GMT") && *text == '\0';
}

/* Whether that moment, whose tm_year is a whole year, lies more than 50 years after now. */
static bool is_far_ahead(struct tm tm, time_t now)
{
    tm.tm_year -= 1900 + 50;
    return timegm(&tm) > now;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(const char *text, time_t now, struct tm *tm)
{
    struct tm today;

    if (!take_text(&text, ", ") || !take_digits(&text, 2, &tm->tm_mday) || !take_text(&text, "-") ||
        !take_month(&text, &tm->tm_mon) || !take_text(&text, "-") ||
        !take_digits(&text, 2, &tm->tm_year) || !take_text(&text, " ") || !take_clock(&text, tm) ||
        !take_text(&text, " GMT") || *text != '\0' || gmtime_r(&now, &today) == NULL)
        return false;
    /* Of the years that end so, the last that is not too far ahead. */
    tm->tm_year += (today.tm_year + 1900) / 100 * 100 + 100;
    while (is_far_ahead(*tm, now))
        tm->tm_year -= 100;
    return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool take_asctime(const char *text, struct tm *tm)
{
    return take_text(&text, " ") && take_month(&text, &tm->tm_mon) && take_text(&text, " ") &&
           take_padded(&text, &tm->tm_mday) && take_text(&text, " ") && take_clock(&text, tm) &&
           take_text(&text, " ") && take_digits(&text, 4, &tm->tm_year) && *text == '\0';
}

static bool date_take(const char *text, time_t now, struct tm *tm)
{
    for (int day = 0; day < 7; day++) {
        const char *rest = text;
        char name[4] = "";

        if (take_text(&rest, DAYS[day]))
            return take_rfc850(rest, now, tm);
        memcpy(name, DAYS[day], 3);
        if (take_text(&rest, name))
            return take_fixdate(rest, tm) || take_asctime(rest, tm);
    }
    return false;
}

bool http_date_parse(const char *text, time_t now, time_t *when)
{
    static const int LENGTHS[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct tm tm = {0};

    if (!date_take(text, now, &tm) || tm.tm_year < 1)
        return false;
    bool leap = (tm.tm_year % 4 == 0 && tm.tm_year % 100 != 0) || tm.tm_year % 400 == 0;
    int length = LENGTHS[tm.tm_mon] + (leap && tm.tm_mon == 1 ? 1 : 0);
    if (tm.tm_mday < 1 || tm.tm_mday > length || tm.tm_hour > 23 || tm.tm_min > 59 ||
        tm.tm_sec > 60)
        return false;
    tm.tm_year -= 1900;
    time_t parsed = timegm(&tm); /* carries a 60th second over */
    *when = parsed;
    return true;
}
