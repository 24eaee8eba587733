/*
 * Hands records from standard input to 03_urllib/urllib/parse.h, for parse.t, and writes results.
 *
 * A record is a letter, a byte that counts its texts, and the texts; a result the same without the
 * letter, or the byte 255 and the error. A text is its length in four bytes, the lowest first, and
 * its bytes; the length 0xffffffff says that it is not there. Every text is in memory of just its
 * size, so that a sanitizer sees who reads on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "urllib/parse.h"

enum { TEXTS = 254, FAILED = 255, QUERY = 4 };

struct record {
    int what;
    size_t count;
    struct url_part texts[TEXTS];
    char *owned[TEXTS];    /* their memory */
    struct buffer results; /* as they will be written, without their count */
    size_t results_count;
    struct error error;
};

/* ---- records ----------------------------------------------------------------------------------
 */

static size_t read_length(const unsigned char *bytes)
{
    return bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
}

static void read_bytes(void *to, size_t length)
{
    if (length > 0 && fread(to, 1, length, stdin) != length)
        die("a record that is cut off");
}

static struct url_part read_text(char **owned)
{
    unsigned char head[4];

    read_bytes(head, sizeof head);
    size_t length = read_length(head);
    if (length == UINT32_MAX)
        return (struct url_part){0};
    *owned = malloc(length > 0 ? length : 1);
    if (*owned == NULL)
        die("out of memory");
    read_bytes(*owned, length);
    return (struct url_part){*owned, length};
}

static bool read_record(struct record *record)
{
    int what = getchar(), count = what == EOF ? EOF : getchar();

    if (count == EOF)
        return false;
    record->what = what;
    record->count = (size_t)count;
    for (size_t i = 0; i < record->count; i++)
        record->texts[i] = read_text(&record->owned[i]);
    record->results.length = 0;
    record->results_count = 0;
    record->error.text[0] = '\0';
    return true;
}

static void give(struct record *record, struct url_part part)
{
    size_t length = part.text == NULL ? UINT32_MAX : part.length;
    const unsigned char head[4] = {(unsigned char)length, (unsigned char)(length >> 8),
                                   (unsigned char)(length >> 16), (unsigned char)(length >> 24)};

    if (buffer_add(&record->results, head, sizeof head) == -1 ||
        (part.text != NULL && buffer_add(&record->results, part.text, part.length) == -1))
        die("out of memory");
    record->results_count++;
}

/* Gives what was written, and frees it. */
static void give_buffer(struct record *record, struct buffer *buffer)
{
    give(record, (struct url_part){buffer_text(buffer), buffer->length});
    buffer_free(buffer);
}

static void write_result(struct record *record, int status)
{
    if (status == -1) {
        record->results.length = 0;
        give(record, url_part_of(record->error.text));
    }
    (void)putchar(status == -1 ? FAILED : (int)record->results_count); /* finish() tells */
    (void)fwrite(record->results.data, 1, record->results.length, stdout);
}

/* ---- what is asked ----------------------------------------------------------------------------
 */

/* The stripped text; five parts; the whole again; four of the netloc, the port; path and params. */
static int answer_split(struct record *record, struct url_part text)
{
    struct buffer whole = {0};
    struct url url;
    struct url_netloc parts;
    struct url_part path, params;
    char port[16];

    if (record->what == 'S')
        text.length = url_strip(record->owned[0], text.length);
    if (url_split(text.text, text.length, &url, &record->error) == -1)
        return -1;
    give(record, text);
    give(record, url.scheme);
    give(record, url.netloc);
    give(record, url.path);
    give(record, url.query);
    give(record, url.fragment);
    if (url_unsplit(&url, NULL, &whole) == -1)
        die("out of memory");
    give_buffer(record, &whole);
    url_split_netloc(url.netloc, &parts);
    give(record, parts.username);
    give(record, parts.password);
    give(record, parts.host);
    give(record, parts.port);
    (void)snprintf(port, sizeof port, "%d", url_port(&parts, -2)); /* it fits */
    give(record, url_part_of(port));
    path = url.path;
    url_split_params(url.scheme, &path, &params);
    give(record, path);
    give(record, params);
    return 0;
}

static int answer_unsplit(struct record *record)
{
    const struct url_part *t = record->texts;
    const struct url url = {t[0], t[1], t[2], t[QUERY], t[5]};
    struct buffer whole = {0};

    if (url_unsplit(&url, &t[3], &whole) == -1)
        die("out of memory");
    give_buffer(record, &whole);
    return 0;
}

