/*
 * 4.11  Download
 *
 * Saves a URL of any size as a file, goes on after a cut, and checks what came against a checksum.
 *
 * Python:  requests.get(url, stream=True), iter_content(), iter_lines()
 * Usage:   11_download [--sha256 HEX] [--tries N] URL FILE
 *          11_download --lines URL
 *          Without a URL of its own it takes the testbed's. --lines: prints each line as it comes.
 * See:     CURLOPT_WRITEFUNCTION(3), CURLOPT_RANGE(3), curl_easy_header(3), EVP_DigestUpdate(3);
 *          RFC 9110 sections 13.1.5 (If-Range) and 14 (ranges)
 * Leaves out: going on after a crash (lesson 3.08 keeps what that takes in a file), waiting before
 *          the next try (4.14).
 */
#include <getopt.h>
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

enum { REDRAWN_MS = 100, WIDTH = 40, TAG_SIZE = 256, HEX_SIZE = 65, LINE_LIMIT = 1 << 20 };
static const char USAGE[] = "[--sha256 HEX] [--tries N] [URL] FILE | --lines [URL]";

struct download {
    CURL *curl;
    FILE *file;
    EVP_MD_CTX *hash;   /* of what is in the file */
    curl_off_t have;    /* bytes in it */
    curl_off_t size;    /* bytes of the whole; -1: the server did not say */
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
    CURLcode code = CURLE_OK;

    d->have = 0;
    d->tag[0] = '\0';
    easy_get(code, d->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &d->size);
    if (code != CURLE_OK)
        d->size = -1;
    if (tag[0] == '"' && strlen(tag) < TAG_SIZE)          /* W/"...": weak */
        (void)snprintf(d->tag, sizeof d->tag, "%s", tag); /* it fits */
    rewind(d->file);
    if (ftruncate(fileno(d->file), 0) == -1)
        return failed(d, REQUESTS_FILE, "cannot be cut");
    if (EVP_DigestInit_ex(d->hash, EVP_sha256(), NULL) != 1)
        return failed(d, REQUESTS_NO_MEMORY, "no SHA-256");
    return 0;
}

/* [begin] */
/* Looks at the headers, before the first byte of the body. */
static int begin(struct download *d)
{
    const char *tag = header(d->curl, "ETag");
    const char *range = header(d->curl, "Content-Range");
    long long have = d->have, last = d->size - 1;
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
    if (d->size == -1)
        (void)snprintf(due, sizeof due, "bytes %lld-", have);
    else /* a server may send less than it was asked for */
        (void)snprintf(due, sizeof due, "bytes %lld-%lld/", have, last);
    bool same = strcmp(tag, d->tag) == 0;
    if (d->have == 0 || !same || strncmp(range, due, strlen(due)) != 0)
        return failed(d, REQUESTS_OTHER, "a part of something else");
    return 0;
}
/* [/begin] */

/* [body] */
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
/* [/body] */

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

/* [range] */
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
/* [/range] */

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

/* [finish] */
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
    printf("%s: %lld bytes\n", names->path, (long long)d->have);
    printf("SHA-256 %s\n", hex);
    return 0;
}
/* [/finish] */

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

/* ---- lines ---- */

struct lines {
    struct buffer rest; /* of a line whose end has not come */
    unsigned long count;
};

static void print_line(struct lines *lines)
{
    printf("%lu: %s\n", ++lines->count, buffer_text(&lines->rest));
    lines->rest.length = 0;
}

/* [lines] */
static size_t on_lines(char *bytes, size_t size, size_t count, void *to)
{
    struct lines *lines = to;
    size_t left = size * count;

    while (left > 0) {
        char *stop = memchr(bytes, '\n', left);
        size_t length = stop != NULL ? (size_t)(stop - bytes) : left;
        if (lines->rest.length + length > LINE_LIMIT ||
            buffer_add(&lines->rest, bytes, length) == -1)
            return CURL_WRITEFUNC_ERROR;
        if (stop != NULL) {
            print_line(lines);
            length++;
        }
        bytes += length;
        left -= length;
    }
    return size * count;
}
/* [/lines] */

static int print_lines(struct download *d, const char *url)
{
    struct lines lines = {0};
    char words[CURL_ERROR_SIZE] = "";
    CURLcode code = set_options(d, url, words);

    easy_set(code, d->curl, CURLOPT_WRITEFUNCTION, on_lines);
    easy_set(code, d->curl, CURLOPT_WRITEDATA, &lines);
    easy_set(code, d->curl, CURLOPT_NOPROGRESS, 1L);
    if (code == CURLE_OK)
        code = curl_easy_perform(d->curl);
    if (lines.rest.length > 0) /* the last one may have no end */
        print_line(&lines);
    if (code != CURLE_OK)
        (void)requests_error_from(&d->error, code, d->curl, words);
    buffer_free(&lines.rest);
    return code == CURLE_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"sha256", required_argument, NULL, 's'},
                                            {"tries", required_argument, NULL, 't'},
                                            {"lines", no_argument, NULL, 'l'},
                                            {0}};
    struct download download = {.terminal = isatty(STDERR_FILENO)};
    const char *url = "http://localhost:10000/file/1000000", *due = NULL;
    bool lines = false;
    long tries = 5;
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 's' && strlen(optarg) == HEX_SIZE - 1)
            due = optarg;
        else if (option == 'l')
            lines = true;
        else if (option != 't' || !number_parse(optarg, 1, 1000, &tries))
            die_usage(USAGE);
    }
    if (argc - optind > !lines)
        url = argv[optind++];
    if (argc - optind != !lines)
        die_usage(USAGE);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("libcurl does not start");
    download.curl = curl_easy_init();
    if (download.curl == NULL)
        die("out of memory");
    int result =
        lines ? print_lines(&download, url) : save(&download, url, argv[optind], due, tries);
    if (result == -1)
        report("%s: %s: %s", url, requests_failure_name(download.error.failure),
               download.error.text);
    curl_easy_cleanup(download.curl);
    curl_global_cleanup();
    finish(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
