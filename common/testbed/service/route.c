#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/number.h"
#include "testbed/service/service.h"

/* ---- the path ---- */

/* Keeps what stands in the path for a word of the route, decoded, in call->memory. */
static bool keep_word(struct call *call, size_t *at, size_t count, const char *text, size_t length)
{
    size_t begin = call->memory.length;

    if (text_decode(text, length, false, &call->memory) == -1 ||
        memchr(call->memory.data + begin, '\0', call->memory.length - begin) != NULL ||
        buffer_add(&call->memory, "", 1) == -1)
        return false;
    at[count] = begin;
    return true;
}

static bool is_number(const char *text, size_t length, long *number)
{
    char digits[20];

    if (length == 0 || length >= sizeof digits || strspn(text, "0123456789") < length)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return number_parse(digits, 0, 1000000000000, number);
}

/* Whether the path is the route's; then its words are kept. */
static bool fits(struct call *call, const char *path, const char *pattern)
{
    size_t at[WORDS] = {0}, count = 0;

    call->memory.length = 0;
    for (; *pattern != '\0'; pattern++) {
        size_t length = strcspn(path, "/");
        if (*pattern == '*')
            length = strlen(path);
        if (*pattern == ':' || *pattern == '*') {
            if (length == 0 || !keep_word(call, at, count++, path, length))
                return false;
        } else if (*pattern == '#') {
            if (!is_number(path, length, &call->number[count++]))
                return false;
        } else if (*pattern != *path) {
            return false;
        } else {
            length = 1;
        }
        path += length;
    }
    for (size_t i = 0; i < count; i++) /* memory stays where it is from now on */
        call->word[i] = buffer_text(&call->memory) + at[i];
    return *path == '\0';
}

/* ---- the method ---- */

static bool has_method(const char *methods, const char *method)
{
    size_t length = strlen(method);

    if (strcmp(method, "HEAD") == 0 && has_method(methods, "GET"))
        return true;
    for (const char *at = methods; (at = strstr(at, method)) != NULL; at += length)
        if ((at == methods || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* What the path knows, "OPTIONS, HEAD, GET", for who asked with something else. */
static void add_allow(struct call *call, const char *methods)
{
    char list[128] = "OPTIONS";
    size_t at = strlen(list);

    if (has_method(methods, "GET"))
        at += (size_t)snprintf(list + at, sizeof list - at, ", HEAD"); /* it has room */
    while (*methods != '\0') {
        size_t length = strcspn(methods, " ");
        at += (size_t)snprintf(list + at, sizeof list - at, ", %.*s", (int)length, methods);
        methods += length + (methods[length] == ' ');
    }
    http_add_header(call->x, "Allow", list);
}

/* What a browser asks before it lets a script of another site in. The Fetch standard, CORS. */
static void add_cors(struct call *call)
{
    const char *origin = call_header(call, "Origin");
    const char *asked = call_header(call, "Access-Control-Request-Headers");

    http_add_header(call->x, "Access-Control-Allow-Origin", origin != NULL ? origin : "*");
    http_add_header(call->x, "Access-Control-Allow-Credentials", "true");
    if (strcmp(call->method, "OPTIONS") != 0)
        return;
    http_add_header(call->x, "Access-Control-Allow-Methods",
                    "GET, POST, PUT, DELETE, PATCH, OPTIONS");
    http_add_header(call->x, "Access-Control-Max-Age", "3600");
    if (asked != NULL)
        http_add_header(call->x, "Access-Control-Allow-Headers", asked);
}

/* ---- the call ---- */

/* Cuts the target at "?". */
static bool take_target(struct call *call, struct buffer *path)
{
    const char *target = call->x->request->target;
    size_t length = strcspn(target, "?");

    call->query = target[length] == '?' ? target + length + 1 : NULL;
    if (buffer_add(path, target, length) == -1)
        return false;
    call->path = path->data;
    call->args = json_object();
    return call->args != NULL &&
           (call->query == NULL || query_read(call->args, call->query, strlen(call->query)));
}

static void find(struct call *call, const struct route *const *tables)
{
    const struct route *other = NULL;

    for (; *tables != NULL; tables++)
        for (const struct route *route = *tables; route->path != NULL; route++) {
            if (!fits(call, call->path, route->path))
                continue;
            if (has_method(route->methods, call->method)) {
                route->answer(call);
                return;
            }
            other = route;
        }
    if (other == NULL) {
        send_status(call, HTTP_NOT_FOUND);
        return;
    }
    add_allow(call, other->methods);
    if (strcmp(call->method, "OPTIONS") == 0)
        send_text(call, HTTP_OK, "text/html; charset=utf-8", "");
    else
        send_status(call, HTTP_METHOD_NOT_ALLOWED);
}

void route_call(struct http_exchange *x, const struct route *const *tables)
{
    struct call call = {.x = x, .method = x->request->method};
    struct buffer path = {0};

    x->body_limit = BODY_LIMIT;
    if (take_target(&call, &path)) {
        add_cors(&call);
        find(&call, tables);
    } else {
        send_status(&call, HTTP_INTERNAL_SERVER_ERROR);
    }
    json_decref(call.args);
    buffer_free(&call.memory);
    buffer_free(&path);
}

/* ---- what was asked ---- */

const char *call_header(const struct call *call, const char *name)
{
    return http_headers_get(&call->x->request->headers, name);
}

const char *call_arg(const struct call *call, const char *name)
{
    const char *key;
    json_t *value;

    json_object_foreach(call->args, key, value)
    {
        if (strcasecmp(key, name) == 0)
            return json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
    }
    return NULL;
}

bool call_arg_integer(struct call *call, const char *name, long low, long high, long fallback,
                      long *number)
{
    const char *text = call_arg(call, name);

    *number = fallback;
    if (text == NULL || number_parse(text, low, high, number))
        return true;
    send_bad(call, name);
    return false;
}

bool call_arg_seconds(struct call *call, const char *name, double fallback, double *seconds)
{
    const char *text = call_arg(call, name);
    char *end;

    *seconds = fallback;
    if (text == NULL)
        return true;
    *seconds = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(*seconds) && *seconds >= 0 && *seconds <= 3600)
        return true;
    send_bad(call, name);
    return false;
}
