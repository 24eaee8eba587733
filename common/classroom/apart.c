#include "classroom/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workbook/files.h"
#include "workbook/process.h"
#include "workbook/screen.h"

enum { CPU_S = 10, MEMORY_MIB = 768, REPLY_MOST = 64 << 20 };

/* ---- in the child ---------------------------------------------------------------------------- */

static void pack_files(json_t *facts, const struct intake *intake)
{
    json_t *list = json_array();

    for (size_t i = 0; i < intake->count; i++) {
        const struct intake_file *file = &intake->files[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I}", "exercise",
                                                    file->exercise->id, "path", file->path,
                                                    "sha256", file->sha256, "length",
                                                    (json_int_t)file->content.length));
    }
    (void)json_object_set_new(facts, "files", list);
}

static void pack_refused(json_t *facts, const struct intake *intake)
{
    json_t *list = json_array(), *unusable = json_object();

    for (size_t i = 0; i < intake->refusals.count; i++) {
        const struct refusal *refusal = &intake->refusals.list[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s}", "path", refusal->path, "reason",
                                              refusal->reason, "sentence", refusal->sentence));
        if (refusal->exercise != NULL)
            (void)json_object_set_new(unusable, refusal->exercise->id,
                                      json_string(refusal->sentence));
    }
    for (size_t i = 0; i < intake->stray_count; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "path",
                                                    intake->strays[i].path, "reason", "no-name",
                                                    "sentence", intake->strays[i].sentence));
    (void)json_object_set_new(facts, "refused", list);
    (void)json_object_set_new(facts, "unusable", unusable);
}

