/*
 * Exercise 4.7  Photo upload with checksums
 *
 * Each file is read twice: first for its checksum, then by libcurl itself.
 */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/error.h"
#include "requests/easy.h"

enum { PHOTOS = 100, HEX = 64, ANSWER_LIMIT = 65536, ANNOUNCED_MS = 10000 };

struct photo {
    const char *name, *path;
    FILE *file;
    EVP_MD_CTX *hash; /* of what was handed over since the beginning */
    char hex[HEX + 1];
};

static bool start(struct photo *photo)
{
    return EVP_DigestInit_ex(photo->hash, EVP_sha256(), NULL) == 1;
}

static bool finish_hex(struct photo *photo)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_DigestFinal_ex(photo->hash, digest, &length) != 1 || length * 2 != HEX)
        return false;
    for (unsigned i = 0; i < length; i++)
        (void)snprintf(photo->hex + (size_t)2 * i, 3, "%02x", digest[i]);
    return true;
}

/* Reads the file once for its checksum; libcurl reads it again, as often as it likes. */
static bool hash_file(struct photo *photo, FILE *file)
{
    char block[16384];
    size_t got;

    while ((got = fread(block, 1, sizeof block, file)) > 0)
        if (EVP_DigestUpdate(photo->hash, block, got) != 1)
            return false;
    return !ferror(file) && finish_hex(photo);
}

static bool photo_open(struct photo *photo, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat about;

    photo->name = slash != NULL ? slash + 1 : path;
    photo->file = fopen(path, "re");
    photo->hash = EVP_MD_CTX_new();
    if (photo->file == NULL || photo->hash == NULL || fstat(fileno(photo->file), &about) == -1 ||
        !S_ISREG(about.st_mode))
        return false;
    photo->path = path;
    return start(photo) && hash_file(photo, photo->file);
}

static CURLcode add_photo(curl_mime *form, struct photo *photo)
{
    curl_mimepart *part = curl_mime_addpart(form), *sum = curl_mime_addpart(form);
    CURLcode code = part == NULL || sum == NULL ? CURLE_OUT_OF_MEMORY : CURLE_OK;

    if (code == CURLE_OK)
        code = curl_mime_name(part, "photo");
    if (code == CURLE_OK)
        code = curl_mime_filedata(part, photo->path);
    if (code == CURLE_OK)
        code = curl_mime_filename(part, photo->name);
    if (code == CURLE_OK)
        code = curl_mime_type(part, "application/octet-stream");
    if (code == CURLE_OK)
        code = curl_mime_name(sum, "sha256");
    if (code == CURLE_OK)
        code = curl_mime_data(sum, photo->hex, HEX);
    return code;
}

static CURLcode set_options(CURL *curl, curl_mime *form, const char *url, struct easy_body *answer)
{
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_FOLLOWLOCATION, 1L);
    easy_set(code, curl, CURLOPT_MAXREDIRS, 5L);
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT, 10L);
    easy_set(code, curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    easy_set(code, curl, CURLOPT_LOW_SPEED_TIME, 30L);
    easy_set(code, curl, CURLOPT_EXPECT_100_TIMEOUT_MS, (long)ANNOUNCED_MS);
    easy_set(code, curl, CURLOPT_MIMEPOST, form);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, answer);
    return code;
}

/* The server's lines are its checksums, in order. */
static bool is_confirmed(const struct photo *photos, size_t count, const struct buffer *answer)
{
    const char *line = buffer_text(answer);

    if (answer->length != count * (HEX + 1))
        return false;
    for (size_t i = 0; i < count; i++, line += HEX + 1)
        if (strncasecmp(line, photos[i].hex, HEX) != 0 || line[HEX] != '\n')
            return false;
    return true;
}

/* Returns NULL, or the word. */
static const char *send_all(const char *url, const char *album, struct photo *photos, size_t count)
{
    static char refused[32];
    struct easy_body answer = {.limit = ANSWER_LIMIT};
    CURL *curl = curl_easy_init();
    curl_mime *form = curl != NULL ? curl_mime_init(curl) : NULL;
    curl_mimepart *part = form != NULL ? curl_mime_addpart(form) : NULL;
    const char *word = NULL;
    long status = 0;

    CURLcode code = part == NULL ? CURLE_OUT_OF_MEMORY : curl_mime_name(part, "album");
    if (code == CURLE_OK)
        code = curl_mime_data(part, album, CURL_ZERO_TERMINATED);
    for (size_t i = 0; i < count && code == CURLE_OK; i++)
        code = add_photo(form, &photos[i]);
    if (code == CURLE_OK)
        code = set_options(curl, form, url, &answer);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    if (answer.full) {
        word = "answer";
    } else if (code != CURLE_OK) {
        word = code == CURLE_ABORTED_BY_CALLBACK ? "file" : "cut";
    } else if (status != 201) {
        (void)snprintf(refused, sizeof refused, "status %ld", status);
        word = refused;
    } else if (!is_confirmed(photos, count, &answer.bytes)) {
        word = "checksum";
    }
    curl_easy_cleanup(curl);
    curl_mime_free(form);
    buffer_free(&answer.bytes);
    return word;
}

int main(int argc, char **argv)
{
    static struct photo photos[PHOTOS];
    size_t count = 0;
    const char *word = NULL;

    if (argc < 4 || argc - 3 > PHOTOS)
        die_usage("URL ALBUM FILE...");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("failed: cut");
    for (; count < (size_t)argc - 3 && word == NULL; count++)
        if (!photo_open(&photos[count], argv[3 + count]))
            word = "file";
    if (word == NULL)
        word = send_all(argv[1], argv[2], photos, count);
    if (word != NULL)
        report("failed: %s", word);
    for (size_t i = 0; i < count; i++) {
        if (word == NULL)
            printf("%s  %s\n", photos[i].hex, photos[i].name);
        if (photos[i].file != NULL)
            (void)fclose(photos[i].file); /* it was read only */
        EVP_MD_CTX_free(photos[i].hash);
    }
    curl_global_cleanup();
    finish(word == NULL ? EXIT_SUCCESS : EXIT_FAILURE);
}
