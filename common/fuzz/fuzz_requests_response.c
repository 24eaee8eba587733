/* Feeds what the layer reads by hand of a response: Link, Retry-After, and bodies as text. The
 * first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "requests/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool sound)
{
    if (!sound)
        abort();
}

/* A response with one field, if it may be one; the caller frees it. */
static struct requests_response *make(const char *name, const char *value)
{
    struct requests_response *response = calloc(1, sizeof *response);

    must(response != NULL);
    response->url = strdup("http://host/a/b?c");
    must(response->url != NULL);
    if (http_is_value(value, strlen(value)))
        must(http_headers_add(&response->headers, name, value) == 0);
    return response;
}

/* Whether it is UTF-8 as RFC 3629 section 4 has it, by its code points. */
static bool is_utf8(const unsigned char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t point = text[i];
        size_t more = point < 0x80 ? 0 : point < 0xE0 ? 1 : point < 0xF0 ? 2 : 3;
        if ((point >= 0x80 && point < 0xC0) || point > 0xF7 || more >= length - i)
            return false;
        point &= more == 0 ? 0x7F : more == 1 ? 0x1F : more == 2 ? 0x0F : 0x07;
        for (size_t j = 1; j <= more; j++) {
            if (text[i + j] >> 6 != 2)
                return false;
            point = point << 6 | (text[i + j] & 0x3F);
        }
        if ((more == 1 && point < 0x80) || (more == 2 && point < 0x800) ||
            (more == 3 && point < 0x10000) || point > 0x10FFFF ||
            (point >= 0xD800 && point < 0xE000))
            return false;
        i += more + 1;
    }
    return true;
}

/* A title that was read, written again, is read as the same. */
static void read_again(const char *title)
{
    struct buffer value = {0};

    must(buffer_print(&value, "<x>; title=\"") == 0);
    for (const char *at = title; *at != '\0'; at++)
        must(buffer_print(&value, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at) == 0);
    must(buffer_print(&value, "\", <y>; rel=next") == 0);
    struct requests_response *response = make("Link", value.data);
    size_t count = 0;
    const struct requests_link *links = requests_links(response, &count);
    must(count == 2 && strcmp(links[1].url, "y") == 0);
    const char *again = http_headers_get(&links[0].params, "title");
    size_t blanks = strspn(title, " \t"),
           length = strlen(title); /* fields lose those at the ends */
    while (length > blanks && strchr(" \t", title[length - 1]) != NULL)
        length--;
    must(again != NULL && strncmp(again, title + blanks, length - blanks) == 0);
    requests_response_free(response);
    buffer_free(&value);
}

static void fuzz_links(const char *value)
{
    struct requests_response *response = make("Link", value);
    size_t count = 0;
    const struct requests_link *links = requests_links(response, &count);

    must(count <= strlen(value));
    for (size_t i = 0; i < count; i++) {
        must(strchr(links[i].url, '>') == NULL && links[i].absolute != NULL);
        const char *rel = http_headers_get(&links[i].params, "rel");
        const char *title = http_headers_get(&links[i].params, "title");
        if (rel != NULL && *rel != '\0' && strpbrk(rel, " \t") == NULL)
            must(requests_link(response, rel) != NULL);
        if (title != NULL)
            read_again(title);
    }
    requests_response_free(response);
}

static void fuzz_retry_after(const char *value)
{
    double seconds = -1;

    if (requests_retry_after(value, 784111740, &seconds))
        must(seconds >= 0 && seconds < 1e12);
    else
        must(seconds == -1);
}

/* Up to a line end it is Content-Type, and behind that the body. */
static void fuzz_text(const char *text, size_t size)
{
    size_t type = strcspn(text, "\n"), length = 0;
    char *value = strndup(text, type);

    must(value != NULL);
    struct requests_response *response = make("Content-Type", value);
    if (size > type)
        must(buffer_add(&response->body, text + type + 1, size - type - 1) == 0);
    const char *seen = requests_text(response, &length);
    must(seen != NULL && is_utf8((const unsigned char *)seen, length));
    must(requests_apparent_encoding(response) != NULL);
    json_decref(requests_json(response, NULL));
    requests_response_free(response);
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    must(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % 3) {
    case 0:
        fuzz_links(text);
        break;
    case 1:
        fuzz_retry_after(text);
        break;
    default:
        fuzz_text(text, size - 1);
    }
    free(text);
    return 0;
}
