#include "http/cookies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/date.h"
#include "http/headers.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* [octet] What a value may consist of. RFC 6265 section 4.1.1. */
static bool is_octet(char c)
{
    return c > ' ' && c < 0x7f && strchr("\",;\\", c) == NULL;
}
/* [/octet] */

/* Both without regard to case, and whatever the locale. */

static bool is_word(const char *text, const char *word)
{
    return http_same_text(text, strlen(text), word, strlen(word));
}

static bool begins(const char *text, const char *word)
{
    return http_same_text(text, strnlen(text, strlen(word)), word, strlen(word));
}

static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is_control(text[i]))
            return true;
    }
    return false;
}

/* Moves both ends of a text past the blanks there. */
static void trim(const char **start, const char **end)
{
    while (*start < *end && is_blank(**start))
        ++*start;
    while (*start < *end && is_blank((*end)[-1]))
        --*end;
}

/* ---- values in quotes ---- */

static bool is_octal(const char *text, size_t length)
{
    return length >= 3 && text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' &&
           text[2] >= '0' && text[2] <= '7';
}

/*
 * Takes quotes and backslashes off length bytes. out has as much room, and gets no NUL at its end.
 * Returns how many bytes there are then, or -1 for a \000.
 */
static ptrdiff_t unquote(const char *value, size_t length, char *out)
{
    size_t used = 0;

    if (length < 2 || value[0] != '"' || value[length - 1] != '"') {
        memcpy(out, value, length);
        return (ptrdiff_t)length;
    }
    for (size_t i = 1; i < length - 1; i++) {
        size_t left = length - 2 - i; /* behind value[i], without the last quote */
        if (value[i] != '\\' || left == 0) {
            out[used++] = value[i];
        } else if (is_octal(value + i + 1, left)) {
            int byte = (value[i + 1] - '0') * 64 + (value[i + 2] - '0') * 8 + (value[i + 3] - '0');
            if (byte == 0)
                return -1;
            out[used++] = (char)byte;
            i += 3;
        } else {
            out[used++] = value[++i];
        }
    }
    return (ptrdiff_t)used;
}

int http_cookie_unquote(const char *value, struct buffer *out)
{
    size_t length = strlen(value);

    if (buffer_reserve(out, length) == -1) {
        errno = ENOMEM;
        return -1;
    }
    ptrdiff_t used = unquote(value, length, out->data + out->length);
    if (used == -1) {
        out->data[out->length] = '\0';
        errno = EINVAL;
        return -1;
    }
    out->length += (size_t)used;
    out->data[out->length] = '\0';
    return 0;
}

/* What SimpleCookie leaves without quotes: a token, and ':'. */
static bool needs_quotes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != ':' && !http_is_token(text + i, 1))
            return true;
    }
    return length == 0;
}

int http_cookie_quote(const char *text, struct buffer *out)
{
    size_t length = strlen(text);

    if (!needs_quotes(text, length))
        return buffer_add(out, text, length);
    if (buffer_reserve(out, 4 * length + 2) == -1) /* so nothing below can fail */
        return -1;
    (void)buffer_add(out, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        char octal[4] = {'\\', (char)('0' + ((unsigned char)text[i] >> 6)),
                         (char)('0' + ((text[i] >> 3) & 7)), (char)('0' + (text[i] & 7))};
        if (is_octet(text[i]) || text[i] == ' ')
            (void)buffer_add(out, text + i, 1);
        else if (text[i] == '"' || text[i] == '\\')
            (void)buffer_add(out, (char[2]){'\\', text[i]}, 2);
        else
            (void)buffer_add(out, octal, 4);
    }
    (void)buffer_add(out, "\"", 1);
    return 0;
}

/* ---- Cookie ---- */

/* The most pairs that text can hold, by its separators. */
static size_t most_pairs(const char *text)
{
    size_t pieces = 1, equals = 0;

    for (; *text != '\0'; text++) {
        pieces += *text == ';';
        equals += *text == '=';
    }
    return pieces < equals ? pieces : equals;
}

/*
 * Reads one piece. copy is the same text where it will live, and is cut there into names and
 * values; *spare is room for a value without its quotes, and moves on. False when it is no pair.
 */
static bool read_pair(struct http_cookie *cookie, const char *start, const char *end, char *copy,
                      char **spare)
{
    const char *equals = memchr(start, '=', (size_t)(end - start));

    if (equals == NULL)
        return false;
    const char *name = start, *name_end = equals, *value = equals + 1;
    trim(&name, &name_end);
    trim(&value, &end);
    size_t length = (size_t)(end - value);
    if (!http_is_token(name, (size_t)(name_end - name)) || has_control(value, length))
        return false;
    cookie->name = copy + (name - start);
    cookie->coded = cookie->value = copy + (value - start);
    copy[name_end - start] = '\0';
    copy[end - start] = '\0';
    if (*value != '"')
        return true;
    ptrdiff_t used = unquote(value, length, *spare);
    if (used == -1)
        return false;
    cookie->value = *spare;
    (*spare)[used] = '\0';
    *spare += used + 1;
    return true;
}

