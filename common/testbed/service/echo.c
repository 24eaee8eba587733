#include <string.h>

#include "testbed/service/service.h"

/* As WSGI gives them to httpbin: X-Some-Name, and one value for a name that was sent twice. */
static bool add_header(json_t *headers, const struct http_field *field)
{
    char name[256];
    bool first = true;

    if (field->name_length >= sizeof name)
        return true;
    for (size_t i = 0; i <= field->name_length; i++) {
        char c = field->name[i];
        bool small = c >= 'a' && c <= 'z', large = c >= 'A' && c <= 'Z';
        name[i] = (char)(first && small ? c - 32 : !first && large ? c + 32 : c);
        first = !small && !large;
    }
    json_t *value = text_json_latin1(field->value), *old = json_object_get(headers, name);
    if (old != NULL && value != NULL) {
        json_t *both = json_sprintf("%s,%s", json_string_value(old), json_string_value(value));
        json_decref(value);
        value = both;
    }
    return json_object_set_new(headers, name, value) == 0;
}

/* What proxies add is not shown, unless ?show_env asks for it. */
static bool is_hidden(const struct call *call, const char *name)
{
    static const char *const HIDDEN[] = {
        "X-Forwarded-For",  "X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl",
        "X-Forwarded-Port", "X-Real-Ip",         "X-Request-Id",         "Via"};

    if (json_object_get(call->args, "show_env") != NULL)
        return false;
    for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++)
        if (http_same_text(name, strlen(name), HIDDEN[i], strlen(HIDDEN[i])))
            return true;
    return false;
}

static json_t *make_headers(const struct call *call)
{
    const struct http_headers *list = &call->x->request->headers;
    json_t *headers = json_object();

    for (size_t i = 0; i < list->count && headers != NULL; i++)
        if (!is_hidden(call, list->fields[i].name) && !add_header(headers, &list->fields[i])) {
            json_decref(headers);
            headers = NULL;
        }
    return headers;
}

static json_t *make_origin(const struct call *call)
{
    const char *forwarded = call_header(call, "X-Forwarded-For");

    return forwarded != NULL ? text_json_latin1(forwarded)
                             : json_string(http_client_address(call->x));
}

static json_t *make_url(const struct call *call)
{
    const char *scheme = call_header(call, "X-Forwarded-Proto");
    struct buffer url = {0};
    json_t *value = NULL;

    if (scheme == NULL)
        scheme = call_is_tls(call) ? "https" : "http";
    if (buffer_print(&url, "%s://%s%s%s%s", scheme, call_host(call), call->path,
                     call->query != NULL ? "?" : "", call->query != NULL ? call->query : "") == 0)
        value = text_json(url.data, url.length);
    buffer_free(&url);
    return value;
}

json_t *echo_make(struct call *call, unsigned keys)
{
    json_t *object = json_object();
    bool whole = object != NULL;

    if (keys & ECHO_ARGS)
        whole = whole && json_object_set(object, "args", call->args) == 0;
    if (keys & ECHO_HEADERS)
        whole = whole && json_object_set_new(object, "headers", make_headers(call)) == 0;
    if (keys & ECHO_ORIGIN)
        whole = whole && json_object_set_new(object, "origin", make_origin(call)) == 0;
    if (keys & ECHO_URL)
        whole = whole && json_object_set_new(object, "url", make_url(call)) == 0;
    if (keys & ECHO_METHOD)
        whole = whole && json_object_set_new(object, "method", json_string(call->method)) == 0;
    if (keys & ECHO_BODY)
        whole = whole && form_read(call, object, keys & ECHO_JSON);
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

void echo_send(struct call *call, json_t *value)
{
    if (value != NULL)
        send_json(call, HTTP_OK, value);
    /* Otherwise the server says what was wrong with the body, or 500. */
}

static void answer_get(struct call *call)
{
    echo_send(call, echo_make(call, ECHO_GET));
}

static void answer_post(struct call *call)
{
    echo_send(call, echo_make(call, ECHO_POST));
}

static void answer_anything(struct call *call)
{
    echo_send(call, echo_make(call, ECHO_POST | ECHO_METHOD));
}

static void answer_headers(struct call *call)
{
    echo_send(call, echo_make(call, ECHO_HEADERS));
}

static void answer_ip(struct call *call)
{
    echo_send(call, echo_make(call, ECHO_ORIGIN));
}

static void answer_user_agent(struct call *call)
{
    const char *agent = call_header(call, "User-Agent");

    send_json(
        call, HTTP_OK,
        json_pack("{s:o}", "user-agent", agent != NULL ? text_json_latin1(agent) : json_null()));
}

const struct route ECHO_ROUTES[] = {
    {"GET", "/get", answer_get},
    {"POST", "/post", answer_post},
    {"PUT", "/put", answer_post},
    {"PATCH", "/patch", answer_post},
    {"DELETE", "/delete", answer_post},
    {"GET POST PUT DELETE PATCH TRACE", "/anything", answer_anything},
    {"GET POST PUT DELETE PATCH TRACE", "/anything/*", answer_anything},
    {"GET", "/headers", answer_headers},
    {"GET", "/ip", answer_ip},
    {"GET", "/user-agent", answer_user_agent},
    {NULL, NULL, NULL}};
