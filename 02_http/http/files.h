/*
 * Files for a server: from a request's target to an open file below a root and never outside of it,
 * and all that HTTP says about a file: its type, its validators, ranges of it, a folder's listing.
 *
 * Python: http.server.SimpleHTTPRequestHandler, mimetypes.guess_type(). Source: RFC 3986 sections
 * 2.1 and 5.2.4 (paths), RFC 9110 sections 8.8 and 13 (validators and conditions) and 14 (ranges),
 * openat2(2).
 */
#ifndef HTTP_FILES_H
#define HTTP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "core/buffer.h"
#include "core/error.h"
#include "http/headers.h"
#include "http/server.h"

enum {
    HTTP_FILES_LISTED = 10000, /* names in a listing, at most; the rest is left out */
    HTTP_RANGES = 16,          /* ranges of a request, at most */
    HTTP_ETAG_SIZE = 64
};

/* A tree of files that is served. */
struct http_files {
    int root;       /* the folder, open */
    bool dot_files; /* serve and list names that begin with a dot; "." and ".." are never names */
    bool hide;      /* list no folder: 404 where there is no index.html */
    bool walk; /* do without openat2(2), as where the kernel lacks it: no symbolic links then */
};

/*
 * Opens the folder; symbolic links on the way to it are followed. Returns 0, or -1 and an error.
 * The caller sets the choices, and calls http_files_close().
 */
int http_files_init(struct http_files *files, const char *folder, struct error *error);
void http_files_close(struct http_files *files);

/* ---- paths ------------------------------------------------------------------------------------
 */

/*
 * What a request's target means below a root, in the bytes of the file system: the query is cut
 * off, escapes are decoded once, empty segments and dots resolved. "/a//x/../b%20c?d" becomes
 * "a/b c", and "/" becomes ".". path is emptied first. *folder tells whether the target ended as a
 * folder's does, with a slash or a dot segment.
 *
 * Returns 0, or the status to refuse with: 400 for an escape that is none, for NUL, and for a
 * backslash that is not coded (some would read it as a slash); 404 for "..", however coded, above
 * the root, for a coded slash, which is part of a name that no file can have, and for dot files
 * unless they are wanted; 500 when memory is short.
 */
int http_files_path(const char *target, bool dot_files, struct buffer *path, bool *folder);

/* Appends a path as it stands in a URL: all but letters, digits and -._~/ is coded. Returns 0, or
 * -1 when memory is short. Python: urllib.parse.quote(). */
int http_path_encode(struct buffer *out, const char *path);

/*
 * Opens a path below the root, to read from it. Symbolic links are followed as long as they stay
 * below the root (with walk: not at all). Returns a descriptor of a regular file or a folder, and
 * its *status; never of anything else, and special files are not even opened: a FIFO would wait, a
 * device might act. Returns -1 with errno: ENOENT, EACCES, ENOTDIR, ELOOP, EXDEV (it leads out),
 * ENXIO (a special file), or EMFILE and its kin, which are not the path's fault.
 */
int http_files_open(const struct http_files *files, const char *path, struct stat *status);

/*
 * The media type that a name's suffix stands for, "application/octet-stream" when it is not known.
 * Static. Python: SimpleHTTPRequestHandler.guess_type(); the common types, and a few that are newer
 * than Python 3.11.
 */
const char *http_files_type(const char *path);

/*
 * Appends a page with the names in a folder, sorted without regard to case, folders with a slash
 * behind, symbolic links with @. path is the folder's, as http_files_path() gives it, and folder is
 * a descriptor of it, which stays open. Left out is what http_files_open() would refuse. Returns 0,
 * or -1 with errno. Python: SimpleHTTPRequestHandler.list_directory().
 */
int http_files_list(const struct http_files *files, int folder, const char *path,
                    struct buffer *page);

/* ---- conditions -------------------------------------------------------------------------------
 */

/* Writes a strong entity tag made of size and time of change. RFC 9110 section 8.8.3. */
void http_etag_format(const struct stat *status, char etag[HTTP_ETAG_SIZE]);

/*
 * What a GET or HEAD with these fields is answered, for a file with this tag that changed at
 * modified: 304 when the client's copy is good, 412 when the file is not what the client expects,
 * 0 to serve it. A date that is none is passed over. RFC 9110 section 13.2.2 has the order.
 */
int http_condition(const struct http_headers *request, const char *etag, time_t modified);

/*
 * Whether the Range of this request counts: there is no If-Range, or it names the file as it is
 * now. A date counts only if it is the file's exactly, and a whole second old by now: else the file
 * might have changed within that second. RFC 9110 section 13.1.5.
 */
bool http_if_range(const struct http_headers *request, const char *etag, time_t modified,
                   time_t now);

/* ---- ranges -----------------------------------------------------------------------------------
 */

struct http_range {
    uint64_t first, length; /* length is never 0 */
};

/*
 * Reads the value of a Range field for size bytes: the ranges asked for, cut to what there is, in
 * their order. Returns how many; -1 when none can be satisfied (416); 0 when the field is to be
 * passed over and all be sent: size is 0, another unit than bytes, malformed, more than
 * HTTP_RANGES, or ranges that overlap so much that together they are longer than the whole, which
 * nobody needs but for an attack. RFC 9110 section 14.2.
 */
int http_range_parse(const char *value, uint64_t size, struct http_range ranges[HTTP_RANGES]);

/* ---- the answer -------------------------------------------------------------------------------
 */

/*
 * Answers a GET or HEAD as files has it: a file with its type, validators and ranges; a folder with
 * its index.html or index.htm, or else a listing; 301 to a folder whose slash is missing; else 404,
 * 400 or 503. For a handler of http/server.h, which finds files in its context perhaps. Python:
 * SimpleHTTPRequestHandler.do_GET().
 */
void http_files_answer(struct http_exchange *x, const struct http_files *files);

#endif
