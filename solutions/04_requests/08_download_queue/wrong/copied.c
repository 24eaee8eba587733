/* fails: two-at-once named-at-the-end progress cut-for-good killed no-strong-tag part-of-unknown all-there tag-changed part-of-another checksum part-spoilt statuses disk-full usage silent */
/*
 * Lesson 4.11, for one line of the list after another.
 */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { REDRAWN_MS = 100, WIDTH = 40, TAG_SIZE = 256, HEX_SIZE = 65 };
static const char USAGE[] = "TRIES SECONDS <LIST";

struct download {
    CURL *curl;
    FILE *file;
    EVP_MD_CTX *hash;   /* of what is in the file */
    curl_off_t have;    /* bytes in it */
    char tag[TAG_SIZE]; /* the strong ETag that they came with, or "" */
    bool begun;         /* the answer at hand was looked at */
    struct requests_error error;
    int64_t drawn;
    bool terminal;
};

static const char *header(CURL *curl, const char *name)
{
    struct curl_header *found;

    return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                  : "";
}

static int failed(struct download *d, enum requests_failure failure, const char *why)
{
    return requests_error_set(&d->error, failure, "%s", why);
}

/* The file begins anew, and is now of the tag that the answer has. */
static int begin_anew(struct download *d, const char *tag)
{
    d->have = 0;
    d->tag[0] = '\0';
    if (tag[0] == '"' && strlen(tag) < TAG_SIZE)          /* W/"...": weak */
        (void)snprintf(d->tag, sizeof d->tag, "%s", tag); /* it fits */
    rewind(d->file);
    if (ftruncate(fileno(d->file), 0) == -1)
        return failed(d, REQUESTS_FILE, "cannot be cut");
    if (EVP_DigestInit_ex(d->hash, EVP_sha256(), NULL) != 1)
        return failed(d, REQUESTS_NO_MEMORY, "no SHA-256");
    return 0;
}

/* Looks at the headers, before the first byte of the body. */
static int begin(struct download *d)
{
    const char *tag = header(d->curl, "ETag");
    const char *range = header(d->curl, "Content-Range");
    char due[64];
    long status = 0;
    CURLcode code = CURLE_OK;

    d->begun = true;
    easy_get(code, d->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || requests_error_status(&d->error, status) == -1)
        return -1;
    if (status == 200)
        return begin_anew(d, tag);
    if (status != 206)
        return failed(d, REQUESTS_OTHER, "neither 200 nor 206");
    (void)snprintf(due, sizeof due, "bytes %lld-", (long long)d->have);
    bool same = strcmp(tag, d->tag) == 0;
    if (d->have == 0 || !same || strncmp(range, due, strlen(due)) != 0)
        return failed(d, REQUESTS_OTHER, "a part of something else");
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *to)
{
    struct download *d = to;
    size_t length = size * count;

    if (!d->begun && begin(d) == -1)
        return CURL_WRITEFUNC_ERROR;
    if (fwrite(bytes, 1, length, d->file) != length ||
        EVP_DigestUpdate(d->hash, bytes, length) != 1) {
        (void)failed(d, REQUESTS_FILE, "cannot be written");
        return CURL_WRITEFUNC_ERROR;
    }
    d->have += (curl_off_t)length;
    return length;
}

static void draw(double have, double total)
{
    static const char BAR[] = "########################################"; /* WIDTH of them */

    if (total > 0 && have <= total)
        (void)fprintf(stderr, "\r[%-*.*s] %3d %%", WIDTH, (int)(have / total * WIDTH), BAR,
                      (int)(have / total * 100));
    else
        (void)fprintf(stderr, "\r%.1f MB", have / 1e6);
}

/* to_come is of this answer alone. */
static int on_progress(void *argument, curl_off_t to_come, curl_off_t came, curl_off_t to_send,
                       curl_off_t sent)
{
    struct download *d = argument;
    int64_t now = now_ms();

    (void)to_send;
    (void)sent;
    if (!d->terminal || came == 0 || now - d->drawn < REDRAWN_MS)
        return 0;
    d->drawn = now;
    draw((double)d->have, to_come > 0 ? (double)(d->have - came + to_come) : 0);
    return 0;
}

/* ---- tries ---- */

