/*
 * Does what a JSON document on standard input says, with one session of the layer, and writes what
 * came of each call as JSON: requests.t has Python's requests do the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/requests.h"

enum { MOST = 16 };

/* The lists of a call, which options point into. */
struct lists {
    struct requests_pair params[MOST], headers[MOST], cookies[MOST], form[MOST];
    struct requests_file files[MOST];
    struct requests_retry retry;
    int statuses[MOST];
};

static const char *text_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)); /* NULL: none */
}

static double number_of(json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* [["name", "value"], …] */
static const struct requests_pair *read_pairs(json_t *list, struct requests_pair *pairs)
{
    size_t i;
    json_t *item;

    if (list == NULL)
        return NULL;
    json_array_foreach(list, i, item)
    {
        if (i + 1 >= MOST)
            die("too many pairs");
        pairs[i].name = json_string_value(json_array_get(item, 0));
        pairs[i].value = json_string_value(json_array_get(item, 1));
    }
    return pairs;
}

static const struct requests_file *read_files(json_t *list, struct requests_file *files)
{
    size_t i;
    json_t *item;

    if (list == NULL)
        return NULL;
    json_array_foreach(list, i, item)
    {
        if (i + 1 >= MOST)
            die("too many files");
        files[i] =
            (struct requests_file){.name = text_of(item, "name"),
                                   .path = text_of(item, "path"),
                                   .data = text_of(item, "data"),
                                   .length = json_string_length(json_object_get(item, "data")),
                                   .filename = text_of(item, "filename"),
                                   .type = text_of(item, "type")};
    }
    return files;
}

static int sign(struct requests_prepared *request, void *context, struct requests_error *error)
{
    if (http_headers_set(&request->headers, "X-Signature", context) == 0)
        return 0;
    return requests_error_set(error, REQUESTS_INVALID_HEADER, "no signature");
}

static int refuse(struct requests_response *response, void *context, struct requests_error *error)
{
    (void)context;
    return response->status == 418 ? requests_error_set(error, REQUESTS_STOPPED, "a teapot") : 0;
}

static struct requests_auth read_auth(json_t *auth)
{
    const char *kind = json_string_value(json_array_get(auth, 0));
    const char *user = json_string_value(json_array_get(auth, 1));
    const char *secret = json_string_value(json_array_get(auth, 2));

    if (kind == NULL)
        return (struct requests_auth){.kind = REQUESTS_NO_AUTH};
    if (strcmp(kind, "basic") == 0)
        return requests_basic_auth(user, secret);
    if (strcmp(kind, "digest") == 0)
        return requests_digest_auth(user, secret);
    if (strcmp(kind, "bearer") == 0)
        return requests_bearer_auth(user);
    return requests_custom_auth(sign, (char *)user); /* sign() reads it alone */
}

static const struct requests_retry *read_retry(json_t *said, struct lists *lists)
{
    size_t i;
    json_t *item;

    if (said == NULL)
        return NULL;
    lists->retry = (struct requests_retry){
        .total = (int)number_of(said, "total"),
        .backoff_s = number_of(said, "backoff"),
        .backoff_max_s = number_of(said, "most"),
        .budget_s = number_of(said, "budget"),
        .any_method = json_is_true(json_object_get(said, "any_method")),
        .return_last = json_is_true(json_object_get(said, "return_last")),
        .no_retry_after = json_is_true(json_object_get(said, "no_retry_after")),
    };
    json_array_foreach(json_object_get(said, "statuses"), i, item)
    {
        lists->statuses[i] = (int)json_integer_value(item);
        lists->retry.statuses = lists->statuses;
    }
    return &lists->retry;
}

static enum requests_choice read_choice(json_t *said, const char *key)
{
    json_t *value = json_object_get(said, key);

    return value == NULL ? REQUESTS_DEFAULT : json_is_true(value) ? REQUESTS_YES : REQUESTS_NO;
}

/* Three pieces and the end. */
static ptrdiff_t upload(void *context, char *room, size_t size)
{
    int *left = context;

    if (*left == 0 || size < 5)
        return 0;
    (*left)--;
    memcpy(room, "piece", 5); /* NOLINT(bugprone-not-null-terminated-result): bytes, no text */
    return 5;
}

static int keep(void *context, const struct requests_response *response, const char *bytes,
                size_t length)
{
    (void)response;
    return buffer_add(context, bytes, length);
}

static void read_options(json_t *said, struct lists *lists, struct requests_options *options)
{
    json_t *proxies = json_object_get(said, "proxies");

    *options = (struct requests_options){
        .params = read_pairs(json_object_get(said, "params"), lists->params),
        .headers = read_pairs(json_object_get(said, "headers"), lists->headers),
        .cookies = read_pairs(json_object_get(said, "cookies"), lists->cookies),
        .form = read_pairs(json_object_get(said, "form"), lists->form),
        .data = text_of(said, "data"),
        .json = json_object_get(said, "json"),
        .files = read_files(json_object_get(said, "files"), lists->files),
        .auth = read_auth(json_object_get(said, "auth")),
        .timeout_s = number_of(said, "timeout"),
        .connect_timeout_s = number_of(said, "connect_timeout"),
        .total_timeout_s = number_of(said, "total_timeout"),
        .allow_redirects = read_choice(said, "allow_redirects"),
        .trust_env = read_choice(said, "trust_env"),
        .max_redirects = (int)number_of(said, "max_redirects"),
        .verify = text_of(said, "verify"),
        .insecure = json_is_true(json_object_get(said, "insecure")),
        .cert = text_of(said, "cert"),
        .key = text_of(said, "key"),
        .proxies = {.http = text_of(proxies, "http"),
                    .https = text_of(proxies, "https"),
                    .no_proxy = text_of(proxies, "no_proxy")},
        .limit = (size_t)number_of(said, "limit"),
        .retry = read_retry(json_object_get(said, "retry"), lists),
    };
    if (text_of(said, "sign") != NULL) {
        options->hooks.request = sign;
        options->hooks.context = (char *)text_of(said, "sign"); /* sign() reads it alone */
    }
    if (json_is_true(json_object_get(said, "refuse")))
        options->hooks.response = refuse;
}

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) == -1)
        die("no memory for %s", key);
}

