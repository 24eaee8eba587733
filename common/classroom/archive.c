/* A submission that is an archive, unpacked in memory: entry by entry, and no more than is needed.
 */
#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <locale.h>
#include <string.h>

#include "classroom/gather.h"
#include "workbook/screen.h"

/* libarchive counts the last step, which does nothing, as a filter. */
enum { FILTERS_MOST = 2 };

struct unpacking {
    struct gather *gather;
    struct archive *archive;
    size_t total;  /* bytes unpacked so far */
    bool seekable; /* zip: what is not read is not unpacked either */
};

static bool is_zip(struct archive *archive)
{
    return (archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
}

static int refuse_archive(struct unpacking *unpacking)
{
    struct archive *archive = unpacking->archive;
    struct gather *gather = unpacking->gather;
    const char *said = archive_error_string(archive);
    char shown[SHOWN_SIZE];

    /* It may be broken because it is packed twice over, or has a password. */
    if (archive_filter_count(archive) > FILTERS_MOST)
        return gather_refuse_all(gather, "archive-nested",
                                 _("%s is packed twice over; pack the folder once."), gather->name);
    /* Of a file that is no archive at all, libarchive must not be asked: it would crash. */
    if (is_zip(archive) && archive_read_has_encrypted_entries(archive) > 0)
        return gather_refuse_all(gather, "archive-encrypted",
                                 _("%s is protected by a password; pack the folder without one."),
                                 gather->name);
    path_shown(shown, said != NULL ? said : "");
    return gather_refuse_all(gather, "archive-damaged",
                             _("%s is damaged, or no zip or tar archive%s%s%s."), gather->name,
                             *shown != '\0' ? " (" : "", shown, *shown != '\0' ? ")" : "");
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Appends the path without what says nothing: "./a//b/" becomes "a/b". */
static int path_tidy(const char *path, struct buffer *tidy)
{
    for (const char *at = path; *at != '\0'; at += *at == '/') {
        size_t length = strcspn(at, "/");
        bool empty = length == 0 || (length == 1 && *at == '.');
        if (!empty &&
            buffer_print(tidy, "%s%.*s", tidy->length > 0 ? "/" : "", (int)length, at) == -1)
            return -1;
        at += length;
    }
    return 0;
}

static bool has_parent(const char *path)
{
    for (const char *at = path; *at != '\0'; at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (length == 2 && memcmp(at, "..", 2) == 0)
            return true;
        at += length;
    }
    return false;
}

/* *good is false if the name was refused: it would lead somewhere else if it were unpacked. */
static int check_name(struct gather *gather, const char *path, bool *good)
{
    *good = false;
    if (path == NULL)
        return gather_refuse(
            gather, NULL, "?", "name-encoding",
            _("A name in the archive (%s) is not the UTF-8 that it claims to be."));
    if (*path == '/')
        return gather_refuse(gather, NULL, path, "name-absolute",
                             _("The name %s begins at the root of the file system."));
    if (isalpha((unsigned char)path[0]) && path[1] == ':')
        return gather_refuse(gather, NULL, path, "name-drive",
                             _("The name %s begins with the letter of a drive."));
    if (has_parent(path))
        return gather_refuse(gather, NULL, path, "name-parent",
                             _("The name %s leads out of its folder, by \"..\"."));
    if (strchr(path, '\\') != NULL)
        return gather_refuse(gather, NULL, path, "name-backslash",
                             _("The name %s holds a backslash, which separates no folders."));
    *good = true;
    return 0;
}

/* ---- one entry ------------------------------------------------------------------------------- */

/* The next piece of an entry; *bytes is NULL at its end. Only so much may come out of an archive.
 */
static int next_piece(struct unpacking *unpacking, const void **bytes, size_t *size,
                      la_int64_t *offset)
{
    struct gather *gather = unpacking->gather;
    int result = archive_read_data_block(unpacking->archive, bytes, size, offset);

    if (gather_check_time(gather) == -1)
        return -1;
    if (result == ARCHIVE_EOF) {
        *bytes = NULL;
        return 0;
    }
    if (result != ARCHIVE_OK)
        return refuse_archive(unpacking);
    if (*size <= gather->limits->total - unpacking->total) {
        unpacking->total += *size;
        return 0;
    }
    return gather_refuse_all(gather, "archive-too-large",
                             _("%s unpacks to more than %zu MiB. Only the answers need to be "
                               "handed in."),
                             gather->name, gather->limits->total >> 20);
}

/* Goes to the end of an entry that has to be unpacked to be passed over. */
static int pass_over(struct unpacking *unpacking)
{
    const void *bytes = "";
    size_t size;
    la_int64_t offset;

    while (!unpacking->seekable && bytes != NULL)
        if (next_piece(unpacking, &bytes, &size, &offset) == -1)
            return -1;
    return 0;
}

/* Reads a source; what is behind a byte more than it may have is passed over. */
static int read_source(struct unpacking *unpacking, struct buffer *content, bool *holes)
{
    size_t most = unpacking->gather->limits->file + 1;
    const void *bytes = "";

    *holes = false;
    while (bytes != NULL && content->length < most && !*holes) {
        size_t size = 0;
        la_int64_t offset = 0;
        if (next_piece(unpacking, &bytes, &size, &offset) == -1)
            return -1;
        if (bytes == NULL)
            return 0;
        *holes = offset != (la_int64_t)content->length;
        if (size > most - content->length)
            size = most - content->length;
        if (!*holes && buffer_add(content, bytes, size) == -1)
            return gather_no_memory(unpacking->gather);
    }
    return pass_over(unpacking);
}

/* A zip may hold files packed in ways that nobody uses, some of which ask for GiB of memory. */
static int check_method(struct unpacking *unpacking)
{
    const char *format = archive_format_name(unpacking->archive); /* "ZIP 2.0 (deflation)" */
    char shown[SHOWN_SIZE];

    if (!unpacking->seekable || strstr(format, "(deflation)") != NULL ||
        strstr(format, "(uncompressed)") != NULL)
        return 0;
    path_shown(shown, format);
    return gather_refuse_all(unpacking->gather, "archive-method",
                             _("%s is packed in an unusual way, %s; pack it as a plain zip."),
                             unpacking->gather->name, shown);
}

static int take_source(struct unpacking *unpacking, struct archive_entry *entry,
                       const struct place *place, const char *path)
{
    struct buffer content = {0};
    bool holes;

    if (check_method(unpacking) == -1)
        return -1;
    int result = read_source(unpacking, &content, &holes);
    /* A hole at the end is told by the size alone. */
    holes = holes || (content.length <= unpacking->gather->limits->file &&
                      archive_entry_size(entry) > (la_int64_t)content.length);
    if (result == 0 && holes)
        result = gather_refuse(unpacking->gather, place, path, "nul",
                               _("%s has holes (it is a sparse file); it is not a text file."));
    else if (result == 0)
        result = gather_take(unpacking->gather, place, &content, archive_entry_mtime(entry));
    buffer_free(&content);
    return result;
}

static int take_path(struct unpacking *unpacking, struct archive_entry *entry, const char *path)
{
    struct gather *gather = unpacking->gather;
    bool hard_link = archive_entry_hardlink(entry) != NULL;
    struct place place;

    if (*path == '\0') /* "./", the folder that was packed */
        return pass_over(unpacking);
    if (gather_look(gather, path, archive_entry_filetype(entry), hard_link, &place) == -1)
        return -1;
    return place.kind == PLACE_SOURCE ? take_source(unpacking, entry, &place, path)
                                      : pass_over(unpacking);
}

static int take_entry(struct unpacking *unpacking, struct archive_entry *entry)
{
    struct gather *gather = unpacking->gather;
    const char *path = archive_entry_pathname(entry);
    struct buffer tidy = {0};
    bool good;

    if (gather_count(gather) == -1)
        return -1;
    if (archive_filter_count(unpacking->archive) > FILTERS_MOST)
        return refuse_archive(unpacking);
    if (check_name(gather, path, &good) == -1)
        return -1;
    if (!good)
        return pass_over(unpacking);
    int result = path_tidy(path, &tidy) == -1 ? gather_no_memory(gather)
                                              : take_path(unpacking, entry, buffer_text(&tidy));
    buffer_free(&tidy);
    return result;
}

/* ---- the archive ----------------------------------------------------------------------------- */

static int open_archive(struct unpacking *unpacking, const void *bytes, size_t length)
{
    struct archive *archive = unpacking->archive;

    /* Of a zip only what its directory lists: the file that every tool shows. */
    if (archive_read_support_format_zip_seekable(archive) != ARCHIVE_OK ||
        archive_read_support_format_tar(archive) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
        archive_read_support_filter_bzip2(archive) != ARCHIVE_OK ||
        archive_read_support_filter_xz(archive) != ARCHIVE_OK) /* WARN: by another program */
        return error_set(unpacking->gather->error, _("libarchive here lacks a kind of archive: %s"),
                         archive_error_string(archive));
    if (archive_read_open_memory(archive, bytes, length) != ARCHIVE_OK)
        return refuse_archive(unpacking);
    return 0;
}

/* A tar ends with zeros; libarchive takes one that was cut off between two entries for whole. */
static int check_end(struct unpacking *unpacking, const unsigned char *bytes, size_t length)
{
    static const unsigned char zeros[1024];
    bool bare_tar = !unpacking->seekable && archive_filter_count(unpacking->archive) == 1;

    if (!bare_tar ||
        (length >= sizeof zeros && memcmp(bytes + length - sizeof zeros, zeros, sizeof zeros) == 0))
        return 0;
    return gather_refuse_all(unpacking->gather, "archive-damaged",
                             _("%s is damaged: its end is missing."), unpacking->gather->name);
}

static int unpack(struct unpacking *unpacking, const void *bytes, size_t length)
{
    struct archive_entry *entry;

    if (open_archive(unpacking, bytes, length) == -1)
        return -1;
    for (;;) {
        int result = archive_read_next_header(unpacking->archive, &entry);
        unpacking->seekable = is_zip(unpacking->archive);
        if (result == ARCHIVE_EOF)
            return check_end(unpacking, bytes, length);
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) /* a warning is of an attribute */
            return refuse_archive(unpacking);
        if (take_entry(unpacking, entry) == -1)
            return -1;
    }
}

/* libarchive gives names in the locale's encoding, and none for a name that this cannot hold. */
static locale_t utf8_begin(locale_t *before)
{
    locale_t base = duplocale(uselocale((locale_t)0));
    locale_t utf8 = base != (locale_t)0 ? newlocale(LC_CTYPE_MASK, "C.UTF-8", base) : (locale_t)0;

    if (utf8 == (locale_t)0 && base != (locale_t)0)
        freelocale(base);
    *before = uselocale(utf8); /* without one nothing changes */
    return utf8;
}

static void utf8_end(locale_t utf8, locale_t before)
{
    (void)uselocale(before);
    if (utf8 != (locale_t)0)
        freelocale(utf8);
}

int gather_archive(struct gather *gather, const void *bytes, size_t length)
{
    struct unpacking unpacking = {.gather = gather, .archive = archive_read_new()};
    locale_t before;

    if (unpacking.archive == NULL)
        return gather_no_memory(gather);
    locale_t utf8 = utf8_begin(&before);
    int result = unpack(&unpacking, bytes, length);
    (void)archive_read_free(unpacking.archive); /* what it could say was said */
    utf8_end(utf8, before);
    return result;
}
