/* What the caller says, made a request as it will be sent. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "requests/internal.h"

int requests_error_memory(struct requests_error *error)
{
    return requests_error_set(error, REQUESTS_NO_MEMORY, "no memory");
}

void requests_prepared_free(struct requests_prepared *request)
{
    if (request == NULL)
        return;
    free(request->method);
    free(request->url);
    free(request->own_cookies);
    http_headers_free(&request->headers);
    buffer_free(&request->body);
    free(request);
}

struct requests_prepared *requests_prepared_copy(const struct requests_prepared *request)
{
    struct requests_prepared *copy = malloc(sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *request;
    copy->method = strdup(request->method);
    copy->url = strdup(request->url);
    copy->own_cookies = request->own_cookies == NULL ? NULL : strdup(request->own_cookies);
    copy->headers = (struct http_headers){0};
    copy->body = (struct buffer){0};
    bool failed = copy->method == NULL || copy->url == NULL ||
                  (request->own_cookies != NULL && copy->own_cookies == NULL) ||
                  buffer_add(&copy->body, buffer_text(&request->body), request->body.length) == -1;
    for (size_t i = 0; !failed && i < request->headers.count; i++) {
        const struct http_field *field = &request->headers.fields[i];
        failed = http_headers_add(&copy->headers, field->name, field->value) == -1;
    }
    if (!failed)
        return copy;
    requests_prepared_free(copy);
    return NULL;
}

int requests_set_method(struct requests_prepared *request, const char *method,
                        struct requests_error *error)
{
    if (!http_is_token(method, strlen(method)))
        return requests_error_set(error, REQUESTS_OTHER, "\"%.40s\" is no method", method);
    char *copy = strdup(method);
    if (copy == NULL)
        return requests_error_memory(error);
    for (char *at = copy; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    free(request->method);
    request->method = copy;
    return 0;
}

int requests_set_url(struct requests_prepared *request, const char *url,
                     struct requests_error *error)
{
    struct buffer quoted = {0};

    if (requests_quote_url(url, &quoted, error) == -1)
        return -1;
    free(request->url);
    request->url = quoted.data; /* never empty */
    return 0;
}

/* ---- the query ---- */

static int add_fields(struct buffer *out, size_t begin, const struct requests_pair *pairs)
{
    for (; pairs != NULL && pairs->name != NULL; pairs++) {
        if (pairs->value != NULL && url_add_field(out, begin, pairs->name, strlen(pairs->name),
                                                  pairs->value, strlen(pairs->value), NULL) == -1)
            return -1;
    }
    return 0;
}

/* Puts the session's params and the request's behind the URL's own query. */
static int set_url(struct requests_prepared *request, const char *url,
                   const struct requests_pair *usual, const struct requests_pair *own,
                   struct requests_error *error)
{
    struct url_part whole, fragment;
    struct buffer fields = {0}, longer = {0};
    int result = -1;

    url_defrag(url, strlen(url), &whole, &fragment);
    if (add_fields(&fields, 0, usual) == 0 && add_fields(&fields, 0, own) == 0 &&
        buffer_add(&longer, whole.text, whole.length) == 0) {
        const char *question = memchr(whole.text, '?', whole.length);
        const char *join = question == NULL                           ? "?"
                           : question + 1 < whole.text + whole.length ? "&"
                                                                      : "";
        result = fields.length == 0 ? 0 : buffer_print(&longer, "%s%s", join, fields.data);
        if (result == 0 && fragment.text != NULL)
            result = buffer_print(&longer, "#%.*s", URL_PRINT(fragment));
    }
    result = result == 0 ? requests_set_url(request, buffer_text(&longer), error)
                         : requests_error_memory(error);
    buffer_free(&fields);
    buffer_free(&longer);
    return result;
}

/* ---- fields ---- */

static int bad_header(struct requests_error *error, const char *name)
{
    if (errno == ENOMEM)
        return requests_error_memory(error);
    return requests_error_set(error, REQUESTS_INVALID_HEADER,
                              "header \"%.60s\": a name that is none, or a CR, LF or other "
                              "control in its value",
                              http_is_token(name, strlen(name)) ? name : "?");
}

static int set_headers(struct requests_prepared *request, const struct http_headers *usual,
                       const struct requests_pair *own, struct requests_error *error)
{
    for (size_t i = 0; i < usual->count; i++) {
        const struct http_field *field = &usual->fields[i];
        if (http_headers_add(&request->headers, field->name, field->value) == -1)
            return requests_error_memory(error);
    }
    for (const struct requests_pair *at = own; at != NULL && at->name != NULL; at++) {
        bool first = true; /* a name that is repeated here is sent as often */
        for (const struct requests_pair *before = own; before < at; before++)
            first = first && strcasecmp(before->name, at->name) != 0;
        if (first)
            (void)http_headers_remove(&request->headers, at->name); /* how many does not matter */
        if (at->value != NULL && http_headers_add(&request->headers, at->name, at->value) == -1)
            return bad_header(error, at->name);
    }
    return 0;
}

int requests_set_cookies(struct requests_prepared *request, struct http_jar *jar, const char *own,
                         struct requests_error *error)
{
    struct http_jar_request asked;
    struct buffer value = {0};

    if (requests_jar_request(request->url, &asked) == -1)
        return requests_error_memory(error);
    int result = http_jar_header(jar, &asked, time(NULL), &value) < 0 ? -1 : 0;
    if (result == 0 && own != NULL)
        result = buffer_print(&value, "%s%s", value.length > 0 ? "; " : "", own);
    if (result == 0 && value.length > 0)
        result = http_headers_set(&request->headers, "Cookie", value.data);
    buffer_free(&value);
    requests_jar_request_free(&asked);
    return result == 0 ? 0 : bad_header(error, "Cookie");
}

