#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "testbed/service/service.h"

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int text_decode(const char *text, size_t length, bool plus, struct buffer *out)
{
    if (buffer_reserve(out, length) == -1)
        return -1;
    for (size_t i = 0; i < length; i++) {
        char c = text[i] == '+' && plus ? ' ' : text[i];
        if (c == '%' && length - i > 2 && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            c = (char)(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        }
        out->data[out->length++] = c;
    }
    out->data[out->length] = '\0';
    return 0;
}

/* How many bytes at text make a character in UTF-8; 0 when they make none. RFC 3629 section 4. */
static size_t character(const unsigned char *text, size_t length)
{
    unsigned char c = text[0];
    size_t size = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

    if (size > length)
        return 0;
    for (size_t i = 1; i < size; i++)
        if (text[i] >> 6 != 2)
            return 0;
    if (size > 2 && ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) ||
                     (c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f)))
        return 0;
    return size;
}

static json_t *as_json(struct buffer *text, bool whole)
{
    json_t *value = whole ? json_stringn(buffer_text(text), text->length) : NULL;

    buffer_free(text);
    return value;
}

json_t *text_json(const char *text, size_t length)
{
    struct buffer out = {0};
    bool whole = true;

    for (size_t i = 0, size; i < length && whole; i += size > 0 ? size : 1) {
        size = character((const unsigned char *)text + i, length - i);
        whole =
            size > 0 ? buffer_add(&out, text + i, size) == 0 : buffer_add(&out, "\ufffd", 3) == 0;
    }
    return as_json(&out, whole);
}

json_t *text_json_latin1(const char *text)
{
    struct buffer out = {0};
    bool whole = true;

    for (const unsigned char *at = (const unsigned char *)text; *at != '\0' && whole; at++) {
        const char two[] = {(char)(0xc0 | *at >> 6), (char)(0x80 | (*at & 0x3f))};
        whole = buffer_add(&out, *at < 0x80 ? (const char *)at : two, *at < 0x80 ? 1 : 2) == 0;
    }
    return as_json(&out, whole);
}

json_t *text_json_safe(const char *data, size_t length, const char *type)
{
    json_t *value = json_stringn(data, length); /* NULL when it is not UTF-8 */
    struct buffer url = {0};

    if (value != NULL)
        return value;
    bool whole = buffer_print(&url, "data:%s;base64,", type) == 0 &&
                 buffer_reserve(&url, length / 3 * 4 + 4) == 0;
    if (whole)
        url.length += (size_t)EVP_EncodeBlock((unsigned char *)url.data + url.length,
                                              (const unsigned char *)data, (int)length);
    return as_json(&url, whole);
}

bool json_add(json_t *object, const char *key, size_t length, json_t *value)
{
    json_t *old = json_object_getn(object, key, length);

    if (json_is_array(old))
        return json_array_append_new(old, value) == 0;
    if (old != NULL)
        value = json_pack("[O, o]", old, value);
    return json_object_setn_new(object, key, length, value) == 0;
}

static bool add_field(json_t *object, const char *text, size_t length)
{
    const char *equals = memchr(text, '=', length);
    size_t name = equals != NULL ? (size_t)(equals - text) : length;
    struct buffer key = {0}, value = {0};
    bool whole = text_decode(text, name, true, &key) == 0 &&
                 (equals == NULL || text_decode(equals + 1, length - name - 1, true, &value) == 0);
    json_t *proper = whole ? text_json(buffer_text(&key), key.length) : NULL;

    whole =
        proper != NULL && json_add(object, json_string_value(proper), json_string_length(proper),
                                   text_json(buffer_text(&value), value.length));
    json_decref(proper);
    buffer_free(&key);
    buffer_free(&value);
    return whole;
}

bool query_read(json_t *object, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        if (stop > text && !add_field(object, text, (size_t)(stop - text)))
            return false;
        text = stop + 1;
    }
    return true;
}

int base64_decode(const char *text, bool urlsafe, struct buffer *out)
{
    static const char SET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = strlen(text), pad = 0;
    uint32_t bits = 0;

    while (pad < 2 && length > 0 && text[length - 1] == '=') {
        length--;
        pad++;
    }
    if ((length + pad) % 4 != 0 || buffer_reserve(out, length) == -1)
        return (length + pad) % 4 != 0 ? 1 : -1;
    for (size_t i = 0; i < length; i++) {
        char c = urlsafe && text[i] == '-' ? '+' : urlsafe && text[i] == '_' ? '/' : text[i];
        const char *at = strchr(SET, c);
        if (at == NULL)
            return 1;
        bits = bits << 6 | (uint32_t)(at - SET);
        if (i % 4 > 0)
            out->data[out->length++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    out->data[out->length] = '\0';
    return 0;
}

int html_escape(const char *text, struct buffer *out)
{
    for (; *text != '\0'; text++) {
        const char *coded = *text == '&'   ? "&amp;"
                            : *text == '<' ? "&lt;"
                            : *text == '>' ? "&gt;"
                            : *text == '"' ? "&quot;"
                                           : NULL;
        if (buffer_add(out, coded != NULL ? coded : text, coded != NULL ? strlen(coded) : 1) == -1)
            return -1;
    }
    return 0;
}

bool same_secret(const char *a, const char *b)
{
    size_t length = strlen(a);

    return strlen(b) == length && CRYPTO_memcmp(a, b, length) == 0;
}

bool random_hex(char *out, size_t bytes)
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char byte;

    for (size_t i = 0; i < bytes; i++) {
        if (RAND_bytes(&byte, 1) != 1)
            return false;
        out[2 * i] = DIGITS[byte >> 4];
        out[2 * i + 1] = DIGITS[byte & 15];
    }
    out[2 * bytes] = '\0';
    return true;
}
