#include "workbook/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workbook/screen.h"

enum { SOURCE_MOST = 1 << 20 };

bool quote_parse(const char *info, struct quote *quote)
{
    char tail;

    return sscanf(info, "c %127s %63s %c", quote->file, quote->region, &tail) == 2;
}

/* A tag stands in a comment of its own, which may go on with words: "/" "* [name] Reads … *" "/".
 */
static const char *tag_find(const char *text, const char *slash, const char *name)
{
    char tag[96];

    (void)snprintf(tag, sizeof tag, "/* [%s%s]", slash, name);
    return strstr(text, tag);
}

static const char *line_start(const char *text, const char *at)
{
    while (at > text && at[-1] != '\n')
        at--;
    return at;
}

static size_t common_indent(const char *text, const char *end)
{
    size_t common = SIZE_MAX;

    while (text < end) {
        size_t indent = strspn(text, " "), length = strcspn(text, "\n");
        if (indent < length && indent < common)
            common = indent;
        text += length + 1;
    }
    return common == SIZE_MAX ? 0 : common;
}

static int region_add(const char *text, const char *end, struct buffer *out)
{
    size_t indent = common_indent(text, end);
    int rc = 0;

    while (text < end && rc == 0) {
        size_t length = strcspn(text, "\n");
        if (length > indent)
            rc = buffer_add(out, text + indent, length - indent);
        rc |= buffer_add(out, "\n", 1);
        text += length + 1;
    }
    return rc;
}

/* What is quoted are the lines between those of the two tags. */
static int region_copy(const char *source, const char *name, struct buffer *out)
{
    const char *open = tag_find(source, "", name), *close = tag_find(source, "/", name);

    if (open == NULL || close == NULL || close < open)
        return -1;
    const char *begin = open + strcspn(open, "\n") + 1, *end = line_start(source, close);
    return begin < end ? region_add(begin, end, out) : -1;
}

int quote_read(const char *lesson_path, const struct quote *quote, struct buffer *out,
               struct error *error)
{
    struct buffer source = {0}, path = {0};
    const char *slash = strrchr(lesson_path, '/');
    int rc = 0;

    if (strchr(quote->file, '/') == NULL && slash != NULL)
        rc = buffer_add(&path, lesson_path, (size_t)(slash - lesson_path) + 1);
    rc |= buffer_print(&path, "%s", quote->file);
    if (rc == 0 && (rc = buffer_add_file(&source, path.data, SOURCE_MOST)) == -1)
        error_set_errno(error, "%s", path.data);
    else if (rc == 0 && (rc = region_copy(buffer_text(&source), quote->region, out)) == -1)
        error_set(error, _("%s has no region between the tags [%s] and [/%s]"), path.data,
                  quote->region, quote->region);
    buffer_free(&path);
    buffer_free(&source);
    return rc;
}

int file_replace(const char *path, const struct buffer *text, struct error *error)
{
    char beside[PATH_MAX];
    struct stat status;

    if (stat(path, &status) == -1)
        return error_set_errno(error, "%s", path);
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0777);
    if (fd == -1)
        return error_set_errno(error, "%s", beside);
    for (size_t done = 0; done < text->length;) {
        ssize_t put = write(fd, text->data + done, text->length - done);
        if (put == -1 && errno == EINTR)
            continue;
        if (put <= 0) {
            error_set_errno(error, "%s", beside);
            (void)close(fd); /* it is given up */
            (void)unlink(beside);
            return -1;
        }
        done += (size_t)put;
    }
    if (fsync(fd) == -1 || close(fd) == -1 || rename(beside, path) == -1) {
        error_set_errno(error, "%s", path);
        (void)unlink(beside);
        return -1;
    }
    return 0;
}
