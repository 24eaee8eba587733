/* Percent-coding: RFC 3986 section 2. */
#include <string.h>

#include "urllib/decode.h"
#include "urllib/parse.h"

/* ---- coded ------------------------------------------------------------------------------------
 */

/* Which bytes are written as they are: a bit for each of the 128 of ASCII. */
struct byte_set {
    uint64_t bits[2];
};

static void allow(struct byte_set *set, const char *bytes)
{
    for (; *bytes != '\0'; bytes++) {
        unsigned char byte = (unsigned char)*bytes;
        if (byte < 128)
            set->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
    }
}

static bool is_allowed(const struct byte_set *set, unsigned char byte)
{
    return byte < 128 && (set->bits[byte >> 6] >> (byte & 63) & 1) != 0;
}

/* Letters, digits, "_.-~": what RFC 3986 calls unreserved, in bits. */
static const struct byte_set unreserved = {
    {UINT64_C(0x03ff600000000000), UINT64_C(0x47fffffe87fffffe)}};

/* [quote] */
static int quote(const char *text, size_t length, const char *safe, bool plus, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    struct byte_set plain = unreserved;

    if (length > SIZE_MAX / 3 || buffer_reserve(out, 3 * length) == -1)
        return -1;
    if (safe != NULL)
        allow(&plain, safe);
    char *to = out->data + out->length;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (plus && byte == ' ') {
            *to++ = '+';
        } else if (is_allowed(&plain, byte)) {
            *to++ = (char)byte;
        } else {
            *to++ = '%';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        }
    }
    *to = '\0';
    out->length = (size_t)(to - out->data);
    return 0;
}
/* [/quote] */

int url_quote(const char *text, size_t length, const char *safe, struct buffer *out)
{
    return quote(text, length, safe, false, out);
}

int url_quote_plus(const char *text, size_t length, const char *safe, struct buffer *out)
{
    return quote(text, length, safe, true, out);
}

/* ---- and back ---------------------------------------------------------------------------------
 */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char small = (char)(c | 32);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* [coded-byte] */
/* The byte that "%XX" at this place stands for; -1 when that is not what stands there. */
static int coded_byte(const char *at, const char *end)
{
    if (end - at < 3 || *at != '%')
        return -1;
    int high = digit_of(at[1]), low = digit_of(at[2]);
    return high == -1 || low == -1 ? -1 : high * 16 + low;
}
/* [/coded-byte] */

int url_unquote_to_bytes(const char *text, size_t length, struct buffer *out)
{
    if (buffer_reserve(out, length) == -1)
        return -1;
    char *to = out->data + out->length;
    for (const char *at = length == 0 ? "" : text, *end = at + length; at < end;) {
        int byte = coded_byte(at, end);
        *to++ = (char)(byte == -1 ? *at : byte);
        at += byte == -1 ? 1 : 3;
    }
    *to = '\0';
    out->length = (size_t)(to - out->data);
    return 0;
}

/*
 * Reads a character of UTF-8 whose bytes are all coded, from its first. What is none, up to where
 * that shows, becomes one U+FFFD. Returns where it ends.
 */
static const char *decode_character(const char *at, const char *end, char **to)
{
    int lead = coded_byte(at, end), low = 0x80, high = 0xbf, more = 0;
    char bytes[4] = {(char)lead};
    int count = 1;

    /* [character] */
    if (lead >= 0xc2 && lead <= 0xf4)
        more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead == 0xe0 || lead == 0xf0)
        low = lead == 0xe0 ? 0xa0 : 0x90; /* below: overlong */
    if (lead == 0xed || lead == 0xf4)
        high = lead == 0xed ? 0x9f : 0x8f; /* above: no character */
    for (at += 3; more > 0; more--, at += 3) {
        int byte = coded_byte(at, end);
        if (byte < low || byte > high)
            break;
        bytes[count++] = (char)byte;
        low = 0x80, high = 0xbf;
    }
    /* [/character] */
    *to = more > 0 || count == 1 ? mempcpy(*to, "\xef\xbf\xbd", 3)
                                 : mempcpy(*to, bytes, (size_t)count);
    return at;
}

size_t url_decode_text(const char *text, size_t length, bool plus, char *to)
{
    const char *begin = to;

    for (const char *at = length == 0 ? "" : text, *end = at + length; at < end;) {
        int byte = *at == '%' ? coded_byte(at, end) : -1;
        if (byte >= 0x80) {
            at = decode_character(at, end, &to);
        } else if (byte >= 0) {
            *to++ = (char)byte;
            at += 3;
        } else {
            *to++ = plus && *at == '+' ? ' ' : *at;
            at++;
        }
    }
    *to = '\0';
    return (size_t)(to - begin);
}

static int unquote(const char *text, size_t length, bool plus, struct buffer *out)
{
    if (buffer_reserve(out, length) == -1)
        return -1;
    out->length += url_decode_text(text, length, plus, out->data + out->length);
    return 0;
}

int url_unquote(const char *text, size_t length, struct buffer *out)
{
    return unquote(text, length, false, out);
}

int url_unquote_plus(const char *text, size_t length, struct buffer *out)
{
    return unquote(text, length, true, out);
}
