/* Feeds the classroom's intake with archives: whatever a stranger packs, what comes out is text, of
 * exercises that there are, or a refusal that says why. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classroom/intake.h"
#include "workbook/files.h"

enum { BLOCK = 512, MAGIC_AT = 257, SUM_AT = 148, SUM_SIZE = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The intake runs in little memory: an xz may ask for 4 GiB, and is refused. */
const char *__asan_default_options(void); /* NOLINT(bugprone-reserved-identifier): its name */
const char *__asan_default_options(void)  /* NOLINT(bugprone-reserved-identifier) */
{
    return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

/* Gives the headers of a tar the sums that are due, which no mutation would hit upon. */
static void mend_sums(unsigned char *bytes, size_t size)
{
    for (size_t at = 0; at + BLOCK <= size; at += BLOCK) {
        unsigned char *block = bytes + at;
        unsigned sum = 0;
        if (memcmp(block + MAGIC_AT, "ustar", 5) != 0)
            continue;
        memset(block + SUM_AT, ' ', SUM_SIZE);
        for (size_t i = 0; i < BLOCK; i++)
            sum += block[i];
        (void)snprintf((char *)block + SUM_AT, SUM_SIZE, "%06o", sum);
    }
}

/* The reports hold it: it must be UTF-8, in one line, that no terminal obeys. */
static void check_text(const char *text)
{
    struct buffer harmless = {0};

    if (text == NULL || *text == '\0' || strpbrk(text, "\n\t") != NULL ||
        text_harmless(&harmless, text, strlen(text)) == -1 ||
        strcmp(buffer_text(&harmless), text) != 0)
        abort();
    buffer_free(&harmless);
}

static void check_intake(const struct intake *intake)
{
    if (intake->reason != NULL)
        check_text(intake->why.text);
    if (intake->reason != NULL && (intake->count > 0 || intake->refusals.count > 0))
        abort(); /* all of it was refused, and something taken */
    for (size_t i = 0; i < intake->count; i++) {
        const struct buffer *content = &intake->files[i].content;
        check_text(intake->files[i].path);
        if (content->length > intake_limits.file || strlen(intake->files[i].sha256) != 64 ||
            strlen(buffer_text(content)) != content->length)
            abort();
    }
    for (size_t i = 0; i < intake->refusals.count; i++) {
        const struct refusal *refusal = &intake->refusals.list[i];
        check_text(refusal->path);
        check_text(refusal->sentence);
        for (size_t j = 0; j < intake->count; j++)
            if (intake->files[j].exercise == refusal->exercise)
                abort(); /* refused and taken */
    }
    for (size_t i = 0; i < intake->stray_count; i++)
        check_text(intake->strays[i].sentence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct exercise_entry exercises[] = {{.id = "1.1", .folder = "01_a/01_b", .name = "b"},
                                                {.id = "1.2", .folder = "01_a/02_c", .name = "c"}};
    static struct chapter_entry chapters[] = {{.exercises = exercises, .exercise_count = 2}};
    static const struct catalogue catalogue = {chapters, 1};
    struct intake intake;
    struct error error = {0};
    unsigned char *bytes = malloc(size + 1);

    if (bytes == NULL)
        abort();
    memcpy(bytes, data, size);
    mend_sums(bytes, size);
    if (intake_read_archive("a.zip", bytes, size, &catalogue, &intake_limits, &intake, &error) ==
        -1)
        abort(); /* not the archive's fault, it says */
    check_intake(&intake);
    intake_free(&intake);
    free(bytes);
    return 0;
}
