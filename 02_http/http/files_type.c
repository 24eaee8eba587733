/* Media types by suffix, apart from files.c: who only asks for a type calls no openat2(). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/files.h"

static const struct type {
    const char *suffix, *type;
} TYPES[] = {
    /* sorted by suffix */
    {"3gp", "audio/3gpp"},
    {"aac", "audio/aac"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bin", "application/octet-stream"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/plain"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"doc", "application/msword"},
    {"eml", "message/rfc822"},
    {"exe", "application/octet-stream"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"h", "text/plain"},
    {"heic", "image/heic"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/vnd.microsoft.icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "application/javascript"},
    {"json", "application/json"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"md", "text/markdown"},
    {"mjs", "application/javascript"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"o", "application/octet-stream"},
    {"opus", "audio/opus"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"ps", "application/postscript"},
    {"py", "text/x-python"},
    {"sh", "application/x-sh"},
    {"so", "application/octet-stream"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"tsv", "text/tab-separated-values"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"vcf", "text/x-vcard"},
    {"vtt", "text/vtt"},
    {"wasm", "application/wasm"},
    {"wav", "audio/x-wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xls", "application/vnd.ms-excel"},
    {"xml", "text/xml"},
    {"xsl", "application/xml"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
};

static int compare_suffix(const void *suffix, const void *entry)
{
    return strcasecmp(suffix, ((const struct type *)entry)->suffix);
}

const char *http_files_type(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name + strspn(name, "."), '.'); /* ".gif" is a name, no suffix */
    const struct type *found = NULL;

    if (dot != NULL)
        found = bsearch(dot + 1, TYPES, sizeof TYPES / sizeof TYPES[0], sizeof TYPES[0],
                        compare_suffix);
    return found != NULL ? found->type : "application/octet-stream";
}