/* Text as JSON takes it; null for what is none. */
static json_t *words(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

static json_t *links_of(struct requests_response *response)
{
    size_t count = 0;
    const struct requests_link *links = requests_links(response, &count);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *item = json_object();
        put(item, "url", words(links[i].url));
        for (size_t j = 0; j < links[i].params.count; j++)
            put(item, links[i].params.fields[j].name, words(links[i].params.fields[j].value));
        if (json_array_append_new(list, item) == -1)
            die("no memory");
    }
    return list;
}

static json_t *describe(struct requests_response *response, const struct buffer *streamed)
{
    json_t *out = json_object(), *history = json_array(), *cookies = json_object();
    const struct http_jar_cookie *cookie = NULL;
    size_t length = 0;

    for (size_t i = 0; i < response->history_count; i++) {
        if (json_array_append_new(history, json_integer(response->history[i]->status)) == -1)
            die("no memory");
    }
    while ((cookie = http_jar_next(response->cookies, cookie)) != NULL)
        put(cookies, cookie->name, words(cookie->value));
    put(out, "status", json_integer(response->status));
    put(out, "reason", words(response->reason));
    put(out, "url", words(response->url));
    put(out, "history", history);
    put(out, "cookies", cookies);
    put(out, "links", links_of(response));
    put(out, "next", words(requests_link(response, "next")));
    put(out, "encoding", words(requests_encoding(response)));
    put(out, "apparent", words(requests_apparent_encoding(response)));
    const char *text = requests_text(response, &length);
    put(out, "text", json_stringn(text == NULL ? "" : text, length));
    put(out, "length", json_integer((json_int_t)response->body.length));
    put(out, "streamed", json_stringn(buffer_text(streamed), streamed->length));
    put(out, "tries", json_integer(response->tries));
    put(out, "connections", json_integer(response->connections));
    put(out, "elapsed", json_real(response->elapsed_s));
    json_t *parsed = requests_json(response, NULL);
    put(out, "json", parsed == NULL ? json_null() : parsed);
    struct requests_error error = {0};
    if (requests_raise_for_status(response, &error) == -1)
        put(out, "raised", words(error.text));
    return out;
}

static json_t *call(struct requests_session *session, json_t *said)
{
    struct lists lists = {0};
    struct requests_options options;
    struct requests_error error = {0};
    struct buffer streamed = {0};
    int pieces = 3;
    struct requests_response *response = NULL;
    json_t *out;

    read_options(said, &lists, &options);
    options.error = &error;
    if (json_is_true(json_object_get(said, "upload")))
        options.upload = (struct requests_upload){.read = upload, .context = &pieces};
    if (json_is_true(json_object_get(said, "stream"))) {
        options.stream = keep;
        options.stream_context = &streamed;
    }
    response =
        requests_session_request(session, text_of(said, "method"), text_of(said, "url"), &options);
    if (response != NULL) {
        out = describe(response, &streamed);
    } else {
        out = json_object();
        put(out, "failed", words(requests_failure_name(error.failure)));
        put(out, "words", words(error.text));
        put(out, "status", json_integer(error.status));
    }
    requests_response_free(response);
    buffer_free(&streamed);
    return out;
}

int main(void)
{
    json_error_t problem;
    json_t *script = json_loadf(stdin, 0, &problem);
    struct lists lists = {0};
    struct requests_options defaults;
    size_t i;
    json_t *said, *all = json_array();

    if (script == NULL)
        die("%s", problem.text);
    read_options(json_object_get(script, "session"), &lists, &defaults);
    struct requests_session *session = requests_session_make(&defaults);
    if (session == NULL)
        die("no session");
    json_t *mount = json_object_get(script, "mount");
    if (mount != NULL) {
        struct lists own = {0};
        struct requests_adapter adapter = {.timeout_s = number_of(mount, "timeout")};
        const struct requests_retry *retry = read_retry(json_object_get(mount, "retry"), &own);
        if (retry != NULL)
            adapter.retry = *retry;
        if (requests_mount(session, text_of(mount, "prefix"), &adapter) == -1)
            die("cannot mount");
    }
    json_array_foreach(json_object_get(script, "calls"), i, said)
    {
        if (json_array_append_new(all, call(session, said)) == -1)
            die("no memory");
    }
    if (json_dumpf(all, stdout, JSON_INDENT(1)) == -1)
        die("cannot write");
    requests_session_free(session);
    json_decref(all);
    json_decref(script);
    finish(EXIT_SUCCESS);
}