static int answer_join(struct record *record)
{
    const struct url_part *t = record->texts;
    struct buffer whole = {0};

    if (url_join(t[0].text, t[0].length, t[1].text, t[1].length, &whole, &record->error) == -1)
        return -1;
    give_buffer(record, &whole);
    return 0;
}

static int answer_defrag(struct record *record)
{
    struct url_part url, fragment;

    url_defrag(record->texts[0].text, record->texts[0].length, &url, &fragment);
    give(record, url);
    give(record, fragment);
    return 0;
}

/* Texts as C strings, for what takes those; NULL stays NULL. */
static char *c_string(struct url_part part)
{
    if (part.text == NULL)
        return NULL;
    char *text = strndup(part.text, part.length);
    if (text == NULL)
        die("out of memory");
    return text;
}

static int answer_quote(struct record *record)
{
    struct url_part text = record->texts[0];
    struct buffer coded = {0};
    char *safe = record->count < 2 ? NULL : c_string(record->texts[1]);
    int status = record->what == 'q'   ? url_quote(text.text, text.length, safe, &coded)
                 : record->what == '+' ? url_quote_plus(text.text, text.length, safe, &coded)
                 : record->what == 'u' ? url_unquote(text.text, text.length, &coded)
                 : record->what == 'p' ? url_unquote_plus(text.text, text.length, &coded)
                                       : url_unquote_to_bytes(text.text, text.length, &coded);

    if (status == -1)
        die("out of memory");
    give_buffer(record, &coded);
    free(safe);
    return 0;
}

/* The query, and "ks" for two options, then max_fields and the separator: names and values. */
static int answer_query(struct record *record)
{
    struct url_part text = record->texts[0];
    char *flags = c_string(record->texts[1]), *most = c_string(record->texts[2]);
    const struct url_query_options options = {
        .keep_blank_values = strchr(flags, 'k') != NULL,
        .strict_parsing = strchr(flags, 's') != NULL,
        .max_fields = strtoul(most, NULL, 10),
        .separator = record->texts[3].length == 0 ? '\0' : record->texts[3].text[0]};
    struct url_fields fields;
    int status = url_parse_query(text.text, text.length, &options, &fields, &record->error);

    for (size_t i = 0; status == 0 && i < fields.count; i++) {
        give(record, (struct url_part){fields.list[i].name, fields.list[i].name_length});
        give(record, (struct url_part){fields.list[i].value, fields.list[i].value_length});
    }
    url_fields_free(&fields);
    free(flags);
    free(most);
    return status;
}

/* The query, and a name: its values. */
static int answer_values(struct record *record)
{
    struct url_part text = record->texts[0];
    char *name = c_string(record->texts[1]);
    struct url_fields fields;
    const struct url_field *field;
    size_t position = 0;

    if (url_parse_query(text.text, text.length, NULL, &fields, &record->error) == -1)
        die("%s", record->error.text);
    while ((field = url_fields_next(&fields, name, &position)) != NULL)
        give(record, (struct url_part){field->value, field->value_length});
    url_fields_free(&fields);
    free(name);
    return 0;
}

/* safe, then names and values. */
static int answer_encode(struct record *record)
{
    const struct url_part *t = record->texts;
    struct buffer query = {0};
    char *safe = c_string(t[0]);

    for (size_t i = 1; i + 1 < record->count; i += 2) {
        if (url_add_field(&query, 0, t[i].text, t[i].length, t[i + 1].text, t[i + 1].length,
                          safe) == -1)
            die("out of memory");
    }
    give_buffer(record, &query);
    free(safe);
    return 0;
}

static int answer(struct record *record)
{
    switch (record->what) {
    case 's':
    case 'S':
        return answer_split(record, record->texts[0]);
    case 'U':
        return answer_unsplit(record);
    case 'j':
        return answer_join(record);
    case 'd':
        return answer_defrag(record);
    case 'Q':
        return answer_query(record);
    case 'v':
        return answer_values(record);
    case 'e':
        return answer_encode(record);
    default:
        return answer_quote(record);
    }
}

int main(void)
{
    static struct record record;

    while (read_record(&record)) {
        write_result(&record, answer(&record));
        for (size_t i = 0; i < TEXTS; i++) {
            free(record.owned[i]);
            record.owned[i] = NULL;
        }
    }
    buffer_free(&record.results);
    finish(EXIT_SUCCESS);
}
