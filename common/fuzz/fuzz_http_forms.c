/* Feeds the reader of forms, urlencoded and multipart, whole and cut by what the input says: both
 * ways must find the same fields, and nothing may be read twice or be made up. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Appends all that is found, in pieces of step bytes, 0 for one. Stops when memory is short. */
static void read_form(const char *type, const char *body, size_t length, size_t step,
                      struct buffer *out)
{
    struct http_form form;
    const char *piece;
    size_t used, size, at = 0, idle = 0;
    enum http_form_event event = HTTP_FORM_MORE;

    if (http_form_begin(&form, type) == -1)
        abort(); /* the type is well-formed */
    while (event != HTTP_FORM_END && event != HTTP_FORM_ERROR) {
        size_t n = step == 0 || length - at < step ? length - at : step;
        event = http_form_read(&form, body + at, n, at + n == length, &used, &piece, &size);
        if (used > n || (event == HTTP_FORM_MORE && used < n))
            abort();
        if (size > 0 && (event != HTTP_FORM_DATA || buffer_add(out, piece, size) == -1))
            abort(); /* only a value has bytes */
        at += used;
        idle = used > 0 ? 0 : idle + 1;
        if (idle > 8)
            abort(); /* goes round in a circle */
        if (event == HTTP_FORM_FIELD &&
            buffer_print(out, "\n[%s][%s][%s]", form.name,
                         form.filename != NULL ? form.filename : "", form.type) == -1)
            abort();
        if (event == HTTP_FORM_FIELD_END && buffer_add(out, ";", 1) == -1)
            abort();
        if (event == HTTP_FORM_ERROR && (form.error == NULL || form.refusal < 400))
            abort(); /* nobody would learn why */
    }
    if (event == HTTP_FORM_ERROR && buffer_print(out, "!%d %s", form.refusal, form.error) == -1)
        abort();
    http_form_free(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=b",
                                        "multipart/form-data; boundary=\"--b\""};
    struct buffer whole = {0}, cut = {0};

    if (size == 0)
        return 0;
    const char *type = types[data[0] % 3], *body = (const char *)data + 1;
    size_t step = data[0] / 3 % 16 + 1;
    read_form(type, body, size - 1, 0, &whole);
    read_form(type, body, size - 1, step, &cut);
    if (whole.length != cut.length ||
        (whole.length > 0 && memcmp(whole.data, cut.data, whole.length) != 0))
        abort();
    buffer_free(&whole);
    buffer_free(&cut);
    return 0;
}
