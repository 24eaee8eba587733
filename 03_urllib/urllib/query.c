/* Queries read and written: application/x-www-form-urlencoded, as the WHATWG URL standard has it.
 */
#include <stdlib.h>
#include <string.h>

#include "urllib/decode.h"
#include "urllib/parse.h"

/* ---- field by field ---------------------------------------------------------------------------
 */

int url_query_begin(struct url_query *query, const char *text, size_t length,
                    const struct url_query_options *options, struct error *error)
{
    *query = (struct url_query){.at = length == 0 ? NULL : text};
    if (options != NULL)
        query->options = *options;
    if (query->options.separator == '\0')
        query->options.separator = '&';
    if (length == 0)
        return 0;
    query->end = text + length;
    if (query->options.max_fields == 0)
        return 0;
    size_t fields = 1;
    for (const char *at = text; at < query->end; at++)
        fields += *at == query->options.separator;
    if (fields > query->options.max_fields) {
        query->at = NULL;
        return error_set(error, "%zu fields in a query, where %zu are allowed", fields,
                         query->options.max_fields);
    }
    return 0;
}

/* [next] */
int url_query_next(struct url_query *query, struct url_part *name, struct url_part *value,
                   struct error *error)
{
    while (query->at != NULL) {
        const char *at = query->at, *end = query->end;
        const char *next = memchr(at, query->options.separator, (size_t)(end - at));
        if (next != NULL)
            end = next;
        query->at = next == NULL ? NULL : next + 1; /* behind a last "&" is one more, empty */
        const char *equals = end == at ? NULL : memchr(at, '=', (size_t)(end - at));
        if (equals == NULL && query->options.strict_parsing) {
            query->at = NULL;
            return error_set(error, "a field without \"=\" in a query: %.*s",
                             (int)(end - at < 80 ? end - at : 80), at);
        }
        bool blank = equals == NULL || equals + 1 == end;
        if (end == at || (blank && !query->options.keep_blank_values))
            continue;
        *name = (struct url_part){at, (size_t)((equals == NULL ? end : equals) - at)};
        *value = (struct url_part){0};
        if (equals != NULL)
            *value = (struct url_part){equals + 1, (size_t)(end - equals - 1)};
        return 1;
    }
    return 0;
}
/* [/next] */

/* ---- whole ------------------------------------------------------------------------------------
 */

/* How many fields there are, and bytes in them, or -1 and an error. The query is not moved on. */
static int measure(struct url_query query, size_t *count, size_t *bytes, struct error *error)
{
    struct url_part name = {0}, value = {0};
    int found;

    *count = *bytes = 0;
    while ((found = url_query_next(&query, &name, &value, error)) == 1) {
        *bytes += name.length + value.length + 2; /* and a NUL behind each */
        ++*count;
    }
    return found;
}

int url_parse_query(const char *text, size_t length, const struct url_query_options *options,
                    struct url_fields *fields, struct error *error)
{
    struct url_query query;
    struct url_part name = {0}, value = {0};
    size_t count, bytes;

    *fields = (struct url_fields){0};
    if (url_query_begin(&query, text, length, options, error) == -1 ||
        measure(query, &count, &bytes, error) == -1)
        return -1;
    if (count == 0)
        return 0;
    struct url_field *field = bytes > SIZE_MAX - count * sizeof *field /* count < bytes */
                                  ? NULL
                                  : malloc(count * sizeof *field + bytes);
    if (field == NULL)
        return error_set(error, "out of memory");
    *fields = (struct url_fields){field, count};
    for (char *to = (char *)(field + count); url_query_next(&query, &name, &value, error) == 1;
         field++) {
        field->name = to;
        field->name_length = url_decode_text(name.text, name.length, true, to);
        to += field->name_length + 1;
        field->value = to;
        field->value_length = url_decode_text(value.text, value.length, true, to);
        to += field->value_length + 1;
    }
    return 0;
}

void url_fields_free(struct url_fields *fields)
{
    free(fields->list);
    *fields = (struct url_fields){0};
}

const struct url_field *url_fields_next(const struct url_fields *fields, const char *name,
                                        size_t *position)
{
    size_t length = strlen(name);

    while (*position < fields->count) {
        const struct url_field *field = &fields->list[(*position)++];
        if (field->name_length == length && memcmp(field->name, name, length) == 0)
            return field;
    }
    return NULL;
}

/* ---- written ----------------------------------------------------------------------------------
 */

int url_add_field(struct buffer *out, size_t begin, const char *name, size_t name_length,
                  const char *value, size_t value_length, const char *safe)
{
    size_t before = out->length;

    if ((before > begin && buffer_add(out, "&", 1) == -1) ||
        url_quote_plus(name, name_length, safe, out) == -1 || buffer_add(out, "=", 1) == -1 ||
        url_quote_plus(value, value_length, safe, out) == -1) {
        out->length = before;
        if (out->data != NULL)
            out->data[before] = '\0';
        return -1;
    }
    return 0;
}