int http_cookies_parse(struct http_cookies *cookies, const char *text)
{
    size_t most = most_pairs(text), length = strlen(text);
    char *copy, *spare;

    *cookies = (struct http_cookies){0};
    if (most == 0)
        return 0;
    cookies->list = malloc(most * sizeof *cookies->list + 2 * (length + 1));
    if (cookies->list == NULL)
        return -1;
    copy = (char *)(cookies->list + most);
    spare = copy + length + 1;
    memcpy(copy, text, length + 1);
    for (const char *at = text, *end; at < text + length; at = end + 1) {
        end = memchr(at, ';', (size_t)(text + length - at));
        if (end == NULL)
            end = text + length;
        if (read_pair(&cookies->list[cookies->count], at, end, copy + (at - text), &spare))
            cookies->count++;
    }
    return 0;
}

const char *http_cookies_get(const struct http_cookies *cookies, const char *name)
{
    for (size_t i = 0; i < cookies->count; i++) {
        if (strcmp(cookies->list[i].name, name) == 0)
            return cookies->list[i].value;
    }
    return NULL;
}

void http_cookies_free(struct http_cookies *cookies)
{
    free(cookies->list);
    *cookies = (struct http_cookies){0};
}

/* ---- Set-Cookie, built ---- */

/* Whether a value may be sent as it is: octets, or in quotes what http_cookie_quote() writes. */
static bool is_sendable(const char *value)
{
    size_t length = strlen(value);
    bool quoted = length >= 2 && value[0] == '"' && value[length - 1] == '"';

    for (size_t i = quoted; i < length - quoted; i++) {
        size_t left = length - 2 - i; /* behind value[i], if it is quoted */
        if (is_octet(value[i]) || (quoted && value[i] == ' '))
            continue;
        if (!quoted || value[i] != '\\' || left == 0)
            return false;
        if (value[i + 1] == '"' || value[i + 1] == '\\')
            i++;
        else if (is_octal(value + i + 1, left))
            i += 3;
        else
            return false;
    }
    return true;
}

static bool is_domain(const char *domain)
{
    size_t length = strlen(domain);

    for (size_t i = 0; i < length; i++) {
        if (!is_letter(domain[i]) && !is_digit(domain[i]) && domain[i] != '-' && domain[i] != '.')
            return false;
    }
    return length > 0 && length <= HTTP_COOKIE_ATTRIBUTE_LIMIT && domain[0] != '.';
}

/* A byte that one recipient trims or cuts off is a byte that it reads differently from the next. */
static bool is_path(const char *path)
{
    size_t length = strlen(path);

    return path[0] == '/' && length <= HTTP_COOKIE_ATTRIBUTE_LIMIT && path[length - 1] != ' ' &&
           strchr(path, ';') == NULL && !has_control(path, length);
}

bool http_cookie_prefix_holds(const struct http_set_cookie *cookie)
{
    if (begins(cookie->name, "__Secure-"))
        return cookie->secure;
    if (begins(cookie->name, "__Host-"))
        return cookie->secure && cookie->domain == NULL && cookie->path != NULL &&
               strcmp(cookie->path, "/") == 0;
    return true;
}

/* What stands against sending it; NULL for nothing. date is set if it has one. */
static const char *refusal(const struct http_set_cookie *cookie, char date[HTTP_DATE_SIZE])
{
    static const time_t YEAR_1601 = -11644473600; /* http_cookie_date() reads nothing older */

    if (!http_is_token(cookie->name, strlen(cookie->name)))
        return "the name is no token";
    if (!is_sendable(cookie->value))
        return "the value holds what may not be sent";
    if (strlen(cookie->name) + strlen(cookie->value) > HTTP_COOKIE_LIMIT)
        return "name and value are too long";
    if (cookie->domain != NULL && !is_domain(cookie->domain))
        return "the domain is none";
    if (cookie->path != NULL && !is_path(cookie->path))
        return "the path is none, or cannot be sent";
    if (cookie->has_expires &&
        (cookie->expires < YEAR_1601 || !http_date_format(cookie->expires, date)))
        return "the date of expiry is out of range";
    if (cookie->same_site == HTTP_SAME_SITE_NONE && !cookie->secure)
        return "SameSite=None needs Secure";
    if (!http_cookie_prefix_holds(cookie))
        return "it does not keep what the prefix of its name promises";
    return NULL;
}

