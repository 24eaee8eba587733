/*
 * bare_libcurl URL COUNT CONNECTIONS [anew]: gets URL so often, so many at once, with libcurl and
 * nothing else. It sends what the layer sends. Without anew it is the least that a client can do:
 * handles are set up once, each body is collected and thrown away, the status alone is looked at;
 * one at once goes through one handle, more go through a multi handle, and each begins again when
 * its transfer has ended. With anew it does by hand what whoever asks for different things has to
 * do, each request set up from the beginning and the fields of the answer kept, with a thread for
 * each connection.
 */
#include <curl/curl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"

static const char *url;
static atomic_long waiting; /* requests that no thread has begun */

struct transfer {
    CURL *curl;
    struct curl_slist *fields, *kept;
    struct buffer body;
    char words[CURL_ERROR_SIZE];
};

static size_t collect(char *bytes, size_t size, size_t count, void *context)
{
    struct buffer *body = context;
    return buffer_add(body, bytes, size * count) == 0 ? size * count : 0;
}

static size_t keep_field(char *bytes, size_t size, size_t count, void *context)
{
    struct curl_slist **kept = context;
    char line[1024];

    if (size * count >= sizeof line)
        return 0;
    memcpy(line, bytes, size * count);
    line[size * count] = '\0';
    struct curl_slist *longer = curl_slist_append(*kept, line);
    if (longer == NULL)
        return 0;
    *kept = longer;
    return size * count;
}

static struct curl_slist *make_fields(void)
{
    static const char *const LINES[] = {"User-Agent: bench/1", "Accept-Encoding: gzip, deflate, br",
                                        "Accept: */*", "Connection: keep-alive"};
    struct curl_slist *fields = NULL;

    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        struct curl_slist *longer = curl_slist_append(fields, LINES[i]);
        if (longer == NULL)
            die_errno("memory");
        fields = longer;
    }
    return fields;
}

static void begin(struct transfer *transfer)
{
    CURL *curl = transfer->curl != NULL ? transfer->curl : curl_easy_init();

    transfer->curl = curl;
    transfer->fields = make_fields();
    if (curl == NULL || curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->fields) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "") != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->words) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer->body) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 30000L) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30000L) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_PRIVATE, transfer) != CURLE_OK)
        die("no handle");
}

/* Looks at what came, and throws it away. */
static void take(struct transfer *transfer, CURLcode code)
{
    long status = 0;

    if (code != CURLE_OK ||
        curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
        die("%s", curl_easy_strerror(code));
    if (status != 200 || transfer->body.length == 0)
        die("status %ld, %zu bytes", status, transfer->body.length);
    buffer_free(&transfer->body);
}

/* Takes what has ended; each begins again while there is something left to do. */
static void take_ended(CURLM *multi, long *left)
{
    CURLMsg *message;
    int queued;

    while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
        CURL *curl = message->easy_handle;
        CURLcode code = message->data.result; /* the message goes with its handle */
        struct transfer *transfer = NULL;
        if (curl_easy_getinfo(curl, CURLINFO_PRIVATE, &transfer) != CURLE_OK)
            die("a transfer of nobody");
        take(transfer, code);
        if (curl_multi_remove_handle(multi, curl) != CURLM_OK ||
            (*left > 0 && curl_multi_add_handle(multi, curl) != CURLM_OK))
            die("the multi handle refuses");
        *left -= *left > 0;
    }
}

static void many(struct transfer *transfers, size_t connections, long count)
{
    CURLM *multi = curl_multi_init();
    int running = 1;
    long left = count;

    if (multi == NULL ||
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections) != CURLM_OK)
        die("no multi handle");
    for (size_t i = 0; i < connections && left > 0; i++, left--)
        if (curl_multi_add_handle(multi, transfers[i].curl) != CURLM_OK)
            die("the multi handle refuses");
    while (running > 0) {
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            die("the multi handle fails");
        long before = left;
        take_ended(multi, &left);
        running += before != left; /* some have begun again */
        if (running > 0 && before == left &&
            curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK)
            die("poll");
    }
    (void)curl_multi_cleanup(multi); /* nothing is left in it */
}

static void *run_thread(void *transfer)
{
    struct transfer *own = transfer;

    while (atomic_fetch_sub(&waiting, 1) > 0) {
        curl_easy_reset(own->curl); /* the connection stays */
        curl_slist_free_all(own->fields);
        begin(own);
        if (curl_easy_setopt(own->curl, CURLOPT_HEADERFUNCTION, keep_field) != CURLE_OK ||
            curl_easy_setopt(own->curl, CURLOPT_HEADERDATA, &own->kept) != CURLE_OK)
            die("no handle");
        take(own, curl_easy_perform(own->curl));
        curl_slist_free_all(own->kept);
        own->kept = NULL;
    }
    return NULL;
}

/* One after the other in each thread; the first thread is this one. */
static void in_threads(struct transfer *transfers, long connections, long count)
{
    pthread_t *threads = calloc((size_t)connections, sizeof *threads);

    if (threads == NULL)
        die_errno("memory");
    atomic_init(&waiting, count);
    for (long i = 1; i < connections; i++)
        if (pthread_create(&threads[i], NULL, run_thread, &transfers[i]) != 0)
            die("no thread");
    (void)run_thread(transfers); /* it returns nothing */
    for (long i = 1; i < connections; i++)
        if (pthread_join(threads[i], NULL) != 0)
            die("a thread is lost");
    free(threads);
}

int main(int argc, char **argv)
{
    bool anew = argc == 5 && strcmp(argv[4], "anew") == 0;
    long count, connections;

    if (argc != (anew ? 5 : 4) || !number_parse(argv[2], 1, INT_MAX, &count) ||
        !number_parse(argv[3], 1, 10000, &connections))
        die_usage("URL COUNT CONNECTIONS [anew]");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl");
    url = argv[1];
    struct transfer *transfers = calloc((size_t)connections, sizeof *transfers);
    if (transfers == NULL)
        die_errno("memory");
    for (long i = 0; i < connections; i++)
        begin(&transfers[i]);
    if (anew)
        in_threads(transfers, connections, count);
    for (long i = 0; i < count && !anew && connections == 1; i++)
        take(transfers, curl_easy_perform(transfers->curl));
    if (!anew && connections > 1)
        many(transfers, (size_t)connections, count);
    for (long i = 0; i < connections; i++) {
        curl_easy_cleanup(transfers[i].curl);
        curl_slist_free_all(transfers[i].fields);
    }
    free(transfers);
    curl_global_cleanup();
    return 0;
}
