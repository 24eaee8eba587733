/*
 * Feeds everything of urllib/parse.h. The first byte chooses options; then a base, a line feed and
 * a reference, or the one without the other. What comes out must agree with what went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "urllib/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool so)
{
    if (!so)
        abort();
}

/* Memory of just its size, so that the sanitizer sees who reads on. */
static struct url_part copy_of(const void *data, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    expect(copy != NULL);
    if (length > 0)
        memcpy(copy, data, length);
    return (struct url_part){copy, length};
}

static struct url_part written(const struct buffer *buffer)
{
    return (struct url_part){buffer_text(buffer), buffer->length};
}

static bool is_in(struct url_part part, struct url_part whole)
{
    return part.text == NULL ||
           (part.text >= whole.text && part.text + part.length <= whole.text + whole.length);
}

static bool same_url(const struct url *a, const struct url *b)
{
    return (a->scheme.text == NULL) == (b->scheme.text == NULL) &&
           a->scheme.length == b->scheme.length &&
           (a->scheme.text == NULL ||
            strncasecmp(a->scheme.text, b->scheme.text, a->scheme.length) == 0) &&
           url_part_equal(a->netloc, b->netloc) && url_part_equal(a->path, b->path) &&
           url_part_equal(a->query, b->query) && url_part_equal(a->fragment, b->fragment);
}

/* Split, written, split: the same. */
static void check_split(struct url_part text)
{
    struct url url, again;
    struct url_netloc parts;
    struct url_part params, before, fragment;
    struct buffer whole = {0};

    url_defrag(text.text, text.length, &before, &fragment);
    expect(before.length + (fragment.text != NULL) + fragment.length == text.length);
    if (url_split(text.text, text.length, &url, NULL) == -1)
        return;
    expect(is_in(url.scheme, text) && is_in(url.netloc, text) && is_in(url.path, text) &&
           is_in(url.query, text) && is_in(url.fragment, text));
    expect(url_part_equal(url.fragment, fragment));
    expect(url_unsplit(&url, NULL, &whole) == 0 && whole.length == text.length);
    expect(url_split(whole.data, whole.length, &again, NULL) == 0 && same_url(&url, &again));
    url_split_netloc(url.netloc, &parts);
    expect(is_in(parts.username, url.netloc) && is_in(parts.password, url.netloc) &&
           is_in(parts.host, url.netloc) && is_in(parts.port, url.netloc));
    int port = url_port(&parts, -2);
    expect(port >= -2 && port <= 65535 && (port == -2) == (parts.port.length == 0));
    url_split_params(url.scheme, &url.path, &params);
    whole.length = 0;
    expect(url_unsplit(&url, &params, &whole) == 0 && whole.length == text.length);
    expect(url_split(whole.data, whole.length, &again, NULL) == 0);
    buffer_free(&whole);
}

static void check_strip(struct url_part text)
{
    struct url_part copy = copy_of(text.text, text.length);
    char *bytes = (char *)copy.text; /* this function's own */

    copy.length = url_strip(bytes, copy.length);
    expect(copy.length <= text.length);
    for (size_t i = 0; i < copy.length; i++)
        expect(strchr("\t\r\n", bytes[i]) == NULL || bytes[i] == '\0');
    expect(copy.length == 0 || (unsigned char)bytes[0] > ' ');
    check_split(copy);
    free(bytes);
}

/* What is joined is a URL, has the host that it should have, and joined again it stays. */
static void check_join(struct url_part base, struct url_part reference)
{
    struct url from, to, joined;
    struct buffer out = {0}, again = {0};

    if (url_join(base.text, base.length, reference.text, reference.length, &out, NULL) == -1) {
        expect(out.length == 0);
        return;
    }
    expect(url_split(base.text, base.length, &from, NULL) == 0);
    expect(url_split(reference.text, reference.length, &to, NULL) == 0);
    expect(url_split(buffer_text(&out), out.length, &joined, NULL) == 0);
    if (from.netloc.length == 0 && to.netloc.length == 0)
        expect(joined.netloc.length == 0);
    if (base.length > 0 && from.scheme.text == NULL && to.scheme.text == NULL)
        expect(joined.scheme.text == NULL);
    if (from.scheme.text != NULL && from.scheme.length == 4 &&
        strncasecmp(from.scheme.text, "http", 4) == 0 && to.scheme.text == NULL) {
        expect(joined.scheme.length == 4);
        struct url_part host = to.netloc.length > 0 ? to.netloc : from.netloc;
        expect(host.length == 0 ? joined.netloc.length == 0 : url_part_equal(joined.netloc, host));
        if (from.path.length > 0 && from.path.text[0] == '/' && to.netloc.length == 0)
            expect(joined.path.length > 0 && joined.path.text[0] == '/');
        if (joined.netloc.length > 0 && reference.length > 0) {
            expect(url_join(base.text, base.length, out.data, out.length, &again, NULL) == 0);
            expect(url_part_equal(written(&again), written(&out)));
        }
    }
    buffer_free(&out);
    buffer_free(&again);
}

