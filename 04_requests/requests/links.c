/* The field Link: where else to go. Source: RFC 8288 section 3. */
#include <stdlib.h>
#include <string.h>

#include "requests/internal.h"

/* Takes off blanks at both ends. */
static void trim(const char **text, size_t *length)
{
    while (*length > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t'))
        (*length)--;
}

/* The end of what begins at at, in front of any of stops that does not stand in quotes. */
static const char *find_end(const char *at, const char *end, const char *stops)
{
    bool quoted = false;

    for (; at < end; at++) {
        if (quoted && *at == '\\' && at + 1 < end)
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && strchr(stops, *at) != NULL)
            break;
    }
    return at;
}

/* Adds one parameter, name=value or name="value" or name; one that is malformed is passed over. */
static int add_param(struct http_headers *params, const char *text, size_t length)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals == NULL ? length : (size_t)(equals - text);
    const char *value = equals == NULL ? "" : equals + 1;
    size_t value_length = equals == NULL ? 0 : length - name_length - 1;
    const char *name_text = text;
    struct buffer plain = {0};
    int result = 0;

    trim(&name_text, &name_length);
    trim(&value, &value_length);
    bool quoted = value_length >= 2 && value[0] == '"' && value[value_length - 1] == '"';
    if (quoted) {
        value++;
        value_length -= 2;
    }
    for (size_t i = 0; result == 0 && i < value_length; i++) {
        if (quoted && value[i] == '\\' && i + 1 < value_length)
            i++;
        result = buffer_add(&plain, value + i, 1);
    }
    char *name = strndup(name_text, name_length);
    if (name == NULL || result == -1)
        result = -1;
    else if (http_is_token(name, name_length) && http_is_value(buffer_text(&plain), plain.length) &&
             http_headers_get(params, name) == NULL) /* the first counts: section 3.3 */
        result = http_headers_add(params, name, buffer_text(&plain));
    free(name);
    buffer_free(&plain);
    return result;
}

/* Adds a link whose URL is the given text. */
static struct requests_link *add_link(struct requests_response *response, const char *url,
                                      size_t length)
{
    struct buffer absolute = {0};
    struct requests_link *longer =
        realloc(response->links, (response->link_count + 1) * sizeof *longer);

    if (longer == NULL)
        return NULL;
    response->links = longer;
    struct requests_link *link = &longer[response->link_count];
    *link = (struct requests_link){.url = strndup(url, length)};
    if (link->url == NULL)
        return NULL;
    if (url_join(response->url, strlen(response->url), url, length, &absolute, NULL) == 0)
        link->absolute = absolute.data;
    else
        buffer_free(&absolute);
    if (link->absolute == NULL)
        link->absolute = strdup(link->url); /* no URL: the caller's request will say so */
    if (link->absolute == NULL) {
        free(link->url);
        return NULL;
    }
    response->link_count++;
    return link;
}

/* Reads one value of Link. What is malformed ends it: guessing would follow a wrong link. */
static int read_links(struct requests_response *response, const char *at)
{
    const char *end = at + strlen(at);

    while (at < end) {
        at += strspn(at, " \t,");
        if (at == end || *at != '<')
            return 0;
        const char *close = memchr(at, '>', (size_t)(end - at));
        if (close == NULL)
            return 0;
        struct requests_link *link = add_link(response, at + 1, (size_t)(close - at - 1));
        if (link == NULL)
            return -1;
        at = find_end(close + 1, end, ";,");
        while (at < end && *at == ';') {
            const char *stop = find_end(at + 1, end, ";,");
            const char *param = at + 1;
            size_t length = (size_t)(stop - param);
            trim(&param, &length);
            if (length > 0 && add_param(&link->params, param, length) == -1)
                return -1;
            at = stop;
        }
    }
    return 0;
}

const struct requests_link *requests_links(struct requests_response *response, size_t *count)
{
    size_t position = 0;
    const char *value;

    while (!response->links_are_read &&
           (value = http_headers_next(&response->headers, "Link", &position)) != NULL) {
        if (read_links(response, value) == -1)
            break; /* memory is short: what there is so far */
    }
    response->links_are_read = true;
    *count = response->link_count;
    return response->links;
}

const char *requests_link(struct requests_response *response, const char *rel)
{
    size_t count = 0, wanted = strlen(rel);
    const struct requests_link *links = requests_links(response, &count);

    for (size_t i = 0; i < count; i++) {
        const char *at = http_headers_get(&links[i].params, "rel");
        while (at != NULL && *at != '\0') {
            size_t length = strcspn(at, " \t");
            if (http_same_text(at, length, rel, wanted))
                return links[i].absolute;
            at += length + strspn(at + length, " \t");
        }
    }
    return NULL;
}

bool requests_same_origin(const char *a, const char *b)
{
    struct url one, other;

    return url_split(a, strlen(a), &one, NULL) == 0 && url_split(b, strlen(b), &other, NULL) == 0 &&
           one.netloc.length > 0 && url_same_origin(&one, &other);
}
