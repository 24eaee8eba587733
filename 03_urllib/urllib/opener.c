#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "urllib/internal.h"

struct url_opener {
    struct url_handler *first; /* in the order of their numbers */
};

/* ---- the chain ------------------------------------------------------------------------------ */

static bool is_asked(const struct url_handler *handler, const struct url_request *request)
{
    const struct url_part *scheme = &request->url_parts.scheme;

    if (handler->schemes == NULL)
        return true;
    for (const char *const *s = handler->schemes; *s != NULL; s++)
        if (http_same_text(scheme->text, scheme->length, *s, strlen(*s)))
            return true;
    return false;
}

/* 1. Every handler may change the request. */
static int prepare(struct url_request *request, struct url_error *error)
{
    for (struct url_handler *h = request->opener->first; h != NULL; h = h->next)
        if (h->before != NULL && is_asked(h, request) && h->before(h, request, error) == -1)
            return -1;
    return 0;
}

/* 2. One of them opens it. */
static struct url_response *open_first(struct url_request *request, struct url_error *error)
{
    for (struct url_handler *h = request->opener->first; h != NULL; h = h->next) {
        if (h->open == NULL || !is_asked(h, request))
            continue;
        struct url_response *response = h->open(h, request, error);
        if (response != NULL || error->failure != URL_OK)
            return response;
    }
    (void)url_error_set(error, URL_UNKNOWN_SCHEME, 0, "unknown url type: %.*s",
                        URL_PRINT(request->url_parts.scheme));
    return NULL;
}

/* 3. Every handler sees the response, and may put another in its place. */
static struct url_response *hand_up(struct url_request *request, struct url_response *response,
                                    struct url_error *error)
{
    for (struct url_handler *h = request->opener->first; h != NULL && response != NULL; h = h->next)
        if (h->after != NULL && is_asked(h, request))
            response = h->after(h, request, response, error);
    return response;
}

struct url_response *url_opener_again(struct url_request *request, struct url_error *error)
{
    /* [again] */
    if (prepare(request, error) == -1)
        return NULL;
    struct url_response *response = open_first(request, error);
    if (response == NULL)
        return NULL;
    response->redirects = request->redirects;
    return hand_up(request, response, error);
    /* [/again] */
}

struct url_response *url_opener_open(struct url_opener *opener, const char *url,
                                     const struct url_options *options, struct url_error *error)
{
    struct url_error nobody_asks = {0};
    struct url_error *why = error != NULL ? error : &nobody_asks;
    struct url_response *response = NULL;
    struct url_request request;

    url_error_clear(why);
    if (url_request_begin(&request, opener, url, options, why) == 0) {
        response = url_opener_again(&request, why);
        url_request_end(&request);
    }
    url_error_clear(&nobody_asks);
    return response;
}

/* ---- openers -------------------------------------------------------------------------------- */

struct url_opener *url_opener_new(void)
{
    struct url_opener *opener = calloc(1, sizeof *opener);

    if (opener == NULL)
        return NULL;
    struct url_handler *const usual[] = {
        url_proxy_handler(url_environment_proxy("http"), url_environment_proxy("https"),
                          url_environment_proxy("no")),
        url_http_handler(),
        url_https_handler(NULL),
        url_file_handler(),
        url_data_handler(),
        url_redirect_handler(0, NULL, NULL),
        url_error_handler(),
    };
    bool complete = true;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        complete &= url_opener_add(opener, usual[i]) == 0;
    if (complete)
        return opener;
    url_opener_free(opener);
    return NULL;
}

static void free_handler(struct url_handler *handler)
{
    if (handler->free != NULL)
        handler->free(handler);
}

void url_opener_free(struct url_opener *opener)
{
    if (opener == NULL)
        return;
    for (struct url_handler *h = opener->first, *next; h != NULL; h = next) {
        next = h->next;
        free_handler(h);
    }
    free(opener);
}

int url_opener_add(struct url_opener *opener, struct url_handler *handler)
{
    struct url_handler **at = &opener->first;

    if (handler == NULL)
        return -1;
    while (*at != NULL && strcmp((*at)->name, handler->name) != 0)
        at = &(*at)->next;
    struct url_handler *old = *at;
    if (old != NULL) {
        *at = old->next;
        free_handler(old);
    }
    at = &opener->first;
    while (*at != NULL && (*at)->order <= handler->order)
        at = &(*at)->next;
    handler->next = *at;
    *at = handler;
    return 0;
}

/* ---- the one that everybody uses ------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct url_opener *installed; /* the caller's */
static struct url_opener *usual;     /* ours */

static struct url_opener *current_opener(void)
{
    (void)pthread_mutex_lock(&lock); /* can fail only if it is no mutex */
    if (installed == NULL && usual == NULL)
        usual = url_opener_new();
    struct url_opener *opener = installed != NULL ? installed : usual;
    (void)pthread_mutex_unlock(&lock);
    return opener;
}

struct url_response *url_open(const char *url, const struct url_options *options,
                              struct url_error *error)
{
    struct url_opener *opener = current_opener();

    if (opener == NULL) {
        (void)url_error_memory(error); /* returns -1 always */
        return NULL;
    }
    return url_opener_open(opener, url, options, error);
}

void url_install_opener(struct url_opener *opener)
{
    (void)pthread_mutex_lock(&lock); /* as above */
    installed = opener;
    if (opener == NULL) {
        url_opener_free(usual);
        usual = NULL;
    }
    (void)pthread_mutex_unlock(&lock);
}