static bool is_ascii(struct url_part text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.text[i] >= 128)
            return false;
    }
    return true;
}

/* What was coded is read back. */
static void check_quote(struct url_part text, const char *safe)
{
    struct buffer coded = {0}, back = {0}, plus = {0};

    expect(url_quote(text.text, text.length, safe, &coded) == 0 && is_ascii(written(&coded)));
    expect(url_unquote_to_bytes(coded.data, coded.length, &back) == 0);
    expect(url_part_equal(written(&back), text));
    back.length = 0;
    expect(url_quote_plus(text.text, text.length, safe, &plus) == 0 && is_ascii(written(&plus)));
    expect(plus.length <= coded.length || strchr(safe, ' ') != NULL);
    expect(url_unquote_plus(plus.data, plus.length, &back) == 0);
    if (is_ascii(text) && strchr(safe, '+') == NULL)
        expect(url_part_equal(written(&back), text));
    back.length = 0;
    expect(url_unquote(text.text, text.length, &back) == 0 && back.length <= text.length);
    buffer_free(&coded);
    buffer_free(&back);
    buffer_free(&plus);
}

/* Fields, written and read again, are the same. */
static void check_query(struct url_part text, const struct url_query_options *options)
{
    const struct url_query_options keep = {.keep_blank_values = true};
    struct url_fields fields, again;
    struct buffer out = {0};

    if (url_parse_query(text.text, text.length, options, &fields, NULL) == -1) {
        expect(fields.count == 0 && fields.list == NULL);
        return;
    }
    expect(fields.count <= text.length);
    for (size_t i = 0; i < fields.count; i++) {
        const struct url_field *field = &fields.list[i];
        expect(field->name[field->name_length] == '\0');
        expect(field->value[field->value_length] == '\0');
        expect(url_add_field(&out, 0, field->name, field->name_length, field->value,
                             field->value_length, NULL) == 0);
    }
    expect(url_parse_query(out.data, out.length, &keep, &again, NULL) == 0);
    expect(again.count == fields.count);
    for (size_t i = 0; is_ascii(text) && i < fields.count; i++) {
        const struct url_field *a = &fields.list[i], *b = &again.list[i];
        expect(a->name_length == b->name_length && a->value_length == b->value_length);
        expect(memcmp(a->name, b->name, a->name_length) == 0);
        expect(memcmp(a->value, b->value, a->value_length) == 0);
    }
    url_fields_free(&fields);
    url_fields_free(&again);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const safe[] = {"", "/", ":/?#[]@!$&'()*,;=", " +"};
    unsigned choice = size > 0 ? data[0] : 0;
    const struct url_query_options options = {.keep_blank_values = (choice & 1) != 0,
                                              .strict_parsing = (choice & 2) != 0,
                                              .max_fields = (choice & 4) != 0 ? 3 : 0,
                                              .separator = (choice & 8) != 0 ? ';' : '\0'};

    data += size > 0;
    size -= size > 0;
    const uint8_t *line = size == 0 ? NULL : memchr(data, '\n', size);
    size_t first = line == NULL ? size : (size_t)(line - data);
    struct url_part whole = copy_of(data, size), base = copy_of(data, first);
    struct url_part reference =
        line == NULL ? copy_of("../g?y#s", 8) : copy_of(line + 1, size - first - 1);

    check_split(base);
    check_split(reference);
    check_strip(whole);
    check_join(base, reference);
    check_join(reference, base);
    check_quote(whole, safe[choice >> 4 & 3]);
    check_query(whole, &options);
    free((char *)whole.text); /* copy_of()'s, like the others */
    free((char *)base.text);
    free((char *)reference.text);
    return 0;
}
