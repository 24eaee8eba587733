/* fails: one several names empty announced refused refused-in-the-middle cut unanswered moved statuses damaged one-missing no-file folder endless short-writes clean large */
/* Lesson 4.10 with its arguments. */
/*
 * 4.10  Upload
 *
 * Sends files of any size as the parts of a form, or one as the body itself, and shows how far it
 * is.
 *
 * Python:  requests.post(url, files=…), data=file, data=generator
 * Usage:   10_upload [--now] [--field NAME=VALUE]... URL FILE...
 *          10_upload [--now] --body URL FILE
 *          FILE "-" of --body is standard input. --now: sends the body without asking first.
 * See:     curl_mime_init(3), CURLOPT_READFUNCTION(3), CURLOPT_SEEKFUNCTION(3),
 *          CURLOPT_XFERINFOFUNCTION(3); RFC 7578, RFC 9110 section 10.1.1
 * Leaves out: several tries (lesson 4.14), uploads that are resumed: HTTP has no one way for that.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { ANSWER_LIMIT = 1 << 20, MOST = 100 };
static const char USAGE[] = "[--now] [--field NAME=VALUE]... [--body] URL FILE...";

/* A file that is sent, as libcurl asks for it. */
struct source {
    const char *path;
    FILE *file;
    curl_off_t size, left; /* -1: nobody knows, as of a pipe */
};

struct wishes {
    const char *url;
    struct source sources[MOST];
    char *fields[MOST];
    size_t field_count, source_count;
    bool body, now;
};

/* ---- files ---- */

/* [read] */
static size_t on_read(char *room, size_t size, size_t count, void *argument)
{
    struct source *source = argument;
    size_t got = size * fread(room, size, count, source->file);

    if (ferror(source->file))
        return CURL_READFUNC_ABORT; /* 0 would be the end */
    if (source->size >= 0) {
        source->left -= (curl_off_t)got;
        if (source->left < 0 || (got == 0 && source->left > 0))
            return CURL_READFUNC_ABORT; /* not what was announced */
    }
    return got;
}
/* [/read] */

/* [seek] */
static int on_seek(void *argument, curl_off_t offset, int origin)
{
    struct source *source = argument;

    if (fseeko(source->file, offset, origin) == -1)
        return CURL_SEEKFUNC_CANTSEEK; /* a pipe */
    if (source->size >= 0)
        source->left = source->size - offset; /* origin: SEEK_SET */
    return CURL_SEEKFUNC_OK;
}
/* [/seek] */

static void source_open(struct source *source)
{
    struct stat about;

    source->file = strcmp(source->path, "-") == 0 ? stdin : fopen(source->path, "re");
    if (source->file == NULL || fstat(fileno(source->file), &about) == -1)
        die_errno("%s", source->path); /* before anything is sent */
    source->size = S_ISREG(about.st_mode) && source->file != stdin ? about.st_size : -1;
    source->left = source->size;
}

static void source_close(struct source *source)
{
    if (source->file != NULL && source->file != stdin)
        (void)fclose(source->file); /* it was read only */
}

/* ---- one of them is the body ---- */

/* [body] */
static CURLcode set_body(CURL *curl, struct source *source, struct curl_slist **lines)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_POST, 1L);
    easy_set(code, curl, CURLOPT_POSTFIELDSIZE_LARGE, source->size);
    easy_set(code, curl, CURLOPT_READFUNCTION, on_read);
    easy_set(code, curl, CURLOPT_READDATA, source);
    easy_set(code, curl, CURLOPT_SEEKFUNCTION, on_seek);
    easy_set(code, curl, CURLOPT_SEEKDATA, source);
    if (easy_append(lines, "Content-Type: application/octet-stream") == -1 ||
        (source->size == -1 && easy_append(lines, "Transfer-Encoding: chunked") == -1))
        return CURLE_OUT_OF_MEMORY;
    return code;
}
/* [/body] */

/* ---- or all are parts of a form ---- */

/* [form] */
static CURLcode add_file(curl_mimepart *part, struct source *s)
{
    const char *slash = strrchr(s->path, '/');
    const char *name = slash != NULL ? slash + 1 : s->path;
    CURLcode code = curl_mime_name(part, "photo");

    if (code == CURLE_OK)
        code = curl_mime_filename(part, name); /* no folders */
    if (code == CURLE_OK)                      /* without: text/plain */
        code = curl_mime_type(part, "application/octet-stream");
    if (code == CURLE_OK)
        code = curl_mime_data_cb(part, s->size, on_read, on_seek, NULL, s);
    return code;
}
/* [/form] */

