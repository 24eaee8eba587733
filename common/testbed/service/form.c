#include <string.h>
#include <strings.h>

#include "http/forms.h"
#include "testbed/service/service.h"

/* The body of a request: forms and files, or else data, which may be JSON. */
struct parts {
    json_t *form, *files;
    struct buffer value; /* of the field at hand */
};

/* The field at hand has ended. Of files with one name httpbin shows the first. */
static bool keep_field(struct parts *parts, const struct http_form *form)
{
    size_t length = strlen(form->name);
    const char *data = buffer_text(&parts->value);
    const char *type = http_headers_get(&form->headers, "Content-Type");
    bool good = true;

    if (form->filename == NULL)
        good = json_add(parts->form, form->name, length, text_json(data, parts->value.length));
    else if (json_object_get(parts->files, form->name) == NULL)
        good = json_object_set_new(
                   parts->files, form->name,
                   text_json_safe(data, parts->value.length,
                                  type != NULL ? type : "application/octet-stream")) == 0;
    parts->value.length = 0;
    return good;
}

/* Returns the status of a refusal, or 0. */
static int read_multipart(struct parts *parts, const char *type, const struct buffer *body)
{
    struct http_form form = {0};
    enum http_form_event event = HTTP_FORM_MORE;
    const char *piece, *data = buffer_text(body);
    size_t at = 0, used, size;
    bool good = http_form_begin(&form, type) == 0;

    while (good && event != HTTP_FORM_END) {
        event = http_form_read(&form, data + at, body->length - at, true, &used, &piece, &size);
        at += used;
        if (event == HTTP_FORM_DATA)
            good = buffer_add(&parts->value, piece, size) == 0;
        else if (event == HTTP_FORM_FIELD_END)
            good = keep_field(parts, &form);
        else if (event == HTTP_FORM_ERROR || event == HTTP_FORM_MORE)
            good = false;
    }
    int refusal = good ? 0 : form.refusal != 0 ? form.refusal : HTTP_INTERNAL_SERVER_ERROR;
    http_form_free(&form);
    return refusal;
}

static bool is_type(const char *type, const char *wanted)
{
    size_t length = strlen(wanted);

    return type != NULL && strncasecmp(type, wanted, length) == 0 &&
           strchr("; \t", type[length]) != NULL;
}

/* Reads JSON of any kind; null stands for none. */
static json_t *read_json(const struct buffer *data)
{
    json_t *value =
        json_loadb(buffer_text(data), data->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    return value != NULL ? value : json_null();
}

/* Sorts the body into parts. What is a form leaves no data. Returns the status of a refusal, or 0.
 */
static int sort_body(struct parts *parts, const char *type, struct buffer *body)
{
    int refusal = 0;

    if (is_type(type, "multipart/form-data"))
        refusal = read_multipart(parts, type, body);
    else if (!is_type(type, "application/x-www-form-urlencoded"))
        return 0;
    else if (!query_read(parts->form, buffer_text(body), body->length))
        refusal = HTTP_INTERNAL_SERVER_ERROR;
    body->length = 0;
    return refusal;
}

bool form_read(struct call *call, json_t *object, bool with_json)
{
    struct parts parts = {.form = json_object(), .files = json_object()};
    struct buffer body = {0};
    bool good = false;

    if (http_read_whole(call->x, &body) == 0) {
        int refusal = sort_body(&parts, call_header(call, "Content-Type"), &body);
        good = refusal == 0 && json_object_set(object, "form", parts.form) == 0 &&
               json_object_set(object, "files", parts.files) == 0 &&
               json_object_set_new(object, "data",
                                   text_json_safe(buffer_text(&body), body.length,
                                                  "application/octet-stream")) == 0 &&
               (!with_json || json_object_set_new(object, "json", read_json(&body)) == 0);
        if (refusal != 0)
            send_status(call, refusal);
    }
    json_decref(parts.form);
    json_decref(parts.files);
    buffer_free(&parts.value);
    buffer_free(&body);
    return good;
}