int http_set_cookie_build(const struct http_set_cookie *cookie, struct buffer *out,
                          struct error *error)
{
    static const char *const SAME_SITES[] = {"", "None", "Lax", "Strict"};
    char date[HTTP_DATE_SIZE];
    size_t before = out->length;
    const char *why = refusal(cookie, date);

    if (why != NULL)
        return error_set(error, "%s", why);
    int failed = buffer_print(out, "%s=%s", cookie->name, cookie->value);
    if (cookie->domain != NULL)
        failed |= buffer_print(out, "; Domain=%s", cookie->domain);
    if (cookie->has_expires)
        failed |= buffer_print(out, "; Expires=%s", date);
    if (cookie->http_only)
        failed |= buffer_print(out, "; HttpOnly");
    if (cookie->has_max_age)
        failed |= buffer_print(out, "; Max-Age=%lld", (long long)cookie->max_age);
    if (cookie->path != NULL)
        failed |= buffer_print(out, "; Path=%s", cookie->path);
    if (cookie->same_site != HTTP_SAME_SITE_UNSET)
        failed |= buffer_print(out, "; SameSite=%s", SAME_SITES[cookie->same_site]);
    if (cookie->secure)
        failed |= buffer_print(out, "; Secure");
    if (failed == 0)
        return 0;
    out->length = before; /* a part of it would be another cookie */
    if (out->data != NULL)
        out->data[before] = '\0';
    return error_set(error, "out of memory");
}

/* ---- Set-Cookie, parsed ---- */

/* Cuts the piece at *at off, blanks taken away; *at is the next one, NULL behind the last. */
static char *next_piece(char **at)
{
    char *piece = *at, *semicolon = strchr(piece, ';');
    const char *start = piece, *end = semicolon != NULL ? semicolon : piece + strlen(piece);

    *at = semicolon != NULL ? semicolon + 1 : NULL;
    trim(&start, &end);
    piece[end - piece] = '\0';
    return piece + (start - piece);
}

/* Cuts a piece at its '=', blanks taken away on both sides. Returns the value; NULL without '='. */
static char *cut_pair(char *piece)
{
    char *equals = strchr(piece, '=');

    if (equals == NULL)
        return NULL;
    const char *name = piece, *end = equals;
    trim(&name, &end);
    piece[end - piece] = '\0';
    do
        equals++;
    while (is_blank(*equals));
    return equals;
}

/* RFC 6265 section 5.2.2. A number that is larger than any clock is the largest. */
static void read_max_age(struct http_set_cookie *cookie, const char *value)
{
    bool negative = value[0] == '-';
    int64_t age = 0;

    if (!is_digit(value[negative]))
        return;
    for (const char *at = value + negative; *at != '\0'; at++) {
        if (!is_digit(*at))
            return;
        age = age > (INT64_MAX - 9) / 10 ? INT64_MAX : age * 10 + (*at - '0');
    }
    cookie->has_max_age = true;
    cookie->max_age = negative ? -age : age;
}