static int put(int fd, const void *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, (const char *)bytes + done, length - done);
        if (n == -1 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* One line of JSON, then the sources. */
static int reply(int fd, const struct intake *intake, const char *fault)
{
    json_t *facts = json_pack("{s:s, s:s, s:I}", "fault", fault, "why", intake->why.text,
                              "submitted", (json_int_t)intake->submitted);
    pack_files(facts, intake);
    pack_refused(facts, intake);
    char *text = json_dumps(facts, JSON_COMPACT);
    if (text == NULL || put(fd, text, strlen(text)) == -1 || put(fd, "\n", 1) == -1)
        return EXIT_FAILURE;
    for (size_t i = 0; i < intake->count; i++)
        if (put(fd, buffer_text(&intake->files[i].content), intake->files[i].content.length) == -1)
            return EXIT_FAILURE;
    return EXIT_SUCCESS; /* memory goes with the process */
}

static void limit(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit both = {value, value};

    (void)setrlimit(what, &both); /* a limit already lower than ours is fine too */
}

static int become(unsigned user)
{
    return user == 0 || (setgroups(0, NULL) == 0 && setgid(user) == 0 && setuid(user) == 0) ? 0
                                                                                            : -1;
}

static int read_here(int fd, const struct submission *submission, const struct buffer *archive,
                     unsigned user, const struct catalogue *catalogue)
{
    struct intake intake = {0};
    struct error error = {0};
    int result;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail */
    limit(RLIMIT_CPU, CPU_S);
    limit(RLIMIT_AS, (rlim_t)MEMORY_MIB << 20);
    limit(RLIMIT_CORE, 0);
    if (!submission->archive)
        result = intake_read(submission->path, catalogue, &intake, &error);
    else if (become(user) == -1)
        result = error_set_errno(&error, "user %u", user);
    else
        result = intake_read_archive(submission->path, buffer_text(archive), archive->length,
                                     catalogue, &intake_limits, &intake, &error);
    return reply(fd, &intake, result == -1 ? error.text : "");
}

/* ---- in the parent --------------------------------------------------------------------------- */

static json_t *refuse(struct error *why)
{
    return json_pack("{s:s, s:s, s:i, s:[], s:[]}", "fault", "", "why", why->text, "submitted", 0,
                     "files", "refused");
}

/* The bytes of an archive, which was a file when the plan looked, and may be something else now. */
static int read_archive(const char *path, struct buffer *bytes, long long *time, struct error *why)
{
    struct stat status = {.st_size = 0};
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int result = 0;

    if (fd == -1 || fstat(fd, &status) == -1)
        result = error_set(why, _("%s cannot be read: %s."), path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        result = error_set(why, _("%s is not a file any more."), path);
    else if ((uint64_t)status.st_size > intake_limits.archive)
        result = error_set(why, _("%s has %lld bytes; an archive may have %zu."), path,
                           (long long)status.st_size, intake_limits.archive);
    else if (buffer_reserve(bytes, (size_t)status.st_size + 1) == -1)
        result = error_set(why, "%s", _("There is no memory left."));
    while (result == 0) {
        char part[65536];
        ssize_t got = read(fd, part, sizeof part);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == 0)
            break;
        if (got == -1 || bytes->length + (size_t)got > intake_limits.archive ||
            buffer_add(bytes, part, (size_t)got) == -1)
            result = error_set(why, _("%s cannot be read."), path);
    }
    if (result == 0)
        *time = (long long)status.st_mtime;
    if (fd != -1)
        (void)close(fd); /* only read from */
    return result;
}

/* Takes what the child says until its end. False if it says more than there can be. */
static bool take_all(int fd, struct buffer *said)
{
    char part[65536];

    for (;;) {
        ssize_t got = read(fd, part, sizeof part);
        if (got == -1 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        if (said->length + (size_t)got > REPLY_MOST || buffer_add(said, part, (size_t)got) == -1)
            return false;
    }
}

/* Cuts the line of JSON off what the child said. */
static int take_facts(struct apart *apart)
{
    struct buffer *said = &apart->bytes;
    const char *end = memchr(buffer_text(said), '\n', said->length);

    if (end == NULL)
        return -1;
    size_t line = (size_t)(end - said->data) + 1;
    apart->facts = json_loadb(said->data, line, 0, NULL);
    said->length -= line;
    memmove(said->data, said->data + line, said->length);
    return apart->facts == NULL ? -1 : 0;
}

static int ask_child(const struct submission *submission, const struct buffer *archive,
                     unsigned user, const struct catalogue *catalogue, struct apart *apart,
                     struct error *error)
{
    struct error why = {0};
    int ends[2], status = 0;

    if (pipe2(ends, O_CLOEXEC) == -1)
        return error_set_errno(error, "%s", submission->path);
    pid_t child = fork();
    if (child == -1)
        return error_set_errno(error, "%s", submission->path);
    if (child == 0)
        _exit(read_here(ends[1], submission, archive, user, catalogue));
    process_know(child);
    (void)close(ends[1]);
    bool all = take_all(ends[0], &apart->bytes);
    (void)close(ends[0]);
    if (!all)
        (void)kill(child, SIGKILL); /* our child: it is there until we wait for it */
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        continue;
    process_forget(child);
    if (all && WIFEXITED(status) && WEXITSTATUS(status) == 0 && take_facts(apart) == 0)
        return 0;
    (void)error_set(&why,
                    _("%s could not be unpacked: it took too much time or memory, or broke "
                      "what reads it."),
                    submission->path);
    apart->bytes.length = 0;
    apart->facts = refuse(&why);
    return 0;
}

int apart_read(const struct submission *submission, unsigned user,
               const struct catalogue *catalogue, struct apart *apart, struct error *error)
{
    struct buffer archive = {0};
    struct error why = {0};
    long long time = 0;
    int result = 0;

    *apart = (struct apart){.facts = NULL};
    if (submission->archive && read_archive(submission->path, &archive, &time, &why) == -1)
        apart->facts = refuse(&why);
    else
        result = ask_child(submission, &archive, user, catalogue, apart, error);
    buffer_free(&archive);
    if (apart->facts != NULL && submission->archive)
        (void)json_object_set_new(apart->facts, "submitted", json_integer((json_int_t)time));
    const char *fault = json_string_value(json_object_get(apart->facts, "fault"));
    if (result == 0 && (fault == NULL || *fault != '\0'))
        result = error_set(error, "%s", fault == NULL ? _("There is no memory left.") : fault);
    if (result == -1)
        apart_free(apart);
    return result;
}

void apart_free(struct apart *apart)
{
    json_decref(apart->facts);
    buffer_free(&apart->bytes);
    apart->facts = NULL;
}

const char *apart_why(const struct apart *apart)
{
    const char *why = json_string_value(json_object_get(apart->facts, "why"));

    return why == NULL ? "" : why;
}

long long apart_submitted(const struct apart *apart)
{
    return (long long)json_integer_value(json_object_get(apart->facts, "submitted"));
}

int apart_file(const struct apart *apart, const char *exercise, const char **path,
               const char **sha256, struct buffer *source)
{
    const json_t *file;
    size_t i, at = 0;

    json_array_foreach(json_object_get(apart->facts, "files"), i, file)
    {
        const char *name = NULL;
        json_int_t length = 0;
        if (json_unpack((json_t *)file, "{s:s, s:s, s:s, s:I}", "exercise", &name, "path", path,
                        "sha256", sha256, "length", &length) == -1 ||
            length < 0 || (size_t)length > apart->bytes.length - at)
            return -1;
        if (strcmp(name, exercise) == 0)
            return buffer_add(source, buffer_text(&apart->bytes) + at, (size_t)length);
        at += (size_t)length;
    }
    return -1;
}

const char *apart_unusable(const struct apart *apart, const char *exercise)
{
    return json_string_value(json_object_get(json_object_get(apart->facts, "unusable"), exercise));
}

json_t *apart_refused(const struct apart *apart)
{
    return json_deep_copy(json_object_get(apart->facts, "refused"));
}