/* A part for each field and each file, in the order in which they are added. */
static CURLcode add_parts(curl_mime *form, struct wishes *wishes)
{
    CURLcode code = CURLE_OK;

    for (size_t i = 0; i < wishes->field_count && code == CURLE_OK; i++) {
        char *value = strchr(wishes->fields[i], '='); /* main() saw it */
        curl_mimepart *part = curl_mime_addpart(form);
        *value++ = '\0';
        code = part == NULL ? CURLE_OUT_OF_MEMORY : curl_mime_name(part, wishes->fields[i]);
        if (code == CURLE_OK)
            code = curl_mime_data(part, value, CURL_ZERO_TERMINATED);
    }
    for (size_t i = 0; i < wishes->source_count && code == CURLE_OK; i++) {
        curl_mimepart *part = curl_mime_addpart(form);
        code = part == NULL ? CURLE_OUT_OF_MEMORY : add_file(part, &wishes->sources[i]);
    }
    return code;
}

/* ---- how far it is ---- */

/* ---- the transfer ---- */

static CURLcode set_options(CURL *curl, const struct wishes *wishes, struct easy_body *answer)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_URL, wishes->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, 1L);
    easy_set(code, curl, CURLOPT_MAXREDIRS, 5L);
    /* [stall] */
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT, 10L);
    easy_set(code, curl, CURLOPT_LOW_SPEED_LIMIT, 1L); /* bytes a second */
    easy_set(code, curl, CURLOPT_LOW_SPEED_TIME, 30L); /* seconds below it */
    /* [/stall] */
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, answer);
    return code;
}

/* What the transfer came to. Returns the exit status. */
static int tell(CURL *curl, CURLcode code, const struct wishes *wishes, const char *words,
                const struct easy_body *answer)
{
    struct requests_error error = {0};
    curl_off_t sent = 0;
    long status = 0;

    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    easy_get(code, curl, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (code == CURLE_OK) {
        printf("%ld, %lld bytes sent\n%s", status, (long long)sent, buffer_text(&answer->bytes));
        if (requests_error_status(&error, status) == 0)
            return EXIT_SUCCESS;
    } else {
        (void)requests_error_from(&error, code, curl, words);
    }
    report("%s: %s: %s", wishes->url, requests_failure_name(error.failure), error.text);
    return EXIT_FAILURE;
}

static int upload(struct wishes *wishes)
{
    struct easy_body answer = {.limit = ANSWER_LIMIT};
    struct curl_slist *lines = NULL;
    char words[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    curl_mime *form = curl != NULL ? curl_mime_init(curl) : NULL;

    if (form == NULL)
        die("out of memory");
    CURLcode code = set_options(curl, wishes, &answer);
    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    if (wishes->body) {
        code = code != CURLE_OK ? code : set_body(curl, &wishes->sources[0], &lines);
    } else {
        code = code != CURLE_OK ? code : add_parts(form, wishes);
        easy_set(code, curl, CURLOPT_MIMEPOST, form);
    }
    if (wishes->now && easy_append(&lines, "Expect:") == -1) /* no value: it is left out */
        die("out of memory");
    easy_set(code, curl, CURLOPT_HTTPHEADER, lines);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    int status = tell(curl, code, wishes, words, &answer);
    curl_easy_cleanup(curl);
    curl_mime_free(form);
    curl_slist_free_all(lines);
    buffer_free(&answer.bytes);
    for (size_t i = 0; i < wishes->source_count; i++)
        source_close(&wishes->sources[i]);
    return status;
}

int main(int argc, char **argv)
{
    static struct wishes wishes;
    static char album[1000];

    if (argc < 4)
        die_usage(USAGE);
    wishes.url = argv[1];
    (void)snprintf(album, sizeof album, "album=%s", argv[2]);
    wishes.fields[wishes.field_count++] = album;
    for (int i = 3; i < argc && wishes.source_count < MOST; i++)
        wishes.sources[wishes.source_count++].path = argv[i];
    for (size_t i = 0; i < wishes.source_count; i++)
        source_open(&wishes.sources[i]);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    int status = upload(&wishes);
    curl_global_cleanup();
    finish(status);
}