static CURLcode set_options(struct download *d, const char *url, char *words)
{
    CURLcode code = CURLE_OK;

    easy_set(code, d->curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, d->curl, CURLOPT_URL, url);
    easy_set(code, d->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, d->curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, d->curl, CURLOPT_FOLLOWLOCATION, 1L);
    easy_set(code, d->curl, CURLOPT_MAXREDIRS, 5L);
    easy_set(code, d->curl, CURLOPT_CONNECTTIMEOUT, 10L);
    easy_set(code, d->curl, CURLOPT_LOW_SPEED_LIMIT, 1L); /* lesson 4.10 */
    easy_set(code, d->curl, CURLOPT_LOW_SPEED_TIME, 30L);
    easy_set(code, d->curl, CURLOPT_WRITEFUNCTION, on_body);
    easy_set(code, d->curl, CURLOPT_WRITEDATA, d);
    easy_set(code, d->curl, CURLOPT_NOPROGRESS, 0L);
    easy_set(code, d->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    easy_set(code, d->curl, CURLOPT_XFERINFODATA, d);
    return code;
}

/* Asks for what is missing, if it is still the same file. */
static CURLcode ask_rest(struct download *d, struct curl_slist **lines)
{
    char range[32], same[TAG_SIZE + 16];
    CURLcode code = CURLE_OK;

    if (d->have == 0 || d->tag[0] == '\0')
        return CURLE_OK; /* all of it */
    (void)snprintf(range, sizeof range, "%lld-", (long long)d->have);
    (void)snprintf(same, sizeof same, "If-Range: %s", d->tag);
    if (easy_append(lines, same) == -1)
        return CURLE_OUT_OF_MEMORY;
    easy_set(code, d->curl, CURLOPT_RANGE, range);
    easy_set(code, d->curl, CURLOPT_HTTPHEADER, *lines);
    return code;
}

/* One request. Returns 0; 1 when it was cut and another may bring the rest; -1 and d->error. */
static int try_once(struct download *d, const char *url)
{
    struct curl_slist *lines = NULL;
    char words[CURL_ERROR_SIZE] = "";

    d->begun = false;
    d->error = (struct requests_error){0};
    curl_easy_reset(d->curl); /* the options; a connection that is good stays */
    CURLcode code = set_options(d, url, words);
    if (code == CURLE_OK)
        code = ask_rest(d, &lines);
    if (code == CURLE_OK)
        code = curl_easy_perform(d->curl);
    if (code == CURLE_OK && !d->begun) /* there was no body: on_body() was not called */
        (void)begin(d);
    curl_slist_free_all(lines);
    if (d->error.failure != REQUESTS_OK)
        return -1; /* on_body() knew better than libcurl */
    if (code == CURLE_OK)
        return 0;
    (void)requests_error_from(&d->error, code, d->curl, words);
    return d->error.failure == REQUESTS_CHUNKED || d->error.failure == REQUESTS_CONNECTION ||
                   d->error.failure == REQUESTS_READ_TIMEOUT
               ? 1
               : -1;
}

static int try_often(struct download *d, const char *url, long tries)
{
    int result = try_once(d, url);

    while (result == 1 && --tries > 0) {
        report("cut after %lld bytes, going on", (long long)d->have);
        result = try_once(d, url);
    }
    return result == 0 ? 0 : -1;
}

/* ---- the file ---- */

static bool make_hex(EVP_MD_CTX *hash, char hex[HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_DigestFinal_ex(hash, digest, &length) != 1 || length * 2 + 1 != HEX_SIZE)
        return false;
    for (unsigned i = 0; i < length; i++)
        (void)snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    return true;
}

struct names {
    const char *part, *path, *due; /* due: the checksum, or NULL */
};

/* All bytes have come. Are they the right ones? */
static int give_name(struct download *d, const struct names *names)
{
    char hex[HEX_SIZE];

    if (!make_hex(d->hash, hex))
        return failed(d, REQUESTS_NO_MEMORY, "no SHA-256");
    if (names->due != NULL && strcasecmp(hex, names->due) != 0)
        return failed(d, REQUESTS_CONTENT, "another SHA-256");
    if (fflush(d->file) != 0 || fsync(fileno(d->file)) == -1)
        return failed(d, REQUESTS_FILE, "cannot be written");
    if (rename(names->part, names->path) == -1)
        return failed(d, REQUESTS_FILE, "cannot be renamed");
    printf("done %s\n", names->path);
    return 0;
}

static int save(struct download *d, const char *url, const char *path, const char *due, long tries)
{
    char part[4096];
    int length = snprintf(part, sizeof part, "%s.part", path);

    if (length < 0 || (size_t)length >= sizeof part)
        die("the name is too long");
    d->file = fopen(part, "wxe"); /* x: it is not there yet, or another download's */
    d->hash = EVP_MD_CTX_new();
    if (d->file == NULL)
        die_errno("%s", part);
    if (d->hash == NULL)
        die("out of memory");
    int result = try_often(d, url, tries);
    if (d->drawn != 0)
        (void)fputc('\n', stderr);
    if (result == 0)
        result = give_name(d, &(struct names){part, path, due});
    if (fclose(d->file) != 0 && result == 0)
        result = failed(d, REQUESTS_FILE, "cannot be written");
    if (result == -1)
        (void)unlink(part); /* perhaps it has its name already */
    EVP_MD_CTX_free(d->hash);
    return result;
}

int main(int argc, char **argv)
{
    struct download download = {0};
    CURL *curl;
    char line[4096], url[4096], due[HEX_SIZE], name[256];
    int failures = 0;
    long tries, seconds;

    if (argc != 3 || !number_parse(argv[1], 1, 20, &tries) ||
        !number_parse(argv[2], 1, 60, &seconds))
        die_usage(USAGE);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    curl = curl_easy_init();
    if (curl == NULL)
        die("out of memory");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "%4000s %64s %250s", url, due, name) != 3)
            die_usage(USAGE);
        download = (struct download){.curl = curl, .terminal = isatty(STDERR_FILENO)};
        if (save(&download, url, name, due, tries) == -1) {
            report("%s: %s: %s", url, requests_failure_name(download.error.failure),
                   download.error.text);
            failures++;
        }
    }
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    finish(failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
