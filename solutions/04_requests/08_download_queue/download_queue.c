/*
 * Exercise 4.8  Download queue
 *
 * Each job is a row of one table, with a handle of its own. One loop keeps two of them in a multi
 * handle: when one is done, it is judged, and it, or the next one, is put in.
 *
 * Usage:  download_queue TRIES SECONDS <LIST
 * See:    lesson 4.11; libcurl-multi(3), curl_multi_poll(3); RFC 9110 sections 13.1.5 and 14
 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"

static const char USAGE[] = "TRIES SECONDS <LIST";
enum { JOBS_MOST = 100, LINE_MOST = 4000, NAME_MOST = 200, TAG_MOST = 200, HEX = 64, AT_ONCE = 2 };

struct job {
    char url[LINE_MOST + 1], due[HEX + 1], name[NAME_MOST + 1];
    char part[NAME_MOST + 8], tag_file[NAME_MOST + 8], tag[TAG_MOST + 1];
    CURL *curl;
    struct curl_slist *lines;
    FILE *file; /* the part */
    EVP_MD_CTX *hash;
    long long have;   /* bytes in the part, all of them hashed */
    long tries;       /* that are left */
    int64_t heard;    /* when something came last */
    long quiet_ms;    /* for so long nothing may come */
    bool begun;       /* the answer at hand was looked at */
    bool anew;        /* 416: it is to be asked for without a range */
    const char *word; /* how it ended, or NULL */
    char status[8];
};

/* ---- the part, and its validator ---- */

static bool is_strong(const char *tag)
{
    size_t length = strlen(tag);

    return length >= 2 && length <= TAG_MOST && tag[0] == '"' && tag[length - 1] == '"';
}

static bool forget(struct job *job)
{
    job->have = 0;
    job->tag[0] = '\0';
    (void)unlink(job->tag_file); /* mostly it is not there */
    rewind(job->file);
    return ftruncate(fileno(job->file), 0) == 0 &&
           EVP_DigestInit_ex(job->hash, EVP_sha256(), NULL) == 1;
}

/* The validator is on disk before the first byte that it stands for. */
static bool keep_tag(struct job *job, const char *tag)
{
    if (!is_strong(tag))
        return true;
    FILE *file = fopen(job->tag_file, "we");
    if (file == NULL)
        return false;
    bool good = fprintf(file, "%s\n", tag) > 0;
    (void)snprintf(job->tag, sizeof job->tag, "%s", tag); /* is_strong(): it fits */
    return fclose(file) == 0 && good;
}

/* Takes up what an earlier run has left. */
static bool open_part(struct job *job)
{
    char piece[16384];
    size_t n;
    FILE *file = fopen(job->tag_file, "re");

    if (file != NULL) {
        if (fgets(job->tag, sizeof job->tag, file) == NULL)
            job->tag[0] = '\0';
        job->tag[strcspn(job->tag, "\n")] = '\0';
        (void)fclose(file); /* it was only read */
    }
    job->file = fopen(job->part, "a+e");
    job->hash = EVP_MD_CTX_new();
    if (job->file == NULL || job->hash == NULL)
        return false;
    setbuf(job->file, NULL); /* a crash is to leave on disk what has come */
    if (!is_strong(job->tag))
        return forget(job);
    if (EVP_DigestInit_ex(job->hash, EVP_sha256(), NULL) != 1)
        return false;
    rewind(job->file);
    while ((n = fread(piece, 1, sizeof piece, job->file)) > 0) {
        if (EVP_DigestUpdate(job->hash, piece, n) != 1)
            return false;
        job->have += (long long)n;
    }
    return !ferror(job->file);
}

static const char *give_name(struct job *job)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char hex[HEX + 1] = "";

    if (EVP_DigestFinal_ex(job->hash, digest, &length) != 1 || length * 2 != HEX)
        return "file";
    for (size_t i = 0; i < length; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    if (strcasecmp(hex, job->due) != 0)
        return "checksum";
    if (fsync(fileno(job->file)) == -1 || rename(job->part, job->name) == -1)
        return "file";
    (void)unlink(job->tag_file); /* there may be none */
    return "done";
}

/* ---- a request ---- */