static int set_own_cookies(struct requests_prepared *request, const struct requests_pair *pairs,
                           struct requests_error *error)
{
    struct buffer own = {0};

    for (; pairs != NULL && pairs->name != NULL; pairs++) {
        if (pairs->value != NULL && buffer_print(&own, "%s%s=%s", own.length > 0 ? "; " : "",
                                                 pairs->name, pairs->value) == -1) {
            buffer_free(&own);
            return requests_error_memory(error);
        }
    }
    request->own_cookies = own.data;
    if (own.data != NULL && !http_is_value(own.data, own.length))
        return requests_error_set(error, REQUESTS_INVALID_HEADER, "a cookie with a CR or LF in it");
    return 0;
}

/* ---- the body ---- */

static int set_json(struct requests_prepared *request, json_t *json, struct requests_error *error)
{
    char *text = json_dumps(json, JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
    int result = text == NULL ? -1 : buffer_add(&request->body, text, strlen(text));

    free(text);
    return result == 0 ? 0 : requests_error_set(error, REQUESTS_JSON, "cannot be written as JSON");
}

static int set_body(struct requests_prepared *request, const struct requests_options *options,
                    struct requests_error *error)
{
    const char *type = NULL;
    int ways = (options->data != NULL) + (options->form != NULL || options->files != NULL) +
               (options->json != NULL) + (options->upload.read != NULL);

    if (ways > 1)
        return requests_error_set(error, REQUESTS_OTHER, "more than one body was given");
    request->files = options->files;
    request->upload = options->upload;
    if (options->files != NULL) {
        request->form = options->form; /* both become parts while they are sent */
        return 0;
    }
    if (options->json != NULL) {
        type = "application/json";
        if (set_json(request, options->json, error) == -1)
            return -1;
    } else if (options->form != NULL) {
        type = "application/x-www-form-urlencoded";
        if (add_fields(&request->body, 0, options->form) == -1)
            return requests_error_memory(error);
    } else if (options->data != NULL) {
        size_t length = options->length > 0 ? options->length : strlen(options->data);
        if (buffer_add(&request->body, options->data, length) == -1)
            return requests_error_memory(error);
    }
    request->has_body = ways > 0 && options->upload.read == NULL;
    if (type != NULL && http_headers_get(&request->headers, "Content-Type") == NULL &&
        http_headers_set(&request->headers, "Content-Type", type) == -1)
        return requests_error_memory(error);
    return 0;
}

/* ---- who asks ---- */

/* A user and password that stand in the URL, where nothing else was said. */
static int set_auth(struct requests_prepared *request, const char *url,
                    const struct requests_auth *auth, struct requests_error *error)
{
    struct requests_parts parts;
    struct buffer user = {0}, password = {0};

    if (auth->kind != REQUESTS_NO_AUTH)
        return requests_apply_auth(request, auth, error);
    while (isspace((unsigned char)*url))
        url++;
    if (requests_split(url, &parts, error) == -1)
        return -1;
    struct url_part name = parts.netloc.username, secret = parts.netloc.password;
    if (name.text == NULL)
        return 0;
    int result = -1;
    if (url_unquote_to_bytes(name.text, name.length, &user) == 0 &&
        (secret.text == NULL || url_unquote_to_bytes(secret.text, secret.length, &password) == 0)) {
        struct requests_auth basic =
            requests_basic_auth(buffer_text(&user), buffer_text(&password));
        result = requests_apply_auth(request, &basic, error);
        request->auth = (struct requests_auth){0}; /* its texts end here; the field is written */
    } else {
        (void)requests_error_memory(error);
    }
    buffer_free(&user);
    buffer_free(&password);
    return result;
}

static int prepare(struct requests_session *session, struct requests_prepared *request,
                   const char *method, const char *url, const struct requests_options *options,
                   struct requests_error *error)
{
    const struct requests_auth *auth =
        options->auth.kind != REQUESTS_NO_AUTH ? &options->auth : &session->defaults.auth;

    if (requests_set_method(request, method, error) == -1 ||
        set_url(request, url, session->defaults.params, options->params, error) == -1 ||
        set_headers(request, &session->headers, options->headers, error) == -1 ||
        set_own_cookies(request, options->cookies, error) == -1)
        return -1;
    if (http_headers_get(&request->headers, "Cookie") == NULL &&
        requests_set_cookies(request, session->cookies, request->own_cookies, error) == -1)
        return -1;
    if (set_body(request, options, error) == -1)
        return -1;
    return set_auth(request, url, auth, error);
}

struct requests_prepared *requests_session_prepare(struct requests_session *session,
                                                   const char *method, const char *url,
                                                   const struct requests_options *options)
{
    static const struct requests_options NONE;
    struct requests_session *own = NULL;
    struct requests_prepared *request = NULL;

    if (options == NULL)
        options = &NONE;
    if (session == NULL)
        session = own = requests_session_make(&(struct requests_options){.error = options->error});
    if (session == NULL)
        return NULL;
    struct requests_error *error =
        options->error != NULL ? options->error : session->defaults.error;
    request = calloc(1, sizeof *request);
    if (request == NULL) {
        (void)requests_error_memory(error);
    } else if (prepare(session, request, method, url, options, error) == -1) {
        requests_prepared_free(request);
        request = NULL;
    }
    requests_session_free(own);
    return request;
}
