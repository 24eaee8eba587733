#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/date.h"
#include "testbed/service/service.h"

static void answer_cache(struct call *call)
{
    char tag[33], date[HTTP_DATE_SIZE];

    if (call_header(call, "If-Modified-Since") != NULL ||
        call_header(call, "If-None-Match") != NULL) {
        http_answer(call->x, HTTP_NOT_MODIFIED, NULL, NULL, 0);
        return;
    }
    if (http_date_format(time(NULL), date))
        http_add_header(call->x, "Last-Modified", date);
    if (random_hex(tag, 16))
        add_header_print(call, "ETag", "\"%s\"", tag);
    echo_send(call, echo_make(call, ECHO_GET));
}

static void answer_cache_for(struct call *call)
{
    add_header_print(call, "Cache-Control", "public, max-age=%ld", call->number[0]);
    echo_send(call, echo_make(call, ECHO_GET));
}

/* Whether the field names the tag, or any with "*". Strong or weak is all the same here. */
static bool names(const char *field, const char *tag)
{
    const char *member;
    size_t length;

    while (http_list_next(&field, &member, &length)) {
        if (length == 1 && member[0] == '*')
            return true;
        if (length > 2 && strncmp(member, "W/", 2) == 0) {
            member += 2;
            length -= 2;
        }
        if (length > 1 && member[0] == '"' && member[length - 1] == '"') {
            member++;
            length -= 2;
        }
        if (length == strlen(tag) && memcmp(member, tag, length) == 0)
            return true;
    }
    return false;
}

static void answer_etag(struct call *call)
{
    const char *tag = call->word[0], *none = call_header(call, "If-None-Match");
    const char *match = call_header(call, "If-Match");
    bool is_known = none != NULL && names(none, tag);

    if (strpbrk(tag, "\" ") != NULL || !http_is_value(tag, strlen(tag))) {
        send_bad(call, "no tag holds a blank, a quote or a control");
    } else if (none == NULL && match != NULL && !names(match, tag)) {
        send_text(call, HTTP_PRECONDITION_FAILED, "text/html; charset=utf-8", "");
    } else {
        add_header_print(call, "ETag", "\"%s\"", tag);
        if (is_known)
            http_answer(call->x, HTTP_NOT_MODIFIED, NULL, NULL, 0);
        else
            echo_send(call, echo_make(call, ECHO_GET));
    }
}

/* ---- the headers that the client wants ---- */

/* What is shown of the response: its own fields, and those of the query behind them. */
static json_t *describe(const struct call *call, size_t length)
{
    json_t *shown = json_pack("{s:s, s:o}", "Content-Type", "application/json", "Content-Length",
                              json_sprintf("%zu", length));
    json_t *value;
    const char *name;

    json_object_foreach(call->args, name, value)
    {
        if (shown != NULL && json_object_set(shown, name, value) == -1) {
            json_decref(shown);
            shown = NULL;
        }
    }
    return shown;
}

static bool add_one(struct call *call, const char *name, json_t *value)
{
    const char *text = json_string_value(value);

    if (!http_is_token(name, strlen(name)) || !http_is_value(text, strlen(text)) ||
        http_same_text(name, strlen(name), "Content-Length", 14) ||
        http_same_text(name, strlen(name), "Transfer-Encoding", 17))
        return false;
    http_add_header(call->x, name, text);
    return true;
}

static bool add_all(struct call *call, bool *has_type)
{
    json_t *value, *one;
    const char *name;
    size_t i;

    json_object_foreach(call->args, name, value)
    {
        if (http_same_text(name, strlen(name), "Content-Type", 12))
            *has_type = true;
        if (json_is_string(value) && !add_one(call, name, value))
            return false;
        json_array_foreach(value, i, one)
        {
            if (!add_one(call, name, one))
                return false;
        }
    }
    return true;
}

/* The body tells its own length, digits and all: try until it is right. */
static void answer_response_headers(struct call *call)
{
    char *text = NULL;
    size_t length = 0, due = 1;
    bool has_type = false;

    for (int i = 0; i < 5 && length != due; i++) {
        length = due;
        free(text);
        json_t *shown = describe(call, length);
        text = shown != NULL ? json_dumps(shown, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
        json_decref(shown);
        due = text != NULL ? strlen(text) + 1 : length;
    }
    if (text == NULL) {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    } else if (!add_all(call, &has_type)) {
        send_bad(call, "a field that may not be sent");
    } else {
        text[length - 1] = '\n'; /* for the NUL */
        http_answer(call->x, HTTP_OK, has_type ? NULL : "application/json", text, length);
    }
    free(text);
}

const struct route CACHE_ROUTES[] = {{"GET", "/cache", answer_cache},
                                     {"GET", "/cache/#", answer_cache_for},
                                     {"GET", "/etag/:", answer_etag},
                                     {"GET POST", "/response-headers", answer_response_headers},
                                     {NULL, NULL, NULL}};