static const char *header(const struct job *job, const char *name)
{
    struct curl_header *found;

    return curl_easy_header(job->curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK
               ? found->value
               : "";
}

/* Looks at the headers, before the first byte of the body. */
static void begin(struct job *job)
{
    char range[64];
    long status = 0;

    job->begun = true;
    if (curl_easy_getinfo(job->curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
        status = 0;
    (void)snprintf(range, sizeof range, "bytes %lld-", job->have);
    if (status == 200) {
        if (!forget(job) || !keep_tag(job, header(job, "ETag")))
            job->word = "file";
    } else if (status == 206 && job->lines != NULL) {
        if (strcmp(header(job, "ETag"), job->tag) != 0 ||
            strncmp(header(job, "Content-Range"), range, strlen(range)) != 0)
            job->word = "changed";
    } else if (status == 416 && job->lines != NULL) {
        job->anew = true; /* all of it may be there already, or too much */
        if (!forget(job))
            job->word = "file";
    } else {
        (void)snprintf(job->status, sizeof job->status, "%03ld", status);
        job->word = job->status;
    }
}

static size_t on_body(char *bytes, size_t size, size_t count, void *argument)
{
    struct job *job = argument;
    size_t length = size * count;

    if (!job->begun)
        begin(job);
    if (job->anew)
        return length;
    if (job->word == NULL && (fwrite(bytes, 1, length, job->file) != length ||
                              EVP_DigestUpdate(job->hash, bytes, length) != 1))
        job->word = "file";
    if (job->word != NULL)
        return CURL_WRITEFUNC_ERROR;
    job->have += (long long)length;
    job->heard = now_ms();
    return length;
}

static int on_progress(void *argument, curl_off_t to_come, curl_off_t came, curl_off_t to_send,
                       curl_off_t sent)
{
    const struct job *job = argument;

    (void)to_come;
    (void)came;
    (void)to_send;
    (void)sent;
    return now_ms() - job->heard > job->quiet_ms; /* then libcurl ends it: it was cut */
}

static bool prepare(struct job *job)
{
    char range[32], same[TAG_MOST + 16];
    CURLcode code = CURLE_OK;

    job->begun = job->anew = false;
    job->heard = now_ms();
    curl_slist_free_all(job->lines);
    job->lines = NULL;
    curl_easy_reset(job->curl);
    easy_set(code, job->curl, CURLOPT_URL, job->url);
    easy_set(code, job->curl, CURLOPT_PRIVATE, job);
    easy_set(code, job->curl, CURLOPT_PROTOCOLS_STR, "http");
    easy_set(code, job->curl, CURLOPT_PROXY, "");
    easy_set(code, job->curl, CURLOPT_NOSIGNAL, 1L);
    easy_set(code, job->curl, CURLOPT_WRITEFUNCTION, on_body);
    easy_set(code, job->curl, CURLOPT_WRITEDATA, job);
    easy_set(code, job->curl, CURLOPT_NOPROGRESS, 0L);
    easy_set(code, job->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    easy_set(code, job->curl, CURLOPT_XFERINFODATA, job);
    if (job->have > 0 && job->tag[0] != '\0') {
        (void)snprintf(range, sizeof range, "%lld-", job->have);
        (void)snprintf(same, sizeof same, "If-Range: %s", job->tag);
        if (easy_append(&job->lines, same) == -1)
            return false;
        easy_set(code, job->curl, CURLOPT_RANGE, range);
        easy_set(code, job->curl, CURLOPT_HTTPHEADER, job->lines);
    }
    return code == CURLE_OK;
}

/* Judges a request that has ended. Without a word behind it there is to be another one. */
static void judge(struct job *job, CURLcode code)
{
    if (code == CURLE_OK && !job->begun)
        begin(job); /* there was no body */
    if (job->word == NULL && job->anew)
        return;
    if (job->word == NULL && code == CURLE_OK)
        job->word = give_name(job);
    else if (job->word == NULL && --job->tries == 0)
        job->word = "cut";
    if (job->word == NULL)
        return;
    bool useless = strcmp(job->word, "checksum") == 0 || strcmp(job->word, "changed") == 0;
    if (useless || (strcmp(job->word, "done") != 0 && (job->have == 0 || job->tag[0] == '\0'))) {
        (void)unlink(job->part);
        (void)unlink(job->tag_file);
    }
}

/* ---- the queue ---- */

static void show_progress(const struct job *jobs, size_t count)
{
    size_t ended = 0;
    long long bytes = 0;

    if (!isatty(STDERR_FILENO))
        return;
    for (size_t i = 0; i < count; i++) {
        ended += jobs[i].word != NULL;
        bytes += jobs[i].have;
    }
    (void)fprintf(stderr, "\r%zu of %zu, %lld bytes", ended, count, bytes);
    if (ended == count)
        (void)fputc('\n', stderr);
}

/* Puts the job into the multi handle. False when it ended instead. */
static bool put(CURLM *multi, struct job *job)
{
    if (job->file == NULL && !open_part(job))
        job->word = "file";
    else if (!prepare(job) || curl_multi_add_handle(multi, job->curl) != CURLM_OK)
        die("libcurl: no memory for a request");
    return job->word == NULL;
}

static void run(CURLM *multi, struct job *jobs, size_t count)
{
    size_t next = 0;
    int running = 0, open = 0, left;
    CURLMsg *message;

    for (;;) {
        while (open < AT_ONCE && next < count)
            open += put(multi, &jobs[next++]);
        show_progress(jobs, count);
        if (open == 0)
            return;
        if (curl_multi_perform(multi, &running) != CURLM_OK ||
            (running == open && curl_multi_poll(multi, NULL, 0, 200, NULL) != CURLM_OK))
            die("libcurl: no more transfers");
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            struct job *job = NULL;
            CURLcode code = message->data.result;
            CURL *curl = message->easy_handle;
            if (curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&job) != CURLE_OK ||
                curl_multi_remove_handle(multi, curl) != CURLM_OK)
                die("libcurl: a transfer of nobody's");
            judge(job, code);
            open -= job->word != NULL || !put(multi, job);
        }
    }
}

/* ---- the list ---- */

/* Takes "URL SHA256 FILE". */
static bool read_job(struct job *job, char *line)
{
    char *due = strchr(line, ' ');
    char *name = due != NULL ? strchr(due + 1, ' ') : NULL;

    if (name == NULL || strncmp(line, "http://", 7) != 0)
        return false;
    *due++ = '\0';
    *name++ = '\0';
    size_t length = strlen(name);
    if (strlen(due) != HEX || strspn(due, "0123456789abcdefABCDEF") != HEX || length == 0 ||
        length > NAME_MOST || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
        return false;
    (void)snprintf(job->url, sizeof job->url, "%s", line); /* all of them fit: looked at above */
    (void)snprintf(job->due, sizeof job->due, "%s", due);
    (void)snprintf(job->name, sizeof job->name, "%s", name);
    (void)snprintf(job->part, sizeof job->part, "%s.part", name);
    (void)snprintf(job->tag_file, sizeof job->tag_file, "%s.tag", name);
    return true;
}

/* Returns the number of jobs, or -1 when the list is wrong. */
static int read_list(struct job *jobs)
{
    char line[LINE_MOST + 2];
    int count = 0;

    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strcspn(line, "\n");
        if (count == JOBS_MOST || (line[length] == '\0' && !feof(stdin)))
            return -1;
        line[length] = '\0';
        if (!read_job(&jobs[count], line))
            return -1;
        for (int i = 0; i < count; i++)
            if (strcmp(jobs[i].name, jobs[count].name) == 0)
                return -1;
        count++;
    }
    return ferror(stdin) ? -1 : count;
}

static void close_job(struct job *job)
{
    if (job->file != NULL)
        (void)fclose(job->file); /* nothing is left in its buffer: it has none */
    EVP_MD_CTX_free(job->hash);
    curl_slist_free_all(job->lines);
    curl_easy_cleanup(job->curl);
}

int main(int argc, char **argv)
{
    struct job *jobs = calloc(JOBS_MOST, sizeof *jobs);
    long tries, seconds;
    int failed = 0;

    if (argc != 3 || !number_parse(argv[1], 1, 20, &tries) ||
        !number_parse(argv[2], 1, 60, &seconds))
        die_usage(USAGE);
    if (jobs == NULL)
        die("out of memory");
    int count = read_list(jobs);
    if (count == -1) {
        report("the list is wrong: a line is URL SHA256 FILE, each FILE once");
        exit(EXIT_USAGE);
    }
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    if (code != CURLE_OK || multi == NULL)
        die("libcurl does not start");
    for (int i = 0; i < count; i++) {
        jobs[i].tries = tries;
        jobs[i].quiet_ms = seconds * 1000;
        jobs[i].curl = curl_easy_init();
        if (jobs[i].curl == NULL)
            die("out of memory");
    }
    run(multi, jobs, (size_t)count);
    for (int i = 0; i < count; i++) {
        printf("%s %s\n", jobs[i].word, jobs[i].name);
        failed += strcmp(jobs[i].word, "done") != 0;
        close_job(&jobs[i]);
    }
    (void)curl_multi_cleanup(multi); /* it is empty */
    curl_global_cleanup();
    free(jobs);
    if (failed > 0)
        report("%d of %d failed", failed, count);
    finish(failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
