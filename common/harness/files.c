/* The folder that programs run in: what lies there before, and what they leave there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/internal.h"

enum { FILE_MOST = 64 << 20 };

static const char *path_of(struct session *s, const char *name)
{
    return session_print(s, "%s/%s", s->work, name);
}

void session_file(struct session *s, const char *name, const void *bytes, size_t length)
{
    const char *path = path_of(s, name), *slash = strrchr(name, '/');

    if (slash != NULL) /* it may be there already */
        (void)mkdir(session_print(s, "%s/%.*s", s->work, (int)(slash - name), name), 0777);
    FILE *file = fopen(path, "we");
    bool good = file != NULL && fwrite(bytes, 1, length, file) == length;
    good = file != NULL && fclose(file) == 0 && good;
    if (!good)
        session_fault(s, "cannot write %s: %s", path, strerror(errno));
    s->has_files = true;
}

void session_show_file(struct session *s, const char *name, const void *bytes, size_t length)
{
    enum { MOST = 4096 }; /* bytes that are kept: more than a report shows */
    struct shown *shown = &s->shown[s->shown_count];

    session_file(s, name, bytes, length);
    if (s->shown_count == sizeof s->shown / sizeof s->shown[0])
        return;
    shown->name = session_print(s, "%s", name);
    if (buffer_add(&shown->text, bytes, length < MOST ? length : MOST) == -1)
        session_fault(s, "no memory for %s", name);
    s->shown_count++;
}

void session_link(struct session *s, const char *name, const char *second)
{
    if (link(path_of(s, name), path_of(s, second)) == -1)
        session_fault(s, "cannot give %s the name %s: %s", name, second, strerror(errno));
}

void session_writes_files(struct session *s)
{
    s->has_files = true;
}

/* What is wrong with a file that holds other bytes than are due. */
static const char *file_difference(struct session *s, const char *name, const void *bytes,
                                   size_t length, const struct buffer *got)
{
    const char *due = bytes;
    size_t at = 0;

    if (got->length != length)
        return session_print(s, "The file %s has %zu bytes, and not the %zu that it should hold.",
                             name, got->length, length);
    while (at < length && got->data[at] == due[at])
        at++;
    return session_print(s,
                         "The file %s has %zu bytes, as it should, but not the right ones: the "
                         "first wrong one is byte %zu.",
                         name, length, at);
}

void expect_file(struct student *p, const char *name, const void *bytes, size_t length)
{
    struct session *s = p->session;
    struct buffer *got = session_alloc(s, sizeof *got);
    struct stat status;

    if (s->options->play) {
        play_expect(s, "there should be a file %s of %zu bytes now", name, length);
        return;
    }
    if (lstat(path_of(s, name), &status) == -1)
        session_end(s, STATUS_FAIL, p,
                    session_print(s, "There is no file %s in the program's folder.", name));
    if (!S_ISREG(status.st_mode) || buffer_add_file(got, path_of(s, name), FILE_MOST) == -1)
        session_end(s, STATUS_FAIL, p, session_print(s, "The file %s cannot be read.", name));
    if (got->length != length || (length > 0 && memcmp(got->data, bytes, length) != 0)) {
        report_comparison(&(struct comparison){.expected = bytes,
                                               .got = buffer_text(got),
                                               .expected_length = length,
                                               .got_length = got->length});
        session_end(s, STATUS_FAIL, p, file_difference(s, name, bytes, length, got));
    }
    transcript_add(s, session_print(s, "file %s", name), bytes, length);
}

void expect_kept(struct student *p, const char *name, const void *bytes, size_t length)
{
    struct session *s = p->session;
    struct buffer got = {0};
    struct stat status;

    if (s->options->play) {
        play_expect(s, "the old file %s should be as it was", name);
        return;
    }
    if (lstat(path_of(s, name), &status) == -1)
        session_end(s, STATUS_FAIL, p, session_print(s, "The old file %s is gone.", name));
    bool same = S_ISREG(status.st_mode) &&
                buffer_add_file(&got, path_of(s, name), FILE_MOST) != -1 && got.length == length &&
                (length == 0 || memcmp(got.data, bytes, length) == 0);
    buffer_free(&got);
    if (!same)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The old file %s is not as it was: it had %zu bytes, and has "
                                  "%lld.",
                                  name, length, (long long)status.st_size));
    transcript_add(s, session_print(s, "file %s, as before", name), bytes, length);
}

void expect_no_file(struct student *p, const char *name, const char *reason)
{
    struct session *s = p->session;
    struct stat status;

    if (!s->options->play && lstat(path_of(s, name), &status) == 0)
        session_end(s, STATUS_FAIL, p,
                    session_print(s, "There is a file %s of %lld bytes. %s", name,
                                  (long long)status.st_size, reason));
}

void expect_files(struct student *p, ...)
{
    struct session *s = p->session;
    const struct dirent *entry;
    const char *left = NULL, *name;
    va_list names;

    if (s->options->play)
        return;
    DIR *folder = opendir(s->work);
    if (folder == NULL)
        session_fault(s, "%s: %s", s->work, strerror(errno));
    while (left == NULL && (entry = readdir(folder)) != NULL) {
        bool known = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        va_start(names, p);
        while (!known && (name = va_arg(names, const char *)) != NULL)
            known = strcmp(entry->d_name, name) == 0;
        va_end(names);
        if (!known)
            left = session_print(s, "%s", entry->d_name);
    }
    (void)closedir(folder); /* only read from */
    if (left != NULL)
        session_end(s, STATUS_FAIL, p,
                    session_print(s, "The program left a file behind in its folder: %s.", left));
}
