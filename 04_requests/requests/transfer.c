/* One request and its answer, carried by libcurl. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "requests/easy.h"
#include "requests/internal.h"
#include "urllib/request.h"

enum { HEAD_LIMIT = 256 * 1024, FIELD_LIMIT = 1000 }; /* of a response */

/* A transfer under way. */
struct transfer {
    CURL *curl;
    const struct requests_prepared *request;
    const struct requests_options *options;
    struct requests_response *response;
    struct requests_error *error; /* never NULL; set by a callback that ends it */
    struct curl_slist *fields;
    curl_mime *mime;
    int64_t begun; /* in now_ms() */
    size_t head_bytes;
    bool head_ended, body_begun;
    bool by_proxy;
    char detail[CURL_ERROR_SIZE];
};

/* ---- what comes ---- */

/* "HTTP/1.1 404 Not Found" begins an answer; those before it (100, a 401 that libcurl answers) are
 * forgotten. */
static int begin_answer(struct requests_response *response, const char *line, size_t length)
{
    const char *end = line + length, *at = memchr(line, ' ', length);
    char digits[4] = "";

    http_headers_free(&response->headers);
    free(response->reason);
    if (at != NULL && end - at >= 4)
        memcpy(digits, at + 1, 3);
    response->status = (int)strtol(digits, NULL, 10);
    at = at != NULL && end - at > 5 ? at + 5 : end;
    response->reason = strndup(at, (size_t)(end - at));
    return response->reason == NULL ? -1 : 0;
}

static int add_field(struct http_headers *headers, const char *line, size_t length)
{
    struct http_field field = {0};

    if (http_field_split(line, length, &field) != NULL)
        return 0; /* no field: libcurl let it through, and nobody can ask for it */
    char *name = strndup(line + field.name_at, field.name_length);
    char *value = strndup(line + field.value_at, field.value_length);
    int result = name == NULL || value == NULL ? -1 : http_headers_add(headers, name, value);
    free(name);
    free(value);
    return result;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct requests_response *response = transfer->response;
    size_t whole = size * count, length = whole;

    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    transfer->head_bytes += whole;
    if (transfer->head_bytes > HEAD_LIMIT || response->headers.count >= FIELD_LIMIT) {
        (void)requests_error_set(transfer->error, REQUESTS_TOO_LARGE, "too many header fields");
        return 0;
    }
    if (transfer->body_begun)
        return whole; /* a trailer field */
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        transfer->head_ended = false;
        if (begin_answer(response, line, length) == -1)
            return 0;
    } else if (length == 0) {
        response->elapsed_s = (double)(now_ms() - transfer->begun) / 1000;
        transfer->head_ended = response->status >= 200;
    } else if (add_field(&response->headers, line, length) == -1) {
        (void)requests_error_memory(transfer->error);
        return 0;
    }
    return whole;
}

/* Whether this is the answer that the caller will have. */
static bool is_last(const struct transfer *transfer)
{
    const struct requests_options *options = transfer->options;
    const struct requests_response *response = transfer->response;

    if (options->allow_redirects == REQUESTS_YES && requests_is_redirect(response))
        return false;
    return options->retry->total == 0 ||
           !requests_is_retry_status(options->retry, transfer->request->method, response->status);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct requests_options *options = transfer->options;
    struct buffer *body = &transfer->response->body;
    size_t length = size * count;

    transfer->body_begun = true;
    if (options->stream != NULL && is_last(transfer)) {
        if (options->stream(options->stream_context, transfer->response, bytes, length) == 0)
            return length;
        (void)requests_error_set(transfer->error, REQUESTS_STOPPED, "the caller wants no more");
        return 0;
    }
    if (length > options->limit - body->length) {
        (void)requests_error_set(transfer->error, REQUESTS_TOO_LARGE,
                                 "the body is larger than the limit of %zu bytes", options->limit);
        return 0;
    }
    return buffer_add(body, bytes, length) == 0 ? length : 0;
}