static void read_domain(struct http_set_cookie *cookie, char *value)
{
    if (*value == '\0')
        return;
    if (*value == '.')
        value++;
    for (char *at = value; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
    cookie->domain = *value != '\0' ? value : NULL;
}

/* A word that nobody knows takes back what an earlier one said. */
static enum http_same_site same_site(const char *value)
{
    if (is_word(value, "None"))
        return HTTP_SAME_SITE_NONE;
    if (is_word(value, "Lax"))
        return HTTP_SAME_SITE_LAX;
    return is_word(value, "Strict") ? HTTP_SAME_SITE_STRICT : HTTP_SAME_SITE_UNSET;
}

static void read_attribute(struct http_set_cookie *cookie, const char *name, char *value)
{
    time_t when;

    if (strlen(value) > HTTP_COOKIE_ATTRIBUTE_LIMIT)
        return;
    if (is_word(name, "Expires") && http_cookie_date(value, &when)) {
        cookie->has_expires = true;
        cookie->expires = when;
    } else if (is_word(name, "Max-Age")) {
        read_max_age(cookie, value);
    } else if (is_word(name, "Domain")) {
        read_domain(cookie, value);
    } else if (is_word(name, "Path")) {
        cookie->path = *value == '/' ? value : NULL;
    } else if (is_word(name, "Secure")) {
        cookie->secure = true;
    } else if (is_word(name, "HttpOnly")) {
        cookie->http_only = true;
    } else if (is_word(name, "SameSite")) {
        cookie->same_site = same_site(value);
    }
}

/* Reads text, which is ours to cut. NULL, or why the whole is to be ignored. */
static const char *read_set_cookie(struct http_set_cookie *cookie, char *text)
{
    char *rest = text, *piece = next_piece(&rest), *value = cut_pair(piece);

    if (value == NULL)
        return "there is no '='";
    if (*piece == '\0')
        return "the name is empty";
    if (strlen(piece) + strlen(value) > HTTP_COOKIE_LIMIT)
        return "name and value are too long";
    cookie->name = piece;
    cookie->value = value;
    if (has_control(piece, strlen(piece)) || has_control(value, strlen(value)))
        return "it holds a control character";
    while (rest != NULL) {
        piece = next_piece(&rest);
        value = cut_pair(piece);
        if (has_control(piece, strlen(piece)) ||
            (value != NULL && has_control(value, strlen(value))))
            return "it holds a control character";
        read_attribute(cookie, piece, value != NULL ? value : piece + strlen(piece));
    }
    return NULL;
}

int http_set_cookie_parse(struct http_set_cookie *cookie, const char *text, struct error *error)
{
    *cookie = (struct http_set_cookie){.memory = strdup(text)};
    if (cookie->memory == NULL)
        return error_set(error, "out of memory");
    const char *why = read_set_cookie(cookie, cookie->memory);
    if (why == NULL)
        return 0;
    http_set_cookie_free(cookie);
    (void)error_set(error, "%s", why);
    return 1;
}

bool http_set_cookie_expiry(const struct http_set_cookie *cookie, time_t now, time_t *when)
{
    if (cookie->has_max_age && cookie->max_age <= 0)
        *when = now;
    else if (cookie->has_max_age)
        *when =
            cookie->max_age > INT64_MAX - (now > 0 ? now : 0) ? INT64_MAX : now + cookie->max_age;
    else if (cookie->has_expires)
        *when = cookie->expires;
    else
        return false;
    return true;
}

void http_set_cookie_free(struct http_set_cookie *cookie)
{
    free(cookie->memory);
    *cookie = (struct http_set_cookie){0};
}

/* ---- the date of Expires ---- */

/* What a date was found to hold so far; day 0, month -1, year and hour -1 are not found yet. */
struct found {
    int day, month, year, hour, minute, second;
};

/* Reads fewest to most digits that no further digit follows. Returns what is behind, or NULL. */
static const char *read_digits(const char *at, const char *end, int fewest, int most, int *number)
{
    int count = 0, sum = 0;

    for (; at < end && is_digit(*at) && count <= most; at++, count++)
        sum = sum * 10 + (*at - '0');
    if (count < fewest || count > most)
        return NULL;
    *number = sum;
    return at;
}

/* "8:49:37", whatever follows that is no digit. */
static bool read_clock(const char *at, const char *end, struct found *found)
{
    int hour, minute, second;

    at = read_digits(at, end, 1, 2, &hour);
    if (at == NULL || at == end || *at != ':')
        return false;
    at = read_digits(at + 1, end, 1, 2, &minute);
    if (at == NULL || at == end || *at != ':' || read_digits(at + 1, end, 1, 2, &second) == NULL)
        return false;
    found->hour = hour;
    found->minute = minute;
    found->second = second;
    return true;
}

/* "nov" or "November": its first three letters tell. */
static bool read_month(const char *at, const char *end, struct found *found)
{
    static const char NAMES[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (end - at < 3)
        return false;
    for (int month = 0; month < 12; month++) {
        if (http_same_text(at, 3, NAMES + 3 * (size_t)month, 3)) {
            found->month = month;
            return true;
        }
    }
    return false;
}

/* Takes what a token is first: clock, day, month or year, if that is not found yet. */
static void read_token(const char *at, const char *end, struct found *found)
{
    int year;

    if (found->hour == -1 && read_clock(at, end, found))
        return;
    if (found->day == -1 && read_digits(at, end, 1, 2, &found->day) != NULL)
        return;
    if (found->month == -1 && read_month(at, end, found))
        return;
    if (found->year == -1 && read_digits(at, end, 2, 4, &year) != NULL)
        found->year = year + (year < 70 ? 2000 : year < 100 ? 1900 : 0);
}

static bool is_delimiter(char c)
{
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

bool http_cookie_date(const char *text, time_t *when)
{
    struct found found = {-1, -1, -1, -1, -1, -1};

    while (*text != '\0') {
        const char *end = text;
        while (*end != '\0' && !is_delimiter(*end))
            end++;
        if (end > text)
            read_token(text, end, &found);
        text = *end != '\0' ? end + 1 : end;
    }
    if (found.hour < 0 || found.hour > 23 || found.minute > 59 || found.second > 59 ||
        found.day < 1 || found.month == -1 || found.year < 1601)
        return false;
    struct tm tm = {.tm_mday = found.day,
                    .tm_mon = found.month,
                    .tm_year = found.year - 1900,
                    .tm_hour = found.hour,
                    .tm_min = found.minute,
                    .tm_sec = found.second};
    time_t parsed = timegm(&tm);
    if (tm.tm_mday != found.day) /* the 30th of February was carried over into March */
        return false;
    *when = parsed;
    return true;
}
