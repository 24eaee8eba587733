/* Sessions: what outlives a request. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "requests/internal.h"

struct requests_options requests_merge(const struct requests_options *a,
                                       const struct requests_options *b)
{
    struct requests_options both = *a;

#define CHOOSE(field) (both.field = a->field != 0 ? a->field : b->field)
    CHOOSE(timeout_s);
    CHOOSE(connect_timeout_s);
    CHOOSE(total_timeout_s);
    CHOOSE(allow_redirects);
    CHOOSE(max_redirects);
    CHOOSE(verify);
    CHOOSE(insecure);
    CHOOSE(pin);
    CHOOSE(proxies.http);
    CHOOSE(proxies.https);
    CHOOSE(proxies.no_proxy);
    CHOOSE(trust_env);
    CHOOSE(retry);
    CHOOSE(limit);
    CHOOSE(error);
#undef CHOOSE
    if (a->cert == NULL) {
        both.cert = b->cert;
        both.key = b->key;
    }
    if (a->stream == NULL) {
        both.stream = b->stream;
        both.stream_context = b->stream_context;
    }
    if (a->hooks.request == NULL && a->hooks.response == NULL)
        both.hooks = b->hooks;
    return both;
}

/* What requests sends by itself, with our own name. */
static int set_usual(struct http_headers *headers)
{
    if (http_headers_add(headers, "User-Agent", "workbook-requests/1.0") == -1 ||
        http_headers_add(headers, "Accept-Encoding", "gzip, deflate, br") == -1)
        return -1;
    return http_headers_add(headers, "Accept", "*/*");
}

static int set_defaults(struct requests_session *session, const struct requests_options *options,
                        struct requests_error *error)
{
    session->cookies = http_jar_new(NULL);
    session->transport = calloc(1, sizeof *session->transport);
    if (session->cookies == NULL || session->transport == NULL ||
        set_usual(&session->headers) == -1)
        return requests_error_memory(error);
    if (options == NULL)
        return 0;
    session->defaults = *options;
    session->defaults.headers = NULL;
    session->defaults.cookies = NULL;
    for (const struct requests_pair *at = options->headers; at != NULL && at->name != NULL; at++) {
        if (at->value == NULL)
            (void)http_headers_remove(&session->headers, at->name); /* how many does not matter */
        else if (http_headers_set(&session->headers, at->name, at->value) == -1)
            return requests_error_set(error, REQUESTS_INVALID_HEADER, "header \"%.60s\"", at->name);
    }
    return 0;
}

struct requests_session *requests_session_make(const struct requests_options *options)
{
    struct requests_error *error = options == NULL ? NULL : options->error;
    struct requests_session *session = calloc(1, sizeof *session);

    /* Counted, and safe among threads: curl_global_init(3). So nobody has to think of it. */
    if (session == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)requests_error_memory(error);
        free(session);
        return NULL;
    }
    if (set_defaults(session, options, error) == 0)
        return session;
    requests_session_free(session);
    return NULL;
}

void requests_session_free(struct requests_session *session)
{
    if (session == NULL)
        return;
    struct requests_transport *transport = session->transport;
    if (transport != NULL) {
        curl_easy_cleanup(transport->easy);
        if (transport->multi != NULL)
            (void)curl_multi_cleanup(transport->multi); /* fails for a bad handle alone */
        for (size_t i = 0; i < transport->mount_count; i++)
            free(transport->mounts[i].prefix);
        free(transport->mounts);
        free(transport);
    }
    http_headers_free(&session->headers);
    http_jar_free(session->cookies);
    free(session);
    curl_global_cleanup();
}

int requests_mount(struct requests_session *session, const char *prefix,
                   const struct requests_adapter *adapter)
{
    struct requests_transport *transport = session->transport;

    for (size_t i = 0; i < transport->mount_count; i++) {
        if (strcasecmp(transport->mounts[i].prefix, prefix) == 0) {
            transport->mounts[i].adapter = *adapter;
            return 0;
        }
    }
    struct requests_mount *longer =
        realloc(transport->mounts, (transport->mount_count + 1) * sizeof *longer);
    if (longer == NULL)
        return -1;
    transport->mounts = longer;
    char *copy = strdup(prefix);
    if (copy == NULL)
        return -1;
    longer[transport->mount_count++] = (struct requests_mount){.prefix = copy, .adapter = *adapter};
    return 0;
}

const struct requests_adapter *requests_get_adapter(const struct requests_session *session,
                                                    const char *url)
{
    const struct requests_transport *transport = session->transport;
    const struct requests_adapter *best = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < transport->mount_count; i++) {
        const struct requests_mount *mount = &transport->mounts[i];
        size_t length = strlen(mount->prefix);
        if (strncasecmp(url, mount->prefix, length) == 0 && (best == NULL || length > longest)) {
            best = &mount->adapter;
            longest = length;
        }
    }
    return best;
}