/* ---- what goes ---- */

static size_t on_upload(char *room, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct requests_upload *upload = &transfer->request->upload;
    ptrdiff_t length = upload->read(upload->context, room, size * count);

    if (length >= 0)
        return (size_t)length;
    (void)requests_error_set(transfer->error, REQUESTS_STOPPED, "the upload gave up");
    return CURL_READFUNC_ABORT;
}

static CURLcode add_part(curl_mimepart *part, const struct requests_file *file)
{
    const char *filename = file->filename;
    CURLcode code = curl_mime_name(part, file->name);

    if (code == CURLE_OK && file->path != NULL)
        code = curl_mime_filedata(part, file->path);
    else if (code == CURLE_OK)
        code = curl_mime_data(part, file->data == NULL ? "" : file->data, file->length);
    if (code == CURLE_OK && filename != NULL)
        code = curl_mime_filename(part, filename);
    if (code == CURLE_OK && file->type != NULL)
        code = curl_mime_type(part, file->type);
    return code;
}

/* A form with files: first its fields, then the files, as Python has it. */
static CURLcode set_parts(struct transfer *transfer)
{
    const struct requests_prepared *request = transfer->request;
    CURLcode code = CURLE_OK;

    transfer->mime = curl_mime_init(transfer->curl);
    if (transfer->mime == NULL)
        return CURLE_OUT_OF_MEMORY;
    for (const struct requests_pair *at = request->form;
         code == CURLE_OK && at != NULL && at->name != NULL; at++) {
        curl_mimepart *part = curl_mime_addpart(transfer->mime);
        code = part == NULL ? CURLE_OUT_OF_MEMORY : curl_mime_name(part, at->name);
        if (code == CURLE_OK)
            code = curl_mime_data(part, at->value == NULL ? "" : at->value, CURL_ZERO_TERMINATED);
    }
    for (const struct requests_file *at = request->files; code == CURLE_OK && at->name != NULL;
         at++) {
        curl_mimepart *part = curl_mime_addpart(transfer->mime);
        code = part == NULL ? CURLE_OUT_OF_MEMORY : add_part(part, at);
    }
    return easy_set(code, transfer->curl, CURLOPT_MIMEPOST, transfer->mime);
}

