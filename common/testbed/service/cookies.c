#include <string.h>

#include "http/cookies.h"
#include "testbed/service/service.h"

static void add(struct call *call, struct http_set_cookie *cookie, const char *value)
{
    struct buffer quoted = {0}, field = {0};

    cookie->path = "/";
    /* An empty one needs no quotes. */
    if (value[0] == '\0' || http_cookie_quote(value, &quoted) == 0) {
        cookie->value = buffer_text(&quoted);
        if (http_set_cookie_build(cookie, &field, NULL) == 0)
            http_add_header(call->x, "Set-Cookie", field.data);
    }
    buffer_free(&quoted);
    buffer_free(&field);
}

void add_cookie(struct call *call, const char *name, const char *value)
{
    struct http_set_cookie cookie = {.name = name, .secure = call_is_tls(call)};

    add(call, &cookie, value);
}

static void end_cookie(struct call *call, const char *name)
{
    struct http_set_cookie cookie = {.name = name, .has_expires = true, .has_max_age = true};

    add(call, &cookie, "");
}

static void answer_cookies(struct call *call)
{
    const char *field = call_header(call, "Cookie");
    struct http_cookies cookies = {0};
    json_t *object = json_object();
    bool whole = object != NULL && (field == NULL || http_cookies_parse(&cookies, field) == 0);

    for (size_t i = 0; i < cookies.count && whole; i++) {
        const char *name = cookies.list[i].name, *value = cookies.list[i].value;
        if (json_object_get(object, name) == NULL)
            whole = json_object_set_new(object, name, text_json(value, strlen(value))) == 0;
    }
    http_cookies_free(&cookies);
    send_json(call, HTTP_OK, whole ? json_pack("{s:O}", "cookies", object) : NULL);
    json_decref(object);
}

static void answer_set_one(struct call *call)
{
    add_cookie(call, call->word[0], call->word[1]);
    send_redirect(call, HTTP_FOUND, "/cookies");
}

static const char *first(json_t *value)
{
    return json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
}

static void answer_set(struct call *call)
{
    const char *name;
    json_t *value;

    json_object_foreach(call->args, name, value)
    {
        add_cookie(call, name, first(value));
    }
    send_redirect(call, HTTP_FOUND, "/cookies");
}

static void answer_delete(struct call *call)
{
    const char *name;
    json_t *value;

    json_object_foreach(call->args, name, value)
    {
        end_cookie(call, name);
    }
    send_redirect(call, HTTP_FOUND, "/cookies");
}

const struct route COOKIE_ROUTES[] = {{"GET", "/cookies", answer_cookies},
                                      {"GET", "/cookies/set", answer_set},
                                      {"GET", "/cookies/set/:/:", answer_set_one},
                                      {"GET", "/cookies/delete", answer_delete},
                                      {NULL, NULL, NULL}};
