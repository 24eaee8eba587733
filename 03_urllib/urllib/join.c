/* What a reference means in a document: RFC 3986 section 5.2, as Python's urljoin() goes about it.
 */
#include <string.h>
#include <strings.h>

#include "urllib/parse.h"

/* Whether references are resolved against a base of that scheme. */
static bool is_hierarchical(struct url_part scheme)
{
    static const char *const names[] = {"http",     "https", "file",  "ftp",  "ws",    "wss",
                                        "gopher",   "nntp",  "imap",  "wais", "shttp", "mms",
                                        "prospero", "rtsp",  "rtspu", "sftp", "svn",   "svn+ssh"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (scheme.length == strlen(names[i]) &&
            strncasecmp(scheme.text, names[i], scheme.length) == 0)
            return true;
    }
    return scheme.text == NULL;
}

static bool same_scheme(struct url_part a, struct url_part b)
{
    return a.length == b.length && (a.length == 0 || strncasecmp(a.text, b.text, a.length) == 0);
}

/* ---- paths ------------------------------------------------------------------------------------
 */

static bool is_segment(struct url_part segment, const char *text)
{
    return segment.length == strlen(text) && memcmp(segment.text, text, segment.length) == 0;
}

/* [dots] */
/*
 * Adds a segment to a path that is written, each ended by a slash: "."
 * adds nothing, and ".." takes the last one back. There is room.
 */
static void add_segment(struct buffer *path, struct url_part segment)
{
    if (is_segment(segment, "."))
        return;
    if (is_segment(segment, "..")) {
        if (path->length <= 1)
            return;     /* above the root is nothing */
        path->length--; /* the slash that ends it */
        while (path->length > 0 && path->data[path->length - 1] != '/')
            path->length--;
        return;
    }
    if (segment.length > 0)
        memcpy(path->data + path->length, segment.text, segment.length);
    path->length += segment.length;
    path->data[path->length++] = '/';
}
/* [/dots] */

/* Cuts the first segment off text: up to a slash, or all. False when that was the last. */
static bool next_segment(struct url_part *text, struct url_part *segment)
{
    const char *slash = text->length == 0 ? NULL : memchr(text->text, '/', text->length);

    *segment = *text;
    if (slash == NULL)
        return false;
    segment->length = (size_t)(slash - text->text);
    text->text = slash + 1;
    text->length -= segment->length + 1;
    return true;
}

/* [merge] */
/*
 * The path of a reference, where base is that of the document: its last segment goes, the
 * reference's take its place. Between the first and the last, empty ones are left out.
 */
static int merge_paths(struct url_part base, struct url_part reference, struct buffer *path)
{
    bool rooted = reference.length > 0 && reference.text[0] == '/';
    struct url_part segment, rest = base;
    bool more = true;

    if (buffer_reserve(path, base.length + reference.length + sizeof "///") == -1)
        return -1;
    if (!rooted && base.length == 0)
        add_segment(path, base); /* "http://host" means "http://host/" */
    while (!rooted && next_segment(&rest, &segment)) {
        if (segment.text == base.text || segment.length > 0)
            add_segment(path, segment);
    }
    for (rest = reference; more;) {
        more = next_segment(&rest, &segment);
        if (rooted || !more || segment.length > 0)
            add_segment(path, segment);
    }
    if (!is_segment(segment, ".") && !is_segment(segment, "..") && path->length > 0)
        path->length--; /* a name at the end has no slash behind it; "." and ".." are folders */
    if (path->length == 0)
        path->data[path->length++] = '/';
    return 0;
}
/* [/merge] */

/* ---- references -------------------------------------------------------------------------------
 */

/* [join] */
/* Gives a reference what it lacks: scheme, host, path, query, in order. */
static int resolve(struct url base, struct url target, struct buffer *out)
{
    struct buffer path = {0};
    struct url_part params, base_params;
    int result = -1;

    target.scheme = base.scheme;
    if (target.netloc.length > 0)
        return url_unsplit(&target, NULL, out);
    target.netloc = base.netloc;
    url_split_params(base.scheme, &base.path, &base_params);
    url_split_params(base.scheme, &target.path, &params);
    if (target.path.length == 0 && params.text == NULL) {
        target.path = base.path; /* of "?query" and "#fragment" */
        if (target.query.text == NULL)
            target.query = base.query;
        return url_unsplit(&target, &base_params, out);
    }
    if (merge_paths(base.path, target.path, &path) == 0) {
        target.path = (struct url_part){path.data, path.length};
        result = url_unsplit(&target, &params, out);
    }
    buffer_free(&path);
    return result;
}
/* [/join] */

int url_join(const char *base, size_t base_length, const char *reference, size_t length,
             struct buffer *out, struct error *error)
{
    struct url from, to;
    int result;

    if (url_split(base, base_length, &from, error) == -1 ||
        url_split(reference, length, &to, error) == -1)
        return -1;
    if (to.scheme.text == NULL)
        to.scheme = from.scheme;
    if (length == 0)
        result = buffer_add(out, base, base_length);
    else if (base_length == 0 || !same_scheme(from.scheme, to.scheme) ||
             !is_hierarchical(from.scheme))
        result = buffer_add(out, reference, length);
    else
        result = resolve(from, to, out);
    return result == 0 ? 0 : error_set(error, "out of memory");
}