static CURLcode set_body(struct transfer *transfer)
{
    const struct requests_prepared *request = transfer->request;
    CURL *curl = transfer->curl;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    CURLcode code = CURLE_OK;

    if (is_head)
        return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L); /* else it would wait for a body */
    if (request->files != NULL) {
        code = set_parts(transfer);
    } else if (request->upload.read != NULL) {
        int64_t length = request->upload.length;
        easy_set(code, curl, CURLOPT_UPLOAD, 1L);
        easy_set(code, curl, CURLOPT_READFUNCTION, on_upload);
        easy_set(code, curl, CURLOPT_READDATA, transfer);
        easy_set(code, curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(length > 0 ? length : -1));
    } else if (request->has_body || strcmp(request->method, "GET") != 0) {
        /* Without a body it says Content-Length: 0, as Python does. */
        easy_set(code, curl, CURLOPT_POSTFIELDS, buffer_text(&request->body));
        easy_set(code, curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    }
    return easy_set(code, curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/* The fields of the request, and no others: what libcurl would add by itself is taken out by a name
 * without a value. Source: CURLOPT_HTTPHEADER(3). */
static CURLcode set_fields(struct transfer *transfer)
{
    static const char *const OWN[] = {"Accept",       "Accept-Encoding", "User-Agent",
                                      "Content-Type", "Expect",          "Proxy-Connection"};
    const struct http_headers *headers = &transfer->request->headers;
    struct buffer line = {0};
    int result = 0;

    for (size_t i = 0; result == 0 && i < headers->count; i++) {
        const struct http_field *field = &headers->fields[i];
        bool empty = *field->value == '\0';
        if (strcasecmp(field->name, "Content-Length") == 0)
            continue; /* libcurl counts */
        line.length = 0;
        if (buffer_add(&line, field->name, strlen(field->name)) == -1 ||
            buffer_add(&line, empty ? ";" : ": ", empty ? 1 : 2) == -1 ||
            buffer_add(&line, field->value, strlen(field->value)) == -1 ||
            easy_append(&transfer->fields, line.data) == -1)
            result = -1;
    }
    for (size_t i = 0; result == 0 && i < sizeof OWN / sizeof OWN[0]; i++) {
        bool is_type = strcmp(OWN[i], "Content-Type") == 0;
        if (http_headers_get(headers, OWN[i]) != NULL || (is_type && transfer->mime != NULL))
            continue;
        line.length = 0;
        result = buffer_print(&line, "%s:", OWN[i]);
        if (result == 0)
            result = easy_append(&transfer->fields, line.data);
    }
    buffer_free(&line);
    if (result == -1)
        return CURLE_OUT_OF_MEMORY;
    return curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->fields);
}

/* ---- how ---- */

static const char *from_environment(const struct requests_options *options, const char *name)
{
    const char *value = options->trust_env == REQUESTS_YES ? getenv(name) : NULL;

    return value != NULL && *value != '\0' ? value : NULL;
}

static CURLcode set_tls(struct transfer *transfer)
{
    const struct requests_options *options = transfer->options;
    const char *verify = options->verify;
    CURL *curl = transfer->curl;
    struct stat status;
    CURLcode code = CURLE_OK;

    if (verify == NULL)
        verify = from_environment(options, "REQUESTS_CA_BUNDLE");
    if (verify == NULL)
        verify = from_environment(options, "CURL_CA_BUNDLE");
    if (verify != NULL) { /* in place of the system's, not beside them */
        bool folder = stat(verify, &status) == 0 && S_ISDIR(status.st_mode);
        easy_set(code, curl, CURLOPT_CAINFO, folder ? NULL : verify);
        easy_set(code, curl, CURLOPT_CAPATH, folder ? verify : NULL);
    }
    easy_set(code, curl, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
    easy_set(code, curl, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
    easy_set(code, curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->cert != NULL) {
        easy_set(code, curl, CURLOPT_SSLCERT, options->cert);
        easy_set(code, curl, CURLOPT_SSLKEY, options->key != NULL ? options->key : options->cert);
    }
    if (options->pin != NULL)
        easy_set(code, curl, CURLOPT_PINNEDPUBLICKEY, options->pin);
    return code;
}

/* The proxy for a URL; "" for none. What libcurl reads of the environment by itself is not used:
 * Python reads it in another way. */
static const char *choose_proxy(const struct requests_options *options, const char *url)
{
    struct requests_parts parts;
    const struct requests_proxies *said = &options->proxies;
    char host[256];

    if (requests_split(url, &parts, NULL) == -1 || parts.netloc.host.length >= sizeof host)
        return "";
    memcpy(host, parts.netloc.host.text, parts.netloc.host.length);
    host[parts.netloc.host.length] = '\0';
    const char *proxy = parts.secure ? said->https : said->http;
    const char *not_for = said->no_proxy;
    if (proxy == NULL && options->trust_env == REQUESTS_YES) {
        proxy = url_environment_proxy(parts.secure ? "https" : "http");
        if (proxy == NULL)
            proxy = url_environment_proxy("all");
        if (not_for == NULL)
            not_for = url_environment_proxy("no");
    }
    if (proxy == NULL || (not_for != NULL && url_proxy_bypassed(not_for, host, parts.port)))
        return "";
    return proxy;
}

static CURLcode set_auth(struct transfer *transfer)
{
    const struct requests_options *options = transfer->options;
    const struct requests_auth *auth = &transfer->request->auth;
    const char *netrc = from_environment(options, "NETRC");
    CURL *curl = transfer->curl;
    CURLcode code = CURLE_OK;

    if (auth->kind == REQUESTS_DIGEST) {
        easy_set(code, curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
        easy_set(code, curl, CURLOPT_USERNAME, auth->user);
        easy_set(code, curl, CURLOPT_PASSWORD, auth->secret);
    } else if (options->trust_env == REQUESTS_YES && auth->kind == REQUESTS_NO_AUTH &&
               http_headers_get(&transfer->request->headers, "Authorization") == NULL) {
        easy_set(code, curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
        if (netrc != NULL)
            easy_set(code, curl, CURLOPT_NETRC_FILE, netrc);
    }
    return code;
}

/* Seconds as libcurl wants them; without an end it is 24 days. */
static long milliseconds(double seconds)
{
    if (seconds < 0 || seconds > INT_MAX / 1000.0)
        return INT_MAX;
    return seconds * 1000 < 1 ? 1 : (long)(seconds * 1000);
}

static CURLcode set_up(struct transfer *transfer)
{
    const struct requests_options *options = transfer->options;
    const char *proxy = choose_proxy(options, transfer->request->url);
    CURL *curl = transfer->curl;
    CURLcode code = CURLE_OK;

    transfer->by_proxy = *proxy != '\0';
    easy_set(code, curl, CURLOPT_ERRORBUFFER, transfer->detail);
    easy_set(code, curl, CURLOPT_URL, transfer->request->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    easy_set(code, curl, CURLOPT_NOSIGNAL, 1L);        /* other threads may run */
    easy_set(code, curl, CURLOPT_ACCEPT_ENCODING, ""); /* decode; which are asked for the field
                                                          Accept-Encoding says */
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options->connect_timeout_s));
    if (options->total_timeout_s > 0)
        easy_set(code, curl, CURLOPT_TIMEOUT_MS, milliseconds(options->total_timeout_s));
    easy_set(code, curl, CURLOPT_PROXY, proxy);
    easy_set(code, curl, CURLOPT_NOPROXY, "");
    easy_set(code, curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    easy_set(code, curl, CURLOPT_HEADERFUNCTION, on_header);
    easy_set(code, curl, CURLOPT_HEADERDATA, transfer);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, on_body);
    easy_set(code, curl, CURLOPT_WRITEDATA, transfer);
    if (code == CURLE_OK)
        code = set_body(transfer);
    if (code == CURLE_OK)
        code = set_fields(transfer);
    if (code == CURLE_OK && strncasecmp(transfer->request->url, "https:", 6) == 0)
        code = set_tls(transfer);
    return code == CURLE_OK ? set_auth(transfer) : code;
}

/* ---- the time ---- */

/* All that has moved so far, in bytes; 0 while it is not connected. */
static curl_off_t moved(CURL *curl)
{
    curl_off_t connected = 0, up = 0, down = 0;
    long head = 0, sent = 0;
    CURLcode code = CURLE_OK;

    easy_get(code, curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
    easy_get(code, curl, CURLINFO_SIZE_UPLOAD_T, &up);
    easy_get(code, curl, CURLINFO_SIZE_DOWNLOAD_T, &down);
    easy_get(code, curl, CURLINFO_HEADER_SIZE, &head);
    easy_get(code, curl, CURLINFO_REQUEST_SIZE, &sent);
    return code != CURLE_OK || connected == 0 ? 0 : 1 + up + down + head + sent;
}

/*
 * Performs it. Python's time-out is for each wait, and counts anew with each byte; libcurl has one
 * for the whole, and a lowest speed in seconds. So the loop is ours: libcurl does what can be done
 * at once, and it is watched whether anything moved.
 */
static CURLcode drive(CURLM *multi, CURL *curl, long wait_ms)
{
    int64_t last = now_ms();
    curl_off_t before = 0;
    int running = 1, left = 0;
    CURLMcode code = curl_multi_add_handle(multi, curl);
    CURLcode result = CURLE_OPERATION_TIMEDOUT;

    if (code != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    while ((code = curl_multi_perform(multi, &running)) == CURLM_OK && running > 0) {
        curl_off_t now = moved(curl);
        if (now != before || now == 0)
            last = now_ms();
        before = now;
        int64_t rest = last + wait_ms - now_ms();
        if (rest <= 0)
            break;
        code = curl_multi_poll(multi, NULL, 0, rest < 1000 ? (int)rest : 1000, NULL);
        if (code != CURLM_OK)
            break;
    }
    CURLMsg *message = curl_multi_info_read(multi, &left);
    if (message != NULL && message->msg == CURLMSG_DONE)
        result = message->data.result;
    else if (code != CURLM_OK)
        result = CURLE_OUT_OF_MEMORY;
    return curl_multi_remove_handle(multi, curl) == CURLM_OK ? result : CURLE_FAILED_INIT;
}

/* What went wrong, unless a function of ours has said it already. */
static void explain(struct transfer *transfer, CURLcode code)
{
    struct requests_error *error = transfer->error;

    if (error->failure != REQUESTS_OK)
        return;
    if (code == CURLE_OPERATION_TIMEDOUT && *transfer->detail == '\0') {
        (void)requests_error_set(error, REQUESTS_READ_TIMEOUT, "nothing came for %g seconds",
                                 transfer->options->timeout_s);
        error->code = code;
        return;
    }
    (void)requests_error_from(error, code, transfer->curl, transfer->detail);
    if (error->failure == REQUESTS_CONNECTION && transfer->head_ended)
        error->failure = REQUESTS_CHUNKED; /* the body broke off, by a reset or bad chunks */
    else if (error->failure == REQUESTS_CONNECTION && transfer->by_proxy &&
             moved(transfer->curl) == 0)
        error->failure = REQUESTS_PROXY; /* it is not there, or would not */
    if (error->failure == REQUESTS_STOPPED)
        error->failure = REQUESTS_NO_MEMORY; /* a function of ours failed, and for want of it */
}

static int begin(struct requests_transport *transport, struct requests_error *error)
{
    if (transport->multi == NULL)
        transport->multi = curl_multi_init();
    if (transport->easy == NULL)
        transport->easy = curl_easy_init();
    if (transport->multi == NULL || transport->easy == NULL)
        return requests_error_memory(error);
    return 0; /* the handle is as it was made: the last transfer has reset it */
}

struct requests_response *requests_transfer(struct requests_transport *transport,
                                            const struct requests_prepared *request,
                                            const struct requests_options *options,
                                            struct requests_error *error)
{
    struct requests_response *response = calloc(1, sizeof *response);

    if (response == NULL || begin(transport, error) == -1) {
        (void)requests_error_memory(error);
        requests_response_free(response);
        return NULL;
    }
    struct transfer transfer = {.curl = transport->easy,
                                .request = request,
                                .options = options,
                                .response = response,
                                .error = error,
                                .begun = now_ms()};
    *error = (struct requests_error){0};
    CURLcode code = set_up(&transfer);
    if (code == CURLE_OK)
        code = drive(transport->multi, transfer.curl, milliseconds(options->timeout_s));
    long connections = 0;
    if (code == CURLE_OK)
        code = curl_easy_getinfo(transfer.curl, CURLINFO_NUM_CONNECTS, &connections);
    response->connections = (unsigned)connections;
    if (code != CURLE_OK)
        explain(&transfer, code);
    curl_easy_reset(transfer.curl); /* it lets go of what is freed now */
    curl_slist_free_all(transfer.fields);
    curl_mime_free(transfer.mime);
    if (code == CURLE_OK) {
        response->url = strdup(request->url);
        response->request = requests_prepared_copy(request);
        if (response->url != NULL && response->request != NULL)
            return response;
        (void)requests_error_memory(error);
    }
    requests_response_free(response);
    return NULL;
}
