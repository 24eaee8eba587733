/* Feeds the reader of data: URLs, and that of the challenges in WWW-Authenticate: what they take is
 * no more than what there was, and written again it is read as the same. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "urllib/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool sound)
{
    if (!sound)
        abort();
}

/* Reads url, and finds body. */
static void read_again(const struct buffer *url, const struct buffer *body)
{
    struct buffer type = {0}, again = {0};
    const struct url_part part = {url->data, url->length};

    must(url_data_decode(part, &type, &again, NULL) == 0);
    must(again.length == body->length);
    must(body->length == 0 || memcmp(again.data, body->data, body->length) == 0);
    buffer_free(&type);
    buffer_free(&again);
}

static void check_body(const struct buffer *body)
{
    struct buffer coded = {0}, base64 = {0};

    must(buffer_print(&coded, "data:,") == 0 && buffer_print(&base64, "data:a/b;base64,") == 0);
    must(url_quote(buffer_text(body), body->length, NULL, &coded) == 0);
    must(buffer_reserve(&base64, body->length / 3 * 4 + 4) == 0);
    base64.length +=
        (size_t)EVP_EncodeBlock((unsigned char *)base64.data + base64.length,
                                (const unsigned char *)buffer_text(body), (int)body->length);
    read_again(&coded, body);
    read_again(&base64, body);
    buffer_free(&coded);
    buffer_free(&base64);
}

static void fuzz_data(const uint8_t *data, size_t size)
{
    struct buffer url = {0}, type = {0}, body = {0};
    struct url_error error = {0};

    must(buffer_add(&url, "data:", 5) == 0 && buffer_add(&url, data, size) == 0);
    const struct url_part part = {url.data, url.length};
    if (url_data_decode(part, &type, &body, &error) == 0) {
        must(body.length < size); /* there was a comma */
        must(type.length > 0 && http_is_value(type.data, type.length));
        check_body(&body);
    } else {
        must(error.failure == URL_BAD_URL && error.text[0] != '\0');
        must(type.length == 0 && body.length == 0);
    }
    buffer_free(&url);
    buffer_free(&type);
    buffer_free(&body);
}

/* Writes a challenge as no server has to, and reads it. */
static void check_challenge(const struct url_challenge *challenge)
{
    static const char *const names[] = {"realm", "nonce", "opaque", "qop", "algorithm", "stale"};
    struct url_challenge again = {0};
    struct buffer text = {0};

    must(buffer_print(&text, "%s  ", challenge->scheme.data) == 0);
    for (int p = URL_PARAMETERS - 1; p >= 0; p--) {
        const struct buffer *value = &challenge->values[p];
        if (!challenge->has[p])
            continue;
        must(buffer_print(&text, "%s =\t\"", names[p]) == 0);
        for (size_t i = 0; i < value->length; i++)
            must(buffer_print(&text, "\\%c", value->data[i]) == 0);
        must(buffer_print(&text, "\" , ,") == 0);
    }
    must(buffer_print(&text, ", Other, nonce=other") == 0);
    const char *at = text.data;
    must(url_challenge_next(&at, &again) == 1);
    must(strcmp(again.scheme.data, challenge->scheme.data) == 0);
    for (int p = 0; p < URL_PARAMETERS; p++)
        must(again.has[p] == challenge->has[p] &&
             strcmp(buffer_text(&again.values[p]), buffer_text(&challenge->values[p])) == 0);
    must(url_challenge_next(&at, &again) == 1 && strcmp(again.scheme.data, "Other") == 0);
    must(url_challenge_next(&at, &again) == 0);
    url_challenge_free(&again);
    buffer_free(&text);
}

static void fuzz_challenge(const char *text)
{
    struct url_challenge challenge = {0};
    const char *at = text, *before = text;
    int got;

    while ((got = url_challenge_next(&at, &challenge)) == 1) {
        must(at > before && at <= text + strlen(text)); /* it comes to an end */
        must(http_is_token(challenge.scheme.data, challenge.scheme.length));
        before = at;
        check_challenge(&challenge);
    }
    must(got == 0);
    url_challenge_free(&challenge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer text = {0};

    fuzz_data(data, size);
    /* A field's value has no controls but the tab. */
    if (http_is_value((const char *)data, size) && buffer_add(&text, data, size) == 0)
        fuzz_challenge(buffer_text(&text));
    buffer_free(&text);
    return 0;
}
